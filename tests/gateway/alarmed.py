"""Gateways whose alarms are read where they arrive: in the mailbox of ops."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from mailtickets.desk.model.delivery import Delivery, Sent
from mailtickets.gateway.clerk import Clerk
from mailtickets.gateway.delivery.pace import Pace
from mailtickets.gateway.delivery.send import WayOut
from mailtickets.gateway.gateway import Gateway
from mailtickets.gateway.workers import Workers
from mailtickets.mail.model import InboundMail
from mailtickets.mail.read.parse import parse
from mailtickets.store.database import Database
from mailtickets.store.read.health import Alarm
from mailtickets.store.schema import alarm
from tests.desk.builders import a_policy
from tests.store.office import Office

OPS = "ops@empresa.test"


class Station:
    """Some gateways on one database, and what ops receive of them."""

    def __init__(self, database: Database, workers: Workers, locale: str = "en") -> None:
        self.office = Office(database)
        self.office.use(a_policy(instance={"ops_address": OPS, "locale": locale, "timezone": "UTC"}))
        self.workers = workers
        self.answer: Callable[[str], Delivery] = lambda recipient: Sent("250 ok")
        self.received: list[InboundMail] = []
        self.running: list[Gateway] = []

    async def begin(self, name: str = "one", **pace: Any) -> Gateway:
        """A gateway that has started as the daemon starts it, less its background tasks."""
        clerk = Clerk(self.office.database, self.office.clerk.rules, clock=lambda: self.office.now)
        gateway = Gateway(clerk, self.workers, WayOut(self._send, Pace(**pace)), name=name, max_message_bytes=1_000_000)
        await gateway.alarms.start()
        self.running.append(gateway)
        return gateway

    async def end(self, gateway: Gateway) -> None:
        self.running.remove(gateway)
        await gateway.drain(0)

    async def close(self) -> None:
        for gateway in list(self.running):
            await self.end(gateway)

    async def pass_minutes(self, minutes: int, step: int = 1) -> None:
        """Each minute, or after as many as `step` says, each gateway looks after its alarms."""
        for _ in range(0, minutes, step):
            self.office.pass_time(minutes=step)
            for gateway in self.running:
                await gateway.alarms.look()

    async def mails(self) -> list[InboundMail]:
        """What ops have received since they were asked last."""
        self.received.clear()
        for gateway in self.running:
            while await gateway.deliver():
                await gateway.delivering.tasks.all_done()
        return list(self.received)

    async def subjects(self) -> list[str]:
        return [mail.subject for mail in await self.mails()]

    async def _send(self, raw: bytes, sender: str, recipient: str) -> Delivery:
        answer = self.answer(recipient)
        if isinstance(answer, Sent) and recipient == OPS:
            self.received.append(parse(raw))
        await asyncio.sleep(0)
        return answer

    # --- the database -------------------------------------------------------------------------------------

    def alarms(self) -> dict[str, Alarm]:
        """All that are remembered."""
        columns = [alarm.c[name] for name in Alarm.__dataclass_fields__]
        rows = self.office.run(lambda connection: connection.execute(select(*columns).order_by(alarm.c.since)).all())
        return {row.key: Alarm(*row) for row in rows}

    def open(self) -> list[str]:
        return sorted(key for key, one in self.alarms().items() if one.cleared_at is None)

    def use_ops(self, address: str) -> None:
        for gateway in self.running:
            rules = gateway.clerk.rules
            instance = rules.policy.instance.model_copy(update={"ops_address": address})
            gateway.clerk.rules = replace(rules, policy=replace(rules.policy, instance=instance))
