"""The shapes of what templates see: the keys of each kind of value, and what each key is where it is not known."""

from collections.abc import Mapping

PERSON: Mapping[str, object] = {"name": None, "address": ""}
ATTACHMENT: Mapping[str, object] = {"filename": "", "size": 0, "attached": True}
TICKET: Mapping[str, object] = {
    "number": None, "tag": "", "subject": "", "status": "", "stage": None, "priority": "", "type": None,
    "created_at": None, "requester": PERSON, "assignee": None, "queue": "", "fields": (), "missing": (),
    "resolution": "",
}  # fmt: skip
MESSAGE: Mapping[str, object] = {
    "author": PERSON, "text": "", "html": None, "received_at": None, "attachments": (), "verified": True,
    "delivered_directly": False, "ours": False, "signed": False, "cut": False, "whole_in": "", "remarks": (),
}  # fmt: skip
CLOCK: Mapping[str, object] = {
    "clock": "", "level": "", "state": "", "at": None, "now": None, "late": False, "late_minutes": 0,
    "working": False, "day_minutes": 1440,
}  # fmt: skip
"""A clock of a ticket that runs or is paused (then without `at`). `now` is the moment of the notice; `working`: its
lateness is counted in working time, of which a day has `day_minutes`."""
CHANGE: Mapping[str, object] = {"kind": "", "from": None, "to": None, "actor_name": None, "reason": ""}
TICKET_LINE: Mapping[str, object] = {
    "number": None, "tag": "", "subject": "", "status": "", "stage": None, "priority": "", "requester": PERSON,
    "updated_at": None, "waiting_since": None, "queue": "", "clock": None,
}  # fmt: skip
"""A ticket in a list; its clock is the one that is due first."""
SAID: Mapping[str, object] = {
    "author": PERSON, "text": "", "cut": False, "received_at": None, "visibility": "public", "direction": "in",
    "ours": False,
}  # fmt: skip
"""A message of the ticket's history."""
ALARM: Mapping[str, object] = {
    "subject": "", "title": "", "text": "", "since": None, "until": None, "times": 1, "advice": "",
}  # fmt: skip
"""Trouble that ops are told of; the subject is the key of the alarm."""
DONE: Mapping[str, object] = {"kind": "", "value": None, "old": None, "ticket": None}
PROBLEM: Mapping[str, object] = {"line": "", "code": "", "nearest": (), "expected": ""}
STRANGER: Mapping[str, object] = {"number": None, "requester": PERSON}
ASK: Mapping[str, object] = {"name": "", "label": "", "example": "", "choices": (), "attachment": False}
"""A question of an acknowledgement."""
COMMAND: Mapping[str, object] = {"spelled": "", "argument": "", "what": ""}
EVENT: Mapping[str, object] = {"at": None, "actor": None, "kind": "", "from": None, "to": None}
MOVE: Mapping[str, object] = {"line": "", "label": "", "needs": ()}
"""A move to another stage: the command line, the stage's label, and labels of what it still needs."""
REMOVED: Mapping[str, object] = {"name": "", "count": 0}
DEADLINE: Mapping[str, object] = {
    "clock": "first_answer", "due_at": None, "now": None, "since": None, "overdue": False, "percent": None,
}  # fmt: skip
"""A clock that is nearly due, or overdue; `percent`: how much of its time had passed at this step of escalation."""
LATE: Mapping[str, object] = {"tag": "", "priority": "", "status": "", "opened_at": None, "taken": False}
"""The figures of a ticket that people outside are told of; `taken`: somebody is in charge of it."""
FIGURES: Mapping[str, object] = {**LATE, "waiting_since": None}
"""The same, and since when the customer waits for an answer."""
CHANGED: Mapping[str, object] = {"priority": None, "queue": None, "assignee": None}
"""What a step of escalation has changed."""
LYING: Mapping[str, object] = {"condition": "", "tickets": [TICKET_LINE], "more": 0}
"""Tickets that lie about for one reason."""
AWAITS: Mapping[str, object] = {"skill": "", "passed_over": (), "more": 0}
"""Why nobody has a ticket that is given out in turn."""
THANKS: Mapping[str, object] = {"ticket": None, "name": "", "text": "", "score": None}
"""What a customer said to thank; a rating has a score, and perhaps no words."""
WEEK: Mapping[str, object] = {
    "period": "", "resolved": 0, "answers": 0, "thanks": (), "more": 0, "oldest": None,
}  # fmt: skip
"""An agent's own week. `thanks` are `THANKS`, `more` others; `oldest` is the ticket that has waited longest."""
REPORT: Mapping[str, object] = {
    "title": "", "period": "", "queues": "", "sentence": "", "text": "", "html": "", "table": "", "pictures": False,
}  # fmt: skip
"""A report: its words as text and as HTML, and the name of the attached table, if there is one."""
HELD_MAIL: Mapping[str, object] = {"number": None, "subject": "", "received_at": None}

ALWAYS: Mapping[str, Mapping[str, object]] = {
    "instance": {"name": ""},
    "queue": {"name": "", "address": "", "title": ""},
    "ticket": TICKET,
    "customer": PERSON,
}
"""Values that are there in every notice; one that is not known has all of its keys, each not known."""

COMMON: Mapping[str, object] = {
    "message": MESSAGE, "recipients": (), "linked": (), "reopen_days": None, "close_after_days": None,
    "reply_effect": None, "customer_echo": False, "reason": "", "reaches": [PERSON], "copied_beyond": [PERSON],
    "copied_unproven": [PERSON], "copied_disowned": [PERSON], "copied_unwritable": [PERSON], "copy_limit": None,
    "clocks": [CLOCK],
    "moves": [MOVE],
    "rules": (), "ready_answer": "",
}  # fmt: skip
"""What every notice may show beside those; written as `NoticeRow.sees` is."""
