"""The figures as Prometheus reads them: all of them are there, and no stranger can make a new series."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as plain

from mailtickets.config.models import Config
from mailtickets.edges.http.families import FAMILIES
from mailtickets.edges.http.metrics import Format, Moment, Scene, rendered, wanted
from mailtickets.gateway.measures import Measures
from mailtickets.store.read.figures import Waiting
from tests.edges.metrics_scene import NOW, a_config, a_scene

Sample = tuple[str, frozenset[tuple[str, str]]]


def samples(scene: Scene, form: Format = "plain") -> dict[Sample, float]:
    text = rendered(scene, form).decode()
    families = (open_metrics if form == "openmetrics" else plain)(text)
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def value(shown: Mapping[Sample, float], name: str, **labels: str) -> float:
    return shown[name, frozenset(labels.items())]


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return a_config(tmp_path)


def test_every_metric_is_there_with_its_help_and_its_labels(config: Config) -> None:
    text = rendered(a_scene(config), "plain").decode()
    for family in FAMILIES:
        assert f"# HELP {family.name} {family.help}\n" in text
        [kind] = re.findall(rf"^# TYPE {family.name} (\w+)$", text, re.MULTILINE)
        name = f"{family.name}_count" if kind == "histogram" else family.name
        lines = re.findall(rf"^{name}(?:\{{(.*)\}})? ", text, re.MULTILINE)
        assert lines, family.name
        for line in lines:
            assert set(re.findall(r'(\w+)="', line)) == set(family.labels), family.name


def test_there_is_no_other_metric(config: Config) -> None:
    text = rendered(a_scene(config), "plain").decode()
    shown = set(re.findall(r"^# TYPE (\S+) ", text, re.MULTILINE))
    assert shown == {family.name for family in FAMILIES}
    assert "_created" not in text


def test_counts_and_times_are_those_of_the_gateway(config: Config) -> None:
    measures = Measures()
    measures.count("received", "smtp", by=3)
    measures.count("received", "imap:suporte")
    measures.count("decided", "opened", "new-mail")
    measures.count("delivered", "answer", "sent")
    measures.time("accept", 0.004, "smtp")
    measures.time("accept", 400.0, "smtp")
    shown = samples(a_scene(config, measures=measures))
    assert value(shown, "mailtickets_received_total", door="smtp") == 3
    assert value(shown, "mailtickets_received_total", door="imap:suporte") == 1
    assert value(shown, "mailtickets_received_total", door="lmtp") == 0  # there before the first one comes
    assert value(shown, "mailtickets_outcomes_total", outcome="opened", reason="new-mail") == 1
    assert value(shown, "mailtickets_deliveries_total", notice="answer", result="sent") == 1
    buckets = {le: value(shown, "mailtickets_accept_duration_seconds_bucket", kind="smtp", le=le) for le in LADDER}
    assert buckets == {"0.0025": 0, "0.005": 1, "300.0": 1, "+Inf": 2}
    assert value(shown, "mailtickets_accept_duration_seconds_count", kind="smtp") == 2
    assert value(shown, "mailtickets_accept_duration_seconds_sum", kind="smtp") == pytest.approx(400.004)


LADDER = ("0.0025", "0.005", "300.0", "+Inf")


def test_what_is_on_no_list_is_counted_as_other(config: Config) -> None:
    measures = Measures()
    for evil in ('x"} 1\nmailtickets_evil{a="', "imap:a-mailbox-of-yesterday", "maria@cliente.test"):
        measures.count("received", evil)
        measures.count("decided", "opened", evil)
        measures.count("withheld", evil)
    shown = samples(a_scene(config, measures=measures))
    assert value(shown, "mailtickets_received_total", door="other") == 3
    assert value(shown, "mailtickets_outcomes_total", outcome="opened", reason="other") == 3
    assert value(shown, "mailtickets_withheld_total", reason="other") == 3
    assert not [name for name, labels in shown if "evil" in name or any("maria" in text for _, text in labels)]


def test_queues_that_the_configuration_no_longer_has_are_one_series(config: Config) -> None:
    tickets = {("suporte", "open"): 2, ("antiga", "open"): 3, ("mais-antiga", "open"): 4}
    shown = samples(a_scene(config, tickets=tickets))
    assert value(shown, "mailtickets_tickets", queue="suporte", status="open") == 2
    assert value(shown, "mailtickets_tickets", queue="suporte", status="new") == 0
    assert value(shown, "mailtickets_tickets", queue="other", status="open") == 7


def test_what_waits_is_shown_with_a_moment_and_not_with_an_age(config: Config) -> None:
    shown = samples(a_scene(config, outbox={"deferred": Waiting(2, NOW - timedelta(hours=1))}))
    assert value(shown, "mailtickets_outbox_copies", state="deferred") == 2
    an_hour_ago = (NOW - timedelta(hours=1)).timestamp()
    assert value(shown, "mailtickets_outbox_oldest_timestamp_seconds", state="deferred") == an_hour_ago
    assert value(shown, "mailtickets_outbox_copies", state="queued") == 0
    assert value(shown, "mailtickets_outbox_oldest_timestamp_seconds", state="queued") == 0


def test_a_budget_that_is_used_up_is_an_open_breaker(config: Config) -> None:
    shown = samples(a_scene(config, budgets={"everybody": 1000, "known-everybody": 999}))
    assert value(shown, "mailtickets_budget_used", budget="everybody") == 1000
    assert value(shown, "mailtickets_budget_limit", budget="everybody") == 1000
    assert value(shown, "mailtickets_breaker_open", budget="everybody") == 1
    assert value(shown, "mailtickets_breaker_open", budget="known-everybody") == 0
    assert value(shown, "mailtickets_budget_used", budget="delivery-day") == 17
    assert value(shown, "mailtickets_budget_limit", budget="delivery-day") == 500
    assert ("mailtickets_breaker_open", frozenset({("budget", "delivery-day")})) not in shown


def test_accounts_are_those_of_the_configuration(config: Config) -> None:
    shown = samples(a_scene(config))
    a_minute_ago = (NOW - timedelta(minutes=1)).timestamp()
    assert (
        value(shown, "mailtickets_account_last_success_timestamp_seconds", kind="imap", account="suporte")
        == a_minute_ago
    )
    assert value(shown, "mailtickets_account_last_failure_timestamp_seconds", kind="oauth", account="microsoft") == 0
    in_time = (NOW + timedelta(minutes=40)).timestamp()
    assert value(shown, "mailtickets_token_expiry_timestamp_seconds", account="microsoft") == in_time
    assert not [labels for _, labels in shown if ("account", "outra") in labels]


def test_without_the_database_the_process_is_still_shown(config: Config) -> None:
    shown = samples(Scene(config, Measures(), Moment(NOW, ready={"database": "away"}), None))
    assert value(shown, "mailtickets_database_up") == 0
    assert value(shown, "mailtickets_ready", part="database") == 0
    assert value(shown, "process_start_time_seconds") == NOW.timestamp()
    assert value(shown, "process_resident_memory_bytes") > 1_000_000
    assert value(shown, "process_open_fds") >= 3
    assert not [name for name, _ in shown if name == "mailtickets_outbox_copies"]


def test_the_end_of_a_secret_is_the_beginning_of_its_day_where_the_desk_is(config: Config) -> None:
    shown = samples(a_scene(config))
    midnight = datetime(2027, 3, 1, 3, tzinfo=UTC).timestamp()  # in Sao Paulo
    assert value(shown, "mailtickets_secret_expiry_timestamp_seconds", account="microsoft") == midnight


PROMETHEUS = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;q=0.4,*/*;q=0.2"
)
"""The header that Prometheus 3 sends, shortened."""


def test_openmetrics_is_written_for_who_asks_for_it(config: Config) -> None:
    assert wanted(PROMETHEUS) == "openmetrics"
    assert rendered(a_scene(config), "openmetrics").endswith(b"# EOF\n")
    assert samples(a_scene(config), "openmetrics").keys() == samples(a_scene(config)).keys()


@pytest.mark.parametrize(
    "accept", ["", "*/*", "text/html", "text/plain;version=0.0.4", ";;;,,=", "\x00", "openmetrics"]
)
def test_everybody_else_gets_the_plain_format(accept: str) -> None:
    assert wanted(accept) == "plain"


def test_no_address_of_anybody_is_shown(config: Config) -> None:
    text = rendered(a_scene(config), "plain").decode()
    assert "@" not in text
    assert "ana" not in text.lower().replace("mailtickets_unanswered", "")
