"""Daemons that live short lives: fifty fit into a minute, because none has to import the program anew.

    with Cradle() as cradle:
        life = cradle.begin(desk)
        life.kill()

A life is the same program with the same configuration as by `mailtickets run`, but forked from a process that has
imported it already. What is done to it is done by real signals. *Fails with* AssertionError and the daemon's log.
"""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from tests.system.desk import Desk

SCRIPT = Path(__file__).with_name("cradle.py")


class Life:
    """One daemon, from its beginning to its end."""

    def __init__(self, cradle: "subprocess.Popen[str]", desk: Desk, pid: int) -> None:
        self._cradle, self._desk, self.pid = cradle, desk, pid
        self.status: int | None = None

    @property
    def is_ready(self) -> bool:
        """Whether everything listens."""
        return self._desk.ready_line() != ""

    @property
    def is_alive(self) -> bool:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def wait(self) -> int:
        """Its exit status, when it has ended; negative is the signal that it died of."""
        if self.status is None:
            assert self._cradle.stdout is not None
            self.status = int(self._cradle.stdout.readline())
        return self.status

    def close(self) -> None:
        """Ends it and its workers, if anything is left of them."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.wait()


class Cradle:
    """The process that has imported the program. One life at a time."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._last: Life | None = None

    def __enter__(self) -> "Cradle":
        self._process = subprocess.Popen(
            [sys.executable, str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/"
        )
        return self

    def __exit__(self, *_: object) -> None:
        if self._last is not None:
            self._last.close()
        assert self._process is not None
        self._process.communicate()

    def begin(self, desk: Desk, **environment: str) -> Life:
        """Starts a daemon on the desk's configuration and waits for nothing."""
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._last is None or self._last.status is not None, "one life at a time"
        desk.stdout.unlink(missing_ok=True)
        order = {
            "arguments": ["-c", str(desk.config), "run"],
            "environment": environment,
            "stdout": str(desk.stdout),
            "stderr": str(desk.stderr),
        }
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        self._last = Life(self._process, desk, int(self._process.stdout.readline()))
        return self._last
