"""Who may send in the name of a domain: SPF, DKIM and DMARC, as the DNS has them. Blocks; `Lookups` keeps the time."""

import base64
import binascii
import re
from collections.abc import Iterator

from mailtickets.config.credentials import read_secret
from mailtickets.config.models import Config
from mailtickets.config.providers import Provider, provider_at
from mailtickets.config.values import is_loopback
from mailtickets.desk.model.facts import AuthFact
from mailtickets.edges.checks import senders
from mailtickets.edges.checks.resolver import Lookups, Unanswered
from mailtickets.mail.domain import normal
from mailtickets.mail.write import keys
from mailtickets.views.check import CheckLine, ok, warning, wrong

_MOST_RECORDS = 10
"""Records that an SPF record may lead to (RFC 7208, 4.6.4)."""


def of_ours(config: Config, domain: str, lookups: Lookups) -> Iterator[CheckLine]:
    """For a domain that a queue writes from."""
    spf, dmarc = senders.published(domain, lookups)
    try:
        yield from _spf(config, domain, spf, lookups)
        yield from _dkim(config, domain, lookups)
    except Unanswered as error:
        yield unanswered(domain, error)
    policy = '"v=DMARC1; p=none'
    policy += f'; rua=mailto:{config.instance.ops_address}"' if config.instance.ops_address else '"'
    yield _dmarc(domain, dmarc, f"publish a TXT record at _dmarc.{domain}: {policy}; stricter when all mail passes")


def of_agents(config: Config, domain: str, lookups: Lookups) -> Iterator[CheckLine]:
    """For a domain that agents write from."""
    _, dmarc = senders.published(domain, lookups)
    then = f"whoever runs {domain} publishes DMARC, so that a forged mail of an agent can be told from a genuine one"
    yield _dmarc(domain, dmarc, then)


def unanswered(about: str, error: Unanswered) -> CheckLine:
    return warning(
        about, f"the DNS does not say: {error}", "run it again; if it lasts, look at dns.servers or /etc/resolv.conf"
    )


# --- SPF ------------------------------------------------------------------------------------------------


def _spf(config: Config, domain: str, fact: AuthFact, lookups: Lookups) -> Iterator[CheckLine]:
    host, provider = config.delivery.host, provider_at(config.delivery.host)
    wanted = _mechanism(config, provider)
    match fact.result:
        case "temperror":
            yield unanswered(domain, Unanswered(fact.source))
        case "none":
            yield warning(domain, f"SPF: {fact.source}", f'publish a TXT record at {domain}: "v=spf1 {wanted} ~all"')
        case "permerror":
            yield wrong(domain, f"SPF: {fact.source}", f"make one record of them, with {wanted} in it")
        case _:
            record = _record(domain, lookups)
            if provider and provider.spf:
                yield _covered_by_name(domain, record, provider, lookups)
            else:
                yield _covered(domain, record, host, wanted, lookups)


def _mechanism(config: Config, provider: Provider | None) -> str:
    """What the SPF record needs for mail that goes out this way."""
    if provider and provider.spf:
        return provider.spf
    return f"a:{normal(config.instance.hostname if is_loopback(config.delivery.host) else config.delivery.host)}"


def _covered_by_name(domain: str, record: str, provider: Provider, lookups: Lookups) -> CheckLine:
    """A large provider sends from many addresses: its own record has to be included, directly or by another one."""
    wanted = provider.spf.partition(":")[2]
    if wanted in _led_to(record, lookups):
        return ok(domain, f"SPF covers {provider.name} ({provider.spf})")
    text = f"SPF does not cover {provider.name}, where our mail goes out: {record}"
    return wrong(domain, text, f'change the TXT record of {domain} to: "{_with(record, provider.spf)}"')


def _covered(domain: str, record: str, host: str, wanted: str, lookups: Lookups) -> CheckLine:
    """For any other server: whether its addresses pass. It may send from others, which only a test mail shows."""
    server = wanted.partition(":")[2]
    addresses = [*lookups.addresses(server, "A"), *lookups.addresses(server, "AAAA")]
    if not addresses:
        return warning(domain, f"SPF: {server}, where our mail goes out, has no address to compare", _SEE_SPF)
    found = [senders.check_spf(one, f"postmaster@{domain}", server, lookups) for one in addresses]
    if any(fact.result == "pass" for fact in found):
        return ok(domain, f"SPF covers {server} ({', '.join(addresses)})")
    broken = next((fact for fact in found if fact.result == "permerror"), None)
    if broken:
        return wrong(domain, f"SPF cannot be evaluated, so nothing passes: {broken.source}", _SHORTER)
    text = f"SPF does not cover {server} ({', '.join(addresses)}): {found[0].result}, {record}"
    change = f'change the TXT record of {domain} to: "{_with(record, wanted)}"'
    then = change if is_loopback(host) else f"ask the provider of {host} for its include; or, if it has none, {change}"
    return wrong(domain, text, then) if found[0].result == "fail" else warning(domain, text, then)


_SEE_SPF = "send a test message to a mailbox elsewhere (--send) and look at Authentication-Results there"
_SHORTER = "correct the record: it may lead to ten further names at most, and each must exist"


def _record(domain: str, lookups: Lookups) -> str:
    texts = (text.decode("ascii", "replace").strip() for text in lookups.txt(domain))
    return next((text for text in texts if text.lower().startswith("v=spf1")), "")


def _led_to(record: str, lookups: Lookups) -> set[str]:
    """The names that a record includes or redirects to, and those that their records do."""
    found: set[str] = set()
    waiting = [record]
    while waiting and len(found) < _MOST_RECORDS:
        for name in _names(waiting.pop()):
            if name not in found:
                found.add(name)
                waiting.append(_record(name, lookups))
    return found


def _names(record: str) -> Iterator[str]:
    for term in record.lower().split():
        mechanism = re.fullmatch(r"(?:\+?include:|redirect=)([a-z0-9._-]+)", term)
        if mechanism:
            yield mechanism[1].rstrip(".")


def _with(record: str, mechanism: str) -> str:
    """The record with one more mechanism, before the `all` or the modifiers (`redirect=`) that end a record."""
    first, *terms = record.split()
    ends = [n for n, term in enumerate(terms) if "=" in term or term.lower().lstrip("+-~?") == "all"]
    at = ends[0] if ends else len(terms)
    return " ".join([first, *terms[:at], mechanism, *terms[at:]])


# --- DKIM -----------------------------------------------------------------------------------------------


def _dkim(config: Config, domain: str, lookups: Lookups) -> Iterator[CheckLine]:
    given, provider = config.delivery, provider_at(config.delivery.host)
    if given.dkim_selector:
        yield _own_key(config, normal(given.dkim_domain or domain), lookups)
    elif provider and provider.dkim:
        yield _key_of(provider, domain, lookups)
    else:
        yield ok(domain, f"DKIM: we do not sign; whether {given.host} does is seen by `mailtickets check --send`")


def _own_key(config: Config, domain: str, lookups: Lookups) -> CheckLine:
    given = config.delivery
    name = f"{given.dkim_selector}._domainkey.{domain}"
    pem = read_secret(config.path(given.dkim_key_file)).encode()
    publish = (
        f'publish a TXT record at {name}: "v=DKIM1; k=rsa; p=KEY", where KEY is what '
        f"`openssl rsa -in {config.path(given.dkim_key_file)} -pubout -outform DER | base64 -w0` prints"
    )
    keys_there = [_public(text) for text in _dkim_records(name, lookups)]
    if not keys_there:
        return wrong(domain, f"DKIM: we sign, and there is no key at {name}: every signature fails", publish)
    if any(keys.is_public_half(one, pem) for one in keys_there):
        return ok(domain, f"DKIM: the key at {name} is that of delivery.dkim_key_file")
    return wrong(domain, f"DKIM: the key at {name} is not that of delivery.dkim_key_file: signatures fail", publish)


def _key_of(provider: Provider, domain: str, lookups: Lookups) -> CheckLine:
    names = [f"{selector}._domainkey.{domain}" for selector in provider.dkim]
    there = [name for name in names if any(_public(text) for text in _dkim_records(name, lookups))]
    if there:
        return ok(domain, f"DKIM: {provider.name} has a key at {there[0]}")
    return warning(
        domain,
        f"DKIM: {provider.name} has no key at {' or '.join(names)}: mail goes out without a signature of {domain}",
        f"switch on DKIM for {domain} there, and publish what it shows (docs/providers/{provider.page}.md)",
    )


def _dkim_records(name: str, lookups: Lookups) -> list[str]:
    return [text for record in lookups.txt(name) if "p=" in (text := record.decode("ascii", "replace"))]


def _public(record: str) -> bytes:
    """The key in a record; empty when it is withdrawn or damaged."""
    tags = dict(part.strip().partition("=")[::2] for part in record.split(";"))
    try:
        return base64.b64decode("".join(tags.get("p", "").split()))
    except (binascii.Error, ValueError):
        return b""


# --- DMARC ----------------------------------------------------------------------------------------------


def _dmarc(domain: str, fact: AuthFact, then: str) -> CheckLine:
    match fact.result:
        case "published":
            return ok(domain, f"DMARC: {fact.source}")
        case "temperror":
            return unanswered(domain, Unanswered(fact.source))
        case _:
            return warning(domain, f"DMARC: {fact.source}", then)
