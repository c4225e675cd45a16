"""Answers as clients write them: what announces the history, in six languages, and where the answer stands."""

import pytest

from mailtickets.mail.read.parse import parse

S = "Suporte <suporte@desk.test>"
QUOTED = "> O roteador está ligado?\n> E a luz da frente?"
BARE = "O roteador está ligado?\nE a luz da frente?"
RULE = "_" * 32

WITH_MARKS = {
    "gmail pt": f"Em ter., 3 de mar. de 2026 às 09:10, {S} escreveu:",
    "gmail es": "El mar, 3 mar 2026 a las 9:10, Suporte (<suporte@desk.test>) escribió:",
    "gmail en": f"On Tue, Mar 3, 2026 at 9:10 AM {S} wrote:",
    "gmail en wrapped": "On Tue, Mar 3, 2026 at 9:10 AM Suporte da Loja Exemplo Matriz\n<suporte@desk.test> wrote:",
    "gmail fr": f"Le mar. 3 mars 2026 à 09:10, {S} a écrit :",
    "gmail de": f"Am Di., 3. März 2026 um 09:10 Uhr schrieb {S}:",
    "gmail it": f"Il giorno mar 3 mar 2026 alle ore 09:10 {S} ha scritto:",
    "apple pt": f"Em 3 de mar. de 2026, à(s) 09:10, {S} escreveu:",
    "apple en": f"On 3 Mar 2026, at 09:10, {S} wrote:",
    "apple es": f"El 3 mar 2026, a las 9:10, {S} escribió:",
    "apple de": f"Am 03.03.2026 um 09:10 schrieb {S}:",
    "apple fr": f"Le 3 mars 2026 à 09:10, {S} a écrit :",
    "apple it": f"Il giorno 3 mar 2026, alle ore 09:10, {S} ha scritto:",
    "thunderbird pt": "Em 03/03/2026 09:10, Suporte escreveu:",
    "thunderbird en": "On 3/3/26 09:10, Suporte wrote:",
    "thunderbird es": "El 3/3/26 a las 9:10, Suporte escribió:",
    "thunderbird de": "Am 03.03.26 um 09:10 schrieb Suporte:",
    "thunderbird fr": "Le 03/03/2026 à 09:10, Suporte a écrit :",
    "thunderbird it": "Il 03/03/2026 09:10, Suporte ha scritto:",
    "spark": f"On 3 Mar 2026 at 09:10 -0300, {S}, wrote:",
    "proton pt": f"Em terça-feira, 3 de março de 2026 às 09:10, {S} escreveu:",
    "proton en": f"On Tuesday, March 3rd, 2026 at 9:10 AM, {S} wrote:",
    "zoho": f"---- On Tue, 03 Mar 2026 09:10:00 -0300 {S} wrote ----",
    "zoho pt": f"---- Ativado ter., 03 mar. 2026 09:10:00 -0300 {S} escreveu ----",
    "roundcube": "Em 2026-03-03 09:10, Suporte escreveu:",
    "mutt": "On Tue, Mar 03, 2026 at 09:10:00AM -0300, Suporte wrote:",
    "yahoo": f"On Tuesday, March 3, 2026 at 09:10:00 AM GMT-3, {S} wrote:",
    "yahoo pt": f"Em terça-feira, 3 de março de 2026 às 09:10:00 BRT, {S} escreveu:",
}
BLOCKS = {
    "outlook mobile pt": f"{RULE}\nDe: {S}\nEnviado: terça, março 3, 2026 9:10 AM\nPara: Maria\nAssunto: Roteador",
    "outlook mobile en": f"{RULE}\nFrom: {S}\nSent: Tuesday, March 3, 2026 9:10:00 AM\nTo: Maria\nSubject: Router",
    "outlook pt": f"De: {S}\nEnviada em: terça-feira, 3 de março de 2026 09:10\nPara: Maria\nAssunto: Roteador",
    "outlook es": f"De: {S}\nEnviado el: martes, 3 de marzo de 2026 9:10\nPara: María\nAsunto: Router",
    "outlook de": f"Von: {S}\nGesendet: Dienstag, 3. März 2026 09:10\nAn: Maria\nBetreff: Router",
    "outlook fr": f"De : {S}\nEnvoyé : mardi 3 mars 2026 09:10\nÀ : Maria\nObjet : Routeur",
    "outlook it": f"Da: {S}\nInviato: martedì 3 marzo 2026 09:10\nA: Maria\nOggetto: Router",
    "samsung pt": "-------- Mensagem original --------\nDe : Suporte\nData: 3/3/2026 9:10\nPara: Maria\nAssunto: Oi",
    "samsung en": f"-------- Original message --------\nFrom: {S}\nDate: 3/3/26 9:10 AM\nTo: Maria\nSubject: Hi",
    "uol": "-----Mensagem original-----\nDe: suporte@desk.test\nEnviado: 3/3/2026 9:10\nPara: m@uol.test\nAssunto: Oi",
    "terra": f"----- Mensagem Original -----\nDe: {S}\nPara: maria@terra.test\nEnviado: 03/03/2026 09:10\nAssunto: Oi",
    "old outlook": f"-----Original Message-----\nFrom: {S}\nSent: Tuesday, March 3, 2026 9:10 AM\nTo: M\nSubject: Hi",
    "separator alone": "-----Mensagem original-----",
    "yahoo app": f"Em ter., 3 de mar. de 2026 às 09:10, {S}\n<suporte@desk.test> escreveu: O roteador",
}
ANSWER = "Está ligado, sim.\n\nA luz é verde:\n4711 fica aceso, e-mail maria@casa.test"


def reply(text: str) -> str:
    head = "From: Maria <maria@cliente.test>\nSubject: Re: Roteador\nIn-Reply-To: <r1@desk.test>\n"
    return parse(f"{head}Content-Type: text/plain; charset=utf-8\n\n{text}\n".encode()).reply


@pytest.mark.parametrize("gap", ["\n", "\n\n"], ids=["close", "apart"])
@pytest.mark.parametrize("client", WITH_MARKS)
def test_an_answer_above_the_history_is_all_that_was_written(client: str, gap: str) -> None:
    assert reply(f"{ANSWER}{gap}{WITH_MARKS[client]}\n\n{QUOTED}") == ANSWER


@pytest.mark.parametrize("client", WITH_MARKS)
def test_an_answer_under_the_history_is_all_that_was_written(client: str) -> None:
    assert reply(f"{WITH_MARKS[client]}\n{QUOTED}\n\n{ANSWER}") == ANSWER


@pytest.mark.parametrize("client", WITH_MARKS)
def test_answers_between_quotations_are_kept_with_what_they_answer(client: str) -> None:
    found = reply(f"{WITH_MARKS[client]}\n> O roteador está ligado?\nsim\n> E a luz da frente?\n\nverde\n> Obrigado")
    lines = found.split("\n")
    assert "sim" in lines
    assert "verde" in lines
    assert "> Obrigado" not in lines
    assert not any("desk.test" in line for line in lines)


@pytest.mark.parametrize("gap", ["\n", "\n\n"], ids=["close", "apart"])
@pytest.mark.parametrize("client", BLOCKS)
def test_an_answer_above_a_header_block_is_all_that_was_written(client: str, gap: str) -> None:
    assert reply(f"{ANSWER}{gap}{BLOCKS[client]}\n\n{BARE}") == ANSWER


def test_quoted_lines_that_nothing_announces_are_history_in_an_answer() -> None:
    assert reply(f"{ANSWER}\n\n{QUOTED}") == ANSWER


HTML = {
    "gmail": '<div class="gmail_quote">{0}<blockquote class="gmail_quote">{1}</blockquote></div>',
    "outlook web": '<div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>De:</b> Suporte</div><div>{1}</div>',
    "outlook mobile": '<div id="mail-editor-reference-message-container"><div>De: Suporte</div><div>{1}</div></div>',
    "yahoo": '<div id="ydp1yahoo_quoted_1" class="yahoo_quoted"><div>{0}</div><div>{1}</div></div>',
    "proton": '<div class="protonmail_quote">{0}<blockquote type="cite">{1}</blockquote></div>',
    "thunderbird": '<div class="moz-cite-prefix">{0}</div><blockquote type="cite">{1}</blockquote>',
    "thunderbird without a prefix": '<blockquote type="cite">{1}</blockquote>',
    "apple": '<div><blockquote type="cite"><div>{0}</div></blockquote></div><blockquote type="cite">{1}</blockquote>',
    "zoho": '<div class="zmail_extra">{0}<blockquote>{1}</blockquote></div>',
    "tutanota": '<div>{0}</div><blockquote class="tutanota_quote">{1}</blockquote>',
    "old outlook express": '<blockquote style="border-left: #000 2px solid">{1}</blockquote>',
}


@pytest.mark.parametrize("client", HTML)
def test_an_answer_in_html_is_all_that_was_written(client: str) -> None:
    head = "From: Maria <maria@cliente.test>\nSubject: Re: Roteador\nIn-Reply-To: <r1@desk.test>\n"
    history = HTML[client].format(WITH_MARKS["gmail pt"].replace("<", "&lt;").replace(">", "&gt;"), BARE)
    own = "<div>Está ligado, sim.</div><div>A luz é verde.</div>"
    raw = f"{head}Content-Type: text/html; charset=utf-8\n\n{own}{history}\n".encode()
    assert parse(raw).reply == "Está ligado, sim.\nA luz é verde."
