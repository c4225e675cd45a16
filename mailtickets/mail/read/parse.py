"""Parses the bytes of any mail into an `InboundMail`.

Owns: the order in which the pure modules of this package are called, and what is left of a mail if one of them fails.
Fails with: nothing. `defects` names what is wrong with a message. If a limit cuts something off, the raw mail is
attached. If a step (a field, the quotation) fails, its result is left out and the raw mail is attached. The worst mails
give only an outline with the defect `unparsed` and the raw mail attached.
Limits: those of `mime`, `cut` and `document`; the bounce reader gets the first `MAX_REPORT_BYTES`.
"""

import email
import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, TypeVar

from mailtickets.mail.kind import classify, reaction, recall
from mailtickets.mail.kind.bounce import report_of, signs
from mailtickets.mail.model import Address, Attachment, Bounce, InboundMail, Kind
from mailtickets.mail.read import content, header, mime
from mailtickets.mail.read import fields as fields_of
from mailtickets.mail.read.content import Content
from mailtickets.mail.read.fields import Fields
from mailtickets.mail.read.mime import Part
from mailtickets.mail.read.outline import outline
from mailtickets.mail.reply import attribution, forwarded, html, sanitise
from mailtickets.mail.reply import cut as body
from mailtickets.mail.reply.cut import Split
from mailtickets.mail.trust import disguise, traces
from mailtickets.words import language

MAX_REPORT_BYTES = 1_000_000
MAX_REPORT_CONTAINERS = 60

StepResult = TypeVar("StepResult")

_CONTAINER = re.compile(rb"^content-type:[ \t\r\n]*(?:message|multipart)/", re.IGNORECASE | re.MULTILINE)
_NUMBER = re.compile(r"\[[^\[\]#]{0,80}#\s*\d{1,12}\s*\]")
_TAGGED = re.compile(r"\+[a-z2-7]{26}@", re.IGNORECASE)
_UNREADABLE = {"nested-too-deep", "too-many-parts", "header-too-large", "too-many-headers"}
_STEPS = {
    f"{step}-unread" for step in ("addresses", "author", "body", "bounce", "date", "html", "kind", "language", "reply")
}
"""Defects for the steps of reading that may fail on unusual input; the rest of the mail is still read."""
_CUT = _STEPS | _UNREADABLE | {"header-too-long", "too-many-parameters", "too-many-addresses"}


def parse(raw: bytes, *, instance: str | None = None) -> InboundMail:
    """Parse a mail. `instance` is our own name in loop headers; None if there is no configuration."""
    try:
        return _parse(raw, instance)
    except (Exception, RecursionError) as error:  # no mail may raise: its raw bytes are kept
        return replace(outline(raw), defects=("unparsed", f"unparsed-{type(error).__name__.lower()}"))


def as_json(mail: InboundMail, file: str) -> dict[str, Any]:
    """The object that `mailtickets parse` prints."""
    return {
        "file": file,
        "message_id": mail.message_id,
        "in_reply_to": list(mail.in_reply_to),
        "references": list(mail.references),
        "from": _address_json(mail.author),
        "sender": _address_json(mail.sender),
        "reply_to": [_address_json(mailbox) for mailbox in mail.reply_to],
        "to": [_address_json(mailbox) for mailbox in mail.to],
        "cc": [_address_json(mailbox) for mailbox in mail.cc],
        "subject": mail.subject,
        "date": mail.date.isoformat() if mail.date else None,
        "text": mail.text,
        "html": mail.html,
        "reply": mail.reply,
        "quoted": mail.quoted,
        "signature": mail.signature,
        "attachments": [_attachment_json(attachment) for attachment in mail.attachments],
        "kind": mail.kind,
        "kind_reason": mail.kind_reason,
        "bounce": _bounce_json(mail.bounce),
        "language": mail.language,
        "defects": list(mail.defects),
    }


def _address_json(mailbox: Address | None) -> dict[str, str] | None:
    return {"name": mailbox.name, "address": mailbox.address} if mailbox else None


def _attachment_json(attachment: Attachment) -> dict[str, Any]:
    names = ("filename", "content_type", "size", "sha256", "inline", "content_id")
    return {name: getattr(attachment, name) for name in names}


def _bounce_json(report: Bounce | None) -> dict[str, str | None] | None:
    names = ("recipient", "action", "status", "message_id", "diagnostic")
    return {name: getattr(report, name) for name in names} if report else None


def _parse(raw: bytes, instance: str | None, *, attached: bool = False) -> InboundMail:
    tree = mime.read(raw)
    fields = Fields(tree.root)
    defects = fields.defects
    defects += [*tree.defects, *fields_of.too_many(fields)]
    read = _step("body", lambda: content.read(tree.root), _NOTHING_READ, defects)
    defects += read.defects
    author = _step("author", lambda: fields_of.author(fields, defects), None, defects)
    people = {name: fields.mailboxes(name) for name in ("sender", "reply-to", "to", "cc")}
    headers = fields.decoded()
    subject = next((value for name, value in headers if name == "subject"), "")
    whole = Split(read.text.strip("\n"), "", "")
    cut = _step("reply", lambda: body.split(read.text, read.html, subject=subject, marks=read.marks), whole, defects)
    written = cut if cut.uncut is None or _answers(fields, people, subject, cut) else cut.uncut
    shown = _step("html", lambda: _shown(read.html, defects), None, defects)
    report = _step("bounce", lambda: _report(raw, read.text, defects), None, defects)
    kind, reason = _step(
        "kind", lambda: _kind(fields, subject, author, tree.root, report, instance), _KIND_NOT_READ, defects
    )
    if kind == "human" and read.html is not None:
        plain = read.text if read.marks is None else None
        defects += _step("disguise", lambda: list(disguise.found(plain, cut.reply, read.html or "")), [], defects)
    ids = header.ids(fields.values("message-id")) or tuple(fields.values("message-id")[:1])
    date = _step("date", lambda: fields_of.date(fields, defects), None, defects)
    invites = "".join(f"\n\n{line}" for line in read.invites)
    text, reply = (read.text + invites).strip("\n"), (written.reply + invites).strip("\n")
    uncut = (written.uncut.reply + invites).strip("\n") if written.uncut is not None else ""
    spoken = _step("language", lambda: language.of(reply), None, defects)
    attachments = (*read.attachments, *_whole(raw, defects))
    bare = kind == "human" and all(file.inline for file in attachments)
    reacted = _step("reaction", lambda: reaction.find(read.reaction, read.text, cut.reply), None, defects)
    recalled = _step("recall", lambda: recall.find(headers, subject, cut.reply), None, defects)
    reason = "emoji-reaction" if bare and reacted is not None else "message-recall" if bare and recalled else reason
    mail = InboundMail(
        message_id=header.one_line(ids[0]).strip("<>") or None if ids else None,
        in_reply_to=header.ids(fields.values("in-reply-to")),
        references=header.ids(fields.values("references")),
        author=author,
        sender=next(iter(people["sender"]), None),
        reply_to=people["reply-to"],
        to=people["to"],
        cc=people["cc"],
        subject=subject,
        date=date,
        text=text,
        html=shown,
        reply=reply,
        quoted=written.quoted,
        signature=written.signature,
        attachments=attachments,
        kind=kind,
        kind_reason=reason,
        bounce=report,
        language=spoken,
        defects=_unique([*defects, *written.defects]),
        headers=headers,
        digest=_digest(subject, text, shown, read.attachments),
        carriers=_step("traces", lambda: traces.carriers(attachments), _names(attachments), defects),
        suspects=_suspects(subject, text, shown, author, attachments),
        reaction=reacted if bare else None,
        recalls=recalled if bare else None,
        original_from=(*fields.mailboxes("x-original-from"), *fields.mailboxes("x-original-sender")),
        cut_by=written.cut_by,
        uncut=uncut if uncut != reply else "",
        signed=_step("signature", lambda: html.signatures(read.html or ""), (), defects) if kind == "human" else (),
    )
    if not attached and kind == "human":
        found = _step(
            "forward", lambda: forwarded.find(mail, cut, read, lambda one: _attached(one, instance)), None, defects
        )
        mail = replace(mail, forwarded=found)
    return replace(mail, defects=_unique([*defects, *written.defects]))


def _answers(fields: Fields, people: dict[str, tuple[Address, ...]], subject: str, cut: Split) -> bool:
    """Whether anything shows that the mail is a reply. In a mail that is not, text that looks like history is new.

    A complete header block is enough: people write lists, but not lists like that.
    """
    threaded = header.ids([*fields.values("in-reply-to"), *fields.values("references")])
    named = signs.REPLY_PREFIX.match(subject) or _NUMBER.search(subject)
    addressed = any(_TAGGED.search(person.address) for name in ("to", "cc") for person in people[name])
    quoting = cut.cut_by == "notice" or attribution.is_whole_block(cut.quoted[:4_000].split("\n"))
    return bool(quoting or threaded or named or addressed)


def _kind(
    fields: Fields, subject: str, author: Address | None, root: Part, report: Bounce | None, instance: str | None
) -> tuple[Kind, str]:
    """The kind of the mail, and the reason for it."""
    content_type = next(iter(fields.values("content-type")), root.content_type)
    return classify.classify(
        fields.decoded(), subject=subject, author=author, content_type=content_type, bounce=report, instance=instance
    )


_NOTHING_READ = Content("", None, None, (), (), ())
_KIND_NOT_READ: tuple[Kind, str] = ("human", "not-read")


def _step(name: str, read: Callable[[], StepResult], otherwise: StepResult, defects: list[str]) -> StepResult:
    """The result of one step of reading. If the step fails, it adds a defect and returns `otherwise`; the other
    steps go on.
    """
    try:
        return read()
    except Exception:  # RecursionError too; the raw mail is attached then
        defects.append(f"{name}-unread")
        return otherwise


def _names(attachments: tuple[Attachment, ...]) -> tuple[str, ...]:
    """The names of all files. Used if we cannot tell which of them hold a notice of ours: then no file may go
    to a customer.
    """
    return tuple(attachment.filename for attachment in attachments)


def _attached(raw: bytes, instance: str | None) -> InboundMail | None:
    """The parsed message within a message; None if it cannot be parsed. Messages attached to the inner message
    are not parsed.
    """
    try:
        return _parse(raw, instance, attached=True)
    except (Exception, RecursionError):  # then it is an ordinary attachment
        return None


def _unique(defects: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(defects))


def _shown(source: str | None, defects: list[str]) -> str | None:
    if source is None:
        return None
    shown = sanitise.sanitised(source)
    if shown is None:
        defects.append("html-too-deep")
    return shown


def _report(raw: bytes, text: str, defects: list[str]) -> Bounce | None:
    """The delivery report in the raw message; None if there is none. A mail bomb (over the limits of `mime`) is
    not read.
    """
    beginning = raw[:MAX_REPORT_BYTES]
    if _UNREADABLE.intersection(defects):
        return None
    try:
        if not report_of.may_be_report(beginning) or len(_CONTAINER.findall(beginning)) > MAX_REPORT_CONTAINERS:
            return None
        return report_of.read_bounce(email.message_from_bytes(beginning), text)
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError):
        defects.append("report-unreadable")  # the standard library fails on a charset with a NUL
        return None


def _whole(raw: bytes, defects: list[str]) -> tuple[Attachment, ...]:
    """The whole mail as an attachment, if a limit has cut something off: nobody must miss what is not shown.
    Otherwise empty.
    """
    return outline(raw).attachments if _CUT.intersection(defects) else ()


def _suspects(
    subject: str, text: str, shown: str | None, author: Address | None, attachments: tuple[Attachment, ...]
) -> tuple[str, ...]:
    names = (author.name if author else "", *(attachment.filename for attachment in attachments))
    parts = "\n\n\n".join([subject, *names, text, shown or ""])
    return tuple(sorted(traces.suspects(parts)))


def _digest(subject: str, text: str, shown: str | None, attachments: tuple[Attachment, ...]) -> str:
    parts = [subject, text, shown or "", *(attachment.sha256 for attachment in attachments)]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()
