"""Messages accepted a second, beside stock aiosmtpd that throws them away and Postfix that queues them.

    python bench/accept.py [--write] [--runs 3] [--sessions 1 10 50] [--kib 4 100]

The load is Postfix's smtp-source: so many connections, each carrying message after message. Ours is the whole daemon as
it ships: a message is answered after the fsync of its transaction, and what was accepted is read, decided on and
acknowledged meanwhile. aiosmtpd runs its own command line with its own discarding handler. Postfix puts every message
into its hold queue, so that nothing but its smtpd and cleanup works. Each run begins on empty queues, and ends with a
count of what was kept. A short run under strace, kept beside this file, shows what every 250 waited for. Needs root and
Postfix, strace for the trace.
"""

import asyncio
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from pathlib import Path

import page

from mailtickets.store.database import Database

ROOT = Path(__file__).parents[1]
TRACE = Path(__file__).with_name("accept.strace")
RECIPIENT = "suporte@desk.test"
Run = Callable[[int, int, int], float]
"""(sessions, KiB, messages) -> messages a second."""

MESSAGES = {4: 4_000, 100: 1_200}
"""By size in KiB: enough for some seconds, so that the beginning, when nobody gives way yet, counts for little."""

CONFIG = """
[instance]
name = "bench"
hostname = "mail.desk.test"
state_dir = "var"
[smtp_in]
listen = ["127.0.0.1:0"]
max_connections_per_ip = 100    # all the load comes from one address
[delivery]
method = "maildir"
[[queue]]
name = "suporte"
addresses = ["suporte@desk.test"]
[[agent]]
name = "Ana"
address = "ana@desk.test"
queues = ["suporte"]
"""

ABOUT = """
The load is smtp-source with so many connections, each carrying message after message. mailtickets is the whole
daemon: it answers after the fsync, and reads, decides on and acknowledges meanwhile, intake first. aiosmtpd throws
every message away. Postfix queues them on disk and delivers none.
""".strip()

MAIN_CF = """
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/data
maillog_file = {home}/log
maillog_file_prefixes = {home}
myhostname = mx.desk.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
local_recipient_maps =
relay_domains = desk.test
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = static:HOLD
smtpd_peername_lookup = no
message_size_limit = 31457280
"""

MASTER_CF = """
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
"""


@contextmanager
def directory(name: str) -> Iterator[Path]:
    """On a disk: /tmp is memory on some machines, and an fsync costs nothing there."""
    home = Path(tempfile.mkdtemp(prefix=f"mailtickets-bench-{name}-", dir="/var/tmp"))
    home.chmod(0o755)
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def load(port: int, sessions: int, kib: int, messages: int) -> float:
    """Messages a second, as the client sees it."""
    words = ["smtp-source", "-d", "-s", sessions, "-m", messages, "-l", kib * 1024]
    words += ["-f", "ana@load.test", "-t", RECIPIENT, f"127.0.0.1:{port}"]
    begun = time.perf_counter()
    subprocess.run([str(word) for word in words], check=True, timeout=300)
    return messages / (time.perf_counter() - begun)


# --- the contenders -----------------------------------------------------------------------------------------


@contextmanager
def mailtickets() -> Iterator[tuple[Path, int, int]]:
    """A desk of its own, warm and idle: its folder, port and process."""
    with directory("desk") as home:
        (home / "config.toml").write_text(CONFIG)
        words = [
            sys.executable,
            "-m",
            "mailtickets",
            "-c",
            str(home / "config.toml"),
            "run",
        ]
        with (
            (home / "log").open("w") as log,
            subprocess.Popen(words, stdout=subprocess.PIPE, stderr=log) as daemon,
        ):
            try:
                assert daemon.stdout is not None
                ready = daemon.stdout.readline().decode()
                port = int(re.findall(r"smtp=127\.0\.0\.1:(\d+)", ready)[0])
                load(port, 1, 4, 5)
                while waiting(home):
                    time.sleep(0.1)
                yield home, port, daemon.pid
            finally:
                daemon.terminate()
                daemon.wait(60)


def waiting(home: Path) -> int:
    return ask(home, "select (select count(*) from inbound where state = 'accepted') + count(*) from outbox "
                     "where state = 'queued'")  # fmt: skip


def ask(home: Path, query: str) -> int:
    with closing(sqlite3.connect(f"file:{home}/var/mailtickets.db?mode=ro", uri=True, timeout=30)) as connection:
        return int(connection.execute(query).fetchone()[0])


def ours(sessions: int, kib: int, messages: int) -> float:
    with mailtickets() as (home, port, _):
        before = ask(home, "select count(*) from inbound")
        rate = load(port, sessions, kib, messages)
        kept = ask(home, "select count(*) from inbound") - before
        done = ask(home, "select count(*) from inbound where state = 'done'") - before
        print(
            f"  {kept} kept, {done} of them tickets by the end of the run",
            file=sys.stderr,
        )
        assert kept == messages
        return rate


def stock(sessions: int, kib: int, messages: int) -> float:
    port = free_port()
    words = [
        sys.executable,
        "-m",
        "aiosmtpd",
        "-n",
        "-l",
        f"127.0.0.1:{port}",
        "-c",
        "aiosmtpd.handlers.Sink",
    ]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            answers(port)
            return load(port, sessions, kib, messages)
        finally:
            server.terminate()


class Postfix(AbstractContextManager["Postfix"]):
    """A private smtpd that queues on disk and delivers nothing."""

    def __enter__(self) -> "Postfix":
        self._place = directory("postfix")
        self.home, self.port = self._place.__enter__(), free_port()
        (self.home / "queue").mkdir()
        (self.home / "data").mkdir()
        shutil.chown(self.home / "data", "postfix")
        (self.home / "etc").mkdir()
        (self.home / "etc" / "main.cf").write_text(MAIN_CF.format(home=self.home))
        (self.home / "etc" / "master.cf").write_text(MASTER_CF.format(port=self.port))
        self._run("postfix", "start")
        answers(self.port)
        return self

    def __exit__(self, *_: object) -> None:
        self._run("postfix", "stop")
        self._place.__exit__(None, None, None)

    def run(self, sessions: int, kib: int, messages: int) -> float:
        self._run("postsuper", "-d", "ALL")
        load(self.port, sessions, 4, sessions)  # its processes are there
        self._run("postsuper", "-d", "ALL")
        rate = load(self.port, sessions, kib, messages)
        kept = sum(file.is_file() for file in (self.home / "queue" / "hold").rglob("*"))
        assert kept == messages, f"Postfix kept {kept} of {messages}"
        return rate

    def _run(self, program: str, *words: str) -> None:
        command = [f"/usr/sbin/{program}", "-c", str(self.home / "etc"), *words]
        subprocess.run(command, check=True, capture_output=True, timeout=60)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> None:
    async def greeting() -> None:
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                await reader.readline()
                writer.close()
                return
            except OSError:
                await asyncio.sleep(0.05)

    asyncio.run(asyncio.wait_for(greeting(), 30))


# --- what a 250 waits for -----------------------------------------------------------------------------------


def traced(sessions: int, messages: int) -> list[str]:
    """The system calls of the daemon that matter: what came in, what was synced, what was answered."""
    calls = "trace=recvfrom,fsync,fdatasync,sendto"
    with mailtickets() as (home, port, pid):
        file = home / "strace"
        words = [
            "strace",
            "-f",
            "-y",
            "-tt",
            "-s",
            "48",
            "-e",
            calls,
            "-o",
            str(file),
            "-p",
            str(pid),
        ]
        with subprocess.Popen(words, stderr=subprocess.PIPE) as tracer:
            assert tracer.stderr is not None
            tracer.stderr.readline()  # it is attached
            load(port, sessions, 4, messages)
            tracer.send_signal(signal.SIGINT)
        lines = file.read_text(errors="replace").replace(str(home), "").splitlines()
    return [line for line in lines if not re.search(r'EAGAIN|"(\\0)+"', line)]


def unsynced(lines: list[str]) -> tuple[int, int, int]:
    """(250s, of them without a sync of the log that ended between the message's last bytes and the 250; syncs)."""
    received: dict[str, int] = {}
    pending: set[str] = set()
    replies = bad = syncs = 0
    synced_at = -1
    for at, line in enumerate(lines):
        thread = line.split()[0]
        if "sync(" in line and "-wal" in line and "unfinished" in line:
            pending.add(thread)
        elif ("sync(" in line and "-wal" in line) or ("sync resumed" in line and thread in pending):
            pending.discard(thread)
            synced_at, syncs = at, syncs + 1
        elif found := re.search(r"(recvfrom|sendto)\((\d+)<", line):
            if found[1] == "recvfrom":
                received[found[2]] = at
            elif '"250 2.0.0 Ok: accepted' in line:
                replies, bad = (
                    replies + 1,
                    bad + (synced_at < received.get(found[2], -1)),
                )
    return replies, bad, syncs


def one_group(lines: list[str]) -> str:
    """Of the syncs the one with most answers behind it, and before it the messages that came in since the last one."""
    syncs = [at for at, line in enumerate(lines) if "-wal" in line]
    bounds = zip([0, *syncs], [*syncs[1:], len(lines), len(lines)], strict=True)
    group = max((lines[begin:end] for begin, end in bounds), key=answered)
    telling = [line for line in group if "sync" in line or re.search(r"Ok: accepted|recvfrom.* = \d{4,}$", line)]
    return "\n".join(re.sub(r"<socket:\[\d+\]>", "", line)[:110] for line in telling)


def answered(lines: list[str]) -> int:
    return sum('"250 2.0.0 Ok: accepted' in line for line in lines)


def trace(*, write: bool) -> str:
    lines = traced(10, 60)
    replies, bad, syncs = unsynced(lines)
    if write:
        TRACE.write_text("\n".join(lines) + "\n")
    return (
        f"Under strace, with 10 sessions: {replies} answers of 250, {syncs} syncs of the write-ahead log, and {bad} "
        "answers without such a sync between the message's last bytes and the answer. The whole trace is "
        f"`bench/accept.strace`. {synchronous()}. One group:\n\n```text\n{one_group(lines)}\n```"
    )


# --- what is shown ------------------------------------------------------------------------------------------


def cell(contenders: Mapping[str, Run], sessions: int, kib: int, runs: int, messages: int) -> list[str]:
    """A row of the table."""
    print(f"{kib} KiB, {sessions} sessions", file=sys.stderr)
    runs_of = {name: partial(run, sessions, kib, messages) for name, run in contenders.items()}
    rates = page.alternate(runs_of, runs)
    mine = rates.pop("mailtickets")
    figures = [page.spread(each) for each in (mine, *rates.values())]
    return [
        f"{kib} KiB, {sessions} sessions",
        *figures,
        *(page.ratio(mine, theirs) for theirs in rates.values()),
    ]


def synchronous() -> str:
    """What the store asks of SQLite, by the store's own connection."""
    with directory("pragma") as home:
        database = Database(f"sqlite:///{home}/x.db")
        with database.transaction() as connection:
            mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
            level = connection.exec_driver_sql("PRAGMA synchronous").scalar()
        database.close()
    return f"`PRAGMA journal_mode` {mode}, `PRAGMA synchronous` {level} (2 is FULL)"


def main() -> None:
    parser = page.arguments(__doc__)
    parser.add_argument("--sessions", type=int, nargs="+", default=[1, 10, 50])
    parser.add_argument("--kib", type=int, nargs="+", default=[4, 100])
    parser.add_argument(
        "--messages",
        type=int,
        default=0,
        help="a run; default: enough for some seconds",
    )
    parser.add_argument("--only", choices=["mailtickets", "aiosmtpd", "Postfix"], nargs="+")
    args = parser.parse_args()
    with Postfix() as postfix:
        contenders: dict[str, Run] = {
            "mailtickets": ours,
            "aiosmtpd": stock,
            "Postfix": postfix.run,
        }
        if args.only:
            contenders = {name: run for name, run in contenders.items() if name in args.only}
        rows = [
            cell(
                contenders,
                sessions,
                kib,
                args.runs,
                args.messages or MESSAGES.get(kib, 400),
            )
            for kib in args.kib
            for sessions in args.sessions
        ]
    names = [name for name in contenders if name != "mailtickets"]
    head = ["messages/s", *contenders, *(f"ours to {name}" for name in names)]
    body = f"{ABOUT}\n\n{page.table(head, rows)}"
    if shutil.which("strace"):
        body += f"\n\n{trace(write=args.write)}"
    page.publish("accept", page.section("Accepting mail", body), write=args.write)


if __name__ == "__main__":
    main()
