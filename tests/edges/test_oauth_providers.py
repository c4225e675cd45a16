"""Tokens from a token server over TLS, by MSAL, by google-auth and by our own requests: each flow, and each trouble."""

import json
import socket
import threading
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from mailtickets.config.models import OAuth
from mailtickets.edges.oauth2.account import OAuthAccount
from mailtickets.edges.oauth2.asking import ask
from mailtickets.edges.oauth2.login import Person, log_in
from mailtickets.edges.oauth2.outcome import Dead, Retry, Token, TokenOutcome
from mailtickets.edges.oauth2.transport import LARGEST_OCTETS, Transport
from tests.servers.token_server import (
    CLIENT,
    CLIENT_SECRET,
    GOOGLE_SCOPE,
    MICROSOFT_SCOPE,
    USER,
    Failure,
    TokenServer,
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[TokenServer]:
    (tmp_path / "client-secret").write_text(f"{CLIENT_SECRET}\n")
    with TokenServer(tmp_path) as server:
        yield server


def account(server: TokenServer, provider: str, flow: str, **keys: object) -> OAuthAccount:
    given: dict[str, object] = {
        "name": provider, "provider": provider, "flow": flow, "client_id": CLIENT, "token_url": server.token_url,
        "ca_file": str(server.ca_file),
    }  # fmt: skip
    if flow in {"client_credentials", "refresh_token"} and "certificate_file" not in keys:
        given["client_secret_file"] = "client-secret"
    if provider == "other":
        given |= {"device_url": server.device_url, "authorize_url": server.authorize_url, "scopes": (GOOGLE_SCOPE,)}
    if provider == "google":
        given["authorize_url"] = server.authorize_url
    subject = USER if flow == "service_account" else ""
    settings = OAuth(**{**given, **keys})  # type: ignore[arg-type]
    return OAuthAccount(settings, subject, (USER,), ('imap_in "suporte"',), server.folder)


def asked(of: OAuthAccount, refresh: str = "") -> TokenOutcome:
    return ask(of, refresh, Transport(of.ca_file))


def token(found: object) -> Token:
    assert isinstance(found, Token), found
    return found


def dead(found: object) -> Dead:
    assert isinstance(found, Dead), found
    return found


# --- each flow ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", ["microsoft", "other"])
def test_client_credentials_with_a_secret(server: TokenServer, provider: str) -> None:
    found = token(asked(account(server, provider, "client_credentials")))
    assert server.tokens[found.access].scope == (MICROSOFT_SCOPE if provider == "microsoft" else GOOGLE_SCOPE)
    assert found.life_seconds == 3600


def test_client_credentials_with_a_certificate(server: TokenServer) -> None:
    certificate, key = server.certify()
    files = {"certificate_file": certificate.name, "key_file": key.name}
    found = token(asked(account(server, "microsoft", "client_credentials", **files)))
    assert found.access in server.tokens
    assert "client_secret" not in server.asked[-1]


def test_a_secret_that_the_server_takes_in_the_header_only(server: TokenServer) -> None:
    server.basic_only = True
    assert token(asked(account(server, "other", "client_credentials"))).access in server.tokens


def test_a_service_account_acts_for_the_mailbox(server: TokenServer) -> None:
    file = server.service_account()
    found = token(asked(account(server, "google", "service_account", service_account_file=file.name)))
    assert server.tokens[found.access].user == USER
    assert server.tokens[found.access].scope == GOOGLE_SCOPE
    assert 3590 <= found.life_seconds <= 3601
    assert found.who == USER


@pytest.mark.parametrize("provider", ["microsoft", "google", "other"])
def test_a_refresh_token_that_rotates(server: TokenServer, provider: str) -> None:
    of = account(server, provider, "refresh_token")
    refresh = server.log_in()
    for _ in range(3):
        found = token(asked(of, refresh))
        assert found.access in server.tokens
        assert found.refresh not in {"", refresh}
        refresh = found.refresh


@pytest.mark.parametrize("provider", ["microsoft", "google", "other"])
def test_a_refresh_token_that_stays(server: TokenServer, provider: str) -> None:
    server.rotates = False
    assert token(asked(account(server, provider, "refresh_token"), server.log_in())).refresh == ""


# --- trouble ------------------------------------------------------------------------------------------

FLOWS = [
    ("microsoft", "client_credentials"), ("microsoft", "refresh_token"), ("google", "refresh_token"),
    ("google", "service_account"), ("other", "client_credentials"), ("other", "refresh_token"),
]  # fmt: skip


def any_account(server: TokenServer, provider: str, flow: str) -> OAuthAccount:
    keys = {"service_account_file": server.service_account().name} if flow == "service_account" else {}
    return account(server, provider, flow, **keys)


@pytest.mark.parametrize(("provider", "flow"), FLOWS)
@pytest.mark.parametrize("error", ["invalid_grant", "invalid_client", "unauthorized_client", "interaction_required"])
def test_what_only_a_person_can_mend_is_dead(server: TokenServer, provider: str, flow: str, error: str) -> None:
    of = any_account(server, provider, flow)
    with server.failing(Failure(400, error, "AADSTS999: words of the server.\r\nTrace ID: 1 Correlation ID: 2")):
        found = dead(asked(of, server.log_in()))
    assert (found.error, found.reason) == (error, f"{error}: AADSTS999: words of the server.")
    assert len(found.advice) > 20


@pytest.mark.parametrize(("provider", "flow"), FLOWS)
@pytest.mark.parametrize(
    "failure",
    [
        Failure(503), Failure(500, "server_error", "oops"), Failure(429, None, "", 120), Failure(502),
        Failure(400, "temporarily_unavailable"), Failure(404),
    ],
)  # fmt: skip
def test_what_passes_by_itself_is_retried(
    server: TokenServer, provider: str, flow: str, failure: Failure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # google-auth waits between attempts of its own
    of = any_account(server, provider, flow)
    with server.failing(failure):
        found = asked(of, server.log_in())
    assert isinstance(found, Retry), found
    assert found.after_seconds == (failure.retry_after or 0)


@pytest.mark.parametrize(("provider", "flow"), FLOWS)
def test_a_server_that_is_away_is_asked_again_and_answers_when_it_is_back(
    server: TokenServer, provider: str, flow: str
) -> None:
    of, refresh = any_account(server, provider, flow), server.log_in()
    server.down()
    found = asked(of, refresh)
    assert isinstance(found, Retry), found
    assert "cannot be reached" in found.reason
    server.up()
    assert token(asked(of, refresh)).access in server.tokens


@pytest.mark.parametrize(("provider", "flow"), FLOWS)
def test_a_certificate_of_a_stranger_gets_no_secret(server: TokenServer, provider: str, flow: str) -> None:
    of = any_account(server, provider, flow)
    found = ask(of, "refresh", Transport(None))
    assert isinstance(found, Retry), found
    assert "certificate is not trusted" in found.reason
    assert server.asked == []


def test_a_wrong_secret_is_dead_and_says_where_the_right_one_is(server: TokenServer) -> None:
    (server.folder / "client-secret").write_text("wrong")
    found = dead(asked(account(server, "microsoft", "client_credentials")))
    assert "AADSTS7000215" in found.reason
    assert "copy its Value" in found.advice
    assert dead(asked(account(server, "other", "client_credentials"))).error == "invalid_client"


def test_a_certificate_that_is_not_registered_is_dead(server: TokenServer) -> None:
    certificate, key = server.certify()
    server.certificates.clear()
    files = {"certificate_file": certificate.name, "key_file": key.name}
    found = dead(asked(account(server, "microsoft", "client_credentials", **files)))
    assert "upload certificate_file" in found.advice
    assert "Trace ID" not in found.reason


def test_delegation_that_is_missing_is_dead_and_names_the_admin_console(server: TokenServer) -> None:
    of = any_account(server, "google", "service_account")
    server.delegated.clear()
    assert "admin console" in dead(asked(of)).advice


def test_a_key_of_a_service_account_that_was_deleted_is_dead(server: TokenServer) -> None:
    of = any_account(server, "google", "service_account")
    server.keys.clear()
    assert "new key" in dead(asked(of)).advice


@pytest.mark.parametrize("provider", ["microsoft", "google", "other"])
def test_a_revoked_login_is_dead(server: TokenServer, provider: str) -> None:
    refresh = server.log_in()
    server.revoke()
    found = dead(asked(account(server, provider, "refresh_token"), refresh))
    assert found.error == "invalid_grant"
    assert "oauth login" in found.advice


def test_a_directory_that_does_not_exist_is_dead(server: TokenServer, monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"error": "invalid_tenant", "error_description": "AADSTS90002: Tenant 'x' not found."}
    monkeypatch.setattr(server, "answer", lambda *_: (400, said))
    assert "oauth.tenant" in dead(asked(account(server, "microsoft", "client_credentials"))).advice


def test_secrets_that_cannot_be_read_are_dead_and_named(server: TokenServer) -> None:
    (server.folder / "client-secret").unlink()
    assert "client-secret cannot be read" in dead(asked(account(server, "microsoft", "client_credentials"))).reason
    files = {"certificate_file": "ca.pem", "key_file": "ca.pem"}
    (server.folder / "ca.pem").write_text("no certificate")
    of = account(server, "microsoft", "client_credentials", **files)
    assert dead(asked(of)).error == "bad_secret"
    made = trustme.CA().issue_cert("elliptic.test")
    made.private_key_pem.write_to_path(server.folder / "ec.key")
    made.cert_chain_pems[0].write_to_path(server.folder / "ec.pem")
    files = {"certificate_file": "ec.pem", "key_file": "ec.key"}
    assert "RSA key only" in dead(asked(account(server, "microsoft", "client_credentials", **files))).reason
    (server.folder / "key.json").write_text("{}")
    of = account(server, "google", "service_account", service_account_file="key.json")
    assert dead(asked(of)).error == "bad_secret"
    of = account(server, "other", "client_credentials", client_secret_env="NOT_SET_HERE")
    assert "NOT_SET_HERE" in dead(asked(of)).reason
    assert server.asked == []


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", '{"access_token": 7}', '{"error": 7}', "<html>", "\x00"])
@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize(("provider", "flow"), FLOWS[:5])
def test_an_answer_that_makes_no_sense_raises_nothing(
    server: TokenServer, provider: str, flow: str, status: int, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = any_account(server, provider, flow)
    transport = Transport(of.ca_file)
    request = transport.request

    def garbled(method: str, *given: object) -> object:
        found = request(method, *given)  # type: ignore[arg-type]
        if method == "POST":
            transport.last = found = type(found)(status, text, found.headers)
        return found

    monkeypatch.setattr(transport, "request", garbled)
    assert isinstance(ask(of, "refresh", transport), Retry | Dead)


def test_nothing_is_taken_from_the_environment(server: TokenServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")
    for provider, flow in FLOWS:
        assert token(asked(any_account(server, provider, flow), server.log_in()))


def test_a_server_that_sends_without_end_and_one_that_says_nothing_are_left(tmp_path: Path) -> None:
    def serve(listener: socket.socket, data: bytes) -> None:
        with listener, listener.accept()[0] as connection:
            connection.recv(65536)
            try:
                while data:
                    connection.sendall(data)
                connection.recv(65536)
            except OSError:
                pass

    for data, deadline in ((b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * LARGEST_OCTETS, 20.0), (b"", 0.5)):
        listener = socket.create_server(("127.0.0.1", 0))
        serving = threading.Thread(target=serve, args=(listener, data))
        serving.start()
        transport = Transport(deadline_seconds=deadline)
        with pytest.raises(OSError, match=r"too large|in time"):
            transport.request("GET", f"http://127.0.0.1:{listener.getsockname()[1]}/")
        serving.join(60)


def test_a_redirection_is_not_followed(server: TokenServer) -> None:
    query = {"redirect_uri": "https://elsewhere.test", "state": "x"}
    found = Transport(server.ca_file).get(server.authorize_url, query)
    assert found.status == 302


# --- a person logs in ---------------------------------------------------------------------------------


class Somebody:
    """A person with a browser on another machine."""

    def __init__(self, server: TokenServer, *answers: str) -> None:
        self.server, self.said, self.answers, self.slept = server, [], list(answers), 0  # type: ignore[var-annotated]

    def person(self) -> Person:
        return Person(self.said.append, self.ask, self.sleep)

    def sleep(self, seconds: float) -> None:
        self.slept += 1
        if self.slept == 2:
            self.server.approve()

    def ask(self, question: str) -> str:
        answer = self.answers.pop(0)
        return answer if answer != "consent" else self.consented()

    def consented(self) -> str:
        """Opens the address, and copies the one that the browser shows in the end."""
        (url,) = (line for line in self.said if line.startswith("https://"))
        found = Transport(self.server.ca_file).get(url)
        return found.headers["Location"]


@pytest.mark.parametrize("provider", ["microsoft", "other"])
def test_a_device_code_is_entered_elsewhere(server: TokenServer, provider: str) -> None:
    person = Somebody(server)
    found = token(log_in(account(server, provider, "device_code"), person.person()))
    assert (found.who, person.slept) == (USER, 2)
    assert found.refresh in server.logins
    assert any("ABCD-EFGH" in line for line in person.said)
    assert token(asked(account(server, provider, "device_code"), found.refresh)).refresh


@pytest.mark.parametrize("provider", ["microsoft", "google", "other"])
def test_a_person_consents_in_a_browser_on_another_machine(server: TokenServer, provider: str) -> None:
    of = account(server, provider, "refresh_token")
    found = token(log_in(of, Somebody(server, "consent").person()))
    assert (found.who, found.refresh in server.logins) == (USER, True)
    assert token(asked(of, found.refresh)).refresh


def test_the_code_alone_is_enough(server: TokenServer) -> None:
    of = account(server, "google", "refresh_token")
    person = Somebody(server, "code")
    person.ask = lambda question: urllib.parse.parse_qs(urllib.parse.urlsplit(person.consented()).query)["code"][0]  # type: ignore[method-assign]
    assert token(log_in(of, person.person())).who == USER


def test_a_wrong_paste_is_said_and_asked_again(server: TokenServer) -> None:
    of = account(server, "google", "refresh_token")
    other_login = "http://localhost/?state=another&code=x"
    person = Somebody(server, "https://mail.google.com/", other_login, "consent")
    assert token(log_in(of, person.person())).who == USER
    assert sum("That is not it" in line for line in person.said) == 2
    person = Somebody(server, "", "", "")
    assert dead(log_in(of, person.person())).error == "no_consent"


@pytest.mark.parametrize("provider", ["microsoft", "google", "other"])
def test_a_person_who_refuses_is_understood(server: TokenServer, provider: str) -> None:
    server.consents = False
    found = dead(log_in(account(server, provider, "refresh_token"), Somebody(server, "consent").person()))
    assert found.error == "access_denied"


def test_the_address_for_consent_asks_for_a_refresh_token_and_carries_no_secret(server: TokenServer) -> None:
    person = Somebody(server, "consent")
    log_in(account(server, "google", "refresh_token"), person.person())
    (url,) = (line for line in person.said if line.startswith("https://"))
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
    assert query["access_type"] == "offline"
    assert query["code_challenge_method"] == "S256"
    assert query["login_hint"] == USER
    assert CLIENT_SECRET not in json.dumps(person.said)


def test_a_provider_that_gives_no_refresh_token_is_found_at_once(
    server: TokenServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    response = server._response
    monkeypatch.setattr(server, "_response", lambda user, scope, login=None: response(user, scope))
    found = dead(log_in(account(server, "other", "refresh_token"), Somebody(server, "consent").person()))
    assert "offline_access" in found.advice


@pytest.mark.parametrize("provider", ["microsoft", "other"])
def test_a_device_login_that_is_refused_or_not_done_ends(server: TokenServer, provider: str) -> None:
    of = account(server, provider, "device_code")
    assert dead(log_in(of, Person(lambda text: None, input, lambda seconds: None))).error == "expired_token"

    def refuse(seconds: float) -> None:
        for device in server.devices.values():
            device.refused = True

    assert dead(log_in(of, Person(lambda text: None, input, refuse))).error == "access_denied"


def test_accounts_that_need_no_person_are_tried_out(server: TokenServer) -> None:
    assert token(log_in(account(server, "microsoft", "client_credentials"), Somebody(server).person()))
