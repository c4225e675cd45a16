"""A desk in a directory, with tickets in it, and its commands."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from mailtickets.cli import main
from mailtickets.config.load import load
from mailtickets.config.state import load_secrets, prepare
from mailtickets.store import migrate
from mailtickets.store.database import Database
from tests.store.office import Office

CONFIG = """
[instance]
name = "exemplo"
hostname = "mail.desk.test"
[delivery]
method = "maildir"
[trust]
agents = "token"
[[queue]]
name = "suporte"
addresses = ["suporte@desk.test"]
display_name = "Suporte Exemplo"
[[queue]]
name = "vendas"
addresses = ["vendas@desk.test"]
[[agent]]
name = "Ana Lima"
address = "ana@desk.test"
aliases = ["ana.lima@desk.test"]
queues = ["suporte"]
[[agent]]
name = "Bruno Castro"
address = "bruno@desk.test"
queues = ["suporte", "vendas"]
"""


class Shell:
    """Runs commands in this process; says what they printed and how they ended."""

    def __init__(self, directory: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.directory, self.config = directory, directory / "config.toml"
        self._capsys, self._monkeypatch = capsys, monkeypatch

    def run(self, *words: object, stdin: str = "") -> tuple[int, str, str]:
        """(exit status, stdout, stderr)"""
        self._monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        try:
            status = main(["-c", str(self.config), *(str(word) for word in words)])
        except SystemExit as end:  # argparse
            status = int(end.code or 0)
        said = self._capsys.readouterr()
        return status, said.out, said.err

    def json(self, *words: object, stdin: str = "") -> Any:
        status, out, err = self.run(*words, "--json", stdin=stdin)
        assert status == 0, err
        return json.loads(out)


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    for name in ("STATE_DIRECTORY", "CREDENTIALS_DIRECTORY", "MAILTICKETS_CONFIG", "SUDO_USER"):
        monkeypatch.delenv(name, raising=False)
    made = Shell(tmp_path, capsys, monkeypatch)
    made.config.write_text(CONFIG, encoding="utf-8")
    return made


@pytest.fixture
def office(shell: Shell, migrated_file: Path) -> Any:
    """The desk of the shell's configuration, empty; what the daemon would do with mail is done here at once."""
    config = load(shell.config)
    prepare(config)
    (config.state_dir / "mailtickets.db").write_bytes(migrated_file.read_bytes())
    from mailtickets.gateway.rules import rules_of

    office = Office(Database(config.database_url), rules_of(config, load_secrets(config)))
    yield office
    office.database.close()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "mailtickets.db"
    database = Database(f"sqlite:///{file}")
    migrate.upgrade(database)
    database.close()
    return file
