"""Scales of charts: round numbers for the axis, and how they are written where there is little room."""

from collections.abc import Sequence
from datetime import timedelta
from math import ceil
from typing import Literal

from mailtickets.words import locales, spans

_MINUTES = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 7200, 14400, 28800, 72000, 144_000)
_LEAST = 4
"""A scale of counts reaches at least so far: one ticket does not fill the picture."""

_LARGE: dict[str, Sequence[tuple[int, str]]] = {
    "pt_BR": ((1_000_000_000, " bi"), (1_000_000, " mi"), (1_000, " mil")),
    "en": ((1_000_000_000, "B"), (1_000_000, "M"), (1_000, "k")),
    "es": ((1_000_000, " M"), (1_000, " mil")),
}
"""Units of large numbers; blanks in them do not break."""
_WHOLE_UNTIL = 10_000


def counts(most: int, steps: Literal[3, 4]) -> list[int]:
    """From 0 to a round number that is not below `most`, in at most so many steps."""
    step, most = 1, max(most, _LEAST)
    while step * steps < most:
        step = step * 2 if str(step)[0] in "15" else step * 5 // 2
    return [step * place for place in range(ceil(most / step) + 1)]


def times(longest: timedelta) -> list[timedelta]:
    """From 0 to a round time that is not below `longest`, in at most 4 steps of minutes, hours or days."""
    minutes = max(longest / timedelta(minutes=1), 4)
    step = next((step for step in _MINUTES if step * 4 >= minutes), 0)
    if not step:
        days = counts(ceil(minutes / 1440), 4)
        return [timedelta(days=number) for number in days]
    return [timedelta(minutes=step * place) for place in range(ceil(minutes / step) + 1)]


def short_time(length: timedelta, locale: str) -> str:
    """`30 min`, `6 h`, `2 dias` on an axis."""
    return spans.span(length, locale) if length else "0"


def short_count(number: int, locale: str) -> str:
    """`950`, `9.400`, `12 mil`, `1,5 mi`: a number on an axis, with few characters."""
    if number < _WHOLE_UNTIL:
        return locales.count(number, locale)
    size, unit = next(entry for entry in _LARGE[locale] if number >= entry[0])
    if number >= 10 * size:
        return f"{locales.count(number // size, locale)}{unit}"
    amount = f"{number / size:.1f}".removesuffix(".0")
    return f"{amount if locale == 'en' else amount.replace('.', ',')}{unit}"


_NARROW, _BROAD = frozenset("iljtfrI.,:;'|!()[] \u00a0·-"), frozenset("mwMW%@—")


def width(text: str, size: float) -> float:
    """About how wide a text is in our font, in the unit of `size`; rather too wide than too narrow."""
    return size * sum(0.4 if letter in _NARROW else 0.95 if letter in _BROAD else 0.64 for letter in text)
