"""The pages over HTTP: which there are, who may ask for them, and what a browser may do with them."""

from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from mailtickets.config.load import load
from mailtickets.desk.model.delivery import Transient
from mailtickets.edges.http.app import Sources, application
from tests.test_config import LEAST

STYLE = "body { color: red }"
PAGE = f"<!doctype html><title>desk</title><style>{STYLE}</style><p>Well."


class Desk:
    """What the pages show, for a test to change."""

    def __init__(self) -> None:
        self.trouble = ""
        self.found = {"database": "", "disk": ""}
        self.away: Transient | None = None

    async def ready(self) -> dict[str, str]:
        return self.found

    async def metrics(self, accept: str) -> tuple[bytes, str]:
        return f"# {accept}\n".encode(), "text/plain; version=0.0.4; charset=utf-8"

    async def page(self) -> str:
        if self.away:
            raise self.away
        return PAGE


@pytest.fixture
def desk() -> Desk:
    return Desk()


def client(desk: Desk, tmp_path: Path, keys: str = "", host: str = "127.0.0.1:8026") -> httpx.AsyncClient:
    file = tmp_path / "config.toml"
    file.write_text(f"{LEAST}\n[http]\n{keys}", encoding="utf-8")
    app: Any = application(load(file), Sources(lambda: desk.trouble, desk.ready, desk.metrics, desk.page))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=f"http://{host}")


@pytest.mark.parametrize(
    ("path", "says"), [("/", "Well."), ("/healthz", "ok\n"), ("/readyz", "database: ok\ndisk: ok\n"), ("/metrics", "#")]
)
async def test_there_is_a_page(desk: Desk, tmp_path: Path, path: str, says: str) -> None:
    async with client(desk, tmp_path) as web:
        got = await web.get(path)
        head = await web.head(path)
    assert (got.status_code, says in got.text) == (200, True)
    assert (head.status_code, head.headers) == (200, got.headers)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/metrics"])
async def test_nothing_can_be_done_here_but_looking(desk: Desk, tmp_path: Path, method: str, path: str) -> None:
    async with client(desk, tmp_path) as web:
        got = await web.request(method, path)
    assert got.status_code == 405
    assert set(got.headers["allow"].split(", ")) == {"GET", "HEAD"}


@pytest.mark.parametrize("path", ["/nothing", "/metrics/", "/healthz/x", "/api/v1/tickets", "//evil.test/", "/%2e%2e/"])
async def test_there_is_no_other_page(desk: Desk, tmp_path: Path, path: str) -> None:
    async with client(desk, tmp_path, "api = true") as web:
        got = await web.get(f"http://127.0.0.1:8026{path}")
    assert got.status_code == 404
    assert "location" not in got.headers


async def test_pages_that_the_configuration_does_not_want_are_not_there(desk: Desk, tmp_path: Path) -> None:
    async with client(desk, tmp_path, "metrics = false") as web:
        assert [(await web.get(path)).status_code for path in ("/", "/metrics", "/healthz", "/readyz")] == [
            200, 404, 404, 404,
        ]  # fmt: skip
    async with client(desk, tmp_path, "status_page = false") as web:
        assert [(await web.get(path)).status_code for path in ("/", "/metrics", "/healthz")] == [404, 200, 200]


async def test_what_is_not_well_is_503_and_says_what(desk: Desk, tmp_path: Path) -> None:
    desk.trouble = "a task of the gateway has ended"
    desk.found["database"] = "connection refused"
    desk.away = Transient("connection refused")
    async with client(desk, tmp_path) as web:
        health, ready, page = [await web.get(path) for path in ("/healthz", "/readyz", "/")]
    assert (health.status_code, health.text) == (503, "a task of the gateway has ended\n")
    assert (ready.status_code, ready.text) == (503, "database: connection refused\ndisk: ok\n")
    assert (page.status_code, page.headers["content-type"]) == (503, "text/html; charset=utf-8")
    assert "O banco de dados não responde." in page.text
    assert "connection refused" in page.text
    assert "style-src 'sha256-" in page.headers["content-security-policy"]
    assert "retry-after" in page.headers


async def test_the_page_may_have_its_own_style_and_nothing_else(desk: Desk, tmp_path: Path) -> None:
    async with client(desk, tmp_path) as web:
        policy = (await web.get("/")).headers["content-security-policy"]
    digest = b64encode(sha256(STYLE.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "script-src" not in policy


@pytest.mark.parametrize("path", ["/healthz", "/metrics", "/nothing"])
async def test_every_other_answer_may_load_nothing(desk: Desk, tmp_path: Path, path: str) -> None:
    async with client(desk, tmp_path) as web:
        policy = (await web.get(path)).headers["content-security-policy"]
    assert policy == "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@pytest.mark.parametrize("host", ["127.0.0.1:8026", "localhost", "[::1]:8026", "10.0.0.7", "mail.desk.test:8026"])
async def test_the_server_answers_to_its_own_names(desk: Desk, tmp_path: Path, host: str) -> None:
    async with client(desk, tmp_path, host=host) as web:
        assert [(await web.get(path)).status_code for path in ("/", "/metrics")] == [200, 200]


@pytest.mark.parametrize("host", ["evil.test", "127.0.0.1.evil.test", "localhost.evil.test:8026", "[::1.evil.test"])
async def test_a_page_under_another_name_is_not_shown(desk: Desk, tmp_path: Path, host: str) -> None:
    async with client(desk, tmp_path) as web:
        for path, status in (("/", 421), ("/metrics", 421), ("/healthz", 200), ("/readyz", 200)):
            assert (await web.get(path, headers={"host": host})).status_code == status
    async with client(desk, tmp_path, 'public_url = "https://status.desk.test"') as web:
        assert (await web.get("/", headers={"host": "status.desk.test"})).status_code == 200
        assert (await web.get("/", headers={"host": "evil.test"})).status_code == 421


async def test_a_server_that_others_reach_is_called_as_they_like(desk: Desk, tmp_path: Path) -> None:
    async with client(desk, tmp_path, 'listen = ["10.0.0.7:8026"]') as web:
        assert (await web.get("/metrics", headers={"host": "desk.internal:8026"})).status_code == 200


async def test_the_reader_of_metrics_says_which_format_it_wants(desk: Desk, tmp_path: Path) -> None:
    async with client(desk, tmp_path) as web:
        got = await web.get("/metrics", headers={"accept": "application/openmetrics-text;version=1.0.0"})
    assert got.text == "# application/openmetrics-text;version=1.0.0\n"
    assert got.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
