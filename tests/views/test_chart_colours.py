"""The colours of charts are told apart: on light and dark ground, in black and white, and without red or green."""

from collections.abc import Mapping
from itertools import pairwise

import pytest

from mailtickets.views.charts.colours import DARK, LIGHT, STEPS
from tests.views.test_status_pictures import colours as of_the_page
from tests.views.test_status_pictures import contrast, luminance

DRESSES = pytest.mark.parametrize("dress", [LIGHT, DARK], ids=["light", "dark"])

# Machado, Oliveira, Fernandes (2009): what people without one kind of cones see, in linear light.
SIGHTS: Mapping[str, tuple[tuple[float, float, float], ...]] = {
    "usual": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039)),
}
EACH_SIGHT = pytest.mark.parametrize("sight", SIGHTS)


def linear(colour: str) -> list[float]:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def seen(colour: str, sight: str) -> tuple[float, float, float]:
    """CIELAB (D65) of a colour, as people of this sight see it: lightness, and two axes of hue."""
    red, green, blue = (
        min(1.0, max(0.0, sum(part * of for part, of in zip(row, linear(colour), strict=True))))
        for row in SIGHTS[sight]
    )
    x = (0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047
    y = 0.2126729 * red + 0.7151522 * green + 0.0721750 * blue
    z = (0.0193339 * red + 0.1191920 * green + 0.9503041 * blue) / 1.08883
    a, b, c = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in (x, y, z))
    return 116 * b - 16, 500 * (a - b), 200 * (b - c)


def difference(one: str, other: str, sight: str) -> float:
    """CIE 1976: 2 is just seen; 20 and more is another colour at a glance."""
    return sum((a - b) ** 2 for a, b in zip(seen(one, sight), seen(other, sight), strict=True)) ** 0.5


@DRESSES
def test_text_can_be_read(dress: Mapping[str, str]) -> None:
    for name in ("ink", "soft"):
        assert contrast(dress[name], dress["ground"]) >= 4.5


@DRESSES
def test_marks_stand_out_from_the_ground(dress: Mapping[str, str]) -> None:
    """WCAG 2.2, 1.4.11: 3 to 1, also on the area of the backlog and the band of satisfaction."""
    for name in ("in", "out", "axis"):
        assert contrast(dress[name], dress["ground"]) >= 3
    assert contrast(dress["in"], dress["area"]) >= 3
    assert contrast(dress["ink"], dress["area"]) >= 4.5


@DRESSES
@EACH_SIGHT
def test_the_two_series_are_told_apart_by_everybody(sight: str, dress: Mapping[str, str]) -> None:
    assert difference(dress["in"], dress["out"], sight) >= 40


@DRESSES
def test_the_two_series_are_told_apart_in_black_and_white(dress: Mapping[str, str]) -> None:
    assert contrast(dress["in"], dress["out"]) >= 1.5
    assert abs(seen(dress["in"], "usual")[0] - seen(dress["out"], "usual")[0]) >= 15


@DRESSES
@EACH_SIGHT
def test_steps_of_the_heat_map_go_one_way_and_each_is_another(sight: str, dress: Mapping[str, str]) -> None:
    lightness = [seen(dress[step], sight)[0] for step in STEPS]
    assert lightness == sorted(lightness, reverse=dress is LIGHT)
    assert all(abs(one - other) >= 8 for one, other in pairwise(lightness))


@DRESSES
def test_the_fullest_hour_is_the_farthest_from_the_ground(dress: Mapping[str, str]) -> None:
    steps = [contrast(dress[step], dress["ground"]) for step in STEPS]
    assert steps == sorted(steps)
    assert steps[-1] >= 7


def test_the_ground_of_charts_is_that_of_the_cards_they_stand_on() -> None:
    for dress, page in zip((LIGHT, DARK), of_the_page(), strict=True):
        assert luminance(dress["ground"]) == luminance(page["card"])
