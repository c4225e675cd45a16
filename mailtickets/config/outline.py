"""What of a configuration is shown to those who watch the desk: names of queues, agents and accounts; no secret.

In: the tables of the file as TOML has them, or as a loaded `Config` gives them (`model_dump`). Both give the same.
Imports nothing heavy: `mailtickets status` does not load the models.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

_DEFAULT_NAME, _DEFAULT_LOCALE, _DEFAULT_ZONE = "mailtickets", "pt_BR", "America/Sao_Paulo"
_DEFAULT_MESSAGE_BYTES = 26_214_400

SMARTHOST = "delivery"
"""The name of the account that mail goes out by; the configuration has only one."""


@dataclass(frozen=True, slots=True)
class QueueOutline:
    name: str
    title: str
    """The name that people see."""


@dataclass(frozen=True, slots=True)
class AgentOutline:
    name: str
    address: str
    queues: Sequence[str]


@dataclass(frozen=True, slots=True)
class DeskOutline:
    name: str
    locale: str
    timezone: str
    queues: Sequence[QueueOutline]
    agents: Sequence[AgentOutline]
    accounts: Sequence[tuple[str, str]]
    """Kind (`imap`, `smtp` or `oauth`) and name of each account that the desk logs in to."""
    secrets: Mapping[str, date]
    """The last day of the secret of each `[[oauth]]` table that says it."""
    max_message_bytes: int
    own_addresses: frozenset[str]
    """Addresses and usernames of the desk and of its agents, case-folded: those of nobody else."""

    @classmethod
    def of(cls, tables: Mapping[str, Any]) -> "DeskOutline":
        """From the tables of a sound configuration."""
        instance, queues = tables["instance"], tables.get("queue", ())
        return cls(
            instance.get("name", _DEFAULT_NAME),
            instance.get("locale", _DEFAULT_LOCALE),
            instance.get("timezone", _DEFAULT_ZONE),
            tuple(QueueOutline(one["name"], one.get("display_name") or one["name"]) for one in queues),
            tuple(AgentOutline(one["name"], one["address"], tuple(one["queues"])) for one in tables.get("agent", ())),
            tuple(_accounts(tables)),
            {one["name"]: date.fromisoformat(str(one["expires"])) for one in _tokens(tables) if one.get("expires")},
            (tables.get("smtp_in") or {}).get("max_message_bytes", _DEFAULT_MESSAGE_BYTES),
            frozenset(address.casefold() for address in _own_addresses(tables)),
        )


def _accounts(tables: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from (("imap", one["name"]) for one in tables.get("imap_in", ()))
    if tables.get("delivery", {}).get("method", "smtp") == "smtp":
        yield "smtp", SMARTHOST
    yield from (("oauth", one["name"]) for one in _tokens(tables))


def _tokens(tables: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = tables.get("oauth", ())
    return found


def _own_addresses(tables: Mapping[str, Any]) -> Iterator[str]:
    yield tables["instance"].get("ops_address", "")
    yield tables.get("delivery", {}).get("username", "")
    yield from (one.get("username", "") for one in tables.get("imap_in", ()))
    for queue in tables.get("queue", ()):
        yield from queue["addresses"]
    for agent in tables.get("agent", ()):
        yield from (agent["address"], *agent.get("aliases", ()))
