"""What a newcomer does: makes a configuration, starts the desk, watches the demo; installs the wheel."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.servers import free_port
from tests.system.conftest import DeskMaker
from tests.system.desk import PROGRAM, Desk


@pytest.fixture
def fresh(make_desk: DeskMaker, place: Path) -> Desk:
    """A desk whose configuration `init` has written; only the port is another, since 8025 may be taken."""
    done = subprocess.run([str(PROGRAM), "-c", str(place / "config.toml"), "init"], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    text = (place / "config.toml").read_text()
    assert '"127.0.0.1:8025"' in text
    return make_desk(text.replace("127.0.0.1:8025", f"127.0.0.1:{free_port()}"))


def test_the_demo_plays_its_story_on_a_fresh_desk(fresh: Desk) -> None:
    fresh.start()
    told = fresh.command("demo")
    assert told.returncode == 0, told.stderr.decode() + fresh.log()
    said = told.stdout.decode()
    assert "[#1]" in said
    assert "suporte@desk.test" in said
    (ticket,) = fresh.tickets()
    assert ticket["status"] == "resolved"
    assert len(ticket["messages"]) >= 3
    assert ticket["messages"][0]["attachments"]
    assert {row["state"] for row in fresh.outbox()} == {"sent"}


def test_init_never_writes_over_what_is_there(fresh: Desk) -> None:
    before = fresh.config.read_text()
    assert fresh.command("init").returncode != 0
    assert fresh.config.read_text() == before


def test_the_demo_plays_on_a_stage_of_its_own_when_no_desk_runs(fresh: Desk) -> None:
    alone = fresh.command("demo")
    assert alone.returncode == 0, alone.stderr.decode()
    assert "[#1]" in alone.stdout.decode()
    assert not fresh.state_dir.exists()


def test_check_finds_a_fresh_desk_in_order(fresh: Desk) -> None:
    fresh.start()
    checked = fresh.command("check")
    assert checked.returncode == 0, checked.stdout.decode() + checked.stderr.decode()


def test_the_state_that_init_and_run_leave_is_found_by_db_check(fresh: Desk) -> None:
    fresh.start()
    fresh.stop()
    assert fresh.command("db", "check").returncode == 0


def test_the_wheel_brings_its_templates_and_migrations(installed: Path, place: Path) -> None:
    (place / "elsewhere").mkdir()
    config = place / "config.toml"

    def run(*words: str) -> str:
        command = [str(installed), "-c", str(config), *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=place / "elsewhere",
                              env={"PATH": os.environ["PATH"], "PYTHONSAFEPATH": "1"})  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("init")
    run("db", "upgrade")
    assert "ticket" in run("template", "list") or "received" in run("template", "list")
    assert "[#" in run("template", "preview", "received", "--locale", "pt_BR")
    assert (place / "var" / "mailtickets.db").exists()
