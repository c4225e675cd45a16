"""What the history of a ticket says to its clocks: when customers began to wait, when a person answered, and who had to
act.

In: the happenings of a ticket, and of the tickets that were merged into it, in their order. Out: a `Course`.
Owns: which words wait for an answer, and which are one. An acknowledgement, a note, thanks and a rating change nothing.
What was imported starts no clock, because nobody had promised anything about old mail.
Fails with: nothing. A happening of a kind that clocks do not know is passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal

from mailtickets.desk.model.ticket import Direction, Status, Visibility, status_named

if TYPE_CHECKING:
    from mailtickets.desk.model.policy import Policy

Turn = Literal["desk", "customer", "nobody"]
"""Who has to act on the ticket: `desk` while it is new or open, `customer` while it is pending, `nobody` when it is
finished."""

_UNTROUBLING = frozenset({"only-thanks", "rated", "emoji-reaction"})
"""Reasons of customers' messages that wait for no answer."""

_FINISHED: tuple[Status, ...] = ("resolved", "closed")


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the history, as far as clocks read it."""

    at: datetime
    kind: str
    """A kind of event (`EventKind`)."""
    ticket: int
    """The ticket on which it happened: maybe one that was merged into the ticket in hand later."""
    old: str | None = None
    new: str | None = None
    reason: str = ""
    actor: str = "system"
    inbound: int | None = None
    """The mail that was the cause."""
    imported: bool = False
    direction: Direction | None = None
    """This and what follows: of a message alone."""
    visibility: Visibility | None = None
    """As it is now: a public answer that was taken back is a note."""
    mail_kind: str = "human"
    author: str = ""
    waits: bool | None = None
    """Whether the message waits for an answer. None: the reason says so."""


@dataclass(frozen=True, slots=True)
class Wait:
    """A time in which customers waited for an answer: from their earliest mail that was not answered."""

    since: datetime
    until: datetime | None
    """When a person answered, or the ticket was finished without an answer. None: they still wait."""


@dataclass(frozen=True, slots=True)
class Promise:
    """A date that an agent has promised the customer."""

    made_at: datetime
    due_at: datetime
    kept_at: datetime | None
    """When a person wrote to the customer again, or the ticket was finished."""


@dataclass(frozen=True, slots=True)
class Course:
    """The history of a ticket, for its clocks."""

    begun_at: datetime | None = None
    """When the desk was first asked, or wrote first. None: never, all of the ticket was imported."""
    waits: tuple[Wait, ...] = ()
    """By their beginnings."""
    answered_before: bool = False
    """A person had answered before the ticket was imported: no wait of it is the first."""
    turns: tuple[tuple[datetime, Turn], ...] = ()
    """Who has had to act, from when on; the first one from the beginning on."""
    promise: Promise | None = None
    """The last promise that was not taken back."""
    finished_first_at: datetime | None = None
    """When the ticket was resolved or closed for the first time."""
    gone: bool = False
    """It was merged into another ticket, which has all its clocks."""


class _Thread:
    """One ticket number on its way through the history."""

    def __init__(self) -> None:
        self.status: Status = "new"
        self.since: datetime | None = None
        """The earliest mail of a customer that is not answered."""
        self.asked: Happening | None = None
        """A customer's mail on the finished ticket: it waits if it opens the ticket again."""


class _Reading:
    """The state between two happenings."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.threads: dict[int, _Thread] = {}
        self.merged: set[int] = set()
        self.begun_at: datetime | None = None
        self.waits: list[Wait] = []
        self.turns: list[tuple[datetime, Turn]] = []
        self.answered_before = False
        self.promise: Promise | None = None
        self.promised_by: int | None = None
        self.finished_first_at: datetime | None = None

    def take(self, happening: Happening) -> None:
        if happening.ticket in self.merged:
            return
        thread = self.threads.setdefault(happening.ticket, _Thread())
        match happening.kind:
            case "opened":
                self._begin(happening)
            case "message":
                self._message(thread, happening)
            case "status":
                self._status(thread, happening)
            case "merged":
                self._merge(happening)
            case "promised":
                self._promise(happening)
        if self.begun_at is not None:
            self._turn(happening.at)

    def _begin(self, happening: Happening) -> None:
        if not happening.imported:
            self.begun_at = min(self.begun_at or happening.at, happening.at)

    def _message(self, thread: _Thread, said: Happening) -> None:
        if is_answer(said, self.policy):
            self.answered_before = self.answered_before or said.imported
            self._keep_promise(said)
            if thread.since is not None:
                self.waits.append(Wait(thread.since, said.at))
                thread.since = None
        elif is_question(said):
            self._begin(said)
            if thread.status in _FINISHED:
                thread.asked = said
            else:
                thread.since = thread.since or said.at

    def _status(self, thread: _Thread, moved: Happening) -> None:
        to = status_named(moved.new or "")
        if to is None:
            return
        thread.status, asked, thread.asked = to, thread.asked, None
        if to in _FINISHED:
            self._finish(thread, moved)
        elif asked is not None and (asked.inbound, asked.at) == (moved.inbound, moved.at):
            thread.since = thread.since or asked.at
        elif moved.reason == "delivery-failed":
            thread.since = thread.since or moved.at

    def _finish(self, thread: _Thread, moved: Happening) -> None:
        if not moved.imported:
            self.finished_first_at = self.finished_first_at or moved.at
        self._keep_promise(moved)
        if thread.since is not None and thread.since < moved.at:
            self.waits.append(Wait(thread.since, moved.at))
        thread.since = None

    def _merge(self, merged: Happening) -> None:
        """The waits of one ticket go over to the other, which lives on."""
        gone, into = int(merged.old or 0), int(merged.new or 0)
        source, target = self.threads.pop(gone, _Thread()), self.threads.setdefault(into, _Thread())
        self.merged.add(gone)
        begun = [since for since in (source.since, target.since) if since is not None]
        target.since = min(begun, default=None)
        target.asked = target.asked or source.asked

    def _promise(self, promised: Happening) -> None:
        self.promised_by = promised.inbound
        due_at = datetime.fromisoformat(promised.new) if promised.new else None
        self.promise = Promise(promised.at, due_at, None) if due_at is not None else None

    def _keep_promise(self, by: Happening) -> None:
        """A promise is kept by what comes after the mail that made it."""
        promise = self.promise
        if promise is None or promise.kept_at is not None or by.at <= promise.made_at:
            return
        if by.inbound is None or by.inbound != self.promised_by:
            self.promise = Promise(promise.made_at, promise.due_at, by.at)

    def _turn(self, at: datetime) -> None:
        statuses = {thread.status for thread in self.threads.values()}
        turn: Turn = "desk" if statuses & {"new", "open"} else "customer" if "pending" in statuses else "nobody"
        if not self.turns or self.turns[-1][1] != turn:
            self.turns.append((at, turn))

    def course(self, number: int) -> Course:
        open_since = [thread.since for thread in self.threads.values() if thread.since is not None]
        waiting = [Wait(min(open_since), None)] if open_since else []
        return Course(
            self.begun_at,
            tuple(sorted([*self.waits, *waiting], key=lambda wait: wait.since)),
            self.answered_before,
            tuple(self.turns),
            self.promise,
            self.finished_first_at,
            gone=number in self.merged,
        )


def course(history: Sequence[Happening], number: int, policy: Policy) -> Course:
    """What the history of the ticket `number` says to its clocks."""
    reading = _Reading(policy)
    for happening in standing(history):
        reading.take(happening)
    return reading.course(number)


def standing(history: Sequence[Happening]) -> Iterable[Happening]:
    """The history without what was taken back: the answer, and the change of status that came with it."""
    undone = {happening.new for happening in history if happening.kind == "undone"}
    if not undone:
        return history
    return [one for one in history if not (one.kind in {"message", "status"} and str(one.inbound) in undone)]


def is_question(said: Happening) -> bool:
    """Whether a message is a customer's and waits for an answer. The one that opens a ticket does in any case."""
    if said.imported or said.direction != "in" or said.visibility != "public":
        return False
    if said.waits is not None:
        return said.waits
    return said.mail_kind != "auto_reply" and said.reason not in _UNTROUBLING


def is_answer(said: Happening, policy: Policy) -> bool:
    """Whether a message is the public answer of a person: an agent, or somebody at the shell in the queue's name."""
    if said.direction != "out" or said.visibility != "public" or said.mail_kind != "human":
        return False
    return said.imported or policy.queue_at(said.author) is None or said.actor.startswith(SHELL)


SHELL: Final = "shell:"
"""The actor of what is done at the shell begins with this."""
