"""How the accounts fare, and which alarms there are: for people, for pages and for the watch."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from mailtickets.store.read.reader import Reader

AccountKind = Literal["imap", "smtp", "oauth"]


@dataclass(frozen=True, slots=True)
class Account:
    """How an account fares at one gateway."""

    kind: AccountKind
    name: str
    gateway: str
    last_success_at: datetime | None
    last_failure_at: datetime | None
    failing_since: datetime | None
    """None: the newest attempt went well."""
    error: str
    """Of the newest attempt; empty when it went well."""
    expires_at: datetime | None
    """The end of its token; None where there is none."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something is wrong, or was."""

    key: str
    text: str
    since: datetime
    cleared_at: datetime | None
    """None: the trouble lasts."""
    times: int
    """How often it has come since then: more than once, when it comes and goes."""
    told: bool
    """Ops have been written of it, and not yet that it has passed."""
    told_at: datetime | None
    """When ops were last written that it is there."""


def accounts(reader: Reader) -> list[Account]:
    """How each account fares, at each gateway."""
    columns = ", ".join(Account.__dataclass_fields__)
    found = reader.each(f"SELECT {columns} FROM account ORDER BY kind, name, gateway")  # noqa: S608 - ours
    return [Account(*row) for row in found]


def alarms_open(reader: Reader) -> list[Alarm]:
    """The alarms whose trouble lasts, the oldest first."""
    columns = ", ".join(Alarm.__dataclass_fields__)
    found = reader.each(f"SELECT {columns} FROM alarm WHERE cleared_at IS NULL ORDER BY since, key")  # noqa: S608 - ours
    return [Alarm(*row) for row in found]
