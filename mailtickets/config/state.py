"""The state directory and the instance's keys: who could have changed them, and how they are made.

Anybody who can write in this directory can replace our key with one of theirs, or place a link to a file that we would
then overwrite. So the directory is checked before anything in it is opened. A key that others could have written, or
that is too short (a file left empty by a crash), is an error of the configuration.
*Fails with*: ConfigError, which names the key path; OSError for errors of the disk.
"""

import os
import secrets as randomness
from base64 import b32encode
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mailtickets.config.places import ConfigError

if TYPE_CHECKING:
    from mailtickets.config.models import Config

SECRET_OCTETS = 40
SHORTEST_SECRET_OCTETS = 16
"""The least length of a key that an operator made. If a key can be guessed, anybody can make reply addresses."""
_OTHERS_WRITE = 0o002
_GROUP_OR_OTHERS_WRITE = 0o022


def prepare(config: "Config") -> None:
    """Makes what a first run needs: the state directory and the secret."""
    make_directory(config.state_dir)
    load_secrets(config, create=True)


def make_directory(state_dir: Path) -> None:
    """Makes the state directory if it is missing."""
    if not state_dir.exists():
        state_dir.mkdir(parents=True)
        state_dir.chmod(0o710)  # independent of the umask: the group of an MTA must reach intake.sock


def load_secrets(config: "Config", *, create: bool = False) -> tuple[bytes, ...]:
    """Loads the instance's keys, newest first. With `create`, the first key is made if there is none."""
    if problems := tuple(directory_problems(config.state_dir)):
        raise ConfigError(config.file, problems)
    file = config.secret_file
    if create and not file.exists():
        _write_secret(file)
    old = file.with_name(f"{file.name}.old")
    return tuple(_secret(config, path) for path in (file, old) if path.exists())


def directory_problems(directory: Path) -> Iterator[tuple[str, str]]:
    """Why the state directory cannot be trusted, as key path and words. Empty if the directory does not exist yet."""
    if not directory.exists():
        return
    found = directory.stat()
    if not directory.is_dir():
        yield "instance.state_dir", f"{directory} is no directory"
    elif found.st_mode & _OTHERS_WRITE:
        yield "instance.state_dir", f"{directory} can be written by everybody: chmod o-w {directory}"
    elif found.st_uid not in (0, os.geteuid()):
        yield "instance.state_dir", f"{directory} belongs to somebody else: chown it to the user that runs mailtickets"


def _secret(config: "Config", file: Path) -> bytes:
    with file.open("rb") as handle:
        found = os.fstat(handle.fileno())
        secret = handle.read().strip()
    if found.st_uid not in (0, os.geteuid()) or found.st_mode & _GROUP_OR_OTHERS_WRITE:
        raise ConfigError(config.file, [("instance.secret_file", f"{file} can be written by others: chmod 600 {file}")])
    if len(secret) < SHORTEST_SECRET_OCTETS:
        expected = f"at least {SHORTEST_SECRET_OCTETS} octets are needed; without the file `run` makes a new one"
        raise ConfigError(config.file, [("instance.secret_file", f"{file} holds {len(secret)}: {expected}")])
    return secret


def _write_secret(file: Path) -> None:
    """Writes the whole secret or nothing, and never through a link that somebody has left at that path."""
    draft = file.with_name(f"{file.name}.{randomness.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(b32encode(randomness.token_bytes(SECRET_OCTETS)) + b"\n")
            handle.flush()
            os.fsync(handle.fileno())
        os.link(draft, file)  # fails if anything exists at the path by now, even a dangling link
    except FileExistsError:
        if not file.exists():
            raise
    finally:
        draft.unlink()
