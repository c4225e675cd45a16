"""What the parts of a report are called."""

import pytest

from mailtickets.config.kinds import TicketKind
from mailtickets.desk.figures.labels import labels
from mailtickets.desk.figures.report import Dimension
from tests.desk.builders import a_policy
from tests.desk.clock.workshop import stages

POLICY = a_policy(
    suporte={"stages": stages()}, kinds=(TicketKind(name="obra", label={"pt_BR": "Obra", "en": "Works"}),)
)


@pytest.mark.parametrize(
    ("by", "value", "called"),
    [
        ("agent", "ana@desk.test", {"pt_BR": "Ana Lima", "en": "Ana Lima", "es": "Ana Lima"}),
        ("agent", "gone@desk.test", {}),
        ("agent", "", {}),
        ("type", "obra", {"pt_BR": "Obra", "en": "Works"}),
        ("type", "incident", {}),  # its words come with the program
        ("stage", "none-any-more", {}),
        ("tag", "vpn", {}),
        ("queue", "suporte", {}),
    ],
)
def test_a_part_is_called_as_the_configuration_says(by: Dimension, value: str, called: dict[str, str]) -> None:
    assert labels(by, value, POLICY) == called


def test_a_stage_has_its_label() -> None:
    labelled = next(stage for stage in stages() if stage.label)
    assert labels("stage", labelled.name, POLICY) == labelled.label
