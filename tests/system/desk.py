"""mailtickets as those who run it have it: a configuration file, a daemon, a command line.

Owns one directory with `config.toml`, the state below `var`, and what the daemon said. Everything goes through the
documented ways in: the file, the process and its signals, the commands and their JSON.
*Fails with* AssertionError and the daemon's log.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from tests.system import warm

T = TypeVar("T")

_NUMBERS = count(1)

# As sd_listen_fds(3) has it: the socket is descriptor 3, and LISTEN_PID is the daemon itself.
PASS_ON = """\
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
os.execv(sys.argv[2], sys.argv[2:])
"""

PROGRAM = Path(sys.executable).parent / "mailtickets"
STARTED_BY_MACHINES = ("deliver", "run")
PATIENCE_SECONDS = 90
"""Long, because the machine may be busy; nothing asserts that anything took less."""
INHERITED = ("PATH", "HOME", "LANG", "TZ", "PYTHONPATH", "COVERAGE_PROCESS_START")


class Desk:
    """One instance. The file is written at once, and anew by `configure`.

    A `quick` one is a fork of a process that has imported the program: for tests of what a desk does with mail.
    """

    def __init__(
        self, directory: Path, config: str, environment: Mapping[str, str] | None = None, *, quick: bool = False
    ) -> None:
        self.directory, self.quick = directory, quick
        self.config = directory / "config.toml"
        self.state_dir = directory / "var"
        name = f"said-{next(_NUMBERS)}"
        self.stdout, self.stderr = directory / f"{name}.out", directory / f"{name}.err"
        self._environment = dict(environment or {})
        self.process: subprocess.Popen[bytes] | warm.Program | None = None
        self.configure(config)

    def configure(self, text: str) -> None:
        self.config.write_text(text, encoding="utf-8")

    # --- the daemon --------------------------------------------------------------------------------

    def start(self, environment: Mapping[str, str] | None = None, *, passed: socket.socket | None = None) -> None:
        """Starts it and waits for its `ready` line; `passed` is a listening socket, as systemd passes one."""
        self.launch(environment, passed=passed)
        wait_for(self._ready, "the ready line", self.log)

    def launch(self, environment: Mapping[str, str] | None = None, *, passed: socket.socket | None = None) -> None:
        """Starts it and waits for nothing."""
        assert self.process is None, "it runs already"
        self.stdout.unlink(missing_ok=True)
        if self.quick and passed is None:
            self._launch_quickly(environment)
            return
        words = [str(PROGRAM), "-c", str(self.config), "run"]
        if passed is not None:
            words = [sys.executable, "-c", PASS_ON, str(passed.fileno()), *words]
        with self.stdout.open("ab") as stdout, self.stderr.open("ab") as stderr:
            self.process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, cwd=self.directory,
                env=self._env(environment), pass_fds=[passed.fileno()] if passed else [], start_new_session=True,
            )  # fmt: skip

    def _launch_quickly(self, environment: Mapping[str, str] | None) -> None:
        arguments = ["-c", str(self.config), "run"]
        nothing = Path(os.devnull)
        with nothing.open("rb") as stdin, self.stdout.open("ab") as stdout, self.stderr.open("ab") as stderr:
            files = (stdin, stdout, stderr)
            self.process = warm.Program(arguments, self._env(environment), files, str(self.directory))

    def _ready(self) -> bool:
        assert self.process is not None
        code = self.process.poll()
        assert code is None, f"it ended with {code} before it was ready:\n{self.log()}"
        return self.ready_line() != ""

    def ready_line(self) -> str:
        """`ready smtp=... lmtp=...`, or nothing yet."""
        said = self.stdout.read_text() if self.stdout.exists() else ""
        return next((line for line in said.splitlines() if line.startswith("ready ")), "")

    def listens(self, door: str) -> list[str]:
        """Where it listens for `smtp` or `lmtp`, by its ready line."""
        fields = dict(field.partition("=")[::2] for field in self.ready_line().split()[1:])
        return [place for place in fields.get(door, "").split(",") if place]

    @property
    def smtp_port(self) -> int:
        return int(self.listens("smtp")[0].rpartition(":")[2])

    def stop(self) -> int:
        """SIGTERM, as systemd does it; the exit status once it has gone."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        """SIGKILL: no warning, no last word."""
        self.signal(signal.SIGKILL)
        self.wait()

    def workers(self) -> dict[int, float]:
        """The processes that read mail, and the seconds of CPU each has used.

        They are the daemon's grandchildren: its child is the fork server.
        """
        assert self.process is not None
        return {worker: used for child in _children(self.process.pid) for worker, used in _children(child).items()}

    def leaves_nobody(self, group: int) -> bool:
        """Whether no process of this group, a daemon's former id, is left."""
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        return False

    def signal(self, number: int) -> None:
        assert self.process is not None, "it does not run"
        self.process.send_signal(number)

    def wait(self) -> int:
        """Its exit status (negative: the signal it died of), when it has ended by itself."""
        assert self.process is not None
        try:
            return self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it does not end:\n{self.log()}") from None
        finally:
            self.process = None if self.process.poll() is not None else self.process

    def close(self) -> None:
        """Ends what still runs, workers included."""
        process, self.process = self.process, None
        if process is not None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def log(self) -> str:
        """Everything it has said on stderr, over all its lives."""
        return self.stderr.read_text(errors="replace") if self.stderr.exists() else ""

    # --- the command line --------------------------------------------------------------------------

    def command(
        self,
        *words: str | int,
        given: str | bytes = b"",
        environment: Mapping[str, str] | None = None,
        user: str | None = None,
    ) -> subprocess.CompletedProcess[bytes]:
        """A command as somebody types it: its exit status and all it says.

        By a process that is warm, except what systemd and an MTA start, and except with variables or a user of its own,
        or with other modules than ours: these are the installed program in a new process.
        """
        arguments = ["-c", str(self.config), *(str(word) for word in words)]
        octets = given.encode() if isinstance(given, str) else given
        typed = words[0] not in STARTED_BY_MACHINES
        if typed and environment is None and user is None and "PYTHONPATH" not in self._environment:
            return warm.run(arguments, self._env(None), given=octets, timeout=PATIENCE_SECONDS)
        return subprocess.run(
            [str(PROGRAM), *arguments], input=octets, capture_output=True, check=False, env=self._env(environment),
            cwd="/", timeout=PATIENCE_SECONDS, user=user,
        )  # fmt: skip

    def cli(self, *words: str | int, given: str | bytes = b"") -> Any:
        """The JSON that a command prints; it must have been done. By a process that is warm: tests ask much."""
        arguments = ["-c", str(self.config), *(str(word) for word in words), "--json"]
        octets = given.encode() if isinstance(given, str) else given
        done = warm.run(arguments, self._env(None), given=octets, timeout=PATIENCE_SECONDS)
        assert done.returncode == 0, f"{words} exits {done.returncode}: {done.stderr.decode()}\n{self.log()}"
        return json.loads(done.stdout)

    def tickets(self) -> list[dict[str, Any]]:
        """All of them, the oldest first, with messages and events."""
        return [self.ticket(found["number"]) for found in reversed(self.cli("ticket", "list"))]

    def ticket(self, number: int) -> dict[str, Any]:
        shown: dict[str, Any] = self.cli("ticket", "show", number)
        return shown

    def inbound(self) -> list[dict[str, Any]]:
        """The ledger, the oldest first."""
        listed: list[dict[str, Any]] = self.cli("inbound", "list")
        return listed[::-1]

    def outbox(self) -> list[dict[str, Any]]:
        """What was sent or waits to be, the oldest first."""
        listed: list[dict[str, Any]] = self.cli("outbox", "list")
        return listed[::-1]

    def wait_for(self, condition: Callable[[], T], what: str) -> T:
        """What `condition` gives, as soon as it is something."""
        return wait_for(condition, what, self.log)

    def wait_until_done(self, count: int) -> list[dict[str, Any]]:
        """The ledger, when it has `count` rows and each has its outcome."""

        def decided() -> list[dict[str, Any]]:
            rows = self.inbound()
            return rows if len(rows) >= count and all(row["outcome"] for row in rows) else []

        return self.wait_for(decided, f"{count} decided mails")

    def _env(self, more: Mapping[str, str] | None) -> dict[str, str]:
        """A clean environment: nothing of the test run's own reaches the daemon."""
        kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
        return kept | self._environment | dict(more or {})


def _children(parent: int) -> dict[int, float]:
    """A process's children and the seconds of CPU that each has used, from /proc (proc(5), stat)."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[1]) == parent:
                found[int(stat.parent.name)] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return found


def wait_for(condition: Callable[[], T], what: str, log: Callable[[], str] = str) -> T:
    """Asks until the answer is true, then returns it."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not (answer := condition()):
        assert time.monotonic() < give_up, f"waited in vain for {what}\n{log()}"
        time.sleep(0.1)
    return answer


def config(*tables: str, smtp_port: int, database: str = "sqlite:///mailtickets.db", **instance: str) -> str:
    """A configuration file: one queue, two agents; further tables as they stand in the file."""
    keys = "".join(f'{key} = "{value}"\n' for key, value in instance.items())
    return "\n".join([BASE.format(smtp_port=smtp_port, database=database, keys=keys), *tables])


MAILDIR = """\
[delivery]
method = "maildir"
"""

BASE = """\
[instance]
name = "exemplo"
hostname = "mail.desk.test"
{keys}
[database]
url = "{database}"

[smtp_in]
listen = ["127.0.0.1:{smtp_port}"]
authserv_id = "mx.desk.test"

[trust]
agents = "token"

[[queue]]
name = "suporte"
addresses = ["suporte@desk.test", "contato@desk.test"]
display_name = "Suporte Exemplo"

[[agent]]
name = "Ana Souza"
address = "ana@desk.test"
queues = ["suporte"]

[[agent]]
name = "Bruno Lima"
address = "bruno@desk.test"
queues = ["suporte"]
"""
