"""Tickets that lie about: nobody has them, nobody has answered them, their customer is silent, or their agent is away.

Owns: the conditions, and who can act on each. `store/forgotten.py` finds the tickets, `jobs/forgotten.py` looks once a
day. Each ticket is told once for each condition, and again only if the condition has ended and come back. Pure.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

from mailtickets.config.models import Agent, Queue
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Ticket
from mailtickets.mail.model import Address

Neglect = Literal["nobody", "agent-away", "unanswered", "customer-silent"]

CONDITIONS: Final[tuple[Neglect, ...]] = ("nobody", "agent-away", "unanswered", "customer-silent")
"""In the order in which the notice shows them: what waits for us before what waits for a customer."""

LISTED = 50
"""The most tickets of one condition that one notice lists. The others are told on the days that follow."""


@dataclass(frozen=True, slots=True)
class Lying:
    """Tickets of one condition that one person or one queue can do something about."""

    condition: Neglect
    tickets: tuple[Ticket, ...]
    """Those that are told now, the ones that have waited longest first."""
    since: Mapping[int, datetime]
    """By number: since when the condition is so. If it ends and comes back, that is another moment."""
    more: int = 0
    """How many there are beyond those, untold."""


@dataclass(frozen=True, slots=True)
class Addressee:
    """Somebody who is told of tickets that lie about."""

    address: Address
    agent: Agent | None
    """None: a manager who is no agent, and whose reply orders nothing."""
    queues: frozenset[str] = frozenset()
    """Names of the queues on whose behalf they are told of what no agent can act on."""

    @property
    def reads(self) -> frozenset[str]:
        """Names of the queues that they work in or manage."""
        return self.queues.union(self.agent.queues if self.agent else ())


@dataclass(frozen=True, slots=True)
class ToldOnce:
    """What one person is told in one mail."""

    reader: Addressee
    lying: tuple[Lying, ...] = field(default=())


def addressees(policy: Policy) -> tuple[Addressee, ...]:
    """Everybody who may be told: all agents, and the managers of queues. Managers act for their queue; where there are
    none, its agents do."""
    found: dict[str, Addressee] = {}
    for agent in policy.agents:
        found.setdefault(agent.address.casefold(), Addressee(Address(agent.name, agent.address), agent))
    for queue in policy.queues:
        for reader in _responsible(queue, policy):
            key = reader.address.key
            known = found.get(key, reader)
            found[key] = Addressee(known.address, known.agent, known.queues | {queue.name})
    return tuple(found.values())


def _responsible(queue: Queue, policy: Policy) -> Iterator[Addressee]:
    if not queue.managers:
        yield from (Addressee(Address(a.name, a.address), a) for a in policy.agents_of(queue.name))
    for address in queue.managers:
        agent = policy.agent(address)
        yield Addressee(Address(agent.name, agent.address) if agent else Address("", address), agent)


def silent_after(queue: Queue) -> timedelta | None:
    """After how long without a word a pending ticket lies about; None: never.

    Where the customer is warned and the ticket resolved by itself, only what that has left over is told.
    """
    if queue.close_pending_after_days:
        return timedelta(days=queue.close_pending_after_days + queue.close_warning_days + 1)
    return timedelta(days=queue.close_after_days) if queue.close_after_days else None


def is_time(here: datetime, at: str) -> bool:
    """Whether the time of day of the look has come. `here` is local, `at` is `HH:MM`."""
    return f"{here:%H:%M}" >= at


def sections(found: Sequence[Lying]) -> tuple[Lying, ...]:
    """Those with tickets, in the order of `CONDITIONS`; of one condition at several places all together, bounded."""
    return tuple(
        _together(condition, same)
        for condition in CONDITIONS
        if (same := [one for one in found if one.condition == condition and one.tickets])
    )


def _together(condition: Neglect, found: Sequence[Lying]) -> Lying:
    since = {number: at for one in found for number, at in one.since.items()}
    tickets = {ticket.number: ticket for one in found for ticket in one.tickets}
    longest = sorted(tickets.values(), key=lambda ticket: (since[ticket.number], ticket.number))
    shown = tuple(longest[:LISTED])
    more = sum(one.more for one in found) + len(longest) - len(shown)
    return Lying(condition, shown, {ticket.number: since[ticket.number] for ticket in shown}, more)
