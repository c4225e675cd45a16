"""The addresses that the daemon listens on."""

import socket
from collections.abc import Iterator

from mailtickets.cli.check.subject import Subject
from mailtickets.views.check import CheckLine, ok, warning

_SECONDS = 5


def lines(subject: Subject) -> Iterator[CheckLine]:
    config = subject.config
    listening = [("lmtp_in.listen", entry) for entry in config.lmtp_listen]
    listening += [("smtp_in.listen", entry) for entry in (config.smtp_in.listen if config.smtp_in else ())]
    for key, entry in listening:
        if _answers(entry):
            yield ok(key, f"{entry} answers")
        else:
            start = "start the daemon: `systemctl start mailtickets`, or `mailtickets run`"
            yield warning(key, f"{entry}: nobody listens there now", start)


def _answers(entry: str) -> bool:
    """Whether a server greets at a listen entry."""
    unix = entry.startswith("unix:")
    host, _, port = entry.rpartition(":")
    try:
        with socket.socket(socket.AF_UNIX if unix else socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.settimeout(_SECONDS)
            probe.connect(entry.removeprefix("unix:") if unix else (host.strip("[]"), int(port)))
            return probe.recv(3) == b"220"
    except OSError:
        return False
