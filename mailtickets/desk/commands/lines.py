"""One line of an agent's words: whether it is a command, which one, and what is wrong with it if it is none.

A command is `#` or `/` and letters, ended by a blank, a colon or the line's end: `#1042`, `/etc/hosts`, `# passos`
and `#include<x>` are text. Owns: what phones, keyboards and the conversion from HTML leave around a command and how
several on one line are told apart.
Fails with: a `Problem`, a value. Limits: `MAX_PIECES` commands a line, `MAX_ARGUMENT_CHARACTERS` each.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mailtickets.desk.commands.command import Command, CommandKey
from mailtickets.desk.commands.row import CommandRow
from mailtickets.desk.commands.rows import known, row_of
from mailtickets.desk.commands.slips import is_nearly, likely
from mailtickets.desk.commands.values import Changes, Rejected, Value, tidy, unquoted
from mailtickets.desk.model.decision import Problem
from mailtickets.mail.model import Address
from mailtickets.mail.read import header

PROBLEMS = (
    "unknown-command", "missing-sign", "blank-in-command",
    "missing-argument", "bad-argument", "needless-argument", "command-in-the-middle",
    "command-in-the-argument", "command-in-the-note", "said-twice", "empty-note", "end-without-note",
    "missing-number", "not-in-a-list",
)  # fmt: skip
MAX_PIECES = 20
MAX_ARGUMENT_CHARACTERS = 2_000
MAX_CHARACTERS = 100_000
MAX_SIGNS = 2_000
"""Of `#` and `/` in all: a long list of links has fewer."""

_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\u20e3\ufe0e\ufe0f\ufeff]|&(?:zwnj|shy|#8203);"
)
_BLANK = re.compile(r"&(?:nbsp|#160|#xa0);?|[^\S\n]|[\x00-\x1f\x7f-\x9f]", re.IGNORECASE)
_SIGNS = str.maketrans({"＃": "#", "﹟": "#", "♯": "#", "／": "/", "⁄": "/", "∕": "/", "：": ":", "＝": "="})
_ALL_SIGNS = "#/＃﹟♯／⁄∕"
_SUSPECT_WORD = re.compile(r"[#＃﹟♯](?<!\S.)[^\W\d_][^\n]{0,80}")
_SUSPECT_LINE = re.compile(r"\n[^\w\n#/]{0,20}[/／⁄∕][^\W\d_][^\n]{0,80}")
"""Both begin with what can be looked for: over 25 MB that is a tenth of a second, instead of two."""
_PICTURE = "\u2190-\u21ff\u2300-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff"
"""Arrows, signs and emoji, as a range of characters."""
_AROUND = re.compile(rf"(?:[ *_`~\"'“”„‘’«»•·‣◦▪●○■+–—{_PICTURE}-]|\\(?=[#/])|\d{{1,2}}[.)] |\((?=[#/]))*")
"""Bullets, emphasis, quotes, emoji: what may stand before a command and is no part of it."""
_WORD = r"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f]|[-_](?=[^\W\d_])){0,40}"
_SHAPE = re.compile(rf"(?P<sign>[#/])(?P<word>{_WORD})[*_`~\"'“”’»)]*(?P<end>[:=]|[.,;!…]*(?=[ {_PICTURE}]|$))")
_INNER = re.compile(rf"(?<=[ ,;*_`\"“(]){_SHAPE.pattern}")
_ALMOST = re.compile(rf"[#/]{{1,3}} ?(?P<word>{_WORD})")
_JOINTS = ("e", "and", "y", "&", "|")
_DIRECTORIES = frozenset(
    (
        "bin",
        "boot",
        "data",
        "dev",
        "etc",
        "home",
        "lib",
        "media",
        "mnt",
        "opt",
        "proc",
        "root",
        "run",
        "sbin",
        "srv",
        "sys",
        "tmp",
        "usr",
        "users",
        "var",
        "www",
        "windows",
    )
)


@dataclass(frozen=True, slots=True)
class Piece:
    """One command-shaped part of a line; a line with several commands has several."""

    text: str
    sign: str
    word: str
    argument: str
    command: CommandRow | None

    @property
    def key(self) -> CommandKey | Literal[""]:
        """The command's key; empty if the word is no command."""
        return self.command.key if self.command else ""


@dataclass(frozen=True, slots=True)
class Line:
    """A line as typed, as it looks, and its commands."""

    number: int
    raw: str
    clean: str
    found: tuple[Piece, ...]

    @classmethod
    def of(cls, number: int, raw: str) -> "Line":
        line = clean(raw)
        return cls(number, raw, line, pieces(line))

    @property
    def is_known(self) -> bool:
        return bool(self.found) and self.found[0].command is not None

    @property
    def is_canned(self) -> bool:
        return bool(self.found) and self.found[0].key == "canned"


def is_beyond(text: str) -> bool:
    """Whether there is more of it than anybody types, and than is worth reading for commands.

    An agent's From is a claim: what is read for commands must cost little, whoever wrote it.
    """
    return len(text) > MAX_CHARACTERS or sum(map(text.count, _ALL_SIGNS)) > MAX_SIGNS


def first_suspect(text: str) -> Problem | None:
    """In a text that is not read: the first thing that may be a command, told as one that was not understood."""
    first = _SUSPECT_LINE.match(f"\n{text[:MAX_ARGUMENT_CHARACTERS]}")
    places = [found for found in (_SUSPECT_WORD.search(text), _SUSPECT_LINE.search(text)) if found]
    found = first or min(places, key=lambda found: found.start(), default=None)
    return Problem(found[0].strip()[:MAX_ARGUMENT_CHARACTERS], "unknown-command") if found else None


def clean(line: str) -> str:
    """The line as it looks: no invisible characters, one kind of blank, plain signs."""
    line = _INVISIBLE.sub("", unicodedata.normalize("NFC", line))
    return _BLANK.sub(" ", line).translate(_SIGNS).strip()


def pieces(line: str) -> tuple[Piece, ...]:
    """The commands of a cleaned line; empty if it is text."""
    around = _AROUND.match(line)
    head = _SHAPE.match(line, around.end() if around else 0)
    if head is None or (head["end"] == "=" and known(head["word"]) is None):
        return ()
    found: list[Piece] = []
    wrapped = line[: head.start()].strip()
    while head is not None:
        following = _following(line, head) if len(found) < MAX_PIECES - 1 else None
        stop = following.start() if following else len(line)
        found.append(_piece(line, head, stop, wrapped))
        head = following
    return tuple(found)


def _piece(line: str, head: re.Match[str], stop: int, wrapped: str) -> Piece:
    argument = line[head.end() : stop].strip(" ,;" if stop < len(line) else " ")
    if wrapped and wrapped[-1] in "*_`~\"'“‘«(":
        argument = argument.rstrip("*_`~\"'”’»)").rstrip()
    joint = argument if stop < len(line) and argument in _JOINTS else ""
    text = line[head.start() : stop].strip()
    return Piece(text, head["sign"], head["word"], "" if joint else argument, known(head["word"]))


def _following(line: str, head: re.Match[str]) -> re.Match[str] | None:
    """The next command on the line. Free words end at a note alone, and tags may be written `#rede`."""
    command = known(head["word"])
    if command is not None and command.key == "note":
        return None
    for match in _INNER.finditer(line, head.end(), MAX_ARGUMENT_CHARACTERS):
        inner = known(match["word"])
        if inner is not None:
            if inner.key == "note" or not _is_free(command):
                return match
        elif match["sign"] == "#" and not _is_free(command) and (is_nearly(match["word"]) or not _is_tag(command)):
            return match
    return None


def _is_free(command: CommandRow | None) -> bool:
    """Words of any kind follow: commands among them are no commands, or not for certain."""
    return command is not None and (command.takes == "words" or command.key == "help")


def _is_tag(command: CommandRow | None) -> bool:
    return command is not None and command.takes == "tags"


def meant(piece: Piece, line: str) -> Command | Problem:
    """What a piece asks for, if it is complete."""
    command = piece.command
    if command is None:
        return Problem(piece.text, "unknown-command", likely(piece.word))
    if len(piece.argument) > MAX_ARGUMENT_CHARACTERS or _goes_on(piece, command):
        return Problem(piece.text, "bad-argument", (), command.takes)
    argument = header.one_line(_written(piece, command))
    wrong = _wrong(piece, command, argument)
    if wrong is not None:
        return wrong
    value = _value(command, argument)
    if isinstance(value, Rejected):
        return Problem(piece.text, "bad-argument", _completed(piece.word, value.nearest), command.takes)
    return Command(command.name, argument, value, line)


def _written(piece: Piece, command: CommandRow) -> str:
    """The argument without the marks that people put around it; free words keep theirs, but for quotes around all."""
    return unquoted(piece.argument) if command.takes == "words" else tidy(piece.argument)


def _value(row: CommandRow, argument: str) -> Value | Rejected:
    """What the argument means, as far as that can be said without knowing the desk."""
    if row.means is not None:
        return row.means
    return row.read(tidy(argument)) if argument and row.read is not None else None


def _wrong(piece: Piece, command: CommandRow, argument: str) -> Problem | None:
    if _is_free(command) and any(known(match["word"]) for match in _INNER.finditer(f" {piece.argument}")):
        return Problem(piece.text, "command-in-the-argument", (), command.takes)
    if not command.takes and (any(letter.isalnum() or letter == "?" for letter in argument)):
        return Problem(piece.text, "needless-argument", (f"#{piece.word.lower()}",))
    if command.takes and not argument and not command.optional:
        return Problem(piece.text, "missing-argument", (), command.takes)
    return None


def _goes_on(piece: Piece, command: CommandRow) -> bool:
    """A list that ends with a comma goes on in the next line, which would be published."""
    return command.takes in ("address", "tags") and piece.argument.endswith((",", ";", "+"))


def _completed(word: str, near: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"#{word.lower()} {argument}" for argument in near[:3])


def is_stray(line: str, found: Sequence[Piece]) -> bool:
    """Whether it begins as a command does without being one: `#resolvr`, `# resolver`, `##nota`, `#fechar?`.

    `/usr` and `/login` are text: only a path that is nearly a command is suspected.
    """
    if not found:
        return almost(line) is not None
    piece = found[0]
    return piece.command is None and (
        piece.sign == "#" or (piece.word.lower() not in _DIRECTORIES and is_nearly(piece.word))
    )


def almost(line: str) -> Problem | None:
    """A command that was spelled with a blank, a second sign or a mark too much."""
    around = _AROUND.match(line)
    match = _ALMOST.match(line, around.end() if around else 0)
    command = known(match["word"]) if match else None
    if match is None or command is None or (len(match["word"]) < 4 and command.key != "end"):
        return None
    rest = line[match.end() :]
    bounds = command.key in ("note", "end")
    if (
        not bounds
        and rest[:1] in ("", " ", ":")
        and not all(isinstance(meant(piece, line), Command) for piece in pieces(f"#{match['word']}{rest}"))
    ):
        return None
    code = "blank-in-command" if match[0][1:2] == " " else "unknown-command"
    return Problem(line[match.start() :], code, (f"#{match['word'].lower()}",))


def inline(line: str) -> int | None:
    """Where a command stands at the end of a line of text: `Pronto, pode usar. #resolver`."""
    for number, match in enumerate(_INNER.finditer(line) if not line.startswith(">") else ()):
        command = known(match["word"]) if match["sign"] == "#" else None
        far = len(line) - match.start() > MAX_ARGUMENT_CHARACTERS or number > MAX_PIECES
        if command is None or (far and command.key != "note"):
            continue
        tail = pieces(line[match.start() :])
        if command.key == "note" or all(isinstance(meant(piece, line), Command) for piece in tail):
            return match.start()
    return None


# --- several commands ---------------------------------------------------------------------------------


def clashing(commands: Sequence[Command]) -> frozenset[int]:
    """Which of them are the same or exclude each other."""
    groups: dict[str, list[int]] = {}
    for index, command in enumerate(commands):
        groups.setdefault(matter(command), []).append(index)
    clashes = (group for group in groups.values() if len(group) > 1 and _clash([commands[n] for n in group]))
    return frozenset(index for group in clashes for index in group)


def matter(command: Command) -> str:
    """What a command is about: of commands about one matter only one can hold."""
    row = row_of(command)
    if row.repeated == "by-argument":
        return f"{command.name} {command.argument.casefold()}"
    return row.matter or command.name


def adds_up(command: Command) -> bool:
    """Whether the command may stand in one mail more than once."""
    return row_of(command).repeated == "adds-up"


def _clash(commands: Sequence[Command]) -> bool:
    if not adds_up(commands[0]):
        return True
    values = [command.value for command in commands]
    added = {_member(one) for value in values if isinstance(value, Changes) for one in value.added}
    removed = {_member(one) for value in values if isinstance(value, Changes) for one in value.removed}
    return bool(added & removed)


def _member(one: str | Address) -> str:
    return one if isinstance(one, str) else one.key
