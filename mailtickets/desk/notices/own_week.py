"""What an agent's Monday digest says of their own week."""

from mailtickets.desk.figures import wording
from mailtickets.desk.figures.own_week import MOST_THANKS, OwnWeek
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.notices.contexts import lines_context

_MOST_WORDS = 160
"""Characters of a customer's thanks that are shown."""


def week_context(week: OwnWeek | None, policy: Policy) -> dict[str, object]:
    """The week; empty if there is nothing to say of it."""
    if week is None or not week.says_something:
        return {}
    shown = week.thanks[:MOST_THANKS]
    return {
        "week": {
            "period": wording.period(week.period, policy.instance.locale),
            "resolved": week.resolved,
            "answers": week.answers,
            "thanks": [
                {"ticket": one.ticket, "name": one.name, "text": _short(one.words), "score": one.score} for one in shown
            ],
            "more": len(week.thanks) - len(shown),
            "oldest": next(iter(lines_context([week.oldest], policy)), None) if week.oldest else None,
        }
    }


def _short(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= _MOST_WORDS else f"{line[: _MOST_WORDS - 1].rstrip()}…"
