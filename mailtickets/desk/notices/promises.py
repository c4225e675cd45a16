"""What customers are told of a date that an agent promises them, in the answer that carries it or in a notice.

Fails with: nothing.
"""

from zoneinfo import ZoneInfo

from mailtickets.desk.model.effects import PromiseDate, Undo
from mailtickets.desk.notices.notice import Occasion, Situation
from mailtickets.words import due


def promise_of(situation: Situation) -> PromiseDate | None:
    """The change of the promised date that the customer must hear of; None if there is none.

    They have not heard of a promise whose answer was taken back before it went out.
    """
    effects, facts = situation.decision.effects, situation.facts
    unsent = facts is not None and facts.undoable is not None and facts.undoable.until is not None
    if unsent and any(isinstance(effect, Undo) for effect in effects):
        return None
    return next((effect for effect in reversed(effects) if isinstance(effect, PromiseDate)), None)


def promise_context(promise: PromiseDate, locale: str, occasion: Occasion) -> dict[str, object]:
    """The date in words of the customer's locale, or that there is none any more."""
    zone = ZoneInfo(occasion.policy.instance.timezone)
    if promise.at is None:
        return {"promised": "", "promise_withdrawn": True}
    at, now = promise.at.astimezone(zone), occasion.now.astimezone(zone)
    return {"promised": due.dated(at, now, locale), "promise_withdrawn": False}


def standing_promise(occasion: Occasion, locale: str) -> str:
    """The date that the customer was promised and that is still to come, in words; empty if there is none."""
    clocks, now = occasion.situation.clocks, occasion.now
    dates = (clock.due_at for clock in clocks if clock.name == "promised" and clock.ended_at is None)
    at = next((date for date in dates if date is not None and date > now), None)
    zone = ZoneInfo(occasion.policy.instance.timezone)
    return due.dated(at.astimezone(zone), now.astimezone(zone), locale) if at is not None else ""
