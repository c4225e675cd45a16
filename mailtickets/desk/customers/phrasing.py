"""Reads short replies against a closed vocabulary: text into sentences of words, phrases of slots, names of people.

Owns: what counts as a word (accents, case and decoration do not matter); the lines of phones and the names that may
stand beside other words. A sentence is understood only if known phrases and names cover all of it. With one more word,
a bracket or an unknown sign, the sentence is not understood.
Fails with: nothing. Limits: callers limit the number of words; a phrase has at most ten slots.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from mailtickets.words import shipped
from mailtickets.words.fold import plain

MAX_REPLY_CHARACTERS = 10_000
"""The most characters of a short reply, blank lines included. The rest of a longer text is not looked at."""
MAX_SIGNATURE_CHARACTERS = 10_000
_NAME = "{name}"
NUMBER = "#"
"""The word that stands for a number in a sentence: `#1042`, `nº 1042`, `1042`."""
ASK = "?"

_OF_PROTON = frozenset({"secure", "seguro", "segura", "securely", "el"})
_SMILEY = re.compile(r"(?<!\w)(?:[:;=]-?[)D]+|<3|\^_?\^|\(:)(?!\w)")
_FROWN = re.compile(r"[:;=]['-]?[(\[{]")
_LINK_OF_PROGRAM = re.compile(r"[(<]https://proton\.me/[^\s()<>]{0,200}[)>]")
"""`Sent with [Proton Mail](https://proton.me/mail/home) secure email.`"""
_DRAWN_OUT = re.compile(r"([a-z])\1{2,}")
_TOKEN = re.compile(
    r"(?P<number>(?:\bn[o°]?[.:]? ?)?(?:# ?)?(?<!\d)\d{1,10}(?![^\W_]))"
    r"|(?P<word>[^\W\d_]+(?:'[^\W\d_]+)*(?:\((?:a|o|as|os)\))?)"
    r"|(?P<sign>[👍🙏🙌🤝🫶])"
    r"|(?P<ask>[?¿])"
    r"|(?P<stop>[.!¡;:])"
    r"|(?P<rest>[\s,()*_~\"'“”«»‘’·•–—-]|[😊🙂😀😃😄😁😉😍🥰☺😇🤗😌🤩😎👏👌💪✌❤♥💙💚💛💜🧡🤍🌹🌷🌻🌸💐🎉✨⭐🌟💯✅✔☑🍀]|[🏻🏼🏽🏾🏿])"
)


# --- from text to sentences of words ----------------------------------------------------------------------------------


def sentences(text: str) -> list[list[str]] | None:
    """The sentences of a text, each a list of words. None if the text has signs that no short, friendly reply has."""
    text = _DRAWN_OUT.sub(r"\1", plain(_SMILEY.sub(" ", text)))
    if _FROWN.search(text):
        return None
    found: list[list[str]] = [[]]
    position = 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            return None
        position = token.end()
        match token.lastgroup:
            case "word" | "sign":
                found[-1].append(token[0])
            case "number":
                found[-1].append(NUMBER)
            case "ask":
                found[-1].append(ASK)
            case "stop":
                found.append([])
    return found


def without_device_lines(reply: str) -> str:
    lines = reply.split("\n")
    while lines and (not lines[-1].strip() or is_device_line(lines[-1])):
        lines.pop()
    return "\n".join(lines)


def is_device_line(line: str) -> bool:
    """Whether a line is like `Enviado do meu iPhone`: it names a phone or a mail program, and nothing else."""
    words = _device_words(line)
    if not words or words[0] not in shipped.words("thanks", "device", "leads") or ASK in line:
        return False
    if "proton" in words:  # `Sent with Proton Mail secure email`
        words = [word for word in words if word not in _OF_PROTON]
    return bool(shipped.words("thanks", "device", "names") & set(words)) and all(map(_names_device, words))


def _device_words(line: str) -> list[str]:
    spoken = (word for word in _LINK_OF_PROGRAM.sub(" ", line).split() if "://aka.ms/" not in word)
    return re.findall(r"[^\W_]+", plain(" ".join(spoken)))


def _names_device(word: str) -> bool:
    """Whether a word belongs to the name of a device: `iPhone`, `do`, `15`, `A54`, `5G`."""
    known = (
        word in shipped.words("thanks", "device", "leads")
        or word in shipped.words("thanks", "device", "names")
        or word in shipped.words("thanks", "device", "words")
    )
    return known or (len(word) <= 4 and not word.isalpha() and (len(word) <= 2 or not word.isdigit()))


def says_more(signature: str) -> bool:
    """Whether a text that was cut off as a signature may hold the writer's own words: a question, or a phone's line
    with more words in it."""
    if len(signature) > MAX_SIGNATURE_CHARACTERS:
        return True
    return any(_asks(line) or _tells_of_sending(line) for line in signature.split("\n"))


def _asks(line: str) -> bool:
    return any(ASK in word and "://" not in word and not word.startswith("www.") for word in line.split())


def _tells_of_sending(line: str) -> bool:
    words = _device_words(line)
    return bool(words) and words[0] in shipped.words("thanks", "device", "leads") and not is_device_line(line)


# --- names ------------------------------------------------------------------------------------------------------------


def first_line(signature: str) -> str:
    """The first line of a signature, where the writer's name stands. Empty if the line looks like something else."""
    lines = (line.strip() for line in signature.split("\n"))
    first = next((line for line in lines if line.strip("-_—– ")), "")
    return "" if is_device_line(first) or len(first.split()) > 5 else first


def words_of_names(names: Iterable[str]) -> frozenset[str]:
    """The words of people's names, in the form that sentences have. Single letters, digits and signs are left out."""
    words = (word for name in names for word in re.findall(r"[^\W\d_]+", plain(name)))
    return frozenset(word for word in words if len(word) > 1)


# --- the grammar ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase: for each slot the words that may stand in it, and whether the slot may be left out.

    `meaning` is empty for greetings and closings.
    """

    slots: tuple[tuple[frozenset[str], bool], ...]
    meaning: str = ""

    def beginnings(self) -> frozenset[str]:
        """The words that the phrase may begin with: of the first slot, and of the slots behind optional slots."""
        needed = next((index for index, (_, optional) in enumerate(self.slots) if not optional), len(self.slots))
        return frozenset().union(*(words for words, _ in self.slots[: needed + 1]))

    def ends(self, sentence: Sequence[str], start: int, names: frozenset[str]) -> set[int]:
        """The indexes behind the last word of the phrase, if the phrase begins at `start`."""
        reached = {start}
        for words, optional in self.slots:
            further = {
                at + 1
                for at in reached
                if at < len(sentence) and (sentence[at] in words or (_NAME in words and sentence[at] in names))
            }
            reached = reached | further if optional else further
            if not reached:
                break
        return reached - {start}


def read_phrases(lines: str, meaning: str, classes: Mapping[str, frozenset[str]]) -> list[Phrase]:
    """Reads phrases, one on each line, in the form that `thanks.toml` describes."""
    return [
        Phrase(tuple(_slot(slot, classes) for slot in line.split()), meaning) for line in lines.splitlines() if line
    ]


def _slot(slot: str, classes: Mapping[str, frozenset[str]]) -> tuple[frozenset[str], bool]:
    optional = slot.endswith(ASK) and slot != ASK
    words: set[str] = set()
    for word in slot.removesuffix(ASK).split("|") if optional else slot.split("|"):
        of_class = classes.get(word.strip("{}")) if word.startswith("{") else None
        words |= {word} if of_class is None else of_class
    return frozenset(words), optional


class Lexicon:
    """Phrases by the words that they may begin with."""

    def __init__(self, phrases: Iterable[Phrase]) -> None:
        self._beginning: dict[str, list[Phrase]] = {}
        words = set(_particles())
        for phrase in phrases:
            words.update(*(slot for slot, _ in phrase.slots))
            for word in phrase.beginnings():
                self._beginning.setdefault(word, []).append(phrase)
        self.words = frozenset(words)
        """Every word that a phrase, or a name between its parts, may hold."""

    def beginning(self, word: str, names: frozenset[str]) -> Iterator[Phrase]:
        yield from self._beginning.get(word, ())
        if word in names:
            yield from self._beginning.get(_NAME, ())


def meanings(sentence: Sequence[str], lexicon: Lexicon, names: frozenset[str]) -> list[tuple[str, str]] | None:
    """The phrases that a sentence is made of, as (meaning, the words of the phrase), without greetings and closings.

    None if known phrases do not cover the sentence. If there are several readings, the one with the most meaning.
    """
    reached: dict[int, list[tuple[str, str]]] = {0: []}
    for start in range(len(sentence)):
        if start not in reached:
            continue
        for end, meaning in _steps(sentence, start, lexicon, names):
            phrases = reached[start] + ([(meaning, " ".join(sentence[start:end]))] if meaning else [])
            if end not in reached or _length(phrases) > _length(reached[end]):
                reached[end] = phrases
    return reached.get(len(sentence))


def _length(phrases: list[tuple[str, str]]) -> int:
    return len(" ".join(words for _, words in phrases))


def _steps(sentence: Sequence[str], start: int, lexicon: Lexicon, names: frozenset[str]) -> Iterator[tuple[int, str]]:
    """For each phrase or name that begins at `start`: the index behind it, and its meaning (empty for a name)."""
    if (end := _end_of_name(sentence, start, names)) > start:
        yield end, ""
    for phrase in lexicon.beginning(sentence[start], names):
        for end in phrase.ends(sentence, start, names):
            yield end, phrase.meaning


def _particles() -> frozenset[str]:
    return shipped.words("names", "particles")


def _end_of_name(sentence: Sequence[str], start: int, names: frozenset[str]) -> int:
    """The index behind a name such as `Maria da Silva` that begins at `start`; `start` if no name begins there."""
    end = start
    while end < len(sentence):
        step = 2 if end > start and sentence[end] in _particles() and end + 1 < len(sentence) else 1
        if sentence[end + step - 1] not in names:
            break
        end += step
    return end


# --- the lists --------------------------------------------------------------------------------------------------------


@cache
def common_names() -> frozenset[str]:
    """People's names that are not everyday words too."""
    return shipped.words("names", "given") | shipped.words("names", "surnames")


@cache
def class_of() -> Mapping[str, frozenset[str]]:
    """The words of each class that a slot of `thanks.toml` may name."""
    return {name: frozenset(words.split()) for name, words in shipped.read("thanks")["classes"].items()}


@cache
def of_thanks(*kinds: Literal["thanks", "objects", "fine", "greetings", "closings"]) -> tuple[Phrase, ...]:
    """The phrases of these kinds in `thanks.toml`. Phrases that thank have the meaning `thanks`."""
    return tuple(phrase for kind in kinds for phrase in _of_kind(kind))


def _of_kind(kind: str) -> Iterator[Phrase]:
    meaning = "thanks" if kind == "thanks" else ""
    yield from read_phrases(shipped.read("thanks")[kind], meaning, class_of())
    if meaning:
        yield from (Phrase(((frozenset(sign), False),), meaning) for sign in "👍🙏🙌🤝🫶")


def trimmings() -> tuple[Phrase, ...]:
    """Phrases that say nothing about a ticket: greetings and closings."""
    return of_thanks("greetings", "closings")
