"""What customers type when they ask something of the desk itself, and what only looks like it."""

import pytest

from mailtickets.desk.customers.phrasing import MAX_REPLY_CHARACTERS
from mailtickets.desk.customers.wishes import MAX_CHARACTERS, Wish, number_named, wishes

WISHES: dict[Wish, str] = {
    "status": """
        status
        Status?
        STATUS
        status???
        “Status”
        Status, por favor
        Status por favor?
        Bom dia! Status?
        Olá, tudo bem? Status do chamado, por favor. Obrigado.
        qual o status?
        Qual o status do chamado 1042
        qual é o status do chamado #1042?
        Qual é o status do meu chamado?
        Qual o status da solicitação 1042?
        Qual a situação do chamado?
        status do chamado
        Status do ticket #1042
        status do meu chamado
        status 1042
        status #1042
        1042 status
        chamado 1042 status
        andamento
        Andamento do chamado nº 1042?
        gostaria de saber o status do chamado
        Boa tarde, gostaria de saber o status do meu chamado, por favor.
        Queria saber o andamento do chamado 1042. Obrigada!
        consultar status
        Como está meu chamado?
        como anda o chamado 1042
        Oi, Maria. Status?
        What's the status?
        What is the status of my ticket?
        ticket status
        Status of ticket 1042
        Hi, what's the status of my ticket #1042? Thanks
        check status
        I'd like to know the status of my ticket
        Status please
        Hola, ¿cuál es el estado de mi ticket?
        estado del ticket 1042
        estado de mi solicitud
        ¿Cómo está mi caso?
        estatus
        estado
        Estado?
        ¿Estado?
        Hola, ¿estado? Gracias
        ESTADO por favor
        mi estado
    """,
    "news": """
        Any update?
        any updates?
        Any news?
        Any update on this?
        Any status update on this?
        Hi, any update on my ticket? Thanks
        Hello team, any updates on ticket #1042?
        Any progress?
        Update?
        Updates please?
        Is there any update?
        Do you have any news?
        Can I get an update please?
        Could you please give me an update?
        What's the latest on this?
        Alguma novidade?
        alguma novidade
        Olá, alguma novidade sobre o meu chamado? Obrigada
        Bom dia, alguma novidade?
        Novidades?
        Alguma atualização?
        Alguma atualização sobre isso?
        Alguma posição?
        posição?
        Algum retorno?
        Tem alguma novidade?
        Já tem alguma posição?
        Há novidades sobre o chamado 1042?
        Algum retorno, por favor?
        Bom dia! Status? Alguma novidade?
        ¿Alguna novedad?
        ¿Hay novedades?
        Hola, ¿alguna novedad sobre mi caso? Gracias
        ¿Tienen alguna noticia?
        ¿Novedades?
        ¿Algún avance?
        ¿Alguna actualización de mi ticket?
    """,
    "tickets": """
        meus chamados
        Meus chamados?
        MEUS CHAMADOS
        meus chamados abertos
        Meus chamados em aberto, por favor
        listar meus chamados
        lista de chamados
        ver meus chamados
        Quais são meus chamados?
        quais os meus chamados abertos?
        minhas solicitações
        gostaria de ver meus chamados
        meus tickets
        my tickets
        My open tickets
        list my tickets
        show my tickets please
        What are my open tickets?
        mis tickets
        Mis tickets, por favor
        mis solicitudes
        mis casos abiertos
        ¿cuáles son mis tickets?
    """,
    "reopen": """
        reabrir
        Reabrir.
        reabrir por favor
        Favor reabrir
        Favor reabrir o chamado
        por gentileza, reabrir chamado 1042
        reabra
        Reabram o chamado, por favor
        Podem reabrir o chamado, por favor?
        pode reabrir
        Quero reabrir o chamado 1042
        gostaria de reabrir meu chamado
        Bom dia. Reabrir o chamado, por favor. Obrigada
        reopen
        please reopen
        Reopen ticket 1042
        re-open please
        Could you please reopen this ticket?
        I want to reopen my ticket
        reabrir caso
        Reabran el ticket por favor
        quiero reabrir el ticket
    """,
    "close": """
        encerrar
        Encerrar!
        encerrar por favor
        Pode encerrar
        pode encerrar, obrigado
        Pode encerrar. Obrigada!
        Podem encerrar o chamado, obrigado
        Sim, pode encerrar
        Ok, pode fechar
        Resolvido, pode encerrar
        Deu certo, pode encerrar o chamado. Muito obrigado!
        Problema resolvido. Pode encerrar o chamado 1042.
        Tudo certo! Podem fechar
        fechar
        fechar chamado
        fechar o 1042
        Favor encerrar o chamado
        Poderiam encerrar o chamado, por favor?
        finalizar
        chamado pode ser encerrado
        Pode encerrar. Obrigado, João
        close
        Close.
        close ticket
        please close this ticket
        You can close it now, thanks!
        It works now, you can close the ticket. Thanks
        Can you please close this ticket?
        This ticket can be closed
        cerrar
        Cerrar el ticket, por favor
        pueden cerrar el caso, gracias
        Ya funciona, pueden cerrar el ticket
    """,
    "cancel": """
        cancelar
        Cancelar.
        cancelar, por favor
        Favor cancelar
        cancelar chamado
        Cancelar meu chamado 1042
        quero cancelar o chamado
        Podem cancelar o chamado, por favor?
        Cancelamento do chamado
        Boa tarde, cancelar por favor. Obrigado
        cancel
        please cancel
        cancel my ticket
        I'd like to cancel my request
        Cancelar ticket
        cancelen el ticket por favor
        quiero cancelar mi solicitud
    """,
    "mute": """
        parar avisos
        Parar os avisos
        parar de receber avisos
        quero parar de receber avisos
        Quero parar de receber avisos deste chamado
        não quero mais receber avisos
        nao quero receber mais notificações
        cancelar avisos
        cancelar notificações
        desativar notificações, por favor
        parem de me enviar e-mails
        silenciar
        silenciar chamado
        descadastrar
        stop notifications
        Stop sending me emails
        unsubscribe
        Unsubscribe me please
        no more emails
        mute
        no quiero recibir más avisos
        dejar de recibir avisos
        quiero dejar de recibir notificaciones
    """,
    "unmute": """
        receber avisos
        voltar a receber avisos
        Quero receber avisos novamente
        quero voltar a receber avisos
        reativar avisos
        ativar notificações
        resume notifications
        unmute
        I want to receive notifications again
        volver a recibir avisos
        quiero recibir avisos
    """,
}

MESSAGES = """
    alguma novidade sobre a impressora?
    Alguma novidade? Preciso disso hoje!
    alguma novidade da entrega?
    Alguma novidade do técnico?
    algum retorno do fornecedor?
    novidades
    Novidades da semana
    Temos novidades
    tem retorno no domingo
    any update from the supplier?
    Any news about the delivery?
    Any update? It is urgent.
    update
    update failed
    news
    The update did not work
    Windows update?
    Can I get an update of Windows?
    ¿Alguna novedad del pedido?
    ¿Hay avance en la obra?
    novedades
    Estado: Jalisco
    estado de la entrega
    Estado civil: casado
    mi estado es Jalisco
    encerrar não, continua com erro
    não encerrar
    Não encerrem o chamado
    não pode encerrar
    Ainda não pode encerrar
    não cancelar
    Não quero cancelar
    favor não cancelar
    não reabrir
    nao parar avisos
    não é para encerrar
    don't close
    Do not close
    please don't cancel
    never close
    no cerrar
    no cancelar por favor
    no cierren el ticket
    quando vão encerrar?
    Quando encerra?
    por que encerraram?
    Por que encerrar?
    quem pediu para encerrar?
    encerrar?
    Pode encerrar?
    já pode encerrar?
    posso encerrar?
    cancelar?
    reabrir?
    close?
    why close?
    Is it closed?
    ¿cerrar?
    como faço para encerrar
    como cancelar
    como reabrir o chamado?
    how do I reopen?
    how to cancel
    cómo cerrar el ticket
    encerrar a conta
    encerrar contrato
    pode encerrar minha conta
    fechar a janela
    fechar o caixa
    fechar pedido
    cancelar pedido
    cancelar o pedido 1042
    cancelar assinatura
    cancelar minha assinatura
    cancelar plano
    cancelar nota fiscal
    cancelar a compra
    cancelar boleto
    cancelar reunião
    cancelar o atendimento de amanhã
    cancelar atendimento
    pode cancelar
    Sim, pode cancelar
    sim, cancelar
    quero cancelar
    Gostaria de cancelar
    cancel my subscription
    cancel my order
    cancel the meeting
    close my account
    close the order
    cancelar mi pedido
    cerrar mi cuenta
    reabrir a loja
    reabrir o arquivo
    reopen the shop
    reabrir, continua com erro
    reabrir pois não funcionou
    Favor reabrir, o problema voltou.
    podem reabrir?
    pode encerrar quando terminar
    pode encerrar depois de amanhã
    pode encerrar assim que a nota chegar
    pode encerrar, mas preciso da nota
    Pode encerrar e abrir outro
    pode encerrar este e abrir um novo chamado
    encerrar ou cancelar
    encerrar e reabrir
    cancelar ou reabrir
    fechado
    encerrado
    cancelado
    foi cancelado
    já cancelei
    chamado encerrado
    o chamado foi encerrado sem solução
    closed
    cancelled
    status do pedido
    Status do pedido 4711
    status da entrega
    status da nota fiscal
    status code 500
    status: erro
    status quo
    status pendente
    HTTP status 404
    qual o status da impressora?
    qual o status e quando fica pronto?
    Qual o status? Preciso disso hoje!
    status? estou esperando há uma semana
    Estado: SP
    situação
    como está?
    andamento da obra
    mudar status
    status resolvido
    meus chamados não aparecem
    meus chamados sumiram
    meus chamados 1042 e 1043
    onde vejo meus chamados?
    não consigo ver meus chamados
    meus chamados foram encerrados
    my tickets are gone
    where are my tickets?
    tickets
    chamados
    chamado
    meu chamado
    my ticket
    comprar tickets
    tickets para o show
    mis tickets no aparecen
    parar
    pare
    stop
    Stop!
    parar o servidor
    parar a impressora
    parar máquina
    parar de funcionar
    parou de funcionar
    parar de receber spam
    quero parar de receber propaganda
    não recebo avisos
    não estou recebendo avisos
    não consigo receber avisos
    por que recebo avisos?
    desativar e-mail
    desativar conta
    desativar atualizações
    cancelar e-mail
    quero receber e-mails
    voltar a receber e-mails
    receber e-mails no celular
    ativar e-mail
    ativar conta
    stop the server
    stop working
    start
    resume
    subscribe
    unsubscribe doesn't work
    mute button broken
    mute the microphone
    avisos
    notificações
    sim
    não
    ok
    Ok, obrigado
    obrigado
    Resolvido
    Deu certo!
    👍
    bom dia
    Bom dia, tudo bem?
    Maria Silva
    por favor
    1042
    #1042
    chamado 1042
    nº 1042
    ajuda
    help
    encerrar 1042 e 1043
    encerrar 1042 1043
    status 1042, 1043
    cancelar o 2x
    perfeito, cancelar
    Deu certo, status?
    Resolvido, cancelar
    encerrar :(
    encerrar 😡
    encerrar [x]
    encerrar: sim ( ) não (x)
    #fechar
    /status
    encerrar o chamado, cancelar os avisos
    ver https://loja.test/status
    status@loja.test
    encerrar agora não
    nada de encerrar
    cancelar nada
    so close
    close to the deadline
    close enough
    Fecha às 18h?
    fechar às 18h
    cierre de caja
    reabrimos amanhã
    status
    meus chamados
"""

CASES = [(wished, line.strip()) for wished, lines in WISHES.items() for line in lines.strip().splitlines()]
NO_WISH = [line.strip() for line in MESSAGES.strip().splitlines()[:-2]] + ["status\nmeus chamados", "", " \n "]


INHERITED = "Re: [#1042] Impressora não imprime"


def test_a_wish_alone_in_a_body_is_understood() -> None:
    assert [(wishes(INHERITED, text).on_ticket, text) for _, text in CASES] == CASES


def test_anything_else_in_a_body_is_a_message_for_people() -> None:
    assert [text for text in NO_WISH if wishes(INHERITED, text).on_ticket is not None] == []


def test_most_of_the_table_are_messages_for_people() -> None:
    assert len(CASES) + len(NO_WISH) >= 300
    assert len(NO_WISH) >= len(CASES)
    assert len(set(CASES)) == len(CASES)
    assert len(set(NO_WISH)) == len(NO_WISH)


def test_a_wish_alone_in_the_subject_of_a_new_mail_is_understood() -> None:
    assert [(wishes(text, "").on_ticket, text) for _, text in CASES] == CASES


@pytest.mark.parametrize("more", ["continua com erro", "não", "ainda não", "quando?", "mas preciso da nota", "x"])
def test_one_more_thought_and_it_is_a_message(more: str) -> None:
    acts = [text for wished, text in CASES if "?" not in text and wished not in {"status", "tickets"}]
    assert [text for text in acts if wishes("", f"{text} {more}").on_ticket is not None] == []
    assert [text for text in acts if wishes("", f"{more}. {text}").on_ticket is not None] == []


SUBJECTS: list[tuple[str, str, Wish | None]] = [
    ("Status", "", "status"),
    ("Status", "\n\n", "status"),
    ("Status?", "Obrigado", "status"),
    ("Status?", "Bom dia!\n\nObrigada,\nMaria Silva", "status"),
    ("status do chamado 1042", "Att.,\nJoão", "status"),
    ("Encerrar", "encerrar", "close"),
    ("Encerrar chamado", "Pode encerrar, obrigado", "close"),
    ("meus chamados", "Enviado do meu iPhone", "tickets"),
    ("", "meus chamados", "tickets"),
    ("(sem assunto)", "reabrir", "reopen"),
    ("Bom dia", "parar avisos", "mute"),
    ("Impressora", "cancelar", "cancel"),
    ("Re: [#1042] Status do pedido", "cancelar", "cancel"),
    ("RES: Encerrar", "meus chamados", "tickets"),
    ("[#1042] Cancelar", "pode encerrar, obrigado", "close"),
    # inherited subjects say nothing
    ("Re: Status", "", None),
    ("RE: status", "Obrigado", None),
    ("RES: [#1042] Status", "", None),
    ("Re: [#1042] Status do pedido", "", None),
    ("Re: [#1042] Cancelar", "ok", None),
    ("[#1042] Cancelar", "", None),
    ("[#1042] Cancelar", "Obrigado", None),
    ("[Suporte #1042] encerrar", "", None),
    ("ENC: encerrar", "", None),
    ("Fwd: cancelar", "", None),
    ("RV: cerrar", "", None),
    ("[EXTERNO] Re: status", "", None),
    ("Re[2]: status", "", None),
    ("Aw: close", "", None),
    # the body has something to say
    ("Status", "A impressora parou de novo.", None),
    ("Status", "Preciso saber quando fica pronto", None),
    ("Cancelar", "não, esqueçam", None),
    ("Cancelar", "Quero cancelar minha assinatura anual", None),
    ("Encerrar", "cancelar", None),
    ("Encerrar", "?", None),
    ("Status", "meus chamados", None),
    ("meus chamados", "não aparecem no portal", None),
    ("reabrir", "o erro voltou", None),
    ("Status", "Segue anexo", None),
    ("Status", "teste", None),
    ("Status do pedido", "", None),
    ("Cancelar pedido 77", "", None),
    ("Problema resolvido", "cancelar", None),
    ("tudo certo", "encerrar", "close"),
    ("encerrar", "tudo certo", "close"),
    ("cancelar", "tudo certo", None),
]


@pytest.mark.parametrize(("subject", "reply", "expected"), SUBJECTS)
def test_only_a_subject_that_was_written_for_it_counts(subject: str, reply: str, expected: Wish | None) -> None:
    assert wishes(subject, reply).on_ticket == expected


@pytest.mark.parametrize(
    ("subject", "reply", "expected"),
    [
        ("meus chamados", "", "tickets"),
        ("status", "", "tickets"),
        ("", "Status?", "tickets"),
        ("cancelar", "", None),
        ("encerrar", "", None),
        ("reabrir", "", None),
        ("unsubscribe", "", None),
        ("parar avisos", "", None),
        ("receber avisos", "", None),
        ("Impressora", "status?", None),
        ("Impressora não imprime", "meus chamados", None),
    ],
)
def test_without_a_ticket_only_lists_can_be_asked_for(subject: str, reply: str, expected: Wish | None) -> None:
    assert wishes(subject, reply).without_ticket == expected


@pytest.mark.parametrize(
    ("signature", "expected"),
    [
        ("-- \nMaria Souza\nCompras", "close"),
        ("Enviado do meu iPhone", "close"),
        ("Enviado com o e-mail seguro da [Proton Mail](https://proton.me/mail/home).", "close"),
        ("Sent with [Proton Mail](https://proton.me/mail/home) secure email.", "close"),
        ("---\nMaria Souza\n\nSent using Zoho Mail", "close"),
        ("Enviado do meu iPhone, mas [leia isto](https://cliente.test/).", None),
        ("-- \nMaria\nPosso ajudar em algo mais?", None),
        ("x" * 20_000, None),
    ],
)
def test_what_was_cut_off_as_a_signature_may_say_more(signature: str, expected: Wish | None) -> None:
    assert wishes("Re: [#1042] x", "Pode encerrar", signature).on_ticket == expected


def test_the_writers_name_may_stand_below_whatever_it_is() -> None:
    assert wishes("Re: [#1042] x", "Pode encerrar\nKryztof", "Kryztof Zwęgrzyn\nCompras").on_ticket == "close"
    assert wishes("Re: [#1042] x", "Pode encerrar\nKryztof").on_ticket is None


def test_a_long_text_is_never_a_wish() -> None:
    assert wishes("", "status " + "por favor " * 40).on_ticket is None
    assert wishes("", "status" + " " * MAX_CHARACTERS).on_ticket is None


@pytest.mark.parametrize(
    ("subject", "reply", "number"),
    [
        ("status do chamado 1042", "", 1042),
        ("Re: [#1042] x", "encerrar o 1043", 1043),
        ("Re: [#1042] x", "encerrar", None),
        ("[#1042] x", "Status #7?", 7),
        ("status nº 1042", "1042", 1042),
        ("status 1042", "status 1043", None),
        ("status", "11/12/2025", None),
        ("status", "R$ 10,50", None),
        ("status", "", None),
    ],
)
def test_the_ticket_that_is_named(subject: str, reply: str, number: int | None) -> None:
    assert number_named(subject, reply) == number


def test_of_a_mail_that_goes_on_and_on_nothing_is_read_however_short_its_words() -> None:
    assert wishes("", "status" + "\n" * 1_000).on_ticket == "status"
    assert wishes("", "status" + "\n" * MAX_REPLY_CHARACTERS).on_ticket is None
    assert wishes("", "?" * MAX_CHARACTERS + "status" + "?" * MAX_CHARACTERS).on_ticket is None
