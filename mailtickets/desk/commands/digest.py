"""Answers to a digest of tickets: each line names tickets by number, and then commands for these tickets.

Owns: how numbers and commands may stand on such a line. Words without a number are no order.
Fails with: `Problem`s, which are values. Limits: 20 numbers on a line, `MAX_LINE_CHARACTERS`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mailtickets.desk.commands.command import Command
from mailtickets.desk.commands.lines import (
    Piece,
    TypedLine,
    almost,
    clashing,
    first_suspect,
    is_beyond,
    is_stray,
    meant,
    pieces,
)
from mailtickets.desk.commands.rows import row_of
from mailtickets.desk.commands.slips import is_nearly
from mailtickets.desk.model.decision import Problem

MAX_LINE_CHARACTERS = 1_000


@dataclass(frozen=True, slots=True)
class DigestAnswer:
    """The commands, for one or more tickets, that an answer to a digest holds."""

    orders: tuple[tuple[int, Command], ...]
    problems: tuple[Problem, ...]
    rest: str
    commands: tuple[Command, ...] = ()
    """The commands that concern no ticket: `#ajuda`, `#minhafila`, `#buscar`, `#simular`, `#desfazer`."""


_TICKET = r"(?:\[[^\[\]\d]{0,40}\d{1,12}\]|\(?#?\d{1,12}\)?)"
_NUMBERS = re.compile(
    rf"(?:[ >*_•·–—-]|\d{{1,3}}[.)] )*(?P<numbers>{_TICKET}(?:(?: ?[,;&+] ?| (?:e|and|y) ){_TICKET}){{0,19}})"
    r"(?:[ :.,;*_–—-]+(?P<rest>.*))?"
)


def read_lines(reply: str) -> DigestAnswer:
    """Reads the lines of an answer to a digest: `1042 #fechar`, `[#1043] /assumir`, `1044, 1045 resolver`.

    The commands of a line are for the tickets that the line names.
    """
    if is_beyond(reply):
        suspect = first_suspect(reply)
        return DigestAnswer((), (suspect,) if suspect else (), reply.strip())
    orders: list[tuple[int, Command]] = []
    problems: list[Problem] = []
    general: list[Command] = []
    rest: list[str] = []
    for number, raw in enumerate(reply.splitlines()):
        line = TypedLine.of(number, raw)
        match = _NUMBERS.fullmatch(line.clean[:MAX_LINE_CHARACTERS])
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
        orders += [(n, one) for n in numbers for one in ordered if isinstance(one, Command)]
    kept = _consistent(orders, problems)
    return DigestAnswer(tuple(kept), tuple(problems), "\n".join(rest).strip(), tuple(general))


def _general(line: TypedLine) -> list[Command | Problem]:
    """The commands and problems of a line that names no ticket."""
    results: list[Command | Problem | None] = [meant(piece, line.clean) for piece in line.found]
    results += [] if results else [almost(line.clean)]
    return [
        Problem(line.clean, "missing-number", (), "number")
        if isinstance(one, Command) and row_of(one).in_a_list != "without-number"
        else one
        for one in results
        if one is not None
    ]


def _ordered(line: TypedLine, words: str) -> tuple[Command | Problem, ...]:
    """The commands and problems behind a ticket number. Empty if the line is a sentence that begins with a number."""
    if not words:
        return ()
    found = pieces(words)
    bare = not found
    found = found or pieces(f"#{words}")
    if bare and (not found or not (found[0].command or (len(words.split()) <= 2 and is_nearly(found[0].word)))):
        return (Problem(line.clean, "unknown-command"),) if words[0] in "#/" else ()
    results = [meant(piece, line.clean) for piece in found]
    if bare and any(isinstance(one, Problem) for one in results) and len(words.split()) > 3:
        return ()
    return tuple(_for_a_list(line, piece, one) for piece, one in zip(found, results, strict=True))


def _for_a_list(line: TypedLine, piece: Piece, one: Command | Problem) -> Command | Problem:
    if piece.command is not None and piece.command.in_a_list == "not-allowed":
        return Problem(line.clean, "not-in-a-list")
    return replace(one, line=line.clean) if isinstance(one, Problem) else one


def _consistent(orders: Sequence[tuple[int, Command]], problems: list[Problem]) -> list[tuple[int, Command]]:
    """The orders without those that exclude each other. Each order that is left out is added to `problems`."""
    kept: list[tuple[int, Command]] = []
    for ticket in dict.fromkeys(number for number, _ in orders):
        commands = [command for number, command in orders if number == ticket]
        clashes = clashing(commands)
        problems += [Problem(commands[index].line, "said-twice") for index in sorted(clashes)]
        kept += [(ticket, command) for index, command in enumerate(commands) if index not in clashes]
    return kept
