"""Mail by hour as a picture: bars upwards for what came in, downwards for what went out. Inline SVG, and a table.

No coordinate depends on the width: bars have places in percent, and text keeps its size on a phone.
"""

from collections.abc import Iterator
from html import escape

from mailtickets.store.read.status import DeskStatus, MailHour
from mailtickets.views.page_words import WORDS, hour_words
from mailtickets.words import locales

_ABOVE, _BELOW = 78, 102
"""Where the two axes are, in pixels from the top; the hours stand between them."""
_TALLEST, _SHORTEST = 66, 2
_HEIGHT = _BELOW + _TALLEST + 4
_EVERY = 3
"""An hour in so many has a label."""


def chart(status: DeskStatus, locale: str) -> str:
    """The picture."""
    most = top_of(max(max(hour.received, hour.sent) for hour in status.hours))
    words = WORDS[locale]
    return (
        f'<svg class="chart" role="img" aria-labelledby="chart-title chart-desc" width="100%" height="{_HEIGHT}">'
        f'<title id="chart-title">{escape(words["chart_title"])}</title>'
        f'<desc id="chart-desc">{escape(_description(status, locale))}</desc>'
        f"{_grid(most, locale)}{''.join(_bars(status, most, locale))}{''.join(_labels(status, locale))}</svg>"
    )


def table(status: DeskStatus, locale: str) -> str:
    """The numbers of the picture, for people who do not see it, and for those who want them; the newest first."""
    words = WORDS[locale]
    heads = "".join(f'<th scope="col" class="n">{words[key]}</th>' for key in ("received", "sent"))
    rows = "".join(
        f'<tr><th scope="row">{_hour(hour, status, locale)}</th>'
        f'<td class="n">{locales.count(hour.received, locale)}</td>'
        f'<td class="n">{locales.count(hour.sent, locale)}</td></tr>'
        for hour in reversed(status.hours)
    )
    return (
        f'<table><caption class="unseen">{escape(words["chart_title"])}</caption>'
        f'<thead><tr><th scope="col">{words["hour"]}</th>{heads}</tr></thead><tbody>{rows}</tbody></table>'
    )


def top_of(most: int) -> int:
    """The round number that the picture reaches up to: 1, 2 or 5 with zeros, at least 5."""
    top = 5
    while top < most:
        top = top * 2 if str(top)[0] in "15" else top * 5 // 2
    return top


def _description(status: DeskStatus, locale: str) -> str:
    busiest = max(status.hours, key=lambda hour: hour.received)
    words = WORDS[locale]
    if not status.received and not status.sent:
        return words["no_mail"]
    return words["chart_description"].format(
        received=locales.count(status.received, locale),
        sent=locales.count(status.sent, locale),
        most=locales.count(busiest.received, locale),
        hour=_hour(busiest, status, locale),
    )


def _grid(most: int, locale: str) -> str:
    """Both axes, a line at the top of the scale, and its number."""
    lines = "".join(
        f'<line class="{kind}" x1="0" x2="100%" y1="{y}" y2="{y}"/>'
        for kind, y in (
            ("scale-line", _ABOVE - _TALLEST),
            ("axis", _ABOVE),
            ("axis", _BELOW),
            ("scale-line", _BELOW + _TALLEST),
        )
    )
    return f'{lines}<text class="scale" x="0" y="{_ABOVE - _TALLEST - 3}">{locales.count(most, locale)}</text>'


def _bars(status: DeskStatus, most: int, locale: str) -> Iterator[str]:
    slot = 100 / len(status.hours)
    if not status.received and not status.sent:
        yield f'<text class="none" x="50%" y="{_ABOVE // 2 + 8}">{escape(WORDS[locale]["no_mail"])}</text>'
    for place, hour in enumerate(status.hours):
        now = " now" if hour is status.hours[-1] else ""
        yield f'<g class="hour{now}"><title>{escape(_hour_in_words(hour, status, locale))}</title>'
        yield f'<rect class="hit" x="{place * slot:.3f}%" width="{slot:.3f}%" y="0" height="{_HEIGHT}"/>'
        at = f'x="{place * slot + slot * 0.16:.3f}%" width="{slot * 0.68:.3f}%" rx="2"'
        if up := _tall(hour.received, most):
            yield f'<rect class="in" {at} y="{_ABOVE - up}" height="{up}"/>'
        if down := _tall(hour.sent, most):
            yield f'<rect class="out" {at} y="{_BELOW}" height="{down}"/>'
        yield "</g>"


def _hour_in_words(hour: MailHour, status: DeskStatus, locale: str) -> str:
    counts = {"received": locales.count(hour.received, locale), "sent": locales.count(hour.sent, locale)}
    return WORDS[locale]["chart_hour"].format(hour=_hour(hour, status, locale), **counts)


def _tall(count: int, most: int) -> int:
    return max(_SHORTEST, round(count * _TALLEST / most)) if count else 0


def _labels(status: DeskStatus, locale: str) -> Iterator[str]:
    """The present hour is labelled, and every third one before it; on a phone every sixth."""
    slot, y = 100 / len(status.hours), (_ABOVE + _BELOW) // 2 + 4
    for back, hour in enumerate(reversed(status.hours)):
        if back % _EVERY == 0:
            often = " often" if back % (2 * _EVERY) else ""
            x = 100 - slot * (back + 0.5)
            yield f'<text class="label{often}" x="{x:.3f}%" y="{y}">{_hour(hour, status, locale)}</text>'


def _hour(hour: MailHour, status: DeskStatus, locale: str) -> str:
    return hour_words(hour.begins.astimezone(status.zone), locale)


def load(share: float) -> str:
    """A small bar for a share from 0 to 1."""
    track = '<rect class="track" width="100%" height="6" rx="3"/>'
    bar = f'<rect class="full" width="{share * 100:.1f}%" height="6" rx="3"/>' if share else ""
    return f'<svg class="load" width="100%" height="6" aria-hidden="true">{track}{bar}</svg>'
