"""What customers answer when they are asked how it was, and what only looks like an answer to that."""

import pytest

from mailtickets.desk.customers.phrasing import MAX_REPLY_CHARACTERS
from mailtickets.desk.customers.ratings import MAX_CHARACTERS, Rating, rating

RATINGS: list[tuple[str, int, str]] = [
    # digits
    ("5", 5, ""),
    (" 5 \n", 5, ""),
    ("1", 1, ""),
    ("5!", 5, ""),
    ("5!!!", 5, ""),
    ("5.", 5, ""),
    ("(4)", 4, ""),
    ('"5"', 5, ""),
    ("*5*", 5, ""),
    ("5️⃣", 5, ""),
    ("5 😀", 5, ""),
    ("5 :)", 5, ""),
    ("5 ⭐", 5, ""),
    ("5 ⭐⭐⭐⭐⭐", 5, ""),
    ("1 👎", 1, ""),
    ("Cinco", 5, ""),
    ("quatro", 4, ""),
    ("five", 5, ""),
    ("Olá, 5", 5, ""),
    ("Bom dia!\n\n4", 4, ""),
    ("5\n\nMaria Silva", 5, ""),
    ("5\n\nAtt.,\nJoão", 5, ""),
    ("5\n\nEnviado do meu iPhone", 5, ""),
    ("5 - muito rápido!", 5, "muito rápido"),
    ("5 – muito rápido", 5, "muito rápido"),
    ("5, excelente", 5, "excelente"),
    ("5 excelente", 5, "excelente"),
    ("5 Ótimo atendimento", 5, "Ótimo atendimento"),
    ("5. Excelente!", 5, "Excelente"),
    ("5! Resolveram na hora", 5, "Resolveram na hora"),
    ("4\nDemorou um pouco", 4, "Demorou um pouco"),
    ("2 - demorou demais", 2, "demorou demais"),
    ("5 obrigado", 5, "obrigado"),
    ("5, obrigada!", 5, "obrigada"),
    ("5\nMuito obrigado pela ajuda", 5, "Muito obrigado pela ajuda"),
    # stated
    ("Nota 4", 4, ""),
    ("nota: 5", 5, ""),
    ("NOTA 5!!", 5, ""),
    ("Minha nota é 4", 4, ""),
    ("Nota cinco", 5, ""),
    ("nota 10", 5, ""),
    ("Nota dez!", 5, ""),
    ("Nota mil", 5, ""),
    ("10/10", 5, ""),
    ("dou nota 3", 3, ""),
    ("Dou 5", 5, ""),
    ("Avaliação: 2", 2, ""),
    ("rating: 5", 5, ""),
    ("My rating is 4", 4, ""),
    ("I'd give it a 5", 5, ""),
    ("Puntuación 5", 5, ""),
    ("calificación: 1", 1, ""),
    ("Atendimento nota 10!", 5, ""),
    ("Atendimento: 4", 4, ""),
    ("4/5", 4, ""),
    ("5 / 5", 5, ""),
    ("4 de 5", 4, ""),
    ("4 out of 5", 4, ""),
    ("5 estrelas", 5, ""),
    ("5 estrelas!", 5, ""),
    ("Cinco estrelas", 5, ""),
    ("3 stars", 3, ""),
    ("One star", 1, ""),
    ("1 estrella", 1, ""),
    ("Nota 5/5", 5, ""),
    ("nota 2. demorou demais", 2, "demorou demais"),
    ("nota 1, ainda não funciona", 1, "ainda não funciona"),
    ("Nota 5 muito rápido", 5, "muito rápido"),
    ("Nota 5\n\nResolveram no mesmo dia.\nParabéns!", 5, "Resolveram no mesmo dia.\nParabéns"),
    ("Nota 5 para o atendimento", 5, "para o atendimento"),
    ("4/5 - podia ser mais rápido", 4, "podia ser mais rápido"),
    ("5 estrelas, recomendo", 5, "recomendo"),
    ("Gostei muito, nota 5", 5, "Gostei muito"),
    ("Demorou e não resolveu. Nota 1", 1, "Demorou e não resolveu"),
    ("Very quick. 5/5", 5, "Very quick"),
    ("Atendimento rápido.\n\n5 estrelas", 5, "Atendimento rápido"),
    # stars
    ("★★★★☆", 4, ""),
    ("★★★★★", 5, ""),
    ("★☆☆☆☆", 1, ""),
    ("⭐⭐⭐", 3, ""),
    ("⭐️⭐️⭐️⭐️⭐️", 5, ""),
    ("⭐ ⭐ ⭐ ⭐", 4, ""),
    ("⭐⭐⭐⭐⭐ adorei", 5, "adorei"),
    ("⭐⭐ demorou", 2, "demorou"),
    ("Muito bom!\n⭐⭐⭐⭐⭐", 5, "Muito bom"),
    # signs
    ("👍", 5, ""),
    ("👍🏽", 5, ""),
    ("👍👍👍", 5, ""),
    ("👎", 1, ""),
    ("😀", 5, ""),
    ("😍😍", 5, ""),
    ("🙂", 4, ""),
    ("😐", 3, ""),
    ("😡", 1, ""),
    ("🙁", 2, ""),
    ("❤️", 5, ""),
    ("👍 muito rápido", 5, "muito rápido"),
    ("👎 demorou demais", 1, "demorou demais"),
    ("😡😡 uma semana esperando", 1, "uma semana esperando"),
    # words
    ("ótimo", 5, ""),
    ("Ótimo!", 5, ""),
    ("OTIMO", 5, ""),
    ("Foi ótimo", 5, ""),
    ("péssimo", 1, ""),
    ("Péssimo.", 1, ""),
    ("Muito bom, 5!", 5, "Muito bom"),
    ("Muito bom! 5", 5, "Muito bom"),
    ("Excelente. 5", 5, "Excelente"),
    ("Excelente!\n\n5", 5, "Excelente"),
    ("Great, 4.", 4, "Great"),
    ("Péssimo - 1", 1, "Péssimo"),
    ("Ótimo: 5/5", 5, "Ótimo"),
    ("muito bom", 5, ""),
    ("Muito bom!!", 5, ""),
    ("excelente", 5, ""),
    ("Excelente 👍", 5, ""),
    ("bom", 4, ""),
    ("regular", 3, ""),
    ("Razoável", 3, ""),
    ("mais ou menos", 3, ""),
    ("ruim", 2, ""),
    ("muito ruim", 1, ""),
    ("Horrível", 1, ""),
    ("Não gostei", 2, ""),
    ("Gostei muito!", 5, ""),
    ("muito satisfeita", 5, ""),
    ("insatisfeito", 2, ""),
    ("great", 5, ""),
    ("Great!", 5, ""),
    ("terrible", 1, ""),
    ("very good", 5, ""),
    ("good", 4, ""),
    ("Very satisfied", 5, ""),
    ("average", 3, ""),
    ("awful", 1, ""),
    ("malo", 2, ""),
    ("muy malo", 1, ""),
    ("Muy bueno", 5, ""),
    ("pésimo", 1, ""),
    ("Bom dia, excelente!", 5, ""),
    ("Péssimo, demorou demais", 1, "demorou demais"),
    ("Terrible, waited three weeks", 1, "waited three weeks"),
    ("Regular, demorou um pouco", 3, "demorou um pouco"),
    ("Muito bom! Rápido e educado", 5, "Rápido e educado"),
    ("Excelente, muito rápidos", 5, "muito rápidos"),
    ("Ótimo atendimento", 5, ""),
    ("Ótimo atendimento!", 5, ""),
    ("Péssimo atendimento", 1, ""),
    ("O atendimento foi excelente", 5, ""),
    ("Bom atendimento", 4, ""),
    ("Muito satisfeito com o atendimento", 5, ""),
    ("Muito bom o atendimento", 5, ""),
    ("Atendimento péssimo, ninguém responde", 1, "ninguém responde"),
    ("Great service!", 5, ""),
    ("The support was terrible", 1, ""),
    ("Excelente servicio", 5, ""),
    ("Ótimo atendimento, obrigado", 5, "obrigado"),
    ("Excelente atendimento! Resolveram em dez minutos.", 5, "Resolveram em dez minutos"),
]

NO_RATINGS = """
    5 dias depois ainda quebrado
    1042
    10
    0
    6
    7
    8/10
    9 de 10
    nota 8
    nota 0
    nota 7
    Nota 9
    4/10
    nota 4 de 10
    2x
    5x
    1) não funciona
    1) ótimo
    1. não funciona
    1. Reiniciar
    5. Pasta de rede
    5: pasta de rede
    1 - não funciona
    1 - ainda com erro
    1 - reiniciei\n2 - continua
    2, 3 e 4
    4 ou 5
    4 e 5
    4-5
    4 - 5
    4,5
    4.5
    5,00
    R$ 5
    5%
    5º
    5h
    5 h
    às 5
    5 minutos
    5 computadores
    5 usuários sem acesso
    5 notas fiscais
    3 impressoras paradas
    5 da tarde
    5/11
    5/11/2025
    5-11
    05
    55
    +5
    -5
    5?
    5 :(
    5 👎
    1 👍
    5 😡
    5 ⭐⭐
    Nota 5? Não entendi
    nota 5 ou nota 4
    Nota 5 pela rapidez, nota 2 pela educação
    5 - vocês atendem sábado?
    5, mas ainda não funciona
    5 - continua com erro
    5 - preciso da nota fiscal
    nota fiscal 5
    segue a nota 5
    Segue em anexo, nota 5
    nota 1043
    nota 5 não foi emitida
    A nota 5 não chegou
    A nota está errada
    nota
    Nota de devolução
    Dou 5 dias
    Suporte: 5 usuários sem acesso
    Boa!
    mal consigo acessar
    Nota 5, mas ainda falta o relatório
    Excelente trabalho, mas ainda falta o relatório
    3 star hotel booking fails
    avaliação
    avaliar
    bom dia, ainda não funciona
    bom dia
    Bom dia!
    Boa tarde
    boa noite, pessoal
    Bom dia, tudo bem?
    Bom, vou testar
    Bom. Vou testar amanhã.
    bom ponto
    bom saber
    Good morning
    Good question
    good to know
    great idea
    Great, I'll test it
    Great, but it still fails
    Ótimo, vou testar
    ótimo, obrigado
    Ótimo! Muito obrigada
    Great, thanks
    Excelente, gracias
    Perfeito, obrigado
    Ótimo, aguardo
    Ótimo, mas ainda não funciona
    Ótimo?
    ótima notícia
    Muito bom, quando posso buscar?
    Muito bom saber disso
    Muito bom, 2
    Muito bom, 5 dias
    Muito bom, 55
    Péssimo! 5
    Excelente, são 5
    Ótimo 5
    Ruim, não resolveu nada, preciso de ajuda
    ruim de conexão
    A conexão está ruim
    A internet está péssima
    péssima conexão
    sinal fraco
    bad request
    Bad gateway
    terrible bug, please fix
    mal funcionamento
    regularizar
    regular o volume
    médio
    ok
    Ok, obrigado
    certo
    sim
    não
    obrigado
    Obrigado!
    👍 obrigado
    Obrigado 👍
    👍 vou testar
    Vou testar amanhã 👍
    👍👎
    👎 não recebi o e-mail
    😡 ainda não funciona
    🙏
    👌
    🤔
    😂
    😢
    ⭐
    ⭐⭐⭐⭐⭐⭐
    ★★★★★★★
    ⭐ ⭐ ⭐ ⭐ ⭐ ⭐
    ☆☆☆☆☆
    *****
    ----
    status
    reabrir
    um
    one
    uma
    five minutes
    cinco minutos
    dois computadores
    A impressora parou de novo.
    Não funcionou
    Continua igual
    funcionou
    Resolvido
    teste
    Maria
    1ª via do boleto
    1 boleto
    2ª via
    3
"""

TABLE = [line.strip().replace("\\n", "\n") for line in NO_RATINGS.strip().split("\n    ")][:-1]


def test_a_rating_is_read_with_its_comment() -> None:
    read = [(reply, rating(reply)) for reply, _, _ in RATINGS]
    assert read == [(reply, Rating(score, comment)) for reply, score, comment in RATINGS]


def test_anything_else_is_an_ordinary_message() -> None:
    assert [reply for reply in [*TABLE, "", "  \n"] if rating(reply) is not None] == []


def test_there_are_enough_of_both() -> None:
    assert len(RATINGS) >= 120
    assert len(TABLE) >= 120
    assert len({reply for reply, _, _ in RATINGS}) == len(RATINGS)


@pytest.mark.parametrize("reply", ["5\nKryztof", "Nota 5\n\nAtt,\nKryztof Zwęgrzyn"])
def test_the_name_in_the_signature_is_no_comment(reply: str) -> None:
    assert rating(reply, "Kryztof Zwęgrzyn\nCompras") == Rating(5, "")
    assert rating(reply) != Rating(5, "")


def test_our_own_words_quoted_by_hand_are_no_rating() -> None:
    assert rating("5\n\nRef.: ABCDEFGHIJKLMNOPQRSTUVWXYZ") is None
    assert rating("5\n> De 1 a 5, como foi?") is None


def test_a_long_text_is_no_rating() -> None:
    assert rating("nota 5. " + "muito bom " * 20) is not None
    assert rating("nota 5. " + "muito bom " * (MAX_CHARACTERS // 9)) is None


def test_of_a_mail_that_goes_on_and_on_nothing_is_read_however_short_its_words() -> None:
    assert rating("5" + "\n" * 1_000) == Rating(5, "")
    assert rating("5" + "\n" * MAX_REPLY_CHARACTERS) is None
