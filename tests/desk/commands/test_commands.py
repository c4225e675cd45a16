"""Commands as agents type them, and that nothing they type by mistake or in confidence is published."""

import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtickets.desk.commands.command import Command, people, tags
from mailtickets.desk.commands.correcting import corrected
from mailtickets.desk.commands.digest import read_lines
from mailtickets.desk.commands.lines import PROBLEMS
from mailtickets.desk.commands.moments import when
from mailtickets.desk.commands.reading import Asked, read, with_canned
from mailtickets.desk.commands.rows import COMMANDS, known, spelled
from mailtickets.desk.commands.values import Changes, Term, When
from mailtickets.desk.model.decision import Problem
from mailtickets.mail.model import Address
from mailtickets.mail.reply import cut as body
from mailtickets.mail.reply import html

NAMES = ("Ana Lima",)
SAO_PAULO = ZoneInfo("America/Sao_Paulo")
TABLE = Path(__file__).with_name("commands_as_typed.txt")


def rows() -> list[list[str]]:
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    body = lines[lines.index("== each command, in each language ==") :]
    return [[*re.split(r" \|(?= |$)", line), "", "", "", ""][:5] for line in body if line and not line.startswith("==")]


def typed(text: str) -> str:
    """The characters that a row stands for."""
    text = re.sub(r"\\(u[0-9a-f]{4}|[tr\\])", lambda match: {"t": "\t", "r": "\r", "\\": "\\"}.get(match[1], "")
                  or chr(int(match[1][1:], 16)), text)  # fmt: skip
    return text.replace("⏎", "\n")


def shown(command: Command) -> str:
    value = f"{command.value if isinstance(command.value, int) else shown_value(command)} {command.solution}".strip()
    return f"{command.name}={value}" if value else command.name


def shown_value(command: Command) -> str:
    match command.value:
        case Changes(added, removed):
            return " ".join([f"+{person(one)}" for one in added] + [f"-{person(one)}" for one in removed])
        case Address():
            return person(command.value)
        case tuple():
            return ", ".join(map(person, command.value))
        case When():
            return moment(command.value)
        case Term(minutes=int() as minutes):
            return f"{minutes} working minutes"
        case Term(days=int() as days):
            return f"{days} working days"
        case Term(day=When() as day):
            return moment(day)
        case Term():
            return "nothing"
        case None:
            return command.argument
        case _:
            return str(command.value)


def person(one: Address | str) -> str:
    if isinstance(one, str):
        return one
    return f"{one.name} <{one.address}>" if one.name else one.address


def moment(value: When) -> str:
    at = "" if value.at.hour == 8 and not value.at.minute else f" {value.at:%H:%M}"
    if value.day is not None:
        year, month, day = value.day
        return (f"{year}-" if year else "") + f"{month:02}-{day:02}{at}"
    if value.weekday is not None:
        return f"weekday {value.weekday}{at}"
    spans = {"minutes": value.minutes, "days": value.days, "months": value.months}
    return next(f"{count} {unit}{at}" for unit, count in spans.items() if count is not None)


def told(problem: Problem) -> str:
    return (
        problem.code
        + (f":{problem.expected}" if problem.expected else "")
        + "".join(f"→{near}" for near in problem.nearest[:1])
    )


def test_the_table_is_long() -> None:
    assert len(rows()) >= 300


def test_the_table_has_every_command_and_every_problem_of_a_reply() -> None:
    said = " ".join(" ".join(row[1:3]) for row in rows())
    for command in COMMANDS:
        assert command.key in ("note", "end") or re.search(rf"(?:^|[ ;]){command.name}\b", said), command.key
    assert {code for code in PROBLEMS if code not in said} == {"missing-sign", "missing-number", "not-in-a-list"}


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_a_reply_is_read_as_the_table_says(row: list[str]) -> None:
    line, commands, problems, words, note = row
    asked = read(typed(line), names=NAMES)
    assert "; ".join(map(shown, asked.commands)) == commands.strip()
    assert "; ".join(map(told, asked.problems)) == problems.strip()
    assert asked.words.replace("\n", "⏎") == words.strip()
    assert asked.note.replace("\n", "⏎") == note.strip()


def test_a_problem_suggests_three_complete_commands_at_most_of_the_language_that_was_typed() -> None:
    assert read("#resolvr").problems == (Problem("#resolvr", "unknown-command", ("#resolver",), ""),)
    assert read("#status pendnte").problems[0].nearest == ("#status pendente", "#status pendiente")
    assert read("#estado pendiete").problems[0].nearest[0] == "#estado pendiente"
    assert read("#zzz").problems[0].nearest == ()


def test_a_line_with_one_wrong_command_names_only_that_one() -> None:
    asked = read("#resolver #etiqeta +rede #assumir")
    assert [problem.line for problem in asked.problems] == ["#etiqeta +rede"]
    assert [command.name for command in asked.commands] == ["status", "take"]


def test_the_agents_signature_is_known_whatever_it_looks_like() -> None:
    signature = "ana lima, analista\n#JuntosPelaExemplo\nantes de imprimir, pense no ambiente!"
    asked = read(f"Pronto.\n\n#resolver\n\n{signature}", signature=signature, names=NAMES)
    assert [shown(command) for command in asked.commands] == ["status=resolved"]
    assert asked.problems == ()
    assert asked.words == f"Pronto.\n\n{signature}"


def test_a_signature_alone_is_not_published() -> None:
    signature = "ana lima, analista\n#JuntosPelaExemplo"
    assert read(f"#assumir\n{signature}", signature=signature).words == ""


def test_commands_under_the_signature_are_the_last_lines_of_the_reply() -> None:
    asked = read("Pronto.", signature="Ana Lima\n#JuntosPelaExemplo\n#resolver", names=NAMES)
    assert (asked.words, asked.problems) == ("Pronto.", ())
    assert [shown(command) for command in asked.commands] == ["status=resolved"]


def test_a_note_under_the_signature_is_a_note() -> None:
    asked = read("Pronto.", signature="Ana Lima\n#nota\nEle paga mal.", names=NAMES)
    assert (asked.words, asked.note) == ("Pronto.", "Ele paga mal.")


def test_a_command_under_the_signature_is_corrected_like_any_other() -> None:
    asked = read("Pronto.", signature="Ana Lima\n#status pendnte", names=NAMES)
    assert [shown(one) for one in corrected(asked, "#status pendente").commands] == ["status=pending"]
    assert corrected(asked, "").words == "Pronto."


GMAIL = (
    '<div dir="ltr">Pronto.<div><br></div><div>#resolver</div><div>#etiqueta +rede</div></div><br>'
    '<div class="gmail_quote"><div class="gmail_attr">Em seg., 3 de mar. de 2025 às 10:12, Maria &lt;m@x.test&gt; '
    'escreveu:<br></div><blockquote class="gmail_quote">#fechar</blockquote></div>'
)
OUTLOOK = (
    '<p class=MsoNormal>#atribuir Bruno<o:p></o:p></p><p class=MsoNormal>#cc <a href="mailto:x@y.test">x@y.test</a>'
    "<o:p></o:p></p><p class=MsoNormal><o:p>&nbsp;</o:p></p><p class=MsoNormal>Pronto.<o:p></o:p></p>"
)
HTML = [
    (GMAIL, "status=resolved; tag=+rede", ""),
    (OUTLOOK, "assign=Bruno; cc=+x@y.test", ""),
    ("<ul><li>#resolver</li><li>#etiqueta&nbsp;+rede</li></ul><p>Pronto.</p>", "status=resolved; tag=+rede", ""),
    ("<ol><li>#resolver</li><li>#assumir</li></ol><p>Pronto.</p>", "status=resolved; take", ""),
    ("<div>Pronto.</div><div><b>#nota</b></div><div>Ele paga mal.</div>", "", "Ele paga mal."),
    ("<p>Pronto.</p><p><strong>#status</strong>&nbsp;pendente</p><p>-- <br>Ana Lima</p>", "status=pending", ""),
    (
        "<span>#requerente Maria &lt;<a href='mailto:m@x.test'>m@x.test</a>&gt;</span><br>Pronto.",
        "requester=Maria <m@x.test>",
        "",
    ),
    ("Pronto.<br>-- <br>Ana Lima<br>#resolver", "status=resolved", ""),
    ("<blockquote>onde?</blockquote><p>Pronto.</p><p>#resolver</p>", "status=resolved", ""),
]


@pytest.mark.parametrize(("source", "commands", "note"), HTML)
def test_commands_are_read_as_mail_programs_write_them_in_html(source: str, commands: str, note: str) -> None:
    split = body.split(html.render(source).text, source)
    asked = read(split.reply, signature=split.signature, names=NAMES)
    assert "; ".join(map(shown, asked.commands)) == commands
    assert (asked.words, asked.note, asked.problems) == ("Pronto.", note, ())


def test_long_lines_under_a_command_are_no_signature() -> None:
    text = "Depois disso é preciso reiniciar o micro e esperar alguns minutos até que a impressora volte."
    assert [problem.code for problem in read(f"Pronto.\n#resolver\n{text}").problems] == ["command-in-the-middle"]


def test_a_list_of_addresses_that_goes_on_in_the_next_line_is_not_cut_in_two() -> None:
    assert [told(problem) for problem in read("#cc x@y.test,\nz@w.test").problems] == ["bad-argument:address"]


@pytest.mark.parametrize(
    ("line", "added", "removed"),
    [
        ("#cc +x@y.test -Zé <z@w.test>", ["x@y.test"], ["z@w.test"]),
        ("#participante x@y.test, z@w.test", ["x@y.test", "z@w.test"], []),
        ("#requerente x@y.test", ["x@y.test"], []),
        ("#atribuir x@y.test", ["x@y.test"], []),
        ("#atribuir Bruno", [], []),
    ],
)
def test_the_people_of_a_command_are_found_alike(line: str, added: list[str], removed: list[str]) -> None:
    changes = people(read(line).commands[0])
    assert [one.address for one in changes.added] == added
    assert [one.address for one in changes.removed] == removed


def test_the_tags_of_a_command_are_words() -> None:
    assert tags(read("#etiqueta +Rede -vpn").commands[0]) == Changes(("rede",), ("vpn",))
    assert tags(read("#assumir").commands[0]) == Changes()


# --- ready answers ------------------------------------------------------------------------------------


def test_a_ready_answer_comes_where_its_command_stood() -> None:
    asked = read("Olá Maria,\n\n#resposta senha\n\nQualquer coisa, me chame.\nAna\n\n#resolver", names=NAMES)
    whole = with_canned(asked, {"senha": "Para trocar a senha, use o portal.\n"})
    assert whole == "Olá Maria,\n\nPara trocar a senha, use o portal.\n\nQualquer coisa, me chame.\nAna"


def test_ready_answers_may_follow_each_other() -> None:
    asked = read("#resposta a\n#resposta b #resolver\n\nAté mais")
    assert with_canned(asked, {"a": "A.", "b": "B."}) == "A.\n\nB.\n\nAté mais"


def test_words_without_a_ready_answer_are_themselves() -> None:
    asked = read("Um.\n\nDois.\n\n#resolver")
    assert with_canned(asked, {}) == asked.words == "Um.\n\nDois."


# --- corrections --------------------------------------------------------------------------------------


def correction(reply: str, *answers: str) -> Asked:
    asked = read(reply, names=NAMES)
    for answer in answers:
        asked = corrected(asked, answer)
    return asked


@pytest.mark.parametrize(
    ("reply", "answer", "commands", "words"),
    [
        ("#resolvr\nPronto.", "#resolver", "status=resolved", "Pronto."),
        ("#resolvr\nPronto.", "resolver", "status=resolved", "Pronto."),
        ("#resolvr\nPronto.", "Resolver.\n\nAna Lima", "status=resolved", "Pronto."),
        ("#resolvr\nPronto.", "", "", "Pronto."),
        ("#resolvr\nPronto.", "\n\nAna Lima\n", "", "Pronto."),
        ("Pronto.\n#resolvr", "#resolver #etiqueta +rede", "status=resolved; tag=+rede", "Pronto."),
        ("#resolver #etiqeta +rede\nPronto.", "#etiqueta +rede", "tag=+rede; status=resolved", "Pronto."),
        ("#resolver #etiqeta +rede\nPronto.", "#resolver #etiqueta +rede", "tag=+rede; status=resolved", "Pronto."),
        ("#resolver\n#fechar\nPronto.", "#fechar", "status=closed", "Pronto."),
        ("Um.\n#resolver\ndois três.", "#resolver", "status=resolved", "Um.\ndois três."),
        ("Um.\n#resolver\ndois três.", "", "", "Um.\ndois três."),
        ("Pronto. #resolver", "#resolver", "status=resolved", "Pronto."),
        ("#assumir\nPronto.\n#lembrar logo", "lembrar 3d", "remind=3 days; take", "Pronto."),
        ("Oi,\n#resposta\ntudo certo.", "#resposta senha", "canned=senha", "Oi,\n\ntudo certo."),
        ("#nota\nx\n#assunto Novo", "#assunto Novo", "subject=Novo", ""),
        ("#find\nTexto", "#find vpn", "search=vpn", "Texto"),
        ("#find\nTexto", "", "", "Texto"),
        ("#cc x@y.test,\nTexto", "#cc x@y.test, z@w.test", "cc=+x@y.test +z@w.test", "Texto"),
    ],
)  # fmt: skip
def test_a_correction_takes_the_place_of_what_was_not_understood(
    reply: str, answer: str, commands: str, words: str
) -> None:
    asked = correction(reply, answer)
    assert asked.problems == ()
    assert "; ".join(map(shown, asked.commands)) == commands
    assert asked.words == words
    assert asked.aside == ""


def test_a_correction_may_be_wrong_too_and_be_corrected() -> None:
    asked = correction("#resolvr\nPronto.", "#resovler")
    assert [problem.line for problem in asked.problems] == ["#resovler"]
    assert shown(corrected(asked, "#resolver").commands[0]) == "status=resolved"


def test_an_answer_without_a_command_is_no_correction() -> None:
    asked = correction("#resolvr\nPronto.", "não entendi o que houve")
    assert [problem.code for problem in asked.problems] == ["unknown-command"]
    assert asked.aside == "não entendi o que houve"


def test_words_of_a_correction_are_told_and_not_published() -> None:
    asked = correction("#resolvr\nPronto.", "#resolver\nera isso que eu queria dizer")
    assert asked.words == "Pronto."
    assert asked.aside == "era isso que eu queria dizer"


@pytest.mark.parametrize(
    ("reply", "answer", "words", "note"),
    [
        ("Pronto.\n#ntoa\nEle paga mal.", "#nota", "Pronto.", "Ele paga mal."),
        ("Pronto.\n#ntoa ele paga mal", "#nota ele paga mal", "Pronto.", "ele paga mal"),
        ("Pronto. #nota ele paga mal", "#nota ele paga mal", "Pronto.", "ele paga mal"),
        ("#nota\nEle paga mal.\n#fimm\nPronto.", "#fim", "Pronto.", "Ele paga mal."),
        ("#nota\nEle paga mal.\n#fim disso\nPronto.", "fim", "Pronto.", "Ele paga mal."),
        ("Ele paga mal.\n#nota", "#nota", "", "Ele paga mal."),
        ("Ele paga mal.\n#fim\nPronto.", "#nota", "Pronto.", "Ele paga mal."),
        ("#ntoa\nEle paga mal.\n#fim\nPronto.", "#nota", "Pronto.", "Ele paga mal."),
        ("Oi, Bia.\n#ntoa\nEle paga mal.\n#fim\nPronto.", "#nota\n#fim", "Oi, Bia.\nPronto.", "Ele paga mal."),
        ("Um.\n#resposta\nDois.\n#ntoa\nEle paga mal.", "#nota", "Um.\nDois.", "Ele paga mal."),
    ],
)
def test_the_bounds_of_a_note_are_corrected_where_they_stand(reply: str, answer: str, words: str, note: str) -> None:
    asked = correction(reply, answer)
    assert (asked.words, asked.note) == (words, note)


@pytest.mark.parametrize("answer", ["", "#resolver", "Ana Lima", "#resposta senha"])
@pytest.mark.parametrize(
    "reply",
    [
        "Pronto.\n#ntoa\nEle paga mal.",
        "#notaa\nEle paga mal.",
        "Pronto. #nota ele paga mal\nmuito mal",
        "#nota\nEle paga mal.\n#fimm\nPronto.",
        "Ele paga mal.\n#nota",
        "Ele paga mal.\n#fim\nPronto.",
        "# nota\nEle paga mal.",
    ],
)
def test_what_may_have_bounded_a_note_is_never_dropped(reply: str, answer: str) -> None:
    assert correction(reply, answer).problems


def test_what_follows_a_doubtful_bound_of_a_note_is_not_in_the_words() -> None:
    assert read("Pronto.\n#ntoa\nEle paga mal.").words == ""
    assert correction("Pronto.\n#ntoa\nEle paga mal.", "#resolver").words == ""


def test_a_command_that_cannot_be_carried_out_is_replaced_as_well() -> None:
    asked = read("#resolver #atribuir Fulano\n#resposta senhha\nPronto.")
    wrong = [command for command in asked.commands if command.name in ("assign", "canned")]
    right = corrected(asked, "atribuir Bruno\n#resposta senha", wrong)
    assert [shown(one) for one in right.commands] == ["assign=Bruno", "status=resolved", "canned=senha"]
    assert with_canned(right, {"senha": "Use o portal."}) == "Use o portal.\n\nPronto."
    dropped = corrected(asked, "", wrong)
    assert [shown(one) for one in dropped.commands] == ["status=resolved"]
    assert with_canned(dropped, {}) == "Pronto."


# --- moments ------------------------------------------------------------------------------------------

WEDNESDAY = datetime(2026, 3, 4, 15, 30, tzinfo=UTC)  # 12:30 in São Paulo


@pytest.mark.parametrize(
    ("words", "local"),
    [
        ("30min", "2026-03-04 13:00"),
        ("2h", "2026-03-04 14:30"),
        ("3d", "2026-03-07 08:00"),
        ("1 semana", "2026-03-11 08:00"),
        ("1 mês", "2026-04-04 08:00"),
        ("hoje 18h", "2026-03-04 18:00"),
        ("amanhã", "2026-03-05 08:00"),
        ("amanhã às 14h", "2026-03-05 14:00"),
        ("sexta", "2026-03-06 08:00"),
        ("quarta", "2026-03-11 08:00"),
        ("terça 9:15", "2026-03-10 09:15"),
        ("semana que vem", "2026-03-09 08:00"),
        ("4/3 14:00", "2026-03-04 14:00"),
        ("4/3", "2027-03-04 08:00"),
        ("25/12", "2026-12-25 08:00"),
        ("29/2", "2028-02-29 08:00"),
        ("2026-12-25 14:00", "2026-12-25 14:00"),
    ],
)
def test_a_moment_is_counted_from_now_in_the_time_of_the_place(words: str, local: str) -> None:
    value = read(f"#lembrar {words}").commands[0].value
    assert isinstance(value, When)
    moment = when(value, WEDNESDAY, SAO_PAULO)
    assert f"{moment.astimezone(SAO_PAULO):%Y-%m-%d %H:%M}" == local
    assert moment.tzinfo is UTC


@pytest.mark.parametrize("words", ["hoje", "hoje 9h", "2026-03-04", "1/1/2026", "29/2/2024"])
def test_a_moment_that_is_past_is_refused(words: str) -> None:
    value = read(f"#lembrar {words}").commands[0].value
    assert isinstance(value, When)
    with pytest.raises(ValueError, match="past"):
        when(value, WEDNESDAY, SAO_PAULO)


def test_a_month_from_the_last_of_january_is_the_last_of_february() -> None:
    assert when(When(months=1), datetime(2027, 1, 31, 12, tzinfo=UTC), SAO_PAULO).day == 28


def test_a_day_begins_in_the_morning_also_where_the_clock_is_put_forward() -> None:
    moment = when(When(days=1), datetime(2026, 3, 7, 12, tzinfo=UTC), ZoneInfo("America/New_York"))
    assert moment == datetime(2026, 3, 8, 12, tzinfo=UTC)


# --- answers to a digest ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "orders"),
    [
        ("1042 #fechar", "1042 status=closed"),
        ("#1042 /assumir", "1042 take"),
        ("[#1042] #status pendente", "1042 status=pending"),
        ("[Suporte #1042] #resolver", "1042 status=resolved"),
        ("1042 fechar", "1042 status=closed"),
        ("1042: fechar.", "1042 status=closed"),
        ("1042 - Fechar", "1042 status=closed"),
        ("- 1042 #fechar", "1042 status=closed"),
        ("• #1042 #fechar", "1042 status=closed"),
        ("*1042* #fechar", "1042 status=closed"),
        ("1. 1042 #fechar", "1042 status=closed"),
        ("> 1042 #fechar", "1042 status=closed"),
        ("\u00a01042\u00a0＃fechar\u200b", "1042 status=closed"),
        ("1042 #fechar #etiqueta +rede", "1042 status=closed; 1042 tag=+rede"),
        ("1042, 1043 e 1044 #assumir", "1042 take; 1043 take; 1044 take"),
        ("1042 prioridade alta", "1042 priority=high"),
        ("1042 atribuir Bruno Reis", "1042 assign=Bruno Reis"),
        ("1042 #juntar 1043", "1042 merge=1043"),
        ("1042 #lembrar 3d", "1042 remind=3 days"),
    ],
)
def test_a_line_of_a_digest_is_answered_with_its_number_and_a_command(line: str, orders: str) -> None:
    listed = read_lines(line)
    assert "; ".join(f"{number} {shown(command)}" for number, command in listed.orders) == orders
    assert (listed.problems, listed.rest, listed.commands) == ((), "", ())


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("1042 #fehcar", "unknown-command→#fechar"),
        ("1042 fehcar", "unknown-command→#fechar"),
        ("1042 #xyzzy", "unknown-command"),
        ("1042 #1043", "unknown-command"),
        ("1042 #status", "missing-argument:status"),
        ("1042 status pendnte", "bad-argument:status→#status pendente"),
        ("1042 #fechar já", "needless-argument→#fechar"),
        ("#fechar", "missing-number:number"),
        ("#fechar 1042", "needless-argument→#fechar"),
        ("#fehcar", "unknown-command→#fechar"),
        ("# fechar", "blank-in-command→#fechar"),
        ("1042 #nota cliente ligou", "not-in-a-list"),
        ("1042 /etc/hosts", "unknown-command"),
        ("1042 atribuir", "missing-argument:name"),
        ("1042 #resposta senha", "not-in-a-list"),
    ],
)
def test_a_line_of_a_digest_that_is_not_understood_orders_nothing(line: str, problem: str) -> None:
    listed = read_lines(line)
    assert [told(one) for one in listed.problems] == [problem]
    assert listed.orders == listed.commands == ()


@pytest.mark.parametrize(
    "line",
    [
        "Bom dia",
        "1042",
        "2 coisas que preciso dizer",
        "1042 está com o João desde ontem",
        "",
        "em 10/12 fechar",
        "/usr",
    ],
)
def test_a_sentence_is_no_order_though_it_begin_with_a_number(line: str) -> None:
    listed = read_lines(line)
    assert (listed.orders, listed.problems, listed.commands) == ((), (), ())
    assert listed.rest == line


def test_orders_that_exclude_each_other_are_not_carried_out_and_the_others_are() -> None:
    listed = read_lines("1042 #fechar\n1042 #reabrir\n1043 #fechar\n#ajuda\n\nAna")
    assert [(number, shown(command)) for number, command in listed.orders] == [(1043, "status=closed")]
    assert [(problem.line, problem.code) for problem in listed.problems] == [
        ("1042 #fechar", "said-twice"),
        ("1042 #reabrir", "said-twice"),
    ]
    assert [command.name for command in listed.commands] == ["help"]
    assert listed.rest == "Ana"


# --- the vocabulary -----------------------------------------------------------------------------------


def test_commands_are_spelled_in_the_language_of_the_reader() -> None:
    assert [spelled("resolve", locale) for locale in ("pt_BR", "en", "es")] == ["#resolver", "#resolve", "#resolver"]
    assert [spelled("note", locale) for locale in ("pt_BR", "en", "es")] == ["#nota", "#note", "#nota"]
    assert spelled("history", "pt_BR") == "#histórico"
    assert spelled("dry-run", "en") == "#dry-run"


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.key)
def test_every_word_of_a_command_is_that_command_and_no_other(command: object) -> None:
    assert command in COMMANDS
    for word in next(one for one in COMMANDS if one is command).words:
        assert known(word) is command, word
        assert known(word.upper()) is command


# --- what holds of everything -------------------------------------------------------------------------

WORDS = [word for command in COMMANDS for word in command.words]
LINES = st.one_of(
    st.sampled_from(
        ["", "Olá Maria,", "Já pode usar.", "Ana Lima", "Suporte N2", "#1042", "/usr", "# passos", "#promo", "&nbsp;",
         "#nota", "#fim", "#nota segredo", "#fimm", "#ntoa x", "Att,", "Obrigado!", "#status pendente", "> #fechar",
         "#resolver #nota abc", "#fim #resolver", "Pronto. #resolver", "#foo #resolver", "- #resolver", "Oi #nota x"]
    ),
    st.builds("{}{}{}{}".format, st.sampled_from(["", " ", "- ", "*", "\u00a0", "“", "\u200b", "a ", "##"]),
              st.sampled_from("#/＃"), st.sampled_from(WORDS), st.sampled_from(["", " ", ".", ": x", " 3d", " +a", "*",
              "1"])),
    st.text("#/ abcnotafim*:.\u00a0\u200b", max_size=12),
    st.text(max_size=20),
)  # fmt: skip
REPLIES = st.one_of(st.lists(LINES, max_size=9).map("\n".join), st.text(max_size=80))
COMMAND_LINE = re.compile(r"[\s*_\-•“\"\u200b]*[#/＃]([^\W\d_][^\s:.,;!*_]*)(?=[\s:.,;!*]|$)")


def begins_with_a_command(line: str) -> bool:
    match = COMMAND_LINE.match(line)
    return match is not None and known(match[1].replace("\u200b", "")) is not None


@given(REPLIES)
def test_whatever_is_typed_no_command_is_left_in_the_words(reply: str) -> None:
    asked = read(reply, names=NAMES)
    assert not any(begins_with_a_command(line) for line in asked.words.splitlines())
    assert all(problem.code in PROBLEMS for problem in asked.problems)
    again = read(asked.words, names=NAMES)
    assert again.commands == ()
    assert again.note == ""


@given(REPLIES)
def test_words_that_are_published_are_published_as_they_are_when_read_again(reply: str) -> None:
    asked = read(reply, names=NAMES)
    if not asked.problems:
        again = read(asked.words, names=NAMES)
        assert (again.words, again.problems) == (asked.words if again.words else "", ())


@given(REPLIES, REPLIES, st.sampled_from(["#nota", "/NOTE", "*#nota*", " ＃Nota", "#note:", "- #nota", "#interno"]))
def test_no_word_of_a_note_is_published(above: str, inside: str, begin: str) -> None:
    secret = "segredo7"
    asked = read(f"{above}\n{begin} {secret}\n{secret} {inside}\n{secret}", names=NAMES)
    ended = asked.words.count(secret)
    assert ended == 0 or any(re.search(r"fim|end|fin", line, re.IGNORECASE) for line in inside.splitlines())
    assert secret not in read(f"{above}\n{begin} {secret}\n{secret}").words


@given(REPLIES, REPLIES)
def test_corrections_never_raise_and_leave_no_command_in_the_words(reply: str, answer: str) -> None:
    asked = corrected(read(reply, names=NAMES), answer)
    assert not any(begins_with_a_command(line) for line in asked.words.splitlines())
    with_canned(asked, {command.argument: "x" for command in asked.commands})


@given(REPLIES)
def test_whatever_answers_a_digest_is_an_order_a_problem_or_the_rest(reply: str) -> None:
    listed = read_lines(reply)
    assert all(number >= 0 for number, _ in listed.orders)
    assert all(problem.code in PROBLEMS for problem in listed.problems)


WHENS = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "em ", "na ", "daqui a ", "próxima "]),
    st.sampled_from(["3d", "2 h", "1 mês", "amanhã", "sexta", "31/12", "29/2", "2099-1-1", "semana que vem", "dez 3"]),
    st.sampled_from(["", " 14:00", " às 9", " 25h", " 8am", " x"]),
)


NOWS = st.integers(946_684_800, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@given(WHENS | st.text(max_size=20), NOWS)
def test_a_moment_is_in_the_future_or_its_day_has_begun(words: str, now: datetime) -> None:
    for command in read(f"#lembrar {words}").commands:
        assert isinstance(command.value, When)
        if command.value.days != 0 and (command.value.day is None or command.value.day[0] is None):
            assert when(command.value, now, SAO_PAULO) > now


@pytest.mark.parametrize(
    "reply",
    [
        "#a " * 40_000,
        "#cc " + "a" * 100_000,
        "#cc " + "a@" * 40_000,
        "#etiqueta " + "#a " * 40_000,
        "#status " + '"' * 100_000,
        "#lembrar " + "1 " * 40_000,
        "#nota " * 20_000,
        "x #resolver y" * 10_000,
        "\n".join(["x", *["#resolver"] * 3_000, "y z w."]),
        "\n".join(["x", *["#promo"] * 3_000, "y z w."]),
        "\n".join(["#ajudx"] * 3_000),
        "1 " * 40_000,
        "1," * 40_000,
        "*" * 100_000 + "#resolver",
    ],
    ids=range(14),
)
@pytest.mark.timeout(120)
def test_long_and_hostile_replies_are_read_in_a_moment(reply: str) -> None:
    read(reply, names=NAMES)
    corrected(read(reply, names=NAMES), "#resolver")
    read_lines(reply)


LONG = "palavra qualquer\n" * 10_000


def test_a_reply_longer_than_anybody_types_is_published_as_it_is() -> None:
    assert read(f"{LONG}https://exemplo.test/pagina").words == f"{LONG}https://exemplo.test/pagina"


@pytest.mark.parametrize(
    "line", ["#resolver", "#resovler", "＃nota segredo", "/fechar", "Pronto. #resolver", "* #nota"]
)
def test_nothing_in_it_that_may_be_a_command_goes_out(line: str) -> None:
    for reply in (f"{line}\n{LONG}", f"{LONG}{line}", f"{LONG}{line}\n{LONG}", "\n".join([line] * 3_000)):
        asked = read(reply)
        assert asked.problems
        assert asked.words == ""
        assert corrected(asked, "#resolver").words == ""
        assert read_lines(reply).problems
