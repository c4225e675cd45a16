"""The shape of `report --json`, which others build on."""

from typing import Any

from mailtickets.desk.figures.report import ReportRow, Satisfaction
from mailtickets.views.reports.as_json import as_json
from tests.desk.figures.made_up import WEEK, a_week, figures, report


def test_the_keys_of_the_contract() -> None:
    said = as_json(a_week())
    assert (said["since"], said["until"], said["queue"], said["queues"]) == (
        "2026-11-23", "2026-11-29", None, ["suporte", "financeiro"],
    )  # fmt: skip
    counts = said["counts"]
    assert counts["excluded"] == {"merged": 7, "spam": 4, "opened-by-agent": 1, "imported": 0}
    assert {key: counts[key] for key in ("received", "opened", "counted", "resolved", "reopened", "backlog")} == {
        "received": 264, "opened": 132, "counted": 120, "resolved": 122, "reopened": 5, "backlog": 45,
    }  # fmt: skip
    assert said["first_answer"] == {
        "n": 120, "waiting": 3, "median_s": 11400, "median_at_least": False, "p90_s": 84000, "p90_at_least": True,
        "business_median_s": None, "business_p90_s": None, "within": 0.8696, "within_of": 115,
    }  # fmt: skip
    assert {key: said["satisfaction"][key] for key in ("asked", "answered", "score", "low", "high")} == {
        "asked": 60, "answered": 21, "score": 0.8571, "low": 0.65, "high": 0.95,
    }  # fmt: skip
    assert [row["value"] for row in said["rows"]] == ["suporte", "financeiro"]
    assert said["resolution"]["within"] is None


def test_the_sums_add_up() -> None:
    said = as_json(a_week())["counts"]
    assert said["opened"] == said["counted"] + sum(said["excluded"].values())
    assert said["received"] == sum(said["outcomes"].values())


def test_one_queue_is_named() -> None:
    one = as_json(report(queues=("suporte",), everything=False))
    assert (one["queue"], one["queues"]) == ("suporte", ["suporte"])
    only = as_json(report(queues=("suporte",), everything=True))
    assert only["queue"] is None


def test_satisfaction_with_a_person_is_hidden_under_ten_ratings() -> None:
    row = ReportRow("ana@desk.test", figures(satisfaction=Satisfaction(20, 9, 9, 0.7, 1.0)))
    hidden: Any = {"asked": 20, "answered": 9, "good": None, "score": None, "low": None, "high": None, "hidden": True}
    assert as_json(report(by="agent", rows=(row,)))["rows"][0]["satisfaction"] == hidden
    assert as_json(report(by="queue", rows=(row,)))["rows"][0]["satisfaction"]["score"] == 1.0


def test_the_period_before_is_there_too() -> None:
    said = as_json(a_week())["before"]
    assert (said["since"], said["until"], said["counts"]["opened"]) == (
        WEEK.before.since.isoformat(), WEEK.before.until.isoformat(), 114,
    )  # fmt: skip
