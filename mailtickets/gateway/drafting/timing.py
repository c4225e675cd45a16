"""The clocks and timers of a ticket after a decision: from its events, and from what the decision adds to them.

Costs nothing where the configuration has no service level, no timed stage and no timed rule, but for one look whether
an agent has promised something.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from mailtickets.desk.clock.clocks import Clock, clocks
from mailtickets.desk.clock.course import Happening
from mailtickets.desk.clock.timers import Fired, Timer, is_timed, passed, timers
from mailtickets.desk.model.effects import AddMessage, FireTimer, MergeInto, PromiseDate, SplitOff
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Ticket
from mailtickets.gateway.drafting.basis import Basis
from mailtickets.store import deadlines
from mailtickets.store.deadlines import NO_CHANGES, NOTHING_KEPT, KeptTiming, RowChanges
from mailtickets.store.events import event_of
from mailtickets.store.read.happenings import KINDS


@dataclass(frozen=True, slots=True)
class Timing:
    """The clocks and timers of a ticket as a decision leaves them."""

    clocks: tuple[Clock, ...] = ()
    timers: tuple[Timer, ...] = ()
    changes: RowChanges = NO_CHANGES
    """The rows that must be written."""
    refresh: tuple[int, ...] = ()
    """Other tickets whose clocks the decision changes: they are made again when it is written."""


NO_TIMING = Timing()


def timing(connection: Connection, basis: Basis, after: Ticket | None, policy: Policy, now: datetime) -> Timing:
    """The clocks and timers after a decision. `after` is the ticket after it; None: the decision does not change it."""
    ticket, effects = after or basis.before, basis.decision.effects
    given_away = _given_away(basis)
    if ticket is None or (after is None and not given_away):
        return NO_TIMING
    timed = is_timed(policy)
    promised = any(isinstance(effect, PromiseDate) for effect in effects)
    if not timed and not promised and (basis.before is None or not deadlines.is_kept(connection, ticket.number)):
        return NO_TIMING
    known = basis.before is not None
    stored = deadlines.stored(connection, ticket.number) if known else NOTHING_KEPT
    before = deadlines.history(connection, ticket.number) if known else ()
    staying = tuple(one for one in before if one.kind != "message" or one.inbound not in given_away)
    history = (*_brought_along(connection, basis, ticket), *staying, *_happenings(basis, ticket, now))
    over = _over(connection, basis, before, stored, policy, now)
    stored = deadlines.with_passed(stored, over, now)
    running = clocks(history, ticket, policy, now, stored.clocks)
    fired = (*stored.fired, *(Fired(e.kind, e.name, e.epoch, now) for e in effects if isinstance(e, FireTimer)))
    to_fire = timers(ticket, running, policy, now, fired)
    merged = tuple(effect.into for effect in effects if isinstance(effect, MergeInto))
    pending = tuple(one for one in stored.timers if one.key not in {(f.kind, f.name, f.epoch) for f in fired})
    changes = deadlines.changes(deadlines.KeptTiming(stored.clocks, pending), running, to_fire)
    return Timing(running, to_fire, replace(changes, passed=over), refresh=merged)


def _over(
    connection: Connection,
    basis: Basis,
    history: Sequence[Happening],
    stored: KeptTiming,
    policy: Policy,
    now: datetime,
) -> tuple[Timer, ...]:
    """Steps whose time was over before a new configuration asked for them, on a ticket whose clocks were not made
    again since: nobody had planned them, and they are not taken because somebody happens to write now."""
    before = basis.before
    if before is None or not is_timed(policy) or deadlines.is_made(connection, before, stored, policy):
        return ()
    running = clocks(history, before, policy, now, stored.clocks)
    return passed(before, running, policy, now, stored.timers, stored.fired)


def _given_away(basis: Basis) -> frozenset[int]:
    """The mails whose messages go over to a new ticket."""
    effects = (effect for another in basis.decision.also for effect in another.effects)
    return frozenset(effect.inbound for effect in effects if isinstance(effect, SplitOff))


def _brought_along(connection: Connection, basis: Basis, ticket: Ticket) -> Iterator[Happening]:
    """The messages that come over from another ticket: their authors have waited since they wrote them."""
    for effect in basis.decision.effects:
        if isinstance(effect, SplitOff):
            for said in deadlines.brought(connection, effect.inbound):
                yield replace(said, ticket=ticket.number)


def _happenings(basis: Basis, ticket: Ticket, now: datetime) -> Iterator[Happening]:
    """What the decision adds to the history, as `settle` will record it."""
    decision, mail, received = basis.decision, basis.mail, basis.received
    inbound = received.id if received is not None else None
    imported = received is not None and received.envelope.door.is_history
    for effect in decision.effects:
        if isinstance(effect, AddMessage):
            yield Happening(
                now,
                "message",
                ticket.number,
                effect.visibility,
                None,
                decision.reason,
                decision.actor,
                inbound,
                imported,
                effect.direction,
                effect.visibility,
                mail.kind if mail is not None else "human",
                effect.author.address,
                effect.waits,
            )
            continue
        recorded = event_of(effect, basis.before)
        if recorded is not None and recorded.kind in KINDS:
            reason = recorded.reason or decision.reason
            yield Happening(
                now, recorded.kind, ticket.number, recorded.old, recorded.new, reason, decision.actor, inbound, imported
            )
