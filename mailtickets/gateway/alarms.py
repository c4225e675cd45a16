"""Alarms: mail to `ops_address` when something is wrong, and when it is well again.

Owns: what ops are told and when. Each trouble is told once, however many gateways see it and however often they are
started again: the row in the database says what ops know. The mail is queued in the transaction that changes the row.
An alarm that comes and goes writes little: of its coming at most once an hour, and that it has passed only after it has
stayed away for a while, which doubles each time. Of one kind there are at most `MOST_OF_A_KIND` alarms an hour; what is
more is gathered in one mail.
Fails with: `Transient`, when the database does not take the alarm; it can be raised again then.
"""

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection

from mailtickets.desk.notices import to_ops
from mailtickets.desk.notices.alarms import kind_of, row_of
from mailtickets.desk.notices.notice import Notice
from mailtickets.gateway.clerk import Clerk
from mailtickets.store import alarms as store
from mailtickets.store.read.health import Alarm
from mailtickets.store.transactions import Transactions

log = logging.getLogger("mailtickets.gateway")

HOUR = timedelta(hours=1)
QUIET = timedelta(minutes=5)
"""How long trouble has stayed away before ops are told that it has passed."""
MOST_OF_A_KIND = 3
"""Alarms of one kind that are told one by one within an hour."""
SHOWN = 20
"""Alarms that a mail about many of them shows."""

News = Literal["alarm", "all_clear"]


class Alarms:
    """The alarms of one gateway. `mail_is_due` is set when there is mail to be sent."""

    def __init__(self, clerk: Clerk, transactions: Transactions, mail_is_due: asyncio.Event, name: str) -> None:
        self._clerk, self._transactions, self._mail_is_due = clerk, transactions, mail_is_due
        self._name = name
        self._raised: dict[str, str] = {}
        """What this gateway sees now: text by key. It is known in the database, or on its way there."""
        self._passed: set[str] = set()
        """What this gateway has withdrawn from the database."""

    async def start(self) -> None:
        """Takes over what an earlier run of this gateway has reported: it lasts until it is seen to have passed."""
        self._raised = await self._transactions.alone(store.reported_by, self._name) | self._raised

    async def sound(self, key: str, text: str) -> None:
        """Writes to `ops_address`, unless they know."""
        if key in self._raised:
            known, self._raised[key] = self._raised[key], text
            if known == text or not row_of(key).again_when_changed:
                return
        self._passed.discard(key)
        self._raised[key] = text  # before it is written: the next mail may find the same trouble meanwhile
        try:
            is_new = await self._transactions.alone(self._sound_in, key, text)
        except BaseException:
            self._raised.pop(key, None)
            raise
        if is_new:
            log.error("alarm", extra={"alarm": key, "text": text})
        self._mail_is_due.set()

    async def clear(self, key: str) -> None:
        """Notes that the trouble has passed. Ops are told when it has stayed away for a while."""
        if key in self._passed:
            return
        if await self._transactions.alone(store.withdraw, key, self._whose(key), self._clerk.clock()):
            log.info("all clear", extra={"alarm": key})
        self._raised.pop(key, None)
        self._passed.add(key)

    def raised(self, key: str) -> bool:
        """Whether this gateway sees this trouble now."""
        return key in self._raised

    async def forget(self, key: str) -> None:
        """Drops an alarm without a word: what it was about is no longer wanted."""
        await self._transactions.alone(store.forget, key, self._whose(key))
        self._raised.pop(key, None)

    async def keep_only(self, imap: Sequence[str], oauth: Sequence[str]) -> None:
        """Drops, without a word, the alarms of accounts that are no longer in the configuration."""
        accounts = (*(f"imap-{name}" for name in imap), *(f"oauth-{name}" for name in oauth))
        for key in await self._transactions.alone(self._forget_in, accounts):
            self._raised.pop(key, None)

    def _forget_in(self, connection: Connection, accounts: Sequence[str]) -> list[str]:
        gone = [key for key in store.keys(connection) if _is_of_account(key) and not _is_of_one_of(key, accounts)]
        for key in gone:
            store.forget(connection, key, self._name)
        return gone

    async def look(self) -> None:
        """Each minute: repeats what this gateway sees, drops what gone gateways saw, tells what is due."""
        told = await self._transactions.alone(self._look_in, dict(self._raised))
        shared = {key for key in (*self._raised, *self._passed) if row_of(key).shared}
        for key in shared:  # other gateways may have seen something else meanwhile
            self._raised.pop(key, None)
        self._passed -= shared
        if told:
            self._mail_is_due.set()

    def _whose(self, key: str) -> str:
        return store.EVERYBODY if row_of(key).shared else self._name

    def _sound_in(self, connection: Connection, key: str, text: str) -> bool:
        now, row = self._clerk.clock(), row_of(key)
        if row.passes:
            again = row.again_when_changed
            is_new = store.report(connection, key, text, self._whose(key), now, again_when_changed=again)
        else:
            is_new = store.note_event(connection, key, text, now)
        self._tell_in(connection)
        return is_new

    def _look_in(self, connection: Connection, raised: dict[str, str]) -> int:
        now = self._clerk.clock()
        for key, text in raised.items():
            if row_of(key).passes and not row_of(key).shared:
                store.report(connection, key, text, self._name, now)
        store.withdraw_gone(connection, self._name, now)
        store.forget_old(connection, now)
        return self._tell_in(connection)

    # --- what ops are told --------------------------------------------------------------------------------

    def _tell_in(self, connection: Connection) -> int:
        """Queues the mail that is due; returns how many."""
        now, policy = self._clerk.clock(), self._clerk.rules.policy
        due: defaultdict[tuple[News, str], list[Alarm]] = defaultdict(list)
        for one in store.untold(connection):
            if (what := news(one, now)) is not None and to_ops.told_of(one.key, policy):
                due[what, kind_of(one.key)].append(one)
        if not due:
            return 0
        told = Counter(kind_of(key) for key in store.told_since(connection, now - HOUR))
        mails = 0
        for (what, kind), some in due.items():
            room = MOST_OF_A_KIND - (told[kind] if what == "alarm" else 0)
            if room <= 0:
                continue  # the hour's alarms of this kind have been told; the rest is gathered in the next
            mails += self._tell_some(connection, what, some, apart=len(some) <= room)
        return mails

    def _tell_some(self, connection: Connection, what: News, some: Sequence[Alarm], *, apart: bool) -> int:
        now = self._clerk.clock()
        told = [one for one in some if _note(connection, what, one, now)]
        mails = [[one] for one in told] if apart else [told] if told else []
        for mail in mails:
            self._clerk.tell_ops_in(connection, self._notice(what, mail))
        return len(mails)

    def _notice(self, what: News, some: Sequence[Alarm]) -> Notice:
        """The mail about an alarm, or about many of one kind."""
        policy, first = self._clerk.rules.policy, some[0]
        key, text = (first.key, first.text) if len(some) == 1 else (kind_of(first.key), _gathered(some))
        times = max(one.times for one in some)
        if what == "alarm":
            return to_ops.alarm(key, text, policy, first.since, times)
        until = max(one.cleared_at or first.since for one in some)
        return to_ops.all_clear(key, text, policy, first.since, until, times)


def news(one: Alarm, now: datetime) -> News | None:
    """What ops are to be told of an alarm now; None: nothing."""
    if not row_of(one.key).passes:
        return "alarm" if one.told_at is None else None
    if one.cleared_at is None:
        lately = one.told_at is not None and timedelta() <= now - one.told_at < HOUR
        return None if one.told or lately else "alarm"
    quiet = min(HOUR, QUIET * 2 ** min(one.times - 1, 10))
    return "all_clear" if one.told and now - one.cleared_at >= quiet else None


def _is_of_account(key: str) -> bool:
    return key.startswith(("imap-", "oauth-")) and row_of(key).passes


def _is_of_one_of(key: str, accounts: Sequence[str]) -> bool:
    return any(key == one or key.startswith(f"{one}-") for one in accounts)


def _note(connection: Connection, what: News, one: Alarm, now: datetime) -> bool:
    if what == "alarm":
        return store.tell(connection, one, told=True, told_at=now)
    return store.tell(connection, one, told=False, told_at=one.told_at)


def _gathered(some: Sequence[Alarm]) -> str:
    lines = [f"{one.key}: {one.text}" for one in some[:SHOWN]]
    more = len(some) - SHOWN
    return "\n".join([*lines, *([f"... +{more}"] if more > 0 else [])])
