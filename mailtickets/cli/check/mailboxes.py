"""The mailboxes that are read."""

import asyncio
from collections.abc import Iterable

from mailtickets.cli.check.inquiry import Inquiry
from mailtickets.edges.imap.probe import probe
from mailtickets.views.check import CheckLine


async def lines(inquiry: Inquiry) -> Iterable[CheckLine]:
    found = await asyncio.gather(*(_account(inquiry, number) for number in range(len(inquiry.config.imap_in))))
    return [line for one in found for line in one]


async def _account(inquiry: Inquiry, number: int) -> list[CheckLine]:
    account = inquiry.config.imap_in[number]
    return await probe(account, inquiry.credential(account), f"imap_in.{number}")
