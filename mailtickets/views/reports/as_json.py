"""A report as JSON. Its keys are a contract; shares are from 0 to 1, lengths of time are seconds."""

from datetime import timedelta
from typing import Any

from mailtickets.desk.figures.report import EXCLUSIONS, Counts, DeskReport, ReportFigures, Satisfaction, Times
from mailtickets.desk.figures.shown import hidden


def as_json(report: DeskReport) -> dict[str, Any]:
    """The report as `report --json` prints it."""
    return {
        "name": report.name or None,
        "since": report.period.since.isoformat(),
        "until": report.period.until.isoformat(),
        "queue": report.queues[0] if len(report.queues) == 1 and not report.everything else None,
        "queues": list(report.queues),
        "by": report.by,
        "complete_until": report.complete_until or None,
        **_figures(report.total),
        "before": {
            "since": report.period.before.since.isoformat(),
            "until": report.period.before.until.isoformat(),
            **_figures(report.before),
        },
        "rows": [
            {"value": row.value, "label": dict(row.labels), **_figures(row.figures, agent=report.by == "agent")}
            for row in report.rows
        ],
        "days": [{"value": row.value, **_figures(row.figures)} for row in report.days],
        "hours": [
            {"weekday": weekday, "hour": hour, "opened": many}
            for (weekday, hour), many in sorted(report.hours.items())
        ],
        "oldest": [
            {
                "number": one.number, "subject": one.subject, "queue": one.queue, "assignee": one.assignee,
                "age_s": _seconds(one.age),
            }
            for one in report.oldest
        ],
        "comments": [
            {
                "ticket": one.ticket, "score": one.score, "comment": one.comment, "name": one.name or None,
                "status": one.status, "answered_again": one.answered_again,
            }
            for one in report.comments
        ],
    }  # fmt: skip


def _figures(figures: ReportFigures, *, agent: bool = False) -> dict[str, Any]:
    return {
        "counts": _counts(figures.counts),
        "answers": figures.answers,
        "first_answer": _times(figures.first_answer),
        "next_answer": _times(figures.next_answer),
        "resolution": _times(figures.resolution),
        "full_resolution": _times(figures.full_resolution),
        "satisfaction": _satisfaction(figures.satisfaction, agent=agent),
    }


def _counts(counts: Counts) -> dict[str, Any]:
    return {
        "received": counts.received,
        "outcomes": dict(counts.outcomes),
        "opened": counts.opened,
        "counted": counts.counted,
        "excluded": {reason: counts.excluded.get(reason, 0) for reason in EXCLUSIONS},
        "resolved": counts.resolved,
        "ended": dict(counts.ended),
        "reopened": counts.reopened,
        "backlog": counts.backlog,
        "one_touch": counts.one_touch,
        "one_touch_of": counts.one_touch_of,
        "came_back": counts.came_back,
        "came_back_of": counts.came_back_of,
    }


def _times(times: Times) -> dict[str, Any]:
    return {
        "n": times.n,
        "waiting": times.waiting,
        "median_s": _seconds(times.median),
        "median_at_least": times.median_at_least,
        "p90_s": _seconds(times.p90),
        "p90_at_least": times.p90_at_least,
        "business_median_s": _seconds(times.business_median),
        "business_p90_s": _seconds(times.business_p90),
        "within": round(times.within / times.within_of, 4) if times.within_of else None,
        "within_of": times.within_of,
    }


def _seconds(length: timedelta | None) -> int | None:
    return None if length is None else round(length.total_seconds())


def _satisfaction(rated: Satisfaction, *, agent: bool) -> dict[str, Any]:
    """Of one agent with too few ratings, only how many there are."""
    shown = not hidden("agent" if agent else None, rated)
    return {
        "asked": rated.asked,
        "answered": rated.answered,
        "good": rated.good if shown else None,
        "score": _share(rated.score) if shown else None,
        "low": _share(rated.low) if shown else None,
        "high": _share(rated.high) if shown else None,
        "hidden": not shown,
    }


def _share(share: float | None) -> float | None:
    return None if share is None else round(share, 4)
