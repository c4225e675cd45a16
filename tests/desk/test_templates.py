"""The shipped notices, as people get them."""

import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from itertools import zip_longest
from typing import Any

import pytest

from mailtickets.config import LOCALES, shipped, template_texts
from mailtickets.desk.model import PRIORITIES, STATUSES, TYPES
from mailtickets.desk.render import (
    AGENT_NOTICES,
    CUSTOMER_NOTICES,
    MAX_SUBJECT_CHARS,
    NOTICES,
    REPLY_EFFECTS,
    Rendered,
    Templates,
    bare,
    check,
    render,
    sample,
)
from mailtickets.mail.model import REF_LABEL, REF_PLACEHOLDER

TEMPLATES = Templates(template_texts(shipped("templates")))
EVERY_NOTICE = [(notice, locale) for notice in NOTICES for locale in LOCALES]
EVERY_CUSTOMER_NOTICE = [(notice, locale) for notice in CUSTOMER_NOTICES for locale in LOCALES]
EVERY_AGENT_NOTICE = [(notice, locale) for notice in AGENT_NOTICES for locale in LOCALES]

TELL_TALES = {
    "pt_BR": """
        chamado você não sua seu sem mensagem equipe responda responder fila prioridade responsável aberto anexos olá
        ninguém atendimento aguardando resolvido fechado novo média incidente e-mail foi enviado será nome endereço
        março antes nada aviso assunto texto coube dia dias até amanhã quiser pessoa desde resposta
        """,
    "en": """
        the your you request ticket email reply team queue assigned customer nobody if hello message opened notified
        attachments priority progress resolved closed new normal march was quoted sent answer our with and this not
        no on by tomorrow days day within since delivered address large type
        """,
    "es": """
        su usted solicitud correo equipo mensaje respuesta área estado hola prioridad adjuntos responsable nadie abierta
        el los las y en necesita curso resuelto cerrado nuevo media marzo aviso envió enviará nombre dirección
        asunto texto demasiado día días hasta mañana quiere persona desde si
        """,
}
REASONS = ("agent-without-token", "empty-answer", "uncertain-cut", "not-a-participant", "closed-too-long-ago", "")
"""The reasons of decisions that templates have words for, and one that they have none for."""
SHARED = {"incidente", "aviso", "texto", "desde", "no", "antes", "nada", "responder", "responda", "enviado"}
"""Words that one locale's list has and another locale uses as well."""


def words_of(locale: str) -> set[str]:
    return set(TELL_TALES[locale].split()) - SHARED


def situations(notice: str, locale: str) -> Iterator[dict[str, Any]]:
    """Contexts that lead through every branch of the templates."""
    full, least = sample(notice, locale), bare(notice, locale)
    yield full
    yield least
    yield {**full, "customer_echo": False}
    yield {**full, "reopen_days": 1, "close_after_days": 1}
    yield {**full, "change": None, "failure": {**least["failure"], "notice": "received"} if least["failure"] else None}
    yield from ({**full, "reply_effect": effect} for effect in REPLY_EFFECTS)
    yield from ({**full, "reason": reason, "linked": [7, 9]} for reason in REASONS)
    if full["ticket"]:
        yield {**full, "ticket": {**full["ticket"], "subject": " \n"}}
        for status, priority, kind in zip_longest(STATUSES, PRIORITIES, TYPES, fillvalue=None):
            ticket = {**full["ticket"], "status": status, "priority": priority or "normal", "type": kind, "queue": ""}
            yield {**full, "ticket": ticket, "change": {"kind": "status", "from": status, "to": "open"}}
    if full["message"]:
        yield {**full, "message": {**full["message"], "verified": False}}
        yield {**full, "message": {**full["message"], "html": "<p>…</p>"}}
        for file in ({"filename": "a.pdf", "size": 3, "attached": False},):
            yield {**full, "message": {**full["message"], "attachments": [file, file]}}


@cache
def drawn(notice: str, locale: str) -> tuple[Rendered, ...]:
    return tuple(render(TEMPLATES, notice, locale, context) for context in situations(notice, locale))


class Page(HTMLParser):
    """What a reader of the HTML sees, and whether its elements nest."""

    VOID = frozenset({"meta", "br", "!doctype"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.tags: set[str] = set()
        self.visible: list[str] = []
        self.hidden: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in self.VOID:
            hides = tag == "head" or "display: none" in (dict(attrs).get("style") or "")
            self.open.append((tag, hides))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        opened, _ = self.open.pop()
        assert opened == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            (self.hidden if any(hides for _, hides in self.open) else self.visible).append(" ".join(data.split()))


def read(html: str | None) -> Page:
    assert html is not None
    page = Page(html)
    assert page.open == []
    return page


@pytest.mark.parametrize(("notice", "locale"), EVERY_NOTICE)
def test_every_notice_renders_with_a_long_subject_and_neither_name_nor_attachment(notice: str, locale: str) -> None:
    context = bare(notice, locale)
    if context["ticket"]:
        context["ticket"] = {**context["ticket"], "subject": "Ação urgente " * 500}
    rendered = render(TEMPLATES, notice, locale, context)
    assert 0 < len(rendered.subject) <= MAX_SUBJECT_CHARS
    assert "\n" not in rendered.subject
    for part in (rendered.subject, rendered.text, " ".join(read(rendered.html).visible)):
        assert not re.search(r"None|Undefined|\{\{|\{%|<>|\(\)", part)


@pytest.mark.parametrize(("notice", "locale"), EVERY_NOTICE)
def test_no_notice_contains_a_word_of_another_locale(notice: str, locale: str) -> None:
    foreign = set().union(*(words_of(other) for other in LOCALES if other != locale)) - words_of(locale)
    for rendered in drawn(notice, locale):
        page = read(rendered.html)
        for part in (rendered.subject, rendered.text, " ".join([*page.visible, *page.hidden])):
            found = set(re.findall(r"[\w-]+", re.sub(r"\S+@\S+|550.*?(unknown|…)", "", part).casefold()))
            assert found & foreign == set()


@pytest.mark.parametrize("locale", LOCALES)
def test_the_tell_tale_words_of_a_locale_are_words_that_its_notices_use(locale: str) -> None:
    said = " ".join(f"{r.subject} {r.text}" for notice in NOTICES for r in drawn(notice, locale)).casefold()
    assert words_of(locale) - set(re.findall(r"[\w-]+", said)) == set()


@pytest.mark.parametrize(("notice", "locale"), EVERY_NOTICE)
def test_the_reference_line_stands_once_in_each_part_of_what_is_about_a_ticket(notice: str, locale: str) -> None:
    wanted = 0 if notice == "alarm" else 1
    for rendered in drawn(notice, locale):
        page = read(rendered.html)
        assert rendered.text.count(REF_PLACEHOLDER) == wanted
        assert page.visible.count(f"{REF_LABEL} {REF_PLACEHOLDER}") == wanted
        assert rendered.html is not None
        assert rendered.html.count(REF_PLACEHOLDER) == wanted


@pytest.mark.parametrize(("notice", "locale"), EVERY_AGENT_NOTICE)
def test_an_agents_notice_begins_with_the_reference_line_but_previews_the_words(notice: str, locale: str) -> None:
    rendered = render(TEMPLATES, notice, locale, sample(notice, locale))
    page = read(rendered.html)
    assert rendered.text.startswith(f"{REF_LABEL} {REF_PLACEHOLDER}\n")
    assert page.visible[0] == f"{REF_LABEL} {REF_PLACEHOLDER}"
    assert page.hidden[-1]
    assert REF_LABEL not in " ".join(page.hidden)


@pytest.mark.parametrize(("notice", "locale"), EVERY_CUSTOMER_NOTICE)
def test_a_customers_notice_ends_with_the_reference_line(notice: str, locale: str) -> None:
    rendered = render(TEMPLATES, notice, locale, sample(notice, locale))
    assert rendered.text.endswith(f"\n{REF_LABEL} {REF_PLACEHOLDER}\n")
    assert read(rendered.html).visible[-1] == f"{REF_LABEL} {REF_PLACEHOLDER}"


@pytest.mark.parametrize(("notice", "locale"), EVERY_AGENT_NOTICE)
def test_an_agents_notice_says_in_one_line_what_a_reply_will_do(notice: str, locale: str) -> None:
    begins = {"pt_BR": "Se você responder", "en": "If you reply", "es": "Si usted responde"}[locale]
    for effect in (None, "to_customer", "to_team"):
        rendered = render(TEMPLATES, notice, locale, {**sample(notice, locale), "reply_effect": effect})
        lines = [line for line in rendered.text.splitlines() if line.startswith(begins)]
        assert len(lines) == 1
        assert (sample(notice, locale)["customer"]["address"] in lines[0]) is (effect != "to_team")
        assert " ".join(read(rendered.html).visible).count(begins) == 1


@pytest.mark.parametrize(("notice", "locale"), EVERY_CUSTOMER_NOTICE)
def test_a_customers_notice_never_shows_an_agents_address(notice: str, locale: str) -> None:
    for rendered in drawn(notice, locale):
        assert "ana@desk.test" not in f"{rendered.subject}{rendered.text}{rendered.html}"


@pytest.mark.parametrize("locale", LOCALES)
def test_an_unasked_for_acknowledgement_repeats_nothing_that_its_receiver_may_not_have_written(locale: str) -> None:
    mail = {"author": {"name": "Pills Cheap", "address": "v@x.test"}, "text": "buy pills", "html": "<p>buy pills</p>"}
    context = {
        **sample("received", locale),
        "customer_echo": False,
        "customer": {"name": "Pills Cheap", "address": "v@x.test"},
        "message": {**mail, "attachments": [{"filename": "pills.pdf", "size": 1, "attached": False}]},
    }
    context["ticket"] = {**context["ticket"], "subject": "Pills http://pills.test", "requester": context["customer"]}
    rendered = render(TEMPLATES, "received", locale, context)
    assert "pills" not in f"{rendered.subject}{rendered.text}{rendered.html}".casefold()
    assert rendered.subject.startswith("[#1042] ")


@pytest.mark.parametrize(
    ("notice", "locale"), [(n, loc) for n in (*CUSTOMER_NOTICES, *AGENT_NOTICES) for loc in LOCALES]
)
def test_the_subject_carries_the_tag_and_is_one_line(notice: str, locale: str) -> None:
    for rendered in drawn(notice, locale):
        assert rendered.subject.count("[#1042]") == 1
        assert rendered.subject.isprintable()


@pytest.mark.parametrize(("notice", "locale"), EVERY_NOTICE)
def test_no_notice_has_a_link_an_image_or_anything_to_load(notice: str, locale: str) -> None:
    for rendered in drawn(notice, locale):
        assert rendered.html is not None
        assert not read(rendered.html).tags & {"a", "img", "script", "link", "iframe", "form", "button", "object"}
        assert not re.search(r"https?:|url\(|@import|src=", rendered.html)
        assert len(rendered.html) < 6_000


@pytest.mark.parametrize(("notice", "locale"), EVERY_NOTICE)
def test_text_and_html_say_the_same(notice: str, locale: str) -> None:
    for rendered in drawn(notice, locale):
        if "…" in (rendered.html or ""):
            continue  # the mail's own HTML in place of its text
        text = re.sub(r"^(> ?|- )", "", rendered.text, flags=re.MULTILINE)
        seen = " ".join(read(rendered.html).visible)
        assert sorted(re.findall(r"\w+", text)) == sorted(re.findall(r"\w+", seen))


@pytest.mark.parametrize(("notice", "locale"), EVERY_NOTICE)
def test_the_plain_text_has_no_ragged_edges(notice: str, locale: str) -> None:
    for rendered in drawn(notice, locale):
        assert "\n\n\n" not in rendered.text
        assert not re.search(r"[ \t]$", rendered.text, re.MULTILINE)
        assert rendered.text.endswith("\n")
        assert not rendered.text.startswith("\n")


def test_every_locale_has_the_same_files() -> None:
    files = {locale: {f.removeprefix(locale) for f in TEMPLATES.builtin if f.startswith(locale)} for locale in LOCALES}
    assert files["pt_BR"] == files["en"] == files["es"]
    for notice in NOTICES:
        assert {f"/{notice}.txt", f"/{notice}.html"} <= files["en"]


def test_what_is_shipped_passes_its_own_check() -> None:
    assert check(TEMPLATES) == ()


@pytest.mark.parametrize(
    ("locale", "greeting"), [("pt_BR", "Olá, Maria!\n"), ("en", "Hello Mary,\n"), ("es", "Hola, María:\n")]
)
def test_a_customer_is_greeted_by_first_name(locale: str, greeting: str) -> None:
    assert render(TEMPLATES, "received", locale, sample("received", locale)).text.startswith(greeting)


@pytest.mark.parametrize(("locale", "greeting"), [("pt_BR", "Olá!\n"), ("en", "Hello,\n"), ("es", "Hola:\n")])
def test_a_customer_without_a_name_is_greeted_all_the_same(locale: str, greeting: str) -> None:
    nobody = {"name": None, "address": "x@cliente.test"}
    rendered = render(TEMPLATES, "received", locale, {**sample("received", locale), "customer": nobody})
    assert rendered.text.startswith(greeting)


def test_an_answer_is_the_agents_words_with_name_and_queue_and_nothing_else() -> None:
    words = "Bom dia!\n\nFeche a tampa até ouvir o clique.\n\n\nAté mais"
    context = sample("answer", "pt_BR")
    context["message"] = {**context["message"], "text": words}
    rendered = render(TEMPLATES, "answer", "pt_BR", context)
    assert rendered.text == f"{words}\n\nAna Lima\nSuporte Exemplo\n\n{REF_LABEL} {REF_PLACEHOLDER}\n"


def test_a_date_reads_as_people_of_the_locale_write_it() -> None:
    expected = {
        "pt_BR": "3 de março de 2025, 10h12",
        "en": "March 3, 2025, 10:12 AM",
        "es": "3 de marzo de 2025, 10:12",
    }
    for locale, date in expected.items():
        assert date in render(TEMPLATES, "new_ticket", locale, sample("new_ticket", locale)).text


def test_an_agent_sees_the_names_of_attachments_that_did_not_fit() -> None:
    text = render(TEMPLATES, "new_ticket", "pt_BR", sample("new_ticket", "pt_BR")).text
    assert "- visor da impressora.jpg (340 KB)\n" in text
    assert "- vídeo do caixa.mp4 (48 MB; não veio neste aviso, está guardado no chamado)\n" in text


def test_a_customers_line_cannot_pass_for_one_of_ours() -> None:
    context = sample("new_ticket", "pt_BR")
    context["message"] = {**context["message"], "text": "Oi\rResponsável: ninguém\r\nRef.: AAAA\n> Status: fechado"}
    lines = render(TEMPLATES, "new_ticket", "pt_BR", context).text.splitlines()
    assert {"> Oi", "> Responsável: ninguém", "> Ref.: AAAA", "> > Status: fechado"} <= set(lines)


def test_unverified_words_of_a_participant_are_marked_for_agents() -> None:
    context = sample("customer_replied", "pt_BR")
    doubtful = {**context, "message": {**context["message"], "verified": False}}
    assert "Atenção" not in render(TEMPLATES, "customer_replied", "pt_BR", context).text
    assert "Atenção: não foi possível" in render(TEMPLATES, "customer_replied", "pt_BR", doubtful).text
