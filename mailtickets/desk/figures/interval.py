"""How sure a share is that was counted: the 95 % interval of Wilson (1927). Pure."""

from math import sqrt

_Z = 1.959963984540054
"""Of the normal distribution: 95 % lie within so many standard deviations."""


def wilson(good: int, count: int) -> tuple[float, float]:
    """The lower and the upper end of the interval of `good / count`, from 0 to 1. `count` is at least 1."""
    share, square = good / count, _Z * _Z / count
    middle = (share + square / 2) / (1 + square)
    reach = _Z * sqrt(share * (1 - share) / count + square / (4 * count)) / (1 + square)
    return max(0.0, middle - reach), min(1.0, middle + reach)
