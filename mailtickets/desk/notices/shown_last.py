"""Notices to agents that show what the customer wrote last, where nothing was written now."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from zoneinfo import ZoneInfo

from mailtickets.config.models import Agent
from mailtickets.desk.model.effects import AddMessage
from mailtickets.desk.model.ticket import Said
from mailtickets.desk.notices.for_agents import for_agents
from mailtickets.desk.notices.notice import Notice, Occasion, Situation
from mailtickets.desk.notices.row import NoticeName


def shown_last(
    name: NoticeName,
    agents: Iterable[Agent],
    occasion: Occasion,
    extra: Mapping[str, object],
) -> Notice:
    """A notice that shows what the customer wrote last."""
    newest = _last_of_the_customer(occasion.situation)
    last = AddMessage("in", "public", newest.author, verified=True, text=newest.text) if newest else None
    notice = for_agents(name, agents, occasion, message=last, silent=last is None, extra=extra)
    shown = notice.context["message"]
    if newest is None or not isinstance(shown, dict):
        return notice
    at = newest.received_at.astimezone(ZoneInfo(occasion.policy.instance.timezone))
    return replace(notice, context={**notice.context, "message": {**shown, "received_at": at}})


def _last_of_the_customer(situation: Situation) -> Said | None:
    return next((s for s in reversed(situation.newest) if s.direction == "in" and s.visibility == "public"), None)
