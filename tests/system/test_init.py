"""`init --system`, into directories of the test's own: what it makes, for whom, and what it leaves alone."""

import grp
import os
import pwd
import sys
import sysconfig
from pathlib import Path

import pytest

from mailtickets.cli import BAD_USAGE, DONE, REFUSED, main
from mailtickets.cli.setup import machine as our_machine
from mailtickets.config.load import load

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files that belong to a service's user")

NOBODY = pwd.getpwnam("nobody")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with systemd and the service's user, below a directory; programs in homes are as good as others."""
    (tmp_path / "units").mkdir()
    for name, value in (
        ("USER", NOBODY.pw_name),
        ("SYSTEM_STATE", tmp_path / "state"),
        ("SYSTEM_UNITS", tmp_path / "units"),
        ("HOMES", ()),
    ):
        monkeypatch.setattr(our_machine, name, value)
    return tmp_path


def init_system(machine: Path) -> int:
    return main(["-c", str(machine / "etc" / "config.toml"), "init", "--system"])


def test_it_makes_a_configuration_that_the_service_alone_can_read_and_root_alone_write(machine: Path) -> None:
    assert init_system(machine) == DONE
    assert described(machine / "etc" / "config.toml") == (0o640, "root", grp.getgrgid(NOBODY.pw_gid).gr_name)
    config = load(machine / "etc" / "config.toml")
    assert config.state_dir == machine / "state"
    assert described(machine / "state")[:2] == (0o710, NOBODY.pw_name)


def test_its_units_name_this_program_and_this_configuration(machine: Path) -> None:
    assert init_system(machine) == DONE
    service = (machine / "units" / "mailtickets.service").read_text()
    program = Path(sysconfig.get_path("scripts")) / "mailtickets"
    assert f"\nExecStart={program} -c {machine / 'etc' / 'config.toml'} run\n" in service
    assert "FileDescriptorName=smtp" in (machine / "units" / "mailtickets.socket").read_text()


def test_what_exists_stays_and_what_is_missing_is_made(machine: Path) -> None:
    (machine / "etc").mkdir()
    (machine / "etc" / "config.toml").write_text("# mine\n")
    (machine / "units" / "mailtickets.service").write_text("# mine too\n")
    assert init_system(machine) == DONE
    assert (machine / "etc" / "config.toml").read_text() == "# mine\n"
    assert (machine / "units" / "mailtickets.service").read_text() == "# mine too\n"
    assert (machine / "units" / "mailtickets.socket").exists()


def test_without_systemd_it_says_what_to_run(
    machine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(our_machine, "SYSTEM_UNITS", machine / "nowhere")
    assert init_system(machine) == DONE
    assert f"-c {machine / 'etc' / 'config.toml'} run" in capsys.readouterr().out


def test_a_program_that_the_service_could_not_see_is_refused_before_anything_is_made(
    machine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(our_machine, "HOMES", (Path(sys.executable).resolve().parent,))
    assert init_system(machine) == REFUSED
    assert "ProtectHome" in capsys.readouterr().err
    assert not (machine / "etc").exists()


def test_a_user_that_cannot_be_made_is_told(
    machine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(our_machine, "USER", "no such user")
    monkeypatch.setenv("PATH", str(machine))  # where there is no useradd
    assert init_system(machine) == REFUSED
    assert "no such user" in capsys.readouterr().err


def test_only_root_may(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: NOBODY.pw_uid)
    assert init_system(machine) == BAD_USAGE


def described(path: Path) -> tuple[int, str, str]:
    found = path.stat()
    return found.st_mode & 0o7777, pwd.getpwuid(found.st_uid).pw_name, grp.getgrgid(found.st_gid).gr_name


# --- with answers -----------------------------------------------------------------------------------------

ANSWERS = """\
address = "suporte@desk.test"
provider = "{provider}"
login = "password"
secret_file = "password"
[[agent]]
name = "Ana"
address = "ana@desk.test"
"""


def init_with_answers(machine: Path, provider: str = "google") -> int:
    (machine / "password").write_text("correct horse")
    (machine / "answers.toml").write_text(ANSWERS.format(provider=provider))
    words = ["init", "--system", "--no-check", "--answers", str(machine / "answers.toml")]
    return main(["-c", str(machine / "etc" / "config.toml"), *words])


def test_answers_make_a_desk_whose_secrets_the_service_alone_reads(machine: Path) -> None:
    assert init_with_answers(machine) == DONE
    group = grp.getgrgid(NOBODY.pw_gid).gr_name
    assert described(machine / "etc" / "config.toml") == (0o640, "root", group)
    assert described(machine / "etc" / "mailbox-password") == (0o600, NOBODY.pw_name, group)
    config = load(machine / "etc" / "config.toml", secrets=True)
    assert config.state_dir == machine / "state"
    assert described(machine / "state")[:2] == (0o710, NOBODY.pw_name)
    assert (machine / "units" / "mailtickets.service").exists()


@pytest.mark.parametrize(("provider", "trust"), [("google", "verified"), ("zoho", "token")])
def test_trust_begins_at_verified_where_the_results_of_the_provider_are_known(
    machine: Path, provider: str, trust: str
) -> None:
    assert init_with_answers(machine, provider) == DONE
    assert load(machine / "etc" / "config.toml").trust.agents == trust


def test_bad_answers_make_no_user_and_no_folder(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(our_machine, "USER", "no such user")
    assert init_with_answers(machine, "nobody-knows") == BAD_USAGE
    assert {path.name for path in machine.iterdir()} == {"units", "password", "answers.toml"}


def test_answers_overwrite_no_configuration_and_install_what_is_missing(machine: Path) -> None:
    (machine / "etc").mkdir()
    (machine / "etc" / "config.toml").write_text("# mine\n")
    assert init_with_answers(machine) == DONE
    assert (machine / "etc" / "config.toml").read_text() == "# mine\n"
    assert not (machine / "etc" / "mailbox-password").exists()
    assert (machine / "units" / "mailtickets.service").exists()
