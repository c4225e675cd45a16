"""The README's way behind a Postfix of one's own, each of its four forms, in a real Postfix with the snippets as shown.

Only places differ: the test's directories, its port, and an ordinary user in the place of the service's.
"""

import shutil
import smtplib
from pathlib import Path

import pytest

from tests.servers import free_port
from tests.servers.postfix import Postfix
from tests.system.conftest import DeskMaker
from tests.system.desk import MAILDIR, Desk, config
from tests.system.test_doors_of_an_mta import NOBODY, open_to_the_group
from tests.system.town import JOAO, QUEUE, write
from tests.test_docs import READMES, blocks

SNIPPETS = [block for block in blocks(READMES[0]) if block.kind == "cfg"]
MAINS, MASTERS, ROUTES, ALIASES = (
    [block.text for block in SNIPPETS if block.file == f"/etc/postfix/{name}"]
    for name in ("main.cf", "master.cf", "desk", "desk-aliases")
)
# What Postfix has where main.cf says nothing; the town's says something else.
DEFAULTS = "mydestination = desk.test\nlocal_recipient_maps = proxy:unix:passwd.byname $alias_maps\n"
PLUS = QUEUE.replace("@", "+aaaaaaaaaaaaaaaaaaaaaaaaaa@")


class Ours(Postfix):
    """A company's Postfix, with desk.test in mydestination and what the README adds."""

    def __init__(self, main: str, master: str, table: str) -> None:
        super().__init__((), "discard:")
        self._main, self._master, self._table = main, master, table

    def _configure(self) -> None:
        super()._configure()
        self._override((DEFAULTS + self._main).replace("/etc/postfix", str(self._etc)))
        with (self._etc / "master.cf").open("a") as file:
            file.write(self._master)
        table = self._etc / self._table.splitlines()[0].rpartition("/")[2]
        table.write_text(self._table)
        if table.name == "desk-aliases":
            shutil.chown(table, *NOBODY)

    def _override(self, settings: str) -> None:
        """Puts settings in the place of earlier ones: Postfix warns of a key that is there twice, so often that its
        postlogd, which would have to log that of itself, never gets as far as logging anything."""
        keys = {line.partition("=")[0].strip() for line in settings.splitlines()}
        file = self._etc / "main.cf"
        kept = [line for line in file.read_text().splitlines() if line.partition("=")[0].strip() not in keys]
        file.write_text("\n".join([*kept, settings]))


@pytest.fixture
def desk(make_desk: DeskMaker) -> Desk:
    return make_desk(config(MAILDIR, smtp_port=free_port()))


def delivered(desk: Desk, postfix: Ours, door: str) -> None:
    """Mail to the queue and to a reply address of it is taken, mail to nobody is not."""
    desk.start()
    with postfix, smtplib.SMTP("127.0.0.1", postfix.port, local_hostname="cliente.test", timeout=60) as client:
        for recipient in (QUEUE, PLUS):
            client.sendmail(JOAO.address, [recipient], bytes(write(JOAO)))
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.sendmail(JOAO.address, ["ninguem@desk.test"], bytes(write(JOAO)))
        rows = desk.wait_until_done(2)
        assert {(row["source"], row["outcome"]) for row in rows} == {(door, "opened")}
        shown = [desk.cli("inbound", "show", row["id"]) for row in rows]
        assert {recipient for row in shown for recipient in row["recipients"]} == {QUEUE, PLUS}


def test_by_smtp_to_the_listener(desk: Desk) -> None:
    table = ROUTES[0].replace("8025", desk.config.read_text().partition("127.0.0.1:")[2].partition('"')[0])
    delivered(desk, Ours(MAINS[0], "", table), "smtp")


def test_by_lmtp_to_the_socket(desk: Desk) -> None:
    open_to_the_group(desk, "postfix")
    table = ROUTES[1].replace("/var/lib/mailtickets", str(desk.state_dir))
    delivered(desk, Ours(MAINS[0], MASTERS[0], table), "lmtp")


def test_by_a_pipe(desk: Desk, python_of_everybody: Path) -> None:
    open_to_the_group(desk, NOBODY[1])
    command = f"{python_of_everybody} -m mailtickets -c {desk.config}"
    master = MASTERS[1].replace("/usr/local/bin/mailtickets", command)
    master = master.replace("user=mailtickets", f"user={':'.join(NOBODY)}")
    delivered(desk, Ours(MAINS[0], master, ROUTES[2]), "lmtp")


def test_by_an_alias(desk: Desk, python_of_everybody: Path) -> None:
    open_to_the_group(desk, NOBODY[1])
    command = f"{python_of_everybody} -m mailtickets -c {desk.config}"
    main = MAINS[1].replace("hash:/etc/aliases ", "")  # the machine's own
    delivered(desk, Ours(main, "", ALIASES[0].replace("/usr/local/bin/mailtickets", command)), "lmtp")


def test_every_snippet_is_one_of_these() -> None:
    assert [len(kind) for kind in (MAINS, MASTERS, ROUTES, ALIASES)] == [2, 2, 3, 1]
