"""Who wrote a mail, what speaks for them, and who else it was for."""

import re

from mailtickets.config import Queue
from mailtickets.desk.matching import SUBJECT_NUMBER, own_addresses
from mailtickets.desk.model import Facts, Policy, Ticket
from mailtickets.mail.bounce_signs import REPLY_PREFIX
from mailtickets.mail.model import Address, InboundMail

__all__ = ["NOBODY", "authentic", "author_of", "copied", "locale_for", "own_addresses", "vouched_for", "without_tags"]

NOBODY = Address("", "unknown@unknown.invalid")
"""Stands for the author of a mail that names none; never written to."""

_LOCALES = {"pt": "pt_BR", "en": "en", "es": "es"}
_MAX_CC = 20


def author_of(mail: InboundMail, queue: Queue) -> Address:
    """Who wrote it: From; Reply-To only where the queue names From as a contact form (peers: FreeScout #4287)."""
    author = mail.author or mail.sender or NOBODY
    forms = {form.casefold() for form in queue.reply_to_is_author_from}
    return mail.reply_to[0] if mail.reply_to and author.key in forms else author


def authentic(facts: Facts) -> bool:
    """Whether the author's own domain vouches for the mail."""
    return facts.authentication.verdict == "pass" or facts.authentication.internal


def vouched_for(facts: Facts, policy: Policy) -> bool:
    """Whether more than a token speaks for an agent, where the configuration asks for more."""
    return policy.trust.agents == "token" or authentic(facts)


def copied(mail: InboundMail, author: Address, policy: Policy, ticket: Ticket | None) -> tuple[Address, ...]:
    """People the mail also went to, who are no agents, no queues and not on the ticket yet."""
    people = {
        address.key: address
        for address in (*mail.to, *mail.cc)
        if address.key != author.key
        and not policy.queue_at(address.address)
        and not policy.agent(address.address)
        and not (ticket and ticket.participant(address.address))
    }
    return tuple(people.values())[:_MAX_CC]


def without_tags(subject: str) -> str:
    """A subject for a new ticket: another ticket's tag in it would lead replies astray."""
    return re.sub(r"\s+", " ", SUBJECT_NUMBER.sub(" ", subject)).strip()


def bare_subject(subject: str) -> str:
    """A subject as it is compared: without case, tags of tickets, and the marks of replying and handing on."""
    bare = without_tags(subject)
    while (mark := REPLY_PREFIX.match(bare)) is not None:
        bare = bare[mark.end() :].strip()
    return " ".join(bare.casefold().split())


def locale_for(queue: Queue, language: str | None, policy: Policy) -> str:
    """The locale a customer is written to in."""
    return queue.locale if queue.locale != "auto" else _LOCALES.get(language or "", policy.instance.locale)
