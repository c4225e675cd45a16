"""What `check` says, line by line: as JSON, and as text with the next step on a line of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

CheckVerdict = Literal["ok", "warning", "wrong"]

START_DAEMON = "start the daemon: `systemctl start mailtickets`, or `mailtickets run`"
"""A next step that several areas name."""

_NEXT = " " * 9 + "next: "


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One finding. A line that is not ok says what to do about it."""

    verdict: CheckVerdict
    about: str
    """A key path of the configuration, or another name for what the line is about."""
    text: str
    next: str = ""
    """The next step for a person: empty when there is nothing to do."""


def ok(about: str, text: str) -> CheckLine:
    return CheckLine("ok", about, text)


def warning(about: str, text: str, then: str) -> CheckLine:
    return CheckLine("warning", about, text, then)


def wrong(about: str, text: str, then: str) -> CheckLine:
    return CheckLine("wrong", about, text, then)


def as_json(line: CheckLine) -> Mapping[str, str]:
    return {"verdict": line.verdict, "about": line.about, "text": line.text, "next": line.next}


def as_text(line: CheckLine) -> str:
    said = f"{line.verdict:<8} {line.about}: {line.text}"
    return f"{said}\n{_NEXT}{line.next}" if line.next else said
