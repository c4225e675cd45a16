"""What the DNS says of our domains and of the agents': where their mail goes, who may send in their name, and the
names of this machine.

Domains are looked at side by side. The questions of one domain take `_SECONDS_EACH` times `dns.timeout_seconds` at
most. A server that does not answer is a warning, because it says nothing about the domain.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator

from mailtickets.cli.check import sending
from mailtickets.cli.check.inquiry import Inquiry
from mailtickets.config.models import Config
from mailtickets.config.providers import Provider, provider_at, provider_of
from mailtickets.config.values import is_loopback
from mailtickets.edges.checks.resolver import Lookups, Unanswered, resolver, reverse_name
from mailtickets.mail.domain import domain_of, normal
from mailtickets.views.check import CheckLine, ok, warning, wrong

_SECONDS_EACH = 3
_FOR_TESTS = ("test", "example", "invalid", "localhost", "local", "internal")
"""Domains without mail from outside (RFC 6761, RFC 6762, and `internal`)."""

Look = Callable[[Config, str, Lookups], Iterable[CheckLine]]


async def lines(inquiry: Inquiry) -> Iterable[CheckLine]:
    config = inquiry.config
    ours = _domains(address for queue in config.queue for address in queue.addresses)
    theirs = _domains(address for one in config.agent for address in (one.address, *one.aliases))
    looking = [_asked(config, domain, _of_ours) for domain in ours]
    looking += [_asked(config, domain, sending.of_agents) for domain in theirs if domain not in ours]
    if config.delivery.method == "smtp" and is_loopback(config.delivery.host):
        looking.append(_asked(config, normal(config.instance.hostname), _names_of_this_machine))
    return [line for found in await asyncio.gather(*looking) for line in found]


def _domains(addresses: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(domain_of(address) for address in addresses))


async def _asked(config: Config, domain: str, look: Look) -> list[CheckLine]:
    """What `look` says of a domain. It blocks, and runs in a thread."""
    if domain.rpartition(".")[2] in _FOR_TESTS and not config.dns.servers:
        return [ok(domain, "is a name for tests and closed networks: the DNS is not asked about it")]
    seconds = config.dns.timeout_seconds
    lookups = Lookups(resolver(config.dns.servers, seconds), seconds * _SECONDS_EACH)
    return await asyncio.to_thread(lambda: list(look(config, domain, lookups)))


def _of_ours(config: Config, domain: str, lookups: Lookups) -> Iterator[CheckLine]:
    try:
        yield from _mail_exchanges(config, domain, lookups)
    except Unanswered as error:
        yield sending.unanswered(domain, error)
    if config.delivery.method == "smtp" and domain in {domain_of(queue.address) for queue in config.queue}:
        yield from sending.of_ours(config, domain, lookups)


# --- where mail comes in ------------------------------------------------------------------------------


def _mail_exchanges(config: Config, domain: str, lookups: Lookups) -> Iterator[CheckLine]:
    """Whether the MX records point to where mail is taken from. Raises Unanswered."""
    found = sorted(lookups.exchanges(domain))
    hosts = [host.lower().rstrip(".") for _, host in found if host not in {"", ".", "@"}]
    if found and not hosts:
        yield wrong(domain, 'MX: "." says that this domain takes no mail (RFC 7505)', _POINT.format(domain=domain))
    elif hosts:
        yield from _addressed(domain, hosts, lookups)
        yield _led_here(config, domain, hosts, lookups)
    elif _addresses(domain, lookups):
        yield warning(
            domain, "there is no MX: mail goes to the address of the domain itself", _POINT.format(domain=domain)
        )
    else:
        yield wrong(domain, f"there is no MX: nobody can write to an address at {domain}", _POINT.format(domain=domain))


_POINT = "whoever runs the DNS of {domain} publishes an MX that names the server that takes its mail"


def _addressed(domain: str, hosts: list[str], lookups: Lookups) -> Iterator[CheckLine]:
    without = [host for host in hosts if not _addresses(host, lookups)]
    if without:
        text = f"MX: {', '.join(without)} has no address"
        then = f"whoever runs the DNS of {domain} corrects the name in the MX, or gives it an address"
        yield wrong(domain, text, then) if len(without) == len(hosts) else warning(domain, text, then)


def _led_here(config: Config, domain: str, hosts: list[str], lookups: Lookups) -> CheckLine:
    """Whether mail for this domain comes to where it is read or taken. What cannot be known is left to a test mail."""
    taker, readers = provider_of(hosts), _providers_read(config)
    where = f"{hosts[0]} ({taker.name})" if taker else ", ".join(hosts)
    text = f"mail goes to {where}"
    if taker and readers and all(taker.imap.host != one.imap.host for one in readers):
        names = " and ".join(one.name for one in readers)
        return warning(domain, f"{text}, and the mailboxes are read at {names}", _READ_THERE.format(where=taker.name))
    if config.imap_in or _is_this_machine(config, hosts, lookups):
        return ok(domain, text)
    return warning(domain, f"{text}, which is not {config.instance.hostname}", _HANDED_ON.format(host=hosts[0]))


_READ_THERE = "read a mailbox at {where} (imap_in), or see that {where} forwards; `mailtickets check --send` shows it"
_HANDED_ON = "see that {host} hands this mail on to this machine; `mailtickets check --send` shows whether it comes in"


def _providers_read(config: Config) -> list[Provider]:
    return [known for known in (provider_at(account.host) for account in config.imap_in) if known is not None]


def _is_this_machine(config: Config, hosts: list[str], lookups: Lookups) -> bool:
    own = normal(config.instance.hostname)
    if own in hosts:
        return True
    addresses = set(_addresses(own, lookups))
    return any(addresses & set(_addresses(host, lookups)) for host in hosts)


def _addresses(name: str, lookups: Lookups) -> list[str]:
    return [*lookups.addresses(name, "A"), *lookups.addresses(name, "AAAA")]


# --- the names of this machine ------------------------------------------------------------------------


def _names_of_this_machine(config: Config, hostname: str, lookups: Lookups) -> Iterator[CheckLine]:
    """Whether name and address agree both ways: many servers take no mail from a machine whose names do not."""
    about = "instance.hostname"
    try:
        addresses = _addresses(hostname, lookups)
        if not addresses:
            then = "give the name an address in the DNS, if the mail server on this machine sends mail out itself"
            yield warning(about, f"{hostname} has no address in the DNS", then)
        for address in addresses:
            yield _pointing_back(about, hostname, address, lookups)
    except Unanswered as error:
        yield sending.unanswered(about, error)


def _pointing_back(about: str, hostname: str, address: str, lookups: Lookups) -> CheckLine:
    names = [name.lower().rstrip(".") for name in lookups.pointers(reverse_name(address))]
    if hostname in names:
        return ok(about, f"{hostname} is {address}, and {address} is {hostname}")
    text = f"the reverse name of {address} is {', '.join(names) or 'missing'}, not {hostname}"
    then = (
        f"if the mail server on this machine sends mail out itself: whoever gave you {address} sets its reverse name "
        f"(PTR) to {hostname}"
    )
    return warning(about, text, then)
