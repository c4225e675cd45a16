"""An agent's signature below the text that they forward, and the customer's words that stay."""

import pytest

from mailtickets.desk.signatures.find import Signer, key
from mailtickets.desk.signatures.handed_on import without_own_signature
from mailtickets.desk.signatures.written import as_written
from mailtickets.mail.model import Address
from mailtickets.mail.read.parse import parse

ANA, DAVI = Address("Ana Souza", "ana@loja.test"), Address("Davi Melo", "davi@example.com")
BY = Signer(("Ana Souza",), ("Suporte Loja Azul",))
LEARNED = Signer(("Ana Souza",), learned=((key("Loja Azul - Trocas"), key("Ramal 2201")),))
WORDS = "Preciso da segunda via da nota.\n\nDavi Melo\nTel. (11) 2222-1111"
MAIL = f"""From: Ana Souza <ana@loja.test>
To: suporte@loja.test
Subject: Fwd: Nota
Date: Fri, 27 Nov 2026 10:00:00 -0300
Message-ID: <1@loja.test>
User-Agent: Mozilla Thunderbird
Content-Type: text/plain; charset=utf-8; format=flowed

Para o desk.

-------- Mensagem encaminhada --------
Assunto: \tNota
Data: \tFri, 27 Nov 2026 09:00:00 -0300
De: \tDavi Melo <davi@example.com>
Para: \tana@loja.test


{WORDS}

{"-- "}
Ana Souza
Ramal 2201
"""


def test_a_signature_below_a_forward_of_thunderbird_is_not_the_customers_words() -> None:
    mail, _ = as_written(parse(MAIL.encode()), BY)
    assert mail.forwarded is not None
    assert (mail.forwarded.author, mail.forwarded.text) == (DAVI, WORDS)


@pytest.mark.parametrize(
    "below",
    [
        "-- \nAna Souza\nRamal 2201",
        "--\nSuporte Loja Azul\nana@loja.test",
        "Ana Souza\nAnalista de Compras | Tel.: (11) 3333-4444",
        "-- \nAna\nRamal 2201",
    ],
)
def test_an_agents_signature_below_a_forward_is_cut(below: str) -> None:
    assert without_own_signature(f"{WORDS}\n\n{below}", BY, ANA, DAVI) == WORDS


@pytest.mark.parametrize("mark", ["", "-- \n"])
def test_learned_lines_below_a_forward_are_cut(mark: str) -> None:
    assert without_own_signature(f"{WORDS}\n\n{mark}Loja Azul - Trocas\nRamal 2201", LEARNED, ANA, DAVI) == WORDS


@pytest.mark.parametrize(
    ("words", "customer"),
    [
        (WORDS, DAVI),
        ("Oi\n\n-- \nDavi Melo\nTel. (11) 2222-1111", DAVI),
        ("Oi\n\n-- \nMelo Materiais\ndavi@example.com", DAVI),
        ("Oi\n\nAna\n(11) 2222-1111", Address("", "ana@example.com")),
        ("Oi\n\n-- \nAna\n(11) 2222-1111", None),
        ("Oi\n\n-- \nAna\n(11) 2222-1111", Address("Ana Lima", "ana@example.com")),
        ("Oi\n\nAna Souza\n(11) 2222-1111", Address("Ana Souza", "ana@example.com")),
        ("Quem me atendeu foi:\n\nAna Souza\n(11) 3333-4444", DAVI),
        ("Quem me atendeu foi\nAna Souza\n(11) 3333-4444", DAVI),
        ("Resposta de vocês:\nAna Souza\n(11) 3333-4444\n\nE até hoje nada.", DAVI),
        ("Oi\n\n-- \nDavi Melo\n\nP.S.: falei com a Ana Souza ontem.", DAVI),
        ("Oi\n\nAtenciosamente,\nGerente de Compras\n(11) 2222-1111", DAVI),
        ("", DAVI),
    ],
)
def test_a_customers_own_words_below_a_forward_stay(words: str, customer: Address | None) -> None:
    assert without_own_signature(words, BY, ANA, customer) == words
