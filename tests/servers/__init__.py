"""Real mail servers, started privately for tests: loopback, free ports, their own directory, ended by pid.

*Fails with* a skip where a server's package is missing on somebody's laptop, a failure in CI.
"""

import os
import shutil
import socket

import pytest

SYSTEM_PATH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))
"""Debian keeps daemons where an ordinary user's PATH does not look."""


def require(binary: str, package: str) -> str:
    """The path of a server's program, or else this test cannot run: skipped here, failed where CI is `true`."""
    found = shutil.which(binary, path=SYSTEM_PATH)
    if found is None:
        reason = f"{binary} is not installed: apt-get install {package}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
