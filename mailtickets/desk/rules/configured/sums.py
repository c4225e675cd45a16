"""What the rules that match do together: the last one counts for what only one can say, the rest adds up.

In: rules in the order of the file. Out: what is said, each with the rule that says it. Pure; fails with nothing.
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass, field, replace

from mailtickets.config.rules import Rule


@dataclass(frozen=True, slots=True)
class Stated:
    """A value, and the rule that says it."""

    value: str
    rule: Rule


@dataclass(frozen=True, slots=True)
class RuleSum:
    """What several rules say together."""

    setters: dict[str, Stated] = field(default_factory=dict)
    """By key: queue, priority, type, stage, fields.NAME, assign, answer."""
    tags: tuple[Rule, ...] = ()
    """The rules that add or remove tags, in their order."""
    watch: tuple[Stated, ...] = ()
    notify: tuple[Stated, ...] = ()
    ask: tuple[Stated, ...] = ()
    holds: tuple[Rule, ...] = ()

    def without(self, keys: Container[str]) -> "RuleSum":
        """The same without some setters."""
        if not any(key in keys for key in self.setters):
            return self
        return replace(self, setters={key: said for key, said in self.setters.items() if key not in keys})

    def value(self, key: str) -> str:
        """What a setter says; empty if no rule says it."""
        said = self.setters.get(key)
        return said.value if said is not None else ""


def together(rules: Iterable[Rule]) -> RuleSum:
    rules = tuple(rules)
    return RuleSum(
        setters=_setters(rules),
        tags=tuple(rule for rule in rules if rule.add_tags or rule.remove_tags),
        watch=_each((name, rule) for rule in rules for name in rule.watch),
        notify=_each((name, rule) for rule in rules for name in rule.notify),
        ask=_each((name, rule) for rule in rules for name in rule.ask),
        holds=tuple(rule for rule in rules if rule.hold),
    )


def _setters(rules: Iterable[Rule]) -> dict[str, Stated]:
    """The last rule that says something, unless an earlier one was final."""
    found: dict[str, Stated] = {}
    for rule in rules:
        for key, value in rule.setters:
            earlier = found.get(key)
            if earlier is None or not earlier.rule.is_final(key):
                found[key] = Stated(value, rule)
    return found


def _each(pairs: Iterable[tuple[str, Rule]]) -> tuple[Stated, ...]:
    """Each value once, with the first rule that says it."""
    found: dict[str, Stated] = {}
    for value, rule in pairs:
        found.setdefault(value.casefold(), Stated(value, rule))
    return tuple(found.values())
