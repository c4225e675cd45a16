"""The days that somebody asks about. Today is Sunday, 29 November 2026."""

from datetime import date

import pytest

from mailtickets.desk.figures.periods import period_of

TODAY = date(2026, 11, 29)


@pytest.mark.parametrize(
    ("since", "until", "said"),
    [
        (None, None, "2026-10-31 2026-11-29"),  # the last 30 days
        ("30d", None, "2026-10-31 2026-11-29"),
        ("1d", None, "2026-11-29 2026-11-29"),
        ("4w", None, "2026-11-02 2026-11-29"),
        ("60d", "30d", "2026-10-01 2026-10-30"),  # the 30 days before these
        ("14d", "7d", "2026-11-16 2026-11-22"),
        ("2026-11-01", "2026-11-15", "2026-11-01 2026-11-15"),  # both ends included
        ("2026-11-15", "2026-11-15", "2026-11-15 2026-11-15"),
        (None, "2026-11-15", "2026-10-17 2026-11-15"),
        ("2026-11-01", None, "2026-11-01 2026-11-29"),
        ("2026-11-01", "2026-11-30", "2026-11-01 2026-11-29"),  # what has not begun is left out
        ("ontem", "ontem", "2026-11-28 2026-11-28"),
        ("yesterday", "today", "2026-11-28 2026-11-29"),
        ("AYER", "hoy", "2026-11-28 2026-11-29"),
        ("semana", None, "2026-11-23 2026-11-29"),
        ("week", None, "2026-11-23 2026-11-29"),
        ("mês", None, "2026-11-01 2026-11-29"),
        ("año", None, "2026-01-01 2026-11-29"),
    ],
)
def test_a_period_is_read_as_it_is_meant(since: str | None, until: str | None, said: str) -> None:
    period = period_of(since, until, TODAY)
    assert f"{period.since} {period.until}" == said


@pytest.mark.parametrize(
    ("since", "until", "said"),
    [
        ("2026-11-20", "2026-11-10", r"the period ends \(2026-11-10\) before it begins \(2026-11-20\)"),
        ("7d", "14d", "before it begins"),
        ("2026-12-01", None, "before it begins"),
        ("2026-12-01", "2026-12-24", "the period begins on 2026-12-01, and today is 2026-11-29"),
        (
            "2026-02-30",
            None,
            "'2026-02-30' is no date: write it as 2026-11-29, or as 30d, 4w, today, yesterday, week, month, year",
        ),
        ("soon", None, "'soon' is no date"),
        ("", None, "'' is no date"),
        ("0d", None, "'0d' is no date"),
        ("-3d", None, "'-3d' is no date"),
        ("9999w", None, "longer than 20 years"),
        ("0001-01-01", None, "'0001-01-01' is before 1980"),
        (None, "9999-12-31", "today is 2026-11-29"),
        ("٣٠d", None, "is no date"),
    ],
)
def test_what_is_no_period_is_named(since: str | None, until: str | None, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        period_of(since, until, TODAY)
