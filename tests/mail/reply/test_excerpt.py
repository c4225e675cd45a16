"""What an agent wrote, as the agent formatted it: found in the HTML of whole replies as mail programs write them."""

import re
from email.message import EmailMessage
from html import escape
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailtickets.mail.model import InboundMail
from mailtickets.mail.read.parse import parse
from mailtickets.mail.reply.excerpt import MAX_CHARACTERS, MAX_TAGS, excerpt
from mailtickets.mail.reply.html import render
from mailtickets.mail.reply.letters import letters
from mailtickets.mail.reply.sanitise import sanitised

TOKEN = "abcdefghijklmnopqrstuvwx23"
PLAIN_NOTICE = f"> Ref.: {TOKEN}\n>\n> Maria Souza escreveu:\n>\n> > A impressora parou."
HTML_NOTICE = f"<p>Ref.: {TOKEN}</p><p>Maria Souza escreveu:</p><div><img src='cid:logo@x'>A impressora parou.</div>"


def read(html: str, plain: str | None = None) -> InboundMail:
    """A reply as it comes, with a plain text beside the HTML or without one."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Ana <ana@desk.test>", "suporte@desk.test", "Re: [#1042] Impressora"
    if plain is None:
        mail.set_content(html, subtype="html", cte="base64")
    else:
        mail.set_content(plain, cte="base64")
        mail.add_alternative(html, subtype="html", cte="base64")
    return parse(mail.as_bytes())


def shown(html: str, plain: str | None = None) -> str | None:
    """What of a whole reply would be relayed."""
    mail = read(html, plain)
    return excerpt(mail.html or "", mail.reply)


GMAIL = (
    '<div dir="ltr"><div>Bom dia, <b>Maria</b>!</div><div><br></div><div>Faça assim:</div><div><ol><li>Desligue</li>'
    '<li>Veja <a href="https://ajuda.test/papel">o guia</a></li></ol></div>'
    '<div><img src="cid:ii_m7abc" alt="painel.png" width="400"></div><div>Abraço</div></div><br>'
    '<div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">Em seg., 3 de mar. de 2025 às '
    '10:05, Maria (Suporte) &lt;<a href="mailto:suporte@desk.test">suporte@desk.test</a>&gt; escreveu:<br></div>'
    f'<blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex">{HTML_NOTICE}</blockquote></div>'
)
GMAIL_PLAIN = (
    "Bom dia, *Maria*!\n\nFaça assim:\n\n   1. Desligue\n   2. Veja o guia <https://ajuda.test/papel>\n\n"
    "[image: painel.png]\nAbraço\n\nEm seg., 3 de mar. de 2025 às 10:05, Maria (Suporte) <suporte@desk.test>\n"
    f"escreveu:\n\n{PLAIN_NOTICE}\n"
)
OUTLOOK = (
    '<html><head><style>p.MsoNormal{margin:0cm}</style></head><body lang=PT-BR><div class="WordSection1">'
    '<p class="MsoNormal">Bom dia,<o:p></o:p></p><p class="MsoNormal"><o:p>&nbsp;</o:p></p>'
    '<p class="MsoListParagraph"><span style="font-family:Symbol">·<span>&nbsp; </span></span>Troque o <b>toner</b></p>'
    '<table class="MsoTableGrid" border="1"><tr><td><p class="MsoNormal">Peça</p></td><td></td>'
    '<td><p class="MsoNormal">R$ 90</p></td></tr></table><p class="MsoNormal">'
    '<img width="300" src="cid:image001.png@01DB8C2F"></p>'
    '<p class="MsoNormal">Manual: <a href="https://ajuda.test/toner">aqui</a></p>'
    '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal"><b>De:</b> '
    "Maria (Suporte) &lt;suporte@desk.test&gt; <br><b>Enviada em:</b> segunda-feira, 3 de março de 2025 10:05<br>"
    "<b>Para:</b> Ana &lt;ana@desk.test&gt;<br><b>Assunto:</b> [#1042] Impressora</p></div>"
    f"{HTML_NOTICE}</div></body></html>"
)
OUTLOOK_PLAIN = (
    "Bom dia,\n\n\n*\tTroque o toner\n\nPeça\n\nR$ 90\n\n[cid:image001.png@01DB8C2F]\n\n"
    "Manual: aqui<https://ajuda.test/toner>\n\nDe: Maria (Suporte) <suporte@desk.test>\n"
    "Enviada em: segunda-feira, 3 de março de 2025 10:05\nPara: Ana <ana@desk.test>\nAssunto: [#1042] Impressora\n\n"
    f"Ref.: {TOKEN}\n\nMaria Souza escreveu:\n\nA impressora parou.\n"
)
OUTLOOK_WEB = (
    '<html><body dir="ltr"><div class="elementToProof" style="font-family:Aptos;font-size:12pt;color:rgb(0,0,0)">'
    'Segue a <i>nota</i>.</div><div class="elementToProof"><ul><li>Valor: R$ 90</li></ul></div><div id="appendonsend">'
    '</div><hr style="display:inline-block;width:98%"><div id="divRplyFwdMsg" dir="ltr"><font><b>De:</b> Maria '
    "&lt;suporte@desk.test&gt;<br><b>Enviado:</b> segunda-feira, 3 de março de 2025 10:05<br><b>Para:</b> Ana<br>"
    f"<b>Assunto:</b> [#1042] Impressora</font><div>&nbsp;</div></div><div>{HTML_NOTICE}</div></body></html>"
)
APPLE = (
    '<html><head></head><body style="overflow-wrap: break-word"><div>Veja a foto:</div><img id="x" src="cid:5A-1@lan">'
    '<div><br></div><div>O preço é <u>R$ 90</u>.</div><div><br id="lineBreakAtBeginningOfMessage"><div><br><blockquote '
    'type="cite"><div>On 3 Mar 2025, at 10:05, Maria (Suporte) &lt;suporte@desk.test&gt; wrote:</div><br>'
    f"<div>{HTML_NOTICE}</div></blockquote></div><br></div></body></html>"
)
APPLE_PLAIN = (
    "Veja a foto:\n\n\nO preço é R$ 90.\n\n> On 3 Mar 2025, at 10:05, Maria (Suporte) <suporte@desk.test> wrote:\n> \n"
    f"{PLAIN_NOTICE}\n"
)
IPHONE = (
    '<html><body dir="auto">Já <b>saiu</b> para entrega<br id="lineBreakAtBeginningOfSignature"><div dir="ltr">Enviado '
    'do meu iPhone</div><div dir="ltr"><br><blockquote type="cite">Em 3 de mar. de 2025, à(s) 10:05, Maria '
    f'&lt;suporte@desk.test&gt; escreveu:<br><br></blockquote></div><blockquote type="cite">{HTML_NOTICE}</blockquote>'
    "</body></html>"
)
THUNDERBIRD = (
    "<html><body><p>Pode <b>reiniciar</b>:</p><ul><li>o roteador</li><li>o computador</li></ul><pre>"
    "ping -c 3 10.0.0.1\nping -c 3 10.0.0.2</pre><p><br></p>"
    '<div class="moz-signature">-- <br><img src="cid:assinatura@x">Ana Lima</div><div class="moz-cite-prefix">Em '
    '03/03/2025 10:05, Maria escreveu:<br></div><blockquote type="cite" cite="mid:x@desk.test">'
    f"{HTML_NOTICE}</blockquote></body></html>"
)
THUNDERBIRD_PLAIN = (
    "Pode *reiniciar*:\n\n * o roteador\n * o computador\n\nping -c 3 10.0.0.1\nping -c 3 10.0.0.2\n\n\n-- \nAna Lima\n"
    f"\nEm 03/03/2025 10:05, Maria escreveu:\n{PLAIN_NOTICE}\n"
)
YAHOO = (
    '<html><head></head><body><div class="ydp1yahoo-style-wrap"><div dir="ltr">Ainda <b>hoje</b>, sem falta.</div><div>'
    '<br></div></div><div id="ydp1yahoo_quoted_55" class="yahoo_quoted"><div>Em segunda-feira, 3 de março de 2025 às '
    f"10:05:01 BRT, Maria &lt;suporte@desk.test&gt; escreveu: </div><div>{HTML_NOTICE}</div></div></body></html>"
)
PROTON = (
    '<div style="font-family: Arial; font-size: 14px">Feito, <span style="color:rgb(0,128,0)">tudo certo</span>.</div>'
    '<div class="protonmail_signature_block"><div class="protonmail_signature_block-proton">Enviado com <a '
    'href="https://proton.me/">Proton Mail</a>.</div></div><div class="protonmail_quote">Em segunda, 3 de março às '
    '10:05, Maria &lt;suporte@desk.test&gt; escreveu:<br><blockquote class="protonmail_quote" type="cite">'
    f"{HTML_NOTICE}</blockquote><br></div>"
)

CLIENTS: dict[str, tuple[str, str | None, tuple[str, ...]]] = {
    "gmail": (GMAIL, GMAIL_PLAIN, ("<b>Maria</b>", "<ol>", 'href="https://ajuda.test/papel"', "cid:ii_m7abc")),
    "outlook": (
        OUTLOOK,
        OUTLOOK_PLAIN,
        ("<b>toner</b>", "<table border", "<td></td>", "cid:image001", "ajuda.test/toner", '"margin:0"'),
    ),
    "outlook-html-alone": (OUTLOOK, None, ("<b>toner</b>", "cid:image001")),
    "outlook-web": (OUTLOOK_WEB, None, ("<i>nota</i>", "<li>Valor: R$ 90</li>", "Aptos")),
    "apple-mail": (APPLE, APPLE_PLAIN, ("cid:5A-1@lan", "<u>R$ 90</u>")),
    "iphone": (IPHONE, None, ("<b>saiu</b>",)),
    "thunderbird": (THUNDERBIRD, THUNDERBIRD_PLAIN, ("<b>reiniciar</b>", "<li>o computador</li>", "10.0.0.1\nping")),
    "yahoo": (YAHOO, None, ("<b>hoje</b>",)),
    "proton": (PROTON, None, ("<span style=",)),
}


@pytest.mark.parametrize("client", CLIENTS)
def test_a_reply_above_the_history_keeps_its_formatting_and_nothing_of_the_history(client: str) -> None:
    html, plain, kept = CLIENTS[client]
    result = shown(html, plain)
    assert result is not None
    assert [piece for piece in kept if piece not in result] == []
    for foreign in (TOKEN, "Ref", "parou", "suporte@", "escreveu", "wrote", "logo@x", "assinatura@x", "Ana", "iPhone"):
        assert foreign not in result
    assert "proton.me" not in result


@pytest.mark.parametrize("client", CLIENTS)
def test_what_is_kept_says_what_the_text_says(client: str) -> None:
    html, plain, _ = CLIENTS[client]
    mail = read(html, plain)
    said = render(excerpt(mail.html or "", mail.reply) or "").text
    bare = re.sub(r"\s?<https[^>]*>|\[(?:image: |cid:)[^\]]*\]", "", mail.reply)
    assert letters(re.sub(r"\s?<https[^>]*>", "", said)) == letters(bare)


# --- words that are a part of the reply ----------------------------------------------------------------


def test_command_lines_that_are_gone_from_the_words_are_gone_from_the_html() -> None:
    html = "<div>#fechar</div><div>#nota</div><div>Bom <b>dia</b></div><div>até logo</div><div>#etiqueta +rede</div>"
    assert excerpt(html, "Bom dia\naté logo") == "<div>Bom <b>dia</b></div><div>até logo</div>"


def test_a_note_in_the_middle_goes_and_the_lines_around_it_stay_lines() -> None:
    assert excerpt("<p>Um<br>#nota ele é difícil<br>Dois</p>", "Um\n\nDois") == "<p>Um<br>Dois</p>"
    html = "<div>Um</div><div>#nota</div><div>difícil</div><div>Dois</div>"
    assert excerpt(html, "Um\nDois") == "<div>Um</div><div>Dois</div>"


def test_an_image_in_a_note_goes_with_the_note() -> None:
    html = '<div>#nota</div><div>Veja</div><img src="cid:interna"><div>Bom dia</div>'
    result = excerpt(html, "Bom dia")
    assert result is not None
    assert "cid:" not in result


def test_an_image_under_words_that_a_note_repeats_is_not_believed() -> None:
    result = excerpt('<div>#nota</div><div>Veja</div><img src="cid:interna"><div>Veja</div>', "Veja")
    assert result is not None
    assert "cid:" not in result


def test_a_line_of_several_texts_is_cut_between_them() -> None:
    assert excerpt("<pre>#fechar\nUm\n  Dois\n-- \nAna</pre>", "Um\n  Dois") == "<pre>Um\n  Dois</pre>"


def test_lines_that_a_plain_text_wraps_are_one_in_the_html() -> None:
    html = "<p>Esta linha é tão longa que o programa a quebrou no texto puro.</p><p>#fim</p>"
    assert excerpt(html, "Esta linha é tão longa que o\nprograma a quebrou no texto puro.") is not None


def test_answers_between_quotations_keep_them() -> None:
    html = "<blockquote>Qual?</blockquote><p>A <b>azul</b>.</p><blockquote>E quando?</blockquote><p>Hoje.</p>"
    result = excerpt(html, "> Qual?\n\nA azul.\n\n> E quando?\n\nHoje.")
    assert result is not None
    assert result.count("<blockquote>") == 2


def test_an_emoji_that_was_a_picture_is_said() -> None:
    html = sanitised('<p>Pronto <img src="https://fonts.test/1f600.png" alt="😀"></p><p>#fechar</p>')
    assert excerpt(html or "", "Pronto 😀") == "<p>Pronto <span>😀</span></p>"


# --- words that are not there --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("<p>Bom dia</p>", "Boa tarde"),
        ("<p>Bom dia</p>", "Bom dia e mais"),
        ("<p>Bom dia a todos</p>", "Bom dia"),  # less than a line
        ("<p>Um</p><p>Dois</p>", "Dois\nUm"),
        ("<p>Bom dia</p>", ""),
        ("", "Bom dia"),
        ("<p>Bom dia</p>", "Bom dia\n[image: mapa.png]"),
        ("<p>Bom dia</p>", "Bom dia <https://ajuda.test/>"),
        ('<p>Bom dia</p><p>De: x</p><a href="https://a.test/">x</a>', "Bom dia <https://a.test/>"),
        ('<p>Bom dia</p><p>De: x</p><img src="cid:a" alt="mapa">', "Bom dia [mapa]"),
        ("<ol><li>Um</li><li>Dois</li></ol>", "2. Dois"),  # alone it would be numbered 1
        ("<div>" * 300 + "Bom dia", "Bom dia"),
        ("<p>Bom dia</p>" + " " * MAX_CHARACTERS, "Bom dia"),
        ("<p>Bom dia</p>" + "<br>" * MAX_TAGS, "Bom dia"),
        ("<p>a</p><p>b</p>" * 50, "a\n" * 50),
    ],
)
def test_html_that_does_not_say_exactly_the_words_is_not_shown(html: str, words: str) -> None:
    assert excerpt(html, words) is None


@pytest.mark.parametrize(
    "hidden",
    [
        '<div style="display:none">segredo</div>',
        '<span style="color:#fff;background-color:#fff">segredo</span>',
        '<font size="1" color="white">segredo</font>',
        "<!-- segredo -->",
        '<span title="segredo"></span>',
        '<img src="cid:a" alt="segredo">',
        '<table summary="segredo"><tr><td></td></tr></table>',
        '<img src="https://longe.test/segredo.png" alt="segredo">',
        '<br class="segredo" data-x="segredo">',
        '<p lang="segredo"></p>',
        "<noscript>segredo</noscript><template>segredo</template><title>segredo</title>",
        '<a name="segredo"></a>',
    ],
)
def test_hidden_text_and_words_in_attributes_are_not_carried_along(hidden: str) -> None:
    html = sanitised(f"<p>Bom</p>{hidden}<p>dia</p>")
    assert html is not None
    assert "segredo" not in (excerpt(html, "Bom\ndia") or "")


def test_what_goes_out_is_sanitised_once_more() -> None:
    result = excerpt("<p onclick=x()>Bom <b>dia</b><script>x()</script></p>", "Bom dia")
    assert result is None or ("onclick" not in result and "script" not in result)


WORDS = st.text(alphabet="ab #1é<&>\n-", min_size=1, max_size=12)
BLOCKS = st.lists(st.tuples(st.sampled_from(["p", "div", "b", "li", "pre", "td", "a", "br"]), WORDS), max_size=8)


@settings(max_examples=80)
@given(BLOCKS, st.data())
def test_whatever_is_kept_says_these_words_and_no_others(blocks: list[tuple[str, str]], data: Any) -> None:
    html = sanitised("".join(f"<{tag} title=x>{escape(said)}</{tag}>" for tag, said in blocks)) or ""
    lines = render(html).text.split("\n")
    first = data.draw(st.integers(0, len(lines)))
    last = data.draw(st.integers(first, len(lines)))
    words = "\n".join(lines[first:last])
    result = excerpt(html, words)
    if result is not None:
        assert letters(render(result).text) == letters(words)
        assert "title" not in result
