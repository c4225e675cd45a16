"""The pages about providers: both languages say the same, and what they show is what `init` takes and prints."""

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
import trustme
from pydantic import BaseModel

from mailtickets.cli import main
from mailtickets.cli.setup import answers as asked
from mailtickets.cli.setup import steps
from mailtickets.config.load import load
from mailtickets.config.providers import providers
from tests.servers import require
from tests.test_docs import Block, blocks, without_comments

FOLDER = Path(__file__).parents[1] / "docs" / "providers"
ENGLISH = sorted(page for page in FOLDER.glob("*.md") if ".pt-BR" not in page.name)
ANSWERS = [block for page in ENGLISH for block in blocks(page) if block.kind == "toml"]
SERVICE_ACCOUNT = {
    "type": "service_account",
    "client_email": "desk@example.iam.gserviceaccount.test",
    "client_id": "CLIENT_ID",
    "private_key": "PEM",
    "token_uri": "https://oauth2.googleapis.com/token",
}


def in_portuguese(page: Path) -> Path:
    return page.with_name(f"{page.stem}.pt-BR.md")


def headings(page: Path) -> list[str]:
    """The level of each heading, and its number if it has one."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"^(#+ (?:\d+\.)?)", text, re.MULTILINE)


def rows(page: Path) -> list[str]:
    """The code in the first cell of each row of the tables."""
    found = re.findall(r"^\|([^|]*)\|", page.read_text(encoding="utf-8"), re.MULTILINE)
    return [" ".join(re.findall(r"`[^`]+`", cell)) for cell in found]


def test_there_is_a_page_for_every_kind_of_provider() -> None:
    assert [page.stem for page in ENGLISH] == ["google", "microsoft365", "ordinary-host", "own-server"]
    assert {provider.page for provider in providers().values()} <= {page.stem for page in ENGLISH}


@pytest.mark.parametrize("page", ENGLISH, ids=lambda page: page.stem)
def test_both_languages_have_the_same_headings_blocks_and_rows(page: Path) -> None:
    other = in_portuguese(page)
    assert headings(page) == headings(other)
    assert [without_comments(block) for block in blocks(page)] == [without_comments(block) for block in blocks(other)]
    assert rows(page) == rows(other)


@pytest.mark.parametrize("page", ENGLISH, ids=lambda page: page.stem)
def test_a_page_says_what_can_go_wrong(page: Path) -> None:
    assert len(rows(page)) >= 10


def test_the_ordinary_page_names_every_provider_that_is_known() -> None:
    text = (FOLDER / "ordinary-host.md").read_text(encoding="utf-8")
    for provider in providers().values():
        if provider.page == "ordinary-host":
            assert provider.name.split(",")[0].split(" ")[0] in text, provider.name


def folder_of(block: Block, folder: Path) -> Path:
    """The answers of a block as a file, with the files that it names beside it."""
    text = block.text
    for name in re.findall(r'secret_file = "(.+)"', text):
        (folder / name).write_text("correct horse\n")
    if "certificate_file" in text:
        issued = trustme.CA().issue_cert("mailtickets.test")
        issued.cert_chain_pems[0].write_to_path(str(folder / "desk.crt"))
        issued.private_key_pem.write_to_path(str(folder / "desk.key"))
    (folder / "service-account.json").write_text(json.dumps(SERVICE_ACCOUNT))
    (folder / "answers.toml").write_text(text, encoding="utf-8")
    return folder / "answers.toml"


@pytest.mark.parametrize("block", ANSWERS, ids=str)
def test_the_answers_make_a_sound_configuration(block: Block, tmp_path: Path) -> None:
    file = folder_of(block, tmp_path)
    (tmp_path / "desk").mkdir()
    config = tmp_path / "desk" / "config.toml"
    assert main(["-c", str(config), "init", "--no-check", "--answers", str(file)]) == 0
    assert load(config, secrets=True).delivery.method == "smtp"


STEPS = [block for page in ENGLISH for block in blocks(page) if block.kind == "text"]


@pytest.mark.parametrize("block", STEPS, ids=str)
def test_the_steps_are_those_that_init_prints(block: Block, tmp_path: Path) -> None:
    shown = []
    for given in (one for one in ANSWERS if one.page == block.page):
        answers = asked.checked(None, asked.read_file(folder_of(given, tmp_path)))
        shown.append(steps.text(steps.steps(answers)) + "\n")
    assert block.text in shown


def test_init_prints_them_for_the_command_that_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    (command,) = re.findall(r"^\$ mailtickets (init --steps .*)$", (FOLDER / "google.md").read_text(), re.MULTILINE)
    assert main(shlex.split(command)) == 0
    assert capsys.readouterr().out in [block.text for block in STEPS]


def test_the_certificate_that_openssl_makes_is_taken(tmp_path: Path) -> None:
    require("openssl", "openssl")
    page = FOLDER / "microsoft365.md"
    (command,) = re.findall(r"^\$ (openssl .*)$", page.read_text(), re.MULTILINE)
    subprocess.run(shlex.split(command), cwd=tmp_path, check=True, capture_output=True)
    (block,) = [block for block in ANSWERS if block.page == page and "certificate_file" in block.text]
    (tmp_path / "answers.toml").write_text(block.text)
    config = str(tmp_path / "config.toml")
    assert main(["-c", config, "init", "--no-check", "--answers", str(tmp_path / "answers.toml")]) == 0


# --- the page about init --------------------------------------------------------------------------------

INIT = FOLDER.parent / "init.md"


def test_the_page_about_init_has_a_row_for_each_answer_and_no_other() -> None:
    page = INIT.read_text(encoding="utf-8").partition("## The answers")[2]
    assert re.findall(r"^\| `([\w.]+)` \|", page, re.MULTILINE) == list(keys_of(asked.InitAnswers))


def keys_of(model: type[BaseModel], above: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        kinds = [kind for kind in (field.annotation, *get_args(field.annotation)) if isinstance(kind, type)]
        tables = [kind for kind in kinds if issubclass(kind, BaseModel)]
        yield from keys_of(tables[0], f"{above}{name}.") if tables else [f"{above}{name}"]


def test_the_page_about_init_names_every_provider() -> None:
    (row,) = re.findall(r"^\| `provider` \|([^|]*)", INIT.read_text(encoding="utf-8"), re.MULTILINE)
    assert re.findall(r"`([\w-]+)`", row) == list(asked.PROVIDERS)


@pytest.mark.parametrize("block", [block for block in blocks(INIT) if block.kind == "toml"], ids=str)
def test_the_answers_on_the_page_about_init_are_taken(block: Block, tmp_path: Path) -> None:
    config = str(tmp_path / "config.toml")
    assert main(["-c", config, "init", "--no-check", "--answers", str(folder_of(block, tmp_path))]) == 0
