"""`mailtickets trace`: what it takes, what it prints, how it ends."""

from typing import Any

import pytest

from tests.cli.conftest import Shell
from tests.store.office import Office, a_message


@pytest.fixture
def desk(shell: Shell, office: Office) -> Shell:
    """A desk that has had one mail, which opened ticket 1."""
    office.take(a_message())
    return shell


@pytest.mark.parametrize(
    "words",
    [["1"], ["inbound=1"], ["inbound:1"], ["m1@cliente.test"], ["<m1@cliente.test>"], ["message_id=m1@cliente.test"]],
)
def test_a_mail_is_found_by_its_id_and_by_its_message_id(desk: Shell, words: list[str]) -> None:
    status, said, _ = desk.run("trace", *words)
    assert status == 0
    assert said.startswith("inbound 1  m1@cliente.test\n  received    2025-03-03")
    assert "by smtp from 192.0.2.1," in said
    assert "opened, ticket 1: new-mail. It is about no ticket there is: a new one was opened." in said
    assert "\n\noutbox " in said


@pytest.mark.parametrize("words", [["#1"], ["ticket=1"], ["ticket:1"], ["--ticket", "1"]])
def test_a_ticket_is_told_apart_from_an_id(desk: Shell, words: list[str]) -> None:
    status, said, _ = desk.run("trace", *words)
    assert (status, said.splitlines()[0]) == (0, "ticket 1  Impressora")


@pytest.mark.parametrize("words", [["outbox=1"], ["outbox:1"], ["--outbox", "1"]])
def test_a_letter_is_found_by_the_id_that_log_lines_have(desk: Shell, words: list[str]) -> None:
    status, said, _ = desk.run("trace", *words)
    assert (status, said.startswith("outbox 1: ")) == (0, True)
    assert "because of  inbound 1 of " in said


def test_json_names_everything_by_its_id(desk: Shell) -> None:
    found: Any = desk.json("trace", 1)
    [mail] = found["received"]
    assert (mail["inbound"], mail["ticket"], mail["outcome"], mail["reason"]) == (1, 1, "opened", "new-mail")
    assert mail["why"] == "It is about no ticket there is: a new one was opened."
    assert mail["rules"][-1]["verdict"]
    assert {copy["outbox"] for copy in found["sent"]} == set(mail["outbox"])
    assert {copy["because_of"]["inbound"] for copy in found["sent"]} == {1}
    assert desk.json("trace", "m1@cliente.test") == found


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["99"], 1, "there is no inbound message 99"),
        (["#99"], 1, "there is no ticket 99"),
        (["--ticket", "99"], 1, "there is no ticket 99"),
        (["outbox=99"], 1, "there is no outbox row 99"),
        (["9" * 39], 1, "there is no inbound message"),
        (["who@where.test"], 1, "no mail with the Message-ID who@where.test has been decided on or sent"),
        (["nonsense"], 2, "'nonsense' is neither an id nor a Message-ID; a ticket is asked for by --ticket N"),
        (["١"], 2, "is neither an id nor a Message-ID"),
        ([], 2, "is required"),
        (["1", "--ticket", "1"], 2, "not allowed with"),
    ],
)
def test_what_is_not_found_is_said_in_a_sentence(desk: Shell, words: list[str], status: int, said: str) -> None:
    ended, out, error = desk.run("trace", *words)
    assert (ended, out) == (status, "")
    assert said in error


def test_who_asks_for_a_ticket_by_its_bare_number_is_told_how(desk: Shell, office: Office) -> None:
    office.run(lambda c: c.exec_driver_sql("UPDATE counter SET value = 4710 WHERE name = 'ticket'"))
    office.take(a_message("Outra.", message_id="<m2@cliente.test>"))
    assert "there is a ticket with this number: mailtickets trace --ticket 4711" in desk.run("trace", "4711")[2]


def test_an_id_that_was_copied_out_of_a_hostile_mail_does_not_write_on_the_terminal(desk: Shell) -> None:
    for word in ("\x1b]0;x\x07\x1b[2J@x.test", "\u202ecba@x.test", "a\rb@x.test"):
        _, _, said = desk.run("trace", word)
        assert said.rstrip("\n").isprintable(), said


@pytest.mark.parametrize("word", ["%@cliente.test", "m_@cliente.test", "' OR 1=1 --@x.test", "%", "_%@%"])
def test_no_wildcard_stands_for_anybodys_mail(desk: Shell, word: str) -> None:
    status, out, _ = desk.run("trace", word)
    assert (status != 0, out) == (True, "")
