"""The whole daemon seen over HTTP: its health, its figures, and clients that mean no good, while it takes mail."""

import os
import signal
import smtplib
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from mailtickets.edges.http.families import FAMILIES
from tests.servers import chromium, free_port
from tests.servers.postgres import Postgres
from tests.system.conftest import DeskMaker, town_config
from tests.system.desk import MAILDIR, Desk, config
from tests.system.town import JOAO, MAILBOX, MAILBOX_PASSWORD, MARIA, QUEUE, Town, write

HTTP = """\
[http]
listen = ["127.0.0.1:0"]
"""


def url(desk: Desk, path: str) -> str:
    return f"http://{desk.listens('http')[0]}{path}"


def get(desk: Desk, path: str) -> httpx.Response:
    return httpx.get(url(desk, path), timeout=60)


def metric(desk: Desk, name: str, **labels: str) -> float:
    """The value of a series now; 0 if it is not there."""
    families = text_string_to_metric_families(get(desk, "/metrics").text)
    samples = (sample for family in families for sample in family.samples)
    return next((s.value for s in samples if s.name == name and s.labels == labels), 0.0)


def submit(desk: Desk, *mails: bytes) -> None:
    with smtplib.SMTP("127.0.0.1", desk.smtp_port, timeout=60) as client:
        for mail in mails:
            client.sendmail(MARIA.address, [QUEUE], mail)


@pytest.fixture
def desk(make_desk: DeskMaker, database_url: str) -> Desk:
    made = make_desk(config(MAILDIR, HTTP, smtp_port=0, database=database_url), quick=True)
    made.start()
    return made


def on_sqlite(test: object) -> object:
    return pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)(test)  # type: ignore[operator]


def test_a_mail_shows_in_the_figures_from_the_door_to_the_outbox(desk: Desk) -> None:
    assert (get(desk, "/healthz").status_code, get(desk, "/readyz").status_code) == (200, 200)
    submit(desk, write(MARIA).as_bytes(), write(JOAO, subject="Outra").as_bytes())
    desk.wait_until_done(2)
    desk.wait_for(lambda: all(row["state"] == "sent" for row in desk.outbox()), "all copies to go out")

    def of_metric(name: str, wanted: float, **labels: str) -> None:
        desk.wait_for(lambda: metric(desk, name, **labels) == wanted, f"{name} {labels} to be {wanted}")

    of_metric("mailtickets_received_total", 2, door="smtp")
    of_metric("mailtickets_outcomes_total", 2, outcome="opened", reason="new-mail")
    of_metric("mailtickets_deliveries_total", 4, notice="new_ticket", result="sent")
    of_metric("mailtickets_tickets", 2, queue="suporte", status="new")
    of_metric("mailtickets_unanswered_tickets", 2, queue="suporte")
    of_metric("mailtickets_accept_duration_seconds_count", 2, kind="smtp")
    of_metric("mailtickets_database_up", 1)
    text = get(desk, "/metrics").text
    assert not [family.name for family in FAMILIES if f"# TYPE {family.name} " not in text]
    for word in (MARIA.address, JOAO.address, "Outra", "ana@"):
        assert word not in text
    assert metric(desk, "mailtickets_outbox_copies", state="queued") == 0


@on_sqlite
def test_accounts_show_when_they_last_worked_and_when_they_did_not(
    town: Town, make_desk: DeskMaker, database_url: str, place: Path
) -> None:
    (place / "imap-password").write_text(MAILBOX_PASSWORD)
    environment = {"SSL_CERT_FILE": str(town.dovecot.certificate)}
    desk = make_desk(town_config(town, database_url, HTTP), environment, quick=True)
    desk.start()
    succeeded, failed = (f"mailtickets_account_last_{what}_timestamp_seconds" for what in ("success", "failure"))
    town.submit(write(MARIA, to=MAILBOX), MAILBOX)
    town.wait_for_mail(MARIA)
    for kind, account in (("imap", "contato"), ("smtp", "delivery")):
        desk.wait_for(lambda: metric(desk, succeeded, kind=kind, account=account), f"{kind} to have worked")  # noqa: B023
        assert metric(desk, failed, kind=kind, account=account) == 0
    assert metric(desk, "mailtickets_received_total", door="imap:contato") == 1
    town.dovecot.stop()
    try:
        desk.wait_for(lambda: metric(desk, failed, kind="imap", account="contato"), "the mailbox to have failed")
        assert get(desk, "/readyz").status_code == 200  # no restart would help
    finally:
        town.dovecot.start()
    desk.close()


@on_sqlite
def test_a_browser_shows_the_page_with_its_style_and_finds_nothing_that_is_forbidden(
    desk: Desk, tmp_path: Path
) -> None:
    submit(desk, write(MARIA).as_bytes())
    desk.wait_until_done(1)
    options = ("--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom")
    profile = f"--user-data-dir={tmp_path}"
    shown = subprocess.run([chromium.program(), *options, profile, url(desk, "/")], capture_output=True, text=True,
                           timeout=120, check=True)  # fmt: skip
    assert "<style>" in shown.stdout
    assert "Suporte Exemplo" in shown.stdout
    assert "Content Security Policy" not in shown.stderr
    for word in (MARIA.address, "Maria"):
        assert word not in shown.stdout


@on_sqlite
def test_clients_that_stall_or_say_too_much_hold_up_no_mail(desk: Desk) -> None:
    host, port = desk.listens("http")[0].split(":")
    sockets = []
    for said in (
        b"",
        b"GET /metrics HT",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999\r\n\r\n" + b"x" * 65536,
    ):
        for _ in range(40):
            client = socket.create_connection((host, int(port)), timeout=60)
            sockets.append(client)
            try:
                client.sendall(said)
            except OSError:  # it is cut off already: there are too many
                continue
    huge = socket.create_connection((host, int(port)), timeout=60)
    sockets.append(huge)
    try:
        for _ in range(2000):
            huge.sendall(b"x" * 10_000)
    except OSError:
        pass
    submit(desk, write(MARIA).as_bytes())
    desk.wait_until_done(1)
    for client in sockets:
        client.close()
    assert desk.wait_for(lambda: answers(desk), "an answer").status_code == 200
    assert metric(desk, "mailtickets_received_total", door="smtp") == 1
    assert "Traceback" not in desk.log()


def answers(desk: Desk) -> httpx.Response | None:
    try:
        return get(desk, "/healthz")
    except httpx.HTTPError:
        return None


@on_sqlite
def test_many_who_look_at_once_are_all_answered_and_mail_comes_in_meanwhile(desk: Desk) -> None:
    def look() -> set[int]:
        with httpx.Client(timeout=60) as client:
            return {client.get(url(desk, "/metrics")).status_code for _ in range(30)}

    with ThreadPoolExecutor(4) as pool:
        looking = [pool.submit(look) for _ in range(4)]
        submit(desk, *(write(MARIA, subject=f"Mail {number}").as_bytes() for number in range(10)))
        desk.wait_until_done(10)
        assert [found.result() for found in looking] == [{200}] * 4


def test_when_the_database_is_away_the_desk_is_alive_and_not_ready(make_desk: DeskMaker) -> None:
    with Postgres() as postgres:
        address = postgres.database()
        postgres.stop()
        desk = make_desk(
            config(MAILDIR, f'[http]\nlisten = ["127.0.0.1:{free_port()}"]\n', smtp_port=0, database=address)
        )
        port = desk.config.read_text().split("[http]")[1].split(":")[1].split('"')[0]
        desk.launch()

        def status(path: str) -> tuple[int, str]:
            try:
                got = httpx.get(f"http://127.0.0.1:{port}{path}", timeout=60)
            except httpx.ConnectError:
                return 0, ""
            return got.status_code, got.text

        desk.wait_for(lambda: status("/healthz")[0] == 200, "an answer before there is a database")
        assert status("/readyz")[0] == 503
        assert "mailtickets_database_up 0.0\n" in status("/metrics")[1]
        assert status("/")[0] == 503
        postgres.start()
        desk.wait_for(lambda: status("/readyz")[0] == 200, "the desk to be ready")
        assert "mailtickets_database_up 1.0\n" in status("/metrics")[1]
        postgres.stop()
        desk.wait_for(lambda: status("/readyz")[0] == 503, "the desk to say that it takes no mail")
        assert status("/healthz")[0] == 200
        assert status("/readyz")[1].startswith("database: ")
        assert 'mailtickets_ready{part="database"} 0.0\n' in status("/metrics")[1]
        postgres.start()
        desk.wait_for(lambda: status("/readyz")[0] == 200, "the desk to be ready again")


@on_sqlite
def test_a_database_that_others_hold_is_no_place_for_mail_and_does_not_hide_the_figures(
    desk: Desk, place: Path
) -> None:
    other = sqlite3.connect(place / "var" / "mailtickets.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        desk.wait_for(lambda: get(desk, "/readyz").status_code == 503, "the desk to say that it takes no mail")
        assert get(desk, "/readyz").text.startswith("database: no answer in ")
        assert get(desk, "/healthz").status_code == 200
        assert metric(desk, "mailtickets_ready", part="database") == 0
        assert metric(desk, "mailtickets_database_up") == 1
    finally:
        other.close()
    desk.wait_for(lambda: get(desk, "/readyz").status_code == 200, "the desk to be ready again")


# --- start, reload, stop ------------------------------------------------------------------------------


@contextmanager
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_port_in_use_is_an_error_that_names_the_key(make_desk: DeskMaker) -> None:
    with taken() as port:
        desk = make_desk(config(MAILDIR, f'[http]\nlisten = ["unix:a.sock", "127.0.0.1:{port}"]\n', smtp_port=0))
        desk.launch()
        assert desk.wait() == 1
    assert f"http.listen.1: Address already in use: 127.0.0.1:{port}" in desk.log()
    assert "Traceback" not in desk.log()


def test_a_reload_moves_adds_and_removes_the_pages(make_desk: DeskMaker) -> None:
    first, second = free_port(), free_port()
    desk = make_desk(config(MAILDIR, smtp_port=0))
    desk.start()
    assert desk.listens("http") == []

    def reload(http: str) -> None:
        said = desk.log().count('"reloaded"')
        desk.configure(config(MAILDIR, http, smtp_port=0))
        desk.signal(signal.SIGHUP)
        desk.wait_for(lambda: desk.log().count('"reloaded"') > said, "the reload")

    def status(port: int, path: str) -> int:
        try:
            return httpx.get(f"http://127.0.0.1:{port}{path}", timeout=60).status_code
        except httpx.ConnectError:
            return 0

    reload(f'[http]\nlisten = ["127.0.0.1:{first}"]\n')
    assert (status(first, "/healthz"), status(second, "/healthz")) == (200, 0)
    reload(f'[http]\nlisten = ["127.0.0.1:{second}"]\nmetrics = false\n')
    assert (status(first, "/healthz"), status(second, "/healthz")) == (0, 404)
    with taken() as port:
        reload(f'[http]\nlisten = ["127.0.0.1:{port}"]\n')
        assert "http.listen.0: Address already in use" in desk.log()
        assert status(second, "/healthz") == 200
    reload("")
    assert status(second, "/healthz") == 0
    submit(desk, write(MARIA).as_bytes())
    desk.wait_until_done(1)
    assert desk.stop() == 0


def test_a_door_whose_new_address_is_in_use_is_told_and_opened_by_the_next_reload(make_desk: DeskMaker) -> None:
    http = f'[http]\nlisten = ["127.0.0.1:{free_port()}"]\n'
    desk = make_desk(config(MAILDIR, http, smtp_port=free_port(), locale="en"))
    desk.start()
    place = http.split('"')[1]

    def reload() -> None:
        said = desk.log().count('"reloaded"')
        desk.signal(signal.SIGHUP)
        desk.wait_for(lambda: desk.log().count('"reloaded"') > said, "the reload")

    with taken() as port:
        desk.configure(config(MAILDIR, http, smtp_port=port, locale="en"))
        reload()
        ready = desk.wait_for(lambda: (got := httpx.get(f"http://{place}/readyz", timeout=60)).is_error and got, "503")
        assert (ready.status_code, "doors: not listening: smtp" in ready.text) == (503, True)
        told = httpx.get(f"http://{place}/", timeout=60).text
        assert "A door for mail is not open: smtp." in told
    reload()
    desk.wait_for(lambda: httpx.get(f"http://{place}/readyz", timeout=60).status_code == 200, "the door")
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
        client.sendmail(MARIA.address, [QUEUE], write(MARIA).as_bytes())
    desk.wait_until_done(1)


def test_a_configuration_that_is_refused_shows_in_the_figures(make_desk: DeskMaker) -> None:
    desk = make_desk(config(MAILDIR, HTTP, smtp_port=0))
    desk.start()
    assert metric(desk, "mailtickets_config_reload_successful") == 1
    desk.configure("[nothing")
    desk.signal(signal.SIGHUP)
    desk.wait_for(lambda: metric(desk, "mailtickets_config_reload_successful") == 0, "the figure")
    assert get(desk, "/readyz").status_code == 200


def test_the_desk_stops_although_somebody_reads_no_answer(make_desk: DeskMaker, place: Path) -> None:
    desk = make_desk(config(MAILDIR, '[http]\nlisten = ["127.0.0.1:0", "unix:http.sock"]\n', smtp_port=0))
    desk.start()
    group = desk.process.pid if desk.process else 0
    socket_file = place / "var" / "http.sock"
    assert oct(socket_file.stat().st_mode)[-3:] == "660"
    with socket.socket(socket.AF_UNIX) as idle:
        idle.connect(str(socket_file))
        idle.sendall(b"GET / HT")
        assert desk.stop() == 0
    assert not socket_file.exists()
    assert desk.leaves_nobody(group)


def test_a_public_address_is_warned_of(make_desk: DeskMaker) -> None:
    desk = make_desk(config(MAILDIR, '[http]\nlisten = ["0.0.0.0:0"]\n', smtp_port=0))
    desk.start()
    assert "0.0.0.0:0 can be reached from other machines" in desk.log()


# --- without it ---------------------------------------------------------------------------------------


def imported(desk: Desk) -> set[str]:
    """Every module that the daemon has imported, as `python -X importtime` tells."""
    desk.start({"PYTHONPROFILEIMPORTTIME": "1"})
    submit(desk, write(MARIA).as_bytes())
    desk.wait_until_done(1)
    return {line.rpartition("|")[2].strip() for line in desk.log().splitlines() if line.startswith("import time:")}


def test_without_the_table_nothing_of_it_is_imported(make_desk: DeskMaker) -> None:
    found = imported(make_desk(config(MAILDIR, smtp_port=0)))
    assert "mailtickets.daemon" in found
    names = ("starlette", "uvicorn", "h11", "prometheus_client", "mailtickets.edges.http")
    assert [module for module in sorted(found) if module.startswith(names)] == []


def test_with_the_table_it_is(make_desk: DeskMaker) -> None:
    assert {"mailtickets.edges.http.door", "uvicorn", "prometheus_client"} <= imported(
        make_desk(config(MAILDIR, HTTP, smtp_port=0))
    )


HIDES_UVICORN = """\
import importlib.util

find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name == "uvicorn" else find(name, *more)
"""


def test_without_the_extra_the_daemon_says_how_to_install_it(make_desk: DeskMaker, place: Path) -> None:
    hidden = place / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(HIDES_UVICORN)
    desk = make_desk(
        config(MAILDIR, HTTP, smtp_port=0), {"PYTHONPATH": f"{hidden}{os.pathsep}{os.pathsep.join(sys.path)}"}
    )
    done = desk.command("run")
    assert done.returncode == 2
    assert (
        "http: needs packages that are not installed (uvicorn): pip install mailtickets[http]" in done.stderr.decode()
    )
