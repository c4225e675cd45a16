"""Words that are alike: spelled with other accents, capitals or hyphens, or with a slip of the finger.

Owns: which spellings are one word (`#Histórico`, `#historico`, `#minha-fila`, `#minhafila`), and how much
one word is like another. Fails with: nothing.
"""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher

from mailtickets.words.fold import folded

LIKENESS = 0.72
"""The least likeness of a word that may have been meant."""
MAX_BEHIND = 0.15
"""A word that is less like than the likeliest by more than this was not meant."""


def key(word: str) -> str:
    """What two spellings of one word have in common: no case, accents, hyphens or underscores."""
    return re.sub(r"[-_]", "", folded(word))


def nearest_of(word: str, choices: Iterable[str]) -> tuple[str, ...]:
    """Those that are like the word or begin with it, likeliest first."""
    wanted = key(word)
    rates = {choice: likeness(wanted, key(choice)) for choice in choices}
    enough = max(LIKENESS, max(rates.values(), default=0.0) - MAX_BEHIND)
    return tuple(sorted((choice for choice in rates if rates[choice] >= enough), key=lambda choice: -rates[choice]))


def likeness(word: str, choice: str) -> float:
    """How much alike two words are, both as `key` makes them: 1.0 is the same word, 0.0 nothing in common."""
    if len(word) > 2 * len(choice):
        return 0.0
    if len(word) > 2 and sorted(word) == sorted(choice):
        return 0.95  # two letters changed places
    least = 0.8 if len(word) > 2 and choice.startswith(word) else 0.0
    return max(least, SequenceMatcher(None, word, choice, autojunk=False).ratio())
