"""A desk that is killed again and again under load, and the comparison of its books with what it said 250 to.

Just after every kill the database is read: `Report` counts at which hop mails stood. In the end a last life finishes
the work; then everything must add up.
"""

import asyncio
import random
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from tests.chaos.books import HOPS, Books, alike
from tests.chaos.lives import Cradle, Life
from tests.chaos.load import WINDOW, Attempt, Load, copy_of, until
from tests.system.desk import Desk, config

SHARES = (8, 32, 15, 45)
"""Of a hundred kills: before the daemon listens, at the door, soon, once notices go out."""
DOOR_SECONDS, EARLY_SECONDS, LATE_SECONDS, LONGEST_SECONDS = 0.015, 0.8, 0.4, 20
ENVIRONMENT = {"IMAP_PASSWORD": "segredo"}


@dataclass
class Report:
    """What a campaign did, to be printed and judged."""

    database: str
    seed: int
    kills: int = 0
    in_the_middle: int = 0
    """Kills while some mail stood between its final dot and its last transaction."""
    by_hop: Counter[str] = field(default_factory=Counter)
    """Kills while some mail stood there."""
    accepted: int = 0
    notices: int = 0
    twice_after_kill: int = 0
    """Notices that came twice: the desk was killed between the smarthost's taking them and transaction 3."""
    twice_after_drop: int = 0
    """Notices that came twice: the smarthost hung up after their final dot."""

    def lines(self) -> Iterator[str]:
        share = 100 * self.in_the_middle // max(1, self.kills)
        yield f"{self.kills} kills on {self.database} (seed {self.seed}), {share} % of them in the middle of some mail:"
        yield from (f"  {self.by_hop[hop]:>5}  {hop}" for hop in HOPS)
        yield f"  {self.sums()}"

    def sums(self) -> str:
        return (
            f"{self.accepted} mails accepted, 0 lost, 0 doubled; {self.notices} notices, arrived twice: "
            f"{self.twice_after_kill} after a kill, {self.twice_after_drop} after a hang-up behind the final dot"
        )


@dataclass(frozen=True)
class End:
    """How a life ends."""

    come: Callable[[Desk, Life, Load], Awaitable[list[Attempt]]]
    """Returns when it has ended: the attempts whose final dot the daemon may have had by then."""
    environment: Mapping[str, str] = field(default_factory=dict)


def campaign_config(load: Load, url: str) -> str:
    """A desk with all three doors, that owes nobody restraint."""
    tables = TABLES.format(smarthost=load.smarthost.port, imap=load.imap.port)
    return config(tables, smtp_port=0, database=url)


async def campaign(desk: Desk, cradle: Cradle, load: Load, url: str, ends: Iterable[End], report: Report) -> None:
    """Lives the desk once for each of the ends, then once more to finish; compares. The load's servers run already."""
    books, excused = Books(desk, url), Counter[tuple[str, str]]()
    async with load.writing(desk):
        for end in ends:
            life = cradle.begin(desk, **ENVIRONMENT | end.environment)
            excused += _count(await end.come(desk, life, load), load, books, report)
        life = cradle.begin(desk, **ENVIRONMENT)
        await load.finished()
    await rest(desk, load, books)
    life.signal(signal.SIGTERM)
    assert await asyncio.to_thread(life.wait) == 0
    compare(load, books, excused, report)


def _count(attempts: list[Attempt], load: Load, books: Books, report: Report) -> Counter[tuple[str, str]]:
    """Notes where mails stand after a kill. Gives what was being sent: each of that may come once more."""
    report.kills += 1
    if not books.has_begun():
        return Counter()
    cut_off = [attempt for attempt in attempts if attempt.reply is None]
    hops = books.hops(cut_off, load.smarthost, [mail.raw for mail in load.imap.folders["INBOX"]])
    report.in_the_middle += bool(hops)
    report.by_hop.update(hops.keys())
    return Counter(books.in_the_air())


# --- ends ---------------------------------------------------------------------------------------------------


def at_random() -> End:
    """SIGKILL at a random moment."""
    return End(_killed_at_random)


def at_moment(failpoint: str, times: int) -> End:
    """By its own hand, when it comes to that point so often."""
    return End(_fallen, {"MAILTICKETS_FAILPOINT": f"{failpoint}:{times}"})


async def _fallen(desk: Desk, life: Life, load: Load) -> list[Attempt]:
    await until(lambda: not life.is_alive, "the moment")
    assert await asyncio.to_thread(life.wait) == -signal.SIGKILL, desk.log()[-4000:]
    return []


async def _killed_at_random(desk: Desk, life: Life, load: Load) -> list[Attempt]:
    await load.chance.choices((_unborn, _at_the_door, _early, _late), SHARES)[0](desk, life, load)
    attempts = [attempt for attempt in load.attempts if attempt.dotted]
    life.signal(signal.SIGKILL)
    assert await asyncio.to_thread(life.wait) == -signal.SIGKILL, desk.log()[-4000:]
    for attempt in attempts:
        await attempt.ended.wait()  # what had been said already is still read
    load.window = WINDOW
    return attempts


async def _unborn(desk: Desk, life: Life, load: Load) -> None:
    """Before it listens, mostly."""
    await asyncio.sleep(load.chance.random() * EARLY_SECONDS)


async def _at_the_door(desk: Desk, life: Life, load: Load) -> None:
    """While somebody waits for a 250, or just after."""
    await ready(desk, life)
    load.window = load.on_their_way() + 1 + load.chance.randrange(8)
    with suppress(AssertionError):
        await until(lambda: any(x.dotted for x in load.attempts), "a final dot", seconds=LONGEST_SECONDS, step=0)
    await asyncio.sleep(load.chance.random() * DOOR_SECONDS)


async def _early(desk: Desk, life: Life, load: Load) -> None:
    """Before much of its work is done."""
    await ready(desk, life)
    await asyncio.sleep(load.chance.random() * EARLY_SECONDS)


async def _late(desk: Desk, life: Life, load: Load) -> None:
    """When notices go out."""
    await ready(desk, life)
    sent = len(load.smarthost.received)
    with suppress(AssertionError):
        await until(lambda: len(load.smarthost.received) > sent, "a notice", seconds=LONGEST_SECONDS)
    await asyncio.sleep(load.chance.random() * LATE_SECONDS)


async def ready(desk: Desk, life: Life) -> None:
    await until(lambda: life.is_ready or not life.is_alive, "the ready line")
    assert life.is_ready, f"it ended before it listened\n{desk.log()[-4000:]}"


async def rest(desk: Desk, load: Load, books: Books) -> None:
    """Until nothing is left to do."""

    def rested() -> bool:
        books.let_time_pass()
        return books.is_quiet() and not load.imap.folders["INBOX"]

    await until(rested, "rest", lambda: desk.log()[-20_000:], step=0.3)


async def finish(desk: Desk, life: Life, load: Load, books: Books, report: Report) -> None:
    """Lets it come to rest, stops it, and compares; no notice may have come twice, but where the smarthost hung up."""
    await load.finished()
    await rest(desk, load, books)
    life.signal(signal.SIGTERM)
    assert await asyncio.to_thread(life.wait) == 0
    compare(load, books, Counter(), report)


def compare(load: Load, books: Books, excused: Counter[tuple[str, str]], report: Report) -> None:
    books.check_letters(load.letters)
    books.check_notices(load.letters, load.smarthost)
    moved = [copy_of("", mail.raw)[1] for mail in load.imap.folders.get("Processados", ())]
    alike("put away", moved, [letter.id for letter in load.letters if letter.door == "imap"])
    copies, dropped = load.smarthost.copies(), Counter(load.smarthost.drops)
    more = copies - Counter(copies.keys())
    alike("notices that came twice without a reason", (more - excused - dropped).elements(), ())
    report.twice_after_drop = (more & dropped).total()
    report.twice_after_kill = (more - dropped).total()
    report.accepted, report.notices = len(load.letters), len(copies)


def seed_of(text: str) -> int:
    """The seed to play a campaign again, or a new one."""
    return int(text) if text else random.SystemRandom().getrandbits(32)


TABLES = """\
[lmtp_in]
listen = ["unix:intake.sock"]

[[imap_in]]
name = "contato"
host = "127.0.0.1"
port = {imap}
tls = "none"
username = "contato"
password_env = "IMAP_PASSWORD"
queue = "suporte"
start = "all"
poll_seconds = 1

[delivery]
host = "127.0.0.1"
port = {smarthost}
tls = "none"
max_connections = 4

[budget]
automatic_per_domain_per_hour = 1_000_000
automatic_per_hour = 1_000_000
automatic_per_sender_per_day = 1_000_000
"""
