"""What an older version has written is there after the upgrade, and found."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from mailtickets.store import migrate, search, tickets, version
from mailtickets.store.database import Database
from mailtickets.store.read import search as read_search
from mailtickets.store.read.reader import within
from tests.servers.postgres import Postgres


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database with the first schema."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'old.db'}"
    else:
        server: Postgres = request.getfixturevalue("postgres")
        url = server.database().replace("postgresql://", "postgresql+psycopg://")
    database = Database(url)
    migrate.upgrade(database, "0001")
    yield database
    database.close()


TICKETS = """
INSERT INTO ticket (number, queue, subject, status, priority, requester_name, requester_address, assignee, revision,
  locale, answered, tags, created_at, updated_at)
VALUES (7, 'suporte', 'a', 'new', 'normal', '', 'm@x.test', NULL, 1, 'pt_BR', false, '[]', '2025-03-03', '2025-03-03'),
  (8, 'suporte', 'b', 'open', 'normal', '', 'm@x.test', 'ana@desk.test', 1, 'pt_BR', false, '[]', '2025-03-03',
  '2025-03-03')
"""


def _write(connection: Connection) -> None:
    connection.execute(text(TICKETS))
    row = "(message, ticket, words) VALUES (:message, :ticket, to_tsvector('simple', :words))"
    if connection.dialect.name == "sqlite":
        row = "(rowid, ticket, words) VALUES (:message, :ticket, :words)"
    for message, ticket, words in ((1, 7, "impressora nao imprime"), (2, 8, "conexao_wifi"), (3, 7, "imprime")):
        found = {"message": message, "ticket": ticket, "words": words}
        connection.execute(text(f"INSERT INTO search {row}"), found)


def test_words_and_counts_of_an_older_version_are_taken_along(old: Database) -> None:
    old.transact(_write)
    migrate.upgrade(old)
    assert old.transact(migrate.found_in) == version.NEWEST
    assert old.transact(lambda c: read_search.find(within(c), "imprime", after=None, limit=10)) == [7]
    assert old.transact(lambda c: read_search.find(within(c), "wifi", after=None, limit=10)) == [8]
    assert old.transact(tickets.counts) == {("suporte", "new", ""): 1, ("suporte", "open", "ana@desk.test"): 1}
    old.transact(lambda c: search.move(c, 7, 8))
    assert old.transact(lambda c: read_search.find(within(c), "impressora", after=None, limit=10)) == [8]


COPY = """
INSERT INTO notice (id, name, message_id, subject, text, headers, attachments, created_at)
  VALUES (1, 'received', 'x@desk.test', '', '', '{}', '[]', '2025-03-03');
INSERT INTO outbox (notice, name, sender, recipient_name, recipient, reply_to, verp, priority, state, attempts,
  created_at, next_attempt_at)
  VALUES (1, 'received', '', '', 'maria@BÜCHER.test', '', '', 1, 'queued', 0, '2025-03-03', '2025-03-03')
"""


def test_what_waits_to_go_out_is_counted_for_its_domain(old: Database) -> None:
    migrate.upgrade(old, "0003")
    for statement in COPY.split(";\n"):
        old.transact(lambda c, statement=statement: c.execute(text(statement)))
    migrate.upgrade(old)
    assert old.transact(lambda c: c.execute(text("SELECT domain FROM outbox")).scalars().all()) == [
        "xn--bcher-kva.test"
    ]
