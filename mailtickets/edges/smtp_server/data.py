"""The message after DATA, as a stream: finds its end, undoes dot-stuffing, and ends every line in CRLF.

Owns: where in the stream a message is. Pure; the session feeds it chunks as they come, and says where they are kept.
Limits: a message that exceeds `limit_bytes`, or that cannot be kept, is read to its end but dropped at once.
"""

from typing import Protocol

from mailtickets.desk.model.delivery import NoSpace

END = b"\r\n.\r\n"
"""Nothing else ends a message. Servers that disagree on this let attackers smuggle mail (CVE-2023-51764)."""


class MessageStorage(Protocol):
    """A place where a message is kept. What was written is dropped when it is closed."""

    def write(self, piece: bytes, /) -> object:
        """Raises NoSpace or OSError when there is no room for more."""

    def close(self) -> None: ...


class IncomingMessage:
    """One message while it is being received."""

    def __init__(self, limit_bytes: int, kept: MessageStorage) -> None:
        self.received_bytes = 0
        """Octets as they came, dots included."""
        self.size_bytes = 0
        """Octets of the message itself, as it is stored."""
        self.oversized = False
        self.bare = False
        """Whether the message has a CR or an LF alone."""
        self.trouble: Exception | None = None
        """Why the message could not be kept."""
        self._limit_bytes = limit_bytes
        self._kept = kept
        # Starts with the line end before the first line, so that a first line of "." or ".." needs no rule of its own.
        self._undecided = b"\r\n"
        self._begun = False

    def put_before(self, head: bytes) -> None:
        """Writes a trace header before the message. It does not count towards the size."""
        self._write(head)

    def feed(self, chunk: bytes) -> bytes | None:
        """Takes a chunk. When the message ends in it, returns the bytes after the end, which are the next commands."""
        self.received_bytes += len(chunk)
        data = self._undecided + chunk
        dot = data.find(b"\r\n.")
        end = data.find(END, dot) if dot >= 0 else -1
        if end >= 0:
            self._keep(data[: end + 2], dotted=dot < end)
            return data[end + len(END) :]
        decided = len(data) - _undecided_length(data)
        self._undecided = data[decided:]
        self._keep(data[:decided], dotted=dot >= 0)
        return None

    def _keep(self, piece: bytes, *, dotted: bool) -> None:
        if not piece or self.oversized or self.trouble:
            return
        piece = self._plain_lines(piece, dotted=dotted)
        if not self._begun:
            self._begun, piece = True, piece[2:]
        self.size_bytes += len(piece)
        self.oversized = self.size_bytes > self._limit_bytes
        if self.oversized:
            self._kept.close()
        else:
            self._write(piece)

    def _write(self, piece: bytes) -> None:
        try:
            self._kept.write(piece)
        except (NoSpace, OSError) as error:
            self.trouble = error
            self._kept.close()

    def _plain_lines(self, piece: bytes, *, dotted: bool) -> bytes:
        """Undoes dot-stuffing (RFC 5321, 4.5.2) and turns a bare CR and a bare LF into CRLF.

        A piece never ends between a line end and a dot. Clients that send bare LF stuff dots after it too.
        """
        pairs = piece.count(b"\r\n")
        if piece.count(b"\r") == pairs == piece.count(b"\n"):
            return piece.replace(b"\r\n.", b"\r\n") if dotted else piece
        self.bare = True
        lines = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n.", b"\n")
        return lines.replace(b"\n", b"\r\n")


def _undecided_length(data: bytes) -> int:
    """How many of the last bytes are not decided yet: the first ones of END, or a line end that a dot may follow."""
    begun = next((length for length in (4, 3, 2, 1) if data.endswith(END[:length])), 0)
    return begun or int(data.endswith(b"\n"))
