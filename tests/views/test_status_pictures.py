"""The status page in headless Chromium: it fits a phone and a screen, is dark where that is wanted, and can be read."""

import json
import re
from html import escape, unescape
from pathlib import Path
from typing import Any

import pytest

from mailtickets.views.charts.colours import DARK, LIGHT
from mailtickets.views.page import page
from mailtickets.views.page_charts import cards
from mailtickets.views.page_style import STYLE
from tests.servers import chromium
from tests.views.report_scenes import REPORTS, month
from tests.views.status_scenes import LOCALES, SCENES

FRAME = """<!doctype html><meta name="color-scheme" content="light dark"><title></title>
<iframe width="{width}" height="900" style="border: 0" srcdoc="{page}" onload='
  const inner = this.contentWindow, wide = [...inner.document.querySelectorAll("body *")]
    .filter((one) => !one.closest(".unseen, svg") && one.getBoundingClientRect().right > inner.innerWidth + 0.5);
  document.title = JSON.stringify({{
    width: inner.innerWidth, height: inner.document.documentElement.scrollHeight,
    wide: wide.map((one) => one.className || one.tagName),
    ground: inner.getComputedStyle(inner.document.body).backgroundColor,
    letters: Math.min(...[...inner.document.querySelectorAll(".chart-of-report text")].map((one) =>
      parseFloat(inner.getComputedStyle(one).fontSize) * one.ownerSVGElement.getScreenCTM().a)),
    outside: [...inner.document.querySelectorAll(".chart-of-report text")].filter((one) => {{
      const own = one.getBoundingClientRect(), of = one.ownerSVGElement.getBoundingClientRect();
      return own.left < of.left - 2 || own.right > of.right + 2;
    }}).map((one) => one.textContent),
    colours: ["in", "out", "h5"].map((name) => {{
      const one = inner.document.querySelector(`.chart-of-report .c-${{name}}`);
      return one && inner.getComputedStyle(one).fill;
    }}),
  }});
'></iframe>
"""
"""Chromium makes no window of less than 500 pixels, but such a frame."""


def measured(
    scene: str, locale: str, place: Path, *, width: int, dark: bool = False, charts: str = ""
) -> dict[str, Any]:
    """What the page is like in a window of this width."""
    written = place / f"{scene}-{locale}.html"
    framed = FRAME.format(width=width, page=escape(page(SCENES[scene](locale), charts)))
    written.write_text(framed, encoding="utf-8")
    dump = chromium.dom(written, width=width + 100, height=1000, dark=dark, place=place)
    found = re.search(r"<title>(\{.*?\})</title>", dump)
    assert found, dump[:500]
    said: dict[str, Any] = json.loads(unescape(found[1]))
    return said


@pytest.mark.parametrize(
    ("scene", "locale"), [("trouble", "pt_BR"), ("trouble", "en"), ("waits", "es"), ("empty", "pt_BR")]
)
def test_nothing_is_wider_than_a_phone(scene: str, locale: str, tmp_path: Path) -> None:
    said = measured(scene, locale, tmp_path, width=320)
    assert (said["width"], said["wide"]) == (320, [])


@pytest.mark.parametrize("locale", LOCALES)
def test_a_desk_that_is_well_is_one_screen(locale: str, tmp_path: Path) -> None:
    assert measured("well", locale, tmp_path, width=1280)["height"] <= 900


def test_it_is_dark_where_that_is_wanted(tmp_path: Path) -> None:
    light, dark = (measured("well", "en", tmp_path, width=1280, dark=dark)["ground"] for dark in (False, True))
    assert (light, dark) == ("rgb(244, 245, 247)", "rgb(15, 18, 22)")


@pytest.mark.parametrize("width", [320, 390, 800, 1280])
@pytest.mark.parametrize("locale", LOCALES)
def test_charts_can_be_read_on_a_phone_and_on_a_screen(locale: str, width: int, tmp_path: Path) -> None:
    said = measured("well", locale, tmp_path, width=width, charts=cards(month(), locale))
    assert (said["width"], said["wide"], said["outside"]) == (width, [], [])
    assert (8.5 if width == 320 else 10) <= said["letters"] <= 14


@pytest.mark.parametrize("name", ["huge", "year", "tiny"])
def test_charts_of_every_kind_fit_a_phone(name: str, tmp_path: Path) -> None:
    said = measured("well", "en", tmp_path, width=390, charts=cards(REPORTS[name](), "en"))
    assert (said["width"], said["wide"], said["outside"]) == (390, [], [])


def test_charts_follow_the_page_into_the_dark(tmp_path: Path) -> None:
    for dark, dress in ((False, LIGHT), (True, DARK)):
        said = measured("well", "en", tmp_path, width=1280, dark=dark, charts=cards(month(), "en"))
        assert said["colours"] == [rgb(dress[name]) for name in ("in", "out", "h5")]


def rgb(colour: str) -> str:
    return f"rgb({', '.join(str(int(colour[place : place + 2], 16)) for place in (1, 3, 5))})"


def test_paper_is_light_for_those_whose_screen_is_dark(tmp_path: Path) -> None:
    """Dark colours are of screens alone: what is printed would have light text on white paper."""
    assert [found for found in re.findall(r"@media ([^{]*)\{", STYLE) if "dark" in found] == [
        "screen and (prefers-color-scheme: dark) "
    ]
    assert (measured("well", "en", tmp_path, width=1280, dark=True)["ground"]) == "rgb(15, 18, 22)"


def test_there_is_a_picture(tmp_path: Path) -> None:
    written, out = tmp_path / "page.html", tmp_path / "page.png"
    written.write_text(page(SCENES["well"]("pt_BR")), encoding="utf-8")
    chromium.picture(written, out, width=640, height=480, place=tmp_path)
    octets = out.read_bytes()
    assert octets.startswith(b"\x89PNG")
    assert (int.from_bytes(octets[16:20], "big"), int.from_bytes(octets[20:24], "big")) == (640, 480)
    assert len(octets) > 10_000  # an empty page is a few hundred octets


# --- contrast (WCAG 2.2, 1.4.3: text 4.5 to 1, 1.4.11: what is no text 3 to 1) --------------------------


def colours() -> list[dict[str, str]]:
    """The variables of the light page and of the dark one."""
    blocks = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)[:2]
    return [dict(re.findall(r"--([\w-]+): (#[0-9a-f]+)", block)) for block in blocks]


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


TEXT = [
    ("ink", "ground"), ("ink", "card"), ("soft", "ground"), ("soft", "card"), ("soft", "faint"),
    *((state, "card") for state in ("well", "task", "fault")),
    *((state, f"{state}-ground") for state in ("well", "task", "fault")),
    *(("ink", f"{state}-ground") for state in ("well", "task", "fault")),
]  # fmt: skip


@pytest.mark.parametrize("dress", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT)
def test_text_can_be_read(text: str, ground: str, dress: str) -> None:
    known = colours()[dress == "dark"]
    assert contrast(known[text], known[ground]) >= 4.5


@pytest.mark.parametrize("dress", ["light", "dark"])
@pytest.mark.parametrize("bar", ["in", "out"])
def test_bars_stand_out(bar: str, dress: str) -> None:
    known = colours()[dress == "dark"]
    assert contrast(known[bar], known["card"]) >= 3
