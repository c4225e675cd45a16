"""What is written of a draft: its letters, from the rendered notices, and the settlement that `store.settle` writes."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from mailtickets.desk.letters.letter import Letter, Stationery, letter
from mailtickets.desk.letters.render import Rendered, render
from mailtickets.desk.letters.sandbox import Templates
from mailtickets.desk.model.facts import Facts
from mailtickets.desk.model.ticket import Ticket
from mailtickets.desk.notices.notice import Notice, Situation
from mailtickets.desk.notices.rows import NOTICES
from mailtickets.gateway.drafting.draft import Draft
from mailtickets.gateway.drafting.reading import moment
from mailtickets.mail.model import Address
from mailtickets.store.settle import Settlement


def rendered(draft: Draft, templates: Templates) -> list[Rendered]:
    """Renders the notices of a draft and of the drafts in its `also`, in this process."""
    return [render_notice(templates, notice) for one in draft.all() for notice in one.notices]


def render_notice(templates: Templates, notice: Notice) -> Rendered:
    return render(templates, *notice.job)


@dataclass(frozen=True, slots=True)
class Writing:
    """What every letter of a draft is written with."""

    stationery: Stationery
    now: datetime
    nonce: Callable[[], str]
    """Returns a new random code for each letter."""

    def letters(self, draft: Draft, words: Iterable[Rendered]) -> tuple[Letter, ...]:
        """The letters of a draft; takes as many rendered notices from `words` as the draft has notices."""
        ticket = _for_threading(draft)
        inbound = draft.received.id if draft.received else None
        return tuple(
            letter(
                notice,
                text,
                None if notice.takes_lines or NOTICES[notice.name].audience == "ops" else ticket,
                self.stationery,
                self.nonce(),
                self.now,
                inbound,
            )
            for notice, text in zip(draft.notices, words, strict=False)
        )

    def settlement(self, draft: Draft, words: Iterable[Rendered]) -> Settlement:
        """The settlement of a draft, from the rendered notices in the order of `rendered`."""
        words, facts = iter(words), draft.facts
        duplicate = facts.duplicate if facts else None
        return Settlement(
            decision=draft.decision,
            now=self.now,
            happened_at=moment(draft.received, draft.made_at or self.now),
            before=draft.before,
            after=draft.after,
            letters=self.letters(draft, words),
            budget=draft.budget,
            withheld=draft.withheld,
            received=draft.received,
            mail=draft.mail,
            text=draft.basis.text,
            proven_author=_proven_author(draft),
            reachable_author=draft.basis.reachable_author,
            queues=_informed(facts) if facts else (),
            instead_of=duplicate.inbound if duplicate else None,
            instead_was=duplicate.outcome if duplicate else None,
            turns=draft.desk.assigned_at,
            also=tuple(self.settlement(another, words) for another in draft.also),
            signature=draft.signature,
            deadlines=draft.timing.changes,
            answer=draft.answer,
            rating=draft.rating,
        )


def _proven_author(draft: Draft) -> Address | None:
    """The author of the mail, if the author's own domain authenticates the mail."""
    facts, mail = draft.facts, draft.mail
    return mail.author if facts and mail and facts.authentication.verdict == "pass" else None


def _informed(facts: Facts) -> tuple[str, ...]:
    """Names of the queues whose agents are told of the mail. Nobody is told of imported mail."""
    if facts.envelope.door.is_history:
        return ()
    return (facts.queue.name, *(queue.name for queue in facts.also_queues))


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
