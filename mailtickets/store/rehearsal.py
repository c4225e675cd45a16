"""An import: mail is kept and decided on in one transaction; and a rehearsal of it, on a database of its own.

Fails with: what the database raises.
"""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from mailtickets.mail.model import Envelope, InboundMail
from mailtickets.store import tickets
from mailtickets.store.history import in_use, remember, thread
from mailtickets.store.inbound import Received, insert_all
from mailtickets.store.read.facts import content_key
from mailtickets.store.schema import counter, event, inbound, notice

_SAME = select(inbound.c.id).where(inbound.c.content == bindparam("key")).limit(1)
_SENT = select(notice.c.id).where(notice.c.message_id == bindparam("id")).limit(1)


def keep(connection: Connection, raw: bytes, envelope: Envelope, now: datetime) -> Received | None:
    """Keeps a mail in the ledger, in the transaction that decides on it too. None: the ledger has it."""
    [(number, new)] = insert_all(connection, [(raw, envelope)], None, now)
    return Received(number, envelope, raw, "accepted", None, None, (), 0, False) if new else None


def is_here(connection: Connection, mail: InboundMail) -> bool:
    """Whether the desk has this mail by another door, or has sent it."""
    key = content_key(mail)
    return key is not None and connection.execute(_SAME, {"key": key}).first() is not None


def is_ours(connection: Connection, mail: InboundMail) -> bool:
    """Whether the desk itself has sent this mail."""
    return connection.execute(_SENT, {"id": mail.message_id}).first() is not None


def copy_thread(ledger: Connection, rehearsal: Connection, mail: InboundMail) -> None:
    """Copies to the database of a rehearsal which ticket a mail's thread is on, and that ticket."""
    number = thread(ledger, mail)
    found = tickets.load(ledger, number) if number is not None else None
    if found is None:
        return
    if tickets.load(rehearsal, found.number) is None:
        tickets.save(rehearsal, None, replace(found, linked=()))
        if in_use(ledger, found.number):
            values = {"ticket": found.number, "at": found.updated_at, "actor": "", "kind": "opened", "reason": ""}
            rehearsal.execute(event.insert().values(values))
    remember(rehearsal, mail, found.number, instead=False)


def number_from(connection: Connection, first: int) -> None:
    """Lets the ticket numbers of a rehearsal begin behind all that are in use."""
    connection.execute(counter.insert().values(name="ticket", value=first))


def last_number(connection: Connection, least: int) -> int:
    """The last ticket number that was given away."""
    found = connection.execute(select(counter.c.value).where(counter.c.name == "ticket")).scalar()
    return int(found) if found is not None else least
