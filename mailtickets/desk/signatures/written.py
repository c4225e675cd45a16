"""What an agent wrote, without what their program puts under it: the mail in hand as everything else reads it.

Owns: whose signature is looked for, and where: under the reply, or under what stands above a forward and below it.
Fails with: nothing; where nothing is surely a signature the mail is as it was.
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
"""Signatures line by line, and the sha256 of pictures, that come with an agent's mails again and again."""
UNCUT = frozenset({"uncertain-cut", "cut-limit"})
"""Defects with which the last lines of the reply need not be its author's."""


def signer(agent: Agent, policy: Policy, learned: Learned = ((), frozenset())) -> Signer:
    """What is known of an agent's signature beside the mail in hand."""
    firms = (policy.instance.name, *(queue.title for queue in policy.queues))
    signatures, logos = learned
    return Signer((agent.name,), firms, signatures, logos=logos)


def as_written(mail: InboundMail, by: Signer) -> tuple[InboundMail, SignatureFact | None]:
    """The mail with its signature where signatures belong and without the pictures in it, and what was cut."""
    if not UNCUT.isdisjoint(mail.defects):
        return mail, None
    by = replace(by, marked=mail.signed)
    forwarded = mail.forwarded
    if forwarded is not None:
        found = parted(forwarded.note, by)
        mail = _without_pictures(mail, found.signature, by, found.words, until=forwarded.text)
        forwarded = replace(_without_signature_below(forwarded, by, mail.author), note=found.words)
        whole = mail.reply.replace(f"{found.signature}\n", "", 1) if found.how else mail.reply
        return replace(mail, reply=whole, forwarded=forwarded), _fact(found)
    found = parted(mail.reply, by, mail.signature)
    below = "\n".join(part for part in (found.signature, mail.signature) if part)
    if found.how:
        mail = replace(mail, reply=found.words, signature=below, uncut=parted(mail.uncut, by).words)
    if found.words_below:
        return mail, _fact(found)
    return _without_pictures(mail, below, by, mail.reply), _fact(found)


def _without_signature_below(forwarded: Forwarded, by: Signer, agent: Address | None) -> Forwarded:
    """An attached original has no words of the agent's in it."""
    if forwarded.source != "inline":
        return forwarded
    return replace(forwarded, text=without_own_signature(forwarded.text, by, agent, forwarded.author))


def without_footer(mail: InboundMail) -> InboundMail:
    """A customer's short mail without their footer, to see whether it says a word alone. Nobody is shown it so."""
    if mail.author is None or len(mail.reply) > MAX_REPLY_CHARACTERS:
        return mail
    return as_written(mail, Signer((mail.author.name,)))[0]


def _without_pictures(mail: InboundMail, signature: str, by: Signer, words: str, until: str = "") -> InboundMail:
    """Without the pictures that stand in the signature under these words, or stand below the words of every mail."""
    if not any(file.inline for file in mail.attachments):
        return mail
    above, end = _first_line(reversed(words.split("\n"))), _first_line(until.split("\n"))
    begins = [_opening(part) for part in (signature, *mail.signed)]
    shown = {cid for words in begins for cid in images_from(mail.html or "", words, after=above, until=end)}
    shown.update(_NAMED.findall(signature))
    kept = (
        file for file in mail.attachments if not (file.inline and (file.content_id in shown or file.sha256 in by.logos))
    )
    return replace(mail, attachments=tuple(kept))


def _opening(signature: str) -> str:
    return "\n".join([line for line in signature.split("\n") if line.strip() and not is_picture(line)][:_OPENING])


def _first_line(lines: Iterable[str]) -> str:
    return next((line for line in lines if line.strip()), "")


_OPENING = 2
"""So many lines of a signature tell it from everything else in the HTML."""
_NAMED = re.compile(r"cid:([^\s\[\]<>()]{1,500})")


def _fact(found: Parted) -> SignatureFact | None:
    lines = sum(bool(line.strip()) for line in found.signature.split("\n"))
    return SignatureFact(lines, found.how) if found.how else None
