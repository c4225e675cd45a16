"""The mail with a report; the answer to a manager who asked for one in words that are not understood; the answer to
somebody who asked for too many.

Agents' copies have a reply token: the lines of a reply act on tickets. Others get none. Replies of agents and managers
may ask for another report. Whom else the configuration names is told that a reply opens a ticket.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mailtickets.desk.commands.rows import ROWS
from mailtickets.desk.figures.order import ReportOrder
from mailtickets.desk.figures.sight import sight
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.notices.for_agents import for_agents
from mailtickets.desk.notices.notice import SUPPRESS, Notice, Occasion
from mailtickets.desk.notices.row import NoticeName, ReplyEffect
from mailtickets.desk.notices.rows import NOTICES
from mailtickets.mail.model import REF_PLACEHOLDER, Address, Attachment


def report_notices(
    order: ReportOrder, report: Mapping[str, object], enclosed: Sequence[Attachment], policy: Policy
) -> list[Notice]:
    """The notices of a written report: one for the agents among its recipients, one for managers, one for the others.

    `report` is what the templates see of it (`shapes.REPORT`).
    """
    groups: dict[ReplyEffect, list[Address]] = {}
    for person in order.recipients:
        groups.setdefault(_effect_of_replies(person, policy), []).append(person)
    return [
        _notice("report", order, policy, tuple(people), effect, {"report": dict(report)}, enclosed)
        for effect, people in groups.items()
    ]


def limit_notices(order: ReportOrder, limit: int, policy: Policy) -> list[Notice]:
    """The notice to somebody who has asked for more than `limit` reports in an hour: this one is not written."""
    return [
        _notice("report_limit", order, policy, (person,), _effect_of_replies(person, policy), {"limit": limit})
        for person in order.recipients
    ]


def _effect_of_replies(person: Address, policy: Policy) -> ReplyEffect:
    """What becomes of a reply: an agent's lines act, a manager may ask again, anybody else's is a customer's mail."""
    if policy.agent(person.address):
        return "lines"
    return "asks" if sight(person.address, policy).managed else "none"


def _notice(
    name: NoticeName,
    order: ReportOrder,
    policy: Policy,
    people: tuple[Address, ...],
    effect: ReplyEffect,
    told: Mapping[str, object],
    enclosed: Sequence[Attachment] = (),
) -> Notice:
    queue = next((queue for queue in policy.queues if queue.name in order.queues), policy.queues[0])
    return Notice(
        name,
        order.locale,
        queue,
        people,
        {
            "instance": {"name": policy.instance.name},
            "queue": {"name": queue.name, "address": queue.address, "title": queue.title},
            **told,
            "again": ROWS["report"].spelled(order.locale),
            "reply_effect": effect,
            "ref": REF_PLACEHOLDER,
        },
        NOTICES[name].priority,
        to_customer=False,
        auto_submitted="auto-generated",
        suppress=SUPPRESS,
        loop=True,
        sender_name=queue.title,
        takes_lines=effect == "lines",
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
