"""A private Dovecot, 2.3 or 2.4: mailboxes by IMAP and IMAPS, and an LMTP door for an MTA to deliver to.

With a token server, people may log in with a token too, and hand in mail by its submission service.

    with Dovecot({"suporte@desk.test": "secret"}) as dovecot:
        dovecot.deliver("suporte@desk.test", raw)
        ... 127.0.0.1:dovecot.imaps_port, verified against dovecot.certificate ...
        dovecot.messages("suporte@desk.test", "Processados")

Owns a directory of its own below /tmp: paths of unix sockets must be short, and mail processes, which are never
root, must be able to reach the Maildirs. An ordinary user runs everything as himself.
Ports stay the same over `stop` and `start`. *Fails with* RuntimeError and Dovecot's own log when it does not start.
"""

import base64
import contextlib
import grp
import os
import pwd
import re
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path

import trustme

from tests.servers import free_port, require

START_SECONDS = 20
STOP_SECONDS = 10
INBOX = "INBOX"


@dataclass(frozen=True)
class Tokens:
    """Whom Dovecot asks whether a token is good, and where it hands on the mail of those who have one."""

    introspection_url: str
    ca_file: Path
    relay_port: int
    scope: str = ""
    """The scope that a token must have. Empty: any."""


class Dovecot:
    """One server. `users` maps addresses to passwords; anybody else is 550 to LMTP."""

    def __init__(self, users: Mapping[str, str], tokens: Tokens | None = None) -> None:
        self._binary = require("dovecot", "dovecot-imapd dovecot-lmtpd")
        self._doveadm = require("doveadm", "dovecot-core")
        if tokens is not None:
            require("submission-login", "dovecot-submissiond")
        self.tokens = tokens
        self.imap_port, self.imaps_port, self.lmtp_port = free_port(), free_port(), free_port()
        self.submission_port = free_port()
        self.directory = Path(tempfile.mkdtemp(prefix="dovecot-", dir="/tmp"))
        self.directory.chmod(0o711)
        self.log = self.directory / "log"
        self.certificate = self.directory / "ca.pem"
        """The CA that clients verify the server's certificate against; it is for localhost and 127.0.0.1."""
        self.lmtp_socket = self.directory / "lmtp"
        self._owner = mail_owner()
        self._process: subprocess.Popen[bytes] | None = None
        self._serial = count()
        self._passwords = dict(users)
        self._write_files()

    # --- life -----------------------------------------------------------------------------------------

    def __enter__(self) -> "Dovecot":
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def start(self) -> None:
        command = [self._binary, "-F", "-c", str(self.directory / "dovecot.conf")]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        give_up = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError(f"Dovecot did not start:\n{self.log.read_text(errors='replace')}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Ends the server and with it every connection, as an orderly shutdown does."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGCONT)
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def restart(self) -> None:
        self.stop()
        self.start()

    def hang_up(self) -> None:
        """Ends every connection and goes on. After a mere `restart`, those that are open may last for a while."""
        assert self._process is not None, "Dovecot is not running"
        group = self._process.pid
        self.stop()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
        self.start()

    def freeze(self) -> None:
        """A black hole from now on: connections stay open and nothing answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        assert self._process is not None, "Dovecot is not running"
        os.killpg(self._process.pid, number)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.imap_port), timeout=1) as client:
                return client.recv(4) == b"* OK"
        except OSError:
            return False

    # --- users ----------------------------------------------------------------------------------------

    def set_password(self, user: str, password: str) -> None:
        """Adds the user where there is none. Returns when it is so: Dovecot looks at the file once a second."""
        self._passwords[user] = password
        self._write_users()
        give_up = time.monotonic() + START_SECONDS
        while self._process is not None and not self._knows(user, password):
            if time.monotonic() > give_up:
                raise RuntimeError(f"Dovecot does not know {user}:\n{self.log.read_text(errors='replace')}")
            time.sleep(0.1)

    def _knows(self, user: str, password: str) -> bool:
        command = [self._doveadm, "-c", str(self.directory / "dovecot.conf"), "auth", "test", user, password]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    def _write_users(self) -> None:
        uid, gid = self._owner
        lines = [
            f"{user}:{{PLAIN.b64}}{base64.b64encode(word.encode()).decode()}:{uid}:{gid}::{self._home(user)}::"
            for user, word in self._passwords.items()
        ]
        fresh = self.directory / "users.new"
        fresh.write_text("\n".join(lines) + "\n", encoding="utf-8")
        fresh.chmod(0o644)
        fresh.rename(self.directory / "users")
        for user in self._passwords:
            self._make_directory(self._home(user))

    def _home(self, user: str) -> Path:
        return self.directory / "mail" / user.casefold()

    # --- mail -----------------------------------------------------------------------------------------

    def maildir(self, user: str, folder: str = INBOX) -> Path:
        """Where a folder's messages lie (Maildir++). Folders below others are written with a slash: `Lista/2026`."""
        home = self._home(user) / "Maildir"
        return home if folder.upper() == INBOX else home / f".{_utf7(folder).replace('/', '.')}"

    def deliver(
        self,
        user: str,
        raw: bytes,
        folder: str = INBOX,
        *,
        received_at: datetime | None = None,
        seen: bool = False,
    ) -> None:
        """Puts a message into a folder, making the folder where it is missing; `received_at` is its INTERNALDATE."""
        self.make_folder(user, folder)
        maildir = self.maildir(user, folder)
        name = f"{time.time_ns()}.{os.getpid()}_{next(self._serial)}.test"
        draft = maildir / "tmp" / name
        draft.write_bytes(raw)
        os.chown(draft, *self._owner)
        if received_at is not None:
            os.utime(draft, (received_at.timestamp(), received_at.timestamp()))
        draft.rename(maildir / "cur" / f"{name}:2,S" if seen else maildir / "new" / name)

    def deliver_by_lmtp(self, user: str, raw: bytes, sender: str = "") -> None:
        with smtplib.LMTP("127.0.0.1", self.lmtp_port) as client:
            client.sendmail(sender, [user], raw)

    def make_folder(self, user: str, folder: str) -> None:
        maildir = self.maildir(user, folder)
        for part in (self._home(user) / "Maildir", maildir, *(maildir / name for name in ("tmp", "new", "cur"))):
            self._make_directory(part)
        if folder.upper() != INBOX:
            (maildir / "maildirfolder").touch()
            os.chown(maildir / "maildirfolder", *self._owner)

    def files(self, user: str, folder: str = INBOX) -> list[Path]:
        """The files of a folder's messages, oldest first; none where there is no such folder."""
        maildir = self.maildir(user, folder)
        found = [path for part in ("new", "cur") if (maildir / part).is_dir() for path in (maildir / part).iterdir()]
        return sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name))

    def messages(self, user: str, folder: str = INBOX) -> list[bytes]:
        """The messages of a folder as stored, oldest first."""
        return [path.read_bytes() for path in self.files(user, folder)]

    def forget_uids(self, user: str, folder: str = INBOX) -> None:
        """Every UID of the folder is given anew, under another UIDVALIDITY. Only while the server is stopped."""
        assert self._process is None, "stop Dovecot first: it has the list in memory"
        for path in self.maildir(user, folder).glob("dovecot*"):
            path.unlink()

    def _make_directory(self, path: Path) -> None:
        if not path.is_dir():
            path.mkdir(mode=0o700, parents=True)
            os.chown(path, *self._owner)

    # --- configuration --------------------------------------------------------------------------------

    def _write_files(self) -> None:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(self.certificate))
        issued = authority.issue_cert("localhost", "127.0.0.1")
        issued.private_key_and_cert_chain_pem.write_to_path(str(self.directory / "server.pem"))
        mail = self.directory / "mail"
        mail.mkdir()
        os.chown(mail, *self._owner)
        self._write_users()
        version = subprocess.run([self._binary, "--version"], capture_output=True, text=True, check=True).stdout
        text = configuration(version, self)
        (self.directory / "dovecot.conf").write_text(text, encoding="utf-8")
        if self.tokens is not None:
            shutil.copy(self.tokens.ca_file, self.directory / "token-server-ca.pem")
            (self.directory / "oauth2.conf.ext").write_text(OAUTH2_2_3.format_map(_values(self)), encoding="utf-8")


def mail_owner() -> tuple[int, int]:
    """Whose the Maildirs are. Dovecot opens no mailbox as root, so root lends them to the system's mail user."""
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    user = pwd.getpwnam("mail")
    return user.pw_uid, user.pw_gid


def configuration(version: str, server: Dovecot) -> str:
    """dovecot.conf in the language of the given `dovecot --version`.

    2.4 has another one (https://doc.dovecot.org/2.4.0/installation/upgrade/2.3-to-2.4.html).
    """
    major, minor = (int(number) for number in version.split(".")[:2])
    first, rest, token = DIALECT_2_4 if (major, minor) >= (2, 4) else DIALECT_2_3
    extra = SUBMISSION + token if server.tokens else ""
    return (first + COMMON + extra + rest + _unprivileged(server)).format_map(_values(server))


def _values(server: Dovecot) -> dict[str, object]:
    tokens = server.tokens
    values: dict[str, object] = {
        "root": server.directory,
        "imap": server.imap_port,
        "imaps": server.imaps_port,
        "lmtp": server.lmtp_port,
        "protocols": "imap lmtp submission" if tokens else "imap lmtp",
        "mechanisms": "plain login xoauth2 oauthbearer" if tokens else "plain login",
    }
    if tokens is None:
        return values
    scope = f"scope = {tokens.scope}" if tokens.scope else ""
    given = {"url": tokens.introspection_url, "scope": scope, "relay": tokens.relay_port}
    return {**values, **given, "submission": server.submission_port}


def _unprivileged(server: Dovecot) -> str:
    """An ordinary user can become nobody else and change no root directory."""
    if os.geteuid() == 0:
        return ""
    user, group = pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(os.getegid()).gr_name
    names = f"default_internal_user = {user}\ndefault_internal_group = {group}\ndefault_login_user = {user}\n"
    services = ["imap-login", "anvil", *(["submission-login"] if server.tokens else [])]
    return names + "".join(f"service {name} {{{{\n  chroot =\n}}}}\n" for name in services)


def _utf7(folder: str) -> str:
    """A folder's name on disk: modified UTF-7 (RFC 3501, 5.1.3)."""

    def shifted(run: re.Match[str]) -> str:
        return "&" + base64.b64encode(run[0].encode("utf-16-be"), b"+,").decode().rstrip("=") + "-"

    return re.sub(r"[^ -~]+", shifted, folder.replace("&", "&-"))


# Failed logins are answered at once (the penalty of up to 15 s is anvil's), nothing is fsynced, and any
# user name may log in: these are tests.
COMMON = """\
base_dir = {root}/run
state_dir = {root}/state
log_path = /dev/stderr
protocols = {protocols}
listen = 127.0.0.1
first_valid_uid = 1
first_valid_gid = 1
mail_fsync = never
mail_max_userip_connections = 200
auth_mechanisms = {mechanisms}
auth_username_chars =
auth_failure_delay = 0
ssl = yes
namespace inbox {{
  inbox = yes
  separator = /
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp}
  }}
  unix_listener {root}/lmtp {{
    mode = 0666
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""

SUBMISSION = """\
hostname = mail.desk.test
service submission-login {{
  inet_listener submission {{
    port = {submission}
  }}
  inet_listener submissions {{
    port = 0
  }}
}}
submission_relay_host = 127.0.0.1
submission_relay_port = {relay}
"""

DIALECT_2_3 = (
    "",
    """\
disable_plaintext_auth = no
mail_location = maildir:~/Maildir
ssl_cert = <{root}/server.pem
ssl_key = <{root}/server.pem
passdb {{
  driver = passwd-file
  args = {root}/users
}}
userdb {{
  driver = passwd-file
  args = {root}/users
}}
""",
    """\
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {root}/oauth2.conf.ext
}}
""",
)

OAUTH2_2_3 = """\
introspection_mode = post
introspection_url = {url}
tls_ca_cert_file = {root}/token-server-ca.pem
username_attribute = username
active_attribute = active
active_value = true
{scope}
timeout_msecs = 5000
"""

DIALECT_2_4 = (
    """\
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
""",
    """\
auth_allow_cleartext = yes
mail_driver = maildir
mail_path = ~/Maildir
mailbox_list_layout = maildir++
ssl_server_cert_file = {root}/server.pem
ssl_server_key_file = {root}/server.pem
passdb passwd-file {{
  passwd_file_path = {root}/users
}}
userdb passwd-file {{
  passwd_file_path = {root}/users
}}
""",
    """\
oauth2 {{
  introspection_mode = post
  introspection_url = {url}
  username_attribute = username
  active_attribute = active
  active_value = true
  force_introspection = yes
  {scope}
  ssl_client_ca_file = {root}/token-server-ca.pem
}}
""",
)
