"""Shows the desk at a glance: whether all is well, what needs a person, and what waits. Exits with 1 if a person is
needed.
"""

import argparse
from datetime import UTC, datetime
from importlib.metadata import version

from mailtickets.cli import DONE, REFUSED
from mailtickets.cli.running import daemon_runs
from mailtickets.cli.session import OpenDesk, add_json, print_json, reading
from mailtickets.config.outline import DeskOutline
from mailtickets.store import disk
from mailtickets.store.read.status import MachineStatus, look
from mailtickets.views import status as view


def configure(parser: argparse.ArgumentParser) -> None:
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    with reading(args) as desk:
        outline = DeskOutline.of(desk.tables)
        found = look(desk.reader, outline, _machine(desk, outline), datetime.now(UTC))
    if args.json:
        print_json(view.as_json(found))
    else:
        print("\n".join(view.lines(found)))
    return DONE if view.state_of(found) == "well" else REFUSED


def _machine(desk: OpenDesk, outline: DeskOutline) -> MachineStatus:
    return MachineStatus(
        version("mailtickets"),
        daemon_runs(desk.state_dir),
        disk.free_bytes(desk.database_url, desk.state_dir),
        disk.space_is_short(desk.database_url, outline.max_message_bytes),
    )
