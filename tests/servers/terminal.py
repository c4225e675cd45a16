"""A terminal with somebody who types: a command runs on a pseudo-terminal, which is its controlling one.

    with Terminal([sys.executable, "-m", "mailtickets", "init"], cwd=place) as terminal:
        terminal.answer("Address", "suporte@desk.test")     # waits for the question, types, presses Enter
        terminal.press("\x03")                              # Control-C
        assert terminal.end() == 1

`terminal.screen` is everything that was shown, an echo of what was typed included.
*Fails with* AssertionError and the screen when a question does not come.
"""

import contextlib
import fcntl
import os
import pty
import select
import signal
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

PATIENCE_SECONDS = 60


class Terminal:
    """One command on one terminal."""

    def __init__(self, command: Sequence[str], *, cwd: Path, env: Mapping[str, str] | None = None) -> None:
        self._command, self._cwd, self._env = list(command), cwd, dict(env or os.environ)
        self.screen = ""
        self._read = 0
        """How much of the screen has been looked at."""

    def __enter__(self) -> Self:
        self._ours, theirs = pty.openpty()
        self._process = subprocess.Popen(
            self._command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=self._cwd, env=self._env,
            start_new_session=True, preexec_fn=_take_terminal, close_fds=True,
        )  # fmt: skip
        os.close(theirs)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        os.close(self._ours)

    def answer(self, question: str, *words: str) -> None:
        """Waits until the question is shown, and types each of the words with Enter."""
        self.wait_for(question)
        for word in words:
            self.press(f"{word}\n")

    def wait_for(self, text: str) -> None:
        """Waits until this is shown, after what was waited for before."""
        give_up = time.monotonic() + PATIENCE_SECONDS
        while text not in self.screen[self._read :]:
            assert self._more(give_up), f"waited in vain for {text!r}; the screen:\n{self.screen}"
        self._read += self.screen[self._read :].index(text) + len(text)

    def press(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def interrupt(self, keys: str = "\x03") -> int:
        """Presses Control-C, or other keys, until the command ends; returns its exit status.

        Once is not always enough: Python does not hear a Control-C between the prompt and the reading of the answer.
        """
        give_up = time.monotonic() + PATIENCE_SECONDS
        while self._process.poll() is None and time.monotonic() < give_up:
            with contextlib.suppress(OSError):
                self.press(keys)
            while self._more(time.monotonic() + 5):
                pass
        return self.end()

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def end(self) -> int:
        """The exit status, when the command has ended by itself."""
        give_up = time.monotonic() + PATIENCE_SECONDS
        while self._more(give_up):
            pass
        return self._process.wait(PATIENCE_SECONDS)

    def _more(self, give_up: float) -> bool:
        """Reads what is shown next. False when nothing more comes."""
        left = give_up - time.monotonic()
        if left <= 0 or not select.select([self._ours], [], [], left)[0]:
            return False
        with contextlib.suppress(OSError):  # EIO: nobody has the other end any more
            if octets := os.read(self._ours, 65_536):
                self.screen += octets.decode(errors="replace").replace("\r\n", "\n")
                return True
        return False


def _take_terminal() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell that starts tests in the background has it ignored
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
