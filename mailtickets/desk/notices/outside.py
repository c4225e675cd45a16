"""Notices to people who are no agents: figures of a ticket, and nothing that leads to it.

They get the number, queue, priority, status and times of a ticket: neither the customer's words nor a reply address of
the ticket, links or commands. The mail is automatic (RFC 3834), and the budgets of automatic mail count it.
Fails with: nothing.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from mailtickets.desk.model.ticket import Ticket
from mailtickets.desk.notices.notice import SUPPRESS, Notice, Occasion
from mailtickets.desk.notices.row import NoticeName
from mailtickets.desk.notices.rows import NOTICES
from mailtickets.mail.model import Address


def figures(ticket: Ticket, occasion: Occasion) -> dict[str, object]:
    """What people outside are told of a ticket."""
    return {
        "tag": occasion.queue.subject_tag.replace("{number}", str(ticket.number)),
        "priority": ticket.priority,
        "status": ticket.status,
        "opened_at": local(ticket.created_at, occasion),
        "taken": ticket.assignee is not None,
    }


def local(moment: datetime | None, occasion: Occasion) -> datetime | None:
    """The moment in the time zone of the instance."""
    return moment.astimezone(ZoneInfo(occasion.policy.instance.timezone)) if moment is not None else None


def to_outsiders(name: NoticeName, addresses: Iterable[str], occasion: Occasion, shown: Mapping[str, object]) -> Notice:
    """A notice that shows the names of the instance and the queue, and `shown`."""
    policy, queue = occasion.policy, occasion.queue
    return Notice(
        name,
        policy.instance.locale,
        queue,
        tuple(Address("", address) for address in addresses),
        {
            "instance": {"name": policy.instance.name},
            "queue": {"name": queue.name, "address": queue.address, "title": queue.title},
            **shown,
        },
        NOTICES[name].priority,
        to_customer=False,
        auto_submitted="auto-generated",
        suppress=SUPPRESS,
        loop=True,
        automatic=True,
        sender_name=queue.title,
    )
