"""The first mail of a customer is not cut; what is left out of a notice is said there, and an agent may ask for it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailtickets.config.rules import Rule
from mailtickets.gateway.drafting.draft import Draft
from mailtickets.gateway.rules import rules_of
from mailtickets.store.database import Database
from tests.desk.builders import ANA, a_config
from tests.store.databases import migrated_file
from tests.store.office import SECRET, Office, a_message

__all__ = ["migrated_file"]


@pytest.fixture
def office(migrated_file: Path, tmp_path: Path) -> Iterator[Office]:
    file = tmp_path / "mailtickets.db"
    shutil.copy(migrated_file, file)
    database = Database(f"sqlite:///{file}")
    yield Office(database)
    database.close()


def notice(office: Office, draft: Draft, name: str) -> tuple[str, str]:
    """The text and the HTML of a notice."""
    words = office.clerk.words(draft)
    made = next(made for told, made in zip(draft.notices, words, strict=True) if told.name == name)
    return made.text, made.html or ""


def opened(office: Office, raw: bytes) -> tuple[str, str]:
    draft = office.draft(office.keep(raw))
    office.settle(draft)
    return notice(office, draft, "new_ticket")


NEW = {
    "a colon": "Bom dia,\n\nOn Monday the 23rd of November our accountant wrote:\nthat invoice 88 is wrong.",
    "a log": "O registro:\n\n> 10:31 erro 0x80070005\n> 10:32 acesso negado",
    "a list": "Preciso destes dados:\n\nDe: matriz\nPara: filial 3\nData: 10/11/2026 10:30\nAssunto: mudança",
    "a rule": "Bom dia,\n\n-----Mensagem original-----\nO contrato diz: multa de 10%.",
    "an attribution": "Bom dia,\n\nEm 3/3/2026 09:10, Caio <caio@casa.test> escreveu:\n\n> O preço subiu para 99.",
    "answers between": "> O roteador liga?\nSim.\n> E a luz?\nVerde 99.",
}


@pytest.mark.parametrize("name", NEW)
def test_a_new_mail_is_shown_whole_whatever_it_quotes(name: str, office: Office) -> None:
    text, html = opened(office, a_message(NEW[name]))
    last = NEW[name].split()[-1]
    assert last in text
    assert last in html
    assert "#histórico" not in text
    assert office.ticket(1).messages[0].reply.endswith(last)


@pytest.mark.parametrize("name", NEW)
def test_what_answers_nothing_by_an_id_is_shown_whole_under_any_subject(name: str, office: Office) -> None:
    text, _ = opened(office, a_message(NEW[name], subject="Re: Contrato"))
    assert NEW[name].split()[-1] in text


def test_a_log_in_an_answer_to_somebody_else_is_shown(office: Office) -> None:
    fields = {"subject": "Re: Contrato", "in_reply_to": "<a@casa.test>"}
    assert "acesso negado" in opened(office, a_message(NEW["a log"], **fields))[0]


def test_history_that_a_program_announces_is_left_out_and_said_to_be(office: Office) -> None:
    raw = a_message(NEW["an attribution"], subject="Re: Contrato", in_reply_to="<a@casa.test>")
    for shown in opened(office, raw):
        assert "O preço subiu" not in shown
        assert "Para ver tudo, responda só com #histórico" in shown


def test_the_history_of_a_ticket_shows_what_was_left_out(office: Office) -> None:
    opened(office, a_message(NEW["an attribution"], subject="Re: Contrato", in_reply_to="<a@casa.test>"))
    asks = {
        "from": f"Ana Lima <{ANA.address}>",
        "to": office.reply_address(ANA.address),
        "subject": "Re: [#1] Contrato",
        "message_id": "<h1@desk.test>",
    }
    draft = office.draft(office.keep(a_message("#histórico", **asks), sender=ANA.address, recipients=(asks["to"],)))
    assert "O preço subiu para 99." in notice(office, draft, "history")[0]


def test_an_answer_to_our_own_notice_says_nothing_of_what_is_on_the_ticket_anyway(office: Office) -> None:
    opened(office, a_message())
    address = office.reply_address("maria@cliente.test")
    token = address.partition("+")[2].partition("@")[0].upper()
    answer = f"Feito.\n\nEm 3/3/2026 09:10, Suporte <suporte@desk.test> escreveu:\n> Ref.: {token}\n> Tudo bem?"
    raw = a_message(answer, to=address, subject="Re: [#1] Impressora", message_id="<m2@cliente.test>")
    text, _ = notice(office, office.draft(office.keep(raw, recipients=(address,))), "customer_replied")
    assert "Feito." in text
    assert "Tudo bem?" not in text
    assert "#histórico" not in text


@pytest.mark.parametrize(
    ("html", "plain", "warning"),
    [
        ("<p>Transfiram 10 reais.</p>", "Transfiram 10000 reais.", "duas versões que dizem coisas diferentes"),
        ("<p>Bom dia.</p><p style='font-size:0'>Valor: 10000</p>", "Bom dia.", "texto escondido"),
    ],
)
def test_an_agent_is_told_of_versions_that_differ_and_of_hidden_text(
    html: str, plain: str, warning: str, office: Office
) -> None:
    parts = "".join(
        f"--b\r\nContent-Type: text/{kind}; charset=utf-8\r\n\r\n{said}\r\n"
        for kind, said in (("plain", plain), ("html", html))
    )
    raw = a_message(f"{parts}--b--").replace(b"text/plain; charset=utf-8", b"multipart/alternative; boundary=b", 1)
    for shown in opened(office, raw):
        assert warning in shown
    assert {"text-and-html-differ", "hidden-text"} & set(office.ticket(1).messages[0].defects)


def test_a_new_ticket_that_a_rule_moves_is_told_once(office: Office) -> None:
    rule = Rule(name="boleto", all=({"words": "boleto"},), set={"queue": "vendas"})
    office.clerk.rules = rules_of(a_config(rule=(rule,)), (SECRET,))
    assert office.take(a_message("Preciso do boleto.")).outcome == "opened"
    told = [(name, to) for name, to in office.outgoing() if to.endswith("@desk.test")]
    assert told == [("new_ticket", "bruno@desk.test"), ("new_ticket", "carla@desk.test")]
