"""Alarms: mail to `ops_address` when something is wrong.

Owns: which alarms have been sent, so that each is sent once until the trouble has passed.
Fails with: `Transient`, when the database does not take the mail; the alarm can be raised again then.
"""

import asyncio
import logging

from mailtickets.gateway.clerk import Clerk
from mailtickets.store.transactions import Transactions

log = logging.getLogger("mailtickets.gateway")


class Alarms:
    """The alarms of one gateway. `mail_is_due` is set when there is mail to be sent."""

    def __init__(self, clerk: Clerk, transactions: Transactions, mail_is_due: asyncio.Event) -> None:
        self._clerk, self._transactions, self._mail_is_due = clerk, transactions, mail_is_due
        self._raised: set[str] = set()

    async def sound(self, key: str, text: str) -> None:
        """Writes to `ops_address`, unless the alarm `key` has been raised already."""
        if key in self._raised:
            return
        log.error("alarm", extra={"alarm": key, "text": text})
        self._raised.add(key)  # before it is written: the next mail may find the same trouble meanwhile
        try:
            await self._transactions.off_loop(self._clerk.alarm, key, text)
        except BaseException:
            self._raised.discard(key)
            raise
        self._mail_is_due.set()

    async def clear(self, key: str) -> None:
        """Notes that the trouble has passed: the alarm can be raised again."""
        if key in self._raised:
            self._raised.discard(key)
            log.info("all clear", extra={"alarm": key})
