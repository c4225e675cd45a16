"""Learns agents' signatures: lines that stand below an agent's words in several mails, with a name or contact details.

Owns: what is remembered of the last lines of a mail (`ending_of`), what a further mail changes (`seen_again`), and how
many mails it takes (`TIMES`). Each signature is identified by its last line, so that an agent may have one on the
telephone and another one on the desk computer. A signature that changes is learned again; until then it is recognised
by its shape.
Fails with: nothing. Limits: `MAX_LINES` lines of a mail, and `MAX_PICTURES` pictures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from mailtickets.desk.signatures.find import LineKind, Signer, key, kinds_of
from mailtickets.mail.model import InboundMail

TIMES = 3
"""So many mails must have shown the same lines: a signature counts from the mail after the third on."""
MAX_LINES = 20
MAX_PICTURES = 10
_IDENTITY: frozenset[LineKind] = frozenset(("name", "card", "contact", "post"))
_WHOSE: frozenset[LineKind] = frozenset(("name", "card"))


@dataclass(frozen=True, slots=True)
class EndLine:
    """One of the last lines of a mail."""

    key: str
    opens: bool
    """Whether a signature may begin with the line: a name, a job title or contact details, and no sentence."""
    names: bool
    """Whether the line names the agent."""


@dataclass(frozen=True, slots=True)
class Ending:
    """The last lines that are the same in all mails seen so far."""

    lines: tuple[EndLine, ...]
    seen: int = 1

    @property
    def last(self) -> str:
        """The sha256 of the last line, which identifies the ending. Empty without lines."""
        return sha256(self.lines[-1].key.encode()).hexdigest() if self.lines else ""

    @property
    def signature(self) -> tuple[str, ...]:
        """The lines of the ending that are a signature. Empty if they do not show who the author is, or are only a
        name."""
        first = next((n for n, line in enumerate(self.lines) if line.opens), len(self.lines))
        kept = self.lines[first:]
        enough = len(kept) > 1 and (any(line.names for line in kept) or sum(line.opens for line in kept) > 1)
        return tuple(line.key for line in kept) if enough else ()

    @property
    def is_learned(self) -> bool:
        return self.seen >= TIMES and bool(self.signature)


@dataclass(frozen=True, slots=True)
class Seen:
    """The signature and pictures that one mail shows."""

    agent: str
    ending: Ending | None
    pictures: tuple[str, ...] | None
    """sha256 of the pictures in the HTML of the mail; None if the mail has no HTML or is a forward. A picture that is
    missing from a mail with HTML is no logo."""


def seen_in(mail: InboundMail, agent: str, signer: Signer) -> Seen:
    """What a mail shows of the agent's signature. `mail` is the mail as it came, before anything was cut off."""
    shown = tuple(dict.fromkeys(file.sha256 for file in mail.attachments if file.inline))[:MAX_PICTURES]
    pictures = shown if mail.html is not None and mail.forwarded is None else None
    if mail.forwarded is not None:
        return Seen(agent, None, pictures)
    ending = ending_of(f"{mail.reply}\n{mail.signature}".split("\n"), signer)
    return Seen(agent, ending if ending.signature else None, pictures)


def ending_of(lines: Sequence[str], signer: Signer) -> Ending:
    """The last lines of a mail, without blank lines."""
    lines = [line for line in lines[-3 * MAX_LINES :] if line.strip()][-MAX_LINES:]
    kinds = kinds_of(lines, signer)
    found = [
        EndLine(key(line), _opens(kinds, index), kind in _WHOSE)
        for index, (line, kind) in enumerate(zip(lines, kinds, strict=True))
        if key(line) and kind != "order"
    ]
    return Ending(tuple(found))


def _opens(kinds: Sequence[LineKind], index: int) -> bool:
    """Whether a signature may begin at `index`. An organization's name counts with contact details directly below."""
    below = kinds[index + 1] if index + 1 < len(kinds) else "blank"
    return kinds[index] in _IDENTITY or (kinds[index] == "label" and below in _IDENTITY)


def seen_again(before: Ending | None, now: Ending) -> Ending:
    """What is known of an ending after a further mail with the same last line."""
    if before is None:
        return now
    shared = 0
    for old, new in zip(reversed(before.lines), reversed(now.lines), strict=False):
        if old.key != new.key:
            break
        shared += 1
    kept = Ending(before.lines[len(before.lines) - shared :], before.seen + 1)
    changed = before.is_learned and kept.signature != before.signature
    return now if changed or not kept.signature else kept
