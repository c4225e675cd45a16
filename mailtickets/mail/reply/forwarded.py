"""Finds the mail that somebody forwards: its author, date and text, so that a ticket can be opened in the author's
name.

Owns: which original counts. An attached original (`message/rfc822`, or a file that is a mail) wins over a header block
in the text. In a chain of forwards the first block counts, because its author wrote to the forwarder. `attribution`
recognises the marks of a forward. `Forwarded.ambiguous` is set where the author is not certain: several originals, a
block without an address, a sender that a mailing list rewrote, a machine, the forwarder's own mail, an attachment and a
block that disagree, or a subject that says "forwarded" over a mail without an original.
Fails with: nothing.
Limits: reads `MAX_ORIGINALS` attached messages, and `MAX_BLOCK_LINES` lines of a header block.
"""

import re
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, replace
from datetime import UTC

from mailtickets.mail import address
from mailtickets.mail.kind import classify
from mailtickets.mail.model import Address, Attachment, Forwarded, InboundMail
from mailtickets.mail.read import header
from mailtickets.mail.read.content import Content
from mailtickets.mail.reply import attribution, html
from mailtickets.mail.reply import cut as body
from mailtickets.mail.reply.cut import Split
from mailtickets.words import dates, prefixes

MAX_ORIGINALS = 5
MAX_BLOCK_LINES = 40
MAX_VALUE_CHARACTERS = 2_000
MAX_SKIPPED_LINES = 6

_SAYS_SO = re.compile(rf"\s*(?:\[[^\]]{{1,40}}\]\s*)?{prefixes.SURELY_FORWARD}\s*:", re.IGNORECASE)
_QUOTE = re.compile(r"^ {0,3}> ?")
_ADDR_SPEC = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]+(?:\.[\w-]+)*\.?")
_MAILTO = re.compile(r"\[mailto:([^\]\s]{1,300})\]|<mailto:([^<>\s]{1,300})>", re.IGNORECASE)
_TWICE = re.compile(r"<([^<>\s]{1,300})<[^<>]{0,300}>>")
_BY_LIST = re.compile(r"\svia\s", re.IGNORECASE)
_AMERICAN = re.compile(r"\d\s?[ap]\.?m\b", re.IGNORECASE)
_UNFINISHED = re.compile(r"[,;<(\[]\s*$")

_END_MARK = re.compile(r"-{3,} ?(?:end (?:of )?forwarded message|fim d[ae] mensagem encaminhada) ?-{3,}", re.IGNORECASE)
"""The last line that mutt writes under a forward."""

_MAIN = {"from", "sent", "to", "subject"}
_KINDS = _MAIN | {"cc", "reply-to", "other"}

ParseMail = Callable[[bytes], InboundMail | None]


def find(mail: InboundMail, cut: Split, content: Content, read: ParseMail) -> Forwarded | None:
    """The original that a person's mail forwards, or None if nothing hints at one; `read` parses an attached
    message.
    """
    attached = _attached(mail, cut, read)
    inline = _inline(mail, cut, content)
    if attached is None or inline is None:
        return attached or inline or _promised(mail, cut)
    same = attached.author is not None and inline.author is not None and attached.author.key == inline.author.key
    return attached if same else replace(attached, note=inline.note, ambiguous=True)


# --- attached ---------------------------------------------------------------------------------------------------------


def _attached(mail: InboundMail, cut: Split, read: ParseMail) -> Forwarded | None:
    messages = [attachment for attachment in mail.attachments if _is_message(attachment)]
    originals = [original for one in messages[:MAX_ORIGINALS] if (original := read(one.content)) is not None]
    originals = [original for original in originals if original.header("from") is not None]
    if not originals:
        return None
    people = [original for original in originals if original.kind == "human"]
    original = (people or originals)[0]
    return Forwarded(
        author=original.author,
        date=original.date,
        subject=original.subject,
        to=original.to,
        cc=original.cc,
        text=original.text,
        note=cut.note if cut.forwarded else cut.reply,
        message_id=original.message_id,
        source="attached",
        ambiguous=len(people) != 1 or len(messages) > MAX_ORIGINALS or not _is_plain(original.author, mail),
    )


def _is_message(attachment: Attachment) -> bool:
    named = attachment.filename.lower().endswith(".eml")
    return attachment.content_type in ("message/rfc822", "message/global") or named


def _is_plain(author: Address | None, mail: InboundMail) -> bool:
    """Whether we can answer the author: not the forwarder, not a machine, not a list that writes in somebody's name."""
    if author is None or _BY_LIST.search(author.name) or classify.is_machine(author):
        return False
    return mail.author is None or author.key != mail.author.key


# --- inline -----------------------------------------------------------------------------------------------------------


def _inline(mail: InboundMail, cut: Split, content: Content) -> Forwarded | None:
    """The original in the text, or in the HTML if the text is ambiguous: some programs leave addresses out of
    the text.
    """
    found = _from_text(mail, cut)
    if found is None or not found.ambiguous or content.html is None or content.marks is not None:
        return found
    rendered = html.render(content.html)
    richer = _from_text(mail, body.split(rendered.text, subject=mail.subject, marks=rendered.marks))
    return richer if richer is not None and not richer.ambiguous else found


def _from_text(mail: InboundMail, cut: Split) -> Forwarded | None:
    if not cut.forwarded:
        return None
    lines = _unquoted(cut.forwarded.split("\n"))
    block = _block(lines)
    if block is None:
        return _unreadable(mail, "\n".join(lines).strip("\n"), cut.note)
    zone = mail.date.tzinfo if mail.date and mail.date.tzinfo else UTC
    authors = _mailboxes(block.value("from"))
    author = authors[0] if len(authors) == 1 else None
    sent = block.value("sent")
    return Forwarded(
        author=author,
        date=dates.moment(sent, zone, month_first=bool(_AMERICAN.search(sent))),
        subject=header.one_line(block.value("subject")) or _own_subject(mail),
        to=_mailboxes(block.value("to")),
        cc=_mailboxes(block.value("cc")),
        text=_body_under(lines, block.stop),
        note=cut.note,
        message_id=None,
        source="inline",
        ambiguous=not _is_plain(author, mail),
    )


def _unquoted(lines: list[str]) -> list[str]:
    """The lines without quote marks. Apple's programs quote the forwarded mail with its header block."""
    first = next((line for line in lines if line.strip()), "")
    return [_QUOTE.sub("", line) for line in lines] if _QUOTE.match(first) else lines


def _body_under(lines: Sequence[str], start: int) -> str:
    """The original's own text. Some programs repeat the forward mark under the header block; some quote the
    whole text.
    """
    under = list(lines[start:])
    first = next((index for index, line in enumerate(under) if line.strip()), len(under))
    if first < len(under) and attribution.is_forward_mark(under[first]):
        under = under[first + 1 :]
    if all(_QUOTE.match(line) for line in under if line.strip()):
        under = [_QUOTE.sub("", line) for line in under]
    last = next((index for index in reversed(range(len(under))) if under[index].strip()), 0)
    if under[last:] and _END_MARK.fullmatch(under[last].strip()):
        under = under[:last]
    return "\n".join(under).strip("\n")


def _own_subject(mail: InboundMail) -> str:
    prefix = attribution.FORWARD_SUBJECT.match(mail.subject)
    return mail.subject[prefix.end() :].strip() if prefix else mail.subject


def _unreadable(mail: InboundMail, text: str, note: str) -> Forwarded:
    return Forwarded(None, None, _own_subject(mail), (), (), text, note, None, "inline", ambiguous=True)


def _promised(mail: InboundMail, cut: Split) -> Forwarded | None:
    """An ambiguous original for a subject that says "forwarded". Its text is the quoted history, if the mail
    has any.
    """
    return _unreadable(mail, cut.quoted, cut.reply) if _SAYS_SO.match(mail.subject) else None


# --- the header block -------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _HeaderBlock:
    facts: dict[str, str]
    stop: int
    """The number of the first line under the block."""

    def value(self, name: str) -> str:
        return self.facts.get(name, "")


def _block(lines: Sequence[str]) -> _HeaderBlock | None:
    """The header block near the beginning of these lines; None if there is no block that names an author."""
    start = next((i for i in range(min(MAX_SKIPPED_LINES, len(lines))) if attribution.key(lines[i]) is not None), None)
    if start is None:
        return None
    facts: dict[str, str] = {}
    index, current = start, ""
    while index < min(len(lines), start + MAX_BLOCK_LINES):
        found = attribution.key(lines[index])
        if found is not None and (found[0] not in facts or found[0] == "other"):
            current, facts[found[0]] = found[0], found[1].strip()
        elif found is not None or not _continues(lines, index, facts, current):
            break
        else:
            facts[current] = f"{facts[current]} {_bare(lines[index])}".strip()[:MAX_VALUE_CHARACTERS]
        index += 1
    return _HeaderBlock(facts, index) if "from" in facts else None


def _continues(lines: Sequence[str], index: int, facts: dict[str, str], current: str) -> bool:
    """Whether a line that states no fact continues the value above it, or only separates two facts."""
    line, value = _bare(lines[index]), facts[current]
    if not line:
        return _states_more(lines, index + 1, _MAIN - facts.keys(), value)
    if not value or _UNFINISHED.search(value) or (current in ("from", "to", "cc") and line.startswith("<")):
        return True
    wrapped = index + 1 < len(lines) and bool(lines[index + 1].strip())
    return wrapped and _states_more(lines, index + 1, _KINDS - facts.keys(), value)


def _states_more(lines: Sequence[str], start: int, missing: Set[str], value: str) -> bool:
    """Whether the next line of text states a fact that is missing, or is the value of the fact above, which has none
    yet.
    """
    following = next((i for i in range(start, min(start + 2, len(lines))) if lines[i].strip()), None)
    if following is None:
        return False
    found = attribution.key(lines[following])
    return found[0] in missing if found is not None else not value


def _bare(line: str) -> str:
    return line.strip(" \t\u00a0*|")


def _mailboxes(value: str) -> tuple[Address, ...]:
    """The mailboxes in a value, each once. Programs write links to addresses in several ways; this reads all of
    them.
    """
    value = _TWICE.sub(r"<\1>", _MAILTO.sub(lambda found: f"<{found[1] or found[2]}>", value))
    found: dict[str, Address] = {}
    for mailbox in address.parse_addresses(value):
        if _ADDR_SPEC.fullmatch(mailbox.address):
            named = "" if "@" in mailbox.name and mailbox.key in mailbox.name.casefold() else mailbox.name.strip(" *")
            if mailbox.key not in found or not found[mailbox.key].name:
                found[mailbox.key] = Address(named, mailbox.address)
    return tuple(found.values())
