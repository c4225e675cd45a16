"""Puts mail into a Maildir instead of sending it: to try the desk out, and for tests that read what went out.

Owns: the file names, and the two lines at the top of each file, which hold the envelope. Lines end in LF, as dovecot,
mutt and other readers of Maildirs expect.
*Fails with*: nothing for errors of the disk; such an error becomes a `Delivery`.
"""

import asyncio
import itertools
import os
import socket
import time
from pathlib import Path

from mailtickets.desk.model.delivery import Deferred, Delivery, Sent, Unknown
from mailtickets.mail.write.compose import without_controls


class MaildirOut:
    """Delivers into a folder. Makes `tmp`, `new` and `cur`; raises OSError if that is not allowed."""

    max_size: int | None = None
    """None: a folder takes messages of any size."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._count = itertools.count()
        for name in ("tmp", "new", "cur"):
            (directory / name).mkdir(mode=0o700, parents=True, exist_ok=True)

    async def send(self, raw: bytes, sender: str, recipient: str) -> Delivery:
        """Writes one file in `new` for one recipient. It is on disk when this returns `Sent`."""
        envelope = f"Return-Path: <{without_controls(sender)}>\nDelivered-To: {without_controls(recipient)}\n"
        return await asyncio.to_thread(self._deliver, envelope.encode() + raw.replace(b"\r\n", b"\n"))

    async def close(self) -> None:
        """Does nothing: no connection is held open between mails."""

    def _deliver(self, content: bytes) -> Delivery:
        name = self._name()
        new = self._directory / "new" / name
        try:
            self._write(self._directory / "tmp" / name, new, content)
        except OSError as error:
            return Deferred(f"452 4.3.1 {self._directory}: {error.strerror or error}")
        try:
            _sync(new.parent)
        except OSError as error:  # the file is there, but might be gone after a power failure
            return Unknown(f"451 4.3.0 {self._directory}: {error.strerror or error}")
        return Sent(f"250 2.0.0 new/{name}")

    def _write(self, tmp: Path, new: Path, content: bytes) -> None:
        try:
            with os.fdopen(os.open(tmp, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            tmp.rename(new)
        except OSError:
            tmp.unlink(missing_ok=True)
            raise

    def _name(self) -> str:
        """A unique name. Sorted names are in the order of sending (https://cr.yp.to/proto/maildir.html)."""
        seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
        host = socket.gethostname().replace("/", "\\057").replace(":", "\\072")
        return f"{seconds}.M{nanoseconds // 1000:06d}P{os.getpid()}Q{next(self._count):06d}.{host}"


def _sync(directory: Path) -> None:
    """Syncs the directory: only then is a new name in it durable."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
