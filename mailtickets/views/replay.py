"""What another configuration would have changed, as JSON and as text: by rule, and of each rule the tickets.

In: what `gateway.replay` finds, one after the other. Only the first tickets of each rule are kept, and counts of the
rest, so that memory does not grow with the mail.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mailtickets.desk.rules.configured.compare import Difference
from mailtickets.desk.rules.configured.shadows import Shadow
from mailtickets.gateway.replay import Replayed, Tally
from mailtickets.views.rules import shadow_as_json

_ON = {"mail": "", "status": "status changed: ", "due": "in time: "}


@dataclass(slots=True)
class RuleGroup:
    """The differences that come from one rule."""

    rule: str
    """Its name; empty: they come from something else in the configuration."""
    missed: bool
    """It is a rule of the present configuration, which the new one has no more, or has otherwise."""
    tickets: set[int] = field(default_factory=set)
    count: int = 0
    shown: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class ReplayReport:
    """All that is said at the end of a comparison."""

    since: Any
    limit: int
    groups: dict[tuple[str, bool], RuleGroup] = field(default_factory=dict)
    tickets: set[int] = field(default_factory=set)
    differ: int = 0
    unused: Sequence[str] = ()
    shadowed: Sequence[Shadow] = ()

    def add(self, found: Replayed) -> None:
        self.differ += 1
        if found.ticket is not None:
            self.tickets.add(found.ticket)
        by_rule: dict[tuple[str, bool], list[Difference]] = {}
        for difference in found.differences:
            by_rule.setdefault((difference.rule, difference.missed), []).append(difference)
        for key, differences in by_rule.items():
            group = self.groups.setdefault(key, RuleGroup(*key))
            group.count += 1
            if found.ticket is not None:
                group.tickets.add(found.ticket)
            if len(group.shown) < self.limit:
                group.shown.append(_shown(found, differences))

    def as_json(self, tally: Tally) -> dict[str, Any]:
        return {
            "since": self.since,
            "replayed": {"mails": tally.mails, "statuses": tally.statuses, "timers": tally.timers},
            "not_replayed": dict(sorted(tally.skipped.items())),
            "decided_otherwise_today": tally.decided_otherwise,
            "differ": self.differ,
            "tickets": len(self.tickets),
            "rules": [
                {
                    "rule": group.rule or None,
                    "missed": group.missed,
                    "tickets": len(group.tickets),
                    "differ": group.count,
                    "changes": group.shown,
                }
                for group in self._in_order()
            ],
            "unused": list(self.unused),
            "shadowed": [shadow_as_json(one) for one in self.shadowed],
        }

    def lines(self, tally: Tally) -> Iterator[str]:
        for group in self._in_order():
            yield f"{_heading(group)}: {_number(len(group.tickets), 'ticket')}"
            yield from (f"  {_line(one)}" for one in group.shown)
            if group.count > len(group.shown):
                yield f"  ... and {group.count - len(group.shown)} more (--limit)"
            yield ""
        yield from self._sums(tally)
        yield from (f"unused: rule {name} matched nothing of this" for name in self.unused)
        yield from (f"shadowed: rule {one.rule} {one.text}" for one in self.shadowed)

    def _sums(self, tally: Tally) -> Iterator[str]:
        done = [_number(tally.mails, "mail")]
        done += [_number(tally.statuses, "change of status", "changes of status")] if tally.statuses else []
        done += [_number(tally.timers, "timed rule", "timed rules")] if tally.timers else []
        yield f"{', '.join(done)} since {self.since:%Y-%m-%d %H:%M} replayed"
        yield f"{_number(len(self.tickets), 'ticket')} would differ" if self.differ else "nothing would differ"
        for reason, count in sorted(tally.skipped.items()):
            yield f"not replayed: {_number(count, 'mail')} {reason}"
        if tally.decided_otherwise:
            yield (
                f"{_number(tally.decided_otherwise, 'mail')} would be decided on otherwise today by the present"
                " configuration itself: it has changed since"
            )

    def _in_order(self) -> Sequence[RuleGroup]:
        return sorted(self.groups.values(), key=lambda group: (not group.rule, group.missed, -group.count, group.rule))


def _heading(group: RuleGroup) -> str:
    if not group.rule:
        return "by no rule"
    return f"rule {group.rule} (as it is now)" if group.missed else f"rule {group.rule}"


def _shown(found: Replayed, differences: Sequence[Difference]) -> dict[str, Any]:
    return {
        "ticket": found.ticket,
        "subject": found.subject,
        "at": found.at,
        "inbound": found.inbound,
        "on": found.on,
        "changes": [{"what": one.what, "old": one.old, "new": one.new} for one in differences],
    }


def _line(shown: Mapping[str, Any]) -> str:
    changes = ", ".join(f"{one['what']} {one['old'] or '-'} -> {one['new'] or '-'}" for one in shown["changes"])
    where = f"#{shown['ticket']}" if shown["ticket"] is not None else f"inbound {shown['inbound']}"
    subject = " ".join(str(shown["subject"]).split())
    return f"{where}  {shown['at'].astimezone():%Y-%m-%d %H:%M}  {_ON[shown['on']]}{changes}  {subject}"


def _number(count: int, one: str, several: str = "") -> str:
    return f"{count} {one if count == 1 else several or f'{one}s'}"
