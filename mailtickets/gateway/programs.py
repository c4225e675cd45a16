"""Programs of our own that are run as processes of their own: for libraries that take much memory or may fail.

In: the name of a module that is a program, its arguments, and what it reads. Out: what it writes.
Fails with: `ProgramFailed`.
"""

import os
import subprocess
import sys
from typing import Literal


class ProgramFailed(Exception):
    """A program did not do its work; the text says why, for the person who runs the desk."""

    def __init__(self, code: Literal["took-too-long", "failed", "not-started"], why: str) -> None:
        super().__init__(why)
        self.code = code


def run(module: str, *words: str, seconds: float, reads: bytes = b"") -> bytes:
    """What the program writes on stdout. It has `seconds`, then it is killed. Raises ProgramFailed."""
    command = [sys.executable, "-P", "-m", module, *words]
    try:
        done = subprocess.run(  # noqa: S603 - our own program
            command, input=reads, env=_environment(), capture_output=True, timeout=seconds, check=True
        )
    except subprocess.TimeoutExpired as error:
        raise ProgramFailed("took-too-long", f"it took more than {seconds:g} seconds") from error
    except subprocess.CalledProcessError as error:
        raise ProgramFailed("failed", _why(error)) from error
    except OSError as error:
        raise ProgramFailed("not-started", str(error)) from error
    return done.stdout


def _why(error: subprocess.CalledProcessError) -> str:
    """The last line that the process wrote, without the advice of a library in Rust; else how it ended."""
    lines = error.stderr.decode(errors="replace").strip().splitlines()
    told = [line for line in lines if not line.startswith("note: ")]
    return told[-1] if told else f"the process ended with {error.returncode}"


def _environment() -> dict[str, str]:
    """Modules are found where this process finds them, and never in the working directory (`-P`)."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
