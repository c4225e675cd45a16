"""Mail that says one thing to one reader and another to the next, and mail that only looks so."""

import pytest

from mailtickets.mail.read.parse import parse
from mailtickets.mail.trust.disguise import DIFFER, HIDDEN


def defects(html: str, plain: str | None = None, **fields: str) -> set[str]:
    head = "From: Maria <maria@cliente.test>\nSubject: Pagamento\nMIME-Version: 1.0\n"
    head += "".join(f"{name}: {value}\n" for name, value in fields.items())
    shown = f"Content-Type: text/html; charset=utf-8\n\n{html}\n"
    if plain is not None:
        text = f"Content-Type: text/plain; charset=utf-8\n\n{plain}\n"
        shown = f"Content-Type: multipart/alternative; boundary=b\n\n--b\n{text}--b\n{shown}--b--\n"
    return {DIFFER, HIDDEN} & set(parse((head + shown).encode()).defects)


@pytest.mark.parametrize(
    ("plain", "html"),
    [
        ("Transfiram 10000 reais.", "<p>Transfiram 10 reais.</p>"),
        ("Transfiram R$ 10.000,00.", "<p>Transfiram R$ 10,00.</p>"),
        ("Paguem o boleto 55.", "<p>Cancelem o boleto 56, por favor.</p>"),
        ("A chave é maria@cliente.test.", "<p>A chave é mario@golpe.test.</p>"),
        (
            "Cancelem todos os pedidos da nossa empresa e devolvam o dinheiro ainda hoje, por favor.",
            "<p>Está tudo certo com a entrega; agradeço muito pela atenção de sempre, um abraço.</p>",
        ),
    ],
)
def test_two_versions_that_say_different_things_are_a_defect(plain: str, html: str) -> None:
    assert defects(html, plain) == {DIFFER}


HIDING = [
    '<span style="font-size:0">{}</span>',
    '<span style="font-size: 0px; line-height: 0">{}</span>',
    '<span style="font-size:1px">{}</span>',
    '<span style="display:none">{}</span>',
    '<span style="visibility: hidden">{}</span>',
    '<span style="opacity:0">{}</span>',
    '<span style="color:#ffffff">{}</span>',
    '<span style="color: white">{}</span>',
    '<font color="#fefefe">{}</font>',
    '<span style="color:rgb(255, 255, 255)">{}</span>',
    '<div style="background:#000000"><span style="color:black">{}</span></div>',
    '<td bgcolor="#336699"><font color="#336699">{}</font></td>',
    '<div style="max-height:0;overflow:hidden">{}</div>',
    '<div style="text-indent:-9999px">{}</div>',
    '<div style="position:absolute;left:-5000px">{}</div>',
    "<p hidden>{}</p>",
    '<span style="color:transparent">{}</span>',
]


@pytest.mark.parametrize("way", HIDING)
@pytest.mark.parametrize("words", ["Valor: 10000 reais", "Devolva o dinheiro ainda hoje sem perguntar"])
def test_text_that_cannot_be_seen_is_a_defect(way: str, words: str) -> None:
    assert defects(f"<p>Bom dia, segue o pedido.</p>{way.format(words)}<p>Obrigada</p>") == {HIDDEN}


ORDINARY = {
    "a newsletter with a preheader": (
        (
            '<div style="display:none;font-size:1px;color:#fff;max-height:0">As ofertas da semana para a sua casa&zwnj;'
            "&nbsp;&zwnj;&nbsp;</div><h1>Ofertas</h1><p>Tudo com 20% de desconto.</p>"
        ),
        "Ofertas\n\nTudo com 20% de desconto.\n\nhttps://loja.test/n/4711?u=12",
    ),
    "a white button on blue": (
        '<p>Clique:</p><a style="background-color:#0057b8;color:#ffffff" href="https://x.test/1">Ver o pedido 4711</a>',
        "Clique:\n\nVer o pedido 4711 <https://x.test/1>",
    ),
    "a white button in a coloured cell": (
        '<p>Clique:</p><table><tr><td bgcolor="#0057b8"><a style="color:#ffffff">Ver o pedido 4711 agora</a>',
        None,
    ),
    "a background that only a style sheet knows": (
        (
            "<style>.b {background: #0057b8}</style><p>Clique:</p>"
            '<div class=b><span style="color:#fff">Ver o pedido 4711 agora mesmo aqui</span></div>'
        ),
        None,
    ),
    "a background image": (
        '<p>Veja:</p><div style="background:url(x.png)"><b style="color:#fff">Ver o pedido 4711 agora mesmo</b></div>',
        None,
    ),
    "numbers of a list and of images": (
        "<ol><li>Liguei</li><li>Esperei</li></ol><img alt='image001.png'>",
        "Liguei\nEsperei\n[cid:image001.png@01DB8C44.1A2B3C40]",
    ),
    "a table": ("<table><tr><td>10</td><td>20</td></tr></table>", "10 20"),
    "a stub": ("<p>Pedido 4711 de 3 de março, com entrega em 5 dias.</p>", "Seu programa não mostra HTML."),
    "history": (
        '<p>Feito.</p><div class="gmail_quote"><span style="display:none">Valor: 10000 reais, chamado 7</span></div>',
        "Feito.",
    ),
    "a signature with dark colours": (
        '<p>Feito.</p><p style="font-size:8pt;color:#999999">Maria Souza<br>(11) 5555-0000</p>',
        "Feito.\n\nMaria Souza\n(11) 5555-0000",
    ),
    "text in small type": ('<p>Feito.</p><p style="font-size:10px;line-height:1.2">O número é 4711.</p>', None),
    "other spelling of blanks": ("<p>Pedido&nbsp;4711,<br>valor&nbsp;R$&nbsp;10,00</p>", "Pedido 4711, valor R$ 10,00"),
    "emphasis by opacity": ('<p>Feito.</p><p style="opacity:0.6">O número é 4711.</p>', None),
    "em sizes": (
        '<p>Feito.</p><p style="font-size:1em">O número é 4711.</p><p style="font-size:0.9em">E 4712.</p>',
        None,
    ),
    "a width": ('<p>Feito.</p><div style="max-width:100%;left:0">O número é 4711.</div>', None),
}


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_mail_raises_no_alarm(name: str) -> None:
    html, plain = ORDINARY[name]
    assert defects(html, plain) == set()


def test_quoted_mail_that_the_versions_show_differently_raises_no_alarm() -> None:
    html = "<p>O pedido é 4711.</p><blockquote type=cite><p>Qual é o pedido 99?</p></blockquote>"
    plain = "O pedido é 4711.\n\nEm 3/3/2026 09:10, Suporte <suporte@desk.test> escreveu:\n> Qual é o pedido 99?"
    assert defects(html, plain, **{"In-Reply-To": "<a@b.test>"}) == set()
