"""What holds for the clocks of every history: a hundred and twenty histories by chance, always the same ones."""

import itertools
import random
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from mailtickets.desk.clock.calendar import worked
from mailtickets.desk.clock.clocks import Clock, clocks, hours_for, moment
from mailtickets.desk.clock.course import Happening
from mailtickets.desk.clock.levels import named
from mailtickets.desk.clock.timers import Fired, timers
from mailtickets.desk.model.ticket import Status, Ticket
from tests.desk.builders import a_ticket
from tests.desk.clock.scenes import AGENT, CUSTOMER, NUMBER, at, the_policy

POLICY = the_policy()
AFTER: dict[str, Status] = {"answer": "pending", "resolve": "resolved", "wait": "pending", "work": "open"}


class Story:
    """A ticket on which things happen by chance, as the desk lets them happen."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.now = at("03", "08:00") + timedelta(minutes=self.chance.randrange(3000))
        self.history: list[Happening] = []
        self.status: Status = "new"
        self.mail = 0
        self.say("in")
        for _ in range(self.chance.randrange(12)):
            self.now += timedelta(minutes=self.chance.choice([1, 7, 45, 300, 1500]))
            getattr(self, self.chance.choice(["customer", "answer", "resolve", "wait", "work", "note"]))()
        self.now += timedelta(minutes=self.chance.choice([0, 30, 3000]))

    @property
    def ticket(self) -> Ticket:
        priority = self.chance.choice(["critical", "high", "normal", "low"])
        return a_ticket(NUMBER, status=self.status, priority=priority)

    def say(self, direction: Any, visibility: Any = "public", **more: Any) -> None:
        self.mail += 1
        author = CUSTOMER if direction == "in" else AGENT
        said = {"direction": direction, "visibility": visibility, "author": author, "inbound": self.mail}
        self.history.append(Happening(self.now, "message", NUMBER, **{**said, **more}))

    def move(self, to: Status, reason: str = "ordered") -> None:
        if to != self.status:
            self.status = to
            self.history.append(Happening(self.now, "status", NUMBER, new=to, reason=reason, inbound=self.mail))

    def customer(self) -> None:
        self.say("in")
        self.move("open" if self.status != "new" else "new", "customer-replied")

    def answer(self) -> None:
        self.say("out")
        self.move("pending", "agent-answered")

    def note(self) -> None:
        self.say("out", "note")

    def resolve(self) -> None:
        self.move("resolved")

    def wait(self) -> None:
        self.move("pending")

    def work(self) -> None:
        self.move("open")


SEEDS = range(120)


def read(story: Story, history: list[Happening], ticket: Ticket, now: datetime | None = None) -> tuple[Clock, ...]:
    return clocks(history, ticket, POLICY, now or story.now)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_clock_has_had_all_its_time_when_it_is_due(seed: int) -> None:
    story = Story(seed)
    for clock in read(story, story.history, story.ticket):
        if clock.name == "legal" or clock.due_at is None or clock.allowed is None:
            continue
        hours = hours_for(clock.name, named(clock.level, POLICY), POLICY)
        counted = [span for span in clock.spans if span.counted]
        spent = timedelta()
        for span in counted:
            ends = clock.due_at if span is counted[-1] else min(span.until or clock.due_at, clock.due_at)
            spent += worked(hours, span.since, ends)
        assert spent == clock.allowed


@pytest.mark.parametrize("seed", SEEDS)
def test_a_note_thanks_and_what_is_taken_back_change_nothing(seed: int) -> None:
    story = Story(seed)
    ticket, plain = story.ticket, list(story.history)
    before = [clock.row for clock in read(story, plain, ticket)]
    story.note()
    thanks: dict[str, Any] = {"reason": "only-thanks"} if story.status == "resolved" else {"reason": "emoji-reaction"}
    story.say("in", **thanks)
    assert [clock.row for clock in read(story, story.history, ticket)] == before
    story.history = list(plain)
    status = story.status
    story.say("out")
    story.move("pending", "agent-answered")
    story.history.append(Happening(story.now, "undone", NUMBER, new=str(story.mail)))
    story.move(status, "undone")
    assert [clock.row for clock in read(story, story.history, ticket)] == before


@pytest.mark.parametrize("seed", SEEDS)
def test_spans_follow_each_other_without_a_gap(seed: int) -> None:
    story = Story(seed)
    for clock in read(story, story.history, story.ticket):
        assert clock.spans[0].since == clock.started_at
        for one, following in zip(clock.spans, clock.spans[1:], strict=False):
            assert one.until == following.since
        assert clock.ended_at is None or clock.ended_at >= clock.started_at
        assert clock.state != "met" or clock.due_at is None or clock.ended_at is not None


@pytest.mark.parametrize("seed", SEEDS)
def test_a_shorter_time_is_never_due_later(seed: int) -> None:
    story = Story(seed)
    ticket, due = story.ticket, []
    for priority in ("critical", "high", "normal"):
        found = {clock.name: clock.due_at for clock in read(story, story.history, replace(ticket, priority=priority))}
        due.append(found)
    for shorter, longer in itertools.pairwise(due):
        for name in ("first_answer", "resolution"):
            early, late = shorter.get(name), longer.get(name)
            assert early is None or late is None or early <= late


@pytest.mark.parametrize("seed", SEEDS)
def test_timers_come_one_by_one_and_each_once(seed: int) -> None:
    """Whoever fires what is due, again and again, comes to an end, and has fired nothing twice."""
    story = Story(seed)
    ticket, now, fired = story.ticket, story.now + timedelta(days=60), list[Fired]()
    found = read(story, story.history, ticket, now)
    while due := [one for one in timers(ticket, found, POLICY, now, fired) if one.at <= now]:
        fired.append(Fired(due[0].kind, due[0].name, due[0].epoch, now))
        assert len(fired) <= 20
    assert len({(one.kind, one.name, one.epoch) for one in fired}) == len(fired)
    for clock in found:
        kinds = {one.kind for one in fired if one.name == clock.name}
        assert kinds <= {"warn", "due"}  # a warning waits for somebody who is on duty
        assert ("due" in kinds) == (clock.runs and moment(clock, 1.0, POLICY) is not None)
