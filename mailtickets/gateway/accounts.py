"""How the accounts of this gateway fare: mailboxes, the way out, logins by token. For commands and pages to see.

Owns: when it is written to the database. A change is written at once, the rest once a minute at most; what a busy
account would write more often than every ten seconds waits for `look`.
Fails with: nothing. What cannot be written is logged, and written later.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from mailtickets.desk.model.delivery import Deferred, Delivery, Refused, Sent, Throttled, Transient
from mailtickets.gateway.clerk import Clerk
from mailtickets.store import health
from mailtickets.store.health import AccountKind
from mailtickets.store.transactions import Transactions

log = logging.getLogger("mailtickets.gateway")

WAY_OUT = "delivery"
"""The name of the account that mail goes out by."""
AGAIN = timedelta(seconds=60)
LEAST = timedelta(seconds=10)


@dataclass(slots=True)
class _State:
    """What is known of an account, and what of it is in the database."""

    error: str
    at: datetime
    """When the newest attempt was made."""
    expires_at: datetime | None = None
    written: tuple[str, datetime | None] | None = None
    written_at: datetime | None = None

    @property
    def shown(self) -> tuple[str, datetime | None]:
        return self.error, self.expires_at


class Accounts:
    """What this gateway knows of its accounts."""

    def __init__(self, clerk: Clerk, transactions: Transactions, name: str) -> None:
        self._clerk, self._transactions, self._name = clerk, transactions, name
        self._states: dict[tuple[AccountKind, str], _State] = {}

    async def note(self, kind: AccountKind, name: str, error: str = "", expires_at: datetime | None = None) -> None:
        """An account has been used; `error` says what went wrong, empty: nothing. `expires_at`: its token's end."""
        now = self._clerk.clock()
        state = self._states.setdefault((kind, name), _State(error, now))
        state.error, state.at, state.expires_at = error, now, expires_at
        if _is_time(state, now):
            await self._write((kind, name), state)

    async def note_delivery(self, delivery: Delivery) -> None:
        """What an attempt to send shows of the way out. An answer to one recipient shows nothing."""
        match delivery:
            case Sent() | Refused():
                await self.note("smtp", WAY_OUT)
            case Deferred(reply) | Throttled(reply) if reply[:1].isdigit() or reply.startswith("internal error"):
                pass
            case _:
                await self.note("smtp", WAY_OUT, delivery.reply)

    async def look(self) -> None:
        """Each minute: writes what has waited."""
        for account, state in list(self._states.items()):
            if state.shown != state.written:
                await self._write(account, state)

    async def keep_only(self, configured: Iterable[tuple[AccountKind, str]]) -> None:
        """Forgets the accounts that are no longer in the configuration."""
        wanted = list(configured)
        await self._transactions.alone(health.forget_others, self._name, wanted)
        self._states = {account: state for account, state in self._states.items() if account in wanted}

    async def _write(self, account: tuple[AccountKind, str], state: _State) -> None:
        before = state.written, state.written_at
        state.written, state.written_at = state.shown, state.at  # before it is: others may note the same meanwhile
        try:
            await self._transactions.alone(self._write_in, *account, state.shown, state.at)
        except Transient as error:
            state.written, state.written_at = before
            log.warning("state of the account not recorded", extra={"account": account[1], "error": str(error)})

    def _write_in(
        self, connection: Connection, kind: AccountKind, name: str, shown: tuple[str, datetime | None], at: datetime
    ) -> None:
        error, expires_at = shown
        if error:
            health.failed(connection, kind, name, self._name, error, at, expires_at)
        else:
            health.succeeded(connection, kind, name, self._name, at, expires_at)


def _is_time(state: _State, now: datetime) -> bool:
    if state.written_at is None or now < state.written_at:  # the clock may have been set back
        return True
    since = now - state.written_at
    return since >= AGAIN or (state.shown != state.written and since >= LEAST)
