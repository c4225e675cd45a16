"""When something is due, and how late it is, as people of a locale say it: `hoje às 16h30`, `2 h úteis`.

In: a moment and the present, both in the time zone of whoever reads it, or a length of time. Out: words for the middle
of a sentence.
Limits: three locales. `hoje` and `amanhã` are true on the day when they are written: a notice to customers, which may
be read days later, names the date (`dated`).
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from mailtickets.words import calendar_names, locales

_WEEKDAYS = {
    "pt_BR": calendar_names.written("weekdays", "pt"),
    "en": calendar_names.written("weekdays", "en"),
    "es": calendar_names.written("weekdays", "es"),
}
_NEAR: Mapping[str, Mapping[int, str]] = {
    "pt_BR": {-1: "ontem", 0: "hoje", 1: "amanhã"},
    "en": {-1: "yesterday", 0: "today", 1: "tomorrow"},
    "es": {-1: "ayer", 0: "hoy", 1: "mañana"},
}
_UNITS: Mapping[str, tuple[tuple[str, str], tuple[str, str], tuple[str, str]]] = {
    "pt_BR": (("min", "min"), ("h", "h"), ("dia", "dias")),
    "en": (("minute", "minutes"), ("hour", "hours"), ("day", "days")),
    "es": (("min", "min"), ("h", "h"), ("día", "días")),
}
"""Minutes, hours and days: of one, and of several."""
_WORKING: Mapping[str, tuple[str, str]] = {
    "pt_BR": ("{} útil", "{} úteis"),
    "en": ("working {}", "working {}"),
    "es": ("{} hábil", "{} hábiles"),
}
_LESS_THAN_A_MINUTE = {"pt_BR": "menos de 1 min", "en": "less than a minute", "es": "menos de 1 min"}
_WHOLE_DAY = timedelta(days=1)


def moment(at: datetime, now: datetime, locale: str) -> str:
    """`hoje às 16h30`, `amanhã às 11h`, `sexta, 4 de dezembro, às 9h`: as short as it can be said at `now`."""
    near = _NEAR[locale].get((at.date() - now.date()).days)
    return f"{near} {_at(at, locale)}" if near else dated(at, now, locale, short=True)


def dated(at: datetime, now: datetime, locale: str, *, short: bool = False) -> str:
    """`sexta-feira, 4 de dezembro, às 9h`: with the date, and with the year where it is another than the present one.

    `short`: the name of the day as people say it among themselves (`sexta`).
    """
    return f"{_dated(at.date(), now.date(), locale, short=short)}{'' if locale == 'es' else ','} {_at(at, locale)}"


def day(on: date, today: date, locale: str) -> str:
    """`sexta-feira, 4 de dezembro`: a day as `dated` says it."""
    return _dated(on, today, locale, short=False)


def _dated(on: date, today: date, locale: str, *, short: bool) -> str:
    weekday = _WEEKDAYS[locale][on.weekday()]
    full = locales.day(on, locale)
    if on.year == today.year:
        full = full.removesuffix(f", {on.year}").removesuffix(f" de {on.year}")
    if locale == "es":
        return f"el {weekday} {full}"
    return f"{weekday.partition('-')[0] if short else weekday}, {full}"


def _at(at: datetime, locale: str) -> str:
    """`às 16h30`, `à 1h`, `at 4:30 PM`, `a las 16:30`."""
    time = locales.time(at, locale)
    if locale == "en":
        return f"at {time}"
    if locale == "es":
        return f"a la{'s' if at.hour != 1 else ''} {time}"
    return f"{'às' if at.hour > 1 else 'à'} {time.removesuffix('00') if at.minute == 0 else time}"


def amount(length: timedelta, locale: str, *, working: bool = False, day: timedelta = _WHOLE_DAY) -> str:
    """`45 min`, `2 h`, `3 dias`: the largest whole unit. `working`: of working time (`2 h úteis`).

    `day` is how long a day of that time is: from two such days on, days are counted.
    """
    minutes, day = int(length.total_seconds()) // 60, day or _WHOLE_DAY
    if minutes < 1:
        return _LESS_THAN_A_MINUTE[locale]
    if minutes < 60:
        number, unit = minutes, 0
    elif length < 2 * day:
        number, unit = minutes // 60, 1
    else:
        number, unit = length // day, 2
    return counted(number, unit, locale, working=working)


def counted(number: int, unit: int, locale: str, *, working: bool = False) -> str:
    """A number of minutes (`unit` 0), hours (1) or days (2): `1 dia útil`, `7 dias`, `2 working hours`."""
    several = number != 1
    name = _UNITS[locale][unit][several]
    return f"{number} {_WORKING[locale][several].format(name) if working else name}"


def exactly(length: timedelta) -> str:
    """`4 h 10 min`, `8 h`, `0 min`: to the minute, the same in every locale."""
    hours, minutes = divmod(int(length.total_seconds()) // 60, 60)
    return " ".join([*([f"{hours} h"] if hours else []), *([f"{minutes} min"] if minutes or not hours else [])])
