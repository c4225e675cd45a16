"""Delivery reports: who was not reached, why, and which of our messages it was.

Owns: telling a report from mail that only talks of one; weighing its fields (RFC 3464) against its words.
Fails with: nothing. What cannot be read is left empty; what is no report is None.
Limits: the first 64 KB each of a report's words, fields and returned mail; lines beyond 2,000 characters are cut.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.message import Message
from email.utils import getaddresses

from mailtickets.mail import bounce_words as lexicon
from mailtickets.mail import header
from mailtickets.mail.bounce_fields import (
    Failure,
    amazon_failures,
    enhanced,
    field_failures,
    original_message_id,
    reply_class,
)
from mailtickets.mail.model import Bounce

MAX_CHARACTERS = 65_536
MAX_LINE_CHARACTERS = 2_000
MAX_PARTS = 500
MAX_DIAGNOSTIC_CHARACTERS = 1_000

_STATUS_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status", "text/delivery-status"})
_RETURNED_TYPES = frozenset(
    {
        "message/rfc822",
        "message/global",
        "message/partial",
        "message/rfc822-headers",
        "message/global-headers",
        "text/rfc822-headers",
        "text/rfc822",
    }
)
_OTHER_REPORTS = frozenset({"message/feedback-report", "message/disposition-notification"})
_BLOCK_TAG = re.compile(r"<(?:br|p|div|td|tr|table|html|body|pre)\b[^<>]{0,500}>", re.IGNORECASE)
_ANY_TAG = re.compile(r"<[/!]?[A-Za-z][^<>@]{0,500}>")


@dataclass(frozen=True, slots=True)
class _Report:
    """A mail taken apart as if it were a report."""

    words: str
    fields: str
    returned: str
    types: frozenset[str]


def read_bounce(message: Message, text: str) -> Bounce | None:
    """What a delivery report says; None for any other mail, also for one that quotes or forwards a report.

    `message` is made from the untouched raw, so that message/delivery-status is intact; `text` is its decoded body.
    """
    report = _take_apart(message, text)
    if report.types & _OTHER_REPORTS and not report.types & _STATUS_TYPES:
        return None
    if not _is_report(message, report):
        return None
    return _read(message, report)


# --- taking apart


def _take_apart(message: Message, text: str) -> _Report:
    plain, marked, fields, returned, types = [], [], [], [], set()
    for part in _parts(message):
        kind = part.get_content_type()
        types.add(kind)
        if kind in _STATUS_TYPES:
            fields.append(_status_text(part))
        elif kind in _RETURNED_TYPES:
            returned.append(_returned_text(part))
        elif kind == "text/html":
            marked.append(_text(part))
        elif part.get_content_maintype() in ("text", "multipart"):
            plain.append(_text(part))
    words = _lines("\n".join(plain) if "".join(plain).strip() else _unmarked("\n".join(marked)) or text)
    words, rest = _cut(words)
    return _Report(words, _lines("\n\n".join(fields)), _lines("\n".join([*returned, rest])), frozenset(types))


def _parts(message: Message) -> Iterator[Message]:
    """Leaves in order. What came back (message/rfc822) is one leaf: its parts are not the report's."""
    stack, seen = [message], 0
    while stack and seen < MAX_PARTS:
        part, seen = stack.pop(), seen + 1
        payload = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(payload, list):
            stack.extend(reversed([child for child in payload if isinstance(child, Message)]))
        else:
            yield part


def _text(part: Message) -> str:
    octets = part.get_payload(decode=True)
    if not isinstance(octets, bytes):
        return ""
    octets = octets[: 4 * MAX_CHARACTERS]
    for name in (_charset(part), "utf-8"):
        try:
            return octets.decode(name)
        except (LookupError, ValueError):
            continue
    return octets.decode("latin-1")


def _charset(part: Message) -> str:
    try:
        return part.get_content_charset() or "utf-8"
    except (LookupError, ValueError, TypeError):
        return "utf-8"


def _status_text(part: Message) -> str:
    """The parser has made a message of each group of fields; undo it, for the groups are not always what they seem."""
    payload = part.get_payload()
    if not isinstance(payload, list):
        return _text(part)
    return "\n\n".join(_head(block) + "\n" + _own_text(block) for block in payload if isinstance(block, Message))


def _returned_text(part: Message) -> str:
    payload = part.get_payload()
    inner = payload[0] if isinstance(payload, list) and payload else None
    return _head(inner) if isinstance(inner, Message) else _text(part)


def _head(message: Message) -> str:
    return "\n".join(f"{name}: {value}" for name, value in message.items())


def _own_text(message: Message) -> str:
    payload = message.get_payload()
    return payload if isinstance(payload, str) else ""


def _unmarked(text: str) -> str:
    if not _BLOCK_TAG.search(text):
        return text
    from html import unescape  # only HTML needs it

    return unescape(_ANY_TAG.sub(" ", _BLOCK_TAG.sub("\n", text)))


def _lines(text: str) -> str:
    """Within the limits, line breaks alike."""
    return "\n".join(line[:MAX_LINE_CHARACTERS].rstrip() for line in text[:MAX_CHARACTERS].splitlines())


def _cut(words: str) -> tuple[str, str]:
    """(what the system says, what it gives back of our mail)."""
    at = 0
    for line in words.split("\n"):
        stripped = line.strip()
        if lexicon.RETURNED_HEADER.match(line) or (stripped and lexicon.RETURNED.search(stripped)):
            return words[:at], words[at:]
        at += len(line) + 1
    return words, ""


# --- is it a report?


def _is_report(message: Message, report: _Report) -> bool:
    """Fields prove it, unless a person forwards them. Words need a machine's sender, or headers that say so."""
    subject = _field(message, "subject")
    if lexicon.REPLY_PREFIX.match(subject) and not _is_daemon(message):
        return False
    if "report-type=delivery-status" in _field(message, "content-type").lower().replace('"', "").replace(" ", ""):
        return True
    failing = bool(lexicon.FAILURE_SUBJECT.search(subject))
    said = bool(lexicon.FAILURE_WORDS.search(report.words))
    if _field(message, "x-failed-recipients"):
        return True
    if report.types & _STATUS_TYPES or amazon_failures(report.words):
        return True
    if _is_daemon(message):
        return failing or said
    if _from_null_path(message):
        return failing or (said and not _answers_itself(message))
    return failing and said and _opens_with_failure(report.words)


def _is_daemon(message: Message) -> bool:
    return bool(lexicon.DAEMON_SENDER.search(_field(message, "from").strip()))


def _from_null_path(message: Message) -> bool:
    path = message.get("return-path")
    return path is not None and str(path).strip().upper() in ("<>", "", "<MAILER-DAEMON>", "MAILER-DAEMON")


def _answers_itself(message: Message) -> bool:
    """An absence notice also comes from the null path (RFC 3834 section 3.3)."""
    return "auto-replied" in _field(message, "auto-submitted").lower() and not _field(message, "x-failed-recipients")


def _opens_with_failure(words: str) -> bool:
    opening = [line for line in words.split("\n") if line.strip()][:8]
    return bool(lexicon.FAILURE_WORDS.search("\n".join(opening))) and not any(line.startswith(">") for line in opening)


def _field(message: Message, name: str) -> str:
    return header.one_line(header.decoded(str(message.get(name, ""))))


# --- what it says


def _read(message: Message, report: _Report) -> Bounce:
    failure = _failure(message, report)
    return Bounce(
        recipient=failure.recipient,
        action=failure.action or _action(message, report),
        status=_status(message, report, failure),
        message_id=_message_id(report),
        diagnostic=failure.diagnostic[:MAX_DIAGNOSTIC_CHARACTERS],
    )


def _failure(message: Message, report: _Report) -> Failure:
    found = field_failures(report.fields) or field_failures(report.words) or amazon_failures(report.words)
    failure = found[0] if found else Failure()
    if "@" not in failure.recipient:
        failure = replace(failure, recipient=_recipient(message, report) or failure.recipient)
    if not failure.diagnostic:
        failure = replace(failure, diagnostic=_diagnostic(report.words, failure.recipient))
    return failure


def _recipient(message: Message, report: _Report) -> str:
    ours = _own_addresses(message)
    candidates = [
        address
        for source in (_declared(message), _named(report.words), _listed(report.words), _returned_to(report.returned))
        for address in source
    ]
    others = [address for address in candidates if address.casefold() not in ours]
    strangers = [address for address in others if not lexicon.CONTACT.match(address)]
    return next(iter(strangers or others or candidates), "")


def _own_addresses(message: Message) -> set[str]:
    values = [
        str(value) for name in ("to", "from", "cc", "return-path", "reply-to") for value in message.get_all(name, [])
    ]
    return {address.casefold() for _, address in getaddresses(values) if address}


def _declared(message: Message) -> Iterator[str]:
    for name in ("x-failed-recipients", "x-bounced-address", "x-mailer-daemon-recipients"):
        yield from (match["address"] for match in lexicon.BARE.finditer(_field(message, name)))


def _named(words: str) -> Iterator[str]:
    for pattern in lexicon.NAMED:
        for line in words.split("\n"):
            if match := pattern.search(line):
                yield match["address"].rstrip(".")


def _listed(words: str) -> Iterator[str]:
    lines = words.split("\n")
    yield from (match["address"].rstrip(".") for line in lines if (match := lexicon.LISTED.match(line)))
    for line in lines:
        yield from (match["address"].rstrip(".") for match in lexicon.BARE.finditer(line))


def _returned_to(returned: str) -> Iterator[str]:
    for line in returned.split("\n"):
        if line[:3].lower() == "to:":
            yield from (match["address"] for match in lexicon.BARE.finditer(line))


def _diagnostic(words: str, recipient: str) -> str:
    """The sentence around the recipient, else the one that has a code, else the first that tells of failure."""
    paragraphs = [" ".join(paragraph.split()) for paragraph in re.split(r"\n[ \t]*\n", words)]
    told = [paragraph for paragraph in paragraphs if lexicon.FAILURE_WORDS.search(paragraph)]
    coded = [paragraph for paragraph in told if enhanced(paragraph) or reply_class(paragraph)]
    about = [paragraph for paragraph in coded if recipient and recipient in paragraph]
    return next(iter(about or coded or told), "")


def _action(message: Message, report: _Report) -> str:
    told = _field(message, "subject") + "\n" + report.words
    return "delayed" if lexicon.PERSISTING_WORDS.search(told) else "failed"


def _status(message: Message, report: _Report, failure: Failure) -> str | None:
    """The code stated, or from the words when the field only gives its class; at least the class (RFC 3463 X.0.0)."""
    stated = failure.status
    if stated and not stated.endswith(".0.0"):
        return stated
    for source in (failure.diagnostic, report.words):
        code = enhanced(source)
        if code and (not stated or code[0] == stated[0]):
            return code
    return stated or _class(message, report, failure)


def _class(message: Message, report: _Report, failure: Failure) -> str | None:
    code = reply_class(failure.diagnostic) or reply_class(report.words)
    if code:
        return f"{code}.0.0"
    action = failure.action or _action(message, report)
    if action == "delayed" or lexicon.EXPIRED_WORDS.search(report.words):
        return "4.0.0"
    return "5.0.0" if action == "failed" else None


def _message_id(report: _Report) -> str | None:
    for source in (report.returned, report.words):
        if match := lexicon.MESSAGE_ID.search(source):
            return match[1]
    return original_message_id(report.fields) or None
