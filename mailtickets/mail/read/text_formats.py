"""Turns the formats of text parts into plain lines: format=flowed (RFC 3676) and text/enriched (RFC 1896).

Owns: these two formats, the line breaks, and the control characters that are taken out of every text.
Fails with: nothing. Limits: linear time.
"""

import re

_UNSAFE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f\ufffe\uffff\ud800-\udfff]")
_ENRICHED = re.compile(r"<(/?)([a-zA-Z0-9-]{1,60})>")


def lines(text: str) -> str:
    """The text with line feeds as line breaks and without control characters."""
    return _UNSAFE.sub("", text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff"))


def flowed(text: str, delsp: bool = False) -> str:
    """The text with its flowed lines joined (RFC 3676): a line that ends in a space continues on the next line of the
    same quote depth.
    """
    out: list[list[str]] = []
    depth_before, flows = 0, False
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        content = line[depth:]
        content = content.removeprefix(" ")
        goes_on = flows and depth == depth_before and content != "-- "
        flows = content.endswith(" ") and content != "-- "
        shown = content[:-1] if flows and delsp else content
        if goes_on:
            out[-1].append(shown)
        else:
            out.append([">" * depth + " " if depth else "", shown])
        depth_before = depth
    joined = ("".join(pieces) for pieces in out)
    return "\n".join(line.rstrip() if line != "-- " else line for line in joined)


def plain_of_enriched(text: str) -> str:
    """Plain text from text/enriched (RFC 1896): commands in brackets go, single line breaks become blanks, `<<`
    becomes `<`.
    """
    text = re.sub(r"<param>.{0,200}?</param>", "", text, flags=re.IGNORECASE | re.DOTALL)
    text = re.sub(r"(?<!\n)\n(?!\n)", " ", text)
    text = re.sub(r"\n(\n+)", r"\1", text)
    return _ENRICHED.sub("", text.replace("<<", "\x00")).replace("\x00", "<")
