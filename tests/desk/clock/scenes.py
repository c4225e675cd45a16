"""Reads the table `clocks.txt`: tickets, what happened on them, and what their clocks say."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from mailtickets.config.levels import ServiceLevel
from mailtickets.desk.clock.calendar import open_hours
from mailtickets.desk.clock.clocks import Clock
from mailtickets.desk.clock.course import Happening
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Ticket
from mailtickets.mail.model import Address
from tests.desk.builders import a_policy, a_ticket

HERE = Path(__file__).parent
ZONE = ZoneInfo("America/Sao_Paulo")
CARNIVAL = datetime(2025, 3, 4, tzinfo=ZONE).date()
NUMBER = 42
CUSTOMER, AGENT = "maria@cliente.test", "ana@desk.test"


def at(day: str, time: str = "00:00") -> datetime:
    """A moment of March 2025."""
    hour, minute = time.split(":")
    return datetime(2025, 3, int(day), int(hour), int(minute), tzinfo=ZONE)


def the_policy(**changes: Any) -> Policy:
    """The levels and calendars of levels.toml."""
    read = tomllib.loads((HERE / "levels.toml").read_text())
    calendars = {name: open_hours(name, ZONE, hours, {}, [CARNIVAL]) for name, hours in read["calendar"].items()}
    levels = tuple(a_level(**level) for level in read["level"])
    return a_policy(instance={"timezone": "America/Sao_Paulo"}, **{"calendars": calendars, "levels": levels, **changes})


def a_level(**values: Any) -> ServiceLevel:
    """A level, from values as TOML gives them."""
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
    return ServiceLevel(**given)


@dataclass(slots=True)
class Scene:
    title: str
    ticket: Ticket = field(default_factory=lambda: a_ticket(NUMBER))
    history: list[Happening] = field(default_factory=list)
    now: datetime = field(default_factory=lambda: at("31"))
    expected: list[str] = field(default_factory=list)


def scenes(text: str) -> Iterator[Scene]:
    scene = Scene("")
    for line in text.splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if not line.startswith(" "):
            if scene.title:
                yield scene
            scene = Scene(line.strip())
        else:
            _read(scene, line.split())
    yield scene


def _read(scene: Scene, words: list[str]) -> None:
    match words:
        case ["ticket", *settings]:
            scene.ticket = _ticket(dict(setting.split("=") for setting in settings))
        case ["now", day, time]:
            scene.now = at(day, time)
        case ["=", *clock]:
            scene.expected.append(" ".join(clock))
        case [day, time, *said]:
            scene.history += _happened(at(day, time), said)


def _ticket(settings: dict[str, str]) -> Ticket:
    customer = settings.pop("customer", "")
    tags = {"tags": tuple(settings.pop("tags").split(","))} if "tags" in settings else {}
    address = f"maria{customer}" if customer else CUSTOMER
    return a_ticket(NUMBER, requester=Address("Maria", address), **settings, **tags)


def _happened(moment: datetime, words: list[str]) -> Iterator[Happening]:
    number = NUMBER
    if words[0].endswith(":"):
        number = int(words.pop(0)[:-1])
    more = dict(word.split("=") for word in words if "=" in word)
    said = [word for word in words if "=" not in word]
    inbound, imported = int(more["mail"]) if "mail" in more else None, "imported" in said[-1:]
    common: dict[str, Any] = {"inbound": inbound, "imported": imported, "actor": more.get("actor", "system")}
    match said:
        case ["customer", *_]:
            yield Happening(
                moment, "message", number, reason=more.get("reason", "reply-token"), direction="in",
                visibility="public", mail_kind=more.get("kind", "human"), author=CUSTOMER, **common,
            )  # fmt: skip
        case ["answer" | "note" as what, *rest]:
            if rest == ["opens"]:
                yield Happening(moment, "opened", number, new="new", reason="opened-by-agent", **common)
            taken_back = False
            yield Happening(
                moment, "message", number, reason="agent-answer", direction="out",
                visibility="note" if what == "note" or taken_back else "public",
                author=more.get("author", AGENT), **common,
            )  # fmt: skip
        case ["merged", gone, "into", into]:
            yield Happening(moment, "merged", number, gone, into, **common)
        case ["merged", gone]:
            yield Happening(moment, "merged", number, gone, str(number), **common)
        case ["undone", mail]:
            yield Happening(moment, "undone", number, new=mail, **common)
        case ["promised", "-"]:
            yield Happening(moment, "promised", number, **common)
        case ["promised", day, time]:
            yield Happening(moment, "promised", number, new=at(day, time).isoformat(), **common)
        case ["priority" | "queue" as kind]:
            yield Happening(moment, kind, number, **common)
        case ["new" | "open" | "pending" | "resolved" | "closed" as status, *reason]:
            why = reason[0] if reason else "agent-answered"
            yield Happening(moment, "status", number, new=status, reason=why, **common)
        case _:
            raise ValueError(f"not understood: {' '.join(words)}")


def in_words(clock: Clock) -> str:
    """A clock as the table writes it."""
    due, ended = _word("due", clock.due_at), _word("ended", clock.ended_at)
    return re.sub(" +", " ", f"{clock.name} {clock.state} {due} {ended}").strip()


def _word(word: str, moment: datetime | None) -> str:
    return f"{word} {moment.astimezone(ZONE):%d %H:%M}" if moment is not None else ""
