"""The name that somebody may have meant, for messages about names that there are not. Pure."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, known: Iterable[str], quote: str = "'", likeness: float = 0.5) -> str:
    """`: 'suporte' is the nearest`; empty if nothing is near: 1.0 is the same name, 0.0 one without a common letter."""
    near = get_close_matches(name, list(known), 1, likeness)
    return f": {quote}{near[0]}{quote} is the nearest" if near else ""
