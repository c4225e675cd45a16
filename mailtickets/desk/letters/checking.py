"""Checks overriding templates: every notice and ready answer is rendered with full and with bare samples.

Fails with: nothing; what is wrong is a `TemplateProblem`.
"""

from collections.abc import Iterator

from mailtickets.config.values import LOCALES
from mailtickets.desk.letters.canned import canned_or_problems
from mailtickets.desk.letters.canned_files import canned_names
from mailtickets.desk.letters.render import Rendered, render
from mailtickets.desk.letters.samples import bare, sample
from mailtickets.desk.letters.sandbox import Templates
from mailtickets.desk.letters.template_problems import TemplateProblem
from mailtickets.desk.letters.template_values import values_of
from mailtickets.desk.notices.rows import NOTICES
from mailtickets.mail.model import REF_PLACEHOLDER


def check(templates: Templates) -> tuple[TemplateProblem, ...]:
    """The problems of the overriding templates, found by rendering every notice with full and with bare samples."""
    return tuple(dict.fromkeys(_problems(templates)))


def _problems(templates: Templates) -> Iterator[TemplateProblem]:
    ready = {f"canned/{locale}/{name}.txt": locale for locale in LOCALES for name in canned_names(templates, locale)}
    for file in sorted(templates.overrides.keys() - templates.builtin.keys() - ready.keys()):
        yield TemplateProblem(file, 1, "overrides nothing: there is no template of this name")
    for file, locale in ready.items():
        for context in (sample("answer", locale), bare("answer", locale)):
            yield from canned_or_problems(templates, file, values_of(context, locale))[1]
    for locale in LOCALES:
        for notice in NOTICES:
            for context in (sample(notice, locale), bare(notice, locale)):
                rendered = render(templates, notice, locale, context)
                yield from rendered.problems
                yield from _without_ref(templates, f"{locale}/{notice}", rendered)


def _without_ref(templates: Templates, stem: str, rendered: Rendered) -> Iterator[TemplateProblem]:
    wanted = 0 if stem.endswith(("/alarm", "/all_clear")) else 1
    for file, part in ((f"{stem}.txt", rendered.text), (f"{stem}.html", rendered.html)):
        if file in templates.overrides and part and part.count(REF_PLACEHOLDER) != wanted:
            yield TemplateProblem(file, 1, f"must show {{{{ ref }}}} {'once' if wanted else 'nowhere'}")
