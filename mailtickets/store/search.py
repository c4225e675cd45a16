"""Makes the words of messages findable; `read.search` finds them.

*Limits*: the first `_MAX_WORDS` words in the first `MAX_CHARACTERS` of a message.
"""

from collections.abc import Iterable

from sqlalchemy import Connection, text

from mailtickets.store.read.search import distinct, row_of, words_of
from mailtickets.words.forms import spellings

_MAX_WORDS = 5_000

_INDEXED = {
    "sqlite": text("INSERT OR REPLACE INTO search (rowid, words) VALUES (:row, :words)"),
    "postgresql": text(
        "INSERT INTO search (rowid, words) VALUES (:row, array_to_tsvector(CAST(:words AS text[])))"
        " ON CONFLICT (rowid) DO UPDATE SET words = excluded.words"
    ),
}


def index(connection: Connection, message: int, ticket: int, words: str) -> None:
    """Makes a message's words findable."""
    body = distinct(words_of(words)[:_MAX_WORDS], _MAX_WORDS)
    findable = " ".join(body) if connection.dialect.name == "sqlite" else body
    connection.execute(_INDEXED[connection.dialect.name], {"row": row_of(ticket, message), "words": findable})


def index_values(connection: Connection, ticket: int, values: Iterable[str], more: str = "") -> None:
    """Makes the values of a ticket's fields findable, with punctuation and without, and the words in `more`, in place
    of those before."""
    ways = (way for value in values for way in spellings(value))
    index(connection, 0, ticket, f"{ticket} {' '.join(ways)} {more}")


def move(connection: Connection, ticket: int, into: int) -> None:
    """The words of a ticket's messages now lead to another. Those of its fields do not: the other has its own."""
    connection.execute(text("DELETE FROM search WHERE rowid = :row"), {"row": row_of(ticket)})
    moved = "UPDATE search SET rowid = rowid + :by WHERE rowid >= :first AND rowid < :end"
    ends = {"first": row_of(ticket), "end": row_of(ticket + 1)}
    connection.execute(text(moved), {"by": row_of(into) - row_of(ticket), **ends})


def move_message(connection: Connection, message: int, ticket: int, into: int) -> None:
    """The words of one message of a ticket now lead to another ticket."""
    moved = text("UPDATE search SET rowid = :new WHERE rowid = :old")
    connection.execute(moved, {"old": row_of(ticket, message), "new": row_of(into, message)})
