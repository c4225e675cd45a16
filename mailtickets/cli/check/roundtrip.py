"""The test message of `check --send`: it is sent by the configured delivery, and looked for when it comes back.

A message to an address of a queue gets a tag behind a plus, as replies do. When the running daemon has taken the
message, the report says what its way changed: From, Message-ID, return path and plus-address.
"""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row

from mailtickets.config.models import Config, Queue
from mailtickets.desk.claims.identity import plus_address
from mailtickets.desk.model.delivery import Delivery, Sent, Transient
from mailtickets.desk.model.policy import Policy
from mailtickets.edges.out.maildir import MaildirOut
from mailtickets.edges.out.smtp import SmtpOut
from mailtickets.mail.model import Address, Copy, OutboundMail
from mailtickets.mail.write.compose import compose
from mailtickets.store.database import Database
from mailtickets.store.read import inbound
from mailtickets.store.read.reader import within

COMES_BACK_SECONDS = 60
"""Seconds to wait for the message: the default `poll_seconds` of a mailbox. A longer wait is of no use."""

RoundtripFinding = tuple[bool, str]
"""Whether something is right, and a sentence about it."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """The message to send, and the marks that it is recognised by."""

    queue: Queue
    recipient: str
    return_path: str
    message_id: str
    marker: str


def prepared(config: Config, address: str) -> Outgoing:
    """Prepares a message to `address`. A queue's own address gets a tag, if plus-addresses of this queue reach us."""
    policy, marker = Policy.of(config), os.urandom(6).hex()
    own = policy.queue_at(address)
    queue = own or config.queue[0]
    tagged = plus_address(address, f"c{marker}") if own and own.plus_addressing else ""
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
    return await out.send(raw, message.return_path, message.recipient)


async def findings(config: Config, out: SmtpOut | MaildirOut, address: str) -> list[RoundtripFinding]:
    """Whether the message was sent, and how it came back if it was sent to ourselves."""
    message = prepared(config, address)
    result = await send(config, out, message)
    sent = [(isinstance(result, Sent), result.reply)]
    if not isinstance(result, Sent) or config.delivery.method == "maildir" or not Policy.of(config).queue_at(address):
        return sent
    row = await _returned(config, message)
    if row is None:
        return [*sent, (False, f"it has not come back within {COMES_BACK_SECONDS} s: is the daemon running?")]
    return [*sent, (True, f"it came back by {row.source}"), *compared(message, row)]


async def _returned(config: Config, message: Outgoing) -> Any | None:
    database = Database(config.database_url)
    try:
        for _ in range(COMES_BACK_SECONDS):
            row = await asyncio.to_thread(database.transact, _newest_in, message.marker)
            if row is not None:
                return row
            await asyncio.sleep(1)
    except Transient:
        return None
    finally:
        database.close()
    return None


def _newest_in(connection: Connection, marker: str) -> Any | None:
    return inbound.newest_with(within(connection), marker)


def compared(message: Outgoing, row: Row[Any]) -> Iterator[RoundtripFinding]:
    """What the way left unchanged, and what it changed."""
    sent_from = message.queue.address
    yield _same("From", sent_from, row.from_address or "nobody")
    yield _same("Message-ID", message.message_id, row.message_id or "none")
    if row.sender is not None:
        yield _same("the return path", message.return_path, row.sender or "<>")
    if row.recipients and "+" in message.recipient:
        yield _same("the plus-address", message.recipient, ", ".join(row.recipients))


def _same(what: str, sent: str, came: str) -> RoundtripFinding:
    if sent.casefold() in came.casefold():
        return True, f"{what} came back as it was: {came}"
    return False, f"{what} was changed on the way: {sent} was sent, {came} came back"
