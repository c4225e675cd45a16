"""What happened -> who is told, with which notice.

`plan` reads a decision and the ticket as it then stands, and names the notices; `within_budget` takes away
what automatic mail may not do now. Customers see the queue's address and public messages only; agents see
everything. Nobody is told of their own doing, and nobody is sent what already had them in To or Cc.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from mailtickets.config import Agent, Queue
from mailtickets.desk.change import customers
from mailtickets.desk.decide import authentic, author_of
from mailtickets.desk.model import (
    AddMessage,
    Decision,
    Facts,
    FailDelivery,
    Policy,
    SetStatus,
    Status,
    Ticket,
)
from mailtickets.mail.model import (
    REF_LABEL,
    REF_PLACEHOLDER,
    Address,
    Attachment,
    AutoSubmitted,
    Envelope,
    InboundMail,
)

CUSTOMER_NOTICES = (
    "received", "answer", "status_changed", "resolved", "closed", "reopened", "status", "my_tickets", "muted", "unmuted",
)  # fmt: skip
AGENT_NOTICES = (
    "new_ticket", "customer_replied", "also_addressed", "unassigned", "delivery_failed", "held",
    "receipt", "returned", "stale", "digest", "reminder", "assigned", "moved", "noted", "answered", "agent_absent",
    "rated", "commands_help", "found", "history", "attachments",
)  # fmt: skip
OPS_NOTICES = ("alarm",)

FIRST, SECOND, THIRD = 0, 1, 2
"""Order of sending: people's answers, then acknowledgements and the like, then agents' notices."""

CONFIRMABLE = frozenset({"agent-without-token", "agent-not-verified"})
"""Reasons to hold a message which its author's own word takes away."""

SAME_BODY_PER_HOUR = 3
"""How often one person is answered automatically for the same words."""

HELD_PER_AGENT_PER_HOUR = 5
"""A forger who writes in an agent's name must not be able to flood that agent."""

_SUPPRESS = "DR, RN, NRN, OOF, AutoReply"  # never All: it also silences bounces (MS-OXCMAIL)
_SUPPRESS_BUT_ABSENCE = "DR, RN, NRN, AutoReply"  # an agent's absence is something we want to hear of
_UNANSWERABLE = ("mailer-daemon", "postmaster", "no-reply", "noreply", "do-not-reply", "nao-responda", "no-responder")
_STATUS_NOTICE: Mapping[Status, str] = {"resolved": "resolved", "closed": "closed"}


@dataclass(frozen=True, slots=True)
class Notice:
    """One text for some people; `render` makes words of it."""

    name: str
    locale: str
    queue: Queue
    recipients: tuple[Address, ...]
    """Who gets a copy of their own."""
    context: Mapping[str, object] = field(repr=False)
    priority: int
    to_customer: bool
    auto_submitted: AutoSubmitted | None = None
    suppress: str | None = None
    loop: bool = False
    automatic: bool = False
    """It counts against the budgets."""
    cause: str = ""
    """Digest of the words that it answers: a machine without any sign of one says the same again and again."""
    asks_to_confirm: bool = False
    """Answering it releases the message that it is about."""
    acknowledgement: bool = False
    """It counts against the stricter budget of first contacts too."""
    sender_name: str = ""
    """Display name of From; the address is the queue's."""
    author: str | None = None
    """The agent whose words these are."""
    visible_to: tuple[Address, ...] = ()
    visible_cc: tuple[Address, ...] = ()
    attachments: tuple[Attachment, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Happening:
    """What `plan` looks at: the decision, the ticket before and after, and the mail, if a mail was the cause."""

    decision: Decision
    before: Ticket | None
    after: Ticket
    mail: InboundMail | None = None
    facts: Facts | None = None
    text: str | None = None
    """The words of an answer that came by the shell."""

    @property
    def message(self) -> AddMessage | None:
        return next((effect for effect in self.decision.effects if isinstance(effect, AddMessage)), None)


def plan(happening: Happening, policy: Policy, now: datetime) -> tuple[Notice, ...]:
    """Every notice that a decision calls for, before budgets."""
    queue = policy.queue(happening.after.queue) or policy.queues[0]  # where its queue has left the configuration
    found = [*_to_customers(happening, queue, policy, now), *_to_agents(happening, queue, policy, now)]
    return tuple(kept for notice in found if (kept := _without_ourselves(notice, policy)).recipients)


def _without_ourselves(notice: Notice, policy: Policy) -> Notice:
    """Never a mail to one of our own addresses, or to an address that is no person's."""
    people = tuple(
        person
        for person in notice.recipients
        if not policy.queue_at(person.address) and not person.address.endswith(".invalid")
    )
    return replace(notice, recipients=people)


# --- customers ----------------------------------------------------------------------------------------


def _to_customers(happening: Happening, queue: Queue, policy: Policy, now: datetime) -> Iterator[Notice]:
    message, after = happening.message, happening.after
    if message is not None and message.direction == "out" and message.visibility == "public":
        yield from _answer(happening, message, queue, policy, now)
        return
    if happening.decision.opens is not None:
        if happening.mail is None or why_not_acknowledged(happening.mail, happening.facts, queue, policy, now) is None:
            yield _acknowledgement(happening, queue, policy, now)
        return
    moved = next((effect for effect in happening.decision.effects if isinstance(effect, SetStatus)), None)
    name = _status_notice(moved, happening.before) if moved else None
    if name is not None and (happening.mail is None or _answerable(happening.mail, happening.facts)):
        change = {"from": happening.before.status if happening.before else None, "to": after.status}
        yield _automatic(name, (after.requester,), happening, queue, policy, now, change=change)


def _status_notice(moved: SetStatus, before: Ticket | None) -> str | None:
    """Which notice a change of status calls for; what an answer or a first action brings along needs none."""
    was_done = before is not None and before.status in {"resolved", "closed"}
    if before is not None and before.status == moved.to:
        return None
    match moved.reason:
        case "agent-answered" | "first-action" | "delivery-failed" | "merged":
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
    author = author_of(mail, queue)
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
    """Whether the mail came with an empty reverse-path."""
    envelope: Envelope | None = facts.envelope if facts else None
    if envelope is not None and envelope.sender is not None:
        return envelope.sender == ""
    return (mail.header("return-path") or "").strip() == "<>"


def _acknowledgement(happening: Happening, queue: Queue, policy: Policy, now: datetime) -> Notice:
    facts = happening.facts
    known = facts is None or facts.known_author or authentic(facts)
    notice = _automatic(
        "received", (happening.after.requester,), happening, queue, policy, now, echo=known, submitted="auto-replied"
    )
    if known:
        return notice
    to = Address("", happening.after.requester.address)  # the name may be a forger's advertisement
    return replace(notice, recipients=(to,), acknowledgement=True)


def _automatic(
    name: str,
    recipients: tuple[Address, ...],
    happening: Happening,
    queue: Queue,
    policy: Policy,
    now: datetime,
    *,
    change: Mapping[str, object] | None = None,
    echo: bool = True,
    submitted: AutoSubmitted = "auto-generated",
) -> Notice:
    """A notice of ours to the customer side."""
    context = {
        **_context(happening, queue, happening.after.locale, policy, now, public=True),
        "change": change,
        "customer_echo": echo,
    }
    agents = tuple(person for person in recipients if policy.agent(person.address))
    return Notice(
        name,
        happening.after.locale,
        queue,
        recipients,
        context,
        SECOND,
        to_customer=True,
        auto_submitted=submitted,
        suppress=_SUPPRESS,
        loop=True,
        automatic=not agents,
        cause=_digest(happening.mail.reply) if happening.mail else "",
        sender_name=queue.title,
    )


def _digest(words: str) -> str:
    return sha256(" ".join(words.casefold().split()).encode("utf-8", "replace")).hexdigest()[:16]


def _answer(happening: Happening, message: AddMessage, queue: Queue, policy: Policy, now: datetime) -> Iterator[Notice]:
    """An agent's words, to the requester and everybody in copy whom their own client has not written to."""
    after = happening.after
    reached = {a.key for a in (*happening.mail.to, *happening.mail.cc)} if happening.mail else set()
    people = customers(after)
    yield Notice(
        "answer",
        after.locale,
        queue,
        tuple(person for person in people if person.key not in reached),
        _context(happening, queue, after.locale, policy, now, public=True),
        FIRST,
        to_customer=True,
        sender_name=f"{message.author.name} ({queue.title})" if message.author.name else queue.title,
        author=message.author.address,
        visible_to=(after.requester,),
        visible_cc=tuple(person for person in people if person.key != after.requester.key),
        attachments=_enclosed(happening),
    )


def _enclosed(happening: Happening) -> tuple[Attachment, ...]:
    """What an answer brings along, less the images that came with the quoted notice: they are the customer's own."""
    mail, facts = happening.mail, happening.facts
    if mail is None:
        return ()
    if _relayed_html(mail) is not None:
        return mail.attachments
    known = facts.known_files if facts else frozenset()
    return tuple(file for file in mail.attachments if not (file.inline and file.sha256 in known))


def _relayed_html(mail: InboundMail) -> str | None:
    """The HTML that may stand for the new words: only where nothing had to be cut from the text."""
    whole = not mail.quoted and not mail.signature
    return mail.html if mail.html and whole and REF_LABEL not in mail.html else None


# --- agents -------------------------------------------------------------------------------------------


def _to_agents(happening: Happening, queue: Queue, policy: Policy, now: datetime) -> Iterator[Notice]:
    message, decision = happening.message, happening.decision
    told = set(decision.tell)
    if message is not None and message.direction == "in" and message.visibility == "public":
        name = "new_ticket" if decision.opens else "customer_replied"
        yield _for_agents(name, _watching(happening.after, queue, policy), happening, queue, policy, now)
    for name in decision.tell_queues:
        other = policy.queue(name)
        told_already = _watching(happening.after, queue, policy)
        if other is not None:
            others = [agent for agent in policy.agents_of(name) if agent not in told_already]
            yield _for_agents("also_addressed", others, happening, other, policy, now)
    if "held" in told:
        author = policy.agent(decision.actor)
        yield _for_agents("held", (author,) if author else (), happening, queue, policy, now)
    for name in ("unassigned", "delivery_failed"):
        if name in told:
            yield _for_agents(name, _concerned(happening, queue, policy), happening, queue, policy, now)


def _watching(ticket: Ticket, queue: Queue, policy: Policy) -> tuple[Agent, ...]:
    """The agents who are told of what a customer writes, as `notify` says."""
    everyone = policy.agents_of(queue.name)
    if queue.notify == "queue":
        return everyone
    wanted = {ticket.assignee.casefold()} if ticket.assignee else set()
    if queue.notify == "watchers":
        wanted |= {p.address.key for p in ticket.participants if p.role == "agent"}
    return tuple(agent for agent in policy.agents if agent.address.casefold() in wanted) or everyone


def _concerned(happening: Happening, queue: Queue, policy: Policy) -> tuple[Agent, ...]:
    """The author of what failed, and the queue's agents."""
    author = policy.agent(happening.decision.actor)
    others = policy.agents_of(queue.name)
    return (author, *(agent for agent in others if agent != author)) if author else others


def _for_agents(
    name: str, agents: Iterable[Agent], happening: Happening, queue: Queue, policy: Policy, now: datetime
) -> Notice:
    locale = policy.instance.locale
    words = name in {"new_ticket", "customer_replied"}
    author = happening.message.author if happening.message and words else None
    attached = _attached(happening.mail, policy) if words else ()
    return Notice(
        name,
        locale,
        queue,
        tuple(Address(a.name, a.address) for a in agents if not _own_doing(a, happening, name, policy)),
        _context(happening, queue, locale, policy, now, public=False, attached=attached),
        THIRD,
        to_customer=False,
        asks_to_confirm=name == "held" and happening.decision.reason in CONFIRMABLE,
        auto_submitted=None if words else "auto-generated",
        suppress=_SUPPRESS_BUT_ABSENCE if words else _SUPPRESS,
        loop=True,
        sender_name=f"{author.name or author.address} ({queue.title})" if author else queue.title,
        attachments=attached,
    )


def _own_doing(agent: Agent, happening: Happening, name: str, policy: Policy) -> bool:
    return name not in {"held", "delivery_failed"} and policy.agent(happening.decision.actor) == agent


def _attached(mail: InboundMail | None, policy: Policy) -> tuple[Attachment, ...]:
    """The attachments that fit into one notice, in their order."""
    fitting, room = [], policy.max_attachment_bytes
    for attachment in mail.attachments if mail else ():
        if attachment.size <= room:
            fitting.append(attachment)
            room -= attachment.size
    return tuple(fitting)


def alarm(subject: str, text: str, policy: Policy, now: datetime) -> Notice:
    """What ops are told when something is wrong with the gateway itself."""
    queue, instance = policy.queues[0], policy.instance
    since = now.astimezone(ZoneInfo(instance.timezone))
    return Notice(
        "alarm",
        instance.locale,
        queue,
        (Address("", instance.ops_address),),
        {"instance": {"name": instance.name}, "alarm": {"subject": subject, "text": text, "since": since}},
        SECOND,
        to_customer=False,
        auto_submitted="auto-generated",
        suppress=_SUPPRESS,
        loop=True,
        sender_name=f"mailtickets {instance.name}",
    )


# --- what templates see -------------------------------------------------------------------------------


def _context(
    happening: Happening,
    queue: Queue,
    locale: str,
    policy: Policy,
    now: datetime,
    *,
    public: bool,
    attached: tuple[Attachment, ...] | None = None,
) -> dict[str, object]:
    """Plain data for a template; what customers may not see is not in theirs."""
    zone = ZoneInfo(policy.instance.timezone)
    after = happening.after
    return {
        "instance": {"name": policy.instance.name},
        "queue": {"name": queue.name, "address": queue.address, "title": queue.title},
        "ticket": ticket_context(after, policy.queue(after.queue) or queue, policy, zone),
        "customer": person_context(after.requester),
        "message": _message_context(happening, policy, zone, now, attached, hide_agents_as=queue if public else None),
        "change": None if public else _assignee_change(happening, policy),
        "failure": _failure_context(happening),
        "linked": [] if public else list(after.linked),
        "reopen_days": queue.reopen_days,
        "close_after_days": queue.close_after_days,
        "customer_echo": True,
        "reply_effect": "releases" if happening.decision.reason in CONFIRMABLE else "to_customer",
        "reason": happening.decision.reason,
        "ref": REF_PLACEHOLDER,
    }


def person_context(person: Address) -> dict[str, object]:
    return {"name": person.name or None, "address": person.address}


def ticket_context(ticket: Ticket, queue: Queue, policy: Policy, zone: ZoneInfo) -> dict[str, object]:
    """The ticket as templates see it."""
    agent = policy.agent(ticket.assignee) if ticket.assignee else None
    return {
        "number": ticket.number,
        "tag": queue.subject_tag.replace("{number}", str(ticket.number)),
        "subject": ticket.subject,
        "status": ticket.status,
        "priority": ticket.priority,
        "type": ticket.type,
        "created_at": ticket.created_at.astimezone(zone),
        "requester": person_context(ticket.requester),
        "assignee": agent.name if agent else None,
        "queue": queue.title,
    }


def _assignee_change(happening: Happening, policy: Policy) -> dict[str, object] | None:
    """Who has the ticket no more, where it was taken from somebody."""
    before, after = happening.before, happening.after
    if before is None or before.assignee is None or before.assignee == after.assignee:
        return None
    agent = policy.agent(before.assignee)
    return {"kind": "assignee", "from": agent.name if agent else before.assignee}


def _held_message(happening: Happening) -> AddMessage | None:
    """What would have been published, for the agent in whose name it came: to say whether it is theirs."""
    if happening.decision.reason not in CONFIRMABLE or happening.mail is None or happening.facts is None:
        return None
    return AddMessage("in", "public", author_of(happening.mail, happening.facts.queue), verified=False)


def _message_context(
    happening: Happening,
    policy: Policy,
    zone: ZoneInfo,
    now: datetime,
    attached: tuple[Attachment, ...] | None,
    hide_agents_as: Queue | None,
) -> dict[str, object] | None:
    message, mail = happening.message or _held_message(happening), happening.mail
    if message is None:
        return None
    received_at = happening.facts.envelope.received_at if happening.facts else now
    outgoing = message.direction == "out"
    words = mail.reply if mail else ""
    listed = [a for a in (mail.attachments if mail else ()) if not a.inline]
    author = message.author
    if hide_agents_as is not None and policy.agent(author.address):
        author = Address(author.name, hide_agents_as.address)
    return {
        "author": person_context(author),
        "text": happening.text if happening.text is not None else words,
        "html": _relayed_html(mail) if mail else None,
        "received_at": received_at.astimezone(zone),
        "attachments": [
            {"filename": a.filename, "size": a.size, "attached": outgoing or attached is None or a in attached}
            for a in listed
        ],
        "verified": message.verified,
        "delivered_directly": outgoing and not message.relayed,
    }


def _failure_context(happening: Happening) -> dict[str, object] | None:
    failed = next((effect for effect in happening.decision.effects if isinstance(effect, FailDelivery)), None)
    if failed is None:
        return None
    return {
        "recipient": failed.recipient,
        "status": failed.status,
        "diagnostic": failed.diagnostic,
        "notice": failed.notice,
        "subject": happening.after.subject,
    }


# --- budgets ------------------------------------------------------------------------------------------

HOUR, DAY = 3600, 86_400


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """A counter that one copy of a notice adds to: at most `limit` in `seconds`."""

    key: str
    seconds: int
    limit: int

    @property
    def reason(self) -> str:
        """The code for what this line has stopped."""
        return f"budget-{self.key.partition(':')[0]}"


def budget_lines(notice: Notice, recipient: Address, ticket: int, policy: Policy) -> tuple[BudgetLine, ...]:
    """The counters that this copy must fit into; none for what the budgets do not concern."""
    budget, who = policy.budget, recipient.key
    if notice.name == "held":
        return (BudgetLine(f"held:{who}", HOUR, HELD_PER_AGENT_PER_HOUR),)
    if not notice.automatic:
        return ()
    domain = who.rpartition("@")[2]
    lines: tuple[BudgetLine, ...] = (
        BudgetLine(f"person:{who}", DAY, budget.automatic_per_sender_per_day),
        BudgetLine(f"domain:{domain}", HOUR, budget.automatic_per_domain_per_hour),
        BudgetLine("everybody", HOUR, budget.automatic_per_hour),
        BudgetLine(f"ticket:{ticket}:{who}", HOUR, budget.automatic_per_ticket_per_hour),
    )
    if notice.cause:
        lines = (BudgetLine(f"same-body:{who}:{notice.cause}", HOUR, SAME_BODY_PER_HOUR), *lines)
    if not notice.acknowledgement:
        return lines
    return (BudgetLine(f"acknowledged:{who}", HOUR, budget.acknowledgements_per_sender_per_hour), *lines)


def within_budget(
    notice: Notice, ticket: int, policy: Policy, used: Mapping[str, int]
) -> tuple[Notice, tuple[BudgetLine, ...]]:
    """The notice less the copies that would pass a limit, and the lines that stopped them."""
    kept, stopped = [], []
    for recipient in notice.recipients:
        full = [line for line in budget_lines(notice, recipient, ticket, policy) if used.get(line.key, 0) >= line.limit]
        stopped += full
        if not full:
            kept.append(recipient)
    return replace(notice, recipients=tuple(kept)), tuple(stopped)
