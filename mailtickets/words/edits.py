"""Places in a text, and what stands there instead.

Fails with: nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """From `start` to `stop` the text reads `instead`."""

    start: int
    stop: int
    instead: str


def edited(source: str, edits: Iterable[Edit]) -> str:
    """The text with edits that are in order and do not overlap."""
    kept, at = [], 0
    for edit in edits:
        kept += [source[at : edit.start], edit.instead]
        at = edit.stop
    return "".join([*kept, source[at:]]) if kept else source


def without_overlaps(edits: Iterable[Edit]) -> Sequence[Edit]:
    """The edits in order, without those that begin inside another."""
    apart: list[Edit] = []
    for edit in sorted(edits):
        if not apart or edit.start >= apart[-1].stop:
            apart.append(edit)
    return apart
