"""What templates may do, what becomes of those that fail, and how a locale writes things."""

import pickle
from datetime import datetime
from typing import Any

import pytest
from markupsafe import Markup

from mailtickets.config.places import shipped, template_texts
from mailtickets.desk.letters.canned import canned, canned_commands
from mailtickets.desk.letters.canned_files import canned_names
from mailtickets.desk.letters.checking import check
from mailtickets.desk.letters.render import MAX_SUBJECT_CHARS, render
from mailtickets.desk.letters.samples import bare, sample
from mailtickets.desk.letters.sandbox import MAX_OWN_CHARS, Templates
from mailtickets.desk.letters.template_problems import TemplateProblem
from mailtickets.mail.model import REF_PLACEHOLDER
from mailtickets.words import locales

BUILTIN = template_texts(shipped("templates"))
TEMPLATES = Templates(BUILTIN)


def overridden(**files: str) -> Templates:
    """Templates with some files of pt_BR replaced: `received_txt="..."`."""
    return Templates(
        BUILTIN, {f"pt_BR/{name.replace('_txt', '.txt').replace('_html', '.html')}": files[name] for name in files}
    )


def saying(words: str, notice: str = "new_ticket", **message: Any) -> dict[str, Any]:
    """A context in which the customer wrote these words, in every place they can write to."""
    context = sample(notice, "pt_BR")
    author = {"name": words, "address": "maria@cliente.test"}
    files = [{"filename": words, "size": 1, "attached": True}]
    context["message"] = {**context["message"], "text": words, "author": author, "attachments": files, **message}
    context["ticket"] = {**context["ticket"], "subject": words, "requester": author}
    return context


# --- overriding ---------------------------------------------------------------------------------------


def test_one_overriding_file_replaces_one_part_of_one_notice() -> None:
    templates = overridden(received_txt='{% extends "customer.txt" %}{% block words %}\nAlô!\n{% endblock %}')
    ours = render(templates, "received", "pt_BR", sample("received", "pt_BR"))
    theirs = render(TEMPLATES, "received", "pt_BR", sample("received", "pt_BR"))
    assert ours.text == f"Olá, Maria!\n\nAlô!\n\nSuporte Exemplo\n\nRef.: {REF_PLACEHOLDER}\n"
    assert (ours.subject, ours.html, ours.problems) == (theirs.subject, theirs.html, ())
    assert render(templates, "resolved", "pt_BR", sample("resolved", "pt_BR")).text != ours.text


def test_an_overriding_layout_serves_the_built_in_notices() -> None:
    templates = Templates(BUILTIN, {"layout.txt": "*** {% block body %}{% endblock %}"})
    assert render(templates, "alarm", "en", sample("alarm", "en")).text.startswith("*** mailtickets alert")


def test_an_overriding_subject_gets_the_tag_if_it_forgets_it() -> None:
    templates = overridden(received_txt='{% extends "customer.txt" %}{% block subject %}Oi!{% endblock %}')
    assert render(templates, "received", "pt_BR", sample("received", "pt_BR")).subject == "[#1042] Oi!"


def test_an_empty_html_file_sends_the_notice_as_text_alone() -> None:
    rendered = render(overridden(received_html="\n"), "received", "pt_BR", sample("received", "pt_BR"))
    assert (rendered.html, rendered.problems) == (None, ())


def test_an_empty_text_file_is_a_problem() -> None:
    rendered = render(overridden(received_txt="\n"), "received", "pt_BR", sample("received", "pt_BR"))
    assert rendered.text.startswith("Olá, Maria!")
    assert rendered.problems == (TemplateProblem("pt_BR/received.txt", 1, "the text of a notice may not be empty"),)


ENDLESS = """{% for a in message.text %}
{% for b in message.text %}
{% for c in message.text %}
{{ message.text }}
{% endfor %}
{% endfor %}
{% endfor %}"""

BROKEN = {
    "a block that never ends": ("Oi\n{% if x %}\n", 2, "end of template"),
    "an unknown tag": ("Oi\n\n{% frobnicate %}", 3, "unknown tag"),
    "an undefined variable": ("Oi\n{{ tiket.number }}", 2, "'tiket' is undefined"),
    "an unknown key": ("\n\n\n{{ ticket.nmber }}", 4, "no attribute 'nmber'"),
    "an unknown filter": ("{{ ticket.number|currency }}", 1, "No filter named 'currency'"),
    "an unknown template": ('\n{% include "nowhere.txt" %}', 2, "no template 'nowhere.txt'"),
    "a wrong type": ("Oi\n{{ ticket.subject + 1 }}", 2, "concatenate"),
    "a division by zero": ("Oi\n{{ 1 / 0 }}", 2, "ZeroDivisionError"),
    "an endless recursion": ("{% macro m() %}\nx{{ m() }}{% endmacro %}\n{{ m() }}", 2, "RecursionError"),
    "an inclusion of itself": ('\n{% include "pt_BR/received.PART" %}', 2, "RecursionError"),
    "a huge repetition": ("Oi\n{{ 'x' * 1000000000 }}", 2, "'*' is for numbers only"),
    "a huge list": ("Oi\n{{ [1] * 1000000000 }}", 2, "'*' is for numbers only"),
    "a huge number": ("Oi\n{{ 9 ** 9 ** 9 }}", 2, "'**' is not available"),
    "a huge width": ("Oi\n{{ '%1000000000d' % 1 }}", 2, "'%' is for numbers only"),
    "output without end": (ENDLESS, 4, f"more than {MAX_OWN_CHARS} characters"),
}


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize("part", ["txt", "html"])
def test_a_broken_template_gives_way_to_the_built_in_one_and_is_named_with_its_line(kind: str, part: str) -> None:
    source, line, message = BROKEN[kind]
    context = sample("received", "pt_BR")
    rendered = render(overridden(**{f"received_{part}": source.replace("PART", part)}), "received", "pt_BR", context)
    sound = render(TEMPLATES, "received", "pt_BR", context)
    assert (rendered.subject, rendered.text, rendered.html) == (sound.subject, sound.text, sound.html)
    (problem,) = rendered.problems
    assert (problem.file, problem.line) == (f"pt_BR/received.{part}", line)
    assert message in problem.message


def test_a_broken_subject_is_named_with_its_line() -> None:
    source = '{% extends "customer.txt" %}\n\n{% block subject %}{{ nothing }}{% endblock %}'
    rendered = render(overridden(received_txt=source), "received", "pt_BR", sample("received", "pt_BR"))
    assert rendered.problems == (TemplateProblem("pt_BR/received.txt", 3, "'nothing' is undefined"),)
    assert rendered.subject == "Re: [#1042] Impressora do caixa não imprime"


def test_a_broken_shared_file_is_named_instead_of_the_notices_that_use_it() -> None:
    rendered = render(overridden(facts_txt="\n{{ x }}"), "new_ticket", "pt_BR", sample("new_ticket", "pt_BR"))
    assert rendered.problems == (TemplateProblem("pt_BR/facts.txt", 2, "'x' is undefined"),)
    assert "Prioridade: média" in rendered.text


@pytest.mark.parametrize(
    "expression",
    ["{}[message.text]", "''[message.text]", "message.text|int|first", "[message.text]|map(attribute='x')|list"],
)
def test_a_problem_never_quotes_the_mail(expression: str) -> None:
    templates = overridden(new_ticket_txt=f"{{{{ {expression} }}}}{{% include message.text %}}")
    rendered = render(templates, "new_ticket", "pt_BR", saying("senha: hunter2"))
    assert len(rendered.problems) == 1
    assert "hunter2" not in rendered.problems[0].message


def test_what_the_built_in_templates_cannot_render_is_not_hidden() -> None:
    with pytest.raises(Exception, match="endblock"):
        render(Templates({**BUILTIN, "en/alarm.txt": "{% block x %}"}), "alarm", "en", sample("alarm", "en"))


# --- the sandbox --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "expression",
    [
        "message.text.__class__",
        "message['__class__']",
        "''.__class__.__mro__",
        "''['__class__']",
        "''|attr('__class__')",
        "().__class__.__base__.__subclasses__()",
        "message.text.upper()",
        "message.text.encode()",
        "ticket.items()",
        "ticket.get('number')",
        "message.received_at.year",
        "message.received_at.strftime('%Y')",
        "self.__init__.__globals__",
        "self._TemplateReference__context",
        "lipsum",
        "cycler",
        "namespace()",
        "dict(a=1)",
        "range(3)",
        "context",
        "environment",
        "[].append(1)",
        "message.text|safe",
        "message|tojson",
        "'x'|center(1000000000)",
        "message.text|map(attribute='__class__')|join",
    ],
)
def test_a_template_reaches_no_attribute_no_method_and_no_global(expression: str) -> None:
    templates = overridden(new_ticket_txt=f"Oi {{{{ {expression} }}}}")
    rendered = render(templates, "new_ticket", "pt_BR", sample("new_ticket", "pt_BR"))
    assert len(rendered.problems) == 1
    assert not rendered.text.startswith("Oi")


def test_a_template_may_count_its_rounds_and_define_macros() -> None:
    source = (
        "{% macro m(n) %}<{{ n }}>{% endmacro %}{% for x in recipients %}{{ loop.index * 2 }}{{ m(x) }}{% endfor %}"
    )
    rendered = render(overridden(new_ticket_txt=source), "new_ticket", "pt_BR", sample("new_ticket", "pt_BR"))
    assert rendered.text == "2<Ana Lima>4<Bruno Castro>\n"


def test_a_context_of_anything_but_plain_values_is_refused() -> None:
    class Door:
        pass

    with pytest.raises(TypeError, match="'subject' is a Door"):
        render(TEMPLATES, "alarm", "en", {"alarm": {"subject": Door(), "text": "", "since": None}})


def test_keys_that_the_context_lacks_are_unknown() -> None:
    rendered = render(
        TEMPLATES, "received", "en", {"queue": {"title": "Support"}, "ticket": {"tag": "[#7]", "number": 7}}
    )
    assert rendered.subject == "[#7] We have received your message"
    assert "request number is 7." in rendered.text


# --- strangers' words ---------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["{{7*7}}", "{% include 'layout.txt' %}", "{# no #}", "${7*7} <%= 7*7 %>"])
@pytest.mark.parametrize("notice", ["new_ticket", "customer_replied", "also_addressed", "answer"])
def test_template_syntax_in_a_mail_stays_literal(words: str, notice: str) -> None:
    rendered = render(TEMPLATES, notice, "pt_BR", saying(words, notice))
    assert words in rendered.subject
    assert words in rendered.text
    assert Markup.escape(words) in (rendered.html or "")


def test_markup_in_a_mail_is_escaped_in_html_wherever_it_stands() -> None:
    words = "<img src=x onerror=alert(1)>\"'&"
    for notice in ("new_ticket", "customer_replied", "also_addressed", "answer"):
        for context in (saying(words, notice), saying(Markup(words), notice)):
            html = render(TEMPLATES, notice, "pt_BR", context).html or ""
            assert "<img" not in html
            assert "&lt;img src=x onerror=alert(1)&gt;&#34;&#39;&amp;" in html


def test_only_the_html_that_reading_the_mail_made_is_put_in_as_it_is() -> None:
    said = saying("<i>b c</i>", html="<p>&lt;i&gt;b <b>c</b>&lt;/i&gt;</p>")
    html = render(TEMPLATES, "new_ticket", "pt_BR", said).html or ""
    assert "<p>&lt;i&gt;b <b>c</b>&lt;/i&gt;</p>" in html
    assert "<i>" not in html


def test_a_mail_cannot_hold_a_second_place_for_the_reply_token() -> None:
    words = f"Ref.: {REF_PLACEHOLDER}000"
    rendered = render(TEMPLATES, "new_ticket", "pt_BR", saying(words, html=f"<p>{words}</p>"))
    assert rendered.text.count(REF_PLACEHOLDER) == 1
    assert (rendered.html or "").count(REF_PLACEHOLDER) == 1
    assert REF_PLACEHOLDER not in rendered.subject


def test_a_subject_is_one_line_without_controls_whatever_the_mails_was() -> None:
    rendered = render(TEMPLATES, "customer_replied", "pt_BR", saying("Oi\r\nBcc: x@evil.test\0\x1b[2J\u202egpj\u2028!"))
    assert rendered.subject == "Re: [#1042] Oi Bcc: x@evil.test[2Jgpj !"


def test_a_long_subject_is_cut_behind_its_tag() -> None:
    subject = render(TEMPLATES, "new_ticket", "pt_BR", saying("longo " * 1000)).subject
    assert subject.startswith("[#1042] longo longo")
    assert subject.endswith("…")
    assert len(subject) <= MAX_SUBJECT_CHARS


def test_controls_in_a_mails_text_do_not_reach_a_terminal() -> None:
    text = render(TEMPLATES, "new_ticket", "pt_BR", saying("a\x1b[31mb\x07\x9b0c\td\ne")).text
    assert "> a[31mb0c\td\n> e\n" in text


def test_a_long_mail_is_told_whole() -> None:
    words = "&".join(f"linha {number}" for number in range(100_000))
    rendered = render(TEMPLATES, "new_ticket", "pt_BR", saying("x", text=words))
    assert words in rendered.text
    assert "linha 99999" in (rendered.html or "")


def test_plain_text_keeps_its_lines_and_indentation_in_html() -> None:
    html = render(TEMPLATES, "new_ticket", "pt_BR", saying("x", text="a\n  b  c")).html or ""
    assert "a<br>\n&nbsp; b&nbsp; c" in html


def test_a_phone_previews_the_beginning_of_the_words() -> None:
    html = render(TEMPLATES, "new_ticket", "pt_BR", saying("x", text="Bom dia,\n\n" + "muito " * 100)).html or ""
    hidden = html.partition("mso-hide: all")[2].partition("</div>")[0]
    assert hidden.startswith('">Bom dia, muito muito')
    assert hidden.endswith(" muito…")


def test_a_phone_previews_what_happened_where_there_are_no_words() -> None:
    html = render(TEMPLATES, "unassigned", "pt_BR", sample("unassigned", "pt_BR")).html or ""
    assert 'mso-hide: all">Bruno Castro deixou de ser responsável por este chamado' in html


# --- looking over -------------------------------------------------------------------------------------


def test_check_names_what_is_broken_in_any_situation() -> None:
    branch = BUILTIN["pt_BR/customer_replied.txt"].replace("Atenção", "{{ oops }}")
    templates = Templates(BUILTIN, {"pt_BR/customer_replied.txt": branch, "pt_BR/recieved.txt": "x"})
    assert check(templates) == (
        TemplateProblem("pt_BR/recieved.txt", 1, "overrides nothing: there is no template of this name"),
        TemplateProblem("pt_BR/customer_replied.txt", 7, "'oops' is undefined"),
    )


def test_check_misses_the_reference_line_where_it_belongs() -> None:
    problems = check(overridden(received_html="<p>Oi</p>", alarm_txt="{{ ref }}"))
    assert problems == (
        TemplateProblem("pt_BR/received.html", 1, "must show {{ ref }} once"),
        TemplateProblem("pt_BR/alarm.txt", 1, "must show {{ ref }} nowhere"),
    )


def test_templates_go_to_another_process_as_their_texts() -> None:
    templates = overridden(received_html="<p>{{ ref }}</p>")
    render(templates, "received", "pt_BR", bare("received", "pt_BR"))  # compiled by now
    copy = pickle.loads(pickle.dumps(templates))
    context = sample("received", "pt_BR")
    assert render(copy, "received", "pt_BR", context) == render(templates, "received", "pt_BR", context)


# --- ready answers ------------------------------------------------------------------------------------


def ready(**files: str) -> Templates:
    return Templates(BUILTIN, {f"canned/pt_BR/{name.replace('_', '-')}.txt": text for name, text in files.items()})


def test_every_locale_has_ready_answers_that_greet_and_name_the_ticket() -> None:
    for locale, greeting in (("pt_BR", "Olá, Maria!\n"), ("en", "Hello Mary,\n"), ("es", "Hola, María:\n")):
        names = canned_names(TEMPLATES, locale)
        assert len(names) >= 3
        for name in names:
            text = canned(TEMPLATES, name, locale, sample("answer", locale))
            assert text.startswith(greeting)
            says_so_itself = {"#resolver", "#resolve"}
            resolves = canned_commands(TEMPLATES, name, locale) in says_so_itself
            assert "1042" in text or resolves
            assert text == text.strip()


@pytest.mark.parametrize(
    "name", ["visita técnica", "VISITA-TECNICA", "Visita_Técnica", "visita-tecnica", "  visita  tecnica"]
)
def test_a_ready_answer_is_found_however_its_name_is_typed(name: str) -> None:
    templates = ready(Visita_técnica="Vamos aí, {{ customer.name|first_name }}.")
    assert canned(templates, name.strip(), "pt_BR", sample("answer", "pt_BR")) == "Vamos aí, Maria."


@pytest.mark.parametrize("name", ["nada", "", "../received", "encerrament", "closing"])
def test_a_ready_answer_that_there_is_not_is_a_key_error(name: str) -> None:
    with pytest.raises(KeyError):
        canned(TEMPLATES, name, "pt_BR", sample("answer", "pt_BR"))


def test_a_ready_answer_of_ones_own_takes_the_place_of_a_built_in_one_and_an_empty_one_takes_it_away() -> None:
    templates = ready(encerramento="Tchau!", sem_retorno=" \n")
    assert canned(templates, "encerramento", "pt_BR", sample("answer", "pt_BR")) == "Tchau!"
    assert "sem-retorno" in canned_names(TEMPLATES, "pt_BR")
    assert "sem-retorno" not in canned_names(templates, "pt_BR")


def test_a_broken_ready_answer_is_named_by_check_and_never_sent() -> None:
    templates = ready(ola="{{ nada }}", encerramento="{% if %}", vazio="{# só isto #}")
    templates.overrides["canned/pt/ola.txt"] = "Oi, em nenhuma língua que temos"
    assert [(problem.file, problem.line) for problem in check(templates)] == [
        ("canned/pt/ola.txt", 1),
        ("canned/pt_BR/encerramento.txt", 1),
        ("canned/pt_BR/ola.txt", 1),
        ("canned/pt_BR/vazio.txt", 1),
    ]
    for name in ("ola", "vazio"):
        with pytest.raises(KeyError):
            canned(templates, name, "pt_BR", sample("answer", "pt_BR"))
    assert "Que bom" in canned(templates, "encerramento", "pt_BR", sample("answer", "pt_BR"))


def test_the_last_lines_of_a_ready_answer_are_the_commands_that_it_carries() -> None:
    templates = ready(ola="Oi, {{ customer.name }}.\n\n#resolver\n#etiqueta +fim\n\n")
    assert canned(templates, "ola", "pt_BR", sample("answer", "pt_BR")) == "Oi, Maria Souza."
    assert canned_commands(templates, "ola", "pt_BR") == "#resolver\n#etiqueta +fim"
    assert canned_commands(templates, "nada", "pt_BR") == ""


def test_what_a_customer_is_called_is_no_command_of_a_ready_answer() -> None:
    templates = ready(ola="Oi.\n\n{{ customer.name }}\n{{ ticket.subject }}")
    seen = {**sample("answer", "pt_BR"), "customer": {"name": "#spam", "address": "x@y.test"}}
    assert canned(templates, "ola", "pt_BR", seen).splitlines()[2] == "#spam"
    assert canned_commands(templates, "ola", "pt_BR") == ""


@pytest.mark.parametrize(
    "lines", ["#nota cliente chato", "#status xyz", "#resposta outra", "#juntar 3", "#desfazer", "#resolver já"]
)
def test_a_ready_answer_with_a_command_that_it_may_not_carry_is_none_and_check_says_so(lines: str) -> None:
    templates = ready(ola=f"Oi.\n\n{lines}\n")
    with pytest.raises(KeyError):
        canned(templates, "ola", "pt_BR", sample("answer", "pt_BR"))
    assert [(p.file, p.line) for p in check(templates)] == [("canned/pt_BR/ola.txt", 3)]


def test_a_line_that_is_no_command_stays_in_a_ready_answer() -> None:
    templates = ready(ola="Oi.\n\n#VemPraLoja\n")
    assert canned(templates, "ola", "pt_BR", sample("answer", "pt_BR")) == "Oi.\n\n#VemPraLoja"


def test_a_ready_answer_reaches_no_more_than_a_notice_does() -> None:
    templates = ready(x="{{ ticket.__class__ }}", y="{{ ticket.subject }}")
    with pytest.raises(KeyError):
        canned(templates, "x", "pt_BR", sample("answer", "pt_BR"))
    assert canned(templates, "y", "pt_BR", saying("{{ 7 * 7 }}", "answer")) == "{{ 7 * 7 }}"


# --- how a locale writes ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "pt", "en", "es"),
    [
        ("2025-03-03 10:12", "3 de março de 2025, 10h12", "March 3, 2025, 10:12 AM", "3 de marzo de 2025, 10:12"),
        (
            "2025-12-01 00:05",
            "1º de dezembro de 2025, 0h05",
            "December 1, 2025, 12:05 AM",
            "1 de diciembre de 2025, 0:05",
        ),
        ("2026-05-31 12:00", "31 de maio de 2026, 12h00", "May 31, 2026, 12:00 PM", "31 de mayo de 2026, 12:00"),
        (
            "2026-09-07 23:59",
            "7 de setembro de 2026, 23h59",
            "September 7, 2026, 11:59 PM",
            "7 de septiembre de 2026, 23:59",
        ),
    ],
)
def test_dates_are_written_as_people_write_them(at: str, pt: str, en: str, es: str) -> None:
    moment = datetime.fromisoformat(at)
    assert [locales.date(moment, locale) for locale in ("pt_BR", "en", "es")] == [pt, en, es]


def test_dates_and_times_by_themselves_and_in_lists() -> None:
    moment = datetime.fromisoformat("2026-05-01 14:05")
    every = ("pt_BR", "en", "es")
    assert [locales.short(moment, locale) for locale in every] == [
        "1 mai. 2026, 14h05",
        "May 1, 2026, 2:05 PM",
        "1 may 2026, 14:05",
    ]
    assert [locales.day(moment.date(), locale) for locale in every] == [
        "1º de maio de 2026",
        "May 1, 2026",
        "1 de mayo de 2026",
    ]
    assert [locales.time(moment, locale) for locale in every] == ["14h05", "2:05 PM", "14:05"]


@pytest.mark.parametrize(
    ("octets", "pt", "en"),
    [
        (0, "0 bytes", "0 bytes"),
        (1, "1 byte", "1 byte"),
        (999, "999 bytes", "999 bytes"),
        (1000, "1 KB", "1 KB"),
        (1536, "1,5 KB", "1.5 KB"),
        (10 * 1024 - 1, "10 KB", "10 KB"),
        (348_160, "340 KB", "340 KB"),
        (1024 * 1024 - 1, "1 MB", "1 MB"),
        (1_258_291, "1,2 MB", "1.2 MB"),
        (26_214_400, "25 MB", "25 MB"),
        (3 * 1024**3, "3 GB", "3 GB"),
        (5000 * 1024**3, "5000 GB", "5000 GB"),
    ],
)
def test_sizes_are_written_as_people_write_them(octets: int, pt: str, en: str) -> None:
    assert (locales.size(octets, "pt_BR"), locales.size(octets, "en"), locales.size(octets, "es")) == (pt, en, pt)


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Maria Souza", "Maria"),
        ("MARIA SOUZA", "Maria"),
        ("Souza, Maria", "Maria"),
        ("Dr. João Silva", "João"),
        ("Dona Lurdes", "Lurdes"),
        ("Sra. Dona Lurdes Prado", "Lurdes"),
        ("Doña Carmen", "Carmen"),
        ("Eng. Paulo Reis", "Paulo"),
        ("Jean-Luc Picard", "Jean-Luc"),
        ("D'Ávila", "D'Ávila"),
        ("ACME Comércio Ltda.", ""),
        ("Padaria S.A.", ""),
        ("maria@cliente.test", ""),
        ("http://evil.test", ""),
        ("3M", ""),
        ("J.", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_a_greeting_uses_the_first_name_where_there_is_one(name: str | None, first: str) -> None:
    assert locales.first_name(name) == first


@pytest.mark.parametrize(
    ("subject", "topic"),
    [
        ("Impressora", "Impressora"),
        ("RES: Re: Impressora", "Impressora"),
        ("Re: [#7] Impressora", "Impressora"),
        ("[#7] RE: Impressora", "Impressora"),
        ("Re[2]: Impressora", "Impressora"),
        ("ENC: Impressora", "ENC: Impressora"),
        ("Reunião: amanhã", "Reunião: amanhã"),
        ("  ", "(sem assunto)"),
        ("Re:", "(sem assunto)"),
    ],
)
def test_a_subject_loses_its_marks_of_replying_and_its_own_tag(subject: str, topic: str) -> None:
    assert locales.topic(subject, "[#7]", "pt_BR") == topic


def test_names_are_listed_with_the_locales_and() -> None:
    assert locales.series([], "en") == ""
    assert locales.series(["Ana"], "en") == "Ana"
    assert locales.series(["Ana", "Bruno", "Carla"], "pt_BR") == "Ana, Bruno e Carla"
    assert locales.series(["Ana", "Bruno"], "en") == "Ana and Bruno"
    assert locales.series(["Ana", "Bruno"], "es") == "Ana y Bruno"
    assert locales.series(["Ana", "Inés"], "es") == "Ana e Inés"
    assert locales.series(["Ana", "Hierro"], "es") == "Ana y Hierro"


def test_a_label_that_nobody_has_named_stands_for_itself() -> None:
    assert locales.label(locales.STATUS_LABELS, "pending", "pt_BR") == "aguardando cliente"
    assert locales.label(locales.STATUS_LABELS, "frozen", "pt_BR") == "frozen"


CID = "[cid:image001.png@01DB4142.8A3B5C10]"


@pytest.mark.parametrize("locale", ["pt_BR", "en", "es"])
def test_a_picture_placeholder_says_nothing_in_a_notices_text(locale: str) -> None:
    words = f"{CID} Veja o erro:\n\n{CID}\n\nObrigado"
    context = sample("new_ticket", locale)
    shown = render(TEMPLATES, "new_ticket", locale, {**context, "message": {**context["message"], "text": words}})
    assert shown.html is not None
    assert "cid:" not in f"{shown.text}{shown.html}"
    assert "> Veja o erro:\n>\n> Obrigado" in shown.text


@pytest.mark.parametrize("locale", ["pt_BR", "en", "es"])
def test_a_picture_placeholder_says_nothing_in_a_history(locale: str) -> None:
    context = sample("history", locale)
    context["thread"] = [{**item, "text": f"Oi\n{CID}"} for item in context["thread"]]
    shown = render(TEMPLATES, "history", locale, context)
    assert "Oi" in shown.text
    assert "cid:" not in f"{shown.text}{shown.html}"


def test_a_picture_is_shown_where_its_placeholder_stands_in_the_text() -> None:
    html = '<p>Veja:</p><p><img src="cid:image001.png@01DB4142.8A3B5C10"></p><p>Obrigado</p>'
    shown = render(TEMPLATES, "new_ticket", "pt_BR", saying("Oi", text=f"Veja:\n\n{CID}\n\nObrigado", html=html))
    assert shown.relayed
    assert shown.html is not None
    assert 'src="cid:image001.png@01DB4142.8A3B5C10"' in shown.html
    assert "cid:" not in shown.text
