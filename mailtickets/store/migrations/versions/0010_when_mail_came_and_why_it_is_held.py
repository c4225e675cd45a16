"""Indexes for what is seen at a glance: how much mail came in each hour, and why mail is held.

Revision ID: 0010
Revises: 0009
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_index("ix_inbound_received_at_source", "inbound", ["received_at", "source"], unique=False)
    held = sa.text("state = 'held'")
    op.create_index(
        "ix_inbound_held", "inbound", ["reason", "received_at"], sqlite_where=held, postgresql_where=held, unique=False
    )
