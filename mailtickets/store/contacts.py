"""People we have met: known once they were authenticated, or answered by an agent; and who cannot be reached."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects import postgresql, sqlite

from mailtickets.mail.model import Address
from mailtickets.store.schema import contact


def is_known(connection: Connection, address: str) -> bool:
    since = select(contact.c.known_since).where(contact.c.address_key == address.casefold())
    return connection.execute(since).scalar() is not None


def make_known(connection: Connection, person: Address, now: datetime) -> None:
    """Remembers that this is a person we deal with; since when is not moved by later meetings."""
    since = func.coalesce(contact.c.known_since, now)
    _save(connection, person, {"known_since": now}, {"known_since": since, "undeliverable_since": None})


def make_undeliverable(connection: Connection, address: str, now: datetime) -> None:
    """Remembers that mail to this address has failed for good: it is sent no automatic mail until it writes itself."""
    _save(connection, Address("", address), {"undeliverable_since": now}, {"undeliverable_since": now})


def undeliverable(connection: Connection, people: Iterable[Address]) -> frozenset[str]:
    """Keys of those among these people whom mail does not reach."""
    lost = select(contact.c.address_key).where(
        contact.c.address_key.in_({person.key for person in people}), contact.c.undeliverable_since.is_not(None)
    )
    return frozenset(connection.execute(lost).scalars())


def _save(connection: Connection, person: Address, new: dict[str, Any], known: dict[str, Any]) -> None:
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    row = dialect.insert(contact).values(address_key=person.key, address=person.address, name=person.name, **new)
    connection.execute(row.on_conflict_do_update(index_elements=["address_key"], set_=known))
