"""Turns HTML into readable lines that keep where a quotation begins.

Owns: which elements break lines, and how lists, tables and links read as text.
Fails with: nothing. HTML that is nested too deeply is read as text without structure.
Limits: those of `document`; one pass.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from mailtickets.mail.reply.document import (
    MAX_HTML_CHARACTERS,
    SKIPPED,
    is_made_by_program,
    quotes,
    too_deep,
    tree,
)
from mailtickets.mail.reply.sanitise import without_prepared_words

MAX_LINK_CHARACTERS = 300
RULE: Final = "_" * 32
"""The text for a horizontal rule, as Outlook writes it."""

_BLOCKS = {
    "address",
    "article",
    "aside",
    "body",
    "center",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
}
_BLOCKS |= {"figure", "footer", "form", "header", "html", "li", "main", "nav", "section", "summary", "tbody", "tfoot"}
_BLOCKS |= {"thead", "tr", "caption"}
_PARAGRAPHS = {"blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "table", "ul"}
_MAY_HAVE_HISTORY = re.compile("<blockquote", re.IGNORECASE)
_DIGIT = re.compile(r"\d")
_INDENT_STYLE = re.compile(r"border(?:-left)?\s*:\s*(?:none|0)", re.IGNORECASE)
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|mso-hide\s*:\s*all", re.IGNORECASE)
_NO_MARGIN = re.compile(r"margin(?:-top|-bottom)?\s*:\s*0", re.IGNORECASE)
_PRE_STYLE = re.compile(r"white-space\s*:\s*(?:pre|break-spaces)", re.IGNORECASE)
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_TAG = re.compile(r"<!--(?:[^-]|-(?!->))*(?:-->|\Z)|<[^<>]*>")


@dataclass(frozen=True, slots=True)
class HtmlText:
    text: str
    marks: tuple[int, ...] = ()
    """The numbers of the lines at which a part begins that a mail program marked as history."""


@dataclass(slots=True)
class _TextPage:
    """The finished lines, and the line that is being written."""

    lines: list[str] = field(default_factory=list)
    current: list[str] = field(default_factory=list)
    has_words: bool = False
    """Whether the line being written has more than blanks and separators of cells."""
    marks: list[int] = field(default_factory=list)
    gap: int | None = None
    """The quotation depth of a blank line that must come before the next text. Adjoining margins collapse into one
    blank line.
    """
    depth: int = 0
    """How many quotations the current text stands in."""
    indent: str = ""
    bullet: str = ""
    preformatted: int = 0
    lists: list[int] = field(default_factory=list)
    has_history: bool = False
    """Whether a mail program has marked history anywhere in the document."""

    def prefix(self) -> str:
        return ">" * self.depth + " " if self.depth else ""

    def space(self) -> None:
        self.gap = self.depth if self.gap is None else min(self.gap, self.depth)

    def write(self, text: str) -> None:
        if self.preformatted:
            first, *others = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
            self.current.append(first)
            for line in others:
                self.break_line()
                self.current.append(line)
            self.has_words = self.has_words or bool(self.current[-1].strip(" |"))
            return
        text = _BLANKS.sub(" ", text)
        if (text == " " and not self.current) or not text:
            return
        self.current.append(text if self.current and not self.current[-1].endswith(" ") else text.lstrip(" "))
        self.has_words = self.has_words or bool(text.strip(" |"))

    def trim(self) -> None:
        """Take the blanks off the end of the line. The line is not joined for that, because it may have many cells."""
        last = ""
        while self.current and not last:
            last = self.current.pop().rstrip(" ")
        self.current.append(last)

    def break_line(self) -> None:
        """End the line, even if it is empty."""
        text = "".join(self.current).replace("\u00a0", " ").rstrip()
        if text and self.gap is not None and self.lines:
            self.lines.append(">" * min(self.gap, self.depth))
        if text:
            self.gap = None
        bullet, self.bullet = (self.bullet, "") if text else ("", self.bullet)
        indent = self.indent[: -len(bullet)] if bullet else self.indent
        self.lines.append((self.prefix() + indent + bullet + text).rstrip() if text else self.prefix().rstrip())
        self.current, self.has_words = [], False

    def end_block(self) -> None:
        """End the line if it has text."""
        if "".join(self.current).strip(" "):
            self.break_line()
        self.current, self.has_words = [], False

    def mark(self) -> None:
        self.end_block()
        self.marks.append(len(self.lines))


def render(html: str) -> HtmlText:
    """The text of a document, as a person reads it on the screen."""
    html = html[:MAX_HTML_CHARACTERS].replace("\0", "")
    if not html.strip():
        return HtmlText("")
    root = None if too_deep(html) else tree(html)
    if root is None:
        return HtmlText(_stripped(html))
    page = _TextPage(
        has_history=_MAY_HAVE_HISTORY.search(html) is not None and any(map(is_made_by_program, root.iter()))
    )
    _element(root, page)
    page.end_block()
    return _tidy(page)


_SIGNED = re.compile(r"signature|assinatura|_rc_sig|Zm-_Id_-Sgn|__SIG_", re.IGNORECASE)
"""Names that mail programs give to the element with their user's signature."""
_MAX_SIGNATURES = 10


def signatures(html: str) -> tuple[str, ...]:
    """The texts that the writer's program marks as a signature, outside quotations, in the order of the document.

    They include words that the writer typed into the signature element.
    """
    html = html[:MAX_HTML_CHARACTERS].replace("\0", "")
    root = tree(html) if _SIGNED.search(html) and not too_deep(html) else None
    if root is None:
        return ()
    found = (_text_of(element) for element in _signed(root))
    return tuple(text for text in found if text.strip())[:_MAX_SIGNATURES]


def _signed(root: etree._Element) -> Iterator[etree._Element]:
    """The outermost elements that are marked as a signature, outside quotations."""
    waiting = [root]
    while waiting:
        element = waiting.pop()
        if not isinstance(element.tag, str) or quotes(element):
            continue
        named = (element.get(name) or "" for name in ("class", "id", "name", "data-marker"))
        if element.tag not in ("br", "img", "a") and any(map(_SIGNED.search, named)):
            yield element
        else:
            waiting += reversed(element)


def _text_of(element: etree._Element) -> str:
    page = _TextPage()
    _content(element, page)
    page.end_block()
    return _tidy(page).text


def _stripped(html: str) -> str:
    """The text of a document that is nested too deeply to be rendered, without any structure."""
    import html as entities

    text = entities.unescape(_TAG.sub(" ", html[:200_000]))
    return "\n".join(line for line in (_BLANKS.sub(" ", line).strip() for line in text.split("\n")) if line)


def _element(element: etree._Element, page: _TextPage) -> None:
    tag = element.tag if isinstance(element.tag, str) else ""
    style = element.get("style") or ""
    if not tag or tag in SKIPPED or _HIDDEN_STYLE.search(style):
        return
    if _is_quote(element, tag):
        page.mark()
    handler = _HANDLERS.get(tag)
    if handler is not None:
        handler(element, page)
    elif tag in _BLOCKS or (tag in _PARAGRAPHS and _is_tight(element, style)):
        page.end_block()
        _content(element, page, pre=bool(_PRE_STYLE.search(style)))
        page.end_block()
    elif tag in _PARAGRAPHS:
        _paragraph(element, page, pre=bool(_PRE_STYLE.search(style)))
    else:
        _content(element, page, pre=bool(_PRE_STYLE.search(style)))


def _content(element: etree._Element, page: _TextPage, *, pre: bool = False) -> None:
    page.preformatted += pre
    if element.text:
        page.write(element.text)
    for child in element:
        _element(child, page)
        if child.tail:
            page.write(child.tail)
    page.preformatted -= pre


def _is_quote(element: etree._Element, tag: str) -> bool:
    return tag != "blockquote" and quotes(element)  # the text shows a blockquote with `>`


def _is_tight(element: etree._Element, style: str) -> bool:
    """Whether paragraphs like this are shown without space between them: Outlook's paragraphs and those with such a
    style.
    """
    kind = element.get("class") or ""
    return "MsoNormal" in kind or "MsoPlainText" in kind or (element.tag == "p" and bool(_NO_MARGIN.search(style)))


def _paragraph(element: etree._Element, page: _TextPage, *, pre: bool = False) -> None:
    page.end_block()
    page.space()
    _content(element, page, pre=pre or element.tag == "pre")
    page.end_block()
    page.space()


def _blockquote(element: etree._Element, page: _TextPage) -> None:
    """Write a blockquote as a quotation. It is plain text if the writer's program uses it to indent, or if the writer
    quotes something else above the history.
    """
    quoted = is_made_by_program(element) or not (
        _INDENT_STYLE.search(element.get("style") or "") or (page.has_history and not _is_in_history(element, page))
    )
    page.end_block()
    page.space()
    page.depth += quoted
    _content(element, page)
    page.end_block()
    page.depth -= quoted
    page.space()


def _is_in_history(element: etree._Element, page: _TextPage) -> bool:
    """Whether this quotation is inside another one, or has an announcement (`On ... wrote:`) right above it."""
    if page.depth or any(is_made_by_program(outer) for outer in element.iterancestors()):
        return True
    above = next((line.rstrip() for line in reversed(page.lines[-3:]) if line.strip()), "")
    return above[-1:] in ":：-" and (_DIGIT.search(above) is not None or "@" in above)


def _break(element: etree._Element, page: _TextPage) -> None:
    page.break_line()


def _rule(element: etree._Element, page: _TextPage) -> None:
    page.end_block()
    page.current = [RULE]
    page.end_block()


def _item(element: etree._Element, page: _TextPage) -> None:
    page.end_block()
    bullet = "- "
    if page.lists and page.lists[-1]:
        bullet = f"{page.lists[-1]}. "
        page.lists[-1] += 1
    page.bullet, outer = bullet, page.indent
    page.indent += " " * len(bullet)
    _content(element, page)
    page.end_block()
    page.indent, page.bullet = outer, ""


def _list(element: etree._Element, page: _TextPage) -> None:
    page.end_block()
    if not page.lists:
        page.space()
    start = element.get("start") or "1"
    page.lists.append((int(start) if start.isascii() and start.isdecimal() else 1) if element.tag == "ol" else 0)
    _content(element, page)
    page.lists.pop()
    page.end_block()
    if not page.lists:
        page.space()


def _cell(element: etree._Element, page: _TextPage) -> None:
    """Write a cell of a table. Cells of one row share a line as long as no cell has several lines."""
    if page.has_words:
        page.trim()
        page.current.append(" | ")
    before = len(page.lines)
    _content(element, page)
    if len(page.lines) > before:
        page.end_block()


def _row(element: etree._Element, page: _TextPage) -> None:
    page.end_block()
    _content(element, page)
    page.current = ["".join(page.current).rstrip(" |")]
    page.end_block()


def _link(element: etree._Element, page: _TextPage) -> None:
    lines, start = len(page.lines), len(page.current)
    _content(element, page)
    shown = "".join(page.current[start:] if len(page.lines) == lines else page.current).strip()
    target = without_prepared_words((element.get("href") or "").strip())
    if shown and _worth_showing(target, shown):
        page.current.append(f" <{target}>")


def _worth_showing(target: str, shown: str) -> bool:
    if not re.match(r"(?:https?|ftp|mailto|tel):", target, re.IGNORECASE) or len(target) > MAX_LINK_CHARACTERS:
        return False
    bare = re.sub(r"^(?:(?:https?|ftp)://(?:www\.)?|mailto:|tel:)", "", target, flags=re.IGNORECASE).rstrip("/")
    return bare.split("?")[0].casefold() not in shown.casefold() and not re.search(r"\s", target)


def _image(element: etree._Element, page: _TextPage) -> None:
    alternative = _BLANKS.sub(" ", element.get("alt") or "").strip()
    if alternative and element.get("width") not in ("0", "1"):
        page.write(f"[{alternative}]")


_HANDLERS = {
    "a": _link,
    "blockquote": _blockquote,
    "br": _break,
    "hr": _rule,
    "img": _image,
    "li": _item,
    "ol": _list,
    "td": _cell,
    "th": _cell,
    "tr": _row,
    "ul": _list,
}


def _tidy(page: _TextPage) -> HtmlText:
    """The lines without blank ones at both ends and with at most two blank ones in a row. Marks move with their
    lines.
    """
    kept: list[str] = []
    number: dict[int, int] = {}
    for index, line in enumerate(page.lines):
        number[index] = len(kept)
        if line.strip("> ") or (kept and (kept[-1].strip("> ") or (len(kept) > 1 and kept[-2].strip("> ")))):
            kept.append(line)
    while kept and not kept[-1].strip("> "):
        kept.pop()
    marks = sorted({number[mark] for mark in page.marks if mark in number and number[mark] < len(kept)})
    return HtmlText("\n".join(kept), tuple(marks))
