"""Text as it is compared: without differences that people do not mean, such as case and accents.

Owns: every folding of the program. Each caller takes the one that it needs:

| function           | case and accents   | blanks            | length   | who needs it                          |
|--------------------|--------------------|-------------------|----------|---------------------------------------|
| `caseless`         | folded             | kept              | changes  | the search index, which is stored     |
| `folded`           | folded             | one between words | changes  | commands, names, learned signatures   |
| `folded_name`      | folded             | `-` and `_` too   | changes  | names of statuses, agents, options    |
| `plain`            | lower case, folded | kept              | changes  | thanks and wishes                     |
| `plain_line`       | lower case, folded | one between words | changes  | dates and absence notices             |
| `letters_in_place` | lower case, folded | kept              | the same | ratings: a comment is cut out         |
| `ascii_in_place`   | ASCII, lower case  | made ASCII        | the same | reply tokens: they are cut out        |

`caseless` and what is made of it use `str.casefold` (`ß` is `ss`). Its results are stored: words in the search index,
and lines of signatures as they are compared. So it must not change. `plain` and `plain_line` also drop what cannot be
seen (Unicode category Cf); `folded` keeps it, so that a command with an invisible character in it is not known.
Fails with: nothing. Limits: linear time; callers bound the length.
"""

import unicodedata

NOTHING_SEEN = "\0"
"""What `ascii_in_place` writes for a character that cannot be seen."""

INVISIBLE = (
    0x00AD, 0x034F, 0x061C, *range(0x180B, 0x180F), *range(0x200B, 0x2010), *range(0x202A, 0x202F),
    *range(0x2060, 0x2070), 0x3164, *range(0xFE00, 0xFE10), 0xFEFF, 0xFFA0, ord("\r"), 0x115F, 0x1160,
)  # fmt: skip
"""Code points that show nothing, or nothing of their own."""
_BLANKS = (0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000)
_LINE_ENDS = (0x0B, 0x0C, 0x85, 0x2028, 0x2029)
_FULL_WIDTH = range(0xFF01, 0xFF5F)
_TO_ASCII: dict[int, str] = {
    **dict.fromkeys(INVISIBLE, NOTHING_SEEN),
    **{code: chr(code + 32) for code in range(ord("A"), ord("Z") + 1)},
    **{code: chr(code - 0xFEE0).lower() for code in _FULL_WIDTH},
    **dict.fromkeys(_BLANKS, " "),
    **dict.fromkeys(_LINE_ENDS, "\n"),
}
_WESTERN_TO_ASCII = bytes(ord(_TO_ASCII.get(code, chr(code))) for code in range(256))


def caseless(text: str) -> str:
    """`Não, AÇÃO` -> `nao, acao`: case folded, decomposed (NFKD), combining marks dropped."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return letters.translate({ord(letter): None for letter in set(letters) if unicodedata.combining(letter)})


def folded(text: str) -> str:
    """Like `caseless`, with one blank between words and none around them."""
    return " ".join(caseless(text).split())


def folded_name(text: str) -> str:
    """Like `folded`, with hyphens and underscores read as blanks: `Em-Atendimento` -> `em atendimento`."""
    return folded(text.replace("-", " ").replace("_", " "))


def plain(text: str) -> str:
    """In lower case, `’` as `'`, without accents, variation selectors and characters that cannot be seen."""
    letters = unicodedata.normalize("NFKD", text.replace("’", "'")).lower()
    return "".join(letter for letter in letters if unicodedata.category(letter) not in {"Mn", "Cf"})


def plain_line(text: str) -> str:
    """Like `plain`, with one blank between words and none around them."""
    return " ".join(plain(text).split())


def letters_in_place(text: str) -> str:
    """In lower case and without accents, one character for each, so that places in it are places in the text."""
    return text.translate(_LETTERS)


class _Letters(dict[int, str]):
    """The plain letter of each code point, worked out when the code point is first met."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        base = unicodedata.normalize("NFD", letter)[0].lower()
        self[code] = base if len(base) == 1 else letter
        return self[code]


_LETTERS = _Letters()


def ascii_in_place(text: str) -> str:
    """Of the same length: ASCII and full-width letters small, blanks and line ends in ASCII, the invisible as NUL."""
    try:
        return text.encode("latin-1").translate(_WESTERN_TO_ASCII).decode("latin-1")  # most mail, in less time
    except UnicodeEncodeError:
        return text.translate(_TO_ASCII)
