"""Runs the daemon until a signal stops it. The daemon takes mail, decides on it, and sends the answers.

The daemon prints one line `ready smtp=... lmtp=...` on stdout when it listens, and writes its log to stderr. On SIGHUP
it reads the configuration again. On SIGTERM it finishes the work that it has begun, and stops.
"""

import argparse
import asyncio
import os
from functools import partial

from mailtickets import logs
from mailtickets.cli import BAD_USAGE, DONE, REFUSED, TRY_AGAIN, Stop
from mailtickets.cli.desk import configuration
from mailtickets.cli.session import act_as_owner, broken
from mailtickets.config.models import Config
from mailtickets.config.places import ConfigError
from mailtickets.config.state import prepare
from mailtickets.daemon import Busy, Daemon


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--verbose", action="store_true", help="write more log lines, for developers")


def run(args: argparse.Namespace) -> int:
    config = configuration(args, secrets=True)
    act_as_owner(config.state_dir)
    os.umask(0o077)
    logs.start(verbose=args.verbose)
    try:
        prepare(config)
        asyncio.run(_run(config))
    except ConfigError as error:
        raise Stop(BAD_USAGE, broken(error)) from error
    except Busy as error:
        raise Stop(TRY_AGAIN, str(error)) from error
    except OSError as error:
        raise Stop(REFUSED, f"cannot start: {error.strerror or error} {error.filename or ''}".strip()) from error
    return DONE


async def _run(config: Config) -> None:
    await Daemon(config).run(partial(print, flush=True))
