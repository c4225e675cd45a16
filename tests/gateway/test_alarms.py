"""What ops receive: each trouble once, what to do, and that it is well again. On both databases."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from mailtickets.config.models import Junk
from mailtickets.desk.model.delivery import Transient
from mailtickets.desk.notices.alarms import ALARMS, kind_of
from mailtickets.gateway.checks import Checks, unknown_sender
from mailtickets.gateway.workers import Workers
from mailtickets.mail.kind.junk import NO_MARK, JunkVerdict
from mailtickets.store.database import Database
from tests.gateway.alarmed import OPS, Station
from tests.store.databases import database, migrated_file, migrated_postgres
from tests.store.office import a_message, an_envelope

__all__ = ["database", "migrated_file", "migrated_postgres"]

REFUSED = "IMAP account suporte (suporte@desk.test on imap.desk.test): login refused"


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    made = Workers(1)
    yield made
    made.close()


@pytest.fixture
async def station(database: Database, workers: Workers) -> AsyncIterator[Station]:
    made = Station(database, workers)
    yield made
    await made.close()


async def test_ops_read_what_is_wrong_since_when_and_what_to_do(station: Station) -> None:
    one = await station.begin()
    await one.alarms.sound("imap-suporte", REFUSED)
    (mail,) = await station.mails()
    assert mail.subject == "[exemplo] Alert: a mailbox cannot be read (imap-suporte)"
    assert REFUSED in mail.text
    assert "Since March 3, 2025" in mail.text
    assert "What to do: Mail waits in the mailbox; none is lost. Run `mailtickets check`" in mail.text
    assert mail.header("auto-submitted") == "auto-generated"
    assert [person.address for person in mail.to] == [OPS]


@pytest.mark.parametrize(("locale", "words"), [("pt_BR", "O que fazer: Os e-mails"), ("es", "Qué hacer: Los correos")])
async def test_ops_read_it_in_the_language_of_the_instance(
    database: Database, workers: Workers, locale: str, words: str
) -> None:
    station = Station(database, workers, locale)
    one = await station.begin()
    await one.alarms.sound("imap-suporte", REFUSED)
    (mail,) = await station.mails()
    assert words in mail.text
    await station.close()


async def test_the_log_has_each_alarm_once(station: Station, caplog: pytest.LogCaptureFixture) -> None:
    one, two = await station.begin("one"), await station.begin("two")
    for gateway in (one, two, one):
        await gateway.alarms.sound("imap-suporte", REFUSED)
        await gateway.alarms.sound("imap-suporte-INBOX-7-1", "became no ticket")
    assert [record.message for record in caplog.records] == ["alarm", "alarm"]


async def test_the_same_trouble_is_told_once(station: Station) -> None:
    one = await station.begin()
    for minute in range(0, 200, 20):
        await one.alarms.sound("imap-suporte", f"{REFUSED} for {minute} minutes")
        await station.pass_minutes(20, step=20)
    assert len(await station.mails()) == 1
    assert station.alarms()["imap-suporte"].text.endswith("for 180 minutes"), "status shows the newest"


async def test_well_again_is_told_when_the_trouble_has_stayed_away(station: Station) -> None:
    one = await station.begin()
    await one.alarms.sound("imap-suporte", REFUSED)
    await station.pass_minutes(30, step=15)
    await one.alarms.clear("imap-suporte")
    assert len(await station.mails()) == 1
    await station.pass_minutes(4, step=2)
    assert await station.mails() == []
    await station.pass_minutes(1)
    (mail,) = await station.mails()
    assert mail.subject == "[exemplo] Well again: a mailbox cannot be read (imap-suporte)"
    assert "It was wrong from March 3, 2025, 12:00 PM to March 3, 2025, 12:30 PM." in mail.text
    assert REFUSED in mail.text
    assert mail.header("auto-submitted") == "auto-generated"
    await station.pass_minutes(200, step=50)
    assert await station.mails() == []


async def test_a_restart_tells_nothing_again_and_well_again_is_told_after_it(station: Station) -> None:
    one = await station.begin()
    await one.alarms.sound("imap-suporte", REFUSED)
    await station.mails()
    await station.end(one)
    again = await station.begin()
    await again.alarms.sound("imap-suporte", REFUSED)
    await station.pass_minutes(180, step=30)
    assert await station.mails() == []
    assert station.open() == ["imap-suporte"]
    await station.end(again)
    last = await station.begin()
    await last.alarms.clear("imap-suporte")
    await station.pass_minutes(5)
    assert await station.subjects() == ["[exemplo] Well again: a mailbox cannot be read (imap-suporte)"]


async def test_trouble_that_nobody_has_looked_at_since_the_restart_lasts(station: Station) -> None:
    one = await station.begin()
    await one.alarms.sound("scanner-unavailable", "rspamd: no route")
    await station.mails()
    await station.end(one)
    await station.begin()
    await station.begin("another")
    await station.pass_minutes(300, step=30)
    assert await station.mails() == []
    assert station.open() == ["scanner-unavailable"], "the other one does not think that the first is gone"


async def test_of_two_gateways_with_the_same_trouble_one_tells(station: Station) -> None:
    one, two = await station.begin("one"), await station.begin("two")
    for _ in range(3):
        await asyncio.gather(*(one.alarms.sound("imap-suporte", REFUSED) for one in (one, two)))
        await station.pass_minutes(1)
    assert len(await station.mails()) == 1


async def test_it_is_well_again_when_all_gateways_are(station: Station) -> None:
    one, two = await station.begin("one"), await station.begin("two")
    await one.alarms.sound("imap-suporte", REFUSED)
    await two.alarms.sound("imap-suporte", REFUSED)
    await station.mails()
    await one.alarms.clear("imap-suporte")
    await station.pass_minutes(60, step=20)
    assert await station.mails() == []
    await two.alarms.clear("imap-suporte")
    await station.pass_minutes(10, step=5)
    assert await station.subjects() == ["[exemplo] Well again: a mailbox cannot be read (imap-suporte)"]


async def test_one_gateway_that_reads_the_mailbox_does_not_hide_that_another_cannot(station: Station) -> None:
    one, two = await station.begin("one"), await station.begin("two")
    await one.alarms.sound("imap-suporte", REFUSED)
    for _ in range(5):
        await two.alarms.clear("imap-suporte")
        await station.pass_minutes(1)
    assert station.open() == ["imap-suporte"]


async def test_trouble_of_the_whole_desk_is_over_for_all_when_one_gateway_sees_it(station: Station) -> None:
    one, two = await station.begin("one"), await station.begin("two")
    await one.alarms.sound("delivery-late", "3 copies wait")
    await two.alarms.clear("delivery-late")
    assert station.open() == []
    await station.pass_minutes(1)
    await one.alarms.sound("delivery-late", "3 copies wait")
    assert station.open() == ["delivery-late"], "the first gateway sees it again"


async def test_a_gateway_that_is_gone_sees_nothing_any_more(station: Station) -> None:
    one, two = await station.begin("one"), await station.begin("two")
    await one.alarms.sound("imap-suporte", REFUSED)
    await two.alarms.sound("disk-low", "3 MB")
    await station.mails()
    await station.end(one)
    await station.pass_minutes(59, step=59)
    assert station.open() == ["disk-low", "imap-suporte"]
    await station.pass_minutes(10, step=2)
    assert station.open() == ["disk-low"]
    assert await station.subjects() == ["[exemplo] Well again: a mailbox cannot be read (imap-suporte)"]


@pytest.mark.parametrize("when", ["accept", "defer"])
async def test_a_scanner_that_is_away_is_told_whether_mail_waits_for_it_or_not(station: Station, when: str) -> None:
    one = await station.begin()
    verdicts = [JunkVerdict("unavailable", "no-answer", "rspamd", "no route to host"), NO_MARK]

    async def scan(*_: object) -> JunkVerdict:
        return verdicts.pop(0)

    one.processing.checks = Checks(unknown_sender, scan)
    policy = one.clerk.rules.policy
    one.clerk.rules = replace(one.clerk.rules, policy=replace(policy, junk=Junk(when_unavailable=when)))
    number = await one.accept(a_message(), an_envelope(received_at=station.office.now))
    await one.process(number)
    assert station.office.row(number).state == ("done" if when == "accept" else "accepted")
    (mail,) = await station.mails()
    assert mail.subject == "[exemplo] Alert: the scanner does not answer (scanner-unavailable)"
    assert "rspamd: no-answer no route to host" in mail.text
    another = await one.accept(a_message(message_id="<2@x.test>"), an_envelope(received_at=station.office.now))
    await one.process(another)
    await station.pass_minutes(5)
    assert [subject for subject in await station.subjects() if "Well again" in subject] != []


# --- no cannon ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("minutes", "most"), [(4, 4), (15, 6), (40, 10)])
async def test_what_comes_and_goes_for_half_a_day_writes_little(station: Station, minutes: int, most: int) -> None:
    one = await station.begin()
    mails = []
    for _ in range(12 * 60 // (2 * minutes)):
        await one.alarms.sound("imap-suporte", REFUSED)
        await station.pass_minutes(minutes, step=minutes)
        await one.alarms.clear("imap-suporte")
        await station.pass_minutes(minutes, step=max(5, minutes))
        mails += await station.mails()
    assert len(mails) <= most
    await station.pass_minutes(61, step=61)
    mails += await station.mails()
    assert "Well again" in mails[-1].subject
    assert mails[-1].text.count("times") == 1


async def test_what_has_come_back_within_the_hour_is_told_when_the_hour_is_over(station: Station) -> None:
    one = await station.begin()
    await one.alarms.sound("imap-suporte", REFUSED)
    await station.pass_minutes(10, step=5)
    await one.alarms.clear("imap-suporte")
    await station.pass_minutes(10, step=5)
    assert len(await station.mails()) == 2
    await one.alarms.sound("imap-suporte", REFUSED)
    await station.pass_minutes(39, step=13)
    assert await station.mails() == []
    await station.pass_minutes(1)
    (mail,) = await station.mails()
    assert "Since March 3, 2025, 12:00 PM, and it comes and goes: 2 times." in mail.text


async def test_many_alarms_of_a_kind_are_gathered(station: Station) -> None:
    one = await station.begin()
    for number in range(1, 41):
        await one.alarms.sound(f"imap-suporte-INBOX-7-{number}", f"message UID {number} became no ticket")
    assert len(await station.mails()) == 3
    await station.pass_minutes(60, step=30)
    (mail,) = await station.mails()
    assert mail.subject == "[exemplo] Alert: a message has become no ticket (imap-message)"
    assert mail.text.count("became no ticket") == 20
    assert "... +17" in mail.text
    await station.pass_minutes(300, step=100)
    assert await station.mails() == []


async def test_accounts_that_are_well_again_together_are_told_together(station: Station) -> None:
    one = await station.begin()
    for number in range(8):
        await one.alarms.sound(f"imap-caixa{number}", "no route to host")
    await station.pass_minutes(61, step=61)
    assert len(await station.mails()) == 4
    for number in range(8):
        await one.alarms.clear(f"imap-caixa{number}")
    await station.pass_minutes(10, step=5)
    (mail,) = await station.mails()
    assert mail.subject == "[exemplo] Well again: a mailbox cannot be read (imap)"
    assert all(f"imap-caixa{number}" in mail.text for number in range(8))


async def test_another_kind_is_told_although_one_kind_rings_all_the_time(station: Station) -> None:
    one = await station.begin()
    for number in range(10):
        await one.alarms.sound(f"imap-caixa{number}", "no route to host")
    await station.mails()
    await one.alarms.sound("disk-low", "3 MB are free")
    assert await station.subjects() == ["[exemplo] Alert: a disk has little room left (disk-low)"]


# --- what happened, what changed, what is gone ----------------------------------------------------------


async def test_what_has_happened_is_told_once_for_ever(station: Station) -> None:
    key = "imap-suporte-INBOX-7-12"
    for _ in range(3):
        one = await station.begin()
        await one.alarms.sound(key, "message UID 12 became no ticket")
        await station.pass_minutes(100, step=50)
        await station.mails()
        await station.end(one)
    await station.begin()
    assert await station.mails() == []
    assert station.open() == [], "there is nothing that could pass"
    assert station.alarms()[key].told


async def test_other_differences_in_the_books_are_told_again(station: Station) -> None:
    one = await station.begin()
    await one.alarms.sound("reconcile", "inbound 7 has no outcome")
    await one.alarms.sound("reconcile", "inbound 7 has no outcome")
    await station.pass_minutes(24 * 60, step=12 * 60)
    assert len(await station.mails()) == 1
    await one.alarms.sound("reconcile", "inbound 7 has no outcome")
    await one.alarms.sound("reconcile", "inbound 7 and 8 have no outcome")
    (mail,) = await station.mails()
    assert "inbound 7 and 8" in mail.text


async def test_an_account_that_left_the_configuration_leaves_no_alarm(station: Station) -> None:
    one = await station.begin()
    for key in ("imap-suporte", "imap-suporte-Junk", "imap-vendas", "oauth-antiga", "disk-low"):
        await one.alarms.sound(key, "trouble")
    await station.mails()
    await one.alarms.keep_only(["vendas"], [])
    await station.pass_minutes(60, step=20)
    assert station.open() == ["disk-low", "imap-vendas"]
    assert [subject for subject in await station.subjects() if "Well" in subject] == []


async def test_alarms_that_passed_long_ago_are_forgotten(station: Station) -> None:
    one = await station.begin()
    await one.alarms.sound("disk-low", "3 MB")
    await one.alarms.clear("disk-low")
    await station.pass_minutes(10, step=5)
    station.office.pass_time(days=91)
    await station.pass_minutes(1)
    assert station.alarms() == {}


async def test_ops_who_are_named_later_are_told_what_lasts(station: Station) -> None:
    one = await station.begin()
    station.use_ops("")
    await one.alarms.sound("disk-low", "3 MB")
    await station.pass_minutes(30, step=10)
    assert await station.mails() == []
    assert station.open() == ["disk-low"], "status shows it"
    station.use_ops(OPS)
    await station.pass_minutes(1)
    (mail,) = await station.mails()
    assert "Since March 3, 2025, 12:00 PM" in mail.text


async def test_an_alarm_that_the_database_does_not_take_can_be_raised_again(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await station.begin()
    with monkeypatch.context() as patched:
        patched.setattr(one.alarms._transactions, "alone", _no_database)
        with pytest.raises(Transient):
            await one.alarms.sound("disk-low", "3 MB")
    await one.alarms.sound("disk-low", "3 MB")
    assert len(await station.mails()) == 1


async def _no_database(*_: object) -> None:
    raise Transient("the server is away")


# --- the table ------------------------------------------------------------------------------------------


def test_every_alarm_has_its_words_in_every_language() -> None:
    for row in ALARMS.values():
        for words in (row.title, row.advice):
            assert set(words) == {"pt_BR", "en", "es"}, row.keys
            assert all(words.values()), row.keys


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("imap-suporte", "imap"),
        ("imap-caixa-2", "imap"),
        ("imap-suporte-Junk", "imap"),
        ("imap-suporte-INBOX-17-4", "imap-message"),
        ("imap-caixa-2-INBOX-17-4", "imap-message"),
        ("imap-suporte-move", "imap-move"),
        ("oauth-microsoft", "oauth"),
        ("oauth-microsoft-refused", "oauth-refused"),
        ("oauth-microsoft-expires", "oauth-ends"),
        ("oauth-microsoft-ends", "oauth-ends"),
        ("delivery-late", "delivery-late"),
        ("something-else", "something-else"),
    ],
)
def test_a_key_belongs_to_a_kind(key: str, kind: str) -> None:
    assert kind_of(key) == kind
