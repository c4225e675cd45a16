"""A report that is to be written and sent by mail. Pure."""

from dataclasses import dataclass

from mailtickets.desk.figures.report import Dimension, Period
from mailtickets.mail.model import Address


@dataclass(frozen=True, slots=True)
class ReportOrder:
    """A report for some people. It is written by the clock, after the mail that asked for it has been settled."""

    period: Period
    queues: tuple[str, ...]
    """Names of the queues that it is about."""
    recipients: tuple[Address, ...]
    locale: str
    by: Dimension | None = None
    name: str = ""
    """Of the `[[report]]`; empty: somebody asked for it by mail."""
