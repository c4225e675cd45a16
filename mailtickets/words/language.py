"""Finds out whether a text is Portuguese, English or Spanish, to choose the template of an answer.

It counts the short words that only one of these languages has.
Fails with: nothing; None means that no language clearly leads. Limits: reads the first `MAX_CHARACTERS`.
"""

import re
from typing import Literal

from mailtickets.words import shipped

MAX_CHARACTERS = 1_500

Language = Literal["pt", "en", "es"]

_WORD = re.compile(r"[^\W\d_]+(?:'[a-z]+)?")
_SIGNS: dict[Language, str] = {"pt": "ãõç", "es": "ñ¿¡", "en": ""}
"""Letters and marks that only this language has."""


def of(text: str) -> Language | None:
    """The language of a text; None if none of the three clearly leads."""
    sample = text[:MAX_CHARACTERS].casefold()
    words = _WORD.findall(sample)
    scores = {language: _score(words, sample, language) for language in _SIGNS}
    ranked = sorted(scores, key=lambda language: scores[language], reverse=True)
    best, second = scores[ranked[0]], scores[ranked[1]]
    return ranked[0] if best >= 1.0 and best > second and best >= 0.08 * len(words) else None


def _score(words: list[str], sample: str, language: Language) -> float:
    listed, shared = shipped.words("languages", language), shipped.words("languages", "shared")
    known = [word for word in words if word in listed]
    return len(known) - 0.5 * sum(word in shared for word in known) + sum(map(sample.count, _SIGNS[language]))
