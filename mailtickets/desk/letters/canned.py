"""Ready answers: files below `canned/` whose names agents write in `#resposta`, rendered for a ticket.

Fails with: KeyError for a name that no ready answer has, or whose template does not work.
"""

from collections.abc import Mapping
from typing import Any

from jinja2.exceptions import TemplateNotFound

from mailtickets.desk.commands import ready_answers
from mailtickets.desk.letters.canned_files import canned_file
from mailtickets.desk.letters.masking import without_secrets
from mailtickets.desk.letters.render import made, text_of
from mailtickets.desk.letters.sandbox import Templates
from mailtickets.desk.letters.template_problems import TemplateProblem
from mailtickets.desk.letters.template_values import values_of


def canned(templates: Templates, name: str, locale: str, context: Mapping[str, object]) -> str:
    """The text of a ready answer. In `name`, accents, case, and blanks, `-` or `_` between words do not matter.

    Raises KeyError if no ready answer has that name, or if it does not work: the agent then asks for another one.
    """
    file = canned_file(templates, name, locale)
    if file is None:
        raise KeyError(name)
    text, _ = canned_or_problems(templates, file, values_of(without_secrets(context), locale))
    if text is None:
        raise KeyError(name)
    return text


def canned_commands(templates: Templates, name: str, locale: str) -> str:
    """The command lines of a ready answer. Empty if it has none, or if no ready answer has that name."""
    texts, file = {**templates.builtin, **templates.overrides}, canned_file(templates, name, locale)
    return ready_answers.parted(texts[file])[1] if file is not None else ""


def canned_or_problems(
    templates: Templates, file: str, words: Mapping[str, Any]
) -> tuple[str | None, list[TemplateProblem]]:
    """The text (None: no template of this name works), and the problems of the overriding template."""
    problems = _wrong_commands(templates, file)
    if problems:
        return None, problems
    try:
        return made(templates, file, lambda sandbox, name: text_of(sandbox, name, words).strip(), problems), problems
    except TemplateNotFound:  # there is no built-in one to take its place
        return None, problems


def _wrong_commands(templates: Templates, file: str) -> list[TemplateProblem]:
    """Problems of the commands in a ready answer. With a problem it is not sent at all: otherwise it would tell a
    customer something that was not done."""
    text = {**templates.builtin, **templates.overrides}.get(file, "")
    before, lines = ready_answers.parted(text)
    return [
        TemplateProblem(file, 1 + before.count("\n"), f"{problem.line}: {problem.code}")
        for problem in ready_answers.read(lines)[1]
    ]
