"""A token server that means no good: its answers neither stop the daemon nor lose a token."""

import json
import socket
import threading
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from mailtickets.edges.oauth2 import device, login
from mailtickets.edges.oauth2.asking import ask
from mailtickets.edges.oauth2.outcome import Retry, Token, of_answer
from mailtickets.edges.oauth2.transport import Answer, Transport
from tests.edges.oauth_desk import Clock, Provider, account, gateway, got, logged_in

DEEP = "[" * 200_000


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize("text", [DEEP, '{"a":' * 100_000, "9" * 100_000, "\0" * 9, "[]", '"error"', "NaN"])
def test_what_is_no_answer_is_asked_for_again(status: int, text: str) -> None:
    assert isinstance(of_answer(Answer(status, text, {}), "other"), Retry)


def test_an_answer_of_brackets_in_brackets_does_not_get_out_of_the_question() -> None:
    class Hostile(Transport):
        def request(self, *_: object, **__: object) -> Answer:
            self.last = Answer(400, DEEP, {})
            return self.last

    assert isinstance(ask(account(), "refresh-0", Hostile()), Retry)


def test_who_has_logged_in_is_left_open_where_the_id_token_makes_no_sense() -> None:
    bomb = f"a.{urlsafe_b64encode(b'[' * 90_000).decode()}.c"
    found = of_answer(
        Answer(200, json.dumps({"access_token": "a", "refresh_token": "r", "id_token": bomb}), {}), "other"
    )
    assert isinstance(found, Token)
    assert (found.refresh, found.who) == ("r", "")


@pytest.mark.parametrize("life", ["1e999", "1000000000000000000", "-1e999", "-5", '"9999999999999"', "true", '"x"'])
def test_a_rotated_refresh_token_is_kept_however_long_the_token_is_said_to_live(tmp_path: Path, life: str) -> None:
    clock, provider = Clock(), Provider()
    one = gateway(tmp_path / "one", provider, clock)
    logged_in(one)
    clock.turn(hours=1)
    text = f'{{"access_token": "a", "refresh_token": "rotated", "expires_in": {life}}}'
    provider.answers = [of_answer(Answer(200, text, {}), "other")]
    kept = got(one.renew())
    assert kept.refresh == "rotated"
    assert timedelta() < kept.expires_at - clock() <= timedelta(days=366)


def test_the_page_and_the_code_of_a_provider_cannot_write_on_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = {"verification_uri": "https://t.test/\x1b]0;x\x07\x1b[2J", "user_code": "A\r\nB", "device_code": "d"}
    begun = device.DeviceLogin(account("device_code"), Transport(), answer)
    monkeypatch.setattr(device, "begin", lambda *_: begun)
    monkeypatch.setattr(device.DeviceLogin, "look", lambda _: Retry("enough"))
    said: list[str] = []
    login.log_in(account("device_code"), login.Person(said.append, lambda _: "", lambda _: None))
    assert all(line.isprintable() for line in said), said


@contextmanager
def dripping(first: bytes, piece: bytes) -> Iterator[str]:
    """The address of a token server that sends a piece now and then, for as long as somebody listens."""
    done = threading.Event()

    def drip() -> None:
        client, _ = server.accept()
        with client:
            client.recv(65_536)
            client.sendall(first)
            while not done.wait(0.05):
                try:
                    client.sendall(piece)
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/token"
        done.set()
        thread.join()


@pytest.mark.parametrize(
    ("first", "piece"),
    [
        (b"", b"H"),
        (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"{"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0"),
        (b"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    ],
)
def test_a_server_that_sends_a_little_now_and_then_does_not_hold_us(first: bytes, piece: bytes) -> None:
    with dripping(first, piece) as url, pytest.raises(OSError, match="does not answer in time"):
        Transport(deadline_seconds=1).post(url, data={"grant_type": "client_credentials"})


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK", b"HTTP/1.1 503 Busy", b"HTTP/1.1 400 Bad"])
@pytest.mark.parametrize("length", [b"Content-Length: 100", b"Transfer-Encoding: chunked"])
def test_an_answer_that_breaks_off_is_asked_for_again(head: bytes, length: bytes) -> None:
    def answer() -> None:
        client, _ = server.accept()
        with client:
            client.recv(65_536)
            client.sendall(head + b"\r\n" + length + b"\r\n\r\n5\r\n{")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=answer)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/token"
        assert isinstance(ask(account("client_credentials", token_url=url), "", Transport()), Retry)
        thread.join()
