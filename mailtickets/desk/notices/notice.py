"""A notice, the situation that it is planned from, and the names of all notices."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from mailtickets.config.models import Queue
from mailtickets.desk.clock.clocks import Clock
from mailtickets.desk.clock.promise import ExpectedAnswer
from mailtickets.desk.model.decision import Decision
from mailtickets.desk.model.effects import AddMessage
from mailtickets.desk.model.facts import Desk, Facts
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Said, Ticket
from mailtickets.desk.notices.discretion import Discretion
from mailtickets.desk.notices.row import NoticeName
from mailtickets.mail.model import Address, Attachment, AutoSubmitted, InboundMail

Standing = Literal["proven", "token", "known", "unproven", "disowned"]
"""`proven`: a pass, a login or its author's own token, or no mail at all; `token`: an agent's own token without a pass;
`known`: no proof, but somebody known; `unproven`: nothing; `disowned`: the domain says that it is not from there."""

CONFIRMABLE = frozenset({
    "agent-without-token", "agent-not-verified", "agent-from-queue-address", "stale-answer", "merge-of-strangers",
    "forward-unclear", "command-not-understood", "nobody-to-answer", "not-plainly-for-the-customer",
})  # fmt: skip
"""Reasons to hold a message which its author's own word takes away."""

SAME_BODY_PER_HOUR = 3
"""How often one person is answered automatically for the same words."""

SUPPRESS = "DR, RN, NRN, OOF, AutoReply"
"""Never All: it also silences bounces (MS-OXCMAIL)."""
SUPPRESS_BUT_ABSENCE = "DR, RN, NRN, AutoReply"
"""An agent's absence is something we want to hear of."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One text for some people; `render` makes words of it."""

    name: NoticeName
    locale: str
    queue: Queue
    recipients: tuple[Address, ...]
    """Who gets a copy of their own."""
    context: Mapping[str, object] = field(repr=False)
    priority: int
    to_customer: bool
    auto_submitted: AutoSubmitted | None = None
    suppress: str | None = None
    loop: bool = False
    automatic: bool = False
    """It counts against the budgets."""
    standing: Standing = "proven"
    """What speaks for the mail that called for it: budgets are counted apart for each."""
    cause: str = ""
    """Digest of the words that it answers: a machine without any sign of one says the same again and again."""
    asks_to_confirm: bool = False
    """Answering it releases the message that it is about."""
    in_doubt: bool = False
    """It is about mail that may not be its reader's at all: whoever forges it calls for the notice."""
    confirms: int | None = None
    """The held message that it is about, where that is not the one in hand."""
    acknowledgement: bool = False
    """It counts against the stricter budget of first contacts too."""
    takes_lines: bool = False
    """It is about no ticket; answering it acts on those that the answer's lines name."""
    wait_seconds: int = 0
    """How long it is kept, for its author to take it back."""
    source: int | None = None
    """The inbound message that its attachments came with, where that is not the one in hand."""
    sender_name: str = ""
    """Display name of From; the address is the queue's."""
    author: str | None = None
    """The agent whose words these are."""
    visible_to: tuple[Address, ...] = ()
    visible_cc: tuple[Address, ...] = ()
    attachments: tuple[Attachment, ...] = field(default=(), repr=False)
    enclosed: tuple[Attachment, ...] = field(default=(), repr=False)
    """Files that the desk made, with their content: they come with no mail."""
    left_behind: frozenset[str] = frozenset()
    """sha256 of inline files that go along only where the words show them."""
    discretion: Discretion | None = field(default=None, repr=False)
    """What its readers must not see; None for agents."""

    @property
    def job(self) -> tuple[NoticeName, str, Mapping[str, object], Discretion | None]:
        """What is needed to put it into words."""
        return self.name, self.locale, self.context, self.discretion


@dataclass(frozen=True, slots=True)
class Situation:
    """What `plan` reads: the decision, the ticket before and after, and the mail, if a mail was the cause."""

    decision: Decision
    before: Ticket | None
    after: Ticket | None
    """As the decision leaves it; None: it is about no ticket."""
    mail: InboundMail | None = None
    facts: Facts | None = None
    text: str | None = None
    """The words of an answer that came by the shell."""
    desk_without_mail: Desk | None = None
    """What is known of the agents' work, where there are no facts of a mail that say it."""
    also: tuple[Ticket, ...] = ()
    """Further tickets as the decision leaves them, in its order."""
    thread: tuple[Said, ...] = ()
    """The ticket's public messages before this one, oldest first, where an answer shows them."""
    newest: tuple[Said, ...] = ()
    """The ticket's newest messages before this one, oldest first, where agents are shown the customer's last."""
    expected: ExpectedAnswer | None = None
    """When an answer may be expected, for the acknowledgement; None: nothing is said."""
    secrets: frozenset[str] = frozenset()
    """Reply tokens that are said in the mail or the messages."""
    clocks: tuple[Clock, ...] = ()
    """The ticket's clocks as the decision leaves them."""
    clocks_before: tuple[Clock, ...] = ()
    """Its clocks before the decision, where a timer was due."""
    requester_known: bool = True
    """Without a mail at hand: whether the ticket's customer once proved who they are, or was answered by an agent."""
    resolution: str = ""
    """What had solved the ticket before its customer wrote again; agents see it."""
    may_ask: bool = True
    """The mail that says that the ticket is resolved may ask its customer how it was."""
    mail_as_read: InboundMail | None = None
    """The mail before its author's signature was cut off; None: the same as `mail`."""

    @property
    def message(self) -> AddMessage | None:
        return next((effect for effect in self.decision.effects if isinstance(effect, AddMessage)), None)

    @property
    def note(self) -> AddMessage | None:
        """What is for the team only, beside or instead of a public message."""
        added = (effect for effect in self.decision.effects if isinstance(effect, AddMessage))
        return next((message for message in added if message.visibility == "note" and message.direction == "out"), None)

    @property
    def desk(self) -> Desk:
        """What is known of the agents' work."""
        return self.desk_without_mail or (self.facts.desk if self.facts else Desk())


@dataclass(frozen=True, slots=True)
class Occasion:
    """What every plan of a notice reads."""

    situation: Situation
    queue: Queue
    """The queue in whose name the notice is written."""
    policy: Policy
    now: datetime
