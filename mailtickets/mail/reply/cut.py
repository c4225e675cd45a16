"""Splits a mail's text into what the sender wrote now, the quoted history and the signature.

Owns: the cut. In a top-posted reply, the text above the history is the reply. Answers under or between quotations are
kept together with the quotations that they answer. A forward is never cut, because the forwarded text is the message.
Words are never lost: if the cut leaves no reply, or is uncertain, the whole text is the reply and `Split.defects` says
so. `Split.cut_by` says which sign the cut relies on. In a mail that is not a reply, quoted lines and header blocks are
the writer's own: `Split.uncut` has the text without the cut.
Fails with: nothing.
Limits: reads the first `MAX_LINES` lines, each line once, so that time is linear.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from mailtickets.mail.model import REF_LABEL
from mailtickets.mail.reply import attribution, html, signature
from mailtickets.mail.reply.attribution import Opening, is_quote

MAX_LINES = 3_000
MAX_CHARACTERS = 1_000_000
MIN_WRAPPED = 70
"""Programs wrap lines at 72 characters or more. So a line was wrapped if the next word would not have fitted on it."""
MAX_WRAPPED = 80

_REF = re.compile(rf"^[\s>|*_]*{re.escape(REF_LABEL)}\s*[*_]*([A-Z2-7]{{26}}|0{{26}})\b", re.IGNORECASE)
_ENDS_SENTENCE = ".!?:;…"
_MAY_QUOTE = re.compile(
    r"<blockquote|gmail_quote|_quote|RplyFwdMsg|appendonsend|zmail_extra|reference-message|stopSpelling|cite",
    re.IGNORECASE,
)

CutBy = Literal["", "notice", "announcement", "quotation"]
"""The sign that history begins: our own notice in it, a mail program's announcement, or quoted lines. Empty: no
history.
"""


@dataclass(frozen=True, slots=True)
class Split:
    reply: str
    quoted: str
    signature: str
    defects: tuple[str, ...] = ()
    note: str = ""
    """The forwarder's own words above a forward, without a signature. `reply` holds them too, with the forward."""
    forwarded: str = ""
    """A forward with its announcement; empty if nothing is forwarded."""
    cut_by: CutBy = ""
    uncut: "Split | None" = None
    """The split of the same text if nothing counts as history; None where nothing was cut off as history."""


def split(text: str, html_source: str | None = None, *, subject: str = "", marks: Sequence[int] | None = None) -> Split:
    """Split a text into reply, history and signature.

    `marks` are the numbers of the lines at which history begins according to the HTML that `text` was made from.
    """
    lines = text[:MAX_CHARACTERS].split("\n")[:MAX_LINES]
    rest = text[len("\n".join(lines)) :]
    if marks is None:
        marks = _marks_from_html(lines, html_source)
    cut = _cut(lines, frozenset(marks), forwards=attribution.FORWARD_SUBJECT.match(subject) is not None)
    if cut is None:
        return _unquoted(lines, rest)
    if cut.forward:
        return _forward(lines, rest, cut.start)
    result = _assembled(lines, rest, cut)
    if not cut.certain or _has_ref(result.reply.split("\n")):
        result = Split(text.strip("\n"), "", "", ("uncertain-cut",))
    elif not result.reply.strip():
        result = Split(text.strip("\n"), "", "", ("cut-left-nothing",))
    cut_by: CutBy = "notice" if _has_ref(lines) else "announcement" if cut.announced and cut.certain else "quotation"
    return replace(result, cut_by=cut_by, uncut=_uncut(lines, rest, cut))


def _uncut(lines: list[str], rest: str, cut: Opening) -> Split:
    """The whole text as the reply, without a signature at the very end."""
    begin = signature.start_of(lines)
    if rest or begin <= cut.stop or any(map(is_quote, lines[begin:])):
        return Split(_text([*lines[:-1], (lines[-1] if lines else "") + rest]), "", "", ("cut-limit",) if rest else ())
    return Split(_text(lines[:begin]), "", _text(lines[begin:]))


def _unquoted(lines: list[str], rest: str) -> Split:
    kept, below = _without_signature(lines)
    if rest or not "\n".join(kept).strip():
        return Split(("\n".join(lines) + rest).strip("\n"), "", "", ("cut-limit",) if rest else ())
    uncertain = ("uncertain-cut",) if _has_ref(kept) else ()
    return Split("\n".join(kept).strip("\n"), "", "\n".join(below).strip("\n"), uncertain)


def _forward(lines: list[str], rest: str, start: int) -> Split:
    note = lines[: signature.start_of(lines[:start], may_be_all=True)]
    return replace(_unquoted(lines, rest), note=_text(note), forwarded="\n".join(lines[start:]) + rest)


def _has_ref(lines: Sequence[str]) -> bool:
    return any(_REF.match(line[:200]) for line in lines)


def _cut(lines: list[str], marks: frozenset[int], *, forwards: bool) -> Opening | None:
    """Where history begins, or None.

    `forward` is set when the history is a forwarded mail and no line of it holds our notice's reference.
    """
    ref = next((index for index, line in enumerate(lines) if _REF.match(line[:200])), None)
    for index in range(len(lines)):
        found = _opening_at(lines, index, marks)
        if found is None:
            continue
        return replace(found, forward=ref is None and (found.forward or (forwards and found.block)))
    return None if ref is None else _before_ref(lines, ref)


def _opening_at(lines: list[str], index: int, marks: frozenset[int]) -> Opening | None:
    if is_quote(lines[index]):
        return _quotation(lines, index)
    found = attribution.opening(lines, index)
    if found is None and index in marks:
        return _marked(lines, index)
    return found


def _marked(lines: list[str], index: int) -> Opening:
    """The opening at a quotation that only the HTML announces. If quoted lines follow soon, it is an attribution in
    unknown words.
    """
    for following in range(index, min(index + 6, len(lines))):
        if is_quote(lines[following]):
            return Opening(index, following)
    return Opening(index, index, block=True)


def _quotation(lines: list[str], index: int) -> Opening:
    """The opening at quoted lines without an announcement above. An announcement inside them may still say that they
    are a forward.
    """
    for inner in range(index, min(index + 6, len(lines))):
        bare = lines[inner].lstrip("> ")
        if is_quote(lines[inner]) and bare:
            found = attribution.opening([bare], 0)
            return Opening(index, index, forward=found is not None and found.forward, announced=False)
    return Opening(index, index, announced=False)


def _before_ref(lines: list[str], ref: int) -> Opening:
    """The opening at our notice if nothing announces it: history begins at the `Ref.:` line, the first line of an
    agent's notice. The cut is not certain.
    """
    return Opening(ref, ref, block=True, certain=False)


def _assembled(lines: list[str], rest: str, cut: Opening) -> Split:
    above = lines[: cut.start] + ([cut.head] if cut.head else [])
    top, top_signature = _without_signature(above)
    below = lines[cut.stop :]
    answers = [] if cut.block or rest else _answers(below)
    if not answers:
        quoted = "\n".join(lines[cut.start :]) + rest
        quoted = quoted[len(cut.head) :].lstrip("- ") if cut.head else quoted
        return Split(_text(top), quoted.strip("\n"), _text(top_signature))
    return _interleaved(lines, cut, top, top_signature, answers)


def _text(lines: Sequence[str]) -> str:
    return "\n".join(lines).strip("\n")


def _trimmed(lines: list[str]) -> list[str]:
    stop = next((index for index in range(len(lines), 0, -1) if lines[index - 1].strip()), 0)
    return lines[:stop]


def _without_signature(lines: list[str]) -> tuple[list[str], list[str]]:
    begin = signature.start_of(lines)
    if not _has_text(lines[:begin]):
        return lines, []
    return lines[:begin], lines[begin:]


def _answers(lines: list[str]) -> list[tuple[int, int]]:
    """The spans of lines (start, stop) that are not quoted and stand under or between quoted lines."""
    first = next((index for index, line in enumerate(lines) if line.strip()), len(lines))
    if first == len(lines) or not is_quote(lines[first]):
        return []
    spans: list[tuple[int, int]] = []
    start: int | None = None
    index = first
    while index < len(lines):
        if is_quote(lines[index]) or _is_orphan(lines, index):
            if start is not None:
                spans.append((start, index))
            start = None
        elif start is None and lines[index].strip():
            found = attribution.opening(lines, index)
            if found is not None and found.block:
                break
            if found is not None:
                index = found.stop
                continue
            start = index
        index += 1
    else:
        spans += [(start, len(lines))] if start is not None else []
    return [span for span in spans if _has_text(lines[slice(*span)])]


def _is_orphan(lines: list[str], index: int) -> bool:
    """Whether this line is the end of a quoted line: a program wrapped it in mid-sentence and put no quote mark on the
    rest.
    """
    if not 0 < index < len(lines) - 1 or not (is_quote(lines[index - 1]) and is_quote(lines[index + 1])):
        return False
    above, rest = lines[index - 1].rstrip(), lines[index].strip()
    if not rest or len(rest) > MAX_WRAPPED or above[-1] in _ENDS_SENTENCE or rest[0].isupper():
        return False
    return len(above) > 60 and len(above) + len(rest.split()[0]) > MIN_WRAPPED


def _interleaved(
    lines: list[str], cut: Opening, top: list[str], top_signature: list[str], spans: list[tuple[int, int]]
) -> Split:
    """The split of answers among quotations. The quotations stay with the answers, unless there is a single answer
    under all of them.

    If our own notice is among the quotations, none of the quotations is kept.
    """
    below = lines[cut.stop :]
    spans, signed = _answers_and_signature(below, spans)
    end = spans[-1][1] if spans else 0
    history = [*below[end : signed[0]], *below[signed[1] :]]
    own = [line for span in spans for line in [*_trimmed(below[slice(*span)]), ""]]
    if (_has_text(top) or len(spans) > 1) and not _has_ref(below):
        own = below[:end]
    else:
        history = [*(line for line in below[:end] if is_quote(line)), *history]
    reply = [*_trimmed(top), "", *own] if _has_text(top) else own
    quoted = [*lines[cut.start : cut.stop], *history]
    return Split(_text(reply), _text(quoted), _text([*top_signature, *below[slice(*signed)]]))


def _answers_and_signature(
    below: list[str], spans: list[tuple[int, int]]
) -> tuple[list[tuple[int, int]], tuple[int, int]]:
    """The spans that are answers, and the span of the signature under them."""
    start, stop = spans[-1]
    first = next(index for index in range(start, stop) if below[index].strip())
    begin = first + signature.start_of(below[first:stop], may_be_all=True)
    kept = [*spans[:-1], (start, begin)] if _has_text(below[start:begin]) else spans[:-1]
    return kept, (begin, stop)


def _has_text(lines: Sequence[str]) -> bool:
    return any(line.strip() for line in lines)


def _marks_from_html(lines: list[str], source: str | None) -> tuple[int, ...]:
    """The numbers of the plain-text lines at which the HTML beside the text marks the beginning of history."""
    if source is None or not _MAY_QUOTE.search(source):
        return ()
    rendered = html.render(source)
    wanted = [_essence(line) for line in rendered.text.split("\n")]
    shown = [_essence(line) for line in lines]
    found = (_aligned(wanted, shown, mark) for mark in rendered.marks[:20])
    return tuple(index for index in found if index is not None)


def _essence(line: str) -> str:
    """The letters and digits of a line: what a plain text and its HTML have in common."""
    return re.sub(r"<[^<>]*>|[\W_]+", "", line[:300].casefold())


def _aligned(wanted: list[str], shown: list[str], mark: int) -> int | None:
    """The number of the plain-text line that matches the marked HTML line; None unless exactly one line matches."""
    marked = next((line for line in wanted[mark : mark + 3] if len(line) >= 8), "")
    hits = [index for index, line in enumerate(shown) if line and marked.startswith(line[:40]) and len(line) >= 8]
    return hits[0] if len(hits) == 1 else None
