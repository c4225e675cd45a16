"""DNS for sender checks: the configured servers, answers as lists, one deadline for all questions of a mail.

Owns: what counts as an answer. A name that does not exist has no records. A server that fails, refuses or stays
silent leaves the question open: that is `Unanswered` and never an empty list.
Fails with: `Unanswered`.
Limits: `CACHE_NAMES` answers are kept, each as long as its TTL; no DNSSEC.
"""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import dns.exception
import dns.name
import dns.nameserver
import dns.rdatatype
import dns.rdtypes.ANY.MX
import dns.rdtypes.ANY.PTR
import dns.rdtypes.ANY.TXT
import dns.rdtypes.IN.A
import dns.rdtypes.IN.AAAA
import dns.rdtypes.IN.SRV
import dns.resolver
import dns.reversename

CACHE_NAMES = 2_000

_Rdata = TypeVar("_Rdata")


class Unanswered(Exception):
    """No server said whether there are such records. Asking again later may help."""


@dataclass(frozen=True, slots=True)
class Service:
    """An SRV record (RFC 2782)."""

    priority: int
    weight: int
    port: int
    host: str
    """Empty when the record says that the service is not offered."""


def resolver(servers: Sequence[str], timeout_seconds: float) -> dns.resolver.Resolver:
    """A resolver for these servers ("address", "address:port", "[v6]:port"), or for the system's if there are none."""
    try:
        made = dns.resolver.Resolver(configure=not servers)
    except dns.resolver.NoResolverConfiguration:
        made = dns.resolver.Resolver(configure=False)
    if servers:
        made.nameservers = [_nameserver(server) for server in servers]
    made.cache = dns.resolver.LRUCache(CACHE_NAMES)
    made.timeout = timeout_seconds / 2  # so that there is time for a second server, or a second try
    made.lifetime = timeout_seconds
    return made


def _nameserver(server: str) -> dns.nameserver.Nameserver:
    found = re.fullmatch(r"(?:\[([^\]]+)\]|([^:]+))(?::([0-9]+))?", server)
    if found is None:  # an IPv6 address without brackets
        return dns.nameserver.Do53Nameserver(server)
    return dns.nameserver.Do53Nameserver(found[1] or found[2], int(found[3] or 53))


class Lookups:
    """The questions that one mail needs answered. `seconds` is the time that all of them may take together."""

    def __init__(self, resolver: dns.resolver.Resolver, seconds: float) -> None:
        self._resolver = resolver
        self._deadline = time.monotonic() + seconds

    def txt(self, name: str) -> list[bytes]:
        """The TXT records of a name, with the strings of each record joined."""
        return [b"".join(record.strings) for record in self._ask(name, "TXT", dns.rdtypes.ANY.TXT.TXT)]

    def addresses(self, name: str, kind: str) -> list[str]:
        """The addresses of a name. `kind` is A or AAAA."""
        if kind == "A":
            return [record.address for record in self._ask(name, "A", dns.rdtypes.IN.A.A)]
        return [record.address for record in self._ask(name, "AAAA", dns.rdtypes.IN.AAAA.AAAA)]

    def exchanges(self, name: str) -> list[tuple[int, str]]:
        """The MX records of a name, as (preference, host)."""
        found = self._ask(name, "MX", dns.rdtypes.ANY.MX.MX)
        return [(record.preference, record.exchange.to_text(omit_final_dot=True)) for record in found]

    def services(self, name: str) -> list[Service]:
        """The SRV records of a name such as `_imaps._tcp.example.org`."""
        found = self._ask(name, "SRV", dns.rdtypes.IN.SRV.SRV)
        return [
            Service(one.priority, one.weight, one.port, one.target.to_text(omit_final_dot=True).rstrip("."))
            for one in found
        ]

    def pointers(self, name: str) -> list[str]:
        found = self._ask(name, "PTR", dns.rdtypes.ANY.PTR.PTR)
        return [record.target.to_text(omit_final_dot=True) for record in found]

    def _ask(self, name: str, kind: str, rdata: type[_Rdata]) -> list[_Rdata]:
        seconds = min(self._resolver.lifetime, self._deadline - time.monotonic())
        if seconds <= 0:
            raise Unanswered(f"{kind} {name}: there was no time left to ask")
        question = _question(name)
        if question is None:
            return []
        try:
            answer = self._resolver.resolve(question, kind, lifetime=seconds, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, dns.resolver.YXDOMAIN):
            return []
        except dns.exception.DNSException as error:
            raise Unanswered(f"{kind} {name}: {_why(error)}") from error
        return [record for record in answer if isinstance(record, rdata)]


def reverse_name(address: str) -> str:
    """The name whose PTR records are the names of an IP address."""
    return dns.reversename.from_address(address).to_text(omit_final_dot=True)


def _question(name: str) -> dns.name.Name | None:
    """The name to ask for; None when no such name can exist."""
    try:
        return dns.name.from_text(name.rstrip(".") + ".")
    except (dns.exception.DNSException, UnicodeError):
        return None


def _why(error: dns.exception.DNSException) -> str:
    match error:
        case dns.exception.Timeout():
            return "no answer in time"
        case dns.resolver.NoNameservers():
            return "the servers could not say"
        case _:
            return type(error).__name__
