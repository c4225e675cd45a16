"""Numbers, sizes and durations with a sign before them, as conditions of rules have them: `>=3`, `<5MB`, `2d`.

In: what the file says. Out: `Compared`. Fails with: ValueError, in words for the person who wrote the file. Pure.
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BeforeValidator

from mailtickets.config.durations import span

Sign = Literal["<=", ">=", "<", ">", "="]

_SIGNED = re.compile(r"(<=|>=|<|>|=)? ?([0-9]{1,12})([A-Za-z]{0,2})")
_HOLDS: Mapping[Sign, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
    "=": operator.eq,
}
_BYTES = {"": 1, "B": 1, "KB": 1_000, "MB": 1_000_000, "GB": 1_000_000_000}


@dataclass(frozen=True, slots=True)
class Compared:
    """A sign and an amount, which something is compared with."""

    sign: Sign
    amount: int
    """A number; bytes; or seconds."""
    written: str
    """As the file has it."""

    def holds(self, value: float) -> bool:
        return _HOLDS[self.sign](value, self.amount)

    @property
    def duration(self) -> str:
        """A duration without its sign, as `span` reads it."""
        return self.written.lstrip("<>= ")

    @property
    def is_reached(self) -> bool:
        """Whether it begins to hold as the value grows, rather than ends to."""
        return self.sign in {">=", ">"}


def _parts(value: object, expected: str) -> tuple[Sign | None, int, str]:
    found = _SIGNED.fullmatch(str(value)) if type(value) in {int, str} else None
    if found is None:
        raise ValueError(f"{expected} was expected, not {value!r}")
    sign = next((sign for sign in _HOLDS if sign == found[1]), None)
    return sign, int(found[2]), found[3]


def _count(value: object) -> Compared:
    expected = 'a number like 0, or a text like ">=3" or "<10",'
    sign, number, unit = _parts(value, expected)
    if unit:
        raise ValueError(f"{expected} was expected, not {value!r}")
    return Compared(sign or "=", number, str(value))


def _size(value: object) -> Compared:
    expected = 'a size like ">5MB" or "<100KB"'
    sign, number, unit = _parts(value, expected)
    if unit.upper() not in _BYTES:
        raise ValueError(f"{expected} was expected, not {value!r}")
    return Compared(sign or ">=", number * _BYTES[unit.upper()], str(value))


def _time(value: object) -> Compared:
    expected = 'a duration like "2d", ">=4h" or "<30m"'
    sign, number, unit = _parts(value, expected)
    amount = span(f"{number}{unit}")
    if amount is None or sign == "=":
        raise ValueError(f"{expected} was expected, not {value!r}")
    return Compared(sign or ">=", int(amount.total_seconds()), str(value))


CountTest = Annotated[Compared, BeforeValidator(_count)]
"""Without a sign exactly that number."""
SizeTest = Annotated[Compared, BeforeValidator(_size)]
"""Without a sign at least that size. Units count thousands: 5MB is 5,000,000 bytes."""
TimeTest = Annotated[Compared, BeforeValidator(_time)]
"""Without a sign at least that long."""
