"""How the databases go about what is asked of them for every message, every second and every page.

A desk with a million tickets must not feel them: what is asked often is looked up by an index, and pages are walked in
their order. SQLite is asked as it runs, without statistics; PostgreSQL
has thousands of rows, knows it, and reads a table from end to end only where it finds no other way.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from mailtickets.config.models import Budget
from mailtickets.config.outline import DeskOutline
from mailtickets.desk.figures.cells import Cell
from mailtickets.desk.notices.budget import shared_lines
from mailtickets.mail.model import Address
from mailtickets.store import (
    agents,
    answer_times,
    budgets,
    closing,
    deadlines,
    domains,
    due,
    enclosures,
    forgotten,
    inbound,
    loads,
    migrate,
    outbox,
    report_orders,
    search,
    stages,
    tickets,
    turns,
)
from mailtickets.store import figures as counted
from mailtickets.store.database import Database
from mailtickets.store.read import customers, facts, figures, mail_days, status, trace
from mailtickets.store.read import deadlines as read_deadlines
from mailtickets.store.read import inbound as read_inbound
from mailtickets.store.read import outbox as read_outbox
from mailtickets.store.read import thanks as read_thanks
from mailtickets.store.read import tickets as read_tickets
from mailtickets.store.read.reader import within
from mailtickets.store.read.status import MachineStatus
from tests.desk.builders import NOW, a_config, a_policy
from tests.desk.clock.scenes import a_level
from tests.servers.postgres import Postgres

Work = Callable[[Connection], Any]

CLAIMED = {"now": NOW, "furthest": NOW, "skew": NOW, "in_hand": [7]}

POLICY_WITH_A_LEVEL = a_policy(levels=(a_level(name="padrao", first_answer="1h", resolution="1d"),))
OUTLINE = DeskOutline.of(a_config().model_dump())
MACHINE = MachineStatus("1", running=True)

ASKED: dict[str, Work] = {
    "what came in": lambda c: inbound.claim_due(c, "one", NOW, 200),
    "what was tried before": lambda c: inbound.claim_doubtful(c, "one", NOW),
    "what others gave up": lambda c: inbound.unclaim_abandoned(c, "one", NOW),
    "what another run was working on": lambda c: inbound.unclaim(c, "one"),
    "what goes out": lambda c: outbox.claim_due(c, "one", NOW, 2),
    "what goes out, less what is in hand": lambda c: outbox.claim_due(c, "one", NOW, 2, in_hand=[1, 2]),
    "what goes out, after trouble": lambda c: outbox.claim_due(c, "one", NOW, 2, abandoned=False),
    "what goes out to other domains": lambda c: c.execute(due._firsts(True), {**CLAIMED, "begin": ""}),
    "what goes out to other domains, after trouble": lambda c: c.execute(
        due._firsts(False), {**CLAIMED, "begin": "5.test"}
    ),
    "what goes out of turn": lambda c: c.execute(due._these(True), {**CLAIMED, "ids": [1, 2]}),
    "what a domain was sent in a minute": lambda c: c.execute(
        domains._SENT, {"domains": ["5.test", "6.test"], "since": NOW, "now": NOW}
    ),
    "what a domain is being sent": lambda c: c.execute(domains._SENDING, {"domains": ["5.test"], "now": NOW}),
    "what another run was sending": lambda c: outbox.unclaim(c, "one", NOW),
    "what went out in a minute": lambda c: outbox.sent_since(c, NOW, NOW, 100),
    "a returned mail by its return path": lambda c: outbox.by_verp(c, ["tag"], NOW - timedelta(14)),
    "a returned mail by its id": lambda c: outbox.by_message_id(c, "a@x.test", "b@x.test", NOW - timedelta(14)),
    "messages by their ids": lambda c: facts._ids(c, ["a@x.test", "b@x.test"]),
    "a ticket": lambda c: tickets.load(c, 5),
    "a ticket with all that is on it": lambda c: read_tickets.show(within(c), 5),
    "a thread": lambda c: agents.thread(c, 5),
    "files of a message": lambda c: agents.files_of(c, 5, 7),
    "what can be undone": lambda c: agents.undoable(c, 5, "ana@desk.test", 7),
    "an answer to be stopped": lambda c: agents.stop_answer(c, 7),
    "reminders": lambda c: agents.reminders_due(c, NOW, 10),
    "who waits too long": lambda c: agents.waiting_too_long(c, "suporte", timedelta(1), NOW, 10),
    "an agent's work": lambda c: agents.unfinished(c, NOW, 10, assignee="ana@desk.test"),
    "nobody's work": lambda c: agents.unfinished(c, NOW, 10, queues=["suporte"]),
    "what a customer has had before": lambda c: customers.history_of(c, Address("", "5@cliente.test"), 5),
    "what may be closed": lambda c: tickets.resolved_before(c, "suporte", NOW, 100),
    "tickets of agents who left": lambda c: tickets.assigned_to_others(c, ["bruno@desk.test"], 100),
    "used-up budgets": lambda c: budgets.forget_expired(c, NOW),
    "timers that are due": lambda c: deadlines.due(c, NOW, 100),
    "a ticket's clocks and timers": lambda c: deadlines.stored(c, 5),
    "what has happened on a ticket": lambda c: deadlines.history(c, 5),
    "a message that went to another ticket": lambda c: deadlines.brought(c, 7),
    "whether a ticket has a clock": lambda c: deadlines.is_kept(c, 5),
    "a ticket's clocks made again": lambda c: deadlines.refresh(c, 5, POLICY_WITH_A_LEVEL, NOW),
    "unfinished tickets in their order": lambda c: deadlines._unfinished(c, "open", 5000, 100),
    "a timer that fires": lambda c: c.execute(deadlines._FIRED, {**deadlines._key(5, "due", "x", 0), "now": NOW}),
    "rows of days that are folded": lambda c: counted.folded(c, [Cell("2025-03-03", "suporte", "", "")]),
    "the mail of a day": lambda c: mail_days.mail_of(within(c), NOW.date(), a_policy()),
    "figures": lambda c: figures.look(within(c), ["suporte"], shared_lines(Budget(), 100), NOW),
    "the desk at a glance": lambda c: status.look(within(c), OUTLINE, MACHINE, NOW),
    "the way of a mail": lambda c: trace.of_inbound(within(c), 5),
    "the way of a letter": lambda c: trace.of_copy(within(c), 7),
    "the way of a mail by its id": lambda c: trace.of_message_id(within(c), "7@x.test"),
    "the way of a letter by its id": lambda c: trace.of_message_id(within(c), "7@desk.test"),
    "the way of a renamed letter": lambda c: trace.of_message_id(within(c), "7@remote.test"),
    "all mail of a ticket": lambda c: trace.of_ticket(within(c), 5),
    "letters with these tokens": lambda c: trace._Tracer(within(c))._with_tokens(["a" * 26]),
    "letters with tokens of tickets": lambda c: trace._Tracer(within(c))._with_token_of([5], [], ["x"]),
    "letters with tokens of no ticket": lambda c: trace._Tracer(within(c))._with_token_of([], [5], ["x"]),
    "events of no ticket": lambda c: trace._Tracer(within(c))._events([], ["delivery"], of_none=True),
    "what is due in a queue": lambda c: read_deadlines.listed(within(c), queue="queue3", assignee=""),
    "what is due, next page": lambda c: read_deadlines.listed(within(c), after=5),
    "clocks of tickets": lambda c: read_deadlines.of_tickets(within(c), [5, 6]),
    "what customers were promised": lambda c: read_deadlines.promised(within(c), [5, 6]),
    "what a queue's customers waited": lambda c: answer_times.history(c, "suporte", NOW),
    "what was expected": lambda c: answer_times.outcomes(c, "suporte", NOW),
    "what may be expected": lambda c: answer_times.expectation_of(c, "suporte"),
    "who waits for a first answer": lambda c: answer_times.unanswered(c, 5),
    "answers of before": lambda c: answer_times.unrecorded(c, "suporte", NOW, 5000, 500),
    "what is to be given out": lambda c: turns.waiting(c, 1000),
    "whether something is to be given out": lambda c: turns.any_waits(c),
    "what was taken before its turn": lambda c: turns.forget_taken(c),
    "what is given out": lambda c: turns.end_wait(c, [5]),
    "what nobody has": lambda c: forgotten.nobodys(c, "suporte", NOW, NOW),
    "what an agent has not answered": lambda c: forgotten.unanswered(c, "3@desk.test", NOW, NOW),
    "what agents have who are away": lambda c: forgotten.of_the_absent(c, "suporte", ["3@desk.test"], NOW),
    "what waits for customers": lambda c: forgotten.silent(c, "suporte", [None, "3@desk.test"], NOW),
    "what was told and is over": lambda c: forgotten.forget_ended(c, ["3@desk.test"]),
    "who was told today": lambda c: forgotten.looked_on(c, ["ana@desk.test"]),
    "whom to warn": lambda c: closing.to_warn(c, "suporte", NOW, NOW, 100),
    "whom to warn of what is resolved": lambda c: closing.resolved_to_warn(c, "suporte", NOW, NOW, 100),
    "whose warning is over": lambda c: closing.over(c, "suporte", NOW, 100),
    "what is resolved and whose warning is over": lambda c: closing.resolved_over(c, "suporte", NOW, NOW, 100),
    "warnings that hold no more": lambda c: closing.forget_ended(c),
    "what a queue has to do": lambda c: loads.now_of(c, "suporte", NOW),
    "what a queue had to do": lambda c: loads.then_of(c, "suporte", [NOW], [NOW]),
    "the stages that there are": lambda c: list(stages.standings(c)),
    "who stands in a stage": lambda c: stages.standing_there(c, stages.Place("suporte", "peca", "pending"), 100),
    "how many stand in a stage": lambda c: stages.how_many(c, stages.Place("suporte", "peca", "pending")),
    "reports to be written": lambda c: report_orders.is_due(c, NOW, NOW),
    "the next report": lambda c: report_orders.claim(c, NOW, NOW),
    "files of a notice": lambda c: enclosures.load(c, 5, ()),
    "who thanked whom": lambda c: read_thanks.thanks(within(c), ["3@desk.test"], NOW, NOW + timedelta(days=7)),
    "words moved along": lambda c: search.move(c, 5, 60_000),
}  # fmt: skip

PAGES: dict[str, Work] = {
    "all tickets that have changed, counted for reports": lambda c: counted.recount(c, POLICY_WITH_A_LEVEL, 10),
    "all tickets": lambda c: read_tickets.listed(within(c)),
    "all tickets, next page": lambda c: read_tickets.listed(within(c), after=5000),
    "a queue": lambda c: read_tickets.listed(within(c), queue="suporte", after=5000),
    "a status": lambda c: read_tickets.listed(within(c), status="open", after=5000),
    "an agent": lambda c: read_tickets.listed(within(c), assignee="ana@desk.test", after=5000),
    "nobody": lambda c: read_tickets.listed(within(c), assignee="", after=5000),
    "a queue's status": lambda c: read_tickets.listed(within(c), queue="suporte", status="open", after=5000),
    "an agent's status": lambda c: read_tickets.listed(within(c), assignee="ana@desk.test", status="open", after=5000),
    "an agent in a queue": lambda c: read_tickets.listed(
        within(c), assignee="ana@desk.test", queue="suporte", after=5000
    ),
    "what is due": lambda c: read_deadlines.listed(within(c)),
    "all received": lambda c: read_inbound.listed(within(c), after=5000),
    "received in a state": lambda c: read_inbound.listed(within(c), state="held", after=5000),
    "received with an outcome": lambda c: read_inbound.listed(within(c), outcome="ignored", after=5000),
    "the outbox": lambda c: read_outbox.listed(within(c), after=5000),
    "the outbox in a state": lambda c: read_outbox.listed(within(c), state="failed", after=5000),
}

SMALL = (
    "tally",
    "turn_wait",
    "forgotten",
    "closing",
    "ix_inbound_held",
    "lease",
    "alarm",
    "account",
    "ix_outbox_due",
    "ix_report_order_unsent",
    "waiting_domains",
    "(subquery",
    "CONSTANT ROW",
    "anon_",
)
"""What does not grow with the tickets: counts, what has yet to go out, and what a statement makes for itself."""


class Asked:
    """A database that tells how it went about what it was asked."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def plans(self, work: Work, before: Work = lambda _: None) -> list[str]:
        """The plan of every statement, in the database's own words, when what is done `before` is so."""
        said: list[tuple[str, Any]] = []

        def note(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
            if not statement.startswith("BEGIN"):
                said.append((statement, parameters))

        with self.database.engine.connect() as connection:
            if not self.database.is_sqlite:
                connection.execute(text("SET LOCAL enable_seqscan = off"))
                before(connection)
            event.listen(connection, "before_cursor_execute", note)
            work(connection)
            event.remove(connection, "before_cursor_execute", note)
            plans = [self._plan(connection, *asked) for asked in said]
            connection.rollback()
        return plans

    def _plan(self, connection: Connection, statement: str, parameters: Any) -> str:
        explain = "EXPLAIN QUERY PLAN" if self.database.is_sqlite else "EXPLAIN"
        rows = connection.exec_driver_sql(f"{explain} {statement}", parameters).all()
        return "\n".join(str(row[-1]) for row in rows)


def scans(plan: str) -> list[str]:
    """Steps that read a whole table which grows."""
    lines = [line for line in plan.splitlines() if not any(name in line for name in SMALL)]
    return [line for line in lines if "Seq Scan" in line or (line.startswith("SCAN") and "VIRTUAL TABLE" not in line)]


def sorts(plan: str) -> list[str]:
    return [line for line in plan.splitlines() if "B-TREE FOR ORDER BY" in line or "Sort" in line]


@pytest.fixture(params=["sqlite", "postgresql"], scope="module")
def asked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    database = _sqlite(tmp_path_factory.mktemp("plans")) if request.param == "sqlite" else _full(request)
    yield Asked(database)
    database.close()


def _sqlite(directory: Path) -> Database:
    database = Database(f"sqlite:///{directory / 'mailtickets.db'}")
    migrate.upgrade(database)
    return database


def _full(request: pytest.FixtureRequest) -> Database:
    """Nearly all of five thousand tickets are closed, and nearly all mail has gone out.

    More is due than one page shows, because to sort what fits on a page costs nothing. The tables are vacuumed here, so
    that no autovacuum changes plans between two tests.
    """
    postgres: Postgres = request.getfixturevalue("postgres")
    database = Database(postgres.database().replace("postgresql://", "postgresql+psycopg://"))
    migrate.upgrade(database)
    database.transact(_fill)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM (ANALYZE)"))
    return database


FILL = """
INSERT INTO ticket (number, queue, subject, status, priority, requester_name, requester_address, assignee, revision,
  locale, answered, tags, created_at, updated_at, resolved_at, waiting_since)
  SELECT n, 'queue' || n % 10, '', CASE WHEN n % 100 THEN 'closed' ELSE 'open' END, 'normal', '', n || '@x.test',
  CASE WHEN n % 3 = 0 THEN n % 50 || '@desk.test' END, 1, 'pt_BR', true, '[]', now(), now(), now(),
  CASE WHEN n % 100 = 0 THEN now() END FROM numbers;
INSERT INTO inbound (source, recipients, peer, helo, trusted, received_at, transmission, content, state, outcome,
  queues, message_id, attempts, released, size, raw)
  SELECT 'smtp', '[]', '', '', true, now(), n, n, CASE WHEN n % 1000 THEN 'done' ELSE 'held' END,
  CASE WHEN n % 1000 THEN 'opened' ELSE 'held' END, '[]', n || '@x.test', 0, false, 1, 'x' FROM numbers;
INSERT INTO message (ticket, inbound, direction, visibility, kind, author_name, author_address, verified, subject, text,
  reply, message_id, received_at, defects)
  SELECT n, n, 'in', 'public', 'human', '', '', true, '', '', '', n || '@x.test', now(), '[]' FROM numbers;
INSERT INTO event (ticket, inbound, at, actor, kind, reason) SELECT n, n, now(), '', 'opened', '' FROM numbers;
INSERT INTO notice (ticket, inbound, name, message_id, subject, text, headers, attachments, created_at)
  SELECT n, n, 'received', n || '@desk.test', '', '', '{}', '[]', now() FROM numbers;
INSERT INTO outbox (notice, ticket, name, sender, recipient_name, recipient, domain, reply_to, verp, priority, state,
  attempts, created_at, sent_at, remote_message_id)
  SELECT n, n, 'received', '', '', '', n % 101 || '.test', '', n, 1,
  CASE WHEN n % 1000 THEN 'sent' ELSE 'failed' END, 1, now(),
  timestamptz '2024-01-01' - n * interval '1 minute', n || '@remote.test' FROM numbers;
INSERT INTO attachment (message, filename, content_type, size, sha256, inline)
  SELECT n, '', '', 1, n, false FROM numbers;
INSERT INTO participant (ticket, address_key, role, position, name, address, notified)
  SELECT n, n || '@x.test', 'requester', 0, '', '', true FROM numbers;
INSERT INTO ticket_link (ticket, other) SELECT n, n % 5000 + 1 FROM numbers;
INSERT INTO reminder (ticket, agent, due_at, snooze) SELECT n, '', now() + interval '1 year', false FROM numbers;
INSERT INTO deadline (ticket, clock, level, started_at, due_at, state, ended_at)
  SELECT n, 'resolution', 'padrao', now(), now() + n * interval '1 minute', 'running',
  CASE WHEN n % 10 > 0 THEN now() END FROM numbers;
INSERT INTO budget (key, "window", used, expires_at) SELECT n, 1, 1, now() + interval '1 day' FROM numbers;
INSERT INTO search (rowid, words) SELECT n::bigint << 24, array_to_tsvector(ARRAY['a', n::text]) FROM numbers;
INSERT INTO timer (ticket, kind, name, epoch, at, fired_at)
  SELECT n, 'due', 'resolution', 0, now() + interval '1 year', CASE WHEN n % 100 THEN now() END FROM numbers;
INSERT INTO tally (queue, status, assignee, change) VALUES ('queue1', 'open', '3@desk.test', 7)
"""  # fmt: skip


def _fill(connection: Connection) -> None:
    numbers = "(SELECT generate_series(1, 5000) AS n) AS numbers"
    for statement in FILL.replace("CASE WHEN n % 1000 THEN", "CASE WHEN n % 1000 > 0 THEN").split(";\n"):
        connection.execute(
            text(
                statement.replace("WHEN n % 100 THEN", "WHEN n % 100 > 0 THEN").replace(
                    "FROM numbers", f"FROM {numbers}"
                )
            )
        )


@pytest.mark.parametrize("what", ASKED)
def test_what_is_asked_all_the_time_is_looked_up(asked: Asked, what: str) -> None:
    for plan in asked.plans(ASKED[what]):
        assert not scans(plan), plan


@pytest.mark.parametrize("what", PAGES)
def test_a_page_is_walked_in_its_order(asked: Asked, what: str) -> None:
    first, *rest = asked.plans(PAGES[what])
    assert not sorts(first), first
    assert not scans(first) or "all" in what, first
    assert not [plan for plan in rest if scans(plan)], rest


@pytest.mark.parametrize("what", ["what came in", "what goes out", "what goes out, after trouble"])
def test_what_is_claimed_is_walked_in_its_order_however_much_waits(asked: Asked, what: str) -> None:
    claim = asked.plans(ASKED[what])[0]
    assert not sorts(claim), claim


def thousands_wait(connection: Connection) -> None:
    waiting = "UPDATE outbox SET next_attempt_at = now(), domain = id % 3 || '.test' WHERE id % 2 = 0"
    connection.execute(text(waiting))
    connection.execute(text("ANALYZE outbox"))


@pytest.mark.parametrize("what", ["what goes out to other domains", "what goes out to other domains, after trouble"])
def test_those_behind_a_domain_are_found_however_much_waits_for_it(asked: Asked, what: str) -> None:
    [plan] = asked.plans(ASKED[what], thousands_wait)
    assert not sorts(plan), plan
    assert "ix_outbox_domain_due" in plan, plan
    assert "ix_outbox_due" not in plan, plan


def test_a_question_without_an_index_would_be_seen(asked: Asked) -> None:
    [plan] = asked.plans(lambda c: c.execute(text("SELECT subject FROM ticket WHERE subject = 'x' ORDER BY priority")))
    assert scans(plan)
    assert sorts(plan)
