"""Every message of the corpus reads as was written down for it, whatever its line endings.

Beside each `NAME.eml` stands `NAME.toml`, written by hand: what the message says. Only the keys that are there are
compared; keys that end in `_has` list texts that must be found, `_lacks` those that must not.
"""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mailtickets.mail.read.parse import as_json, parse

CORPUS = Path(__file__).parents[1] / "corpus"
NAMES = sorted(path.stem for path in CORPUS.glob("*.eml"))
LINE_ENDINGS: dict[str, Callable[[bytes], bytes]] = {
    "lf": lambda raw: raw,
    "crlf": lambda raw: raw.replace(b"\n", b"\r\n"),
    "cr": lambda raw: raw.replace(b"\n", b"\r"),
}


def test_the_corpus_is_there() -> None:
    assert len(NAMES) >= 200


@pytest.mark.parametrize("ending", LINE_ENDINGS)
@pytest.mark.parametrize("name", NAMES)
def test_a_message_reads_as_expected(name: str, ending: str) -> None:
    raw = (CORPUS / f"{name}.eml").read_bytes()
    expected = tomllib.loads((CORPUS / f"{name}.toml").read_text("utf-8"))
    assert b"\r" not in raw or expected.get("own_line_endings"), "stored with LF, so that endings can be varied"
    if not expected.pop("own_line_endings", False):
        raw = LINE_ENDINGS[ending](raw)
    assert wrong(as_json(parse(raw), name), expected) == []


def wrong(read: dict[str, Any], expected: dict[str, Any]) -> list[str]:
    """What differs, one line each."""
    return [line for key, value in expected.items() for line in _differences(read, key, value)]


def _differences(read: dict[str, Any], key: str, value: Any) -> list[str]:
    if key == "attachments":
        return _attachment_differences(read["attachments"], value)
    if key.endswith("_has"):
        found = read[key.removesuffix("_has")] or ""
        return [f"{key}: no {text!r} in {found!r}" for text in value if text not in found]
    if key.endswith("_lacks"):
        found = read[key.removesuffix("_lacks")] or ""
        return [f"{key}: {text!r} in {found!r}" for text in value if text in found]
    found = read[key]
    if isinstance(value, str) and isinstance(found, str):
        value, found = value.strip("\n"), found.strip("\n")
    if isinstance(value, str) and value == "":
        found = found or ""
    return [] if found == value else [f"{key}: expected {value!r}, read {found!r}"]


def _attachment_differences(read: list[dict[str, Any]], expected: list[dict[str, Any]]) -> list[str]:
    if len(read) != len(expected):
        return [f"attachments: expected {len(expected)}, read {[each['filename'] for each in read]}"]
    return [
        f"attachments.{number}.{key}: expected {value!r}, read {each[key]!r}"
        for number, (each, wanted) in enumerate(zip(read, expected, strict=True))
        for key, value in wanted.items()
        if each[key] != value
    ]


def test_names_are_phenomena_and_not_numbers() -> None:
    assert all(re.fullmatch(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)+", name) for name in NAMES)
