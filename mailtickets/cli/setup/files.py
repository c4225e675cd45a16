"""Writes the configuration and its secrets: all of them, or nothing, and never over what is there.

Fails with: `Stop`. Signals that would end the program wait until everything is written or taken back.
"""

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mailtickets.cli import BAD_USAGE, REFUSED, Stop

_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


@dataclass(frozen=True, slots=True)
class NewFile:
    path: Path
    content: bytes
    mode: int
    owner: tuple[int, int] | None = None
    """User and group. None: whoever runs the command."""


def refuse_existing(paths: Sequence[Path]) -> None:
    """Raises Stop if one of these files is there."""
    there = [str(path) for path in paths if os.path.lexists(path)]
    if there:
        verb = "is" if len(there) == 1 else "are"
        raise Stop(
            REFUSED, f"{', '.join(there)} {verb} there already: left as {'it is' if verb == 'is' else 'they are'}"
        )


def write_all(files: Sequence[NewFile]) -> None:
    """Writes the files in this order. After a failure none of them is there."""
    refuse_existing([file.path for file in files])
    made: list[Path] = []
    with _uninterrupted():
        try:
            for file in files:
                _write(file, made)
            _keep_names({file.path.parent for file in files})
        except FileExistsError as error:
            _take_back(made)
            raise Stop(REFUSED, f"{error.filename} is there already: left as it is; nothing was written") from error
        except OSError as error:
            _take_back(made)
            raise Stop(BAD_USAGE, f"{error.filename or file.path}: {error.strerror}; nothing was written") from error


def _write(file: NewFile, made: list[Path]) -> None:
    descriptor = os.open(file.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, file.mode)
    made.append(file.path)
    with os.fdopen(descriptor, "wb") as handle:
        os.fchmod(handle.fileno(), file.mode)
        if file.owner is not None:
            os.fchown(handle.fileno(), *file.owner)
        handle.write(file.content)
        handle.flush()
        os.fsync(handle.fileno())


def _keep_names(directories: set[Path]) -> None:
    """Makes the names of new files durable."""
    for directory in directories:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _take_back(made: Sequence[Path]) -> None:
    for path in made:
        path.unlink(missing_ok=True)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Control-C and the end of a terminal are heard when the block is done. Call it from the main thread.

    Handlers, and no blocked signals: the kernel hands a signal that one thread blocks to another.
    """
    heard: list[int] = []
    before = {ending: signal.signal(ending, lambda number, _: heard.append(number)) for ending in _ENDINGS}
    try:
        yield
    finally:
        for ending, handler in before.items():
            signal.signal(ending, handler)
        for number in heard[:1]:
            signal.raise_signal(number)
