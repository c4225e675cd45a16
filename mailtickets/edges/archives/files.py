"""Mail with one file for each: EML files, folders of them, Maildirs, and one mail on standard input.

Fails with: `NoArchive` for a file or folder that holds no mail or cannot be read, OSError when one mail cannot.
Limits: a Maildir is one folder; the folders in it are named in a note. Mail marked as deleted or as a draft is left.
Links in a folder are left too: whoever filled the folder could name a secret of the desk, which would become a ticket.
"""

import os
import re
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from mailtickets.edges.archives.mbox import Mbox, has_another_mail, with_crlf
from mailtickets.edges.archives.moment import HEAD_BYTES, moment
from mailtickets.edges.archives.stored import Archive, NoArchive, StoredMail

_HEADER = re.compile(rb"[!-9;-~]{1,76}[ \t]*:")
_MAILDIR_TIME = re.compile(r"(\d{9,10})\.")
_LEFT = frozenset("TD")
"""The flags of a Maildir for deleted mail and drafts."""
_NAMED = 8
_PACKED = {b"\x1f\x8b": "gzip", b"PK": "zip", b"BZ": "bzip2", b"\xfd7": "xz", b"(\xb5": "zstd"}
STDIN = Path("-")


@dataclass(slots=True)
class Files:
    """Files that hold a mail each."""

    name: str
    now: datetime
    found: Iterable[Path]
    notes: list[str] = field(default_factory=list)

    async def pieces(self) -> AsyncIterator[StoredMail]:
        for path in self.found:
            try:
                with _opened(path) as file:
                    head, size = file.read(HEAD_BYTES), os.fstat(file.fileno())
            except OSError:  # it is a mail all the same; reading it says why it is not taken
                yield StoredMail(str(path), self.now, 0)
                continue
            yield StoredMail(str(path), moment(head, _stored_at(path, size.st_mtime), self.now), size.st_size)

    async def read(self, piece: StoredMail, limit: int) -> bytes | None:
        path = _now_at(Path(piece.key))
        if path is None:
            return None
        with _opened(path) as file:
            return with_crlf(_without_from_line(file.read(limit + 1)))

    def where(self, piece: StoredMail) -> str:
        return piece.key


@dataclass(slots=True)
class StandardInput:
    """One mail from standard input."""

    raw: bytes
    now: datetime
    name: str = "standard input"
    notes: list[str] = field(default_factory=list)

    async def pieces(self) -> AsyncIterator[StoredMail]:
        yield StoredMail("-", moment(self.raw, None, self.now), len(self.raw))

    async def read(self, piece: StoredMail, limit: int) -> bytes | None:
        return with_crlf(_without_from_line(self.raw))

    def where(self, piece: StoredMail) -> str:
        return self.name


def archive(path: Path, now: datetime, stdin: BinaryIO, limit: int) -> Archive:
    """The archive at a path; `-` is one mail on standard input. Raises NoArchive, and says what was expected."""
    if path == STDIN:
        return StandardInput(_one_mail(_checked(stdin.read(limit + 1), "standard input")), now)
    try:
        return _folder(path, now) if path.is_dir() else _file(path, now)
    except OSError as error:
        raise NoArchive(f"{path}: {error.strerror}") from error


def _file(path: Path, now: datetime) -> Archive:
    if path.exists() and not path.is_file():
        raise NoArchive(f"{path}: neither a file nor a folder; write what comes out of it into a file, and name that")
    with path.open("rb") as file:
        begin = file.read(512)
    if begin.startswith(b"From ") or not begin.strip():
        return Mbox.opened(path, now)
    _checked(begin, str(path))
    return Files(str(path), now, [path.resolve() if path.is_symlink() else path])


def _one_mail(raw: bytes) -> bytes:
    """The octets as they were given. Raises NoArchive if they are several mails."""
    if has_another_mail(raw):
        raise NoArchive("standard input: more than one mail: write them into a file first, and name that file")
    return raw


def _checked(begin: bytes, name: str) -> bytes:
    """The beginning of a mail, as it was given. Raises NoArchive if no mail begins like this."""
    packed = next((kind for magic, kind in _PACKED.items() if begin.startswith(magic)), None)
    if packed is not None:
        raise NoArchive(f"{name}: packed with {packed}: unpack it first")
    if not _HEADER.match(_without_from_line(begin)):
        shown = repr(begin[:40].decode("utf-8", "replace").partition("\n")[0])
        raise NoArchive(f"{name}: neither an mbox nor a mail: it begins with {shown}")
    return begin


def _opened(path: Path) -> BinaryIO:
    """The file, if it is one still: nothing is opened through a link, and no pipe is waited for."""
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")


def _folder(path: Path, now: datetime) -> Files:
    if all(_is_folder(path / part) for part in ("cur", "new")):
        return _maildir(path, now)
    if next(_eml(path), None) is None:
        raise NoArchive(f"{path}: neither a Maildir (it has no `cur` and `new`) nor a folder with .eml files")
    others = sorted(one.name for one in path.iterdir() if one.is_symlink() or (one.is_file() and not _is_eml(one)))
    notes = [f"{len(others)} other files were left: {_some(others)}"] if others else []
    return Files(str(path), now, _eml(path), notes)


def _maildir(path: Path, now: datetime) -> Files:
    others = sorted(one.name for one in path.iterdir() if one.is_dir() and (one / "cur").is_dir())
    notes = [f"the folders in it were left; name them to import them too: {_some(others)}"] if others else []
    return Files(str(path), now, _of_maildir(path), notes)


def _of_maildir(path: Path) -> Iterator[Path]:
    for part in ("cur", "new"):
        for found in (path / part).iterdir():
            flags = found.name.partition(":2,")[2]
            if not found.name.startswith(".") and not _LEFT & set(flags) and _is_file(found):
                yield found


def _eml(path: Path) -> Iterator[Path]:
    """The files, and the folders that cannot be read: what is in them is not taken, and that must be told."""
    closed: list[Path] = []
    for folder, _, names in os.walk(path, onerror=lambda error: closed.append(Path(error.filename))):
        yield from (found for found in (Path(folder, name) for name in names) if _is_eml(found) and _is_file(found))
        yield from closed
        closed.clear()
    yield from closed


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _is_eml(path: Path) -> bool:
    return path.suffix.casefold() == ".eml"


def _some(names: list[str]) -> str:
    return ", ".join(names[:_NAMED]) + (" ..." if len(names) > _NAMED else "")


def _now_at(path: Path) -> Path | None:
    """The file, also under the name that a mail program has given it meanwhile: other flags, or `cur` for `new`."""
    if path.exists():
        return path
    unique = path.name.partition(":")[0]
    folders = (path.parent.parent / part for part in ("cur", "new"))
    return next((found for folder in folders if folder.is_dir() for found in folder.glob(f"{unique}*")), None)


def _stored_at(path: Path, mtime: float) -> datetime:
    named = _MAILDIR_TIME.match(path.name)
    return datetime.fromtimestamp(int(named[1]) if named else mtime, UTC)


def _without_from_line(raw: bytes) -> bytes:
    return raw.partition(b"\n")[2] if raw.startswith(b"From ") else raw
