"""Rows for people: the same on both databases, and the same as SQLAlchemy gives them."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, select

from mailtickets.desk.model.delivery import Transient
from mailtickets.store import schema
from mailtickets.store.read import inbound, outbox, tickets, trace
from mailtickets.store.read.reader import FLAGS, INSTANTS, LISTS, Reader, among, narrowed, opened, within
from tests.store.office import Office, a_message, with_file


def columns(kind: type) -> set[str]:
    """Names of all columns that hold a kind of value."""
    return {
        column.name for table in schema.metadata.tables.values() for column in table.c if isinstance(column.type, kind)
    }


def test_every_column_is_read_as_what_it_holds() -> None:
    assert columns(schema.Instant) == INSTANTS
    assert columns(JSON) == LISTS
    assert columns(Boolean) == FLAGS


def test_no_name_stands_for_two_kinds_of_value() -> None:
    plain = {
        column.name
        for table in schema.metadata.tables.values()
        for column in table.c
        if not isinstance(column.type, schema.Instant | JSON | Boolean)
    }
    assert plain & (INSTANTS | LISTS | FLAGS) == set()


def test_rows_hold_what_sqlalchemy_gives(office: Office) -> None:
    office.take(with_file())
    office.take(a_message("Outra.", message_id="<2@x.test>"))
    ours: Any = office.run(lambda c: [inbound.shown(within(c), number) for number in (1, 2)])
    theirs: Any = office.run(lambda c: c.execute(select(schema.inbound).order_by(schema.inbound.c.id)).all())
    for one, other in zip(ours, theirs, strict=True):
        assert one._asdict() == {name: getattr(other, name) for name in inbound.COLUMNS}
    copies: Any = office.run(lambda c: outbox.listed(within(c)))
    rows: Any = office.run(lambda c: c.execute(select(schema.outbox).order_by(schema.outbox.c.id.desc())).all())
    for copy, row in zip(copies, rows, strict=True):
        assert {name: getattr(copy, name) for name in row._fields} == row._asdict()


def test_the_way_of_a_mail_is_told_in_the_same_rows(office: Office) -> None:
    office.take(with_file())
    found = office.run(lambda c: trace.of_inbound(within(c), 1))
    assert [mail.row for mail in found.received] == [office.row(1)]
    copies: Any = office.run(lambda c: outbox.listed(within(c)))
    assert [copy.row._asdict() for copy in found.sent] == [copy._asdict() for copy in reversed(copies)]
    assert list(found.received[0].events) == list(office.ticket(1).events)


def test_a_reader_of_its_own_sees_the_same(office: Office) -> None:
    office.take(with_file())
    with opened(office.database.url) as reader:
        assert tickets.show(reader, 1) == office.ticket(1)
        assert tickets.show(reader, 99) is None


def test_a_reader_changes_nothing_and_holds_up_nobody(office: Office) -> None:
    with opened(office.database.url, busy_seconds=0) as reader:
        before = tickets.listed(reader)
        office.take(a_message())
        assert tickets.listed(reader) == before == []


@pytest.mark.parametrize("url", ["sqlite:////nowhere/at/all.db", "postgresql+psycopg://nobody@127.0.0.1:1/nothing"])
def test_a_database_that_is_not_there_is_trouble_that_may_pass(url: str) -> None:
    with pytest.raises(Transient), opened(url) as reader:
        reader.one("SELECT 1 AS one")


def test_a_file_that_is_no_database_is_trouble(tmp_path: Path) -> None:
    (tmp_path / "odd.db").write_text("not a database at all, whatever it says" * 100)
    with pytest.raises(Transient, match="not a database"), opened(f"sqlite:///{tmp_path / 'odd.db'}") as reader:
        reader.one("SELECT 1 AS one FROM sqlite_master")


def test_conditions_without_a_value_are_left_out() -> None:
    assert narrowed({"state = :state": None, "id < :after": 7}, "x IS NULL") == (
        "WHERE id < :after AND x IS NULL",
        {"after": 7},
    )
    assert narrowed({"state = :state": None}) == ("", {})


def test_nothing_is_among_no_values() -> None:
    assert among("n", []) == ("NULL", {})
    assert among("n", [4, 5]) == (":n0, :n1", {"n0": 4, "n1": 5})


def test_parameters_are_spelled_as_each_driver_wants_them() -> None:
    asked: list[str] = []

    class Cursor:
        description = ()

        def __iter__(self) -> Any:
            return iter(())

    for is_sqlite in (True, False):
        reader = Reader(lambda sql, given: asked.append(sql) or Cursor(), is_sqlite=is_sqlite)  # type: ignore[func-returns-value]
        reader.all("SELECT CAST(:a AS text), b::text FROM c WHERE d = :e", a=1, e=2)
    assert asked == [
        "SELECT CAST(:a AS text), b::text FROM c WHERE d = :e",
        "SELECT CAST(%(a)s AS text), b::text FROM c WHERE d = %(e)s",
    ]
