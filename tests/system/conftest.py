"""The whole daemon, on real servers, on both databases."""

import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.system.desk import MAILDIR, Desk, config
from tests.system.town import MAILBOX, MAILBOX_PASSWORD, Town

ROOT = Path(__file__).parents[2]
DeskMaker = Callable[..., Desk]

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what has nothing to do with the database: once is enough."""


@pytest.fixture(scope="session")
def servers() -> Iterator[Town]:
    """Postfix and Dovecot, started once."""
    with Town() as town:
        yield town


@pytest.fixture
def town(servers: Town) -> Town:
    """The town, with no mail in it and the queue's mail going to the desk by SMTP."""
    servers.clear()
    return servers


@pytest.fixture
def place() -> Iterator[Path]:
    """A desk's directory. Not pytest's own, into which an MTA's user cannot go; and short, for unix sockets."""
    directory = Path(tempfile.mkdtemp(prefix="desk-", dir="/tmp"))
    directory.chmod(0o711)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def make_desk(place: Path) -> Iterator[DeskMaker]:
    """Makes desks that are gone after the test; what they said is shown when it fails."""
    made: list[Desk] = []

    def make(text: str, environment: dict[str, str] | None = None, *, quick: bool = False) -> Desk:
        desk = Desk(place, text, environment, quick=quick)
        made.append(desk)
        return desk

    yield make
    for desk in made:
        desk.close()
        sys.stdout.write(desk.log())


@pytest.fixture
def desk(make_desk: DeskMaker) -> Desk:
    """A desk by itself, which writes its mail into a Maildir and takes SMTP on some port. Not started."""
    return make_desk(config(MAILDIR, smtp_port=0))


@pytest.fixture
def town_desk(town: Town, make_desk: DeskMaker, database_url: str, place: Path) -> Iterator[Desk]:
    """The town's desk, once on each database: reads contato@ by IMAP, sends through Postfix. Not started.

    It ends before the town is cleared for the next test, or its last mails would be found there.
    """
    (place / "imap-password").write_text(MAILBOX_PASSWORD)
    desk = make_desk(town_config(town, database_url), {"SSL_CERT_FILE": str(town.dovecot.certificate)}, quick=True)
    yield desk
    desk.close()


def town_config(town: Town, database_url: str, *tables: str) -> str:
    """A desk that lives in the town."""
    delivery = DELIVERY.format(port=town.postfix.port)
    imap = IMAP.format(port=town.dovecot.imaps_port, username=MAILBOX)
    lmtp = f'[lmtp_in]\nlisten = ["unix:intake.sock", "127.0.0.1:{town.lmtp_port}"]\n'
    return config(delivery, imap, lmtp, *tables, smtp_port=town.desk_port, database=database_url)


@pytest.fixture(scope="session")
def installed() -> Iterator[Path]:
    """The program as `pipx install .` makes it: from a wheel, with no checkout around. Its libraries are ours."""
    with tempfile.TemporaryDirectory(prefix="wheel-") as directory:
        built = subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", directory], cwd=ROOT,
                               capture_output=True, text=True, check=False)  # fmt: skip
        assert built.returncode == 0, built.stderr
        home = Path(directory) / "venv"
        venv.create(home, with_pip=False)
        (wheel,) = Path(directory).glob("*.whl")
        subprocess.run([sys.executable, "-m", "pip", "--python", str(home / "bin" / "python"), "install", "--quiet",
                        "--no-deps", "--no-index", str(wheel)], check=True)  # fmt: skip
        borrowed = next(path for path in sys.path if path.endswith("site-packages"))
        (package,) = home.glob("lib/python*/site-packages")
        (package / "borrowed.pth").write_text(borrowed + "\n")
        yield home / "bin" / "mailtickets"


DELIVERY = """\
[delivery]
host = "127.0.0.1"
port = {port}
tls = "none"
"""

# Everything in the mailbox: it was emptied, and the test need not wait for the first connect.
IMAP = """\
[[imap_in]]
name = "contato"
host = "localhost"
port = {port}
username = "{username}"
password_file = "imap-password"
queue = "suporte"
start = "all"
poll_seconds = 2
authserv_id = "mx.desk.test"
"""
