"""Makes a letter of a rendered notice: ids, threading, return paths and reply addresses for each recipient.

All of this is fixed before the letter is queued, so that every attempt to send the letter writes the same bytes.
A letter does not hold the tokens: only their hashes, and the values from which a token is derived again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from mailtickets.config.models import Instance, Queue
from mailtickets.desk.claims.identity import (
    confirmation_token,
    message_id,
    plus_address,
    reply_token,
    token_hash,
    verp_tag,
)
from mailtickets.desk.letters.render import Rendered
from mailtickets.desk.model.ticket import Ticket
from mailtickets.desk.notices.notice import Notice
from mailtickets.desk.notices.row import AnsweredAs
from mailtickets.desk.notices.rows import NOTICES
from mailtickets.mail.model import Address, Attachment, Copy, OutboundMail

TOKEN_FIELD = "{token}"  # noqa: S105 - the place of a token, not a token
_REFERENCES = 20


@dataclass(frozen=True, slots=True)
class Addressed:
    """One copy of a letter, for one recipient, as it is queued."""

    recipient: Address
    sender: str
    """The reverse-path (envelope sender) of the copy."""
    verp: str
    """The tag by which a bounce finds this copy. It stands in the return path and in the copy header."""
    reply_to: str
    """The Reply-To address with TOKEN_FIELD at the place of the token, or the queue's plain address."""
    token_hash: str | None = None
    token_revision: int = 0
    token_day: date | None = None
    confirms: int | None = None
    """The held message that the token releases. None: the token is an ordinary reply token."""
    answered_as: AnsweredAs = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """A rendered notice and its copies."""

    mail: OutboundMail
    copies: tuple[Addressed, ...]
    priority: int
    author: str | None
    not_before: datetime
    source: int | None = None
    """The inbound message that the attachments came with. None: the message that caused the letter."""
    of_no_ticket: bool = False
    enclosed: tuple[Attachment, ...] = ()
    """Files that the desk made, with their content. `mail.attachments` are those that came with a mail."""


@dataclass(frozen=True, slots=True)
class Stationery:
    """The values that all letters of an instance share."""

    instance: Instance
    secrets: tuple[bytes, ...]
    """The secrets that tokens and ids are derived from, newest first."""
    envelope: str
    """The kind of return path: `verp`, `queue` or `null`."""


def letter(
    notice: Notice,
    words: Rendered,
    ticket: Ticket | None,
    stationery: Stationery,
    nonce: str,
    now: datetime,
    inbound: int | None = None,
) -> Letter:
    """Makes the letter for a rendered notice.

    `ticket` is None for digests and for notices to operators. `inbound` is the message that caused the notice. `nonce`
    is a short word that was never used before. Seven arguments, because each one comes from a different source.
    """
    own_id = message_id(stationery.secrets[0], stationery.instance, nonce)
    references = _references(notice, ticket, stationery)
    mail = OutboundMail(
        notice=notice.name,
        subject=words.subject,
        text=words.text,
        html=words.html,
        sender=Address(notice.sender_name, notice.queue.address),
        to=notice.visible_to,
        cc=notice.visible_cc,
        message_id=own_id,
        in_reply_to=references[-1] if references else None,
        references=tuple(references[-_REFERENCES:]),
        date=now,
        auto_submitted=notice.auto_submitted,
        suppress=notice.suppress,
        loop=f"{stationery.instance.name}; hops=1" if notice.loop else None,
        attachments=_brought_along(notice, words),
    )
    confirms = notice.confirms or (inbound if notice.asks_to_confirm else None)
    copies = tuple(_addressed(person, notice, ticket, stationery, mail, confirms) for person in notice.recipients)
    not_before = now + timedelta(seconds=notice.wait_seconds)
    return Letter(
        mail, copies, notice.priority, notice.author, not_before, notice.source, ticket is None, notice.enclosed
    )


def _brought_along(notice: Notice, words: Rendered) -> tuple[Attachment, ...]:
    """The attachments of a notice. Of the images inside a mail's text, only those in the part that the notice shows."""
    return tuple(file for file in notice.attachments if not (file.inline and _stays_behind(file, notice, words)))


def _stays_behind(file: Attachment, notice: Notice, words: Rendered) -> bool:
    if words.relayed and file.content_id and f"cid:{file.content_id}" in (words.html or ""):
        return False
    cut_away = words.relayed and notice.to_customer and file.content_type.startswith("image/")
    return file.sha256 in notice.left_behind or (cut_away and file.content_id is not None)


def _references(notice: Notice, ticket: Ticket | None, stationery: Stationery) -> Sequence[str]:
    """The ids for the References header. Customers get the ids of public messages. Agents get one id that stands for
    the ticket and that customers never see."""
    if ticket is None:
        return ()
    if notice.to_customer:
        return ticket.references
    return (message_id(stationery.secrets[-1], stationery.instance, f"t{ticket.number}"),)


def _addressed(
    person: Address,
    notice: Notice,
    ticket: Ticket | None,
    stationery: Stationery,
    mail: OutboundMail,
    confirms: int | None,
) -> Addressed:
    tag = verp_tag(stationery.secrets[0], mail.message_id, person.address)
    sender, reply_to = _return_path(notice.queue, tag, stationery), notice.queue.address
    if ticket is None and not notice.takes_lines and confirms is None:
        return Addressed(person, sender, tag, reply_to)
    day = mail.date.astimezone(ZoneInfo(stationery.instance.timezone)).date()
    number, revision = (ticket.number, ticket.revision) if ticket else (0, 0)  # 0: lines of the answer name the tickets
    answered_as = NOTICES[notice.name].answered_as
    if notice.queue.plus_addressing:
        reply_to = plus_address(notice.queue.address, TOKEN_FIELD) if _has_room(notice.queue) else reply_to
    copy = Addressed(person, sender, tag, reply_to, None, revision, day, confirms, answered_as)
    return replace(copy, token_hash=token_hash(_token(stationery.secrets[0], number, copy, day)))


def _token(secret: bytes, ticket: int, copy: Addressed, day: date) -> str:
    """The token of a copy. `ticket` is 0 for a notice that is about no ticket."""
    if copy.confirms is not None:
        return confirmation_token(secret, copy.confirms, copy.recipient.address)
    return reply_token(secret, ticket, copy.recipient.address, copy.token_revision, day, copy.answered_as)


def _has_room(queue: Queue) -> bool:
    """Whether a token fits behind the queue's local part (64 octets, RFC 5321, 4.5.3.1.1)."""
    return bool(plus_address(queue.address, "a" * 26))


def _return_path(queue: Queue, tag: str, stationery: Stationery) -> str:
    if stationery.envelope == "null":
        return ""
    if stationery.envelope == "verp" and queue.plus_addressing:
        return plus_address(queue.address, tag) or queue.address
    return queue.address


def copy_for(addressed: Addressed, ticket: int | None, secrets: Sequence[bytes]) -> Copy:
    """The recipient's own part of a letter. The token is derived again, with the secret that it was made with."""
    token = ""
    if addressed.token_hash is not None and addressed.token_day is not None:
        kinds: tuple[AnsweredAs, ...] = (addressed.answered_as, "")  # "": copies that were queued before an upgrade
        made = (
            _token(secret, ticket or 0, replace(addressed, answered_as=kind), addressed.token_day)
            for secret in secrets
            for kind in dict.fromkeys(kinds)
        )
        token = next((found for found in made if token_hash(found) == addressed.token_hash), "")
    plain = addressed.reply_to.replace(f"+{TOKEN_FIELD}", "")
    return Copy(
        recipient=addressed.recipient,
        envelope_sender=addressed.sender,
        reply_to=addressed.reply_to.replace(TOKEN_FIELD, token) if token else plain,
        token=token,
        tag=addressed.verp,
    )
