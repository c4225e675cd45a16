"""Whether the daemon runs, as its lock on the state directory tells. Takes the lock for a moment, shared."""

import fcntl
from contextlib import suppress
from pathlib import Path


def daemon_runs(state_dir: Path) -> bool | None:
    """Whether a daemon holds the lock on the state directory; None when it cannot be told."""
    lock = state_dir / "lock"
    with suppress(OSError), lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False
    return None if lock.exists() else False
