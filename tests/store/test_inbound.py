"""What came in: kept once, claimed by one, and ended with exactly one outcome."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from mailtickets.desk.model.decision import Decision
from mailtickets.gateway.drafting.order import Order
from mailtickets.mail.door import LMTP, Door
from mailtickets.store import inbound, ledger, schema
from mailtickets.store.database import Stale
from mailtickets.store.inbound import LEASE
from mailtickets.store.read import inbound as read_inbound
from mailtickets.store.read.reader import within
from mailtickets.store.transmission import transmission_key
from tests.desk.builders import NOW
from tests.store.office import Office, a_message, an_envelope

RECEIVED = b"Received: from a by b; Mon, 3 Mar 2025 12:00:00 +0000\r\n"

# --- one transmission, one row ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "trace",
    [
        RECEIVED,
        RECEIVED + b"Received: from b\r\n by c; today\r\n",
        b"Return-Path: <x@y.test>\r\nDelivered-To: a@b.test\r\nX-Original-To: a@b.test\r\n",
        b"Authentication-Results: mx; dkim=pass\r\n\tx=y\r\nARC-Seal: i=1\r\nX-Spam-Status: No\r\n",
        b"Received-SPF: pass\r\n",
    ],
)
def test_a_retransmission_is_known_whatever_trace_it_has_gathered(trace: bytes) -> None:
    assert transmission_key(trace + a_message(), an_envelope()) == transmission_key(a_message(), an_envelope())


@pytest.mark.parametrize(
    "changes",
    [
        {"door": LMTP},
        {"sender": "outra@cliente.test"},
        {"recipients": ("vendas@desk.test",)},
        {"recipients": ("suporte@desk.test", "vendas@desk.test")},
    ],
)
def test_another_door_or_envelope_is_another_transmission(changes: dict[str, Any]) -> None:
    assert transmission_key(a_message(), an_envelope(**changes)) != transmission_key(a_message(), an_envelope())


def test_the_order_of_recipients_and_the_time_make_no_other_transmission() -> None:
    first = an_envelope(recipients=("a@desk.test", "b@desk.test"))
    again = an_envelope(recipients=("b@desk.test", "a@desk.test"), received_at=NOW + timedelta(days=3), peer="::1")
    assert transmission_key(a_message(), first) == transmission_key(a_message(), again)


def test_another_body_or_header_is_another_transmission() -> None:
    keys = {
        transmission_key(raw, an_envelope())
        for raw in (a_message(), a_message("Outra coisa."), a_message(subject="Outro"), a_message()[:-2])
    }
    assert len(keys) == 4


def test_header_and_body_cannot_be_shifted_into_each_other() -> None:
    assert transmission_key(b"A: b\r\n\r\nc\r\n\r\nd", an_envelope()) != transmission_key(
        b"A: b\r\n\r\nc", an_envelope(sender="d")
    )


def test_a_mail_without_id_and_date_is_another_one_on_another_day() -> None:
    bare = a_message(message_id=None, date=None)
    tomorrow = an_envelope(received_at=NOW + timedelta(days=1))
    assert transmission_key(bare, an_envelope()) == transmission_key(bare, an_envelope(received_at=NOW))
    assert transmission_key(bare, an_envelope()) != transmission_key(bare, tomorrow)


@pytest.mark.parametrize("field", [{"message_id": None}, {"date": None}])
def test_a_mail_with_id_or_date_is_the_same_on_every_day(field: dict[str, None]) -> None:
    raw, tomorrow = a_message(**field), an_envelope(received_at=NOW + timedelta(days=1))
    assert transmission_key(raw, an_envelope()) == transmission_key(raw, tomorrow)


def test_from_a_mailbox_the_whole_message_is_its_own_key() -> None:
    box = an_envelope(door=Door.imap("suporte"), sender=None, recipients=())
    assert transmission_key(a_message(), box) == transmission_key(a_message(), box)
    assert transmission_key(RECEIVED + a_message(), box) != transmission_key(a_message(), box)
    assert transmission_key(a_message(), an_envelope(door=Door.imap("outra"))) != transmission_key(a_message(), box)


def test_the_same_mail_twice_by_one_door_is_one_row(office: Office) -> None:
    first, again = office.keep(a_message()), office.keep(RECEIVED + a_message())
    assert first == again
    assert office.received(first).raw == a_message()


def test_a_group_of_mails_is_kept_in_one_go(office: Office) -> None:
    mails = [(a_message(), an_envelope()), (a_message("Outra"), an_envelope()), (a_message(), an_envelope())]
    kept = office.run(lambda c: inbound.insert_all(c, mails, "one", NOW))
    assert [new for _, new in kept] == [True, True, False]
    assert kept[0][0] == kept[2][0]


def test_a_mail_comes_back_as_it_was_given(office: Office) -> None:
    raw = bytes(range(256)) + b"\r\n\r\n\0"
    number = office.keep(
        raw, sender="a\0\udcffb@x.test", recipients=("suporte@desk.test", "\udce9@x"), helo="h\0\udcfe", queue="vendas"
    )
    received = office.received(number)
    assert received.raw == raw
    assert received.envelope == an_envelope(
        sender="a?b@x.test", recipients=("suporte@desk.test", "?@x"), helo="h?", queue="vendas"
    )
    assert (received.state, received.attempts, received.released) == ("accepted", 0, False)


@pytest.mark.parametrize("sender", ["", None])
def test_the_null_path_and_an_unknown_one_are_told_apart(office: Office, sender: str | None) -> None:
    assert office.received(office.keep(a_message(), sender=sender)).envelope.sender == sender


def test_a_mail_that_is_not_there_is_none(office: Office) -> None:
    assert office.run(lambda c: inbound.load(c, 99)) is None
    assert office.run(lambda c: read_inbound.raw(within(c), 99)) is None
    assert office.run(lambda c: read_inbound.shown(within(c), 99)) is None


# --- claims -------------------------------------------------------------------------------------------


def claim(office: Office, claimant: str, limit: int = 10) -> list[int]:
    found: list[int] = office.run(lambda c: inbound.claim_due(c, claimant, office.now, limit))
    return found


def doubtful(office: Office, claimant: str) -> int | None:
    found: int | None = office.run(lambda c: inbound.claim_doubtful(c, claimant, office.now))
    return found


def test_what_waits_is_claimed_once_oldest_first(office: Office) -> None:
    numbers = [office.keep(a_message(str(number))) for number in range(3)]
    assert claim(office, "one", limit=2) == numbers[:2]
    assert claim(office, "two") == numbers[2:]
    assert claim(office, "two") == []


def test_a_claim_that_ran_out_is_anybodys(office: Office) -> None:
    number = office.keep(a_message())
    claim(office, "one")
    office.pass_time(seconds=LEASE.total_seconds() - 1)
    assert claim(office, "two") == []
    office.pass_time(seconds=1)
    assert claim(office, "two") == [number]


def test_a_clock_that_is_set_back_stalls_no_mail(office: Office) -> None:
    number = office.keep(a_message())
    claim(office, "one")
    office.pass_time(days=-1)
    assert claim(office, "two") == [number]


def test_a_gateway_that_starts_again_takes_up_its_own_claims_and_nobody_elses(office: Office) -> None:
    mine = office.keep(a_message("1"))
    claim(office, "one")
    office.keep(a_message("2"))
    claim(office, "two")
    assert office.run(lambda c: inbound.unclaim(c, "one")) == 1
    assert claim(office, "one") == []  # it may have died of it: that is taken up with care
    assert doubtful(office, "one") == mine


def test_a_mail_that_was_claimed_as_it_came_is_not_claimed_again(office: Office) -> None:
    office.run(lambda c: inbound.insert_all(c, [(a_message(), an_envelope())], "one", NOW))
    assert claim(office, "two") == []


def test_a_failed_attempt_is_counted_and_waits(office: Office) -> None:
    number = office.keep(a_message())
    attempts = [office.run(lambda c: inbound.count_attempt(c, number, NOW + timedelta(seconds=15))) for _ in range(2)]
    assert attempts == [1, 2]
    assert claim(office, "one") == []
    assert doubtful(office, "one") is None
    office.pass_time(seconds=15)
    assert doubtful(office, "one") == number


def test_what_was_tried_before_is_taken_over_one_at_a_time(office: Office) -> None:
    numbers = [office.keep(a_message(str(number))) for number in range(2)]
    for number in numbers:
        office.run(lambda c, number=number: inbound.count_attempt(c, number, NOW))
    assert [doubtful(office, name) for name in ("one", "two", "one")] == [*numbers, None]


def test_what_a_gateway_took_over_and_did_not_prolong_counts_as_an_attempt(office: Office) -> None:
    prolonged, abandoned = (office.keep(a_message(str(number))) for number in range(2))
    claim(office, "one")
    office.pass_time(seconds=LEASE.total_seconds())
    office.run(lambda c: inbound.prolong(c, "one", [prolonged], office.now + LEASE))
    office.run(lambda c: inbound.unclaim_abandoned(c, "two", office.now))
    assert [office.row(number).attempts for number in (prolonged, abandoned)] == [0, 1]


def test_a_gateway_that_stops_in_good_order_gives_back_what_it_had_and_nothing_has_failed(office: Office) -> None:
    number = office.keep(a_message())
    claim(office, "one")
    office.run(lambda c: inbound.give_back(c, "one"))
    assert claim(office, "two") == [number]
    assert office.row(number).attempts == 0


def test_what_is_decided_is_claimed_no_more(office: Office) -> None:
    office.take(a_message())
    office.pass_time(days=1)
    assert claim(office, "one") == []


# --- again and again ----------------------------------------------------------------------------------


def held(office: Office) -> Any:
    """An agent's mail without a token, on ticket 1."""
    office.take(a_message())
    return office.take(a_message("Pronto.", message_id="<a@desk.test>", subject="[#1]", **{"from": "ana@desk.test"}))


def test_a_released_mail_gets_the_outcome_it_then_has(office: Office) -> None:
    row = held(office)
    assert (row.state, row.outcome) == ("held", "held")
    assert office.run(lambda c: inbound.accept_again(c, row.id, released=True))
    office.settle(office.draft(row.id))
    row = office.row(row.id)
    assert (row.state, row.outcome, row.reason) == ("done", "appended", "agent-answer")
    assert ("held", None, "ana@desk.test", "agent-without-token") in office.events(1)


def test_a_dropped_mail_is_ignored(office: Office) -> None:
    row = held(office)
    assert office.run(lambda c: inbound.drop(c, row.id, "dropped-by-hand", NOW))
    row = office.row(row.id)
    assert (row.state, row.outcome, row.reason) == ("done", "ignored", "dropped-by-hand")
    assert not office.run(lambda c: inbound.drop(c, row.id, "dropped-by-hand", NOW))


def test_a_mail_that_is_not_there_cannot_be_taken_back(office: Office) -> None:
    assert not office.run(lambda c: inbound.accept_again(c, 99, released=True))


def test_a_decided_mail_cannot_be_decided_twice(office: Office) -> None:
    number = office.keep(a_message())
    first, second = office.draft(number), office.draft(number)
    office.settle(first)
    with pytest.raises(Stale):
        office.settle(second)
    assert office.numbers() == [1]


# --- the ledger ---------------------------------------------------------------------------------------


def test_the_ledger_is_listed_newest_first_in_pages(office: Office) -> None:
    numbers = [office.keep(a_message(str(number))) for number in range(5)]
    first = office.run(lambda c: read_inbound.listed(within(c), limit=2))
    rest = office.run(lambda c: read_inbound.listed(within(c), after=first[-1].id))
    assert [row.id for row in (*first, *rest)] == numbers[::-1]


def test_the_ledger_is_listed_by_state_and_outcome(office: Office) -> None:
    row = held(office)
    waiting = office.keep(a_message("mais", message_id="<w@x.test>"))
    assert [r.id for r in office.run(lambda c: read_inbound.listed(within(c), state="accepted"))] == [waiting]
    assert [r.id for r in office.run(lambda c: read_inbound.listed(within(c), outcome="held"))] == [row.id]


def test_the_sums_add_up(office: Office) -> None:
    held(office)
    office.take(a_message(), recipients=("vendas@desk.test",))
    office.keep(a_message("mais", message_id="<w@x.test>"))
    sums = office.run(ledger.sums)
    assert sums == {
        "received": 4,
        "waiting": 1,
        "outcomes": {"duplicate": 1, "held": 1, "opened": 1},
        "problems": [],
    }


def test_sums_that_do_not_add_up_are_named(office: Office) -> None:
    row = office.take(a_message())
    office.run(lambda c: c.execute(update(schema.message).values(inbound=None)))
    office.run(lambda c: c.execute(update(schema.inbound).where(schema.inbound.c.id == 0).values(state="done")))
    other = office.keep(a_message("mais", message_id="<w@x.test>"))
    office.run(lambda c: c.execute(update(schema.inbound).where(schema.inbound.c.id == other).values(state="done")))
    problems = office.run(ledger.sums)["problems"]
    assert problems == [
        "2 messages, but 1 outcomes and 0 waiting",
        f"inbound {row.id} is opened, and on 0 messages of tickets",
    ]


# --- the same mail by another road --------------------------------------------------------------------


def test_the_same_mail_by_another_door_is_a_duplicate(office: Office) -> None:
    first = office.take(a_message())
    copy = office.take(RECEIVED + a_message(), door=Door.imap("suporte"), sender=None, recipients=())
    assert copy.id != first.id
    assert (copy.outcome, copy.reason, copy.ticket) == ("duplicate", "same-mail", 1)
    assert office.numbers() == [1]
    assert len(office.ticket(1).messages) == 1


def test_the_same_mail_to_another_queue_is_told_to_its_agents_once(office: Office) -> None:
    office.take(a_message())
    assert "carla@desk.test" not in [who for _, who in office.outgoing()]
    office.take(a_message(), recipients=("vendas@desk.test",))
    office.take(a_message(), door=Door.imap("vendas"), sender=None, recipients=(), queue="vendas", trusted=True)
    office.take(a_message(), door=LMTP, recipients=("vendas@desk.test",))
    assert [name for name, who in office.outgoing() if who == "carla@desk.test"] == ["also_addressed"]


def test_a_forged_message_id_hides_no_genuine_mail(office: Office) -> None:
    office.take(a_message("Sou eu, mesmo.", **{"from": "eve@longe.test"}))
    genuine = office.take(a_message())
    assert (genuine.outcome, genuine.ticket) == ("opened", 2)


def test_a_reused_message_id_with_other_words_is_another_mail(office: Office) -> None:
    office.take(a_message())
    assert office.take(a_message("Outra coisa.")).outcome == "opened"


def test_mails_with_nothing_to_tell_them_apart_are_all_kept(office: Office) -> None:
    bare = a_message(message_id=None, date=None)
    office.take(bare)
    assert office.take(bare, door=LMTP).outcome == "opened"


def test_of_two_same_mails_decided_at_once_the_second_becomes_the_duplicate(office: Office) -> None:
    one, two = office.keep(a_message()), office.keep(a_message(), door=LMTP)
    first, second = office.draft(one), office.draft(two)
    office.settle(first)
    with pytest.raises(Stale):
        office.settle(second)
    office.settle(office.draft(two))
    assert [office.row(number).outcome for number in (one, two)] == ["opened", "duplicate"]
    assert office.numbers() == [1]


def test_a_copy_of_a_held_mail_tells_no_other_queue(office: Office) -> None:
    row = held(office)
    before = office.outgoing()
    copy = office.take(office.received(row.id).raw, recipients=("vendas@desk.test",))
    assert copy.outcome == "duplicate"
    assert office.outgoing() == before


def test_the_trace_of_a_decision_is_kept(office: Office) -> None:
    trace = office.take(a_message()).trace
    assert trace[-1] == ["new_ticket", "opened", "new-mail"]
    assert trace[0][0] == "unreadable"


def test_a_failing_settlement_leaves_nothing_behind(office: Office) -> None:
    number = office.keep(a_message())
    draft = office.draft(number)

    def fail(_: Any) -> None:
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        office.clerk.settle(draft, office.clerk.words(draft), fail)
    for table in (schema.ticket, schema.message, schema.participant, schema.event, schema.notice, schema.outbox,
                  schema.token, schema.budget):  # fmt: skip
        assert office.run(lambda c, table=table: c.execute(select(table)).all()) == []
    assert office.row(number).state == "accepted"
    office.settle(office.draft(number))
    assert office.row(number).outcome == "opened"


def test_an_order_on_nothing_writes_nothing(office: Office) -> None:
    office.take(a_message())
    before = office.ticket(1)
    assert office.clerk.order(Order(1, lambda _: None)) == before.ticket
    assert office.clerk.order(Order(99, lambda _: Decision("x"))) is None
    assert office.ticket(1).events == before.events
