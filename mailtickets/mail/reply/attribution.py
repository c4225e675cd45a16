"""Finds where quoted history begins: the words with which mail programs announce the quoted message, in many languages.

Owns: attribution lines (`On ... wrote:`, `Em ... escreveu:`), header blocks (`De: / Enviada em: / Para: / Assunto:`),
separators (`-----Mensagem original-----`) and the marks of a forward. The functions take the lines of a text and return
where such an announcement begins and ends.
Fails with: nothing.
Limits: looks at most `MAX_ATTRIBUTION_LINES` or `MAX_BLOCK_LINES` lines ahead, so that a text is read in linear time.
Each line is cut to `MAX_LINE_CHARACTERS` characters first.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile

from mailtickets.mail.reply import phrases
from mailtickets.words import calendar_names, prefixes

MAX_ATTRIBUTION_LINES = 5
MAX_ATTRIBUTION_CHARACTERS = 500
MAX_BLOCK_LINES = 24
MAX_LINE_CHARACTERS = 1_000
MIN_RULE_CHARACTERS = 20

_MONTH = phrases.group(calendar_names.everywhere("months"))
_DATE = re.compile(
    r"\b\d{4}[-/.] ?\d{1,2}[-/.] ?\d{1,2}\b|\b\d{1,2}[-/.]\s?\d{1,2}[-/.]\s?\d{2,4}\b|\b\d{1,2}/\d{1,2}\b"
    rf"|\b\d{{1,2}}(?:st|nd|rd|th|º|er|\.|-)?\s?(?:de\s|d['’]|of\s|em\s)?-?(?:{_MONTH})\b"
    rf"|(?<![^\W\d_])(?:{_MONTH})[.,]?[\s-]\d{{1,2}}(?:st|nd|rd|th)?\b"
    r"|\d{1,4}\s?[年月년월]",
    re.IGNORECASE,
)
_TIME = re.compile(r"\b\d{1,2}\s?[:.hH]\s?\d{2}(?!\d)|\b\d{1,2}\s?[ap]\.?m\b|\d{1,2}時", re.IGNORECASE)
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_EMAIL = re.compile(r"@(?<=[^\s<>()\[\]\"';:,]@)[^\s<>()\[\]\"';,@](?:(?!\w)[^\s<>()\[\]\"';,@])*+\w")
"""Matches an address from its `@` on. Only whether an address is there matters, not which one."""
_ANGLED = r"<[^<>\s@]++@[^<>\s]++>"
_ANGLE_EMAIL = re.compile(r"[<(（]\s*+[^\s<>()（）@]++@[^\s<>()（）]++\s*+[>)）]")
_VERB = phrases.alternatives("verbs")
_HAS_VERB = re.compile(rf"(?<!\w){_VERB}(?!\w)|写道|寫道|のメール|작성", re.IGNORECASE)
_VERB_LAST = re.compile(
    rf"(?:(?<!\w){_VERB}|写道|寫道|のメール|님이 작성)\s*+(?:(?:\([^()]{{1,80}}\)|am .{{1,60}}|em .{{1,60}})\s*)?"
    r"(?:(?:[:：]|-{2,}|…|\.{3})\s*)?$",
    re.IGNORECASE,
)
_CLOSING_VERB = re.compile(rf">\s{{0,3}}{_VERB}\s*:", re.IGNORECASE)
_VERB_INSIDE = re.compile(
    rf"(?<!\w){_VERB}\s[^:]{{0,200}}(?:\d{{1,2}}[:.h]\d{{2}}[^:]{{0,60}})?[:：]\s*$", re.IGNORECASE
)
_RUN_ON = re.compile(rf"{_ANGLED},?\s*+{_VERB}\s*:\s+\S", re.IGNORECASE)
"""Yahoo's program for phones writes the quoted text on the same line, after the attribution."""
_NAMED_VERB = re.compile(rf"{_ANGLED}\s*+{_VERB}\s*:$", re.IGNORECASE)
_ONLY_NAMES = re.compile(r"[^.!?:;,<>@]{0,60}[<(]?[^\s<>()@]{1,64}@[^\s<>()@]{1,200}[>)]?,?")
"""The author's name and address, as the first line of an attribution that continues with the date."""
_LEAD = re.compile(rf"(?:{phrases.alternatives('leads')}(?!\w)|\(?\d)", re.IGNORECASE)
_WEEKDAY = re.compile(rf"{phrases.group(calendar_names.everywhere('weekdays'))}\.?,?\s", re.IGNORECASE)
_DATE_LED = re.compile(r"[(\"\u202b]?(?:\d{1,4}\s?[-/.年년]|\d{1,2}\.?\s\w|\d{1,2}:\d\d|\w{2,5}\.?,\s\d)")
_DASHES = re.compile(r"^[-_*=~—–\s]{2,}|(?<![-_*=~—–\s])[-_*=~—–\s]{2,}$")
_SUSPECT = re.compile(r"[-_=*@<>|:：—–─\d]")
"""The first line of every announcement has at least one of these characters."""
_QUOTE = re.compile(r"\s{0,4}(?:>|\|(?:\s(?!.*\|\s*$)|$))|\s?[A-Z]{1,3}>(?:\s|$)")  # some programs quote with initials
_BIDI = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_TITLE = re.compile(r"\s*[-–—_=]{4,}\s?[^\s\-–—_=].{1,40}?\s?[-–—_=]{4,}\s*$")
"""A separator line in words that are not in our lists. It counts only if a header block stands under it."""
_OLD_GMAIL = re.compile(rf"\d{{4}}[/-]\d{{1,2}}[/-]\d{{1,2}}\s[^<>]{{1,80}}{_ANGLED}\s*:?$")
_OLD_GMAIL_GMT = re.compile(r"\d{4}-\d\d-\d\d \d{1,2}:\d\d GMT[+-]\d\d:\d\d .{1,120}")
_INNER_LEAD = re.compile(
    r"(?<=\S)\s*-{0,8}\s?\b(?=(?:On|Em|El|Le|Am|Il|Op|Den)\s(?:\w{2,14}\.?,\s|\w{2,10}\.\s\d|\d{1,2}[/. ]|\d{4}-))"
)
_ORIGINAL = phrases.alternatives("original_message")
_RULED = r"[\s>]*+(?:[*_]++[\s>]++)*?[-–—_=*]{2,}+\s*+"
"""A rule, with marks of quotes or of bold type before it. The rule and the marks share characters, so the pattern takes
the marks in whole runs: a line of asterisks then matches in one way only, in linear time.
"""
_SEPARATOR = re.compile(
    rf"{_RULED}{_ORIGINAL}\s*+[-–—_=*]*+:?\s*$|[\s>*_]*+{_ORIGINAL}\s*+[-–—_=*]{{3,}}+\s*$", re.IGNORECASE
)
_SEPARATOR_BARE = re.compile(rf"\s*+[*_]*+{_ORIGINAL}[*_]*+\s*+:?\s*$", re.IGNORECASE)
_MESSAGE_OF = re.compile(
    r"\s*+(?:>\s*+)?(?:message du|message reçu le|mensagem de|mensagem enviada em)\s*+(?::\s*+)?"
    r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}",
    re.IGNORECASE,
)
_FORWARD = re.compile(
    rf"{_RULED}{phrases.alternatives('forwarded_message')}(?!\w)"
    rf"|[\s>]*+{phrases.alternatives('forward_begins')}\s*+[:：]?\s*$",
    re.IGNORECASE,
)
FORWARD_SUBJECT = re.compile(rf"\s*(?:\[[^\]]{{1,40}}\]\s*)?{prefixes.FORWARD}\s*[:：]", re.IGNORECASE)
_RULE = re.compile(r"[\s>]*(?:[_\-=*─—–]\s?){4,}\s*$")
_KEYS = phrases.header_keys()
_NEXT_KEY = re.compile(r"\s(?=[^\s:]{1,20}:\s)")
_KEY_LINE = re.compile(r"[\s*_>|•·-]{0,8}([^\s:：*_|][^:：*_|\n<>@]{0,24}?)[\s*_]{0,4}[:：][\s*_|]*(.*)$")


@dataclass(frozen=True, slots=True)
class Opening:
    """Where history begins: the lines from `start` up to, not including, `stop` announce the history and belong
    to it.
    """

    start: int
    stop: int
    forward: bool = False
    block: bool = False
    """True for a header block or a separator: the history under it has no quote marks."""
    head: str = ""
    """The text before the announcement on its first line. The author of this mail wrote it."""
    certain: bool = True
    announced: bool = True
    """True if a mail program announces the history. False if only quoted lines begin: people write those, too."""


def is_quote(line: str) -> bool:
    return _QUOTE.match(line) is not None


def is_rule(line: str) -> bool:
    return _RULE.match(line[:MAX_LINE_CHARACTERS]) is not None


def is_forward_mark(line: str) -> bool:
    return _FORWARD.match(line[:MAX_LINE_CHARACTERS]) is not None


def opening(lines: Sequence[str], start: int) -> Opening | None:
    """The announcement of history that begins on line `start`, or None."""
    line = lines[start][:MAX_LINE_CHARACTERS]
    bare = line.strip()
    if len(bare) < 3 or not (_SUSPECT.search(line) or _is_bare_separator(lines, start, bare)):
        return None  # most lines of most mail stop here
    if _FORWARD.match(line):
        return Opening(start, start + 1, forward=True, block=True)
    if _SEPARATOR.match(line) or (_MESSAGE_OF.match(line) and _block_end(lines, start + 1, need=2)):
        return Opening(start, _block_end(lines, _next_text(lines, start + 1), need=1) or start + 1, block=True)
    if _TITLE.match(line) and (found := _under_rule(lines, start)):
        return found
    if is_rule(line) or _is_bare_separator(lines, start, bare):
        return _under_rule(lines, start)
    stop = _block_end(lines, start, need=3)
    if stop:
        return Opening(start, stop, block=True)
    return _attribution(lines, start)


def _is_bare_separator(lines: Sequence[str], start: int, bare: str) -> bool:
    """Whether the line is a separator such as `Mensagem original` that lost its dashes on the way."""
    following = _next_text(lines, start + 1)
    return (
        following < len(lines) and len(bare) < 60 and ":" in lines[following][:40] and bool(_SEPARATOR_BARE.match(bare))
    )


def _under_rule(lines: Sequence[str], start: int) -> Opening | None:
    """The opening at a rule: history begins there if a header block, or another announcement, stands right under the
    rule.
    """
    following = _next_text(lines, start + 1)
    stop = _block_end(lines, following, need=2)
    if stop:
        return Opening(start, stop, block=True)
    if start < following < len(lines) and _is_block_in_one_line(lines[following]):
        return Opening(start, following + 1, block=True)
    if lines[start].count("_") >= MIN_RULE_CHARACTERS and (stop := _foreign_block_end(lines, following)):
        return Opening(start, stop, block=True)
    if start < following < len(lines) and _MESSAGE_OF.match(lines[following]):
        return Opening(start, following + 1, block=True)
    return None


def _next_text(lines: Sequence[str], start: int) -> int:
    """The number of the next line that is not blank, within three lines of `start`; otherwise `start` itself."""
    for index in range(start, min(start + 3, len(lines))):
        if lines[index].strip():
            return index
    return start


def key(line: str) -> tuple[str, str] | None:
    """The fact that a line of a header block states (`from`, `sent` ...) and its value, or None for any other line."""
    match = _KEY_LINE.match(line[:MAX_LINE_CHARACTERS])
    if match is None:
        return None
    kind = _KEYS.get(" ".join(match[1].lower().split()).rstrip(" *"))
    return (kind, match[2].strip(" *")) if kind else None


def _block_end(lines: Sequence[str], start: int, need: int) -> int | None:
    """The line after the header block that begins at `start`. None unless `need` different facts, or two strong ones,
    show that it is a block.
    """
    if start >= len(lines) or (first := key(lines[start])) is None or first[0] in ("other", "cc"):
        return None
    facts: dict[str, str] = {}
    last, loose = start, 0
    for index in range(start, min(start + MAX_BLOCK_LINES, len(lines))):
        line = lines[index]
        found = key(line)
        if found is not None:
            if found[0] in facts and found[0] in ("from", "sent", "subject"):
                break
            facts[found[0]] = found[1] or (lines[index + 1].strip() if index + 1 < len(lines) else "")
            last, loose = index, 0
        elif not line.strip() and (facts.keys() >= {"subject"} or loose):
            break
        else:
            loose += 1
            if loose > 3:
                break
    return last + 1 if _convinces(facts, need) else None


def is_whole_block(lines: Sequence[str]) -> bool:
    """Whether these lines state everything that a mail program states about a message: author, date, recipient,
    subject.
    """
    facts = dict(found for line in lines[:MAX_BLOCK_LINES] if (found := key(line)) is not None)
    stated = _EMAIL.search(facts.get("from", "")) and _TIME.search(facts.get("sent", ""))
    return bool(stated) and facts.keys() >= {"from", "sent", "to", "subject"}


def _is_block_in_one_line(line: str) -> bool:
    """Whether the line is a whole header block: `From: Name <address> Date: ...`, as in HTML without line breaks."""
    stated = [found for piece in _NEXT_KEY.split(line[:MAX_LINE_CHARACTERS]) if (found := key(piece)) is not None]
    facts = dict(stated)
    return len(stated) >= 2 and stated[0][0] == "from" and "sent" in facts and _convinces(facts, 2)


def _foreign_block_end(lines: Sequence[str], start: int) -> int | None:
    """The line after a header block in a language that is not in our lists: successive `Word: value` lines that hold an
    address and a date. None if there is no such block.
    """
    block = list(takewhile(_KEY_LINE.match, (line[:MAX_LINE_CHARACTERS] for line in lines[start : start + 7])))
    stated = "\n".join(block)
    whole = len(block) >= 3 and _EMAIL.search(stated) and (_TIME.search(stated) or _DATE.search(stated))
    return start + len(block) if whole else None


def _convinces(facts: dict[str, str], need: int) -> bool:
    main = facts.keys() & {"from", "sent", "to", "subject"}
    dated = bool(_DATE.search(facts.get("sent", "")[:200]) or _TIME.search(facts.get("sent", "")[:200]))
    mailed = any(_EMAIL.search(facts.get(name, "")[:300]) for name in ("from", "to"))
    if len(main) >= 4 or (len(main) == 3 and (mailed or (dated and "subject" in main))):
        return True
    if len(main) == 2 and mailed and _TIME.search(facts.get("sent", "")[:200]):
        return True
    return need <= 2 and len(main) >= need and (dated or mailed or need == 1)


def _attribution(lines: Sequence[str], start: int) -> Opening | None:
    first = _BIDI.sub("", lines[start][:MAX_LINE_CHARACTERS]).strip()
    if is_quote(first):
        return None
    if not _is_led(first) and (shared := _shared_line(lines, start, first)):
        return shared
    if not _may_begin(first):
        return None
    text, verb = "", False
    for index in range(start, min(start + MAX_ATTRIBUTION_LINES + 3, len(lines))):
        line = _BIDI.sub("", lines[index][:MAX_LINE_CHARACTERS]).strip()
        if index > start and is_quote(line) and not _closes_address(line, text):
            break
        if not line:
            if _continues_after_blank(lines, index):
                continue
            break
        text = f"{text} {line}".strip()
        if len(text) > MAX_ATTRIBUTION_CHARACTERS:
            break
        verb = verb or _has_verb(line)
        if (verdict := _is_attribution(text, lines, index, verb)) is not None:
            return None if _begins_later(lines, start, index) else Opening(start, index + 1, certain=verdict)
        if "@" in line and _RUN_ON.search(text) and _is_led(text) and _DATE.search(text):
            return None if _begins_later(lines, start, index) else Opening(start, index + 1, block=True)
    return None


def _begins_later(lines: Sequence[str], start: int, last: int) -> bool:
    """Whether the attribution that ends on line `last` is complete without its first lines: the author of this mail
    wrote those.
    """
    for later in range(start + 1, last + 1):
        text = " ".join(_BIDI.sub("", line[:MAX_LINE_CHARACTERS]).strip() for line in lines[later : last + 1])
        if not (_is_led(text) and _DATE.search(text)):
            continue
        if not (_RUN_ON.search(text) or _is_attribution(text, lines, last, _has_verb(text))):
            continue
        above = " ".join(line[:MAX_LINE_CHARACTERS].strip() for line in lines[start:later])
        if _EMAIL.search(text) or not _ONLY_NAMES.fullmatch(above):
            return True
    return False


def _continues_after_blank(lines: Sequence[str], index: int) -> bool:
    """Whether the attribution goes on after this blank line. Some programs put blank lines around the address in it."""
    following = _next_text(lines, index + 1)
    return following < len(lines) and bool(re.match(r"\s*(?:<|mailto:)", lines[following][:20]))


def _closes_address(line: str, text: str) -> bool:
    return (text.count("<") > text.count(">") and bool(re.match(r">\s*\S", line))) or bool(_CLOSING_VERB.match(line))


def _is_led(text: str) -> bool:
    bare = _DASHES.sub("", text)
    return bool(_LEAD.match(bare) or _DATE_LED.match(bare) or _WEEKDAY.match(bare))


def _may_begin(first: str) -> bool:
    """Whether an attribution could begin with this line. A cheap first check."""
    if len(first) > MAX_ATTRIBUTION_CHARACTERS:
        return False
    bare = _DASHES.sub("", first)
    if _is_led(bare) or (bare != first and _HAS_VERB.search(bare)):
        return True
    return "@" in bare or "<" in bare or bare[-1:] in ":："


@lru_cache(maxsize=256)
def _has_verb(line: str) -> bool:
    """Whether the line has a verb of attribution. Cached: each line is checked again for every line above it."""
    return _HAS_VERB.search(line) is not None


def _is_attribution(text: str, lines: Sequence[str], last: int, has_verb: bool) -> bool | None:
    """Whether `text` is an attribution. True: certain; False: probable; None: not up to this line."""
    bare = _DASHES.sub("", text)
    dashed = len(text) - len(bare) >= 4 and text[:2] == text[-2:] == "--"
    colon = text[-1:] in ":："
    verb = has_verb and bool(_VERB_LAST.search(bare[-120:]) or (colon and _VERB_INSIDE.search(bare)))
    if not (colon or verb or dashed):  # most lines stop here
        return True if _ends_undated(text, lines, last) else None
    mailed = _EMAIL.search(bare) is not None
    dated = _DATE.search(bare) is not None or (_TIME.search(bare) is not None and (mailed or bool(_YEAR.search(bare))))
    followed = _quote_follows(lines, last)
    if verb and (colon or dashed or _blank_follows(lines, last)):
        if (dated and (_is_led(text) or _ANGLE_EMAIL.search(bare))) or (colon and _NAMED_VERB.search(bare)):
            return bool(mailed or followed or dashed or _is_formula(bare))
        if (followed or dashed) and len(bare) < 200:
            return True
    if colon and dated and (_ANGLE_EMAIL.search(bare) or (mailed and _is_led(text))):
        return True
    short = len(bare.split()) <= 12
    return True if colon and followed and short and (_ANGLE_EMAIL.search(bare) or (dated and _is_led(text))) else None


def _is_formula(text: str) -> bool:
    """Whether the text is as short as `On 3 March 2025 10:12, Name wrote:`. A sentence has more words."""
    return _DATE.search(text) is not None and len(text.split()) <= 16


def _ends_undated(text: str, lines: Sequence[str], last: int) -> bool:
    """Whether the text is one of the forms that have no verb and no colon. They count only before a blank line or a
    quotation.
    """
    if not (_OLD_GMAIL.fullmatch(text) or _OLD_GMAIL_GMT.fullmatch(text)):
        return False
    return _blank_follows(lines, last) or is_quote(lines[last + 1])


def _blank_follows(lines: Sequence[str], last: int) -> bool:
    return last + 1 >= len(lines) or not lines[last + 1].strip() or is_quote(lines[last + 1])


def _quote_follows(lines: Sequence[str], last: int) -> bool:
    following = _next_text(lines, last + 1)
    return last < following < len(lines) and is_quote(lines[following])


def _shared_line(lines: Sequence[str], start: int, first: str) -> Opening | None:
    """An attribution on the line on which the reply ends: `ok On Wed, Apr 4, 2012, x@y wrote:`."""
    if first[-1:] not in ":：-" or not _VERB_LAST.search(first):
        return None
    found = list(_INNER_LEAD.finditer(first))
    if not found:
        return None
    text = first[found[-1].end() :]
    if not (_DATE.search(text) and (_EMAIL.search(text) or _quote_follows(lines, start))):
        return None
    line = lines[start]
    head = line[: line.rfind(text)]
    return Opening(start, start + 1, head=_without_dashes(head))


def _without_dashes(head: str) -> str:
    bare = head.rstrip()
    dashes = len(bare) - len(bare.rstrip("-"))
    return bare[: len(bare) - min(dashes, 8)].rstrip()
