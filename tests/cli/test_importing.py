"""`import` at the shell: what it says, what it refuses, and that twice is once."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from mailtickets.cli.progress import Progress
from tests.cli.conftest import Shell
from tests.store.office import Office, a_message

pytestmark = pytest.mark.usefixtures("office")

FIRST = b"From maria@cliente.test Mon Jan  1 10:00:00 2024\n"


def mail(number: int, *, answers: int | None = None, to: str = "suporte@desk.test", **fields: str) -> bytes:
    reference = {"in_reply_to": f"<m{answers}@cliente.test>"} if answers is not None else {}
    date = f"Mon, {number:02d} Jan 2024 10:00:00 +0000"
    return a_message(message_id=f"<m{number}@cliente.test>", date=date, to=to, **reference, **fields)


ANSWER = mail(2, answers=1, to="maria@cliente.test", **{"from": "Suporte <suporte@desk.test>"})


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """An mbox: a question, its answer, a question to another queue, the first question again."""
    mails = [mail(1), ANSWER, mail(3, to="vendas@desk.test"), mail(1)]
    path = tmp_path / "old.mbox"
    path.write_bytes(b"".join(FIRST + raw.replace(b"\r\n", b"\n") + b"\n" for raw in mails))
    return path


def summary(shell: Shell, *words: object) -> dict[str, Any]:
    status, out, err = shell.run(*words, "--json")
    assert (status, err) == (0, "")
    told: dict[str, Any] = json.loads(out)
    return told


COUNTS = ("found", "tickets", "threads", "messages", "known", "duplicates", "unreadable", "not_taken")


def test_a_rehearsal_says_what_an_import_does_and_changes_nothing(shell: Shell, office: Office, old: Path) -> None:
    before = office.numbers()
    told = summary(shell, "import", old, "--dry-run")
    assert (told["dry_run"], office.numbers()) == (True, before)
    done = summary(shell, "import", old)
    assert [told[name] for name in COUNTS] == [done[name] for name in COUNTS] == [4, 2, 1, 3, 1, 0, 0, 0]
    assert len(office.numbers()) == len(before) + 2


def test_a_rehearsal_knows_what_the_desk_has(shell: Shell, office: Office, old: Path, tmp_path: Path) -> None:
    office.take(mail(3, to="vendas@desk.test"))
    summary(shell, "import", old)
    (tmp_path / "more.eml").write_bytes(mail(4, answers=1))
    (tmp_path / "live.eml").write_bytes(b"X-New: field\r\n" + mail(3, to="vendas@desk.test"))
    told = summary(shell, "import", tmp_path / "more.eml", tmp_path / "live.eml", old, "--dry-run")
    assert (told["tickets"], told["messages"], told["duplicates"], told["known"]) == (0, 1, 1, 4)


def test_twice_is_once(shell: Shell, office: Office, old: Path) -> None:
    summary(shell, "import", old)
    numbers, sent = office.numbers(), office.outgoing()
    again = summary(shell, "import", old)
    assert (again["tickets"], again["known"]) == (0, 4)
    assert (office.numbers(), office.outgoing()) == (numbers, sent)


def test_dates_are_kept_and_nobody_is_written_to(shell: Shell, office: Office, old: Path) -> None:
    sent = office.outgoing()
    summary(shell, "import", old)
    number = office.numbers()[-2]
    ticket = json.loads(shell.run("ticket", "show", number, "--json")[1])
    assert [m["received_at"][:10] for m in ticket["messages"]] == ["2024-01-01", "2024-01-02"]
    assert (ticket["created_at"][:10], ticket["updated_at"][:10], ticket["status"]) == (
        "2024-01-01",
        "2024-01-02",
        "closed",
    )
    assert [m["direction"] for m in ticket["messages"]] == ["in", "out"]
    assert {event["at"][:7] for event in ticket["events"]} == {"2024-01"}
    assert office.outgoing() == sent


def test_the_queue_is_that_of_the_addresses_or_the_one_that_is_named(shell: Shell, old: Path) -> None:
    summary(shell, "import", old)
    listed = json.loads(shell.run("ticket", "list", "--json")[1])
    assert [ticket["queue"] for ticket in listed[:2]] == ["vendas", "suporte"]


def test_all_goes_to_a_queue_that_is_named(shell: Shell, old: Path) -> None:
    summary(shell, "import", old, "--queue", "vendas")
    listed = json.loads(shell.run("ticket", "list", "--json")[1])
    assert {ticket["queue"] for ticket in listed[:2]} == {"vendas"}


def test_statuses_can_be_chosen(shell: Shell, old: Path) -> None:
    summary(shell, "import", old, "--open-since", "2024-01-02")
    listed = json.loads(shell.run("ticket", "list", "--json")[1])
    assert [ticket["status"] for ticket in listed[:2]] == ["open", "closed"]  # the second one was answered


def test_people_read_a_summary(shell: Shell, old: Path) -> None:
    status, out, _ = shell.run("import", old)
    assert status == 0
    assert "3 mails became 2 tickets, 1 of them with more than one mail\n1 were imported before" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("import", "none.mbox"), "none.mbox: No such file or directory"),
        (("import", "{old}", "--queue", "none"), "there is no queue none: the configuration has suporte, vendas"),
        (("import", "{old}", "--open-since", "soon"), "'soon' is no date: write it as "),
        (("import", "{old}", "--status", "resolved"), "'resolved' is none of closed, pending, open"),
        (("imap", "backfill", "none", "--since", "2024-01-01"), "there is no account none"),
        (("imap", "backfill", "none", "--since", "01/02/2024"), "'01/02/2024' is no date: write it as "),
        (("imap", "backfill", "none"), "--since"),
    ],
)
def test_bad_input_is_told_and_exits_2(shell: Shell, old: Path, words: tuple[str, ...], said: str) -> None:
    status, out, err = shell.run(*(word.format(old=old) for word in words))
    assert (status, out) == (2, "")
    assert said in err


def test_nothing_is_imported_if_one_of_the_paths_is_no_archive(
    shell: Shell, office: Office, old: Path, tmp_path: Path
) -> None:
    (tmp_path / "page.pdf").write_bytes(b"%PDF-1.4\n")
    before = office.numbers()
    assert shell.run("import", old, tmp_path / "page.pdf")[0] == 2
    assert office.numbers() == before


def test_what_is_not_taken_is_told_and_logged(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "big.eml").write_bytes(mail(1) + b"x" * 27_000_000)
    (tmp_path / "small.eml").write_bytes(mail(2))
    status, out, err = shell.run("import", tmp_path / "big.eml", tmp_path / "small.eml", "--json")
    told = json.loads(out)
    assert (status, told["not_taken"], told["messages"]) == (1, 1, 1)
    assert err == f"not taken: {tmp_path / 'big.eml'}: {told['not_taken_list'][0]['why']}\n"
    status, _, err = shell.run("import", tmp_path / "big.eml", "--log", tmp_path / "log")
    assert (status, err) == (1, "")
    assert (tmp_path / "log").read_text().startswith(f"not taken: {tmp_path / 'big.eml'}: it is larger than")


def test_one_mail_comes_from_standard_input(shell: Shell) -> None:
    status, out, _ = shell.run("import", "-", "--json", stdin=mail(1).decode())
    assert (status, json.loads(out)["tickets"]) == (0, 1)


def test_a_mail_that_cannot_be_read_is_a_ticket_with_the_mail(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "odd.eml").write_bytes(b"Subject: \xff\xfe\r\nContent-Type: multipart/mixed\r\n\r\n\x00\x01\r\n")
    told = summary(shell, "import", tmp_path / "odd.eml")
    assert (told["tickets"], told["not_taken"]) == (1, 0)


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_there_is_a_bar_on_a_terminal_and_nothing_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    terminal, file = _Terminal(), io.StringIO()
    for stream in (terminal, file):
        progress = Progress("importing", 10, stream)
        progress.advance(10)
        progress.close()
    assert "importing 10/10 [==============================] 100 %" in terminal.getvalue()
    assert file.getvalue() == ""


def test_a_bar_says_how_long_it_still_takes() -> None:
    progress = Progress("importing", 10_000, io.StringIO())
    assert progress.line(4_000, 20.0) == "importing 4000/10000 [============                  ]  40 %  200/s  0:30 left"
    assert progress.line(10, 20.0).endswith("5:33:00 left")
