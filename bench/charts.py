"""What charts cost: a process that makes pictures of them, beside one that does it with matplotlib.

    python bench/charts.py [--write] [--runs 9]

Each run is a process of its own, as the desk starts one for each report: its time by the clock, its CPU time, and the
most memory that it held. Both draw the same figures of 30 days: bars of what was opened and resolved, and the backlog
as a line. matplotlib is no dependency: it is measured where MATPLOTLIB_PYTHON names an interpreter that has it, without
pyplot, in the same size, with its own DejaVu Sans and its caches of fonts made.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import sin
from pathlib import Path
from statistics import median

import page

from mailtickets.desk.figures.report import Counts, DeskReport, Period, ReportFigures, ReportRow, Satisfaction, Times
from mailtickets.views.charts import CHARTS, ChartName, svg

MATPLOTLIB = """
import io, json, sys
from base64 import b64encode
from matplotlib.figure import Figure
from matplotlib.backends.backend_agg import FigureCanvasAgg
drawn = []
for chart in json.load(sys.stdin):
    figure = Figure(figsize=(4.4, 3), dpi=200, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_title(chart["title"])
    days = range(len(chart["days"]))
    if "opened" in chart:
        axes.bar(days, chart["opened"], label="opened")
        axes.bar(days, [-one for one in chart["resolved"]], label="resolved")
        axes.legend()
    else:
        axes.plot(days, chart["backlog"])
        axes.fill_between(days, chart["backlog"], alpha=0.2)
        axes.set_ylim(0)
    axes.set_xticks(list(days)[::7], chart["days"][::7])
    written = io.BytesIO()
    figure.savefig(written, format="png")
    drawn.append(b64encode(written.getvalue()).decode())
json.dump(drawn, sys.stdout)
"""

LOOK_SECONDS = 0.003


@dataclass(frozen=True)
class Cost:
    """Of one process."""

    clock_ms: float
    cpu_ms: float
    mib: float
    kib: float
    """Of the pictures together."""


def month() -> DeskReport:
    first, days = date(2026, 11, 1), []
    for place in range(30):
        opened, resolved = round(20 + 9 * sin(place * 2.1)), round(20 + 8 * sin(place * 1.3))
        length = timedelta(minutes=60 + 40 * sin(place))
        days.append(
            ReportRow(
                (first + timedelta(days=place)).isoformat(),
                ReportFigures(
                    Counts(opened=opened, resolved=resolved, backlog=40 + round(20 * sin(place / 5))),
                    first_answer=Times(opened, 0, length, length * 3),
                    satisfaction=Satisfaction(20, 5, 4, 0.4, 0.9),
                ),
            )
        )
    hours = {(day, hour): round(9 + 9 * sin(day + hour)) for day in range(7) for hour in range(24)}
    total = ReportFigures(Counts(opened=600, resolved=600), Times(600, 0, timedelta(hours=1), timedelta(hours=3)))
    return DeskReport("", Period(first, date(2026, 11, 30)), (), True, total, ReportFigures(),
                      days=tuple(days), hours=hours)  # fmt: skip


def cost(command: Sequence[str], reads: str) -> Cost:
    """Of a process that reads charts and writes pictures."""
    with tempfile.TemporaryFile("w+b") as given, tempfile.TemporaryFile("w+b") as written:
        given.write(reads.encode())
        given.seek(0)
        begun = time.perf_counter()
        process = subprocess.Popen(command, stdin=given, stdout=written)
        peak = 0.0
        while not (ended := os.wait4(process.pid, os.WNOHANG))[0]:
            peak = max(peak, held(process.pid))
            time.sleep(LOOK_SECONDS)
        _, status, used = ended
        took = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0, command
        written.seek(0)
        pictures = [b64decode(picture) for picture in json.load(written)]
    octets = sum(map(len, pictures))
    return Cost(took * 1000, (used.ru_utime + used.ru_stime) * 1000, peak, octets / 1024)


def held(process: int) -> float:
    """Megabytes: the most that it has held so far. (What wait4 says includes its parent, from before exec.)"""
    with contextlib.suppress(OSError, IndexError):
        return int(Path(f"/proc/{process}/status").read_text().partition("VmHWM:")[2].split()[0]) / 1024
    return 0.0


def ours(which: Sequence[ChartName]) -> Cost:
    found = month()
    reads = json.dumps([svg(found, name, "pt_BR") for name in which])
    return cost([sys.executable, "-P", "-m", "mailtickets.gateway.chart_pictures"], reads)


def theirs(python: str, which: Sequence[ChartName]) -> Cost:
    found = month()
    opened, resolved, backlog = (
        [getattr(day.figures.counts, key) for day in found.days] for key in ("opened", "resolved", "backlog")
    )
    days = [day.value[5:] for day in found.days]
    known = {
        "volume": {"title": "Chamados abertos e resolvidos", "days": days, "opened": opened, "resolved": resolved},
        "backlog": {"title": "Chamados em aberto", "days": days, "backlog": backlog},
    }
    return cost([python, "-c", MATPLOTLIB], json.dumps([known[name] for name in which]))


def drawing_ms() -> float:
    """CPU of the texts of all five charts, which the desk makes itself."""
    found = month()
    begun = time.process_time()
    for name in CHARTS:
        svg(found, name, "pt_BR")
    return (time.process_time() - begun) * 1000


def main() -> None:
    arguments = page.arguments(__doc__).parse_args()
    python = os.environ.get("MATPLOTLIB_PYTHON", "")
    two: tuple[ChartName, ...] = ("volume", "backlog")
    contenders = {
        "ours, two charts": lambda: ours(two),
        "ours, all five": lambda: ours(CHARTS),
        "an empty process of Python": lambda: cost([sys.executable, "-P", "-c", "print([])"], ""),
    }
    if python:
        contenders["matplotlib, the same two"] = lambda: theirs(python, two)
    found: dict[str, list[Cost]] = {name: [] for name in contenders}
    for run in range(arguments.runs + 1):
        for name, measure in contenders.items():
            made = measure()
            if run:  # the first one fills the caches of files, and of matplotlib's fonts
                found[name].append(made)
                print(f"  {name}: {made}", file=sys.stderr, flush=True)
    rows = [
        [
            name,
            page.spread([one.clock_ms for one in costs]),
            page.spread([one.cpu_ms for one in costs]),
            f"{median(one.mib for one in costs):.0f} MiB",
            f"{median(one.kib for one in costs):.0f} KiB" if any(one.kib for one in costs) else "",
        ]
        for name, costs in found.items()
    ]
    texts = median(drawing_ms() for _ in range(20))
    body = (
        f"{page.table(['a process of its own', 'ms', 'ms of CPU', 'most memory', 'pictures'], rows)}\n\n"
        f"The SVG of all five charts takes {texts:.1f} ms of CPU in the desk itself. Pictures are 880 pixels wide. "
        "The time by the clock is also that of whatever else the machine did: trust the CPU."
    )
    if not python:
        body += " matplotlib was not there to be measured."
    page.publish("charts", page.section("Charts", body), write=arguments.write)


if __name__ == "__main__":
    main()
