"""How the accounts fare: for all gateways of one database, and over a restart.

Owns: the table `account`. `store.alarms` has the alarms about accounts and all else.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, select, update

from mailtickets.store.read import health as read
from mailtickets.store.read.health import Account, AccountKind
from mailtickets.store.read.reader import within
from mailtickets.store.schema import account
from mailtickets.store.statements import replacing

__all__ = ["Account", "AccountKind", "accounts", "failed", "forget_others", "succeeded"]

_ACCOUNT = ("kind", "name", "gateway")
_LONGEST_ERROR = 500


def succeeded(
    connection: Connection,
    kind: AccountKind,
    name: str,
    gateway: str,
    now: datetime,
    expires_at: datetime | None = None,
) -> None:
    """An account has been used, and all went well. `expires_at` is the end of its token."""
    changed = {"last_success_at": now, "failing_since": None, "error": "", "expires_at": expires_at}
    statement = replacing(connection.dialect.name, account, _ACCOUNT, tuple(changed))
    connection.execute(statement, {"kind": kind, "name": name, "gateway": gateway, **changed})


def failed(
    connection: Connection,
    kind: AccountKind,
    name: str,
    gateway: str,
    error: str,
    now: datetime,
    expires_at: datetime | None = None,
) -> None:
    """An account could not be used, and why. `expires_at` is the end of the token that still serves."""
    changed = {"last_failure_at": now, "error": error[:_LONGEST_ERROR], "expires_at": expires_at}
    statement = replacing(connection.dialect.name, account, _ACCOUNT, tuple(changed))
    connection.execute(statement, {"kind": kind, "name": name, "gateway": gateway, **changed})
    first = account.c.failing_since.is_(None)
    connection.execute(update(account).where(*_is(kind, name, gateway), first).values(failing_since=now))


def accounts(connection: Connection) -> list[Account]:
    """How each account fares, at each gateway."""
    return read.accounts(within(connection))


def forget_others(connection: Connection, gateway: str, configured: Iterable[tuple[AccountKind, str]]) -> None:
    """Forgets the accounts of a gateway that are no longer in its configuration."""
    wanted = set(configured)
    ours = connection.execute(select(account.c.kind, account.c.name).where(account.c.gateway == gateway)).all()
    for kind, name in ours:
        if (kind, name) not in wanted:
            connection.execute(delete(account).where(*_is(kind, name, gateway)))


def _is(kind: str, name: str, gateway: str) -> tuple[ColumnElement[bool], ...]:
    return account.c.kind == kind, account.c.name == name, account.c.gateway == gateway
