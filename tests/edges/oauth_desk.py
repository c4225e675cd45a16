"""A provider whose refresh tokens rotate, in memory, and gateways that share an account there; the time is ours."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mailtickets.config.models import OAuth
from mailtickets.edges.oauth2.account import OAuthAccount
from mailtickets.edges.oauth2.kept import Kept, Shelf
from mailtickets.edges.oauth2.outcome import Dead, Retry, Token, TokenOutcome
from mailtickets.edges.oauth2.renewal import Renewal
from mailtickets.edges.oauth2.shared import SharedTokens
from mailtickets.edges.oauth2.transport import Transport
from mailtickets.store.database import Database

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
SECRET = b"the secret of this instance, long enough"


@dataclass
class Clock:
    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class Provider:
    """Gives tokens of an hour. A refresh token is good once; one that is used again ends the login (RFC 9700, 4.14)."""

    good: str = "refresh-0"
    rotates: bool = True
    life_seconds: int = 3600
    asked: list[str] = field(default_factory=list)
    answers: list[TokenOutcome] = field(default_factory=list)
    """What it answers instead, one after the other."""
    entered: threading.Event = field(default_factory=threading.Event)
    may_answer: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.may_answer.set()

    def ask(self, account: OAuthAccount, refresh: str, transport: Transport) -> TokenOutcome:
        self.asked.append(refresh)
        self.entered.set()
        assert self.may_answer.wait(60)
        if self.answers:
            return self.answers.pop(0)
        if account.needs_login and refresh != self.good:
            self.good = "revoked"
            return Dead("invalid_grant", "invalid_grant: the token was used before", "Run `oauth login {name}`.")
        number = len(self.asked)
        if self.rotates and account.needs_login:
            self.good = f"refresh-{number}"
            return Token(f"access-{number}", self.life_seconds, self.good)
        return Token(f"access-{number}", self.life_seconds)


BUSY = Retry("the token server answers HTTP 503 and no token")
WRONG = Dead("invalid_client", "invalid_client: AADSTS7000222: expired", "Make a new secret.")


def account(flow: str = "refresh_token", uses: Sequence[str] = ('imap_in "suporte"',), **keys: object) -> OAuthAccount:
    given = {"name": "microsoft", "provider": "other", "flow": flow, "client_id": "c", "token_url": "https://t.test/t"}
    return OAuthAccount(OAuth(**{**given, **keys}), "", ("suporte@desk.test",), tuple(uses), Path("/"))  # type: ignore[arg-type]


def gateway(
    state_dir: Path,
    provider: Provider,
    clock: Clock,
    database: Database | None = None,
    of: OAuthAccount | None = None,
) -> Renewal:
    """The renewal of an account in one gateway, with a state directory of its own."""
    state_dir.mkdir(exist_ok=True)
    shared = SharedTokens(database, [SECRET], state_dir.name) if database is not None else None
    of = of or account()
    return Renewal(of, Shelf(state_dir, of.name), shared, clock, provider.ask, lambda seconds: clock.turn(seconds=0))


def logged_in(renewal: Renewal, refresh: str = "refresh-0") -> Kept:
    return renewal.adopt(Token("access-0", 3600, refresh, "suporte@desk.test"))


def got(found: object) -> Kept:
    assert isinstance(found, Kept), found
    return found
