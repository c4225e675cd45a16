"""The figures of a desk in Prometheus' words: names, help and labels, and the text that Prometheus reads.

In: a `Scene`, which does not change while it is shown. Out: octets, in the text format or in OpenMetrics, as the reader
asks. Runs in a thread, because 200 lines with labels take 5 to 15 ms.
Limits: values of labels come from closed lists (`labels`).
"""

import os
import platform
import resource
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from importlib.metadata import version
from itertools import accumulate
from pathlib import Path
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from prometheus_client import CollectorRegistry, disable_created_metrics
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from mailtickets.config.models import Config
from mailtickets.desk.model.ticket import Status
from mailtickets.desk.notices.budget import BudgetLine, shared_lines
from mailtickets.edges.http.families import BUILD, COUNTS, CPU, GAUGES, TIMES
from mailtickets.edges.http.labels import OTHER, Lists
from mailtickets.gateway.measures import BOUNDS, Counted, Measures
from mailtickets.store.read.figures import WAITING_IN, WAITING_OUT, Figures, Waiting

disable_created_metrics()  # type: ignore[no-untyped-call]  # a series `..._created` for each counter would double them

DELIVERY_DAY = "delivery-day"
"""The name of `delivery.max_per_day` among the budgets. It holds mail back and withholds none, so it is no breaker."""

_FROM_START: Mapping[Counted, tuple[tuple[str, ...], ...]] = {
    "not-decided": (("deferred",), ("failed",)),
    "worker-restarted": (("took-too-long",), ("died",), ("died-idle",)),
}
"""Series that are there from the start with 0, so that Prometheus sees the first increase."""


# --- what is shown ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Moment:
    """What this process is doing just now."""

    started_at: datetime
    ready: Mapping[str, str] = field(default_factory=dict)
    reload_succeeded: bool = True
    reloaded_at: datetime | None = None
    connections: Mapping[str, int] = field(default_factory=dict)
    sending: int = 0
    rest_until: datetime | None = None
    disk_free_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """All that one answer shows. `figures` is None when the database did not answer."""

    config: Config
    measures: Measures
    moment: Moment
    figures: Figures | None


Format = Literal["plain", "openmetrics"]

MEDIA_TYPES: Mapping[Format, str] = {
    "plain": "text/plain; version=0.0.4; charset=utf-8",
    "openmetrics": "application/openmetrics-text; version=1.0.0; charset=utf-8",
}


def wanted(accept: str) -> Format:
    """The format that an Accept header asks for. Prometheus asks for OpenMetrics first; everybody reads the other."""
    kinds = (part.partition(";")[0].strip().lower() for part in accept.split(","))
    return "openmetrics" if "application/openmetrics-text" in kinds else "plain"


def rendered(scene: Scene, form: Format) -> bytes:
    """The text that Prometheus reads."""
    registry = CollectorRegistry()
    registry.register(_Shown(scene))
    if form == "openmetrics":
        text: bytes = openmetrics.generate_latest(registry)  # type: ignore[no-untyped-call]
        return text
    return generate_latest(registry)


class _Shown(Collector):
    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def collect(self) -> Iterable[Metric]:
        scene, lists = self._scene, Lists.of(self._scene.config)
        yield _build(scene.config)
        yield from _counters(scene.measures, lists)
        yield from _histograms(scene.measures)
        yield from _now(scene.moment)
        yield _gauge("database_up", {(): scene.figures is not None})
        if scene.figures is not None:
            yield from _waiting(scene.figures)
            yield from _tickets(scene.figures, lists)
            yield from _budgets(scene.figures, scene.config)
            yield from _accounts(scene.figures, lists)
            yield _gauge("database_size_bytes", {(): scene.figures.database_bytes})
            yield _gauge("lease_until_timestamp_seconds", _by(lists.leases, _seconds_each(scene.figures.leases)))
        yield _gauge("secret_expiry_timestamp_seconds", _secrets(scene.config))
        yield from _process(scene.moment.started_at)


Samples = Mapping[tuple[str, ...], float]


def _by(allowed: frozenset[str], values: Mapping[str, float]) -> Samples:
    """Values by one label, without those whose name is not on the list: moments cannot be added up."""
    return {(name,): value for name, value in values.items() if name in allowed}


# --- families -----------------------------------------------------------------------------------------


def _gauge(key: str, samples: Samples) -> Metric:
    family = GAUGES[key]
    made = GaugeMetricFamily(family.name, family.help, labels=family.labels)
    for labels, value in sorted(samples.items()):
        made.add_metric(labels, value)
    return made


def _build(config: Config) -> Metric:
    made = InfoMetricFamily(BUILD.name.removesuffix("_info"), BUILD.help)
    database = config.database.url.partition(":")[0]
    made.add_metric((), {"version": version("mailtickets"), "python": platform.python_version(), "database": database})
    return made


def _counters(measures: Measures, lists: Lists) -> Iterator[Metric]:
    starts = {**_FROM_START, **{what: tuple((door,) for door in lists.labels["door"]) for what in _BY_DOOR}}
    for what, family in COUNTS.items():
        sums: Counter[tuple[str, ...]] = Counter(dict.fromkeys(starts.get(what, ()), 0))
        for labels, count in measures.counts.get(what, {}).items():
            sums[lists.closed(family.labels, labels)] += count
        made = CounterMetricFamily(family.name, family.help, labels=family.labels)
        for labels, count in sorted(sums.items()):
            made.add_metric(labels, count)
        yield made


_BY_DOOR: tuple[Counted, ...] = ("received", "received-bytes", "received-again")


def _histograms(measures: Measures) -> Iterator[Metric]:
    bounds = [*(str(bound) for bound in BOUNDS), "+Inf"]
    for what, family in TIMES.items():
        made = HistogramMetricFamily(family.name, family.help, labels=family.labels)
        for (timed, labels), times in sorted(measures.times.items()):
            if timed == what:
                buckets = list(zip(bounds, accumulate(times.classes), strict=True))
                made.add_metric(labels, buckets, times.seconds)
        yield made


def _now(moment: Moment) -> Iterator[Metric]:
    yield _gauge("ready", {(part,): not trouble for part, trouble in moment.ready.items()})
    yield _gauge("config_reload_successful", {(): moment.reload_succeeded})
    yield _gauge("config_reload_timestamp_seconds", {(): _seconds(moment.reloaded_at or moment.started_at)})
    yield _gauge("connections", {(kind,): count for kind, count in moment.connections.items()})
    yield _gauge("delivery_connections", {(): moment.sending})
    yield _gauge("delivery_rest_until_timestamp_seconds", {(): _seconds(moment.rest_until)})
    yield _gauge("disk_free_bytes", {(): moment.disk_free_bytes} if moment.disk_free_bytes is not None else {})


def _waiting(figures: Figures) -> Iterator[Metric]:
    yield from _sizes("inbound_messages", "inbound_oldest_timestamp_seconds", figures.inbound, WAITING_IN)
    yield from _sizes("outbox_copies", "outbox_oldest_timestamp_seconds", figures.outbox, WAITING_OUT)
    queues = tuple(figures.unanswered)
    yield from _sizes("unanswered_tickets", "unanswered_oldest_timestamp_seconds", figures.unanswered, queues)


def _sizes(counts: str, since: str, waiting: Mapping[str, Waiting], names: Iterable[str]) -> Iterator[Metric]:
    yield _gauge(counts, {(name,): waiting[name].count for name in names})
    yield _gauge(since, {(name,): _seconds(waiting[name].since) for name in names})


def _tickets(figures: Figures, lists: Lists) -> Iterator[Metric]:
    sums: Counter[tuple[str, ...]] = Counter(
        {(queue, status): 0 for queue in lists.queues for status in get_args(Status)}
    )
    for (queue, status), count in figures.tickets.items():
        sums[queue if queue in lists.queues else OTHER, status] += count
    yield _gauge("tickets", sums)


def _budgets(figures: Figures, config: Config) -> Iterator[Metric]:
    limits = {line.key: line.limit for line in lines_of(config)}
    per_day = config.delivery.max_per_day
    day = {DELIVERY_DAY: (figures.sent_in_a_day, per_day)} if per_day else {}
    sizes = {key: (figures.budgets[key], limit) for key, limit in limits.items()} | day
    yield _gauge("budget_used", {(key,): used for key, (used, _) in sizes.items()})
    yield _gauge("budget_limit", {(key,): limit for key, (_, limit) in sizes.items()})
    yield _gauge("breaker_open", {(key,): figures.budgets[key] >= limit for key, limit in limits.items()})


def lines_of(config: Config) -> tuple[BudgetLine, ...]:
    """The budgets that are shown."""
    return shared_lines(config.budget, config.delivery.max_per_day)


def _accounts(figures: Figures, lists: Lists) -> Iterator[Metric]:
    """Accounts that the configuration no longer has are left out."""
    known = [one for one in figures.accounts if (one.kind, one.name) in lists.accounts]
    success, failure = "account_last_success_timestamp_seconds", "account_last_failure_timestamp_seconds"
    yield _gauge(success, _newest(((one.kind, one.name), one.last_success_at) for one in known))
    yield _gauge(failure, _newest(((one.kind, one.name), one.last_failure_at) for one in known))
    ends = (((one.name,), one.expires_at) for one in known if one.kind == "oauth" and one.expires_at)
    yield _gauge("token_expiry_timestamp_seconds", _newest(ends))
    yield _gauge("alarms", {(): figures.alarms})


def _newest(moments: Iterable[tuple[tuple[str, ...], datetime | None]]) -> Samples:
    """The newest moment under each name: what went well at one gateway went well."""
    found: dict[tuple[str, ...], float] = {}
    for key, moment in moments:
        found[key] = max(found.get(key, 0.0), _seconds(moment))
    return found


def _secrets(config: Config) -> Samples:
    """The day that a secret ends counts as its beginning, where the desk is."""
    zone = ZoneInfo(config.instance.timezone)
    return {
        (account.name,): datetime.combine(datetime.fromisoformat(account.expires), time(), zone).timestamp()
        for account in config.oauth
        if account.expires
    }


def _process(started_at: datetime) -> Iterator[Metric]:
    """Not by prometheus-client, which finds nothing where /proc shows processes and nothing else (ProcSubset=pid)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    yield _gauge("process_start_time_seconds", {(): started_at.timestamp()})
    yield _gauge("process_resident_memory_bytes", {(): pages * resource.getpagesize()})
    yield _gauge("process_open_fds", {(): len(list(Path("/proc/self/fd").iterdir()))})
    yield _gauge("process_max_fds", {(): resource.getrlimit(resource.RLIMIT_NOFILE)[0]})
    made = CounterMetricFamily(CPU.name, CPU.help)
    made.add_metric((), os.times().user + os.times().system)
    yield made


def _seconds(moment: datetime | None) -> float:
    return moment.timestamp() if moment else 0.0


def _seconds_each(moments: Mapping[str, datetime]) -> dict[str, float]:
    return {name: _seconds(moment) for name, moment in moments.items()}
