"""A private Postfix: the company's mail server, between the world, the desk and people's mailboxes.

Owns one directory with configuration, queue and log, and the processes `postfix start` makes there.
Takes mail on a loopback port from anybody, sends it on by its transport table, to a mailbox server over LMTP, or
nowhere: it asks no DNS and knows no route out. Runs as root only, as Postfix itself does.
"""

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.servers import free_port, require

POSTFIX = "/usr/sbin/postfix"
AUTHSERV_ID = "mx.desk.test"
"""Stands in the Authentication-Results of everything that came through here."""

MAIN = """\
compatibility_level = 3.6
queue_directory = {directory}/queue
data_directory = {directory}/data
maillog_file = {directory}/log
maillog_file_prefixes = {directory}
mail_owner = postfix
setgid_group = postdrop
import_environment = MAIL_CONFIG
export_environment = PATH=/usr/bin:/bin LANG=C.UTF-8

myhostname = {name}
myorigin = desk.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = reject_unlisted_recipient
smtpd_data_restrictions = check_sender_access texthash:{directory}/etc/senders
smtpd_peername_lookup = no
smtp_dns_support_level = disabled
smtp_host_lookup = native
message_size_limit = 31457280
mailbox_size_limit = 0
recipient_delimiter = +

alias_maps =
alias_database =
local_recipient_maps =
transport_maps = texthash:{directory}/etc/transport
virtual_mailbox_domains = {domains}
virtual_mailbox_maps = texthash:{directory}/etc/recipients
virtual_alias_maps = texthash:{directory}/etc/aliases
virtual_transport = {mailboxes}
default_transport = error:5.1.2 there is no way out of this test
relay_transport = error:5.1.2 there is no way out of this test
disable_vrfy_command = yes
smtputf8_enable = yes
smtpd_milters = {milter}
milter_default_action = tempfail
# Bounces are notices from this server itself, which needs no authentication to reach the desk.
internal_mail_filter_classes =
notify_classes =

# What has to wait is tried again soon: tests wait for it.
queue_run_delay = 2s
minimal_backoff_time = 2s
maximal_backoff_time = 4s
lmtp_connect_timeout = 5s
smtp_connect_timeout = 5s
# A destination that failed is not given up for a while, or a restarted daemon would wait for it.
default_destination_concurrency_failed_cohort_limit = 1000
default_recipient_refill_delay = 1s
"""

# One process per service is plenty; none runs in a chroot, since the queue has no /etc.
MASTER = """\
127.0.0.1:{port} inet n - n - 20 smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
{pipes}"""


class Postfix:
    """A mail server at `127.0.0.1:port` for `domains`; people's mail goes to `mailboxes`, a lmtp(8) destination.

    With a `milter`, as in `inet:127.0.0.1:11332`, what it finds out stands in Authentication-Results.
    """

    def __init__(self, domains: tuple[str, ...], mailboxes: str, milter: str = "") -> None:
        require("postfix", "postfix")
        if os.geteuid() != 0:
            pytest.skip("Postfix runs as root only")
        # Its daemons give up root, so every directory above must be open to them; pytest's own are not.
        self.directory = Path(tempfile.mkdtemp(prefix="mailtickets-postfix-"))
        self.directory.chmod(0o755)
        self._etc = self.directory / "etc"
        for name in ("etc", "queue", "data"):
            (self.directory / name).mkdir()
        shutil.chown(self.directory / "data", "postfix")
        self.port = free_port()
        self._domains, self._mailboxes, self._milter = domains, mailboxes, milter
        self._pipes: dict[str, str] = {}
        self._write("transport", {})
        self._write("recipients", {})
        self._write("aliases", {})
        self.filters(*(() if milter else domains))

    # --- what goes where ---------------------------------------------------------------------------

    def knows(self, *addresses: str) -> None:
        """These addresses are people, with mailboxes; everybody else in `domains` is refused at RCPT."""
        self._write("recipients", dict.fromkeys(addresses, "here"))

    def routes(self, transports: Mapping[str, str]) -> None:
        """Address -> transport(5) destination: `smtp:[127.0.0.1]:8025`, `lmtp:unix:/var/...`, `NAME:` of a pipe."""
        self._write("transport", transports)

    def aliases(self, aliases: Mapping[str, str]) -> None:
        """Address -> address it is delivered to instead."""
        self._write("aliases", aliases)

    def pipe(self, name: str, command: str, *, user: str) -> None:
        """A transport `name:` that hands each mail to `command` on standard input, run as `user` (pipe(8))."""
        self._pipes[name] = f"{name} unix - n n - 10 pipe flags=Rq user={user} argv={command}\n"

    def filters(self, *domains: str) -> None:
        """In the place of a DMARC filter: mail of these domains is submitted by people we know."""
        verdict = f"PREPEND Authentication-Results: {AUTHSERV_ID}; dmarc=pass header.from="
        self._write("senders", {domain: verdict + domain for domain in domains})

    def _write(self, table: str, entries: Mapping[str, str]) -> None:
        """A texthash: table. Running processes read it anew only when told to (`reload`)."""
        (self._etc / table).write_text("".join(f"{key} {value}\n" for key, value in entries.items()))

    # --- life --------------------------------------------------------------------------------------

    def __enter__(self) -> "Postfix":
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        self._configure()
        self._postfix("start")

    def stop(self) -> None:
        """Stops it and waits until its port is closed; what is queued stays."""
        self._postfix("stop")
        while self.running:
            time.sleep(0.05)

    def restart(self) -> None:
        self.stop()
        self.start()

    def reload(self) -> None:
        self._configure()
        self._postfix("reload")

    def close(self) -> None:
        if self.running:
            self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def running(self) -> bool:
        """Whether this very Postfix is up (`postfix status` asks for the lock that its master holds)."""
        return self._postfix("status", check=False).returncode == 0

    def _configure(self) -> None:
        place = {"name": AUTHSERV_ID, "directory": self.directory, "port": self.port, "mailboxes": self._mailboxes}
        domains = " ".join(self._domains)
        (self._etc / "main.cf").write_text(MAIN.format(domains=domains, milter=self._milter, **place))
        (self._etc / "master.cf").write_text(MASTER.format(pipes="".join(self._pipes.values()), **place))

    def _postfix(self, command: str, *, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = self._run(POSTFIX, "-c", self._etc, command)
        if check and done.returncode:
            raise RuntimeError(f"postfix {command}: {done.stderr}\n{self.log()}")
        return done

    def _run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60, check=False)

    # --- its queue and its log ---------------------------------------------------------------------

    def queue(self) -> list[dict[str, object]]:
        """What waits: objects with `queue_name`, `sender` and `recipients` (postqueue -j)."""
        done = self._run("/usr/sbin/postqueue", "-c", self._etc, "-j")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def flush(self) -> None:
        """Tries everything that waits, now."""
        self._run("/usr/sbin/postqueue", "-c", self._etc, "-f")

    def empty(self) -> None:
        """Throws away all that waits."""
        while self.queue():
            self._run("/usr/sbin/postsuper", "-c", self._etc, "-d", "ALL")

    def log(self) -> str:
        file = self.directory / "log"
        return file.read_text(errors="replace") if file.exists() else ""
