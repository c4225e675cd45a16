"""Tickets at the shell: what is printed, key by key, and how commands end."""

from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Shell
from tests.store.office import Office, a_message, with_file

TICKET = {"number", "queue", "subject", "status", "priority", "type", "requester", "assignee", "revision",
          "participants", "tags", "linked", "created_at", "updated_at"}  # fmt: skip
MESSAGE = {"id", "direction", "visibility", "author", "verified", "subject", "text", "reply", "message_id",
           "received_at", "attachments"}  # fmt: skip


@pytest.fixture(autouse=True)
def ticket(office: Office) -> Office:
    """Ticket 1: Maria's, with a file, Pedro in copy."""
    office.take(with_file("nota.txt", "conteúdo").replace(b"Subject:", b"Cc: Pedro <pedro@cliente.test>\r\nSubject:"))
    return office


def test_a_listed_ticket_has_every_key_that_was_promised(shell: Shell) -> None:
    (listed,) = shell.json("ticket", "list")
    assert listed.keys() >= TICKET
    assert (listed["number"], listed["queue"], listed["subject"]) == (1, "suporte", "Impressora")
    assert (listed["status"], listed["priority"], listed["type"], listed["assignee"]) == ("new", "normal", None, None)
    assert listed["requester"] == {"name": "Maria Souza", "address": "maria@cliente.test"}
    assert listed["participants"] == [
        {"name": "Maria Souza", "address": "maria@cliente.test", "role": "requester"},
        {"name": "Pedro", "address": "pedro@cliente.test", "role": "cc"},
    ]
    assert (listed["tags"], listed["linked"]) == ([], [])
    assert listed["created_at"] == "2025-03-03T12:00:00+00:00"


def test_a_shown_ticket_has_its_messages_and_events(shell: Shell) -> None:
    shown = shell.json("ticket", "show", 1)
    assert shown.keys() >= TICKET | {"messages", "events"}
    (message,) = shown["messages"]
    assert message.keys() >= MESSAGE
    assert (message["direction"], message["visibility"], message["verified"]) == ("in", "public", False)
    assert message["message_id"] == "m1@cliente.test"
    (file,) = message["attachments"]
    assert file.keys() == {"id", "filename", "content_type", "size", "sha256"}
    assert {event.keys() == {"at", "actor", "kind", "from", "to", "reason"} for event in shown["events"]} == {True}


def test_pages_of_tickets_go_on_where_the_last_one_ended(shell: Shell, ticket: Office) -> None:
    ticket.take(a_message("b", message_id="<b@x.test>"))
    assert [found["number"] for found in shell.json("ticket", "list", "--limit", 1)] == [2]
    assert [found["number"] for found in shell.json("ticket", "list", "--after", 2)] == [1]


def test_tickets_are_listed_by_portuguese_names_too(shell: Shell) -> None:
    assert len(shell.json("ticket", "list", "--status", "novo")) == 1
    assert shell.json("ticket", "list", "--status", "em atendimento") == []
    assert len(shell.json("ticket", "list", "--queue", "suporte", "--assignee", "-")) == 1


def test_tickets_are_searched_accents_or_not(shell: Shell) -> None:
    assert [found["number"] for found in shell.json("ticket", "search", "IMPRESSORA", "anéxo")] == [1]
    assert shell.json("ticket", "search", "a-b", "AND", '"') == []


def test_people_get_tables(shell: Shell) -> None:
    status, out, _ = shell.run("ticket", "list")
    assert status == 0
    assert out.splitlines()[0].split() == ["TICKET", "STATUS", "PRIORITY", "QUEUE", "ASSIGNEE", "UPDATED", "SUBJECT"]
    status, out, _ = shell.run("ticket", "show", 1)
    assert "requester: Maria Souza <maria@cliente.test>" in out
    assert "nota.txt" in out


def test_a_ticket_is_opened_in_a_customers_name(shell: Shell, ticket: Office) -> None:
    words = ("ticket", "open", "--queue", "vendas", "--requester", "Eva <eva@x.test>", "--subject", "[#1] Telefone")
    opened = shell.json(*words, stdin="Ela ligou.")
    assert (opened["number"], opened["queue"], opened["status"], opened["subject"]) == (2, "vendas", "new", "Telefone")
    assert ("received", "eva@x.test") in ticket.outgoing()
    assert shell.json("ticket", "show", 2)["messages"][0]["text"] == "Ela ligou."


@pytest.mark.parametrize(
    ("queue", "requester", "status"),
    [
        ("nada", "eva@x.test", 1),
        ("suporte", "eva", 2),
        ("suporte", "a@x.test, b@x.test", 2),
        ("suporte", "vendas@desk.test", 2),
    ],
)
def test_a_ticket_for_nobody_is_not_opened(shell: Shell, queue: str, requester: str, status: int) -> None:
    ended, out, err = shell.run(
        "ticket", "open", "--queue", queue, "--requester", requester, "--subject", "x", stdin="y"
    )
    assert (ended, out) == (status, "")
    assert err.startswith("mailtickets: ")


def test_an_agent_answers(shell: Shell, ticket: Office) -> None:
    answered = shell.json("ticket", "reply", 1, "--as", "ana.lima@desk.test", stdin="Pronto.\n")
    assert answered["status"] == "pending"
    assert ticket.outgoing()[-2:] == [("answer", "maria@cliente.test"), ("answer", "pedro@cliente.test")]
    message = shell.json("ticket", "show", 1)["messages"][-1]
    assert (message["direction"], message["text"], message["author"]["address"]) == ("out", "Pronto.", "ana@desk.test")


def test_the_queue_itself_answers_from_a_file(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "texto").write_text("Olá!", encoding="utf-8")
    shell.json("ticket", "reply", 1, "--file", tmp_path / "texto")
    message = shell.json("ticket", "show", 1)["messages"][-1]
    assert (message["text"], message["author"]) == ("Olá!", {"name": "", "address": "suporte@desk.test"})


def test_an_answer_to_nobody_is_refused(shell: Shell, ticket: Office) -> None:
    unread = {"from": "Loja Azul <loja azul@cliente.test>", "message_id": "<azul@x.test>"}
    ticket.take(a_message("Oi", **unread))
    before = ticket.outgoing()
    status, _, err = shell.run("ticket", "reply", 2, stdin="Olá!")
    assert (status, "has no customer to write to" in err) == (1, True)
    assert shell.json("ticket", "show", 2)["status"] == "new"
    assert ticket.outgoing() == before


def test_a_note_is_told_to_colleagues_alone(shell: Shell, ticket: Office) -> None:
    before = ticket.outgoing()
    assert shell.json("ticket", "note", 1, "--as", "ana@desk.test", stdin="Liguei.")["status"] == "open"
    assert shell.json("ticket", "show", 1)["messages"][-1]["visibility"] == "note"
    assert ticket.outgoing()[len(before) :] == [("noted", "bruno@desk.test")]


@pytest.mark.parametrize(
    ("words", "key", "value"),
    [
        (("status", 1, "resolvido"), "status", "resolved"),
        (("status", 1, "Closed"), "status", "closed"),
        (("priority", 1, "crítica"), "priority", "critical"),
        (("assign", 1, "ana.lima@desk.test"), "assignee", "ana@desk.test"),
        (("assign", 1, "-"), "assignee", None),
    ],
)
def test_a_ticket_is_changed_and_shown_as_it_then_is(shell: Shell, words: Any, key: str, value: Any) -> None:
    assert shell.json("ticket", *words)[key] == value
    assert shell.json("ticket", "show", 1)[key] == value
    assert shell.json("ticket", *words)[key] == value  # once more changes nothing


def test_who_gave_an_order_is_on_the_ticket(shell: Shell) -> None:
    shell.json("ticket", "status", 1, "resolved")
    event = shell.json("ticket", "show", 1)["events"][-1]
    assert (event["kind"], event["from"], event["to"], event["reason"]) == ("status", "new", "resolved", "ordered")
    assert event["actor"].startswith("shell:")


def test_tickets_are_merged(shell: Shell, ticket: Office) -> None:
    ticket.take(a_message("b", message_id="<b@x.test>"))
    shell.json("ticket", "merge", 1, 2)
    assert shell.json("ticket", "show", 1)["linked"] == [2]
    assert len(shell.json("ticket", "show", 2)["messages"]) == 2
    for words in (("merge", 1, 2), ("merge", 2, 1), ("merge", 2, 99), ("merge", 99, 2), ("status", 1, "open")):
        assert shell.run("ticket", *words)[0] == 1


def test_attachments_are_listed_and_saved_under_names_of_our_own(shell: Shell, tmp_path: Path) -> None:
    (listed,) = shell.json("ticket", "attachment", 1)
    out = tmp_path / "files"
    (saved,) = shell.json("ticket", "attachment", 1, listed["id"], "--out", out)
    assert Path(saved["path"]).read_text(encoding="utf-8") == "conteúdo"
    assert Path(saved["path"]) == out / "nota.txt"
    (again,) = shell.json("ticket", "attachment", 1, "--out", out)
    assert Path(again["path"]) == out / f"{listed['id']}-nota.txt"
    assert shell.run("ticket", "attachment", 1, 99)[0] == 1


def test_an_attachment_with_a_very_long_name_is_saved(shell: Shell, ticket: Office, tmp_path: Path) -> None:
    ticket.take(with_file("ã" * 200 + ".txt").replace(b"<m1@", b"<m2@"))
    (saved,) = shell.json("ticket", "attachment", 2, "--out", tmp_path / "files")
    assert Path(saved["path"]).name.endswith(".txt")


def test_an_attachment_that_cannot_be_written_says_so(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    status, _, err = shell.run("ticket", "attachment", 1, "--out", tmp_path / "file")
    assert status == 1
    assert str(tmp_path / "file") in err


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("show", 99), 1),
        (("show", 10**30), 1),
        (("status", 99, "open"), 1),
        (("reply", 99), 1),
        (("reply", 1, "--as", "quem@x.test"), 1),
        (("assign", 1, "quem@x.test"), 1),
        (("attachment", 99), 1),
        (("show", "um"), 2),
        (("status", 1, "pronto"), 2),
        (("priority", 1, "urgente"), 2),
        (("list", "--limit", 0), 2),
        (("list", "--limit", 10**30), 0),
        (("reply", 1, "--file", "/nowhere/at/all"), 2),
        ((), 2),
    ],
)
def test_what_cannot_be_done_ends_with_its_status_and_a_word(shell: Shell, words: Any, status: int) -> None:
    ended, out, err = shell.run("ticket", *words, stdin="texto")
    assert ended == status
    if status:
        assert out == ""
        assert err


def test_an_answer_without_words_is_not_sent(shell: Shell) -> None:
    assert shell.run("ticket", "reply", 1, stdin=" \n")[0] == 2
