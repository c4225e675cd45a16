"""Gives birth to one daemon after another, each a fork of this process, which has imported the program once.

Not imported: run by `lives.py`. Every line of stdin orders a life as JSON (`arguments`, `environment`, `stdout`,
`stderr`); answered are its process id at once and its exit status when it has ended, a line each.
"""

import ctypes
import importlib
import json
import os
import signal
import sys
from typing import Any

from mailtickets.cli import main


def live(order: dict[str, Any]) -> None:
    """Becomes the program: from here on nothing of this process is left but the modules in memory."""
    end_with_parent()
    os.setsid()
    for number, (path, flags) in enumerate(
        ((os.devnull, os.O_RDONLY), (order["stdout"], APPEND), (order["stderr"], APPEND))
    ):
        os.dup2(os.open(path, flags, 0o600), number)
    os.environ |= order["environment"]
    sys.argv = ["mailtickets", *order["arguments"]]
    sys.exit(main(order["arguments"]))


def end_with_parent() -> None:
    """Where the tests are cut short, nothing goes on without them (prctl(2), PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND

if __name__ == "__main__":  # workers import this file too, and need none of it
    end_with_parent()
    importlib.import_module("mailtickets.cli.run")
    while line := sys.stdin.readline():
        child = os.fork()
        if child == 0:
            live(json.loads(line))
        os.write(1, b"%d\n" % child)
        os.write(1, b"%d\n" % os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
