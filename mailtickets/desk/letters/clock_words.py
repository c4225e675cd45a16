"""A clock of a ticket in words: `primeira resposta até hoje às 16h30`, `first answer late by 2 working hours`.

In: a clock as templates see it (`shapes.CLOCK`) and a locale. Out: words for a line of facts or of a list.
Fails with: nothing; a clock that has no label yet is named by its code.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from mailtickets.words import due, locales

CLOCK_LABELS: Mapping[str, Mapping[str, str]] = {
    "pt_BR": {
        "first_answer": "primeira resposta",
        "next_answer": "próxima resposta",
        "resolution": "solução",
        "promised": "resposta prometida",
        "legal": "resposta por lei",
    },
    "en": {
        "first_answer": "first answer",
        "next_answer": "next answer",
        "resolution": "resolution",
        "promised": "promised answer",
        "legal": "answer by law",
    },
    "es": {
        "first_answer": "primera respuesta",
        "next_answer": "próxima respuesta",
        "resolution": "solución",
        "promised": "respuesta prometida",
        "legal": "respuesta por ley",
    },
}
"""In Portuguese all of these are feminine, as `_LATE` needs it."""
_UNTIL = {"pt_BR": "{} até {}", "en": "{} due {}", "es": "{} a más tardar {}"}
_LATE = {"pt_BR": "{} atrasada há {}", "en": "{} late by {}", "es": "{} con {} de atraso"}
_WAS_DUE = {"pt_BR": "{} (venceu {})", "en": "{} (was due {})", "es": "{} (venció {})"}
_PAUSED = {"pt_BR": "{} em pausa", "en": "{} paused", "es": "{} en pausa"}


def clock_words(clock: Mapping[str, Any], locale: str, *, short: bool = False) -> str:
    """What a notice says of a clock. `short`: for a list, where a late clock does not say when it was due."""
    label = locales.label(CLOCK_LABELS, clock["clock"], locale)
    if clock["at"] is None or clock["now"] is None:
        return _PAUSED[locale].format(label)
    at = due.moment(clock["at"], clock["now"], locale)
    if not clock["late"]:
        return _UNTIL[locale].format(label, at)
    length, day = timedelta(minutes=clock["late_minutes"]), timedelta(minutes=clock["day_minutes"])
    late = _LATE[locale].format(label, due.amount(length, locale, working=clock["working"], day=day))
    return late if short else _WAS_DUE[locale].format(late, at)
