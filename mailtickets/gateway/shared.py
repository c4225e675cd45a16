"""What all parts of one gateway use together."""

import asyncio
from dataclasses import dataclass, field

from mailtickets.gateway.accounts import Accounts
from mailtickets.gateway.alarms import Alarms
from mailtickets.gateway.clerk import Clerk
from mailtickets.gateway.measures import Measures
from mailtickets.gateway.workers import Workers
from mailtickets.store.transactions import Transactions


@dataclass(frozen=True, slots=True)
class Shared:
    """One clerk, one pool of workers, one database, one list of alarms and one of accounts."""

    name: str
    """The gateway's own name: what it has claimed in the database is marked with it."""
    clerk: Clerk
    workers: Workers
    transactions: Transactions
    alarms: Alarms
    accounts: Accounts
    mail_is_due: asyncio.Event
    """Set when there is mail to be sent."""
    measures: Measures = field(default_factory=Measures)
