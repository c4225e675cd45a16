"""The tasks of a delivery: those that send, and the one that records results."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class Tasks:
    """Tasks that nobody awaits one by one."""

    def __init__(self) -> None:
        self.running: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self.running.add(task)
        task.add_done_callback(self.running.discard)

    async def all_done(self) -> None:
        """Waits until no task is running, nor has been started meanwhile."""
        while self.running:
            await asyncio.wait(set(self.running))
