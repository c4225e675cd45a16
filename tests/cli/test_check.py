"""`check` as a command: its JSON and text, its exit status, what it keeps to itself, and that it comes to an end."""

import asyncio
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailtickets.cli.check import areas, clock, database, delivery, domains, sending
from mailtickets.cli.check.inquiry import Inquiry
from mailtickets.config.load import load
from mailtickets.config.providers import provider_at
from mailtickets.edges.checks.resolver import Lookups
from mailtickets.views.check import CheckLine, as_text, ok, warning, wrong
from tests.cli.conftest import Shell
from tests.servers.fake_dns import FakeDns
from tests.servers.fake_smtp import FakeSmtp
from tests.store.office import Office

NOW = datetime(2026, 3, 3, 10, tzinfo=UTC)


def only(monkeypatch: pytest.MonkeyPatch, *chosen: tuple[str, areas.Area]) -> None:
    monkeypatch.setattr(areas, "AREAS", chosen)


def area(*lines: CheckLine) -> areas.Area:
    async def look(inquiry: Inquiry) -> Iterable[CheckLine]:
        return lines

    return look


# --- the command --------------------------------------------------------------------------------------


def test_a_next_step_stands_on_a_line_of_its_own() -> None:
    assert as_text(ok("a", "is well")) == "ok       a: is well"
    assert as_text(wrong("a", "is bad", "mend it")) == "wrong    a: is bad\n         next: mend it"


def test_json_has_the_next_step(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, ("one", area(warning("one", "is odd", "look at it"))))
    assert shell.json("check")[-1] == {"verdict": "warning", "about": "one", "text": "is odd", "next": "look at it"}


@pytest.mark.parametrize(
    ("line", "status"), [(ok("x", "y"), 0), (warning("x", "y", "z"), 0), (wrong("x", "y", "z"), 1)]
)
def test_only_what_is_wrong_changes_the_exit_status(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, line: CheckLine, status: int
) -> None:
    only(monkeypatch, ("x", area(line)))
    assert shell.run("check")[0] == status


def test_areas_look_side_by_side_and_speak_in_order(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    second_is_done = asyncio.Event()

    async def first(inquiry: Inquiry) -> Iterable[CheckLine]:
        await second_is_done.wait()
        return [ok("first", "is well")]

    async def second(inquiry: Inquiry) -> Iterable[CheckLine]:
        second_is_done.set()
        return [ok("second", "is well")]

    only(monkeypatch, ("first", first), ("second", second))
    assert [line["about"] for line in shell.json("check")][-2:] == ["first", "second"]


def test_an_area_without_end_is_given_up(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    async def endless(inquiry: Inquiry) -> Iterable[CheckLine]:
        await asyncio.Event().wait()
        return []

    monkeypatch.setattr(areas, "AREA_SECONDS", 0.05)
    only(monkeypatch, ("endless", endless), ("other", area(ok("other", "is well"))))
    status, out, _ = shell.run("check", "--json")
    found = {line["about"]: line for line in json.loads(out)}
    assert (status, found["endless"]["verdict"], found["other"]["verdict"]) == (1, "wrong", "ok")
    assert "no result within" in found["endless"]["text"]


def test_an_area_that_fails_does_not_hide_the_others(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    async def failing(inquiry: Inquiry) -> Iterable[CheckLine]:
        raise RuntimeError("nobody thought of this")

    only(monkeypatch, ("failing", failing), ("other", area(ok("other", "is well"))))
    status, out, _ = shell.run("check")
    assert (status, "nobody thought of this" in out, "other: is well" in out) == (1, True, True)


async def test_nothing_is_sent_without_send(shell: Shell) -> None:
    async with FakeSmtp() as server:
        text = shell.config.read_text().replace(
            'method = "maildir"', f'host = "127.0.0.1"\nport = {server.port}\ntls = "none"'
        )
        shell.config.write_text(text)
        await asyncio.to_thread(shell.run, "check")
        await server.quiet.wait()
        assert [command for command in server.commands if command.startswith(("MAIL", "RCPT", "DATA"))] == []
        assert server.received == []


async def test_a_secret_that_a_server_repeats_is_masked(shell: Shell) -> None:
    secret = "senha-bem-comprida"
    (shell.directory / "smtp-password").write_text(secret)
    async with FakeSmtp(users={"u": "another"}) as server:
        server.say("AUTH", f"535 5.7.8 {secret} is wrong")
        access = (
            f'host = "127.0.0.1"\nport = {server.port}\ntls = "none"\nusername = "u"\npassword_file = "smtp-password"'
        )
        shell.config.write_text(shell.config.read_text().replace('method = "maildir"', access))
        status, out, err = await asyncio.to_thread(shell.run, "check")
    assert status == 1
    assert "535 5.7.8 ... is wrong" in out
    assert secret not in out + err


def test_send_without_an_address_goes_to_the_first_queue(shell: Shell, office: Office) -> None:
    lines = [line for line in shell.json("check", "--send") if line["about"].startswith("--send")]
    assert [(line["about"], line["verdict"]) for line in lines] == [("--send suporte@desk.test", "ok")]
    (file,) = (shell.directory / "var" / "outgoing" / "new").iterdir()
    assert b"Delivered-To: suporte+" in file.read_bytes()


# --- the DNS ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "changed"),
    [
        ("v=spf1 -all", "v=spf1 include:x.test -all"),
        ("v=spf1 mx ~ALL", "v=spf1 mx include:x.test ~ALL"),
        ("v=spf1 mx", "v=spf1 mx include:x.test"),
        ("v=spf1 redirect=y.test", "v=spf1 include:x.test redirect=y.test"),
    ],
)
def test_the_record_that_is_proposed_ends_as_the_old_one(record: str, changed: str) -> None:
    assert sending._with(record, "include:x.test") == changed


async def test_an_include_may_stand_in_a_record_that_is_included() -> None:
    async with FakeDns() as dns:
        dns.txt("loja.com.br", "v=spf1 include:spf.loja.com.br -all")
        dns.txt("spf.loja.com.br", "v=spf1 include:_spf.google.com ?all")
        google = provider_at("smtp.gmail.com")
        assert google is not None
        lookups = Lookups(dns.resolver(), 10)
        record = "v=spf1 include:spf.loja.com.br -all"
        line = await asyncio.to_thread(sending._covered_by_name, "loja.com.br", record, google, lookups)
    assert line.verdict == "ok"


async def test_records_that_lead_in_a_circle_come_to_an_end() -> None:
    async with FakeDns() as dns:
        dns.txt("a.test", "v=spf1 include:b.test -all")
        dns.txt("b.test", "v=spf1 include:a.test -all")
        lookups = Lookups(dns.resolver(), 10)
        found = await asyncio.to_thread(sending._led_to, "v=spf1 include:a.test -all", lookups)
    assert found == {"a.test", "b.test"}


async def test_names_for_tests_are_not_asked_of_the_worlds_dns(shell: Shell) -> None:
    lines = list(await domains.lines(Inquiry(load(shell.config))))
    assert [(line.about, line.verdict) for line in lines] == [("desk.test", "ok")]


# --- clock, SQLite, disk ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "verdict", "words"),
    [(0, "ok", "within"), (-50, "ok", "within"), (-120, "warning", "120 s ahead"), (900, "wrong", "900 s behind")],
)
def test_another_clock_is_compared(seconds: int, verdict: str, words: str) -> None:
    line = clock.compared("mail.test", NOW + timedelta(seconds=seconds), NOW, NOW)
    assert (line.verdict, words in line.text) == (verdict, True)


def test_the_time_that_an_answer_takes_is_no_difference() -> None:
    line = clock.compared("mail.test", NOW, NOW - timedelta(seconds=100), NOW + timedelta(seconds=100))
    assert line.verdict == "ok"


@pytest.mark.parametrize(
    ("greeting", "found"),
    [
        ("gw.test Microsoft ESMTP MAIL Service ready at Tue, 3 Mar 2026 07:00:00 -0300", NOW),
        ("mail.test ESMTP Sendmail 8.17.1/8.17.1; Tue, 3 Mar 2026 10:00:00 GMT", NOW),
        ("mail.test ESMTP Postfix", None),
        ("Tue, 99 Mar 2026 10:00:00 GMT", None),
    ],
)
def test_the_date_of_a_greeting_is_read(greeting: str, found: datetime | None) -> None:
    assert clock.date_in(greeting) == found


@pytest.mark.parametrize(
    ("version", "verdict"),
    [
        ((3, 6, 23), "ok"), ((3, 7, 0), "warning"), ((3, 40, 1), "warning"), ((3, 44, 5), "warning"),
        ((3, 44, 6), "ok"), ((3, 46, 1), "warning"), ((3, 50, 7), "ok"), ((3, 51, 2), "warning"), ((3, 51, 3), "ok"),
        ((3, 53, 0), "ok"),
    ],
)  # fmt: skip
def test_which_sqlite_has_the_fault(version: tuple[int, ...], verdict: str) -> None:
    assert database.version(version).verdict == verdict


def test_a_full_disk_is_told_before_mail_is_deferred(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage:
        total, used, free = 100 * 10**9, 99 * 10**9 + 5 * 10**8, 5 * 10**8

    monkeypatch.setattr("shutil.disk_usage", lambda path: Usage)
    (line,) = database.disk(load(shell.config))
    assert (line.verdict, "477 MB of 93 GB" in line.text, "du -xh" in line.next) == ("warning", True, True)


# --- pace ---------------------------------------------------------------------------------------------


def test_a_provider_without_a_known_limit_asks_for_none(shell: Shell, tmp_path: Path) -> None:
    text = shell.config.read_text().replace('method = "maildir"', 'host = "smtp.desk.test"')
    shell.config.write_text(text)
    assert list(delivery._pace(load(shell.config))) == []
