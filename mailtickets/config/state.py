"""The state directory and the instance's keys: who may have been at them, and how they are made.

Whoever can write there can put a key of theirs in the place of ours, or a link to a file that we would then overwrite.
So nothing in there is opened before the directory has been looked at, and a key that others could have written, or that
is too short to be one (a file left empty by a crash), is an error of the configuration.
*Fails with*: ConfigError, which names the key path; OSError for what the disk does.
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
"""Of an operator's own making: what can be guessed makes reply addresses for anybody."""
_OTHERS_WRITE = 0o002
_GROUP_OR_OTHERS_WRITE = 0o022


def prepare(config: "Config") -> None:
    """Makes what a first run needs: the state directory and the secret."""
    if not config.state_dir.exists():
        config.state_dir.mkdir(parents=True)
        config.state_dir.chmod(0o710)  # whatever the umask: an MTA's group must reach intake.sock
    load_secrets(config, create=True)


def load_secrets(config: "Config", *, create: bool = False) -> tuple[bytes, ...]:
    """The instance's keys, newest first; with `create` the first one is made if there is none."""
    if problems := tuple(directory_problems(config.state_dir)):
        raise ConfigError(config.file, problems)
    file = config.secret_file
    if create and not file.exists():
        _write_secret(file)
    old = file.with_name(f"{file.name}.old")
    return tuple(_secret(config, path) for path in (file, old) if path.exists())


def directory_problems(directory: Path) -> Iterator[tuple[str, str]]:
    """Why the state directory cannot be relied on, as key path and words; nothing where it is not there yet."""
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
    """Whole or not at all, and never through a link that somebody has left in its place."""
    draft = file.with_name(f"{file.name}.{randomness.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(b32encode(randomness.token_bytes(SECRET_OCTETS)) + b"\n")
            handle.flush()
            os.fsync(handle.fileno())
        os.link(draft, file)  # fails where there is anything by now, be it a link to nothing
    except FileExistsError:
        if not file.exists():
            raise
    finally:
        draft.unlink()
