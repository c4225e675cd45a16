"""The start and the end of every command: the right user, a desk to read from, and JSON or a table at the end.

Imports nothing heavy, so that commands that only read answer at once. `cli.desk` has what commands that act need.
"""

import argparse
import json
import os
import pwd
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from mailtickets.cli import BAD_USAGE, REFUSED, TRY_AGAIN, Stop
from mailtickets.config.places import ConfigError, database_is_missing, locate
from mailtickets.config.proven import Proven, proven, remember
from mailtickets.config.state import directory_problems
from mailtickets.desk.model.delivery import Transient
from mailtickets.store import version
from mailtickets.store.read import reader
from mailtickets.store.read.reader import Reader
from mailtickets.words.fold import folded_name

NO_DESK = "{} has no desk yet: `mailtickets run` makes one"


@dataclass(frozen=True, slots=True)
class OpenDesk:
    """A desk that is only read."""

    reader: Reader
    agents: Sequence[Mapping[str, Any]]
    """The tables of the agents in the configuration."""
    state_dir: Path
    database_url: str
    tables: Mapping[str, Any]
    """The whole configuration file."""

    def agent_address(self, name: str | None) -> str | None:
        """The address of the agent who has this address or alias. If there is no such agent: the argument unchanged."""
        key = (name or "").casefold()
        for agent in self.agents:
            if key in {address.casefold() for address in (agent["address"], *agent["aliases"])}:
                return str(agent["address"])
        return name

    def stages_called(self, name: str, queue: str | None) -> list[str]:
        """The names of the stages, of one queue or of all, that are called so: by name, or by a label."""
        of_queues = [one for one in self.tables.get("queue", ()) if queue in (None, one.get("name"))]
        stages = [stage for one in of_queues for stage in one.get("stages", ())]
        found = {stage["name"] for stage in stages if _key(name) in map(_key, _names_of(stage))}
        if not found:
            known = ", ".join(dict.fromkeys(stage["name"] for stage in stages)) or "there are no stages"
            raise Stop(REFUSED, f"there is no stage {name!r}: {known}")
        return sorted(found)


def _names_of(stage: Mapping[str, Any]) -> list[str]:
    return [stage["name"], *stage.get("label", {}).values()]


def _key(name: str) -> str:
    return folded_name(name.replace("-", " ").replace("_", " "))


def broken(error: ConfigError) -> str:
    """All problems of a configuration, one on each line."""
    where = f"{error.file}: " if error.file else ""
    if len(error.problems) == 1 and not error.problems[0][0]:
        return f"{where}{error.problems[0][1]}"
    lines = [f"{where}{len(error.problems)} error{'s' if len(error.problems) > 1 else ''}"]
    lines += [f"  {key}: {problem}" if key else f"  {problem}" for key, problem in error.problems]
    return "\n".join(lines)


def act_as_owner(state_dir: Path) -> None:
    """As root, becomes the owner of the state directory. Any other user without access is told who has access."""
    if not state_dir.exists():
        return
    owner = state_dir.stat()
    if os.geteuid() == 0 and owner.st_uid != 0:
        os.setgroups([owner.st_gid])
        os.setgid(owner.st_gid)
        os.setuid(owner.st_uid)
    elif not os.access(state_dir, os.R_OK | os.W_OK | os.X_OK):
        name = user_name(owner.st_uid)
        raise Stop(BAD_USAGE, f"{state_dir} belongs to the user {name}: run this command as {name} or as root")


def user_name(number: int) -> str:
    """The name of a user of this machine; the number where it has none."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


@contextmanager
def reading(args: argparse.Namespace) -> Iterator[OpenDesk]:
    """The configured desk, for commands that only read. An error of the database ends the command with 75."""
    desk = desk_of(args)
    if not desk.secret_file.exists() or database_is_missing(desk.database_url):
        raise Stop(BAD_USAGE, NO_DESK.format(desk.state_dir))
    try:
        with reader.opened(desk.database_url) as opened:
            missing = version.behind(version.version(opened))
            if missing is not None:
                raise Stop(BAD_USAGE, missing)
            yield OpenDesk(opened, desk.agents, desk.state_dir, desk.database_url, desk.tables)
    except Transient as error:
        raise Stop(TRY_AGAIN, f"the database is not available: {error}") from error


def desk_of(args: argparse.Namespace) -> Proven:
    """Where the desk is. A configuration that has changed since the last check is checked now."""
    try:
        file = locate(args.config)
    except ConfigError as error:
        raise Stop(BAD_USAGE, broken(error)) from error
    found = proven(file)
    if found is None:
        from mailtickets.cli.desk import configuration  # costs a quarter of a second, once

        config = configuration(args)
        _enter(config.state_dir)
        remember(file, config.state_dir)
        return proven(file) or Proven.of(config)
    _enter(found.state_dir)
    return found


def _enter(state_dir: Path) -> None:
    """Acts as the owner of the state directory. Nothing is opened or written in one that others can write to."""
    act_as_owner(state_dir)
    if problems := tuple(directory_problems(state_dir)):
        raise Stop(BAD_USAGE, broken(ConfigError(None, problems)))


def add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON document on stdout, and nothing else")


def add_verb(verbs: Any, verb: str, what: str, act: Callable[[argparse.Namespace], int]) -> None:
    """Adds a verb about one row, which is named by its id."""
    about = verbs.add_parser(verb, help=what)
    about.add_argument("id", type=number)
    if verb != "raw":  # "raw" prints a mail
        add_json(about)
    about.set_defaults(act=act)


def add_page(parser: argparse.ArgumentParser) -> None:
    """Adds the options of every listing: newest first, one page at a time."""
    add_json(parser)
    parser.add_argument("--limit", type=positive, default=100, metavar="N", help="the most rows to list (default 100)")
    parser.add_argument(
        "--after", type=number, metavar="ID", help="start after this id, the last one of the page before"
    )


def number(word: str) -> int:
    """A number that a database can look for. Larger numbers find nothing."""
    return max(min(int(word), 2**63 - 1), -1)


def positive(word: str) -> int:
    positive = number(word)
    if positive < 1:
        raise argparse.ArgumentTypeError("a number from 1 was expected")
    return positive


def actor() -> str:
    """The person who gives a command at the shell, for the ticket's events."""
    return f"shell:{os.environ.get('SUDO_USER') or user_name(os.getuid())}"


def print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, default=_plain, indent=2))


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def print_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Prints columns as wide as their longest entry. The last column takes the rest of the terminal."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(len(column) for column in columns) for columns in zip(header, *cells, strict=True)]
    room = _columns() - sum(widths[:-1]) - 2 * (len(widths) - 1)
    for line in [list(header), *cells]:
        line[-1] = line[-1] if len(line[-1]) <= max(room, 20) else f"{line[-1][: max(room, 20) - 1]}…"
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _cell(value: object) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M")
    return " ".join(str(value).split())


def _columns() -> int:
    return os.get_terminal_size().columns if sys.stdout.isatty() else 1_000


def read_text(file: str | None) -> str:
    """Reads the text for a ticket, from a file or from stdin."""
    if file is not None and file != "-":
        try:
            return Path(file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise Stop(BAD_USAGE, f"{file}: {error}") from error
    if sys.stdin.isatty():
        print("(text, ended with Ctrl-D)", file=sys.stderr)
    return sys.stdin.buffer.read().decode("utf-8", "replace")
