"""One gateway of the simulated month. All of it is the program's own but the clock, which is a line in a file.

    python -m tests.chaos.month_gateway CONFIG NAME CLOCK

It runs until it is killed. Mail that it sends goes nowhere.
"""

import asyncio
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path

from mailtickets.config.load import load
from mailtickets.config.state import load_secrets
from mailtickets.desk.model.delivery import Delivery, Sent, Transient
from mailtickets.gateway.clerk import Clerk
from mailtickets.gateway.delivery.pace import Pace
from mailtickets.gateway.delivery.send import WayOut
from mailtickets.gateway.gateway import Gateway
from mailtickets.gateway.holidays import ready
from mailtickets.gateway.rules import rules_of
from mailtickets.gateway.workers import Workers
from mailtickets.jobs.timers import fire_due
from mailtickets.store.database import Database, Stale

_PAUSE_SECONDS = 0.02


def clock_in(file: Path) -> Callable[[], datetime]:
    """The time that a file says."""
    return lambda: datetime.fromisoformat(file.read_text(encoding="ascii"))


async def _sent(raw: bytes, sender: str, recipient: str) -> Delivery:
    return Sent("250 ok")


async def live(file: Path, name: str, clock: Callable[[], datetime]) -> None:
    config = load(file)
    with closing(Database(config.database_url)) as database:
        rules = rules_of(config, load_secrets(config), ready(database, config, clock()))
        way_out = WayOut(_sent, Pace())
        gateway = Gateway(
            Clerk(database, rules, clock=clock), Workers(1), way_out, name=name, max_message_bytes=1_000_000
        )
        await gateway.start()
        while True:
            with suppress(Transient, Stale):  # the other gateway was faster
                await gateway.look_for_work()
                await fire_due(gateway)
            await asyncio.sleep(_PAUSE_SECONDS)


if __name__ == "__main__":
    asyncio.run(live(Path(sys.argv[1]), sys.argv[2], clock_in(Path(sys.argv[3]))))
