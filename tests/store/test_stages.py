"""Stages from the raw mail to the database and to everybody's mailbox, on both databases."""

import re

import pytest
from sqlalchemy import update

from mailtickets.desk.commands import orders
from mailtickets.gateway.drafting.firing import TimerOrder
from mailtickets.gateway.drafting.order import Order
from mailtickets.jobs import stages as job
from mailtickets.jobs.closing import close_silent
from mailtickets.jobs.housekeeping import close_resolved
from mailtickets.jobs.timers import fire, make_some_again
from mailtickets.store import deadlines, outbox, schema
from mailtickets.store import stages as stored
from mailtickets.store.database import Stale
from mailtickets.store.stages import Place
from tests.desk.builders import ANA, BRUNO
from tests.desk.clock.workshop import a_workshop
from tests.desk.clock.workshop import stages as read_stages
from tests.store.office import Office, copies
from tests.store.test_who_receives import mailbox, received, shown
from tests.store.test_work_by_mail import again, agent, gateway, maria, token, written
from tests.store.timers import fire_all

MARIA = "maria@cliente.test"


@pytest.fixture
def shop(office: Office) -> Office:
    """The workshop, with Maria's ticket."""
    office.use(a_workshop(vendas={}))
    maria(office, "O notebook não liga.")
    return office


def where(office: Office, number: int = 1) -> tuple[str, str]:
    ticket = office.ticket(number).ticket
    return ticket.stage, ticket.status


def moved(office: Office, number: int = 1) -> list[tuple[str | None, str | None, str]]:
    """The stages that a ticket went through: (from, to, reason)."""
    return [(old, new, reason) for kind, old, new, reason in office.events(number) if kind == "stage"]


def lines_of(words: str) -> list[str]:
    """The command lines for stages in a notice."""
    return re.findall(r"#(?:etapa|stage) [\w.-]+", words)


def html_of(office: Office, address: str, notice: str) -> str:
    rows = office.run(lambda c: copies(c, limit=1000))
    found: str = next(row.html for row in rows if row.recipient == address and row.name == notice)
    return found


# --- what agents are shown ----------------------------------------------------------------------------


def test_a_new_ticket_is_in_the_first_stage_and_its_notice_lists_the_moves(shop: Office) -> None:
    assert where(shop) == ("novo", "new")
    assert moved(shop) == [(None, "novo", "new-mail")]
    words = shown(shop, ANA.address, "new_ticket")
    assert "Etapa: Novo" in words
    assert lines_of(words) == ["#etapa diagnostico", "#etapa encerrado"]
    assert "Diagnóstico: #etapa diagnostico" in words
    assert lines_of(html_of(shop, ANA.address, "new_ticket")) == lines_of(words)


def test_an_agent_is_shown_the_moves_that_are_theirs_and_what_they_need(shop: Office) -> None:
    agent(shop, "#etapa diagnostico", token(shop))
    maria(shop, "E então?", shop.reply_address(MARIA))
    hers, his = (shown(shop, who.address, "customer_replied") for who in (ANA, BRUNO))
    assert lines_of(hers) == ["#etapa cliente", "#etapa peca", "#etapa pronto"]
    assert lines_of(his) == ["#etapa conserto", "#etapa cliente", "#etapa peca", "#etapa pronto"]
    assert "Em conserto (precisa de: valor do orçamento): #etapa conserto" in his
    assert "Pronto para retirar (precisa de: uma resposta ao cliente): #etapa pronto" in hers
    assert received(shop, ANA.address).count("customer_replied") == received(shop, BRUNO.address).count(
        "customer_replied"
    )


@pytest.mark.parametrize(("locale", "lines", "label"), [
    ("en", ["#stage diagnostico", "#stage encerrado"], "Diagnosis: #stage diagnostico"),
    ("es", ["#etapa diagnostico", "#etapa encerrado"], "Diagnóstico técnico: #etapa diagnostico"),
])  # fmt: skip
def test_the_moves_are_listed_in_the_language_of_the_desk(
    office: Office, locale: str, lines: list[str], label: str
) -> None:
    office.use(a_workshop(instance={"locale": locale}))
    maria(office, "O notebook não liga.")
    words = shown(office, ANA.address, "new_ticket")
    assert lines_of(words) == lines
    assert label in words


def test_a_line_of_the_notice_is_a_command_and_the_receipt_says_the_move(shop: Office) -> None:
    (line, _) = lines_of(shown(shop, ANA.address, "new_ticket"))
    agent(shop, line, token(shop))
    assert where(shop) == ("diagnostico", "open")
    receipt = written(shop, "receipt")
    assert "- Etapa: Diagnóstico (antes: Novo)" in receipt
    assert "- Status: em atendimento (antes: novo)" in receipt
    assert "etapa Diagnóstico" in receipt
    assert lines_of(receipt) == ["#etapa cliente", "#etapa peca", "#etapa pronto"]


def test_a_forbidden_move_does_nothing_and_comes_back_with_those_that_are_possible(shop: Office) -> None:
    row = agent(shop, "Já vejo.\n#etapa peca", token(shop))
    assert (row.outcome, row.reason) == ("held", "command-not-understood")
    assert where(shop) == ("novo", "new")
    assert "answer" not in received(shop, MARIA)
    words = written(shop, "returned")
    assert "Possíveis agora: #etapa diagnostico, #etapa encerrado" in words
    agent(shop, "#etapa diagnostico", token(shop))
    assert received(shop, MARIA)[-1] != "answer"  # it is released, and decided on next


def test_a_line_that_gives_what_a_stage_needs_lets_the_move_go_on(shop: Office) -> None:
    """Bruno's mail came back because a field was missing; he replies with the field alone."""
    agent(shop, "#etapa diagnostico", token(shop))
    agent(shop, "#etapa conserto", token(shop, "bruno"), "bruno")
    assert "Falta algo para esta etapa: valor do orçamento." in written(shop, "returned")
    agent(shop, "#campo orcamento 120", token(shop, "bruno"), "bruno")
    again(shop)
    assert where(shop) == ("conserto", "open")
    assert shop.ticket(1).ticket.field("orcamento") == "120"


# --- what customers are told --------------------------------------------------------------------------


def asked(office: Office) -> str:
    """Where an answer to Maria's first mail goes: words in reply to a receipt would be asked about."""
    rows = office.run(lambda c: copies(c, limit=1000))
    number = next(row.id for row in rows if (row.name, row.recipient, row.ticket) == ("new_ticket", ANA.address, 1))
    return office.clerk.written(office.run(lambda c: outbox.load(c, number)), ())[1].reply_to


def told(office: Office, address: str = MARIA) -> list[str]:
    return [name for name in received(office, address) if name != "received"]


def test_customers_are_told_of_the_stages_that_say_so_and_of_no_others(shop: Office) -> None:
    agent(shop, "#etapa diagnostico", token(shop))
    before = told(shop)
    agent(shop, "#etapa peca", token(shop))
    assert told(shop)[len(before) :] == ["stage_changed"]
    (mail,) = mailbox(shop, MARIA)[-1:]
    assert "está agora na etapa “Aguardando peça”" in shown(shop, MARIA, "stage_changed")
    assert "Auto-Submitted: auto-" in mail
    assert "X-Auto-Response-Suppress: DR, RN, NRN, OOF, AutoReply" in mail
    for inner in (ANA.address, "#etapa", "diagnostico"):
        assert inner not in mail
    assert "<b>Aguardando peça</b>" in html_of(shop, MARIA, "stage_changed")


def test_a_stage_that_does_not_say_so_shows_its_status_alone(shop: Office) -> None:
    """As without stages: that somebody works on it now, and nothing of the stage."""
    agent(shop, "#etapa diagnostico", token(shop))
    assert told(shop) == ["status_changed"]
    assert "Diagnóstico" not in "".join(mailbox(shop, MARIA))


def test_a_customer_reads_the_label_in_their_own_language(office: Office) -> None:
    office.use(a_workshop(suporte={"stages": read_stages(), "locale": "auto"}))
    maria(office, "Hello, my laptop does not start any more. Could you please have a look at it?", subject="Laptop")
    assert office.ticket(1).ticket.locale == "en"
    agent(office, "#etapa diagnostico", token(office))
    agent(office, "#etapa peca", token(office))
    assert "is now at the stage “Waiting for part”" in shown(office, MARIA, "stage_changed")


def test_an_answer_that_moves_the_ticket_says_so_in_the_one_mail(shop: Office) -> None:
    agent(shop, "#etapa diagnostico", token(shop))
    before = told(shop)
    agent(shop, "A fonte queimou, pedimos outra.\n#etapa peca", asked(shop))
    assert told(shop)[len(before) :] == ["answer"]
    words = shown(shop, MARIA, "answer")
    assert "está agora na etapa “Aguardando peça”" in words
    assert where(shop) == ("peca", "pending")


def test_a_resolved_stage_keeps_the_mail_that_asks_for_a_rating_and_is_called_by_its_label(shop: Office) -> None:
    agent(shop, "#etapa diagnostico", token(shop))
    agent(shop, "Trocada a fonte.\n#etapa pronto", asked(shop))
    words = shown(shop, MARIA, "answer")
    assert "Com isso, o seu chamado 1 está agora na etapa “Pronto para retirar”. Se ainda faltar" in words
    assert "resolvido" not in words
    assert words.count("etapa") == 1
    assert told(shop)[-1] == "answer"


def test_the_mail_that_a_ticket_is_resolved_has_the_label_of_the_stage_in_text_and_html(shop: Office) -> None:
    agent(shop, "Trocada a fonte.", asked(shop))
    agent(shop, "#etapa diagnostico", token(shop))
    agent(shop, "#etapa pronto", token(shop))
    assert told(shop)[-1] == "resolved"
    assert "está agora na etapa “Pronto para retirar”" in shown(shop, MARIA, "resolved")
    assert "<b>Pronto para retirar</b>" in html_of(shop, MARIA, "resolved")
    assert "resolvido" not in shown(shop, MARIA, "resolved")


def test_the_warning_before_closing_names_the_stage_and_not_that_the_customer_is_waited_for(office: Office) -> None:
    timeless = [stage.model_copy(update={"after": {}}) for stage in read_stages()]
    office.use(a_workshop(suporte={"stages": tuple(timeless), "close_pending_after_days": 7, "close_warning_days": 3}))
    maria(office, "O notebook não liga.")
    agent(office, "Pedimos a peça.\n#etapa diagnostico", token(office))
    agent(office, "#etapa peca", token(office))
    office.pass_time(days=8)
    close_silent(gateway(office))
    words = shown(office, MARIA, "close_warning")
    assert "está na etapa “Aguardando peça”" in words
    assert "Aguardamos uma resposta sua" not in words
    assert "<b>Aguardando peça</b>" in html_of(office, MARIA, "close_warning")


def test_a_promise_leaves_a_ticket_at_a_stage_that_waits_for_somebody_else(shop: Office) -> None:
    agent(shop, "#etapa diagnostico", token(shop))
    agent(shop, "#etapa peca", token(shop))
    agent(shop, "#prazo 2d", token(shop))
    assert where(shop) == ("peca", "pending")
    agent(shop, "A peça chega na quarta.\n#prazo 3d", asked(shop))
    assert where(shop) == ("peca", "pending")


def test_a_promise_opens_a_ticket_that_waits_for_its_customer(shop: Office) -> None:
    agent(shop, "Qual é o modelo?", token(shop))
    assert where(shop) == ("cliente", "pending")
    agent(shop, "#prazo 2d", asked(shop))
    assert where(shop) == ("diagnostico", "open")


def test_no_moves_are_listed_of_a_ticket_that_was_merged(shop: Office) -> None:
    maria(shop, "A tela também não.", subject="Tela")
    number = next(row.id for row in shop.run(lambda c: copies(c)) if row.ticket == 2 and row.recipient == ANA.address)
    to = shop.clerk.written(shop.run(lambda c: outbox.load(c, number)), ())[1].reply_to
    agent(shop, "#juntar 1", to)
    words = shown(shop, ANA.address, "receipt")
    assert "Juntado ao chamado #1" in words
    assert lines_of(words) == []


def test_a_move_that_is_not_possible_is_called_so_and_the_possible_ones_are_listed(shop: Office) -> None:
    agent(shop, "#etapa pronto", token(shop))
    words, html = shown(shop, ANA.address, "returned"), html_of(shop, ANA.address, "returned")
    for text in (words, html):
        assert "não entendemos" not in text
        assert "a sua mensagem pede uma mudança que não é possível." in text
    assert "Possíveis agora: #etapa diagnostico" in words
    agent(shop, "#etapa nenhuma", asked(shop))
    assert "não entendemos uma linha da sua mensagem." in shown(shop, ANA.address, "returned")


def test_who_wants_no_notices_is_told_of_no_stage(shop: Office) -> None:
    maria(shop, "silenciar", shop.reply_address(MARIA))
    agent(shop, "#etapa diagnostico", token(shop))
    agent(shop, "#etapa peca", token(shop))
    assert "stage_changed" not in told(shop)


def test_notices_of_stages_are_automatic_mail_within_the_budgets(office: Office) -> None:
    office.use(a_workshop(budget={"automatic_per_ticket_per_hour": 2}))
    maria(office, "O notebook não liga.")
    agent(office, "#etapa diagnostico", token(office))
    for _ in range(4):
        agent(office, "#etapa peca", token(office))
        agent(office, "#etapa diagnostico", token(office))
    assert len(received(office, MARIA)) <= 3
    assert ("withheld", None, "stage_changed", "budget-ticket") in office.events(1)


def test_a_customer_who_asks_reads_the_stage_of_which_they_are_told_and_else_the_status(shop: Office) -> None:
    agent(shop, "#etapa diagnostico", token(shop))
    shop.pass_time(hours=2)
    maria(shop, "status", shop.reply_address(MARIA))
    assert "está cuidando" in shown(shop, MARIA, "status")
    agent(shop, "#etapa peca", token(shop))
    shop.pass_time(hours=2)
    maria(shop, "status", shop.reply_address(MARIA))
    assert "está na etapa “Aguardando peça”" in shown(shop, MARIA, "status")
    shop.pass_time(hours=2)
    maria(shop, "meus chamados", subject="Meus chamados")
    assert "Aguardando peça" in shown(shop, MARIA, "my_tickets")


# --- mail, merges, splits -----------------------------------------------------------------------------


def test_an_answer_and_a_reply_go_through_the_first_stages_of_their_status(shop: Office) -> None:
    agent(shop, "Qual é o modelo?", token(shop))
    assert where(shop) == ("cliente", "pending")
    maria(shop, "É o X200.", shop.reply_address(MARIA))
    assert where(shop) == ("diagnostico", "open")
    assert [(new, reason) for _, new, reason in moved(shop)] == [
        ("novo", "new-mail"), ("cliente", "agent-answered"), ("diagnostico", "customer-replied"),
    ]  # fmt: skip


def test_what_was_resolved_long_ago_is_closed_in_its_stage(shop: Office) -> None:
    agent(shop, "#etapa diagnostico", token(shop))
    agent(shop, "Trocada a fonte.\n#resolver", asked(shop))
    assert where(shop) == ("pronto", "resolved")
    shop.pass_time(days=8)
    close_resolved(gateway(shop))
    assert where(shop) == ("encerrado", "closed")
    maria(shop, "Parou de novo!", shop.reply_address(MARIA))
    assert where(shop) == ("diagnostico", "open")


def test_a_merged_ticket_is_closed_in_its_stage_and_the_other_stays_in_its_own(shop: Office) -> None:
    agent(shop, "#etapa diagnostico", token(shop))
    agent(shop, "#etapa peca", token(shop))
    maria(shop, "Outro problema.", subject="Teclado")
    agent(shop, "#juntar 1", token(shop, ticket=2))
    assert where(shop, 2) == ("encerrado", "closed")
    assert where(shop, 1) == ("peca", "pending")


def test_what_a_merge_opens_again_is_in_an_open_stage(shop: Office) -> None:
    agent(shop, "#etapa encerrado", token(shop))
    maria(shop, "Outro problema.", subject="Teclado")
    agent(shop, "#juntar 1", token(shop, ticket=2))
    assert where(shop, 1) == ("diagnostico", "open")


def test_what_is_split_off_begins_anew_and_the_rest_goes_back_to_its_own_stage(shop: Office) -> None:
    shop.use(a_workshop(suporte={"stages": (*read_stages(), *read_stages("retirado resolved < diagnostico,pronto"))}))
    agent(shop, "#etapa diagnostico", token(shop))
    agent(shop, "Trocada a fonte.\n#etapa retirado", asked(shop))
    maria(shop, "E a impressora?", shop.reply_address(MARIA), subject="Impressora")
    assert where(shop) == ("diagnostico", "open")
    agent(shop, "#separar", token(shop))
    assert where(shop) == ("retirado", "resolved")
    assert where(shop, 2) == ("novo", "new")


def test_undo_takes_back_the_stage_and_a_second_one_changes_nothing(shop: Office) -> None:
    agent(shop, "#etapa diagnostico", token(shop))
    agent(shop, "#etapa peca", token(shop))
    agent(shop, "#desfazer", token(shop))
    assert where(shop) == ("diagnostico", "open")
    assert moved(shop)[-1] == ("peca", "diagnostico", "undone")


def test_lines_of_a_digest_move_tickets_and_need_what_the_stages_need(shop: Office) -> None:
    agent(shop, "#etapa diagnostico", token(shop))
    agent(shop, "#minhafila", token(shop))
    agent(shop, "1 #etapa pronto", token(shop, ticket=None))
    assert "Falta algo para esta etapa: uma resposta ao cliente." in written(shop, "returned")
    agent(shop, "#minhafila", token(shop))
    agent(shop, "1 #etapa peca", token(shop, ticket=None))
    assert where(shop) == ("peca", "pending")


def test_a_ticket_that_is_moved_enters_the_stage_of_its_status_there(office: Office) -> None:
    office.use(a_workshop())
    maria(office, "Quero um orçamento.")
    agent(office, "#etapa diagnostico", token(office))
    agent(office, "#fila vendas", token(office))
    assert where(office) == ("contato", "open")
    assert "Fila: Vendas Exemplo" in shown(office, BRUNO.address, "moved")


# --- a stage leaves the configuration -----------------------------------------------------------------

WITHOUT_PARTS = (
    "novo new", "diagnostico open", "conserto open", "cliente pending", "pronto resolved", "encerrado closed",
)  # fmt: skip


@pytest.fixture
def crowded(office: Office, monkeypatch: pytest.MonkeyPatch) -> Office:
    """Five tickets wait for a part, which the configuration knows no more; a sixth is elsewhere."""
    monkeypatch.setattr(job, "AT_ONCE", 2)
    office.use(a_workshop(budget={"automatic_per_sender_per_day": 0}))
    for number in range(1, 7):
        maria(office, f"Notebook {number}.", subject=f"Notebook {number}")
        agent(office, "#etapa diagnostico", token(office, ticket=number))
        if number < 6:
            agent(office, "#etapa peca", token(office, ticket=number))
    office.use(a_workshop(suporte={"stages": read_stages(WITHOUT_PARTS)}))
    return office


def swept(office: Office) -> int:
    """Runs the job until it changes nothing; returns how often it did."""
    for times in range(20):
        before = [where(office, number) for number in office.numbers()]
        job.leave_removed_stages(gateway(office))
        if [where(office, number) for number in office.numbers()] == before:
            return times
    raise AssertionError("it never ends")


def test_a_removed_stage_leaves_tickets_on_their_status_a_few_at_a_time(crowded: Office) -> None:
    job.leave_removed_stages(gateway(crowded))
    assert sum(where(crowded, number) == ("", "pending") for number in range(1, 6)) == 2
    assert swept(crowded) == 2
    assert [where(crowded, number) for number in range(1, 7)] == [("", "pending")] * 5 + [("diagnostico", "open")]
    assert moved(crowded, 3)[-1] == ("peca", None, "stage-removed")
    assert crowded.events(6)[-1][3] != "stage-removed"


def test_the_queue_is_told_once_of_a_removed_stage_with_the_count(crowded: Office) -> None:
    before = len(crowded.outgoing())
    swept(crowded)
    assert sorted(crowded.outgoing()[before:]) == [("stage_removed", ANA.address), ("stage_removed", BRUNO.address)]
    words = shown(crowded, ANA.address, "stage_removed")
    assert "A etapa “peca” não está mais na configuração da fila Suporte Exemplo" in words
    assert "5 chamados" in words


def test_a_stage_that_comes_back_and_goes_again_is_told_again(crowded: Office) -> None:
    swept(crowded)
    crowded.use(a_workshop())
    agent(crowded, "#etapa peca", token(crowded, ticket=6))
    crowded.use(a_workshop(suporte={"stages": read_stages(WITHOUT_PARTS)}))
    swept(crowded)
    assert received(crowded, ANA.address).count("stage_removed") == 2
    assert "1 chamado" in shown(crowded, ANA.address, "stage_removed")


@pytest.mark.parametrize("seen", [True, False])
def test_of_two_gateways_one_tells_the_queue(crowded: Office, monkeypatch: pytest.MonkeyPatch, seen: bool) -> None:
    """The other one tells before this one looks, or between its look and its notice."""
    crowded.run(lambda c: stored.note_told(c, stored.told_key("suporte", "peca"), 5, crowded.now))
    monkeypatch.setattr(stored, "is_told", lambda connection, key: seen)
    before = len(crowded.outgoing())
    swept(crowded)
    assert len(crowded.outgoing()) == before


def test_a_stage_that_stands_for_another_status_now_counts_as_gone(crowded: Office) -> None:
    crowded.use(a_workshop(suporte={"stages": read_stages([*WITHOUT_PARTS, "peca open"])}))
    swept(crowded)
    assert [where(crowded, number) for number in range(1, 6)] == [("", "pending")] * 5


def test_without_any_stage_all_of_it_goes(crowded: Office) -> None:
    crowded.use(a_workshop(suporte={}, vendas={}))
    swept(crowded)
    assert {where(crowded, number)[0] for number in crowded.numbers()} == {""}
    assert received(crowded, ANA.address).count("stage_removed") == 2


def test_a_queue_that_has_left_too_has_nobody_to_tell(crowded: Office) -> None:
    crowded.run(lambda c: c.execute(update(schema.ticket).values(queue="velha")))
    before = len(crowded.outgoing())
    swept(crowded)
    assert len(crowded.outgoing()) == before
    assert where(crowded, 1) == ("", "pending")


def test_an_order_for_a_ticket_that_has_moved_on_does_nothing(shop: Office) -> None:
    from functools import partial

    shop.clerk.order(Order(1, partial(orders.leave_stage, stage="peca")))
    assert where(shop) == ("novo", "new")


def test_stages_are_found_one_by_one(crowded: Office) -> None:
    assert crowded.run(lambda c: list(stored.standings(c))) == [
        Place("suporte", "diagnostico", "open"), Place("suporte", "peca", "pending"),
    ]  # fmt: skip


# --- by the clock -------------------------------------------------------------------------------------


@pytest.fixture
def waits(shop: Office) -> Office:
    """Maria's ticket waits for a part."""
    agent(shop, "#etapa diagnostico", token(shop))
    agent(shop, "#etapa peca", token(shop))
    return shop


def fired(office: Office, **span: float) -> int:
    """Lets time pass, and fires what is due; returns how many timers were."""
    office.pass_time(**span)
    return fire_all(gateway(office))


def pending(office: Office) -> list[tuple[str, str]]:
    kept = office.run(lambda c: deadlines.stored(c, 1))
    return [(timer.kind, timer.name) for timer in kept.timers]


def test_a_timed_move_happens_at_its_time_and_everybody_hears_of_it(waits: Office) -> None:
    assert pending(waits) == [("stage", "peca")]
    assert fired(waits, days=9, hours=23) == 0
    before = len(waits.outgoing())
    assert fired(waits, hours=1) == 1
    assert where(waits) == ("diagnostico", "open")
    assert moved(waits)[-1] == ("peca", "diagnostico", "stage:peca")
    assert sorted(waits.outgoing()[before:]) == [
        ("stage_over", ANA.address), ("stage_over", BRUNO.address), ("status_changed", MARIA),
    ]  # fmt: skip
    words = shown(waits, ANA.address, "stage_over")
    assert "O tempo da etapa “Aguardando peça” terminou, e o chamado passou para “Diagnóstico”." in words
    assert "O notebook não liga." in words
    assert lines_of(words) == ["#etapa cliente", "#etapa peca", "#etapa pronto"]
    assert pending(waits) == []


def test_a_timed_move_to_a_closed_stage_closes_and_tells_no_agent(shop: Office) -> None:
    agent(shop, "Qual é o modelo?", token(shop))
    before = len(shop.outgoing())
    assert fired(shop, days=15) == 1
    assert where(shop) == ("encerrado", "closed")
    assert shop.outgoing()[before:] == [("closed", MARIA)]


def test_a_timer_is_void_once_the_ticket_has_left_the_stage(waits: Office) -> None:
    waits.pass_time(days=5)
    maria(waits, "Chegou?", waits.reply_address(MARIA))
    assert where(waits) == ("diagnostico", "open")
    assert pending(waits) == []
    assert fired(waits, days=30) == 0
    assert where(waits) == ("diagnostico", "open")


def test_a_second_stay_has_a_time_of_its_own(waits: Office) -> None:
    waits.pass_time(days=9)
    agent(waits, "#etapa diagnostico", token(waits))
    agent(waits, "#etapa peca", token(waits))
    assert fired(waits, days=9) == 0
    assert where(waits) == ("peca", "pending")
    assert fired(waits, days=1) == 1
    assert where(waits) == ("diagnostico", "open")
    agent(waits, "#etapa peca", token(waits))
    assert fired(waits, days=10) == 1
    assert [new for _, new, _ in moved(waits)].count("diagnostico") == 4


def test_of_two_gateways_one_makes_a_timed_move(waits: Office) -> None:
    """Both have read the timer when it was due: the second finds it fired, and nothing happens twice."""
    waits.pass_time(days=10)
    (due,) = waits.run(lambda c: deadlines.due(c, waits.now, 10))
    drafts = [waits.clerk.draft_order(TimerOrder(due, waits.clerk.rules.policy, waits.now)) for _ in range(2)]
    waits.clerk.settle(drafts[0], waits.clerk.words(drafts[0]))
    with pytest.raises(Stale):
        waits.clerk.settle(drafts[1], waits.clerk.words(drafts[1]))
    fire(gateway(waits), due)
    assert [new for _, new, _ in moved(waits)].count("diagnostico") == 2
    assert received(waits, ANA.address).count("stage_over") == 1


def test_a_gateway_that_dies_before_it_commits_has_moved_nothing_and_the_next_one_moves_it(waits: Office) -> None:
    waits.pass_time(days=10)
    (due,) = waits.run(lambda c: deadlines.due(c, waits.now, 10))
    draft = waits.clerk.draft_order(TimerOrder(due, waits.clerk.rules.policy, waits.now))

    def dies(connection: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        waits.clerk.settle(draft, waits.clerk.words(draft), dies)
    assert where(waits) == ("peca", "pending")
    later = Office(waits.database)
    later.now = waits.now
    later.use(waits.clerk.rules.policy)
    assert fire_all(gateway(later)) == 1
    assert fire_all(gateway(later)) == 0
    assert where(waits) == ("diagnostico", "open")
    assert received(waits, ANA.address).count("stage_over") == 1


def test_a_time_that_is_configured_later_counts_from_when_the_ticket_came_to_its_stage(shop: Office) -> None:
    agent(shop, "#etapa diagnostico", token(shop))
    slow = [stage.model_copy(update={"after": {"3d": "encerrado"}}) if stage.name == "diagnostico" else stage
            for stage in read_stages()]  # fmt: skip
    shop.pass_time(days=1)
    shop.use(a_workshop(suporte={"stages": tuple(slow)}))
    while make_some_again(gateway(shop)):
        pass
    assert pending(shop) == [("stage", "diagnostico")]
    assert fired(shop, days=1, hours=23) == 0
    assert fired(shop, hours=1) == 1
    assert where(shop) == ("encerrado", "closed")


def test_a_time_that_is_taken_away_moves_nothing(waits: Office) -> None:
    still = [stage.model_copy(update={"after": {}}) if stage.name == "peca" else stage for stage in read_stages()]
    waits.use(a_workshop(suporte={"stages": tuple(still)}))
    fired(waits, days=11)
    assert where(waits) == ("peca", "pending")
    assert pending(waits) == []


def test_a_resolved_stage_may_have_a_time_too(shop: Office) -> None:
    agent(shop, "#etapa diagnostico", token(shop))
    agent(shop, "Trocada a fonte.\n#resolver", asked(shop))
    quick = [stage.model_copy(update={"after": {"2d": "encerrado"}}) if stage.name == "pronto" else stage
             for stage in read_stages()]  # fmt: skip
    shop.use(a_workshop(suporte={"stages": tuple(quick)}))
    while make_some_again(gateway(shop)):
        pass
    assert fired(shop, days=2) == 1
    assert where(shop) == ("encerrado", "closed")


def test_a_ticket_that_was_merged_is_moved_by_no_timer(waits: Office) -> None:
    maria(waits, "Outro problema.", subject="Teclado")
    agent(waits, "#juntar 2", token(waits, ticket=1))
    assert where(waits, 1) == ("encerrado", "closed")
    fired(waits, days=11)
    assert where(waits, 1) == ("encerrado", "closed")
    assert where(waits, 2) == ("novo", "new")
