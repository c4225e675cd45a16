"""Removes from a mail the signature that the author's program adds. The rest of the program reads this shorter mail.

Owns: the author whose signature is searched for, and the places: below the reply, or above and below a forwarded text.
Fails with: nothing; if no lines are surely a signature, the mail does not change.
"""

import re
from collections.abc import Iterable
from dataclasses import replace

from mailtickets.config.models import Agent
from mailtickets.desk.customers.phrasing import MAX_REPLY_CHARACTERS
from mailtickets.desk.model.facts import SignatureFact
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.signatures.find import Parted, Signer, is_picture, parted
from mailtickets.desk.signatures.handed_on import without_own_signature
from mailtickets.mail.model import Address, Forwarded, InboundMail
from mailtickets.mail.reply.excerpt import images_from

Learned = tuple[tuple[tuple[str, ...], ...], frozenset[str]]
"""What many of an agent's mails have shown: signatures line by line, and the sha256 of pictures."""
UNCUT = frozenset({"uncertain-cut", "cut-limit"})
"""Defects of a mail: with one of them, the last lines of the reply may be somebody else's."""


def signer_of(agent: Agent, policy: Policy, learned: Learned = ((), frozenset())) -> Signer:
    """What is known of an agent's signature, apart from the present mail."""
    firms = (policy.instance.name, *(queue.title for queue in policy.queues))
    signatures, logos = learned
    return Signer((agent.name,), firms, signatures, logos=logos)


def as_written(mail: InboundMail, signer: Signer) -> tuple[InboundMail, SignatureFact | None]:
    """Two values: the mail with the signature moved from the words to its own field and without the signature's
    pictures, and a description of what was cut off (None: nothing)."""
    if not UNCUT.isdisjoint(mail.defects):
        return mail, None
    signer = replace(signer, marked=mail.signed)
    forwarded = mail.forwarded
    if forwarded is not None:
        found = parted(forwarded.note, signer)
        mail = _without_pictures(mail, found.signature, signer, found.words, until=forwarded.text)
        forwarded = replace(_without_signature_below(forwarded, signer, mail.author), note=found.words)
        whole = mail.reply.replace(f"{found.signature}\n", "", 1) if found.how else mail.reply
        return replace(mail, reply=whole, forwarded=forwarded), _fact(found)
    found = parted(mail.reply, signer, mail.signature)
    below = "\n".join(part for part in (found.signature, mail.signature) if part)
    if found.how:
        mail = replace(mail, reply=found.words, signature=below, uncut=parted(mail.uncut, signer).words)
    if found.words_below:
        return mail, _fact(found)
    return _without_pictures(mail, below, signer, mail.reply), _fact(found)


def _without_signature_below(forwarded: Forwarded, signer: Signer, agent: Address | None) -> Forwarded:
    """The forwarded text without the agent's signature. Only for text in the body: an attached original has no words of
    the agent."""
    if forwarded.source != "inline":
        return forwarded
    return replace(forwarded, text=without_own_signature(forwarded.text, signer, agent, forwarded.author))


def without_footer(mail: InboundMail) -> InboundMail:
    """A customer's short mail without the footer, only to see whether a single word is left. It is never shown."""
    if mail.author is None or len(mail.reply) > MAX_REPLY_CHARACTERS:
        return mail
    return as_written(mail, Signer((mail.author.name,)))[0]


def _without_pictures(mail: InboundMail, signature: str, signer: Signer, words: str, until: str = "") -> InboundMail:
    """The mail without the pictures in the signature below `words`, and without the pictures that come with every
    mail."""
    if not any(file.inline for file in mail.attachments):
        return mail
    above, end = _first_line(reversed(words.split("\n"))), _first_line(until.split("\n"))
    begins = [_opening(part) for part in (signature, *mail.signed)]
    shown = {cid for words in begins for cid in images_from(mail.html or "", words, after=above, until=end)}
    shown.update(_NAMED.findall(signature))
    kept = (
        file
        for file in mail.attachments
        if not (file.inline and (file.content_id in shown or file.sha256 in signer.logos))
    )
    return replace(mail, attachments=tuple(kept))


def _opening(signature: str) -> str:
    return "\n".join([line for line in signature.split("\n") if line.strip() and not is_picture(line)][:_OPENING])


def _first_line(lines: Iterable[str]) -> str:
    return next((line for line in lines if line.strip()), "")


_OPENING = 2
"""The number of lines that is enough to find a signature in the HTML."""
_NAMED = re.compile(r"cid:([^\s\[\]<>()]{1,500})")


def _fact(found: Parted) -> SignatureFact | None:
    lines = sum(bool(line.strip()) for line in found.signature.split("\n"))
    return SignatureFact(lines, found.how) if found.how else None
