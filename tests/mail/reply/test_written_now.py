"""No word of the writer is lost, and no word of the history is taken for theirs."""

import pytest

from mailtickets.mail.read.parse import parse
from mailtickets.mail.reply.signature import is_device_line

ON = "On Tue, 3 Mar 2026 at 09:10, Suporte <suporte@desk.test> wrote:"
EM = "Em ter., 3 de mar. de 2026 às 09:10, Suporte <suporte@desk.test> escreveu:"
HEAD = "From: Maria <maria@cliente.test>\nSubject: Re: [#1042] Roteador\nIn-Reply-To: <r1@desk.test>\n"


def reply(text: str) -> str:
    return parse(f"{HEAD}Content-Type: text/plain; charset=utf-8\n\n{text}\n".encode()).reply


def reply_of_html(text: str) -> str:
    return parse(f"{HEAD}Content-Type: text/html; charset=utf-8\n\n{text}\n".encode()).reply


@pytest.mark.parametrize(
    "last",
    [
        "Escreva para maria@casa.test, estou em casa hoje.",
        "O roteador mostra este erro:",
        "Veja <https://loja.test/erro>",
        "4711 é o número de série.",
        "3 vezes já liguei, às 10:30 e às 11:15.",
        "No dia 3/3/2026 ele parou.",
        "Att, Maria <maria@casa.test>",
        "Maria Souza\nTel. 11 5555-0000\nmaria@casa.test",
    ],
)
@pytest.mark.parametrize("announcement", [ON, EM])
def test_an_attribution_without_a_blank_line_swallows_no_words(last: str, announcement: str) -> None:
    assert reply(f"Bom dia,\n\n{last}\n{announcement}\n\n> Está ligado?") == f"Bom dia,\n\n{last}"


@pytest.mark.parametrize(
    "announcement",
    [
        "Suporte <suporte@desk.test>\nem 3 de março de 2026 09:10 escreveu:",
        "On Tue, 3 Mar 2026\nat 09:10, Suporte <suporte@desk.test> wrote:",
        "Em ter., 3 de mar. de 2026 às 09:10, Suporte da Loja\n<suporte@desk.test> escreveu:",
        "suporte@desk.test,\nem 03/03/2026 09:10, escreveu:",
    ],
)
def test_an_attribution_of_two_lines_is_history_with_its_first_line(announcement: str) -> None:
    assert reply(f"Feito.\n\n{announcement}\n\n> Está ligado?") == "Feito."


def test_the_rest_of_a_quoted_line_that_was_wrapped_is_no_answer() -> None:
    quoted = (
        "> A garantia do roteador que o senhor comprou em nossa loja vale a contar do\n"
        "mês de fevereiro do ano passado, certo?\n>\n> São dois anos."
    )
    assert reply(f"Obrigada, ficou claro.\n\n{EM}\n\n{quoted}") == "Obrigada, ficou claro."


@pytest.mark.parametrize("answer", ["sim", "Sim, está.", "4711", "já apertei, nada"])
def test_an_answer_right_under_a_question_is_one_however_short(answer: str) -> None:
    question = "> Já apertaram o botão atrás do roteador por uns dez segundos, com a luz acesa?"
    assert answer in reply(f"{EM}\n\n{question}\n{answer}\n> E a luz da frente?\nVerde.").split("\n")


def test_a_bar_alone_is_a_quoted_empty_line() -> None:
    assert reply(f"Obrigada, funciona.\n\n{EM}\n\n| Está ligado?\n|\n| Aperte o botão.") == "Obrigada, funciona."


def test_the_rows_of_a_table_are_no_quotation() -> None:
    table = "Os pedidos:\n\n| pedido | data |\n| 4711 | 3/3 |\n| 4712 | 4/3 |"
    assert reply(f"{table}\n\n{EM}\n\n> Quais pedidos?") == table


def test_a_header_block_in_one_line_under_a_rule_is_history() -> None:
    block = "<b>From: suporte@desk.test</b> <b>Date: Tue, 3 Mar 2026 09:10:00 -0300</b>"
    assert reply_of_html(f"Feito.<div><hr><div>{block}</div><div>Está ligado?</div></div>") == "Feito."


def test_a_quotation_of_ones_own_stands_above_the_history() -> None:
    history = "<div>On Tue, 3 Mar 2026 at 09:10, Suporte wrote:</div><blockquote type=cite>Está ligado?</blockquote>"
    own = "<p>O roteador mostra:</p><blockquote>E42 sem portadora</blockquote>"
    assert reply_of_html(own + history) == "O roteador mostra:\n\nE42 sem portadora"


@pytest.mark.parametrize(
    "line",
    [
        "Sent from my iPhone",
        "Sent from my iPhone. Please excuse brevity and any spelling mistakes.",
        "Sent from my phone, sorry for the typos",
        "Sent via the Samsung Galaxy S8, an AT&T 5G Evolution capable smartphone",
        "Sent wirelessly from my BlackBerry device on the Acme network.",
        "Sent from Outlook for iOS<https://aka.ms/o0ukef>",
        "Enviado do meu celular, desculpe os erros de digitação.",
        "Enviado a partir do Outlook para Android",
        "Enviado com Proton Mail <https://proton.me/>.",
        "Enviado desde mi móvil. Disculpe los errores.",
        "Envoyé de mon iPhone",
        "Von meinem iPhone gesendet",
        "Inviato da iPhone",
    ],
)
def test_what_a_device_adds_is_no_word_of_the_writer(line: str) -> None:
    assert is_device_line(line)
    assert reply(f"Pode ligar.\n{line}") == "Pode ligar."


@pytest.mark.parametrize(
    "line",
    [
        "Sent from my phone, sorry, but the serial number is 4711.",
        "Sent from my phone but the serial number is 4711.",
        "Sent from my iPhone. The serial number is 4711.",
        "Sent from my iPhone - the order number is 991",
        "Enviado do meu celular, o número de série é 4711.",
        "Enviado do meu celular mas o número é 4711",
        "Enviado desde mi celular: el número de serie es 4711",
    ],
)
def test_a_sentence_that_begins_as_a_device_line_is_the_writers(line: str) -> None:
    assert not is_device_line(line)
    assert reply(f"Parou de novo.\n\n{line}") == f"Parou de novo.\n\n{line}"
