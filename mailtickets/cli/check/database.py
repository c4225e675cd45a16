"""The database: reachable, of this version, and with room."""

from collections.abc import Iterator

from mailtickets.cli.check.subject import Subject
from mailtickets.config.places import database_is_missing
from mailtickets.desk.model.delivery import Transient
from mailtickets.store import migrate
from mailtickets.store.database import Database
from mailtickets.views.check import CheckLine, ok, warning, wrong

BUSY_SECONDS = 5
_ABOUT = "database.url"


def lines(subject: Subject) -> Iterator[CheckLine]:
    config = subject.config
    if database_is_missing(config.database_url):
        yield warning(_ABOUT, "is not there yet: `run` makes it", "start the daemon: `systemctl start mailtickets`")
        return
    database = Database(config.database_url, busy_seconds=BUSY_SECONDS)
    try:
        missing = migrate.behind(database)
        yield wrong(_ABOUT, missing, "mailtickets db upgrade") if missing else ok(_ABOUT, "schema up to date")
        if database.space_is_short(26_214_400):
            yield wrong(_ABOUT, "the disk is nearly full: mail is deferred", f"make room below {config.state_dir}")
    except Transient as error:
        yield wrong(_ABOUT, str(error), "see that the database runs, and that database.url says how to reach it")
    finally:
        database.close()
