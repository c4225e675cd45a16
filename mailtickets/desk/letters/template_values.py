"""Values for templates: plain and clean copies of a notice's context, with every key that a template may ask for.

Strangers' words reach a template as plain values, never as source. Only `message.html`, sanitised when the mail was
read, is put in unescaped.
Fails with: TypeError for a context with other than plain values.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import reduce
from operator import or_
from typing import Any

from markupsafe import Markup

from mailtickets.desk.notices.row import NoticeName
from mailtickets.desk.notices.rows import NOTICES
from mailtickets.desk.notices.shapes import ALWAYS, ATTACHMENT, COMMON, PERSON
from mailtickets.mail.model import REF_PLACEHOLDER

_EVERYTHING: Mapping[str, object] = reduce(or_, (dict(row.sees) for row in NOTICES.values()), dict(COMMON))
"""All keys that any notice may show. An overriding template may name a key that its notice has no value for."""

_MANY_LINES = frozenset({"text", "html", "diagnostic", "comment", "answer"})
"""Names of values that keep their line breaks. Every other value becomes one line."""
_CONTROLS = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
_BIDI = r"\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
_NOT_IN_LINES = re.compile(f"[{_CONTROLS}]+")
_NOT_IN_A_LINE = re.compile(f"[{_CONTROLS}{_BIDI}]+")
_ATOMS = frozenset({type(None), bool, int, datetime, date})


def values_of(context: Mapping[str, object], locale: str, notice: NoticeName | None = None) -> dict[str, Any]:
    """The context as plain, clean values, with every key that a template may ask for."""
    shapes = {**_EVERYTHING, **(NOTICES[notice].sees if notice else {})}
    known = {key: _plain(value, key) for key, value in context.items() if key != "ref"}
    words = known | {key: _shaped(known.get(key, _UNKNOWN), shape) for key, shape in shapes.items()}
    words |= {key: _filled(known.get(key), shape) for key, shape in ALWAYS.items()}
    if words["message"]:
        words["message"] = _marked(words["message"])
    if words["report"]:
        made = Markup(words["report"]["html"] or "")  # noqa: S704 - written by views.reports, which escapes what people wrote
        words["report"] = {**words["report"], "html": made}
    return {**words, "locale": locale, "lang": locale.replace("_", "-"), "ref": REF_PLACEHOLDER}


_UNKNOWN = object()


def _shaped(value: Any, shape: object) -> Any:
    """A value with all the keys of its shape. The shape describes a dict or a list of dicts; other values stay."""
    known = value is not _UNKNOWN
    if isinstance(shape, list):
        return tuple(_filled(item, shape[0]) for item in value) if known and value else ()
    if isinstance(shape, Mapping):
        return _filled(value, shape) if known and value else None
    return value if known else shape


def _marked(message: dict[str, Any]) -> dict[str, Any]:
    """A message. Its HTML, and no other value of it, is marked as safe, so that it is not escaped."""
    html = Markup(message["html"]) if message["html"] else None  # noqa: S704 - sanitised where the mail was read
    return {**message, "html": html, "attachments": tuple(_filled(a, ATTACHMENT) for a in message["attachments"])}


def _filled(value: Any, shape: Mapping[str, Any]) -> dict[str, Any]:
    known = {**shape, **(value or {})}
    return {key: _filled(inner, PERSON) if shape.get(key) is PERSON else inner for key, inner in known.items()}


def _plain(value: object, key: str) -> Any:
    """A copy of a value that holds only dicts, tuples, text, numbers and times, so that a template gets no objects."""
    if type(value) in _ATOMS:
        return value
    if isinstance(value, str):
        return _many_lines(value) if key in _MANY_LINES else one_line(value)
    if isinstance(value, list | tuple):
        return tuple(_plain(item, key) for item in value)
    if isinstance(value, Mapping):
        return {str(name): _plain(item, str(name)) for name, item in value.items()}
    raise TypeError(f"a notice is made of plain values; {key!r} is a {type(value).__name__}")


def _many_lines(text: str) -> str:
    return _without_placeholder(_NOT_IN_LINES.sub("", str(text).replace("\r\n", "\n").replace("\r", "\n")))


def one_line(text: str) -> str:
    return _without_placeholder(_NOT_IN_A_LINE.sub("", " ".join(str(text).split())))


def _without_placeholder(text: str) -> str:
    """The text without `REF_PLACEHOLDER`: only our own placeholder is replaced by a reply token."""
    return text.replace(REF_PLACEHOLDER, f"{REF_PLACEHOLDER[:-1]}\u200b0")


def characters(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, tuple) else ()
    return sum(characters(item) for item in items)
