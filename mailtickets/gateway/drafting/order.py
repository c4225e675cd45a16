"""Orders: changes that the shell or a timed job asks for, without a mail."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from mailtickets.desk.model.decision import Decision
from mailtickets.desk.model.facts import Desk
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Ticket
from mailtickets.desk.rules.assignment import given_out
from mailtickets.gateway.drafting.basis import Basis
from mailtickets.gateway.drafting.fields import with_values_of_text
from mailtickets.store import tickets
from mailtickets.store.read.agent_facts import turns

Decide = Callable[[Ticket], Decision | None]
"""Decides on a ticket as it is then. None: there is nothing to do."""

DecideByDesk = Callable[[Ticket, Desk], Decision | None]
"""Decides on a ticket, and on the agents' work as it is then."""

ReadDesk = Callable[[Connection], Desk]
"""Reads the agents' work, as far as the notices of an order show it."""


def nothing_known(connection: Connection) -> Desk:
    """An empty Desk, for notices that do not show the agents' work."""
    return Desk()


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for, on which ticket.

    `decide` is a function of `desk.commands.orders` with its arguments, as `partial(orders.remind, agent=...)`.
    """

    ticket: int | None
    """The number of the ticket; None if the order concerns none."""
    decide: Decide = lambda _: None
    text: str = ""
    """The text of the message that the order adds."""
    desk: ReadDesk = nothing_known
    without_ticket: Decision | None = None
    """The decision if there is no such ticket."""
    by_desk: DecideByDesk | None = None
    """Decides in place of `decide`, where the decision depends on the agents' work."""

    def basis(self, connection: Connection) -> Basis:
        """Reads the ticket and decides on it."""
        before = tickets.load(connection, self.ticket) if self.ticket is not None else None
        desk = self.desk(connection)
        decision = self.without_ticket if before is None else self._decided(before, desk)
        return Basis(decision or Decision("nothing-to-do"), before, text=self.text, desk=desk)

    def _decided(self, before: Ticket, desk: Desk) -> Decision | None:
        return self.by_desk(before, desk) if self.by_desk is not None else self.decide(before)


def basis_of_opening(connection: Connection, decision: Decision, text: str, policy: Policy, now: datetime) -> Basis:
    """What a ticket that the shell opens is drafted from. It is assigned to an agent like a ticket from the queue's
    mail."""
    queue = policy.queue(decision.opens.queue) if decision.opens else None
    desk = turns(connection, queue, policy) if queue else Desk()
    decision = with_values_of_text(decision, text, policy)
    effects = (*decision.effects, *(given_out(queue, desk, policy, now) if queue else ()))
    return Basis(replace(decision, effects=effects), text=text, desk=desk)
