"""What a customer's mail must not carry along: agents' own addresses, and anybody's reply token.

Owns: where these stand in a text or in HTML, also wrapped, quoted, percent-encoded, cut by tags, sprinkled with
invisible characters or in capitals, and what stands there instead: the queue's address, the plain address, nothing.
Fails with: nothing; HTML that cannot be made discreet is None.
Limits: `MAX_ROUNDS` over a text; time is linear in it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from html import unescape
from typing import Any
from urllib.parse import unquote

import nh3

from mailtickets.config.models import Queue
from mailtickets.desk.model.policy import Policy
from mailtickets.mail.model import Address, Attachment
from mailtickets.mail.plus import without_plus
from mailtickets.mail.reply.page_edits import html_edited
from mailtickets.mail.trust.traces import GAP, IN_ADDRESS, ON_REF_LINE
from mailtickets.mail.write.compose import to_ascii
from mailtickets.words.edits import Edit, edited
from mailtickets.words.fold import ascii_in_place

MAX_ROUNDS = 4
WITHHELD = "…"
"""Stands where a token stood that nothing else may take the place of."""

_WINDOW = 400
"""How many characters on each side of an `@` are looked at: an address has at most 320, without gaps."""
_AT = re.compile(r"@|%(?:25)*40|=40|&#64;|=(?=[a-z0-9])")
_LOCAL = r"""[\w.+%"'-]"""
_DOMAIN = r"[\w.-]"
_GAP_BACK = r"(?:[ \t>|\0]*+\n=?[ \t]*+){0,2}\0*+"
_BEFORE = re.compile(rf"{_GAP_BACK}(?:{_LOCAL}(?:{_GAP_BACK}(?={_LOCAL}))?){{1,200}}")
_AFTER = re.compile(rf"{GAP}(?:{_DOMAIN}(?:{GAP}(?={_DOMAIN}))?){{1,300}}")
_HOLE = re.compile(r"[\s\0>|=]+")
_ESCAPE = re.compile(r"%[0-9a-f]{2}")
_SHORTEST_TOKEN = 26
_TOKENS = tuple(re.compile(form) for form in IN_ADDRESS)
_REF = re.compile(ON_REF_LINE)
_LINE_LEFT = re.compile(r"(?:^|(?<=\n))[\s>|*_]*\Z")
_LINE_RIGHT = re.compile(r"[ \t|*_\0]*(?:\n|\Z)")


@dataclass(frozen=True, slots=True)
class Discretion:
    """What one queue's customers must not see. Plain and picklable: it is sent to the process that renders."""

    own: str
    """The queue's address, which stands for every agent's."""
    private: frozenset[str]
    """Addresses of agents, folded."""
    queues: Mapping[str, str]
    """Folded addresses of queues, and how they are written."""
    domains: frozenset[str]
    """The domains of all these addresses."""
    secrets: frozenset[str] = frozenset()
    """Texts that are known to be reply tokens."""

    @classmethod
    def of(cls, policy: Policy, queue: Queue, secrets: Iterable[str] = ()) -> "Discretion":
        return cls(queue.address, *_known_addresses(policy), frozenset(secret.lower() for secret in secrets))

    def text(self, source: str) -> str:
        """The text without what customers must not see."""
        for _ in range(MAX_ROUNDS):
            edits = _edits(source, self)
            if not edits:
                return source
            source = edited(source, edits)
        return edited(source, [Edit(edit.start, edit.stop, WITHHELD) for edit in _edits(source, self)])

    def html(self, source: str) -> str | None:
        """Sanitised HTML without what customers must not see, in words and attributes; None where it stays in it."""
        for _ in range(MAX_ROUNDS):
            after = html_edited(source, lambda words: _edits(words, self), self.text)
            if after is None or after == source:
                return after if after is None or _is_clean(source, self) else None
            source = after
        return None

    def context(self, source: Mapping[str, object]) -> dict[str, object]:
        """A template's values without what customers must not see."""
        return {key: self._value(value, key) for key, value in source.items()}

    def _value(self, source: Any, name: str) -> Any:
        if isinstance(source, str) and name == "name":
            return self.name(source)
        if isinstance(source, str):
            return self.html(source) if name == "html" else self.text(source)
        if isinstance(source, list | tuple):
            return [self._value(item, name) for item in source]
        return self.context(source) if isinstance(source, Mapping) else source

    def name(self, source: str) -> str:
        """A display name: neither an address nor the beginning of a command."""
        return self.text(source).strip().lstrip("#/ ")

    def hides(self, person: Address) -> bool:
        """Whether the person is an agent: agents are never shown in To or Cc."""
        return not _forms(person.address).isdisjoint(self.private)

    def person(self, source: Address) -> Address:
        """The person with a cleaned name; the address stays, because the mail goes to it."""
        return Address(self.text(source.name), source.address)

    def files(self, source: Iterable[Attachment]) -> tuple[Attachment, ...]:
        """The attachments with cleaned file names."""
        return tuple(replace(file, filename=self.text(file.filename)) for file in source)


@lru_cache(maxsize=4)
def _known_addresses(policy: Policy) -> tuple[frozenset[str], Mapping[str, str], frozenset[str]]:
    """Addresses of agents, addresses of queues, and the domains of both."""
    agents = (address for agent in policy.agents for address in (agent.address, *agent.aliases))
    queues = {form: address for each in policy.queues for address in each.addresses for form in _forms(address)}
    private = frozenset(form for address in agents for form in _forms(address))
    domains = frozenset(address.rpartition("@")[2] for address in (*private, *queues))
    return private, queues, domains


def _forms(address: str) -> set[str]:
    return {address.casefold(), to_ascii(address).casefold()}


# --- finding ------------------------------------------------------------------------------------------


def _edits(source: str, rules: Discretion) -> list[Edit]:
    """What is to be changed, in order, without overlaps."""
    searched = ascii_in_place(source)
    found = sorted([*_addresses(searched, rules), *_tokens(searched), *_secrets(searched, rules.secrets)])
    apart: list[Edit] = []
    for edit in found:
        if apart and edit.start < apart[-1].stop:
            last = apart.pop()
            inside = edit.stop <= last.stop
            edit = last if inside else Edit(last.start, edit.stop, last.instead or edit.instead)
        apart.append(edit)
    return apart


def _tokens(searched: str) -> Iterator[Edit]:
    if len(searched) < _SHORTEST_TOKEN:
        return  # most of what a notice is made of
    for form in _TOKENS:
        yield from (Edit(found.start(), found.end(), "") for found in form.finditer(searched))
    for found in _REF.finditer(searched):
        yield _whole_line(searched, found.start(), found.end())


def _whole_line(searched: str, start: int, stop: int) -> Edit:
    """The line, where nothing else stands on it."""
    begin = searched.rfind("\n", max(0, start - _WINDOW), start) + 1
    if not begin and start > _WINDOW:
        return Edit(start, stop, "")  # in the middle of a line without end
    after = _LINE_RIGHT.match(searched, stop)
    if after is None or not _LINE_LEFT.match(searched[begin:start]):
        return Edit(start, stop, "")
    return Edit(begin, after.end(), "")


def _secrets(searched: str, secrets: frozenset[str]) -> Iterator[Edit]:
    for secret in secrets:
        yield from (Edit(found.start(), found.end(), WITHHELD) for found in _spelled(secret).finditer(searched))


@lru_cache(maxsize=256)
def _spelled(secret: str) -> re.Pattern[str]:
    """A known token however it is wrapped; it is looked for in every text of a notice."""
    return re.compile(GAP.join(map(re.escape, secret)))


def _addresses(searched: str, rules: Discretion) -> Iterator[Edit]:
    for at in _AT.finditer(searched):
        right = _AFTER.match(searched, at.end(), at.end() + _WINDOW)
        if right is None:
            continue
        left = _BEFORE.match(searched[max(0, at.start() - _WINDOW) : at.start()][::-1])
        edit = _address(searched, at.start() - left.end(), at, right.end(), rules) if left else None
        if edit is not None:
            yield edit


def _address(searched: str, first: int, at: re.Match[str], last: int, rules: Discretion) -> Edit | None:
    """The longest address around an `@` that is to be replaced: a gap may stand in it, or where it begins or ends."""
    ends = [(stop, _HOLE.sub("", searched[at.end() : stop])) for stop in _stops(searched, at.end(), last)]
    known = [(stop, domain) for stop, domain in ends if domain.casefold() in rules.domains]
    for start in _starts(searched, first, at.start()) if known else ():
        local = unquote(_HOLE.sub("", searched[start : at.start()])).strip("\"'")
        for stop, domain in known:
            instead = _instead(f"{local}@{domain}", rules)
            if instead is not None:
                return Edit(start, stop, instead)
    return None


def _starts(searched: str, first: int, last: int) -> Iterator[int]:
    """Where the local part may begin: as early as it can, after a gap, after an escape; never in mid-word."""
    source = searched[first:last]
    places = {0, *(found.end() for pattern in (_HOLE, _ESCAPE) for found in pattern.finditer(source))}
    for place in sorted(places)[:20]:
        bare = source[place:].lstrip("._+-\"'")
        yield first + place
        if bare and len(bare) < len(source) - place:
            yield last - len(bare)


def _stops(searched: str, first: int, last: int) -> Iterator[int]:
    """Where the domain may end, the farthest first."""
    source = searched[first:last]
    places = {len(source), *(found.start() for found in _HOLE.finditer(source))}
    for place in sorted(places, reverse=True)[:20]:
        yield first + len(source[:place].rstrip("._-'"))


def _instead(address: str, rules: Discretion) -> str | None:
    """What stands in an address's place; None for one that may be shown."""
    forms = {address.casefold(), to_ascii(address).casefold()}
    if forms & rules.queues.keys():
        return None
    forms |= {without_plus(form) for form in forms}
    if forms & rules.private:
        return rules.own
    return next((rules.queues[form] for form in forms if form in rules.queues), None)


def _is_clean(source: str, rules: Discretion) -> bool:
    """Whether another reader finds nothing in the HTML either."""
    return not _edits(unescape(nh3.clean(source, tags=set())), rules)
