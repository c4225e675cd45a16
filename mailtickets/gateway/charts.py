"""Charts as PNG files, for mail: SVG in, pictures out.

They are made by a process of its own (`gateway.chart_pictures`), which may be killed: nothing that goes wrong there
costs more than the pictures.
Fails with: nothing. `NoPictures` is returned, and says why; a report then goes out without pictures.
Limits: `SECONDS`, and those of the process.
"""

import json
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mailtickets.gateway import programs
from mailtickets.gateway.programs import ProgramFailed

SECONDS = 30.0
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class NoPictures:
    """Why there are no pictures."""

    code: Literal["took-too-long", "failed", "not-started"]
    text: str
    """For the person who runs the desk."""


def png(svgs: Sequence[str]) -> list[bytes] | NoPictures:
    """A picture of each SVG, in the same order: all of them, or none. It blocks: call it in a thread."""
    if not svgs:
        return []
    reads = json.dumps(list(svgs)).encode("ascii")
    try:
        written = programs.run("mailtickets.gateway.chart_pictures", seconds=SECONDS, reads=reads)
        return _pictures(written, len(svgs))
    except ProgramFailed as error:
        return NoPictures(error.code, f"the charts could not be drawn: {error}")
    except (ValueError, TypeError) as error:
        return NoPictures("failed", f"the charts could not be drawn: {error}")


def _pictures(written: bytes, wanted: int) -> list[bytes]:
    made = [b64decode(picture, validate=True) for picture in json.loads(written)]
    if len(made) != wanted or not all(octets.startswith(_PNG) for octets in made):
        raise ValueError("what the process wrote are no pictures")
    return made
