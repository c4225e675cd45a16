"""The sentence that a report begins with: what it claims, and what it does not claim."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from mailtickets.desk.figures.report import Counts, DeskReport, Period, ReportFigures, Satisfaction
from mailtickets.desk.figures.sentence import changed
from tests.desk.figures.made_up import a_week, figures, queue, report, times


def test_it_says_what_changed_in_words() -> None:
    assert changed(a_week(), "pt_BR") == (
        "120 chamados, 18 % mais que na semana anterior; a fila financeiro respondeu 3 h mais tarde; "
        "45 em aberto, 15 a mais que no começo."
    )
    assert changed(a_week(), "en") == (
        "120 tickets, 18% more than the week before; the queue financeiro answered 3 h later; "
        "45 are open, 15 more than at the beginning."
    )
    assert changed(a_week(), "es") == (
        "120 solicitudes, 18 % más que la semana anterior; el área financeiro respondió 3 h más tarde; "
        "45 abiertas, 15 más que al comienzo."
    )


@pytest.mark.parametrize(
    ("now", "was", "said"),
    [
        (120, 102, "120 tickets, 18% more than the week before."),
        (102, 120, "102 tickets, 15% fewer than the week before."),
        (122, 120, "122 tickets, about as many as the week before (120)."),
        (120, 120, "120 tickets, about as many as the week before (120)."),
        (25, 10, "25 tickets, 150% more than the week before."),
        (10, 9, "10 tickets; the week before, 9."),  # from under ten, no claim
        (9, 30, "9 tickets; the week before, 30."),
        (400, 20, "400 tickets; the week before, 20."),  # 1,900 % is no news
        (1, 0, "1 ticket; the week before, none."),
        (0, 0, "No tickets; the week before, none."),
        (1204, 1500, "1,204 tickets, 20% fewer than the week before."),
    ],
)
def test_how_many_tickets(now: int, was: int, said: str) -> None:
    assert changed(report(figures(now), figures(was)), "en") == said


@pytest.mark.parametrize(
    ("days", "said"),
    [(1, "no dia anterior"), (7, "na semana anterior"), (30, "nos 30 dias anteriores")],
)
def test_the_period_before_is_as_long(days: int, said: str) -> None:
    until = date(2026, 11, 29)
    period = Period(until - timedelta(days=days - 1), until)
    assert changed(report(figures(120), figures(100), period=period), "pt_BR") == f"120 chamados, 20 % mais que {said}."


SAME = "120 tickets, about as many as the week before (120)"


@pytest.mark.parametrize(
    ("now", "was", "said"),
    [
        (times(120, 420), times(120, 240), "; the first answer came 3 h later."),
        (times(120, 60), times(120, 90), "; the first answer came 30 min sooner."),
        (times(120, 6000), times(120, 100), "; the first answer came 4 days later."),
        (times(120, 110), times(120, 100), "."),  # hardly noticed
        (times(120, 8), times(120, 4), "."),  # twice as long, and nobody notices four minutes
        (times(30, 340), times(120, 240), "."),  # of thirty, that may be chance
        (times(30, 360), times(120, 240), "; the first answer came 2 h later."),
        (times(9, 420), times(120, 240), "."),  # nine tickets prove nothing
        (times(120, 420), times(9, 240), "."),
        (times(120, 420, median_at_least=True), times(120, 240), "; the first answer came at least 3 h later."),
        (times(120, 420), times(120, 240, median_at_least=True), "."),  # the other one may have been later still
        (times(120, 240), times(120, 420, median_at_least=True), "; the first answer came at least 3 h sooner."),
        (times(120, 240, median_at_least=True), times(120, 420), "."),
    ],
)
def test_how_soon_the_first_answer_came(now: object, was: object, said: str) -> None:
    both = (figures(120, first_answer=one) for one in (now, was))
    assert changed(report(*both), "en") == f"{SAME}{said}"


def test_of_several_queues_the_one_that_changed_most_is_named() -> None:
    rows = (
        queue("a", times(50, 300), times(50, 240)),
        queue("b", times(50, 60), times(50, 300)),
        queue("c", times(5, 9000), times(5, 10)),
    )
    assert changed(report(by_queue=rows), "en") == f"{SAME}; the queue b answered 4 h sooner."


def content(good: int, low: float, high: float, answered: int = 50) -> ReportFigures:
    return figures(120, satisfaction=Satisfaction(100, answered, good, low, high))


@pytest.mark.parametrize(
    ("now", "was", "said"),
    [
        (content(48, 0.86, 0.99), content(30, 0.46, 0.72), "; satisfaction rose from 60% to 96%."),
        (content(30, 0.46, 0.72), content(48, 0.86, 0.99), "; satisfaction fell from 96% to 60%."),
        (content(40, 0.67, 0.89), content(30, 0.46, 0.72), "."),  # the intervals touch: it may be chance
        (content(9, 0.7, 1.0, 9), content(10, 0.1, 0.34), "."),  # nine ratings
    ],
)
def test_satisfaction_has_changed_where_it_is_no_chance(now: ReportFigures, was: ReportFigures, said: str) -> None:
    assert changed(report(now, was), "en") == f"{SAME}{said}"


@pytest.mark.parametrize(
    ("opened", "resolved", "backlog", "said"),
    [
        (120, 100, 60, "; 60 are open, 20 more than at the beginning."),
        (120, 140, 60, "; 60 are open, 20 fewer than at the beginning."),
        (120, 111, 60, "."),
        (120, 110, 600, "."),  # ten of six hundred
        (120, 100, 25, "."),  # it began with five
    ],
)
def test_how_the_backlog_has_grown(opened: int, resolved: int, backlog: int, said: str) -> None:
    counts = Counts(opened=opened, counted=opened, resolved=resolved, backlog=backlog)
    assert changed(report(figures(120, counts=counts)), "en") == f"{SAME}{said}"


def test_while_events_are_still_to_be_counted_nothing_is_claimed() -> None:
    unfinished: DeskReport = replace(a_week(), complete_until="2026-11-28T10:00")
    missing = "what came after Nov 28, 2026, 10:00 AM is missing from this report."
    assert changed(unfinished, "en") == f"Not everything is counted yet: {missing}"


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (1, "60 chamados até agora; no dia anterior, 120."),  # at noon, half of the day is no loss
        (7, "60 chamados até agora; na semana anterior, 120."),
        (30, "60 chamados, 50 % menos que nos 30 dias anteriores."),  # a day of thirty is hardly noticed
    ],
)
def test_a_short_period_that_is_not_over_is_not_compared(days: int, said: str) -> None:
    until = date(2026, 11, 29)
    period = Period(until - timedelta(days=days - 1), until)
    running = replace(report(figures(60), figures(120), period=period), is_over=False)
    assert changed(running, "pt_BR") == said
