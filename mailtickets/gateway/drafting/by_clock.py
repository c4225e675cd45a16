"""To whom the clock may write: never to somebody whose own domain disowns the mail that opened the ticket."""

from sqlalchemy import Connection

from mailtickets.gateway.drafting.basis import Basis
from mailtickets.store.disowned import is_disowned


def by_clock_to_disowned(connection: Connection, basis: Basis) -> bool:
    """Whether neither a mail nor a person is the cause, and the ticket's customer is not to be written to."""
    if basis.before is None or basis.facts is not None or basis.decision.actor != "system":
        return False
    return is_disowned(connection, basis.before.number)
