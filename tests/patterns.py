"""Every pattern of the program that strangers' mail can reach, found by looking; and texts made to keep one busy.

`collected()` walks `mailtickets.mail`, `.desk` and `.edges`: patterns in module variables, however deep in tuples,
lists, mappings and dataclasses, and those written within calls (`re.sub(r"...", ...)`). Whoever adds a pattern has it
tested. `pumps(pattern)` makes texts out of the pattern itself: what leads up to a repetition, what can be repeated
there, and an end that does not fit.
"""

import ast
import importlib
import pkgutil
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import mailtickets.desk
import mailtickets.edges
import mailtickets.mail
import mailtickets.words

from re import _compiler, _constants, _parser  # type: ignore[attr-defined]  # isort: skip

ROOMS = (mailtickets.words, mailtickets.mail, mailtickets.desk, mailtickets.edges)
_LOOKING = {"search", "sub", "subn", "findall", "finditer", "split"}
_ANCHORED = {"match", "fullmatch"}


@dataclass(frozen=True)
class Use:
    """A pattern, where it stands, and whether it is only ever tried at one place of a text."""

    where: str
    pattern: re.Pattern[Any]
    anchored: bool


@cache
def modules() -> tuple[ModuleType, ...]:
    names = (found.name for room in ROOMS for found in pkgutil.walk_packages(room.__path__, f"{room.__name__}."))
    return tuple(importlib.import_module(name) for name in sorted(names))


@cache
def collected() -> tuple[Use, ...]:
    found: dict[tuple[Any, int, bool], Use] = {}
    used = _methods()
    for module in modules():
        short = module.__name__.removeprefix("mailtickets.")
        for name, value in vars(module).items():
            for number, pattern in enumerate(_patterns(value, 0)):
                calls = used.get((module.__name__ if name.startswith("_") else "", name), {"?"}) - {"pattern"}
                key = (pattern.pattern, pattern.flags, calls <= _ANCHORED)
                found.setdefault(key, Use(f"{short}.{name}[{number}]", pattern, key[2]))
        for line, method, pattern in _written_in_calls(module):
            key = (pattern.pattern, pattern.flags, method in _ANCHORED)
            found.setdefault(key, Use(f"{short}:{line}", pattern, key[2]))
    return tuple(found.values())


def _patterns(value: Any, depth: int) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif depth < 4 and isinstance(value, tuple | list | set | frozenset):
        for item in value:
            yield from _patterns(item, depth + 1)
    elif depth < 4 and isinstance(value, dict):
        for item in value.values():
            yield from _patterns(item, depth + 1)
    elif depth < 4 and is_dataclass(value) and not isinstance(value, type):
        for each in fields(value):
            yield from _patterns(getattr(value, each.name, None), depth + 1)


@cache
def _tree(module: ModuleType) -> ast.Module:
    return ast.parse(Path(module.__file__ or "").read_text("utf-8"))


def _methods() -> dict[tuple[str, str], set[str]]:
    """By module and variable, what is called on it there; public names by themselves. What is handed on or taken out of
    something may be searched with."""
    used: dict[tuple[str, str], set[str]] = {}
    for module in modules():
        for node, child in _with_parents(_tree(module)):
            if isinstance(child, ast.Name | ast.Attribute) and isinstance(child.ctx, ast.Load):
                name = child.id if isinstance(child, ast.Name) else child.attr
                method = node.attr if isinstance(node, ast.Attribute) else "?"
                used.setdefault((module.__name__ if name.startswith("_") else "", name), set()).add(method)
    return used


def _with_parents(tree: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    """Every node but the topmost, behind the one that it stands in."""
    left = [tree]
    while left:
        node = left.pop()
        for child in ast.iter_child_nodes(node):
            left.append(child)
            yield node, child


def _written_in_calls(module: ModuleType) -> Iterator[tuple[int, str, re.Pattern[Any]]]:
    """`re.sub(r"...", ...)`. One that is put together from something only known when it runs has no place here."""
    for node in ast.walk(_tree(module)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if not (isinstance(node.func.value, ast.Name) and node.func.value.id == "re" and node.args):
            continue
        if node.func.attr not in _LOOKING | _ANCHORED:
            continue
        flags = _flags(node)
        for text in _texts(node.args[0], module):
            yield node.lineno, node.func.attr, re.compile(text, flags)


def _flags(call: ast.Call) -> int:
    names = {
        node.attr
        for argument in call.args[1:] + [k.value for k in call.keywords]
        for node in ast.walk(argument)
        if isinstance(node, ast.Attribute)
    }
    return sum(int(getattr(re, name)) for name in names if name in ("IGNORECASE", "MULTILINE", "DOTALL", "ASCII"))


def _texts(argument: ast.expr, module: ModuleType) -> Iterator[Any]:
    try:
        value = eval(compile(ast.Expression(argument), "", "eval"), dict(vars(module)))
    except NameError:
        filled = (
            ast.JoinedStr([p if isinstance(p, ast.Constant) else ast.Constant("x") for p in argument.values])
            if isinstance(argument, ast.JoinedStr)
            else None
        )
        value = (
            ast.unparse(filled) and eval(compile(ast.fix_missing_locations(ast.Expression(filled)), "", "eval"))
            if filled
            else None
        )
    if isinstance(value, str | bytes):
        yield value


# --- texts that keep a pattern busy ---------------------------------------------------------------------


class Maker:
    """Texts that a parse tree accepts, or almost."""

    def __init__(self, pattern: re.Pattern[Any]) -> None:
        self.octets = isinstance(pattern.pattern, bytes)
        self.tree = _parser.parse(pattern.pattern, pattern.flags)
        self.random = random.Random(1)
        self.repeated: list[tuple[str, Any]] = []
        """What leads up to a repetition, and what is repeated."""
        self.letters: dict[str, None] = {}
        self._walk(self.tree, "")

    def _walk(self, items: Any, before: str) -> str:
        for operation, given in items:
            if operation in (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT):
                least, most, inner = given
                if most > 1:
                    self.repeated.append((before, inner))
                self._walk(inner, before)
                before += self.sample(inner, 2) * min(max(least, 0), 30)
            elif operation is _constants.BRANCH:
                ends = [self._walk(alternative, before) for alternative in given[1][:12]]
                before = ends[0]
            elif operation is _constants.SUBPATTERN:
                before = self._walk(given[3], before)
            elif operation is _constants.ATOMIC_GROUP:
                before = self._walk(given, before)
            elif operation in (_constants.ASSERT, _constants.ASSERT_NOT):
                self._walk(given[1], before)
            else:
                before += self.sample([(operation, given)], 0)
        return before

    def sample(self, items: Any, choice: int) -> str:
        return "".join(self._one(item, choice) for item in items)

    def _one(self, item: Any, choice: int) -> str:
        operation, given = item
        if operation in (_constants.LITERAL, _constants.NOT_LITERAL, _constants.ANY, _constants.IN):
            letter = self._letter(operation, given, choice)
            self.letters[letter] = None
            return letter
        if operation in (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT):
            least, most, inner = given
            times = min(max(least, choice % 2 if most else 0), 30)
            return "".join(self.sample(inner, choice + n) for n in range(times))
        if operation is _constants.BRANCH:
            return self.sample(given[1][choice % len(given[1])], choice)
        if operation is _constants.SUBPATTERN:
            return self.sample(given[3], choice)
        if operation is _constants.ATOMIC_GROUP:
            return self.sample(given, choice)
        return ""

    def _letter(self, operation: Any, given: Any, choice: int) -> str:
        if operation is _constants.LITERAL:
            return chr(given)
        if operation is _constants.ANY:
            return 'xa "'[choice % 4]
        if operation is _constants.NOT_LITERAL:
            return next(letter for letter in "xab" if ord(letter) != given)
        fitting = self._members(given)
        return fitting[choice % len(fitting)] if fitting else "x"

    def _members(self, given: Any) -> list[str]:
        one = _constants.IN, given
        state = _parser.State()
        state.str = ""
        fits = _compiler.compile(_parser.SubPattern(state, [one]), 0).match
        wanted = dict.fromkeys(
            [chr(value) for op, value in given if op is _constants.LITERAL]
            + [chr(edge) for op, value in given if op is _constants.RANGE for edge in value]
            + list("a \n1.@,<>:;=-_'\"(/é\t")
        )
        return [letter for letter in wanted if fits(letter) and (not self.octets or ord(letter) < 256)]


@dataclass(frozen=True)
class Pump:
    before: str
    middle: str
    after: str
    octets: bool

    def text(self, times: int) -> Any:
        text = self.before + self.middle * times + self.after
        return text.encode("latin-1", "replace") if self.octets else text


def pumps(pattern: re.Pattern[Any], most: int = 60) -> list[Pump]:
    """Texts to repeat; the most promising first, no more than `most`."""
    maker = Maker(pattern)
    found: dict[Pump, None] = {}
    for before, inner in maker.repeated:
        for choice in range(4):
            middle = maker.sample(inner, choice)
            if middle:
                found[Pump(before, middle, "\x01", maker.octets)] = None
                found[Pump("", before + middle, "\x01", maker.octets)] = None
    whole = maker.sample(maker.tree, 1)
    letters = list(maker.letters)
    if whole:
        found[Pump("", whole, "\x01", maker.octets)] = None
        found[Pump("", whole[:-1] or whole, "\x01", maker.octets)] = None
        found[Pump(whole[:-1], " ", "\x01", maker.octets)] = None
    blanks = [" ", "\n", "\t", "a", "1", ">", "<", "@", "."]
    singles = dict.fromkeys(letters[:24] + blanks)
    for letter in singles:
        found[Pump("", letter, "\x01", maker.octets)] = None
        found[Pump("x", letter, "\x01", maker.octets)] = None
    chosen = list(found)
    maker.random.shuffle(letters)
    pairs = [a + b for a in letters[:8] for b in [*letters[:8], " ", "\n"]]
    maker.random.shuffle(pairs)
    chosen += [Pump("", pair, "\x01", maker.octets) for pair in pairs]
    keep = chosen[: most // 2]
    rest = chosen[most // 2 :]
    maker.random.shuffle(rest)
    return [*keep, *rest[: most - len(keep)]]


def fragments(pattern: re.Pattern[Any]) -> list[str]:
    """Pieces of texts that the pattern accepts, and what usually stands between."""
    maker = Maker(pattern)
    parts = [maker.sample(inner, choice) for _, inner in maker.repeated for choice in range(3)]
    wholes = [maker.sample(maker.tree, choice) for choice in range(3)]
    return list(
        dict.fromkeys(piece for piece in [*parts, *wholes, *list(maker.letters)[:20], " ", "\n", "a", "@"] if piece)
    )
