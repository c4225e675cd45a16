"""The types of the values in the configuration. The type of each key says what its value may look like.

Fails with: ValueError, in words for the person who wrote the file. Pure, except for `credential_file`.
"""

import ipaddress
import os
import re
from datetime import date
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field

from mailtickets.config.durations import span

LOCALES = ("pt_BR", "en", "es")
Locale = Literal["pt_BR", "en", "es"]

_ADDR_SPEC = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\]+")


def addr_spec(value: str) -> str:
    """The address with its domain in small letters; ValueError if it is none."""
    if not _ADDR_SPEC.fullmatch(value):
        raise ValueError(f"an address like suporte@example.org was expected, not {value!r}")
    local, _, domain = value.rpartition("@")
    return f"{local}@{domain.lower()}"


def _optional_addr_spec(value: str) -> str:
    return addr_spec(value) if value else ""


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
    if value and span(value) is None:
        raise ValueError(f'a number and a unit like "30m", "4h" or "2d" was expected, not {value!r}')
    return value


def _time_of_day(value: str) -> str:
    if value and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise ValueError(f'a time like "08:00" was expected, not {value!r}')
    return value


WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _schedule(value: str) -> str:
    """A time of day, with a weekday or a day of the month before it: `08:00`, `mon 08:00`, `1 08:00`."""
    day, _, time = value.rpartition(" ")
    is_day = not day or day in WEEKDAYS or (day.isdecimal() and day.isascii() and 1 <= int(day) <= 31)
    if not is_day or not time or not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", time):
        raise ValueError(f'"08:00", "mon 08:00" or "1 08:00" (a day of the month) was expected, not {value!r}')
    return value


def as_timezone(value: str) -> str:
    """The name of a time zone. Raises ValueError for one that there is not."""
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"a name like America/Sao_Paulo was expected, not {value!r}") from None
    return value


def _one_word(value: str) -> str:
    if len(value) > 32 or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*", value):
        raise ValueError(f"a short word of letters, digits, '-', '_' or '.' was expected, not {value!r}")
    return value


def is_host_name(value: str) -> bool:
    """Whether it is a name that the DNS can hold: labels of 63 octets, 253 in all (RFC 1035, 2.3.4)."""
    label = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    return len(value) <= _LONGEST_HOST_NAME and re.fullmatch(rf"{label}(\.{label})*", value) is not None


_LONGEST_HOST_NAME = 253


def _host_name(value: str) -> str:
    if not is_host_name(value):
        raise ValueError(f"a host name in ASCII was expected, not {value!r}")
    return value.lower()


def _one_line(value: str) -> str:
    if not value.isprintable():
        raise ValueError("one line without control characters was expected")
    return value


def _correspondent(value: str) -> str:
    """An address, or a whole domain."""
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


def _https_url(value: str) -> str:
    """Secrets go there: only https, except to this machine itself."""
    url = _http_url(value)
    parts = urlsplit(url)
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise ValueError(f"secrets would go to {parts.hostname} in the clear: https, or loopback, was expected")
    return url


def _date_as_text(value: object) -> object:
    """TOML has dates of its own, without quotes."""
    return value.isoformat() if type(value) is date else value


def _optional_date(value: str) -> str:
    try:
        if value and date.fromisoformat(value).isoformat() != value:
            raise ValueError
    except ValueError:
        raise ValueError(f'a date like "2027-03-31" was expected, not {value!r}') from None
    return value


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


AddrSpec = Annotated[str, AfterValidator(addr_spec)]
OptionalAddrSpec = Annotated[str, AfterValidator(_optional_addr_spec)]
Listen = Annotated[str, AfterValidator(_listen)]
TcpListen = Annotated[str, AfterValidator(_tcp)]
Network = Annotated[str, AfterValidator(_network)]
DnsServer = Annotated[str, AfterValidator(_dns_server)]
InternalEvidence = Annotated[str, AfterValidator(_evidence)]
Duration = Annotated[str, AfterValidator(_duration)]
TimeOfDay = Annotated[str, AfterValidator(_time_of_day)]
Schedule = Annotated[str, AfterValidator(_schedule)]
Word = Annotated[str, AfterValidator(_one_word)]
Correspondent = Annotated[str, AfterValidator(_correspondent)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
HttpsUrl = Annotated[str, AfterValidator(_https_url)]
OptionalDate = Annotated[str, BeforeValidator(_date_as_text), AfterValidator(_optional_date)]
UnixOrHost = Annotated[str, AfterValidator(_unix_or_host)]
DnsName = Annotated[str, AfterValidator(_dns_name)]
HostName = Annotated[str, AfterValidator(_host_name)]
OneLine = Annotated[str, AfterValidator(_one_line)]
TimeZone = Annotated[str, AfterValidator(as_timezone)]
SubjectTag = Annotated[str, AfterValidator(_subject_tag)]
Port = Annotated[int, Field(ge=1, le=65535)]
Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host in {"localhost", "localhost.localdomain"}


def credential_file(path: Path) -> Path:
    """The file of that name in systemd's credentials directory if there is one, otherwise `path` itself."""
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    file = Path(directory) / path.name if directory else path
    return file if file.exists() else path
