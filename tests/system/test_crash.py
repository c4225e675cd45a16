"""Killed with SIGKILL in the middle of each of the three transactions, and started again.

MAILTICKETS_FAILPOINT names the moment: the daemon kills itself when it gets there for the first time.
"""

import signal
from collections import Counter

import pytest

from tests.system.desk import Desk
from tests.system.town import ANA, BRUNO, JOAO, MAILBOX, MARIA, QUEUE, Town, write

ACCEPT = ("before-accept-commit", "after-accept-commit")
APPLY = ("before-apply-commit", "after-apply-commit")
RESULT = ("before-result-commit", "after-result-commit")


@pytest.mark.parametrize("moment", ACCEPT + APPLY + RESULT)
def test_a_mail_by_smtp_is_one_ticket_whenever_the_daemon_dies(town: Town, town_desk: Desk, moment: str) -> None:
    desk = town_desk
    desk.start({"MAILTICKETS_FAILPOINT": moment})
    mail = write(JOAO)
    town.submit(mail, QUEUE)
    assert desk.wait() == -signal.SIGKILL

    desk.start()
    town.wait_for_mail(JOAO)
    town.wait_for_mail(ANA)
    town.wait_for_mail(BRUNO)
    desk.wait_for(lambda: town.postfix.queue() == [], "Postfix to be rid of everything")
    everything_is_sent(desk)

    (row,) = desk.inbound()
    (ticket,) = desk.tickets()  # its number may be 2: a gap is normal
    assert (row["outcome"], row["ticket"]) == ("opened", ticket["number"])
    assert [message["message_id"] for message in ticket["messages"]] == [str(mail["Message-ID"]).strip("<>")]
    for person in (JOAO, ANA, BRUNO):
        copies = Counter(notice["Message-ID"] for notice in town.inbox(person))
        assert len(copies) == 1, f"{person.name} was told twice"
        # What the smarthost took, on either connection, before we could write that down is sent again.
        assert copies.total() <= (2 if moment in RESULT else 1)


@pytest.mark.parametrize("moment", ACCEPT)
def test_a_mail_by_imap_is_one_ticket_whenever_the_daemon_dies(town: Town, town_desk: Desk, moment: str) -> None:
    town_desk.start({"MAILTICKETS_FAILPOINT": moment})
    town.submit(write(MARIA, to=MAILBOX), MAILBOX)
    assert town_desk.wait() == -signal.SIGKILL

    town_desk.start()
    town.wait_for_mail(MARIA)
    town_desk.wait_for(lambda: town.dovecot.messages(MAILBOX, "Processados"), "the mail in Processados")

    assert [(row["outcome"], row["ticket"]) for row in town_desk.inbound()] == [("opened", 1)]
    assert len(town_desk.tickets()) == 1
    assert len(town.inbox(MARIA)) == 1


def test_of_thirty_mails_through_five_kills_none_is_lost_or_doubled(town: Town, town_desk: Desk) -> None:
    desk = town_desk
    subjects = [f"Pedido número {number}" for number in range(30)]
    desk.start()
    for number, subject in enumerate(subjects):
        town.submit(write(JOAO, subject=subject), QUEUE)
        if number % 6 == 3:
            desk.kill()
            desk.start()
    desk.wait_for(lambda: town.postfix.queue() == [], "Postfix to be rid of everything")

    rows = desk.wait_until_done(len(subjects))
    assert Counter(row["subject"] for row in rows) == Counter(subjects)
    assert {row["outcome"] for row in rows} == {"opened"}
    assert len({row["ticket"] for row in rows}) == len(subjects)


def test_its_workers_do_not_outlive_a_killed_daemon(desk: Desk) -> None:
    desk.start()
    desk.cli("ticket", "open", "--queue", "suporte", "--requester", JOAO.address, "--subject", "Oi", given="Olá")
    assert desk.process is not None
    group = desk.process.pid
    desk.kill()
    desk.wait_for(lambda: desk.leaves_nobody(group), "the end of the workers")


def everything_is_sent(desk: Desk) -> None:
    def sent() -> bool:
        rows = desk.outbox()
        return bool(rows) and {row["state"] for row in rows} == {"sent"}

    desk.wait_for(sent, "an outbox with nothing left to send")
