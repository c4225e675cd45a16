"""What stands twice, what is for programs, and encodings that are claimed and were never made."""

import pytest

from mailtickets.mail.read.parse import parse

HEAD = b"From: Maria <maria@cliente.test>\nSubject: Pedido\nMIME-Version: 1.0\n"


def _parts(kind: str, *parts: str) -> bytes:
    body = "".join(f"--b\n{part}\n" for part in parts)
    return HEAD + f"Content-Type: multipart/{kind}; boundary=b\n\n{body}--b--\n".encode()


PLAIN = "Content-Type: text/plain; charset=utf-8\n\n"
HTML = "Content-Type: text/html; charset=utf-8\n\n"


def test_the_same_text_in_two_parts_stands_once() -> None:
    mail = parse(_parts("mixed", f"{PLAIN}Três fotos do painel.\n", f"{HTML}<p>Três <b>fotos</b> do painel.</p>"))
    assert (mail.text, mail.reply) == ("Três fotos do painel.", "Três fotos do painel.")


def test_different_texts_in_two_parts_both_stand() -> None:
    mail = parse(_parts("mixed", f"{PLAIN}Sim.", f"{HTML}<p>Simples assim.</p>"))
    assert mail.text == "Sim.\nSimples assim."


def test_a_text_with_more_in_it_stands_for_both() -> None:
    said = "O painel mostra E42 desde ontem à noite, e a luz da frente não acende mais, nem depois de religar."
    mail = parse(_parts("mixed", f"{PLAIN}{said}", f"{HTML}<p>{said}</p><p>Verificado.</p>"))
    assert mail.text == f"{said}\n\nVerificado."


def test_images_in_line_that_nothing_shows_are_files() -> None:
    image = 'Content-Type: image/png; name="{0}"\nContent-Disposition: inline; filename="{0}"\n\nx'
    inner = (
        "Content-Type: multipart/related; boundary=r\n\n"
        '--r\nContent-Type: text/html\n\n<p>Fotos</p><img src="blob:applewebdata://1"><img src="blob:applewebdata://2">\n'
        f"--r\n{image.format('IMG_1.png')}\n--r\n{image.format('IMG_2.png')}\n--r--"
    )
    mail = parse(_parts("mixed", f"{PLAIN}Fotos\n", inner))
    assert (mail.text, [file.filename for file in mail.attachments]) == ("Fotos", ["IMG_1.png", "IMG_2.png"])


@pytest.mark.parametrize("kind", ["alternative", "mixed", "related"])
def test_data_for_programs_beside_the_text_is_no_attachment(kind: str) -> None:
    data = 'Content-Type: application/ld+json\n\n{"@type": "FlightReservation"}'
    mail = parse(_parts(kind, f"{PLAIN}A reserva mudou.", data))
    assert (mail.text, mail.attachments) == ("A reserva mudou.", ())


def test_data_that_somebody_sends_as_a_file_is_one() -> None:
    data = "Content-Type: application/ld+json\nContent-Disposition: attachment; filename=dados.json\n\n{}"
    assert [a.filename for a in parse(_parts("mixed", f"{PLAIN}Veja.", data)).attachments] == ["dados.json"]


def test_equals_signs_encoded_in_the_fields_of_a_part_are_read() -> None:
    text = 'Content-Type: text/html; charset=3D"iso-8859-1"\nContent-Transfer-Encoding: quoted-printable\n\nCota=E7=E3o'
    file = 'Content-Type: application/msword; name=3D"proposta 24.doc"\nContent-Transfer-Encoding: base64\n\nZG9j'
    mail = parse(_parts("mixed", text, file))
    assert (mail.text, [(a.filename, a.content) for a in mail.attachments]) == (
        "Cotação",
        [("proposta 24.doc", b"doc")],
    )


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("Veja https://loja.test/?id=12&cor=AZUL&x=FFAA: o preço=100", None),
        ("Veja https://loja.test/?id=12&cor=AZUL&x=FFAA: custa=100", None),
        ("o id=12", None),
        ("preço=100 reais", None),
        ("pre=C3=A7o=100 reais", "preço=100 reais"),
        ("a=3Db e pre=C3=A7o", "a=b e preço"),
        ("uma linha =\nlonga", "uma linha longa"),
        ("a=3D12=\n b", "a=12 b"),
        ("uma linha=20\ne outra", "uma linha \ne outra"),
    ],
)
def test_quoted_printable_that_is_none_loses_no_character(given: str, read: str | None) -> None:
    raw = HEAD + b"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n"
    assert parse(raw + given.encode()).text == (given if read is None else read)


def test_quoted_printable_of_latin_1_is_read_although_something_in_it_is_broken() -> None:
    raw = HEAD + b"Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\n"
    assert parse(raw + b"Cota=E7=E3o a=ZZ").text == "Cotação a=ZZ"
