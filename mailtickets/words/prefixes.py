"""What stands before the subject of a mail that is answered or forwarded: `Re:`, `RES:`, `Enc:`.

Owns: patterns made of `lists/prefixes.toml`, each an alternation in a group of its own, to be matched without case.
What may stand around a prefix (blanks, `[2]`, a list's `[tag]`) is said by who looks for it.
"""

from mailtickets.words import shipped


def _group(*words: frozenset[str]) -> str:
    return "(?:" + "|".join(sorted(frozenset[str]().union(*words), key=lambda word: (-len(word), word))) + ")"


_ANSWER = shipped.words("prefixes", "answer", "certain")
_FORWARD = shipped.words("prefixes", "forward", "certain")

SURELY_ANSWER = _group(_ANSWER)
"""Of answers, and of nothing else: it may be left out of a subject."""
SURELY_FORWARD = _group(_FORWARD)
"""Of forwards, and of nothing else: a forwarded mail is promised."""
FORWARD = _group(_FORWARD, shipped.words("prefixes", "forward", "other"))
"""Of forwards; some programs write the same before answers."""
ANY = _group(
    _ANSWER, _FORWARD, shipped.words("prefixes", "answer", "other"), shipped.words("prefixes", "forward", "other")
)
"""Of answers and of forwards: its writer did not begin the subject."""
