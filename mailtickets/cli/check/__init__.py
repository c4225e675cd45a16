"""Checks configuration, database, DNS, mailboxes, delivery and templates. Prints one line for each finding.

A line says ok, or what is wrong and the next step. The exit status is 0 when nothing is wrong (there may be warnings),
1 when something is wrong, and 2 when the configuration is broken. --send sends a test message to ADDRESS by the
configured delivery, or without ADDRESS to the first queue. If the address is that of a queue, the command waits for the
message. --agent shows what the agent's newest mail proved, and what the agent's domain publishes.
"""

import argparse
import asyncio

from mailtickets.cli import DONE, REFUSED
from mailtickets.cli.check.areas import lines
from mailtickets.cli.check.inquiry import Inquiry
from mailtickets.cli.desk import configuration
from mailtickets.cli.session import act_as_owner, add_json, print_json
from mailtickets.views.check import CheckLine, as_json, as_text

FIRST_QUEUE = "the first queue"


def configure(parser: argparse.ArgumentParser) -> None:
    send = "send a test message to this address (default: the first queue's own) and look what its way does to it"
    parser.add_argument("--send", metavar="ADDRESS", nargs="?", const=FIRST_QUEUE, help=send)
    parser.add_argument("--agent", metavar="ADDRESS", help="show what the newest mail of this agent proved")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    config = configuration(args, secrets=True)
    act_as_owner(config.state_dir)
    send = config.queue[0].address if args.send == FIRST_QUEUE else args.send
    found = asyncio.run(_run(Inquiry(config, send, args.agent), shown=not args.json))
    if args.json:
        print_json([as_json(line) for line in found])
    return REFUSED if any(line.verdict == "wrong" for line in found) else DONE


async def _run(inquiry: Inquiry, *, shown: bool) -> list[CheckLine]:
    """All lines. With `shown`, each is printed as soon as it and those before it are there."""
    found = []
    async for line in lines(inquiry):
        found.append(line)
        if shown:
            print(as_text(line), flush=True)
    return found
