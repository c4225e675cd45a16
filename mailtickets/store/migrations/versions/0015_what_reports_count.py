"""What reports count: figures by day, what solved a ticket, and whose opinion is asked for.

Tickets of before are counted after the upgrade, by the clock.

Revision ID: 0015
Revises: 0014
"""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("rating", sa.Column("quotable", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index("ix_rating_resolved_at", "rating", ["resolved_at"], unique=False)
    op.create_table(
        "uncounted",
        _ticket("uncounted"),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("ticket", name="pk_uncounted"),
    )
    op.create_table(
        "counted",
        _ticket("counted"),
        sa.Column("entries", sa.JSON(), nullable=False),
        sa.Column("running", sa.JSON()),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("ticket", name="pk_counted"),
    )
    op.create_table(
        "day_sum",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("queue", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_day_sum"),
    )
    op.create_index("ix_day_sum_part_day", "day_sum", ["part", "day", "queue", "value", "balance"], unique=False)
    op.create_table(
        "mail_day",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("queue", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "queue", "outcome", name="pk_mail_day"),
    )
    op.create_table(
        "ticket_resolution",
        _ticket("ticket_resolution"),
        _moment("at"),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("message", sa.BigInteger()),
        sa.Column("inbound", sa.BigInteger()),
        sa.PrimaryKeyConstraint("ticket", "at", name="pk_ticket_resolution"),
    )
    op.create_index("ix_ticket_resolution_inbound", "ticket_resolution", ["inbound"], unique=False)
    to_ask = sa.text("asked_at IS NULL")
    op.create_table(
        "rating_request",
        _ticket("rating_request"),
        _moment("resolved_at"),
        sa.Column("person", sa.String(), nullable=False),
        _moment("due_at"),
        _moment("asked_at", nullable=True),
        sa.PrimaryKeyConstraint("ticket", "resolved_at", name="pk_rating_request"),
    )
    op.create_index(
        "ix_rating_request_due",
        "rating_request",
        ["due_at"],
        sqlite_where=to_ask,
        postgresql_where=to_ask,
        unique=False,
    )
    op.create_index("ix_rating_request_person", "rating_request", ["person", "asked_at"], unique=False)
    _mailed_reports()
    op.execute("INSERT INTO uncounted (ticket, changes) SELECT number, 1 FROM ticket")


def _mailed_reports() -> None:
    """Reports that are sent by mail, and the files that automatic mail carries."""
    op.create_table(
        "enclosure",
        sa.Column(
            "notice",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.ForeignKey("notice.id", name="fk_enclosure_notice"),
            nullable=False,
        ),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("notice", "place", name="pk_enclosure"),
    )
    unsent = sa.text("sent_at IS NULL")
    op.create_table(
        "report_order",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("since_day", sa.String(length=10), nullable=False),
        sa.Column("until_day", sa.String(length=10), nullable=False),
        sa.Column("queues", sa.JSON(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("recipients", sa.JSON(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        _moment("created_at"),
        _moment("claimed_until", nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _moment("sent_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_report_order"),
        sa.UniqueConstraint("key", name="uq_report_order_key"),
    )
    op.create_index(
        "ix_report_order_unsent", "report_order", ["id"], sqlite_where=unsent, postgresql_where=unsent, unique=False
    )
    op.create_index("ix_report_order_created_at", "report_order", ["created_at"], unique=False)


def _ticket(table: str) -> sa.Column[int]:
    return sa.Column(
        "ticket", sa.BigInteger(), sa.ForeignKey("ticket.number", name=f"fk_{table}_ticket"), nullable=False
    )


def _moment(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)
