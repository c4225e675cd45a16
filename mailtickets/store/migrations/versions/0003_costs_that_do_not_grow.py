"""Indexes for every listing and every claim, counts that are kept, words in the order of tickets.

Revision ID: 0003
Revises: 0002
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    _index_what_is_asked_for()
    _keep_counts()
    if op.get_bind().dialect.name == "sqlite":
        _order_words_sqlite()
    else:
        _order_words_postgresql()


def _index_what_is_asked_for() -> None:
    op.drop_index("ix_inbound_due", "inbound")
    op.create_index("ix_inbound_state_id", "inbound", ["state", "id"], unique=False)
    op.create_index(op.f("ix_message_inbound"), "message", ["inbound"], unique=False)
    op.drop_index("ix_outbox_due", "outbox")
    op.create_index("ix_outbox_state_id", "outbox", ["state", "id"], unique=False)
    waits = sa.text("next_attempt_at IS NOT NULL")
    op.create_index(
        "ix_outbox_due", "outbox", ["priority", "id"], unique=False, sqlite_where=waits, postgresql_where=waits
    )
    op.drop_index("ix_ticket_status_resolved_at", "ticket")
    resolved = sa.text("status = 'resolved'")
    op.create_index(
        "ix_ticket_resolved", "ticket", ["queue", "resolved_at"], sqlite_where=resolved, postgresql_where=resolved
    )
    op.create_index("ix_ticket_queue_number", "ticket", ["queue", "number"], unique=False)
    op.create_index("ix_ticket_assignee_status_number", "ticket", ["assignee", "status", "number"], unique=False)


def _keep_counts() -> None:
    op.create_table(
        "tally",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("queue", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("assignee", sa.String(), nullable=False),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tally")),
    )
    op.execute(
        "INSERT INTO tally (queue, status, assignee, change)"
        " SELECT queue, status, coalesce(assignee, ''), count(*) FROM ticket GROUP BY 1, 2, 3"
    )


# In both, a row's number is its ticket's and then 24 bits of its message's: the order of rows is that of tickets.


def _order_words_sqlite() -> None:
    op.execute("ALTER TABLE search RENAME TO search_before")
    op.execute(
        "CREATE VIRTUAL TABLE search USING fts5"
        " (words, detail = none, columnsize = 0, tokenize = 'ascii')"  # words are split and folded before
    )
    op.execute(
        "INSERT INTO search (rowid, words)"
        " SELECT (ticket << 24) | (rowid & 16777215), replace(words, '_', ' ') FROM search_before"
    )
    op.execute("DROP TABLE search_before")


def _order_words_postgresql() -> None:
    op.execute("ALTER TABLE search RENAME TO search_before")
    op.execute("CREATE TABLE search (rowid BIGINT NOT NULL, words TSVECTOR NOT NULL)")
    op.execute("INSERT INTO search SELECT (ticket << 24) | (message & 16777215), strip(words) FROM search_before")
    op.execute("DROP TABLE search_before")
    op.execute("ALTER TABLE search ADD CONSTRAINT pk_search PRIMARY KEY (rowid)")
    op.execute("CREATE INDEX ix_search_words ON search USING gin (words) WITH (fastupdate = off)")
