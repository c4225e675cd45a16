"""Tickets as they are remembered: numbers, people, merges, and two who want to change the same one."""

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from mailtickets.desk.commands import orders
from mailtickets.desk.model.decision import Decision
from mailtickets.desk.model.effects import AddParticipant
from mailtickets.desk.notices.contexts import MAX_SHOWN
from mailtickets.gateway.drafting.order import Order
from mailtickets.store import agents, contacts, schema, tickets
from mailtickets.store.database import Stale
from mailtickets.store.read import search as read_search
from mailtickets.store.read import tickets as read_tickets
from mailtickets.store.read.reader import within
from tests.desk.builders import AGENTS, ANA, BRUNO, EVE, MARIA, NOW, PEDRO, a_policy
from tests.store.office import Office, a_message, with_file


def say(office: Office, number: int, text: str = "Pronto.") -> None:
    """Ana answers from the shell."""
    office.clerk.order(Order(number, lambda t: orders.answer(t, text, ANA, "shell:root", by_agent=True), text=text))


def another(office: Office, name: str, **fields: Any) -> int:
    """One more ticket, by somebody else."""
    fields = {"message_id": f"<{name}@x.test>", "from": f"{name}@cliente.test", **fields}
    number = office.take(a_message(name, **fields)).ticket
    assert isinstance(number, int)
    return number


# --- a mail becomes a ticket --------------------------------------------------------------------------


def test_a_mail_becomes_a_ticket_with_all_that_is_known(office: Office) -> None:
    row = office.take(a_message(cc="Pedro <pedro@cliente.test>"))
    shown = office.ticket(1)
    assert (row.outcome, row.ticket, row.from_address, row.subject) == ("opened", 1, MARIA.address, "Impressora")
    assert (shown.ticket.requester, shown.ticket.status, shown.ticket.revision) == (MARIA, "new", 1)
    assert [(p.address, p.role, p.notified) for p in shown.ticket.participants] == [
        (MARIA, "requester", True),
        (PEDRO, "cc", False),
    ]
    (message,) = shown.messages
    assert (message.direction, message.visibility, message.kind) == ("in", "public", "human")
    assert (message.text.strip(), message.message_id) == ("A impressora não imprime.", "m1@cliente.test")
    assert (message.received_at, message.inbound) == (NOW, row.id)
    assert office.events(1) == [("opened", None, "new", "new-mail"), ("message", "public", "1", "new-mail")]
    assert office.outgoing() == [
        ("received", MARIA.address),
        ("new_ticket", ANA.address),
        ("new_ticket", BRUNO.address),
    ]


def test_a_reply_by_token_joins_its_ticket(office: Office) -> None:
    office.take(a_message())
    say(office, 1)
    office.pass_time(hours=1)
    to = office.reply_address(MARIA.address)
    reply = a_message("Ainda não.", message_id="<m2@cliente.test>", subject="Outro assunto", to=to)
    row = office.take(reply, recipients=(to,))
    assert (row.outcome, row.reason, row.ticket) == ("appended", "reply-token", 1)
    ticket = office.ticket(1).ticket
    assert (ticket.status, ticket.answered, ticket.updated_at) == ("open", True, office.now)
    assert ("status", "pending", "open", "customer-replied") in office.events(1)


def test_a_token_that_an_agent_says_in_passing_is_not_said_to_the_customer(office: Office) -> None:
    office.take(a_message())
    address = office.reply_address("ana@desk.test")
    token = address.partition("+")[2].partition("@")[0]
    fields = {"from": "ana@desk.test", "to": address, "subject": f"Re: [#1] {token}", "message_id": "<a1@desk.test>"}
    office.take(a_message(f"O código é {token[:9]}\n{token[9:].upper()}, anote.", **fields))
    (answer,) = [due for due in office.due() if due.mail.notice == "answer"]
    raw, copy = office.clerk.written(answer, ())
    assert answer.mail.text.startswith("O código é …, anote.\n")
    assert token.encode() not in raw.lower()
    assert copy.token != token


def test_an_agents_reply_by_token_is_relayed(office: Office) -> None:
    office.take(a_message(cc="pedro@cliente.test"))
    to = office.reply_address(ANA.address)
    mail = a_message("Pronto.", message_id="<a1@desk.test>", to=to, **{"from": "Ana <ana@desk.test>"})
    row = office.take(mail, sender=ANA.address, recipients=(to,))
    assert (row.outcome, row.reason) == ("appended", "agent-answer")
    assert office.outgoing()[-2:] == [("answer", MARIA.address), ("answer", PEDRO.address)]
    shown = office.ticket(1)
    assert shown.ticket.status == "pending"
    assert all(person.notified for person in shown.ticket.participants)
    answer = shown.messages[-1]
    assert (answer.direction, answer.author_address, answer.verified) == ("out", ANA.address, True)
    assert shown.ticket.references == ("m1@cliente.test", answer.message_id)
    assert answer.message_id != "a1@desk.test"


def test_public_copies_of_one_answer_share_one_message_id(office: Office) -> None:
    office.take(a_message(cc="pedro@cliente.test"))
    say(office, 1)
    answers = [due for due in office.due() if due.name == "answer"]
    assert len(answers) == 2
    assert len({due.mail.message_id for due in answers}) == 1
    assert len({office.clerk.written(due, ())[1].reply_to for due in answers}) == 2


def test_a_reply_to_our_answers_id_joins_the_ticket_and_only_for_those_on_it(office: Office) -> None:
    office.take(a_message())
    say(office, 1)
    given = office.ticket(1).messages[-1].message_id
    mine = office.take(a_message("Ok", message_id="<r@x.test>", in_reply_to=f"<{given}>"))
    assert (mine.outcome, mine.reason, mine.ticket) == ("appended", "message-id", 1)
    eves = office.take(a_message("Oi", message_id="<e@x.test>", in_reply_to=f"<{given}>", **{"from": EVE.address}))
    assert (eves.outcome, eves.reason, eves.ticket) == ("opened", "not-a-participant", 2)
    assert (office.ticket(1).ticket.linked, office.ticket(2).ticket.linked) == ((2,), (1,))
    assert ("linked", None, "1", "not-a-participant") in office.events(2)


def test_an_id_that_a_stranger_copied_leads_its_owner_home_all_the_same(office: Office) -> None:
    office.take(a_message())
    office.take(a_message("Mesmo id.", **{"from": EVE.address}))
    reply = office.take(a_message("E então?", message_id="<m2@cliente.test>", in_reply_to="<m1@cliente.test>"))
    assert (reply.outcome, reply.ticket) == ("appended", 1)


def test_an_id_the_smarthost_reported_is_ours(office: Office) -> None:
    from mailtickets.store import outbox

    office.take(a_message())
    due = next(due for due in office.due() if due.name == "received")
    attempt = outbox.AttemptResult(due.id, "sent", reply="250", now=NOW, remote_message_id="ses@amazon.test")
    office.run(lambda c: outbox.record_all(c, [attempt]))
    row = office.take(a_message("Ok", message_id="<r@x.test>", references="<ses@amazon.test>"))
    assert (row.outcome, row.reason, row.ticket) == ("appended", "message-id", 1)


def test_an_expired_token_is_no_evidence(office: Office) -> None:
    office.take(a_message())
    to = office.reply_address(MARIA.address)
    office.pass_time(days=181)
    row = office.take(a_message("Oi", message_id="<r@x.test>", to=to, date=None), recipients=(to,))
    assert (row.outcome, row.reason) == ("opened", "not-a-participant")


def test_an_answer_makes_its_readers_known(office: Office) -> None:
    office.take(a_message())
    assert not office.run(lambda c: contacts.is_known(c, MARIA.address))
    say(office, 1)
    assert office.run(lambda c: contacts.is_known(c, "MARIA@cliente.test"))


def test_attachments_are_remembered_and_found_in_their_raw(office: Office) -> None:
    row = office.take(with_file())
    (message,) = office.ticket(1).messages
    (file,) = office.ticket(1).attachments[message.id]
    assert (file.filename, file.size) == ("foto.txt", 7)
    assert office.run(lambda c: read_tickets.attachment_source(within(c), 1, file.id)) == row.id
    assert office.run(lambda c: read_tickets.attachment_source(within(c), 2, file.id)) is None


# --- numbers ------------------------------------------------------------------------------------------


def test_numbers_begin_where_they_were_told_to(office: Office) -> None:
    office.use(a_policy(instance={"first_number": 1000}))
    assert [another(office, name) for name in ("a", "b")] == [1000, 1001]


def test_a_number_that_was_not_used_leaves_a_gap(office: Office) -> None:
    number = office.keep(a_message())
    office.draft(number)
    office.settle(office.draft(number))
    assert office.numbers() == [2]


def test_numbers_are_given_out_once_however_many_ask(office: Office) -> None:
    given: list[int] = []

    def ask() -> None:
        given.extend(office.run(lambda c: tickets.reserve_number(c, 1)) for _ in range(5))

    in_threads([ask] * 4)
    assert sorted(given) == list(range(1, 21))


def in_threads(works: list[Any]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# --- two at once --------------------------------------------------------------------------------------


def test_of_two_who_decide_on_the_same_mail_at_once_one_opens_the_ticket(office: Office) -> None:
    number = office.keep(a_message())
    drafts = [office.draft(number), office.draft(number)]
    outcomes: list[str] = []
    gate = threading.Barrier(2)

    def settle(at: int) -> None:
        gate.wait()
        try:
            office.settle(drafts[at])
            outcomes.append("settled")
        except Stale:
            outcomes.append("stale")

    in_threads([lambda: settle(0), lambda: settle(1)])
    assert sorted(outcomes) == ["settled", "stale"]
    assert len(office.numbers()) == 1
    assert len(office.ticket(office.numbers()[0]).messages) == 1
    assert len(office.outgoing()) == 3


def test_of_two_changes_to_one_ticket_the_second_is_stale_and_writes_nothing(office: Office) -> None:
    office.take(a_message())
    first = office.clerk.draft_order(Order(1, lambda t: orders.set_status(t, "resolved", "a")))
    second = office.clerk.draft_order(Order(1, lambda t: orders.set_priority(t, "high", "b")))
    office.settle(first)
    with pytest.raises(Stale):
        office.settle(second)
    shown = office.ticket(1)
    assert (shown.ticket.status, shown.ticket.priority) == ("resolved", "normal")
    assert "b" not in {event.actor for event in shown.events}


def test_orders_that_meet_are_all_carried_out(office: Office) -> None:
    office.take(a_message())

    def note(name: str) -> None:
        office.clerk.order(Order(1, lambda t: orders.note(t, name, ANA, name), text=name))

    in_threads([lambda name=name: note(name) for name in ("a", "b", "c", "d")])
    shown = office.ticket(1)
    assert sorted(row.text for row in shown.messages[1:]) == ["a", "b", "c", "d"]
    assert shown.ticket.revision == 5


def test_a_mail_decided_on_an_old_ticket_is_decided_again(office: Office) -> None:
    office.take(a_message())
    number = office.keep(a_message("Mais", message_id="<m2@x.test>", subject="[#1]"))
    draft = office.draft(number)
    office.clerk.order(Order(1, lambda t: orders.set_status(t, "resolved", "a")))
    with pytest.raises(Stale):
        office.settle(draft)
    assert office.row(number).state == "accepted"
    office.settle(office.draft(number))
    assert ("status", "resolved", "open", "customer-replied") in office.events(1)


# --- listing ------------------------------------------------------------------------------------------


def test_tickets_are_listed_newest_first_in_pages(office: Office) -> None:
    for name in "abcde":
        another(office, name)
    first = office.run(lambda c: read_tickets.listed(within(c), limit=2))
    rest = office.run(lambda c: read_tickets.listed(within(c), after=first[-1].number, limit=10))
    assert [ticket.number for ticket in (*first, *rest)] == [5, 4, 3, 2, 1]


def test_tickets_are_listed_by_queue_status_and_assignee(office: Office) -> None:
    another(office, "a")
    office.take(a_message("b", message_id="<b@x.test>"), recipients=("vendas@desk.test",))
    office.clerk.order(Order(1, lambda t: orders.assign(t, AGENTS[0], "x")))

    def numbers(**wanted: Any) -> list[int]:
        return [ticket.number for ticket in office.run(lambda c: read_tickets.listed(within(c), **wanted))]

    assert numbers(queue="vendas") == [2]
    assert numbers(status="open") == [1]
    assert numbers(assignee=ANA.address) == [1]
    assert numbers(assignee="") == [2]
    assert numbers(numbers=[1, 2, 99]) == [2, 1]
    assert numbers(queue="vendas", status="open") == []
    assert office.run(lambda c: read_tickets.open_by_assignee(within(c))) == {ANA.address: 1}


def test_counts_are_kept_through_every_change_and_through_folding(office: Office) -> None:
    for name in "abc":
        another(office, name)
    office.take(a_message("d", message_id="<d@x.test>"), recipients=("vendas@desk.test",))
    office.clerk.order(Order(1, lambda t: orders.assign(t, AGENTS[0], "x")))
    office.clerk.order(Order(2, lambda t: orders.set_status(t, "resolved", "x")))
    office.clerk.order(Order(2, lambda t: orders.set_priority(t, "high", "x")))
    wanted = {
        ("suporte", "open", ANA.address): 1,
        ("suporte", "resolved", ""): 1,
        ("suporte", "new", ""): 1,
        ("vendas", "new", ""): 1,
    }
    assert office.run(tickets.counts) == wanted
    office.run(tickets.fold_counts)
    assert office.run(tickets.counts) == wanted
    assert len(office.run(lambda c: c.execute(select(schema.tally)).all())) == len(wanted)


def test_a_listed_ticket_is_the_ticket_without_its_thread(office: Office) -> None:
    office.take(a_message(cc="pedro@cliente.test"))
    (listed,) = office.run(lambda c: read_tickets.listed(within(c)))
    assert listed == replace(office.ticket(1).ticket, references=())


def test_a_ticket_that_is_not_there_is_none(office: Office) -> None:
    assert office.run(lambda c: tickets.load(c, 99)) is None
    assert office.run(lambda c: read_tickets.show(within(c), 99)) is None


def test_what_was_resolved_long_ago_is_due_for_closing(office: Office) -> None:
    another(office, "a")
    another(office, "b")
    office.clerk.order(Order(1, lambda t: orders.set_status(t, "resolved", "x")))
    week_ago = office.now
    office.pass_time(days=7)
    assert office.run(lambda c: tickets.resolved_before(c, "suporte", week_ago, 10)) == [1]
    assert office.run(lambda c: tickets.resolved_before(c, "suporte", week_ago - timedelta(seconds=1), 10)) == []
    assert office.run(lambda c: tickets.resolved_before(c, "vendas", office.now, 10)) == []


def test_tickets_of_agents_who_left_are_found(office: Office) -> None:
    another(office, "a")
    another(office, "b")
    for number in (1, 2):
        office.clerk.order(Order(number, lambda t: orders.assign(t, AGENTS[0], "x")))
    office.clerk.order(Order(2, lambda t: orders.set_status(t, "closed", "x")))
    assert office.run(lambda c: tickets.assigned_to_others(c, ["ANA@desk.test"], 10)) == []
    assert office.run(lambda c: tickets.assigned_to_others(c, ["bruno@desk.test"], 10)) == [1]
    assert office.run(lambda c: tickets.assigned_to_others(c, [], 10)) == [1]


# --- merging ------------------------------------------------------------------------------------------


def merged(office: Office) -> None:
    """Ticket 1 by Maria (Pedro in copy) goes into ticket 2 by Eve."""
    office.take(a_message(cc="pedro@cliente.test"))
    another(office, "eve")
    say(office, 1)
    office.clerk.order(Order(1, lambda t: orders.merge(t, 2, "shell:root")))


def test_merging_hands_over_messages_people_and_words(office: Office) -> None:
    merged(office)
    one, two = office.ticket(1), office.ticket(2)
    assert (one.ticket.status, list(one.messages), one.ticket.linked) == ("closed", [], (2,))
    assert [row.text.strip() for row in two.messages] == ["A impressora não imprime.", "eve", "Pronto."]
    assert [(p.address.address, p.role) for p in two.ticket.participants] == [
        ("eve@cliente.test", "requester"),
        (MARIA.address, "cc"),
        (PEDRO.address, "cc"),
        (ANA.address, "agent"),
    ]
    assert office.run(lambda c: read_search.find(within(c), "impressora imprime", after=None, limit=10)) == [2]
    assert ("merged", "1", "2", "ordered") in office.events(1)
    assert ("merged", "1", "2", "ordered") in office.events(2)


def test_a_reply_to_a_merged_ticket_joins_the_one_that_answers_for_it(office: Office) -> None:
    merged(office)
    to = office.reply_address(MARIA.address)
    by_token = office.take(a_message("a", message_id="<a@x.test>", to=to), recipients=(to,))
    by_subject = office.take(a_message("b", message_id="<b@x.test>", subject="[#1]"))
    by_id = office.take(a_message("c", message_id="<c@x.test>", in_reply_to="<m1@cliente.test>"))
    assert [(row.outcome, row.ticket) for row in (by_token, by_subject, by_id)] == [("appended", 2)] * 3


def test_an_order_about_a_merged_ticket_reaches_the_one_that_answers_for_it(office: Office) -> None:
    merged(office)
    changed = office.clerk.order(Order(1, lambda t: orders.set_priority(t, "high", "x")))
    assert changed is not None
    assert (changed.number, changed.priority) == (2, "high")


def test_a_ticket_of_tickets_answers_for_all_of_them(office: Office) -> None:
    merged(office)
    another(office, "tres")
    office.clerk.order(Order(2, lambda t: orders.merge(t, 3, "x")))
    found = office.run(lambda c: tickets.load_many(c, [1, 2, 3, 99]))
    assert {asked: ticket.number for asked, ticket in found.items()} == {1: 3, 2: 3, 3: 3}
    exact = office.run(lambda c: read_tickets.exact(within(c), 1))
    assert exact.number == 1


# --- people -------------------------------------------------------------------------------------------


def test_a_person_stands_on_a_ticket_once_for_each_role(office: Office) -> None:
    office.take(a_message())
    joining = Decision("x", (AddParticipant(PEDRO, "cc", notified=False),), 1)
    for decision in (joining, joining, Decision("x", (AddParticipant(PEDRO, "agent"),), 1)):
        office.clerk.order(Order(1, lambda _, decision=decision: decision))
    assert [(p.address, p.role) for p in office.ticket(1).ticket.participants] == [
        (MARIA, "requester"),
        (PEDRO, "cc"),
        (PEDRO, "agent"),
    ]
    kinds = [event for event in office.events(1) if event[0] == "participant"]
    assert kinds == [("participant", None, PEDRO.address, "cc"), ("participant", None, PEDRO.address, "agent")]


def test_a_person_is_known_from_the_first_time_on(office: Office) -> None:
    office.run(lambda c: contacts.make_known(c, MARIA, NOW))
    office.run(lambda c: contacts.make_known(c, MARIA, NOW + timedelta(days=9)))
    assert office.run(lambda c: c.execute(select(schema.contact.c.known_since)).scalars().all()) == [NOW]


# --- times --------------------------------------------------------------------------------------------


def test_times_come_back_aware_and_in_utc_whatever_zone_they_came_in(office: Office) -> None:
    from zoneinfo import ZoneInfo

    office.now = NOW.astimezone(ZoneInfo("America/Sao_Paulo"))
    office.take(a_message())
    created = office.ticket(1).ticket.created_at
    assert (created, created.utcoffset()) == (NOW, timedelta(0))


def test_a_naive_time_is_refused(office: Office) -> None:
    from sqlalchemy.exc import StatementError

    with pytest.raises((ValueError, StatementError), match="naive"):
        office.run(lambda c: contacts.make_known(c, MARIA, NOW.replace(tzinfo=None)))


def test_odd_characters_are_kept_or_left_out_but_never_in_the_way(office: Office) -> None:
    row = office.take(a_message("nulo \0 e surpresa \U0001f389", subject="=?utf-8?B?AADwn46J?="))
    assert row.outcome == "opened"
    assert "\U0001f389" in office.ticket(1).messages[0].text


def test_a_huge_message_is_kept_whole_and_its_beginning_is_read_for_notices(office: Office) -> None:
    office.take(a_message("palavra " * 1_000_000))
    (message,) = office.ticket(1).messages
    assert message.text.count("palavra") == 1_000_000
    (said,) = office.run(lambda c: agents.thread(c, 1))
    assert len(said.text) == MAX_SHOWN + 1
