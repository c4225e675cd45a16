"""What systemd gives a service and expects from it: sockets, notifications, the signal for the watchdog.

Outside systemd everything here does nothing. See sd_listen_fds(3), sd_notify(3), sd_watchdog_enabled(3).
"""

import os
import socket
import time
from contextlib import suppress

_FIRST_DESCRIPTOR = 3


def passed_sockets() -> dict[str, list[socket.socket]]:
    """Sockets that systemd opened for us, by their FileDescriptorName. A second call returns nothing."""
    if os.environ.pop("LISTEN_PID", "") != str(os.getpid()):
        return {}
    count = int(os.environ.pop("LISTEN_FDS", "0"))
    names = os.environ.pop("LISTEN_FDNAMES", "").split(":")
    found: dict[str, list[socket.socket]] = {}
    for position in range(count):
        name = names[position] if position < len(names) and names[position] else "unknown"
        descriptor = _FIRST_DESCRIPTOR + position
        os.set_inheritable(descriptor, False)
        found.setdefault(name, []).append(_with_protocol(socket.socket(fileno=descriptor)))
    return found


def _with_protocol(listening: socket.socket) -> socket.socket:
    """The same socket with TCP as its protocol: asyncio sets TCP_NODELAY only if the protocol is named."""
    if listening.family == socket.AF_UNIX:
        return listening
    return socket.socket(listening.family, listening.type, socket.IPPROTO_TCP, fileno=listening.detach())


def notify(*lines: str) -> None:
    """Sends a state to systemd, if it listens: READY=1, STOPPING=1, WATCHDOG=1, STATUS=..."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    target = "\0" + address[1:] if address.startswith("@") else address
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        sender.sendto("\n".join(lines).encode(), target)


def notify_reloading() -> None:
    notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")


def watchdog_seconds() -> float | None:
    """Seconds between two WATCHDOG=1: half of what systemd allows; None when there is no watchdog."""
    micros = os.environ.get("WATCHDOG_USEC")
    watched = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    return int(micros) / 2_000_000 if micros and watched else None
