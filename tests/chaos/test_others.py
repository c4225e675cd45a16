"""C09, C11, C17, C21 to C23, C38: whom the desk depends on lets it down, under load. Nothing is lost or doubled.

The database is stopped, stands still, or does not answer a COMMIT; the smarthost has moods; a sister gateway is
killed; the mailbox says things twice; and systemd stops the desk in the middle of it all.
"""

import asyncio
import os
import random
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from tests.chaos.books import Books
from tests.chaos.campaign import ENVIRONMENT, Report, campaign_config, compare, finish, ready, rest, seed_of
from tests.chaos.lives import Cradle
from tests.chaos.load import Load, Smarthost, copy_of, until
from tests.chaos.proxy import Proxy
from tests.servers.fake_imap import FakeImap, Session, fetched
from tests.servers.fake_smtp import DROP, Reply
from tests.servers.postgres import Postgres
from tests.system.conftest import DeskMaker
from tests.system.desk import MAILDIR, Desk, config

AWAY_SECONDS = 20
"""Minutes in life; the desk does the same after twenty seconds."""
SEED = os.environ.get("CHAOS_SEED", "")


@pytest.fixture
def lonely_postgres() -> Iterator[Postgres]:
    with Postgres() as server:
        yield server


@pytest.fixture
def report(told: list[str]) -> Iterator[Report]:
    made = Report("", seed_of(SEED))
    yield made
    told.append(
        f"{os.environ.get('PYTEST_CURRENT_TEST', '').rpartition('::')[2].removesuffix(' (teardown)')}: {made.sums()}"
    )


def stand_still(server: Postgres) -> None:
    every_process(server, signal.SIGSTOP)


def go_on(server: Postgres) -> None:
    every_process(server, signal.SIGCONT)


def every_process(server: Postgres, number: int) -> None:
    """A signal to all of PostgreSQL's processes."""
    main = int((server.directory / "data" / "postmaster.pid").read_text().splitlines()[0])
    stats = {int(path.parent.name): path.read_text() for path in Path("/proc").glob("[0-9]*/stat")}
    for pid, stat in stats.items():
        if main in (pid, int(stat.rpartition(")")[2].split()[1])):
            os.kill(pid, number)


@pytest.mark.chaos
@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("leave", "come_back"),
    [(Postgres.stop, Postgres.start), (stand_still, go_on)],
    ids=["stopped", "standing still"],
)
async def test_a_database_that_is_away_for_a_while_costs_time_and_no_mail(
    lonely_postgres: Postgres, make_desk: DeskMaker, cradle: Cradle, report: Report, leave: object, come_back: object
) -> None:
    assert callable(leave)
    assert callable(come_back)
    url, load = lonely_postgres.database(), Load(random.Random(report.seed))
    async with load.servers():
        desk = make_desk(campaign_config(load, url))
        life = cradle.begin(desk, **ENVIRONMENT)
        await ready(desk, life)
        async with load.writing(desk):
            await until(lambda: len(load.smarthost.received) > 10, "the first notices")
            await asyncio.to_thread(leave, lonely_postgres)
            await asyncio.sleep(AWAY_SECONDS)
            await asyncio.to_thread(come_back, lonely_postgres)
            before = len(load.smarthost.received)
            await until(lambda: len(load.smarthost.received) > before + 20, "new notices", lambda: desk.log()[-4000:])
            await finish(desk, life, load, Books(desk, url), report)


@pytest.mark.chaos
@pytest.mark.timeout(400)
async def test_a_commit_whose_answer_is_lost_counts_once(
    postgres: Postgres, make_desk: DeskMaker, cradle: Cradle, report: Report, told: list[str]
) -> None:
    url, load = postgres.database(), Load(random.Random(report.seed))
    async with load.servers(), Proxy(postgres.port, load.chance) as proxy:
        desk = make_desk(campaign_config(load, url.replace(str(postgres.port), str(proxy.port))))
        life = cradle.begin(desk, **ENVIRONMENT)
        await ready(desk, life)
        async with load.writing(desk):
            proxy.share = 0.1
            await until(lambda: proxy.cuts >= 40, "cuts", lambda: desk.log()[-4000:])
            proxy.share = 0
            await finish(desk, life, load, Books(desk, url), report)
    told.append(f"answers to COMMIT that were cut off: {proxy.cuts}")


class Moody(Smarthost):
    """Refuses, greylists, asks for patience and hangs up, at every step, until it is in a good mood."""

    good = False
    refused = 0

    def scripted(self, step: str) -> Reply | None:
        if self.good or step not in MOODS or self._chance.random() > MOOD:
            return super().scripted(step)
        self.refused += 1
        mood = self._chance.choice(MOODS[step])
        if step == ".":
            taken = self.received[-1]
            if mood is DROP:
                self.drops.append(copy_of(taken.recipient, taken.content))
            else:
                self.received.pop()
        return mood


MOOD = 0.15
MOODS: dict[str, tuple[Reply, ...]] = {
    "CONNECT": (DROP, "421 4.3.2 Closing for a moment"),
    "MAIL": ("451 4.3.0 Local error", DROP),
    "RCPT": ("450 4.2.0 Greylisted", "451 4.7.1 Greylisting in action", DROP),
    "DATA": ("451 4.3.0 Local error", DROP),
    ".": ("451 4.3.0 Local error", "452 4.3.1 Out of space", DROP),
}


@pytest.mark.chaos
@pytest.mark.timeout(400)
async def test_a_smarthost_with_moods_gets_everything_and_twice_only_what_it_did_not_answer_for(
    make_desk: DeskMaker, cradle: Cradle, report: Report, told: list[str]
) -> None:
    chance = random.Random(report.seed)
    moody, url = Moody(chance, 0), "sqlite:///mailtickets.db"
    load = Load(chance, smarthost=moody)
    async with load.servers():
        desk = make_desk(campaign_config(load, url))
        books, life = Books(desk, url), cradle.begin(desk, **ENVIRONMENT)
        await ready(desk, life)
        async with load.writing(desk):
            while moody.refused < 100:
                books.let_time_pass()
                await asyncio.sleep(0.3)
            moody.good = True
            await finish(desk, life, load, books, report)
    told.append(f"refusals and hang-ups of the smarthost: {moody.refused}")


@pytest.mark.chaos
@pytest.mark.timeout(400)
async def test_what_a_killed_gateway_had_in_hand_is_anothers_within_a_minute(
    postgres: Postgres, make_desk: DeskMaker, report: Report, tmp_path: Path
) -> None:
    url, load = postgres.database(), Load(random.Random(report.seed))
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(load.servers())
        text = campaign_config(load, url)
        one, two = make_desk(text), Desk(tmp_path, text)
        first = stack.enter_context(Cradle()).begin(one, **ENVIRONMENT)
        await ready(one, first)
        two.state_dir.mkdir()
        shutil.copy2(
            one.state_dir / "secret", two.state_dir
        )  # or one could not write again what the other has promised
        second = stack.enter_context(Cradle()).begin(two, **ENVIRONMENT)
        await ready(two, second)
        async with load.writing(one):
            await until(lambda: len(load.smarthost.received) > 20, "the first notices")
            books = Books(one, url)
            first.signal(signal.SIGKILL)
            await asyncio.to_thread(first.wait)
            excused = Counter(books.in_the_air())
            load.go_elsewhere(two)
            await load.finished()
        await rest(two, load, books)
        second.signal(signal.SIGTERM)
        assert await asyncio.to_thread(second.wait) == 0
        sys.stdout.write(two.log())
    compare(load, books, excused, report)


@pytest.mark.chaos
@pytest.mark.timeout(400)
async def test_sigterm_under_load_cuts_nothing(
    database_url: str, make_desk: DeskMaker, cradle: Cradle, report: Report
) -> None:
    load = Load(random.Random(report.seed))
    async with load.servers():
        desk = make_desk(campaign_config(load, database_url))
        books = Books(desk, database_url)
        async with load.writing(desk):
            for _ in range(6):
                life = cradle.begin(desk, **ENVIRONMENT)
                await ready(desk, life)
                await asyncio.sleep(load.chance.random() * 3)
                asked = [attempt for attempt in load.attempts if attempt.dotted]
                life.signal(signal.SIGTERM)
                assert await asyncio.to_thread(life.wait) == 0
                for attempt in asked:
                    await attempt.ended.wait()
                assert [attempt.reply for attempt in asked if not attempt.reply] == []
                assert books.in_the_air() == set()
            life = cradle.begin(desk, **ENVIRONMENT)
            await finish(desk, life, load, books, report)


async def test_a_message_that_lies_in_the_mailbox_twice_or_is_listed_twice_is_one_ticket(
    make_desk: DeskMaker, cradle: Cradle
) -> None:
    async with FakeImap() as fake:
        fake.on["UID FETCH"] = says_it_twice
        copied, other, foreign = (RAW.format(name=name).replace("\n", "\r\n").encode() for name in "abc")
        desk = make_desk(config(MAILDIR, MAILBOX.format(port=fake.port), smtp_port=0), ENVIRONMENT)
        life = cradle.begin(desk, **ENVIRONMENT)
        await ready(desk, life)
        await fake.until(lambda: fake.idling)
        for raw in (copied, copied, other):
            fake.arrive(raw).date = now()
        await fake.until(lambda: len(fake.folders.get("Processados", ())) == 3)
        books = Books(desk, "sqlite:///mailtickets.db")
        await until(lambda: books.rows("SELECT count(*) FROM ticket") == [(2,)], "two tickets", desk.log)
        assert books.rows("SELECT count(*) FROM inbound") == [(2,)]
        assert fake.folders["INBOX"] == []

        compare_books = partial(asyncio.to_thread, desk.command, "inbound", "reconcile", "--mailboxes")
        assert (await compare_books()).returncode == 0
        fake.add(foreign, folder="Processados")[0].date = now()
        found = await compare_books()
        assert (found.returncode, b"UID 7 in Processados" in found.stdout) == (1, True)
        life.signal(signal.SIGTERM)
        assert await asyncio.to_thread(life.wait) == 0


def now() -> str:
    """As an INTERNALDATE. A second more: the desk has connected within this one."""
    return (datetime.now(UTC) + timedelta(seconds=1)).strftime("%d-%b-%Y %H:%M:%S +0000")


async def says_it_twice(session: Session, tag: str, arguments: str) -> None:
    lines = fetched(session, arguments)
    session.send(*lines, *lines, f"{tag} OK done")


RAW = """\
From: maria@cliente.test
To: contato@desk.test
Subject: {name}
Message-ID: <{name}@cliente.test>

Bom dia.
"""

MAILBOX = """\
[[imap_in]]
name = "contato"
host = "127.0.0.1"
port = {port}
tls = "none"
username = "contato"
password_env = "IMAP_PASSWORD"
queue = "suporte"
start = "all"
"""
