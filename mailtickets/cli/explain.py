"""Shows the decision on a mail: its claims, the facts, the verdict of each rule, and the outcome.

FILE|ID is a mail file, or the id of an inbound message. The command treats a file like a mail from a trusted relay. It
writes nothing and sends nothing.
"""

import argparse
import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mailtickets.cli import DONE, REFUSED, Stop
from mailtickets.cli.desk import configuration, opened
from mailtickets.cli.session import add_json, print_json
from mailtickets.config.models import Config
from mailtickets.desk.claims.authors import writer
from mailtickets.desk.fields.gathered import BY_LEVELS
from mailtickets.desk.model.decision import Decision, RuleVerdict
from mailtickets.desk.model.effects import SetField, SetPriority
from mailtickets.desk.model.facts import Authentication, Facts
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.reason import is_configured
from mailtickets.desk.reasons import sentence
from mailtickets.edges.checks.authentication import AuthenticationSettings, Authenticator
from mailtickets.gateway.clerk import Clerk
from mailtickets.gateway.drafting.draft import Draft
from mailtickets.gateway.drafting.fields import questions_of
from mailtickets.mail.door import SMTP
from mailtickets.mail.kind.junk import spam_flags
from mailtickets.mail.model import Envelope, InboundMail
from mailtickets.mail.read.parse import parse
from mailtickets.store import inbound
from mailtickets.store.events import event_of
from mailtickets.store.inbound import Received
from mailtickets.views.deadlines import as_json as clock_as_json
from mailtickets.views.deadlines import lines


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("mail", metavar="FILE|ID", help="a mail file, or the id of an inbound message")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    with opened(args) as clerk:
        received = _received(clerk, args.mail)
        mail = parse(received.raw, instance=clerk.rules.policy.instance.name)
        if received.authentication is None:
            received = replace(received, authentication=authenticated(configuration(args), received, mail))
        heeded = received.envelope.trusted and clerk.rules.policy.junk.spam_headers
        flags = spam_flags(mail.headers, trusted=heeded)
        draft = clerk.explain(received, mail, flags)
        explained = as_json(mail, draft, clerk.rules.policy, clerk.clock())
    due = list(lines(draft.clocks, clerk.rules.policy, clerk.clock()))
    if args.json:
        print_json(explained)
    else:
        _print(explained)
        print("\n".join(f"due       {line}" for line in due), end="\n" if due else "")
    return DONE


def _received(clerk: Clerk, named: str) -> Received:
    if named.isdigit() and not Path(named).exists():
        found = clerk.database.transact(inbound.load, int(named))
        if found is None:
            raise Stop(REFUSED, f"there is no inbound message {named}")
        return found
    try:
        return as_received(Path(named).read_bytes())
    except OSError as error:
        raise Stop(REFUSED, f"{named}: {error.strerror}") from error


def as_received(raw: bytes) -> Received:
    """A mail file, as if it had just come from a trusted relay."""
    envelope = Envelope(SMTP, None, (), datetime.now(UTC), trusted=True)
    return Received(0, envelope, raw, "accepted", None, None, (), 0, False)


def authenticated(config: Config, received: Received, mail: InboundMail) -> Authentication:
    """What the sender checks would say at the door of this mail. A file counts as mail from a trusted relay."""
    authenticator = Authenticator(AuthenticationSettings.of(config))
    try:
        return asyncio.run(authenticator.authenticate(received.raw, mail, received.envelope))
    finally:
        authenticator.close()


def as_json(mail: InboundMail, draft: Draft, policy: Policy, now: datetime) -> dict[str, Any]:
    """What `explain --json` prints."""
    facts, decision = draft.facts, draft.decision
    if facts is None:
        raise AssertionError("a mail is decided on with facts")
    return {
        "kind": mail.kind,
        "kind_reason": mail.kind_reason,
        "author": writer(mail, facts, policy).address,
        "queue": facts.queue.name,
        "evidence": _evidence(mail, facts),
        "rules": [{"rule": line.rule, "verdict": line.verdict, "why": line.why} for line in _verdicts(decision)],
        "decision": decision.outcome,
        "reason": decision.reason,
        "ticket": decision.ticket,
        "effects": [type(effect).__name__ for effect in decision.effects],
        "by_rules": list(_by_rules(decision)),
        "fields": list(_fields(decision)),
        "asks": [name for notice in draft.notices for name in questions_of(notice)],
        "notices": [{"notice": n.name, "recipients": [who.address for who in n.recipients]} for n in draft.notices],
        "withheld": [{"notice": name, "reason": reason} for name, reason in draft.withheld],
        "due": [clock_as_json(clock, policy, now) for clock in draft.clocks],
    }


def _verdicts(decision: Decision) -> Iterator[RuleVerdict]:
    """What the desk's own rules say, and behind it every rule of the configuration, matched or not."""
    configured = {line.rule for line in decision.ruled.verdicts}
    yield from (line for line in decision.trace if line.rule not in configured)
    yield from decision.ruled.verdicts


def _by_rules(decision: Decision) -> Iterator[dict[str, Any]]:
    """What the rules of the configuration change: the same lines as in the history of the ticket."""
    for effect in decision.effects:
        recorded = event_of(effect, None)
        if recorded is not None and is_configured(recorded.reason):
            yield {"kind": recorded.kind, "to": recorded.new, "rule": recorded.reason}


def _fields(decision: Decision) -> Iterator[dict[str, Any]]:
    """The values that the mail says, the levels that its words speak of, and why the priority follows."""
    for effect in decision.effects:
        if isinstance(effect, SetField):
            yield {"name": effect.name, "value": effect.value, "reason": effect.reason}
        elif isinstance(effect, SetPriority) and effect.reason == BY_LEVELS:
            yield {"name": "priority", "value": effect.to, "reason": effect.reason}


def _evidence(mail: InboundMail, facts: Facts) -> list[dict[str, Any]]:
    """Every fact that points to a ticket, and where it stands in the mail. Tokens are named only by their ticket."""
    found = [_fact("authentication", facts.authentication.verdict, "the From domain")]
    found += [_fact(f"{a.method}={a.result}", a.domain, a.source) for a in facts.authentication.facts]
    found += [
        _fact("reply-token", f"ticket {t.ticket} for {t.person}{', expired' if t.expired else ''}", t.source)
        for t in facts.tokens
    ]
    found += [
        _fact("our-message-id" if i.issued else "stored-message-id", f"{i.message_id}: ticket {i.ticket}", "references")
        for i in facts.ids
    ]
    found += [
        _fact("subject-number", f"ticket {n}{'' if n in facts.tickets else ', which there is not'}", "subject")
        for n in facts.subject_numbers
    ]
    if facts.duplicate is not None:
        found.append(_fact("same-mail", f"inbound {facts.duplicate.inbound}", "content"))
    if facts.bounced is not None:
        found.append(_fact("our-outbox", f"outbox {facts.bounced.id} to {facts.bounced.recipient}", "report"))
    if facts.junk.action != "clean":
        found.append(_fact(f"junk-{facts.junk.action}", facts.junk.detail, facts.junk.source))
    if facts.signature is not None:
        found.append(_fact("signature", f"{facts.signature.lines} lines left out", facts.signature.how))
    found.append(_fact("known-author", "yes" if facts.known_author else "no", "contacts"))
    found += [_fact("defect", defect, "mail") for defect in mail.defects]
    return found


def _fact(fact: str, value: str, source: str) -> dict[str, str]:
    return {"fact": fact, "value": value, "source": source}


def _print(explained: dict[str, Any]) -> None:
    print(f"kind      {explained['kind']}  ({explained['kind_reason']})")
    print(f"author    {explained['author']}")
    print(f"queue     {explained['queue']}")
    for found in explained["evidence"]:
        value = f": {found['value']}" if found["value"] else ""
        print(f"evidence  {found['fact']}{value}  ({found['source']})")
    for line in explained["rules"]:
        why = f"  ({line['why']})" if line["why"] else ""
        print(f"rule      {line['rule']}: {line['verdict']}{why}")
    ticket = f", ticket {explained['ticket']}" if explained["ticket"] else ""
    print(f"decision  {explained['decision']}{ticket}: {explained['reason']}. {sentence(explained['reason'])}")
    print(f"effects   {', '.join(explained['effects']) or 'none'}")
    for one in explained["by_rules"]:
        print(f"by rule   {one['kind']}: {one['to'] or '-'}  ({one['rule']})")
    for one in explained["fields"]:
        print(f"field     {one['name']}: {one['value']}  ({one['reason']})")
    if explained["asks"]:
        print(f"asks      {', '.join(explained['asks'])}")
    for notice in explained["notices"]:
        print(f"notice    {notice['notice']} to {', '.join(notice['recipients'])}")
    for held_back in explained["withheld"]:
        print(f"withheld  {held_back['notice']}: {sentence(held_back['reason'])}")
