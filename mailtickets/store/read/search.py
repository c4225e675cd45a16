"""Finds tickets by words, without regard to accents and case.

Both databases get the same folded words, so both find the same tickets: SQLite with FTS5, PostgreSQL with tsvector. The
newest tickets come first. There is no ranking, because the time to rank a common word has no limit.

For a common word, the search reads the newest messages. It asks the full-text index only for rare words, because the
index collects all matches before it returns the first one.
*Limits*: the first `MAX_CHARACTERS` of a message. A search for words that are common, but hardly ever together, takes
longer the more messages there are.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from mailtickets.store.read.reader import Reader
from mailtickets.words.fold import caseless

_WORD = re.compile(r"[^\W_]+")
MAX_CHARACTERS = 200_000
"""How many characters of a message can be found. The message itself is stored whole."""
_MAX_QUERY_WORDS = 20
_MAX_LETTERS = 100
_MESSAGE_BITS = 24  # of a row's number: two messages of one ticket would have to be 16 million messages apart
_END = 2**63 - 1
_AT_ONCE = 2_000
_RARE = 0.01


def words_of(text: str) -> list[str]:
    """The words in the first `MAX_CHARACTERS` of a text, without accents and case: Não, ação -> nao, acao"""
    return _WORD.findall(caseless(text[:MAX_CHARACTERS]))


def distinct(words: Iterable[str], limit: int) -> list[str]:
    return list(dict.fromkeys(word[:_MAX_LETTERS] for word in words))[:limit]


def row_of(ticket: int, message: int = 0) -> int:
    """The number of a message's row. Rows are in the order of their tickets."""
    return ticket << _MESSAGE_BITS | message & (1 << _MESSAGE_BITS) - 1


def find(reader: Reader, words: str, *, after: int | None, limit: int) -> list[int]:
    """Numbers of the tickets that have all the words, each as the beginning of a word; newest first."""
    wanted = distinct(words_of(words), _MAX_QUERY_WORDS)
    if not wanted:
        return []
    below = _END if after is None else row_of(min(after, _END >> _MESSAGE_BITS))
    found: dict[int, None] = {}
    seen, having = 0, [0] * len(wanted)
    while True:
        rows = _newest(reader, wanted, below)
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
    for row in _matching(reader, wanted, rare or [wanted[having.index(min(having))]], below):
        found[row >> _MESSAGE_BITS] = None
        if len(found) == limit:
            break
    return list(found)


def _newest(reader: Reader, words: Sequence[str], below: int) -> Sequence[Sequence[int]]:
    """The newest rows below `below`: the number of each, and for each word whether the message has it."""
    has = ", ".join(f"{_has(reader, number)} AS has{number}" for number in range(len(words)))
    statement = f"SELECT rowid, {has} FROM search WHERE rowid < :below ORDER BY rowid DESC LIMIT :limit"  # noqa: S608
    return reader.all(statement, below=below, limit=_AT_ONCE, **_patterns(reader, words))


def _matching(reader: Reader, words: Sequence[str], rare: Sequence[str], below: int) -> Iterator[int]:
    """Rows below `below` whose message has all the words, newest first. The index is asked for the words in `rare`."""
    others = [f"AND {_has(reader, number)}" for number, word in enumerate(words) if word not in rare]
    if reader.is_sqlite:
        matched = f"SELECT rowid FROM search WHERE search MATCH :rare AND rowid < :below {' '.join(others)}"  # noqa: S608
        query = " AND ".join(f'"{word}"*' for word in rare)
    else:
        matched = (
            "WITH matched AS MATERIALIZED (SELECT rowid, words FROM search"  # noqa: S608
            f" WHERE words @@ CAST(:rare AS tsquery) AND rowid < :below)"
            f" SELECT rowid FROM matched WHERE true {' '.join(others)}"
        )
        query = " & ".join(f"'{word}':*" for word in rare)
    rows = reader.each(f"{matched} ORDER BY rowid DESC", rare=query, below=below, **_patterns(reader, words))
    return (int(row.rowid) for row in rows)


def _has(reader: Reader, number: int) -> str:
    """SQL: whether a message has a word that begins with the word of this number."""
    if reader.is_sqlite:
        return f"instr(' ' || words, :word{number}) > 0"
    return f"words @@ CAST(:word{number} AS tsquery)"


def _patterns(reader: Reader, words: Sequence[str]) -> dict[str, str]:
    pattern = " {}" if reader.is_sqlite else "'{}':*"
    return {f"word{number}": pattern.format(word) for number, word in enumerate(words)}
