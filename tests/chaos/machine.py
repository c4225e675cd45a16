"""Faults of the machine under a desk: failing fsync, a wall clock that jumps, an event loop that stands still.

    desk = make_desk(text, machine.environment())
    with machine.fault("fsync"): ...

*Fails with* a skip where there is no C compiler.
"""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_name("faults.c")


class Machine:
    """What one desk believes of the machine it runs on. `library` is `faults.c`, compiled."""

    def __init__(self, library: Path, directory: Path) -> None:
        self._library, self._faults = library, directory / "faults"
        self._faults.mkdir()

    def environment(self) -> Mapping[str, str]:
        return {"LD_PRELOAD": str(self._library), "FAULTS": str(self._faults)}

    @contextmanager
    def fault(self, name: str) -> Iterator[None]:
        (self._faults / name).touch()
        try:
            yield
        finally:
            (self._faults / name).unlink()

    def set_clock(self, ahead_seconds: int) -> None:
        """The wall clock jumps: so far ahead of the real one."""
        fresh = self._faults / "clock.new"
        fresh.write_text(str(ahead_seconds))
        fresh.rename(self._faults / "clock")


def compiled(library: Path) -> Path:
    """`faults.c` as a library that can be preloaded."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler: apt-get install gcc libc6-dev")
    command = [compiler, "-shared", "-fPIC", "-O2", "-Wall", "-o", str(library), str(SOURCE), "-ldl"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"the faults do not compile: {done.stderr[:500]}")
    return library
