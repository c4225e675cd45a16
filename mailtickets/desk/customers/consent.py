"""Reads whether a customer allows the desk to name them beside their opinion: `pode publicar`, `you may quote me`.

Owns: the comparison of clauses with a closed vocabulary (`words/lists/consent.toml`). Such a clause is cut out of an
opinion, because it is no part of it. A denial, a question, a condition or the wish to stay nameless anywhere in the
text means no.
Fails with: nothing; in doubt nobody is named.
Limits: `MAX_CHARACTERS`; one pass over each clause.
"""

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from mailtickets.desk.customers import phrasing
from mailtickets.desk.customers.thanks import is_courtesy
from mailtickets.words import shipped

MAX_CHARACTERS = 2_000
_ENDS = (".", "!", "?", ";", "\n", "…")
_ALL = frozenset({"allow", "refuse", "nameless"})
_NAMELESS = frozenset({"anonimo", "anonima", "anonimamente", "anonymous", "anonymously"})
"""Words that ask for silence about the name, wherever they stand."""
_VERBS = frozenset(
    ["puede", "pueden", "podeis", "publiquen", "publiqueis", "autorizo", "permito", "me", "lo", "quiero", "acepto"]
)
_NAMED = " ".join(["{named}?"] * 4)
"""`com o meu nome`, `on your website`: several words of one class."""
_CLAUSE = re.compile(r"(?:[^.!?;,\n… ]| (?![-–—] ))*(?:[.!?;,\n…]| [-–—] )*")


@dataclass(frozen=True, slots=True)
class SaidOfQuoting:
    """What a text says of quoting its author."""

    rest: str
    """The text without the clauses that say so."""
    given: bool = False
    """They may be named."""
    refused: bool = False
    """They say that they may not be named, or not without a condition."""
    others: str = ""
    """The clauses that are about something else."""


@dataclass(frozen=True, slots=True)
class _Clause:
    text: str
    meanings: frozenset[str] | None
    """None: something else than this vocabulary can say."""

    @property
    def is_about_it(self) -> bool:
        return bool(self.meanings)


def consent(text: str) -> SaidOfQuoting:
    """What a customer's words say of naming them beside their opinion."""
    if len(text) > MAX_CHARACTERS:
        return SaidOfQuoting(text, others=text)
    clauses = [_Clause(found, _meanings(found)) for found in _CLAUSE.findall(text) if found]
    others = "".join(clause.text for clause in clauses if clause.meanings is None)
    if not any(clause.is_about_it for clause in clauses):
        return SaidOfQuoting(text, others=others)
    sentences = list(_sentences(clauses))
    if any("?" in _text(sentence) and _says(sentence, _ALL) for sentence in sentences):
        return SaidOfQuoting(text, others=text)
    denied = any(_says(sentence, {"allow"}) and _denies(_text(sentence)) for sentence in sentences)
    refused = denied or _says(clauses, {"refuse", "nameless"}) or bool(_NAMELESS & set(_words(text)))
    rest = "".join(_rest(sentence) for sentence in sentences).rstrip(" ,;\n-–—")
    return SaidOfQuoting(rest, given=not refused, refused=refused, others=others)


def answers_only_that(text: str) -> bool:
    """Whether a text says that its author may be named, or that they may not, and besides nothing but thanks."""
    found = consent(text)
    return (found.given or found.refused) and (not found.others.strip() or is_courtesy(found.others))


def _sentences(clauses: list[_Clause]) -> Iterator[list[_Clause]]:
    sentence: list[_Clause] = []
    for clause in clauses:
        sentence.append(clause)
        if clause.text.rstrip(" ,").endswith(_ENDS):
            yield sentence
            sentence = []
    if sentence:
        yield sentence


def _rest(sentence: list[_Clause]) -> str:
    """A sentence without what it says of this; `se quiserem` goes with it."""
    if not _says(sentence, _ALL):
        return _text(sentence)
    return "".join(clause.text for clause in sentence if clause.meanings is None)


def _text(clauses: list[_Clause]) -> str:
    return "".join(clause.text for clause in clauses)


def _says(clauses: list[_Clause], meanings: Set[str]) -> bool:
    return any(clause.meanings is not None and clause.meanings & meanings for clause in clauses)


def _denies(sentence: str) -> bool:
    """Whether a denial stands in a sentence. `no` denies in Spanish before a verb; elsewhere it is Portuguese: `no
    site`."""
    words = _words(sentence)
    spanish = any(word == "no" and after in _VERBS for word, after in pairwise(words))
    return spanish or bool((_denials() - {"no"}) & set(words))


def _words(clause: str) -> list[str]:
    return [word for sentence in phrasing.sentences(clause) or [] for word in sentence]


def _meanings(clause: str) -> frozenset[str] | None:
    """What a clause means, if known phrases cover it: `allow`, `refuse`, `nameless`."""
    sentences = phrasing.sentences(clause)
    if sentences is None:
        return None
    found: set[str] = set()
    for words in sentences:
        phrases = phrasing.meanings(words, _lexicon(), frozenset())
        if phrases is None:
            return None
        found |= {meaning for meaning, _ in phrases}
    if "deny" in found and "allow" in found:
        return frozenset({"refuse"})
    return frozenset(found - {"deny"})


@cache
def _denials() -> frozenset[str]:
    return frozenset(word for line in shipped.read("consent")["deny"].split("\n") for word in line.split("|") if word)


@cache
def _lexicon() -> phrasing.Lexicon:
    lists = shipped.read("consent")
    classes = {name: frozenset(words.split()) for name, words in lists["classes"].items()}
    kinds = {"allow": "allow", "deny": "deny", "nameless": "nameless", "trimmings": ""}
    return phrasing.Lexicon(
        [
            *(
                phrase
                for kind, meaning in kinds.items()
                for phrase in phrasing.read_phrases(lists[kind].replace("{named}?", _NAMED), meaning, classes)
            ),
            *phrasing.trimmings(),
        ]
    )
