"""What follows a command word, as a value: a status, people, tags, a ticket's number, a moment.

Owns: how each kind of argument may be written in Portuguese, English and Spanish, and what a moment like `sexta` is
on a given day. Dates are day first (`25/12`) or ISO (`2026-12-25`).
Fails with: `Rejected`, a value too; `when` with ValueError for a moment that is past.
Limits: `MAX_MEMBERS` people or tags a command, `MAX_DAYS` ahead.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from mailtickets.desk.commands.vocabulary import NOTE_IN_OTHER_WORDS, CommandWord, known, nearest, nearest_of
from mailtickets.desk.model.ticket import (
    PRIORITIES,
    STATUSES,
    TYPES,
    Priority,
    Status,
    TicketType,
    priority_named,
    status_named,
)
from mailtickets.mail.address import parse_addresses
from mailtickets.mail.model import Address
from mailtickets.words.dates import MONTH, MONTHS, valid
from mailtickets.words.fold import folded, folded_name

MAX_MEMBERS = 50
MAX_DAYS = 3_660
MAX_TAG_CHARACTERS = 50
MORNING = time(8)
"""When a day begins for those who are reminded of something on it."""

Member = TypeVar("Member", str, Address)


@dataclass(frozen=True, slots=True)
class Changes(Generic[Member]):
    """What is added and what is taken away: tags as words, people as addresses."""

    added: tuple[Member, ...] = ()
    removed: tuple[Member, ...] = ()


@dataclass(frozen=True, slots=True)
class When:
    """A moment as somebody named it; `when` says which one it is. Exactly one of the first five is set."""

    minutes: int | None = None
    """From now."""
    days: int | None = None
    """From today, in the calendar of the place."""
    months: int | None = None
    weekday: int | None = None
    """The next one after today; Monday is 0."""
    day: tuple[int | None, int, int] | None = None
    """Year, month, day of the month; without a year the next one that is to come."""
    at: time = MORNING


Value = (
    Status | Priority | TicketType | Changes[str] | Changes[Address] | Address | tuple[Address, ...] | int | When | None
)


@dataclass(frozen=True, slots=True)
class Rejected:
    """The argument is not what the command takes."""

    nearest: tuple[str, ...] = ()
    """Arguments that may have been meant."""


# --- words of the desk --------------------------------------------------------------------------------

_STATUS_WORDS: Mapping[str, Status] = {
    "nuevo": "new", "abierto": "open", "em andamento": "open", "en curso": "open", "in progress": "open",
    "pendiente": "pending", "en espera": "pending", "em espera": "pending", "waiting": "pending",
    "on hold": "pending", "resolvida": "resolved", "resuelto": "resolved", "solved": "resolved",
    "fechada": "closed", "encerrado": "closed", "cerrado": "closed",
}  # fmt: skip
_PRIORITY_WORDS: Mapping[str, Priority] = {
    "baixo": "low", "baja": "low", "medio": "normal", "medium": "normal", "alto": "high", "critico": "critical",
}  # fmt: skip
_TYPE_WORDS: Mapping[str, TicketType] = {
    "pergunta": "question", "duvida": "question", "pregunta": "question", "consulta": "question",
    "incidente": "incident", "solicitacao": "request", "requisicao": "request", "pedido": "request",
    "solicitud": "request",
}  # fmt: skip
_URGENT: Mapping[str, tuple[str, ...]] = {
    "urgente": ("crítica", "alta"), "urgentissimo": ("crítica", "alta"), "urgent": ("critical", "high"),
}  # fmt: skip
"""What is urgent may be the one or the other: it is asked."""
_STATUS_CHOICES = (
    *STATUSES, "novo", "aberto", "em atendimento", "pendente", "aguardando cliente", "resolvido", "fechado",
    *_STATUS_WORDS,
)  # fmt: skip
_PRIORITY_CHOICES = (*PRIORITIES, "baixa", "média", "alta", "crítica", *_PRIORITY_WORDS)
_TYPE_CHOICES = (*TYPES, *_TYPE_WORDS)


def _status(text: str) -> Value | Rejected:
    found = next((to for way in called(text) if (to := status_named(way) or _STATUS_WORDS.get(folded_name(way)))), None)
    return found or Rejected(nearest_of(text, _STATUS_CHOICES))


def _priority(text: str) -> Value | Rejected:
    found = next(
        (to for way in called(text) if (to := priority_named(way) or _PRIORITY_WORDS.get(folded_name(way)))), None
    )
    return found or Rejected(_URGENT.get(folded_name(text)) or nearest_of(text, _PRIORITY_CHOICES))


def _type(text: str) -> Value | Rejected:
    name = folded_name(text)
    found = next((kind for kind in TYPES if kind == name), None) or _TYPE_WORDS.get(name)
    return found or Rejected(nearest_of(text, _TYPE_CHOICES))


_TO = re.compile(r"(?:(?:para|pra|pro|p/|com|como|ao|à|a|o|to|as|for|at|al|el|la|the)\s+){1,3}", re.IGNORECASE)


def called(text: str) -> tuple[str, ...]:
    """The argument as typed, and without what leads to it in a sentence: `para o Bruno`, `@Bruno`, `como resolvido`."""
    bare = _TO.sub("", text.lstrip("@ "), count=1) if _TO.match(text) else text
    return tuple(dict.fromkeys((text, bare.lstrip("@ "))))


_MEANT: Mapping[str, tuple[str, ...]] = {
    "urgente": ("#prioridade crítica", "#prioridade alta"),
    "urgencia": ("#prioridade crítica", "#prioridade alta"),
    "urgent": ("#priority critical", "#priority high"),
    "asap": ("#priority critical", "#priority high"),
    "aguardando": ("#status aguardando cliente",),
    "andamento": ("#status em atendimento",),
    "concluir": ("#resolver", "#fechar"), "concluido": ("#resolvido", "#fechado"),
    "finalizar": ("#resolver", "#fechar"), "finalizado": ("#resolvido", "#fechado"),
    "pronto": ("#resolvido",), "feito": ("#resolvido",),
    "done": ("#resolved", "#closed"), "fixed": ("#resolved",), "finish": ("#resolve", "#close"),
    "listo": ("#resuelto",), "hecho": ("#resuelto",),
    "transferir": ("#fila", "#atribuir"), "encaminhar": ("#fila", "#atribuir"), "mover": ("#fila",),
    "transfer": ("#queue", "#assign"), "move": ("#queue",), "escalar": ("#fila", "#atribuir"),
    "area": ("#cola",), "responsavel": ("#atribuir",), "responsable": ("#asignar",), "owner": ("#assign",),
    **dict.fromkeys(NOTE_IN_OTHER_WORDS, ("#nota",)), "comment": ("#note",), "private": ("#note",),
    "titulo": ("#assunto",), "title": ("#subject",), "copiar": ("#cc",),
    "cliente": ("#requerente",), "customer": ("#requester",),
    "esperar": ("#lembrar", "#adiar"), "wait": ("#remind", "#snooze"), "lixo": ("#spam",),
    "comandos": ("#ajuda",), "commands": ("#help",),
}  # fmt: skip
"""Words that are no commands, by what people mean with them."""


def likely(word: str) -> tuple[str, ...]:
    """The commands that may have been meant by a word that is none: `#urgente`, `#pendente`, `#resolvr`."""
    name = folded_name(word)
    return _MEANT.get(name) or _as_argument(name) or nearest(word)


def _as_argument(name: str) -> tuple[str, ...]:
    """`#pendente` is a status, `#alta` a priority, `#incidente` a type: told with its command before it."""
    for command, choices in (("status", _STATUS_CHOICES), ("prioridade", _PRIORITY_CHOICES), ("tipo", _TYPE_CHOICES)):
        found = next((choice for choice in choices if folded_name(choice) == name), None)
        if found is not None:
            return (f"#{_NAMED.get(found, command)} {found}",)
    return ()


_NAMED: Mapping[str, str] = {
    **dict.fromkeys((*PRIORITIES, "medium"), "priority"), **dict.fromkeys(TYPES, "type"),
    **dict.fromkeys(("baja",), "prioridad"),
    **dict.fromkeys(("nuevo", "abierto", "en curso", "pendiente", "en espera", "resuelto", "cerrado"), "estado"),
}  # fmt: skip


# --- tags ---------------------------------------------------------------------------------------------

_MINUS = "−–—-"
_SIGN = rf"[+{_MINUS}]"
_TAG = re.compile(rf"({_SIGN}?)\s*+#?(\w(?:[\w.&/-]*\w)?)(?=[\s,;]|$)[\s,;]*")


def _tags(text: str) -> Value | Rejected:
    added: dict[str, None] = {}
    removed: dict[str, None] = {}
    position = 0
    while position < len(text):
        match = _TAG.match(text, position)
        if match is None or len(match[2]) > MAX_TAG_CHARACTERS:
            return Rejected()
        (removed if match[1] and match[1] in _MINUS else added)[match[2].casefold()] = None
        position = match.end()
    if added.keys() & removed.keys() or not 0 < len(added) + len(removed) <= MAX_MEMBERS:
        return Rejected()
    return Changes(tuple(added), tuple(removed))


# --- people -------------------------------------------------------------------------------------------

_SPEC = r"[^\s@<>()\[\],;:\"“”]+@[^\s@<>()\[\],;:\"“”]+"
_LINK = re.compile(
    r"(?:(?<![<\[(])[<\[(]++\s*+)?mailto:\s*+([^\s@<>()\[\],;:\"“”]++@[^\s@<>()\[\],;:\"“”?]++)(?:\?[^\s<>\])]*+)?"
    rf"\s*+[>\])]+|mailto:\s*(?={_SPEC})",
    re.IGNORECASE,
)
_TWICE = re.compile(r"[<\[(]?([^\s@<>()\[\],;:\"“”]{1,64}@[^\s@<>()\[\],;:\"“”]{1,255})[\])>]?\s*+<\1>", re.IGNORECASE)
_SIGNED = re.compile(rf"(?:^|(?<=[\s,;]))({_SIGN})\s*(?=\S)")
_VALID = re.compile(r"[^\s@<>()\[\],;:\"“”]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_](?:[\w-]{0,61}[^\W_])?")


def _people(text: str) -> Changes[Address] | Rejected:
    """`+x@y -z@w`, `Maria <x@y>, z@w`; without a sign they are added."""
    first, *rest = _SIGNED.split(_unlinked(text))
    signed = list(zip(["+", *rest[::2]], [first, *rest[1::2]], strict=True))
    added: dict[str, Address] = {}
    removed: dict[str, Address] = {}
    for sign, part in signed if first.strip(" ,;") else signed[1:]:
        people = _addresses(part.strip(" ,;"))
        if not people:
            return Rejected()
        (removed if sign in _MINUS else added).update({person.key: person for person in people})
    if added.keys() & removed.keys() or not 0 < len(added) + len(removed) <= MAX_MEMBERS:
        return Rejected()
    return Changes(tuple(added.values()), tuple(removed.values()))


def _unlinked(text: str) -> str:
    """Without what programs that make links of addresses leave: `x@y<mailto:x@y>`, `[x@y](mailto:x@y)`."""
    text = _LINK.sub(lambda match: f"<{match[1]}>" if match[1] else "", text.translate(_QUOTES))
    return re.sub(r"<{2,}", "<", re.sub(r">{2,}", ">", _TWICE.sub(r"<\1>", text)))


_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'"})


def _addresses(part: str) -> tuple[Address, ...]:
    """All of them; none if there is anything that is no address."""
    if "<" not in part and '"' not in part:
        words = re.split(r"[\s,;]+", part)
        if len(words) > 1 and all(map(_VALID.fullmatch, (word.rstrip(".") for word in words))):
            part = ", ".join(words)
        elif any("@" not in piece for piece in re.split(r"[,;]", part)):
            return ()
    people = parse_addresses(part)
    whole = len(people) == part.count("@") and all(_VALID.fullmatch(person.address) for person in people)
    return people if whole and not any("@" in person.name for person in people) else ()


def _changes(text: str) -> Value | Rejected:
    return _people(text)


def _participants(text: str) -> Value | Rejected:
    people = _people(text)
    return Rejected() if isinstance(people, Rejected) or people.removed else people.added


def _one_person(text: str) -> Value | Rejected:
    people = _people(text)
    if isinstance(people, Rejected) or people.removed or len(people.added) != 1:
        return Rejected()
    return people.added[0]


def _assignee(text: str) -> Value | Rejected:
    """An agent's address, or a name that only the configuration knows."""
    name = called(text)[-1]
    return _one_person(name) if "@" in name else None


# --- numbers and names --------------------------------------------------------------------------------

_NUMBER = re.compile(
    r"(?:(?:com|em|no|ao|a|o|with|into|in|to|con|en|el|chamado|ticket)\s+){0,3}(?:n[.ºo°]*\s*)?"
    r"(?:\[[^\[\]\d]{0,60}#?\s?([0-9]{1,12})\s?\]|#?\s?([0-9]{1,12}))"
)


def _number(text: str) -> Value | Rejected:
    match = _NUMBER.fullmatch(unicodedata.normalize("NFKC", text).casefold())
    number = int(match[1] or match[2]) if match else 0
    return number or Rejected()


def _command_named(text: str) -> Value | Rejected:
    word = text.lstrip("#/")
    return None if known(word) else Rejected(tuple(near.removeprefix("#") for near in nearest(word)))


def _any(_: str) -> Value | Rejected:
    return None


# --- moments ------------------------------------------------------------------------------------------

_COUNTS: Mapping[str, int] = {
    "um": 1, "uma": 1, "one": 1, "a": 1, "an": 1, "un": 1, "una": 1, "dois": 2, "duas": 2, "two": 2, "dos": 2,
    "tres": 3, "three": 3, "quatro": 4, "four": 4, "cuatro": 4, "cinco": 5, "five": 5,
}  # fmt: skip
_MONTH_MINUTES = 30 * 1440
_UNITS = (
    (r"m|min|mins|minutos?|minutes?", "minutes", 1),
    (r"h|hs|hrs?|horas?|hours?", "minutes", 60),
    (r"d|dias?|days?", "days", 1440),
    (r"w|sem|semanas?|weeks?", "days", 7 * 1440),
    (r"mes|meses|months?", "months", _MONTH_MINUTES),
)
_NAMED_DAYS: Mapping[str, When] = {
    "hoje": When(days=0), "today": When(days=0), "hoy": When(days=0),
    "amanha": When(days=1), "tomorrow": When(days=1), "manana": When(days=1),
    "depois de amanha": When(days=2), "day after tomorrow": When(days=2), "the day after tomorrow": When(days=2),
    "pasado manana": When(days=2), "semana que vem": When(weekday=0), "proxima semana": When(weekday=0),
    "next week": When(weekday=0), "semana proxima": When(weekday=0), "la semana que viene": When(weekday=0),
    "mes que vem": When(months=1), "proximo mes": When(months=1), "next month": When(months=1),
}  # fmt: skip
_WEEKDAYS = (
    r"seg(?:unda)?(?:[ -]?feira)?|mon(?:day)?|lunes",
    r"ter(?:ca)?(?:[ -]?feira)?|tue(?:s|sday)?|martes",
    r"qua(?:rta)?(?:[ -]?feira)?|wed(?:nesday)?|miercoles",
    r"qui(?:nta)?(?:[ -]?feira)?|thu(?:rs|rsday)?|jueves",
    r"sex(?:ta)?(?:[ -]?feira)?|fri(?:day)?|viernes",
    r"sab(?:ado)?|sat(?:urday)?",
    r"dom(?:ingo)?|sun(?:day)?",
)
_LEAD = re.compile(
    r"(?:(?:daqui a|dentro de|depois de(?= \d)|em|in|en|para|until|ate|on|na|no|el|este|esta|this|proxim[ao]|next)\s+)+"
)
_TIME = re.compile(
    r"(?P<day>.*?)(?<![\s,])[\s,]++(?:(?P<at>as|a las|a la|at|a)\s++)?"
    r"(?P<hour>\d{1,2})(?:(?P<sep>[:h.])(?P<minute>\d{2}))?\s?(?P<half>am|pm|hs?|hrs?|horas)?"
)
_ISO = re.compile(r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})")
_FIGURES = re.compile(r"(?P<d>\d{1,2})(?P<sep>[/.-])(?P<m>\d{1,2})(?:(?P=sep)(?P<y>\d{4}|\d{2}))?")
_DAY_MONTH = re.compile(
    rf"(?:dia )?(?P<d>\d{{1,2}})(?:o|st|nd|rd|th)? (?:de )?(?P<m>{MONTH})\.?(?:,? (?:de )?(?P<y>\d{{4}}))?"
)
_MONTH_DAY = re.compile(rf"(?P<m>{MONTH})\.? (?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?:,? (?P<y>\d{{4}}))?")


def _moment(text: str) -> Value | Rejected:
    plain = folded(text)
    found = _day(plain) or _span(plain)
    if found:
        return found
    match = _TIME.fullmatch(plain)
    at = _time(match) if match else None
    day = _day(match["day"]) or (_span(match["day"]) if match["at"] else None) if match else None
    if at is None or day is None or day.minutes is not None:
        return Rejected()
    return When(None, day.days, day.months, day.weekday, day.day, at)


def _time(match: re.Match[str]) -> time | None:
    """`14:00`, `14h`, `2pm`; a bare figure only after `às`."""
    if not (match["sep"] or match["half"] or match["at"]):
        return None
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    if match["half"] in ("am", "pm"):
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match["half"] == "pm" else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _day(plain: str) -> When | None:
    if plain in _NAMED_DAYS:
        return _NAMED_DAYS[plain]
    bare = _LEAD.sub("", plain, count=1) if _LEAD.match(plain) else plain
    weekday = next((n for n, words in enumerate(_WEEKDAYS) if re.fullmatch(words, bare)), None)
    if weekday is not None:
        return When(weekday=weekday)
    return _NAMED_DAYS.get(bare) or _date(bare)


def _date(plain: str) -> When | None:
    match = next((m for m in (p.fullmatch(plain) for p in (_ISO, _FIGURES, _DAY_MONTH, _MONTH_DAY)) if m), None)
    if match is None:
        return None
    figure = match["m"]
    month = int(figure) if figure.isdigit() else MONTHS[figure]
    year = int(match["y"]) if match["y"] else None
    year = year + 2000 if year is not None and year < 100 else year
    day = int(match["d"])
    return When(day=(year, month, day)) if valid(2000 if year is None else year, month, day) else None


def _span(plain: str) -> When | None:
    bare = _LEAD.sub("", plain, count=1) if _LEAD.match(plain) else plain
    mixed = re.fullmatch(r"(\d{1,3})\s?h\s?(\d{1,2})\s?(?:m|min)?", bare)
    if mixed:
        return When(minutes=int(mixed[1]) * 60 + int(mixed[2])) if int(mixed[2]) < 60 else None
    match = re.fullmatch(r"(\d{1,5}|[a-z]{1,20})\s?([a-z]+)", bare)
    count = _COUNTS.get(match[1], int(match[1]) if match[1].isdigit() else 0) if match else 0
    unit = next((unit for unit in _UNITS if match and re.fullmatch(unit[0], match[2])), None)
    if unit is None or not 0 < count * unit[2] <= MAX_DAYS * 1440:
        return None
    return _spans(unit[1], count * unit[2])


def _spans(kind: str, minutes: int) -> When:
    if kind == "months":
        return When(months=minutes // _MONTH_MINUTES)
    return When(days=minutes // 1440) if kind == "days" else When(minutes=minutes)


def when(value: When, now: datetime, zone: ZoneInfo) -> datetime:
    """The moment, in UTC. Days begin at `MORNING` local time; ValueError if it is not in the future."""
    if value.minutes is not None:
        return (now + timedelta(minutes=value.minutes)).astimezone(UTC)
    moments = (datetime.combine(day, value.at, zone) for day in _days(value, now.astimezone(zone).date()))
    found = next((moment.astimezone(UTC) for moment in moments if moment > now), None)
    if found is None:
        raise ValueError("in the past")
    return found


def _days(value: When, today: date) -> list[date]:
    """The days that may be meant, soonest first."""
    if value.weekday is not None:
        return [today + timedelta(days=(value.weekday - today.weekday() - 1) % 7 + 1)]
    if value.months is not None:
        return [_months_on(today, value.months)]
    if value.day is not None:
        year, month, day = value.day
        years = range(today.year, today.year + 9) if year is None else (year,)
        return [found for found in (valid(year, month, day) for year in years) if found]
    return [today + timedelta(days=value.days or 0)]


def _months_on(today: date, months: int) -> date:
    """The same day of a later month, or its last."""
    years, month = divmod(today.month - 1 + months, 12)
    days = (valid(today.year + years, month + 1, today.day - back) for back in range(4))
    return next(day for day in days if day)


# --- by command ---------------------------------------------------------------------------------------

_READERS: Mapping[str, Callable[[str], Value | Rejected]] = {
    "status": _status,
    "priority": _priority,
    "type": _type,
    "tag": _tags,
    "cc": _changes,
    "participant": _participants,
    "requester": _one_person,
    "to": _one_person,
    "assign": _assignee,
    "merge": _number,
    "remind": _moment,
    "snooze": _moment,
    "help": _command_named,
}


def value_of(command: CommandWord, argument: str) -> Value | Rejected:
    """What the argument means, as far as that can be said without knowing the desk."""
    if command.means is not None:
        return command.means
    if not argument:
        return None
    return _READERS.get(command.name, _any)(tidy(argument) if command.takes != "words" else argument)


_OPENING, _CLOSING = "\"'“”‘’«„", "\"'“”‘’»"


def tidy(argument: str) -> str:
    """Without the quotes, full stops, emphasis and emoji that people and programs put around a word."""
    previous = None
    while argument != previous:
        previous = argument
        argument = unquoted(_without_pictures(argument.strip(" \t.,;!*_`~")).strip())
    return argument


def unquoted(argument: str) -> str:
    """Without quotes around all of it; `"a" and "b"` keeps its own."""
    inner = argument[1:-1]
    quoted = len(argument) >= 2 and argument[0] in _OPENING and argument[-1] in _CLOSING
    return inner.strip() if quoted and not any(mark in inner for mark in (argument[0], argument[-1])) else argument


def _without_pictures(argument: str) -> str:
    """Without the emoji at both ends: signs (So) and the modifiers of their colour (Sk)."""
    first, last = 0, len(argument)
    while last > first and _is_picture(argument[last - 1]):
        last -= 1
    while first < last and _is_picture(argument[first]):
        first += 1
    return argument[first:last]


def _is_picture(letter: str) -> bool:
    return letter.isspace() or (ord(letter) > 0x2000 and unicodedata.category(letter) in {"So", "Sk"})
