"""A bar on a terminal that shows how far long work has come, and how long it will still take. Nothing elsewhere."""

import os
import sys
import time
from typing import TextIO

_EVERY_SECONDS = 0.1
_WIDTH = 30


class Progress:
    """`label 4711/10000 [=====>    ] 47 %  210/s  0:25 left`, written over itself on stderr."""

    def __init__(self, label: str, total: int | None = None, stream: TextIO | None = None) -> None:
        self._label, self._total, self._stream = label, total, stream or sys.stderr
        self._shows = self._stream.isatty() and os.environ.get("TERM") != "dumb"
        self._begun, self._shown_at, self._done = time.monotonic(), 0.0, 0

    def advance(self, by: int = 1) -> None:
        self._done += by
        now = time.monotonic()
        if self._shows and now - self._shown_at >= _EVERY_SECONDS:
            self._shown_at = now
            self._write(self.line(self._done, now - self._begun))

    def close(self) -> None:
        """Leaves the last state on the terminal."""
        if self._shows:
            self._write(self.line(self._done, time.monotonic() - self._begun) + "\n")

    def say(self, line: str) -> None:
        """Writes a line of its own, above the bar."""
        self._stream.write(f"\r\x1b[K{line}\n" if self._shows else f"{line}\n")
        self._stream.flush()

    def line(self, done: int, seconds: float) -> str:
        speed = done / seconds if seconds > 0 else 0.0
        if not self._total:
            return f"{self._label} {done}  {speed:.0f}/s"
        part = min(1.0, done / self._total)
        bar = ("=" * int(part * _WIDTH)).ljust(_WIDTH)
        left = round((self._total - done) / speed) if speed else 0
        return f"{self._label} {done}/{self._total} [{bar}] {part * 100:3.0f} %  {speed:.0f}/s  {_clock(left)} left"

    def _write(self, text: str) -> None:
        self._stream.write(f"\r\x1b[K{text}")
        self._stream.flush()


def _clock(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    minutes = f"{rest // 60}:{rest % 60:02d}"
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else minutes
