"""The shape of commands that act on one row: the row is looked up, changed, and printed."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mailtickets.cli import DONE, REFUSED, Stop
from mailtickets.cli.desk import read_in
from mailtickets.cli.session import print_json
from mailtickets.gateway.clerk import Clerk
from mailtickets.store.read.reader import Reader


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one noun."""

    name: str
    """What one row is called: "inbound message"."""
    read: Callable[[Reader, int], Any]
    """Returns the row with this id, or None."""
    as_json: Callable[[Any], dict[str, Any]]
    line: Callable[[Any], str]
    """One line that says which row it is, and its state."""

    def found(self, clerk: Clerk, number: int) -> Any:
        """The row with this id. Ends the command if there is none."""
        row = clerk.database.transact(read_in, self.read, number)
        if row is None:
            raise Stop(REFUSED, f"there is no {self.name} {number}")
        return row

    def print(self, clerk: Clerk, args: argparse.Namespace) -> int:
        """Prints the row `args.id` as it is now."""
        row = self.found(clerk, args.id)
        if args.json:
            print_json(self.as_json(row))
        else:
            print(self.line(row))
        return DONE
