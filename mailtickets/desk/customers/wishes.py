"""Reads wishes: what a customer can ask the desk itself in a word or two: `status`, `meus chamados`, `encerrar` ...

Owns: the comparison with a closed vocabulary (`words/lists/wishes.toml`), and where a wish may stand: alone in a body,
or in the subject of a mail that starts a conversation, with an empty body. Every word must be known, and all words must
express the same wish. A further word, a denial, a doubt or a question about an act makes the mail an ordinary message
for people. A subject with `Re:` or with our ticket tag is inherited, and is no wish. Praise may stand before
`pode encerrar`. `news` (`alguma novidade?`) is a question to people as well as to the desk: code that answers it passes
the mail on to people too.
Left out on purpose: words that may be about an order (`status do pedido`, `pode cancelar`), and words that alone have
another everyday meaning (`stop`, `parar`, `tickets`).
Fails with: nothing; in doubt the mail has no wish.
Limits: `MAX_WORDS` in `MAX_CHARACTERS`; of a longer text only the length is looked at.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal, get_args

from mailtickets.desk.customers import phrasing
from mailtickets.desk.customers.phrasing import NUMBER, Phrase
from mailtickets.words import prefixes, shipped

Wish = Literal["status", "news", "tickets", "reopen", "close", "cancel", "mute", "unmute"]

MAX_WORDS = 20
MAX_CHARACTERS = 300
_MAX_WRITTEN = 2 * MAX_CHARACTERS
"""The most characters of a text as typed: repeated question marks count as one only later."""

_INHERITED = re.compile(
    rf"\s*(?:(?:\[[^\]]{{0,40}}\]|\([^)]{{0,40}}\))\s*)*{prefixes.ANY}\s?(?:\[\d+\])?\s?:"
    r"|.*\[[^\[\]]{0,60}#\s?\d+\s?\]",
    re.IGNORECASE,
)
_ASKED_AGAIN = re.compile(r"(?<!!)!*+\?[?!]*")
_EMAIL = re.compile(r"\be-mail(?=s?\b)", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\w.,/-])(?:#\s?)?(\d{1,10})(?![\w/]|[.,-]\d)")


@dataclass(frozen=True, slots=True)
class Wishes:
    """The wish of a mail, which depends on whether the mail belongs to a ticket."""

    on_ticket: Wish | None = None
    """The wish if the mail belongs to a ticket, or names one."""
    without_ticket: Wish | None = None
    """The wish if the mail has no ticket: `status` asks for the list of tickets. A wish that would change a ticket is
    None here."""


@dataclass(frozen=True, slots=True)
class _Understood:
    """What a subject or a body says."""

    wishes: frozenset[Wish]
    fine: bool = False
    """Whether the text also has praise, or says that all is well."""


def wishes(subject: str, reply: str, signature: str = "") -> Wishes:
    """The wish of a mail that says nothing else. `signature` is the text that was cut off below the reply."""
    if len(reply) > phrasing.MAX_REPLY_CHARACTERS or phrasing.says_more(signature):
        return Wishes()
    title, body = _heard(subject, reply, signature)
    if body is None or (title is None and not body.wishes):
        return Wishes()
    found = body.wishes | (title.wishes if title else frozenset())
    fine = body.fine or (title is not None and title.fine)
    if found == {"status", "news"}:
        found = frozenset({"news"})
    if len(found) != 1 or (fine and found != {"close"}):
        return Wishes()
    (only,) = found
    return Wishes(only, _LISTED.get(only) if title is not None else None)


def _heard(subject: str, reply: str, signature: str) -> tuple[_Understood | None, _Understood | None]:
    """What the subject and the body say, in this order. None: not understood."""
    names = phrasing.common_names() | phrasing.words_of_names([phrasing.first_line(signature)])
    body = _understood(phrasing.without_device_lines(reply), names)
    if body is None:
        return None, None
    return _Understood(frozenset()) if _INHERITED.match(subject) else _understood(subject, names), body


def number_named(subject: str, reply: str) -> int | None:
    """The ticket number in a wish (`encerrar o 1042`). None if there is no number, or more than one."""
    texts = [reply] if _INHERITED.match(subject) else [subject, reply]
    found = {int(match[1]) for text in texts for match in _NUMBER.finditer(text[:MAX_CHARACTERS])}
    return next(iter(found)) if len(found) == 1 else None


def _understood(text: str, names: frozenset[str]) -> _Understood | None:
    """What a text says. None if any part of it is not understood."""
    if len(text) > _MAX_WRITTEN:
        return None
    text = _ASKED_AGAIN.sub("?", _EMAIL.sub("email", text.replace("¿", "")))
    sentences = phrasing.sentences(text) if len(text) <= MAX_CHARACTERS else None
    if sentences is None or sum(map(len, sentences)) > MAX_WORDS:
        return None
    found: set[Wish] = set()
    fine = False
    for sentence in sentences:
        phrases = phrasing.meanings(sentence, _lexicon(), names)
        if phrases is None or sentence.count(NUMBER) > 1:
            return None
        found |= {_BY_NAME[meaning] for meaning, _ in phrases if meaning != _FINE}
        fine = fine or any(meaning == _FINE for meaning, _ in phrases)
    return _Understood(frozenset(found), fine)


# --- the vocabulary ---------------------------------------------------------------------------------------------------

_FINE = "fine"

_BY_NAME: dict[str, Wish] = {wished: wished for wished in get_args(Wish)}
_LISTED: dict[Wish, Wish] = {"status": "tickets", "tickets": "tickets"}
"""The wish that a wish becomes if there is no ticket."""


def _phrases(lines: str, meaning: str = "") -> list[Phrase]:
    words = {name: frozenset(listed.split()) for name, listed in shipped.read("wishes")["classes"].items()}
    classes = {**words, "obrigado": phrasing.class_of()["obrigado"]}
    if meaning != "cancel":  # `cancelar o atendimento` calls off a visit
        classes["chamado"] |= {"atendimento"}
    return phrasing.read_phrases("\n".join(_expanded(lines)), meaning, classes)


def _expanded(lines: str) -> Iterator[str]:
    """Yields each line with its placeholders filled in. `{that}` is a word for a ticket or its number; `{it}` is the
    same, or nothing."""
    for line in lines.splitlines():
        objects = ["", *_OBJECTS] if "{it}" in line else _OBJECTS if "{that}" in line else [""]
        yield from (re.sub(r"\{(?:it|that)\}", named, line) for named in objects)


_OBJECTS = ["{o}? {o}? {chamado} #?", "{o}? #"]


@cache
def _lexicon() -> phrasing.Lexicon:
    lists = shipped.read("wishes")
    return phrasing.Lexicon(
        [
            *(phrase for meaning, lines in lists["wishes"].items() for phrase in _phrases(lines, meaning)),
            *_phrases(lists["trimmings"]),
            *_phrases(lists["agreed"], _FINE),
            *(replace(phrase, meaning=_FINE) for phrase in phrasing.of_thanks("fine")),
            *(replace(phrase, meaning="") for phrase in phrasing.of_thanks("thanks")),
            *phrasing.of_thanks("objects"),
            *phrasing.trimmings(),
        ]
    )
