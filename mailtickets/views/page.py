"""The status page: one screen that says whether all is well, and what to do if not. In: a `DeskStatus`. Out: HTML.

In the locale and the time zone of the instance. No script, no link, nothing from elsewhere; no attribute of style, so
that the Content-Security-Policy can name the one <style>. No word of a customer: a `DeskStatus` has none.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from html import escape

from mailtickets.store.read.figures import Waiting
from mailtickets.store.read.status import AccountStatus, AgentStatus, DeskStatus, QueueStatus
from mailtickets.views import wording
from mailtickets.views.chart import chart, load, table
from mailtickets.views.charts import STYLE as CHART_STYLE
from mailtickets.views.needs import CUSTOMER_WAITS, Need, needs_of
from mailtickets.views.page_style import STYLE
from mailtickets.views.page_words import WORDS
from mailtickets.views.status import DeskState, state_of
from mailtickets.words import locales, spans

REFRESH_SECONDS = 60
SHOWN = 12
"""Agents and queues that are shown at once; the others unfold."""

_ICONS: dict[DeskState, str] = {
    "well": '<path d="M13 23l7 7 13-14"/>',
    "task": '<path d="M22 11v14M22 32v1"/>',
    "fault": '<path d="M14 14l16 16M30 14L14 30"/>',
}
_SIGNS: dict[DeskState, str] = {"well": "✓", "task": "!", "fault": "✗"}
_COLOURS: dict[DeskState, str] = {"well": "%2314713d", "task": "%23b97400", "fault": "%23b3261e"}


def page(status: DeskStatus, charts: str = "") -> str:
    """The whole page. `charts`: the cards of `page_charts`, where they are known."""
    state, locale = state_of(status), status.outline.locale
    found = needs_of(status)
    verdict = wording.verdict(found, locale)
    words = _Words(status)
    body = (
        _header(status, words)
        + "<main>"
        + _verdict(state, verdict, words["trouble" if found else "well"])
        + _needs(found, status, words)
        + _tiles(status, words)
        + f'<div class="grid">{"".join(_cards(status, words))}</div>{charts}</main>'
        + _footer(status, words)
    )
    return _document(state, f"{verdict} {status.outline.name}", locale, body)


def page_without(name: str, locale: str, error: str) -> str:
    """The page when the database does not answer: it goes on asking."""
    words = WORDS[locale]
    more = f"{words['away_more']} ({error})" if error else words["away_more"]
    body = f"<header><b>{escape(name)}</b></header><main>{_verdict('fault', words['away'], more)}</main>"
    return _document("fault", f"{words['away']} {name}", locale, body)


class _Words:
    """The labels of the page, and values as its readers say them."""

    def __init__(self, status: DeskStatus) -> None:
        self.status, self.locale = status, status.outline.locale
        self._words = WORDS[self.locale]

    def __getitem__(self, key: str) -> str:
        return self._words[key]

    def count(self, number: int) -> str:
        return locales.count(number, self.locale)

    def moment(self, at: datetime) -> str:
        return wording.moment(at, self.status, self.locale)

    def ago(self, at: datetime) -> str:
        return wording.ago(at, self.status, self.locale)

    def span(self, since: datetime) -> str:
        return spans.span(self.status.at - since, self.locale)

    def since(self, at: datetime | None) -> str:
        """`desde 9h10, há 3 h`; nothing for None."""
        return f"{self['since'].format(self.moment(at))}, {self.ago(at)}" if at else ""

    def size(self, octets: int | None) -> str:
        return self["unknown_size"] if octets is None else locales.size(octets, self.locale)


# --- the frame ------------------------------------------------------------------------------------------


def _document(state: DeskState, title: str, locale: str, body: str) -> str:
    dot = f"<circle cx='4.5' cy='4.5' r='4' fill='{_COLOURS[state]}'/>"
    icon = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'>{dot}</svg>"
    return (
        f'<!doctype html>\n<html lang="{WORDS[locale]["lang"]}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="refresh" content="{REFRESH_SECONDS}"><meta name="color-scheme" content="light dark">'
        '<meta name="referrer" content="no-referrer"><meta name="robots" content="noindex">'
        f"<title>{_SIGNS[state]} {escape(title)}</title>"
        f'<link rel="icon" href="data:image/svg+xml,{icon}"><style>{STYLE}{CHART_STYLE}</style></head>'
        f'<body class="{state}">{body}</body></html>\n'
    )


def _header(status: DeskStatus, words: _Words) -> str:
    made = locales.date(status.at.astimezone(status.zone), words.locale)
    return (
        f"<header><span><b>{escape(status.outline.name)}</b> · {words['status']}</span>"
        f'<time datetime="{status.at.isoformat(timespec="seconds")}">{escape(made)}</time></header>'
    )


def _verdict(state: DeskState, sentence: str, more: str) -> str:
    ring = '<circle cx="22" cy="22" r="20" fill="none" stroke="currentColor" stroke-width="3"/>'
    sign = f'<g fill="none" stroke="currentColor" stroke-width="4" stroke-linecap="round">{_ICONS[state]}</g>'
    return (
        f'<section class="verdict {state}"><svg viewBox="0 0 44 44" aria-hidden="true">{ring}{sign}</svg>'
        f"<div><h1>{escape(sentence)}</h1><p>{escape(more)}</p></div></section>"
    )


def _needs(found: Sequence[Need], status: DeskStatus, words: _Words) -> str:
    if not found:
        return ""
    items = "".join(_need(need, status, words) for need in found)
    return f'<h2 class="unseen">{words["needs"]}</h2><ol class="needs">{items}</ol>'


def _need(need: Need, status: DeskStatus, words: _Words) -> str:
    what, why, then = wording.said(need, status, words.locale)
    return (
        f'<li class="{need.level}"><h3>{escape(what)}</h3><p>{escape(why)}</p>'
        f'<p class="next"><b>{words["next"]}:</b> {_with_commands(then)}</p></li>'
    )


def _with_commands(text: str) -> str:
    """What stands between backticks as <code>."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if place % 2 else part for place, part in enumerate(parts))


def _footer(status: DeskStatus, words: _Words) -> str:
    facts = (
        *(() if status.alarms else (words["no_alarms"],)),
        f"mailtickets {status.machine.version}",
        f"{words['database']}: {words.size(status.database_bytes)}",
        f"{words['disk']}: {words.size(status.machine.free_bytes)}",
    )
    return f'<footer>{escape(" · ".join(facts))}<span class="screen"> · {words["refresh"]}</span></footer>'


# --- tiles ----------------------------------------------------------------------------------------------


def _tiles(status: DeskStatus, words: _Words) -> str:
    unanswered, held, out = status.all_unanswered, status.all_held, status.waits_out
    unassigned, open_ = sum(one.unassigned for one in status.queues), sum(one.open for one in status.queues)
    since = words["since"].format(words.moment(status.hours[0].begins))
    late = unanswered.since is not None and status.at - unanswered.since > CUSTOMER_WAITS
    tiles = (
        _tile(words["in_24"], words.count(status.received), since),
        _tile(words["out_24"], words.count(status.sent), since),
        _tile(
            words["unanswered"],
            words.count(unanswered.count),
            _oldest(unanswered, words, "nobody_waits"),
            "task" if late else "",
        ),
        _tile(words["unassigned"], words.count(unassigned), words["none_open"].format(words.count(open_))),
        _tile(
            words["held"], words.count(held.count), _oldest(held, words, "nothing_held"), "task" if held.count else ""
        ),
        _tile(
            words["waiting"],
            words.count(out.count),
            _oldest(out, words, "nothing_waits"),
            "fault" if _is_late(status) else "",
        ),
    )
    return f'<dl class="tiles">{"".join(tiles)}</dl>'


def _is_late(status: DeskStatus) -> bool:
    return any(need.code == "outgoing-late" for need in needs_of(status))


def _tile(label: str, number: str, note: str, level: str = "") -> str:
    return (
        f'<div class="card {level}"><dt>{escape(label)}</dt><dd class="big">{number}</dd>'
        f'<dd class="note">{escape(note)}</dd></div>'
    )


def _oldest(waiting: Waiting, words: _Words, nothing: str) -> str:
    return words["oldest"].format(words.ago(waiting.since)) if waiting.since else words[nothing]


# --- cards ----------------------------------------------------------------------------------------------


def _cards(status: DeskStatus, words: _Words) -> Iterator[str]:
    yield _card("wide", "", _mail(status, words))
    yield _card("side", words["queues"], _queues(status, words))
    yield _card("third", words["team"], _team(status, words))
    yield _stack(
        _card("", words["outgoing"], _outgoing(status, words)),
        _card("", words["why_held"], _held(status, words)) if status.held else "",
    )
    yield _stack(
        _card("", words["accounts"], _accounts(status, words)),
        _card("", words["alarms"], _alarms(status, words)) if status.alarms else "",
    )


def _stack(*cards: str) -> str:
    return f'<div class="stack third">{"".join(cards)}</div>'


def _card(width: str, title: str, inner: str) -> str:
    head = f"<h2>{escape(title)}</h2>" if title else ""
    return f'<section class="card {width}">{head}{inner}</section>'


def _mail(status: DeskStatus, words: _Words) -> str:
    legend = "".join(
        f'<span><svg aria-hidden="true"><rect class="{kind}" width="10" height="10" rx="2"/></svg>{words[label]}</span>'
        for kind, label in (("in", "received"), ("out", "sent"))
    )
    return (
        f'<div class="top"><h2>{words["mail_by_hour"]}</h2><div class="legend">{legend}</div></div>'
        f"{chart(status, words.locale)}"
        f"<details><summary>{words['numbers']}</summary>{table(status, words.locale)}</details>"
    )


def _queues(status: DeskStatus, words: _Words) -> str:
    head = (
        f'<thead><tr><th scope="col">{words["queue"]}</th><th scope="col" class="n">{words["open"]}</th>'
        f'<th scope="col" class="n">{words["unassigned"]}</th><th scope="col" class="n">{words["unanswered"]}</th>'
        "</tr></thead>"
    )
    rows = [_queue(queue, status, words) for queue in status.queues]
    more = len(rows) - SHOWN
    first = f"<table>{head}<tbody>{''.join(rows[:SHOWN])}</tbody></table>"
    rest = f"<table>{head}<tbody>{''.join(rows[SHOWN:])}</tbody></table>"
    return first + (_unfolding(words["more"].format(words.count(more)), rest) if more > 0 else "")


def _queue(queue: QueueStatus, status: DeskStatus, words: _Words) -> str:
    since = queue.unanswered.since
    oldest = (
        words["oldest_ticket"].format(number=queue.oldest, span=words.span(since)) if since else words["all_answered"]
    )
    level = "hot task" if since and status.at - since > CUSTOMER_WAITS else "soft"
    numbers = (queue.open, queue.unassigned, queue.unanswered.count)
    cells = "".join(f'<td class="n">{words.count(number)}</td>' for number in numbers)
    return (
        f'<tr><th scope="row">{escape(queue.title)}<div class="{level} small">{escape(oldest)}</div></th>{cells}</tr>'
    )


def _team(status: DeskStatus, words: _Words) -> str:
    if not status.agents:
        return f'<p class="soft">{words["no_agents"]}</p>'
    most = max([1, *(agent.tickets for agent in status.agents)])
    rows = [_agent(agent, most, status, words) for agent in status.agents]
    if status.others:
        rows.append(
            f'<li class="pair"><span class="hot task">{words["others"]}</span><b>{words.count(status.others)}</b></li>'
        )
    more = len(rows) - SHOWN
    return _rows(rows[:SHOWN]) + (
        _unfolding(words["more"].format(words.count(more)), _rows(rows[SHOWN:])) if more > 0 else ""
    )


def _agent(agent: AgentStatus, most: int, status: DeskStatus, words: _Words) -> str:
    until = agent.absent_until
    away = (
        f' <span class="soft">{escape(words["absent"].format(words.moment(until)))}</span>'
        if until and until > status.at
        else ""
    )
    return (
        f'<li><div class="pair"><span class="wrap">{escape(agent.name)}{away}</span>'
        f"<b>{words.count(agent.tickets)}</b></div>{load(agent.tickets / most)}</li>"
    )


def _outgoing(status: DeskStatus, words: _Words) -> str:
    """What waits; states in which nothing waits are left out."""
    rows = [_count(words[state], waiting, words) for state, waiting in status.outbox.items() if waiting.count]
    rows = rows or [f'<li class="soft">{words["nothing_waits_out"]}</li>']
    if status.undecided.count:
        rows.insert(0, _count(words["undecided"], status.undecided, words))
    if status.replies:
        rows.append(f'<li class="soft">{escape(words["replies"].format(_codes(status.replies, words)))}</li>')
    if status.failed_lately:
        failed = sum(status.failed_lately.values())
        rows.append(_fact(words["failed"], failed, _codes(status.failed_lately, words), words))
    return _rows(rows)


def _codes(counts: Mapping[str, int], words: _Words) -> str:
    return ", ".join(f"{wording.reply(code, words.locale)} ({words.count(many)})" for code, many in counts.items())


def _count(label: str, waiting: Waiting, words: _Words) -> str:
    return _fact(label, waiting.count, words.since(waiting.since), words)


def _fact(label: str, number: int, note: str, words: _Words) -> str:
    more = f'<div class="soft wrap">{escape(note)}</div>' if number and note else ""
    return f'<li><div class="pair"><span>{escape(label)}</span><b>{words.count(number)}</b></div>{more}</li>'


def _held(status: DeskStatus, words: _Words) -> str:
    return _rows(
        _fact(wording.held_for(one.reason, words.locale), one.count, words.since(one.since), words)
        for one in status.held
    )


def _accounts(status: DeskStatus, words: _Words) -> str:
    if not status.accounts:
        return f'<p class="soft">{words["no_accounts"]}</p>'
    return _rows(_account(account, status, words) for account in status.accounts)


def _account(account: AccountStatus, status: DeskStatus, words: _Words) -> str:
    level = "fault" if account.failing_since else "well" if account.last_success_at else ""
    name = words["delivery"] if account.kind == "smtp" else account.name
    error = f'<div class="soft wrap">{escape(account.error)}</div>' if account.error else ""
    return (
        f'<li class="dotted {level}"><span class="wrap">{escape(name)} '
        f'<span class="soft">{words[account.kind]}</span></span>'
        f'<div class="soft">{escape(_fares(account, status, words))}</div>{error}</li>'
    )


def _fares(account: AccountStatus, status: DeskStatus, words: _Words) -> str:
    secret = status.outline.secrets.get(account.name) if account.kind == "oauth" else None
    parts = (
        words["failing"].format(words.moment(account.failing_since)) if account.failing_since else "",
        words["ok_ago"].format(words.ago(account.last_success_at)) if account.last_success_at else words["unused"],
        words["token"].format(words.moment(account.expires_at)) if account.expires_at else "",
        words["secret"].format(locales.day(secret, words.locale)) if secret else "",
    )
    return " · ".join(part for part in parts if part)


def _alarms(status: DeskStatus, words: _Words) -> str:
    return _rows(
        f'<li class="dotted fault">{escape(wording.alarm_title(one.key, words.locale))}'
        f'<div class="soft">{escape(words.since(one.since))}</div></li>'
        for one in status.alarms
    )


def _rows(rows: Iterable[str]) -> str:
    return f'<ul class="rows">{"".join(rows)}</ul>'


def _unfolding(summary: str, inner: str) -> str:
    return f"<details><summary>{escape(summary)}</summary>{inner}</details>"
