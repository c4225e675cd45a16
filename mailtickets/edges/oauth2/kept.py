"""The tokens that are kept, one file an account, in the folder `oauth` of the state directory.

Only the owner can read a file (0600). It is replaced as a whole: a draft beside it, fsync, rename, fsync of the folder;
so it holds the old token or the new one after any crash. `Shelf.draft` makes the draft before the token server is
asked: if the disk is full or read-only, no refresh token is spent.
*Fails with* OSError: the disk; `Locked` when another process does not let go of the account.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

FOLDER = "oauth"
_ROOM_OCTETS = 32_768
"""Tokens of Microsoft have up to some 3,000 octets, with many groups more."""
_LOCK_SECONDS = 45
_LOOK_SECONDS = 0.1


class Locked(OSError):
    """Another process renews the token of this account, and takes very long."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The tokens of one account."""

    generation: int
    """Counts the tokens of this account, on all machines. The one with the highest number is the present one."""
    identity: str
    """`OAuthAccount.identity` of the account that it was got for."""
    access: str
    refresh: str
    obtained_at: datetime
    expires_at: datetime
    who: str = ""
    forced: bool = False
    """Whether it was got because a server had refused the one before."""

    @property
    def renew_at(self) -> datetime:
        """Half of its life."""
        return self.obtained_at + (self.expires_at - self.obtained_at) / 2

    def lives(self, now: datetime, seconds: int = 30) -> bool:
        """Whether a login with it can succeed: it lasts for so many seconds at least. A token that was
        obtained in the future comes from a clock that was wrong, and is not used.
        """
        return bool(self.access) and self.obtained_at - timedelta(minutes=10) <= now < self.expires_at - timedelta(
            seconds=min(seconds, (self.expires_at - self.obtained_at).total_seconds() / 10)
        )

    def is_fresh(self, now: datetime) -> bool:
        """Whether it need not be renewed yet."""
        return self.lives(now) and now < self.renew_at

    def __repr__(self) -> str:  # a token never gets into a log line or a traceback
        return f"Kept(generation={self.generation}, expires_at={self.expires_at})"


def encode(kept: Kept) -> bytes:
    return json.dumps(asdict(kept), default=datetime.isoformat).encode() + b"\n"


def decode(data: bytes) -> Kept | None:
    """What `encode` has made; None for anything else."""
    try:
        found = json.loads(data)
        moments = {key: datetime.fromisoformat(found[key]) for key in ("obtained_at", "expires_at")}
        known = {field.name for field in fields(Kept)}
        kept = Kept(**{**{key: value for key, value in found.items() if key in known}, **moments})
        return kept if kept.obtained_at.tzinfo and kept.expires_at.tzinfo and kept.generation > 0 else None
    except (ValueError, TypeError, KeyError):
        return None


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the last question for a token brought none."""

    error: str
    at: datetime
    needs_person: bool = False
    """Whether none can come, or none is accepted, until a person acts."""


class Shelf:
    """The files of one account: its tokens, and what went wrong last."""

    def __init__(self, state_dir: Path, name: str) -> None:
        self._folder = state_dir / FOLDER
        self.file = self._folder / f"{name}.json"
        self._trouble = self._folder / f"{name}.trouble"

    def load(self) -> Kept | None:
        """The tokens; None where there are none, or where the file is not one of ours."""
        try:
            return decode(self.file.read_bytes())
        except FileNotFoundError:
            return None

    def trouble(self) -> Trouble | None:
        """What `note` has noted last, unless it has passed."""
        try:
            found = json.loads(self._trouble.read_bytes())
            needs_person = found.get("needs_person") is True
            return Trouble(str(found["error"]), datetime.fromisoformat(found["at"]), needs_person)
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def note(self, trouble: Trouble | None) -> None:
        """Notes what went wrong, for `oauth status`; None: nothing is wrong any more."""
        if trouble is None:
            self._trouble.unlink(missing_ok=True)
            return
        new = self._trouble.with_suffix(".trouble.new")
        self._folder.mkdir(mode=0o700, exist_ok=True)
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "w") as handle:
            json.dump(asdict(trouble), handle, default=datetime.isoformat)
        new.replace(self._trouble)

    def stamp(self) -> tuple[int, int] | None:
        """Changes whenever the file is replaced. None: there is no file."""
        try:
            found = self.file.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns

    @contextmanager
    def locked(self) -> Iterator[None]:
        """No other process renews the tokens of this account meanwhile. The lock ends with the process."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(self.file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            _wait_for(descriptor)
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def draft(self) -> Iterator["TokenDraft"]:
        """Room on the disk for the next tokens. `TokenDraft.keep` puts them in the file's place."""
        new = self.file.with_suffix(".new")
        with suppress(FileNotFoundError):
            new.unlink()  # left by a crash
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as handle:
            try:
                handle.write(b"\0" * _ROOM_OCTETS)
                _to_disk(handle)
                yield TokenDraft(handle, new, self.file)
            finally:
                with suppress(FileNotFoundError):
                    new.unlink()

    def save(self, kept: Kept) -> None:
        with self.draft() as draft:
            draft.keep(kept)


@dataclass(frozen=True, slots=True)
class TokenDraft:
    """The file that will hold the next tokens."""

    handle: IO[bytes]
    new: Path
    file: Path

    def keep(self, kept: Kept) -> None:
        """After this, the tokens survive a crash of the machine."""
        self.handle.seek(0)
        self.handle.write(encode(kept))
        self.handle.truncate()
        _to_disk(self.handle)
        self.new.replace(self.file)
        folder = os.open(self.file.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _to_disk(handle: IO[bytes]) -> None:
    handle.flush()
    os.fsync(handle.fileno())


def _wait_for(descriptor: int) -> None:
    end = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > end:
                raise Locked("another mailtickets process is renewing this token, and does not end") from None
            time.sleep(_LOOK_SECONDS)
