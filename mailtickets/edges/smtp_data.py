"""The message that follows DATA, as a stream: finds its end, undoes dot-stuffing, makes every line end in CRLF.

Owns: the bytes of one message until it is whole. Pure; the session feeds it chunks as they come.
Limits: what exceeds `limit_bytes` is read on to its end but no longer kept, so that memory stays bounded.
"""

import io

END = b"\r\n.\r\n"
"""Nothing else ends a message: servers that disagree on this are how mail is smuggled (CVE-2023-51764)."""


class IncomingMessage:
    """One message while it is being received; `head` is put before it and not counted."""

    def __init__(self, limit_bytes: int, head: bytes = b"") -> None:
        self.received_bytes = 0
        """As they came, dots and all."""
        self.size_bytes = 0
        """Of the message itself, as it is stored."""
        self.oversized = False
        self._limit_bytes = limit_bytes
        self._kept = io.BytesIO()
        self._kept.write(head)
        # The line end before the first line, so that a first line of "." or ".." needs no rule of its own.
        self._undecided = b"\r\n"
        self._begun = False

    def feed(self, chunk: bytes) -> bytes | None:
        """Takes a chunk. When the message ends in it: the bytes after the end, which are the next commands."""
        self.received_bytes += len(chunk)
        data = self._undecided + chunk
        end = data.find(END)
        if end >= 0:
            self._keep(data[: end + 2])
            return data[end + len(END) :]
        decided = len(data) - _undecided_length(data)
        self._undecided = data[decided:]
        self._keep(data[:decided])
        return None

    def content(self) -> bytes:
        return self._kept.getvalue()

    def _keep(self, piece: bytes) -> None:
        if not piece or self.oversized:
            return
        piece = _plain_lines(piece)
        if not self._begun:
            self._begun, piece = True, piece[2:]
        self.size_bytes += len(piece)
        self.oversized = self.size_bytes > self._limit_bytes
        if self.oversized:
            self._kept = io.BytesIO()
        else:
            self._kept.write(piece)


def _undecided_length(data: bytes) -> int:
    """How many of the last bytes mean nothing yet: the first ones of END, or a line end that a dot may follow."""
    begun = next((length for length in (4, 3, 2, 1) if data.endswith(END[:length])), 0)
    return begun or int(data.endswith(b"\n"))


def _plain_lines(piece: bytes) -> bytes:
    """Undoes dot-stuffing (RFC 5321, 4.5.2) and makes bare CR and bare LF CRLF.

    A piece never ends between a line end and a dot. Clients that send bare LF stuff after it too.
    """
    pairs = piece.count(b"\r\n")
    if piece.count(b"\r") == pairs == piece.count(b"\n"):
        return piece.replace(b"\r\n.", b"\r\n")
    lines = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n.", b"\n")
    return lines.replace(b"\n", b"\r\n")
