"""The commands that a ready answer carries: `encerramento` says that the ticket is done, and also changes the status.

The commands are the last lines of the file, and are read from the file, before the template is rendered. So a
customer's name or subject never becomes a command. Fails with: nothing; a command that a ready answer cannot carry is
a `Problem`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from mailtickets.desk.commands import reading
from mailtickets.desk.commands.command import Command
from mailtickets.desk.commands.lines import TypedLine, adds_up, matter
from mailtickets.desk.commands.rows import row_of
from mailtickets.desk.model.decision import Problem


def parted(source: str) -> tuple[str, str]:
    """The two parts of a file: the text, and the command lines at the end."""
    lines = source.splitlines(keepends=True)
    end = len(lines)
    while end and (not lines[end - 1].strip() or TypedLine.of(end, lines[end - 1]).is_known):
        end -= 1
    while end < len(lines) and not lines[end].strip():
        end += 1
    return "".join(lines[:end]), "\n".join(line.strip() for line in lines[end:] if line.strip())


def read(lines: str) -> tuple[tuple[Command, ...], tuple[Problem, ...]]:
    """The commands in the last lines of a ready answer, and the problems of these lines."""
    asked = reading.read(lines)
    wrong = [Problem(one.line, "not-possible-here") for one in asked.commands if not row_of(one).in_a_ready_answer]
    if asked.note or asked.words:
        wrong.append(Problem(lines, "command-in-the-note"))
    return asked.commands, (*asked.problems, *wrong)


def with_their_commands(orders: Sequence[Command], carried: Mapping[str, str]) -> tuple[Command, ...]:
    """An agent's commands, and after them the commands of the ready answers that the agent's commands call for.

    `carried` has the command lines of each ready answer by the name as typed. If both are about the same matter, the
    agent's own command counts: `#status pendente` beside `#resposta encerramento`.
    """
    matters = {matter(order) for order in orders}
    theirs = (replace(one, line=order.line) for order in orders for one in _carried(order, carried))
    return (*orders, *_first_of_each(one for one in theirs if matter(one) not in matters or adds_up(one)))


def _carried(order: Command, carried: Mapping[str, str]) -> tuple[Command, ...]:
    return read(carried.get(order.argument, ""))[0] if order.name == "canned" else ()


def _first_of_each(orders: Iterable[Command]) -> list[Command]:
    """The commands without repetitions: two ready answers may carry the same command."""
    found: dict[tuple[str, str], Command] = {}
    for order in orders:
        found.setdefault((matter(order), order.argument if adds_up(order) else ""), order)
    return list(found.values())
