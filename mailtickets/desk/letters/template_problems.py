"""What is wrong with a template, in words for the person who wrote it.

Owns: which part of an error's message may be shown: none with words of a mail. Fails with: nothing.
"""

import re
import traceback
from dataclasses import dataclass

from jinja2 import TemplateError, TemplateSyntaxError
from jinja2.exceptions import TemplateNotFound, UndefinedError

from mailtickets.desk.letters.sandbox import Templates
from mailtickets.desk.letters.template_values import one_line


@dataclass(frozen=True, slots=True)
class TemplateProblem:
    """What is wrong with a template, for the person who wrote it."""

    file: str
    """The path below the template directory: `pt_BR/received.txt`."""
    line: int
    message: str


def problem_of(error: Exception, name: str, templates: Templates) -> TemplateProblem:
    """Where and why a template failed. The text is logged, so it holds no words of the mail."""
    if isinstance(error, TemplateSyntaxError):
        return TemplateProblem(error.name or name, error.lineno, error.message or "syntax error")
    known = {**templates.builtin, **templates.overrides}
    frames = [
        (frame.f_code.co_filename, line)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename in known
    ]
    file, line = frames[-1] if frames else (name, 1)
    return TemplateProblem(file, line, _message_of(error, known.get(file, "")))


def _message_of(error: Exception, source: str) -> str:
    """The message of an error, if it surely has no words of a mail; else the error's type. A name in the message is the
    template's only if it stands in the template's source."""
    kind = type(error).__name__
    if isinstance(error, TemplateNotFound):
        return f"there is no template {error.name!r}" if str(error.name) in source else kind
    if isinstance(error, UndefinedError):
        keys = re.findall(r"""'([^']*)'|"([^"]*)\"""", str(error))[1:]  # the first is a variable's name, or a type's
        return one_line(str(error)) if all((single or double) in source for single, double in keys) else kind
    return one_line(str(error)) if isinstance(error, TemplateError | TypeError) else kind
