"""What an agent's words and commands do on a ticket, and the decisions that hold a mail or send it back.

Fails with: nothing; what was not understood or cannot be done stands in `Reading.problems`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from mailtickets.config.models import Agent
from mailtickets.desk.commands.asker import Asker
from mailtickets.desk.commands.carry_out import Deeds, carry_out
from mailtickets.desk.commands.command import Command, CommandName
from mailtickets.desk.commands.correcting import corrected, without_sign
from mailtickets.desk.commands.reading import Asked, with_canned
from mailtickets.desk.commands.ready_answers import with_their_commands
from mailtickets.desk.model.decision import Decision, Feedback, Problem
from mailtickets.desk.model.effects import Effect, RecordEvent, SetAbsence
from mailtickets.desk.model.facts import TokenFact
from mailtickets.desk.model.reason import Reason
from mailtickets.desk.model.ticket import Ticket
from mailtickets.mail.model import InboundMail

NOT_UNDERSTOOD: Final = "command-not-understood"
NOT_VERIFIED: Final = "agent-not-verified"
NOBODY_TO_ANSWER: Final = "nobody-to-answer"
FROM_QUEUE_ADDRESS: Final = "agent-from-queue-address"
IDENTITY_DOUBTS = frozenset({"agent-without-token", NOT_VERIFIED, FROM_QUEUE_ADDRESS})
"""Reasons to hold a mail that somebody else may have written: only a yes releases it."""
ASKED_AGAIN: Final = "second-word-unclear"
NOT_PROVEN: Final = "second-word-not-proven"
TOO_LATE: Final = "second-word-too-late"
STALE: Final = "stale-answer"
"""In `Facts.confirmed` it stands with the revision of the ticket that the author had seen: `stale-answer@7`."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The words and commands of a mail, and what they do."""

    words: str
    note: str
    orders: tuple[Command, ...]
    deeds: Deeds
    problems: tuple[Problem, ...]

    def asks(self, name: CommandName) -> bool:
        return any(order.name == name for order in self.orders)


def reading_of(asked: Asked, ticket: Ticket | None, asker: Asker, without: Sequence[CommandName] = ()) -> Reading:
    """What an agent's words do on the ticket. `without` names commands that the caller has dealt with."""
    bare = without_sign(asked)
    if bare is not None and NOT_UNDERSTOOD not in asker.facts.confirmed:
        asked = replace(asked, problems=(bare,))
    orders = _ordered(asked, asker, without)
    asker = replace(asker, answers=bool(asked.words or asked.pieces))
    if NOT_UNDERSTOOD not in asker.facts.confirmed:
        deeds = carry_out(ticket, orders, asker)
        return _whole(asked, orders, deeds, (*asked.problems, *deeds.problems), asker)
    right = corrected(asked, asker.facts.correction, _refused(asked, ticket, asker))
    orders = _ordered(right, asker, without)
    deeds = carry_out(ticket, orders, asker)
    return _whole(right, orders, deeds, (*right.problems, *deeds.problems), asker)


def _refused(asked: Asked, ticket: Ticket | None, asker: Asker) -> list[Command]:
    """The commands of a mail that came back because they could not be carried out: a correction takes their place.

    A move to a stage is not one of them if the correction gives what the stage had needed.
    """
    whole = corrected(asked, asker.facts.correction)
    problems = {problem.line for problem in carry_out(ticket, _ordered(whole, asker, ()), asker).problems}
    possible_now = {
        order for order in whole.commands if order.name in {"stage", "status"} and order.line not in problems
    }
    return [
        order
        for order in asked.commands
        if order not in possible_now
        and carry_out(ticket, with_their_commands((order,), asker.facts.canned_commands), asker).problems
    ]


def _ordered(asked: Asked, asker: Asker, without: Sequence[CommandName]) -> tuple[Command, ...]:
    orders = with_their_commands(asked.commands, asker.facts.canned_commands)
    return tuple(order for order in orders if order.name not in without)


def _whole(asked: Asked, orders: Sequence[Command], deeds: Deeds, problems: Sequence[Problem], asker: Asker) -> Reading:
    words = with_canned(asked, dict(asker.facts.canned)) if not problems else asked.words
    return Reading(words.strip(), asked.note, tuple(orders), deeds, tuple(dict.fromkeys(problems)))


def held(reason: Reason, ticket: Ticket | None, agent: Agent) -> Decision:
    """The mail is held. Nothing is published, and the agent is told at their address in the configuration."""
    event = RecordEvent("held", reason, agent.address)
    return Decision(reason, (event,), ticket.number if ticket else None, "held", agent.address, notices=("held",))


def quotes_us(mail: InboundMail, ticket: Ticket | None, agent: Agent) -> Decision:
    """The mail is held, and no release sends it: our own notice, or a token, is in what would go to a customer."""
    return replace(held("quotes-our-notice", ticket, agent), feedback=Feedback(files=mail.carriers))


def sent_back(problems: Sequence[Problem], ticket: Ticket | None, agent: Agent) -> Decision:
    """The mail is held, and its author is told what was not understood in it."""
    feedback = Feedback(problems=tuple(problems), commanded=True)
    return replace(held(NOT_UNDERSTOOD, ticket, agent), notices=("returned",), feedback=feedback)


def asked_again(reason: Reason, token: TokenFact, ticket: Ticket | None, agent: Agent) -> Decision:
    """An agent's reply to a notice of held mail does nothing. The agent is told why, and may reply again."""
    feedback = Feedback(confirms=token.confirms, held=token.held or "", commanded=True)
    number = ticket.number if ticket else None
    return Decision(reason, (), number, "commanded", agent.address, notices=("second_word",), feedback=feedback)


def back_again(asker: Asker) -> list[Effect]:
    """Ends the author's absence, if they were away: somebody who writes is back."""
    away = asker.agent.address.casefold() in asker.facts.desk.absent_until
    return [SetAbsence(asker.agent.address, None)] if away else []
