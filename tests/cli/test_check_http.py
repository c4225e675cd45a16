"""`check` and the table `[http]`: who answers there, and what to do about it."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mailtickets.cli.check import http
from mailtickets.cli.check.inquiry import Inquiry
from mailtickets.config.load import load
from mailtickets.views.check import CheckLine
from tests.servers import free_port
from tests.test_config import LEAST

WELL = "database: ok\ndisk: ok\ndoors: ok\n"


def checked(tmp_path: Path, table: str) -> list[CheckLine]:
    file = tmp_path / "config.toml"
    file.write_text(LEAST + table, encoding="utf-8")
    return list(http.lines(Inquiry(load(file))))


@contextmanager
def answering(status: int, said: str) -> Iterator[int]:
    """A server that gives this answer to everybody; its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(said.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            serving.join()


@contextmanager
def speaking(words: bytes) -> Iterator[int]:
    """A server of another protocol, which speaks first and then hangs up; its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def speak() -> None:
            client, _ = server.accept()
            with client:
                client.sendall(words)
                client.recv(1000)

        speaker = threading.Thread(target=speak)
        speaker.start()
        yield server.getsockname()[1]
        speaker.join()


def test_without_the_table_there_is_nothing_to_say(tmp_path: Path) -> None:
    assert checked(tmp_path, "") == []


@pytest.mark.parametrize(
    ("status", "said", "verdict", "text", "then"),
    [
        (200, WELL, "ok", "mail can be taken", ""),
        (503, "database: refused\ndisk: ok\ndoors: ok\n", "wrong", "mail is not taken (database: refused)", "log"),
        (200, "<html>It works!", "wrong", "is not mailtickets", "another address"),
        (404, "Not Found", "wrong", "is not mailtickets", "another address"),
    ],
)
def test_what_answers_is_told(tmp_path: Path, status: int, said: str, verdict: str, text: str, then: str) -> None:
    with answering(status, said) as port:
        [line] = checked(tmp_path, f'[http]\nlisten = ["127.0.0.1:{port}"]')
    assert (line.verdict, line.about) == (verdict, "http.listen.0")
    assert text in line.text
    assert then in line.next


@pytest.mark.parametrize("entry", [lambda: f"127.0.0.1:{free_port()}", lambda: "unix:http.sock"], ids=["port", "unix"])
def test_where_nobody_listens_the_daemon_is_to_be_started(tmp_path: Path, entry: Callable[[], str]) -> None:
    [line] = checked(tmp_path, f'[http]\nlisten = ["{entry()}"]')
    assert line.verdict == "warning"
    assert "nobody listens there now" in line.text
    assert "systemctl reload mailtickets" in line.next


def test_another_program_on_the_port_is_named_as_one(tmp_path: Path) -> None:
    with speaking(b"220 mail.example ESMTP\r\n") as port:
        [line] = checked(tmp_path, f'[http]\nlisten = ["127.0.0.1:{port}"]')
    assert line.verdict == "wrong"
    assert "does not answer as it should" in line.text
    assert "stop the other program" in line.next


def test_a_public_address_is_warned_of_with_what_to_do(tmp_path: Path) -> None:
    with answering(200, WELL) as port:
        warned, answered = checked(tmp_path, f'[http]\nlisten = ["0.0.0.0:{port}"]')
    assert (warned.verdict, answered.verdict) == ("warning", "ok")
    assert warned.next.startswith("listen on 127.0.0.1")


def test_without_the_health_pages_it_is_enough_that_somebody_answers(tmp_path: Path) -> None:
    with answering(404, "Not Found") as port:
        [line] = checked(tmp_path, f'[http]\nlisten = ["127.0.0.1:{port}"]\nmetrics = false')
    assert line.verdict == "ok"
