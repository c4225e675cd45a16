"""The mailbox and the ledger: a message that we put away or went past, and do not know, is named."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from mailtickets.config.credentials import password
from mailtickets.config.models import ImapIn
from mailtickets.desk.model.delivery import ImapCursor
from mailtickets.edges.imap.audit import Audit, audit
from mailtickets.store.ledger import Known
from tests.servers.dovecot import Dovecot
from tests.servers.fake_imap import INTERNALDATE, FakeImap, Mail

RECEIVED_AT = datetime(2026, 3, 3, 13, 12, tzinfo=UTC)
"""What every message of the fake server has as its INTERNALDATE."""
assert INTERNALDATE == "03-Mar-2026 10:12:00 -0300"
SINCE = RECEIVED_AT - timedelta(days=3)
RAW = b"From: a@b.test\r\nMessage-ID: <%d@b.test>\r\n\r\nOi\r\n"


def raw(number: int) -> bytes:
    return RAW % number


def known(number: int, **differing: object) -> Known:
    facts = {"size": len(raw(number)), "received_at": RECEIVED_AT, "message_id": f"{number}@b.test"}
    return Known(**{**facts, **differing})  # type: ignore[arg-type]


@pytest.fixture
async def fake() -> AsyncIterator[FakeImap]:
    async with FakeImap() as fake:
        yield fake


async def looked(fake: FakeImap, *ledger: Known, last_uid: int = 0, begun: datetime = SINCE) -> Audit:
    account = ImapIn(name="contato", host="127.0.0.1", port=fake.port, tls="none", username="contato")
    cursor = ImapCursor("contato", "INBOX", fake.uidvalidity, last_uid, begun)
    return await audit(account, password(lambda: "segredo"), [cursor], ledger, SINCE)


async def test_what_was_put_away_and_is_known_is_in_order(fake: FakeImap) -> None:
    fake.add(raw(1), raw(2), folder="Processados")
    found = await looked(fake, known(1), known(2, message_id=None))
    assert (found.problems, found.held["Processados"]) == ((), 2)


async def test_what_was_put_away_and_is_unknown_is_named(fake: FakeImap) -> None:
    fake.add(raw(1), raw(22), folder="Processados")
    (problem,) = (await looked(fake, known(1))).problems
    assert "UID 2 in Processados" in problem
    assert "not in the ledger" in problem


async def test_a_server_that_only_estimates_sizes_is_understood(fake: FakeImap) -> None:
    fake.add(raw(1), folder="Processados")
    assert (await looked(fake, known(1, size=9))).problems == ()


async def test_what_was_passed_over_is_named_and_what_is_new_is_not(fake: FakeImap) -> None:
    fake.add(raw(1), raw(22), raw(333))
    (problem,) = (await looked(fake, known(1), last_uid=2)).problems
    assert "UID 2 in INBOX" in problem


async def test_what_was_there_before_the_first_connect_is_nobodys_business(fake: FakeImap) -> None:
    fake.add(raw(1))
    fake.add(raw(2), folder="Processados")
    assert (await looked(fake, last_uid=9, begun=RECEIVED_AT + timedelta(hours=1))).problems == ()


async def test_under_another_uidvalidity_nobody_knows_what_was_passed(fake: FakeImap) -> None:
    fake.add(raw(1))
    fake.uidvalidity += 1
    account = ImapIn(name="contato", host="127.0.0.1", port=fake.port, tls="none", username="contato")
    cursor = ImapCursor("contato", "INBOX", fake.uidvalidity - 1, 9, SINCE)
    assert (await audit(account, password(lambda: "segredo"), [cursor], [], SINCE)).problems == ()


async def test_what_failed_and_is_in_the_ledger_all_the_same_is_named(fake: FakeImap) -> None:
    fake.add(raw(1), raw(22), folder="Falhas")
    (problem,) = (await looked(fake, known(1))).problems
    assert "UID 1 in Falhas" in problem


async def test_a_flood_of_problems_is_named_in_part_and_counted(fake: FakeImap) -> None:
    fake.folders["Processados"] = [Mail(number, raw(number)) for number in range(100, 150)]
    problems = (await looked(fake)).problems
    assert len(problems) == 21
    assert "30 more" in problems[-1]


async def test_an_account_that_was_never_read_has_nothing_to_compare(fake: FakeImap) -> None:
    fake.add(raw(1), folder="Processados")
    account = ImapIn(name="contato", host="127.0.0.1", port=fake.port, tls="none", username="contato")
    assert await audit(account, password(lambda: "segredo"), [], [], SINCE) == Audit("contato", {}, ())


async def test_a_real_server_is_left_as_it_was() -> None:
    with Dovecot({"contato@desk.test": "segredo"}) as dovecot:
        dovecot.deliver("contato@desk.test", raw(1), "Processados", received_at=RECEIVED_AT)
        dovecot.deliver("contato@desk.test", raw(22), "Processados", received_at=RECEIVED_AT)
        account = ImapIn(
            name="contato", host="127.0.0.1", port=dovecot.imap_port, tls="none", username="contato@desk.test"
        )
        cursor = ImapCursor("contato", "INBOX", 1, 0, SINCE)
        found = await audit(account, password(lambda: "segredo"), [cursor], [known(1)], SINCE)
        assert (found.held["Processados"], len(found.problems)) == (2, 1)
        assert [file.name for file in dovecot.files("contato@desk.test", "Processados") if "S" in file.suffix] == []
