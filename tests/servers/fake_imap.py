"""An IMAP server that misbehaves on request, for what no real one can be asked to do.

One mailbox in memory; any password, and the tokens in `tokens`, log in. `on` replaces the answer to a command; `until`
waits for what clients do.

    async with FakeImap() as fake:
        fake.on["UID MOVE"] = refuse("[NOPERM] Permission denied")
"""

import asyncio
import base64
import re
from collections.abc import Awaitable, Callable, Container
from dataclasses import dataclass, field

WAIT_SECONDS = 20
INTERNALDATE = "03-Mar-2026 10:12:00 -0300"


@dataclass
class Mail:
    uid: int
    raw: bytes
    flags: set[str] = field(default_factory=set)
    date: str = INTERNALDATE


class Session:
    """One client's connection."""

    def __init__(self, fake: "FakeImap", reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.fake = fake
        self.folder: list[Mail] = []
        self.idle_tag = ""
        self._reader = reader
        self._writer = writer

    def send(self, *lines: str | bytes) -> None:
        """All in one write."""
        self.send_raw(b"".join((line.encode() if isinstance(line, str) else line) + b"\r\n" for line in lines))

    def send_raw(self, octets: bytes) -> None:
        self._writer.write(octets)

    def hang_up(self) -> None:
        self._writer.close()

    async def serve(self) -> None:
        self.send(*self.fake.greeting)
        while line := await self._reader.readline():
            text = line.decode().rstrip("\r\n")
            if text == "DONE":
                self.send(f"{self.idle_tag} OK idled")
                self.idle_tag = ""
                continue
            tag, verb, arguments = _split(text)
            await self.fake.heard(verb, arguments)
            answer = self.fake.on.get(verb) or ANSWERS.get(verb, _unknown)
            await answer(self, tag, arguments)

    async def line(self) -> str:
        """The next line of the client, within a command."""
        return (await self._reader.readline()).decode().rstrip("\r\n")

    def sequence(self, mail: Mail) -> int:
        return self.folder.index(mail) + 1

    def chosen(self, uids: str) -> list[Mail]:
        """The messages of the open folder in a UID set such as `1,4:6` or `*`."""
        found = []
        for part in uids.split(","):
            first, _, last = part.replace("*", str(self.folder[-1].uid if self.folder else 0)).partition(":")
            found += [mail for mail in self.folder if int(first) <= mail.uid <= int(last or first)]
        return found


Answer = Callable[[Session, str, str], Awaitable[None]]


class FakeImap:
    """The server, and what its clients have said."""

    def __init__(self, capabilities: str = "IMAP4rev1 IDLE MOVE UIDPLUS") -> None:
        self.capabilities = capabilities
        self.greeting: tuple[str, ...] = ("* OK ready",)
        self.uidvalidity = 7
        self.folders: dict[str, list[Mail]] = {"INBOX": []}
        self.uses: dict[str, str] = {}
        r"""What folders are for (RFC 6154): `{"Spam": r"\Junk"}`. Names as they are on the wire."""
        self.on: dict[str, Answer] = {}
        self.tokens: Container[str] = set()
        """Access tokens that AUTHENTICATE takes, for any user."""
        self.challenge = '{"status":"401","schemes":"Bearer","scope":"https://mail.desk.test/"}'
        """What a client with another token is told first."""
        self.responses: list[str] = []
        """What AUTHENTICATE was given, decoded."""
        self.heard_commands: list[tuple[str, str]] = []
        self.connections = 0
        self.port = 0
        self._next_uid = 1
        self.sessions: set[Session] = set()
        self._changed = asyncio.Condition()

    async def __aenter__(self) -> "FakeImap":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for session in self.sessions:
            session.hang_up()
        await self.until(lambda: not self.sessions)
        await self._server.wait_closed()

    def add(self, *raws: bytes, folder: str = "INBOX") -> list[Mail]:
        """Messages that nobody is told of until he asks."""
        mails = []
        for raw in raws:
            mails.append(Mail(self._next_uid, raw))
            self._next_uid += 1
        self.folders.setdefault(folder, []).extend(mails)
        return mails

    def arrive(self, raw: bytes) -> Mail:
        """A new message in INBOX, of which clients in IDLE are told."""
        (mail,) = self.add(raw)
        for session in self.sessions:
            if session.idle_tag:
                session.send(f"* {len(self.folders['INBOX'])} EXISTS")
        return mail

    @property
    def uidnext(self) -> int:
        return self._next_uid

    @property
    def idling(self) -> list[Session]:
        return [session for session in self.sessions if session.idle_tag]

    def count(self, verb: str) -> int:
        return sum(1 for heard, _ in self.heard_commands if heard == verb)

    async def heard(self, verb: str, arguments: str) -> None:
        self.heard_commands.append((verb, arguments))
        await self._tell()

    async def until(self, what: Callable[[], object]) -> None:
        """Waits for something that a client's coming, going or speaking can bring about."""
        async with asyncio.timeout(WAIT_SECONDS), self._changed:
            await self._changed.wait_for(lambda: bool(what()))

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session(self, reader, writer)
        self.sessions.add(session)
        self.connections += 1
        await self._tell()
        try:
            await session.serve()
        except ConnectionError:
            pass
        finally:
            self.sessions.discard(session)
            writer.close()
            await self._tell()


def refuse(words: str) -> Answer:
    """NO to everything."""

    async def answer(session: Session, tag: str, arguments: str) -> None:
        session.send(f"{tag} NO {words}")

    return answer


def fetched(session: Session, arguments: str) -> list[bytes]:
    """The ordinary answer to UID FETCH, less the tagged line."""
    uids, _, items = arguments.partition(" ")
    return [_fetched(session, mail, whole="BODY" in items) for mail in session.chosen(uids)]


def _fetched(session: Session, mail: Mail, *, whole: bool) -> bytes:
    start = f"* {session.sequence(mail)} FETCH (UID {mail.uid}"
    if whole:
        return f"{start} BODY[] {{{len(mail.raw)}}}\r\n".encode() + mail.raw + b")"
    return f'{start} RFC822.SIZE {len(mail.raw)} INTERNALDATE "{mail.date}")'.encode()


def _split(text: str) -> tuple[str, str, str]:
    tag, verb, arguments = (*text.split(" ", 2), "", "")[:3]
    if verb.upper() == "UID":
        second, _, arguments = arguments.partition(" ")
        verb = f"{verb} {second}"
    return tag, verb.upper(), arguments


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text


# --- the ordinary answers -----------------------------------------------------------------------------


async def _unknown(session: Session, tag: str, arguments: str) -> None:
    session.send(f"{tag} BAD unknown command")


async def _ok(session: Session, tag: str, arguments: str) -> None:
    session.send(f"{tag} OK done")


async def _authenticate(session: Session, tag: str, arguments: str) -> None:
    """XOAUTH2 or OAUTHBEARER; a wrong token gets a challenge first, and its end is an empty line or `AQ==`."""
    fake = session.fake
    mechanism, _, response = arguments.partition(" ")
    if not response:
        session.send("+ ")
        response = await session.line()
    fake.responses.append(base64.b64decode(response).decode())
    if fake.responses[-1].partition("auth=Bearer ")[2].rstrip("\1") in fake.tokens:
        session.send(f"{tag} OK welcome")
        return
    session.send(f"+ {base64.b64encode(fake.challenge.encode()).decode()}")
    end = await session.line()
    right = end == ("" if mechanism == "XOAUTH2" else "AQ==")
    session.send(f"{tag} {'NO [AUTHENTICATIONFAILED] wrong token' if right else 'BAD what?'}")


async def _capability(session: Session, tag: str, arguments: str) -> None:
    session.send(f"* CAPABILITY {session.fake.capabilities}", f"{tag} OK done")


async def _select(session: Session, tag: str, arguments: str) -> None:
    fake = session.fake
    folder = fake.folders.get(_unquoted(arguments))
    if folder is None:
        session.send(f"{tag} NO [NONEXISTENT] no such folder")
        return
    session.folder = folder
    session.send(
        f"* {len(folder)} EXISTS",
        f"* OK [UIDVALIDITY {fake.uidvalidity}] valid",
        f"* OK [UIDNEXT {fake.uidnext}] next",
        f"{tag} OK [READ-WRITE] open",
    )


async def _status(session: Session, tag: str, arguments: str) -> None:
    name = arguments.rpartition(" (")[0]
    folder = session.fake.folders.get(_unquoted(name))
    if folder is None:
        session.send(f"{tag} NO [NONEXISTENT] no such folder")
    else:
        session.send(f"* STATUS {name} (MESSAGES {len(folder)})", f"{tag} OK done")


async def _list(session: Session, tag: str, arguments: str) -> None:
    uses = session.fake.uses
    lines = (rf'* LIST ({uses.get(name, "")}) "/" "{name}"' for name in session.fake.folders)
    session.send(*lines, f"{tag} OK done")


async def _create(session: Session, tag: str, arguments: str) -> None:
    session.fake.folders.setdefault(_unquoted(arguments), [])
    session.send(f"{tag} OK made")


async def _search(session: Session, tag: str, arguments: str) -> None:
    found = list(session.folder) if "SINCE" in arguments else session.chosen(arguments.removeprefix("UID "))
    session.send("* SEARCH" + "".join(f" {mail.uid}" for mail in found), f"{tag} OK done")


async def _fetch(session: Session, tag: str, arguments: str) -> None:
    session.send(*fetched(session, arguments), f"{tag} OK done")


async def _store(session: Session, tag: str, arguments: str) -> None:
    uids, flags = arguments.split(" ", 1)
    for mail in session.chosen(uids):
        mail.flags |= set(re.findall(r"\\\w+", flags))
    session.send(f"{tag} OK done")


async def _copy(session: Session, tag: str, arguments: str) -> None:
    uids, name = arguments.split(" ", 1)
    if _unquoted(name) not in session.fake.folders:
        session.send(f"{tag} NO [TRYCREATE] no such folder")
        return
    session.fake.add(*(mail.raw for mail in session.chosen(uids)), folder=_unquoted(name))
    session.send(f"{tag} OK done")


async def _move(session: Session, tag: str, arguments: str) -> None:
    uids, name = arguments.split(" ", 1)
    if _unquoted(name) not in session.fake.folders:
        session.send(f"{tag} NO [TRYCREATE] no such folder")
        return
    session.fake.add(*(mail.raw for mail in session.chosen(uids)), folder=_unquoted(name))
    _remove(session, session.chosen(uids))
    session.send(f"{tag} OK done")


async def _expunge(session: Session, tag: str, arguments: str) -> None:
    _remove(session, [mail for mail in session.chosen(arguments) if r"\Deleted" in mail.flags])
    session.send(f"{tag} OK done")


def _remove(session: Session, mails: list[Mail]) -> None:
    for mail in mails:
        session.send(f"* {session.sequence(mail)} EXPUNGE")
        session.folder.remove(mail)


async def _idle(session: Session, tag: str, arguments: str) -> None:
    session.idle_tag = tag
    session.send("+ idling")
    await session.fake.heard("IDLING", "")


ANSWERS: dict[str, Answer] = {
    "CAPABILITY": _capability,
    "LOGIN": _ok,
    "AUTHENTICATE": _authenticate,
    "SELECT": _select,
    "STATUS": _status,
    "LIST": _list,
    "CREATE": _create,
    "SUBSCRIBE": _ok,
    "NOOP": _ok,
    "IDLE": _idle,
    "UID SEARCH": _search,
    "UID FETCH": _fetch,
    "UID STORE": _store,
    "UID COPY": _copy,
    "UID MOVE": _move,
    "UID EXPUNGE": _expunge,
}
