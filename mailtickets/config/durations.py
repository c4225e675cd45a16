"""Durations as the configuration file writes them: `30m`, `4h`, `2d`. Imports nothing heavy."""

import re
from datetime import timedelta

_DURATION = re.compile(r"(\d+)([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def span(duration: str) -> timedelta | None:
    """Reads a duration such as `30m`, `4h`, `2d`. None for text that is not a duration."""
    found = _DURATION.fullmatch(duration)
    return timedelta(seconds=int(found[1]) * _SECONDS[found[2]]) if found else None
