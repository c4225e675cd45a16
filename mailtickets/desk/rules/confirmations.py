"""What an agent's reply to a notice of held mail does.

Owns: whose reply counts, and what it does to mail that somebody else may have written. Only a yes releases such mail.
A denial drops it, and ops are told. Mail that is surely the agent's and is held for another reason is left to
`agent_mail.second_word`.
Fails with: nothing. If a reply does neither, its author is told so and may reply again.
"""

from typing import Final

from mailtickets.config.models import Agent
from mailtickets.desk.claims.authors import disowned, own_addresses
from mailtickets.desk.commands.second_words import second_word as read_second_word
from mailtickets.desk.model.decision import Decision, Done, Feedback
from mailtickets.desk.model.effects import DropHeld, ReleaseHeld
from mailtickets.desk.model.facts import Facts, TokenFact
from mailtickets.desk.model.reason import OtherReason
from mailtickets.desk.model.ticket import Ticket
from mailtickets.desk.rules.agent_mail import second_word
from mailtickets.desk.rules.agent_reading import ASKED_AGAIN, IDENTITY_DOUBTS, NOT_PROVEN, TOO_LATE, asked_again
from mailtickets.desk.rules.brought_files import brings_files
from mailtickets.desk.rules.case import Case
from mailtickets.mail.model import InboundMail

BY_RULE: Final = "rule:"
"""What the reason begins with for which a rule of the configuration holds a mail."""


def confirmed(case: Case) -> Decision | None:
    """What the reply does; None if the mail is no such reply, or its author is no agent any more."""
    mail, facts, agent = case.mail, case.facts, case.agent
    token = _token(facts, own_addresses(case.author, case.policy))
    if agent is None or token is None:
        return None
    ticket = facts.tickets.get(token.ticket or 0)
    if mail.kind != "human":  # an absence notice confirms nothing; on a ticket it is kept
        return (
            Decision(OtherReason(mail.kind_reason), outcome="ignored", actor=agent.address) if ticket is None else None
        )
    if disowned(facts):
        return asked_again(NOT_PROVEN, token, ticket, agent)
    if token.held is None:
        return asked_again(TOO_LATE, token, ticket, agent)
    if token.held in IDENTITY_DOUBTS:
        done = _theirs_or_not(mail, token, ticket, agent)
    elif token.held.startswith(BY_RULE):
        done = _goes_on_or_not(mail, token, ticket, agent)
    else:
        done = second_word(case, agent, ticket, token)
    if _only_releases(done) and brings_files(mail, facts.known_files):
        return asked_again(ASKED_AGAIN, token, ticket, agent)  # what is sent is the held mail, without this file
    return done


def _only_releases(done: Decision) -> bool:
    return any(isinstance(effect, ReleaseHeld) for effect in done.effects)


def _token(facts: Facts, own: frozenset[str]) -> TokenFact | None:
    """The author's own token for a held message. A token in an address the mail went to comes before a quoted one."""
    theirs = [token for token in facts.tokens if token.person.casefold() in own and not token.expired]
    addressed = [token for token in theirs if token.source == "address"]
    return next((token for token in addressed or theirs if token.confirms is not None), None)


def _goes_on_or_not(mail: InboundMail, token: TokenFact, ticket: Ticket | None, agent: Agent) -> Decision:
    """What an agent says of a mail that a rule holds: it goes on, or it is dropped."""
    held_id, number = token.confirms or 0, ticket.number if ticket else token.ticket
    match read_second_word(mail, (agent.name,)):
        case "yes":
            return Decision("confirmed-by-agent", (ReleaseHeld(held_id),), number, "commanded", agent.address)
        case "no":
            feedback = Feedback(done=(Done("discarded"),), commanded=True)
            drop = (DropHeld(held_id, "discarded-by-agent"),)
            return Decision(
                "discarded-by-agent", drop, number, "commanded", agent.address, notices=("receipt",), feedback=feedback
            )
        case _:
            return asked_again(ASKED_AGAIN, token, ticket, agent)


def _theirs_or_not(mail: InboundMail, token: TokenFact, ticket: Ticket | None, agent: Agent) -> Decision:
    held_id, number = token.confirms or 0, ticket.number if ticket else token.ticket
    match read_second_word(mail, (agent.name,)):
        case "yes":
            return Decision("confirmed-by-agent", (ReleaseHeld(held_id),), number, "commanded", agent.address)
        case "no":
            feedback = Feedback(confirms=held_id, held=token.held or "", commanded=True)
            drop = (DropHeld(held_id),)
            return Decision(
                "disowned-by-agent",
                drop,
                number,
                "commanded",
                agent.address,
                notices=("second_word", "alarm"),
                feedback=feedback,
            )
        case _:
            return asked_again(ASKED_AGAIN, token, ticket, agent)
