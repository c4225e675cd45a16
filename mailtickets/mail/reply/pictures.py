"""Removes the placeholders that Outlook writes where a picture stands: `[cid:image001.png@01DB4142.8A3B5C10]`.

A placeholder tells the reader nothing: the HTML shows the picture, or it comes as a file. The stored text keeps it.
Fails with: nothing. Time is linear.
"""

import re

_PLACEHOLDER = re.compile(r"\[cid:[^\[\]\s]{1,300}\]", re.IGNORECASE)
_BETWEEN = re.compile(r"[ \t]?\[cid:[^\[\]\s]{1,300}\]", re.IGNORECASE)


def without_placeholders(text: str) -> str:
    """The text without placeholders of pictures, and without the lines that held only placeholders."""
    if _PLACEHOLDER.search(text) is None:
        return text
    kept: list[str] = []
    gone = False
    for line in text.split("\n"):
        bare = _BETWEEN.sub("", line)
        if bare != line and not bare.strip(" \t\u00a0>"):
            gone = True
        elif not (gone and not line.strip() and (not kept or not kept[-1].strip())):
            kept.append(bare.lstrip(" ") if _PLACEHOLDER.match(line) else bare)
            gone = False
    return "\n".join(kept)
