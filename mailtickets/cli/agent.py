"""Lists agents with their addresses, their queues, and how many open tickets they hold."""

import argparse
from collections.abc import Mapping
from typing import Any

from mailtickets.cli import DONE
from mailtickets.cli.session import add_page, print_json, print_table, reading
from mailtickets.store.read import tickets


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    add_page(verbs.add_parser("list", help="list agents in the order of the configuration"))


def run(args: argparse.Namespace) -> int:
    with reading(args) as desk:
        held = tickets.open_by_assignee(desk.reader)
    rows = [
        {
            "name": agent["name"],
            "address": agent["address"],
            "aliases": list(agent["aliases"]),
            "queues": list(agent["queues"]),
            "receipts": agent["receipts"],
            "skills": list(agent.get("skills", ())),
            "capacity": agent.get("capacity", 0),
            "calendar": agent.get("calendar", ""),
            "open_tickets": held.get(agent["address"].casefold(), 0),
        }
        for agent in desk.agents[args.after or 0 :][: args.limit]
    ]
    if args.json:
        print_json(rows)
    else:
        table = [(row["address"], row["name"], ", ".join(row["queues"]), _held(row)) for row in rows]
        print_table(("ADDRESS", "NAME", "QUEUES", "OPEN TICKETS"), table)
    return DONE


def _held(row: Mapping[str, Any]) -> str:
    """`3`, or `3 of 5` where the agent has a capacity."""
    return f"{row['open_tickets']} of {row['capacity']}" if row["capacity"] else str(row["open_tickets"])
