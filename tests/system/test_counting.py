"""Tickets that a running daemon adds up for reports: each counts once, also when the daemon is killed in the middle."""

import json
import signal
import sqlite3
from contextlib import closing

import pytest

from mailtickets.failpoint import COUNTING_FAILPOINTS
from tests.system.conftest import DeskMaker
from tests.system.desk import MAILDIR, Desk, config


def stored(desk: Desk) -> tuple[int, int]:
    """(tickets that are to be counted, tickets that are in the sums of days)"""
    with closing(sqlite3.connect(desk.state_dir / "mailtickets.db", timeout=30)) as database:
        [[waiting]] = database.execute("SELECT count(*) FROM uncounted")
        sums = database.execute("SELECT figures FROM day_sum WHERE part = ''").fetchall()
    return waiting, sum(json.loads(figures).get("opened", 0) for (figures,) in sums)


@pytest.mark.parametrize("moment", COUNTING_FAILPOINTS)
def test_a_ticket_counts_once_whenever_the_daemon_dies(make_desk: DeskMaker, moment: str) -> None:
    desk = make_desk(config(MAILDIR, smtp_port=0), quick=True)
    desk.start()
    words = ("--queue", "suporte", "--requester", "maria@cliente.test", "--subject", "Impressora")
    desk.cli("ticket", "open", *words, given="A impressora não imprime.")
    desk.stop()
    assert stored(desk) == (1, 0)
    desk.launch({"MAILTICKETS_FAILPOINT": moment})
    assert desk.wait() == -signal.SIGKILL
    assert stored(desk) == (1, 0)
    desk.start()
    desk.wait_for(lambda: stored(desk) == (0, 1), "that the ticket is counted")
