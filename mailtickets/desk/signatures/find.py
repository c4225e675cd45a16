"""Finds where an author's signature begins and ends, below the author's words.

Lines are a signature if the same lines stood under this person's mails before (`Signer.learned`), if the mail program
marks them (`marked`), or by their shape: the person's own name, and below it a job title, a telephone number, an
address or a picture. A closing formula above the signature (`Atenciosamente,`) and a name alone are the writer's words.
Owns: the kinds of lines that signatures are made of. In doubt, a line belongs to the words: a list behind a colon, the
writer's telephone number in a sentence, or a name in the middle of a text stay where they are.
Fails with: nothing. Limits: only the last `MAX_LINES` lines are looked at; time is linear in their length.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Literal

from mailtickets.desk.commands.closing import Own, is_contact, is_device_line, is_formula
from mailtickets.desk.commands.lines import TypedLine
from mailtickets.words import shipped
from mailtickets.words.fold import folded

MAX_LINES = 80
MAX_SIGNATURE_LINES = 30
MAX_LINE_CHARACTERS = 160
"""A longer line is a sentence, or a legal notice, which the reading of the mail has removed already."""
MAX_WORDS = 14

LineKind = Literal[
    "blank", "name", "card", "formula", "rule", "image", "device", "contact", "post", "label", "order", "words"
]
How = Literal["", "shape", "marked", "learned"]

_OF_A_SIGNATURE: frozenset[LineKind] = frozenset(
    ("blank", "name", "card", "formula", "rule", "image", "device", "contact", "post", "label")
)
_WORDLESS: frozenset[LineKind] = frozenset(("blank", "image", "rule", "device"))
_STRONG: frozenset[LineKind] = frozenset(("card", "contact", "image", "post"))
"""Kinds of lines that make a signature if they stand below a name. A `card` has name and contact on one line."""
_REACHES: frozenset[LineKind] = frozenset(("card", "contact", "image"))
_NAMED: frozenset[LineKind] = frozenset(("name", "card"))
_IMAGE = re.compile(r"(?:[\[<(](?:[^\[\]<>()\n]{0,120})[\])>]\s{0,3}){1,12}")
_PICTURE = re.compile(
    r"cid:|\.(?:png|jpe?g|gif|bmp)\b|\b(?:image|imagem|imagen|logo\w*|logotipo|assinatura|signature|banner"
    r"|facebook|instagram|linkedin|whatsapp|twitter|youtube|x)\b|^\W*$",
    re.IGNORECASE,
)
_RULE = re.compile(r"[-_=*~—–─|\s]{2,}")
_POSTSCRIPT = re.compile(r"\W{0,3}(?:p\.? ?s\b|p\.s\.|obs\b|nota:|n\.b\.|edit:)", re.IGNORECASE)
_TALKS = re.compile(r"[?¿]")


@dataclass(frozen=True, slots=True)
class Signer:
    """The author of the words, and what is known about the author's signature."""

    names: tuple[str, ...] = ()
    """The author's names, as people write them."""
    firms: tuple[str, ...] = ()
    """Names of the author's organization and of the queues."""
    learned: tuple[tuple[str, ...], ...] = ()
    """Signatures that stood under the author's earlier mails. Each line is a result of `key`."""
    marked: tuple[str, ...] = ()
    """Texts that the author's mail program marks as a signature in the present mail."""
    logos: frozenset[str] = frozenset()
    """sha256 of pictures that came with many of the author's mails."""


@dataclass(frozen=True, slots=True)
class Parted:
    """A text, divided into words and signature."""

    words: str
    signature: str = ""
    how: How = ""
    """How the signature was recognised. Empty if nothing was cut off."""
    words_below: bool = False
    """Whether there are words below the signature too."""


@dataclass(frozen=True, slots=True)
class _Found:
    """The lines from `start` to before `stop` are a signature."""

    start: int
    stop: int
    how: How


def parted(text: str, signer: Signer, below: str = "") -> Parted:
    """Divides a text into words and signature.

    `below` is the text that the reading of the mail has cut off already (a legal notice): a learned signature may end
    in it.
    """
    lines = text.split("\n")
    first = max(0, len(lines) - MAX_LINES)
    found = _found(lines[first:], below.split("\n")[:MAX_LINES] if below.strip() else [], signer)
    if found is None:
        return Parted(text)
    start, stop = first + found.start, first + found.stop
    words = _text([*_bare_end(lines[:start]), "", *_without_gap(lines[stop:])])
    return Parted(words, _text(lines[start:stop]), found.how, bool(_text(lines[stop:])))


def start_of(lines: Sequence[str], signer: Signer) -> int:
    """The index of the line at which the signature begins; the number of lines if there is no signature."""
    found = _found(lines, [], signer)
    return found.start if found else len(lines)


def _text(lines: Sequence[str]) -> str:
    return "\n".join(lines).strip("\n \t")


def _bare_end(lines: Sequence[str]) -> list[str]:
    kept = list(lines)
    while kept and not kept[-1].strip():
        kept.pop()
    return kept


def _without_gap(lines: Sequence[str]) -> list[str]:
    first = next((index for index, line in enumerate(lines) if line.strip()), len(lines))
    return list(lines[first:])


def _found(lines: Sequence[str], below: Sequence[str], signer: Signer) -> _Found | None:
    kinds = kinds_of(lines, signer)
    found = (
        next(filter(None, (_same_again(lines, below, signature) for signature in signer.learned)), None)
        or _marked(lines, kinds, signer.marked)
        or _shaped(lines, kinds, below=any(map(str.strip, below)))
    )
    return _with_pictures_below(kinds, found) if found is not None else None


def _with_pictures_below(kinds: Sequence[LineKind], found: _Found) -> _Found:
    """The signature with the lines below it that have no words: a logo, a rule."""
    stop = found.stop
    for index in range(found.stop, len(kinds)):
        if kinds[index] not in _WORDLESS:
            break
        stop = index + 1 if kinds[index] != "blank" else stop
    return replace(found, stop=stop)


# --- signatures that were learned ---------------------------------------------------------------------


@lru_cache(maxsize=4096)
def key(line: str) -> str:
    """The letters and digits of a line, which are the same in every rendering of it. Empty for a picture."""
    if is_picture(line):
        return ""
    return re.sub(r"<[^<>]{0,300}>|[\W_]+", "", folded(line[:300]))


def _same_again(lines: Sequence[str], below: Sequence[str], signature: Sequence[str]) -> _Found | None:
    """The place of a known signature, if all its lines stand there in order. Words below it stay in the text."""
    shown = [(index, key(line)) for index, line in enumerate([*lines, *below])]
    worded = [(index, folded_line) for index, folded_line in shown if folded_line]
    wanted = list(signature)
    for at in range(len(worded) - len(wanted), -1, -1):
        if [folded_line for _, folded_line in worded[at : at + len(wanted)]] == wanted:
            start, stop = worded[at][0], worded[at + len(wanted) - 1][0] + 1
            whole = _Found(start, min(stop, len(lines)), "learned")
            return whole if start < len(lines) and not _is_announced(lines, start) else None
    return None


# --- signatures that the mail program marks -----------------------------------------------------------


def _marked(lines: Sequence[str], kinds: Sequence[LineKind], marked: Sequence[str]) -> _Found | None:
    """The lines that a program marks as a signature, from the first line on that nobody writes as an answer.

    Phones put the cursor inside the marked signature. Words that were typed there, above the real signature, are words.
    """
    for text in marked:
        wanted = [folded_line for line in text.split("\n") if (folded_line := key(line))]
        worded = [(index, key(line)) for index, line in enumerate(lines) if key(line)]
        if not wanted or len(wanted) > MAX_SIGNATURE_LINES:
            continue
        shown = [folded_line for _, folded_line in worded]
        at = next((n for n in range(len(shown) - 1, -1, -1) if _goes_on(shown, n, wanted)), None)
        if at is None:
            continue
        inside = [index for index, _ in worded[at : at + len(wanted)]]
        start = _first_of_its_own(kinds, inside)
        if start is not None and not _is_announced(lines, start):
            return _Found(start, inside[-1] + 1, "marked")
    return None


def _first_of_its_own(kinds: Sequence[LineKind], inside: Sequence[int]) -> int | None:
    """The index where a marked signature really begins: its first line if nothing was typed above; else the line with
    the writer's name or a line without words; else None."""
    if kinds[inside[0]] in _OF_A_SIGNATURE - {"formula"}:
        return inside[0]
    return next((index for index in inside if kinds[index] in _NAMED | _WORDLESS), None)


def _goes_on(shown: Sequence[str], at: int, wanted: Sequence[str]) -> bool:
    """Whether the lines from `at` on equal the wanted lines, up to the end of the wanted lines or of the text. At the
    end of the text the other wanted lines may have been cut off already."""
    there = list(shown[at : at + len(wanted)])
    return there == list(wanted[: len(there)])


# --- the shape of a signature -------------------------------------------------------------------------


def _shaped(lines: Sequence[str], kinds: Sequence[LineKind], *, below: bool) -> _Found | None:
    """The signature, found by the kinds of its lines: it begins at the topmost line below which every line fits."""
    for start, kind in enumerate(kinds):
        if kind not in _NAMED and not (start and _is_under_a_formula(kinds, start)):
            continue
        if _is_announced(lines, start):
            continue
        stop = _end(lines, kinds, start)
        inside = kinds[start:stop]
        strong = {kind for kind in inside if kind in _STRONG}
        sure = not strong.isdisjoint(_REACHES)
        if (strong if kind in _NAMED else sure) and _may_stand_above(lines[stop:], kinds[stop:], sure=sure):
            return _Found(_with_what_opens_it(kinds, start), stop, "shape")
        if kind in _NAMED and below and stop == len(lines) and "label" in inside:  # above a legal notice
            return _Found(_with_what_opens_it(kinds, start), stop, "shape")
    return None


def _with_what_opens_it(kinds: Sequence[LineKind], start: int) -> int:
    """The index where the signature begins, with a rule above the name, or a picture directly above the name."""
    above = start
    while above and kinds[above - 1] == "blank":
        above -= 1
    if above and kinds[above - 1] == "rule":
        return above - 1
    return start - 1 if start and kinds[start - 1] == "image" else start


def _is_under_a_formula(kinds: Sequence[LineKind], start: int) -> bool:
    """Whether a block that begins without a name stands directly below a closing formula."""
    above = next((kind for kind in reversed(kinds[:start]) if kind != "blank"), "blank")
    return above == "formula" and kinds[start] in {"contact", "post", "label", "image"}


def _is_announced(lines: Sequence[str], start: int) -> bool:
    """Whether the name at `start` is part of the message: below `Fale com:`, or a greeting, which ends with a comma."""
    above = next((line.strip() for line in reversed(lines[:start]) if line.strip()), "")
    greets = lines[start].rstrip(" *_").endswith((",", ":", "!", "?"))
    return greets or (above.endswith((":", "=")) and not is_formula(above))


def _end(lines: Sequence[str], kinds: Sequence[LineKind], start: int) -> int:
    """The index behind the last line of a signature that begins at `start`."""
    stop, strong = start + 1, kinds[start] in _STRONG
    for index in range(start + 1, min(len(lines), start + MAX_SIGNATURE_LINES)):
        kind = kinds[index]
        slogan = strong and kinds[index - 1] != "blank" and kind == "words" and _may_be_slogan(lines[index])
        if kind not in _OF_A_SIGNATURE and not slogan:
            break
        strong = strong or kind in _STRONG
        stop = index + 1 if kind != "blank" else stop
    return stop


def _may_be_slogan(line: str) -> bool:
    """Whether a line directly below telephone numbers, without a gap, may be the organization's slogan."""
    return not _TALKS.search(line) and not _POSTSCRIPT.match(line) and len(line) <= MAX_LINE_CHARACTERS


def _may_stand_above(lines: Sequence[str], kinds: Sequence[LineKind], *, sure: bool) -> bool:
    """Whether these lines may stand below a signature: commands, notes, a postscript. `sure`: any words may."""
    first = next((index for index, kind in enumerate(kinds) if kind != "blank"), None)
    return first is None or sure or kinds[first] == "order" or bool(_POSTSCRIPT.match(lines[first][:20]))


# --- kinds of lines -----------------------------------------------------------------------------------


def is_picture(line: str) -> bool:
    """Whether a line stands for a picture in plain text: `[Logo]`, `[cid:image001.png@01DB]`, `<image001.png>`."""
    line = line.strip(" *_")
    return len(line) <= MAX_LINE_CHARACTERS and bool(_IMAGE.fullmatch(line)) and bool(_PICTURE.search(line))


def kinds_of(lines: Sequence[str], signer: Signer) -> list[LineKind]:
    own = Own.of("", signer.names)
    return [_kind(line, own, signer.firms) for line in lines]


def _kind(raw: str, own: Own, firms: Sequence[str]) -> LineKind:
    line = raw.strip().strip("*_").strip()
    if not line:
        return "blank"
    if TypedLine.of(0, raw).found:
        return "order"
    if len(line) > MAX_LINE_CHARACTERS or line.startswith(">"):
        return "words"
    if own.has_line(line) or own.is_named_in(line) or _is_longer_name(line, own):
        return "name"
    if own.begins(line) and _by_its_words(line, firms) in {"contact", "post"}:
        return "card"
    if is_formula(line):
        return "formula"
    if _RULE.fullmatch(line):
        return "rule"
    if is_picture(line):
        return "image"
    if is_device_line(line):
        return "device"
    return _by_its_words(line, firms)


def _is_longer_name(line: str, own: Own) -> bool:
    """Whether a line is a longer form of the author's name: `Ana Paula Souza` and `Ana P. Souza` for Ana Souza."""
    words = re.findall(r"[^\W\d_]+", line[:MAX_LINE_CHARACTERS])
    bare = [folded(word) for word in words]
    alone = len(line.split()) == len(words) and 2 <= len(words) <= 6 and all(word[0].isupper() for word in words)
    return alone and any(
        set(name.split()) <= set(bare) and bare[0] == name.split()[0] for name in own.names if " " in name
    )


def _by_its_words(line: str, firms: Sequence[str]) -> LineKind:
    """The kind of a line by its words: telephone numbers and addresses, a job title, names; otherwise words."""
    contact = is_contact(line)
    tokens = [token for token in re.split(r"[\s|/•·,;:()<>–—+-]+", _without_addresses(line)) if token]
    if len(tokens) > MAX_WORDS or _TALKS.search(line) or not all(map(_is_label, tokens)):
        return "words"
    bare = [folded(token).strip(".") for token in tokens]
    if contact or _PLACE.search(line):
        return "contact"
    if line.endswith((".", "!", ":")) and not _ABBREVIATED.search(line):
        return "words"
    if not shipped.words("signatures", "posts").isdisjoint(bare) or _is_firm(bare, firms):
        return "post"
    return "label" if line[0].isupper() and len(tokens) <= 8 else "words"


_ADDRESSES = re.compile(
    r"[^\s<>]{1,80}@[^\s<>]{1,120}|(?:https?://|www\.)[^\s<>]{1,200}|[a-z0-9-]{1,40}(?:\.[a-z]{2,6}){1,3}(?=[\s|)]|$)"
)
_PLACE = re.compile(r"\b\d{5}-\d{3}\b|^(?:rua|r\.|av\.|avenida|alameda|praça|rodovia|calle|estrada)\s", re.IGNORECASE)
_ABBREVIATED = re.compile(r"\b(?:ltda|inc|co|s\.a|cia|me|eireli|corp|ltd)\.$", re.IGNORECASE)


def _without_addresses(line: str) -> str:
    """The line without mail and web addresses. The pattern is slow on a long word: lines without its marks skip it."""
    return _ADDRESSES.sub(" ", line) if "@" in line or "." in line or ":" in line else line


def _is_label(token: str) -> bool:
    """Whether a token fits a signature: with a capital, a number, a small word between others, or the label of a number
    (`tel`)."""
    bare = folded(token).strip(".º°ª'’\"“”")
    first = token.strip("'’\"“”*_[].º°ª")[:1]
    return not first or first.isupper() or not first.isalpha() or bare in _label_words()


@cache
def _label_words() -> frozenset[str]:
    """Words that may stand in a signature without a capital."""
    return frozenset().union(*(shipped.words("signatures", kind) for kind in ("labels", "small", "posts")))


def _is_firm(words: Sequence[str], firms: Sequence[str]) -> bool:
    known = {word for firm in firms for word in folded(firm).split()}
    return bool(words) and set(words) <= known


__all__ = ["How", "Parted", "Signer", "key", "parted", "start_of"]
