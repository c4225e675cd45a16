"""What the configuration says, looked up by address and by name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from mailtickets.config.kinds import TicketField, TicketKind
from mailtickets.config.levels import ServiceLevel
from mailtickets.config.models import Agent, Budget, Config, ForgottenLook, Instance, Junk, Queue, Trust
from mailtickets.config.reports import ScheduledReport
from mailtickets.config.rules import Rule
from mailtickets.desk.clock.calendar import EVERY_HOUR, OpenHours, is_open
from mailtickets.desk.clock.holidays import Holiday, calendars
from mailtickets.mail.plus import without_plus

MAX_ATTACHMENT_BYTES = 10_000_000
"""What one notice carries at most, where the smarthost takes more: phones fetch these mails."""


MAX_ASKED_BYTES = 18_000_000
"""What a mail with attachments that an agent asked for carries at most: with base64, what nearly every host takes."""


# --- policy: what the configuration says --------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Policy:
    """The configuration of queues, agents and rules, looked up by address and by name. Compared by identity."""

    instance: Instance
    queues: tuple[Queue, ...]
    agents: tuple[Agent, ...]
    trust: Trust
    budget: Budget
    junk: Junk = field(default_factory=Junk)
    max_attachment_bytes: int = MAX_ATTACHMENT_BYTES
    """All attachments of one notice together; beyond it a notice names them instead."""
    max_asked_bytes: int = MAX_ASKED_BYTES
    """All attachments of one mail to an agent who has asked for them."""
    max_per_day: int = 0
    """How many mails the account may send a day; 0: as many as there are."""
    levels: tuple[ServiceLevel, ...] = ()
    configured: tuple[Rule, ...] = ()
    """The rules of the configuration file, in its order."""
    kinds: tuple[TicketKind, ...] = ()
    fields: tuple[TicketField, ...] = ()
    calendars: Mapping[str, OpenHours] = field(default_factory=dict)
    reports: tuple[ScheduledReport, ...] = ()
    forgotten: ForgottenLook = field(default_factory=ForgottenLook)
    tells_overload: bool = True
    """Whether ops and managers are told that a queue has more to do than usual."""

    @classmethod
    def of(cls, config: Config, holidays: Iterable[Holiday] = ()) -> "Policy":
        parts = (config.instance, config.queue, config.agent, config.trust, config.budget, config.junk)
        return cls(
            *parts,
            max_per_day=config.delivery.max_per_day,
            levels=config.service_level,
            configured=config.rule,
            kinds=config.type,
            fields=config.field,
            calendars=calendars(config, holidays),
            reports=config.report,
            forgotten=config.forgotten,
            tells_overload=config.alarms.overload,
        )

    def queue(self, name: str) -> Queue | None:
        return next((queue for queue in self.queues if queue.name == name), None)

    def kind(self, name: str) -> TicketKind | None:
        """The configured type of this name."""
        return next((kind for kind in self.kinds if kind.name == name), None)

    def field(self, name: str) -> TicketField | None:
        return next((field for field in self.fields if field.name == name), None)

    def queue_at(self, address: str) -> Queue | None:
        """The queue that an addr-spec reaches, plus-address or not."""
        key = address.casefold()
        return self._queue_by_address.get(key) or self._queue_by_address.get(without_plus(key))

    @cached_property
    def _queue_by_address(self) -> Mapping[str, Queue]:
        """The first one counts."""
        return {a.casefold(): queue for queue in reversed(self.queues) for a in queue.addresses}

    def is_postmaster(self, address: str) -> bool:
        """Whether mail may come to this address because it must (RFC 5321, 4.5.1); the first queue gets it."""
        local, _, domain = address.casefold().partition("@")
        ours = {queued.rpartition("@")[2].casefold() for queue in self.queues for queued in queue.addresses}
        return local == "postmaster" and (not domain or domain in ours)

    def agent(self, address: str) -> Agent | None:
        """The agent whose address or alias this is."""
        return self._agent_by_address.get(address.casefold())

    @cached_property
    def _agent_by_address(self) -> Mapping[str, Agent]:
        """The first one counts."""
        return {a.casefold(): agent for agent in reversed(self.agents) for a in (agent.address, *agent.aliases)}

    def hours(self, calendar: str) -> OpenHours:
        """The open hours of a calendar. Without a name, every hour counts."""
        return self.calendars.get(calendar, EVERY_HOUR)

    def on_duty(self, agent: Agent, at: datetime, otherwise: str = "") -> bool:
        """Whether an agent works at this moment, by their calendar, or by the one named `otherwise` if they have none.
        Who has neither is always on duty.

        Absences are facts of the database; they are not asked here.
        """
        return is_open(self.hours(agent.calendar or otherwise), at)

    @property
    def house_calendar(self) -> OpenHours | None:
        """The calendar that says on which days the desk works: that of `[forgotten]`, else the first; None: every
        day."""
        named = self.calendars.get(self.forgotten.calendar)
        return named or next(iter(self.calendars.values()), None)

    @cached_property
    def skills(self) -> frozenset[str]:
        """The skills that somebody has, case-folded."""
        return frozenset(skill.casefold() for agent in self.agents for skill in agent.skills)

    @cached_property
    def gives_out(self) -> bool:
        """Whether any ticket is given to whoever's turn it is."""
        return bool(self.skills) or any(queue.assignment != "none" for queue in self.queues)

    def agents_of(self, queue: str) -> tuple[Agent, ...]:
        return tuple(agent for agent in self.agents if queue in agent.queues)
