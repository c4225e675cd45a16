"""Upgrades the schema of the database to this version, or checks that the database is sound."""

import argparse

from sqlalchemy import Connection, text

from mailtickets.cli import BAD_USAGE, DONE, REFUSED, TRY_AGAIN, Stop
from mailtickets.cli.desk import configuration
from mailtickets.cli.session import act_as_owner, add_json, print_json
from mailtickets.config.places import database_is_missing
from mailtickets.desk.model.delivery import Transient
from mailtickets.store import migrate, version
from mailtickets.store.database import Database


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for verb, what in (
        ("upgrade", "create or change the tables as this version needs them"),
        ("check", "check the schema and the data of the database"),
    ):
        add_json(verbs.add_parser(verb, help=what))


def run(args: argparse.Namespace) -> int:
    config = configuration(args)
    if args.verb == "check" and database_is_missing(config.database_url):
        raise Stop(BAD_USAGE, f"{config.state_dir} has no desk yet: `mailtickets run` makes one")
    if args.verb == "upgrade":
        config.state_dir.mkdir(mode=0o710, parents=True, exist_ok=True)
    act_as_owner(config.state_dir)
    database = Database(config.database_url)
    try:
        if args.verb == "upgrade":
            migrate.upgrade(database)
        problem = migrate.behind(database) or database.transact(_damage)
        found = database.transact(migrate.found_in)
    except Transient as error:
        raise Stop(TRY_AGAIN, f"the database is not available: {error}") from error
    finally:
        database.close()
    if args.json:
        print_json({"version": found, "newest": version.NEWEST, "problem": problem})
    else:
        print(problem or f"schema {found}, sound")
    return REFUSED if problem else DONE


def _damage(connection: Connection) -> str | None:
    """The errors that SQLite finds in its own file. PostgreSQL checks itself."""
    if connection.dialect.name != "sqlite":
        return None
    for check in ("quick_check", "foreign_key_check"):
        rows = connection.execute(text(f"PRAGMA {check}")).all()
        if rows and tuple(rows[0]) != ("ok",):
            return f"{check}: {'; '.join(str(tuple(row)) for row in rows[:5])}"
    return None
