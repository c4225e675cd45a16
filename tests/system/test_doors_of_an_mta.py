"""The three ways in which a company's Postfix hands mail over: SMTP, LMTP, and a program it pipes into."""

import grp
import os
from pathlib import Path

from tests.system.conftest import on_sqlite
from tests.system.desk import Desk
from tests.system.town import JOAO, QUEUE, Town, write

NOBODY = ("nobody", "nogroup")
"""Whom Postfix runs programs as here: no secret and no database is open to it."""


def opened_by(town: Town, desk: Desk, door: str) -> None:
    """A mail to the queue, from Postfix's point of view delivered, is a ticket."""
    town.submit(write(JOAO), QUEUE)
    (receipt,) = town.wait_for_mail(JOAO)
    assert "[#1]" in receipt["Subject"]
    (row,) = desk.wait_until_done(1)
    assert (row["source"], row["outcome"]) == (door, "opened")
    assert town.postfix.queue() == []


@on_sqlite
def test_by_smtp(town: Town, town_desk: Desk) -> None:
    town_desk.start()
    opened_by(town, town_desk, "smtp")


@on_sqlite
def test_by_lmtp_on_a_port(town: Town, town_desk: Desk) -> None:
    town_desk.start()
    town.route(f"lmtp:inet:127.0.0.1:{town.lmtp_port}")
    opened_by(town, town_desk, "lmtp")


@on_sqlite
def test_by_lmtp_on_the_socket_of_the_state_directory(town: Town, town_desk: Desk) -> None:
    open_to_the_group(town_desk, "postfix")
    town_desk.start()
    town.route(f"lmtp:unix:{town_desk.state_dir / 'intake.sock'}")
    opened_by(town, town_desk, "lmtp")


@on_sqlite
def test_by_a_pipe_into_deliver(town: Town, town_desk: Desk, python_of_everybody: Path) -> None:
    open_to_the_group(town_desk, NOBODY[1])
    town_desk.start()
    program = f"{python_of_everybody} -m mailtickets -c {town_desk.config}"
    command = f"{program} deliver --sender ${{sender}} --recipient ${{original_recipient}}"
    town.postfix.pipe("mailtickets", command, user=":".join(NOBODY))
    town.route("mailtickets:")
    opened_by(town, town_desk, "lmtp")


def test_deliver_needs_no_secret_and_says_75_when_nobody_listens(desk: Desk) -> None:
    mail = bytes(write(JOAO))
    refused = desk.command("deliver", "--sender", JOAO.address, "--recipient", QUEUE, given=mail)
    assert refused.returncode == 75

    desk.start()
    taken = desk.command("deliver", "--sender", JOAO.address, "--recipient", QUEUE, given=mail)
    assert (taken.returncode, taken.stdout) == (0, b"")
    assert [row["outcome"] for row in desk.wait_until_done(1)] == ["opened"]


def test_deliver_takes_the_envelope_from_the_environment_of_an_alias(desk: Desk) -> None:
    desk.start()
    envelope = {"SENDER": JOAO.address, "ORIGINAL_RECIPIENT": QUEUE}
    assert desk.command("deliver", given=bytes(write(JOAO)), environment=envelope).returncode == 0
    assert [row["outcome"] for row in desk.wait_until_done(1)] == ["opened"]


def open_to_the_group(desk: Desk, group: str) -> None:
    """What the packaged service has by its user's group: the MTA's group may enter and write to the socket."""
    desk.config.chmod(0o644)
    desk.state_dir.mkdir()
    os.chown(desk.state_dir, -1, grp.getgrnam(group).gr_gid)
    desk.state_dir.chmod(0o2710)
