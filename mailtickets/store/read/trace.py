"""One mail from door to outbox and back: what came in, what was decided, what went out because of it, who answered.

In: the id of a received message, the id of an outgoing copy, a Message-ID or a ticket number. Out: rows of the tables,
put together. No body of a mail is read, only the beginning of its header section, to see what it answers.
*Limits*: the newest `MOST` messages and copies; of a ticket's messages the first `MOST_ANSWERS` after a letter, as far
as they have `MOST_BYTES` together, are searched for answers to it. An answer to a letter that is about no ticket, such
as a digest, is found from the answer to the letter and not the other way.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mailtickets.desk.claims.identity import token_hash
from mailtickets.mail.read.quoted import HEAD_BYTES, Quoted, quoted
from mailtickets.store.read import inbound
from mailtickets.store.read.reader import Reader, among

MOST = 200
MOST_ANSWERS = 100
MOST_BYTES = 67_108_864
"""SQLite reads a whole mail to give its beginning."""
MOST_WITHOUT_TICKET = 1_000
"""How many of the newest events that are about no ticket are searched."""

ABOUT = ("released", "dropped", "undone", "split")
"""Kinds of events whose old or new value is the id of a received message to which another one did this."""

_COPY = (
    "SELECT outbox.*, notice.inbound, notice.author, notice.message_id, notice.subject"
    " FROM notice JOIN outbox ON outbox.notice = notice.id"
)


@dataclass(frozen=True, slots=True)
class TracedAnswer:
    """A received message that answers something: a copy of a letter of ours, or another received message."""

    inbound: Any
    """Row of the answer."""
    copy: Any | None
    """Row of the copy that is answered; None: it answers `other`."""
    other: int | None
    """Id of the received message that is answered."""
    by: str
    """How it is known: `message-id` or `reply-token`."""


@dataclass(frozen=True, slots=True)
class TracedReport:
    """What is said of the failure of a copy."""

    event: Any
    inbound: Any | None
    """Row of the delivery report. None: the server refused the mail, or it was given up."""


@dataclass(frozen=True, slots=True)
class TracedMail:
    """A received message and what it led to."""

    row: Any
    events: Sequence[Any]
    """What it led to, and what other mail did to it (`ABOUT`)."""
    answers: Sequence[TracedAnswer]
    copies: Sequence[Any]
    """Rows of the copies that it caused."""
    same: Sequence[int]
    """Ids of other received messages with its Message-ID."""


@dataclass(frozen=True, slots=True)
class TracedCopy:
    """An outgoing copy, why it was written, and what came back."""

    row: Any
    cause: Any | None
    """Row of the received message that caused it."""
    orders: Sequence[Any]
    """Events of the order that caused it, if no message did."""
    answered: Sequence[TracedAnswer]
    reports: Sequence[TracedReport]


@dataclass(frozen=True, slots=True)
class Trace:
    ticket: Any | None
    """Row of the ticket, if a ticket was asked for."""
    received: Sequence[TracedMail]
    sent: Sequence[TracedCopy]
    events: Sequence[Any]
    """Events of the ticket that no received message caused."""
    left_off: int = 0
    """How many older messages and copies there are."""
    unread: int = 0
    """How many messages were not searched for what they answer."""

    def __bool__(self) -> bool:
        return bool(self.ticket or self.received or self.sent)


def of_inbound(reader: Reader, number: int) -> Trace:
    """What became of a received message. Empty if there is no such message."""
    return _Tracer(reader).trace([number], caused_by=[number])


def of_copy(reader: Reader, number: int) -> Trace:
    """Why a copy was sent, and what came back."""
    return _Tracer(reader).trace([], copies=[number])


def of_message_id(reader: Reader, message_id: str) -> Trace:
    """The mail with this Message-ID: received, ours, or ours as a server that it went through has renamed it."""
    found = reader.all("SELECT id FROM inbound WHERE message_id = :id LIMIT :most", id=message_id, most=MOST)
    ours = reader.all(
        "SELECT outbox.id FROM notice JOIN outbox ON outbox.notice = notice.id WHERE notice.message_id = :id",
        id=message_id,
    )
    renamed = reader.all("SELECT id FROM outbox WHERE remote_message_id = :id", id=message_id)
    numbers = sorted(row.id for row in found)
    return _Tracer(reader).trace(numbers, copies=[row.id for row in (*ours, *renamed)], caused_by=numbers)


def of_ticket(reader: Reader, number: int) -> Trace:
    """All mail of a ticket, and what else happened to it."""
    ticket = reader.one("SELECT * FROM ticket WHERE number = :number", number=number)
    if ticket is None:
        return Trace(None, (), (), ())
    came = reader.all(
        "SELECT id FROM inbound WHERE ticket = :number"
        " UNION SELECT inbound FROM message WHERE ticket = :number AND inbound IS NOT NULL"
        " UNION SELECT inbound FROM event WHERE ticket = :number AND inbound IS NOT NULL",
        number=number,
    )
    went = reader.all("SELECT id FROM outbox WHERE ticket = :number", number=number)
    events = reader.all("SELECT * FROM event WHERE ticket = :number ORDER BY id", number=number)
    ordered = [event for event in events if event.inbound is None]
    return _Tracer(reader).trace([row.id for row in came], copies=[row.id for row in went], ticket=ticket, told=ordered)


class _Tracer:
    """Looks rows up for one trace. It remembers what each message answers, because several letters ask."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._quoted: dict[int, Quoted] = {}
        self._unread: set[int] = set()
        self._bytes = 0

    def trace(
        self,
        numbers: Sequence[int],
        *,
        copies: Sequence[int] = (),
        caused_by: Sequence[int] = (),
        ticket: Any | None = None,
        told: Sequence[Any] = (),
    ) -> Trace:
        """The messages with these ids, and the copies: those with these ids, and those that messages caused."""
        came = sorted(set(numbers))
        caused = self._caused(caused_by)
        went = sorted({*copies, *(copy.id for copy in caused)})
        received = [self._mail(row) for row in self._inbounds(came[-MOST:])]
        sent = self._sent(self._copies(went[-MOST:]))
        left_off = max(len(came) - MOST, 0) + max(len(went) - MOST, 0)
        return Trace(ticket, received, sent, told, left_off, len(self._unread))

    # --- what came in -------------------------------------------------------------------------------------

    def _mail(self, row: Any) -> TracedMail:
        events = self._reader.all("SELECT * FROM event WHERE inbound = :number ORDER BY id", number=row.id)
        events += self._done_to(row)
        return TracedMail(row, events, self._answers(row), self._caused([row.id]), self._same(row))

    def _done_to(self, row: Any) -> list[Any]:
        """Events by which another message released, dropped, undid or moved this one."""
        tickets = [] if row.ticket is None else [row.ticket]
        events = self._events(tickets, ABOUT, of_none=row.released or row.outcome in {"held", "ignored"})
        done = [event for event in events if str(row.id) in {event.old, event.new}]
        return [event for event in done if event.inbound not in {None, row.id}]

    def _same(self, row: Any) -> list[int]:
        if not row.message_id:
            return []
        return [number for number in self._inbounds_with([row.message_id]) if number != row.id]

    def _answers(self, row: Any) -> list[TracedAnswer]:
        """What a received message answers: by the ids in it, or else by the reply address it was sent to."""
        said = self._what_they_answer([row]).get(row.id)
        if said is None:
            return []
        copies = _answered(said, row, [*self._with_ids(said.answers), *self._with_tokens(said.tags)])
        others = [] if copies else self._inbounds_with(said.answers)
        return [TracedAnswer(row, copy, None, by) for copy, by in copies] + [
            TracedAnswer(row, None, other, "message-id") for other in others if other != row.id
        ]

    def _what_they_answer(self, rows: Sequence[Any]) -> Mapping[int, Quoted]:
        """What each of these messages answers, by its id. Those that are too many octets together are left out."""
        wanted: list[int] = []
        for row in rows:
            if row.id not in self._quoted and row.id not in self._unread:
                fits = self._bytes + row.size <= MOST_BYTES
                self._bytes += row.size if fits else 0
                wanted += [row.id] if fits else []
                self._unread |= set() if fits else {row.id}
        these, values = among("number", wanted)
        heads = f"SELECT id, recipients, substr(raw, 1, {HEAD_BYTES}) AS head FROM inbound WHERE id IN ({these})"  # noqa: S608
        for found in self._reader.each(heads, **values) if wanted else ():
            self._quoted[found.id] = quoted(bytes(found.head), found.recipients)
        return {row.id: self._quoted[row.id] for row in rows if row.id in self._quoted}

    def _with_ids(self, ids: Sequence[str]) -> list[Any]:
        these, values = among("id", ids)
        ours = self._reader.all(f"{_COPY} WHERE notice.message_id IN ({these}) LIMIT {MOST}", **values)
        renamed = self._reader.all(f"{_COPY} WHERE outbox.remote_message_id IN ({these}) LIMIT {MOST}", **values)
        return [*ours, *renamed]

    def _with_tokens(self, tags: Sequence[str]) -> list[Any]:
        """The copies that were sent with one of these tokens."""
        hashes = [token_hash(tag) for tag in tags]
        these, values = among("hash", hashes)
        tokens = self._reader.all(f"SELECT ticket, inbound FROM token WHERE hash IN ({these})", **values)  # noqa: S608
        tickets = [token.ticket for token in tokens if token.ticket is not None]
        causes = [token.inbound for token in tokens if token.ticket is None and token.inbound is not None]
        return self._with_token_of(tickets, causes, hashes)

    def _with_token_of(self, tickets: Sequence[int], causes: Sequence[int], hashes: Sequence[str]) -> list[Any]:
        """The copies with these hashes of tokens, on these tickets or because of these messages."""
        found: list[Any] = []
        these, values = among("hash", hashes)
        for column, numbers in (("outbox.ticket", tickets), ("notice.inbound", causes)):
            those, numbered = among("number", numbers)
            if numbers:
                asked = f"{_COPY} WHERE {column} IN ({those}) AND outbox.token_hash IN ({these})"
                found += self._reader.all(asked, **numbered, **values)
        return found

    def _inbounds_with(self, ids: Sequence[str]) -> list[int]:
        these, values = among("id", ids)
        found = f"SELECT id FROM inbound WHERE message_id IN ({these}) LIMIT {MOST}"  # noqa: S608
        return sorted(row.id for row in self._reader.all(found, **values))

    def _inbounds(self, numbers: Sequence[int]) -> list[Any]:
        these, values = among("number", numbers)
        columns = ", ".join(inbound.COLUMNS)
        return self._reader.all(f"SELECT {columns} FROM inbound WHERE id IN ({these}) ORDER BY id", **values)  # noqa: S608

    # --- what went out ------------------------------------------------------------------------------------

    def _caused(self, numbers: Sequence[int]) -> list[Any]:
        these, values = among("number", numbers)
        found = self._reader.all(f"{_COPY} WHERE notice.inbound IN ({these})", **values)
        return sorted(found, key=lambda copy: int(copy.id))

    def _copies(self, numbers: Sequence[int]) -> list[Any]:
        these, values = among("number", numbers)
        found = self._reader.all(f"{_COPY} WHERE outbox.id IN ({these})", **values)
        return sorted(found, key=lambda copy: int(copy.id))

    def _sent(self, copies: Sequence[Any]) -> list[TracedCopy]:
        causes = {row.id: row for row in self._inbounds(sorted({c.inbound for c in copies if c.inbound is not None}))}
        reports, answers = self._reports(copies), self._answers_to(copies)
        return [
            TracedCopy(
                copy,
                causes.get(copy.inbound),
                self._orders(copy) if copy.inbound is None else (),
                answers.get(copy.id, ()),
                reports.get(copy.id, ()),
            )
            for copy in copies
        ]

    def _orders(self, copy: Any) -> list[Any]:
        """Events of the moment in which the copy was queued."""
        if copy.ticket is None:
            return []
        moment = "SELECT * FROM event WHERE ticket = :ticket AND at = :at AND inbound IS NULL ORDER BY id"
        return self._reader.all(moment, ticket=copy.ticket, at=copy.created_at)

    def _reports(self, copies: Sequence[Any]) -> dict[int, list[TracedReport]]:
        tickets = sorted({copy.ticket for copy in copies if copy.ticket is not None})
        wanted = {str(copy.id): copy.id for copy in copies}
        events = self._events(tickets, ("delivery",), of_none=any(copy.ticket is None for copy in copies))
        ours = [event for event in events if event.old in wanted]
        mails = {row.id: row for row in self._inbounds([e.inbound for e in ours if e.inbound is not None])}
        found: dict[int, list[TracedReport]] = {}
        for event in ours:
            found.setdefault(wanted[event.old], []).append(TracedReport(event, mails.get(event.inbound)))
        return found

    def _events(self, tickets: Sequence[int], kinds: Sequence[str], *, of_none: bool) -> list[Any]:
        """Events of these kinds on these tickets. `of_none`: also the newest of those that are about no ticket."""
        these, values = among("ticket", tickets)
        found = self._reader.all(f"SELECT * FROM event WHERE ticket IN ({these}) ORDER BY ticket, id", **values)  # noqa: S608
        if of_none:
            newest = "SELECT * FROM event WHERE ticket IS NULL ORDER BY ticket DESC, id DESC LIMIT :most"
            found += reversed(self._reader.all(newest, most=MOST_WITHOUT_TICKET))
        return [event for event in found if event.kind in kinds]

    def _answers_to(self, copies: Sequence[Any]) -> dict[int, list[TracedAnswer]]:
        """The received messages that answer one of these copies, oldest first, by the id of the copy."""
        tickets = sorted({copy.ticket for copy in copies if copy.ticket is not None})
        rows = self._later(self._with_linked(tickets), min(copy.created_at for copy in copies)) if tickets else []
        found: dict[int, list[TracedAnswer]] = {}
        for number, said in self._what_they_answer(rows).items():
            row = next(row for row in rows if row.id == number)
            for copy, by in _answered(said, row, [copy for copy in copies if copy.inbound != number]):
                found.setdefault(copy.id, []).append(TracedAnswer(row, copy, None, by))
        return found

    def _with_linked(self, tickets: Sequence[int]) -> list[int]:
        """An answer may have opened another ticket, or its ticket may have been merged."""
        these, values = among("ticket", tickets)
        linked = self._reader.all(f"SELECT other FROM ticket_link WHERE ticket IN ({these})", **values)  # noqa: S608
        merged = self._reader.all(f"SELECT merged_into FROM ticket WHERE number IN ({these})", **values)  # noqa: S608
        return sorted({*tickets, *(row.other for row in linked), *(row.merged_into or 0 for row in merged)})

    def _later(self, tickets: Sequence[int], since: Any) -> list[Any]:
        """The messages of these tickets that were decided on after a moment."""
        these, values = among("ticket", tickets)
        columns = ", ".join(inbound.COLUMNS)
        rows = self._reader.all(
            f"SELECT {columns} FROM inbound WHERE ticket IN ({these}) AND decided_at >= :since",  # noqa: S608
            since=since,
            **values,
        )
        return sorted(rows, key=lambda row: int(row.id))[:MOST_ANSWERS]


def _answered(said: Quoted, row: Any, copies: Sequence[Any]) -> list[tuple[Any, str]]:
    """Which of these copies a message answers. All copies of a letter have one Message-ID, so its author counts too."""
    own = {token_hash(tag) for tag in said.tags}
    each = {copy.id: copy for copy in copies}.values()
    named = [copy for copy in each if {copy.message_id, copy.remote_message_id} & set(said.answers)]
    if named:
        author = (row.from_address or "").casefold()
        with_token = [copy for copy in named if copy.token_hash in own]
        to_author = [copy for copy in named if copy.recipient.casefold() == author]
        return [(copy, "message-id") for copy in with_token or to_author or named]
    newest = sorted((copy for copy in each if copy.token_hash in own), key=lambda copy: int(copy.id))[-1:]
    return [(copy, "reply-token") for copy in newest]
