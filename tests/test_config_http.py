"""The table `[http]`: what is wrong with it, and what is risky."""

from pathlib import Path

import pytest

from mailtickets.config import http
from mailtickets.config.load import load
from mailtickets.config.models import Config
from mailtickets.config.places import ConfigError
from tests.test_config import LEAST


def loaded(tmp_path: Path, table: str, *, secrets: bool = True) -> Config:
    file = tmp_path / "config.toml"
    file.write_text(LEAST + table, encoding="utf-8")
    return load(file, secrets=secrets)


def problems(tmp_path: Path, table: str) -> dict[str, str]:
    with pytest.raises(ConfigError) as found:
        loaded(tmp_path, table)
    return dict(found.value.problems)


def test_without_the_table_there_is_no_http(tmp_path: Path) -> None:
    config = loaded(tmp_path, "")
    assert config.http is None
    assert config.http_listen == ()


def test_the_table_alone_listens_on_this_machine_only(tmp_path: Path) -> None:
    config = loaded(tmp_path, "[http]\n")
    assert config.http_listen == ("127.0.0.1:8026",)
    assert list(http.warnings(config)) == []


def test_a_unix_socket_lies_in_the_state_directory(tmp_path: Path) -> None:
    config = loaded(tmp_path, '[http]\nlisten = ["unix:http.sock"]\n')
    assert config.http_listen == (f"unix:{tmp_path}/var/http.sock",)
    assert list(http.warnings(config)) == []


@pytest.mark.parametrize(
    ("table", "key", "says"),
    [
        ('[http]\nlisten = ["localhost:8026"]', "http.listen.0", "ADDRESS:PORT"),
        ('[http]\nlisten = ["127.0.0.1:70000"]', "http.listen.0", "ADDRESS:PORT"),
        ("[http]\nlisten = []", "http.listen", "at least one"),
        ('[http]\nlisten = ["127.0.0.1:8026", "127.0.0.1:8026"]', "http.listen.0", "listed 2 times"),
        ('[http]\nmetrics = "yes"', "http.metrics", "boolean"),
        ('[http]\npublic_url = "desk.test"', "http.public_url", "http://"),
        ("[http]\nport = 8026", "http.port", "no such key"),
    ],
)
def test_what_is_wrong_is_said_by_its_key(tmp_path: Path, table: str, key: str, says: str) -> None:
    assert says in problems(tmp_path, table)[key]


def test_an_extra_that_is_not_installed_is_named_with_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = http.find_spec
    monkeypatch.setattr(http, "find_spec", lambda name: None if name == "uvicorn" else found(name))
    told = problems(tmp_path, "[http]\n")["http"]
    assert "uvicorn" in told
    assert "starlette" not in told
    assert told.endswith("pip install mailtickets[http]")


def test_a_command_that_only_reads_does_not_need_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "find_spec", lambda name: None)
    assert loaded(tmp_path, "[http]\n", secrets=False).http is not None


@pytest.mark.parametrize("entry", ["0.0.0.0:8026", "[::]:8026", "192.0.2.7:8026", "10.0.0.7:8026"])
def test_an_address_that_others_can_reach_is_warned_of(tmp_path: Path, entry: str) -> None:
    config = loaded(tmp_path, f'[http]\nlisten = ["127.0.0.1:8026", "{entry}"]')
    [(key, text, then)] = http.warnings(config)
    assert key == "http.listen.1"
    assert text.startswith(f"{entry} can be reached from other machines")
    assert then.startswith("listen on 127.0.0.1")


@pytest.mark.parametrize("entry", ["127.0.0.1:8026", "127.9.9.9:8026", "[::1]:8026", "unix:/run/desk/http.sock"])
def test_an_address_of_this_machine_is_not(tmp_path: Path, entry: str) -> None:
    assert list(http.warnings(loaded(tmp_path, f'[http]\nlisten = ["{entry}"]'))) == []


def test_the_api_that_is_not_there_yet_may_be_asked_for_and_is_warned_of(tmp_path: Path) -> None:
    [(key, text, _)] = http.warnings(loaded(tmp_path, "[http]\napi = true"))
    assert (key, "serves nothing" in text) == ("http.api", True)
