"""What stands below an agent's words again and again, and carries their name or how to reach them, is their signature.

Owns: what is remembered of the last lines of a mail (`ending`), how a further mail adds to it (`seen_again`), and from
when on it counts (`TIMES`). Each signature is known by its last line, so that an agent's telephone and their desk are
two. A signature that changes is learned anew; until then its shape decides.
Fails with: nothing. Limits: `MAX_LINES` of a mail, `MAX_PICTURES` beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from mailtickets.desk.signatures.find import Kind, Signer, key, kinds_of
from mailtickets.mail.model import InboundMail

TIMES = 3
"""From the mail after the third on."""
MAX_LINES = 20
MAX_PICTURES = 10
_IDENTITY: frozenset[Kind] = frozenset(("name", "card", "contact", "post"))
_WHOSE: frozenset[Kind] = frozenset(("name", "card"))


@dataclass(frozen=True, slots=True)
class EndLine:
    """One of the last lines of a mail."""

    key: str
    opens: bool
    """A signature may begin with it: a name, a post, how to reach somebody; nobody's sentence."""
    names: bool
    """It names the agent."""


@dataclass(frozen=True, slots=True)
class Ending:
    """The last lines of mails, as far as they are the same in all of those that were seen."""

    lines: tuple[EndLine, ...]
    seen: int = 1

    @property
    def last(self) -> str:
        """What it is known by."""
        return sha256(self.lines[-1].key.encode()).hexdigest() if self.lines else ""

    @property
    def signature(self) -> tuple[str, ...]:
        """The lines of it that are a signature; none where nothing says whose it would be, or where it is a name."""
        first = next((n for n, line in enumerate(self.lines) if line.opens), len(self.lines))
        kept = self.lines[first:]
        enough = len(kept) > 1 and (any(line.names for line in kept) or sum(line.opens for line in kept) > 1)
        return tuple(line.key for line in kept) if enough else ()

    @property
    def is_learned(self) -> bool:
        return self.seen >= TIMES and bool(self.signature)


@dataclass(frozen=True, slots=True)
class Seen:
    """What one mail shows of its author's signature."""

    agent: str
    ending: Ending | None
    pictures: tuple[str, ...] | None
    """sha256 of the pictures that its HTML shows; None where it has no HTML. One that is missing is no logo."""


def seen_in(mail: InboundMail, agent: str, by: Signer) -> Seen:
    """Of a mail as it came, before anything was cut from it."""
    shown = tuple(dict.fromkeys(file.sha256 for file in mail.attachments if file.inline))[:MAX_PICTURES]
    pictures = shown if mail.html is not None and mail.forwarded is None else None
    if mail.forwarded is not None:
        return Seen(agent, None, pictures)
    ending = ending_of(f"{mail.reply}\n{mail.signature}".split("\n"), by)
    return Seen(agent, ending if ending.signature else None, pictures)


def ending_of(lines: Sequence[str], by: Signer) -> Ending:
    """The last lines of a mail."""
    lines = [line for line in lines[-3 * MAX_LINES :] if line.strip()][-MAX_LINES:]
    kinds = kinds_of(lines, by)
    found = [
        EndLine(key(line), _opens(kinds, index), kind in _WHOSE)
        for index, (line, kind) in enumerate(zip(lines, kinds, strict=True))
        if key(line) and kind != "order"
    ]
    return Ending(tuple(found))


def _opens(kinds: Sequence[Kind], index: int) -> bool:
    """A house's name opens a signature where how to reach it stands right below."""
    below = kinds[index + 1] if index + 1 < len(kinds) else "blank"
    return kinds[index] in _IDENTITY or (kinds[index] == "label" and below in _IDENTITY)


def seen_again(before: Ending | None, now: Ending) -> Ending:
    """What is known after a further mail with the same last line."""
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
