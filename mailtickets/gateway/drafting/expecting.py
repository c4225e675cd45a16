"""What the customer of a new ticket may expect, and what is recorded of first answers: `queue.promise`.

Costs nothing where no queue has `promise = true`.
"""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from mailtickets.desk.clock.calendar import worked
from mailtickets.desk.clock.promise import ExpectedAnswer, calendar_of, expected
from mailtickets.desk.model.decision import Decision
from mailtickets.desk.model.effects import AddMessage, Undo
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Ticket
from mailtickets.gateway.drafting.basis import Basis
from mailtickets.store import answer_times
from mailtickets.store.answer_times import Answered, AnswerRecord, Arrived, TakenBack
from mailtickets.store.inbound import Received


@dataclass(frozen=True, slots=True)
class Expecting:
    """What is recorded, and what the acknowledgement says."""

    record: AnswerRecord | None = None
    told: ExpectedAnswer | None = None


NOTHING_TO_EXPECT = Expecting()


def expecting(connection: Connection, basis: Basis, after: Ticket | None, policy: Policy, now: datetime) -> Expecting:
    """What follows from a decision. `after` is the ticket after it; None: the decision changes none."""
    if after is None or not any(queue.promise for queue in policy.queues):
        return NOTHING_TO_EXPECT
    if basis.decision.opens is not None:
        return _of_arrival(connection, basis, after, policy, now)
    if any(isinstance(effect, Undo) for effect in basis.decision.effects):
        return Expecting(TakenBack(after.number))
    return Expecting(_answered(connection, after, policy, now)) if _answers(basis.decision, policy) else Expecting()


def _of_arrival(connection: Connection, basis: Basis, after: Ticket, policy: Policy, now: datetime) -> Expecting:
    queue, received = policy.queue(after.queue), basis.received
    if queue is None or not queue.promise or received is None or not _asks(basis.decision, received):
        return NOTHING_TO_EXPECT
    known, arrived_at = answer_times.expectation_of(connection, queue.name), received.envelope.received_at
    zone = ZoneInfo(policy.instance.timezone)
    found = expected(known.figures, calendar_of(queue.name, policy), zone, arrived_at, now)
    arrived = Arrived(after.number, queue.name, arrived_at, found.most_at if found else None)
    return Expecting(arrived, found if known.said else None)


def _asks(decision: Decision, received: Received) -> bool:
    """Whether a customer's mail has just come, and waits for an answer."""
    messages = [effect for effect in decision.effects if isinstance(effect, AddMessage)]
    by_customer = any(one.direction == "in" and one.visibility == "public" for one in messages)
    return by_customer and not received.envelope.door.is_history


def _answers(decision: Decision, policy: Policy) -> bool:
    """Whether a person answers the customer: an agent, or somebody at the shell."""
    return any(
        isinstance(effect, AddMessage)
        and effect.direction == "out"
        and effect.visibility == "public"
        and effect.past is None
        and (policy.queue_at(effect.author.address) is None or decision.actor.startswith("shell:"))
        for effect in decision.effects
    )


def _answered(connection: Connection, ticket: Ticket, policy: Policy, now: datetime) -> Answered | None:
    waits = answer_times.unanswered(connection, ticket.number)
    if waits is None:
        return None
    return Answered(ticket.number, now, worked(calendar_of(waits.queue, policy), waits.arrived_at, now))
