"""Finds where the author's own text ends and the signature begins that the author's program puts under every mail.

Owns: the `-- ` mark (RFC 3676 section 4.3), the lines that phones add, confidentiality notices.
A closing formula with a name under it is the author's own text and is no signature.
Fails with: nothing. Limits: `MAX_SIGNATURE_LINES`; a mark with more lines than that under it begins no signature.
"""

import re
from collections.abc import Sequence
from itertools import takewhile

from mailtickets.mail.reply import phrases

MAX_SIGNATURE_LINES = 40
MAX_RULED_LINES = 15
MIN_NOTICE_CHARACTERS = 80

_INVISIBLE = " \t\u00a0\u200b\u200c\u1427"
"""Blanks, and the character that a tracker of opened mail leaves."""
_MARK = re.compile(r"^\s?(?:--|__|—|––|‐‐)\s*$")
_RULE = re.compile(r"^\s*(?:_{3,}|-{3,}|={3,}|\*{3,}|#{3,}|~{3,}|\+{3,}|—{3,}|─{3,})\s*$")
_DEVICE = re.compile(
    rf"[\s<(\[*_>-]{{0,6}}(?:{phrases.alternatives('device_leads')}(?!\w).{{0,60}}{phrases.alternatives('devices')}.{{0,80}}"
    rf"|{phrases.alternatives('device_lines')})[\s.!)\]>*_<]*(?:[(<]?https?://\S+)?$",
    re.IGNORECASE,
)
_FOOTER = re.compile(
    rf"[\s*_>\"'“«(\[-]{{0,4}}(?:{phrases.alternatives('footer_titles')}(?!\w)"
    rf"|{phrases.alternatives('footer_subjects')}(?!\w)(?=.{{0,400}}{phrases.alternatives('footer_matters')})"
    rf"|{phrases.alternatives('footer_lines')})",
    re.IGNORECASE,
)
_FOOTER_LINE = re.compile(rf"[\s*_>]{{0,4}}{phrases.alternatives('footer_lines')}", re.IGNORECASE)
_CLAUSE = re.compile(r"[,;:](?!//)\s|[.!?]\s+|\s[-–—]+\s")
_BUT = re.compile(r"\s(?:but|and the|mas|porém|pero|y el|y la|e o|e a|aber|mais|ma)\s", re.IGNORECASE)
_EXCUSE = re.compile(phrases.alternatives("excuses"), re.IGNORECASE)
_IS_DEVICE = re.compile(phrases.alternatives("devices", "device_leads"), re.IGNORECASE)
_CONTACT = re.compile(r"\S@\S|www\.|https?://|\+?\(?\d{2,3}\)?[ .-]?\d{3,5}[ .-]?\d{3,4}")
_DASHED_NAME = re.compile(r"^\s{0,2}[-–—~][A-Za-zÀ-ÿ][\w’'À-ÿ]{0,19}(?: [A-ZÀ-Þ][\w’'À-ÿ]{0,19}){0,2}\.?\s*$")
_URL_LINE = re.compile(r"^\s*[<\[(]?(?:https?://|www\.|mailto:)\S+\s*$", re.IGNORECASE)


def start_of(lines: Sequence[str], *, may_be_all: bool = False) -> int:
    """The number of the line at which the signature begins; the number of lines if there is no signature.

    `may_be_all`: True for lines under a quotation, which may be nothing but a signature.
    """
    stop = _trimmed(lines, len(lines))
    mark = _marked(lines[:stop], 0 if may_be_all else 1)
    stop = _trimmed(lines, mark)
    begin = stop
    while begin > 0 and (before := _tail(lines, begin)) < begin:
        begin = _trimmed(lines, before)
    return begin if begin < stop or mark < len(lines) else len(lines)


def _marked(lines: Sequence[str], first: int) -> int:
    """The first line that marks everything under it as a signature, or that begins a legal notice of the firm."""
    for index, line in enumerate(lines[first:], first):
        under = len(lines) - index - 1
        if _MARK.match(line) and under <= MAX_SIGNATURE_LINES:
            return index
        if _RULE.match(line) and under <= MAX_RULED_LINES and _is_ruled_signature(lines, index):
            return index
        if _is_footer(lines, index) and under <= 2 * MAX_SIGNATURE_LINES:
            return index
    return len(lines)


def _is_footer(lines: Sequence[str], index: int) -> bool:
    """Whether a legal notice begins here. Lawyers write paragraphs: a short line that begins like a notice is the
    author's own.
    """
    if not _FOOTER.match(lines[index][:1_000]):
        return False
    paragraph = takewhile(str.strip, lines[index : index + MAX_SIGNATURE_LINES])
    return _FOOTER_LINE.match(lines[index][:1_000]) is not None or sum(map(len, paragraph)) >= MIN_NOTICE_CHARACTERS


def _is_ruled_signature(lines: Sequence[str], index: int) -> bool:
    """Whether the lines under a rule are a signature: few short lines in one block, not another section of the text."""
    block = [line for line in lines[index + 1 :] if line.strip()]
    following = lines[index + 1] if index + 1 < len(lines) else ""
    if index and lines[index - 1].strip(_INVISIBLE):
        return False  # it underlines a heading
    if not lines[index].strip().startswith("_") and not any(map(_CONTACT.search, block)):
        return False
    others = sum(bool(_RULE.match(line)) for line in lines[:index])
    return (
        len(block) <= 8
        and others == 0
        and (bool(following.strip()) or not block)
        and all(len(line) < 100 for line in block)
    )


def is_device_line(line: str) -> bool:
    """Whether the line is like `Sent from my phone`, perhaps with an excuse or an advertisement; a sentence of the
    author is not.
    """
    line = line[:300]
    if not _DEVICE.match(line):
        return False
    first, *others = (clause for clause in _CLAUSE.split(line) if clause.strip())
    if _BUT.search(first):
        return False
    return all(len(clause.split()) < 3 or _EXCUSE.search(clause) or _IS_DEVICE.search(clause) for clause in others)


def _tail(lines: Sequence[str], stop: int) -> int:
    """The line number one step up: before the last line, if a program or a habit put that line there; otherwise
    `stop`.
    """
    line = lines[stop - 1]
    if is_device_line(line):
        return stop - 1
    if stop >= 2 and is_device_line(lines[stop - 2]) and _URL_LINE.match(line):
        return stop - 2
    if _DASHED_NAME.match(line) and stop > 1 and not lines[stop - 2].lstrip().startswith(("-", "–", "*", "•")):
        return stop - 1
    return stop


def _trimmed(lines: Sequence[str], stop: int) -> int:
    while stop > 0 and not lines[stop - 1].strip(_INVISIBLE):
        stop -= 1
    return stop
