"""Who wrote a mail, and what speaks for them.

The author is the one mailbox of From. Two kinds of mail have another address there, and name the author in another
field: mail of a contact form that the queue knows, and mail of a mailing list or group that has put one of our own
addresses into From. An author who is named in that way has no verdict and is never an agent. Nothing that needs proof
is done for them.
"""

import re
from dataclasses import replace

from mailtickets.config.models import Agent, Queue
from mailtickets.desk.claims.matching import SUBJECT_NUMBER, Match, match, own_addresses
from mailtickets.desk.claims.people import NOBODY
from mailtickets.desk.model.facts import Authentication, AuthFact, Facts, TokenFact
from mailtickets.desk.model.policy import Policy
from mailtickets.mail.kind.bounce.signs import REPLY_PREFIX
from mailtickets.mail.model import Address, InboundMail

__all__ = [
    "NOBODY", "agent_of", "authentic", "author_of", "disowned", "from_our_own_address", "locale_for", "matched",
    "own_addresses", "proven_by", "verdict_on_author", "vouched_for", "without_tags", "writer",
]  # fmt: skip

MAX_COMPARED = 1_000
"""So many characters of a subject are compared. Nobody types longer ones, and each `Re:` costs one pass."""
_LOCALES = {"pt": "pt_BR", "en": "en", "es": "es"}


def author_of(mail: InboundMail, queue: Queue, policy: Policy) -> Address:
    """The mailbox of From, or the person whom a contact form or a rewriting list names; NOBODY when there is none.

    Sender is never the author: it says who handed the mail in, and stands in for no missing or doubled From.
    """
    if mail.author is None:
        return NOBODY
    if from_our_own_address(mail, policy):
        return _person_behind(mail, policy) or NOBODY
    if _is_form(mail, queue):
        return next((person for person in mail.reply_to if not policy.queue_at(person.address)), mail.author)
    return mail.author


def writer(mail: InboundMail, facts: Facts, policy: Policy) -> Address:
    """The author, where the mail's reply tokens may say more: an agent who writes under a queue's own address."""
    agent = _agent_behind(facts.tokens, policy) if from_our_own_address(mail, policy) else None
    return Address(agent.name, agent.address) if agent else author_of(mail, facts.queue, policy)


def agent_of(mail: InboundMail, facts: Facts, policy: Policy) -> Agent | None:
    """The agent in whose name a mail comes: by From, or by their own reply token under a queue's address."""
    if from_our_own_address(mail, policy):
        return _agent_behind(facts.tokens, policy)
    return None if mail.author is None or _is_form(mail, facts.queue) else policy.agent(mail.author.address)


def from_our_own_address(mail: InboundMail, policy: Policy) -> bool:
    """Whether From is an address of one of our queues: a list has put it there, or an agent writes from it."""
    return mail.author is not None and policy.queue_at(mail.author.address) is not None


def _is_form(mail: InboundMail, queue: Queue) -> bool:
    """Whether the queue knows From as a contact form, and the form names somebody."""
    forms = {form.casefold() for form in queue.reply_to_is_author_from}
    return mail.author is not None and bool(mail.reply_to) and mail.author.key in forms


def _is_named_elsewhere(mail: InboundMail, facts: Facts, policy: Policy) -> bool:
    """Whether the author stands in another field than From, and no agent's own reply address says who it is."""
    if from_our_own_address(mail, policy):
        return _agent_behind(facts.tokens, policy) is None
    return _is_form(mail, facts.queue)


def _agent_behind(tokens: tuple[TokenFact, ...], policy: Policy) -> Agent | None:
    """The one agent to whose reply address a mail went."""
    held = (policy.agent(token.person) for token in tokens if token.source == "address" and not token.expired)
    agents = {agent.address: agent for agent in held if agent is not None}
    return next(iter(agents.values())) if len(agents) == 1 else None


def _person_behind(mail: InboundMail, policy: Policy) -> Address | None:
    """Whom a list names that has written our address into From: "'Maria' via Suporte" <suporte@...>."""
    ours = mail.author.name if mail.author else ""
    for person in (*mail.original_from, *mail.reply_to):
        if "@" in person.address and not policy.queue_at(person.address):
            return person if person.name else Address(ours.rpartition(" via ")[0].strip(" '\""), person.address)
    return None


def verdict_on_author(mail: InboundMail, queue: Queue, policy: Policy, found: Authentication | None) -> Authentication:
    """The verdict on From, if From is the author. Else the verdict is `none`, because it is about another address.

    A failure stays a failure: the sender that handed the mail on is forged.
    """
    found = found or Authentication()
    if not (from_our_own_address(mail, policy) or _is_form(mail, queue)):
        return found
    named = AuthFact("from", "none", "", "the author is named by another field, for which nothing was found out")
    return Authentication("fail" if found.verdict == "fail" else "none", (*found.facts, named))


def disowned(facts: Facts) -> bool:
    """Whether the author's domain says that the mail is not theirs, and the house does not know better."""
    return facts.authentication.verdict == "fail" and not facts.authentication.internal


def proven_by(found: Match, facts: Facts) -> bool:
    """Whether a customer's mail on a ticket is surely theirs: by a pass, or by their own reply address in mail that
    their domain does not disown. A reply to all shows a reply address to everybody in copy.
    """
    return authentic(facts) or (found.proven and not disowned(facts))


def authentic(facts: Facts) -> bool:
    """Whether the author's own domain vouches for the mail."""
    return facts.authentication.verdict == "pass" or facts.authentication.internal


def vouched_for(facts: Facts, policy: Policy) -> bool:
    """Whether an agent's mail has the proof that `trust.agents` asks for besides a token."""
    return policy.trust.agents == "token" or authentic(facts)


def matched(mail: InboundMail, facts: Facts, policy: Policy) -> Match | None:
    """The ticket that the author's own evidence leads to.

    An author whom a form or a group names is never proven, and never an agent: a ticket that only agents may point at
    is not found for them.
    """
    author = writer(mail, facts, policy)
    found = match(author, facts, policy)
    if found is None or not _is_named_elsewhere(mail, facts, policy):
        return found
    return replace(found, proven=False) if found.ticket.participant(author.address) else None


def without_tags(subject: str) -> str:
    """The subject without ticket tags, for a new ticket: with another ticket's tag, replies would go to that ticket."""
    bare = SUBJECT_NUMBER.sub(" ", subject)
    if SUBJECT_NUMBER.search(bare):  # `[[#1] #1]`: what is left of nested tags is one again
        bare = bare.replace("[", "(")
    return re.sub(r"\s+", " ", bare).strip()


def bare_subject(subject: str) -> str:
    """The beginning of a subject (`MAX_COMPARED`) as it is compared: without case, ticket tags, `Re:` and `Fwd:`."""
    bare = without_tags(subject[:MAX_COMPARED])
    while (mark := REPLY_PREFIX.match(bare)) is not None:
        bare = bare[mark.end() :].strip()
    return " ".join(bare.casefold().split())


def locale_for(queue: Queue, language: str | None, policy: Policy) -> str:
    """The locale a customer is written to in."""
    return queue.locale if queue.locale != "auto" else _LOCALES.get(language or "", policy.instance.locale)
