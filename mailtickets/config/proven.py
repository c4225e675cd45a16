"""Where the database of a configuration is, for commands that only read it.

Checking a configuration takes a quarter of a second, mostly to import pydantic. So a command that has checked a
configuration leaves the digest of the file in the state directory. The next command that only reads trusts the file
if it has not changed since.
Fails with: nothing. The answer is None if the configuration is not known to be sound; then it must be loaded and
checked.
"""

import hashlib
import os
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailtickets.config.places import database_url, state_dir

if TYPE_CHECKING:
    from mailtickets.config.models import Config

MARK = "config.checked"
"""The file in the state directory that holds the digest of the last sound configuration."""

_DEFAULT_STATE, _DEFAULT_URL = "var", "sqlite:///mailtickets.db"


@dataclass(frozen=True, slots=True)
class Proven:
    """The parts of a configuration that a reading command needs."""

    state_dir: Path
    secret_file: Path
    database_url: str
    agents: Sequence[Mapping[str, Any]]
    """The tables of the agents, with name, address, aliases, queues and receipts."""
    tables: Mapping[str, Any]
    """The whole file."""

    @classmethod
    def of(cls, config: "Config") -> "Proven":
        """The same parts of a configuration that has been loaded."""
        agents = [vars(one) for one in config.agent]
        return cls(config.state_dir, config.secret_file, config.database_url, agents, config.model_dump())


def proven(file: Path) -> Proven | None:
    """The parts of the configuration in `file`, if it is the one that was last found sound; otherwise None."""
    with suppress(OSError, ValueError, AttributeError, TypeError, KeyError):
        data = file.read_bytes()
        found = _read(file, tomllib.loads(data.decode("utf-8")))
        if (found.state_dir / MARK).read_text(encoding="ascii") == _digest(file, data):
            return found
    return None


def remember(file: Path, directory: Path) -> None:
    """Records that the configuration in `file` is sound. `directory` is its state directory."""
    with suppress(OSError):
        digest = _digest(file, file.read_bytes())
        new = directory / f"{MARK}.{os.getpid()}"
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        os.write(descriptor, digest.encode())
        os.close(descriptor)
        new.replace(directory / MARK)


def _read(file: Path, tables: Mapping[str, Any]) -> Proven:
    instance = tables["instance"]
    where = state_dir(file, instance.get("state_dir", _DEFAULT_STATE))
    return Proven(
        where,
        where / instance.get("secret_file", "secret"),
        database_url(where, tables.get("database", {}).get("url", _DEFAULT_URL)),
        [{"aliases": (), "receipts": "commands", **agent} for agent in tables.get("agent", ())],
        tables,
    )


def _digest(file: Path, data: bytes) -> str:
    """The digest of the file and of the program that checks it. Another version may find other errors."""
    program = Path(__file__).with_name("models.py").stat()
    return hashlib.sha256(b"%d %d %s\0%s" % (program.st_mtime_ns, program.st_size, bytes(file), data)).hexdigest()
