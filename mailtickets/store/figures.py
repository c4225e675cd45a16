"""What reports count, as it is stored.

Owns: the tables `uncounted`, `counted`, `day_sum` and `mail_day`. All of it is derived from tickets, events and mail.
Fails with: nothing of its own.
"""

from sqlalchemy import Connection

from mailtickets.desk.model.ticket import Ticket
from mailtickets.store.schema import uncounted
from mailtickets.store.statements import replacing


def mark(connection: Connection, changed: Ticket) -> None:
    """Notes that a ticket has changed, in the transaction that changes it: it is counted again soon."""
    row = {"ticket": changed.number, "revision": changed.revision}
    connection.execute(replacing(connection.dialect.name, uncounted, ("ticket",), ("revision",)), row)
