"""Logs in at a provider of OAuth2, and shows the accounts with their tokens."""

import argparse
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from mailtickets.cli import BAD_USAGE, DONE, REFUSED, Stop
from mailtickets.cli.session import add_json, desk_of, print_json, print_table
from mailtickets.edges.oauth2.kept import Kept, Shelf
from mailtickets.views import oauth as view


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    login = verbs.add_parser(
        "login",
        help="log in as the mailbox's user, with a browser on any machine; others get one token as a trial",
    )
    login.add_argument("name", metavar="NAME", help="the name of an [[oauth]] table")
    add_json(login)
    login.set_defaults(act=_login)
    status = verbs.add_parser("status", help="show who is logged in, until when, the last renewal and the last error")
    add_json(status)
    status.set_defaults(act=_status)


def run(args: argparse.Namespace) -> int:
    status: int = args.act(args)
    return status


def _login(args: argparse.Namespace) -> int:
    from mailtickets.cli import oauth_work  # the import costs a second; showing the state does not need it

    return oauth_work.login(args)


def _status(args: argparse.Namespace) -> int:
    now, shown = datetime.now(UTC), _accounts(args)
    if args.json:
        print_json([view.as_json(one, now) for one in shown])
    elif not shown:
        print("no [[oauth]] table in the configuration")
    else:
        print_table(view.HEADER, [view.row(one, now) for one in shown])
    return REFUSED if any(one.is_refused(now) for one in shown) else DONE


def _kept(shelf: Shelf) -> Kept | None:
    try:
        return shelf.load()
    except OSError as error:
        raise Stop(BAD_USAGE, f"{error.filename}: {error.strerror}") from error


def _shown(given: Mapping[str, Any], tables: Mapping[str, Any], shelf: Shelf) -> view.OAuthView:
    name, kept, trouble = given["name"], _kept(shelf), shelf.trouble()
    return view.OAuthView(
        name=name,
        provider=given["provider"],
        flow=given["flow"],
        who=(kept.who if kept else "") or ", ".join(view.usernames(name, tables)),
        used_by=view.used_by(name, tables),
        renewed_at=kept.obtained_at if kept else None,
        valid_until=kept.expires_at if kept else None,
        error=trouble.error if trouble else "",
        failed_at=trouble.at if trouble else None,
        secret_expires=str(given.get("expires", "")),
        needs_person=trouble is not None and trouble.needs_person,
    )


def _accounts(args: argparse.Namespace) -> list[view.OAuthView]:
    desk = desk_of(args)
    return [_shown(given, desk.tables, Shelf(desk.state_dir, given["name"])) for given in desk.tables.get("oauth", ())]
