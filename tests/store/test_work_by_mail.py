"""What agents and customers do by answering mail, from the raw mail to the database and back, on both databases."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import select

from mailtickets.desk.commands import orders
from mailtickets.gateway.gateway import Gateway
from mailtickets.jobs.digest import digest
from mailtickets.jobs.reminders import remind_as_asked, remind_of_waiting
from mailtickets.store import agents, inbound, outbox, schema
from mailtickets.store.database import Stale
from tests.desk.builders import AGENTS, ANA, BRUNO, MARIA, NOW, a_policy
from tests.store.office import Office, a_message, copies

_IDS: Iterator[int] = count()


def maria(office: Office, text: str, to: str = "suporte@desk.test", subject: str = "Impressora") -> Any:
    return office.take(a_message(text, message_id=f"<c{next(_IDS)}@x.test>", subject=subject, to=to), recipients=(to,))


def agent(office: Office, text: str, to: str, name: str = "ana", **fields: Any) -> Any:
    who = f"{name}@desk.test"
    raw = a_message(text, message_id=f"<a{next(_IDS)}@x.test>", **{"from": who, "to": to, "subject": "Re: x", **fields})
    return office.take(raw, recipients=(to,), sender=who)


def token(office: Office, name: str = "ana", ticket: int | None = 1) -> str:
    """Where an agent's answer to their newest mail goes."""
    rows = office.run(lambda c: copies(c, limit=1000))
    number = next(row.id for row in rows if row.recipient == f"{name}@desk.test" and row.ticket == ticket)
    return office.clerk.written(office.run(lambda c: outbox.load(c, number)), ())[1].reply_to


def again(office: Office) -> Any:
    """Decides on what a second word has released."""
    released = select(schema.inbound.c.id).where(schema.inbound.c.state == "accepted")
    (number,) = office.run(lambda c: list(c.execute(released).scalars()))
    office.settle(office.draft(number))
    return office.row(number)


def written(office: Office, notice: str) -> str:
    """The text of the newest notice of a kind."""
    rows = office.run(lambda c: copies(c, limit=1000))
    number = next(row.id for row in rows if row.name == notice)
    text: str = office.run(lambda c: outbox.load(c, number)).mail.text
    return text


def gateway(office: Office) -> Gateway:
    """As much of one as the clock's work needs."""
    return cast("Gateway", SimpleNamespace(clerk=office.clerk, name="one"))


# --- undo -----------------------------------------------------------------------------------------------


@pytest.fixture
def patient(office: Office) -> Office:
    """An answer waits for half a minute."""
    office.use(a_policy(suporte={"undo_seconds": 30}))
    maria(office, "A impressora não imprime.")
    return office


def test_an_answer_waits_and_its_receipt_does_not(patient: Office) -> None:
    patient.due()
    agent(patient, "Reinicie.", token(patient))
    assert [due.name for due in patient.due()] == ["receipt"]
    patient.pass_time(seconds=30)
    assert [due.name for due in patient.due()] == ["answer"]


def test_an_answer_that_was_taken_back_never_goes_out(patient: Office) -> None:
    agent(patient, "Reinicie.\n#etiqueta +rede", token(patient))
    agent(patient, "#desfazer", token(patient))
    patient.pass_time(minutes=5)
    assert "answer" not in [due.name for due in patient.due()]
    shown = patient.ticket(1)
    assert (shown.ticket.status, shown.ticket.tags) == ("new", ())
    assert [m.visibility for m in shown.messages] == ["public", "note"]
    assert ("answer", MARIA.address) in patient.outgoing("cancelled")


def test_what_has_gone_out_cannot_be_taken_back(patient: Office) -> None:
    agent(patient, "Reinicie.", token(patient))
    patient.pass_time(seconds=30)
    patient.due()
    row = agent(patient, "#desfazer", token(patient))
    assert row.outcome == "commanded"
    assert "Tarde demais" in written(patient, "receipt")
    assert patient.ticket(1).ticket.status == "pending"


def test_an_answer_that_goes_out_at_this_moment_is_not_taken_back_in_half(patient: Office) -> None:
    agent(patient, "Reinicie.", token(patient))
    draft = patient.draft(patient.keep(a_message("#desfazer", **{"from": ANA.address}, message_id="<u@x.test>",
                                                 to=(to := token(patient))), recipients=(to,)))  # fmt: skip
    patient.pass_time(seconds=30)
    patient.due()
    with pytest.raises(Stale):
        patient.settle(draft)
    assert patient.ticket(1).ticket.status == "pending"


def test_the_receipt_names_the_answer_that_is_taken_back(patient: Office) -> None:
    first = agent(patient, "Primeira.", token(patient))
    receipt = token(patient)
    agent(patient, "Segunda.", token(patient))
    agent(patient, "#desfazer", receipt)
    notes = [m.inbound for m in patient.ticket(1).messages if m.visibility == "note"]
    assert notes == [first.id]


def test_what_a_merge_has_reopened_stays_open_when_its_receipt_is_answered_with_undo(office: Office) -> None:
    maria(office, "A impressora não imprime.")
    agent(office, "Reinicie.\n#resolver", token(office))
    maria(office, "A impressora não imprime de novo.", subject="De novo")
    agent(office, "#juntar 1", token(office, ticket=2))
    assert office.ticket(1).ticket.status == "open"
    row = agent(office, "#desfazer", token(office, ticket=2))
    assert (row.outcome, row.reason) == ("held", "command-not-understood")
    assert "não há o que desfazer aqui" in written(office, "returned").lower()
    assert office.ticket(1).ticket.status == "open", "her second message waits there"


def test_undo_in_reply_to_the_receipt_of_a_split_is_not_about_an_earlier_answer(patient: Office) -> None:
    maria(patient, "E a internet caiu.", subject="Re: [#1] Impressora")
    agent(patient, "Reinicie.", token(patient))
    maria(patient, "O telefone também.", subject="Re: [#1] Impressora")
    agent(patient, "#separar", token(patient))
    row = agent(patient, "#desfazer", token(patient))
    assert (row.outcome, row.reason) == ("held", "command-not-understood")
    patient.pass_time(minutes=5)
    assert "answer" in [due.name for due in patient.due()]


# --- collisions, corrections ------------------------------------------------------------------------------


def test_two_who_answer_the_same_notice_collide_once(office: Office) -> None:
    maria(office, "A impressora não imprime.")
    ana, bruno = token(office), token(office, "bruno")
    assert agent(office, "Vou aí.", bruno, "bruno").outcome == "appended"
    assert agent(office, "Reinicie.", ana).reason == "stale-answer"
    assert "Vou aí." in written(office, "stale")
    agent(office, "ENVIAR", token(office))
    assert again(office).outcome == "appended"
    assert [m.reply for m in office.ticket(1).messages] == ["A impressora não imprime.", "Vou aí.", "Reinicie."]


def test_who_says_send_is_asked_again_when_others_wrote_meanwhile(office: Office) -> None:
    maria(office, "A impressora não imprime.")
    ana = token(office)
    agent(office, "Vou aí.", token(office, "bruno"), "bruno")
    agent(office, "Reinicie.", ana)
    word = token(office)
    maria(office, "Já voltou!", office.reply_address(MARIA.address))
    agent(office, "ENVIAR", word)
    assert again(office).reason == "stale-answer"
    assert "Já voltou!" in written(office, "stale")
    agent(office, "ENVIAR", token(office))
    assert again(office).outcome == "appended"


def test_what_an_operator_releases_is_asked_about_no_more(office: Office) -> None:
    maria(office, "A impressora não imprime.")
    ana = token(office)
    agent(office, "Vou aí.", token(office, "bruno"), "bruno")
    held = agent(office, "Reinicie.", ana)
    assert office.run(lambda c: inbound.accept_again(c, held.id, released=True))
    assert again(office).outcome == "appended"


def test_an_agents_second_answer_to_one_notice_collides_with_nobody(office: Office) -> None:
    maria(office, "A impressora não imprime.")
    to = token(office)
    assert [agent(office, text, to).outcome for text in ("Reinicie.", "E me avise.")] == ["appended", "appended"]


def test_a_customers_new_words_make_an_answer_stale_and_an_absence_notice_does_not(office: Office) -> None:
    maria(office, "A impressora não imprime.")
    ana, mine = token(office), office.reply_address(MARIA.address)
    away = a_message("Estou de férias.", message_id="<away@x.test>", to=mine, auto_submitted="auto-replied")
    office.take(away, recipients=(mine,))
    assert office.draft(office.keep(a_message("Oi", **{"from": ANA.address}, message_id="<try@x.test>", to=ana),
                                    recipients=(ana,))).decision.outcome == "appended"  # fmt: skip
    maria(office, "Já voltou!", mine)
    assert agent(office, "Reinicie.", ana).reason == "stale-answer"


def test_other_words_take_the_place_of_what_was_held(office: Office) -> None:
    maria(office, "A impressora não imprime.")
    ana = token(office)
    agent(office, "Vou aí.", token(office, "bruno"), "bruno")
    held = agent(office, "Reinicie.", ana)
    row = agent(office, "O Bruno já vai.", token(office))
    assert (row.outcome, office.row(held.id).outcome) == ("appended", "ignored")
    assert [m.reply for m in office.ticket(1).messages][-1] == "O Bruno já vai."


def test_a_mistyped_command_is_corrected_by_one_line(office: Office) -> None:
    maria(office, "A impressora não imprime.")
    agent(office, "Pronto.\n#resovler", token(office))
    assert "#resolver" in written(office, "returned")
    agent(office, "#resolver", token(office))
    assert again(office).outcome == "appended"
    shown = office.ticket(1)
    assert (shown.ticket.status, shown.messages[-1].reply) == ("resolved", "Pronto.")


def test_a_correction_of_a_correction_reaches_the_first_mail(office: Office) -> None:
    maria(office, "A impressora não imprime.")
    agent(office, "Pronto.\n#resovler", token(office))
    agent(office, "#resolvr", token(office))
    agent(office, "#resolver", token(office))
    again(office)
    again(office)
    assert office.ticket(1).ticket.status == "resolved"


# --- several tickets ----------------------------------------------------------------------------------------


@pytest.fixture
def two(office: Office) -> Office:
    maria(office, "A impressora não imprime.")
    maria(office, "A internet caiu.", subject="Internet")
    return office


def test_a_digest_is_answered_line_by_line(two: Office) -> None:
    agent(two, "#minhafila", "suporte@desk.test")
    assert "#1 Impressora" in written(two, "digest")
    row = agent(two, "1 #fechar\n2 #assumir", token(two, ticket=None))
    assert (row.outcome, row.ticket) == ("commanded", None)
    assert two.ticket(1).ticket.status == "closed"
    assert (two.ticket(2).ticket.assignee, two.ticket(2).ticket.status) == (ANA.address, "open")
    assert ("closed", MARIA.address) in two.outgoing()
    assert two.outgoing().count(("receipt", ANA.address)) == 1


def test_lines_are_all_done_or_none(two: Office) -> None:
    agent(two, "#minhafila", "suporte@desk.test")
    agent(two, "1 #fechar\n99 #assumir", token(two, ticket=None))
    assert two.ticket(1).ticket.status == "new"


def test_a_message_becomes_a_ticket_of_its_own(office: Office) -> None:
    maria(office, "A impressora não imprime.")
    maria(office, "E o telefone está mudo.", office.reply_address(MARIA.address), "Telefone")
    agent(office, "#separar", token(office))
    first, second = office.ticket(1), office.ticket(2)
    assert [m.reply for m in first.messages] == ["A impressora não imprime."]
    assert [m.reply for m in second.messages] == ["E o telefone está mudo."]
    assert (second.ticket.subject, second.ticket.linked, second.ticket.waiting_since) == ("Telefone", (1,), NOW)
    assert "#2" in written(office, "receipt")


def test_what_is_split_off_is_told_to_everybody_who_may_answer_it(office: Office) -> None:
    maria(office, "A impressora não imprime.")
    maria(office, "E o telefone está mudo.", office.reply_address(MARIA.address), "Telefone")
    agent(office, "#separar", token(office))
    assert ("new_ticket", ANA.address) in office.outgoing()
    notice = written(office, "new_ticket")
    assert "> E o telefone está mudo." in notice
    assert "[#2] Telefone" in notice
    assert "sua resposta será enviada a Maria" in notice
    agent(office, "Já vamos ver o telefone.", token(office, ticket=2))
    assert [m.reply for m in office.ticket(2).messages] == ["E o telefone está mudo.", "Já vamos ver o telefone."]


def test_a_colleague_who_is_given_a_ticket_with_an_answer_is_shown_the_customers_last_words(office: Office) -> None:
    maria(office, "A impressora não imprime.")
    agent(office, "Maria, o Bruno vai ver isso.\n#atribuir bruno", token(office))
    assert "> A impressora não imprime." in written(office, "assigned")


def test_people_leave_a_ticket_and_another_asks(office: Office) -> None:
    maria(office, "A impressora não imprime.")
    agent(office, "#cc +x@cliente.test +y@cliente.test", token(office))
    agent(office, "#cc -x@cliente.test\n#requerente y@cliente.test", token(office))
    people = {(p.address.address, p.role) for p in office.ticket(1).ticket.participants}
    assert people >= {("y@cliente.test", "requester"), (MARIA.address, "cc")}
    assert not [address for address, _ in people if address == "x@cliente.test"]
    assert office.ticket(1).ticket.requester.address == "y@cliente.test"


# --- turns and absence ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("assignment", ["round_robin", "least_open"])
def test_tickets_go_round(office: Office, assignment: str) -> None:
    office.use(a_policy(suporte={"assignment": assignment}))
    for _ in range(6):
        maria(office, "Socorro!")
    given = [office.ticket(number).ticket.assignee for number in office.numbers()]
    assert (given.count(ANA.address), given.count(BRUNO.address)) == (3, 3)


def test_what_the_shell_opens_goes_round_too(office: Office) -> None:
    office.use(a_policy(suporte={"assignment": "round_robin"}))
    for _ in range(2):
        office.clerk.open(orders.open_for("suporte", MARIA, "Telefone", "Ligou.", "pt_BR", "shell:root"), text="Ligou.")
    assert {office.ticket(n).ticket.assignee for n in office.numbers()} == {ANA.address, BRUNO.address}


def test_of_two_tickets_drafted_for_one_agent_the_second_is_drafted_again(office: Office) -> None:
    office.use(a_policy(suporte={"assignment": "round_robin"}))
    first, second = (office.draft(office.keep(a_message(f"{n}", message_id=f"<t{n}@x.test>"))) for n in (1, 2))
    office.settle(first)
    with pytest.raises(Stale):
        office.settle(second)


def test_an_agent_who_is_away_gets_nothing_until_they_write(office: Office) -> None:
    office.use(a_policy(suporte={"assignment": "round_robin"}))
    maria(office, "Um.")
    to = token(office, "ana")
    agent(office, "Estou de férias até 10/03.", to, auto_submitted="auto-replied", subject="Ausência")
    assert ("agent_absent", BRUNO.address) in office.outgoing()
    maria(office, "Dois.")
    maria(office, "Três.")
    assert {office.ticket(n).ticket.assignee for n in (2, 3)} == {BRUNO.address}
    agent(office, "Voltei.", to)
    maria(office, "Quatro.")
    assert office.ticket(4).ticket.assignee == ANA.address


# --- the clock --------------------------------------------------------------------------------------------------


def test_what_rots_is_reminded_of_once_a_day(office: Office) -> None:
    office.use(a_policy(suporte={"remind_after": "4h"}))
    maria(office, "A impressora não imprime.")
    office.pass_time(hours=3, minutes=59)
    assert remind_of_waiting(gateway(office)) == 0
    office.pass_time(minutes=2)
    assert remind_of_waiting(gateway(office)) == 1
    assert [who for name, who in office.outgoing() if name == "reminder"] == [ANA.address, BRUNO.address]
    office.pass_time(hours=23)
    assert remind_of_waiting(gateway(office)) == 0
    office.pass_time(hours=2)
    assert remind_of_waiting(gateway(office)) == 1


def test_an_answered_ticket_rots_no_more_and_an_assigned_one_is_its_agents(office: Office) -> None:
    office.use(a_policy(suporte={"remind_after": "4h"}))
    maria(office, "A impressora não imprime.")
    maria(office, "A internet caiu.", subject="Internet")
    agent(office, "Reinicie.", token(office))
    agent(office, "#assumir", token(office, ticket=2))
    office.pass_time(hours=5)
    assert remind_of_waiting(gateway(office)) == 1
    assert [who for name, who in office.outgoing() if name == "reminder"] == [ANA.address]


def test_a_reminder_comes_when_it_was_asked_for_and_once(office: Office) -> None:
    maria(office, "A impressora não imprime.")
    agent(office, "#lembrar 2h", token(office))
    office.pass_time(hours=2)
    assert [remind_as_asked(gateway(office)) for _ in range(2)] == [1, 0]
    assert ("reminder", ANA.address) in office.outgoing()


def test_what_was_put_off_is_out_of_sight_until_its_time_or_a_word_of_the_customer(office: Office) -> None:
    maria(office, "A impressora não imprime.")
    agent(office, "#assumir\n#adiar 2h", token(office))
    agent(office, "#minhafila", "suporte@desk.test")
    assert "#1 " not in written(office, "digest")
    maria(office, "Piorou!", office.reply_address(MARIA.address))
    agent(office, "#minhafila", "suporte@desk.test")
    assert "#1 " in written(office, "digest")


def test_the_digest_of_a_day_comes_once_and_only_if_there_is_work(office: Office) -> None:
    early = [AGENTS[0].model_copy(update={"digest": "08:00"}), AGENTS[1].model_copy(update={"digest": "23:00"})]
    office.use(a_policy(agents=tuple(early)))
    assert digest(gateway(office)) == 1
    assert office.outgoing() == []
    maria(office, "A impressora não imprime.")
    office.pass_time(days=1)
    assert [digest(gateway(office)) for _ in range(2)] == [1, 0]
    assert [who for name, who in office.outgoing() if name == "digest"] == [ANA.address]


# --- customers ----------------------------------------------------------------------------------------------------


def test_a_rating_belongs_to_a_resolution_and_may_be_changed(office: Office) -> None:
    maria(office, "A impressora não imprime.")
    agent(office, "Pronto.\n#resolver", token(office))
    to = office.reply_address(MARIA.address)
    for said in ("2 - demorou", "4"):
        assert maria(office, said, to).reason == "rated"
    rows = office.run(lambda c: c.execute(select(schema.rating.c.score, schema.rating.c.comment)).all())
    assert rows == [(4, "")]
    maria(office, "Parou de novo!", to)
    office.pass_time(hours=1)
    agent(office, "Agora foi.\n#resolver", token(office))
    maria(office, "5", office.reply_address(MARIA.address))
    rows = office.run(lambda c: c.execute(select(schema.rating.c.score).order_by(schema.rating.c.at)).scalars().all())
    assert sorted(rows) == [4, 5]


def test_who_wants_no_notices_gets_answers_still(office: Office) -> None:
    maria(office, "A impressora não imprime.")
    to = office.reply_address(MARIA.address)
    maria(office, "parar avisos", to)
    agent(office, "#resolver", token(office))
    agent(office, "#cliente\nEstá pronto.", token(office))
    names = [name for name, who in office.outgoing() if who == MARIA.address]
    assert names == ["received", "muted", "answer"]


def test_a_customer_sees_their_tickets_and_nobody_elses(two: Office) -> None:
    two.take(a_message("Oi", message_id="<p@x.test>", subject="Segredo", **{"from": "pedro@cliente.test"}))
    row = maria(two, "meus chamados", subject="meus chamados")
    assert (row.outcome, row.reason) == ("commanded", "customer-asks")
    said = written(two, "my_tickets")
    assert "Impressora" in said
    assert "Internet" in said
    assert "Segredo" not in said


@pytest.mark.parametrize("asked", ["Any update?", "Alguma novidade?", "¿Alguna novedad?"])
def test_who_asks_for_news_is_told_how_things_stand_and_people_read_it_too(office: Office, asked: str) -> None:
    maria(office, "A impressora não imprime.")
    agent(office, "Reinicie.", token(office))
    office.due()
    row = maria(office, asked, subject="Re: [#1] Impressora")
    assert (row.outcome, row.reason) == ("appended", "customer-asks")
    sent = sorted((due.name, due.addressed.recipient.address) for due in office.due())
    assert sent == [("customer_replied", ANA.address), ("customer_replied", BRUNO.address), ("status", MARIA.address)]
    assert "A nossa equipe está cuidando do seu chamado 1" in written(office, "status")
    assert office.ticket(1).ticket.status == "open"


def test_who_asks_for_news_of_what_is_resolved_is_told_so_and_nobody_else_is_written_to(office: Office) -> None:
    maria(office, "A impressora não imprime.")
    agent(office, "Trocamos.\n#resolver", token(office))
    office.due()
    assert maria(office, "Alguma novidade?", subject="Re: [#1] Impressora").outcome == "commanded"
    assert [due.name for due in office.due()] == ["status"]
    assert office.ticket(1).ticket.status == "resolved"


@pytest.mark.parametrize("asked", ["estado", "¿Estado?", "Status?", "andamento"])
def test_a_word_asks_how_things_stand_and_tells_no_agent(office: Office, asked: str) -> None:
    maria(office, "La impresora no imprime.")
    office.due()
    assert maria(office, asked, subject="Re: [#1] Impresora").outcome == "commanded"
    assert [due.name for due in office.due()] == ["status"]


def test_a_ready_answer_that_says_a_ticket_is_done_makes_it_so(office: Office) -> None:
    maria(office, "A impressora não imprime.")
    agent(office, "#resposta encerramento", token(office))
    assert office.ticket(1).ticket.status == "resolved"
    answer = written(office, "answer")
    assert "Que bom que deu certo." in answer
    assert "Com isso, marcamos o chamado 1 como resolvido." in answer
    assert "#resolver" not in answer
    assert "- Status: resolvido (antes: novo)" in written(office, "receipt")


def test_a_ready_answer_that_says_we_look_into_it_leaves_the_ticket_with_us(office: Office) -> None:
    maria(office, "A impressora não imprime.")
    agent(office, "#resposta estamos verificando", token(office))
    assert office.ticket(1).ticket.status == "open"


# --- the rest of the shelf ---------------------------------------------------------------------------------------


def test_merged_messages_count_as_news_to_who_has_not_seen_them(office: Office) -> None:
    maria(office, "A impressora não imprime.")
    old = token(office)
    maria(office, "A internet caiu.", subject="Internet")
    agent(office, "#juntar 1", token(office, "bruno", 2), "bruno")
    assert agent(office, "Reinicie.", old).reason == "stale-answer"


@pytest.mark.parametrize("by", ["first", "second", "receipt"])
def test_after_an_agents_own_merge_what_they_had_been_sent_of_both_tickets_is_no_news(office: Office, by: str) -> None:
    """Whichever notice their next answer is an answer to."""
    maria(office, "A impressora não imprime.")
    first = token(office)
    office.pass_time(minutes=1)
    maria(office, "A impressora continua parada.", subject="De novo")
    second = token(office, ticket=2)
    office.pass_time(minutes=1)
    agent(office, "#juntar 2", first)
    office.pass_time(minutes=1)
    receipt = token(office)
    to = {"first": first, "second": second, "receipt": receipt}[by]
    assert agent(office, "Reinicie.", to).reason == "agent-answer"


def test_after_an_agents_own_merge_what_came_later_is_news(office: Office) -> None:
    maria(office, "A impressora não imprime.")
    first = token(office)
    office.pass_time(minutes=1)
    maria(office, "A impressora continua parada.", subject="De novo")
    office.pass_time(minutes=1)
    agent(office, "#juntar 2", first)
    office.pass_time(minutes=1)
    maria(office, "Voltou a funcionar!", subject="Re: [#2] De novo")
    assert agent(office, "Reinicie.", first).reason == "stale-answer"
    assert "Voltou a funcionar!" in written(office, "stale")
    assert "continua parada" not in written(office, "stale")


def test_moments_two_turns_apart_are_never_the_same(office: Office) -> None:
    office.run(lambda c: agents.take_turn(c, ANA.address, None, NOW))
    office.run(lambda c: agents.take_turn(c, ANA.address, NOW, NOW))
    (last,) = office.run(lambda c: agents.assigned_at(c, [ANA.address])).values()
    assert last > NOW
    assert last - NOW < timedelta(seconds=1)
