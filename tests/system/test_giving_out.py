"""Waiting tickets of a running daemon: each is given out once, also when the daemon is killed in the middle."""

import signal

import pytest

from mailtickets.failpoint import GIVING_FAILPOINTS
from tests.system.conftest import DeskMaker
from tests.system.desk import MAILDIR, Desk, config

CONFIG = (
    config(MAILDIR, smtp_port=0)
    .replace('display_name = "Suporte Exemplo"\n', 'display_name = "Suporte Exemplo"\nassignment = "skill"\n', 1)
    .replace('queues = ["suporte"]\n', 'queues = ["suporte"]\ncapacity = 1\n')
)
"""Two agents who can hold one ticket each."""


def open_ticket(desk: Desk) -> None:
    words = ("--queue", "suporte", "--requester", "maria@cliente.test", "--subject", "Impressora")
    desk.cli("ticket", "open", *words, given="A impressora não imprime.")


def given(desk: Desk, number: int) -> list[tuple[str | None, str]]:
    """(to whom, why) of each assignment."""
    return [(event["to"], event["reason"]) for event in desk.ticket(number)["events"] if event["kind"] == "assignee"]


@pytest.mark.parametrize("moment", [f"{name}:{count}" for name in GIVING_FAILPOINTS for count in (1, 2)])
def test_what_waits_is_given_out_once_whenever_the_daemon_dies(make_desk: DeskMaker, moment: str) -> None:
    desk = make_desk(CONFIG, quick=True)
    desk.start({"MAILTICKETS_FAILPOINT": moment})
    for _ in range(4):
        open_ticket(desk)
    assert [desk.ticket(number)["assignee"] for number in (3, 4)] == [None, None]
    for number in (1, 2):
        desk.cli("ticket", "status", number, "closed")
    assert desk.wait() == -signal.SIGKILL
    desk.start()
    desk.wait_for(lambda: desk.ticket(3)["assignee"] and desk.ticket(4)["assignee"], "that both are given out")
    assert sorted(desk.ticket(number)["assignee"] for number in (3, 4)) == ["ana@desk.test", "bruno@desk.test"]
    assert [(number, len(given(desk, number))) for number in (3, 4)] == [(3, 1), (4, 1)]
    told = sorted((row["ticket"], row["recipient"]) for row in desk.outbox() if row["notice"] == "assigned")
    assert told == sorted((number, desk.ticket(number)["assignee"]) for number in (3, 4))
