"""How much automatic mail one person, one domain, one ticket and everybody together may be sent."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from mailtickets.config.models import Budget
from mailtickets.desk.claims.authors import agent_of, authentic, matched
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.notices.notice import SAME_BODY_PER_HOUR, Notice, Situation, Standing
from mailtickets.mail.model import Address

HELD_PER_AGENT_PER_HOUR = 5
"""A forger who writes in an agent's name must not be able to flood that agent. One notice lists the rest."""

HELD_WITH_PROOF_PER_AGENT_PER_HOUR = 30
"""Like HELD_PER_AGENT_PER_HOUR, for mail with one of the two proofs: it is the agent's, if the proof was not stolen."""

ASKED_PER_AGENT_PER_HOUR = 30
"""How many notices an agent's mail may ask for (lists, the help)."""

SHARES_OF_ACCOUNT = 4
"""One of these parts of a day's mail is for strangers, another for those who are only known."""
ASKED_AGAIN_PER_DAY = 3
"""How often an agent is told that their reply about one held message does nothing: a machine may be replying."""

UNTOLD = "untold:"
"""The key of a counter of held mail that its agent had no notice of begins with this."""

HOUR, DAY = 3600, 86_400


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """A counter that one copy of a notice adds to: at most `limit` in `seconds`."""

    key: str
    seconds: int
    limit: int

    @property
    def reason(self) -> str:
        """The reason with which this line stops a copy."""
        return f"budget-{self.key.partition(':')[0]}"

    def window(self, now: datetime) -> int:
        """The number of the present window since the epoch, all windows being of one length."""
        return int(now.timestamp()) // self.seconds


def standing(situation: Situation, policy: Policy) -> Standing:
    """What speaks for the mail in hand. Whoever is proven is never counted together with whoever is not."""
    mail, facts = situation.mail, situation.facts
    if mail is None or facts is None:
        return "proven" if situation.requester_known else "unproven"
    found = matched(mail, facts, policy)
    if authentic(facts):
        return "proven"
    if found is not None and found.proven:
        return "token" if agent_of(mail, facts, policy) else "proven"
    if facts.authentication.verdict == "fail":
        return "disowned"
    return "known" if facts.known_author else "unproven"


def budget_lines(notice: Notice, recipient: Address, ticket: int, policy: Policy) -> tuple[BudgetLine, ...]:
    """The counters that this copy must fit into; none for what the budgets do not concern."""
    who = recipient.key
    if notice.name == "held":
        return _held(notice, who)
    if notice.name == "second_word":
        return (BudgetLine(f"asked-again:{who}:{notice.confirms}", DAY, ASKED_AGAIN_PER_DAY),) if notice.cause else ()
    if notice.takes_lines and notice.cause:
        return (BudgetLine(f"asked:{who}", HOUR, ASKED_PER_AGENT_PER_HOUR),)
    if not notice.automatic:
        return ()
    return (*_automatic(notice, who, ticket, policy.budget), *_share_of_the_account(notice, policy.max_per_day))


def _share_of_the_account(notice: Notice, max_per_day: int) -> tuple[BudgetLine, ...]:
    """What people who are not proven may use up of what the account may send a day: the rest is kept for answers."""
    if not max_per_day or notice.standing in {"proven", "token"}:
        return ()
    return (_account(f"{_apart(notice.standing)}-", max_per_day),)


def _account(apart: str, max_per_day: int) -> BudgetLine:
    return BudgetLine(f"{apart}account", DAY, max(1, max_per_day // SHARES_OF_ACCOUNT))


def _everybody(apart: str, budget: Budget) -> BudgetLine:
    return BudgetLine(f"{apart}everybody", HOUR, budget.automatic_per_hour)


def shared_lines(budget: Budget, max_per_day: int) -> tuple[BudgetLine, ...]:
    """The counters of no one person, domain or ticket: when one of them is full, its automatic mail stops."""
    everybody = tuple(_everybody(apart, budget) for apart in ("", "known-", "unproven-"))
    return (*everybody, *(_account(apart, max_per_day) for apart in ("known-", "unproven-") if max_per_day))


def _held(notice: Notice, who: str) -> tuple[BudgetLine, ...]:
    """A flood of forged mail fills a counter that no better mail is counted with; none is filled by the agent's own."""
    if not notice.in_doubt:
        return ()
    proof = notice.standing in {"proven", "token"}
    limit = HELD_WITH_PROOF_PER_AGENT_PER_HOUR if proof else HELD_PER_AGENT_PER_HOUR
    return (BudgetLine(f"held:{notice.standing}:{who}", HOUR, limit),)


def untold(stopped: Iterable[BudgetLine]) -> tuple[BudgetLine, ...]:
    """For each notice of held mail that was stopped, one more for the notice that tells of them all."""
    agents = (line.key.split(":", 2)[2] for line in stopped if line.key.startswith("held:"))
    return tuple(BudgetLine(f"{UNTOLD}{who}", HOUR, sys.maxsize) for who in agents)


def _automatic(notice: Notice, who: str, ticket: int, budget: Budget) -> tuple[BudgetLine, ...]:
    """Those who are proven have counters of their own, and so have the known: others cannot use them up."""
    apart = "" if notice.standing in {"proven", "token"} else f"{_apart(notice.standing)}-"
    domain = who.rpartition("@")[2]
    lines: tuple[BudgetLine, ...] = (
        BudgetLine(f"{apart}person:{who}", DAY, budget.automatic_per_sender_per_day),
        BudgetLine(f"{apart}domain:{domain}", HOUR, budget.automatic_per_domain_per_hour),
        _everybody(apart, budget),
        BudgetLine(f"{apart}ticket:{ticket}:{who}", HOUR, budget.automatic_per_ticket_per_hour),
    )
    if notice.cause:
        lines = (BudgetLine(f"{apart}same-body:{who}:{notice.cause}", HOUR, SAME_BODY_PER_HOUR), *lines)
    if not notice.acknowledgement:
        return lines
    return (BudgetLine(f"acknowledged:{who}", HOUR, budget.acknowledgements_per_sender_per_hour), *lines)


def _apart(standing: Standing) -> Standing:
    return "unproven" if standing == "disowned" else standing


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
