"""Moments as programs write them into the header block of a forwarded mail."""

from datetime import timedelta, timezone

import pytest

from mailtickets.words.dates import moment

HERE = timezone(timedelta(hours=-3))

MOMENTS = [
    ("seg., 3 de mar. de 2025 às 10:12", "2025-03-03T10:12:00-03:00"),
    ("segunda-feira, 3 de março de 2025 10:12", "2025-03-03T10:12:00-03:00"),
    ("3 de março de 2025", "2025-03-03T00:00:00-03:00"),
    ("1º de abril de 2025 10:12", "2025-04-01T10:12:00-03:00"),
    ("3 de março de 2025 10:12:11 BRT", "2025-03-03T10:12:11-03:00"),
    ("terça-feira, 4 de março de 2025 às 09:01:22 GMT-3", "2025-03-04T09:01:22-03:00"),
    ("10:12, 3 de março de 2025", "2025-03-03T10:12:00-03:00"),
    ("03/03/2025 10:12", "2025-03-03T10:12:00-03:00"),
    ("03/04/2025 10h12", "2025-04-03T10:12:00-03:00"),
    ("3.4.25 10:12", "2025-04-03T10:12:00-03:00"),
    ("lun, 3 mar 2025 a las 10:12", "2025-03-03T10:12:00-03:00"),
    ("lunes, 3 de enero de 2025 10:12", "2025-01-03T10:12:00-03:00"),
    ("3 de marzo de 2025, 10:12:11 GMT-3", "2025-03-03T10:12:11-03:00"),
    ("Mon, Mar 3, 2025 at 10:12 AM", "2025-03-03T10:12:00-03:00"),
    ("Monday, March 3, 2025 12:12 AM", "2025-03-03T00:12:00-03:00"),
    ("Monday, March 3, 2025 12:12 PM", "2025-03-03T12:12:00-03:00"),
    ("On Monday, March 3rd, 2025 at 10:12 p.m.", "2025-03-03T22:12:00-03:00"),
    ("Monday, 3 March 2025 10:12", "2025-03-03T10:12:00-03:00"),
    ("3-Mar-2025 10:12", "2025-03-03T10:12:00-03:00"),
    ("March 3, 2025 at 10:12:11 AM GMT+5:30", "2025-03-03T10:12:11+05:30"),
    ("Mon, 3 Mar 2025 10:12:11 +0000 (UTC)", "2025-03-03T10:12:11+00:00"),
    ("Mon, 3 Mar 2025 10:12:11 EST", "2025-03-03T10:12:11-05:00"),
    ("2025-03-03 10:12:11Z", "2025-03-03T10:12:11+00:00"),
    ("2025-03-03T10:12:11+01:00", "2025-03-03T10:12:11+01:00"),
    ("2025-03-03", "2025-03-03T00:00:00-03:00"),
]


def test_a_moment_is_read() -> None:
    read = [(stated, moment(stated, HERE)) for stated, _ in MOMENTS]
    assert [(stated, found and found.isoformat()) for stated, found in read] == MOMENTS


@pytest.mark.parametrize(
    "stated",
    ["", "ontem", "10:12", "31/02/2025", "32 de março de 2025", "2025-13-01", "3 de março", "25:61, 3 de março de 2025",
     "0/0/2025", "1/1/0000", "x" * 10_000],
)  # fmt: skip
def test_what_names_no_moment_is_none(stated: str) -> None:
    assert moment(stated, HERE) is None


def test_an_american_program_puts_the_month_first() -> None:
    found = moment("3/4/2025 10:12 AM", HERE, month_first=True)
    assert found is not None
    assert found.isoformat() == "2025-03-04T10:12:00-03:00"
    other = moment("13/4/2025 10:12", HERE, month_first=True)
    assert other is not None
    assert other.isoformat() == "2025-04-13T10:12:00-03:00"
