"""Accounts of OAuth2 as JSON and as a table. In: the tables `[[oauth]]`, the kept tokens, and what went wrong last."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

HEADER = ("ACCOUNT", "WHO", "STATE", "GOOD UNTIL", "RENEWED", "LAST ERROR")


@dataclass(frozen=True, slots=True)
class OAuthView:
    """One account."""

    name: str
    provider: str
    flow: str
    who: str
    """Whose mailboxes its tokens open, as far as it is known."""
    used_by: Sequence[str]
    renewed_at: datetime | None
    valid_until: datetime | None
    error: str
    failed_at: datetime | None
    secret_expires: str
    needs_person: bool = False
    """Whether the error lasts until a person acts."""

    def state(self, now: datetime) -> str:
        """`ok`, `failing` while the old token serves, `expired`, or `none`."""
        if self.valid_until is None:
            return "none"
        if self.valid_until <= now:
            return "expired"
        return "failing" if self.error else "ok"

    def is_refused(self, now: datetime) -> bool:
        """Whether mail stands still, or will with the end of the token, until a person acts."""
        return self.needs_person or self.state(now) in {"none", "expired"}


def used_by(name: str, tables: Mapping[str, Any]) -> list[str]:
    """Who names this `[[oauth]]` table, in a configuration as TOML gives it."""
    mailboxes: Iterable[Mapping[str, Any]] = tables.get("imap_in", ())
    found = [f"imap_in {one['name']}" for one in mailboxes if one.get("oauth") == name]
    return found + (["delivery"] if tables.get("delivery", {}).get("oauth") == name else [])


def usernames(name: str, tables: Mapping[str, Any]) -> list[str]:
    """The usernames that log in with tokens of this account."""
    logins = (*tables.get("imap_in", ()), tables.get("delivery", {}))
    return sorted({one["username"] for one in logins if one.get("oauth") == name and one.get("username")})


def row(account: OAuthView, now: datetime) -> Sequence[object]:
    state = account.state(now)
    return (account.name, account.who, state, account.valid_until, account.renewed_at, account.error)


def as_json(account: OAuthView, now: datetime) -> dict[str, Any]:
    """An account as `oauth status --json` prints it."""
    return {
        "name": account.name,
        "provider": account.provider,
        "flow": account.flow,
        "state": account.state(now),
        "who": account.who or None,
        "used_by": list(account.used_by),
        "renewed_at": account.renewed_at,
        "valid_until": account.valid_until,
        "error": account.error or None,
        "failed_at": account.failed_at,
        "needs_person": account.is_refused(now),
        "secret_expires": account.secret_expires or None,
    }
