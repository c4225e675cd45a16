"""How often the rules of the configuration have matched, as people ask for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from mailtickets.store.read.reader import Reader

_FIRED = (
    "SELECT rule, sum(CASE WHEN day >= :since THEN count ELSE 0 END) AS fired, max(last_at) AS last_at"
    " FROM rule_firing GROUP BY rule"
)


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How often a rule has matched since a day, and when it last did."""

    times: int
    last_at: datetime


def fired(reader: Reader, since: date) -> Mapping[str, RuleCount]:
    """By the name of the rule. A rule that has never matched is left out."""
    rows = reader.each(_FIRED, since=since.isoformat())
    return {row.rule: RuleCount(int(row.fired), row.last_at) for row in rows}
