"""The desk at a glance: the same on both databases, and the same as the listings say."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from mailtickets.config.outline import DeskOutline
from mailtickets.desk.model.ticket import STATUSES
from mailtickets.mail.door import IMPORT
from mailtickets.store import agents, alarms, health, schema
from mailtickets.store.read import inbound, outbox, tickets
from mailtickets.store.read.figures import WAITING_OUT, Waiting
from mailtickets.store.read.reader import opened
from mailtickets.store.read.status import HOURS, NO_REPLY, DeskStatus, HeldFor, MachineStatus, code_of, look, masked
from mailtickets.store.read.tickets import UNFINISHED
from mailtickets.views import status as view
from tests.desk.builders import NOW, a_config
from tests.store.office import Office, a_message

CONFIG = a_config()
OUTLINE = DeskOutline.of(CONFIG.model_dump())
MACHINE = MachineStatus("1", running=True, free_bytes=10**9)
ALL = 1_000


def seen(office: Office, **given: Any) -> DeskStatus:
    with opened(office.database.url) as reader:
        return look(reader, given.get("outline", OUTLINE), MACHINE, given.get("now", office.now))


def change(office: Office, table: Any, number: int, **values: Any) -> None:
    office.run(lambda c: c.execute(update(table).where(table.c.id == number).values(**values)))


def busy(office: Office) -> None:
    """Mail of some hours, tickets of every status and of several people, and copies in every state."""
    for number in range(12):
        office.take(a_message(f"Mail {number}.", message_id=f"<b{number}@x.test>"))
        office.pass_time(minutes=37)
    copies = office.run(lambda c: list(c.execute(select(schema.outbox.c.id).order_by(schema.outbox.c.id)).scalars()))
    states = (*WAITING_OUT, "sent", "failed", "cancelled")
    for place, number in enumerate(copies):
        state = states[place % len(states)]
        sent_at = office.now - timedelta(minutes=11 * place) if state == "sent" else None
        change(office, schema.outbox, number, state=state, sent_at=sent_at, last_reply="451 4.7.1 later, maria@x.test")
    for number, reason in ((2, "spam-header"), (5, "agent-without-token"), (7, "spam-header")):
        change(office, schema.inbound, number, state="held", outcome="held", reason=reason)
    change(office, schema.inbound, 9, state="accepted", outcome=None)


def test_an_empty_desk_has_nothing_to_say(office: Office) -> None:
    status = seen(office)
    assert len(status.hours) == HOURS
    assert (status.received, status.sent, status.failed, status.held) == (0, 0, 0, [])
    assert status.outbox == dict.fromkeys(WAITING_OUT, Waiting(0, None))
    assert {queue.open for queue in status.queues} == {0}
    assert view.state_of(status) == "well"


def test_the_figures_are_those_of_the_listings(office: Office) -> None:
    busy(office)
    status = seen(office)
    with opened(office.database.url) as reader:
        mails = inbound.listed(reader, limit=ALL)
        copies = outbox.listed(reader, limit=ALL)
        open_ = [one for one in tickets.listed(reader, limit=ALL) if one.status in UNFINISHED]
    begins = status.hours[0].begins
    assert status.received == sum(mail.received_at >= begins for mail in mails) > 5
    assert status.sent == sum(copy.sent_at is not None and copy.sent_at >= begins for copy in copies) > 1
    held = [mail for mail in mails if mail.state == "held"]
    assert status.all_held == Waiting(len(held), min(mail.received_at for mail in held))
    assert {one.reason: one.count for one in status.held} == {"spam-header": 2, "agent-without-token": 1}
    assert status.undecided.count == sum(mail.state == "accepted" for mail in mails) == 1
    for state, waiting in status.outbox.items():
        those = [copy.created_at for copy in copies if copy.state == state]
        assert waiting == Waiting(len(those), min(those)), state
    assert status.failed == sum(copy.state == "failed" for copy in copies)
    for queue in status.queues:
        ours = [one for one in open_ if one.queue == queue.name]
        assert queue.tickets == {s: sum(one.status == s for one in ours) for s in STATUSES if s in UNFINISHED}
        assert queue.unassigned == sum(one.assignee is None for one in ours)
        waits = sorted((one.waiting_since, one.number) for one in ours if one.waiting_since)
        assert (queue.unanswered.since, queue.oldest) == (waits[0] if waits else (None, None))
    for agent in status.agents:
        assert agent.tickets == sum(one.assignee == agent.address for one in open_)


def test_mail_stands_in_the_hour_of_the_clock_where_the_desk_is(office: Office) -> None:
    outline = DeskOutline.of({**CONFIG.model_dump(), "instance": {"timezone": "Asia/Kolkata"}})  # half an hour off
    office.take(a_message())
    status = seen(office, outline=outline, now=office.now + timedelta(minutes=45))
    assert [hour.begins.astimezone(status.zone).minute for hour in status.hours] == [0] * HOURS
    [hour] = [hour for hour in status.hours if hour.received]
    assert hour.begins <= NOW < hour.begins + timedelta(hours=1)


def test_mail_of_the_day_before_is_not_counted(office: Office) -> None:
    office.take(a_message())
    assert seen(office).received == 1
    assert seen(office, now=office.now + timedelta(hours=24)).received == 0


def test_old_mail_that_is_imported_is_not_mail_that_comes_in(office: Office) -> None:
    office.take(a_message())
    office.run(lambda c: c.execute(update(schema.inbound).values(source=IMPORT.name)))
    assert seen(office).received == 0


def test_held_mail_has_its_reason_and_the_oldest_of_each(office: Office) -> None:
    busy(office)
    with opened(office.database.url) as reader:
        second = inbound.shown(reader, 2)
    assert second is not None
    assert seen(office).held[0] == HeldFor("spam-header", 2, second.received_at)


def test_an_agent_is_shown_with_load_and_absence(office: Office) -> None:
    office.take(a_message())
    address = CONFIG.agent[0].address
    office.run(lambda c: c.execute(update(schema.ticket).values(assignee=address)))
    office.run(lambda c: c.execute(update(schema.tally).values(assignee=address)))
    office.run(lambda c: agents.set_absence(c, address, NOW + timedelta(days=2)))
    agent = seen(office).agents[0]
    assert (agent.address, agent.tickets, agent.absent_until) == (address, 1, NOW + timedelta(days=2))


def test_tickets_of_people_and_queues_that_the_configuration_no_longer_has_are_not_lost(office: Office) -> None:
    office.take(a_message())
    office.run(lambda c: c.execute(update(schema.ticket).values(queue="antiga", assignee="saiu@desk.test")))
    office.run(lambda c: c.execute(update(schema.tally).values(queue="antiga", assignee="saiu@desk.test")))
    status = seen(office)
    assert status.others == 1
    assert (status.queues[-1].name, status.queues[-1].open, status.queues[-1].oldest) == ("antiga", 1, 1)


# --- accounts and alarms --------------------------------------------------------------------------------

WITH_MAILBOX = DeskOutline.of({
    "instance": {"hostname": "mail.desk.test"},
    "imap_in": [{"name": "suporte", "username": "suporte@desk.test"}],
    "delivery": {"method": "maildir"},
    "queue": [{"name": "suporte", "addresses": ["suporte@desk.test"]}],
})  # fmt: skip


def test_an_account_that_nothing_is_known_of_is_shown_too(office: Office) -> None:
    [account] = seen(office, outline=WITH_MAILBOX).accounts
    assert (account.kind, account.name, account.last_success_at, account.failing_since) == (
        "imap",
        "suporte",
        None,
        None,
    )


def test_an_account_fails_when_one_gateway_cannot_use_it(office: Office) -> None:
    later = NOW + timedelta(minutes=2)
    office.run(lambda c: health.succeeded(c, "imap", "suporte", "one", later))
    office.run(lambda c: health.failed(c, "imap", "suporte", "two", "NO login of suporte@desk.test: maria@x.test", NOW))
    [account] = seen(office, outline=WITH_MAILBOX, now=later).accounts
    assert (account.last_success_at, account.failing_since) == (later, NOW)
    assert account.error == "NO login of suporte@desk.test: <...>"


def test_what_a_gateway_saw_that_is_gone_does_not_count(office: Office) -> None:
    later = NOW + timedelta(hours=3)
    office.run(lambda c: health.failed(c, "imap", "suporte", "gone", "connection refused", NOW))
    office.run(lambda c: health.succeeded(c, "imap", "suporte", "one", later))
    [account] = seen(office, outline=WITH_MAILBOX, now=later).accounts
    assert (account.failing_since, account.error) == (None, "")


def test_an_alarm_is_shown_until_it_has_passed_and_without_others_words(office: Office) -> None:
    office.run(lambda c: alarms.report(c, "delivery-late", "outbox 3 to maria@x.test: 451 Maria", "one", NOW))
    office.run(lambda c: alarms.report(c, "imap-suporte", "NO for suporte@desk.test", "one", NOW))
    shown = {one.key: one.text for one in seen(office, outline=WITH_MAILBOX).alarms}
    assert shown == {"delivery-late": "", "imap-suporte": "NO for suporte@desk.test"}
    office.run(lambda c: alarms.withdraw(c, "imap-suporte", "one", NOW))
    assert [one.key for one in seen(office).alarms] == ["delivery-late"]


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        ("550 5.1.1 <maria@x.test> unknown", "550 5.1.1"), ("451-4.7.500 busy", "451 4.7.500"), ("421 bye", "421"),
        ("the gateway was stopped", NO_REPLY), ("", NO_REPLY), (None, NO_REPLY), ("5500 no", NO_REPLY),
    ],
)  # fmt: skip
def test_of_a_reply_only_the_code_is_shown(reply: str | None, code: str) -> None:
    assert code_of(reply) == code


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("outbox 3 to maria@x.test: 451", "outbox 3 to <...>: 451"),
        ("login of SUPORTE@desk.test failed.", "login of SUPORTE@desk.test failed."),
        ('"maria@x.test",<joao@y.test>', '"<...>",<<...>>'),
        ("no address", "no address"),
    ],
)
def test_addresses_that_are_not_the_desks_own_are_masked(text: str, shown: str) -> None:
    assert masked(text, WITH_MAILBOX) == shown


def test_nothing_of_a_customer_is_in_what_is_shown(office: Office) -> None:
    busy(office)
    status = seen(office)
    told = json.dumps(view.as_json(status), default=str) + "\n".join(view.lines(status))
    for word in ("maria", "Maria", "Impressora", "cliente.test", "x.test"):
        assert word not in told
