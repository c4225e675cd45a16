"""One message for one recipient as it goes to the smarthost, and the id that the smarthost reports for it."""

import re
from dataclasses import dataclass
from typing import Self

from mailtickets.mail.write.compose import to_ascii

_GIVEN_ID = re.compile(r"(?:2\.\d+\.\d+ )?(?:ok:? )?<([!-;=?-~]+@[!-;=?-~]+)>", re.IGNORECASE)
_OWN_ID = re.compile(rb"^Message-ID:\s*<([^<>\r\n]+)>", re.IGNORECASE | re.MULTILINE)
_SES_ID = re.compile(r"ok ([0-9a-f]{16}-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}-\d{6})\s*", re.IGNORECASE)
_SES_HOST = re.compile(r"email-smtp(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com|api\.aws)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Transmission:
    """One message for one recipient, as it goes over the wire."""

    sender: str
    recipient: str
    wire: bytes
    """Every line ends in CRLF, dots are stuffed, the final dot is not included."""
    size: int
    """The size as RFC 1870 counts it: before dot-stuffing."""
    message_id: str
    utf8: bool
    """An address or a header field is not ASCII (RFC 6531)."""
    eight_bit: bool

    @classmethod
    def of(cls, raw: bytes, sender: str, recipient: str) -> Self:
        sender, recipient = to_ascii(sender), to_ascii(recipient)
        # A bare CR or LF would let one relay see a final dot where another sees text (SMTP smuggling, CVE-2023-51764).
        text = raw
        if not raw.count(b"\r\n") == raw.count(b"\n") == raw.count(b"\r"):
            text = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
        if not text.endswith(b"\r\n"):
            text += b"\r\n"
        head = text.partition(b"\r\n\r\n")[0]
        wire = (b"." if text.startswith(b".") else b"") + text.replace(b"\r\n.", b"\r\n..")
        found = _OWN_ID.search(head)
        return cls(
            sender=sender,
            recipient=recipient,
            wire=wire,
            size=len(text),
            message_id=found[1].decode(errors="replace") if found else "",
            utf8=not (sender + recipient).isascii() or not head.isascii(),
            eight_bit=not text.isascii(),
        )


def reported_id(host: str, text: str, mail: Transmission) -> str | None:
    """The message id that the smarthost gave the mail instead of ours, if its reply certainly says one.

    Exchange: `2.0.0 OK <id> [Hostname=...]`. Amazon SES: `Ok 0100...-000000`; the domain of the id follows from the
    region.
    """
    if (ses := _SES_HOST.fullmatch(host)) and (ses_id := _SES_ID.fullmatch(text)):
        return f"{ses_id[1]}@{'email' if ses[1] == 'us-east-1' else ses[1]}.amazonses.com"
    found = _GIVEN_ID.match(text)
    return found[1] if found and found[1] not in {mail.message_id, mail.sender, mail.recipient} else None
