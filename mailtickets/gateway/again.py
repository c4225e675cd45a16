"""Drafts again what is out of date.

`settle` raises `Stale` when the facts that a decision was based on have changed meanwhile. Then the facts are read and
the decision is made once more:

    for attempt in drafts("ticket 7", ticket=7):
        with attempt:
            settle(draft())
            return

Fails with: `Stale`, when this has happened `MOST_DRAFTS` times in a row. Each time is recorded in the log.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType

from mailtickets.store.database import Stale

log = logging.getLogger("mailtickets.gateway")

MOST_DRAFTS = 20


def drafts(
    subject: str, *, inbound: int | None = None, outbox: int | None = None, ticket: int | None = None
) -> Iterator["Attempt"]:
    """A context for each attempt at a draft; it ends quietly when the draft is stale. `subject` and the id, if the
    draft is about one mail or ticket, are for the log."""
    given = {"inbound": inbound, "outbox": outbox, "ticket": ticket}
    ids = {name: value for name, value in given.items() if value is not None}
    return (Attempt(subject, number, ids) for number in range(1, MOST_DRAFTS + 1))


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt, from 1 on. Raises `Stale` out of the last one only."""

    subject: str
    number: int
    ids: Mapping[str, int]

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> bool:
        if not isinstance(error, Stale):
            return False
        facts = {**self.ids, "subject": self.subject, "drafts": self.number, "why": str(error)}
        if self.number == MOST_DRAFTS:
            log.warning("draft was stale too often: given up", extra=facts)
            return False
        log.info("draft was stale: drafted again", extra=facts)
        return True
