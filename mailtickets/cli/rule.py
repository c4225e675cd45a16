"""Lists the rules of the configuration, tries them on mail, and compares two configurations on the mail of the past.

Nothing is written and nobody is written to.
"""

import argparse
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from mailtickets.cli import DONE
from mailtickets.cli.importing import day
from mailtickets.cli.session import add_json, positive, print_json, print_table, reading
from mailtickets.store.read import rules
from mailtickets.views import rules as view

_HOURS = {"h": 1, "d": 24, "w": 168}


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    listing = verbs.add_parser("list", help="list rules in the order of the file, and how often each has matched")
    add_json(listing)
    listing.set_defaults(act=_list)
    trying = verbs.add_parser("test", help="show what would become of mail files, rule by rule")
    trying.add_argument("files", metavar="FILE", nargs="+", type=Path, help="a mail file; `-` is standard input")
    add_json(trying)
    trying.set_defaults(act=_work)
    diff = verbs.add_parser("diff", help="show which tickets of the past another configuration would change")
    diff.add_argument("new", metavar="NEW.toml", type=Path, help="the configuration to compare the present one with")
    diff.add_argument(
        "--since",
        type=_since,
        default="30d",
        metavar="WHEN",
        help="replay mail that came in since then: 30d, 12h, or a day like 2026-01-31 (default: 30d)",
    )
    diff.add_argument(
        "--limit", type=positive, default=100, metavar="N", help="tickets shown of each rule (default 100)"
    )
    add_json(diff)
    diff.set_defaults(act=_work)


def _since(word: str) -> timedelta | date:
    """A length of time that ends now, or a day."""
    figures, unit = word[:-1], word[-1:]
    if unit in _HOURS and figures.isdecimal() and figures.isascii() and len(figures) <= 4:
        return timedelta(hours=int(figures) * _HOURS[unit])
    return day(word)


def run(args: argparse.Namespace) -> int:
    status: int = args.act(args)
    return status


def _list(args: argparse.Namespace) -> int:
    with reading(args) as desk:
        since = datetime.now(UTC).date() - timedelta(days=view.DAYS - 1)
        listed = view.listed(desk.tables.get("rule", ()), rules.fired(desk.reader, since))
    if args.json:
        print_json(listed)
    else:
        print_table(view.HEADER, [view.row(rule) for rule in listed])
    return DONE


def _work(args: argparse.Namespace) -> int:
    from mailtickets.cli import rule_work  # the import costs a second; `list` does not need it

    status: int = getattr(rule_work, args.verb)(args)
    return status
