"""Which rules of the configuration match, in the order of the file. They are asked once, on the facts as they were.

What one rule does is never seen by another: no rule sets off a rule, and no loop is possible.
Owns: which conditions are made ready for which configuration, the meaning of `stop`, and the trace, which is found when
somebody reads it.
Fails with: nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

from mailtickets.config.rules import Rule, Trigger, conditions
from mailtickets.desk.model.decision import RuleVerdict, nothing_told
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.rules.configured.candidates import Candidates, candidates
from mailtickets.desk.rules.configured.conditions import RuleTest, of_rules
from mailtickets.desk.rules.configured.matter import Matter

MATCHES = "matches"
"""The verdict of a rule whose conditions hold."""


@dataclass(frozen=True, slots=True)
class Matching:
    """The rules that match, in the order of the file, and what the trace says of every rule, for those who ask."""

    matched: tuple[Rule, ...] = ()
    told: Callable[[], tuple[RuleVerdict, ...]] = nothing_told


@dataclass(frozen=True, slots=True)
class _Asked:
    """A rule as it is asked on some occasions."""

    rule: Rule
    test: RuleTest
    places: tuple[int, ...]
    """The places among the occasions that it is asked about."""


@dataclass(frozen=True, slots=True)
class _Asking:
    """The rules of a configuration as they are asked on some occasions."""

    rules: tuple[_Asked, ...]
    """Every rule, in the order of the file."""
    candidates: Candidates
    """Of those that are asked about one of the occasions."""


@lru_cache(maxsize=64)
def _asking(policy: Policy, occasions: tuple[Trigger, ...]) -> _Asking:
    rules = tuple(
        _Asked(rule, test, tuple(at for at, on in enumerate(occasions) if on in rule.on))
        for rule, test in zip(policy.configured, _tests(policy), strict=True)
    )
    return _Asking(rules, candidates((at, one.rule) for at, one in enumerate(rules) if one.places))


@lru_cache(maxsize=16)
def _tests(policy: Policy) -> tuple[RuleTest, ...]:
    """The conditions of a configuration's rules. They are made ready once."""
    return of_rules(policy.configured)


def matching(rule: Rule) -> RuleVerdict:
    """What the trace says where the rule matches."""
    return RuleVerdict(rule.reason, MATCHES, "")


def _occasions(matters: Sequence[Matter]) -> tuple[Trigger, ...]:
    return tuple(matter.on for matter in matters)


def look(matters: Sequence[Matter], policy: Policy, *, only: str | None = None) -> Matching:
    """Asks the rules. `matters` has one entry for each kind of occasion: a reply that changes the status has two.

    `only` names the one rule to ask, because its time has come.
    """
    asking, matched = _asking(policy, _occasions(matters)), list[Rule]()
    for at in asking.candidates.among(matters):
        one = asking.rules[at]
        if (only is None or one.rule.name == only) and _failed(one, matters) is None:
            matched.append(one.rule)
            if one.rule.stop:
                break
    return Matching(tuple(matched), partial(_verdicts, matters, policy, only))


def _verdicts(matters: Sequence[Matter], policy: Policy, only: str | None) -> tuple[RuleVerdict, ...]:
    """A line for every rule, matched or not."""
    verdicts: list[RuleVerdict] = []
    stopped: Rule | None = None
    for one in _asking(policy, _occasions(matters)).rules:
        if stopped is not None:
            verdicts.append(RuleVerdict(one.rule.reason, "not asked", f"{stopped.reason} stops"))
        elif not one.places or (only is not None and one.rule.name != only):
            verdicts.append(RuleVerdict(one.rule.reason, "not asked", f"on = {', '.join(one.rule.on)}"))
        elif (failed := _failed(one, matters)) is not None:
            verdicts.append(RuleVerdict(one.rule.reason, "no", failed))
        else:
            verdicts.append(matching(one.rule))
            stopped = one.rule if one.rule.stop else None
    return tuple(verdicts)


def _failed(one: _Asked, matters: Sequence[Matter]) -> str | None:
    """None if the rule matches on one of the occasions; else the first condition that does not hold."""
    first: str | None = None
    for place in one.places:
        failed = one.test(matters[place])
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
