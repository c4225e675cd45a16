"""Words of tickets, found whatever their accents and case.

Both databases are given the same folded words, so that they find the same: FTS5 on SQLite, tsvector on
PostgreSQL. Results come newest ticket first and are not ranked, since ranking common words has no bound.

A common word is found by looking at the newest messages themselves, and the full-text index is asked only for rare
ones: it gathers all that begins with a word before it gives the first of them.
*Limits*: the first `_MAX_WORDS` words in the first `MAX_CHARACTERS` of a message. Words that are each common, but
hardly ever together, cost the more the more messages there are.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import Connection, text

_WORD = re.compile(r"[^\W_]+")
_MAX_WORDS = 5_000
MAX_CHARACTERS = 200_000
"""Of a message: what comes behind is kept, and not found."""
_MAX_QUERY_WORDS = 20
_MAX_LETTERS = 100
_MESSAGE_BITS = 24  # of a row's number: two messages of one ticket would have to be 16 million messages apart
_END = 2**63 - 1
_AT_ONCE = 2_000
_RARE = 0.01

_INDEXED = {
    "sqlite": text("INSERT OR REPLACE INTO search (rowid, words) VALUES (:row, :words)"),
    "postgresql": text(
        "INSERT INTO search (rowid, words) VALUES (:row, array_to_tsvector(CAST(:words AS text[])))"
        " ON CONFLICT (rowid) DO UPDATE SET words = excluded.words"
    ),
}


def folded(words: str) -> list[str]:
    """The words of a text, or of its beginning, without accents and case: Não, ação -> nao, acao"""
    plain = unicodedata.normalize("NFKD", words[:MAX_CHARACTERS].casefold())
    marks = {ord(letter): None for letter in set(plain) if unicodedata.combining(letter)}
    return _WORD.findall(plain.translate(marks))


def _distinct(words: Iterable[str], limit: int) -> list[str]:
    return list(dict.fromkeys(word[:_MAX_LETTERS] for word in words))[:limit]


def _row(ticket: int, message: int = 0) -> int:
    """The number of a message's row: rows are in the order of their tickets."""
    return ticket << _MESSAGE_BITS | message & (1 << _MESSAGE_BITS) - 1


def index(connection: Connection, message: int, ticket: int, words: str) -> None:
    """Makes a message's words findable."""
    body = _distinct(folded(words)[:_MAX_WORDS], _MAX_WORDS)
    given = " ".join(body) if connection.dialect.name == "sqlite" else body
    connection.execute(_INDEXED[connection.dialect.name], {"row": _row(ticket, message), "words": given})


def move(connection: Connection, ticket: int, into: int) -> None:
    """The words of a ticket's messages now lead to another."""
    moved = "UPDATE search SET rowid = rowid + :by WHERE rowid >= :first AND rowid < :end"
    ends = {"first": _row(ticket), "end": _row(ticket + 1)}
    connection.execute(text(moved), {"by": _row(into) - _row(ticket), **ends})


def move_message(connection: Connection, message: int, ticket: int, into: int) -> None:
    """The words of one message of a ticket now lead to another ticket."""
    moved = text("UPDATE search SET rowid = :new WHERE rowid = :old")
    connection.execute(moved, {"old": _row(ticket, message), "new": _row(into, message)})


def find(connection: Connection, words: str, *, after: int | None, limit: int) -> list[int]:
    """Numbers of the tickets that have all the words, each as the beginning of a word; newest first."""
    wanted = _distinct(folded(words), _MAX_QUERY_WORDS)
    if not wanted:
        return []
    below = _END if after is None else _row(min(after, _END >> _MESSAGE_BITS))
    found: dict[int, None] = {}
    seen, having = 0, [0] * len(wanted)
    while True:
        rows = _newest(connection, wanted, below)
        for row, *has in rows:
            having = [count + one for count, one in zip(having, has, strict=True)]
            if all(has):
                found[row >> _MESSAGE_BITS] = None
                if len(found) == limit:
                    return list(found)
        seen += len(rows)
        if len(rows) < _AT_ONCE:
            return list(found)
        below = rows[-1][0]
        if len(found) < seen * _RARE:
            break
    rare = [word for word, count in zip(wanted, having, strict=True) if count < seen * _RARE]
    for row in _matching(connection, wanted, rare or [wanted[having.index(min(having))]], below):
        found[row >> _MESSAGE_BITS] = None
        if len(found) == limit:
            break
    return list(found)


def _newest(connection: Connection, words: Sequence[str], below: int) -> Sequence[Sequence[int]]:
    """The newest rows below one: its number, and for each word whether the message has it."""
    has = ", ".join(_has(connection, number) for number in range(len(words)))
    statement = f"SELECT rowid, {has} FROM search WHERE rowid < :below ORDER BY rowid DESC LIMIT :limit"  # noqa: S608
    return connection.execute(text(statement), {"below": below, "limit": _AT_ONCE, **_given(connection, words)}).all()


def _matching(connection: Connection, words: Sequence[str], rare: Sequence[str], below: int) -> Iterator[int]:
    """Rows below one whose message has all the words, newest first; those among them that are rare lead there."""
    others = [f"AND {_has(connection, number)}" for number, word in enumerate(words) if word not in rare]
    if connection.dialect.name == "sqlite":
        matched = f"SELECT rowid FROM search WHERE search MATCH :rare AND rowid < :below {' '.join(others)}"  # noqa: S608
        query = " AND ".join(f'"{word}"*' for word in rare)
    else:
        matched = (
            "WITH matched AS MATERIALIZED (SELECT rowid, words FROM search"  # noqa: S608
            f" WHERE words @@ CAST(:rare AS tsquery) AND rowid < :below)"
            f" SELECT rowid FROM matched WHERE true {' '.join(others)}"
        )
        query = " & ".join(f"'{word}':*" for word in rare)
    rows = connection.execute(
        text(f"{matched} ORDER BY rowid DESC"), {"rare": query, "below": below, **_given(connection, words)}
    )
    return (int(row) for row in rows.scalars())


def _has(connection: Connection, number: int) -> str:
    """SQL for whether a message has the word of this number, as the beginning of one of its own."""
    if connection.dialect.name == "sqlite":
        return f"instr(' ' || words, :word{number}) > 0"
    return f"words @@ CAST(:word{number} AS tsquery)"


def _given(connection: Connection, words: Sequence[str]) -> dict[str, str]:
    pattern = " {}" if connection.dialect.name == "sqlite" else "'{}':*"
    return {f"word{number}": pattern.format(word) for number, word in enumerate(words)}
