"""What is refused while a stranger hands over a message, and what scanners say of a message.

Owns: how many messages each sender has handed over in this hour, at the public door of this gateway.
Fails with: `Permanent` for mail that is not wanted; `Transient` for a sender with too much mail, or a scanner that is
away.
"""

from collections import Counter
from datetime import datetime

from mailtickets.config.models import Config
from mailtickets.desk.model.delivery import Permanent, Transient
from mailtickets.edges.checks import junk
from mailtickets.gateway.measures import Measures
from mailtickets.mail.kind.classify import loop_reason
from mailtickets.mail.kind.junk import JunkVerdict, denied, spam_flags, worst
from mailtickets.mail.model import Envelope, InboundMail
from mailtickets.mail.trust import header_truth


class Screen:
    """The screen at the public door of one gateway."""

    def __init__(self, config: Config, measures: Measures) -> None:
        self._config, self._measures = config, measures
        self._scanners = junk.ScanSettings.of(config)
        self._hour: datetime | None = None
        self._by_sender: Counter[str] = Counter()

    def take_over(self, config: Config) -> None:
        """Puts a new configuration into force."""
        self._config, self._scanners = config, junk.ScanSettings.of(config)

    async def scan(self, raw: bytes, mail: InboundMail, envelope: Envelope) -> JunkVerdict:
        """What the scanners and the marks of trusted relays say of a mail."""
        found = [await junk.scan(raw, envelope, self._scanners)]
        if self._config.junk.spam_headers:
            found.append(spam_flags(mail.headers, trusted=envelope.trusted))
        return worst(found)

    async def admit(self, raw: bytes, envelope: Envelope) -> None:
        """Raises Permanent or Transient for a message that is not accepted. Mail from a relay of ours is accepted: a
        refusal would only bounce.
        """
        self._count(envelope)
        if envelope.trusted:
            return
        try:
            await self._look_at(raw, envelope)
        except Permanent:
            self._measures.count("not-received", envelope.door.name, "refused")
            raise

    def _count(self, envelope: Envelope) -> None:
        """Raises Transient for a sender who has used up this hour's share, if the configuration sets one."""
        hour = envelope.received_at.replace(minute=0, second=0, microsecond=0)
        limit = self._config.junk.intake_per_sender_per_hour
        if hour != self._hour:
            self._hour, self._by_sender = hour, Counter()
        sender = (envelope.sender or "").casefold()
        if limit and sender and self._by_sender[sender] >= limit:
            raise Transient(f"{limit} messages of one sender within the hour")
        self._by_sender[sender] += 1

    async def _look_at(self, raw: bytes, envelope: Envelope) -> None:
        """Raises Permanent for mail that is denied, infected or looping, and Transient if a required scanner is
        missing.
        """
        rules, fields = self._config.junk, header_truth.fields(raw)
        author = header_truth.sole_author(fields)
        claims = (envelope.sender or "", author.address if author else "")
        if any(denied(claim, rules.deny, rules.allow) for claim in claims if claim):
            raise Permanent("Mail from this sender is not accepted here")
        if loop_reason(fields, self._config.instance.name):
            raise Permanent("This mail is going round in circles")
        found = await junk.scan(raw, envelope, self._scanners)
        if found.action == "infected":
            raise Permanent("This mail carries something harmful")
        if found.action == "unavailable" and rules.when_unavailable == "defer":
            raise Transient(f"{found.source} is not available: {found.why}")
