"""How many steps a pattern takes over a text: a backtracking matcher that counts what `re` does not tell.

The parse tree of the standard library (`re._parser`) becomes a program of a few instructions, which is carried out
with an explicit stack, as `re` itself does it: one choice after the other, the newest taken back first. Results are
those of `re` (tests/test_linear.py compares them); steps are instructions carried out, the same on every machine.

A choice among alternatives looks at the next character first, as `re` does. Repetitions of at most so many times
(`{0,200}`) are counted as if the bound were `BOUND`: a bounded repetition costs a constant, however large, and texts
long enough to reach it would take too long here. `program(..., bound=None)` keeps the bounds.
Fails with: `TooManySteps`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from re import _compiler, _constants, _parser  # type: ignore[attr-defined]  # isort: skip

BOUND = 5
"""A bounded repetition counts as one of so many times."""

_CHARACTER = {_constants.LITERAL, _constants.NOT_LITERAL, _constants.ANY, _constants.IN}
_REPEATS = {_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT}

Text = str | bytes


class TooManySteps(Exception):
    """More than the caller wanted to wait for."""


class One:
    """One character or octet, by `re` itself."""

    def __init__(self, item: Any, flags: int, octets: bool) -> None:
        state = _parser.State()
        state.flags = flags
        state.str = b"" if octets else ""
        self._matches = _compiler.compile(_parser.SubPattern(state, [item]), flags).match
        self._known: dict[Any, bool] = {}
        self._octets = octets

    def __call__(self, character: Any) -> bool:
        found = self._known.get(character)
        if found is None:
            text = bytes([character]) if self._octets else character
            found = self._known[character] = self._matches(text) is not None
        return found


@dataclass(slots=True)
class Program:
    """`code` is a list of (operation, argument ...); it begins at 0."""

    code: list[list[Any]] = field(default_factory=list)
    groups: int = 0

    def add(self, *instruction: Any) -> int:
        self.code.append(list(instruction))
        return len(self.code) - 1


@lru_cache(maxsize=2_000)
def program(pattern: re.Pattern[Any], bound: int | None = BOUND) -> Program:
    """The pattern as instructions."""
    tree = _parser.parse(pattern.pattern, pattern.flags & ~re.TEMPLATE if hasattr(re, "TEMPLATE") else pattern.flags)
    made = Program(groups=tree.state.groups)
    _Writer(made, isinstance(pattern.pattern, bytes), bound).sequence(tree, tree.state.flags)
    made.add("end")
    return made


class _Writer:
    def __init__(self, made: Program, octets: bool, bound: int | None) -> None:
        self.made, self.octets, self.bound = made, octets, bound

    def sequence(self, items: Any, flags: int) -> None:
        for item in items:
            self.item(item, flags)

    def item(self, item: Any, flags: int) -> None:
        operation, given = item
        if operation in _CHARACTER:
            self.made.add("one", self.one(item, flags))
        elif operation in _REPEATS:
            self.repeat(operation, *given, flags)
        else:
            getattr(self, str(operation).lower())(given, flags)

    def one(self, item: Any, flags: int) -> One:
        return One(item, flags, self.octets)

    def branch(self, given: Any, flags: int) -> None:
        choice = self.made.add("choice", [], {})
        ends = []
        for alternative in given[1]:
            self.made.code[choice][1].append((self.first(alternative, flags), len(self.made.code)))
            self.sequence(alternative, flags)
            ends.append(self.made.add("jump", None))
        for end in ends:
            self.made.code[end][1] = len(self.made.code)

    def first(self, items: Any, flags: int) -> One | None:
        """What the first character of these must be; None where that is not known."""
        if len(items) and items[0][0] in _CHARACTER:
            return self.one(items[0], flags)
        return None

    def subpattern(self, given: Any, flags: int) -> None:
        group, more, less, items = given
        if group is not None:
            self.made.add("open", group)
        self.sequence(items, _combined(flags, more, less))
        if group is not None:
            self.made.add("close", group)

    def repeat(self, operation: Any, least: int, most: int, items: Any, flags: int) -> None:
        endless = most is _constants.MAXREPEAT
        if self.bound is not None and not endless and most > self.bound:
            most, least = max(self.bound, min(least, 30)), min(least, 30)
        if self.bound is not None and endless:
            least = min(least, 30)
        possessive = operation is _constants.POSSESSIVE_REPEAT
        whole = self.made.add("atomic", None) if possessive else None
        for _ in range(least):
            self.sequence(items, flags)
        if endless:
            self.endless(items, flags, lazy=operation is _constants.MIN_REPEAT)
        else:
            self.at_most(most - least, items, flags, lazy=operation is _constants.MIN_REPEAT)
        if whole is not None:
            self.made.add("success")
            self.made.code[whole][1] = len(self.made.code)

    def endless(self, items: Any, flags: int, *, lazy: bool) -> None:
        split = self.made.add("split", None, None)
        mark = self.made.add("mark")
        self.sequence(items, flags)
        self.made.add("again", split, mark)
        after = len(self.made.code)
        self.made.code[split][1:] = [after, split + 1] if lazy else [split + 1, after]

    def at_most(self, times: int, items: Any, flags: int, *, lazy: bool) -> None:
        splits = []
        for _ in range(times):
            splits.append(self.made.add("split", None, None))
            self.sequence(items, flags)
        after = len(self.made.code)
        for split in splits:
            self.made.code[split][1:] = [after, split + 1] if lazy else [split + 1, after]

    def atomic_group(self, given: Any, flags: int) -> None:
        self.inner("atomic", given, flags)

    def assert_(self, given: Any, flags: int) -> None:
        self.around("assert", given, flags)

    def assert_not(self, given: Any, flags: int) -> None:
        self.around("assert_not", given, flags)

    def around(self, name: str, given: Any, flags: int) -> None:
        direction, items = given
        back = items.getwidth()[0] if direction < 0 else 0
        self.inner(name, items, flags, back)

    def inner(self, name: str, items: Any, flags: int, *more: Any) -> None:
        whole = self.made.add(name, None, *more)
        self.sequence(items, flags)
        self.made.add("success")
        self.made.code[whole][1] = len(self.made.code)

    def at(self, given: Any, flags: int) -> None:
        """`^`, `$`, `\\b` ...: asked of `re`, at a place in the whole text."""
        state = _parser.State()
        state.flags = flags
        state.str = b"" if self.octets else ""
        self.made.add("at", _compiler.compile(_parser.SubPattern(state, [(_constants.AT, given)]), flags).match)

    def groupref(self, given: Any, flags: int) -> None:
        self.made.add("same", given, bool(flags & re.IGNORECASE))

    def groupref_exists(self, given: Any, flags: int) -> None:
        group, yes, no = given
        asked = self.made.add("has", group, None)
        self.sequence(yes, flags)
        end = self.made.add("jump", None)
        self.made.code[asked][2] = len(self.made.code)
        self.sequence(no or [], flags)
        self.made.code[end][1] = len(self.made.code)

    def failure(self, given: Any, flags: int) -> None:
        self.made.add("fail")


setattr(_Writer, "assert", _Writer.assert_)


def _combined(flags: int, more: int, less: int) -> int:
    """As `re._compiler` combines the flags of a group with those around it."""
    kinds = re.ASCII | re.LOCALE | re.UNICODE
    if more & kinds:
        flags &= ~kinds
    return (flags | more) & ~less


class Counter:
    """Counts over several matches."""

    def __init__(self, most: int = 10_000_000) -> None:
        self.steps, self.most = 0, most

    def match(self, made: Program, text: Text, at: int, *, full: bool = False) -> tuple[int, dict[int, Any]] | None:
        """(where a match that begins here ends, where its groups do); None when none does."""
        self.steps += 1
        return self._run(made, text, 0, at, {}, full)

    def _run(  # noqa: C901  # an arm for each instruction
        self, made: Program, text: Text, start: int, at: int, groups: dict[int, Any], full: bool
    ) -> tuple[int, dict[int, Any]] | None:
        code, length = made.code, len(text)
        stack: list[tuple[int, int, dict[int, Any]]] = [(start, at, groups)]
        steps, most = self.steps, self.most
        while stack:
            here, at, groups = stack.pop()
            while True:
                steps += 1
                if steps > most:
                    self.steps = steps
                    raise TooManySteps
                instruction = code[here]
                operation = instruction[0]
                if operation == "one":
                    if at >= length or not instruction[1](text[at]):
                        break
                    at += 1
                    here += 1
                elif operation == "split":
                    stack.append((instruction[2], at, groups))
                    here = instruction[1]
                elif operation == "mark":
                    groups = {**groups, ~here: at}
                    here += 1
                elif operation == "again":
                    here = instruction[1] if groups.get(~instruction[2]) != at else here + 1
                elif operation == "choice":
                    ways = _ways(instruction, text[at] if at < length else None)
                    if not ways:
                        break
                    stack += [(way, at, groups) for way in ways[:0:-1]]
                    here = ways[0]
                elif operation == "jump":
                    here = instruction[1]
                elif operation == "open":
                    groups = {**groups, ("from", instruction[1]): at}
                    here += 1
                elif operation == "close":
                    groups = {**groups, instruction[1]: (groups["from", instruction[1]], at)}
                    here += 1
                elif operation == "at":
                    if instruction[1](text, at) is None:
                        break
                    here += 1
                elif operation in ("atomic", "assert", "assert_not"):
                    began = at - instruction[2] if operation != "atomic" else at
                    self.steps = steps
                    found = self._run(made, text, here + 1, began, groups, False) if began >= 0 else None
                    steps = self.steps
                    if (found is None) != (operation == "assert_not"):
                        break
                    if found is not None:
                        groups = found[1]
                        at = found[0] if operation == "atomic" else at
                    here = instruction[1]
                elif operation == "same":
                    if instruction[1] not in groups:
                        break
                    begin, end = groups[instruction[1]]
                    wanted, given = text[begin:end], text[at : at + end - begin]
                    steps += end - begin
                    if wanted != given and not (instruction[2] and wanted.lower() == given.lower()):
                        break
                    at += end - begin
                    here += 1
                elif operation == "has":
                    here = here + 1 if instruction[1] in groups else instruction[2]
                elif operation == "success" or (operation == "end" and (not full or at == length)):
                    self.steps = steps
                    return at, groups
                else:
                    break
        self.steps = steps
        return None

    def scan(self, made: Program, text: Text) -> Iterator[tuple[int, int, dict[int, Any]]]:
        """Every match from the left, as `finditer` finds them."""
        at = 0
        while at <= len(text):
            found = self.match(made, text, at)
            if found is None:
                at += 1
                continue
            end, groups = found
            yield at, end, groups
            at = end if end > at else at + 1


def _ways(choice: list[Any], character: Any) -> list[int]:
    known: dict[Any, list[int]] = choice[2]
    if character not in known:
        known[character] = [
            place for first, place in choice[1] if first is None or (character is not None and first(character))
        ]
    return known[character]


def steps(pattern: re.Pattern[Any], text: Text, *, anchored: bool = False, most: int = 10_000_000) -> int:
    """What looking for every match in a text costs; `anchored`: what one `match` and one `fullmatch` do."""
    counter, made = Counter(most), program(pattern)
    if anchored:
        counter.match(made, text, 0)
        counter.match(made, text, 0, full=True)
    else:
        for _ in counter.scan(made, text):
            pass
    return counter.steps


def matches(pattern: re.Pattern[Any], text: Text) -> list[tuple[int, int]]:
    """The spans that `finditer` gives, found by the program; for comparing."""
    made = program(pattern, None)
    return [(begin, end) for begin, end, _ in Counter().scan(made, text) if begin < end]
