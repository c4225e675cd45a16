"""Reads one line of an agent's words: whether it is a command, which command, and otherwise what is wrong with it.

A command is `#` or `/` and then letters, ended by a blank, a colon or the end of the line. `#1042`, `/etc/hosts`,
`# passos` and `#include<x>` are text. Owns: which signs phones, keyboards and the conversion from HTML leave around a
command, and how several commands on one line are separated.
Fails with: a `Problem`, which is a value. Limits: `MAX_PIECES` commands on a line, `MAX_ARGUMENT_CHARACTERS` each.
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
from mailtickets.desk.commands.values import Changes, Rejected, Value, says_a_solution, tidy, unquoted, without_pictures
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
"""The most `#` and `/` signs in one text. A long list of links has fewer."""

_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\u20e3\ufe0e\ufe0f\ufeff]|&(?:zwnj|shy|#8203);"
)
_BLANK = re.compile(r"&(?:nbsp|#160|#xa0);?|[^\S\n]|[\x00-\x1f\x7f-\x9f]", re.IGNORECASE)
_SIGNS = str.maketrans({"＃": "#", "﹟": "#", "♯": "#", "／": "/", "⁄": "/", "∕": "/", "：": ":", "＝": "="})
_ALL_SIGNS = "#/＃﹟♯／⁄∕"
_SUSPECT_WORD = re.compile(r"[#＃﹟♯](?<!\S.)[^\W\d_][^\n]{0,80}")
_SUSPECT_LINE = re.compile(r"\n[^\w\n#/]{0,20}[/／⁄∕][^\W\d_][^\n]{0,80}")
"""Both patterns begin with a fixed sign, which is found quickly: 25 MB take a tenth of a second instead of two."""
_PICTURE = "\u2190-\u21ff\u2300-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff"
"""Arrows, signs and emoji, as a range of characters."""
_AROUND = re.compile(rf"(?:[ *_`~\"'“”„‘’«»•·‣◦▪●○■+–—{_PICTURE}-]|\\(?=[#/])|\d{{1,2}}[.)] |\((?=[#/]))*")
"""Signs that may stand before a command and are no part of it: bullets, emphasis, quotes, emoji."""
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
    """One part of a line that has the form of a command. A line with several commands has several pieces."""

    text: str
    sign: str
    word: str
    argument: str
    command: CommandRow | None

    @property
    def key(self) -> CommandKey | Literal[""]:
        """The key of the command. Empty if the word is no command."""
        return self.command.key if self.command else ""


@dataclass(frozen=True, slots=True)
class TypedLine:
    """A line as typed (`raw`), as it looks (`clean`), and the commands on it (`found`)."""

    number: int
    raw: str
    clean: str
    found: tuple[Piece, ...]

    @classmethod
    def of(cls, number: int, raw: str) -> "TypedLine":
        line = clean(raw)
        return cls(number, raw, line, pieces(line))

    @property
    def is_known(self) -> bool:
        return bool(self.found) and self.found[0].command is not None

    @property
    def is_canned(self) -> bool:
        return bool(self.found) and self.found[0].key == "canned"


def is_beyond(text: str) -> bool:
    """Whether a text is longer than anybody types, or has more signs, so that it is not read for commands.

    An agent's address in From is a claim: reading a text for commands must cost little, whoever wrote the text.
    """
    return len(text) > MAX_CHARACTERS or sum(map(text.count, _ALL_SIGNS)) > MAX_SIGNS


def first_suspect(text: str) -> Problem | None:
    """The first possible command in a text that is too long to be read, as an `unknown-command` problem; or None."""
    first = _SUSPECT_LINE.match(f"\n{text[:MAX_ARGUMENT_CHARACTERS]}")
    places = [found for found in (_SUSPECT_WORD.search(text), _SUSPECT_LINE.search(text)) if found]
    found = first or min(places, key=lambda found: found.start(), default=None)
    return Problem(found[0].strip()[:MAX_ARGUMENT_CHARACTERS], "unknown-command") if found else None


def clean(line: str) -> str:
    """The line as it looks: without invisible characters, with one kind of blank and plain signs."""
    line = _INVISIBLE.sub("", unicodedata.normalize("NFC", line))
    return _BLANK.sub(" ", line).translate(_SIGNS).strip()


def pieces(line: str) -> tuple[Piece, ...]:
    """The commands of a cleaned line. Empty if the line is text."""
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
    """The next command on the line, or None. Only a note ends free words. Tags written `#rede` are no commands."""
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
    """Whether words of any kind may follow the command. Then a command among these words may be text."""
    return command is not None and (command.takes == "words" or command.key == "help")


def _is_tag(command: CommandRow | None) -> bool:
    return command is not None and command.takes == "tags"


def meant(piece: Piece, line: str) -> Command | Problem:
    """The command that a piece stands for; a Problem if it is unknown or incomplete."""
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
    if command.takes == "solution" and command.means is not None:
        return Command(command.name, "", value, line, solution=argument)
    return Command(command.name, argument, value, line)


def _written(piece: Piece, command: CommandRow) -> str:
    """The argument without the marks that people put around it.

    An argument of free words keeps its marks, except quotes around all of it.
    """
    if command.takes == "solution":
        words = unquoted(without_pictures(piece.argument).strip())
        return words if any(letter.isalnum() or letter == "?" for letter in words) else ""
    return unquoted(piece.argument) if command.takes == "words" else tidy(piece.argument)


def _value(row: CommandRow, argument: str) -> Value | Rejected:
    """What the argument means: `Rejected` if it is wrong, None if only the desk's configuration can tell."""
    if row.means is not None:
        return row.means
    return row.read(tidy(argument)) if argument and row.read is not None else None


def _wrong(piece: Piece, command: CommandRow, argument: str) -> Problem | None:
    if _is_free(command) and any(known(match["word"]) for match in _INNER.finditer(f" {piece.argument}")):
        return Problem(piece.text, "command-in-the-argument", (), command.takes)
    if not command.takes and (any(letter.isalnum() or letter == "?" for letter in argument)):
        return Problem(piece.text, "needless-argument", (f"#{piece.word.lower()}",))
    if command.takes == "solution" and argument and not says_a_solution(argument):
        return Problem(piece.text, "bad-argument", (f"#{piece.word.lower()}",) if command.optional else (), "solution")
    if command.takes and not argument and not command.optional:
        return Problem(piece.text, "missing-argument", (), command.takes)
    return None


def _goes_on(piece: Piece, command: CommandRow) -> bool:
    """Whether a list ends with a comma. It then goes on in the next line, and that line would be published."""
    return command.takes in ("address", "tags") and piece.argument.endswith((",", ";", "+"))


def _completed(word: str, near: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"#{word.lower()} {argument}" for argument in near[:3])


def is_stray(line: str, found: Sequence[Piece]) -> bool:
    """Whether a line begins like a command but is none: `#resolvr`, `# resolver`, `##nota`, `#fechar?`.

    `/usr` and `/login` are text: with `/`, only a word that is nearly a command counts.
    """
    if not found:
        return almost(line) is not None
    piece = found[0]
    return piece.command is None and (
        piece.sign == "#" or (piece.word.lower() not in _DIRECTORIES and is_nearly(piece.word))
    )


def almost(line: str) -> Problem | None:
    """The problem of a line whose command has an extra blank, a second sign or an extra mark; None for other lines."""
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
        and not all(_is_bare(meant(piece, line)) for piece in pieces(f"#{match['word']}{rest}"))
    ):
        return None
    code = "blank-in-command" if match[0][1:2] == " " else "unknown-command"
    return Problem(line[match.start() :], code, (f"#{match['word'].lower()}",))


def _is_bare(result: Command | Problem) -> bool:
    """Whether it is a command without free words behind it: `# Resolvido o problema da rede` is a heading."""
    return isinstance(result, Command) and not result.solution


def inline(line: str) -> int | None:
    """The index at which a command begins at the end of a line of text: `Pronto, pode usar. #resolver`; or None."""
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
    """The indexes of commands that are written twice or that exclude each other."""
    groups: dict[str, list[int]] = {}
    for index, command in enumerate(commands):
        groups.setdefault(matter(command), []).append(index)
    clashes = (group for group in groups.values() if len(group) > 1 and _clash([commands[n] for n in group]))
    return frozenset(index for group in clashes for index in group)


def matter(command: Command) -> str:
    """What a command is about. Only one command about the same matter can be carried out."""
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
