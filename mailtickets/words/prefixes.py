"""The prefixes of subjects of replies and forwards: `Re:`, `RES:`, `Enc:`.

Owns: patterns made from `lists/prefixes.toml`. Each is one group of alternatives, to be matched without case. The
caller adds what may stand around a prefix (blanks, `[2]`, the `[tag]` of a mailing list).
"""

from mailtickets.words import shipped


def _group(*words: frozenset[str]) -> str:
    return "(?:" + "|".join(sorted(frozenset[str]().union(*words), key=lambda word: (-len(word), word))) + ")"


_ANSWER = shipped.words("prefixes", "answer", "certain")
_FORWARD = shipped.words("prefixes", "forward", "certain")

SURELY_ANSWER = _group(_ANSWER)
"""Prefixes that only replies have. They may be left out of a subject."""
SURELY_FORWARD = _group(_FORWARD)
"""Prefixes that only forwards have. The mail should then hold a forwarded mail."""
FORWARD = _group(_FORWARD, shipped.words("prefixes", "forward", "other"))
"""Prefixes of forwards, with those that some programs also write before replies."""
ANY = _group(
    _ANSWER, _FORWARD, shipped.words("prefixes", "answer", "other"), shipped.words("prefixes", "forward", "other")
)
"""All prefixes of replies and forwards: somebody else wrote the subject first."""
