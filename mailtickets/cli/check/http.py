"""The table `[http]`: what is risky in it, and what answers at its addresses."""

import socket
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException

from mailtickets.cli.check.inquiry import Inquiry
from mailtickets.config.http import warnings
from mailtickets.views.check import START_DAEMON, CheckLine, ok, warning, wrong

_SECONDS = 10
_MOST_OCTETS = 10_000
_READY = "database: "
"""How the answer of our own /readyz begins."""

_RELOAD = "if the table is new, `systemctl reload mailtickets`; else {}"


def lines(inquiry: Inquiry) -> Iterator[CheckLine]:
    for key, text, then in warnings(inquiry.config):
        yield warning(key, text, then)
    http = inquiry.config.http
    if http is not None:
        for number, entry in enumerate(inquiry.config.http_listen):
            yield _answer(f"http.listen.{number}", entry, "/readyz" if http.metrics else "/")


def _answer(key: str, entry: str, path: str) -> CheckLine:
    connection = _Connection(entry)
    try:
        connection.request("GET", path, headers={"Host": "localhost"})
        answer = connection.getresponse()
        said = answer.read(_MOST_OCTETS).decode("utf-8", "replace")
    except (ConnectionError, FileNotFoundError):
        return warning(key, f"{entry}: nobody listens there now", _RELOAD.format(START_DAEMON))
    except (OSError, HTTPException) as error:
        return wrong(key, f"{entry} does not answer as it should: {error or type(error).__name__}", _other(entry))
    finally:
        connection.close()
    return _found(key, entry, path, answer.status, said)


def _found(key: str, entry: str, path: str, status: int, said: str) -> CheckLine:
    if path != "/readyz":
        return ok(key, f"{entry} answers")
    if not said.startswith(_READY):
        return wrong(key, f"{entry}: what answers there is not mailtickets", _other(entry))
    trouble = [line for line in said.splitlines() if not line.endswith(": ok")]
    if status == 200 and not trouble:
        return ok(key, f"{entry} answers: mail can be taken")
    return wrong(key, f"{entry}: mail is not taken ({'; '.join(trouble)})", "see the lines about it, and the log")


def _other(entry: str) -> str:
    return f"stop the other program, or give http.listen another address than {entry}"


class _Connection(HTTPConnection):
    """To an entry of `listen`."""

    def __init__(self, entry: str) -> None:
        super().__init__("localhost", timeout=_SECONDS)
        self._entry = entry

    def connect(self) -> None:
        host, _, port = self._entry.rpartition(":")
        if self._entry.startswith("unix:"):
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.settimeout(_SECONDS)
            self.sock.connect(self._entry.removeprefix("unix:"))
        else:
            self.sock = socket.create_connection((host.strip("[]"), int(port)), _SECONDS)
