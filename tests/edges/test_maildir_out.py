import asyncio
import mailbox
import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mailtickets.desk.model.delivery import Deferred, Sent, Unknown
from mailtickets.edges.out import maildir
from mailtickets.edges.out.maildir import MaildirOut

RAW = b"Subject: x\r\nMessage-ID: <mt.1@desk.test>\r\n\r\nhello\r\n"


def files(directory: Path, folder: str = "new") -> list[Path]:
    return sorted((directory / folder).iterdir())


@contextmanager
def disk_with_room_for(octets: int) -> Iterator[None]:
    """As near to a full disk as a process can get by itself: writing beyond the limit fails."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (octets, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)


async def test_a_mail_is_one_file_that_begins_with_its_envelope(tmp_path: Path) -> None:
    result = await MaildirOut(tmp_path / "out").send(RAW, "suporte+x@desk.test", "maria@example.test")
    (file,) = files(tmp_path / "out")
    assert result == Sent(f"250 2.0.0 new/{file.name}")
    assert file.read_bytes() == (
        b"Return-Path: <suporte+x@desk.test>\nDelivered-To: maria@example.test\n"
        b"Subject: x\nMessage-ID: <mt.1@desk.test>\n\nhello\n"
    )
    assert files(tmp_path / "out", "tmp") == files(tmp_path / "out", "cur") == []


async def test_the_null_reverse_path(tmp_path: Path) -> None:
    await MaildirOut(tmp_path).send(RAW, "", "maria@example.test")
    assert files(tmp_path)[0].read_bytes().startswith(b"Return-Path: <>\n")


async def test_addresses_add_no_lines(tmp_path: Path) -> None:
    await MaildirOut(tmp_path).send(RAW, "a@b.test\r\nBcc: x", "c@d.test\nX-Evil: 1\n\nbody")
    head = files(tmp_path)[0].read_bytes().split(b"\n")
    assert head[:3] == [b"Return-Path: <a@b.test Bcc: x>", b"Delivered-To: c@d.test X-Evil: 1 body", b"Subject: x"]


async def test_files_are_in_the_order_of_sending_and_for_the_owner_alone(tmp_path: Path) -> None:
    out = MaildirOut(tmp_path)
    for number in range(50):
        await out.send(b"Subject: %d\r\n\r\n" % number, "s@desk.test", "c@example.test")
    subjects = [file.read_bytes().split(b"\n")[2] for file in files(tmp_path)]
    assert subjects == [b"Subject: %d" % number for number in range(50)]
    assert {file.stat().st_mode & 0o777 for file in files(tmp_path)} == {0o600}
    assert not any(":" in file.name or "/" in file.name for file in files(tmp_path))


async def test_mails_sent_at_once_do_not_overwrite_each_other(tmp_path: Path) -> None:
    out = MaildirOut(tmp_path)
    results = await asyncio.gather(*(out.send(RAW, "s@desk.test", f"c{n}@example.test") for n in range(100)))
    assert all(isinstance(result, Sent) for result in results)
    assert len(files(tmp_path)) == 100


async def test_mail_programs_read_it(tmp_path: Path) -> None:
    directory = tmp_path / "out"
    await MaildirOut(directory).send(RAW, "s@desk.test", "maria@example.test")
    (message,) = mailbox.Maildir(directory, create=False)
    assert (message["Subject"], message["Delivered-To"], message.get_payload()) == (
        "x",
        "maria@example.test",
        "hello\n",
    )


async def test_a_maildir_that_is_there_already_is_kept(tmp_path: Path) -> None:
    await MaildirOut(tmp_path).send(RAW, "s@desk.test", "c@example.test")
    await MaildirOut(tmp_path).send(RAW, "s@desk.test", "c@example.test")
    assert len(files(tmp_path)) == 2


async def test_when_the_disk_is_full_it_is_deferred_and_nothing_stays_behind(tmp_path: Path) -> None:
    out = MaildirOut(tmp_path)
    with disk_with_room_for(4096):
        result = await out.send(b"x" * 100_000, "s@desk.test", "c@example.test")
    assert isinstance(result, Deferred)
    assert result.reply.startswith("452 4.3.1")
    assert files(tmp_path, "tmp") == files(tmp_path) == []
    assert isinstance(await out.send(RAW, "s@desk.test", "c@example.test"), Sent)


async def test_a_maildir_that_went_away_is_deferred(tmp_path: Path) -> None:
    out = MaildirOut(tmp_path / "out")
    (tmp_path / "out").rename(tmp_path / "elsewhere")
    assert isinstance(await out.send(RAW, "s@desk.test", "c@example.test"), Deferred)


async def test_a_directory_that_cannot_be_made_durable_leaves_it_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(directory: Path) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(maildir, "_sync", broken)
    result = await MaildirOut(tmp_path).send(RAW, "s@desk.test", "c@example.test")
    assert result == Unknown(f"451 4.3.0 {tmp_path}: Input/output error")
    assert len(files(tmp_path)) == 1


async def test_file_and_directory_are_synced_before_it_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    real = os.fsync

    def watched(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().relative_to(tmp_path).parts[0])
        real(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    await MaildirOut(tmp_path).send(RAW, "s@desk.test", "c@example.test")
    assert synced == ["tmp", "new"]
