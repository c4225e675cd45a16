"""Renders a notice in a locale. In: templates and facts. Out: subject, text and HTML.

Fails with: TypeError for a context with other than plain values. If an overriding template fails, the built-in one
takes its place, and `problems` says where and why.
Limits: `MAX_SUBJECT_CHARS`, and those of the sandbox. The caller limits the time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mailtickets.desk.letters.canned_files import canned_file
from mailtickets.desk.letters.masking import without_secrets
from mailtickets.desk.letters.sandbox import Sandbox, Templates, UnusableTemplate
from mailtickets.desk.letters.template_problems import TemplateProblem, problem_of
from mailtickets.desk.letters.template_values import one_line, values_of
from mailtickets.desk.notices.discretion import Discretion
from mailtickets.desk.notices.row import NoticeName
from mailtickets.desk.notices.rows import NOTICES
from mailtickets.mail.reply.excerpt import excerpt

MAX_SUBJECT_CHARS = 250


@dataclass(frozen=True, slots=True)
class Rendered:
    """A rendered notice. `REF_PLACEHOLDER` stands at the place of the reply token."""

    subject: str
    text: str
    html: str | None
    problems: tuple[TemplateProblem, ...] = ()
    relayed: bool = False
    """Whether the HTML shows the message as the author formatted it. False: the HTML is made from the text."""


def render(
    templates: Templates,
    notice: NoticeName,
    locale: str,
    context: Mapping[str, object],
    discretion: Discretion | None = None,
) -> Rendered:
    """Renders a notice in a locale. Keys that the context lacks count as unknown.

    Card numbers and passwords in customers' words are masked. `discretion` is for notices to customers: it removes what
    they must not see. The HTML of a message may be the HTML of the whole mail: only the part
    that says the message's text is shown, and nothing if no part does.
    """
    context = _relayed(context) if NOTICES[notice].audience == "ops" else without_secrets(_relayed(context))
    context = discretion.context(context) if discretion is not None else context
    words = values_of(context, locale, notice)
    stem, problems = f"{locale}/{notice}", list[TemplateProblem]()
    if words.get("ready_answer") and NOTICES[notice].audience == "customers":
        words["answer"] = _ready_answer(templates, words, problems)
    subject = made(templates, f"{stem}.txt", lambda sandbox, name: _subject(sandbox, name, templates, words), problems)
    text = made(templates, f"{stem}.txt", lambda sandbox, name: text_of(sandbox, name, words), problems)
    html = made(
        templates,
        f"{stem}.html",
        lambda sandbox, name: sandbox.whole(name, {**words, "subject_line": subject}).strip(),
        problems,
    )
    relayed = bool(words["message"] and words["message"]["html"])
    return Rendered(subject, text, f"{html}\n" if html else None, tuple(dict.fromkeys(problems)), relayed)


def _ready_answer(templates: Templates, words: Mapping[str, Any], problems: list[TemplateProblem]) -> str:
    """The text of the ready answer that a rule gives. Empty if it does not work: the notice then says its own words.

    Somebody of whom nothing is known gets none of their own words back.
    """
    file = canned_file(templates, str(words["ready_answer"]), str(words["locale"]))
    if file is None:
        return ""
    if not words["customer_echo"]:
        nobody = {"name": None, "address": ""}
        ticket = {**words["ticket"], "subject": "", "requester": nobody}
        words = {**words, "ticket": ticket, "customer": nobody, "message": None}
    try:
        return made(templates, file, lambda sandbox, name: text_of(sandbox, name, words).strip(), problems)
    except Exception as error:
        problems.append(problem_of(error, file, templates))
        return ""


def _relayed(context: Mapping[str, object]) -> Mapping[str, object]:
    """The context with the author's HTML of the message, if the part for the shown text can be found."""
    message = context.get("message")
    if isinstance(message, Mapping) and message.get("html"):
        return {**context, "message": {**message, "html": excerpt(message["html"], message["text"])}}
    return context


def made(
    templates: Templates, name: str, make: Callable[["Sandbox", str], str], problems: list[TemplateProblem]
) -> str:
    """The result of `make` with the overriding templates if they work, else with the built-in ones."""
    try:
        return make(templates.current, name)
    except Exception as error:
        if not templates.overrides:
            raise
        problems.append(problem_of(error, name, templates))
        return make(templates.shipped, name)


def _subject(sandbox: "Sandbox", name: str, templates: Templates, words: Mapping[str, Any]) -> str:
    """The subject: one line that always has the ticket's tag in it, even if the template leaves the tag out."""
    drawn = sandbox.block(name, "subject", words) or templates.shipped.block(name, "subject", words)
    line, tag = one_line(drawn), words["ticket"]["tag"]
    line = line if tag in line else f"{tag} {line}"
    return line if len(line) <= MAX_SUBJECT_CHARS else f"{line[: MAX_SUBJECT_CHARS - 1].rstrip()}…"


def text_of(sandbox: "Sandbox", name: str, words: Mapping[str, Any]) -> str:
    text = sandbox.whole(name, words).strip("\n")
    if not text.strip():
        raise UnusableTemplate("the text of a notice may not be empty")
    return f"{text}\n"
