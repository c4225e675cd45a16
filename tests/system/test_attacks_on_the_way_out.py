"""Somebody between the desk and its servers, and everything that is secret: what they get to hear or to read.

Each attempt is a row of docs/attacks.md.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from tests.servers import free_port
from tests.servers.fake_imap import FakeImap, refuse
from tests.servers.fake_smtp import FakeSmtp
from tests.system.conftest import DeskMaker
from tests.system.desk import MAILDIR, Desk, config, wait_for
from tests.system.town import ANA, JOAO, QUEUE, write
from tests.system.world import hand_in, rows, wait_until_quiet

IMAP_PASSWORD, SMTP_PASSWORD, DATABASE_PASSWORD = "imap-9f3c-segredo", "smtp-71be-segredo", "database-52aa-segredo"
LAST_YEAR = datetime.now(UTC) - timedelta(days=365)
YESTERDAY = datetime.now(UTC) - timedelta(days=1)


@dataclass
class Listener:
    """A server that says `greeting` to whoever has shaken hands, and writes down all it hears then."""

    context: ssl.SSLContext
    greeting: bytes
    port: int = 0
    connections: int = 0
    heard: list[bytes] = field(default_factory=list)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Listener"]:
        async def tcp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.connections += 1
            try:
                await writer.start_tls(self.context)
                writer.write(self.greeting)
                while line := await reader.readline():
                    self.heard.append(line)
            except (OSError, ssl.SSLError):
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(tcp, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def presented(authority: trustme.CA, fault: str) -> ssl.SSLContext:
    """What somebody in the way shows: all that can be had without the server's own key."""
    match fault:
        case "expired":
            issued = authority.issue_cert("127.0.0.1", "localhost", not_before=LAST_YEAR, not_after=YESTERDAY)
        case "of another host":
            issued = authority.issue_cert("elsewhere.test")
        case "of an unknown authority":
            issued = trustme.CA().issue_cert("127.0.0.1", "localhost")
        case _:
            issued = authority.issue_cert("127.0.0.1", "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued.configure_cert(context)
    return context


FAULTS = ("expired", "of another host", "of an unknown authority")


@pytest.fixture
def ca_file(authority: trustme.CA, place: Path) -> Path:
    authority.cert_pem.write_to_path(str(place / "ca.pem"))
    return place / "ca.pem"


def reads(port: int, tls: str = "implicit") -> str:
    return (
        f'[[imap_in]]\nname = "caixa"\nhost = "localhost"\nport = {port}\ntls = "{tls}"\nusername = "u"\n'
        'password_file = "imap-password"\nqueue = "suporte"\n'
    )


def sends(port: int, tls: str) -> str:
    return (
        f'[delivery]\nhost = "localhost"\nport = {port}\ntls = "{tls}"\nusername = "u"\n'
        'password_file = "smtp-password"\n'
    )


async def checked(make_desk: DeskMaker, place: Path, ca_file: Path, *tables: str) -> str:
    """All that `check --send` says."""
    (place / "imap-password").write_text(IMAP_PASSWORD)
    (place / "smtp-password").write_text(SMTP_PASSWORD)
    desk = make_desk(config(*tables, smtp_port=0), {"SSL_CERT_FILE": str(ca_file)})
    done = await asyncio.to_thread(desk.command, "check", "--send", JOAO.address)
    return done.stdout.decode() + done.stderr.decode()


@pytest.mark.parametrize("fault", FAULTS)
async def test_no_mailbox_server_with_a_bad_certificate_hears_a_password(
    make_desk: DeskMaker, place: Path, ca_file: Path, authority: trustme.CA, fault: str
) -> None:
    async with Listener(presented(authority, fault), b"* OK ready\r\n").listening() as server:
        said = await checked(make_desk, place, ca_file, reads(server.port), MAILDIR)
        assert "certificate not accepted" in said
        assert server.connections > 0
        assert server.heard == []


async def test_a_good_certificate_is_spoken_to(
    make_desk: DeskMaker, place: Path, ca_file: Path, authority: trustme.CA
) -> None:
    """What the attempts above and below differ from."""
    async with Listener(presented(authority, ""), b"* OK ready\r\n").listening() as server:
        said = asyncio.create_task(checked(make_desk, place, ca_file, reads(server.port), MAILDIR))
        async with asyncio.timeout(90):
            while not server.heard:  # noqa: ASYNC110 - a list has no event
                await asyncio.sleep(0.05)
    await said


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("tls", ["implicit", "starttls"])
async def test_no_smarthost_with_a_bad_certificate_hears_a_password_or_a_mail(
    make_desk: DeskMaker, place: Path, ca_file: Path, authority: trustme.CA, fault: str, tls: str
) -> None:
    context = presented(authority, fault)
    async with FakeSmtp(tls=context, implicit=tls == "implicit", users={"u": SMTP_PASSWORD}) as server:
        said = await checked(make_desk, place, ca_file, sends(server.port, tls))
        assert "certificate is not accepted" in said
        assert not {"AUTH", "MAIL", "RCPT", "DATA"} & {command.split()[0] for command in server.commands}
        assert server.received == []


@pytest.mark.parametrize("answer", [None, "454 4.7.0 TLS not available"])
async def test_no_smarthost_without_starttls_hears_a_password_or_a_mail(
    make_desk: DeskMaker, place: Path, ca_file: Path, authority: trustme.CA, answer: str | None
) -> None:
    """Stripped from the greeting, and refused."""
    context = presented(authority, "") if answer else None
    async with FakeSmtp(tls=context, users={"u": SMTP_PASSWORD}) as server:
        if answer:
            for _ in range(10):
                server.say("STARTTLS", answer)
        said = await checked(make_desk, place, ca_file, sends(server.port, "starttls"))
        assert "wrong" in said
        assert {command.split()[0] for command in server.commands} <= {"EHLO", "HELO", "STARTTLS", "QUIT"}
        assert server.received == []


async def test_a_reply_from_before_the_handshake_answers_nothing_after_it(
    make_desk: DeskMaker, place: Path, ca_file: Path, authority: trustme.CA
) -> None:
    """Somebody in the way puts a second reply into the packet with the 220: it would have no login and another SIZE."""
    async with FakeSmtp(tls=presented(authority, ""), users={"u": SMTP_PASSWORD}) as server:
        for _ in range(10):
            server.say("STARTTLS", "220 2.0.0 Go\n250-fake.test\n250 SIZE 1")
        said = await checked(make_desk, place, ca_file, sends(server.port, "starttls"))
        assert "localhost takes messages up to 1000000 bytes" in said
        assert [(mail.encrypted, mail.user) for mail in server.received] == [(True, "u")]


@pytest.mark.parametrize("greeting", [b"* PREAUTH ready\r\n", b"* OK ready\r\n* BYE [ALERT] a001 OK\r\n"])
async def test_nothing_that_is_said_in_clear_makes_us_log_in(
    make_desk: DeskMaker, place: Path, ca_file: Path, greeting: bytes
) -> None:
    """Whoever answers at the port without TLS: the handshake fails, and nothing else is said."""
    heard: list[bytes] = []

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        heard.append(await reader.read(4096))
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    async with server:
        said = await checked(make_desk, place, ca_file, reads(server.sockets[0].getsockname()[1]), MAILDIR)
    assert "wrong" in said
    assert IMAP_PASSWORD.encode() not in b"".join(heard)
    assert not any(b"LOGIN" in octets or b"AUTHENTICATE" in octets for octets in heard)


@pytest.mark.parametrize("table", ["imap", "smtp"])
def test_a_password_is_never_configured_to_go_in_clear(make_desk: DeskMaker, place: Path, table: str) -> None:
    """`tls = "none"` is for this machine's own servers."""
    (place / "imap-password").write_text(IMAP_PASSWORD)
    (place / "smtp-password").write_text(SMTP_PASSWORD)
    tables = [reads(143, "none").replace("localhost", "imap.desk.test"), MAILDIR]
    if table == "smtp":
        tables = [sends(25, "none").replace("localhost", "smtp.desk.test")]
    done = make_desk(config(*tables, smtp_port=0)).command("run")
    assert done.returncode == 2
    assert b".tls: " in done.stderr


# --- what is secret -------------------------------------------------------------------------------------------


async def test_no_secret_is_in_what_the_desk_logs_or_shows(make_desk: DeskMaker, place: Path) -> None:
    """Both servers repeat the password they were given, and a table that every mail needs is gone for a while."""
    (place / "imap-password").write_text(IMAP_PASSWORD)
    (place / "smtp-password").write_text(SMTP_PASSWORD)
    async with AsyncExitStack() as servers:
        imap = await servers.enter_async_context(FakeImap())
        smtp = await servers.enter_async_context(FakeSmtp(users={"u": "another"}))
        imap.on["LOGIN"] = refuse(f"[AUTHENTICATIONFAILED] {IMAP_PASSWORD} is wrong")
        for _ in range(20):
            smtp.say("AUTH", f"535 5.7.8 {SMTP_PASSWORD} is wrong")
        desk = make_desk(config(sends(smtp.port, "none"), reads(imap.port, "none"), smtp_port=free_port()))
        said = await asyncio.to_thread(everything_said, desk)
    key = (desk.state_dir / "secret").read_text().strip()
    assert len(key) > 30
    for secret in (IMAP_PASSWORD, SMTP_PASSWORD, key):
        assert [name for name, text in said.items() if secret in text] == []
    tokens = [said.pop("tokens")]
    assert [name for name, text in said.items() for token in tokens[0].split() if token in text] == []


def everything_said(desk: Desk) -> dict[str, str]:
    """What the commands say and the log holds, of a desk with a ticket whose agents were written to."""
    desk.start({"MAILTICKETS_FAILPOINT": ""})
    hand_in(desk, write(JOAO), JOAO.address, QUEUE)
    desk.wait_until_done(1)
    said = {}
    for words in (
        ("explain", 1), ("explain", 1, "--json"), ("inbound", "show", 1, "--json"), ("inbound", "list", "--json"),
        ("outbox", "list", "--json"), ("outbox", "show", 1, "--json"), ("ticket", "show", 1, "--json"),
        ("agent", "list", "--json"), ("check", "--json"), ("check",), ("check", "--agent", ANA.address),
    ):  # fmt: skip
        done = desk.command(*words)
        said[" ".join(map(str, words))] = done.stdout.decode() + done.stderr.decode()
    raw = desk.command("outbox", "raw", 1).stdout.decode()
    said["tokens"] = "\n".join({word for word in raw.replace("+", " ").replace("@", " ").split() if len(word) == 26})
    assert said["tokens"]
    desk.wait_for(lambda: "imap-refused" in desk.log(), "the refused login")
    desk.wait_for(lambda: rows(desk, "SELECT id FROM outbox WHERE attempts > 0"), "the refused delivery")
    with_trouble(desk)
    said["log"] = desk.log()
    said["arguments"] = Path(f"/proc/{desk.process.pid}/cmdline").read_text() if desk.process else ""
    return said


def with_trouble(desk: Desk) -> None:
    """A mail whose decision fails in the database: what is raised then goes into the log, with its traceback."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(desk.state_dir / "mailtickets.db", timeout=30)) as database:
        database.execute("ALTER TABLE message RENAME TO gone")
        hand_in(desk, write(JOAO, text="palavras-de-ninguem"), JOAO.address, QUEUE)
        desk.wait_for(lambda: "processing" in desk.log(), "the failure")
        database.execute("ALTER TABLE gone RENAME TO message")
    wait_for(lambda: len(rows(desk, "SELECT id FROM inbound WHERE outcome IS NOT NULL")) == 2, "the second mail")
    assert "palavras-de-ninguem" not in desk.log()


def test_the_password_of_a_database_is_in_no_error(make_desk: DeskMaker) -> None:
    url = f"postgresql://desk:{DATABASE_PASSWORD}@127.0.0.1:{free_port()}/desk"
    desk = make_desk(config(MAILDIR, smtp_port=0, database=url))
    (desk.state_dir).mkdir(mode=0o710)
    (desk.state_dir / "secret").write_text("k" * 40)
    (desk.state_dir / "secret").chmod(0o600)
    for words in (["ticket", "list"], ["db", "check"], ["check"], ["check", "--json"], ["db", "upgrade", "--json"]):
        done = desk.command(*words)
        assert done.returncode in (1, 2, 75), words
        assert DATABASE_PASSWORD.encode() not in done.stdout + done.stderr
    desk.launch()
    desk.wait_for(lambda: "database not available" in desk.log(), "the first try")
    assert DATABASE_PASSWORD not in desk.log()


@pytest.mark.parametrize("line", ['password = "{}"', 'password_file = ["{}"]', 'password_env = "{}"'])
def test_a_password_in_the_wrong_place_is_not_repeated(make_desk: DeskMaker, line: str) -> None:
    text = reads(993).replace('password_file = "imap-password"', line.format(IMAP_PASSWORD))
    done = make_desk(config(text, MAILDIR, smtp_port=0)).command("run")
    assert done.returncode == 2
    assert "imap_in.0." in done.stderr.decode()
    assert IMAP_PASSWORD not in done.stderr.decode()


# --- the state directory of a program that is run -----------------------------------------------------------------


def test_run_refuses_a_state_directory_that_everybody_can_write_to(make_desk: DeskMaker, place: Path) -> None:
    """A link named `lock` in it would have emptied the file it leads to."""
    desk = make_desk(config(MAILDIR, smtp_port=0))
    (place / "victim").write_text("mine")
    desk.state_dir.mkdir()
    desk.state_dir.chmod(0o777)
    (desk.state_dir / "lock").symlink_to(place / "victim")
    for words in (["run"], ["ticket", "list"]):
        done = desk.command(*words)
        assert (done.returncode, b"can be written by everybody" in done.stderr) == (2, True)
    assert b"can be written by everybody" in desk.command("check").stdout
    assert (place / "victim").read_text() == "mine"
    assert [path.name for path in desk.state_dir.iterdir()] == ["lock"]


@pytest.mark.parametrize("content", ["", "short"])
def test_run_refuses_a_key_that_can_be_guessed(make_desk: DeskMaker, content: str) -> None:
    desk = make_desk(config(MAILDIR, smtp_port=0))
    desk.state_dir.mkdir(mode=0o710)
    (desk.state_dir / "secret").write_text(content)
    (desk.state_dir / "secret").chmod(0o600)
    done = desk.command("run")
    assert (done.returncode, b"instance.secret_file" in done.stderr) == (2, True)


def test_init_writes_through_no_link(make_desk: DeskMaker, place: Path) -> None:
    desk = make_desk("")
    desk.config.unlink()
    (place / "victim").write_text("mine")
    for aim in (place / "victim", place / "nothing"):
        desk.config.symlink_to(aim)
        assert desk.command("init").returncode == 1
        desk.config.unlink()
    assert (place / "victim").read_text() == "mine"
    assert not (place / "nothing").exists()


def test_saving_an_attachment_writes_through_no_link(desk: Desk, place: Path) -> None:
    """The name is the customer's, the folder is where an operator happens to be."""
    desk.start()
    names = ("../../evil.txt", "/etc/cron.d/evil", "nota.txt")
    mail = write(JOAO, attachments=[(name, b"%PDF evil") for name in names])
    hand_in(desk, mail, JOAO.address, QUEUE)
    desk.wait_until_done(1)
    wait_until_quiet(desk, 1)
    folder = place / "saved"
    folder.mkdir()
    (place / "victim").write_text("mine")
    for name in ("evil.txt", "nota.txt"):
        (folder / name).symlink_to(place / "victim")
    saved = desk.cli("ticket", "attachment", 1, "--out", str(folder))
    assert (place / "victim").read_text() == "mine"
    assert len(saved) == 3
    assert all(Path(file["path"]).parent == folder and not Path(file["path"]).is_symlink() for file in saved)
    assert not Path("/etc/cron.d/evil").exists()
