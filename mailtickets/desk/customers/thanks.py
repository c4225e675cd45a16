"""Whether a reply says thanks and nothing else, so that it need not open a resolved ticket again.

Owns: the reading of a reply against a closed vocabulary (`words/lists/thanks.toml`): every word must be known for one
that asks for nothing, and at least one must say thanks. With another word, a digit, an address or a question it is no
thanks.
Fails with: nothing; in doubt it is no thanks, since a ticket opened in vain costs less than a request overlooked.
Limits: `MAX_WORDS` in `MAX_CHARACTERS`; one pass over the text.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from mailtickets.desk.customers import phrasing

MAX_WORDS = 25
MAX_CHARACTERS = 600


@dataclass(frozen=True, slots=True)
class Gratitude:
    """A reply that only thanks."""

    words: tuple[str, ...]
    """What it was recognised by, without accents and in lower case: `muito obrigada`, `👍`."""


def gratitude(reply: str, signature: str = "", *, names: Iterable[str] = (), attachments: int = 0) -> Gratitude | None:
    """The thanks in a reply, if it holds nothing else.

    `signature` is what was cut from under it; `names` are people's whose names may stand in it (its author, the
    ticket's agents); `attachments` counts the files that came with it, less pictures of the signature.
    """
    found = _heard(reply, signature, names) if not attachments else None
    return Gratitude(tuple(dict.fromkeys(found))) if found else None


def is_courtesy(reply: str, signature: str = "", *, names: Iterable[str] = ()) -> bool:
    """Whether a reply says no more than thanks, that all is well, or a greeting: `Ok, obrigada!`, `Perfeito`."""
    return bool(reply.strip()) and _heard(reply, signature, names) is not None


def _heard(reply: str, signature: str, names: Iterable[str]) -> list[str] | None:
    """By which words the reply gives thanks; None where it says anything that is not of the vocabulary."""
    if len(reply) > MAX_CHARACTERS or phrasing.says_more(signature):
        return None
    sentences = phrasing.sentences(phrasing.without_device_lines(reply))
    if sentences is None or sum(map(len, sentences)) > MAX_WORDS:
        return None
    people = [*names, phrasing.first_line(signature)]
    known = phrasing.common_names() | phrasing.words_of_names(people)
    if any(word not in _lexicon().words and word not in known for sentence in sentences for word in sentence):
        return None
    found: list[str] = []
    for sentence in sentences:
        said = phrasing.meanings(sentence, _lexicon(), known)
        if said is None:
            return None
        found += [words for _, words in said]
    return found


@cache
def _lexicon() -> phrasing.Lexicon:
    return phrasing.Lexicon(phrasing.of_thanks("thanks", "objects", "fine", "greetings", "closings"))
