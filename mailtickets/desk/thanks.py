"""Whether a reply says thanks and nothing else, so that it need not open a resolved ticket again.

Owns: the reading of a reply against a closed vocabulary (`thanks_words`): every word must be known for one that asks
for nothing, and at least one must say thanks. Another word, a digit, an address or a question, and the answer is no.
Fails with: nothing; in doubt it is no thanks, since a ticket opened in vain costs less than a request overlooked.
Limits: `MAX_WORDS` in `MAX_CHARACTERS`; one pass over the text, a phrase has at most ten slots.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mailtickets.desk import thanks_words

MAX_WORDS = 25
MAX_CHARACTERS = 600
MAX_SIGNATURE_CHARACTERS = 10_000

_SMILEY = re.compile(r"(?<!\w)(?:[:;=]-?[)D]+|<3|\^_?\^|\(:)(?!\w)")
_FROWN = re.compile(r"[:;=]['-]?[(\[{]")
_DRAWN_OUT = re.compile(r"([a-z])\1{2,}")
_TOKEN = re.compile(
    r"(?P<word>[^\W\d_]+(?:'[^\W\d_]+)*(?:\((?:a|o|as|os)\))?)"
    r"|(?P<thanks>[👍🙏🙌🤝🫶])"
    r"|(?P<ask>[?¿])"
    r"|(?P<stop>[.!¡;:])"
    r"|(?P<rest>[\s,()*_~\"'“”«»‘’·•–—-]|[😊🙂😀😃😄😁😉😍🥰☺😇🤗😌🤩😎👏👌💪✌❤♥💙💚💛💜🧡🤍🌹🌷🌻🌸💐🎉✨⭐🌟💯✅✔☑🍀]|[🏻🏼🏽🏾🏿])"
)


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
    if attachments or len(reply) > MAX_CHARACTERS or _says_more(signature):
        return None
    sentences = _sentences(_without_device_lines(reply))
    if sentences is None or sum(map(len, sentences)) > MAX_WORDS:
        return None
    known = _NAMES | _words_of(names) | _words_of([_first_line(signature)])
    if any(word not in _VOCABULARY and word not in known for sentence in sentences for word in sentence):
        return None
    found: list[str] = []
    for sentence in sentences:
        said = _covered(sentence, known)
        if said is None:
            return None
        found += said
    return Gratitude(tuple(dict.fromkeys(found))) if found else None


# --- from text to sentences of words ----------------------------------------------------------------------------------


def _plain(text: str) -> str:
    """In lower case, without accents, variation selectors and invisible joiners."""
    decomposed = unicodedata.normalize("NFKD", text.replace("’", "'")).lower()
    return "".join(c for c in decomposed if unicodedata.category(c) not in {"Mn", "Cf"})


def _sentences(text: str) -> list[list[str]] | None:
    """The words between full stops; None where something stands that no mere thanks has."""
    text = _DRAWN_OUT.sub(r"\1", _plain(_SMILEY.sub(" ", text)))
    if _FROWN.search(text):
        return None
    sentences: list[list[str]] = [[]]
    position = 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            return None
        position = token.end()
        if token.lastgroup in {"word", "thanks"}:
            sentences[-1].append(token[0])
        elif token.lastgroup == "ask":
            sentences[-1].append("?")
        elif token.lastgroup == "stop":
            sentences.append([])
    return sentences


def _without_device_lines(reply: str) -> str:
    lines = reply.split("\n")
    while lines and (not lines[-1].strip() or _is_device_line(lines[-1])):
        lines.pop()
    return "\n".join(lines)


def _is_device_line(line: str) -> bool:
    """`Enviado do meu iPhone` and its like: a phone is named in it, and nothing else is."""
    words = _device_words(line)
    if not words or words[0] not in _DEVICE_LEADS or "?" in line:
        return False
    return bool(_DEVICES & set(words)) and all(map(_names_device, words))


def _device_words(line: str) -> list[str]:
    spoken = (word for word in line.split() if "://aka.ms/" not in word)
    return re.findall(r"[^\W_]+", _plain(" ".join(spoken)))


def _names_device(word: str) -> bool:
    """`iPhone`, `do`, `15`, `A54`, `5G`."""
    known = word in _DEVICE_LEADS or word in _DEVICES or word in _DEVICE_WORDS
    return known or (len(word) <= 4 and not word.isalpha() and (len(word) <= 2 or not word.isdigit()))


def _says_more(signature: str) -> bool:
    """Whether what was cut off as a signature may be the writer's own: a question, a phone's line with more in it."""
    if len(signature) > MAX_SIGNATURE_CHARACTERS:
        return True
    return any(_asks(line) or _tells_of_sending(line) for line in signature.split("\n"))


def _asks(line: str) -> bool:
    return any("?" in word and "://" not in word and not word.startswith("www.") for word in line.split())


def _tells_of_sending(line: str) -> bool:
    words = _device_words(line)
    return bool(words) and words[0] in _DEVICE_LEADS and not _is_device_line(line)


def _first_line(signature: str) -> str:
    """Where a signature has its writer's name; empty if that looks like something else."""
    lines = (line.strip() for line in signature.split("\n"))
    first = next((line for line in lines if line.strip("-_—– ")), "")
    return "" if _is_device_line(first) or len(first.split()) > 5 else first


def _words_of(names: Iterable[str]) -> frozenset[str]:
    """The words of people's names; a single letter is none, nor is what no thanks could hold."""
    words = (word for name in names for word in re.findall(r"[^\W\d_]+", _plain(name)))
    return frozenset(word for word in words if len(word) > 1)


# --- the grammar ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Phrase:
    """What may stand in each of its slots, and whether the slot may be left out."""

    slots: tuple[tuple[frozenset[str], bool], ...]
    thanks: bool

    def ends(self, sentence: list[str], start: int, known: frozenset[str]) -> set[int]:
        """Where it may end if it begins at `start`."""
        reached = {start}
        for words, optional in self.slots:
            further = {
                at + 1
                for at in reached
                if at < len(sentence) and (sentence[at] in words or (_NAME in words and sentence[at] in known))
            }
            reached = reached | further if optional else further
            if not reached:
                break
        return reached - {start}


def _read(phrases: str, *, thanks: bool) -> list[_Phrase]:
    lines = filter(None, phrases.splitlines())
    return [_Phrase(tuple(map(_slot, line.split())), thanks) for line in lines]


def _slot(slot: str) -> tuple[frozenset[str], bool]:
    optional = slot.endswith("?") and slot != "?"
    words: set[str] = set()
    for word in slot.removesuffix("?").split("|") if optional else slot.split("|"):
        of_class = thanks_words.CLASSES.get(word.strip("{}")) if word.startswith("{") else None
        words |= {word} if of_class is None else set(of_class.split("|"))
    return frozenset(words), optional


def _covered(sentence: list[str], known: frozenset[str]) -> list[str] | None:
    """The phrases of thanks in a sentence that is made of known phrases and names; None if it is not."""
    reached: dict[int, list[str]] = {0: []}
    for start in range(len(sentence)):
        if start not in reached:
            continue
        for end, thanks in _steps(sentence, start, known):
            said = reached[start] + ([" ".join(sentence[start:end])] if thanks else [])
            if end not in reached or len(" ".join(said)) > len(" ".join(reached[end])):
                reached[end] = said
    return reached.get(len(sentence))


def _steps(sentence: list[str], start: int, known: frozenset[str]) -> Iterator[tuple[int, bool]]:
    """Where a phrase that begins here may end, and whether it says thanks."""
    if sentence[start] in _THANKS_SIGNS:
        yield start + 1, True
    if (end := _end_of_name(sentence, start, known)) > start:
        yield end, False
    for phrase in _PHRASES:
        for end in phrase.ends(sentence, start, known):
            yield end, phrase.thanks


def _end_of_name(sentence: list[str], start: int, known: frozenset[str]) -> int:
    """Past `Maria da Silva`; `start` itself where no name begins."""
    end = start
    while end < len(sentence):
        step = 2 if end > start and sentence[end] in _PARTICLES and end + 1 < len(sentence) else 1
        if sentence[end + step - 1] not in known:
            break
        end += step
    return end


_NAME = "{name}"
_PHRASES = _read(thanks_words.THANKS, thanks=True) + [
    phrase
    for phrases in (thanks_words.OBJECTS, thanks_words.FINE, thanks_words.GREETINGS, thanks_words.CLOSINGS)
    for phrase in _read(phrases, thanks=False)
]
_NAMES = frozenset(f"{thanks_words.GIVEN_NAMES} {thanks_words.SURNAMES}".split())
_PARTICLES = frozenset(thanks_words.NAME_PARTICLES.split("|"))
_DEVICE_LEADS = frozenset(thanks_words.DEVICE_LEADS.split("|"))
_DEVICES = frozenset(thanks_words.DEVICES.split("|"))
_DEVICE_WORDS = frozenset(thanks_words.DEVICE_WORDS.split("|"))
_THANKS_SIGNS = frozenset("👍🙏🙌🤝🫶")
_VOCABULARY = _THANKS_SIGNS | _PARTICLES | {word for phrase in _PHRASES for words, _ in phrase.slots for word in words}
