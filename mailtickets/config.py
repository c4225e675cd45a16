"""The configuration file: TOML in, frozen models out, every error at once with its key path.

Owns: what the keys mean, where relative paths lead, where secrets come from, the texts of templates.
Fails with: `ConfigError`, which lists all that is wrong in words for the person who wrote the file.
Limits: secrets are looked for only when asked (`load(..., secrets=True)`), since most commands need none.
"""

import os
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError

from mailtickets.config_crosswise import crosswise
from mailtickets.config_values import (
    AddrSpec,
    Correspondent,
    Count,
    DnsName,
    DnsServer,
    Duration,
    Evidence,
    HostName,
    HttpUrl,
    Line,
    Listen,
    Locale,
    Network,
    OptionalAddrSpec,
    Port,
    Positive,
    SubjectTag,
    TcpListen,
    TimeOfDay,
    TimeZone,
    UnixOrHost,
    Word,
    credential,
)

SEARCHED = (Path("/etc/mailtickets/config.toml"), Path("config.toml"))


class ConfigError(Exception):
    """What is wrong with a configuration: (key path, what was expected), in the order of the file's sections."""

    def __init__(self, file: Path | None, problems: Sequence[tuple[str, str]]) -> None:
        self.file, self.problems = file, tuple(problems)
        super().__init__("\n".join(f"{key}: {problem}" if key else problem for key, problem in problems))


class Section(BaseModel):
    """A table of the file. Unknown keys and wrong types are errors; nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Instance(Section):
    name: Word = "mailtickets"
    hostname: HostName
    state_dir: str = "var"
    secret_file: str = "secret"  # noqa: S105 - a file's name
    locale: Locale = "pt_BR"
    timezone: TimeZone = "America/Sao_Paulo"
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
    subject_tag: SubjectTag = "[#{number}]"
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
    problems = list(crosswise(config.placed(file), secrets))
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


_SECRET_KEY = re.compile("password|secret|token|key")


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
    if any(_SECRET_KEY.search(str(step)) for step in found["loc"]):  # somebody may have put the secret itself there
        return f"{expected} was expected"
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
        for key, problem in crosswise(config.placed(file), secrets)
        if not any(_is_below(key, other) for other in faulty)
        and not (renamed and problem.startswith("there is no queue"))
    ]


def _is_below(key: str, other: str) -> bool:
    return key == other or key.startswith(f"{other}.")


def shipped(name: str) -> Path:
    """A file or folder that comes with the program: beside the package in a wheel, above it in a checkout."""
    here = Path(__file__).parent
    return here / name if (here / name).exists() else here.parent / name


def template_texts(directory: Path) -> dict[str, str]:
    """All template files below a directory: `pt_BR/received.txt` -> its text."""
    files = sorted(path for path in directory.rglob("*") if path.suffix in {".txt", ".html"} and path.is_file())
    return {str(path.relative_to(directory)): path.read_text(encoding="utf-8") for path in files}
