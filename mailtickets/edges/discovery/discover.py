"""Looks for the servers of a mailbox whose provider is not known: SRV records first, then autoconfig.

Fails with: nothing. A source that does not answer is passed over, and said in `Found.silent`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from mailtickets.config.providers import Server
from mailtickets.edges.checks.resolver import Lookups, Unanswered
from mailtickets.edges.discovery import autoconfig, records
from mailtickets.mail.domain import aligned, domain_of


@dataclass(frozen=True, slots=True)
class Found:
    """What was found for one mailbox."""

    imap: Server | None = None
    smtp: Server | None = None
    source: str = ""
    """Where it was found, in words: "in the SRV records of desk.test", "at" and a URL."""
    silent: tuple[str, ...] = ()
    """The sources that could not be asked, and why."""

    def elsewhere(self, address: str) -> list[str]:
        """The hosts that are not below the domain of the address: a password would go to somebody else's machine."""
        hosts = [server.host for server in (self.imap, self.smtp) if server]
        return [host for host in dict.fromkeys(hosts) if not aligned(host, domain_of(address))]


def discover(address: str, lookups: Lookups, fetch: Callable[[str], bytes] = autoconfig.fetch) -> Found:
    """The servers that the domain of `address` names. Blocks on the network."""
    domain = domain_of(address)
    silent: list[str] = []
    try:
        imap, smtp = records.imap_server(address, lookups), records.smtp_server(address, lookups)
        if imap and smtp:
            return Found(imap, smtp, f"in the SRV records of {domain}")
    except Unanswered as error:
        imap = smtp = None
        silent.append(str(error))
    for url in autoconfig.places(domain):
        try:
            told, sends = autoconfig.read(fetch(url), address)
        except autoconfig.NoAutoconfig as error:
            silent.append(str(error))
            continue
        if told or sends:
            return Found(told, sends, f"at {url}", tuple(silent))
    return Found(imap, smtp, f"in the SRV records of {domain}" if imap or smtp else "", tuple(silent))
