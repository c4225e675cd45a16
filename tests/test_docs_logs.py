"""The page of log lines says what the program logs: every line is on it, with its level and its fields.

The code is read, not run: a call of a logger names its event by its first argument. A change of a line that is not on
the page fails here, so does a row of the page that no code writes.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "logs.md").read_text(encoding="utf-8")
IDS = {"inbound", "outbox", "ticket", "message_id"}
"""What `mailtickets trace` takes."""

ABOUT_ONE = "About one mail"
"""The heading above the lines that have such an id."""

METHODS = {name: name for name in ("debug", "info", "warning", "error", "critical")} | {"exception": "error"}
LOGGERS = {"log", "_log"}
LOGS = re.compile(r"\blog\b|_log\b|\btell\b")
STATES = {"imap-%s": ("imap-refused", "imap-down")}
"""Events whose name is completed by a state."""
DOOR = ROOT / "mailtickets" / "edges" / "smtp_server" / "listener.py"


@dataclass(frozen=True)
class Line:
    """What one call logs."""

    event: str
    levels: frozenset[str]
    fields: frozenset[str]
    where: str

    @property
    def key(self) -> tuple[str, bool]:
        """Its name, and whether it is about one mail. Some names stand for both."""
        return self.event, bool(self.fields & IDS)


def modules() -> Iterator[tuple[Path, ast.Module]]:
    """Those with a call that may log: most have none, and to walk through their trees takes seconds."""
    for file in sorted((ROOT / "mailtickets").rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        if LOGS.search(text):
            yield file, ast.parse(text)


def found() -> list[Line]:
    return [line for file, tree in modules() for line in in_module(file, tree)]


def in_module(file: Path, tree: ast.Module) -> Iterator[Line]:
    for function in [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]:
        for call in [node for node in ast.walk(function) if isinstance(node, ast.Call)]:
            where = f"{file.relative_to(ROOT)}:{call.lineno}"
            if is_of_logger(call):
                yield from logged(call, function, tree, where)
            elif is_told_at_the_door(call, file):
                yield told(call, function, tree, where)


def is_of_logger(call: ast.Call) -> bool:
    """Whether a call is one of a logger, which is named `log` everywhere; `self._log` at the doors."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in {*METHODS, "log"}:
        return False
    value = call.func.value
    return (isinstance(value, ast.Name) and value.id in LOGGERS) or (
        isinstance(value, ast.Attribute) and value.attr in LOGGERS
    )


def logged(call: ast.Call, function: ast.AST, tree: ast.Module, where: str) -> Iterator[Line]:
    assert isinstance(call.func, ast.Attribute)
    words = list(call.args)
    levels = frozenset({METHODS[call.func.attr]} if call.func.attr in METHODS else levels_of(words.pop(0)))
    text = words[0]
    assert isinstance(text, ast.Constant), f"{where}: the event has no name of its own"
    assert isinstance(text.value, str)
    if text.value == "%s":
        return  # `Chatter.tell`, whose callers are looked at
    fields = set(re.findall(r"(\w+)=%", text.value))
    fields |= keys(next((word.value for word in call.keywords if word.arg == "extra"), None), function, tree, where)
    name = text.value.partition(" ")[0] if "%" in text.value else text.value
    for event in STATES.get(name, (name,)):
        yield Line(event, levels, frozenset(fields), where)


def levels_of(level: ast.expr) -> set[str]:
    """The levels in `logging.INFO if ... else logging.WARNING`; none if the caller says the level."""
    return {node.attr.lower() for node in ast.walk(level) if isinstance(node, ast.Attribute) and node.attr.isupper()}


def is_told_at_the_door(call: ast.Call, file: Path) -> bool:
    """`tell("session-failed", ...)`: logged as "session failed", and left out when there are too many."""
    named = isinstance(call.func, ast.Attribute) and call.func.attr == "tell" and call.args
    return bool(named) and file.parent == DOOR.parent and isinstance(call.args[0], ast.Constant)


def told(call: ast.Call, function: ast.AST, tree: ast.Module, where: str) -> Line:
    assert isinstance(call.args[0], ast.Constant)
    fields = {"event", "left_out"}
    for word in call.keywords:
        fields |= keys(word.value, function, tree, where) if word.arg is None else {word.arg}
    level = "error" if "exc_info" in fields else "warning"
    name = str(call.args[0].value).replace("-", " ")
    return Line(name, frozenset({level}), frozenset(fields - {"exc_info"}), where)


def keys(value: ast.expr | None, function: ast.AST, tree: ast.Module, where: str) -> set[str]:
    """The keys of a dict as it is written: a literal, a variable of the function, or a function of the module."""
    match value:
        case None:
            return set()
        case ast.Dict():
            spread = [each for key, each in zip(value.keys, value.values, strict=True) if key is None]
            own = {str(key.value) for key in value.keys if isinstance(key, ast.Constant)}
            return own.union(*(keys(each, function, tree, where) for each in spread))
        case ast.Name():
            return keys(assigned(value.id, function), function, tree, where)
        case ast.Call(func=ast.Name(id=name)):
            made = next(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == name)
            returned = next(node.value for node in ast.walk(made) if isinstance(node, ast.Return))
            return keys(returned, made, tree, where)
        case ast.Attribute(attr="ids"):
            return {"inbound", "outbox", "ticket"}  # `gateway.again`: the one that the draft is about
    raise AssertionError(f"{where}: the fields are not to be seen from the code: {ast.unparse(value)}")


def assigned(name: str, function: ast.AST) -> ast.expr | None:
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
            return node.value
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == name:
            return node.value
    raise AssertionError(f"{name} is not made in the function that logs it")


@dataclass(frozen=True)
class Row:
    """A row of the page."""

    event: str
    levels: frozenset[str]
    fields: frozenset[str]
    meaning: str
    advice: str
    section: str

    @property
    def key(self) -> tuple[str, bool]:
        return self.event, self.section == ABOUT_ONE


def rows() -> list[Row]:
    made, section = [], ""
    for line in PAGE.splitlines():
        if line.startswith("## "):
            section = line.removeprefix("## ")
        if line.startswith("| `"):
            event, levels, fields, meaning, advice = (cell.strip() for cell in line.strip("|").split(" | "))
            names = frozenset(re.findall(r"`([^`]+)`", fields))
            made.append(Row(event.strip("`"), frozenset(levels.split(", ")), names, meaning, advice, section))
    return made


LINES, ROWS = found(), {row.key: row for row in rows()}


def test_every_line_that_the_program_logs_is_on_the_page_and_no_other() -> None:
    """A line that has an id `trace` takes stands under "About one mail", and no other line does."""
    assert len(LINES) > 60
    assert {line.key for line in LINES} == set(ROWS)
    assert len(rows()) == len(ROWS), "an event stands on the page twice"


@pytest.mark.parametrize("key", sorted(ROWS), ids=str)
def test_the_page_says_levels_and_fields(key: tuple[str, bool]) -> None:
    lines = [line for line in LINES if line.key == key]
    where = [line.where for line in lines]
    assert ROWS[key].levels == frozenset().union(*(line.levels for line in lines)), where
    assert ROWS[key].fields == frozenset().union(*(line.fields for line in lines)), where
    assert ROWS[key].meaning
    assert ROWS[key].advice


def test_names_are_the_same_each_time() -> None:
    """Whoever filters by a name finds all its lines."""
    assert not [line.event for line in LINES if re.search(r"[%{]", line.event)]


def test_a_line_without_a_name_of_its_own_is_seen() -> None:
    tree = ast.parse("def f(log, x):\n    log.warning(f'late by {x}')")
    with pytest.raises(AssertionError, match="has no name of its own"):
        list(in_module(ROOT / "x.py", tree))


def test_fields_that_cannot_be_seen_are_refused() -> None:
    tree = ast.parse("def f(log, x):\n    log.warning('late', extra=x)")
    with pytest.raises(AssertionError):
        list(in_module(ROOT / "x.py", tree))
