"""What the documentation shows works: snippets load, commands run, links lead somewhere, units and Postfix agree.

Blocks are told apart by the word behind their fence: `toml` is configuration (a table replaces the example's),
`console` has commands after `$`, `cfg` and `ini` name the file they belong to in their first line, `text` is output.
"""

import argparse
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import pytest
import trustme

from mailtickets.cli import NOUNS, module_of
from mailtickets.config.load import load
from mailtickets.config.models import Config
from tests.servers import require
from tests.system.walls import directives, faults

ROOT = Path(__file__).parents[1]
READMES = (ROOT / "README.md", ROOT / "README.pt-BR.md")
PAGES = (*READMES, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md")))
SERVICE = "mailtickets.service"

ONLY_READ = (
    "mailtickets check --send",  # would want somebody to write to
    "mailtickets check --agent ana@desk.test",  # no agent of the demo's desk; tests/system/test_tutorials.py runs it
    "mailtickets init",
    "mailtickets oauth login",
    "mailtickets run",
    "mailtickets deliver",
    "mailtickets demo",
    "mailtickets import",  # files that are not there; tests/cli/test_importing.py runs it
    "mailtickets imap backfill",  # tests/system/test_import.py runs it
    "mailtickets inbound release",  # nothing is held there
    "mailtickets inbound drop",
    "mailtickets inbound replay",
    "mailtickets outbox retry",
    "mailtickets outbox cancel",
    "mailtickets rule diff",  # there is no other configuration; tests/cli/test_rule.py runs it
    "mailtickets oauth",  # the demo's desk has no such account; tests/cli/test_oauth.py runs it
)
"""Commands whose words are checked, but which are not run against the demo's desk."""

PROGRAMS = {
    "adduser", "apt-get", "cat", "chmod", "chown", "cp", "createdb", "createuser", "git", "install", "journalctl", "ln",
    "mailtickets", "make", "mv", "openssl", "pg_dump", "pip", "pipx", "postfix", "python", "python3", "sqlite3",
    "systemctl", "curl",
    "systemd-analyze", "systemd-run", "pytest",
}  # fmt: skip


@dataclass(frozen=True)
class Block:
    page: Path
    line: int
    kind: str
    text: str

    @property
    def file(self) -> str:
        """The file a snippet belongs to, by its first line."""
        return self.text.splitlines()[0].removeprefix("#").strip()

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    found = re.finditer(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [Block(page, text.count("\n", 0, m.start()) + 1, m[1], m[2]) for m in found]


def every(kind: str) -> list[Block]:
    return [block for page in PAGES for block in blocks(page) if block.kind == kind]


def commands(block: Block) -> list[str]:
    """The lines behind `$`, less `sudo`, folders and pipes."""
    lines = [line[2:] for line in block.text.replace("\\\n", " ").splitlines() if line.startswith("$ ")]
    words = [re.sub(r"^sudo (-\w+ \S+ )?", "", line) for line in lines]
    return [re.sub(r"^\S*/(bin/)", "", line.partition(" | ")[0].partition(" > ")[0]) for line in words]


COMMANDS = [(str(block), command) for block in every("console") for command in commands(block)]
OURS = sorted(
    {command for _, command in COMMANDS if command.startswith("mailtickets") and not command.startswith(ONLY_READ)}
)


def test_every_block_is_of_a_kind_that_is_tested() -> None:
    assert {block.kind for page in PAGES for block in blocks(page)} <= {"toml", "console", "cfg", "ini", "text"}
    fences = sum(page.read_text(encoding="utf-8").count("\n```") for page in PAGES)
    assert fences == 2 * sum(len(blocks(page)) for page in PAGES), "a fence without a kind is read by nobody"


def test_both_readmes_show_the_same_blocks() -> None:
    ours, theirs = ([without_comments(block) for block in blocks(page)] for page in READMES)
    assert ours == theirs


def without_comments(block: Block) -> tuple[str, str]:
    shown = block.text if block.kind == "text" else re.sub(r"\s+# .*", "", block.text)
    return block.kind, shown.strip()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_that_are_there(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        assert not target.startswith("http"), f"{target}: nobody has looked at it"
        assert (page.parent / target).exists(), target


def test_recipes_name_files_that_are_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = {path for path in re.findall(r"`([\w./-]+/[\w./-]+)`", text) if not path.startswith(".venv")}
    assert len(named) > 30
    assert {path for path in named if not (ROOT / path).exists()} == set()
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert (ROOT / target).exists(), target


def test_every_decision_is_in_the_index_by_its_title() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = re.findall(r"^- \[(.+)\]\((.+)\)$", (folder / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    pages = sorted(page for page in folder.glob("0*.md"))
    assert [name for _, name in listed] == [page.name for page in pages]
    for (title, _), page in zip(listed, pages, strict=True):
        assert page.read_text(encoding="utf-8").startswith(f"# {title}")


def test_the_map_has_every_room_and_every_module() -> None:
    package = ROOT / "mailtickets"
    page = (ROOT / "docs" / "development.md").read_text(encoding="utf-8")
    drawn = page.partition("## The house")[2].partition("```text\n")[2].partition("```")[0]
    mapped = {
        f"{room}/{name}"
        for room, names in re.findall(r"^([\w/]+)/ .*\n((?: {22}.*\n)+)", drawn, re.MULTILINE)
        for name in re.findall(r"\w+", names)
    }
    there = {
        path.relative_to(package).with_suffix("").as_posix()
        for path in package.rglob("[a-z]*.py")
        if path.parent != package and "migrations" not in path.parts
    }
    assert mapped == there
    assert set(re.findall(r"^(\w+)\.py ", drawn, re.MULTILINE)) == {path.stem for path in package.glob("[a-z]*.py")}


# --- configuration ------------------------------------------------------------------------------------


CONFIGURATION = [block for block in every("toml") if block.file != "answers.toml"]
"""Answers for `init` are another language: tests/test_docs_providers.py."""


@pytest.mark.parametrize("block", CONFIGURATION, ids=str)
def test_configuration_loads(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    for name in ("imap-password", "smtp-password", *re.findall(r"[\w-]+-password", block.text)):
        (tmp_path / name).write_text("secret")
    certificate = trustme.CA().issue_cert("mail.desk.test")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "fullchain.pem")
    certificate.private_key_pem.write_to_path(tmp_path / "privkey.pem")
    for folder in re.findall(r'directory = "(.+)"', block.text):
        (tmp_path / folder).mkdir()
    file = tmp_path / "config.toml"
    file.write_text(put_into_the_example(block.text), encoding="utf-8")
    assert isinstance(load(file, secrets=True), Config)


def put_into_the_example(snippet: str) -> str:
    """The example with the snippet's tables in the place of its own."""
    example = (ROOT / "config.example.toml").read_text(encoding="utf-8")
    tables = re.split(r"^(?=\[)", example, flags=re.MULTILINE)
    mentioned = set(re.findall(r"^\[+[\w.]+\]+", snippet, re.MULTILINE))
    kept = [table for table in tables if table.split("]")[0] not in {name.rstrip("]") for name in mentioned}]
    return "".join(kept) + "\n" + snippet


# --- commands -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("where", "command"), COMMANDS, ids=lambda value: value if ":" in value else None)
def test_commands_are_written_right(where: str, command: str) -> None:
    words = shlex.split(command)
    assert words[0] in PROGRAMS, where
    if words[0] == "make":
        targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        assert set(words[1:]) <= set(targets), where
    if words[0] == "mailtickets":
        understood(words[1:])


def understood(words: list[str]) -> None:
    """Lets the command's own parser read it; argparse exits for what it does not know."""
    if words[:1] in (["-c"], ["--config"]):
        words = words[2:]
    noun = words[0]
    assert noun in NOUNS, noun
    parser = argparse.ArgumentParser(prog=f"mailtickets {noun}")
    import_module(module_of(noun)).configure(parser)
    parser.parse_args(["1" if word in {"ID", "N"} else word for word in words[1:]])


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder that the demo leaves behind, and what it told."""
    folder = tmp_path_factory.mktemp("docs") / "demo"
    told = mailtickets("demo", "--keep", str(folder), at=folder.parent)
    (folder / "answer.txt").write_text("Segue a segunda via.\n")
    return folder, told


def mailtickets(*words: str, at: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "mailtickets", *words], cwd=at, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{words}: {done.stderr}"
    return done.stdout


@pytest.mark.parametrize("command", OURS)
def test_commands_do_something_on_the_demos_desk(command: str, demo: tuple[Path, str]) -> None:
    folder, _ = demo
    words = ["1" if word in {"ID", "N"} else word for word in shlex.split(command)[1:]]
    words = [str(ROOT / word) if word.startswith("tests/") else word for word in words]
    mailtickets("-c", str(folder / "config.toml"), *words, at=folder)


@pytest.mark.parametrize("block", [block for block in blocks(READMES[0]) if block.kind == "text"], ids=str)
def test_what_is_shown_is_what_the_demo_tells(block: Block, demo: tuple[Path, str]) -> None:
    _, told = demo
    said = [alike(line) for line in told.splitlines()]
    for line in block.text.splitlines():
        assert alike(line) in said, line


def alike(line: str) -> str:
    """A line without what differs from day to day."""
    line = re.sub(r"em \d+ de \w+ de \d{4}, \d+h\d\d", "em DATA", line)
    return re.sub(r"maria\.\d+@", "maria@", line).rstrip()


def test_the_backup_is_a_whole_desk(demo: tuple[Path, str], tmp_path: Path) -> None:
    sqlite3 = require("sqlite3", "sqlite3")
    folder, _ = demo
    (command,) = {command for _, command in COMMANDS if command.startswith("sqlite3 ")}
    command = command.replace("/var/lib/mailtickets", str(folder / "var")).replace("/var/backups", str(tmp_path))
    subprocess.run([sqlite3, *shlex.split(command)[1:]], check=True)
    (tmp_path / "var").mkdir()
    (tmp_path / "mailtickets.db").rename(tmp_path / "var" / "mailtickets.db")
    shutil.copy2(folder / "var" / "secret", tmp_path / "var" / "secret")
    shutil.copy2(folder / "config.toml", tmp_path / "config.toml")
    assert "boleto" in mailtickets("-c", "config.toml", "ticket", "show", "1", at=tmp_path)


# --- other programs' files ----------------------------------------------------------------------------


POSTFIX = [block for block in every("cfg") if block.page in (READMES[0], ROOT / "docs" / "providers" / "own-server.md")]


def test_snippets_name_their_files() -> None:
    assert {block.file.partition(" ")[0].rpartition("/")[0] for block in every("cfg")} == {"/etc/postfix"}
    for block in every("ini"):
        assert block.file.startswith("/etc/systemd/system/mailtickets."), block


@pytest.mark.parametrize("block", [block for block in POSTFIX if block.file.endswith("main.cf")], ids=str)
def test_postfix_knows_every_setting(block: Block, tmp_path: Path) -> None:
    postconf = require("postconf", "postfix")
    (tmp_path / "main.cf").write_text("compatibility_level = 3.6\n" + block.text)
    (tmp_path / "master.cf").touch()
    shown = subprocess.run([postconf, "-c", tmp_path, "-n"], capture_output=True, text=True, check=True)
    assert shown.stderr == "", "a setting that Postfix does not know or use"
    for line in block.text.splitlines()[1:]:
        assert line in shown.stdout.splitlines()


@pytest.mark.parametrize("block", [block for block in POSTFIX if block.file.endswith("master.cf")], ids=str)
def test_postfix_has_the_transport(block: Block, tmp_path: Path) -> None:
    postconf = require("postconf", "postfix")
    (tmp_path / "main.cf").write_text("compatibility_level = 3.6\n")
    (tmp_path / "master.cf").write_text(block.text)
    shown = subprocess.run(
        [postconf, "-c", tmp_path, "-M", "mailtickets/unix"], capture_output=True, text=True, check=True
    )
    assert shown.stderr == ""
    assert shown.stdout.split()[:5] == ["mailtickets", "unix", "-", "n" if "pipe" in block.text else "-", "n"]


@pytest.mark.parametrize("block", [block for block in POSTFIX if block.file.endswith(("desk", "aliases"))], ids=str)
def test_postfix_finds_the_address(block: Block, tmp_path: Path) -> None:
    postmap = require("postmap", "postfix")
    (tmp_path / "main.cf").write_text("compatibility_level = 3.6\n")
    (tmp_path / "table").write_text(block.text)
    key = block.text.splitlines()[1].split()[0]
    found = subprocess.run([postmap, "-c", tmp_path, "-q", key, f"texthash:{tmp_path}/table"],
                           capture_output=True, text=True, check=True)  # fmt: skip
    assert found.stdout.strip() == block.text.splitlines()[1].removeprefix(key).strip()


@pytest.mark.parametrize("block", every("ini"), ids=str)
def test_systemd_takes_the_drop_in(block: Block, tmp_path: Path) -> None:
    unit = Path(block.file).parent.name.removesuffix(".d")
    text = (ROOT / "systemd" / unit).read_text().replace("/usr/local/bin/mailtickets", "/bin/true")
    (tmp_path / unit).write_text(text)
    (tmp_path / f"{unit}.d").mkdir()
    (tmp_path / f"{unit}.d" / "drop-in.conf").write_text(block.text)
    if unit != SERVICE:
        (tmp_path / SERVICE).write_text((ROOT / "systemd" / SERVICE).read_text().replace("/usr/local", "/usr"))
    assert faults(tmp_path / unit) == []


def test_the_figure_of_the_walls_is_the_measured_one() -> None:
    analyze = require("systemd-analyze", "systemd")
    command = [analyze, "security", "--offline=true", str(ROOT / "systemd" / SERVICE)]
    shown = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    measured = re.search(r"Overall exposure level.*: ([\d.]+)", shown)
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    stated = re.search(r"scores \*\*([\d.]+)\*\*", text)
    assert measured is not None
    assert stated is not None
    assert float(measured[1]) <= float(stated[1]), "later versions of systemd count other things too"
    assert directives(ROOT / "systemd" / SERVICE)["NoNewPrivileges"] == ["yes"]
