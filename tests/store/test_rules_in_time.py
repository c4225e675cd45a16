"""Rules that are asked because time has passed: each acts once in an epoch of a ticket, and on nothing else.

Monday, 3 March 2025, 09:00 in São Paulo; `comercial` is Monday to Friday, 08:00-12:00 and 13:00-18:00.
"""

from dataclasses import dataclass
from typing import Any

from mailtickets.config.rules import Rule
from mailtickets.desk.commands import orders
from mailtickets.gateway.clerk import Clerk
from mailtickets.gateway.drafting.order import Order
from mailtickets.jobs.timers import make_some_again
from tests.desk.builders import ANA, CARLA, MARIA, a_policy
from tests.desk.rules.configured.occasions import COMERCIAL, a_rule
from tests.store.office import Office
from tests.store.test_who_receives import mailbox, received, shown, take
from tests.store.timers import fire_all

MINE = MARIA.address


@dataclass
class ClockAt:
    """What the job of timers needs of a gateway."""

    clerk: Clerk


def use(office: Office, *rules: Rule, **more: Any) -> None:
    office.use(a_policy(configured=rules, calendars={"comercial": COMERCIAL}, **more))


def after(office: Office, **time: float) -> int:
    """How many timers fire when so much more time has passed."""
    office.pass_time(**time)
    fired = 0
    while due := fire_all(ClockAt(office.clerk)):  # type: ignore[arg-type]
        fired += due
    return fired


def priority(office: Office, number: int = 1) -> str:
    return office.ticket(number).ticket.priority


WAITING = a_rule(
    'on = "due"; all = [{ waiting = "4h" }]; set = { priority = "high" }; notify = ["carla@desk.test"]', "espera"
)


def test_a_customer_who_has_waited_long_enough_raises_the_priority_once(office: Office) -> None:
    use(office, WAITING)
    take(office, "A impressora parou.", "pass")
    assert after(office, hours=3, minutes=59) == 0
    assert priority(office) == "normal"
    assert after(office, minutes=1) == 1
    assert priority(office) == "high"
    assert received(office, CARLA.address) == ["rule_told"]
    assert "A impressora parou." in shown(office, CARLA.address, "rule_told")
    assert ("priority", None, "high", "rule:espera") in [(k, None, new, why) for k, _, new, why in office.events(1)]
    office.clerk.order(Order(1, lambda ticket: orders.set_priority(ticket, "low", "x")))
    assert after(office, days=3) == 0
    assert priority(office) == "low"


def test_somebody_outside_is_told_once_that_time_has_passed(office: Office) -> None:
    use(office, a_rule('on = "due"; all = [{ waiting = "4h" }]; notify = ["chefe@fora.test"]', "espera"))
    take(office, "A impressora parou.", "pass")
    assert after(office, hours=4) == 1
    assert after(office, days=3) == 0
    assert received(office, "chefe@fora.test") == ["rule_figures"]
    words = shown(office, "chefe@fora.test", "rule_figures")
    assert "A regra “espera” avisa você do chamado [#1]." in words
    assert "impressora" not in words


def test_what_a_customer_had_before_is_looked_at_once_when_the_time_has_come(office: Office) -> None:
    use(
        office,
        a_rule('on = "due"; all = [{ waiting = "4h" }, { last_score = "<=2" }]; set = { priority = "high" }'),
    )
    take(office, "A impressora parou.", "pass")
    take(office, "O mouse também.", "pass", subject="Mouse")
    assert after(office, hours=4) == 2
    office.clerk.order(Order(2, lambda ticket: orders.set_status(ticket, "resolved", "x")))
    take(office, "1", "pass", office.reply_address(MINE, 2))
    assert after(office, days=3) == 0
    assert priority(office) == "normal"
    office.clerk.order(Order(1, lambda ticket: orders.set_status(ticket, "resolved", "x")))
    take(office, "Voltou a parar.", "pass", office.reply_address(MINE, 1))
    assert after(office, hours=4) == 1
    assert priority(office) == "high"


def test_an_answer_before_the_time_makes_the_timer_void(office: Office) -> None:
    use(office, WAITING)
    take(office, "A impressora parou.", "pass")
    office.pass_time(hours=1)
    take(office, "Troque o cabo.", "pass", office.reply_address(ANA.address), **{"from": "Ana <ana@desk.test>"})
    assert after(office, days=1) == 0
    assert priority(office) == "normal"


def test_what_becomes_true_later_fires_at_once(office: Office) -> None:
    use(office, a_rule('on = "due"; all = [{ age = "1h" }, { tag = "vip" }]; assign = "bruno@desk.test"'))
    take(office, "A impressora parou.", "pass")
    assert after(office, hours=2) == 0
    use(office, *office.clerk.rules.policy.configured, a_rule('on = "reply"; add_tags = ["vip"]', "vip"))
    take(office, "Ainda parada.", "pass", office.reply_address(MINE))
    assert after(office, seconds=1) == 1
    assert office.ticket(1).ticket.assignee == "bruno@desk.test"


def test_time_may_count_in_a_calendar(office: Office) -> None:
    use(office, a_rule('on = "due"; calendar = "comercial"; all = [{ waiting = "1d" }]; set = { priority = "high" }'))
    take(office, "A impressora parou.", "pass")  # Monday 09:00; a day of this calendar has nine hours
    assert after(office, hours=23) == 0  # Tuesday 08:00
    assert after(office, hours=1) == 1
    assert priority(office) == "high"


def test_a_rule_for_working_hours_waits_for_the_morning(office: Office) -> None:
    rule = 'on = "due"; all = [{ waiting = "10h" }, { business_hours = "comercial" }]; set = { priority = "high" }'
    use(office, a_rule(rule))
    take(office, "A impressora parou.", "pass")
    assert after(office, hours=11) == 0  # Monday 20:00
    assert after(office, hours=12) == 1  # Tuesday 08:00


def test_once_again_after_the_ticket_was_opened_again(office: Office) -> None:
    use(office, WAITING)
    take(office, "A impressora parou.", "pass")
    assert after(office, hours=4) == 1
    office.clerk.order(Order(1, lambda ticket: orders.set_status(ticket, "resolved", "x")))
    office.clerk.order(Order(1, lambda ticket: orders.set_priority(ticket, "low", "x")))
    take(office, "Voltou a parar.", "pass", office.reply_address(MINE))
    assert after(office, hours=5) == 1
    assert priority(office) == "high"


def test_a_closed_ticket_is_left_alone_unless_the_rule_speaks_of_it(office: Office) -> None:
    old = a_rule('on = "due"; all = [{ age = "30d" }]; add_tags = ["velho"]', "velho")
    closed = a_rule('on = "due"; all = [{ age = "30d" }, { status = "closed" }]; add_tags = ["arquivo"]', "arquivo")
    use(office, old, closed)
    take(office, "A impressora parou.", "pass")
    office.clerk.order(Order(1, lambda ticket: orders.set_status(ticket, "closed", "x")))
    assert after(office, days=31) == 1
    assert office.ticket(1).ticket.tags == ("arquivo",)


def test_the_answer_of_a_rule_in_time_is_automatic_mail(office: Office) -> None:
    use(office, a_rule('on = "due"; all = [{ status = "pending" }, { idle = "3d" }]; answer = "sem-retorno"', "lembra"))
    take(office, "A impressora parou.", "pass")
    take(office, "Troque o cabo.", "pass", office.reply_address(ANA.address), **{"from": "Ana <ana@desk.test>"})
    assert after(office, days=3) == 1
    assert received(office, MINE) == ["received", "answer", "ready_answer"]
    assert after(office, days=30) == 0


def test_what_the_clock_writes_to_a_stranger_repeats_none_of_their_words(office: Office) -> None:
    use(office, a_rule('on = "due"; all = [{ age = "1h" }]; answer = "sem-retorno"', "lembra"))
    forged = {"from": "Clique em http://x.test <eve@longe.test>", "subject": "Ganhe http://x.test"}
    take(office, "Ganhe dinheiro.", "none", **forged)
    assert after(office, hours=2) == 1
    assert received(office, "eve@longe.test") == ["received", "ready_answer"]
    for mail in mailbox(office, "eve@longe.test"):
        assert "http://x" not in mail
        assert "Clique" not in mail
        assert "Ganhe" not in mail
    assert "[#1]" in mailbox(office, "eve@longe.test")[1]


def test_the_clock_writes_nothing_to_somebody_whose_mail_their_domain_disowns(office: Office) -> None:
    use(office, a_rule('on = "due"; all = [{ age = "1h" }]; answer = "sem-retorno"', "lembra"))
    take(office, "A impressora parou.", "pass")  # Maria is known, and somebody forges her
    take(office, "Ganhe dinheiro.", "fail", subject="Oferta")
    assert after(office, hours=2) == 2
    assert received(office, MINE) == ["received", "ready_answer"]
    assert ("withheld", None, "ready_answer", "disowned-by-its-domain") in office.events(2)
    assert not any(kind == "ready-answer" for kind, *_ in office.events(2))


def test_the_clock_writes_again_once_the_customer_has_proven_themselves_on_that_ticket(office: Office) -> None:
    use(office, a_rule('on = "due"; all = [{ age = "1h" }]; answer = "sem-retorno"', "lembra"))
    take(office, "A impressora parou.", "fail", message_id="<primeira@x.test>")
    take(office, "Sou eu mesma.", "pass", subject="Re: Impressora", in_reply_to="<primeira@x.test>")
    assert after(office, hours=2) == 1
    assert received(office, MINE) == ["ready_answer"]


def test_what_the_clock_writes_to_a_proven_customer_has_their_subject(office: Office) -> None:
    use(office, a_rule('on = "due"; all = [{ age = "1h" }]; answer = "sem-retorno"', "lembra"))
    take(office, "A impressora parou.", "pass", subject="Impressora")
    assert after(office, hours=2) == 1
    assert "[#1] Impressora" in mailbox(office, MINE)[-1]


def test_what_a_rule_sets_in_time_sets_off_no_rule_about_statuses(office: Office) -> None:
    first = a_rule('on = "due"; all = [{ waiting = "1h" }]; set = { priority = "high" }', "a")
    second = a_rule('on = ["new", "reply", "status"]; all = [{ priority = "high" }]; add_tags = ["laco"]', "b")
    use(office, first, second)
    take(office, "A impressora parou.", "pass")
    assert after(office, hours=2) == 1
    assert office.ticket(1).ticket.tags == ()


def test_a_rule_that_a_reload_brings_is_asked_about_tickets_that_are_there(office: Office) -> None:
    use(office)
    take(office, "A impressora parou.", "pass")
    office.pass_time(hours=5)
    use(office, WAITING)
    while make_some_again(ClockAt(office.clerk)):  # type: ignore[arg-type]
        pass
    assert after(office, seconds=1) == 1
    assert priority(office) == "high"
