import asyncio
import base64
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from mailtickets.edges.checks import junk
from mailtickets.edges.checks.junk import MAX_REPLY_BYTES, ScanSettings, scan
from mailtickets.mail.door import SMTP, Door
from mailtickets.mail.kind.junk import JunkVerdict
from mailtickets.mail.model import Envelope
from tests.servers.scanners import CLAMD_LIMIT, EICAR, GTUBE, Clamd, Rspamd

MAIL = b"From: maria@example.test\r\nTo: suporte@desk.test\r\nSubject: oi\r\n\r\nbom dia\r\n"
ENVELOPE = Envelope(
    SMTP,
    "maria@example.test",
    ("suporte@desk.test", "vendas@desk.test"),
    datetime(2026, 3, 2, tzinfo=UTC),
    peer="192.0.2.7",
    helo="mail.example.test",
)

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(talk: Talk, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server that speaks as `talk` does with each connection, on the port that is given."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await talk(reader, writer)
        except (OSError, EOFError):
            pass
        finally:
            writer.transport.abort()
            tasks.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class FakeRspamd:
    """Keeps what it was asked and says what it was made with."""

    def __init__(self, reply: bytes | dict[str, object], status: str = "200 OK") -> None:
        body = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
        self.reply = b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status.encode(), len(body), body)
        self.head = b""
        self.body = b""

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.head = await reader.readuntil(b"\r\n\r\n")
        fields = dict(self.fields())
        self.body = await reader.readexactly(int(fields["Content-Length"]))
        writer.write(self.reply)
        await writer.drain()

    def fields(self) -> list[tuple[str, str]]:
        lines = self.head.decode().split("\r\n")[1:-2]
        return [(name, value) for name, _, value in (line.partition(": ") for line in lines)]


class FakeClamd:
    def __init__(self, reply: bytes = b"stream: OK\0") -> None:
        self.reply = reply
        self.body = b""

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readexactly(10) == b"zINSTREAM\0"
        while length := int.from_bytes(await reader.readexactly(4)):
            self.body += await reader.readexactly(length)
        writer.write(self.reply)
        await writer.drain()


def rspamd_says(action: str, **more: object) -> FakeRspamd:
    reply = {"is_skipped": False, "score": 7.25, "required_score": 15.0, "action": action, "symbols": {}}
    return FakeRspamd(reply | more)


async def asked(server: Talk, raw: bytes = MAIL, envelope: Envelope = ENVELOPE, **settings: object) -> JunkVerdict:
    """What `scan` makes of a fake's answer."""
    async with listening(server) as port:
        address = {"clamav": f"127.0.0.1:{port}"} if isinstance(server, FakeClamd) else {}
        return await scan(raw, envelope, ScanSettings(**{"rspamd": f"http://127.0.0.1:{port}"} | address | settings))  # type: ignore[arg-type]


async def by_clamd(server: Talk, raw: bytes = MAIL, **settings: object) -> JunkVerdict:
    async with listening(server) as port:
        return await scan(raw, ENVELOPE, ScanSettings(clamav=f"127.0.0.1:{port}", **settings))  # type: ignore[arg-type]


# --- Rspamd -----------------------------------------------------------------------------------------------------------


async def test_rspamd_is_told_where_the_mail_comes_from_and_gets_all_of_it() -> None:
    rspamd = rspamd_says("no action")
    await asked(rspamd, MAIL * 5_000, rspamd_password="geheim")
    assert rspamd.head.startswith(b"POST /checkv2 HTTP/1.0\r\n")
    assert rspamd.body == MAIL * 5_000
    assert [field for field in rspamd.fields() if field[0] not in {"Host", "Content-Length"}] == [
        ("IP", "192.0.2.7"),
        ("Helo", "mail.example.test"),
        ("From", "maria@example.test"),
        ("Rcpt", "suporte@desk.test"),
        ("Rcpt", "vendas@desk.test"),
        ("Password", "geheim"),
    ]


async def test_what_is_not_known_is_left_out() -> None:
    rspamd = rspamd_says("no action")
    fetched = Envelope(Door.imap("suporte"), None, (), datetime(2026, 3, 2, tzinfo=UTC))
    await asked(rspamd, envelope=fetched)
    assert {name for name, _ in rspamd.fields()} == {"Host", "Content-Length"}


async def test_a_client_writes_no_fields_of_its_own() -> None:
    rspamd = rspamd_says("no action")
    forged = replace(ENVELOPE, helo="x\r\nPassword: guess\r\n\r\nbody", sender="ação@example.test\n\tIP: 127.0.0.1")
    await asked(rspamd, envelope=forged)
    assert dict(rspamd.fields())["Helo"] == "x Password: guess body"
    assert dict(rspamd.fields())["From"] == "ação@example.test IP: 127.0.0.1"
    assert "Password" not in dict(rspamd.fields())


async def test_a_url_may_have_a_path() -> None:
    rspamd = rspamd_says("no action")
    async with listening(rspamd) as port:
        await scan(MAIL, ENVELOPE, ScanSettings(rspamd=f"http://127.0.0.1:{port}/spam"))
    assert rspamd.head.startswith(b"POST /spam/checkv2 ")


@pytest.mark.parametrize(
    ("action", "expected", "why"),
    [
        ("no action", "clean", "rspamd-clean"),
        ("greylist", "clean", "rspamd-clean"),
        ("add header", "spam", "rspamd-add-header"),
        ("rewrite subject", "spam", "rspamd-rewrite-subject"),
        ("reject", "spam", "rspamd-reject"),
        ("discard", "spam", "rspamd-discard"),
        ("quarantine", "spam", "rspamd-quarantine"),
        ("soft reject", "unavailable", "rspamd-soft-reject"),
        ("dance", "unavailable", "rspamd-unusable-answer"),
    ],
)
async def test_rspamd_actions(action: str, expected: str, why: str) -> None:
    found = await asked(rspamd_says(action))
    assert (found.action, found.why, found.source) == (expected, why, "rspamd")
    if why.startswith("rspamd-unusable"):
        assert "dance" in found.detail
    else:
        assert found.detail == f"{action}, score 7.2 of 15.0"


async def test_a_virus_that_rspamd_found() -> None:
    found = await asked(rspamd_says("reject", symbols={"R_SPF_ALLOW": {}, "CLAM_VIRUS": {"score": 10}}))
    assert (found.action, found.why) == ("infected", "rspamd-virus")
    assert found.detail.startswith("CLAM_VIRUS: ")


@pytest.mark.parametrize(
    "body",
    [
        b"", b"null", b"[]", b"{", b'{"score": 3}', b'{"action": "reject", "score": "much"}', b"[" * 100_000,
        b'{"action": "reject", "symbols": 3}', b"\xff\xfe", b'{"error": "unauthorized"}',
    ],
)  # fmt: skip
async def test_nonsense_is_no_verdict(body: bytes) -> None:
    found = await asked(FakeRspamd(body))
    assert (found.action, found.why) == ("unavailable", "rspamd-unusable-answer")


async def test_other_statuses_are_no_verdict() -> None:
    for status in ("403 Forbidden", "500 Internal Server Error", "302 Found"):
        found = await asked(FakeRspamd({"action": "no action"}, status))
        assert (found.action, found.detail) == ("unavailable", f"HTTP status {status[:3]}")


async def test_what_is_too_large_for_rspamd_is_let_through() -> None:
    found = await asked(FakeRspamd(b"", "413 Payload Too Large"))
    assert (found.action, found.why) == ("clean", "over-rspamd-limit")


async def test_an_answer_before_the_mail_is_sent_counts() -> None:
    async def impatient(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        while await reader.read(1 << 16):  # it reads on, but has said what it has to say
            pass

    assert (await asked(impatient, MAIL * 20_000)).why == "over-rspamd-limit"


async def test_an_answer_cut_short_is_none() -> None:
    rspamd = rspamd_says("no action")
    rspamd.reply = rspamd.reply[:-1]
    assert (await asked(rspamd)).detail == "the reply was cut short"


async def test_an_answer_without_end_is_none() -> None:
    async def chatter(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b" " * (MAX_REPLY_BYTES // 4))
            await writer.drain()

    found = await asked(chatter)
    assert (found.action, found.why) == ("unavailable", "rspamd-unusable-answer")


async def test_an_answer_is_over_where_it_says_so_though_the_connection_stays() -> None:
    async def patient(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await rspamd_says("reject")(reader, writer)
        await reader.read()

    assert (await asked(patient)).action == "spam"


async def test_rspamd_over_tls() -> None:
    ca = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("localhost").configure_cert(context)
    with ca.cert_pem.tempfile() as authorities:
        async with listening(rspamd_says("reject"), tls=context) as port:
            settings = ScanSettings(rspamd=f"https://localhost:{port}", ca_file=authorities)
            assert (await scan(MAIL, ENVELOPE, settings)).action == "spam"
            untrusted = await scan(MAIL, ENVELOPE, replace(settings, ca_file=None))
            assert (untrusted.action, untrusted.why) == ("unavailable", "rspamd-unreachable")


# --- ClamAV -----------------------------------------------------------------------------------------------------------


async def test_clamd_gets_all_of_the_mail_in_chunks() -> None:
    clamd = FakeClamd()
    found = await by_clamd(clamd, MAIL * 5_000)
    assert (found.action, found.why, found.source) == ("clean", "clamav-ok", "clamav")
    assert clamd.body == MAIL * 5_000


@pytest.mark.parametrize("reply", [b"stream: Win.Test.EICAR_HDB-1 FOUND\0", b"stream: Win.Test.EICAR_HDB-1 FOUND\n"])
async def test_what_clamd_found(reply: bytes) -> None:
    found = await by_clamd(FakeClamd(reply))
    assert (found.action, found.why, found.detail) == ("infected", "clamav-found", "Win.Test.EICAR_HDB-1")


async def test_a_virus_cannot_write_a_line_of_its_own_into_a_verdict() -> None:
    found = await by_clamd(FakeClamd(b"stream: a\r\nb\x1b[2J" + b"c" * 250 + b" FOUND\0"))
    assert found.action == "infected"
    assert found.detail.isprintable()
    assert len(found.detail) <= 200


@pytest.mark.parametrize("reply", [b"", b"\0", b"UNKNOWN COMMAND\0", b"stream: lstat() failed: No such file. ERROR\0"])
async def test_an_error_of_clamd_is_no_verdict(reply: bytes) -> None:
    found = await by_clamd(FakeClamd(reply))
    assert (found.action, found.why) == ("unavailable", "clamav-unusable-answer")


async def test_clamd_that_hangs_up_on_what_is_too_large_has_said_so() -> None:
    async def strict(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(1_000)
        writer.write(b"INSTREAM size limit exceeded. ERROR\0")
        await writer.drain()
        writer.write_eof()
        while await reader.read(1 << 16):
            pass

    found = await by_clamd(strict, MAIL * 20_000)
    assert (found.action, found.why) == ("clean", "over-clamd-limit")


# --- both, neither, and trouble ---------------------------------------------------------------------------------------


async def test_nobody_is_asked_where_nobody_is_configured() -> None:
    assert not ScanSettings().scans
    assert (await scan(MAIL, ENVELOPE, ScanSettings())).why == "no-spam-mark"


@pytest.mark.parametrize(
    ("rspamd", "clamd", "expected"),
    [
        ("no action", b"stream: OK\0", ("clean", "clamav")),
        ("reject", b"stream: OK\0", ("spam", "rspamd")),
        ("reject", b"stream: X FOUND\0", ("infected", "clamav")),
        ("no action", b"stream: X FOUND\0", ("infected", "clamav")),
        ("no action", b"ERROR\0", ("unavailable", "clamav")),
        ("reject", b"ERROR\0", ("spam", "rspamd")),
        ("dance", b"stream: X FOUND\0", ("infected", "clamav")),
    ],
)
async def test_of_two_verdicts_the_worse_one_counts(rspamd: str, clamd: bytes, expected: tuple[str, str]) -> None:
    async with listening(rspamd_says(rspamd)) as http, listening(FakeClamd(clamd)) as instream:
        settings = ScanSettings(rspamd=f"http://127.0.0.1:{http}", clamav=f"127.0.0.1:{instream}")
        found = await scan(MAIL, ENVELOPE, settings)
    assert (found.action, found.source) == expected


async def test_the_scanners_are_asked_at_the_same_time() -> None:
    both = asyncio.Barrier(2)

    async def rspamd(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await both.wait()
        await rspamd_says("no action")(reader, writer)

    async def clamd(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await both.wait()
        await FakeClamd()(reader, writer)

    async with listening(rspamd) as http, listening(clamd) as instream:
        settings = ScanSettings(rspamd=f"http://127.0.0.1:{http}", clamav=f"127.0.0.1:{instream}")
        assert (await scan(MAIL, ENVELOPE, settings)).action == "clean"


async def test_mail_over_the_limit_is_shown_to_nobody() -> None:
    async def nobody(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raise AssertionError("asked")

    found = await asked(nobody, MAIL, max_scan_bytes=len(MAIL) - 1)
    assert (found.action, found.why) == ("clean", "over-max-scan-bytes")


async def test_a_scanner_that_says_nothing_is_not_waited_for() -> None:
    hung_up = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.read(1 << 16):
                pass
        finally:
            hung_up.set()

    for ask in (asked, by_clamd):
        hung_up.clear()
        found = await ask(silent, timeout_seconds=0.2)
        assert (found.action, found.why) == ("unavailable", f"{found.source}-timeout")
        await hung_up.wait()


async def test_a_scanner_that_reads_nothing_is_not_waited_for() -> None:
    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        transport = writer.transport
        assert isinstance(transport, asyncio.ReadTransport)
        transport.pause_reading()
        await asyncio.Event().wait()

    for ask in (asked, by_clamd):
        assert (await ask(deaf, b"x" * 20_000_000, timeout_seconds=0.2)).why.endswith("-timeout")


async def test_a_scanner_that_hangs_up_is_unavailable() -> None:
    async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pass

    for ask in (asked, by_clamd):
        assert (await ask(rude, MAIL * 20_000)).action == "unavailable"


async def test_a_scanner_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    async with listening(FakeClamd()) as port:
        pass
    for settings in (
        ScanSettings(rspamd=f"http://127.0.0.1:{port}"),
        ScanSettings(clamav=f"127.0.0.1:{port}"),
        ScanSettings(clamav=f"unix:{tmp_path}/sock"),
        ScanSettings(rspamd="http://nowhere.invalid:11333"),
    ):
        found = await scan(MAIL, ENVELOPE, settings)
        assert (found.action, found.why) == ("unavailable", f"{found.source}-unreachable")
        assert found.detail


async def test_a_password_is_not_shown() -> None:
    assert "geheim" not in repr(ScanSettings(rspamd_password="geheim"))


def test_nobody_waits_longer_for_a_scanner_than_a_client_does_for_us() -> None:
    assert junk.TIMEOUT_SECONDS <= 60


# --- the real ones ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rspamd() -> Iterator[Rspamd]:
    with Rspamd() as server:
        yield server


@pytest.fixture(scope="module")
def clamd() -> Iterator[Clamd]:
    with Clamd() as server:
        yield server


async def test_a_real_rspamd(rspamd: Rspamd) -> None:
    settings = ScanSettings(rspamd=rspamd.url)
    assert (await scan(MAIL, ENVELOPE, settings)).why == "rspamd-clean"
    found = await scan(MAIL + GTUBE.encode() + b"\r\n", ENVELOPE, settings)
    assert (found.action, found.why, found.detail) == ("spam", "rspamd-reject", "reject, score 15.0 of 15.0")
    found = await scan(MAIL + GTUBE.replace("XJS", "YJS").encode() + b"\r\n", ENVELOPE, settings)
    assert (found.action, found.why) == ("spam", "rspamd-add-header")


async def test_a_real_rspamd_is_told_the_envelope(rspamd: Rspamd) -> None:
    await scan(MAIL, replace(ENVELOPE, sender="someone.else@example.test"), ScanSettings(rspamd=rspamd.url))
    log = (rspamd.directory / "log").read_text()
    assert "from: <someone.else@example.test>" in log
    assert "ip: 192.0.2.7" in log


@pytest.mark.parametrize("way", ["unix", "tcp"])
async def test_a_real_clamd(clamd: Clamd, way: str) -> None:
    settings = ScanSettings(clamav=getattr(clamd, way))
    assert (await scan(MAIL, ENVELOPE, settings)).why == "clamav-ok"
    attached = (
        b'Content-Type: application/octet-stream; name="x.com"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
        + base64.encodebytes(EICAR)
    )
    found = await scan(MAIL.split(b"\r\n\r\n")[0] + b"\r\nMIME-Version: 1.0\r\n" + attached, ENVELOPE, settings)
    assert (found.action, found.why) == ("infected", "clamav-found")
    assert "Eicar-Test-Signature" in found.detail


async def test_a_real_clamd_s_own_limit(clamd: Clamd) -> None:
    found = await scan(MAIL + b"x" * 4 * CLAMD_LIMIT, ENVELOPE, ScanSettings(clamav=clamd.tcp))
    assert (found.action, found.why) == ("clean", "over-clamd-limit")
