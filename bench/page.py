"""What the benches share: runs that alternate, tables, the machine, and the sections of `docs/performance.md`.

A bench builds its section with `section`, and hands it to `publish`: it is printed, and with `--write` it replaces the
text between `<!-- bench:NAME -->` and `<!-- /bench:NAME -->` of the page. Nothing here measures anything.
*Fails with*: LookupError when the page has no such section.
"""

import argparse
import os
import platform
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"


def arguments(description: str | None) -> argparse.ArgumentParser:
    """A parser with `--write` and `--runs`, for a bench to add its own to."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="put the section into docs/performance.md")
    parser.add_argument("--runs", type=int, default=3, help="how often each contender runs; medians are shown")
    return parser


def alternate(contenders: Mapping[str, Callable[[], float]], runs: int) -> dict[str, list[float]]:
    """Every contender once, then every one again: what slows the machine for a while slows all of them."""
    results: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(runs):
        for name, run in contenders.items():
            results[name].append(run())
            print(f"  {name}: {results[name][-1]:,.1f}", file=sys.stderr, flush=True)
    return results


def spread(values: Sequence[float], digits: int = 0) -> str:
    """`1,234 (1,100–1,300)`: the median, and between what it lay."""
    middle, least, most = (f"{value:,.{digits}f}" for value in (median(values), min(values), max(values)))
    return middle if len(values) == 1 else f"{middle} ({least}–{most})"


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> str:
    """`1.52x`: our median as a multiple of theirs."""
    return f"{median(ours) / median(theirs):.2f}x"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The first column is names, the others are figures."""
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def section(title: str, body: str) -> str:
    """A section of the page: heading, body, and how it came to be."""
    made = f"Made by `{command()}` at {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {commit()}. {machine()}"
    return f"## {title}\n\n{body.strip()}\n\n{made}"


def publish(name: str, text: str, *, write: bool) -> None:
    print(text)
    if not write:
        return
    begin, end = f"<!-- bench:{name} -->", f"<!-- /bench:{name} -->"
    page = PAGE.read_text(encoding="utf-8")
    if begin not in page or end not in page:
        raise LookupError(f"{PAGE} has no section {name}")
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    PAGE.write_text(f"{before}{begin}\n\n{text.strip()}\n\n{end}{after}", encoding="utf-8")


def command() -> str:
    """As somebody at the root of the repository would type it."""
    words = [f"bench/{Path(sys.argv[0]).name}", *sys.argv[1:]]
    return " ".join(["python", *(word for word in words if word != "--write")])


def commit() -> str:
    shown = ["git", "-C", str(PAGE.parent), "describe", "--always", "--dirty", "--abbrev=10"]
    asked = subprocess.run(shown, check=False, capture_output=True, text=True)
    return asked.stdout.strip() or "unknown"


def machine() -> str:
    cpus = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{processor()}, {cpus} cores, {memory:.0f} GiB, {file_system(Path.cwd())}; Linux {platform.release()}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}."
    )


def processor() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()


def file_system(path: Path) -> str:
    """The type of what the path lies on."""
    mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    holding = [(mount, kind) for mount, kind in mounts if path.resolve().is_relative_to(mount)]
    return max(holding, key=lambda pair: len(pair[0]))[1]
