"""One row a notice: who gets it, what its template sees, how early it is sent, what a reply to it is, and a sample.

A new notice is a name in `row.NoticeName`, a row in `NOTICES`, a plan (`plan.py` for customers, `to_ops.py` for ops,
`agents.py` and `own_mail.py` for agents) and six templates (text and HTML in three locales).
Limits: plain data. It imports only values of the same kind, so that decisions can name notices.
"""

from collections.abc import Mapping

from mailtickets.desk.notices.row import FIRST, SECOND, AnsweredAs, NoticeName, NoticeRow, Sample
from mailtickets.desk.notices.sample_values import (
    AGENT_ADDRESS,
    ASKS,
    COLLEAGUE,
    EVENTS,
    NOBODY_FREE,
    REQUESTER,
    THREAD,
    TICKET_LINES,
    WRITTEN_AT,
    at,
    day,
    done,
    status_change,
)
from mailtickets.desk.notices.shapes import (
    ALARM,
    ASK,
    AWAITS,
    CHANGE,
    CHANGED,
    COMMAND,
    DEADLINE,
    DONE,
    EVENT,
    FIGURES,
    HELD_MAIL,
    LATE,
    LYING,
    PERSON,
    PROBLEM,
    REMOVED,
    REPORT,
    SAID,
    STRANGER,
    TICKET_LINE,
    WEEK,
)

_DUE_SOON = {
    "clock": "first_answer", "due_at": at(16, 30, day=4), "now": at(15, 0, day=4), "since": at(8, 5, day=4),
    "overdue": False,
}  # fmt: skip
_LATE = {"tag": "[#1042]", "priority": "high", "status": "open", "opened_at": None, "taken": False}
_LEAST_DUE = {"clock": "resolution", "due_at": None, "since": None, "overdue": False, "percent": None}

WHOLE_LINES = [{**TICKET_LINE, **line} for line in TICKET_LINES]
"""As they stand within another value, where nothing that is missing is added."""

NOTICES: Mapping[NoticeName, NoticeRow] = {
    # --- customers ------------------------------------------------------------------------------------
    "received": NoticeRow(
        audience="customers",
        priority=SECOND,
        sees={"legal": "", "answer": "", "asks": [ASK], "expected": "", "expected_half": ""},
        sample=Sample(
            status="new",
            message="question",
            full={"asks": ASKS, "expected": "{expected}", "expected_half": "{expected_half}"},
        ),
    ),
    "answer": NoticeRow(
        audience="customers",
        priority=FIRST,
        sees={
            "begins": False,
            "resolved_now": False,
            "stage_now": None,
            "ask_rating": False,
            "thread": [SAID],
            "promised": "",
            "promise_withdrawn": False,
        },
        sample=Sample(status="pending", message="answer", author="agent"),
    ),
    "status_changed": NoticeRow(
        audience="customers",
        priority=SECOND,
        sample=Sample(least={"change": status_change("new", "open")}),
    ),
    "promised": NoticeRow(
        audience="customers",
        priority=SECOND,
        sees={"promised": ""},
        sample=Sample(full={"promised": "{promised}"}),
    ),
    "stage_changed": NoticeRow(
        audience="customers",
        priority=SECOND,
        sample=Sample(status="pending", stage="{stage}"),
    ),
    "resolved": NoticeRow(
        audience="customers",
        priority=SECOND,
        sees={"ask_rating": False},
        sample=Sample(
            status="resolved", least={"change": status_change("open", "resolved")}, full={"ask_rating": True}
        ),
    ),
    "closed": NoticeRow(
        audience="customers",
        priority=SECOND,
        sample=Sample(status="closed", least={"change": status_change("resolved", "closed")}),
    ),
    "reopened": NoticeRow(
        audience="customers",
        priority=SECOND,
        sample=Sample(message="again", least={"change": status_change("resolved", "open")}),
    ),
    "status": NoticeRow(
        audience="customers",
        priority=SECOND,
        sees={"promised": ""},
        sample=Sample(full={"promised": "{promised}"}),
    ),
    "my_tickets": NoticeRow(
        audience="customers",
        priority=SECOND,
        ticket="never",
        sees={"tickets": [TICKET_LINE]},
        sample=Sample(ticket=False, full={"tickets": [{**TICKET_LINES[0], "status": "pending"}, TICKET_LINES[2]]}),
    ),
    "muted": NoticeRow(audience="customers", priority=SECOND, sample=Sample()),
    "unmuted": NoticeRow(audience="customers", priority=SECOND, sample=Sample()),
    "ready_answer": NoticeRow(
        audience="customers",
        priority=SECOND,
        sees={"answer": ""},
        sample=Sample(message="again", full={"answer": "{ready_text}"}),
    ),
    "close_warning": NoticeRow(
        audience="customers",
        priority=SECOND,
        sees={"closes_at": None},
        sample=Sample(status="pending", full={"closes_at": day(6)}),
    ),
    "rating_asked": NoticeRow(
        audience="customers",
        priority=SECOND,
        sees={"resolved_at": None},
        sample=Sample(status="resolved", full={"resolved_at": day(2)}),
    ),
    # --- agents ---------------------------------------------------------------------------------------
    "new_ticket": NoticeRow(
        audience="agents",
        carries_customers_words=True,
        sees={"awaits": AWAITS},
        sample=Sample(
            status="new",
            message="question",
            linked=(1036,),
            full_reason="not-a-participant",
            full={
                "rules": ["{rule}"],
                "ready_answer": "{ready}",
                "awaits": NOBODY_FREE,
                "moves": [{"line": "{move}", "label": "{stage}", "needs": []}],
            },
        ),
    ),
    "customer_replied": NoticeRow(
        audience="agents",
        carries_customers_words=True,
        sees={"new_subject": "", "was_finished": None},
        sample=Sample(message="again", full={"new_subject": "{other_subject}", "was_finished": "resolved"}),
    ),
    "also_addressed": NoticeRow(
        audience="agents",
        sees={"only_here": False},
        sample=Sample(status="new", message="question", own_queue=False),
    ),
    "unassigned": NoticeRow(
        audience="agents",
        answered_as="team",
        sees={"change": CHANGE},
        sample=Sample(
            assigned=False,
            least={
                "change": {"kind": "assignee", "from": "{other_agent}", "to": None, "actor_name": None, "reason": ""}
            },
        ),
    ),
    "delivery_failed": NoticeRow(
        audience="agents",
        answered_as="team",
        also_to_doer=True,
        sees={"failure": {"recipient": "", "status": None, "diagnostic": "", "notice": "", "subject": ""}},
        sample=Sample(
            message="answer",
            author="agent",
            least={
                "failure": {
                    "recipient": "{customer}",
                    "status": "5.1.1",
                    "diagnostic": "550 5.1.1 <{customer}>: Recipient address rejected: User unknown",
                    "notice": "answer",
                    "named": None,
                    "kind": "lost",
                    "reopened": True,
                    "subject": "{subject}",
                }
            },
        ),
    ),
    "held": NoticeRow(
        audience="agents",
        also_to_doer=True,
        sees={"files": (), "strangers": [STRANGER]},
        sample=Sample(message="answer", author="agent", reply_effect="releases", reason="agent-without-token"),
    ),
    "receipt": NoticeRow(
        audience="agents",
        priority=SECOND,
        answered_as="receipt",
        ticket="sometimes",
        also_to_doer=True,
        sees={"done": [DONE], "sent_to": [PERSON], "undo_until": None, "dry_run": False, "too_late": False},
        sample=Sample(
            status="pending",
            full={
                "done": [done("answered"), done("status", "pending", "open"), done("tags", "{tags}")],
                "sent_to": [REQUESTER],
                "undo_until": at(14, 32),
            },
        ),
    ),
    "returned": NoticeRow(
        audience="agents",
        ticket="sometimes",
        also_to_doer=True,
        sees={"problems": [PROBLEM], "not_possible": False},
        sample=Sample(
            message="answer",
            author="agent",
            text="{mistyped}\n\n{answer}",
            reply_effect="corrects",
            full={
                "problems": [
                    {"line": "{mistyped}", "code": "unknown-command", "nearest": ["{nearest}"], "expected": ""}
                ]
            },
        ),
    ),
    "stale": NoticeRow(
        audience="agents",
        also_to_doer=True,
        sees={"since": [SAID]},
        sample=Sample(message="answer", author="agent", reply_effect="releases", full={"since": THREAD[2:]}),
    ),
    "digest": NoticeRow(
        audience="agents",
        ticket="never",
        also_to_doer=True,
        sees={"mine": [TICKET_LINE], "unassigned": [TICKET_LINE], "week": WEEK},
        sample=Sample(
            ticket=False,
            reply_effect="lines",
            full={
                "mine": TICKET_LINES[:2],
                "unassigned": TICKET_LINES[2:],
                "week": {
                    "period": "{report_period}",
                    "resolved": 14,
                    "answers": 31,
                    "thanks": [
                        {"ticket": 1042, "name": "{requester}", "text": "{thanks}", "score": None},
                        {"ticket": 1036, "name": "{other_requester}", "text": "", "score": 5},
                    ],
                    "more": 1,
                    "oldest": WHOLE_LINES[0],
                },
            },
        ),
    ),
    "reminder": NoticeRow(
        audience="agents",
        answered_as="team",
        also_to_doer=True,
        sees={"why": "", "since": None},
        sample=Sample(message="again", full={"why": "unanswered", "since": WRITTEN_AT["question"]}),
    ),
    "due_soon": NoticeRow(
        audience="agents",
        answered_as="team",
        also_to_doer=True,
        sees={"deadline": DEADLINE},
        sample=Sample(message="again", least={"deadline": _LEAST_DUE}, full={"deadline": _DUE_SOON}),
    ),
    "escalated": NoticeRow(
        audience="agents",
        answered_as="team",
        also_to_doer=True,
        sees={"deadline": DEADLINE, "changed": CHANGED},
        sample=Sample(
            message="again",
            least={"deadline": _LEAST_DUE, "changed": {"priority": None, "queue": None, "assignee": None}},
            full={
                "deadline": {**_DUE_SOON, "now": at(18, 0, day=4), "overdue": True, "percent": 150},
                "changed": {"priority": "high", "queue": "{other_queue}", "assignee": "{other_agent}"},
            },
        ),
    ),
    "overdue": NoticeRow(
        audience="ops",
        ticket="never",
        sees={"deadline": DEADLINE, "late": LATE},
        sample=Sample(
            ticket=False,
            least={"deadline": _LEAST_DUE, "late": _LATE},
            full={
                "deadline": {**_DUE_SOON, "now": at(18, 0, day=4), "overdue": True, "percent": 150},
                "late": {**_LATE, "opened_at": WRITTEN_AT["question"], "taken": True},
            },
        ),
    ),
    "stage_over": NoticeRow(
        audience="agents",
        answered_as="team",
        also_to_doer=True,
        sees={"stage_was": ""},
        sample=Sample(message="again", least={"stage_was": "{stage}"}),
    ),
    "assigned": NoticeRow(
        audience="agents",
        answered_as="team",
        sees={"actor": None},
        sample=Sample(message="again", full={"actor": "{other_agent}"}),
    ),
    "moved": NoticeRow(
        audience="agents",
        answered_as="team",
        sees={"actor": None, "change": CHANGE, "awaits": AWAITS},
        sample=Sample(
            status="new",
            message="question",
            assigned=False,
            least={
                "change": {
                    "kind": "queue",
                    "from": "{other_queue}",
                    "to": "{queue}",
                    "actor_name": "{agent}",
                    "reason": "",
                }
            },
            full={"actor": "{other_agent}", "awaits": NOBODY_FREE},
        ),
    ),
    "noted": NoticeRow(
        audience="agents",
        answered_as="note",
        names_author=True,
        sample=Sample(message="note", author="colleague"),
    ),
    "answered": NoticeRow(
        audience="agents",
        answered_as="team",
        names_author=True,
        sample=Sample(status="pending", message="answer", author="colleague"),
    ),
    "agent_absent": NoticeRow(
        audience="agents",
        ticket="never",
        sees={"absent": PERSON, "until": None},
        sample=Sample(
            ticket=False,
            reply_effect="lines",
            least={"absent": {"name": None, "address": AGENT_ADDRESS}},
            full={"absent": COLLEAGUE, "until": day(10)},
        ),
    ),
    "rated": NoticeRow(
        audience="agents",
        answered_as="team",
        sees={"rating": {"score": None, "comment": ""}},
        sample=Sample(
            status="resolved",
            least={"rating": {"score": 2, "comment": ""}},
            full={"rating": {"score": 2, "comment": "{comment}"}},
        ),
    ),
    "recalled": NoticeRow(
        audience="agents",
        sees={"words": ""},
        sample=Sample(message="again", full={"words": "{subject}"}),
    ),
    "rule_told": NoticeRow(
        audience="agents",
        answered_as="team",
        also_to_doer=True,
        sample=Sample(message="again", least={"rules": ["{rule}"]}, full={"rules": ["{rule}"]}),
    ),
    "rule_figures": NoticeRow(
        audience="ops",
        ticket="never",
        sees={"figures": FIGURES},
        sample=Sample(
            ticket=False,
            least={"rules": ["{rule}"], "figures": {**_LATE, "waiting_since": None}},
            full={
                "rules": ["{rule}"],
                "figures": {
                    **_LATE,
                    "opened_at": WRITTEN_AT["question"],
                    "waiting_since": WRITTEN_AT["again"],
                    "taken": True,
                },
            },
        ),
    ),
    "rule_held": NoticeRow(
        audience="agents",
        ticket="sometimes",
        carries_customers_words=True,
        sees={"words": ""},
        sample=Sample(
            message="question",
            ticket=False,
            reply_effect="releases",
            least={"rules": ["{rule}"], "words": "{subject}"},
            full={"rules": ["{rule}"], "words": "{subject}"},
        ),
    ),
    "commands_help": NoticeRow(
        audience="agents",
        answered_as="receipt",
        ticket="sometimes",
        also_to_doer=True,
        sees={"commands": [COMMAND]},
        sample=Sample(ticket=False, reply_effect="lines", full={"commands": "{commands}"}),
    ),
    "found": NoticeRow(
        audience="agents",
        ticket="never",
        also_to_doer=True,
        sees={"words": "", "tickets": [TICKET_LINE]},
        sample=Sample(
            ticket=False,
            reply_effect="lines",
            least={"words": "{words}"},
            full={"words": "{words}", "tickets": TICKET_LINES},
        ),
    ),
    "history": NoticeRow(
        audience="agents",
        answered_as="team",
        also_to_doer=True,
        sees={"thread": [SAID], "events": [EVENT]},
        sample=Sample(full={"thread": THREAD, "events": EVENTS}),
    ),
    "attachments": NoticeRow(
        audience="agents",
        answered_as="team",
        also_to_doer=True,
        sees={"attached": (), "too_large": ()},
        sample=Sample(full={"attached": ["{photo}"], "too_large": ["{video}"]}),
    ),
    "second_word": NoticeRow(
        audience="agents",
        ticket="sometimes",
        also_to_doer=True,
        sees={"identity": False, "ops": False},
        sample=Sample(
            message="answer",
            author="agent",
            reply_effect="releases",
            reason="second-word-unclear",
            least={"identity": True, "ops": False},
            full={"ops": True},
        ),
    ),
    "report": NoticeRow(
        audience="agents",
        ticket="never",
        also_to_doer=True,
        sees={"report": REPORT, "again": ""},
        sample=Sample(
            ticket=False,
            reply_effect="lines",
            least={
                "again": "{report_command}",
                "report": {"title": "{report}", "period": "{report_period}", "text": "{report_sentence}"},
            },
            full={
                "report": {
                    "title": "{report}",
                    "period": "{report_period}",
                    "sentence": "{report_sentence}",
                    "text": "{report}: {report_period}\n\n{report_sentence}\n\n{report_sum}",
                    "html": "<p>{report_period}</p><p>{report_sentence}</p><p>{report_sum}</p>",
                    "table": "{report}.csv",
                    "pictures": True,
                },
            },
        ),
    ),
    "report_help": NoticeRow(
        audience="agents",
        ticket="never",
        also_to_doer=True,
        sees={"problems": [PROBLEM], "again": "", "queues": ()},
        sample=Sample(
            ticket=False,
            reply_effect="none",
            least={"again": "{report_command}"},
            full={
                "queues": ["{queue_name}"],
                "problems": [
                    {"line": "{report_command} xyz", "code": "bad-argument", "nearest": [], "expected": "report"}
                ],
            },
        ),
    ),
    "report_limit": NoticeRow(
        audience="agents",
        ticket="never",
        also_to_doer=True,
        sees={"again": "", "limit": 0},
        sample=Sample(ticket=False, reply_effect="lines", least={"again": "{report_command}", "limit": 30}),
    ),
    "stage_removed": NoticeRow(
        audience="agents",
        ticket="never",
        sees={"removed": REMOVED},
        sample=Sample(
            ticket=False,
            reply_effect="lines",
            least={"removed": {"name": "{removed}", "count": 1}},
            full={"removed": {"name": "{removed}", "count": 12}},
        ),
    ),
    "held_more": NoticeRow(
        audience="agents",
        ticket="never",
        also_to_doer=True,
        sees={"count": 0, "mails": [HELD_MAIL]},
        sample=Sample(
            ticket=False,
            reply_effect="lines",
            least={"count": 1, "mails": []},
            full={
                "count": 12,
                "mails": [{"number": 57, "subject": "{subject}", "received_at": WRITTEN_AT["question"]}],
            },
        ),
    ),
    "forgotten": NoticeRow(
        audience="agents",
        ticket="never",
        also_to_doer=True,
        sees={"count": 0, "lying": [LYING], "tickets": [TICKET_LINE]},
        sample=Sample(
            ticket=False,
            reply_effect="lines",
            least={"count": 1, "lying": [{"condition": "nobody", "tickets": WHOLE_LINES[:1], "more": 0}]},
            full={
                "count": 61,
                "tickets": TICKET_LINES,
                "lying": [
                    {"condition": "nobody", "tickets": WHOLE_LINES[2:], "more": 57},
                    {"condition": "agent-away", "tickets": WHOLE_LINES[:1], "more": 0},
                    {"condition": "unanswered", "tickets": WHOLE_LINES[:1], "more": 1},
                    {"condition": "customer-silent", "tickets": WHOLE_LINES[1:2], "more": 0},
                ],
            },
        ),
    ),
    # --- ops ------------------------------------------------------------------------------------------
    "alarm": NoticeRow(
        audience="ops",
        priority=SECOND,
        ticket="never",
        sees={"alarm": ALARM},
        sample=Sample(
            ticket=False,
            least={"alarm": {"subject": "{alarm}", "text": "{alarm_text}", "since": at(9, 47)}},
            full={
                "alarm": {
                    "subject": "imap-suporte",
                    "title": "{alarm}",
                    "text": "{alarm_text}",
                    "since": at(9, 47),
                    "times": 3,
                    "advice": "{alarm_advice}",
                }
            },
        ),
    ),
    "all_clear": NoticeRow(
        audience="ops",
        priority=SECOND,
        ticket="never",
        sees={"alarm": ALARM},
        sample=Sample(
            ticket=False,
            least={"alarm": {"subject": "{alarm}", "text": "", "since": at(9, 47), "until": at(10, 12)}},
            full={
                "alarm": {
                    "subject": "imap-suporte",
                    "title": "{alarm}",
                    "text": "{alarm_text}",
                    "since": at(9, 47),
                    "until": at(10, 12),
                    "times": 3,
                }
            },
        ),
    ),
}
"""In the order in which `template list` shows them."""


def named(name: str) -> NoticeName | None:
    """The notice of a name that comes from outside the desk: from the database, or from a command line."""
    return next((known for known in NOTICES if known == name), None)


def answered_as(name: str) -> AnsweredAs:
    """What a reply is to the notice of this name; empty for a customer's notice and for a name of an older version."""
    known = named(name)
    return NOTICES[known].answered_as if known else ""
