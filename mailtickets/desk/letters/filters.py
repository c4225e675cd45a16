"""The filters that templates may use: some of Jinja2's, and our own for dates, names, statuses and sentences.

Fails with: KeyError for a code or a locale that no list of words has.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from mailtickets.desk.letters import sentences
from mailtickets.desk.letters.clock_words import CLOCK_LABELS, clock_words
from mailtickets.mail.reply.pictures import without_placeholders
from mailtickets.words import due, locales

PREVIEW_CHARS = 140
"""The number of characters that a phone shows of a mail beside the subject."""


KEPT_FILTERS = (
    "capitalize", "d", "default", "e", "escape", "first", "int", "join", "last", "length", "list", "lower", "map",
    "reject", "rejectattr", "select", "selectattr", "sort", "striptags", "trim", "truncate", "unique", "upper",
)  # fmt: skip


@pass_context
def _date(context: Context, at: datetime | None) -> str:
    return locales.date(at, context["locale"]) if at else ""


@pass_context
def _size(context: Context, octets: int) -> str:
    return locales.size(octets, context["locale"])


@pass_context
def _status(context: Context, code: str) -> str:
    return locales.label(locales.STATUS_LABELS, code, context["locale"])


@pass_context
def _own_status(context: Context, code: str) -> str:
    """A status in words for the customer who owns the ticket."""
    return locales.label(locales.OWN_STATUS_LABELS, code, context["locale"])


@pass_context
def _priority(context: Context, code: str) -> str:
    return locales.label(locales.PRIORITY_LABELS, code, context["locale"])


@pass_context
def _type(context: Context, code: str) -> str:
    return locales.label(locales.TYPE_LABELS, code, context["locale"])


@pass_context
def _series(context: Context, names: tuple[str, ...]) -> str:
    return locales.series(names, context["locale"])


@pass_context
def _topic(context: Context, subject: str) -> str:
    return locales.topic(subject, context["ticket"]["tag"], context["locale"])


@pass_context
def _text_of_mail(context: Context, text: str) -> str:
    """The words of a mail without the placeholders of pictures, or the sentence that the mail has no text."""
    return without_placeholders(text).strip() or locales.NO_TEXT[context["locale"]]


@pass_context
def _rest(context: Context, message: Mapping[str, Any]) -> str:
    """A sentence that says where the whole message is, if the notice shows only its beginning."""
    number = None if context["reply_effect"] == "releases" else context["ticket"]["number"]  # held: on no ticket yet
    return locales.rest(message.get("whole_in", ""), number, context["locale"])


@pass_context
def _short(context: Context, at: datetime | None) -> str:
    return locales.short(at, context["locale"]) if at else ""


@pass_context
def _day(context: Context, day: date | None) -> str:
    return locales.day(day, context["locale"]) if day else ""


@pass_context
def _time(context: Context, at: datetime | None) -> str:
    return locales.second(at, context["locale"]) if at else ""


@pass_context
def _clock(context: Context, clock: Mapping[str, Any], short: bool = False) -> str:
    """A clock in words; `short`: as a list says it."""
    return clock_words(clock, context["locale"], short=short)


@pass_context
def _happened(context: Context, line: Mapping[str, Any]) -> str:
    """The line for one thing that was done, or for an event of the ticket."""
    value, old = (line["to"], line["from"]) if "to" in line else (line["value"], line["old"])
    return sentences.happened(line["kind"], value, old, context["locale"])


@pass_context
def _problem_of(context: Context, problem: Mapping[str, Any]) -> str:
    return sentences.problem(problem["code"], problem["nearest"], problem["expected"], context["locale"])


@pass_context
def _example(context: Context, command: Mapping[str, Any]) -> str:
    return sentences.example(command["spelled"], command["argument"], command["what"], context["locale"])


@pass_context
def _purpose(context: Context, what: str) -> str:
    return sentences.purpose(what, context["locale"])


@pass_context
def _remark(context: Context, code: str) -> str:
    return locales.REMARKS[code][context["locale"]]


def _person(person: Mapping[str, Any]) -> str:
    return f"{person['name']} <{person['address']}>" if person["name"] else str(person["address"])


def _quote(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def _breaks(text: str) -> Markup:
    """Plain text as HTML that keeps lines and spaces: some mail clients do not support `white-space`."""
    spaced = re.sub(r"^ | (?= )", "&nbsp;", str(escape(text)), flags=re.MULTILINE)
    return Markup(spaced.replace("\n", "<br>\n"))  # noqa: S704 - escaped just above


def _excerpt(text: str) -> str:
    """The beginning of a text, as long as a phone's preview (`PREVIEW_CHARS`)."""
    line = " ".join(text[: 4 * PREVIEW_CHARS].split())
    return line if len(line) <= PREVIEW_CHARS else f"{line[:PREVIEW_CHARS].rpartition(' ')[0] or line[:PREVIEW_CHARS]}…"


@pass_context
def _clock_name(context: Context, code: str) -> str:
    return locales.label(CLOCK_LABELS, code, context["locale"])


@pass_context
def _due(context: Context, deadline: Mapping[str, Any]) -> str:
    """When a deadline is or was due, as it is said on the day of the notice: `hoje às 16h30`."""
    return due.moment(deadline["due_at"], deadline["now"], context["locale"])


OWN_FILTERS: dict[str, Callable[..., Any]] = {
    "breaks": _breaks,
    "clock": _clock,
    "clock_name": _clock_name,
    "date": _date,
    "due": _due,
    "day": _day,
    "example": _example,
    "excerpt": _excerpt,
    "first_name": locales.first_name,
    "happened": _happened,
    "own_status": _own_status,
    "person": _person,
    "priority": _priority,
    "problem": _problem_of,
    "purpose": _purpose,
    "quote": _quote,
    "remark": _remark,
    "rest": _rest,
    "said": _text_of_mail,
    "series": _series,
    "short": _short,
    "size": _size,
    "status": _status,
    "time": _time,
    "topic": _topic,
    "type": _type,
}
