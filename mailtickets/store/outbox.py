"""Outgoing mail: the words of a notice once, a row for each recipient's copy, and the state of each copy.

States: queued -> sending -> sent | deferred | unknown | failed | cancelled. Deferred and unknown copies are sent again.
A copy's Message-ID, token and return path are fixed when it is queued, so that every attempt writes the same mail.

*Limits*: a copy is `sending` while a gateway has claimed it: copies that are being sent, and the few that come next.
If the gateway is killed, nobody knows which of them it had begun to send, so all of them become `unknown`.
"""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Row,
    Select,
    and_,
    bindparam,
    func,
    literal_column,
    select,
    update,
)

from mailtickets.desk.letters.letter import Addressed, Letter
from mailtickets.desk.model.states import OutboxState
from mailtickets.desk.notices.rows import answered_as
from mailtickets.mail.domain import domain_of
from mailtickets.mail.model import Address, OutboundMail
from mailtickets.store import contacts, enclosures
from mailtickets.store.domains import Shares
from mailtickets.store.due import SENDING, most_urgent
from mailtickets.store.inbound import clean
from mailtickets.store.schema import Instant, notice, outbox, token
from mailtickets.store.statements import inserting, inserting_for_id, replacing

LEASE = timedelta(seconds=60)
"""How long a gateway holds a copy that is being sent or comes next. A running gateway extends this (`prolong`)."""

_HEADERS = ("auto_submitted", "suppress", "loop", "in_reply_to")


@dataclass(frozen=True, slots=True)
class Due:
    """A copy of a letter that a gateway has claimed for sending."""

    id: int
    ticket: int | None
    name: str
    author: str | None
    addressed: Addressed
    mail: OutboundMail
    """The mail. Its attachments are the files that the desk made, without their content (`store.enclosures`)."""
    inbound: int | None
    attachments: tuple[str, ...]
    """sha256 of each attachment. The content is in the raw mail of `inbound`."""
    attempts: int
    first_attempt_at: datetime
    state: OutboxState
    priority: int = 0
    was: str = ""
    """The state of the copy before it was claimed."""
    domain: str = ""
    notice: int = 0


def queue(connection: Connection, letter: Letter, ticket: int | None, inbound: int | None, now: datetime) -> None:
    """Queues all copies of a letter."""
    mail = letter.mail
    ticket = None if letter.of_no_ticket else ticket
    words = dict(
        ticket=ticket,
        inbound=letter.source or inbound,
        name=mail.notice,
        author=letter.author,
        message_id=mail.message_id,
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        headers=_headers(letter),
        attachments=[attachment.sha256 for attachment in mail.attachments],
        created_at=mail.date,
    )
    number = connection.execute(inserting_for_id(notice), words).scalar_one()
    enclosures.keep(connection, number, letter.enclosed)
    connection.execute(inserting(outbox), [_copy(letter, copy, number, ticket, now) for copy in letter.copies])
    tokens = [
        dict(
            hash=copy.token_hash,
            ticket=ticket,
            person=copy.recipient.address,
            revision=copy.token_revision,
            confirms=copy.confirms,
            inbound=inbound,
            answered_as=copy.answered_as,
            created_at=now,
        )
        for copy in letter.copies
        if copy.token_hash is not None
    ]
    if tokens:
        # The token that releases a held message is the same in every notice about it; the revision may differ.
        connection.execute(replacing(connection.dialect.name, token, ("hash",), ("revision",)), tokens)


def _copy(letter: Letter, copy: Addressed, number: int, ticket: int | None, now: datetime) -> dict[str, Any]:
    return dict(
        notice=number,
        ticket=ticket,
        name=letter.mail.notice,
        sender=copy.sender,
        recipient_name=copy.recipient.name,
        recipient=copy.recipient.address,
        domain=domain_of(copy.recipient.address),
        reply_to=copy.reply_to,
        verp=copy.verp,
        token_hash=copy.token_hash,
        token_revision=copy.token_revision,
        token_day=copy.token_day.isoformat() if copy.token_day else None,
        confirms=copy.confirms,
        priority=letter.priority,
        state="queued",
        attempts=0,
        created_at=now,
        next_attempt_at=letter.not_before,
    )


def _headers(letter: Letter) -> dict[str, Any]:
    mail = letter.mail
    files = {"files": enclosures.described(letter.enclosed)} if letter.enclosed else {}
    return {
        **files,
        **{name: getattr(mail, name) for name in _HEADERS},
        "references": list(mail.references),
        "sender": [mail.sender.name, mail.sender.address],
        "to": [[person.name, person.address] for person in mail.to],
        "cc": [[person.name, person.address] for person in mail.cc],
    }


def _mail(row: Row[Any]) -> OutboundMail:
    headers = row.headers
    return OutboundMail(
        notice=row.name,
        subject=row.subject,
        text=row.text,
        html=row.html,
        sender=Address(*headers["sender"]),
        to=tuple(Address(*person) for person in headers["to"]),
        cc=tuple(Address(*person) for person in headers["cc"]),
        message_id=row.message_id,
        references=tuple(headers["references"]),
        date=row.notice_created_at,
        attachments=enclosures.files(headers.get("files", ())),
        **{name: headers[name] for name in _HEADERS},
    )


_NOTICE: tuple[ColumnElement[Any], ...] = (
    notice.c.author,
    notice.c.inbound,
    notice.c.attachments,
    notice.c.headers,
    notice.c.subject,
    notice.c.text,
    notice.c.html,
    notice.c.message_id,
    notice.c.created_at.label("notice_created_at"),
)
_WHOLE = select(outbox, *_NOTICE).join(notice, notice.c.id == outbox.c.notice)


_CLAIM = (
    update(outbox)
    .where(outbox.c.id.in_(bindparam("ids", expanding=True)))
    .values(first_attempt_at=func.coalesce(outbox.c.first_attempt_at, bindparam("now", type_=Instant)))
)
_NOTICES: Select[Any] = select(*_NOTICE, notice.c.id.label("notice"), notice.c.name).where(
    notice.c.id.in_(bindparam("notices", expanding=True))
)
_ENDED = (
    update(outbox)
    .where(outbox.c.id == bindparam("number"), outbox.c.state == SENDING)
    .values(attempts=outbox.c.attempts + bindparam("one_more", type_=Integer))
)
_ANSWERED = select(outbox.c.recipient).where(
    outbox.c.id.in_(bindparam("ids", expanding=True)), outbox.c.name == literal_column("'answer'")
)
"""The recipients of answers among copies that were sent. Their addresses are marked as reachable again. Automatic mail
cannot show that an address works again, because it is not sent to addresses that do not work."""
_GIVEN_BACK = (
    update(outbox)
    .where(outbox.c.id == bindparam("number"), outbox.c.state == SENDING, outbox.c.claimed_by == bindparam("claimant"))
    .values(claimed_by=None, claimed_until=None)
)


def _due(row: Row[Any], words: Row[Any], mail: OutboundMail, claimed_at: datetime | None = None) -> Due:
    addressed = Addressed(
        recipient=Address(row.recipient_name, row.recipient),
        sender=row.sender,
        verp=row.verp,
        reply_to=row.reply_to,
        token_hash=row.token_hash,
        token_revision=row.token_revision or 0,
        token_day=date.fromisoformat(row.token_day) if row.token_day else None,
        confirms=row.confirms,
        answered_as=answered_as(row.name),
    )
    return Due(
        id=row.id,
        ticket=row.ticket,
        name=row.name,
        author=words.author,
        addressed=addressed,
        mail=mail,
        inbound=words.inbound,
        attachments=tuple(words.attachments),
        attempts=row.attempts,
        first_attempt_at=row.first_attempt_at or claimed_at or row.created_at,
        state="sending" if claimed_at else row.state,
        priority=row.priority,
        was=row.state if claimed_at else "",
        domain=row.domain,
        notice=row.notice,
    )


def claim_due(
    connection: Connection,
    claimant: str,
    now: datetime,
    limit: int,
    *,
    in_hand: Sequence[int] = (),
    abandoned: bool = True,
    shares: Shares | None = None,
) -> list[Due]:
    """Claims copies that are due, people's answers first, and returns them.

    Copies that another gateway left unfinished are due again, except with `abandoned=False`. `in_hand` are the numbers
    of copies that the claimant has claimed already. `shares` limits the copies for one domain of recipients. These
    three have a default, because only a running gateway knows them.
    """
    copies = most_urgent(connection, now, limit, in_hand=in_hand, abandoned=abandoned, shares=shares)
    if not copies:
        return []
    ids = [copy.id for copy in copies]
    taken = dict(ids=ids, state="sending", claimed_by=claimant, claimed_until=now + LEASE, now=now)
    connection.execute(_CLAIM, taken)
    notices = connection.execute(_NOTICES, {"notices": sorted({copy.notice for copy in copies})}).all()
    words = {row.notice: (row, _mail(row)) for row in notices}  # once for all its copies
    return [_due(copy, *words[copy.notice], now) for copy in copies]


def give_back(connection: Connection, claimant: str, copies: Sequence[Due]) -> None:
    """Returns copies that were claimed, but not begun, to the queue, in the state that they had before."""
    if copies:
        connection.execute(_GIVEN_BACK, [_as_it_was(copy, claimant) for copy in copies])


def _as_it_was(copy: Due, claimant: str) -> dict[str, Any]:
    """The values for a copy that goes back to the queue. A queued copy was never tried, so it has no first attempt. A
    copy that a gateway left in `sending` may have been sent: it becomes `unknown`."""
    first = None if copy.was == "queued" else copy.first_attempt_at
    was = "unknown" if copy.was == "sending" else copy.was
    return dict(number=copy.id, claimant=claimant, state=was, first_attempt_at=first)


def prolong(connection: Connection, claimant: str, numbers: Sequence[int], until: datetime) -> None:
    """Extends the claim on copies that are still being sent, until `until`."""
    mine = and_(outbox.c.id.in_(numbers), outbox.c.state == "sending", outbox.c.claimed_by == claimant)
    connection.execute(update(outbox).where(mine).values(claimed_until=until))


def unclaim(connection: Connection, claimant: str, now: datetime) -> int:
    """Sets to `unknown` all copies that the gateway `claimant` was sending when it died: each may have arrived.

    Returns how many there were.
    """
    mine = update(outbox).where(outbox.c.state == "sending", outbox.c.claimed_by == claimant)
    interrupted = mine.values(
        state="unknown", claimed_by=None, claimed_until=None, next_attempt_at=now, last_reply="the gateway was stopped"
    )
    return connection.execute(interrupted).rowcount


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """The result of one attempt to send a copy."""

    number: int
    """The id of the copy."""
    state: OutboxState
    _: KW_ONLY
    reply: str
    now: datetime
    next_attempt_at: datetime | None = None
    attempted: bool = True
    """False if the smarthost only asked us to slow down: that does not count as an attempt."""
    remote_message_id: str | None = None


def record_all(connection: Connection, results: Sequence[AttemptResult]) -> int:
    """Stores the results of several attempts. A copy that is no longer `sending` does not change.

    Returns how many copies were changed.
    """
    if not results:
        return 0
    recorded = connection.execute(_ENDED, [_ended(result) for result in results]).rowcount
    sent = [result.number for result in results if result.state == "sent"]
    if sent:
        contacts.make_reachable(connection, connection.execute(_ANSWERED, {"ids": sent}).scalars().all())
    return recorded


def _ended(result: AttemptResult) -> dict[str, Any]:
    """The values of a result for the statement `_ENDED`."""
    return dict(
        number=result.number,
        one_more=1 if result.attempted else 0,
        state=result.state,
        last_reply=clean(result.reply),
        next_attempt_at=result.next_attempt_at,
        sent_at=result.now if result.state == "sent" else None,
        remote_message_id=result.remote_message_id,
        claimed_by=None,
        claimed_until=None,
    )


def mark_failed(connection: Connection, number: int, reply: str) -> None:
    """Sets a copy to `failed`, after a report that it did not arrive. A copy that is being sent right now does not
    change: `record_all` stores the result of its attempt."""
    ended = update(outbox).where(outbox.c.id == number, outbox.c.state != "sending")
    connection.execute(ended.values(state="failed", last_reply=clean(reply), next_attempt_at=None))


def retry(connection: Connection, number: int, now: datetime) -> bool:
    """Queues a copy again, as if it had never been tried. Returns False if the copy neither waits nor has failed."""
    again = (
        update(outbox)
        .where(outbox.c.id == number, outbox.c.state.in_(("deferred", "unknown", "failed", "cancelled", "queued")))
        .values(state="queued", attempts=0, first_attempt_at=None, next_attempt_at=now)
    )
    return connection.execute(again).rowcount == 1


def hurry(connection: Connection, begun: str, now: datetime) -> int:
    """What has kept these copies waiting has passed: those whose last reply begins so are due now. Returns how many."""
    waiting = (
        update(outbox)
        .where(outbox.c.state == "deferred", outbox.c.next_attempt_at > now)
        .where(outbox.c.last_reply.startswith(begun, autoescape=True))
        .values(next_attempt_at=now)
    )
    return connection.execute(waiting).rowcount


def cancel(connection: Connection, number: int) -> bool:
    """Cancels a copy. Returns False if the copy does not wait, for example because it was sent or is being sent."""
    stopped = (
        update(outbox)
        .where(outbox.c.id == number, outbox.c.state.in_(("queued", "deferred", "unknown")))
        .values(state="cancelled", next_attempt_at=None)
    )
    return connection.execute(stopped).rowcount == 1


def sent_since(connection: Connection, moment: datetime, now: datetime, limit: int) -> int:
    """The number of copies sent since `moment`, at most `limit`. For the rate limits of the account."""
    gone = select(outbox.c.id).where(outbox.c.sent_at.between(moment, now)).limit(limit).subquery()
    return connection.execute(select(func.count()).select_from(gone)).scalar_one()


def load(connection: Connection, number: int) -> Due | None:
    row = connection.execute(_WHOLE.where(outbox.c.id == number)).one_or_none()
    return _due(row, row, _mail(row)) if row is not None else None


def by_verp(connection: Connection, tags: Sequence[str], since: datetime) -> Row[Any] | None:
    """The copy with one of these tags in its return path, created since `since`; or None."""
    wanted = _WHOLE.where(outbox.c.verp.in_(tags), outbox.c.created_at >= since).limit(1)
    return connection.execute(wanted).first()


def by_message_id(connection: Connection, message_id: str, recipient: str, since: datetime) -> Row[Any] | None:
    """The copy, sent to `recipient`, of the mail with the Message-ID `message_id`; or None.

    If no copy went to the recipient, the first copy: the mail may have been passed on to this recipient.
    """
    rows: list[Row[Any]] = []
    # An OR would use neither index.
    for same in (notice.c.message_id == message_id, outbox.c.remote_message_id == message_id):
        rows += connection.execute(_WHOLE.where(same, outbox.c.created_at >= since).limit(100)).all()
    exact = next((row for row in rows if row.recipient.casefold() == recipient.casefold()), None)
    return exact or min(rows, key=lambda row: row.id, default=None)
