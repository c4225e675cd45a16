"""Notices that answer an agent's own mail: the receipt, what is held or sent back, lists, a history, files.

Fails with: nothing; a mail whose author is no agent has no such notice.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from mailtickets.config.models import Agent, Queue
from mailtickets.desk.commands.rows import COMMANDS
from mailtickets.desk.model.decision import Done, Problem
from mailtickets.desk.model.effects import AddMessage
from mailtickets.desk.model.facts import StoredFile
from mailtickets.desk.model.ticket import Ticket
from mailtickets.desk.notices.budget import standing
from mailtickets.desk.notices.contexts import (
    lines_context,
    person_context,
    thread_context,
)
from mailtickets.desk.notices.for_agents import ANSWERS, for_agents
from mailtickets.desk.notices.notice import (
    Notice,
    Occasion,
    Situation,
)
from mailtickets.desk.notices.own_week import week_context
from mailtickets.desk.notices.row import NoticeName
from mailtickets.desk.rules.agent_reading import ASKED_AGAIN, IDENTITY_DOUBTS, NOT_PROVEN
from mailtickets.mail.model import Address, Attachment
from mailtickets.words import due

_ASKED_AGAIN = frozenset({ASKED_AGAIN, NOT_PROVEN})
"""Reasons after which the mail is still held."""
_PROBLEMS_ONLY = "problems"


def to_its_author(occasion: Occasion) -> Iterator[Notice]:
    """The notices to the agent who wrote the mail, or gave the order, that the decision is about."""
    situation, policy = occasion.situation, occasion.policy
    decision, author = situation.decision, policy.agent(situation.decision.actor)
    if author is None:
        return
    for name in ANSWERS:
        if name in decision.notices and not _is_empty(name, situation):
            more = _shown(name, occasion)
            silent = name not in {"held", "returned", "stale"}
            notice = for_agents(name, [author], occasion, silent=silent, extra=more)
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
    reply = mail.reply if mail and decision.reason == ASKED_AGAIN else ""
    words = (
        AddMessage("in", "public", Address(author.name, author.address), verified=False, text=reply) if reply else None
    )
    extra: dict[str, object] = {
        "identity": feedback.held in IDENTITY_DOUBTS,
        "ops": bool(occasion.policy.instance.ops_address),
        "reply_effect": "releases" if again else "none",
    }
    notice = for_agents("second_word", [author], occasion, message=words, silent=words is None, extra=extra)
    cause = "" if decision.reason == "disowned-by-agent" or mail is None else mail.digest
    return replace(notice, takes_lines=False, asks_to_confirm=again, confirms=feedback.confirms, cause=cause)


def _is_empty(name: NoticeName, situation: Situation) -> bool:
    """Whether the notice would be a digest, sent by the clock, that lists nothing."""
    desk = situation.desk
    nothing = not (desk.mine or desk.unassigned or (desk.week and desk.week.says_something))
    return name == "digest" and situation.mail is None and nothing


def _shown(name: NoticeName, occasion: Occasion) -> dict[str, object]:
    situation, policy, now = occasion.situation, occasion.policy, occasion.now
    feedback, desk = situation.decision.feedback, situation.desk
    match name:
        case "returned":
            understood = all(problem.code in NOT_POSSIBLE for problem in feedback.problems)
            return {
                "problems": [_problem(problem) for problem in feedback.problems],
                "not_possible": bool(feedback.problems) and understood,
            }
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
            mine, free = (lines_context(each, policy, desk.clocks, now) for each in (desk.mine, desk.unassigned))
            return {"mine": mine, "unassigned": free, **week_context(desk.week, policy)}
        case "found":
            return {"words": feedback.search, "tickets": lines_context(desk.found, policy, desk.clocks, now)}
        case "commands_help":
            locale = policy.instance.locale
            each = [{"spelled": c.spelled(locale), "argument": c.takes, "what": c.key} for c in COMMANDS]
            return {"commands": each}
        case _:
            return {"thread": thread_context(desk.thread, policy)}


NOT_POSSIBLE = frozenset({"stage-not-from-here", "stage-not-yours", "stage-needs"})
"""Codes of problems with lines that are understood, and that ask for what may not be done now."""


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
    return for_agents(
        "receipt",
        [agent],
        occasion,
        silent=True,
        extra={
            "done": [_done(line, occasion, new, zone) for line in feedback.done],
            "sent_to": [person_context(person) for person in feedback.sent_to],
            "undo_until": (occasion.now + timedelta(seconds=seconds)).astimezone(zone) if seconds else None,
            "dry_run": feedback.dry_run,
            "too_late": feedback.too_late,
        },
    )


def _done(line: Done, occasion: Occasion, new: Iterator[Ticket], zone: ZoneInfo) -> dict[str, object]:
    situation = occasion.situation
    value: object = line.value
    old: object = line.old
    if line.kind == "split":
        value = next((str(ticket.number) for ticket in new), None)
    elif line.kind in {"remind", "snooze"} and line.value:
        value = datetime.fromisoformat(line.value).astimezone(zone)
    elif line.kind in {"promised", "unpromised"}:
        value, old = (_date_in_words(iso, occasion) if iso else None for iso in (line.value, line.old))
    number = line.ticket or (situation.after.number if situation.after else None)
    return {"kind": line.kind, "value": value, "old": old, "ticket": number}


def _date_in_words(iso: str, occasion: Occasion) -> str:
    """A promised date as the receipt says it: with the day of the week, so that the agent sees what `2d` has become."""
    zone, locale = ZoneInfo(occasion.policy.instance.timezone), occasion.policy.instance.locale
    return due.dated(datetime.fromisoformat(iso).astimezone(zone), occasion.now.astimezone(zone), locale)


def _files(agent: Agent, occasion: Occasion) -> Iterator[Notice]:
    """The files that were asked for, in as many mails as they need; what no mail can carry is named."""
    policy = occasion.policy
    files = occasion.situation.desk.files
    too_large = [file.filename for file in files if file.size > policy.max_asked_bytes]
    batches = _batches([file for file in files if file.size <= policy.max_asked_bytes], policy.max_asked_bytes)
    for batch in batches or [[]]:
        names: dict[str, object] = {"attached": [file.filename for file in batch], "too_large": too_large}
        notice = for_agents("attachments", [agent], occasion, silent=True, extra=names)
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
