"""The command line: one module per noun, imported only when its noun is spoken.

A noun's module offers `configure(parser)` and `run(args) -> exit status`.
Exit status: 0 done, 1 not found or refused, 2 bad usage or configuration, 75 try again (EX_TEMPFAIL).
"""

import argparse
import os
import sys
from importlib import import_module

NOUNS = {
    "run": "start the daemon: it takes mail, decides on it, and sends the answers",
    "init": "write a first configuration",
    "check": "check configuration, database, mailboxes and delivery, line by line",
    "status": "show the desk at a glance: is all well, and who or what needs a person",
    "demo": "play a short story between a customer and an agent",
    "parse": "print the content of mail files as JSON",
    "explain": "show the decision on a mail, rule by rule",
    "deliver": "hand one message from an MTA, on standard input, to the daemon",
    "import": "import old mail: mbox files, Maildirs, EML files",
    "imap": "import old mail from a mailbox that the desk reads",
    "rule": "list rules, try them on mail, and compare two configurations on the mail of the past",
    "report": "show figures of a period: tickets, answer times, satisfaction; as text, JSON, CSV, HTML or PDF",
    "ticket": "list, show, search and change tickets",
    "inbound": "list messages that came in, with their outcomes; release or drop held ones",
    "outbox": "list outgoing mail and its state; send it again, or cancel it",
    "trace": "follow one mail from the door to the outbox and back, with times, rules and deliveries",
    "agent": "list agents, and how many tickets they hold",
    "oauth": "log in at the provider of a mailbox, and show how long its tokens are good",
    "template": "list and preview the texts of notices",
    "db": "upgrade and check the database",
}

_MODULES = {"import": "importing"}
"""The modules of nouns that no module can be named after."""

DONE, REFUSED, BAD_USAGE, TRY_AGAIN = 0, 1, 2, 75


class Stop(Exception):
    """Ends a command with a message on stderr and an exit status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def main(argv: list[str] | None = None) -> int:
    """The entry point of the `mailtickets` command."""
    command = _parser().parse_args(argv)
    noun = import_module(module_of(command.noun))
    parser = argparse.ArgumentParser(prog=f"mailtickets {command.noun}", description=noun.__doc__)
    noun.configure(parser)
    args = parser.parse_args(command.rest)
    args.config = command.config
    try:
        status: int = noun.run(args)
        sys.stdout.flush()
    except Stop as stop:
        print(f"mailtickets: {_readable(str(stop))}", file=sys.stderr)
        return stop.status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter complains at exit
        return DONE
    return status


def _readable(text: str) -> str:
    """A text without what moves a terminal: it may repeat what somebody has copied out of a hostile mail."""
    return "".join(sign if sign.isprintable() or sign == "\n" else "?" for sign in text)


def module_of(noun: str) -> str:
    """The name of the module behind a noun."""
    return f"mailtickets.cli.{_MODULES.get(noun, noun)}"


def _parser() -> argparse.ArgumentParser:
    nouns = "\n".join(f"  {noun:<10} {what}" for noun, what in NOUNS.items())
    parser = argparse.ArgumentParser(
        prog="mailtickets",
        description="A support desk inside the mailboxes people already have.",
        epilog=f"commands:\n{nouns}\n\n`mailtickets COMMAND --help` says more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    searched = (
        "configuration file (default: $MAILTICKETS_CONFIG, then /etc/mailtickets/config.toml, then ./config.toml)"
    )
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
