"""The fields of one row of the table of notices, and the names of all notices.

Limits: plain data. It imports only values of the same kind, so that decisions can name notices.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from mailtickets.desk.model.ticket import Status

NoticeName = Literal[
    "received", "answer", "status_changed", "promised", "stage_changed", "resolved", "closed", "reopened", "status",
    "my_tickets", "muted", "unmuted", "ready_answer", "close_warning", "rating_asked", "new_ticket", "customer_replied",
    "also_addressed", "unassigned", "delivery_failed", "held", "receipt", "returned", "stale", "digest", "reminder",
    "due_soon", "escalated", "overdue", "stage_over", "assigned", "moved", "noted", "answered", "agent_absent", "rated",
    "recalled", "rule_told", "rule_figures", "rule_held", "commands_help", "found", "history", "attachments",
    "second_word", "report", "report_help", "report_limit", "stage_removed", "held_more", "forgotten", "alarm",
    "all_clear",
]  # fmt: skip

Audience = Literal["customers", "agents", "ops"]

AnsweredAs = Literal["", "note", "receipt", "team"]
"""What an agent's reply to a notice is, where nothing in the reply says so.

Empty: words for the customer. `note`: a note to the team. `receipt`: words about a receipt, which the desk asks about.
`team`: the notice is about what a colleague or the clock did; the reply is for the customer, unless it only thanks.
"""

ReplyEffect = Literal["to_customer", "to_nobody", "releases", "corrects", "lines", "to_team", "asks", "none"]
"""What a notice says that a reply to it does.

The reply goes to the customer; is held because there is nobody to write to; releases what is held; corrects a reply
that was returned; acts line by line on the tickets that it names; is a note to the team; is asked about; does nothing.
"""

FIRST, SECOND, THIRD = 0, 1, 2
"""Order of sending: people's answers, then acknowledgements and the like, then agents' notices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What `template preview` and `check` show a notice with, beside the ordinary ticket of `letters/samples.py`.

    In a text `{key}` stands for that text of the locale's story.
    """

    status: Status = "open"
    """The ticket's status after what happened."""
    stage: str = ""
    """The label of the ticket's stage, where it is shown."""
    message: Literal["", "question", "again", "answer", "note"] = ""
    """Which message of the story is shown; empty: none."""
    author: Literal["requester", "agent", "colleague"] = "requester"
    """Who wrote that message."""
    text: str = ""
    """The message's text, where that is not the story's own."""
    own_queue: bool = True
    """False: the notice goes to another queue than the ticket's, and attachments do not come along."""
    ticket: bool = True
    """Whether a ticket is shown where everything is known."""
    assigned: bool = True
    linked: tuple[int, ...] = ()
    reply_effect: ReplyEffect | None = None
    reason: str = ""
    """The reason of the decision, with which the notice is shown at its fullest and at its least."""
    full_reason: str = ""
    """The reason with which the notice is shown at its fullest only."""
    least: Mapping[str, object] = field(default_factory=dict)
    """What the template sees at least."""
    full: Mapping[str, object] = field(default_factory=dict)
    """What the template sees beyond that where everything is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRow:
    """All that is particular to one notice, but for its plan and its templates."""

    audience: Audience
    sample: Sample
    sees: Mapping[str, object] = field(default_factory=dict)
    """Keys that the template sees beyond `shapes.COMMON`, each with its shape.

    `[SHAPE]` is a list of such values, `SHAPE` one such value or None, anything else the value where none is known.
    """
    priority: int = THIRD
    answered_as: AnsweredAs = ""
    ticket: Literal["always", "sometimes", "never"] = "always"
    """Whether the notice is about a ticket of its own."""
    carries_customers_words: bool = False
    """From shows the customer's name, their files come along, and an agent's absence notice may answer it."""
    names_author: bool = False
    """From shows the name of whoever wrote the message."""
    also_to_doer: bool = False
    """The agent who caused the notice gets it too; of other notices nobody is sent what they did themselves."""
