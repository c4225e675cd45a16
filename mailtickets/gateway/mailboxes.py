"""What the readers of IMAP mailboxes need of a gateway: to hand over mail, to keep their place, to raise alarms.

Fails with: `Transient` and `NoSpace`; the reader tries again later, and the mail stays in its mailbox.
"""

from sqlalchemy import Connection

from mailtickets.desk.model.delivery import ImapCursor
from mailtickets.failpoint import failpoint
from mailtickets.gateway.alarms import Alarms
from mailtickets.gateway.intake import Intake
from mailtickets.mail.model import Envelope
from mailtickets.store import cursors
from mailtickets.store.transactions import Transactions


class Mailboxes:
    """The side of a gateway that readers of mailboxes see."""

    def __init__(self, intake: Intake, transactions: Transactions, alarms: Alarms) -> None:
        self._intake, self._transactions, self._alarms = intake, transactions, alarms

    async def accept(self, raw: bytes, envelope: Envelope) -> int:
        """Commits a message, and returns its inbound id; a retransmission gets the id it had."""
        return await self._intake.accept(raw, envelope)

    async def imap_cursor(self, account: str, folder: str) -> ImapCursor | None:
        """How far a folder has been read; None if it has never been read."""
        return await self._transactions.alone(cursors.load, account, folder)

    async def save_imap_cursor(self, cursor: ImapCursor) -> None:
        """Notes how far a folder has been read."""
        await self._transactions.alone(_save_cursor_in, cursor)
        failpoint("after-cursor-commit")

    async def alarm(self, key: str, text: str) -> None:
        """Tells `ops_address` that something is wrong: once, until `all_clear`."""
        await self._alarms.sound(key, text)

    async def all_clear(self, key: str) -> None:
        """Notes that the trouble of this alarm has passed."""
        await self._alarms.clear(key)


def _save_cursor_in(connection: Connection, cursor: ImapCursor) -> None:
    cursors.save(connection, cursor)
    failpoint("before-cursor-commit")
