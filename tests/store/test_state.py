"""Cursors, leases, budgets, the schema and what becomes of trouble."""

import os
import shutil
import sqlite3
import stat
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import IntegrityError

from mailtickets.desk.model.delivery import ImapCursor, NoSpace, Transient
from mailtickets.desk.notices.budget import BudgetLine
from mailtickets.store import budgets, cursors, migrate, schema, version
from mailtickets.store.database import Database, Stale
from tests.desk.builders import MARIA, NOW, a_policy
from tests.servers import free_port
from tests.store.office import Office, a_message

# --- cursors and leases -------------------------------------------------------------------------------


def test_a_cursor_is_kept_for_each_folder_and_its_first_connect_never_moves(office: Office) -> None:
    first = ImapCursor("suporte", "INBOX", 7, 10, NOW)
    office.run(lambda c: cursors.save(c, first))
    office.run(lambda c: cursors.save(c, ImapCursor("suporte", "Junk", 1, 1, NOW)))
    office.run(lambda c: cursors.save(c, ImapCursor("suporte", "INBOX", 8, 3, NOW + timedelta(days=1))))
    assert office.run(lambda c: cursors.load(c, "suporte", "INBOX")) == ImapCursor("suporte", "INBOX", 8, 3, NOW)
    assert office.run(lambda c: cursors.load(c, "suporte", "Outra")) is None


def test_a_lease_is_held_by_one_until_it_ends(office: Office) -> None:
    def take(holder: str, seconds: int) -> bool:
        now = NOW + timedelta(seconds=seconds)
        taken: bool = office.run(lambda c: cursors.take_lease(c, "house", holder, now + timedelta(seconds=60), now))
        return taken

    assert take("one", 0)
    assert not take("two", 59)
    assert take("one", 59)
    assert not take("two", 118)
    assert take("two", 119)
    assert not take("one", 120)


def test_a_lease_is_not_written_again_while_most_of_it_is_left(office: Office) -> None:
    def take(seconds: int) -> timedelta:
        now = NOW + timedelta(seconds=seconds)
        assert office.run(lambda c: cursors.take_lease(c, "house", "one", now + timedelta(seconds=60), now))
        until: datetime = office.run(lambda c: c.execute(select(schema.lease.c.until)).scalar_one())
        return until - NOW

    assert take(0) == take(29) == timedelta(seconds=60)
    assert take(30) == timedelta(seconds=90)


# --- budgets ------------------------------------------------------------------------------------------

LINE = BudgetLine("person:maria@cliente.test", 3600, 2)


def test_a_counter_counts_within_its_window(office: Office) -> None:
    assert office.run(lambda c: budgets.used(c, [], NOW)) == {}
    assert office.run(lambda c: budgets.used(c, [LINE], NOW)) == {}
    office.run(lambda c: budgets.add(c, [LINE, LINE, BudgetLine("b", 86_400, 1)], NOW))
    assert office.run(lambda c: budgets.used(c, [LINE], NOW)) == {LINE.key: 2}
    hour = NOW.replace(minute=59, second=59)
    assert office.run(lambda c: budgets.used(c, [LINE], hour)) == {LINE.key: 2}
    assert office.run(lambda c: budgets.used(c, [LINE], hour + timedelta(seconds=1))) == {}


def test_expired_counters_are_forgotten(office: Office) -> None:
    office.run(lambda c: budgets.add(c, [LINE, BudgetLine("b", 86_400, 1)], NOW))
    office.run(lambda c: budgets.forget_expired(c, NOW + timedelta(hours=2)))
    assert office.run(lambda c: c.execute(select(schema.budget.c.key)).scalars().all()) == ["b"]


def test_one_copy_counts_once_on_each_of_its_counters(office: Office) -> None:
    office.take(a_message())
    used = office.run(lambda c: {row.key: row.used for row in c.execute(select(schema.budget))})
    assert used.pop(next(key for key in used if key.startswith("unproven-same-body:maria@cliente.test:"))) == 1
    assert used == {
        "acknowledged:maria@cliente.test": 1,
        "unproven-person:maria@cliente.test": 1,
        "unproven-domain:cliente.test": 1,
        "unproven-everybody": 1,
        "unproven-ticket:1:maria@cliente.test": 1,
    }


def test_what_a_budget_withholds_is_on_the_ticket_and_nothing_else_is_missing(office: Office) -> None:
    office.take(a_message())
    row = office.take(a_message("De novo", message_id="<m2@x.test>"))
    assert (row.outcome, row.ticket) == ("opened", 2)
    assert [name for name, who in office.outgoing() if who == MARIA.address] == ["received"]
    assert ("withheld", None, "received", "budget-acknowledged") in office.events(2)
    assert [name for name, _ in office.outgoing()].count("new_ticket") == 4
    office.pass_time(hours=1)
    office.take(a_message("Mais uma", message_id="<m3@x.test>", date=None))
    assert [name for name, who in office.outgoing() if who == MARIA.address] == ["received", "received"]


def test_two_mails_decided_on_at_once_get_no_more_than_one_after_the_other(office: Office) -> None:
    numbers = [office.keep(a_message()), office.keep(a_message("De novo", message_id="<m2@x.test>"))]
    first, second = [office.draft(number) for number in numbers]
    office.settle(first)
    with pytest.raises(Stale):
        office.settle(second)
    office.settle(office.draft(numbers[1]))
    assert [name for name, who in office.outgoing() if who == MARIA.address] == ["received"]


def test_ten_thousand_strangers_would_get_no_more_than_the_budget(office: Office) -> None:
    office.use(a_policy(budget={"automatic_per_domain_per_hour": 3}))
    for number in range(6):
        fields: dict[str, Any] = {"message_id": f"<{number}@x.test>", "from": f"p{number}@longe.test"}
        office.take(a_message(str(number), **fields))
    assert [name for name, _ in office.outgoing()].count("received") == 3
    assert len(office.numbers()) == 6


# --- schema and migrations ----------------------------------------------------------------------------


def test_an_upgraded_database_is_not_behind_and_upgrading_again_changes_nothing(database: Database) -> None:
    assert migrate.behind(database) is None
    migrate.upgrade(database)
    assert database.transact(migrate.found_in) == version.NEWEST


def test_a_database_that_is_behind_or_ahead_is_told_in_words(database: Database) -> None:
    def at(version: str) -> str:
        database.transact(lambda c: c.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": version}))
        return migrate.behind(database) or ""

    try:
        assert "made by a newer version" in at("9999")
        assert "`mailtickets db upgrade`" in at("0000")
    finally:
        at(version.NEWEST)


def test_an_empty_database_says_so(tmp_path: Path) -> None:
    empty = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    assert "is empty" in (migrate.behind(empty) or "")
    empty.close()


# --- trouble ------------------------------------------------------------------------------------------


def test_sqlite_keeps_a_commit_through_a_power_cut(tmp_path: Path, migrated_file: Path) -> None:
    shutil.copy(migrated_file, tmp_path / "a.db")
    database = Database(f"sqlite:///{tmp_path / 'a.db'}")
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}
    found = database.transact(lambda c: {key: c.execute(text(f"PRAGMA {key}")).scalar() for key in wanted})
    assert found == wanted
    database.close()


def test_trouble_with_a_database_is_transient() -> None:
    nowhere = Database(f"postgresql+psycopg://desk@127.0.0.1:{free_port()}/nothing")
    with pytest.raises(Transient):
        nowhere.transact(lambda c: None)
    nowhere.close()


def test_a_statement_that_fails_is_transient_and_undoes_the_others(database: Database) -> None:
    def work(connection: Any) -> None:
        connection.execute(text("INSERT INTO counter (name, value) VALUES ('x', 1)"))
        connection.execute(text("SELECT * FROM nowhere"))

    with pytest.raises(Transient):
        database.transact(work)
    assert database.transact(lambda c: c.execute(text("SELECT count(*) FROM counter WHERE name = 'x'")).scalar()) == 0


def test_a_constraint_is_no_trouble_of_the_databases(database: Database) -> None:
    def twice(connection: Any) -> None:
        for _ in range(2):
            connection.execute(text("INSERT INTO counter (name, value) VALUES ('x', 1)"))

    with pytest.raises(IntegrityError):
        database.transact(twice)


def test_a_full_disk_has_a_name_of_its_own(tmp_path: Path, migrated_file: Path) -> None:
    shutil.copy(migrated_file, tmp_path / "a.db")
    database = Database(f"sqlite:///{tmp_path / 'a.db'}")

    def work(connection: Any) -> None:
        pages = connection.execute(text("PRAGMA page_count")).scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 1}")
        connection.execute(text("INSERT INTO counter VALUES (:name, 1)"), {"name": "x" * 1_000_000})

    with pytest.raises(NoSpace):
        database.transact(work)
    database.close()


def test_a_locked_database_is_waited_for(tmp_path: Path, migrated_file: Path) -> None:
    shutil.copy(migrated_file, tmp_path / "a.db")
    database, tries = Database(f"sqlite:///{tmp_path / 'a.db'}"), []
    database.transact(lambda c: None)
    other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)

    def work(connection: Any) -> str:
        tries.append(1)
        if len(tries) == 1:
            raise sqlite_locked()
        return "done"

    assert database.transact(work) == "done"
    assert len(tries) == 2
    other.close()
    database.close()


def sqlite_locked() -> Exception:
    from sqlalchemy.exc import OperationalError

    return OperationalError("x", {}, sqlite3.OperationalError("database is locked"))


def test_a_disk_of_its_own_size_is_never_too_small(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'a.db'}")
    total = shutil.disk_usage(tmp_path).total
    free = shutil.disk_usage(tmp_path).free
    assert database.space_is_short(total) == (free < total // 4)
    assert not Database("postgresql+psycopg://desk@127.0.0.1:1/x").space_is_short(total)
    database.close()


def test_an_aware_time_survives_sqlite_without_its_zone() -> None:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        schema.lease.create(connection)
        connection.execute(schema.lease.insert().values(name="a", holder="b", until=NOW))
        assert connection.execute(select(schema.lease.c.until)).scalar() == NOW
    engine.dispose()


def test_nobody_else_can_read_a_new_database_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        database = Database(f"sqlite:///{tmp_path / 'a.db'}")
        migrate.upgrade(database)
        database.transact(lambda c: c.execute(text("INSERT INTO counter (name, value) VALUES ('x', 1)")))
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    finally:
        os.umask(before)
    database.close()
    assert modes == {"a.db": 0o600, "a.db-wal": 0o600, "a.db-shm": 0o600}
