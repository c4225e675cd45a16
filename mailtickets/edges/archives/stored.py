"""One stored mail before it is read, and the archive that it lies in."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class NoArchive(ValueError):
    """What was named holds no mail that can be read. The message names it, and says what was expected."""


@dataclass(frozen=True, slots=True)
class StoredMail:
    """One mail of an archive."""

    key: str
    """Where it lies; only its archive understands it."""
    at: datetime
    """When it was received, as far as that is known without reading it whole."""
    size: int
    """Octets, about."""


class Archive(Protocol):
    """A file, a folder or a mailbox with old mail."""

    @property
    def name(self) -> str:
        """For people: a path, or `account/folder`."""

    @property
    def notes(self) -> list[str]:
        """What people should know about it, once it has been gone through."""

    def pieces(self) -> AsyncIterator[StoredMail]:
        """All mails, one after the other, without their contents."""

    async def read(self, piece: StoredMail, limit: int) -> bytes | None:
        """The octets of a mail with CRLF line ends; more than `limit` octets if it is larger. None: it is gone."""

    def where(self, piece: StoredMail) -> str:
        """Where a mail lies, in words."""
