"""Reports on a desk at work: what people wrote and did, and what a report says of it, on both databases."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from mailtickets.desk.figures.report import DeskReport, Period
from mailtickets.store import figures
from mailtickets.store.read.reader import opened
from mailtickets.store.read.report import ReportWanted, read
from mailtickets.store.schema import uncounted
from tests.desk.builders import a_policy
from tests.store.office import Office
from tests.store.test_work_by_mail import agent, maria, token

DAY = date(2025, 3, 3)
"""The day of `Office`, a Monday."""


def report(office: Office, since: date = DAY, until: date = DAY, **wanted: Any) -> DeskReport:
    with opened(office.database.url) as reader:
        return read(reader, ReportWanted(Period(since, until), **wanted), office.clerk.rules.policy, office.now)


def count(office: Office) -> None:
    found = office.run(lambda c: figures.recount(c, office.clerk.rules.policy, 500))
    office.run(lambda c: figures.keep(c, found))


@pytest.fixture(params=[False, True], ids=["counted here", "counted before"])
def told(request: pytest.FixtureRequest) -> Any:
    """Reads a report: with tickets that the job has counted, and with tickets that it has not."""

    def tell(office: Office, **wanted: Any) -> DeskReport:
        if request.param:
            count(office)
            assert office.run(lambda c: c.execute(select(uncounted)).all()) == []
        return report(office, **wanted)

    return tell


def test_a_mail_that_waits_is_opened_and_waiting(office: Office, told: Any) -> None:
    maria(office, "A impressora não imprime.")
    office.pass_time(minutes=90)
    total = told(office).total
    assert (total.counts.received, total.counts.outcomes) == (1, {"opened": 1})
    assert (total.counts.opened, total.counts.counted, total.counts.backlog) == (1, 1, 1)
    assert (total.first_answer.n, total.first_answer.waiting) == (1, 1)
    assert total.first_answer.median == timedelta(minutes=90)
    assert total.first_answer.median_at_least


def test_an_answer_and_a_resolution_are_timed_and_credited_to_the_agent(office: Office, told: Any) -> None:
    maria(office, "A impressora não imprime.")
    office.pass_time(minutes=25, seconds=30)
    agent(office, "Ligue-a na tomada, por favor.", token(office))
    office.pass_time(hours=2)
    maria(office, "Já está ligada.", to=_address(office))
    office.pass_time(hours=1)
    agent(office, "Troquei o cabo.\n#resolver", token(office))
    total = told(office, by="agent")
    assert total.total.first_answer.median == timedelta(minutes=25)
    assert total.total.next_answer.median == timedelta(hours=1)
    assert total.total.resolution.median == timedelta(hours=1, minutes=25)
    assert total.total.full_resolution.median == timedelta(hours=3, minutes=25)
    assert (total.total.counts.resolved, total.total.counts.backlog, total.total.answers) == (1, 0, 2)
    (ana,) = [row for row in total.rows if row.value]
    assert (ana.value, ana.figures.answers, ana.figures.first_answer.n) == ("ana@desk.test", 2, 1)
    assert ana.figures.counts.resolved == 1


def _address(office: Office) -> str:
    return office.reply_address("maria@cliente.test")


def test_thanks_open_nothing_again_and_a_question_does(office: Office, told: Any) -> None:
    maria(office, "A impressora não imprime.")
    agent(office, "Ligue-a.\n#resolver", token(office))
    office.pass_time(hours=1)
    maria(office, "Muito obrigada!", to=_address(office))
    assert told(office).total.counts.reopened == 0
    office.pass_time(hours=1)
    maria(office, "Ainda não imprime. Podem ver de novo?", to=_address(office))
    counts = told(office).total.counts
    assert (counts.reopened, counts.resolved, counts.backlog) == (1, 1, 1)
    assert (counts.came_back, counts.came_back_of) == (1, 1)


def test_merged_and_spam_are_excluded_by_name_and_end(office: Office, told: Any) -> None:
    for number in range(3):
        maria(office, f"Pergunta {number}.", subject=f"Assunto {number}")
    told(office)
    agent(office, "#juntar 1", token(office, ticket=2))
    agent(office, "#spam", token(office, ticket=3))
    counts = told(office).total.counts
    assert (counts.opened, counts.counted, counts.excluded) == (3, 1, {"merged": 1, "spam": 1})
    assert (counts.resolved, counts.ended, counts.backlog) == (2, {"merged": 1, "spam": 1}, 1)


def test_what_a_spammer_thinks_is_not_counted(office: Office, told: Any) -> None:
    office.use(a_policy(suporte={"satisfaction": True}))
    maria(office, "Compre já.")
    notice = token(office)
    agent(office, "Não, obrigada.\n#resolver", notice)
    address = _address(office)
    maria(office, "nota 1, que falta de educação", to=address)
    assert [one.score for one in told(office).comments] == [1]
    agent(office, "#spam", notice)
    maria(office, "nota 1, que vergonha", to=address)
    found = told(office)
    assert (found.total.satisfaction.asked, found.total.satisfaction.answered, found.comments) == (0, 0, ())


def test_spam_by_mistake_was_no_resolution(office: Office, told: Any) -> None:
    """Opened again, the ticket has not come back: nobody had resolved it."""
    maria(office, "A impressora não imprime.")
    notice = token(office)
    office.pass_time(hours=1)
    agent(office, "#spam", notice)
    office.pass_time(hours=1)
    agent(office, "#reabrir\n#tag -spam", notice)
    total = told(office).total
    assert (total.counts.counted, total.counts.resolved, total.counts.reopened, total.counts.backlog) == (1, 1, 1, 1)
    assert (total.counts.came_back_of, total.resolution.n, total.resolution.waiting) == (0, 1, 1)
    office.pass_time(hours=1)
    agent(office, "Troquei o cabo.\n#resolver", notice)
    total = told(office).total
    assert (total.counts.came_back, total.counts.came_back_of, total.counts.resolved) == (0, 1, 2)
    assert (total.full_resolution.n, total.full_resolution.median) == (1, timedelta(hours=3))


def test_what_the_merged_ticket_asked_first_is_what_the_survivor_waited_for(office: Office, told: Any) -> None:
    maria(office, "Pergunta.", subject="Primeira")
    office.pass_time(hours=1)
    maria(office, "A mesma pergunta.", subject="Segunda")
    told(office)
    agent(office, "#juntar 2", token(office, ticket=1))
    told(office)
    office.pass_time(hours=1)
    agent(office, "Resposta.", token(office, ticket=2))
    total = told(office).total
    assert (total.first_answer.n, total.first_answer.median) == (1, timedelta(hours=2))


def test_a_ticket_that_moves_takes_its_past_along(office: Office, told: Any) -> None:
    maria(office, "Quero comprar.")
    told(office)
    agent(office, "#fila vendas", token(office))
    rows = told(office, by="queue").rows
    assert [(row.value, row.figures.counts.opened, row.figures.counts.backlog) for row in rows] == [("vendas", 1, 1)]
    assert told(office, queues=("suporte",)).total.counts.opened == 0


def test_a_rating_counts_for_who_resolved_the_ticket(office: Office, told: Any) -> None:
    office.use(a_policy(suporte={"satisfaction": True}))
    maria(office, "A impressora não imprime.")
    agent(office, "Ligue-a.\n#resolver", token(office))
    office.pass_time(hours=1)
    maria(office, "nota 1, esperei demais", to=_address(office))
    found = told(office, by="agent")
    total = found.total.satisfaction
    assert (total.asked, total.answered, total.good) == (1, 1, 0)
    assert [(one.score, one.comment, one.name) for one in found.comments] == [(1, "esperei demais", "")]
    (row,) = found.rows
    assert row.figures.satisfaction.hidden
    assert row.figures.satisfaction.score is None


def test_each_queue_is_there_with_the_period_before_where_there_are_several(office: Office, told: Any) -> None:
    maria(office, "A impressora não imprime.")
    office.pass_time(days=1)
    maria(office, "Outra coisa.", to="vendas@desk.test", subject="Outra coisa")
    day = DAY + timedelta(days=1)
    both = told(office, since=day, until=day)
    found = {row.value: (row.figures.counts.opened, row.before and row.before.counts.opened) for row in both.by_queue}
    assert found == {"suporte": (0, 1), "vendas": (1, 0)}
    assert {row.value: row.before.first_answer.waiting for row in both.by_queue if row.before} == {
        "suporte": 1, "vendas": 0,
    }  # fmt: skip
    assert told(office, since=day, until=day, queues=("vendas",)).by_queue == ()


def test_agents_are_called_by_their_names(office: Office, told: Any) -> None:
    maria(office, "A impressora não imprime.")
    agent(office, "Ligue-a na tomada, por favor.", token(office))
    assert [row.labels["en"] for row in told(office, by="agent").rows if row.value] == ["Ana Lima"]
