"""Changes words in a page of HTML: the same words are found however tags divide them.

Owns: where the words of a page stand, and how an edit of all of them becomes edits of its texts.
Fails with: nothing; None for what cannot be read as HTML.
Limits: those of `document`; the caller's `find` is called once, and `reword` once for each attribute.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter

from lxml import etree

from mailtickets.mail.reply.document import too_deep
from mailtickets.mail.reply.sanitise import sanitised
from mailtickets.words.edits import Edit, edited

Find = Callable[[str], Sequence[Edit]]
"""Takes all words of the page, with a NUL where one text ends and the next begins. Returns edits of them, in order."""
Reword = Callable[[str], str]
"""Takes the value of an attribute, and returns what it is instead."""

_start, _stop = attrgetter("start"), attrgetter("stop")


@dataclass(frozen=True, slots=True)
class _Run:
    """A text of the document, and where it stands in all of them."""

    holder: etree._Element
    is_tail: bool
    start: int
    text: str

    def put(self, text: str) -> None:
        if self.is_tail:
            self.holder.tail = text
        else:
            self.holder.text = text


def html_edited(source: str, find: Find, reword: Reword) -> str | None:
    """The HTML with what `find` finds in its words, and what `reword` makes of each attribute.

    The same as `source` if there is nothing to change; None for what cannot be read as HTML.
    """
    body = None if too_deep(source) else _body(source)
    if body is None:
        return None if source.strip() else source
    runs = list(_runs(body))
    edits = find("\0".join(run.text for run in runs))
    changed = _attributes_edited(body, reword)
    if not edits and not changed:
        return source
    for run in runs:
        run.put(_run_edited(run, edits))
    inner = "".join(etree.tostring(child, encoding="unicode", method="html") for child in body)
    return sanitised((body.text or "") + inner)


def _body(source: str) -> etree._Element | None:
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
    try:
        root = etree.fromstring(source.replace("\0", "").encode("utf-8", "replace"), parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return None
    return root.find("body") if root is not None else None


def _runs(body: etree._Element) -> Iterator[_Run]:
    """Every text, in the order in which it is read; between two stands a NUL, which is a gap."""
    at = 0
    for event, element in etree.iterwalk(body, events=("start", "end")):
        text = element.text if event == "start" else element.tail if element is not body else None
        if text:
            yield _Run(element, event == "end", at, text)
            at += len(text) + 1


def _attributes_edited(body: etree._Element, reword: Reword) -> bool:
    changed = False
    for element in body.iter():
        for name, value in element.items():
            after = reword(value)
            if after != value:
                element.set(name, after)
                changed = True
    return changed


def _run_edited(run: _Run, edits: Sequence[Edit]) -> str:
    """What is left of one text; what stands instead goes where the edit begins."""
    stop = run.start + len(run.text)
    own = edits[bisect_right(edits, run.start, key=_stop) : bisect_left(edits, stop, key=_start)]
    return edited(run.text, [_moved(edit, run, stop) for edit in own])


def _moved(edit: Edit, run: _Run, stop: int) -> Edit:
    instead = edit.instead if edit.start >= run.start else ""
    return Edit(max(edit.start - run.start, 0), min(edit.stop, stop) - run.start, instead)
