"""Mail on its way out: one row a recipient, one state at a time, the same bytes at every attempt."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from mailtickets.gateway.drafting.order import Order
from mailtickets.mail.door import LMTP
from mailtickets.mail.model import Address
from mailtickets.store import outbox, schema
from mailtickets.store.outbox import LEASE
from mailtickets.store.read import outbox as read_outbox
from mailtickets.store.read.reader import within
from tests.desk.builders import ANA, BRUNO, MARIA, NOW
from tests.store.office import Office, a_message, with_file


@pytest.fixture
def busy(office: Office) -> Office:
    """An office with three copies to send: the acknowledgement, and the news for two agents."""
    office.take(a_message())
    return office


def record(office: Office, number: int, state: str, **how: Any) -> bool:
    attempt = outbox.AttemptResult(number, state, **{"reply": "said", "now": office.now, **how})
    recorded: int = office.run(lambda c: outbox.record_all(c, [attempt]))
    return recorded == 1


def row(office: Office, number: int) -> Any:
    return office.run(lambda c: read_outbox.shown(within(c), number))


def test_a_copy_is_claimed_once_and_whole(busy: Office) -> None:
    first = busy.due(limit=1)
    rest = busy.due(claimant="two")
    assert busy.due() == []
    (copy,) = first
    nameless = Address("", MARIA.address)  # nobody has vouched for the mail that gave the name
    assert (copy.name, copy.addressed.recipient, copy.ticket, copy.attempts) == ("received", nameless, 1, 0)
    assert (copy.mail.notice, copy.mail.sender.address, copy.mail.date) == ("received", "suporte@desk.test", NOW)
    assert copy.first_attempt_at == NOW
    assert [due.addressed.recipient.address for due in rest] == [ANA.address, BRUNO.address]


def test_answers_go_first_then_acknowledgements_then_agents_notices(busy: Office) -> None:
    from mailtickets.desk.commands import orders

    busy.clerk.order(Order(1, lambda t: orders.answer(t, "Oi", ANA, "x", by_agent=True), text="Oi"))
    assert [due.name for due in busy.due()] == ["answer", "received", "new_ticket", "new_ticket"]


def test_copies_that_waited_for_what_is_there_again_are_due_at_once(busy: Office) -> None:
    later, beginning = NOW + timedelta(hours=1), "there is no 100_%: "
    waiting, other, sent = busy.due()
    assert record(busy, waiting.id, "deferred", next_attempt_at=later, reply=f"{beginning}invalid_grant")
    assert record(busy, other.id, "deferred", next_attempt_at=later, reply="there is no 100 x: 451 later")
    assert record(busy, sent.id, "sent", reply=f"{beginning}no")
    assert busy.run(lambda c: outbox.hurry(c, beginning, NOW)) == 1
    assert [due.id for due in busy.due()] == [waiting.id]


def test_nothing_goes_before_its_time(busy: Office) -> None:
    (copy, *others) = busy.due()
    for other in others:
        assert record(busy, other.id, "sent")
    assert record(busy, copy.id, "deferred", next_attempt_at=NOW + timedelta(minutes=5))
    busy.pass_time(minutes=4, seconds=59)
    assert busy.due() == []
    busy.pass_time(seconds=1)
    (again,) = busy.due()
    assert (again.id, again.attempts, again.first_attempt_at) == (copy.id, 1, NOW)


def test_a_clock_that_is_set_back_stalls_no_letter(busy: Office) -> None:
    first, second, third = busy.due()
    assert record(busy, first.id, "deferred", next_attempt_at=NOW + timedelta(minutes=5))
    busy.pass_time(days=-1)
    assert {due.id for due in busy.due(claimant="two")} == {first.id, second.id, third.id}


def test_an_undo_window_may_be_long_and_another_gateways_clock_a_little_ahead(busy: Office) -> None:
    later = {"next_attempt_at": NOW + timedelta(days=2), "created_at": NOW + timedelta(minutes=4)}
    busy.run(lambda c: c.execute(update(schema.outbox).values(later)))
    assert busy.due() == []


def test_every_attempt_writes_the_same_bytes(busy: Office) -> None:
    (copy, *_) = busy.due()
    first = busy.clerk.written(copy, ())
    record(busy, copy.id, "unknown", next_attempt_at=NOW)
    busy.pass_time(days=2)
    (again, *_) = busy.due()
    assert again.id == copy.id
    assert busy.clerk.written(again, ()) == first


@pytest.mark.parametrize("state", ["sent", "failed"])
def test_what_has_ended_is_not_sent_again(busy: Office, state: str) -> None:
    (copy, *_) = busy.due()
    record(busy, copy.id, state)
    busy.pass_time(days=9)
    assert copy.id not in [due.id for due in busy.due()]
    ended = row(busy, copy.id)
    assert (ended.state, ended.attempts, ended.last_reply, ended.claimed_by) == (state, 1, "said", None)
    assert ended.sent_at == (NOW if state == "sent" else None)


def test_a_throttled_attempt_is_not_counted(busy: Office) -> None:
    (copy, *_) = busy.due()
    record(busy, copy.id, "deferred", next_attempt_at=NOW, attempted=False)
    assert row(busy, copy.id).attempts == 0


def test_only_what_is_being_sent_has_a_result(busy: Office) -> None:
    (copy, *_) = busy.due()
    assert record(busy, copy.id, "sent")
    assert not record(busy, copy.id, "deferred")
    assert row(busy, copy.id).state == "sent"


def test_a_reply_of_the_other_side_is_kept_whatever_is_in_it(busy: Office) -> None:
    (copy, *_) = busy.due()
    assert record(busy, copy.id, "sent", reply="250 ok \0 \udce9 \U0001f389")
    assert row(busy, copy.id).last_reply == "250 ok  ? \U0001f389"


def test_what_a_dead_gateway_was_sending_goes_out_when_its_lease_ends(busy: Office) -> None:
    claimed = busy.due(claimant="dead")
    busy.pass_time(seconds=LEASE.total_seconds() - 1)
    assert busy.due(claimant="two") == []
    busy.pass_time(seconds=1)
    assert [due.id for due in busy.due(claimant="two")] == [due.id for due in claimed]


def test_what_is_long_on_its_way_stays_with_who_sends_it(busy: Office) -> None:
    sending = [due.id for due in busy.due(claimant="one")]
    busy.pass_time(seconds=LEASE.total_seconds() - 1)
    busy.run(lambda c: outbox.prolong(c, "one", sending[:1], busy.now + LEASE))
    busy.run(lambda c: outbox.prolong(c, "somebody else", sending, busy.now + LEASE))
    busy.pass_time(seconds=LEASE.total_seconds() - 1)
    assert busy.run(lambda c: outbox.claim_due(c, "one", busy.now, 9, in_hand=sending)) == []
    assert busy.run(lambda c: outbox.claim_due(c, "two", busy.now, 9, abandoned=False)) == []
    assert [due.id for due in busy.due(claimant="two")] == sending[1:]


def test_a_gateway_that_starts_again_does_not_know_what_became_of_its_mail(busy: Office) -> None:
    (copy, *_) = busy.due(limit=1, claimant="one")
    others = busy.due(claimant="two")
    assert busy.run(lambda c: outbox.unclaim(c, "one", busy.now)) == 1
    assert (row(busy, copy.id).state, row(busy, others[0].id).state) == ("unknown", "sending")
    assert [due.id for due in busy.due(claimant="one")] == [copy.id]


@pytest.mark.parametrize("state", ["queued", "deferred", "unknown"])
def test_what_waits_can_be_cancelled_and_sent_after_all(busy: Office, state: str) -> None:
    (copy, *_) = busy.due()
    busy.run(lambda c: outbox.unclaim(c, "one", busy.now))
    if state == "deferred":
        busy.due()
        record(busy, copy.id, state, next_attempt_at=NOW)
    elif state == "queued":
        busy.run(lambda c: outbox.retry(c, copy.id, busy.now))
    assert row(busy, copy.id).state == state
    assert busy.run(lambda c: outbox.cancel(c, copy.id))
    assert not busy.run(lambda c: outbox.cancel(c, copy.id))
    assert copy.id not in [due.id for due in busy.due()]
    assert busy.run(lambda c: outbox.retry(c, copy.id, busy.now))
    again = next(due for due in busy.due() if due.id == copy.id)
    assert (again.attempts, again.first_attempt_at) == (0, busy.now)


def test_what_is_on_the_wire_or_gone_can_be_neither_cancelled_nor_repeated(busy: Office) -> None:
    (copy, *_) = busy.due()
    assert not busy.run(lambda c: outbox.cancel(c, copy.id) or outbox.retry(c, copy.id, NOW))
    record(busy, copy.id, "sent")
    assert not busy.run(lambda c: outbox.cancel(c, copy.id) or outbox.retry(c, copy.id, NOW))
    assert not busy.run(lambda c: outbox.cancel(c, 99) or outbox.retry(c, 99, NOW))


def test_a_report_ends_what_was_sent_or_waits(busy: Office) -> None:
    (sent, waiting, *_) = busy.due()
    record(busy, sent.id, "sent")
    record(busy, waiting.id, "unknown", next_attempt_at=NOW)
    for copy in (sent, waiting):
        busy.run(lambda c, copy=copy: outbox.mark_failed(c, copy.id, "no such user"))
        assert (row(busy, copy.id).state, row(busy, copy.id).last_reply) == ("failed", "no such user")
    assert {sent.id, waiting.id}.isdisjoint(due.id for due in busy.due())


def test_how_much_was_sent_lately_is_counted(busy: Office) -> None:
    first, second, third = busy.due()
    record(busy, first.id, "sent")
    busy.pass_time(minutes=1)
    record(busy, second.id, "sent")
    record(busy, third.id, "failed")
    assert busy.run(lambda c: outbox.sent_since(c, NOW, busy.now, 10)) == 2
    assert busy.run(lambda c: outbox.sent_since(c, NOW + timedelta(seconds=1), busy.now, 10)) == 1


def test_the_outbox_is_listed_newest_first_in_pages_and_by_state(busy: Office) -> None:
    first = busy.run(lambda c: read_outbox.listed(within(c), limit=2))
    rest = busy.run(lambda c: read_outbox.listed(within(c), after=first[-1].id))
    assert [found.id for found in (*first, *rest)] == [3, 2, 1]
    busy.due(limit=1)
    assert [found.id for found in busy.run(lambda c: read_outbox.listed(within(c), state="sending"))] == [1]


def test_a_copy_that_is_not_there_is_none(office: Office) -> None:
    assert office.run(lambda c: outbox.load(c, 99)) is None
    assert office.run(lambda c: read_outbox.shown(within(c), 99)) is None


def test_attachments_are_found_again_by_the_mail_that_brought_them(office: Office) -> None:
    received = office.take(with_file())
    agents = next(due for due in office.due() if due.name == "new_ticket")
    assert agents.inbound == received.id
    assert len(agents.attachments) == 1


def test_no_token_is_stored(busy: Office) -> None:
    from sqlalchemy import text

    token = busy.reply_address(MARIA.address).partition("+")[2].partition("@")[0]
    assert len(token) == 26
    for table in ("outbox", "notice", "token", "event"):
        for found in busy.run(lambda c, table=table: c.execute(text(f"SELECT * FROM {table}")).all()):
            assert token not in str(found)


# --- bounces ------------------------------------------------------------------------------------------


def a_report(busy: Office, to: str, *, of: str | None = None, recipient: str = MARIA.address) -> bytes:
    fields = ["From: MAILER-DAEMON@mx.test", f"To: {to}", "Subject: Undelivered Mail Returned to Sender",
              "MIME-Version: 1.0", 'Content-Type: multipart/report; report-type=delivery-status; boundary="b"', "",
              "--b", "Content-Type: text/plain", "", "Sorry.", "--b", "Content-Type: message/delivery-status", "",
              "Reporting-MTA: dns; mx.test", "", f"Final-Recipient: rfc822; {recipient}", "Action: failed",
              "Status: 5.1.1", "Diagnostic-Code: smtp; 550 5.1.1 unknown", ""]  # fmt: skip
    if of:
        fields += ["--b", "Content-Type: text/rfc822-headers", "", f"Message-ID: <{of}>", ""]
    return "\r\n".join([*fields, "--b--", ""]).encode()


def answered(busy: Office) -> Any:
    """The answer to Maria, sent."""
    from mailtickets.desk.commands import orders

    busy.clerk.order(Order(1, lambda t: orders.answer(t, "Oi", ANA, "x", by_agent=True), text="Oi"))
    copy = busy.due(limit=1)[0]
    record(busy, copy.id, "sent")
    return copy


def test_a_bounce_to_the_return_path_fails_the_copy_and_opens_the_ticket(busy: Office) -> None:
    copy = answered(busy)
    back = busy.take(a_report(busy, copy.addressed.sender), sender="", recipients=(copy.addressed.sender,))
    assert (back.outcome, back.reason, back.ticket) == ("bounced", "delivery-failed", 1)
    assert (row(busy, copy.id).state, busy.ticket(1).ticket.status) == ("failed", "open")
    assert ("delivery_failed", ANA.address) in busy.outgoing()
    again = busy.take(a_report(busy, copy.addressed.sender), door=LMTP, recipients=(copy.addressed.sender,))
    assert again.outcome == "bounced"
    assert [name for name, _ in busy.outgoing()].count("delivery_failed") == 2  # one each to Ana and Bruno


def test_a_bounce_is_recognised_by_the_id_of_what_it_returns_and_believed_for_nothing_else(busy: Office) -> None:
    copy = answered(busy)
    report = a_report(busy, "suporte@desk.test", of=copy.mail.message_id)
    back = busy.take(report, sender="")
    assert (back.reason, back.ticket) == ("delivery-report-unproven", 1)
    assert row(busy, copy.id).state == "sent"


@pytest.mark.parametrize("of", [None, "forged@x.test"])
def test_a_forged_bounce_fails_nothing(busy: Office, of: str | None) -> None:
    copy = answered(busy)
    back = busy.take(a_report(busy, "suporte+baaaaaaaaaaaaaaaa@desk.test", of=of), sender="")
    assert (back.outcome, back.reason) == ("bounced", "bounce-of-nothing-ours")
    assert row(busy, copy.id).state == "sent"


def test_a_bounce_of_long_ago_counts_no_more(busy: Office) -> None:
    copy = answered(busy)
    busy.pass_time(days=15)
    assert busy.take(a_report(busy, copy.addressed.sender), recipients=(copy.addressed.sender,)).reason == (
        "bounce-of-nothing-ours"
    )


def test_of_several_copies_the_one_to_the_reported_recipient_failed(office: Office) -> None:
    office.take(a_message(cc="pedro@cliente.test"))
    copy = answered(office)
    given = copy.mail.message_id
    found = office.run(lambda c: outbox.by_message_id(c, given, "PEDRO@cliente.test", NOW))
    assert found.recipient == "pedro@cliente.test"
    passed_on = office.run(lambda c: outbox.by_message_id(c, given, "outra@x.test", NOW))
    assert passed_on.recipient == MARIA.address
    assert office.run(lambda c: outbox.by_message_id(c, "x@x.test", "outra@x.test", NOW)) is None


def test_our_own_mail_that_comes_back_is_ignored(busy: Office) -> None:
    copy = answered(busy)
    raw, _ = busy.clerk.written(copy, ())
    assert busy.take(raw).reason == "own-mail-came-back"
    notice = next(due for due in busy.due() if due.name == "received")
    assert busy.take(busy.clerk.written(notice, ())[0]).reason == "own-loop-header"
    assert busy.numbers() == [1]
