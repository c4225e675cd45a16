"""C27 to C31, C33: strangers at the door. The desk stays small, serves others, and every accepted mail is decided on.

What was measured is told at the end of the run; bounds that are asserted are those of memory and of counts.
"""

import asyncio
import resource
import smtplib
import socket
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from tests.chaos.noop import Prober
from tests.mail.bombs import BOMBS
from tests.system.conftest import DeskMaker
from tests.system.desk import MAILDIR, Desk, config
from tests.system.town import JOAO, QUEUE, write
from tests.system.world import hand_in, rows, wait_until_quiet

MEGABYTE = 1 << 20
LIMIT_BYTES = 26_214_400
"""`max_message_bytes` as shipped."""
MANY = 10_000
SLOW = 100

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]


@pytest.fixture
def running(desk: Desk) -> Desk:
    """A desk as shipped that has taken a mail already, so that what is loaded late is loaded."""
    desk.start()
    hand_in(desk, write(JOAO), JOAO.address, QUEUE)
    wait_until_quiet(desk, 1)
    return desk


def memory_mb(desk: Desk, field: str) -> float:
    """VmRSS (now) or VmHWM (at most) of the daemon itself, in megabytes (proc(5), status)."""
    assert desk.process is not None
    status = Path(f"/proc/{desk.process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith(field)).split()[1]) / 1024


# --- many -------------------------------------------------------------------------------------------------


async def test_of_ten_thousand_connections_five_hundred_are_let_in_and_served(running: Desk, told: list[str]) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < MANY + 1_000:
        pytest.skip(f"only {hard} descriptors may be open here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    greeted: Counter[bytes] = Counter()
    inside: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    outside: list[asyncio.StreamWriter] = []
    slots = asyncio.Semaphore(200)

    async def knock(number: int) -> None:
        async with slots:
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", running.smtp_port, local_addr=(f"127.0.{1 + number % 500 // 250}.{1 + number % 250}", 0)
            )
            greeting = (await reader.readline())[:3]
        greeted[greeting] += 1
        if greeting == b"220":
            inside.append((reader, writer))
        else:
            outside.append(writer)

    await asyncio.gather(*(knock(number) for number in range(MANY)))
    assert set(greeted) == {b"220", b"421"}
    assert 0 < greeted[b"220"] <= 500
    held = memory_mb(running, "VmRSS")
    assert held < 256
    reader, writer = inside[0]
    for line, code in ((b"EHLO x.test\r\n", b"250 "), *DIALOGUE, (write(JOAO).as_bytes() + b"\r\n.\r\n", b"250 ")):
        writer.write(line)
        answer = b"250-"
        while answer[3:4] == b"-":
            answer = await reader.readline()
        assert answer.startswith(code)
    for other in (*outside, *(writer for _, writer in inside)):
        other.close()
    await asyncio.to_thread(wait_until_quiet, running, 2)
    await asyncio.to_thread(hand_in, running, write(JOAO, subject="Depois"), JOAO.address, QUEUE)
    told.append(f"10,000 connections: {dict(greeted)}, RSS {held:.0f} MB with all that were let in")


DIALOGUE = (
    (f"MAIL FROM:<{JOAO.address}>\r\n".encode(), b"250 "),
    (f"RCPT TO:<{QUEUE}>\r\n".encode(), b"250 "),
    (b"DATA\r\n", b"354 "),
)


# --- slow -------------------------------------------------------------------------------------------------


def test_who_sends_a_byte_a_second_is_cut_and_nobody_waits_for_them(make_desk: DeskMaker, told: list[str]) -> None:
    strangers = config(MAILDIR, smtp_port=0).replace(
        "[smtp_in]\n", f"[smtp_in]\ntrusted_relays = []\nmax_connections_per_ip = {SLOW + 20}\n"
    )
    desk = make_desk(strangers)
    desk.start()
    slow = [slow_client(desk, in_data=number % 2 == 0) for number in range(SLOW)]
    served, begun = 0, time.monotonic()
    while slow and time.monotonic() < begun + 120:
        slow = [client for client in slow if drips(client)]
        hand_in(desk, write(JOAO, subject=f"Pedido {served}"), JOAO.address, QUEUE)
        served += 1
        time.sleep(1)
    assert slow == []
    wait_until_quiet(desk, served)
    assert rows(desk, "SELECT count(*) FROM ticket") == [(served,)]
    told.append(f"{SLOW} slow clients were cut within {time.monotonic() - begun:.0f} s; {served} others were served")


def slow_client(desk: Desk, *, in_data: bool) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", desk.smtp_port))
    client.recv(1000)
    if in_data:
        for line in (b"EHLO x.test\r\n", *(line for line, _ in DIALOGUE)):
            client.sendall(line)
            client.recv(1000)
    client.setblocking(False)
    return client


def drips(client: socket.socket) -> bool:
    """Sends one byte more; whether the other side still listens."""
    try:
        client.send(b"X")
        gone = client.recv(1000) is not None
    except BlockingIOError:
        return True
    except OSError:
        gone = True
    if gone:
        client.close()
    return not gone


# --- large ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chunk", "megabytes"),
    [(b"x" * MEGABYTE, 400), (b"x" * 998 + b"\r\n", 400)],
    ids=["without line ends", "in lines"],
)
def test_four_hundred_megabytes_are_cut_in_bounded_memory(
    running: Desk, told: list[str], request: pytest.FixtureRequest, chunk: bytes, megabytes: int
) -> None:
    block = chunk * (MEGABYTE // len(chunk))
    before = memory_mb(running, "VmHWM")
    with Prober(running).at_work() as prober, socket.create_connection(("127.0.0.1", running.smtp_port)) as client:
        client.settimeout(60)
        client.recv(1000)
        for line in (b"EHLO x.test\r\n", *(line for line, _ in DIALOGUE)):
            client.sendall(line)
            client.recv(1000)
        sent = 0
        with suppress(OSError):
            while sent < megabytes:
                client.sendall(block)
                sent += 1
    assert sent < megabytes, "it was let go on"
    more = memory_mb(running, "VmHWM") - before
    assert more < 2 * LIMIT_BYTES / MEGABYTE
    hand_in(running, write(JOAO, subject="Depois"), JOAO.address, QUEUE)
    wait_until_quiet(running, 2)
    told.append(f"400 MB {request.node.callspec.id}: cut after {sent} MB, RSS at most +{more:.0f} MB; {prober}")


def test_fifty_megabytes_are_refused_where_they_are_announced_and_where_they_are_not(
    running: Desk, told: list[str]
) -> None:
    with smtplib.SMTP("127.0.0.1", running.smtp_port, timeout=60) as client:
        client.ehlo()
        assert client.docmd("MAIL", f"FROM:<{JOAO.address}> SIZE=50000000")[0] == 552
    before = memory_mb(running, "VmHWM")
    with smtplib.SMTP("127.0.0.1", running.smtp_port, timeout=60) as client:
        client.ehlo()
        for line, code in DIALOGUE:
            assert client.docmd(line.decode().strip())[0] == int(code)
        with suppress(OSError, smtplib.SMTPException):
            client.send((b"x" * 998 + b"\r\n") * 50_000 + b".\r\n")
            assert client.getreply()[0] == 552
    assert len(rows(running, "SELECT id FROM inbound")) == 1
    more = memory_mb(running, "VmHWM") - before
    assert more < 2 * LIMIT_BYTES / MEGABYTE
    told.append(f"50 MB unannounced: RSS at most +{more:.0f} MB")


def test_the_largest_mail_allowed_and_twenty_megabytes_of_blank_lines_are_taken(running: Desk, told: list[str]) -> None:
    head = write(JOAO).as_bytes().replace(b"\n", b"\r\n").partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    for what, body in (("25 MB", b"x" * 76 + b"\r\n"), ("20 MB of CRLF", b"\r\n")):
        size = 25 * MEGABYTE - 100_000 if what == "25 MB" else 20 * MEGABYTE
        before = memory_mb(running, "VmRSS")
        with Prober(running).at_work() as prober:
            hand_in(running, head + body * (size // len(body)), JOAO.address, QUEUE)
            done = len(rows(running, "SELECT id FROM inbound"))
            wait_until_quiet(running, done)
        told.append(f"{what}: RSS at most {memory_mb(running, 'VmHWM'):.0f} MB, from {before:.0f}; {prober}")
    assert rows(running, "SELECT count(*) FROM inbound WHERE outcome IS NULL") == [(0,)]


# --- hostile ----------------------------------------------------------------------------------------------


def test_every_bomb_has_an_outcome_and_others_are_served_meanwhile(running: Desk, told: list[str]) -> None:
    taken: list[str] = []
    with Prober(running).at_work() as prober:
        for name, raw in BOMBS.items():
            wire = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
            with suppress(smtplib.SMTPResponseException):
                hand_in(running, wire, JOAO.address, QUEUE)
                taken.append(name)
        wait_for_all(running, len(taken) + 1)
    outcomes = rows(running, "SELECT outcome, count(*) FROM inbound GROUP BY outcome ORDER BY outcome")
    assert {outcome for outcome, _ in outcomes} <= {"opened", "unparsed", "ignored", "duplicate", "appended"}
    assert running.command("inbound", "reconcile").returncode == 0
    told.append(f"{len(taken)} of {len(BOMBS)} bombs taken, {dict(outcomes)}; {prober}")


def wait_for_all(desk: Desk, count: int) -> None:
    """Bombs take their time; each has 10 seconds, twice."""
    give_up = time.monotonic() + 480
    while rows(desk, "SELECT count(*) FROM inbound WHERE outcome IS NOT NULL") != [(count,)]:
        assert time.monotonic() < give_up, f"some mail has no outcome\n{desk.log()[-4000:]}"
        time.sleep(0.5)
