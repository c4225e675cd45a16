"""What a draft is made from: a decision, the ticket before it, and the mail or the order that was the cause."""

from dataclasses import dataclass

from mailtickets.desk.clock.clocks import Clock
from mailtickets.desk.model.decision import Decision
from mailtickets.desk.model.facts import Desk, Facts
from mailtickets.desk.model.ticket import Ticket
from mailtickets.mail.model import InboundMail
from mailtickets.store.inbound import Received


@dataclass(frozen=True, slots=True)
class Basis:
    """A decision and its cause: a mail (`received`, `mail`, `facts`), or an order (`text`, `desk`)."""

    decision: Decision
    before: Ticket | None = None
    """The ticket before the decision. None: the decision opens a ticket, or concerns none."""
    received: Received | None = None
    mail: InboundMail | None = None
    facts: Facts | None = None
    mail_as_read: InboundMail | None = None
    """The mail before its author's signature was cut off."""
    text: str = ""
    """The text of the message that an order adds."""
    clocks: tuple[Clock, ...] = ()
    """The ticket's clocks before the decision, for a timer that was due."""
    desk: Desk | None = None
    """The agents' work; None for a mail, whose facts say it."""

    @property
    def reachable_author(self) -> str:
        """The address of the author of a mail, if the mail was taken in and did not fail the domain's authentication;
        else empty. A person who answers can receive mail, even if an earlier report says that mail to them failed.
        """
        mail, facts, decision = self.mail, self.facts, self.decision
        if mail is None or facts is None or mail.author is None or facts.authentication.verdict == "fail":
            return ""
        if facts.envelope.door.is_history:
            return ""
        taken_in = decision.outcome in {"opened", "appended", "noted", "commanded"}
        return mail.author.address if taken_in and mail.kind in {"human", "auto_reply"} else ""
