"""Tickets that are closed because their customer is silent: never without a warning, which any reply makes void.

From the raw mail to what the customer receives, on both databases.
"""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

from mailtickets.config.levels import ServiceLevel
from mailtickets.config.stages import QueueStage
from mailtickets.desk.commands import orders
from mailtickets.gateway.drafting.order import Order
from mailtickets.jobs.closing import close_resolved, close_silent
from mailtickets.jobs.timers import make_some_again
from mailtickets.mail.read.parse import parse
from mailtickets.store import contacts, outbox, schema
from tests.desk.builders import MARIA, a_policy
from tests.desk.rules.configured.occasions import a_rule
from tests.store.office import Office, copies
from tests.store.test_who_receives import take
from tests.store.test_work_by_mail import agent, gateway, maria, token
from tests.store.timers import fire_all

QUEUE: dict[str, Any] = {"close_pending_after_days": 7, "close_warning_days": 3}


@pytest.fixture
def silent(office: Office) -> Office:
    """A ticket that waits for Maria since `NOW`."""
    office.use(a_policy(suporte=QUEUE))
    maria(office, "A impressora não imprime.")
    agent(office, "Qual é o modelo?", token(office, "ana"))
    assert office.ticket(1).ticket.status == "pending"
    return office


def run(office: Office, days: int = 0) -> None:
    """The job, once a day."""
    for _ in range(days):
        office.pass_time(days=1)
        close_silent(gateway(office))
        close_resolved(gateway(office))


def to_maria(office: Office) -> list[str]:
    """The names of her notices since the answer."""
    names = [name for name, who in office.outgoing() if who == MARIA.address]
    return names[names.index("answer") + 1 :]


def newest(office: Office) -> Any:
    """The newest mail to Maria, as it arrives."""
    row = next(row for row in office.run(copies) if row.recipient == MARIA.address)
    return parse(office.clerk.written(office.run(lambda c: outbox.load(c, row.id)), ())[0])


def status(office: Office) -> str:
    return office.ticket(1).ticket.status


def test_a_ticket_in_a_stage_that_has_its_own_time_is_not_closed_for_silence(silent: Office) -> None:
    table = schema.ticket
    stages = [
        {"name": "novo", "is": "new"},
        {"name": "diagnostico", "is": "open"},
        {"name": "peca", "is": "pending", "after": {"60d": "diagnostico"}},
        {"name": "fechado", "is": "closed"},
    ]
    office = silent
    office.use(a_policy(suporte={**QUEUE, "stages": tuple(QueueStage(**stage) for stage in stages)}))
    office.run(lambda c: c.execute(update(table).values(stage="peca", stage_since=office.now)))
    run(office, 12)
    assert (to_maria(office), status(office)) == ([], "pending")


def test_a_silent_customer_is_warned_and_then_the_ticket_is_resolved(silent: Office) -> None:
    run(silent, 6)
    assert to_maria(silent) == []
    run(silent, 1)
    assert (to_maria(silent), status(silent)) == (["close_warning"], "pending")
    run(silent, 2)
    assert (to_maria(silent), status(silent)) == (["close_warning"], "pending")
    run(silent, 1)
    assert (to_maria(silent), status(silent)) == (["close_warning", "resolved"], "resolved")
    assert silent.events(1)[-1] == ("status", "pending", "resolved", "customer-silent")
    run(silent, 7)
    assert (to_maria(silent)[2:], status(silent)) == (["closed"], "closed")


def test_the_warning_says_how_to_keep_it_open_and_that_a_machine_wrote_it(silent: Office) -> None:
    run(silent, 7)
    mail = newest(silent)
    assert mail.subject == "Re: [#1] Impressora"
    assert "Para mantê-lo aberto, basta responder a este e-mail" in mail.text
    assert "Sem uma resposta até 13 de março" in mail.text
    assert mail.header("Auto-Submitted") == "auto-generated"
    assert "OOF" in (mail.header("X-Auto-Response-Suppress") or "")
    assert "ana@desk.test" not in mail.text


def test_what_resolves_it_says_why_and_asks_for_no_rating(silent: Office) -> None:
    run(silent, 10)
    words = newest(silent).text
    assert "Como não recebemos uma resposta sua, encerramos o seu chamado 1." in words
    assert "nota de 1" not in words


@pytest.mark.parametrize(("locale", "words"), [("en", "To keep it open"), ("es", "Para mantenerla abierta")])
def test_the_warning_is_in_the_customers_language(office: Office, locale: str, words: str) -> None:
    office.use(a_policy(suporte={**QUEUE, "locale": locale}))
    maria(office, "It does not print.")
    agent(office, "Which model?", token(office, "ana"))
    run(office, 7)
    assert words in newest(office).text


def test_a_reply_keeps_it_open_and_the_wait_begins_anew(silent: Office) -> None:
    run(silent, 7)
    maria(silent, "Ainda preciso!", subject="Re: [#1] Impressora")
    assert status(silent) == "open"
    run(silent, 10)
    assert (to_maria(silent), status(silent)) == (["close_warning"], "open")
    agent(silent, "Qual é o modelo?", token(silent, "ana"))
    run(silent, 6)
    assert (to_maria(silent)[1:], status(silent)) == (["answer"], "pending")
    run(silent, 1)
    assert to_maria(silent)[1:] == ["answer", "close_warning"]
    run(silent, 3)
    assert status(silent) == "resolved"


def test_a_word_of_thanks_keeps_it_open_too(silent: Office) -> None:
    run(silent, 7)
    maria(silent, "Obrigada!", subject="Re: [#1] Impressora")
    run(silent, 4)
    assert status(silent) in {"pending", "open"}


def test_what_an_agent_does_meanwhile_keeps_it_open(silent: Office) -> None:
    run(silent, 7)
    agent(silent, "#nota Liguei, ela volta na semana que vem.", token(silent, "ana"))
    run(silent, 3)
    assert (to_maria(silent), status(silent)) == (["close_warning"], "pending")


def test_without_the_setting_nobody_is_warned(office: Office) -> None:
    maria(office, "A impressora não imprime.")
    agent(office, "Qual é o modelo?", token(office, "ana"))
    run(office, 100)
    assert (to_maria(office), status(office)) == ([], "pending")


def test_a_ticket_that_was_never_answered_is_left_alone(office: Office) -> None:
    office.use(a_policy(suporte=QUEUE))
    maria(office, "A impressora não imprime.")
    office.clerk.order(Order(1, lambda ticket: orders.set_status(ticket, "pending", "shell:root")))
    run(office, 20)
    names = [name for name, who in office.outgoing() if who == MARIA.address]
    assert ("close_warning" in names, status(office)) == (False, "pending")


def test_a_customer_whom_mail_does_not_reach_is_not_warned_and_nothing_is_closed(silent: Office) -> None:
    silent.run(lambda c: contacts.make_undeliverable(c, MARIA.address, silent.now))
    run(silent, 20)
    assert (to_maria(silent), status(silent)) == ([], "pending")


def test_a_customer_who_wants_no_automatic_notices_is_not_warned_and_nothing_is_closed(silent: Office) -> None:
    mine = schema.participant.c.address_key == MARIA.address
    silent.run(lambda c: c.execute(update(schema.participant).where(mine).values(muted=True)))
    run(silent, 20)
    assert (to_maria(silent), status(silent)) == ([], "pending")


def test_a_warning_that_the_budget_keeps_back_is_tried_again_and_nothing_is_closed_without_it(silent: Office) -> None:
    silent.use(a_policy(suporte=QUEUE, budget={"automatic_per_sender_per_day": 0}))
    run(silent, 15)
    assert (to_maria(silent), status(silent)) == ([], "pending")
    silent.use(a_policy(suporte=QUEUE))
    run(silent, 1)
    assert to_maria(silent) == ["close_warning"]
    run(silent, 3)
    assert status(silent) == "resolved"


def test_the_job_runs_each_minute_and_warns_once(silent: Office) -> None:
    silent.pass_time(days=7)
    for _ in range(5):
        close_silent(gateway(silent))
        silent.pass_time(minutes=1)
    assert to_maria(silent) == ["close_warning"]


def test_of_two_gateways_one_warns(silent: Office) -> None:
    """The other one warns between our draft and our transaction."""
    silent.pass_time(days=7)
    settle = silent.clerk.settle

    def meanwhile(*given: Any) -> None:
        silent.clerk.settle = settle  # type: ignore[method-assign]
        close_silent(gateway(silent))
        settle(*given)

    silent.clerk.settle = meanwhile  # type: ignore[method-assign]
    close_silent(gateway(silent))
    assert to_maria(silent) == ["close_warning"]


def of_a_disowned_mail(office: Office, words: str) -> None:
    """A ticket that mail in Maria's name has opened, with a DMARC fail; Ana has answered it."""
    take(office, "A impressora não imprime.", "fail")
    agent(office, words, token(office, "ana"))


def test_somebody_whose_mail_their_domain_disowns_is_not_warned_and_nothing_is_closed(office: Office) -> None:
    office.use(a_policy(suporte=QUEUE))
    of_a_disowned_mail(office, "Qual é o modelo?")
    assert status(office) == "pending"
    run(office, 20)
    assert (to_maria(office), status(office)) == ([], "pending")


def test_a_resolved_ticket_of_a_disowned_mail_is_closed_and_nobody_is_written_to(office: Office) -> None:
    office.use(a_policy(suporte={"close_after_days": 7, "warn_before_closing": True, "close_warning_days": 2}))
    of_a_disowned_mail(office, "Reinicie.\n#resolver")
    run(office, 7)
    assert (to_maria(office), status(office)) == ([], "closed")


# --- resolved tickets -----------------------------------------------------------------------------------


def resolved(office: Office, **queue: Any) -> None:
    office.use(a_policy(suporte={"close_after_days": 7, **queue}))
    maria(office, "A impressora não imprime.")
    agent(office, "Reinicie.\n#resolver", token(office, "ana"))
    assert status(office) == "resolved"


def test_a_resolved_ticket_is_closed_as_before(office: Office) -> None:
    resolved(office)
    run(office, 7)
    assert (to_maria(office), status(office)) == (["closed"], "closed")


def test_a_resolved_ticket_is_closed_after_a_warning_where_the_queue_says_so(office: Office) -> None:
    resolved(office, warn_before_closing=True, close_warning_days=2)
    run(office, 4)
    assert to_maria(office) == []
    run(office, 1)
    assert (to_maria(office), status(office)) == (["close_warning"], "resolved")
    assert "está resolvido e será fechado em breve" in newest(office).text
    run(office, 1)
    agent(office, "#nota Tudo certo.", token(office, "ana"))
    run(office, 1)
    assert (to_maria(office), status(office)) == (["close_warning", "closed"], "closed")


def test_a_resolved_ticket_whose_customer_cannot_be_warned_is_closed_all_the_same(office: Office) -> None:
    resolved(office, warn_before_closing=True, close_warning_days=2)
    office.run(lambda c: contacts.make_undeliverable(c, MARIA.address, office.now))
    run(office, 7)
    assert status(office) == "closed"


# --- attempts -------------------------------------------------------------------------------------------


def warned_of(office: Office) -> str:
    """The address that a reply to the newest mail to Maria goes to."""
    return office.reply_address(MARIA.address)


def test_an_absence_notice_in_reply_to_the_warning_keeps_nothing_open(silent: Office) -> None:
    run(silent, 7)
    assert to_maria(silent) == ["close_warning"]
    fields = {"auto_submitted": "auto-replied", "subject": "Resposta automática: Impressora"}
    take(silent, "Estou de férias.", "pass", warned_of(silent), **fields)
    run(silent, 3)
    assert (to_maria(silent), status(silent)) == (["close_warning", "resolved"], "resolved")


def test_an_absence_notice_after_each_warning_makes_no_series_of_warnings(silent: Office) -> None:
    for _ in range(30):
        before = len(to_maria(silent))
        run(silent, 1)
        if len(to_maria(silent)) > before and to_maria(silent)[-1] == "close_warning":
            take(silent, "Fora do escritório.", "pass", warned_of(silent), auto_submitted="auto-replied")
    assert to_maria(silent).count("close_warning") == 1


def test_a_stranger_who_answers_the_warning_in_marias_name_closes_nothing_and_learns_nothing(silent: Office) -> None:
    run(silent, 7)
    warning = newest(silent)
    fields = {"subject": "Re: [#1] Impressora", "in_reply_to": warning.message_id, "references": warning.message_id}
    for words in ("#fechar", "Pode fechar, obrigado.", "resolvido", "status", "silenciar"):
        take(silent, words, "fail", **fields)
    assert to_maria(silent) == ["close_warning"]
    assert status(silent) in {"pending", "open"}
    maria_ = silent.ticket(1).ticket.participant(MARIA.address)
    assert maria_ is not None
    assert not maria_.muted


def test_a_forged_report_that_the_warning_did_not_arrive_stops_nothing(silent: Office) -> None:
    run(silent, 7)
    report = (
        "This is the mail system. I'm sorry: your message could not be delivered.\n\n"
        "<maria@cliente.test>: host mx.cliente.test said: 550 5.1.1 User unknown"
    )
    fields = {"from": "MAILER-DAEMON@cliente.test", "subject": "Undelivered Mail Returned to Sender",
              "in_reply_to": newest(silent).message_id, "auto_submitted": "auto-replied"}  # fmt: skip
    take(silent, report, "none", **fields)
    maria(silent, "Ainda preciso.", warned_of(silent))
    assert status(silent) == "open"
    agent(silent, "Certo, seguimos.", token(silent, "ana"))
    assert to_maria(silent)[-1] == "answer"


def test_clocks_that_are_made_again_after_the_warning_leave_it_as_it_is(silent: Office) -> None:
    run(silent, 7)
    level = ServiceLevel(name="padrao", resolution="30d")
    silent.use(replace(a_policy(suporte=QUEUE), levels=(level,)))
    while make_some_again(gateway(silent)):
        pass
    run(silent, 2)
    assert (to_maria(silent), status(silent)) == (["close_warning"], "pending")
    run(silent, 1)
    assert (to_maria(silent), status(silent)) == (["close_warning", "resolved"], "resolved")


def test_what_the_clock_does_after_the_warning_leaves_it_as_it_is(silent: Office) -> None:
    rule = a_rule('on = "due"; all = [{ age = "8d" }]; add_tags = ["velho"]', "velho")
    silent.use(a_policy(suporte=QUEUE, configured=(rule,)))
    while make_some_again(gateway(silent)):
        pass
    run(silent, 7)
    assert to_maria(silent) == ["close_warning"]
    silent.pass_time(days=1)
    assert fire_all(gateway(silent)) == 1
    assert silent.ticket(1).ticket.tags == ("velho",)
    run(silent, 2)
    assert (to_maria(silent), status(silent)) == (["close_warning", "resolved"], "resolved")
