"""a desk under steady mixed load for SOAK_SECONDS (`make soak`): does it grow, does it tire, do its books add up?

Every `SAMPLE_SECONDS` memory and descriptors of the daemon and its workers are read from /proc; all the while another
client says NOOP, which takes as long as the event loop lets others wait. The first fifth of the time is left out.
"""

import asyncio
import os
import random
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.chaos.books import Books
from tests.chaos.campaign import ENVIRONMENT, Report, campaign_config, finish, ready, seed_of
from tests.chaos.lives import Cradle, Life
from tests.chaos.load import Load
from tests.chaos.noop import Prober
from tests.system.conftest import DeskMaker

SECONDS = int(os.environ.get("SOAK_SECONDS", "0"))
PAUSE_SECONDS = 1.0
"""Between two mails of one customer: some ten mails a second in all."""
SAMPLE_SECONDS = 5
MOST_MB_AN_HOUR = 60
"""More is a leak for certain. What a mail leaves behind by design (caches that fill) shows in the first minutes."""

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.skipif(not SECONDS, reason="a soak is asked for by `make soak`, or SOAK_SECONDS"),
    pytest.mark.timeout(SECONDS + 600),
]


@dataclass(frozen=True)
class Sample:
    at: float
    daemon_mb: float
    all_mb: float
    descriptors: int


def sample(life: Life) -> Sample:
    pids = [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/stat") if group_of(path) == life.pid]
    rss = {pid: resident_mb(pid) for pid in pids}
    descriptors = len(list(Path(f"/proc/{life.pid}/fd").iterdir()))
    return Sample(time.monotonic(), rss.get(life.pid, 0), sum(rss.values()), descriptors)


def group_of(stat: Path) -> int:
    try:
        return int(stat.read_text().rpartition(")")[2].split()[2])
    except OSError:  # it has ended meanwhile
        return 0


def resident_mb(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)
    except OSError:
        return 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_desk_under_steady_load_does_not_grow_and_its_books_add_up(
    database_url: str, make_desk: DeskMaker, cradle: Cradle, told: list[str]
) -> None:
    report = Report("sqlite", seed_of(os.environ.get("CHAOS_SEED", "")))
    load = Load(random.Random(report.seed), dropped=0.2, pause_seconds=PAUSE_SECONDS)
    samples: list[Sample] = []
    async with load.servers():
        desk = make_desk(campaign_config(load, database_url))
        life = cradle.begin(desk, **ENVIRONMENT)
        await ready(desk, life)
        with Prober(desk).at_work() as prober:
            async with load.writing(desk):
                end = time.monotonic() + SECONDS
                while time.monotonic() < end:
                    await asyncio.sleep(min(SAMPLE_SECONDS, SECONDS / 20))
                    samples.append(sample(life))
                await finish(desk, life, load, Books(desk, database_url), report)
    told.extend(lines(samples, prober, report))
    steady = samples[len(samples) // 5 :]
    if SECONDS >= 300:
        assert slope_an_hour(steady) < MOST_MB_AN_HOUR
    assert max(s.descriptors for s in steady) <= min(s.descriptors for s in steady) + 40, "sessions come and go"


def slope_an_hour(samples: list[Sample]) -> float:
    """Megabytes that the daemon grows by in an hour, by least squares."""
    return 3600 * statistics.linear_regression([s.at for s in samples], [s.daemon_mb for s in samples]).slope


def lines(samples: list[Sample], prober: Prober, report: Report) -> list[str]:
    steady = samples[len(samples) // 5 :]
    first, last = steady[0], steady[-1]
    descriptors = [s.descriptors for s in steady]
    return [
        f"soak of {SECONDS} s: {report.sums()}",
        f"  daemon RSS {first.daemon_mb:.0f} to {last.daemon_mb:.0f} MB, {slope_an_hour(steady):+.1f} MB an hour",
        f"  with workers {last.all_mb:.0f} MB; descriptors {min(descriptors)} to {max(descriptors)}",
        f"  {prober}",
    ]
