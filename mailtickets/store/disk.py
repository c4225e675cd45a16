"""How much room the disk has that the desk writes on. Imports nothing heavy."""

import shutil
from contextlib import suppress
from pathlib import Path

_FREE_BYTES_LEAST = 100_000_000


def space_is_short(url: str, message_limit: int) -> bool:
    """Whether the disk has too little room to accept another message of `message_limit` bytes.

    Only for SQLite; always False for PostgreSQL, because a server watches its own disk.
    """
    if not url.startswith("sqlite"):
        return False
    disk = shutil.disk_usage(_folder(url))
    wanted = max(message_limit * 3 // 2, _FREE_BYTES_LEAST)
    return disk.free < min(wanted, disk.total // 4)  # a small disk could never have that much


def free_bytes(url: str, state_dir: Path) -> int | None:
    """Room on the disk of SQLite's file, or of the state directory; None when it cannot be told."""
    with suppress(OSError):
        return shutil.disk_usage(_folder(url) if url.startswith("sqlite") else state_dir).free
    return None


def _folder(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///")).parent
