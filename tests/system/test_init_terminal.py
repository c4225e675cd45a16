"""`init` as somebody types it, on a pseudo-terminal: with a DNS, an autoconfig server and a mailbox of the test."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from mailtickets.config.load import load
from tests.servers.dovecot import Dovecot
from tests.servers.fake_autoconfig import XML, FakeAutoconfig
from tests.servers.terminal import Terminal
from tests.system.world import World

ADDRESS = "suporte@desk.test"
PASSWORD = "correct horse"

# The world of names is this machine: every host is 127.0.0.1, and each well-known port another one.
SCRIPT = """\
import socket, sys
ports = {int(a): int(b) for a, b in (pair.split("=") for pair in sys.argv.pop(1).split(",") if pair)}
real = socket.getaddrinfo
def here(host, port, *rest, **more):
    return real("127.0.0.1" if str(host).endswith(".test") else host, ports.get(port, port), *rest, **more)
socket.getaddrinfo = here
from mailtickets.cli import main
sys.exit(main())
"""


@pytest.fixture
def world() -> Iterator[World]:
    with World() as world:
        yield world


class Newcomer:
    """Somebody at a terminal, in a folder of their own."""

    def __init__(self, place: Path, world: World) -> None:
        self.place, self.world = place, world
        self.certificate: Path | None = None
        self.ports: dict[int, int] = {}
        self.config = place / "config.toml"

    def starts(self, *words: str) -> Terminal:
        ports = ",".join(f"{one}={other}" for one, other in self.ports.items())
        dns = f"127.0.0.1:{self.world.dns.port}"
        env = {"PATH": os.environ["PATH"], "LANG": "pt_BR.UTF-8", "TZ": "America/Recife", "PYTHONUTF8": "1"}
        env |= {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        if self.certificate:
            env["SSL_CERT_FILE"] = str(self.certificate)
        given = ["-c", str(self.config), "init", "--no-check", *words]
        if "--dns" not in words:
            given += ["--dns", dns]
        return Terminal([sys.executable, "-c", SCRIPT, ports, *given], cwd=self.place, env=env)

    def has(self) -> set[str]:
        return {path.name for path in self.place.iterdir()}


@pytest.fixture
def newcomer(place: Path, world: World) -> Newcomer:
    return Newcomer(place, world)


def the_rest(terminal: Terminal, send: str = "n") -> None:
    """The questions that are the same for everybody."""
    terminal.answer("Agent:", "Ana Souza <ana@desk.test>")
    terminal.answer("Agent:", "")
    terminal.answer("customers see [Suporte]:", "Suporte Exemplo")
    terminal.answer("notices (pt_BR, en, es) [pt_BR]:", "")
    terminal.answer("Time zone [America/Recife]:", "")
    terminal.answer("something is wrong [ana@desk.test]:", "")
    terminal.answer("send mail now?", send)


def test_a_mailbox_whose_provider_the_mx_names(newcomer: Newcomer) -> None:
    newcomer.world.dns.add("desk.test", "MX", "10 aspmx.l.google.com.")
    with newcomer.starts() as terminal:
        terminal.answer("customers write to:", ADDRESS)
        terminal.wait_for("Mail for desk.test is taken by aspmx.l.google.com: Google Workspace or Gmail.")
        terminal.answer("Provider [google]:", "")
        terminal.answer("How does the desk log in [service_account]:", "refresh_token")
        terminal.wait_for("Audience: Internal")
        terminal.answer("application:", "1234.apps.googleusercontent.com")
        terminal.answer("Client secret (not shown", PASSWORD)
        the_rest(terminal, "y")
        terminal.answer("Write", "y")
        assert terminal.end() == 0, terminal.screen
    assert PASSWORD not in terminal.screen, "what is typed for a secret is not shown"
    config = load(newcomer.config, secrets=True)
    assert config.oauth[0].client_id == "1234.apps.googleusercontent.com"
    assert config.delivery.host == "smtp.gmail.com"
    assert config.instance.timezone == "America/Recife"
    assert config.queue[0].display_name == "Suporte Exemplo"
    assert (newcomer.place / "google-client-secret").read_text() == PASSWORD + "\n"


def test_a_wrong_answer_is_asked_for_again(newcomer: Newcomer) -> None:
    newcomer.world.dns.add("desk.test", "MX", "10 mx1.hostinger.com.")
    with newcomer.starts() as terminal:
        terminal.answer("customers write to:", "", "suporte")
        terminal.wait_for("An answer is needed.")
        terminal.wait_for("an address like suporte@example.org was expected")
        terminal.answer("customers write to:", ADDRESS)
        terminal.answer("Provider [hostinger]:", "gogle")
        terminal.wait_for("not 'gogle'")
        terminal.answer("Provider [hostinger]:", "own")
        terminal.answer("How does mail reach the desk [smtp]:", "")
        terminal.answer("Authentication-Results", "mx.desk.test")
        terminal.answer("Agent:", "")
        terminal.wait_for("One agent is needed.")
        terminal.answer("Agent:", ADDRESS)
        terminal.wait_for("is the desk's already")
        terminal.answer("Agent:", "ana@desk.test", "")
        terminal.answer("customers see", "")
        terminal.answer("notices", "fr")
        terminal.wait_for("'pt_BR', 'en' or 'es' was expected")
        terminal.answer("notices", "en")
        terminal.answer("Time zone", "Mars/Olympus")
        terminal.answer("Time zone", "Europe/Lisbon")
        terminal.answer("something is wrong", "ops@desk.test")
        terminal.answer("send mail now?", "", "maybe", "yes")
        terminal.answer("Write", "")
        assert terminal.end() == 0, terminal.screen
    assert "is missing" not in terminal.screen, "what is still to be asked is no fault of this answer"
    config = load(newcomer.config)
    assert config.agent[0].name == "Ana"
    assert (config.instance.locale, config.instance.timezone) == ("en", "Europe/Lisbon")
    assert config.smtp_in is not None


def test_servers_by_srv_outside_of_the_domain_are_confirmed_before_a_password_is_typed(newcomer: Newcomer) -> None:
    dns = newcomer.world.dns
    dns.add("desk.test", "MX", "10 mx.host.test.")
    dns.add("_imaps._tcp.desk.test", "SRV", "0 1 993 imap.host.test.")
    dns.add("_submissions._tcp.desk.test", "SRV", "0 1 465 smtp.host.test.")
    with newcomer.starts() as terminal:
        terminal.answer("customers write to:", ADDRESS)
        terminal.wait_for("mx.host.test: no provider that is known here")
        terminal.answer("Provider [other]:", "")
        terminal.wait_for("Found in the SRV records of desk.test:")
        terminal.wait_for("Not below desk.test: imap.host.test, smtp.host.test. Your password would be sent there.")
        terminal.answer("provider? [y/n]:", "")
        terminal.answer("provider? [y/n]:", "n")
        terminal.answer("IMAP server", "imap.desk.test:1993")
        terminal.answer("SMTP server", "smtp.desk.test:587")
        terminal.wait_for("User name")
        assert "Password" not in terminal.screen.partition("SMTP server")[0]
        assert terminal.interrupt() == 1
    assert "nothing was written" in terminal.screen
    assert newcomer.has() == set()


def test_servers_by_autoconfig_and_a_password_that_is_tried(newcomer: Newcomer, place: Path) -> None:
    newcomer.world.dns.add("desk.test", "MX", "10 mx.desk.test.")
    with FakeAutoconfig("autoconfig.desk.test", "desk.test") as web, Dovecot({ADDRESS: PASSWORD}) as dovecot:
        web.pages["/mail/config-v1.1.xml"] = XML.format(host="desk.test").encode()
        trusted = place / "ca.pem"
        trusted.write_bytes(web.certificate.read_bytes() + dovecot.certificate.read_bytes())
        newcomer.certificate = trusted
        newcomer.ports = {443: web.port, 993: dovecot.imaps_port}
        with newcomer.starts("--imap", f"localhost:{dovecot.imaps_port}") as terminal:
            terminal.answer("customers write to:", ADDRESS)
            terminal.answer("Provider [other]:", "")
            terminal.wait_for("Found at https://autoconfig.desk.test/mail/config-v1.1.xml:")
            terminal.answer("Use them? [Y/n]:", "")
            terminal.answer("Password of suporte@desk.test (not shown", "wrong horse")
            terminal.wait_for("refuses the login")
            terminal.answer("Try another password? [Y/n]:", "")
            terminal.answer("(not shown", PASSWORD)
            terminal.wait_for(f"{ADDRESS} logs in at localhost")
            the_rest(terminal)
            terminal.answer("Write", "")
            assert terminal.end() == 0, terminal.screen
    config = load(newcomer.config, secrets=True)
    assert config.delivery.method == "maildir"
    assert 'host = "smtp.desk.test"' in newcomer.config.read_text()
    assert (place / "mailbox-password").read_text() == PASSWORD + "\n"


@pytest.mark.parametrize("keys", ["\x03", "\x04"], ids=["control-c", "control-d"])
@pytest.mark.parametrize("question", ["customers write to:", "Provider", "(not shown", "Agent:", "Write"])
def test_interrupted_anywhere_nothing_is_written(newcomer: Newcomer, question: str, keys: str) -> None:
    newcomer.world.dns.add("desk.test", "MX", "10 mx.zoho.com.")
    answers = {
        "customers write to:": [ADDRESS],
        "Provider": [""],
        "(not shown": [PASSWORD],
        "Try again": ["n"],
        "Agent:": ["ana@desk.test", ""],
        "customers see": [""],
        "notices": [""],
        "Time zone": [""],
        "something is wrong": [""],
        "send mail now?": ["y"],
        "Write": ["y"],
    }
    with newcomer.starts("--imap", "localhost:1") as terminal:
        for asked, words in answers.items():
            terminal.wait_for(asked)
            if asked == question:
                break
            for word in words:
                terminal.press(f"{word}\n")
        assert terminal.interrupt(keys) == 1, terminal.screen
    assert "nothing was written" in terminal.screen
    assert newcomer.has() == set()


def test_a_no_to_the_last_question_writes_nothing(newcomer: Newcomer) -> None:
    with newcomer.starts(
        "--address", ADDRESS, "--provider", "own", "--intake", "smtp", "--authserv-id", ""
    ) as terminal:
        the_rest(terminal)
        terminal.answer("Write", "n")
        assert terminal.end() == 1
    assert newcomer.has() == set()


def test_a_terminal_that_goes_away_leaves_nothing(newcomer: Newcomer) -> None:
    with newcomer.starts() as terminal:
        terminal.wait_for("customers write to:")
        terminal.signal(signal.SIGTERM)
        assert terminal.end() == -signal.SIGTERM
    assert newcomer.has() == set()


def test_options_are_not_asked_for_again(newcomer: Newcomer) -> None:
    words = ("--address", ADDRESS, "--provider", "own", "--intake", "smtp", "--authserv-id", "mx.desk.test",
             "--agent", "Ana <ana@desk.test>", "--name", "Suporte", "--locale", "en", "--timezone", "Europe/Lisbon",
             "--ops-address", "ops@desk.test", "--send")  # fmt: skip
    with newcomer.starts(*words) as terminal:
        terminal.answer("Write", "y")
        assert terminal.end() == 0, terminal.screen
    assert terminal.screen.count("?") == 1
    assert load(newcomer.config).delivery.method == "smtp"


def test_a_file_that_is_there_is_told_before_anything_is_asked(newcomer: Newcomer) -> None:
    newcomer.config.write_text("# mine\n")
    with newcomer.starts() as terminal:
        assert terminal.end() == 1
    assert "is there already" in terminal.screen
    assert "customers write to" not in terminal.screen
    assert newcomer.config.read_text() == "# mine\n"


def test_a_secret_that_is_there_is_told_before_another_is_typed(newcomer: Newcomer) -> None:
    (newcomer.place / "mailbox-password").write_text("mine")
    with newcomer.starts("--address", ADDRESS, "--provider", "zoho") as terminal:
        assert terminal.end() == 1
    assert "mailbox-password is there already" in terminal.screen
    assert newcomer.has() == {"mailbox-password"}


def test_with_an_answers_file_only_the_password_is_asked_for(newcomer: Newcomer) -> None:
    text = f'address = "{ADDRESS}"\nprovider = "zoho"\n[[agent]]\nname = "Ana"\naddress = "ana@desk.test"\n'
    (newcomer.place / "answers.toml").write_text(text)
    with newcomer.starts("--answers", "answers.toml") as terminal:
        terminal.answer("password of suporte@desk.test (not shown)", PASSWORD)
        assert terminal.end() == 0, terminal.screen
    assert PASSWORD not in terminal.screen
    assert (newcomer.place / "mailbox-password").read_text() == PASSWORD + "\n"


def test_a_silent_dns_is_said_and_stops_nobody(newcomer: Newcomer) -> None:
    newcomer.world.dns.fail("desk.test")
    with newcomer.starts("--address", ADDRESS) as terminal:
        terminal.wait_for("The DNS does not say who takes mail for desk.test")
        terminal.answer("Provider:", "zoho")
        terminal.wait_for("Zoho Mail: read at imap.zoho.com:993 (TLS) as suporte@desk.test")


def test_without_a_terminal_a_missing_provider_is_told_with_the_one_that_the_mx_names(newcomer: Newcomer) -> None:
    newcomer.world.dns.add("desk.test", "MX", "10 aspmx.l.google.com.")
    command = [sys.executable, "-m", "mailtickets", "-c", str(newcomer.config), "init", "--address", ADDRESS]
    command += ["--dns", f"127.0.0.1:{newcomer.world.dns.port}"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert '; aspmx.l.google.com takes the mail of desk.test: "google", Google Workspace or Gmail' in done.stderr
    assert "agent: at least one" in done.stderr
    assert newcomer.has() == set()


def test_a_key_of_another_certificate_is_asked_for_again(newcomer: Newcomer) -> None:
    for name in ("one", "other"):
        issued = trustme.CA().issue_cert("desk.test")
        issued.cert_chain_pems[0].write_to_path(str(newcomer.place / f"{name}.crt"))
        issued.private_key_pem.write_to_path(str(newcomer.place / f"{name}.key"))
    with newcomer.starts("--address", ADDRESS, "--provider", "microsoft", "--login", "certificate") as terminal:
        terminal.answer("a domain of it:", "desk.onmicrosoft.com")
        terminal.answer("gave to the application:", "the-client")
        terminal.answer("uploaded to the application, PEM:", "nowhere.crt")
        terminal.wait_for("cannot be read")
        terminal.answer("uploaded to the application, PEM:", "one.crt")
        terminal.answer("key of the certificate, PEM:", "other.key")
        terminal.wait_for("is not the certificate of the key")
        terminal.answer("uploaded to the application, PEM:", "one.crt")
        terminal.answer("key of the certificate, PEM:", "one.key")
        terminal.answer("Object ID", "the-object")
        the_rest(terminal)
        terminal.answer("Write", "y")
        assert terminal.end() == 0, terminal.screen
    assert "-AppId the-client -ObjectId the-object" in terminal.screen
    assert load(newcomer.config, secrets=True).oauth[0].certificate_file == "microsoft-certificate.pem"


def test_an_option_that_does_not_fit_ends_the_conversation(newcomer: Newcomer) -> None:
    with newcomer.starts("--address", ADDRESS, "--provider", "microsoft", "--login", "password") as terminal:
        assert terminal.end() == 2
    assert "login: one of certificate, client_secret, device_code was expected" in terminal.screen
    assert newcomer.has() == set()


@pytest.mark.parametrize(("typed", "port", "tls"), [("localhost", 143, "none"), ("localhost:993", 993, "implicit")])
def test_a_dovecot_on_this_machine_is_read_as_its_port_says(
    newcomer: Newcomer, typed: str, port: int, tls: str
) -> None:
    newcomer.ports = {143: 1, 993: 1}
    with newcomer.starts("--address", ADDRESS, "--provider", "own") as terminal:
        terminal.answer("How does mail reach the desk [smtp]:", "imap")
        terminal.answer("IMAP server", "local host")
        terminal.wait_for("a host name in ASCII was expected")
        terminal.answer("IMAP server", typed)
        terminal.answer("User name of the mailbox", "suporte")
        terminal.answer("Password of suporte (not shown", PASSWORD)
        terminal.wait_for("cannot be reached")
        terminal.answer("Try again?", "n")
        the_rest(terminal)
        terminal.answer("Write", "y")
        assert terminal.end() == 0, terminal.screen
    (account,) = load(newcomer.config, secrets=True).imap_in
    assert (account.host, account.port, account.tls, account.username) == ("localhost", port, tls, "suporte")
