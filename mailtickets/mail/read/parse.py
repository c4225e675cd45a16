"""Parses the bytes of any mail into an `InboundMail`.

Owns: the way from the bytes over the steps of reading to the mail, and the JSON of a parsed mail.
Fails with: nothing. `defects` names what is wrong with a message. If a limit cuts something off, the raw mail is
attached. If a step (a field, the quotation) fails, its result is left out and the raw mail is attached. The worst mails
give only an outline with the defect `unparsed` and the raw mail attached.
Limits: those of `steps`.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from mailtickets.mail.model import Address, Attachment, Bounce, InboundMail
from mailtickets.mail.read import header
from mailtickets.mail.read.outline import outline
from mailtickets.mail.read.steps import STEPS, MailReading, begin_reading
from mailtickets.mail.reply import forwarded
from mailtickets.mail.trust import traces


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
    reading = begin_reading(raw, instance)
    for step in STEPS:
        step.run(reading)
    mail = _mail(reading)
    if not attached and reading.is_human:
        mail = _with_forwarded(mail, reading)
    return replace(mail, defects=_unique([*reading.defects, *reading.written.defects]))


def _mail(reading: MailReading) -> InboundMail:
    fields, written = reading.fields, reading.written
    text, reply = reading.with_invites(reading.content.text), reading.with_invites(written.reply)
    uncut = reading.with_invites(written.uncut.reply) if written.uncut is not None else ""
    ids = header.ids(fields.values("message-id")) or tuple(fields.values("message-id")[:1])
    return InboundMail(
        message_id=header.one_line(ids[0]).strip("<>") or None if ids else None,
        in_reply_to=header.ids(fields.values("in-reply-to")),
        references=header.ids(fields.values("references")),
        author=reading.author,
        sender=next(iter(reading.people["sender"]), None),
        reply_to=reading.people["reply-to"],
        to=reading.people["to"],
        cc=reading.people["cc"],
        subject=reading.subject,
        date=reading.date,
        text=text,
        html=reading.shown,
        reply=reply,
        quoted=written.quoted,
        signature=written.signature,
        attachments=reading.attachments,
        kind=reading.kind,
        kind_reason=reading.kind_reason,
        bounce=reading.bounce,
        language=reading.language,
        defects=_unique([*reading.defects, *written.defects]),
        headers=reading.headers,
        digest=_digest(reading.subject, text, reading.shown, reading.content.attachments),
        carriers=reading.carriers,
        suspects=_suspects(reading.subject, text, reading.shown, reading.author, reading.attachments),
        reaction=reading.reaction,
        recalls=reading.recalls,
        original_from=reading.original_from,
        cut_by=written.cut_by,
        uncut=uncut if uncut != reply else "",
        signed=reading.signed,
    )


def _with_forwarded(mail: InboundMail, reading: MailReading) -> InboundMail:
    """The mail with the original that it forwards. This is the last step: it looks at the mail as it is read."""
    try:
        found = forwarded.find(mail, reading.cut, reading.content, lambda raw: _attached(raw, reading.instance))
    except Exception:  # RecursionError too
        reading.defects.append("forward-unread")
        return mail
    return replace(mail, forwarded=found)


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


def _suspects(
    subject: str, text: str, shown: str | None, author: Address | None, attachments: tuple[Attachment, ...]
) -> tuple[str, ...]:
    names = (author.name if author else "", *(attachment.filename for attachment in attachments))
    parts = "\n\n\n".join([subject, *names, text, shown or ""])
    return tuple(sorted(traces.suspects(parts)))


def _digest(subject: str, text: str, shown: str | None, attachments: tuple[Attachment, ...]) -> str:
    parts = [subject, text, shown or "", *(attachment.sha256 for attachment in attachments)]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()
