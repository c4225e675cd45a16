"""Reads what the top-level header of a mail states: its fields as text, the author, the date.

Owns: which field states the author, and the second opinion on who the author is. Only this module imports mail-parser:
it reads the From field independently. If the two parsers disagree on the author, the author counts as unknown.
Fails with: nothing. A defect names what is wrong with a field.
Limits: those of `mime` and `address`.
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from email.message import Message
from email.utils import parsedate_tz

import mailparser

from mailtickets.mail import address
from mailtickets.mail.model import Address
from mailtickets.mail.read import header
from mailtickets.mail.read.mime import Part

_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?\s*(?:Z|[+-]\d\d:?\d\d)?")
_NAME = r"[^<>@\",;:()\\\[\]]*"
_ATOMS = r"[!#-'*+\--9?A-Z^-~]+"
_PLAIN_FROM = re.compile(rf"(?:\"({_NAME})\"\s*|({_NAME}))<{_ATOMS}@{_ATOMS}>|[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+")
_PLAIN_NAME = re.compile(r"[^<>@\",;:()\\\[\]=]*")


class HeaderFields:
    """The top-level header section, with its octets decoded to text."""

    def __init__(self, root: Part) -> None:
        hint = next((part.parameters["charset"] for part in root.walk() if part.parameters.get("charset")), None)
        self.all = [(name, header.octets_to_text(value, hint)) for name, value in root.fields]
        self.defects: list[str] = []

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.all if key == name]

    def decoded(self) -> tuple[tuple[str, str], ...]:
        return tuple((name, header.one_line(header.decoded(value))) for name, value in self.all)

    def mailboxes(self, name: str) -> tuple[Address, ...]:
        found = list[Address]()
        for value in self.values(name):
            try:
                found += address.parse_addresses(value)
            except Exception:  # RecursionError too; the other fields are still read
                self.defects.append("addresses-unread")
        return tuple(found)[: address.MAX_ADDRESSES]


def author(fields: HeaderFields, defects: list[str]) -> Address | None:
    """The mailbox on which both parsers agree, from the only From field."""
    values = fields.values("from")
    found = {mailbox.key: mailbox for mailbox in reversed(fields.mailboxes("from")) if "@" in mailbox.address}
    if not found:
        defects.append("from-missing" if not values else "from-unreadable")
        return next(iter(fields.mailboxes("from")), None) if values else None
    if len(found) > 1:
        defects.append("from-several")
        return None
    only = next(iter(found.values()))
    if _disputed(values[0], only):
        defects.append("from-ambiguous")
        return None
    if "@" in only.name and only.key not in only.name.casefold():
        defects.append("from-name-is-another-address")
    return only


def _disputed(value: str, author: Address) -> bool:
    """Whether mail-parser reads another address out of the same field. A plain field is never disputed.

    A field that is too long for mail-parser counts as disputed.
    """
    if len(value) > address.MAX_AUTHOR_CHARACTERS:
        return True
    if _is_plain(value):
        return False
    message = Message()
    message.add_header("From", value.encode("ascii", "replace").decode("ascii"))
    others = [spec.casefold() for _, spec in mailparser.MailParser(message).from_ if spec.count("@") == 1]
    own = author.key.encode("ascii", "replace").decode("ascii")
    return bool(others) and own not in others


def _is_plain(value: str) -> bool:
    """Whether the value is one ASCII address with a name, quoted or in encoded words, that holds nothing like
    address syntax.
    """
    plain = _PLAIN_FROM.fullmatch(value)
    return plain is not None and _PLAIN_NAME.fullmatch(header.decoded(plain[1] or plain[2] or "")) is not None


def date(fields: HeaderFields, defects: list[str]) -> datetime | None:
    value = next(iter(fields.values("date")), None)
    if value is None:
        defects.append("date-missing")
        return None
    found = _moment(header.decoded(value))
    if found is None:
        defects.append("date-unreadable")
    return found


def _moment(value: str) -> datetime | None:
    """The moment that a date field states: RFC 5322 as leniently as the standard library reads it, or ISO 8601. Without
    a zone it is UTC.
    """
    try:
        if match := _ISO_DATE.search(value):
            stated = datetime.fromisoformat(re.sub(r"(?<!\s)\s++(?=[Z+-])", "", match[0]))
            return stated if stated.tzinfo else stated.replace(tzinfo=UTC)
        parsed = parsedate_tz(re.sub(r"\([^()]*\)", "", value))
        if parsed is None:
            return None
        zone = timezone(timedelta(seconds=parsed[9] or 0))
        year, month, day, hour, minute, second = parsed[:6]
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def too_many(fields: HeaderFields) -> list[str]:
    lists = [value for name in ("from", "to", "cc", "reply-to") for value in fields.values(name)]
    return ["too-many-addresses"] if any(value.count("@") > address.MAX_ADDRESSES for value in lists) else []
