"""The tables and keys of the configuration file, as frozen models."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PrivateAttr

from mailtickets.config.calendars import Calendar
from mailtickets.config.credentials import Credential, password, read_secret
from mailtickets.config.kinds import TicketField, TicketKind
from mailtickets.config.levels import ServiceLevel
from mailtickets.config.places import absolute_listen, database_url, state_dir
from mailtickets.config.reports import ScheduledReport
from mailtickets.config.rules import Rule
from mailtickets.config.section import Section
from mailtickets.config.stages import QueueStage
from mailtickets.config.values import (
    AddrSpec,
    Correspondent,
    Count,
    DnsName,
    DnsServer,
    Duration,
    HostName,
    HttpsUrl,
    HttpUrl,
    InternalEvidence,
    Listen,
    Locale,
    Network,
    OneLine,
    OptionalAddrSpec,
    OptionalDate,
    Port,
    Positive,
    SubjectTag,
    TcpListen,
    TimeOfDay,
    TimeZone,
    UnixOrHost,
    Word,
)


class Instance(Section):
    name: Word = "mailtickets"
    hostname: HostName
    state_dir: str = "var"
    secret_file: str = "secret"  # noqa: S105 - a file's name
    locale: Locale = "pt_BR"
    timezone: TimeZone = "America/Sao_Paulo"
    ops_address: OptionalAddrSpec = ""
    first_number: Positive = 1


class DatabaseSettings(Section):
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


class OAuth(Section):
    """How tokens are got for the accounts that name this table."""

    name: Word
    provider: Literal["microsoft", "google", "other"]
    flow: Literal["client_credentials", "device_code", "refresh_token", "service_account"]
    tenant: OneLine = ""
    client_id: OneLine = ""
    client_secret_file: str = ""
    client_secret_env: str = ""
    certificate_file: str = ""
    key_file: str = ""
    service_account_file: str = ""
    subject: OneLine = ""
    scopes: tuple[OneLine, ...] = ()
    token_url: HttpsUrl = ""
    device_url: HttpsUrl = ""
    authorize_url: HttpsUrl = ""
    redirect_url: OneLine = "http://localhost"
    ca_file: str = ""
    expires: OptionalDate = ""


class Http(Section):
    listen: Annotated[tuple[Listen, ...], Field(min_length=1)] = ("127.0.0.1:8026",)
    metrics: bool = True
    status_page: bool = True
    api: bool = False
    public_url: HttpUrl = ""


class LoginSettings(Section):
    username: str = ""
    password_file: str = ""
    password_env: str = ""
    oauth: str = ""


class ImapIn(LoginSettings):
    name: Word
    host: OneLine
    port: Port = 993
    tls: Literal["implicit", "none"] = "implicit"
    folders: tuple[str, ...] = ("INBOX",)
    queue: str = ""
    after: Literal["move", "seen", "keep"] = "move"
    processed_folder: OneLine = "Processados"
    failed_folder: OneLine = "Falhas"
    start: Literal["new", "all"] = "new"
    idle: bool = True
    poll_seconds: Positive = 60
    authserv_id: str = ""


class DeliverySettings(LoginSettings):
    method: Literal["smtp", "maildir"] = "smtp"
    host: OneLine = ""
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
    display_name: OneLine = ""
    subject_tag: SubjectTag = "[#{number}]"
    locale: Literal["pt_BR", "en", "es", "auto"] = "pt_BR"
    plus_addressing: bool = True
    list: Literal["ticket", "ignore"] = "ticket"
    notify: Literal["queue", "assignee", "watchers"] = "queue"
    assignment: Literal["none", "round_robin", "least_open", "skill"] = "none"
    managers: tuple[AddrSpec, ...] = ()
    reopen_days: Count = 14
    close_after_days: Count = 7
    close_pending_after_days: Count = 0
    close_warning_days: Positive = 3
    warn_before_closing: bool = False
    undo_seconds: Count = 0
    remind_after: Duration = ""
    satisfaction: bool = True
    ask_rating_after: Duration = ""
    history: Count = 0
    promise: bool = False
    stages: tuple[QueueStage, ...] = ()
    reply_to_is_author_from: tuple[AddrSpec, ...] = ()

    @property
    def address(self) -> str:
        """The address that the queue writes from."""
        return self.addresses[0]

    @property
    def title(self) -> str:
        """The name of the queue that people see."""
        return self.display_name or self.name


class Agent(Section):
    name: OneLine
    address: AddrSpec
    aliases: tuple[AddrSpec, ...] = ()
    queues: Annotated[tuple[str, ...], Field(min_length=1)]
    receipts: Literal["all", "commands", "problems"] = "commands"
    digest: TimeOfDay = ""
    skills: tuple[Word, ...] = ()
    calendar: str = ""
    capacity: Count = 0


class Trust(Section):
    agents: Literal["verified", "token"] = "verified"
    internal_evidence: tuple[InternalEvidence, ...] = ()
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


class ForgottenLook(Section):
    """The daily look at tickets that lie about."""

    at: TimeOfDay = ""
    after: Duration = "1d"
    calendar: str = ""


class AlarmLimits(Section):
    outgoing_minutes: Positive = 60
    unprocessed_minutes: Positive = 15
    disk_free_bytes: Count = 1_073_741_824
    overload: bool = True


class Config(Section):
    """The whole file. Methods return its paths as absolute paths, wherever the file was loaded from."""

    instance: Instance
    database: DatabaseSettings = DatabaseSettings()
    smtp_in: SmtpIn | None = None
    lmtp_in: LmtpIn = LmtpIn()
    http: Http | None = None
    imap_in: tuple[ImapIn, ...] = ()
    oauth: tuple[OAuth, ...] = ()
    delivery: DeliverySettings = DeliverySettings()
    dns: Dns = Dns()
    templates: TemplateFiles = TemplateFiles()
    queue: Annotated[tuple[Queue, ...], Field(min_length=1)]
    agent: tuple[Agent, ...] = ()
    trust: Trust = Trust()
    budget: Budget = Budget()
    junk: Junk = Junk()
    alarms: AlarmLimits = AlarmLimits()
    forgotten: ForgottenLook = ForgottenLook()
    calendar: tuple[Calendar, ...] = ()
    service_level: tuple[ServiceLevel, ...] = ()
    rule: tuple[Rule, ...] = ()
    report: tuple[ScheduledReport, ...] = ()
    type: tuple[TicketKind, ...] = ()
    field: tuple[TicketField, ...] = ()

    _file: Path = PrivateAttr(default=Path("config.toml"))
    _tokens: Callable[[LoginSettings], Credential] | None = PrivateAttr(default=None)

    def placed(self, file: Path) -> "Config":
        """This configuration with the file that it was read from: relative paths start at the folder of that file."""
        self._file = file.absolute()
        return self

    def with_tokens(self, tokens: Callable[[LoginSettings], Credential]) -> "Config":
        """This configuration with the one who gets tokens for the accounts that name an `[[oauth]]` table."""
        self._tokens = tokens
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
        return database_url(self.state_dir, self.database.url)

    @property
    def lmtp_listen(self) -> tuple[str, ...]:
        """The addresses where LMTP is spoken. `intake.sock` is always one of them, because `deliver` relies on it."""
        listen = self.lmtp_in.listen
        if not any(entry.startswith("unix:") for entry in listen):
            listen = (*LmtpIn().listen, *listen)
        return tuple(absolute_listen(self.state_dir, entry) for entry in listen)

    @property
    def http_listen(self) -> tuple[str, ...]:
        """The addresses where HTTP is spoken; none without the table."""
        return tuple(absolute_listen(self.state_dir, entry) for entry in (self.http.listen if self.http else ()))

    @property
    def clamav(self) -> str:
        """The address where clamd listens, with a unix path made absolute; empty when there is none."""
        return absolute_listen(self.state_dir, self.junk.clamav)

    def path(self, value: str) -> Path:
        """A path in the file, relative to the folder of the file."""
        return self._file.parent / value

    def credential(self, login: LoginSettings) -> Credential:
        """How an account logs in. A password is read anew at each login. It is empty if the account has none."""
        if login.oauth and self._tokens is not None:
            return self._tokens(login)
        return password(lambda: self._password(login))

    def _password(self, login: LoginSettings) -> str:
        """The password of an account. Raises OSError, KeyError for a variable that is not set, UnicodeDecodeError."""
        if login.password_env:
            return os.environ[login.password_env]
        return read_secret(self.path(login.password_file)) if login.password_file else ""
