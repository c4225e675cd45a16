"""Where a mail really comes from: the evidence of servers that we trust, or our own SPF, DKIM and DMARC checks.

For mail from a relay of ours, from the pipe and from our own mailboxes, another server has checked the sender already.
Then only the Authentication-Results of that server are read. For mail that came straight from outside, no such header
is believed and everything is asked of DNS. An address counts only if it is all there is in the one From field, which
is read from the bytes.
Owns: which door is believed in what, and the threads in which DNS is waited for.
Fails with: nothing. Trouble is temperror, which is never a pass; the cause goes to the log.
Limits: the questions of one mail take twice `timeout_seconds` at most; `THREADS` mails are checked at a time.
"""

import asyncio
import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Self

from dns.resolver import Resolver

from mailtickets.config.models import Config
from mailtickets.desk.model.facts import Authentication, AuthFact
from mailtickets.edges.checks import senders
from mailtickets.edges.checks.resolver import Lookups, resolver
from mailtickets.mail.domain import domain_of
from mailtickets.mail.door import Door
from mailtickets.mail.model import Envelope, InboundMail
from mailtickets.mail.read.header import one_line
from mailtickets.mail.trust import authres, header_truth
from mailtickets.mail.trust.header_truth import Fields

log = logging.getLogger("mailtickets.authentication")

THREADS = 4
_TIMEOUTS = 2
_GRACE_SECONDS = 5.0
"""Seconds for the calculation after the last question was given up. A thread that needs longer is abandoned."""

_AUTH_AS = "x-ms-exchange-organization-authas"


@dataclass(frozen=True, slots=True)
class AuthenticationSettings:
    relay_authserv_id: str = ""
    """The ids of the servers whose Authentication-Results are believed, for trusted relays and the pipe. Empty:
    none.
    """
    account_authserv_ids: Mapping[str, str] | None = None
    """The id for each name of an IMAP account. Empty: the form without an id that Microsoft 365 writes."""
    internal_evidence: tuple[str, ...] = ()
    dns_servers: tuple[str, ...] = ()
    timeout_seconds: float = 5.0

    @classmethod
    def of(cls, config: Config) -> Self:
        return cls(
            relay_authserv_id=config.smtp_in.authserv_id if config.smtp_in else "",
            account_authserv_ids={account.name: account.authserv_id for account in config.imap_in},
            internal_evidence=config.trust.internal_evidence,
            dns_servers=config.dns.servers,
            timeout_seconds=config.dns.timeout_seconds,
        )


class Authenticator:
    """Checks senders for the daemon, from one event loop. `resolver` is for tests."""

    def __init__(self, settings: AuthenticationSettings, *, resolver: Resolver | None = None) -> None:
        self.settings = settings
        self._resolver = resolver
        self._threads = ThreadPoolExecutor(THREADS, "authentication")
        self._places = asyncio.Semaphore(THREADS)

    def take_over(self, settings: AuthenticationSettings) -> None:
        """Puts new settings into force. Checks that are running end under the old settings."""
        self.settings, self._resolver = settings, None

    def close(self) -> None:
        """Closes at the end of the daemon. Checks that are running end by themselves."""
        self._threads.shutdown(wait=False)

    async def authenticate(self, raw: bytes, mail: InboundMail, envelope: Envelope) -> Authentication:
        """Returns what is known of where a mail comes from, for this door and the bytes that were read."""
        domain = domain_of(mail.author.address) if mail.author else ""
        try:
            fields = header_truth.fields(raw)
            if doubt := _doubtful_author(fields, mail):
                return Authentication("none", (doubt,))
            if envelope.trusted and envelope.door.is_behind_a_server:
                return self._reported(fields, domain, envelope.door)
            return await self._evaluated(raw, domain, envelope)
        except Exception as error:  # missing evidence must not lose or block a mail
            log.exception("sender check failed", extra={"message_id": mail.message_id, "source": envelope.door.name})
            what = f"internal error: {type(error).__name__}"
            return Authentication("temperror", (AuthFact("dmarc", "temperror", domain, what),))

    # --- what other servers found ------------------------------------------------------------------------

    def _reported(self, fields: Fields, domain: str, door: Door) -> Authentication:
        authserv_id, microsoft = self._server(door)
        internal = self._internal(fields, door)
        results = authres.believed(fields, authserv_id, microsoft=microsoft)
        if results is None:
            return Authentication("none", (_unsaid(fields, authserv_id, microsoft), *internal), bool(internal))
        verdict, _ = authres.verdict(results, domain)
        where = f"Authentication-Results of {authserv_id or 'Microsoft 365'}"
        reported_facts = tuple(
            AuthFact(result.method, result.result, one_line(result.domain), where)
            for result in results.results
            if result.method in ("dmarc", "dkim", "spf")
        )
        return Authentication(verdict, (*reported_facts, *internal), bool(internal))

    def _server(self, door: Door) -> tuple[str, bool]:
        """The id of the server that is believed at this door, and whether Microsoft's form without an id is
        expected.
        """
        if door.account is None:
            return self.settings.relay_authserv_id, False
        authserv_id = (self.settings.account_authserv_ids or {}).get(door.account)
        return authserv_id or "", authserv_id == ""

    def _internal(self, fields: Fields, door: Door) -> tuple[AuthFact, ...]:
        """The evidence of an authenticated submission, if the operator has named it and the mail carries it."""
        facts = (self._submission(name, fields, door) for name in self.settings.internal_evidence)
        return tuple(fact for fact in facts if fact is not None)

    def _submission(self, name: str, fields: Fields, door: Door) -> AuthFact | None:
        if name == "exchange-internal":
            return _exchange_internal(fields) if self._server(door)[1] else None
        kind, _, header = name.partition(":")
        values = header_truth.values(fields, header.strip().lower()) if kind == "header" else []
        if len(values) != 1 or not one_line(values[0]):
            return None  # two such fields: one of them is not from the server
        return AuthFact("internal", "pass", "", f"{header.strip()} ({one_line(values[0])[:100]})")

    # --- our own checks ----------------------------------------------------------------------------------

    async def _evaluated(self, raw: bytes, domain: str, envelope: Envelope) -> Authentication:
        seconds = self.settings.timeout_seconds * _TIMEOUTS
        async with self._places:
            work = asyncio.get_running_loop().run_in_executor(
                self._threads, self._evaluate, raw, domain, envelope, seconds
            )
            try:
                async with asyncio.timeout(seconds + _GRACE_SECONDS):
                    return await work
            except TimeoutError:
                late = AuthFact("dmarc", "temperror", domain, f"no result within {seconds:g} s")
                return Authentication("temperror", (late,))

    def _evaluate(self, raw: bytes, domain: str, envelope: Envelope, seconds: float) -> Authentication:
        lookups = Lookups(self._dns(), seconds)
        found = senders.check_dkim(raw, lookups)
        if envelope.door.is_public and envelope.peer and envelope.sender is not None:
            found = (senders.check_spf(envelope.peer, envelope.sender, envelope.helo, lookups), *found)
        verdict, dmarc = senders.check_dmarc(domain, found, lookups)
        return Authentication(verdict, (*dmarc, *found))

    def _dns(self) -> Resolver:
        if self._resolver is None:
            self._resolver = resolver(self.settings.dns_servers, self.settings.timeout_seconds)
        return self._resolver


async def published(domain: str, resolver: Resolver) -> list[AuthFact]:
    """What a domain publishes about mail in its name (SPF, DMARC): the text, and a sentence that says what follows.

    `result` is published, none, permerror or temperror. DKIM keys cannot be listed: only the mails name them.
    """
    lookups = Lookups(resolver, resolver.lifetime * _TIMEOUTS)
    return await asyncio.to_thread(senders.published, domain, lookups)


def _doubtful_author(fields: Fields, mail: InboundMail) -> AuthFact | None:
    """Why nobody can be vouched for: the mail has no author, or its bytes can be read in more than one way."""
    count = len(header_truth.values(fields, "from"))
    if count != 1:
        return AuthFact("from", "none", "", "there is no From field" if not count else f"there are {count} From fields")
    sole = header_truth.sole_author(fields)
    if mail.author is None or sole is None:
        return AuthFact("from", "none", "", "From does not name exactly one mailbox")
    if sole.key != mail.author.key:
        return AuthFact("from", "none", "", "From can be read in two ways")
    return None


def _unsaid(fields: Fields, authserv_id: str, microsoft: bool) -> AuthFact:
    """Why the Authentication-Results of a mail were not believed."""
    found = header_truth.values(fields, "authentication-results")
    if not authserv_id and not microsoft:
        return AuthFact("dmarc", "none", "", "no authserv_id is configured for this door")
    if not found:
        return AuthFact("dmarc", "none", "", "there is no Authentication-Results")
    top = authres.parse(found[0])
    server = f"of {one_line(top.authserv_id)[:100]}, not " if top else "not well-formed, or not "
    return AuthFact(
        "dmarc", "none", "", f"the topmost Authentication-Results is {server}of {authserv_id or 'Microsoft 365'}"
    )


def _exchange_internal(fields: Fields) -> AuthFact | None:
    """Exchange's own mark of a sender who had logged in.

    Exchange's header firewall removes X-MS-Exchange-Organization-* from mail that comes from outside or goes there. So
    the mark is proof in a mailbox of Exchange and nowhere else.
    """
    marks = header_truth.values(fields, _AUTH_AS)
    if not authres.is_from_exchange(fields) or [mark.strip().lower() for mark in marks] != ["internal"]:
        return None
    return AuthFact("internal", "pass", "", "X-MS-Exchange-Organization-AuthAs: Internal")
