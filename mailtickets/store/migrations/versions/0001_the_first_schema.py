"""The first schema"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "budget",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("window", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", "window", name=op.f("pk_budget")),
    )
    op.create_index(op.f("ix_budget_expires_at"), "budget", ["expires_at"], unique=False)
    op.create_table(
        "contact",
        sa.Column("address_key", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("known_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undeliverable_since", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("address_key", name=op.f("pk_contact")),
    )
    op.create_table(
        "counter",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counter")),
    )
    op.create_table(
        "imap_cursor",
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("folder", sa.String(), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=False),
        sa.Column("last_uid", sa.BigInteger(), nullable=False),
        sa.Column("first_connected_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account", "folder", name=op.f("pk_imap_cursor")),
    )
    op.create_table(
        "inbound",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("sender", sa.String(), nullable=True),
        sa.Column("recipients", sa.JSON(), nullable=False),
        sa.Column("peer", sa.String(), nullable=False),
        sa.Column("helo", sa.String(), nullable=False),
        sa.Column("trusted", sa.Boolean(), nullable=False),
        sa.Column("queue_hint", sa.String(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("transmission", sa.String(length=64), nullable=False),
        sa.Column("content", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("ticket", sa.BigInteger(), nullable=True),
        sa.Column("queues", sa.JSON(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=True),
        sa.Column("from_address", sa.String(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("authentication", sa.JSON(), nullable=True),
        sa.Column("trace", sa.JSON(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("released", sa.Boolean(), nullable=False),
        sa.Column("claimed_by", sa.String(), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound")),
        sa.UniqueConstraint("content", name=op.f("uq_inbound_content")),
        sa.UniqueConstraint("transmission", name=op.f("uq_inbound_transmission")),
    )
    op.create_index("ix_inbound_due", "inbound", ["state", "claimed_until"], unique=False)
    op.create_index("ix_inbound_message_id", "inbound", ["message_id"], unique=False)
    op.create_index("ix_inbound_outcome_id", "inbound", ["outcome", "id"], unique=False)
    op.create_index("ix_inbound_ticket", "inbound", ["ticket"], unique=False)
    op.create_table(
        "lease",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "ticket",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("queue", sa.String(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("priority", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=True),
        sa.Column("requester_name", sa.Text(), nullable=False),
        sa.Column("requester_address", sa.String(), nullable=False),
        sa.Column("assignee", sa.String(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("answered", sa.Boolean(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("merged_into", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_ticket")),
    )
    op.create_index("ix_ticket_assignee_number", "ticket", ["assignee", "number"], unique=False)
    op.create_index("ix_ticket_queue_status_number", "ticket", ["queue", "status", "number"], unique=False)
    op.create_index("ix_ticket_status_number", "ticket", ["status", "number"], unique=False)
    op.create_index("ix_ticket_status_resolved_at", "ticket", ["status", "resolved_at"], unique=False)
    op.create_table(
        "event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ticket", sa.BigInteger(), nullable=True),
        sa.Column("inbound", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("old", sa.Text(), nullable=True),
        sa.Column("new", sa.Text(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["inbound"], ["inbound.id"], name=op.f("fk_event_inbound")),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name=op.f("fk_event_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
    )
    op.create_index("ix_event_inbound", "event", ["inbound"], unique=False)
    op.create_index("ix_event_ticket_id", "event", ["ticket", "id"], unique=False)
    op.create_table(
        "message",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ticket", sa.BigInteger(), nullable=False),
        sa.Column("inbound", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("visibility", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("author_address", sa.String(), nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=True),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("defects", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["inbound"], ["inbound.id"], name=op.f("fk_message_inbound")),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name=op.f("fk_message_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
    )
    op.create_index("ix_message_message_id", "message", ["message_id"], unique=False)
    op.create_index("ix_message_ticket_id", "message", ["ticket", "id"], unique=False)
    op.create_table(
        "notice",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ticket", sa.BigInteger(), nullable=True),
        sa.Column("inbound", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=True),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=True),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("attachments", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["inbound"], ["inbound.id"], name=op.f("fk_notice_inbound")),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name=op.f("fk_notice_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    op.create_index(op.f("ix_notice_message_id"), "notice", ["message_id"], unique=False)
    op.create_table(
        "participant",
        sa.Column("ticket", sa.BigInteger(), nullable=False),
        sa.Column("address_key", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("notified", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name=op.f("fk_participant_ticket")),
        sa.PrimaryKeyConstraint("ticket", "address_key", "role", name=op.f("pk_participant")),
    )
    op.create_index("ix_participant_address_key", "participant", ["address_key"], unique=False)
    op.create_table(
        "ticket_link",
        sa.Column("ticket", sa.BigInteger(), nullable=False),
        sa.Column("other", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["other"], ["ticket.number"], name=op.f("fk_ticket_link_other")),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name=op.f("fk_ticket_link_ticket")),
        sa.PrimaryKeyConstraint("ticket", "other", name=op.f("pk_ticket_link")),
    )
    op.create_table(
        "token",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("ticket", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("confirms", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["confirms"], ["inbound.id"], name=op.f("fk_token_confirms")),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name=op.f("fk_token_ticket")),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_token")),
    )
    op.create_index(op.f("ix_token_created_at"), "token", ["created_at"], unique=False)
    op.create_table(
        "attachment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("message", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("content_type", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("inline", sa.Boolean(), nullable=False),
        sa.Column("content_id", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["message"], ["message.id"], name=op.f("fk_attachment_message")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
    )
    op.create_index(op.f("ix_attachment_message"), "attachment", ["message"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("notice", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ticket", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("recipient_name", sa.Text(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("reply_to", sa.String(), nullable=False),
        sa.Column("verp", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=True),
        sa.Column("token_revision", sa.Integer(), nullable=True),
        sa.Column("token_day", sa.String(length=10), nullable=True),
        sa.Column("confirms", sa.BigInteger(), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_by", sa.String(), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_reply", sa.Text(), nullable=True),
        sa.Column("remote_message_id", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["notice"], ["notice.id"], name=op.f("fk_outbox_notice")),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name=op.f("fk_outbox_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index("ix_outbox_due", "outbox", ["state", "next_attempt_at", "priority"], unique=False)
    op.create_index(op.f("ix_outbox_notice"), "outbox", ["notice"], unique=False)
    op.create_index(op.f("ix_outbox_remote_message_id"), "outbox", ["remote_message_id"], unique=False)
    op.create_index("ix_outbox_sent_at", "outbox", ["sent_at"], unique=False)
    op.create_index("ix_outbox_ticket", "outbox", ["ticket"], unique=False)
    op.create_index(op.f("ix_outbox_verp"), "outbox", ["verp"], unique=False)
    _make_search()


def _make_search() -> None:
    """The words of messages: each database has a full-text index of its own kind."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("CREATE VIRTUAL TABLE search USING fts5 (ticket UNINDEXED, words, tokenize = 'unicode61')")
        return
    op.execute("CREATE TABLE search (message BIGINT PRIMARY KEY, ticket BIGINT NOT NULL, words TSVECTOR NOT NULL)")
    op.execute("CREATE INDEX ix_search_words ON search USING gin (words)")
    op.execute("CREATE INDEX ix_search_ticket ON search (ticket)")
