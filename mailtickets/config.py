"""The configuration file: TOML in, frozen models out, every error at once with its key path.

Owns: what the keys mean, where relative paths lead, where secrets come from, the texts of templates.
Fails with: `ConfigError`, which lists all that is wrong in words for the person who wrote the file.
Limits: secrets are looked for only when asked (`load(..., secrets=True)`), since most commands need none.
"""

import ipaddress
import os
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr, ValidationError

from mailtickets.mail import dkim_key

LOCALES = ("pt_BR", "en", "es")
Locale = Literal["pt_BR", "en", "es"]
SEARCHED = (Path("/etc/mailtickets/config.toml"), Path("config.toml"))

_ADDR_SPEC = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\]+")
_DURATION = re.compile(r"(\d+)([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class ConfigError(Exception):
    """What is wrong with a configuration: (key path, what was expected), in the order of the file's sections."""

    def __init__(self, file: Path | None, problems: Sequence[tuple[str, str]]) -> None:
        self.file, self.problems = file, tuple(problems)
        super().__init__("\n".join(f"{key}: {problem}" if key else problem for key, problem in problems))


def _addr_spec(value: str) -> str:
    if not _ADDR_SPEC.fullmatch(value):
        raise ValueError(f"an address like suporte@example.org was expected, not {value!r}")
    local, _, domain = value.rpartition("@")
    return f"{local}@{domain.lower()}"


def _optional_addr_spec(value: str) -> str:
    return _addr_spec(value) if value else ""


def _listen(value: str) -> str:
    if value.startswith("unix:") and len(value) > len("unix:"):
        return value
    host, _, port = value.rpartition(":")
    try:
        ipaddress.ip_address(host.strip("[]"))
        if not 0 <= int(port) <= 65535:
            raise ValueError
    except ValueError:
        raise ValueError(f"ADDRESS:PORT with a numeric address, or unix:PATH, was expected, not {value!r}") from None
    return value


def _tcp(value: str) -> str:
    if value.startswith("unix:"):
        raise ValueError("ADDRESS:PORT was expected; unix sockets belong in lmtp_in.listen")
    return _listen(value)


def _dns_server(value: str) -> str:
    """An address, an address with a port, or an IPv6 address in brackets with or without one."""
    found = re.fullmatch(r"(?:\[([^\]]+)\]|([^:]+))(?::([0-9]{1,5}))?", value)
    try:
        ipaddress.ip_address((found[1] or found[2]) if found else value)
        if found and not 1 <= int(found[3] or 53) <= 65535:
            raise ValueError
    except ValueError:
        raise ValueError(f'a numeric address, or "address:port", was expected, not {value!r}') from None
    return value


def _evidence(value: str) -> str:
    if value != "exchange-internal" and not re.fullmatch(r"header:[!-9;-~]+", value):
        raise ValueError(f'"exchange-internal" or "header:NAME" was expected, not {value!r}')
    return value


def _network(value: str) -> str:
    ipaddress.ip_network(value, strict=False)
    return value


def _duration(value: str) -> str:
    if value and not _DURATION.fullmatch(value):
        raise ValueError(f'a number and a unit like "30m", "4h" or "2d" was expected, not {value!r}')
    return value


def _time_of_day(value: str) -> str:
    if value and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise ValueError(f'a time like "08:00" was expected, not {value!r}')
    return value


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"a name like America/Sao_Paulo was expected, not {value!r}") from None
    return value


def _one_word(value: str) -> str:
    if len(value) > 32 or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*", value):
        raise ValueError(f"a short word of letters, digits, '-', '_' or '.' was expected, not {value!r}")
    return value


def _host_name(value: str) -> str:
    label = "[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
    if not re.fullmatch(rf"{label}(\.{label})*", value):
        raise ValueError(f"a host name in ASCII was expected, not {value!r}")
    return value.lower()


def _one_line(value: str) -> str:
    if not value.isprintable():
        raise ValueError("one line without control characters was expected")
    return value


def _correspondent(value: str) -> str:
    """An address, or all of a domain."""
    if not _ADDR_SPEC.fullmatch(f"all{value}" if value.startswith("@") else value):
        raise ValueError(f"an address, or @domain for all of it, was expected, not {value!r}")
    local, _, domain = value.rpartition("@")
    return f"{local}@{domain.lower()}"


def _http_url(value: str) -> str:
    try:
        url = urlsplit(value)
        usable = url.scheme in {"http", "https"} and url.hostname and url.port != 0
    except ValueError:
        usable = False
    if value and (not usable or url.query or url.fragment or url.username is not None or not value.isprintable()):
        raise ValueError(f"an address like http://127.0.0.1:11333 was expected, not {value!r}")
    return value.rstrip("/")


def _unix_or_host(value: str) -> str:
    if not value or (value.startswith("unix:") and len(value) > len("unix:")):
        return value
    host, _, port = value.rpartition(":")
    if (
        not re.fullmatch(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]", host)
        or not port.isdecimal()
        or not 0 < int(port) < 65536
    ):
        raise ValueError(f"unix:PATH or HOST:PORT was expected, not {value!r}")
    return value


def _dns_name(value: str) -> str:
    """A DKIM selector or domain: labels in ASCII, which may begin with an underscore (RFC 6376 section 3.1)."""
    if not re.fullmatch(r"([A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.(?!$)|$))*", value):
        raise ValueError(f"a name in the DNS, in ASCII, was expected, not {value!r}")
    return value.lower()


def _subject_tag(value: str) -> str:
    if value.count("{number}") != 1 or not value.startswith("[") or not value.endswith("]"):
        raise ValueError('a text in brackets with {number} in it, like "[#{number}]", was expected')
    if not re.fullmatch(r"\[[^\[\]#]{0,80}#\{number\}\]", value):
        raise ValueError("'#{number}' must be the end of it, or replies would not be recognised by it")
    return _one_line(value)


AddrSpec = Annotated[str, AfterValidator(_addr_spec)]
OptionalAddrSpec = Annotated[str, AfterValidator(_optional_addr_spec)]
Listen = Annotated[str, AfterValidator(_listen)]
TcpListen = Annotated[str, AfterValidator(_tcp)]
Network = Annotated[str, AfterValidator(_network)]
DnsServer = Annotated[str, AfterValidator(_dns_server)]
Evidence = Annotated[str, AfterValidator(_evidence)]
Duration = Annotated[str, AfterValidator(_duration)]
TimeOfDay = Annotated[str, AfterValidator(_time_of_day)]
Word = Annotated[str, AfterValidator(_one_word)]
Correspondent = Annotated[str, AfterValidator(_correspondent)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
UnixOrHost = Annotated[str, AfterValidator(_unix_or_host)]
DnsName = Annotated[str, AfterValidator(_dns_name)]
HostName = Annotated[str, AfterValidator(_host_name)]
Line = Annotated[str, AfterValidator(_one_line)]
Port = Annotated[int, Field(ge=1, le=65535)]
Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]


class Section(BaseModel):
    """A table of the file. Unknown keys and wrong types are errors; nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Instance(Section):
    name: Word = "mailtickets"
    hostname: HostName
    state_dir: str = "var"
    secret_file: str = "secret"  # noqa: S105 - a file's name
    locale: Locale = "pt_BR"
    timezone: Annotated[str, AfterValidator(_timezone)] = "America/Sao_Paulo"
    ops_address: OptionalAddrSpec = ""
    first_number: Positive = 1


class Database(Section):
    url: str = "sqlite:///mailtickets.db"


class SmtpIn(Section):
    listen: tuple[TcpListen, ...] = ("127.0.0.1:8025",)
    max_message_bytes: Annotated[int, Field(ge=65_536)] = 26_214_400
    max_spool_bytes: Positive = 1_073_741_824
    bare_newlines: Literal["normalise", "refuse"] = "normalise"
    tls_certificate: str = ""
    tls_key: str = ""
    max_connections: Positive = 500
    max_connections_per_ip: Positive = 20
    trusted_relays: tuple[Network, ...] = ("127.0.0.0/8", "::1")
    authserv_id: str = ""


class LmtpIn(Section):
    listen: tuple[Listen, ...] = ("unix:intake.sock",)


class Login(Section):
    username: str = ""
    password_file: str = ""
    password_env: str = ""


class ImapIn(Login):
    name: Word
    host: Line
    port: Port = 993
    tls: Literal["implicit", "none"] = "implicit"
    folders: tuple[str, ...] = ("INBOX",)
    queue: str = ""
    after: Literal["move", "seen", "keep"] = "move"
    processed_folder: Line = "Processados"
    failed_folder: Line = "Falhas"
    start: Literal["new", "all"] = "new"
    idle: bool = True
    poll_seconds: Positive = 60
    authserv_id: str = ""


class Delivery(Login):
    method: Literal["smtp", "maildir"] = "smtp"
    host: Line = ""
    port: Port = 587
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    envelope: Literal["verp", "queue", "null"] = "verp"
    max_connections: Annotated[int, Field(ge=1, le=50)] = 2
    max_per_minute: Count = 0
    max_per_day: Count = 0
    max_per_domain_per_minute: Count = 0
    maildir: str = "outgoing"
    dkim_selector: DnsName = ""
    dkim_domain: DnsName = ""
    dkim_key_file: str = ""


class Dns(Section):
    servers: tuple[DnsServer, ...] = ()
    timeout_seconds: Positive = 5


class TemplateFiles(Section):
    directory: str = ""


class Queue(Section):
    name: Word
    addresses: Annotated[tuple[AddrSpec, ...], Field(min_length=1)]
    display_name: Line = ""
    subject_tag: Annotated[str, AfterValidator(_subject_tag)] = "[#{number}]"
    locale: Literal["pt_BR", "en", "es", "auto"] = "pt_BR"
    plus_addressing: bool = True
    list: Literal["ticket", "ignore"] = "ticket"
    notify: Literal["queue", "assignee", "watchers"] = "queue"
    assignment: Literal["none", "round_robin", "least_open"] = "none"
    reopen_days: Count = 14
    close_after_days: Count = 7
    undo_seconds: Count = 0
    remind_after: Duration = ""
    satisfaction: bool = True
    history: Count = 0
    reply_to_is_author_from: tuple[AddrSpec, ...] = ()

    @property
    def address(self) -> str:
        """The address it writes from."""
        return self.addresses[0]

    @property
    def title(self) -> str:
        """Its name for people."""
        return self.display_name or self.name


class Agent(Section):
    name: Line
    address: AddrSpec
    aliases: tuple[AddrSpec, ...] = ()
    queues: Annotated[tuple[str, ...], Field(min_length=1)]
    receipts: Literal["all", "commands", "problems"] = "commands"
    digest: TimeOfDay = ""


class Trust(Section):
    agents: Literal["verified", "token"] = "verified"
    internal_evidence: tuple[Evidence, ...] = ()
    token_days: Positive = 180


class Budget(Section):
    acknowledgements_per_sender_per_hour: Count = 1
    automatic_per_sender_per_day: Count = 10
    automatic_per_domain_per_hour: Count = 100
    automatic_per_hour: Count = 1000
    automatic_per_ticket_per_hour: Count = 5
    ack_max_age_days: Count = 1


class Junk(Section):
    spam_headers: bool = True
    rspamd: HttpUrl = ""
    rspamd_password_file: str = ""
    clamav: UnixOrHost = ""
    when_unavailable: Literal["accept", "defer"] = "accept"
    max_scan_bytes: Positive = 26_214_400
    deny: tuple[Correspondent, ...] = ()
    allow: tuple[Correspondent, ...] = ()
    intake_per_sender_per_hour: Count = 0


class Config(Section):
    """The whole file. Paths are asked of it by method, so that they are absolute wherever it was loaded from."""

    instance: Instance
    database: Database = Database()
    smtp_in: SmtpIn | None = None
    lmtp_in: LmtpIn = LmtpIn()
    imap_in: tuple[ImapIn, ...] = ()
    delivery: Delivery = Delivery()
    dns: Dns = Dns()
    templates: TemplateFiles = TemplateFiles()
    queue: Annotated[tuple[Queue, ...], Field(min_length=1)]
    agent: tuple[Agent, ...] = ()
    trust: Trust = Trust()
    budget: Budget = Budget()
    junk: Junk = Junk()

    _file: Path = PrivateAttr(default=Path("config.toml"))

    def placed(self, file: Path) -> "Config":
        """The same, knowing where it was read from: relative paths start there."""
        self._file = file.absolute()
        return self

    @property
    def file(self) -> Path:
        return self._file

    @property
    def state_dir(self) -> Path:
        return state_dir(self._file, self.instance.state_dir)

    @property
    def secret_file(self) -> Path:
        return self.state_dir / self.instance.secret_file

    @property
    def maildir(self) -> Path:
        return self.state_dir / self.delivery.maildir

    @property
    def database_url(self) -> str:
        """A SQLAlchemy URL: SQLite with an absolute path, PostgreSQL with the psycopg driver."""
        scheme, _, rest = self.database.url.partition("://")
        if scheme.startswith("sqlite"):
            return f"sqlite:///{self.state_dir / rest.removeprefix('/')}" if rest else "sqlite://"
        return f"postgresql+psycopg://{rest}"

    @property
    def lmtp_listen(self) -> tuple[str, ...]:
        """Where LMTP is spoken; `intake.sock` is always among it, because `deliver` relies on it."""
        listen = self.lmtp_in.listen
        if not any(entry.startswith("unix:") for entry in listen):
            listen = (*LmtpIn().listen, *listen)
        return tuple(absolute_listen(self.state_dir, entry) for entry in listen)

    @property
    def clamav(self) -> str:
        """Where clamd listens, a unix path made absolute; empty for nowhere."""
        return absolute_listen(self.state_dir, self.junk.clamav)

    def path(self, value: str) -> Path:
        """A path of the file's, seen from where the file lies."""
        return self._file.parent / value

    def password(self, login: Login) -> str:
        """The secret of an account, less a final newline. Raises OSError, or KeyError for an unset variable."""
        if login.password_env:
            return os.environ[login.password_env]
        return read_secret(self.path(login.password_file)) if login.password_file else ""


def remind_after(queue: Queue) -> timedelta | None:
    """How long a ticket of this queue may stay unanswered before agents are reminded; None is for ever."""
    found = _DURATION.fullmatch(queue.remind_after)
    return timedelta(seconds=int(found[1]) * _SECONDS[found[2]]) if found else None


def state_dir(file: Path, value: str) -> Path:
    """Where the instance keeps its state; systemd's $STATE_DIRECTORY wins over the file."""
    given = os.environ.get("STATE_DIRECTORY", "").split(":")[0]
    return Path(given) if given else (file.parent / value).absolute()


def absolute_listen(directory: Path, entry: str) -> str:
    """A listen entry with its unix path made absolute."""
    return f"unix:{directory / entry.removeprefix('unix:')}" if entry.startswith("unix:") else entry


def read_secret(path: Path) -> str:
    """A secret from systemd's credentials directory, if it has one of that name, else from the file."""
    return credential(path).read_text(encoding="utf-8").rstrip("\r\n")


def credential(path: Path) -> Path:
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    given = Path(directory) / path.name if directory else path
    return given if given.exists() else path


def locate(option: str | None) -> Path:
    """The configuration file to use: the option, $MAILTICKETS_CONFIG, /etc, then the working directory."""
    named = option or os.environ.get("MAILTICKETS_CONFIG")
    if named:
        return Path(named).absolute()
    for candidate in SEARCHED:
        if candidate.exists():
            return candidate.absolute()
    looked = ", ".join(str(path) for path in SEARCHED)
    raise ConfigError(None, [("", f"no configuration file: looked for {looked}; `mailtickets init` writes one")])


def load(file: Path, *, secrets: bool = False) -> Config:
    """The configuration in `file`; with `secrets`, an account's missing password file is an error too."""
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(file, [("", f"cannot be read: {error.strerror}")]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(file, [("", f"is not TOML: {error}")]) from error
    try:
        config = Config.model_validate(_tuples(data))
    except ValidationError as error:
        sound, problems = _without_faults(data, error)
        raise ConfigError(file, problems + _cross_problems(file, sound, secrets, problems)) from error
    problems = list(_crosswise(config.placed(file), secrets))
    if problems:
        raise ConfigError(file, problems)
    return config


def _tuples(value: Any) -> Any:
    """TOML's lists as tuples, all the way down: the models are frozen."""
    if isinstance(value, dict):
        return {key: _tuples(item) for key, item in value.items()}
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


def _without_faults(data: dict[str, Any], error: ValidationError) -> tuple[Config | None, list[tuple[str, str]]]:
    """What pydantic found, and the configuration with stand-ins where it found it, for the checks that remain."""
    told = _told_once(error)
    problems = [(".".join(str(step) for step in found["loc"]), _in_words(found)) for found in told]
    mended = _tuples(data)
    for found in told:
        _mend(mended, found["loc"])
    try:
        return Config.model_validate(mended), problems
    except ValidationError:
        return None, problems


def _told_once(error: ValidationError) -> list[Mapping[str, Any]]:
    """Less the lists that are too short only because an entry of theirs is wrong."""
    found = error.errors()
    above = {one["loc"][:at] for one in found for at in range(1, len(one["loc"]))}
    return [one for one in found if not (one["type"] == "too_short" and one["loc"] in above)]


def _mend(data: Any, path: Sequence[int | str]) -> None:
    """Takes the key at fault out of its table; what may not be missing gets a value that collides with nothing."""
    table, key = data, path[0]
    for step, following in pairwise(path):
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            break
        if isinstance(data, dict):
            table, key = data, following
    if not isinstance(table, dict):
        return
    table.pop(key, None)
    if key in _STAND_INS:
        table[key] = _STAND_INS[key](f"{len(path)}-{id(table)}")


_STAND_INS: Mapping[int | str, Callable[[str], Any]] = {
    "instance": lambda word: {"hostname": "host.invalid"},
    "hostname": lambda word: "host.invalid",
    "name": lambda word: f"unnamed-{word}",
    "host": lambda word: "localhost",
    "address": lambda word: f"{word}@unknown.invalid",
    "addresses": lambda word: (f"{word}@unknown.invalid",),
    "queues": lambda word: (word,),
}


def _in_words(found: Mapping[str, Any]) -> str:
    match found["type"]:
        case "extra_forbidden":
            return "there is no such key"
        case "missing":
            return "is missing"
        case "value_error":
            return str(found["ctx"]["error"])
        case "too_short":
            return "at least one entry was expected"
    expected = found["msg"].removeprefix("Input should be ").replace("a valid integer", "an integer")
    expected = expected.replace("a valid ", "a ").replace("tuple", "list")
    if found["type"] in {"less_than_equal", "greater_than_equal"}:
        expected = f"a number {expected}"
    return f"{expected} was expected, not {found['input']!r}"


def _cross_problems(
    file: Path, config: Config | None, secrets: bool, known: Sequence[tuple[str, str]]
) -> list[tuple[str, str]]:
    """What is wrong between the keys, less what only a stand-in could have caused."""
    if config is None:
        return []
    faulty = [key for key, _ in known]
    renamed = any(re.fullmatch(r"queue\.\d+\.name", key) for key in faulty)
    return [
        (key, problem)
        for key, problem in _crosswise(config.placed(file), secrets)
        if not any(_is_below(key, other) for other in faulty)
        and not (renamed and problem.startswith("there is no queue"))
    ]


def _is_below(key: str, other: str) -> bool:
    return key == other or key.startswith(f"{other}.")


def _crosswise(config: Config, secrets: bool) -> Iterator[tuple[str, str]]:
    """What no single key can tell: names that must agree, files that must exist."""
    yield from _database_problems(config)
    yield from _listener_problems(config)
    yield from _account_problems(config, secrets)
    yield from _dkim_problems(config, secrets)
    yield from _junk_problems(config, secrets)
    yield from _template_problems(config)
    yield from _queue_problems(config)
    yield from _ops_problems(config)
    yield from _agent_problems(config)


def _database_problems(config: Config) -> Iterator[tuple[str, str]]:
    if not re.match(r"sqlite:///.+|postgresql://.+", config.database.url):
        yield "database.url", "sqlite:///FILE or postgresql://USER@HOST/NAME was expected"


def _listener_problems(config: Config) -> Iterator[tuple[str, str]]:
    smtp_in = config.smtp_in
    if smtp_in is None:
        return
    for key, other in (("tls_certificate", "tls_key"), ("tls_key", "tls_certificate")):
        if getattr(smtp_in, key) and not getattr(smtp_in, other):
            yield f"smtp_in.{other}", f"is missing: {key} is set"
        if getattr(smtp_in, key) and not credential(config.path(getattr(smtp_in, key))).exists():
            yield f"smtp_in.{key}", f"there is no file {config.path(getattr(smtp_in, key))}"


def _account_problems(config: Config, secrets: bool) -> Iterator[tuple[str, str]]:
    queues = {queue.name for queue in config.queue}
    for number, account in enumerate(config.imap_in):
        key = f"imap_in.{number}"
        if account.queue and account.queue not in queues:
            yield f"{key}.queue", f"there is no queue {account.queue!r}"
        if not account.queue and len(queues) > 1:
            yield f"{key}.queue", "is missing: there is more than one queue to choose from"
        if not account.username:
            yield f"{key}.username", "is missing"
        if not account.folders:
            yield f"{key}.folders", "at least one folder was expected"
        if secrets and not (account.password_file or account.password_env):
            yield f"{key}.password_file", "is missing (or password_env)"
        yield from _login_problems(config, key, account, secrets)
        yield from _clear_text_problems(key, account.tls, account.host)
    for name, count in Counter(account.name for account in config.imap_in).items():
        if count > 1:
            yield "imap_in", f"the name {name!r} is used {count} times: each account needs its own"
    if config.delivery.method == "smtp":
        if not config.delivery.host:
            yield "delivery.host", 'is missing: a host was expected, or method = "maildir"'
        yield from _login_problems(config, "delivery", config.delivery, secrets)
        yield from _clear_text_problems("delivery", config.delivery.tls, config.delivery.host)


def _login_problems(config: Config, key: str, login: Login, secrets: bool) -> Iterator[tuple[str, str]]:
    if not secrets:
        return
    if login.password_env and login.password_env not in os.environ:
        yield f"{key}.password_env", f"the environment has no {login.password_env}"
    elif login.password_file and not login.password_env:
        path = credential(config.path(login.password_file))
        if not path.is_file():
            yield f"{key}.password_file", f"there is no file {path}"
        elif not os.access(path, os.R_OK):
            yield f"{key}.password_file", f"{path} cannot be read by this user"


def _dkim_problems(config: Config, secrets: bool) -> Iterator[tuple[str, str]]:
    given = config.delivery
    if given.dkim_key_file and not given.dkim_selector:
        yield "delivery.dkim_selector", "is missing: dkim_key_file is set"
    if given.dkim_selector and not given.dkim_key_file:
        yield "delivery.dkim_key_file", "is missing: dkim_selector is set"
    if given.dkim_domain and not given.dkim_selector:
        yield "delivery.dkim_selector", "is missing: dkim_domain is set"
    if given.dkim_key_file and secrets:
        path = credential(config.path(given.dkim_key_file))
        problem = _unreadable(path) or dkim_key.problem(path.read_bytes())
        if problem:
            yield "delivery.dkim_key_file", problem


def _junk_problems(config: Config, secrets: bool) -> Iterator[tuple[str, str]]:
    given = config.junk
    if given.rspamd_password_file and not given.rspamd:
        yield "junk.rspamd", "is missing: rspamd_password_file is set"
    if given.rspamd_password_file and secrets:
        problem = _unreadable(credential(config.path(given.rspamd_password_file)))
        yield from [("junk.rspamd_password_file", problem)] if problem else []
    url = urlsplit(given.rspamd)
    if given.rspamd_password_file and url.scheme == "http" and not is_loopback(url.hostname or ""):
        yield "junk.rspamd", f"the password would go to {url.hostname} in the clear: https, or loopback, was expected"


def _unreadable(path: Path) -> str:
    if not path.is_file():
        return f"there is no file {path}"
    return "" if os.access(path, os.R_OK) else f"{path} cannot be read by this user"


def _clear_text_problems(key: str, tls: str, host: str) -> Iterator[tuple[str, str]]:
    if tls == "none" and host and not is_loopback(host):
        yield f"{key}.tls", f'"none" is for loopback only, and {host} is elsewhere'


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host in {"localhost", "localhost.localdomain"}


def _template_problems(config: Config) -> Iterator[tuple[str, str]]:
    directory = config.templates.directory
    if directory and not config.path(directory).is_dir():
        yield "templates.directory", f"there is no directory {config.path(directory)}"


def _queue_problems(config: Config) -> Iterator[tuple[str, str]]:
    seen: dict[str, str] = {}
    names: set[str] = set()
    for number, queue in enumerate(config.queue):
        if queue.name in names:
            yield f"queue.{number}.name", f"there is another queue {queue.name!r}"
        names.add(queue.name)
        for position, address in enumerate(queue.addresses):
            if "+" in address.rpartition("@")[0] and queue.plus_addressing:
                yield f"queue.{number}.addresses.{position}", f"{address} has a plus: set plus_addressing = false"
            owner = seen.setdefault(address.casefold(), queue.name)
            if owner != queue.name:
                yield f"queue.{number}.addresses.{position}", f"{address} is an address of queue {owner!r} already"


def _ops_problems(config: Config) -> Iterator[tuple[str, str]]:
    queue = _queue_reached(config, config.instance.ops_address)
    if queue:
        yield "instance.ops_address", f"{config.instance.ops_address} is the address of queue {queue!r}"


def _queue_reached(config: Config, address: str) -> str | None:
    """The name of the queue that mail to this address would reach, with or without a plus."""
    local, _, domain = address.casefold().rpartition("@")
    reached = {f"{local}@{domain}", f"{local.partition('+')[0]}@{domain}"}
    return next((queue.name for queue in config.queue for own in queue.addresses if own.casefold() in reached), None)


def _agent_problems(config: Config) -> Iterator[tuple[str, str]]:
    names = {queue.name for queue in config.queue}
    seen: dict[str, str] = {}
    for number, agent in enumerate(config.agent):
        keys = [("address", agent.address), *((f"aliases.{at}", alias) for at, alias in enumerate(agent.aliases))]
        for key, address in keys:
            path = f"agent.{number}.{key}"
            if reached := _queue_reached(config, address):
                yield path, f"{address} is the address of queue {reached!r}"
            if address.casefold() in seen:
                yield path, f"{address} belongs to agent {seen[address.casefold()]!r} already"
            seen.setdefault(address.casefold(), agent.name)
        for position, queue in enumerate(agent.queues):
            if queue not in names:
                yield f"agent.{number}.queues.{position}", f"there is no queue {queue!r}"


def shipped(name: str) -> Path:
    """A file or folder that comes with the program: beside the package in a wheel, above it in a checkout."""
    here = Path(__file__).parent
    return here / name if (here / name).exists() else here.parent / name


def template_texts(directory: Path) -> dict[str, str]:
    """All template files below a directory: `pt_BR/received.txt` -> its text."""
    files = sorted(path for path in directory.rglob("*") if path.suffix in {".txt", ".html"} and path.is_file())
    return {str(path.relative_to(directory)): path.read_text(encoding="utf-8") for path in files}
