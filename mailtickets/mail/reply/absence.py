"""Finds the first day back of a person from the text of an absence notice, in Portuguese, English or Spanish.

Owns: how such dates are written (`25/11`, `1º de dezembro`, `Monday, December 1st`, `dia 25`, `sexta-feira`). Also
which words make a date the last day away ("até dia X", "until X", "de W a X": back on X+1) or the first day back
("retorno dia X", "back on X", "not back until X": back on X; "after X": back on X+1). A statement about the return wins
over a statement about the absence. `12/01` is the first of December in an English text and the twelfth of January in
other texts. A date without a year is the date nearest to the day of the notice.
Fails with: nothing. Returns None for what is unclear: dates that contradict each other or their day of the week, "by
Monday", a day of the week that is today's, a date in the past, and a date more than `MAX_DAYS` days ahead.
Limits: reads the first `MAX_CHARACTERS` characters of the author's own text, without the quoted history under it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from mailtickets.mail.reply import cut
from mailtickets.words import calendar_names, language
from mailtickets.words.dates import MONTH, MONTHS, WEEKDAYS, valid
from mailtickets.words.fold import plain_line

MAX_CHARACTERS = 4_000
MAX_DAYS = 400
HALF_A_YEAR = timedelta(days=183)


def until(subject: str, text: str, received: date) -> date | None:
    """The first day on which the person is back, or None if unclear; `received` is the day on which the notice came."""
    written = cut.split(text[: 4 * MAX_CHARACTERS]).reply[:MAX_CHARACTERS]
    plain = plain_line(f"{subject}. {_PARAGRAPH.sub('. ', written)}")
    if not _ABSENT.search(plain):
        return None
    notice = _Notice(plain, received, american=_is_english(f"{subject}\n{written}", plain))
    day = notice.first_day_back()
    return day if day is not None and 0 < (day - received).days <= MAX_DAYS else None


def _is_english(text: str, plain: str) -> bool:
    found = language.of(text)
    return found == "en" or (found is None and _ENGLISH.search(plain) is not None)


# --- dates in a text --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Mention:
    """A date as it is written. A field is None where the text does not state it."""

    day: int | None = None
    month: int | None = None
    year: int | None = None
    weekday: int | None = None
    order: Literal["day-first", "month-first", "either", ""] = ""
    """The order of day and month in a date of two numbers; empty where the order does not matter."""
    days_ahead: int | None = None
    """Days from the day of the notice: 0 for "today", 1 for "tomorrow"."""
    following: bool = False
    """True for `next Friday`: which week that means depends on today's day of the week."""
    closes: bool = False
    """True where the date ends a span that is written as one date: `November 20-25`."""


def _mention(found: re.Match[str]) -> _Mention:
    parts = {name: value for name, value in found.groupdict().items() if value is not None}
    named = parts.get("weekday") or parts.get("after") or parts.get("alone")
    weekday = None if named is None else WEEKDAYS[named.replace(" ", "-")]
    year = _year(parts.get("year") or parts.get("year2") or parts.get("year3") or parts.get("year4"))
    if "month" in parts:
        return _Mention(int(parts["day"]), MONTHS[parts["month"]], year, weekday)
    if "month2" in parts:
        day = int(parts.get("last") or parts["day2"])
        return _Mention(day, MONTHS[parts["month2"]], year, weekday, closes="last" in parts)
    if "month3" in parts:
        return _Mention(int(parts["day3"]), int(parts["month3"]), year, weekday)
    if "one" in parts:
        return _numbers(
            int(parts["one"]), int(parts.get("two") or parts["two_"]), parts.get("mark", "/"), year, weekday
        )
    if "only" in parts:
        return _Mention(int(parts["only"]), weekday=weekday)
    if "near" in parts:
        return _Mention(days_ahead=1 if parts["near"] in _TOMORROW else 0)
    return _Mention(weekday=weekday, following="next" in parts or "next2" in parts)


def _numbers(one: int, two: int, mark: str, year: int | None, weekday: int | None) -> _Mention:
    if two > 12:
        return _Mention(two, one, year, weekday, order="month-first")
    is_certain = one > 12 or mark != "/"
    return _Mention(one, two, year, weekday, order="day-first" if is_certain else "either")


def _year(digits: str | None) -> int | None:
    if digits is None:
        return None
    return int(digits) + 2000 if len(digits) == 2 else int(digits)


class _Notice:
    """The text of a notice with each date replaced by its number, `⟨0⟩`, so that patterns can look at the words around
    it.
    """

    def __init__(self, plain: str, received: date, *, american: bool) -> None:
        self.received = received
        self.american = american
        self.mentions: list[_Mention] = []
        self.text = _DATE.sub(self._numbered, plain)

    def _numbered(self, found: re.Match[str]) -> str:
        self.mentions.append(_mention(found))
        return f"⟨{len(self.mentions) - 1}⟩"

    def first_day_back(self) -> date | None:
        if _BACK_BY.search(_NOT_BACK.sub(" ", self.text)):
            return None
        backs, lasts = set(self._returns()), set(self._last_days())
        if None in backs or None in lasts or len(backs) > 1:
            return None
        ends = {last + timedelta(days=1) for last in lasts if last is not None}
        if backs:
            (back,) = backs
            return back if back and all(end <= back + timedelta(days=1) for end in ends) else None
        ends = ends or set(self._single_days())
        return next(iter(ends)) if len(ends) == 1 else None

    def _returns(self) -> Iterator[date | None]:
        for found in _RETURN.finditer(_NOT_BACK.sub(r" back ⟨\1⟩ ", self.text)):
            day = self._day(int(found["on"]))
            yield day + timedelta(days=1) if day and _AFTER.search(found["gap"]) else day
        for found in _AVAILABLE.finditer(self.text):
            if not _DENIED.search(self.text[: found.start()]):
                yield self._day(int(found["on"]))

    def _last_days(self) -> Iterator[date | None]:
        text = _NOT_BACK.sub(" ", self.text)
        for form in (_UNTIL, _SPAN, _BETWEEN, _NUMBER_TO):
            yield from (self._day(int(found["on"])) for found in form.finditer(text))
        yield from (self._day(number) for number, mention in enumerate(self.mentions) if mention.closes)

    def _single_days(self) -> Iterator[date]:
        """The day after the only date of the notice, for `Fora hoje` or `out of the office on Friday`."""
        found = _AWAY_ON.search(self.text) if len(self.mentions) == 1 else None
        day = self._day(int(found["on"])) if found and not _FROM.search(found["gap"]) else None
        if day is not None:
            yield day + timedelta(days=1)

    def _day(self, number: int) -> date | None:
        mention = self.mentions[number]
        if mention.days_ahead is not None:
            return self.received + timedelta(days=mention.days_ahead)
        if mention.day is None:
            return self._weekday(mention)
        if mention.month is None:
            return self._day_of_month(mention)
        day, month = mention.day, mention.month
        if mention.order == "either" and self._month_first():
            day, month = month, day
        return self._dated(day, month, mention)

    def _month_first(self) -> bool:
        """Whether the month stands first in `12/01`: as in the other dates of the notice if they show it, else by its
        language.
        """
        orders = {mention.order for mention in self.mentions} & {"day-first", "month-first"}
        return self.american if len(orders) != 1 else orders == {"month-first"}

    def _dated(self, day: int, month: int, mention: _Mention) -> date | None:
        years = [mention.year] if mention.year else [self.received.year + step for step in (-1, 0, 1)]
        days = [found for year in years if (found := valid(year, month, day)) is not None]
        nearest = min(days, key=lambda one: abs(one - self.received), default=None)
        if nearest is None or (mention.weekday is not None and nearest.weekday() != mention.weekday):
            return None
        return nearest if mention.year or abs(nearest - self.received) <= HALF_A_YEAR else None

    def _day_of_month(self, mention: _Mention) -> date | None:
        assert mention.day is not None  # noqa: S101  # the caller, _day, has checked it
        year, month = self.received.year, self.received.month
        if mention.day < self.received.day:
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)
        return self._dated(mention.day, month, _Mention(mention.day, month, year, mention.weekday))

    def _weekday(self, mention: _Mention) -> date | None:
        assert mention.weekday is not None  # noqa: S101  # a mention without a day has a weekday
        ahead = (mention.weekday - self.received.weekday()) % 7
        if ahead == 0 or (mention.following and mention.weekday > self.received.weekday()):
            return None
        return self.received + timedelta(days=ahead)


# --- the words --------------------------------------------------------------------------------------------------------


def _any_of(weekdays: Iterable[str]) -> str:
    """A pattern for the names of days of the week; `segunda-feira` may be written with a blank or a hyphen."""
    return "(?:" + "|".join(sorted(weekdays, key=lambda name: (-len(name), name))).replace("-", "[ -]") + ")"


_WEEKDAY = _any_of(WEEKDAYS)
_WHOLE_WEEKDAY = _any_of(calendar_names.whole("weekdays"))
_TOMORROW = {"amanha", "tomorrow", "manana"}
_DATE = re.compile(
    rf"(?:\b(?P<weekday>{_WEEKDAY})\b\.?(?:,? \(?|, )(?:(?:o )?dia |the |el )?)?(?:"
    rf"(?<![\d/.])(?P<day>\d{{1,2}})(?:o|st|nd|rd|th)?(?: (?:de |of |del )?|-)(?P<month>{MONTH})\b\.?"
    r"(?:,?[ /-](?:de |del |of )?(?P<year>\d{4})\b)?"
    rf"|\b(?P<month2>{MONTH})\b\.? (?P<day2>\d{{1,2}})(?:st|nd|rd|th)?\b(?![:h/])(?: ?[–-] ?(?P<last>\d{{1,2}})\b)?"
    r"(?:,? (?P<year2>\d{4})\b)?"
    r"|(?<![\d/.-])(?P<year3>\d{4})-(?P<month3>\d{1,2})-(?P<day3>\d{1,2})(?!\d)"
    r"|(?<![\d/.-])(?!24/7)(?P<one>\d{1,2})(?:(?P<mark>[/.-])(?P<two>\d{1,2})(?P=mark)(?P<year4>\d{4}|\d\d)(?![\d/])"
    r"|(?:/(?P<two_>\d{1,2})(?![\d/]|\.\d)))"
    r"|(?:\bdia |\bel (?:dia )?|\bthe (?=\d{1,2}(?:st|nd|rd|th)))(?P<only>\d{1,2})(?:o|st|nd|rd|th)?\b"
    r"(?![:/h%.]?\d|h\b)"
    r")(?:(?: \(|, | )(?:na )?(?P<after>"
    rf"{_WEEKDAY})\b\)?)?"
    rf"|\b(?P<next>next |proxim[ao] )?(?P<alone>{_WHOLE_WEEKDAY})\b(?P<next2> que vem| next)?"
    r"|(?<!la )\b(?P<near>hoje|today|hoy|amanha|tomorrow|manana)\b"
)
_PARAGRAPH = re.compile(r"\n[ \t]*\n")
_ABSENT = re.compile(
    r"\b(?:ausen\w*|ferias|fora|licenca|recesso|feriado|folga|viagem|viajando|afasta\w*|maternidade|indispon\w*"
    r"|sem acesso|acesso limitado|retorn\w*|volt\w*|regress\w*|de volta"
    r"|out of|ooo|out|away|leave|vacations?|holidays?|absen\w*|travel\w*|unavailable|limited access|no access|return\w*"
    r"|back|off|vacaciones|fuera|licencia|permiso|baja|regres\w*|vuelv\w*|volver\w*|reincorpor\w*|viaje)\b"
)
"""A text without any of these words is not about an absence, and its dates are about something else."""
_ENGLISH = re.compile(r"\b(?:until|till|back|return(?:ing)?|out of|from|away|leave)\b")
_GAP = "[^.!?;⟨⟩]{0,60}?"
_THE = "(?:(?:o|a|ao|dia|no|na|em|proxim[oa]|the|el|la|los?|de|end of|fim d[eo]|final d[eo]|and including) ){0,4}"
_COMES_BACK = (
    r"\b(?:retorn\w*|volt(?:o|a|ar|arei|aremos|amos|ando|ara)|regress\w*|regres\w*|de volta|vuelv\w*|volver\w*|vuelta"
    r"|reincorpor\w*|back|return\w*|resum\w*|retom\w*)\b"
)
_NOT_BACK = re.compile(
    rf"\b(?:nao|not|won't|no)\b{_GAP}{_COMES_BACK}{_GAP}\b(?:until|till|before|ate|antes d[eo]l?|hasta) {_THE}⟨(\d+)⟩"
)
"""`Not back until X`: the person is back on X."""
_BACK_BY = re.compile(rf"{_COMES_BACK}{_GAP}\b(?:by|ate|until|till|hasta|before|antes|between|entre) {_THE}⟨")
_RETURN = re.compile(rf"{_COMES_BACK}(?P<gap>{_GAP})⟨(?P<on>\d+)⟩")
_AFTER = re.compile(rf"\b(?:apos|depois d[eoa]|after|despues del?|tras) {_THE}$")
_AVAILABLE = re.compile(
    rf"\b(?:disponive\w*|available|disponibles?|atende\w*|respond\w*|reply|reachable){_GAP}"
    rf"\b(?:a partir d[eoa]l?|from|as of|starting|desde) {_THE}⟨(?P<on>\d+)⟩"
)
_DENIED = re.compile(r"\b(?:nao|not|no|sem|sin|without|won't)\b[^.!?;]{0,40}$")
_UNTIL = re.compile(
    r"\b(?:ate|until|till|til|through|thru|hasta|up to)"
    rf" (?:as? \d{{1,2}}(?:h\d{{0,2}}|:\d\d) )?{_THE}⟨(?P<on>\d+)⟩"
)
_SPAN = re.compile(rf"⟨\d+⟩ ?(?:a|ate|ao|al|to|through|thru|until|till|hasta|[–—-]) ?{_THE}⟨(?P<on>\d+)⟩")
_BETWEEN = re.compile(rf"\b(?:entre|between) {_THE}⟨\d+⟩ (?:e|and|y) {_THE}⟨(?P<on>\d+)⟩")
_NUMBER_TO = re.compile(
    rf"(?<![\d/.:⟨])\b\d{{1,2}}(?:st|nd|rd|th)? ?(?:a|ate|ao|al|to|through|e|and|y|[–—-]) ?{_THE}⟨(?P<on>\d+)⟩"
)
"""A span whose first day is only a number: `20 a 25/11`."""
_AWAY_ON = re.compile(
    rf"\b(?:ausente|fora|fuera|out|away|off|folga|unavailable|indisponivel|ferias)\b(?P<gap>{_GAP})⟨(?P<on>\d+)⟩"
)
_FROM = re.compile(r"\b(?:a partir|from|starting|as of|desde|since|apos|after|antes|before|by)\b")
