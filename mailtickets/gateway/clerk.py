"""Processes a mail or an order up to the database: gather facts, decide, render notices, store.

Owns: the two transactions around a decision. The first one reads the facts and reserves a ticket number, the second one
writes everything or nothing. Notices are rendered between the two, so that no slow template holds a lock. The daemon,
the shell and the jobs all use the clerk.
Fails with: `Stale` from `settle` if the facts have changed meanwhile (see `drafts`); `Transient` for database trouble.
"""

import secrets as randomness
from base64 import b32encode
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from mailtickets.desk.claims.authors import agent_of, from_our_own_address
from mailtickets.desk.letters.letter import copy_for, letter
from mailtickets.desk.letters.render import Rendered
from mailtickets.desk.model.decision import Decision
from mailtickets.desk.model.ticket import Ticket
from mailtickets.desk.notices.notice import Notice
from mailtickets.desk.rules.decide import decide
from mailtickets.desk.rules.opening import as_opening
from mailtickets.gateway.again import drafts
from mailtickets.gateway.drafting.basis import Basis
from mailtickets.gateway.drafting.draft import Draft, drafted
from mailtickets.gateway.drafting.fields import with_values_of_mail
from mailtickets.gateway.drafting.firing import TimerOrder
from mailtickets.gateway.drafting.order import Order, ReadDesk, basis_of_opening, nothing_known
from mailtickets.gateway.drafting.reading import (
    Incoming,
    agent_questions,
    customer_questions,
    incoming_questions,
    moment,
    shown_signature,
    with_canned,
)
from mailtickets.gateway.drafting.ruling import ruled, ruled_order
from mailtickets.gateway.drafting.settlement import Writing, render_notice, rendered
from mailtickets.gateway.rules import Rules
from mailtickets.mail.kind.junk import NO_MARK, JunkVerdict
from mailtickets.mail.model import Attachment, Copy, InboundMail
from mailtickets.mail.write.compose import compose
from mailtickets.store import deadlines, outbox
from mailtickets.store.database import Database
from mailtickets.store.inbound import Received
from mailtickets.store.outbox import Due
from mailtickets.store.read.facts import facts_of_past, gather
from mailtickets.store.settle import settle


def utc_now() -> datetime:
    return datetime.now(UTC)


def random_code() -> str:
    """12 random letters and digits, for the Message-ID of a notice."""
    return b32encode(randomness.token_bytes(10))[:12].decode().lower()


class Clerk:
    """Does the work of one instance on one database. Synchronous; safe to use from several threads."""

    def __init__(
        self,
        database: Database,
        rules: Rules,
        *,
        clock: Callable[[], datetime] = utc_now,
        nonce: Callable[[], str] = random_code,
    ) -> None:
        self.database, self.rules, self.clock, self.nonce = database, rules, clock, nonce

    # --- mail ---------------------------------------------------------------------------------------------

    def incoming(
        self, received: Received, mail: InboundMail, unparsed: str | None = None, junk: JunkVerdict = NO_MARK
    ) -> Incoming:
        """A mail for `draft_in`. The questions of a customer's mail are read here, before a transaction begins."""
        questions = customer_questions(received, mail, self.rules.policy)
        return Incoming(received, mail, unparsed, junk, questions=questions)

    def draft(
        self, received: Received, mail: InboundMail, unparsed: str | None = None, junk: JunkVerdict = NO_MARK
    ) -> Draft:
        """Decides on a mail and on the notices that follow, in a transaction of its own."""
        return self.database.transact(self.draft_in, self.incoming(received, mail, unparsed, junk))

    def explain(self, received: Received, mail: InboundMail, junk: JunkVerdict = NO_MARK) -> Draft:
        """The decision on a mail, and the notices that would be sent now. Nothing is written."""
        return self.database.transact(self._explain_in, self.incoming(received, mail, junk=junk))

    def _explain_in(self, connection: Connection, incoming: Incoming) -> Draft:
        with connection.begin_nested() as nothing:
            draft = self.draft_in(connection, incoming)
            nothing.rollback()
        return draft

    def draft_in(self, connection: Connection, incoming: Incoming) -> Draft:
        """Like `draft`, but in the caller's transaction."""
        policy, received = self.rules.policy, incoming.received
        now = moment(received, self.clock())
        asked, signature = incoming_questions(connection, incoming, policy)
        if received.envelope.door.is_history:
            facts = facts_of_past(connection, received, asked.mail, policy, incoming.leaving)
            facts = replace(facts, unparsed=incoming.unparsed)
        else:
            facts, asked = gather(connection, received, asked, policy, now, incoming.unparsed, incoming.junk)
        if from_our_own_address(asked.mail, policy) and (agent := agent_of(asked.mail, facts, policy)):
            signed = replace(incoming, mail=asked.mail)  # a reply token shows who the agent is
            asked, signature = agent_questions(connection, signed, agent, policy)
        facts = replace(with_canned(facts, asked, self.rules, now), signature=signature)
        decision = decide(asked.mail, facts, policy, now, asked)
        before = facts.tickets.get(decision.ticket or 0)
        if not received.envelope.door.is_history:
            said = as_opening(asked.mail, facts) if decision.opens else asked.mail
            decision = with_values_of_mail(connection, decision, said, before, policy)
        decision, facts = ruled(connection, decision, facts, asked, policy, now, self.rules.templates)
        mail, as_read = asked.mail, incoming.mail
        if decision.opens is not None:
            mail, as_read = as_opening(mail, facts), as_opening(as_read, facts)
        if before is not None and decision.ticket != before.number:
            decision = replace(decision, ticket=before.number)  # a merged ticket: the other ticket takes its place
        basis = Basis(decision, before, received, mail, facts, mail_as_read=as_read)
        draft = drafted(connection, basis, policy, now)
        return replace(draft, signature=shown_signature(incoming.mail, decision, policy))

    # --- orders -------------------------------------------------------------------------------------------

    def order(self, order: Order | TimerOrder, also: Callable[[Connection], None] | None = None) -> Ticket | None:
        """Carries out an order, and calls `also` in the same transaction. Returns the ticket after it; None if there is
        no such ticket."""
        for attempt in drafts(f"ticket {order.ticket}", ticket=order.ticket):
            with attempt:
                draft = self.draft_order(order)
                if draft.before is None:
                    return None
                self.settle(draft, self.words(draft), also)
                return draft.after or draft.before
        raise AssertionError("unreachable")

    def draft_order(self, order: Order | TimerOrder) -> Draft:
        """Decides on an order and on the notices that follow, in a transaction of its own."""
        return self.database.transact(self._draft_order_in, order)

    def _draft_order_in(self, connection: Connection, order: Order | TimerOrder) -> Draft:
        policy, now = self.rules.policy, self.clock()
        basis = ruled_order(connection, order.basis(connection), policy, now, self.rules.templates)
        return drafted(connection, basis, policy, now)

    def tell(
        self,
        decision: Decision,
        subject: str,
        also: Callable[[Connection], None],
        *,
        desk: ReadDesk = nothing_known,
    ) -> None:
        """Writes the notices of a decision that concerns no ticket, and calls `also`, in one transaction. `subject` is
        for the log."""
        for attempt in drafts(subject):
            with attempt:
                draft = self.database.transact(self._draft_telling_in, decision, desk)
                self.settle(draft, self.words(draft), also)
                return

    def _draft_telling_in(self, connection: Connection, decision: Decision, desk: ReadDesk) -> Draft:
        basis = Basis(decision, desk=desk(connection))
        return drafted(connection, basis, self.rules.policy, self.clock())

    def open(self, decision: Decision, *, text: str) -> Ticket:
        """Opens a ticket that was ordered from the shell."""
        for attempt in drafts("a new ticket"):
            with attempt:
                draft = self.database.transact(self._draft_opening_in, decision, text)
                self.settle(draft, self.words(draft))
                if draft.after is None:
                    raise AssertionError("an OpenTicket effect opens a ticket")
                return draft.after
        raise AssertionError("unreachable")

    def _draft_opening_in(self, connection: Connection, decision: Decision, text: str) -> Draft:
        policy, now = self.rules.policy, self.clock()
        return drafted(connection, basis_of_opening(connection, decision, text, policy, now), policy, now)

    def tell_ops_in(self, connection: Connection, notice: Notice) -> None:
        """Queues a notice to `ops_address`, in the caller's transaction."""
        self.queue_in(connection, notice, render_notice(self.rules.templates, notice))

    def queue_in(self, connection: Connection, notice: Notice, words: Rendered) -> None:
        """Queues a rendered notice that is about no ticket, in the caller's transaction."""
        now = self.clock()
        outbox.queue(connection, letter(notice, words, None, self.rules.stationery, self.nonce(), now), None, None, now)

    # --- drafts are written -------------------------------------------------------------------------------

    def words(self, draft: Draft) -> list[Rendered]:
        """Renders the notices of a draft and of the drafts in its `also`, in this process."""
        return rendered(draft, self.rules.templates)

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
        writing = Writing(self.rules.stationery, self.clock(), self.nonce)
        settle(connection, writing.settlement(draft, words))
        for number in (number for one in draft.all() for number in one.timing.refresh):
            deadlines.refresh(connection, number, self.rules.policy, writing.now)
        if also is not None:
            also(connection)

    # --- letters that are being sent ----------------------------------------------------------------------

    def written(self, row: Due, attachments: tuple[Attachment, ...]) -> tuple[bytes, Copy]:
        """One copy of a letter as it is sent: (bytes, the recipient's own part).

        The result is the same at every attempt. Dates are in the time zone of the instance.
        """
        zone = ZoneInfo(self.rules.policy.instance.timezone)
        copy = copy_for(row.addressed, row.ticket, self.rules.stationery.secrets)
        mail = replace(row.mail, attachments=attachments, date=row.mail.date.astimezone(zone))
        return compose(mail, copy), copy
