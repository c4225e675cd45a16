"""`[[report]]`: reports that are sent by the clock.

Fails with: nothing. The form of a schedule is checked by `values.Schedule`.
"""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from mailtickets.config.nearest import nearest
from mailtickets.config.reached import queue_reached
from mailtickets.config.section import Section
from mailtickets.config.values import AddrSpec, Schedule, Word

if TYPE_CHECKING:
    from mailtickets.config.models import Config


class ScheduledReport(Section):
    name: Word
    schedule: Schedule
    to: Annotated[tuple[AddrSpec, ...], Field(min_length=1)]
    queues: tuple[str, ...] = ()
    by: Literal["", "agent", "queue", "type", "priority", "tag", "stage", "day", "hour"] = ""
    """What it is divided by. Empty: its queues, or the types of tickets of its one queue."""
    locale: Literal["", "pt_BR", "en", "es"] = ""
    """Empty: the desk's."""


def problems(config: "Config") -> Iterator[tuple[str, str]]:
    """(key path, what was expected), for each fault in the reports."""
    names = Counter(report.name for report in config.report)
    queues = [queue.name for queue in config.queue]
    for number, report in enumerate(config.report):
        key = f"report.{number}"
        if names[report.name] > 1:
            yield (
                f"{key}.name",
                f"the name {report.name!r} is used {names[report.name]} times: each report needs its own",
            )
        for place, address in enumerate(report.to):
            if reached := queue_reached(config, address):
                yield (
                    f"{key}.to.{place}",
                    f"{address} is the address of queue {reached!r}: a report would be a ticket",
                )
        for place, queue in enumerate(report.queues):
            if queue not in queues:
                yield f"{key}.queues.{place}", f"there is no queue {queue!r}{nearest(queue, queues)}"
