"""The recipes of the policy pages are played: the configuration of each is loaded, and its story happens as it is told.

Both pages say the same: the same recipes in the same order, with the same keys.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mailtickets.config.load import load
from mailtickets.config.models import Config
from mailtickets.gateway.holidays import computed, regions_of
from mailtickets.gateway.rules import rules_of
from mailtickets.gateway.workers import Workers
from mailtickets.store import migrate
from mailtickets.store.database import Database
from tests.stories import BEGIN, Stage
from tests.test_docs import ROOT, put_into_the_example

PAGES = {"en": ROOT / "docs" / "policy.md", "pt_BR": ROOT / "docs" / "politica.pt-BR.md"}
RECIPES = 10


@dataclass(frozen=True)
class Recipe:
    page: str
    number: int
    title: str
    configuration: str
    stories: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.page}-{self.number}"


def recipes(page: str) -> list[Recipe]:
    """The sections of a page whose titles have a number."""
    text = PAGES[page].read_text(encoding="utf-8")
    found = re.findall(r"^## (\d+)\. (.+?)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return [
        Recipe(page, int(number), title, _blocks(body, "toml")[0], tuple(_stories(body)))
        for number, title, body in found
    ]


def _blocks(text: str, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def _stories(text: str) -> Iterator[str]:
    """The stories among the blocks of text: they begin with a day and a time."""
    return (block for block in _blocks(text, "text") if re.match(r"(\w{3}|\d{4}-\d\d-\d\d) +\d\d:\d\d  ", block))


ALL = [recipe for page in PAGES for recipe in recipes(page)]


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    made = Workers(1)
    yield made
    made.close()


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    file = tmp_path_factory.mktemp("template") / "mailtickets.db"
    database = Database(f"sqlite:///{file}")
    migrate.upgrade(database)
    database.close()
    return file.read_bytes()


def configured(recipe: Recipe, folder: Path) -> Config:
    """The example with the tables of the recipe; it speaks the language of the page."""
    file = folder / "config.toml"
    whole = put_into_the_example(recipe.configuration).replace('\nlocale = "pt_BR"', f'\nlocale = "{recipe.page}"')
    file.write_text(whole, encoding="utf-8")
    return load(file)


@pytest.mark.parametrize("recipe", ALL, ids=str)
async def test_what_the_page_tells_happens(recipe: Recipe, tmp_path: Path, migrated: bytes, workers: Workers) -> None:
    config = configured(recipe, tmp_path)
    years = [(region, year) for region in regions_of(config) for year in (BEGIN.year, BEGIN.year + 1)]
    assert recipe.stories, "a recipe without a story shows nothing"
    for number, story in enumerate(recipe.stories):
        file = tmp_path / f"{number}.db"
        file.write_bytes(migrated)
        database = Database(f"sqlite:///{file}")
        stage = Stage(database, rules_of(config, (b"secret" * 8,), computed(years) if years else ()), workers)
        try:
            await stage.play(story)
        finally:
            await stage.gateway.drain(0)
            database.close()


def test_both_pages_have_the_same_recipes() -> None:
    ours, theirs = (recipes(page) for page in PAGES)
    assert [recipe.number for recipe in ours] == [recipe.number for recipe in theirs] == list(range(1, RECIPES + 1))
    for one, other in zip(ours, theirs, strict=True):
        assert keys(tomllib.loads(one.configuration)) == keys(tomllib.loads(other.configuration)), str(one)
        assert [shape(story) for story in one.stories] == [shape(story) for story in other.stories], str(one)


def keys(value: Any) -> Any:
    """A configuration without its words: names of keys, and how many entries a list has."""
    if isinstance(value, dict):
        free = {"label", "hours", "days", "field", "fields", "after"}
        return {key: len(item) if key in free and isinstance(item, dict) else keys(item) for key, item in value.items()}
    if isinstance(value, list):
        return [keys(item) for item in value if isinstance(item, dict)]
    return type(value).__name__


def shape(story: str) -> list[tuple[str, int]]:
    """What happens in a story, and in how many mailboxes somebody looks."""
    from tests.stories import scenes

    return [(scene.kind, len(scene.found)) for scene in scenes(story)]


def test_both_pages_link_to_each_other() -> None:
    assert f"({PAGES['pt_BR'].name})" in PAGES["en"].read_text(encoding="utf-8")
    assert f"({PAGES['en'].name})" in PAGES["pt_BR"].read_text(encoding="utf-8")
