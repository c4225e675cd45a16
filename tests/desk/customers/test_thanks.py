import pytest

from mailtickets.desk.customers.thanks import MAX_WORDS, Gratitude, gratitude
from mailtickets.words import shipped

THANKS = [
    # Portuguese
    "Obrigado",
    "Obrigada!",
    "obrigado.",
    "OBRIGADO!!!",
    "Obrigadaaaaa",
    "obg",
    "Obg!",
    "vlw",
    "Vlwww",
    "Valeu!",
    "Valeuuu 👍",
    "Brigadão!",
    "Brigada, viu",
    "Muito obrigado",
    "Muito obrigada pela ajuda",
    "Muito obrigada pela ajuda!!",
    "Muito obrigada mesmo :)",
    "Mto obrigado",
    "Muitíssimo obrigado!",
    "Muitissimo obrigada",
    "Super obrigada",
    "Obrigado(a)",
    "Grato.",
    "Grata pela atenção",
    "Grato pelo retorno.",
    "Agradeço.",
    "Agradeço a atenção.",
    "Agradeço a atenção dispensada.",
    "Agradecemos o atendimento",
    "Agradeço muito!",
    "Agradeço pela rapidez",
    "Fico muito grato",
    "Gratidão 🙏",
    "Deus abençoe, obrigada",
    "Perfeito, obrigado!",
    "Perfeito! Muito obrigado.",
    "Deu certo, obrigado!",
    "Deu certo aqui. Muito obrigada!",
    "Deu tudo certo, valeu!",
    "Agora funcionou, obrigado",
    "Tudo funcionando perfeitamente. Obrigado",
    "Já está funcionando, obrigada!",
    "Resolvido, obrigado!",
    "Problema resolvido. Obrigado!",
    "Era isso mesmo, obrigado",
    "Consegui! Obrigada 😊",
    "Ok, obrigado.",
    "Ok obg",
    "Certo, obrigada!",
    "Ciente, obrigado.",
    "Recebido, muito obrigada",
    "Entendi, obrigada",
    "Show de bola, valeu",
    "Show! Obrigado",
    "Beleza, valeu!",
    "Maravilha!! Obrigada!!",
    "Vocês são demais! Obrigada!",
    "Excelente atendimento, obrigado",
    "Parabéns pelo atendimento! Obrigado",
    "Ajudou muito, obrigado",
    "Obrigado mais uma vez",
    "Obrigado novamente",
    "Obrigado de coração",
    "Obrigado por tudo",
    "Obrigado por me ajudar",
    "Obrigado por terem resolvido",
    "Obrigado pela ajuda e pela paciência",
    "Obrigado pela atenção e ajuda",
    "Obrigada pelo excelente atendimento",
    "Obrigado pela resposta rápida!",
    "Obrigado a todos!",
    "Obrigado, equipe!",
    "Obrigado pessoal",
    "Obrigado, Carla!",
    "Obrigada Carlos Pereira",
    "Carla, muito obrigada!",
    "Bom dia! Obrigado.",
    "Bom dia, Carla.\n\nMuito obrigada pela ajuda.\n\nAtt.,\nMaria da Silva",
    "Boa tarde\nObrigada\nAtenciosamente,\nJoão Souza",
    "Oi Carla, tudo bem?\nMuito obrigado!\nAbraços",
    "Olá, tudo bem? Obrigada pelo retorno! Tenha um ótimo dia!",
    "Prezados,\n\nAgradeço a atenção.\n\nCordialmente,\nAna Paula Ferreira",
    "Prezada Carla,\nobrigado pela presteza.\nAtenciosamente",
    "Caro Carlos, obrigado!",
    "Obrigado, bom fim de semana!",
    "Obrigada e bom trabalho!",
    "Obrigada. Um abraço",
    "Valeu, abs",
    "Obrigado, um ótimo final de semana para todos!",
    "Desejo uma excelente semana. Obrigada",
    "Obrigado!\n\nEnviado do meu iPhone",
    "Obrigada\n\nEnviado do meu Galaxy A54 5G",
    "Obrigada\n\nEnviado do meu iPhone 15",
    "Valeu!\n\nObter o Outlook para Android<https://aka.ms/AAb9ysg>",
    "Obrigado\nEnviado do Email para Windows",
    "*Obrigado!*",
    "- Obrigado",
    "“Obrigado”",
    "Obrigado…",
    "Obrigado ❤️",
    "Muito   obrigado\u00a0pela\u200b ajuda",
    "Muito obrigada pela\najuda",
    "👍",
    "👍🏽",
    "🙏🙏🙏",
    "👏👏 🙏",
    "Perfeito 👍",
    "Muito obrigada 😍🙏❤️",
    # Spanish
    "Gracias",
    "¡Gracias!",
    "Muchas gracias",
    "¡Muchísimas gracias!",
    "Mil gracias",
    "Perfecto, gracias",
    "Perfecto, muchas gracias por la ayuda.",
    "Gracias por su pronta respuesta",
    "Gracias por todo",
    "Ya funciona, gracias",
    "Hola, ¿cómo estás? Muchas gracias",
    "Buenos días, Carlos. Muchas gracias por su ayuda. Saludos cordiales, Juan Pérez",
    "Muchas gracias. Un saludo",
    "Te lo agradezco mucho",
    "Muy amable, gracias",
    "Gracias, que tenga un excelente día",
    "Vale, gracias",
    "Gracias!\n\nEnviado desde mi iPhone",
    # English
    "Thanks",
    "thanks!",
    "Thx",
    "thank you",
    "Thank you so much!",
    "Thank you very much for your help.",
    "Thanks a lot",
    "Many thanks",
    "Thanks a million!",
    "Cheers",
    "Cheers mate",
    "ty",
    "Much appreciated",
    "Really appreciate it!",
    "I really appreciate your help",
    "Perfect, thanks",
    "Perfect! Thank you.",
    "Great, thank you for the quick response!",
    "Awesome thanks",
    "That worked, thanks!",
    "It works now, thank you!",
    "All good now, thanks",
    "Problem solved, thank you",
    "Got it, thanks!",
    "Hi Carla,\n\nThank you for your help and patience.\n\nBest regards,\nJohn Smith",
    "Thanks again, have a great weekend!",
    "Dear team, thanks. Kind regards",
    "Thanks\n\nSent from my iPhone",
    "Thanks!\n\nGet Outlook for iOS",
    "You guys are awesome, thanks",
]

MORE = [
    # a request beside it
    "obrigado, mas ainda não funciona",
    "Obrigado! E a nota fiscal?",
    "obrigado! e a nota fiscal",
    "Obrigado. Nota fiscal",
    "Obrigado, aguardo a nota fiscal",
    "Obrigado, aguardo retorno",
    "Obrigado, fico no aguardo",
    "Obrigado, no aguardo",
    "Obrigado, vou testar amanhã",
    "Obrigado, vou testar e aviso",
    "Obrigado, pode cancelar",
    "Obrigado. Cancelar",
    "Obrigada! Cancele o pedido",
    "OBRIGADO CANCELE O PEDIDO",
    "Obrigado. Urgente",
    "Obrigado. Suporte",
    "Obrigado. Por favor reabra",
    "Obrigado, por favor",
    "Por favor, ajuda. Obrigado",
    "Ajuda! Obrigado",
    "Ajuda, obrigada",
    "Socorro, obrigado",
    "Agradeço um retorno",
    "Agradeço retorno",
    "Agradeço o retorno",
    "Agradeço uma resposta",
    "Agradeço ajuda",
    "Agradeço se puderem verificar",
    "Desde já agradeço",
    "Desde já, obrigado",
    "Obrigado desde já",
    "Obrigado antecipadamente",
    "Obrigado, pode encerrar e abrir outro",
    "Obrigado, mais uma dúvida",
    "Obrigado, mais uma coisa",
    "Obrigado, mais um pedido",
    "Muito obrigado, falta só o boleto",
    "Obrigada, só falta a senha",
    "Obrigado, parou de novo",
    "Obrigado, voltou o erro",
    "Obrigado, o erro voltou",
    "Obrigado, qual o prazo",
    "Obrigado, quando",
    "Obrigado, quando chega",
    "Obrigado, segue o comprovante",
    "Obrigado, segue anexo",
    "Obrigado. Enviado.",
    "Obrigado.\nEnviado por e-mail",
    "Obrigado\nEnviado por e-mail o boleto",
    "Obrigado\nEnviado do meu iPhone o boleto",
    "Enviado do meu iPhone",
    "Obrigado, Maria, chame o João",
    "Obrigado, fale com Maria",
    "Obrigado, que dia",
    "Obrigada. Que dia e que hora",
    "Obrigado, dia",
    # denials and half measures
    "Não, obrigado",
    "Não deu certo, obrigado",
    "Nao funcionou. Obrigado",
    "Obrigado, nada mudou",
    "Ainda nada, obrigado",
    "Obrigado por nada",
    "Obrigado, nada ainda",
    "Não obrigado!",
    "Nunca funcionou, obrigado",
    "Obrigado, sem sucesso",
    "Deu certo em parte, obrigado",
    "Tudo certo menos o boleto, obrigado",
    "Quase perfeito, obrigado",
    "Obrigado, porém lento",
    "Obrigado, só que não",
    "Obrigado pela demora",
    "Muito caro, obrigado",
    "Obrigado, infelizmente o problema continua",
    "Deu erro, obrigado",
    "Piorou, obrigado",
    "Valeu a pena",
    "Valeu a tentativa, mas",
    # answers
    "Sim, obrigado",
    "Sim",
    "Pode ser, obrigado",
    "Aceito, obrigado",
    "De acordo, obrigado",
    "Combinado, obrigado",
    "Confirmo, obrigada",
    "A segunda opção, obrigado",
    "Amanhã, obrigado",
    # questions, numbers, addresses
    "Obrigado?",
    "Obrigado! Deu certo?",
    "Obrigado?!",
    "¿Gracias?",
    "Obrigado, Carla?",
    "Obrigado ❓",
    "Obrigado 1000",
    "Obrigado, pedido 1042",
    "Obrigado #1042",
    "Obrigado, às 10h",
    "Obrigado ½",
    "Obrigado ①",
    "1000x obrigado",
    "Obrigado, 11 99999-0000",
    "Obrigado https://example.test/x",
    "Obrigado www.example.test",
    "Obrigado, maria@example.test",
    "Obrigado R$",
    "Obrigado 100%",
    "Obrigado +",
    "> Obrigado",
    "Obrigado | Financeiro",
    "Obrigado\nFinanceiro",
    "Obrigado\n--\nBoleto",
    "Obrigado\n/fechar",
    "#fechar obrigado",
    "Obrigado 😡",
    "Obrigado 😢",
    "Obrigado 🤔",
    "Obrigado 👎",
    "Obrigado 1️⃣",
    "Obrigado :(",
    # nothing of thanks in it
    "",
    " \n\n",
    "...",
    "Ok",
    "Tá",
    "Tá bom",
    "Perfeito!",
    "Deu certo!",
    "Resolvido",
    "Bom dia",
    "Bom dia, tudo bem?",
    "Maria",
    "Att.,\nMaria da Silva",
    "De nada",
    "😊",
    "❤️",
    "teste",
    # Spanish
    "Gracias, pero no funciona",
    "No, gracias",
    "Gracias, sigue igual",
    "Gracias de antemano",
    "Gracias, quedo a la espera",
    "Gracias. ¿Y la factura?",
    "Gracias y la factura",
    "Gracias por nada",
    "Gracias, falta la factura",
    "Todavía nada, gracias",
    "Le agradezco una respuesta",
    "Agradezco su respuesta a la brevedad",
    "Sí, gracias",
    "Ayuda, gracias",
    # English
    "Thanks, but it still fails",
    "No thanks",
    "No, thank you",
    "Thanks in advance",
    "Thank you in advance for your help",
    "Thanks for nothing",
    "Thanks, not working",
    "Thanks, it isn't working",
    "Thanks, one more thing",
    "Thanks. Invoice",
    "Thanks, please cancel",
    "Please help. Thanks",
    "Help! Thanks",
    "Thanks, can you send the invoice",
    "Thanks, will check",
    "Thanks, I will let you know",
    "Thanks, still waiting",
    "Thanks, is it working now",
    "Same here, thanks",
    "Yes, thanks",
    "Yes please, thanks",
    "I would appreciate a reply",
    "Appreciate your help with the invoice",
    "Much appreciated if you could call",
    "Thanks, call me",
    "Thanks, bill",
    "Thanks for the refund request",
    "Thank you for cancelling",
    "Cheers, when",
    # other languages and scripts
    "Danke",
    "Спасибо",
    "谢谢",
    "Οbrigado",  # a Greek capital omicron
]


@pytest.mark.parametrize("reply", THANKS)
def test_only_thanks(reply: str) -> None:
    found = gratitude(reply)
    assert found is not None
    assert found.words


@pytest.mark.parametrize("reply", MORE)
def test_more_than_thanks_or_none(reply: str) -> None:
    assert gratitude(reply) is None


@pytest.mark.parametrize(
    "more",
    ["mas ainda não funciona", "cancelar", "e o boleto?", "1042", "not yet", "pero no", "x://y", "nota fiscal", "?"],
)
def test_one_more_word_anywhere_and_it_is_no_thanks(more: str) -> None:
    for reply in THANKS:
        after = (f"{reply} {more}", f"{reply}\n{more}", f"{reply}.\n\n{more}")
        for said in (*after, f"{more} {reply}", f"{more}.\n{reply}"):
            assert gratitude(said) is None, said


def test_there_are_enough_examples() -> None:
    assert len(set(THANKS)) >= 120
    assert len(set(MORE)) >= 150


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ("Muito obrigada pela ajuda, Carla! 👍", ("muito obrigada", "👍")),
        ("Perfecto. ¡Mil gracias!", ("mil gracias",)),
        ("Thank you so much. Cheers", ("thank you so much", "cheers")),
        ("Valeu! Valeu!", ("valeu",)),
        ("Agradeço a atenção.", ("agradeco a atencao",)),
    ],
)
def test_it_says_what_it_was_recognised_by(reply: str, words: tuple[str, ...]) -> None:
    assert gratitude(reply) == Gratitude(words)


def test_names_that_are_known_may_stand_in_it() -> None:
    reply = "Obrigada, Xênia!\n\nAtt.,\nUbiratã Kowalczyk"
    assert gratitude(reply) is None
    assert gratitude(reply, names=["Xênia", "Ubiratã Kowalczyk"])
    assert gratitude(reply, "Ubiratã Kowalczyk\nGerente", names=["xenia"])


def test_a_long_first_line_of_a_signature_is_no_name() -> None:
    assert gratitude("Obrigado. Cancele", "Para pedidos: cancele em nosso site agora mesmo") is None
    assert gratitude("Obrigado. Enviado", "Enviado do meu iPhone") is None


def test_files_are_more_than_thanks() -> None:
    assert gratitude("Obrigado!", attachments=1) is None
    assert gratitude("Obrigado!", attachments=0)


@pytest.mark.parametrize(
    "signature",
    [
        "Maria da Silva\nGerente de Compras\nTel. (11) 99999-0000\nmaria@example.test",
        "Enviado do meu iPhone",
        "Obter o Outlook para iOS<https://aka.ms/o0ukef>",
        "Loja Exemplo\nhttps://example.test/?ref=mail www.example.test/?x",
        "",
    ],
)
def test_a_signature_is_not_what_was_said(signature: str) -> None:
    assert gratitude("Obrigado!", signature)


@pytest.mark.parametrize(
    "signature",
    [
        "-- \nE a nota fiscal?",
        "Maria\nQuando chega?",
        "Enviado por e-mail o boleto, favor conferir",
        "Enviado do meu celular o comprovante",
        "x" * 20_000,
    ],
)
def test_what_may_have_been_cut_off_by_mistake_is_more_than_thanks(signature: str) -> None:
    assert gratitude("Obrigado!", signature) is None


def test_many_words_are_more_than_thanks() -> None:
    assert gratitude("muito obrigado " * (MAX_WORDS // 2))
    assert gratitude("muito obrigado " * (MAX_WORDS // 2 + 1)) is None


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_line_ends(line_end: str) -> None:
    assert gratitude(line_end.join(["Obrigada!", "", "Att.,", "Maria", "", "Enviado do meu iPhone", ""]))


@pytest.mark.parametrize(
    "piece", ["obrigado ", "a", "tudo ", "e ", ":", ": )", "?", "<3", "(o)", "o'", "é", "👍", "\n", "a" * 24 + " "]
)
def test_long_texts_are_read_in_no_time(piece: str) -> None:
    for size in (600, 1_000_000):
        gratitude(piece * (size // len(piece)))
        gratitude("obrigado", piece * (size // len(piece)))


def test_the_vocabulary_is_written_as_it_is_compared() -> None:
    thanks, names = shipped.read("thanks"), shipped.read("names")
    lists = {**thanks["classes"], **names, **{kind: thanks[kind] for kind in thanks if isinstance(thanks[kind], str)}}
    for name, text in lists.items():
        assert text.isascii(), name
        assert text == text.lower(), name


def test_no_word_of_a_request_is_in_the_vocabulary_by_itself() -> None:
    requests = (
        "ajuda cancelar cancele nao ainda mas quando onde qual como boleto nota fiscal pedido erro problema urgente"
        " favor aguardo senha prazo help cancel not but please when where invoice refund still no pero donde cuando"
        " factura ayuda"
    )
    for word in requests.split():
        assert gratitude(f"obrigado. {word}") is None, word
        assert gratitude(f"{word} obrigado") is None, word
