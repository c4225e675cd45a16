"""Who thanked whom in a stretch of time: mails that only thank, and good ratings with their comments.

The mails of the time are walked by the index of when they came in: once a week, for all agents together.
Limits: the `MOST` newest.
"""

from collections.abc import Sequence
from datetime import datetime

from mailtickets.desk.figures.own_week import ThankYou
from mailtickets.store.read.reader import Reader, among

GOOD = 4
MOST = 2_000

_THANKS = """
    SELECT i.ticket, i.reason, m.author_name, m.author_address, m.reply, r.score, r.comment,
           coalesce(
               (SELECT e.actor FROM event e
                 WHERE e.ticket = i.ticket AND e.kind = 'status' AND e.new IN ('resolved', 'closed')
                   AND e.at <= i.received_at AND e.actor IN ({agents})
                 ORDER BY e.id DESC LIMIT 1),
               (SELECT t.assignee FROM ticket t WHERE t.number = i.ticket),
               '') AS agent
      FROM inbound i
      JOIN message m ON m.inbound = i.id
      LEFT JOIN rating r ON r.ticket = i.ticket AND r.at = i.decided_at
     WHERE i.received_at >= :since AND i.received_at < :until AND i.reason IN ('only-thanks', 'rated')
       AND m.direction = 'in' AND m.visibility = 'public'
     ORDER BY i.received_at DESC, i.id DESC
     LIMIT :most
"""


def thanks(reader: Reader, agents: Sequence[str], since: datetime, until: datetime) -> list[ThankYou]:
    """What was said to agents, whose addresses these are: to whoever of them resolved the ticket last, else to its
    assignee. The newest first."""
    marks, values = among("agent", agents)
    found = []
    for row in reader.each(_THANKS.replace("{agents}", marks), since=since, until=until, most=MOST, **values):
        if row.reason == "rated" and (row.score is None or row.score < GOOD):
            continue
        words = row.comment if row.reason == "rated" else row.reply
        name = row.author_name or row.author_address
        found.append(ThankYou(row.ticket, name, (words or "").strip(), row.score, row.agent))
    return found
