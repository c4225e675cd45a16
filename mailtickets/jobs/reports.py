"""Reports by mail: those of the configuration when their time has come, and those that somebody asked for.

An order stands in the database before anything is read, so that a gateway that is killed leaves it to the next one. The
mail is queued in the transaction that ends the order. A report whose charts cannot be drawn goes without them, and ops
are told; so are they of a report that cannot be written.
Limits: `MAX_PICTURE_BYTES` for a picture, `MAX_TABLE_BYTES` for the attached table. What is larger is left out.
"""

import asyncio
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from mailtickets.config.reports import ScheduledReport
from mailtickets.desk.commands.reporting import usual_part
from mailtickets.desk.figures.order import ReportOrder
from mailtickets.desk.figures.report import DeskReport
from mailtickets.desk.figures.shown import show
from mailtickets.desk.figures.sight import sight
from mailtickets.desk.figures.slots import Slot, slot_due
from mailtickets.desk.letters.render import Rendered
from mailtickets.desk.model.delivery import Transient
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.notices.notice import Notice
from mailtickets.desk.notices.reports import limit_notices, report_notices
from mailtickets.gateway import charts
from mailtickets.gateway.charts import NoPictures
from mailtickets.gateway.drafting.settlement import render_notice
from mailtickets.gateway.gateway import Gateway
from mailtickets.mail.model import Address, Attachment
from mailtickets.store import report_orders
from mailtickets.store.database import Stale
from mailtickets.store.read.reader import within
from mailtickets.store.read.report import ReportWanted, is_counted, read
from mailtickets.store.report_orders import ClaimedOrder
from mailtickets.views import charts as drawings
from mailtickets.views.charts import ChartName
from mailtickets.views.reports import html, lines, sheet

log = logging.getLogger("mailtickets.jobs")

REPORTS_SECONDS = 5
WAITS_FOR_COUNTING = timedelta(hours=3)
"""Some 8,000 tickets are counted in a minute beside the mail of the day, a million in two hours."""
MAX_PICTURE_BYTES = 400_000
MAX_TABLE_BYTES = 1_000_000
CHARTS_FAIL, REPORT_FAILS = "report-charts", "report-unwritten"
"""Keys of alarms."""


class Reports:
    """The reports of one gateway. It remembers which slots are ordered, so that the database is not asked again."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._ordered: set[tuple[str, str]] = set()

    async def send(self) -> None:
        """Orders what is due, and writes and queues everything that is ordered."""
        gateway, written = self._gateway, 0
        await gateway.off_loop(self.order_due)
        while (claimed := await asyncio.to_thread(_claim, gateway)) is not None:
            written += await self._carried_out(claimed)
        if written:
            await gateway.look_for_work()

    def order_due(self) -> None:
        """Keeps an order for each report of the configuration whose time has come."""
        clerk, policy = self._gateway.clerk, self._gateway.clerk.rules.policy
        here = clerk.clock().astimezone(ZoneInfo(policy.instance.timezone))
        for scheduled in policy.reports:
            slot = slot_due(scheduled.schedule, here)
            if slot is None or (known := (scheduled.name, str(slot.day))) in self._ordered:
                continue
            order = _order_of(scheduled, slot, policy)
            clerk.database.transact(report_orders.schedule, slot.day, order, clerk.clock())
            self._ordered = {one for one in self._ordered if one[1] >= str(slot.day - timedelta(days=3))} | {known}

    async def _carried_out(self, claimed: ClaimedOrder) -> bool:
        alarms = self._gateway.alarms
        try:
            await self._write(claimed)
        except (Transient, Stale):
            raise
        except Exception as error:
            log.exception("report not written", extra={"report": claimed.order.name or "asked"})
            text = f"{claimed.order.name or 'a report that was asked for'}: {type(error).__name__}: {error}"
            await alarms.sound(REPORT_FAILS, text[:1000])
            return False
        await alarms.clear(REPORT_FAILS)
        return True

    async def _write(self, claimed: ClaimedOrder) -> None:
        """Queues the mails of an order: the report, or of one too many, that there is none."""
        gateway, order = self._gateway, claimed.order
        if claimed.refused:
            notices = limit_notices(order, report_orders.PER_HOUR, gateway.clerk.rules.policy)
            mails = await asyncio.to_thread(_with_words, gateway, notices)
        else:
            mails = await self._reported(order)
        await gateway.off_loop(_queue, gateway, claimed.id, mails)

    async def _reported(self, order: ReportOrder) -> list[tuple[Notice, Rendered]]:
        """One report: for its readers who may see the figures of agents, and for those who may not."""
        gateway = self._gateway
        mails: list[tuple[Notice, Rendered]] = []
        for part in _by_sight(order, gateway.clerk.rules.policy):
            report = await asyncio.to_thread(_read, gateway, part)
            drawn = await self._drawn(report, order.locale)
            mails += await asyncio.to_thread(_rendered, gateway, part, report, drawn)
        return mails

    async def _drawn(self, report: DeskReport, locale: str) -> "list[_Picture] | NoPictures":
        drawn = await asyncio.to_thread(_pictures, report, locale)
        if isinstance(drawn, NoPictures):
            log.warning("report without charts", extra={"reason": drawn.code})
            await self._gateway.alarms.sound(CHARTS_FAIL, drawn.text[:1000])
        elif drawn:
            await self._gateway.alarms.clear(CHARTS_FAIL)
        return drawn


def _order_of(scheduled: ScheduledReport, slot: Slot, policy: Policy) -> ReportOrder:
    queues = scheduled.queues or tuple(queue.name for queue in policy.queues)
    agents = ((policy.agent(address), address) for address in scheduled.to)
    people = tuple(Address(agent.name, agent.address) if agent else Address("", address) for agent, address in agents)
    locale = scheduled.locale or policy.instance.locale
    return ReportOrder(slot.period, queues, people, locale, scheduled.by or usual_part(queues), scheduled.name)


def _by_sight(order: ReportOrder, policy: Policy) -> Iterator[ReportOrder]:
    """The order, divided where some of its readers may not see what others may: the figures of single agents."""
    if order.by != "agent":
        yield order
        return
    may = [person for person in order.recipients if _sees_agents(person, order, policy)]
    others = [person for person in order.recipients if person not in may]
    if may:
        yield replace(order, recipients=tuple(may))
    if others:
        yield replace(order, recipients=tuple(others), by=usual_part(order.queues))


def _sees_agents(person: Address, order: ReportOrder, policy: Policy) -> bool:
    """Whether somebody may see the figures of single agents: not an agent who manages none of the queues. Whom else the
    configuration names may."""
    return policy.agent(person.address) is None or set(order.queues) <= set(sight(person.address, policy).managed)


def _claim(gateway: Gateway) -> ClaimedOrder | None:
    """The next order. Nothing is written, and nobody kept from writing, where there is none.

    While many tickets are still to be counted (after an upgrade), a report would say that there are none: it waits, but
    not for more than `WAITS_FOR_COUNTING`.
    """
    clerk, now = gateway.clerk, gateway.clerk.clock()
    with clerk.database.looking() as connection:
        ordered_until = now if is_counted(within(connection)) else now - WAITS_FOR_COUNTING
        if not report_orders.is_due(connection, now, ordered_until):
            return None
    try:
        return clerk.database.transact(report_orders.claim, now, ordered_until)
    except Stale:
        return None  # another gateway has it; the next look finds the others


def _read(gateway: Gateway, order: ReportOrder) -> DeskReport:
    """Reads in a transaction that keeps nobody from writing."""
    clerk = gateway.clerk
    policy = clerk.rules.policy
    everything = set(order.queues) == {queue.name for queue in policy.queues}
    wanted = ReportWanted(order.period, () if everything else order.queues, order.by, order.name)
    with clerk.database.looking() as connection:
        return read(within(connection), wanted, policy, clerk.clock())


def _queue(gateway: Gateway, number: int, mails: Sequence[tuple[Notice, Rendered]]) -> None:
    gateway.clerk.database.transact(_queue_in, gateway, number, mails)


def _queue_in(connection: Connection, gateway: Gateway, number: int, mails: Sequence[tuple[Notice, Rendered]]) -> None:
    report_orders.done(connection, number, gateway.clerk.clock())
    for notice, words in mails:
        gateway.clerk.queue_in(connection, notice, words)


# --- from a report to its mail ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Picture:
    chart: ChartName
    alt: str
    png: bytes


def charts_for(report: DeskReport) -> tuple[ChartName, ...]:
    """The charts of a mail: at most two, and none that would show a single day."""
    if report.period.days < 2 or not report.total.counts.opened:
        return ()
    return ("volume", "answer-time") if report.total.first_answer.n else ("volume",)


def _pictures(report: DeskReport, locale: str) -> list[_Picture] | NoPictures:
    names = charts_for(report)
    drawn = charts.png([drawings.svg(report, name, locale) for name in names])
    if isinstance(drawn, NoPictures):
        return drawn
    pictures = [_Picture(name, drawings.alt(report, name, locale), png) for name, png in zip(names, drawn, strict=True)]
    return [one for one in pictures if len(one.png) <= MAX_PICTURE_BYTES]


def _rendered(
    gateway: Gateway, order: ReportOrder, report: DeskReport, drawn: list[_Picture] | NoPictures
) -> list[tuple[Notice, Rendered]]:
    rules = gateway.clerk.rules
    shown, pictures = show(report, order.locale), [] if isinstance(drawn, NoPictures) else drawn
    files = [_inline(one, rules.policy.instance.hostname) for one in pictures]
    images = [html.image(f"cid:{file.content_id}", one.alt) for one, file in zip(pictures, files, strict=True)]
    table = _table(report, order, shown.title)
    seen = {
        "title": shown.title,
        "period": shown.period,
        "queues": shown.queues,
        "sentence": shown.sentence,
        "text": "\n".join(lines.lines(report, order.locale)),
        "html": html.fragment(report, order.locale, images),
        "table": table.filename if table else "",
        "pictures": not isinstance(drawn, NoPictures),
    }
    notices = report_notices(order, seen, [*files, *([table] if table else [])], rules.policy)
    return _with_words(gateway, notices)


def _with_words(gateway: Gateway, notices: Sequence[Notice]) -> list[tuple[Notice, Rendered]]:
    return [(notice, render_notice(gateway.clerk.rules.templates, notice)) for notice in notices]


def _inline(picture: _Picture, hostname: str) -> Attachment:
    digest = sha256(picture.png).hexdigest()
    content_id = f"{picture.chart}.{digest[:24]}@{hostname}"
    return Attachment(
        f"{picture.chart}.png", "image/png", len(picture.png), digest, inline=True, content_id=content_id,
        content=picture.png,
    )  # fmt: skip


def _table(report: DeskReport, order: ReportOrder, title: str) -> Attachment | None:
    """The whole report as CSV. None: it is too large."""
    content = sheet.for_excel(report, order.locale)
    if len(content) > MAX_TABLE_BYTES:
        return None
    stem = re.sub(r"[^\w-]+", "-", title.casefold()).strip("-")[:60]
    name = f"{stem}-{report.period.since}-{report.period.until}.csv"
    digest = sha256(content).hexdigest()
    return Attachment(name, "text/csv", len(content), digest, inline=False, content_id=None, content=content)
