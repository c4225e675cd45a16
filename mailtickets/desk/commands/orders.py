"""Orders that come from the shell or from timed jobs, not from mail. Each function returns a Decision.

None means that there is nothing to do, because the ticket already is as the order wants it.
"""

from collections.abc import Iterator
from datetime import datetime

from mailtickets.config.models import Agent
from mailtickets.config.stages import QueueStage
from mailtickets.desk.clock.stages import STAGE_REMOVED, move
from mailtickets.desk.customers.asking import may_be_asked_about
from mailtickets.desk.model.decision import Decision, Feedback, HeldMail
from mailtickets.desk.model.effects import (
    AddMessage,
    AddParticipant,
    Assign,
    Effect,
    MergeInto,
    OpenTicket,
    RecordEvent,
    Reminded,
    SetField,
    SetPriority,
    SetStage,
    SetStatus,
    SetType,
)
from mailtickets.desk.model.facts import Desk
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.reason import Reason
from mailtickets.desk.model.ticket import FINISHED, Priority, Status, Ticket
from mailtickets.desk.rules.assignment import TurnWanted, turn
from mailtickets.mail.model import Address


def set_status(ticket: Ticket, to: Status, actor: str) -> Decision | None:
    """Sets the status of a ticket, which also sends a notice to the requester."""
    if ticket.status == to:
        return None
    return Decision("ordered", (SetStatus(to, "ordered"),), ticket.number, actor=actor)


def set_stage(ticket: Ticket, to: QueueStage, actor: str) -> Decision | None:
    """Brings a ticket to a stage, which sets the status too. The caller has asked whether the stages allow it."""
    if ticket.stage == to.name:
        return None
    return Decision("ordered", tuple(move(to, ticket, "ordered")), ticket.number, actor=actor)


def close_resolved(ticket: Ticket) -> Decision | None:
    """Closes a resolved ticket to which nobody has written since. The caller chooses the ticket."""
    if ticket.status != "resolved":
        return None
    return Decision("resolved-long-enough", (SetStatus("closed", "resolved-long-enough"),), ticket.number)


def set_priority(ticket: Ticket, to: Priority, actor: str) -> Decision | None:
    if ticket.priority == to:
        return None
    return Decision("ordered", (SetPriority(to), *_first_action(ticket)), ticket.number, actor=actor)


def set_type(ticket: Ticket, to: str | None, actor: str) -> Decision | None:
    if ticket.type == to:
        return None
    return Decision("ordered", (SetType(to), *_first_action(ticket)), ticket.number, actor=actor)


def set_field(ticket: Ticket, name: str, value: str | None, actor: str) -> Decision | None:
    """Sets the value of a field; None takes the value away."""
    if ticket.field(name) == (value or ""):
        return None
    return Decision("ordered", (SetField(name, value), *_first_action(ticket)), ticket.number, actor=actor)


def assign(ticket: Ticket, agent: Agent | None, actor: str) -> Decision | None:
    """Assigns the ticket to an agent, or to nobody (None)."""
    to = agent.address if agent else None
    if ticket.assignee == to:
        return None
    return Decision("ordered", (Assign(to), *_first_action(ticket)), ticket.number, actor=actor)


def give_out(ticket: Ticket, desk: Desk, *, policy: Policy, now: datetime, wanted: TurnWanted) -> Decision | None:
    """Gives a ticket that has waited for its turn to whoever's turn it is now; None: nobody can take it yet."""
    queue = policy.queue(ticket.queue)
    if queue is None or ticket.assignee is not None or ticket.status not in {"new", "open"}:
        return None
    assigned = turn(queue, desk, policy, now, wanted)
    return Decision("turn-came", (assigned,), ticket.number) if assigned else None


def forgotten() -> Decision:
    """Tells everybody of the tickets that lie about and that they can do something about."""
    return Decision("lies-about", notices=("forgotten",))


def warn_of_closing(ticket: Ticket, revision: int) -> Decision | None:
    """Tells the customer of a ticket that waits for them, or is resolved, that it will be closed.

    None if anything has happened on it since that revision, at which it was found.
    """
    if ticket.status not in {"pending", "resolved"} or not ticket.answered or ticket.revision != revision:
        return None
    effects = (RecordEvent("close-warned", "close-warned"),)
    return Decision("close-warned", effects, ticket.number, notices=("close_warning",))


def resolve_silent(ticket: Ticket, revision: int) -> Decision | None:
    """Resolves a pending ticket whose customer was warned, if the warning was the last thing that happened on it: it
    made that revision."""
    if ticket.status != "pending" or ticket.revision != revision:
        return None
    return Decision("customer-silent", (SetStatus("resolved", "customer-silent"),), ticket.number)


def ask_rating(ticket: Ticket, resolved_at: datetime, person: str, policy: Policy) -> Decision | None:
    """Asks the customer of a resolved ticket how it was. None if that resolution, or that customer, is the ticket's no
    more, or if nobody is asked about such a ticket. The ticket does not change."""
    stands = ticket.status in FINISHED and ticket.resolved_at == resolved_at and ticket.requester.key == person
    if not stands or not may_be_asked_about(ticket, policy):
        return None
    return Decision("rating-asked", (), ticket.number, notices=("rating_asked",))


def unassign_lost(ticket: Ticket) -> Decision | None:
    """Takes the ticket from an agent who is no longer in the configuration, with a notice to the queue."""
    if ticket.assignee is None:
        return None
    return Decision("agent-left", (Assign(None),), ticket.number, notices=("unassigned",))


def leave_stage(ticket: Ticket, stage: str) -> Decision | None:
    """Takes the ticket out of a stage that has left the configuration. The status stays, and nobody is told."""
    if ticket.stage != stage:
        return None
    return Decision(STAGE_REMOVED, (SetStage("", STAGE_REMOVED),), ticket.number)


def stage_removed(queue: str, stage: str, count: int) -> Decision:
    """Tells the agents of a queue that a stage has left the configuration, and how many tickets had it."""
    return Decision(STAGE_REMOVED, notices=("stage_removed",), feedback=Feedback(stage=stage, queue=queue, count=count))


def remind_of_waiting(ticket: Ticket) -> Decision | None:
    """Reminds agents of a ticket that has waited too long: the assignee, or the queue's agents if nobody has it."""
    if ticket.waiting_since is None or ticket.status not in {"new", "open"}:
        return None
    reason: Reason = "reminder-unanswered" if ticket.assignee else "reminder-unassigned"
    return Decision(reason, (Reminded(),), ticket.number, notices=("reminder",))


def remind(ticket: Ticket, agent: str, *, snooze: bool) -> Decision:
    """Reminds an agent of a ticket, at the time for which they asked. `snooze`: the ticket was snoozed until then."""
    reason: Reason = "reminder-snoozed" if snooze else "reminder-asked"
    return Decision(reason, (Reminded(agent),), ticket.number, notices=("reminder",))


def digest(agent: Agent) -> Decision:
    """Sends an agent the timed list of their own tickets and of tickets that nobody has."""
    return Decision("digest-due", actor=agent.address, notices=("digest",))


def held_more(agent: Agent, mails: tuple[HeldMail, ...], count: int) -> Decision:
    """Tells an agent of held mail in their name for which no notice was sent, because the hour's budget was used up."""
    feedback = Feedback(held_more=mails, count=count)
    return Decision("held-untold", actor=agent.address, notices=("held_more",), feedback=feedback)


def note(ticket: Ticket, text: str, author: Address, actor: str) -> Decision:
    """Adds an internal note, which only agents see."""
    message = AddMessage("out", "note", author, verified=True, text=text)
    return Decision("ordered", (message, *_first_action(ticket)), ticket.number, actor=actor)


def answer(ticket: Ticket, text: str, author: Address, actor: str, *, by_agent: bool) -> Decision:
    """Adds a public answer, by an agent or by the queue itself. The ticket then waits for the customer (`pending`)."""
    effects: list[Effect] = [AddMessage("out", "public", author, verified=True, text=text, relayed=True)]
    if by_agent:
        effects.append(AddParticipant(author, "agent"))
    if ticket.status != "pending":
        effects.append(SetStatus("pending", "agent-answered"))
    return Decision("ordered", tuple(effects), ticket.number, actor=actor)


def merge(ticket: Ticket, into: int, actor: str) -> Decision:
    """Merges `ticket` into the ticket number `into`, and closes it. `into` takes the place of `ticket` from now on."""
    effects: list[Effect] = [MergeInto(into)]
    if ticket.status != "closed":
        effects.append(SetStatus("closed", "merged"))
    return Decision("ordered", tuple(effects), ticket.number, actor=actor)


def open_for(queue: str, requester: Address, subject: str, text: str, locale: str, actor: str) -> Decision:
    """Opens a ticket in a customer's name, as after a telephone call. The customer gets the acknowledgement."""
    ticket = OpenTicket(queue, subject, requester, locale)
    return Decision("ordered", (ticket, AddMessage("in", "public", requester, verified=False, text=text)), actor=actor)


def _first_action(ticket: Ticket) -> Iterator[Effect]:
    """Yields the change of a new ticket to `open`, on an agent's first action."""
    if ticket.status == "new":
        yield SetStatus("open", "first-action")
