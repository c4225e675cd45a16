"""Which rules can match at all: a rule that asks for words is looked at only where the text has one of them.

In: rules, once for each configuration. Out: for what rules are asked about, the places of the rules that may match, in
the order of the file. The others cannot match; what their conditions say is found only for people who ask.
Fails with: nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mailtickets.config.rules import Rule
from mailtickets.desk.rules.configured.glob import Searched, WordPatterns
from mailtickets.desk.rules.configured.matter import Matter

Needed = frozenset[str]
"""Words, folded, of which a text must have one."""


@dataclass(frozen=True, slots=True)
class _ByWord:
    """The places of the rules that need a word."""

    places: dict[str, tuple[int, ...]]
    words: frozenset[str]

    def of(self, text: Searched) -> set[int]:
        return {place for word in self.words & text.known for place in self.places[word]}


@dataclass(frozen=True, slots=True)
class Candidates:
    """The rules of a configuration, by the words that they need."""

    always: frozenset[int]
    """The places of the rules that need none."""
    words: _ByWord
    """Of the words that are new in a mail."""
    subjects: _ByWord

    def among(self, matters: Iterable[Matter]) -> Sequence[int]:
        """The places of the rules that may match one of the matters, in their order."""
        found = set(self.always)
        for matter in matters:
            if self.words.words and matter.letter is not None:
                found |= self.words.of(matter.letter.words)
            if self.subjects.words:
                found |= self.subjects.of(matter.subject)
        return sorted(found)


def candidates(rules: Iterable[tuple[int, Rule]]) -> Candidates:
    """`rules` are pairs (place, rule)."""
    always, words, subjects = set[int](), list[tuple[int, Needed]](), list[tuple[int, Needed]]()
    for place, rule in rules:
        if (needed := _needed(one.words for one in rule.all)) is not None:
            words.append((place, needed))
        elif (needed := _needed(one.subject for one in rule.all)) is not None:
            subjects.append((place, needed))
        else:
            always.add(place)
    return Candidates(frozenset(always), _by_word(words), _by_word(subjects))


def _needed(asked: Iterable[tuple[str, ...] | None]) -> Needed | None:
    """The words of the first condition whose patterns all begin with a plain word."""
    firsts = (WordPatterns(patterns).firsts for patterns in asked if patterns is not None)
    return next((found for found in firsts if found is not None), None)


def _by_word(needed: Iterable[tuple[int, Needed]]) -> _ByWord:
    found: dict[str, tuple[int, ...]] = {}
    for place, words in needed:
        for word in words:
            found[word] = (*found.get(word, ()), place)
    return _ByWord(found, frozenset(found))
