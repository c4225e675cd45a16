"""Whom an answer can be written to: people, as opposed to our own queues, nobody, and words that are no address."""

from collections.abc import Iterable

from mailtickets.desk.model.policy import Policy
from mailtickets.mail.model import Address
from mailtickets.mail.write.compose import is_addr_spec

NOBODY = Address("", "unknown@unknown.invalid")
"""The author of a mail that names no author. Nobody writes to it, and two such mails have different authors."""


def can_be_written_to(person: Address) -> bool:
    """Whether the address is one, and not in a domain that never exists (RFC 6761, 6.4)."""
    return is_addr_spec(person.address) and not person.key.endswith(".invalid")


def readers(people: Iterable[Address], policy: Policy) -> tuple[Address, ...]:
    """Those among the people to whom an answer goes: whoever can be written to and is no queue of ours."""
    return tuple(p for p in people if can_be_written_to(p) and not policy.queue_at(p.address))
