"""What is read from a mail, what is asked for, and what an answer means. Tables: each line is a mail."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtickets.config.kinds import TicketField, TicketKind
from mailtickets.desk.fields.answers import answered
from mailtickets.desk.fields.find import MailParts, found
from mailtickets.desk.fields.gathered import completed, with_values
from mailtickets.desk.fields.missing import asked, missing
from mailtickets.desk.model.decision import Decision
from mailtickets.desk.model.effects import AddMessage, OpenTicket, SetField, SetType
from mailtickets.desk.rules.decide import decide
from tests.desk.builders import ANA, MARIA, NOW, a_mail, a_policy, a_ticket, a_token, an_attachment, facts
from tests.test_linear import SUPERLINEAR, growth, lines_of

ORDER = TicketField(name="pedido", label={"pt_BR": "número do pedido", "en": "order number"}, pattern="#####-##")
CPF = TicketField(name="cpf", kind="cpf")
SHOP = TicketField(name="loja", kind="choice", choices=("Centro", "Jardins"))
DAY = TicketField(name="data", label={"pt_BR": "data da compra"}, kind="date")
PHOTO = TicketField(name="foto", kind="attachment")
BRANCH = TicketField(name="filial", pattern="####")
FIELDS = (ORDER, CPF, SHOP, DAY, PHOTO, BRANCH)
KIND = TicketKind(name="troca", needs=("pedido", "cpf", "loja", "data"))
POLICY = a_policy(fields=FIELDS, kinds=(KIND,))


def said(*parts: str, files: tuple[str, ...] = ()) -> dict[str, str]:
    return dict(found(FIELDS, MailParts(parts, files)))


@pytest.mark.parametrize(
    ("parts", "values"),
    [
        (("pedido 54321-09",), "pedido=54321-09"),
        (("", "Troca do 54321-09"), "pedido=54321-09"),
        (("novo: 54321-09", "velho: 11111-22"), "pedido=54321-09"),
        (("sem número", "", "", "> pedido 11111-22"), "pedido=11111-22"),
        (("etiqueta 99999-11, número do pedido: 54321-09",), "pedido=54321-09"),
        (("99999-11 e 54321-09",), "pedido=99999-11"),
        (("order number 54321-09",), "pedido=54321-09"),
        (("por exemplo 12345-67",), ""),
        (("pedido 12345-67 (exemplo), o meu é 54321-09",), "pedido=54321-09"),
        (("CPF 111.444.777-35, pedido 54321-09",), "pedido=54321-09 cpf=11144477735"),
        (("moro no centro",), ""),
        (("loja: centro",), "loja=Centro"),
        (("comprei na loja dos Jardins em 3/4/2025",), "loja=Jardins data=2025-04-03"),
        (("ramal 2041",), ""),
        (("filial 2041",), "filial=2041"),
        (("ticket [#1234567]",), ""),
        (("cartão 4111 1111 1111 1111",), ""),
    ],
)
def test_what_a_mail_says(parts: tuple[str, ...], values: str) -> None:
    assert " ".join(f"{name}={value}" for name, value in said(*parts).items()) == values


def test_a_file_is_the_value_of_a_field_for_files() -> None:
    assert said("Segue a foto.", files=("foto.jpg",)) == {"foto": "foto.jpg"}
    inline = MailParts.of_new(a_mail(attachments=(an_attachment(inline=True, content_id="a"),)))
    assert inline.files == ()


@pytest.mark.parametrize(
    ("reply", "values"),
    [
        ("1) 54321-09\n2) 111.444.777-35\n3) Centro", "pedido=54321-09 cpf=11144477735 loja=Centro"),
        ("1. 54321-09\n2. 111.444.777-35\n3. centro", "pedido=54321-09 cpf=11144477735 loja=Centro"),
        ("1 - 54321-09\n3 - jardins", "pedido=54321-09 loja=Jardins"),
        ("1: 5432109\n2: 11144477735", "pedido=54321-09 cpf=11144477735"),
        ("(1) 54321-09\n(2) não tenho", "pedido=54321-09"),
        ("1º 54321-09", "pedido=54321-09"),
        ("> 1) 54321-09\n> 3) Centro", "pedido=54321-09 loja=Centro"),
        ("1) número do pedido: 54321-09\n3) é a dos Jardins", "pedido=54321-09 loja=Jardins"),
        ("1) número do pedido (exemplo: 12345-67) 54321-09", "pedido=54321-09"),
        ("1) 12345-67", ""),
        ("54321-09\n111.444.777-35\nCentro", "pedido=54321-09 cpf=11144477735 loja=Centro"),
        ("O pedido é 54321-09 e o CPF 111.444.777-35.", "pedido=54321-09 cpf=11144477735"),
        ("3) 54321-09", "pedido=54321-09"),
        ("4) 54321-09", "pedido=54321-09"),
        ("Não tenho nada disso.", ""),
        ("", ""),
        ("1)", ""),
        ("2) 111.444.777-36", ""),
    ],
)
def test_what_an_answer_means(reply: str, values: str) -> None:
    given = answered([ORDER, CPF, SHOP], MailParts((reply,)))
    assert " ".join(f"{name}={value}" for name, value in given.items()) == values


def test_where_one_thing_is_open_the_line_that_is_a_value_answers_it() -> None:
    assert answered([SHOP], MailParts(("Oi!\nCentro\nObrigada",))) == {"loja": "Centro"}
    assert answered([SHOP], MailParts(("Moro no centro.",))) == {}
    assert answered([BRANCH], MailParts(("2041",))) == {"filial": "2041"}


def test_a_question_whose_field_is_configured_no_more_keeps_its_number() -> None:
    assert answered([None, CPF], MailParts(("1) 54321-09\n2) 11144477735",))) == {"cpf": "11144477735"}


@given(st.text() | st.text(alphabet="1) 2:.-54321\nabCentro>"))
def test_no_answer_raises(reply: str) -> None:
    answered([ORDER, CPF, SHOP, DAY], MailParts((reply,)))
    list(found(FIELDS, MailParts((reply, reply, reply))))


@pytest.mark.parametrize("piece", ["1) ", "54321-09 ", "pedido ", "1) 54321-09\n", "loja centro ", "a:b", "1/1/2025 "])
def test_a_text_twice_as_long_takes_twice_the_lines(piece: str) -> None:
    def work(text: str) -> None:
        answered([ORDER, SHOP, DAY], MailParts((text,)))
        list(found(FIELDS, MailParts((text,))))

    assert growth(lambda times: lines_of(work, piece * times), 40) <= SUPERLINEAR


# --- what is asked ------------------------------------------------------------------------------------


def test_what_a_type_needs_is_asked_for_first_then_what_rules_ask_at_most_three() -> None:
    ticket = a_ticket(type="troca", fields=(("cpf", "11144477735"),))
    assert [field.name for field in missing(ticket, POLICY, ("foto", "pedido"))] == ["pedido", "loja", "data", "foto"]
    assert [field.name for field in asked(ticket, POLICY, ("foto",))] == ["pedido", "loja", "data"]
    assert asked(a_ticket(), POLICY) == ()
    assert [field.name for field in asked(a_ticket(), POLICY, ("foto", "nada"))] == ["foto"]


def test_a_field_of_other_queues_or_types_is_not_asked_for() -> None:
    only = a_policy(fields=(TicketField(name="cpf", kind="cpf", queues=("vendas",), types=("troca",)),))
    assert asked(a_ticket(type="troca"), only, ("cpf",)) == ()
    assert asked(a_ticket(type="request", queue="vendas"), only, ("cpf",)) == ()
    assert len(asked(a_ticket(type="troca", queue="vendas"), only, ("cpf",))) == 1


# --- which mails change a ticket ------------------------------------------------------------------------


def values_of(decision: Decision) -> dict[str, Any]:
    return {effect.name: effect.value for effect in decision.effects if isinstance(effect, SetField)}


def opening(text: str) -> Decision:
    ticket = OpenTicket("suporte", "Troca", MARIA, "pt_BR")
    message = AddMessage("in", "public", MARIA, verified=False, text=text)
    return Decision("new-mail", (ticket, message), outcome="opened", actor=MARIA.address)


def test_a_known_value_is_never_replaced_by_a_mail() -> None:
    known = a_ticket(fields=(("pedido", "11111-22"),))
    reply = decide(a_mail(text="pedido 54321-09"), facts(known, tokens=(a_token(MARIA),)), POLICY, NOW)
    assert values_of(with_values(reply, MailParts(("pedido 54321-09, CPF 111.444.777-35",)), known, POLICY)) == {
        "cpf": "11144477735"
    }


def test_an_agents_words_are_no_values() -> None:
    ticket = a_ticket()
    answer = decide(a_mail(ANA, text="O pedido 54321-09?"), facts(ticket, tokens=(a_token(ANA),)), POLICY, NOW)
    from mailtickets.desk.fields.gathered import reads_values

    assert not reads_values(answer, POLICY)


def test_a_value_of_another_type_is_dropped_once_the_type_is_known() -> None:
    field = TicketField(name="pedido", pattern="#####-##", types=("troca",))
    policy = a_policy(fields=(field,), kinds=(KIND,))
    read = with_values(opening("54321-09"), MailParts(("54321-09",)), None, policy)
    assert values_of(read) == {"pedido": "54321-09"}
    as_question = Decision("new-mail", (*read.effects, SetType("question")), outcome="opened")
    assert values_of(completed(as_question, None, policy, NOW, words="", by_hand=False)) == {}
    as_return = Decision("new-mail", (*read.effects, SetType("troca")), outcome="opened")
    assert values_of(completed(as_return, None, policy, NOW, words="", by_hand=False)) == {"pedido": "54321-09"}
