"""Drafts: a decision with the notices that follow from it, before anything is written.

A draft is made in a transaction that reads facts and reserves a ticket number. It may be out of date when it is
written; then it is made again (`gateway/again.py`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection

from mailtickets.desk.change import changed, opened
from mailtickets.desk.clock.clocks import Clock
from mailtickets.desk.clock.stages import followed
from mailtickets.desk.clock.timers import Timer
from mailtickets.desk.model.decision import Decision
from mailtickets.desk.model.effects import OpenTicket
from mailtickets.desk.model.facts import Desk, Facts
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Ticket
from mailtickets.desk.notices import plan as notices
from mailtickets.desk.notices.budget import BudgetLine
from mailtickets.desk.notices.notice import Notice
from mailtickets.desk.notices.promises import is_untold, with_untold
from mailtickets.desk.resolution import with_resolution
from mailtickets.desk.signatures.learning import Seen
from mailtickets.gateway.drafting.allowance import allowance
from mailtickets.gateway.drafting.asking import may_ask, request_of
from mailtickets.gateway.drafting.basis import Basis
from mailtickets.gateway.drafting.by_clock import by_clock_to_disowned
from mailtickets.gateway.drafting.expecting import expecting
from mailtickets.gateway.drafting.fields import with_levels, with_questions, with_values_said_before
from mailtickets.gateway.drafting.situation import situation_of
from mailtickets.gateway.drafting.timing import NO_TIMING, Timing, timing
from mailtickets.mail.model import InboundMail
from mailtickets.store import deadlines, tickets
from mailtickets.store.answer_times import AnswerRecord
from mailtickets.store.inbound import Received
from mailtickets.store.ratings import RatingRequest


@dataclass(frozen=True, slots=True)
class Draft:
    """A decision and its notices, before the notices are rendered and everything is written."""

    basis: Basis
    after: Ticket | None
    """The ticket after the decision; None if the decision changes no ticket."""
    notices: tuple[Notice, ...]
    budget: tuple[BudgetLine, ...]
    withheld: tuple[tuple[str, str], ...]
    also: tuple["Draft", ...] = ()
    """Drafts for other tickets that the same mail changes."""
    desk: Desk = field(default_factory=Desk)
    """The agents' work, as it was when the decision was made."""
    timing: Timing = NO_TIMING
    """The ticket's clocks and timers after the decision."""
    made_at: datetime | None = None
    """When the decision was made: its events have this time, and so do the clocks that they start and stop."""
    signature: Seen | None = None
    """The author's signature that the mail shows, if the author is surely an agent."""
    answer: AnswerRecord | None = None
    """What is recorded of the first answer to the ticket."""
    rating: RatingRequest | None = None
    """Whose opinion of the ticket's resolution is asked for."""

    @property
    def decision(self) -> Decision:
        return self.basis.decision

    @property
    def before(self) -> Ticket | None:
        return self.basis.before

    @property
    def received(self) -> Received | None:
        return self.basis.received

    @property
    def mail(self) -> InboundMail | None:
        return self.basis.mail

    @property
    def clocks(self) -> tuple[Clock, ...]:
        return self.timing.clocks

    @property
    def timers(self) -> tuple[Timer, ...]:
        return self.timing.timers

    @property
    def facts(self) -> Facts | None:
        return self.basis.facts

    def all(self) -> Iterator["Draft"]:
        """Yields this draft, and then the drafts in `also`."""
        yield self
        yield from self.also


def drafted(connection: Connection, basis: Basis, policy: Policy, now: datetime) -> Draft:
    """The draft of a decision: the ticket after it, and the notices that may be sent."""
    basis = with_values_said_before(connection, basis, policy)
    basis = with_levels(connection, basis, policy, now)
    decision = followed(basis.decision, basis.before, policy, now)
    basis = replace(basis, decision=with_resolution(decision, basis.before))
    also = tuple(_drafted_also(connection, another, basis.facts, policy, now) for another in basis.decision.also)
    after = _after(connection, basis, policy, now)
    others = tuple(draft.after for draft in also if draft.after)
    times, expects = timing(connection, basis, after, policy, now), expecting(connection, basis, after, policy, now)
    clocks = times.clocks if after is not None else _stored_clocks(connection, basis.before)
    situation = situation_of(connection, basis, after, others, policy)
    asks = may_ask(connection, basis, after, policy, now)
    situation = replace(situation, clocks=clocks, clocks_before=basis.clocks, expected=expects.told, may_ask=asks)
    planned = notices.plan(situation, policy, now)
    number = situation.after.number if situation.after else 0
    limits = allowance(connection, planned, number, policy, now)
    reachable = {basis.reachable_author.casefold()}
    disowned = any(one.to_customer for one in planned) and by_clock_to_disowned(connection, basis)
    allowed = replace(limits, undeliverable=limits.undeliverable - reachable, disowned=disowned).of(planned)
    basis = with_questions(basis, allowed.notices)
    untold = [one.after.number for one in also if one.after is not None and is_untold(one.decision, one.notices)]
    untold += [number] if is_untold(basis.decision, allowed.notices) else []
    written = with_untold(allowed.notices, untold), allowed.budget, allowed.withheld
    rating = request_of(connection, basis, after, allowed.notices, policy, now)
    return Draft(basis, after, *written, also, situation.desk, times, now, answer=expects.record, rating=rating)


def _drafted_also(
    connection: Connection, decision: Decision, facts: Facts | None, policy: Policy, now: datetime
) -> Draft:
    """The draft for another ticket that a mail changes, beside the ticket that the mail is about."""
    before = facts.tickets.get(decision.ticket or 0) if facts else None
    return drafted(connection, Basis(decision, before), policy, now)


def _stored_clocks(connection: Connection, ticket: Ticket | None) -> tuple[Clock, ...]:
    """The clocks of a ticket that a decision does not change, for notices that show it."""
    return deadlines.stored(connection, ticket.number).clocks if ticket is not None else ()


def _after(connection: Connection, basis: Basis, policy: Policy, now: datetime) -> Ticket | None:
    """The ticket after the decision; None if the decision changes no ticket. Reserves the number of a new ticket."""
    effects, opening = basis.decision.effects, basis.decision.opens
    if opening is not None:
        fresh = opened(opening, tickets.reserve_number(connection, policy.instance.first_number), now)
        return changed(fresh, [effect for effect in effects if not isinstance(effect, OpenTicket)], now)
    if basis.before is None or not effects:
        return None
    return changed(basis.before, effects, now)
