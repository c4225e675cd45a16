"""Overload in words, for the alarm about a queue. In the locale of the instance: managers read it too."""

from collections.abc import Iterable, Mapping

from mailtickets.desk.clock.overload import Excess, MeasureName

_WORDS: Mapping[str, Mapping[MeasureName, str]] = {
    "pt_BR": {
        "inflow": "{value} chamados novos na última hora; neste dia da semana e a esta hora são {usual}, e foram no "
        "máximo {high} nas últimas {weeks} semanas",
        "backlog": "{value} clientes esperam resposta; neste dia da semana e a esta hora são {usual}, e foram no "
        "máximo {high} nas últimas {weeks} semanas",
        "oldest": "quem espera há mais tempo espera há {value}; neste dia da semana e a esta hora são {usual}, e foram "
        "no máximo {high} nas últimas {weeks} semanas",
    },
    "en": {
        "inflow": "{value} new tickets in the last hour; on this weekday at this hour there are {usual}, and there "
        "were at most {high} in the last {weeks} weeks",
        "backlog": "{value} customers wait for an answer; on this weekday at this hour there are {usual}, and there "
        "were at most {high} in the last {weeks} weeks",
        "oldest": "the one who has waited the longest has waited {value}; on this weekday at this hour it is {usual}, "
        "and it was at most {high} in the last {weeks} weeks",
    },
    "es": {
        "inflow": "{value} solicitudes nuevas en la última hora; en este día de la semana y a esta hora son {usual}, y "
        "fueron como máximo {high} en las últimas {weeks} semanas",
        "backlog": "{value} clientes esperan respuesta; en este día de la semana y a esta hora son {usual}, y fueron "
        "como máximo {high} en las últimas {weeks} semanas",
        "oldest": "quien espera desde hace más tiempo espera hace {value}; en este día de la semana y a esta hora son "
        "{usual}, y fueron como máximo {high} en las últimas {weeks} semanas",
    },
}


def overload_text(title: str, found: Iterable[Excess], locale: str) -> str:
    """The figures of an overload, a line for each measure. `title` is the queue's."""
    return "\n".join(f"{title}: {_line(one, locale)}." for one in found)


def _line(one: Excess, locale: str) -> str:
    value, usual, high = (_figure(one.measure, n) for n in (one.value, one.usual, one.high))
    return _WORDS[locale][one.measure].format(value=value, usual=usual, high=high, weeks=one.weeks)


def _figure(measure: MeasureName, number: int) -> str:
    return _span(number) if measure == "oldest" else str(number)


def _span(seconds: int) -> str:
    """3 h, 2 h 5 min, 40 min: the same in all of our locales."""
    hours, minutes = divmod(seconds // 60, 60)
    parts = ([f"{hours} h"] if hours else []) + ([f"{minutes} min"] if minutes or not hours else [])
    return " ".join(parts)
