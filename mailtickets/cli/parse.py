"""Prints the content of mail files: one line of JSON for each FILE, in the order of the files.

The command needs no configuration and no database. It takes any content. The exit status is 0, or 1 when a file cannot
be read. It reads one file after the other, parses on all cores, and keeps only a few files in memory.
"""

import argparse
import json
import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

FILES_BEFORE_WORKERS = 8
"""With fewer files than this, one process is done before another has started."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", help="a message as it was received; - means standard input")
    parser.add_argument(
        "--jobs", type=int, default=len(os.sched_getaffinity(0)), help="processes (default: one for each core)"
    )
    parser.add_argument("--json", action="store_true", help="has no effect: the output is always JSON")


def run(args: argparse.Namespace) -> int:
    status = 0
    for line, error in _results(args.files, args.jobs):
        if error:
            print(f"mailtickets: {error}", file=sys.stderr)
            status = 1
        else:
            sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()
    return status


def _results(files: list[str], jobs: int) -> Iterator[tuple[bytes, str]]:
    if jobs < 2 or len(files) < FILES_BEFORE_WORKERS:
        return map(_parsed, files)
    return _in_parallel(files, jobs)


def _in_parallel(files: Iterable[str], jobs: int) -> Iterator[tuple[bytes, str]]:
    """Parses files in their order, a bounded number at a time: memory does not grow with the number of files."""
    from concurrent.futures import Future, ProcessPoolExecutor

    under_way: deque[Future[tuple[bytes, str]]] = deque()
    with ProcessPoolExecutor(jobs) as pool:
        for file in files:
            under_way.append(pool.submit(_parsed, file))
            if len(under_way) > 4 * jobs:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()


def _parsed(file: str) -> tuple[bytes, str]:
    """(the line to print, empty), or (nothing, the reason why the file cannot be read)."""
    from mailtickets.mail.read.parse import as_json, parse

    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        return b"", f"{file}: {error.strerror}"
    line = json.dumps(as_json(parse(raw), file), ensure_ascii=False, separators=(",", ":"))
    return line.encode("utf-8", "replace") + b"\n", ""
