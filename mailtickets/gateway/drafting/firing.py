"""The order that a timer gives when its time has come."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from mailtickets.desk.clock.clocks import clocks
from mailtickets.desk.clock.firing import DueCase, fire
from mailtickets.desk.clock.timers import timers
from mailtickets.desk.model.decision import Decision
from mailtickets.desk.model.policy import Policy
from mailtickets.gateway.drafting.basis import Basis
from mailtickets.store import deadlines, tickets
from mailtickets.store.deadlines import DueTimer
from mailtickets.store.read.agent_facts import everybodys_turns

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
        desk = everybodys_turns(connection, self.policy)
        decision = fire(DueCase(self.due.timer, before, running, desk, self.policy, self.now))
        return Basis(decision or VOID, before, desk=desk, clocks=running)
