"""Words of tickets, found whatever their accents and case.

Both databases are given the same folded words, so that they find the same: FTS5 on SQLite, tsvector on
PostgreSQL. Results come newest ticket first and are not ranked, since ranking common words has no bound.
"""

import re
import unicodedata

from sqlalchemy import Connection, text

_WORD = re.compile(r"\w+")
_MAX_WORDS = 5_000
_MAX_QUERY_WORDS = 20


def folded(words: str) -> list[str]:
    """The words of a text without accents and case: Não, ação -> nao, acao"""
    plain = unicodedata.normalize("NFKD", words.casefold())
    return _WORD.findall("".join(letter for letter in plain if not unicodedata.combining(letter)))


def index(connection: Connection, message: int, ticket: int, words: str) -> None:
    """Makes a message's words findable."""
    body = " ".join(folded(words)[:_MAX_WORDS])
    statement = (
        "INSERT INTO search (rowid, ticket, words) VALUES (:message, :ticket, :words)"
        if connection.dialect.name == "sqlite"
        else "INSERT INTO search (message, ticket, words) VALUES (:message, :ticket, to_tsvector('simple', :words))"
    )
    connection.execute(text(statement), {"message": message, "ticket": ticket, "words": body})


def move(connection: Connection, ticket: int, into: int) -> None:
    """The words of a ticket's messages now lead to another."""
    connection.execute(
        text("UPDATE search SET ticket = :into WHERE ticket = :ticket"), {"ticket": ticket, "into": into}
    )


def move_message(connection: Connection, message: int, into: int) -> None:
    """The words of one message now lead to another ticket."""
    key = "rowid" if connection.dialect.name == "sqlite" else "message"
    moved = f"UPDATE search SET ticket = :into WHERE {key} = :message"  # noqa: S608 - one of two constants
    connection.execute(text(moved), {"into": into, "message": message})


def find(connection: Connection, words: str, *, after: int | None, limit: int) -> list[int]:
    """Numbers of the tickets that have all the words, each as the beginning of a word; newest first."""
    wanted = folded(words)[:_MAX_QUERY_WORDS]
    if not wanted:
        return []
    sqlite = connection.dialect.name == "sqlite"
    query = " AND ".join(f'"{word}"*' for word in wanted) if sqlite else " & ".join(f"{word}:*" for word in wanted)
    matches = "search MATCH :query" if sqlite else "words @@ to_tsquery('simple', :query)"
    statement = f"SELECT DISTINCT ticket FROM search WHERE {matches}"  # noqa: S608 - two constants
    bound = " AND ticket < :after" if after is not None else ""
    found = connection.execute(
        text(f"{statement}{bound} ORDER BY ticket DESC LIMIT :limit"),
        {"query": query, "limit": limit, **({"after": after} if after is not None else {})},
    )
    return [int(number) for number in found.scalars()]
