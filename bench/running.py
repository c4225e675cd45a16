"""What the benches run: the whole daemon as it ships, and a smarthost that takes everything and says when.

The smarthost is a process of its own: `python bench/running.py PORT SECONDS` waits so long before it answers a final
dot, and prints a line for each message: the moment its final dot came (monotonic clock), and the recipient.
"""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path


class Running:
    """`mailtickets run` on a configuration, until the end of the block."""

    def __init__(self, config: str) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="mailtickets-bench-")
        self.home = Path(self._directory.name)
        (self.home / "config.toml").write_text(config)

    def __enter__(self) -> "Running":
        self._log = (self.home / "log").open("wb")
        command = [sys.executable, "-m", "mailtickets", "-c", str(self.home / "config.toml"), "run"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self._log, text=True)
        assert self.process.stdout is not None
        self.ready = self.process.stdout.readline()
        if not self.ready.startswith("ready"):
            self.__exit__()
            raise RuntimeError((self.home / "log").read_text()[-2000:])
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate()
        self._log.close()
        self._directory.cleanup()

    @property
    def database(self) -> Path:
        return self.home / "var" / "mailtickets.db"

    @property
    def smtp_port(self) -> int:
        listens = dict(word.split("=", 1) for word in self.ready.split()[1:])
        return int(listens["smtp"].rpartition(":")[2])

    def cpu_seconds(self) -> float:
        """What the daemon and all that it has begun have used so far; also those that have ended."""
        return sum(map(_cpu_seconds, family(self.process.pid)))


def _cpu_seconds(process: int) -> float:
    """proc(5): utime, stime, and those of the children that have ended. 0 if the process has just ended itself."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def family(process: int) -> list[int]:
    """A process and all that it has begun."""
    found = [process]
    for task in Path(f"/proc/{process}/task").iterdir():
        with contextlib.suppress(OSError):
            for child in (task / "children").read_text().split():
                found += family(int(child))
    return found


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


class Smarthost:
    """The smarthost's process, as others see it."""

    def __init__(self, port: int, lines: Path) -> None:
        self.port, self._lines = port, lines

    def arrivals(self) -> list[tuple[float, str]]:
        """(moment, recipient) of every message so far."""
        whole = self._lines.read_text().rpartition("\n")[0]
        found = (line.split() for line in whole.splitlines())
        return [(float(moment), recipient) for moment, recipient in found]

    def wait_for(self, count: int, seconds: float) -> None:
        give_up = time.monotonic() + seconds
        while (there := len(self.arrivals())) < count:
            if time.monotonic() > give_up:
                raise RuntimeError(f"{there} of {count} messages in {seconds} s")
            time.sleep(0.005)


@contextlib.contextmanager
def smarthost(seconds: float = 0.0) -> Iterator[Smarthost]:
    """A smarthost that needs so long for each message."""
    port = free_port()
    with tempfile.TemporaryDirectory() as directory:
        lines = Path(directory) / "arrivals"
        with lines.open("wb") as file:
            process = subprocess.Popen([sys.executable, __file__, str(port), str(seconds)], stdout=file)
        try:
            _wait_until_it_listens(port)
            yield Smarthost(port, lines)
        finally:
            process.terminate()
            process.wait()


def _wait_until_it_listens(port: int) -> None:
    for _ in range(500):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError("the smarthost does not listen")


ANSWERS = {
    b"EHLO": b"250-smarthost.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
    b"DATA": b"354 go on\r\n",
    b"QUIT": b"221 2.0.0 Bye\r\n",
}


class _Connection(asyncio.Protocol):
    """Says yes to everything; commands may come in one go (RFC 2920)."""

    delay = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._seen, self._in_data, self._recipient = transport, b"", False, "-"
        transport.write(b"220 smarthost.test ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self._seen += data
        while self._message() if self._in_data else self._command():
            pass

    def _command(self) -> bool:
        line, end, rest = self._seen.partition(b"\r\n")
        if not end:
            return False
        self._seen, verb = rest, line[:4].upper()
        if verb == b"RCPT":
            self._recipient = line[line.index(b"<") + 1 : line.rindex(b">")].decode()
        self._in_data = verb == b"DATA"
        self._transport.write(ANSWERS.get(verb, b"250 2.0.0 Ok\r\n"))
        return True

    def _message(self) -> bool:
        _, end, rest = self._seen.partition(b"\r\n.\r\n")
        if not end:
            return False
        print(time.monotonic(), self._recipient, flush=True)
        self._seen, self._in_data = rest, False
        if self.delay:
            asyncio.get_running_loop().call_later(self.delay, self._transport.write, b"250 2.0.0 Ok\r\n")
        else:
            self._transport.write(b"250 2.0.0 Ok\r\n")
        return True


async def _serve(port: int, seconds: float) -> None:
    _Connection.delay = seconds
    server = await asyncio.get_running_loop().create_server(_Connection, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), float(sys.argv[2])))
