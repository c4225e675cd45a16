"""The command line without the second or so that importing it takes: every command is a fork of one process that has.

For the many questions that tests put to a desk. What users, signals, an MTA or an installation make of the program is
seen in processes that begin with it: see `Desk.command`.

Run as a program this is that process. It takes orders from the socket on its standard input, each a JSON of
`arguments` and `environment` with the descriptors of standard input, output and error, and answers with exit statuses.
"""

import atexit
import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from tempfile import TemporaryFile

from mailtickets.cli import main

MODULES = (*(f"mailtickets.cli.{noun}" for noun in ("agent", "explain", "inbound", "outbox", "ticket")), "psycopg")
ORDER_OCTETS = 65_536


Done = subprocess.CompletedProcess[bytes]


def run(arguments: Sequence[str], given: bytes, environment: Mapping[str, str], seconds: float) -> Done:
    """What the command says and how it ends, as `subprocess.run` has it. Raises TimeoutError after so long."""
    with TemporaryFile() as stdin, TemporaryFile() as stdout, TemporaryFile() as stderr:
        stdin.write(given)
        stdin.seek(0)
        orders = _process()
        order = json.dumps({"arguments": arguments, "environment": dict(environment)})
        orders.settimeout(seconds)
        socket.send_fds(orders, [order.encode()], [file.fileno() for file in (stdin, stdout, stderr)])
        try:
            status = int(orders.recv(ORDER_OCTETS))
        except TimeoutError:
            _process.cache_clear()  # the answer would be taken for that to the next order
            raise
        stdout.seek(0)
        stderr.seek(0)
        return Done(arguments, status, stdout.read(), stderr.read())


@cache
def _process() -> socket.socket:
    """The connection to the process, which lives as long as this one."""
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    process = subprocess.Popen([sys.executable, "-P", __file__], stdin=there.fileno())
    there.close()

    def end() -> None:
        here.close()
        process.wait()

    atexit.register(end)
    return here


# --- in the process -----------------------------------------------------------------------------------


def serve(orders: socket.socket) -> None:
    """Carries out one order after another, until nobody is left to give any."""
    while True:
        order, files, *_ = socket.recv_fds(orders, ORDER_OCTETS, 3)
        if not order:
            return
        child = os.fork()
        if child == 0:
            orders.close()
            become(files, **json.loads(order))
        for file in files:
            os.close(file)
        orders.send(b"%d" % os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def become(files: Sequence[int], arguments: list[str], environment: dict[str, str]) -> None:
    """Is the command from here on; nothing of this process is left but the modules in memory."""
    for number, file in enumerate(files):
        os.dup2(file, number)
    os.closerange(3, max(files) + 1)
    os.environ.clear()
    os.environ |= environment
    os.chdir("/")
    sys.argv = ["mailtickets", *arguments]
    sys.exit(main(arguments))


if __name__ == "__main__":  # workers import this file too, and need none of it
    for module in MODULES:
        import_module(module)
    serve(socket.socket(fileno=os.dup(0)))
