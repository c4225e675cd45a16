"""Follows one mail from the door to the outbox and back: when it came, what was decided and why, what was sent because
of it, how often and with which reply, and who answered. Shows no body of a mail and no reply address.

A bare number is the id of an inbound message, as log lines and `inbound list` have it. A ticket is `#12` (in quotes,
for the shell), `ticket=12` or `--ticket 12`; a copy in the outbox is `outbox=34` or `--outbox 34`. A Message-ID is that
of a mail that came in, or of a letter of the desk, with or without angle brackets. Exits with 1 if there is no such
mail.
"""

import argparse
import re
from collections.abc import Callable, Mapping

from mailtickets.cli import BAD_USAGE, DONE, REFUSED, Stop
from mailtickets.cli.session import add_json, number, print_json, reading
from mailtickets.store.read import trace
from mailtickets.store.read.reader import Reader
from mailtickets.store.read.trace import Trace
from mailtickets.views import trace as view

_NUMBERED = re.compile(r"(?:(inbound|outbox|ticket)[=:]|(#))?([0-9]{1,40})")

_READ: Mapping[str, Callable[[Reader, int], Trace]] = {
    "inbound": trace.of_inbound,
    "outbox": trace.of_copy,
    "ticket": trace.of_ticket,
}
_NAMES = {"inbound": "inbound message", "outbox": "outbox row", "ticket": "ticket"}


def configure(parser: argparse.ArgumentParser) -> None:
    asked = parser.add_mutually_exclusive_group(required=True)
    asked.add_argument(
        "mail", metavar="ID|MESSAGE-ID|TICKET", nargs="?", help="12, inbound=12, '<id@host>', outbox=34, '#12'"
    )
    asked.add_argument("--ticket", type=number, metavar="N", help="all mail of a ticket, in the order of time")
    asked.add_argument("--outbox", type=number, metavar="ID", help="a copy in the outbox")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    kind, wanted = _asked(args)
    with reading(args) as desk:
        if kind == "message-id":
            found, missing = trace.of_message_id(desk.reader, str(wanted)), _no_mail(str(wanted))
        else:
            found = _READ[kind](desk.reader, int(wanted))
            missing = f"there is no {_NAMES[kind]} {wanted}"
            if not found and kind == "inbound" and trace.of_ticket(desk.reader, int(wanted)):
                missing += f"; there is a ticket with this number: mailtickets trace --ticket {wanted}"
    if not found:
        raise Stop(REFUSED, missing)
    if args.json:
        print_json(view.as_json(found))
    else:
        print("\n".join(view.lines(found)))
    return DONE


def _asked(args: argparse.Namespace) -> tuple[str, int | str]:
    """What is looked for: `inbound`, `outbox` or `ticket` and a number, or `message-id` and the id."""
    if args.ticket is not None:
        return "ticket", args.ticket
    if args.outbox is not None:
        return "outbox", args.outbox
    word = args.mail.strip()
    numbered = _NUMBERED.fullmatch(word)
    if numbered is not None:
        return numbered[1] or ("ticket" if numbered[2] else "inbound"), number(numbered[3])
    bare = word.removeprefix("message_id=").strip("<>\"' ")
    if "@" not in bare:
        raise Stop(BAD_USAGE, f"{word!r} is neither an id nor a Message-ID; a ticket is asked for by --ticket N")
    return "message-id", bare


def _no_mail(message_id: str) -> str:
    return (
        f"no mail with the Message-ID {message_id} has been decided on or sent; mail that waits to be decided on is"
        " known by its id only: mailtickets inbound list --state accepted"
    )
