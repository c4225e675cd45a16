"""Real mail servers, started privately for tests: loopback, free ports, their own directory, ended by pid.

*Fails with* a skip where a server's package is missing on somebody's laptop, a failure in CI.
"""

import os
import random
import shutil
import socket

import pytest

SYSTEM_PATH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin", "/usr/lib/dovecot"))
"""Debian keeps daemons, and parts of Dovecot, where an ordinary user's PATH does not look."""
SERVERS_PORTS = range(20_000, 32_000)
PORTS_PER_WORKER = 2_000


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
    """A TCP port of 127.0.0.1 that nobody listens on just now, nor is given for a connection out of here.

    The kernel takes clients' ports from 32768 on (ip_local_port_range): a port that is asked for now and listened
    on only later would be some client's by then, now and then.
    """
    while True:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", random.choice(_our_ports())))
            except OSError:
                continue
            return int(probe.getsockname()[1])


def _our_ports() -> range:
    """Those of this worker of pytest-xdist: another one cannot be given a port that is asked for here."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    shares = len(SERVERS_PORTS) // PORTS_PER_WORKER
    return SERVERS_PORTS[worker % shares * PORTS_PER_WORKER :][:PORTS_PER_WORKER]
