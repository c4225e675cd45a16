"""`mailtickets status`: at a glance, with an exit status for whoever asks by a program."""

import fcntl
import json
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from mailtickets.config.load import load
from mailtickets.config.outline import DeskOutline
from mailtickets.config.proven import proven
from mailtickets.store import schema
from tests.cli.conftest import Shell
from tests.store.office import Office, a_message


@pytest.fixture
def running(shell: Shell, office: Office) -> Any:
    """A desk whose daemon holds its lock, as a daemon does. It has one ticket of today."""
    office.now = datetime.now(UTC) - timedelta(minutes=5)
    office.take(a_message())
    with (shell.directory / "var" / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield shell


def hold(office: Office) -> None:
    held = {"state": "held", "outcome": "held", "reason": "spam-header"}
    office.run(lambda c: c.execute(update(schema.inbound).values(**held)))


def test_all_is_well(running: Shell) -> None:
    status, said, _ = running.run("status")
    assert status == 0
    assert said.startswith("exemplo: All is well.")
    assert "1 in 24 hours" in said
    assert "Suporte Exemplo: 1 unanswered, the oldest #1 since" in said


def test_a_person_is_needed_and_told_what_and_the_next_step(running: Shell, office: Office) -> None:
    hold(office)
    status, said, _ = running.run("status")
    assert status == 1
    assert said.splitlines()[0].startswith("exemplo: All works. One thing waits for a person.")
    assert " ! One mail is held." in said
    assert "next: `mailtickets inbound list --state held`" in said


def test_json_says_the_same(running: Shell, office: Office) -> None:
    quiet = running.json("status")
    assert (quiet["state"], quiet["needs_person"], quiet["running"]) == ("well", [], True)
    assert len(quiet["last_24_hours"]["hours"]) == 24
    assert quiet["queues"][0]["unanswered"]["ticket"] == 1
    hold(office)
    status, out, _ = running.run("status", "--json")
    assert status == 1
    [need] = json.loads(out)["needs_person"]
    assert need.keys() == {"code", "level", "what", "why", "next"}
    assert need["code"] == "held"


def test_a_daemon_that_does_not_run_is_the_first_thing_said(shell: Shell, office: Office) -> None:
    status, said, _ = shell.run("status")
    assert status == 1
    assert "!! The daemon is not running." in said
    assert "systemctl start mailtickets" in said


def test_looking_does_not_take_the_lock_away(running: Shell) -> None:
    lock = running.directory / "var" / "lock"
    running.run("status")
    with lock.open() as file, pytest.raises(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_desk_that_is_not_there_yet_is_no_status(shell: Shell) -> None:
    status, said, error = shell.run("status")
    assert (status, said) == (2, "")
    assert "no desk yet" in error


RICH = """
[smtp_in]
max_message_bytes = 100000
[http]
[[oauth]]
name = "microsoft"
provider = "microsoft"
flow = "client_credentials"
tenant = "t"
client_id = "c"
client_secret_file = "s"
expires = "2027-03-01"
[[imap_in]]
name = "caixa"
host = "imap.desk.test"
username = "suporte@desk.test"
oauth = "microsoft"
queue = "vendas"
"""


@pytest.mark.parametrize("more", ["", RICH])
def test_the_outline_is_the_same_from_the_file_and_from_what_was_loaded(
    shell: Shell, office: Office, more: str
) -> None:
    shell.config.write_text(shell.config.read_text() + more)
    status, _, error = shell.run("agent", "list")
    assert status == 0, error
    known = proven(shell.config)
    assert known is not None
    assert DeskOutline.of(known.tables) == DeskOutline.of(load(shell.config).model_dump())


LEAST = """
[instance]
hostname = "a.test"
[delivery]
method = "maildir"
[[queue]]
name = "q"
addresses = ["q@a.test"]
"""


def test_defaults_of_the_outline_are_those_of_the_configuration(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(LEAST)
    assert DeskOutline.of(tomllib.loads(LEAST)) == DeskOutline.of(load(file).model_dump())
