"""Who comes onto a ticket because they stood in a mail's To or Cc, who stays out, and why.

A mail without proof puts nobody on an existing ticket: a forger would write in a customer's name, put themselves in
copy, and read the answer. Agents are shown whom such a mail copied. A new ticket holds nothing but the mail itself, so
there it is enough that the author's domain does not deny the mail.
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
"""One mail puts at most so many people on a ticket."""

LEFT_OUT: EventKind = "left-out"
"""The kind of event that says who stood in copy and is not on the ticket."""
COPY_LIMIT: Final = "copy-limit"
COPY_UNPROVEN: Final = "copy-unproven"


@dataclass(frozen=True, slots=True)
class Copies:
    """The people in a mail's To and Cc who are no queues, no agents and not on the ticket yet."""

    joining: tuple[Address, ...] = ()
    beyond: tuple[Address, ...] = ()
    """People over the limit of one mail. They join if they answer that mail."""
    unproven: tuple[Address, ...] = ()
    """There is no proof that the author wrote the mail. An agent may put them on the ticket."""
    disowned: tuple[Address, ...] = ()
    """The author's domain says that the mail is forged. Nobody should put them on the ticket."""
    unwritable: tuple[Address, ...] = ()
    """What stands for an address is none."""

    def events(self) -> tuple[RecordEvent, ...]:
        """The events that record who stays out."""
        both: tuple[tuple[Reason, tuple[Address, ...]], ...] = (
            (COPY_LIMIT, self.beyond),
            (COPY_UNPROVEN, (*self.unproven, *self.disowned)),
        )
        return tuple(RecordEvent(LEFT_OUT, reason, _listed(people)) for reason, people in both if people)


def _listed(people: tuple[Address, ...]) -> str:
    """The addresses, with blanks between them. An address with a blank in it is left out: it would read as two."""
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
    """Copies of a proven agent's mail: everybody who can be written to."""
    return _up_to_the_limit(*_writable(others(mail, me, policy, ticket)))


def on_new_ticket(mail: InboundMail, facts: Facts, policy: Policy) -> Copies:
    """Copies of a mail that opens a ticket. A machine's mail puts nobody on it."""
    people, unwritable = _writable(others(mail, writer(mail, facts, policy), policy, None))
    if facts.authentication.verdict == "fail":
        return Copies(disowned=people, unwritable=unwritable)
    if mail.kind not in {"human", "list"}:
        return Copies(unproven=people, unwritable=unwritable)
    return _up_to_the_limit(people, unwritable)


def on_ticket(mail: InboundMail, facts: Facts, policy: Policy, found: Match) -> Copies:
    """Copies of a customer's mail on an existing ticket."""
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
    """(People who can be written to, all others)."""
    fit = tuple(person for person in people if can_be_written_to(person))
    return fit, tuple(person for person in people if person not in fit)


def _up_to_the_limit(people: tuple[Address, ...], unwritable: tuple[Address, ...]) -> Copies:
    return Copies(joining=people[:MAX_IN_COPY], beyond=people[MAX_IN_COPY:], unwritable=unwritable)
