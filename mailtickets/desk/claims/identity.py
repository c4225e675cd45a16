"""Tokens, Message-IDs and return paths that only we can make, and who a mail's author is to us.

All of them are HMAC-SHA-256 values under the instance's secret. None is random, so that a second attempt writes the
same bytes. The store keeps only the hash of a token. Secrets are a tuple, newest first: the first one signs, and what
any of them has signed is accepted.
"""

import hashlib
import hmac
import re
from base64 import b32encode
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailtickets.config.models import Instance  # commands that only look do not load the models

TOKEN = re.compile(r"[a-z2-7]{26}")
_TOKEN_CHARACTERS = 26  # 130 bits
_SIGNATURE_CHARACTERS = 10  # 50 bits: an id is evidence only together with its author
_VERP_CHARACTERS = 16  # 80 bits
_ID_CHARACTERS = 58  # 60 with the brackets: clients encode longer ones as RFC 2047 words, and threading breaks

Secrets = Sequence[bytes]


def _mac(secret: bytes, *fields: str, length: int) -> str:
    digest = hmac.digest(secret, "\0".join(fields).encode(), "sha256")
    return b32encode(digest[:20]).decode().lower()[:length]  # 32 characters of it, more than anything takes


def reply_token(secret: bytes, ticket: int, person: str, revision: int, day: date, answered_as: str = "") -> str:
    """The token by which `person` answers on `ticket`: the same all day for the same state of the ticket.

    `answered_as` sets notices apart whose answers mean different things (`NoticeRow.answered_as`).
    """
    fields = [str(ticket), person.casefold(), str(revision), day.isoformat(), *([answered_as] if answered_as else [])]
    return _mac(secret, "reply", *fields, length=_TOKEN_CHARACTERS)


def confirmation_token(secret: bytes, inbound: int, person: str) -> str:
    """The token by which `person` lets one held message through."""
    return _mac(secret, "confirm", str(inbound), person.casefold(), length=_TOKEN_CHARACTERS)


def token_hash(token: str) -> str:
    """What the store keeps of a token."""
    return hashlib.sha256(token.lower().encode()).hexdigest()


def message_id(secret: bytes, instance: "Instance", nonce: str) -> str:
    """An id of ours, without angle brackets: nonce, signature and, where they fit, instance name and whole host."""
    signed = f"{nonce}.{_mac(secret, 'id', nonce, length=_SIGNATURE_CHARACTERS)}"
    named = f"{signed}.{instance.name.lower()}@{instance.hostname}"
    if len(named) <= _ID_CHARACTERS:
        return named
    return f"{signed}@{_last_labels(instance.hostname, _ID_CHARACTERS - len(signed) - 1)}"


def _last_labels(hostname: str, room: int) -> str:
    """As much of the end of a host name as fits: mail.desk.test -> desk.test"""
    labels = hostname.split(".")
    while len(".".join(labels)) > room and len(labels) > 1:
        labels = labels[1:]
    return ".".join(labels)[-room:]


def verp_tag(secret: bytes, given_id: str, recipient: str) -> str:
    """What follows the plus in the return path of one copy of a mail."""
    return "b" + _mac(secret, "verp", given_id, recipient.casefold(), length=_VERP_CHARACTERS)


def plus_address(address: str, tag: str) -> str:
    """suporte@desk.test, token -> suporte+token@desk.test; empty when the local part would pass 64 octets."""
    local, _, domain = address.rpartition("@")
    tagged = f"{local}+{tag}"
    return f"{tagged}@{domain}" if len(tagged.encode()) <= 64 else ""
