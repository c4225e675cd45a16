"""Where the database of a configuration is, for commands that only read it.

Checking a configuration takes a quarter of a second, most of it for importing pydantic. So a command that has checked
one leaves the file's digest in the state directory, and the next command that only reads trusts a file that has not
changed since.
Fails with: nothing; what is not known to be sound is None, and is to be loaded and checked.
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
"""The file in the state directory with the digest of the configuration that was found sound."""

_DEFAULT_STATE, _DEFAULT_URL = "var", "sqlite:///mailtickets.db"


@dataclass(frozen=True, slots=True)
class Proven:
    """What a reading command needs of a configuration."""

    state_dir: Path
    secret_file: Path
    database_url: str
    agents: Sequence[Mapping[str, Any]]
    """Their tables, with name, address, aliases, queues and receipts."""

    @classmethod
    def of(cls, config: "Config") -> "Proven":
        """The same of a configuration that has been loaded."""
        return cls(config.state_dir, config.secret_file, config.database_url, [vars(one) for one in config.agent])


def proven(file: Path) -> Proven | None:
    """What the configuration in `file` says, if it is the one that was last found sound."""
    with suppress(OSError, ValueError, AttributeError, TypeError, KeyError):
        data = file.read_bytes()
        found = _read(file, tomllib.loads(data.decode("utf-8")))
        if (found.state_dir / MARK).read_text(encoding="ascii") == _digest(file, data):
            return found
    return None


def remember(file: Path, directory: Path) -> None:
    """Notes that the configuration in `file` is sound. `directory` is its state directory."""
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
    )


def _digest(file: Path, data: bytes) -> str:
    """Of the file and of the program that checks it: another version may find another thing wrong."""
    program = Path(__file__).with_name("models.py").stat()
    return hashlib.sha256(b"%d %d %s\0%s" % (program.st_mtime_ns, program.st_size, bytes(file), data)).hexdigest()
