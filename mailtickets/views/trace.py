"""The way of one mail through the desk, as JSON and as text. In: a value of `store.read.trace`.

No body of a mail is shown, and no tag of a reply address or a return path: whoever has such a tag may act with it.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from mailtickets.desk.reasons import sentence
from mailtickets.store.read.trace import Trace, TracedAnswer, TracedCopy, TracedMail, TracedReport

_TAG = re.compile(r"\+(?:[a-z2-7]{26}|b[a-z2-7]{16})(?=[@=])", re.IGNORECASE)
"""A reply token, or the tag of a return path, in an address."""

_COMMITTED = {
    "smtp": "to the ledger before the client was told 250",
    "lmtp": "to the ledger before the client was told 250",
    "imap": "to the ledger before it was put away in its mailbox",
    "import": "to the ledger by an import",
}
"""By the kind of the door. The row is there: what is said is what that proves."""

_HOW = {"message-id": "by its Message-ID", "reply-token": "by its reply address"}


def as_json(trace: Trace) -> dict[str, Any]:
    """What `trace --json` prints."""
    return {
        "ticket": _ticket(trace.ticket),
        "received": [_received(mail) for mail in trace.received],
        "sent": [_sent(copy) for copy in trace.sent],
        "events": [_event(event) for event in trace.events],
        "left_off": trace.left_off,
        "unread": trace.unread,
    }


def _ticket(row: Any | None) -> dict[str, Any] | None:
    if row is None:
        return None
    names = ("number", "queue", "status", "priority", "assignee", "subject", "created_at", "merged_into")
    return {name: getattr(row, name) for name in names}


def _received(mail: TracedMail) -> dict[str, Any]:
    row = mail.row
    return {
        "inbound": row.id,
        "message_id": row.message_id,
        "source": row.source,
        "peer": row.peer,
        "helo": row.helo,
        "trusted": row.trusted,
        "size": row.size,
        "sender": shown(row.sender),
        "recipients": [shown(recipient) for recipient in row.recipients],
        "from": row.from_address,
        "subject": shown(row.subject),
        "received_at": row.received_at,
        "state": row.state,
        "attempts": row.attempts,
        "claimed_by": row.claimed_by,
        "decided_at": row.decided_at,
        "outcome": row.outcome,
        "reason": row.reason,
        "why": sentence(row.reason) if row.reason else None,
        "ticket": row.ticket,
        "authentication": _authentication(row.authentication),
        "rules": [{"rule": rule, "verdict": verdict, "why": shown(why)} for rule, verdict, why in row.trace or ()],
        "events": [_event(event) for event in mail.events],
        "answers": [_answered_thing(answer) for answer in mail.answers],
        "outbox": [copy.id for copy in mail.copies],
        "same_message_id": list(mail.same),
    }


def _authentication(stored: Any | None) -> dict[str, Any] | None:
    if stored is None:
        return None
    names = ("method", "result", "domain", "source")
    return {
        "verdict": stored["verdict"],
        "facts": [dict(zip(names, fact, strict=True)) for fact in stored["facts"]],
    }


def _event(event: Any) -> dict[str, Any]:
    return {
        "at": event.at,
        "ticket": event.ticket,
        "inbound": event.inbound,
        "actor": event.actor,
        "kind": event.kind,
        "from": shown(event.old),
        "to": shown(event.new),
        "reason": event.reason,
    }


def _answered_thing(answer: TracedAnswer) -> dict[str, Any]:
    """What a received message answers."""
    if answer.copy is None:
        return {"inbound": answer.other, "by": answer.by}
    return {
        "outbox": answer.copy.id,
        "notice": answer.copy.name,
        "recipient": answer.copy.recipient,
        "ticket": answer.copy.ticket,
        "by": answer.by,
    }


def _sent(copy: TracedCopy) -> dict[str, Any]:
    row = copy.row
    return {
        "outbox": row.id,
        "notice": row.name,
        "author": row.author,
        "recipient": row.recipient,
        "ticket": row.ticket,
        "subject": shown(row.subject),
        "message_id": row.message_id,
        "renamed_to": row.remote_message_id,
        "state": row.state,
        "created_at": row.created_at,
        "attempts": row.attempts,
        "first_attempt_at": row.first_attempt_at,
        "next_attempt_at": row.next_attempt_at,
        "sent_at": row.sent_at,
        "last_reply": shown(row.last_reply),
        "because_of": _brief(copy.cause) if copy.cause is not None else None,
        "orders": [_event(event) for event in copy.orders],
        "answered_by": [{**_brief(answer.inbound), "by": answer.by} for answer in copy.answered],
        "reports": [_report(report) for report in copy.reports],
    }


def _brief(row: Any) -> dict[str, Any]:
    return {
        "inbound": row.id,
        "message_id": row.message_id,
        "from": row.from_address,
        "received_at": row.received_at,
        "outcome": row.outcome,
        "reason": row.reason,
        "ticket": row.ticket,
    }


def _report(report: TracedReport) -> dict[str, Any]:
    return {
        "at": report.event.at,
        "inbound": report.event.inbound,
        "reason": report.event.reason,
        "diagnostic": shown(report.event.new),
    }


def shown(text: str | None) -> str | None:
    """A text without the tags of reply addresses and return paths."""
    return _TAG.sub("+...", text) if text else text


# --- text -------------------------------------------------------------------------------------------------


def lines(trace: Trace) -> Iterator[str]:
    """The way of a mail for people to read. Of a ticket, one line for each thing that happened, oldest first."""
    yield from _ticket_lines(trace.ticket, trace) if trace.ticket is not None else _mail_lines(trace)
    if trace.left_off:
        yield f"{trace.left_off} older messages and copies are left off."
    if trace.unread:
        yield f"{trace.unread} large messages were not searched for what they answer."


def _mail_lines(trace: Trace) -> Iterator[str]:
    blocks = [*(_received_lines(mail) for mail in trace.received), *(_sent_lines(copy) for copy in trace.sent)]
    for place, block in enumerate(blocks):
        yield from [""] if place else []
        yield from block


def _fact(name: str, *words: str) -> str:
    return f"  {name:<11} {'  '.join(word for word in words if word)}"


def _received_lines(mail: TracedMail) -> Iterator[str]:
    row = mail.row
    host = f" ({row.helo})" if row.helo and row.helo != row.peer else ""
    yield f"inbound {row.id}  {row.message_id or 'no Message-ID'}"
    yield _fact("received", _at(row.received_at), f"by {row.source} from {row.peer or '-'}{host}, {row.size} bytes")
    yield _fact("envelope", f"<{shown(row.sender) or ''}> to {', '.join(_texts(row.recipients)) or '-'}")
    yield _fact("committed", _COMMITTED.get(row.source.partition(":")[0], "to the ledger"))
    if row.decided_at is None:
        yield _fact("undecided", f"{row.state}, {_times(row.attempts, 'failed attempt')}", _claim(row))
        return
    yield _fact("from", row.from_address or "-")
    yield _fact("subject", shown(row.subject) or "-")
    yield from _verdict(row)
    yield from (
        _fact("answers", _named(answer.copy) if answer.copy else f"inbound {answer.other}", _HOW[answer.by])
        for answer in mail.answers
    )
    yield from _decision(row)
    for event in mail.events:
        by = f"by inbound {event.inbound}" if event.inbound not in {None, row.id} else ""
        yield _fact("event", *_event_words(event), by)
    yield from (_fact("sent", _named(copy), copy.state) for copy in mail.copies)
    if mail.same:
        yield _fact("same id", "also", ", ".join(f"inbound {number}" for number in mail.same))
    for rule, verdict, why in row.trace or ():
        yield _fact("rule", f"{rule}: {verdict}  ({shown(why)})")


def _claim(row: Any) -> str:
    return f"claimed by {row.claimed_by} until {_at(row.claimed_until)}" if row.claimed_by else ""


def _verdict(row: Any) -> Iterator[str]:
    if row.authentication is not None:
        facts = [f"{method}={result} {domain}".strip() for method, result, domain, _ in row.authentication["facts"]]
        yield _fact("sender", row.authentication["verdict"], f"({', '.join(facts)})" if facts else "")


def _decision(row: Any) -> Iterator[str]:
    if row.state == "accepted":
        yield _fact("undecided", f"to be decided again, {_times(row.attempts, 'failed attempt')}", _claim(row))
        return
    ticket = f", ticket {row.ticket}" if row.ticket else ""
    yield _fact("decided", _at(row.decided_at), f"{row.outcome}{ticket}: {row.reason}. {sentence(row.reason)}")


def _sent_lines(copy: TracedCopy) -> Iterator[str]:
    row = copy.row
    yield f"{_named(row)}  {row.message_id}"
    if row.remote_message_id and row.remote_message_id != row.message_id:
        yield _fact("renamed to", row.remote_message_id)
    yield from _cause(copy)
    yield _fact("subject", shown(row.subject) or "-")
    yield _fact("queued", _at(row.created_at), f"in the name of {row.author}" if row.author else "")
    yield from _attempts(row)
    yield _fact(row.state, _at(row.sent_at) if row.sent_at else "", _next(row))
    if row.last_reply:
        yield _fact("last reply", " ".join((shown(row.last_reply) or "").split()))
    yield from (_fact("answered", _from(answer.inbound), _HOW[answer.by]) for answer in copy.answered)
    for report in copy.reports:
        source = _from(report.inbound) if report.inbound is not None else "said by the server"
        yield _fact("failed", _at(report.event.at), f"{source}: {shown(report.event.new) or report.event.reason}")


def _cause(copy: TracedCopy) -> Iterator[str]:
    if copy.cause is not None:
        yield _fact("because of", _from(copy.cause))
    elif copy.row.inbound is None and not copy.orders:
        yield _fact("because of", "no mail: an order from the shell, the clock, or a failed delivery")
    for event in copy.orders:
        yield _fact("because of", *_event_words(event))


def _attempts(row: Any) -> Iterator[str]:
    first = f"the first {_at(row.first_attempt_at)}" if row.first_attempt_at else ""
    yield _fact("attempts", str(row.attempts), first)


def _next(row: Any) -> str:
    return f"next attempt {_at(row.next_attempt_at)}" if row.next_attempt_at else ""


def _named(copy: Any) -> str:
    ticket = f", ticket {copy.ticket}" if copy.ticket else ""
    return f"outbox {copy.id}: {copy.name} to {copy.recipient}{ticket}"


def _from(row: Any) -> str:
    ticket = f", ticket {row.ticket}" if row.ticket else ""
    decided = f"{row.outcome or row.state}{ticket}: {row.reason or '-'}"
    return f"inbound {row.id} of {_at(row.received_at)} from {row.from_address or '-'}, {decided}"


def _event_words(event: Any, ticket: int | None = None) -> tuple[str, str]:
    """When it was, and what: with the number of its ticket, unless that is `ticket`."""
    moved = " -> ".join(word for word in (shown(event.old), shown(event.new)) if word)
    about = f"ticket {event.ticket} " if event.ticket not in {None, ticket} else ""
    return _at(event.at), f"{about}{event.kind}{f' {moved}' if moved else ''}  ({event.reason}, {event.actor})"


def _ticket_lines(row: Any, trace: Trace) -> Iterator[str]:
    merged = f", merged into {row.merged_into}" if row.merged_into else ""
    yield f"ticket {row.number}  {shown(row.subject) or '(no subject)'}"
    yield f"  {row.status}, {row.priority} priority, queue {row.queue}, assignee {row.assignee or '-'}{merged}"
    happened = [moment for mail in trace.received for moment in _mail_moments(mail, row.number)]
    happened += [moment for copy in trace.sent for moment in _copy_moments(copy)]
    happened += [(event.at, _event_words(event, row.number)[1]) for event in trace.events]
    for at, words in sorted(happened, key=lambda moment: moment[0]):
        yield f"  {_at(at)}  {words}"


def _mail_moments(mail: TracedMail, ticket: int) -> Iterator[tuple[datetime, str]]:
    row = mail.row
    named = f"inbound {row.id}"
    answers = [f"outbox {a.copy.id}" if a.copy else f"inbound {a.other}" for a in mail.answers]
    yield row.received_at, f"{named} received by {row.source} from {row.from_address or '-'}, {row.size} bytes"
    if row.decided_at is not None:
        answered = f", it answers {', '.join(answers)}" if answers else ""
        yield row.decided_at, f"{named} {row.outcome or 'to be decided again'}: {row.reason or '-'}{answered}"
    for event in mail.events:
        if event.inbound == row.id:  # what others did to it stands beside them
            yield event.at, f"  by inbound {row.id}: {_event_words(event, ticket)[1]}"


def _copy_moments(copy: TracedCopy) -> Iterator[tuple[datetime, str]]:
    row = copy.row
    because = f", because of inbound {row.inbound}" if row.inbound else ""
    yield row.created_at, f"outbox {row.id} queued: {row.name} to {row.recipient}{because}"
    if row.sent_at is not None:
        reply = " ".join((shown(row.last_reply) or "").split())
        yield row.sent_at, f"outbox {row.id} sent, {_times(row.attempts, 'attempt')}: {reply or '-'}"
    elif row.first_attempt_at is not None:
        reply = " ".join((shown(row.last_reply) or "").split())
        said = f"{row.state} after {_times(row.attempts, 'attempt')}: {reply or '-'}"
        yield row.first_attempt_at, f"outbox {row.id} first tried; now {said}  {_next(row)}".rstrip()


def _texts(addresses: Sequence[str]) -> list[str]:
    return [shown(address) or "" for address in addresses]


def _times(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _at(moment: datetime | None) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S") if moment else "-"
