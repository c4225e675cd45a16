"""The parts of the configuration that clocks read, as the file has them, for commands that do not load its models.

In: the tables of a sound configuration, as TOML or as `model_dump` gives them, and the holidays of its calendars.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from mailtickets.desk.clock.calendar import OpenHours
from mailtickets.desk.clock.holidays import Holiday, hours_of
from mailtickets.mail.plus import without_plus

if TYPE_CHECKING:
    from mailtickets.desk.model.policy import Policy

CALENDAR: Mapping[str, object] = {
    "timezone": "", "hours": {}, "holidays": (), "optional_holidays": "closed", "days": {},
}  # fmt: skip
LEVEL: Mapping[str, object] = {
    "queues": (), "customers": (), "types": (), "calendar": "", "first_answer": {}, "next_answer": {},
    "resolution": {}, "warn_at": 0.75, "escalate": (), "profile": "",
}  # fmt: skip
"""The keys that may be left out of a table, and what they are then: as `config.calendars` and `config.levels` say."""
_TIMEZONE = "America/Sao_Paulo"


@dataclass(frozen=True, slots=True)
class ClockOutline:
    """As much of a `Policy` as clocks read."""

    instance: Any
    levels: tuple[Any, ...]
    calendars: Mapping[str, OpenHours]
    addresses: frozenset[str]
    """The addresses of the queues, case-folded."""

    def queue_at(self, address: str) -> object | None:
        """Something if mail to this address reaches a queue, else None."""
        key = address.casefold()
        return next((own for own in (key, without_plus(key)) if own in self.addresses), None)


def clock_policy(tables: Mapping[str, Any], holidays: Iterable[Holiday]) -> "Policy":
    """The outline of a configuration, for the functions of `desk.clock` that take a `Policy`."""
    timezone, known = tables["instance"].get("timezone", _TIMEZONE), tuple(holidays)
    calendars = [SimpleNamespace(**{**CALENDAR, **one}) for one in tables.get("calendar", ())]
    outline = ClockOutline(
        SimpleNamespace(timezone=timezone),
        tuple(SimpleNamespace(**{**LEVEL, **one}) for one in tables.get("service_level", ())),
        {one.name: hours_of(cast("Any", one), known, timezone) for one in calendars},
        frozenset(address.casefold() for queue in tables.get("queue", ()) for address in queue["addresses"]),
    )
    return cast("Policy", outline)


def regions(tables: Mapping[str, Any]) -> list[str]:
    """The regions whose holidays the calendars name."""
    return sorted({region for one in tables.get("calendar", ()) for region in one.get("holidays", ())})
