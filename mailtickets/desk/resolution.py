"""What solved a ticket: the words of a command, or the answer that resolved it. Pure.

`#resolver` and `#solucao` bring their words themselves (`commands`). Every other resolution gets those of the answer
that came with it, or else of the last public answer before: `KeepResolution` without a text. Owns: which ends of a
ticket have been a solution. Merged tickets, spam, a customer who fell silent or called it off were not solved.
"""

from dataclasses import replace
from typing import Final

from mailtickets.desk.model.decision import Decision
from mailtickets.desk.model.effects import KeepResolution, MergeInto, SetStatus
from mailtickets.desk.model.reason import Reason
from mailtickets.desk.model.ticket import FINISHED, Ticket

MAX_CHARACTERS: Final = 10_000
"""How much of an answer is kept as the solution. The answer itself is stored whole."""
UNSOLVED: Final[frozenset[Reason]] = frozenset(
    {"merged", "spam", "undone", "customer-silent", "customer-cancelled", "resolved-long-enough"}
)
"""Why a ticket comes to its end without having been solved just then."""


def with_resolution(decision: Decision, before: Ticket | None) -> Decision:
    """The decision, with what solved its ticket. `before` is the ticket as it was; None: the decision opens it."""
    if (before is None and decision.opens is None) or (before is not None and before.status in FINISHED):
        return decision
    moves = [effect for effect in decision.effects if isinstance(effect, SetStatus)]
    solved = bool(moves) and moves[-1].to in FINISHED and moves[-1].reason not in UNSOLVED
    said = any(isinstance(effect, KeepResolution | MergeInto) for effect in decision.effects)
    if not solved or said:
        return decision
    return replace(decision, effects=(*decision.effects, KeepResolution()))
