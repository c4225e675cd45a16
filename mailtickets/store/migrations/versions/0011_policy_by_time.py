"""Stages and fields of tickets, their clocks and timers, holidays, and what rules and answers were counted.

Revision ID: 0011
Revises: 0010
"""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("ticket", sa.Column("stage", sa.String(), nullable=False, server_default=""))
    op.add_column("ticket", _moment("stage_since", nullable=True))
    op.add_column("ticket", sa.Column("fields", sa.JSON(), nullable=False, server_default=sa.text("'{}'")))
    op.add_column("ticket", sa.Column("epoch", sa.Integer(), nullable=False, server_default=sa.text("0")))
    _clocks()
    _timers()
    _holidays()
    _counts()


def _clocks() -> None:
    op.create_table(
        "deadline",
        sa.Column("ticket", sa.BigInteger(), sa.ForeignKey("ticket.number", name="fk_deadline_ticket"), nullable=False),
        sa.Column("clock", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        _moment("started_at"),
        _moment("due_at", nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        _moment("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("ticket", "clock", "level", name="pk_deadline"),
    )
    _index_of_some("ix_deadline_due", "deadline", ["due_at", "ticket"], "ended_at IS NULL AND due_at IS NOT NULL")


def _timers() -> None:
    op.create_table(
        "timer",
        sa.Column("ticket", sa.BigInteger(), sa.ForeignKey("ticket.number", name="fk_timer_ticket"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        _moment("at"),
        _moment("fired_at", nullable=True),
        sa.PrimaryKeyConstraint("ticket", "kind", "name", "epoch", name="pk_timer"),
    )
    _index_of_some("ix_timer_at", "timer", ["at"], "fired_at IS NULL")


def _holidays() -> None:
    op.create_table(
        "holiday",
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("region", "day", name="pk_holiday"),
    )
    op.create_table(
        "holiday_year",
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("region", "year", name="pk_holiday_year"),
    )


def _counts() -> None:
    op.create_table(
        "rule_firing",
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        _moment("last_at"),
        sa.PrimaryKeyConstraint("rule", "day", name="pk_rule_firing"),
    )
    op.create_table(
        "answer_time",
        sa.Column(
            "ticket", sa.BigInteger(), sa.ForeignKey("ticket.number", name="fk_answer_time_ticket"), nullable=False
        ),
        sa.Column("queue", sa.String(), nullable=False),
        _moment("arrived_at"),
        _moment("promised_at", nullable=True),
        _moment("answered_at", nullable=True),
        sa.Column("seconds", sa.BigInteger()),
        sa.PrimaryKeyConstraint("ticket", name="pk_answer_time"),
    )
    op.create_index("ix_answer_time_queue_arrived_at", "answer_time", ["queue", "arrived_at"], unique=False)
    op.create_table(
        "told_mark",
        sa.Column("key", sa.String(), nullable=False),
        _moment("at"),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_told_mark"),
    )


def _moment(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _index_of_some(name: str, table: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where, unique=False)
