"""Corrects a reply in which something was not understood, with what its author wrote when the reply came back to them.

It also finds a reply that is a command without its sign.

Owns: what stands in a correction, and where its parts go in the reply. Lines that may have been meant to begin or end a
note are never dropped.
Fails with: `Problem`s, which are values. No text raises an exception.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mailtickets.desk.commands import closing
from mailtickets.desk.commands.closing import Own
from mailtickets.desk.commands.command import Command, CommandName
from mailtickets.desk.commands.lines import TypedLine, clean, is_stray, meant, pieces
from mailtickets.desk.commands.reading import Asked, Source, read
from mailtickets.desk.commands.rows import COMMANDS, known
from mailtickets.desk.commands.slips import note_bound
from mailtickets.desk.model.decision import Problem
from mailtickets.words.fold import folded


def corrected(asked: Asked, correction: str, without: Sequence[Command] = ()) -> Asked:
    """Reads a reply again, with the commands of a correction in place of the lines that were not understood.

    An empty correction drops these lines. A correction without any command changes nothing; its words become `aside`.
    `without` are commands of `asked` that cannot be carried out (nobody has that name): they are replaced too.
    Lines that may have been meant to begin or end a note are never dropped, because internal words would be
    published. They stay problems until the correction has `#nota` or `#fim` for them.
    """
    source = asked.source
    parts = _parts_of(correction, source)
    if parts.aside and not parts.commands and not parts.bounds:
        return replace(asked, aside=parts.aside)
    found = read(_replaced(asked, parts, without), signature=source.signature, names=source.names)
    return replace(found, aside=parts.aside)


@dataclass(frozen=True, slots=True)
class _Correction:
    """The parts of a correction: lines for the top of the reply, lines for the place of a problem, and words."""

    commands: tuple[str, ...]
    bounds: tuple[str, ...]
    aside: str

    @property
    def has_note_bounds(self) -> bool:
        return any(piece.key in ("note", "end") for text in self.bounds for piece in pieces(text))


def _parts_of(correction: str, source: Source) -> _Correction:
    """Divides a correction into its parts. In a correction, commands may be written without `#`: `resolver`."""
    own = Own.of(source.signature, source.names)
    commands: list[str] = []
    bounds: list[str] = []
    aside: list[str] = []
    in_note = False
    for number, raw in enumerate(correction.splitlines()):
        line = _signed(TypedLine.of(number, raw))
        keys = [piece.key for piece in line.found]
        if in_note or {"note", "end", "canned"} & set(keys):
            bounds.append(line.clean)
            in_note = keys[0] != "end" if keys and {"note", "end"} & set(keys) else in_note
        elif line.is_known:
            commands += [piece.text for piece in line.found]
        elif is_stray(line.clean, line.found):
            commands.append(line.clean)
        else:
            aside.append(raw)
    words = "\n".join(aside).strip()
    return _Correction(tuple(commands), tuple(bounds), "" if closing.says_nothing(aside, own) else words)


def _signed(line: TypedLine) -> TypedLine:
    """The line with `#` before it, if that makes it a complete command (`resolver` becomes `#resolver`); else the line.

    Only for places where nothing but commands is expected.
    """
    if line.found or not line.clean:
        return line
    signed = TypedLine.of(line.number, f"#{line.clean}")
    complete = signed.is_known and all(isinstance(meant(piece, signed.clean), Command) for piece in signed.found)
    return signed if complete else line


def _replaced(asked: Asked, parts: _Correction, without: Sequence[Command]) -> str:
    """The text of the reply with the correction in it. Commands go to the top, where they count; lines that begin or
    end a note, and ready answers, go to their places."""
    lines: list[str | None] = [*asked.source.reply.splitlines()]
    placed = _placed(asked, parts, without)
    for problem, number in zip(asked.problems, asked.source.problem_places, strict=True):
        kind = note_bound(problem)
        if kind and (not parts.has_note_bounds or (kind == "end-without-note" and number not in placed)):
            continue
        lines[number] = _less(lines[number], problem.line)
    for command, (number, text) in zip(asked.commands, asked.source.command_places, strict=True):
        lines[number] = _less(lines[number], text) if command in without else lines[number]
    for number in sorted(placed, reverse=True):
        lines[number + 1 : number + 1] = placed[number]
    done = {(command.name, command.argument) for command in asked.commands if command not in without}
    commands = [text for text in parts.commands if not _is_done(text, done)]
    return "\n".join([*commands, *(line for line in lines if line is not None)])


def _less(line: str | None, text: str) -> str | None:
    """The line without the part `text`. None if only a ticket's number is left, as of `1042 #fechar`."""
    left = clean(line or "").replace(text, "", 1)
    return left if re.search(r"[^\W\d_]", left) else None


def _placed(asked: Asked, parts: _Correction, without: Sequence[Command]) -> dict[int, list[str]]:
    """The lines that begin or end a note, by the number of the line of the reply below which they go.

    Each goes below the problem that it answers; otherwise all go below the first problem, or to the top.
    """
    if not parts.bounds:
        return {}
    kinds = {
        number: note_bound(problem) for problem, number in zip(asked.problems, asked.source.problem_places, strict=True)
    }
    doubtful = {number: kind for number, kind in kinds.items() if kind}
    if [kind.removesuffix("-without-note") for kind in doubtful.values()] == [*map(_first_key, parts.bounds)]:
        return {number: [text] for number, text in zip(doubtful, parts.bounds, strict=True)}
    inner = [number for number, kind in doubtful.items() if kind in ("note", "end")]
    if doubtful:
        return {min(inner, default=-1): [*parts.bounds]}
    commands = zip(asked.commands, asked.source.command_places, strict=True)
    answers = [number for command, (number, _) in commands if command.name == "canned" and command in without]
    return {min(answers or kinds, default=-1): [*parts.bounds]}


def _first_key(text: str) -> str:
    return next((piece.key for piece in pieces(text)), "")


def _is_done(line: str, done: set[tuple[CommandName, str]]) -> bool:
    """Whether a line of the correction only repeats commands that were understood the first time (`done`)."""
    found = [meant(piece, line) for piece in pieces(line)]
    return bool(found) and all(isinstance(one, Command) and (one.name, one.argument) in done for one in found)


# --- the sign that is missing ------------------------------------------------------------------------


def without_sign(asked: Asked) -> Problem | None:
    """The problem of a reply that is nothing but a command without `#`: `desfazer`, `status pendente`; else None.

    Only words that nobody writes as an answer to a customer count: `resolvido` may be an answer, `resolver` hardly.
    """
    if asked.commands or asked.problems or asked.note or "\n" in asked.words.strip() or len(asked.words) > 60:
        return None
    line = asked.words.strip().rstrip(".!")
    word = known(line.partition(" ")[0].strip(":"))
    sure = word is not None and word.takes not in {"words", "name"}  # "Resposta do Bruno" is an answer
    meant = read(f"#{line}") if sure and folded(line.split()[0].strip(":")) in _NO_ANSWERS else None
    if meant is None or len(meant.commands) != 1 or meant.problems or meant.words:
        return None
    return Problem(asked.words.strip(), "missing-sign", (meant.commands[0].line,))


_NO_ANSWERS = frozenset(folded(words[0]) for one in COMMANDS for words in (one.pt.words, one.en.words, one.es.words))
