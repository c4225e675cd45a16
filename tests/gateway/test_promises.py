"""What acknowledgements say of the expected wait: from the history of the queue to the mail that the customer gets.

On both databases.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select

from mailtickets.config.calendars import Calendar
from mailtickets.desk.clock.holidays import hours_of
from mailtickets.desk.model.policy import Policy
from mailtickets.gateway.workers import Workers
from mailtickets.jobs.promises import look_at_promises, renew
from mailtickets.mail.door import IMPORT
from mailtickets.store import answer_times
from mailtickets.store.database import Database
from mailtickets.store.schema import answer_time, ticket
from tests.desk.builders import ANA, a_policy
from tests.gateway.alarmed import OPS, Station
from tests.store.databases import database, migrated_file, migrated_postgres
from tests.store.office import Office, a_message, copies

__all__ = ["database", "migrated_file", "migrated_postgres"]

ZONE = ZoneInfo("America/Sao_Paulo")
CALENDAR = Calendar(name="comercial", hours={"mon-fri": "08:00-12:00 13:00-18:00"})
MONDAY = datetime(2026, 11, 30, 9, 10, tzinfo=ZONE)


def promising(locale: str = "pt_BR", *, promise: bool = True) -> Policy:
    """The policy of a desk in which only the queue suporte says what to expect."""
    policy = a_policy(
        suporte={"promise": promise, "locale": locale},
        instance={"ops_address": OPS, "locale": "en"},
        calendars={"comercial": hours_of(CALENDAR, [], str(ZONE))},
    )
    return replace(policy, budget=replace_budget(policy))


def replace_budget(policy: Policy) -> object:
    return policy.budget.model_copy(update={"acknowledgements_per_sender_per_hour": 1000})


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    made = Workers(1)
    yield made
    made.close()


@pytest.fixture
async def station(database: Database, workers: Workers) -> AsyncIterator[Station]:
    found = Station(database, workers)
    found.office.use(promising())
    found.office.now = MONDAY
    yield found
    await found.close()


def take(office: Office, number: int) -> int:
    """A mail by Maria; gives the number of its ticket."""
    row = office.take(a_message(message_id=f"<{number}@cliente.test>", date=format_datetime(office.now)))
    assert isinstance(row.ticket, int)
    return row.ticket


def answer(office: Office, number: int) -> None:
    to = office.reply_address(ANA.address, number)
    office.take(
        a_message("Segue a resposta.", message_id=f"<a{number}@desk.test>", to=to, **{"from": f"Ana <{ANA.address}>"})
    )


def tickets(office: Office, numbers: range) -> None:
    """Tickets with these numbers, which are finished: copies of a first one in another queue."""
    if not office.numbers():
        office.take(a_message(message_id="<first@c.test>", to="vendas@desk.test"), recipients=("vendas@desk.test",))
    row = dict(office.run(lambda c: c.execute(select(ticket).limit(1)).mappings().one()))
    rows = [{**row, "number": number, "status": "closed", "waiting_since": None} for number in numbers]
    office.run(lambda c: c.execute(insert(ticket), rows))


def remember(office: Office, waits: list[tuple[datetime, float]], queue: str = "suporte") -> None:
    """Answers of before: when the mail came, and how many open hours it took."""
    tickets(office, range(9000, 9000 + len(waits)))
    rows = [
        (number, at, at + timedelta(hours=hours), timedelta(hours=hours))
        for number, (at, hours) in enumerate(waits, 9000)
    ]
    office.run(lambda c: answer_times.add(c, queue, rows))


def recorded(office: Office) -> list[tuple[int, str, datetime | None, int | None]]:
    """(ticket, queue, expected at, seconds) of each ticket."""
    rows = office.run(lambda c: list(c.execute(select(answer_time).order_by(answer_time.c.ticket))))
    return [(row.ticket, row.queue, row.promised_at, row.seconds) for row in rows]


# --- what is recorded -------------------------------------------------------------------------------------


async def test_the_first_answer_of_a_person_is_recorded_in_open_time(station: Station) -> None:
    office = station.office
    number = take(office, 1)
    assert recorded(office) == [(number, "suporte", None, None)]
    office.pass_time(hours=4)  # 9:10 to 13:10, with lunch from 12 to 13
    answer(office, number)
    assert recorded(office) == [(number, "suporte", None, 3 * 3600)]
    office.pass_time(hours=1)
    answer(office, number)
    assert recorded(office) == [(number, "suporte", None, 3 * 3600)]


class Rewriter:
    """What `renew` sees of a gateway."""

    def __init__(self, office: Office) -> None:
        self.clerk = office.clerk


async def test_answers_are_measured_anew_when_the_calendar_has_changed(station: Station) -> None:
    office = station.office
    gateway: Any = Rewriter(office)
    number = take(office, 1)
    office.pass_time(hours=4)
    answer(office, number)
    renew(gateway, "suporte", tested=False)
    assert recorded(office) == [(number, "suporte", None, 3 * 3600)]
    longer = hours_of(Calendar(name="comercial", hours={"mon-fri": "08:00-18:00"}), [], str(ZONE))
    office.use(replace(promising(), calendars={"comercial": longer}))
    renew(gateway, "suporte", tested=False)
    assert recorded(office) == [(number, "suporte", None, 4 * 3600)]
    office.use(promising())
    renew(gateway, "suporte", tested=False)
    assert recorded(office) == [(number, "suporte", None, 3 * 3600)]


async def test_the_range_that_customers_read_follows_a_new_calendar(station: Station) -> None:
    """Answers came from 9 to 13 o'clock: three hours of work, and two in the new calendar."""
    office = station.office
    gateway: Any = Rewriter(office)
    days = (MONDAY - timedelta(days=day, minutes=10) for day in range(3, 54))
    arrived = [at for at in days if at.weekday() < 5]
    remember(office, [(at, 4) for at in arrived])
    renew(gateway, "suporte", tested=False)
    mornings = hours_of(Calendar(name="comercial", hours={"mon-fri": "08:00-10:00 12:00-18:00"}), [], str(ZONE))
    office.use(replace(promising(), calendars={"comercial": mornings}))
    renew(gateway, "suporte", tested=False)
    found = office.run(lambda c: answer_times.expectation_of(c, "suporte")).figures
    assert found["weekday", 9].most == timedelta(hours=2)


async def test_an_answer_that_is_taken_back_was_none(station: Station) -> None:
    office = station.office
    queues = tuple(queue.model_copy(update={"undo_seconds": 60}) for queue in promising().queues)
    office.use(replace(promising(), queues=queues))
    number = take(office, 1)
    answer(office, number)
    assert recorded(office) == [(number, "suporte", None, 0)]
    to = office.reply_address(ANA.address, number)
    sender = {"from": f"Ana <{ANA.address}>"}
    office.take(a_message("#desfazer", message_id="<u@desk.test>", to=to, **sender), recipients=(to,))
    assert recorded(office) == [(number, "suporte", None, None)]


async def test_notes_automatic_mail_and_other_queues_are_not_recorded(station: Station) -> None:
    office = station.office
    office.take(a_message(message_id="<v@cliente.test>", to="vendas@desk.test"), recipients=("vendas@desk.test",))
    assert recorded(office) == []
    number = take(office, 1)
    to = office.reply_address(ANA.address, number)
    office.take(a_message("#nota\nVou ver.", message_id="<n@desk.test>", to=to, **{"from": f"Ana <{ANA.address}>"}))
    assert [seconds for *_, seconds in recorded(office)] == [None]


async def test_a_desk_without_promises_records_nothing(station: Station) -> None:
    office = station.office
    office.use(promising(promise=False))
    answer(office, take(office, 1))
    assert recorded(office) == []


async def test_the_tickets_of_before_are_remembered_when_a_queue_begins(station: Station) -> None:
    office, gateway = station.office, await station.begin()
    office.use(promising(promise=False))
    answered, open_ = take(office, 1), take(office, 2)
    office.pass_time(hours=4)
    answer(office, answered)
    old = office.keep(a_message(message_id="<old@cliente.test>"), door=IMPORT)
    office.settle(office.draft(old))
    office.use(promising())
    gateway.clerk.rules = office.clerk.rules
    await look_at_promises(gateway)
    assert recorded(office) == [(answered, "suporte", None, 3 * 3600)]
    assert open_ != answered


async def test_the_tickets_of_before_are_read_page_by_page_until_they_are_too_old(station: Station) -> None:
    office = station.office
    office.use(promising(promise=False))
    old = take(office, 1)
    office.pass_time(days=1)
    numbers = [take(office, 2), take(office, 3)]
    office.pass_time(hours=1)
    for number in (old, *numbers):
        answer(office, number)
    since, below, found = office.now - timedelta(hours=2), 2**62, []
    while below is not None:
        page = office.run(lambda c, b=below: answer_times.unrecorded(c, "suporte", since, b, 1))
        found += [one.ticket for one in page.answers]
        below = page.below
    assert found == numbers[::-1]


# --- what customers are told ------------------------------------------------------------------------------

TWO_HOURS_EACH = [(MONDAY - timedelta(days=7, minutes=number), 1 + number / 20) for number in range(40)]
"""Forty answers to mail of a Monday morning; half within 1:57, 8 in 10 within 2:33."""


def acknowledgement(office: Office, number: int) -> str:
    rows = office.run(lambda c: copies(c, limit=1000))
    return next(" ".join(row.text.split()) for row in rows if row.name == "received" and row.ticket == number)


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        (
            "pt_BR",
            (
                "Em geral, a resposta chega até hoje às 12h; 8 em cada 10 pedidos assim foram respondidos antes. "
                "Em metade dos casos, ela chega até hoje às 11h30."
            ),
        ),
        (
            "en",
            (
                "An answer usually arrives by today at 12:00 PM; 8 in 10 requests like yours were answered sooner. "
                "In half of the cases it arrives by today at 11:30 AM."
            ),
        ),
        (
            "es",
            (
                "Normalmente la respuesta llega a más tardar hoy a las 12:00; 8 de cada 10 solicitudes así se "
                "respondieron antes. En la mitad de los casos llega a más tardar hoy a las 11:30."
            ),
        ),
    ],
)
async def test_the_acknowledgement_says_until_when(station: Station, locale: str, words: str) -> None:
    office, gateway = station.office, await station.begin()
    office.use(promising(locale))
    gateway.clerk.rules = office.clerk.rules
    remember(office, TWO_HOURS_EACH)
    await look_at_promises(gateway)
    number = take(office, 1)
    assert words in acknowledgement(office, number)
    assert recorded(office)[0] == (number, "suporte", MONDAY.replace(hour=12, minute=0), None)


async def test_on_the_day_before_it_is_tomorrow(station: Station) -> None:
    office, gateway = station.office, await station.begin()
    remember(office, TWO_HOURS_EACH)
    await look_at_promises(gateway)
    office.pass_time(hours=8, minutes=10)  # 17:20, 40 minutes before closing
    text = acknowledgement(office, take(office, 1))
    assert "até amanhã às 10h" in text
    assert "metade dos casos" not in text


async def test_without_enough_history_nothing_is_said(station: Station) -> None:
    office, gateway = station.office, await station.begin()
    remember(office, TWO_HOURS_EACH[:29])
    await look_at_promises(gateway)
    assert "8 em cada 10" not in acknowledgement(office, take(office, 1))


async def test_other_queues_say_nothing(station: Station) -> None:
    office, gateway = station.office, await station.begin()
    remember(office, TWO_HOURS_EACH, "vendas")
    await look_at_promises(gateway)
    sent = a_message(message_id="<v@c.test>", to="vendas@desk.test", date=format_datetime(office.now))
    row = office.take(sent, recipients=("vendas@desk.test",))
    assert "8 em cada 10" not in acknowledgement(office, row.ticket)


# --- whether it was true ----------------------------------------------------------------------------------


def expect(office: Office, kept: int, broken: int, first: int) -> None:
    """So many tickets of the last days that were answered in time, and too late."""
    tickets(office, range(first, first + kept + broken))
    for number in range(first, first + kept + broken):
        at = office.now - timedelta(days=1, minutes=number - first)
        arrived = answer_times.Arrived(number, "suporte", at, at + timedelta(hours=2))
        hours = 1 if number < first + kept else 3
        answered = answer_times.Answered(number, at + timedelta(hours=hours), timedelta(hours=hours))
        office.run(lambda c, a=arrived: answer_times.record(c, a))
        office.run(lambda c, a=answered: answer_times.record(c, a))


async def night(station: Station, gateways: int = 1) -> None:
    """A night passes, in which each gateway looks every hour."""
    for _ in range(24):
        station.office.pass_time(hours=1)
        for gateway in station.running[:gateways]:
            await look_at_promises(gateway)
            await gateway.alarms.look()


async def test_what_is_kept_too_seldom_is_not_said_and_ops_are_told_once_and_once_when_it_is_said_again(
    station: Station,
) -> None:
    office = station.office
    for name in ("one", "two"):
        await station.begin(name)
    remember(office, TWO_HOURS_EACH)
    await night(station, 2)
    expect(office, kept=14, broken=6, first=9500)
    await night(station, 2)
    assert "8 em cada 10" not in acknowledgement(office, take(office, 1))
    expected_at = recorded(office)[0][2]
    assert expected_at is not None  # it is worked out all the same, to know when it is true again
    await night(station, 2)
    expect(office, kept=60, broken=0, first=9600)
    await night(station, 2)
    assert "8 em cada 10" in acknowledgement(office, take(office, 2))
    mails = await station.mails()
    told = [mail.subject for mail in mails]
    assert told == [
        "[exemplo] Alert: acknowledgements no longer say when an answer comes (promise-suporte)",
        "[exemplo] Well again: acknowledgements no longer say when an answer comes (promise-suporte)",
    ]
    assert any("14 of 20" in mail.text and "70 %" in mail.text for mail in mails)


async def test_a_queue_that_promises_no_more_has_no_alarm(station: Station) -> None:
    office, gateway = station.office, await station.begin()
    remember(office, TWO_HOURS_EACH)
    await night(station)
    expect(office, kept=10, broken=10, first=9500)
    await night(station)
    assert station.open() == ["promise-suporte"]
    office.use(promising(promise=False))
    gateway.clerk.rules = office.clerk.rules
    await night(station)
    assert station.open() == []
    assert len([subject for subject in await station.subjects() if "promise" in subject]) == 1


async def test_tickets_that_were_finished_without_an_answer_tell_nothing(station: Station) -> None:
    office, gateway = station.office, await station.begin()
    number = take(office, 1)
    to = office.reply_address(ANA.address, number)
    office.take(a_message("#spam", message_id="<s@desk.test>", to=to, **{"from": f"Ana <{ANA.address}>"}))
    assert office.run(lambda c: answer_times.history(c, "suporte", MONDAY - timedelta(days=1))) == []
    assert renew(gateway, "suporte", tested=True).share.of == 0
