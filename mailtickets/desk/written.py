"""What an agent wrote, without what their program puts under it: the mail in hand as everything else reads it.

Owns: whose signature is looked for, and where: under the reply, or under what stands above a forward.
Fails with: nothing; where nothing is surely a signature the mail is as it was.
"""

from collections.abc import Sequence
from dataclasses import replace

from mailtickets.config import Agent
from mailtickets.desk.model import Policy, SignatureFact
from mailtickets.desk.signatures import Parted, Signer, parted
from mailtickets.mail.model import InboundMail

UNCUT = frozenset({"uncertain-cut", "cut-limit"})
"""Defects with which the last lines of the reply need not be its author's."""


def signer(agent: Agent, policy: Policy, learned: Sequence[tuple[str, ...]] = ()) -> Signer:
    """What is known of an agent's signature beside the mail in hand."""
    firms = (policy.instance.name, *(queue.title for queue in policy.queues))
    return Signer((agent.name,), firms, tuple(learned))


def as_written(mail: InboundMail, by: Signer) -> tuple[InboundMail, SignatureFact | None]:
    """The mail with its signature where signatures belong, and what was cut."""
    if not UNCUT.isdisjoint(mail.defects):
        return mail, None
    if mail.forwarded is not None:
        found = parted(mail.forwarded.note, by)
        return replace(mail, forwarded=replace(mail.forwarded, note=found.words)), _fact(found)
    found = parted(mail.reply, by, mail.signature)
    if not found.how:
        return mail, None
    below = "\n".join(part for part in (found.signature, mail.signature) if part)
    return replace(mail, reply=found.words, signature=below), _fact(found)


def _fact(found: Parted) -> SignatureFact | None:
    lines = sum(bool(line.strip()) for line in found.signature.split("\n"))
    return SignatureFact(lines, found.how) if found.how else None
