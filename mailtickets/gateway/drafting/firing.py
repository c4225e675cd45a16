"""The order that a timer gives when its time has come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from mailtickets.desk.clock.clocks import clocks
from mailtickets.desk.clock.firing import DueCase, fire
from mailtickets.desk.clock.timers import timers
from mailtickets.desk.model.decision import Decision
from mailtickets.desk.model.facts import Desk
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Ticket
from mailtickets.gateway.drafting.basis import Basis
from mailtickets.store import agents, deadlines, tickets
from mailtickets.store.deadlines import DueTimer

VOID = Decision("nothing-to-do")


@dataclass(frozen=True, slots=True)
class TimerOrder:
    """What a due timer asks for. Nothing, if it has fired meanwhile, or is void."""

    due: DueTimer
    policy: Policy
    now: datetime

    @property
    def ticket(self) -> int:
        return self.due.ticket

    def basis(self, connection: Connection) -> Basis:
        """Reads the ticket and its clocks, and decides what the timer does."""
        before = tickets.load(connection, self.ticket)
        if before is None or before.number != self.ticket or not deadlines.is_pending(connection, self.due):
            return Basis(VOID, before)
        kept = deadlines.stored(connection, self.ticket)
        running = clocks(deadlines.history(connection, self.ticket), before, self.policy, self.now, kept.clocks)
        to_fire = timers(before, running, self.policy, self.now, kept.fired)
        if not any(one.key == self.due.timer.key and one.at <= self.now for one in to_fire):
            return Basis(VOID, before)
        desk = _desk(connection, before, self.policy)
        decision = fire(DueCase(self.due.timer, before, running, desk, self.policy, self.now))
        return Basis(decision or VOID, before, desk=desk, clocks=running)


def _desk(connection: Connection, ticket: Ticket, policy: Policy) -> Desk:
    """Who is away, and how much work each agent has, for those who may be told or get the ticket."""
    everybody: Sequence[str] = [agent.address for agent in policy.agents]
    return Desk(loads=agents.count_open(connection, everybody), absent_until=agents.absent_until(connection, everybody))
