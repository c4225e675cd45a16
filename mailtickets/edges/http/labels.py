"""The values that the labels of the metrics may have: closed lists, from the program and from the configuration.

What is on no list is counted as `other`, so that no stranger's mail can make a new series.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import get_args

from mailtickets.config.models import Config
from mailtickets.desk.model.decision import OUTCOMES
from mailtickets.desk.notices.row import NoticeName
from mailtickets.desk.reasons import known

OTHER = "other"


@dataclass(frozen=True, slots=True)
class Lists:
    """The values that a label may have."""

    queues: frozenset[str]
    leases: frozenset[str]
    accounts: frozenset[tuple[str, str]]
    """Kind and name."""
    labels: Mapping[str, frozenset[str]]
    """By the name of the label."""

    @classmethod
    def of(cls, config: Config) -> "Lists":
        queues = frozenset(queue.name for queue in config.queue)
        doors = {"smtp", "lmtp", "import", *(f"imap:{account.name}" for account in config.imap_in)}
        reasons = frozenset(known())
        return cls(
            queues,
            frozenset({"housekeeping", "reconcile", *(f"oauth-{account.name}" for account in config.oauth)}),
            frozenset(_configured(config)),
            {
                "door": frozenset(doors),
                "answer": frozenset({"deferred", "refused"}),
                "outcome": frozenset(OUTCOMES),
                "reason": reasons,
                "trouble": frozenset({"deferred", "failed"}),
                "notice": frozenset(get_args(NoticeName)),
                "result": frozenset({"sent", "deferred", "throttled", "refused", "unknown"}),
                "cause": frozenset({"took-too-long", "died", "died-idle"}),
            },
        )

    def closed(self, names: tuple[str, ...], values: tuple[str, ...]) -> tuple[str, ...]:
        """The same values, where one that is on no list is `other`."""
        return tuple(value if value in self.labels[name] else OTHER for name, value in zip(names, values, strict=True))


def _configured(config: Config) -> Iterator[tuple[str, str]]:
    """The accounts of the configuration; the smarthost has no name of its own there."""
    yield "smtp", "delivery"
    yield from (("imap", account.name) for account in config.imap_in)
    yield from (("oauth", account.name) for account in config.oauth)
