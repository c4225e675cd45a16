"""What customers are told of a date that an agent promises them, in the answer that carries it or in a notice.

Fails with: nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from mailtickets.desk.model.decision import Decision
from mailtickets.desk.model.effects import PromiseDate, Undo
from mailtickets.desk.notices.notice import Notice, Occasion, Situation
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


def is_untold(decision: Decision, notices: Iterable[Notice]) -> bool:
    """Whether a date is promised, and none of the notices that go out tells the customer: the budget of automatic mail
    is used up, mail does not reach them, or they want no notices."""
    promises = any(isinstance(effect, PromiseDate) and effect.at is not None for effect in decision.effects)
    undone = any(isinstance(effect, Undo) for effect in decision.effects)
    return promises and not undone and not any(one.name in {"promised", "answer"} for one in notices)


def with_untold(notices: Sequence[Notice], numbers: Sequence[int]) -> tuple[Notice, ...]:
    """The notices; a receipt says of which tickets the customer does not hear the promised date."""
    lines = [{"kind": "promise_untold", "value": None, "old": None, "ticket": number} for number in numbers]
    return tuple(
        replace(one, context={**one.context, "done": [*one.context["done"], *lines]})  # type: ignore[misc]
        if one.name == "receipt" and lines
        else one
        for one in notices
    )


def standing_promise(occasion: Occasion, locale: str) -> str:
    """The date that the customer was promised and that is still to come, in words; empty if there is none."""
    clocks, now = occasion.situation.clocks, occasion.now
    dates = (clock.due_at for clock in clocks if clock.name == "promised" and clock.ended_at is None)
    at = next((date for date in dates if date is not None and date > now), None)
    zone = ZoneInfo(occasion.policy.instance.timezone)
    return due.dated(at.astimezone(zone), now.astimezone(zone), locale) if at is not None else ""
