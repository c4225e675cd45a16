"""C06 to C08, C10, C26, C40: the machine under the desk lets it down. It passes, and nothing is lost."""

import shutil
import signal
import smtplib
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.chaos.machine import Machine
from tests.servers import free_port
from tests.servers.notify import Notify
from tests.system.conftest import DeskMaker
from tests.system.desk import MAILDIR, Desk, config
from tests.system.town import ANA, JOAO, MARIA, QUEUE, write
from tests.system.world import World, hand_in, is_quiet, rows, wait_until_quiet

DAY_SECONDS = 86_400


def test_while_fsync_fails_nobody_hears_250_and_it_passes(make_desk: DeskMaker, machine: Machine) -> None:
    desk = make_desk(config(MAILDIR, smtp_port=0), machine.environment())
    desk.start()
    hand_in(desk, write(JOAO, subject="Antes"), JOAO.address, QUEUE)
    wait_until_quiet(desk, 1)
    mails = [write(JOAO, subject=f"Durante {number}") for number in range(3)]
    with machine.fault("fsync"):
        for mail in mails:
            assert refusal(desk, mail.as_bytes()) == 451
    for mail in mails:
        hand_in(desk, mail, JOAO.address, QUEUE)
    wait_until_quiet(desk, 4)
    assert sorted(subjects(desk)) == ["Antes", "Durante 0", "Durante 1", "Durante 2"]
    assert desk.command("inbound", "reconcile").returncode == 0


@pytest.mark.chaos
def test_a_decision_that_cannot_be_written_is_made_again_when_it_can(make_desk: DeskMaker, machine: Machine) -> None:
    desk = make_desk(config(MAILDIR, smtp_port=0), machine.environment())
    desk.start()
    hand_in(desk, write(JOAO), JOAO.address, QUEUE)
    with machine.fault("fsync"):
        desk.wait_for(lambda: "deferred" in desk.log() or is_quiet(desk), "trouble or luck")
    wait_until_quiet(desk, 1)
    assert len(desk.tickets()) == 1


@pytest.mark.chaos
@pytest.mark.parametrize("days", [1, -1], ids=["ahead", "back"])
def test_a_clock_that_jumps_a_day_stalls_nothing_and_repeats_nothing(
    make_desk: DeskMaker, machine: Machine, world: World, days: int
) -> None:
    text = config(world.delivery(), "[budget]\nack_max_age_days = 5\n", smtp_port=0)
    desk = make_desk(text, machine.environment())
    machine.set_clock(0)
    desk.start()
    world.smarthost.say("RCPT", "451 4.3.0 not now")
    hand_in(desk, write(JOAO), JOAO.address, QUEUE)
    desk.wait_for(lambda: rows(desk, "SELECT id FROM outbox WHERE state = 'deferred'"), "a letter that waits")

    machine.set_clock(days * DAY_SECONDS)
    hand_in(desk, write(MARIA), MARIA.address, QUEUE)
    desk.cli("ticket", "reply", 1, "--as", ANA.address, given="Segue a resposta.")
    world.wait_for_letters(desk, MARIA.address)
    wait_until_quiet(desk, 2)

    sent = [(mail.recipient, subject_of(mail.content)) for mail in world.sent()]
    assert len(sent) == len(set(sent)) == len(rows(desk, "SELECT id FROM outbox"))
    assert desk.command("inbound", "reconcile").returncode == 0


def subject_of(content: bytes) -> bytes:
    """A mail's own words: two notices of a ticket share its subject, not their Message-ID."""
    return next(line for line in content.split(b"\r\n") if line.lower().startswith(b"message-id:"))


@pytest.mark.chaos
def test_a_loop_that_stands_still_feeds_no_watchdog_and_loses_nothing(make_desk: DeskMaker, machine: Machine) -> None:
    desk = make_desk(config(MAILDIR, smtp_port=free_port()), machine.environment())
    with Notify() as notify:
        desk.start({"NOTIFY_SOCKET": notify.path, "WATCHDOG_USEC": "1000000"})
        notify.wait_for("WATCHDOG=1", times=2)
        hand_in(desk, write(JOAO), JOAO.address, QUEUE)
        with machine.fault("stuck"):
            time.sleep(0.5)  # what had been under way has stopped
            fed = notify.said.count("WATCHDOG=1")
            time.sleep(2)
            assert notify.said.count("WATCHDOG=1") == fed
            desk.signal(signal.SIGABRT)  # as systemd does then
            assert desk.wait() == -signal.SIGABRT
    desk.start()
    wait_until_quiet(desk, 1)
    assert len(desk.tickets()) == 1


@pytest.mark.chaos
def test_a_database_that_somebody_else_holds_for_longer_than_we_wait_loses_nothing(desk: Desk) -> None:
    desk.start()
    answers: list[int] = []
    with closing(sqlite3.connect(desk.state_dir / "mailtickets.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        mails = [write(JOAO, subject=f"Pedido {number}") for number in range(3)]
        threads = [threading.Thread(target=lambda m=mail: answers.append(insist(desk, m.as_bytes()))) for mail in mails]
        for thread in threads:
            thread.start()
        time.sleep(45)  # more than the 30 seconds of one attempt
        other.execute("ROLLBACK")
    for thread in threads:
        thread.join()
    assert answers == [250, 250, 250]
    wait_until_quiet(desk, 3)
    assert sorted(subjects(desk)) == ["Pedido 0", "Pedido 1", "Pedido 2"]


def insist(desk: Desk, raw: bytes) -> int:
    """Hands it in until it is taken, as an MTA does."""
    while (code := refusal(desk, raw)) in (451, 452):
        time.sleep(0.5)
    return code


@pytest.fixture
def few_inodes(place: Path) -> Iterator[Path]:
    """A file system with room for few files; only root can mount one."""
    disk = place / "var"
    disk.mkdir()
    mount = shutil.which("mount")
    options = "size=200m,nr_inodes=60,mode=0710"
    command = [mount or "mount", "-t", "tmpfs", "-o", options, "tmpfs", str(disk)]
    if not mount or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a file system with few inodes can only be mounted by root")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


@pytest.mark.chaos
def test_without_inodes_mail_waits_here_or_there_and_goes_on_when_there_are_some(
    few_inodes: Path, make_desk: DeskMaker
) -> None:
    desk = make_desk(config(MAILDIR, smtp_port=free_port()))
    desk.start()
    fillers = fill(few_inodes)
    mail = write(JOAO)
    taken = refusal(desk, mail.as_bytes())
    assert taken in (250, 451, 452)
    if taken == 250:
        desk.wait_for(lambda: rows(desk, "SELECT id FROM outbox WHERE state = 'deferred'"), "notices that wait")
        assert len(rows(desk, "SELECT number FROM ticket")) == 1
    for filler in fillers:
        filler.unlink()
    hand_in(desk, mail, JOAO.address, QUEUE)  # the same once more, as its MTA would after a 4xx
    for row in desk.outbox():
        if row["state"] == "deferred":
            desk.cli("outbox", "retry", row["id"])
    wait_until_quiet(desk, 1)
    assert len(desk.tickets()) == 1
    assert len(list((desk.state_dir / "outgoing" / "new").iterdir())) == len(rows(desk, "SELECT id FROM outbox"))


def fill(disk: Path) -> list[Path]:
    """Empty files until there can be no more."""
    made: list[Path] = []
    while True:
        filler = disk / f"filler-{len(made)}"
        try:
            filler.touch()
        except OSError:
            return made
        made.append(filler)


def refusal(desk: Desk, raw: bytes) -> int:
    """What the desk says to a mail: 250, or why not."""
    try:
        hand_in(desk, raw, JOAO.address, QUEUE)
    except smtplib.SMTPResponseException as refused:
        return refused.smtp_code
    return 250


def subjects(desk: Desk) -> list[str]:
    return [str(subject) for (subject,) in rows(desk, "SELECT subject FROM ticket")]
