"""The shipped notices, as people get them."""

import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from html.parser import HTMLParser
from itertools import zip_longest
from typing import Any, get_args

import pytest

from mailtickets.config.places import shipped, template_texts
from mailtickets.config.values import LOCALES
from mailtickets.desk.commands.lines import PROBLEMS as CODES_OF_READING
from mailtickets.desk.commands.rows import COMMANDS, known
from mailtickets.desk.customers.wishes import wishes
from mailtickets.desk.letters import sentences
from mailtickets.desk.letters.checking import check
from mailtickets.desk.letters.render import MAX_SUBJECT_CHARS, Rendered, render
from mailtickets.desk.letters.samples import bare, sample
from mailtickets.desk.letters.sandbox import Templates
from mailtickets.desk.letters.sentences import EXPECTED, HAPPENED, PROBLEMS
from mailtickets.desk.model.ticket import PRIORITIES, STATUSES, TYPES
from mailtickets.desk.notices.row import ReplyEffect
from mailtickets.desk.notices.rows import NOTICES
from mailtickets.mail.model import REF_LABEL, REF_PLACEHOLDER
from mailtickets.mail.reply import html as html_text

CUSTOMER_NOTICES = [name for name, row in NOTICES.items() if row.audience == "customers"]
AGENT_NOTICES = [name for name, row in NOTICES.items() if row.audience == "agents"]
TEMPLATES = Templates(template_texts(shipped("templates")))
EVERY_NOTICE = [(notice, locale) for notice in NOTICES for locale in LOCALES]
EVERY_CUSTOMER_NOTICE = [(notice, locale) for notice in CUSTOMER_NOTICES for locale in LOCALES]
EVERY_AGENT_NOTICE = [(notice, locale) for notice in AGENT_NOTICES for locale in LOCALES]

TELL_TALES = {
    "pt_BR": """
        chamado você não sua seu sem mensagem equipe responda responder fila prioridade responsável aberto anexos olá
        ninguém atendimento aguardando resolvido fechado novo média incidente e-mail foi enviado será nome endereço
        março antes nada aviso assunto texto coube dia dias até amanhã quiser alguém desde resposta
        """,
    "en": """
        the your you request ticket email reply team queue assigned customer nobody if hello message opened notified
        attachments priority progress resolved closed new normal march was quoted sent answer our with and this not
        no on by tomorrow days day within since delivered address large type
        """,
    "es": """
        su usted solicitud correo equipo mensaje respuesta área estado hola prioridad adjuntos responsable nadie abierta
        el los las y en necesita curso resuelto cerrado nuevo media marzo aviso envió enviará nombre dirección
        asunto texto demasiado día días hasta mañana quiere alguien desde si
        """,
}
REASONS = (
    "agent-without-token", "agent-not-verified", "empty-answer", "uncertain-cut", "not-a-participant",
    "closed-too-long-ago", "merge-of-strangers", "forward-unclear", "nobody-to-answer", "agent-from-queue-address", "",
)  # fmt: skip
"""The reasons of decisions that templates have words for, and one that they have none for."""
SHARING = {"new_ticket", "receipt", "digest", "held", "unassigned"}
"""Notices for all others of agents, whose facts and whose line on replies are the same files."""
ACTING = ("releases", "corrects")
STRANGERS = [
    {"number": 1042, "requester": {"name": "M. S.", "address": "maria@cliente.test"}},
    {"number": 1043, "requester": {"name": None, "address": "joao@outrocliente.test"}},
]
MORE: dict[str, tuple[dict[str, Any], ...]] = {
    "receipt": (
        {"dry_run": True},
        {"too_late": True},
        {"too_late": True, "done": []},
        {"done": [{"kind": kind, "value": None, "old": None, "ticket": 9} for kind in HAPPENED["en"]]},
        {"done": [{"kind": "status", "value": "closed", "old": "open", "ticket": None}], "undo_until": None},
        {
            "done": [
                {"kind": "already", "value": value, "old": None, "ticket": 1042} for value in (*STATUSES, *PRIORITIES)
            ]
        },
        {"ticket": None, "sent_to": []},
        {"ticket": None, "dry_run": True},
    ),
    "returned": (
        {"problems": [{"line": "x", "code": code, "nearest": ["a", "b"], "expected": ""} for code in PROBLEMS["en"]]},
        {"problems": [{"line": "", "code": "bad-argument", "nearest": [], "expected": e} for e in EXPECTED["en"]]},
        {"ticket": None},
    ),
    "new_ticket": (
        *(
            {f"copied_{why}": [{"name": None, "address": "joao@outrocliente.test"}], "copy_limit": 20}
            for why in ("beyond", "unproven", "disowned", "unwritable")
        ),
    ),
    "also_addressed": ({"only_here": True},),
    "held": ({"ticket": None}, {"ticket": None, "message": None, "reason": "forward-unclear"}),
    "stale": ({"since": None},),
    "second_word": tuple(
        {"reason": reason, "reply_effect": effect, "identity": identity, "ops": identity, "message": None}
        for reason in ("second-word-unclear", "second-word-not-proven", "second-word-too-late", "disowned-by-agent")
        for effect in ("releases", "none")
        for identity in (True, False)
    ),
    "digest": ({"mine": []}, {"unassigned": []}),
    "reminder": (
        *({"why": why} for why in ("unassigned", "asked", "snoozed", "")),
        {"why": "unassigned", "since": None},
        {"message": None},
    ),
    "assigned": ({"actor": None, "message": None},),
    "moved": ({"actor": None, "message": None},),
    "agent_absent": ({"until": None},),
    "history": ({"events": []}, {"thread": []}),
    "attachments": ({"attached": ()}, {"too_large": ()}, {"attached": (), "too_large": ()}),
    "answer": ({"resolved_now": True}, {"resolved_now": True, "ask_rating": True}),
    "resolved": ({"ask_rating": False},),
    "report": ({"reply_effect": "none"},),
    "rating_asked": ({"resolved_at": None},),
}
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
    yield from ({**full, **more, "thread": sample("history", locale)["thread"]} for more in (*MORE.get(notice, ()), {}))
    if notice in SHARING:
        yield from ({**full, "reply_effect": effect} for effect in get_args(ReplyEffect))
    if notice in {"held", "new_ticket"}:
        yield from ({**full, "reason": reason, "linked": [7, 9], "strangers": STRANGERS} for reason in REASONS)
        yield from ({**full, "reason": reason, "reply_effect": effect} for reason in REASONS for effect in ACTING)
    if full["ticket"]:
        yield {**full, "ticket": {**full["ticket"], "subject": " \n"}}
    if full["ticket"] and notice in {*CUSTOMER_NOTICES, *SHARING}:
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
        if data.strip() and not (self.open and self.open[-1][0] == "style"):  # no mail client shows a style sheet
            (self.hidden if any(hides for _, hides in self.open) else self.visible).append(" ".join(data.split()))


@cache
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
            found = set(
                re.findall(
                    r"[\w-]+", re.sub(r"\S+@\S+|550.*?(unknown|…)|“mailtickets [^”]*|[#+-]\w+", "", part).casefold()
                )
            )
            assert found & foreign == set()


@pytest.mark.parametrize("locale", LOCALES)
def test_the_tell_tale_words_of_a_locale_are_words_that_its_notices_use(locale: str) -> None:
    said = " ".join(f"{r.subject} {r.text}" for notice in NOTICES for r in drawn(notice, locale)).casefold()
    assert words_of(locale) - set(re.findall(r"[\w-]+", said)) == set()


@pytest.mark.parametrize(("notice", "locale"), EVERY_NOTICE)
def test_the_reference_line_stands_once_in_each_part_of_what_is_about_a_ticket(notice: str, locale: str) -> None:
    wanted = 0 if notice in ("alarm", "all_clear", "overdue", "rule_figures") else 1
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
        about_a_ticket = sample(notice, locale)["ticket"] is not None
        assert (sample(notice, locale)["customer"]["address"] in lines[0]) is (effect != "to_team" and about_a_ticket)
        assert " ".join(read(rendered.html).visible).count(begins) == 1


@pytest.mark.parametrize(("notice", "locale"), EVERY_CUSTOMER_NOTICE)
def test_a_customers_notice_never_shows_an_agents_address(notice: str, locale: str) -> None:
    for rendered in drawn(notice, locale):
        assert "@desk.test" not in re.sub(
            r"so?uporte?@desk.test", "", f"{rendered.subject}{rendered.text}{rendered.html}"
        )


@pytest.mark.parametrize(("notice", "locale"), EVERY_CUSTOMER_NOTICE)
def test_a_customers_notice_holds_no_command_no_note_and_nobody_elses_ticket(notice: str, locale: str) -> None:
    note = sample("history", locale)["thread"][2]["text"]
    strangers = {"bruno@desk.test", "joao@outrocliente.test", "john@othercustomer.test", "juan@otrocliente.test"}
    for rendered in drawn(notice, locale):
        page = read(rendered.html)
        for part in (rendered.subject, rendered.text, " ".join([*page.visible, *page.hidden])):
            assert not re.search(r"(?<!\w)[#/][^\W\d]", part)
            assert not re.search(r"ENVIAR|DESCARTAR|SEND|DISCARD", part)
            assert note not in part
            assert not any(stranger in part for stranger in strangers)


@pytest.mark.parametrize(("notice", "locale"), [(n, loc) for n, loc in EVERY_CUSTOMER_NOTICE if n != "answer"])
def test_a_customers_notice_greets_gives_the_number_and_says_how_to_reach_a_person(notice: str, locale: str) -> None:
    rendered = render(TEMPLATES, notice, locale, sample(notice, locale))
    assert {"pt_BR": "Olá, Maria!", "en": "Hello Mary,", "es": "Hola, María:"}[locale] in rendered.text
    assert "1042" in rendered.text
    assert re.search(
        {
            "pt_BR": "alguém da equipe vai ler",
            "en": "someone on our team will read it",
            "es": "alguien de nuestro equipo lo leerá",
        }[locale],
        rendered.text,
        re.IGNORECASE,
    )


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
    for context, rendered in zip(situations(notice, locale), drawn(notice, locale), strict=True):
        assert rendered.subject.count("[#1042]") == (1 if context["ticket"] else 0)
        assert rendered.subject.isprintable()


@pytest.mark.parametrize(("notice", "locale"), EVERY_NOTICE)
def test_no_notice_has_a_link_an_image_or_anything_to_load(notice: str, locale: str) -> None:
    for rendered in drawn(notice, locale):
        assert rendered.html is not None
        assert not read(rendered.html).tags & {"a", "img", "script", "link", "iframe", "form", "button", "object"}
        assert not re.search(r"https?:|url\(|@import|src=", rendered.html)
        assert len(rendered.html) < 12_000


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


@pytest.mark.parametrize(("notice", "locale"), EVERY_NOTICE)
def test_nobody_reads_a_style_sheet_in_a_notice_nor_in_what_is_quoted_of_it(notice: str, locale: str) -> None:
    rendered = render(TEMPLATES, notice, locale, sample(notice, locale))
    page, quoted = read(rendered.html), html_text.render(rendered.html or "").text
    assert page.visible[0] in quoted
    for part in (rendered.subject, rendered.text, quoted, *page.visible, *page.hidden):
        assert not re.search(r"@media|color-scheme|!important|[{}]", part)


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


# --- commands and words that are told to people -------------------------------------------------------


@pytest.mark.parametrize(("notice", "locale"), EVERY_AGENT_NOTICE)
def test_every_command_that_a_notice_names_is_one_and_begins_no_line(notice: str, locale: str) -> None:
    language = {"pt_BR": "pt", "en": "en", "es": "es"}[locale]
    for rendered in drawn(notice, locale):
        ours = (
            re.sub(r"^(> |- #res).*", "", rendered.text, flags=re.MULTILINE) if notice == "returned" else rendered.text
        )
        for word in re.findall(r"#([^\W\d][\w-]*)", ours):
            command = known(word)
            assert command is not None
            assert command.spelled(language) == f"#{word}"
        assert not re.search(r"^\s*[#/][^\W\d]", rendered.text, re.MULTILINE)


@pytest.mark.parametrize("locale", LOCALES)
def test_the_help_names_every_command_with_an_example_and_what_it_does(locale: str) -> None:
    text = render(TEMPLATES, "commands_help", locale, sample("commands_help", locale)).text
    for command in COMMANDS:
        (line,) = re.findall(rf"^- {command.spelled(locale)}( [^:]+)?: \S.+$", text, re.MULTILINE) or [None]
        assert line is not None
        assert bool(line) is (bool(command.takes) and not command.optional and command.key != "note")


@pytest.mark.parametrize("locale", LOCALES)
def test_the_words_that_customers_are_told_to_write_are_understood(locale: str) -> None:
    for notice, wanted in (("received", "status"), ("muted", "unmute"), ("unmuted", "mute")):
        (word,) = re.findall("“([^”]+)”", render(TEMPLATES, notice, locale, sample(notice, locale)).text)
        assert wishes("", word).on_ticket == wanted


def test_a_command_stands_at_the_beginning_of_no_line_of_html_either() -> None:
    for notice, locale in EVERY_AGENT_NOTICE:
        html = render(TEMPLATES, notice, locale, sample(notice, locale)).html or ""
        assert notice == "returned" or not re.search(r"<(p|div|td|br)\b[^>]*>\s*(<b>)?[#/][^\W\d]", html)


# --- what a notice says -------------------------------------------------------------------------------


def text_of(notice: str, locale: str = "pt_BR", **more: Any) -> str:
    return render(TEMPLATES, notice, locale, {**sample(notice, locale), **more}).text


def test_a_receipt_fits_a_phones_screen() -> None:
    assert len(text_of("receipt").splitlines()) <= 12


def test_a_receipt_says_to_whom_the_answer_goes_and_until_when_it_can_be_stopped() -> None:
    assert "Sua resposta sai às 14h32min00s. Para impedir, responda #desfazer antes disso.\n" in text_of("receipt")
    assert "- Resposta ao cliente: Maria Souza <maria@cliente.test>\n" in text_of("receipt")
    assert "#desfazer" not in text_of("receipt", undo_until=None)


def test_a_receipt_of_commands_alone_says_how_to_undo_them() -> None:
    status = {"kind": "status", "value": "closed", "old": "open", "ticket": 1042}
    text = text_of("receipt", done=[status])
    assert "Feito no chamado 1042:\n\n- Status: fechado (antes: em atendimento)\n" in text
    assert "Para desfazer, responda #desfazer até as 14h32min00s.\n" in text


def test_a_receipt_about_several_tickets_leads_each_line_by_its_number() -> None:
    done = [{"kind": "status", "value": "closed", "old": None, "ticket": number} for number in (1042, 1043)]
    rendered = render(TEMPLATES, "receipt", "pt_BR", {**sample("receipt", "pt_BR"), "ticket": None, "done": done})
    assert rendered.subject == "Feito: #1042, #1043"
    assert "- #1042 Status: fechado\n- #1043 Status: fechado\n" in rendered.text


def test_a_dry_run_says_that_nothing_was_done() -> None:
    text = text_of("receipt", dry_run=True)
    assert "nada foi feito nem enviado. Isto é o que aconteceria:" in text
    assert "#desfazer" not in text


def test_an_undo_that_came_too_late_says_so() -> None:
    assert "Tarde demais para desfazer: sua resposta já tinha saído.\n" in text_of("receipt", too_late=True, done=[])


def test_a_returned_reply_names_the_line_the_reason_and_the_nearest_command() -> None:
    text = text_of("returned")
    assert "- #resovler: Este comando não existe. Talvez: #resolver\n" in text
    assert "> #resovler\n" in text
    assert "Responda ENVIAR para mandar sem essa linha, ou DESCARTAR para apagar." in text


def test_a_stale_answer_shows_what_others_wrote_meanwhile_and_how_to_send_it_all_the_same() -> None:
    text = text_of("stale")
    assert "Bruno Castro <bruno@desk.test> anotou em 3 de março de 2025, 15h02, só para a equipe:\n" in text
    assert "Maria Souza <maria@cliente.test> escreveu em 4 de março de 2025, 8h05:\n" in text
    assert "com a palavra ENVIAR para mandar sua resposta como está, ou DESCARTAR para apagar." in text


def test_a_merge_of_strangers_names_both_customers() -> None:
    text = text_of("held", reason="merge-of-strangers", strangers=STRANGERS)
    assert "- #1042: M. S. <maria@cliente.test>\n- #1043: joao@outrocliente.test\n" in text
    assert "com a palavra ENVIAR para juntar mesmo assim" in text


def test_an_unclear_forward_asks_for_the_customers_address() -> None:
    text = text_of("held", reason="forward-unclear", reply_effect="corrects", ticket=None)
    assert "não ficou claro quem o escreveu" in text
    assert "com a linha #requerente e o endereço do cliente" in text


def test_a_digest_shows_how_to_act_on_its_first_ticket() -> None:
    assert "uma linha por chamado, como 1042 #fechar: " in text_of("digest")
    assert "uma linha por chamado, como 1043 #fechar: " in text_of("digest", mine=[])


def test_the_satisfaction_question_is_asked_when_it_is_wanted() -> None:
    asked = "Responda com uma nota de 1 (ruim) a 5 (ótimo), uma palavra ou um emoji."
    assert asked in text_of("resolved")
    assert asked not in text_of("resolved", ask_rating=False)
    assert asked in text_of("answer", resolved_now=True, ask_rating=True)
    assert asked not in text_of("answer", ask_rating=True)


def test_an_answer_carries_the_public_conversation_below_the_signature() -> None:
    text = text_of("answer", thread=sample("history", "pt_BR")["thread"][:2])
    signature, history = (
        text.index("Ana Lima\nSuporte Exemplo\n"),
        text.index("Em 3 de março de 2025, 10h12, Maria Souza"),
    )
    assert signature < history
    assert "> Desde ontem à tarde" in text


def test_times_are_told_by_the_locale() -> None:
    assert "at 2:32:00 PM" in text_of("receipt", "en")
    assert "a las 14:32:00" in text_of("receipt", "es")
    assert "até 10 de março de 2025" in text_of("agent_absent")
    assert "waiting since Mar 3, 2025, 10:12 AM" in text_of("digest", "en")


def test_sentences_are_known_in_every_locale() -> None:
    for table in (HAPPENED, PROBLEMS, EXPECTED):
        assert len({frozenset(table[locale]) for locale in LOCALES}) == 1
    assert {command.takes for command in COMMANDS} - {""} <= set(EXPECTED["en"])
    assert set(CODES_OF_READING) <= set(PROBLEMS["en"])


@pytest.mark.parametrize(
    ("locale", "code", "nearest", "said"),
    [
        ("pt_BR", "nothing-to-undo", "", "Não há o que desfazer aqui. Responda #desfazer ao recibo."),
        ("en", "nothing-to-undo", "", "There is nothing to undo here. Reply #undo to the receipt."),
        ("es", "nothing-to-undo", "", "No hay nada que deshacer aquí. Responda #deshacer al recibo."),
        ("pt_BR", "missing-sign", "#resolver", "Você quis dizer #resolver? Comandos começam com #."),
        ("en", "missing-sign", "#resolve", "Did you mean #resolve? Commands begin with #."),
        ("es", "missing-sign", "#resolver", "¿Quiso decir #resolver? Los comandos empiezan con #."),
        ("pt_BR", "blank-in-command", "#assumir", "Escreva sem espaço: #assumir"),
        ("en", "blank-in-command", "#take", "Write it without a space: #take"),
        ("es", "blank-in-command", "#asumir", "Escríbalo sin espacio: #asumir"),
        ("pt_BR", "no-such-agent", "", "Nenhum atendente se chama assim."),
    ],
)
def test_a_problem_is_said_in_a_plain_sentence(locale: str, code: str, nearest: str, said: str) -> None:
    assert sentences.problem(code, (nearest,) if nearest else (), "", locale) == said


@pytest.mark.parametrize("locale", LOCALES)
def test_those_who_answer_customers_are_called_by_one_word(locale: str) -> None:
    """`atendente` in Portuguese, `agent` in English, `agente` in Spanish."""
    other = {
        "pt_BR": r"\bagentes?\b|\boperador",
        "en": r"\boperators?\b|\bassistants?\b",
        "es": r"\batendentes?\b|\boperador",
    }
    said = [
        text
        for name, text in template_texts(shipped("templates")).items()
        if name.startswith((f"{locale}/", f"canned/{locale}/"))
    ]
    plain = [re.sub(r"\{[%{#].*?[%}#]\}|<[^>]*>", " ", text, flags=re.DOTALL) for text in said]
    told = [*plain, *sentences.PROBLEMS[locale].values(), *sentences.HAPPENED[locale].values()]
    assert [text for text in told if re.search(other[locale], text, re.IGNORECASE)] == []


def test_a_code_that_nobody_has_named_stands_for_itself() -> None:
    assert sentences.happened("frozen", "x", None, "en") == "frozen: x"
    assert sentences.problem("odd", (), "", "en") == "odd"
    assert (sentences.example("#x", "y", "odd", "en"), sentences.purpose("odd", "en")) == ("#x y", "odd")


def test_a_moment_in_a_receipt_is_told_as_people_write_it() -> None:
    at = datetime(2025, 3, 6, 9, 0)  # noqa: DTZ001
    assert sentences.happened("remind", at, None, "pt_BR") == "Lembrete: 6 mar. 2025, 9h00"
    assert sentences.happened("assignee", None, "Ana", "pt_BR") == "Sem responsável (antes: Ana)"
    assert sentences.happened("undone", None, None, "pt_BR") == "Desfeito"
    assert sentences.happened("already", "high", None, "pt_BR") == "Já estava assim: alta"
    assert sentences.happened("merged", "1043", "1042", "pt_BR") == "Juntado ao chamado #1043"
    assert sentences.happened("opened", "new", None, "pt_BR") == "Chamado aberto"


def test_what_was_expected_is_told_where_that_helps() -> None:
    assert sentences.problem("bad-argument", ("#prioridade alta",), "priority", "pt_BR") == (
        "Não entendemos o que vem depois do comando. Esperado: baixa, média, alta ou crítica. Talvez: #prioridade alta"
    )
    assert sentences.problem("no-such-agent", ("Ana",), "name", "en") == "No agent has this name. Perhaps: Ana"


@pytest.mark.parametrize("locale", LOCALES)
def test_only_where_an_answer_goes_on_is_an_agent_told_to_add_a_line_to_it(locale: str) -> None:
    added = {
        "pt_BR": "acrescente-a à sua resposta",
        "en": "add the line to your reply",
        "es": "agréguela a su respuesta",
    }
    for effect, told in (("to_customer", True), ("to_team", True), ("asks", False), ("to_nobody", False)):
        rendered = render(TEMPLATES, "new_ticket", locale, {
            **sample("new_ticket", locale), "reply_effect": effect,
        })  # fmt: skip
        assert (added[locale] in rendered.text, added[locale] in (rendered.html or "")) == (told, told), effect
