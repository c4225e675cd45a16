"""How much automatic mail one person, one domain, one ticket and everybody together may be sent."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from mailtickets.desk.model import Policy
from mailtickets.desk.notice import SAME_BODY_PER_HOUR, Notice
from mailtickets.mail.model import Address

HELD_PER_AGENT_PER_HOUR = 5
"""A forger who writes in an agent's name must not be able to flood that agent."""

ASKED_PER_AGENT_PER_HOUR = 30
"""What an agent's unproven mail may ask to be shown."""

ASKED_AGAIN_PER_DAY = 3
"""How often an agent is told that their reply about one held message does nothing: a machine may be replying."""

HOUR, DAY = 3600, 86_400


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """A counter that one copy of a notice adds to: at most `limit` in `seconds`."""

    key: str
    seconds: int
    limit: int

    @property
    def reason(self) -> str:
        """The code for what this line has stopped."""
        return f"budget-{self.key.partition(':')[0]}"


def budget_lines(notice: Notice, recipient: Address, ticket: int, policy: Policy) -> tuple[BudgetLine, ...]:
    """The counters that this copy must fit into; none for what the budgets do not concern."""
    budget, who = policy.budget, recipient.key
    if notice.name == "held":
        return (BudgetLine(f"held:{who}", HOUR, HELD_PER_AGENT_PER_HOUR),)
    if notice.name == "second_word":
        return (BudgetLine(f"asked-again:{who}:{notice.confirms}", DAY, ASKED_AGAIN_PER_DAY),) if notice.cause else ()
    if notice.takes_lines and notice.cause:
        return (BudgetLine(f"asked:{who}", HOUR, ASKED_PER_AGENT_PER_HOUR),)
    if not notice.automatic:
        return ()
    domain = who.rpartition("@")[2]
    lines: tuple[BudgetLine, ...] = (
        BudgetLine(f"person:{who}", DAY, budget.automatic_per_sender_per_day),
        BudgetLine(f"domain:{domain}", HOUR, budget.automatic_per_domain_per_hour),
        BudgetLine("everybody", HOUR, budget.automatic_per_hour),
        BudgetLine(f"ticket:{ticket}:{who}", HOUR, budget.automatic_per_ticket_per_hour),
    )
    if notice.cause:
        lines = (BudgetLine(f"same-body:{who}:{notice.cause}", HOUR, SAME_BODY_PER_HOUR), *lines)
    if not notice.acknowledgement:
        return lines
    return (BudgetLine(f"acknowledged:{who}", HOUR, budget.acknowledgements_per_sender_per_hour), *lines)


def within_budget(
    notice: Notice, ticket: int, policy: Policy, used: Mapping[str, int]
) -> tuple[Notice, tuple[BudgetLine, ...]]:
    """The notice less the copies that would pass a limit, and the lines that stopped them."""
    kept, stopped = [], []
    for recipient in notice.recipients:
        full = [line for line in budget_lines(notice, recipient, ticket, policy) if used.get(line.key, 0) >= line.limit]
        stopped += full
        if not full:
            kept.append(recipient)
    return replace(notice, recipients=tuple(kept)) if stopped else notice, tuple(stopped)
