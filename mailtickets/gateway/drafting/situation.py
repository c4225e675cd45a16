"""What the notices of a draft may show: the ticket before and after, earlier messages, and the tokens to hide."""

from collections.abc import Sequence

from sqlalchemy import Connection

from mailtickets.desk.model.effects import AddMessage, Assign, MoveTo, SplitOff
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import FINISHED, Said, Ticket
from mailtickets.desk.notices.notice import Situation
from mailtickets.gateway.drafting.basis import Basis
from mailtickets.mail.trust import traces
from mailtickets.store import agents, contacts, resolutions
from mailtickets.store.read.facts import known_tokens


def situation_of(
    connection: Connection, basis: Basis, after: Ticket | None, others: tuple[Ticket, ...], policy: Policy
) -> Situation:
    """Reads what the notices may show. `others` are the other tickets that the same mail changes."""
    ticket = after or basis.before
    thread, newest = _thread(connection, basis, policy), _newest(connection, basis)
    return Situation(
        basis.decision,
        basis.before,
        ticket,
        basis.mail,
        basis.facts,
        basis.text if basis.mail is None else None,
        mail_as_read=basis.mail_as_read,
        desk_without_mail=basis.desk,
        also=others,
        thread=thread,
        newest=newest,
        resolution=_solved_by(connection, basis),
        requester_known=_knows_requester(connection, basis, ticket),
        secrets=known_tokens(connection, _suspects(basis, ticket, (*thread, *newest))),
    )


def _knows_requester(connection: Connection, basis: Basis, ticket: Ticket | None) -> bool:
    """Whether the customer's own words may stand in what the clock makes us write to them. A mail at hand says by its
    own facts whose it is; a person who orders something has seen the ticket."""
    if basis.facts is not None or ticket is None or ticket.answered or basis.decision.actor != "system":
        return True
    return contacts.is_known(connection, ticket.requester.address)


def _solved_by(connection: Connection, basis: Basis) -> str:
    """What had solved a finished ticket on which somebody has written: whoever reads it need not look it up."""
    before = basis.before
    if before is None or before.status not in FINISHED or basis.mail is None:
        return ""
    return resolutions.words_of(connection, before.number)


def _thread(connection: Connection, basis: Basis, policy: Policy) -> tuple[Said, ...]:
    """The earlier messages that an answer to customers shows. Empty if the decision sends no answer."""
    before = basis.before
    answers = any(isinstance(e, AddMessage) and e.direction == "out" for e in basis.decision.effects)
    if before is None or not answers:
        return ()
    queue = policy.queue(before.queue)
    history = queue.history if queue else 0
    known = [agent.address for agent in policy.agents]
    return agents.thread_for_all(connection, before.number, known, history) if history else ()


_SHOW_THE_NEWEST = frozenset({"reminder", "due_soon", "escalated", "stage_over"})
"""Notices that show agents what the customer wrote last, though nobody has written now."""


def _newest(connection: Connection, basis: Basis) -> tuple[Said, ...]:
    """The newest message, for the notices that show it to agents."""
    decision, before = basis.decision, basis.before
    moved = next((effect.inbound for effect in decision.effects if isinstance(effect, SplitOff)), None)
    if moved is not None:
        return agents.brought_by(connection, moved)
    if before is None:
        return ()
    shows = bool(decision.ruled.notify) or not _SHOW_THE_NEWEST.isdisjoint(decision.notices)
    shows = shows or any(isinstance(e, Assign | MoveTo) for e in decision.effects)
    return agents.thread(connection, before.number, limit=5) if shows else ()


def _suspects(basis: Basis, ticket: Ticket | None, messages: Sequence[Said]) -> frozenset[str]:
    """Words that look like reply tokens, in all texts that a notice may show."""
    texts = [basis.text, ticket.subject if ticket else "", *(message.text for message in messages)]
    return traces.suspects("\n\n\n".join(texts)).union(basis.mail.suspects if basis.mail else ())
