"""The threads of imported mail: which ticket the Message-IDs of a thread are on.

Kept apart from the ids by which live mail finds its ticket: old mail is unproven, so its ids lead other old mail alone.
Fails with: what the database raises.
Limits: `_MOST_IDS` ids of one mail; ids longer than `_LONGEST` characters lead nowhere.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import BindParameter, Connection, bindparam, literal_column, or_, select

from mailtickets.mail.door import IMPORT
from mailtickets.mail.model import InboundMail
from mailtickets.store.schema import event, imported_id, inbound
from mailtickets.store.statements import insert_of, replacing

_MOST_IDS = 100
_LONGEST = 500
_AT_ONCE = 500

_IDS: BindParameter[str] = bindparam("ids", expanding=True)
_FOUND = select(imported_id.c.message_id, imported_id.c.ticket).where(imported_id.c.message_id.in_(_IDS))
_USED = (
    select(event.c.id)
    .outerjoin(inbound, inbound.c.id == event.c.inbound)
    .where(event.c.ticket == bindparam("ticket"), or_(inbound.c.id.is_(None), inbound.c.source != IMPORT.name))
    .limit(1)
)
_KNOWN = select(inbound.c.transmission).where(inbound.c.transmission.in_(bindparam("keys", expanding=True)))
_SIZES = select(inbound.c.message_id, inbound.c.size).where(
    inbound.c.message_id.in_(_IDS), inbound.c.source == literal_column(f"'{IMPORT.name}'")
)


def thread(connection: Connection, mail: InboundMail) -> int | None:
    """The number of the ticket that other imported mail of the same thread is on. The nearest mail decides."""
    ids = _ids(mail)
    if not ids:
        return None
    found: dict[str, int] = {row.message_id: row.ticket for row in connection.execute(_FOUND, {"ids": ids})}
    return next((found[one] for one in ids if one in found), None)


def remember(connection: Connection, mail: InboundMail, ticket: int, *, instead: bool) -> None:
    """Notes the ids of a mail that is on this ticket. `instead`: the thread goes on here, wherever it was before."""
    rows = [{"message_id": one, "ticket": ticket} for one in sorted(_ids(mail))]
    if not rows:
        return
    dialect = connection.dialect.name
    if instead:
        connection.execute(replacing(dialect, imported_id, ("message_id",), ("ticket",)), rows)
    else:
        connection.execute(insert_of(dialect)(imported_id).on_conflict_do_nothing(), rows)


def in_use(connection: Connection, ticket: int) -> bool:
    """Whether anything has happened on the ticket besides the import of old mail."""
    return connection.execute(_USED, {"ticket": ticket}).first() is not None


def known(connection: Connection, transmissions: Sequence[str]) -> set[str]:
    """Those of the transmissions that are in the ledger."""
    if not transmissions:
        return set()
    return set(connection.execute(_KNOWN, {"keys": list(transmissions)}).scalars())


def known_sizes(connection: Connection, message_ids: Iterable[str]) -> set[tuple[str, int]]:
    """(Message-ID, octets) of the mail with these ids that was imported before."""
    ids = list(message_ids)
    return {
        (row.message_id, row.size)
        for at in range(0, len(ids), _AT_ONCE)
        for row in connection.execute(_SIZES, {"ids": ids[at : at + _AT_ONCE]})
    }


def _ids(mail: InboundMail) -> list[str]:
    """The mail's own id, then those it answers, the nearest first."""
    own = (mail.message_id,) if mail.message_id else ()
    ids = dict.fromkeys([*own, *mail.in_reply_to, *reversed(mail.references)])
    return [one for one in ids if len(one) <= _LONGEST and "\0" not in one][:_MOST_IDS]
