"""Notices to agents: what a customer wrote, what a colleague did, and the answer to an agent's own mail.

Every one of these says what a reply to it does. Nobody gets a notice of what they did themselves, except a receipt.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from mailtickets.config.models import Agent, Queue
from mailtickets.desk.commands.rows import COMMANDS
from mailtickets.desk.model.decision import Done, Problem
from mailtickets.desk.model.effects import AddMessage, Assign, MoveTo, Rate, Reminded, SetStatus, SplitOff
from mailtickets.desk.model.facts import StoredFile
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Said, Ticket
from mailtickets.desk.notices.budget import standing
from mailtickets.desk.notices.contexts import (
    MAX_SHOWN,
    Extent,
    context,
    lines_context,
    moved_context,
    person_context,
    thread_context,
)
from mailtickets.desk.notices.notice import (
    CONFIRMABLE,
    SUPPRESS,
    SUPPRESS_BUT_ABSENCE,
    Notice,
    Occasion,
    Situation,
)
from mailtickets.desk.notices.rows import NOTICES, AnsweredAs, NoticeName, ReplyEffect
from mailtickets.desk.rules.agent_reading import ASKED_AGAIN, IDENTITY_DOUBTS, NOT_PROVEN
from mailtickets.desk.rules.assignment import is_away
from mailtickets.mail.model import Address, Attachment
from mailtickets.mail.read.text_file import FILENAME, text_file

_ANSWERS: tuple[NoticeName, ...] = (
    "held",
    "returned",
    "stale",
    "digest",
    "found",
    "commands_help",
    "history",
    "held_more",
)
"""The notices that answer an agent's own mail, beside the receipt."""
_ASKED_AGAIN = frozenset({ASKED_AGAIN, NOT_PROVEN})
"""Reasons after which the mail is still held."""
_TEAM_WIDE: tuple[NoticeName, ...] = ("unassigned", "delivery_failed", "rated", "agent_absent")
_PROBLEMS_ONLY = "problems"


def to_agents(occasion: Occasion) -> Iterator[Notice]:
    """The notices that a decision calls for, to agents."""
    situation = occasion.situation
    yield from _on_customers_words(occasion)
    yield from _on_colleagues_deeds(occasion)
    yield from _to_its_author(occasion)
    for name in _TEAM_WIDE:
        if name in situation.decision.notices:
            yield _team_wide(name, occasion)
    if "reminder" in situation.decision.notices and situation.after is not None:
        yield _reminder(occasion, situation.after)


# --- what customers write -----------------------------------------------------------------------------


def _on_customers_words(occasion: Occasion) -> Iterator[Notice]:
    situation, policy = occasion.situation, occasion.policy
    message, decision, after = situation.message, situation.decision, situation.after
    if after is None:
        return
    if any(isinstance(effect, SplitOff) for effect in decision.effects):
        yield _split_off(after, occasion)
    rated = any(isinstance(effect, Rate) for effect in decision.effects)
    watchers = watching(after, occasion.queue, policy)
    if "recalled" in decision.notices:
        wanted = situation.mail.recalls if situation.mail else None
        yield _for_agents("recalled", watchers, occasion, extra={"words": wanted or ""})
    if message is not None and message.direction == "in" and message.visibility == "public" and not rated:
        name: NoticeName = "new_ticket" if decision.opens else "customer_replied"
        yield _for_agents(name, watchers, occasion, extra=_another_matter(situation))
    for further in decision.further_queues:
        other = policy.queue(further)
        if other is not None:
            others = [agent for agent in policy.agents_of(further) if agent not in watchers]
            extra = {"only_here": _is_elsewhere(after, situation)}
            yield _for_agents("also_addressed", others, replace(occasion, queue=other), extra=extra)


def _split_off(after: Ticket, occasion: Occasion) -> Notice:
    """The new ticket, to the agent who made it too: they have nothing else that they could answer it by."""
    watchers = watching(after, occasion.queue, occasion.policy)
    notice = _shown_last("new_ticket", watchers, occasion, {})
    return replace(notice, recipients=tuple(Address(agent.name, agent.address) for agent in watchers))


def _is_elsewhere(ticket: Ticket, situation: Situation) -> bool:
    """Whether the mail was not addressed to the queue that has its ticket."""
    facts = situation.facts
    return facts is not None and ticket.queue not in {queue.name for queue in (facts.queue, *facts.also_queues)}


def _another_matter(situation: Situation) -> dict[str, object]:
    """What may show that a reply begins something else: a subject of its own, a ticket that was finished before."""
    before, facts = situation.before, situation.facts
    moved = any(isinstance(e, SetStatus) and e.reason == "customer-replied" for e in situation.decision.effects)
    was = before.status if before is not None and before.status in {"resolved", "closed"} and moved else None
    return {"new_subject": facts.new_subject if facts is not None else "", "was_finished": was}


def watching(ticket: Ticket, queue: Queue, policy: Policy) -> tuple[Agent, ...]:
    """The agents who get a notice of what is written on a ticket: as `notify` says, and always its assignee."""
    everyone = policy.agents_of(queue.name)
    wanted = {ticket.assignee.casefold()} if ticket.assignee else set()
    if queue.notify == "watchers":
        wanted |= _followers(ticket)
    chosen = tuple(agent for agent in policy.agents if agent.address.casefold() in wanted)
    if queue.notify == "queue":
        return tuple(dict.fromkeys([*everyone, *chosen]))
    return chosen or everyone


def _followers(ticket: Ticket) -> set[str]:
    return {p.address.key for p in ticket.participants if p.role == "agent"}


def _concerned(ticket: Ticket, policy: Policy) -> tuple[Agent, ...]:
    """The agents who work on a ticket: its assignee and the agents among its participants."""
    wanted = _followers(ticket) | ({ticket.assignee.casefold()} if ticket.assignee else set())
    return tuple(agent for agent in policy.agents if agent.address.casefold() in wanted)


# --- what colleagues do -------------------------------------------------------------------------------


def _on_colleagues_deeds(occasion: Occasion) -> Iterator[Notice]:
    situation, queue, policy = occasion.situation, occasion.queue, occasion.policy
    after, decision, message = situation.after, situation.decision, situation.message
    if after is None or decision.outcome == "held":
        return
    agent = policy.agent(decision.actor)
    actor = agent.name if agent else None
    assigned_to = next((e.to for e in decision.effects if isinstance(e, Assign) and e.to), None)
    assignee = policy.agent(assigned_to) if assigned_to and decision.opens is None else None
    if assignee is not None:
        yield _shown_last("assigned", [assignee], occasion, {"actor": actor})
    if any(isinstance(effect, MoveTo) for effect in decision.effects):
        watchers, extra = watching(after, queue, policy), {"actor": actor, "change": moved_context(situation, policy)}
        yield _shown_last("moved", watchers, occasion, extra)
    if message is not None and message.direction == "out" and message.visibility == "public":
        yield _for_agents("answered", _concerned(after, policy), occasion, message=message)
    if situation.note is not None and "recalled" not in decision.notices:
        watchers = watching(after, queue, policy)
        yield _for_agents("noted", watchers, occasion, message=situation.note)


def _shown_last(
    name: NoticeName,
    agents: Iterable[Agent],
    occasion: Occasion,
    extra: Mapping[str, object],
) -> Notice:
    """A notice that shows what the customer wrote last."""
    said = _last_of_the_customer(occasion.situation)
    last = AddMessage("in", "public", said.author, verified=True, text=said.text) if said else None
    notice = _for_agents(name, agents, occasion, message=last, silent=last is None, extra=extra)
    shown = notice.context["message"]
    if said is None or not isinstance(shown, dict):
        return notice
    at = said.received_at.astimezone(ZoneInfo(occasion.policy.instance.timezone))
    return replace(notice, context={**notice.context, "message": {**shown, "received_at": at}})


def _last_of_the_customer(situation: Situation) -> Said | None:
    return next((s for s in reversed(situation.newest) if s.direction == "in" and s.visibility == "public"), None)


def _team_wide(name: NoticeName, occasion: Occasion) -> Notice:
    situation, policy = occasion.situation, occasion.policy
    author = policy.agent(situation.decision.actor)
    others = policy.agents_of(occasion.queue.name)
    if name == "delivery_failed" and author is not None:
        others = (author, *(agent for agent in others if agent != author))
    more: dict[str, object] = {}
    rate = next((effect for effect in situation.decision.effects if isinstance(effect, Rate)), None)
    if rate is not None:
        more = {"rating": {"score": rate.score, "comment": rate.comment}}
    if name == "agent_absent" and author is not None:
        absent, day = person_context(Address(author.name, author.address)), situation.decision.feedback.away_until
        more = {"absent": absent, "until": day - timedelta(days=1) if day else None}
    return _for_agents(name, others, occasion, silent=bool(more), extra=more)


def _reminder(occasion: Occasion, after: Ticket) -> Notice:
    situation, policy = occasion.situation, occasion.policy
    own = next((effect.agent for effect in situation.decision.effects if isinstance(effect, Reminded)), None)
    wanted = policy.agent(own or after.assignee or "")
    alone = wanted is not None and (own is not None or not is_away(wanted, situation.desk, occasion.now))
    agents = (wanted,) if wanted is not None and alone else policy.agents_of(occasion.queue.name)
    since = after.waiting_since.astimezone(ZoneInfo(policy.instance.timezone)) if after.waiting_since else None
    why = situation.decision.reason.removeprefix("reminder-")
    return _shown_last("reminder", agents, occasion, {"why": why, "since": since})


# --- what answers an agent's own mail -----------------------------------------------------------------


def _to_its_author(occasion: Occasion) -> Iterator[Notice]:
    situation, policy = occasion.situation, occasion.policy
    decision, author = situation.decision, policy.agent(situation.decision.actor)
    if author is None:
        return
    for name in _ANSWERS:
        if name in decision.notices and not _is_empty(name, situation):
            more = _shown(name, situation, policy)
            silent = name not in {"held", "returned", "stale"}
            notice = _for_agents(name, [author], occasion, silent=silent, extra=more)
            in_doubt = decision.reason in IDENTITY_DOUBTS
            yield replace(notice, in_doubt=in_doubt, standing=standing(situation, policy)) if in_doubt else notice
    if "second_word" in decision.notices:
        yield _second_word(author, occasion)
    if "attachments" in decision.notices:
        yield from _files(author, occasion)
    if "receipt" in decision.notices and _wants_receipt(author, situation, occasion.queue):
        yield _receipt(author, occasion)


def _second_word(author: Agent, occasion: Occasion) -> Notice:
    """What became of an agent's reply to a notice of held mail. A reply to this notice is about that mail only."""
    situation = occasion.situation
    decision, mail = situation.decision, situation.mail
    feedback, again = decision.feedback, decision.reason in _ASKED_AGAIN
    said = mail.reply if mail and decision.reason == ASKED_AGAIN else ""
    words = (
        AddMessage("in", "public", Address(author.name, author.address), verified=False, text=said) if said else None
    )
    extra: dict[str, object] = {
        "identity": feedback.held in IDENTITY_DOUBTS,
        "ops": bool(occasion.policy.instance.ops_address),
        "reply_effect": "releases" if again else "none",
    }
    notice = _for_agents("second_word", [author], occasion, message=words, silent=words is None, extra=extra)
    cause = "" if decision.reason == "disowned-by-agent" or mail is None else mail.digest
    return replace(notice, takes_lines=False, asks_to_confirm=again, confirms=feedback.confirms, cause=cause)


def _is_empty(name: NoticeName, situation: Situation) -> bool:
    """Whether the notice would be a digest, sent by the clock, that lists nothing."""
    nothing = not (situation.desk.mine or situation.desk.unassigned)
    return name == "digest" and situation.mail is None and nothing


def _shown(name: NoticeName, situation: Situation, policy: Policy) -> dict[str, object]:
    feedback, desk = situation.decision.feedback, situation.desk
    match name:
        case "returned":
            return {"problems": [_problem(problem) for problem in feedback.problems]}
        case "stale":
            return {"since": thread_context(situation.facts.since if situation.facts else (), policy)}
        case "held":
            return {"strangers": _strangers(situation), "files": list(feedback.files)}
        case "held_more":
            zone = ZoneInfo(policy.instance.timezone)
            mails = [
                {"number": one.inbound, "subject": one.subject, "received_at": one.received_at.astimezone(zone)}
                for one in feedback.held_more
            ]
            return {"count": feedback.count, "mails": mails}
        case "digest":
            mine, free = lines_context(desk.mine, policy), lines_context(desk.unassigned, policy)
            return {"mine": mine, "unassigned": free}
        case "found":
            return {"words": feedback.search, "tickets": lines_context(desk.found, policy)}
        case "commands_help":
            locale = policy.instance.locale
            each = [{"spelled": c.spelled(locale), "argument": c.takes, "what": c.key} for c in COMMANDS]
            return {"commands": each}
        case _:
            return {"thread": thread_context(desk.thread, policy)}


def _problem(problem: Problem) -> dict[str, object]:
    near = list(problem.nearest)
    return {"line": problem.line, "code": problem.code, "nearest": near, "expected": problem.expected}


def _strangers(situation: Situation) -> list[dict[str, object]]:
    """The two tickets whose people would see each other's words."""
    merged = next((done for done in situation.decision.feedback.done if done.kind == "merged"), None)
    facts = situation.facts
    if merged is None or facts is None:
        return []
    both = [facts.tickets.get(int(number)) for number in (merged.old, merged.value) if number]
    return [{"number": t.number, "requester": person_context(t.requester)} for t in both if t is not None]


def _wants_receipt(agent: Agent, situation: Situation, queue: Queue) -> bool:
    """Whether the agent's `receipts` ask for one, or they can still take an answer back and so must read how."""
    feedback = situation.decision.feedback
    if feedback.too_late or feedback.dry_run:
        return True
    if agent.receipts == _PROBLEMS_ONLY:
        return False
    return (
        agent.receipts == "all"
        or feedback.commanded
        or _undo_until(situation, queue, situation.decision.feedback.done) > 0
    )


def _undo_until(situation: Situation, queue: Queue, done: Sequence[Done]) -> int:
    """For how many seconds the answer waits before it is sent; 0 when no answer waits."""
    message = situation.message
    waits = message is not None and message.relayed and message.visibility == "public"
    return queue.undo_seconds if waits and any(line.kind in {"answered", "opened"} for line in done) else 0


def _receipt(agent: Agent, occasion: Occasion) -> Notice:
    situation = occasion.situation
    feedback = situation.decision.feedback
    seconds = _undo_until(situation, occasion.queue, feedback.done)
    zone = ZoneInfo(occasion.policy.instance.timezone)
    new = iter(situation.also)
    return _for_agents(
        "receipt",
        [agent],
        occasion,
        silent=True,
        extra={
            "done": [_done(line, situation, new, zone) for line in feedback.done],
            "sent_to": [person_context(person) for person in feedback.sent_to],
            "undo_until": (occasion.now + timedelta(seconds=seconds)).astimezone(zone) if seconds else None,
            "dry_run": feedback.dry_run,
            "too_late": feedback.too_late,
        },
    )


def _done(line: Done, situation: Situation, new: Iterator[Ticket], zone: ZoneInfo) -> dict[str, object]:
    value: object = line.value
    if line.kind == "split":
        value = next((str(ticket.number) for ticket in new), None)
    elif line.kind in {"remind", "snooze"} and line.value:
        value = datetime.fromisoformat(line.value).astimezone(zone)
    number = line.ticket or (situation.after.number if situation.after else None)
    return {"kind": line.kind, "value": value, "old": line.old, "ticket": number}


def _files(agent: Agent, occasion: Occasion) -> Iterator[Notice]:
    """The files that were asked for, in as many mails as they need; what no mail can carry is named."""
    policy = occasion.policy
    files = occasion.situation.desk.files
    too_large = [file.filename for file in files if file.size > policy.max_asked_bytes]
    batches = _batches([file for file in files if file.size <= policy.max_asked_bytes], policy.max_asked_bytes)
    for batch in batches or [[]]:
        names: dict[str, object] = {"attached": [file.filename for file in batch], "too_large": too_large}
        notice = _for_agents("attachments", [agent], occasion, silent=True, extra=names)
        attachments = tuple(
            Attachment(f.filename, f.content_type, f.size, f.sha256, inline=False, content_id=None, content=b"")
            for f in batch
        )
        yield replace(notice, attachments=attachments, source=batch[0].inbound if batch else None)


def _batches(files: Iterable[StoredFile], limit: int) -> list[list[StoredFile]]:
    batches: list[list[StoredFile]] = []
    room = 0
    for file in files:
        if file.size > room:
            batches.append([])
            room = limit
        batches[-1].append(file)
        room -= file.size
    return batches


# --- all of them ----------------------------------------------------------------------------------------


def _for_agents(
    name: NoticeName,
    agents: Iterable[Agent],
    occasion: Occasion,
    *,
    message: AddMessage | None = None,
    silent: bool = False,
    extra: Mapping[str, object] | None = None,
) -> Notice:
    """`message` is shown instead of the one in hand; a `silent` notice shows none."""
    row = NOTICES[name]
    if row.ticket == "never":
        occasion = replace(occasion, situation=replace(occasion.situation, after=None))
    situation, queue, policy = occasion.situation, occasion.queue, occasion.policy
    words, confirms = row.carries_customers_words, _confirms(situation)
    attached, whole_in = _attached(situation, policy) if words else ((), "")
    locale, extent = policy.instance.locale, Extent(whole_in=whole_in, attached=attached if words else None)
    seen = context(occasion, locale, public=False, extent=extent, message=message)
    shown = message or situation.message
    author = shown.author if shown is not None and (words or row.names_author) else None
    takes_lines = situation.after is None and not confirms
    doers = frozenset() if row.also_to_doer else _doers(situation, policy)
    return Notice(
        name,
        locale,
        queue,
        tuple(Address(a.name, a.address) for a in agents if a not in doers),
        {
            **seen,
            **_answered_otherwise(name, situation, confirms=confirms),
            **(extra or {}),
            **({"message": None} if silent else {}),
        },
        row.priority,
        to_customer=False,
        asks_to_confirm=confirms,
        takes_lines=takes_lines,
        cause=situation.mail.digest if takes_lines and name in _ANSWERS and situation.mail else "",
        auto_submitted=None if words else "auto-generated",
        suppress=SUPPRESS_BUT_ABSENCE if words else SUPPRESS,
        loop=True,
        sender_name=f"{author.name or author.address} ({queue.title})" if author else queue.title,
        attachments=attached,
    )


def _answered_otherwise(name: NoticeName, situation: Situation, *, confirms: bool) -> dict[str, object]:
    """The effect of a reply to a notice whose replies do not go to the customer."""
    effect = _REPLY_EFFECT.get(NOTICES[name].answered_as)
    return {"reply_effect": effect} if effect and situation.after is not None and not confirms else {}


_REPLY_EFFECT: Mapping[AnsweredAs, ReplyEffect] = {"note": "to_team", "receipt": "asks"}


def _confirms(situation: Situation) -> bool:
    """Whether a reply to the notice says what becomes of a message that is held."""
    return situation.decision.outcome == "held" and situation.decision.reason in CONFIRMABLE


def _doers(situation: Situation, policy: Policy) -> frozenset[Agent | None]:
    """The agents who did what the notice is about."""
    said = situation.message or situation.note
    author = said.author.address if said is not None and said.direction == "out" else ""  # the shell answers as one
    return frozenset({policy.agent(situation.decision.actor), policy.agent(author)})


def _attached(situation: Situation, policy: Policy) -> tuple[tuple[Attachment, ...], str]:
    """The attachments that fit into one notice, in their order; behind them words that are too long to be shown, and
    the name of the file that has these.
    """
    mail, message = situation.mail, situation.message
    fitting, room = [], policy.max_attachment_bytes
    for attachment in mail.attachments if mail else ():
        if attachment.size <= room:
            fitting.append(attachment)
            room -= attachment.size
    if mail is None or not MAX_SHOWN < len(mail.reply) <= room or (message and message.text is not None):
        return tuple(fitting), ""
    whole = text_file(situation.mail_as_read or mail)
    return (*fitting, *([whole] if whole.size <= room else [])), FILENAME if whole.size <= room else ""
