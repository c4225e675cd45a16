"""What a mail's words ask the store for: one reading, which the rules decide on too."""

import pytest

from mailtickets.desk.rules.questions import Questions, questions
from tests.desk.builders import ANA, MARIA, a_mail, a_policy

POLICY = a_policy()


def of(text: str, subject: str = "Impressora", correction: str = "", author: str = "ana") -> Questions:
    return questions(a_mail(ANA if author == "ana" else MARIA, text=text, subject=subject), POLICY, correction)


def of_agent(text: str, subject: str = "Impressora", correction: str = "") -> tuple[set[str], set[int]]:
    """The names of an agent's commands, and the tickets that they act on."""
    orders = of(text, subject, correction).orders
    assert orders is not None
    return set(orders.names), set(orders.tickets)


@pytest.mark.parametrize(
    ("text", "names", "tickets"),
    [
        ("Segue o manual.", set(), set()),
        ("#minhafila", {"mine"}, set()),
        ("#buscar toner", {"search"}, set()),
        ("Segue.\n#histórico", {"history"}, set()),
        ("#juntar 43", {"merge"}, {43}),
        ("42 #fechar\n43, 44 #juntar 45", set(), {42, 43, 44, 45}),
    ],
)
def test_an_agents_commands_say_what_is_looked_up(text: str, names: set[str], tickets: set[int]) -> None:
    assert of_agent(text) == (names, tickets)


def test_commands_in_a_subject_are_looked_up_too() -> None:
    assert of_agent("", "#minhafila") == ({"mine"}, set())


def test_commands_above_the_agents_own_name_are_looked_up_as_they_are_carried_out() -> None:
    assert of_agent(f"Segue.\n#histórico\n{ANA.name}") == ({"history"}, set())


def test_a_correction_is_looked_up_for_the_lines_that_it_replaces() -> None:
    assert of_agent("1042 #fehcar")[1] == set()
    assert of_agent("1042 #fehcar", correction="#fechar")[1] == {1042}
    assert of_agent("Segue.\n#jutar 43", correction="#juntar 43") == ({"merge"}, {43})


def test_words_that_are_searched_for_and_ready_answers_are_named_once() -> None:
    orders = of("#buscar toner preto\n#resposta garantia").orders
    assert orders is not None
    assert (orders.searched, orders.ready_answers) == ("toner preto", {"garantia"})


def test_a_customers_commands_are_not_read() -> None:
    assert of("#fechar", author="maria").orders is None


@pytest.mark.parametrize(
    ("subject", "text", "on_ticket", "without_ticket", "number"),
    [
        ("Re: [#42] Impressora", "encerrar o 43", "close", None, 43),
        ("meus chamados", "", "tickets", "tickets", None),
        ("status", "", "status", "tickets", None),
        ("Impressora", "A 43 parou.", None, None, None),
    ],
)
def test_a_customers_wish_and_its_number(
    subject: str, text: str, on_ticket: str | None, without_ticket: str | None, number: int | None
) -> None:
    asked = of(text, subject, author="maria")
    assert (asked.wishes.on_ticket, asked.wishes.without_ticket, asked.number) == (on_ticket, without_ticket, number)


def test_an_agent_whom_only_a_token_names_is_read_as_one_later() -> None:
    asked = of("#minhafila", author="maria")
    agent = POLICY.agent(ANA.address)
    read = asked.of_agent(agent)
    assert read.orders is not None
    assert read.orders.names == {"mine"}
    assert read.of_agent(agent) is read
    assert asked.of_agent(None) is asked
