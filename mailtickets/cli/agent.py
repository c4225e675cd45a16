"""Agents: who they are, which queues they work on, and how many tickets they hold."""

import argparse

from mailtickets.cli import DONE
from mailtickets.cli.desk import opened
from mailtickets.cli.session import add_page, print_json, print_table
from mailtickets.store import tickets


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    add_page(verbs.add_parser("list", help="agents, in the order of the configuration"))


def run(args: argparse.Namespace) -> int:
    with opened(args) as clerk:
        held = clerk.database.run(tickets.open_by_assignee)
        agents = clerk.rules.policy.agents[args.after or 0 :][: args.limit]
        rows = [
            {
                "name": agent.name,
                "address": agent.address,
                "aliases": list(agent.aliases),
                "queues": list(agent.queues),
                "receipts": agent.receipts,
                "open_tickets": held.get(agent.address.casefold(), 0),
            }
            for agent in agents
        ]
    if args.json:
        print_json(rows)
    else:
        table = [
            (r["address"], r["name"], ", ".join(a.queues), r["open_tickets"]) for r, a in zip(rows, agents, strict=True)
        ]
        print_table(("ADDRESS", "NAME", "QUEUES", "OPEN TICKETS"), table)
    return DONE
