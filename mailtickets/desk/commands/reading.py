"""Divides an agent's reply into commands, words to publish, and internal notes.

Commands are the first or the last lines of the new words. A greeting above them and a signature below them do not
matter. All lines between are text; a command among them stops the mail, so that the command does not reach a customer.
`#nota` begins an internal note, wherever it stands. `#fim` or the end of the mail ends the note. The first and last
lines of a note may be commands too, except commands with words that a customer would see (`CommandRow.in_a_note`):
nothing that stands in a note is ever published.
Owns: the division of a reply into commands, words and notes.
Fails with: `Problem`s, which are values. No text raises an exception.
Limits: replies longer than anybody types are not read (`is_beyond`). At most `MAX_PROBLEMS` are reported.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise

from mailtickets.desk.commands import closing
from mailtickets.desk.commands.closing import Own
from mailtickets.desk.commands.command import Command
from mailtickets.desk.commands.lines import (
    Piece,
    TypedLine,
    almost,
    clashing,
    first_suspect,
    inline,
    is_beyond,
    is_stray,
    meant,
)
from mailtickets.desk.commands.rows import nearest, row_of
from mailtickets.desk.commands.slips import is_like_end, is_like_note, likely, note_bound
from mailtickets.desk.model.decision import Problem

MAX_PROBLEMS = 50
WRAPPED_FROM = 50
"""Characters of a line from which on a mail program may have broken it."""


@dataclass(frozen=True, slots=True)
class Source:
    """The reply that was read, and where problems and commands stand in it: `correcting.corrected` starts from here."""

    reply: str = ""
    signature: str = ""
    names: tuple[str, ...] = ()
    problem_places: tuple[int, ...] = ()
    """The line number of each problem."""
    command_places: tuple[tuple[int, str], ...] = ()
    """For each command, the line number and the part of the line that is the command."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A reply, divided into commands, problems, public words and a note."""

    commands: tuple[Command, ...]
    problems: tuple[Problem, ...]
    """If there are problems, no command may be carried out and no word may be published."""
    words: str
    """The words to publish, without the texts of ready answers (`with_canned` adds them).

    Empty while it is in doubt where a note begins or ends, because then nobody knows which words are public.
    """
    note: str
    """The internal words, which only agents may see."""
    pieces: tuple[str | Command, ...] = ()
    """`words` in pieces. Each command for a ready answer stands where the text of the ready answer belongs."""
    aside: str = ""
    """Words of a correction that are no commands. They are not used."""
    source: Source = field(default=Source(), repr=False)


@dataclass(slots=True)
class _Block:
    """A note: the line that begins the note, and the lines of the note."""

    begin: TypedLine
    head: str
    lines: list[TypedLine] = field(default_factory=list)


@dataclass(slots=True)
class _Reading:
    """The commands and problems found so far, each with its line number."""

    commands: list[tuple[int, str, Command]] = field(default_factory=list)
    problems: list[tuple[int, Problem]] = field(default_factory=list)

    def take(self, line: TypedLine) -> None:
        """Adds the commands and problems of a line at a place where commands may stand."""
        if not line.found:
            problem = almost(line.clean)
            if problem is not None:
                self.problems.append((line.number, problem))
        for piece in line.found:
            self._take_piece(line, piece)

    def _take_piece(self, line: TypedLine, piece: Piece) -> None:
        if piece.key == "end":
            self.stop(line, piece.text, "end-without-note")
            return
        result = meant(piece, line.clean)
        if isinstance(result, Problem):
            self.problems.append((line.number, result))
        else:
            self.commands.append((line.number, piece.text, result))

    def settle(self) -> None:
        """Removes commands that exclude each other, and adds a problem for each of them."""
        clashes = clashing([command for _, _, command in self.commands])
        twice = [self.commands[index] for index in sorted(clashes)]
        self.problems += [(number, Problem(text, "said-twice")) for number, text, _ in twice]
        self.commands = [found for index, found in enumerate(self.commands) if index not in clashes]

    def stop(self, line: TypedLine, text: str, code: str, near: tuple[str, ...] = ()) -> None:
        self.problems.append((line.number, Problem(text, code, near)))


# --- reading a reply ----------------------------------------------------------------------------------


def read(reply: str, *, signature: str = "", names: Sequence[str] = ()) -> Asked:
    """Divides a reply into commands, problems, words and a note.

    `signature` and `names` are the agent's: commands above lines of the signature or above a name still count.
    Commands that the agent wrote among the lines of the signature count as the last lines of the reply.
    """
    if is_beyond(reply):
        return _unread(reply)
    below, signature = _parted(signature)
    reply = "\n".join([reply, "", *below]) if below else reply
    own = Own.of(signature, names)
    reading = _Reading()
    public, blocks = _divided(reply.splitlines(), reading)
    kept = _public(public, reading, own)
    notes = [_internal(block, reading, own) for block in blocks]
    reading.settle()
    opens = any(command.name == "to" for _, _, command in reading.commands)
    some = bool(reading.commands or reading.problems or blocks)
    silent = any(note_bound(problem) for _, problem in reading.problems) or (
        some and _says_nothing(kept, own) and not opens
    )
    layout = () if silent else _layout(kept, reading)
    problems = sorted(reading.problems, key=lambda found: found[0])[:MAX_PROBLEMS]
    commands = sorted(reading.commands, key=lambda found: found[0])
    return Asked(
        tuple(command for _, _, command in commands),
        tuple(problem for _, problem in problems),
        "\n\n".join(piece for piece in layout if isinstance(piece, str)),
        "\n\n".join(note for note in notes if note),
        layout,
        source=Source(
            reply,
            signature,
            tuple(names),
            tuple(number for number, _ in problems),
            tuple((number, text) for number, text, _ in commands),
        ),
    )


def _unread(reply: str) -> Asked:
    """The result for a reply that is too long to be read: all of it is published, unless it may hold a command."""
    found = first_suspect(reply)
    if found is None:
        return Asked((), (), reply, "", (reply,))
    where = next(number for number, line in enumerate(reply.splitlines()) if found.line in line)
    return Asked((), (found,), "", "", source=Source(reply, problem_places=(where,)))


def with_canned(asked: Asked, texts: Mapping[str, str]) -> str:
    """The words to publish, with the ready answers at their places.

    `texts` has the text of each ready answer by the name as typed (`Command.argument`).
    """
    parts = (piece if isinstance(piece, str) else texts[piece.argument].strip("\n") for piece in asked.pieces)
    return "\n\n".join(part for part in parts if part.strip())


def _parted(signature: str) -> tuple[list[str], str]:
    """Two parts of a signature: the command lines, with all lines from a `#nota` on, and the other lines."""
    commands: list[str] = []
    rest: list[str] = []
    lines = signature.splitlines()
    for number, raw in enumerate(lines):
        line = TypedLine.of(number, raw)
        if any(piece.key == "note" for piece in line.found):
            return [*commands, *lines[number:]], "\n".join(rest)
        (commands if line.is_known else rest).append(raw)
    return commands, "\n".join(rest)


def _divided(lines: Sequence[str], reading: _Reading) -> tuple[list[TypedLine], list[_Block]]:
    """The public lines and the notes of a reply."""
    public: list[TypedLine] = []
    blocks: list[_Block] = []
    block: _Block | None = None
    for number, raw in enumerate(lines):
        line: TypedLine | None = TypedLine.of(number, raw)
        while line is not None:
            if block is None:
                line, block = _outside(line, public)
                blocks += [block] if block else []
            elif _ends(line):
                line, block = _rest(line, line.found[1:]), None
            else:
                block.lines += _inside(line, reading)
                line = None
    return public, blocks


def _outside(line: TypedLine, public: list[TypedLine]) -> tuple[TypedLine | None, _Block | None]:
    """Adds the part of a line before a note to `public`. Returns (None: all is read, the note that begins or None)."""
    at = next((n for n, piece in enumerate(line.found) if piece.key == "note"), None)
    if at is None:
        public.append(line)
        return None, None
    before = _rest(line, line.found[:at])
    public += [before] if before else []
    note = line.found[at]
    head = note.text.removesuffix(note.argument).strip() if note.argument else note.text
    block = _Block(line, head)
    block.lines += [TypedLine.of(line.number, note.argument)] if note.argument else []
    return None, block


def _ends(line: TypedLine) -> bool:
    return bool(line.found) and line.found[0].key == "end" and not line.found[0].argument


def _rest(line: TypedLine, found: Sequence[Piece]) -> TypedLine | None:
    return TypedLine.of(line.number, " ".join(piece.text for piece in found)) if found else None


def _inside(line: TypedLine, reading: _Reading) -> list[TypedLine]:
    """The lines that a line adds to a note. A line that may be meant to end the note becomes a problem: otherwise an
    answer below it would not be sent."""
    first = line.found[0] if line.found else None
    slip = almost(line.clean) if first is None else None
    note = next((n for n, piece in enumerate(line.found) if piece.key == "note"), None)
    if slip is not None and is_like_end(slip.nearest[0].lstrip("#")):
        reading.problems.append((line.number, slip))
    elif note is not None:
        before = _rest(line, line.found[:note])
        return [*([before] if before else []), TypedLine.of(line.number, line.found[note].argument)]
    elif first is not None and first.key == "end":
        reading.stop(line, line.clean, "needless-argument", (f"#{first.word.lower()}",))
    elif first is not None and first.command is None and is_like_end(first.word) and not first.argument:
        reading.stop(line, first.text, "unknown-command", nearest(first.word))
    else:
        return [line]
    return []


def _public(lines: list[TypedLine], reading: _Reading, own: Own) -> list[TypedLine]:
    """Takes commands out of public lines. Returns the lines of text and the places of ready answers."""
    lines = _without_wrapped_solutions(lines, reading)
    edge, rest = _at_the_edges(lines, own)
    between: list[TypedLine] = []
    for line in rest:
        if _stops(line):
            _stop_in_the_middle(line, reading)
        else:
            between.append(line)
    more, rest = _at_the_edges(between, own)
    edge += more
    for line in (*edge, *(line for line in rest if line.is_canned)):
        reading.take(line)
    kept = [*rest, *(line for line in edge if any(piece.key == "canned" for piece in line.found))]
    return [_without_inline(line, reading) for line in sorted(kept, key=lambda line: line.number)]


def _without_wrapped_solutions(lines: list[TypedLine], reading: _Reading) -> list[TypedLine]:
    """The lines without those whose `#solucao` goes on in the next line: a mail program has broken it, and customers
    would read its end. It becomes a problem."""
    wrapped = [line for line, after in pairwise(lines) if _is_wrapped(line, after)]
    for line in wrapped:
        reading.problems.append((line.number, Problem(line.clean, "bad-argument", (), "solution")))
    return [line for line in lines if line not in wrapped]


def _is_wrapped(line: TypedLine, after: TypedLine) -> bool:
    last = line.found[-1].command if line.found else None
    goes_on = not after.found and after.clean[:1].islower() and after.number == line.number + 1
    return last is not None and last.takes == "solution" and len(line.clean) >= WRAPPED_FROM and goes_on


def _stops(line: TypedLine) -> bool:
    """Whether a line between other lines must stop the mail, because it may be a command."""
    if not line.found:
        problem = almost(line.clean)
        return problem is not None and is_like_note(problem.nearest[0].lstrip("#"))
    first = line.found[0]
    if first.command is None:
        return is_like_note(first.word) or bool(nearest(first.word))
    return len(line.found) > 1 or first.key != "canned"


def _stop_in_the_middle(line: TypedLine, reading: _Reading) -> None:
    slip = almost(line.clean) if not line.found else None
    if slip is not None:
        reading.problems.append((line.number, slip))
    elif line.found[0].command is None:
        reading.stop(line, line.clean, "unknown-command", likely(line.found[0].word))
    else:
        code = "end-without-note" if line.found[0].key == "end" else "command-in-the-middle"
        reading.stop(line, line.clean, code)


def _without_inline(line: TypedLine, reading: _Reading) -> TypedLine:
    """The line without a command at the end of a sentence, which customers must not read. It becomes a problem."""
    at = inline(line.clean) if not line.found or line.found[0].command is None else None
    if at is None:
        return line
    reading.stop(line, line.clean[at:], "command-in-the-middle")
    return TypedLine(line.number, line.clean[:at].rstrip(), line.clean[:at].rstrip(), ())


def _internal(block: _Block, reading: _Reading, own: Own) -> str:
    """Takes commands out of a note. Returns the text that is left."""
    edge, rest = _at_the_edges(block.lines, own)
    for line in edge:
        inner = _Reading()
        inner.take(line)
        reading.problems += inner.problems
        for number, text, command in inner.commands:
            if not _may_stand_in_a_note(command):
                reading.problems.append((number, Problem(text, "command-in-the-note")))
            else:
                reading.commands.append((number, text, command))
    if closing.says_nothing([line.clean for line in rest], own):
        reading.stop(block.begin, block.head, "empty-note")
        return ""
    return _joined(rest)


def _may_stand_in_a_note(command: Command) -> bool:
    row = row_of(command)
    return row.in_a_note == "yes" or (row.in_a_note == "without-argument" and not command.argument)


def _joined(lines: Sequence[TypedLine]) -> str:
    """The text of lines, without the gaps that removed commands leave."""
    kept: list[TypedLine] = []
    for line in lines:
        gap = bool(kept) and not kept[-1].clean and not line.clean and line.number > kept[-1].number + 1
        kept += [] if gap else [line]
    return "\n".join(line.raw for line in kept).strip("\n \t")


def _says_nothing(lines: Sequence[TypedLine], own: Own) -> bool:
    return not any(line.is_known for line in lines) and closing.says_nothing([x.clean for x in lines], own)


def _layout(kept: Sequence[TypedLine], reading: _Reading) -> tuple[str | Command, ...]:
    """Texts and commands for ready answers, in the order of the mail."""
    canned: dict[int, list[Command]] = {}
    for number, _, command in reading.commands:
        if command.name == "canned":
            canned.setdefault(number, []).append(command)
    found: list[str | Command] = []
    for number, lines in groupby(kept, key=lambda line: line.number if line.is_known else -1):
        text = _joined(list(lines)) if number < 0 else ""
        found += [text] if text else canned.get(number, [])
    return tuple(found)


# --- first and last lines -----------------------------------------------------------------------------


def _at_the_edges(lines: Sequence[TypedLine], own: Own) -> tuple[list[TypedLine], list[TypedLine]]:
    """The command lines at the top and at the bottom, and the other lines."""
    taken: list[TypedLine] = []
    rest = list(lines)

    def is_command(line: TypedLine) -> bool:
        return line.is_known or (is_stray(line.clean, line.found) and not own.has_line(line.clean))

    while edge := {*_top(rest, is_command), *_bottom(rest, is_command, own)}:
        taken += [line for n, line in enumerate(rest) if n in edge]
        rest = [line for n, line in enumerate(rest) if n not in edge]
    return taken, rest


def _top(lines: Sequence[TypedLine], is_command: Callable[[TypedLine], bool]) -> list[int]:
    found: list[int] = []
    greeted = False
    for n, line in enumerate(lines):
        if is_command(line):
            found.append(n)
        elif line.clean and not greeted and closing.is_greeting(line.clean):
            greeted = True
        elif line.clean:
            break
    return found


def _bottom(lines: Sequence[TypedLine], is_command: Callable[[TypedLine], bool], own: Own) -> list[int]:
    """The indexes of the last command lines, if only a signature stands below them."""
    below: list[str] = []
    found: list[int] = []
    for n in range(len(lines) - 1, -1, -1):
        line = lines[n]
        if is_command(line):
            if not found and not closing.is_signature(below, own):
                break
            found.append(n)
        elif line.clean and (found or len(below) >= closing.MAX_SIGNATURE_LINES):
            break
        elif line.clean:
            below.insert(0, line.clean)
    return found
