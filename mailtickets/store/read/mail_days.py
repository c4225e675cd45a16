"""How many mails came on a local day, by queue and by what became of them.

In: a reader, the day, the policy. Out: counts by queue and outcome; `waiting` is mail that is not decided on. Imported
mail did not come on that day, and is left out. A mail counts once, for the queue of its ticket; where it has no ticket,
for the first of its recipients that is a queue, or for none ("").
Fails with: as `reader`.
"""

import json
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from mailtickets.desk.model.policy import Policy
from mailtickets.mail.door import IMPORT
from mailtickets.store.read.reader import Reader

WAITING = "waiting"
MAIL_MARK = "mail-days"
"""Under this key, `told_mark` has the last day whose mail was counted."""

_OF_DAY = """
SELECT ticket.queue, inbound.queue_hint, inbound.outcome,
  CASE WHEN ticket.queue IS NULL THEN CAST(inbound.recipients AS TEXT) ELSE '' END AS reached, count(*) AS many
FROM inbound LEFT JOIN ticket ON ticket.number = inbound.ticket
WHERE inbound.received_at >= :since_at AND inbound.received_at < :until_at AND inbound.source <> :old
GROUP BY 1, 2, 3, 4
"""


def mail_of(reader: Reader, day: date, policy: Policy) -> Counter[tuple[str, str]]:
    """How many mails came on a day, by (queue, outcome)."""
    found: Counter[tuple[str, str]] = Counter()
    since, until = bounds(day, policy)
    for row in reader.each(_OF_DAY, since_at=since, until_at=until, old=IMPORT.name):
        queue = row.queue or row.queue_hint or _reached(row.reached, policy)
        found[queue, row.outcome or WAITING] += row.many
    return found


def uncounted_since(reader: Reader, policy: Policy, today: date) -> date:
    """The first local day whose mail is not in `mail_day`, or not all of it; `today` at the latest."""
    mark = reader.one("SELECT value FROM told_mark WHERE key = :key", key=MAIL_MARK)
    if mark is not None:
        return min(date.fromisoformat(mark.value) + timedelta(days=1), today)
    oldest = "SELECT received_at FROM inbound WHERE source <> :old ORDER BY received_at LIMIT 1"
    first = reader.one(oldest, old=IMPORT.name)
    return min(first.received_at.astimezone(ZoneInfo(policy.instance.timezone)).date(), today) if first else today


def bounds(day: date, policy: Policy) -> tuple[datetime, datetime]:
    """When a local day begins and ends, in UTC."""
    zone = ZoneInfo(policy.instance.timezone)
    first, last = (datetime.combine(one, time(), zone) for one in (day, day + timedelta(days=1)))
    return first.astimezone(UTC), last.astimezone(UTC)


def _reached(recipients: str, policy: Policy) -> str:
    for address in json.loads(recipients):
        queue = policy.queue_at(address)
        if queue is not None:
            return queue.name
    return ""
