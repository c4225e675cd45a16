"""The test message of `check --send`: it is sent by the configured delivery, and looked for when it comes back.

A message to an address of a queue gets a tag behind a plus, as replies do. When the running daemon has taken the
message, the lines say what its way changed: From, Message-ID, return path and plus-address; and what it proves of its
sender. If the message with the tag does not come back, one without it shows whether plus-addresses are the reason.
"""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row

from mailtickets.cli.check import clock
from mailtickets.cli.desk import read_in
from mailtickets.config.models import Config, Queue
from mailtickets.desk.claims.identity import plus_address
from mailtickets.desk.model.delivery import Delivery, Refused, Sent, Transient
from mailtickets.desk.model.policy import Policy
from mailtickets.edges.out.dkim import DkimSigner
from mailtickets.edges.out.maildir import MaildirOut
from mailtickets.edges.out.smtp import SmtpOut
from mailtickets.mail.domain import aligned, domain_of
from mailtickets.mail.model import Address, Copy, OutboundMail
from mailtickets.mail.trust import header_truth
from mailtickets.mail.write.compose import compose
from mailtickets.store.database import Database
from mailtickets.store.inbound import stored_authentication
from mailtickets.store.read import inbound
from mailtickets.views.check import CheckLine, ok, warning, wrong

COMES_BACK_SECONDS = 60
"""Seconds to wait for the message: the default `poll_seconds` of a mailbox. A longer wait is of no use."""

_NO_PLUS = "set plus_addressing = false for this queue, or let your mail system deliver name+anything@ to name@"
_NOT_BACK = (
    "see that the daemon runs and that the lines of the mailboxes and listeners are ok; then look for the message in "
    "the mailbox and its junk folder, and for a bounce in `mailtickets inbound list`"
)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """The message to send, and the marks that it is recognised by."""

    queue: Queue
    recipient: str
    return_path: str
    message_id: str
    marker: str


def prepared(config: Config, address: str, *, tag: bool = True) -> Outgoing:
    """Prepares a message to `address`. A queue's own address gets a tag, if plus-addresses of this queue reach us."""
    policy, marker = Policy.of(config), os.urandom(6).hex()
    own = policy.queue_at(address)
    queue = own or config.queue[0]
    tagged = plus_address(address, f"c{marker}") if tag and own and own.plus_addressing else ""
    return_path = plus_address(queue.address, f"c{marker}") if config.delivery.envelope == "verp" else queue.address
    own_id = f"check.{marker}@{config.instance.hostname}"
    return Outgoing(queue, tagged or address, return_path or queue.address, own_id, marker)


async def send(config: Config, out: SmtpOut | MaildirOut, message: Outgoing) -> Delivery:
    """Hands the message to the smarthost, like any other mail of ours."""
    queue, instance = message.queue, config.instance
    mail = OutboundMail(
        notice="check",
        subject=f"mailtickets {instance.name}: test message {message.marker}",
        text="This is the test message that `mailtickets check --send` sends.\n",
        html=None,
        sender=Address(queue.title, queue.address),
        to=(),
        cc=(),
        message_id=message.message_id,
        in_reply_to=None,
        references=(),
        date=datetime.now(UTC).astimezone(ZoneInfo(instance.timezone)),
        auto_submitted="auto-generated",
        loop=f"{instance.name}; hops=1",
    )
    raw = compose(mail, Copy(Address("", message.recipient), message.return_path, queue.address, ""))
    signer = DkimSigner.of(config)
    signed = await signer.signed(raw) if signer else raw
    return await out.send(signed, message.return_path, message.recipient)


async def lines(config: Config, out: SmtpOut | MaildirOut, address: str) -> list[CheckLine]:
    """Whether the message was sent, and how it came back if it was sent to ourselves."""
    trip = await _Trip.of(config, out, address, tag=True)
    if isinstance(trip.result, Sent) and not trip.waits:
        return [ok(trip.about, trip.result.reply)]
    if trip.row is None and trip.message.recipient != address:
        plain = await _Trip.of(config, out, address, tag=False)
        if plain.row is not None:
            lost = f"the plus-address does not work: {trip.message.recipient} {trip.lost}, {address} came back"
            return [wrong(trip.about, lost, _NO_PLUS), *plain.lines()]
    return list(trip.lines())


@dataclass(frozen=True, slots=True)
class _Trip:
    """One test message, and what came of it."""

    about: str
    message: Outgoing
    result: Delivery
    sent_from: datetime
    sent_until: datetime
    waits: bool
    """Whether the message goes to a queue of ours, so that it is waited for."""
    row: Any | None
    raw: bytes

    @classmethod
    async def of(cls, config: Config, out: SmtpOut | MaildirOut, address: str, *, tag: bool) -> "_Trip":
        message, before = prepared(config, address, tag=tag), clock.now()
        result = await send(config, out, message)
        after = clock.now()
        waits = config.delivery.method == "smtp" and Policy.of(config).queue_at(address) is not None
        row, raw = await _returned(config, message) if isinstance(result, Sent) and waits else (None, b"")
        return cls(f"--send {address}", message, result, before, after, waits, row, raw)

    @property
    def lost(self) -> str:
        return "was sent and is lost" if isinstance(self.result, Sent) else f"is refused ({_reply(self.result)})"

    def lines(self) -> Iterator[CheckLine]:
        if not isinstance(self.result, Sent):
            yield wrong(self.about, _reply(self.result), _sending_remedy(self.result))
            return
        yield ok(self.about, self.result.reply)
        if self.row is None:
            yield wrong(self.about, f"it has not come back within {COMES_BACK_SECONDS} s", _NOT_BACK)
            return
        yield ok(self.about, f"it came back by {self.row.source}")
        yield from compared(self.about, self.message, self.row)
        yield from _proved(self.about, self.message, self.row, self.raw)
        if theirs := clock.date_in((header_truth.values(header_truth.fields(self.raw), "received") or [""])[-1]):
            yield clock.compared("the first server on the way", theirs, self.sent_from, self.sent_until)


def _reply(result: Delivery) -> str:
    return result.reply or type(result).__name__


def _sending_remedy(result: Delivery) -> str:
    if isinstance(result, Refused):
        return "see whether the smarthost lets this account send as this address, and whether the recipient exists"
    return "see the lines of delivery above; if they are ok, wait some minutes and run it again"


async def _returned(config: Config, message: Outgoing) -> tuple[Any | None, bytes]:
    """The message as the daemon has stored it, and its octets. None if it has not come within a minute, or if what has
    come is a report that it cannot be delivered.
    """
    database = Database(config.database_url)
    try:
        for _ in range(COMES_BACK_SECONDS):
            row, raw = await asyncio.to_thread(database.transact, _newest_in, message.marker)
            if row is not None:
                return (row, raw) if message.marker in (row.subject or "") else (None, b"")
            await asyncio.sleep(1)
    except Transient:
        return None, b""
    finally:
        database.close()
    return None, b""


def _newest_in(connection: Connection, marker: str) -> tuple[Any | None, bytes]:
    """The newest message with this marker, and its octets."""
    row = read_in(connection, inbound.newest_with, marker)
    return row, (read_in(connection, inbound.raw, row.id) or b"") if row is not None else b""


def compared(about: str, message: Outgoing, row: Row[Any]) -> Iterator[CheckLine]:
    """What the way left unchanged, and what it changed."""
    own = message.queue.address
    yield _same(about, "From", own, row.from_address or "nobody", _SEND_AS.format(address=own))
    yield _same(about, "Message-ID", message.message_id, row.message_id or "none", _OTHER_ID, serious=False)
    if row.sender is not None:
        yield _same(about, "the return path", message.return_path, row.sender or "<>", _OTHER_RETURN_PATH)
    if row.recipients and "+" in message.recipient:
        yield _same(about, "the plus-address", message.recipient, ", ".join(row.recipients), _NO_PLUS)


_SEND_AS = (
    "let the account send as {address} (Gmail: Send mail as; Microsoft 365: Send As), or log in as {address}; until "
    "then customers see the other address, and may answer to it"
)
_OTHER_ID = (
    "nothing, where the smarthost tells the new id in its reply (Microsoft 365 and Amazon SES do); elsewhere replies "
    "are known by their reply address and by the number in the subject alone"
)
_OTHER_RETURN_PATH = 'set delivery.envelope = "queue": bounces are then known by what they quote'


def _same(about: str, what: str, sent: str, came: str, then: str, *, serious: bool = True) -> CheckLine:
    if sent.casefold() in came.casefold():
        return ok(about, f"{what} came back as it was: {came}")
    text = f"{what} was changed on the way: {sent} was sent, {came} came back"
    return wrong(about, text, then) if serious else warning(about, text, then)


def _proved(about: str, message: Outgoing, row: Any, raw: bytes) -> Iterator[CheckLine]:
    """What our own mail proves of its sender, as others see it too."""
    domain = domain_of(message.queue.address)
    found = stored_authentication(row.authentication)
    if found is not None and found.verdict == "pass":
        yield ok(about, f"our mail passes as mail of {domain}")
    elif found is not None and found.verdict == "fail":
        then = f"see the lines about SPF and DKIM of {domain}: others put such mail into junk, or refuse it"
        yield wrong(about, f"our mail does not pass as mail of {domain}", then)
    signers = {domain_of(value) for value in _signers(raw)}
    if any(aligned(signer, domain) for signer in signers):
        yield ok(about, f"it is signed for {domain} (DKIM)")
    else:
        yield ok(about, f"it is not signed for {domain} (DKIM), as is common for mail that stays within one provider")


def _signers(raw: bytes) -> Iterator[str]:
    """The domains in the DKIM-Signature fields."""
    for value in header_truth.values(header_truth.fields(raw), "dkim-signature"):
        tags = dict(part.strip().partition("=")[::2] for part in value.split(";"))
        if "d" in tags:
            yield tags["d"].strip()
