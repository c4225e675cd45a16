"""The tokens of OAuth2 that the gateways of one database share, sealed by their edge, and who may renew them now.

A refresh token that rotates is good once. So only the gateway that has claimed an account asks for the next one, and
writes it here for the others. The lease of a claim is counted by PostgreSQL's clock: gateways' clocks differ.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from mailtickets.store import cursors
from mailtickets.store.schema import lease, oauth_token

LEASE = timedelta(seconds=60)
"""Longer than a question to a token server may take."""


def load(connection: Connection, name: str) -> bytes | None:
    """The newest tokens of an account, sealed."""
    return connection.execute(select(oauth_token.c.sealed).where(oauth_token.c.name == name)).scalar_one_or_none()


def generation(connection: Connection, name: str) -> int:
    """The number of an account's newest tokens; 0 where there are none."""
    wanted = select(oauth_token.c.generation).where(oauth_token.c.name == name)
    return connection.execute(wanted).scalar_one_or_none() or 0


def save(connection: Connection, name: str, number: int, sealed: bytes) -> None:
    """Keeps a generation of this number, unless there is a newer one."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    row = dialect.insert(oauth_token).values(name=name, generation=number, sealed=sealed)
    newer = row.on_conflict_do_update(
        index_elements=["name"],
        set_={"generation": number, "sealed": sealed},
        where=oauth_token.c.generation < number,
    )
    connection.execute(newer)


def claim(connection: Connection, name: str, holder: str, now: datetime) -> bool:
    """Whether this holder may renew the account's tokens now. False while another one does."""
    now = now if connection.dialect.name == "sqlite" else connection.execute(select(func.now())).scalar_one()
    return cursors.take_lease(connection, _lease_name(name), holder, now + LEASE, now)


def release(connection: Connection, name: str, holder: str) -> None:
    connection.execute(delete(lease).where(lease.c.name == _lease_name(name), lease.c.holder == holder))


def _lease_name(name: str) -> str:
    return f"oauth-{name}"
