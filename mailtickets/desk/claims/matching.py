"""Which ticket a mail belongs to, strongest evidence first.

`claims` reads the tokens, ids and numbers in a mail. The store looks them up, and `match` chooses a ticket by the facts
it found. Evidence counts only for its own person: a number, an id or a token in a stranger's mail proves nothing.
"""

import re
from dataclasses import dataclass
from typing import Literal

from mailtickets.config.models import Queue
from mailtickets.desk.claims.identity import TOKEN
from mailtickets.desk.claims.people import can_be_written_to
from mailtickets.desk.model.facts import Facts, TokenFact
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Ticket
from mailtickets.mail.model import REF_LABEL, Address, Envelope, InboundMail
from mailtickets.mail.plus import plus_tag

SUBJECT_NUMBER = re.compile(r"\[\s*[^\[\]#]{0,80}#\s*(\d{1,12})\s*\]")
"""The ticket tag anywhere in a subject: [#1042], [Suporte #1042], [ # 1042 ]."""

REF_LINE = re.compile(re.escape(REF_LABEL) + r"[\s*_]*([A-Za-z2-7]{26})(?![A-Za-z0-9])")

_DELIVERY_HEADERS = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to")
_ADDRESS = re.compile(r"(?<![^\s<>,;:\"()])[^\s<>,;:\"()]+@[^\s<>,;:\"()]+")
_MAX_CLAIMS = 100


Evidence = Literal["reply-token", "message-id", "subject-number", "ref-line"]
"""By what a mail names a ticket; it is the reason with which the mail is appended to it."""


@dataclass(frozen=True, slots=True)
class Claims:
    """The tokens, ids and numbers in a mail that may lead to a ticket. None of them is proof yet."""

    tokens: tuple[tuple[str, str], ...]
    """(token, where it stood: `address` or `ref-line`)."""
    message_ids: tuple[str, ...]
    """In-Reply-To first, then References from the newest back."""
    subject_numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """A ticket that a mail's author may write on, and by which evidence."""

    ticket: Ticket
    evidence: Evidence
    """reply-token, message-id, subject-number or ref-line."""
    source: str
    proven: bool
    """The evidence is this person's own token."""
    token: TokenFact | None = None
    """That token."""


def recipients(mail: InboundMail, envelope: Envelope) -> tuple[str, ...]:
    """The addresses a mail was sent to: those of the envelope if it has any, else those in the headers."""
    if envelope.recipients:
        return envelope.recipients
    delivered = [a for name in _DELIVERY_HEADERS for v in mail.header_values(name) for a in _ADDRESS.findall(v)]
    return tuple(dict.fromkeys([*delivered, *(address.address for address in (*mail.to, *mail.cc))]))


def queues(mail: InboundMail, envelope: Envelope, policy: Policy) -> tuple[Queue, ...]:
    """The queues a mail is addressed to, in the order of its recipients; never empty."""
    found = [policy.queue_at(address) for address in recipients(mail, envelope)]
    named = list(dict.fromkeys(queue.name for queue in found if queue is not None))
    fallback = policy.queue(envelope.queue or "") or policy.queues[0]
    return tuple(queue for name in named if (queue := policy.queue(name))) or (fallback,)


def queue_of_past(mail: InboundMail, envelope: Envelope, policy: Policy) -> Queue:
    """The queue of imported mail: the one it was sent to, else the one it was sent from."""
    addresses = (*recipients(mail, envelope), *((mail.author.address,) if mail.author else ()))
    found = next((queue for address in addresses if (queue := policy.queue_at(address))), None)
    return found or policy.queue(envelope.queue or "") or policy.queues[0]


def claims(mail: InboundMail, envelope: Envelope, policy: Policy) -> Claims:
    """Every token, id and number in a mail that may name a ticket."""
    addressed = [*recipients(mail, envelope), *(address.address for address in (*mail.to, *mail.cc))]
    tags = [plus_tag(address).lower() for address in addressed if policy.queue_at(address)]
    tokens = [(tag, "address") for tag in tags if TOKEN.fullmatch(tag)]
    tokens += [(found.lower(), "ref-line") for found in REF_LINE.findall(mail.text)]
    return Claims(
        tokens=tuple(dict.fromkeys(tokens))[:_MAX_CLAIMS],
        message_ids=tuple(dict.fromkeys([*mail.in_reply_to, *reversed(mail.references)]))[:_MAX_CLAIMS],
        subject_numbers=tuple(dict.fromkeys(int(found) for found in SUBJECT_NUMBER.findall(mail.subject)))[:10],
    )


def match(author: Address, facts: Facts, policy: Policy) -> Match | None:
    """The ticket that the author's own evidence leads to, or None."""
    own = own_addresses(author, policy)
    for token in facts.tokens:
        ticket = facts.tickets.get(token.ticket or 0)
        mine = token.person.casefold() in own and not token.expired and not token.confirms
        if ticket is not None and mine and _belongs(author, ticket, policy):  # an agent who has left has a token still
            return Match(ticket, "reply-token", token.source, proven=True, token=token)
    for evidence, source, number in _weaker(facts):
        ticket = facts.tickets.get(number)
        if ticket is not None and (
            _belongs(author, ticket, policy) or (evidence == "message-id" and _was_left_out(author, ticket, facts))
        ):
            return Match(ticket, evidence, source, proven=False)
    return None


def claimed(facts: Facts) -> Ticket | None:
    """The ticket a mail points at, whoever wrote it. For links and for notices to agents; it proves nothing."""
    numbers = [*(token.ticket for token in facts.tokens if token.ticket), *(number for _, _, number in _weaker(facts))]
    return next((facts.tickets[number] for number in numbers if number in facts.tickets), None)


def _weaker(facts: Facts) -> list[tuple[Evidence, str, int]]:
    """Evidence that counts only together with its author: (evidence, source, ticket number), best first."""
    return [
        *(("message-id", found.message_id, found.ticket) for found in facts.ids),
        *(("subject-number", "subject", number) for number in facts.subject_numbers),
        *(("ref-line", t.source, t.ticket) for t in facts.tokens if t.source == "ref-line" and t.ticket),
    ]


def _belongs(author: Address, ticket: Ticket, policy: Policy) -> bool:
    """Whether the author is on the ticket, or an agent. An author without a usable address is on no ticket: the same
    text may stand for different people."""
    on_it = ticket.participant(author.address) is not None or policy.agent(author.address) is not None
    return on_it and can_be_written_to(author)


def _was_left_out(author: Address, ticket: Ticket, facts: Facts) -> bool:
    """Whether the author stood in copy of a mail of the ticket and was over the limit: they were sent what they answer.

    False if the author's domain says that this mail is forged.
    """
    return author.key in facts.left_out.get(ticket.number, frozenset()) and facts.authentication.verdict != "fail"


def own_addresses(author: Address, policy: Policy) -> frozenset[str]:
    """The author's address; for an agent, their address and all aliases. Casefolded."""
    agent = policy.agent(author.address)
    known = (agent.address, *agent.aliases) if agent else ()
    return frozenset(address.casefold() for address in (author.address, *known))
