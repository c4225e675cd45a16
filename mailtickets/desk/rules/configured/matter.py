"""What the conditions of rules look at: a mail or none, the ticket as it was, the time, and who the customer is.

A value that takes work to find out is found out once, when the first rule asks for it.
Fails with: nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from mailtickets.config.rules import Trigger
from mailtickets.desk.model.facts import CustomerHistory
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Status, Ticket
from mailtickets.desk.rules.configured.glob import Searched, plain
from mailtickets.mail.model import Address, Attachment, InboundMail
from mailtickets.mail.plus import without_plus


@dataclass(frozen=True, eq=False)
class MailMatter:
    """A mail as rules look at it. Its words are folded once, whatever the number of rules."""

    mail: InboundMail
    recipients: tuple[str, ...] = ()
    """Of the envelope."""
    opens: bool = False
    """It opens a ticket, so that its subject is new."""
    verified: bool = False
    """Its author has proven who they are."""
    new_subject: str = ""
    """Of a mail on a ticket: its subject, where nobody had written it there before."""

    @cached_property
    def subject(self) -> Searched:
        return Searched(self.mail.subject)

    @cached_property
    def words(self) -> Searched:
        """What was written now, without the quote and the signature; and the subject, where that is new."""
        subject = self.mail.subject if self.opens else self.new_subject
        return Searched("\n".join(part for part in (subject, self._reply) if part))

    @property
    def _reply(self) -> str:
        forwarded = self.mail.forwarded
        handed_on = forwarded.text if forwarded is not None and forwarded.source == "attached" else ""
        written = self.mail.reply if self.mail.reply.strip() or not self.opens else self.mail.uncut
        return "\n".join(part for part in (written, handed_on) if part)

    @cached_property
    def to(self) -> tuple[str, ...]:
        """Every address that it went to, and the same without what stands behind a plus."""
        named = (*(person.address for person in (*self.mail.to, *self.mail.cc)), *self.recipients)
        return tuple(dict.fromkeys(form for one in named for form in (plain(one), plain(without_plus(one)))))

    @cached_property
    def headers(self) -> Mapping[str, list[str]]:
        """All values of the header fields, by lower-case name."""
        found: dict[str, list[str]] = {}
        for name, value in self.mail.headers:
            found.setdefault(name, []).append(plain(value))
        return found

    @cached_property
    def files(self) -> tuple[Attachment, ...]:
        """What is attached. A picture that the text shows is no attachment."""
        shown = (file for file in self.mail.attachments if not (file.inline and file.content_id is not None))
        return tuple(shown)


@dataclass(frozen=True, eq=False)
class Matter:
    """What one rule is asked about."""

    on: Trigger
    ticket: Ticket
    """As it was before the rules; of a mail that opens one, as the mail opens it."""
    customer: Address
    """The author of the customer's mail; where there is none, the requester of the ticket."""
    status: Status
    """Before the mail; of a change of status, the new one."""
    was: Status | None
    """The status before it changed; None where it has not."""
    policy: Policy
    now: datetime
    letter: MailMatter | None = None
    history: CustomerHistory | None = None
    """None: no rule asks for it."""
    answers: dict[object, bool] = field(default_factory=dict, repr=False)
    """What conditions have found out, each under itself."""

    @cached_property
    def queue(self) -> str:
        """The name of the ticket's queue as it is compared."""
        return plain(self.ticket.queue)

    @cached_property
    def sender(self) -> str:
        """The customer's address as it is compared."""
        return plain(self.customer.address)

    @cached_property
    def domain(self) -> str:
        return self.sender.rpartition("@")[2]

    @cached_property
    def subject(self) -> Searched:
        """The subject of the mail; without one, of the ticket."""
        return self.letter.subject if self.letter is not None else Searched(self.ticket.subject)

    @cached_property
    def fields(self) -> Mapping[str, str]:
        return {name: plain(value) for name, value in self.ticket.fields}

    def with_history(self, history: CustomerHistory) -> "Matter":
        return replace(self, history=history, answers={})
