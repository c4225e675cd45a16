"""Of the HTML of a whole mail, the part that says certain words: what somebody wrote now, as they formatted it.

Owns: how words that were cut out of a mail's text are found again in its HTML, and what goes with them (links, lists,
tables, images of the mail itself). What is given back says these words, all of them and nothing else: history,
signature, command lines, hidden text and words in attributes are gone.
Fails with: nothing; None where the HTML does not say exactly these words, or says them in another order.
Limits: `MAX_CHARACTERS` of HTML and of words, `MAX_TAGS`, `html.MAX_NESTING`, `MAX_PIECES` that the words are in:
beyond them it is None. Time is linear.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from html import unescape

import nh3
from lxml import etree

from mailtickets.mail.reply.html import quotes, sanitised, too_deep

MAX_CHARACTERS = 1_000_000
MAX_TAGS = 40_000
MAX_PLACES = 200
"""How often the same words are looked for behind one another."""
MAX_PIECES = 40

_IMAGE_WORDS = ("", "image:", "imagem:", "imagen:", "img:", "inlineimage", "cid:")
_NO_LETTER = (
    r"\s\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    r"\u3164\ufe00-\ufe0f\ufeff\uffa0"
)
_MARK = r"*_>|\-•·▪◦‣●○■§"
"""By what a plain text shows emphasis, bullets, quotations and cells: HTML has elements for them."""
_BLANK = re.compile(f"[{_NO_LETTER}{_MARK}]+")
_LETTER = re.compile(f"[^{_NO_LETTER}{_MARK}]")
_BRACKETED = re.compile(r"<([^<>]{1,2000})>|\[([^\[\]]{1,2000})\]")
_LINE_ENDS = frozenset(
    {
        "address", "article", "aside", "blockquote", "br", "caption", "center", "dd", "details", "div", "dl", "dt",
        "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main",
        "nav", "ol", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
    }
)  # fmt: skip
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
    """The part of a mail's sanitised HTML that says exactly `words`, blanks and marks of emphasis aside.

    Remembered: customers' and agents' notices of one mail show the same.
    """
    if max(len(html), len(words)) > MAX_CHARACTERS or html.count("<") > MAX_TAGS or too_deep(html):
        return None
    page = _read(html)
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
    """The Content-IDs of the images that stand at or behind the place where these words are said, all together.

    The words are looked for behind `after`, and the images before `until`, where these are said. Empty where they are
    not said.
    """
    if len(html) > MAX_CHARACTERS or html.count("<") > MAX_TAGS or too_deep(html):
        return frozenset()
    page, said, before = _read(html), letters(_BRACKETED.sub("", words)), letters(after)
    if page is None or len(said) < _ENOUGH_LETTERS:
        return frozenset()
    first = page.whole.find(before) + len(before) if before and before in page.whole else 0
    at = page.whole.find(said, first)
    if at < 0:
        return frozenset()
    end = page.whole.find(letters(until), at) if letters(until) else -1
    places = ((element, start) for element, start, _ in page.places if element.tag == "img")
    behind = (element for element, start in places if at <= start and (end < 0 or start <= end))
    return frozenset(filter(None, (_content_id(element) for element in behind)))


_ENOUGH_LETTERS = 6
"""So few are said by chance somewhere above."""


def _content_id(image: etree._Element) -> str:
    found = re.match(r"\s*cid:(\S{1,500})", image.get("src") or "", re.IGNORECASE)
    return found[1] if found else ""


def letters(text: str) -> str:
    """What is compared: all but blanks, invisible characters and the marks of plain text."""
    return _BLANK.sub("", text)


# --- reading ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Text:
    """A run of text and where its letters begin in the whole."""

    holder: etree._Element
    is_tail: bool
    at: int
    letters: int


@dataclass(slots=True)
class _Page:
    """The letters of a document, and what stands where among them."""

    body: etree._Element
    texts: list[_Text] = field(default_factory=list)
    places: list[tuple[etree._Element, int, int]] = field(default_factory=list)
    """Elements, outer ones after inner ones, and between which letters they stand."""
    bounds: set[int] = field(default_factory=lambda: {0})
    """Where lines begin and end."""
    chunks: list[str] = field(default_factory=list)
    length: int = 0
    whole: str = ""
    numbered: int = 0
    """Letters that no text has: the numbers of lists."""

    def write(self, said: str) -> None:
        self.chunks.append(said)
        self.length += len(said)

    def text(self, holder: etree._Element, given: str | None, *, is_tail: bool) -> None:
        if not given:
            return
        at = self.length
        if "\n" in given and _is_preformatted(holder.getparent() if is_tail else holder):
            for line in given.splitlines():
                self.bounds.add(self.length)
                self.write(letters(line))
                self.bounds.add(self.length)
        else:
            self.write(letters(given))
        self.texts.append(_Text(holder, is_tail, at, self.length - at))

    def number(self, said: str) -> None:
        self.write(said)
        self.numbered += len(said)


def _read(html: str) -> _Page | None:
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
    try:
        root = etree.fromstring(html.replace("\0", "").encode("utf-8", "replace"), parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return None
    body = root.find("body") if root is not None else None
    if body is None:
        return None
    page = _Page(body)
    _walk(body, page)
    page.bounds.add(page.length)
    page.whole = "".join(page.chunks)
    return page


def _walk(element: etree._Element, page: _Page) -> None:
    ends_line = element.tag in _LINE_ENDS
    start = page.length
    if ends_line:
        page.bounds.add(start)
    if element.tag == "li":
        _number(element, page)
    if element.tag == "img":
        _speak_emoji(element)
    page.text(element, element.text, is_tail=False)
    for child in element:
        _walk(child, page)
        page.text(child, child.tail, is_tail=True)
    if ends_line:
        page.bounds.add(page.length)
    page.places.append((element, start, page.length))


def _number(item: etree._Element, page: _Page) -> None:
    """What a plain text writes before an item of a numbered list."""
    outer = item.getparent()
    if outer is None or outer.tag != "ol":
        return
    start = outer.get("start") or "1"
    first = int(start) if start.isascii() and start.isdecimal() and len(start) < 9 else 1
    index = int(outer.get("data-at") or first)
    outer.set("data-at", str(index + 1))  # taken away with every other attribute that is not listed
    page.number(f"{index}.")


def _speak_emoji(image: etree._Element) -> None:
    """An emoji that was a picture from elsewhere is the character again."""
    said = (image.get("alt") or "").strip()
    if not image.get("src") and 0 < len(said) <= 8 and not re.search(r"[\w\s#/@+]", said):
        image.tag, image.text = "span", said


def _is_preformatted(element: etree._Element | None) -> bool:
    while element is not None:
        if element.tag == "pre" or "pre" in (element.get("style") or ""):
            return True
        element = element.getparent()
    return False


# --- finding ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Marked:
    """Words without what a plain text writes for links and images; those must then be there."""

    lines: list[str] = field(default_factory=list)
    links: frozenset[str] = frozenset()
    images: int = 0


def _marked(words: str, page: _Page) -> _Marked:
    """`text <https://...>` and `[image: name]` are how plain text shows what the HTML has as link and image."""
    targets = {letters(element.get("href") or "") for element, _, _ in page.places if element.tag == "a"}
    names = {letters(name) for element, _, _ in page.places if element.tag == "img" for name in _names(element)}
    links, images = set[str](), 0

    def without(found: re.Match[str]) -> str:
        nonlocal images
        if found[1] is not None and letters(found[1]) in targets:
            links.add(letters(found[1]))
            return ""
        said = letters(found[2] or "").casefold()
        if found[2] is not None and any(said == lead + name.casefold() for lead in _IMAGE_WORDS for name in names):
            images += 1
            return ""
        return found[0]

    bare = _BRACKETED.sub(without, words)
    return _Marked([line for line in map(letters, bare.split("\n")) if line], frozenset(links), images)


def _names(image: etree._Element) -> Iterator[str]:
    yield image.get("alt") or ""
    yield re.sub(r"^\s*cid:", "", image.get("src") or "", flags=re.IGNORECASE)


def _spans(page: _Page, lines: list[str]) -> list[tuple[int, int]]:
    """Where the words stand: in one place if they do, else in several, each from a line's beginning to a line's end."""
    if not lines:
        return []
    joined = "".join(lines)
    at = _place(page, joined, 0, ends=True)
    return [(at, at + len(joined))] if at >= 0 else _pieces(page, lines)


def _pieces(page: _Page, lines: list[str]) -> list[tuple[int, int]]:
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


def _place(page: _Page, said: str, after: int, *, ends: bool = False) -> int:
    """The first beginning of a line at which this is said; -1 if there is none."""
    at = page.whole.find(said, after)
    for _ in range(MAX_PLACES):
        if at < 0 or (at in page.bounds and (not ends or at + len(said) in page.bounds)):
            return at
        at = page.whole.find(said, at + 1)
    return -1


# --- cutting ------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Cut:
    """The spans that stay, asked for in the order of the document or not."""

    spans: list[tuple[int, int]]
    with_images: list[bool]
    """Whether it is beyond doubt that what stands in or behind a span in the document stands so with these words."""

    def holds(self, start: int, stop: int) -> bool:
        """Some letter between the two stays."""
        return any(first < stop and start < last for first, last in self.spans)

    def is_inside(self, at: int) -> bool:
        """A place between letters of one span, or behind one that is followed by another."""
        inside = any(first < at < last for first, last in self.spans)
        return inside or any(at == last for _, last in self.spans[:-1])

    def shows(self, at: int) -> bool:
        """An image at this place goes with the words before it; only at the very beginning with those after it."""
        sure = (span for span, is_sure in zip(self.spans, self.with_images, strict=True) if is_sure)
        return any(first < at <= last for first, last in sure) or (at == 0 and self.spans[0][0] == 0)


def _cut(page: _Page, spans: list[tuple[int, int]]) -> str | None:
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


def _is_said_once(page: _Page, first: int, last: int) -> bool:
    """Words that a note or the history says too may have been found there: their images may not be the answer's."""
    said = page.whole[first:last]
    return page.whole.find(said) == first and page.whole.find(said, first + 1) < 0


def _kept(page: _Page, cut: _Cut) -> set[etree._Element]:
    """Elements with words in them, empty ones between words, images that go with words, and what holds those."""
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
    """It stands in a signature or a quotation of which nothing else stays."""
    outer = (element for element in image.iterancestors() if element not in kept)
    return any(quotes(element) or _SIGNATURE.search(element.get("class") or "") for element in outer)


def _trim(text: _Text, cut: _Cut) -> None:
    start, stop = text.at, text.at + text.letters
    if any(first <= start and stop <= last for first, last in cut.spans) and text.letters:
        return
    given = (text.holder.tail if text.is_tail else text.holder.text) or ""
    if not text.letters:
        left = given if cut.is_inside(start) else ""
    else:
        places = [found.start() for found in _LETTER.finditer(given)]
        inside = [(max(first, start) - start, min(last, stop) - start) for first, last in cut.spans]
        left = "\n".join(given[places[first] : places[last - 1] + 1] for first, last in inside if first < last)
    if text.is_tail:
        text.holder.tail = left
    else:
        text.holder.text = left


def _clean(element: etree._Element) -> None:
    """Nothing is said in attributes but where a link leads, how it looks, and which image it is."""
    if _TIGHT.search(element.get("class") or ""):  # Outlook says so in a style sheet, which is gone
        element.set("style", f"margin:0;{element.get('style') or ''}".rstrip(";"))
    for name in set(element.keys()) - _ATTRIBUTES:
        del element.attrib[name]


def _remove(element: etree._Element) -> None:
    """The element with all that is in it, not the text behind it."""
    outer, before = element.getparent(), element.getprevious()
    if outer is None:
        return
    if element.tail and before is not None:
        before.tail = (before.tail or "") + element.tail
    elif element.tail:
        outer.text = (outer.text or "") + element.tail
    outer.remove(element)


# --- making sure --------------------------------------------------------------------------------------


def _verified(result: str | None, page: _Page, spans: list[tuple[int, int]], marked: _Marked) -> str | None:
    """The result if it says what it should, to the reader here and to another one."""
    again = _read(result) if result else None
    if result is None or again is None or again.whole != "".join(page.whole[first:last] for first, last in spans):
        return None
    elsewhere = letters(unescape(nh3.clean(result, tags=set())))
    if len(elsewhere) + again.numbered != len(again.whole) or (not again.numbered and elsewhere != again.whole):
        return None
    links = {letters(element.get("href") or "") for element, _, _ in again.places if element.tag == "a"}
    images = sum(element.tag == "img" for element, _, _ in again.places)
    return result if marked.links <= links and marked.images <= images else None
