"""What is proven of a queue's stages before a configuration is taken: the moves between them lead somewhere.

In: stages as they stand in the file. Out: (key path below the stages, what was expected). Pure.
A move is made by hand (`from` and `who`), by the clock (`after`, and the closing of resolved tickets), or by mail: a
customer's reply opens a ticket, an answer makes it wait, a customer may close it. Mail is never refused, so every base
status that mail reaches must have a stage.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mailtickets.config.stages import QueueStage

By = Literal["hand", "clock", "mail"]

REACHED_BY_MAIL: Mapping[str, str] = {
    "new": "mail opens a ticket",
    "open": "a customer's reply opens a ticket",
    "pending": "an agent's answer makes a ticket pending",
    "closed": "a customer may close a ticket, and a resolved one is closed in time",
}
"""Base statuses that mail and the clock bring a ticket to, whatever the stages say, and how."""


@dataclass(frozen=True, slots=True)
class Move:
    source: str
    target: str
    by: By


@dataclass(frozen=True, slots=True)
class Graph:
    """The stages of one queue, in the order of the file, and all moves between them."""

    stages: tuple["QueueStage", ...]
    moves: tuple[Move, ...]

    @classmethod
    def of(cls, stages: Sequence["QueueStage"], *, closes: bool, by_rule: Iterable[str] = ()) -> "Graph":
        """`closes`: resolved tickets are closed in time. `by_rule` names the stages that a rule sets."""
        stages = tuple(stages)
        found = (*_by_hand(stages, frozenset(by_rule)), *_by_clock(stages, closes=closes), *_by_mail(stages))
        return cls(stages, tuple(dict.fromkeys(found)))

    def problems(self) -> Iterator[tuple[str, str]]:
        """What the moves do not hold. The names in the stages must be right already."""
        missing = [base for base in REACHED_BY_MAIL if entry(self.stages, base) is None]
        for base in missing:
            yield "", f'{REACHED_BY_MAIL[base]}, and no stage has is = "{base}"'
        if missing:
            return
        yield from self._unreached()
        yield from self._dead_ends()
        yield from self._rounds()

    def _unreached(self) -> Iterator[tuple[str, str]]:
        first = entry(self.stages, "new")
        reached = _reached([first.name] if first else [], _by_source(self.moves))
        for number, stage in enumerate(self.stages):
            if stage.name not in reached:
                yield f"{number}.from", f"no move leads to stage {stage.name!r}"

    def _dead_ends(self) -> Iterator[tuple[str, str]]:
        ways = [move for move in self.moves if move.by != "mail" and move.source != move.target]
        back: dict[str, list[str]] = {}
        for move in ways:
            back.setdefault(move.target, []).append(move.source)
        closing = _reached([stage.name for stage in self.stages if stage.base == "closed"], back)
        left = {move.source for move in ways}
        for number, stage in enumerate(self.stages):
            if stage.name in closing:
                continue
            if stage.name not in left:
                yield str(number), f"{stage.name!r} is a dead end: no stage has it in its `from`, and it has no `after`"
            else:
                yield str(number), f"from {stage.name!r} no moves lead to a closed stage"

    def _rounds(self) -> Iterator[tuple[str, str]]:
        """Circles that the clock goes round without any person."""
        after = _by_source(move for move in self.moves if move.by == "clock")
        told: set[str] = set()
        for number, stage in enumerate(self.stages):
            circle = _circle(stage.name, after)
            if circle and told.isdisjoint(circle):
                told.update(circle)
                way = " -> ".join([*circle, stage.name])
                yield f"{number}.after", f"{way}: the clock goes round here without a person"


def entry(stages: Iterable["QueueStage"], base: str) -> "QueueStage | None":
    """The stage that a ticket enters when its status becomes `base`: the first one with that base."""
    return next((stage for stage in stages if stage.base == base), None)


def origins(stage: "QueueStage", stages: Iterable["QueueStage"]) -> tuple[str, ...]:
    """The names of the stages from which a person may move a ticket to this one; without `from`, all others."""
    if stage.origins is None:
        return tuple(other.name for other in stages if other.name != stage.name)
    return stage.origins


def _by_hand(stages: Sequence["QueueStage"], by_rule: frozenset[str]) -> Iterator[Move]:
    for stage in stages:
        if stage.who or stage.name in by_rule:
            yield from (Move(source, stage.name, "hand") for source in origins(stage, stages))


def _by_clock(stages: Sequence["QueueStage"], *, closes: bool) -> Iterator[Move]:
    closed = entry(stages, "closed")
    for stage in stages:
        yield from (Move(stage.name, target, "clock") for target in stage.after.values())
        if closes and closed is not None and stage.base == "resolved":
            yield Move(stage.name, closed.name, "clock")


def _by_mail(stages: Sequence["QueueStage"]) -> Iterator[Move]:
    for base in ("open", "pending", "closed"):
        to = entry(stages, base)
        if to is not None:
            yield from (Move(stage.name, to.name, "mail") for stage in stages if stage.base != base)


def _by_source(moves: Iterable[Move]) -> dict[str, list[str]]:
    targets: dict[str, list[str]] = {}
    for move in moves:
        targets.setdefault(move.source, []).append(move.target)
    return targets


def _reached(starts: Iterable[str], targets: Mapping[str, Sequence[str]]) -> set[str]:
    found = set(starts)
    ahead = list(found)
    while ahead:
        news = set(targets.get(ahead.pop(), ())) - found
        found |= news
        ahead += news
    return found


def _circle(start: str, targets: Mapping[str, Sequence[str]]) -> list[str]:
    """The shortest way from `start` back to it, without the return; empty if there is none."""
    came: dict[str, str] = {}
    ahead = [start]
    for here in ahead:
        for target in targets.get(here, ()):
            if target == start:
                way = [here]
                while way[-1] != start:
                    way.append(came[way[-1]])
                return way[::-1]
            if target not in came:
                came[target] = here
                ahead.append(target)
    return []
