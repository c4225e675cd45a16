"""The tokens of all accounts: for the daemon, which keeps them fresh, and for one command.

No library of a provider is imported here: that happens in the thread that asks for the first token.
"""

import asyncio
import os
import secrets as randomness
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from mailtickets.config.credentials import Credential, CredentialDead, CredentialLate
from mailtickets.config.models import Config, LoginSettings
from mailtickets.config.places import database_is_missing
from mailtickets.config.state import load_secrets, make_directory
from mailtickets.desk.model.delivery import Transient
from mailtickets.edges.oauth2.account import OAuthAccount, accounts
from mailtickets.edges.oauth2.keeper import Note, Ops, TokenKeeper
from mailtickets.edges.oauth2.kept import Kept, Shelf
from mailtickets.edges.oauth2.outcome import Dead
from mailtickets.edges.oauth2.renewal import Renewal
from mailtickets.edges.oauth2.shared import SharedTokens
from mailtickets.store import migrate
from mailtickets.store.database import Database

TellTime = Callable[[], datetime]
_CLOSE_SECONDS = 3
"""What remains of the daemon's time to stop. The thread that waits for a token server ends by itself after that."""


def now() -> datetime:
    return datetime.now(UTC)


class Tokens:
    """The keepers of a running daemon: one for each `[[oauth]]` table, each in a task of its own."""

    def __init__(self, keeper: Callable[[OAuthAccount], TokenKeeper]) -> None:
        self._keeper_of = keeper
        self._keepers: dict[str, tuple[TokenKeeper, asyncio.Task[None]]] = {}

    async def take_over(self, config: Config) -> None:
        """Starts the keepers of a configuration, and ends those of accounts that are gone or have changed."""
        wanted = accounts(config)
        for name, (keeper, task) in tuple(self._keepers.items()):
            if wanted.get(name) != keeper.account:
                del self._keepers[name]
                await _end(keeper, task)
                await keeper.forget()
        for name, account in wanted.items():
            if name in self._keepers:
                self._keepers[name][0].hurry()
            else:
                keeper = self._keeper_of(account)
                self._keepers[name] = keeper, asyncio.create_task(keeper.run(), name=f"oauth-{name}")

    async def close(self) -> None:
        await asyncio.gather(*(_end(keeper, task) for keeper, task in self._keepers.values()))
        self._keepers.clear()

    def credential(self, login: LoginSettings) -> Credential:
        """How this account logs in. It stays good when the configuration is reloaded."""

        async def fetch() -> str:
            return await self._keeper(login.oauth).token()

        async def renew(refused: str) -> str:
            return await self._keeper(login.oauth).another(refused)

        return Credential("token", fetch, renew)

    def _keeper(self, name: str) -> TokenKeeper:
        try:
            return self._keepers[name][0]
        except KeyError:
            raise CredentialDead(f"there is no [[oauth]] {name!r}", "Look at the configuration.") from None


async def _end(keeper: TokenKeeper, task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await keeper.close(_CLOSE_SECONDS)


def for_daemon(
    database: Database,
    config: Config,
    ops: Ops,
    clock: TellTime,
    note: Note | None = None,
    revived: Callable[[str], None] | None = None,
) -> Tokens:
    """The tokens of a daemon, whose database is open. `note` and `revived` are for TokenKeeper."""
    shared = SharedTokens(database, load_secrets(config), holder())
    state_dir = config.state_dir

    def keeper(account: OAuthAccount) -> TokenKeeper:
        renewal = Renewal(account, Shelf(state_dir, account.name), shared, clock)
        return TokenKeeper(renewal, ops, note, revived)

    return Tokens(keeper)


def for_command(config: Config) -> Callable[[LoginSettings], Credential]:
    """The tokens for one command: the kept ones where they serve."""
    known = accounts(config)

    def credential(login: LoginSettings) -> Credential:
        account = known[login.oauth]

        async def fetch() -> str:
            return await asyncio.to_thread(_present, config, account)

        async def renew(refused: str) -> str:
            return await asyncio.to_thread(_present, config, account, refused)

        return Credential("token", fetch, renew)

    return credential


def _present(config: Config, account: OAuthAccount, refused: str = "") -> str:
    """A token for a command. Raises CredentialDead or CredentialLate."""
    try:
        with renewing(config, account) as renewal:
            found = renewal.renew(refused) if refused else renewal.present()
    except Transient as error:
        raise CredentialLate(f"the database is not available: {error}") from error
    if isinstance(found, Kept):
        return found.access
    if isinstance(found, Dead):
        raise CredentialDead(found.reason, found.advice)
    raise CredentialLate(found.reason)


@contextmanager
def renewing(config: Config, account: OAuthAccount) -> Iterator[Renewal]:
    """A renewal for a command, on the database if there is one. Raises Transient."""
    database = _database(config)
    try:
        shared = SharedTokens(database, load_secrets(config), holder()) if database else None
        make_directory(config.state_dir)  # a login comes before the first run, too
        yield Renewal(account, Shelf(config.state_dir, account.name), shared, now)
    finally:
        if database is not None:
            database.close()


def _database(config: Config) -> Database | None:
    """The database, if it has our tables. Before the first run there is none, and a login is kept in its file."""
    if not load_secrets(config) or database_is_missing(config.database_url):
        return None
    database = Database(config.database_url)
    try:
        if migrate.behind(database) is None:
            return database
    except BaseException:
        database.close()
        raise
    database.close()
    return None


def holder() -> str:
    """Names this process among all that share a database."""
    return f"{socket.gethostname()}:{os.getpid()}:{randomness.token_hex(4)}"
