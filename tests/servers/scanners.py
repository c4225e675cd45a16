"""A private Rspamd and a private clamd, with the smallest configuration that finds the test patterns.

Both listen on loopback, ask nobody on the network and have their own directory: Rspamd knows no rules but GTUBE,
clamd's database is the one line that recognises the EICAR file. Ended by pid.

A third, `RspamdMilter`, says nothing of spam: beside a Postfix it checks SPF, DKIM and DMARC, asks a DNS of the
test's own, and writes what it found into Authentication-Results.
"""

import hashlib
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from shutil import rmtree
from typing import Self

from tests.servers import free_port, require

GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + rb"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
CLAMD_LIMIT = 1_000_000
START_SECONDS = 60.0

RSPAMD_CONF = """\
options {{
  pidfile = "{directory}/pid"; tempdir = "{directory}"; url_tld = "{directory}/tld"; filters = "";
  control_socket = "{directory}/control"; history_file = ""; rrd = ""; enable_test_patterns = true;
  dns {{ nameserver = "127.0.0.1:9"; timeout = 0.1s; retransmits = 1; }}
}}
logging {{ type = "file"; filename = "{directory}/log"; level = "info"; }}
worker "normal" {{ bind_socket = "127.0.0.1:{port}"; count = 1; }}
actions {{ reject = 15; add_header = 6; greylist = 4; }}
"""

MILTER_CONF = """\
options {{
  pidfile = "{directory}/pid"; tempdir = "{directory}"; url_tld = "{directory}/tld"; filters = "dkim";
  control_socket = "{directory}/control"; history_file = ""; rrd = ""; local_addrs = [];
  dns {{ nameserver = "127.0.0.1:{dns_port}"; timeout = 2s; retransmits = 5; }}
}}
logging {{ type = "file"; filename = "{directory}/log"; level = "info"; }}
worker "rspamd_proxy" {{
  bind_socket = "127.0.0.1:{port}"; count = 1; milter = yes;
  upstream "local" {{ default = yes; self_scan = yes; }}
}}
actions {{ reject = 1000; add_header = 900; greylist = 800; }}
modules {{ path = "/usr/share/rspamd/plugins"; }}
dkim {{ check_local = true; }}
spf {{ check_local = true; }}
dmarc {{ check_local = true; }}
milter_headers {{ use = ["authentication-results"]; skip_local = false; skip_authenticated = false; }}
"""

CLAMD_CONF = """\
DatabaseDirectory {directory}
LocalSocket {directory}/sock
TCPAddr 127.0.0.1
TCPSocket {port}
StreamMaxLength {limit}
Foreground yes
"""


class Scanner:
    """A program that is ready as soon as its port answers."""

    def __init__(self, program: str) -> None:
        self._program = program
        self.directory = Path(tempfile.mkdtemp(prefix="mailtickets-scanner-"))
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def configuration(self) -> list[str]:
        """Writes what it needs into its directory; the arguments that name it."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        with (self.directory / "output").open("wb") as output:
            command = [self._program, *self.configuration()]
            self._process = subprocess.Popen(command, stdout=output, stderr=output, cwd=self.directory)
        try:
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=30)
        rmtree(self.directory, ignore_errors=True)

    def _wait(self) -> None:
        assert self._process is not None
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError(f"{self._program}: {(self.directory / 'output').read_text(errors='replace')}")


class Rspamd(Scanner):
    def __init__(self) -> None:
        super().__init__(require("rspamd", "rspamd"))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def configuration(self) -> list[str]:
        file = self.directory / "rspamd.conf"
        file.write_text(RSPAMD_CONF.format(directory=self.directory, port=self.port))
        (self.directory / "tld").write_text("test\n")
        return ["--no-fork", "--insecure", "--config", str(file)]


class RspamdMilter(Scanner):
    def __init__(self, dns_port: int) -> None:
        super().__init__(require("rspamd", "rspamd"))
        self._dns_port = dns_port

    @property
    def inet(self) -> str:
        """As Postfix is told of it (`smtpd_milters`)."""
        return f"inet:127.0.0.1:{self.port}"

    def configuration(self) -> list[str]:
        file = self.directory / "rspamd.conf"
        file.write_text(MILTER_CONF.format(directory=self.directory, port=self.port, dns_port=self._dns_port))
        (self.directory / "tld").write_text("test\n")
        return ["--no-fork", "--insecure", "--config", str(file)]


class Clamd(Scanner):
    def __init__(self) -> None:
        super().__init__(require("clamd", "clamav-daemon"))

    @property
    def unix(self) -> str:
        return f"unix:{self.directory}/sock"

    @property
    def tcp(self) -> str:
        return f"127.0.0.1:{self.port}"

    def configuration(self) -> list[str]:
        digest = hashlib.md5(EICAR, usedforsecurity=False).hexdigest()
        (self.directory / "test.hdb").write_text(f"{digest}:{len(EICAR)}:Eicar-Test-Signature\n")
        file = self.directory / "clamd.conf"
        file.write_text(CLAMD_CONF.format(directory=self.directory, port=self.port, limit=CLAMD_LIMIT))
        return ["--config-file", str(file)]
