"""Imports old mail from mbox files, Maildirs, EML files and folders of them; `-` is one mail on standard input.

One thread becomes one ticket, with the dates of its mails. Nobody is written to. An import may be started again: what
was imported is not imported twice.
"""

import argparse
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from mailtickets.cli.session import add_json

STATUSES = ("closed", "pending", "open")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", metavar="PATH", nargs="+", type=Path, help="an mbox, a Maildir, a mail or a folder")
    parser.add_argument("--queue", metavar="Q", help="the queue of all this mail (default: by its addresses)")
    add_options(parser)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds what `import` and `imap backfill` have in common."""
    parser.add_argument("--dry-run", action="store_true", help="show what would happen; change nothing")
    parser.add_argument(
        "--status", type=_status, default="closed", help=f"of the tickets: {', '.join(STATUSES)} (default: closed)"
    )
    parser.add_argument(
        "--open-since",
        type=day,
        metavar="DATE",
        help="leave open the tickets whose customer had the last word, on this day or later",
    )
    parser.add_argument("--log", type=Path, metavar="FILE", help="write there what was not taken (default: stderr)")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    from mailtickets.cli import importing_work  # the import costs a second; --help does not need it

    return importing_work.files(args)


def day(word: str) -> date:
    """A date as people type it at a shell."""
    try:
        return date.fromisoformat(word)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{word!r} is no date: write it as {datetime.now(UTC):%Y-%m-%d}") from error


def begin_of(wanted: date, timezone: str) -> datetime:
    return datetime(wanted.year, wanted.month, wanted.day, tzinfo=ZoneInfo(timezone))


def _status(word: str) -> str:
    from mailtickets.desk.model.ticket import status_named

    found = status_named(word)
    if found not in STATUSES:
        raise argparse.ArgumentTypeError(f"{word!r} is none of {', '.join(STATUSES)} (or their Portuguese names)")
    return str(found)
