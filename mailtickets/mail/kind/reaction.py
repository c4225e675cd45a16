"""Finds out whether a mail is only an emoji reaction: a program sends it when its reader taps an emoji below a message.

Gmail sends a part of a special type, `text/vnd.google.email-reaction+json`
(developers.google.com/workspace/gmail/reactions), beside a text for other programs. Outlook sends a line, `[like]
Maria Souza reacted to your message:`, above the message that the reaction is to. Owns: both forms, in Portuguese,
English and Spanish.
Fails with: nothing. A mail that says anything more is not a reaction, because no word of a person may be lost.
"""

import json
import re
import unicodedata

PART = "text/vnd.google.email-reaction+json"
MAX_PART_BYTES = 1_000
MAX_EMOJI_CHARACTERS = 32
"""The emoji of a flag or a family has about a dozen code points."""
MAX_REPLY_CHARACTERS = 1_000

_LINK = re.compile(r"<?https?://[^\s<>]{1,500}>?")
_REACTED = re.compile(r"\br[eé]a(?:c|g)", re.IGNORECASE)
"""`reagiu`, `reacted`, `reaccionó`, `reagiert`, `réagi`: Gmail writes in its user's language."""
MAX_LINE_CHARACTERS = 200
_OUTLOOK = re.compile(
    r"(?:\[(?P<tag>[^\[\]\n]{1,30})\]\s{0,4})?(?P<name>[^\n:!?;]{1,100}?) "
    r"(?:reacted to your message|reagiu à sua mensagem|reaccionó a su mensaje|ha reaccionado a su mensaje"
    r"|reaccionó a tu mensaje):[ \t]*(?=\n|$)",
    re.IGNORECASE,
)
_TAGS = {
    "like": "👍", "thumbs up": "👍", "thumbsup": "👍", "curtir": "👍", "gostei": "👍", "me gusta": "👍",
    "heart": "❤️", "coração": "❤️", "corazón": "❤️", "celebrate": "🎉", "comemorar": "🎉", "celebrar": "🎉",
    "laugh": "😆", "risada": "😆", "risa": "😆", "surprised": "😮", "surpreso": "😮", "sorprendido": "😮",
    "sad": "😢", "triste": "😢", "thumbsdown": "👎", "thumbs down": "👎",
}  # fmt: skip
_SIGNS = frozenset({"So", "Sk", "Sm", "Mn", "Me", "Cf"})
"""Categories of the characters that emoji are made of: signs, colours, joiners and tags."""


def emoji_of(part: bytes) -> str | None:
    """The emoji in Gmail's reaction part; None if the part does not follow Gmail's definition."""
    if len(part) > MAX_PART_BYTES:
        return None
    try:
        fields = json.loads(part)
    except (ValueError, RecursionError):
        return None
    emoji = fields.get("emoji") if isinstance(fields, dict) else None
    return emoji if isinstance(emoji, str) and _is_emoji(emoji) else None


def find(emoji: str | None, text: str, reply: str) -> str | None:
    """The emoji of a reaction if the mail says nothing else, otherwise None. Empty if the mail does not show which
    emoji it was.

    `emoji` is the emoji of Gmail's part (None if there is no such part). `reply` is the part of `text` that was written
    now.
    """
    if len(reply) > MAX_REPLY_CHARACTERS:
        return None
    if emoji is not None:
        return emoji if _says_no_more(reply) else None
    line = _OUTLOOK.match(text.lstrip()[:MAX_REPLY_CHARACTERS])
    if line is None:
        return None
    below = _OUTLOOK.sub("", reply.strip(), count=1).strip()
    if below:
        return below if _is_emoji(below) else None
    tag = line["tag"]
    return (_TAGS.get(tag.strip().casefold()) or (tag if _is_emoji(tag) else "")) if tag else ""


def _says_no_more(reply: str) -> bool:
    """Whether a text is only an emoji and at most one line that names Gmail as the program."""
    lines = [line for line in _LINK.sub("", reply).splitlines() if line.strip()]
    words = [line for line in lines if not _is_emoji(line)]
    return len(words) <= 1 and all(_names_gmail(line) for line in words)


def _names_gmail(line: str) -> bool:
    short = len(line) <= MAX_LINE_CHARACTERS and "?" not in line
    return short and "gmail" in line.casefold() and _REACTED.search(line) is not None


def _is_emoji(text: str) -> bool:
    """Whether a text is only signs: it has no letter, and no digit outside a keycap."""
    text = text.strip()
    letters = text.replace("\u20e3", "").rstrip("\ufe0f")
    keycap = "\u20e3" in text and len(letters) <= 2
    return 0 < len(text) <= MAX_EMOJI_CHARACTERS and (
        keycap or all(unicodedata.category(letter) in _SIGNS or letter == " " for letter in text)
    )
