"""One mailbox, one truth: what an address header says, however it was written (RFC 5322 section 3.4, RFC 6532).

Owns: the tokenizer of address lists (groups, comments, quoted commas, routes, bare names) and the canonical
spelling of an addr-spec: domain in lower case, A-labels shown as they came, no brackets.
Fails with: nothing; what holds no address is left out.
Limits: `MAX_ADDRESSES` a field; one pass over the text. `MAX_AUTHOR_CHARACTERS` is for those who ask who wrote a mail.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from mailtickets.mail.model import Address
from mailtickets.mail.read import header

MAX_ADDRESSES = 500
MAX_AUTHOR_CHARACTERS = 4_096
"""Of a From field, unfolded; a longer one names nobody (`from-ambiguous`). Names of 255 letters in encoded words take a
third of it."""

_BARE = re.compile(r"(?<![^\s<>()\[\]:;,\"'])[^\s<>()\[\]:;,\"']+@[^\s<>()\[\];,\"']+")
"""An addr-spec among words. It begins where a word does: tried from within a word again, each letter would cost a walk
to the word's end."""
_ATOMS = r"[^\s@]++(?:(?:\s+\.\s*|(?<=[^\s@]\.)\s+)[^\s@]++)*+"
_SPACED = re.compile(rf"{_ATOMS}\s*@\s*{_ATOMS}")
"""`user @ example . com`, obsolete but legal (RFC 5322 section 4.4)."""
_GAP = re.compile(r"(?:(?<!\s)\s++)?([@.])\s*")
_MAILTO = re.compile(r"^mailto:", re.IGNORECASE)
_TOKEN = re.compile(r"\"((?:[^\"\\]|\\.)*)\"?|=\?[^?\s]+\?[bBqQ]\?[^?]*\?=|<([^<>]*)>?|[^\"<(,;:=]+|.", re.DOTALL)


def normal(address: str) -> str:
    """The canonical spelling of an addr-spec; the local part keeps its case (RFC 5321 section 2.4)."""
    address = header.one_line(_MAILTO.sub("", address.strip()))
    local, at, domain = address.rpartition("@")
    return f"{local}@{''.join(domain.split()).rstrip('.').lower()}" if at else address


def parse_addresses(value: str) -> tuple[Address, ...]:
    """The mailboxes of one unfolded address field. Members of a group are listed like any other mailbox."""
    found: list[Address] = []
    for mailbox in _mailboxes(value):
        if len(found) >= MAX_ADDRESSES:
            break
        found += mailbox.addresses()
    return tuple(found[:MAX_ADDRESSES])


@dataclass(slots=True)
class _Mailbox:
    """The tokens of one mailbox, read between two separators."""

    phrase: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    angles: list[str] = field(default_factory=list)
    has_words: bool = False
    has_at: bool = False

    def add(self, token: str) -> None:
        """Puts a token into the phrase. What the phrase has is noted: to look at all of it again at every separator
        would cost a walk each."""
        self.phrase.append(token)
        self.has_words = self.has_words or bool(token.strip())
        self.has_at = self.has_at or "@" in token

    def is_bare_phrase(self) -> bool:
        return self.has_words and not self.angles and not self.has_at

    def addresses(self) -> list[Address]:
        if self.angles:
            return self._angled()
        words = "".join(self.phrase).strip()
        decoded = header.decoded(words)
        match = _BARE.search(decoded)
        if match is None and "@" not in words:
            return []
        if match is None or (decoded == words and _SPACED.fullmatch(words)):
            return [_address(_comment_name(self.comments), _GAP.sub(r"\1", words))]
        name = (decoded[: match.start()] + " " + decoded[match.end() :]).strip(" '\"<>")
        return [_address(name or _comment_name(self.comments), match[0])]

    def _angled(self) -> list[Address]:
        """`Name <a@b>`; two angle addresses without a comma between are two mailboxes."""
        name = header.decoded("".join(self.phrase)).strip() or _comment_name(self.comments)
        specs = [spec for spec in map(_route_free, self.angles) if spec]
        if not any("@" in spec for spec in specs):
            inner = _BARE.search(name)
            specs = [inner[0]] if inner else specs[:1]
        return [_address(name if index == 0 else "", spec) for index, spec in enumerate(specs)]


def _comment_name(comments: list[str]) -> str:
    """The name in the comment behind an address, as RFC 822 mailers write it."""
    return header.decoded(comments[-1]) if comments else ""


def _route_free(spec: str) -> str:
    """The address without its obsolete source route `@a,@b:` (RFC 5322 section 4.4)."""
    spec = re.sub(r"\([^()]*\)", "", header.decoded(spec)).strip()
    return spec.rpartition(":")[2] if spec.startswith("@") else spec


def _address(name: str, spec: str) -> Address:
    name = header.one_line(name).strip()
    if len(name) >= 2 and name[0] == name[-1] and name[0] in "'\"":
        name = name[1:-1].strip()
    return Address(name.replace('\\"', '"'), normal(spec.strip("<> ")))


def _mailboxes(value: str) -> Iterator[_Mailbox]:
    """Splits at commas, semicolons and group names, which count only outside quotes, comments and brackets."""
    current, position, comments, last_angle = _Mailbox(), 0, _comments(value), value.rfind("<")
    while position < len(value):
        if position in comments:
            current.comments.append(re.sub(r"\\(.)", r"\1", value[position + 1 : comments[position]], flags=re.DOTALL))
            position = comments[position] + 1
            continue
        match = _TOKEN.match(value, position)
        assert match is not None  # noqa: S101  # the last alternative takes any character
        piece, position = match[0], match.end()
        if piece == "," and current.is_bare_phrase() and position <= last_angle:
            current.add(",")  # `Silva, Maria <m@x>`: an unquoted comma in a name
        elif piece in ",;":
            yield current
            current = _Mailbox()
        elif piece == ":" and not current.angles and not current.has_at:
            current = _Mailbox()
        else:
            _add(current, piece, match)
    yield current


def _comments(value: str) -> dict[int, int]:
    """The position of the closing bracket for each opening bracket of a comment. Unclosed brackets are left out."""
    open_at: list[int] = []
    closed: dict[int, int] = {}
    for match in re.finditer(r"\\.|[()]", value, re.DOTALL):
        if match[0] == "(":
            open_at.append(match.start())
        elif match[0] == ")" and open_at:
            closed[open_at.pop()] = match.start()
    return closed


def _add(current: _Mailbox, token: str, match: re.Match[str]) -> None:
    if match[2] is not None:
        current.angles.append(match[2])
    elif match[1] is not None:
        quoted = re.sub(r"\\(.)", r"\1", match[1], flags=re.DOTALL)
        local = match.string.startswith("@", match.end())
        current.add(f'"{match[1]}"' if local else quoted)
    else:
        current.add(token)
