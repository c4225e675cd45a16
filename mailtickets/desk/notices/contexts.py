"""What templates see of a decision: plain data, and for customers only what they may see.

*Limits*: `MAX_SHOWN` characters of a message, but for an agent's answer to a customer, which is shown whole;
`MAX_THREAD` of what was said before, of the newest most.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from mailtickets.config.models import Queue
from mailtickets.desk.change import customers
from mailtickets.desk.claims import copies as copies_of
from mailtickets.desk.claims.authors import matched, writer
from mailtickets.desk.claims.people import readers
from mailtickets.desk.clock.clocks import Clock
from mailtickets.desk.clock.stages import shown
from mailtickets.desk.fields.missing import known_values, missing
from mailtickets.desk.fields.names import type_called
from mailtickets.desk.model.decision import UNPROVEN_REPORT
from mailtickets.desk.model.effects import AddMessage, FailDelivery, LeaveOut, MergeInto, MoveTo, SetStatus
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Said, Ticket
from mailtickets.desk.notices.clocks import clocks_context, next_clock_context
from mailtickets.desk.notices.notice import CONFIRMABLE, Occasion, Situation
from mailtickets.desk.notices.row import ReplyEffect
from mailtickets.desk.rules.opening import leaves_out_history
from mailtickets.mail.model import REF_PLACEHOLDER, Address, Attachment
from mailtickets.mail.trust import disguise
from mailtickets.words.fold import folded_name

MAX_SHOWN = 100_000
"""Nobody reads more of a message in a notice, and a mail of 25 MB would go to each agent twice, as text and as HTML."""
MAX_THREAD = 2 * MAX_SHOWN
MAX_SOLUTION = 300
"""Characters of what had solved a ticket, in one line."""

ALARMING = (disguise.DIFFER, disguise.HIDDEN)
"""Defects of a mail that its notices to agents name."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How much of a message a notice shows."""

    whole: bool = False
    """The message is shown however long it is."""
    whole_in: str = ""
    """The name of the attached file that has all of a message that is too long to be shown."""
    attached: tuple[Attachment, ...] | None = None
    """The files of the message that come with the notice; None: all of them count as attached."""


def context(
    occasion: Occasion,
    locale: str,
    *,
    public: bool,
    extent: Extent = Extent(),
    message: AddMessage | None = None,
    **more: object,
) -> dict[str, object]:
    """Plain data for a template. A `public` one is for customers and has nothing that they may not see.

    `message` is shown instead of the one that the decision adds.
    """
    situation, queue, policy = occasion.situation, occasion.queue, occasion.policy
    after = situation.after
    home = (policy.queue(after.queue) or queue) if after else queue
    message = message or situation.message or _held_message(situation, policy)
    said = message and _message_context(message, occasion, extent, queue if public else None)
    return {
        "instance": {"name": policy.instance.name},
        "queue": {"name": queue.name, "address": queue.address, "title": queue.title},
        "ticket": _ticket(situation, after, home, policy, locale, public=public) if after else None,
        "customer": person_context(after.requester) if after else None,
        "message": said,
        "change": None if public else _assignee_change(situation, policy),
        "failure": _failure_context(situation),
        "linked": [] if public or after is None else list(after.linked),
        "reopen_days": queue.reopen_days,
        "close_after_days": queue.close_after_days,
        "customer_echo": True,
        "clocks": [] if public else clocks_context(situation.clocks, policy, occasion.now),
        "reply_effect": _reply_effect(situation, policy),
        **({} if public else _copies_context(situation, policy)),
        "reaches": [] if public else [person_context(p) for p in readers(_reached_by_an_answer(situation), policy)],
        "reason": situation.decision.reason,
        "ref": REF_PLACEHOLDER,
        **more,
    }


def _copies_context(situation: Situation, policy: Policy) -> dict[str, object]:
    """Who stood in copy of a customer's mail and is not on its ticket."""
    mail, facts, message = situation.mail, situation.facts, situation.message
    if mail is None or facts is None or message is None or message.direction != "in":
        return {}
    found = matched(mail, facts, policy) if situation.decision.opens is None else None
    copies = copies_of.on_ticket(mail, facts, policy, found) if found else copies_of.on_new_ticket(mail, facts, policy)
    return {
        "copied_beyond": [person_context(person) for person in copies.beyond],
        "copied_unproven": [person_context(person) for person in copies.unproven],
        "copied_disowned": [person_context(person) for person in copies.disowned],
        "copied_unwritable": [person_context(person) for person in copies.unwritable],
        "copy_limit": copies_of.MAX_IN_COPY,
    }


_CORRECTED = frozenset({"command-not-understood", "forward-unclear"})


def _reply_effect(situation: Situation, policy: Policy) -> ReplyEffect:
    """What an agent's reply to the notice does."""
    if situation.decision.reason in _CORRECTED:
        return "corrects"
    if situation.decision.reason in CONFIRMABLE:
        return "releases"
    if situation.after is None:
        return "lines"
    return "to_customer" if readers(_reached_by_an_answer(situation), policy) else "to_nobody"


def _reached_by_an_answer(situation: Situation) -> tuple[Address, ...]:
    """The customers whom an agent's reply to the notice goes to; after a merge, those of both tickets."""
    merged = next((effect.into for effect in situation.decision.effects if isinstance(effect, MergeInto)), None)
    other = situation.facts.tickets.get(merged) if situation.facts and merged else None
    people = [person for ticket in (other, situation.after) if ticket for person in customers(ticket)]
    return tuple({person.key: person for person in people}.values())


def person_context(person: Address) -> dict[str, object]:
    return {"name": person.name or None, "address": person.address}


def _ticket(
    situation: Situation, after: Ticket, home: Queue, policy: Policy, locale: str, *, public: bool
) -> dict[str, object]:
    """The ticket, and for agents what is known of it and what is missing. Customers are never told what we know."""
    zone = ZoneInfo(policy.instance.timezone)
    seen = _ticket_context(after, home, policy, zone, shown(after, home, locale, public=public))
    seen["type"] = type_called(after.type, policy, locale) if after.type else None
    if public:
        return seen
    open_ = missing(after, policy, [one.value for one in situation.decision.ruled.ask])
    return {
        **seen,
        "fields": known_values(after, policy, locale),
        "missing": [field.called(locale) for field in open_],
        "resolution": " ".join(situation.resolution[:MAX_SOLUTION].split()),
    }


def _ticket_context(
    ticket: Ticket, queue: Queue, policy: Policy, zone: ZoneInfo, stage: str | None
) -> dict[str, object]:
    """The ticket as templates see it. `stage` is the label of its stage, for those who may see it."""
    agent = policy.agent(ticket.assignee) if ticket.assignee else None
    return {
        "number": ticket.number,
        "tag": queue.subject_tag.replace("{number}", str(ticket.number)),
        "subject": ticket.subject,
        "status": ticket.status,
        "stage": stage,
        "priority": ticket.priority,
        "type": ticket.type,
        "created_at": ticket.created_at.astimezone(zone),
        "requester": person_context(ticket.requester),
        "assignee": agent.name if agent else None,
        "queue": queue.title,
    }


def _assignee_change(situation: Situation, policy: Policy) -> dict[str, object] | None:
    """The assignee whom the ticket was taken from, if there is one."""
    before, after = situation.before, situation.after
    if before is None or after is None or before.assignee is None or before.assignee == after.assignee:
        return None
    return {"kind": "assignee", "from": name_of(before.assignee, policy)}


def name_of(address: str, policy: Policy) -> str:
    """An agent's name, or the address as it is."""
    agent = policy.agent(address)
    return agent.name if agent else address


def moved_context(situation: Situation, policy: Policy) -> dict[str, object] | None:
    """The queue that the ticket was moved from; None where it was not moved."""
    moved = any(isinstance(effect, MoveTo) for effect in situation.decision.effects)
    if not moved or situation.before is None:
        return None
    old = policy.queue(situation.before.queue)
    return {"kind": "queue", "from": old.title if old else situation.before.queue}


def lines_context(
    tickets: Iterable[Ticket],
    policy: Policy,
    clocks: Mapping[int, Sequence[Clock]] | None = None,
    now: datetime | None = None,
    *,
    public: bool = False,
) -> list[dict[str, object]]:
    """Tickets in a list, a line or two each. `clocks`: those of each ticket, for agents, as they are `now`."""
    zone, known = ZoneInfo(policy.instance.timezone), clocks or {}
    return [
        {
            **_line_context(ticket, policy, zone, public=public),
            "clock": next_clock_context(known.get(ticket.number, ()), policy, now) if now else None,
        }
        for ticket in tickets
    ]


def _line_context(ticket: Ticket, policy: Policy, zone: ZoneInfo, *, public: bool) -> dict[str, object]:
    queue = policy.queue(ticket.queue) or policy.queues[0]
    locale = ticket.locale if public else policy.instance.locale
    waits = ticket.waiting_since
    return {
        "number": ticket.number,
        "tag": queue.subject_tag.replace("{number}", str(ticket.number)),
        "subject": ticket.subject,
        "status": ticket.status,
        "stage": shown(ticket, queue, locale, public=public),
        "priority": "" if public else ticket.priority,
        "requester": person_context(ticket.requester),
        "updated_at": ticket.updated_at.astimezone(zone),
        "waiting_since": waits.astimezone(zone) if waits and not public else None,
        "queue": queue.title,
    }


def thread_context(
    thread: Sequence[Said], policy: Policy, hide_agents_as: Queue | None = None
) -> list[dict[str, object]]:
    """What was said on a ticket, oldest first; customers see their agents at the queue's address."""
    zone = ZoneInfo(policy.instance.timezone)
    return [
        {
            "author": person_context(_seen(message.author, policy, hide_agents_as)),
            "direction": message.direction,
            "visibility": message.visibility,
            "ours": message.direction == "out" or policy.agent(message.author.address) is not None,
            "text": message.text[:room],
            "cut": len(message.text) > room,
            "received_at": message.received_at.astimezone(zone),
        }
        for message, room in zip(thread, _rooms(thread), strict=True)
    ]


def _rooms(thread: Sequence[Said]) -> list[int]:
    """How many characters of each message are shown. The newest may take half of the room, and so on."""
    rooms, left = list[int](), MAX_THREAD
    for message in reversed(thread):
        rooms.append(left // 2)
        left -= min(len(message.text), left // 2)
    return rooms[::-1]


def _seen(author: Address, policy: Policy, hide_agents_as: Queue | None) -> Address:
    if hide_agents_as is not None and policy.agent(author.address):
        return Address(author.name, hide_agents_as.address)
    return author


def resolves(situation: Situation) -> bool:
    """Whether the ticket is resolved by what happened."""
    moved = (effect for effect in situation.decision.effects if isinstance(effect, SetStatus))
    return any(effect.to == "resolved" for effect in moved)


def _held_message(situation: Situation, policy: Policy) -> AddMessage | None:
    """The message that is held, shown to the agent in whose name it came, who says whether it is theirs."""
    if situation.decision.reason not in CONFIRMABLE or situation.mail is None or situation.facts is None:
        return None
    return AddMessage("in", "public", writer(situation.mail, situation.facts, policy), verified=False)


def _message_context(
    message: AddMessage, occasion: Occasion, extent: Extent, hide_agents_as: Queue | None
) -> dict[str, object]:
    situation, policy, attached = occasion.situation, occasion.policy, extent.attached
    mail, text = situation.mail, _words(message, situation)
    cut = len(text) > MAX_SHOWN and not extent.whole
    received_at = situation.facts.envelope.received_at if situation.facts else occasion.now
    outgoing = message.direction == "out"
    listed = [a for a in (mail.attachments if mail else ()) if not a.inline or a.content_id is None]
    return {
        "author": person_context(_seen(message.author, policy, hide_agents_as)),
        "text": text[:MAX_SHOWN] if cut else text,
        "html": mail.html if mail and not cut else None,  # all of it: what says the text is found where words are made
        "cut": cut,
        "whole_in": extent.whole_in,
        "remarks": list(remarks(message, situation)) if hide_agents_as is None else [],
        "received_at": received_at.astimezone(ZoneInfo(policy.instance.timezone)),
        "attachments": [
            {"filename": a.filename, "size": a.size, "attached": outgoing or attached is None or a in attached}
            for a in listed
        ],
        "verified": message.verified,
        "ours": outgoing or policy.agent(message.author.address) is not None,
        "signed": outgoing and _is_signed(message, situation),
        "delivered_directly": outgoing and not message.relayed and message.visibility == "public",
    }


def remarks(message: AddMessage, situation: Situation) -> Iterator[str]:
    """Codes for what an agent reads beside a mail's words: what is not shown of it, and what is not as it looks."""
    mail = situation.mail
    if mail is None or message.direction != "in" or message.text is not None:
        return
    if situation.after is not None and leaves_out_history(mail):
        yield "history-left-out"
    yield from (defect for defect in ALARMING if defect in mail.defects)


def _is_signed(message: AddMessage, situation: Situation) -> bool:
    """Whether the author's name ends the words already: then it is not put below them again."""
    last = [line for line in _words(message, situation)[-1000:].splitlines() if line.strip()][-5:]
    return bool(message.author.name) and folded_name(message.author.name) in (
        folded_name(line.strip(" ,.*_-–—")) for line in last
    )


def _words(message: AddMessage, situation: Situation) -> str:
    if message.text is not None:
        return message.text
    if situation.text is not None:
        return situation.text
    return situation.mail.reply if situation.mail else ""


def _failure_kind(situation: Situation) -> str:
    """`lost`: the mail did not reach the requester. `copy`: nor somebody in copy, who gets no more answers.
    `doubted`: a report says so, but anybody could have written that report.
    """
    if situation.decision.reason == UNPROVEN_REPORT:
        return "doubted"
    return "copy" if any(isinstance(effect, LeaveOut) for effect in situation.decision.effects) else "lost"


def _failure_context(situation: Situation) -> dict[str, object] | None:
    failed = next((effect for effect in situation.decision.effects if isinstance(effect, FailDelivery)), None)
    if failed is None:
        return None
    return {
        "recipient": failed.recipient,
        "status": failed.status,
        "diagnostic": failed.diagnostic,
        "notice": failed.notice,
        "named": failed.named or None,
        "kind": _failure_kind(situation),
        "reopened": any(isinstance(effect, SetStatus) for effect in situation.decision.effects),
        "subject": situation.after.subject if situation.after else "",
    }
