"""Looks each minute for trouble that nothing else reports, and sees that ops are told of it.

What is seen in the database is looked at by the gateway that holds the lease, disks and workers by each gateway.
Fails with: nothing that stops the other looks; `Transient` is raised when all of them have been tried.
"""

import asyncio
import shutil
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from mailtickets.config.models import Config
from mailtickets.desk.letters.retry import WARN_AFTER
from mailtickets.desk.model.delivery import Transient
from mailtickets.desk.notices.budget import shared_lines
from mailtickets.gateway.accounts import WAY_OUT
from mailtickets.gateway.gateway import Gateway
from mailtickets.gateway.settling import BREAKERS
from mailtickets.jobs.overload import LoadWatch
from mailtickets.store import budgets, cursors
from mailtickets.store.read import waiting
from mailtickets.store.read.health import accounts
from mailtickets.store.read.reader import within
from mailtickets.store.read.waiting import LateCopies, Unprocessed
from mailtickets.words import locales

WATCH_SECONDS = 60
_LEASE = timedelta(seconds=3 * WATCH_SECONDS)
_HOUR = timedelta(hours=1)
MOST_DEATHS = 10
"""Workers that may die within an hour: a mail that kills its worker is tried twice."""
WELL_AGAIN = 1.25
"""A disk is well again with so many times its limit free: room comes and goes."""
_SMALL_DISK = 10
"""Of a small disk, one part in so many is enough."""


@dataclass(frozen=True, slots=True)
class Room:
    """The octets of a disk."""

    total: int
    free: int


@dataclass(frozen=True, slots=True)
class Watched:
    """What is looked at, and what is too much."""

    directories: Sequence[Path]
    disk_free_bytes: int
    outgoing: timedelta
    unprocessed: timedelta


def watched(config: Config) -> Watched:
    """What is looked at by a configuration."""
    limits, directories = config.alarms, [config.state_dir]
    if config.database_url.startswith("sqlite:"):
        directories.append(Path(config.database_url.removeprefix("sqlite:///")).parent)
    if config.delivery.method == "maildir":
        directories.append(config.maildir)
    return Watched(
        directories=_on_different_disks(directories),
        disk_free_bytes=limits.disk_free_bytes,
        outgoing=timedelta(minutes=limits.outgoing_minutes),
        unprocessed=timedelta(minutes=limits.unprocessed_minutes),
    )


def _on_different_disks(directories: list[Path]) -> list[Path]:
    """The directories, without those on a disk that an earlier one is on. One that cannot be seen stays."""
    disks: dict[object, Path] = {}
    for directory in directories:
        try:
            disk: object = directory.stat().st_dev
        except OSError:
            disk = directory
        disks.setdefault(disk, directory)
    return list(disks.values())


def room_on(directory: Path) -> Room:
    disk = shutil.disk_usage(directory)
    return Room(disk.total, disk.free)


class Watch:
    """The watch of one gateway."""

    def __init__(
        self, gateway: Gateway, watched: Callable[[], Watched], room: Callable[[Path], Room] = room_on
    ) -> None:
        self._gateway, self._watched, self._room = gateway, watched, room
        self._deaths: deque[tuple[datetime, int]] = deque()
        """How many workers had died at each look of the last hour."""
        self._newest: deque[tuple[datetime, int]] = deque()
        """The mail that had come last at each look; the first of them is as old as the limit."""
        self._loads = LoadWatch()

    async def look(self) -> None:
        """One look at everything."""
        looks: Sequence[Callable[[], Awaitable[None]]] = (
            self._look_at_disks,
            self._look_at_workers,
            self._look_at_database,
            self._gateway.accounts.look,
            self._gateway.alarms.look,
        )
        trouble: Transient | None = None
        for one in looks:
            try:
                await one()
            except Transient as error:
                trouble = error
        if trouble is not None:
            raise trouble

    async def _tell(self, key: str, text: str | None) -> None:
        """Sounds the alarm with this text. None: all is well. Empty: it is unknown, and the alarm stays as it is."""
        if text is None:
            await self._gateway.alarms.clear(key)
        elif text:
            await self._gateway.alarms.sound(key, text)

    # --- this machine -------------------------------------------------------------------------------------

    async def _look_at_disks(self) -> None:
        known = self._gateway.alarms.raised("disk-low")
        found = await asyncio.to_thread(self._short_disks, WELL_AGAIN if known else 1)
        await self._tell("disk-low", f"{self._gateway.name}\n" + "\n".join(found) if found else None)

    def _short_disks(self, times: float) -> list[str]:
        """A line for each disk with less room than so many times its limit. Blocks while a network's disk is away."""
        watched, found = self._watched(), []
        for directory in watched.directories:
            try:
                room = self._room(directory)
            except OSError as error:
                found.append(f"{directory}: {error.strerror or error}")
                continue
            limit = min(watched.disk_free_bytes, room.total // _SMALL_DISK)
            if room.free < limit * times:
                found.append(
                    f"{directory}: {_size(room.free)} of {_size(room.total)} are free, the limit is {_size(limit)}"
                )
        return found

    async def _look_at_workers(self) -> None:
        now, died = self._gateway.clerk.clock(), self._gateway.measures.counts["worker-restarted"]
        while self._deaths and not timedelta() <= now - self._deaths[0][0] <= _HOUR:
            self._deaths.popleft()
        self._deaths.append((now, died.total()))
        lately = died.total() - self._deaths[0][1]
        causes = ", ".join(f"{cause} {count}" for (cause,), count in sorted(died.items()))
        text = f"{self._gateway.name}: {lately} within an hour; since the start: {causes}"
        await self._tell("workers-die", text if lately >= MOST_DEATHS else None)

    # --- the database -------------------------------------------------------------------------------------

    async def _look_at_database(self) -> None:
        seen = await self._gateway.off_loop(self._seen)
        if seen is not None:
            for key, text in seen.items():
                await self._tell(key, text)

    def _seen(self) -> dict[str, str | None] | None:
        """The text of each alarm; None: another gateway looks."""
        gateway, now = self._gateway, self._gateway.clerk.clock()
        transact = gateway.clerk.database.transact
        if not transact(cursors.take_lease, "watch", gateway.name, now + _LEASE, now):
            self._newest.clear()
            return None
        return transact(self._seen_in, self._watched(), now)

    def _seen_in(self, connection: Connection, watched: Watched, now: datetime) -> dict[str, str | None]:
        reader = within(connection)
        late, very_late = (waiting.late_copies(reader, now - bound) for bound in (watched.outgoing, WARN_AFTER))
        is_broken = any(one.kind == "smtp" and one.name == WAY_OUT and one.error for one in accounts(reader))
        return {
            "delivery-late": _of_outgoing(late, very_late, is_broken=is_broken),
            "mail-unprocessed": self._of_incoming(waiting.unprocessed(reader), waiting.newest(reader), watched, now),
            **self._of_breakers(connection, now),
            **self._loads.seen_in(connection, self._gateway.clerk.rules.policy, now),
        }

    def _of_breakers(self, connection: Connection, now: datetime) -> dict[str, str | None]:
        """A budget that was used up is there again with the next hour, also where no mail comes that would use it."""
        lines = {line.key: line for line in shared_lines(self._gateway.clerk.rules.policy.budget, 0)}
        used = budgets.used(connection, lines.values(), now)
        return {
            key: None if used.get(counter, 0) < lines[counter].limit else "" for counter, (key, _) in BREAKERS.items()
        }

    def _of_incoming(self, found: Unprocessed | None, newest: int, watched: Watched, now: datetime) -> str | None:
        """Mail read from a mailbox, or imported, may be old; so it waits since a look that has seen it."""
        bound, looks = watched.unprocessed, self._newest
        if looks and now < looks[-1][0]:
            looks.clear()  # the clock was set back
        looks.append((now, newest))
        while len(looks) > 1 and now - looks[1][0] >= bound:
            looks.popleft()
        if found is None:
            return None
        by_door = found.source.startswith(("smtp", "lmtp")) and now - found.received_at >= bound
        by_looks = now - looks[0][0] >= bound and found.first <= looks[0][1]
        if by_door or by_looks:
            minutes = bound // timedelta(minutes=1)
            return f"{found.count} accepted, the oldest (inbound {found.first}) for more than {minutes} minutes"
        return None if now - looks[0][0] >= bound else ""


def _of_outgoing(late: LateCopies | None, very_late: LateCopies | None, *, is_broken: bool) -> str | None:
    """A server that does not take its own mail for a while is no trouble of ours; that nothing goes out is."""
    if late is None:
        return None
    stands_still = not late.has_sent_since and (is_broken or late.domains > 1)
    if late.never_tried or stands_still or very_late is not None:
        reply = (
            f"; the last reply: {late.last_reply}" if late.last_reply else "; no attempt has been made at the oldest"
        )
        copies = "1 copy waits" if late.count == 1 else f"{late.count} copies wait"
        return f"{copies} to go out, to {late.domains} {'domain' if late.domains == 1 else 'domains'}{reply}"
    return None


def _size(octets: int) -> str:
    """In English, as the rest of the text, and in the units of `status` and `check`."""
    return locales.size(octets, "en")
