"""Makes pictures of charts: a program of its own, which `gateway.charts` starts.

In: a JSON list of SVG texts on stdin. Out: a JSON list of PNG files on stdout, in base64, in the same order.
The library `resvg_py` is imported here and nowhere else: its memory ends with this process, and so does a picture that
takes too much of it. Without a font resvg leaves out every label and says nothing. So the font that comes with the
program is passed by name, and no font of the machine is looked for: a chart looks the same everywhere.
Limits: `CPU_SECONDS`; `MEMORY_BYTES` of address space. The process dies of them, or fails with MemoryError.
"""

import json
import os
import resource
import sys
from base64 import b64encode

import resvg_py

from mailtickets.config.places import shipped

CPU_SECONDS = 20
MEMORY_BYTES = 512 * 1024 * 1024
FAMILY = "DejaVu Sans"
ZOOM = 2.0
"""Pixels of the picture for one of the chart: sharp on a phone and on a screen of high resolution."""


def picture(svg: str, font: str) -> bytes:
    """The PNG of a chart. Raises ValueError for what is no SVG."""
    return resvg_py.svg_to_bytes(
        svg_string=svg,
        zoom=ZOOM,
        skip_system_fonts=True,
        font_files=[font],
        font_family=FAMILY,
        sans_serif_family=FAMILY,
    )


def font_file() -> str:
    """Where the font is. Raises FileNotFoundError: resvg would draw a chart without labels."""
    path = shipped("fonts") / "DejaVuSans.ttf"
    path.stat()
    return str(path)


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    _limit()
    os.environ["RUST_BACKTRACE"] = "0"  # the last line of what it writes is the reason
    font = font_file()
    made = [picture(svg, font) for svg in json.load(sys.stdin)]
    json.dump([b64encode(octets).decode("ascii") for octets in made], sys.stdout)
