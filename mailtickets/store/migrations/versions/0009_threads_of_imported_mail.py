"""The threads of imported mail.

Revision ID: 0009
Revises: 0008
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "imported_id",
        sa.Column("message_id", sa.String(), primary_key=True),
        sa.Column("ticket", sa.BigInteger(), sa.ForeignKey("ticket.number"), nullable=False),
    )
    op.create_index("ix_imported_id_ticket", "imported_id", ["ticket"])
