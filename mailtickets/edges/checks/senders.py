"""SPF, DKIM and DMARC for mail that came straight from outside (RFC 7208, RFC 6376, RFC 7489).

Owns: what each check found, with the query that it rests on, and what DMARC concludes from it. Everything here blocks
and must run in a thread; `Lookups` keeps the time.
Fails with: nothing but programming errors. A question without an answer is temperror, which is never a pass.
Limits: `MAX_SIGNATURES`, `MAX_SIGNATURE_OCTETS` and `MAX_KEY_OCTETS`. dkimpy and pyspf do the calculation, but they see
only input that cannot keep them busy: their patterns take quadratic time on long runs of blanks, and RSA here is
written in Python.
"""

import base64
import hashlib
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import dkim
import spf

from mailtickets.desk.model.facts import AuthFact
from mailtickets.edges.checks.resolver import Lookups, Unanswered
from mailtickets.mail.domain import aligned, domain_of, normal, organizational
from mailtickets.mail.model import AuthVerdict
from mailtickets.mail.trust import header_truth

MAX_SIGNATURES = 5
MAX_SIGNATURE_OCTETS = 8_192
MAX_KEY_OCTETS = 1_024
"""Octets of a key record. RSA of 4096 bits takes some 750. The signer chooses the exponent, which costs us time."""

_QUIET = logging.Logger("dkim", logging.CRITICAL + 1)  # noqa: LOG001 - dkimpy would log what is in the mail
_DOMAIN = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)+")
_POLICIES = {"none": "nothing is asked", "quarantine": "junk", "reject": "refusal"}


# --- SPF ------------------------------------------------------------------------------------------------


class _Query(spf.query):  # type: ignore[misc]
    """pyspf's evaluation, which uses our lookups instead of its own process-wide ones."""

    def __init__(self, peer: str, sender: str, helo: str, lookups: Lookups) -> None:
        super().__init__(i=peer, s=sender, h=helo, receiver="unknown")
        self._lookups = lookups

    def dns(self, name: str, qtype: str, cnames: object = None, ignore_void: bool = False) -> list[object]:
        """The records, in the shapes that pyspf expects. Counts lookups without result (RFC 7208, 4.6.4)."""
        name = str(name).rstrip(".").lower()
        key = (name, qtype)
        if key not in self.cache:
            try:
                self.cache[key] = self._found(name, qtype)
            except Unanswered as error:
                raise spf.TempError(str(error)) from error
        found: list[object] = self.cache[key]
        if not found and not ignore_void:
            self.void_lookups += 1
            if self.void_lookups > spf.MAX_VOID_LOOKUPS:
                raise spf.PermError("too many lookups without a result")
        return list(found)

    def _found(self, name: str, qtype: str) -> list[object]:
        match qtype:
            case "TXT":
                return [(text,) for text in self._lookups.txt(name)]
            case "A" | "AAAA":
                return list(self._lookups.addresses(name, qtype))
            case "MX":
                return list(self._lookups.exchanges(name))
            case "PTR":
                return list(self._lookups.pointers(name))
        return []


def check_spf(peer: str, sender: str, helo: str, lookups: Lookups) -> AuthFact:
    """Whether the domain of the reverse-path, or the HELO name for a null path, lets this peer send."""
    domain = domain_of(sender) if sender else normal(helo)
    local = sender.rpartition("@")[0].replace("@", "_") or "postmaster"
    source = f"TXT {domain} for {peer}" + ("" if sender else " (HELO)")
    if not _DOMAIN.fullmatch(domain):
        return AuthFact("spf", "none", "", f"{'MAIL FROM' if sender else 'HELO'} names no domain")
    result, _, why = _Query(peer, f"{local}@{domain}", helo, lookups).check()
    return AuthFact("spf", result, domain, source + (f": {_shown(why)}" if "error" in result else ""))


# --- DKIM -----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Keys:
    """Public keys from DNS for one signature, and what went wrong when they were fetched."""

    lookups: Lookups
    identity: str = ""
    """The domain of the signature's i=, if it is another domain than d=."""
    unanswered: str = ""
    name: str = ""

    def txt(self, name: bytes, timeout: float = 0) -> bytes | None:
        """How dkimpy asks for a key. `timeout` is ignored, because the lookups have their own deadline."""
        self.name = name.decode("ascii", "replace").rstrip(".").lower()
        try:
            records = self.lookups.txt(self.name)
        except Unanswered as error:
            self.unanswered = str(error)
            return None
        if len(records) != 1 or len(records[0]) > MAX_KEY_OCTETS:
            return None
        return records[0] if self._may_be_used(records[0]) else None

    def _may_be_used(self, record: bytes) -> bool:
        """Checks the limits that the domain sets for its key and that dkimpy ignores: h= and t=s (RFC 6376, 3.6.1)."""
        tags = {name: value.lower().split(":") for name, value in _tags(record.decode("ascii", "replace"))}
        hashes = {word.strip() for word in tags.get("h", ["*"])}
        flags = [word.strip() for word in tags.get("t", [])]
        return bool(hashes & {"sha256", "*"}) and not ("s" in flags and self.identity)


@dataclass(slots=True)
class _Body:
    """The hash of a body in the two canonicalizations (RFC 6376, 3.4), computed when it is first needed.

    dkimpy could do it too, but one long run of blanks keeps its pattern busy for hours. This class needs no pattern,
    and a large body does not stop the other threads for long.
    """

    raw: bytes
    _taken: dict[bytes, bytes] = field(default_factory=dict)

    def sha256(self, algorithm: bytes) -> bytes:
        if algorithm not in self._taken:
            canonical = self._relaxed() if algorithm == b"relaxed" else self._simple()
            self._taken[algorithm] = hashlib.sha256(canonical).digest()
        return self._taken[algorithm]

    def _simple(self) -> bytes:
        return self.raw.rstrip(b"\r\n") + b"\r\n"

    def _relaxed(self) -> bytes:
        body = self.raw.replace(b"\t", b" ")
        while b"  " in body:
            body = body.replace(b"  ", b" ")
        body = body.replace(b" \r\n", b"\r\n").removesuffix(b" ").rstrip(b"\r\n")
        return body + b"\r\n" if body else b""


def _with_crlf(body: bytes) -> bytes:
    if body.count(b"\n") == body.count(b"\r\n"):
        return body
    return body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def check_dkim(raw: bytes, lookups: Lookups) -> tuple[AuthFact, ...]:
    """One fact for each signature, topmost first. Signatures after the first `MAX_SIGNATURES` are not looked at."""
    split = header_truth.split(raw)
    if split is None:
        return (AuthFact("dkim", "permerror", "", "the header section is too long"),)
    try:
        signed = dkim.DKIM(split[0] + b"\r\n\r\n", logger=_QUIET)
    except Exception:  # dkimpy raises errors of its own for most broken header sections, but not for all
        return (AuthFact("dkim", "permerror", "", "the header section is damaged"),)
    signatures = [value for name, value in signed.headers if name.lower() == b"dkim-signature"]
    if not signatures:
        return (AuthFact("dkim", "none", "", "there is no DKIM-Signature"),)
    body = _Body(_with_crlf(split[1]))
    return tuple(
        _signature(signed, number, value, body, _Keys(lookups))
        for number, value in enumerate(signatures[:MAX_SIGNATURES])
    )


def _signature(signed: dkim.DKIM, number: int, value: bytes, body: _Body, keys: _Keys) -> AuthFact:
    label, domain = f"DKIM-Signature {number + 1}", ""
    try:
        tags = dkim.util.parse_tag_value(value)
        domain = normal(tags.get(b"d", b"").decode("ascii"))
        if not _DOMAIN.fullmatch(domain):
            return AuthFact("dkim", "permerror", "", f"{label}: d= names no domain")
        if why := _unacceptable(value, tags):
            return AuthFact("dkim", "policy", domain, f"{label}: {why}")
        identity = domain_of(tags.get(b"i", b"").decode("ascii"))
        keys.identity = identity if identity != domain else ""
        good = _verifies(signed, number, body, keys)
    except dkim.ValidationError as error:
        return AuthFact("dkim", "fail", domain, f"{label}: {_shown(str(error))}")
    except Exception as error:  # a signature that breaks the library in any way is only not valid
        return AuthFact("dkim", "permerror", "", f"{label}: {_shown(str(error)) or type(error).__name__}")
    if keys.unanswered:
        return AuthFact("dkim", "temperror", domain, f"{label}, {_shown(keys.unanswered)}")
    return AuthFact("dkim", "pass" if good else "fail", domain, f"{label}, TXT {_shown(keys.name)}")


def _verifies(signed: dkim.DKIM, number: int, body: _Body, keys: _Keys) -> bool:
    """Whether a signature verifies. We hash the body; dkimpy does the rest and sees neither the body nor its hash."""
    tags, names, signatures = signed.verify_headerprep(number)
    algorithm = tags.get(b"c", b"simple").partition(b"/")[2] or b"simple"
    claimed = base64.b64decode(re.sub(rb"\s+", b"", tags.pop(b"bh")))
    if claimed != body.sha256(algorithm):
        raise dkim.ValidationError("the body has been changed")
    return bool(signed.verify_sig(tags, names, signatures[number], keys.txt))


def _unacceptable(value: bytes, tags: dict[bytes, bytes]) -> str:
    """Why a signature proves nothing even if it verifies; empty when it may prove something."""
    if len(value) > MAX_SIGNATURE_OCTETS:
        return f"it is longer than {MAX_SIGNATURE_OCTETS} octets"
    if b"l" in tags:
        return "l= leaves a part of the body to anybody"
    if b"from" not in (name.strip() for name in tags.get(b"h", b"").lower().split(b":")):
        return "From is not signed"
    if tags.get(b"a", b"").endswith(b"sha1"):
        return "SHA-1 (RFC 8301)"
    return ""


# --- DMARC ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DmarcPolicy:
    """What a domain asks of those who receive mail in its name (RFC 7489, 6.3)."""

    name: str
    """The name where the policy was found: `_dmarc.corp.test`."""
    text: str
    tags: dict[str, str]

    def strict(self, tag: str) -> bool:
        return self.tags.get(tag, "r").lower() == "s"


def find_policy(author_domain: str, lookups: Lookups) -> DmarcPolicy | None:
    """The policy of the author's domain, or else of its organisational domain (6.6.3). Raises Unanswered."""
    for domain in dict.fromkeys((normal(author_domain), organizational(author_domain))):
        records = [text for text in _texts(f"_dmarc.{domain}", lookups) if re.match(r"v=DMARC1\s*(;|$)", text)]
        if len(records) == 1:
            tags = dict(_tags(records[0]))
            if tags.get("p", "").lower() in _POLICIES or "rua" in tags:
                return DmarcPolicy(f"_dmarc.{domain}", records[0], tags)
    return None


def _texts(name: str, lookups: Lookups) -> list[str]:
    return [text.decode("ascii", "replace").strip() for text in lookups.txt(name)]


def _tags(text: str) -> Iterator[tuple[str, str]]:
    for part in text.split(";"):
        name, _, value = part.partition("=")
        yield name.strip().lower(), value.strip()


def check_dmarc(
    author_domain: str, found: tuple[AuthFact, ...], lookups: Lookups
) -> tuple[AuthVerdict, tuple[AuthFact, ...]]:
    """What DMARC concludes from SPF and DKIM, with the facts that it adds.

    A domain without a policy asks for nothing. If it signs, or its own server sends for it, that still vouches for the
    author. If it does neither, that is no failure.
    """
    try:
        policy = find_policy(author_domain, lookups)
    except Unanswered as error:
        return "temperror", (AuthFact("dmarc", "temperror", author_domain, str(error)),)
    passed = _supporting("pass", author_domain, found, policy)
    open_questions = _supporting("temperror", author_domain, found, policy)
    if policy is None:
        none = AuthFact("dmarc", "none", author_domain, f"TXT _dmarc.{normal(author_domain)}: there is no policy")
        return ("pass" if passed else "temperror" if open_questions else "none"), (none,)
    verdict: AuthVerdict = "pass" if passed else "temperror" if open_questions else "fail"
    evidence = f", by {passed.method} of {passed.domain}" if passed else ""
    return verdict, (AuthFact("dmarc", verdict, author_domain, f"TXT {policy.name}: {_shown(policy.text)}{evidence}"),)


def _supporting(
    result: str, author_domain: str, found: tuple[AuthFact, ...], policy: DmarcPolicy | None
) -> AuthFact | None:
    """The first aligned fact that has this result."""
    for fact in found:
        strict = policy is not None and policy.strict("adkim" if fact.method == "dkim" else "aspf")
        if fact.result == result and aligned(fact.domain, author_domain, strict=strict):
            return fact
    return None


# --- what a domain publishes ----------------------------------------------------------------------------


def published(domain: str, lookups: Lookups) -> list[AuthFact]:
    """What a domain says of mail in its name, in words for an operator."""
    return [_published_spf(domain, lookups), _published_dmarc(domain, lookups)]


def _published_spf(domain: str, lookups: Lookups) -> AuthFact:
    name = normal(domain)
    try:
        records = [text for text in _texts(name, lookups) if re.match(r"v=spf1( |$)", text, re.IGNORECASE)]
    except Unanswered as error:
        return AuthFact("spf", "temperror", name, str(error))
    if not records:
        return AuthFact("spf", "none", name, f"TXT {name}: no SPF record, its senders cannot be told from others")
    if len(records) > 1:
        return AuthFact("spf", "permerror", name, f"TXT {name}: {len(records)} SPF records, so none counts")
    return AuthFact("spf", "published", name, f"TXT {name}: {_shown(records[0])}")


def _published_dmarc(domain: str, lookups: Lookups) -> AuthFact:
    name = normal(domain)
    try:
        policy = find_policy(name, lookups)
    except Unanswered as error:
        return AuthFact("dmarc", "temperror", name, str(error))
    if policy is None:
        return AuthFact(
            "dmarc", "none", name, f"TXT _dmarc.{name}: there is no policy, so nobody is asked to refuse forgeries"
        )
    inherited = policy.name != f"_dmarc.{name}"
    word = policy.tags.get("sp" if inherited and "sp" in policy.tags else "p", "none").lower()
    asks = f"for mail that fails it asks: {_POLICIES.get(word, word)}"
    return AuthFact("dmarc", "published", name, f"TXT {policy.name}: {_shown(policy.text)} ({asks})")


def _shown(text: str) -> str:
    """The text as one line that can be stored and shown."""
    return "".join(c if c.isprintable() else "?" for c in " ".join(text.split()))[:300]
