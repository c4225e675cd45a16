"""Which agent is told of what, and what their notices say of an answer."""

from datetime import date, timedelta
from typing import Any

import pytest

from mailtickets.desk.change import changed, opened
from mailtickets.desk.commands import orders
from mailtickets.desk.model.decision import Decision
from mailtickets.desk.model.effects import OpenTicket, Reminded
from mailtickets.desk.model.facts import Desk, Facts, StoredFile
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Said, Ticket
from mailtickets.desk.notices.notice import Notice, Situation
from mailtickets.desk.notices.plan import plan
from mailtickets.desk.rules.decide import decide
from mailtickets.mail.model import InboundMail
from tests.desk.builders import (
    AGENTS,
    ANA,
    BRUNO,
    CARLA,
    DESK,
    MARIA,
    NOW,
    a_mail,
    a_policy,
    a_ticket,
    a_token,
    facts,
)

POLICY = a_policy()
YESTERDAY = NOW - timedelta(days=1)


def told(mail: InboundMail, known: Facts, policy: Policy = POLICY, thread: tuple[Said, ...] = ()) -> list[Notice]:
    decision = decide(mail, known, policy, NOW)
    before = known.tickets.get(decision.ticket or 0)
    base = opened(decision.opens, 43, NOW) if decision.opens else before
    effects = [effect for effect in decision.effects if not isinstance(effect, OpenTicket)]
    after = changed(base, effects, NOW) if base is not None else None
    return list(plan(Situation(decision, before, after, mail, known, thread=thread, newest=thread), policy, NOW))


def by_ana(text: str, policy: Policy = POLICY, ticket: Ticket | None = None, **known: Any) -> list[Notice]:
    about = facts(ticket or a_ticket(), queue=policy.queues[0], tokens=(a_token(ANA),), **known)
    return told(a_mail(ANA, text=text), about, policy)


def people(notices: list[Notice]) -> dict[str, list[str]]:
    return {notice.name: [person.address for person in notice.recipients] for notice in notices}


def the(notices: list[Notice], name: str) -> Notice:
    return next(notice for notice in notices if notice.name == name)


def with_receipts(wish: str, **suporte: Any) -> Policy:
    return a_policy(agents=(AGENTS[0].model_copy(update={"receipts": wish}), *AGENTS[1:]), suporte=suporte)


# --- receipts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wish", "undo_seconds", "text", "sent"),
    [
        ("commands", 0, "Pronto.", False),
        ("commands", 0, "Pronto.\n#resolver", True),
        ("commands", 60, "Pronto.", True),
        ("commands", 60, "#nota\nLiguei.", False),
        ("all", 0, "Pronto.", True),
        ("all", 0, "#nota\nLiguei.", True),
        ("problems", 0, "Pronto.\n#resolver", False),
        ("problems", 60, "Pronto.", False),
        ("problems", 0, "Pronto.\n#simular", True),
    ],
)
def test_an_agent_gets_the_receipts_they_want(wish: str, undo_seconds: int, text: str, sent: bool) -> None:
    notices = by_ana(text, with_receipts(wish, undo_seconds=undo_seconds))
    assert ("receipt" in people(notices)) is sent


def test_problems_are_told_whatever_receipts_an_agent_wants() -> None:
    assert people(by_ana("Pronto.\n#resovler", with_receipts("problems"))) == {"returned": [ANA.address]}


def test_a_receipt_says_until_when_the_answer_waits() -> None:
    receipt = the(by_ana("Pronto.", with_receipts("commands", undo_seconds=60)), "receipt")
    assert receipt.context["undo_until"].timestamp() == NOW.timestamp() + 60  # type: ignore[attr-defined]
    assert receipt.context["sent_to"] == [{"name": MARIA.name, "address": MARIA.address}]


def test_an_answer_waits_as_long_as_its_queue_says() -> None:
    assert the(by_ana("Pronto.", a_policy(suporte={"undo_seconds": 60})), "answer").wait_seconds == 60
    assert the(by_ana("Pronto."), "answer").wait_seconds == 0


def test_a_dry_run_sends_a_receipt_and_nothing_else() -> None:
    notices = by_ana("Pronto.\n#resolver\n#simular")
    assert people(notices) == {"receipt": [ANA.address]}
    assert the(notices, "receipt").context["dry_run"] is True


def test_an_agents_name_that_ends_their_words_is_not_put_below_them_again() -> None:
    assert the(by_ana("Pronto.\n\nAbraço,\nAna Lima"), "answer").context["message"]["signed"] is True  # type: ignore[index]
    assert the(by_ana("Pronto."), "answer").context["message"]["signed"] is False  # type: ignore[index]


# --- colleagues ---------------------------------------------------------------------------------------


def test_a_note_is_told_to_those_who_watch_and_to_no_customer() -> None:
    notices = by_ana("#nota\nLiguei.")
    assert people(notices)["noted"] == [BRUNO.address]
    assert not [notice for notice in notices if notice.to_customer]


def test_a_notice_names_everybody_whom_an_answer_would_reach() -> None:
    added = the(by_ana("Oi Maria, tudo certo.\n#cc +pedro@cliente.test\n#nota\nok"), "receipt")
    assert [person["address"] for person in added.context["reaches"]] == [MARIA.address, "pedro@cliente.test"]  # type: ignore[attr-defined]


def test_an_answer_is_told_to_those_who_work_on_the_ticket() -> None:
    assert "answered" not in people(by_ana("Pronto."))
    assert people(by_ana("Pronto.", ticket=a_ticket(assignee=BRUNO.address)))["answered"] == [BRUNO.address]


def test_a_queue_is_told_of_what_moves_there_and_from_where() -> None:
    moved = the(by_ana("#fila vendas"), "moved")
    assert [person.address for person in moved.recipients] == [BRUNO.address, CARLA.address]
    assert moved.context["change"] == {"kind": "queue", "from": "Suporte Exemplo"}


def test_an_assignee_is_told_and_shown_the_customers_last_words() -> None:
    thread = (Said(MARIA, "in", "public", "Não imprime!", YESTERDAY), Said(ANA, "out", "note", "Sei não.", NOW))
    about = facts(a_ticket(), tokens=(a_token(ANA),))
    notice = the(told(a_mail(ANA, text="#atribuir bruno"), about, thread=thread), "assigned")
    assert [person.address for person in notice.recipients] == [BRUNO.address]
    assert notice.context["message"]["text"] == "Não imprime!"  # type: ignore[index]
    assert notice.context["message"]["received_at"] == YESTERDAY  # type: ignore[index]


def test_who_takes_a_ticket_is_not_told_that_they_have_it() -> None:
    assert "assigned" not in people(by_ana("#assumir"))


# --- reminders and digests ------------------------------------------------------------------------------


def by_clock(decision: Decision | None, ticket: Ticket | None, desk: Desk = Desk()) -> list[Notice]:  # noqa: B008
    assert decision is not None
    after = changed(ticket, decision.effects, NOW) if ticket else None
    return list(plan(Situation(decision, ticket, after, desk_without_mail=desk), POLICY, NOW))


def test_of_what_rots_its_agent_is_reminded_or_the_queue() -> None:
    free, given = a_ticket(waiting_since=NOW), a_ticket(waiting_since=NOW, assignee=BRUNO.address)
    assert people(by_clock(orders.remind_of_waiting(free), free)) == {"reminder": [ANA.address, BRUNO.address]}
    assert people(by_clock(orders.remind_of_waiting(given), given)) == {"reminder": [BRUNO.address]}
    assert the(by_clock(orders.remind_of_waiting(given), given), "reminder").context["why"] == "unanswered"


def test_an_agent_who_is_away_is_not_reminded_alone() -> None:
    given = a_ticket(waiting_since=NOW, assignee=BRUNO.address)
    away = Desk(absent_until={BRUNO.address: NOW + timedelta(days=1)})
    assert people(by_clock(orders.remind_of_waiting(given), given, away)) == {"reminder": [ANA.address, BRUNO.address]}


def test_an_absence_is_told_by_its_last_day() -> None:
    away = a_mail(ANA, kind="auto_reply", kind_reason="auto-submitted", text="Estou de férias até 10/03/2025.")
    notice = the(told(away, facts(a_ticket(), tokens=(a_token(ANA),))), "agent_absent")
    assert notice.context["until"] == date(2025, 3, 10)


def test_who_asked_to_be_reminded_is_reminded_alone() -> None:
    decision = orders.remind(a_ticket(), ANA.address, snooze=True)
    assert Reminded(ANA.address) in decision.effects
    notice = the(by_clock(decision, a_ticket()), "reminder")
    assert ([person.address for person in notice.recipients], notice.context["why"]) == ([ANA.address], "snoozed")


@pytest.mark.parametrize("text", ["#minhafila", "#buscar internet"])
def test_a_list_takes_lines_also_where_a_ticket_s_notice_was_answered_with_the_wish(text: str) -> None:
    (notice,) = by_ana(text)
    assert notice.takes_lines
    assert "ticket" not in notice.context or not notice.context["ticket"]


def test_nobody_is_sent_an_empty_digest_by_the_clock() -> None:
    assert by_clock(orders.digest(AGENTS[0]), None) == []
    (digest,) = by_clock(orders.digest(AGENTS[0]), None, Desk(mine=(a_ticket(),)))
    assert (digest.takes_lines, digest.context["reply_effect"]) == (True, "lines")


# --- files ------------------------------------------------------------------------------------------------


def a_file(name: str, size: int) -> StoredFile:
    return StoredFile(7, name, "application/pdf", size, name.ljust(64, "0"))


def test_files_that_were_asked_for_come_in_as_many_mails_as_they_need() -> None:
    files = (*(a_file(name, 10_000_000) for name in "abc"), a_file("huge", 30_000_000))
    notices = [n for n in by_ana("#anexos", desk=Desk(files=files)) if n.name == "attachments"]
    assert [[file.filename for file in notice.attachments] for notice in notices] == [["a"], ["b"], ["c"]]
    assert {tuple(notice.context["too_large"]) for notice in notices} == {("huge",)}  # type: ignore[arg-type]
    assert {notice.source for notice in notices} == {7}


def test_asked_for_files_that_are_not_there_are_told_of() -> None:
    (notice,) = (n for n in by_ana("#anexos") if n.name == "attachments")
    assert (notice.attachments, notice.context["attached"]) == ((), [])


# --- customers ----------------------------------------------------------------------------------------------


def test_an_answer_that_resolves_asks_how_it_was_in_the_same_mail() -> None:
    notices = by_ana("Pronto.\n#resolver")
    assert [notice.name for notice in notices if notice.to_customer] == ["answer"]
    answer = the(notices, "answer").context
    assert (answer["resolved_now"], answer["ask_rating"]) == (True, True)
    silent = by_ana("Pronto.\n#resolver", a_policy(suporte={"satisfaction": False}))
    assert the(silent, "answer").context["ask_rating"] is False


def test_what_is_spam_or_undone_is_told_to_no_customer() -> None:
    assert not [notice for notice in by_ana("#spam") if notice.to_customer]


def test_a_customer_is_answered_at_their_own_address() -> None:
    mail = a_mail(MARIA, text="status?", subject="Re: x", reply_to=(DESK,))
    (notice,) = told(mail, facts(a_ticket(), tokens=(a_token(MARIA),)))
    assert (notice.name, notice.recipients, notice.automatic) == ("status", (MARIA,), True)
