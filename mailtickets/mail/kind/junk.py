"""Reads what spam and virus filters before us found about a mail: spam, infected, or clean.

Owns: the fields that filters write and how each states its verdict, what a scanner's verdict means, and the lists of
denied and allowed senders.
Fails with: nothing. A field that cannot be read has no effect.
Limits: a field counts only if the mail came through a trusted door, because anybody can write such a field. Its
position in the header proves little: filters that run as milters append theirs below the sender's own fields. So all
fields with these names count, and the worst verdict wins. A forged `X-Spam-Flag: NO` then outweighs nothing, and a
forged YES only holds the forger's own mail. If relays put their fields on top and leave forged ones in place,
`our_hops` makes the reading stricter.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from mailtickets.mail.read import header
from mailtickets.mail.write.compose import to_ascii

Action = Literal["clean", "spam", "infected", "unavailable"]

MAX_DETAIL_CHARACTERS = 200
SPAM_CONFIDENCE = 5
"""From this value up, Microsoft's spam confidence level means spam."""

_WORST_FIRST: tuple[Action, ...] = ("infected", "spam", "unavailable", "clean")
_FIRST_WORD = re.compile(r"[\s\[(*]*([A-Za-z][A-Za-z -]*)")
_SCL = re.compile(r"(?:^|;)\s*SCL\s*:\s*(-?\d{1,2})\s*(?:;|$)", re.IGNORECASE)
_CATEGORY = re.compile(r"(?:^|;)\s*CAT\s*:\s*([A-Z]{2,10})\s*(?:;|$)", re.IGNORECASE)
_NUMBER = re.compile(r"\s*(-?\d{1,2})(?!\d)")


@dataclass(frozen=True, slots=True)
class JunkVerdict:
    """The verdict of filters and of lists about a mail."""

    action: Action
    """`unavailable`: a scanner that should have scanned the mail gave no answer."""
    why: str
    """A stable code, such as `spam-header` or `clamav-found`."""
    source: str
    """The header field's name in its usual spelling, or the scanner's name; empty if no filter was consulted."""
    detail: str = ""
    """One line for people: a score, the name of a virus, an error."""


NO_MARK = JunkVerdict("clean", "no-spam-mark", "")
UNTRUSTED = JunkVerdict("clean", "untrusted-door", "")


def verdict(action: Action, why: str, source: str, detail: str = "") -> JunkVerdict:
    """A verdict whose detail is one line of at most `MAX_DETAIL_CHARACTERS`."""
    return JunkVerdict(action, why, source, header.one_line(detail)[:MAX_DETAIL_CHARACTERS])


def worst(verdicts: Iterable[JunkVerdict]) -> JunkVerdict:
    """The verdict that decides; the first one if several are equal. `NO_MARK` if there is none."""
    return min(verdicts, key=lambda found: _WORST_FIRST.index(found.action), default=NO_MARK)


def spam_flags(headers: Iterable[tuple[str, str]], *, trusted: bool, our_hops: int | None = None) -> JunkVerdict:
    """The verdict in the fields of filters. `headers` are (lower-case name, unfolded value), topmost first.

    `trusted`: the mail came from our own mail server or out of our own mailbox; otherwise no field counts. `our_hops`:
    which Received field, counted from the top, the server of ours wrote that took the mail from outside. Only fields
    above it count; None counts the whole header.
    """
    if not trusted:
        return UNTRUSTED
    return worst(_field_verdicts(_ours(headers, our_hops)))


def _ours(headers: Iterable[tuple[str, str]], our_hops: int | None) -> Iterable[tuple[str, str]]:
    hops = 0
    for name, value in headers:
        hops += name == "received"
        if our_hops is not None and hops >= max(our_hops, 1):
            return
        yield name, value


def _field_verdicts(headers: Iterable[tuple[str, str]]) -> Iterable[JunkVerdict]:
    for name, value in headers:
        read = _FIELDS.get(name)
        found = read[1](value) if read else None
        if read and found:
            yield verdict(found[0], found[1], read[0], value)


# --- how each field states it -----------------------------------------------------------------------------------------

StatedVerdict = tuple[Action, str] | None
"""An action and its code; None if the field states no verdict."""


def _word(value: str) -> str:
    found = _FIRST_WORD.match(value)
    return " ".join(found[1].lower().split()) if found else ""


def _yes_or_no(value: str) -> StatedVerdict:
    """The verdict in `YES`, `Yes, score=7.1 required=5.0`, `True`, `No`, `Ham`."""
    word = _word(value).split(" ")[0]
    if word in {"yes", "true", "spam"}:
        return "spam", "spam-header"
    return ("clean", "ham-header") if word in {"no", "false", "ham", "innocent", "whitelisted"} else None


def _rspamd_action(value: str) -> StatedVerdict:
    """The verdict in Rspamd's own name for its action: `add header`, `no action`."""
    stated = rspamd_action(_word(value))
    return stated if stated and stated[0] != "unavailable" else None


def _rspamd_result(value: str) -> StatedVerdict:
    """The verdict in `default: True [22.30 / 15.00]; ...`, which means `metric: verdict [score / limit]`."""
    return _yes_or_no(value.partition(":")[2])


def _confidence(value: str) -> StatedVerdict:
    """The verdict in X-MS-Exchange-Organization-SCL: -1 to 9."""
    level = _NUMBER.match(value)
    return _of_level(level[1] if level else None)


def _forefront(value: str) -> StatedVerdict:
    """The verdict in `CIP:192.0.2.1;...;SCL:5;...;CAT:SPM;...`"""
    level, category = _SCL.search(value), _CATEGORY.search(value)
    named = category[1].upper() if category else ""
    if named in {"MALW", "AMP"}:
        return "infected", "malware-header"
    if named in {"SPM", "HSPM", "PHSH", "HPHSH", "HPHISH"} and not (level and int(level[1]) < 0):
        return "spam", "spam-category"
    return _of_level(level[1] if level else None)


def _of_level(level: str | None) -> StatedVerdict:
    if level is None:
        return None
    return ("spam", "spam-confidence-level") if int(level) >= SPAM_CONFIDENCE else ("clean", "ham-header")


def _ham_report(value: str) -> StatedVerdict:
    """Clean if the field has a value: Exim, as hosting providers configure it, writes it only on mail that SpamAssassin
    let pass.
    """
    return ("clean", "ham-header") if value.strip() else None


def _virus(value: str) -> StatedVerdict:
    """The verdict in `Infected (Eicar-Signature)`, `INFECTED, message contains virus: ...`, `Yes`, `Clean`."""
    word = _word(value).split(" ")[0]
    if word in {"infected", "yes", "virus"}:
        return "infected", "malware-header"
    return ("clean", "ham-header") if word in {"clean", "no"} else None


_FIELDS: Mapping[str, tuple[str, Callable[[str], StatedVerdict]]] = {
    name.lower(): (name, read)
    for name, read in (
        ("X-Spam-Flag", _yes_or_no),
        ("X-Spam-Status", _yes_or_no),
        ("X-Spam", _yes_or_no),
        ("X-Ham-Report", _ham_report),
        ("X-Rspamd-Action", _rspamd_action),
        ("X-Spamd-Result", _rspamd_result),
        ("X-Rspamd-Result", _rspamd_result),
        ("X-Rspamd-Flag", _yes_or_no),
        ("X-Bogosity", _yes_or_no),
        ("X-DSPAM-Result", _yes_or_no),
        ("X-Barracuda-Spam-Status", _yes_or_no),
        ("X-MS-Exchange-Organization-SCL", _confidence),
        ("X-Forefront-Antispam-Report", _forefront),
        ("X-Virus-Status", _virus),
        ("X-Amavis-Alert", _virus),
    )
}


def rspamd_action(action: str) -> StatedVerdict:
    """The verdict for an action of Rspamd. `soft reject` asks the sender to try later, so that there is no
    verdict yet.
    """
    if action in {"add header", "rewrite subject", "reject", "discard", "quarantine"}:
        return "spam", f"rspamd-{action.replace(' ', '-')}"
    if action in {"no action", "greylist"}:
        return "clean", "ham-header"
    return ("unavailable", "rspamd-soft-reject") if action == "soft reject" else None


# --- denied and allowed -----------------------------------------------------------------------------------------------


def denied(address: str, deny: Iterable[str], allow: Iterable[str]) -> bool:
    """Whether mail from this address is refused. An entry is an address, or `@domain` for exactly that domain.

    An entry for the address wins over an entry for its domain. If both lists have an equal entry, allow wins. The null
    path is never denied.
    """
    entry = _most_specific(address, deny)
    return entry > 0 and entry > _most_specific(address, allow)


def allowed(address: str, allow: Iterable[str]) -> bool:
    """Whether the allow list names the address. Call it only if the address is proved to be the sender's."""
    return _most_specific(address, allow) > 0


def _most_specific(address: str, entries: Iterable[str]) -> int:
    """2 if the address is listed, 1 if only its domain is listed, otherwise 0."""
    key = _key(address)
    local, _, domain = key.rpartition("@")
    if not local or not domain:
        return 0
    listed = {_key(entry) for entry in entries}
    return 2 if key in listed else int(f"@{domain}" in listed)


def _key(address: str) -> str:
    """The address case-folded, with its domain in A-labels: `@bücher.test` and `@xn--bcher-kva.test` have one key."""
    local, at, domain = address.strip().rstrip(".").rpartition("@")
    spelled = to_ascii(f"x@{domain}").rpartition("@")[2] if domain else ""
    return f"{local}{at}{spelled}".casefold()
