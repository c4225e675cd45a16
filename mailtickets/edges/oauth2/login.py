"""A person logs in once, for accounts that act for a person; the others are asked for a token, to see that it works.

It blocks, and talks to the person by `say` and `ask`: it belongs to a command.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from mailtickets.edges.oauth2 import asking, consent, device
from mailtickets.edges.oauth2.account import OAuthAccount
from mailtickets.edges.oauth2.outcome import Dead, Retry, Token, one_line
from mailtickets.edges.oauth2.transport import Transport

_PATIENCE_SECONDS = 1800
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Person:
    """Who sits at the terminal."""

    say: Callable[[str], None]
    ask: Callable[[str], str]
    """Asks for a line. Raises EOFError where nobody answers."""
    sleep: Callable[[float], None] = time.sleep


def log_in(account: OAuthAccount, person: Person) -> Token | Retry | Dead:
    """Leads through the login. Returns an outcome in every case but EOFError."""
    transport = Transport(account.ca_file, _PATIENCE_SECONDS)
    flow = account.settings.flow
    if flow == "device_code":
        found = asking.guarded(account, transport, lambda: _by_code(account, transport, person))
    elif flow == "refresh_token":
        found = asking.guarded(account, transport, lambda: _by_consent(account, transport, person))
    else:
        return asking.ask(account, "", transport)
    if isinstance(found, Token) and not found.refresh:
        return Dead(
            "no_refresh_token",
            "the provider gave a token, and no refresh token with it",
            "Allow offline access: at most providers by the scope offline_access, in oauth.scopes.",
        )
    return found


def _by_code(account: OAuthAccount, transport: Transport, person: Person) -> Token | Retry | Dead:
    begun = device.begin(account, transport)
    if not isinstance(begun, device.DeviceLogin):
        return begun
    person.say(f"On any device, open   {one_line(begun.page)}")
    person.say(f"enter the code        {one_line(begun.code)}")
    person.say(f"and log in as         {_whom(account)}")
    person.say(f"The code is good for {begun.lasts_seconds // 60} minutes. Waiting ...")
    waited = 0
    while waited < begun.lasts_seconds:
        person.sleep(begun.interval_seconds)
        waited += begun.interval_seconds
        found = begun.look()
        if found is not None:
            return found
    return Dead("expired_token", "the code was not entered in time", "Run the command again.")


def _by_consent(account: OAuthAccount, transport: Transport, person: Person) -> Token | Retry | Dead:
    begun = consent.begin(account, transport)
    person.say("In a browser, on any machine, open this address:\n")
    person.say(begun.url)
    person.say(f"\nLog in as {_whom(account)}, and consent. At the end the browser shows an address that begins with")
    person.say(f"{account.settings.redirect_url} and says that it cannot be reached. That is expected.")
    for _ in range(_TRIES):
        pasted = person.ask("Copy that address from the browser to here: ")
        try:
            return consent.finish(account, begun, pasted, transport)
        except consent.NotThisAddress as error:
            person.say(f"That is not it: {error}.")
    return Dead("no_consent", "no address with a code was given", "Run the command again.")


def _whom(account: OAuthAccount) -> str:
    return " or ".join(account.users) or "the user of the mailbox"
