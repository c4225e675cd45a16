"""What the daemon holds: idle, while a mail of 25 MB passes, and with 10,000 connections.

    python bench/memory.py [--write] [--connections 10000]

The whole daemon with its workers, SQLite, a Maildir as the way out. Memory is what its processes share once and what
each has for itself (PSS, /proc/PID/smaps_rollup); the peaks are the highest of twenty looks a second.
"""

import contextlib
import resource
import smtplib
import socket
import sqlite3
import threading
import time
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import page
from running import Running, family

MEGABYTES = 25
LOOK_SECONDS = 0.05
SETTLED_SECONDS = 3.0
CONFIG = """
[instance]
name = "bench"
hostname = "mail.desk.test"
state_dir = "var"
[smtp_in]
listen = ["127.0.0.1:0"]
max_connections = {connections}
max_connections_per_ip = {connections}
max_message_bytes = 40_000_000
[delivery]
method = "maildir"
[[queue]]
name = "suporte"
addresses = ["suporte@desk.test"]
"""


def memory(process: int) -> tuple[float, float]:
    """Megabytes: of the process itself, and of it with all that it has begun."""
    held = {}
    for member in family(process):
        with contextlib.suppress(OSError):
            rollup = Path(f"/proc/{member}/smaps_rollup").read_text()
            held[member] = int(rollup.partition("Pss:")[2].split()[0]) / 1024
    return held.get(process, 0.0), sum(held.values())


class Peak:
    """The most that was held within the block."""

    def __init__(self, process: int) -> None:
        self._process = process
        self.own = self.all = 0.0

    def __enter__(self) -> "Peak":
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def _look(self) -> None:
        while not self._done.wait(LOOK_SECONDS):
            own, all_ = memory(self._process)
            self.own, self.all = max(self.own, own), max(self.all, all_)

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()


def large() -> bytes:
    head = (
        b"From: maria@cliente.test\r\nTo: suporte@desk.test\r\nSubject: Fotos\r\nMessage-ID: <a@cliente.test>\r\n"
        b"Date: Mon, 3 Mar 2025 10:12:11 -0300\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/plain\r\n\r\nSeguem as fotos.\r\n--b\r\nContent-Type: image/jpeg\r\n"
        b'Content-Disposition: attachment; filename="a.jpg"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    )
    line = b"QUJD" * 19 + b"\r\n"
    return head + line * (MEGABYTES * 2**20 // len(line)) + b"--b--\r\n"


def send(port: int, raw: bytes) -> None:
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.sendmail("maria@cliente.test", ["suporte@desk.test"], raw)


def wait_until_decided(running: Running, mails: int) -> None:
    with contextlib.closing(sqlite3.connect(running.database)) as database:
        while database.execute("SELECT count(*) FROM inbound WHERE state <> 'accepted'").fetchone()[0] < mails:
            time.sleep(0.05)


@contextlib.contextmanager
def connected(port: int, count: int) -> Iterator[int]:
    """So many connections that have been greeted, as far as this process may have descriptors; gives how many."""
    open_: list[socket.socket] = []
    try:
        for number in range(count):
            address = (f"127.0.{1 + number // 5_000}.1", 0)  # each has its own ports
            client = socket.create_connection(("127.0.0.1", port), 30, source_address=address)
            open_.append(client)
            client.recv(200)
        yield len(open_)
    finally:
        for client in open_:
            client.close()


def measure(args: Namespace) -> list[list[str]]:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(hard, 2 * args.connections + 1_000)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))  # the daemon inherits it
    count = min(args.connections, wanted - 500)
    small = large().replace(b"QUJD" * 19 + b"\r\n", b"", MEGABYTES * 2**20 // 78 - 10)
    with Running(CONFIG.format(connections=count + 10)) as running:
        process = running.process.pid
        send(running.smtp_port, small)
        wait_until_decided(running, 1)
        time.sleep(SETTLED_SECONDS)
        rows = [row("idle, one mail has been through", memory(process))]
        with Peak(process) as peak:
            send(running.smtp_port, large().replace(b"<a@", b"<b@"))
            wait_until_decided(running, 2)
        rows.append(row(f"peak while a mail of {MEGABYTES} MB passes", (peak.own, peak.all)))
        time.sleep(SETTLED_SECONDS)
        rows.append(row("afterwards", memory(process)))
        before = memory(process)[0]
        with connected(running.smtp_port, count) as there:
            now = memory(process)
        rows.append(row(f"{there:,} connections", now))
        rows.append(["for each connection", f"{(now[0] - before) * 1024 / there:.1f} KiB", ""])
    return rows


def row(name: str, held: tuple[float, float]) -> list[str]:
    return [name, f"{held[0]:.0f} MiB", f"{held[1]:.0f} MiB"]


def main() -> None:
    parser = page.arguments(__doc__)
    parser.add_argument("--connections", type=int, default=10_000)
    args = parser.parse_args()
    rows = measure(args)
    body = page.table(["", "the daemon", "with its workers"], rows)
    page.publish("memory", page.section("Memory", body), write=args.write)


if __name__ == "__main__":
    main()
