"""Unpacks winmail.dat, Outlook's container (MS-OXTNEF) of files and sometimes a text.

Fails with: nothing; None means that it cannot be read. Limits: `MAX_UNPACKED_BYTES`, `MAX_FILES`.
"""

import contextlib
import io
import warnings
from dataclasses import dataclass

MAX_UNPACKED_BYTES = 50 * 1024 * 1024
MAX_FILES = 500

_SIGNATURE = b"\x78\x9f\x3e\x22"


@dataclass(frozen=True, slots=True)
class Unpacked:
    files: tuple[tuple[str, bytes], ...]
    text: str
    html: str


def unpack(octets: bytes) -> Unpacked | None:
    if not octets.startswith(_SIGNATURE):
        return None
    from tnefparse import TNEF  # imported here, because few mails need it

    try:
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            packed = TNEF(octets, do_checksum=False)
            files = tuple(
                (str(file.long_filename() or file.name or ""), bytes(file.data)) for file in packed.attachments
            )
    except Exception:  # the library may raise any exception
        return None
    if len(files) > MAX_FILES or sum(len(data) for _, data in files) > MAX_UNPACKED_BYTES:
        return None
    return Unpacked(files, _text(packed.body), _text(packed.htmlbody))


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "mail-windows-1252").rstrip("\0")
    return value.rstrip("\0") if isinstance(value, str) else ""
