"""Where under an agent's words their signature begins."""

import pytest

from mailtickets.desk.signatures.find import Signer, parted, start_of

ANA = Signer(("Ana Souza",), ("Suporte Loja Azul",))
OUTLOOK = "Ana Souza\nAnalista de Compras | Tel.: (11) 3333-4444\n[Logo]"

SHAPES = {
    "outlook": OUTLOOK,
    "emphasis": "*Ana Paula Souza*\n_Analista de suporte pleno_\nM +55 11 98888-7777",
    "queue": "Ana Souza\nSuporte Loja Azul",
    "one-line": "Ana Souza | Atendimento | (11) 3333-4444",
    "gaps": "Ana Souza\n\nAtendente\n\nRua das Flores, 100 – Centro – São Paulo/SP\n\nwww.loja.test | ana@loja.test",
    "slogan": "Ana Souza\nTel. (11) 3333-4444\nTransformando o seu dia desde 1998",
    "images": "Ana Souza\n[cid:image001.png@01DB4142.8A3B5C10]\n<image002.png>",
    "english": "Ana Souza\nCustomer Support Manager\nPhone: +1 (555) 010-9999 ext. 3",
    "spanish": "Ana Souza\nEjecutiva de atención\nMóvil: +34 600 000 000\nCalle Mayor 3, 28013 Madrid",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_first_signature_is_known_by_its_shape(shape: str) -> None:
    found = parted(f"Bom dia! Já enviamos.\n\n{SHAPES[shape]}\n", ANA)
    assert (found.words, found.signature, found.how) == ("Bom dia! Já enviamos.", SHAPES[shape], "shape")


@pytest.mark.parametrize("shape", SHAPES)
def test_a_command_with_a_signature_under_it_is_left_with_the_command(shape: str) -> None:
    assert parted(f"#assumir\n\n{SHAPES[shape]}", ANA).words == "#assumir"


@pytest.mark.parametrize("shape", SHAPES)
def test_of_a_signature_alone_nothing_is_left(shape: str) -> None:
    assert parted(SHAPES[shape], ANA).words == ""


def test_a_closing_formula_and_a_name_alone_are_the_writers_own() -> None:
    for words in ("Feito.\n\nAbraço,\nAna", "Feito.\n\nAtenciosamente,\n\nAna Souza"):
        assert parted(words, ANA).words == words
    assert parted(f"Feito.\n\nAtenciosamente,\n\n{OUTLOOK}", ANA).words == "Feito.\n\nAtenciosamente,"


@pytest.mark.parametrize(
    "words",
    [
        "Pode ligar para:\nAna Souza\n(11) 3333-4444",
        "Sou a\nAna Souza\nAnalista de suporte\n\nVou cuidar do seu caso.",
        "Me ligue no (11) 3333-4444 amanhã.\nAna",
        "Falei com a equipe.\n\nAna Souza\nBruno Lima",
        "Olá\n\nAna Souza\nMe chama no whats 11 99999-9999",
        "Ana,\n\n(11) 3333-4444",
        "O telefone é (11) 3333-4444",
        "Fale com o setor:\n\nVendas\n(11) 3333-4444\nwww.loja.test",
        "A Ana Souza cuida disso.",
        "Obrigada!",
    ],
)
def test_when_in_doubt_a_line_is_words(words: str) -> None:
    assert parted(words, ANA) == parted(words, ANA).__class__(words)


def test_a_house_signs_under_a_closing_formula() -> None:
    found = parted("Ok.\n\nAtt,\n\nEquipe de Suporte\n+55 11 99999-8888", ANA)
    assert found.words == "Ok.\n\nAtt,"


@pytest.mark.parametrize("below", ["PS: amanhã eu ligo.", "#fechar", "#nota Ela estava brava.\nMuito."])
def test_what_stands_under_a_signature_stays(below: str) -> None:
    assert parted(f"Segue.\n\n{OUTLOOK}\n\n{below}", ANA).words == f"Segue.\n\n{below}"


def test_a_signature_that_stood_there_before_is_known_whatever_its_shape() -> None:
    ours = "~ a equipe que resolve ~\nconheça o nosso clube de vantagens!"
    knowing = Signer(("Ana Souza",), learned=(("aequipequeresolve", "conhecaonossoclubedevantagens"),))
    assert parted(f"Segue.\n\n{ours}", ANA).words == f"Segue.\n\n{ours}"
    found = parted(f"Segue.\n\n{ours}", knowing)
    assert (found.words, found.how) == ("Segue.", "learned")
    assert parted("conheça o nosso clube de vantagens!", knowing).how == "", "all of it, or nothing"


def test_a_learned_signature_may_end_in_the_notice_of_lawyers_that_is_cut_already() -> None:
    knowing = Signer(("Ana Souza",), learned=(("lojaazul", "avisolegal"),))
    assert parted("Ok\n\nLoja Azul", knowing, below="AVISO LEGAL").words == "Ok"


def test_words_typed_into_what_the_program_marks_stay_words() -> None:
    text = "Pode trocar na loja.\n\nAna Souza\nVem aí a semana do frete grátis!"
    marked = Signer(("Ana Souza",), marked=(text,))
    found = parted(text, marked)
    assert (found.words, found.how) == ("Pode trocar na loja.", "marked")


def test_the_beginning_of_a_signature_can_be_asked_for() -> None:
    assert start_of(["Feito.", "", *OUTLOOK.split("\n")], ANA) == 2
    assert start_of(["Feito."], ANA) == 1


@pytest.mark.parametrize("typed", ["Pode ligar:\n(11) 3333-4444", "Segue o link:\nwww.loja.test/troca"])
def test_what_was_typed_where_a_telephone_puts_its_mark_is_not_cut(typed: str) -> None:
    assert parted(typed, Signer(("Ana Souza",), marked=(typed,))).words == typed


def test_a_forward_keeps_what_it_hands_on() -> None:
    handed_on = "---- Mensagem encaminhada ----\nDe: Davi\n\nAna, preciso da nota.\n\nDavi Melo\nTel. (11) 2222-1111"
    assert parted(handed_on, ANA).words == handed_on
