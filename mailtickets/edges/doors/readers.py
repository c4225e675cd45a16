"""The readers of a gateway's IMAP mailboxes, one task for each account: a dead account does not stop the others."""

import asyncio
import logging
from datetime import timedelta
from functools import partial

from mailtickets.config.models import Config
from mailtickets.edges.doors.imap import ImapPoller
from mailtickets.edges.imap import audit
from mailtickets.edges.imap.answers import CommandRefused, ConnectionLost, LoginRefused
from mailtickets.gateway.gateway import Gateway

log = logging.getLogger("mailtickets.daemon")


class MailboxReaders:
    """The readers of one gateway."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._readers: list[tuple[ImapPoller, asyncio.Task[None]]] = []

    def start(self, config: Config) -> None:
        for account in config.imap_in:
            note = partial(self._gateway.accounts.note, "imap", account.name)
            reader = ImapPoller(account, config.credential(account), self._gateway.mailboxes, note=note)
            self._readers.append((reader, asyncio.create_task(reader.run(), name=f"imap-{account.name}")))

    async def stop(self) -> None:
        for _, task in self._readers:
            task.cancel()
        await asyncio.gather(*(task for _, task in self._readers), return_exceptions=True)
        self._readers.clear()

    async def take_over(self, before: Config, config: Config) -> None:
        """Reads the mailboxes of the new configuration."""
        if (before.imap_in, before.oauth) != (config.imap_in, config.oauth):
            await self.stop()
            self.start(config)

    def wake(self, oauth: str) -> None:
        """Lets the mailboxes that log in by this `[[oauth]]` table try at once, not after the pause of a failed
        login.
        """
        for reader, _ in self._readers:
            if reader.account.oauth == oauth:
                reader.wake()

    async def compare(self, config: Config) -> list[str]:
        """What the mailboxes hold and the ledger does not know, in words. The reader raises the alarm for a mailbox
        that cannot be read.
        """
        problems: list[str] = []
        since = self._gateway.clerk.clock() - timedelta(days=audit.DAYS)
        for account in config.imap_in:
            facts = partial(audit.facts, account=account, since=since)
            read, known = await self._gateway.off_loop(self._gateway.clerk.database.transact, facts)
            try:
                found = await audit.audit(account, config.credential(account), read, known, since)
            except (ConnectionLost, LoginRefused, CommandRefused) as error:
                log.warning(
                    "mailbox not compared with the messages received",
                    extra={"account": account.name, "error": str(error)},
                )
            else:
                problems += found.problems
        return problems
