"""Word lists that come with the program: `lists/NAME.toml` in this package.

Owns: the reading of these files. It is the only place in `words`, `mail` and `desk` that reads a file; the files are
part of the program and do not change while it runs, so that a list is as good as a constant.
Fails with: OSError, tomllib.TOMLDecodeError: the program is not installed as it was made.
Limits: none; each file is read once in a process, when it is first asked for.
"""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).with_name("lists")


@cache
def read(name: str) -> dict[str, Any]:
    """The tables of one list, as TOML has them. Do not change them: every caller is given the same."""
    return tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def words(name: str, *keys: str) -> frozenset[str]:
    """The words of one entry of a list, which blanks divide: `words("thanks", "device", "leads")`."""
    entry: Any = read(name)
    for key in keys:
        entry = entry[key]
    return frozenset(entry.split())


@cache
def lines(name: str, key: str) -> tuple[str, ...]:
    """The lines of one entry of a list, each a regular expression: `lines("absence", "beginnings")`."""
    text: str = read(name)[key]
    return tuple(text.removesuffix("\n").split("\n"))
