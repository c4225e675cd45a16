"""Renders a notice in a locale. In: templates and facts. Out: subject, text and HTML.

Owns: how templates are read (the only importer of Jinja2) and what templates may access. Strangers' words reach a
template as plain values, never as source. Only `message.html`, sanitised when the mail was read, is put in unescaped.
A template extends a layout and sets `{% block subject %}` in its .txt; an empty .html sends the notice as text alone.
Fails with: TypeError for a context with other than plain values. If an overriding template fails, the built-in one
takes its place, and `problems` says where and why.
Limits: the characters that a template adds to the values of its context (`MAX_OWN_CHARS`). The caller limits the time.
"""

import re
import traceback
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, reduce
from operator import or_
from typing import Any, cast

from jinja2 import FunctionLoader, StrictUndefined, TemplateError, TemplateSyntaxError, pass_context
from jinja2.exceptions import SecurityError, TemplateNotFound, UndefinedError
from jinja2.filters import FILTERS
from jinja2.runtime import BlockReference, Context, LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from mailtickets.config.values import LOCALES
from mailtickets.desk.commands import ready_answers
from mailtickets.desk.letters import sentences
from mailtickets.desk.letters.samples import bare, sample
from mailtickets.desk.notices.discretion import Discretion
from mailtickets.desk.notices.rows import NOTICES, NoticeName
from mailtickets.desk.notices.shapes import ALWAYS, ATTACHMENT, COMMON, PERSON
from mailtickets.mail.model import REF_PLACEHOLDER
from mailtickets.mail.reply.excerpt import excerpt
from mailtickets.mail.reply.pictures import without_placeholders
from mailtickets.words import locales
from mailtickets.words.fold import folded

MAX_OWN_CHARS = 200_000
"""The most characters of one part, in addition to six times the characters of the values (escaping turns one character
into five)."""
MAX_SUBJECT_CHARS = 250
PREVIEW_CHARS = 140
"""The number of characters that a phone shows of a mail beside the subject."""

_EVERYTHING: Mapping[str, object] = reduce(or_, (dict(row.sees) for row in NOTICES.values()), dict(COMMON))
"""All keys that any notice may show. An overriding template may name a key that its notice has no value for."""

_MANY_LINES = frozenset({"text", "html", "diagnostic", "comment"})
"""Names of values that keep their line breaks. Every other value becomes one line."""
_CONTROLS = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
_BIDI = r"\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
_NOT_IN_LINES = re.compile(f"[{_CONTROLS}]+")
_NOT_IN_A_LINE = re.compile(f"[{_CONTROLS}{_BIDI}]+")
_ATOMS = frozenset({type(None), bool, int, datetime, date})


@dataclass(frozen=True, slots=True)
class TemplateProblem:
    """What is wrong with a template, for the person who wrote it."""

    file: str
    """The path below the template directory: `pt_BR/received.txt`."""
    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """A rendered notice. `REF_PLACEHOLDER` stands at the place of the reply token."""

    subject: str
    text: str
    html: str | None
    problems: tuple[TemplateProblem, ...] = ()
    relayed: bool = False
    """Whether the HTML shows the message as the author formatted it. False: the HTML is made from the text."""


class Templates:
    """The built-in templates and the overriding templates, by their path below the template directory.

    Only the texts are pickled. Each process compiles the templates that it uses, once.
    """

    def __init__(self, builtin: Mapping[str, str], overrides: Mapping[str, str] | None = None) -> None:
        self.builtin, self.overrides = dict(builtin), dict(overrides or {})

    def __reduce__(self) -> tuple[Any, ...]:
        return Templates, (self.builtin, self.overrides)

    @cached_property
    def shipped(self) -> "_Sandbox":
        return _Sandbox(self.builtin)

    @cached_property
    def current(self) -> "_Sandbox":
        return _Sandbox({**self.builtin, **self.overrides}) if self.overrides else self.shipped


def render(
    templates: Templates,
    notice: NoticeName,
    locale: str,
    context: Mapping[str, object],
    discretion: Discretion | None = None,
) -> Rendered:
    """Renders a notice in a locale. Keys that the context lacks count as unknown.

    `discretion` is for notices to customers. The HTML of a message may be the HTML of the whole mail: only the part
    that says the message's text is shown, and nothing if no part does.
    """
    words = _words(_relayed(context, discretion), locale, notice)
    stem, problems = f"{locale}/{notice}", list[TemplateProblem]()
    subject = _made(templates, f"{stem}.txt", lambda sandbox, name: _subject(sandbox, name, templates, words), problems)
    text = _made(templates, f"{stem}.txt", lambda sandbox, name: _text(sandbox, name, words), problems)
    html = _made(
        templates,
        f"{stem}.html",
        lambda sandbox, name: sandbox.whole(name, {**words, "subject_line": subject}).strip(),
        problems,
    )
    relayed = bool(words["message"] and words["message"]["html"])
    return Rendered(subject, text, f"{html}\n" if html else None, tuple(dict.fromkeys(problems)), relayed)


def _relayed(context: Mapping[str, object], discretion: Discretion | None) -> Mapping[str, object]:
    """The context with the author's HTML of the message, if the part for the shown text can be found. `discretion`
    removes the things that customers must not see."""
    message = context.get("message")
    if isinstance(message, Mapping) and message.get("html"):
        context = {**context, "message": {**message, "html": excerpt(message["html"], message["text"])}}
    return discretion.context(context) if discretion is not None else context


def _made(
    templates: Templates, name: str, make: Callable[["_Sandbox", str], str], problems: list[TemplateProblem]
) -> str:
    """The result of `make` with the overriding templates if they work, else with the built-in ones."""
    try:
        return make(templates.current, name)
    except Exception as error:
        if not templates.overrides:
            raise
        problems.append(_problem(error, name, templates))
        return make(templates.shipped, name)


def _subject(sandbox: "_Sandbox", name: str, templates: Templates, words: Mapping[str, Any]) -> str:
    """The subject: one line that always has the ticket's tag in it, even if the template leaves the tag out."""
    drawn = sandbox.block(name, "subject", words) or templates.shipped.block(name, "subject", words)
    line, tag = _one_line(drawn), words["ticket"]["tag"]
    line = line if tag in line else f"{tag} {line}"
    return line if len(line) <= MAX_SUBJECT_CHARS else f"{line[: MAX_SUBJECT_CHARS - 1].rstrip()}…"


def _text(sandbox: "_Sandbox", name: str, words: Mapping[str, Any]) -> str:
    text = sandbox.whole(name, words).strip("\n")
    if not text.strip():
        raise _Unusable("the text of a notice may not be empty")
    return f"{text}\n"


# --- ready answers ------------------------------------------------------------------------------------


def canned_names(templates: Templates, locale: str) -> tuple[str, ...]:
    """The names of the ready answers of a locale. An empty overriding file removes a built-in ready answer."""
    texts, folder = {**templates.builtin, **templates.overrides}, f"canned/{locale}/"
    files = (file for file in texts if file.startswith(folder) and file.endswith(".txt") and texts[file].strip())
    return tuple(sorted(file.removeprefix(folder).removesuffix(".txt") for file in files))


def canned(templates: Templates, name: str, locale: str, context: Mapping[str, object]) -> str:
    """The text of a ready answer. In `name`, accents, case, and blanks, `-` or `_` between words do not matter.

    Raises KeyError if no ready answer has that name, or if it does not work: the agent then asks for another one.
    """
    found = next((known for known in canned_names(templates, locale) if _joined(known) == _joined(name)), None)
    if found is None:
        raise KeyError(name)
    text, _ = _canned(templates, f"canned/{locale}/{found}.txt", _words(context, locale))
    if text is None:
        raise KeyError(name)
    return text


def canned_commands(templates: Templates, name: str, locale: str) -> str:
    """The command lines of a ready answer. Empty if it has none, or if no ready answer has that name."""
    texts = {**templates.builtin, **templates.overrides}
    found = next((known for known in canned_names(templates, locale) if _joined(known) == _joined(name)), None)
    return ready_answers.parted(texts[f"canned/{locale}/{found}.txt"])[1] if found is not None else ""


def _source(text: str, name: str) -> str:
    return ready_answers.parted(text)[0] if name.startswith("canned/") else text


def _joined(name: str) -> str:
    return re.sub(r"[\s_-]+", "-", folded(name))


def _canned(templates: Templates, file: str, words: Mapping[str, Any]) -> tuple[str | None, list[TemplateProblem]]:
    """The text (None: no template of this name works), and the problems of the overriding template."""
    problems = _wrong_commands(templates, file)
    if problems:
        return None, problems
    try:
        return _made(templates, file, lambda sandbox, name: _text(sandbox, name, words).strip(), problems), problems
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


# --- the sandbox --------------------------------------------------------------------------------------


class _Unusable(TemplateError):
    """A template whose output cannot be sent."""


class _Sandbox(ImmutableSandboxedEnvironment):
    """The environment of templates: they see keys of plain dicts, the filters below and macros; no attributes, methods
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
        self.filters = {name: FILTERS[name] for name in _KEPT_FILTERS} | _OWN_FILTERS

    def whole(self, name: str, words: Mapping[str, Any]) -> str:
        """The output of a template. A template with too much output is stopped at once, so that its line is known."""
        chunks, length, room = list[str](), 0, MAX_OWN_CHARS
        stream = cast("Generator[str]", self.get_template(name).generate(words))
        for chunk in stream:
            chunks.append(chunk)
            length += len(chunk)
            if length > room:  # only now count the characters of the values
                room = MAX_OWN_CHARS + 6 * _chars(words)
            if length > room:
                stream.throw(_Unusable(f"makes more than {MAX_OWN_CHARS} characters of its own"))
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


def _problem(error: Exception, name: str, templates: Templates) -> TemplateProblem:
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
    return TemplateProblem(file, line, _said_by(error, known.get(file, "")))


def _said_by(error: Exception, source: str) -> str:
    """The message of an error, if it surely has no words of a mail; else the error's type. A name in the message is the
    template's only if it stands in the template's source."""
    kind = type(error).__name__
    if isinstance(error, TemplateNotFound):
        return f"there is no template {error.name!r}" if str(error.name) in source else kind
    if isinstance(error, UndefinedError):
        keys = re.findall(r"""'([^']*)'|"([^"]*)\"""", str(error))[1:]  # the first is a variable's name, or a type's
        return _one_line(str(error)) if all((single or double) in source for single, double in keys) else kind
    return _one_line(str(error)) if isinstance(error, TemplateError | TypeError) else kind


# --- filters ------------------------------------------------------------------------------------------

_KEPT_FILTERS = (
    "capitalize", "d", "default", "e", "escape", "first", "int", "join", "last", "length", "list", "lower", "map",
    "reject", "rejectattr", "select", "selectattr", "sort", "striptags", "trim", "truncate", "unique", "upper",
)  # fmt: skip


@pass_context
def _date(context: Context, at: datetime | None) -> str:
    return locales.date(at, context["locale"]) if at else ""


@pass_context
def _size(context: Context, octets: int) -> str:
    return locales.size(octets, context["locale"])


@pass_context
def _status(context: Context, code: str) -> str:
    return locales.label(locales.STATUS_LABELS, code, context["locale"])


@pass_context
def _own_status(context: Context, code: str) -> str:
    """A status in words for the customer who owns the ticket."""
    return locales.label(locales.OWN_STATUS_LABELS, code, context["locale"])


@pass_context
def _priority(context: Context, code: str) -> str:
    return locales.label(locales.PRIORITY_LABELS, code, context["locale"])


@pass_context
def _type(context: Context, code: str) -> str:
    return locales.label(locales.TYPE_LABELS, code, context["locale"])


@pass_context
def _series(context: Context, names: tuple[str, ...]) -> str:
    return locales.series(names, context["locale"])


@pass_context
def _topic(context: Context, subject: str) -> str:
    return locales.topic(subject, context["ticket"]["tag"], context["locale"])


@pass_context
def _said(context: Context, text: str) -> str:
    """The words of a mail without the placeholders of pictures, or the sentence that the mail has no text."""
    return without_placeholders(text).strip() or locales.NO_TEXT[context["locale"]]


@pass_context
def _rest(context: Context, message: Mapping[str, Any]) -> str:
    """A sentence that says where the whole message is, if the notice shows only its beginning."""
    number = None if context["reply_effect"] == "releases" else context["ticket"]["number"]  # held: on no ticket yet
    return locales.rest(message.get("whole_in", ""), number, context["locale"])


@pass_context
def _short(context: Context, at: datetime | None) -> str:
    return locales.short(at, context["locale"]) if at else ""


@pass_context
def _day(context: Context, day: date | None) -> str:
    return locales.day(day, context["locale"]) if day else ""


@pass_context
def _time(context: Context, at: datetime | None) -> str:
    return locales.second(at, context["locale"]) if at else ""


@pass_context
def _happened(context: Context, line: Mapping[str, Any]) -> str:
    """The line for one thing that was done, or for an event of the ticket."""
    value, old = (line["to"], line["from"]) if "to" in line else (line["value"], line["old"])
    return sentences.happened(line["kind"], value, old, context["locale"])


@pass_context
def _problem_of(context: Context, problem: Mapping[str, Any]) -> str:
    return sentences.problem(problem["code"], problem["nearest"], problem["expected"], context["locale"])


@pass_context
def _example(context: Context, command: Mapping[str, Any]) -> str:
    return sentences.example(command["spelled"], command["argument"], command["what"], context["locale"])


@pass_context
def _purpose(context: Context, what: str) -> str:
    return sentences.purpose(what, context["locale"])


@pass_context
def _remark(context: Context, code: str) -> str:
    return locales.REMARKS[code][context["locale"]]


def _person(person: Mapping[str, Any]) -> str:
    return f"{person['name']} <{person['address']}>" if person["name"] else str(person["address"])


def _quote(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def _breaks(text: str) -> Markup:
    """Plain text as HTML that keeps lines and spaces: some mail clients do not support `white-space`."""
    spaced = re.sub(r"^ | (?= )", "&nbsp;", str(escape(text)), flags=re.MULTILINE)
    return Markup(spaced.replace("\n", "<br>\n"))  # noqa: S704 - escaped just above


def _excerpt(text: str) -> str:
    """The beginning of a text, as long as a phone's preview (`PREVIEW_CHARS`)."""
    line = " ".join(text[: 4 * PREVIEW_CHARS].split())
    return line if len(line) <= PREVIEW_CHARS else f"{line[:PREVIEW_CHARS].rpartition(' ')[0] or line[:PREVIEW_CHARS]}…"


_OWN_FILTERS: dict[str, Callable[..., Any]] = {
    "breaks": _breaks,
    "date": _date,
    "day": _day,
    "example": _example,
    "excerpt": _excerpt,
    "first_name": locales.first_name,
    "happened": _happened,
    "own_status": _own_status,
    "person": _person,
    "priority": _priority,
    "problem": _problem_of,
    "purpose": _purpose,
    "quote": _quote,
    "remark": _remark,
    "rest": _rest,
    "said": _said,
    "series": _series,
    "short": _short,
    "size": _size,
    "status": _status,
    "time": _time,
    "topic": _topic,
    "type": _type,
}


# --- values for templates -----------------------------------------------------------------------------


def _words(context: Mapping[str, object], locale: str, notice: NoticeName | None = None) -> dict[str, Any]:
    """The context as plain, clean values, with every key that a template may ask for."""
    shapes = {**_EVERYTHING, **(NOTICES[notice].sees if notice else {})}
    known = {key: _plain(value, key) for key, value in context.items() if key != "ref"}
    words = known | {key: _shaped(known.get(key, _UNKNOWN), shape) for key, shape in shapes.items()}
    words |= {key: _filled(known.get(key), shape) for key, shape in ALWAYS.items()}
    if words["message"]:
        words["message"] = _marked(words["message"])
    return {**words, "locale": locale, "lang": locale.replace("_", "-"), "ref": REF_PLACEHOLDER}


_UNKNOWN = object()


def _shaped(value: Any, shape: object) -> Any:
    """A value with all the keys of its shape. The shape describes a dict or a list of dicts; other values stay."""
    known = value is not _UNKNOWN
    if isinstance(shape, list):
        return tuple(_filled(item, shape[0]) for item in value) if known and value else ()
    if isinstance(shape, Mapping):
        return _filled(value, shape) if known and value else None
    return value if known else shape


def _marked(message: dict[str, Any]) -> dict[str, Any]:
    """A message. Its HTML, and no other value of it, is marked as safe, so that it is not escaped."""
    html = Markup(message["html"]) if message["html"] else None  # noqa: S704 - sanitised where the mail was read
    return {**message, "html": html, "attachments": tuple(_filled(a, ATTACHMENT) for a in message["attachments"])}


def _filled(value: Any, shape: Mapping[str, Any]) -> dict[str, Any]:
    known = {**shape, **(value or {})}
    return {key: _filled(inner, PERSON) if shape.get(key) is PERSON else inner for key, inner in known.items()}


def _plain(value: object, key: str) -> Any:
    """A copy of a value that holds only dicts, tuples, text, numbers and times, so that a template gets no objects."""
    if type(value) in _ATOMS:
        return value
    if isinstance(value, str):
        return _many_lines(value) if key in _MANY_LINES else _one_line(value)
    if isinstance(value, list | tuple):
        return tuple(_plain(item, key) for item in value)
    if isinstance(value, Mapping):
        return {str(name): _plain(item, str(name)) for name, item in value.items()}
    raise TypeError(f"a notice is made of plain values; {key!r} is a {type(value).__name__}")


def _many_lines(text: str) -> str:
    return _no_place(_NOT_IN_LINES.sub("", str(text).replace("\r\n", "\n").replace("\r", "\n")))


def _one_line(text: str) -> str:
    return _no_place(_NOT_IN_A_LINE.sub("", " ".join(str(text).split())))


def _no_place(text: str) -> str:
    """The text without `REF_PLACEHOLDER`: only our own placeholder is replaced by a reply token."""
    return text.replace(REF_PLACEHOLDER, f"{REF_PLACEHOLDER[:-1]}\u200b0")


def _chars(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, tuple) else ()
    return sum(_chars(item) for item in items)


# --- checking templates -------------------------------------------------------------------------------


def check(templates: Templates) -> tuple[TemplateProblem, ...]:
    """The problems of the overriding templates, found by rendering every notice with full and with bare samples."""
    return tuple(dict.fromkeys(_problems(templates)))


def _problems(templates: Templates) -> Iterator[TemplateProblem]:
    ready = {f"canned/{locale}/{name}.txt": locale for locale in LOCALES for name in canned_names(templates, locale)}
    for file in sorted(templates.overrides.keys() - templates.builtin.keys() - ready.keys()):
        yield TemplateProblem(file, 1, "overrides nothing: there is no template of this name")
    for file, locale in ready.items():
        for context in (sample("answer", locale), bare("answer", locale)):
            yield from _canned(templates, file, _words(context, locale))[1]
    for locale in LOCALES:
        for notice in NOTICES:
            for context in (sample(notice, locale), bare(notice, locale)):
                rendered = render(templates, notice, locale, context)
                yield from rendered.problems
                yield from _without_ref(templates, f"{locale}/{notice}", rendered)


def _without_ref(templates: Templates, stem: str, rendered: Rendered) -> Iterator[TemplateProblem]:
    wanted = 0 if stem.endswith("/alarm") else 1
    for file, part in ((f"{stem}.txt", rendered.text), (f"{stem}.html", rendered.html)):
        if file in templates.overrides and part and part.count(REF_PLACEHOLDER) != wanted:
            yield TemplateProblem(file, 1, f"must show {{{{ ref }}}} {'once' if wanted else 'nowhere'}")
