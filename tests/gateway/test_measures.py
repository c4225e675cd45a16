"""The figures of a gateway: what it counts and times, as it works on real mail."""

import pytest
from sqlalchemy import text

from mailtickets.desk.model.delivery import Deferred, Sent, Transient
from mailtickets.gateway.measures import BOUNDS, Measures
from mailtickets.gateway.workers import Unreadable, Workers
from mailtickets.mail.door import LMTP, Door
from tests.gateway.test_gateway import House, small_house, workers
from tests.gateway.test_workers import SLEEPER, read_or_sleep
from tests.store.databases import migrated_file
from tests.store.office import a_message, an_envelope

__all__ = ["migrated_file", "small_house", "workers"]


def test_a_time_is_counted_in_the_class_that_it_fits_in_and_in_the_sum() -> None:
    measures = Measures()
    for seconds in (0.0005, 0.001, 0.3, 1000.0):
        measures.time("accept", seconds, "smtp")
    [(key, times)] = measures.times.items()
    assert key == ("accept", ("smtp",))
    assert dict(zip((*BOUNDS, None), times.classes, strict=True))[0.001] == 2
    assert dict(zip((*BOUNDS, None), times.classes, strict=True))[0.5] == 1
    assert times.classes[-1] == 1
    assert times.seconds == pytest.approx(1000.3015)


def test_a_copy_does_not_change_any_more() -> None:
    measures = Measures()
    measures.count("received", "smtp")
    measures.time("accept", 0.1, "smtp")
    then = measures.copy()
    measures.count("received", "smtp")
    measures.count("received", "lmtp")
    measures.time("accept", 0.1, "smtp")
    assert then.counts == {"received": {("smtp",): 1}}
    assert sum(then.times["accept", ("smtp",)].classes) == 1


async def test_what_comes_in_is_counted_by_door(small_house: House) -> None:
    accept, measures = small_house.gateway.accept, small_house.gateway.measures
    raw = a_message()
    for number, door in enumerate((LMTP, LMTP, Door.imap("suporte"))):
        mail = raw + b"%d\r\n" % number
        await accept(mail, an_envelope(door=door))
    await accept(raw + b"0\r\n", an_envelope(door=LMTP))
    assert measures.counts["received"] == {("lmtp",): 2, ("imap:suporte",): 1}
    assert measures.counts["received-bytes"] == {("lmtp",): 2 * len(raw) + 6, ("imap:suporte",): len(raw) + 3}
    assert measures.counts["received-again"] == {("lmtp",): 1}
    assert {key: sum(times.classes) for key, times in measures.times.items()} == {
        ("accept", ("lmtp",)): 3,
        ("accept", ("imap",)): 1,
    }


async def test_what_we_could_not_keep_is_counted_too(small_house: House) -> None:
    small_house.office.run(lambda c: c.execute(text("ALTER TABLE inbound RENAME TO away")))
    with pytest.raises(Transient):
        await small_house.gateway.accept(a_message(), an_envelope(door=LMTP))
    assert small_house.gateway.measures.counts["not-received"] == {("lmtp", "deferred"): 1}


async def test_outcomes_and_attempts_to_deliver_are_counted(small_house: House) -> None:
    measures = small_house.gateway.measures
    small_house.answer = lambda recipient: Sent("250 ok") if recipient.startswith("maria") else Deferred("450 later")
    await small_house.take(a_message())
    await small_house.deliver()
    assert measures.counts["decided"] == {("opened", "new-mail"): 1}
    assert measures.counts["delivered"] == {("received", "sent"): 1, ("new_ticket", "deferred"): 2}
    assert sum(measures.times["process", ()].classes) == 1
    assert sum(measures.times["deliver", ()].classes) == 3


async def test_a_worker_that_is_ended_counts_as_restarted() -> None:
    measures = Measures()
    hasty = Workers(1, quick_seconds=0.05, read_seconds=0.05, reader=read_or_sleep, measures=measures)
    try:
        with pytest.raises(Unreadable):
            await hasty.read(SLEEPER, "exemplo")
    finally:
        hasty.close()
    assert measures.counts["worker-restarted"] == {("took-too-long",): 2}
