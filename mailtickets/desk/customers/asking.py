"""Whether a customer is asked how it was, when a ticket of theirs is resolved. Pure.

The question stands in the mail that says that the ticket is resolved, or comes in a mail of its own after the time in
`ask_rating_after`. Owns: about which resolutions nobody is asked: a merge, spam, a customer who fell silent or closed
the ticket themselves, a privacy request, an imported ticket.
"""

from datetime import datetime, timedelta
from typing import Final

from mailtickets.config.durations import span
from mailtickets.config.models import Queue
from mailtickets.desk.clock.levels import fits, level_for
from mailtickets.desk.model.decision import Decision
from mailtickets.desk.model.effects import SetStatus
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.reason import Reason
from mailtickets.desk.model.ticket import FINISHED, Ticket

ASKED_ONCE_IN: Final = timedelta(days=30)
"""One person is asked once in this time, whatever the ticket and the queue."""
GIVEN_UP_AFTER: Final = timedelta(days=7)
"""So long after its time a question that could not be sent is not sent any more."""
SPAM: Final = "spam"
NOT_ASKED: Final[frozenset[Reason]] = frozenset(
    {"merged", "spam", "undone", "customer-silent", "customer-closed", "customer-cancelled", "resolved-long-enough"}
)
"""Why a ticket is resolved without anybody being asked about it."""
_PRIVACY: Final = frozenset({"lgpd", "lgpd-small"})


def calls_for_opinion(decision: Decision, after: Ticket | None, policy: Policy) -> bool:
    """Whether a decision resolves a ticket in a way about which its customer may be asked."""
    resolved = any(
        isinstance(effect, SetStatus) and effect.to == "resolved" and effect.reason not in NOT_ASKED
        for effect in decision.effects
    )
    return after is not None and resolved and after.status in FINISHED and may_be_asked_about(after, policy)


def may_be_asked_about(ticket: Ticket, policy: Policy) -> bool:
    """Whether the customer of a finished ticket may be asked about it, as it is now."""
    queue, kind = policy.queue(ticket.queue), policy.kind(ticket.type or "")
    requester = ticket.participant(ticket.requester.address)
    silent = requester is not None and requester.muted
    if queue is None or not queue.satisfaction or silent or SPAM in ticket.tags:
        return False
    return (kind is None or kind.ask_rating) and not is_private(ticket, policy)


def is_private(ticket: Ticket, policy: Policy) -> bool:
    """Whether the ticket is a request about personal data: its service level has the profile `lgpd` or `lgpd-small`, or
    a level with that profile names its type."""
    level = level_for(ticket, policy)
    if level is not None and level.profile in _PRIVACY:
        return True
    return any(one.profile in _PRIVACY and one.types and fits(one, ticket) for one in policy.levels)


def asked_later(queue: Queue) -> timedelta | None:
    """How long after the resolution the queue asks, by a mail of its own. None: at once."""
    return span(queue.ask_rating_after) if queue.ask_rating_after else None


def is_recent(asked_at: datetime | None, now: datetime) -> bool:
    """Whether somebody was asked so short a time ago that they are not asked again."""
    return asked_at is not None and now - asked_at < ASKED_ONCE_IN
