"""What an agent's mail does: a public answer, a note to the team, and what its command lines ask for.

Owns: the order of things once the author is known to be an agent. What is not understood stops the whole mail: it is
held, its author gets it back, and their word or their correction lets it go on. So does an answer that was written
before others wrote, and one whose end is in doubt.
Fails with: nothing; what cannot be done is said in the decision.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from mailtickets.config import Agent
from mailtickets.desk import commands
from mailtickets.desk.agent_orders import Asker, Deeds, Doubt, Tell, carry_out, first_action, on_lines, too_late
from mailtickets.desk.assignment import turn
from mailtickets.desk.authors import authentic, copied, locale_for, own_addresses, vouched_for, without_tags
from mailtickets.desk.change import customers, opened
from mailtickets.desk.commands import Asked, Command
from mailtickets.desk.matching import REF_LINE
from mailtickets.desk.model import (
    AddMessage,
    AddParticipant,
    Assign,
    Decision,
    Done,
    DropHeld,
    Effect,
    Facts,
    NotUnderstood,
    OpenTicket,
    Outcome,
    Policy,
    RecordEvent,
    ReleaseHeld,
    SetAbsence,
    SetStatus,
    Ticket,
    TokenFact,
    Told,
)
from mailtickets.desk.orders import plain
from mailtickets.mail.absence import until
from mailtickets.mail.model import Address, InboundMail

NOT_UNDERSTOOD = "command-not-understood"
STALE = "stale-answer"
DISCARDED = "discarded-by-its-author"
UNCERTAIN_CUT = "uncertain-cut"
"""The reader's defect code for a reply whose boundary to the quoted history is in doubt."""

ABSENT_WITHOUT_DATE = timedelta(days=3)
"""How long an agent whose absence notice names no day gets no new tickets, unless they write before."""


@dataclass(frozen=True, slots=True)
class _Read:
    """A mail's words and commands, as far as they hold."""

    words: str
    note: str
    orders: tuple[Command, ...]
    deeds: Deeds
    problems: tuple[NotUnderstood, ...]

    def asks(self, name: str) -> bool:
        return any(order.name == name for order in self.orders)


def _read(said: str, signature: str, ticket: Ticket | None, by: Asker, without: Sequence[str] = ()) -> _Read:
    """`without` names commands that the caller has dealt with."""
    asked = commands.read(said, signature=signature, names=(by.agent.name,))
    orders = tuple(order for order in asked.commands if order.name not in without)
    if NOT_UNDERSTOOD not in by.facts.confirmed:
        deeds = carry_out(ticket, orders, by)
        return _whole(asked, orders, deeds, (*_problems(asked), *deeds.problems), by)
    refused = [order for order in asked.commands if carry_out(ticket, (order,), by).problems]
    right = commands.corrected(asked, by.facts.correction, refused)
    orders = tuple(order for order in right.commands if order.name not in without)
    deeds = carry_out(ticket, orders, by)
    return _whole(right, orders, deeds, (*_problems(right), *deeds.problems), by)


def _whole(
    asked: Asked, orders: Sequence[Command], deeds: Deeds, problems: Sequence[NotUnderstood], by: Asker
) -> _Read:
    words = commands.with_canned(asked, dict(by.facts.canned)) if not problems else asked.words
    return _Read(words.strip(), asked.note, tuple(orders), deeds, tuple(dict.fromkeys(problems)))


def _problems(asked: Asked) -> tuple[NotUnderstood, ...]:
    return tuple(NotUnderstood(p.line, p.code, p.nearest, p.expected) for p in asked.problems)


# --- on a ticket --------------------------------------------------------------------------------------


def on_ticket(
    mail: InboundMail,
    facts: Facts,
    policy: Policy,
    now: datetime,
    agent: Agent,
    ticket: Ticket,
    drops: int | None = None,
) -> Decision:
    """What a proven agent's mail does to a ticket. `drops` is a held message whose place it takes."""
    by = Asker(agent, facts, policy, now)
    if REF_LINE.search(mail.reply):
        return _quotes_us(mail, ticket, agent)
    read = _read(mail.reply, mail.signature, ticket, by)
    if drops is None and _one_word(mail.reply) in _ONLY_A_SECOND_WORD:
        return sent_back([NotUnderstood(mail.reply.strip().splitlines()[0], "not-possible-here")], ticket, agent)
    if read.problems:
        return sent_back(read.problems, ticket, agent)
    publishes = bool(read.words) or bool(mail.attachments and not read.note and not read.orders)
    stop = _why_not_published(mail, facts, ticket, read) if publishes else None
    if publishes and mail.carriers:
        return _quotes_us(mail, ticket, agent)
    if stop is not None:
        return replace(held(stop, ticket, agent), tell=("stale" if stop == STALE else "held",))
    if not publishes and not read.note and not read.orders:
        return held("empty-answer", ticket, agent)
    if read.deeds.doubts:
        return _doubtful(read.deeds.doubts, ticket, agent)
    return _done(mail, read, ticket, by, publishes=publishes, drops=drops)


def _why_not_published(mail: InboundMail, facts: Facts, ticket: Ticket, read: _Read) -> str | None:
    if UNCERTAIN_CUT in mail.defects and not facts.released:
        return UNCERTAIN_CUT
    if (
        facts.since
        and STALE not in facts.confirmed
        and not _reached_directly(mail, ticket)
        and not read.asks("dry-run")
    ):
        return STALE
    return None


def _reached_directly(mail: InboundMail, ticket: Ticket) -> bool:
    """The agent's own program has sent it to the customer already."""
    return ticket.requester.key in {address.key for address in (*mail.to, *mail.cc)}


def held(reason: str, ticket: Ticket | None, agent: Agent) -> Decision:
    """Nothing is published, and the agent is told at the address we know."""
    event = RecordEvent("held", reason, agent.address)
    return Decision(reason, (event,), ticket.number if ticket else None, "held", agent.address, tell=("held",))


def _quotes_us(mail: InboundMail, ticket: Ticket | None, agent: Agent) -> Decision:
    """Held, whatever anybody releases: a notice of ours, or somebody's token, is in what would go to a customer."""
    return replace(held("quotes-our-notice", ticket, agent), told=Told(files=mail.carriers))


def sent_back(problems: Sequence[NotUnderstood], ticket: Ticket | None, agent: Agent) -> Decision:
    """The mail goes back to its author with what was not understood in it."""
    told = Told(problems=tuple(problems), commanded=True)
    return replace(held(NOT_UNDERSTOOD, ticket, agent), tell=("returned",), told=told)


def _doubtful(doubts: Sequence[Doubt], ticket: Ticket, agent: Agent) -> Decision:
    told = Told(done=tuple(doubt.done for doubt in doubts), commanded=True)
    return replace(held(doubts[0].reason, ticket, agent), told=told)


def _done(mail: InboundMail, read: _Read, ticket: Ticket, by: Asker, *, publishes: bool, drops: int | None) -> Decision:
    me = Address(by.agent.name, by.agent.address)
    direct = _reached_directly(mail, ticket)
    effects: list[Effect] = [DropHeld(drops)] if drops is not None else []
    done: list[Done] = []
    if publishes:
        text = None if read.words == mail.reply.strip() else read.words
        effects += [AddMessage("out", "public", me, verified=True, text=text, relayed=not direct)]
        effects += [AddParticipant(me, "agent")]
        effects += [AddParticipant(person, "cc") for person in copied(mail, me, by.policy, ticket)]
        effects += [RecordEvent("delivered-directly", "delivered-directly", ticket.requester.address)] if direct else []
        done.append(Done("answered"))
    files = any(not file.inline for file in mail.attachments)
    if read.note or (files and not publishes):
        effects.append(AddMessage("out", "note", me, verified=True, text=read.note, with_files=not publishes))
        effects.append(AddParticipant(me, "agent"))
        done.append(Done("noted"))
    effects += read.deeds.effects
    effects += _status_after(ticket, effects, publishes=publishes)
    effects += _back_again(by)
    outcome: Outcome = "appended" if publishes else "noted" if len(done) else "commanded"
    told = Told(
        done=(*done, *read.deeds.done),
        commanded=bool(read.orders),
        sent_to=_sent_to(mail, ticket, effects) if publishes and not direct else (),
        dry_run=read.asks("dry-run"),
        too_late=_comes_too_late(read, by),
        search=next((tell.search for tell in read.deeds.tells if tell.search), ""),
    )
    decision = Decision(
        "agent-answer" if publishes else "agent-note" if read.note or files else "agent-commands",
        tuple(effects),
        ticket.number,
        outcome,
        by.agent.address,
        tell=_notices(read.deeds.tells, told),
        told=told,
        also=tuple(read.deeds.also),
    )
    if told.dry_run:
        return replace(decision, reason="dry-run", effects=(), outcome="commanded", also=())
    return decision


def _status_after(ticket: Ticket, effects: Sequence[Effect], *, publishes: bool) -> list[Effect]:
    """After an answer the ticket waits for its customer, unless the agent said where it stands."""
    if any(isinstance(effect, SetStatus) for effect in effects):
        return []
    if publishes:
        return [SetStatus("pending", "agent-answered")] if ticket.status != "pending" else []
    return list(first_action(ticket, effects))


def _back_again(by: Asker) -> list[Effect]:
    """Who writes is not away any more."""
    away = by.agent.address.casefold() in by.facts.desk.absent_until
    return [SetAbsence(by.agent.address, None)] if away else []


def _sent_to(mail: InboundMail, ticket: Ticket, effects: Sequence[Effect]) -> tuple[Address, ...]:
    reached = {address.key for address in (*mail.to, *mail.cc)}
    joined = [effect.address for effect in effects if isinstance(effect, AddParticipant) and effect.role == "cc"]
    return tuple(person for person in (*customers(ticket), *joined) if person.key not in reached)


def _comes_too_late(read: _Read, by: Asker) -> bool:
    earlier = by.facts.undoable
    return read.asks("undo") and earlier is not None and too_late(earlier, by.now)


def _notices(tells: Sequence[Tell], told: Told) -> tuple[str, ...]:
    """What was asked to be shown is its own receipt."""
    shown = tuple(dict.fromkeys(tell.notice for tell in tells))
    return (*shown, "receipt") if told.done or told.too_late or told.dry_run or not shown else shown


# --- a second word on what was held ---------------------------------------------------------------------

_YES = frozenset({
    "enviar", "envie", "envia", "enviar mesmo assim", "envie assim mesmo", "pode enviar", "pode mandar", "mande", "sim",
    "confirmo", "confirmar", "ok", "send", "send it", "send anyway", "yes", "confirm", "envialo", "enviar igual", "si",
})  # fmt: skip
_NO = frozenset({
    "descartar", "descarte", "descarta", "cancelar", "cancele", "nao", "nao enviar", "nao envie", "discard", "drop",
    "cancel", "no", "do not send", "dont send", "don't send", "no enviar", "descartalo",
})  # fmt: skip

_ONLY_A_SECOND_WORD = frozenset({"enviar", "descartar", "send", "discard"})
"""They answer a notice about what is held, and mean nothing to a customer where they answer another."""


def second_word(
    mail: InboundMail,
    facts: Facts,
    policy: Policy,
    now: datetime,
    agent: Agent,
    ticket: Ticket | None,
    token: TokenFact,
) -> Decision:
    """What an agent's answer does to their own held mail: ENVIAR, DESCARTAR, a correction, or other words instead."""
    number, held_id = ticket.number if ticket else None, token.confirms or 0
    word = _one_word(mail.reply)
    if word in _NO:
        told = Told(done=(Done("discarded"),), commanded=True)
        drop = (DropHeld(held_id),)
        return Decision(DISCARDED, drop, number, "commanded", agent.address, tell=("receipt",), told=told)
    if word in _YES:
        return _released(held_id, "", number, agent)
    if ticket is None and _are_lines(mail.reply):
        return _released(held_id, mail.reply.strip(), number, agent)
    asked = commands.read(mail.reply, signature=mail.signature, names=(agent.name,))
    if NOT_UNDERSTOOD in facts.confirmed:
        asked = commands.corrected(asked, facts.correction)
    if asked.problems:
        return sent_back(_problems(asked), ticket, agent)
    corrects = token.held == NOT_UNDERSTOOD or ticket is None
    if corrects and asked.commands and not asked.words and not asked.note:
        return _released(held_id, "\n".join(order.line for order in asked.commands), number, agent)
    if ticket is None:
        return sent_back([NotUnderstood(mail.reply.strip().splitlines()[0], "unknown-command")], None, agent)
    files_alone = bool(mail.attachments) and not asked.commands and not asked.note
    takes_its_place = (
        bool(asked.words) or files_alone
    )  # a command or a note is done; the answer that waits goes on waiting
    return on_ticket(mail, facts, policy, now, agent, ticket, drops=held_id if takes_its_place else None)


def _are_lines(reply: str) -> bool:
    lines = commands.read_lines(reply)
    return bool(lines.orders) and not lines.problems and not lines.rest


def _one_word(reply: str) -> str:
    first = next((line for line in reply.splitlines() if line.strip()), "")
    return plain(first.strip(" \t\u00a0*_#/\"'“”«».!?,;:")) if len(first) <= 40 else ""


def _released(held_id: int, correction: str, ticket: int | None, agent: Agent) -> Decision:
    release = ReleaseHeld(held_id, correction)
    return Decision("confirmed-by-agent", (release,), ticket, "commanded", agent.address)


# --- on no ticket ---------------------------------------------------------------------------------------

FORWARD_UNCLEAR = "forward-unclear"
NOT_VERIFIED = "agent-not-verified"
OPENED_BY_AGENT = "opened-by-agent"
_QUESTIONS = frozenset({"search", "help", "mine"})
"""Commands that only show something, and to the agent alone."""


def on_no_ticket(mail: InboundMail, facts: Facts, policy: Policy, now: datetime, agent: Agent) -> Decision | None:
    """What an agent's new mail to a queue does; None: no more than anybody's, it opens a ticket in their name."""
    by = Asker(agent, facts, policy, now)
    answers_desk = _has_desk_token(mail, facts, policy)
    lines = commands.read_lines(mail.reply)
    if answers_desk and (lines.orders or lines.problems or not lines.commands):
        return _lines(lines, by)
    forwarded = mail.forwarded if _forwards_a_customer(mail, policy) else None
    said = forwarded.note if forwarded else mail.reply
    asked = commands.read(_with_subject(mail.subject, said), names=(agent.name,))
    if not asked.commands and not asked.problems and forwarded is None:
        return None
    if asked.commands and all(order.name in _QUESTIONS for order in asked.commands) and not asked.words:
        return _answered(asked, by)
    return _starts(mail, _with_subject(mail.subject, said), by)


def _has_desk_token(mail: InboundMail, facts: Facts, policy: Policy) -> bool:
    """Whether the mail answers a digest that was sent to its author."""
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


def _with_subject(subject: str, said: str) -> str:
    """Commands may stand in the subject of a new mail too."""
    in_subject = commands.read(subject)
    return f"{subject}\n{said}" if in_subject.commands and not in_subject.words and not in_subject.problems else said


def _answered(asked: Asked, by: Asker) -> Decision:
    deeds = carry_out(None, asked.commands, by)
    search = next((tell.search for tell in deeds.tells if tell.search), "")
    tell = tuple(dict.fromkeys(tell.notice for tell in deeds.tells))
    told = Told(commanded=True, search=search)
    effects = tuple(_back_again(by)) if _proven(by) else ()
    return Decision("agent-asks", effects, None, "commanded", by.agent.address, tell=tell, told=told)


def _lines(lines: commands.Listed, by: Asker) -> Decision:
    """Several tickets at once: all of it or nothing. Words without a ticket are for nobody, and come back."""
    if NOT_UNDERSTOOD in by.facts.confirmed:
        lines = _corrected_lines(lines, by)
    deeds = on_lines(lines.orders, by)
    problems = [NotUnderstood(p.line, p.code, p.nearest, p.expected) for p in lines.problems]
    rest = lines.rest.strip().splitlines()
    if rest or not (lines.orders or problems):
        problems.append(NotUnderstood(rest[0] if rest else "", "unknown-command"))
    if problems or deeds.problems:
        return sent_back([*problems, *deeds.problems], None, by.agent)
    if not vouched_for(by.facts, by.policy) and not by.facts.released:
        return held(NOT_VERIFIED, None, by.agent)
    if deeds.doubts:
        return replace(held(deeds.doubts[0].reason, None, by.agent), told=Told(done=(deeds.doubts[0].done,)))
    told = Told(done=tuple(deeds.done), commanded=True)
    return Decision(
        "agent-commands",
        tuple(_back_again(by)),
        None,
        "commanded",
        by.agent.address,
        tell=("receipt",),
        told=told,
        also=tuple(deeds.also),
    )


def _corrected_lines(lines: commands.Listed, by: Asker) -> commands.Listed:
    """What could be done of the lines, and the correction in the place of the rest."""
    kept = [order for order in lines.orders if not on_lines([order], by).problems]
    given = commands.read_lines(by.facts.correction)
    wrong = [problem.line for problem in lines.problems]
    numbers = _LEADING_NUMBERS.match(wrong[0]) if len(wrong) == 1 and not given.orders else None
    if numbers:  # `#fechar` corrects `1042 #fehcar`
        given = commands.read_lines("\n".join(f"{numbers[0]} {line}" for line in by.facts.correction.splitlines()))
    return replace(given, orders=tuple(dict.fromkeys([*kept, *given.orders])))


_LEADING_NUMBERS = re.compile(r"[\W_]*\d+[\])]?(?:[ ,;&+]+[\[(]?#?\d+[\])]?)*")


def _starts(mail: InboundMail, said: str, by: Asker) -> Decision:
    """A ticket that an agent opens: for a customer who wrote to them, for one they write to, or for themselves."""
    forwarded = mail.forwarded if _forwards_a_customer(mail, by.policy) else None
    me, queue = Address(by.agent.name, by.agent.address), by.facts.queue
    orders = _orders(said, by)
    to = next((order for order in orders if order.name == "to"), None)
    named = next((order for order in orders if order.name == "requester"), None)
    requester = _person(to) or _person(named) or (forwarded.author if forwarded else None) or me
    subject = without_tags(forwarded.subject if forwarded and forwarded.subject else mail.subject)
    opening = OpenTicket(
        queue.name,
        "" if subject.startswith(("#", "/")) else subject,
        requester,
        locale_for(queue, mail.language, by.policy),
        notify_cc=True,
        acknowledged=to is None and requester is not me,
    )
    rest = Asker(by.agent, by.facts, by.policy, by.now)
    read = _read(
        said, mail.signature if forwarded is None else "", opened(opening, 0, by.now), rest, without=("to", "requester")
    )
    if read.problems:
        return sent_back(read.problems, None, by.agent)
    if not read.words and forwarded is None:
        missing = [NotUnderstood(order.line, "needs-a-ticket") for order in read.orders or orders]
        return sent_back(missing, None, by.agent)
    if not _proven(by):
        return held(NOT_VERIFIED, None, by.agent)
    unclear = forwarded is not None and _person(named) is None and (forwarded.ambiguous or requester is me)
    if unclear and FORWARD_UNCLEAR not in by.facts.confirmed:
        return held(FORWARD_UNCLEAR, None, by.agent)
    if to is not None and mail.carriers:
        return _quotes_us(mail, None, by.agent)
    return _opened(mail, opening, read, by, direction="out" if to else "in")


def _orders(said: str, by: Asker) -> tuple[Command, ...]:
    asked = commands.read(said, names=(by.agent.name,))
    return commands.corrected(asked, by.facts.correction).commands if by.facts.correction else asked.commands


def _person(order: Command | None) -> Address | None:
    return next(iter(commands.people(order).added), None) if order else None


def _proven(by: Asker) -> bool:
    """More than a From line says that the agent wrote this: their domain, the house's own evidence, or their word."""
    return by.facts.released or authentic(by.facts)


def _opened(mail: InboundMail, opening: OpenTicket, read: _Read, by: Asker, *, direction: str) -> Decision:
    me, forwarded = Address(by.agent.name, by.agent.address), mail.forwarded
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
    effects += _whose(effects, by)
    effects += [SetStatus("pending", "agent-answered")] if direction == "out" and not _says_status(effects) else []
    effects += _back_again(by)
    told = Told(
        done=(Done("opened", opening.requester.address), *read.deeds.done),
        commanded=True,
        sent_to=(opening.requester,) if direction == "out" else (),
    )
    return Decision(OPENED_BY_AGENT, tuple(effects), None, "opened", by.agent.address, tell=("receipt",), told=told)


def _whose(effects: Sequence[Effect], by: Asker) -> list[Effect]:
    if any(isinstance(effect, Assign) for effect in effects):
        return []
    turned = turn(by.facts.queue, by.facts.desk, by.policy, by.now)
    return [turned] if turned else []


def _says_status(effects: Sequence[Effect]) -> bool:
    return any(isinstance(effect, SetStatus) for effect in effects)


# --- away -----------------------------------------------------------------------------------------------


def absent(
    mail: InboundMail, facts: Facts, policy: Policy, now: datetime, agent: Agent, ticket: Ticket, *, proven: bool
) -> Decision:
    """An agent's absence notice: nothing to the customer; if surely theirs, no new tickets and a word to the queue."""
    note = AddMessage("in", "note", Address(agent.name, agent.address), verified=False)
    decision = Decision(mail.kind_reason, (note,), ticket.number, "noted", agent.address)
    if not (proven or authentic(facts) or facts.returned_to.casefold() == agent.address.casefold()):
        return decision
    zone = ZoneInfo(policy.instance.timezone)
    day = until(mail.subject, mail.text, now.astimezone(zone).date())
    back = datetime.combine(day, time.min, zone) if day else now + ABSENT_WITHOUT_DATE
    known = facts.desk.absent_until.get(agent.address.casefold())
    told_before = known is not None and known >= back - ABSENT_WITHOUT_DATE
    return replace(
        decision,
        effects=(note, SetAbsence(agent.address, back)),
        tell=() if told_before else ("agent_absent",),
        told=Told(away_until=day),
    )
