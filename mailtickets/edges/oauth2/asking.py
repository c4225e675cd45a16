"""One question for a token, whoever is asked. It blocks: call it in a thread."""

from collections.abc import Callable

from mailtickets.edges.oauth2 import google, microsoft, other
from mailtickets.edges.oauth2.account import OAuthAccount
from mailtickets.edges.oauth2.outcome import Dead, Retry, TokenOutcome, of_answer, one_line
from mailtickets.edges.oauth2.transport import Transport

_ASK = {"microsoft": microsoft.ask, "google": google.ask, "other": other.ask}


def ask(account: OAuthAccount, refresh: str, transport: Transport) -> TokenOutcome:
    """Asks the provider. Returns an outcome in every case."""
    return guarded(account, transport, lambda: _ASK[account.settings.provider](account, refresh, transport))


def guarded(account: OAuthAccount, transport: Transport, question: Callable[[], TokenOutcome]) -> TokenOutcome:
    """What the question returns, or the outcome for what it raises because of a provider or a file."""
    try:
        return question()
    except EOFError:
        raise
    except ModuleNotFoundError as error:
        return not_installed(error)
    except KeyError as error:
        return Dead("no_secret", f"the environment has no {error}", "Set it, and restart.")
    except OSError as error:
        return _no_answer(error, transport, account)
    except Exception as error:  # both libraries raise what they like for a key or an answer that they cannot read
        return _unreadable(error, transport, account)


def not_installed(error: ModuleNotFoundError) -> Dead:
    return Dead("not_installed", f"{error.name} is not installed", "Install it: pip install 'mailtickets[oauth]'.")


def _no_answer(error: OSError, transport: Transport, account: OAuthAccount) -> TokenOutcome:
    """A file that cannot be read is for a person; the network comes back."""
    if error.filename is not None:
        reason = f"{error.filename} cannot be read: {error.strerror}"
        return Dead("no_secret", reason, "Put the file there, readable for the user that mailtickets runs as.")
    if transport.last is not None:
        return of_answer(transport.last, account.settings.provider)
    return Retry(one_line(str(error)))


def _unreadable(error: Exception, transport: Transport, account: OAuthAccount) -> TokenOutcome:
    if transport.last is None:
        reason = one_line(f"the secret or the key cannot be used: {error}")
        return Dead("bad_secret", reason, "Look at the files that this [[oauth]] table names.")
    if transport.last.status == 200:
        return Retry("the token server gives an answer that makes no sense")
    return of_answer(transport.last, account.settings.provider)
