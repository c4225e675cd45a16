"""What our HTML colours can be read on light and on dark ground: a contrast of 4.5 to 1 at least (WCAG 2.1, 1.4.3)."""

import re

import pytest

from mailtickets.config.places import shipped, template_texts

TEXTS = {name: text for name, text in template_texts(shipped("templates")).items() if name.endswith(".html")}
LIGHT = ("#ffffff", "#f1f3f4")
DARK = ("#000000", "#121212", "#1e1e1e", "#2b2b2b")
"""The grounds of mail programs: Chromium's, Gmail's, Apple Mail's, Outlook's."""
_COLOURED = re.compile(r"<\w+(?: class=\"(\w+)\")? style=\"[^\"]*(?<![-\w])color: (#[0-9a-f]{6})[^\"]*\"")
_RULE = re.compile(r"\.(\w+) { color: (#[0-9a-f]{6}) !important; }")
LAYOUT = TEXTS["layout.html"]
IN_THE_DARK = dict(_RULE.findall(LAYOUT[LAYOUT.index("@media (prefers-color-scheme: dark)") :]))


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_counted_as_the_guideline_does() -> None:
    assert round(contrast("#000000", "#ffffff"), 1) == 21.0
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48


@pytest.mark.parametrize(
    "name", sorted(name for name, text in TEXTS.items() if " color: #" in text.split("<style>")[0])
)
def test_coloured_words_can_be_read_on_light_and_on_dark_ground(name: str) -> None:
    coloured = _COLOURED.findall(TEXTS[name])
    assert len(coloured) == len(re.findall(r"(?<![-\w])color: #", TEXTS[name]))
    for css, colour in coloured:
        assert min(contrast(colour, ground) for ground in LIGHT) >= 4.5
        assert min(contrast(IN_THE_DARK[css], ground) for ground in DARK) >= 4.5


def test_late_times_are_coloured() -> None:
    assert IN_THE_DARK["late"]
    assert _COLOURED.findall(TEXTS["clocks.html"]) == [("late", "#c5221f")]
