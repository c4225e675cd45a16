"""What docs/ gives to people who watch a desk: alerts, a dashboard, a list of metrics. All of it fits what is shown."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mailtickets.edges.http.families import BUILD, COUNTS, CPU, FAMILIES, TIMES, Family
from mailtickets.edges.http.labels import Lists
from mailtickets.edges.http.metrics import rendered
from tests.edges.metrics_scene import a_config, a_scene
from tests.servers.promtool import promtool

DOCS = Path(__file__).parent.parent / "docs"
PROMETHEUS = DOCS / "prometheus"
ALERTS = (PROMETHEUS / "alerts.yml").read_text(encoding="utf-8")
TESTS = (PROMETHEUS / "alerts.test.yml").read_text(encoding="utf-8")
DASHBOARD: dict[str, Any] = json.loads((PROMETHEUS / "dashboard.json").read_text(encoding="utf-8"))
PAGE = (DOCS / "metrics.md").read_text(encoding="utf-8")

OF_PROMETHEUS = {"up", "ALERTS"}
ADDED = {"job", "instance", "le", "alertname", "alertstate", "severity"}
"""Labels that Prometheus adds to every series, or that an alert has."""
METRIC = re.compile(r"\b(?:mailtickets|process)_[a-z_]+\b")
ROW = re.compile(r"^\| `((?:mailtickets|process)_\w+)` \| (\w+) \| (.*?) \| (.*) \|$", re.MULTILINE)


@pytest.fixture
def shown(tmp_path: Path) -> str:
    """The figures of a desk that has a sample of each."""
    return rendered(a_scene(a_config(tmp_path)), "plain").decode()


def series(shown: str) -> dict[str, set[str]]:
    """The names of all series, with the names of the labels they have."""
    found: dict[str, set[str]] = {}
    for name, labels in re.findall(r"^(\w+)(?:\{(.*)\})? ", shown, re.MULTILINE):
        found.setdefault(name, set()).update(re.findall(r'(\w+)="', labels))
    return found


def expressions() -> Iterator[tuple[str, str]]:
    """(panel, expression) of the dashboard, with its variables filled in."""
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], filled_in(target["expr"])
    for annotation in DASHBOARD["annotations"]["list"]:
        yield annotation["name"], filled_in(annotation["expr"])


def filled_in(expression: str) -> str:
    for variable, value in (("$__rate_interval", "1m"), ("$__range", "1d"), ("$job", "desk"), ("$instance", ".*")):
        expression = expression.replace(variable, value)
    return expression


# --- promtool -----------------------------------------------------------------------------------------


def test_promtool_is_content_with_the_rules_and_the_configuration() -> None:
    assert "19 rules found" in promtool("check", "rules", PROMETHEUS / "alerts.yml")
    promtool("check", "config", PROMETHEUS / "prometheus.yml")


def test_every_alert_fires_when_it_should_and_not_before() -> None:
    assert "SUCCESS" in promtool("test", "rules", "alerts.test.yml", directory=PROMETHEUS)


def test_promtool_is_content_with_the_metrics(shown: str) -> None:
    assert promtool("check", "metrics", given=shown).strip() == ""


def test_promtool_can_read_every_expression_of_the_dashboard(tmp_path: Path) -> None:
    rules = "".join(f"  - {{record: 'a:b{number}', expr: {json.dumps(expression)}}}\n"
                    for number, (_, expression) in enumerate(expressions()))  # fmt: skip
    (tmp_path / "dashboard.yml").write_text(f"groups:\n- name: dashboard\n  rules:\n{rules}", encoding="utf-8")
    promtool("check", "rules", tmp_path / "dashboard.yml")


# --- what is named is there ---------------------------------------------------------------------------


@pytest.mark.parametrize(("where", "text"), [("alerts", ALERTS), ("their tests", TESTS), *expressions()])
def test_every_series_that_is_named_is_shown_with_its_labels(shown: str, where: str, text: str) -> None:
    there = series(shown)
    text = re.sub(r"^\s*(#|description:).*$", "", text, flags=re.MULTILINE)
    for name in METRIC.findall(text):
        assert name in there, f"{where}: {name}"
    for name, matchers in re.findall(r"\b((?:mailtickets|process)_\w+)\{([^{}]*)\}", text):
        labels = set(re.findall(r'(\w+)\s*(?:=~|!~|!=|=)\s*"', matchers))
        assert labels <= there[name] | ADDED, f"{where}: {name}"


@pytest.mark.parametrize(("where", "text"), [("alerts", ALERTS), ("their tests", TESTS), *expressions()])
def test_every_value_that_is_asked_for_can_be_there(tmp_path: Path, where: str, text: str) -> None:
    lists = Lists.of(a_config(tmp_path)).labels
    for label, values in re.findall(r'\b(answer|outcome|trouble|result|cause|notice)=~?"([^"]*)"', text):
        assert set(values.split("|")) <= lists[label], where


def test_every_alert_is_tested_and_says_what_to_do() -> None:
    alerts = re.findall(r"- alert: (\w+)", ALERTS)
    assert set(re.findall(r'alertname="(\w+)"', TESTS)) == set(alerts)
    for rule in ALERTS.split("- alert: ")[1:]:
        for part in ("expr:", "severity:", "summary:", "description:"):
            assert part in rule


def test_an_alert_notices_that_nobody_is_there_at_all() -> None:
    assert "absent(up{" in ALERTS


# --- the dashboard ------------------------------------------------------------------------------------


def test_the_dashboard_asks_for_the_data_source() -> None:
    variables = {variable["name"]: variable for variable in DASHBOARD["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    used = {panel["datasource"]["uid"] for panel in DASHBOARD["panels"] if panel["type"] != "row"}
    used |= {target["datasource"]["uid"] for panel in DASHBOARD["panels"] for target in panel.get("targets", [])}
    assert used == {"${datasource}"}
    assert DASHBOARD["id"] is None


def test_the_panels_of_the_dashboard_stand_beside_each_other() -> None:
    boxes = [panel["gridPos"] for panel in DASHBOARD["panels"]]
    cells = [(x, y) for box in boxes for x in range(box["x"], box["x"] + box["w"])
             for y in range(box["y"], box["y"] + box["h"])]  # fmt: skip
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) == 23
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(boxes)


@pytest.mark.parametrize("panel", [p for p in DASHBOARD["panels"] if p["type"] != "row"], ids=lambda p: p["title"])
def test_every_panel_says_what_it_shows_and_in_which_unit(panel: dict[str, Any]) -> None:
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["targets"]


# --- the page -----------------------------------------------------------------------------------------


def kind(family: Family) -> str:
    if family in TIMES.values():
        return "histogram"
    return "counter" if family in COUNTS.values() or family is CPU else "gauge"


def test_every_metric_is_on_the_page_as_it_is_shown() -> None:
    rows = {name: (kind_, set(re.findall(r"`(\w+)`", labels)), text) for name, kind_, labels, text in ROW.findall(PAGE)}
    assert rows == {family.name: (kind(family), set(family.labels), family.help) for family in FAMILIES}


def test_every_label_is_on_the_page() -> None:
    explained = set(
        re.findall(r"`(\w+)`", "".join(re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| [^|]+ \|$", PAGE, re.MULTILINE)))
    )
    assert explained >= {label for family in (*FAMILIES, BUILD) for label in family.labels}
