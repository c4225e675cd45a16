"""Commands that only look: what they import, and that a configuration is checked when it has changed."""

import subprocess
import sys
from pathlib import Path

import pytest

from mailtickets.config.proven import MARK, proven
from tests.cli.conftest import Shell
from tests.store.office import Office, a_message


@pytest.fixture
def desk(shell: Shell, office: Office) -> Shell:
    """The shell of a desk with one ticket."""
    office.take(a_message())
    return shell


HEAVY = ("sqlalchemy", "pydantic", "alembic", "jinja2", "mailparser", "asyncio", "psycopg")


@pytest.mark.parametrize(
    "words",
    [
        ["ticket", "list"], ["ticket", "show", "1"], ["ticket", "search", "toner"],
        ["ticket", "list", "--status", "novo"], ["ticket", "list", "--due"], ["ticket", "list", "--due", "--json"],
        ["inbound", "list"], ["inbound", "show", "1"],
        ["outbox", "list"], ["outbox", "show", "1"], ["agent", "list"],
        ["status"], ["status", "--json"],
        ["rule", "list"], ["rule", "list", "--json"],
        ["trace", "1"], ["trace", "m1@cliente.test", "--json"], ["trace", "#1"],
    ],
)  # fmt: skip
def test_looking_imports_nothing_heavy(desk: Shell, words: list[str]) -> None:
    desk.run("agent", "list")  # the configuration has been checked
    told = f"import sys; from mailtickets.cli import main; main({['-c', str(desk.config), *words]!r});"
    told += f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "[]"


def test_a_changed_configuration_is_checked_again(desk: Shell) -> None:
    assert desk.run("ticket", "list")[0] == 0
    assert proven(desk.config) is not None
    desk.config.write_text(desk.config.read_text() + "\n[nonsense]\n")
    status, _, said = desk.run("ticket", "list")
    assert (status, "nonsense" in said) == (2, True)
    assert proven(desk.config) is None


@pytest.mark.parametrize("mark", ["", "0" * 64, "x" * 10_000])
def test_a_mark_of_something_else_proves_nothing(desk: Shell, mark: str) -> None:
    desk.run("ticket", "list")
    (desk.directory / "var" / MARK).write_text(mark)
    assert proven(desk.config) is None
    assert desk.run("ticket", "list")[0] == 0
    assert proven(desk.config) is not None


def test_a_link_in_the_place_of_the_mark_is_replaced_and_not_followed(desk: Shell, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("words")
    mark = desk.directory / "var" / MARK
    mark.unlink(missing_ok=True)
    mark.symlink_to(victim)
    assert desk.run("ticket", "list")[0] == 0
    assert victim.read_text() == "words"
    assert not mark.is_symlink()


def test_an_agents_alias_is_as_good_as_the_address(desk: Shell) -> None:
    for _ in range(2):  # with a configuration that is checked now, and with one that has been
        assert desk.run("ticket", "list", "--assignee", "ANA.LIMA@desk.test")[0] == 0
