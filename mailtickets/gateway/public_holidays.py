"""Computes holidays: a program of its own, which `gateway.holidays` starts.

In: regions and years as arguments (`BR-SP 2026 2027`: each region with the years behind it). Out: one JSON document on
stdout, a list of [region, day, name, kind]. The library `holidays` is imported here and nowhere else: it costs a third
of a second and 11 MB, which end with this process.
Names are in the language of the country itself. The language is passed explicitly: otherwise the library takes that of
the process's locale.
"""

import json
import sys
from collections.abc import Iterator, Sequence

import holidays

KINDS = ("public", "optional")


def asked(words: Sequence[str]) -> dict[str, list[int]]:
    """The years of each region, from the arguments."""
    found: dict[str, list[int]] = {}
    region = ""
    for word in words:
        if word.isdecimal():
            found[region].append(int(word))
        else:
            region = word
            found.setdefault(region, [])
    return found


def computed(region: str, years: Sequence[int]) -> Iterator[tuple[str, str, str, str]]:
    """The holidays of one region, as (region, day, name, kind). A day that is of both kinds is public."""
    country, _, part = region.partition("-")
    of_country = getattr(holidays, country)
    seen = set()
    for kind in KINDS:
        if kind in of_country.supported_categories:
            found = holidays.country_holidays(
                country, part or None, years, expand=False, language=of_country.default_language, categories=(kind,)
            )
            for day, name in sorted(found.items()):
                if day not in seen:
                    seen.add(day)
                    yield region, day.isoformat(), name, kind


if __name__ == "__main__":
    rows = [row for region, years in asked(sys.argv[1:]).items() for row in computed(region, years)]
    json.dump(rows, sys.stdout, ensure_ascii=True)
