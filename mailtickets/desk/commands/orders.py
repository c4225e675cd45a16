"""What people at the shell and the clock ask of a ticket: each an order, answered with a Decision.

None means that there is nothing to do: the ticket is as it was asked to be.
"""

from collections.abc import Iterator

from mailtickets.config.models import Agent
from mailtickets.desk.model.decision import Decision, Feedback, HeldMail
from mailtickets.desk.model.effects import (
    AddMessage,
    AddParticipant,
    Assign,
    Effect,
    MergeInto,
    OpenTicket,
    Reminded,
    SetPriority,
    SetStatus,
)
from mailtickets.desk.model.reason import Reason
from mailtickets.desk.model.ticket import Priority, Status, Ticket
from mailtickets.mail.model import Address


def set_status(ticket: Ticket, to: Status, actor: str) -> Decision | None:
    """Moves the ticket; the requester is told."""
    if ticket.status == to:
        return None
    return Decision("ordered", (SetStatus(to, "ordered"),), ticket.number, actor=actor)


def close_resolved(ticket: Ticket) -> Decision | None:
    """What was resolved and has not been written to since is done."""
    if ticket.status != "resolved":
        return None
    return Decision("resolved-long-enough", (SetStatus("closed", "resolved-long-enough"),), ticket.number)


def set_priority(ticket: Ticket, to: Priority, actor: str) -> Decision | None:
    if ticket.priority == to:
        return None
    return Decision("ordered", (SetPriority(to), *_first_action(ticket)), ticket.number, actor=actor)


def assign(ticket: Ticket, agent: Agent | None, actor: str) -> Decision | None:
    """Gives the ticket to an agent, or to nobody."""
    to = agent.address if agent else None
    if ticket.assignee == to:
        return None
    return Decision("ordered", (Assign(to), *_first_action(ticket)), ticket.number, actor=actor)


def unassign_lost(ticket: Ticket) -> Decision | None:
    """Takes the ticket from an agent who has left the configuration; the queue is told."""
    if ticket.assignee is None:
        return None
    return Decision("agent-left", (Assign(None),), ticket.number, notices=("unassigned",))


def remind_of_waiting(ticket: Ticket) -> Decision | None:
    """Tells agents of a ticket that rots: its assignee, or where nobody has it, its queue."""
    if ticket.waiting_since is None or ticket.status not in {"new", "open"}:
        return None
    reason: Reason = "reminder-unanswered" if ticket.assignee else "reminder-unassigned"
    return Decision(reason, (Reminded(),), ticket.number, notices=("reminder",))


def remind(ticket: Ticket, agent: str, *, snooze: bool) -> Decision:
    """Tells an agent of a ticket at the time that they have asked for."""
    reason: Reason = "reminder-snoozed" if snooze else "reminder-asked"
    return Decision(reason, (Reminded(agent),), ticket.number, notices=("reminder",))


def digest(agent: Agent) -> Decision:
    """An agent's own tickets and those that nobody has, by the clock."""
    return Decision("digest-due", actor=agent.address, notices=("digest",))


def held_more(agent: Agent, mails: tuple[HeldMail, ...], count: int) -> Decision:
    """Mail in an agent's name that was held, and of which the hour's budget let no notice go out."""
    feedback = Feedback(held_more=mails, count=count)
    return Decision("held-untold", actor=agent.address, notices=("held_more",), feedback=feedback)


def note(ticket: Ticket, text: str, author: Address, actor: str) -> Decision:
    """An internal note: agents' eyes only."""
    message = AddMessage("out", "note", author, verified=True, text=text)
    return Decision("ordered", (message, *_first_action(ticket)), ticket.number, actor=actor)


def answer(ticket: Ticket, text: str, author: Address, actor: str, *, by_agent: bool) -> Decision:
    """A public answer, by an agent or by the queue itself; the ticket then waits for its customer."""
    effects: list[Effect] = [AddMessage("out", "public", author, verified=True, text=text, relayed=True)]
    if by_agent:
        effects.append(AddParticipant(author, "agent"))
    if ticket.status != "pending":
        effects.append(SetStatus("pending", "agent-answered"))
    return Decision("ordered", tuple(effects), ticket.number, actor=actor)


def merge(ticket: Ticket, into: int, actor: str) -> Decision:
    """Hands everything over to another ticket, which answers for this one from now on."""
    effects: list[Effect] = [MergeInto(into)]
    if ticket.status != "closed":
        effects.append(SetStatus("closed", "merged"))
    return Decision("ordered", tuple(effects), ticket.number, actor=actor)


def open_for(queue: str, requester: Address, subject: str, text: str, locale: str, actor: str) -> Decision:
    """A ticket in a customer's name, as after a telephone call; the customer is sent the acknowledgement."""
    ticket = OpenTicket(queue, subject, requester, locale)
    return Decision("ordered", (ticket, AddMessage("in", "public", requester, verified=False, text=text)), actor=actor)


def _first_action(ticket: Ticket) -> Iterator[Effect]:
    """An agent's first action opens a new ticket."""
    if ticket.status == "new":
        yield SetStatus("open", "first-action")
