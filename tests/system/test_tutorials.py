"""The pages about providers, followed to the letter: install, `init`, `check`, start; a mail comes in, an agent answers
it, and the customer reads the answer.

The program is the wheel in an environment of its own. `/etc`, `/var` and systemd's folder are folders of the test's,
and the commands are those of the page, less `sudo`. A Dovecot and a smarthost stand in for the provider.
"""

import email.policy
import os
import pwd
import shlex
import smtplib
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

import pytest
import trustme

from mailtickets.config.load import load
from tests.servers import free_port
from tests.servers.dovecot import Dovecot
from tests.servers.fake_smtp import FakeSmtp
from tests.servers.terminal import Terminal
from tests.system import warm
from tests.system.desk import Desk
from tests.system.test_doors_of_an_mta import NOBODY
from tests.system.test_readme_on_postfix import Ours
from tests.system.town import ANA, MARIA, parsed, text_of, write
from tests.system.world import World, rows
from tests.test_docs import Block, blocks, commands
from tests.test_docs_providers import FOLDER, folder_of

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="`init --system` is for root")

ADDRESS = "suporte@desk.test"
PASSWORD = "correct horse"
ANSWER = "A segunda via segue amanhã cedo."

# The program with other places than the machine's own, as a command named `mailtickets`.
WRAPPER = """\
#!{python}
import sys
from pathlib import Path
from mailtickets.cli import main
from mailtickets.cli.setup import machine
from mailtickets.config import places
root = Path({root!r})
machine.USER, machine.HOMES = {user!r}, ()
machine.SYSTEM_CONFIG = root / "etc/mailtickets/config.toml"
machine.SYSTEM_STATE = root / "var/lib/mailtickets"
machine.SYSTEM_UNITS = root / "etc/systemd/system"
places.SEARCHED = (machine.SYSTEM_CONFIG,)
sys.exit(main())
"""

# What a provider writes above a mail that it has taken: Google with its name, Microsoft without one.
GOOGLE_RESULTS = "Authentication-Results: mx.google.com; dmarc=pass (p=NONE) header.from={domain}\r\n"
MICROSOFT_RESULTS = (
    "Received: from mx.example.test (203.0.113.5) by VI1EUR05FT012.mail.protection.outlook.com (10.233.242.1) with\r\n"
    " Microsoft SMTP Server (version=TLS1_2) id 15.20.9000.1; Sun, 29 Nov 2026 05:00:00 +0000\r\n"
    "Authentication-Results: spf=pass (sender IP is 203.0.113.5) smtp.mailfrom={domain}; dkim=pass\r\n"
    " header.d={domain};dmarc=pass action=none header.from={domain};compauth=pass reason=100\r\n"
)


class Machine:
    """A machine with nothing but the program: what is typed on it, and the desk that comes of it."""

    def __init__(self, place: Path, program: Path, world: World) -> None:
        self.place, self.world = place, world
        self.config = place / "etc/mailtickets/config.toml"
        self.state = place / "var/lib/mailtickets"
        self.home = place / "home"
        for folder in (place / "etc/systemd/system", place / "var/lib", place / "bin", self.home):
            folder.mkdir(parents=True)
        self.wheel = str(program.parent / "python")
        self.install(Path(self.wheel), pwd.getpwuid(os.geteuid()).pw_name)
        self.environment = {"PATH": f"{place / 'bin'}:{os.environ['PATH']}", "HOME": str(self.home)}
        self.options = ["--dns", f"127.0.0.1:{world.dns.port}"]
        """Where the stand-ins are: the only words that are not on the page."""
        self.desk: Desk | None = None

    def install(self, python: Path, user: str) -> None:
        """The command `mailtickets`, by this interpreter. `user` is whom the service runs as."""
        command = self.place / "bin/mailtickets"
        command.write_text(WRAPPER.format(python=python, root=str(self.place), user=user))
        command.chmod(0o755)
        self.python = str(python)

    def type(self, command: str, *more: str, status: int = 0) -> str:
        """Runs a command of a page; what it says on stdout."""
        words = [*shlex.split(command), *more]
        done = self.typed(words)
        said = done.stdout.decode()
        sys.stdout.write(f"$ {command}\n{said}\n")
        assert done.returncode == status, f"{command}\n{said}\n{done.stderr.decode()}"
        return said

    def typed(self, words: list[str]) -> warm.Done:
        """The wheel's command is a fork of its interpreter with the modules loaded; another is a process of its own."""
        assert words[0] == "mailtickets"
        if self.python == self.wheel:
            installed = (str(self.place / "bin/mailtickets"), self.python)
            return warm.run(words[1:], self.environment, given=b"", timeout=120, directory=str(self.home),
                            installed=installed)  # fmt: skip
        return subprocess.run(words, cwd=self.home, env=self.environment, capture_output=True,
                              stdin=subprocess.DEVNULL, check=False, timeout=120)  # fmt: skip

    def on_a_terminal(self, command: str) -> Terminal:
        """The same command, typed on a terminal."""
        return Terminal(shlex.split(command), cwd=self.home, env=self.environment)

    def start(self) -> Desk:
        """What `systemctl enable --now mailtickets` does: the command of the unit."""
        unit = (self.place / "etc/systemd/system/mailtickets.service").read_text()
        (line,) = [line for line in unit.splitlines() if line.startswith("ExecStart=")]
        program, *words = shlex.split(line.removeprefix("ExecStart="))
        assert words == ["-c", str(self.config), "run"]
        self.desk = Running(self.place, Path(program), self.config, self.state, self.environment)
        self.desk.start()
        return self.desk


class Running(Desk):
    """A desk that is started as its unit says, from a configuration that is there already."""

    def __init__(self, place: Path, program: Path, config: Path, state: Path, environment: dict[str, str]) -> None:
        super().__init__(place, "", environment)
        self.config.unlink()
        self.config, self.state_dir, self.program = config, state, program

    def launch(self, *_: object, **__: object) -> None:
        with self.stdout.open("ab") as stdout, self.stderr.open("ab") as stderr:
            self.process = subprocess.Popen(
                [str(self.program), "-c", str(self.config), "run"], stdin=subprocess.DEVNULL, stdout=stdout,
                stderr=stderr, cwd="/", env=self._env(None), start_new_session=True,
            )  # fmt: skip


class Provider:
    """A provider's stand-in: a mailbox at a Dovecot, and a smarthost that keeps what it is given."""

    def __init__(self, dovecot: Dovecot, world: World, results: str) -> None:
        self.dovecot, self.world, self.results = dovecot, world, results

    def delivers(self, mail: EmailMessage, fields: str = "") -> None:
        """A mail comes to the mailbox, with what the provider has found out about its sender."""
        domain = str(mail["From"].addresses[0].domain)
        self.dovecot.deliver(
            ADDRESS,
            self.results.format(domain=domain).encode() + fields.encode() + mail.as_bytes(policy=email.policy.SMTP),
        )

    @contextmanager
    def forwards(self) -> Iterator[None]:
        """What the desk sends to itself comes back, as long as the block runs."""
        ended, done = threading.Event(), len(self.world.sent())

        def forward() -> None:
            seen = done
            while not ended.wait(0.2):
                for mail in self.world.sent()[seen:]:
                    seen += 1
                    if mail.recipient.startswith("suporte"):
                        self.delivers(parsed(mail.content), f"Delivered-To: {mail.recipient}\r\n")

        thread = threading.Thread(target=forward, name="forward")
        thread.start()
        yield
        ended.set()
        thread.join()

    @property
    def place(self) -> list[str]:
        """Options of `init` that lead here."""
        return ["--imap", f"localhost:{self.dovecot.imaps_port}", "--smtp", f"localhost:{self.world.smarthost.port}"]


@pytest.fixture
def login(request: pytest.FixtureRequest) -> bool:
    """Whether the smarthost asks for TLS and a password."""
    return bool(getattr(request, "param", True))


@pytest.fixture
def machine(place: Path, installed: Path, login: bool) -> Iterator[Machine]:
    authority, world = trustme.CA(), World()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    if login:
        world.smarthost = FakeSmtp(tls=context, users={ADDRESS: PASSWORD})
    world.dns.add("desk.test", "MX", "10 mx.desk.test.")
    world.dns.add("mx.desk.test", "A", "192.0.2.1")
    world.dns.txt("desk.test", "v=spf1 a:mx.desk.test -all")
    world.dns.txt("_dmarc.desk.test", "v=DMARC1; p=reject")
    with world:
        made = Machine(place, installed, world)
        authority.cert_pem.write_to_path(str(place / "authorities.pem"))
        made.environment["SSL_CERT_FILE"] = str(place / "authorities.pem")
        yield made
        if made.desk:
            made.desk.close()
            sys.stdout.write(made.desk.log())


@pytest.fixture
def dovecot(machine: Machine) -> Iterator[Dovecot]:
    with Dovecot({ADDRESS: PASSWORD}) as server:
        with (machine.place / "authorities.pem").open("ab") as file:
            file.write(server.certificate.read_bytes())
        yield server


def follow(page: str, machine: Machine, mark: str, options: Sequence[str], port: int = 8025) -> None:
    """Sections 3 to 5 of a page, with the answers that have `mark` in them, up to the start of the service."""
    write_answers(answers_of(page, mark), machine)
    said = machine.type(shown(page, "mailtickets init --system"), *machine.options, *options)
    machine.config.write_text(machine.config.read_text().replace(":8025", f":{port}"))
    assert "ok       configuration" in said
    assert PASSWORD not in said
    check_and_start(page, machine)


def answers_of(page: str, mark: str) -> Block:
    return next(block for block in blocks(FOLDER / f"{page}.md") if block.kind == "toml" and mark in block.text)


def shown(page: str, beginning: str) -> str:
    """The command of a page that begins like this."""
    found = [block for block in blocks(FOLDER / f"{page}.md") if block.kind == "console"]
    return next(command for block in found for command in commands(block) if command.startswith(beginning))


def check_and_start(page: str, machine: Machine) -> None:
    machine.type(shown(page, "mailtickets check"))
    assert shown(page, "systemctl enable --now mailtickets")
    desk = machine.start()
    if load(machine.config).imap_in:
        desk.wait_for(
            lambda: rows(desk, "SELECT count(*) FROM imap_cursor")[0] == (1,), "the first look at the mailbox"
        )


def write_answers(block: Block, machine: Machine) -> None:
    folder_of(block, machine.home)
    for secret in ("password", "app-password"):
        if (machine.home / secret).exists():
            (machine.home / secret).write_text(PASSWORD + "\n")


def a_mail_goes_round(page: str, machine: Machine, provider: Provider) -> None:
    """The desk writes to itself, by the command that the page shows."""
    with provider.forwards():
        said = machine.type(shown(page, "mailtickets check --send"))
    assert "came back" in said


def a_mail_is_answered(machine: Machine, deliver: Callable[[EmailMessage], None]) -> None:
    """Maria writes, Ana answers the notice, Maria reads the answer."""
    assert machine.desk is not None
    world, desk = machine.world, machine.desk
    deliver(write(MARIA, subject="Segunda via do boleto"))
    notice = world.wait_for_letters(desk, ANA.address)[0]
    assert "[#1]" in notice["Subject"]
    quoted = "\n".join(f"> {line}" for line in text_of(notice).splitlines())
    reply_to = str((notice["Reply-To"] or notice["From"]).addresses[0].addr_spec)
    said = f"{ANSWER}\n\n{notice['From'].addresses[0].display_name} escreveu:\n\n{quoted}\n"
    deliver(write(ANA, to=reply_to, subject=f"Re: {notice['Subject']}", text=said, answers=notice))

    def answered() -> list[EmailMessage]:
        return [letter for letter in world.letters(MARIA.address) if ANSWER in text_of(letter)]

    (answer,) = desk.wait_for(answered, "the answer in Maria's mailbox")
    assert str(answer["From"].addresses[0].addr_spec) == ADDRESS
    assert "Segunda via" in machine.type("mailtickets ticket list")
    proof = machine.type("mailtickets check --agent ana@desk.test")
    if load(machine.config).trust.agents == "verified":
        assert "dmarc=pass" in proof


@pytest.mark.parametrize("login", [False], indirect=True)
def test_a_postfix_of_ones_own(machine: Machine) -> None:
    """Postfix with the snippets of the page hands the mail over. Ana's and Maria's mailboxes are elsewhere."""
    main, table = (block.text for block in blocks(FOLDER / "own-server.md") if block.kind == "cfg")
    port = free_port()
    elsewhere = f"smtp:[127.0.0.1]:{machine.world.smarthost.port}\n"
    people = f"{ANA.address} {elsewhere}{MARIA.address} {elsewhere}"
    postfix = Ours(main, "", table.replace("8025", str(port)) + people)
    postfix.filters(ANA.address.partition("@")[2], MARIA.address.partition("@")[2])
    with postfix:
        follow("own-server", machine, 'intake = "smtp"', ["--smtp", f"127.0.0.1:{postfix.port}"], port)
        assert load(machine.config).trust.agents == "verified"

        def submit(mail: EmailMessage) -> None:
            with smtplib.SMTP("127.0.0.1", postfix.port, local_hostname="cliente.test", timeout=60) as client:
                client.send_message(mail)

        assert "came back" in machine.type(shown("own-server", "mailtickets check --send"))
        a_mail_is_answered(machine, submit)


def test_google_with_an_app_password(machine: Machine, dovecot: Dovecot) -> None:
    provider = Provider(dovecot, machine.world, GOOGLE_RESULTS)
    follow("google", machine, 'login = "password"', provider.place)
    assert load(machine.config).trust.agents == "verified"
    a_mail_goes_round("google", machine, provider)
    a_mail_is_answered(machine, provider.delivers)


@pytest.mark.parametrize("mark", ['provider = "other"', 'provider = "hostinger"'])
def test_an_ordinary_host(machine: Machine, dovecot: Dovecot, mark: str) -> None:
    provider = Provider(dovecot, machine.world, "")
    follow("ordinary-host", machine, mark, provider.place)
    a_mail_goes_round("ordinary-host", machine, provider)
    a_mail_is_answered(machine, provider.delivers)


@pytest.mark.parametrize("login", [False], indirect=True)
def test_a_dovecot_of_ones_own(machine: Machine, dovecot: Dovecot) -> None:
    provider = Provider(
        dovecot, machine.world, "Authentication-Results: mx.desk.test; dmarc=pass header.from={domain}\r\n"
    )
    follow("own-server", machine, 'intake = "imap"', [*provider.place, "--username", ADDRESS])
    a_mail_is_answered(machine, provider.delivers)


def test_the_user_of_the_service_can_read_what_init_has_written_and_nobody_else(
    machine: Machine, dovecot: Dovecot, python_of_everybody: Path
) -> None:
    """`check` at the end of `init` is done as that user: it logs in with the secret that was written."""
    machine.install(python_of_everybody, NOBODY[0])
    write_answers(answers_of("ordinary-host", 'provider = "other"'), machine)
    provider = Provider(dovecot, machine.world, "")
    said = machine.type(shown("ordinary-host", "mailtickets init --system"), *machine.options, *provider.place)
    assert f"{ADDRESS} logs in at localhost" in said
    assert f"logged in as {ADDRESS}" in said
    secret = machine.config.parent / "mailbox-password"
    assert (secret.owner(), secret.stat().st_mode & 0o777) == (NOBODY[0], 0o600)
