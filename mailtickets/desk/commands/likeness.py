"""Compares words that are spelled with other accents, capitals or hyphens, or with a typing error.

Owns: which spellings are the same word (`#Histórico` and `#historico`, `#minha-fila` and `#minhafila`), and how
similar two words are. Fails with: nothing.
"""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher

from mailtickets.words.fold import folded

LIKENESS = 0.72
"""The least likeness (0.0 to 1.0) at which the program takes a word for one that somebody may have meant."""
MAX_BEHIND = 0.15
"""A word whose likeness is lower than that of the likeliest word by more than this is not suggested."""


def key(word: str) -> str:
    """The word without case, accents, hyphens and underscores: the same for two spellings of one word."""
    return re.sub(r"[-_]", "", folded(word))


def nearest_of(word: str, choices: Iterable[str]) -> tuple[str, ...]:
    """The choices that are similar to the word or begin with it, likeliest first."""
    wanted = key(word)
    rates = {choice: likeness(wanted, key(choice)) for choice in choices}
    enough = max(LIKENESS, max(rates.values(), default=0.0) - MAX_BEHIND)
    return tuple(sorted((choice for choice in rates if rates[choice] >= enough), key=lambda choice: -rates[choice]))


def likeness(word: str, choice: str) -> float:
    """How similar two words are. Both are results of `key`. 1.0 is the same word, 0.0 means nothing in common."""
    if len(word) > 2 * len(choice):
        return 0.0
    if len(word) > 2 and sorted(word) == sorted(choice):
        return 0.95  # two letters changed places
    least = 0.8 if len(word) > 2 and choice.startswith(word) else 0.0
    return max(least, SequenceMatcher(None, word, choice, autojunk=False).ratio())
