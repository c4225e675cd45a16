"""A token server over TLS: OAuth2 as Microsoft, Google and others speak it, with switches for what goes wrong.

Client credentials with a secret or a certificate, device code, authorization code with PKCE, refresh tokens that rotate
(a token that is used again ends the login), Google's service accounts (jwt-bearer), and introspection, for Dovecot.
Signatures are verified. `Server.now` can be set ahead: tokens end by it.
"""

import base64
import hashlib
import json
import secrets
import ssl
import threading
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import trustme

from tests.servers import free_port

TENANT = "desk.test"
CLIENT, CLIENT_SECRET = "8f3a-client", "s3cret~client"
USER = "suporte@desk.test"
SERVICE_ACCOUNT = "correio@projeto.iam.gserviceaccount.test"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
JWT_CLIENT = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
MICROSOFT_SCOPE = "https://outlook.office365.com/.default"
GOOGLE_SCOPE = "https://mail.google.com/"
GOOGLE_AUDIENCE = "https://oauth2.googleapis.com/token"
"""What google-auth writes into each assertion, wherever it sends it."""

Reply = tuple[int, Mapping[str, Any]]


@dataclass(frozen=True)
class Failure:
    """What the server answers to every question for a token."""

    status: int
    error: str | None = None
    description: str = ""
    retry_after: int | None = None


@dataclass(frozen=True)
class Issued:
    """An access token that was given."""

    user: str
    scope: str
    ends: float


@dataclass
class Login:
    """A refresh token that was given."""

    user: str
    scope: str
    client: str
    family: str
    nonce: str | None = None


@dataclass
class Device:
    """A device code that was given."""

    scope: str
    client: str
    approved_by: str | None = None
    refused: bool = False


@dataclass
class TokenServer:
    """One server. Its attributes may be changed at any time."""

    folder: Path
    life_seconds: int = 3600
    rotates: bool = True
    failure: Failure | None = None
    ahead_seconds: float = 0
    """How far the server's clock is ahead."""
    consents: bool = True
    """Whether people who open the address for consent do consent."""
    user: str = USER
    """Who is logged in in everybody's browser."""
    tls: bool = True
    secrets: dict[str, str] = field(default_factory=lambda: {CLIENT: CLIENT_SECRET})
    certificates: dict[str, bytes] = field(default_factory=dict)
    """Certificates that are registered at the application, PEM, by client id."""
    keys: dict[str, bytes] = field(default_factory=dict)
    """Public keys of service accounts, PEM, by their address."""
    delegated: set[str] = field(default_factory=lambda: {GOOGLE_SCOPE})
    """The scopes that the administrator has delegated to service accounts."""
    basic_only: bool = False
    """Whether the client's secret is taken in the header alone."""
    tokens: dict[str, Issued] = field(default_factory=dict)
    logins: dict[str, Login] = field(default_factory=dict)
    spent: dict[str, str] = field(default_factory=dict)
    devices: dict[str, Device] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    """The questions for tokens, as they came."""

    def __post_init__(self) -> None:
        self.port = free_port()
        self._lock = threading.RLock()
        self._http: ThreadingHTTPServer | None = None
        authority = trustme.CA()
        self.ca_file = self.folder / "token-server-ca.pem"
        authority.cert_pem.write_to_path(self.ca_file)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1", "localhost").configure_cert(self._context)

    # --- where it is --------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/{TENANT}"

    @property
    def token_url(self) -> str:
        return f"{self.url}/oauth2/v2.0/token"

    @property
    def device_url(self) -> str:
        return f"{self.url}/oauth2/v2.0/devicecode"

    @property
    def authorize_url(self) -> str:
        return f"{self.url}/oauth2/v2.0/authorize"

    @property
    def introspection_url(self) -> str:
        return f"{self.url}/introspect"

    def up(self) -> "TokenServer":
        """Listens, on the same port each time."""
        self._http = ThreadingHTTPServer(("127.0.0.1", self.port), _handler(self))
        self._http.daemon_threads = True
        if self.tls:
            self._http.socket = self._context.wrap_socket(
                self._http.socket, server_side=True, do_handshake_on_connect=False
            )
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def down(self) -> None:
        """Listens no more; connections are refused."""
        if self._http is not None:
            self._http.shutdown()
            self._http.server_close()
            self._http = None

    def __enter__(self) -> "TokenServer":
        return self.up()

    def __exit__(self, *_: object) -> None:
        self.down()

    # --- what a test arranges -----------------------------------------------------------------------------

    @property
    def now(self) -> float:
        return time.time() + self.ahead_seconds

    def log_in(self, user: str = USER, scope: str = GOOGLE_SCOPE, client: str = CLIENT) -> str:
        """A refresh token, as after a login."""
        return self._refresh_token(Login(user, scope, client, secrets.token_hex(4)))

    def issue(self, user: str = USER, scope: str = MICROSOFT_SCOPE, life_seconds: int | None = None) -> str:
        """An access token."""
        token = f"access-{secrets.token_urlsafe(24)}"
        life = self.life_seconds if life_seconds is None else life_seconds
        with self._lock:
            self.tokens[token] = Issued(user, scope, self.now + life)
        return token

    def revoke(self) -> None:
        """All tokens and logins end, as after a change of the password."""
        with self._lock:
            self.tokens.clear()
            self.logins.clear()

    def approve(self, user: str | None = None) -> None:
        """A person enters all the codes that were given, and logs in."""
        for device in self.devices.values():
            device.approved_by = user or self.user

    def certify(self, client: str = CLIENT) -> tuple[Path, Path]:
        """Makes a certificate and registers it at the application. The files of the certificate and of its key."""
        made = trustme.CA().issue_cert(f"{client}.test", key_type=trustme.KeyType.RSA)  # MSAL signs with RSA only
        certificate, key = self.folder / f"{client}.pem", self.folder / f"{client}.key"
        made.cert_chain_pems[0].write_to_path(certificate)
        made.private_key_pem.write_to_path(key)
        self.certificates[client] = certificate.read_bytes()
        return certificate, key

    def service_account(self) -> Path:
        """Makes a service account. The file of its key, as Google gives it."""
        from cryptography.hazmat.primitives import serialization as form
        from cryptography.hazmat.primitives.asymmetric import rsa

        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()).decode()
        public = key.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
        self.keys[SERVICE_ACCOUNT] = public
        file = self.folder / "service-account.json"
        described = {"type": "service_account", "client_email": SERVICE_ACCOUNT, "private_key": pem}
        described |= {"private_key_id": "1", "token_uri": self.token_url, "project_id": "projeto"}
        file.write_text(json.dumps(described))
        return file

    @contextmanager
    def failing(self, failure: Failure) -> Iterator[None]:
        self.failure = failure
        try:
            yield
        finally:
            self.failure = None

    # --- answers ------------------------------------------------------------------------------------------

    def answer(self, path: str, given: dict[str, str], headers: Mapping[str, str]) -> Reply:
        with self._lock:
            if path.endswith("/openid-configuration"):
                return 200, self._configuration()
            if path.endswith(("/introspect", "/tokeninfo")):
                return self._introspected(given, headers)
            if path.endswith("/devicecode"):
                return self._device(given)
            if path.endswith("/token"):
                return self._token(given, headers)
        return 404, {}

    def _configuration(self) -> Mapping[str, Any]:
        return {
            "issuer": f"{self.url}/v2.0",
            "token_endpoint": self.token_url,
            "authorization_endpoint": self.authorize_url,
            "device_authorization_endpoint": self.device_url,
        }

    def _introspected(self, given: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
        bearer = headers.get("authorization", "").removeprefix("Bearer ")
        found = self.tokens.get(given.get("token") or given.get("access_token") or bearer)
        if found is None or found.ends < self.now:
            return 200, {"active": False}
        said = {"username": found.user, "email": found.user, "scope": found.scope, "exp": int(found.ends)}
        return 200, {"active": True, **said}

    def _device(self, given: Mapping[str, str]) -> Reply:
        if self.failure is not None:
            return _failed(self.failure)
        code = secrets.token_hex(8)
        self.devices[code] = Device(given.get("scope", ""), given["client_id"])
        page = {"verification_uri": f"{self.url}/device", "user_code": "ABCD-EFGH", "message": "enter ABCD-EFGH"}
        return 200, {"device_code": code, "expires_in": 900, "interval": 1, **page}

    def _token(self, given: dict[str, str], headers: Mapping[str, str]) -> Reply:
        self.asked.append(given)
        if self.failure is not None:
            return _failed(self.failure)
        grant = given.get("grant_type")
        if grant == JWT_GRANT:
            return self._for_service_account(given["assertion"])
        refused = self._client_refused(given, headers)
        if refused is not None:
            return refused
        if grant == "client_credentials":
            return 200, self._response(self.user, given.get("scope", ""))
        if grant == "refresh_token":
            return self._refreshed(given)
        if grant == DEVICE_GRANT:
            return self._for_device(given)
        if grant == "authorization_code":
            return self._for_code(given)
        return 400, {"error": "unsupported_grant_type"}

    def _client_refused(self, given: Mapping[str, str], headers: Mapping[str, str]) -> Reply | None:
        """Public clients have no secret; a client that has one must prove it, unless its login is a device's."""
        wrong = 401, {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided."}
        kind, _, basic = headers.get("authorization", "").partition(" ")
        client, secret = given.get("client_id", ""), given.get("client_secret", "")
        if kind == "Basic":
            pair = base64.b64decode(basic).decode().partition(":")
            client, secret = urllib.parse.unquote_plus(pair[0]), urllib.parse.unquote_plus(pair[2])
        elif self.basic_only and secret:
            return wrong
        if "client_assertion" in given:
            return None if self._is_certified(client, given["client_assertion"]) else _not_registered()
        if secret or given.get("grant_type") == "client_credentials":
            return None if secret and self.secrets.get(client) == secret else wrong
        return None

    def _is_certified(self, client: str, assertion: str) -> bool:
        import jwt
        from cryptography import x509

        certificate = self.certificates.get(client)
        if certificate is None:
            return False
        key: Any = x509.load_pem_x509_certificate(certificate).public_key()
        with suppress(jwt.InvalidTokenError):
            claims = jwt.decode(assertion, key, algorithms=["PS256", "RS256"], audience=self.token_url)
            return claims["iss"] == claims["sub"] == client
        return False

    def _for_service_account(self, assertion: str) -> Reply:
        import jwt

        issuer = jwt.decode(assertion, options={"verify_signature": False}).get("iss", "")
        if issuer not in self.keys:
            return 400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
        try:
            claims = jwt.decode(assertion, self.keys[issuer], algorithms=["RS256"], audience=GOOGLE_AUDIENCE)
        except jwt.InvalidSignatureError:
            return 400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
        if not claims.get("sub") or not set(claims["scope"].split()) <= self.delegated:
            said = "Client is unauthorized to retrieve access tokens using this method, or client not authorized"
            return 401, {
                "error": "unauthorized_client",
                "error_description": f"{said} for any of the scopes requested.",
            }
        return 200, self._response(claims["sub"], claims["scope"])

    def _refreshed(self, given: Mapping[str, str]) -> Reply:
        gone = 400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
        token = given.get("refresh_token", "")
        if token in self.spent:
            self.logins = {key: one for key, one in self.logins.items() if one.family != self.spent[token]}
            return gone
        login = self.logins.get(token)
        if login is None or login.client != given.get("client_id", login.client):
            return gone
        if not self.rotates:
            return 200, self._response(login.user, login.scope)
        del self.logins[token]
        self.spent[token] = login.family
        return 200, self._response(login.user, login.scope, login)

    def _for_device(self, given: Mapping[str, str]) -> Reply:
        device = self.devices.get(given.get("device_code", ""))
        if device is None:
            return 400, {"error": "expired_token"}
        if device.refused:
            return 400, {"error": "access_denied"}
        if device.approved_by is None:
            return 400, {"error": "authorization_pending"}
        del self.devices[given["device_code"]]
        login = Login(device.approved_by, device.scope, device.client, secrets.token_hex(4))
        return 200, self._response(login.user, login.scope, login)

    def _for_code(self, given: Mapping[str, str]) -> Reply:
        wrong = 400, {"error": "invalid_grant", "error_description": "the code is wrong, or was used"}
        asked = self.codes.pop(given.get("code", ""), None)
        if asked is None or asked["redirect_uri"] != given.get("redirect_uri"):
            return wrong
        digest = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
            return wrong
        login = Login(self.user, asked["scope"], asked["client_id"], secrets.token_hex(4), asked.get("nonce"))
        return 200, self._response(login.user, login.scope, login)

    def _response(self, user: str, scope: str, login: Login | None = None) -> dict[str, Any]:
        found = {"token_type": "Bearer", "expires_in": self.life_seconds, "scope": scope}
        found["access_token"] = self.issue(user, scope)
        if login is not None:
            found["refresh_token"] = self._refresh_token(login)
            found["id_token"] = self._id_token(login)
        return found

    def _refresh_token(self, login: Login) -> str:
        token = f"refresh-{secrets.token_urlsafe(24)}"
        with self._lock:
            self.logins[token] = login
        return token

    def _id_token(self, login: Login) -> str:
        claims = {"iss": f"{self.url}/v2.0", "aud": login.client, "sub": login.user, "exp": int(time.time()) + 600}
        claims |= {"iat": int(time.time()), "preferred_username": login.user, "email": login.user}
        claims |= {"nonce": login.nonce} if login.nonce else {}
        return ".".join((_part({"alg": "none", "typ": "JWT"}), _part(claims), ""))

    def consent(self, query: dict[str, str]) -> str:
        """A person opens the address for consent. Returns where the browser is sent."""
        answer = {"state": query["state"]}
        if self.consents:
            code = f"4/0{secrets.token_urlsafe(16)}"
            self.codes[code] = query
            answer["code"] = code
        else:
            answer |= {"error": "access_denied", "error_description": "the user refused"}
        return f"{query['redirect_uri']}/?{urllib.parse.urlencode(answer)}"


def _part(value: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _failed(failure: Failure) -> Reply:
    if failure.error is None:
        return failure.status, {"retry": failure.retry_after}
    said = {"error": failure.error, "error_description": failure.description}
    return failure.status, {**said, **({"retry": failure.retry_after} if failure.retry_after is not None else {})}


def _not_registered() -> Reply:
    said = "AADSTS700027: The certificate with identifier used to sign the client assertion is not registered."
    return 401, {"error": "invalid_client", "error_description": f"{said} Trace ID: 1 Correlation ID: 2"}


def _handler(server: TokenServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 30

        def do_GET(self) -> None:
            url = urllib.parse.urlsplit(self.path)
            given = dict(urllib.parse.parse_qsl(url.query))
            if url.path.endswith("/authorize"):
                self.send_response(302)
                self.send_header("Location", server.consent(given))
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self._reply(server.answer(url.path, given, self._headers()))

        def do_POST(self) -> None:
            url = urllib.parse.urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            given = dict(urllib.parse.parse_qsl(url.query) + urllib.parse.parse_qsl(body))
            self._reply(server.answer(url.path, given, self._headers()))

        def _headers(self) -> dict[str, str]:
            return {name.lower(): value for name, value in self.headers.items()}

        def _reply(self, reply: Reply) -> None:
            status, said = reply[0], dict(reply[1])
            retry_after = said.pop("retry", None)
            body = json.dumps(said).encode() if said or status == 200 else b"<html>Service Unavailable</html>"
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            if retry_after is not None:
                self.send_header("Retry-After", str(retry_after))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing is written to the terminal."""

    return Handler
