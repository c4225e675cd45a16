"""A date that an agent promises by mail, from the raw mail to the database and back, on both databases.

NOW is Monday, 3 March 2025, 09:00 in São Paulo.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from mailtickets.config.levels import ServiceLevel
from mailtickets.config.models import Budget
from mailtickets.desk.clock.calendar import OpenHours
from mailtickets.desk.model.policy import Policy
from mailtickets.gateway.gateway import Gateway
from mailtickets.store import contacts, outbox
from mailtickets.store.read import deadlines
from mailtickets.store.read.agent_facts import own_work
from mailtickets.store.read.reader import within
from tests.desk.builders import AGENTS, NOW, a_policy
from tests.store.office import Office, a_message, copies
from tests.store.timers import fire_all

_IDS: Iterator[int] = count()
ZONE = ZoneInfo("America/Sao_Paulo")
_DAY = ((8 * 60, 12 * 60), (13 * 60, 18 * 60))
HOURS = OpenHours("comercial", ZONE, (_DAY,) * 5 + ((), ()))
WEDNESDAY = datetime(2025, 3, 5, 12, 0, tzinfo=UTC)


def a_timed_policy(**suporte: Any) -> Policy:
    level = ServiceLevel(name="padrao", queues=("suporte",), calendar="comercial", first_answer="4h", resolution="3d")
    return replace(a_policy(suporte=suporte), calendars={"comercial": HOURS}, levels=(level,))


@pytest.fixture(autouse=True)
def ticket(office: Office) -> Office:
    office.use(a_timed_policy())
    maria(office, "A impressora parou.")
    return office


def maria(office: Office, text: str, to: str = "suporte@desk.test") -> Any:
    return office.take(a_message(text, message_id=f"<c{next(_IDS)}@x.test>", to=to), recipients=(to,))


def ana(office: Office, text: str, to: str | None = None, **fields: Any) -> Any:
    address, who = to or office.reply_address("ana@desk.test"), "ana@desk.test"
    raw = a_message(text, message_id=f"<a{next(_IDS)}@x.test>", **{"from": who, "to": address, **fields})
    return office.take(raw, recipients=(address,), sender=who)


def written(office: Office, notice: str, person: str = "") -> str:
    """The text of the newest notice of a kind."""
    rows = office.run(lambda c: copies(c))
    number = next(row.id for row in rows if row.name == notice and person in row.recipient)
    text: str = office.run(lambda c: outbox.load(c, number)).mail.text
    return text


def sent(office: Office, name: str) -> list[str]:
    return [person for notice, person in office.outgoing() if notice == name]


def clock(office: Office, name: str = "promised", number: int = 1) -> Any:
    """The row of a clock; None if there is none."""
    rows = office.run(lambda c: deadlines.of_tickets(within(c), [number])).get(number, ())
    return next((row for row in rows if row.clock == name), None)


# --- a promise ----------------------------------------------------------------------------------------


def test_a_promise_is_a_clock_of_its_own_and_the_answer_tells_the_customer(ticket: Office) -> None:
    ana(ticket, "Vou ver com o técnico.\n#prazo 2d")
    promised = clock(ticket)
    assert (promised.due_at, promised.state, promised.level) == (WEDNESDAY, "running", "")
    assert "Você terá uma resposta nossa até quarta-feira, 5 de março, às 9h." in written(ticket, "answer")
    assert sent(ticket, "promised") == []
    assert ticket.ticket(1).ticket.status == "open"
    assert ("promised", None, WEDNESDAY.isoformat(), "agent-answer") in ticket.events(1)


def test_a_promise_without_an_answer_is_told_in_a_notice(ticket: Office) -> None:
    ana(ticket, "#prazo 2d")
    assert sent(ticket, "promised") == ["maria@cliente.test"]
    assert "você terá uma resposta nossa até quarta-feira, 5 de março, às 9h" in written(ticket, "promised")


@pytest.mark.parametrize("why", ["budget", "muted", "undeliverable"])
def test_the_receipt_says_that_the_customer_was_not_told(office: Office, why: str) -> None:
    if why == "budget":
        office.use(replace(a_timed_policy(), budget=Budget(automatic_per_sender_per_day=0)))
    elif why == "muted":
        maria(office, "silenciar", office.reply_address("maria@cliente.test"))
    else:
        office.run(lambda c: contacts.make_undeliverable(c, "maria@cliente.test", office.now))
    ana(office, "#prazo 2d")
    assert sent(office, "promised") == []
    receipt = written(office, "receipt")
    assert "Prazo prometido ao cliente" in receipt
    assert "O cliente não foi avisado do prazo: diga-o na sua resposta" in receipt


def test_the_receipt_says_nothing_of_it_where_the_customer_is_told(ticket: Office) -> None:
    ana(ticket, "#prazo 2d")
    assert sent(ticket, "promised") == ["maria@cliente.test"]
    assert "não foi avisado" not in written(ticket, "receipt")
    ana(ticket, "Vamos trocar a peça.\n#prazo 3d", ticket.reply_address("ana@desk.test"))
    assert "não foi avisado" not in written(ticket, "receipt")


def test_agents_see_it_in_the_notice_of_the_next_message(ticket: Office) -> None:
    ana(ticket, "Vou ver.\n#prazo 2d")
    ticket.pass_time(hours=1)
    maria(ticket, "Obrigada, fico no aguardo. Mas é urgente!", ticket.reply_address("maria@cliente.test"))
    notice = written(ticket, "customer_replied")
    assert "resposta prometida até quarta, 5 de março, às 9h" in notice
    assert "solução até quinta, 6 de março, às 9h" in notice


def test_it_is_kept_by_the_next_answer_and_not_by_the_one_that_makes_it(ticket: Office) -> None:
    notice = ticket.reply_address("ana@desk.test")
    ana(ticket, "Vou ver.\n#prazo 2d", notice)
    assert clock(ticket).ended_at is None
    ticket.pass_time(hours=3)
    ana(ticket, "O técnico vai hoje à tarde.", notice)
    assert (clock(ticket).state, clock(ticket).ended_at) == ("met", NOW + timedelta(hours=3))


def test_a_desk_without_service_levels_may_promise_too(office: Office) -> None:
    office.use(a_policy())
    notice = office.reply_address("ana@desk.test")
    ana(office, "Vou ver.\n#prazo 4h", notice)
    assert clock(office).due_at == NOW + timedelta(hours=4)
    office.pass_time(hours=5)
    ana(office, "Pronto.", notice)
    assert (clock(office).state, clock(office).ended_at) == ("missed", office.now)


def test_a_second_promise_takes_the_place_of_the_first(ticket: Office) -> None:
    ana(ticket, "#prazo 2d")
    ana(ticket, "#prazo sexta 16:00")
    assert clock(ticket).due_at == datetime(2025, 3, 7, 19, 0, tzinfo=UTC)
    assert "(antes: quarta-feira, 5 de março, às 9h)" in written(ticket, "receipt")


def test_a_promise_is_made_in_a_line_of_the_digest_too(ticket: Office) -> None:
    ana(ticket, "#minhafila", "suporte@desk.test")
    ana(ticket, "1 #prazo 2d", ticket_token(ticket))
    assert clock(ticket).due_at == WEDNESDAY
    assert sent(ticket, "promised") == ["maria@cliente.test"]


def ticket_token(office: Office) -> str:
    rows = office.run(lambda c: copies(c))
    number = next(row.id for row in rows if row.name == "digest")
    return office.clerk.written(office.run(lambda c: outbox.load(c, number)), ())[1].reply_to


def test_a_customer_who_asks_how_it_stands_reads_the_date(ticket: Office) -> None:
    ana(ticket, "#prazo 2d")
    maria(ticket, "status", ticket.reply_address("maria@cliente.test"))
    assert "Você terá uma resposta nossa até quarta-feira, 5 de março, às 9h." in written(ticket, "status")
    ticket.pass_time(days=3)
    maria(ticket, "status ", ticket.reply_address("maria@cliente.test"))
    assert "Você terá" not in written(ticket, "status")


def test_agents_are_warned_while_they_can_still_act_and_told_no_more_once_it_is_kept(ticket: Office) -> None:
    """Of the 18 working hours until Wednesday at 09:00, 13.5 have passed on Tuesday at 14:30."""
    notice = ticket.reply_address("ana@desk.test")
    ana(ticket, "Vou ver.\n#prazo 2d", notice)
    fire_until(ticket, "2025-03-04 14:29")
    assert sent(ticket, "due_soon") == []
    fire_until(ticket, "2025-03-04 14:30")
    assert sorted(sent(ticket, "due_soon")) == ["ana@desk.test", "bruno@desk.test"]
    assert "Prazo perto do fim: resposta prometida, até amanhã às 9h." in written(ticket, "due_soon")
    assert clock(ticket).state == "warned"
    ana(ticket, "O técnico vai hoje.", notice)
    fire_until(ticket, "2025-03-05 09:00")
    assert (clock(ticket).state, len(sent(ticket, "due_soon"))) == ("met", 2)


def fire_until(office: Office, local: str) -> None:
    """Lets time pass, and what is due by then happen."""
    office.now = datetime.fromisoformat(local).replace(tzinfo=ZONE).astimezone(UTC)
    fire_all(cast("Gateway", SimpleNamespace(clerk=office.clerk, name="one")))


# --- taken back ---------------------------------------------------------------------------------------


def test_a_dash_takes_it_back(ticket: Office) -> None:
    ana(ticket, "#prazo 2d")
    ana(ticket, "#prazo -")
    assert clock(ticket) is None
    assert "o prazo que informamos antes não vale mais" in written(ticket, "promised")
    assert ticket.events(1)[-1][:3] == ("promised", WEDNESDAY.isoformat(), None)


def test_undo_takes_it_back(ticket: Office) -> None:
    ana(ticket, "#prazo 2d")
    ana(ticket, "#desfazer")
    assert clock(ticket) is None
    assert "não vale mais" in written(ticket, "promised")


def test_undo_of_a_waiting_answer_takes_it_back_and_the_customer_hears_nothing(office: Office) -> None:
    office.use(a_timed_policy(undo_seconds=120))
    ana(office, "Vou ver.\n#prazo 2d")
    ana(office, "#desfazer")
    assert clock(office) is None
    assert sent(office, "promised") == []


# --- shown --------------------------------------------------------------------------------------------


def test_a_notice_that_changes_nothing_shows_the_clocks(ticket: Office) -> None:
    ana(ticket, "#resovler")
    assert "Prazo: primeira resposta até hoje às 14h; solução até quinta, 6 de março, às 9h" in written(
        ticket, "returned"
    )


def test_the_digest_begins_with_what_is_late_and_ends_with_what_is_not_due(office: Office) -> None:
    office.pass_time(hours=1)
    maria(office, "Outra coisa.")
    office.pass_time(hours=7)
    office.use(a_policy())
    maria(office, "Sem prazo.")
    office.use(a_timed_policy())
    work = office.run(lambda c: own_work(c, AGENTS[0], office.now))
    assert [one.number for one in work.unassigned] == [1, 2, 3]
    ana(office, "3 #prazo hoje às 17h30", digest_of(office))
    ana(office, "2 #resolver", digest_of(office))
    assert [one.number for one in office.run(lambda c: own_work(c, AGENTS[0], office.now)).unassigned] == [1, 3]
    ana(office, "#minhafila", "suporte@desk.test")
    listed = written(office, "digest", "ana@")
    assert "   *primeira resposta atrasada há 3 h úteis*" in listed
    assert listed.index("#1 ") < listed.index("#3 ")
    assert "   resposta prometida até hoje às 17h30" in listed


def digest_of(office: Office) -> str:
    ana(office, "#minhafila", "suporte@desk.test")
    return ticket_token(office)


def test_what_is_due_stands_before_what_has_waited_longer(office: Office) -> None:
    office.use(a_policy())
    office.take(a_message("Já espero há muito.", message_id="<w1@x.test>"))
    office.pass_time(hours=1)
    office.take(a_message("Cheguei agora.", message_id="<w2@x.test>"))
    ana(office, "3 #prazo 2d", digest_of(office))
    work = office.run(lambda c: own_work(c, AGENTS[0], office.now))
    assert [one.number for one in work.unassigned][:2] == [1, 3]
    assert work.clocks[3][0].due_at == office.now + timedelta(days=2)
