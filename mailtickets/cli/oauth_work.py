"""`oauth login`: a person logs in at the provider, and the tokens are kept."""

import argparse
import os
import sys
from datetime import UTC, datetime

from mailtickets.cli import BAD_USAGE, DONE, REFUSED, TRY_AGAIN, Stop
from mailtickets.cli.desk import configuration
from mailtickets.cli.session import act_as_owner, print_json
from mailtickets.config.models import Config
from mailtickets.config.places import SEARCHED
from mailtickets.desk.model.delivery import Transient
from mailtickets.edges.oauth2.account import OAuthAccount, accounts
from mailtickets.edges.oauth2.kept import Kept
from mailtickets.edges.oauth2.login import Person, log_in
from mailtickets.edges.oauth2.outcome import Dead, Retry, Token
from mailtickets.edges.oauth2.tokens import renewing


def login(args: argparse.Namespace) -> int:
    config = configuration(args, secrets=True)
    _enter(config)
    account = _account(config, args.name)
    try:
        with renewing(config, account):
            pass  # a database that does not answer is better said before a person has logged in
        kept = _keep(config, account, _logged_in(account))
    except Transient as error:
        raise Stop(TRY_AGAIN, f"the database is not available: {error}") from error
    except OSError as error:
        raise Stop(TRY_AGAIN, f"the tokens cannot be kept: {error}") from error
    for warning in _doubts(account, kept.who):
        print(f"mailtickets: {warning}", file=sys.stderr)
    _say(args, account, kept)
    return DONE


def _enter(config: Config) -> None:
    of_a_service = config.file.parent == SEARCHED[0].parent
    if os.geteuid() == 0 and of_a_service and not config.state_dir.exists():
        hint = "run this command as the user that the service runs as, or start the service once"
        raise Stop(BAD_USAGE, f"there is no {config.state_dir} yet: {hint}")
    act_as_owner(config.state_dir)


def _account(config: Config, name: str) -> OAuthAccount:
    known = accounts(config)
    if name not in known:
        there = f"there is {', '.join(sorted(known))}" if known else "the configuration has none"
        raise Stop(REFUSED, f"there is no [[oauth]] with the name {name!r}: {there}")
    return known[name]


def _logged_in(account: OAuthAccount) -> Token:
    try:
        found = log_in(account, Person(_to_terminal, _from_terminal))
    except EOFError:
        raise Stop(REFUSED, "nobody answers at the terminal: nothing was changed") from None
    match found:
        case Token():
            return found
        case Retry():
            raise Stop(TRY_AGAIN, f"{found.reason}: try again later")
        case Dead():
            raise Stop(REFUSED, f"{found.reason}\n{found.advice.replace('{name}', account.name)}")


def _keep(config: Config, account: OAuthAccount, token: Token) -> Kept:
    with renewing(config, account) as renewal:
        return renewal.adopt(token)


def _doubts(account: OAuthAccount, who: str) -> list[str]:
    """What may be wrong: a person may have been logged in at the provider as somebody else."""
    others = [user for user in account.users if user.casefold() != who.casefold()]
    if not who or not others or not account.needs_login:
        return []
    names = ", ".join(others)
    if account.settings.provider == "microsoft":
        return [f"{who} has logged in, and {names} is to be read: {who} needs Full Access to that mailbox"]
    return [f"{who} has logged in, and not {names}: this token opens the mailbox of {who} only"]


def _say(args: argparse.Namespace, account: OAuthAccount, kept: Kept) -> None:
    if args.json:
        print_json({"name": account.name, "who": kept.who or None, "valid_until": kept.expires_at})
        return
    whom = f" as {kept.who}" if kept.who and account.needs_login else ""
    until = kept.expires_at.astimezone().strftime("%Y-%m-%d %H:%M")
    done = f"logged in{whom}" if account.needs_login else "no login is needed, and a token was given"
    print(f"{account.name}: {done}. The token is good until {until}; the daemon renews it by itself.")
    if kept.expires_at <= datetime.now(UTC):
        print("mailtickets: it has ended already: look at this machine's clock", file=sys.stderr)


def _to_terminal(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _from_terminal(question: str) -> str:
    """A line from the terminal. Raises EOFError."""
    print(question, end="", file=sys.stderr, flush=True)
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line
