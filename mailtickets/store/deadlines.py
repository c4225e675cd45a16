"""Clocks and timers of tickets: what their history says, what is stored of them, and what has changed of it.

Owns: the tables `deadline` and `timer`. Both are derived: `refresh` makes a ticket's rows again from its events.
Fails with: `Stale`, if a timer has fired already, or if its ticket was changed meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, literal_column, select, update

from mailtickets.desk.clock.clocks import Clock, clocks
from mailtickets.desk.clock.course import Happening
from mailtickets.desk.clock.levels import fingerprint
from mailtickets.desk.clock.timers import DERIVED, Fired, Timer, passed, timers
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.reason import Reason
from mailtickets.desk.model.ticket import Ticket
from mailtickets.store import closing, tickets
from mailtickets.store.database import Stale
from mailtickets.store.read import happenings
from mailtickets.store.read.reader import within
from mailtickets.store.schema import deadline, event, ticket, timer, told_mark
from mailtickets.store.statements import inserting, replacing

# --- what has happened --------------------------------------------------------------------------------


def history(connection: Connection, number: int) -> tuple[Happening, ...]:
    """What has happened on a ticket and on those that were merged into it, in the order in which it was recorded."""
    return happenings.history(within(connection), number)


def brought(connection: Connection, inbound: int) -> tuple[Happening, ...]:
    """The message that a mail brought, wherever it is now."""
    return happenings.brought(within(connection), inbound)


# --- what is stored -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KeptTiming:
    """The clocks and timers of a ticket, as they were stored last."""

    clocks: tuple[Clock, ...] = ()
    """Without their spans."""
    timers: tuple[Timer, ...] = ()
    """Those that have not fired."""
    fired: tuple[Fired, ...] = ()


NOTHING_KEPT = KeptTiming()


_STORED = """
SELECT clock, level, started_at, due_at, state, ended_at, NULL AS kind, NULL AS name, 0 AS epoch, NULL AS at,
  NULL AS fired_at
FROM deadline WHERE ticket = :ticket
UNION ALL
SELECT NULL, NULL, NULL, NULL, NULL, NULL, kind, name, epoch, at, fired_at FROM timer WHERE ticket = :ticket
"""
"""The rows of both tables, because every mail on a ticket asks for them."""


def stored(connection: Connection, number: int) -> KeptTiming:
    rows = within(connection).all(_STORED, ticket=number)
    fired = (r for r in rows if r.fired_at is not None)
    return KeptTiming(
        tuple(Clock(r.clock, r.level, r.started_at, r.due_at, r.state, r.ended_at) for r in rows if r.clock),
        tuple(Timer(r.kind, r.name, r.epoch, r.at) for r in rows if r.kind and r.fired_at is None),
        tuple(Fired(r.kind, r.name, r.epoch, r.fired_at) for r in fired),
    )


@dataclass(frozen=True, slots=True)
class RowChanges:
    """What must be written so that the rows of a ticket are as they should be."""

    clocks: tuple[Clock, ...] = ()
    timers: tuple[Timer, ...] = ()
    clocks_gone: tuple[Clock, ...] = ()
    timers_gone: tuple[Timer, ...] = ()
    passed: tuple[Timer, ...] = ()
    """What is stored as fired and was not done: its time was over before the configuration knew of it."""

    def __bool__(self) -> bool:
        return bool(self.clocks or self.timers or self.clocks_gone or self.timers_gone or self.passed)


NO_CHANGES = RowChanges()


def changes(before: KeptTiming, found: Sequence[Clock], to_fire: Sequence[Timer]) -> RowChanges:
    """The differences between what is stored and what should be. A timer of a kind that nobody derives stays."""
    rows = {clock.row for clock in before.clocks}
    kept = {(clock.name, clock.level) for clock in found}
    known, wanted = set(before.timers), {one.key for one in to_fire}
    return RowChanges(
        tuple(clock for clock in found if clock.row not in rows),
        tuple(one for one in to_fire if one not in known),
        tuple(clock for clock in before.clocks if (clock.name, clock.level) not in kept),
        tuple(one for one in before.timers if one.key not in wanted and one.kind in DERIVED),
    )


_CLOCK_GONE = delete(deadline).where(
    deadline.c.ticket == bindparam("of"), deadline.c.clock == bindparam("name"), deadline.c.level == bindparam("at")
)
_THIS_TIMER = (
    timer.c.ticket == bindparam("of"),
    timer.c.kind == bindparam("what"),
    timer.c.name == bindparam("called"),
    timer.c.epoch == bindparam("in_epoch"),
    timer.c.fired_at.is_(None),
)
_TIMER_GONE = delete(timer).where(*_THIS_TIMER)
_FIRED = update(timer).where(*_THIS_TIMER).values(fired_at=bindparam("now"))


def save(connection: Connection, number: int, changed: RowChanges, now: datetime) -> None:
    """Writes what has changed of a ticket's clocks and timers, and records what was passed."""
    dialect = connection.dialect.name
    if changed.clocks_gone:
        gone = [{"of": number, "name": clock.name, "at": clock.level} for clock in changed.clocks_gone]
        connection.execute(_CLOCK_GONE, gone)
    if changed.timers_gone:
        connection.execute(_TIMER_GONE, [_key(number, *one.key) for one in changed.timers_gone])
    if changed.clocks:
        keys, values = ("ticket", "clock", "level"), ("started_at", "due_at", "state", "ended_at")
        names = (*keys[1:], *values)
        rows = [{"ticket": number, **dict(zip(names, clock.row, strict=True))} for clock in changed.clocks]
        connection.execute(replacing(dialect, deadline, keys, values), rows)
    _write(connection, number, changed.timers, fired_at=None)
    _write_passed(connection, number, changed.passed, now)


def _write(connection: Connection, number: int, timers: Sequence[Timer], fired_at: datetime | None) -> None:
    if not timers:
        return
    rows = [
        {"ticket": number, "kind": one.kind, "name": one.name, "epoch": one.epoch, "at": one.at, "fired_at": fired_at}
        for one in timers
    ]
    keys, values = ("ticket", "kind", "name", "epoch"), ("at", "fired_at")
    connection.execute(replacing(connection.dialect.name, timer, keys, values), rows)


def _key(number: int, kind: str, name: str, epoch: int) -> dict[str, object]:
    return {"of": number, "what": kind, "called": name, "in_epoch": epoch}


def fire(connection: Connection, number: int, key: tuple[str, str, int], now: datetime) -> None:
    """Stores that a timer has fired. Raises Stale if it has fired already, or is void."""
    if connection.execute(_FIRED, {**_key(number, *key), "now": now}).rowcount != 1:
        raise Stale(f"the timer {' '.join(map(str, key))} of {number} has fired, or is void")


# --- what is due --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DueTimer:
    """A timer whose time has come."""

    ticket: int
    timer: Timer


def due(connection: Connection, now: datetime, limit: int) -> list[DueTimer]:
    """The timers whose time has come, the earliest first."""
    rows = within(connection).all(
        "SELECT ticket, kind, name, epoch, at FROM timer WHERE fired_at IS NULL AND at <= :now"
        " ORDER BY at LIMIT :limit",
        now=now,
        limit=limit,
    )
    return [DueTimer(row.ticket, Timer(row.kind, row.name, row.epoch, row.at)) for row in rows]


def is_pending(connection: Connection, one: DueTimer) -> bool:
    """Whether a timer that was found due has neither fired nor been moved since."""
    return one.timer in stored(connection, one.ticket).timers


def is_kept(connection: Connection, number: int) -> bool:
    """Whether a clock of the ticket runs, though no level may be configured: a promise, or a level that is gone."""
    found = within(connection).one(
        "SELECT 1 AS found FROM deadline WHERE ticket = :ticket AND ended_at IS NULL LIMIT 1", ticket=number
    )
    return found is not None


# --- made again ---------------------------------------------------------------------------------------

TIME_WAS_OVER: Reason = "time-was-over"


def refresh(connection: Connection, number: int, policy: Policy, now: datetime) -> bool:
    """Makes the clocks and timers of a ticket again, from its events. Returns whether anything has changed.

    The ticket counts a revision then, so that a decision that was made with the old ones is made again.
    """
    return bool(_refresh(connection, number, policy, now, is_new=False))


def refresh_by_new(connection: Connection, number: int, policy: Policy, now: datetime) -> RowChanges:
    """As `refresh`, with a configuration that may be new. Returns what has changed.

    Steps whose time is over, and that were not planned, are recorded as passed: an old ticket is not escalated because
    a level begins to count.
    """
    return _refresh(connection, number, policy, now, is_new=True)


def _refresh(connection: Connection, number: int, policy: Policy, now: datetime, *, is_new: bool) -> RowChanges:
    _lock(connection, number)
    found = tickets.load(connection, number)
    if found is None or found.number != number:
        return NO_CHANGES
    before = stored(connection, number)
    running = clocks(history(connection, number), found, policy, now, before.clocks)
    is_new = is_new or not is_made(connection, found, before, policy)
    over = passed(found, running, policy, now, before.timers, before.fired) if is_new else ()
    before = with_passed(before, over, now)
    to_fire = timers(found, running, policy, now, before.fired)
    changed = replace(changes(before, running, to_fire), passed=over)
    if changed:
        save(connection, number, changed, now)
        connection.execute(update(ticket).where(ticket.c.number == number).values(revision=ticket.c.revision + 1))
        closing.hold_on(connection, number, found.revision, found.revision + 1)
    return changed


def with_passed(before: KeptTiming, over: Sequence[Timer], now: datetime) -> KeptTiming:
    """What is stored, as if the timers `over` had fired now."""
    gone = {one.key for one in over}
    return replace(
        before,
        timers=tuple(one for one in before.timers if one.key not in gone),
        fired=(*before.fired, *(Fired(*key, now) for key in gone)),
    )


def _write_passed(connection: Connection, number: int, over: Sequence[Timer], now: datetime) -> None:
    """Stores timers as fired, and an event for each, which says why nothing was done."""
    _write(connection, number, over, fired_at=now)
    common = {"ticket": number, "at": now, "actor": "system", "kind": "timer", "reason": TIME_WAS_OVER}
    events = [{**common, "old": one.kind, "new": one.name} for one in over if one.kind != "tell"]
    if events:
        connection.execute(inserting(event), events)


def _lock(connection: Connection, number: int) -> None:
    """SQLite has one writer. On PostgreSQL nobody changes the ticket until the end of the transaction."""
    if connection.dialect.name != "sqlite":
        connection.execute(select(literal_column("1")).where(ticket.c.number == number).with_for_update())


def drop(connection: Connection, one: DueTimer) -> None:
    """Deletes a timer that has not fired."""
    connection.execute(_TIMER_GONE, _key(one.ticket, *one.timer.key))


# --- all of them made again ---------------------------------------------------------------------------

_MARK = "clocks"
_UNFINISHED = ("new", "open", "pending")


def was_timed(connection: Connection) -> bool:
    """Whether the clocks were made with some configuration before."""
    return _mark(connection) is not None


@dataclass(frozen=True, slots=True)
class MadeAgain:
    """What `go_on` has done."""

    all_made: bool = True
    passed: tuple[int, ...] = ()
    """Tickets with steps whose time was over."""


def go_on(connection: Connection, made_for: str, policy: Policy, now: datetime, limit: int) -> MadeAgain:
    """Makes the clocks of a few unfinished tickets again, after those of the call before.

    `made_for` is the digest of the configuration: with another one it begins anew.
    """
    mark, statuses = _mark(connection) or "", _looked_at(policy)
    made_with, _, place = mark.partition(" ")
    status, _, after = (place if made_with == made_for else f"{statuses[0]}:0").partition(":")
    if status not in statuses:
        return MadeAgain()
    numbers = _unfinished(connection, status, int(after), limit)
    over = tuple(number for number in numbers if refresh_by_new(connection, number, policy, now).passed)
    if len(numbers) < limit:
        following = (*statuses, "done")[statuses.index(status) + 1]
        place = f"{following}:0"
    else:
        place = f"{status}:{numbers[-1]}"
    row = {"key": _MARK, "at": now, "value": f"{made_for} {place}"}
    connection.execute(replacing(connection.dialect.name, told_mark, ("key",), ("at", "value")), row)
    return MadeAgain(place.startswith("done"), over)


def is_made(connection: Connection, found: Ticket, kept: KeptTiming, policy: Policy) -> bool:
    """Whether the clocks of a ticket were made with this configuration: `go_on` has been there, or has never run and
    the ticket has clocks of a level."""
    mark, statuses = _mark(connection), _looked_at(policy)
    if mark is None:
        return bool(kept.timers or kept.fired or any(clock.level for clock in kept.clocks))
    made_with, _, place = mark.partition(" ")
    status, _, after = place.partition(":")
    if made_with != fingerprint(policy) or status not in (*statuses, "done"):
        return False
    if found.status not in statuses or status == "done":
        return True
    return (statuses.index(found.status), found.number) <= (statuses.index(status), int(after))


def _looked_at(policy: Policy) -> tuple[str, ...]:
    """The statuses whose tickets may have clocks or timers. Resolved ones have none, unless the clock moves them on."""
    moves_on = any(stage.after and stage.base == "resolved" for queue in policy.queues for stage in queue.stages)
    return (*_UNFINISHED, "resolved") if moves_on else _UNFINISHED


def _mark(connection: Connection) -> str | None:
    return connection.execute(select(told_mark.c.value).where(told_mark.c.key == _MARK)).scalar()


def _unfinished(connection: Connection, status: str, after: int, limit: int) -> list[int]:
    """Numbers of tickets in a status, in their order, above `after`."""
    rows = within(connection).all(
        "SELECT number FROM ticket WHERE status = :status AND number > :after ORDER BY number LIMIT :limit",
        status=status,
        after=after,
        limit=limit,
    )
    return [row.number for row in rows]
