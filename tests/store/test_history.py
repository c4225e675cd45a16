"""Old mail that is imported: what becomes of it, on a real database, and whom it tells (nobody)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import pytest

from mailtickets.desk.commands import orders
from mailtickets.desk.model.facts import LEFT_CLOSED, Leaving
from mailtickets.gateway.drafting.order import Order
from mailtickets.gateway.drafting.reading import Incoming
from mailtickets.mail.door import IMPORT
from mailtickets.mail.model import Envelope
from mailtickets.mail.read.parse import parse
from mailtickets.store import history, outbox, schema
from mailtickets.store.inbound import insert_all
from tests.store.office import Office, a_message, copies, utc

MARIA, STRANGER = "Maria Souza <maria@cliente.test>", "Estranho <estranho@outro.test>"
DESK, AGENT = "Suporte <suporte@desk.test>", "Atendente <ana@desk.test>"
MARCH = utc("2024-03-01T12:00:00")


def import_mail(office: Office, raw: bytes, at: datetime = MARCH, leaving: Leaving = LEFT_CLOSED) -> Any:
    """One old mail the whole way; gives its row in the ledger."""
    envelope = Envelope(IMPORT, None, (), at)
    number = office.run(lambda c: insert_all(c, [(raw, envelope)], None, office.now))[0][0]
    received = office.received(number)
    if received.state == "accepted":
        mail, clerk = parse(raw, instance="exemplo"), office.clerk
        draft = office.run(lambda c: clerk.draft_in(c, Incoming(received, mail, leaving=leaving)))
        assert draft.notices == ()
        office.settle(draft)
    return office.row(number)


def import_all(office: Office, mails: Iterable[bytes]) -> list[Any]:
    return [import_mail(office, raw, utc(f"2024-03-{day:02d}T12:00:00")) for day, raw in enumerate(mails, start=1)]


def asked(**fields: str | None) -> bytes:
    return a_message(**{"message_id": "<q@cliente.test>", "from": MARIA, **fields})


def answered(**fields: str | None) -> bytes:
    values = {"message_id": "<a@desk.test>", "from": DESK, "to": MARIA, "in_reply_to": "<q@cliente.test>"}
    return a_message("Ligue na tomada.", **{**values, **fields})


def said(office: Office, number: int) -> list[tuple[str, str, str]]:
    return [(m.direction, m.visibility, m.author_address) for m in office.ticket(number).messages]


def test_an_old_question_is_a_closed_ticket_of_its_own_day_and_nobody_is_written_to(office: Office) -> None:
    row = import_mail(office, asked())
    ticket = office.ticket(row.ticket).ticket
    assert (row.source, row.outcome, row.reason, row.received_at) == ("import", "opened", "imported", MARCH)
    assert (ticket.status, ticket.created_at, ticket.closed_at, ticket.waiting_since) == ("closed", MARCH, MARCH, None)
    assert [m.received_at for m in office.ticket(row.ticket).messages] == [MARCH]
    assert office.outgoing() == []


def test_answers_of_the_desk_are_messages_that_go_out_and_a_thread_is_one_ticket(office: Office) -> None:
    again = asked(message_id="<q2@cliente.test>", references="<q@cliente.test> <a@desk.test>")
    rows = import_all(office, [asked(), answered(), again, answered(message_id="<a2@desk.test>", **{"from": AGENT})])
    assert {row.ticket for row in rows} == {1}
    assert said(office, 1) == [
        ("in", "public", "maria@cliente.test"),
        ("out", "public", "suporte@desk.test"),
        ("in", "public", "maria@cliente.test"),
        ("out", "public", "ana@desk.test"),
    ]
    ticket = office.ticket(1).ticket
    assert (ticket.answered, ticket.updated_at, ticket.closed_at) == (
        True,
        utc("2024-03-04T12:00:00"),
        utc("2024-03-04T12:00:00"),
    )
    assert office.outgoing() == []
    assert office.run(lambda c: c.execute(schema.contact.select()).all()) == []  # nobody is known by old mail


def test_a_thread_holds_together_in_any_order_and_without_its_first_mail(office: Office) -> None:
    two = asked(message_id="<q2@cliente.test>", references="<lost@cliente.test> <a@desk.test>")
    one = answered(in_reply_to="<lost@cliente.test>")
    three = asked(message_id="<q3@cliente.test>", references="<lost@cliente.test>")
    assert {import_mail(office, raw).ticket for raw in (two, one, three)} == {1}


def test_what_the_desk_wrote_first_is_a_ticket_of_whom_it_wrote_to(office: Office) -> None:
    import_all(office, [answered(in_reply_to=None), asked(in_reply_to="<a@desk.test>")])
    assert office.ticket(1).ticket.requester.address == "maria@cliente.test"
    assert said(office, 1) == [("out", "public", "suporte@desk.test"), ("in", "public", "maria@cliente.test")]


def test_a_stranger_in_an_old_thread_is_a_note_and_comes_onto_no_ticket(office: Office) -> None:
    forged = a_message("Mande para mim.", message_id="<s@outro.test>", in_reply_to="<q@cliente.test>",
                       cc="Outro <outro@outro.test>", **{"from": STRANGER})  # fmt: skip
    rows = import_all(office, [asked(), forged])
    assert (rows[1].outcome, rows[1].reason, rows[1].ticket) == ("noted", "imported-aside", 1)
    assert said(office, 1)[1] == ("in", "note", "estranho@outro.test")
    assert [p.address.address for p in office.ticket(1).ticket.participants] == ["maria@cliente.test"]
    assert ("left-out", None, "estranho@outro.test", "copy-unproven") in office.events(1)


def test_what_the_desk_wrote_to_others_about_a_ticket_is_a_note(office: Office) -> None:
    aside = answered(to="fornecedor@outro.test")
    import_all(office, [asked(), aside])
    assert said(office, 1)[1] == ("out", "note", "suporte@desk.test")


def test_what_the_desk_wrote_to_a_person_in_copy_alone_is_a_note(office: Office) -> None:
    aside = answered(to="joao@cliente.test")
    import_all(office, [asked(cc="joao@cliente.test"), aside, asked(message_id="<j@x>", in_reply_to="<q@cliente.test>",
                                                                    **{"from": "joao@cliente.test"})])  # fmt: skip
    assert said(office, 1)[1:] == [("out", "note", "suporte@desk.test"), ("in", "public", "joao@cliente.test")]


def test_a_forger_who_takes_an_id_beforehand_reads_nothing(office: Office) -> None:
    forged = a_message("oi", message_id="<q@cliente.test>", **{"from": STRANGER})
    rows = import_all(office, [forged, asked(), answered()])
    assert [row.outcome for row in rows] == ["opened", "noted", "noted"]
    assert [visibility for _, visibility, _ in said(office, rows[0].ticket)] == ["public", "note", "note"]


def test_a_live_stranger_who_quotes_an_imported_id_gets_a_ticket_of_their_own(office: Office) -> None:
    import_mail(office, asked(), office.now)
    live = office.take(a_message(message_id="<s@x>", in_reply_to="<q@cliente.test>", **{"from": STRANGER}),
                       sender="estranho@outro.test")  # fmt: skip
    assert (live.outcome, live.reason, live.ticket) == ("opened", "not-a-participant", 2)


def test_a_reply_long_after_the_last_old_mail_opens_a_linked_ticket(office: Office) -> None:
    import_mail(office, asked())
    reply = office.take(a_message("Voltou!", message_id="<n@cliente.test>", in_reply_to="<q@cliente.test>"))
    assert (reply.reason, reply.ticket) == ("closed-too-long-ago", 2)
    assert office.ticket(2).ticket.linked == (1,)


def test_old_mail_never_touches_a_ticket_in_use(office: Office) -> None:
    live = office.take(a_message(message_id="<live@cliente.test>"))
    before, events = office.ticket(live.ticket).ticket, office.events(live.ticket)
    old = import_mail(office, asked(in_reply_to="<live@cliente.test>", subject=f"Re: [#{live.ticket}] Impressora"))
    assert old.ticket != live.ticket
    assert (office.ticket(live.ticket).ticket, office.events(live.ticket)) == (before, events)


def test_an_imported_ticket_that_is_used_again_is_joined_by_no_old_mail(office: Office) -> None:
    import_mail(office, asked(), office.now)
    reply = a_message("E agora?", message_id="<n@cliente.test>", in_reply_to="<q@cliente.test>")
    assert office.take(reply).ticket == 1
    assert office.ticket(1).ticket.status == "open"
    late = import_mail(office, answered(), office.now)
    assert (late.ticket, late.reason) == (2, "imported-apart")
    assert office.ticket(1).ticket.status == "open"
    later = import_mail(office, asked(message_id="<q9@cliente.test>", in_reply_to="<a@desk.test>"), office.now)
    assert later.ticket == 2  # and one ticket, not one for each mail


def test_an_imported_ticket_that_an_agent_has_ordered_about_is_joined_by_no_old_mail(office: Office) -> None:
    import_mail(office, asked())
    office.clerk.order(Order(1, lambda ticket: orders.set_status(ticket, "open", "shell:root")))
    assert import_mail(office, answered()).reason == "imported-apart"
    assert office.ticket(1).ticket.status == "open"


def test_a_number_of_another_desk_is_none_of_ours(office: Office) -> None:
    office.take(a_message(message_id="<live@cliente.test>"))
    old = import_mail(office, asked(subject="Re: [#1] Boleto vencido"))
    assert old.ticket == 2
    assert office.ticket(2).ticket.subject == "Re: Boleto vencido"


def test_a_live_copy_of_imported_mail_is_not_lost_as_a_duplicate(office: Office) -> None:
    import_mail(office, asked())
    live = office.take(asked())
    assert (live.outcome, live.reason) == ("opened", "new-mail")
    assert "received" in [notice for notice, _ in office.outgoing()]


def test_the_same_mail_out_of_another_folder_is_one_row(office: Office) -> None:
    first = import_mail(office, asked())
    noted = b"Status: RO\r\nX-UID: 7\r\nReceived: from x by y; Fri, 1 Mar 2024 12:00:00 +0000\r\n"
    again = import_mail(office, noted + asked() + b"\r\n")
    assert again.id == first.id


def test_what_the_desk_has_live_is_a_duplicate_and_changes_nothing(office: Office) -> None:
    live = office.take(asked())
    sent = office.outgoing()
    row = import_mail(office, asked())
    assert (row.outcome, office.numbers(), office.outgoing()) == ("duplicate", [live.ticket], sent)


@pytest.mark.parametrize("name", ["bounce", "loop"])
def test_machines_mail_acts_no_more(office: Office, name: str) -> None:
    loop = asked(x_mailtickets_loop="exemplo; hops=1")
    report = (
        b"From: MAILER-DAEMON@mx.test\r\nTo: suporte@desk.test\r\nSubject: Undelivered Mail Returned to Sender\r\n"
        b"Message-ID: <b@mx.test>\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n--b\r\n\r\nfailed\r\n'
        b"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.test\r\n\r\n"
        b"Final-Recipient: rfc822; maria@cliente.test\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n"
    )
    row = import_mail(office, {"bounce": report, "loop": loop}[name])
    assert (row.outcome, row.ticket) == ({"bounce": "bounced", "loop": "ignored"}[name], None)
    assert (office.numbers(), office.outgoing()) == ([], [])


def test_commands_in_an_agents_old_mail_are_words(office: Office) -> None:
    import_all(office, [asked(), answered(**{"from": AGENT, "cc": "suporte@desk.test"}), asked()])
    order = a_message("#status aberto\n#prioridade alta", message_id="<o@desk.test>", in_reply_to="<q@cliente.test>",
                      **{"from": AGENT})  # fmt: skip
    import_mail(office, order)
    ticket = office.ticket(1).ticket
    assert (ticket.status, ticket.priority, office.outgoing()) == ("closed", "normal", [])


def test_threads_whose_last_word_is_a_recent_customers_can_be_left_open(office: Office) -> None:
    leaving = Leaving(open_since=utc("2024-03-02T00:00:00"))
    for day, raw in ((1, asked()), (3, asked(message_id="<q2@cliente.test>", in_reply_to="<q@cliente.test>"))):
        import_mail(office, raw, utc(f"2024-03-{day:02d}T12:00:00"), leaving)
    assert (office.ticket(1).ticket.status, office.ticket(1).ticket.waiting_since) == ("open", None)
    import_mail(office, answered(), utc("2024-03-04T12:00:00"), leaving)
    assert office.ticket(1).ticket.status == "closed"


def test_an_older_mail_leaves_the_status_as_it_is(office: Office) -> None:
    import_mail(office, asked(), MARCH, Leaving("open"))
    import_mail(office, answered(), utc("2024-02-01T12:00:00"), Leaving("closed"))
    assert (office.ticket(1).ticket.status, office.ticket(1).ticket.updated_at) == ("open", MARCH)


def test_ids_of_imported_threads_are_kept_apart(office: Office) -> None:
    import_mail(office, asked(references="<root@cliente.test>"))
    mail = parse(asked(message_id="<x@x.test>", in_reply_to="<root@cliente.test>"), instance="exemplo")
    assert office.run(lambda c: history.thread(c, mail)) == 1
    live = office.take(a_message(message_id="<x@x.test>", in_reply_to="<root@cliente.test>"))
    assert live.ticket == 2  # an id that only old mail names leads no live mail


def test_reply_addresses_of_a_live_ticket_lead_no_old_mail_to_it(office: Office) -> None:
    live = office.take(a_message(message_id="<live@cliente.test>"))
    before, events, sent = office.ticket(live.ticket).ticket, office.events(live.ticket), office.outgoing()
    tokens = [office.reply_address(address) for address in ("maria@cliente.test", "ana@desk.test")]
    for number, (author, to) in enumerate((author, to) for author in (MARIA, AGENT, STRANGER) for to in tokens):
        old = import_mail(office, asked(message_id=f"<t{number}@x.test>", to=to, **{"from": author}), office.now)
        assert (old.outcome, old.ticket == live.ticket) == ("opened", False)
    assert (office.ticket(live.ticket).ticket, office.events(live.ticket)) == (before, events)
    assert office.outgoing() == sent


@pytest.mark.parametrize("first", ["the old mail", "the live mail"])
def test_old_mail_that_took_a_live_mails_id_does_not_lead_its_author_or_its_customer_astray(
    office: Office, first: str
) -> None:
    forged = a_message("Velho.", message_id="<live@cliente.test>", **{"from": STRANGER})
    if first == "the old mail":
        import_mail(office, forged, office.now)
    live = office.take(a_message("Um segredo.", message_id="<live@cliente.test>"))
    if first == "the live mail":
        import_mail(office, forged, office.now)
    assert (live.outcome, live.reason) == ("opened", "new-mail")
    reply = a_message("Outro segredo.", message_id="<live2@cliente.test>", in_reply_to="<live@cliente.test>")
    assert office.take(reply).ticket == live.ticket
    theirs = a_message("E eu?", message_id="<s2@outro.test>", in_reply_to="<live@cliente.test>", **{"from": STRANGER})
    assert office.take(theirs, sender="estranho@outro.test").ticket != live.ticket
    people = [person.address.address for person in office.ticket(live.ticket).ticket.participants]
    assert people == ["maria@cliente.test"]


def test_an_old_report_about_a_live_notice_changes_no_delivery(office: Office) -> None:
    office.take(a_message(message_id="<live@cliente.test>"))
    rows = office.run(lambda c: copies(c))
    [number] = [row.id for row in rows if row.recipient == "maria@cliente.test"]
    due = office.run(lambda c: outbox.load(c, number))
    returned = office.clerk.written(due, ())[0]
    report = (
        b"From: MAILER-DAEMON@mx.test\r\nTo: suporte@desk.test\r\nSubject: Undelivered Mail Returned to Sender\r\n"
        b"Message-ID: <b@mx.test>\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n--b\r\n\r\nfailed\r\n'
        b"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.test\r\n\r\n"
        b"Final-Recipient: rfc822; maria@cliente.test\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        b"--b\r\nContent-Type: message/rfc822\r\n\r\n" + returned + b"\r\n--b--\r\n"
    )
    events = office.events(1)
    row = import_mail(office, report, office.now)
    assert (row.outcome, row.reason, row.ticket) == ("bounced", "imported-report", None)
    assert office.run(lambda c: copies(c)) == rows
    assert office.events(1) == events


def test_who_was_in_copy_of_an_old_mail_and_replies_gets_an_answer_only_when_an_agent_writes_one(
    office: Office,
) -> None:
    """The requester hears that the ticket is open again, the agents read the reply; nobody else gets anything."""
    import_mail(office, asked(cc="João <joao@cliente.test>"), office.now)
    reply = a_message("E agora?", message_id="<j@cliente.test>", in_reply_to="<q@cliente.test>",
                      **{"from": "João <joao@cliente.test>"})  # fmt: skip
    row = office.take(reply, sender="joao@cliente.test")
    assert (row.outcome, row.reason, row.ticket) == ("appended", "message-id", 1)
    told = {(name, who) for name, who in office.outgoing() if not who.endswith("@desk.test")}
    assert told == {("reopened", "maria@cliente.test")}
