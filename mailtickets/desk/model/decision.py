"""A decision on a mail or an order: its reason, effects, notices and trace."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final, Literal

from mailtickets.desk.figures.order import ReportOrder
from mailtickets.desk.model.effects import Effect, OpenTicket
from mailtickets.desk.model.reason import OtherReason, Reason
from mailtickets.desk.notices.row import NoticeName
from mailtickets.mail.model import Address

Outcome = Literal["opened", "appended", "noted", "commanded", "bounced", "ignored", "held", "duplicate", "unparsed"]


OUTCOMES: tuple[Outcome, ...] = (
    "opened", "appended", "noted", "commanded", "bounced", "ignored", "held", "duplicate", "unparsed",
)  # fmt: skip


UNPROVEN_REPORT: Final = "delivery-report-unproven"
"""The reason for a delivery report that proves nothing: anybody who got the mail could have written it."""


@dataclass(frozen=True, slots=True)
class RuleVerdict:
    """One line of the trace: which rule was asked, what it said, and why."""

    rule: str
    verdict: str
    why: str


DoneKind = Literal[
    "answered", "noted", "opened", "left_out", "discarded", "already", "status", "assigned", "unassigned", "priority",
    "type", "tags", "subject", "queue", "stage", "cc_added", "cc_removed", "participant", "requester", "merged",
    "split", "remind", "snooze", "promised", "unpromised", "spam", "undone", "unsent", "field",
    "no_field", "priority_kept", "awaits_turn", "resolution", "quotable", "unquotable",
]  # fmt: skip
"""The lines of a receipt; each has a sentence in `sentences.HAPPENED`."""


@dataclass(frozen=True, slots=True)
class Done:
    """One line of a receipt: what was done at an agent's word."""

    kind: DoneKind
    value: str | None = None
    old: str | None = None
    ticket: int | None = None
    """The ticket that the line is about, where the mail acts on several tickets."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A line of an agent's mail that was not understood or cannot be done, and what to suggest."""

    line: str
    """As typed; of several commands on one line only the one that is wrong."""
    code: str
    """One of `commands.lines.PROBLEMS` or of `commands.carry_out.REFUSALS`."""
    nearest: tuple[str, ...] = ()
    """`#resolver`, `#status pendente`: what may have been meant, at most three."""
    expected: str = ""
    """What the argument may be: status, priority, type, address, number, duration, tags, name or words."""


@dataclass(frozen=True, slots=True)
class HeldMail:
    """A mail in an agent's name that is held."""

    inbound: int
    subject: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Feedback:
    """The answer to an agent about their own mail: what was done, what was not understood, what would be done."""

    done: tuple[Done, ...] = ()
    problems: tuple[Problem, ...] = ()
    commanded: bool = False
    """The mail had commands in it: most agents want a receipt for those only."""
    sent_to: tuple[Address, ...] = ()
    dry_run: bool = False
    too_late: bool = False
    search: str = ""
    away_until: date | None = None
    """The first day on which an agent is back, as their absence notice says."""
    files: tuple[str, ...] = ()
    """Names of attachments that must not go to a customer."""
    confirms: int | None = None
    """The held message that an answer to the notice is about, where that is not the mail in hand."""
    held: str = ""
    """The reason for which that message is held; empty when it is held no more."""
    held_more: tuple[HeldMail, ...] = ()
    """Mail in the agent's name of which no notice went out, as far as it is listed."""
    stage: str = ""
    """The name of a stage that has left the configuration."""
    queue: str = ""
    """The name of the queue that had it."""
    count: int = 0
    """How many mails there are of that kind in all; `held_more` may list fewer. Or how many tickets had the stage."""


@dataclass(frozen=True, slots=True)
class ByRule:
    """Something that a rule of the configuration says, and the name of the rule."""

    value: str
    rule: str

    @property
    def reason(self) -> OtherReason:
        return OtherReason(f"rule:{self.rule}")


def nothing_told() -> tuple[RuleVerdict, ...]:
    """No rule was asked."""
    return ()


@dataclass(frozen=True, slots=True)
class Ruled:
    """What the rules of the configuration made of a decision, beside its effects."""

    told: Callable[[], tuple[RuleVerdict, ...]] = field(default=nothing_told, compare=False, repr=False)
    """Finds `verdicts`: people ask for them, and no mail waits for them."""
    matched: tuple[str, ...] = ()
    """The names of the rules that matched, in the order of the file."""
    notify: tuple[ByRule, ...] = ()
    """Addresses, or names of queues, that get a notice of their own."""
    answer: ByRule | None = None
    """The ready answer that the customer is sent."""
    ask: tuple[ByRule, ...] = ()
    """Names of fields that the customer is asked for."""
    held: bool = False
    """A rule holds the mail."""

    @property
    def verdicts(self) -> tuple[RuleVerdict, ...]:
        """A line for every rule, matched or not."""
        return self.told()


@dataclass(frozen=True, slots=True)
class Decision:
    """What is done about a mail or an order, why, and which rules led to it."""

    reason: Reason
    effects: tuple[Effect, ...] = ()
    ticket: int | None = None
    """The existing ticket concerned; None with an OpenTicket effect means the one it opens."""
    outcome: Outcome | None = None
    """Of a mail; None for what was ordered from the shell or by the clock."""
    actor: str = "system"
    notices: tuple[NoticeName, ...] = ()
    """Names of notices that the decision calls for, beyond those that follow from the effects."""
    further_queues: tuple[str, ...] = ()
    """Names of further queues whose agents get a notice."""
    trace: tuple[RuleVerdict, ...] = ()
    feedback: Feedback = Feedback()
    """For the notices to the author of the mail, if that is an agent."""
    also: tuple["Decision", ...] = ()
    """What is done to further tickets in the same transaction."""
    reports: tuple[ReportOrder, ...] = ()
    """Reports that the author asked for. They are written afterwards, each in a mail of its own."""
    ruled: Ruled = Ruled()
    """What the rules of the configuration say, where there are any."""

    @property
    def opens(self) -> OpenTicket | None:
        return next((effect for effect in self.effects if isinstance(effect, OpenTicket)), None)

    def traced(self, trace: tuple[RuleVerdict, ...]) -> "Decision":
        return replace(self, trace=trace)
