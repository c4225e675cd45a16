"""Reads RFC 3464 delivery-status fields as mail systems write them: correct, damaged, or in the middle of a text.

Owns: which group of recipient fields counts for a report, and what its fields mean.
Fails with: nothing. A group of fields without any recipient is ignored.
Limits: linear in the length of the fields.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from mailtickets.mail.kind.bounce.words import ADDRESS, ENHANCED, REPLY_CODE

MAX_RECIPIENT_CHARACTERS = 320
"""RFC 5321 section 4.5.3.1: 64 octets, an @ and 255 octets."""
ACTIONS = ("failed", "delayed", "delivered", "relayed", "expanded")
_RECIPIENTS = ("original-recipient", "final-recipient", "x-actual-recipient")
"""The fields that name a recipient. The original recipient, the address that we wrote to, comes first: we know only
that one (RFC 3464 section 2.3.1).
"""
_UNIQUE = {*_RECIPIENTS, "action", "status"}
_GROUPED = {*_UNIQUE, "diagnostic-code"}
_FIELD = re.compile(r"[ \t]{0,8}([A-Za-z][A-Za-z0-9-]{1,60})[ \t]*:[ \t]*(.*)", re.DOTALL)
_TYPED = re.compile(r"\s*+[\w .-]{0,40}?\s*;\s*")
_HEX_POINT = re.compile(r"\\x\{([0-9A-Fa-f]{1,6})\}")


@dataclass(frozen=True, slots=True)
class Failure:
    """What a report states about one recipient. A field is empty if the report does not state it."""

    recipient: str = ""
    action: str = ""
    status: str = ""
    diagnostic: str = ""


def field_failures(text: str) -> list[Failure]:
    """One failure for each recipient in the delivery-status fields; permanent failures come first."""
    failures = [_failure(group) for group in _groups(text) if any(key in group for key in _RECIPIENTS)]
    return sorted(failures, key=lambda failure: (_rank(failure.action), "@" not in failure.recipient))


def original_message_id(text: str) -> str:
    """The Message-ID of the reported mail, if the per-message fields state it."""
    for name, value in _fields(text):
        ids = value.strip().strip("<>").split()
        if name in ("original-message-id", "x-original-message-id") and ids:
            return ids[0]
    return ""


def _rank(action: str) -> int:
    return ACTIONS.index(action) if action in ACTIONS else 1


def _fields(text: str) -> Iterator[tuple[str, str]]:
    """The fields as (lower-case name, unfolded value). Lines that are not fields are skipped."""
    name, lines = "", list[str]()
    for line in text.splitlines():
        if line[:1] in (" ", "\t") and name and line.strip():
            lines.append(line.strip())
            continue
        if name:
            yield name, " ".join(lines)
        match = _FIELD.match(line)
        name, lines = (match[1].lower(), [match[2].strip()]) if match else ("", [])
    if name:
        yield name, " ".join(lines)


def _groups(text: str) -> Iterator[dict[str, str]]:
    """The groups of fields, one per recipient, each as {lower-case name: value}.

    Blank lines separate groups (RFC 3464 section 2.1), but some systems leave them out or put one after every field. So
    a new group begins where a field repeats, or where a recipient is named after the last group was complete.
    """
    group: dict[str, str] = {}
    for name, value in _fields(text):
        if (name in _RECIPIENTS and _is_whole(group)) or (name in _UNIQUE and name in group):
            yield group
            group = {}
        if name in _GROUPED and value:
            group.setdefault(name, value)
    yield group


def _is_whole(group: dict[str, str]) -> bool:
    return "action" in group and "status" in group and any(key in group for key in _RECIPIENTS)


def _failure(group: dict[str, str]) -> Failure:
    named = [_address(group[key]) for key in _RECIPIENTS if key in group]
    return Failure(
        recipient=next((name for name in named if "@" in name), next(iter(named), "")),
        action=_action(group.get("action", "")),
        status=enhanced(group.get("status", "")),
        diagnostic=_untyped(group.get("diagnostic-code", "")),
    )


def _address(value: str) -> str:
    """The address in a value like `rfc822; <somebody@there.test>`, also misspelt. Hexadecimal code points of RFC 6533
    section 3 are decoded. Empty if the value holds no possible address.
    """
    value = _HEX_POINT.sub(lambda match: chr(min(int(match[1], 16), 0xFFFD)), _untyped(value))
    if found := ADDRESS.search(value):
        return found.group().rstrip(".")
    bare = value.strip(" <>\"'")
    return bare if len(bare) <= MAX_RECIPIENT_CHARACTERS and not bare.startswith("@") else ""


def _untyped(value: str) -> str:
    match = _TYPED.match(value)
    return (value[match.end() :] if match else value).strip()


def _action(value: str) -> str:
    word = value.strip().lower()
    return next(
        (action for action in ACTIONS if word.startswith(action[:5])), "failed" if word.startswith("fail") else ""
    )


def enhanced(text: str) -> str:
    """The first RFC 3463 code with a detail beyond its class, otherwise the first code; empty if there is none."""
    found = [match.group() for match in ENHANCED.finditer(text) if match[1] != "2" or not text[: match.start()].strip()]
    return next((code for code in found if not code.endswith(".0.0")), next(iter(found), ""))


def reply_class(text: str) -> str:
    """The class of the first SMTP reply code: `4` or `5` (RFC 5321 section 4.2.1); empty if there is no such code."""
    found = REPLY_CODE.findall(text)
    return found[0][0] if found else ""


def amazon_failures(text: str) -> list[Failure]:
    """The failures in a report of Amazon SES, which SNS sends as JSON inside JSON. Empty if there is none."""
    people = _amazon(text).get("bounce", {})
    people = people.get("bouncedRecipients") if isinstance(people, dict) else None
    return [_person(person) for person in people if isinstance(person, dict)] if isinstance(people, list) else []


def amazon_message_id(text: str) -> str:
    mail = _amazon(text).get("mail", {})
    common = mail.get("commonHeaders", {}) if isinstance(mail, dict) else {}
    return str(common.get("messageId", "")).strip("<> ") if isinstance(common, dict) else ""


def _amazon(text: str) -> dict[str, object]:
    if "bouncedRecipients" not in text:
        return {}
    try:
        notice = json.loads(text[text.find("{") : text.rfind("}") + 1], strict=False)
        notice = json.loads(notice["Message"], strict=False) if "Message" in notice else notice
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}
    return notice if isinstance(notice, dict) else {}


def _person(person: dict[str, object]) -> Failure:
    return Failure(
        recipient=str(person.get("emailAddress", "")),
        action=_action(str(person.get("action", "failed"))),
        status=enhanced(str(person.get("status", ""))),
        diagnostic=_untyped(str(person.get("diagnosticCode", ""))),
    )
