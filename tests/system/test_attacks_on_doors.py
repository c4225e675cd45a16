"""A stranger at the doors of a running desk, seen from outside: what they are told, and who gets mail in the end.

The desk trusts no relay, looks everything up in the world's DNS and sends all its mail into the world. Each attempt is
a row of docs/attacks.md.
"""

import base64
import contextlib
import shutil
import smtplib
import socket
import ssl
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from itertools import count
from pathlib import Path

import pytest
import trustme

from tests.servers import free_port
from tests.servers.dkim_forger import Forger
from tests.system.desk import Desk, config, wait_for
from tests.system.town import QUEUE
from tests.system.world import World, rows, wait_until_quiet

SERIAL = count(1)
SECONDS = 60
STRONG, WEAK, WEAKER = Forger(2048), Forger(768), Forger(512)

DOORS = """\
tls_certificate = "server.pem"
tls_key = "server.pem"
trusted_relays = ["192.0.2.1"]
"""


class Target:
    """The running desk, its world, and what has come of an attempt."""

    def __init__(self, desk: Desk, world: World, authority: trustme.CA) -> None:
        self.desk, self.world, self.authority = desk, world, authority

    def connect(self) -> "Line":
        return Line(self.desk.smtp_port)

    def hand_in(self, raw: bytes, sender: str = "stranger@elsewhere.test") -> None:
        with smtplib.SMTP("127.0.0.1", self.desk.smtp_port, local_hostname="mx.elsewhere.test", timeout=60) as client:
            client.sendmail(sender, [QUEUE], raw)

    def mails(self) -> int:
        ((found,),) = rows(self.desk, "SELECT count(*) FROM inbound")
        assert isinstance(found, int)
        return found

    def after(self, act: Callable[[], object], mails: int = 1) -> list[str]:
        """Everybody who has got mail because of `act`, which brings so many mails in, no more and no less."""
        before, sent = self.mails(), len(self.world.sent())
        act()
        wait_until_quiet(self.desk, before + mails)
        assert self.mails() == before + mails
        return [mail.recipient for mail in self.world.sent()[sent:]]

    def newest(self) -> str:
        """The newest mail, as it was kept."""
        number = rows(self.desk, "SELECT max(id) FROM inbound")[0][0]
        return self.desk.command("inbound", "raw", str(number)).stdout.decode("utf-8", "replace")

    def verdict(self) -> str:
        """What was found out about the newest mail's author, as `explain` has it."""
        number = rows(self.desk, "SELECT max(id) FROM inbound")[0][0]
        assert isinstance(number, int)
        evidence = self.desk.cli("explain", number)["evidence"]
        return next(str(found["value"]) for found in evidence if found["fact"] == "authentication")


class Line:
    """A socket on which octets are said as they are."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
        self._file = self._socket.makefile("rb")
        self.reply()

    def reply(self) -> str:
        """One whole reply."""
        said = ""
        while line := self._file.readline().decode():
            said += line
            if line[3:4] == " ":
                break
        return said

    def say(self, octets: bytes) -> str:
        self._socket.sendall(octets + b"\r\n")
        return self.reply()

    def send(self, octets: bytes) -> None:
        self._socket.sendall(octets)

    def rest(self) -> bytes:
        """All that still comes until the desk hangs up."""
        return self._file.read()

    def secure(self, context: ssl.SSLContext) -> None:
        self._socket = context.wrap_socket(self._socket, server_hostname="mail.desk.test")
        self._file = self._socket.makefile("rb")

    def close(self) -> None:
        self._file.close()
        self._socket.close()


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    place = Path(tempfile.mkdtemp(prefix="desk-", dir="/tmp"))
    authority = trustme.CA()
    authority.issue_cert("mail.desk.test").private_key_and_cert_chain_pem.write_to_path(str(place / "server.pem"))
    with World() as world:
        world.dns.txt("corp.test", "v=spf1 ip4:192.0.2.9 -all")
        world.dns.txt("_dmarc.corp.test", "v=DMARC1; p=reject")
        for selector, forger in (("s1", STRONG), ("weak", WEAK), ("weaker", WEAKER)):
            world.dns.txt(f"{selector}._domainkey.corp.test", forger.record())
        world.dns.txt("s1._domainkey.evilcorp.test", STRONG.record())
        world.dns.txt("s1._domainkey.corp.test.evil.test", STRONG.record())
        world.dns.txt("sha1._domainkey.corp.test", STRONG.record())
        world.dns.txt("only-sha1._domainkey.corp.test", STRONG.record("h=sha1; "))
        world.dns.txt("tlsrpt._domainkey.corp.test", STRONG.record("s=tlsrpt; "))
        world.dns.txt("strict._domainkey.corp.test", STRONG.record("t=s; "))
        text = config(world.delivery(), f'[dns]\nservers = ["127.0.0.1:{world.dns.port}"]\n', smtp_port=free_port())
        text = text.replace('authserv_id = "mx.desk.test"\n', 'authserv_id = "mx.desk.test"\n' + DOORS)
        desk = Desk(place, text.replace('agents = "token"', 'agents = "verified"'), quick=True)
        try:
            desk.start()
            yield Target(desk, world, authority)
        finally:
            desk.close()
            sys.stdout.write(desk.log())
            shutil.rmtree(place)


def a_mail(author: str, *, words: str = "Bom dia.", above: str = "", more: str = "") -> bytes:
    number = next(SERIAL)
    return (
        f"{above}From: {author}\r\nTo: {QUEUE}\r\nSubject: Pedido {number}\r\n"
        f"Date: {format_datetime(datetime.now(UTC))}\r\nMessage-ID: <m{number}@elsewhere.test>\r\n{more}\r\n{words}\r\n"
    ).encode()


def somebody() -> str:
    """An address of corp.test that has never written: it is owed an answer, once it is known to be theirs."""
    return f"p{next(SERIAL)}@corp.test"


# --- smuggling ------------------------------------------------------------------------------------------------

ENDINGS = [
    b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r", b"\n.\r", b"\r\n\x00.\r\n", b"\r\n.\x00\r\n",
    b"\r\n. \r\n", b"\r\n..\r\n", b"\xe2\x80\xa8.\xe2\x80\xa8", b"\x85.\x85", b"\r\r\n.\r\r\n",
]  # fmt: skip


@pytest.mark.parametrize("ending", ENDINGS, ids=repr)
def test_no_other_ending_than_crlf_dot_crlf_smuggles_a_mail_in(target: Target, ending: bytes) -> None:
    author, victim = f"p{next(SERIAL)}@elsewhere.test", f"v{next(SERIAL)}@elsewhere.test"
    second = a_mail(victim, words="SMUGGLED")

    def attempt() -> None:
        line = target.connect()
        line.say(b"EHLO mx.elsewhere.test")
        line.say(b"MAIL FROM:<stranger@elsewhere.test>")
        line.say(f"RCPT TO:<{QUEUE}>".encode())
        line.say(b"DATA")
        envelope = f"MAIL FROM:<{victim}>\r\nRCPT TO:<{QUEUE}>\r\nDATA\r\n".encode()
        line.send(a_mail(author).rstrip(b"\r\n") + ending + envelope + second + b".\r\nQUIT\r\n")
        assert line.rest() == b"250 2.0.0 Ok: accepted\r\n221 2.0.0 Bye\r\n"
        line.close()

    assert victim not in target.after(attempt)
    assert "SMUGGLED" in target.newest()


def test_a_chunk_is_refused_and_its_octets_bring_no_mail(target: Target) -> None:
    """RFC 3030 is not offered: what comes in a chunk is read as commands, which is to say as the client's own."""

    def attempt() -> None:
        line = target.connect()
        assert "CHUNKING" not in line.say(b"EHLO mx.elsewhere.test")
        line.say(b"MAIL FROM:<stranger@elsewhere.test>")
        line.say(f"RCPT TO:<{QUEUE}>".encode())
        content = a_mail("stranger@elsewhere.test", words="SMUGGLED")
        line.send(f"BDAT {len(content)} LAST\r\n".encode() + content + b"QUIT\r\n")
        assert b"250 2.0.0 Ok: accepted" not in line.rest()
        line.close()

    assert target.after(attempt, mails=0) == []


def test_a_desk_to_which_no_mail_came_whole_keeps_none(target: Target) -> None:
    def attempt() -> None:
        line = target.connect()
        line.say(b"EHLO mx.elsewhere.test")
        line.say(b"MAIL FROM:<stranger@elsewhere.test>")
        line.say(f"RCPT TO:<{QUEUE}>".encode())
        line.say(b"DATA")
        line.send(a_mail("stranger@elsewhere.test") + b".\r")
        line.close()

    assert target.after(attempt, mails=0) == []


# --- the dialogue ---------------------------------------------------------------------------------------------


@pytest.fixture
def line(target: Target) -> Iterator[Line]:
    line = target.connect()
    yield line
    line.close()


def test_what_is_said_ahead_of_the_handshake_is_not_heard_after_it(target: Target, line: Line) -> None:
    context = ssl.create_default_context()
    target.authority.configure_trust(context)
    line.say(b"EHLO mx.elsewhere.test")
    assert line.say(b"STARTTLS\r\nMAIL FROM:<ana@desk.test>\r\nRCPT TO:<suporte@desk.test>").startswith("220 ")
    line.secure(context)
    assert line.say(b"DATA").startswith("503 ")
    line.say(b"EHLO mx.elsewhere.test")
    assert line.say(b"RCPT TO:<suporte@desk.test>").startswith("503 ")


def test_a_sender_named_in_clear_is_forgotten_by_the_handshake(target: Target, line: Line) -> None:
    context = ssl.create_default_context()
    target.authority.configure_trust(context)
    line.say(b"EHLO mx.elsewhere.test")
    line.say(b"MAIL FROM:<ana@desk.test>")
    said = line.say(b"STARTTLS")
    if said.startswith("220 "):
        line.secure(context)
        line.say(b"EHLO mx.elsewhere.test")
    assert line.say(b"DATA").startswith("503 ")


@pytest.mark.parametrize(
    "said", [b"XCLIENT ADDR=192.0.2.1", b"XCLIENT ADDR=192.0.2.1 LOGIN=ana", b"XFORWARD ADDR=192.0.2.1"]
)
def test_a_stranger_speaks_for_no_relay(target: Target, line: Line, said: bytes) -> None:
    assert "XCLIENT" not in line.say(b"EHLO mx.elsewhere.test")
    assert line.say(said)[:1] == "5"
    author = somebody()
    forged = a_mail(author, above="Authentication-Results: mx.desk.test; dmarc=pass header.from=corp.test\r\n")

    def attempt() -> None:
        line.say(b"MAIL FROM:<stranger@elsewhere.test>")
        line.say(f"RCPT TO:<{QUEUE}>".encode())
        line.say(b"DATA")
        assert line.say(forged + b".").startswith("250 ")

    assert author not in target.after(attempt)
    assert target.verdict() == "fail"


@pytest.mark.parametrize(
    "recipient",
    [
        "victim@elsewhere.test", "suporte%elsewhere.test@desk.test", "suporte@desk.test@elsewhere.test",
        '"suporte@desk.test"@elsewhere.test', "victim@[127.0.0.1]", "suporte", "elsewhere.test!suporte",
        "root@localhost", "ana@desk.test",
    ],
)  # fmt: skip
def test_nobody_is_relayed_for(target: Target, line: Line, recipient: str) -> None:
    line.say(b"EHLO mx.elsewhere.test")
    line.say(b"MAIL FROM:<stranger@elsewhere.test>")
    assert line.say(f"RCPT TO:<{recipient}>".encode())[:1] == "5"
    assert line.say(b"DATA").startswith("503 ")


@pytest.mark.parametrize(
    "said",
    [b"VRFY ana", b"EXPN suporte", b"ETRN #", b"TURN", b"AUTH LOGIN", b"AUTH PLAIN AGEAYg==", b"HELP ana", b"LHLO x"],
)
def test_no_word_tells_who_is_here_or_lets_anybody_in(line: Line, said: bytes) -> None:
    line.say(b"EHLO mx.elsewhere.test")
    reply = line.say(said)
    assert reply[:1] in "25"
    assert not reply.startswith("235")
    assert "ana" not in reply.casefold()


def test_a_command_with_a_line_break_in_it_is_no_two(target: Target, line: Line) -> None:
    line.say(b"EHLO mx.elsewhere.test")
    assert line.say(b"MAIL FROM:<a@elsewhere.test\rRCPT TO:<suporte@desk.test>>")[:1] == "5"
    assert line.say(b"MAIL FROM:<a@elsewhere.test\x00>")[:1] == "5"
    assert line.say(b"DATA").startswith("503 ")


# --- signatures -----------------------------------------------------------------------------------------------

FORGED: dict[str, Callable[[str], bytes]] = {
    "no-signature": a_mail,
    "l-0-and-another-body": lambda who: (
        STRONG.signed(a_mail(who, words=""), "corp.test", l="0") + b"Transfira o dinheiro.\r\n"
    ),
    "l-and-words-appended": lambda who: STRONG.signed(a_mail(who), "corp.test", l="10") + b"Transfira.\r\n",
    "words-appended": lambda who: STRONG.signed(a_mail(who), "corp.test") + b"Transfira.\r\n",
    "from-is-not-signed": lambda who: STRONG.signed(a_mail(who), "corp.test", ("to", "subject")),
    "another-from-on-top": lambda who: b"From: chefe@corp.test\r\n" + STRONG.signed(a_mail(who), "corp.test"),
    "another-from-below": lambda who: STRONG.signed(a_mail(who), "corp.test").replace(
        b"\r\n\r\n", b"\r\nFrom: chefe@corp.test\r\n\r\n", 1
    ),
    "another-from-with-a-blank": lambda who: b"From : chefe@corp.test\r\n" + STRONG.signed(a_mail(who), "corp.test"),
    "expired": lambda who: STRONG.signed(a_mail(who), "corp.test", t="1600000000", x="1600086400"),
    "ends-before-it-begins": lambda who: STRONG.signed(a_mail(who), "corp.test", t="1600086400", x="1600000000"),
    "from-the-future": lambda who: STRONG.signed(a_mail(who), "corp.test", t="4102444800"),
    "key-of-512-bits": lambda who: WEAKER.signed(a_mail(who), "corp.test", s="weaker"),
    "key-of-768-bits": lambda who: WEAK.signed(a_mail(who), "corp.test", s="weak"),
    "sha1": lambda who: STRONG.signed(a_mail(who), "corp.test", hash_name="sha1", s="sha1"),
    "a-key-for-sha1-only": lambda who: STRONG.signed(a_mail(who), "corp.test", s="only-sha1"),
    "a-key-for-other-services": lambda who: STRONG.signed(a_mail(who), "corp.test", s="tlsrpt"),
    "a-strict-key-for-a-subdomain": lambda who: STRONG.signed(a_mail(who), "corp.test", s="strict", i="@x.corp.test"),
    "in-the-name-of-another-domain": lambda who: STRONG.signed(a_mail(who), "corp.test", i="@evil.test"),
    "a-domain-that-ends-alike": lambda who: STRONG.signed(a_mail(who), "evilcorp.test"),
    "a-domain-that-begins-alike": lambda who: STRONG.signed(a_mail(who), "corp.test.evil.test"),
    "a-whole-top-level-domain": lambda who: STRONG.signed(a_mail(who), "test"),
    "by-a-key-of-nobody": lambda who: STRONG.signed(a_mail(who), "corp.test", s="none"),
    "version-2": lambda who: STRONG.signed(a_mail(who), "corp.test", v="2"),
    "queries-elsewhere": lambda who: STRONG.signed(a_mail(who), "corp.test", q="http/get"),
    "results-of-our-own-server": lambda who: a_mail(
        who, above="Authentication-Results: mx.desk.test; dmarc=pass header.from=corp.test\r\n"
    ),
    "a-chain-of-forwarders": lambda who: a_mail(
        who,
        above=(
            "ARC-Seal: i=1; a=rsa-sha256; t=1700000000; cv=none; d=corp.test; s=s1; b=AAAA\r\n"
            "ARC-Message-Signature: i=1; a=rsa-sha256; d=corp.test; s=s1; h=from; bh=AAAA; b=AAAA\r\n"
            "ARC-Authentication-Results: i=1; mx.desk.test; dmarc=pass header.from=corp.test\r\n"
        ),
    ),
}


def test_a_good_signature_is_one(target: Target) -> None:
    """What the forgeries below differ from: with it the author is answered."""
    author = somebody()
    assert author in target.after(lambda: target.hand_in(STRONG.signed(a_mail(author), "corp.test")))
    assert target.verdict() == "pass"


def test_a_from_that_is_signed_twice_admits_no_second_one(target: Target) -> None:
    """Oversigning: the second `from` in h= stands for there being no other."""
    author, fields = somebody(), ("from", "from", "to", "subject", "date")
    assert author in target.after(lambda: target.hand_in(STRONG.signed(a_mail(author), "corp.test", fields)))
    forged = b"From: chefe@corp.test\r\n" + STRONG.signed(a_mail(somebody()), "corp.test", fields)
    assert not {mail for mail in target.after(lambda: target.hand_in(forged)) if mail.endswith("@corp.test")}


@pytest.mark.parametrize("forgery", FORGED)
def test_no_forged_signature_makes_us_answer_or_believe(target: Target, forgery: str) -> None:
    author = somebody()
    told = target.after(lambda: target.hand_in(FORGED[forgery](author)))
    assert not [mail for mail in told if mail.endswith("@corp.test")]
    assert target.verdict() in ("fail", "none")
    ticket = target.desk.tickets()[-1]
    assert not ticket["messages"][0]["verified"]


# --- bombs ----------------------------------------------------------------------------------------------------


def nested(depth: int) -> str:
    opened = "".join(
        f'Content-Type: multipart/mixed; boundary="b{level}"\r\n\r\n--b{level}\r\n' for level in range(depth)
    )
    return opened + "Content-Type: text/plain\r\n\r\nfim\r\n"


def tnef(*attributes: bytes) -> str:
    return base64.encodebytes(b"\x78\x9f\x3e\x22\x01\x00" + b"".join(attributes)).decode().replace("\n", "\r\n")


def attribute(level: int, name: int, size: int, content: bytes) -> bytes:
    return bytes([level]) + name.to_bytes(4, "little") + size.to_bytes(4, "little") + content + b"\0\0"


TNEF = "Content-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\n"
BOMBS: dict[str, Callable[[], str]] = {
    "messages-in-messages": lambda: "Content-Type: message/rfc822\r\n\r\n" * 5_000 + "fim",
    "parts-in-parts": lambda: nested(5_000),
    "a-hundred-thousand-parts": lambda: (
        'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + "--b\r\n\r\nx\r\n" * 100_000
    ),
    "boundaries-that-are-prefixes": lambda: (
        'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + "--b-\r\n" * 200_000
    ),
    "a-hundred-thousand-parameters": lambda: (
        "Content-Type: text/plain;\r\n" + "".join(f" name*{number}=x;\r\n" for number in range(10_000)) + "\r\nfim"
    ),
    "a-hundred-thousand-fields": lambda: "X-Y: z\r\n" * 100_000 + "\r\nfim",
    "one-field-of-three-megabytes": lambda: "X-Y: " + "a" * 3_000_000 + "\r\n\r\nfim",
    "encoded-words-without-end": lambda: "X-Y: " + "=?utf-8?q?=41?= " * 30_000 + "\r\n\r\nfim",
    "markup-that-never-closes": lambda: "Content-Type: text/html\r\n\r\n" + "<div><" * 300_000,
    "tnef-that-claims-four-gigabytes": lambda: TNEF + tnef(attribute(2, 0x0006800F, 0xFFFFFFFF, b"x" * 64)),
    "tnef-of-a-hundred-thousand-attributes": lambda: TNEF + tnef(attribute(1, 0x00068008, 0, b"") * 100_000),
    "tnef-in-tnef": lambda: TNEF + tnef(attribute(2, 0x0006800F, 6, b"\x78\x9f\x3e\x22\x01\x00") * 2_000),
    "tnef-with-packed-text": lambda: (
        TNEF
        + tnef(
            attribute(1, 0x00069003, 32, b"\x01\0\0\0\x02\x01\x09\x10\x01\0\0\0" + b"\xff\xff\xff\x7f" + b"LZFu" * 4)
        )
    ),
    "base64-of-nothing": lambda: "Content-Transfer-Encoding: base64\r\n\r\n" + "=\r\n" * 300_000,
    "a-character-set-of-seven-bits": lambda: "Content-Type: text/plain; charset=utf-7\r\n\r\n" + "+ADw-" * 100_000,
    "escapes-between-character-sets": lambda: (
        "Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n" + "\x1b$B\x1b(B" * 100_000
    ),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_a_ticket_and_the_next_mail_is_answered(target: Target, bomb: str) -> None:
    author = somebody()
    raw = f"From: bomb@elsewhere.test\r\nTo: {QUEUE}\r\nSubject: {bomb}\r\nMIME-Version: 1.0\r\n{BOMBS[bomb]()}\r\n"

    def attempt() -> None:
        with smtplib.SMTP("127.0.0.1", target.desk.smtp_port, timeout=60) as client:
            client.sendmail("bomb@elsewhere.test", [QUEUE], raw.encode())
        target.hand_in(STRONG.signed(a_mail(author), "corp.test"))

    assert author in target.after(attempt, mails=2)
    outcomes = rows(target.desk, "SELECT outcome FROM inbound ORDER BY id DESC LIMIT 2")
    assert {outcome for (outcome,) in outcomes} <= {"opened", "unparsed"}


# --- the socket of LMTP ---------------------------------------------------------------------------------------


def test_the_socket_and_all_that_lies_beside_it_is_closed_to_others(target: Target) -> None:
    state = target.desk.state_dir
    assert state.stat().st_mode & 0o777 == 0o710
    modes = {path.name: path.lstat().st_mode & 0o777 for path in state.iterdir()}
    assert modes.pop("intake.sock") == 0o660
    assert {name: oct(mode) for name, mode in modes.items() if mode & 0o077} == {}


def test_a_user_who_is_not_of_the_group_cannot_reach_the_socket(target: Target, python_of_everybody: Path) -> None:
    import os
    import subprocess

    if os.geteuid() != 0:
        pytest.skip("only root can be somebody else")
    mail = a_mail("stranger@elsewhere.test")
    command = [python_of_everybody, "-m", "mailtickets", "-c", target.desk.config, "deliver", "--recipient", QUEUE]
    target.desk.config.chmod(0o644)
    before = target.mails()
    done = subprocess.run(
        [str(word) for word in command], input=mail, capture_output=True, check=False, cwd="/",
        user="nobody", group="nogroup", extra_groups=[],
    )  # fmt: skip
    assert done.returncode == 75
    assert target.mails() == before


def test_smtp_is_not_spoken_on_the_socket(target: Target) -> None:
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as client:
        client.settimeout(SECONDS)
        client.connect(str(target.desk.state_dir / "intake.sock"))
        client.recv(1000)
        client.sendall(b"EHLO x\r\n")
        assert client.recv(1000).startswith(b"500 ")


def test_the_desk_lives_after_all_this(target: Target) -> None:
    author = somebody()
    assert author in target.after(lambda: target.hand_in(STRONG.signed(a_mail(author), "corp.test")))
    wait_for(lambda: target.desk.process is not None and target.desk.process.poll() is None, "the daemon")
