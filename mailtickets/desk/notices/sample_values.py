"""The pieces of samples that several notices show: people, a conversation, a list of tickets, times.

In a text `{key}` stands for that text of the locale's story (`letters/samples.py`). All addresses are under .test.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

AGENT_ADDRESS = "ana@desk.test"
COLLEAGUE_ADDRESS = "bruno@desk.test"

REQUESTER: Mapping[str, object] = {"name": "{requester}", "address": "{customer}"}
AGENT: Mapping[str, object] = {"name": "{agent}", "address": AGENT_ADDRESS}
COLLEAGUE: Mapping[str, object] = {"name": "{other_agent}", "address": COLLEAGUE_ADDRESS}


def at(hour: int, minute: int, day: int = 3) -> datetime:
    """A time of the story, in the time zone of the instance."""
    return datetime(2025, 3, day, hour, minute)  # noqa: DTZ001 - as in the instance's time zone


def day(number: int) -> date:
    return date(2025, 3, number)


WRITTEN_AT: Mapping[str, datetime] = {
    "question": at(10, 12), "again": at(8, 5, day=4), "answer": at(14, 30), "note": at(15, 2),
}  # fmt: skip
"""When each message of the story was written."""


def _message(author: Mapping[str, object], direction: str, visibility: str, message: str) -> Mapping[str, object]:
    return {
        "author": author,
        "direction": direction,
        "visibility": visibility,
        "text": f"{{{message}}}",
        "received_at": WRITTEN_AT[message],
    }


THREAD: Sequence[Mapping[str, object]] = [
    _message(REQUESTER, "in", "public", "question"),
    _message(AGENT, "out", "public", "answer"),
    _message(COLLEAGUE, "in", "note", "note"),
    _message(REQUESTER, "in", "public", "again"),
]

EVENTS: Sequence[Mapping[str, object]] = [
    {"at": at(10, 12), "actor": "{requester}", "kind": "opened", "from": None, "to": "new"},
    {"at": at(14, 30), "actor": "{other_agent}", "kind": "assignee", "from": None, "to": "{agent}"},
    {"at": at(14, 30), "actor": "{agent}", "kind": "status", "from": "new", "to": "pending"},
]

ASKS: Sequence[Mapping[str, object]] = [
    {"name": "serie", "label": "{ask_serial}", "example": "12345-67", "choices": [], "attachment": False},
    {"name": "loja", "label": "{ask_shop}", "example": "", "choices": ["{shop}", "{other_shop}"], "attachment": False},
    {"name": "foto", "label": "{ask_photo}", "example": "", "choices": [], "attachment": True},
]
"""Three questions of an acknowledgement: a number, a choice, a file."""

_CLOCK: Mapping[str, object] = {
    "level": "padrao", "now": at(11, 5, day=4), "late": False, "late_minutes": 0, "working": True, "day_minutes": 540,
}  # fmt: skip
CLOCKS: Sequence[Mapping[str, object]] = [
    {**_CLOCK, "clock": "next_answer", "state": "missed", "at": at(9, 0, day=4), "late": True, "late_minutes": 125},
    {**_CLOCK, "clock": "resolution", "state": "running", "at": at(16, 30, day=6)},
]
"""One that is late, and one that is due two days later."""

_LINE: Mapping[str, object] = {"priority": "normal", "queue": "{queue}", "waiting_since": None, "clock": None}
TICKET_LINES: Sequence[Mapping[str, object]] = [
    {**_LINE, "number": 1042, "tag": "[#1042]", "subject": "{subject}", "status": "open", "priority": "high",
     "requester": REQUESTER, "updated_at": WRITTEN_AT["again"], "waiting_since": WRITTEN_AT["question"],
     "clock": CLOCKS[0]},
    {**_LINE, "number": 1039, "tag": "[#1039]", "subject": "{other_subject}", "status": "pending",
     "requester": {"name": "{other_requester}", "address": "{other_customer}"}, "updated_at": WRITTEN_AT["answer"]},
    {**_LINE, "number": 1043, "tag": "[#1043]", "subject": "{third_subject}", "status": "new",
     "requester": {"name": None, "address": "{customer}"}, "updated_at": WRITTEN_AT["again"],
     "waiting_since": WRITTEN_AT["again"], "clock": CLOCKS[1]},
]  # fmt: skip
"""A ticket that waits, one that was answered, one that nobody has."""


NOBODY_FREE: Mapping[str, object] = {
    "skill": "vpn",
    "passed_over": [
        {"name": "{agent}", "why": "off-duty", "load": 0, "capacity": 0},
        {"name": "{other_agent}", "why": "full", "load": 5, "capacity": 5},
    ],
    "more": 1,
}
"""Why nobody could be given the ticket."""


def done(kind: str, value: str | None = None, old: str | None = None) -> Mapping[str, object]:
    """A line of a receipt."""
    return {"kind": kind, "value": value, "old": old, "ticket": 1042}


def status_change(before: str, after: str) -> Mapping[str, object]:
    return {"kind": "status", "from": before, "to": after, "actor_name": "{agent}", "reason": ""}
