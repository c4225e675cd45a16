"""A private PostgreSQL: one cluster on a loopback port, a fresh database whenever a test wants one.

    with Postgres() as postgres:
        url = postgres.database()      # postgresql://desk@127.0.0.1:PORT/desk_1

Owns a directory of its own. The server never runs as root: root lends the directory to the user `postgres`.
It hands its writes to the kernel and waits for no disk: processes are killed here, and no machine loses its power.
*Fails with* RuntimeError and the server's log when it does not start.
"""

import os
import shutil
import subprocess
import tempfile
from itertools import count
from pathlib import Path

from tests.servers import free_port, require

ROLE = "desk"
DEBIAN = Path("/usr/lib/postgresql")

# Small, and quiet about what tests provoke; the rest is as it comes.
SETTINGS = """\
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{directory}'
shared_buffers = 32MB
max_connections = 60
fsync = off
full_page_writes = off
"""


class Postgres:
    """One server. `stop` and `start` keep port and data."""

    def __init__(self) -> None:
        self._bin = programs()
        self.port = free_port()
        self.directory = Path(tempfile.mkdtemp(prefix="postgres-", dir="/tmp"))
        self._data, self._log = self.directory / "data", self.directory / "log"
        self._owner = "postgres" if os.geteuid() == 0 else None
        if self._owner:
            shutil.chown(self.directory, self._owner)
        self._serial = count(1)

    def __enter__(self) -> "Postgres":
        try:
            self._run("initdb", "--pgdata", self._data, "--username", ROLE, "--auth", "trust", "--encoding", "UTF8",
                      "--locale", "C.UTF-8")  # fmt: skip
            settings = SETTINGS.format(port=self.port, directory=self.directory)
            with (self._data / "postgresql.conf").open("a") as file:
                file.write(settings)
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Comes back when it takes connections."""
        self._run("pg_ctl", "start", "--wait", "--silent", "--pgdata", self._data, "--log", self._log)

    def stop(self) -> None:
        """Ends every connection; from now on nobody listens on the port."""
        self._run("pg_ctl", "stop", "--wait", "--silent", "--mode", "fast", "--pgdata", self._data)

    def close(self) -> None:
        if (self._data / "postmaster.pid").exists():
            self._run("pg_ctl", "stop", "--wait", "--silent", "--mode", "immediate", "--pgdata", self._data)
        shutil.rmtree(self.directory, ignore_errors=True)

    def database(self) -> str:
        """The URL of a new, empty database, as `database.url` takes it."""
        name = f"desk_{next(self._serial)}"
        self.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def url(self, name: str) -> str:
        return f"postgresql://{ROLE}@127.0.0.1:{self.port}/{name}"

    def execute(self, sql: str, database: str = "postgres") -> str:
        """What psql says to a statement: one line a row, columns between `|`."""
        return self._run("psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1",
                         "--command", sql, self.url(database))  # fmt: skip

    def _run(self, program: str, *arguments: str | Path) -> str:
        # To files, not pipes: the server that pg_ctl leaves behind would keep a pipe open.
        with tempfile.TemporaryFile("w+") as said:
            done = subprocess.run(
                [str(self._bin / program), *(str(word) for word in arguments)],
                stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd="/", timeout=120, check=False,
                user=self._owner, group=self._owner, extra_groups=[] if self._owner else None,
            )  # fmt: skip
            said.seek(0)
            text = said.read()
        if done.returncode:
            log = self._log.read_text(errors="replace")[-4000:] if self._log.exists() else ""
            raise RuntimeError(f"{program}: {text}\n{log}")
        return text.strip()


def programs() -> Path:
    """Where the newest PostgreSQL has its programs; Debian keeps them out of PATH, one folder a version."""
    versions = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return versions[-1].parent if versions else Path(require("initdb", "postgresql")).resolve().parent
