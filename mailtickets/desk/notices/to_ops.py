"""What is written to `ops_address`: something is wrong with the gateway itself, or is well again."""

from datetime import datetime
from zoneinfo import ZoneInfo

from mailtickets.desk.model.policy import Policy
from mailtickets.desk.notices.alarms import kind_of, row_of
from mailtickets.desk.notices.notice import SUPPRESS, Notice
from mailtickets.desk.notices.row import NoticeName
from mailtickets.desk.notices.rows import NOTICES
from mailtickets.mail.model import Address


def alarm(key: str, text: str, policy: Policy, since: datetime, times: int = 1) -> Notice:
    """What is wrong and since when, and what to do; `times`: how often it has come and gone since then."""
    advice = row_of(key).advice.get(policy.instance.locale, "")
    return _to_ops("alarm", key, {"text": text, "since": since, "times": times, "advice": advice}, policy)


def all_clear(key: str, text: str, policy: Policy, since: datetime, until: datetime, times: int = 1) -> Notice:
    """What was wrong from when to when, and is no more."""
    return _to_ops("all_clear", key, {"text": text, "since": since, "until": until, "times": times}, policy)


def told_of(key: str, policy: Policy) -> tuple[Address, ...]:
    """Who is told of an alarm: `ops_address`, and the managers whom it concerns."""
    people = [policy.instance.ops_address] if policy.instance.ops_address else []
    row = row_of(key)
    if row.for_managers:
        named = policy.queue(key.removeprefix(f"{kind_of(key)}-"))
        people += [manager for queue in ([named] if named else policy.queues) for manager in queue.managers]
    return tuple({address.casefold(): Address("", address) for address in people}.values())


def _to_ops(name: NoticeName, key: str, what: dict[str, object], policy: Policy) -> Notice:
    instance, people = policy.instance, told_of(key, policy)
    zone = ZoneInfo(instance.timezone)
    shown = {name: at.astimezone(zone) if isinstance(at, datetime) else at for name, at in what.items()}
    title = row_of(key).title.get(instance.locale, "")
    return Notice(
        name,
        instance.locale,
        policy.queues[0],
        people,
        {"instance": {"name": instance.name}, "alarm": {"subject": key, "title": title, **shown}},
        NOTICES[name].priority,
        to_customer=False,
        auto_submitted="auto-generated",
        suppress=SUPPRESS,
        loop=True,
        sender_name=f"mailtickets {instance.name}",
    )
