"""The sandbox of templates: how templates are read, and what they may access.

A template extends a layout and sets `{% block subject %}` in its .txt; an empty .html sends the notice as text alone.
Fails with: TemplateError and what the expressions of a template raise.
Limits: the characters that a template adds to the values of its context (`MAX_OWN_CHARS`). The caller limits the time.
"""

from collections.abc import Generator, Mapping
from functools import cached_property
from typing import Any, cast

from jinja2 import FunctionLoader, StrictUndefined, TemplateError
from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS
from jinja2.runtime import BlockReference, Context, LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment

from mailtickets.desk.commands import ready_answers
from mailtickets.desk.letters.filters import KEPT_FILTERS, OWN_FILTERS
from mailtickets.desk.letters.template_values import characters

MAX_OWN_CHARS = 200_000
"""The most characters of one part, in addition to six times the characters of the values (escaping turns one character
into five)."""


class Templates:
    """The built-in templates and the overriding templates, by their path below the template directory.

    Only the texts are pickled. Each process compiles the templates that it uses, once.
    """

    def __init__(self, builtin: Mapping[str, str], overrides: Mapping[str, str] | None = None) -> None:
        self.builtin, self.overrides = dict(builtin), dict(overrides or {})

    def __reduce__(self) -> tuple[Any, ...]:
        return Templates, (self.builtin, self.overrides)

    @cached_property
    def shipped(self) -> "Sandbox":
        return Sandbox(self.builtin)

    @cached_property
    def current(self) -> "Sandbox":
        return Sandbox({**self.builtin, **self.overrides}) if self.overrides else self.shipped


def _source(text: str, name: str) -> str:
    return ready_answers.parted(text)[0] if name.startswith("canned/") else text


class UnusableTemplate(TemplateError):
    """A template whose output cannot be sent."""


class Sandbox(ImmutableSandboxedEnvironment):
    """The environment of templates: they see keys of plain dicts, our filters and macros; no attributes, methods
    or globals.

    Operations that make long results from short values (repetition, powers, `%` on text) are refused, because Jinja
    would compute some of them even while compiling. The other output is counted while it is written.
    """

    intercepted_binops = frozenset({"*", "**", "%"})

    def __init__(self, texts: Mapping[str, str]) -> None:
        super().__init__(
            loader=FunctionLoader(lambda name: (_source(texts[name], name), name, None) if name in texts else None),
            autoescape=lambda name: name is None or name.endswith(".html"),
            undefined=StrictUndefined,
            finalize=lambda value: "" if value is None else value,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            cache_size=-1,
        )
        self.globals.clear()
        self.filters = {name: FILTERS[name] for name in KEPT_FILTERS} | OWN_FILTERS

    def whole(self, name: str, words: Mapping[str, Any]) -> str:
        """The output of a template. A template with too much output is stopped at once, so that its line is known."""
        chunks, length, room = list[str](), 0, MAX_OWN_CHARS
        stream = cast("Generator[str]", self.get_template(name).generate(words))
        for chunk in stream:
            chunks.append(chunk)
            length += len(chunk)
            if length > room:  # only now count the characters of the values
                room = MAX_OWN_CHARS + 6 * characters(words)
            if length > room:
                stream.throw(UnusableTemplate(f"makes more than {MAX_OWN_CHARS} characters of its own"))
        return "".join(chunks)

    def block(self, name: str, block: str, words: Mapping[str, Any]) -> str:
        """The output of one block of a template. Empty if the template has no block of that name."""
        template = self.get_template(name)
        if block not in template.blocks:
            return ""
        try:
            return "".join(template.blocks[block](template.new_context(dict(words))))
        except Exception:
            self.handle_exception()  # puts the file and line of the template into the traceback

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, dict):
            return obj[attribute] if attribute in obj else self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        return isinstance(obj, LoopContext) and not attr.startswith("_")

    def is_safe_callable(self, obj: Any) -> bool:
        return isinstance(obj, Macro | BlockReference)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "**" or not (isinstance(left, int | float) and isinstance(right, int | float)):
            raise SecurityError(f"{operator!r} is for numbers only" if operator != "**" else "'**' is not available")
        return super().call_binop(context, operator, left, right)
