"""From what happened to the notices of it: who gets which.

`plan` reads a decision and the ticket after it, and makes the notices; `notices/budget.py` then removes the copies for
which the budgets of automatic mail have no room. Customers see the queue's address and public messages only; agents see
everything. Nobody gets a notice of what they did themselves, nor a mail that already named them in To or Cc.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from mailtickets.config.models import Queue
from mailtickets.desk.change import customers
from mailtickets.desk.claims.authors import authentic, author_of, locale_for
from mailtickets.desk.claims.people import readers
from mailtickets.desk.clock.levels import named
from mailtickets.desk.clock.stages import STAGE_REMOVED, shown
from mailtickets.desk.fields.missing import asked, question
from mailtickets.desk.letters.legal_words import legal_words
from mailtickets.desk.model.effects import AddMessage, SetStage, SetStatus
from mailtickets.desk.model.facts import Facts
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.reason import Reason
from mailtickets.desk.model.ticket import Status, Ticket
from mailtickets.desk.notices.agents import to_agents
from mailtickets.desk.notices.budget import standing
from mailtickets.desk.notices.contexts import MAX_SHOWN, Extent, context, lines_context, resolves, thread_context
from mailtickets.desk.notices.discretion import Discretion
from mailtickets.desk.notices.moves import with_moves
from mailtickets.desk.notices.notice import SUPPRESS, Notice, Occasion, Situation
from mailtickets.desk.notices.promises import promise_context, promise_of, standing_promise
from mailtickets.desk.notices.row import NoticeName
from mailtickets.desk.notices.rows import NOTICES
from mailtickets.desk.notices.to_ops import alarm
from mailtickets.desk.rules.agent_new_mail import OPENED_BY_AGENT
from mailtickets.mail.kind.bounce.signs import is_null_path
from mailtickets.mail.model import Address, AutoSubmitted, Envelope, InboundMail
from mailtickets.words import due
from mailtickets.words.secrets import masked

_UNANSWERABLE = ("mailer-daemon", "postmaster", "no-reply", "noreply", "do-not-reply", "nao-responda", "no-responder")
_STATUS_NOTICE: Mapping[Status, NoticeName] = {"resolved": "resolved", "closed": "closed"}
_SAID_BY_AN_ANSWER: frozenset[NoticeName] = frozenset({"reopened", "status_changed"})
"""What needs no mail of its own beside a ready answer."""
_ASKED: tuple[NoticeName, ...] = ("status", "my_tickets", "muted", "unmuted")
"""The notices that a customer gets because they asked for them."""


def plan(situation: Situation, policy: Policy, now: datetime) -> tuple[Notice, ...]:
    """Every notice that a decision calls for, before budgets. Imported mail calls for none."""
    if situation.facts is not None and situation.facts.envelope.door.is_history:
        return ()
    occasion = Occasion(situation, _queue(situation, policy), policy, now)
    found = [*_to_customers(occasion), *to_agents(occasion)]
    found += [*_to_ops(occasion)]
    found = list(with_moves(found, occasion))
    return tuple(kept for notice in found if (kept := _fit_to_send(notice, situation, policy)).recipients)


def _fit_to_send(notice: Notice, situation: Situation, policy: Policy) -> Notice:
    notice = _without_ourselves(notice, policy)
    notice = replace(notice, sender_name=masked(notice.sender_name))
    return _discreet(notice, Discretion.of(policy, notice.queue, situation.secrets)) if notice.to_customer else notice


def _discreet(notice: Notice, rules: Discretion) -> Notice:
    """A notice to customers without what they must not see in names; its text is cleaned when it is rendered."""
    return replace(
        notice,
        discretion=rules,
        recipients=tuple(rules.person(person) for person in notice.recipients),
        sender_name=rules.name(notice.sender_name),
        visible_to=tuple(rules.person(person) for person in notice.visible_to if not rules.hides(person)),
        visible_cc=tuple(rules.person(person) for person in notice.visible_cc if not rules.hides(person)),
        attachments=rules.files(notice.attachments),
    )


def _queue(situation: Situation, policy: Policy) -> Queue:
    """The queue in whose name a notice is written: the ticket's, or the first one where that is configured no more."""
    if situation.after is None:
        return situation.facts.queue if situation.facts else policy.queues[0]
    return policy.queue(situation.after.queue) or policy.queues[0]


def _without_ourselves(notice: Notice, policy: Policy) -> Notice:
    """Never a mail to one of our own addresses, to nobody, or to words that are no address."""
    people = readers(notice.recipients, policy)
    return notice if people == notice.recipients else replace(notice, recipients=people)


# --- customers ----------------------------------------------------------------------------------------


def _to_customers(occasion: Occasion) -> Iterator[Notice]:
    situation = occasion.situation
    message, after, decision = situation.message, situation.after, situation.decision
    for name in _ASKED:
        if name in decision.notices:
            yield _asked_for(name, occasion)
    if after is None or decision.outcome == "held":
        return
    if "close_warning" in decision.notices:
        yield from _close_warning(occasion, after)
    if "rating_asked" in decision.notices:
        yield _rating_asked(occasion, after)
    if message is not None and message.direction == "out" and message.visibility == "public":
        yield from _answer(occasion, after, message)
    elif decision.opens is not None:
        if decision.opens.acknowledged and _may_be_acknowledged(occasion):
            yield _acknowledgement(occasion, after)
    else:
        answers = tuple(_ready_answer(occasion, after))
        yield from answers
        yield from (one for one in _of_status(occasion, after) if not (answers and one.name in _SAID_BY_AN_ANSWER))
        yield from _of_promise(occasion, after)


def _ready_answer(occasion: Occasion, after: Ticket) -> Iterator[Notice]:
    """The ready answer that a rule gives, to whoever wrote; without a mail of theirs, to the requester.

    Never to mail that must not be answered (RFC 3834), nor to somebody who wants no automatic notices.
    """
    situation, policy = occasion.situation, occasion.policy
    answer, mail, message = situation.decision.ruled.answer, situation.mail, situation.message
    if answer is None:
        return
    theirs = message is not None and message.direction == "in"
    if theirs and mail is not None:
        why_not = why_not_acknowledged(mail, situation.facts, occasion.queue, policy, occasion.now)
        if why_not is not None:
            return
    wanted = message.author if theirs and message is not None else after.requester
    person = after.participant(wanted.address)
    if person is None or person.muted or person.left_out:
        return
    notice = _automatic(
        "ready_answer", (person.address,), occasion, submitted="auto-replied" if theirs else "auto-generated"
    )
    yield replace(notice, context={**notice.context, "message": None, "ready_answer": answer.value})


def _may_be_acknowledged(occasion: Occasion) -> bool:
    situation = occasion.situation
    mail, facts = situation.mail, situation.facts
    if mail is None or situation.decision.reason == OPENED_BY_AGENT:
        return True  # opened for them by one of us
    return why_not_acknowledged(mail, facts, occasion.queue, occasion.policy, occasion.now) is None


def _of_status(occasion: Occasion, after: Ticket) -> Iterator[Notice]:
    """To the requester: where their ticket stands now, unless they want no such notices."""
    situation = occasion.situation
    moved = next((effect for effect in situation.decision.effects if isinstance(effect, SetStatus)), None)
    name = _status_notice(moved, situation.before) if moved else None
    if name in {None, "status_changed"} and _stage_told(occasion, after):
        name = "stage_changed"
    requester = after.participant(after.requester.address)
    if moved is None or name is None or (requester is not None and requester.muted):
        return
    by_agent = occasion.policy.agent(situation.decision.actor) is not None
    if situation.mail is None or by_agent or _answerable(situation.mail, situation.facts):
        change = {"from": situation.before.status if situation.before else None, "to": after.status}
        notice = _automatic(name, (after.requester,), occasion, change=change)
        asks = name == "resolved" and occasion.queue.satisfaction and situation.may_ask
        yield replace(notice, context={**notice.context, "ask_rating": asks, "message": None})


def _of_promise(occasion: Occasion, after: Ticket) -> Iterator[Notice]:
    """To the requester: the date that is promised without an answer that says it, or that it counts no more."""
    promise = promise_of(occasion.situation)
    requester = after.participant(after.requester.address)
    if promise is not None and not (requester is not None and requester.muted):
        notice = _automatic("promised", (after.requester,), occasion)
        told = promise_context(promise, after.locale, occasion)
        yield replace(notice, context={**notice.context, **told, "message": None})


def _of_stage(occasion: Occasion, after: Ticket) -> Iterator[Notice]:
    """To the requester: the stage to which an answer has brought the ticket, where the answer cannot say it."""
    requester = after.participant(after.requester.address)
    if _stage_told(occasion, after) and not resolves(occasion.situation) and not (requester and requester.muted):
        notice = _automatic("stage_changed", (after.requester,), occasion)
        yield replace(notice, context={**notice.context, "message": None})


_NOT_TOLD: frozenset[Reason] = frozenset(
    {"customer-replied", "delivery-failed", "merged", "spam", "undone", STAGE_REMOVED}
)
"""Why a ticket comes to a stage of which customers are told, and the customer is not: it is no news of our work."""


def _stage_told(occasion: Occasion, after: Ticket) -> str | None:
    """The label of the stage that the ticket has just come to, if its customer is to be told of it."""
    situation = occasion.situation
    entered = (effect for effect in reversed(situation.decision.effects) if isinstance(effect, SetStage))
    last = next(entered, None)
    was = situation.before.stage if situation.before else ""
    if last is None or last.to in {"", was} or last.reason in _NOT_TOLD:
        return None
    return shown(after, occasion.queue, after.locale, public=True)


def _close_warning(occasion: Occasion, after: Ticket) -> Iterator[Notice]:
    """To the requester: that the ticket will be closed, when, and how to keep it open."""
    requester = after.participant(after.requester.address)
    if requester is not None and requester.muted:
        return
    zone = ZoneInfo(occasion.policy.instance.timezone)
    ends = (occasion.now + timedelta(days=occasion.queue.close_warning_days)).astimezone(zone)
    notice = _automatic("close_warning", (after.requester,), occasion)
    yield replace(notice, context={**notice.context, "closes_at": ends, "message": None})


def _rating_asked(occasion: Occasion, after: Ticket) -> Notice:
    """To the requester, some time after their ticket was resolved: how it was."""
    zone = ZoneInfo(occasion.policy.instance.timezone)
    resolved_at = after.resolved_at.astimezone(zone) if after.resolved_at else None
    notice = _automatic("rating_asked", (after.requester,), occasion)
    return replace(notice, context={**notice.context, "resolved_at": resolved_at, "message": None})


def _asked_for(name: NoticeName, occasion: Occasion) -> Notice:
    """What a customer asked for, to the address that we know them by."""
    situation, policy = occasion.situation, occasion.policy
    facts, mail, after = situation.facts, situation.mail, situation.after
    person = author_of(mail, occasion.queue, policy) if mail else Address("", situation.decision.actor)
    known = after.participant(person.address) if after else None
    found = facts.desk.found if facts else ()
    notice = _automatic(name, (known.address if known else person,), occasion)
    shown = {
        "tickets": lines_context(found, policy, public=True),
        "promised": standing_promise(occasion, notice.locale),
    }
    return replace(notice, context={**notice.context, "message": None, **shown})


def _status_notice(moved: SetStatus, before: Ticket | None) -> NoticeName | None:
    """Which notice a change of status calls for; what an answer or a first action brings along needs none."""
    was_done = before is not None and before.status in {"resolved", "closed"}
    if before is not None and before.status == moved.to:
        return None
    match moved.reason:
        case "agent-answered" | "promised" | "first-action" | "delivery-failed" | "merged" | "spam" | "undone":
            return None
        case "customer-replied":
            return "reopened" if was_done else None
    return _STATUS_NOTICE.get(moved.to) or ("reopened" if was_done else "status_changed")


def why_not_acknowledged(
    mail: InboundMail, facts: Facts | None, queue: Queue, policy: Policy, now: datetime
) -> str | None:
    """The reason for which a new ticket's author gets no acknowledgement; None: they may get one."""
    if facts is None:
        return None
    if mail.kind != "human" or facts.unparsed is not None:
        return facts.unparsed or mail.kind_reason
    if facts.authentication.verdict == "fail":
        return "disowned-by-its-domain"
    if not _answerable(mail, facts):
        return "null-return-path-or-suppressed"
    author = author_of(mail, queue, policy)
    if author.key.partition("@")[0] in _UNANSWERABLE:
        return "author-takes-no-mail"
    written = min(mail.date, facts.envelope.received_at) if mail.date else facts.envelope.received_at
    if now - written > timedelta(days=policy.budget.ack_max_age_days):
        return "older-than-ack-max-age"
    return None


def _answerable(mail: InboundMail, facts: Facts | None) -> bool:
    """RFC 3834, 2: never answer the null path, nor mail that asks for no automatic answer."""
    suppressed = mail.header("x-auto-response-suppress") or ""
    asks_for_none = any(word in suppressed.casefold() for word in ("all", "autoreply", "oof"))
    return mail.kind in {"human", "list"} and not asks_for_none and not null_return_path(mail, facts)


def null_return_path(mail: InboundMail, facts: Facts | None) -> bool:
    """Whether the mail came with an empty reverse-path, or with what some systems write instead of one."""
    envelope: Envelope | None = facts.envelope if facts else None
    if envelope is not None and envelope.sender is not None:
        return is_null_path(envelope.sender)
    path = mail.header("return-path")
    return path is not None and path.strip() != "" and is_null_path(path)


def _acknowledgement(occasion: Occasion, after: Ticket) -> Notice:
    facts = occasion.situation.facts
    by_agent = occasion.situation.decision.reason == OPENED_BY_AGENT
    known = facts is None or by_agent or facts.known_author or authentic(facts)
    notice = _automatic("received", (after.requester,), occasion, echo=known, submitted="auto-replied")
    more = {"legal": _legal(occasion, after), **_expected(occasion, after.locale)}
    answer = occasion.situation.decision.ruled.answer
    more |= {"ready_answer": answer.value} if answer is not None else {}
    notice = replace(notice, context={**notice.context, **more})
    if known:
        return replace(notice, context={**notice.context, "asks": _questions(occasion, after)})
    to = Address("", after.requester.address)  # the name may be a forger's advertisement
    return replace(notice, recipients=(to,), acknowledgement=True)


def _legal(occasion: Occasion, after: Ticket) -> str:
    """The protocol number and the term, where the ticket's level has a legal profile; else empty."""
    policy, zone = occasion.policy, ZoneInfo(occasion.policy.instance.timezone)
    clock = next((clock for clock in occasion.situation.clocks if clock.name == "legal" and clock.due_at), None)
    level = named(clock.level, policy) if clock is not None else None
    if clock is None or clock.due_at is None or level is None:
        return ""
    registered, ends = (at.astimezone(zone).date() for at in (clock.started_at, clock.due_at))
    return legal_words(level.profile, after.number, ends, registered, after.locale)


def _expected(occasion: Occasion, locale: str) -> dict[str, object]:
    """When the answer may be expected, in words; empty where nothing is known."""
    expected, zone = occasion.situation.expected, ZoneInfo(occasion.policy.instance.timezone)
    if expected is None:
        return {}
    now, most, half = occasion.now.astimezone(zone), expected.most_at, expected.half_at
    return {
        "expected": due.moment(most.astimezone(zone), now, locale),
        "expected_half": due.moment(half.astimezone(zone), now, locale) if half else "",
    }


def _questions(occasion: Occasion, after: Ticket) -> list[dict[str, object]]:
    """What the acknowledgement asks for. A stranger whom nobody vouches for is asked for nothing."""
    fields = asked(after, occasion.policy, [one.value for one in occasion.situation.decision.ruled.ask])
    return [question(field, occasion.policy, after.locale) for field in fields]


def _automatic(
    name: NoticeName,
    recipients: tuple[Address, ...],
    occasion: Occasion,
    *,
    change: Mapping[str, object] | None = None,
    echo: bool = True,
    submitted: AutoSubmitted = "auto-generated",
) -> Notice:
    """A notice of ours to the customer side."""
    situation, queue, policy = occasion.situation, occasion.queue, occasion.policy
    locale = situation.after.locale if situation.after else _locale(situation, queue, policy)
    if not situation.requester_known:  # the name and the subject may be a forger's advertisement
        echo, recipients = False, tuple(Address("", person.address) for person in recipients)
    seen = context(occasion, locale, public=True, change=change, customer_echo=echo)
    seen = seen if situation.requester_known else _without_their_words(seen)
    agents = tuple(person for person in recipients if policy.agent(person.address))
    return Notice(
        name,
        locale,
        queue,
        recipients,
        seen,
        NOTICES[name].priority,
        to_customer=True,
        auto_submitted=submitted,
        suppress=SUPPRESS,
        loop=True,
        automatic=not agents,
        standing=standing(situation, policy),
        cause=_digest(situation.mail.reply) if situation.mail else "",
        sender_name=queue.title,
    )


def _without_their_words(seen: Mapping[str, Any]) -> dict[str, object]:
    """A context that repeats nothing which its reader may not have written."""
    nobody = {"name": None, "address": ""}
    ticket = {**seen["ticket"], "subject": "", "requester": nobody} if seen["ticket"] else None
    return {**seen, "ticket": ticket, "customer": nobody, "message": None}


def _locale(situation: Situation, queue: Queue, policy: Policy) -> str:
    return locale_for(queue, situation.mail.language if situation.mail else None, policy)


def _digest(words: str) -> str:
    """A digest of the beginning of the words: it stays the same when a machine writes the same again."""
    return sha256(" ".join(words[:MAX_SHOWN].casefold().split()).encode("utf-8", "replace")).hexdigest()[:16]


def _answer(occasion: Occasion, after: Ticket, message: AddMessage) -> Iterator[Notice]:
    """An agent's words, to the requester and to everybody in copy whom the agent's own client has not written to."""
    situation, queue, policy = occasion.situation, occasion.queue, occasion.policy
    reached = {a.key for a in (*situation.mail.to, *situation.mail.cc)} if situation.mail else set()
    people, promise = readers(customers(after), policy), promise_of(situation)
    seen = context(
        occasion,
        after.locale,
        public=True,
        extent=Extent(whole=True),
        resolved_now=resolves(situation),
        stage_now=_stage_told(occasion, after),
        begins=situation.decision.opens is not None,
        ask_rating=_asks(occasion) and after.requester.key not in reached,
        thread=thread_context(situation.thread, policy, hide_agents_as=queue),
    )
    if after.requester.key in reached:  # the agent's own program cannot say it
        yield from _of_promise(occasion, after)
        yield from _of_stage(occasion, after)
    yield Notice(
        "answer",
        after.locale,
        queue,
        tuple(person for person in people if person.key not in reached),
        {**seen, **(promise_context(promise, after.locale, occasion) if promise else {})},
        NOTICES["answer"].priority,
        to_customer=True,
        sender_name=f"{message.author.name} ({queue.title})" if message.author.name else queue.title,
        author=message.author.address,
        visible_to=tuple(person for person in people if person.key == after.requester.key),
        visible_cc=tuple(person for person in people if person.key != after.requester.key),
        attachments=situation.mail.attachments if situation.mail else (),
        left_behind=_left_behind(situation),
        wait_seconds=queue.undo_seconds,
    )


def _asks(occasion: Occasion) -> bool:
    """Whether an answer that resolves the ticket asks how it was."""
    return resolves(occasion.situation) and occasion.queue.satisfaction and occasion.situation.may_ask


def _left_behind(situation: Situation) -> frozenset[str]:
    """Images that came with the quoted notice are the customer's own; any may belong to a note, where there is one."""
    inline = {file.sha256 for file in (situation.mail.attachments if situation.mail else ()) if file.inline}
    known = situation.facts.known_files if situation.facts else frozenset()
    return frozenset(inline if situation.note is not None else inline & known)


# --- ops ----------------------------------------------------------------------------------------------


def _to_ops(occasion: Occasion) -> Iterator[Notice]:
    """An agent says that somebody writes in their name."""
    decision, policy = occasion.situation.decision, occasion.policy
    if "alarm" not in decision.notices or not policy.instance.ops_address:
        return
    about = f" about ticket {decision.ticket}" if decision.ticket else ""
    held = decision.feedback.confirms
    yield alarm(
        "mail-disowned",
        f"{decision.actor} says that a mail{about} in their name is not theirs. It had been held, and was dropped; "
        f"nothing of it was sent. Somebody may be writing in their name: `mailtickets inbound show {held}`.",
        policy,
        occasion.now,
    )
