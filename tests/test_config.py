"""The configuration file: everything wrong is said at once, by key, with what was expected."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from mailtickets.config.credentials import read_secret
from mailtickets.config.durations import span
from mailtickets.config.load import load
from mailtickets.config.models import Config, ImapIn
from mailtickets.config.places import ConfigError, absolute_listen, locate, shipped, template_texts
from mailtickets.config.values import is_loopback
from tests.desk.builders import a_queue

LEAST = """
[instance]
hostname = "mail.desk.test"
[delivery]
method = "maildir"
[[queue]]
name = "suporte"
addresses = ["suporte@desk.test"]
"""

Write = Any


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STATE_DIRECTORY", "CREDENTIALS_DIRECTORY", "MAILTICKETS_CONFIG"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str) -> Path:
        file = tmp_path / "config.toml"
        file.write_text(text, encoding="utf-8")
        return file

    return write


def problems(file: Path, *, secrets: bool = False) -> dict[str, str]:
    with pytest.raises(ConfigError) as found:
        load(file, secrets=secrets)
    return dict(found.value.problems)


def test_the_least_there_can_be(write: Write, tmp_path: Path) -> None:
    config = load(write(LEAST))
    assert config.file == tmp_path / "config.toml"
    assert (config.smtp_in, config.imap_in, config.agent) == (None, (), ())
    assert config.queue[0].title == "suporte"


def test_the_example_is_sound(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(shipped("config.example.toml").read_text(encoding="utf-8"), encoding="utf-8")
    assert load(file, secrets=True).queue[0].address == "suporte@desk.test"


# --- each kind of mistake -----------------------------------------------------------------------------

AGENT = '[[agent]]\nname = "Ana"\naddress = "ana@desk.test"\nqueues = ["suporte"]\n'
QUEUE = '[[queue]]\nname = "vendas"\naddresses = ["vendas@desk.test"]\n'
IMAP = '[[imap_in]]\nname = "a"\nhost = "imap.desk.test"\nusername = "u"\npassword_file = "p"\n'

MISTAKES = {
    "an unknown key": (LEAST + 'colour = "blue"', "queue.0.colour", "there is no such key"),
    "an unknown table": (LEAST + "[nothing]\na = 1", "nothing", "there is no such key"),
    "a wrong type": (LEAST + "[smtp_in]\nmax_connections = 'many'", "smtp_in.max_connections", "integer"),
    "a number for a text": (LEAST + "[dns]\nservers = [1]", "dns.servers.0", "string"),
    "a text for a list": (LEAST + '[dns]\nservers = "9.9.9.9"', "dns.servers", "list"),
    "a number too small": (LEAST + "[smtp_in]\nmax_connections = 0", "smtp_in.max_connections", "greater than"),
    "a port too large": (LEAST + IMAP + "port = 99999", "imap_in.0.port", "65535"),
    "none of the choices": (LEAST + '[trust]\nagents = "all"', "trust.agents", "'verified' or 'token'"),
    "a missing key": (LEAST.replace('hostname = "mail.desk.test"', ""), "instance.hostname", "is missing"),
    "a missing table": (LEAST.replace("[instance]\nhostname", "[dns]\n#"), "instance", "is missing"),
    "no queue": ('[instance]\nhostname = "a.test"\n[delivery]\nmethod = "maildir"', "queue", "is missing"),
    "a queue without address": (LEAST + '[[queue]]\nname = "b"\naddresses = []', "queue.1.addresses", "at least one"),
    "an address that is none": (LEAST + AGENT.replace("ana@", "ana"), "agent.0.address", "suporte@example.org"),
    "an address that is none, in a list": (
        LEAST + AGENT + 'aliases = ["a@b.test", "nada"]',
        "agent.0.aliases.1",
        "suporte@example.org",
    ),
    "an unknown time zone": (
        LEAST.replace("[delivery]", 'timezone = "Sao_Paulo"\n[delivery]'),
        "instance.timezone",
        "America/Sao_Paulo",
    ),
    "a name of several words": (
        LEAST.replace("[delivery]", 'name = "nosso desk"\n[delivery]'),
        "instance.name",
        "short word",
    ),
    "a name that ends in a dot": (
        LEAST.replace("[delivery]", 'name = "a."\n[delivery]'),
        "instance.name",
        "short word",
    ),
    "a host that is none": (LEAST.replace("mail.desk.test", "mail..desk"), "instance.hostname", "host name"),
    "a listen address by name": (LEAST + '[smtp_in]\nlisten = ["localhost:25"]', "smtp_in.listen.0", "ADDRESS:PORT"),
    "a unix socket for SMTP": (LEAST + '[smtp_in]\nlisten = ["unix:a"]', "smtp_in.listen.0", "lmtp_in.listen"),
    "a port that is none": (LEAST + '[lmtp_in]\nlisten = ["127.0.0.1:x"]', "lmtp_in.listen.0", "ADDRESS:PORT"),
    "a network that is none": (LEAST + '[smtp_in]\ntrusted_relays = ["us"]', "smtp_in.trusted_relays.0", "us"),
    "a duration without unit": (LEAST + 'remind_after = "4"', "queue.0.remind_after", '"4h"'),
    "a tag without number": (LEAST + 'subject_tag = "[Suporte]"', "queue.0.subject_tag", "{number}"),
    "a tag that no reply would show": (
        LEAST + 'subject_tag = "[#{number} Suporte]"',
        "queue.0.subject_tag",
        "'#{number}'",
    ),
    "a tag without its sign": (LEAST + 'subject_tag = "[{number}]"', "queue.0.subject_tag", "'#{number}'"),
    "a display name of two lines": (LEAST + 'display_name = "a\\nb"', "queue.0.display_name", "one line"),
    "a database of another kind": (LEAST + '[database]\nurl = "mysql://x"', "database.url", "postgresql://"),
    "a queue twice": (
        LEAST + QUEUE.replace("vendas", "suporte").replace("suporte@", "b@"),
        "queue.1.name",
        "another queue",
    ),
    "an address in two queues": (
        LEAST + QUEUE.replace("vendas@", "SUPORTE@"),
        "queue.1.addresses.0",
        "an address of queue 'suporte' already",
    ),
    "an agent with a queue's address": (
        LEAST + AGENT.replace("ana@", "Suporte@"),
        "agent.0.address",
        "is the address of queue 'suporte'",
    ),
    "an agent with a queue's plus-address": (
        LEAST + AGENT.replace("ana@", "suporte+ana@"),
        "agent.0.address",
        "is the address of queue 'suporte'",
    ),
    "an agent's alias that is a queue's": (
        LEAST + AGENT + 'aliases = ["suporte@desk.test"]',
        "agent.0.aliases.0",
        "is the address of queue 'suporte'",
    ),
    "an address of two agents": (
        LEAST + AGENT + AGENT.replace('"Ana"', '"Bia"'),
        "agent.1.address",
        "agent 'Ana' already",
    ),
    "an agent of no queue": (LEAST + AGENT.replace('["suporte"]', '["tudo"]'), "agent.0.queues.0", "no queue 'tudo'"),
    "ops at a queue": (
        LEAST.replace("[delivery]", 'ops_address = "suporte@desk.test"\n[delivery]'),
        "instance.ops_address",
        "is the address of queue 'suporte'",
    ),
    "a mailbox for no queue": (LEAST + IMAP + 'queue = "tudo"', "imap_in.0.queue", "no queue 'tudo'"),
    "a mailbox for any of two queues": (LEAST + QUEUE + IMAP, "imap_in.0.queue", "more than one queue"),
    "a mailbox without user": (LEAST + IMAP.replace('username = "u"\n', ""), "imap_in.0.username", "is missing"),
    "a mailbox without folder": (LEAST + IMAP + "folders = []", "imap_in.0.folders", "at least one folder"),
    "a password in the clear": (LEAST + IMAP + 'tls = "none"', "imap_in.0.tls", "loopback only"),
    "two mailboxes of one name": (LEAST + IMAP + IMAP, "imap_in", "used 2 times"),
    "no smarthost": (LEAST.replace('"maildir"', '"smtp"'), "delivery.host", 'method = "maildir"'),
    "a smarthost in the clear": (
        LEAST.replace('"maildir"', '"smtp"\nhost = "smtp.desk.test"\ntls = "none"'),
        "delivery.tls",
        "loopback only",
    ),
    "templates that are not there": (LEAST + '[templates]\ndirectory = "nada"', "templates.directory", "no directory"),
    "a queue's address with a plus of its own": (
        LEAST.replace("suporte@", "suporte+ti@"),
        "queue.0.addresses.0",
        "plus_addressing = false",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_by_its_key_with_what_was_expected(mistake: str, write: Write) -> None:
    text, key, words = MISTAKES[mistake]
    found = problems(write(text))
    assert list(found) == [key]
    assert words in found[key]


def test_a_certificate_is_opened_before_the_daemon_starts(write: Write, tmp_path: Path) -> None:
    made, other = trustme.CA().issue_cert("mail.desk.test"), trustme.CA().issue_cert("mail.desk.test")
    made.cert_chain_pems[0].write_to_path(tmp_path / "c.pem")
    other.private_key_pem.write_to_path(tmp_path / "k.pem")
    file = write(LEAST + '[smtp_in]\ntls_certificate = "c.pem"\ntls_key = "k.pem"')
    assert load(file)
    assert "is not the certificate of the key" in problems(file, secrets=True)["smtp_in.tls_certificate"]
    (tmp_path / "c.pem").write_text("no certificate")
    assert "no certificate and no private key in PEM" in problems(file, secrets=True)["smtp_in.tls_certificate"]
    made.cert_chain_pems[0].write_to_path(tmp_path / "c.pem")
    made.private_key_pem.write_to_path(tmp_path / "k.pem")
    assert load(file, secrets=True)


def test_a_certificate_needs_its_key_and_both_their_files(write: Write) -> None:
    half = problems(write(LEAST + '[smtp_in]\ntls_certificate = "c.pem"'))
    assert half["smtp_in.tls_key"] == "is missing: tls_certificate is set"
    whole = problems(write(LEAST + '[smtp_in]\ntls_certificate = "c.pem"\ntls_key = "k.pem"'))
    assert set(whole) == {"smtp_in.tls_certificate", "smtp_in.tls_key"}
    assert all("there is no file" in words for words in whole.values())


def test_a_wrong_name_of_a_queue_is_not_held_against_those_who_use_it(write: Write) -> None:
    assert set(problems(write(LEAST.replace('"suporte"', '"o suporte"') + AGENT))) == {"queue.0.name"}


def test_everything_wrong_is_said_at_once(write: Write) -> None:
    text = """
colour = "blue"
[instance]
hostname = "mail desk"
[smtp_in]
listen = ["here:25"]
max_connections = "many"
tls_key = "k.pem"
[delivery]
method = "smtp"
[database]
url = "mysql://x"
[[queue]]
name = "suporte"
addresses = ["suporte@desk.test"]
locale = "fr"
[[queue]]
name = "vendas"
addresses = ["suporte@desk.test", "nada"]
[[agent]]
name = "Ana"
address = "suporte@desk.test"
queues = ["tudo"]
[[imap_in]]
name = "a"
host = "imap.desk.test"
username = "u"
queue = "suporte"
port = 0
"""
    assert set(problems(write(text))) == {
        "colour",
        "instance.hostname",
        "smtp_in.listen.0",
        "smtp_in.max_connections",
        "smtp_in.tls_key",  # there is no such file
        "smtp_in.tls_certificate",  # and no certificate to it
        "delivery.host",
        "database.url",
        "queue.0.locale",
        "queue.1.addresses.1",
        "agent.0.address",
        "agent.0.queues.0",
        "imap_in.0.port",
    }


def test_a_key_that_is_missing_hides_no_other_mistake(write: Write) -> None:
    text = LEAST.replace('hostname = "mail.desk.test"', "") + AGENT.replace("ana@", "suporte@")
    assert set(problems(write(text))) == {"instance.hostname", "agent.0.address"}


def test_a_file_that_is_no_toml_is_named_with_its_line(write: Write) -> None:
    assert "line 1" in problems(write("this is not"))[""]


def test_a_file_that_is_not_there_or_no_text_says_so(tmp_path: Path) -> None:
    assert "No such file" in problems(tmp_path / "nowhere.toml")[""]
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    assert "is not TOML" in problems(tmp_path / "binary")[""]


def test_an_error_in_words_has_a_line_for_each_key(write: Write) -> None:
    with pytest.raises(ConfigError) as found:
        load(write(LEAST + 'colour = "blue"\nlocale = "fr"'))
    assert len(str(found.value).splitlines()) == 2


# --- secrets ------------------------------------------------------------------------------------------


def test_secrets_are_looked_for_only_when_asked(write: Write) -> None:
    file = write(LEAST + IMAP)
    load(file)
    assert "there is no file" in problems(file, secrets=True)["imap_in.0.password_file"]


def test_an_account_needs_a_secret(write: Write) -> None:
    file = write(LEAST + IMAP.replace('password_file = "p"\n', ""))
    assert problems(file, secrets=True) == {"imap_in.0.password_file": "is missing (or password_env)"}


def test_a_secret_from_the_environment(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(LEAST + IMAP.replace('password_file = "p"', 'password_env = "IMAP_SECRET"'))
    assert "IMAP_SECRET" in problems(file, secrets=True)["imap_in.0.password_env"]
    monkeypatch.setenv("IMAP_SECRET", "xyz")
    config = load(file, secrets=True)
    assert asyncio.run(config.credential(config.imap_in[0]).fetch()) == "xyz"


def test_a_secret_from_a_file_beside_the_configuration(write: Write, tmp_path: Path) -> None:
    (tmp_path / "p").write_text("xyz \r\n")
    config = load(write(LEAST + IMAP), secrets=True)
    assert asyncio.run(config.credential(config.imap_in[0]).fetch()) == "xyz "


def test_a_systemd_credential_of_the_files_name_wins(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "p").write_text("given")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    config = load(write(LEAST + IMAP), secrets=True)
    assert asyncio.run(config.credential(config.imap_in[0]).fetch()) == "given"
    (tmp_path / "other").write_text("own")
    assert read_secret(tmp_path / "other") == "own"


def test_an_account_without_secret_has_an_empty_one(write: Write) -> None:
    config = load(write(LEAST))
    assert asyncio.run(config.credential(config.delivery).fetch()) == ""


# --- paths --------------------------------------------------------------------------------------------


def test_paths_are_relative_to_the_file_and_state_to_the_state_directory(write: Write, tmp_path: Path) -> None:
    config = load(write(LEAST))
    state = tmp_path / "var"
    assert config.state_dir == state
    assert (config.secret_file, config.maildir) == (state / "secret", state / "outgoing")
    assert config.database_url == f"sqlite:///{state}/mailtickets.db"
    assert config.lmtp_listen == (f"unix:{state}/intake.sock",)
    assert config.path("t/a") == tmp_path / "t" / "a"


def test_systemds_state_directory_wins(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/mailtickets:/var/lib/other")
    assert load(write(LEAST)).state_dir == Path("/var/lib/mailtickets")


def test_absolute_paths_stay_as_they_are(write: Write) -> None:
    text = LEAST.replace('"maildir"', '"maildir"\nmaildir = "/srv/out"') + '[database]\nurl = "sqlite:////srv/desk.db"'
    config = load(write(text.replace("[delivery]", 'state_dir = "/srv/var"\nsecret_file = "/srv/key"\n[delivery]')))
    assert (config.state_dir, config.maildir, config.secret_file) == (
        Path("/srv/var"),
        Path("/srv/out"),
        Path("/srv/key"),
    )
    assert config.database_url == "sqlite:////srv/desk.db"


def test_postgresql_is_spoken_to_by_psycopg(write: Write) -> None:
    config = load(write(LEAST + '[database]\nurl = "postgresql://desk@db.test/desk"'))
    assert config.database_url == "postgresql+psycopg://desk@db.test/desk"


def test_the_intake_socket_is_always_there(write: Write, tmp_path: Path) -> None:
    config = load(write(LEAST + '[lmtp_in]\nlisten = ["127.0.0.1:24"]'))
    assert config.lmtp_listen == (f"unix:{tmp_path}/var/intake.sock", "127.0.0.1:24")
    assert absolute_listen(tmp_path, "unix:/run/a.sock") == "unix:/run/a.sock"


def test_where_the_file_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    if not Path("/etc/mailtickets/config.toml").exists():
        with pytest.raises(ConfigError, match="mailtickets init"):
            locate(None)
        (tmp_path / "config.toml").touch()
        assert locate(None) == tmp_path / "config.toml"
    monkeypatch.setenv("MAILTICKETS_CONFIG", "other.toml")
    assert locate(None) == tmp_path / "other.toml"
    assert locate("given.toml") == tmp_path / "given.toml"


# --- the rest -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("", None), ("30m", timedelta(minutes=30)), ("4h", timedelta(hours=4)), ("2d", timedelta(days=2))],
)
def test_durations_are_numbers_with_a_unit(text: str, wanted: timedelta | None) -> None:
    assert span(text) == wanted


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("[::1]", True), ("localhost", True), ("192.0.2.1", False), ("imap.desk.test", False)],
)
def test_loopback_is_this_machine(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_domains_are_kept_in_lower_case_and_local_parts_as_they_are() -> None:
    assert a_queue(addresses=("Suporte@DESK.Test",)).address == "Suporte@desk.test"


def test_nothing_changes_after_loading(write: Write) -> None:
    config = load(write(LEAST))
    with pytest.raises(ValueError, match="frozen"):
        config.instance.name = "outro"  # type: ignore[misc]
    assert isinstance(config, Config)
    assert ImapIn(name="a", host="h").port == 993


def test_templates_are_read_with_their_folders(tmp_path: Path) -> None:
    (tmp_path / "pt_BR").mkdir()
    (tmp_path / "pt_BR" / "received.txt").write_text("Olá")
    (tmp_path / "pt_BR" / "received.txt~").write_text("velho")
    assert template_texts(tmp_path) == {"pt_BR/received.txt": "Olá"}
