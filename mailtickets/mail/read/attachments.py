"""The attachments of a mail by their digests: those that it came with, and those that are made of it.

Owns: what can be an attachment of a notice about a mail: the whole mail as it came (`message.eml`), its text as a file
(`e-mail.txt`, where a notice shows only the beginning), and its own attachments.
Fails with: nothing; a digest that no attachment has is left out.
"""

from collections.abc import Mapping, Sequence

from mailtickets.mail.model import Attachment, InboundMail
from mailtickets.mail.read.outline import outline
from mailtickets.mail.read.text_file import text_file


def of_unread(raw: bytes) -> dict[str, Attachment]:
    """By sha256: what a mail that has not been read is attached as."""
    return {attachment.sha256: attachment for attachment in outline(raw).attachments}


def of_read(raw: bytes, mail: InboundMail) -> dict[str, Attachment]:
    """By sha256: all that may go along with a notice about a mail that has been read."""
    return of_unread(raw) | {attachment.sha256: attachment for attachment in (*mail.attachments, text_file(mail))}


def picked(found: Mapping[str, Attachment], wanted: Sequence[str]) -> tuple[Attachment, ...]:
    """The attachments with these sha256 digests, in this order."""
    return tuple(found[digest] for digest in wanted if digest in found)
