"""Texts with `*` and `?`, and words that are looked for in a text. Both take time that grows with the text, no faster.

A text is compared without case and accents. `*` stands for any characters, `?` for one. Words are whole words:
`nota` is not in `anotar`. Several words are looked for one after the other, whatever stands between them.
Fails with: nothing.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from mailtickets.words.fold import INVISIBLE, caseless

MAX_CHARACTERS = 200_000
"""What of a mail's words is looked at."""

_WORD = re.compile(r"\w+")
_WORD_OR_SIGN = re.compile(r"[\w*?]+")
_BETWEEN_SIGNS = re.compile(r"[^*?]+")
_UNSEEN = dict.fromkeys(INVISIBLE)


def plain(text: str) -> str:
    """A text as it is compared: without case, accents and characters that cannot be seen."""
    return caseless(text.translate(_UNSEEN) if not text.isascii() else text)


class Glob:
    """A text in which `*` and `?` stand for others. It is compared with the whole of another text."""

    __slots__ = ("_alone", "_first", "_last", "_least", "_middle")

    def __init__(self, pattern: str) -> None:
        first, *rest = plain(pattern).split("*")
        self._alone = not rest
        self._first, self._last = first, rest[-1] if rest else ""
        self._middle = [piece for piece in rest[:-1] if piece]
        self._least = len(first) + len(self._last) + sum(map(len, self._middle))

    def matches(self, text: str) -> bool:
        """Whether it stands for the text, which is `plain`."""
        if len(text) < self._least or not _is_at(self._first, text, 0):
            return False
        if self._alone:
            return len(text) == len(self._first)
        at, end = len(self._first), len(text) - len(self._last)
        for piece in self._middle:
            at = _find(piece, text, at, end)
            if at < 0:
                return False
            at += len(piece)
        return at <= end and _is_at(self._last, text, end)


def _is_at(piece: str, text: str, at: int) -> bool:
    if "?" not in piece:
        return text.startswith(piece, at)
    return len(text) - at >= len(piece) and all(
        a in {"?", b} for a, b in zip(piece, text[at : at + len(piece)], strict=True)
    )


def _find(piece: str, text: str, start: int, end: int) -> int:
    if "?" not in piece:
        return text.find(piece, start, end)
    return next((at for at in range(start, end - len(piece) + 1) if _is_at(piece, text, at)), -1)


@dataclass(frozen=True, eq=False)
class Searched:
    """A text in which words are looked for: it is folded once, for all the rules."""

    text: str = field(repr=False)

    @cached_property
    def words(self) -> list[str]:
        """The words in their order."""
        return _WORD.findall(plain(self.text[:MAX_CHARACTERS]))

    @cached_property
    def known(self) -> frozenset[str]:
        return frozenset(self.words)

    @cached_property
    def line(self) -> str:
        """The words with one blank before, between and behind them."""
        return f" {' '.join(self.words)} "


class WordPattern:
    """One word or several in a row, which are looked for in a text."""

    __slots__ = ("_globs", "_letters", "_line", "_words")

    def __init__(self, written: str) -> None:
        self._words: Sequence[str] = _WORD_OR_SIGN.findall(plain(written))
        self._line = f" {' '.join(self._words)} "
        signs = any("*" in word or "?" in word for word in self._words)
        self._globs = [Glob(word) for word in self._words] if signs else []
        self._letters = tuple(part for word in self._words for part in _BETWEEN_SIGNS.findall(word)) if signs else ()

    @property
    def says_nothing(self) -> bool:
        """Whether there is no letter or digit in it to look for."""
        return not any(word.strip("*?") for word in self._words)

    @property
    def first(self) -> str | None:
        """The word that a text must have; None where `*` and `?` leave that open."""
        return None if self._globs or not self._words else self._words[0]

    def is_in(self, searched: Searched) -> bool:
        if not self._words:
            return False
        if self._globs:
            return self._is_among(searched)
        return self._words[0] in searched.known and (len(self._words) == 1 or self._line in searched.line)

    def _is_among(self, searched: Searched) -> bool:
        if not all(part in searched.line for part in self._letters):
            return False  # most mail: seen without comparing a word
        first, *rest = self._globs
        if not rest:
            return any(first.matches(word) for word in searched.known)
        begins = {word for word in searched.known if first.matches(word)}
        words = searched.words
        return any(
            word in begins and all(glob.matches(words[at + by]) for by, glob in enumerate(rest, 1))
            for at, word in enumerate(words[: len(words) - len(rest)])
        )


class WordPatterns:
    """Several of them, of which one is looked for. Most texts have the first word of none: that is seen at once."""

    __slots__ = ("_patterns", "firsts")

    def __init__(self, written: Iterable[str]) -> None:
        self._patterns = tuple(map(WordPattern, written))
        firsts = [pattern.first for pattern in self._patterns]
        self.firsts = None if None in firsts else frozenset(first for first in firsts if first is not None)
        """The words of which a text must have one; None where `*` and `?` leave that open."""

    def any_in(self, searched: Searched) -> bool:
        if self.firsts is not None and self.firsts.isdisjoint(searched.known):
            return False
        return any(pattern.is_in(searched) for pattern in self._patterns)
