"""Recognises a reply that says thanks and nothing else. Such a reply does not reopen a resolved ticket.

Owns: the comparison of a reply with a closed vocabulary (`words/lists/thanks.toml`). Every word must be a known word
that asks for nothing, and at least one word must say thanks. A reply with any other word, a digit, an address or a
question is not thanks.
Fails with: nothing; in doubt the reply is not thanks: a ticket reopened in vain costs less than an overlooked request.
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
    """The words and signs of thanks in the reply, without accents and in lower case: `muito obrigada`, `👍`."""


def gratitude(reply: str, signature: str = "", *, names: Iterable[str] = (), attachments: int = 0) -> Gratitude | None:
    """The thanks in a reply; None if the reply says anything else, or has attachments.

    `signature` is the text that was cut off below the reply. `names` are the names of people that may stand in the
    reply (the author, the ticket's agents). `attachments` is the number of files in the mail, without the pictures of
    the signature.
    """
    found = _heard(reply, signature, names) if not attachments else None
    return Gratitude(tuple(dict.fromkeys(found))) if found else None


def is_courtesy(reply: str, signature: str = "", *, names: Iterable[str] = ()) -> bool:
    """Whether a reply says only thanks, that all is well, or a greeting: `Ok, obrigada!`, `Perfeito`."""
    return bool(reply.strip()) and _heard(reply, signature, names) is not None


def _heard(reply: str, signature: str, names: Iterable[str]) -> list[str] | None:
    """The words of thanks in a reply (the list may be empty); None if the reply has words outside the vocabulary."""
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
        phrases = phrasing.meanings(sentence, _lexicon(), known)
        if phrases is None:
            return None
        found += [words for _, words in phrases]
    return found


@cache
def _lexicon() -> phrasing.Lexicon:
    return phrasing.Lexicon(phrasing.of_thanks("thanks", "objects", "fine", "greetings", "closings"))
