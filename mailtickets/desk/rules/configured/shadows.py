"""Rules of the configuration that can never win, as far as that can be proved from the file alone. Pure.

In: the tables of `[[rule]]`, as TOML or the models have them. Out: for each such rule, which rules are in its way, and
why. A rule is only named if every mail that it matches is lost to others: an earlier rule that stops, a setting that is
final, or later rules that set all of it again. What depends on the hour, on history or on who is there is not claimed.
Imports no models, so that `rule list` answers at once.
Fails with: nothing; a condition that is not known here implies nothing but itself.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from mailtickets.desk.rules.configured.glob import Glob, plain

ShadowCause = Literal["stopped", "overwritten", "final", "impossible"]

_TEXTS = {"queue", "from", "to", "tag", "type", "stage", "assigned"}
"""Conditions whose texts are compared as a whole, and may have `*` and `?`."""
_PHRASES = {"subject", "words"}
"""Conditions whose words are looked for in a text."""
_SINGLE = {"queue", "language", "kind", "verified", "status", "was", "priority", "type", "stage"}
"""What a mail or a ticket has one of: two different values exclude each other."""
_ADDS = ("add_tags", "remove_tags", "watch", "notify", "ask", "hold", "webhook", "stop")
"""What a rule does that no other rule takes back."""
_MAY_FAIL = ("stage", "answer")
"""Settings that may turn out impossible on a ticket: then an earlier rule's counts."""


# --- conditions as formulas ---------------------------------------------------------------------------


class Atom(NamedTuple):
    key: str
    value: Any


class And(NamedTuple):
    parts: tuple["Formula", ...]


class Or(NamedTuple):
    parts: tuple["Formula", ...]


class Not(NamedTuple):
    part: "Formula"


Formula = Atom | And | Or | Not


def _all(parts: Iterable[Formula]) -> Formula:
    parts = tuple(parts)
    return parts[0] if len(parts) == 1 else And(parts)


def _one(parts: Iterable[Formula]) -> Formula:
    parts = tuple(parts)
    return parts[0] if len(parts) == 1 else Or(parts)


def _condition(table: Mapping[str, Any], calendar: str) -> Formula:
    """What a condition says. Models name some keys with an underscore behind them, and have None for what is unset."""
    return _all(
        _key(key.rstrip("_"), value, calendar) for key, value in sorted(table.items()) if value not in (None, (), [])
    )


def _key(key: str, value: Any, calendar: str) -> Formula:
    if key in {"all", "any"}:
        return (_all if key == "all" else _one)(_condition(one, calendar) for one in value)
    if key == "not":
        return Not(_condition(value, calendar))
    if key in {"header", "field"}:
        pairs = value.items() if isinstance(value, Mapping) else value
        return _all(_texts(f"{key} {name.lower() if key == 'header' else name}", texts) for name, texts in pairs)
    if key == "business_hours":
        named = value if isinstance(value, str) else calendar
        inside = Atom(key, named)
        return Not(inside) if value is False else inside
    if isinstance(value, str | list | tuple):
        return _texts(key, value)
    return Atom(key, _hashable(value))


def _texts(key: str, value: Any) -> Formula:
    """A list of texts holds if one of them does."""
    texts = (value,) if isinstance(value, str) else value
    return _one(Atom(key, plain(text) if isinstance(text, str) else _hashable(text)) for text in texts)


def _hashable(value: Any) -> Any:
    """A value that can be compared: an amount such as `>=3` as it is written."""
    written = value.get("written") if isinstance(value, Mapping) else getattr(value, "written", None)
    if written is not None:
        return str(written)
    return repr(sorted(value.items())) if isinstance(value, Mapping) else value


# --- what follows from what ---------------------------------------------------------------------------


def implies(given: Formula, wanted: Formula) -> bool:
    """Whether everything that `given` holds for, `wanted` holds for too. False: that cannot be proved."""
    if given == wanted:
        return True
    if isinstance(wanted, And):
        return all(implies(given, part) for part in wanted.parts)
    if isinstance(given, Or):
        return bool(given.parts) and all(implies(part, wanted) for part in given.parts)
    if isinstance(wanted, Or) and any(implies(given, part) for part in wanted.parts):
        return True
    if isinstance(given, And):
        return any(implies(part, wanted) for part in given.parts)
    if isinstance(given, Not) and isinstance(wanted, Not):
        return implies(wanted.part, given.part)
    if isinstance(wanted, Not):
        return _exclude(given, wanted.part)
    return isinstance(given, Atom) and isinstance(wanted, Atom) and _atom_implies(given, wanted)


def _exclude(one: Formula, other: Formula) -> bool:
    """Whether the two cannot hold together. False: that cannot be proved."""
    for either, rest in ((one, other), (other, one)):
        if isinstance(either, Not):
            return implies(rest, either.part)
        if isinstance(either, And):
            return any(_exclude(part, rest) for part in either.parts)
        if isinstance(either, Or):
            return bool(either.parts) and all(_exclude(part, rest) for part in either.parts)
    if not isinstance(one, Atom) or not isinstance(other, Atom) or one.key != other.key or one.key not in _SINGLE:
        return False
    globs = _has_signs(one.value) or _has_signs(other.value)
    return bool(one.value != other.value and not globs)


def impossible(formula: Formula) -> bool:
    """Whether nothing can be so. False: that cannot be proved."""
    if isinstance(formula, Or):
        return bool(formula.parts) and all(impossible(part) for part in formula.parts)
    if not isinstance(formula, And):
        return False
    parts = formula.parts
    return any(impossible(part) for part in parts) or any(
        _exclude(one, other) for at, one in enumerate(parts) for other in parts[at + 1 :]
    )


def _atom_implies(given: Atom, wanted: Atom) -> bool:
    pair = given.key, wanted.key
    if not isinstance(given.value, str) or not isinstance(wanted.value, str):
        return pair == ("assigned", "assigned") and isinstance(given.value, str) and wanted.value is True
    if given.key in _PHRASES:
        return given.key == wanted.key and _phrase_has(given.value, wanted.value)
    if _has_signs(given.value):
        return False
    if pair in {("from", "domain"), ("domain", "domain")}:
        return _is_below(given.value.rpartition("@")[2], wanted.value)
    if given.key == wanted.key in {"from", "to"} and "@" in {given.value[:1], wanted.value[:1]}:
        return wanted.value.startswith("@") and given.value.endswith(wanted.value)
    same = given.key == wanted.key and (given.key in _TEXTS or " " in given.key)
    return same and _has_signs(wanted.value) and _glob(wanted.value).matches(given.value)


def _phrase_has(given: str, wanted: str) -> bool:
    """Whether the words that are wanted stand in a row in those that are given."""
    if _has_signs(given) or _has_signs(wanted):
        return False
    return f" {' '.join(wanted.split())} " in f" {' '.join(given.split())} " and wanted.replace(" ", "").isalnum()


def _is_below(domain: str, of: str) -> bool:
    of = of.removeprefix("@")
    return not _has_signs(of) and (domain == of or domain.endswith(f".{of}"))


def _has_signs(value: Any) -> bool:
    return isinstance(value, str) and ("*" in value or "?" in value)


@lru_cache(maxsize=1024)
def _glob(pattern: str) -> Glob:
    return Glob(pattern)


# --- rules --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shadow:
    """A rule that can never win."""

    number: int
    """Its place in the file, from 0."""
    rule: str
    why: ShadowCause
    by: tuple[str, ...] = ()
    """The names of the rules that are in its way."""

    @property
    def text(self) -> str:
        """ShadowCause, in a sentence for the person who wrote the file."""
        return _SENTENCES[self.why].format(", ".join(repr(name) for name in self.by))


_SENTENCES: Mapping[ShadowCause, str] = {
    "stopped": "is never asked: whatever it matches, {} has matched before it, and stops",
    "overwritten": "changes nothing: whatever it matches, {} matches too, and sets the same again",
    "final": "changes nothing: whatever it matches, {} has matched before it, and what it set is final",
    "impossible": "never matches: its conditions exclude each other",
}


@dataclass(frozen=True, slots=True)
class _Rule:
    number: int
    name: str
    on: frozenset[str]
    formula: Formula
    sets: Mapping[str, str]
    adds: bool
    stop: bool
    final: bool | tuple[str, ...]
    at: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(cls, number: int, table: Mapping[str, Any]) -> "_Rule":
        calendar = table.get("calendar", "")
        said = [_condition(one, calendar) for one in table.get("all", ())]
        if table.get("any"):
            said.append(_one(_condition(one, calendar) for one in table["any"]))
        on = table.get("on", ("new",))
        return cls(
            number,
            str(table.get("name", "")),
            frozenset((on,) if isinstance(on, str) else on),
            _all(said),
            dict(_settings(table)),
            any(table.get(key) for key in _ADDS),
            bool(table.get("stop")),
            _final(table.get("final", False)),
            table,
        )

    def is_final(self, key: str) -> bool:
        return self.final if isinstance(self.final, bool) else key in self.final

    def is_covered_by(self, other: "_Rule", *, on: frozenset[str]) -> bool:
        """Whether the other rule matches whatever this one matches, on these occasions."""
        return on <= other.on and implies(self.formula, other.formula)


def _settings(table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in (table.get("set") or {}).items():
        if key == "fields":
            pairs = value.items() if isinstance(value, Mapping) else value
            yield from ((f"fields.{name}", str(given)) for name, given in pairs)
        elif value:
            yield key, str(value)
    yield from ((key, str(table[key])) for key in ("assign", "answer") if table.get(key))


def _final(value: Any) -> bool | tuple[str, ...]:
    if isinstance(value, bool):
        return value
    return (value,) if isinstance(value, str) else tuple(value)


def shadows(tables: Sequence[Mapping[str, Any]]) -> list[Shadow]:
    """The rules that can never win, in the order of the file."""
    rules = [_Rule.of(number, table) for number, table in enumerate(tables)]
    return [shadow for rule in rules if (shadow := _shadow(rule, rules)) is not None]


def _shadow(rule: _Rule, rules: Sequence[_Rule]) -> Shadow | None:
    earlier, later = rules[: rule.number], rules[rule.number + 1 :]
    if impossible(rule.formula):
        return Shadow(rule.number, rule.name, "impossible")
    if by := _stopped_by(rule, earlier):
        return Shadow(rule.number, rule.name, "stopped", by)
    if rule.adds or not rule.sets or "due" in rule.on:
        return None
    if by := _each_setting(rule, lambda key: _final_before(rule, key, earlier)):
        return Shadow(rule.number, rule.name, "final", by)
    if by := _each_setting(rule, lambda key: _set_again(rule, key, later)):
        return Shadow(rule.number, rule.name, "overwritten", by)
    return None


def _stopped_by(rule: _Rule, earlier: Sequence[_Rule]) -> tuple[str, ...]:
    """For each occasion on which the rule is asked, an earlier rule that stops. Empty if an occasion has none.

    In time (`due`) each rule has a moment of its own: nothing is claimed of that.
    """
    found: dict[str, None] = {}
    for occasion in sorted(rule.on):
        on = frozenset({occasion})
        by = next((e.name for e in earlier if e.stop and rule.is_covered_by(e, on=on)), None)
        if by is None or occasion == "due":
            return ()
        found[by] = None
    return tuple(found)


def _each_setting(rule: _Rule, found: Any) -> tuple[str, ...]:
    """The rules that `found` names for all settings of a rule; empty if it names none for one of them."""
    names = [found(key) for key in rule.sets]
    return tuple(dict.fromkeys(names)) if all(names) else ()


def _final_before(rule: _Rule, key: str, earlier: Sequence[_Rule]) -> str | None:
    sure = (e for e in earlier if key in e.sets and e.is_final(key) and _is_sure(e, key))
    return next((e.name for e in sure if rule.is_covered_by(e, on=rule.on)), None)


def _set_again(rule: _Rule, key: str, later: Sequence[_Rule]) -> str | None:
    """The later rule that always sets this again. A rule between them that stops may keep it from that."""
    if rule.is_final(key):
        return None
    for other in later:
        if key in other.sets and _is_sure(other, key) and rule.is_covered_by(other, on=rule.on):
            return other.name
        if other.stop and other.on & rule.on:
            return None
    return None


def _is_sure(rule: _Rule, key: str) -> bool:
    """Whether a setting is carried out on every ticket: a skill or a turn may find nobody."""
    if key in _MAY_FAIL:
        return False
    return key != "assign" or "@" in rule.sets[key]
