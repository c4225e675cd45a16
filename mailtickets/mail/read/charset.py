"""Decodes octets into text, also if the charset label is wrong, unknown or missing.

Owns: which codec a label means, when the octets contradict the label, and which charset is used instead.
Rules, in order: a byte order mark; valid UTF-8 under a single-byte label; the label; UTF-8 mixed with windows-1252, as
mail in Portuguese, Spanish and English has it; another script if the octets show one.
Fails with: nothing. Limits: linear time; a guess looks at the first `SAMPLE_BYTES`.
"""

import codecs
import re
from functools import lru_cache

SAMPLE_BYTES = 4_096

_ALIASES = {
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    "ansi_x3.4-1968": "cp1252",
    "646": "cp1252",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "iso_8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "cp-1252": "cp1252",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
    "windows-874": "cp874",
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8",
    "logical": "iso8859-8",
    "gb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "gb_1988-80": "gb18030",
    "x-gbk": "gb18030",
    "gbk": "gb18030",
    "cp936": "gb18030",
    "hz-gb-2312": "hz",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "euc-kr": "cp949",
    "korean": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "sjis": "cp932",
    "windows-31j": "cp932",
    "x-euc-jp": "euc_jp",
    "iso-2022-jp": "iso2022_jp_ext",
    "csiso2022jp": "iso2022_jp_ext",
    "cp50220": "iso2022_jp_ext",
    "cp50221": "iso2022_jp_ext",
    "big5": "big5hkscs",
    "big-5": "big5hkscs",
    "x-x-big5": "big5hkscs",
    "unicode-1-1-utf-7": "utf-7",
    "utf8mb4": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    "x-unicode-2-0-utf-8": "utf-8",
    "unicode": "utf-16",
    "ucs-2": "utf-16",
    "macintosh": "mac-roman",
    "x-mac-roman": "mac-roman",
    "x-mac-cyrillic": "mac-cyrillic",
    "x-mac-ce": "mac-latin2",
    "koi8-ru": "koi8-u",
    "koi8": "koi8-r",
    "win-1251": "cp1251",
    "x-cp1251": "cp1251",
    "x-cp1252": "cp1252",
    "visual": "iso8859-8",
}
_NOT_TEXT = {"base64", "bz2", "hex", "idna", "punycode", "quopri", "rot13", "uu", "zlib", "undefined"}
_NOT_TEXT |= {"unicode_escape", "raw_unicode_escape", "mbcs", "oem"}
_UNLABELLED = {"", "unknown", "unknown-8bit", "x-unknown", "8bit", "default", "none", "ansi", "x-user-defined"}
_MULTIBYTE = {"gb18030", "big5hkscs", "cp949", "cp932", "euc_jp", "hz"}
_LEAD = re.compile(rb"[\xc2-\xf4][\x80-\xbf]+")
_BOMS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
)
_BOMS += ((codecs.BOM_UTF16_BE, "utf-16"),)
_ISO_2022 = ((b"\x1b$)C", "iso2022_kr"), (b"\x1b$B", "iso2022_jp_ext"), (b"\x1b$@", "iso2022_jp_ext"))
_FREQUENT = {
    "cp1251": "оеаинтсрвлкмдпуя",
    "koi8-r": "оеаинтсрвлкмдпуя",
    "gb18030": "的是不我一有在人这了中大来上国个到说们为您好请和要可以时会问谢",
    "big5hkscs": "的是不我一有在人這了中大來上國個到說們為您好請和要可以時會問謝",
    "cp932": "のにはをたがでてとしれさある。、いうまかなすンスル",
    "euc_jp": "のにはをたがでてとしれさある。、いうまかなすンスル",
    "cp949": "이다는을의에가고한하지기를니사로어요은습합도",
}


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return _western(error.object[error.start : error.end]), error.end


def _western(octets: bytes) -> str:
    """The octets decoded as windows-1252. As in browsers, the five octets without a character become the C1 controls of
    the same number.
    """
    return "".join(octets[i : i + 1].decode("cp1252", "ignore") or chr(octets[i]) for i in range(len(octets)))


codecs.register_error("mail-windows-1252", _as_windows_1252)


@lru_cache(maxsize=128)
def codec(label: str) -> str | None:
    """Python's name of the codec for a charset label as mail programs write it; None if Python has no such codec."""
    name = label.strip().strip("\"'").lower().removeprefix("charset=").removeprefix("x-charset-")
    name = _ALIASES.get(name, _ALIASES.get(name.replace("_", "-"), name))
    name = re.sub(r"^(?:windows|win|cp|ibm|x-cp)-?(\d{3,4})$", r"cp\1", name)
    if not name or name in _NOT_TEXT:
        return None
    try:
        found = codecs.lookup(name).name
        return None if found in _NOT_TEXT or not isinstance(b"".decode(found), str) else found
    except (LookupError, ValueError, UnicodeError):
        return None


def text(octets: bytes, label: str) -> tuple[str, str | None]:
    """The text of a body, and the name of the defect if the charset label is wrong (None if it is right)."""
    if octets.isascii() and b"\x1b" not in octets and codec(label) not in ("utf-7", "hz", "utf-16", "utf-32"):
        return octets.decode("ascii"), None
    for mark, name in _BOMS:
        if octets.startswith(mark):
            return octets.decode(name, "replace"), None
    if label.strip().lower() in _UNLABELLED:
        return guess(octets), None if _is_utf8(octets) else "charset-missing"
    name = codec(label) or ""
    if not name:
        return guess(octets), "charset-unknown"
    return _labelled(octets, name)


def _labelled(octets: bytes, name: str) -> tuple[str, str | None]:
    if _is_iso_2022(octets) and name in ("cp1252", "utf-8"):
        return guess(octets), "charset-mismatch"
    if name != "utf-8" and _surely_utf8(octets, name):
        return octets.decode("utf-8"), "charset-mismatch"
    if name in ("utf-16", "utf-32") and b"\0" not in octets[:SAMPLE_BYTES]:
        return guess(octets), "charset-mismatch"
    try:
        return octets.decode(name), None
    except UnicodeError:
        if name == "cp1252":
            return _western_text(octets), None
        if name in ("utf-8", "utf-7"):
            return guess(octets), "charset-mismatch"
        return _mended(octets, name), "charset-damaged"


def _mended(octets: bytes, name: str) -> str:
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode(name, "replace")


def _western_text(octets: bytes) -> str:
    return octets.decode("ascii", "mail-windows-1252")


def _is_utf8(octets: bytes) -> bool:
    try:
        octets.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _surely_utf8(octets: bytes, name: str) -> bool:
    """Whether octets with another label are surely UTF-8. Text in another charset is hardly ever valid UTF-8 by chance,
    except for one or two pairs of octets in a multibyte charset.
    """
    if name.startswith(("utf", "iso2022", "hz")):
        return False
    if not _is_utf8(octets):
        return False
    sequences = [found for found, _ in zip(_LEAD.findall(octets), range(1_000), strict=False)]
    if name in _MULTIBYTE:
        return len(sequences) >= 3 and all(len(sequence) >= 3 for sequence in sequences)
    return bool(sequences)


def fits(octets: bytes, label: str) -> bool:
    """Whether octets may be text in the charset of this label. True if the label names no charset."""
    try:
        octets.decode(codec(label) or "latin-1")
    except UnicodeError:
        return False
    return True


def word(octets: bytes, label: str) -> str:
    """The text of an RFC 2047 word or an RFC 2231 value."""
    return text(octets, label)[0]


def guess(octets: bytes, hint: str | None = None) -> str:
    """The text of octets without a label. `hint` is the label of another part, such as the mail's text."""
    for escape, name in _ISO_2022:
        if escape in octets:
            return octets.decode(name, "replace")
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        pass
    likely = (codec(hint) if hint else None) or _script(octets[:SAMPLE_BYTES])
    if likely not in (None, "utf-8", "cp1252"):
        try:
            return octets.decode(likely)
        except UnicodeDecodeError:
            pass
    return octets.decode("utf-8", "mail-windows-1252")


def _is_iso_2022(octets: bytes) -> bool:
    return b"\x1b$" in octets and any(escape in octets for escape, _ in _ISO_2022)


def _script(octets: bytes) -> str | None:
    """The charset of another script, if at least 60 % of the letters are octets above 127; otherwise None."""
    high = sum(octet >= 0x80 for octet in octets)
    letters = sum(chr(octet).isalpha() for octet in octets if octet < 0x80)
    if high < 4 or high < 0.6 * (high + letters) or (_LEAD.search(octets) and _mostly_utf8(octets)):
        return None
    scores = {name: _score(octets, name, frequent) for name, frequent in _FREQUENT.items()}
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] >= 0.2 else None


def _mostly_utf8(octets: bytes) -> bool:
    return len(octets.decode("utf-8", "ignore").encode()) > 0.9 * len(octets)


def _score(octets: bytes, name: str, frequent: str) -> float:
    """The share of the non-ASCII letters that are among the most frequent letters of a language."""
    found = [letter for letter in octets.decode(name, "replace") if letter > "\x7f"]
    known = sum(letter in frequent for letter in found) - sum(letter == "\ufffd" for letter in found)
    return known / max(len(found), 1)
