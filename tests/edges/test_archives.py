"""Old mail where it lies: mbox in the forms that programs write, Maildirs, folders, dates."""

import asyncio
import io
import os
import pty
import select
import shutil
import subprocess
import tempfile
import time
import tracemalloc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailtickets.desk.model.delivery import ImapCursor
from mailtickets.edges.archives.files import archive
from mailtickets.edges.archives.mailbox import NotYet, last_old_uid
from mailtickets.edges.archives.mbox import Mbox
from mailtickets.edges.archives.moment import moment
from mailtickets.edges.archives.plan import Plan
from mailtickets.edges.archives.stored import Archive, NoArchive, StoredMail
from mailtickets.edges.imap.answers import Selected
from tests.servers import require
from tests.servers.dovecot import Dovecot

NOW = datetime(2026, 11, 29, tzinfo=UTC)
LIMIT = 1_000_000
FIRST = "From maria@cliente.test Mon Jan  1 10:00:00 2024\n"
HEAD = "From: maria@cliente.test\nSubject: {0}\nMessage-ID: <{0}@cliente.test>\nDate: Mon, 1 Jan 2024 10:00:00 +0000\n"
TRAP = (
    "Bom dia\n\nFrom agora em diante\n\nFrom maria@x.test Mon Jan  1 10:00:00 2024\nSubject: dentro\n\n>From citado\n"
)


def all_of(found: Archive) -> list[tuple[StoredMail, bytes]]:
    async def everything() -> list[tuple[StoredMail, bytes]]:
        pieces = [piece async for piece in found.pieces()]
        return [(piece, await found.read(piece, LIMIT) or b"") for piece in pieces]

    return asyncio.run(everything())


async def pieces_of(found: Archive) -> list[StoredMail]:
    return [piece async for piece in found.pieces()]


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """A folder that every user reaches, which those of pytest are not."""
    path = Path(tempfile.mkdtemp(prefix="archives-"))
    path.chmod(0o755)
    yield path
    for folder in [path, *path.rglob("*")]:
        if not folder.is_symlink():
            folder.chmod(0o700)
    shutil.rmtree(path, ignore_errors=True)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may read everything; what is tried here is somebody who may not."""
    was = os.geteuid()
    if was == 0:
        os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(was)


def opened(path: Path) -> Archive:
    return archive(path, NOW, io.BytesIO(), LIMIT)


def mbox(tmp_path: Path, text: str) -> Mbox:
    (tmp_path / "old.mbox").write_bytes(text.encode())
    found = opened(tmp_path / "old.mbox")
    assert isinstance(found, Mbox)
    return found


def mails_of(text: str, tmp_path: Path) -> list[bytes]:
    return [raw for _, raw in all_of(mbox(tmp_path, text))]


def test_an_mbox_is_its_mails_with_crlf_and_without_its_separators(tmp_path: Path) -> None:
    text = "".join(f"{FIRST}{HEAD.format(name)}\nOlá\n\n" for name in ("um", "dois"))
    one, two = mails_of(text, tmp_path)
    assert one == (HEAD.format("um") + "\nOlá\n").replace("\n", "\r\n").encode()
    assert two.startswith(b"From: maria@cliente.test\r\nSubject: dois\r\n")
    assert mails_of(text.replace("\n", "\r\n"), tmp_path) == [one, two]


def test_escaped_from_lines_come_back_as_they_were_written(tmp_path: Path) -> None:
    [raw] = mails_of(f"{FIRST}{HEAD.format('um')}\n>From agora\n>>From antes\n> From longe\n", tmp_path)
    assert raw.endswith(b"\r\n\r\nFrom agora\r\n>From antes\r\n> From longe\r\n")


def test_from_lines_that_nobody_escaped_are_text_and_are_counted(tmp_path: Path) -> None:
    words = "Oi\n\nFrom agora em diante é assim.\n\nFrom Ana: nada\n"
    found = mbox(tmp_path, f"{FIRST}{HEAD.format('um')}\n{words}\n{FIRST}{HEAD.format('dois')}\nOi\n")
    assert len(all_of(found)) == 2
    assert found.unescaped == 2
    [note] = found.notes
    assert note.startswith("2 mails; 2 lines that begin with `From ` are not escaped (lines 9, 11): ")


def test_a_content_length_that_is_right_says_where_a_mail_ends(tmp_path: Path) -> None:
    text = "".join(f"{FIRST}{HEAD.format(n)}Content-Length: {len(TRAP)}\n\n{TRAP}\n" for n in ("um", "dois"))
    found = mbox(tmp_path, text)
    mails = all_of(found)
    assert [raw.partition(b"\r\n\r\n")[2] for _, raw in mails] == [TRAP.replace("\n", "\r\n").encode()] * 2
    assert found.unescaped == 4


@pytest.mark.parametrize("length", [0, 3, 10_000_000])
def test_a_content_length_that_is_wrong_is_none(tmp_path: Path, length: int) -> None:
    text = "".join(f"{FIRST}{HEAD.format(n)}Content-Length: {length}\n\nOi\ntudo bem\n\n" for n in ("um", "dois"))
    assert [raw.endswith(b"\r\n\r\nOi\r\ntudo bem\r\n") for raw in mails_of(text, tmp_path)] == [True, True]


def test_a_separator_needs_no_blank_line_if_it_has_a_date_and_no_date_behind_a_blank_line(tmp_path: Path) -> None:
    text = f"{FIRST}{HEAD.format('um')}\nOi\n{FIRST}{HEAD.format('dois')}\nOi\n\nFrom -\n{HEAD.format('tres')}\nOi\n"
    assert len(mails_of(text, tmp_path)) == 3


def test_a_mail_without_a_blank_line_behind_its_head_does_not_take_in_the_next(tmp_path: Path) -> None:
    found = mails_of(
        f"{FIRST}{HEAD.format('um')}{FIRST}{HEAD.format('dois')}{FIRST}{HEAD.format('tres')}\nOi\n", tmp_path
    )
    assert [raw.partition(b"Subject: ")[2].partition(b"\r\n")[0] for raw in found] == [b"um", b"dois", b"tres"]
    assert b"".join(found).count(b"Subject: ") == 3


def test_a_file_that_is_written_anew_meanwhile_gives_no_piece_of_another_mail(tmp_path: Path) -> None:
    texts = [f"{FIRST}{HEAD.format(name)}\n{name}, oi\n\n" for name in ("um", "dois", "tres")]
    found = mbox(tmp_path, "".join(texts))
    pieces = asyncio.run(pieces_of(found))
    (tmp_path / "old.mbox").write_text("".join(texts[1:]))  # what a mail program does that compacts a folder
    assert asyncio.run(found.read(pieces[1], LIMIT)) is None
    (tmp_path / "old.mbox").write_text("".join([*texts, texts[0]]))  # a new mail comes to the end
    assert b"dois, oi" in (asyncio.run(found.read(pieces[1], LIMIT)) or b"")


def test_mail_that_is_marked_as_deleted_and_folder_data_are_left(tmp_path: Path) -> None:
    internal = f"{FIRST}Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\nX-IMAP: 1 2\n\nThis text\n\n"
    deleted = f"{FIRST}X-Status: D\n{HEAD.format('um')}\nOi\n\n"
    assert len(mails_of(f"{internal}{deleted}{FIRST}{HEAD.format('dois')}\nOi\n", tmp_path)) == 1


def test_a_very_long_line_is_no_trouble(tmp_path: Path) -> None:
    line = f"{'x' * 200_000}{FIRST}"
    text = f"{FIRST}{HEAD.format('um')}\n{line}\n{FIRST}{HEAD.format('dois')}\nOi\n"
    assert len(mails_of(text, tmp_path)) == 2


def test_a_large_mail_is_not_read_whole(tmp_path: Path) -> None:
    found = mbox(tmp_path, f"{FIRST}{HEAD.format('um')}\n{'x' * 5_000}\n")
    [(piece, _)] = all_of(found)
    raw = asyncio.run(found.read(piece, 1_000))
    assert raw is not None
    assert 1_000 < len(raw) < 1_100


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"From the desk of Maria\n\nDear all\n", "no mbox: it begins with 'From the desk of Maria'"),
        (b"%PDF-1.4\n%\xe2\xe3\n", "neither an mbox nor a mail: it begins with '%PDF-1.4'"),
        (b"\x1f\x8b\x08\x00\x00", "packed with gzip: unpack it first"),
        (b"Just some words\n", "neither an mbox nor a mail"),
    ],
)
def test_what_is_no_archive_is_told_by_name(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "old.mbox"
    path.write_bytes(content)
    with pytest.raises(NoArchive) as error:
        opened(path)
    assert str(error.value).startswith(f"{path}: {said}")


def test_a_file_and_a_folder_that_are_not_there_or_hold_nothing(tmp_path: Path) -> None:
    with pytest.raises(NoArchive, match="No such file"):
        opened(tmp_path / "none")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NoArchive, match="neither a file nor a folder"):
        opened(tmp_path / "pipe")
    (tmp_path / "empty").mkdir()
    with pytest.raises(NoArchive, match="neither a Maildir"):
        opened(tmp_path / "empty")


def test_a_maildir_without_deleted_mail_drafts_and_folders_in_it(tmp_path: Path) -> None:
    for folder in ("cur", "new", "tmp", ".Sent/cur"):
        (tmp_path / folder).mkdir(parents=True)
    raw = b"From: maria@cliente.test\nSubject: oi\n\nOi\n"
    names = ("cur/1704103200.a.host:2,S", "cur/1704103201.b.host:2,ST", "cur/1704103202.c.host:2,D", "new/1704103203.d")
    for name in names:
        (tmp_path / name).write_bytes(raw)
    found = opened(tmp_path)
    mails = all_of(found)
    assert sorted(piece.at for piece, _ in mails) == [
        datetime(2024, 1, 1, 10, 0, 0, tzinfo=UTC),
        datetime(2024, 1, 1, 10, 0, 3, tzinfo=UTC),
    ]
    assert {content for _, content in mails} == {raw.replace(b"\n", b"\r\n")}
    assert found.notes == ["the folders in it were left; name them to import them too: .Sent"]


def test_a_mail_that_a_program_has_marked_as_read_meanwhile_is_found(tmp_path: Path) -> None:
    for folder in ("cur", "new"):
        (tmp_path / folder).mkdir()
    (tmp_path / "new/1704103200.a.host").write_bytes(b"From: maria@cliente.test\n\nOi\n")
    found = opened(tmp_path)

    async def with_a_move() -> bytes | None:
        pieces = [piece async for piece in found.pieces()]
        (tmp_path / "new/1704103200.a.host").rename(tmp_path / "cur/1704103200.a.host:2,S")
        return await found.read(pieces[0], LIMIT)

    assert asyncio.run(with_a_move()) == b"From: maria@cliente.test\r\n\r\nOi\r\n"


def test_a_folder_of_eml_files_with_folders_in_it(tmp_path: Path) -> None:
    (tmp_path / "2024").mkdir()
    (tmp_path / "2024/a.eml").write_bytes(b"From: maria@cliente.test\r\n\r\nOi\r\n")
    (tmp_path / "b.EML").write_bytes(b"From x@y.test Mon Jan  1 10:00:00 2024\nFrom: joao@cliente.test\n\nOi\n")
    (tmp_path / "notas.txt").write_text("nada")
    found = opened(tmp_path)
    assert sorted(raw for _, raw in all_of(found)) == [
        b"From: joao@cliente.test\r\n\r\nOi\r\n",
        b"From: maria@cliente.test\r\n\r\nOi\r\n",
    ]
    assert found.notes == ["1 other files were left: notas.txt"]


def test_one_mail_on_standard_input() -> None:
    raw = b"From: maria@cliente.test\n\nOi\n"
    found = archive(Path("-"), NOW, io.BytesIO(raw), LIMIT)
    assert [content for _, content in all_of(found)] == [raw.replace(b"\n", b"\r\n")]
    with pytest.raises(NoArchive, match="standard input"):
        archive(Path("-"), NOW, io.BytesIO(b""), LIMIT)


def test_an_mbox_on_standard_input_is_not_taken_for_one_mail() -> None:
    raw = f"{FIRST}{HEAD.format('um')}\nOi\n\n".encode()
    assert len(all_of(archive(Path("-"), NOW, io.BytesIO(raw), LIMIT))) == 1
    with pytest.raises(NoArchive, match="standard input: more than one mail"):
        archive(Path("-"), NOW, io.BytesIO(raw + raw), LIMIT)


def test_links_in_a_folder_are_left_and_one_that_is_named_is_followed(tmp_path: Path) -> None:
    """The folder is somebody else's: its links may name a password, which would become a ticket."""
    (tmp_path / "password").write_bytes(b"From: a@b.test\n\nsegredo\n")
    folder, maildir = tmp_path / "old", tmp_path / "Maildir"
    for part in (folder, maildir / "cur", maildir / "new"):
        part.mkdir(parents=True)
    (folder / "um.eml").write_bytes(b"From: a@b.test\n\nOi\n")
    (folder / "dois.eml").symlink_to(tmp_path / "password")
    (maildir / "cur" / "1:2,S").symlink_to(tmp_path / "password")
    found = opened(folder)
    assert [raw for _, raw in all_of(found)] == [b"From: a@b.test\r\n\r\nOi\r\n"]
    assert found.notes == ["1 other files were left: dois.eml"]
    assert all_of(opened(maildir)) == []
    (maildir / "new").rmdir()
    (maildir / "new").symlink_to(folder)
    with pytest.raises(NoArchive):
        opened(maildir)
    assert len(all_of(opened(folder / "dois.eml"))) == 1


def test_a_file_that_becomes_a_link_meanwhile_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "um.eml").write_bytes(b"From: a@b.test\n\nOi\n")
    found = opened(tmp_path)
    [(piece, _)] = all_of(found)
    (tmp_path / "um.eml").unlink()
    (tmp_path / "um.eml").symlink_to("/etc/passwd")
    with pytest.raises(OSError, match="symbolic links"):
        asyncio.run(found.read(piece, LIMIT))


def test_a_place_that_may_not_be_read_is_named(open_to_all: Path) -> None:
    (open_to_all / "Maildir" / "cur").mkdir(parents=True)
    (open_to_all / "Maildir" / "new").mkdir()
    (open_to_all / "Maildir").chmod(0o700)
    for closed in ("Maildir", "Maildir/cur"):
        (open_to_all / closed).chmod(0o000)
    with as_nobody(), pytest.raises(NoArchive, match="Maildir: Permission denied"):
        opened(open_to_all / "Maildir")


def test_files_and_folders_that_may_not_be_read_are_mails_that_are_not_taken(open_to_all: Path) -> None:
    for name in ("um.eml", "dois.eml", "pasta/tres.eml"):
        (open_to_all / name).parent.mkdir(exist_ok=True)
        (open_to_all / name).write_bytes(b"From: a@b.test\n\nOi\n")
    (open_to_all / "dois.eml").chmod(0o000)
    (open_to_all / "pasta").chmod(0o000)
    with as_nobody():
        found = opened(open_to_all)
        read, refused = [], []
        for piece in asyncio.run(pieces_of(found)):
            try:
                read.append(asyncio.run(found.read(piece, LIMIT)))
            except PermissionError:
                refused.append(Path(found.where(piece)).name)
    assert (len(read), sorted(refused)) == (1, ["dois.eml", "pasta"])


@pytest.mark.parametrize(
    ("head", "stored", "expected"),
    [
        ("Received: a\n\tby b; Mon, 1 Jan 2024 10:00:00 +0000\nDate: Sun, 31 Dec 2023 10:00:00 +0000\n", None,
         "2024-01-01T10:00"),
        ("Date: Mon, 01 Jan 2024 07:00:00 -0300\n", "2025-05-05T00:00", "2024-01-01T10:00"),
        ("Received: from a; nonsense\nDate: nonsense\n", "2024-01-01T10:00", "2024-01-01T10:00"),
        ("Date: Fri, 01 Jan 2100 10:00:00 +0000\n", None, "2026-11-29T00:00"),
        ("Date: Thu, 01 Jan 1970 00:00:00 +0000\n", "2024-01-01T10:00", "2024-01-01T10:00"),
        ("Subject: x\n", None, "2026-11-29T00:00"),
        ("Date: " + "9" * 50_000 + "\n", "2024-01-01T10:00", "2024-01-01T10:00"),
    ],
)  # fmt: skip
def test_when_an_old_mail_was_received(head: str, stored: str | None, expected: str) -> None:
    stored_at = datetime.fromisoformat(stored).replace(tzinfo=UTC) if stored else None
    assert moment(f"{head}\nDate: Mon, 1 Jan 2001 10:00:00 +0000\n".encode(), stored_at, NOW) == datetime.fromisoformat(
        expected
    ).replace(tzinfo=UTC)


def test_a_long_mbox_takes_no_more_memory_than_a_short_one(tmp_path: Path) -> None:
    def peak(mails: int) -> int:
        text = "linha de texto\n" * 20
        one = f"{FIRST}{HEAD.format('um')}\n{text}\n".encode()
        (tmp_path / "long.mbox").write_bytes(one * mails)

        async def gone_through() -> int:
            found, plan = opened(tmp_path / "long.mbox"), Plan()
            async for piece in found.pieces():
                plan.add(0, piece)
            for _, piece in plan.in_order():
                assert await found.read(piece, LIMIT)
            plan.close()
            return plan.count

        tracemalloc.start()
        try:
            assert asyncio.run(gone_through()) == mails
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(10)
    assert peak(2_000) < peak(200) + 100_000


def test_a_plan_goes_by_time_over_all_archives() -> None:
    plan = Plan()
    for number, (archive_number, day) in enumerate([(0, 3), (1, 2), (0, 1), (1, 3)]):
        plan.add(archive_number, StoredMail(str(number), datetime(2024, 1, day, tzinfo=UTC), 1))
    assert [piece.key for _, piece in plan.in_order()] == ["2", "1", "0", "3"]
    plan.close()


CURSOR = ImapCursor("suporte", "INBOX", 7, 40, NOW)


@pytest.mark.parametrize(
    ("cursor", "is_read", "start", "last"),
    [
        (CURSOR, True, "new", 40),  # the rest is new mail, and the daemon's
        (None, True, "new", 99),  # the daemon is to pass over all that is there
        (None, True, "all", 0),  # the daemon is to take all of it
        (None, False, "new", 99),  # a folder that the daemon does not read
    ],
)
def test_what_the_daemon_has_still_to_take_is_no_old_mail(
    cursor: ImapCursor | None, is_read: bool, start: str, last: int
) -> None:
    assert last_old_uid(cursor, Selected(7, 100), is_read=is_read, start=start) == last


def test_a_folder_with_new_uids_is_the_daemons_first() -> None:
    with pytest.raises(NotYet):
        last_old_uid(CURSOR, Selected(8, 100), is_read=True, start="new")


# --- written by real programs -------------------------------------------------------------------------


def test_an_mbox_that_mutt_has_written(tmp_path: Path) -> None:
    mutt = require("mutt", "mutt")
    for folder in ("cur", "new", "tmp"):
        (tmp_path / "source" / folder).mkdir(parents=True)
    for name in ("um", "dois", "tres"):
        (tmp_path / f"source/new/170410320{len(name)}.{name}.host").write_text(f"{HEAD.format(name)}\n{TRAP}")
    written = tmp_path / "old.mbox"
    settings = "set mbox_type=mbox confirmappend=no confirmcreate=no delete=no quit=yes copy=no wait_key=no\n"
    (tmp_path / "muttrc").write_text(f"{settings}set folder={tmp_path}\n")
    keys = f"<tag-pattern>~A<enter><tag-prefix><copy-message>{written}<enter><quit>"
    command = [mutt, "-n", "-F", str(tmp_path / "muttrc"), "-f", str(tmp_path / "source"), "-e", f'push "{keys}"']
    _on_a_terminal(command, {"HOME": str(tmp_path), "TERM": "vt100", "PATH": os.environ["PATH"]})
    found = opened(written)
    mails = [raw for _, raw in all_of(found)]
    assert sorted(raw.partition(b"\r\n\r\n")[2] for raw in mails) == [TRAP.replace("\n", "\r\n").encode()] * 3
    assert isinstance(found, Mbox)
    assert found.unescaped == 6


def _on_a_terminal(command: Sequence[str], environment: dict[str, str]) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, close_fds=True)
    os.close(theirs)
    give_up = time.monotonic() + 60
    try:
        while process.poll() is None and time.monotonic() < give_up:
            if select.select([ours], [], [], 0.2)[0]:
                try:
                    os.read(ours, 65_536)
                except OSError:
                    break
        assert process.wait(10) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(ours)


BOX = "suporte@desk.test"


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    """A Dovecot with three mails that it has delivered itself."""
    with Dovecot({BOX: "segredo"}) as server:
        for name in ("um", "dois", "tres"):
            server.deliver_by_lmtp(BOX, f"{HEAD.format(name)}\n{TRAP}".replace("\n", "\r\n").encode())
        yield server


def bodies_of(found: Archive) -> list[bytes]:
    return [raw.partition(b"\r\n\r\n")[2] for _, raw in all_of(found)]


def test_a_maildir_that_dovecot_has_written(dovecot: Dovecot) -> None:
    found = opened(dovecot.maildir(BOX))
    assert bodies_of(found) == [TRAP.replace("\n", "\r\n").encode()] * 3
    assert found.notes == []


def test_an_mbox_that_dovecot_has_written(dovecot: Dovecot) -> None:
    home = dovecot.maildir(BOX).parent
    configuration, target = dovecot.directory / "dovecot.conf", "mbox:~/mbox:INBOX=~/mbox/inbox"
    command = [require("doveadm", "dovecot-core"), "-c", str(configuration), "backup", "-u", BOX, target]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not (home / "mbox/inbox").exists():
        pytest.skip(f"this Dovecot writes no mbox in that way: {done.stderr}")
    found = opened(home / "mbox/inbox")
    assert bodies_of(found) == [TRAP.replace("\n", "\r\n").encode()] * 3
    assert isinstance(found, Mbox)
    assert (found.mails, found.unescaped) == (3, 6)
