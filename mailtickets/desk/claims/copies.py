"""Whom a mail brings onto a ticket because they stood in its To or Cc; who stays out of it, and why.

Nobody is put on a ticket there is by a mail that nobody vouches for: whoever forges a customer's address would put
themselves in copy, and read the answer. Agents are shown whom such a mail copied. A new ticket has nothing to read
yet but the mail itself, so there it is enough that no domain has disowned it.
"""

from dataclasses import dataclass
from typing import Final

from mailtickets.desk.claims.authors import authentic, writer
from mailtickets.desk.claims.matching import Match
from mailtickets.desk.claims.people import can_be_written_to
from mailtickets.desk.model.effects import RecordEvent
from mailtickets.desk.model.facts import Facts
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.reason import Reason
from mailtickets.desk.model.states import EventKind
from mailtickets.desk.model.ticket import Ticket
from mailtickets.mail.model import Address, InboundMail

MAX_IN_COPY = 20
"""How many people one mail brings onto a ticket."""

LEFT_OUT: EventKind = "left-out"
"""The kind of event that says who stood in copy and is not on the ticket."""
COPY_LIMIT: Final = "copy-limit"
COPY_UNPROVEN: Final = "copy-unproven"


@dataclass(frozen=True, slots=True)
class Copies:
    """The people in a mail's To and Cc who are no queues, no agents and not on the ticket yet."""

    joining: tuple[Address, ...] = ()
    beyond: tuple[Address, ...] = ()
    """More than one mail brings along. They may join by answering that mail."""
    unproven: tuple[Address, ...] = ()
    """Nobody vouches that the author wrote this: an agent may put them on the ticket."""
    disowned: tuple[Address, ...] = ()
    """The author's domain says that the mail is not theirs: nobody should."""
    unwritable: tuple[Address, ...] = ()
    """Words in the place of an address."""

    def events(self) -> tuple[RecordEvent, ...]:
        """What is remembered of those who stay out."""
        both: tuple[tuple[Reason, tuple[Address, ...]], ...] = (
            (COPY_LIMIT, self.beyond),
            (COPY_UNPROVEN, (*self.unproven, *self.disowned)),
        )
        return tuple(RecordEvent(LEFT_OUT, reason, _listed(people)) for reason, people in both if people)


def _listed(people: tuple[Address, ...]) -> str:
    """Addresses with blanks between them; one that holds a blank itself would read as two."""
    return " ".join(person.address for person in people if " " not in person.address)


def others(mail: InboundMail, author: Address, policy: Policy, ticket: Ticket | None) -> tuple[Address, ...]:
    """People the mail also went to, who are no agents, no queues and not on the ticket yet."""
    people = {
        address.key: address
        for address in (*mail.to, *mail.cc)
        if address.key != author.key
        and not policy.queue_at(address.address)
        and not policy.agent(address.address)
        and not (ticket and ticket.participant(address.address))
    }
    return tuple(people.values())


def by_agent(mail: InboundMail, me: Address, policy: Policy, ticket: Ticket) -> Copies:
    """Of a proven agent's mail: their order, as far as it can be carried out."""
    return _up_to_the_limit(*_writable(others(mail, me, policy, ticket)))


def on_new_ticket(mail: InboundMail, facts: Facts, policy: Policy) -> Copies:
    """Of a mail that opens a ticket. What a machine sends brings nobody along."""
    people, unwritable = _writable(others(mail, writer(mail, facts, policy), policy, None))
    if facts.authentication.verdict == "fail":
        return Copies(disowned=people, unwritable=unwritable)
    if mail.kind not in {"human", "list"}:
        return Copies(unproven=people, unwritable=unwritable)
    return _up_to_the_limit(people, unwritable)


def on_ticket(mail: InboundMail, facts: Facts, policy: Policy, found: Match) -> Copies:
    """Of a customer's mail on a ticket there is."""
    ticket, verdict = found.ticket, facts.authentication.verdict
    known = facts.left_out.get(ticket.number, frozenset())
    copied = others(mail, writer(mail, facts, policy), policy, ticket)
    people, unwritable = _writable(tuple(person for person in copied if person.key not in known))
    if verdict == "fail" and not found.proven:
        return Copies(disowned=people, unwritable=unwritable)
    if mail.kind not in {"human", "list"} or verdict == "fail" or not (found.proven or authentic(facts)):
        return Copies(unproven=people, unwritable=unwritable)
    return _up_to_the_limit(people, unwritable)


def _writable(people: tuple[Address, ...]) -> tuple[tuple[Address, ...], tuple[Address, ...]]:
    """Those who can be written to, and the rest."""
    fit = tuple(person for person in people if can_be_written_to(person))
    return fit, tuple(person for person in people if person not in fit)


def _up_to_the_limit(people: tuple[Address, ...], unwritable: tuple[Address, ...]) -> Copies:
    return Copies(joining=people[:MAX_IN_COPY], beyond=people[MAX_IN_COPY:], unwritable=unwritable)
