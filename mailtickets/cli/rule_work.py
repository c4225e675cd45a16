"""The work of `mailtickets rule test` and `rule diff`."""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from mailtickets.cli import BAD_USAGE, DONE, REFUSED, TRY_AGAIN, Stop
from mailtickets.cli.desk import configuration
from mailtickets.cli.explain import as_received, authenticated
from mailtickets.cli.importing import begin_of
from mailtickets.cli.progress import Progress
from mailtickets.cli.session import NO_DESK, act_as_owner, broken, print_json
from mailtickets.config.load import load
from mailtickets.config.models import Config
from mailtickets.config.places import ConfigError, database_is_missing
from mailtickets.desk.model.delivery import Transient
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.rules.configured.shadows import shadows
from mailtickets.gateway.holidays import HolidaysUnknown, computed, regions_of
from mailtickets.gateway.replay import Replay, Replayed
from mailtickets.gateway.trial import Trial, tried
from mailtickets.gateway.workers import Workers
from mailtickets.mail.read.parse import parse
from mailtickets.store import migrate
from mailtickets.store.database import Database
from mailtickets.views.replay import ReplayReport
from mailtickets.views.trial import trial_as_json, trial_lines


@contextmanager
def _desk(config: Config) -> Iterator[Database | None]:
    """The database of the desk, as it is read; None if the desk has none yet."""
    act_as_owner(config.state_dir)
    if database_is_missing(config.database_url):
        yield None
        return
    database = Database(config.database_url)
    try:
        missing = migrate.behind(database)
        if missing is not None:
            raise Stop(BAD_USAGE, missing)
        yield database
    except Transient as error:
        raise Stop(TRY_AGAIN, f"the database is not available: {error}") from error
    finally:
        database.close()


def _policy(config: Config, first: datetime, last: datetime) -> Policy:
    """The policy of a configuration, with the holidays of these years. They are computed, and not written down."""
    asked = [(region, year) for region in regions_of(config) for year in range(first.year - 1, last.year + 2)]
    try:
        return Policy.of(config, computed(asked) if asked else ())
    except HolidaysUnknown as error:
        print(error, file=sys.stderr)
        return Policy.of(config)


# --- test ---------------------------------------------------------------------------------------------


def test(args: argparse.Namespace) -> int:
    """`mailtickets rule test FILE...`: exits 1 if a file cannot be read."""
    config = configuration(args)
    now = datetime.now(UTC)
    policy, status, told = _policy(config, now, now), DONE, []
    with _desk(config) as database:
        for file in args.files:
            try:
                raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
            except OSError as error:
                print(f"mailtickets: {file}: {error.strerror}", file=sys.stderr)
                status = REFUSED
                continue
            told.append(trial_as_json(str(file), _tried(config, policy, database, raw, now)))
    if args.json:
        print_json(told)
    else:
        print("\n\n".join("\n".join(trial_lines(one)) for one in told))
    return status


def _tried(config: Config, policy: Policy, database: Database | None, raw: bytes, now: datetime) -> Trial:
    received, mail = as_received(raw), parse(raw, instance=config.instance.name)
    received = replace(received, authentication=authenticated(config, received, mail))
    if database is None:
        return tried(None, received, mail, policy, now)
    with database.looking() as connection:
        return tried(connection, received, mail, policy, now)


# --- diff ---------------------------------------------------------------------------------------------


def diff(args: argparse.Namespace) -> int:
    """`mailtickets rule diff NEW.toml`: exits 1 if anything would differ."""
    config, new = configuration(args), _other(args.new)
    report = ReplayReport(_moment(args.since, config.instance.timezone), args.limit)
    with _desk(config) as database:
        if database is None:
            raise Stop(BAD_USAGE, NO_DESK.format(config.state_dir))
        replay = asyncio.run(_replayed(database, config, new, report))
    matched, tables = replay.tally.matched_new, new.model_dump()["rule"]
    report.shadowed = shadows(tables)
    report.unused = [rule.name for rule in new.rule if not matched[rule.name]]
    if args.json:
        print_json(report.as_json(replay.tally))
    else:
        print("\n".join(report.lines(replay.tally)))
    return REFUSED if report.differ else DONE


def _other(file: Path) -> Config:
    """The configuration to compare with."""
    try:
        return load(file)
    except ConfigError as error:
        raise Stop(BAD_USAGE, broken(error)) from error


def _moment(since: timedelta | date, timezone: str) -> datetime:
    return datetime.now(UTC) - since if isinstance(since, timedelta) else begin_of(since, timezone)


async def _replayed(database: Database, config: Config, new: Config, report: ReplayReport) -> Replay:
    workers = Workers()
    try:
        old, other = (_policy(one, report.since, datetime.now(UTC)) for one in (config, new))
        replay = Replay(database, workers, old, other)
        total = await asyncio.to_thread(replay.count, report.since)
        await _show(replay.mails(report.since), Progress("mail", total), report)
        await _show(replay.statuses(report.since), Progress("statuses"), report)
        await _show(replay.times(report.since, datetime.now(UTC)), Progress("in time"), report)
        return replay
    finally:
        await asyncio.to_thread(workers.close)


async def _show(found: AsyncIterator[Replayed | None], progress: Progress, report: ReplayReport) -> None:
    async for one in found:
        if one is not None:
            report.add(one)
        progress.advance()
    progress.close()
