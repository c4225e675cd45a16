"""What an agent's answer to a notice of ours is, where nothing in it says so.

An answer to a customer's message goes to the customer. An answer to a colleague's note is a note. An answer to a
receipt is held until its author says that the customer should get it (`#cliente`). Thanks for a receipt are ignored.
Owns: how the answered notice is found: by the token in it, or by its Message-ID.
Fails with: nothing.
"""

from dataclasses import replace
from typing import Final

from mailtickets.desk.commands.asker import Asker
from mailtickets.desk.customers.thanks import is_courtesy
from mailtickets.desk.model.facts import Facts
from mailtickets.desk.model.ticket import Ticket
from mailtickets.desk.notices import rows
from mailtickets.desk.notices.row import AnsweredAs
from mailtickets.desk.rules.agent_reading import Reading
from mailtickets.mail.model import InboundMail

NOT_PLAINLY: Final = "not-plainly-for-the-customer"
THANKS: Final = "thanks-to-the-desk"
_KINDS: tuple[AnsweredAs, ...] = ("note", "receipt", "team")


def answered_as(mail: InboundMail, facts: Facts, ticket: Ticket, asker: Asker) -> AnsweredAs:
    """How the answered notice takes words: found by the agent's own token, and by In-Reply-To."""
    own = {address.casefold() for address in (asker.agent.address, *asker.agent.aliases)}
    tokens = (t for t in facts.tokens if t.ticket == ticket.number and not t.confirms and t.person.casefold() in own)
    token = next(tokens, None)
    kinds = [token.answered_as] if token is not None and token.answered_as else []
    kinds += [rows.answered_as(found.notice) for found in facts.ids if found.message_id in mail.in_reply_to]
    return next((kind for kind in _KINDS if kind in kinds), "")


def as_meant(read: Reading, answered: AnsweredAs, mail: InboundMail, asker: Asker) -> Reading:
    """The reading with the words in the right place: an answer to a note is a note, thanks for a receipt go."""
    if _is_confirmed(read, asker) or read.asks("canned"):
        return read
    if answered == "note":
        return replace(read, words="", note="\n\n".join(part for part in (read.words, read.note) if part))
    if answered == "receipt" and _only_thanks(read, mail, asker):
        return replace(read, words="")
    return read


def is_doubtful(read: Reading, answered: AnsweredAs, mail: InboundMail, asker: Asker) -> bool:
    """Whether the author must be asked if the words are for the customer."""
    if _is_confirmed(read, asker):
        return False
    return answered in {"note", "receipt"} or (answered == "team" and _only_thanks(read, mail, asker))


def _is_confirmed(read: Reading, asker: Asker) -> bool:
    return read.asks("customer") or NOT_PLAINLY in asker.facts.confirmed


def _only_thanks(read: Reading, mail: InboundMail, asker: Asker) -> bool:
    names = [agent.name for agent in asker.policy.agents]
    return not mail.attachments and is_courtesy(read.words, mail.signature, names=names)
