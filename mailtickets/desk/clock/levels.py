"""Which service level fits a ticket, and how long each of its clocks may run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Final, Literal
from zoneinfo import ZoneInfo

from mailtickets.desk.clock.calendar import EVERY_HOUR, OpenHours, length
from mailtickets.desk.model.ticket import Ticket

if TYPE_CHECKING:
    from mailtickets.config.levels import Profile, ServiceLevel
    from mailtickets.desk.model.policy import Policy

Measured = Literal["first_answer", "next_answer", "resolution"]
"""The clocks whose time a level says."""

LEGAL_DAYS: Final[dict[Profile, int]] = {"sac": 7, "ecommerce": 5, "lgpd": 15, "lgpd-small": 30}
"""The terms of the law, in calendar days from registration: Decreto 11.034/2022, art. 13 (SAC); Decreto 7.962/2013,
art. 4 (e-commerce); LGPD, art. 19, II, and for small agents double (Resolução CD/ANPD 2/2022)."""


def level_for(ticket: Ticket, policy: Policy) -> ServiceLevel | None:
    """The first level that fits the ticket; None: nothing is promised about it."""
    return next((level for level in policy.levels if fits(level, ticket)), None)


def fits(level: ServiceLevel, ticket: Ticket) -> bool:
    """Whether a level is for this queue, this customer and this type. What a level leaves open fits everything."""
    if level.queues and ticket.queue not in level.queues:
        return False
    if level.types and ticket.type not in level.types:
        return False
    return not level.customers or _is_among(ticket.requester.address, level.customers)


def _is_among(address: str, customers: Sequence[str]) -> bool:
    from mailtickets.mail.kind.junk import allowed as listed  # 40 ms, which a command pays only for such a level

    return listed(address, customers)


def named(name: str, policy: Policy) -> ServiceLevel | None:
    return next((level for level in policy.levels if level.name == name), None)


def hours_of(level: ServiceLevel | None, policy: Policy) -> OpenHours:
    """The calendar of a level; every hour counts for a level without one."""
    if level is None or not level.calendar:
        return EVERY_HOUR
    return policy.calendars.get(level.calendar, EVERY_HOUR)


def allowed(level: ServiceLevel, clock: Measured, priority: str, hours: OpenHours) -> timedelta | None:
    """How much of the calendar's time a clock may take for a priority. None: there is no such clock."""
    durations: dict[str, str] | str = getattr(level, clock)  # text: as the file has it, for `clock.outline`
    text = durations if isinstance(durations, str) else durations.get(priority, "")
    return length(hours, text) if text else None


def legal_end(profile: Profile, registered_at: datetime, policy: Policy) -> datetime:
    """When the term of a legal profile ends: so many calendar days later, at the same time of day, by the wall clock of
    the instance. The law counts to the end of that day; nobody should rely on its last hours."""
    zone = ZoneInfo(policy.instance.timezone)
    return registered_at.astimezone(zone) + timedelta(days=LEGAL_DAYS[profile])


@lru_cache(maxsize=4)
def fingerprint(policy: Policy) -> str:
    """A digest of all that clocks and timers depend on, beside the tickets: when it changes, they are made again."""
    hours = [one.content for one in policy.calendars.values()]
    people = [(agent.address, agent.queues, agent.calendar) for agent in policy.agents]
    stages = [(queue.name, queue.stages) for queue in policy.queues]
    rules = tuple(rule for rule in policy.configured if "due" in rule.on)
    parts = (policy.levels, rules, hours, people, stages, policy.instance.timezone)
    return sha256(repr(parts).encode()).hexdigest()


@lru_cache(maxsize=4)
def measure_fingerprint(policy: Policy) -> str:
    """A digest of what lengths of time and local days depend on: when it changes, tickets are counted again."""
    hours = [one.content for one in policy.calendars.values()]
    return sha256(repr((policy.levels, hours, policy.instance.timezone)).encode()).hexdigest()
