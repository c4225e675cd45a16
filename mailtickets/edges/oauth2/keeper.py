"""Keeps one account's token fresh while the daemon runs, in a task and a thread of its own.

A token is renewed at half of its life, so that the token server may be away for the other half. Whoever needs a token
gets the one in memory; all who wait for a new one wait for the same question.
*Fails with*, to those who log in: `CredentialDead` and `CredentialLate`. Ops are told under these keys: `oauth-NAME`
when no token can come until a person acts, or when none has come for long; `oauth-NAME-refused` when a mail server
refuses tokens that are fresh.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from typing import ParamSpec, Protocol, TypeVar

from mailtickets.config.credentials import CredentialDead, CredentialLate
from mailtickets.desk.model.delivery import Transient
from mailtickets.edges.oauth2.incident import dead_text, late_text, refused_text
from mailtickets.edges.oauth2.kept import Kept, Trouble
from mailtickets.edges.oauth2.outcome import Dead, Retry
from mailtickets.edges.oauth2.renewal import Renewal

log = logging.getLogger("mailtickets.oauth")

P = ParamSpec("P")
T = TypeVar("T")

TICK_SECONDS = 2.0
"""How soon a login at the command line is noticed."""
_FIRST_PAUSE_SECONDS = 10
_LONGEST_PAUSE_SECONDS = 300
_DEAD_PAUSE = timedelta(minutes=15)
"""A dead account is tried again this often, because nobody tells us what a person does at the provider."""
_LATE = timedelta(minutes=10)
"""Ops are told when there has been no token for this long, although it may come by itself."""
_ACCEPTED = timedelta(minutes=6)
"""A token that was fetched so long ago, and not refused since, was accepted: a login takes less than that."""
_NEWS = timedelta(seconds=30)
"""How often a dead account looks whether somebody has logged in at another gateway."""


class Ops(Protocol):
    """Where ops are told: the alarms of the gateway."""

    async def sound(self, key: str, text: str) -> None: ...

    async def clear(self, key: str) -> None: ...


Note = Callable[[str, Kept | None, str], Awaitable[None]]
"""Records how an account is: its name, its tokens, and what is wrong with it; empty: nothing."""


class TokenKeeper:
    """The token of one account."""

    def __init__(
        self, renewal: Renewal, ops: Ops, note: Note | None = None, revived: Callable[[str], None] | None = None
    ) -> None:
        """`revived` is called with the account's name when it has a token again, for those who wait to log in."""
        self.renewal, self._ops, self._note, self._revived = renewal, ops, note, revived
        self.account, self._clock = renewal.account, renewal.clock
        self._thread = ThreadPoolExecutor(1, f"oauth-{self.account.name}")
        self._flight: asyncio.Task[Kept | Retry | Dead] | None = None
        self._kept: Kept | None = None
        self._trouble: Retry | Dead | None = None
        self._again = False
        """Whether a question that fails is to be put again at once."""
        self._failures = 0
        self._failing_since: datetime | None = None
        self._stamp: object = None
        self._seen = 0
        """The newest generation of tokens that this keeper has seen."""
        self._next_at = self._news_at = self._clock()
        self._fetched_at: datetime | None = None
        """When the first token was fetched since a server has refused a fresh one."""
        self._may_be_refused = True
        """Whether ops may have been told of a refusal, by this process or by an earlier one."""

    # --- for those who log in -----------------------------------------------------------------------------

    async def token(self) -> str:
        """A token to log in with. Raises CredentialDead or CredentialLate."""
        now = self._clock()
        self._fetched_at = self._fetched_at or now
        if self._kept is not None and self._kept.lives(now):
            return self._kept.access
        if self._trouble is not None and now < self._next_at:
            raise _error(self._trouble)
        return _access(await self._renewed())

    async def another(self, refused: str) -> str:
        """Another token than the one that a server has refused. Raises CredentialDead or CredentialLate."""
        if self._trouble is not None and self._clock() < self._next_at:
            raise _error(self._trouble)
        found = await self._renewed(refused)
        while isinstance(found, Kept) and found.access == refused:  # it was asked for before this one was refused
            found = await self._renewed(refused)
        if isinstance(found, Dead) and found.error == "refused":
            await self._told_refused(found)
        return _access(found)

    # --- in the background --------------------------------------------------------------------------------

    async def run(self) -> None:
        while True:
            try:
                await self.tick()
            except Exception:
                log.exception("token not looked after", extra={"oauth": self.account.name})
            await asyncio.sleep(TICK_SECONDS)

    async def tick(self) -> None:
        """Does what is due now."""
        now = self._clock()
        await self._settle()
        await self._look_for_news(now)
        if now >= self._next_at:
            await self._renewed()
        if self._may_be_refused and self._fetched_at and self._fetched_at < now - _ACCEPTED:
            self._may_be_refused = False
            if self._trouble is None:
                await self._noted("")
            await self._ops.clear(f"oauth-{self.account.name}-refused")

    def hurry(self) -> None:
        """Tries at once what has failed: the configuration was read again, and a file may have changed."""
        if self._flight is not None and not self._flight.done():
            self._again = True  # it has perhaps begun with what was in the file before
        elif self._trouble is not None:
            self._next_at = self._clock()

    async def close(self, seconds: float) -> None:
        """Ends. A question under way is given so many seconds; its thread keeps what it gets even after that."""
        if self._flight is not None and not self._flight.done():
            await asyncio.wait([self._flight], timeout=seconds)
            self._flight.cancel()
            await asyncio.gather(self._flight, return_exceptions=True)
        self._thread.shutdown(wait=False)

    async def forget(self) -> None:
        """Takes back the alarms: the account is no longer in the configuration."""
        for key in (f"oauth-{self.account.name}", f"oauth-{self.account.name}-refused"):
            await self._ops.clear(key)

    async def _settle(self) -> None:
        if self.renewal.unsaved is not None or self.renewal.unpublished is not None:
            with suppress(OSError, Transient):
                await self._in_thread(self.renewal.settle)

    async def _look_for_news(self, now: datetime) -> None:
        """Notices tokens that a login has brought: in the file at once, in the database after a while."""
        stamp = await self._in_thread(self.renewal.shelf.stamp)
        if stamp == self._stamp and (self._trouble is None or now < self._news_at):
            return
        self._stamp, self._news_at = stamp, now + _NEWS
        with suppress(OSError, Transient, ModuleNotFoundError):
            found = await self._in_thread(self.renewal.newest)
            if found is not None and found.generation > self._seen:
                self._seen, self._next_at = found.generation, now

    # --- renewing -----------------------------------------------------------------------------------------

    async def _renewed(self, refused: str = "") -> Kept | Retry | Dead:
        """Asks for a token, or waits for the question that is under way. A caller that gives up ends nothing."""
        if self._flight is None or self._flight.done():
            self._flight = asyncio.create_task(self._renew(refused), name=f"oauth-{self.account.name}")
        return await asyncio.shield(self._flight)

    async def _renew(self, refused: str) -> Kept | Retry | Dead:
        found = await self._in_thread(self.renewal.renew, refused)
        self._stamp = await self._in_thread(self.renewal.shelf.stamp)
        match found:
            case Kept():
                await self._well(found)
            case Dead(error="refused"):
                pass  # nothing is wrong between us and the token server
            case Dead() | Retry():
                await self._failed(found)
        return found

    async def _well(self, kept: Kept) -> None:
        new = self._kept is None or self._kept.generation != kept.generation
        was_down = self._trouble is not None
        self._kept, self._trouble, self._failures, self._failing_since, self._again = kept, None, 0, None, False
        self._next_at, self._seen = kept.renew_at, max(self._seen, kept.generation)
        if new:
            log.info("token renewed", extra={"oauth": self.account.name, "until": kept.expires_at.isoformat()})
            await self._noted("")
        if was_down and self._revived is not None:
            self._revived(self.account.name)
        await self._ops.clear(f"oauth-{self.account.name}")

    async def _failed(self, found: Retry | Dead) -> None:
        now = self._clock()
        self._trouble, self._failures = found, self._failures + 1
        self._failing_since = self._failing_since or now
        log.log(
            logging.ERROR if isinstance(found, Dead) else logging.WARNING,
            "token not renewed",
            extra={"oauth": self.account.name, "error": found.reason},
        )
        match found:
            case Dead():
                self._next_at = now + _DEAD_PAUSE
            case Retry():
                backoff = min(_FIRST_PAUSE_SECONDS * 2 ** min(self._failures - 1, 10), _LONGEST_PAUSE_SECONDS)
                self._next_at = now + timedelta(seconds=max(backoff, found.after_seconds))
        if self._again:
            self._again, self._next_at = False, now
        await self._noted(found.reason, needs_person=isinstance(found, Dead))
        await self._tell(found, now)

    async def _tell(self, found: Retry | Dead, now: datetime) -> None:
        """An alarm at once for what is dead. What may come by itself has some time after the old token has ended."""
        lives = self._kept is not None and self._kept.lives(now)
        key, until = f"oauth-{self.account.name}", self._kept.expires_at if self._kept and lives else None
        if isinstance(found, Dead):
            await self._ops.sound(key, dead_text(self.account, found, until))
        elif not lives and self._failing_since is not None and now - self._failing_since >= _LATE:
            await self._ops.sound(key, late_text(self.account, found.reason, self._failing_since))

    async def _told_refused(self, found: Dead) -> None:
        self._may_be_refused, self._fetched_at = True, None
        log.error("token refused", extra={"oauth": self.account.name, "error": found.reason})
        await self._noted(found.reason, needs_person=True)
        await self._ops.sound(f"oauth-{self.account.name}-refused", refused_text(self.account, found))

    async def _noted(self, error: str, *, needs_person: bool = False) -> None:
        """Notes how the account is, for commands that show it. Tokens come first: an error here is only logged."""
        trouble = Trouble(error, self._clock(), needs_person) if error else None
        try:
            await self._in_thread(self.renewal.shelf.note, trouble)
            if self._note is not None:
                await self._note(self.account.name, self._kept, error)
        except (OSError, Transient) as error_of_note:
            words = {"oauth": self.account.name, "error": str(error_of_note)}
            log.warning("state of the token not recorded", extra=words)

    async def _in_thread(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: work(*args, **kwargs))


def _access(found: Kept | Retry | Dead) -> str:
    if isinstance(found, Kept):
        return found.access
    raise _error(found)


def _error(found: Retry | Dead) -> CredentialDead | CredentialLate:
    if isinstance(found, Dead):
        return CredentialDead(found.reason, found.advice)
    return CredentialLate(found.reason)
