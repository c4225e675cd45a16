"""Cuts out of a mail's HTML the part that says certain words: what somebody wrote now, with its formatting.

Owns: how words that were cut out of a mail's text are found again in its HTML, and what is kept with them (links,
lists, tables, images of the mail itself). The returned HTML says exactly these words: history, signature, command
lines, hidden text and words in attributes are gone.
Fails with: nothing. Returns None if the HTML does not say exactly these words in this order.
Limits: `MAX_CHARACTERS` of HTML and of words, `MAX_TAGS`, the nesting of `document`, and `MAX_PIECES` pieces that the
words may stand in. Beyond a limit the result is None. Time is linear.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from html import unescape

import nh3
from lxml import etree

from mailtickets.mail.reply.document import quotes, too_deep
from mailtickets.mail.reply.letters import LETTER, LetterPage, TextRun, letters, read
from mailtickets.mail.reply.sanitise import sanitised

MAX_CHARACTERS = 1_000_000
MAX_TAGS = 40_000
MAX_PLACES = 200
"""How many places of the same words are tried, one after another."""
MAX_PIECES = 40

_IMAGE_WORDS = ("", "image:", "imagem:", "imagen:", "img:", "inlineimage", "cid:")
_BRACKETED = re.compile(r"<([^<>]{1,2000})>|\[([^\[\]]{1,2000})\]")
_CELLS = frozenset({"td", "th", "col", "colgroup"})
_SIGNATURE = re.compile(r"signature|assinatura", re.IGNORECASE)
_TIGHT = re.compile(r"(?:^|\s)(?:x_)*Mso(?:Normal|PlainText|ListParagraph\w*)(?:\s|$)")
_ATTRIBUTES = frozenset(
    {
        "align", "bgcolor", "border", "cellpadding", "cellspacing", "color", "colspan", "dir", "face", "height", "href",
        "rel", "rowspan", "size", "span", "src", "start", "style", "type", "valign", "width",
    }
)  # fmt: skip


@lru_cache(maxsize=2)
def excerpt(html: str, words: str) -> str | None:
    """The part of a mail's sanitised HTML that says exactly `words`, without regard to blanks and marks of emphasis.

    Returns None if there is no such part. Cached: the customers' and the agents' notices of one mail show the same
    part.
    """
    if max(len(html), len(words)) > MAX_CHARACTERS or html.count("<") > MAX_TAGS or too_deep(html):
        return None
    page = read(html)
    if page is None:
        return None
    lines = [line for line in map(letters, words.split("\n")) if line]
    spans, marked = _spans(page, lines), _Marked()
    if not spans:
        marked = _marked(words, page)
        spans = _spans(page, marked.lines)
    if not spans:
        return None
    return _verified(_cut(page, spans), page, spans, marked)


def images_from(html: str, words: str, *, after: str = "", until: str = "") -> frozenset[str]:
    """The Content-IDs of the images that stand at or after the place where the HTML says `words` in one piece.

    The search for the words begins after the text `after`. Only images before the text `until` count, if the HTML says
    that text. The result is empty if the HTML does not say the words.
    """
    if len(html) > MAX_CHARACTERS or html.count("<") > MAX_TAGS or too_deep(html):
        return frozenset()
    page, wanted, before = read(html), letters(_BRACKETED.sub("", words)), letters(after)
    if page is None or len(wanted) < _ENOUGH_LETTERS:
        return frozenset()
    first = page.whole.find(before) + len(before) if before and before in page.whole else 0
    at = page.whole.find(wanted, first)
    if at < 0:
        return frozenset()
    end = page.whole.find(letters(until), at) if letters(until) else -1
    places = ((element, start) for element, start, _ in page.places if element.tag == "img")
    behind = (element for element, start in places if at <= start and (end < 0 or start <= end))
    return frozenset(filter(None, (_content_id(element) for element in behind)))


_ENOUGH_LETTERS = 6
"""Fewer letters than this may occur somewhere above by chance."""


def _content_id(image: etree._Element) -> str:
    found = re.match(r"\s*cid:(\S{1,500})", image.get("src") or "", re.IGNORECASE)
    return found[1] if found else ""


# --- finding ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Marked:
    """Words without a plain text's notation for links and images. The HTML must then have these links and images."""

    lines: list[str] = field(default_factory=list)
    links: frozenset[str] = frozenset()
    images: int = 0


def _marked(words: str, page: LetterPage) -> _Marked:
    """Take the plain-text notation of links (`text <https://...>`) and images (`[image: name]`) out of the words."""
    targets = {letters(element.get("href") or "") for element, _, _ in page.places if element.tag == "a"}
    names = {letters(name) for element, _, _ in page.places if element.tag == "img" for name in _names(element)}
    links, images = set[str](), 0

    def without(found: re.Match[str]) -> str:
        nonlocal images
        if found[1] is not None and letters(found[1]) in targets:
            links.add(letters(found[1]))
            return ""
        name_letters = letters(found[2] or "").casefold()
        if found[2] is not None and any(
            name_letters == lead + name.casefold() for lead in _IMAGE_WORDS for name in names
        ):
            images += 1
            return ""
        return found[0]

    bare = _BRACKETED.sub(without, words)
    return _Marked([line for line in map(letters, bare.split("\n")) if line], frozenset(links), images)


def _names(image: etree._Element) -> Iterator[str]:
    yield image.get("alt") or ""
    yield re.sub(r"^\s*cid:", "", image.get("src") or "", flags=re.IGNORECASE)


def _spans(page: LetterPage, lines: list[str]) -> list[tuple[int, int]]:
    """Where the page says the words, as (first letter, end): in one place if possible, otherwise in several places that
    each reach from the beginning of a line to the end of a line. Empty if the page does not say them.
    """
    if not lines:
        return []
    joined = "".join(lines)
    at = _place(page, joined, 0, ends=True)
    return [(at, at + len(joined))] if at >= 0 else _pieces(page, lines)


def _pieces(page: LetterPage, lines: list[str]) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for line in lines:
        start, stop = spans[-1] if spans else (0, 0)
        if spans and page.whole.startswith(line, stop):
            spans[-1] = (start, stop + len(line))
            continue
        at = _place(page, line, stop) if stop in page.bounds else -1
        if at < 0 or len(spans) == MAX_PIECES:
            return []
        spans.append((at, at + len(line)))
    return spans if spans[-1][1] in page.bounds else []


def _place(page: LetterPage, wanted: str, after: int, *, ends: bool = False) -> int:
    """The first beginning of a line at or after `after` where the page says `said`; -1 if there is none."""
    at = page.whole.find(wanted, after)
    for _ in range(MAX_PLACES):
        if at < 0 or (at in page.bounds and (not ends or at + len(wanted) in page.bounds)):
            return at
        at = page.whole.find(wanted, at + 1)
    return -1


# --- cutting ------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Cut:
    """The spans of letters that stay, in the order of the document."""

    spans: list[tuple[int, int]]
    with_images: list[bool]
    """For each span, whether it is certain that an image in or after the span belongs to these words."""

    def holds(self, start: int, stop: int) -> bool:
        """Whether a letter between these two positions stays."""
        return any(first < stop and start < last for first, last in self.spans)

    def is_inside(self, at: int) -> bool:
        """Whether a position is between letters of one span, or at the end of a span that another span follows."""
        inside = any(first < at < last for first, last in self.spans)
        return inside or any(at == last for _, last in self.spans[:-1])

    def shows(self, at: int) -> bool:
        """Whether an image at this position stays. It belongs to the words before it; at the very beginning, to the
        words after it.
        """
        sure = (span for span, is_sure in zip(self.spans, self.with_images, strict=True) if is_sure)
        return any(first < at <= last for first, last in sure) or (at == 0 and self.spans[0][0] == 0)


def _cut(page: LetterPage, spans: list[tuple[int, int]]) -> str | None:
    cut = _Cut(spans, [first == 0 or _is_said_once(page, first, last) for first, last in spans])
    for text in page.texts:
        _trim(text, cut)
    kept = _kept(page, cut)
    for element, _, _ in page.places:
        if element is page.body:
            continue
        if element in kept:
            _clean(element)
        else:
            _remove(element)
    inner = "".join(etree.tostring(child, encoding="unicode", method="html") for child in page.body)
    return sanitised((page.body.text or "") + inner)


def _is_said_once(page: LetterPage, first: int, last: int) -> bool:
    """Whether the document says these words once only. If a note or the history says them too, the images beside them
    may not belong to the answer.
    """
    wanted = page.whole[first:last]
    return page.whole.find(wanted) == first and page.whole.find(wanted, first + 1) < 0


def _kept(page: LetterPage, cut: _Cut) -> set[etree._Element]:
    """The elements that stay: those with words that stay, empty ones between such words, images of such words, and all
    their ancestors.
    """
    kept = {page.body}
    for element, start, stop in reversed(page.places):  # outer elements first
        in_kept_row = element.tag in _CELLS and element.getparent() in kept
        if element.tag == "img":
            if element.get("src") and cut.shows(start) and not _is_foreign(element, kept):
                kept.update([element, *element.iterancestors()])
        elif in_kept_row or cut.holds(start, stop) or (start == stop and cut.is_inside(start)):
            kept.add(element)
    return kept


def _is_foreign(image: etree._Element, kept: set[etree._Element]) -> bool:
    """Whether the image stands in a signature or a quotation of which nothing else stays."""
    outer = (element for element in image.iterancestors() if element not in kept)
    return any(quotes(element) or _SIGNATURE.search(element.get("class") or "") for element in outer)


def _trim(text: TextRun, cut: _Cut) -> None:
    start, stop = text.at, text.at + text.letters
    if any(first <= start and stop <= last for first, last in cut.spans) and text.letters:
        return
    content = (text.holder.tail if text.is_tail else text.holder.text) or ""
    if not text.letters:
        left = content if cut.is_inside(start) else ""
    else:
        places = [found.start() for found in LETTER.finditer(content)]
        inside = [(max(first, start) - start, min(last, stop) - start) for first, last in cut.spans]
        left = "\n".join(content[places[first] : places[last - 1] + 1] for first, last in inside if first < last)
    if text.is_tail:
        text.holder.tail = left
    else:
        text.holder.text = left


def _clean(element: etree._Element) -> None:
    """Take off every attribute but those for a link's target, for the looks, and for which image is shown: others may
    hold words.
    """
    if _TIGHT.search(element.get("class") or ""):  # Outlook's style sheet said so, but it is gone
        element.set("style", f"margin:0;{element.get('style') or ''}".rstrip(";"))
    for name in set(element.keys()) - _ATTRIBUTES:
        del element.attrib[name]


def _remove(element: etree._Element) -> None:
    """Remove the element with everything in it, but keep the text after it."""
    outer, before = element.getparent(), element.getprevious()
    if outer is None:
        return
    if element.tail and before is not None:
        before.tail = (before.tail or "") + element.tail
    elif element.tail:
        outer.text = (outer.text or "") + element.tail
    outer.remove(element)


# --- making sure --------------------------------------------------------------------------------------


def _verified(result: str | None, page: LetterPage, spans: list[tuple[int, int]], marked: _Marked) -> str | None:
    """The result, if both the reader here and another library (nh3) read exactly the wanted words in it; otherwise
    None.
    """
    again = read(result) if result else None
    if result is None or again is None or again.whole != "".join(page.whole[first:last] for first, last in spans):
        return None
    elsewhere = letters(unescape(nh3.clean(result, tags=set())))
    if len(elsewhere) + again.numbered != len(again.whole) or (not again.numbered and elsewhere != again.whole):
        return None
    links = {letters(element.get("href") or "") for element, _, _ in again.places if element.tag == "a"}
    images = sum(element.tag == "img" for element, _, _ in again.places)
    return result if marked.links <= links and marked.images <= images else None
