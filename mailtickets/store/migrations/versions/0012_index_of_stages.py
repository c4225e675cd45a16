"""An index by which tickets are found that stand in a stage of their queue.

Revision ID: 0012
Revises: 0011
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    where = sa.text("stage <> ''")
    columns = ["queue", "stage", "status"]
    op.create_index("ix_ticket_stage", "ticket", columns, sqlite_where=where, postgresql_where=where, unique=False)
