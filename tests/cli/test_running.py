"""Whether a daemon runs on a state directory is seen by its lock, and the daemon does not mind being looked at."""

import fcntl
from pathlib import Path
from threading import Timer

import pytest

from mailtickets import daemon
from mailtickets.cli.running import daemon_runs


def test_no_daemon_runs_where_none_has_ever_run(tmp_path: Path) -> None:
    assert daemon_runs(tmp_path) is False


def test_a_daemon_runs_as_long_as_its_lock_is_held(tmp_path: Path) -> None:
    with daemon._lock(tmp_path):
        assert daemon_runs(tmp_path) is True
    assert daemon_runs(tmp_path) is False


def test_it_is_unknown_where_the_lock_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "lock").mkdir()
    assert daemon_runs(tmp_path) is None


def test_a_daemon_that_starts_while_somebody_looks_waits_for_the_look(tmp_path: Path) -> None:
    look = (tmp_path / "lock").open("w")
    fcntl.flock(look, fcntl.LOCK_SH)
    Timer(0.02, look.close).start()
    daemon._lock(tmp_path).close()


def test_a_second_daemon_is_refused(tmp_path: Path) -> None:
    with daemon._lock(tmp_path), pytest.raises(daemon.Busy, match="another mailtickets runs"):
        daemon._lock(tmp_path)
