"""The addresses that the daemon listens on for mail: whether it does, or somebody else."""

import socket
from collections.abc import Iterator

from mailtickets.cli.check.inquiry import Inquiry
from mailtickets.views.check import START_DAEMON, CheckLine, ok, warning, wrong

_SECONDS = 5
_GREETING_OCTETS = 512
_RENAMED = (
    "if instance.hostname has changed: `systemctl reload mailtickets`; otherwise another desk has this address: give "
    "{key} another one"
)


def lines(inquiry: Inquiry) -> Iterator[CheckLine]:
    config = inquiry.config
    listening = [("lmtp_in.listen", entry) for entry in config.lmtp_listen]
    listening += [("smtp_in.listen", entry) for entry in (config.smtp_in.listen if config.smtp_in else ())]
    for key, entry in listening:
        yield _answer(key, entry, config.instance.hostname)


def _answer(key: str, entry: str, hostname: str) -> CheckLine:
    try:
        greeting = _greeting(entry)
    except (ConnectionRefusedError, FileNotFoundError):
        return warning(key, f"{entry}: nobody listens there now", START_DAEMON)
    except OSError as error:
        text = f"{entry} does not greet: {error.strerror or error or type(error).__name__}"
        return wrong(
            key, text, f"see what holds it ({_finder(entry)}), and the daemon's log (journalctl -u mailtickets)"
        )
    if greeting.startswith(f"220 {hostname} "):
        return ok(key, f"{entry} answers")
    if greeting.startswith("220 ") and greeting.endswith(" mailtickets"):
        return warning(
            key, f"{entry}: a mailtickets of another name answers there: {greeting}", _RENAMED.format(key=key)
        )
    if greeting.startswith("421 "):
        return warning(key, f"{entry} answers: {greeting}", "wait until it has fewer connections, and run it again")
    other = f"stop the other program ({_finder(entry)}), or give {key} another address"
    return wrong(key, f"{entry}: another program answers there: {greeting or 'without a word'}", other)


def _greeting(entry: str) -> str:
    """The first line of the server at a listen entry. Raises OSError."""
    unix = entry.startswith("unix:")
    host, _, port = entry.rpartition(":")
    with socket.socket(socket.AF_UNIX if unix else socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.settimeout(_SECONDS)
        probe.connect(entry.removeprefix("unix:") if unix else (host.strip("[]"), int(port)))
        text = probe.recv(_GREETING_OCTETS).decode("utf-8", "replace").partition("\n")[0]
    return "".join(sign if sign.isprintable() else " " for sign in text).strip()


def _finder(entry: str) -> str:
    """The command that shows who listens there."""
    if entry.startswith("unix:"):
        return f"`ss -lxp | grep {entry.removeprefix('unix:')}`"
    return f"`ss -ltnp sport = :{entry.rpartition(':')[2]}`"
