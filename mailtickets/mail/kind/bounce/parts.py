"""Takes a mail apart as a delivery report: the system's words, its fields, and the parts of our mail that it returns.

Owns: where each of the three begins, whatever the MIME structure claims.
Fails with: nothing.
Limits: the first 64 KB of each of the three; lines are cut to 8,000 characters; 500 parts. HTML is read only for its
words.
"""

import binascii
import re
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from email.message import Message
from html import unescape

from mailtickets.mail.kind.bounce import words as lexicon
from mailtickets.mail.read import charset, header

MAX_CHARACTERS = 65_536
MAX_LINE_CHARACTERS = 8_000
MAX_PARTS = 500
MAX_NESTED_REPORTS = 3

STATUS_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status", "text/delivery-status"})
OTHER_REPORT_TYPES = frozenset({"message/feedback-report", "message/disposition-notification"})
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
_FIELD_LINE = re.compile(r"[ \t>|]{0,20}[A-Za-z][A-Za-z0-9-]{1,60}:")
_BLOCK_TAG = re.compile(r"<(?:br|p|div|td|tr|table|html|body|pre)\b[^<>]{0,500}>", re.IGNORECASE)
_STYLE = re.compile(r"<(style|script|head)\b[^<>]{0,500}>[^<]{0,20000}</\1>", re.IGNORECASE)
_ANY_TAG = re.compile(r"</?[A-Za-z][A-Za-z0-9]{0,20}(?:\s[^<>]{0,2000})?/?>|<![^<>]{0,2000}>")


@dataclass(frozen=True, slots=True)
class Report:
    words: str
    """The mail system's text for people."""
    fields: str
    """The text of the message/delivery-status fields."""
    returned: str
    """Our returned mail, whole or only its header: first as quoted in the words, then as attached."""
    attached: bool
    """Whether a part of the report holds our returned mail."""
    types: frozenset[str]
    """The media types of the report's own parts, without those of the returned mail."""


def take_apart(message: Message, text: str) -> Report:
    """The report in a message. `text` is the body as other modules decoded it; it is used only if no part can
    be read here.
    """
    plain, marked, fields, attached, types = [], [], [], [], set()
    for part in _leaves(message):
        kind = part.get_content_type()
        types.add(kind)
        if kind in STATUS_TYPES:
            fields.append(_status_text(part))
        elif kind in _RETURNED_TYPES or _is_mail_itself(part, message):
            attached.append(_returned_text(part))
        elif kind == "text/html":
            marked.append(_text(part))
        elif part.get_content_maintype() in ("text", "multipart"):
            plain.append(_text(part))
    words = "\n".join(plain) if "".join(plain).strip() else _unmarked("\n".join(marked))
    words, quoted = _outermost(bounded(words if words.strip() else text))
    # If a boundary does not match, the returned mail stands in the same part as the fields.
    status, glued = _cut(bounded("\n\n".join(fields)))
    return Report(
        words, status, bounded("\n".join([quoted, glued, *attached])).strip("\n"), bool(attached), frozenset(types)
    )


def _is_mail_itself(part: Message, report: Message) -> bool:
    """Whether the part's header is the returned mail's header, because the blank line between the two is missing."""
    return part is not report and "from" in part and ("to" in part or "received" in part or "message-id" in part)


def _leaves(message: Message) -> Iterator[Message]:
    """The leaf parts in their order. The returned mail is one leaf."""
    stack, seen = [message], 0
    while stack and seen < MAX_PARTS:
        part, seen = stack.pop(), seen + 1
        payload = part.get_payload()
        if (
            part.get_content_maintype() == "multipart"
            and isinstance(payload, list)
            and not _is_mail_itself(part, message)
        ):
            stack.extend(reversed([child for child in payload if isinstance(child, Message)]))
        else:
            yield part


def _text(part: Message) -> str:
    octets = _octets(part)[: 4 * MAX_CHARACTERS]
    if part.get_content_maintype() == "multipart" and b"quoted-printable" in octets:  # the parser found no boundary
        octets = binascii.a2b_qp(octets)
    return charset.word(octets, _label(part))


def _octets(part: Message) -> bytes:
    payload = part.get_payload()
    # The decoder does not unfold quoted-printable at a bare CR. Text beyond ASCII is not encoded: leave it alone.
    if isinstance(payload, str) and payload.isascii() and "\r" in payload and "\n" not in payload:
        part = copy(part)
        part.set_payload(payload.replace("\r", "\n"))
    return bytes(part.get_payload(decode=True) or b"")


def _label(part: Message) -> str:
    return header.parameters(str(part.get("content-type", ""))[:MAX_LINE_CHARACTERS])[1].get("charset", "")


def _status_text(part: Message) -> str:
    """The text of the delivery-status fields. Python's parser has made a message of each group; this joins the groups
    again, because the parser sometimes divides groups in the wrong place.
    """
    payload = part.get_payload()
    if not isinstance(payload, list):
        return _text(part)
    return "\n\n".join(_whole(block) for block in payload[:MAX_PARTS] if isinstance(block, Message))


def _returned_text(part: Message) -> str:
    payload = part.get_payload()
    inner = payload[0] if isinstance(payload, list) and payload else None
    if part.get_content_type() not in _RETURNED_TYPES:
        return _whole(part)
    return _whole(inner) if isinstance(inner, Message) else _text(part)


def _whole(message: Message) -> str:
    """The header of a message and the text after it, but not its parts. If the header is damaged, that text is more of
    the header.
    """
    payload = message.get_payload()
    rest = payload if isinstance(payload, str) else message.preamble or ""
    head = "".join(f"{name}: {value}\n" for name, value in message.raw_items())
    return header.octets_to_text(f"{head}\n{rest[:MAX_CHARACTERS]}".encode("utf-8", "surrogateescape"))


def _unmarked(text: str) -> str:
    """The text without HTML tags. Text without any block tag is returned unchanged: some systems send plain text with
    the label of HTML.
    """
    if not _BLOCK_TAG.search(text):
        return text
    return unescape(_ANY_TAG.sub(" ", _BLOCK_TAG.sub("\n", _STYLE.sub("", text[: 4 * MAX_CHARACTERS]))))


def bounded(text: str) -> str:
    """The text cut to the limits, with line feeds as line breaks."""
    return "\n".join(line[:MAX_LINE_CHARACTERS].rstrip() for line in text[:MAX_CHARACTERS].splitlines())


def _outermost(text: str) -> tuple[str, str]:
    """The report's own words, and the returned mail. If the returned mail is itself a report that another system passed
    on, its words are read as well.
    """
    words, rest = _cut(text)
    for _ in range(MAX_NESTED_REPORTS):
        head, blank, body = rest.partition("\n\n")
        if not blank or not lexicon.DAEMON_LINE.search(head):
            break
        more, rest = _cut(body)
        words += more
    return words, rest


def returned_head(returned: str) -> list[str]:
    """The header lines of our returned mail, unfolded. Text below the header is left out: it may quote
    anybody's mail.
    """
    head: list[str] = []
    complete = False
    for line in returned.split("\n"):
        if _FIELD_LINE.match(line):
            head.append(line)
            complete = complete or line.lstrip(" \t>|")[:5].lower() == "from:"
        elif head and line[:1] in (" ", "\t") and line.strip():
            head[-1] += f" {line.strip()}"[: MAX_LINE_CHARACTERS - len(head[-1])]
        elif complete and not line.strip():
            break
    return head


def report_within(message: Message) -> Message | None:
    """The delivery report that another system has attached to a mail of its own; None unless it is the only attached
    mail and has delivery-status fields.
    """
    for _ in range(MAX_NESTED_REPORTS):
        inner = [part for part in _leaves(message) if part.get_content_type() == "message/rfc822"]
        payload = inner[0].get_payload() if len(inner) == 1 else None
        if not (isinstance(payload, list) and payload and isinstance(payload[0], Message)):
            return None
        message = payload[0]
        if any(part.get_content_type() in STATUS_TYPES for part in _leaves(message)):
            return message
    return None


def _cut(text: str) -> tuple[str, str]:
    """The text before the line that announces the returned mail, and the rest."""
    at = 0
    for line in text.split("\n"):
        if lexicon.RETURNED_HEADER.match(line) or lexicon.RETURNED.match(line.strip(" \t-=*_#|:.")):
            return text[:at], text[at:]
        at += len(line) + 1
    return text, ""
