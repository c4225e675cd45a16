"""People at their mail clients: real s-nail and mutt, which read by IMAP over TLS and send by SMTP.

    ana = SNail(Person("Ana Souza", "ana@desk.test", "her password"), dovecot, postfix.port)
    ana.send(to="suporte@desk.test", subject="Dúvida", text="Bom dia", attachments=[pdf])
    ana.reply("Já resolvemos.")                     # to the newest message of her INBOX, quoted below her words
    ana.answer(notice["Message-ID"], "Já vou.")     # to that one

Owns the client's configuration, in a directory of its own. What a reply looks like (recipients, subject, In-Reply-To,
References, quote) is the client's doing alone; these classes only type.
*Fails with* RuntimeError and all that the client said.
"""

import os
import pty
import select
import shlex
import shutil
import subprocess
import tempfile
import termios
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from tests.servers import require
from tests.servers.dovecot import Dovecot

PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Person:
    name: str
    address: str
    password: str


class _Client:
    """What every client needs: a home folder, and where the servers are."""

    def __init__(self, person: Person, dovecot: Dovecot, smtp_port: int) -> None:
        self.person = person
        self._dovecot, self._smtp_port = dovecot, smtp_port
        self.home = Path(tempfile.mkdtemp(prefix="mailclient-"))
        self._environment = {**os.environ, "HOME": str(self.home), "LC_ALL": "C.UTF-8", "TERM": "vt100"}

    def close(self) -> None:
        shutil.rmtree(self.home, ignore_errors=True)

    @property
    def _login(self) -> str:
        return f"{quote(self.person.address, safe='')}:{quote(self.person.password, safe='')}"

    @property
    def _inbox(self) -> str:
        return f"imaps://{self._login}@localhost:{self._dovecot.imaps_port}/INBOX"

    def _file(self, name: str, text: str) -> Path:
        file = self.home / name
        file.write_text(text, encoding="utf-8")
        return file


class SNail(_Client):
    """The mailx of POSIX, grown up: `reply` answers everybody, `Reply` the sender."""

    def __init__(self, person: Person, dovecot: Dovecot, smtp_port: int) -> None:
        self._program = require("s-nail", "s-nail")
        super().__init__(person, dovecot, smtp_port)
        rc = f"""\
set v15-compat mta=smtp://127.0.0.1:{smtp_port} smtp-auth=none sendwait
set from="{person.name} <{person.address}>" hostname={person.address.partition("@")[2]}
set ttycharset=utf-8 sendcharsets=utf-8 reply-to-honour
set quote indentprefix="> " tls-ca-file={dovecot.certificate}
set DEAD=/dev/null nosave
"""
        self._environment["MAILRC"] = str(self._file("mailrc", rc))

    def send(
        self, *, to: str, subject: str, text: str, attachments: Sequence[Path] = (), cc: Sequence[str] = ()
    ) -> None:
        """A new mail."""
        options = [word for path in attachments for word in ("-a", str(path))]
        options += [word for address in cc for word in ("-c", address)]
        self._run("-s", subject, *options, "-.", to, typed=text)

    def reply(self, text: str, *, number: str = "$", command: str = "reply") -> None:
        """Answers message `number` (the newest), the words above the quote; `command` may be `Reply`."""
        words = self._file("words", f"{text}\n\n")
        # ~| hands what is written so far, here the quote, to a program and takes what it gives back.
        self._run("-#", "-f", self._inbox, typed=f"{command} {number}\n~| cat {shlex.quote(str(words))} -\n~.\nexit\n")

    def answer(self, message_id: str, text: str) -> None:
        """Answers the message with this Message-ID: the list of messages is a search for it."""
        self.reply(text, number=f"""'(header message-id "{message_id.strip("<> ")}")'""")

    def _run(self, *arguments: str, typed: str) -> str:
        done = subprocess.run(
            [self._program, "-:u", *arguments], input=typed, env=self._environment, cwd=self.home,
            capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False,
        )  # fmt: skip
        if done.returncode or done.stderr.strip():
            raise RuntimeError(f"s-nail {done.returncode}:\n{done.stdout}\n{done.stderr}")
        return done.stdout


class Mutt(_Client):
    """The client of the terminal, with an editor that types above what is quoted."""

    def __init__(self, person: Person, dovecot: Dovecot, smtp_port: int) -> None:
        self._program = require("mutt", "mutt")
        super().__init__(person, dovecot, smtp_port)
        self._words = self._file("words", "")
        editor = self._file(
            "editor", f'#!/bin/sh\ncat {self._words} "$1" > "$1.new" && cat "$1.new" > "$1" && rm "$1.new"\n'
        )
        editor.chmod(0o755)
        rc = f"""\
set realname="{person.name}" from="{person.address}" use_from=yes envelope_from=yes
set hostname="{person.address.partition("@")[2]}"
set smtp_url="smtp://127.0.0.1:{smtp_port}" ssl_starttls=no ssl_force_tls=no
set ssl_ca_certificates_file="{dovecot.certificate}"
set folder="{self.home}" spoolfile="{self._inbox}" mbox_type=Maildir record="" postponed="" mail_check=0
set header_cache="" message_cachedir="" tmpdir="{self.home}"
set editor="{editor}" reply_to=yes fast_reply=yes include=yes abort_unmodified=no abort_nosubject=no autoedit=yes
set wait_key=no beep=no sleep_time=0 quit=yes delete=no move=no confirmappend=no charset=utf-8 send_charset=utf-8
set mailcap_path="{self._file("mailcap", "")}"
bind index,pager y noop
ignore *
unignore from: date subject to cc
"""
        self._rc = self._file("muttrc", rc)

    def send(self, *, to: str, subject: str, text: str, attachments: Sequence[Path] = ()) -> None:
        """A new mail."""
        attached = ["-a", *(str(path) for path in attachments), "--"] if attachments else ["--"]
        done = subprocess.run(
            [self._program, "-n", "-F", str(self._rc), "-s", subject, *attached, to],
            input=text, env=self._environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"mutt {done.returncode}:\n{done.stdout}\n{done.stderr}")

    def reply(self, text: str, *, command: str = "reply") -> None:
        """Answers the newest message, the words above the quote; `command` may be `group-reply`."""
        self._words.write_text(f"{text}\n\n", encoding="utf-8")
        keys = f"<last-entry><{command}>{_SEND}<quit>"
        self._run("-f", self._inbox, "-e", f'push "{keys}"')

    def answer(self, message_id: str, text: str) -> None:
        """Answers the message with this Message-ID."""
        self._words.write_text(f"{text}\n\n", encoding="utf-8")
        self._run("-f", self._inbox, "-e", f'push "{_search(message_id)}<reply>{_SEND}<quit>"')

    def forward(self, message_id: str, to: str, text: str = "", *, attached: bool) -> None:
        """Hands the message with this Message-ID on, as an attachment or below the words."""
        self._words.write_text(f"{text}\n\n" if text else "", encoding="utf-8")
        keys = f"{_search(message_id)}<forward-message>{to}<enter>{_SEND}<quit>"
        how = "set mime_forward=yes" if attached else "set mime_forward=no"
        self._run("-f", self._inbox, "-e", how, "-e", f'push "{keys}"')

    def _run(self, *arguments: str) -> None:
        """Runs it on a terminal of its own: without one mutt shows no mailbox."""
        words = [self._program, "-n", "-F", str(self._rc), *arguments]
        child, terminal = pty.fork()
        if child == 0:
            termios.tcsetwinsize(0, (24, 80))  # a terminal of no size is none to ncurses 6.5
            os.chdir(self.home)
            os.execve(words[0], words, self._environment)
        screen = _drain(terminal, child)
        _, status = os.waitpid(child, 0)
        os.close(terminal)
        if status:
            raise RuntimeError(f"mutt {os.waitstatus_to_exitcode(status)}:\n{screen.decode(errors='replace')}")


_SEND = "<send-message>y"
"""If a second has passed since a file was made, mutt asks whether to look at it again; else the `y` does nothing."""


def _search(message_id: str) -> str:
    """The keys that go to a message; `~i` takes a regular expression."""
    return f"<search>~i {message_id.strip('<> ')}<enter>"


def _drain(terminal: int, child: int) -> bytes:
    """All that is drawn until the program leaves; one that does not is killed."""
    screen, give_up = b"", time.monotonic() + PATIENCE_SECONDS
    while True:
        if not select.select([terminal], [], [], max(0, give_up - time.monotonic()))[0]:
            os.kill(child, 9)
        try:
            drawn = os.read(terminal, 65_536)
        except OSError:  # EIO: the other end is closed
            drawn = b""
        if not drawn:
            return screen
        screen += drawn
