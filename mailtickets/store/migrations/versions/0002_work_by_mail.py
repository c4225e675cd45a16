"""What agents and customers do by answering mail: undo, reminders, absence, ratings, desks without a ticket.

Revision ID: 0002
Revises: 0001
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("inbound", sa.Column("confirmed", sa.JSON(), nullable=True))
    op.add_column("inbound", sa.Column("correction", sa.Text(), nullable=True))
    for name in ("waiting_since", "reminded_at", "snoozed_until"):
        op.add_column("ticket", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_ticket_queue_waiting_since", "ticket", ["queue", "waiting_since"], unique=False)
    op.create_index("ix_ticket_requester_address", "ticket", ["requester_address"], unique=False)
    op.add_column("message", sa.Column("revision", sa.Integer(), server_default="0", nullable=False))
    op.add_column("participant", sa.Column("muted", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index(op.f("ix_notice_inbound"), "notice", ["inbound"], unique=False)
    with op.batch_alter_table("token") as token:
        token.alter_column("ticket", existing_type=sa.BigInteger(), nullable=True)
        token.add_column(sa.Column("inbound", sa.BigInteger(), nullable=True))
    op.create_table(
        "agent_state",
        sa.Column("address_key", sa.String(), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("absent_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("digested_on", sa.String(length=10), nullable=True),
        sa.PrimaryKeyConstraint("address_key", name=op.f("pk_agent_state")),
    )
    op.create_table(
        "reminder",
        sa.Column("ticket", sa.BigInteger(), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("snooze", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name=op.f("fk_reminder_ticket")),
        sa.PrimaryKeyConstraint("ticket", "agent", name=op.f("pk_reminder")),
    )
    op.create_index(op.f("ix_reminder_due_at"), "reminder", ["due_at"], unique=False)
    op.create_table(
        "rating",
        sa.Column("ticket", sa.BigInteger(), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name=op.f("fk_rating_ticket")),
        sa.PrimaryKeyConstraint("ticket", "resolved_at", name=op.f("pk_rating")),
    )
    # Who waits already at the time of the upgrade waits since their ticket was last touched.
    op.execute("UPDATE ticket SET waiting_since = updated_at WHERE status IN ('new', 'open')")
