"""Who speaks for an agent: every pair of proofs, a colleague's token, two agents at one moment. What people receive."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Row

from mailtickets.desk.model.facts import Authentication
from mailtickets.gateway.drafting.draft import Draft
from mailtickets.mail.read.parse import parse
from mailtickets.store import outbox
from mailtickets.store.database import Stale
from mailtickets.store.outbox import Due
from tests.desk.builders import ANA, BRUNO, MARIA, a_policy
from tests.store.databases import _copied
from tests.store.office import Office, a_message, copies

ANSWER = "Pode testar de novo?"
ORDERED = f"{ANSWER}\n\n#resolver"


@pytest.fixture
def desk(migrated_file: Path, tmp_path: Path) -> Iterator[Office]:
    """Maria's ticket 1, of which Ana and Bruno have been told."""
    for database in _copied(migrated_file, tmp_path / "mailtickets.db"):
        office = Office(database)
        office.use(a_policy(trust="verified"))
        take(office, a_message(), "pass")
        yield office


def take(office: Office, raw: bytes, verdict: str = "none", internal: bool = False, **envelope: Any) -> Row[Any]:
    number = office.keep(raw, **envelope)
    office.settle(drafted(office, number, verdict, internal))
    return office.row(number)


def drafted(office: Office, number: int, verdict: str, internal: bool = False) -> Draft:
    found = Authentication(verdict, internal=internal)  # type: ignore[arg-type]
    received = replace(office.received(number), authentication=found)
    return office.clerk.draft(received, parse(received.raw, instance="exemplo"))


def letters(office: Office, person: Any) -> list[Due]:
    rows = office.run(lambda c: copies(c, limit=1000))
    mine = [row.id for row in reversed(rows) if row.recipient == person.address]
    return [office.run(lambda c, n=number: outbox.load(c, n)) for number in mine]


def notices(office: Office, person: Any) -> list[str]:
    return [letter.mail.notice for letter in letters(office, person)]


def own_address(office: Office, person: Any) -> str:
    """The reply address that somebody was given with the newest mail to them."""
    return str(office.clerk.written(letters(office, person)[-1], ())[1].reply_to)


def as_sent(office: Office, person: Any) -> str:
    """The newest mail to somebody as they read it, reply address, `Ref.:` and all."""
    return office.clerk.written(letters(office, person)[-1], ())[0].decode()


def by(person: Any, text: str, to: str = "suporte@desk.test", **fields: Any) -> bytes:
    given = {"subject": "Re: [#1] Impressora", "message_id": f"<{person.name[:3]}1@desk.test>", **fields}
    return a_message(text, **{"from": f"{person.name} <{person.address}>"}, to=to, **given)


# --- two proofs -------------------------------------------------------------------------------------------

VERDICTS = [("pass", False), ("none", True), ("none", False), ("temperror", False), ("fail", False)]


@pytest.mark.parametrize("token", ["own", "a colleague's", "none"])
@pytest.mark.parametrize(("verdict", "internal"), VERDICTS)
def test_only_both_proofs_together_reach_the_customer_or_move_the_ticket(
    desk: Office, token: str, verdict: str, internal: bool
) -> None:
    to = {"own": own_address(desk, ANA), "a colleague's": own_address(desk, BRUNO), "none": "suporte@desk.test"}[token]
    row = take(desk, by(ANA, ORDERED, to), verdict, internal, recipients=(to,), sender=ANA.address)
    if token == "own" and (verdict == "pass" or internal):
        assert ANSWER in letters(desk, MARIA)[-1].mail.text
        assert desk.ticket(1).ticket.status == "resolved"
        return
    assert row.outcome == "held"
    assert notices(desk, MARIA) == ["received"]
    assert notices(desk, BRUNO) == ["new_ticket"]
    assert (notices(desk, ANA)[-1], desk.ticket(1).ticket.status) == ("held", "new")
    assert len(desk.ticket(1).messages) == 1


@pytest.mark.parametrize("verdict", ["pass", "none", "temperror", "fail"])
def test_where_a_token_is_enough_nothing_but_the_agents_own_token_is(desk: Office, verdict: str) -> None:
    desk.use(a_policy(trust="token"))
    for number, to in enumerate(["suporte@desk.test", own_address(desk, BRUNO)]):
        raw = by(ANA, ORDERED, to, message_id=f"<h{number}@desk.test>")
        assert take(desk, raw, verdict, recipients=(to,)).outcome == "held"
    assert notices(desk, MARIA) == ["received"]
    to = next(
        str(desk.clerk.written(letter, ())[1].reply_to)
        for letter in letters(desk, ANA)
        if letter.mail.notice == "new_ticket"
    )
    take(desk, by(ANA, ORDERED, to, message_id="<own@desk.test>"), verdict, recipients=(to,))
    assert ANSWER in letters(desk, MARIA)[-1].mail.text


# --- a colleague's token ----------------------------------------------------------------------------------


def test_the_token_of_a_colleague_in_a_forwarded_notice_is_no_proof(desk: Office) -> None:
    """Bruno forwards his notice to Ana, and she answers it by Bruno's reply address, quoting his `Ref.:`."""
    notice, to = letters(desk, BRUNO)[-1].mail.text, own_address(desk, BRUNO)
    token = to.partition("+")[2].partition("@")[0]
    seen = notice.replace("0" * 26, token)
    text = f"{ANSWER}\n\nEm seg., 3 de mar. de 2025 às 09:01, Bruno <bruno@desk.test> escreveu:\n\n"
    text += "\n".join(f"> {line}" for line in seen.splitlines())
    row = take(desk, by(ANA, text, to), "pass", recipients=(to,), sender=ANA.address)
    assert (row.outcome, row.reason) == ("held", "agent-without-token")
    assert notices(desk, MARIA) == ["received"]
    assert notices(desk, BRUNO) == ["new_ticket"]
    assert notices(desk, ANA) == ["new_ticket", "held"]


def test_her_own_address_counts_and_the_colleagues_token_goes_to_nobody(desk: Office) -> None:
    """She answers her own notice, and pastes the colleague's `Ref.:` below or into her words."""
    to, token = own_address(desk, ANA), own_address(desk, BRUNO).partition("+")[2].partition("@")[0]
    row = take(desk, by(ANA, f"{ANSWER}\n\nRef.: {token}", to), "pass", recipients=(to,), sender=ANA.address)
    assert (row.outcome, row.reason) == ("held", "quotes-our-notice")
    assert notices(desk, MARIA) == ["received"]
    said = by(ANA, f"{ANSWER} O código do Bruno é {token}.", to, message_id="<b@desk.test>")
    take(desk, said, "pass", recipients=(to,), sender=ANA.address)
    assert ANSWER in letters(desk, MARIA)[-1].mail.text
    assert token not in as_sent(desk, MARIA)


def test_a_customer_who_was_forwarded_an_agents_notice_gets_nothing_by_it(desk: Office) -> None:
    to = own_address(desk, BRUNO)
    row = take(desk, by(MARIA, "#fechar", to), "pass", recipients=(to,), sender=MARIA.address)
    assert row.outcome in {"appended", "opened"}  # her words, and no order
    assert desk.ticket(1).ticket.status != "closed"
    eve = a_message(
        "Conte-me tudo.\n\n#historico", **{"from": "eve@longe.test"}, to=to, subject="x", message_id="<e@longe.test>"
    )
    assert take(desk, eve, "pass", recipients=(to,), sender="eve@longe.test").outcome == "opened"
    told = [name for name, who in desk.outgoing() if who == "eve@longe.test"]
    assert told == ["received"]
    rows = desk.run(lambda c: copies(c, limit=1000))
    (to_eve,) = [desk.run(lambda c, n=row.id: outbox.load(c, n)) for row in rows if row.recipient == "eve@longe.test"]
    assert "A impressora não imprime" not in to_eve.mail.text


# --- two agents within a second ---------------------------------------------------------------------------


def test_of_two_agents_who_answer_within_a_second_one_reaches_the_customer_and_the_other_is_asked(desk: Office) -> None:
    """Both are decided on before either is written: the second is decided anew, and held."""
    numbers = []
    for person, text in ((ANA, "Reinicie."), (BRUNO, "Troque o toner.")):
        to = own_address(desk, person)
        numbers.append(desk.keep(by(person, text, to), recipients=(to,), sender=person.address))
    drafts = [drafted(desk, number, "pass") for number in numbers]
    desk.settle(drafts[0])
    with pytest.raises(Stale):
        desk.settle(drafts[1])
    desk.settle(drafted(desk, numbers[1], "pass"))

    assert [desk.row(number).outcome for number in numbers] == ["appended", "held"]
    answers = [letter.mail.text for letter in letters(desk, MARIA) if letter.mail.notice == "answer"]
    assert len(answers) == 1
    assert "Reinicie." in answers[0]
    asked = letters(desk, BRUNO)[-1].mail
    assert asked.notice == "stale"
    assert "Reinicie." in asked.text
    assert "Troque o toner." in asked.text
    assert [m.text for m in desk.ticket(1).messages if m.direction == "out"] == ["Reinicie."]


def test_the_second_may_send_all_the_same_and_the_customer_then_has_both(desk: Office) -> None:
    for person, text in ((ANA, "Reinicie."), (BRUNO, "Troque o toner.")):
        to = own_address(desk, person)
        take(desk, by(person, text, to), "pass", recipients=(to,), sender=person.address)
    to = own_address(desk, BRUNO)
    take(desk, by(BRUNO, "ENVIAR", to, message_id="<s@desk.test>"), "pass", recipients=(to,), sender=BRUNO.address)
    desk.settle(desk.draft(2 + 1))
    answers = [letter.mail.text for letter in letters(desk, MARIA) if letter.mail.notice == "answer"]
    assert ["Reinicie." in answers[0], "Troque o toner." in answers[1]] == [True, True]


def test_two_agents_who_take_a_ticket_within_a_second_both_learn_whose_it_is(desk: Office) -> None:
    numbers = []
    for person in (ANA, BRUNO):
        to = own_address(desk, person)
        numbers.append(desk.keep(by(person, "#assumir", to), recipients=(to,), sender=person.address))
    drafts = [drafted(desk, number, "pass") for number in numbers]
    desk.settle(drafts[0])
    with pytest.raises(Stale):
        desk.settle(drafts[1])
    desk.settle(drafted(desk, numbers[1], "pass"))
    assert desk.ticket(1).ticket.assignee == BRUNO.address
    assert notices(desk, MARIA) == ["received"]
    assert "receipt" in notices(desk, ANA)
    assert "receipt" in notices(desk, BRUNO)
