"""Asking customers how it was, what they answer, and whether they may be named: what is in everybody's mailbox."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from mailtickets.config.kinds import TicketKind
from mailtickets.config.levels import ServiceLevel
from mailtickets.desk.commands import orders
from mailtickets.gateway.drafting.order import Order
from mailtickets.jobs.ratings import ask_for_ratings
from mailtickets.store import outbox, schema
from mailtickets.views import tickets as views
from tests.desk.builders import ANA, MARIA, NOW, a_policy
from tests.store.conftest import *  # noqa: F403
from tests.store.office import Office, a_message, copies
from tests.store.test_work_by_mail import agent, gateway, maria, token, written

QUESTION = "Como foi o nosso atendimento?"
LATER = {"ask_rating_after": "24h"}


def asked(office: Office, who: str = MARIA.address) -> list[str]:
    """The notices in which somebody was asked, oldest first."""
    rows = office.run(lambda c: copies(c))
    return [row.name for row in reversed(rows) if row.recipient == who and QUESTION in row.text]


def resolved(office: Office, ticket: int = 1, words: str = "Pronto, Maria.\n#resolver") -> None:
    agent(office, words, token(office, ticket=ticket))


def rating(office: Office) -> list[tuple[Any, ...]]:
    columns = schema.rating.c
    rows = office.run(lambda c: c.execute(select(columns.score, columns.comment, columns.quotable)).all())
    return [tuple(row) for row in rows]


# --- asking ---------------------------------------------------------------------------------------------------------


def test_the_answer_that_resolves_asks_at_once(office: Office) -> None:
    maria(office, "A rede caiu.")
    resolved(office)
    assert asked(office) == ["answer"]
    assert ask_for_ratings(gateway(office)) == 0


def test_the_notice_of_a_resolution_asks_at_once(office: Office) -> None:
    maria(office, "A rede caiu.")
    resolved(office, words="#resolver")
    assert asked(office) == ["resolved"]


def test_a_person_is_asked_once_in_thirty_days_whatever_the_queue(office: Office) -> None:
    for _ in range(2):
        maria(office, "A rede caiu.", subject=f"Rede {_}")
    maria(office, "Quanto custa?", to="vendas@desk.test", subject="Preço")
    resolved(office, 1)
    office.pass_time(days=29)
    resolved(office, 2)
    office.clerk.order(Order(3, lambda ticket: orders.set_status(ticket, "resolved", "ops")))
    assert asked(office) == ["answer"]
    maria(office, "Parou.", subject="Mais uma")
    office.pass_time(days=1)
    resolved(office, 4)
    assert asked(office) == ["answer", "answer"]


def test_a_score_that_nobody_asked_for_counts(office: Office) -> None:
    for _ in range(2):
        maria(office, "A rede caiu.", subject=f"Rede {_}")
    resolved(office, 1)
    resolved(office, 2)
    assert asked(office) == ["answer"]
    assert maria(office, "5 ótimo!", office.reply_address(MARIA.address)).reason == "rated"
    assert rating(office) == [(5, "ótimo", False)]


def test_a_mail_of_its_own_asks_a_day_later(office: Office) -> None:
    office.use(a_policy(suporte=LATER))
    maria(office, "A rede caiu.")
    resolved(office)
    office.pass_time(hours=23)
    assert (ask_for_ratings(gateway(office)), asked(office)) == (0, [])
    office.pass_time(hours=1)
    assert (ask_for_ratings(gateway(office)), asked(office)) == (1, ["rating_asked"])
    assert ask_for_ratings(gateway(office)) == 0
    row = next(row for row in office.run(lambda c: copies(c)) if row.name == "rating_asked")
    raw = office.clerk.written(office.run(lambda c: outbox.load(c, row.id)), ())[0].decode()
    assert "Auto-Submitted: auto-generated" in raw
    assert "X-Auto-Response-Suppress: DR, RN, NRN, OOF, AutoReply" in raw
    assert maria(office, "5", office.reply_address(MARIA.address)).reason == "rated"


def test_the_question_leaves_the_ticket_as_it_is(office: Office) -> None:
    office.use(a_policy(suporte=LATER))
    maria(office, "A rede caiu.")
    resolved(office)
    before = office.ticket(1).ticket
    office.pass_time(days=2)
    assert ask_for_ratings(gateway(office)) == 1
    assert office.ticket(1).ticket == before


def nothing_happens(office: Office) -> None:
    office.pass_time(hours=1)


def opened_again(office: Office) -> None:
    maria(office, "Parou de novo!", office.reply_address(MARIA.address))


def resolved_anew(office: Office) -> None:
    opened_again(office)
    office.pass_time(hours=20)
    resolved(office)


def merged(office: Office) -> None:
    maria(office, "Outra coisa.", subject="Outra")
    office.clerk.order(Order(1, lambda ticket: orders.merge(ticket, 2, "ops")))


def spam(office: Office) -> None:
    agent(office, "#spam", token(office))


def rated(office: Office) -> None:
    maria(office, "4", office.reply_address(MARIA.address))


def muted(office: Office) -> None:
    maria(office, "parar avisos", office.reply_address(MARIA.address))


def retyped(office: Office) -> None:
    agent(office, "#tipo lgpd", token(office))


def closed(office: Office) -> None:
    office.clerk.order(Order(1, orders.close_resolved))


@pytest.mark.parametrize(
    ("meanwhile", "count"),
    [(nothing_happens, 1), (closed, 1), (opened_again, 0), (resolved_anew, 0), (merged, 0), (spam, 0), (rated, 0),
     (muted, 0), (retyped, 0)],
)  # fmt: skip
def test_what_happens_meanwhile_decides_whether_anybody_is_asked(office: Office, meanwhile: Any, count: int) -> None:
    office.use(a_policy(suporte=LATER, kinds=(TicketKind(name="lgpd", ask_rating=False),)))
    maria(office, "A rede caiu.")
    resolved(office)
    meanwhile(office)
    office.now = NOW + timedelta(hours=24, minutes=1)
    assert ask_for_ratings(gateway(office)) == count
    waiting = select(schema.rating_request).where(schema.rating_request.c.asked_at.is_(None))
    left = office.run(lambda c: c.execute(waiting).all())
    assert len(left) == (1 if meanwhile is resolved_anew else 0)


def test_the_new_resolution_has_a_question_of_its_own(office: Office) -> None:
    office.use(a_policy(suporte=LATER))
    maria(office, "A rede caiu.")
    resolved(office)
    resolved_anew(office)
    office.pass_time(hours=23)
    assert ask_for_ratings(gateway(office)) == 0
    office.pass_time(hours=1)
    assert ask_for_ratings(gateway(office)) == 1


def test_two_questions_for_one_person_are_one(office: Office) -> None:
    office.use(a_policy(suporte=LATER))
    for _ in range(2):
        maria(office, "A rede caiu.", subject=f"Rede {_}")
    resolved(office, 1)
    resolved(office, 2)
    office.pass_time(hours=24)
    assert ask_for_ratings(gateway(office)) == 1
    assert asked(office) == ["rating_asked"]


def test_a_question_for_which_the_budget_has_no_room_comes_later_but_not_for_ever(office: Office) -> None:
    office.use(a_policy(suporte=LATER, budget={"automatic_per_sender_per_day": 0}))
    maria(office, "A rede caiu.")
    resolved(office)
    office.pass_time(hours=24)
    assert ask_for_ratings(gateway(office)) == 0
    office.use(a_policy(suporte=LATER))
    assert ask_for_ratings(gateway(office)) == 0
    office.pass_time(hours=1)
    assert ask_for_ratings(gateway(office)) == 1


def test_a_question_that_cannot_be_sent_for_a_week_is_given_up(office: Office) -> None:
    office.use(a_policy(suporte=LATER, budget={"automatic_per_sender_per_day": 0}))
    maria(office, "A rede caiu.")
    resolved(office)
    for _ in range(9):
        office.pass_time(days=1)
        ask_for_ratings(gateway(office))
    assert office.run(lambda c: c.execute(select(schema.rating_request)).all()) == []


PRIVACY = (ServiceLevel(name="titular", types=("lgpd",), profile="lgpd"),)


@pytest.mark.parametrize("later", ["", "24h"])
def test_nobody_is_asked_about_a_privacy_request(office: Office, later: str) -> None:
    office.use(a_policy(suporte={"ask_rating_after": later}, levels=PRIVACY, kinds=(TicketKind(name="lgpd"),)))
    maria(office, "Quero os meus dados.")
    agent(office, "#tipo lgpd", token(office))
    resolved(office)
    office.pass_time(days=2)
    assert ask_for_ratings(gateway(office)) == 0
    assert asked(office) == []


@pytest.mark.parametrize("later", ["", "24h"])
def test_nobody_is_asked_after_spam_a_merge_silence_or_their_own_farewell(office: Office, later: str) -> None:
    office.use(a_policy(suporte={"ask_rating_after": later}))
    for _ in range(5):
        maria(office, "A rede caiu.", subject=f"Rede {_}")
    agent(office, "#spam", token(office, ticket=1))
    office.clerk.order(Order(2, lambda ticket: orders.merge(ticket, 3, "ops")))
    agent(office, "Reiniciou?", token(office, ticket=4))
    office.clerk.order(Order(4, lambda ticket: orders.resolve_silent(ticket, ticket.revision)))
    agent(office, "Reiniciou?", token(office, ticket=5))
    maria(office, "pode encerrar", office.reply_address(MARIA.address))
    office.pass_time(days=2)
    assert ask_for_ratings(gateway(office)) == 0
    assert asked(office) == []


def test_a_stranger_whom_nobody_has_answered_is_not_asked_by_the_clock(office: Office) -> None:
    office.use(a_policy(suporte=LATER))
    maria(office, "A rede caiu.")
    agent(office, "#resolver", token(office))
    office.pass_time(days=1)
    assert ask_for_ratings(gateway(office)) == 0


def test_a_queue_without_satisfaction_asks_nobody(office: Office) -> None:
    office.use(a_policy(suporte={"satisfaction": False, **LATER}))
    maria(office, "A rede caiu.")
    resolved(office)
    office.pass_time(days=1)
    assert ask_for_ratings(gateway(office)) == 0


# --- what they answer -----------------------------------------------------------------------------------------------


def after_resolution(office: Office, said: str) -> Any:
    maria(office, "A rede caiu.")
    resolved(office)
    return maria(office, said, office.reply_address(MARIA.address))


def test_a_low_score_is_told_once_with_its_words(office: Office) -> None:
    after_resolution(office, "nota 1, demorou demais")
    told = written(office, "rated")
    assert "Nota 1 de 5" in told
    assert "demorou demais" in told
    to = office.reply_address(MARIA.address)
    count = len([name for name, _ in office.outgoing() if name == "rated"])
    maria(office, "nota 1, demorou demais", to)
    assert len([name for name, _ in office.outgoing() if name == "rated"]) == count
    maria(office, "nota 1, e foi grosseiro", to)
    assert len([name for name, _ in office.outgoing() if name == "rated"]) == 2 * count


def test_a_customer_who_says_so_may_be_quoted(office: Office) -> None:
    after_resolution(office, "5 ótimo! Pode publicar.")
    assert rating(office) == [(5, "ótimo", True)]
    (shown,) = views.shown_as_json(office.ticket(1), ())["ratings"]
    assert (shown["score"], shown["comment"], shown["quotable"]) == (5, "ótimo", True)


def test_nobody_may_be_quoted_who_did_not_say_so(office: Office) -> None:
    after_resolution(office, "5 ótimo, mas não pode publicar")
    assert rating(office) == [(5, "ótimo", False)]


def test_consent_may_come_in_a_mail_of_its_own_and_go_again(office: Office) -> None:
    after_resolution(office, "5 ótimo!")
    to = office.reply_address(MARIA.address)
    assert maria(office, "Pode publicar sim, obrigada!", to).reason == "rated"
    assert (office.ticket(1).ticket.status, rating(office)) == ("resolved", [(5, "ótimo", True)])
    maria(office, "Não pode publicar.", to)
    assert rating(office) == [(5, "ótimo", False)]


def test_an_agent_notes_the_consent_that_a_customer_gave_in_other_words(office: Office) -> None:
    after_resolution(office, "5 ótimo!")
    agent(office, "Podemos citar você no site?\n#resolver", token(office))
    maria(office, "Claro, adoraria aparecer no site de vocês!", office.reply_address(MARIA.address))
    agent(office, "#citar", token(office))
    assert rating(office)[0] == (5, "ótimo", True)
    assert "O cliente pode ser citado com o nome" in written(office, "receipt")
    agent(office, "#desfazer", token(office))
    assert rating(office)[0] == (5, "ótimo", False)


def test_there_is_nothing_to_quote_without_a_score(office: Office) -> None:
    maria(office, "A rede caiu.")
    agent(office, "#citar", token(office))
    assert "não deu nota" in written(office, "returned")


def test_a_score_long_after_the_ticket_was_closed_opens_nothing(office: Office) -> None:
    maria(office, "A rede caiu.")
    resolved(office)
    to = office.reply_address(MARIA.address)
    office.clerk.order(Order(1, orders.close_resolved))
    office.pass_time(days=60)
    assert maria(office, "5", to).reason == "rated"
    assert office.numbers() == [1]


# --- attacks --------------------------------------------------------------------------------------------------------


def test_a_forged_score_is_no_score(office: Office) -> None:
    maria(office, "A rede caiu.")
    resolved(office)
    forged = maria(office, "nota 1", subject="Re: [#1] Impressora")
    assert forged.reason != "rated"
    assert rating(office) == []


def test_a_score_with_somebody_elses_token_is_no_score_on_another_ticket(office: Office) -> None:
    for _ in range(2):
        maria(office, "A rede caiu.", subject=f"Rede {_}")
    resolved(office, 1)
    resolved(office, 2)
    maria(office, "nota 2", office.reply_address(MARIA.address, ticket=2), subject="Re: [#1] Impressora")
    rows = office.run(lambda c: c.execute(select(schema.rating.c.ticket)).scalars().all())
    assert rows == [2]


def test_somebody_in_copy_does_not_replace_the_customers_own_score(office: Office) -> None:
    maria(office, "A rede caiu.")
    agent(office, "#cc +pedro@outro.test\n#resolver\nPronto, Maria.", token(office))
    maria(office, "5", office.reply_address(MARIA.address))
    to = office.reply_address("pedro@outro.test")
    raw = {"from": "Pedro <pedro@outro.test>"}
    office.take(
        a_message("nota 1", message_id="<p1@outro.test>", to=to, **raw), recipients=(to,), sender="pedro@outro.test"
    )
    assert rating(office) == [(5, "", False)]


def test_a_hundred_scores_are_one_and_tell_the_queue_once(office: Office) -> None:
    maria(office, "A rede caiu.")
    resolved(office)
    to = office.reply_address(MARIA.address)
    for _ in range(100):
        maria(office, "nota 1", to)
    assert rating(office) == [(1, "", False)]
    told = [who for name, who in office.outgoing() if name == "rated"]
    assert len(told) == len(set(told))
    assert ANA.address in told
