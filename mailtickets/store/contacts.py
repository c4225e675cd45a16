"""People we have met: known once they were authenticated, or answered by an agent; and who cannot be reached."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import Connection, Insert, bindparam, func, select, update

from mailtickets.mail.model import Address
from mailtickets.store.schema import contact
from mailtickets.store.statements import insert_of, replacing

_KNOWN_SINCE = select(contact.c.known_since).where(contact.c.address_key == bindparam("key"))
_LOST = select(contact.c.address_key).where(
    contact.c.address_key.in_(bindparam("keys", expanding=True)), contact.c.undeliverable_since.is_not(None)
)
_REACHED = (
    update(contact)
    .where(contact.c.address_key.in_(bindparam("keys", expanding=True)), contact.c.undeliverable_since.is_not(None))
    .values(undeliverable_since=None)
)


def is_known(connection: Connection, address: str) -> bool:
    return connection.execute(_KNOWN_SINCE, {"key": address.casefold()}).scalar() is not None


def make_known(connection: Connection, person: Address, now: datetime) -> None:
    """Remembers that this is a person we deal with; since when is not moved by later meetings."""
    row = dict(address_key=person.key, address=person.address, name=person.name, known_since=now)
    connection.execute(_meeting(connection.dialect.name), row)


@cache
def _meeting(dialect: str) -> Insert:
    row = insert_of(dialect)(contact)
    since = func.coalesce(contact.c.known_since, row.excluded.known_since)
    met: Insert = row.on_conflict_do_update(index_elements=["address_key"], set_={"known_since": since})
    return met


def make_undeliverable(connection: Connection, address: str, now: datetime) -> None:
    """Remembers that mail to this address has failed for good: it is sent no automatic mail until it writes itself, or
    a mail to it is taken (`make_reachable`)."""
    lost = replacing(connection.dialect.name, contact, ("address_key",), ("undeliverable_since",))
    person = Address("", address)
    row = dict(address_key=person.key, address=person.address, name=person.name, undeliverable_since=now)
    connection.execute(lost, row)


def make_reachable(connection: Connection, addresses: Sequence[str]) -> None:
    """Ends the state of being undeliverable, of those that are."""
    if addresses:
        connection.execute(_REACHED, {"keys": sorted({address.casefold() for address in addresses})})


def undeliverable(connection: Connection, people: Iterable[Address]) -> frozenset[str]:
    """Keys of those among these people whom mail does not reach."""
    keys = sorted({person.key for person in people})
    return frozenset(connection.execute(_LOST, {"keys": keys}).scalars()) if keys else frozenset()
