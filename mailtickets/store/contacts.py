"""People we have met: known once they were authenticated, or answered by an agent."""

from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from mailtickets.mail.model import Address
from mailtickets.store.schema import contact


def is_known(connection: Connection, address: str) -> bool:
    since = select(contact.c.known_since).where(contact.c.address_key == address.casefold())
    return connection.execute(since).scalar() is not None


def make_known(connection: Connection, person: Address, now: datetime) -> None:
    """Remembers that this is a person we deal with; since when is not moved by later meetings."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    row = dialect.insert(contact).values(
        address_key=person.key, address=person.address, name=person.name, known_since=now
    )
    unknown = contact.c.known_since.is_(None)
    connection.execute(
        row.on_conflict_do_update(index_elements=["address_key"], set_={"known_since": now}, where=unknown)
    )
