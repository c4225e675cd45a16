"""What waits for somebody: tickets to be given out, tickets that lie about, silent customers. What queues had to do.

Revision ID: 0014
Revises: 0013
"""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    pending = sa.text("status = 'pending'")
    op.create_index(
        "ix_ticket_pending",
        "ticket",
        ["queue", "updated_at"],
        sqlite_where=pending,
        postgresql_where=pending,
        unique=False,
    )
    op.create_index("ix_ticket_queue_created_at", "ticket", ["queue", "created_at"], unique=False)
    op.create_table(
        "turn_wait",
        _ticket("turn_wait"),
        sa.Column("skill", sa.String(), nullable=False),
        sa.Column("strict", sa.Boolean(), nullable=False),
        _moment("since"),
        sa.PrimaryKeyConstraint("ticket", name="pk_turn_wait"),
    )
    op.create_table(
        "forgotten",
        _ticket("forgotten"),
        sa.Column("condition", sa.String(), nullable=False),
        _moment("since"),
        _moment("told_at"),
        sa.PrimaryKeyConstraint("ticket", "condition", name="pk_forgotten"),
    )
    op.create_table(
        "closing",
        _ticket("closing"),
        _moment("since", nullable=True),
        sa.Column("revision", sa.Integer()),
        _moment("again_at", nullable=True),
        sa.PrimaryKeyConstraint("ticket", name="pk_closing"),
    )
    op.create_index("ix_closing_since", "closing", ["since"], unique=False)
    op.create_table(
        "load_hour",
        sa.Column("queue", sa.String(), nullable=False),
        _moment("hour"),
        sa.Column("backlog", sa.Integer(), nullable=False),
        sa.Column("oldest_seconds", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("queue", "hour", name="pk_load_hour"),
    )


def _ticket(table: str) -> sa.Column[int]:
    return sa.Column(
        "ticket", sa.BigInteger(), sa.ForeignKey("ticket.number", name=f"fk_{table}_ticket"), nullable=False
    )


def _moment(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)
