"""The steps of reading a mail, in their order. A step that fails costs its own result, and the other steps go on.

Owns: the table of the steps with the defect of each, and what is left of a mail if a step fails.
Fails with: nothing, apart from `draft_of`. `Draft.defects` names what is wrong with the mail.
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
from mailtickets.mail.read.fields import Fields
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
class Draft:
    """A mail while it is read: each step sets what it has read. If a step fails, the defaults stay."""

    raw: bytes
    instance: str | None
    root: Part
    fields: Fields
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
class Step:
    """One step of reading. If it fails, the defect `NAME-unread` says so, and the other steps go on."""

    name: str
    read: Callable[[Draft], None]
    attaches_raw: bool = False
    """Whether the raw mail is attached if the step fails, because something a person wrote may be missing."""

    def run(self, draft: Draft) -> None:
        """Run the step; add its defect if it fails."""
        try:
            self.read(draft)
        except Exception:  # RecursionError too
            draft.defects.append(f"{self.name}-unread")


def draft_of(raw: bytes, instance: str | None) -> Draft:
    """The draft of a mail whose header is read, and no more. Raises what `mime` and `header` did not foresee."""
    tree = mime.read(raw)
    fields = Fields(tree.root)
    fields.defects += [*tree.defects, *fields_of.too_many(fields)]
    headers = fields.decoded()
    subject = next((value for name, value in headers if name == "subject"), "")
    return Draft(raw, instance, tree.root, fields, fields.defects, headers, subject)


def _read_body(draft: Draft) -> None:
    draft.content = content.read(draft.root)
    draft.cut = draft.written = Split(draft.content.text.strip("\n"), "", "")
    draft.defects += draft.content.defects


def _read_author(draft: Draft) -> None:
    draft.author = fields_of.author(draft.fields, draft.defects)


def _read_people(draft: Draft) -> None:
    draft.people = {name: draft.fields.mailboxes(name) for name in _PEOPLE}


def _read_reply(draft: Draft) -> None:
    read = draft.content
    cut = body.split(read.text, read.html, subject=draft.subject, marks=read.marks)
    draft.written = cut if cut.uncut is None or _answers(draft.fields, draft.people, draft.subject, cut) else cut.uncut
    draft.cut = cut


def _answers(fields: Fields, people: dict[str, tuple[Address, ...]], subject: str, cut: Split) -> bool:
    """Whether anything shows that the mail is a reply. In a mail that is not, text that looks like history is new.

    A complete header block is enough: people write lists, but not lists like that.
    """
    threaded = header.ids([*fields.values("in-reply-to"), *fields.values("references")])
    named = signs.REPLY_PREFIX.match(subject) or _NUMBER.search(subject)
    addressed = any(_TAGGED.search(person.address) for name in ("to", "cc") for person in people[name])
    quoting = cut.cut_by == "notice" or attribution.is_whole_block(cut.quoted[:4_000].split("\n"))
    return bool(quoting or threaded or named or addressed)


def _read_html(draft: Draft) -> None:
    draft.shown = _shown(draft.content.html, draft.defects)


def _shown(source: str | None, defects: list[str]) -> str | None:
    if source is None:
        return None
    shown = sanitise.sanitised(source)
    if shown is None:
        defects.append("html-too-deep")
    return shown


def _read_bounce(draft: Draft) -> None:
    draft.bounce = _report(draft.raw, draft.content.text, draft.defects)


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


def _read_kind(draft: Draft) -> None:
    content_type = next(iter(draft.fields.values("content-type")), draft.root.content_type)
    draft.kind, draft.kind_reason = classify.classify(
        draft.headers,
        subject=draft.subject,
        author=draft.author,
        content_type=content_type,
        bounce=draft.bounce,
        instance=draft.instance,
    )


def _find_disguise(draft: Draft) -> None:
    if draft.is_human and draft.content.html is not None:
        plain = draft.content.text if draft.content.marks is None else None
        draft.defects += list(disguise.found(plain, draft.cut.reply, draft.content.html))


def _read_date(draft: Draft) -> None:
    draft.date = fields_of.date(draft.fields, draft.defects)


def _find_language(draft: Draft) -> None:
    draft.language = language.of(draft.with_invites(draft.written.reply))


def _collect_attachments(draft: Draft) -> None:
    draft.attachments = (*draft.content.attachments, *_whole(draft.raw, draft.defects))


def _whole(raw: bytes, defects: list[str]) -> tuple[Attachment, ...]:
    """The whole mail as an attachment, if a limit has cut something off: nobody must miss what is not shown.
    Otherwise empty.
    """
    return outline(raw).attachments if _CUT.intersection(defects) else ()


def _is_bare(draft: Draft) -> bool:
    """Whether a person wrote the mail and no file came with it, only pictures within the text."""
    return draft.is_human and all(file.inline for file in draft.attachments)


def _find_reaction(draft: Draft) -> None:
    if not _is_bare(draft):
        return
    draft.reaction = reaction.find(draft.content.reaction, draft.content.text, draft.cut.reply)
    if draft.reaction is not None:
        draft.kind_reason = "emoji-reaction"


def _find_recall(draft: Draft) -> None:
    if not _is_bare(draft):
        return
    draft.recalls = recall.find(draft.headers, draft.subject, draft.cut.reply)
    if draft.recalls and draft.reaction is None:
        draft.kind_reason = "message-recall"


def _find_traces(draft: Draft) -> None:
    """Name the files that hold a notice of ours; all files if the search fails, so that none goes to a customer."""
    draft.carriers = tuple(attachment.filename for attachment in draft.attachments)
    draft.carriers = traces.carriers(draft.attachments)


def _read_original_author(draft: Draft) -> None:
    draft.original_from = tuple(
        mailbox for name in ("x-original-from", "x-original-sender") for mailbox in draft.fields.mailboxes(name)
    )


def _find_signatures(draft: Draft) -> None:
    if draft.is_human:
        draft.signed = html.signatures(draft.content.html or "")


STEPS = (
    Step("body", _read_body, attaches_raw=True),
    Step("author", _read_author, attaches_raw=True),
    Step("addresses", _read_people, attaches_raw=True),
    Step("reply", _read_reply, attaches_raw=True),
    Step("html", _read_html, attaches_raw=True),
    Step("bounce", _read_bounce, attaches_raw=True),
    Step("kind", _read_kind, attaches_raw=True),
    Step("disguise", _find_disguise),
    Step("date", _read_date, attaches_raw=True),
    Step("language", _find_language, attaches_raw=True),
    Step("attachments", _collect_attachments),
    Step("reaction", _find_reaction),
    Step("recall", _find_recall),
    Step("traces", _find_traces),
    Step("addresses", _read_original_author),
    Step("signature", _find_signatures),
)
"""In their order: a step uses what the steps before it have read."""

_CUT = _UNREADABLE | {"header-too-long", "too-many-parameters", "too-many-addresses"}
_CUT |= {f"{step.name}-unread" for step in STEPS if step.attaches_raw}
"""Defects of a mail of which a part may not be shown: the raw mail is attached."""
