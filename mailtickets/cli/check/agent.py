"""One agent: who it is, what became of the agent's newest mail, and what the agent's domains publish."""

import asyncio
from collections.abc import Iterator
from typing import Any

from mailtickets.cli.check.inquiry import Inquiry
from mailtickets.cli.desk import read_in
from mailtickets.config.models import Config
from mailtickets.desk.model.delivery import Transient
from mailtickets.desk.model.facts import Authentication
from mailtickets.edges.checks.authentication import published
from mailtickets.edges.checks.resolver import resolver
from mailtickets.gateway.rules import rules_of
from mailtickets.store.database import Database
from mailtickets.store.inbound import stored_authentication
from mailtickets.store.read import inbound
from mailtickets.views.check import CheckLine, ok, warning, wrong

_SEE_DMARC = "see what the lines of the agent's domain below say, or let your server write Authentication-Results"


def lines(inquiry: Inquiry) -> Iterator[CheckLine]:
    """Nothing unless an agent was asked about."""
    config, address = inquiry.config, inquiry.agent
    if not address:
        return
    about = f"--agent {address}"
    agent = rules_of(config, ()).policy.agent(address)
    if agent is None:
        known = ", ".join(one.address for one in config.agent) or "none"
        yield wrong(about, "is no agent's address or alias", f"use one of the configuration's agents: {known}")
        return
    yield ok(about, f"{agent.name}, queues {', '.join(agent.queues)}")
    addresses = (agent.address, *agent.aliases)
    yield from _newest_mail(config, about, addresses)
    yield from _published(config, addresses)


def _newest_mail(config: Config, about: str, addresses: tuple[str, ...]) -> Iterator[CheckLine]:
    database = Database(config.database_url)
    try:
        row = database.transact(read_in, inbound.newest_from, addresses)
    except Transient as error:
        yield wrong(about, str(error), "see the lines of database.url above")
        return
    finally:
        database.close()
    if row is None:
        yield warning(
            about, "no mail of theirs has come in yet", f"let {addresses[0]} write to a queue, and look again"
        )
    else:
        yield from _newest(config, about, row)


def _newest(config: Config, about: str, row: Any) -> Iterator[CheckLine]:
    """What the agent's newest mail carried, and how it was decided."""
    text = f"newest mail: inbound {row.id}, {row.outcome or row.state} ({row.reason})"
    held = row.outcome == "held"
    release = f"mailtickets explain {row.id}; then `mailtickets inbound release {row.id}`, or `inbound drop`"
    yield warning(about, text, release) if held else ok(about, text)
    found = stored_authentication(row.authentication) or Authentication()
    for fact in found.facts:
        yield ok(about, f"{fact.method}={fact.result} {fact.domain} ({fact.source})")
    if found.verdict == "pass" or found.internal:
        yield ok(about, 'that is evidence enough for `agents = "verified"`')
        return
    without = 'no evidence of its sender: under `agents = "verified"` such mail is held'
    yield warning(about, without, _SEE_DMARC) if config.trust.agents == "verified" else ok(about, without)


def _published(config: Config, addresses: tuple[str, ...]) -> Iterator[CheckLine]:
    """What the domains of an agent's addresses publish about mail in their name."""
    servers = resolver(config.dns.servers, config.dns.timeout_seconds)
    for domain in sorted({address.rpartition("@")[2] for address in addresses}):
        for fact in asyncio.run(published(domain, servers)):
            text = f"{fact.method}: {fact.source}"
            then = f"whoever runs the DNS of {domain} publishes it"
            yield ok(domain, text) if fact.result == "published" else warning(domain, text, then)
