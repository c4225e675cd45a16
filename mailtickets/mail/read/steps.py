"""The steps of reading a mail, in their order. A step that fails costs its own result, and the other steps go on.

Owns: the table of the steps with the defect of each, and what is left of a mail if a step fails.
Fails with: nothing, apart from `begin_reading`. `MailReading.defects` names what is wrong with the mail.
Limits: those of `mime`, `cut` and `document`; the bounce reader gets the first `MAX_REPORT_BYTES`.
"""

import email
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from mailtickets.mail.kind import classify, reaction, recall
from mailtickets.mail.kind.bounce import report_of, signs
from mailtickets.mail.model import Address, Attachment, Bounce, Kind
from mailtickets.mail.read import content, header, mime
from mailtickets.mail.read import fields as fields_of
from mailtickets.mail.read.content import Content
from mailtickets.mail.read.fields import HeaderFields
from mailtickets.mail.read.mime import Part
from mailtickets.mail.read.outline import outline
from mailtickets.mail.reply import attribution, html, sanitise
from mailtickets.mail.reply import cut as body
from mailtickets.mail.reply.cut import Split
from mailtickets.mail.trust import disguise, traces
from mailtickets.words import language
from mailtickets.words.language import Language

MAX_REPORT_BYTES = 1_000_000
MAX_REPORT_CONTAINERS = 60

_CONTAINER = re.compile(rb"^content-type:[ \t\r\n]*(?:message|multipart)/", re.IGNORECASE | re.MULTILINE)
_NUMBER = re.compile(r"\[[^\[\]#]{0,80}#\s*\d{1,12}\s*\]")
_TAGGED = re.compile(r"\+[a-z2-7]{26}@", re.IGNORECASE)
_UNREADABLE = {"nested-too-deep", "too-many-parts", "header-too-large", "too-many-headers"}
_PEOPLE = ("sender", "reply-to", "to", "cc")
"""The address fields that are read besides From."""
_NOTHING_READ = Content("", None, None, (), (), ())
_NO_TEXT = Split("", "", "")


@dataclass(slots=True)
class MailReading:
    """A mail while it is read: each step sets what it has read. If a step fails, the defaults stay."""

    raw: bytes
    instance: str | None
    root: Part
    fields: HeaderFields
    defects: list[str]
    headers: tuple[tuple[str, str], ...]
    subject: str
    content: Content = _NOTHING_READ
    author: Address | None = None
    people: dict[str, tuple[Address, ...]] = field(default_factory=lambda: dict.fromkeys(_PEOPLE, ()))
    cut: Split = _NO_TEXT
    """The split of the text, whether or not the mail is a reply."""
    written: Split = _NO_TEXT
    """`cut` if the mail is a reply; otherwise the whole text as the reply."""
    shown: str | None = None
    bounce: Bounce | None = None
    kind: Kind = "human"
    kind_reason: str = "not-read"
    date: datetime | None = None
    language: Language | None = None
    attachments: tuple[Attachment, ...] = ()
    reaction: str | None = None
    recalls: str | None = None
    carriers: tuple[str, ...] = ()
    original_from: tuple[Address, ...] = ()
    signed: tuple[str, ...] = ()

    @property
    def is_human(self) -> bool:
        return self.kind == "human"

    def with_invites(self, text: str) -> str:
        """The text with a line for each invitation below it."""
        return (text + "".join(f"\n\n{line}" for line in self.content.invites)).strip("\n")


@dataclass(frozen=True, slots=True)
class ReadStep:
    """One step of reading. If it fails, the defect `NAME-unread` says so, and the other steps go on."""

    name: str
    read: Callable[[MailReading], None]
    attaches_raw: bool = False
    """Whether the raw mail is attached if the step fails, because something a person wrote may be missing."""

    def run(self, reading: MailReading) -> None:
        """Run the step; add its defect if it fails."""
        try:
            self.read(reading)
        except Exception:  # RecursionError too
            reading.defects.append(f"{self.name}-unread")


def begin_reading(raw: bytes, instance: str | None) -> MailReading:
    """A reading in which only the header is read. Raises whatever `mime` and `header` raise."""
    tree = mime.read(raw)
    fields = HeaderFields(tree.root)
    fields.defects += [*tree.defects, *fields_of.too_many(fields)]
    headers = fields.decoded()
    subject = next((value for name, value in headers if name == "subject"), "")
    return MailReading(raw, instance, tree.root, fields, fields.defects, headers, subject)


def _read_body(reading: MailReading) -> None:
    reading.content = content.read(reading.root)
    reading.cut = reading.written = Split(reading.content.text.strip("\n"), "", "")
    reading.defects += reading.content.defects


def _read_author(reading: MailReading) -> None:
    reading.author = fields_of.author(reading.fields, reading.defects)


def _read_people(reading: MailReading) -> None:
    reading.people = {name: reading.fields.mailboxes(name) for name in _PEOPLE}


def _read_reply(reading: MailReading) -> None:
    read = reading.content
    cut = body.split(read.text, read.html, subject=reading.subject, marks=read.marks)
    reading.written = (
        cut if cut.uncut is None or _answers(reading.fields, reading.people, reading.subject, cut) else cut.uncut
    )
    reading.cut = cut


def _answers(fields: HeaderFields, people: dict[str, tuple[Address, ...]], subject: str, cut: Split) -> bool:
    """Whether anything shows that the mail is a reply. In a mail that is not, text that looks like history is new.

    A complete header block is enough: people write lists, but not lists like that.
    """
    threaded = header.ids([*fields.values("in-reply-to"), *fields.values("references")])
    named = signs.REPLY_PREFIX.match(subject) or _NUMBER.search(subject)
    addressed = any(_TAGGED.search(person.address) for name in ("to", "cc") for person in people[name])
    quoting = cut.cut_by == "notice" or attribution.is_whole_block(cut.quoted[:4_000].split("\n"))
    return bool(quoting or threaded or named or addressed)


def _read_html(reading: MailReading) -> None:
    reading.shown = _shown(reading.content.html, reading.defects)


def _shown(source: str | None, defects: list[str]) -> str | None:
    if source is None:
        return None
    shown = sanitise.sanitised(source)
    if shown is None:
        defects.append("html-too-deep")
    return shown


def _read_bounce(reading: MailReading) -> None:
    reading.bounce = _report(reading.raw, reading.content.text, reading.defects)


def _report(raw: bytes, text: str, defects: list[str]) -> Bounce | None:
    """The delivery report in the raw message; None if there is none. A mail bomb (over the limits of `mime`) is
    not read.
    """
    beginning = raw[:MAX_REPORT_BYTES]
    if _UNREADABLE.intersection(defects):
        return None
    try:
        if not report_of.may_be_report(beginning) or len(_CONTAINER.findall(beginning)) > MAX_REPORT_CONTAINERS:
            return None
        return report_of.read_bounce(email.message_from_bytes(beginning), text)
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError):
        defects.append("report-unreadable")  # the standard library fails on a charset with a NUL
        return None


def _read_kind(reading: MailReading) -> None:
    content_type = next(iter(reading.fields.values("content-type")), reading.root.content_type)
    reading.kind, reading.kind_reason = classify.classify(
        reading.headers,
        subject=reading.subject,
        author=reading.author,
        content_type=content_type,
        bounce=reading.bounce,
        instance=reading.instance,
    )


def _find_disguise(reading: MailReading) -> None:
    if reading.is_human and reading.content.html is not None:
        plain = reading.content.text if reading.content.marks is None else None
        reading.defects += list(disguise.found(plain, reading.cut.reply, reading.content.html))


def _read_date(reading: MailReading) -> None:
    reading.date = fields_of.date(reading.fields, reading.defects)


def _find_language(reading: MailReading) -> None:
    reading.language = language.of(reading.with_invites(reading.written.reply))


def _collect_attachments(reading: MailReading) -> None:
    reading.attachments = (*reading.content.attachments, *_whole(reading.raw, reading.defects))


def _whole(raw: bytes, defects: list[str]) -> tuple[Attachment, ...]:
    """The whole mail as an attachment, if a limit has cut something off: nobody must miss what is not shown.
    Otherwise empty.
    """
    return outline(raw).attachments if _CUT.intersection(defects) else ()


def _is_bare(reading: MailReading) -> bool:
    """Whether a person wrote the mail and no file came with it, only pictures within the text."""
    return reading.is_human and all(file.inline for file in reading.attachments)


def _find_reaction(reading: MailReading) -> None:
    if not _is_bare(reading):
        return
    reading.reaction = reaction.find(reading.content.reaction, reading.content.text, reading.cut.reply)
    if reading.reaction is not None:
        reading.kind_reason = "emoji-reaction"


def _find_recall(reading: MailReading) -> None:
    if not _is_bare(reading):
        return
    reading.recalls = recall.find(reading.headers, reading.subject, reading.cut.reply)
    if reading.recalls and reading.reaction is None:
        reading.kind_reason = "message-recall"


def _find_traces(reading: MailReading) -> None:
    """Name the files that hold a notice of ours; all files if the search fails, so that none goes to a customer."""
    reading.carriers = tuple(attachment.filename for attachment in reading.attachments)
    reading.carriers = traces.carriers(reading.attachments)


def _read_original_author(reading: MailReading) -> None:
    reading.original_from = tuple(
        mailbox for name in ("x-original-from", "x-original-sender") for mailbox in reading.fields.mailboxes(name)
    )


def _find_signatures(reading: MailReading) -> None:
    if reading.is_human:
        reading.signed = html.signatures(reading.content.html or "")


STEPS = (
    ReadStep("body", _read_body, attaches_raw=True),
    ReadStep("author", _read_author, attaches_raw=True),
    ReadStep("addresses", _read_people, attaches_raw=True),
    ReadStep("reply", _read_reply, attaches_raw=True),
    ReadStep("html", _read_html, attaches_raw=True),
    ReadStep("bounce", _read_bounce, attaches_raw=True),
    ReadStep("kind", _read_kind, attaches_raw=True),
    ReadStep("disguise", _find_disguise),
    ReadStep("date", _read_date, attaches_raw=True),
    ReadStep("language", _find_language, attaches_raw=True),
    ReadStep("attachments", _collect_attachments),
    ReadStep("reaction", _find_reaction),
    ReadStep("recall", _find_recall),
    ReadStep("traces", _find_traces),
    ReadStep("addresses", _read_original_author),
    ReadStep("signature", _find_signatures),
)
"""In their order: a step uses what the steps before it have read."""

_CUT = _UNREADABLE | {"header-too-long", "too-many-parameters", "too-many-addresses"}
_CUT |= {f"{step.name}-unread" for step in STEPS if step.attaches_raw}
"""Defects of a mail of which a part may not be shown: the raw mail is attached."""
