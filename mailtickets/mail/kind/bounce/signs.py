"""Finds the header signs that make a mail worth reading as a delivery report.

Owns: which senders and subjects of `words/lists/report_signs.toml` are a sign, and how people's replies begin.
Fails with: nothing.
Limits: a report without any of these signs is treated as ordinary mail.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from email.message import Message

from mailtickets.mail.read import header
from mailtickets.words import prefixes, shipped

MAX_FIELD_CHARACTERS = 8_000


def any_of(patterns: Iterable[str], flags: int = 0) -> re.Pattern[str]:
    """One pattern that matches what any of these matches, without case."""
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE | flags)


# --- senders

DAEMON = any_of(shipped.lines("report_signs", "daemons"))
"""Senders in the From field that send only reports of mail systems."""

OFFICE = any_of(shipped.lines("report_signs", "offices"))
"""Senders in the From field that send reports, but also write as people, such as a postmaster. An empty From field
counts too (RFC 5321 section 4.5.5).
"""

ROBOT = any_of(shipped.lines("report_signs", "robots"))
"""Machines in the From field that send reports, but also other mail."""

# --- subjects

REPLY_PREFIX = re.compile(
    rf"\s*(?:\[[^\]]{{0,40}}\]\s*)?{prefixes.ANY}(?:\[\d+\]|\(\d+\))?\s*[:：]",
    re.IGNORECASE,
)
"""The prefix of a subject that a person or a mail program writes in a reply or a forward. Reports have no such
prefix.
"""

FAILURE_SUBJECT = any_of(shipped.lines("report_signs", "failure_subjects"))

# --- a mail's signs


@dataclass(frozen=True, slots=True)
class Signs:
    sender: str
    """The From field."""
    subject: str
    typed: bool
    """Whether it is a multipart/report (RFC 6522) of any report-type."""
    delivery_status: bool
    """Whether the report-type is delivery-status."""
    declared: bool
    """Whether it has the field X-Failed-Recipients (Exim, Google)."""
    daemon: bool
    office: bool
    failing: bool
    """Whether the subject is about a failure."""
    null_path: bool
    robot: bool

    def any(self) -> bool:
        return self.typed or self.declared or self.daemon or self.office or self.failing or self.null_path or self.robot


def signs_of(message: Message) -> Signs:
    kind, parameters = header.parameters(field(message, "content-type"))
    sender, subject, automatic = (field(message, name) for name in ("from", "subject", "auto-submitted"))
    return Signs(
        sender=sender,
        subject=subject,
        typed=kind.lower() == "multipart/report",
        delivery_status=parameters.get("report-type", "").lower() == "delivery-status",
        declared="x-failed-recipients" in message,
        daemon=bool(DAEMON.search(sender)),
        office=bool(OFFICE.search(sender)),
        failing=bool(FAILURE_SUBJECT.search(subject)),
        null_path="return-path" in message and is_null_path(field(message, "return-path")),
        # not auto-replied: that marks absence notices (RFC 3834 section 5), and they may speak of failures too
        robot=automatic.lower().startswith("auto-generated") if automatic else bool(ROBOT.search(sender)),
    )


def is_null_path(path: str) -> bool:
    """Whether a return path is the null path (RFC 5321 section 4.5.5). Sendmail writes it as <MAILER-DAEMON@its.host>,
    and nobody reads that mailbox either.
    """
    return path.strip(" <>").partition("@")[0].upper() in ("", "MAILER-DAEMON")


def field(message: Message, name: str) -> str:
    """The decoded value of the topmost field with this name. Octets that are not ASCII are decoded too (RFC 6532)."""
    raw = next((str(value) for key, value in message.raw_items() if key.lower() == name), "")
    octets = raw[:MAX_FIELD_CHARACTERS].encode("utf-8", "surrogateescape")
    return header.one_line(header.decoded(header.octets_to_text(octets)))
