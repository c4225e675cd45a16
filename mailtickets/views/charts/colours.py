"""The colours of charts, in light and in dark, and the style of a page that shows charts.

Every element has a class and the colours of light as attributes. So a chart is complete as a file, and in a page the
rules of `STYLE` win over the attributes: the page is dark where that is wanted.
The two colours of series, and the steps of the heat map, differ in lightness and not only in hue: they are told apart
in black and white, and by people who do not tell red from green. Tests compute it.
"""

from collections.abc import Mapping
from typing import Literal

Paint = Literal[
    "ground", "edge", "ink", "label", "soft", "grid", "axis", "in", "out", "in-line", "out-line",
    "in-area", "hollow", "hit", "h0", "h1", "h2", "h3", "h4", "h5",
]  # fmt: skip
"""What an element is painted as."""

STEPS: tuple[Paint, ...] = ("h0", "h1", "h2", "h3", "h4", "h5")
"""Cells of the heat map: none, then from few to many."""

LIGHT: Mapping[str, str] = {
    "ground": "#ffffff", "edge": "#d5dae1", "ink": "#16191f", "soft": "#525b69", "grid": "#e2e5ea", "axis": "#838c9a",
    "in": "#1f4e9e", "out": "#dc7a12", "area": "#dbe6f7",
    "h0": "#f3f5f8", "h1": "#c9ddf4", "h2": "#93bde8", "h3": "#4f92d4", "h4": "#1f66b0", "h5": "#0a3168",
}  # fmt: skip
DARK: Mapping[str, str] = {
    "ground": "#181c22", "edge": "#2a3039", "ink": "#e8ebf0", "soft": "#a0a9b7", "grid": "#2b323c", "axis": "#6f7988",
    "in": "#a9c9ff", "out": "#d9822b", "area": "#26354e",
    "h0": "#20262e", "h1": "#1d3f66", "h2": "#2b649f", "h3": "#4f92d4", "h4": "#93bde8", "h5": "#e3efff",
}  # fmt: skip

_PAINTED: Mapping[Paint, Mapping[str, str]] = {
    "ground": {"fill": "ground"},
    "edge": {"fill": "none", "stroke": "edge"},
    "ink": {"fill": "ink"},
    "label": {"fill": "ink", "stroke": "ground", "stroke-width": "3", "paint-order": "stroke"},
    "soft": {"fill": "soft"},
    "grid": {"stroke": "grid"},
    "axis": {"stroke": "axis"},
    "in": {"fill": "in"},
    "out": {"fill": "out"},
    "in-line": {"fill": "none", "stroke": "in"},
    "out-line": {"fill": "none", "stroke": "out"},
    "in-area": {"fill": "area"},
    "hollow": {"fill": "ground"},
    "hit": {"fill": "transparent"},
    **{step: {"fill": step} for step in STEPS},
}
"""The attributes of each paint, and the colours that they have."""


def paint(name: Paint) -> str:
    """The attributes of an element."""
    values = "".join(f' {attribute}="{LIGHT.get(colour, colour)}"' for attribute, colour in _PAINTED[name].items())
    return f'class="c-{name}"{values}'


def _variables(colours: Mapping[str, str]) -> str:
    return " ".join(f"--c-{name}: {colour};" for name, colour in colours.items())


def _rule(name: Paint) -> str:
    values = " ".join(
        f"{attribute}: {f'var(--c-{colour})' if colour in LIGHT else colour};"
        for attribute, colour in _PAINTED[name].items()
    )
    return f".chart-of-report .c-{name} {{ {values} }}"


_RULES = "\n".join(map(_rule, _PAINTED))

STYLE = f"""
.chart-of-report {{ display: block; width: 100%; max-width: 440px; height: auto; font-family: inherit; }}
.chart-of-report {{ {_variables(LIGHT)} }}
@media screen and (prefers-color-scheme: dark) {{
  .chart-of-report {{ {_variables(DARK)} }}
}}
{_RULES}
@media print {{ .chart-of-report {{ -webkit-print-color-adjust: exact; print-color-adjust: exact; }} }}
"""
"""For the <style> of a page that shows charts inline."""
