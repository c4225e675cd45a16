"""Word lists that come with the program: `lists/NAME.toml` in this package.

Owns: the reading of these files. It is the only module in `words`, `mail` and `desk` that reads files. The files are
part of the program and do not change while it runs, so a list is like a constant.
Fails with: OSError or tomllib.TOMLDecodeError if the installed program is damaged.
Limits: none; each file is read once in a process, when it is first asked for.
"""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).with_name("lists")


@cache
def read(name: str) -> dict[str, Any]:
    """The tables of one list. Do not change them: every caller gets the same objects."""
    return tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def words(name: str, *keys: str) -> frozenset[str]:
    """The words of one entry of a list, separated by blanks: `words("thanks", "device", "leads")`."""
    entry: Any = read(name)
    for key in keys:
        entry = entry[key]
    return frozenset(entry.split())


@cache
def lines(name: str, key: str) -> tuple[str, ...]:
    """The lines of one entry of a list, each a regular expression: `lines("absence", "beginnings")`."""
    text: str = read(name)[key]
    return tuple(text.removesuffix("\n").split("\n"))
