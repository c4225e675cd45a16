"""The order in which old mail is imported: by time, over all archives, so that a question comes before its answer.

Kept in a temporary database on disk, which SQLite removes by itself: the memory that it takes does not grow.
"""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime

from mailtickets.edges.archives.stored import StoredMail

_CACHE_PAGES = 500


class Plan:
    """All mails of all archives, without their contents."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute(f"PRAGMA cache_size = {_CACHE_PAGES}")
        self._database.execute(
            "CREATE TABLE piece (place INTEGER PRIMARY KEY, at REAL, archive INTEGER, key TEXT, size INTEGER)"
        )
        self._database.execute("CREATE TABLE thread (ticket INTEGER PRIMARY KEY)")
        self.count = 0

    def add(self, archive: int, piece: StoredMail) -> None:
        row = (piece.at.timestamp(), archive, piece.key, piece.size)
        self._database.execute("INSERT INTO piece (at, archive, key, size) VALUES (?, ?, ?, ?)", row)
        self.count += 1

    def in_order(self) -> Iterator[tuple[int, StoredMail]]:
        """(number of the archive, piece), the oldest first."""
        self._database.execute("CREATE INDEX IF NOT EXISTS by_time ON piece (at, place)")
        wanted = "SELECT at, archive, key, size FROM piece ORDER BY at, place"
        for at, archive, key, size in self._database.execute(wanted):
            yield archive, StoredMail(key, datetime.fromtimestamp(at, UTC), size)

    def note_thread(self, ticket: int) -> None:
        """Counts a ticket that more than one mail is on."""
        self._database.execute("INSERT OR IGNORE INTO thread VALUES (?)", (ticket,))

    @property
    def threads(self) -> int:
        return int(self._database.execute("SELECT count(*) FROM thread").fetchone()[0])

    def close(self) -> None:
        self._database.close()
