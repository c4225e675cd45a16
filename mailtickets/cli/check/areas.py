"""The areas that `check` looks at, in the order of their lines. An area is a module here with a function `lines`.

Areas look at the same time: none of them changes what another one reads. Each has its bounds of time; an area that
does not come to an end all the same is given up after `AREA_SECONDS`, and that is a line too. So is an area that fails
in a way that nobody has thought of: the others are looked at all the same.
A new area (rules, levels) is a module, and an entry in `AREAS`.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

from mailtickets.cli.check import (
    agent,
    calendars,
    clock,
    database,
    delivery,
    domains,
    giving_out,
    http,
    kinds,
    levels,
    listeners,
    machine,
    mailboxes,
    queues,
    rules,
    secret_files,
    stages,
    texts,
    tokens,
)
from mailtickets.cli.check.inquiry import Inquiry
from mailtickets.config.state import directory_problems
from mailtickets.views.check import CheckLine, ok, wrong

log = logging.getLogger("mailtickets.check")

AREA_SECONDS = 240
"""The longest area is a round trip of two test messages, which waits a minute for each."""

_REPORT = "run it again; if it says the same, report this line: it is a fault of mailtickets"

Area = Callable[[Inquiry], Awaitable[Iterable[CheckLine]]]


def _in_thread(look: Callable[[Inquiry], Iterable[CheckLine]]) -> Area:
    """An area that blocks."""

    async def area(inquiry: Inquiry) -> Iterable[CheckLine]:
        return await asyncio.to_thread(lambda: list(look(inquiry)))

    return area


AREAS: tuple[tuple[str, Area], ...] = (
    ("database", _in_thread(database.lines)),
    ("secrets", _in_thread(secret_files.lines)),
    ("queue", _in_thread(queues.lines)),
    ("rule", _in_thread(rules.lines)),
    ("type", _in_thread(kinds.lines)),
    ("stages", _in_thread(stages.lines)),
    ("giving-out", _in_thread(giving_out.lines)),
    ("calendar", _in_thread(calendars.lines)),
    ("service_level", _in_thread(levels.lines)),
    ("templates", _in_thread(texts.lines)),
    ("listen", _in_thread(listeners.lines)),
    ("http", _in_thread(http.lines)),
    ("clock", _in_thread(clock.lines)),
    ("dns", domains.lines),
    ("oauth", tokens.lines),
    ("imap_in", mailboxes.lines),
    ("delivery", delivery.lines),
    ("agent", _in_thread(agent.lines)),
)


async def lines(inquiry: Inquiry) -> AsyncIterator[CheckLine]:
    """All lines, in order."""
    config = inquiry.config
    yield ok("configuration", f"{config.file} is sound")
    for line in machine.lines(inquiry):
        yield inquiry.masked(line)
    if any(directory_problems(config.state_dir)):
        return  # the areas open files, maybe those of an intruder
    looking = [asyncio.create_task(_bounded(name, area, inquiry), name=name) for name, area in AREAS]
    for task in looking:
        for line in await task:
            yield inquiry.masked(line)


async def _bounded(name: str, area: Area, inquiry: Inquiry) -> Iterable[CheckLine]:
    bound = asyncio.timeout(AREA_SECONDS)
    try:
        async with bound:
            return await area(inquiry)
    except Exception as error:
        if bound.expired():
            return [wrong(name, f"no result within {AREA_SECONDS} s", _REPORT)]
        log.debug("area not looked at", exc_info=True, extra={"area": name})
        return [wrong(name, f"could not be looked at: {type(error).__name__}: {error}", _REPORT)]
