"""Reads the facts that a decision on a mail stands on. A claim in the mail that no row confirms is left out.

In: an open transaction, the received message and its `Questions`. Out: `Facts`. Nothing is written.
Fails with: what the database raises.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, func, literal_column, select
from sqlalchemy.engine import Row

from mailtickets.desk.claims.authors import agent_of, author_of, bare_subject, matched, verdict_on_author, without_tags
from mailtickets.desk.claims.copies import COPY_LIMIT, LEFT_OUT
from mailtickets.desk.claims.identity import token_hash
from mailtickets.desk.claims.matching import SUBJECT_NUMBER, Claims, Match, claims, queue_of_past, queues, recipients
from mailtickets.desk.model.decision import UNPROVEN_REPORT
from mailtickets.desk.model.facts import DuplicateFact, Facts, IdFact, Leaving, OutboxFact, Past, TokenFact
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Ticket
from mailtickets.desk.rules.questions import Questions
from mailtickets.mail.door import Door
from mailtickets.mail.kind.bounce.signs import REPLY_PREFIX
from mailtickets.mail.kind.junk import NO_MARK, JunkVerdict
from mailtickets.mail.model import Address, InboundMail
from mailtickets.mail.plus import plus_tag
from mailtickets.store import contacts, history, outbox, ratings, tickets
from mailtickets.store.inbound import Received
from mailtickets.store.read.agent_facts import SHOWN, for_agent, loaded, turns
from mailtickets.store.schema import attachment, event, inbound, message, notice, token
from mailtickets.store.schema import outbox as outbox_table

BOUNCES_COUNT_FOR = timedelta(days=14)
_MAX_IDS = 200
_MAX_SUBJECTS = 200
_MAX_RECALLABLE = 50
"""How many of the author's newest tickets, and how many of their messages, are searched for a recalled message."""


def gather(
    connection: Connection,
    received: Received,
    asked: Questions,
    policy: Policy,
    now: datetime,
    unparsed: str | None = None,
    junk: JunkVerdict = NO_MARK,
) -> tuple[Facts, Questions]:
    """Returns the facts, and the questions.

    If only a reply token says which agent wrote the mail, the agent's commands are added to the questions here.
    `unparsed` is the reason why the mail could not be read, `junk` the verdict of the scanners. Both come from before
    the transaction, and a mail that was read and not scanned has neither: so they are arguments with a default.
    """
    facts = _of_any_mail(connection, received, asked, policy, now)
    mail, author = asked.mail, author_of(asked.mail, facts.queue, policy)
    facts = replace(facts, unparsed=unparsed, junk=junk)
    facts = replace(facts, new_subject=_new_subject(connection, mail, matched(mail, facts, policy)))
    if mail.recalls:
        facts = _with_recalled(facts, _recalled(connection, author, mail.recalls, facts.tickets))
    agent = agent_of(mail, facts, policy)
    asked = asked.of_agent(agent)
    if agent is not None and asked.orders is not None:
        return for_agent(connection, facts, matched(mail, facts, policy), asked.orders, agent, policy, now), asked
    here = matched(mail, facts, policy)
    if here is not None and here.ticket.resolved_at is not None:
        facts = replace(facts, rating=ratings.of(connection, here.ticket.number, here.ticket.resolved_at))
    if asked.wishes.without_ticket == "tickets":
        theirs = loaded(connection, tickets.newest_of(connection, author.address, SHOWN))
        facts = replace(facts, desk=replace(facts.desk, found=theirs))
    return facts, asked


def _of_any_mail(connection: Connection, received: Received, asked: Questions, policy: Policy, now: datetime) -> Facts:
    """The facts that are read for every mail."""
    mail = asked.mail
    queue, *also = queues(mail, received.envelope, policy)
    claimed = claims(mail, received.envelope, policy)
    tokens = _tokens(connection, claimed, policy, now)
    ids = _ids(connection, claimed.message_ids)
    bounced = _bounced(connection, received, mail, policy, now)
    returned = _returned(connection, received, mail, policy, now)
    duplicate = _duplicate(connection, received, mail)
    numbers = {*(t.ticket for t in tokens if t.ticket), *(i.ticket for i in ids), *claimed.subject_numbers}
    numbers |= {fact.ticket for fact in (bounced, duplicate) if fact is not None and fact.ticket is not None}
    numbers |= {asked.number} if asked.number is not None else set()
    found = _tickets(connection, numbers)
    if bounced is not None and not bounced.proven:
        bounced = replace(bounced, agents_informed=_doubted_before(connection, bounced, found))
    return Facts(
        envelope=received.envelope,
        queue=queue,
        also_queues=tuple(also),
        tokens=tokens,
        ids=ids,
        subject_numbers=claimed.subject_numbers,
        tickets=found,
        duplicate=duplicate,
        bounced=bounced,
        authentication=verdict_on_author(mail, queue, policy, received.authentication),
        known_author=contacts.is_known(connection, author_of(mail, queue, policy).address),
        sent_before=_sent_before(connection, mail),
        known_files=_known_files(connection, mail, {ticket.number for ticket in found.values()}),
        released=received.released,
        confirmed=frozenset(received.confirmed),
        left_out=_left_out(connection, found),
        correction=received.correction,
        returned_to=str(returned.recipient) if returned is not None else "",
        about_no_ticket=returned is not None and returned.ticket is None,
        desk=turns(connection, queue, policy),
    )


def facts_of_past(
    connection: Connection, received: Received, mail: InboundMail, policy: Policy, leaving: Leaving
) -> Facts:
    """The facts of imported mail. What it claims of tickets (tokens, numbers, ids of our notices) is not looked up."""
    found = tickets.load(connection, number) if (number := history.thread(connection, mail)) is not None else None
    in_use = found is not None and history.in_use(connection, found.number)
    return Facts(
        envelope=received.envelope,
        queue=queue_of_past(mail, received.envelope, policy),
        tickets={found.number: found} if found is not None else {},
        duplicate=_duplicate(connection, received, mail),
        sent_before=_sent_before(connection, mail),
        past=Past(leaving, found, in_use),
    )


def _new_subject(connection: Connection, mail: InboundMail, found: Match | None) -> str:
    """The subject of the mail if no earlier message of its ticket has the same; else empty.

    Also empty for a reply with our ticket tag, because its subject is ours.
    """
    bare = bare_subject(mail.subject)
    inherited = SUBJECT_NUMBER.search(mail.subject) is not None and REPLY_PREFIX.match(mail.subject) is not None
    says_nothing = not any(letter.isalnum() for letter in bare)
    if found is None or says_nothing or inherited or bare == bare_subject(found.ticket.subject):
        return ""
    known = select(message.c.subject).where(message.c.ticket == found.ticket.number).distinct().limit(_MAX_SUBJECTS)
    is_known = any(bare_subject(subject) == bare for subject in connection.execute(known).scalars())
    return "" if is_known else without_tags(mail.subject)


def _with_recalled(facts: Facts, ticket: Ticket | None) -> Facts:
    if ticket is None:
        return facts
    return replace(facts, recalled=ticket, tickets={**facts.tickets, ticket.number: ticket})


def _recalled(connection: Connection, author: Address, subject: str, named: Iterable[int]) -> Ticket | None:
    """The ticket of the author's newest message with this subject: a ticket that is `named`, or one of their own."""
    numbers = [*named, *tickets.newest_of(connection, author.address, _MAX_RECALLABLE)]
    theirs = (
        select(message.c.ticket, message.c.subject)
        .where(message.c.ticket.in_(numbers), func.lower(message.c.author_address) == author.key)
        .order_by(message.c.id.desc())
        .limit(_MAX_RECALLABLE)
    )
    wanted = bare_subject(subject)
    number = next((row.ticket for row in connection.execute(theirs) if bare_subject(row.subject) == wanted), None)
    return tickets.load(connection, number) if number is not None else None


def _returned(
    connection: Connection, received: Received, mail: InboundMail, policy: Policy, now: datetime
) -> Row[Any] | None:
    """The copy of our mail that an automatic answer came back for; None if there is none."""
    if mail.kind != "auto_reply":
        return None
    addressed = recipients(mail, received.envelope)
    tags = [plus_tag(a).lower() for a in addressed if policy.queue_at(a)]
    return outbox.by_verp(connection, tags, now - BOUNCES_COUNT_FOR)


def _left_out(connection: Connection, found: Mapping[int, Ticket]) -> dict[int, frozenset[str]]:
    """For each ticket number, the keys of people in To and Cc who were over the limit (`COPY_LIMIT`)."""
    left: dict[int, frozenset[str]] = {}
    if not found:
        return left
    for number, listed in connection.execute(_LEFT_OUT, {"numbers": list(found)}):
        ticket = found[number].number  # events of a merged ticket keep its old number
        left[ticket] = left.get(ticket, frozenset()) | frozenset((listed or "").casefold().split(" "))
    return left


def _tickets(connection: Connection, numbers: set[int]) -> dict[int, Ticket]:
    """The tickets by number. A ticket that others were merged into is found by each of their numbers too."""
    found = tickets.load_many(connection, numbers) if numbers else {}
    return found | {ticket.number: ticket for ticket in found.values()}


def content_key(mail: InboundMail) -> str | None:
    """A digest that is the same for all copies of one mail, at any door.

    None if the mail has neither Message-ID nor Date: two different mails could not be told apart.
    """
    if mail.message_id is None and mail.date is None:
        return None
    author = mail.author.key if mail.author else ""
    date = mail.date.isoformat() if mail.date else ""
    return hashlib.sha256("\0".join([mail.message_id or "", author, date, mail.digest]).encode()).hexdigest()


_FIRST = select(
    inbound.c.id, inbound.c.ticket, inbound.c.outcome, inbound.c.reason, inbound.c.queues, inbound.c.source
).where(inbound.c.content == bindparam("key"), inbound.c.id != bindparam("this"))
_IDS: BindParameter[str] = bindparam("ids", expanding=True)
_ISSUED = select(notice.c.message_id, notice.c.ticket, notice.c.name).where(
    notice.c.message_id.in_(_IDS), notice.c.ticket.is_not(None)
)
_REPORTED = select(outbox_table.c.remote_message_id, outbox_table.c.ticket, outbox_table.c.name).where(
    outbox_table.c.remote_message_id.in_(_IDS), outbox_table.c.ticket.is_not(None)
)
_KNOWN = (
    select(inbound.c.message_id, inbound.c.ticket, literal_column("''").label("name"))
    .where(inbound.c.message_id.in_(_IDS), inbound.c.outcome.not_in(("held", "ignored")), inbound.c.ticket.is_not(None))
    .order_by(inbound.c.id)
    .limit(_MAX_IDS)
)
_LEFT_OUT = select(event.c.ticket, event.c.new).where(
    event.c.ticket.in_(bindparam("numbers", expanding=True)), event.c.kind == LEFT_OUT, event.c.reason == COPY_LIMIT
)
_OURS = select(notice.c.message_id).where(notice.c.message_id == bindparam("id")).limit(1)
_DOUBTED = (
    select(event.c.id)
    .where(
        event.c.ticket == bindparam("ticket"),
        event.c.kind == "delivery",
        event.c.old == bindparam("copy"),
        event.c.reason == UNPROVEN_REPORT,
    )
    .limit(1)
)
_OUR_TOKENS = select(token.c.hash).where(token.c.hash.in_(bindparam("hashes", expanding=True)))
_TOKENS = select(token).where(token.c.hash.in_(bindparam("hashes", expanding=True)))


def _duplicate(connection: Connection, received: Received, mail: InboundMail) -> DuplicateFact | None:
    key = content_key(mail)
    if key is None:
        return None
    row = connection.execute(_FIRST, {"key": key, "this": received.id}).one_or_none()
    if row is None:
        return None
    is_known = row.outcome in {"opened", "appended", "noted", "commanded", "unparsed"}  # nobody hears of other outcomes
    imported = Door.named(row.source).is_history
    ticket = row.ticket if is_known and not imported else None
    return DuplicateFact(row.id, ticket, tuple(row.queues), row.outcome, row.reason, imported)


def _tokens(connection: Connection, claimed: Claims, policy: Policy, now: datetime) -> tuple[TokenFact, ...]:
    by_hash = {token_hash(found): source for found, source in reversed(claimed.tokens)}
    oldest = now - timedelta(days=policy.trust.token_days)
    rows = {row.hash: row for row in connection.execute(_TOKENS, {"hashes": list(by_hash)})} if by_hash else {}
    confirmed = [row.confirms for row in rows.values() if row.confirms is not None]
    held = _held(connection, confirmed) if confirmed else {}
    return tuple(
        TokenFact(
            row.ticket,
            row.person,
            row.revision,
            row.created_at < oldest,
            source,
            row.confirms,
            row.inbound,
            held.get(row.confirms),
            row.created_at,
            row.answered_as,
        )
        for hashed, source in reversed(by_hash.items())
        if (row := rows.get(hashed)) is not None
    )


def known_tokens(connection: Connection, words: Iterable[str]) -> frozenset[str]:
    """Those of the words that are reply tokens of ours."""
    by_hash = {token_hash(word): word for word in words}
    if not by_hash:
        return frozenset()
    found = connection.execute(_OUR_TOKENS, {"hashes": list(by_hash)}).scalars()
    return frozenset(by_hash[hashed] for hashed in found)


def _held(connection: Connection, numbers: Sequence[int]) -> dict[int, str]:
    """The reasons why messages are held, by inbound number. Messages that are not held are left out."""
    still = select(inbound.c.id, inbound.c.reason).where(inbound.c.id.in_(numbers), inbound.c.state == "held")
    return {row.id: row.reason for row in connection.execute(still)}


def _ids(connection: Connection, message_ids: Sequence[str]) -> tuple[IdFact, ...]:
    """The tickets that these Message-IDs belong to, in the order of the ids."""
    if not message_ids:
        return ()
    found: dict[str, list[IdFact]] = {}  # several: a stranger may have used an id again
    for query, ours in ((_ISSUED, True), (_REPORTED, True), (_KNOWN, False)):
        for message_id, number, name in connection.execute(query, {"ids": list(message_ids)}):
            found.setdefault(message_id, []).append(IdFact(number, message_id, ours, name))
    return tuple(fact for message_id in message_ids for fact in found.get(message_id, ()))[:_MAX_IDS]


def _sent_before(connection: Connection, mail: InboundMail) -> tuple[str, ...]:
    if mail.message_id is None:
        return ()
    return tuple(connection.execute(_OURS, {"id": mail.message_id}).scalars())


def _known_files(connection: Connection, mail: InboundMail, numbers: set[int]) -> frozenset[str]:
    digests = {file.sha256 for file in mail.attachments}
    if not digests or not numbers:
        return frozenset()
    on_tickets = (
        select(attachment.c.sha256)
        .join(message, message.c.id == attachment.c.message)
        .where(message.c.ticket.in_(numbers), attachment.c.sha256.in_(digests))
    )
    return frozenset(connection.execute(on_tickets).scalars())


def _bounced(
    connection: Connection, received: Received, mail: InboundMail, policy: Policy, now: datetime
) -> OutboxFact | None:
    """The copy of our own mail that a delivery report is about; None if there is none.

    The tag of the copy is proof, because only the recipient's side has seen it. The Message-ID in the returned part is
    no proof, because it is the same in all copies.
    """
    if mail.kind != "bounce" or mail.bounce is None:
        return None
    since = now - BOUNCES_COUNT_FOR
    addressed = [plus_tag(a).lower() for a in recipients(mail, received.envelope) if policy.queue_at(a)]
    for tags in (addressed, mail.bounce.tags):
        row = outbox.by_verp(connection, tags, since) if tags else None
        if row is not None:
            return _outbox_fact(row, proven=True)
    if not mail.bounce.message_id:
        return None
    row = outbox.by_message_id(connection, mail.bounce.message_id, mail.bounce.recipient, since)
    return _outbox_fact(row, proven=False) if row is not None else None


def _outbox_fact(row: Row[tuple[object, ...]], *, proven: bool) -> OutboxFact:
    return OutboxFact(row.id, row.ticket, row.name, row.recipient, row.author, row.state, proven)


def _doubted_before(connection: Connection, ours: OutboxFact, found: dict[int, Ticket]) -> bool:
    """Whether agents have had a notice of an unproven report about this copy."""
    ticket = found.get(ours.ticket or 0)
    earlier = {"ticket": ticket.number if ticket else None, "copy": str(ours.id)}
    return connection.execute(_DOUBTED, earlier).first() is not None
