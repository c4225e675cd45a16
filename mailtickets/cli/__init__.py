"""The command line: one module per noun, imported only when its noun is spoken.

A noun's module offers `configure(parser)` and `run(args) -> exit status`.
Exit status: 0 done, 1 not found or refused, 2 bad usage or configuration, 75 try again (EX_TEMPFAIL).
"""

import argparse
import os
import sys
from importlib import import_module

NOUNS = {
    "run": "the daemon: take mail, work it, send what follows",
    "init": "write a configuration to start from",
    "check": "say line by line what is right and what is wrong",
    "demo": "play a short story with a customer and an agent",
    "parse": "print what mail files say, as JSON",
    "explain": "show how a mail is decided on, rule by rule",
    "deliver": "take one message from an MTA on standard input",
    "ticket": "list, show, search and work tickets",
    "inbound": "every message that came in, and what became of it",
    "outbox": "every mail that goes out, and whether it arrived",
    "agent": "list agents and what waits for them",
    "template": "list and preview the texts of notices",
    "db": "upgrade and check the database",
}

DONE, REFUSED, BAD_USAGE, TRY_AGAIN = 0, 1, 2, 75


class Stop(Exception):
    """Ends a command with a message on stderr and an exit status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def main(argv: list[str] | None = None) -> int:
    """The entry point of the `mailtickets` command."""
    given = _parser().parse_args(argv)
    noun = import_module(f"mailtickets.cli.{given.noun}")
    parser = argparse.ArgumentParser(prog=f"mailtickets {given.noun}", description=noun.__doc__)
    noun.configure(parser)
    args = parser.parse_args(given.rest)
    args.config = given.config
    try:
        status: int = noun.run(args)
        sys.stdout.flush()
    except Stop as stop:
        print(f"mailtickets: {stop}", file=sys.stderr)
        return stop.status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter complains at exit
        return DONE
    return status


def _parser() -> argparse.ArgumentParser:
    nouns = "\n".join(f"  {noun:<10} {what}" for noun, what in NOUNS.items())
    parser = argparse.ArgumentParser(
        prog="mailtickets",
        description="A support desk inside the mailboxes people already have.",
        epilog=f"commands:\n{nouns}\n\n`mailtickets COMMAND --help` says more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    searched = "default: $MAILTICKETS_CONFIG, then /etc/mailtickets/config.toml, then ./config.toml"
    parser.add_argument("-c", "--config", metavar="FILE", help=searched)
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version")
    parser.add_argument("noun", metavar="COMMAND", choices=list(NOUNS))
    parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version  # costs 20 ms, which `deliver` does not have

        print(f"mailtickets {version('mailtickets')}")
        parser.exit()
