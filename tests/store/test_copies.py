"""The same mail comes by several roads, and the first copy has reached nobody: what people receive then."""

from typing import Any

import pytest
from sqlalchemy import Row

from mailtickets.desk.model.policy import Policy
from mailtickets.mail.door import LMTP, Door
from mailtickets.mail.kind.junk import NO_MARK, JunkVerdict
from mailtickets.mail.read.parse import parse
from mailtickets.store import inbound, ledger
from mailtickets.store.database import Stale
from tests.desk.builders import ANA, BRUNO, MARIA, a_policy
from tests.store.office import Office, a_message

SPAM = JunkVerdict("spam", "spam-header", "X-Spam-Flag")
BOX: dict[str, Any] = {"door": Door.imap("suporte"), "sender": None, "recipients": ()}
JUNK: dict[str, Any] = {"door": Door.imap("lixo"), "sender": None, "recipients": ()}


def take(office: Office, raw: bytes, junk: JunkVerdict = NO_MARK, **envelope: Any) -> Row[Any]:
    number = office.keep(raw, **envelope)
    settle(office, number, junk)
    return office.row(number)


def settle(office: Office, number: int, junk: JunkVerdict = NO_MARK) -> None:
    received = office.received(number)
    office.settle(office.clerk.draft(received, parse(received.raw, instance="exemplo"), junk=junk))


def release(office: Office, number: int) -> Row[Any]:
    """As an operator does it."""
    assert office.run(lambda c: inbound.accept_again(c, number, released=True))
    settle(office, number)
    return office.row(number)


def told(office: Office, person: Any) -> list[str]:
    return [notice for notice, recipient in office.outgoing() if recipient == person.address]


def policy(**changes: Any) -> Policy:
    made = a_policy()
    return Policy(**{
        "instance": made.instance, "queues": made.queues, "agents": made.agents, "trust": made.trust,
        "budget": made.budget, "junk": made.junk, **changes,
    })  # fmt: skip


def test_a_genuine_mail_is_not_lost_as_a_copy_of_one_that_was_held_as_spam_at_another_door(office: Office) -> None:
    held = take(office, a_message(), SPAM, **JUNK)
    assert (held.outcome, told(office, ANA), told(office, MARIA)) == ("held", [], [])
    genuine = take(office, a_message(), **BOX)
    assert (genuine.outcome, genuine.ticket) == ("opened", 1)
    assert (told(office, ANA), told(office, MARIA)) == (["new_ticket"], ["received"])


def test_the_held_copy_is_the_duplicate_when_somebody_releases_it_later(office: Office) -> None:
    held = take(office, a_message(), SPAM, **JUNK)
    take(office, a_message(), **BOX)
    released = release(office, held.id)
    assert (released.outcome, released.reason, released.ticket) == ("duplicate", "same-mail", 1)
    assert (told(office, ANA), told(office, MARIA)) == (["new_ticket"], ["received"])


def test_a_third_copy_is_a_duplicate_of_the_one_that_people_have(office: Office) -> None:
    take(office, a_message(), SPAM, **JUNK)
    take(office, a_message(), **BOX)
    third = take(office, a_message(), door=LMTP)
    assert (third.outcome, third.ticket) == ("duplicate", 1)
    assert told(office, ANA) == ["new_ticket"]


def test_the_genuine_copy_of_one_that_an_operator_dropped_still_arrives(office: Office) -> None:
    held = take(office, a_message(), SPAM, **JUNK)
    office.run(lambda c: inbound.drop(c, held.id, "dropped-by-hand", office.now))
    assert take(office, a_message(), **BOX).outcome == "opened"
    assert told(office, ANA) == ["new_ticket"]


def test_the_genuine_copy_of_one_whose_path_was_denied_still_arrives(office: Office) -> None:
    denying = policy(junk=a_policy().junk.model_copy(update={"deny": ("@spammer.test",)}))
    office.use(denying)
    ignored = take(office, a_message(), sender="bounce@spammer.test")
    assert (ignored.outcome, ignored.reason) == ("ignored", "sender-denied")
    assert take(office, a_message(), **BOX).outcome == "opened"
    assert told(office, ANA) == ["new_ticket"]


def test_list_mail_that_one_queue_ignores_arrives_at_another(office: Office) -> None:
    office.use(a_policy(suporte={"list": "ignore"}))
    raw = a_message(list_id="<anuncios.lista.test>", list_unsubscribe="<mailto:sai@lista.test>", precedence="list")
    assert take(office, raw).outcome == "ignored"
    assert take(office, raw, door=LMTP, recipients=("vendas@desk.test",)).outcome == "opened"
    assert told(office, BRUNO) == ["new_ticket"]


def test_copies_that_are_held_for_one_reason_are_told_of_once(office: Office) -> None:
    """An agent's unproven mail that comes by two doors asks its author one question, and one word sends it once."""
    office.take(a_message())
    raw = a_message("Já vou.", **{"from": "Ana <ana@desk.test>"}, subject="[#1] x", message_id="<a1@desk.test>")
    first, second = take(office, raw), take(office, raw, **BOX)
    assert (first.outcome, second.outcome) == ("held", "duplicate")
    assert told(office, ANA).count("held") == 1
    release(office, first.id)
    assert told(office, MARIA) == ["received", "answer"]
    assert take(office, raw, door=LMTP).outcome == "duplicate"
    assert told(office, MARIA) == ["received", "answer"]


def test_spam_by_two_doors_stays_held_once(office: Office) -> None:
    take(office, a_message(), SPAM, **JUNK)
    assert take(office, a_message(), SPAM, **BOX).outcome == "duplicate"
    assert office.outgoing() == []


def test_what_its_author_has_thrown_away_does_not_come_back_by_another_door(office: Office) -> None:
    office.take(a_message())
    raw = a_message("Já vou.", **{"from": "Ana <ana@desk.test>"}, subject="[#1] x", message_id="<a1@desk.test>")
    held = take(office, raw)
    office.run(lambda c: inbound.drop(c, held.id, "discarded-by-its-author", office.now))
    assert take(office, raw, **BOX).outcome == "duplicate"
    assert (told(office, MARIA), told(office, ANA).count("held")) == (["received"], 1)


def test_a_mail_that_could_not_be_read_at_one_door_arrives_readable_at_another(office: Office) -> None:
    number = office.keep(a_message())
    office.settle(office.draft(number, "reading-took-too-long"))
    assert office.row(number).outcome == "unparsed"
    again = take(office, a_message(), **BOX)
    assert again.outcome in {"opened", "duplicate"}
    assert again.ticket is not None
    assert "new_ticket" in told(office, ANA)


def test_a_copy_that_was_released_while_another_was_decided_stays_the_first(office: Office) -> None:
    held = take(office, a_message(), SPAM, **JUNK)
    other = office.keep(a_message(), **BOX)
    draft = office.draft(other)
    release(office, held.id)
    with pytest.raises(Stale):
        office.settle(draft)
    settle(office, other)
    assert office.row(other).outcome == "duplicate"
    assert (len(office.numbers()), told(office, ANA)) == (1, ["new_ticket"])


def test_the_books_still_add_up(office: Office) -> None:
    held = take(office, a_message(), SPAM, **JUNK)
    take(office, a_message(), **BOX)
    release(office, held.id)
    assert office.run(ledger.sums)["problems"] == []
