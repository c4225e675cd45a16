"""Keeping mail without SQLAlchemy in between gives the same rows, and nothing by halves."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from mailtickets.desk.model.delivery import Transient
from mailtickets.mail.model import Envelope
from mailtickets.store import inbound, schema
from mailtickets.store.database import Database
from mailtickets.store.keeper import Keeper
from tests.desk.builders import NOW
from tests.store.databases import migrated_file
from tests.store.office import a_message, an_envelope

__all__ = ["migrated_file"]

PLAIN = (a_message(message_id="<plain@x.test>"), an_envelope())
STRANGE = (
    b"\0\xff no header at all",
    an_envelope(
        sender=None, recipients=("nul\0@desk.test", "jo\udcff@desk.test"), helo="h\0", trusted=True, queue="suporte"
    ),
)
ELSEWHERE = (a_message(message_id="<e@x.test>"), an_envelope(received_at=NOW.astimezone() + timedelta(microseconds=5)))


@pytest.fixture
def file(migrated_file: Path, tmp_path: Path) -> Path:
    shutil.copy(migrated_file, tmp_path / "mailtickets.db")
    return tmp_path / "mailtickets.db"


@pytest.fixture
def keeper(file: Path) -> Iterator[Keeper]:
    made = Keeper(f"sqlite:///{file}")
    yield made
    made.close()


def keep(keeper: Keeper, *mails: tuple[bytes, Envelope], claimant: str | None = "one") -> list[tuple[int, bool]]:
    return keeper.keep(mails, claimant, NOW, lambda: None)


def rows(file: Path) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute("SELECT * FROM inbound ORDER BY id").fetchall()


@pytest.mark.parametrize("claimant", ["one", None])
def test_its_rows_are_those_of_the_long_way(file: Path, keeper: Keeper, tmp_path: Path, claimant: str | None) -> None:
    mails = [PLAIN, STRANGE, ELSEWHERE]
    other = tmp_path / "other.db"
    shutil.copy(file, other)
    database = Database(f"sqlite:///{other}")
    long_way = database.transact(lambda c: inbound.insert_all(c, mails, claimant, NOW))
    assert keep(keeper, *mails, claimant=claimant) == long_way
    assert rows(file) == rows(other)
    columns = [column.name for column in schema.inbound.c]
    assert database.transact(lambda c: c.execute(select(schema.inbound)).keys()) == columns
    database.close()


def test_a_retransmission_gets_the_id_it_had(keeper: Keeper) -> None:
    assert keep(keeper, PLAIN) == [(1, True)]
    assert keep(keeper, ELSEWHERE, PLAIN, ELSEWHERE) == [(2, True), (1, False), (2, False)]


def test_all_or_none(file: Path, keeper: Keeper) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        keeper.keep([PLAIN, STRANGE], "one", NOW, fail)
    assert rows(file) == []
    assert keep(keeper, PLAIN) == [(1, True)]


def test_it_waits_for_nobody(file: Path, keeper: Keeper) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Transient, match="locked"):
            keep(keeper, PLAIN)
        other.execute("ROLLBACK")
    assert keep(keeper, PLAIN) == [(1, True)]


def test_a_commit_waits_for_the_disk(keeper: Keeper) -> None:
    assert keeper._connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
    assert keeper._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
