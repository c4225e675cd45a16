"""Which rules of the configuration match, in the order of the file. They are asked once, on the facts as they were.

What one rule does is never seen by another: no rule sets off a rule, and no loop is possible.
Owns: which conditions are made ready for which configuration, the meaning of `stop`, and the trace.
Fails with: nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from mailtickets.config.rules import Rule, Trigger, conditions
from mailtickets.desk.model.decision import RuleVerdict
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.rules.configured.conditions import RuleTest, of_rules
from mailtickets.desk.rules.configured.matter import Matter

MATCHES = "matches"
"""The verdict of a rule whose conditions hold."""


@dataclass(frozen=True, slots=True)
class ReadyRule:
    """A rule whose conditions are ready to be asked."""

    rule: Rule
    test: RuleTest
    matches: RuleVerdict
    """What the trace says where the rule matches."""
    wrong_time: RuleVerdict
    """What the trace says where the rule is not asked at such a time."""
    failures: dict[str, RuleVerdict] = field(default_factory=dict)
    """What the trace says for each condition that does not hold: there are few, and a rule that fails is the usual."""

    def no(self, failed: str) -> RuleVerdict:
        return self.failures.setdefault(failed, RuleVerdict(self.rule.reason, "no", failed))


@dataclass(frozen=True, slots=True)
class Matching:
    """The rules that match, in the order of the file, and what the trace says of every rule."""

    matched: tuple[Rule, ...] = ()
    verdicts: tuple[RuleVerdict, ...] = ()


@lru_cache(maxsize=16)
def ready(policy: Policy) -> tuple[ReadyRule, ...]:
    """The rules of a configuration. They are made ready once."""
    return tuple(
        ReadyRule(
            rule,
            test,
            RuleVerdict(rule.reason, MATCHES, ""),
            RuleVerdict(rule.reason, "not asked", f"on = {', '.join(rule.on)}"),
        )
        for rule, test in zip(policy.configured, of_rules(policy.configured), strict=True)
    )


@lru_cache(maxsize=64)
def _to_ask(policy: Policy, occasions: tuple[Trigger, ...]) -> tuple[tuple[ReadyRule, tuple[int, ...]], ...]:
    """Every rule, and the places among the occasions that it is asked about."""
    return tuple((one, tuple(at for at, on in enumerate(occasions) if on in one.rule.on)) for one in ready(policy))


def look(matters: Sequence[Matter], policy: Policy, *, only: str | None = None) -> Matching:
    """Asks the rules. `matters` has one entry for each kind of occasion: a reply that changes the status has two.

    `only` names the one rule to ask, because its time has come.
    """
    matched: list[Rule] = []
    verdicts: list[RuleVerdict] = []
    stopped: Rule | None = None
    for one, places in _to_ask(policy, tuple(matter.on for matter in matters)):
        if stopped is not None:
            verdicts.append(RuleVerdict(one.rule.reason, "not asked", f"{stopped.reason} stops"))
        elif not places or (only is not None and one.rule.name != only):
            verdicts.append(one.wrong_time)
        elif (failed := _failed(one.test, matters, places)) is not None:
            verdicts.append(one.failures.get(failed) or one.no(failed))
        else:
            matched.append(one.rule)
            verdicts.append(one.matches)
            stopped = one.rule if one.rule.stop else None
    return Matching(tuple(matched), tuple(verdicts))


def _failed(test: RuleTest, matters: Sequence[Matter], places: Sequence[int]) -> str | None:
    """None if the rule matches on one of the occasions; else the first condition that does not hold."""
    if len(places) == 1:
        return test(matters[places[0]])
    first: str | None = None
    for place in places:
        failed = test(matters[place])
        if failed is None:
            return None
        first = failed if first is None else first
    return first


def asks_history(matters: Iterable[Matter], policy: Policy) -> bool:
    """Whether a rule that is asked now looks at what the customer has had before."""
    occasions = {matter.on for matter in matters}
    return any(occasions & set(on) for on in _asking_history(policy))


@lru_cache(maxsize=16)
def _asking_history(policy: Policy) -> tuple[tuple[str, ...], ...]:
    """The occasions of each rule that looks at the customer's history."""
    return tuple(rule.on for rule in policy.configured if any(_history(rule)))


def _history(rule: Rule) -> Iterator[bool]:
    return (one.tickets is not None or one.last_score is not None for _, one in conditions(rule))
