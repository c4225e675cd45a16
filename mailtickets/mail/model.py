"""The values that reading and writing mail deal in.

All are frozen and picklable: a worker process makes an `InboundMail`, the daemon decides on it.
Text in them is already decoded, and free of control and bidi characters where it is one line
(names, subjects, file names). Message ids stand without angle brackets everywhere.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from mailtickets.mail.door import Door

Kind = Literal["human", "auto_reply", "bounce", "list", "report", "loop"]
AuthVerdict = Literal["pass", "fail", "none", "temperror"]
"""Whether the domain of the author vouches for a mail, as RFC 8601 writes it."""
AutoSubmitted = Literal["auto-replied", "auto-generated"]

LOOP_HEADER = "X-Mailtickets-Loop"
"""Carried by everything our instances send on their own; its value is `instance.name; hops=N`."""

COPY_HEADER = "X-Mailtickets-Copy"
"""Carried by each copy of a mail of ours; its value is the tag of the copy's return path."""

REF_LABEL = "Ref.:"
"""Starts the visible line of a notice that carries the reply token: `Ref.: <26 base32 characters>`."""


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox. `address` is an RFC 5321 addr-spec with its domain in lower case and no angle brackets."""

    name: str
    address: str

    @property
    def key(self) -> str:
        """The case-folded addr-spec. Addresses are compared by it."""
        return self.address.casefold()


@dataclass(frozen=True, slots=True)
class Envelope:
    """How a message came: the RFC 5321 envelope and the door it was handed in at."""

    door: Door
    sender: str | None
    """The reverse-path; empty is the null path, None is not known (IMAP)."""
    recipients: tuple[str, ...]
    """Forward-paths as given; empty when not known (IMAP)."""
    received_at: datetime
    """When it reached the door: now, or the IMAP server's INTERNALDATE."""
    peer: str = ""
    """Numeric address of the client, empty where there is none."""
    helo: str = ""
    trusted: bool = False
    """The peer is one of `smtp_in.trusted_relays`, or the door is our own mailbox or socket."""
    queue: str | None = None
    """The queue to fall back on when no address says which (`imap_in.queue`)."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part that is not the text. `filename` is a label for people, never a path (no separators in it)."""

    filename: str
    content_type: str
    size: int
    """Octets of `content`."""
    sha256: str
    """Lower-case hexadecimal digest of `content`."""
    inline: bool
    content_id: str | None
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a delivery report says (RFC 3464, or read from a report in words)."""

    recipient: str
    action: str
    """failed, delayed, delivered, relayed or expanded."""
    status: str | None
    """RFC 3463 enhanced code such as 5.1.1; 5.0.0 or 4.0.0 where the report tells no more than the class."""
    message_id: str | None
    """Of the mail that was reported on."""
    diagnostic: str
    tags: tuple[str, ...] = ()
    """Lower-case words in it that may be the tag of one copy: in the copy header, or behind the plus of an address."""


@dataclass(frozen=True, slots=True)
class Forwarded:
    """The mail that somebody forwards: its author, date and text. What is not known is None or empty."""

    author: Address | None
    """None when the forward names nobody, several, or somebody without an address."""
    date: datetime | None
    """Aware: in the forwarder's own zone where the forward names none."""
    subject: str
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    text: str
    """What the author wrote, with the history under it."""
    note: str
    """What the forwarder wrote above it, without signature."""
    message_id: str | None
    """Of an attached original; a header block shows none."""
    source: Literal["attached", "inline"]
    ambiguous: bool
    """Somebody must be asked who the author is."""


@dataclass(frozen=True, slots=True)
class InboundMail:
    """One received message, as read. `parse` prints these fields, down to `defects`."""

    message_id: str | None
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    author: Address | None
    """The one mailbox of the one From header; None when there is none or it is ambiguous (`defects` says which)."""
    sender: Address | None
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    subject: str
    date: datetime | None
    """Aware, or None when missing or unreadable."""
    text: str
    html: str | None
    """Sanitised."""
    reply: str
    """What the sender wrote now: lines of `text` without quoted history and signature."""
    quoted: str
    signature: str
    attachments: tuple[Attachment, ...]
    kind: Kind
    kind_reason: str
    bounce: Bounce | None
    language: Literal["pt", "en", "es"] | None
    defects: tuple[str, ...]
    headers: tuple[tuple[str, str], ...] = field(repr=False, default=())
    """Top-level header fields in order: (lower-case name, unfolded and decoded value)."""
    digest: str = ""
    """sha256 over the decoded subject, bodies and attachments: alike for copies that came by other roads."""
    carriers: tuple[str, ...] = ()
    """Names of the attachments that hold a notice of ours or a reply token."""
    suspects: tuple[str, ...] = field(repr=False, default=())
    """Words in it that look like reply tokens, lower-case: the store knows which of them are some."""
    original_from: tuple[Address, ...] = ()
    """Whom X-Original-From and X-Original-Sender name: the author, where a group has put its own address into From."""
    cut_by: Literal["", "notice", "announcement", "quotation"] = ""
    """What says that `quoted` is history: a notice of ours in it, a mail program's words, quoted lines alone."""
    uncut: str = field(repr=False, default="")
    """What `reply` is with nothing taken for history; empty where that is the same."""
    signed: tuple[str, ...] = field(repr=False, default=())
    """Texts that the sender's program marks as a signature."""
    forwarded: Forwarded | None = None
    """The original, if this mail of a person forwards one or says so."""
    reaction: str | None = None
    """The emoji that is all this mail says (`reaction`); empty where it is not known which."""
    recalls: str | None = None
    """The subject of an earlier mail of its author's, if this one does no more than ask for that back (`recall`)."""

    def header(self, name: str) -> str | None:
        """The topmost value of a header field, or None."""
        return next(iter(self.header_values(name)), None)

    def header_values(self, name: str) -> tuple[str, ...]:
        """All values of a header field, topmost first."""
        name = name.lower()
        return tuple(value for key, value in self.headers if key == name)


@dataclass(frozen=True, slots=True)
class OutboundMail:
    """One notice, rendered once for all its recipients; `Copy` adds what differs from one to the next.

    `REF_PLACEHOLDER` in `text` and `html` stands where a recipient's reply token is written when it is sent,
    so that no token is stored.
    """

    notice: str
    subject: str
    text: str
    html: str | None
    sender: Address
    """The From header: a name for people and the queue's address."""
    to: tuple[Address, ...]
    """The To header. Empty: each copy is addressed to its recipient alone."""
    cc: tuple[Address, ...]
    message_id: str
    in_reply_to: str | None
    references: tuple[str, ...]
    date: datetime
    auto_submitted: AutoSubmitted | None = None
    suppress: str | None = None
    """Value of X-Auto-Response-Suppress."""
    loop: str | None = None
    """Value of the loop header; None on a person's own words."""
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Copy:
    """The values of an `OutboundMail` that differ from one recipient to the next."""

    recipient: Address
    envelope_sender: str
    """RFC 5321 reverse-path without angle brackets; empty is the null path."""
    reply_to: str
    """Addr-spec that carries this recipient's reply token where plus-addressing is on."""
    token: str
    """The 26 base32 characters for the `Ref.:` line; empty leaves the line's place empty."""
    tag: str = ""
    """The copy header's value: by it a report that gives the mail back names this copy. Empty: no such header."""


REF_PLACEHOLDER = "00000000000000000000000000"
"""As long as a reply token; base32 has no digit 0, so no token looks like it."""
