"""The files of ready answers: their names in each locale, as people write them."""

import re

from mailtickets.desk.letters.sandbox import Templates
from mailtickets.words.fold import folded


def canned_names(templates: Templates, locale: str) -> tuple[str, ...]:
    """The names of the ready answers of a locale. An empty overriding file removes a built-in ready answer."""
    texts, folder = {**templates.builtin, **templates.overrides}, f"canned/{locale}/"
    files = (file for file in texts if file.startswith(folder) and file.endswith(".txt") and texts[file].strip())
    return tuple(sorted(file.removeprefix(folder).removesuffix(".txt") for file in files))


def canned_file(templates: Templates, name: str, locale: str) -> str | None:
    """The path of a ready answer, None if there is none of that name. In `name`, accents, case, and blanks, `-` or `_`
    between words do not matter."""
    found = next((known for known in canned_names(templates, locale) if _joined(known) == _joined(name)), None)
    return f"canned/{locale}/{found}.txt" if found is not None else None


def _joined(name: str) -> str:
    return re.sub(r"[\s_-]+", "-", folded(name))
