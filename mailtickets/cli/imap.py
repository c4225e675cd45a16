"""Imports old mail from a mailbox that the desk reads. Nothing in the mailbox is moved or marked as read."""

import argparse

from mailtickets.cli.importing import add_options, day


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    backfill = verbs.add_parser("backfill", help="import the mail of an account that came on a day or later")
    backfill.add_argument("account", metavar="ACCOUNT", help="the name of an [[imap_in]] table")
    backfill.add_argument("--since", type=day, required=True, metavar="DATE", help="the first day, such as 2026-01-31")
    backfill.add_argument(
        "--folder",
        metavar="F",
        action="append",
        default=[],
        help="a folder; may be repeated (default: the folders that the desk reads, and the folder of sent mail)",
    )
    add_options(backfill)


def run(args: argparse.Namespace) -> int:
    from mailtickets.cli import importing_work  # the import costs a second; --help does not need it

    return importing_work.mailbox(args)
