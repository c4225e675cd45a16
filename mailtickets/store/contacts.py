"""People who wrote to the desk, and addresses that mail does not reach.

A person is known once their mail was authenticated, or an agent answered them.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import Connection, Insert, bindparam, func, select, update

from mailtickets.mail.model import Address
from mailtickets.store.schema import contact
from mailtickets.store.statements import insert_of, replacing

_KNOWN_SINCE = select(contact.c.known_since).where(contact.c.address_key == bindparam("key"))
_UNDELIVERABLE = select(contact.c.address_key).where(
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
    """Marks the person as known. The moment of the first time stays."""
    row = dict(address_key=person.key, address=person.address, name=person.name, known_since=now)
    connection.execute(_making_known(connection.dialect.name), row)


@cache
def _making_known(dialect: str) -> Insert:
    row = insert_of(dialect)(contact)
    since = func.coalesce(contact.c.known_since, row.excluded.known_since)
    statement: Insert = row.on_conflict_do_update(index_elements=["address_key"], set_={"known_since": since})
    return statement


def make_undeliverable(connection: Connection, address: str, now: datetime) -> None:
    """Marks an address as undeliverable, because mail to it has failed for good.

    No automatic mail is sent to it until somebody writes from there, or a mail to it is accepted (`make_reachable`).
    """
    marking = replacing(connection.dialect.name, contact, ("address_key",), ("undeliverable_since",))
    person = Address("", address)
    row = dict(address_key=person.key, address=person.address, name=person.name, undeliverable_since=now)
    connection.execute(marking, row)


def make_reachable(connection: Connection, addresses: Sequence[str]) -> None:
    """Removes the mark `undeliverable` from these addresses."""
    if addresses:
        connection.execute(_REACHED, {"keys": sorted({address.casefold() for address in addresses})})


def undeliverable(connection: Connection, people: Iterable[Address]) -> frozenset[str]:
    """Keys of those people whose address is marked as undeliverable."""
    keys = sorted({person.key for person in people})
    return frozenset(connection.execute(_UNDELIVERABLE, {"keys": keys}).scalars()) if keys else frozenset()
