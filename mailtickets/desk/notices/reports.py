"""The mail with a report, and the answer to a manager who asked for one in words that are not understood.

Agents' copies have a reply token: the lines of a reply act on tickets. Others get none, and their replies may ask for
another report.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mailtickets.desk.commands.rows import ROWS
from mailtickets.desk.figures.order import ReportOrder
from mailtickets.desk.figures.sight import sight
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.notices.for_agents import for_agents
from mailtickets.desk.notices.notice import SUPPRESS, Notice, Occasion
from mailtickets.desk.notices.rows import NOTICES
from mailtickets.mail.model import REF_PLACEHOLDER, Address, Attachment


def report_notices(
    order: ReportOrder, report: Mapping[str, object], enclosed: Sequence[Attachment], policy: Policy
) -> list[Notice]:
    """The notices of a written report: one for the agents among its recipients, one for the others.

    `report` is what the templates see of it (`shapes.REPORT`).
    """
    agents = tuple(person for person in order.recipients if policy.agent(person.address))
    others = tuple(person for person in order.recipients if not policy.agent(person.address))
    written = [_notice(order, report, enclosed, policy, people) for people in (agents, others) if people]
    return [replace(notice, takes_lines=notice.recipients == agents) for notice in written]


def _notice(
    order: ReportOrder,
    report: Mapping[str, object],
    enclosed: Sequence[Attachment],
    policy: Policy,
    people: tuple[Address, ...],
) -> Notice:
    queue = next((queue for queue in policy.queues if queue.name in order.queues), policy.queues[0])
    return Notice(
        "report",
        order.locale,
        queue,
        people,
        {
            "instance": {"name": policy.instance.name},
            "queue": {"name": queue.name, "address": queue.address, "title": queue.title},
            "report": dict(report),
            "again": ROWS["report"].spelled(order.locale),
            "ref": REF_PLACEHOLDER,
        },
        NOTICES["report"].priority,
        to_customer=False,
        auto_submitted="auto-generated",
        suppress=SUPPRESS,
        loop=True,
        sender_name=queue.title,
        enclosed=tuple(enclosed),
    )


def report_help(occasion: Occasion) -> Notice:
    """To a manager who is no agent: what was not understood, and examples of what may be asked."""
    situation, policy = occasion.situation, occasion.policy
    person = (
        situation.mail.author if situation.mail and situation.mail.author else Address("", situation.decision.actor)
    )
    problems = [
        {"line": one.line, "code": one.code, "nearest": list(one.nearest), "expected": one.expected}
        for one in situation.decision.feedback.problems
    ]
    extra: dict[str, object] = {
        "problems": problems,
        "again": ROWS["report"].spelled(policy.instance.locale),
        "queues": list(sight(person.address, policy).queues),
        "reply_effect": "none",
    }
    notice = for_agents("report_help", [], occasion, silent=True, extra=extra)
    return replace(notice, recipients=(person,), takes_lines=False, automatic=True)
