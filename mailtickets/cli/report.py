"""Reports on a period: how many tickets, how soon they were answered and resolved, and how content customers were.

Each figure is defined in docs/reports.md.
"""

import argparse
from pathlib import Path
from typing import get_args

from mailtickets.cli.session import add_json
from mailtickets.config.values import LOCALES
from mailtickets.desk.figures.report import Dimension

FORMATS = ("text", "json", "csv", "html", "pdf")


def configure(parser: argparse.ArgumentParser) -> None:
    days = "a date such as 2026-01-31, a length such as 30d or 4w, today, yesterday"
    parser.add_argument("--since", metavar="DAY", help=f"its first day: {days}, week, month, year (default: 30d)")
    parser.add_argument("--until", metavar="DAY", help=f"its last day: {days} (default: today)")
    parser.add_argument("--queue", metavar="Q", action="append", default=[], help="only this queue; may be repeated")
    parser.add_argument("--by", choices=get_args(Dimension), help="what to divide it by")
    parser.add_argument("--format", choices=FORMATS, help="default: as the name of FILE ends, else text")
    parser.add_argument("--excel", action="store_true", help="CSV that Excel opens with a double click, by its locale")
    parser.add_argument("--locale", choices=LOCALES, help="the language of the report (default: that of the desk)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write it there, whole or not at all; - is stdout")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    from mailtickets.cli import report_work  # the import costs a second; --help does not need it

    return report_work.run(args)
