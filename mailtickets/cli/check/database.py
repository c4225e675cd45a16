"""The database: reachable, of this version, with room on the disk; and SQLite's known faults."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from mailtickets.cli.check.inquiry import Inquiry
from mailtickets.config.models import Config, SmtpIn
from mailtickets.config.places import database_is_missing
from mailtickets.desk.model.delivery import Transient
from mailtickets.store import migrate
from mailtickets.store.database import Database
from mailtickets.views.check import START_DAEMON, CheckLine, ok, warning, wrong
from mailtickets.words import locales

BUSY_SECONDS = 5
_ABOUT = "database.url"
_SMALL_DISK = 10
"""A tenth of a small disk is enough, as for the alarm about it."""
_FEW_FILES = 1_000

_MENDED = ((3, 51, 3), (3, 50, 7), (3, 44, 6))
"""The first version of each line that has SQLite's fault of March 2026 mended (sqlite.org/wal.html#walresetbug)."""
_FIRST_FAULTY = (3, 7, 0)
_WAL_FAULT = (
    "SQLite {version} is of those with a rare fault: when two processes write and clean up at the very same moment, "
    "the database can be damaged (3.7.0 to 3.51.2). Your distribution may have mended it without changing the number"
)
_WAL_REMEDY = (
    "nothing is urgent: take your system's updates, keep backups of other days, and run `mailtickets db check` each "
    "week; SQLite 3.51.3 and PostgreSQL do not have the fault"
)


def lines(inquiry: Inquiry) -> Iterator[CheckLine]:
    config = inquiry.config
    if database_is_missing(config.database_url):
        yield warning(_ABOUT, "is not there yet: `run` makes it", START_DAEMON)
    else:
        yield _opened(config)
    yield from disk(config)
    if config.database_url.startswith("sqlite"):
        yield version(sqlite3.sqlite_version_info)


def _opened(config: Config) -> CheckLine:
    database = Database(config.database_url, busy_seconds=BUSY_SECONDS)
    try:
        missing = migrate.behind(database)
        return wrong(_ABOUT, missing, "mailtickets db upgrade") if missing else ok(_ABOUT, "schema up to date")
    except Transient as error:
        return wrong(_ABOUT, str(error), _remedy(config, str(error)))
    finally:
        database.close()


def _remedy(config: Config, words: str) -> str:
    if not config.database_url.startswith("sqlite"):
        return "see that PostgreSQL runs, that database.url names it, and that its pg_hba.conf lets this user in"
    if "not a database" in words or "malformed" in words:
        return "stop the daemon, keep a copy of the file, and restore the newest backup"
    return "see who holds the file: a backup or another program must not keep it locked"


# --- the disk -----------------------------------------------------------------------------------------


def disk(config: Config) -> Iterator[CheckLine]:
    """The room where mail is kept. Without enough of it mail is deferred: the other side keeps it and tries again."""
    place = config.state_dir if config.state_dir.is_dir() else _existing(config.state_dir)
    usage, files = shutil.disk_usage(place), os.statvfs(place)
    limit = (config.smtp_in or SmtpIn()).max_message_bytes
    free, total = (locales.size(octets, "en") for octets in (usage.free, usage.total))
    text = f"{free} of {total} are free at {place}"
    make_room = f"make room there: `du -xh --max-depth=2 {place}` shows what takes it; or move instance.state_dir"
    if _space_is_short(config, limit):
        yield wrong("disk", f"{text}: mail is deferred", make_room)
    elif usage.free < min(config.alarms.disk_free_bytes, usage.total // _SMALL_DISK):
        yield warning("disk", text, make_room)
    else:
        yield ok("disk", text)
    if files.f_files > 0 and files.f_favail < _FEW_FILES:
        yield wrong("disk", f"room for {files.f_favail} more files at {place}", "remove files that nobody needs there")


def _space_is_short(config: Config, limit: int) -> bool:
    if not config.database_url.startswith("sqlite") or database_is_missing(config.database_url):
        return False
    database = Database(config.database_url, busy_seconds=BUSY_SECONDS)
    try:
        return database.space_is_short(limit)
    finally:
        database.close()


def _existing(path: Path) -> Path:
    return next(one for one in path.parents if one.is_dir())


# --- SQLite's version ---------------------------------------------------------------------------------


def version(found: tuple[int, ...]) -> CheckLine:
    shown = ".".join(map(str, found))
    mended = found >= _MENDED[0] or any(found[:2] == first[:2] and found >= first for first in _MENDED)
    if mended or found < _FIRST_FAULTY:
        return ok(_ABOUT, f"SQLite {shown}")
    return warning(_ABOUT, _WAL_FAULT.format(version=shown), _WAL_REMEDY)
