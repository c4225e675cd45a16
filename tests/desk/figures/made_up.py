"""Made-up reports: a week of a desk with two queues, and what differs from it."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from mailtickets.desk.figures.report import (
    Counts,
    CustomerComment,
    DeskReport,
    OldestTicket,
    Period,
    ReportFigures,
    ReportRow,
    Satisfaction,
    Times,
)

WEEK = Period(date(2026, 11, 23), date(2026, 11, 29))


def times(n: int = 120, median_minutes: int = 190, p90_minutes: int = 600, **more: Any) -> Times:
    return Times(n, median=timedelta(minutes=median_minutes), p90=timedelta(minutes=p90_minutes), **more)


def figures(counted: int = 120, **more: Any) -> ReportFigures:
    """Tickets that were all counted, opened and resolved in the period."""
    counts = Counts(opened=counted, counted=counted, resolved=counted, backlog=40)
    return replace(ReportFigures(counts, first_answer=times(counted)), **more)


def report(now: ReportFigures | None = None, was: ReportFigures | None = None, **more: Any) -> DeskReport:
    both = now or figures(), was or figures()
    made = DeskReport("", WEEK, ("suporte", "financeiro"), True, *both)
    return replace(made, **more)


def queue(name: str, now: Times, was: Times) -> ReportRow:
    return ReportRow(name, figures(now.n, first_answer=now), figures(was.n, first_answer=was))


def a_week(**more: Any) -> DeskReport:
    """A week with everything that a report can say."""
    counts = Counts(
        received=264, outcomes={"opened": 132, "appended": 129, "ignored": 3},
        opened=132, counted=120, excluded={"merged": 7, "spam": 4, "opened-by-agent": 1},
        resolved=122, reopened=5, backlog=45, one_touch=40, one_touch_of=90, came_back=5, came_back_of=90,
    )  # fmt: skip
    total = ReportFigures(
        counts,
        first_answer=times(120, 190, 1400, waiting=3, p90_at_least=True, within=100, within_of=115),
        next_answer=times(200, 80, 600),
        resolution=times(110, 3000, 9000, waiting=10),
        full_resolution=times(110, 4000, 12000, waiting=10),
        satisfaction=Satisfaction(60, 21, 18, 0.65, 0.95),
        answers=240,
    )
    was = replace(total, counts=replace(counts, counted=102, opened=114, resolved=104))
    queues = (
        queue("suporte", times(88, 190), times(80, 200)),
        queue("financeiro", times(32, 420), times(22, 240)),
    )
    made = DeskReport(
        name="semana", period=WEEK, queues=("suporte", "financeiro"), everything=True, total=total, before=was,
        by="queue", rows=queues, by_queue=queues,
        days=tuple(ReportRow(f"2026-11-{day}", figures(10 + day % 7)) for day in range(23, 30)),
        hours={(0, 9): 12, (0, 13): 3, (4, 17): 1},
        oldest=(
            OldestTicket(12, "Não consigo emitir a nota", "financeiro", "ana@desk.test", timedelta(12.17), "Ana Souza"),
            OldestTicket(14, "", "suporte", None, timedelta(hours=5)),
        ),
        comments=(
            CustomerComment(12, 2, "Demorou demais.", "", "open", False),
            CustomerComment(15, 5, "Rápidos!", "Maria Souza", "closed", True),
        ),
    )  # fmt: skip
    return replace(made, **more)
