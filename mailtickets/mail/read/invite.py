"""Shows a calendar invitation as one readable line: what, when, where, organiser (RFC 5545, RFC 5546).

Fails with: nothing; text that is not a calendar gives an empty string. Limits: the first event, `MAX_LINES` lines.
"""

import re

from mailtickets.mail.read import header

MAX_LINES = 2_000

_PROPERTY = re.compile(r"([A-Za-z-]+)((?:;[^:;=]+=(?:\"[^\"]*\"|[^:;\"]*))*):(.*)", re.DOTALL)
_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d\d(Z?))?")
_METHODS = {"REQUEST": "Invitation", "CANCEL": "Cancelled", "COUNTER": "Counter-proposal", "PUBLISH": "Event"}
_ANSWERS = {"ACCEPTED": "Accepted", "DECLINED": "Declined", "TENTATIVE": "Tentative"}


def line(calendar: str) -> str:
    """`Invitation: what, when, where, organiser`, with those of the four that the calendar states; empty if it states
    no event.
    """
    found = _properties(calendar)
    if not {"SUMMARY", "DTSTART"} & found.keys():
        return ""
    what = _text(found.get("SUMMARY"))
    stated = (what, _when(found), _text(found.get("LOCATION")), _person(found.get("ORGANIZER")))
    return header.one_line(f"{_label(found)}: " + ", ".join(fact for fact in stated if fact))


def _properties(calendar: str) -> dict[str, tuple[str, str]]:
    """The first value of each property, from the calendar itself and from its first event."""
    lines = re.sub(r"\r?\n[ \t]", "", calendar).splitlines()[:MAX_LINES]
    found: dict[str, tuple[str, str]] = {}
    component = ""
    for text in lines:
        match = _PROPERTY.fullmatch(text)
        if match is None:
            continue
        name = match[1].upper()
        if name == "BEGIN":
            component = match[3].strip().upper()
        elif (name, match[3].strip().upper()) in (("END", "VEVENT"), ("END", "VTODO")):
            break
        elif component in ("VCALENDAR", "VEVENT", "VTODO"):
            found.setdefault(name, (match[2], match[3].strip()))
    return found


def _label(found: dict[str, tuple[str, str]]) -> str:
    method = found.get("METHOD", ("", ""))[1].upper()
    if method == "REPLY":
        answer = re.search(r"PARTSTAT=([A-Z-]+)", found.get("ATTENDEE", ("", ""))[0], re.IGNORECASE)
        return _ANSWERS.get(answer[1].upper(), "Answer") if answer else "Answer"
    return _METHODS.get(method, "Invitation")


def _text(value: tuple[str, str] | None) -> str:
    """The text of a property, with escaped commas, semicolons and line breaks decoded (RFC 5545 section 3.3.11)."""
    if value is None:
        return ""
    return re.sub(r"\\(.)", lambda match: " " if match[1] in "nN" else match[1], value[1]).strip()


def _when(found: dict[str, tuple[str, str]]) -> str:
    if "DTSTART" not in found:
        return ""
    parameters, start = found["DTSTART"]
    end = found.get("DTEND", ("", ""))[1]
    zone = re.search(r"TZID=\"?([^\";:]+)", parameters, re.IGNORECASE)
    shown_start, shown_end = _moment(start), _moment(end)
    if shown_end[:10] == shown_start[:10]:
        shown_end = shown_end[11:]
    span = f"{shown_start} - {shown_end}" if shown_end else shown_start
    name = "UTC" if start.endswith("Z") else zone[1] if zone else ""
    return f"{span} ({name})" if name and span else span


def _moment(value: str) -> str:
    match = _TIME.match(value)
    if match is None:
        return ""
    year, month, day, hour, minute, _ = match.groups()
    return f"{year}-{month}-{day} {hour}:{minute}" if hour else f"{year}-{month}-{day}"


def _person(value: tuple[str, str] | None) -> str:
    if value is None:
        return ""
    name = re.search(r"CN=(?:\"([^\"]*)\"|([^;:\"]*))", value[0], re.IGNORECASE)
    address = re.sub(r"^mailto:", "", value[1], flags=re.IGNORECASE)
    shown = (name[1] or name[2] or "").strip() if name else ""
    return f"{shown} <{address}>" if shown and shown != address and "@" in address else shown or address
