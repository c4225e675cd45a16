"""What an agent's mail does: a public answer, a note to the team, and what its command lines ask for.

Owns: the order of the checks, once the author is known to be an agent. A mail that is not understood is held as a
whole. Its author gets it back, and releases it by a word or a correction. An answer is held too if others wrote
meanwhile, or if the end of its words is in doubt.
Fails with: nothing; what cannot be done is said in the decision.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from mailtickets.config.models import Agent
from mailtickets.desk.change import changed, customers
from mailtickets.desk.claims import copies as copies_of
from mailtickets.desk.claims.authors import authentic
from mailtickets.desk.claims.matching import REF_LINE
from mailtickets.desk.claims.people import readers
from mailtickets.desk.clock.stages import waits_elsewhere
from mailtickets.desk.commands.asker import Asker, Doubt, NoticeRequest
from mailtickets.desk.commands.carry_out import first_action, promises
from mailtickets.desk.commands.closing import Own, is_greeting
from mailtickets.desk.commands.command import Command
from mailtickets.desk.commands.digest import DigestAnswer
from mailtickets.desk.commands.second_words import is_left_over, is_tail
from mailtickets.desk.commands.staging import unanswered
from mailtickets.desk.commands.take_back import too_late
from mailtickets.desk.customers.phrasing import is_device_line
from mailtickets.desk.model.decision import Decision, Done, Feedback, Outcome, Problem
from mailtickets.desk.model.effects import (
    AddMessage,
    AddParticipant,
    DropHeld,
    Effect,
    RecordEvent,
    ReleaseHeld,
    SetAbsence,
    SetStage,
    SetStatus,
)
from mailtickets.desk.model.facts import Facts, TokenFact
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.reason import OtherReason, Reason
from mailtickets.desk.model.ticket import Ticket
from mailtickets.desk.notices.row import NoticeName
from mailtickets.desk.rules.agent_reading import (
    ASKED_AGAIN,
    NOBODY_TO_ANSWER,
    NOT_UNDERSTOOD,
    STALE,
    Reading,
    asked_again,
    back_again,
    held,
    quotes_us,
    reading_of,
    sent_back,
)
from mailtickets.desk.rules.answered import NOT_PLAINLY, THANKS, answered_as, as_meant, is_doubtful
from mailtickets.desk.rules.brought_files import is_a_file
from mailtickets.desk.rules.case import Case
from mailtickets.mail.model import Address, InboundMail
from mailtickets.mail.reply.absence import until
from mailtickets.words.fold import folded_name

DISCARDED: Final = "discarded-by-its-author"
UNCERTAIN_CUT: Final = "uncertain-cut"
"""The reader's defect code for a reply whose boundary to the quoted history is in doubt."""

ABSENT_WITHOUT_DATE = timedelta(days=3)
"""How long an agent whose absence notice names no day gets no new tickets, unless they write before."""


# --- on a ticket --------------------------------------------------------------------------------------


def on_ticket(case: Case, agent: Agent, ticket: Ticket, drops: int | None = None) -> Decision:
    """What a proven agent's mail does to a ticket. `drops` is a held message whose place it takes."""
    mail, facts = case.mail, case.facts
    asker = Asker(agent, facts, case.policy, case.now)
    if REF_LINE.search(mail.reply):
        return quotes_us(mail, ticket, agent)
    read = _without_device_lines(reading_of(case.orders.reply, ticket, asker))
    if drops is None and _one_word(mail.reply) in _ONLY_A_SECOND_WORD:
        return sent_back([Problem(mail.reply.strip().splitlines()[0], "not-possible-here")], ticket, agent)
    if read.problems:
        return sent_back(read.problems, ticket, agent)
    answered = answered_as(mail, facts, ticket, asker)
    as_written, read = read, as_meant(read, answered, mail, asker)
    files = bool(mail.attachments and not read.note and not _beside(read.orders))
    if as_written.words and not (read.words or read.note or read.orders or files):
        return Decision(THANKS, tuple(back_again(asker)), ticket.number, "ignored", agent.address)
    publishes = bool(read.words) or (files and (answered != "note" or read.asks("customer")))
    if not publishes and (needs_words := _orders_that_need_words(read, ticket, asker)):
        return sent_back(needs_words, ticket, agent)
    if publishes and mail.carriers:
        return quotes_us(mail, ticket, agent)
    if publishes and is_doubtful(read, answered, mail, asker):
        return held(NOT_PLAINLY, ticket, agent)
    stop = _why_not_published(mail, facts, ticket, read) if publishes else None
    if publishes and not _reached_at_all(mail, read, ticket, asker):
        return held(NOBODY_TO_ANSWER, ticket, agent)
    if stop is not None:
        return replace(held(stop, ticket, agent), notices=("stale" if stop == STALE else "held",))
    if not publishes and not read.note and not read.orders and not files:
        return held("empty-answer", ticket, agent)
    if read.deeds.doubts:
        return _doubtful(read.deeds.doubts, ticket, agent)
    return _done(mail, read, ticket, asker, publishes=publishes, drops=drops)


def _without_device_lines(read: Reading) -> Reading:
    """`Enviado do meu iPhone` is what a telephone says: alone, it is an empty answer."""
    lines = [line for line in read.words.splitlines() if line.strip()]
    return replace(read, words="") if lines and all(map(is_device_line, lines)) else read


def _beside(orders: Sequence[Command]) -> bool:
    """Whether there are commands besides `#cliente`. With such commands, files without words are no answer."""
    return any(order.name != "customer" for order in orders)


def _orders_that_need_words(read: Reading, ticket: Ticket, asker: Asker) -> list[Problem]:
    """What is said of orders that call for an answer to the customer, in a mail that has none."""
    alone = [Problem(order.line, "not-possible-here") for order in read.orders if order.name == "customer"]
    return alone[:1] or list(unanswered(read.orders, read.deeds.effects, ticket, asker))


def _why_not_published(mail: InboundMail, facts: Facts, ticket: Ticket, read: Reading) -> Reason | None:
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
    """Whether the customer stands in To or Cc: then the agent's own program has sent them the mail."""
    return ticket.requester.key in {address.key for address in (*mail.to, *mail.cc)}


def _reached_at_all(mail: InboundMail, read: Reading, ticket: Ticket, asker: Asker) -> bool:
    """Whether the answer has a recipient, once the commands of the mail are carried out."""
    brought = copies_of.by_agent(mail, Address(asker.agent.name, asker.agent.address), asker.policy, ticket).joining
    return bool(brought or readers(customers(changed(ticket, read.deeds.effects, asker.now)), asker.policy))


def _doubtful(doubts: Sequence[Doubt], ticket: Ticket, agent: Agent) -> Decision:
    feedback = Feedback(done=tuple(doubt.done for doubt in doubts), commanded=True)
    return replace(held(doubts[0].reason, ticket, agent), feedback=feedback)


@dataclass(frozen=True, slots=True)
class _Part:
    """One part of what a mail does: its effects, and its lines of the receipt."""

    effects: tuple[Effect, ...] = ()
    done: tuple[Done, ...] = ()


def _done(
    mail: InboundMail, read: Reading, ticket: Ticket, asker: Asker, *, publishes: bool, drops: int | None
) -> Decision:
    """Carries out a mail that was understood. `publishes`: its words or files are for the customer."""
    answer = _answer(mail, read, ticket, asker, replaces=drops is not None) if publishes else _Part()
    note = _note(mail, read, asker, publishes=publishes)
    effects: list[Effect] = [DropHeld(drops)] if drops is not None else []
    effects += [*answer.effects, *note.effects, *read.deeds.effects]
    if promises(effects):
        effects = [*_opened_by_promise(ticket, effects, asker.policy), *effects]
    elif not _says_where_it_stands(read):
        effects += _status_after(ticket, effects, publishes=publishes)
    effects += back_again(asker)
    outcome: Outcome = "appended" if publishes else "noted" if note.done else "commanded"
    feedback = Feedback(
        done=(*answer.done, *note.done, *read.deeds.done),
        commanded=bool(read.orders),
        sent_to=_sent_to(mail, ticket, effects) if publishes and not _reached_directly(mail, ticket) else (),
        dry_run=read.asks("dry-run"),
        too_late=_comes_too_late(read, asker),
        search=next((request.search for request in read.deeds.requests if request.search), ""),
    )
    decision = Decision(
        "agent-answer" if publishes else "agent-note" if note.done else "agent-commands",
        tuple(effects),
        ticket.number,
        outcome,
        asker.agent.address,
        notices=_notices(read.deeds.requests, feedback),
        feedback=feedback,
        also=tuple(read.deeds.also),
        reports=tuple(read.deeds.reports),
    )
    if feedback.dry_run:
        return replace(decision, reason="dry-run", effects=(), outcome="commanded", also=(), reports=())
    return decision


def _answer(mail: InboundMail, read: Reading, ticket: Ticket, asker: Asker, *, replaces: bool) -> _Part:
    """The public answer, with the people whom the mail puts in copy. `replaces`: a held answer is dropped for it."""
    me, direct = Address(asker.agent.name, asker.agent.address), _reached_directly(mail, ticket)
    text = None if read.words == mail.reply.strip() else read.words
    copies = copies_of.by_agent(mail, me, asker.policy, ticket)
    effects: list[Effect] = [AddMessage("out", "public", me, verified=True, text=text, relayed=not direct)]
    effects += [AddParticipant(me, "agent"), *(AddParticipant(person, "cc") for person in copies.joining)]
    effects += copies.events()
    effects += [RecordEvent("delivered-directly", "delivered-directly", ticket.requester.address)] if direct else []
    done, left = [Done("answered")], (*copies.beyond, *copies.unwritable)
    done += [Done("left_out", ", ".join(person.address for person in left))] if left else []
    done += [Done("discarded")] if replaces else []
    return _Part(tuple(effects), tuple(done))


def _note(mail: InboundMail, read: Reading, asker: Asker, *, publishes: bool) -> _Part:
    """The note to the team: words of a note, and files that do not go to the customer."""
    files = any(not file.inline for file in mail.attachments)
    if not read.note and (publishes or not files):
        return _Part()
    me = Address(asker.agent.name, asker.agent.address)
    message = AddMessage("out", "note", me, verified=True, text=read.note, with_files=not publishes)
    return _Part((message, AddParticipant(me, "agent")), (Done("noted"),))


def _says_where_it_stands(read: Reading) -> bool:
    """Whether a command says it. `#resolver` on a resolved ticket does too: the answer does not change the status."""
    return any(read.asks(name) for name in ("status", "stage", "spam", "merge"))


def _status_after(ticket: Ticket, effects: Sequence[Effect], *, publishes: bool) -> list[Effect]:
    """After an answer the ticket waits for its customer, unless the agent said where it stands."""
    if any(isinstance(effect, SetStatus | SetStage) for effect in effects):
        return []
    if publishes:
        return [SetStatus("pending", "agent-answered")] if ticket.status != "pending" else []
    return list(first_action(ticket, effects))


def _opened_by_promise(ticket: Ticket, effects: Sequence[Effect], policy: Policy) -> list[Effect]:
    """A ticket whose customer is promised a date is open, unless the agent said where it stands. It opens before the
    answer: nobody waits because of it. One that waits for somebody else than its customer goes on to do so."""
    if ticket.status == "open" or waits_elsewhere(ticket, policy.queue(ticket.queue)):
        return []
    if any(isinstance(effect, SetStatus | SetStage) for effect in effects):
        return []
    return [SetStatus("open", "promised")]


def _sent_to(mail: InboundMail, ticket: Ticket, effects: Sequence[Effect]) -> tuple[Address, ...]:
    reached = {address.key for address in (*mail.to, *mail.cc)}
    joined = [effect.address for effect in effects if isinstance(effect, AddParticipant) and effect.role == "cc"]
    return tuple(person for person in (*customers(ticket), *joined) if person.key not in reached)


def _comes_too_late(read: Reading, asker: Asker) -> bool:
    earlier = asker.facts.undoable
    return read.asks("undo") and earlier is not None and too_late(earlier, asker.now)


def _notices(requests: Sequence[NoticeRequest], feedback: Feedback) -> tuple[NoticeName, ...]:
    """The notices to the agent. A notice that shows what was asked for needs no receipt beside it."""
    shown = tuple(dict.fromkeys(request.notice for request in requests))
    return (*shown, "receipt") if feedback.done or feedback.too_late or feedback.dry_run or not shown else shown


# --- a second word on what was held ---------------------------------------------------------------------

_YES = frozenset({
    "enviar", "envie", "envia", "enviar mesmo assim", "envie assim mesmo", "pode enviar", "pode mandar", "mande", "sim",
    "confirmo", "confirmar", "ok", "send", "send it", "send anyway", "yes", "confirm", "envialo", "enviar igual", "si",
})  # fmt: skip
_NO = frozenset({
    "descartar", "descarte", "descarta", "cancelar", "cancele", "nao", "nao enviar", "nao envie", "discard", "drop",
    "cancel", "no", "do not send", "dont send", "don't send", "no enviar", "descartalo",
})  # fmt: skip

_POLITE = frozenset({
    "por", "favor", "gentileza", "obrigado", "obrigada", "pf", "pfv", "ja", "agora", "entao", "please", "pls", "thanks",
    "thank", "you", "now", "gracias", "ya", "fui", "eu", "isso", "e", "a", "resposta", "it", "isto", "era",
})  # fmt: skip
_UNCLEAR = "?"
_FEW_WORDS = 8
"""A reply of so few words that begins with a second word is no answer to a customer: its author is asked again."""

_ONLY_A_SECOND_WORD = frozenset({"enviar", "descartar", "send", "discard"})
"""Words that answer a notice of held mail. In reply to another notice, they are no answer to a customer."""


def second_word(case: Case, agent: Agent, ticket: Ticket | None, token: TokenFact) -> Decision:
    """What an agent's answer does to their own held mail: ENVIAR, DESCARTAR, a correction, or other words instead."""
    mail, number, held_id = case.mail, ticket.number if ticket else None, token.confirms or 0
    own = Own.of(mail.signature, (agent.name,))
    again = asked_again(ASKED_AGAIN, token, ticket, agent)
    word = _one_word(mail.reply, own)
    if word == _UNCLEAR or mail.forwarded is not None:
        return again
    if word in _NO:
        feedback = Feedback(done=(Done("discarded"),), commanded=True)
        drop = (DropHeld(held_id),)
        return Decision(DISCARDED, drop, number, "commanded", agent.address, notices=("receipt",), feedback=feedback)
    if word in _YES:
        return _released(held_id, "", number, agent, seen=token.revision)
    if ticket is None and _are_lines(case.orders.listed):
        return _released(held_id, mail.reply.strip(), number, agent)
    asked = case.orders.corrected if NOT_UNDERSTOOD in case.facts.confirmed else case.orders.reply
    if asked.problems:
        return sent_back(asked.problems, ticket, agent)
    if token.held == NOT_PLAINLY and [order.name for order in asked.commands] == ["customer"] and not asked.words:
        return _released(held_id, "", number, agent, seen=token.revision)
    corrects = token.held == NOT_UNDERSTOOD or ticket is None
    if corrects and asked.commands and not asked.note and is_tail(asked.words.splitlines(), own):
        return _released(held_id, "\n".join(order.line for order in asked.commands), number, agent)
    if ticket is None:
        return again
    if token.held == NOBODY_TO_ANSWER and asked.commands and not asked.words and not asked.note:
        return _with_release(on_ticket(case, agent, ticket), held_id)
    files_alone = any(map(is_a_file, mail.attachments)) and not asked.commands and not asked.note
    says_nothing = not asked.words and not files_alone and not asked.commands and not asked.note
    if says_nothing or _is_no_answer(asked.words, token, own, corrects=bool(asked.commands)):
        return again
    # A command or a note is done; the answer that waits goes on waiting.
    takes_its_place = bool(asked.words) or files_alone
    return on_ticket(case, agent, ticket, drops=held_id if takes_its_place else None)


def _with_release(ordered: Decision, held_id: int) -> Decision:
    """The commands, and with them the release of the answer that had no recipient before."""
    if ordered.outcome != "commanded" or ordered.reason == "dry-run":
        return ordered
    return replace(ordered, effects=(*ordered.effects, ReleaseHeld(held_id)))


def _is_no_answer(words: str, token: TokenFact, own: Own, *, corrects: bool) -> bool:
    """Whether words in reply to a notice of held mail may be for nobody: a signature, or what explains a correction.

    They would go to the customer, and the answer that waits would be dropped. A greeting says that they are an answer.
    """
    lines = [line for line in words.splitlines() if line.strip()]
    if lines and is_left_over(lines, own):
        return True
    if not lines or is_greeting(lines[0]):
        return False
    return token.held == NOT_UNDERSTOOD and (corrects or len(words.split()) <= _FEW_WORDS)


def _are_lines(lines: DigestAnswer) -> bool:
    """Whether a reply orders something of several tickets and does nothing else."""
    return bool(lines.orders) and not lines.problems and not lines.rest


def _one_word(reply: str, own: Own | None = None) -> str:
    """The second word in a reply, without polite words around it; `_UNCLEAR` if there is more; empty if there is none.

    With `own`, nothing but a signature may stand below it. With None, anything may.
    """
    lines = [line for line in reply.splitlines() if line.strip()]
    first = lines[0] if lines else ""
    if len(first) > 60:
        return ""
    words = re.findall(r"[\w']+", folded_name(first))
    core = " ".join(word for word in words if word not in _POLITE)
    word = next((word for word in (" ".join(words), core) if word in _YES | _NO), "")
    short = len(reply.split()) <= _FEW_WORDS
    if word and own is not None and ("?" in first or not is_tail(lines[1:], own)):
        return _UNCLEAR
    if word and (short or word in _ONLY_A_SECOND_WORD):
        return word
    if word:  # "Não.", and then what may be an answer in its place: neither may be lost
        return _UNCLEAR
    return _UNCLEAR if short and words and words[0] in _ONLY_A_SECOND_WORD else ""


def _released(held_id: int, correction: str, ticket: int | None, agent: Agent, seen: int | None = None) -> Decision:
    release = ReleaseHeld(held_id, correction, seen)
    return Decision("confirmed-by-agent", (release,), ticket, "commanded", agent.address)


# --- away -----------------------------------------------------------------------------------------------


def absent(case: Case, agent: Agent, ticket: Ticket, *, proven: bool) -> Decision:
    """An agent's absence notice. The customer gets nothing.

    If the notice is surely the agent's, they get no new tickets while they are away, and their queue is told.
    """
    mail, facts, now = case.mail, case.facts, case.now
    note = AddMessage("in", "note", Address(agent.name, agent.address), verified=False)
    decision = Decision(OtherReason(mail.kind_reason), (note,), ticket.number, "noted", agent.address)
    if not (proven or authentic(facts) or facts.returned_to.casefold() == agent.address.casefold()):
        return decision
    zone = ZoneInfo(case.policy.instance.timezone)
    day = until(mail.subject, mail.text, now.astimezone(zone).date())
    back = datetime.combine(day, time.min, zone) if day else now + ABSENT_WITHOUT_DATE
    known = facts.desk.absent_until.get(agent.address.casefold())
    told_before = known is not None and known >= back - ABSENT_WITHOUT_DATE
    return replace(
        decision,
        effects=(note, SetAbsence(agent.address, back)),
        notices=() if told_before else ("agent_absent",),
        feedback=Feedback(away_until=day),
    )
