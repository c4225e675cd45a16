"""Looks whether a queue has more to do than usual, and whether a skill is asked for that nobody has.

In: a connection, the configuration and the time. Out: the text of each alarm, None for one that has passed.
Owns: the note of what each queue has to do, once an hour. Both are alarms: told once, and again when they are over,
also over a restart and of several gateways.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from mailtickets.config.models import Queue
from mailtickets.desk.clock.overload import excesses, full_hour, same_moments
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.notices.alarms import OVERLOAD, SKILL_MISSING, kind_of
from mailtickets.desk.notices.overload import overload_text
from mailtickets.desk.rules.assignment import missing_skills
from mailtickets.store import loads
from mailtickets.store.read import health
from mailtickets.store.read.reader import within

_EVERY = timedelta(minutes=5)


class LoadWatch:
    """What one gateway looks at, as long as it holds the lease of the watch."""

    def __init__(self) -> None:
        self._looked_at: datetime | None = None
        self._noted: dict[str, datetime] = {}
        """The last hour that this gateway has noted, by queue."""

    def seen_in(self, connection: Connection, policy: Policy, now: datetime) -> dict[str, str | None]:
        """The alarms that are to sound (with their texts) or to be cleared (None). Nothing where it was looked at
        within `_EVERY`."""
        if self._looked_at is not None and timedelta() <= now - self._looked_at < _EVERY:
            return {}
        self._looked_at = now
        sounding = {**dict(_missing(policy)), **(dict(self._overloads(connection, policy, now)))}
        return {**dict.fromkeys(_over(connection, sounding)), **sounding}

    def _overloads(self, connection: Connection, policy: Policy, now: datetime) -> Iterator[tuple[str, str]]:
        if not policy.tells_overload:
            return
        zone = ZoneInfo(policy.instance.timezone)
        for queue in policy.queues:
            text = self._overload(connection, queue, policy, now, zone)
            if text:
                yield f"{OVERLOAD}-{queue.name}", text

    def _overload(
        self, connection: Connection, queue: Queue, policy: Policy, now: datetime, zone: ZoneInfo
    ) -> str | None:
        load, hour = loads.now_of(connection, queue.name, now), full_hour(now, zone)
        if self._noted.get(queue.name) != hour:
            loads.note(connection, queue.name, hour, load)
            loads.forget_old(connection, now)
            self._noted[queue.name] = hour
        moments = same_moments(now, zone)
        before = loads.then_of(connection, queue.name, moments, [full_hour(moment, zone) for moment in moments])
        found = excesses(load, before)
        return overload_text(queue.title, found, policy.instance.locale) if found else None


def _missing(policy: Policy) -> Iterator[tuple[str, str]]:
    for skill, places in missing_skills(policy).items():
        yield f"{SKILL_MISSING}-{skill}", f"skill:{skill}: {', '.join(places)}"


def _over(connection: Connection, sounding: Iterable[str]) -> list[str]:
    """The open alarms of these kinds that sound no more, also those of queues that are gone."""
    known = (alarm.key for alarm in health.alarms_open(within(connection)))
    return [key for key in known if kind_of(key) in {OVERLOAD, SKILL_MISSING} and key not in sounding]
