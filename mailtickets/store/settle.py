"""Stores a decision in the caller's transaction: ticket, message, events, outbox rows and the outcome of the mail.

Raises `Stale` if another worker has decided on the mail, if the ticket has changed since the facts were gathered, or if
the same mail, received by another way, was settled meanwhile. Then nothing is written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, literal_column, select, update
from sqlalchemy.exc import IntegrityError

from mailtickets.config.kinds import SCALES
from mailtickets.desk.change import customers
from mailtickets.desk.letters.letter import Letter
from mailtickets.desk.model.decision import Decision
from mailtickets.desk.model.effects import (
    AddMessage,
    AllowQuote,
    Assign,
    AwaitTurn,
    DropHeld,
    Effect,
    FailDelivery,
    FireTimer,
    KeepResolution,
    MergeInto,
    OpenTicket,
    Rate,
    ReleaseHeld,
    Remind,
    Reminded,
    SetAbsence,
    SplitOff,
    Undo,
)
from mailtickets.desk.model.reason import is_configured
from mailtickets.desk.model.ticket import Ticket
from mailtickets.desk.notices.budget import BudgetLine
from mailtickets.desk.rules.assignment import takes_turn
from mailtickets.desk.signatures.learning import Seen
from mailtickets.mail.model import Address, InboundMail
from mailtickets.store import (
    agents,
    answer_times,
    budgets,
    closing,
    contacts,
    deadlines,
    figures,
    history,
    outbox,
    ratings,
    report_orders,
    resolutions,
    rule_firings,
    search,
    signatures,
    tickets,
    turns,
)
from mailtickets.store.answer_times import AnswerRecord
from mailtickets.store.database import Stale
from mailtickets.store.deadlines import NO_CHANGES, RowChanges
from mailtickets.store.events import Event, event_of
from mailtickets.store.inbound import Received, accept_again, clean, drop, storable_authentication
from mailtickets.store.ratings import RatingRequest
from mailtickets.store.read.facts import content_key
from mailtickets.store.schema import attachment, event, inbound, message
from mailtickets.store.statements import inserting, inserting_for_id


@dataclass(frozen=True, slots=True)
class Settlement:
    """A decision, with all values that are needed to store it."""

    decision: Decision
    now: datetime
    happened_at: datetime
    """When it happened: now, or when imported mail was received."""
    before: Ticket | None = None
    after: Ticket | None = None
    """The ticket after the decision. None: the decision changes no ticket."""
    letters: tuple[Letter, ...] = ()
    budget: tuple[BudgetLine, ...] = ()
    """The lines of budgets that the letters use."""
    withheld: tuple[tuple[str, str], ...] = ()
    """(notice, reason) for each automatic notice that was not written."""
    received: Received | None = None
    mail: InboundMail | None = None
    text: str = ""
    """The text of the message, if it does not come from a mail."""
    proven_author: Address | None = None
    """The author of the mail, if the author's own domain has authenticated the mail."""
    reachable_author: str = ""
    """The address of the author of the mail, if mail may be sent to it again; else empty."""
    queues: tuple[str, ...] = ()
    """Names of the queues that have now received a notice of the mail."""
    instead_of: int | None = None
    """An earlier copy of the mail that has not reached the people it should reach. The present copy is the first from
    now on."""
    instead_was: str | None = None
    """The outcome of the copy `instead_of` when the decision was made."""
    turns: Mapping[str, datetime] = field(default_factory=dict)
    """When each agent (by key) was last given a ticket, as it was when the decision was made."""
    taken: dict[str, datetime] = field(default_factory=dict)
    """The same, by what this settlement has written itself."""
    also: tuple["Settlement", ...] = ()
    """Settlements for other tickets that the same mail changes."""
    deadlines: RowChanges = NO_CHANGES
    """What changes of the ticket's clocks and timers."""
    signature: Seen | None = None
    """The author's signature that the mail shows; None: nothing is learned from this mail."""
    answer: AnswerRecord | None = None
    """What is recorded of the first answer to the ticket."""
    rating: RatingRequest | None = None
    """Whose opinion of the ticket's resolution is asked for."""


_DECIDED = update(inbound).where(inbound.c.id == bindparam("number"), inbound.c.state == literal_column("'accepted'"))


def settle(connection: Connection, settlement: Settlement) -> None:
    """Writes a settlement: the outcome of the mail, its ticket, the author's signature, and the tickets in `also`."""
    if settlement.received is not None:
        _finish(connection, settlement, settlement.received)
    _write(connection, settlement)
    if settlement.received is not None and settlement.received.envelope.door.is_history:
        _remember_thread(connection, settlement)
    if settlement.signature is not None:
        signatures.learn(connection, settlement.signature, settlement.now)
    for another in settlement.also:
        shared = replace(another, received=settlement.received, turns=settlement.turns, taken=settlement.taken)
        _write(connection, shared)
    for effect in settlement.decision.effects:
        if isinstance(effect, MergeInto) and settlement.before is not None:
            resolutions.hand_on(connection, settlement.before.number, effect.into)
            _hand_on_values(connection, settlement, settlement.before, effect.into)


def _write(connection: Connection, settlement: Settlement) -> None:
    """Writes the settlement's own ticket: the ticket row, the other effects, and the letters."""
    after = settlement.after
    if after is not None:
        tickets.save(connection, settlement.before, after)
        figures.mark(connection, after)
        if _is_no_persons(settlement) and settlement.before is not None and settlement.before.status == "pending":
            closing.hold_on(connection, after.number, settlement.before.revision, after.revision)
    for effect in settlement.decision.effects:
        _carry_out(connection, settlement, effect)
    if after is not None and _is_found_by_other_words(settlement, after):
        _index_values(connection, after)
    if settlement.deadlines:
        deadlines.save(connection, _concerned(settlement), settlement.deadlines, settlement.now)
    inbound_id = settlement.received.id if settlement.received else None
    number = after.number if after else settlement.decision.ticket
    for letter in settlement.letters:
        outbox.queue(connection, letter, number, inbound_id, settlement.now)
    if settlement.answer is not None:
        answer_times.record(connection, settlement.answer)
    report_orders.ask(connection, settlement.decision.reports, inbound_id, settlement.now)
    if settlement.rating is not None:
        ratings.request(connection, _number(settlement), settlement.rating)
    budgets.spend(connection, settlement.budget, settlement.now)
    rule_firings.count(connection, settlement.decision.ruled.matched, settlement.now)
    if settlement.proven_author is not None:
        contacts.make_known(connection, settlement.proven_author, settlement.now)
    contacts.make_reachable(connection, [settlement.reachable_author] if settlement.reachable_author else [])
    for name, reason in settlement.withheld:
        _record(connection, settlement, Event("withheld", new=name, reason=reason))


def _hand_on_values(connection: Connection, settlement: Settlement, merged: Ticket, into: int) -> None:
    """The values of a merged ticket go over to the ticket that takes its place, where that one has none."""
    survivor = tickets.load(connection, into)
    if survivor is None:
        return
    more = [(name, value) for name, value in merged.fields if not survivor.field(name) and name not in SCALES]
    if more:
        tickets.set_fields(connection, into, dict([*survivor.fields, *more]))
    for name, value in more:
        _record(connection, settlement, Event("field", new=f"{name}={value}", reason="merged"), ticket=into)
    _index_values(connection, replace(survivor, fields=(*survivor.fields, *more)))


def _is_found_by_other_words(settlement: Settlement, after: Ticket) -> bool:
    """Whether the values of the ticket's fields, or what solved it, may have changed."""
    values = after.fields != (settlement.before.fields if settlement.before else ())
    return values or any(isinstance(effect, KeepResolution | Undo) for effect in settlement.decision.effects)


def _index_values(connection: Connection, ticket: Ticket) -> None:
    """Makes a ticket findable by the values of its fields, but not by its levels of impact and urgency, and by what
    solved it."""
    values = [value for name, value in ticket.fields if name not in SCALES]
    search.index_values(connection, ticket.number, values, resolutions.words_of(connection, ticket.number))


def _finish(connection: Connection, settlement: Settlement, received: Received) -> None:
    """Writes the outcome of the mail, once. Raises `Stale` if the mail has an outcome already, or if another copy of
    the same mail has become the first meanwhile."""
    decision, mail = settlement.decision, settlement.mail
    first = decision.outcome != "duplicate"
    if first and settlement.instead_of is not None:
        _no_longer_first(connection, settlement.instead_of, settlement.instead_was)
    done = dict(
        number=received.id,
        state="held" if decision.outcome == "held" else "done",
        outcome=decision.outcome,
        reason=decision.reason,
        ticket=settlement.after.number if settlement.after else decision.ticket,
        queues=sorted({*received.queues, *settlement.queues}),
        content=content_key(mail) if mail is not None and first else None,
        message_id=mail.message_id if mail else None,
        from_address=mail.author.address if mail and mail.author else None,
        subject=mail.subject if mail else None,
        authentication=storable_authentication(received.authentication) if received.authentication else None,
        trace=[[line.rule, line.verdict, line.why] for line in decision.trace],
        decided_at=settlement.now,
        claimed_by=None,
        claimed_until=None,
    )
    try:
        finished = connection.execute(_DECIDED, done).rowcount
    except IntegrityError as error:
        raise Stale("the same mail has come by another door") from error
    if finished != 1:
        raise Stale(f"inbound {received.id} is decided")
    if mail is not None and not first:
        _add_queues(connection, mail, settlement.queues)


def _remember_thread(connection: Connection, settlement: Settlement) -> None:
    """Notes which ticket imported mail is on, for other imported mail of the same thread."""
    if settlement.mail is not None and settlement.after is not None:
        apart = settlement.decision.opens is not None
        history.remember(connection, settlement.mail, settlement.after.number, instead=apart)


def _no_longer_first(connection: Connection, number: int, outcome: str | None) -> None:
    """Makes an earlier copy of the mail no longer the first, if its outcome is still the one that the caller knew.

    Otherwise nothing changes, and the caller's copy is out of date.
    """
    as_known = inbound.c.id == number, inbound.c.outcome == outcome
    connection.execute(update(inbound).where(*as_known).values(content=None))


def _add_queues(connection: Connection, mail: InboundMail, queues: Sequence[str]) -> None:
    """Adds the queues that have now received a notice of the mail to the row of the first copy of this mail."""
    same = inbound.c.content == content_key(mail)
    informed = connection.execute(select(inbound.c.queues).where(same)).scalar() or []
    connection.execute(update(inbound).where(same).values(queues=sorted({*informed, *queues})))


def _carry_out(connection: Connection, settlement: Settlement, effect: Effect) -> None:  # noqa: C901 - a case each
    """Writes what an effect changes outside the ticket row, and the event that records the effect."""
    before = settlement.before
    match effect:
        case AddMessage():
            _add_message(connection, settlement, effect)
        case MergeInto() if before is not None:
            tickets.merge(connection, before.number, effect.into)
            search.move(connection, before.number, effect.into)
            figures.mark_number(connection, effect.into)
            _record(connection, settlement, Event("merged", str(before.number), str(effect.into)), ticket=effect.into)
        case FailDelivery(permanent=True):
            outbox.mark_failed(connection, effect.outbox, effect.diagnostic)
            if effect.gone:
                contacts.make_undeliverable(connection, effect.recipient, settlement.now)
        case Assign(to=str() as agent, reason=reason, is_turn=is_turn) if is_turn or takes_turn(reason):
            _take_turn(connection, settlement, agent)
            turns.end_wait(connection, [_number(settlement)])
        case AwaitTurn():
            turns.wait(connection, _number(settlement), effect, settlement.now)
        case Remind():
            agents.remind(connection, _number(settlement), effect.agent, effect.at, snooze=effect.snooze)
        case Reminded():
            agents.reminded(connection, _number(settlement), effect.agent, settlement.now)
        case Undo(inbound=earlier):
            agents.stop_answer(connection, earlier)
            resolutions.withdraw(connection, _concerned(settlement), earlier)
        case KeepResolution():
            _keep_resolution(connection, settlement, effect)
        case SplitOff(inbound=earlier):
            moved, was = agents.move_message(connection, earlier, _number(settlement), _revision(settlement))
            search.move_message(connection, moved, was, _number(settlement))
            figures.mark_number(connection, was)
        case FireTimer():
            timer = effect.kind, effect.name, effect.epoch
            deadlines.fire(connection, _concerned(settlement), timer, settlement.now)
        case SetAbsence():
            agents.set_absence(connection, effect.agent, effect.until)
        case Rate() if before is not None and before.resolved_at is not None:
            values = {"person": effect.person, "score": effect.score, "comment": clean(effect.comment)}
            values |= {"at": settlement.now, "quotable": effect.quotable}
            ratings.rate(connection, before.number, before.resolved_at, before.requester.key, values)
        case AllowQuote(on=on) if before is not None:
            ratings.make_quotable(connection, before.number, on=on)
        case ReleaseHeld(inbound=held):
            if not accept_again(connection, held, released=True, correction=effect.correction, seen=effect.seen):
                raise Stale(f"inbound {held} is held no more")  # the author replied twice: decide again and say so
        case DropHeld(inbound=held, reason=why):
            if not drop(connection, held, why, settlement.now):
                raise Stale(f"inbound {held} is held no more")
        case OpenTicket(linked=int() as other):
            _record(connection, settlement, Event("linked", new=str(other)))
    recorded = event_of(effect, before)
    if recorded is not None:
        _record(connection, settlement, recorded)


def _keep_resolution(connection: Connection, settlement: Settlement, kept: KeepResolution) -> None:
    number, inbound_id = _number(settlement), settlement.received.id if settlement.received else None
    if kept.text is not None:
        resolutions.keep_words(connection, number, kept.text, kept.author, inbound_id, settlement.happened_at)
    else:
        resolutions.keep_answer(connection, number, inbound_id, settlement.now, settlement.happened_at)


def _take_turn(connection: Connection, settlement: Settlement, agent: str) -> None:
    """One mail may give several tickets to the same agent: each takes a turn, one after the other."""
    key = agent.casefold()
    seen = settlement.taken.get(key) or settlement.turns.get(key)
    settlement.taken[key] = agents.take_turn(connection, agent, seen, settlement.now)


def _number(settlement: Settlement) -> int:
    if settlement.after is None:
        raise AssertionError("this effect belongs to a ticket")
    return settlement.after.number


def _is_no_persons(settlement: Settlement) -> bool:
    """Whether a machine has answered, or the clock is the cause."""
    if settlement.mail is not None:
        return settlement.mail.kind == "auto_reply"
    return settlement.received is None and settlement.decision.actor == "system"


def _concerned(settlement: Settlement) -> int:
    """The ticket that the decision is about, changed or not."""
    return settlement.after.number if settlement.after is not None else settlement.decision.ticket or 0


def _revision(settlement: Settlement) -> int:
    return settlement.after.revision if settlement.after is not None else 0


def _record(connection: Connection, settlement: Settlement, happened: Event, *, ticket: int | None = None) -> None:
    """Stores an event of the settlement: on `ticket`, or else on the ticket of the settlement."""
    decision, reason = settlement.decision, happened.reason or settlement.decision.reason
    row = dict(
        ticket=ticket or (settlement.after.number if settlement.after else decision.ticket),
        inbound=settlement.received.id if settlement.received else None,
        at=settlement.happened_at,
        actor="system" if is_configured(happened.reason) else decision.actor,
        kind=happened.kind,
        old=clean(happened.old),
        new=clean(happened.new),
        reason=reason,
    )
    connection.execute(inserting(event), row)


def _add_message(connection: Connection, settlement: Settlement, effect: AddMessage) -> None:
    mail, after, received = settlement.mail, settlement.after, settlement.received
    if after is None:
        raise AssertionError("a message belongs to a ticket")
    answer = next((letter for letter in settlement.letters if letter.mail.notice == "answer"), None)
    text = effect.text if effect.text is not None else (mail.text if mail else settlement.text)
    row = dict(
        ticket=after.number,
        inbound=received.id if received else None,
        direction=effect.direction,
        visibility=effect.visibility,
        kind=mail.kind if mail else "human",
        author_name=effect.author.name,
        author_address=effect.author.address,
        verified=effect.verified,
        subject=mail.subject if mail else after.subject,
        text=clean(text),
        html=clean(mail.html) if mail and mail.html and effect.text is None else None,
        reply=clean(mail.reply if mail and effect.text is None else text),
        message_id=answer.mail.message_id if answer else (mail.message_id if mail else None),
        received_at=received.envelope.received_at if received else settlement.now,
        defects=list(mail.defects) if mail else [],
        revision=after.revision,
    )
    number = int(connection.execute(inserting_for_id(message), row).scalar_one())
    if effect.with_files:
        _add_attachments(connection, number, mail)
    files = " ".join(a.filename for a in mail.attachments) if mail else ""
    subject = mail.subject if mail else after.subject
    words = f"{after.number} {subject} {effect.author.name} {effect.author.address} {files} {text}"
    search.index(connection, number, after.number, words)
    _record(connection, settlement, Event("message", effect.visibility, str(number)))
    if effect.direction == "out" and effect.visibility == "public" and effect.past is None:
        for person in customers(after):
            contacts.make_known(connection, person, settlement.now)


def _add_attachments(connection: Connection, number: int, mail: InboundMail | None) -> None:
    rows = [
        dict(
            message=number,
            filename=file.filename,
            content_type=file.content_type,
            size=file.size,
            sha256=file.sha256,
            inline=file.inline,
            content_id=file.content_id,
        )
        for file in (mail.attachments if mail else ())
    ]
    if rows:
        connection.execute(inserting(attachment), rows)
