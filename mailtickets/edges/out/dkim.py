"""Signs outgoing mail with DKIM (RFC 6376), for a smarthost that does not sign.

Owns: which fields are signed, and that nobody can add another From or Subject to a signed mail.
*Fails with*: `ValueError` from `sign` and `DkimSigner.of`, for a key that is none, and for a mail without an author.
`DkimSigner.signed` sends a mail that it cannot sign without a signature, and writes a line to the log.
*Limits*: RSA with SHA-256. A mail takes about 20 ms of one processor, in a thread. The same mail signed again differs
only in t= and in the signature.
"""

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field

from mailtickets.config.models import Config
from mailtickets.config.values import credential_file
from mailtickets.mail.address import parse_addresses
from mailtickets.mail.model import LOOP_HEADER
from mailtickets.mail.read.mime import read
from mailtickets.mail.read.quoted import message_id
from mailtickets.mail.write import keys
from mailtickets.mail.write.compose import to_ascii

OVERSIGNED = (
    "from", "subject", "to", "cc", "date", "message-id", "reply-to", "in-reply-to", "references",
    "mime-version", "content-type", "content-transfer-encoding",
)  # fmt: skip
"""Fields that h= names once more than the mail has them, so that one more breaks the signature (RFC 6376 section
8.15).
"""

SIGNED = (*OVERSIGNED, "sender", "auto-submitted", "x-auto-response-suppress", LOOP_HEADER.lower())
"""Fields that are signed as often as the mail has them. Servers on the way may add a Sender or the fields of a list."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DkimSigner:
    """One key and the place in DNS where it is published."""

    selector: str
    key: bytes = field(repr=False)
    """PEM, as `dkim_key.pem_block` gives it."""
    domain: str = ""
    """Empty: the domain in From of each mail."""

    @classmethod
    def of(cls, config: Config) -> "DkimSigner | None":
        """The signer of the configuration; None if nothing is to be signed. Reads the key's file: OSError,
        ValueError.
        """
        settings = config.delivery
        if not settings.dkim_selector:
            return None
        pem = credential_file(config.path(settings.dkim_key_file)).read_bytes()
        return cls(settings.dkim_selector, keys.pem_block(pem), settings.dkim_domain)

    async def signed(self, raw: bytes) -> bytes:
        """The mail with its signature, or without one if the signature cannot be made."""
        try:
            return await asyncio.to_thread(sign, raw, self.key, self.selector, self.domain)
        except ValueError as trouble:  # the words of the error may quote the mail
            cause = type(trouble.__cause__ or trouble).__name__
            log.warning("dkim-unsigned cause=%s", cause, extra={"message_id": message_id(raw)})
            return raw


def sign(raw: bytes, key: bytes, selector: str, domain: str = "") -> bytes:
    """Returns the mail with a DKIM-Signature on top. The mail has CRLF line ends. Default domain: that of From."""
    import dkim  # the import takes a third of a second, so only desks that sign pay for it

    head = raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    signing_domain = domain or _from_domain(head)
    if not signing_domain:
        raise ValueError("a mail without a sender's domain")
    try:
        signature: bytes = dkim.sign(
            raw,
            selector.encode("ascii"),
            to_ascii(signing_domain).encode("ascii"),
            key,
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=[name.encode("ascii") for name in _to_sign(head)],
            linesep=b"\r\n",
        )
    except dkim.DKIMException as trouble:
        raise ValueError("the mail cannot be signed") from trouble
    return signature + raw


def _from_domain(head: bytes) -> str:
    """The domain of the one mailbox in From. A display name like `x@y` is no address."""
    mailboxes = parse_addresses(read(head).root.text("from"))
    return mailboxes[0].address.rpartition("@")[2] if len(mailboxes) == 1 else ""


def _to_sign(head: bytes) -> Iterator[str]:
    """The names in h=: each as often as the mail has the field, and those to be guarded once more."""
    there = [name for name, _ in read(head).root.fields]
    for name in SIGNED:
        yield from [name] * (there.count(name) + (name in OVERSIGNED))
