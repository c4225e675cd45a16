"""Stages at the shell: moves, what is refused, what is printed, and a file that is refused."""

import pytest

from tests.cli.conftest import Shell
from tests.store.office import Office, a_message

STAGES = """
[[queue]]
name = "oficina"
addresses = ["oficina@desk.test"]
[[queue.stages]]
name = "novo"
is = "new"
from = []
[[queue.stages]]
name = "diagnostico"
is = "open"
label = { pt_BR = "Diagnóstico", en = "Diagnosis" }
[[queue.stages]]
name = "aguardando-peca"
is = "pending"
from = ["diagnostico"]
after = { "10d" = "diagnostico" }
tell = true
label = { pt_BR = "Aguardando peça" }
[[queue.stages]]
name = "pronto"
is = "resolved"
from = ["diagnostico"]
needs = ["answer"]
[[queue.stages]]
name = "encerrado"
is = "closed"
from = ["pronto", "novo"]
[[agent]]
name = "Dora Melo"
address = "dora@desk.test"
queues = ["oficina"]
"""


@pytest.fixture
def shell(shell: Shell) -> Shell:
    shell.config.write_text(shell.config.read_text("utf-8") + STAGES, encoding="utf-8")
    return shell


@pytest.fixture(autouse=True)
def ticket(office: Office) -> Office:
    office.take(a_message("Não liga.", to="oficina@desk.test"), recipients=("oficina@desk.test",))
    return office


def test_tickets_in_a_stage_are_listed_by_its_name_or_label(shell: Shell, office: Office) -> None:
    second = a_message("Caiu.", to="oficina@desk.test", message_id="<m2@cliente.test>")
    office.take(second, recipients=("oficina@desk.test",))
    shell.run("ticket", "stage", 1, "diagnostico")
    for name in ("diagnostico", "Diagnóstico", "DIAGNOSIS"):
        assert [one["number"] for one in shell.json("ticket", "list", "--stage", name)] == [1]
    assert [one["number"] for one in shell.json("ticket", "list", "--stage", "novo", "--queue", "oficina")] == [2]
    assert shell.json("ticket", "list", "--stage", "pronto") == []
    assert shell.json("ticket", "list", "--stage", "diagnostico", "--due") == []
    code, _, err = shell.run("ticket", "list", "--stage", "diag")
    assert code == 1
    assert "there is no stage 'diag': novo, diagnostico, aguardando-peca, pronto, encerrado" in err


def test_a_ticket_is_brought_to_a_stage_by_its_name_or_label(shell: Shell) -> None:
    assert shell.json("ticket", "show", 1)["stage"] == "novo"
    moved = shell.json("ticket", "stage", 1, "Diagnosis")
    assert (moved["stage"], moved["status"]) == ("diagnostico", "open")
    moved = shell.json("ticket", "stage", 1, "aguardando peça")
    assert (moved["stage"], moved["status"]) == ("aguardando-peca", "pending")
    (listed,) = shell.json("ticket", "list")
    assert listed["stage"] == "aguardando-peca"
    assert "pending (aguardando-peca)" in shell.run("ticket", "show", 1)[1]
    events = [event for event in shell.json("ticket", "show", 1)["events"] if event["kind"] == "stage"]
    assert [(event["from"], event["to"]) for event in events[1:]] == [
        ("novo", "diagnostico"), ("diagnostico", "aguardando-peca"),
    ]  # fmt: skip
    assert {event["reason"] for event in events[1:]} == {"ordered"}


def test_the_customer_is_told_of_a_move_at_the_shell_too(shell: Shell, ticket: Office) -> None:
    shell.json("ticket", "stage", 1, "diagnostico")
    shell.json("ticket", "stage", 1, "aguardando-peca")
    assert ticket.outgoing()[-1] == ("stage_changed", "maria@cliente.test")


@pytest.mark.parametrize(("words", "said"), [
    (("stage", 1, "aguardando-peca"), "cannot go to stage aguardando-peca: possible now: diagnostico, encerrado"),
    (("stage", 1, "nada"), "queue oficina has no stage 'nada': novo, diagnostico, aguardando-peca, pronto, encerrado"),
    (("status", 1, "resolved"), "cannot become resolved: possible now: diagnostico, encerrado"),
    (("stage", 7, "novo"), "there is no ticket 7"),
])  # fmt: skip
def test_a_move_that_is_not_possible_is_refused_with_those_that_are(
    shell: Shell, words: tuple[object, ...], said: str
) -> None:
    status, _, error = shell.run("ticket", *words)
    assert status == 1
    assert said in error
    assert shell.json("ticket", "show", 1)["stage"] == "novo"


def test_a_stage_that_needs_an_answer_waits_for_it(shell: Shell) -> None:
    shell.json("ticket", "stage", 1, "diagnostico")
    assert "it needs answer" in shell.run("ticket", "status", 1, "resolved")[2]
    shell.json("ticket", "reply", 1, "--as", "dora@desk.test", stdin="Trocada a fonte.")
    shell.json("ticket", "stage", 1, "diagnostico")
    moved = shell.json("ticket", "status", 1, "resolved")
    assert (moved["stage"], moved["status"]) == ("pronto", "resolved")


def test_a_queue_without_stages_has_none(shell: Shell, ticket: Office) -> None:
    ticket.take(a_message("Oi", message_id="<b@x.test>"))
    assert shell.json("ticket", "show", 2)["stage"] is None
    assert "queue suporte has no stages" in shell.run("ticket", "stage", 2, "novo")[2]


def test_a_file_with_a_circle_of_the_clock_is_refused_by_its_key(shell: Shell) -> None:
    words = shell.config.read_text("utf-8").replace(
        'label = { pt_BR = "Diagnóstico", en = "Diagnosis" }', 'after = { "2d" = "aguardando-peca" }'
    )
    shell.config.write_text(words, encoding="utf-8")
    status, _, error = shell.run("ticket", "list")
    assert status == 2
    assert "queue.2.stages.1.after: diagnostico -> aguardando-peca -> diagnostico: the clock goes round here" in error
