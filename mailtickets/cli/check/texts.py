"""The templates of notices."""

from collections.abc import Iterator

from mailtickets.cli.check.inquiry import Inquiry
from mailtickets.desk.letters.checking import check
from mailtickets.gateway.rules import rules_of
from mailtickets.views.check import CheckLine, ok, wrong


def lines(inquiry: Inquiry) -> Iterator[CheckLine]:
    problems = check(rules_of(inquiry.config, ()).templates)
    for problem in problems:
        yield wrong(
            "templates.directory",
            f"{problem.file}:{problem.line}: {problem.message}",
            "correct it, and look at it with `mailtickets template preview`; until then the built-in text is used",
        )
    if not problems:
        yield ok("templates", "every notice can be written in every locale")
