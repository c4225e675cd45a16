"""Which notices of a draft may be sent now: budgets of automatic mail, and recipients whom mail does not reach."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from mailtickets.desk.model.policy import Policy
from mailtickets.desk.notices.budget import BudgetLine, budget_lines, untold, within_budget
from mailtickets.desk.notices.notice import Notice
from mailtickets.store import budgets, contacts


@dataclass(frozen=True, slots=True)
class Allowed:
    """The notices that may be sent now, without the recipients that may not get them."""

    notices: tuple[Notice, ...]
    budget: tuple[BudgetLine, ...]
    """The lines of budgets that these notices use, and those that count the withheld ones."""
    withheld: tuple[tuple[str, str], ...]
    """(notice, reason) for each automatic notice that is withheld."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """The budgets and the undeliverable recipients that notices about one ticket meet."""

    number: int
    """The number of the ticket; 0 for notices about no ticket."""
    policy: Policy
    used: dict[str, int]
    """What is used of each budget."""
    undeliverable: frozenset[str]
    """The keys of recipients whom automatic mail does not reach."""
    disowned: bool = False
    """Automatic mail to the ticket's customer is withheld: the clock is the cause, and their domain disowns the mail
    that opened the ticket."""

    def of(self, planned: Iterable[Notice]) -> Allowed:
        """The planned notices that may be sent now."""
        notices, withheld, full = [], [], list[BudgetLine]()
        for notice in planned:
            if self.disowned and notice.to_customer and notice.automatic:
                withheld.append((notice.name, "disowned-by-its-domain"))
                continue
            reached = tuple(
                who for who in notice.recipients if not (notice.automatic and who.key in self.undeliverable)
            )
            if len(reached) < len(notice.recipients):
                withheld.append((notice.name, "undeliverable"))
            allowed, stopped = within_budget(replace(notice, recipients=reached), self.number, self.policy, self.used)
            withheld += [(notice.name, line.reason) for line in stopped]
            full += stopped
            if allowed.recipients:
                notices.append(allowed)
        spent = _lines(notices, self.number, self.policy)
        return Allowed(tuple(notices), (*spent, *untold(full)), tuple(withheld))


def allowance(
    connection: Connection, planned: Sequence[Notice], number: int, policy: Policy, now: datetime
) -> Allowance:
    """Reads what the planned notices about ticket `number` need to know."""
    used = budgets.used(connection, _lines(planned, number, policy), now)
    automatic = [who for notice in planned if notice.automatic for who in notice.recipients]
    return Allowance(number, policy, used, contacts.undeliverable(connection, automatic))


def _lines(notices: Iterable[Notice], number: int, policy: Policy) -> list[BudgetLine]:
    """The lines of budgets that the notices use, for each recipient."""
    copies = [(notice, who) for notice in notices for who in notice.recipients]
    return [line for notice, who in copies for line in budget_lines(notice, who, number, policy)]
