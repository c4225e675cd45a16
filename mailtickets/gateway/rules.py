"""The configuration, in the form that decisions and notices need."""

from collections.abc import Iterable
from dataclasses import dataclass

from mailtickets.config.models import Config
from mailtickets.config.places import shipped, template_texts
from mailtickets.desk.clock.holidays import Holiday
from mailtickets.desk.letters.letter import Stationery
from mailtickets.desk.letters.sandbox import Templates
from mailtickets.desk.model.policy import Policy


@dataclass(frozen=True, slots=True)
class Rules:
    """What decisions and notices need of a configuration. A reload replaces all of it."""

    policy: Policy
    templates: Templates
    stationery: Stationery


def rules_of(config: Config, secrets: tuple[bytes, ...], holidays: Iterable[Holiday] = ()) -> Rules:
    """Makes the rules of a configuration. `holidays` are those that its calendars name (`gateway.holidays`)."""
    overriding = config.templates.directory
    templates = Templates(
        template_texts(shipped("templates")), template_texts(config.path(overriding)) if overriding else {}
    )
    return Rules(Policy.of(config, holidays), templates, Stationery(config.instance, secrets, config.delivery.envelope))
