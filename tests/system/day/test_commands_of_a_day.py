"""A working day of agents who have nothing but their mail clients: s-nail for Ana and Carla, mutt for Bruno."""

import re
from pathlib import Path

from mailtickets.desk.commands.rows import COMMANDS, known
from tests.system.day.office import FINANCE, SECRET, Office
from tests.system.town import ANA, BRUNO, CARLA, JOAO, LUCY, MARIA, PEDRO, attached, html_of, text_of, write

ANSWER = "O técnico passa hoje à tarde."


def test_an_answer_with_commands_files_the_ticket_and_its_words_alone_go_out(office: Office) -> None:
    number = office.asks(JOAO, "A impressora não imprime.", "Impressora")

    office.reply(ANA, office.notice(ANA, number), FILED)

    answer, copy = office.notice(JOAO, number), office.notice(PEDRO, number)
    assert text_of(answer).startswith(f"Bom dia, João.\n\n{ANSWER}\n")
    assert ANSWER in text_of(copy)
    assert "Impressora do caixa 2" in answer["Subject"]
    ticket = office.ticket(number)
    assert (ticket["status"], ticket["priority"], ticket["type"]) == ("pending", "high", "incident")
    assert (ticket["tags"], ticket["assignee"]) == (["rede"], BRUNO.address)
    assert {p["address"]: p["role"] for p in ticket["participants"]} == {
        JOAO.address: "requester",
        PEDRO.address: "cc",
        ANA.address: "agent",
    }
    assert [m["visibility"] for m in ticket["messages"]] == ["public", "public", "note"]
    assert office.outcome() == ("appended", "agent-answer")

    # Her receipt says all of it; the colleague hears that the ticket is his, and what the note says.
    receipt = text_of(office.notice(ANA, number))
    for said in (JOAO.address, PEDRO.address, "rede", "alta", "incidente", "Impressora do caixa 2", BRUNO.name):
        assert said in receipt
    assert SECRET in office.said_to(BRUNO)
    assert ANA.name in office.said_to(BRUNO)


FILED = f"""\
Bom dia, João.

{ANSWER}

#Prioridade ALTA
#TIPO incidente
#etiqueta +Rede -vpn
/assunto Impressora do caixa 2
#atribuir bruno
#cc +{PEDRO.address}
#nota
Ele já ligou duas vezes, fica {SECRET}.
"""


def test_commands_in_english_from_an_html_reply_under_a_quoted_notice(office: Office) -> None:
    number = office.asks(LUCY, "The invoice is missing.", "Invoice")
    notice = office.notice(BRUNO, number)

    rich = WEB_MAIL.format(notice=html_of(notice))
    quoted = "".join(f"> {line}\n" for line in text_of(notice).splitlines())
    text = f"Dear Lucy,\n\nhere it comes.\n\n#Status Open\n#tag +billing\n#TAKE\n#type request\n\n{quoted}"
    office.reply_raw(BRUNO, notice, text, rich)

    answer = office.notice(LUCY, number)
    assert "here it comes." in text_of(answer)
    assert "<b>comes</b>" in html_of(answer)
    assert "billing" not in answer.as_string()
    ticket = office.ticket(number)
    assert (ticket["status"], ticket["tags"], ticket["assignee"]) == ("open", ["billing"], BRUNO.address)
    assert ticket["type"] == "request"


WEB_MAIL = """\
<div dir="ltr"><div>Dear Lucy,</div><div><br></div><div>here it <b>comes</b>.</div><div><br></div>
<div>#Status&nbsp;Open</div><div><span>#tag</span> +billing</div><div>#TAKE<br></div><div>#type request</div></div>
<br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">Em dom., 22 de nov. de 2026 às 10:00, Suporte Exemplo
&lt;<a href="mailto:suporte@desk.test">suporte@desk.test</a>&gt; escreveu:<br></div>
<blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex">{notice}</blockquote></div>
"""


def test_commands_alone_from_a_telephone_publish_nothing_and_the_customer_rates_with_an_emoji(office: Office) -> None:
    number = office.asks(MARIA, "Perdi a senha.", "Senha")
    office.forget_but(ANA)
    notice = office.notice(ANA, number)

    office.reply_raw(ANA, notice, TELEPHONE.format(quoted=text_of(notice).replace("\n", "\n> ")))

    (resolved,) = office.mails(MARIA)
    assert resolved["Auto-Submitted"] == "auto-generated"
    assert office.ticket(number)["status"] == "resolved"
    assert office.outcome() == ("commanded", "agent-commands")
    assert len(office.ticket(number)["messages"]) == 1

    office.answers(MARIA, number, "😡 demorou muito")
    assert office.outcome() == ("appended", "rated")
    assert "demorou muito" in text_of(office.notice(BRUNO, number))  # a low score is told to the queue
    office.answers(MARIA, number, "4")
    assert [(e["kind"], e["to"]) for e in office.ticket(number)["events"] if e["kind"] == "rated"] == [
        ("rated", "1"),
        ("rated", "4"),
    ]
    assert office.ticket(number)["status"] == "resolved"


TELEPHONE = """\
#Resolver

Enviado do meu iPhone

> Em 22 de nov. de 2026, à(s) 10:00, Suporte Exemplo <suporte@desk.test> escreveu:
>
> {quoted}
"""


def test_notes_stay_inside_whole_or_in_a_block(office: Office) -> None:
    number = office.asks(JOAO, "Quanto custa?", "Preço")
    office.forget_but(ANA, BRUNO)

    office.reply(ANA, office.notice(ANA, number), f"#nota\nNão damos desconto a ele, {SECRET}.")
    assert office.outcome() == ("noted", "agent-note")
    assert office.mails(JOAO) == []
    assert "desconto" in text_of(office.notice(BRUNO, number))

    office.reply(BRUNO, office.notice(BRUNO, number), f"#cliente\n#note\nOk, {SECRET}.\n#end\n\nCusta R$ 10.")
    (answer,) = office.mails(JOAO)
    assert text_of(answer).startswith("Custa R$ 10.\n")
    notes = [m["visibility"] for m in office.ticket(number)["messages"]]
    assert sorted(notes) == ["note", "note", "public", "public"]


def test_a_ticket_changes_hands_status_and_people(office: Office) -> None:
    number = office.asks(JOAO, "O site caiu.", "Site")
    office.reply(BRUNO, office.notice(BRUNO, number), f"#assumir\n#participante {PEDRO.address}\n#prioridade crítica")
    ticket = office.ticket(number)
    assert (ticket["assignee"], ticket["status"], ticket["priority"]) == (BRUNO.address, "open", "critical")

    office.reply(BRUNO, office.notice(BRUNO, number), "#LARGAR\n#requerente pedro@cliente.test\n#etiqueta -x +y")
    ticket = office.ticket(number)
    assert (ticket["assignee"], ticket["requester"]["address"], ticket["tags"]) == (None, PEDRO.address, ["y"])

    office.forget_but(BRUNO)
    office.reply(BRUNO, office.notice(BRUNO, number), "#close")
    assert office.ticket(number)["status"] == "closed"
    assert f"Fechamos o seu chamado {number}" in text_of(office.notice(PEDRO, number))
    office.reply(BRUNO, office.notice(BRUNO, number), "#reabrir\n#drop")
    assert office.ticket(number)["status"] == "open"
    office.reply(BRUNO, office.notice(BRUNO, number), f"#cc -{JOAO.address}\n#status pendente")
    ticket = office.ticket(number)
    assert ticket["status"] == "pending"
    assert JOAO.address not in {p["address"] for p in ticket["participants"]}


def test_another_queue_takes_over_and_its_agents_are_told(office: Office) -> None:
    number = office.asks(MARIA, "O boleto venceu.", "Boleto")

    office.reply(ANA, office.notice(ANA, number), "#Fila Financeiro")
    assert office.ticket(number)["queue"] == "financeiro"
    moved = office.notice(CARLA, number)
    assert "O boleto venceu." in text_of(moved)

    office.answers(MARIA, number, "Alguma novidade?")
    assert "Alguma novidade?" in text_of(office.notice(CARLA, number))
    office.reply(CARLA, office.notice(CARLA, number), "Segue a segunda via.", settle=False)
    office.settle()
    answer = office.notice(MARIA, number)
    assert answer["From"].addresses[0].addr_spec == FINANCE
    assert text_of(answer).startswith("Segue a segunda via.\n")


def test_ready_answers_by_name_and_a_name_that_is_nobody_s(office: Office) -> None:
    number = office.asks(JOAO, "Já chegou a peça?", "Peça")
    office.forget_but(ANA)

    office.reply(ANA, office.notice(ANA, number), "#resposta verificando-tudo")
    assert office.outcome() == ("held", "command-not-understood")
    returned = office.notice(ANA, number)
    assert "estamos-verificando" in text_of(returned)
    assert office.mails(JOAO) == []

    office.reply(ANA, returned, "#resposta estamos-verificando")
    assert [row["outcome"] for row in office.desk.inbound()[-2:]] == ["appended", "commanded"]
    (answer,) = office.mails(JOAO)
    assert "#" not in text_of(answer).replace(f"#{number}", "")
    assert text_of(answer).strip()


def test_an_agent_asks_for_history_search_help_and_what_would_happen(office: Office) -> None:
    number = office.asks(PEDRO, "O guarda-chuva ficou aí.", "Achados e perdidos")
    office.reply(BRUNO, office.notice(BRUNO, number), "Vou procurar.")
    office.reply(BRUNO, office.notice(BRUNO, number), "Achei!\n\n#simular\n#resolver")
    assert office.outcome() == ("commanded", "dry-run")
    assert "Achei!" not in office.said_to(PEDRO)
    assert office.ticket(number)["status"] == "pending"

    office.reply(BRUNO, office.notice(BRUNO, number), "#Histórico")
    history = text_of(office.newest(BRUNO))
    assert "O guarda-chuva ficou aí." in history
    assert "Vou procurar." in history

    office.writes(BRUNO, "#buscar guarda-chuva", "busca")
    assert f"#{number} Achados e perdidos" in text_of(office.newest(BRUNO))
    office.writes(BRUNO, "#help", "?")
    assert "#resolver" in text_of(office.newest(BRUNO))
    assert office.outcome() == ("commanded", "agent-asks")


def test_spam_is_closed_without_a_word(office: Office) -> None:
    number = office.asks(PEDRO, "Compre já!", "Oferta")
    office.forget_but(ANA)

    office.reply(ANA, office.notice(ANA, number), "#SPAM")

    ticket = office.ticket(number)
    assert (ticket["status"], ticket["tags"]) == ("closed", ["spam"])
    assert office.mails(PEDRO) == []


def test_files_that_no_notice_carries_come_when_they_are_asked_for(office: Office) -> None:
    files = {"planta.pdf": b"%PDF-1.4\n" + b"p" * 100_000, "foto.pdf": b"%PDF-1.4\n" + b"f" * 9_999_000}
    office.town.submit(write(JOAO, subject="Plantas", text="Seguem.", attachments=list(files.items())), FINANCE)
    office.settle()
    notice = office.newest(CARLA)
    assert set(attached(notice)) == {"planta.pdf"}
    assert "foto.pdf" in text_of(notice)

    office.reply(CARLA, notice, "#anexos")

    assert {name: content for mail in office.mails(CARLA)[1:] for name, content in attached(mail).items()} == files
    assert len(office.mails(JOAO)) == 1


def test_receipts_come_as_each_agent_wants_them(office: Office) -> None:
    first, second = office.asks(JOAO, "Bom dia?", "Horário"), office.asks(JOAO, "E sábado?", "Sábado")
    office.forget_but(ANA, BRUNO)
    office.reply(BRUNO, office.notice(BRUNO, first), "Das 8 às 18.")  # commands only
    assert len(office.mails(BRUNO)) == 2
    office.reply(BRUNO, office.notice(BRUNO, first), "#largar")
    assert len(office.mails(BRUNO)) == 3
    office.reply(ANA, office.notice(ANA, second), "Até meio-dia.")  # all of them
    assert "Resposta ao cliente" in text_of(office.newest(ANA))

    paid = office.asks(MARIA, "Paguei.", "Pagamento", FINANCE)
    office.forget_but(CARLA)
    office.reply(CARLA, office.notice(CARLA, paid), "#prioridade baixa")  # only problems
    assert len(office.mails(CARLA)) == 1
    office.reply(CARLA, office.notice(CARLA, paid), "#prioridade altíssima")
    assert "altíssima" in text_of(office.newest(CARLA))
    assert office.ticket(paid)["priority"] == "low"


def test_what_solved_a_ticket_is_kept_inside_and_counted_in_the_report(office: Office) -> None:
    number = office.asks(MARIA, "A nota fiscal não abre.", "Nota fiscal", FINANCE)
    office.forget_but(CARLA, MARIA)
    office.reply(CARLA, office.notice(CARLA, number), "Segue de novo, agora em PDF.\n\n#resolver")
    office.answers(MARIA, number, "5, ótimo atendimento!")

    office.reply(CARLA, office.notice(CARLA, number), "#solucao o emissor gravava o PDF vazio")
    office.reply(CARLA, office.notice(CARLA, number), "#citar")
    office.writes(CARLA, "#relatorio hoje fila financeiro", "Relatório", FINANCE)

    ticket = office.ticket(number)
    assert ticket["resolution"] == "o emissor gravava o PDF vazio"
    assert "emissor" not in office.said_to(MARIA)
    office.desk.wait_for(lambda: "Relatório" in str(office.newest(CARLA)["Subject"]), "the report")
    report = office.newest(CARLA)
    assert "Respostas" in text_of(report)
    assert "<th scope=" in html_of(report)
    assert "Maria" in text_of(report)  # her comment, with her name: she agreed


def test_every_command_is_typed_by_somebody_in_this_folder() -> None:
    texts = (file.read_text() for file in Path(__file__).parent.glob("test_*.py"))
    typed = {known(word) for text in texts for word in re.findall(r"[#/]([^\W\d_][\w-]*)", text)}
    assert typed - {None} == set(COMMANDS)
