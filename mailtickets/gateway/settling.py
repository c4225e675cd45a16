"""From a draft to facts: its notices are put into words, and transaction 2 writes all of it.

Fails with: `Stale` when the draft is out of date, `Transient` for trouble. Nothing has been written then.
"""

import logging
from collections.abc import Callable

from sqlalchemy import Connection

from mailtickets.desk.letters.render import Rendered
from mailtickets.desk.model.delivery import Transient
from mailtickets.failpoint import failpoint
from mailtickets.gateway.drafting.draft import Draft
from mailtickets.gateway.shared import Shared

log = logging.getLogger("mailtickets.gateway")

BREAKERS = {
    "everybody": ("automatic-mail-stopped", ""),
    "known-everybody": ("unproven-mail-not-answered", " by mail of known people that nothing vouches for"),
    "unproven-everybody": ("first-contacts-not-answered", " by strangers' mail that nothing vouches for"),
}
"""Counter of automatic mail -> the alarm that it is used up, and which mail has used it up."""


class Settling:
    """What `process` and a failed delivery have in common."""

    def __init__(self, shared: Shared) -> None:
        self._clerk, self._workers, self._transactions = shared.clerk, shared.workers, shared.transactions
        self._alarms, self._mail_is_due, self._measures = shared.alarms, shared.mail_is_due, shared.measures

    async def settle(self, draft: Draft, also: Callable[[Connection], None]) -> None:
        """Writes the draft, and what `also` writes in the same transaction."""
        words = await self.words(draft)
        failpoint("after-words")
        await self._transactions.share(self._clerk.settle_in, draft, words, also)
        failpoint("after-apply-commit")  # before anything can be sent
        self._mail_is_due.set()
        for reason in (reason for one in draft.all() for _, reason in one.withheld):
            self._measures.count("withheld", reason)
        try:
            await self._sound_breakers(draft)
        except Transient as error:  # the draft is written; the next one tells
            log.warning("alarm not sent yet", extra={"error": str(error)})

    async def words(self, draft: Draft) -> list[Rendered]:
        """The notices of the draft in words. Errors in templates are logged; the built-in ones are used instead."""
        jobs = [notice.job for one in draft.all() for notice in one.notices]
        words = await self._workers.words(self._clerk.rules.templates, jobs)
        ids = {
            "inbound": draft.received.id if draft.received else None,
            "ticket": draft.after.number if draft.after else None,
        }
        for rendered in words:
            for problem in rendered.problems:
                log.error(
                    "template failed: the built-in template was used",
                    extra={**ids, "file": problem.file, "line": problem.line, "error": problem.message},
                )
        return words

    async def _sound_breakers(self, draft: Draft) -> None:
        """Tells ops when the hour's automatic mail is used up: people's answers still go out, the rest is withheld."""
        limit = self._clerk.rules.policy.budget.automatic_per_hour
        for counter, (key, cause) in BREAKERS.items():
            if any(reason == f"budget-{counter}" for _, reason in draft.withheld):
                await self._alarms.sound(key, f"budget.automatic_per_hour = {limit} is used up{cause}")
            elif any(line.key == counter for line in draft.budget):
                await self._alarms.clear(key)
