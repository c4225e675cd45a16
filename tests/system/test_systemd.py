"""The units: that they wall the service in as far as they say, and that the daemon does its work behind the walls."""

import re
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from mailtickets.gateway.workers import MEMORY_BYTES
from tests.servers import free_port, require
from tests.servers.notify import Notify
from tests.system import desk as desks
from tests.system.conftest import DeskMaker
from tests.system.desk import MAILDIR, Desk, config
from tests.system.test_daemon import UNITS, submit
from tests.system.walls import directives, walled

SERVICE, SOCKET = UNITS / "mailtickets.service", UNITS / "mailtickets.socket"
MOST_EXPOSURE = 15
"""Of 100, as `systemd-analyze security` counts, that a daemon on the open internet may have."""

# As systemd does it for a .socket with several ListenStream=: they are descriptors 3 and up.
PASS_ALL = """\
import os, socket, sys
sockets = [socket.create_server(("127.0.0.1", port)) for port in {ports}]
for place, descriptor in enumerate([os.dup(sock.fileno()) for sock in sockets], start=3):
    os.dup2(descriptor, place)
os.environ |= {{"LISTEN_FDS": str(len(sockets)), "LISTEN_PID": str(os.getpid()), "LISTEN_FDNAMES": "{names}"}}
os.execv("{program}", ["{program}", *sys.argv[1:]])
"""


def test_the_service_is_walled_in() -> None:
    analyze = require("systemd-analyze", "systemd")
    command = [analyze, "security", "--offline=true", f"--threshold={MOST_EXPOSURE}", str(SERVICE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_service_takes_what_the_daemon_needs_from_systemd() -> None:
    says = directives(SERVICE)
    assert says["Type"] == ["notify"]
    assert says["ExecStart"] == ["/usr/local/bin/mailtickets -c /etc/mailtickets/config.toml run"]
    assert says["RestartPreventExitStatus"] == ["2"]
    assert says["TimeoutStartSec"] == ["infinity"]
    assert says["StateDirectoryMode"] == ["0710"]
    assert says["KillMode"] == ["mixed"], "a worker that is told to end takes the mail in hand with it"


def test_the_memory_allowed_is_that_of_the_daemon_and_its_workers() -> None:
    (allowed,) = directives(SERVICE)["MemoryMax"]
    assert int(allowed.removesuffix("G")) * 2**30 >= 3 * MEMORY_BYTES + 2**30


def test_the_socket_is_for_smtp_on_both_protocols() -> None:
    says = directives(SOCKET)
    assert (says["ListenStream"], says["BindIPv6Only"], says["FileDescriptorName"]) == (["25"], ["both"], ["smtp"])


def test_the_daemon_does_its_work_behind_the_walls(
    make_desk: DeskMaker, database_url: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desks, "PROGRAM", walled(desks.PROGRAM, SERVICE, place / "walled"))
    desk = make_desk(config(MAILDIR, '[http]\nlisten = ["127.0.0.1:0"]\n', smtp_port=0, database=database_url))
    desk.start()
    assert desk.process is not None
    assert status_of(desk.process.pid)["Seccomp_filters"] == "2"
    submit(desk)
    (row,) = desk.wait_until_done(1)
    assert row["outcome"] == "opened"
    desk.wait_for(lambda: {sent["state"] for sent in desk.outbox()} == {"sent"}, "the notices")
    limits = [resource.prlimit(pid, resource.RLIMIT_AS) for pid in descendants(desk.process.pid)]
    assert limits.count((MEMORY_BYTES, MEMORY_BYTES)) == 2, "both workers limit themselves"
    shown = httpx.get(f"http://{desk.listens('http')[0]}/metrics", timeout=60).text
    assert re.search(r"^process_resident_memory_bytes [1-9]", shown, re.MULTILINE)
    assert re.search(r"^mailtickets_disk_free_bytes [1-9]", shown, re.MULTILINE)
    desk.signal(signal.SIGHUP)
    desk.wait_for(lambda: '"reloaded"' in desk.log(), "the reload")
    assert desk.stop() == 0
    assert "not permitted" not in desk.log()


def test_a_reload_says_when_it_began_as_systemd_counts_time(desk: Desk) -> None:
    with Notify() as notify:
        desk.start({"NOTIFY_SOCKET": notify.path})
        notify.wait_for("READY=1")
        before = time.monotonic_ns()
        desk.signal(signal.SIGHUP)
        notify.wait_for("READY=1", times=2)
        said = [line for line in notify.said if not line.startswith("STATUS=")]
        assert [line.partition("=")[0] for line in said] == ["READY", "RELOADING", "MONOTONIC_USEC", "READY"]
        (began,) = (int(line.partition("=")[2]) for line in said if line.startswith("MONOTONIC_USEC"))
        assert before // 1000 <= began <= time.monotonic_ns() // 1000


def test_sockets_are_told_apart_by_their_names(
    make_desk: DeskMaker, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    smtp, more, lmtp, http = ports = [free_port(), free_port(), free_port(), free_port()]
    script = PASS_ALL.format(ports=ports, names="smtp:smtp:lmtp:http", program=desks.PROGRAM)
    monkeypatch.setattr(desks, "PROGRAM", executable(place / "passing", script))
    desk = make_desk(config(MAILDIR, "[http]\n", smtp_port=1))
    desk.start()
    assert desk.listens("http") == [f"127.0.0.1:{http}"]
    assert httpx.get(f"http://127.0.0.1:{http}/healthz", timeout=60).text == "ok\n"
    assert desk.listens("smtp") == [f"127.0.0.1:{smtp}", f"127.0.0.1:{more}"]
    assert desk.listens("lmtp") == [f"127.0.0.1:{lmtp}"]
    assert {greeting(smtp), greeting(more)} == {"220 mail.desk.test ESMTP"}
    assert greeting(lmtp) == "220 mail.desk.test LMTP"


def test_sockets_meant_for_another_process_are_left_alone(desk: Desk) -> None:
    desk.start({"LISTEN_FDS": "1", "LISTEN_PID": "1", "LISTEN_FDNAMES": "smtp"})
    assert desk.listens("smtp")[0].startswith("127.0.0.1:")


def status_of(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def descendants(pid: int) -> list[int]:
    """All processes below one."""
    children = [
        int(word) for task in Path(f"/proc/{pid}/task").iterdir() for word in (task / "children").read_text().split()
    ]
    return [*children, *(below for child in children for below in descendants(child))]


def executable(path: Path, script: str) -> Path:
    path.write_text(f"#!{sys.executable}\n{script}")
    path.chmod(0o755)
    return path


def greeting(port: int) -> str:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        return " ".join(client.makefile().readline().split()[:3])
