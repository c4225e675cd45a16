"""Finds the attachments of a mail by their digests: the files that came with the mail, and the files made from the
mail.

Owns: what can be attached to a notice about a mail: the whole mail as it came (`message.eml`), its text as a file
(`e-mail.txt`, if a notice shows only the beginning of the text), and its own attachments.
Fails with: nothing. A digest that no attachment has is left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mailtickets.mail.model import Attachment, InboundMail
from mailtickets.mail.read.outline import outline
from mailtickets.mail.read.text_file import text_file, unmasked_text_file


def of_unread(raw: bytes) -> dict[str, Attachment]:
    """The attachment made from a mail that was not parsed (the whole mail), by its sha256."""
    return {attachment.sha256: attachment for attachment in outline(raw).attachments}


def of_read(raw: bytes, mail: InboundMail) -> dict[str, Attachment]:
    """All attachments that a notice about a mail may carry, by their sha256. `mail` is the mail as `parse` returns it.

    The notice of a mail that opens a ticket may have the text with nothing taken for history (`InboundMail.uncut`).
    """
    whole = replace(mail, reply=mail.uncut)
    made = text_file(mail), text_file(whole), unmasked_text_file(mail), unmasked_text_file(whole)
    return of_unread(raw) | {attachment.sha256: attachment for attachment in (*mail.attachments, *made)}


def picked(found: Mapping[str, Attachment], wanted: Sequence[str]) -> tuple[Attachment, ...]:
    """The attachments with these sha256 digests, in this order."""
    return tuple(found[digest] for digest in wanted if digest in found)
