"""What a decision may know besides the mail itself: frozen values that the store fills in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mailtickets.config.models import Queue
from mailtickets.desk.clock.clocks import Clock
from mailtickets.desk.clock.forgotten import ToldOnce
from mailtickets.desk.figures.own_week import OwnWeek
from mailtickets.desk.model.decision import Outcome
from mailtickets.desk.model.states import OutboxState
from mailtickets.desk.model.ticket import Said, Status, Ticket
from mailtickets.mail.kind.junk import NO_MARK, JunkVerdict
from mailtickets.mail.model import Address, AuthVerdict, Envelope

# --- who sent it ---------------------------------------------------------------------------------------


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
    """None: the token came with a mail that is about no ticket, such as a digest."""
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
    """What a reply to the notice is, where nothing in the reply says so (`NoticeRow.answered_as`)."""


@dataclass(frozen=True, slots=True)
class IdFact:
    """A Message-ID in In-Reply-To or References that belongs to a ticket."""

    ticket: int
    message_id: str
    issued: bool
    """We issued it (or the smarthost did for us), rather than stored it with received mail."""
    notice: str = ""
    """The name of our notice that has it."""


_THROWN_AWAY = frozenset({"discarded-by-its-author", "discarded-by-agent"})


@dataclass(frozen=True, slots=True)
class DuplicateFact:
    """The same mail came before, by another door or to another queue."""

    inbound: int
    ticket: int | None
    queues: tuple[str, ...]
    """Names of the queues whose agents had a notice of it."""
    outcome: Outcome | None = None
    reason: str | None = None
    imported: bool = False
    """It was imported as old mail, of which nobody is told."""

    @property
    def reached_somebody(self) -> bool:
        """Whether people have it, or its author has thrown it away: then no copy of it is wanted.

        A copy that was held as spam, ignored or dropped at one door, or that was imported, must not lose the mail that
        comes by another.
        """
        if self.imported:
            return False
        return self.outcome not in {"held", "ignored"} or self.reason in _THROWN_AWAY


@dataclass(frozen=True, slots=True)
class Leaving:
    """How imported mail leaves its ticket."""

    status: Status = "closed"
    open_since: datetime | None = None
    """Where a customer had the last word, at this time or later, the ticket is left open."""


LEFT_CLOSED = Leaving()


@dataclass(frozen=True, slots=True)
class Past:
    """Of imported mail: its thread, and how it leaves the ticket."""

    leaving: Leaving = LEFT_CLOSED
    ticket: Ticket | None = None
    """The ticket that other imported mail of the thread has opened or joined."""
    in_use: bool = False
    """People or the desk have done something on that ticket since: no old mail joins it."""


@dataclass(frozen=True, slots=True)
class OutboxFact:
    """One of our own mails that a delivery report is about."""

    id: int
    ticket: int | None
    notice: str
    recipient: str
    author: str | None
    """Who wrote it, when it was a person's answer."""
    state: OutboxState
    proven: bool = True
    """The report came with this copy's own tag. False: it names an id that everybody who got the mail knows."""
    agents_informed: bool = False
    """Agents already had a notice of an unproven report on this copy."""


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
    stage: str = ""
    """The stage that it had then; empty: none."""


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
    clocks: Mapping[int, tuple[Clock, ...]] = field(default_factory=dict)
    """The clocks, by ticket, of those three lists; without spans."""
    thread: tuple[Said, ...] = ()
    """The ticket's messages, oldest first."""
    files: tuple[StoredFile, ...] = ()
    """Attachments of the message that a notice was about."""
    forgotten: tuple[ToldOnce, ...] = ()
    """What each person is told of tickets that lie about."""
    week: OwnWeek | None = None
    """An agent's own week, on the day of the digest that tells of it."""


@dataclass(frozen=True, slots=True)
class RatingFact:
    """A rating that a ticket has."""

    score: int
    comment: str
    person: str
    """The address of whoever rated."""
    quotable: bool
    """They may be named beside their words."""


@dataclass(frozen=True, slots=True)
class CustomerHistory:
    """What a customer has had before, read only where a rule of the configuration asks for it."""

    tickets: int = 0
    """How many tickets were theirs before the one in hand."""
    last_score: int | None = None
    """Their last rating, from 1 to 5; None: they gave none."""


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
    """What filters and scanners say against the mail."""
    known_files: frozenset[str] = frozenset()
    """sha256 of the mail's attachments that are on its tickets already: quoted along, not new."""
    released: bool = False
    """An operator, or its author, let this mail through."""
    confirmed: frozenset[str] = frozenset()
    """The reasons for which it was held and which hold it no more."""
    correction: str = ""
    """The command lines that its author gave in place of those that were not understood."""
    since: tuple[Said, ...] = ()
    """What others wrote on the ticket after the notice that the mail answers."""
    undoable: Undoable | None = None
    """The earlier mail that a command to undo is about."""
    origin: Origin | None = None
    """The message that a command to split would move to a new ticket."""
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
    """The recipient of that copy of our mail to whose return path this automatic answer came; empty: no such copy."""
    about_no_ticket: bool = False
    """That copy was about no ticket: a report, a list of work."""
    desk: Desk = field(default_factory=Desk)
    signature: SignatureFact | None = None
    """The signature that was cut off below an agent's words."""
    promised: Mapping[int, datetime] = field(default_factory=dict)
    """By ticket: the date that agents have promised its customer, as long as that promise is neither kept nor taken
    back."""
    rating: RatingFact | None = None
    """Of a customer's mail: the rating of the ticket's last resolution. Of an agent's command about quoting: the newest
    of the ticket."""
    unparsed: str | None = None
    """Why a worker could not read the mail at all."""
    past: Past | None = None
    """Of imported mail alone."""
