"""Removes an agent's own signature below a text that the agent forwards.

Mail programs put the signature of the person who forwards below the forwarded text. Lines there are the agent's
signature only if they end the text and are known: learned lines, or a block with the agent's own name or address, below
a `-- ` mark or in the shape of a signature. A block with the customer's name or address is the customer's signature.
Fails with: nothing; in doubt the text stays whole. Time is linear.
"""

from collections.abc import Sequence
from dataclasses import replace

from mailtickets.desk.commands.closing import Own
from mailtickets.desk.signatures.find import MAX_SIGNATURE_LINES, Parted, Signer, is_picture, parted
from mailtickets.mail.model import Address
from mailtickets.words.fold import folded

_MARK = "--"
"""The signature mark of RFC 3676, section 4.3. Its last blank may be lost on the way."""


def without_own_signature(text: str, signer: Signer, agent: Address | None, customer: Address | None) -> str:
    """The forwarded text without the signature of the agent who forwards it."""
    signer = replace(signer, names=tuple(dict.fromkeys([*signer.names, agent.name if agent else ""])), marked=())
    found = _under_mark(text)
    if found.signature and _is_agents(found.signature, signer, agent, customer):
        return found.words
    found = parted(text, signer)
    if not found.how or found.words_below or not _stands_apart(text, found):
        return text
    sure = found.how == "learned" or _is_agents(found.signature, signer, agent, customer)
    return _without_mark(found.words) if sure else text


def _under_mark(text: str) -> Parted:
    """The text, divided at the last `-- ` mark."""
    lines = text.split("\n")
    last = range(len(lines) - 1, max(-1, len(lines) - MAX_SIGNATURE_LINES - 2), -1)
    at = next((index for index in last if lines[index].rstrip() == _MARK), None)
    if at is None:
        return Parted(text)
    return Parted("\n".join(lines[:at]).rstrip(), "\n".join(lines[at + 1 :]).strip("\n"), "marked")


def _stands_apart(text: str, found: Parted) -> bool:
    """Whether a blank line or a mark separates the signature from the words above. Without one, its lines may belong to
    the customer's words. A signature that begins with a picture does not count: the picture may be the customer's.
    """
    lines = found.signature.split("\n")
    above = text.rstrip()[: -len(found.signature)].split("\n")
    parts = len(above) < 2 or not above[-2].strip() or above[-2].rstrip() == _MARK
    return text.rstrip().endswith(found.signature) and parts and not is_picture(lines[0])


def _without_mark(words: str) -> str:
    lines = words.split("\n")
    return "\n".join(lines[:-1]).rstrip() if lines[-1].rstrip() == _MARK else words


def _is_agents(signature: str, signer: Signer, agent: Address | None, customer: Address | None) -> bool:
    """Whether a signature names the agent by more than a first name, and does not name the customer."""
    lines, text = signature.split("\n"), folded(signature)
    if customer is not None and (customer.key in text or _named(lines, Own.of("", (customer.name,)))):
        return False
    known = customer is not None and bool(customer.name)
    return (agent is not None and agent.key in text) or any(
        _named([line], Own.of("", signer.names)) and (known or len(line.split()) > 1) for line in lines
    )


def _named(lines: Sequence[str], own: Own) -> bool:
    return any(own.has_line(line) or own.begins(line) for line in lines)
