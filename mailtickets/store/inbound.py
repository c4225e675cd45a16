"""Received messages, stored as they came, and the claims of gateways on them. Each ends with exactly one outcome."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Update, bindparam, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from mailtickets.desk.model.decision import Outcome
from mailtickets.desk.model.facts import Authentication, AuthFact
from mailtickets.desk.model.states import EventKind, InboundState
from mailtickets.desk.rules.agent_reading import STALE
from mailtickets.mail.door import Door
from mailtickets.mail.model import Envelope
from mailtickets.store import schema
from mailtickets.store.read import inbound as read_inbound
from mailtickets.store.read.reader import within
from mailtickets.store.schema import inbound
from mailtickets.store.transmission import transmission_key

LEASE = timedelta(seconds=60)
"""How long a gateway has a claim on a message. After that, another gateway may claim the message."""

_FURTHEST = timedelta(hours=1)
"""The longest time that a message waits for its next attempt."""

_HELD_LOOKED_AT = 10_000
"""How many of the newest held messages `held_from` looks at."""

KEEP = {
    dialect.__name__.rpartition(".")[2]: dialect.insert(inbound)
    .on_conflict_do_nothing()
    .returning(inbound.c.transmission, inbound.c.id)
    for dialect in (sqlite, postgresql)
}
"""The statements are built once, because building one takes longer than executing it."""


@dataclass(frozen=True, slots=True)
class Received:
    """An inbound row with all that a decision on it needs."""

    id: int
    envelope: Envelope
    raw: bytes
    state: InboundState
    outcome: Outcome | None
    ticket: int | None
    queues: tuple[str, ...]
    attempts: int
    released: bool
    authentication: Authentication | None = None
    """The verdict on the author of the mail. None until the message is first processed."""
    confirmed: tuple[str, ...] = ()
    """The reasons for which the message was held before it was released."""
    correction: str = ""
    """Command lines that the author sent later, in place of those that were not understood."""


def insert_all(
    connection: Connection, mails: Sequence[tuple[bytes, Envelope]], claimant: str | None, now: datetime
) -> list[tuple[int, bool]]:
    """Stores the messages. Returns for each message its id, and whether it is new: False for a retransmission.

    All messages are in one statement, because each statement takes Python's lock twice, and the doors wait for it.
    """
    rows = [arriving(raw, envelope, claimant, now) for raw, envelope in mails]
    new = {key: number for key, number in connection.execute(KEEP[connection.dialect.name], rows)}  # noqa: C416
    keys = [row["transmission"] for row in rows]
    known = new | _known(connection, [key for key in keys if key not in new])
    return [(known[key], new.pop(key, None) is not None) for key in keys]


def _known(connection: Connection, keys: Sequence[str]) -> dict[str, int]:
    if not keys:
        return {}
    found = connection.execute(select(inbound.c.transmission, inbound.c.id).where(inbound.c.transmission.in_(keys)))
    return {row.transmission: row.id for row in found}


def arriving(raw: bytes, envelope: Envelope, claimant: str | None, now: datetime) -> dict[str, Any]:
    """The row of a message that has just come in."""
    return dict(
        source=envelope.door.name,
        sender=clean(envelope.sender),
        recipients=[clean(recipient) for recipient in envelope.recipients],
        peer=envelope.peer,
        helo=clean(envelope.helo),
        trusted=envelope.trusted,
        queue_hint=envelope.queue,
        received_at=envelope.received_at,
        transmission=transmission_key(raw, envelope),
        state="accepted",
        queues=[],
        attempts=0,
        released=False,
        claimed_by=claimant,
        claimed_until=now + LEASE if claimant else None,
        size=len(raw),
        raw=raw,
    )


def insert_ignoring(connection: Connection, table: Any) -> Any:
    """INSERT ... ON CONFLICT DO NOTHING in either dialect."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    return dialect.insert(table).on_conflict_do_nothing()


def clean(value: str | None) -> Any:
    """The text without NUL and lone surrogates, which a text column cannot hold."""
    return value and value.replace("\0", "").encode("utf-8", "replace").decode()


_WHOLE = select(inbound).where(inbound.c.id == bindparam("number"))


def load(connection: Connection, number: int) -> Received | None:
    row = connection.execute(_WHOLE, {"number": number}).one_or_none()
    return _received(row) if row is not None else None


def _received(row: Row[Any]) -> Received:
    envelope = Envelope(
        door=Door.named(row.source),
        sender=row.sender,
        recipients=tuple(row.recipients),
        received_at=row.received_at,
        peer=row.peer,
        helo=row.helo,
        trusted=row.trusted,
        queue=row.queue_hint,
    )
    return Received(
        row.id,
        envelope,
        bytes(row.raw),
        row.state,
        row.outcome,
        row.ticket,
        tuple(row.queues),
        row.attempts,
        row.released,
        stored_authentication(row.authentication),
        tuple(row.confirmed or ()),
        row.correction or "",
    )


def stored_authentication(stored: dict[str, Any] | None) -> Authentication | None:
    """The verdict from its stored form. None: no verdict was stored."""
    if stored is None:
        return None
    facts = tuple(AuthFact(*fact) for fact in stored["facts"])
    return Authentication(stored["verdict"], facts, stored["internal"])


def storable_authentication(found: Authentication) -> dict[str, Any]:
    """The verdict in the form that a JSON column stores."""
    facts = [[fact.method, fact.result, fact.domain, fact.source] for fact in found.facts]
    return {"verdict": found.verdict, "internal": found.internal, "facts": facts}


def claim_due(connection: Connection, claimant: str, now: datetime, limit: int) -> list[int]:
    """Claims accepted messages that no gateway has claimed and that had no attempt. Returns their ids, oldest first.

    The claim is committed before the work begins. So it is known which messages a gateway had claimed when it died.
    """
    return _claimed(connection, claimant, now, inbound.c.attempts == 0, limit)


def claim_doubtful(connection: Connection, claimant: str, now: datetime) -> int | None:
    """Claims one message that has had attempts before, and returns its id. None: there is no such message.

    The message with the fewest attempts comes first, then the oldest. So a gateway that dies for another reason does
    not count attempts for the same message again and again. A gateway claims one such message at a time: if the message
    kills the gateway, no other message gets an attempt.
    """
    return next(iter(_claimed(connection, claimant, now, inbound.c.attempts > 0, 1)), None)


def _claimed(
    connection: Connection, claimant: str, now: datetime, wanted: ColumnElement[bool], limit: int
) -> list[int]:
    due = (
        select(inbound.c.id)
        .where(inbound.c.state == "accepted", wanted, _is_free(now))
        .order_by(inbound.c.attempts, inbound.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list(connection.execute(due).scalars())
    if ids:
        claimed = update(inbound).where(inbound.c.id.in_(ids))
        connection.execute(claimed.values(claimed_by=claimant, claimed_until=now + LEASE))
    return ids


def _is_free(now: datetime) -> ColumnElement[bool]:
    """A condition: no gateway has a claim on the message.

    There is none, it has ended, or it ends so late that the clock must have been set back.
    """
    until = inbound.c.claimed_until
    return or_(until.is_(None), until <= now, until > now + _FURTHEST)


def count_attempt(connection: Connection, number: int, retry_at: datetime) -> int:
    """Counts one more failed attempt at a message. Returns how many there are."""
    changed = (
        update(inbound)
        .where(inbound.c.id == number)
        .values(attempts=inbound.c.attempts + 1, claimed_by=None, claimed_until=retry_at)
        .returning(inbound.c.attempts)
    )
    return int(connection.execute(changed).scalar_one())


def postpone(connection: Connection, number: int, until: datetime) -> None:
    """Postpones a message until `until`. This does not count as a failed attempt."""
    connection.execute(update(inbound).where(inbound.c.id == number).values(claimed_by=None, claimed_until=until))


def prolong(connection: Connection, claimant: str, numbers: Sequence[int], until: datetime) -> None:
    """Extends the claims on messages that wait in the memory of a gateway, until `until`."""
    mine = update(inbound).where(inbound.c.id.in_(numbers), inbound.c.claimed_by == claimant)
    connection.execute(mine.values(claimed_until=until))


def give_back(connection: Connection, claimant: str) -> None:
    """Ends the claims of a gateway that stops normally. This counts no attempt."""
    connection.execute(_taken_over_by(claimant).values(claimed_by=None, claimed_until=None))


def unclaim(connection: Connection, claimant: str) -> int:
    """Ends the claims that the gateway `claimant` had when it died. The gateway calls this when it starts again.

    Any of the messages may have killed the gateway, so each gets one more attempt. Returns how many messages there are.
    """
    return connection.execute(_taken_over_by(claimant).values(_INTERRUPTED)).rowcount


def unclaim_abandoned(connection: Connection, claimant: str, now: datetime) -> None:
    """Ends claims that other gateways did not extend in time. Each message gets one more attempt."""
    theirs = inbound.c.state == "accepted", inbound.c.claimed_by.is_not(None), inbound.c.claimed_by != claimant
    connection.execute(update(inbound).where(*theirs, _is_free(now)).values(_INTERRUPTED))


def _taken_over_by(claimant: str) -> Update:
    return update(inbound).where(inbound.c.state == "accepted", inbound.c.claimed_by == claimant)


_INTERRUPTED: dict[str, Any] = {"attempts": inbound.c.attempts + 1, "claimed_by": None, "claimed_until": None}


def accept_again(
    connection: Connection, number: int, *, released: bool, correction: str = "", seen: int | None = None
) -> bool:
    """Puts a decided message back for another decision. Returns False if there is no such message.

    `released`: the message must be held. So it is released only once.
    """
    decided = inbound.c.state == "held" if released else inbound.c.state != "accepted"
    before = connection.execute(
        select(inbound.c.reason, inbound.c.confirmed).where(inbound.c.id == number)
    ).one_or_none()
    if before is None:
        return False
    again = (
        update(inbound)
        .where(inbound.c.id == number, decided)
        .values(
            state="accepted",
            outcome=None,
            reason=None,
            content=None,
            attempts=0,
            released=released,
            confirmed=sorted({*(before.confirmed or ()), _confirmed(before.reason, seen)}) if released else None,
            correction=clean(correction) or None,
            claimed_by=None,
            claimed_until=None,
        )
    )
    return connection.execute(again).rowcount == 1


def _confirmed(reason: str, seen: int | None) -> str:
    """A reason as `confirmed` has it. `stale-answer` comes with the revision seen, as others may write again later."""
    return f"{STALE}@{seen}" if reason == STALE and seen is not None else reason


def drop(connection: Connection, number: int, reason: str, now: datetime) -> bool:
    """Ignores a held message, because a person says so. Returns False if the message is not held."""
    dropped = (
        update(inbound)
        .where(inbound.c.id == number, inbound.c.state == "held")
        .values(state="done", outcome="ignored", reason=reason, decided_at=now)
    )
    return connection.execute(dropped).rowcount == 1


def record_event(
    connection: Connection, number: int, ticket: int | None, kind: EventKind, actor: str, now: datetime
) -> None:
    """Stores an event: what a person did with a message."""
    connection.execute(
        insert(schema.event).values(inbound=number, ticket=ticket, at=now, actor=actor, kind=kind, reason=kind)
    )


def held_from(
    connection: Connection, addresses: Sequence[str], hour: tuple[datetime, datetime], limit: int
) -> list[Any]:
    """The newest `limit` held messages from these addresses that were decided in this hour, oldest first."""
    keys = {address.casefold() for address in addresses}
    found = [
        row
        for row in read_inbound.listed(within(connection), state="held", limit=_HELD_LOOKED_AT)
        if (row.from_address or "").casefold() in keys and hour[0] <= row.decided_at < hour[1]
    ]
    return found[::-1][-limit:]
