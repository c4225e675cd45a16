"""Names of months and of days of the week, as people write them and as the desk writes them.

Owns: the reading of `lists/calendar.toml`.
"""

from typing import Literal

from mailtickets.words import shipped
from mailtickets.words.fold import plain_line
from mailtickets.words.language import Language

Unit = Literal["months", "weekdays"]

LANGUAGES: tuple[Language, ...] = ("pt", "en", "es")


def written(unit: Unit, language: Language) -> tuple[str, ...]:
    """The whole names in their order, as the desk writes them: `janeiro`, `fevereiro`, `março` ..."""
    return tuple(_whole(entry)[0] for entry in shipped.read("calendar")[language][unit])


def _whole(entry: str) -> list[str]:
    return entry.partition("|")[0].split()


def numbers(unit: Unit, first: int) -> dict[str, int]:
    """The number of each name and short name in pt, en and es, without accents, in lower case."""
    return {
        plain_line(name): number
        for language in LANGUAGES
        for number, entry in enumerate(shipped.read("calendar")[language][unit], first)
        for name in entry.replace("|", " ").split()
    }


def whole(unit: Unit) -> frozenset[str]:
    """The names in pt, en and es that are not shortened, without accents, in lower case."""
    entries = (entry for language in LANGUAGES for entry in shipped.read("calendar")[language][unit])
    return frozenset(plain_line(name) for entry in entries for name in _whole(entry))


def everywhere(unit: Unit) -> frozenset[str]:
    """Every name that mail programs write, in whatever language, with its accents, in lower case."""
    entries = (entry for language in LANGUAGES for entry in shipped.read("calendar")[language][unit])
    known = (name.lower() for entry in entries for name in entry.replace("|", " ").split())
    return frozenset(known) | shipped.words("calendar", "elsewhere", unit)
