"""The other end of sd_notify(3): a datagram socket that writes down what a service reports.

    with Notify() as notify:
        ... start the service with NOTIFY_SOCKET=notify.path ...
        notify.wait_for("READY=1")

*Fails with* AssertionError, and what was reported instead, when something awaited does not come.
"""

import shutil
import socket
import tempfile
import threading
import time
from pathlib import Path

LARGEST_DATAGRAM_BYTES = 65_536


class Notify:
    """Listens from the moment it is made."""

    def __init__(self) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="notify-", dir="/tmp"))
        self.path = str(self._directory / "socket")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.path)
        self._changed = threading.Condition()
        self._said: list[str] = []
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def __enter__(self) -> "Notify":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self.path)
        self._thread.join()
        self._socket.close()
        shutil.rmtree(self._directory)

    @property
    def said(self) -> list[str]:
        """Every assignment so far, in order: `READY=1`, `STATUS=...`, `WATCHDOG=1`."""
        with self._changed:
            return list(self._said)

    def wait_for(self, assignment: str, *, times: int = 1, within_seconds: float = 60) -> None:
        """Returns when `assignment` has been reported so many times."""
        give_up = time.monotonic() + within_seconds
        with self._changed:
            while self._said.count(assignment) < times:
                left = give_up - time.monotonic()
                assert left > 0, f"{assignment} was awaited {times} times; reported was {self._said}"
                self._changed.wait(left)

    def _listen(self) -> None:
        while datagram := self._socket.recv(LARGEST_DATAGRAM_BYTES):
            with self._changed:
                self._said += datagram.decode().splitlines()
                self._changed.notify_all()
