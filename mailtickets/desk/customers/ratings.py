"""Reads a customer's answer to "how was it, 1 to 5?": a score, and the comment that stands with it.

Owns: the forms of a score (`5`, `Nota 4`, `4/5`, stars, thumbs and faces, words such as `péssimo`), and which words may
stand beside each form. A stated score (`nota 2`, `4/5`, `⭐⭐⭐`, `ótimo atendimento`) begins or ends a reply, with a
comment that asks nothing. Beside trouble or a wish only a low score counts, because people are told of low scores. A
bare digit, a sign or an adjective may also begin a list, an acknowledgement or a sentence, so only few words may follow
it. `👍` alone is 5. With a thank-you, `👍` is thanks, and so is "ótimo, obrigado". Beside thanks, only praise of the
service itself ("ótimo atendimento, obrigado") is a rating.
Fails with: nothing; in doubt the reply is no rating, and people read the mail like any other.
Limits: `MAX_CHARACTERS`; every pattern is bounded, so that time is linear. A longer reply is not looked at.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache

from mailtickets.desk.customers import phrasing
from mailtickets.desk.customers.consent import consent
from mailtickets.desk.customers.thanks import gratitude
from mailtickets.mail.model import REF_LABEL
from mailtickets.words import shipped
from mailtickets.words.fold import letters_in_place

MAX_CHARACTERS = 2_000
MAX_SIGN_OFF_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class Rating:
    score: int
    """1 (worst) to 5 (best)."""
    comment: str
    """The other words of the reply, without greeting and closing."""
    quotable: bool = False
    """Its author says that they may be named beside it (`consent`)."""


def opinion(reply: str, signature: str = "") -> Rating | None:
    """The rating in a reply, and whether its author may be named beside it."""
    said = consent(reply)
    found = rating(said.rest, signature)
    return replace(found, quotable=said.given) if found is not None and said.given else found


def rating(reply: str, signature: str = "") -> Rating | None:
    """The rating in a reply, or None. `signature` is the text that was cut off below the reply; it names the writer."""
    if len(reply) > phrasing.MAX_REPLY_CHARACTERS:
        return None
    text = unicodedata.normalize("NFC", phrasing.without_device_lines(reply)).strip()
    if not text or len(text) > MAX_CHARACTERS or REF_LABEL in text or _QUOTED.search(text):
        return None
    text = _without_sign_off(text[_greeting(text) :], signature)
    folded = letters_in_place(text)
    if _OTHER_SCALE.search(folded):
        return None
    found = _stated(text, folded) or _bare(text, folded) or _felt(text, folded)
    return found if found is not None and _scores_in(folded) <= {found.score} else None


def _greeting(text: str) -> int:
    found = _GREETING.match(letters_in_place(text))
    return found.end() if found else 0


def _without_sign_off(text: str, signature: str) -> str:
    """The text without closing formulas and the writer's name at the end."""
    names = phrasing.common_names() | phrasing.words_of_names([phrasing.first_line(signature)])
    lines = text.split("\n")
    while len(lines) > 1 and _is_sign_off(lines[-1], names):
        lines.pop()
    return "\n".join(lines).strip()


def _is_sign_off(line: str, names: frozenset[str]) -> bool:
    if not line.strip():
        return True
    sentences = phrasing.sentences(line) if len(line) < MAX_SIGN_OFF_CHARACTERS and _LETTER.search(line) else None
    return sentences is not None and all(
        phrasing.meanings(words, _sign_off(), names) is not None for words in sentences
    )


# --- stated scores ----------------------------------------------------------------------------------------------------


def _stated(text: str, folded: str) -> Rating | None:
    """The rating of a text that begins or ends with a stated score: `Nota 4`, `4/5`, `★★★★☆`, `ótimo atendimento`."""
    for form in (_LABELLED, _SCALED, _STARRED, _PRAISED):
        first = form.match(folded)
        if first is not None:
            return _unasked(_score(first), text[first.end() :]) if _leads(folded, first.end()) else None
        last = _last(form, folded) if form is not _PRAISED else None
        if last is not None:
            return _unasked(_score(last), text[: last.start()])
    return None


def _leads(folded: str, end: int) -> bool:
    """Whether the words behind a stated score (from `end` on) are a comment, and not the rest of the same sentence."""
    if _SEPARATED.match(folded, end):
        return True
    following = _LETTER_WORD.search(folded, end)
    return following is not None and following[0] in _GOES_ON and not _WANTS.search(folded, end)


def _last(form: re.Pattern[str], folded: str) -> re.Match[str] | None:
    for found in form.finditer(folded):
        before = folded[: found.start()].rstrip(" \t")
        if before.endswith(_STOPS) and _ENDED.fullmatch(folded, found.end()):
            return found
    return None


def _score(found: re.Match[str]) -> int:
    digits = next(digits for digits in found.groupdict().values() if digits)
    stars = len(_FULL_STAR.findall(digits))
    return stars or _WORTH.get(" ".join(digits.split())) or int(digits)


def _unasked(score: int, comment: str) -> Rating | None:
    folded = letters_in_place(comment)
    if _ASKS.search(comment) or _DOCUMENT.search(folded) or (score > 3 and _WANTS.search(folded)):
        return None
    return Rating(score, _comment_of(comment))


def _comment_of(comment: str) -> str:
    return comment.strip(_EDGES) if _LETTER.search(comment) else ""


def _scores_in(folded: str) -> set[int]:
    """Every score that a text states. Two different scores are no rating."""
    return {_score(found) for form in (_LABELLED, _SCALED) for found in form.finditer(folded)}


# --- a digit alone ----------------------------------------------------------------------------------------------------


def _bare(text: str, folded: str) -> Rating | None:
    """The rating of a text that begins with a digit: `5`, `5 - muito rápido!`. Not `5 dias`, `1) não liga` or the first
    line of a list."""
    found = _DIGIT.match(folded)
    if found is None:
        return None
    score, rest = _score(found), folded[found.end() :]
    comment = _comment_of(text[found.end() :])
    if not comment:
        return Rating(score, "") if _DECORATION.fullmatch(rest) and _in_tune(score, rest) else None
    if _LISTED.search(rest) or _ASKS.search(comment) or _WANTS.search(rest) or _FROWN.search(rest):
        return None
    broken = _BREAK.match(rest) is not None
    return Rating(score, comment) if broken or _agrees(score, comment) or gratitude(comment) else None


def _agrees(score: int, comment: str) -> bool:
    return _judgement(letters_in_place(comment)) != set() and _in_tune(score, letters_in_place(comment))


def _in_tune(score: int, folded: str) -> bool:
    """Whether faces, stars and words of judgement at the beginning of a comment agree with the score."""
    stars = len(_FULL_STAR.findall(folded))
    return stars in {0, 1, score} and all(abs(score - other) <= 1 for other in _judgement(folded))


def _judgement(folded: str) -> set[int]:
    folded = folded.strip(_EDGES)
    signs, word = _SIGNS.match(folded), _ADJECTIVE.match(folded)
    return _sign_scores(signs[0]) if signs else {_score(word)} if word else set()


# --- signs and words of judgement -------------------------------------------------------------------------------------


def _felt(text: str, folded: str) -> Rating | None:
    """The rating of a text that begins with a sign or an adjective: `👍`, `ótimo`, `Péssimo, demorou demais`.

    After praise only more praise may follow, or the score (`Muito bom, 5!`); after blame anything but a new request.
    """
    signs, word = _SIGNS.match(folded), _ADJECTIVE.match(folded)
    found = signs or word
    if found is None or (word is not None and not _SEPARATED.match(folded, word.end())):
        return None
    scores, rest = _sign_scores(found[0]) if signs else {_score(found)}, text[found.end() :]
    if len(scores) != 1:
        return None
    (score,) = scores
    digit = _LAST_DIGIT.fullmatch(folded, found.end())
    if digit is not None:
        given = int(digit["given"])
        return Rating(given, _comment_of(text[: found.end()])) if abs(given - score) <= 1 else None
    fits = _fits(score, rest) if _LETTER.search(rest) else _DECORATION.fullmatch(letters_in_place(rest))
    return Rating(score, _comment_of(rest)) if fits and _in_tune(score, letters_in_place(rest)) else None


def _fits(score: int, comment: str) -> bool:
    """Whether a comment allows the score to count. Blame is nearly always a rating; praise often begins a sentence that
    is no rating, so that only more praise may follow it."""
    folded = letters_in_place(comment)
    if _ASKS.search(folded) or _WANTS.search(folded) or _FROWN.search(folded):
        return False
    words = _LETTER_WORD.findall(folded)
    return score <= 3 or all(word in _PRAISING for word in words)


def _sign_scores(signs: str) -> set[int]:
    return {_SIGN_WORTH[sign] for sign in signs if sign in _SIGN_WORTH}


# --- the forms --------------------------------------------------------------------------------------------------------


def _expressions(words: str) -> list[str]:
    return [word.replace("_", " ") for word in words.split()]


_LISTS = shipped.read("ratings")
_NUMERALS = {"um": 1, "dois": 2, "tres": 3, "quatro": 4, "cinco": 5, "cuatro": 4} | {
    name: number for number, name in enumerate(["one", "two", "three", "four", "five"], 1)
}
_SPOKEN = set(_NUMERALS) - {"um", "one"}
"""Numerals that are scores by themselves, without those that are also articles."""
_TOP = {"10/10": 5, "dez": 5, "mil": 5, "10": 5}
"""Numbers that mean the best score on every scale."""
_JUDGING = {word: int(score) for score, words in _LISTS["judging"].items() for word in _expressions(words)}
_WORTH = _JUDGING | _NUMERALS | _TOP
_SIGNS_OF = {5: "👍😀😃😄😁😆😍🤩🥰😊☺😇🥳❤💚💙💛💜👏💯", 4: "🙂", 3: "😐😑😶", 2: "🙁☹😕😟😞", 1: "👎😡😠🤬😤🤮"}
_SIGN_WORTH = {sign: score for score, signs in _SIGNS_OF.items() for sign in signs}
_PRAISING = frozenset(_expressions(_LISTS["praising"]))
_GOES_ON = _PRAISING | set(_expressions("para pro pra pelo pela por to for demorou demorado demora slow lento"))
_WITH_SERVICE = {"boa", "buen", "buena", "mal"}
"""Words of judgement that are too vague alone."""


def _either(words: Iterable[str]) -> str:
    return "|".join(
        re.escape(word).replace("\\ ", r"\s") for word in sorted(words, key=lambda word: (-len(word), word))
    )


_MOD = "[\ufe0f\u200d\u20e3🏻-🏿♂♀]*"
_EDGES = ' \t\r\n.,;:!–—-*"“”()…'
_OPEN, _CLOSE = r"[*\"“(]?", r"[*\"”)]?"
_LABEL = (
    r"(?<!\w)(?:(?:atendimento|servico|suporte)(?=\s?[:=])|(?:a |minha |mi |my |la |dou |doy |daria |o? ?atendimento )?"
    r"(?:nota|avaliacao|pontuacao|puntuacion|calificacion|score|rating)(?: final)?(?: e| es| is| foi)?"
    r"|dou|doy|i(?:'d| would)? (?:give|rate) (?:it|you|this))\s?[:=–—-]?\s?(?:an? |um |uma |un )?"
)
_SCALE = r"\s?(?:/\s?5(?![\w/]|[.,]\d)|(?:de|em|sobre|out of)\s5(?!\w)|(?:estrelas?|stars?|estrellas?)(?!\w))"
_ALONE = r"(?![\w/%°ºª]|[.,:]\d|\s?[-–]\s?\d|\s(?:ou|or|o|e|a|y|and|to)\s\d)"
_SERVICE = (
    r"(?:atendimento|servico|suporte|trabalho|equipe|service|support|help|job|work|team|servicio|atencion|soporte"
    r"|trabajo|experience|experiencia)(?!\w)"
)
_LED = (
    r"(?:(?:foi|e|achei|estava|it was|was|is|fue|es|simplesmente|realmente|really|absolutely|um|uma|o|a|que|what an?"
    r"|the|an?|el|la|un)\s){0,3}"
)

_LABELLED = re.compile(
    rf"{_OPEN}{_LABEL}{_OPEN}(?P<given>[1-5]|10|dez|mil|{_either(_NUMERALS)}){_MOD}(?:{_SCALE})?{_CLOSE}{_ALONE}"
)
_SCALED = re.compile(
    rf"{_OPEN}(?<![\w.,/-])(?:(?P<given>[1-5]|{_either(_NUMERALS)}){_MOD}{_SCALE}|(?P<top>10/10)){_CLOSE}{_ALONE}"
)
_STARRED = re.compile(
    rf"(?<![★⭐🌟☆])(?<![★⭐🌟☆]\s)(?P<given>(?:[★⭐🌟]{_MOD}\s?){{2,5}}(?:☆{_MOD}\s?){{0,3}}|★\s?(?:☆\s?){{4}})(?!\s?[★⭐🌟☆])"
)
_PRAISED = re.compile(
    rf"{_OPEN}{_LED}(?:(?P<given>{_either(_JUDGING)})(?:\s(?:(?:com|con|with)\s)?(?:o|a|el|la|the|do|da))?\s{_SERVICE}"
    rf"|{_SERVICE}\s(?:(?:foi|e|estava|was|is|fue|es)\s)?(?P<also>{_either(_JUDGING)})(?!\w)){_CLOSE}"
)
_DIGIT = re.compile(rf"{_OPEN}(?P<given>[1-5]|{_either(_SPOKEN)}){_MOD}{_CLOSE}{_ALONE}")
_ADJECTIVE = re.compile(rf"{_OPEN}{_LED}(?P<given>{_either(_JUDGING.keys() - _WITH_SERVICE)})(?!\w){_CLOSE}")
_SIGNS = re.compile(rf"(?:[{''.join(_SIGN_WORTH)}]{_MOD}\s*)+")
_FULL_STAR = re.compile("[★⭐🌟]")
_DECORATION = re.compile(rf"(?:[\s.!*\"“”):;…]|[{''.join(_SIGN_WORTH)}★⭐🌟🎉✨]{_MOD})*")
_LAST_DIGIT = re.compile(r"[\s.!,;:–—*-]*(?P<given>[1-5])(?:/5)?[\s.!*]*")
_FROWN = re.compile(r"[:;=]['-]?[(\[{]")
_LETTER = re.compile(r"[^\W_]")
_LETTER_WORD = re.compile(r"[^\W_]+")
_QUOTED = re.compile(r"^>", re.MULTILINE)
_ASKS = re.compile(r"[?¿]")
_SEPARATED = re.compile(rf"\s*(?:$|[.!,;:\n)–—*\"”-]|[{''.join(_SIGN_WORTH)}★⭐🌟])")
_ENDED = re.compile(rf"(?:[\s.!*\"”)]|[{''.join(_SIGN_WORTH)}]{_MOD})*")
_STOPS = (".", "!", ",", ";", ":", "\n", "-", "–", "—")
_BREAK = re.compile(r"\s?(?:[-–—]\s?|,\s|!+\s|\n)\s*(?=[^\W_])")
_LISTED = re.compile(r"^[\W_]*\d|\n[^\S\n]*+\d{1,2}\s?[-.):–]|^\)")
_OTHER_SCALE = re.compile(
    r"(?<!\w)(?!10/10)\d{1,3}(?:[.,]\d)?\s?/\s?(?:100?|[6-9])(?!\d)|(?<!\w)(?:de|em|out of|sobre)\s(?:10|100)(?!\d)"
)
_DOCUMENT = re.compile(r"(?<!\w)(?:segue|anexo|anexa|anexei|fiscal|fiscais|attached|adjunto|adjunta)(?!\w)")
_WANTS = re.compile(rf"(?<!\w)(?:{_either(_expressions(_LISTS['wanting']))})(?!\w)")
_GREETING = re.compile(
    r"(?:(?:bom dia|boa tarde|boa noite|ola|oi|hola|hello|hi|hey|buenos dias|buenas tardes|buenas noches"
    r"|good (?:morning|afternoon|evening))(?:,? (?:a todos|equipe|pessoal|team|there|all))?(?:[,.!\s]+|$))*"
)


@cache
def _sign_off() -> phrasing.Lexicon:
    return phrasing.Lexicon(phrasing.trimmings())
