"""What two configurations make of the same mail, side by side. Pure.

In: the decision of each, with what the rules of the configuration say, and the ticket before. Out: the differences that
a person would see on the ticket or in a mailbox, each with the rule it comes from.
Whose turn it is hangs on the load of that hour: the way in which a ticket is given out is compared, not the person.
Fails with: nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mailtickets.desk.change import changed, opened
from mailtickets.desk.clock.stages import followed
from mailtickets.desk.fields.gathered import completed, concerns_levels
from mailtickets.desk.model.decision import Decision
from mailtickets.desk.model.effects import (
    AddParticipant,
    Assign,
    Effect,
    MoveTo,
    OpenTicket,
    SetField,
    SetPriority,
    SetStage,
    SetTags,
    SetType,
)
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Ticket

RULE = "rule:"
"""What the reason of an effect begins with that a rule has brought about."""

_ORDERED = "ordered"


@dataclass(frozen=True, slots=True)
class RuledEnding:
    """What one configuration makes of a mail, or of a change of status."""

    says: Mapping[str, str]
    """What people see, by aspect: `queue`, `priority`, `told`, `answer` ... An aspect without value is left out."""
    by: Mapping[str, str]
    """The rule that an aspect comes from, if it comes from one."""
    matched: tuple[str, ...] = ()
    """The rules that matched, in the order of the file."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One aspect that the two configurations see otherwise."""

    what: str
    old: str
    new: str
    rule: str
    """The rule of the new configuration that it comes from, or the rule of the old one that is missed. Empty: it comes
    from something else in the configuration."""
    missed: bool = False
    """The rule is one of the old configuration, which does this no more."""


def finished(decision: Decision, before: Ticket | None, policy: Policy, now: datetime, words: str = "") -> Decision:
    """The decision with what follows from it on every ticket: levels and the priority, the status of a stage.

    `words` are the customer's new ones. Whether an agent had set the priority is not asked.
    """
    if concerns_levels(decision, before, policy):
        decision = completed(decision, before, policy, now, words=words, by_hand=False)
    return followed(decision, before, policy, now)


def ending(decision: Decision, before: Ticket | None, now: datetime) -> RuledEnding:
    """What a decision comes to, for people. `before` is the ticket before it; None if it opens one or has none."""
    said = _Aspects()
    held = decision.outcome == "held"
    said.put("outcome", "held" if held else decision.outcome or "", decision.reason if held else "")
    after = _after(decision, before, now)
    if after is not None:
        for what, value in _of_ticket(after, decision.effects):
            said.put(what, value)
    for effect in decision.effects:
        _note_rule(said, effect)
    ruled = decision.ruled
    for what, several in (("told", ruled.notify), ("asked", ruled.ask)):
        for one in several:
            said.add(what, one.value, one.rule)
    if ruled.answer is not None:
        said.put("answer", ruled.answer.value, f"{RULE}{ruled.answer.rule}")
    return RuledEnding({what: value for what, value in said.values.items() if value}, said.by, ruled.matched)


def differences(old: RuledEnding, new: RuledEnding) -> tuple[Difference, ...]:
    """What differs, in the order in which people look at a ticket. Of a mail that one of them holds, that alone."""
    aspects = dict.fromkeys((*new.says, *old.says))
    differing = [what for what in aspects if old.says.get(what, "") != new.says.get(what, "")]
    return tuple(_difference(what, old, new) for what in (["outcome"] if "outcome" in differing else differing))


def _difference(what: str, old: RuledEnding, new: RuledEnding) -> Difference:
    rule, missed = new.by.get(what, ""), False
    if not rule or (rule == old.by.get(what) and not new.says.get(what)):
        rule, missed = old.by.get(what, ""), bool(old.by.get(what))
    if not rule:
        rule, missed = _only_one(old, new)
    return Difference(what, old.says.get(what, ""), new.says.get(what, ""), rule, missed)


def _only_one(old: RuledEnding, new: RuledEnding) -> tuple[str, bool]:
    """The one rule that matched with only one of the two; empty if there are several or none."""
    more = [(name, False) for name in new.matched if name not in old.matched]
    fewer = [(name, True) for name in old.matched if name not in new.matched]
    return (*more, *fewer)[0] if len(more) + len(fewer) == 1 else ("", False)


# --- aspects ------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Aspects:
    values: dict[str, str] = field(default_factory=dict)
    by: dict[str, str] = field(default_factory=dict)

    def put(self, what: str, value: str, reason: str = "") -> None:
        self.values[what] = value
        if reason.startswith(RULE):
            self.by[what] = reason.removeprefix(RULE)

    def add(self, what: str, value: str, rule: str) -> None:
        """One more of an aspect that has several values."""
        before = self.values.get(what, "")
        self.values[what] = f"{before}, {value}" if before else value
        self.by[what] = rule


def _after(decision: Decision, before: Ticket | None, now: datetime) -> Ticket | None:
    opening = decision.opens
    start = opened(opening, 0, now) if opening is not None else before
    effects = [effect for effect in decision.effects if not isinstance(effect, OpenTicket)]
    return changed(start, effects, now) if start is not None else None


def _of_ticket(ticket: Ticket, effects: tuple[Effect, ...]) -> Iterator[tuple[str, str]]:
    yield "queue", ticket.queue
    yield "status", ticket.status
    yield "stage", ticket.stage
    yield "priority", ticket.priority
    yield "type", ticket.type or ""
    yield "assignee", _given_to(ticket, effects)
    yield "tags", " ".join(ticket.tags)
    yield from ((f"field {name}", value) for name, value in ticket.fields)
    agents = sorted(person.address.address for person in ticket.participants if person.role == "agent")
    yield "watching", ", ".join(agents)


def _given_to(ticket: Ticket, effects: tuple[Effect, ...]) -> str:
    """The assignee; for a turn, in which way it goes."""
    given = next((effect for effect in reversed(effects) if isinstance(effect, Assign)), None)
    by_turn = given is not None and given.to and given.reason != _ORDERED and not given.reason.startswith(RULE)
    return f"({given.reason})" if given is not None and by_turn else ticket.assignee or ""


def _note_rule(said: _Aspects, effect: Effect) -> None:
    """Notes the rule that has brought an effect about."""
    match effect:
        case MoveTo():
            what = "queue"
        case SetPriority():
            what = "priority"
        case SetType():
            what = "type"
        case SetStage():
            what = "stage"
        case SetTags():
            what = "tags"
        case Assign():
            what = "assignee"
        case SetField():
            what = f"field {effect.name}"
        case AddParticipant():
            what = "watching"
        case _:
            return
    if effect.reason is not None and effect.reason.startswith(RULE):
        said.by[what] = effect.reason.removeprefix(RULE)
