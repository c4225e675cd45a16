"""What commands cost: CPU of the whole process, beside an empty Python and beside `import sqlalchemy`.

    python bench/cli.py [--write] [--runs 5]

A small desk in a temporary directory, on SQLite. Each command runs as an own process, all of them in turn. The figures
are user and system time of the process; how long it waits does not count. Also what the daemon needs to be ready.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from signal import SIGTERM

import page
from running import Running

CONFIG = """
[instance]
hostname = "mail.desk.test"
state_dir = "var"
[smtp_in]
listen = ["127.0.0.1:0"]
[delivery]
method = "maildir"
[[queue]]
name = "suporte"
addresses = ["suporte@desk.test"]
"""

COMMANDS: Mapping[str, Sequence[str]] = {
    "--help": ["--help"],
    "ticket list": ["ticket", "list"],
    "ticket show 1": ["ticket", "show", "1"],
    "ticket search": ["ticket", "search", "impressora"],
    "inbound list": ["inbound", "list"],
    "outbox list": ["outbox", "list"],
    "agent list": ["agent", "list"],
    "ticket note 1": ["ticket", "note", "1", "--file", "note.txt"],
}
PLAIN: Mapping[str, Sequence[str]] = {"python -c pass": ["pass"], "import sqlalchemy": ["import sqlalchemy"]}


def main() -> None:
    given = page.arguments(__doc__).parse_args()
    with Running(CONFIG) as desk:
        (desk.home / "note.txt").write_text("Uma nota.\n")
        opened = [
            "ticket",
            "open",
            "--queue",
            "suporte",
            "--requester",
            "maria@cliente.test",
            "--subject",
            "Impressora",
        ]
        subprocess.run(_ours(desk.home, opened), input=b"Ela parou.\n", check=True, capture_output=True)
        contenders: dict[str, Callable[[], float]] = {
            name: _timed([sys.executable, "-c", *words], desk.home) for name, words in PLAIN.items()
        }
        contenders |= {name: _timed(_ours(desk.home, words), desk.home) for name, words in COMMANDS.items()}
        spent = page.alternate(contenders, given.runs)
    ready = [_until_ready() for _ in range(given.runs)]
    measure = spent["import sqlalchemy"]
    rows = [
        [name, page.spread([value * 1_000 for value in values]), page.ratio(values, measure)]
        for name, values in [*spent.items(), ("run, until it is ready", ready)]
    ]
    text = "CPU of the whole process, milliseconds; medians, and between what they lay.\n\n"
    text += page.table(["command", "ms of CPU", "import sqlalchemy = 1"], rows)
    page.publish("cli", page.section("The command line", text), write=given.write)


def _ours(home: Path, words: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "mailtickets", "-c", str(home / "config.toml"), *words]


def _timed(command: Sequence[str], directory: Path) -> Callable[[], float]:
    """Runs a command to its end, and gives its CPU in seconds."""

    def run() -> float:
        before = getrusage(RUSAGE_CHILDREN)
        subprocess.run(command, cwd=directory, check=True, capture_output=True)
        after = getrusage(RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return run


def _until_ready() -> float:
    """CPU of a daemon and its workers, in seconds, from its start until it says that it is ready."""
    with Running(CONFIG) as desk:
        children = Path(f"/proc/{desk.process.pid}/task/{desk.process.pid}/children").read_text().split()
        spent = sum(_ticks(number) for number in (desk.process.pid, *children))
        desk.process.send_signal(SIGTERM)
    return spent / os.sysconf("SC_CLK_TCK")


def _ticks(process: int | str) -> int:
    """User and system time of a process, with that of children that have ended (proc(5), fields 14 to 17)."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return sum(int(value) for value in fields[11:15])


if __name__ == "__main__":
    main()
