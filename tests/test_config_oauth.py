"""The tables `[[oauth]]`, and accounts that name them: what is wrong is said by key, with what was expected."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import trustme

from mailtickets.config.credentials import Credential
from mailtickets.config.load import load
from mailtickets.config.models import Config
from mailtickets.config.places import ConfigError
from tests.test_config import LEAST

MICROSOFT = """
[[oauth]]
name = "microsoft"
provider = "microsoft"
flow = "client_credentials"
tenant = "desk.test"
client_id = "8f3a"
client_secret_file = "client-secret"
"""
DEVICE = MICROSOFT.replace('"client_credentials"', '"device_code"').replace(
    'client_secret_file = "client-secret"\n', ""
)
CERTIFICATE = MICROSOFT.replace(
    'client_secret_file = "client-secret"', 'certificate_file = "client.pem"\nkey_file = "client.key"'
)
GOOGLE = """
[[oauth]]
name = "google"
provider = "google"
flow = "service_account"
service_account_file = "google.json"
"""
OTHER = """
[[oauth]]
name = "other"
provider = "other"
flow = "client_credentials"
client_id = "c"
client_secret_file = "client-secret"
token_url = "https://login.other.test/token"
"""
MAILBOX = """
[[imap_in]]
name = "suporte"
host = "outlook.office365.com"
username = "suporte@desk.test"
oauth = "microsoft"
"""


@pytest.fixture(autouse=True)
def secrets(tmp_path: Path) -> None:
    (tmp_path / "client-secret").write_text("s3cret\n")
    authority = trustme.CA()
    for name in ("client", "another"):
        certificate = authority.issue_cert(f"{name}.test")
        certificate.cert_chain_pems[0].write_to_path(tmp_path / f"{name}.pem")
        certificate.private_key_pem.write_to_path(tmp_path / f"{name}.key")
    key = {"type": "service_account", "client_email": "a@b", "private_key": "k", "token_uri": "https://t.test/"}
    (tmp_path / "google.json").write_text(json.dumps(key))


def loaded(tmp_path: Path, tables: str, *, secrets: bool = True) -> Config:
    file = tmp_path / "config.toml"
    file.write_text(LEAST + tables, encoding="utf-8")
    return load(file, secrets=secrets)


def problems(tmp_path: Path, tables: str) -> dict[str, str]:
    with pytest.raises(ConfigError) as found:
        loaded(tmp_path, tables)
    return dict(found.value.problems)


@pytest.mark.parametrize("table", [MICROSOFT, DEVICE, CERTIFICATE, GOOGLE, OTHER])
def test_a_sound_table_is_taken(tmp_path: Path, table: str) -> None:
    assert loaded(tmp_path, table).oauth[0].name in {"microsoft", "google", "other"}


def test_an_end_may_be_written_as_text_or_as_toml_writes_dates(tmp_path: Path) -> None:
    for written in ('"2027-03-31"', "2027-03-31"):
        assert loaded(tmp_path, f"{MICROSOFT}expires = {written}").oauth[0].expires == "2027-03-31"


def test_an_account_with_oauth_needs_no_password(tmp_path: Path) -> None:
    assert loaded(tmp_path, MICROSOFT + MAILBOX).imap_in[0].oauth == "microsoft"


@pytest.mark.parametrize(
    ("tables", "key", "says"),
    [
        # names
        (MAILBOX, "imap_in.0.oauth", "there is no [[oauth]] with the name 'microsoft'"),
        (GOOGLE + MAILBOX, "imap_in.0.oauth", "there is 'google'"),
        (MICROSOFT + MICROSOFT, "oauth", "used 2 times"),
        (MICROSOFT + MAILBOX + 'password_file = "client-secret"', "imap_in.0.password_file", "another way to log in"),
        (MICROSOFT + MAILBOX + 'password_env = "PATH"', "imap_in.0.password_env", "another way to log in"),
        (MICROSOFT + MAILBOX.replace('username = "suporte@desk.test"', ""), "imap_in.0.username", "is missing"),
        # provider and flow
        (MICROSOFT.replace('"client_credentials"', '"service_account"'), "oauth.0.flow", '"device_code"'),
        (GOOGLE.replace('"service_account"', '"device_code"'), "oauth.0.flow", "service_account"),
        (GOOGLE.replace('"service_account"', '"client_credentials"'), "oauth.0.flow", "refresh_token"),
        (OTHER.replace('"client_credentials"', '"service_account"'), "oauth.0.flow", '"client_credentials"'),
        (MICROSOFT.replace('"client_credentials"', '"password"'), "oauth.0.flow", "'client_credentials'"),
        (MICROSOFT.replace('provider = "microsoft"', 'provider = "yahoo"'), "oauth.0.provider", "'microsoft'"),
        # what is missing
        (MICROSOFT.replace('tenant = "desk.test"', ""), "oauth.0.tenant", "Directory (tenant) ID"),
        (MICROSOFT.replace('client_id = "8f3a"', ""), "oauth.0.client_id", "is missing"),
        (MICROSOFT.replace('client_secret_file = "client-secret"', ""), "oauth.0.client_secret_file", "certificate"),
        (CERTIFICATE.replace('key_file = "client.key"', ""), "oauth.0.key_file", "certificate_file is set"),
        (CERTIFICATE.replace('certificate_file = "client.pem"', ""), "oauth.0.certificate_file", "key_file is set"),
        (GOOGLE.replace('service_account_file = "google.json"', ""), "oauth.0.service_account_file", "is missing"),
        (GOOGLE.replace("service_account", "refresh_token", 1), "oauth.0.client_id", "is missing"),
        (OTHER.replace('token_url = "https://login.other.test/token"', ""), "oauth.0.token_url", "is missing"),
        (OTHER.replace('"client_credentials"', '"device_code"'), "oauth.0.device_url", "is missing"),
        (OTHER.replace('"client_credentials"', '"refresh_token"'), "oauth.0.authorize_url", "is missing"),
        # what is too much
        (CERTIFICATE + 'client_secret_file = "client-secret"', "oauth.0.certificate_file", "one of them"),
        (MICROSOFT + 'subject = "a@b.test"', "oauth.0.subject", "has no use"),
        (GOOGLE + 'tenant = "desk.test"', "oauth.0.tenant", "has no use"),
        # files and values
        (MICROSOFT.replace("client-secret", "nowhere"), "oauth.0.client_secret_file", "there is no file"),
        (CERTIFICATE.replace("client.pem", "nowhere"), "oauth.0.certificate_file", "there is no file"),
        (CERTIFICATE.replace("client.pem", "client-secret"), "oauth.0.certificate_file", "in PEM"),
        (
            CERTIFICATE.replace("client.key", "another.key"),
            "oauth.0.certificate_file",
            "not the certificate of the key",
        ),
        (GOOGLE.replace("google.json", "client-secret"), "oauth.0.service_account_file", "no service account key"),
        (MICROSOFT + 'ca_file = "client-secret"', "oauth.0.ca_file", "no certificate in PEM"),
        (MICROSOFT + 'expires = "31/03/2027"', "oauth.0.expires", "2027-03-31"),
        (MICROSOFT + 'expires = "20270331"', "oauth.0.expires", "2027-03-31"),
        (OTHER.replace("https://login", "http://login"), "oauth.0.token_url", "in the clear"),
        (OTHER.replace("https://login.other.test/token", "login.other.test"), "oauth.0.token_url", "http"),
        (
            MICROSOFT.replace("client_secret_file", "client_secret_env").replace("client-secret", "NOT_SET_HERE"),
            "oauth.0.client_secret_env",
            "no such variable",
        ),
    ],
)
def test_a_mistake_is_named_by_its_key(tmp_path: Path, tables: str, key: str, says: str) -> None:
    found = problems(tmp_path, tables)
    assert says in found.get(key, ""), found


def test_a_certificate_that_this_user_cannot_read_is_named(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root reads everything")
    (tmp_path / "client.key").chmod(0)
    assert "cannot be read" in problems(tmp_path, CERTIFICATE)["oauth.0.key_file"]


def test_a_key_with_a_password_is_named(tmp_path: Path) -> None:
    encrypted = ["openssl", "pkey", "-in", "client.key", "-aes128", "-passout", "pass:x", "-out", "locked.key"]
    subprocess.run(encrypted, cwd=tmp_path, check=True, capture_output=True)
    found = problems(tmp_path, CERTIFICATE.replace("client.key", "locked.key"))
    assert "without a password" in found["oauth.0.certificate_file"]


def test_an_account_gets_its_tokens_from_who_was_named_last(tmp_path: Path) -> None:
    config = loaded(tmp_path, MICROSOFT + MAILBOX)
    for method in ("token", "password"):
        given = Credential(method, config.credential(config.imap_in[0]).fetch)  # type: ignore[arg-type]
        config.with_tokens(lambda login, given=given: given)  # type: ignore[misc]
        assert config.credential(config.imap_in[0]) is given
        assert config.credential(config.delivery) is not given


def test_the_delivery_may_name_a_table_too(tmp_path: Path) -> None:
    smtp = LEAST.replace(
        'method = "maildir"', 'host = "smtp.office365.com"\nusername = "suporte@desk.test"\noauth = "x"'
    )
    file = tmp_path / "config.toml"
    file.write_text(smtp + MICROSOFT, encoding="utf-8")
    with pytest.raises(ConfigError) as found:
        load(file)
    assert dict(found.value.problems) == {
        "delivery.oauth": "there is no [[oauth]] with the name 'x'; there is 'microsoft'"
    }


def test_a_service_account_acts_for_one_mailbox(tmp_path: Path) -> None:
    first = MAILBOX.replace('"microsoft"', '"google"')
    second = first.replace("suporte", "vendas")
    assert loaded(tmp_path, GOOGLE + first + first.replace('name = "suporte"', 'name = "outra"'))
    assert "vendas@desk.test" in problems(tmp_path, GOOGLE + first + second)["oauth.0.subject"]
    other = problems(tmp_path, GOOGLE + 'subject = "eu@desk.test"' + first)
    assert "eu@desk.test" in other["oauth.0.subject"]


def test_a_secret_in_the_wrong_place_is_not_repeated(tmp_path: Path) -> None:
    table = MICROSOFT.replace('client_secret_file = "client-secret"', 'client_secret_env = "Zx8~secret"')
    assert "Zx8" not in str(problems(tmp_path, table))


def test_secrets_are_looked_for_only_when_asked(tmp_path: Path) -> None:
    assert loaded(tmp_path, MICROSOFT.replace("client-secret", "nowhere"), secrets=False)


def test_the_daemon_loads_no_providers_library() -> None:
    """They load for accounts that use them, when the first token is asked for."""
    code = (
        "import sys, mailtickets.daemon, mailtickets.cli.check, mailtickets.cli.desk;"
        "print([name for name in sys.modules if name.split('.')[0] in"
        " {'msal', 'google', 'requests', 'cryptography', 'jwt'}])"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "[]"


def test_a_library_that_is_not_installed_is_named_with_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "msal", None)
    assert "pip install 'mailtickets[oauth]'" in problems(tmp_path, MICROSOFT)["oauth.0.provider"]
