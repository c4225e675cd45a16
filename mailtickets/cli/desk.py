"""The start of every command that acts: the checked configuration, and a clerk on its database."""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from mailtickets.cli import BAD_USAGE, TRY_AGAIN, Stop
from mailtickets.cli.session import NO_DESK, act_as_owner, broken
from mailtickets.config.load import load
from mailtickets.config.models import Config
from mailtickets.config.places import ConfigError, database_is_missing, locate
from mailtickets.config.state import load_secrets
from mailtickets.desk.clock.holidays import Holiday
from mailtickets.desk.model.delivery import Transient
from mailtickets.edges.oauth2 import tokens
from mailtickets.gateway.clerk import Clerk, utc_now
from mailtickets.gateway.holidays import HolidaysUnknown, known, ready
from mailtickets.gateway.rules import rules_of
from mailtickets.store import migrate
from mailtickets.store.database import Database, Stale
from mailtickets.store.read.reader import Reader, within

P = ParamSpec("P")
T = TypeVar("T")

Verb = Callable[[Clerk, argparse.Namespace], int]
"""Does the work of one verb, and returns the exit status."""


def run_verb(verbs: Mapping[str, Verb], args: argparse.Namespace) -> int:
    """Does the work of the verb in `args` on the configured desk."""
    with opened(args) as clerk:
        return verbs[args.verb](clerk, args)


def read_in(connection: Connection, read: Callable[Concatenate[Reader, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Calls a function of `store.read` in a transaction."""
    return read(within(connection), *args, **kwargs)


def configuration(args: argparse.Namespace, *, secrets: bool = False) -> Config:
    """The configuration that the command uses. Ends the command with all errors when the configuration is broken."""
    try:
        config = load(locate(args.config), secrets=secrets)
    except ConfigError as error:
        raise Stop(BAD_USAGE, broken(error)) from error
    return config.with_tokens(tokens.for_command(config))


@contextmanager
def opened(args: argparse.Namespace) -> Iterator[Clerk]:
    """A clerk on the configured database. An error of the database ends the command with 75."""
    config = configuration(args)
    act_as_owner(config.state_dir)
    secrets = secrets_of(config)
    if not secrets or database_is_missing(config.database_url):
        raise Stop(BAD_USAGE, NO_DESK.format(config.state_dir))
    database = Database(config.database_url)
    try:
        missing = migrate.behind(database)
        if missing is not None:
            raise Stop(BAD_USAGE, missing)
        yield Clerk(database, rules_of(config, secrets, _holidays(database, config)))
    except (Transient, Stale) as error:
        raise Stop(TRY_AGAIN, f"the database is not available: {error}") from error
    finally:
        database.close()


def _holidays(database: Database, config: Config) -> list[Holiday]:
    """The holidays that the calendars name. Says so where some cannot be known; the work goes on without them."""
    try:
        return ready(database, config, utc_now())
    except HolidaysUnknown as error:
        print(error, file=sys.stderr)
        return known(database, config)


def secrets_of(config: Config) -> tuple[bytes, ...]:
    """The instance's keys. Ends the command if the keys cannot be trusted."""
    try:
        return load_secrets(config)
    except ConfigError as error:
        raise Stop(BAD_USAGE, broken(error)) from error
