"""What people of each locale call a part of a report: agents by their names, types and stages by their labels. Pure."""

from collections.abc import Mapping

from mailtickets.config.values import LOCALES, Locale
from mailtickets.desk.figures.report import Dimension
from mailtickets.desk.model.policy import Policy


def labels(by: Dimension, value: str, policy: Policy) -> Mapping[str, str]:
    """By locale; empty where the value stands for itself, and for what the configuration does not know any more."""
    match by:
        case "agent":
            agent = policy.agent(value)
            return dict.fromkeys(LOCALES, agent.name) if agent is not None else {}
        case "type":
            kind = policy.kind(value)
            return _text(kind.label) if kind is not None else {}
        case "stage":
            found = (stage for queue in policy.queues for stage in queue.stages if stage.name == value)
            stage = next(found, None)
            return _text(stage.label) if stage is not None else {}
    return {}


def _text(label: Mapping[Locale, str]) -> dict[str, str]:
    return {str(locale): text for locale, text in label.items()}
