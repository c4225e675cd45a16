"""A sheet that a chart is drawn on: its size and its words, and the elements of SVG that all charts are made of.

Coordinates are in units of the sheet: one is a pixel where the chart is shown as wide as the sheet. Two decimals.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from itertools import pairwise
from math import ceil
from typing import Literal

from mailtickets.views.charts import days as day_words
from mailtickets.views.charts.colours import Paint, paint
from mailtickets.views.charts.scales import width as text_width

Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Width and size of text of a chart, and where it is shown."""

    width: int
    text: float
    alone: bool
    """It is a picture of its own, with its heading and its ground. Else it is a part of a page."""
    locale: str

    @property
    def line(self) -> float:
        """The height of a line of text."""
        return self.text * 1.5

    @property
    def margin(self) -> float:
        return 14 if self.alone else 4


@dataclass(frozen=True, slots=True)
class Plot:
    """The rectangle in which values are drawn, for values of `slots` places."""

    left: float
    right: float
    top: float
    bottom: float
    slots: int

    @property
    def slot(self) -> float:
        return (self.right - self.left) / max(self.slots, 1)

    def x(self, place: float) -> float:
        """The middle of a place; the first is 0."""
        return self.left + self.slot * (place + 0.5)

    def y(self, share: float) -> float:
        """The height of a share of the scale, from 0 to 1."""
        return self.bottom - (self.bottom - self.top) * share


def number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if "." in f"{value:.2f}" else str(value)


def text(sheet: Sheet, at: tuple[float, float], words: str, *, anchor: Anchor = "start", name: Paint = "soft") -> str:
    """A line of text; `at` is where its base line begins, has its middle or ends."""
    anchored = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text {paint(name)} x="{number(at[0])}" y="{number(at[1])}"{anchored}>{escape(words, quote=False)}</text>'


def bar(name: Paint, corner: tuple[float, float], size: tuple[float, float], *, round_: float = 0) -> str:
    """A rectangle; `corner` is the upper left one."""
    x, y, wide, high = map(number, (*corner, *size))
    rounded = f' rx="{number(round_)}"' if round_ else ""
    return f'<rect {paint(name)} x="{x}" y="{y}" width="{wide}" height="{high}"{rounded}/>'


def line(name: Paint, points: Sequence[tuple[float, float]], *, thick: float = 1, dashed: bool = False) -> str:
    """A line through points."""
    way = "L".join(f"{number(x)} {number(y)}" for x, y in points)
    dashes = ' stroke-dasharray="5 3.5"' if dashed else ""
    return f'<path {paint(name)} d="M{way}" stroke-width="{number(thick)}" stroke-linejoin="round"{dashes}/>'


def area(name: Paint, points: Sequence[tuple[float, float]]) -> str:
    """A filled polygon."""
    return f'<path {paint(name)} d="M{"L".join(f"{number(x)} {number(y)}" for x, y in points)}Z"/>'


def dot(name: Paint, at: tuple[float, float], radius: float) -> str:
    return f'<circle {paint(name)} cx="{number(at[0])}" cy="{number(at[1])}" r="{number(radius)}"/>'


def told(words: str, *elements: str) -> str:
    """Elements that say something when they are pointed at."""
    return f"<g><title>{escape(words, quote=False)}</title>{''.join(elements)}</g>"


# --- what several charts have ---------------------------------------------------------------------------


def widest(sheet: Sheet, words: Iterable[str]) -> float:
    return max((text_width(one, sheet.text) for one in words), default=0)


def grid(sheet: Sheet, plot: Plot, ticks: Sequence[tuple[float, str]]) -> Iterator[str]:
    """Lines across at shares of the scale, with their labels left of the plot; the lowest is the axis."""
    for place, (share, label) in enumerate(ticks):
        y = plot.y(share)
        yield line("grid" if place else "axis", [(plot.left, y), (plot.right, y)])
        yield text(sheet, (plot.left - 5, y + sheet.text * 0.36), label, anchor="end")


def day_labels(sheet: Sheet, plot: Plot, dates: Sequence[date], y: float) -> Iterator[str]:
    """Labels of days below a plot: all of them, or each second, or third, as there is room."""
    found = [(plot.x(place), words) for place, words in day_words.labels(dates, sheet.locale)]
    most = widest(sheet, (words for _, words in found)) + sheet.text * 0.6
    near = min((after[0] - before[0] for before, after in pairwise(found)), default=most)
    for x, words in found[:: ceil(most / near)]:
        half = text_width(words, sheet.text) / 2
        inside = min(max(x, plot.left + half), sheet.width - sheet.margin - half)
        yield text(sheet, (inside, y), words, anchor="middle")


def nothing(sheet: Sheet, plot: Plot, words: str) -> str:
    """Says that there is nothing to show, where it would be."""
    middle = ((plot.left + plot.right) / 2, (plot.top + plot.bottom) / 2 + sheet.text * 0.36)
    return text(sheet, middle, words, anchor="middle", name="label")
