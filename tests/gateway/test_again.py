"""Drafting again what is stale: how many times, and what the log says of it."""

import logging

import pytest

from mailtickets.desk.model.delivery import Transient
from mailtickets.gateway.again import MOST_DRAFTS, drafts
from mailtickets.store.database import Stale


def drafted(stale: int, trouble: Exception = Stale("ticket 7 has changed")) -> int:  # noqa: B008
    """How many drafts were made until one was settled, when so many of them are stale or have other trouble."""
    made = 0
    for attempt in drafts("ticket 7"):
        with attempt:
            made += 1
            if made <= stale:
                raise trouble
            return made
    raise AssertionError("unreachable")


def test_what_is_stale_is_drafted_again_and_the_log_says_so(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert drafted(stale=0) == 1
    assert caplog.records == []
    assert drafted(stale=2) == 3
    assert [(record.message, vars(record)["drafts"]) for record in caplog.records] == [
        ("draft was stale: drafted again", 1),
        ("draft was stale: drafted again", 2),
    ]
    assert {vars(record)["subject"] for record in caplog.records} == {"ticket 7"}


def test_there_is_an_end_to_it(caplog: pytest.LogCaptureFixture) -> None:
    assert drafted(stale=MOST_DRAFTS - 1) == MOST_DRAFTS
    caplog.clear()
    with pytest.raises(Stale):
        drafted(stale=MOST_DRAFTS)
    assert caplog.records[-1].levelno == logging.WARNING


def test_other_trouble_is_not_repeated() -> None:
    with pytest.raises(Transient):
        drafted(stale=1, trouble=Transient("the database is away"))
