"""The program without the second or two that importing it takes: a fork of one process that has.

    warm.run(["-c", "config.toml", "ticket", "list"], environment)      # as subprocess.run
    warm.Program(["-c", "config.toml", "run"], environment, files)      # as subprocess.Popen

For the many questions that tests put to a desk, and for daemons where the desk matters and not the process. What users,
an MTA, systemd or an installation make of the program is seen in processes that begin with it. The server that forks
the workers of such a daemon is a fork too: it imports as much as the daemon itself.

Run as a program this is that process. It takes orders from the socket on its standard input, each a JSON of
`arguments`, `environment` and `directory`, with the descriptors of standard input, output, error, and of a socket on
which it is told the process id at once and the exit status in the end.
"""

import atexit
import fcntl
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from multiprocessing import util
from tempfile import TemporaryFile
from typing import IO

from mailtickets.cli import main

NOUNS = ("agent", "check", "explain", "inbound", "init", "oauth", "outbox", "run", "status", "ticket")
MODULES = (*(f"mailtickets.cli.{noun}" for noun in NOUNS), "mailtickets.cli.check.areas", "alembic.command", "psycopg")
ORDER_OCTETS = 65_536
MOST_FILES = 16

Files = tuple[IO[bytes], IO[bytes], IO[bytes]]
Done = subprocess.CompletedProcess[bytes]
Installed = tuple[str, str]
"""A script that runs the program, and the interpreter, of another installation, to whose modules it belongs."""


class Program:
    """A process like any other, and the leader of a process group; `files` are its standard input, output and error."""

    def __init__(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        files: Files,
        directory: str,
        installed: Installed | None = None,
    ) -> None:
        script, python = installed or ("", sys.executable)
        self.args = [script or "mailtickets", *arguments]
        self._told, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        order = {
            "arguments": arguments, "environment": dict(environment), "directory": directory, "script": script,
        }  # fmt: skip
        with there:
            given = [*(file.fileno() for file in files), there.fileno()]
            socket.send_fds(_process(python), [json.dumps(order).encode()], given)
        self.pid = int(self._told.recv(ORDER_OCTETS))
        self.returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """The exit status, negative for a signal. Raises subprocess.TimeoutExpired after so many seconds."""
        if self.returncode is None:
            if not select.select([self._told], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            with self._told:
                self.returncode = int(self._told.recv(ORDER_OCTETS))
        return self.returncode

    def poll(self) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


def run(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    given: bytes,
    timeout: float,
    directory: str = "/",
    installed: Installed | None = None,
) -> Done:
    """What the command says and how it ends. Raises subprocess.TimeoutExpired after so many seconds."""
    with TemporaryFile() as stdin, TemporaryFile() as stdout, TemporaryFile() as stderr:
        stdin.write(given)
        stdin.seek(0)
        program = Program(arguments, environment, (stdin, stdout, stderr), directory, installed)
        try:
            status = program.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(program.pid, signal.SIGKILL)
            program.wait()
            raise
        stdout.seek(0)
        stderr.seek(0)
        return Done(program.args, status, stdout.read(), stderr.read())


@cache
def _process(python: str) -> socket.socket:
    """The connection to the process of an interpreter, which lives as long as this one.

    Another installation's sees nothing but its own modules (`-I`): PYTHONPATH may lead to ours.
    """
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with there:
        process = subprocess.Popen([python, "-P" if python == sys.executable else "-I", __file__], stdin=there.fileno())

    def end() -> None:
        here.close()
        process.wait()

    atexit.register(end)
    return here


# --- in the process -----------------------------------------------------------------------------------


def serve(orders: socket.socket) -> None:
    """Carries out one order after another, until nobody is left to give any."""
    while True:
        order, files, *_ = socket.recv_fds(orders, ORDER_OCTETS, 4)
        _bury()
        if not order:
            return
        if os.fork() == 0:
            orders.close()
            attend(order, files)
            os._exit(0)
        for file in files:
            os.close(file)


def _bury() -> None:
    """Ends of attendants that nobody has asked for."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


def attend(order: bytes, files: list[int]) -> None:
    """Is there from the beginning of one program to its end, and tells of both."""
    with socket.socket(fileno=files.pop()) as told:
        child = os.fork()
        if child == 0:
            os.setsid()
            told.send(b"%d" % os.getpid())
            told.close()
            become(files, **json.loads(order))
        for file in files:
            os.close(file)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        with suppress(BrokenPipeError):  # the test has ended
            told.send(b"%d" % status)


def become(files: list[int], arguments: list[str], environment: dict[str, str], directory: str, script: str) -> None:
    """Is the program from here on; nothing of this process is left but the modules in memory."""
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ |= environment
    os.chdir(directory)
    sys.argv = [script or "mailtickets", *arguments]
    if "run" in arguments:
        keep_a_fork_server()
    leave_at_once(script)


def leave_at_once(script: str) -> None:
    """Is a command, without the tidying up of a thousand modules: their memory, shared till then, would be copied."""
    try:
        if script:
            runpy.run_path(script, run_name="__main__")
        status = 0 if script else main()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        status = 1
    threading._shutdown()  # waits for threads, as the interpreter does
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


# --- the fork server ----------------------------------------------------------------------------------


def keep_a_fork_server() -> None:
    """Forks a process that becomes this program's fork server (`multiprocessing`) when it needs one."""
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    child = os.fork()
    if child == 0:
        here.close()
        wait_to_serve(there)
    there.close()
    util.spawnv_passfds = _spawner(here, child, util.spawnv_passfds)


def _spawner(waiting: socket.socket, child: int, spawn: Callable[..., int]) -> Callable[..., int]:
    """In the place of `multiprocessing.util.spawnv_passfds`, which starts an interpreter for a text of Python."""

    def spawnv_passfds(path: bytes, words: Sequence[str], files: Sequence[int]) -> int:
        if "multiprocessing.forkserver" not in words[-1] or waiting.fileno() < 0:
            return spawn(path, words, files)  # the first fork server has died, and this is another
        order = {"code": words[-1], "files": list(files)}
        try:
            with waiting:
                socket.send_fds(waiting, [json.dumps(order).encode()], list(files))
        except BrokenPipeError:  # somebody has killed it
            return spawn(path, words, files)
        return child

    return spawnv_passfds


def wait_to_serve(waiting: socket.socket) -> None:
    """Is the fork server from when it is told; ends if the program ends before that."""
    order, given, *_ = socket.recv_fds(waiting, ORDER_OCTETS, MOST_FILES)
    if not order:
        os._exit(0)
    told = json.loads(order)
    above = max(*told["files"], *given) + 1
    safe = [fcntl.fcntl(file, fcntl.F_DUPFD, above) for file in given]
    os.closerange(3, above)
    for number, file in zip(told["files"], safe, strict=True):
        os.dup2(file, number, inheritable=True)
        os.close(file)
    with suppress(SystemExit):
        exec(told["code"], {})
    os._exit(0)


if __name__ == "__main__":  # workers import this file too, and need none of it
    for module in MODULES:
        import_module(module)
    serve(socket.socket(fileno=os.dup(0)))
