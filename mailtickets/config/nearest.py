"""The name that somebody may have meant, for messages about names that there are not. Pure."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, known: Iterable[str], quote: str = "'") -> str:
    """`: 'suporte' is the nearest`; empty if nothing is near."""
    near = get_close_matches(name, list(known), 1, 0.5)
    return f": {quote}{near[0]}{quote} is the nearest" if near else ""
