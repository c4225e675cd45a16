"""The words of the desk: tickets, the people on them, what was decided and what follows from it.

Frozen values all. The store fills `Facts` and carries out `Effect`s; everything between is pure.
`Outcome`, `Effect` and `Delivery` are closed unions: a new member makes the type checker show every
place that must know of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from typing import Literal

from mailtickets.config import Agent, Budget, Config, Instance, Junk, Queue, Trust
from mailtickets.mail.junk import NO_MARK, JunkVerdict
from mailtickets.mail.model import Address, Envelope

Status = Literal["new", "open", "pending", "resolved", "closed"]
Priority = Literal["low", "normal", "high", "critical"]
TicketType = Literal["question", "incident", "request"]
Role = Literal["requester", "cc", "agent"]
Visibility = Literal["public", "note"]
Outcome = Literal["opened", "appended", "noted", "commanded", "bounced", "ignored", "held", "duplicate", "unparsed"]

STATUSES: tuple[Status, ...] = ("new", "open", "pending", "resolved", "closed")
PRIORITIES: tuple[Priority, ...] = ("low", "normal", "high", "critical")
TYPES: tuple[TicketType, ...] = ("question", "incident", "request")
OUTCOMES: tuple[Outcome, ...] = (
    "opened", "appended", "noted", "commanded", "bounced", "ignored", "held", "duplicate", "unparsed",
)  # fmt: skip


MAX_ATTACHMENT_BYTES = 10_000_000
"""What one notice carries at most, where the smarthost takes more: phones fetch these mails."""
MAX_ASKED_BYTES = 18_000_000
"""What a mail with attachments that an agent asked for carries at most: with base64, what nearly every host takes."""


# --- policy: what the configuration says --------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Policy:
    """The rules of the house, as configured; looked up by address and by name. Each is equal to itself alone."""

    instance: Instance
    queues: tuple[Queue, ...]
    agents: tuple[Agent, ...]
    trust: Trust
    budget: Budget
    junk: Junk = field(default_factory=Junk)
    max_attachment_bytes: int = MAX_ATTACHMENT_BYTES
    """All attachments of one notice together; beyond it a notice names them instead."""
    max_asked_bytes: int = MAX_ASKED_BYTES
    """All attachments of one mail to an agent who has asked for them."""

    @classmethod
    def of(cls, config: Config) -> "Policy":
        return cls(config.instance, config.queue, config.agent, config.trust, config.budget, config.junk)

    def queue(self, name: str) -> Queue | None:
        return next((queue for queue in self.queues if queue.name == name), None)

    def queue_at(self, address: str) -> Queue | None:
        """The queue that an addr-spec reaches, plus-address or not."""
        key = address.casefold()
        return self._queue_by_address.get(key) or self._queue_by_address.get(without_plus(key))

    @cached_property
    def _queue_by_address(self) -> Mapping[str, Queue]:
        """The first one counts."""
        return {a.casefold(): queue for queue in reversed(self.queues) for a in queue.addresses}

    def is_postmaster(self, address: str) -> bool:
        """Whether mail may come to this address because it must (RFC 5321, 4.5.1); the first queue gets it."""
        local, _, domain = address.casefold().partition("@")
        ours = {queued.rpartition("@")[2].casefold() for queue in self.queues for queued in queue.addresses}
        return local == "postmaster" and (not domain or domain in ours)

    def agent(self, address: str) -> Agent | None:
        """The agent whose address or alias this is."""
        return self._agent_by_address.get(address.casefold())

    @cached_property
    def _agent_by_address(self) -> Mapping[str, Agent]:
        """The first one counts."""
        return {a.casefold(): agent for agent in reversed(self.agents) for a in (agent.address, *agent.aliases)}

    def agents_of(self, queue: str) -> tuple[Agent, ...]:
        return tuple(agent for agent in self.agents if queue in agent.queues)


def without_plus(address: str) -> str:
    """suporte+token@desk.test -> suporte@desk.test"""
    local, at, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}{at}{domain}"


def plus_tag(address: str) -> str:
    """suporte+token@desk.test -> token; empty when there is none."""
    return address.rpartition("@")[0].partition("+")[2]


# --- what is remembered -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Participant:
    address: Address
    role: Role
    notified: bool = True
    """False: on record only, until an agent has answered (Cc of mail that nobody vouches for)."""
    muted: bool = False
    """They asked for no more automatic notices of this ticket; people's answers still reach them."""
    left_out: bool = False
    """Somebody in copy whom mail did not reach: no answer goes to them until they write, or an agent adds them."""


@dataclass(frozen=True, slots=True)
class Said:
    """A message of a ticket, as it is shown to people."""

    author: Address
    direction: Literal["in", "out"]
    visibility: Visibility
    text: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Ticket:
    number: int
    queue: str
    subject: str
    status: Status
    priority: Priority
    type: TicketType | None
    requester: Address
    assignee: str | None
    revision: int
    """Counts every change; a decision made on an older one is made again."""
    locale: str
    created_at: datetime
    updated_at: datetime
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    participants: tuple[Participant, ...] = ()
    tags: tuple[str, ...] = ()
    linked: tuple[int, ...] = ()
    answered: bool = False
    """An agent has answered in public."""
    last_message_id: str | None = None
    """Of the newest public message, for In-Reply-To."""
    references: tuple[str, ...] = ()
    """Ids of public messages, oldest first: the only ones a customer's mail may carry in References."""
    waiting_since: datetime | None = None
    """When the customer began to wait for an answer; None while they wait for none."""
    snoozed_until: datetime | None = None
    """Out of sight of digests and reminders until then, or until the customer writes."""

    def participant(self, address: str) -> Participant | None:
        """The customer-side participant (requester or cc) with this address."""
        key = address.casefold()
        return next((p for p in self.participants if p.role != "agent" and p.address.key == key), None)


# --- who sent it ---------------------------------------------------------------------------------------

AuthVerdict = Literal["pass", "fail", "none", "temperror"]


@dataclass(frozen=True, slots=True)
class AuthFact:
    """One thing that was found out about where a mail comes from."""

    method: str
    """dmarc, dkim, spf, internal or from."""
    result: str
    """As RFC 8601 spells it: pass, fail, softfail, neutral, none, temperror, permerror ..."""
    domain: str
    """The domain it speaks of; empty where there is none."""
    source: str
    """The header or the DNS query it came from, for people."""


@dataclass(frozen=True, slots=True)
class Authentication:
    """Whether the domain in From vouches for a mail: an aligned pass, an aligned failure, or nothing known."""

    verdict: AuthVerdict = "none"
    facts: tuple[AuthFact, ...] = ()
    internal: bool = False
    """Submitted by somebody who had logged in, says evidence that `trust.internal_evidence` names."""


# --- facts: what a decision stands on -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TokenFact:
    """A reply token found in a mail, as looked up by its hash."""

    ticket: int | None
    """None: it was given with a mail about no ticket of its own, such as a digest."""
    person: str
    """The address the token was given to."""
    revision: int
    expired: bool
    source: str
    """Where it stood: `address` or `ref-line`."""
    confirms: int | None = None
    """The held inbound message that answering with it releases; it is good for nothing else then."""
    inbound: int | None = None
    """The message that caused the mail it was given with."""
    held: str | None = None
    """Why the message that it confirms is held; None when it is held no more."""
    created_at: datetime | None = None
    answered_as: str = ""
    """What an answer to the notice is that does not say so (`notice.ANSWERED_AS`)."""


@dataclass(frozen=True, slots=True)
class IdFact:
    """A Message-ID in In-Reply-To or References that belongs to a ticket."""

    ticket: int
    message_id: str
    issued: bool
    """We issued it (or the smarthost did for us), rather than stored it with received mail."""
    notice: str = ""
    """The name of our notice that has it."""


@dataclass(frozen=True, slots=True)
class DuplicateFact:
    """The same mail came before, by another door or to another queue."""

    inbound: int
    ticket: int | None
    queues: tuple[str, ...]
    """Names of the queues that have been told of it."""
    outcome: Outcome | None = None
    reason: str | None = None

    @property
    def reached_somebody(self) -> bool:
        """Whether people have it, or its author has thrown it away: then no copy of it is wanted.

        A copy that was held as spam, ignored or dropped at one door must not lose the mail that comes by another.
        """
        return self.outcome not in {"held", "ignored"} or self.reason == "discarded-by-its-author"


UNPROVEN_REPORT = "delivery-report-unproven"
"""The reason that stands with a report which anybody could have written who got the mail."""


@dataclass(frozen=True, slots=True)
class OutboxFact:
    """One of our own mails that a delivery report is about."""

    id: int
    ticket: int | None
    notice: str
    recipient: str
    author: str | None
    """Who wrote it, when it was a person's answer."""
    state: str
    proven: bool = True
    """The report came with this copy's own tag. False: it names an id that everybody who got the mail knows."""
    told: bool = False
    """Agents have been told of an unproven report on this copy."""


@dataclass(frozen=True, slots=True)
class Undoable:
    """What an earlier mail of an agent did, for the order to undo it."""

    inbound: int
    until: datetime | None
    """When its answer goes out; None when there is none that waits."""
    gone: bool
    """At least one copy of its answer is out, or just going."""
    changes: tuple[tuple[str, str | None, str | None], ...] = ()
    """(kind of event, what it was, what it became), in the order in which they happened."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A customer's message on a ticket that has others: it may become a ticket of its own."""

    inbound: int
    author: Address
    subject: str
    reopened: Status | None = None
    """Where the ticket stood before, if this message, the newest, is what opened it again."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """An attachment that has come with a message."""

    inbound: int
    filename: str
    content_type: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class SignatureFact:
    """The signature that was cut from under an agent's words."""

    lines: int
    how: str
    """`shape`, `marked` by their program, or `learned`."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What is known of the agents' work as a whole, read only where a mail calls for it."""

    loads: Mapping[str, int] = field(default_factory=dict)
    """Unfinished tickets by assignee's key."""
    assigned_at: Mapping[str, datetime] = field(default_factory=dict)
    """When an agent (by key) was last given a ticket by turns."""
    absent_until: Mapping[str, datetime] = field(default_factory=dict)
    mine: tuple[Ticket, ...] = ()
    """The author's own unfinished tickets."""
    unassigned: tuple[Ticket, ...] = ()
    """Unfinished tickets of the author's queues that nobody has."""
    found: tuple[Ticket, ...] = ()
    """What a search has found, or all the tickets of a customer who asks for them."""
    thread: tuple[Said, ...] = ()
    """The ticket's messages, oldest first."""
    files: tuple[StoredFile, ...] = ()
    """Attachments of the message that a notice was about."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that `decide` may know besides the mail itself."""

    envelope: Envelope
    queue: Queue
    """The queue the mail is addressed to."""
    also_queues: tuple[Queue, ...] = ()
    """Further queues it is addressed to."""
    tokens: tuple[TokenFact, ...] = ()
    ids: tuple[IdFact, ...] = ()
    subject_numbers: tuple[int, ...] = ()
    """Numbers in the subject that are tickets of ours."""
    tickets: Mapping[int, Ticket] = field(default_factory=dict)
    duplicate: DuplicateFact | None = None
    bounced: OutboxFact | None = None
    authentication: Authentication = Authentication()
    known_author: bool = False
    """Once authenticated, or answered by an agent."""
    sent_before: tuple[str, ...] = ()
    """Message ids among the mail's own that we sent: our own mail came back."""
    junk: JunkVerdict = NO_MARK
    """What filters and scanners hold against the mail."""
    known_files: frozenset[str] = frozenset()
    """sha256 of the mail's attachments that are on its tickets already: quoted along, not new."""
    released: bool = False
    """An operator, or its author, let this mail through."""
    confirmed: frozenset[str] = frozenset()
    """The reasons for which it was held and that are of no concern any more."""
    correction: str = ""
    """The command lines that its author gave in place of those that were not understood."""
    since: tuple[Said, ...] = ()
    """What others wrote on the ticket after the notice that the mail answers."""
    undoable: Undoable | None = None
    """What an order to undo is about."""
    origin: Origin | None = None
    """What an order to split would split off."""
    canned: Mapping[str, str] = field(default_factory=dict)
    """Ready answers that the mail asks for, by the name it gives them; those there are."""
    canned_commands: Mapping[str, str] = field(default_factory=dict)
    """The command lines that those ready answers carry, by the same name."""
    canned_names: tuple[str, ...] = ()
    """All the ready answers there are, where the mail asks for one."""
    new_subject: str = ""
    """The mail's subject, where neither its ticket nor any earlier message there has the same."""
    recalled: Ticket | None = None
    """The ticket with the message that the mail asks to have back."""
    left_out: Mapping[int, frozenset[str]] = field(default_factory=dict)
    """By ticket: keys of the people who stood in copy of a mail of it and were too many to be put on it."""
    returned_to: str = ""
    """Whose copy of our mail it is that this automatic answer came to the return path of."""
    desk: Desk = field(default_factory=Desk)
    signature: SignatureFact | None = None
    """What was cut from under an agent's words."""
    unparsed: str | None = None
    """Why a worker could not read the mail at all."""


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
    """Its requester is told that it was opened, as far as budgets and good manners allow."""


@dataclass(frozen=True, slots=True)
class AddMessage:
    """The mail in hand, or the text given, becomes a message of the ticket."""

    direction: Literal["in", "out"]
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


@dataclass(frozen=True, slots=True)
class SetStatus:
    to: Status
    reason: str


@dataclass(frozen=True, slots=True)
class SetPriority:
    to: Priority


@dataclass(frozen=True, slots=True)
class Assign:
    to: str | None
    reason: str = "ordered"
    """`ordered`, `by-turns` or `least-open`."""


@dataclass(frozen=True, slots=True)
class AddParticipant:
    address: Address
    role: Role
    notified: bool = True


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


@dataclass(frozen=True, slots=True)
class SetTags:
    to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MoveTo:
    """Another queue has the ticket from now on."""

    queue: str


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
    """Agents have been told that the ticket rots, or that the time they asked for has come."""

    agent: str | None = None
    """Whose own reminder it was."""


@dataclass(frozen=True, slots=True)
class Undo:
    """The answer that an earlier message made is stopped before it goes out, and kept as a note."""

    inbound: int


@dataclass(frozen=True, slots=True)
class SplitOff:
    """Comes with an OpenTicket: a message of another ticket goes over to it."""

    inbound: int


@dataclass(frozen=True, slots=True)
class Rate:
    """How content the customer is with the ticket's last resolution, from 1 to 5."""

    score: int
    comment: str
    person: str


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
    """The ticket's revision as its author saw it when they said so; None: whatever came after is of no concern."""


@dataclass(frozen=True, slots=True)
class DropHeld:
    """A held message is ignored for good."""

    inbound: int


@dataclass(frozen=True, slots=True)
class RecordEvent:
    """Something worth remembering that changes nothing."""

    kind: str
    reason: str
    detail: str = ""


Effect = (
    OpenTicket
    | AddMessage
    | SetStatus
    | SetPriority
    | SetSubject
    | SetType
    | SetTags
    | Assign
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
    | Rate
    | SetAbsence
    | MergeInto
    | FailDelivery
    | ReleaseHeld
    | DropHeld
    | RecordEvent
)


@dataclass(frozen=True, slots=True)
class RuleVerdict:
    """One line of the trace: which rule was asked, what it said, and why."""

    rule: str
    verdict: str
    why: str


@dataclass(frozen=True, slots=True)
class Done:
    """One line of a receipt: what was done at an agent's word."""

    kind: str
    value: str | None = None
    old: str | None = None
    ticket: int | None = None
    """Where the mail acts on several."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A line of an agent's mail that was not understood or cannot be done, and what to suggest."""

    line: str
    """As typed; of several commands on one line only the one that is wrong."""
    code: str
    """One of `command_lines.PROBLEMS` or of `agent_orders.REFUSALS`."""
    nearest: tuple[str, ...] = ()
    """`#resolver`, `#status pendente`: what may have been meant, at most three."""
    expected: str = ""
    """What the argument may be: status, priority, type, address, number, duration, tags, name or words."""


@dataclass(frozen=True, slots=True)
class HeldMail:
    """A mail in an agent's name that is held."""

    inbound: int
    subject: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """What an agent is told of their own mail: what was done, what was not understood, what it would have done."""

    done: tuple[Done, ...] = ()
    problems: tuple[Problem, ...] = ()
    commanded: bool = False
    """The mail had commands in it: most agents want a receipt for those only."""
    sent_to: tuple[Address, ...] = ()
    dry_run: bool = False
    too_late: bool = False
    search: str = ""
    away_until: date | None = None
    """The first day on which an agent is back, as their absence notice says."""
    files: tuple[str, ...] = ()
    """Names of attachments that must not go to a customer."""
    confirms: int | None = None
    """The held message that an answer to the notice is about, where that is not the mail in hand."""
    held: str = ""
    """Why that message is held; empty when it is held no more."""
    held_more: tuple[HeldMail, ...] = ()
    """Mail in the agent's name of which no notice went out, as far as it is listed."""
    count: int = 0
    """How many there are of it in all."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What is done about a mail or an order, why, and which rules led to it."""

    reason: str
    effects: tuple[Effect, ...] = ()
    ticket: int | None = None
    """The existing ticket concerned; None with an OpenTicket effect means the one it opens."""
    outcome: Outcome | None = None
    """Of a mail; None for what was ordered from the shell or by the clock."""
    actor: str = "system"
    tell: tuple[str, ...] = ()
    """Names of notices this calls for, beyond those that its effects imply."""
    tell_queues: tuple[str, ...] = ()
    """Further queues whose agents are told."""
    trace: tuple[RuleVerdict, ...] = ()
    told: Told = Told()
    """For the notices to the author of the mail, if that is an agent."""
    also: tuple["Decision", ...] = ()
    """What is done to further tickets in the same transaction."""

    @property
    def opens(self) -> OpenTicket | None:
        return next((effect for effect in self.effects if isinstance(effect, OpenTicket)), None)

    def traced(self, trace: tuple[RuleVerdict, ...]) -> "Decision":
        return replace(self, trace=trace)


# --- delivery -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sent:
    """The other side said 250."""

    reply: str
    message_id: str | None = None
    """An id the smarthost reports to have given the mail instead of ours."""


@dataclass(frozen=True, slots=True)
class Deferred:
    """4xx, no connection, or any trouble before the final dot: try again later."""

    reply: str


@dataclass(frozen=True, slots=True)
class Throttled:
    """The account is told to slow down; this is no failed attempt."""

    reply: str


@dataclass(frozen=True, slots=True)
class Refused:
    """5xx: it will never be accepted as it is."""

    reply: str
    status: str | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """The connection was lost after the final dot: it may have been accepted."""

    reply: str


Delivery = Sent | Deferred | Throttled | Refused | Unknown


# --- trouble ------------------------------------------------------------------------------------------


class Transient(Exception):
    """Trouble on our side that may pass: the sender is told 4xx and keeps the mail. What is unknown is transient."""


class NoSpace(Transient):
    """The disk is full, or nearly: 452 instead of 451 (RFC 5321, 4.2.2)."""


class Permanent(Exception):
    """It will never work as it stands."""


# --- intake -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ImapCursor:
    """How far a folder has been read."""

    account: str
    folder: str
    uidvalidity: int
    last_uid: int
    """Every UID up to this one is dealt with."""
    first_connected_at: datetime
    """With `start = "new"`, what had arrived before is never read."""
