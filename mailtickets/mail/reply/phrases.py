"""The set phrases that mail programs write in their users' languages: `words/lists/programs.toml`.

Owns: how such a list becomes a pattern; `attribution` and `signature` say what the phrases mean.
Fails with: nothing. Limits: none.
"""

import re
from collections.abc import Iterable

from mailtickets.words import shipped

_PHRASE = re.compile(r"(?:[^|()\n\\]|\\.|\((?:[^()\\]|\\.|\((?:[^()\\]|\\.)*\))*\))+")


def alternatives(*names: str) -> str:
    """A pattern for any phrase of the lists that have these names."""
    lists = (shipped.read("programs")[name] for name in names)
    return group(match[0].strip() for text in lists for match in _PHRASE.finditer(text))


def group(phrases: Iterable[str]) -> str:
    """One group that matches any of these phrases, longest first; empty ones are left out."""
    return "(?:" + "|".join(sorted({*phrases} - {""}, key=lambda phrase: (-len(phrase), phrase))) + ")"


def header_keys() -> dict[str, str]:
    """What a header field states (`from`, `sent`), by each name that programs give it: `de`, `enviada em`."""
    keys = shipped.read("programs")["header_keys"]
    return {name.strip().replace("\\", ""): kind for kind, names in keys.items() for name in names.split("|")}
