"""The stages of each queue: what was proven of them, and what is sound and may surprise somebody."""

from collections.abc import Iterator

from mailtickets.cli.check.inquiry import Inquiry
from mailtickets.config.models import Queue
from mailtickets.config.stages import remarks
from mailtickets.views.check import CheckLine, ok, warning


def lines(inquiry: Inquiry) -> Iterator[CheckLine]:
    config = inquiry.config
    for number, queue in enumerate(config.queue):
        if queue.stages:
            yield ok(f"queue.{number}.stages", f"{queue.name}: {_in_words(queue)}; all are reached and lead to an end")
    for key, found, advice in remarks(config):
        yield warning(key, found, advice)


def _in_words(queue: Queue) -> str:
    return ", ".join(f"{stage.name} ({stage.base})" for stage in queue.stages)
