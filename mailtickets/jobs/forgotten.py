"""The daily look at tickets that lie about, and the one mail to everybody who can do something about some of them.

Each person is told at the first look of the day at which they are on duty. What was told, and who, is stored in the
transaction that queues the mails: of several gateways, and after a kill, each is told once.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from mailtickets.config.durations import span
from mailtickets.config.models import Agent, Queue
from mailtickets.desk.clock.calendar import intervals, is_open
from mailtickets.desk.clock.forgotten import Addressee, Lying, ToldOnce, addressees, is_time, sections, silent_after
from mailtickets.desk.commands import orders
from mailtickets.desk.model.facts import Desk
from mailtickets.desk.model.policy import Policy
from mailtickets.gateway.gateway import Gateway
from mailtickets.store import agents
from mailtickets.store import forgotten as store

_DAY = timedelta(days=1)


def look_for_forgotten(gateway: Gateway) -> int:
    """Tells those whose time has come. Returns how many were looked after."""
    clerk, policy = gateway.clerk, gateway.clerk.rules.policy
    now = clerk.clock()
    here = now.astimezone(ZoneInfo(policy.instance.timezone))
    if not policy.forgotten.at or not is_time(here, policy.forgotten.at) or not _is_working_day(here, policy):
        return 0
    look = _Look(policy, now, here.date().isoformat())
    if not clerk.database.transact(look.readers):
        return 0
    clerk.tell(orders.forgotten(), "tickets that lie about", look.store, desk=look.desk)
    return len(look.told)


def _is_working_day(here: datetime, policy: Policy) -> bool:
    hours = policy.house_calendar
    begins = here.replace(hour=0, minute=0, second=0, microsecond=0)
    return hours is None or bool(intervals(hours, begins, begins + _DAY))


class _Look:
    """One look. It is made again if another gateway has made it meanwhile."""

    def __init__(self, policy: Policy, now: datetime, today: str) -> None:
        self._policy, self._now, self._today = policy, now, today
        self._everybody = [agent.address for agent in policy.agents]
        self.told: tuple[ToldOnce, ...] = ()

    def readers(self, connection: Connection) -> list[Addressee]:
        """Those who are to be told now: who are on duty, and were not told today."""
        policy, now = self._policy, self._now
        there = [one for one in addressees(policy) if self._is_there(one)]
        looked = store.looked_on(connection, [one.address.key for one in there])
        due = [one for one in there if looked.get(one.address.key) != self._today]
        absent = agents.absent_until(connection, [one.address.address for one in due]) if due else {}
        return [one for one in due if absent.get(one.address.key, now) <= now]

    def _is_there(self, one: Addressee) -> bool:
        hours = self._policy.house_calendar
        if one.agent is not None:
            return self._policy.on_duty(one.agent, self._now)
        return hours is None or is_open(hours, self._now)

    def desk(self, connection: Connection) -> Desk:
        """Reads what everybody is to be told."""
        away = agents.absent_until(connection, self._everybody)
        absent = [agent for agent in self._policy.agents if away.get(agent.address.casefold(), self._now) > self._now]
        store.forget_ended(connection, [agent.address for agent in absent])
        readers = self.readers(connection)
        by_queue = dict(self._of_queues(connection, readers, absent))
        self.told = tuple(
            ToldOnce(one, sections([*self._own(connection, one), *(x for q in one.queues for x in by_queue[q])]))
            for one in readers
        )
        return Desk(forgotten=tuple(one for one in self.told if one.lying))

    def _of_queues(
        self, connection: Connection, readers: Sequence[Addressee], absent: Sequence[Agent]
    ) -> Iterator[tuple[str, list[Lying]]]:
        """What the people of each queue are told: what nobody has, and what belongs to those who are away."""
        addresses = [agent.address for agent in absent]
        for queue in self._policy.queues:
            if not any(queue.name in one.queues for one in readers):
                continue
            found = [store.nobodys(connection, queue.name, self._before, self._now)]
            if addresses:
                found.append(store.of_the_absent(connection, queue.name, addresses, self._now))
            after = silent_after(queue)
            if after is not None:
                found.append(self._silent(connection, queue, [None, *addresses], after))
            yield queue.name, found

    def _own(self, connection: Connection, one: Addressee) -> Iterator[Lying]:
        """What an agent is told of their own tickets."""
        if one.agent is None:
            return
        yield store.unanswered(connection, one.agent.address, self._before, self._now)
        for queue in self._policy.queues:
            after = silent_after(queue)
            if after is not None:
                yield self._silent(connection, queue, [one.agent.address], after)

    def _silent(self, connection: Connection, queue: Queue, of: Sequence[str | None], after: timedelta) -> Lying:
        timed = [stage.name for stage in queue.stages if stage.after]
        return store.silent(connection, queue.name, of, self._now - after, timed=timed)

    @property
    def _before(self) -> datetime:
        return self._now - (span(self._policy.forgotten.after) or _DAY)

    def store(self, connection: Connection) -> None:
        """Remembers what was told. Raises Stale if another gateway has told somebody meanwhile."""
        store.set_looked(connection, [one.reader.address.key for one in self.told], self._today, self._now)
        store.told(connection, [lying for one in self.told for lying in one.lying], self._now)
