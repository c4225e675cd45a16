"""Reads an HTML document as one run of letters, and says where its texts, elements and lines stand in that run.

Owns: which characters count as letters, so that a plain text and the HTML of the same words have the same letters;
which elements end a line; what is added to the letters of a document (numbers of list items, emoji that were pictures).
Fails with: nothing. `read` gives None for what is no HTML.
Limits: those of the caller; time is linear.
"""

import re
from dataclasses import dataclass, field

from lxml import etree

from mailtickets.mail.reply.document import tree

_NO_LETTER = (
    r"\s\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    r"\u3164\ufe00-\ufe0f\ufeff\uffa0"
)
_MARK = r"*_>|\-•·▪◦‣●○■§"
"""The characters with which a plain text shows emphasis, bullets, quotations and cells. HTML has elements for them."""
_BLANK = re.compile(f"[{_NO_LETTER}{_MARK}]+")
LETTER = re.compile(f"[^{_NO_LETTER}{_MARK}]")
_LINE_ENDS = frozenset(
    {
        "address", "article", "aside", "blockquote", "br", "caption", "center", "dd", "details", "div", "dl", "dt",
        "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main",
        "nav", "ol", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
    }
)  # fmt: skip


def letters(text: str) -> str:
    """The part of a text that is compared: everything but blanks, invisible characters and the marks of plain text."""
    return _BLANK.sub("", text)


@dataclass(frozen=True, slots=True)
class TextRun:
    """A run of text in the document: `at` is where its letters begin in the letters of the whole document."""

    holder: etree._Element
    is_tail: bool
    at: int
    letters: int


@dataclass(slots=True)
class LetterPage:
    """The letters of a document, and where its texts, elements and lines stand among them."""

    body: etree._Element
    texts: list[TextRun] = field(default_factory=list)
    places: list[tuple[etree._Element, int, int]] = field(default_factory=list)
    """Each element with the positions of its first letter and after its last one. An outer element comes after its
    inner ones.
    """
    bounds: set[int] = field(default_factory=lambda: {0})
    """The positions at which lines begin and end."""
    chunks: list[str] = field(default_factory=list)
    length: int = 0
    whole: str = ""
    numbered: int = 0
    """The count of letters that stand in no text of the document: the numbers of list items."""

    def write(self, text_letters: str) -> None:
        self.chunks.append(text_letters)
        self.length += len(text_letters)

    def text(self, holder: etree._Element, content: str | None, *, is_tail: bool) -> None:
        if not content:
            return
        at = self.length
        if "\n" in content and _is_preformatted(holder.getparent() if is_tail else holder):
            for line in content.splitlines():
                self.bounds.add(self.length)
                self.write(letters(line))
                self.bounds.add(self.length)
        else:
            self.write(letters(content))
        self.texts.append(TextRun(holder, is_tail, at, self.length - at))

    def number(self, text_letters: str) -> None:
        self.write(text_letters)
        self.numbered += len(text_letters)


def read(html: str) -> LetterPage | None:
    """The letters of a document; None if it has no body."""
    root = tree(html.replace("\0", ""))
    body = root.find("body") if root is not None else None
    if body is None:
        return None
    page = LetterPage(body)
    _walk(body, page)
    page.bounds.add(page.length)
    page.whole = "".join(page.chunks)
    return page


def _walk(element: etree._Element, page: LetterPage) -> None:
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


def _number(item: etree._Element, page: LetterPage) -> None:
    """Add the number that a plain text writes before an item of a numbered list."""
    outer = item.getparent()
    if outer is None or outer.tag != "ol":
        return
    start = outer.get("start") or "1"
    first = int(start) if start.isascii() and start.isdecimal() and len(start) < 9 else 1
    index = int(outer.get("data-at") or first)
    outer.set("data-at", str(index + 1))  # `excerpt` removes it again
    page.number(f"{index}.")


def _speak_emoji(image: etree._Element) -> None:
    """Turn an emoji that was a picture from another server back into the character."""
    emoji = (image.get("alt") or "").strip()
    if not image.get("src") and 0 < len(emoji) <= 8 and not re.search(r"[\w\s#/@+]", emoji):
        image.tag, image.text = "span", emoji


def _is_preformatted(element: etree._Element | None) -> bool:
    while element is not None:
        if element.tag == "pre" or "pre" in (element.get("style") or ""):
            return True
        element = element.getparent()
    return False
