"""What an answer is that does not say so, beside the token it is given with; what has stood under agents' mails.

Revision ID: 0006
Revises: 0005
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("token", sa.Column("answered_as", sa.String(), nullable=False, server_default=""))
    op.create_table(
        "signature",
        sa.Column("agent", sa.String(), primary_key=True),
        sa.Column("last", sa.String(64), primary_key=True),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("seen_at", _moment(), nullable=False),
    )
    op.create_table(
        "signature_picture",
        sa.Column("agent", sa.String(), primary_key=True),
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("seen_at", _moment(), nullable=False),
    )


def _moment() -> sa.DateTime:
    return sa.DateTime(timezone=op.get_bind().dialect.name != "sqlite")
