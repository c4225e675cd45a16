"""What each queue has to do: now, and at each full hour of the last weeks.

Owns: the table `load_hour`. How many tickets came in is counted in an index of `ticket` whenever it is asked; how many
waited, and for how long, is not to be had afterwards and is therefore noted at each hour.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, select

from mailtickets.desk.clock.overload import HOUR, WEEKS, Load
from mailtickets.store.read.figures import unanswered
from mailtickets.store.read.reader import within
from mailtickets.store.schema import load_hour, ticket
from mailtickets.store.statements import insert_of

KEPT = timedelta(weeks=WEEKS + 1)


def now_of(connection: Connection, queue: str, now: datetime) -> Load:
    """What a queue has to do at this moment."""
    waits = unanswered(within(connection), queue)
    oldest = int((now - waits.since).total_seconds()) if waits.since else 0
    return Load(_inflow(connection, queue, now), waits.count, max(0, oldest))


def then_of(connection: Connection, queue: str, moments: Sequence[datetime], hours: Sequence[datetime]) -> list[Load]:
    """What a queue had to do at these moments, as far as it is known. `hours` are the full hours of the moments.

    Of a moment before the queue's first ticket nothing is known.
    """
    first = connection.execute(select(func.min(ticket.c.created_at)).where(ticket.c.queue == queue)).scalar()
    noted = {
        row.hour: row
        for row in connection.execute(
            select(load_hour).where(load_hour.c.queue == queue, load_hour.c.hour.in_(list(hours)))
        )
    }
    return [
        Load(
            _inflow(connection, queue, moment) if first is not None and first <= moment - HOUR else None,
            noted[hour].backlog if hour in noted else None,
            noted[hour].oldest_seconds if hour in noted else None,
        )
        for moment, hour in zip(moments, hours, strict=True)
    ]


def _inflow(connection: Connection, queue: str, until: datetime) -> int:
    """How many tickets were opened in the hour before."""
    opened = select(func.count()).where(
        ticket.c.queue == queue, ticket.c.created_at > until - HOUR, ticket.c.created_at <= until
    )
    return int(connection.execute(opened).scalar_one())


def note(connection: Connection, queue: str, hour: datetime, load: Load) -> bool:
    """Notes what a queue has to do in this hour, once. Returns False where it is noted already."""
    values = {"queue": queue, "hour": hour, "backlog": load.backlog, "oldest_seconds": load.oldest}
    row = insert_of(connection.dialect.name)(load_hour).values(values).on_conflict_do_nothing()
    return connection.execute(row.returning(load_hour.c.queue)).first() is not None


def forget_old(connection: Connection, now: datetime) -> None:
    connection.execute(delete(load_hour).where(load_hour.c.hour < now - KEPT))
