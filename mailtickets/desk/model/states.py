"""The states of what passes through the desk, and the kinds of events, as the database has them."""

from typing import Literal

InboundState = Literal["accepted", "done", "held"]
"""`accepted` until it is decided on; `held` until somebody says what becomes of it."""

OutboxState = Literal["queued", "sending", "sent", "deferred", "unknown", "failed", "cancelled"]
"""`unknown`: the connection was lost after the last octet, so the mail may have been taken."""

EventKind = Literal[
    # of a ticket
    "opened", "message", "status", "priority", "subject", "type", "tags", "assignee", "queue", "requester",
    "participant", "left-out", "muted", "unmuted", "reminder", "snoozed", "reminded", "split", "merged", "linked",
    "rated", "undone", "stage", "field", "asked", "priority-kept", "promised", "timer",
    "told", "ready-answer", "awaiting-turn", "close-warned", "resolution",
    "quotable", "unquotable",
    # of a mail
    "held", "released", "replayed", "dropped", "delivered-directly", "delivery", "withheld",
    # of an agent
    "absence",
]  # fmt: skip
"""What an event in the history of a ticket, a mail or an agent is about."""
