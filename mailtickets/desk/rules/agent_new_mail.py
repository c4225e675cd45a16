"""What an agent's mail about no ticket does: it asks the desk something, orders something of several tickets, or opens
a ticket.

An agent opens a ticket for a customer whose mail they forward, for a customer whom they write to first, or for
themselves. What changes something needs proof of who wrote the mail. What only shows something needs none, because the
result goes to the agent's own address.
Fails with: nothing; what cannot be done is said in the decision.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from mailtickets.config.models import Agent
from mailtickets.desk.change import opened
from mailtickets.desk.claims.authors import authentic, locale_for, own_addresses, vouched_for, without_tags
from mailtickets.desk.claims.matching import REF_LINE
from mailtickets.desk.claims.people import readers
from mailtickets.desk.commands import reading
from mailtickets.desk.commands.asker import Asker
from mailtickets.desk.commands.carry_out import carry_out, on_lines, promises
from mailtickets.desk.commands.closing import Own, says_nothing
from mailtickets.desk.commands.command import Command, people
from mailtickets.desk.commands.correcting import corrected
from mailtickets.desk.commands.digest import DigestAnswer, read_lines
from mailtickets.desk.commands.reading import Asked
from mailtickets.desk.commands.rows import row_of
from mailtickets.desk.commands.staging import unanswered
from mailtickets.desk.customers.thanks import is_courtesy
from mailtickets.desk.model.decision import Decision, Done, Feedback, Problem
from mailtickets.desk.model.effects import (
    AddMessage,
    AddParticipant,
    Assign,
    AwaitTurn,
    Effect,
    OpenTicket,
    SetStage,
    SetStatus,
)
from mailtickets.desk.model.facts import Facts
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.rules.agent_reading import (
    NOT_UNDERSTOOD,
    NOT_VERIFIED,
    Reading,
    back_again,
    held,
    quotes_us,
    reading_of,
    sent_back,
)
from mailtickets.desk.rules.answered import THANKS
from mailtickets.desk.rules.assignment import given_out
from mailtickets.desk.rules.case import Case
from mailtickets.mail.model import Address, InboundMail

FORWARD_UNCLEAR: Final = "forward-unclear"
OPENED_BY_AGENT: Final = "opened-by-agent"


def on_no_ticket(case: Case, agent: Agent) -> Decision | None:
    """What an agent's new mail to a queue does; None: no more than anybody's, it opens a ticket in their name."""
    mail, lines = case.mail, case.orders.listed
    asker = Asker(agent, case.facts, case.policy, case.now)
    answers_desk = _has_desk_token(mail, case.facts, case.policy)
    if answers_desk and (lines.orders or lines.problems or not lines.commands):
        return _lines(lines, asker)
    forwarded = mail.forwarded if _forwards_a_customer(mail, case.policy) else None
    words = _with_subject(case, forwarded.note if forwarded else mail.reply)
    asked = reading.read(words, names=(agent.name,))
    if not asked.commands and not asked.problems and forwarded is None:
        return None
    if asked.commands and all(row_of(order).is_question for order in asked.commands) and not asked.words:
        return _answered(asked, asker)
    return _starts(mail, words, asked, asker)


def _has_desk_token(mail: InboundMail, facts: Facts, policy: Policy) -> bool:
    """Whether the mail answers a digest that was sent to the author of the mail."""
    own = own_addresses(mail.author, policy) if mail.author else frozenset()
    return any(
        token.ticket is None and not token.expired and not token.confirms and token.person.casefold() in own
        for token in facts.tokens
    )


def _forwards_a_customer(mail: InboundMail, policy: Policy) -> bool:
    """Whether somebody else's mail is handed on, rather than one of the team's or of our own."""
    author = mail.forwarded.author if mail.forwarded else None
    if mail.forwarded is None or REF_LINE.search(mail.text):
        return False
    return author is None or not (policy.agent(author.address) or policy.queue_at(author.address))


def _with_subject(case: Case, words: str) -> str:
    """The words, below the subject if that is made of commands."""
    subject = case.orders.subject
    alone = subject.commands and not subject.words and not subject.problems
    return f"{case.mail.subject}\n{words}" if alone else words


def _answered(asked: Asked, asker: Asker) -> Decision:
    read = reading_of(asked, None, asker)
    if read.problems:
        return sent_back(read.problems, None, asker.agent)
    deeds = read.deeds
    search = next((request.search for request in deeds.requests if request.search), "")
    notices = tuple(dict.fromkeys(request.notice for request in deeds.requests))
    feedback = Feedback(commanded=True, search=search)
    effects = tuple(back_again(asker)) if _proven(asker) else ()
    return Decision(
        "agent-asks",
        effects,
        None,
        "commanded",
        asker.agent.address,
        notices=notices,
        feedback=feedback,
        reports=tuple(deeds.reports),
    )


def _lines(lines: DigestAnswer, asker: Asker) -> Decision:
    """Orders to several tickets: all are carried out, or none. Words that name no ticket are sent back."""
    if NOT_UNDERSTOOD in asker.facts.confirmed:
        lines = _corrected_lines(lines, asker)
    deeds = on_lines(lines.orders, asker)
    problems = list(lines.problems)
    names = [agent.name for agent in asker.policy.agents]
    if not (lines.orders or problems or lines.commands) and is_courtesy(lines.rest, names=names):
        return Decision(THANKS, tuple(back_again(asker)), None, "ignored", asker.agent.address)
    rest = [] if _only_signs(lines, asker) else lines.rest.strip().splitlines()
    if rest or not (lines.orders or problems):
        problems.append(Problem(rest[0] if rest else "", "unknown-command"))
    if problems or deeds.problems:
        return sent_back([*problems, *deeds.problems], None, asker.agent)
    if not vouched_for(asker.facts, asker.policy) and not asker.facts.released:
        return held(NOT_VERIFIED, None, asker.agent)
    if deeds.doubts:
        return replace(held(deeds.doubts[0].reason, None, asker.agent), feedback=Feedback(done=(deeds.doubts[0].done,)))
    asked = carry_out(None, [command for command in lines.commands if row_of(command).is_question], asker)
    if asked.problems:
        return sent_back(asked.problems, None, asker.agent)
    search = next((request.search for request in asked.requests if request.search), "")
    feedback = Feedback(done=tuple(deeds.done), commanded=True, search=search)
    return Decision(
        "agent-commands",
        tuple(back_again(asker)),
        None,
        "commanded",
        asker.agent.address,
        notices=("receipt", *dict.fromkeys(request.notice for request in asked.requests)),
        feedback=feedback,
        also=tuple(deeds.also),
        reports=tuple(asked.reports),
    )


def _only_signs(lines: DigestAnswer, asker: Asker) -> bool:
    """Whether nothing but thanks, or a closing formula and a name, stands below the orders."""
    rest = lines.rest.strip()
    signs = says_nothing([line.strip() for line in rest.splitlines()], Own.of("", (asker.agent.name,)))
    return bool(lines.orders) and (signs or is_courtesy(rest, names=(asker.agent.name,)))


def _corrected_lines(lines: DigestAnswer, asker: Asker) -> DigestAnswer:
    """The orders that can be carried out, with the correction in place of the others."""
    kept = [order for order in lines.orders if not on_lines([order], asker).problems]
    correction = read_lines(asker.facts.correction)
    wrong = [problem.line for problem in lines.problems]
    numbers = _LEADING_NUMBERS.match(wrong[0]) if len(wrong) == 1 and not correction.orders else None
    if numbers:  # `#fechar` corrects `1042 #fehcar`
        correction = read_lines("\n".join(f"{numbers[0]} {line}" for line in asker.facts.correction.splitlines()))
    return replace(correction, orders=tuple(dict.fromkeys([*kept, *correction.orders])))


_LEADING_NUMBERS = re.compile(r"[\W_]*\d+[\])]?(?:[ ,;&+]+[\[(]?#?\d+[\])]?)*")


def _starts(mail: InboundMail, words: str, asked: Asked, asker: Asker) -> Decision:
    """Opens a ticket. `words` are the words of the mail, and `asked` is how they were read."""
    forwarded = mail.forwarded if _forwards_a_customer(mail, asker.policy) else None
    me, queue = Address(asker.agent.name, asker.agent.address), asker.facts.queue
    orders = corrected(asked, asker.facts.correction).commands if asker.facts.correction else asked.commands
    to = next((order for order in orders if order.name == "to"), None)
    named = next((order for order in orders if order.name == "requester"), None)
    requester = _person(to) or _person(named) or (forwarded.author if forwarded else None) or me
    subject = without_tags(forwarded.subject if forwarded and forwarded.subject else mail.subject)
    opening = OpenTicket(
        queue.name,
        "" if subject.startswith(("#", "/")) else subject,
        requester,
        locale_for(queue, mail.language, asker.policy),
        notify_cc=True,
        acknowledged=to is None and requester is not me,
    )
    signature = mail.signature if forwarded is None else ""
    whole = reading.read(words, signature=signature, names=(asker.agent.name,)) if signature else asked
    read = reading_of(whole, opened(opening, 0, asker.now), asker, without=("to", "requester"))
    if read.problems:
        return sent_back(read.problems, None, asker.agent)
    ours = [order for order in (to, named) if order and not readers([_person(order) or me], asker.policy)]
    if ours:
        return sent_back([Problem(order.line, "bad-argument", expected="address") for order in ours], None, asker.agent)
    if to is None and (lacking := unanswered(read.orders, read.deeds.effects, opened(opening, 0, asker.now), asker)):
        return sent_back(lacking, None, asker.agent)
    if not read.words and forwarded is None:
        missing = [Problem(order.line, "needs-a-ticket") for order in read.orders or orders]
        return sent_back(missing, None, asker.agent)
    if not _proven(asker):
        return held(NOT_VERIFIED, None, asker.agent)
    unclear = forwarded is not None and _person(named) is None and (forwarded.ambiguous or requester is me)
    if unclear and FORWARD_UNCLEAR not in asker.facts.confirmed:
        return held(FORWARD_UNCLEAR, None, asker.agent)
    if to is not None and mail.carriers:
        return quotes_us(mail, None, asker.agent)
    return _opened(mail, opening, read, asker, direction="out" if to else "in")


def _person(order: Command | None) -> Address | None:
    return next(iter(people(order).added), None) if order else None


def _proven(asker: Asker) -> bool:
    """Whether more than a From line says that the agent wrote the mail: their domain, our own server, a second word."""
    return asker.facts.released or authentic(asker.facts)


def _opened(mail: InboundMail, opening: OpenTicket, read: Reading, asker: Asker, *, direction: str) -> Decision:
    me, forwarded = Address(asker.agent.name, asker.agent.address), mail.forwarded
    effects: list[Effect] = [opening]
    if direction == "out":
        effects += [AddMessage("out", "public", me, verified=True, text=read.words, relayed=True)]
        effects += [AddParticipant(me, "agent"), Assign(me.address)]
    elif forwarded is not None:
        effects += [AddMessage("in", "public", opening.requester, verified=False, text=forwarded.text)]
        effects += [AddParticipant(me, "agent")]
    else:
        effects += [AddMessage("in", "public", me, verified=True, text=read.words)]
    note = "\n\n".join(part for part in (read.words if forwarded and direction == "in" else "", read.note) if part)
    effects += [AddMessage("out", "note", me, verified=True, text=note, with_files=False)] if note else []
    effects += read.deeds.effects
    effects += _assigned_by_turns(effects, asker)
    if direction == "out" and not _says_status(effects):
        effects += [SetStatus("open", "promised") if promises(effects) else SetStatus("pending", "agent-answered")]
    effects += back_again(asker)
    feedback = Feedback(
        done=(Done("opened", opening.requester.address), *read.deeds.done),
        commanded=True,
        sent_to=(opening.requester,) if direction == "out" else (),
    )
    return Decision(
        OPENED_BY_AGENT, tuple(effects), None, "opened", asker.agent.address, notices=("receipt",), feedback=feedback
    )


def _assigned_by_turns(effects: Sequence[Effect], asker: Asker) -> list[Effect]:
    if any(isinstance(effect, Assign | AwaitTurn) for effect in effects):
        return []
    return list(given_out(asker.facts.queue, asker.facts.desk, asker.policy, asker.now))


def _says_status(effects: Sequence[Effect]) -> bool:
    return any(isinstance(effect, SetStatus | SetStage) for effect in effects)
