"""The state directory and the keys in it, against whoever else has an account on the machine."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from mailtickets.config.load import ConfigError, load
from mailtickets.config.models import Config
from mailtickets.config.state import load_secrets, prepare

CONFIG = """
[instance]
name = "exemplo"
hostname = "mail.desk.test"
[delivery]
method = "maildir"
[[queue]]
name = "suporte"
addresses = ["suporte@desk.test"]
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    (tmp_path / "config.toml").write_text(CONFIG)
    return load(tmp_path / "config.toml")


def problems(act: Callable[[Config], object], config: Config) -> list[tuple[str, str]]:
    with pytest.raises(ConfigError) as caught:
        act(config)
    return list(caught.value.problems)


def test_the_first_run_makes_a_directory_and_a_key_for_nobody_else(config: Config) -> None:
    prepare(config)
    assert stat.S_IMODE(config.state_dir.stat().st_mode) == 0o710
    assert stat.S_IMODE(config.secret_file.stat().st_mode) == 0o600
    assert [file.name for file in config.state_dir.iterdir()] == ["secret"]
    (key,) = load_secrets(config)
    assert len(key) == 64
    prepare(config)
    assert load_secrets(config) == (key,)


def test_two_first_runs_at_once_have_one_key(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    config.state_dir.mkdir()
    write = os.link

    def meanwhile(draft: Path, file: Path) -> None:
        file.write_bytes(b"k" * 40)
        write(draft, file)

    monkeypatch.setattr(os, "link", meanwhile)
    prepare(config)
    assert load_secrets(config) == (b"k" * 40,)
    assert [file.name for file in config.state_dir.iterdir()] == ["secret"]


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o712])
def test_a_directory_that_everybody_can_write_to_is_refused_before_anything_in_it_is_opened(
    config: Config, mode: int
) -> None:
    config.state_dir.mkdir()
    config.state_dir.chmod(mode)
    ((key, problem),) = problems(prepare, config)
    assert (key, "can be written by everybody" in problem) == ("instance.state_dir", True)
    assert list(config.state_dir.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make what belongs to others")
def test_a_directory_of_somebody_else_is_refused(config: Config) -> None:
    prepare(config)
    os.chown(config.state_dir, 65534, 65534)
    ((key, problem),) = problems(load_secrets, config)
    assert (key, "belongs to somebody else" in problem) == ("instance.state_dir", True)


def test_a_link_left_in_the_place_of_the_key_is_not_written_through(config: Config, tmp_path: Path) -> None:
    victim = tmp_path / "authorized_keys"
    config.state_dir.mkdir()
    config.secret_file.symlink_to(victim)
    with pytest.raises(FileExistsError):
        prepare(config)
    assert not victim.exists()
    assert list(config.state_dir.iterdir()) == [config.secret_file]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make what belongs to others")
def test_a_key_that_somebody_else_has_put_there_is_refused(config: Config, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.write_bytes(b"k" * 40)
    os.chown(mine, 65534, 65534)
    config.state_dir.mkdir()
    config.secret_file.symlink_to(mine)
    ((key, problem),) = problems(load_secrets, config)
    assert (key, "can be written by others" in problem) == ("instance.secret_file", True)


@pytest.mark.parametrize("name", ["secret", "secret.old"])
@pytest.mark.parametrize("content", [b"", b"\n", b"0123456789abcde\n"])
def test_a_key_that_can_be_guessed_is_refused(config: Config, name: str, content: bytes) -> None:
    prepare(config)
    file = config.state_dir / name
    file.write_bytes(content)
    file.chmod(0o600)
    ((key, problem),) = problems(load_secrets, config)
    assert key == "instance.secret_file"
    assert f"{file} holds {len(content.strip())}: at least 16 octets" in problem
    assert content.strip() == b"" or content.strip().decode() not in problem


def test_a_key_that_the_group_can_write_is_refused(config: Config) -> None:
    prepare(config)
    config.secret_file.chmod(0o660)
    ((key, problem),) = problems(load_secrets, config)
    assert (key, "can be written by others" in problem) == ("instance.secret_file", True)


def test_a_key_that_is_mounted_for_reading_alone_is_taken(config: Config, tmp_path: Path) -> None:
    prepare(config)
    config.secret_file.rename(tmp_path / "mounted")
    (tmp_path / "mounted").chmod(0o444)
    config.secret_file.symlink_to(tmp_path / "mounted")
    assert len(load_secrets(config)) == 1
