"""Which of the files of an agent's mail somebody attached on purpose, and which a program adds to every mail.

In: a mail, and the digests of the files that its ticket has already. Fails with: nothing.
"""

from collections.abc import Set
from typing import Final

from mailtickets.mail.model import Attachment, InboundMail

_SIGNATURES: Final = frozenset({
    "application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature",
    "application/pgp-keys", "text/vcard", "text/x-vcard", "text/directory",
})  # fmt: skip
_SIGNATURE_NAMES: Final = (".p7s", ".asc", ".sig", ".vcf")
"""S/MIME and OpenPGP signatures and keys (RFC 8551, RFC 3156) and visiting cards (RFC 6350), under whatever type."""


def is_a_file(file: Attachment) -> bool:
    """Whether it is a file, and no picture of a signature or of the quoted notice."""
    return not file.inline and not (file.content_id is not None and file.content_type.startswith("image/"))


def brings_files(mail: InboundMail, known: Set[str] = frozenset()) -> bool:
    """Whether a mail has a file that would be lost if no more than its words were read.

    `known`: SHA-256 digests of the files on the ticket.
    """
    return any(is_a_file(file) and not _is_signature(file, known) for file in mail.attachments)


def _is_signature(file: Attachment, known: Set[str]) -> bool:
    if file.content_type.startswith("image/") and file.sha256 in known:
        return True  # a logo that came with earlier mail
    return file.content_type in _SIGNATURES or file.filename.casefold().endswith(_SIGNATURE_NAMES)
