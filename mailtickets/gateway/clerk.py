"""Processes a mail or an order up to the database: gather facts, decide, render notices, store.

Owns: the two transactions around a decision. The first one reads the facts and reserves a ticket number, the second one
writes everything or nothing. Notices are rendered between the two, so that no slow template holds a lock. The daemon,
the shell and the jobs all use the clerk.
Fails with: `Stale` from `settle` if the facts have changed meanwhile (see `drafts`); `Transient` for database trouble.
"""

import secrets as randomness
from base64 import b32encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from mailtickets.config.models import Agent, Config
from mailtickets.config.places import shipped, template_texts
from mailtickets.desk.change import changed, opened
from mailtickets.desk.claims.authors import agent_of, from_our_own_address, matched
from mailtickets.desk.claims.matching import claimed
from mailtickets.desk.letters.canned import canned, canned_commands, canned_names
from mailtickets.desk.letters.letter import Letter, Stationery, copy_for, letter
from mailtickets.desk.letters.render import Rendered, render
from mailtickets.desk.letters.sandbox import Templates
from mailtickets.desk.model.decision import Decision
from mailtickets.desk.model.effects import AddMessage, Assign, MoveTo, OpenTicket, SplitOff
from mailtickets.desk.model.facts import Desk, Facts, SignatureFact
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.reason import OtherReason
from mailtickets.desk.model.ticket import Said, Ticket
from mailtickets.desk.notices import plan as notices
from mailtickets.desk.notices.budget import BudgetLine, budget_lines, untold, within_budget
from mailtickets.desk.notices.contexts import context
from mailtickets.desk.notices.notice import Notice, Occasion, Situation
from mailtickets.desk.notices.rows import NOTICES
from mailtickets.desk.rules.assignment import turn
from mailtickets.desk.rules.decide import decide
from mailtickets.desk.rules.opening import as_opening
from mailtickets.desk.rules.questions import Questions, questions
from mailtickets.desk.signatures.learning import Seen, seen_in
from mailtickets.desk.signatures.written import as_written, signer_of
from mailtickets.gateway.again import drafts
from mailtickets.mail.kind.junk import NO_MARK, JunkVerdict
from mailtickets.mail.model import Address, Attachment, Copy, InboundMail
from mailtickets.mail.trust import traces
from mailtickets.mail.write.compose import compose
from mailtickets.store import agents, budgets, contacts, outbox, signatures, tickets
from mailtickets.store.database import Database
from mailtickets.store.inbound import Received
from mailtickets.store.outbox import Due
from mailtickets.store.read.agent_facts import turns
from mailtickets.store.read.facts import gather, known_tokens
from mailtickets.store.settle import Settlement, settle

Decide = Callable[[Ticket], Decision | None]


@dataclass(frozen=True, slots=True)
class Rules:
    """The configuration, in the form that decisions and notices need. A reload replaces all of it."""

    policy: Policy
    templates: Templates
    stationery: Stationery


@dataclass(frozen=True, slots=True)
class Draft:
    """A decision and its notices, before the notices are rendered and everything is written."""

    decision: Decision
    before: Ticket | None
    after: Ticket | None
    notices: tuple[Notice, ...]
    budget: tuple[BudgetLine, ...]
    withheld: tuple[tuple[str, str], ...]
    received: Received | None = None
    mail: InboundMail | None = None
    facts: Facts | None = None
    text: str = ""
    also: tuple["Draft", ...] = ()
    """Drafts for other tickets that the same mail changes."""
    desk: Desk = field(default_factory=Desk)
    """The agents' work, as it was when the decision was made."""
    signature: Seen | None = None
    """The author's signature that the mail shows, if the author is surely an agent."""

    def all(self) -> Iterator["Draft"]:
        """Yields this draft, and then the drafts in `also`."""
        yield self
        yield from self.also


def rules_of(config: Config, secrets: tuple[bytes, ...]) -> Rules:
    """Makes the rules of a configuration."""
    overriding = config.templates.directory
    templates = Templates(
        template_texts(shipped("templates")), template_texts(config.path(overriding)) if overriding else {}
    )
    return Rules(Policy.of(config), templates, Stationery(config.instance, secrets, config.delivery.envelope))


def nothing_known(connection: Connection) -> Desk:
    """An empty Desk, for notices that do not show the agents' work."""
    return Desk()


class Clerk:
    """Does the work of one instance on one database. Synchronous; safe to use from several threads."""

    def __init__(
        self,
        database: Database,
        rules: Rules,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        nonce: Callable[[], str] = lambda: b32encode(randomness.token_bytes(10))[:12].decode().lower(),
    ) -> None:
        self.database, self.rules, self.clock, self.nonce = database, rules, clock, nonce

    # --- mail ---------------------------------------------------------------------------------------------

    def draft(
        self, received: Received, mail: InboundMail, unparsed: str | None = None, junk: JunkVerdict = NO_MARK
    ) -> Draft:
        """Decides on a mail and on the notices that follow, in a transaction of its own."""
        return self.database.transact(self.draft_in, received, mail, self.asked(received, mail), unparsed, junk)

    def asked(self, received: Received, mail: InboundMail) -> Questions | None:
        """The questions of a customer's mail, read before a transaction begins.

        None for an agent's mail: `draft_in` reads it without the agent's signature, which is in the database.
        """
        policy = self.rules.policy
        return None if _agent_in_from(mail, policy) else questions(mail, policy, received.correction)

    def explain(self, received: Received, mail: InboundMail, junk: JunkVerdict = NO_MARK) -> Draft:
        """The decision on a mail, and the notices that would be sent now. Nothing is written."""
        return self.database.transact(self._explain_in, received, mail, junk)

    def _explain_in(self, connection: Connection, received: Received, mail: InboundMail, junk: JunkVerdict) -> Draft:
        with connection.begin_nested() as nothing:
            draft = self.draft_in(connection, received, mail, None, None, junk)
            nothing.rollback()
        return draft

    def draft_in(
        self,
        connection: Connection,
        received: Received,
        mail: InboundMail,
        asked: Questions | None,
        unparsed: str | None,
        junk: JunkVerdict,
    ) -> Draft:
        """Like `draft`, but in the caller's transaction. `asked` is the result of `asked()`, or None."""
        now, policy = self.clock(), self.rules.policy
        came, (asked, signed) = mail, self._asked(connection, received, mail, asked)
        facts, asked = gather(connection, received, asked, policy, now, unparsed, junk)
        if from_our_own_address(asked.mail, policy) and (agent := agent_of(asked.mail, facts, policy)):
            asked, signed = self._asked_by(connection, received, asked.mail, agent)  # a reply token shows the agent
        facts = replace(self._with_canned(facts, asked), signature=signed)
        decision = decide(asked.mail, facts, policy, now, asked)
        mail, as_read = asked.mail, came
        if decision.opens is not None:
            mail, as_read = as_opening(mail, facts), as_opening(as_read, facts)
        before = facts.tickets.get(decision.ticket or 0)
        if before is not None and decision.ticket != before.number:
            decision = replace(decision, ticket=before.number)  # a merged ticket: the other ticket takes its place
        draft = self._drafted(
            connection, decision, before, now, received=received, mail=mail, mail_as_read=as_read, facts=facts
        )
        return replace(draft, signature=_shown_signature(came, decision, policy))

    def _asked(
        self, connection: Connection, received: Received, mail: InboundMail, asked: Questions | None
    ) -> tuple[Questions, SignatureFact | None]:
        """The questions of a mail, and the signature that was cut from it.

        An agent's mail is read without the agent's signature, which is in the database. Nothing is cut from a
        customer's mail.
        """
        policy = self.rules.policy
        agent = _agent_in_from(mail, policy)
        if agent is None:
            return asked or questions(mail, policy, received.correction), None
        return self._asked_by(connection, received, mail, agent)

    def _asked_by(
        self, connection: Connection, received: Received, mail: InboundMail, agent: Agent
    ) -> tuple[Questions, SignatureFact | None]:
        policy = self.rules.policy
        words, signed = as_written(mail, signer_of(agent, policy, signatures.learned(connection, agent.address)))
        return questions(words, policy, received.correction).of_agent(agent), signed

    def _with_canned(self, facts: Facts, asked: Questions) -> Facts:
        """The facts, with the ready answers that an agent's mail asks for, rendered for the ticket of the mail."""
        policy = self.rules.policy
        names = asked.orders.ready_answers if asked.orders and agent_of(asked.mail, facts, policy) else None
        if not names:
            return facts
        found = matched(asked.mail, facts, policy)
        ticket = found.ticket if found else claimed(facts)
        if ticket is None:
            return facts
        texts = {name: text for name in names if (text := self._canned(name, ticket)) is not None}
        templates = self.rules.templates
        carried = {name: canned_commands(templates, name, ticket.locale) for name in texts}
        known = canned_names(templates, ticket.locale)
        return replace(facts, canned=texts, canned_commands=carried, canned_names=known)

    def _canned(self, name: str, ticket: Ticket) -> str | None:
        policy = self.rules.policy
        queue = policy.queue(ticket.queue) or policy.queues[0]
        situation = Situation(Decision(OtherReason("canned")), ticket, ticket)
        seen = context(Occasion(situation, queue, policy, self.clock()), ticket.locale, public=True)
        try:
            return canned(self.rules.templates, name, ticket.locale, seen)
        except KeyError:
            return None

    # --- orders -------------------------------------------------------------------------------------------

    def order(
        self,
        number: int,
        decide_on: Decide,
        *,
        text: str = "",
        desk: Callable[[Connection], Desk] = nothing_known,
    ) -> Ticket | None:
        """Carries out the decision that `decide_on` returns for a ticket. If it returns None, nothing changes.

        Returns None if there is no such ticket.
        """
        for attempt in drafts(f"ticket {number}"):
            with attempt:
                draft = self.draft_order(number, lambda it: decide_on(it) if it else None, text=text, desk=desk)
                if draft.before is None:
                    return None
                self.settle(draft, self.words(draft))
                return draft.after or draft.before
        raise AssertionError("unreachable")

    def tell(
        self,
        decision: Decision,
        subject: str,
        also: Callable[[Connection], None],
        *,
        desk: Callable[[Connection], Desk] = nothing_known,
    ) -> None:
        """Writes the notices of a decision that concerns no ticket, and calls `also`, in one transaction."""
        for attempt in drafts(subject):
            with attempt:
                draft = self.draft_order(None, lambda _: decision, desk=desk)
                self.settle(draft, self.words(draft), also)
                return

    def draft_order(
        self,
        number: int | None,
        decide_on: Callable[[Ticket | None], Decision | None],
        *,
        text: str = "",
        desk: Callable[[Connection], Desk] = nothing_known,
    ) -> Draft:
        """Decides on a ticket and on the notices that follow.

        `number` is None if the decision concerns no ticket; `decide_on` also gets None if the ticket does not exist.
        `desk` reads the agents' work that the notices show.
        """
        return self.database.transact(self._draft_order_in, number, decide_on, text, desk)

    def _draft_order_in(
        self,
        connection: Connection,
        number: int | None,
        decide_on: Callable[[Ticket | None], Decision | None],
        text: str,
        desk: Callable[[Connection], Desk],
    ) -> Draft:
        before = tickets.load(connection, number) if number is not None else None
        decision = decide_on(before) or Decision("nothing-to-do")
        return self._drafted(connection, decision, before, self.clock(), text=text, desk=desk(connection))

    def open(self, decision: Decision, *, text: str) -> Ticket:
        """Opens a ticket that was ordered from the shell. It is assigned to an agent like a ticket from the queue's
        mail."""
        for attempt in drafts("a new ticket"):
            with attempt:
                draft = self.database.transact(self._drafted_opening, decision, text)
                self.settle(draft, self.words(draft))
                if draft.after is None:
                    raise AssertionError("an OpenTicket effect opens a ticket")
                return draft.after
        raise AssertionError("unreachable")

    def _drafted_opening(self, connection: Connection, decision: Decision, text: str) -> Draft:
        policy, now = self.rules.policy, self.clock()
        queue = policy.queue(decision.opens.queue) if decision.opens else None
        desk = turns(connection, queue, policy) if queue else Desk()
        given = turn(queue, desk, policy, now) if queue else None
        effects = (*decision.effects, given) if given else decision.effects
        return self._drafted(connection, replace(decision, effects=effects), None, now, text=text, desk=desk)

    # --- letters that are being sent ----------------------------------------------------------------------

    def written(self, row: Due, attachments: tuple[Attachment, ...]) -> tuple[bytes, Copy]:
        """One copy of a letter as it is sent: (bytes, the recipient's own part).

        The result is the same at every attempt. Dates are in the time zone of the instance.
        """
        zone = ZoneInfo(self.rules.policy.instance.timezone)
        copy = copy_for(row.addressed, row.ticket, self.rules.stationery.secrets)
        mail = replace(row.mail, attachments=attachments, date=row.mail.date.astimezone(zone))
        return compose(mail, copy), copy

    # --- mail and orders ----------------------------------------------------------------------------------

    def _drafted(
        self,
        connection: Connection,
        decision: Decision,
        before: Ticket | None,
        now: datetime,
        *,
        received: Received | None = None,
        mail: InboundMail | None = None,
        mail_as_read: InboundMail | None = None,
        facts: Facts | None = None,
        text: str = "",
        desk: Desk | None = None,
    ) -> Draft:
        policy = self.rules.policy
        also = tuple(self._drafted_also(connection, another, facts, now) for another in decision.also)
        after = _after(decision, before, now, lambda: tickets.reserve_number(connection, policy.instance.first_number))
        thread, newest = _thread(connection, decision, before, policy), _newest(connection, decision, before)
        situation = Situation(
            decision,
            before,
            after or before,
            mail,
            facts,
            text if mail is None else None,
            desk_without_mail=desk,
            also=tuple(draft.after for draft in also if draft.after),
            thread=thread,
            newest=newest,
            secrets=known_tokens(connection, _suspects(mail, after or before, text, (*thread, *newest))),
            mail_as_read=mail_as_read,
        )
        planned = notices.plan(situation, policy, now)
        number = situation.after.number if situation.after else 0
        copies = [(notice, who) for notice in planned for who in notice.recipients]
        lines = [line for notice, who in copies for line in budget_lines(notice, who, number, policy)]
        used = budgets.used(connection, lines, now)
        lost = contacts.undeliverable(connection, [who for notice, who in copies if notice.automatic])
        lost -= {_wrote(decision, facts, mail).casefold()}
        kept, withheld, stopped = _allowed(planned, number, policy, used, lost)
        spent = tuple(
            line for notice in kept for who in notice.recipients for line in budget_lines(notice, who, number, policy)
        )
        spent += untold(stopped)
        return Draft(decision, before, after, kept, spent, withheld, received, mail, facts, text, also, situation.desk)

    def _drafted_also(self, connection: Connection, decision: Decision, facts: Facts | None, now: datetime) -> Draft:
        """The draft for another ticket that a mail changes, beside the ticket that the mail is about."""
        before = facts.tickets.get(decision.ticket or 0) if facts else None
        return self._drafted(connection, decision, before, now)

    def alarm(self, subject: str, text: str) -> None:
        """Queues an alarm to `ops_address`, if the configuration has one."""
        policy, stationery = self.rules.policy, self.rules.stationery
        if not policy.instance.ops_address:
            return
        notice = notices.alarm(subject, text, policy, self.clock())
        sent = letter(notice, render_notice(self.rules.templates, notice), None, stationery, self.nonce(), self.clock())
        self.database.transact(outbox.queue, sent, None, None, self.clock())

    def words(self, draft: Draft) -> list[Rendered]:
        """Renders the notices of a draft and of the drafts in its `also`, in this process."""
        return [render_notice(self.rules.templates, notice) for one in draft.all() for notice in one.notices]

    def letters(self, draft: Draft, words: Iterable[Rendered]) -> tuple[Letter, ...]:
        ticket, now = _for_threading(draft), self.clock()
        inbound = draft.received.id if draft.received else None
        return tuple(
            letter(
                notice,
                rendered,
                None if notice.takes_lines or NOTICES[notice.name].audience == "ops" else ticket,
                self.rules.stationery,
                self.nonce(),
                now,
                inbound,
            )
            for notice, rendered in zip(draft.notices, words, strict=False)
        )

    def settlement(self, draft: Draft, words: Iterable[Rendered]) -> Settlement:
        """The settlement that `settle` writes, from a draft and the rendered notices in the order of `words()`."""
        words = iter(words)
        queues = (draft.facts.queue.name, *(queue.name for queue in draft.facts.also_queues)) if draft.facts else ()
        return Settlement(
            decision=draft.decision,
            now=self.clock(),
            before=draft.before,
            after=draft.after,
            letters=self.letters(draft, words),
            budget=draft.budget,
            withheld=draft.withheld,
            received=draft.received,
            mail=draft.mail,
            text=draft.text,
            proven_author=_met(draft.facts, draft.mail),
            reachable_author=_wrote(draft.decision, draft.facts, draft.mail),
            queues=queues,
            instead_of=draft.facts.duplicate.inbound if draft.facts and draft.facts.duplicate else None,
            instead_was=draft.facts.duplicate.outcome if draft.facts and draft.facts.duplicate else None,
            turns=draft.desk.assigned_at,
            also=tuple(self.settlement(another, words) for another in draft.also),
            signature=draft.signature,
        )

    def settle(self, draft: Draft, words: Sequence[Rendered], also: Callable[[Connection], None] | None = None) -> None:
        """Writes a draft and calls `also`, in one transaction. Raises Stale if the draft is out of date."""
        self.database.transact(self.settle_in, draft, words, also)

    def settle_in(
        self,
        connection: Connection,
        draft: Draft,
        words: Sequence[Rendered],
        also: Callable[[Connection], None] | None = None,
    ) -> None:
        """Like `settle`, but in the caller's transaction."""
        settle(connection, self.settlement(draft, words))
        if also is not None:
            also(connection)


def _agent_in_from(mail: InboundMail, policy: Policy) -> Agent | None:
    return policy.agent(mail.author.address) if mail.author else None


_SURELY_AN_AGENTS = frozenset({"agent-answer", "agent-note", "agent-commands", "opened-by-agent"})
"""Reasons of decisions that need more proof than a From line. Signatures are learned only from mail with such a
reason."""


def _shown_signature(came: InboundMail, decision: Decision, policy: Policy) -> Seen | None:
    agent = policy.agent(decision.actor) if decision.reason in _SURELY_AN_AGENTS else None
    return seen_in(came, agent.address, signer_of(agent, policy)) if agent else None


def _thread(connection: Connection, decision: Decision, before: Ticket | None, policy: Policy) -> tuple[Said, ...]:
    """The earlier messages that an answer to customers shows. Empty if the decision sends no answer."""
    if before is None or not any(isinstance(e, AddMessage) and e.direction == "out" for e in decision.effects):
        return ()
    queue = policy.queue(before.queue)
    history = queue.history if queue else 0
    known = [agent.address for agent in policy.agents]
    return agents.thread_for_all(connection, before.number, known, history) if history else ()


def _newest(connection: Connection, decision: Decision, before: Ticket | None) -> tuple[Said, ...]:
    """The newest message, for the notices that show it to agents."""
    moved = next((effect.inbound for effect in decision.effects if isinstance(effect, SplitOff)), None)
    if moved is not None:
        return agents.brought_by(connection, moved)
    if before is None:
        return ()
    shows = "reminder" in decision.notices or any(isinstance(e, Assign | MoveTo) for e in decision.effects)
    return agents.thread(connection, before.number, limit=5) if shows else ()


def _suspects(mail: InboundMail | None, ticket: Ticket | None, text: str, thread: Sequence[Said]) -> frozenset[str]:
    """Words that look like reply tokens, in all texts that a notice may show."""
    said = [text, ticket.subject if ticket else "", *(message.text for message in thread)]
    return traces.suspects("\n\n\n".join(said)).union(mail.suspects if mail else ())


def render_notice(templates: Templates, notice: Notice) -> Rendered:
    return render(templates, *notice.job)


def _after(decision: Decision, before: Ticket | None, now: datetime, number: Callable[[], int]) -> Ticket | None:
    """The ticket after the decision; None if the decision changes no ticket."""
    opening = decision.opens
    if opening is not None:
        fresh = opened(opening, number(), now)
        return changed(fresh, [e for e in decision.effects if not isinstance(e, OpenTicket)], now)
    if before is None or not decision.effects:
        return None
    return changed(before, decision.effects, now)


def _allowed(
    planned: Iterable[Notice], number: int, policy: Policy, used: dict[str, int], lost: frozenset[str]
) -> tuple[tuple[Notice, ...], tuple[tuple[str, str], ...], tuple[BudgetLine, ...]]:
    """Three values: the notices that may be sent now, without the recipients that may not get them; the withheld
    notices with the reason; the lines of budgets that are used up."""
    kept, withheld, full = [], [], list[BudgetLine]()
    for notice in planned:
        reached = tuple(who for who in notice.recipients if not (notice.automatic and who.key in lost))
        if len(reached) < len(notice.recipients):
            withheld.append((notice.name, "undeliverable"))
        allowed, stopped = within_budget(replace(notice, recipients=reached), number, policy, used)
        withheld += [(notice.name, line.reason) for line in stopped]
        full += stopped
        if allowed.recipients:
            kept.append(allowed)
    return tuple(kept), tuple(withheld), tuple(full)


def _met(facts: Facts | None, mail: InboundMail | None) -> Address | None:
    """The author of the mail, if the author's own domain authenticates the mail."""
    return mail.author if facts and mail and facts.authentication.verdict == "pass" else None


def _wrote(decision: Decision, facts: Facts | None, mail: InboundMail | None) -> str:
    """The address of the author of a mail, if the mail was taken in and did not fail the domain's authentication; else
    empty. A person who answers can receive mail, even if an earlier report says that mail to them failed.
    """
    if mail is None or facts is None or mail.author is None or facts.authentication.verdict == "fail":
        return ""
    taken = decision.outcome in {"opened", "appended", "noted", "commanded"} and mail.kind in {"human", "auto_reply"}
    return mail.author.address if taken else ""


def _for_threading(draft: Draft) -> Ticket | None:
    """The ticket, with the Message-ID of the customer's present mail added to its references."""
    ticket = draft.after or draft.before
    mail = draft.mail
    if ticket is None or mail is None or mail.message_id is None:
        return ticket
    message = Situation(draft.decision, draft.before, ticket).message
    if message is None or message.direction != "in" or message.visibility != "public":
        return ticket
    return replace(ticket, references=(*ticket.references, mail.message_id))
