"""The tables. Times are stored in UTC and read as aware datetimes. Only types that both databases have are used.

The raw message in `inbound` is the original. `message` and `attachment` are derived from it.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    false,
    text,
)
from sqlalchemy.sql.type_api import TypeEngine


class Instant(TypeDecorator[datetime]):
    """An aware datetime. SQLite keeps it as UTC without a zone; a naive one is a programming error."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(DateTime(timezone=dialect.name != "sqlite"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


BigId = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up only in INTEGER PRIMARY KEY

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_HELD = text("state = 'held'")
"""True for mail that waits for a person: little of all that came in."""

inbound = Table(
    "inbound",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("source", String, nullable=False),
    Column("sender", String),
    Column("recipients", JSON, nullable=False),
    Column("peer", String, nullable=False),
    Column("helo", String, nullable=False),
    Column("trusted", Boolean, nullable=False),
    Column("queue_hint", String),
    Column("received_at", Instant, nullable=False),
    Column("transmission", String(64), nullable=False, unique=True),  # the same for a retransmission by the same door
    Column("content", String(64), unique=True),  # set on the first copy of a mail, whichever door it came by
    Column("state", String, nullable=False),
    Column("outcome", String),
    Column("reason", String),
    Column("ticket", BigInteger),
    Column("queues", JSON, nullable=False),
    Column("message_id", String),
    Column("from_address", String),
    Column("subject", Text),
    Column("authentication", JSON),  # as found on arrival: DNS may change
    Column("trace", JSON),
    Column("attempts", Integer, nullable=False),
    Column("released", Boolean, nullable=False),
    Column("confirmed", JSON),  # the reasons it was held for, and released from
    Column("correction", Text),  # command lines its author gave in place of those that were not understood
    Column("claimed_by", String),
    Column("claimed_until", Instant),
    Column("decided_at", Instant),
    Column("size", BigInteger, nullable=False),
    Column("raw", LargeBinary, nullable=False),  # the last column: SQLite reads the others without reading it
    Index("ix_inbound_state_id", "state", "id"),
    Index("ix_inbound_outcome_id", "outcome", "id"),
    Index("ix_inbound_message_id", "message_id"),
    Index("ix_inbound_ticket", "ticket"),
    Index("ix_inbound_received_at_source", "received_at", "source"),
    Index("ix_inbound_held", "reason", "received_at", sqlite_where=_HELD, postgresql_where=_HELD),
)

_RESOLVED = text("status = 'resolved'")
_PENDING = text("status = 'pending'")

_IN_A_STAGE = text("stage <> ''")

ticket = Table(
    "ticket",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("queue", String, nullable=False),
    Column("subject", Text, nullable=False),
    Column("status", String, nullable=False),
    Column("priority", String, nullable=False),
    Column("type", String),
    Column("requester_name", Text, nullable=False),
    Column("requester_address", String, nullable=False),
    Column("assignee", String),
    Column("revision", Integer, nullable=False),
    Column("locale", String, nullable=False),
    Column("answered", Boolean, nullable=False),
    Column("tags", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("resolved_at", Instant),
    Column("closed_at", Instant),
    Column("merged_into", BigInteger),
    Column("waiting_since", Instant),  # the customer waits for an answer
    Column("reminded_at", Instant),
    Column("snoozed_until", Instant),
    Column("stage", String, nullable=False, server_default=""),  # of its queue; empty: none
    Column("stage_since", Instant),
    Column("fields", JSON, nullable=False, server_default=text("'{}'")),  # value by name
    Column("epoch", Integer, nullable=False, server_default=text("0")),  # how often it was opened again
    Index("ix_ticket_queue_status_number", "queue", "status", "number"),
    Index("ix_ticket_status_number", "status", "number"),
    Index("ix_ticket_assignee_number", "assignee", "number"),
    Index("ix_ticket_stage", "queue", "stage", "status", sqlite_where=_IN_A_STAGE, postgresql_where=_IN_A_STAGE),
    Index("ix_ticket_resolved", "queue", "resolved_at", sqlite_where=_RESOLVED, postgresql_where=_RESOLVED),
    Index("ix_ticket_queue_number", "queue", "number"),
    Index("ix_ticket_assignee_status_number", "assignee", "status", "number"),
    Index("ix_ticket_queue_waiting_since", "queue", "waiting_since"),
    Index("ix_ticket_requester_address", "requester_address"),
    Index("ix_ticket_queue_created_at", "queue", "created_at"),
    Index("ix_ticket_pending", "queue", "updated_at", sqlite_where=_PENDING, postgresql_where=_PENDING),
)

# How many tickets a queue has in each state and with each assignee ("": nobody): the sum of `change`. Rows are only
# inserted, never updated, so that no transaction waits for another; a timer folds them into one row.
tally = Table(
    "tally",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("queue", String, nullable=False),
    Column("status", String, nullable=False),
    Column("assignee", String, nullable=False),
    Column("change", BigInteger, nullable=False),
)

ticket_link = Table(
    "ticket_link",
    metadata,
    Column("ticket", ForeignKey("ticket.number"), primary_key=True),
    Column("other", ForeignKey("ticket.number"), primary_key=True),
)

message = Table(
    "message",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("ticket", ForeignKey("ticket.number"), nullable=False),
    Column("inbound", ForeignKey("inbound.id"), index=True),
    Column("direction", String, nullable=False),
    Column("visibility", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("author_name", Text, nullable=False),
    Column("author_address", String, nullable=False),
    Column("verified", Boolean, nullable=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("html", Text),
    Column("reply", Text, nullable=False),
    Column("message_id", String),  # of the mail it came in, or of the mail it went out in
    Column("received_at", Instant, nullable=False),
    Column("defects", JSON, nullable=False),
    Column(
        "revision", Integer, nullable=False, server_default="0"
    ),  # the revision of the ticket that this message made
    Index("ix_message_ticket_id", "ticket", "id"),
    Index("ix_message_message_id", "message_id"),
)

attachment = Table(
    "attachment",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("message", ForeignKey("message.id"), nullable=False, index=True),
    Column("filename", Text, nullable=False),
    Column("content_type", String, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("inline", Boolean, nullable=False),
    Column("content_id", String),
)

participant = Table(
    "participant",
    metadata,
    Column("ticket", ForeignKey("ticket.number"), primary_key=True),
    Column("address_key", String, primary_key=True),
    Column("role", String, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("address", String, nullable=False),
    Column("notified", Boolean, nullable=False),
    Column("muted", Boolean, nullable=False, server_default=false()),
    Column("left_out", Boolean, nullable=False, server_default=false()),  # was in copy, and mail to them failed
    Index("ix_participant_address_key", "address_key"),
)

event = Table(
    "event",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("ticket", ForeignKey("ticket.number")),
    Column("inbound", ForeignKey("inbound.id")),
    Column("at", Instant, nullable=False),
    Column("actor", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("old", Text),
    Column("new", Text),
    Column("reason", String, nullable=False),
    Index("ix_event_ticket_id", "ticket", "id"),
    Index("ix_event_inbound", "inbound"),
)

notice = Table(
    "notice",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("ticket", ForeignKey("ticket.number")),
    Column(
        "inbound", ForeignKey("inbound.id"), index=True
    ),  # the mail that caused it; its attachments are in that raw message
    Column("name", String, nullable=False),
    Column("author", String),
    Column("message_id", String, nullable=False, index=True),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("html", Text),
    Column("headers", JSON, nullable=False),
    Column("attachments", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
)

enclosure = Table(
    "enclosure",
    metadata,
    Column("notice", ForeignKey("notice.id"), primary_key=True),
    Column("place", Integer, primary_key=True),  # among the files of `notice.headers`, which say what the file is
    Column("content", LargeBinary, nullable=False),
)

_WAITS = text("next_attempt_at IS NOT NULL")
"""True for copies that are still to be sent: few among all rows."""

_WENT = text("sent_at IS NOT NULL")

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("notice", ForeignKey("notice.id"), nullable=False, index=True),
    Column("ticket", ForeignKey("ticket.number")),
    Column("name", String, nullable=False),
    Column("sender", String, nullable=False),
    Column("recipient_name", Text, nullable=False),
    Column("recipient", String, nullable=False),
    Column("domain", String, nullable=False, server_default=""),  # of the recipient; empty in rows of older versions
    Column("reply_to", String, nullable=False),  # the queue's address, with {token} where a token belongs
    Column("verp", String, nullable=False, index=True),
    Column("token_hash", String(64)),
    Column("token_revision", Integer),
    Column("token_day", String(10)),
    Column("confirms", BigInteger),
    Column("priority", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("first_attempt_at", Instant),
    Column("next_attempt_at", Instant),
    Column("sent_at", Instant),
    Column("claimed_by", String),
    Column("claimed_until", Instant),
    Column("last_reply", Text),
    Column("remote_message_id", String, index=True),
    Index("ix_outbox_state_id", "state", "id"),
    Index("ix_outbox_due", "priority", "id", sqlite_where=_WAITS, postgresql_where=_WAITS),
    Index("ix_outbox_sent_at", "sent_at"),
    Index("ix_outbox_domain_due", "domain", "priority", "id", sqlite_where=_WAITS, postgresql_where=_WAITS),
    Index("ix_outbox_domain_sent", "domain", "sent_at", sqlite_where=_WENT, postgresql_where=_WENT),
    Index("ix_outbox_ticket", "ticket"),
)

token = Table(
    "token",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column(
        "ticket", ForeignKey("ticket.number")
    ),  # NULL: the mail with the token was about no ticket, such as a digest
    Column("person", String, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("confirms", ForeignKey("inbound.id")),  # answering with it releases this held message
    Column("inbound", BigInteger),  # the mail that caused the mail with this token
    Column(
        "answered_as", String, nullable=False, server_default=""
    ),  # how an answer is taken if it does not say: notice.ANSWERED_AS
    Column("created_at", Instant, nullable=False, index=True),
)

contact = Table(
    "contact",
    metadata,
    Column("address_key", String, primary_key=True),
    Column("address", String, nullable=False),
    Column("name", Text, nullable=False),
    Column("known_since", Instant),  # once authenticated, or answered by an agent
    Column("undeliverable_since", Instant),
)

agent_state = Table(
    "agent_state",
    metadata,
    Column("address_key", String, primary_key=True),
    Column("assigned_at", Instant),  # when the agent was last given a ticket by turns
    Column("absent_until", Instant),
    Column("digested_on", String(10)),  # the local day of the last digest by the clock
)

# Lines that stood under all the mails of an agent that were compared, folded.
signature = Table(
    "signature",
    metadata,
    Column("agent", String, primary_key=True),
    Column("last", String(64), primary_key=True),  # digest of its last line: each program of theirs has its own
    Column("lines", JSON, nullable=False),
    Column("seen", Integer, nullable=False),
    Column("seen_at", Instant, nullable=False),
)

signature_picture = Table(
    "signature_picture",
    metadata,
    Column("agent", String, primary_key=True),
    Column("sha256", String(64), primary_key=True),
    Column("seen", Integer, nullable=False),
    Column("seen_at", Instant, nullable=False),
)

reminder = Table(
    "reminder",
    metadata,
    Column("ticket", ForeignKey("ticket.number"), primary_key=True),
    Column("agent", String, primary_key=True),
    Column("due_at", Instant, nullable=False, index=True),
    Column("snooze", Boolean, nullable=False),
)

rating = Table(
    "rating",
    metadata,
    Column("ticket", ForeignKey("ticket.number"), primary_key=True),
    Column("resolved_at", Instant, primary_key=True, index=True),  # one rating for each resolution
    Column("person", String, nullable=False),
    Column("score", Integer, nullable=False),
    Column("comment", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("quotable", Boolean, nullable=False, server_default=false()),  # its author may be named beside it
)

imap_cursor = Table(
    "imap_cursor",
    metadata,
    Column("account", String, primary_key=True),
    Column("folder", String, primary_key=True),
    Column("uidvalidity", BigInteger, nullable=False),
    Column("last_uid", BigInteger, nullable=False),
    Column("first_connected_at", Instant, nullable=False),
)

lease = Table(
    "lease",
    metadata,
    Column("name", String, primary_key=True),
    Column("holder", String, nullable=False),
    Column("until", Instant, nullable=False),
)

oauth_token = Table(
    "oauth_token",
    metadata,
    Column("name", String, primary_key=True),
    Column("generation", BigInteger, nullable=False),  # counts the tokens of an account, on all gateways
    Column("sealed", LargeBinary, nullable=False),  # the tokens, encrypted with a key from the instance's secret
)

budget = Table(
    "budget",
    metadata,
    Column("key", String, primary_key=True),
    Column(
        "window", BigInteger, primary_key=True
    ),  # the number of the window since the epoch, all windows of one length
    Column("used", Integer, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
)

# The thread of imported mail: its own Message-IDs and those it answers, also of mail that was never here.
imported_id = Table(
    "imported_id",
    metadata,
    Column("message_id", String, primary_key=True),
    Column("ticket", ForeignKey("ticket.number"), nullable=False),
    Index("ix_imported_id_ticket", "ticket"),
)

counter = Table(
    "counter",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

# How an account fares at each gateway, and the end of its token. Rows of a gateway that is gone stay for a while.
account = Table(
    "account",
    metadata,
    Column("kind", String, primary_key=True),  # imap, smtp or oauth
    Column("name", String, primary_key=True),
    Column("gateway", String, primary_key=True),
    Column("last_success_at", Instant),
    Column("last_failure_at", Instant),
    Column("failing_since", Instant),  # NULL: the newest attempt went well
    Column("error", Text, nullable=False),  # of the newest attempt; empty: it went well
    Column("expires_at", Instant),
)

# One row for each alarm there ever was; forgotten some time after it has passed.
alarm = Table(
    "alarm",
    metadata,
    Column("key", String, primary_key=True),
    Column("text", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Column("cleared_at", Instant),  # NULL: the trouble lasts
    Column("times", Integer, nullable=False),  # how often it has come since `since`
    Column("told", Boolean, nullable=False),  # ops have been written that it is there, and not yet that it has passed
    Column("told_at", Instant),  # when ops were last written that it is there
)

# Which gateways see the trouble of an alarm now. It has passed when none does.
alarm_report = Table(
    "alarm_report",
    metadata,
    Column("key", ForeignKey("alarm.key"), primary_key=True),
    Column("gateway", String, primary_key=True),  # empty: it is a trouble of the database, whichever gateway looks
    Column("seen_at", Instant, nullable=False),
)

_RUNS = text("ended_at IS NULL AND due_at IS NOT NULL")

# The clocks of a ticket: how soon somebody must do something about it. All of it is derived from events.
deadline = Table(
    "deadline",
    metadata,
    Column("ticket", ForeignKey("ticket.number"), primary_key=True),
    Column("clock", String, primary_key=True),
    Column("level", String, primary_key=True),
    Column("started_at", Instant, nullable=False),
    Column("due_at", Instant),  # NULL: the clock is paused, or its calendar never opens
    Column("state", String, nullable=False),
    Column("ended_at", Instant),  # NULL: it runs or is paused
    Index("ix_deadline_due", "due_at", "ticket", sqlite_where=_RUNS, postgresql_where=_RUNS),
)

_TO_COME = text("fired_at IS NULL")

# What is to happen to a ticket at a time, once: warnings, escalations, timed moves of stages, rules.
timer = Table(
    "timer",
    metadata,
    Column("ticket", ForeignKey("ticket.number"), primary_key=True),
    Column("kind", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("fired_at", Instant),
    Index("ix_timer_at", "at", sqlite_where=_TO_COME, postgresql_where=_TO_COME),
)

# Holidays by region (BR, BR-SP), as a worker has computed them, and the years that are known.
holiday = Table(
    "holiday",
    metadata,
    Column("region", String, primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", String, nullable=False),  # public or optional
)
holiday_year = Table(
    "holiday_year",
    metadata,
    Column("region", String, primary_key=True),
    Column("year", Integer, primary_key=True),
)

# How often each rule of the configuration has matched, by day (UTC).
rule_firing = Table(
    "rule_firing",
    metadata,
    Column("rule", String, primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("last_at", Instant, nullable=False),
)

# How long customers waited for their first answer, in the queue's working time, and what they had been promised.
answer_time = Table(
    "answer_time",
    metadata,
    Column("ticket", ForeignKey("ticket.number"), primary_key=True),
    Column("queue", String, nullable=False),
    Column("arrived_at", Instant, nullable=False),
    Column("promised_at", Instant),
    Column("answered_at", Instant),
    Column("seconds", BigInteger),
    Index("ix_answer_time_queue_arrived_at", "queue", "arrived_at"),
)

# What was told once, and when: the key names it.
told_mark = Table(
    "told_mark",
    metadata,
    Column("key", String, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("value", Text, nullable=False),
)

# What customers of a queue may expect, as it was worked out last, and whether acknowledgements say it.
expectation = Table(
    "expectation",
    metadata,
    Column("queue", String, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("figures", JSON, nullable=False),  # seconds of open time, by kind of day and hour
    Column("said", Boolean, nullable=False),
    Column("kept", Integer, nullable=False),  # of `settled` expectations of the last weeks, so many came true
    Column("settled", Integer, nullable=False),
)

# Tickets that were to be given out, and could be given to nobody.
turn_wait = Table(
    "turn_wait",
    metadata,
    Column("ticket", ForeignKey("ticket.number"), primary_key=True),
    Column("skill", String, nullable=False),  # empty: any
    Column("strict", Boolean, nullable=False),  # nobody without the skill will do
    Column("since", Instant, nullable=False),
)

# Of which tickets somebody was told that they lie about. If the condition ends and comes back, `since` is another.
forgotten = Table(
    "forgotten",
    metadata,
    Column("ticket", ForeignKey("ticket.number"), primary_key=True),
    Column("condition", String, primary_key=True),
    Column("since", Instant, nullable=False),
    Column("told_at", Instant, nullable=False),
)

# Whose customer was warned that the ticket will be closed, or could not be warned and is to be later.
closing = Table(
    "closing",
    metadata,
    Column("ticket", ForeignKey("ticket.number"), primary_key=True),
    Column("since", Instant, index=True),  # when the customer was warned; NULL: not yet
    Column("revision", Integer),  # of the ticket, which the warning made
    Column("again_at", Instant),
)

# What a queue had to do in each hour: how many customers waited, and how long the first of them had.
load_hour = Table(
    "load_hour",
    metadata,
    Column("queue", String, primary_key=True),
    Column("hour", Instant, primary_key=True),
    Column("backlog", Integer, nullable=False),
    Column("oldest_seconds", BigInteger, nullable=False),
)

# Tickets that have changed since they were counted for reports, and how often. Every settlement writes here.
uncounted = Table(
    "uncounted",
    metadata,
    Column("ticket", ForeignKey("ticket.number"), primary_key=True),
    Column("changes", Integer, nullable=False),
)

# What each ticket has added to `day_sum`, so that it can be taken out again when the ticket changes.
counted = Table(
    "counted",
    metadata,
    Column("ticket", ForeignKey("ticket.number"), primary_key=True),
    Column("entries", JSON, nullable=False),
    Column("running", JSON(none_as_null=True)),  # what waits: times that have not ended
    Column("times", Integer, nullable=False),  # how often it was counted
)

# The figures of a local day: of a queue (`part` is empty), and of the tickets of an agent, a type, a priority, a tag...
# A day's figures are the sum of its rows. Rows are only inserted, never updated: a big row is not written again for
# each ticket, and no transaction waits for another. A timer folds the rows of each day into one.
day_sum = Table(
    "day_sum",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("day", String(10), nullable=False),
    Column("queue", String, nullable=False),
    Column("part", String, nullable=False),
    Column("value", String, nullable=False),
    Column("balance", BigInteger, nullable=False),  # by how much the backlog grows
    Column("figures", JSON, nullable=False),
    Index("ix_day_sum_part_day", "part", "day", "queue", "value", "balance"),
)

# How many mails came on a local day, by what became of them. `queue` is empty where a mail reached none.
mail_day = Table(
    "mail_day",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("queue", String, primary_key=True),
    Column("outcome", String, primary_key=True),
    Column("count", BigInteger, nullable=False),
)

# What solved a ticket, in words. The newest counts; an older one counts again when the newest is undone.
ticket_resolution = Table(
    "ticket_resolution",
    metadata,
    Column("ticket", ForeignKey("ticket.number"), primary_key=True),
    Column("at", Instant, primary_key=True),
    Column("text", Text, nullable=False),
    Column("source", String, nullable=False),  # answer, command
    Column("author", String, nullable=False),
    Column("message", BigInteger),  # the answer that resolved it
    Column("inbound", BigInteger, index=True),  # the mail that says so
)

_TO_ASK = text("asked_at IS NULL")

# Whose opinion of which resolution is asked for: when it is due, and when it was asked.
rating_request = Table(
    "rating_request",
    metadata,
    Column("ticket", ForeignKey("ticket.number"), primary_key=True),
    Column("resolved_at", Instant, primary_key=True),
    Column("person", String, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("asked_at", Instant),
    Index("ix_rating_request_due", "due_at", sqlite_where=_TO_ASK, postgresql_where=_TO_ASK),
    Index("ix_rating_request_person", "person", "asked_at"),
)

_UNSENT = text("sent_at IS NULL")

report_order = Table(
    "report_order",
    metadata,
    Column("id", BigId, primary_key=True),
    Column(
        "key", String, nullable=False, unique=True
    ),  # the report and its day, or who asked (or was refused) and when
    Column("name", String, nullable=False),  # of the [[report]]; empty: somebody asked for it by mail
    Column("since_day", String(10), nullable=False),
    Column("until_day", String(10), nullable=False),
    Column("queues", JSON, nullable=False),
    Column("part", String, nullable=False),  # what it is divided by; empty: nothing
    Column("recipients", JSON, nullable=False),  # [name, address]
    Column("locale", String, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("claimed_until", Instant),
    Column("attempts", Integer, nullable=False),
    Column("sent_at", Instant),
    Index("ix_report_order_unsent", "id", sqlite_where=_UNSENT, postgresql_where=_UNSENT),
    Index("ix_report_order_created_at", "created_at"),
)
