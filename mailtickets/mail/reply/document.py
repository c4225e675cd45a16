"""Reads HTML into a tree of elements, and says which elements hold history.

Owns: how deep elements may be nested, which elements show no text, and the marks that mail programs put on the quoted
message (`gmail_quote`, `divRplyFwdMsg`, `blockquote type=cite` and similar ones).
Fails with: nothing. `tree` gives None for what is no HTML.
Limits: `MAX_NESTING` levels of elements and `MAX_HTML_CHARACTERS` characters, which callers must check.
"""

import re

from lxml import etree

MAX_NESTING = 200
MAX_HTML_CHARACTERS = 4_000_000
SKIPPED = {"head", "style", "script", "title", "template", "noscript", "select", "object", "svg", "math", "audio"}
SKIPPED |= {"video", "iframe", "datalist"}
_QUOTE_CLASS = re.compile(
    r"(?:^|\s)(?:gmail_quote(?:_container)?|gmail_extra_quote|yahoo_quoted|yahoo-quoted|protonmail_quote|zmail_extra"
    r"|tutanota_quote|moz-cite-prefix|sh-quoted-content|missive_quote|front-blockquote|mailplug_quote|ymail_quote"
    r"|OutlookMessageHeader|ms-outlook-mobile-reference-message|mail_quote|mailru-blockquote|x_gmail_quote"
    r"|freemail_quote|cm_quote|reply-quote|quotedMessage|email-quote|js-helper-quote|mcntmcntquote)(?:\s|$)"
)
_QUOTE_ID = re.compile(
    r"(?:x_)*(?:divRplyFwdMsg|mail-editor-reference-message-container|OLK_SRC_BODY_SECTION|isReplyContent|replySplit"
    r"|AOLMsgPart\w*|yahoo_quoted\w*|ymail_quoted\w*|appendonsend|zwchr|stopSpelling|reply-intro|origbody|qt|_rc_quote"
    r"|uol_quote\w*|mensagem_original)"
)
_DEEP = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}
_VOID |= {"p", "li", "td", "tr", "th", "option"}  # the next sibling closes them


def tree(html: str) -> etree._Element | None:
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
    try:
        return etree.fromstring(html.encode("utf-8", "replace"), parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return None


def too_deep(html: str) -> bool:
    """Whether elements are nested deeper than any mail program nests them."""
    if html.count("<") <= MAX_NESTING:
        return False
    depth = 0
    for closing, name in _DEEP.findall(html):
        if name.lower() not in _VOID:
            depth = max(depth - 1, 0) if closing else depth + 1
            if depth > MAX_NESTING:
                return True
    return False


def quotes(element: etree._Element) -> bool:
    """Whether a mail program marks the content of this element as history."""
    return element.tag == "blockquote" or _is_named_quote(element)


def _is_named_quote(element: etree._Element) -> bool:
    named = _QUOTE_CLASS.search(element.get("class") or "") or _QUOTE_ID.fullmatch(element.get("id") or "")
    return bool(named)


def is_made_by_program(element: etree._Element) -> bool:
    """Whether the element is one that a mail program makes to hold history."""
    return (
        element.get("type") == "cite" or (element.tag != "blockquote" and quotes(element)) or _is_named_quote(element)
    )
