"""What solved a ticket, from an agent's mail to `ticket show` and the search, and never to a customer."""

from typing import Any

from sqlalchemy import delete, select

from mailtickets.desk.commands import orders
from mailtickets.gateway.drafting.order import Order
from mailtickets.store import old_resolutions, schema
from mailtickets.store.read import search
from mailtickets.store.read.reader import within
from mailtickets.views import tickets as views
from tests.desk.builders import ANA, MARIA, a_policy
from tests.store.conftest import *  # noqa: F403
from tests.store.office import Office, copies
from tests.store.test_work_by_mail import agent, maria, token, written

CABLE = "troca do cabo de rede no rack 7"


def resolution(office: Office, number: int = 1) -> Any:
    return views.shown_as_json(office.ticket(number), ())["resolution"]


def found(office: Office, words: str) -> list[int]:
    return list(office.run(lambda c: search.find(within(c), words, after=None, limit=9)))


def to_customers(office: Office) -> str:
    """Everything that Maria was sent, as one text."""
    rows = office.run(lambda c: copies(c))
    return "\n".join(f"{row.subject}\n{row.text}\n{row.html}" for row in rows if row.recipient == "maria@cliente.test")


def test_the_answer_that_resolves_a_ticket_is_its_resolution(office: Office) -> None:
    maria(office, "A rede caiu.")
    signed = "Olá Maria, trocamos o cabo. Já pode usar.\n\n#resolver\n\n-- \nAna Lima\nSuporte N2\n\n"
    agent(office, f"{signed}> A rede caiu.", token(office))
    assert resolution(office) == "Olá Maria, trocamos o cabo. Já pode usar."
    details = views.shown_as_json(office.ticket(1), ())["resolved_by"]
    assert (details["source"], details["author"], details["current"]) == ("answer", ANA.address, True)


def test_a_bare_command_keeps_the_last_public_answer_and_no_note(office: Office) -> None:
    maria(office, "A rede caiu.")
    agent(office, "Trocamos o cabo, tente de novo.", token(office))
    office.pass_time(hours=1)
    agent(office, "#nota\nO cliente pisou no cabo.", token(office))
    office.pass_time(hours=1)
    agent(office, "#resolver", token(office))
    assert resolution(office) == "Trocamos o cabo, tente de novo."


def test_a_ticket_that_nobody_answered_has_no_resolution(office: Office) -> None:
    maria(office, "A rede caiu.")
    agent(office, "#nota\nVoltou sozinha.\n#fim\n#resolver", token(office))
    assert resolution(office) is None


def test_words_behind_the_command_are_the_resolution_and_the_customer_never_sees_them(office: Office) -> None:
    maria(office, "A rede caiu.")
    agent(office, f"Olá Maria, já pode usar.\n#resolver {CABLE}", token(office))
    assert resolution(office) == CABLE
    assert f"só para a equipe: {CABLE}" in written(office, "receipt")
    assert "rack" not in to_customers(office)
    assert "já pode usar" in to_customers(office)
    assert found(office, "cabo rack") == [1]


def test_words_without_an_answer_resolve_the_ticket_and_the_customer_gets_the_notice_alone(office: Office) -> None:
    maria(office, "A rede caiu.")
    agent(office, f"#resolver {CABLE}", token(office))
    assert office.ticket(1).ticket.status == "resolved"
    assert resolution(office) == CABLE
    assert "Marcamos o seu chamado 1 como resolvido" in to_customers(office)
    assert "rack" not in to_customers(office)


def test_the_solution_may_come_later_on_a_resolved_ticket(office: Office) -> None:
    maria(office, "A rede caiu.")
    agent(office, "Pronto, Maria.\n#resolver", token(office))
    office.pass_time(hours=2)
    before = to_customers(office)
    agent(office, f"#solucao {CABLE}", token(office))
    assert (office.ticket(1).ticket.status, resolution(office)) == ("resolved", CABLE)
    assert to_customers(office) == before
    assert f"só para a equipe: {CABLE}" in written(office, "receipt")


def test_undoing_gives_back_what_counted_before(office: Office) -> None:
    maria(office, "A rede caiu.")
    agent(office, "Pronto, Maria.\n#resolver", token(office))
    office.pass_time(hours=2)
    agent(office, f"#solucao {CABLE}", token(office))
    assert found(office, "rack") == [1]
    office.pass_time(minutes=5)
    agent(office, "#desfazer", token(office))
    assert resolution(office) == "Pronto, Maria."
    assert found(office, "rack") == []
    assert "Desfeito" in written(office, "receipt")


def test_undoing_an_answer_that_resolved_takes_its_words_back(office: Office) -> None:
    office.use(a_policy(suporte={"undo_seconds": 600}))
    maria(office, "A rede caiu.")
    agent(office, "Pronto, Maria.\n#resolver", token(office))
    assert resolution(office) == "Pronto, Maria."
    agent(office, "#desfazer", token(office))
    assert office.ticket(1).ticket.status == "new"
    assert resolution(office) is None


def test_a_ticket_opened_again_keeps_it_as_that_of_its_last_resolution(office: Office) -> None:
    maria(office, "A rede caiu.")
    agent(office, f"Pronto, Maria.\n#resolver {CABLE}", token(office))
    office.pass_time(days=1)
    maria(office, "Caiu de novo!", to=office.reply_address(MARIA.address))
    shown = office.ticket(1)
    assert shown.ticket.status == "open"
    assert views.shown_as_json(shown, ())["resolution"] == CABLE
    assert views.shown_as_json(shown, ())["resolved_by"]["current"] is False
    assert any("opened again since" in line for line in views.lines(shown))
    office.pass_time(days=1)
    agent(office, "Agora trocamos o switch.\n#resolver", token(office))
    assert resolution(office) == "Agora trocamos o switch."


def test_agents_see_what_solved_it_when_the_customer_writes_again(office: Office) -> None:
    maria(office, "A rede caiu.")
    agent(office, f"Pronto, Maria.\n#resolver {CABLE}", token(office))
    office.pass_time(days=1)
    maria(office, "Caiu de novo!", to=office.reply_address(MARIA.address))
    assert f"Última solução: {CABLE}" in written(office, "customer_replied")
    assert "rack" not in to_customers(office)


def test_a_merged_ticket_hands_its_resolution_on_where_the_other_has_none(office: Office) -> None:
    for _ in range(3):
        maria(office, "A rede caiu.", subject=f"Rede {_}")
    agent(office, f"#resolver {CABLE}", token(office, ticket=1))
    office.clerk.order(Order(1, lambda ticket: orders.merge(ticket, 2, "ops")))
    assert resolution(office, 2) == CABLE
    assert found(office, "rack") == [2]
    office.pass_time(hours=1)
    agent(office, "#resolver troca do roteador", token(office, ticket=3))
    office.clerk.order(Order(3, lambda ticket: orders.merge(ticket, 2, "ops")))
    assert resolution(office, 2) == CABLE


def test_spam_and_silence_have_no_resolution(office: Office) -> None:
    maria(office, "A rede caiu.")
    agent(office, "Pode reiniciar?", token(office))
    agent(office, "#spam", token(office))
    assert resolution(office) is None


def test_a_ticket_resolved_from_the_shell_has_one_too(office: Office) -> None:
    maria(office, "A rede caiu.")
    agent(office, "Trocamos o cabo.", token(office))
    office.clerk.order(Order(1, lambda ticket: orders.set_status(ticket, "closed", "ops")))
    assert resolution(office) == "Trocamos o cabo."


def test_a_solution_that_a_mail_program_broke_in_two_reaches_no_customer(office: Office) -> None:
    maria(office, "A rede caiu.")
    agent(office, "#solucao trocamos o cabo de rede que vai do rack até a mesa da\nrecepção do prédio", token(office))
    assert "recepção" not in to_customers(office)
    assert "uma linha em branco" in written(office, "returned")


def test_the_event_of_a_solution_does_not_hold_its_words(office: Office) -> None:
    maria(office, "A rede caiu.")
    agent(office, f"#solucao {CABLE}", token(office))
    rows = office.run(lambda c: list(c.execute(select(schema.event).where(schema.event.c.kind == "resolution"))))
    assert [(row.old, row.new) for row in rows] == [(None, None)]


def test_a_long_answer_is_kept_up_to_a_limit(office: Office) -> None:
    maria(office, "A rede caiu.")
    agent(office, "#resolver\n\n" + "Trocamos o cabo. " * 1000, token(office))
    assert len(resolution(office)) == 10_000


# --- tickets of before ----------------------------------------------------------------------------------------------


def forget_everything(office: Office) -> None:
    """The database as an older version left it."""
    for table in (schema.ticket_resolution, schema.rating_request, schema.uncounted):
        office.run(lambda c, table=table: c.execute(delete(table)))


def derived(office: Office) -> None:
    while office.run(lambda c: old_resolutions.derive(c, office.clerk.rules.policy, office.now, 2)):
        pass


def test_old_tickets_get_their_resolution_from_events(office: Office) -> None:
    for place in range(5):
        maria(office, "A rede caiu.", subject=f"Rede {place}")
    agent(office, "Trocamos o cabo.\n#resolver", token(office, ticket=1))
    agent(office, "Tente de novo.", token(office, ticket=2))
    office.pass_time(hours=1)
    agent(office, "#nota\nEra o cabo.\n#fim\n#resolver", token(office, ticket=2))
    agent(office, "Pode esperar?", token(office, ticket=3))
    agent(office, "Veja.", token(office, ticket=4))
    agent(office, "#spam", token(office, ticket=4))
    before = [resolution(office, number) for number in range(1, 6)]
    forget_everything(office)
    derived(office)
    assert [resolution(office, number) for number in range(1, 6)] == before
    assert before == ["Trocamos o cabo.", "Tente de novo.", None, None, None]
    found = office.run(lambda c: c.execute(select(schema.rating_request.c.ticket)).scalars().all())
    assert found == [1, 2]  # an older version asked every time
    assert office.run(lambda c: c.execute(select(schema.uncounted.c.ticket)).scalars().all()) == found


def test_who_was_not_asked_about_a_ticket_of_now_is_not_noted_as_asked(office: Office) -> None:
    """Old tickets are looked at for a while; meanwhile others are resolved."""
    for place in range(3):
        maria(office, "A rede caiu.", subject=f"Rede {place}")
    agent(office, "Trocamos o cabo.\n#resolver", token(office, ticket=1))
    office.run(lambda c: old_resolutions.derive(c, office.clerk.rules.policy, office.now, 1))
    office.pass_time(hours=1)
    agent(office, "Trocamos o cabo.\n#resolver", token(office, ticket=2))
    agent(office, "#resolver", token(office, ticket=3))
    derived(office)
    assert office.run(lambda c: c.execute(select(schema.rating_request.c.ticket)).scalars().all()) == [1]


def test_what_is_known_already_stays(office: Office) -> None:
    maria(office, "A rede caiu.")
    agent(office, f"Trocamos o cabo.\n#resolver {CABLE}", token(office))
    derived(office)
    assert resolution(office) == CABLE
    office.pass_time(days=1)
    maria(office, "Outra.", subject="Outra")
    derived(office)
    assert office.run(lambda c: len(c.execute(select(schema.ticket_resolution)).all())) == 1


def test_an_old_resolution_that_was_undone_is_none(office: Office) -> None:
    office.use(a_policy(suporte={"undo_seconds": 600}))
    maria(office, "A rede caiu.")
    agent(office, "Pronto, Maria.\n#resolver", token(office))
    agent(office, "#desfazer", token(office))
    forget_everything(office)
    derived(office)
    assert resolution(office) is None
