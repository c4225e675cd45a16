"""Finds out whether a mail is Outlook's request to take back a message of its author: `Recall: Price list`.

Such a request has no effect outside the author's own organisation. It names the message only by the message's subject,
in the subject of the request and in one sentence. Owns: the form of the request in Portuguese, English and Spanish, or
in any language if Exchange's header marks it. Fails with: nothing. A mail that says anything more is an ordinary mail.
"""

import re
from collections.abc import Sequence

from mailtickets.mail.read.header import one_line

MAX_CHARACTERS = 1_000

_HEADER = "x-ms-exchange-recallreportgenerated"
_SUBJECT = re.compile(
    r"(?:recall|recuperar|recuperação|recuperación|retirar|cancelar envio|rechamada):\s?(?P<recalled>\S.{0,500})",
    re.IGNORECASE,
)
_ANY_SUBJECT = re.compile(r"[^\s:]{2,30}(?: [^\s:]{1,30}){0,3}\s?:\s?(?P<recalled>\S.{0,500})")
_SENTENCE = re.compile(
    r"[^\n\"“”]{1,200} (?:would like to recall the message|gostaria de (?:recuperar|cancelar|retirar) a mensagem"
    r"|(?:desea|quiere|desearía|quisiera) (?:recuperar|retirar) el mensaje),? ?"
    r"[\"“«](?P<recalled>[^\n]{1,500})[\"”»]\.?",
    re.IGNORECASE,
)
_ANY_SENTENCE = re.compile(r"[^\n\"“”«]{2,200}[\"“«](?P<recalled>[^\n]{1,500})[\"”»][^\n\"“”»]{0,60}")


def find(headers: Sequence[tuple[str, str]], subject: str, reply: str) -> str | None:
    """The subject of the message that the author wants back; None if the mail is not such a request."""
    text = " ".join(reply.split()) if len(reply) <= MAX_CHARACTERS else ""
    if not text:
        return None
    marked = any(name == _HEADER and value.strip().casefold() == "true" for name, value in headers)
    title = (_ANY_SUBJECT if marked else _SUBJECT).fullmatch(subject.strip())
    sentence = (_ANY_SENTENCE if marked else _SENTENCE).fullmatch(text)
    if title is None or sentence is None or one_line(title["recalled"]) != one_line(sentence["recalled"]):
        return None
    return one_line(title["recalled"])
