"""inbound, outbox, agent, template and db at the shell, and who may use it."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

from mailtickets.mail.read.outline import outline
from mailtickets.store import outbox
from tests.cli.conftest import Shell
from tests.servers import free_port
from tests.store.office import Office, a_message

INBOUND = {"id", "source", "state", "outcome", "reason", "ticket", "message_id", "from", "subject", "received_at"}
OUTBOX = {
    "id",
    "ticket",
    "notice",
    "sender",
    "recipient",
    "state",
    "attempts",
    "next_attempt_at",
    "message_id",
    "last_reply",
}


@pytest.fixture
def held(office: Office) -> Office:
    """Ticket 1, and an agent's mail (inbound 2) that is held."""
    office.take(a_message())
    office.take(a_message("Pronto.", message_id="<a@desk.test>", subject="[#1]", **{"from": "ana@desk.test"}))
    return office


# --- inbound ------------------------------------------------------------------------------------------


def test_what_came_in_is_listed_with_every_key_that_was_promised(shell: Shell, held: Office) -> None:
    second, first = shell.json("inbound", "list")
    assert first.keys() >= INBOUND
    assert (first["id"], first["source"], first["state"], first["outcome"]) == (1, "smtp", "done", "opened")
    assert (first["ticket"], first["message_id"], first["from"]) == (1, "m1@cliente.test", "maria@cliente.test")
    assert (second["outcome"], second["reason"]) == ("held", "agent-without-token")
    assert [row["id"] for row in shell.json("inbound", "list", "--state", "held")] == [2]
    assert [row["id"] for row in shell.json("inbound", "list", "--outcome", "opened")] == [1]
    assert [row["id"] for row in shell.json("inbound", "list", "--limit", 1, "--after", 2)] == [1]


def test_one_message_is_shown_with_the_rules_that_were_asked(shell: Shell, held: Office) -> None:
    rules = shell.json("inbound", "show", 1)["rules"]
    assert rules[-1] == {"rule": "new_ticket", "verdict": "opened", "why": "new-mail"}
    assert "new_ticket: opened" in shell.run("inbound", "show", 1)[1]


def test_a_held_message_is_released_and_decided_again(shell: Shell, held: Office) -> None:
    assert shell.json("inbound", "release", 2)["state"] == "accepted"
    held.settle(held.draft(2))
    assert shell.json("inbound", "show", 2)["outcome"] == "appended"
    kinds = [event["kind"] for event in shell.json("ticket", "show", 1)["events"]]
    assert "held" in kinds
    assert "released" in kinds


def test_a_held_message_is_dropped(shell: Shell, held: Office) -> None:
    assert shell.json("inbound", "drop", 2)["outcome"] == "ignored"
    assert shell.run("inbound", "drop", 2)[0] == 1
    assert shell.json("inbound", "replay", 2)["state"] == "accepted"


@pytest.mark.parametrize(
    "words", [("release", 1), ("drop", 1), ("replay", 1), ("release", 99), ("show", 99), ("raw", 99)]
)
def test_what_was_decided_for_good_is_left_alone(shell: Shell, held: Office, words: Any) -> None:
    status, out, err = shell.run("inbound", *words)
    assert (status, out) == (1, "")
    assert err.startswith("mailtickets: ")


def test_the_books_balance(shell: Shell, held: Office) -> None:
    sums = shell.json("inbound", "reconcile")
    assert (sums["received"], sums["waiting"], sums["outcomes"]) == (2, 0, {"held": 1, "opened": 1})
    assert sums["problems"] == []


def test_books_that_do_not_balance_end_with_1(shell: Shell, held: Office) -> None:
    from sqlalchemy import text

    held.run(lambda c: c.execute(text("UPDATE message SET inbound = NULL")))
    status, out, _ = shell.run("inbound", "reconcile")
    assert status == 1
    assert "does not add up" in out


# --- outbox -------------------------------------------------------------------------------------------


def test_what_goes_out_is_listed_with_every_key_that_was_promised(shell: Shell, held: Office) -> None:
    rows = shell.json("outbox", "list")
    assert all(row.keys() >= OUTBOX for row in rows)
    first = rows[-1]
    assert (first["notice"], first["recipient"], first["state"]) == ("received", "maria@cliente.test", "queued")
    assert first["sender"].startswith("suporte+b")
    assert shell.json("outbox", "list", "--state", "sent") == []
    assert shell.json("outbox", "show", first["id"])["message_id"] == first["message_id"]


def test_a_copy_is_cancelled_and_sent_after_all(shell: Shell, held: Office) -> None:
    assert shell.json("outbox", "cancel", 1)["state"] == "cancelled"
    assert shell.run("outbox", "cancel", 1)[0] == 1
    assert shell.json("outbox", "retry", 1)["state"] == "queued"
    held.pass_time(days=36_500)  # the shell has a clock of its own
    held.due()
    held.run(lambda c: outbox.record_all(c, [outbox.AttemptResult(1, "sent", reply="250", now=held.now)]))
    assert shell.run("outbox", "retry", 1)[0] == 1
    assert shell.run("outbox", "show", 99)[0] == 1


def test_raw_mail_is_printed_as_it_is(shell: Shell, held: Office) -> None:
    """In a process of its own: bytes go around what captures text."""
    assert mailtickets(shell, "inbound", "raw", "1") == (0, a_message())
    status, sent = mailtickets(shell, "outbox", "raw", "1")
    assert status == 0
    assert b"To: " in sent
    assert not sent.startswith((b"Return-Path", b"Delivered-To"))
    assert b"00000000000000000000000000" not in sent


def test_raw_mail_has_the_files_that_are_made_of_the_mail_it_is_about(shell: Shell, office: Office) -> None:
    """A text that is too long for a notice, as e-mail.txt, and a mail that could not be read, as message.eml."""
    office.take(a_message("palavra " * 20_000))
    unread = a_message(message_id="<m2@cliente.test>", subject="Ilegível")
    number = office.keep(unread)
    office.settle(office.clerk.draft(office.received(number), outline(unread), "reading-failed"))
    news = [row["id"] for row in shell.json("outbox", "list") if row["recipient"] == "ana@desk.test"]
    sent = [message_from_bytes(mailtickets(shell, "outbox", "raw", str(number))[1]) for number in news]
    assert [[part.get_filename() for part in mail.walk() if part.get_filename()] for mail in sent] == [
        ["message.eml"],
        ["e-mail.txt"],
    ]


def mailtickets(shell: Shell, *words: str, python: str | Path = sys.executable, **how: Any) -> tuple[int, bytes]:
    command = [str(python), "-m", "mailtickets", "-c", str(shell.config), *words]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False, **how)
    return done.returncode, done.stdout or done.stderr


# --- the rest -----------------------------------------------------------------------------------------


def test_agents_are_listed_with_what_they_hold(shell: Shell, held: Office) -> None:
    shell.json("ticket", "assign", 1, "ana@desk.test")
    ana, bruno = shell.json("agent", "list")
    assert (ana["address"], ana["open_tickets"], ana["queues"]) == ("ana@desk.test", 1, ["suporte"])
    assert (bruno["name"], bruno["open_tickets"]) == ("Bruno Castro", 0)
    assert (bruno["skills"], bruno["capacity"], bruno["calendar"]) == ([], 0, "")


def test_templates_are_listed_and_previewed(shell: Shell) -> None:
    rows = shell.json("template", "list", "--limit", 1000)
    assert {row["source"] for row in rows} == {"built-in"}
    assert {row["problem"] for row in rows} == {None}
    assert shell.run("template", "preview", "received", "--locale", "en")[1].startswith("Subject: ")
    assert "<html" in shell.run("template", "preview", "answer", "--html")[1]
    assert shell.run("template", "preview", "nothing")[0] == 2
    assert "canned/pt_BR/encerramento.txt" in {row["file"] for row in rows}
    assert "\n#resolver\n" in shell.run("template", "preview", "canned/Encerramento", "--locale", "pt_BR")[1]
    assert shell.run("template", "preview", "canned/nothing")[0] == 1


def test_a_broken_template_is_named(shell: Shell) -> None:
    (shell.directory / "own" / "pt_BR").mkdir(parents=True)
    (shell.directory / "own" / "pt_BR" / "received.txt").write_text("{{ tiket }}")
    shell.config.write_text(shell.config.read_text() + '[templates]\ndirectory = "own"\n')
    assert shell.run("template", "list")[0] == 1
    status, _, err = shell.run("template", "preview", "received", "--locale", "pt_BR")
    assert status == 1
    assert "pt_BR/received.txt:1:" in err


def test_the_database_is_upgraded_and_checked(shell: Shell) -> None:
    assert shell.run("db", "check")[0] == 2
    assert not (shell.directory / "var").exists()
    assert shell.json("db", "upgrade")["problem"] is None
    checked = shell.json("db", "check")
    assert checked["version"] == checked["newest"]


def test_a_damaged_database_is_told(shell: Shell, office: Office) -> None:
    office.take(a_message())
    office.database.close()
    from sqlalchemy import create_engine, text

    engine = create_engine(office.database.url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE message SET ticket = 99"))
    engine.dispose()
    status, out, _ = shell.run("db", "check")
    assert status == 1
    assert "foreign_key_check" in out


# --- how commands end ---------------------------------------------------------------------------------


def test_a_broken_configuration_ends_with_2_and_every_error(shell: Shell) -> None:
    shell.config.write_text(shell.config.read_text().replace("mail.desk.test", "mail desk") + 'colour = "x"\n')
    status, out, err = shell.run("ticket", "list", "--json")
    assert (status, out) == (2, "")
    assert "instance.hostname: " in err
    assert "agent.1.colour: there is no such key" in err


def test_a_desk_that_was_never_started_says_so(shell: Shell) -> None:
    status, _, err = shell.run("ticket", "list")
    assert status == 2
    assert "mailtickets run" in err
    assert not (shell.directory / "var").exists()


def test_a_database_that_is_away_ends_with_75(shell: Shell, office: Office) -> None:
    url = f"postgresql://desk@127.0.0.1:{free_port()}/desk"
    shell.config.write_text(f'{shell.config.read_text()}\n[database]\nurl = "{url}"\n')
    status, _, err = shell.run("ticket", "list")
    assert status == 75
    assert "not available" in err


def test_an_unknown_noun_ends_with_2(shell: Shell) -> None:
    assert shell.run("tickets", "list")[0] == 2
    assert shell.run("inbound", "list", "--state", "gone")[0] == 2


# --- who may ------------------------------------------------------------------------------------------


as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")


@pytest.fixture
def public(shell: Shell, office: Office) -> Iterator[Shell]:
    """The shell with its desk where other users can go too. Not in pytest's directory, which every run closes again."""
    office.database.close()
    place = Path(tempfile.mkdtemp(prefix="desk-", dir="/tmp"))
    shutil.copytree(shell.directory, place, dirs_exist_ok=True)
    place.chmod(0o755)
    shell.directory, shell.config = place, place / "config.toml"
    yield shell
    shutil.rmtree(place)


def as_nobody(shell: Shell, python: Path, *words: str) -> tuple[int, bytes]:
    return mailtickets(shell, *words, python=python, user="nobody", group="nogroup", extra_groups=[], cwd="/")


@as_root
def test_somebody_else_is_told_whose_desk_it_is(public: Shell, python_of_everybody: Path) -> None:
    status, said = as_nobody(public, python_of_everybody, "ticket", "list")
    assert status == 2
    assert b"belongs to the user root" in said


@as_root
def test_root_acts_as_the_owner_of_the_state_directory(public: Shell, python_of_everybody: Path) -> None:
    for path in [public.directory / "var", *(public.directory / "var").iterdir()]:
        os.chown(path, 65534, 65534)
    assert mailtickets(public, "ticket", "list", "--json", python=python_of_everybody) == (0, b"[]\n")
    assert {path.stat().st_uid for path in (public.directory / "var").iterdir()} == {65534}


@as_root
def test_an_owner_without_a_name_is_one_all_the_same(public: Shell, python_of_everybody: Path) -> None:
    for path in [public.directory / "var", *(public.directory / "var").iterdir()]:
        os.chown(path, 54321, 54321)
    assert mailtickets(public, "ticket", "list", "--json", python=python_of_everybody) == (0, b"[]\n")
    status, said = as_nobody(public, python_of_everybody, "ticket", "list")
    assert (status, b"the user 54321" in said) == (2, True)


# --- check ----------------------------------------------------------------------------------------------


def said_of_trust(shell: Shell) -> list[dict[str, str]]:
    return [line for line in shell.json("check") if line["about"] == "trust.agents"]


def test_check_says_plainly_that_a_token_alone_is_believed_and_what_to_do(shell: Shell) -> None:
    (line,) = said_of_trust(shell)
    assert line["verdict"] == "warning"
    assert "can answer customers in that agent's name" in line["text"]
    assert 'set trust.agents = "verified"' in line["next"]


def test_check_says_nothing_of_it_where_agents_are_verified(shell: Shell) -> None:
    shell.config.write_text(shell.config.read_text().replace('agents = "token"', 'agents = "verified"'))
    assert said_of_trust(shell) == []


def test_what_a_system_installation_begins_with_is_not_passed_over_in_silence(shell: Shell) -> None:
    """The configuration that `init --system` writes is the example's."""
    example = Path(__file__).parents[2] / "config.example.toml"
    trust = re.search(r'^agents = "(\w+)"', example.read_text("utf-8"), re.MULTILINE)
    assert trust is not None
    shell.config.write_text(shell.config.read_text().replace('agents = "token"', f'agents = "{trust[1]}"'))
    assert bool(said_of_trust(shell)) is (trust[1] == "token")
