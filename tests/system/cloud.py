"""A provider whose mailboxes open to tokens alone: a token server, a Dovecot that asks it, and the world behind.

Mail comes in by IMAP with XOAUTH2, and goes out by Dovecot's submission service with XOAUTH2, which hands it on to the
smarthost of the world. Everything is over TLS, and the operator names the authorities as in life: `SSL_CERT_FILE` for
the mail server, `oauth.ca_file` for the token server.
"""

import asyncio
import email.policy
import http.client
import re
import ssl
import subprocess
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import TypeVar

from tests.servers.dovecot import Dovecot, Tokens
from tests.servers.token_server import CLIENT, CLIENT_SECRET, GOOGLE_SCOPE, TENANT, USER, TokenServer
from tests.system.desk import PROGRAM, Desk
from tests.system.world import World

T = TypeVar("T")

OTHER, OTHER_PASSWORD = "vendas@desk.test", "senha de vendas"
"""A second mailbox, which opens to a password."""
START_SECONDS = 30

IMAP = """\
[[imap_in]]
name = "{name}"
host = "localhost"
port = {port}
username = "{username}"
{login}
queue = "suporte"
start = "all"
poll_seconds = 1
authserv_id = "mx.desk.test"
"""

SUBMISSION = """\
[delivery]
host = "localhost"
port = {port}
username = "{username}"
oauth = "nuvem"
"""


class Cloud:
    """The provider. `folder` holds its files; the desk's configuration names some of them by their full paths."""

    def __init__(self, folder: Path, scope: str = "") -> None:
        self.folder = folder
        (folder / "client-secret").write_text(f"{CLIENT_SECRET}\n")
        (folder / "other-password").write_text(OTHER_PASSWORD)
        self.tokens, self.world, self._scope = TokenServer(folder), World(), scope

    def __enter__(self) -> "Cloud":
        self.world.__enter__()
        self.tokens.up()
        relay = self.world.smarthost.port
        asked = Tokens(self.tokens.introspection_url, self.tokens.ca_file, relay, self._scope)
        self.dovecot = Dovecot({USER: "nobody knows this", OTHER: OTHER_PASSWORD}, asked)
        self.dovecot.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.dovecot.close()
        self.tokens.down()
        self.world.__exit__()

    def clear(self) -> None:
        """No mail, no tokens, and nothing wrong."""
        for user in (USER, OTHER):
            for file in self.dovecot.files(user):
                file.unlink()
        self.world.smarthost.received.clear()
        self.tokens.life_seconds, self.tokens.rotates, self.tokens.failure = 3600, True, None
        self.tokens.revoke()
        self.tokens.asked.clear()

    # --- tables of the desk's configuration ---------------------------------------------------------------

    @property
    def environment(self) -> dict[str, str]:
        return {"SSL_CERT_FILE": str(self.dovecot.certificate)}

    def imap(self) -> str:
        return IMAP.format(name="suporte", port=self.dovecot.imaps_port, username=USER, login='oauth = "nuvem"')

    def imap_by_password(self) -> str:
        login = f'password_file = "{self.folder / "other-password"}"'
        return IMAP.format(name="vendas", port=self.dovecot.imaps_port, username=OTHER, login=login)

    def submission(self) -> str:
        return SUBMISSION.format(port=self.dovecot.submission_port, username=USER)

    def oauth(self, provider: str, flow: str, *, certificate: bool = False, **keys: str) -> str:
        """The table for a flow, with all that it needs."""
        given = {"name": "nuvem", "provider": provider, "flow": flow, "token_url": self.tokens.token_url}
        given["ca_file"] = str(self.tokens.ca_file)
        if flow == "service_account":
            given["service_account_file"] = str(self.tokens.service_account())
        else:
            given["client_id"] = CLIENT
        if certificate:
            given["certificate_file"], given["key_file"] = map(str, self.tokens.certify())
        elif flow == "client_credentials" or (flow == "refresh_token" and provider == "google"):
            given["client_secret_file"] = str(self.folder / "client-secret")
        if provider == "microsoft":
            given["tenant"] = TENANT
        if flow == "device_code" and provider == "other":
            given["device_url"] = self.tokens.device_url
        if flow == "refresh_token" and provider != "microsoft":
            given["authorize_url"] = self.tokens.authorize_url
        lines = [f'{key} = "{value}"' for key, value in {**given, **keys}.items()]
        scopes = [f'scopes = ["{GOOGLE_SCOPE}"]'] if provider == "other" else []
        return "\n".join(["[[oauth]]", *lines, *scopes]) + "\n"

    # --- what happens there -------------------------------------------------------------------------------

    def deliver(self, mail: EmailMessage, user: str = USER, folder: str = "INBOX") -> None:
        self.dovecot.deliver(user, mail.as_bytes(policy=email.policy.SMTP), folder)

    def log_in(self, desk: Desk) -> None:
        """A person runs `oauth login` and does in a browser what it says."""
        words = [str(PROGRAM), "-c", str(desk.config), "oauth", "login", "nuvem"]
        pipe = subprocess.PIPE
        with subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=desk._env(None)) as command:
            assert command.stdin
            assert command.stdout
            assert command.stderr
            said = ""
            for line in command.stderr:
                said += line
                if "ABCD-EFGH" in line:
                    self.tokens.approve()
                if found := re.search(r"https://\S+/authorize\?\S+", line):
                    command.stdin.write(f"{self._opened(found[0])}\n")
                    command.stdin.flush()
                    break
            out, rest = command.communicate(timeout=60)
        assert command.returncode == 0, said + rest
        assert "logged in" in out

    def _opened(self, address: str) -> str:
        """Where a browser is sent by the page for consent."""
        url = urllib.parse.urlsplit(address)
        context = ssl.create_default_context(cafile=self.tokens.ca_file)
        client = http.client.HTTPSConnection(url.netloc, context=context, timeout=30)
        client.request("GET", f"{url.path}?{url.query}")
        location = client.getresponse().getheader("Location")
        client.close()
        assert location
        return location


@contextmanager
def in_a_thread(server: AbstractAsyncContextManager[T]) -> Iterator[T]:
    """Runs a server of ours in a thread, for a desk that is another process."""
    ready, loop, end = threading.Event(), asyncio.new_event_loop(), asyncio.Event()

    async def live() -> None:
        async with server:
            ready.set()
            await end.wait()

    def run() -> None:
        loop.run_until_complete(live())
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(START_SECONDS)
    try:
        yield server  # type: ignore[misc]
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join()
