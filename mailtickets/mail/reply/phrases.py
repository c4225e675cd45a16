"""Patterns for the fixed phrases that mail programs write in their users' languages: `words/lists/programs.toml`.

Owns: how a list of phrases becomes a pattern. `attribution` and `signature` say what the phrases mean.
Fails with: nothing. Limits: none.
"""

import re
from collections.abc import Iterable

from mailtickets.words import shipped

_PHRASE = re.compile(r"(?:[^|()\n\\]|\\.|\((?:[^()\\]|\\.|\((?:[^()\\]|\\.)*\))*\))+")


def alternatives(*names: str) -> str:
    """A pattern that matches any phrase of the lists with these names."""
    lists = (shipped.read("programs")[name] for name in names)
    return group(match[0].strip() for text in lists for match in _PHRASE.finditer(text))


def group(phrases: Iterable[str]) -> str:
    """One group that matches any of these phrases, longest first. Empty phrases are left out."""
    return "(?:" + "|".join(sorted({*phrases} - {""}, key=lambda phrase: (-len(phrase), phrase))) + ")"


def header_keys() -> dict[str, str]:
    """For each name that programs give a header field (`de`, `enviada em`), the fact that the field states (`from`,
    `sent`).
    """
    keys = shipped.read("programs")["header_keys"]
    return {name.strip().replace("\\", ""): kind for kind, names in keys.items() for name in names.split("|")}
