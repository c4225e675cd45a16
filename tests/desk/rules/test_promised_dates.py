"""`#prazo`: what becomes of the ticket, what the customer and the agent read, and how the promise is taken back.

NOW is Monday, 3 March 2025, 09:00 in São Paulo.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from mailtickets.config.levels import ServiceLevel
from mailtickets.config.places import shipped, template_texts
from mailtickets.config.stages import QueueStage
from mailtickets.desk.change import changed, opened
from mailtickets.desk.clock.calendar import OpenHours
from mailtickets.desk.letters.render import render
from mailtickets.desk.letters.sandbox import Templates
from mailtickets.desk.model.decision import Decision, Problem
from mailtickets.desk.model.effects import OpenTicket, PromiseDate
from mailtickets.desk.model.facts import Facts, Undoable
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Participant, Ticket
from mailtickets.desk.notices.notice import Notice, Situation
from mailtickets.desk.notices.plan import plan
from mailtickets.desk.rules.decide import decide
from mailtickets.mail.model import InboundMail
from tests.desk.builders import ANA, MARIA, NOW, a_mail, a_policy, a_ticket, a_token, facts

TEMPLATES = Templates(template_texts(shipped("templates")))
ZONE = ZoneInfo("America/Sao_Paulo")
_DAY = ((8 * 60, 12 * 60), (13 * 60, 18 * 60))
HOURS = OpenHours("comercial", ZONE, (_DAY,) * 5 + ((), ()))
WEDNESDAY = datetime(2025, 3, 5, 12, 0, tzinfo=UTC)
"""Two working days later: Wednesday, 09:00 in São Paulo."""
FRIDAY = datetime(2025, 3, 7, 19, 0, tzinfo=UTC)


def a_timed_policy(**more: Any) -> Policy:
    plain = a_policy(**more)
    level = ServiceLevel(name="padrao", calendar="comercial")
    return Policy(
        plain.instance, plain.queues, plain.agents, plain.trust, plain.budget,
        calendars={"comercial": HOURS}, levels=(level,),
    )  # fmt: skip


POLICY = a_timed_policy()


def by_ana(text: str, ticket: Ticket | None = None, **known: Any) -> tuple[Decision, Ticket | None, list[Notice]]:
    about = facts(ticket or a_ticket(), queue=POLICY.queues[0], tokens=(a_token(ANA),), **known)
    return carried_out(a_mail(ANA, text=text), about)


def carried_out(mail: InboundMail, known: Facts) -> tuple[Decision, Ticket | None, list[Notice]]:
    decision = decide(mail, known, POLICY, NOW)
    before = known.tickets.get(decision.ticket or 0)
    base = opened(decision.opens, 43, NOW) if decision.opens else before
    effects = [effect for effect in decision.effects if not isinstance(effect, OpenTicket)]
    after = changed(base, effects, NOW) if base is not None else None
    return decision, after, list(plan(Situation(decision, before, after, mail, known), POLICY, NOW))


def promised(decision: Decision) -> list[PromiseDate]:
    return [effect for effect in decision.effects if isinstance(effect, PromiseDate)]


def words(notices: list[Notice], name: str) -> str:
    notice = next(notice for notice in notices if notice.name == name)
    return render(TEMPLATES, *notice.job).text


def names(notices: list[Notice]) -> list[str]:
    return [notice.name for notice in notices]


# --- a promise ----------------------------------------------------------------------------------------


def test_a_promise_is_made_in_the_hours_of_the_service_level() -> None:
    decision, _, _ = by_ana("Vou ver com o técnico.\n#prazo 2d")
    assert promised(decision) == [PromiseDate(WEDNESDAY)]


def test_the_answer_that_carries_it_tells_the_customer_and_no_notice_of_its_own_goes_out() -> None:
    _, _, notices = by_ana("Vou ver com o técnico.\n#prazo 2d")
    assert "Você terá uma resposta nossa até quarta-feira, 5 de março, às 9h." in words(notices, "answer")
    assert "promised" not in names(notices)


def test_without_an_answer_the_customer_gets_a_notice_of_its_own() -> None:
    _, _, notices = by_ana("#prazo sexta 16:00")
    told = next(notice for notice in notices if notice.name == "promised")
    assert [person.address for person in told.recipients] == [MARIA.address]
    assert "Sobre o seu chamado 42: você terá uma resposta nossa até sexta-feira, 7 de março, às 16h." in words(
        notices, "promised"
    )
    assert told.automatic, "it counts against the budgets of automatic mail"


@pytest.mark.parametrize(
    ("locale", "sentence"),
    [
        ("en", "About your request 42: you will hear from us by Friday, March 7, at 4:00 PM."),
        ("es", "Sobre su solicitud 42: tendrá una respuesta nuestra a más tardar el viernes 7 de marzo a las 16:00."),
    ],
)
def test_the_notice_is_in_the_customers_language(locale: str, sentence: str) -> None:
    _, _, notices = by_ana("#prazo sexta 16:00", a_ticket(locale=locale))
    assert sentence in words(notices, "promised")


def test_the_receipt_says_which_date_it_has_become() -> None:
    _, _, notices = by_ana("#prazo 2d")
    assert "- Prazo prometido ao cliente: quarta-feira, 5 de março, às 9h" in words(notices, "receipt")


def test_the_receipt_says_which_date_it_was_before() -> None:
    _, _, notices = by_ana("#prazo 2d", promised={42: FRIDAY})
    assert "às 9h (antes: sexta-feira, 7 de março, às 16h)" in words(notices, "receipt")


def test_a_dry_run_promises_nothing_and_says_the_date() -> None:
    decision, _, notices = by_ana("#prazo 2d\n#simular")
    assert (promised(decision), names(notices)) == ([], ["receipt"])
    assert "quarta-feira, 5 de março" in words(notices, "receipt")


def test_an_answer_that_reached_the_customer_directly_cannot_say_it_so_a_notice_does() -> None:
    about = facts(a_ticket(), queue=POLICY.queues[0], tokens=(a_token(ANA),))
    _, _, notices = carried_out(a_mail(ANA, text="Vou ver.\n#prazo 2d", cc=(MARIA,)), about)
    assert "promised" in names(notices)


def test_who_wants_no_automatic_notices_gets_none() -> None:
    quiet = a_ticket(participants=(Participant(MARIA, "requester", muted=True),))
    _, _, notices = by_ana("#prazo 2d", quiet)
    assert "promised" not in names(notices)


# --- whose move it is ---------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["new", "open", "pending"])
def test_after_an_answer_with_a_promise_the_desk_has_the_next_move(status: Any) -> None:
    _, after, _ = by_ana("Vou ver com o técnico.\n#prazo 2d", a_ticket(status=status))
    assert after is not None
    assert (after.status, after.waiting_since if status == "new" else None) == ("open", None)


def test_an_agent_who_says_where_the_ticket_stands_is_obeyed() -> None:
    _, after, _ = by_ana("Mande a foto, por favor.\n#prazo 2d\n#status pendente")
    assert after is not None
    assert after.status == "pending"


def test_a_stage_that_the_agent_names_stays() -> None:
    names = {"novo": "new", "aberto": "open", "com-cliente": "pending", "pronto": "resolved", "fim": "closed"}
    stages = tuple(QueueStage(**{"name": name, "is": base}) for name, base in names.items())
    ticket = a_ticket(status="pending", stage="com-cliente")
    known = facts(ticket, queue=POLICY.queues[0], tokens=(a_token(ANA),))
    policy = a_timed_policy(suporte={"stages": stages})
    decision = decide(a_mail(ANA, text="Mande a foto.\n#prazo 2d\n#etapa com-cliente"), known, policy, NOW)
    assert changed(ticket, decision.effects, NOW).status == "pending"
    assert promised(decision) == [PromiseDate(WEDNESDAY)]


def test_a_finished_ticket_has_nothing_to_promise() -> None:
    decision, _, _ = by_ana("#prazo 2d", a_ticket(status="resolved", resolved_at=NOW))
    assert decision.feedback.problems == (Problem("#prazo 2d", "not-possible-here"),)


def test_a_past_moment_is_sent_back() -> None:
    decision, _, notices = by_ana("Combinado.\n#prazo hoje às 8h")
    assert (promised(decision), names(notices)) == ([], ["returned"])
    assert "Esse momento já passou." in words(notices, "returned")


def test_a_new_conversation_may_begin_with_a_promise() -> None:
    decision, after, notices = carried_out(
        a_mail(ANA, to=a_mail().to, text="#para maria@cliente.test\n#prazo 2d\n\nBom dia, seu pedido atrasou."),
        facts(queue=POLICY.queues[0], released=True),
    )
    assert after is not None
    assert (decision.outcome, after.status, promised(decision)) == ("opened", "open", [PromiseDate(WEDNESDAY)])
    assert "até quarta-feira, 5 de março, às 9h" in words(notices, "answer")


# --- taken back ---------------------------------------------------------------------------------------


def test_a_dash_takes_the_promise_back_and_tells_the_customer() -> None:
    decision, _, notices = by_ana("#prazo -", promised={42: FRIDAY})
    assert promised(decision) == [PromiseDate(None, was=FRIDAY)]
    assert "o prazo que informamos antes não vale mais" in words(notices, "promised")
    assert "- O cliente não tem mais prazo prometido (antes: sexta-feira, 7 de março, às 16h)" in words(
        notices, "receipt"
    )


def test_a_dash_where_nothing_is_promised_changes_nothing() -> None:
    decision, _, notices = by_ana("#prazo -")
    assert (promised(decision), names(notices)) == ([], ["receipt"])


MADE = Undoable(5, None, gone=False, changes=(("promised", None, WEDNESDAY.isoformat()),))


def test_undo_takes_a_promise_back_that_the_customer_was_told_and_tells_them() -> None:
    decision, _, notices = by_ana("#desfazer", undoable=MADE, promised={42: WEDNESDAY})
    assert promised(decision) == [PromiseDate(None, "undone", WEDNESDAY)]
    assert "promised" in names(notices)


def test_undo_of_an_answer_that_still_waits_says_nothing_to_the_customer() -> None:
    waiting = Undoable(5, NOW + timedelta(minutes=1), gone=False, changes=MADE.changes)
    decision, _, notices = by_ana("#desfazer", undoable=waiting, promised={42: WEDNESDAY})
    assert promised(decision) == [PromiseDate(None, "undone", WEDNESDAY)]
    assert names(notices) == ["receipt"]


def test_undo_brings_back_the_promise_before_it() -> None:
    earlier = Undoable(5, None, gone=False, changes=(("promised", FRIDAY.isoformat(), WEDNESDAY.isoformat()),))
    decision, _, notices = by_ana("#desfazer", undoable=earlier, promised={42: WEDNESDAY})
    assert promised(decision) == [PromiseDate(FRIDAY, "undone", WEDNESDAY)]
    assert "até sexta-feira, 7 de março, às 16h" in words(notices, "promised")


def test_undo_leaves_a_promise_that_somebody_has_changed_since() -> None:
    decision, _, _ = by_ana("#desfazer", undoable=MADE, promised={42: FRIDAY})
    assert promised(decision) == []
