"""The IMAP poller against a real Dovecot, and against a server that misbehaves where Dovecot will not."""

import asyncio
import imaplib
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mailtickets.config.credentials import NO_PASSWORD, Credential, password
from mailtickets.config.models import ImapIn
from mailtickets.desk.model.delivery import ImapCursor, Permanent, Transient
from mailtickets.edges.doors import imap
from mailtickets.edges.doors.imap import IN_FLIGHT, ImapPoller
from mailtickets.edges.imap.advice import refusal_hint
from mailtickets.edges.imap.answers import ConnectionLost, LoginRefused
from mailtickets.edges.imap.client import Limits, mailbox
from mailtickets.edges.imap.probe import probe
from mailtickets.mail.door import Door
from mailtickets.mail.model import Envelope
from tests.servers.dovecot import Dovecot
from tests.servers.fake_imap import ANSWERS, Answer, FakeImap, Session, fetched, refuse

WAIT_SECONDS = 120
"""Long, because the machine may be busy; nothing asserts that anything took less."""
QUICK = Limits(
    reply_seconds=10,
    first_pause_seconds=0.02,
    longest_pause_seconds=0.2,
    refused_pause_seconds=0.05,
    local_pause_seconds=0.05,
)
ANXIOUS = Limits(
    connect_seconds=1,
    reply_seconds=1,
    quiet_seconds=0.1,
    pulse_seconds=0.5,
    stalled_seconds=1.5,
    first_pause_seconds=0.02,
    longest_pause_seconds=0.05,
    refused_pause_seconds=0.05,
)
SECRET = 'se"gre\\do é'
USERS = [f"suporte{number}@desk.test" for number in range(40)]
_unused = iter(USERS)


class Recorder:
    """An inbox in memory: what is accepted twice for one account is one message, as with the gateway."""

    def __init__(self) -> None:
        self.messages: list[tuple[bytes, Envelope]] = []
        self.accepted = 0
        """Calls of `accept` that returned."""
        self.cursors: dict[tuple[str, str], ImapCursor] = {}
        self.alarms: dict[str, str] = {}
        self.cleared: list[str] = []
        self.troubles: list[Exception] = []
        """Raised by `accept`, one after the other, before it works."""
        self.before_accept: Callable[[bytes], Any] | None = None
        self.after_accept: Callable[[bytes], Any] | None = None
        self._changed = asyncio.Condition()

    async def accept(self, raw: bytes, envelope: Envelope) -> object:
        if self.before_accept:
            await self.before_accept(raw)
        if self.troubles:
            trouble = self.troubles.pop(0)
            await self._tell()
            raise trouble
        if (raw, envelope.door) not in [(known, other.door) for known, other in self.messages]:
            self.messages.append((raw, envelope))
        self.accepted += 1
        await self._tell()
        if self.after_accept:
            await self.after_accept(raw)
        return len(self.messages)

    async def imap_cursor(self, account: str, folder: str) -> ImapCursor | None:
        return self.cursors.get((account, folder))

    async def save_imap_cursor(self, cursor: ImapCursor) -> None:
        self.cursors[cursor.account, cursor.folder] = cursor
        await self._tell()

    async def alarm(self, key: str, text: str) -> None:
        self.alarms[key] = text
        await self._tell()

    async def all_clear(self, key: str) -> None:
        self.alarms.pop(key, None)
        self.cleared.append(key)
        await self._tell()

    async def until(self, what: Callable[[], object]) -> None:
        async with asyncio.timeout(WAIT_SECONDS), self._changed:
            await self._changed.wait_for(lambda: bool(what()))

    async def until_read(self, account: ImapIn, uid: int, folder: str = "INBOX") -> None:
        """Until the cursor is there, which is after the messages have been put away."""
        await self.until(lambda: (self.cursors.get((account.name, folder)) or NOWHERE).last_uid >= uid)

    async def until_connected(self, account: ImapIn) -> None:
        """Until the first round is over."""
        await self.until(lambda: f"imap-{account.name}" in self.cleared)

    def subjects(self) -> list[str]:
        return [raw.split(b"\r\n")[0].removeprefix(b"Subject: ").decode() for raw, _ in self.messages]

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()


NOWHERE = ImapCursor("", "", 0, 0, datetime.min.replace(tzinfo=UTC))


def mail(subject: str, body: str = "Bom dia.") -> bytes:
    return f"Subject: {subject}\r\nFrom: cliente@example.test\r\n\r\n{body}\r\n".encode()


@asynccontextmanager
async def running(*pollers: ImapPoller) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(poller.run()) for poller in pollers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(end, asyncio.CancelledError) for end in ended)


@pytest.fixture
def inbox() -> Recorder:
    return Recorder()


# --- Dovecot ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with Dovecot(dict.fromkeys(USERS, SECRET)) as server:
        yield server


@pytest.fixture
def user() -> str:
    """A mailbox of this test's own."""
    return next(_unused)


def account(dovecot: Dovecot, user: str, **keys: Any) -> ImapIn:
    given = {"name": user.split("@")[0], "host": "localhost", "port": dovecot.imaps_port, "username": user}
    return ImapIn(**{**given, **keys})


def poller(dovecot: Dovecot, account: ImapIn, inbox: Recorder, limits: Limits = QUICK, **keys: Any) -> ImapPoller:
    tls = ssl.create_default_context(cafile=dovecot.certificate)
    return ImapPoller(account, password(keys.pop("secret", lambda: SECRET)), inbox, limits=limits, tls=tls, **keys)


@contextmanager
def another_client(dovecot: Dovecot, user: str) -> Iterator[imaplib.IMAP4]:
    client = imaplib.IMAP4("127.0.0.1", dovecot.imap_port)
    client._encoding = "utf-8"  # type: ignore[attr-defined]  # for the password
    client.login(user, SECRET)
    client.select("INBOX")
    try:
        yield client
    finally:
        client.logout()


async def test_the_first_connect_floods_nobody_and_idle_brings_what_comes_after(
    dovecot: Dovecot, user: str, inbox: Recorder
) -> None:
    for number in range(3):
        dovecot.deliver(user, mail(f"antiga {number}"))
    suporte = account(dovecot, user, poll_seconds=3600, queue="suporte")
    async with running(poller(dovecot, suporte, inbox)):
        await inbox.until_connected(suporte)
        dovecot.deliver(user, mail("nova"))
        await inbox.until(lambda: inbox.messages)
    assert inbox.subjects() == ["nova"]


async def test_the_envelope_says_which_mailbox_when_and_which_queue(
    dovecot: Dovecot, user: str, inbox: Recorder
) -> None:
    arrived = datetime(2026, 3, 3, 10, 12, tzinfo=UTC)
    dovecot.deliver(user, mail("oi"), received_at=arrived)
    suporte = account(dovecot, user, start="all", queue="suporte")
    async with running(poller(dovecot, suporte, inbox)):
        await inbox.until(lambda: inbox.messages)
    assert inbox.messages[0] == (
        mail("oi"),
        Envelope(Door.imap(suporte.name), None, (), arrived, trusted=True, queue="suporte"),
    )


async def test_mail_that_somebody_has_read_already_is_taken_all_the_same(
    dovecot: Dovecot, user: str, inbox: Recorder
) -> None:
    suporte = account(dovecot, user, poll_seconds=1, idle=False)
    async with running(poller(dovecot, suporte, inbox)):
        await inbox.until_connected(suporte)
        dovecot.deliver(user, mail("lida"), seen=True)
        await inbox.until(lambda: inbox.messages)
    assert inbox.subjects() == ["lida"]


async def test_mails_are_fetched_while_those_before_are_made_durable_and_moved_only_then(
    dovecot: Dovecot, user: str, inbox: Recorder
) -> None:
    for number in range(IN_FLIGHT + 5):
        dovecot.deliver(user, mail(f"mail {number}"))
    waiting, durable = 0, asyncio.Event()

    async def become_durable(_: bytes) -> None:
        nonlocal waiting
        waiting += 1
        await inbox._tell()
        await durable.wait()
        waiting -= 1

    inbox.before_accept = become_durable
    suporte = account(dovecot, user, start="all")
    async with running(poller(dovecot, suporte, inbox)):
        await inbox.until(lambda: waiting > IN_FLIGHT)
        assert (waiting, inbox.accepted) == (IN_FLIGHT + 1, 0)
        assert len(dovecot.messages(user)) == IN_FLIGHT + 5
        durable.set()
        await inbox.until_read(suporte, IN_FLIGHT + 5)
    assert inbox.subjects() == [f"mail {number}" for number in range(IN_FLIGHT + 5)]
    assert dovecot.messages(user) == []


async def test_taken_mail_is_moved_to_a_folder_that_is_made_when_missing(
    dovecot: Dovecot, user: str, inbox: Recorder
) -> None:
    dovecot.deliver(user, mail("um"))
    suporte = account(dovecot, user, start="all", processed_folder='Já "lidos" & prontos')
    async with running(poller(dovecot, suporte, inbox)):
        await inbox.until_read(suporte, 1)
    assert dovecot.messages(user) == []
    assert dovecot.messages(user, 'Já "lidos" & prontos') == [mail("um")]


@pytest.mark.parametrize(("after", "flags"), [("seen", "S"), ("keep", "")])
async def test_taken_mail_stays_when_it_is_only_to_be_flagged_or_kept(
    dovecot: Dovecot, user: str, inbox: Recorder, after: str, flags: str
) -> None:
    dovecot.deliver(user, mail("um"))
    suporte = account(dovecot, user, start="all", after=after)
    async with running(poller(dovecot, suporte, inbox)):
        await inbox.until_read(suporte, 1)
    (file,) = dovecot.files(user)
    assert file.name.rpartition(":2,")[2] == flags
    assert inbox.accepted == 1


async def test_mail_too_large_goes_to_the_failed_folder_and_the_rest_goes_on(
    dovecot: Dovecot, user: str, inbox: Recorder
) -> None:
    huge = mail("enorme", "x" * 100_000)
    for raw in (mail("antes"), huge, mail("depois")):
        dovecot.deliver(user, raw)
    suporte = account(dovecot, user, start="all")
    async with running(poller(dovecot, suporte, inbox, replace(QUICK, max_message_bytes=50_000))):
        await inbox.until_read(suporte, 3)
    assert inbox.subjects() == ["antes", "depois"]
    assert dovecot.messages(user, "Falhas") == [huge]
    (text,) = (text for key, text in inbox.alarms.items() if key.endswith("-2"))
    assert "UID 2 in INBOX became no ticket: it has 100" in text


async def test_mail_that_the_inbox_will_never_take_goes_to_the_failed_folder(
    dovecot: Dovecot, user: str, inbox: Recorder
) -> None:
    inbox.troubles.append(Permanent("no queue of ours"))
    dovecot.deliver(user, mail("um"))
    suporte = account(dovecot, user, start="all")
    async with running(poller(dovecot, suporte, inbox)):
        await inbox.until_read(suporte, 1)
    assert dovecot.messages(user, "Falhas") == [mail("um")]
    assert "no queue of ours" in " ".join(inbox.alarms.values())


async def test_trouble_on_our_side_leaves_the_mail_where_it_is_and_tries_again(
    dovecot: Dovecot, user: str, inbox: Recorder
) -> None:
    waiting: list[int] = []

    async def look(raw: bytes) -> None:
        waiting.append(len(dovecot.messages(user)))

    inbox.before_accept = look
    inbox.troubles += [Transient("database is locked"), RuntimeError("never thought of"), Transient("disk is full")] * 2
    dovecot.deliver(user, mail("um"))
    suporte = account(dovecot, user, start="all")
    async with running(poller(dovecot, suporte, inbox)):
        await inbox.until_read(suporte, 1)
    assert waiting == [1] * 7
    assert dovecot.messages(user, "Processados") == [mail("um")]
    assert dovecot.messages(user, "Falhas") == []


async def test_a_crash_between_taking_and_moving_is_made_good_by_the_next_round(
    dovecot: Dovecot, user: str, inbox: Recorder
) -> None:
    async def never_returns(raw: bytes) -> None:
        await asyncio.Event().wait()

    dovecot.deliver(user, mail("um"))
    suporte = account(dovecot, user, start="all")
    inbox.after_accept = never_returns
    async with running(poller(dovecot, suporte, inbox)):
        await inbox.until(lambda: inbox.messages)
    assert dovecot.messages(user) == [mail("um")]

    inbox.after_accept = None
    async with running(poller(dovecot, suporte, inbox)):
        await inbox.until_read(suporte, 1)
    assert dovecot.messages(user) == []
    assert inbox.subjects() == ["um"]
    assert inbox.accepted == 2


async def test_a_wrong_password_is_told_and_the_other_account_goes_on(
    dovecot: Dovecot, user: str, inbox: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    locked_out = account(dovecot, user, start="all")
    other = next(_unused)
    vendas = account(dovecot, other, start="all")
    dovecot.deliver(user, mail("um"))
    secret = "wrong-1234"
    first = poller(dovecot, locked_out, inbox, replace(QUICK, stalled_seconds=2), secret=lambda: secret)
    async with running(first, poller(dovecot, vendas, inbox)):
        await inbox.until(lambda: f"imap-{locked_out.name}" in inbox.alarms)
        refused = first.health
        assert "AUTHENTICATIONFAILED" in first.health.last_error
        dovecot.deliver(other, mail("venda"))
        await inbox.until(lambda: inbox.messages)
        secret = SECRET
        await inbox.until(lambda: len(inbox.messages) == 2)
        await inbox.until(lambda: f"imap-{locked_out.name}" not in inbox.alarms)
    assert inbox.subjects() == ["venda", "um"]
    assert (refused.state, first.health.state) == ("refused", "up")
    refusals = [record.getMessage() for record in caplog.records if "imap-refused" in record.getMessage()]
    assert any(f"account={locked_out.name}" in line and "AUTHENTICATIONFAILED" in line for line in refusals)
    assert "wrong-1234" not in caplog.text
    assert SECRET not in caplog.text


async def test_a_poller_that_is_woken_does_not_wait_for_the_end_of_its_pause(
    dovecot: Dovecot, user: str, inbox: Recorder
) -> None:
    secret = ["wrong-1234"]
    dovecot.deliver(user, mail("um"))
    for_hours = replace(QUICK, refused_pause_seconds=9_000, longest_pause_seconds=9_000)
    only = poller(dovecot, account(dovecot, user, start="all"), inbox, for_hours, secret=lambda: secret[-1])
    async with running(only):
        async with asyncio.timeout(60):
            while only.health.state != "refused":  # noqa: ASYNC110 - health has no event
                await asyncio.sleep(0.02)
        secret.append(SECRET)
        only.wake()
        await inbox.until(lambda: inbox.messages)


async def test_a_password_file_that_cannot_be_read_is_told_like_a_refusal(
    dovecot: Dovecot, user: str, inbox: Recorder
) -> None:
    def missing() -> str:
        raise FileNotFoundError(2, "No such file or directory", "imap-password")

    lost = poller(dovecot, account(dovecot, user), inbox, ANXIOUS, secret=missing)
    async with running(lost):
        await inbox.until(lambda: inbox.alarms)
    assert lost.health.state == "refused"
    assert "imap-password" in lost.health.last_error


async def test_a_secret_that_has_to_be_fetched_first_is_waited_for(dovecot: Dovecot, user: str) -> None:
    async def fetched() -> str:
        await asyncio.sleep(0)
        return SECRET

    tls = ssl.create_default_context(cafile=dovecot.certificate)
    lines = await probed(account(dovecot, user), Credential("password", fetched), tls=tls)
    assert lines[0] == (True, f"{user} logs in at localhost:{dovecot.imaps_port}")


async def test_a_restart_of_the_server_during_idle_loses_and_doubles_nothing(
    dovecot: Dovecot, user: str, inbox: Recorder
) -> None:
    suporte = account(dovecot, user, poll_seconds=3600)
    async with running(poller(dovecot, suporte, inbox)):
        await inbox.until_connected(suporte)
        dovecot.deliver(user, mail("antes"))
        await inbox.until_read(suporte, 1)
        await asyncio.to_thread(dovecot.stop)
        dovecot.deliver(user, mail("enquanto"))
        await asyncio.to_thread(dovecot.start)
        await inbox.until_read(suporte, 2)
        dovecot.deliver(user, mail("depois"))
        await inbox.until_read(suporte, 3)
    assert inbox.subjects() == ["antes", "enquanto", "depois"]
    assert inbox.accepted == 3


async def test_a_server_that_goes_silent_is_found_told_and_read_again_when_it_wakes(
    dovecot: Dovecot, user: str, inbox: Recorder
) -> None:
    suporte = account(dovecot, user, poll_seconds=3600)
    key = f"imap-{suporte.name}"
    async with running(poller(dovecot, suporte, inbox, ANXIOUS)):
        await inbox.until_connected(suporte)
        dovecot.freeze()
        try:
            await inbox.until(lambda: key in inbox.alarms)
        finally:
            dovecot.thaw()
        await inbox.until(lambda: key not in inbox.alarms)
        dovecot.deliver(user, mail("nova"))
        await inbox.until(lambda: inbox.messages)


@pytest.mark.parametrize("after", ["keep", "move"])
async def test_a_change_of_uidvalidity_doubles_nothing_and_takes_only_what_is_new(
    dovecot: Dovecot, user: str, inbox: Recorder, after: str
) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=30)
    for number in range(3):
        dovecot.deliver(user, mail(f"antiga {number}"), received_at=long_ago)
    suporte = account(dovecot, user, after=after, poll_seconds=3600)
    async with running(poller(dovecot, suporte, inbox)):
        await inbox.until_connected(suporte)
        dovecot.deliver(user, mail("nova"))
        await inbox.until_read(suporte, 4)
        before = inbox.cursors[suporte.name, "INBOX"]
        await asyncio.to_thread(dovecot.stop)
        dovecot.forget_uids(user)
        dovecot.deliver(user, mail("mais nova"))
        await asyncio.to_thread(dovecot.start)
        await inbox.until(lambda: inbox.cursors[suporte.name, "INBOX"].uidvalidity != before.uidvalidity)
        await inbox.until(lambda: len(inbox.messages) == 2)
        await inbox.until_read(suporte, 5 if after == "keep" else 4)
    assert inbox.subjects() == ["nova", "mais nova"]


async def test_a_crash_while_all_is_looked_at_again_floods_nobody(dovecot: Dovecot, user: str, inbox: Recorder) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=30)
    for number in range(60):  # more than a window
        dovecot.deliver(user, mail(f"antiga {number}"), received_at=long_ago)
    suporte = account(dovecot, user, after="keep")
    async with running(poller(dovecot, suporte, inbox)):
        await inbox.until_connected(suporte)
    cursor = inbox.cursors[suporte.name, "INBOX"]
    inbox.cursors[suporte.name, "INBOX"] = replace(cursor, uidvalidity=cursor.uidvalidity + 1)
    dovecot.deliver(user, mail("nova"))

    at_the_new_one = asyncio.Event()

    async def crash(raw: bytes) -> None:
        at_the_new_one.set()
        await asyncio.Event().wait()

    inbox.before_accept = crash
    async with running(poller(dovecot, suporte, inbox)):
        await asyncio.wait_for(at_the_new_one.wait(), WAIT_SECONDS)
    inbox.before_accept = None
    async with running(poller(dovecot, suporte, inbox)):
        await inbox.until_read(suporte, 61)
        await inbox.until(lambda: inbox.cursors[suporte.name, "INBOX"].uidvalidity == cursor.uidvalidity)
    assert inbox.subjects() == ["nova"]


async def test_mail_of_a_server_whose_clock_is_slow_is_taken_after_a_restart(
    dovecot: Dovecot, user: str, inbox: Recorder
) -> None:
    suporte = account(dovecot, user)
    async with running(poller(dovecot, suporte, inbox, now=lambda: datetime.now(UTC) + timedelta(hours=1))):
        await inbox.until_connected(suporte)
    dovecot.deliver(user, mail("nova"))
    async with running(poller(dovecot, suporte, inbox)):
        await inbox.until(lambda: inbox.messages)


async def test_old_mail_that_somebody_puts_into_the_folder_is_taken(
    dovecot: Dovecot, user: str, inbox: Recorder
) -> None:
    suporte = account(dovecot, user, poll_seconds=3600)
    async with running(poller(dovecot, suporte, inbox)):
        await inbox.until_connected(suporte)
        dovecot.deliver(user, mail("arrastada"), received_at=datetime.now(UTC) - timedelta(days=90))
        await inbox.until(lambda: inbox.messages)


async def test_mail_that_another_client_expunges_under_us_is_skipped(
    dovecot: Dovecot, user: str, inbox: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap, "IN_FLIGHT", 0)  # the next one is fetched after what is done while one is accepted
    for subject in ("um", "dois", "três"):
        dovecot.deliver(user, mail(subject))

    def expunge_second() -> None:
        with another_client(dovecot, user) as other:
            other.uid("STORE", "2", "+FLAGS", r"(\Deleted)")
            other.expunge()

    async def under_us(raw: bytes) -> None:
        if raw == mail("um"):
            await asyncio.to_thread(expunge_second)

    inbox.before_accept = under_us
    suporte = account(dovecot, user, start="all")
    async with running(poller(dovecot, suporte, inbox)):
        await inbox.until_read(suporte, 3)
    assert inbox.subjects() == ["um", "três"]
    assert inbox.alarms == {}


async def test_five_thousand_messages_are_taken(dovecot: Dovecot, user: str, inbox: Recorder) -> None:
    for number in range(5_000):
        dovecot.deliver(user, mail(f"m{number}"))
    taken: set[bytes] = set()

    async def note(raw: bytes) -> None:
        taken.add(raw)
        inbox.messages.clear()  # the recorder compares each with all others

    inbox.after_accept = note
    suporte = account(dovecot, user, start="all")
    async with running(poller(dovecot, suporte, inbox)):
        await inbox.until_read(suporte, 5_000)
    assert len(taken) == inbox.accepted == 5_000
    assert dovecot.files(user) == []
    assert len(dovecot.files(user, "Processados")) == 5_000


async def test_several_folders_are_read_whatever_their_names(dovecot: Dovecot, user: str, inbox: Recorder) -> None:
    folders = ("INBOX", "Lixo Eletrônico", "Lista/Fórum & avisos")
    for folder in folders:
        dovecot.deliver(user, mail(f"em {folder}"), folder)
    suporte = account(dovecot, user, start="all", folders=folders, poll_seconds=1)
    async with running(poller(dovecot, suporte, inbox)):
        await inbox.until(lambda: len(inbox.messages) == 3)
        dovecot.deliver(user, mail("mais lixo"), "Lixo Eletrônico")
        await inbox.until_read(suporte, 2, "Lixo Eletrônico")
    assert set(inbox.subjects()) == {*(f"em {folder}" for folder in folders), "mais lixo"}
    assert len(dovecot.messages(user, "Processados")) == 4


async def test_a_folder_that_is_not_there_is_told_and_the_others_are_read(
    dovecot: Dovecot, user: str, inbox: Recorder
) -> None:
    dovecot.deliver(user, mail("um"))
    suporte = account(dovecot, user, start="all", folders=("INBOX", "Spam"), poll_seconds=1)
    reader = poller(dovecot, suporte, inbox)
    async with running(reader):
        await inbox.until(lambda: inbox.messages)
        await inbox.until_connected(suporte)
        assert "Spam" in inbox.alarms[f"imap-{suporte.name}-Spam"]
        assert "Spam" in reader.health.last_error
        dovecot.make_folder(user, "Spam")
        await inbox.until(lambda: f"imap-{suporte.name}-Spam" not in inbox.alarms)


async def test_a_folder_that_takes_no_mail_is_told_and_nothing_is_taken_twice(
    dovecot: Dovecot, user: str, inbox: Recorder
) -> None:
    for subject in ("um", "dois"):
        dovecot.deliver(user, mail(subject))
    dovecot.make_folder(user, "Processados")
    for part in (dovecot.maildir(user, "Processados"), *dovecot.maildir(user, "Processados").iterdir()):
        part.chmod(0o555 if part.is_dir() else 0o444)
    suporte = account(dovecot, user, start="all")
    async with running(poller(dovecot, suporte, inbox)):
        await inbox.until_connected(suporte)
        dovecot.deliver(user, mail("três"))
        await inbox.until_read(suporte, 3)
    assert inbox.accepted == 3
    assert len(dovecot.messages(user)) == 3
    assert "cannot be moved" in inbox.alarms[f"imap-{suporte.name}-move"]


async def probed(*args: Any, **keys: Any) -> list[tuple[bool, str]]:
    """Whether each line is ok, and its text. What is not ok says what to do."""
    lines = await probe(*args, **keys)
    assert [line for line in lines if line.verdict != "ok" and not line.next] == []
    return [(line.verdict == "ok", line.text) for line in lines]


async def test_probe_says_what_is_right_and_makes_the_folders_that_are_missing(dovecot: Dovecot, user: str) -> None:
    tls = ssl.create_default_context(cafile=dovecot.certificate)
    lines = await probed(account(dovecot, user), password(lambda: SECRET), tls=tls)
    assert [words for right, words in lines if not right] == []
    text = "\n".join(words for _, words in lines)
    assert "moved by MOVE" in text
    assert "has IDLE" in text
    assert "folder INBOX holds 0 messages" in text
    assert "folder Processados was missing and is there now" in text
    assert dovecot.maildir(user, "Processados").is_dir()
    assert dovecot.maildir(user, "Falhas").is_dir()


async def test_probe_says_what_is_wrong(dovecot: Dovecot, user: str) -> None:
    tls = ssl.create_default_context(cafile=dovecot.certificate)
    refused = await probed(account(dovecot, user), password(lambda: "wrong-1234"), tls=tls)
    assert refused == [(False, "login refused: [AUTHENTICATIONFAILED] Authentication failed.")]
    ((right, words),) = await probed(account(dovecot, user), password(lambda: SECRET))
    assert (right, "certificate not accepted" in words) == (False, True)
    lines = await probed(account(dovecot, user, folders=("Spam",)), password(lambda: SECRET), tls=tls)
    assert (False, True) in [(right, words.startswith("folder Spam cannot be read")) for right, words in lines]
    ((right, words),) = await probed(
        account(dovecot, user, host="127.0.0.1", port=1), password(lambda: SECRET), tls=tls
    )
    assert (right, words) == (False, "127.0.0.1:1: Connection refused")


# --- a server that misbehaves -------------------------------------------------------------------------


@pytest.fixture
async def fake() -> AsyncIterator[FakeImap]:
    async with FakeImap() as server:
        yield server


def faulty(fake: FakeImap, **keys: Any) -> ImapIn:
    given = {"name": "suporte", "host": "127.0.0.1", "port": fake.port, "tls": "none", "username": "u", "start": "all"}
    return ImapIn(**{**given, **keys})


def reader(account: ImapIn, inbox: Recorder, limits: Limits = QUICK) -> ImapPoller:
    return ImapPoller(account, password(lambda: SECRET), inbox, limits=limits)


async def test_user_and_password_are_quoted(fake: FakeImap, inbox: Recorder) -> None:
    async with running(reader(faulty(fake, username='do"mínio\\u'), inbox)):
        await fake.until(lambda: fake.idling)
    assert ("LOGIN", r'"do\"mínio\\u" "se\"gre\\do é"') in fake.heard_commands


async def test_a_bye_during_idle_is_followed_by_a_new_connection(fake: FakeImap, inbox: Recorder) -> None:
    suporte = faulty(fake, poll_seconds=3600)
    async with running(reader(suporte, inbox)):
        await fake.until(lambda: fake.idling)
        (session,) = fake.idling
        session.send("* BYE back soon")
        session.hang_up()
        await fake.until(lambda: fake.connections == 2 and fake.idling)
        fake.arrive(mail("nova"))
        await inbox.until_read(suporte, 1)
    assert inbox.subjects() == ["nova"]


async def nothing(session: Session, tag: str, arguments: str) -> None:
    """The server has gone silent."""


@pytest.mark.parametrize("verb", ["LOGIN", "CAPABILITY", "SELECT", "UID SEARCH", "UID FETCH"])
async def test_a_server_that_goes_silent_before_mail_is_read_is_left_and_told(
    fake: FakeImap, inbox: Recorder, verb: str
) -> None:
    fake.on[verb] = nothing
    fake.add(mail("um"))
    async with running(reader(faulty(fake), inbox, ANXIOUS)):
        await inbox.until(lambda: "answer" in inbox.alarms.get("imap-suporte", ""))
        await fake.until(lambda: fake.connections > 1)


@pytest.mark.parametrize("verb", ["IDLE", "NOOP"])
async def test_a_server_that_goes_silent_while_we_wait_is_left(fake: FakeImap, inbox: Recorder, verb: str) -> None:
    fake.on[verb] = nothing
    suporte = faulty(fake, poll_seconds=3600, idle=verb == "IDLE")
    async with running(reader(suporte, inbox, ANXIOUS)):
        await fake.until(lambda: fake.connections > 1)


async def test_an_account_that_is_only_quiet_is_not_told(fake: FakeImap, inbox: Recorder) -> None:
    # The machine may be busy: three seconds without a turn of the event loop would look like a stalled account.
    limits = replace(ANXIOUS, stalled_seconds=3, reply_seconds=20, pulse_seconds=20)
    async with running(reader(faulty(fake, poll_seconds=3600), inbox, limits)):
        await fake.until(lambda: fake.count("IDLE") > 60)
    assert inbox.alarms == {}
    assert fake.count("SELECT") == 1


@pytest.mark.parametrize("connected", [True, False])
async def test_cancelling_closes_the_connection(fake: FakeImap, inbox: Recorder, connected: bool) -> None:
    async with running(reader(faulty(fake), inbox)):
        await fake.until(lambda: bool(fake.idling) if connected else fake.connections == 1)
    await fake.until(lambda: not fake.sessions)


async def test_fifteen_hundred_lines_in_one_packet_are_read(fake: FakeImap, inbox: Recorder) -> None:
    async def burst(session: Session, tag: str, arguments: str) -> None:
        noise = [f"* {number} FETCH (FLAGS (\\Seen))" for number in range(1, 1501)]
        noise += [f"* {number} EXISTS" for number in range(1, 1501)]
        session.send(*noise, *fetched(session, arguments), *noise, f"{tag} OK done")

    fake.on["UID FETCH"] = burst
    fake.add(mail("um"))
    suporte = faulty(fake, poll_seconds=3600)
    async with running(reader(suporte, inbox)):
        await fake.until(lambda: fake.idling)
        (session,) = fake.idling
        fake.add(mail("dois"))
        session.send(*(f"* {number} EXPUNGE" for number in range(1500, 0, -1)), "* 1 EXISTS")
        await inbox.until_read(suporte, 3)
    assert inbox.subjects() == ["um", "dois"]
    assert fake.connections == 1


async def test_an_answer_cut_anywhere_is_put_together(fake: FakeImap, inbox: Recorder) -> None:
    async def octet_by_octet(session: Session, tag: str, arguments: str) -> None:
        for octet in b"\r\n".join([*fetched(session, arguments), f"{tag} OK done\r\n".encode()]):
            session.send_raw(bytes([octet]))
            await asyncio.sleep(0)

    fake.on["UID FETCH"] = octet_by_octet
    fake.add(mail("um"), mail("dois"))
    suporte = faulty(fake)
    async with running(reader(suporte, inbox)):
        await inbox.until_read(suporte, 2)
    assert [raw for raw, _ in inbox.messages] == [mail("um"), mail("dois")]


async def test_without_move_a_message_is_copied_and_it_alone_expunged(inbox: Recorder) -> None:
    async with FakeImap("IMAP4rev1 IDLE UIDPLUS") as fake:
        (somebodys_own,) = fake.add(mail("antiga"))
        somebodys_own.flags.add(r"\Deleted")  # a plain EXPUNGE would take it along
        suporte = faulty(fake, start="new", poll_seconds=3600)
        async with running(reader(suporte, inbox)):
            await fake.until(lambda: fake.idling)
            fake.arrive(mail("nova"))
            await inbox.until_read(suporte, 2)
        assert fake.folders["INBOX"] == [somebodys_own]
        assert [mail.raw for mail in fake.folders["Processados"]] == [mail("nova")]


async def test_without_move_and_uidplus_mail_is_flagged_and_that_is_said_once(
    inbox: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    async with FakeImap("IMAP4rev1 IDLE") as fake:
        mails = fake.add(mail("um"), mail("dois"))
        suporte = faulty(fake)
        async with running(reader(suporte, inbox)):
            await inbox.until_read(suporte, 2)
        assert [sorted(mail.flags) for mail in mails] == [[r"\Seen"], [r"\Seen"]]
        lines = await probed(suporte, password(lambda: SECRET))
    assert [record.getMessage() for record in caplog.records].count(
        'imap-no-move account=suporte: the server has neither MOVE nor UIDPLUS, so after = "move" becomes "seen"'
    ) == 1
    assert (False, 'the server has neither MOVE nor UIDPLUS, so after = "move" becomes "seen"') in lines


async def test_a_move_that_is_denied_is_told_and_taken_back_when_it_works_again(
    fake: FakeImap, inbox: Recorder
) -> None:
    fake.on["UID MOVE"] = refuse("[NOPERM] Permission denied")
    fake.add(mail("um"), mail("dois"))
    suporte = faulty(fake, poll_seconds=3600)
    async with running(reader(suporte, inbox)):
        await fake.until(lambda: fake.idling)
        assert "[NOPERM] Permission denied" in inbox.alarms["imap-suporte-move"]
        assert inbox.accepted == 2
        del fake.on["UID MOVE"]
        fake.arrive(mail("três"))
        await inbox.until_read(suporte, 3)
    assert inbox.alarms == {}
    assert inbox.accepted == 3
    assert [mail.uid for mail in fake.folders["INBOX"]] == [1, 2]


async def test_a_connection_that_breaks_at_every_move_takes_nothing_twice_and_goes_on(
    fake: FakeImap, inbox: Recorder
) -> None:
    fake.on["UID MOVE"] = hang_up
    fake.add(mail("um"), mail("dois"))
    suporte = faulty(fake)
    async with running(reader(suporte, inbox)):
        await inbox.until_read(suporte, 2)
    assert inbox.accepted == 2
    assert "imap-suporte-move" in inbox.alarms


def in_place_of_body(uid: int, answer: Answer) -> Answer:
    """The fake's ordinary FETCH, but for this message's body."""

    async def fetch(session: Session, tag: str, arguments: str) -> None:
        asked = "BODY" in arguments and arguments.startswith(f"{uid} ")
        await (answer if asked else ANSWERS["UID FETCH"])(session, tag, arguments)

    return fetch


async def test_ok_without_data_is_a_message_that_is_gone(fake: FakeImap, inbox: Recorder) -> None:
    async def gone(session: Session, tag: str, arguments: str) -> None:
        session.folder.remove(session.chosen("2")[0])
        session.send(f"{tag} OK [EXPUNGEISSUED] done")

    fake.on["UID FETCH"] = in_place_of_body(2, gone)
    fake.add(mail("um"), mail("dois"), mail("três"))
    suporte = faulty(fake, after="keep")
    async with running(reader(suporte, inbox)):
        await inbox.until_read(suporte, 3)
    assert inbox.subjects() == ["um", "três"]
    assert inbox.alarms == {}
    assert fake.connections == 1


async def ok_without_data(session: Session, tag: str, arguments: str) -> None:
    session.send(f"{tag} OK done")


async def flags_of_another(session: Session, tag: str, arguments: str) -> None:
    session.send(r"* 1 FETCH (UID 1 FLAGS (\Seen))", f"{tag} OK done")


async def body_nil(session: Session, tag: str, arguments: str) -> None:
    session.send("* 2 FETCH (UID 2 BODY[] NIL)", f"{tag} OK done")


async def hang_up(session: Session, tag: str, arguments: str) -> None:
    session.hang_up()


async def hang_up_in_the_middle(session: Session, tag: str, arguments: str) -> None:
    session.send("* 2 FETCH (UID 2 BODY[] {1000}")
    session.hang_up()


async def larger_than_allowed(session: Session, tag: str, arguments: str) -> None:
    session.send("* 2 FETCH (UID 2 BODY[] {50000001}")


async def endless_line(session: Session, tag: str, arguments: str) -> None:
    session.send_raw(b"* " + b"x" * 2_000_000)


async def of_no_known_form(session: Session, tag: str, arguments: str) -> None:
    session.send("A99999 OK what was asked under another tag")


BROKEN = [
    ok_without_data,
    flags_of_another,
    body_nil,
    hang_up,
    hang_up_in_the_middle,
    larger_than_allowed,
    endless_line,
    of_no_known_form,
    refuse("[SERVERBUG] Internal error"),
]


@pytest.mark.parametrize("broken", BROKEN)
async def test_a_message_that_cannot_be_fetched_goes_to_the_failed_folder_and_the_rest_goes_on(
    fake: FakeImap, inbox: Recorder, broken: Answer
) -> None:
    fake.on["UID FETCH"] = in_place_of_body(2, broken)
    fake.add(mail("um"), mail("dois"), mail("três"))
    suporte = faulty(fake)
    async with running(reader(suporte, inbox)):
        await inbox.until_read(suporte, 3)
    assert inbox.subjects() == ["um", "três"]
    assert inbox.accepted == 2
    assert [mail.raw for mail in fake.folders["Falhas"]] == [mail("dois")]
    assert "UID 2 in INBOX became no ticket: it cannot be fetched" in inbox.alarms["imap-suporte-INBOX-7-2"]


async def test_a_server_that_is_unavailable_for_a_while_makes_no_message_a_failed_one(
    fake: FakeImap, inbox: Recorder
) -> None:
    fake.on["UID FETCH"] = in_place_of_body(1, refuse("[UNAVAILABLE] Try again later"))
    fake.add(mail("um"))
    suporte = faulty(fake)
    async with running(reader(suporte, inbox)):
        await fake.until(lambda: fake.connections == 6)
        del fake.on["UID FETCH"]
        await inbox.until_read(suporte, 1)
    assert inbox.subjects() == ["um"]
    assert "Falhas" not in fake.folders


@pytest.mark.parametrize("move", [refuse("[OVERQUOTA] Quota exceeded"), hang_up])
async def test_a_failed_folder_that_takes_nothing_does_not_hold_up_the_rest(
    fake: FakeImap, inbox: Recorder, move: Answer
) -> None:
    fake.on["UID FETCH"] = in_place_of_body(1, body_nil)
    fake.on["UID MOVE"] = move
    fake.add(mail("um"), mail("dois"))
    suporte = faulty(fake)
    async with running(reader(suporte, inbox)):
        await inbox.until_read(suporte, 2)
    assert inbox.subjects() == ["dois"]
    assert len(fake.folders["INBOX"]) == 2
    assert {"imap-suporte-INBOX-7-1", "imap-suporte-move"} <= set(inbox.alarms)


async def test_short_bodies_may_come_as_quoted_strings(fake: FakeImap, inbox: Recorder) -> None:
    async def quoted(session: Session, tag: str, arguments: str) -> None:
        session.send(r'* 1 FETCH (BODY[] "Subject: :-( \"oi\" \\o/" UID 1)', f"{tag} OK done")

    fake.on["UID FETCH"] = in_place_of_body(1, quoted)
    fake.add(mail("um"))
    suporte = faulty(fake)
    async with running(reader(suporte, inbox)):
        await inbox.until_read(suporte, 1)
    assert inbox.messages[0][0] == rb'Subject: :-( "oi" \o/'


async def test_a_date_that_cannot_be_read_counts_as_now(fake: FakeImap, inbox: Recorder) -> None:
    now = datetime(2026, 3, 3, tzinfo=UTC)
    (message,) = fake.add(mail("um"))
    message.date = "the third of March"
    suporte = faulty(fake)
    async with running(ImapPoller(suporte, NO_PASSWORD, inbox, now=lambda: now)):
        await inbox.until_read(suporte, 1)
    assert inbox.messages[0][1].received_at == now


async def test_an_empty_message_is_a_message(fake: FakeImap, inbox: Recorder) -> None:
    fake.add(b"")
    suporte = faulty(fake)
    async with running(reader(suporte, inbox)):
        await inbox.until_read(suporte, 1)
    assert [raw for raw, _ in inbox.messages] == [b""]


@pytest.mark.parametrize("words", ["NO", "BAD"])
async def test_a_server_that_refuses_idle_is_polled(fake: FakeImap, inbox: Recorder, words: str) -> None:
    async def refuse_idle(session: Session, tag: str, arguments: str) -> None:
        session.send(f"{tag} {words} not now")

    fake.on["IDLE"] = refuse_idle
    suporte = faulty(fake, poll_seconds=1)
    async with running(reader(suporte, inbox)):
        await fake.until(lambda: fake.count("IDLE"))
        fake.add(mail("um"))
        await inbox.until_read(suporte, 1)
    assert fake.count("IDLE") == 1
    assert fake.connections == 1


async def test_a_server_that_tells_no_uidnext_floods_nobody_either(fake: FakeImap, inbox: Recorder) -> None:
    async def as_of_old(session: Session, tag: str, arguments: str) -> None:
        session.folder = fake.folders["INBOX"]
        session.send("* OK [UIDVALIDITY 7] valid", f"{tag} OK open")

    fake.on["SELECT"] = as_of_old
    fake.add(mail("antiga"))
    suporte = faulty(fake, start="new", poll_seconds=3600)
    async with running(reader(suporte, inbox)):
        await fake.until(lambda: fake.idling)
        fake.arrive(mail("nova"))
        await inbox.until_read(suporte, 2)
    assert inbox.subjects() == ["nova"]


async def test_a_server_that_turns_us_away_is_told_in_its_own_words(fake: FakeImap, inbox: Recorder) -> None:
    fake.greeting = ("* BYE Too many connections",)
    turned_away = reader(faulty(fake), inbox, replace(QUICK, stalled_seconds=0.5))
    async with running(turned_away):
        await inbox.until(lambda: inbox.alarms)
    assert "BYE Too many connections" in inbox.alarms["imap-suporte"]
    assert turned_away.health.state == "refused"


async def test_a_server_that_repeats_the_password_does_not_bring_it_into_the_log(
    fake: FakeImap, inbox: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    async def parrot(session: Session, tag: str, arguments: str) -> None:
        session.send(f"{tag} NO cannot login with {arguments}")

    fake.on["LOGIN"] = parrot
    async with running(ImapPoller(faulty(fake), password(lambda: 'hunter"2'), inbox, limits=QUICK)):
        await fake.until(lambda: fake.count("LOGIN") == 2)
    assert "cannot login with" in caplog.text
    assert "hunter" not in caplog.text


async def test_an_alarm_that_could_not_be_given_is_given_later(fake: FakeImap, inbox: Recorder) -> None:
    refused: list[str] = []

    class Deaf(Recorder):
        async def alarm(self, key: str, text: str) -> None:
            if len(refused) < 2:
                refused.append(key)
                raise Transient("database is locked")
            await super().alarm(key, text)

    inbox = Deaf()
    fake.on["LOGIN"] = refuse("no")
    async with running(reader(faulty(fake), inbox, ANXIOUS)):
        await inbox.until(lambda: inbox.alarms)
    assert refused == ["imap-suporte"] * 2


async def test_a_server_that_knows_us_already_is_asked_for_no_login(fake: FakeImap, inbox: Recorder) -> None:
    fake.greeting = ("* PREAUTH welcome back",)
    async with running(reader(faulty(fake), inbox)):
        await fake.until(lambda: fake.idling)
    assert fake.count("LOGIN") == 0


async def test_a_connection_that_breaks_at_login_is_no_refusal(fake: FakeImap) -> None:
    fake.on["LOGIN"] = hang_up
    assert await probed(faulty(fake), password(lambda: SECRET)) == [
        (False, f"127.0.0.1:{fake.port}: the server closed the connection")
    ]
    fake.on = {"CAPABILITY": hang_up}
    assert await probed(faulty(fake), password(lambda: SECRET)) == [
        (False, f"127.0.0.1:{fake.port}: the server closed the connection")
    ]


async def test_a_server_that_hangs_up_without_a_greeting_is_told_so(fake: FakeImap) -> None:
    fake.greeting = ()
    probing = asyncio.create_task(probed(faulty(fake), password(lambda: SECRET)))
    await fake.until(lambda: fake.sessions)
    for session in fake.sessions:
        session.hang_up()
    assert await probing == [(False, "login refused: the server closed the connection without a greeting")]


async def test_a_password_of_two_lines_is_refused_before_it_is_sent(fake: FakeImap) -> None:
    ((right, words),) = await probed(faulty(fake), password(lambda: "one\r\ntwo"))
    assert not right
    assert words.startswith("login refused: ")
    assert "one" not in words
    assert fake.count("LOGIN") == 0


async def test_a_host_without_an_address_is_told_so(inbox: Recorder) -> None:
    account = ImapIn(name="suporte", host="imap.desk.invalid", tls="none", username="u")
    ((right, words),) = await probed(account, password(lambda: SECRET))
    assert (right, words.startswith("imap.desk.invalid:993: ")) == (False, True)


async def test_a_folder_without_uidvalidity_cannot_be_read(fake: FakeImap, inbox: Recorder) -> None:
    fake.on["SELECT"] = ok_without_data
    lost = reader(faulty(fake), inbox, ANXIOUS)
    async with running(lost):
        await inbox.until(lambda: inbox.alarms)
    assert "gives no UIDVALIDITY for INBOX" in lost.health.last_error


async def test_an_account_without_any_folder_to_open_is_down(fake: FakeImap, inbox: Recorder) -> None:
    nowhere = reader(faulty(fake, folders=("Suporte", "Vendas")), inbox, ANXIOUS)
    async with running(nowhere):
        await inbox.until(lambda: "imap-suporte" in inbox.alarms)
    assert set(inbox.alarms) == {"imap-suporte", "imap-suporte-Suporte", "imap-suporte-Vendas"}
    assert nowhere.health.state == "down"


async def test_an_inbox_that_takes_too_long_is_trouble_on_our_side(fake: FakeImap, inbox: Recorder) -> None:
    async def for_ever(raw: bytes) -> None:
        await asyncio.Event().wait()

    inbox.before_accept = for_ever
    fake.add(mail("um"))
    suporte = faulty(fake)
    async with running(reader(suporte, inbox, replace(ANXIOUS, handover_seconds=0.2))):
        await fake.until(lambda: fake.connections > 1)
        inbox.before_accept = None
        await inbox.until_read(suporte, 1)
    assert [mail.raw for mail in fake.folders["Processados"]] == [mail("um")]


async def test_a_move_that_is_refused_for_the_moment_is_tried_again(fake: FakeImap, inbox: Recorder) -> None:
    fake.on["UID MOVE"] = refuse("[INUSE] Mailbox is locked")
    fake.add(mail("um"))
    suporte = faulty(fake)
    async with running(reader(suporte, inbox)):
        await fake.until(lambda: fake.connections == 6)
        del fake.on["UID MOVE"]
        await inbox.until_read(suporte, 1)
    assert fake.folders["INBOX"] == []
    assert inbox.accepted == 1
    assert inbox.alarms == {}


async def test_probe_tells_what_a_modest_server_lacks() -> None:
    async with FakeImap("IMAP4rev1 UIDPLUS") as fake:
        fake.folders["Falhas"] = []
        fake.on["CREATE"] = refuse("[CANNOT] only below INBOX")
        lines = await probed(faulty(fake), password(lambda: SECRET))
        assert (True, "messages are moved by COPY and UID EXPUNGE (UIDPLUS)") in lines
        assert (True, "the server has no IDLE: new mail is looked for every 60 seconds") in lines
        assert (True, "folder Falhas is there") in lines
        ((_, words),) = (line for line in lines if not line[0])
        assert words.startswith("folder Processados cannot be made: [CANNOT] only below INBOX")
        (remedy,) = [line.next for line in await probe(faulty(fake), password(lambda: SECRET)) if line.next]
        assert "INBOX.Processados" in remedy
        assert len(await probed(faulty(fake, after="keep", idle=False), password(lambda: SECRET))) == 2


@pytest.mark.parametrize(
    ("name", "on_the_wire"),
    [
        ("INBOX", '"INBOX"'),
        ("Lixo Eletrônico", '"Lixo Eletr&APQ-nico"'),
        ("P&D", '"P&-D"'),
        ("~peter/mail/台北/日本語", '"~peter/mail/&U,BTFw-/&ZeVnLIqe-"'),  # RFC 3501, 5.1.3
        ('a "b" \\c', r'"a \"b\" \\c"'),
        ("duas\r\nlinhas", '"duas&AA0ACg-linhas"'),
    ],
)
def test_folder_names_are_written_in_modified_utf_7(name: str, on_the_wire: str) -> None:
    assert mailbox(name) == on_the_wire


def test_a_silent_server_is_found_within_a_minute() -> None:
    limits = Limits()
    assert limits.quiet_seconds + limits.pulse_seconds < 60
    assert limits.reply_seconds < 60


@pytest.mark.parametrize(("host", "words"), [("outlook.office365.com", "OAuth2"), ("imap.gmail.com", "app password")])
def test_a_refusal_by_a_large_provider_is_explained(host: str, words: str) -> None:
    assert words in refusal_hint(host)


def test_pauses_grow_with_each_failure_up_to_five_minutes_and_are_drawn_by_lot() -> None:
    account = ImapIn(name="suporte", host="imap.desk.test", tls="none", username="u")
    longest = ImapPoller(account, NO_PASSWORD, Recorder(), random=lambda: 0.0)
    shortest = ImapPoller(account, NO_PASSWORD, Recorder(), random=lambda: 1.0)
    lost = ConnectionLost("gone")
    assert [longest.pause(failures, lost) for failures in (1, 2, 3, 4, 9, 10, 5000)] == [1, 2, 4, 8, 256, 300, 300]
    assert [shortest.pause(failures, lost) for failures in (1, 2, 10)] == [0.5, 1, 150]
    assert [longest.pause(failures, LoginRefused("no")) for failures in (1, 2, 5)] == [30, 60, 300]
    assert [longest.pause(failures, Transient("full")) for failures in (1, 6, 50)] == [1, 30, 30]
