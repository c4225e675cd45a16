"""Finds mail that shows different readers different things: two versions that differ, and text that nobody can see.

Owns: which text of an HTML document can be seen (size, colour, `display` and similar styles, set on elements), and
which differences matter. Ordinary mail has harmless differences: the preheader of a newsletter, a plain text with other
line breaks or with the targets of links. So versions differ only if each has figures or addresses that the other lacks,
or if they share hardly any words. Hidden text counts if it has figures, addresses or several words that the visible
text lacks; a preheader (hidden text before all visible text) may have words. History is not checked.
Fails with: nothing. Limits: the first `MAX_CHARACTERS` of each version; styles in a `<style>` element are not read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from mailtickets.mail.reply.document import SKIPPED, is_made_by_program, too_deep, tree

MAX_CHARACTERS = 300_000
MIN_WORDS = 4
"""Fewer hidden words than these are not worth a warning."""
MIN_COMPARED = 8
"""A plain text with at least this many words is compared with the HTML word by word. A shorter one is often a stub."""

DIFFER = "text-and-html-differ"
HIDDEN = "hidden-text"

_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|mso-hide\s*:\s*all|opacity\s*:\s*0?(?:\.0+)?\s*(?:[;!]|$)"
    r"|font-size\s*:\s*(?:0(?:\.\d+)?(?:px|pt|%)?|0(?:\.0\d*)?(?:em|rem)|1(?:\.\d+)?(?:px|pt|%))\s*(?:[;!]|$)"
    r"|max-(?:height|width)\s*:\s*[01](?:px)?\s*(?:[;!]|$)|text-indent\s*:\s*-\d{3}|(?:left|top)\s*:\s*-\d{3,}"
    r"|color\s*:\s*transparent|line-height\s*:\s*0(?:px|%)?\s*(?:[;!]|$)",
    re.IGNORECASE,
)
_COLOUR = re.compile(r"(?:^|;)\s*color\s*:\s*([^;!]{1,60})", re.IGNORECASE)
_BACKGROUND = re.compile(r"(?:^|;)\s*background(?:-color)?\s*:\s*([^;!]{1,200})", re.IGNORECASE)
_HEX = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})\b", re.IGNORECASE)
_RGB = re.compile(r"rgba?\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})", re.IGNORECASE)
_NAMED = {"white": (255, 255, 255), "black": (0, 0, 0), "snow": (255, 250, 250), "ivory": (255, 255, 240)}
_WHITE = (255, 255, 255)
_NEAR = 24
"""Two colours look the same if each of red, green and blue differs by no more than this."""

_ASIDE = re.compile(r"https?://\S{1,2000}|www\.\S{1,2000}|<[^<>\n]{0,400}>|\[[^\[\]\n]{0,400}\]|cid:\S{1,400}")
_FIGURE = re.compile(r"\d+(?:[.,]\d+)*")
_ADDRESS = re.compile(r"[\w.+-]{1,64}@[\w.-]{1,200}")
_WORD = re.compile(r"[^\W\d_]{3,}")
_NUMBERING = re.compile(r"^[\s>*•-]{0,8}\d{1,3}[.)]\s", re.MULTILINE)


@dataclass(slots=True)
class _SeenAndHidden:
    seen: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    preheader: list[str] = field(default_factory=list)
    length: int = 0
    begun: bool = False
    """Whether visible text has been read already."""

    def write(self, text: str | None, hidden: bool) -> None:
        if not text or self.length > MAX_CHARACTERS:
            return
        self.length += len(text)
        if not hidden:
            self.begun = self.begun or bool(_WORD.search(text))
            self.seen.append(text)
        elif self.begun:
            self.hidden.append(text)
        else:
            self.preheader.append(text)

    def part(self) -> None:
        for texts in (self.seen, self.hidden, self.preheader):
            texts.append(" ")


@dataclass(frozen=True, slots=True)
class _Look:
    """How text is shown. A value is None if it is unknown."""

    hidden: bool = False
    history: bool = False
    colour: tuple[int, int, int] | None = (0, 0, 0)
    background: tuple[int, int, int] | None = _WHITE


def found(plain: str | None, written: str, html: str) -> Iterator[str]:
    """The defects of a mail.

    `plain` is the whole plain-text version, None if the text was made from the HTML. `written` is the text that was
    written now.
    """
    page = _read(html[: 4 * MAX_CHARACTERS])
    if page is None:
        return
    seen = "".join(page.seen)
    if plain is not None and _differ(plain[:MAX_CHARACTERS], written[:MAX_CHARACTERS], seen):
        yield DIFFER
    if _conceals("".join(page.hidden), seen, MIN_WORDS) or _conceals("".join(page.preheader), seen, None):
        yield HIDDEN


# --- comparing ----------------------------------------------------------------------------------------


def _differ(plain: str, written: str, seen: str) -> bool:
    """Whether each version has figures or addresses that the other lacks, or the two share hardly any words."""
    for facts in (_figures, _addresses):
        if facts(written) - facts(seen) and facts(seen) - facts(plain):
            return True
    words, shown = _words(written), _words(seen)
    return len(words) >= MIN_COMPARED and len(shown) >= MIN_COMPARED and 2 * len(words & shown) < len(words)


def _conceals(hidden: str, seen: str, enough: int | None) -> bool:
    """Whether figures, addresses or at least `enough` words are hidden from the reader."""
    if _figures(hidden) - _figures(seen) or _addresses(hidden) - _addresses(seen):
        return True
    return enough is not None and len(_words(hidden) - _words(seen)) >= enough


def _figures(text: str) -> set[str]:
    prose = _NUMBERING.sub(" ", _ADDRESS.sub(" ", _ASIDE.sub(" ", text)))
    return {figure.lstrip("0") or "0" for figure in _FIGURE.findall(prose)}


def _addresses(text: str) -> set[str]:
    return {address.strip(".").casefold() for address in _ADDRESS.findall(text)}


def _words(text: str) -> set[str]:
    return {word.casefold() for word in _WORD.findall(_ASIDE.sub(" ", text))}


# --- reading ------------------------------------------------------------------------------------------


def _read(html: str) -> _SeenAndHidden | None:
    root = None if too_deep(html) else tree(html)
    if root is None:
        return None
    page = _SeenAndHidden()
    styled = any("background" in (element.text or "") for element in root.iter("style"))
    _walk(root, page, _Look(), styled)
    return page


def _walk(element: etree._Element, page: _SeenAndHidden, outer: _Look, styled: bool) -> None:
    if not isinstance(element.tag, str) or element.tag in SKIPPED:
        return
    look = _Look(history=True) if outer.history or is_made_by_program(element) else _look(element, outer, styled)
    hidden = look.hidden or _is_camouflaged(look)
    page.part()
    page.write(element.text, hidden)
    for child in element:
        _walk(child, page, look, styled)
        page.write(child.tail, hidden)
    page.part()


def _look(element: etree._Element, outer: _Look, styled: bool) -> _Look:
    style = element.get("style") or ""
    hidden = outer.hidden or element.get("hidden") is not None or (bool(style) and _HIDING.search(style) is not None)
    return _Look(hidden, False, _colour_of(element, style, outer), _background_of(element, style, outer, styled))


def _colour_of(element: etree._Element, style: str, outer: _Look) -> tuple[int, int, int] | None:
    found = _COLOUR.search(style)
    stated = found[1] if found else element.get("color") if element.tag == "font" else None
    if stated is None:
        return (0, 0, 255) if element.tag == "a" else outer.colour
    return _colour(stated)


def _background_of(element: etree._Element, style: str, outer: _Look, styled: bool) -> tuple[int, int, int] | None:
    found = _BACKGROUND.search(style)
    stated = found[1] if found else element.get("bgcolor")
    if stated is not None:
        return _colour(stated)
    if element.get("background") is not None or (styled and element.get("class")):
        return None
    return outer.background


def _colour(stated: str) -> tuple[int, int, int] | None:
    stated = stated.strip().casefold()
    if found := _HEX.search(stated):
        digits = found[1] if len(found[1]) == 6 else "".join(2 * digit for digit in found[1])
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)
    if found := _RGB.search(stated):
        return int(found[1]), int(found[2]), int(found[3])
    return _NAMED.get(stated)


def _is_camouflaged(look: _Look) -> bool:
    """Whether text has the colour of its background."""
    if look.colour is None or look.background is None:
        return False
    return all(abs(one - other) <= _NEAR for one, other in zip(look.colour, look.background, strict=True))
