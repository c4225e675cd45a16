"""The mailboxes that are read."""

import asyncio
from collections.abc import Iterable

from mailtickets.cli.check.subject import Subject
from mailtickets.edges.imap.probe import probe
from mailtickets.views.check import CheckLine


async def lines(subject: Subject) -> Iterable[CheckLine]:
    found = await asyncio.gather(*(_account(subject, number) for number in range(len(subject.config.imap_in))))
    return [line for one in found for line in one]


async def _account(subject: Subject, number: int) -> list[CheckLine]:
    account = subject.config.imap_in[number]
    return await probe(account, subject.credential(account), f"imap_in.{number}")
