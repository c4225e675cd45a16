"""A ticket, the people on it and its messages, as frozen values."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from mailtickets.mail.model import Address
from mailtickets.words.fold import folded_name

Status = Literal["new", "open", "pending", "resolved", "closed"]


Priority = Literal["low", "normal", "high", "critical"]


TicketType = str
"""One of `TYPES`, or the name of a `[[type]]` of the configuration."""


Role = Literal["requester", "cc", "agent"]


Visibility = Literal["public", "note"]
Direction = Literal["in", "out"]


STATUSES: tuple[Status, ...] = ("new", "open", "pending", "resolved", "closed")
FINISHED: frozenset[Status] = frozenset({"resolved", "closed"})


PRIORITIES: tuple[Priority, ...] = ("low", "normal", "high", "critical")


TYPES: tuple[TicketType, ...] = ("question", "incident", "request")


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
    references: tuple[str, ...] = ()
    """Ids of public messages, oldest first: the only ones a customer's mail may carry in References."""
    waiting_since: datetime | None = None
    """When the customer began to wait for an answer; None while they wait for none."""
    snoozed_until: datetime | None = None
    """Out of sight of digests and reminders until then, or until the customer writes."""
    stage: str = ""
    """The stage of its queue, a name over the status; empty in a queue without stages."""
    stage_since: datetime | None = None
    fields: tuple[tuple[str, str], ...] = ()
    """What is known of it, as (name of the field, value), in the order in which it became known."""
    epoch: int = 0
    """How often it was opened again: what happens once happens once for each epoch."""

    def field(self, name: str) -> str:
        """The value of a field; empty if it is not known."""
        return dict(self.fields).get(name, "")

    def participant(self, address: str) -> Participant | None:
        """The customer-side participant (requester or cc) with this address."""
        key = address.casefold()
        return next((p for p in self.participants if p.role != "agent" and p.address.key == key), None)


# --- statuses and priorities as people name them ---

_STATUS_NAMES = {
    "novo": "new",
    "aberto": "open",
    "em atendimento": "open",
    "pendente": "pending",
    "aguardando cliente": "pending",
    "aguardando": "pending",
    "resolvido": "resolved",
    "fechado": "closed",
}
_PRIORITY_NAMES = {"baixa": "low", "media": "normal", "alta": "high", "critica": "critical"}


def status_named(word: str) -> Status | None:
    """A status by its English or Portuguese name, accents and case as people type them."""
    name = word if word in STATUSES else folded_name(word)
    name = _STATUS_NAMES.get(name, name)
    return next((status for status in STATUSES if status == name), None)


def priority_named(word: str) -> Priority | None:
    """A priority by its English or Portuguese name."""
    name = folded_name(word)
    name = _PRIORITY_NAMES.get(name, name)
    return next((priority for priority in PRIORITIES if priority == name), None)
