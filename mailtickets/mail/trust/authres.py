"""Reads Authentication-Results (RFC 8601): what a server that we trust found out about the origin of a mail.

Owns: the strict reading of one field, which of a mail's fields count, and the verdict for the author's domain. The
fields come from `header_truth`, undecoded.
Fails with: nothing. A field that is not well-formed gives None, and None proves nothing.
Limits: `MAX_CHARACTERS` per field.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mailtickets.mail.domain import aligned, domain_of
from mailtickets.mail.model import AuthVerdict

MAX_CHARACTERS = 32_768

_FIELD = "authentication-results"
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
_BLANK = re.compile(r"[ \t]*")
_COMMENT_PIECE = re.compile(r"[^()\\]+|\\.|[()]", re.DOTALL)
_QUOTED = re.compile(r'(?<!\\)"((?:[^"\\]|\\.)*+)"', re.DOTALL)
_TOKEN = re.compile(r"[^\s()<>@,;:\\\[\]?=\"]+")
_KEYWORD = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?")
_DIGITS = re.compile(r"[0-9]+")
_BARE = re.compile(r"[^\s()\";]*")
"""A value that servers write without quoting it: base64 with `/` and `=`, addresses in angle brackets."""


@dataclass(frozen=True, slots=True)
class MethodResult:
    """The result of one method and the properties it is based on: `spf`, `pass`, (("smtp.mailfrom", "a@b.test"),)."""

    method: str
    result: str
    properties: tuple[tuple[str, str], ...] = ()
    """(`ptype.property` in lower case, value unchanged)."""
    reason: str = ""

    def value(self, name: str) -> str:
        """The value of a property; empty if it is missing or stated twice with different values."""
        found = {value for key, value in self.properties if key == name}
        return found.pop() if len(found) == 1 else ""

    @property
    def domain(self) -> str:
        """The domain that the result is about, as DNS writes it; empty if the result names none."""
        names = {
            "dmarc": ("header.from",),
            "dkim": ("header.d", "header.i"),
            "spf": ("smtp.mailfrom",),
        }.get(self.method, ())
        return next((domain for name in names if (domain := domain_of(self.value(name)))), "")


@dataclass(frozen=True, slots=True)
class AuthResults:
    """The content of one field, or of several fields of the same server."""

    authserv_id: str
    """Empty in the form of Microsoft 365, which has no authserv-id."""
    results: tuple[MethodResult, ...] = ()


def believed(headers: Sequence[tuple[str, str]], authserv_id: str, *, microsoft: bool = False) -> AuthResults | None:
    """The results that the server called `authserv_id` states in these undecoded fields; None if it states nothing
    certain.

    Only the topmost Authentication-Results counts, and only with this id: a field below it may have come with the mail.
    Several filters on one server may each leave a field with the same id. Those right below the topmost one count if no
    Received stands above them: the last server puts its own Received above all that it received. Fields below a
    Received may be the outsider's own topmost fields, and do not count.
    """
    if not authserv_id and not (microsoft and is_from_exchange(headers)):
        return None
    found: list[AuthResults] = []
    received = False
    for name, value in headers:
        if name == "received":
            if found:
                break
            received = True
        elif name == _FIELD:
            results = parse(value, microsoft=microsoft)
            if results is None or results.authserv_id.casefold() != authserv_id.casefold():
                break
            found.append(results)
            if received or microsoft:
                break
    return AuthResults(authserv_id, tuple(r for results in found for r in results.results)) if found else None


def is_from_exchange(headers: Sequence[tuple[str, str]]) -> bool:
    """Whether Exchange or Microsoft 365 wrote the topmost Received, which no outsider can write.

    Received repeats the HELO name, on some servers with blanks in it. So a second `by` or `with` makes the field
    doubtful.
    """
    value = next((value for name, value in headers if name == "received"), "")
    words = _without_comments(value.rpartition(";")[0] or value)
    if words is None:
        return False
    hosts = re.findall(r"(?:^|\s)by\s+(\S+)", words, re.IGNORECASE)
    ways = re.findall(r"\swith\s+(\S+(?:\s+SMTP\s+Server)?)", words, re.IGNORECASE)
    if len(hosts) != 1 or len(ways) > 1:
        return False
    host, way = hosts[0].lower(), " ".join("".join(ways).lower().split())
    return host.endswith(".outlook.com") or way in ("microsoft smtp server", "mapi")


def verdict(results: AuthResults, author_domain: str) -> tuple[AuthVerdict, MethodResult | None]:
    """Whether the author's domain vouches for the mail, and the result that shows it.

    DMARC decides if the server evaluated it for this author; otherwise an aligned DKIM or SPF pass decides.
    """
    dmarc = [result for result in results.results if result.method == "dmarc"]
    for result in dmarc:
        if result.domain and not aligned(result.domain, author_domain):
            return "none", result  # that server evaluated another author
    for word in ("fail", "temperror"):
        for result in dmarc:
            if result.result == word:
                return ("fail" if word == "fail" else "temperror"), result
    if dmarc and all(result.result == "pass" and result.domain for result in dmarc):
        return "pass", dmarc[0]
    return _by_dkim_or_spf(results.results, author_domain)


def _by_dkim_or_spf(results: tuple[MethodResult, ...], author_domain: str) -> tuple[AuthVerdict, MethodResult | None]:
    dkim = [result for result in results if result.method == "dkim"]
    spf = [result for result in results if result.method == "spf" and result.domain]
    for result in dkim:
        if result.result == "pass" and _vouches(result, author_domain):
            return "pass", result
    if spf and all(result.result == "pass" and aligned(result.domain, author_domain) for result in spf):
        return "pass", spf[0]
    for result in results:
        ours = not result.domain or aligned(result.domain, author_domain)
        if result.method in ("dkim", "spf") and result.result == "temperror" and ours:
            return "temperror", result
    return "none", None


def _vouches(dkim: MethodResult, author_domain: str) -> bool:
    """Whether the signing domain (`header.d`) and the agent's domain (`header.i`), those that are stated, are aligned
    with the author's domain.
    """
    names = [name for name in ("header.d", "header.i") if any(key == name for key, _ in dkim.properties)]
    return bool(names) and all(aligned(domain_of(dkim.value(name)), author_domain) for name in names)


# --- the grammar of RFC 8601, 2.2 -----------------------------------------------------------------------


def parse(value: str, *, microsoft: bool = False) -> AuthResults | None:
    """The content of one field, or None if it is not well-formed. `value` is undecoded. `microsoft`: accept only the
    form of Microsoft 365.
    """
    unfolded = re.sub(r"\r?\n(?=[ \t])", "", value)
    if len(value) > MAX_CHARACTERS or _CONTROL.search(unfolded):
        return None
    try:
        reader = _FieldReader(unfolded)
        authserv_id = "" if microsoft else reader.authserv_id()
        return AuthResults(authserv_id, tuple(reader.results(microsoft)))
    except _Malformed:
        return None


class _Malformed(Exception):
    """The field does not follow the grammar."""


class _FieldReader:
    """Reads a value from left to right. After each method, the position is past comments and blanks."""

    def __init__(self, value: str) -> None:
        self.value, self.at = value, 0
        self.skip()

    def skip(self) -> None:
        """Move past blanks and comments. Comments may be nested and hold quoted pairs (RFC 5322, 3.2.2)."""
        depth = 0
        while True:
            if not depth:
                self.at = _BLANK.match(self.value, self.at).end()  # type: ignore[union-attr]
                if not self.value.startswith("(", self.at):
                    return
            piece = _COMMENT_PIECE.match(self.value, self.at)
            if piece is None:
                raise _Malformed
            self.at = piece.end()
            depth += {"(": 1, ")": -1}.get(piece[0], 0)

    @property
    def ended(self) -> bool:
        return self.at >= len(self.value)

    def take(self, character: str) -> bool:
        if not self.value.startswith(character, self.at):
            return False
        self.at += 1
        self.skip()
        return True

    def need(self, character: str) -> None:
        if not self.take(character):
            raise _Malformed

    def match(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.value, self.at)
        if found is None:
            raise _Malformed
        self.at = found.end()
        return found[0]

    def word(self, pattern: re.Pattern[str]) -> str:
        text = self.match(pattern)
        self.skip()
        return text

    def quoted(self) -> str:
        return re.sub(r"\\(.)", r"\1", self.match(_QUOTED)[1:-1], flags=re.DOTALL)

    def authserv_id(self) -> str:
        """The authserv-id. A version of the format may follow it and must be 1; otherwise raises _Malformed."""
        name = self.quoted() if self.value.startswith('"', self.at) else self.match(_TOKEN)
        self.skip()
        if not self.ended and not self.value.startswith(";", self.at) and self.word(_DIGITS) != "1":
            raise _Malformed
        if not self.ended:
            self.need(";")
        return name

    def results(self, microsoft: bool) -> Iterator[MethodResult]:
        between = False
        while not self.ended:
            if self.take(";"):  # an empty item, or the last semicolon of the field
                continue
            if (result := self.result(between)) is not None:
                yield result
            between = microsoft
            if not self.ended:
                self.need(";")

    def result(self, domains: bool) -> MethodResult | None:
        """One resinfo; None for `none`, and for the recipient's domain that Microsoft 365 writes between results."""
        start = self.at
        method = self.word(_KEYWORD).lower()
        if self.ended or self.value.startswith(";", self.at):
            if method == "none":
                return None
            raise _Malformed
        if domains and self.value.startswith(".", self.at):
            self.at = start
            self.word(_TOKEN)
            return None
        if self.take("/"):
            self.word(_DIGITS)
        self.need("=")
        word = self.word(_KEYWORD).lower()
        found = list(self.properties())
        reason = next((value for name, value in found if name == "reason"), "")
        return MethodResult(method, word, tuple((name, value) for name, value in found if "." in name), reason)

    def properties(self) -> Iterator[tuple[str, str]]:
        """The properties as (name, value): `reason=value` and `ptype.property=value`. Microsoft also writes
        `action=none`, Fastmail `x-bits=2048`.
        """
        while not self.ended and not self.value.startswith(";", self.at):
            name = self.word(_KEYWORD).lower()
            if self.take("."):
                name = f"{name}.{self.word(_KEYWORD).lower()}"
            self.need("=")
            yield name, self.pvalue()

    def pvalue(self) -> str:
        quoted = self.quoted() if self.value.startswith('"', self.at) else ""
        value = quoted + self.match(_BARE)
        if self.value.startswith('"', self.at):
            raise _Malformed
        self.skip()
        return value


def _without_comments(value: str) -> str | None:
    """The words of a trace field without comments; None if a comment is not closed."""
    words, depth = list[str](), 0
    for piece in _COMMENT_PIECE.findall(value):
        if piece == ")" and not depth:
            return None
        depth += {"(": 1, ")": -1}.get(piece, 0)
        if not depth:
            words.append(" " if piece == ")" else piece)
    return None if depth else "".join(words)
