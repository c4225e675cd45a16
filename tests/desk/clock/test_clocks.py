"""The clocks of a ticket, as a table that people can read, and what holds for all of them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from mailtickets.desk.clock.clocks import clocks
from tests.desk.clock.scenes import HERE, Scene, in_words, scenes, the_policy

POLICY = the_policy()
TABLE = list(scenes((HERE / "clocks.txt").read_text()))


@pytest.mark.parametrize("scene", TABLE, ids=lambda scene: scene.title)
def test_the_clocks_say_what_the_table_says(scene: Scene) -> None:
    found = clocks(scene.history, scene.ticket, POLICY, scene.now)
    assert [in_words(clock) for clock in found] == scene.expected


def test_the_table_has_what_is_most_often_got_wrong() -> None:
    assert len({scene.title for scene in TABLE}) == len(TABLE) >= 45


@pytest.mark.parametrize("scene", TABLE, ids=lambda scene: scene.title)
def test_what_was_stored_and_is_read_again_stays_the_same(scene: Scene) -> None:
    """A job that makes the rows again finds nothing to change."""
    found = clocks(scene.history, scene.ticket, POLICY, scene.now)
    stored = [replace(clock, spans=(), allowed=None) for clock in found]
    assert [clock.row for clock in clocks(scene.history, scene.ticket, POLICY, scene.now, stored)] == [
        clock.row for clock in found
    ]


@pytest.mark.parametrize("scene", TABLE, ids=lambda scene: scene.title)
def test_a_clock_is_due_at_the_same_time_whenever_it_is_read(scene: Scene) -> None:
    """What is due does not depend on the time at which it is asked."""
    for later in (timedelta(minutes=1), timedelta(days=3)):
        before = {clock.name: clock.due_at for clock in clocks(scene.history, scene.ticket, POLICY, scene.now)}
        after = {clock.name: clock.due_at for clock in clocks(scene.history, scene.ticket, POLICY, scene.now + later)}
        assert before == after
