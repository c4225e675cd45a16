"""Reads the configuration file: from TOML to frozen models. Reports all errors together, each with its key path.

Fails with: `ConfigError`, which lists all problems in words for the person who wrote the file.
Limits: secrets are looked for only on request (`load(..., secrets=True)`), since most commands need none.
"""

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from mailtickets.config.crosswise import crosswise
from mailtickets.config.models import Config
from mailtickets.config.nearest import nearest
from mailtickets.config.places import ConfigError
from mailtickets.config.rules import NO_CONDITION
from mailtickets.config.section import Section


def load(file: Path, *, secrets: bool = False) -> Config:
    """The configuration in `file`. With `secrets`, a missing password file of an account is an error too."""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(file, [("", f"cannot be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        raise ConfigError(file, [("", f"is not TOML: {error}")]) from error
    return parsed(file, text, secrets=secrets)


def parsed(file: Path, text: str, *, secrets: bool = False) -> Config:
    """The configuration in `text`, which is or will be the content of `file`."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(file, [("", f"is not TOML: {error}")]) from error
    try:
        config = Config.model_validate(tuples(data))
    except ValidationError as error:
        sound, problems = _without_faults(data, error)
        raise ConfigError(file, problems + _cross_problems(file, sound, secrets, problems)) from error
    problems = list(crosswise(config.placed(file), secrets))
    if problems:
        raise ConfigError(file, problems)
    return config


def tuples(value: Any) -> Any:
    """Turns the lists of TOML into tuples, at every depth, because the models are frozen."""
    if isinstance(value, dict):
        return {key: tuples(item) for key, item in value.items()}
    return tuple(tuples(item) for item in value) if isinstance(value, list) else value


def _without_faults(data: dict[str, Any], error: ValidationError) -> tuple[Config | None, list[tuple[str, str]]]:
    """The errors that pydantic found, and the configuration with stand-ins in those places, for the checks that
    remain.
    """
    problems = in_words(error)
    mended = tuples(data)
    for found in _faults_once(error):
        _mend(mended, found["loc"])
    try:
        return Config.model_validate(mended), problems
    except ValidationError:
        return None, problems


def in_words(error: ValidationError) -> list[tuple[str, str]]:
    """The errors that pydantic found, as (key path, what was expected)."""
    return [(".".join(str(step) for step in found["loc"]), _in_words(found)) for found in _faults_once(error)]


def _faults_once(error: ValidationError) -> list[Mapping[str, Any]]:
    """The errors without those about a list that is too short only because one of its entries is wrong."""
    found = error.errors()
    above = {one["loc"][:at] for one in found for at in range(1, len(one["loc"]))}
    return [one for one in found if not (one["type"] == "too_short" and one["loc"] in above)]


def _mend(data: Any, path: Sequence[int | str]) -> None:
    """Removes the faulty key from its table. A required key gets a value that collides with nothing."""
    table, key = data, path[0]
    for step, following in pairwise(path):
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            break
        if isinstance(data, dict):
            table, key = data, following
    if not isinstance(table, dict):
        return
    table.pop(key, None)
    if key in _STAND_INS:
        table[key] = _STAND_INS[key](f"{len(path)}-{id(table)}")


_STAND_INS: Mapping[int | str, Callable[[str], Any]] = {
    "instance": lambda word: {"hostname": "host.invalid"},
    "hostname": lambda word: "host.invalid",
    "name": lambda word: f"unnamed-{word}",
    "host": lambda word: "localhost",
    "address": lambda word: f"{word}@unknown.invalid",
    "addresses": lambda word: (f"{word}@unknown.invalid",),
    "queues": lambda word: (word,),
}


_SECRET_KEY = re.compile("password|secret|token|key")


def _in_words(found: Mapping[str, Any]) -> str:
    match found["type"]:
        case "extra_forbidden":
            near = nearest(str(found["loc"][-1]), _keys_beside(found["loc"]), "`")
            return f"there is no such key{near}"
        case "missing":
            return "is missing"
        case "value_error":
            return str(found["ctx"]["error"])
        case "too_short":
            return "at least one entry was expected"
    expected = found["msg"].removeprefix("Input should be ").replace("a valid integer", "an integer")
    expected = expected.replace("a valid ", "a ").replace("tuple", "list")
    if found["type"] == "literal_error" and isinstance(found["input"], str):
        choices = re.findall(r"'([^']*)'", found["ctx"]["expected"])
        return f"{expected} was expected, not {found['input']!r}{nearest(found['input'], choices)}"
    if found["type"] in {"less_than_equal", "greater_than_equal"}:
        expected = f"a number {expected}"
    if any(_SECRET_KEY.search(str(step)) for step in found["loc"]):  # somebody may have put the secret itself there
        return f"{expected} was expected"
    return f"{expected} was expected, not {found['input']!r}"


def _keys_beside(path: Sequence[int | str]) -> list[str]:
    """The keys that there are in the table of this one."""
    table: type[Section] | None = Config
    for step in path[:-1]:
        if table is not None and isinstance(step, str):
            fields = {field.alias or name: field for name, field in table.model_fields.items()}
            table = _table_in(fields[step].annotation) if step in fields else None
    return [field.alias or name for name, field in table.model_fields.items()] if table is not None else []


def _table_in(annotation: Any) -> type[Section] | None:
    """The table that a key holds, also where it holds several."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return next((found for part in get_args(annotation) if (found := _table_in(part)) is not None), None)


def _cross_problems(
    file: Path, config: Config | None, secrets: bool, known: Sequence[tuple[str, str]]
) -> list[tuple[str, str]]:
    """The problems between the keys, without those that only a stand-in could have caused."""
    if config is None:
        return []
    faulty = [key for key, _ in known]
    renamed = any(re.fullmatch(r"queue\.\d+\.name", key) for key in faulty)
    return [
        (key, problem)
        for key, problem in crosswise(config.placed(file), secrets)
        if not any(_is_below(key, other) for other in faulty)
        and not (problem == NO_CONDITION and any(_is_below(other, key) for other in faulty))
        and not (renamed and problem.startswith("there is no queue"))
    ]


def _is_below(key: str, other: str) -> bool:
    return key == other or key.startswith(f"{other}.")
