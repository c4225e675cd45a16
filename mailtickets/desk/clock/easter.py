"""The date of Easter Sunday, from which carnival, Good Friday and Corpus Christi are counted."""

from datetime import date
from functools import cache


@cache
def easter(year: int) -> date:
    """Easter Sunday in the Gregorian calendar: Butcher's algorithm (Nature, 20 April 1876)."""
    century, of_century = divmod(year, 100)
    golden = year % 19
    leap_centuries, rest = divmod(century, 4)
    correction = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leap_centuries - correction + 15) % 30
    leap_years, odd_years = divmod(of_century, 4)
    to_sunday = (32 + 2 * rest + 2 * leap_years - epact - odd_years) % 7
    late = (golden + 11 * epact + 22 * to_sunday) // 451
    month, day = divmod(epact + to_sunday - 7 * late + 114, 31)
    return date(year, month, day + 1)
