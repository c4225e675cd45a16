"""Renews the tokens of one account: never twice at a time, on whatever machine, and never losing a refresh token.

1. Lock the account's file: other processes on this state directory wait.
2. Claim the account in the database: other gateways wait. The newest tokens may be there, or in the file.
3. Make room on the disk, ask the provider, write the file, write the database. Only then is the new token used.

A gateway that dies after the file was written brings it into the database when it next starts. The provider has the
only other copy: an answer that gets lost on its way, from a provider that lets a refresh token be used once, ends the
login. Nobody can prevent that but the provider.

It blocks for up to a minute: call it in a thread.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailtickets.desk.model.delivery import Transient
from mailtickets.edges.oauth2.account import OAuthAccount
from mailtickets.edges.oauth2.asking import ask, not_installed
from mailtickets.edges.oauth2.kept import Kept, Locked, Shelf, TokenDraft
from mailtickets.edges.oauth2.outcome import Dead, Retry, Token, TokenOutcome
from mailtickets.edges.oauth2.shared import SharedTokens
from mailtickets.edges.oauth2.transport import Transport

log = logging.getLogger("mailtickets.oauth")

Ask = Callable[[OAuthAccount, str, Transport], TokenOutcome]

_WAIT_SECONDS = 30
"""How long another gateway is given to renew the account."""
_LOOK_SECONDS = 0.5
_LATE_LOOKS = 6
_FRESH = timedelta(minutes=10)
"""A token that is refused within this time after it was got for a refused one: it is not the token's fault."""
_NO_END = "another gateway is renewing the token, and does not end"
_NOBODY = "nobody has logged in yet"
_NOT_THIS = "the login that is kept is for other settings of this [[oauth]] table (client, directory or scopes)"
_LOGIN = "Run `mailtickets oauth login {name}`."
_REFUSED_ADVICE = (
    "The token is good, but the mail server does not let it in: look at the permissions that the provider gave to this"
    " application, at the mailbox's rights, and at the account's username."
)


@dataclass(slots=True)
class Renewal:
    """The tokens of one account, in its file and in the database."""

    account: OAuthAccount
    shelf: Shelf
    shared: SharedTokens | None
    """None: there is no database yet."""
    clock: Callable[[], datetime]
    ask: Ask = ask
    sleep: Callable[[float], None] = time.sleep
    unpublished: Kept | None = None
    """Tokens that the database did not take. The file has them, or `unsaved` does."""
    unsaved: Kept | None = None
    """Tokens that the disk did not take."""

    def newest(self) -> Kept | None:
        """The present tokens, wherever they are; what only the file has is brought into the database.

        Raises Transient if the database does not answer, OSError for the disk.
        """
        own = max((one for one in (self.unsaved, self.shelf.load()) if one), key=_generation, default=None)
        if self.shared is None:
            return own
        theirs = self.shared.load(self.account.name)
        if own is not None and _generation(own) > _generation(theirs):
            self.shared.save(self.account.name, own)
            self.unpublished = None
        return own if _generation(own) >= _generation(theirs) else theirs

    def renew(self, refused: str = "") -> Kept | Retry | Dead:
        """A token that serves: the present one if it is fresh, otherwise a new one. `refused`: a token that a server
        has refused, so that another one is wanted.
        """
        try:
            with self.shelf.locked():
                return self._renew(refused)
        except ModuleNotFoundError as error:
            return not_installed(error)
        except Transient as error:
            return Retry(f"the database is not available: {error}")
        except OSError as error:
            return Retry(f"{self.shelf.file.parent}: {error.strerror or error}")

    def present(self) -> Kept | Retry | Dead:
        """A token that serves, renewed only if it has to be: for commands, which do not go on to renew it."""
        try:
            found = self._usable(self.newest())
        except (OSError, Transient, ModuleNotFoundError):
            found = None  # `renew` meets the same trouble, and says so
        return found if found is not None and found.lives(self.clock()) else self.renew()

    def adopt(self, token: Token) -> Kept:
        """Keeps the tokens of a person's login. Raises OSError and Transient: nothing is kept then."""
        with self.shelf.locked():
            if not self._claimed() and not self._claimed_at_last():
                raise Locked(_NO_END)
            try:
                before = self.newest()
                kept = self._kept(token, before, self._next_number(before))
                self.shelf.save(kept)
                if self.shared is not None:
                    self.shared.save(self.account.name, kept)
                self.shelf.note(None)
                return kept
            finally:
                self._release()

    def settle(self) -> None:
        """Tries again to write what could not be written. Raises OSError and Transient."""
        if self.unsaved is not None:
            self.shelf.save(self.unsaved)
            self.unsaved = None
        if self.unpublished is not None and self.shared is not None:
            self.shared.save(self.account.name, self.unpublished)
            self.unpublished = None

    # --- one renewal --------------------------------------------------------------------------------------

    def _renew(self, refused: str) -> Kept | Retry | Dead:
        if not self._claimed():
            return self._of_another_gateway(refused)
        try:
            present = self.newest()
            usable = self._usable(present)
            if usable is not None and usable.is_fresh(self.clock()) and usable.access != refused:
                return self._taken(usable)
            if refused and usable is not None and usable.access == refused and self._was_forced(usable):
                return Dead("refused", "the mail server refuses a fresh token too", _REFUSED_ADVICE)
            if self.account.needs_login and (usable is None or not usable.refresh):
                return Dead("no_login", _NOT_THIS if present and usable is None else _NOBODY, self._named(_LOGIN))
            return self._asked(present, usable, forced=bool(refused))
        finally:
            self._release()

    def _asked(self, present: Kept | None, usable: Kept | None, *, forced: bool) -> Kept | Retry | Dead:
        number = self._next_number(present)
        with self.shelf.draft() as draft:
            found = self.ask(self.account, usable.refresh if usable else "", Transport(self.account.ca_file))
            match found:
                case Token():
                    return self._keep(self._kept(found, present, number, forced=forced), draft)
                case Dead():
                    return self._late_news(present) or Dead(found.error, found.reason, self._named(found.advice))
                case Retry():
                    return found

    def _late_news(self, present: Kept | None) -> Kept | None:
        """Another gateway may have spent the refresh token while the database was away, and write its tokens late."""
        if self.shared is None or not self.account.needs_login:
            return None
        for _ in range(_LATE_LOOKS):
            self.sleep(_LOOK_SECONDS)
            found = self._usable(self.newest())
            if found is not None and _generation(found) > _generation(present):
                return self._taken(found)
        return None

    def _keep(self, kept: Kept, draft: TokenDraft) -> Kept:
        """Writes the new tokens before anybody uses them. What cannot be written now is written as soon as it can."""
        try:
            draft.keep(kept)
        except OSError:
            log.exception("token not kept", extra={"oauth": self.account.name})
            self.unsaved = kept
        if self.shared is not None:
            try:
                self.shared.save(self.account.name, kept)
            except Transient as error:
                log.warning("token not shared", extra={"oauth": self.account.name, "error": str(error)})
                self.unpublished = kept
        return kept

    def _taken(self, kept: Kept) -> Kept:
        """The tokens that another process or gateway has got. They are kept here too."""
        own = self.shelf.load()
        if own is None or own.generation < kept.generation:
            self.shelf.save(kept)
        return kept

    def _next_number(self, before: Kept | None) -> int:
        """The generation after all others, also after those that the database holds under another secret."""
        shared = self.shared.generation(self.account.name) if self.shared is not None else 0
        return max(_generation(before), shared) + 1

    def _kept(self, token: Token, before: Kept | None, number: int, *, forced: bool = False) -> Kept:
        now = self.clock()
        same = self._usable(before)
        return Kept(
            generation=number,
            identity=self.account.identity,
            access=token.access,
            refresh=token.refresh or (same.refresh if same else ""),
            obtained_at=now,
            expires_at=now + timedelta(seconds=token.life_seconds),
            who=token.who or (same.who if same else ""),
            forced=forced,
        )

    def _was_forced(self, kept: Kept) -> bool:
        return kept.forced and self.clock() < kept.obtained_at + _FRESH

    def _usable(self, kept: Kept | None) -> Kept | None:
        """The tokens, if they are those of this account as it is configured now."""
        return kept if kept is not None and kept.identity == self.account.identity else None

    def _named(self, advice: str) -> str:
        return advice.replace("{name}", self.account.name)

    # --- among gateways -----------------------------------------------------------------------------------

    def _claimed(self) -> bool:
        return self.shared is None or self.shared.claim(self.account.name, self.clock())

    def _release(self) -> None:
        """Lets other gateways go on. If the database does not answer, the claim ends by itself."""
        if self.shared is not None and self.unpublished is None:
            try:
                self.shared.release(self.account.name)
            except Transient as error:
                log.warning("claim not released", extra={"oauth": self.account.name, "error": str(error)})

    def _of_another_gateway(self, refused: str) -> Kept | Retry | Dead:
        """Waits until the gateway that renews the account has ended, and looks what there is now."""
        return self._renew(refused) if self._claimed_at_last() else Retry(_NO_END)

    def _claimed_at_last(self) -> bool:
        for _ in range(round(_WAIT_SECONDS / _LOOK_SECONDS)):
            self.sleep(_LOOK_SECONDS)
            if self._claimed():
                return True
        return False


def _generation(kept: Kept | None) -> int:
    return kept.generation if kept is not None else 0
