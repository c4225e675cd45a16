"""What the DNS says about a domain's mail: who takes it (MX), where it is read and handed in (SRV).

RFC 6186 names the services of IMAP and submission; RFC 8314 adds `_submissions` and puts TLS from the first octet
before STARTTLS. IMAP with STARTTLS is not looked for, because the desk does not speak it.
Fails with: `Unanswered` when no server says.
"""

from mailtickets.config.providers import Server, Tls
from mailtickets.config.values import is_host_name
from mailtickets.edges.checks.resolver import Lookups
from mailtickets.mail.domain import domain_of

_IMAP: tuple[tuple[str, Tls], ...] = (("_imaps._tcp", "implicit"),)
_SMTP: tuple[tuple[str, Tls], ...] = (("_submissions._tcp", "implicit"), ("_submission._tcp", "starttls"))


def exchanges(domain: str, lookups: Lookups) -> list[str]:
    """The hosts of the MX records, the preferred one first."""
    return [host for _, host in sorted(lookups.exchanges(domain)) if host != "."]


def imap_server(address: str, lookups: Lookups) -> Server | None:
    return next((found for name, tls in _IMAP if (found := _server(name, tls, address, lookups))), None)


def smtp_server(address: str, lookups: Lookups) -> Server | None:
    return next((found for name, tls in _SMTP if (found := _server(name, tls, address, lookups))), None)


def _server(service: str, tls: Tls, address: str, lookups: Lookups) -> Server | None:
    """The preferred target of a service. The target "." says that the domain does not offer it (RFC 2782)."""
    records = lookups.services(f"{service}.{domain_of(address)}")
    offered = sorted(
        (one for one in records if is_host_name(one.host)), key=lambda one: (one.priority, -one.weight, one.host)
    )
    if not offered:
        return None
    return Server(offered[0].host.lower(), offered[0].port, tls, address)
