"""What a decision changes: a closed union of frozen values.

The store carries effects out. A new member makes the type checker, or a test, show every place that must handle it.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from mailtickets.desk.model.reason import Reason
from mailtickets.desk.model.states import EventKind
from mailtickets.desk.model.ticket import Direction, Priority, Role, Status, TicketType, Visibility
from mailtickets.mail.model import Address

# --- decisions and what they cause --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenTicket:
    """A new ticket. Must come first among the effects; the rest then concern it."""

    queue: str
    subject: str
    requester: Address
    locale: str
    cc: tuple[Address, ...] = ()
    notify_cc: bool = False
    linked: int | None = None
    acknowledged: bool = True
    """The requester gets an acknowledgement, if the budgets and RFC 3834 allow one."""


@dataclass(frozen=True, slots=True)
class AddMessage:
    """The mail in hand, or the text given, becomes a message of the ticket."""

    direction: Direction
    visibility: Visibility
    author: Address
    verified: bool
    text: str | None = None
    """None: the mail's own text."""
    relayed: bool = False
    """It goes out to the customer from here; False where the agent's client has sent it there already."""
    waits: bool = True
    """From a customer: they wait for an answer to it."""
    with_files: bool = True
    """The mail's attachments belong to it."""
    past: Status | None = None
    """Of imported mail: the status that its ticket has afterwards, as of the time of the mail. None: it was said
    now."""


@dataclass(frozen=True, slots=True)
class SetStatus:
    to: Status
    reason: Reason


@dataclass(frozen=True, slots=True)
class SetPriority:
    to: Priority
    reason: Reason | None = None
    """Why, where that is not the reason of the decision: `rule:NAME`, `level:NAME`."""


@dataclass(frozen=True, slots=True)
class Assign:
    to: str | None
    reason: Reason = "ordered"
    """`by-turns` and the like take a turn; `rule:NAME` where a rule names the agent, `level:NAME` where a level did."""
    is_turn: bool = field(default=False, compare=False)
    """It was the agent's turn, and counts as one, whatever the reason is."""


WhyNot = Literal["away", "off-duty", "full"]
"""Why an agent is passed over when tickets are given out."""


@dataclass(frozen=True, slots=True)
class PassedOver:
    """An agent who was given no ticket, and why."""

    agent: str
    why: WhyNot
    load: int = 0
    capacity: int = 0


@dataclass(frozen=True, slots=True)
class AwaitTurn:
    """Nobody can take the ticket now: it waits until somebody can. It has no assignee."""

    skill: str = ""
    """The skill that was asked for; empty: none."""
    only: bool = False
    """Nobody without the skill will do."""
    passed_over: tuple[PassedOver, ...] = ()
    """Everybody in the queue who could have had it; where nobody without the skill will do, those who have it."""


@dataclass(frozen=True, slots=True)
class AddParticipant:
    address: Address
    role: Role
    notified: bool = True
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class RemoveParticipant:
    address: Address


@dataclass(frozen=True, slots=True)
class LeaveOut:
    """Somebody in copy is sent no further answers of the ticket: mail does not reach them."""

    address: str


@dataclass(frozen=True, slots=True)
class SetRequester:
    to: Address


@dataclass(frozen=True, slots=True)
class SetSubject:
    to: str


@dataclass(frozen=True, slots=True)
class SetType:
    to: TicketType | None
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class SetTags:
    to: tuple[str, ...]
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class SetStage:
    """The ticket enters a stage of its queue; empty: it has none. The status of the stage is an effect of its own."""

    to: str
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class SetField:
    """A field of the ticket becomes known, changes, or is taken away (None)."""

    name: str
    value: str | None
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class PromiseDate:
    """An agent has promised the customer something until then; None: the promise is taken back."""

    at: datetime | None
    reason: Reason | None = None
    was: datetime | None = None
    """The date that had been promised before, and still counted."""


@dataclass(frozen=True, slots=True)
class FireTimer:
    """What was to happen at a time happens now, once."""

    kind: str
    name: str
    epoch: int


@dataclass(frozen=True, slots=True)
class MoveTo:
    """Another queue has the ticket from now on."""

    queue: str
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Mute:
    """A customer wants no more automatic notices of the ticket, or wants them again."""

    address: str
    on: bool


@dataclass(frozen=True, slots=True)
class Remind:
    """An agent is reminded of the ticket at that time; snoozed, it is out of sight until then."""

    agent: str
    at: datetime
    snooze: bool


@dataclass(frozen=True, slots=True)
class Reminded:
    """Agents got a reminder: the ticket has waited too long, or the time that an agent asked for has come."""

    agent: str | None = None
    """The agent who had asked for the reminder; None: nobody, the clock sent it."""


@dataclass(frozen=True, slots=True)
class Undo:
    """The answer that an earlier message made is stopped before it goes out, and kept as a note."""

    inbound: int


@dataclass(frozen=True, slots=True)
class SplitOff:
    """Comes with an OpenTicket: a message of another ticket goes over to it."""

    inbound: int


@dataclass(frozen=True, slots=True)
class KeepResolution:
    """What solved the ticket, in words that only the team sees."""

    text: str | None = None
    """An agent's words; None: those of the ticket's newest public answer by a person, if it has one."""
    author: str = ""
    """Who says so; not needed without a text."""


@dataclass(frozen=True, slots=True)
class Rate:
    """The customer's rating of the ticket's last resolution, from 1 (bad) to 5 (very good)."""

    score: int
    comment: str
    person: str
    quotable: bool = False
    """They say that they may be named beside their words."""


@dataclass(frozen=True, slots=True)
class AllowQuote:
    """The customer may be named beside their newest rating of the ticket, or no more."""

    on: bool


@dataclass(frozen=True, slots=True)
class SetAbsence:
    """An agent is away and gets no new tickets until then; None: is back."""

    agent: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class MergeInto:
    """The ticket's messages and people go over to another; it is closed."""

    into: int


@dataclass(frozen=True, slots=True)
class FailDelivery:
    """A mail of ours could not be delivered, says a report or the smarthost."""

    outbox: int
    recipient: str
    notice: str
    diagnostic: str
    status: str | None
    permanent: bool
    gone: bool = False
    """There is no such mailbox: no automatic mail goes to it until it is seen to work."""
    named: str = ""
    """The address that the report names, where it is not our recipient's: one that their mail is passed on to."""


@dataclass(frozen=True, slots=True)
class ReleaseHeld:
    """A held message is decided on again, as if there were no doubt about it."""

    inbound: int
    correction: str = ""
    """Command lines that take the place of those that were not understood."""
    seen: int | None = None
    """The ticket's revision that the author had seen when they confirmed; None: later changes do not matter."""


@dataclass(frozen=True, slots=True)
class DropHeld:
    """A held message is ignored for good."""

    inbound: int
    reason: Reason = "discarded-by-its-author"


@dataclass(frozen=True, slots=True)
class RecordEvent:
    """An event for the history. The ticket does not change."""

    kind: EventKind
    reason: Reason
    detail: str = ""


Effect = (
    OpenTicket
    | AddMessage
    | SetStatus
    | SetPriority
    | SetSubject
    | SetType
    | SetTags
    | SetStage
    | SetField
    | PromiseDate
    | FireTimer
    | Assign
    | AwaitTurn
    | MoveTo
    | AddParticipant
    | RemoveParticipant
    | LeaveOut
    | SetRequester
    | Mute
    | Remind
    | Reminded
    | Undo
    | SplitOff
    | KeepResolution
    | Rate
    | AllowQuote
    | SetAbsence
    | MergeInto
    | FailDelivery
    | ReleaseHeld
    | DropHeld
    | RecordEvent
)
