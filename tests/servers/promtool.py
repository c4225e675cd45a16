"""Prometheus' own checker of rules and metrics, from its Debian package: `tests/servers/install` fetches it.

    said = promtool("check", "rules", "docs/prometheus/alerts.yml")

*Fails with* a skip where promtool is not there, a failure in CI; AssertionError and what it said when it complains.
"""

import os
import shutil
import subprocess
from pathlib import Path

from tests.servers import require


def program() -> str:
    """The path of promtool: that of the machine, or the one in the cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mailtickets" / "prometheus"
    cached = cache / "usr" / "bin" / "promtool"
    return str(cached) if cached.exists() and not shutil.which("promtool") else require("promtool", "prometheus")


def promtool(*words: str | Path, given: str = "", directory: Path | None = None) -> str:
    """What it says; it must be content."""
    done = subprocess.run(
        [program(), *map(str, words)],
        input=given,
        capture_output=True,
        text=True,
        check=False,
        cwd=directory,
        timeout=120,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said
