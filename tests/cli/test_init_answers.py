"""`init` with an answers file and with options: what it writes, for whom to read, and what it says of bad answers."""

import json
import os
import signal
import stat
import threading
import tomllib
from pathlib import Path
from typing import Any

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from mailtickets.cli import BAD_USAGE, DONE, REFUSED, main
from mailtickets.cli.setup import answers as asked
from mailtickets.cli.setup import configuration, files, secrets
from mailtickets.cli.setup.files import NewFile, write_all
from mailtickets.cli.setup.options import OPTIONS
from mailtickets.cli.setup.settled import default_timezone, settle, title
from mailtickets.config.load import load
from mailtickets.config.models import Config
from mailtickets.config.places import shipped
from mailtickets.config.providers import providers

SECRET = "correct horse battery staple"
AGENT = '[[agent]]\nname = "Ana Souza"\naddress = "ana@desk.test"\n'
GOOGLE = f'address = "suporte@desk.test"\nprovider = "google"\nlogin = "password"\nsecret_file = "password"\n{AGENT}'
TENANT = "11111111-2222-3333-4444-555555555555"


class Setup:
    """A directory to run `init` in, without a terminal."""

    def __init__(self, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.directory, self._capsys = directory, capsys
        self.config = directory / "desk" / "config.toml"
        self.config.parent.mkdir()
        (directory / "password").write_text(SECRET + "\n")

    def run(self, text: str | None, *words: str, check: bool = False) -> tuple[int, str, str]:
        """(exit status, stdout, stderr)"""
        given = ["init"]
        if text is not None:
            (self.directory / "answers.toml").write_text(text, encoding="utf-8")
            given += ["--answers", str(self.directory / "answers.toml")]
        status = main(["-c", str(self.config), *given, *([] if check else ["--no-check"]), *words])
        said = self._capsys.readouterr()
        return status, said.out, said.err

    def desk(self, text: str, *words: str) -> Config:
        """The configuration that these answers make."""
        status, _, error = self.run(text, *words)
        assert status == DONE, error
        return load(self.config, secrets=True)

    def written(self) -> set[str]:
        return {path.name for path in self.config.parent.iterdir()}


@pytest.fixture
def setup(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Setup:
    monkeypatch.setattr("mailtickets.cli.init._is_terminal", lambda: False)
    return Setup(tmp_path, capsys)


# --- what is written ------------------------------------------------------------------------------------


def test_a_google_mailbox_with_an_app_password(setup: Setup) -> None:
    config = setup.desk(GOOGLE + "\n", "--send")
    (account,) = config.imap_in
    assert (account.host, account.port, account.username) == ("imap.gmail.com", 993, "suporte@desk.test")
    assert account.authserv_id == "mx.google.com"
    assert (config.delivery.host, config.delivery.port, config.delivery.tls) == ("smtp.gmail.com", 465, "implicit")
    assert config.delivery.envelope == "queue"
    assert config.trust.agents == "verified"
    assert config.smtp_in is None
    assert [agent.address for agent in config.agent] == ["ana@desk.test"]
    assert config.instance.ops_address == "ana@desk.test"


def test_secrets_lie_in_files_that_only_their_owner_reads(setup: Setup) -> None:
    setup.desk(GOOGLE)
    for name in ("config.toml", "mailbox-password"):
        assert stat.S_IMODE((setup.config.parent / name).stat().st_mode) == 0o600
    assert (setup.config.parent / "mailbox-password").read_text() == SECRET + "\n"
    assert SECRET not in setup.config.read_text()


def test_a_secret_is_never_printed(setup: Setup) -> None:
    _, out, error = setup.run(GOOGLE)
    assert SECRET not in out + error


def test_whoever_has_handed_in_a_secret_is_told_to_delete_it(setup: Setup) -> None:
    _, out, _ = setup.run(GOOGLE)
    assert f"The desk has copies of its own: delete {setup.directory / 'password'}." in out


def test_without_leave_to_send_mail_goes_into_a_folder_and_init_says_so(setup: Setup) -> None:
    status, out, _ = setup.run(GOOGLE)
    assert status == DONE
    assert load(setup.config).delivery.method == "maildir"
    assert "does not send yet" in out
    # The table for later, as the end of the file shows it, can be put in its place as it is.
    text = setup.config.read_text()
    head, _, tail = text.partition("# When the desk may send")
    later = "\n".join(line.removeprefix("# ") for line in tail.splitlines()[2:])
    tables = head.split("\n\n")
    kept = "\n\n".join(table for table in tables if "[delivery]" not in table)
    setup.config.write_text(f"{kept}\n{later}\n")
    assert load(setup.config, secrets=True).delivery.host == "smtp.gmail.com"


@pytest.mark.parametrize("key", [key for key, one in providers().items() if "password" in one.logins])
def test_every_preset_with_a_password_makes_a_desk(setup: Setup, key: str) -> None:
    config = setup.desk(GOOGLE.replace('"google"', f'"{key}"'), "--send")
    preset = providers()[key]
    assert config.imap_in[0].host == preset.imap.host
    assert config.delivery.host == preset.smtp.host
    assert config.trust.agents == ("token" if preset.authserv_id is None else "verified")


def test_a_provider_that_is_not_known(setup: Setup) -> None:
    text = f"""
    address = "suporte@desk.test"
    provider = "other"
    secret_file = "password"
    locale = "en"
    timezone = "Europe/Lisbon"
    send = true
    {AGENT}
    [imap]
    host = "mail.host.test"
    username = "suporte"
    [smtp]
    host = "mail.host.test"
    port = 465
    secret_file = "other-password"
    """
    (setup.directory / "other-password").write_text("another")
    config = setup.desk(text)
    assert (config.imap_in[0].host, config.imap_in[0].username) == ("mail.host.test", "suporte")
    assert (config.delivery.port, config.delivery.tls, config.delivery.username) == (465, "implicit", "suporte")
    assert config.imap_in[0].processed_folder == "Processed"
    assert not config.queue[0].plus_addressing
    assert config.trust.agents == "token"
    assert (setup.config.parent / "smtp-password").read_text() == "another\n"


def test_a_postfix_of_ones_own_needs_no_secret(setup: Setup) -> None:
    text = f'address = "suporte@desk.test"\nprovider = "own"\nsend = true\nauthserv_id = "mx.desk.test"\n{AGENT}'
    config = setup.desk(text)
    assert config.imap_in == ()
    assert config.smtp_in is not None
    assert config.smtp_in.authserv_id == "mx.desk.test"
    assert (config.delivery.host, config.delivery.port, config.delivery.envelope) == ("127.0.0.1", 25, "verp")
    assert config.trust.agents == "verified"
    assert setup.written() == {"config.toml"}


def test_a_postfix_without_a_filter_vouches_for_nobody(setup: Setup) -> None:
    config = setup.desk(f'address = "suporte@desk.test"\nprovider = "own"\n{AGENT}')
    assert config.trust.agents == "token"


def test_a_dovecot_of_ones_own_is_read_without_tls_only_on_this_machine(setup: Setup) -> None:
    text = f"""
    address = "suporte@desk.test"
    provider = "own"
    intake = "imap"
    secret_file = "password"
    {AGENT}
    [imap]
    host = "localhost"
    port = 143
    tls = "none"
    """
    assert setup.desk(text).imap_in[0].tls == "none"
    setup.config.unlink()
    (setup.config.parent / "mailbox-password").unlink()
    status, _, error = setup.run(text.replace('"localhost"', '"imap.desk.test"'))
    assert (status, "loopback" in error) == (BAD_USAGE, True)
    assert setup.written() == set()


@pytest.fixture
def certificate(setup: Setup) -> Path:
    issued = trustme.CA().issue_cert("desk.test")
    issued.cert_chain_pems[0].write_to_path(str(setup.directory / "desk.crt"))
    issued.private_key_pem.write_to_path(str(setup.directory / "desk.key"))
    return setup.directory / "desk.crt"


MICROSOFT = f"""
address = "suporte@desk.test"
provider = "microsoft"
login = "certificate"
{AGENT}
[oauth]
tenant = "{TENANT}"
client_id = "the-client"
object_id = "the-object"
certificate_file = "desk.crt"
key_file = "desk.key"
expires = "2027-11-29"
"""


def test_microsoft_365_with_a_certificate(setup: Setup, certificate: Path) -> None:
    config = setup.desk(MICROSOFT, "--send")
    (oauth,) = config.oauth
    assert (oauth.provider, oauth.flow, oauth.tenant) == ("microsoft", "client_credentials", TENANT)
    assert (setup.config.parent / oauth.certificate_file).read_bytes() == certificate.read_bytes()
    assert stat.S_IMODE((setup.config.parent / oauth.key_file).stat().st_mode) == 0o600
    assert config.imap_in[0].oauth == config.delivery.oauth == oauth.name
    assert config.imap_in[0].authserv_id == ""
    assert config.trust.agents == "verified"
    assert config.delivery.max_per_minute == 25


def test_the_steps_of_an_administrator_are_filled_in(setup: Setup, certificate: Path) -> None:
    _, out, _ = setup.run(MICROSOFT)
    assert "New-ServicePrincipal -AppId the-client -ObjectId the-object" in out
    assert "Add-MailboxPermission -Identity suporte@desk.test -User the-object -AccessRights FullAccess" in out
    assert "The Object ID under App registrations is another one" in " ".join(out.split())
    assert "IMAP.AccessAsApp" in out
    assert "SMTP.SendAsApp" in out
    assert "Grant admin consent" in out
    setup.config.unlink()
    _, shown, _ = setup.run(MICROSOFT, "--steps")
    assert shown.strip() in out
    assert not setup.config.exists()


def test_microsoft_365_with_a_client_secret(setup: Setup) -> None:
    text = MICROSOFT.replace('"certificate"', '"client_secret"').replace('certificate_file = "desk.crt"', "")
    text = text.replace('key_file = "desk.key"', "").replace('provider = "', 'secret_file = "password"\nprovider = "')
    config = setup.desk(text)
    assert config.oauth[0].client_secret_file == "microsoft-client-secret"
    assert (setup.config.parent / "microsoft-client-secret").read_text() == SECRET + "\n"


def test_microsoft_365_with_a_device_code_needs_no_secret_and_names_the_login(setup: Setup) -> None:
    text = MICROSOFT.replace('"certificate"', '"device_code"').replace('certificate_file = "desk.crt"', "")
    status, out, error = setup.run(text.replace('key_file = "desk.key"', ""))
    assert status == DONE, error
    assert load(setup.config).oauth[0].flow == "device_code"
    assert f"mailtickets -c {setup.config} oauth login microsoft" in out


def test_google_with_a_service_account(setup: Setup) -> None:
    key = {"type": "service_account", "client_email": "d@p.test", "client_id": "1234567890", "private_key": "PEM"}
    key["token_uri"] = "https://oauth2.googleapis.com/token"
    (setup.directory / "key.json").write_text(json.dumps(key))
    text = GOOGLE.replace('"password"', '"service_account"', 1).replace('secret_file = "password"', "")
    text += '[oauth]\nservice_account_file = "key.json"\n'
    status, out, error = setup.run(text)
    assert status == DONE, error
    config = load(setup.config, secrets=True)
    assert config.oauth[0].flow == "service_account"
    assert config.oauth[0].subject == "suporte@desk.test"
    assert "       1234567890\n       https://mail.google.com/\n" in out


def test_any_provider_by_its_token_url(setup: Setup) -> None:
    text = f"""
    address = "suporte@desk.test"
    provider = "other"
    login = "client_secret"
    secret_file = "password"
    send = true
    {AGENT}
    [imap]
    host = "imap.host.test"
    [smtp]
    host = "smtp.host.test"
    [oauth]
    client_id = "desk"
    token_url = "https://login.host.test/token"
    scopes = ["mail"]
    """
    for login, missing in (("device_code", "device_url"), ("refresh_token", "authorize_url")):
        status, _, error = setup.run(text.replace('"client_secret"', f'"{login}"'))
        assert (status, f"oauth.{missing}: is missing" in error) == (BAD_USAGE, True), error
    (oauth,) = setup.desk(text).oauth
    assert (oauth.provider, oauth.token_url, oauth.scopes) == ("other", "https://login.host.test/token", ("mail",))


def test_options_say_the_same_as_the_file(setup: Setup) -> None:
    with_file = setup.desk(GOOGLE)
    text = setup.config.read_text()
    setup.config.unlink()
    (setup.config.parent / "mailbox-password").unlink()
    status, _, error = setup.run(
        None, "--address", "suporte@desk.test", "--provider", "google", "--login", "password",
        "--secret-file", str(setup.directory / "password"), "--agent", "Ana Souza <ana@desk.test>",
    )  # fmt: skip
    assert status == DONE, error
    assert setup.config.read_text() == text
    assert with_file.imap_in


def test_an_option_wins_over_the_file(setup: Setup) -> None:
    config = setup.desk(GOOGLE, "--address", "ajuda@desk.test", "--imap", "imap.desk.test:1993", "--locale", "en")
    assert config.queue[0].address == "ajuda@desk.test"
    assert (config.imap_in[0].host, config.imap_in[0].port) == ("imap.desk.test", 1993)
    assert config.instance.locale == "en"


def test_every_option_sets_an_answer_that_exists() -> None:
    for option, (key, _, _) in OPTIONS.items():
        model: Any = asked.InitAnswers
        for step in key.split("."):
            assert step in model.model_fields, option
            model = model.model_fields[step].annotation


def test_every_choice_of_words_is_a_configuration(setup: Setup) -> None:
    """Quotes, accents and backslashes of a name come back as they were."""
    name = 'Suporte "Ação" \\ 日本'
    config = setup.desk(GOOGLE.replace('provider = "', f"name = {json.dumps(name)}\nprovider = " + '"'))
    assert config.queue[0].display_name == name


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40).filter(str.isprintable))
def test_every_line_comes_back_as_it_was(text: str) -> None:
    shown = configuration._written(configuration.Table("[a]", "", [("b", (text, 1, True), "c")]))
    assert tomllib.loads(shown) == {"a": {"b": [text, 1, True]}}


# --- what is wrong --------------------------------------------------------------------------------------


def test_all_problems_are_told_at_once_with_their_keys(setup: Setup) -> None:
    text = """
    address = "suporte"
    provider = "google"
    locale = "fr"
    timezone = "Mars/Olympus"
    password = "hunter2"
    sende = true
    [[agent]]
    name = "Ana"
    address = "ana"
    [imap]
    port = "993"
    tls = "starttls"
    """
    status, _, error = setup.run(text)
    assert status == BAD_USAGE
    keys = {line.split(":")[0].strip() for line in error.splitlines()[1:]}
    wrong = {"address", "locale", "timezone", "password", "sende", "agent.0.address", "imap.port", "imap.tls"}
    assert keys == wrong | {"login"}, "and what is missing besides"
    assert "hunter2" not in error
    assert "secret_file" in error
    assert "answers.toml: 9 errors" in error
    assert setup.written() == set()


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ('secret_file = "password"', "", "secret_file: is missing: a file that holds the app password of suporte@"),
        ('secret_file = "password"', 'secret_file = "nowhere"', "nowhere cannot be read"),
        ('provider = "google"', "", "provider: is missing: one of google, microsoft"),
        ('provider = "google"', 'provider = "gogle"', "not 'gogle'"),
        ('provider = "google"', 'provider = "microsoft"', "for microsoft, not 'password'"),
        ('provider = "google"', 'provider = "other"', "imap.host: is missing"),
        ('login = "password"', "", "login: is missing: one of service_account, refresh_token, password"),
        ('login = "password"', 'login = "service_account"', "oauth.service_account_file: is missing"),
        ('login = "password"', 'login = "refresh_token"', "oauth.client_id: is missing"),
        ("ana@desk.test", "suporte@desk.test", "agent.0.address: suporte@desk.test is the desk's"),
        (AGENT, "", "agent: at least one"),
        (AGENT, AGENT + AGENT.replace("Ana Souza", "Bia"), "agent.1.address: ana@desk.test is that of Ana Souza"),
        ('login = "password"', 'login = "password"\nops_address = "suporte@desk.test"', "ops_address: is the desk's"),
        ('login = "password"', 'login = "password"\nintake = "smtp"', "intake:"),
        ('address = "suporte@desk.test"', "address = ", "is not TOML"),
    ],
)
def test_an_answer_that_cannot_be_taken_is_told(setup: Setup, was: str, becomes: str, said: str) -> None:
    assert was in GOOGLE
    status, _, error = setup.run(GOOGLE.replace(was, becomes, 1))
    assert status == BAD_USAGE
    assert said in error
    assert setup.written() == set()


def test_an_answers_file_that_is_not_there(setup: Setup) -> None:
    status = main(["-c", str(setup.config), "init", "--answers", str(setup.directory / "nowhere.toml")])
    assert status == BAD_USAGE


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"one\ntwo\n", "has 2 lines"),
        (b"\xff\xfe", "is not UTF-8"),
    ],
)
def test_a_password_file_that_is_none(setup: Setup, content: bytes, said: str) -> None:
    (setup.directory / "password").write_bytes(content)
    status, _, error = setup.run(GOOGLE)
    assert (status, said in error) == (BAD_USAGE, True), error


def test_a_password_out_of_a_pipe_is_refused_and_not_written_empty(setup: Setup) -> None:
    """A shell gives a pipe for `--secret-file <(pass show mail)`. It can be read once, and the check had read it."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as pipe:
        pipe.write(b"senha\n")
    (setup.directory / "password").unlink(missing_ok=True)
    (setup.directory / "password").symlink_to(f"/proc/self/fd/{reading}")
    status, _, error = setup.run(GOOGLE)
    os.close(reading)
    assert (status, "is no ordinary file" in error) == (BAD_USAGE, True), error
    assert setup.written() == set()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is no service account key"),
        ("[]", "is no service account key"),
        ('{"type": "service_account"}', "has no client_email, private_key, token_uri"),
        (
            '{"type": "authorized_user", "client_email": "", "client_id": "", "private_key": "", "token_uri": ""}',
            "is no service account key",
        ),
    ],
)
def test_a_service_account_that_is_none(setup: Setup, content: str, said: str) -> None:
    (setup.directory / "key.json").write_text(content)
    text = GOOGLE.replace('"password"', '"service_account"', 1) + '[oauth]\nservice_account_file = "key.json"\n'
    status, _, error = setup.run(text)
    assert (status, said in error) == (BAD_USAGE, True), error


def test_a_key_of_another_certificate_is_told(setup: Setup, certificate: Path) -> None:
    trustme.CA().issue_cert("desk.test").private_key_pem.write_to_path(str(setup.directory / "desk.key"))
    status, _, error = setup.run(MICROSOFT)
    assert (status, "is not the certificate of the key" in error) == (BAD_USAGE, True), error


def test_a_certificate_that_is_none_is_told(setup: Setup, certificate: Path) -> None:
    certificate.write_text("hello\n")
    status, _, error = setup.run(MICROSOFT)
    assert (status, "are no certificate and no private key in PEM" in error) == (BAD_USAGE, True), error


def test_a_key_with_a_passphrase_is_told_and_nobody_is_asked_for_it(setup: Setup, certificate: Path) -> None:
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        PrivateFormat,
        load_pem_private_key,
    )

    file = setup.directory / "desk.key"
    key = load_pem_private_key(file.read_bytes(), None)
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"word")))
    status, _, error = setup.run(MICROSOFT)
    assert (status, "is encrypted" in error) == (BAD_USAGE, True), error


def test_the_example_takes_no_answers(setup: Setup) -> None:
    status, _, error = setup.run(GOOGLE, "--example")
    assert (status, "--example" in error) == (BAD_USAGE, True)


# --- nothing is overwritten, nothing is half written ----------------------------------------------------


def test_a_configuration_that_is_there_stays(setup: Setup) -> None:
    setup.config.write_text("# mine\n")
    assert setup.run(GOOGLE)[0] == REFUSED
    assert setup.config.read_text() == "# mine\n"
    assert setup.written() == {"config.toml"}


def test_a_secret_that_is_there_stays_and_nothing_is_written(setup: Setup) -> None:
    (setup.config.parent / "mailbox-password").write_text("mine")
    status, _, error = setup.run(GOOGLE)
    assert (status, "mailbox-password is there already" in error) == (REFUSED, True)
    assert (setup.config.parent / "mailbox-password").read_text() == "mine"
    assert setup.written() == {"mailbox-password"}


def test_a_link_is_not_written_through(setup: Setup) -> None:
    (setup.config.parent / "mailbox-password").symlink_to(setup.directory / "victim")
    assert setup.run(GOOGLE)[0] == REFUSED
    assert not (setup.directory / "victim").exists()


def test_a_failure_half_way_takes_back_what_was_written(tmp_path: Path) -> None:
    second = tmp_path / "nowhere" / "config.toml"
    with pytest.raises(files.Stop, match="nothing was written"):
        write_all([NewFile(tmp_path / "secret", b"x", 0o600), NewFile(second, b"y", 0o600)])
    assert list(tmp_path.iterdir()) == []


def test_control_c_waits_until_the_files_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.fsync

    def interrupted(descriptor: int) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", interrupted)
    # A signal to a process goes to any thread that does not block it.
    rest = threading.Event()
    idle = threading.Thread(target=rest.wait)
    idle.start()
    # A shell that starts the tests in the background has Control-C ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            write_all([NewFile(tmp_path / "secret", b"x", 0o600), NewFile(tmp_path / "config.toml", b"y", 0o600)])
    finally:
        signal.signal(signal.SIGINT, before)
        rest.set()
        idle.join()
    assert {path.name for path in tmp_path.iterdir()} == {"secret", "config.toml"}


# --- without answers ------------------------------------------------------------------------------------


def test_without_a_terminal_and_without_options_it_is_the_example(setup: Setup) -> None:
    assert main(["-c", str(setup.config), "init"]) == DONE
    assert setup.config.read_text() == shipped("config.example.toml").read_text()


def test_on_a_terminal_the_example_is_asked_for(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailtickets.cli.init._is_terminal", lambda: True)
    assert main(["-c", str(setup.config), "init", "--example"]) == DONE
    assert setup.config.read_text() == shipped("config.example.toml").read_text()


def test_make_run_asks_nothing() -> None:
    makefile = (shipped("config.example.toml").parent / "Makefile").read_text()
    assert "init --example" in makefile


# --- at the end -----------------------------------------------------------------------------------------


def test_it_ends_with_check_and_says_how_to_ask_again(setup: Setup) -> None:
    text = GOOGLE + '[imap]\nhost = "localhost"\nport = 1\ntls = "none"\n'
    status, out, _ = setup.run(text, check=True)
    assert status == REFUSED
    assert "ok       configuration" in out
    assert f"mailtickets -c {setup.config} check" in out
    assert setup.written() >= {"config.toml", "mailbox-password"}


# --- what is taken when nothing is said -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "shown"), [("suporte@x.test", "Suporte"), ("suporte.ti@x.test", "Suporte Ti"), (".@x.test", ".@x.test")]
)
def test_the_name_is_made_of_the_address(address: str, shown: str) -> None:
    assert title(address) == shown


def test_a_server_on_utc_is_not_where_its_people_live(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Etc/UTC")
    monkeypatch.setattr("mailtickets.cli.setup.settled._zone_of_link", lambda: "Etc/UTC")
    assert default_timezone("pt_BR") == "America/Sao_Paulo"
    assert default_timezone("en") == "Etc/UTC"
    monkeypatch.setenv("TZ", ":America/Manaus")
    assert default_timezone("pt_BR") == "America/Manaus"


def test_what_is_not_answered_is_said(setup: Setup) -> None:
    _, out, _ = setup.run(GOOGLE, "--timezone", "America/Recife")
    said = next(line for line in out.splitlines() if line.startswith("Not answered"))
    assert "send no" in said
    assert "locale " in said
    assert "timezone" not in said


def test_names_of_secrets_are_known_to_the_configuration(setup: Setup, certificate: Path) -> None:
    for text in (GOOGLE, MICROSOFT):
        data = asked.read_file(written(setup.directory, text))
        answers = asked.checked(None, data)
        shown = configuration.text(settle(answers), "var")
        assert all(f'"{one.name}"' in shown for one in secrets.of(answers))


def written(directory: Path, text: str) -> Path:
    (directory / "answers.toml").write_text(text)
    return directory / "answers.toml"
