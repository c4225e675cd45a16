"""How many copies may go to one domain of recipients, so that a slow or limited domain delays no other domain.

Owns: the counts of copies for each domain, and the search for other domains when one has had enough. The claim is
in `outbox`, and the queries are in `due`.
*Limits*: two gateways that claim at the same moment do not see each other's copies yet, and may go over the limit by
what they claim. Behind a domain that has reached its share, one claim looks at `LOOKED_AT` other domains.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    Row,
    ScalarSelect,
    bindparam,
    func,
    literal_column,
    null,
    select,
)

from mailtickets.store.schema import Instant, outbox

LOOKED_AT = 200
"""How many other domains one claim looks at. Each takes a look-up in an index."""

SPAN = timedelta(minutes=1)


@dataclass(slots=True)
class Shares:
    """The limits for one domain, and where the search for other domains goes on. Each gateway has one."""

    per_minute: int = 0
    """Copies that all gateways together may send to a domain in a minute; 0 means no limit."""
    at_once: int | None = None
    """Copies for one domain that this gateway may have in hand while copies for others wait; None means no limit."""
    in_hand: Mapping[str, int] = field(default_factory=dict)
    begin: str = ""
    """The domain at which the next search among the other domains begins."""
    more: bool = False
    """Whether copies may wait for domains that the last claim did not look at."""


class Picking:
    """The choice of copies in one claim."""

    def __init__(self, shares: Shares, most: int) -> None:
        self._shares, self._most = shares, most
        self._in_hand = Counter(shares.in_hand)
        self._minute: Counter[str] = Counter()
        self._counted: set[str] = set()
        self._seen: set[int] = set()
        self.taken: list[Row[Any]] = []
        self.passed: list[Row[Any]] = []
        """Copies for domains that have reached their share."""
        self.enough: set[str] = set()
        """Domains with a copy that was not taken."""

    @property
    def missing(self) -> int:
        return self._most - len(self.taken)

    def count(self, connection: Connection, rows: Iterable[Row[Any]], now: datetime) -> None:
        """Counts the copies to the domains of `rows` that any gateway has sent in the last minute, or is sending."""
        new = {row.domain for row in rows} - self._counted - {""}
        if not self._shares.per_minute or not new:
            return
        self._counted |= new
        asked = {"domains": sorted(new), "since": now - SPAN, "now": now}
        for statement in (_SENT, _SENDING):
            for domain, copies in connection.execute(statement, asked):
                self._minute[domain] += copies

    def take(self, rows: Iterable[Row[Any]]) -> int:
        """Takes as many rows as the limits allow; returns how many. Rows that were offered before are skipped."""
        before = len(self.taken)
        for row in rows:
            if row.id in self._seen:
                continue
            self._seen.add(row.id)
            domain = row.domain
            if not self.missing or self._is_used_up(domain):
                self.enough.add(domain)
            elif self._shares.at_once is not None and self._in_hand[domain] >= self._shares.at_once:
                self.enough.add(domain)
                self.passed.append(row)
            else:
                self._add(row)
        return len(self.taken) - before

    def take_passed(self) -> None:
        """Takes copies that were passed over, if no other domain waits: otherwise connections would be idle."""
        for row in self.passed:
            if self.missing and not self._is_used_up(row.domain):
                self._add(row)

    def _add(self, row: Row[Any]) -> None:
        self._in_hand[row.domain] += 1
        self._minute[row.domain] += 1
        self.taken.append(row)

    def _is_used_up(self, domain: str) -> bool:
        limit = self._shares.per_minute
        return bool(limit and domain and self._minute[domain] >= limit)


_SENT = (
    select(outbox.c.domain, func.count())
    .where(outbox.c.domain.in_(bindparam("domains", expanding=True)))
    .where(outbox.c.sent_at > bindparam("since", type_=Instant), outbox.c.sent_at <= bindparam("now", type_=Instant))
    .group_by(outbox.c.domain)
)
_SENDING = (
    select(outbox.c.domain, func.count())
    .where(outbox.c.state == literal_column("'sending'"), outbox.c.claimed_until > bindparam("now", type_=Instant))
    .where(outbox.c.domain.in_(bindparam("domains", expanding=True)))
    .group_by(outbox.c.domain)
)


_ONE: ColumnElement[int] = literal_column("1")


@cache
def waiting() -> CTE:
    """The next domains that copies wait for, in their order: from one entry of the index to the first of the next
    domain. The copies in between are not read."""
    first = _first(outbox.c.domain >= bindparam("begin"))
    walk = select(first.label("domain"), _ONE.label("number")).cte("waiting_domains", recursive=True)
    further = select(_first(outbox.c.domain > walk.c.domain), walk.c.number + _ONE)
    return walk.union_all(further.where(walk.c.domain.is_not(null()), walk.c.number < literal_column(str(LOOKED_AT))))


def _first(where: ColumnElement[bool]) -> ScalarSelect[str]:
    waits = outbox.c.next_attempt_at.is_not(null())
    order = (outbox.c.domain, outbox.c.priority, outbox.c.id)  # as the index has them, and no other
    return select(outbox.c.domain).where(waits, where).order_by(*order).limit(_ONE).scalar_subquery()
