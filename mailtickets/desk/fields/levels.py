"""Priority from impact and urgency (ITIL): the levels that a ticket has, what customers' words say of them, the matrix.

The usual matrix runs from low on both scales to critical on both: the middle of both is normal. A level that is not
known counts as the middle of its scale. A type with one scale alone goes from normal to critical.
Fails with: nothing.
"""

from collections.abc import Sequence

from mailtickets.config.kinds import SCALES, Scale, TicketKind
from mailtickets.desk.model.ticket import Priority, Ticket
from mailtickets.words.fold import letters_in_place
from mailtickets.words.forms import whole_words

MAX_SEARCHED = 50_000
_BY_SUM: Sequence[Priority] = ("low", "low", "normal", "high", "critical")
"""The usual matrix of three by three levels, by the sum of both, each from 0 to 2."""


def priority_of(kind: TicketKind, ticket: Ticket) -> Priority | None:
    """The priority that the ticket's impact and urgency give; None if neither is known."""
    at = {scale: _place(kind, ticket, scale) for scale in SCALES}
    if all(place is None for place in at.values()):
        return None
    if kind.matrix:
        row, column = (_or_middle(kind, scale, at[scale]) for scale in SCALES)
        return kind.matrix[row][column]
    weights = [_weight(at[scale], len(kind.levels(scale))) for scale in SCALES if kind.levels(scale)]
    return _BY_SUM[int(sum(weights) + (0.5 if len(weights) == 2 else 2.5))]


def _place(kind: TicketKind, ticket: Ticket, scale: Scale) -> int | None:
    """The place of the ticket's level on a scale; None if it is not known."""
    level, levels = ticket.field(scale), kind.levels(scale)
    return levels.index(level) if level in levels else None


def _or_middle(kind: TicketKind, scale: Scale, place: int | None) -> int:
    return place if place is not None else max(0, len(kind.levels(scale)) - 1) // 2


def _weight(place: int | None, levels: int) -> float:
    """From 0 for the lowest level to 2 for the highest."""
    return 1.0 if place is None else 2 * place / (levels - 1)


def said(kind: TicketKind, scale: Scale, words: str) -> str | None:
    """The highest level of a scale for which somebody's words speak; None if they speak for none."""
    plain = letters_in_place(words[:MAX_SEARCHED])
    spoken = kind.said(scale)
    return next((level for level in reversed(kind.levels(scale)) if _says(plain, spoken[level])), None)


def _says(plain: str, expressions: Sequence[str]) -> bool:
    return any(_affirms(plain, expression) for expression in expressions if expression.strip())


def _affirms(plain: str, expression: str) -> bool:
    """Whether a text says an expression, and not `não é urgente` for `urgente`."""
    for match in whole_words(expression).finditer(plain):
        before = plain[max(0, match.start() - _DENIED_WITHIN) : match.start()].split()
        if not _DENIALS.intersection(before[-2:]):
            return True
    return False


_DENIED_WITHIN = 20
_DENIALS = frozenset({"nao", "no", "not", "nem", "ni", "isn't", "nunca", "never"})
