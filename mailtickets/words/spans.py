"""How long something has lasted, and when it was, as people of a locale say it at a glance."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from mailtickets.words import locales

_LESS_THAN_A_MINUTE = {"pt_BR": "menos de 1 min", "en": "less than 1 min", "es": "menos de 1 min"}
_DAYS: Mapping[str, tuple[str, str]] = {"pt_BR": ("dia", "dias"), "en": ("day", "days"), "es": ("día", "días")}
_HOURS_UNTIL_DAYS = 48


def span(length: timedelta, locale: str) -> str:
    """`menos de 1 min`, `12 min`, `3 h`, `5 dias`: the largest whole unit."""
    minutes = int(length.total_seconds()) // 60
    if minutes < 1:
        return _LESS_THAN_A_MINUTE[locale]
    if minutes < 60:
        return f"{minutes} min"
    if minutes < _HOURS_UNTIL_DAYS * 60:
        return f"{minutes // 60} h"
    days = minutes // 1440
    return f"{days} {_DAYS[locale][days != 1]}"


def near(at: datetime, now: datetime, locale: str) -> str:
    """A moment as short as it can be said: the time on the same day, with the day in the same year, or in full.

    Both are of the time zone of whoever reads it.
    """
    if at.date() == now.date():
        return locales.time(at, locale)
    full = locales.short(at, locale)
    if at.year != now.year:
        return full
    return full.replace(f", {at.year}", "") if locale == "en" else full.replace(f" {at.year}", "")
