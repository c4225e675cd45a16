"""What `init` is told: by an answers file, by options, by a person. One model for all three.

Every key may be missing here; `problems` says which of them a configuration cannot do without.
Fails with: `ConfigError`, which lists all problems with their key paths.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from mailtickets.config.load import in_words, tuples
from mailtickets.config.places import ConfigError
from mailtickets.config.providers import Login, Provider, providers
from mailtickets.config.section import Section
from mailtickets.config.values import (
    AddrSpec,
    DnsServer,
    HostName,
    HttpsUrl,
    Locale,
    OneLine,
    OptionalAddrSpec,
    OptionalDate,
    Port,
    TimeZone,
    is_loopback,
)

OWN, OTHER = "own", "other"
PROVIDERS = (*providers(), OTHER, OWN)


class ImapAnswer(Section):
    host: HostName = ""
    port: Port | None = None
    tls: Literal["implicit", "none"] | None = None
    username: OneLine = ""


class SmtpAnswer(Section):
    host: HostName = ""
    port: Port | None = None
    tls: Literal["implicit", "starttls", "none"] | None = None
    username: OneLine = ""
    secret_file: str = ""
    """The password for sending, if it is another one than for reading."""


class AgentAnswer(Section):
    name: OneLine
    address: AddrSpec


class OAuthAnswer(Section):
    tenant: OneLine = ""
    client_id: OneLine = ""
    object_id: OneLine = ""
    """Of the enterprise application. It is only needed to fill in the administrator's steps."""
    certificate_file: str = ""
    key_file: str = ""
    service_account_file: str = ""
    token_url: HttpsUrl = ""
    device_url: HttpsUrl = ""
    authorize_url: HttpsUrl = ""
    scopes: tuple[OneLine, ...] = ()
    ca_file: str = ""
    expires: OptionalDate = ""


class InitAnswers(Section):
    """The answers, as far as they are known."""

    address: OptionalAddrSpec = ""
    name: OneLine = ""
    provider: str = ""
    intake: Literal["imap", "smtp", ""] = ""
    login: Login | Literal[""] = ""
    secret_file: str = ""
    imap: ImapAnswer = ImapAnswer()
    smtp: SmtpAnswer = SmtpAnswer()
    oauth: OAuthAnswer = OAuthAnswer()
    agent: tuple[AgentAnswer, ...] = ()
    locale: Locale | None = None
    timezone: TimeZone | None = None
    ops_address: OptionalAddrSpec = ""
    hostname: HostName = ""
    plus_addressing: bool | None = None
    authserv_id: OneLine | None = None
    send: bool | None = None
    dns: tuple[DnsServer, ...] = ()

    @property
    def preset(self) -> Provider | None:
        return providers().get(self.provider)

    @property
    def logins(self) -> tuple[Login, ...]:
        """The ways to log in at this provider, the best one first."""
        if self.preset:
            return self.preset.logins
        return ("client_secret", "refresh_token", "device_code") if self.oauth.token_url else ("password",)

    @property
    def reads_mailbox(self) -> bool:
        """Whether the desk reads a mailbox. Otherwise a Postfix hands the mail to it."""
        return self.intake == "imap" or (self.provider != OWN and self.intake != "smtp")

    @property
    def logs_in_to_send(self) -> bool:
        """Whether the server for sending asks for a login. A Postfix of one's own on this machine does not."""
        here = not self.smtp.host or is_loopback(self.smtp.host)
        return bool(self.smtp.username) or self.provider != OWN or not here or self.smtp.tls not in {None, "none"}


FILES = ("secret_file", "smtp.secret_file", "oauth.certificate_file", "oauth.key_file", "oauth.service_account_file",
         "oauth.ca_file")  # fmt: skip
"""The keys that name a file."""

_NOT_HERE = ("password", "secret", "client_secret", "oauth.client_secret", "oauth.password", "smtp.password",
             "imap.password", "smtp.secret", "imap.secret")  # fmt: skip


def read_file(file: Path) -> dict[str, Any]:
    """The tables of an answers file. Paths in it start at the folder of the file."""
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(file, [("", f"cannot be read: {error.strerror}")]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(file, [("", f"is not TOML: {error}")]) from error
    for key in FILES:
        table, name = _table(data, key)
        if isinstance(table.get(name), str) and table[name]:
            table[name] = str(file.absolute().parent / table[name])
    return data


def put(data: dict[str, Any], key: str, value: Any) -> None:
    """Sets the answer of a key path such as `oauth.tenant`."""
    *tables, name = key.split(".")
    for step in tables:
        if not isinstance(data.get(step), dict):
            data[step] = {}
        data = data[step]
    data[name] = value


def _table(data: Mapping[str, Any], key: str) -> tuple[dict[str, Any], str]:
    """The table that a key path leads to, and the name of the key in it. An empty table when there is none."""
    table, _, name = key.rpartition(".")
    found = data.get(table, {}) if table else data
    return (found, name) if isinstance(found, dict) else ({}, name)


def checked(file: Path | None, data: dict[str, Any]) -> InitAnswers:
    """The answers as a value. Raises ConfigError for what is there and wrong, and then also for what is missing. What
    is only missing is no error here.
    """
    try:
        return InitAnswers.model_validate(tuples(data))
    except ValidationError as error:
        wrong = [(key, _SECRETS if key in _NOT_HERE else problem) for key, problem in in_words(error)]
    raise ConfigError(file, wrong + _other_problems(data, wrong))


_SECRETS = "a secret does not belong here: write it into a file of its own, and name that file as secret_file"


def _other_problems(data: dict[str, Any], wrong: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """What else would be wrong if the faulty answers were not there."""
    rest = deepcopy(data)
    for key, _ in wrong:
        if key.partition(".")[0] == "agent":
            rest["agent"] = [{"name": "nobody", "address": "nobody@unknown.invalid"}]
        else:
            table, name = _table(rest, key)
            table.pop(name, None)
    try:
        answers = InitAnswers.model_validate(tuples(rest))
    except ValidationError:
        return []
    faulty = {key for key, _ in wrong}
    return [(key, problem) for key, problem in problems(answers) if key not in faulty]


# --- what is missing ------------------------------------------------------------------------------------


def problems(answers: InitAnswers, *, has_secret: bool = False) -> Iterator[tuple[str, str]]:
    """What a configuration cannot do without, and what does not go together. `has_secret`: a person has typed it."""
    if not answers.address:
        yield "address", "is missing: the address that customers write to"
    yield from _provider_problems(answers)
    if answers.provider in PROVIDERS:
        yield from _server_problems(answers)
        yield from _login_problems(answers, has_secret)
    yield from _people_problems(answers)
    yield from _file_problems(answers)


def _provider_problems(answers: InitAnswers) -> Iterator[tuple[str, str]]:
    if not answers.provider:
        yield "provider", f"is missing: one of {', '.join(PROVIDERS)}"
    elif answers.provider not in PROVIDERS:
        yield "provider", f"one of {', '.join(PROVIDERS)} was expected, not {answers.provider!r}"
    elif answers.intake == "smtp" and answers.provider != OWN:
        yield "intake", f'"smtp" is for provider = "{OWN}": a Postfix of yours hands the mail over'


def _server_problems(answers: InitAnswers) -> Iterator[tuple[str, str]]:
    if answers.preset:
        return
    if answers.reads_mailbox and not answers.imap.host:
        yield "imap.host", "is missing: the server where the mailbox is read"
    if answers.provider == OTHER and not answers.smtp.host:
        yield "smtp.host", "is missing: the server that takes the desk's mail"


def _login_problems(answers: InitAnswers, has_secret: bool) -> Iterator[tuple[str, str]]:
    login, oauth = answers.login, answers.oauth
    if not login:
        if len(answers.logins) > 1:
            yield "login", f"is missing: one of {', '.join(answers.logins)}"
        return
    if answers.provider == OTHER and login != "password" and not oauth.token_url:
        yield "oauth.token_url", f"is missing: {NEEDED['token_url']}"
        return
    if login not in answers.logins:
        yield "login", f"one of {', '.join(answers.logins)} was expected for {answers.provider}, not {login!r}"
        return
    needed: dict[Login, tuple[str, ...]] = {
        "certificate": ("client_id", "certificate_file", "key_file"),
        "client_secret": ("client_id",),
        "device_code": ("client_id",),
        "refresh_token": ("client_id",),
        "service_account": ("service_account_file",),
        "password": (),
    }
    keys = [*(("tenant",) if answers.provider == "microsoft" else ()), *needed[login]]
    if answers.provider == OTHER:
        keys += {"device_code": ["device_url"], "refresh_token": ["authorize_url"]}.get(login, [])
    yield from ((f"oauth.{key}", f"is missing: {NEEDED[key]}") for key in keys if not getattr(oauth, key))
    if needs_secret(answers) and not answers.secret_file and not has_secret:
        yield "secret_file", f"is missing: a file that holds the {secret_name(answers)}"


NEEDED = {
    "tenant": "the directory (tenant) id, or a domain of it",
    "client_id": "the id that the provider gave to the application",
    "certificate_file": "the certificate that was uploaded to the application, PEM",
    "key_file": "the private key of the certificate, PEM",
    "service_account_file": "the key of the service account, JSON",
    "token_url": "where the provider's tokens come from",
    "device_url": "where the provider gives codes for a login on another device",
    "authorize_url": "where a person consents at the provider",
}


def needs_secret(answers: InitAnswers) -> bool:
    """Whether a password or a client secret must be known. A Postfix of one's own may ask for none."""
    if answers.login == "client_secret" or (answers.login == "refresh_token" and answers.provider == "google"):
        return True
    return answers.login in {"password", ""} and (answers.reads_mailbox or answers.logs_in_to_send)


def secret_name(answers: InitAnswers) -> str:
    """What the secret is called at this provider, with the account that it belongs to."""
    if answers.login in {"client_secret", "refresh_token"}:
        return "client secret"
    called = answers.preset.password if answers.preset else "password"
    return f"{called} of {answers.imap.username or answers.address or 'the mailbox'}"


def _people_problems(answers: InitAnswers) -> Iterator[tuple[str, str]]:
    if not answers.agent:
        yield "agent", "at least one [[agent]] with name and address was expected"
    seen = {answers.address.casefold(): "the desk's"} if answers.address else {}
    for number, agent in enumerate(answers.agent):
        owner = seen.setdefault(agent.address.casefold(), f"that of {agent.name}")
        if owner != f"that of {agent.name}":
            yield f"agent.{number}.address", f"{agent.address} is {owner} already: each agent needs an own address"
    if answers.ops_address and answers.ops_address.casefold() == answers.address.casefold():
        yield "ops_address", "is the desk's own address: a message about trouble would become a ticket"


def _file_problems(answers: InitAnswers) -> Iterator[tuple[str, str]]:
    for key in FILES:
        table, _, name = key.rpartition(".")
        given = getattr(getattr(answers, table) if table else answers, name)
        if given and (problem := _unreadable(Path(given))):
            yield key, problem


def _unreadable(file: Path) -> str:
    """What is wrong with the file. A pipe is no file here: it would be empty when it is read again."""
    if file.exists() and not file.is_file():
        return f"{file} is no ordinary file: write what comes out of it into one"
    try:
        return "" if file.read_bytes().strip() else f"{file} is empty"
    except OSError as error:
        return f"{file} cannot be read: {error.strerror}"
