"""What the filters before us have said of a mail: spam, infected, or nothing against it.

Owns: the fields that filters write and how each says yes, what a scanner's verdict is, who is denied or allowed.
Fails with: nothing; a field that cannot be read says nothing.
Limits: a field is believed only where the door is trusted, since anybody can write it. Where in the header it stands
proves little: filters that work as milters append theirs below the sender's own. So all fields of these names count and
the worst wins: a sender's forged `X-Spam-Flag: NO` outweighs nothing, a forged YES has only its own mail held. Relays
that put theirs on top and leave forged ones in place can be read more strictly, with `our_hops`.
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
"""From here on Microsoft's spam confidence level says spam."""

_WORST_FIRST: tuple[Action, ...] = ("infected", "spam", "unavailable", "clean")
_FIRST_WORD = re.compile(r"[\s\[(*]*([A-Za-z][A-Za-z -]*)")
_SCL = re.compile(r"(?:^|;)\s*SCL\s*:\s*(-?\d{1,2})\s*(?:;|$)", re.IGNORECASE)
_CATEGORY = re.compile(r"(?:^|;)\s*CAT\s*:\s*([A-Z]{2,10})\s*(?:;|$)", re.IGNORECASE)
_NUMBER = re.compile(r"\s*(-?\d{1,2})(?!\d)")


@dataclass(frozen=True, slots=True)
class JunkVerdict:
    """What filters and lists say against a mail."""

    action: Action
    """`unavailable`: a scanner that should have been asked gave no answer."""
    why: str
    """A stable code, such as `spam-header` or `clamav-found`."""
    source: str
    """The header field's name as it is usually written, or the scanner; empty where nothing was asked."""
    detail: str = ""
    """In words, for people, one line: a score, a virus's name, an error."""


NO_MARK = JunkVerdict("clean", "no-spam-mark", "")
UNTRUSTED = JunkVerdict("clean", "untrusted-door", "")


def verdict(action: Action, why: str, source: str, detail: str = "") -> JunkVerdict:
    """A verdict whose detail is one line of at most `MAX_DETAIL_CHARACTERS`."""
    return JunkVerdict(action, why, source, header.one_line(detail)[:MAX_DETAIL_CHARACTERS])


def worst(verdicts: Iterable[JunkVerdict]) -> JunkVerdict:
    """The verdict that decides; of equal ones the first. `NO_MARK` if there is none."""
    return min(verdicts, key=lambda found: _WORST_FIRST.index(found.action), default=NO_MARK)


def spam_flags(headers: Iterable[tuple[str, str]], *, trusted: bool, our_hops: int | None = None) -> JunkVerdict:
    """What the filters' fields say. `headers` are (lower-case name, unfolded value), topmost first.

    `trusted`: the mail came from our own mail server or out of our own mailbox; otherwise no field is believed.
    `our_hops`: count only what stands above the Received field of the server of ours that took the mail from outside,
    which is the so-many-th from the top; None counts the whole header.
    """
    if not trusted:
        return UNTRUSTED
    return worst(_said(_ours(headers, our_hops)))


def _ours(headers: Iterable[tuple[str, str]], our_hops: int | None) -> Iterable[tuple[str, str]]:
    hops = 0
    for name, value in headers:
        hops += name == "received"
        if our_hops is not None and hops >= max(our_hops, 1):
            return
        yield name, value


def _said(headers: Iterable[tuple[str, str]]) -> Iterable[JunkVerdict]:
    for name, value in headers:
        read = _FIELDS.get(name)
        found = read[1](value) if read else None
        if read and found:
            yield verdict(found[0], found[1], read[0], value)


# --- how each field says it -------------------------------------------------------------------------------------------

Said = tuple[Action, str] | None
"""An action and its code."""


def _word(value: str) -> str:
    found = _FIRST_WORD.match(value)
    return " ".join(found[1].lower().split()) if found else ""


def _yes_or_no(value: str) -> Said:
    """`YES`, `Yes, score=7.1 required=5.0`, `True`, `No`, `Ham`."""
    said = _word(value).split(" ")[0]
    if said in {"yes", "true", "spam"}:
        return "spam", "spam-header"
    return ("clean", "ham-header") if said in {"no", "false", "ham", "innocent", "whitelisted"} else None


def _rspamd_action(value: str) -> Said:
    """Rspamd's own name for what it would do: `add header`, `no action`."""
    said = rspamd_action(_word(value))
    return said if said and said[0] != "unavailable" else None


def _rspamd_result(value: str) -> Said:
    """`default: True [22.30 / 15.00]; ...` says what `metric: verdict [score / limit]`."""
    return _yes_or_no(value.partition(":")[2])


def _confidence(value: str) -> Said:
    """X-MS-Exchange-Organization-SCL: -1 to 9."""
    level = _NUMBER.match(value)
    return _of_level(level[1] if level else None)


def _forefront(value: str) -> Said:
    """`CIP:192.0.2.1;...;SCL:5;...;CAT:SPM;...`"""
    level, category = _SCL.search(value), _CATEGORY.search(value)
    named = category[1].upper() if category else ""
    if named in {"MALW", "AMP"}:
        return "infected", "malware-header"
    if named in {"SPM", "HSPM", "PHSH", "HPHSH", "HPHISH"} and not (level and int(level[1]) < 0):
        return "spam", "spam-category"
    return _of_level(level[1] if level else None)


def _of_level(level: str | None) -> Said:
    if level is None:
        return None
    return ("spam", "spam-confidence-level") if int(level) >= SPAM_CONFIDENCE else ("clean", "ham-header")


def _ham_report(value: str) -> Said:
    """Written, by Exim as hosters set it up, only under what SpamAssassin has let pass."""
    return ("clean", "ham-header") if value.strip() else None


def _virus(value: str) -> Said:
    """`Infected (Eicar-Signature)`, `INFECTED, message contains virus: ...`, `Yes`, `Clean`."""
    said = _word(value).split(" ")[0]
    if said in {"infected", "yes", "virus"}:
        return "infected", "malware-header"
    return ("clean", "ham-header") if said in {"clean", "no"} else None


_FIELDS: Mapping[str, tuple[str, Callable[[str], Said]]] = {
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


def rspamd_action(action: str) -> Said:
    """The verdict for an action of Rspamd. `soft reject` asks the sender to try later, so there is no verdict yet."""
    if action in {"add header", "rewrite subject", "reject", "discard", "quarantine"}:
        return "spam", f"rspamd-{action.replace(' ', '-')}"
    if action in {"no action", "greylist"}:
        return "clean", "ham-header"
    return ("unavailable", "rspamd-soft-reject") if action == "soft reject" else None


# --- who is denied ----------------------------------------------------------------------------------------------------


def denied(address: str, deny: Iterable[str], allow: Iterable[str]) -> bool:
    """Whether mail of this address is refused. Entries are addresses, or `@domain`, which is exactly that domain.

    An address counts for more than its domain; of two alike, allow wins. The null path never is denied.
    """
    entry = _most_specific(address, deny)
    return entry > 0 and entry > _most_specific(address, allow)


def allowed(address: str, allow: Iterable[str]) -> bool:
    """Whether the allow list names the address. Ask only if the address is proved to be the sender's."""
    return _most_specific(address, allow) > 0


def _most_specific(address: str, entries: Iterable[str]) -> int:
    """2 if the address is listed, 1 if its domain is listed, else 0."""
    key = _key(address)
    local, _, domain = key.rpartition("@")
    if not local or not domain:
        return 0
    listed = {_key(entry) for entry in entries}
    return 2 if key in listed else int(f"@{domain}" in listed)


def _key(address: str) -> str:
    """Case-folded, the domain in A-labels: `@bücher.test` and `@xn--bcher-kva.test` are one."""
    local, at, domain = address.strip().rstrip(".").rpartition("@")
    spelled = to_ascii(f"x@{domain}").rpartition("@")[2] if domain else ""
    return f"{local}{at}{spelled}".casefold()
