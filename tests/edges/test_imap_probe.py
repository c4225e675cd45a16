"""What `check` says of mailboxes: folders as the server names them, what it uses them for, and what it refuses."""

import imaplib
import ssl
from collections.abc import AsyncIterator
from typing import Any

import pytest

from mailtickets.config.credentials import Credential, CredentialDead, password
from mailtickets.config.models import ImapIn
from mailtickets.edges.imap.connect import connected
from mailtickets.edges.imap.folders import decoded, listed_folders
from mailtickets.edges.imap.probe import PROBE_LIMITS, probe
from mailtickets.views.check import CheckLine
from tests.servers.dovecot import Dovecot
from tests.servers.fake_imap import FakeImap, Session, refuse

SECRET = "segredo"
USER = "suporte@desk.test"


@pytest.fixture
async def fake() -> AsyncIterator[FakeImap]:
    async with FakeImap() as server:
        for name in ("Processados", "Falhas"):
            server.folders[name] = []
        yield server


def account(fake: FakeImap, **keys: Any) -> ImapIn:
    given = {"name": "suporte", "host": "127.0.0.1", "port": fake.port, "tls": "none", "username": USER}
    return ImapIn(**{**given, **keys})


async def faults(fake: FakeImap, credential: Credential | None = None, **keys: Any) -> list[CheckLine]:
    lines = await probe(account(fake, **keys), credential or password(lambda: SECRET), "imap_in.0")
    return [line for line in lines if line.verdict != "ok"]


def bad(words: str) -> Any:
    async def answer(session: Session, tag: str, arguments: str) -> None:
        session.send(f"{tag} BAD {words}")

    return answer


def test_folders_are_read_as_servers_name_them() -> None:
    lines: list[bytes | bytearray] = [
        rb'LIST (\HasNoChildren) "/" INBOX',
        rb'LIST (\HasNoChildren \Junk) "." "INBOX.Lixo Eletr&APQ-nico"',
        rb'LIST (\Noselect) NIL "R&-D \"a\""',
        rb'LIST () "\\" {5}',
        bytearray(b'a"b\\c'),
        rb"STATUS INBOX (MESSAGES 3)",
    ]
    assert [(folder.name, sorted(folder.attributes)) for folder in listed_folders(lines)] == [
        ("INBOX", [r"\hasnochildren"]),
        ("INBOX.Lixo Eletrônico", [r"\hasnochildren", r"\junk"]),
        ('R&D "a"', [r"\noselect"]),
        ('a"b\\c', []),
    ]


@pytest.mark.parametrize("broken", ["&é-", "&AP-", "a&b", "&////-"])
def test_a_broken_name_stays_as_it_is(broken: str) -> None:
    assert decoded(broken)


async def test_dovecot_says_what_its_folders_are_for() -> None:
    with Dovecot({USER: SECRET}) as dovecot:
        with imaplib.IMAP4("127.0.0.1", dovecot.imap_port) as client:
            client.login(USER, SECRET)
            client.create('"Lixo Eletr&APQ-nico"')
        given = ImapIn(name="suporte", host="localhost", port=dovecot.imaps_port, username=USER)
        tls = ssl.create_default_context(cafile=dovecot.certificate)
        async with connected(given, password(lambda: SECRET), tls, PROBE_LIMITS) as client:
            assert {"INBOX", "Lixo Eletrônico"} <= {folder.name for folder in await client.folders()}


async def test_mail_is_not_put_away_where_the_server_deletes_it(fake: FakeImap) -> None:
    fake.folders |= {"Lixeira": [], "Todos": []}
    fake.uses = {"Lixeira": r"\Trash", "Todos": r"\All"}
    trash, everything = await faults(fake, processed_folder="Lixeira", folders=("INBOX", "Todos"))
    assert (trash.verdict, everything.verdict) == ("warning", "warning")
    assert "Lixeira is the server's trash" in trash.text
    assert "folder of its own" in trash.next
    assert "our own answers would be read again" in everything.text


async def test_a_folder_with_another_name_on_this_server_is_named(fake: FakeImap) -> None:
    fake.folders["INBOX.Spam"] = []
    (line,) = await faults(fake, folders=("INBOX", "Spam"))
    assert line.text.startswith("folder Spam cannot be read: [NONEXISTENT]")
    assert line.next.endswith(": INBOX.Spam")


async def test_a_folder_that_may_not_be_changed_is_told(fake: FakeImap) -> None:
    async def select(session: Session, tag: str, arguments: str) -> None:
        session.send("* 0 EXISTS", "* OK [UIDVALIDITY 7] valid", "* OK [UIDNEXT 1] next", f"{tag} OK [READ-ONLY] open")

    fake.on["SELECT"] = select
    (line,) = await faults(fake)
    assert "INBOX is read-only" in line.text
    assert 'after = "keep"' in line.next
    assert await faults(fake, after="keep") == []


async def test_microsofts_answer_to_select_is_translated(fake: FakeImap) -> None:
    fake.on["SELECT"] = bad("User is authenticated but not connected.")
    (line,) = await faults(fake)
    assert line.verdict == "wrong"
    assert "User is authenticated but not connected" in line.text
    assert "Add-MailboxPermission" in line.next
    assert "Enterprise applications" in line.next


async def test_a_server_that_lists_nothing_is_probed_all_the_same(fake: FakeImap) -> None:
    fake.on["LIST"] = refuse("not for you")
    assert await faults(fake) == []
    fake.uses = {}
    (line,) = await faults(fake, folders=("Nada",))
    assert "imap_in.folders" in line.next


async def test_an_account_without_a_token_says_what_a_person_has_to_do(fake: FakeImap) -> None:
    async def dead() -> str:
        raise CredentialDead("nobody has logged in yet", "Run `mailtickets oauth login microsoft`.")

    (line,) = await faults(fake, Credential("token", dead))
    assert line.text == "login refused: there is no token: nobody has logged in yet"
    assert line.next == "Run `mailtickets oauth login microsoft`."


async def test_a_server_that_turns_us_away_blames_no_password(fake: FakeImap) -> None:
    fake.greeting = ("* BYE too many connections",)
    (line,) = await faults(fake)
    assert "too many connections" in line.text
    assert "password" not in line.next
