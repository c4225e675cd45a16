"""Runs the daemon until a signal stops it. The daemon takes mail, decides on it, and sends the answers.

The daemon prints one line `ready smtp=... lmtp=...` on stdout when it listens, and writes its log to stderr. On SIGHUP
it reads the configuration again. On SIGTERM it finishes the work that it has begun, and stops.
"""

import argparse
import asyncio
import errno
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
        raise Stop(REFUSED, f"cannot start: {_trouble(config, error)}") from error
    return DONE


def _trouble(config: Config, error: OSError) -> str:
    """What went wrong, and the next step if it is about an address that the daemon listens on."""
    text = f"{error.strerror or error} {error.filename or ''}".strip()
    entries = {"lmtp_in.listen": config.lmtp_listen, "smtp_in.listen": config.smtp_in.listen if config.smtp_in else ()}
    key = next((key for key, listen in entries.items() if text.endswith(tuple(f": {entry}" for entry in listen))), "")
    step = _LISTENING.get(error.errno or 0, "")
    return "\n".join([f"{key}: {text}" if key else text, *([f"next: {step}"] if step else [])])


_LISTENING = {
    errno.EADDRINUSE: "`ss -ltnp` shows which program listens there: stop it, or choose another address",
    errno.EADDRNOTAVAIL: "this machine does not have that address: `ip address` shows those that it has",
    errno.EACCES: "ports below 1024 are for root: let systemd listen there, or choose another port",
}


async def _run(config: Config) -> None:
    await Daemon(config).run(partial(print, flush=True))
