"""What an agent asks for in words: the commands of a reply, what is left to publish, and what is internal.

Commands are the first or the last lines of the new words; a greeting above and a signature below do not hide them.
Whatever is between is text, and a command there stops the mail rather than reach a customer. `#nota` begins what is
internal, wherever it stands; `#fim` or the mail's end closes it. The first and last lines of a note are commands as
well, save those whose words a customer would see (`NOT_IN_A_NOTE`): nothing that stands in a note is ever published.
Owns: the division of a reply into commands, words and notes; the answers to a digest.
Fails with: `Problem`s, which are values; nothing that somebody writes raises.
Limits: lines that `mail.body` left; `MAX_PROBLEMS` are reported.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from mailtickets.desk import command_closing
from mailtickets.desk.command_closing import Own
from mailtickets.desk.command_lines import (
    PROBLEMS,
    Command,
    Piece,
    Problem,
    almost,
    clean,
    inline,
    is_stray,
    meant,
    pieces,
)
from mailtickets.desk.command_values import Changes, Value, When, when
from mailtickets.desk.command_words import COMMANDS, is_like_end, is_like_note, nearest, spelled
from mailtickets.mail.model import Address

__all__ = [
    "COMMANDS", "PROBLEMS", "Asked", "Changes", "Command", "Listed", "Problem", "Value", "When",
    "corrected", "read", "read_lines", "spelled", "when", "with_canned",
]  # fmt: skip

MAX_PROBLEMS = 50
NOT_IN_A_NOTE = frozenset({"subject", "canned", "to"})
"""Their words, or words they call for, are for customers to see."""
NOT_IN_A_LIST = frozenset({"note", "end", "canned", "to"})
OF_NO_TICKET = frozenset({"help", "mine", "search", "dry-run", "undo"})
ADD_UP = frozenset({"tag", "cc", "participant", "canned"})
"""May be said more than once."""
_ASSIGNMENT = frozenset({"assign", "take", "drop"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A reply, taken apart."""

    commands: tuple[Command, ...]
    problems: tuple[Problem, ...]
    """If there are any, nothing may be done or published."""
    words: str
    """What is left to publish; ready answers are not in it (`with_canned`)."""
    note: str
    """What only agents may see."""
    pieces: tuple[str | Command, ...] = ()
    """`words` in pieces, with the commands for ready answers where their texts belong."""
    aside: str = ""
    """Words of a correction, which are not used."""
    source: "_Source" = field(default_factory=lambda: _Source(), repr=False)


@dataclass(frozen=True, slots=True)
class _Source:
    """What a correction starts from."""

    reply: str = ""
    signature: str = ""
    names: tuple[str, ...] = ()
    places: tuple[int, ...] = ()
    """The lines that the problems stand on, one for each."""


@dataclass(frozen=True, slots=True)
class Listed:
    """Orders to several tickets, as the answer to a digest gives them."""

    orders: tuple[tuple[int, Command], ...]
    problems: tuple[Problem, ...]
    rest: str
    commands: tuple[Command, ...] = ()
    """Those that concern no ticket: `#ajuda`, `#minhafila`, `#buscar`, `#simular`, `#desfazer`."""


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    raw: str
    clean: str
    found: tuple[Piece, ...]

    @classmethod
    def of(cls, number: int, raw: str) -> "_Line":
        line = clean(raw)
        return cls(number, raw, line, pieces(line))

    @property
    def is_known(self) -> bool:
        return bool(self.found) and self.found[0].command is not None

    @property
    def is_canned(self) -> bool:
        return bool(self.found) and _key(self.found[0]) == "canned"


@dataclass(slots=True)
class _Block:
    """A note: the line that begins it, and what it holds."""

    begin: _Line
    head: str
    lines: list[_Line] = field(default_factory=list)


@dataclass(slots=True)
class _Reading:
    """What was found so far, with the number of the line it stands on."""

    commands: list[tuple[int, str, Command]] = field(default_factory=list)
    problems: list[tuple[int, Problem]] = field(default_factory=list)

    def take(self, line: _Line) -> None:
        """A line that stands where commands do."""
        if not line.found:
            problem = almost(line.clean)
            if problem is not None:
                self.problems.append((line.number, problem))
        for piece in line.found:
            self._take_piece(line, piece)

    def _take_piece(self, line: _Line, piece: Piece) -> None:
        if _key(piece) == "end":
            self.stop(line, piece.text, "end-without-note")
            return
        result = meant(piece, line.clean)
        if isinstance(result, Problem):
            self.problems.append((line.number, result))
        else:
            self.commands.append((line.number, piece.text, result))

    def stop(self, line: _Line, text: str, code: str, near: tuple[str, ...] = ()) -> None:
        self.problems.append((line.number, Problem(text, code, near)))


def _key(piece: Piece) -> str:
    return piece.command.key if piece.command else ""


# --- reading a reply ----------------------------------------------------------------------------------


def read(reply: str, *, signature: str = "", names: Sequence[str] = ()) -> Asked:
    """`signature` and `names` are the agent's: lines of theirs under the last commands do not hide these."""
    own = Own.of(signature, names)
    reading = _Reading()
    public, blocks = _divided(reply.splitlines(), reading)
    kept = _public(public, reading, own)
    notes = [_internal(block, reading, own) for block in blocks]
    _said_twice(reading)
    some = bool(reading.commands or reading.problems or blocks)
    layout = _layout(kept, reading) if not (some and _says_nothing(kept, own)) else ()
    problems = sorted(reading.problems, key=lambda found: found[0])[:MAX_PROBLEMS]
    return Asked(
        tuple(command for _, _, command in sorted(reading.commands, key=lambda found: found[0])),
        tuple(problem for _, problem in problems),
        "\n\n".join(piece for piece in layout if isinstance(piece, str)),
        "\n\n".join(note for note in notes if note),
        layout,
        source=_Source(reply, signature, tuple(names), tuple(number for number, _ in problems)),
    )


def with_canned(asked: Asked, texts: Mapping[str, str]) -> str:
    """The words with the ready answers in their places; `texts` by the name as typed (`Command.argument`)."""
    parts = (piece if isinstance(piece, str) else texts[piece.argument].strip("\n") for piece in asked.pieces)
    return "\n\n".join(part for part in parts if part.strip())


def _divided(lines: Sequence[str], reading: _Reading) -> tuple[list[_Line], list[_Block]]:
    """Public lines, and notes."""
    public: list[_Line] = []
    blocks: list[_Block] = []
    block: _Block | None = None
    for number, raw in enumerate(lines):
        line: _Line | None = _Line.of(number, raw)
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


def _outside(line: _Line, public: list[_Line]) -> tuple[_Line | None, _Block | None]:
    """A line that is public up to where a note begins, if one does; nothing is left of it to look at."""
    at = next((n for n, piece in enumerate(line.found) if _key(piece) == "note"), None)
    if at is None:
        public.append(line)
        return None, None
    before = _rest(line, line.found[:at])
    public += [before] if before else []
    note = line.found[at]
    head = note.text.removesuffix(note.argument).strip() if note.argument else note.text
    block = _Block(line, head)
    block.lines += [_Line.of(line.number, note.argument)] if note.argument else []
    return None, block


def _ends(line: _Line) -> bool:
    return bool(line.found) and _key(line.found[0]) == "end" and not line.found[0].argument


def _rest(line: _Line, found: Sequence[Piece]) -> _Line | None:
    return _Line.of(line.number, " ".join(piece.text for piece in found)) if found else None


def _inside(line: _Line, reading: _Reading) -> list[_Line]:
    """A line of a note. What may be meant to end it is never passed over: an answer would stay unsent."""
    first = line.found[0] if line.found else None
    if first is None:
        problem = almost(line.clean)
        if problem is None or not is_like_end(problem.nearest[0].lstrip("#")):
            return [line]
        reading.problems.append((line.number, problem))
        return []
    if _key(first) == "note":
        return [_Line.of(line.number, first.argument)]
    if _key(first) == "end":
        reading.stop(line, line.clean, "needless-argument", (f"#{first.word.lower()}",))
        return []
    if first.command is None and is_like_end(first.word) and not first.argument:
        reading.stop(line, first.text, "unknown-command", nearest(first.word))
        return []
    return [line]


def _public(lines: list[_Line], reading: _Reading, own: Own) -> list[_Line]:
    """Takes commands out; what is kept is text, and ready answers at their places."""
    edge, rest = _at_the_edges(lines, own)
    middle = [line for line in rest if _stops(line)]
    for line in middle:
        _stop_in_the_middle(line, reading)
    again, rest = _at_the_edges([line for line in rest if line not in middle], own)
    edge += again
    for line in (*edge, *(line for line in rest if line.is_canned)):
        reading.take(line)
    kept = [*rest, *(line for line in edge if any(_key(piece) == "canned" for piece in line.found))]
    return [_without_inline(line, reading) for line in sorted(kept, key=lambda line: line.number)]


def _stops(line: _Line) -> bool:
    """Whether a line among others must not be taken for text."""
    if not line.found:
        problem = almost(line.clean)
        return problem is not None and is_like_note(problem.nearest[0].lstrip("#"))
    first = line.found[0]
    if first.command is None:
        return is_like_note(first.word)
    return len(line.found) > 1 or _key(first) != "canned"


def _stop_in_the_middle(line: _Line, reading: _Reading) -> None:
    first = line.found[0] if line.found else None
    if first is not None and first.command is not None and first.command.key != "end":
        reading.stop(line, line.clean, "command-in-the-middle")
    elif first is not None and first.command is not None:
        reading.stop(line, line.clean, "end-without-note")
    else:
        reading.stop(line, line.clean, "unknown-command", nearest(first.word) if first else ("#nota",))


def _without_inline(line: _Line, reading: _Reading) -> _Line:
    """A command at the end of a sentence is not for customers to read."""
    at = inline(line.clean) if not line.found or line.found[0].command is None else None
    if at is None:
        return line
    reading.stop(line, line.clean[at:], "command-in-the-middle")
    return _Line(line.number, line.clean[:at].rstrip(), line.clean[:at].rstrip(), ())


def _internal(block: _Block, reading: _Reading, own: Own) -> str:
    """Takes commands out of a note; what is left of it."""
    edge, rest = _at_the_edges(block.lines, own)
    for line in edge:
        inner = _Reading()
        inner.take(line)
        reading.problems += inner.problems
        for number, text, command in inner.commands:
            if command.name in NOT_IN_A_NOTE or (command.name == "split" and command.argument):
                reading.problems.append((number, Problem(text, "command-in-the-note")))
            else:
                reading.commands.append((number, text, command))
    if not any(line.clean for line in rest) or _says_nothing(rest, own):
        reading.stop(block.begin, block.head, "empty-note")
    return _joined(rest)


def _joined(lines: Sequence[_Line]) -> str:
    """As they stood, without the gaps that commands leave."""
    kept: list[_Line] = []
    for line in lines:
        gap = bool(kept) and not kept[-1].clean and not line.clean and line.number > kept[-1].number + 1
        kept += [] if gap else [line]
    return "\n".join(line.raw for line in kept).strip("\n \t")


def _says_nothing(lines: Sequence[_Line], own: Own) -> bool:
    return not any(line.is_known for line in lines) and command_closing.says_nothing([x.clean for x in lines], own)


def _layout(kept: Sequence[_Line], reading: _Reading) -> tuple[str | Command, ...]:
    """Texts and ready answers in turn."""
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


def _at_the_edges(lines: Sequence[_Line], own: Own) -> tuple[list[_Line], list[_Line]]:
    """Lines that stand where commands do, and the rest; until no more are found."""
    taken: list[_Line] = []
    rest = list(lines)

    def is_command(line: _Line) -> bool:
        return line.is_known or (is_stray(line.clean, line.found) and not own.has_line(line.clean))

    while edge := {*_top(rest, is_command), *_bottom(rest, is_command, own)}:
        taken += [line for n, line in enumerate(rest) if n in edge]
        rest = [line for n, line in enumerate(rest) if n not in edge]
    return taken, rest


def _top(lines: Sequence[_Line], is_command: Callable[[_Line], bool]) -> list[int]:
    found: list[int] = []
    greeted = False
    for n, line in enumerate(lines):
        if is_command(line):
            found.append(n)
        elif line.clean and not greeted and command_closing.is_greeting(line.clean):
            greeted = True
        elif line.clean:
            break
    return found


def _bottom(lines: Sequence[_Line], is_command: Callable[[_Line], bool], own: Own) -> list[int]:
    """The last commands, with nothing under them but a signature."""
    below: list[str] = []
    found: list[int] = []
    for n in range(len(lines) - 1, -1, -1):
        line = lines[n]
        if is_command(line):
            if not found and not command_closing.is_signature(below, own):
                break
            found.append(n)
        elif line.clean and (found or len(below) >= command_closing.MAX_SIGNATURE_LINES):
            break
        elif line.clean:
            below.insert(0, line.clean)
    return found


# --- contradictions -----------------------------------------------------------------------------------


def _said_twice(reading: _Reading) -> None:
    """Two that are the same or exclude each other: neither is done."""
    groups: dict[str, list[tuple[int, str, Command]]] = {}
    for found in reading.commands:
        groups.setdefault(_matter(found[2]), []).append(found)
    for group in groups.values():
        if len(group) > 1 and (group[0][2].name not in ADD_UP or _contradictory([c for _, _, c in group])):
            reading.problems += [(number, Problem(text, "said-twice")) for number, text, _ in group]
            reading.commands = [found for found in reading.commands if found not in group]


def _matter(command: Command) -> str:
    if command.name == "canned":
        return f"canned {command.argument.casefold()}"
    return "assign" if command.name in _ASSIGNMENT else command.name


def _contradictory(commands: Sequence[Command]) -> bool:
    if commands[0].name == "canned":
        return True
    values = [command.value for command in commands]
    added = {_name(member) for value in values if isinstance(value, Changes) for member in value.added}
    removed = {_name(member) for value in values if isinstance(value, Changes) for member in value.removed}
    return bool(added & removed)


def _name(member: str | Address) -> str:
    return member if isinstance(member, str) else member.key


# --- corrections --------------------------------------------------------------------------------------


def corrected(asked: Asked, correction: str) -> Asked:
    """The reply with the lines that were not understood replaced by the commands of the correction.

    An empty correction drops those lines; one without any command changes nothing. Words of it are `aside`.
    """
    source = asked.source
    given = _given(correction, source)
    if not given.commands and not given.bounds and given.aside:
        return replace(asked, aside=given.aside)
    text = _replaced(asked, given)
    found = read(text, signature=source.signature, names=source.names)
    return replace(found, aside=given.aside)


@dataclass(frozen=True, slots=True)
class _Given:
    """A correction: lines for the top of the reply, lines for the place of the first problem, and words."""

    commands: tuple[str, ...]
    bounds: tuple[str, ...]
    aside: str


def _given(correction: str, source: _Source) -> _Given:
    """Commands may lack their sign in a correction: `resolver`."""
    own = Own.of(source.signature, source.names)
    commands: list[str] = []
    bounds: list[str] = []
    aside: list[str] = []
    in_note = False
    for number, raw in enumerate(correction.splitlines()):
        line = _signed(_Line.of(number, raw))
        keys = [_key(piece) for piece in line.found]
        if in_note or {"note", "end", "canned"} & set(keys):
            bounds.append(line.clean)
            in_note = keys[0] != "end" if keys and {"note", "end"} & set(keys) else in_note
        elif line.is_known or is_stray(line.clean, line.found):
            commands.append(line.clean)
        else:
            aside.append(raw)
    words = "\n".join(aside).strip()
    return _Given(tuple(commands), tuple(bounds), "" if command_closing.says_nothing(aside, own) else words)


def _signed(line: _Line) -> _Line:
    """`resolver` is read as `#resolver` where only commands are expected, if it is complete."""
    if line.found or not line.clean:
        return line
    signed = _Line.of(line.number, f"#{line.clean}")
    complete = signed.is_known and all(isinstance(meant(piece, signed.clean), Command) for piece in signed.found)
    return signed if complete else line


def _replaced(asked: Asked, given: _Given) -> str:
    """Commands go to the top, where they count; the bounds of a note and ready answers to their place."""
    lines = asked.source.reply.splitlines()
    at_top = any(problem.code == "empty-note" for problem in asked.problems)
    bounds = list(given.bounds)
    for problem, number in zip(asked.problems, asked.source.places, strict=True):
        left = clean(lines[number]).replace(problem.line, "", 1)
        left = left if re.search(r"[^\W_]", left) else ""
        if bounds and not at_top:
            left, bounds = "\n".join([*([left] if left else []), *bounds]), []
        lines[number] = left
    done = {(command.name, command.argument) for command in asked.commands}
    commands = [text for text in given.commands if not _is_done(text, done)]
    return "\n".join([*commands, *bounds, *lines])


def _is_done(line: str, done: set[tuple[str, str]]) -> bool:
    """The correction repeats a command that was understood the first time."""
    found = [meant(piece, line) for piece in pieces(line)]
    return bool(found) and all(isinstance(one, Command) and (one.name, one.argument) in done for one in found)


# --- answers to a digest ------------------------------------------------------------------------------

_TICKET = r"(?:\[[^\[\]\d]{0,40}\d{1,12}\]|\(?#?\d{1,12}\)?)"
_NUMBERS = re.compile(
    rf"(?:[ >*_•·–—-]|\d{{1,3}}[.)] )*(?P<numbers>{_TICKET}(?:(?: ?[,;&+] ?| (?:e|and|y) ){_TICKET}){{0,19}})"
    r"(?:[ :.,;*_–—-]+(?P<rest>.*))?"
)


def read_lines(reply: str) -> Listed:
    """`1042 #fechar`, `[#1043] /assumir`, `1044, 1045 resolver`: each line orders something of the tickets it names."""
    orders: list[tuple[int, str, Command]] = []
    problems: list[Problem] = []
    general: list[Command] = []
    rest: list[str] = []
    for number, raw in enumerate(reply.splitlines()):
        line = _Line.of(number, raw)
        match = _NUMBERS.fullmatch(line.clean[:1_000])
        if line.is_known or (not match and is_stray(line.clean, line.found)):
            found = _general(line)
            general += [one for one in found if isinstance(one, Command)]
            problems += [one for one in found if isinstance(one, Problem)]
            continue
        ordered = _ordered(line, match["rest"] or "") if match else ()
        if not match or not ordered:
            rest.append(raw)
            continue
        problems += [one for one in ordered if isinstance(one, Problem)]
        numbers = dict.fromkeys(int(figures) for figures in re.findall(r"\d+", match["numbers"]))
        orders += [(n, line.clean, one) for n in numbers for one in ordered if isinstance(one, Command)]
    kept = _consistent(orders, problems)
    return Listed(tuple(kept), tuple(problems[:MAX_PROBLEMS]), "\n".join(rest).strip(), tuple(general))


def _general(line: _Line) -> list[Command | Problem]:
    """A line that names no ticket."""
    results: list[Command | Problem | None] = [meant(piece, line.clean) for piece in line.found]
    results += [] if results else [almost(line.clean)]
    return [
        Problem(line.clean, "missing-number", (), "number")
        if isinstance(one, Command) and one.name not in OF_NO_TICKET
        else one
        for one in results
        if one is not None
    ]


def _ordered(line: _Line, words: str) -> tuple[Command | Problem, ...]:
    """What is ordered behind a number; nothing if it is a sentence that happens to begin with one."""
    if not words:
        return ()
    found = pieces(words)
    bare = not found
    found = found or pieces(f"#{words}")
    if bare and (not found or not (found[0].command or (len(words.split()) <= 2 and nearest(found[0].word)))):
        return (Problem(line.clean, "unknown-command"),) if words[0] in "#/" else ()
    results = [meant(piece, line.clean) for piece in found]
    if bare and any(isinstance(one, Problem) for one in results) and len(words.split()) > 3:
        return ()
    return tuple(_for_a_list(line, piece, one) for piece, one in zip(found, results, strict=True))


def _for_a_list(line: _Line, piece: Piece, one: Command | Problem) -> Command | Problem:
    if _key(piece) in NOT_IN_A_LIST:
        return Problem(line.clean, "not-in-a-list")
    return replace(one, line=line.clean) if isinstance(one, Problem) else one


def _consistent(orders: Sequence[tuple[int, str, Command]], problems: list[Problem]) -> list[tuple[int, Command]]:
    """Without orders that exclude each other."""
    kept: list[tuple[int, Command]] = []
    for ticket in dict.fromkeys(number for number, _, _ in orders):
        reading = _Reading([(n, text, command) for n, text, command in orders if n == ticket])
        _said_twice(reading)
        problems += [problem for _, problem in reading.problems]
        kept += [(n, command) for n, _, command in reading.commands]
    return kept
