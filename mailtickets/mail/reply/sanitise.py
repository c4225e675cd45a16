"""Makes HTML from a mail safe to show: allow-listed elements, attributes and styles; nothing runs and nothing loads.

Owns: which elements, attributes, styles and links may stay.
Fails with: nothing. HTML that is nested too deeply or too long is not shown: the result is None.
Limits: those of `document`; one pass.
"""

import re
from html.entities import html5

import nh3

from mailtickets.mail.reply.document import MAX_HTML_CHARACTERS, too_deep

_STYLES = {"background-color", "border", "border-collapse", "color", "font-family", "font-size", "font-style"}
_STYLES |= {"font-weight", "height", "list-style-type", "margin", "margin-bottom", "margin-left", "margin-right"}
_STYLES |= {"margin-top", "padding", "padding-bottom", "padding-left", "padding-right", "padding-top", "text-align"}
_STYLES |= {"text-decoration", "vertical-align", "white-space", "width", "border-left"}
_CSS_CALL = re.compile(r"(?<!rgb)(?<!rgba)(?<!hsl)(?<!hsla)\(|\\|@", re.IGNORECASE)
"""A CSS function other than a colour's: `url()` loads from outside, and old engines run `expression()` in any property.
A backslash escape may spell such a function.
"""
_REFERENCE = re.compile(r"&(#[0-9]|#[xX][0-9a-fA-F]|[a-zA-Z][a-zA-Z0-9]{0,31};?|)")
_NAMED = frozenset(html5)
_NAMED_UNENDED = tuple(name for name in html5 if not name.endswith(";"))
"""The named references that need no semicolon, whatever follows them."""
_OWN_IMAGE = re.compile(r"\s*cid:", re.IGNORECASE)
_LINK = re.compile(r"\s*(?:https?|mailto|tel):", re.IGNORECASE)
"""Where a link may lead. A path without a host has no meaning in a mail."""
_WRITES = re.compile(r"\s*mailto:", re.IGNORECASE)
_TAGS = (nh3.ALLOWED_TAGS | {"center", "font", "u", "s"}) - {"map", "area"}
_ATTRIBUTES = {tag: set(names) - {"cite"} for tag, names in nh3.ALLOWED_ATTRIBUTES.items()}
_ATTRIBUTES["*"] = {
    "align",
    "class",
    "dir",
    "lang",
    "style",
    "title",
    "type",
    "valign",
    "width",
    "height",
    "bgcolor",
}
_ATTRIBUTES["font"] = {"color", "face", "size"}
_ATTRIBUTES["img"] = {"alt", "src", "width", "height"}
_ATTRIBUTES["table"] = {"border", "cellpadding", "cellspacing", "summary"}


def _harmless(tag: str, attribute: str, value: str) -> str | None:
    """The value of an attribute, or None to drop it. Nothing may load a picture or style from outside: that would tell
    the sender who reads the mail, and when.
    """
    if attribute == "src":
        return value if _OWN_IMAGE.match(value) else None
    if attribute == "href":
        return without_prepared_words(value) if _LINK.match(value) else None
    if attribute == "style":
        return ";".join(part for part in value.split(";") if not _CSS_CALL.search(part)) or None
    return value


def without_prepared_words(target: str) -> str:
    """A `mailto:` link without its prepared subject and body (RFC 6068). With them, one click and *Send* would make an
    agent send commands that a stranger wrote.
    """
    return target.partition("?")[0] if _WRITES.match(target) else target


def _known_reference(match: re.Match[str]) -> str:
    """Keep a known character reference; write any other ampersand as `&amp;`. Otherwise the sanitiser undoes each
    unknown reference, which takes quadratic time for many of them.
    """
    name = match[1]
    known = name.startswith("#") or name in _NAMED or name.startswith(_NAMED_UNENDED)
    return match[0] if known else f"&amp;{name}"


def sanitised(html: str) -> str | None:
    """HTML that is safe to show: allow-listed elements and styles, the mail's own images, no scripts, no loading."""
    if len(html) > MAX_HTML_CHARACTERS or too_deep(html):
        return None
    return nh3.clean(
        _REFERENCE.sub(_known_reference, html),
        tags=_TAGS,
        clean_content_tags={"script", "style", "title", "svg", "math", "template", "noscript", "iframe", "object"},
        attributes=_ATTRIBUTES,
        attribute_filter=_harmless,
        url_schemes={"http", "https", "mailto", "tel", "cid"},
        filter_style_properties=_STYLES,
        link_rel="noopener noreferrer nofollow",
    )
