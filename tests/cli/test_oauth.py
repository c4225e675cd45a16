"""`oauth login` and `oauth status`: what a person at the terminal sees."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailtickets.cli import oauth_work
from mailtickets.config.load import load
from mailtickets.config.state import load_secrets
from mailtickets.edges.oauth2.kept import Shelf, Trouble
from mailtickets.edges.oauth2.shared import SharedTokens
from mailtickets.edges.oauth2.transport import Transport
from mailtickets.store.database import Database
from tests.cli.conftest import CONFIG, Shell
from tests.servers.token_server import CLIENT, CLIENT_SECRET, USER, Failure, TokenServer
from tests.store.databases import migrated_file
from tests.store.office import Office

__all__ = ["migrated_file"]

MAILBOX = f"""
[[imap_in]]
name = "suporte"
host = "imap.desk.test"
username = "{USER}"
queue = "suporte"
oauth = "conta"
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[TokenServer]:
    (tmp_path / "client-secret").write_text(CLIENT_SECRET)
    with TokenServer(tmp_path) as server:
        yield server


def configure(shell: Shell, server: TokenServer, provider: str, flow: str, more: str = "") -> None:
    lines = [
        CONFIG, MAILBOX, "[[oauth]]", 'name = "conta"', f'provider = "{provider}"', f'flow = "{flow}"',
        f'client_id = "{CLIENT}"', f'token_url = "{server.token_url}"', f'ca_file = "{server.ca_file}"', more,
    ]  # fmt: skip
    if flow != "device_code":
        lines.append('client_secret_file = "client-secret"')
    if provider == "other":
        lines.append(f'device_url = "{server.device_url}"' if flow == "device_code" else "")
    if provider == "google":
        lines.append(f'authorize_url = "{server.authorize_url}"')
    shell.config.write_text("\n".join(lines))


def consenting(server: TokenServer, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A person opens the address that is printed, in a browser elsewhere, and pastes the last one."""
    said: list[str] = []

    def answer(question: str) -> str:
        (url,) = (line for line in said if line.startswith("https://"))
        return Transport(server.ca_file).get(url).headers["Location"] + "\n"

    monkeypatch.setattr(oauth_work, "_to_terminal", said.append)
    monkeypatch.setattr(oauth_work, "_from_terminal", answer)
    return said


def test_a_login_with_a_code_before_the_first_run(shell: Shell, server: TokenServer) -> None:
    configure(shell, server, "microsoft", "device_code")
    approving = threading.Timer(1.5, server.approve)
    approving.start()
    status, out, err = shell.run("oauth", "login", "conta")
    approving.join()
    assert status == 0, err
    assert f"logged in as {USER}" in out
    assert "ABCD-EFGH" in err
    assert f"log in as         {USER}" in err
    file = shell.directory / "var" / "oauth" / "conta.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(file.read_text())["refresh"] in server.logins


@pytest.mark.parametrize("provider", ["microsoft", "google"])
def test_a_login_with_a_browser_elsewhere(
    shell: Shell, server: TokenServer, office: Office, provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(shell, server, provider, "refresh_token")
    consenting(server, monkeypatch)
    assert shell.json("oauth", "login", "conta")["who"] == USER
    config = load(shell.config)
    database = Database(config.database_url)
    kept = SharedTokens(database, load_secrets(config), "here").load("conta")
    database.close()
    assert kept is not None, "other gateways find the login in the database"
    assert kept.refresh in server.logins


def test_a_flow_without_a_person_is_tried_out(shell: Shell, server: TokenServer) -> None:
    configure(shell, server, "microsoft", "client_credentials")
    status, out, _ = shell.run("oauth", "login", "conta")
    assert status == 0
    assert "no login is needed" in out
    (shell.directory / "client-secret").write_text("wrong")
    status, _, err = shell.run("oauth", "login", "conta")
    assert status == 1
    assert "AADSTS7000215" in err
    assert "copy its Value" in err


def test_somebody_else_in_the_browser_is_told(
    shell: Shell, server: TokenServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.user = "ana@desk.test"
    said = consenting(server, monkeypatch)
    configure(shell, server, "google", "refresh_token")
    assert "ana@desk.test only" in shell.run("oauth", "login", "conta")[2]
    configure(shell, server, "microsoft", "refresh_token")
    said.clear()
    assert "Full Access" in shell.run("oauth", "login", "conta")[2]


def test_without_a_person_nothing_is_changed(shell: Shell, server: TokenServer) -> None:
    configure(shell, server, "google", "refresh_token")
    status, _, err = shell.run("oauth", "login", "conta")
    assert (status, "nobody answers" in err) == (1, True)
    assert shell.run("oauth", "login", "other")[0] == 1
    assert not (shell.directory / "var" / "oauth" / "conta.json").exists()


def test_a_server_that_is_away_says_try_again(shell: Shell, server: TokenServer) -> None:
    configure(shell, server, "other", "client_credentials")
    with server.failing(Failure(503)):
        status, _, err = shell.run("oauth", "login", "conta")
    assert (status, "503" in err) == (75, True)


def test_a_name_that_does_not_exist_names_those_that_do(shell: Shell, server: TokenServer) -> None:
    configure(shell, server, "other", "client_credentials")
    status, _, err = shell.run("oauth", "login", "cont")
    assert (status, "'cont': there is conta" in err) == (1, True)


def test_status_says_who_until_when_and_since_when(shell: Shell, server: TokenServer, office: Office) -> None:
    configure(shell, server, "microsoft", "client_credentials", 'expires = "2027-03-31"')
    status, out, _ = shell.run("oauth", "status")
    assert (status, "none" in out) == (1, True)
    shell.run("oauth", "login", "conta")
    status, out, _ = shell.run("oauth", "status")
    assert status == 0
    assert f"conta    {USER}  ok" in out
    (found,) = shell.json("oauth", "status")
    assert {key: found[key] for key in ("name", "state", "who", "used_by", "error", "secret_expires")} == {
        "name": "conta", "state": "ok", "who": USER, "used_by": ["imap_in suporte"], "error": None,
        "secret_expires": "2027-03-31",
    }  # fmt: skip
    assert found["renewed_at"] < found["valid_until"]
    at = datetime(2026, 11, 29, 5, tzinfo=UTC)
    Shelf(shell.directory / "var", "conta").note(Trouble("invalid_client: expired", at))
    (found,) = shell.json("oauth", "status")
    assert [found[key] for key in ("state", "error", "failed_at")] == [
        "failing",
        "invalid_client: expired",
        at.isoformat(),
    ]
    status, out, _ = shell.run("oauth", "status")
    assert ("invalid_client: expired" in out, status) == (True, 0), "the old token serves, and a new one may come"
    Shelf(shell.directory / "var", "conta").note(Trouble("the mail server refuses it", at, needs_person=True))
    status, out, _ = shell.run("oauth", "status", "--json")
    assert (json.loads(out)[0]["needs_person"], status) == (True, 1)
    server.life_seconds = 1
    shell.run("oauth", "login", "conta")
    threading.Event().wait(1.1)
    assert shell.run("oauth", "status")[0] == 1


def test_status_without_accounts_and_without_a_desk(shell: Shell) -> None:
    status, out, _ = shell.run("oauth", "status")
    assert (status, "no [[oauth]]" in out) == (0, True)
    assert shell.json("oauth", "status") == []


def test_status_imports_nothing_heavy_and_shows_no_token(shell: Shell, server: TokenServer, office: Office) -> None:
    configure(shell, server, "microsoft", "client_credentials")
    shell.run("oauth", "login", "conta")
    shell.run("oauth", "status")  # the configuration has been checked
    heavy = ("sqlalchemy", "pydantic", "asyncio", "msal", "google", "cryptography", "requests")
    words = ["-c", str(shell.config), "oauth", "status", "--json"]
    told = f"import sys; from mailtickets.cli import main; main({words!r});"
    told += f"print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "[]"
    assert "access-" not in done.stdout
