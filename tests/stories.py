"""Stories as pages tell them: who writes what to whom and when, and what arrives in whose mailbox. They are played.

    Mon 09:00  maria@customer.test writes to support@desk.test
               Subject: Second copy of the boleto
               Please send me the boleto of November.
               billing@desk.test receives
               | Queue: billing
               support.agent@desk.test receives nothing

A line with a day and a time is something that happens; the clock goes on until then, and what it brings about happens
too. A day is the next of its name, or a date. `writes to`, `answers` (the newest mail they have had) and `nothing
happens` are what can happen. The lines below are the mail. Each `receives` is one of the mails which have arrived since
the person was last looked at, with all the lines behind `|`; there are no others.
The same words stand in Portuguese.
"""

import email
import email.policy
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import count
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from mailtickets.desk.commands import orders
from mailtickets.desk.model.delivery import Delivery, Sent
from mailtickets.desk.model.facts import Authentication
from mailtickets.gateway.checks import Checks
from mailtickets.gateway.clerk import Clerk
from mailtickets.gateway.delivery.pace import Pace
from mailtickets.gateway.delivery.send import WayOut
from mailtickets.gateway.drafting.order import Order
from mailtickets.gateway.gateway import Gateway
from mailtickets.gateway.rules import Rules
from mailtickets.gateway.workers import Workers
from mailtickets.jobs.schedule import schedule
from mailtickets.mail.door import SMTP
from mailtickets.mail.model import Address, Envelope
from mailtickets.store.database import Database
from mailtickets.store.schema import inbound
from mailtickets.store.schema import ticket as tickets

ZONE = ZoneInfo("America/Sao_Paulo")
BEGIN = datetime(2026, 11, 30, 7, 0, tzinfo=ZONE)
"""A Monday."""
STEP = timedelta(hours=1)
"""How often the jobs of the clock run."""
SECONDS = 3
"""How often they run at the moment of a scene: what one does may be what the next one waits for."""
NOT_PLAYED = frozenset({"watch", "reconcile", "ending-secrets", "holidays"})
"""Jobs that look after the machine."""

DAYS = {name: number for names in ("Mon Tue Wed Thu Fri Sat Sun", "seg ter qua qui sex sáb dom")
        for number, name in enumerate(names.split())}  # fmt: skip

_HAPPENS = re.compile(r"^(\w{3}|\d{4}-\d\d-\d\d) +(\d\d:\d\d) +(.+)$")
_WRITES = re.compile(r"^(\S+@\S+) (?:writes to|escreve a) (\S+@\S+)$")
_ANSWERS = re.compile(r"^(\S+@\S+) (?:answers|responde)$")
_NOTHING = re.compile(r"^(?:nothing happens|nada acontece)$")
_WERE_ANSWERED = re.compile(
    r"^(\d+) (?:others have been answered, each after|outros foram respondidos, cada um em) (\d+) h$"
)
_RECEIVES = re.compile(r"^(\S+@\S+) (?:receives|recebe)$")
_RECEIVES_NOTHING = re.compile(r"^(\S+@\S+) (?:receives nothing|não recebe nada)$")
_SUBJECT = re.compile(r"^(?:Subject|Assunto): (.+)$")


@dataclass
class Scene:
    """Something that happens, and what is then found in mailboxes."""

    when: tuple[str, str]
    kind: Literal["writes", "answers", "history", "nothing"]
    who: str = ""
    to: str = ""
    subject: str = ""
    before: tuple[int, int] = (0, 0)
    """How many other mails were answered in the weeks before, and after how many hours."""
    words: list[str] = field(default_factory=list)
    found: list[tuple[str, list[str] | None]] = field(default_factory=list)
    """(whose mailbox, lines of one mail); None: no mail has come."""


def scenes(text: str) -> list[Scene]:
    """A story, line by line. AssertionError for a line that is no part of one."""
    told: list[Scene] = []
    for line in text.splitlines():
        if not line.strip():
            continue
        if begun := _HAPPENS.match(line):
            told.append(_scene((begun[1], begun[2]), begun[3].strip()))
            continue
        assert told, f"the story does not begin with a day and a time: {line!r}"
        assert line.startswith(" "), f"not understood: {line!r}"
        _add(told[-1], line.strip())
    return told


def _scene(when: tuple[str, str], happens: str) -> Scene:
    if found := _WRITES.match(happens):
        return Scene(when, "writes", found[1], found[2])
    if found := _ANSWERS.match(happens):
        return Scene(when, "answers", found[1])
    if found := _WERE_ANSWERED.match(happens):
        return Scene(when, "history", before=(int(found[1]), int(found[2])))
    assert _NOTHING.match(happens), f"not understood: {happens!r}"
    return Scene(when, "nothing")


def _add(scene: Scene, line: str) -> None:
    if found := _RECEIVES_NOTHING.match(line):
        scene.found.append((found[1], None))
    elif found := _RECEIVES.match(line):
        scene.found.append((found[1], []))
    elif line.startswith("|"):
        assert scene.found, f"nobody receives this: {line!r}"
        lines = scene.found[-1][1]
        assert lines is not None, f"nobody receives this: {line!r}"
        lines.append(line[1:].strip())
    elif found := _SUBJECT.match(line):
        scene.subject = found[1]
    else:
        assert not scene.found, f"what is received stands behind `|`: {line!r}"
        scene.words.append(line)


@dataclass(frozen=True)
class Mail:
    """A mail in somebody's mailbox."""

    recipient: str
    subject: str
    text: str
    reply_to: str
    message_id: str

    @classmethod
    def of(cls, raw: bytes, recipient: str) -> "Mail":
        read = email.message_from_bytes(raw, policy=email.policy.default)
        body = read.get_body(("plain",))
        text = str(body.get_content()) if body is not None else ""  # type: ignore[attr-defined]
        return cls(
            recipient, str(read["Subject"]), text, str(read["Reply-To"] or read["From"]), str(read["Message-ID"])
        )

    def has(self, line: str) -> bool:
        return _plain(line) in _plain(f"{self.subject}\n{self.text}")


def _plain(text: str) -> str:
    return " ".join(text.split())


class Stage:
    """A desk on which stories are played: a real gateway with a clock of the story's, whose mail is kept here."""

    def __init__(self, database: Database, rules: Rules, workers: Workers) -> None:
        self.now = BEGIN
        self.mails: list[Mail] = []
        self._seen: dict[str, int] = {}
        self._ids = count(1)
        clerk = Clerk(database, rules, clock=lambda: self.now)
        self.gateway = Gateway(
            clerk, workers, WayOut(self._send, Pace()), name="one", max_message_bytes=1_000_000,
            checks=Checks(self._vouch),
        )  # fmt: skip

        self._jobs = [job for name, job in jobs(self.gateway) if name not in NOT_PLAYED]

    async def _send(self, raw: bytes, sender: str, recipient: str) -> Delivery:
        self.mails.append(Mail.of(raw, recipient))
        return Sent("250 ok")

    async def _vouch(self, raw: bytes, mail: Any, envelope: Envelope) -> Authentication:
        """The domain of every author vouches for them: who is honest has nothing to fear in a story."""
        return Authentication("pass")

    async def play(self, text: str) -> None:
        told = scenes(text)
        self.now = self._moment(*told[0].when)
        for scene in told:
            await self._until(self._moment(*scene.when))
            await self._happens(scene)
            for who in dict.fromkeys(name for name, _ in scene.found):
                self._look(who, [lines for name, lines in scene.found if name == who], scene)

    # --- the clock ----------------------------------------------------------------------------------------

    def _moment(self, day: str, hour: str) -> datetime:
        at = time.fromisoformat(hour)
        if day not in DAYS:
            return datetime.combine(date.fromisoformat(day), at, ZONE)
        ahead = timedelta(days=(DAYS[day] - self.now.weekday()) % 7)
        found = datetime.combine(self.now.date() + ahead, at, ZONE)
        return found if found >= self.now else found + timedelta(days=7)

    async def _until(self, moment: datetime) -> None:
        assert moment >= self.now, f"{moment} is over"
        while self.now + STEP < moment:
            self.now += STEP
            await self._ring()
        self.now = moment
        for _ in range(SECONDS):
            await self._ring()

    async def _ring(self) -> None:
        for job in self._jobs:
            await job()
        await self._deliver()

    async def _deliver(self) -> None:
        while await self.gateway.deliver():
            await self.gateway.delivering.tasks.all_done()

    # --- mail ---------------------------------------------------------------------------------------------

    async def _happens(self, scene: Scene) -> None:
        if scene.kind == "nothing":
            return
        if scene.kind == "history":
            await self._others(*scene.before)
            return
        to, subject, answered = scene.to, scene.subject, ""
        if scene.kind == "answers":
            last = next((mail for mail in reversed(self.mails) if mail.recipient == scene.who), None)
            assert last is not None, f"{scene.who} has nothing to answer"
            to, answered, subject = last.reply_to, last.message_id, subject or f"Re: {last.subject}"
        raw = self._raw(scene, to, subject, answered)
        to = re.sub(r".*<|>.*", "", to)
        envelope = Envelope(SMTP, scene.who, (to,), self.now, peer="192.0.2.1")
        await self.gateway.process(await self.gateway.accept(raw, envelope))
        await self._process_released()
        await self._deliver()

    async def _others(self, mails: int, hours: int) -> None:
        """Some other people have written, about this hour of the working days before, and were answered."""
        now, queue = self.now, self.gateway.clerk.rules.policy.queues[0].address
        agent = self.gateway.clerk.rules.policy.agents[0]
        answer = partial(orders.answer, text="Done.", author=Address(agent.name, agent.address), actor="story")
        for number in range(mails):
            days, hour = divmod(number, 5)
            self.now = _working_day(now, mails // 5 + 1 - days) + timedelta(minutes=10 * hour)
            scene = Scene(
                ("", ""), "writes", f"person{number}@elsewhere.test", queue, f"{number}", words=["Please help."]
            )
            await self._happens(scene)
            ticket = self.gateway.clerk.database.transact(
                lambda c: c.execute(select(func.max(tickets.c.number))).scalar()
            )
            self.now += timedelta(hours=hours)
            self.gateway.clerk.order(Order(ticket, partial(answer, by_agent=True), text="Done."))
        self.now = now
        await self._ring()

    async def _process_released(self) -> None:
        """Decides again on mail that the last one has released. A gateway that runs finds it by itself."""
        waiting = select(inbound.c.id).where(inbound.c.state == "accepted")
        database = self.gateway.clerk.database
        for number in database.transact(lambda c: list(c.execute(waiting).scalars())):
            await self.gateway.process(number)

    def _raw(self, scene: Scene, to: str, subject: str, answered: str) -> bytes:
        name = scene.who.partition("@")[0].replace(".", " ").title()
        mail = email.message.EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = f"{name} <{scene.who}>", to, subject
        mail["Date"] = self.now
        mail["Message-ID"] = f"<story-{next(self._ids)}@{scene.who.partition('@')[2]}>"
        if answered:
            mail["In-Reply-To"] = mail["References"] = answered
        mail.set_content("\n".join(scene.words) + "\n")
        return mail.as_bytes(policy=email.policy.SMTP)

    def _look(self, who: str, told: list[list[str] | None], scene: Scene) -> None:
        """Compares what has arrived since the last look with what is told: as many mails, each with its lines."""
        begun, self._seen[who] = self._seen.get(who, 0), len(self.mails)
        new = [mail for mail in self.mails[begun:] if mail.recipient == who]
        shown = "\n----\n".join(f"{mail.subject}\n\n{mail.text}" for mail in new) or "(nothing)"
        where = f"{' '.join(scene.when)}, {who} has received:\n{shown}"
        wanted = [lines for lines in told if lines is not None]
        for lines in wanted:
            found = next((mail for mail in new if all(mail.has(line) for line in lines)), None)
            assert found is not None, f"{lines} is not in what\n{where}"
            new.remove(found)
        assert not new, f"{len(new)} more than told: {where}"


def _working_day(now: datetime, back: int) -> datetime:
    """So many working days before, at the same hour."""
    while back:
        now -= timedelta(days=1)
        back -= now.weekday() < 5
    return now


def jobs(gateway: Gateway) -> Iterator[tuple[str, Callable[[], Awaitable[None]]]]:
    """The jobs of a running daemon, by name."""

    async def nothing(*_: Any) -> Any:
        return []

    class Watch:
        look = staticmethod(nothing)

    made: Any = partial(schedule, gateway, nothing, nothing, Watch(), nothing)
    for job in made().get_jobs():
        yield job.args[0], job.args[1]
