"""A month of service levels: no escalation is forgotten, none is taken twice, and the clocks add up.

The short one runs with all tests. `make month` lets 2,000 tickets pass through 30 days and ten kills.
"""

import os
from collections import Counter
from pathlib import Path

import pytest

from mailtickets.store import deadlines, migrate
from mailtickets.store.database import Database
from tests.chaos.month import Month, named
from tests.servers.postgres import Postgres

TICKETS = int(os.environ.get("MONTH_TICKETS", "2000"))


def hold(month: Month) -> None:
    """What must be true after the month."""
    missing, extra = month.wanted() - month.fired(), month.fired() - month.wanted()
    assert (list(named(missing)), list(named(extra))) == ([], []), month.told_of({t for t, _ in (*missing, *extra)})
    told = month.rows("SELECT ticket, count(*) FROM notice WHERE name = 'escalated' GROUP BY ticket")
    assert Counter(dict(told)) == Counter(t for t, step in month.wanted() if step == "first_answer:1")
    clocks = Counter(str(state) for (state,) in month.rows("SELECT state FROM deadline WHERE clock = 'first_answer'"))
    assert clocks.total() == len(month.books) == month.tickets
    assert clocks["missed"] == sum(step == "first_answer:1" for _, step in month.wanted())
    policy = month.clerk.rules.policy
    refresh = month.database.transact
    changed = [t for t in month.books if refresh(deadlines.refresh, t, policy, month.moment)]
    assert changed == [], month.told_of(set(changed))  # what is stored is what the events say


@pytest.mark.timeout(280)
def test_a_week_and_two_gateways_that_are_killed(postgres: Postgres, tmp_path: Path) -> None:
    url = postgres.database()
    with Month(migrated(url), tmp_path, gateways=2, tickets=30, days=7, kills=3, seed=7) as month:
        month.pass_by()
        hold(month)
        assert month.wanted(), "somebody was late"


@pytest.mark.chaos
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", ["postgresql", "sqlite"])
def test_a_month(kind: str, postgres: Postgres, tmp_path: Path, told: list[str]) -> None:
    url = postgres.database() if kind == "postgresql" else f"sqlite:///{tmp_path / 'mailtickets.db'}"
    gateways = 2 if kind == "postgresql" else 1
    with Month(migrated(url), tmp_path, gateways=gateways, tickets=TICKETS, days=30, kills=10, seed=11) as month:
        month.pass_by()
        hold(month)
        told.append(
            f"a month on {kind}: {len(month.books)} tickets, {month.wanted().total()} escalations, {month.killed} kills"
        )


def migrated(url: str) -> str:
    database = Database(url.replace("postgresql://", "postgresql+psycopg://"))
    migrate.upgrade(database)
    database.close()
    return url
