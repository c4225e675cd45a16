"""What is wrong with the `[[oauth]]` tables, and with the accounts that name them.

Returns (key path, what was expected), in the order of the keys. The files of secrets are opened only on request.
"""

import importlib.util
import json
import os
import ssl
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mailtickets.config.certificates import pair_fault, unreadable
from mailtickets.config.values import credential_file

if TYPE_CHECKING:
    from mailtickets.config.models import Config, LoginSettings, OAuth

_FLOWS = {
    "microsoft": ("client_credentials", "device_code", "refresh_token"),
    "google": ("service_account", "refresh_token"),
    "other": ("client_credentials", "device_code", "refresh_token"),
}
_CLIENT_SECRET = ("client_secret_file", "client_secret_env")
_CERTIFICATE = ("certificate_file", "key_file")
_NEEDED = {
    ("microsoft", "client_credentials"): ("client_id",),
    ("microsoft", "device_code"): ("client_id",),
    ("microsoft", "refresh_token"): ("client_id",),
    ("google", "service_account"): ("service_account_file",),
    ("google", "refresh_token"): ("client_id",),
    ("other", "client_credentials"): ("client_id", "token_url"),
    ("other", "device_code"): ("client_id", "token_url", "device_url"),
    ("other", "refresh_token"): ("client_id", "token_url", "authorize_url"),
}
_ALLOWED = {
    ("microsoft", "client_credentials"): ("tenant", "token_url", *_CLIENT_SECRET, *_CERTIFICATE),
    ("microsoft", "device_code"): ("tenant", "token_url"),
    ("microsoft", "refresh_token"): ("tenant", "token_url", *_CLIENT_SECRET, *_CERTIFICATE),
    ("google", "service_account"): ("subject", "token_url"),
    ("google", "refresh_token"): ("token_url", "authorize_url", *_CLIENT_SECRET),
    ("other", "client_credentials"): _CLIENT_SECRET,
    ("other", "device_code"): _CLIENT_SECRET,
    ("other", "refresh_token"): _CLIENT_SECRET,
}
_PARTICULAR = (
    "tenant", "client_id", *_CLIENT_SECRET, *_CERTIFICATE, "service_account_file", "subject", "token_url", "device_url",
    "authorize_url",
)  # fmt: skip
"""Keys that are of use for some providers and flows only."""
_LIBRARIES = {"microsoft": "msal", "google": "google.auth", "other": "cryptography"}


def oauth_problems(config: "Config", secrets: bool) -> Iterator[tuple[str, str]]:
    for name, count in Counter(one.name for one in config.oauth).items():
        if count > 1:
            yield "oauth", f"the name {name!r} is used {count} times: each table needs its own"
    for number, given in enumerate(config.oauth):
        key = f"oauth.{number}"
        if given.flow not in _FLOWS[given.provider]:
            yield f"{key}.flow", _no_such_flow(given)
            continue
        yield from _missing(key, given)
        yield from _useless(key, given)
        yield from _subject_problems(config, key, given)
        if secrets:
            yield from _secret_problems(config, key, given)
            yield from _library_problems(key, given)


def login_problems(config: "Config", key: str, login: "LoginSettings") -> Iterator[tuple[str, str]]:
    """What is wrong with an account that names an `[[oauth]]` table."""
    if not login.oauth:
        return
    for other in ("password_file", "password_env"):
        if getattr(login, other):
            yield f"{key}.{other}", f"oauth = {login.oauth!r} is another way to log in: one of them was expected"
    names = [one.name for one in config.oauth]
    if login.oauth not in names:
        known = f"; there is {', '.join(repr(name) for name in names)}" if names else ""
        yield f"{key}.oauth", f"there is no [[oauth]] with the name {login.oauth!r}{known}"
    elif not login.username:
        yield f"{key}.username", "is missing: the mailbox that oauth gets tokens for"


def _no_such_flow(given: "OAuth") -> str:
    fitting = " or ".join(f'"{flow}"' for flow in _FLOWS[given.provider])
    return f'{given.provider} gives no tokens for mail by "{given.flow}": {fitting} was expected'


def _missing(key: str, given: "OAuth") -> Iterator[tuple[str, str]]:
    for name in _NEEDED[given.provider, given.flow]:
        if not getattr(given, name):
            yield f"{key}.{name}", f'is missing: provider = "{given.provider}" with flow = "{given.flow}" needs it'
    if given.provider == "microsoft" and not (given.tenant or given.token_url):
        yield f"{key}.tenant", "is missing: the Directory (tenant) ID, or a domain of the directory"
    has_secret = given.client_secret_file or given.client_secret_env
    wants_secret = given.flow == "client_credentials" or (given.provider == "google" and given.flow == "refresh_token")
    if wants_secret and not has_secret and not given.certificate_file:
        either = " (or certificate_file and key_file)" if given.provider == "microsoft" else ""
        yield f"{key}.client_secret_file", f"is missing{either}"
    if has_secret and given.certificate_file:
        yield f"{key}.certificate_file", "client_secret is another way to prove the client: one of them was expected"
    for one, other in (_CERTIFICATE, _CERTIFICATE[::-1]):
        if getattr(given, one) and not getattr(given, other):
            yield f"{key}.{other}", f"is missing: {one} is set"


def _useless(key: str, given: "OAuth") -> Iterator[tuple[str, str]]:
    used = {*_NEEDED[given.provider, given.flow], *_ALLOWED[given.provider, given.flow]}
    for name in _PARTICULAR:
        if getattr(given, name) and name not in used:
            yield f"{key}.{name}", f'has no use with provider = "{given.provider}" and flow = "{given.flow}"'


def _subject_problems(config: "Config", key: str, given: "OAuth") -> Iterator[tuple[str, str]]:
    """A token of a service account is for one mailbox."""
    if given.flow != "service_account":
        return
    logins = [login for login in (*config.imap_in, config.delivery) if login.oauth == given.name and login.username]
    users = sorted({login.username.casefold() for login in logins})
    if given.subject and users and users != [given.subject.casefold()]:
        yield f"{key}.subject", f"the token is for {given.subject}, and {', '.join(users)} would log in with it"
    elif len(users) > 1:
        yield f"{key}.subject", f"a token is for one mailbox: give each of {', '.join(users)} a table [[oauth]]"


def _secret_problems(config: "Config", key: str, given: "OAuth") -> Iterator[tuple[str, str]]:
    if given.client_secret_env and not os.environ.get(given.client_secret_env):
        yield f"{key}.client_secret_env", "the environment has no such variable, or it is empty"
    files = ("client_secret_file", *_CERTIFICATE, "service_account_file", "ca_file")
    paths = {name: credential_file(config.path(getattr(given, name))) for name in files if getattr(given, name)}
    faults = [(name, unreadable(path)) for name, path in paths.items()]
    yield from ((f"{key}.{name}", fault) for name, fault in faults if fault)
    if any(fault for _, fault in faults):
        return
    if "client_secret_file" in paths and not paths["client_secret_file"].read_bytes().strip():
        yield f"{key}.client_secret_file", f"{paths['client_secret_file']} is empty"
    if {*_CERTIFICATE} <= paths.keys() and (fault := pair_fault(*(paths[name] for name in _CERTIFICATE))):
        yield f"{key}.certificate_file", fault
    if "service_account_file" in paths and (fault := service_account_fault(paths["service_account_file"])):
        yield f"{key}.service_account_file", fault
    if "ca_file" in paths and (fault := _authorities_fault(paths["ca_file"])):
        yield f"{key}.ca_file", fault


def service_account_fault(path: Path) -> str:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        found = None
    if isinstance(found, dict) and found.get("type") == "service_account":
        missing = [name for name in ("client_email", "private_key", "token_uri") if not found.get(name)]
        return f"{path} has no {', '.join(missing)}" if missing else ""
    return f"{path} is no service account key: the JSON file that Google makes for a key was expected"


def _authorities_fault(path: Path) -> str:
    try:
        ssl.create_default_context(cafile=path)
    except ssl.SSLError:
        return f"{path} holds no certificate in PEM"
    return ""


def _library_problems(key: str, given: "OAuth") -> Iterator[tuple[str, str]]:
    if package := missing_package(given.provider):
        yield f"{key}.provider", f"needs {package}, which is not installed: pip install 'mailtickets[oauth]'"


def missing_package(provider: str) -> str:
    """The package of the extra `oauth` that the provider needs and that is not installed; empty if it is there."""
    library = _LIBRARIES[provider]
    try:
        found = importlib.util.find_spec(library)
    except ModuleNotFoundError:
        found = None
    return "" if found else library.replace(".", "-")
