"""Mail as programs and telephones write it, with the signatures that they put under every mail.

Written from what is known of each program's markup; people, houses and numbers are invented. A `Client` makes a mail of
lines that its writer typed, under which its signature stands, and a quoted or forwarded mail.
"""

# ruff: noqa: E501 - markup as it is written

import html
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage

PIXEL = b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
"""The logo: a picture of one pixel."""

NOTICE_PT = (
    "AVISO DE CONFIDENCIALIDADE: Esta mensagem e seus anexos podem conter informações confidenciais e são destinados "
    "exclusivamente ao destinatário. Se você a recebeu por engano, apague-a e avise o remetente."
)
NOTICE_EN = (
    "This email and any attachments are confidential and intended solely for the addressee. If you have received it in "
    "error, please delete it and notify the sender."
)
NOTICE_ES = (
    "Este mensaje y sus adjuntos son confidenciales y se dirigen exclusivamente a su destinatario. Si lo ha recibido por "
    "error, le rogamos que lo borre y avise al remitente."
)


@dataclass(frozen=True)
class Quoted:
    """The mail that is answered or handed on, as its reader has it."""

    who: str
    address: str
    subject: str
    text: str
    to: str = "ana@desk.test"

    @property
    def lines(self) -> list[str]:
        return self.text.rstrip("\n").split("\n")


@dataclass(frozen=True)
class Body:
    """What a program writes: a text, and perhaps HTML."""

    text: str
    html: str | None = None


@dataclass(frozen=True)
class Client:
    """A program or telephone, set up by one agent."""

    name: str
    language: str
    signature: tuple[str, ...]
    """The lines that it puts under every mail; none for what only says which telephone it was."""
    write: Callable[["Client", list[str], Quoted, bool], Body] = field(repr=False)
    formula: str = ""
    """What closes every mail, above the signature."""
    logo: bool = False
    banner: str = ""
    notice: str = ""
    leaks: tuple[str, ...] = ()
    """What must never be seen by anybody outside: from the signature, the banner and the notice."""

    def mail(self, typed: list[str], quoted: Quoted, *, forward: bool = False, fields: dict[str, str]) -> bytes:
        """A raw mail of these typed lines; an empty one is a gap."""
        body = self.write(self, typed, quoted, forward)
        message = EmailMessage()
        for name, value in fields.items():
            message[name] = value
        message.set_content(body.text)
        if body.html is not None:
            message.add_alternative(body.html, subtype="html")
            if self.logo:
                page = message.get_payload()[1]  # type: ignore[index,union-attr]
                page.add_related(  # type: ignore[union-attr]
                    PIXEL, "image", "png", cid=f"<{CONTENT_ID}>", filename="image001.png", disposition="inline"
                )
        return message.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


CONTENT_ID = "image001.png@01DB4142.8A3B5C10"
_MONTHS = {"pt": "28 de novembro de 2026", "en": "November 28, 2026", "es": "28 de noviembre de 2026"}


def _under(client: Client, *, marked: bool = False) -> list[str]:
    """The lines of a signature as a text shows them."""
    logo = ["[Logo]"] if client.logo else []
    banner = [client.banner] if client.banner else []
    notice = [client.notice] if client.notice else []
    return [*client.signature, *logo, *banner, *notice]


# --- how the mail that is answered stands below ---------------------------------------------------------------


def _block(client: Client, quoted: Quoted) -> list[str]:
    """Outlook's header block."""
    words = {"pt": ("De", "Enviada em", "Para", "Assunto"), "en": ("From", "Sent", "To", "Subject"),
             "es": ("De", "Enviado el", "Para", "Asunto")}[client.language]  # fmt: skip
    when = {"pt": "sábado, 28 de novembro de 2026 19:04", "en": "Saturday, November 28, 2026 7:04 PM",
            "es": "sábado, 28 de noviembre de 2026 19:04"}[client.language]  # fmt: skip
    values = (f"{quoted.who} <{quoted.address}>", when, quoted.to, quoted.subject)
    return [f"{word}: {value}" for word, value in zip(words, values, strict=True)]


def _attribution(client: Client, quoted: Quoted) -> str:
    who = f"{quoted.who} <{quoted.address}>"
    return {
        "pt": f"Em sáb., 28 de nov. de 2026 às 19:04, {who} escreveu:",
        "en": f"On Sat, Nov 28, 2026 at 7:04 PM {who} wrote:",
        "es": f"El sáb, 28 nov 2026 a las 19:04, {who} escribió:",
    }[client.language]


def _marked(lines: list[str]) -> list[str]:
    return [f"> {line}".rstrip() for line in lines]


def _p(line: str, attributes: str = "") -> str:
    return f"<p{attributes}>{html.escape(line) or '&nbsp;'}</p>"


def _img(client: Client) -> str:
    return f'<img width="120" height="40" src="cid:{CONTENT_ID}" alt="Logo">' if client.logo else ""


def _br(lines: list[str]) -> str:
    return "<br>".join(map(html.escape, lines))


def _closed(client: Client, typed: list[str]) -> list[str]:
    return [*typed, "", client.formula] if client.formula else typed


def _forward_head(client: Client) -> str:
    return {"pt": "---------- Forwarded message ---------", "en": "---------- Forwarded message ---------",
            "es": "---------- Forwarded message ---------"}[client.language]  # fmt: skip


# --- programs -----------------------------------------------------------------------------------------------------


def outlook_desktop(client: Client, typed: list[str], quoted: Quoted, forward: bool) -> Body:
    """Word's paragraphs; nothing marks the signature. It forwards as it answers, under a header block."""
    typed = _closed(client, typed)
    head = _block(client, quoted)
    text = "\n".join([*typed, "", *_under(client), "", *head, "", *quoted.lines])
    normal = ' class="MsoNormal"'
    under = [_p(line, normal) for line in client.signature]
    under += [f"<p{normal}>{_img(client)}</p>"] if client.logo else []
    under += [_p(line, normal) for line in (client.banner, client.notice) if line]
    page = "".join([
        '<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><meta name="Generator" content="Microsoft Word 15">',
        '</head><body lang="PT-BR"><div class="WordSection1">',
        *(_p(line, normal) for line in [*typed, ""]), *under, _p("", normal),
        '<div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm">',
        f"<p{normal}>{_br(head)}</p></div></div>", *(_p(line, normal) for line in quoted.lines), "</div></body></html>",
    ])  # fmt: skip
    return Body(text, page)


def outlook_web(client: Client, typed: list[str], quoted: Quoted, forward: bool) -> Body:
    typed = _closed(client, typed)
    head = _block(client, quoted)
    rule = "_" * 32
    text = "\n".join([*typed, "", *_under(client), rule, *head, "", *quoted.lines])
    div = '<div class="elementToProof">{}</div>'
    page = "".join([
        "<html><body>", *(div.format(html.escape(line) or "<br>") for line in [*typed, ""]),
        '<div id="Signature">', *(f"<p>{html.escape(line)}</p>" for line in client.signature),
        f"<p>{_img(client)}</p>" if client.logo else "",
        *(f"<p>{html.escape(line)}</p>" for line in (client.banner, client.notice) if line), "</div>",
        '<div id="appendonsend"></div><hr style="display:inline-block;width:98%"><div id="divRplyFwdMsg" dir="ltr">',
        _br(head), "</div>", _br(quoted.lines), "</body></html>",
    ])  # fmt: skip
    return Body(text, page)


def outlook_mobile(client: Client, typed: list[str], quoted: Quoted, forward: bool) -> Body:
    line = {"pt": "Obter o Outlook para iOS", "en": "Get Outlook for Android", "es": "Obtener Outlook para iOS"}
    device = line[client.language]
    head = _block(client, quoted)
    under = [*client.signature, f"{device}<https://aka.ms/o0ukef>"]
    text = "\n".join([*typed, "", *under, "_" * 32, *head, "", *quoted.lines])
    page = "".join([
        "<html><body>", *(f'<div dir="auto">{html.escape(one) or "<br>"}</div>' for one in typed),
        '<div id="ms-outlook-mobile-body-separator-line"><br></div><div id="ms-outlook-mobile-signature">',
        *(f"<div>{html.escape(one)}</div>" for one in client.signature),
        f'<a href="https://aka.ms/o0ukef">{device}</a></div>',
        '<hr><div id="divRplyFwdMsg" dir="ltr">', _br(head), "</div>", _br(quoted.lines), "</body></html>",
    ])  # fmt: skip
    return Body(text, page)


def gmail(client: Client, typed: list[str], quoted: Quoted, forward: bool) -> Body:
    typed = _closed(client, typed)
    dashes = ["-- "] if client.logo else []
    under = [
        *client.signature,
        *(["[image: Logo]"] if client.logo else []),
        *([client.banner] if client.banner else []),
    ]
    if forward:
        words = {"pt": ("De", "Date", "Subject", "To"), "en": ("From", "Date", "Subject", "To"),
                 "es": ("De", "Date", "Subject", "To")}[client.language]  # fmt: skip
        when = {"pt": "sáb., 28 de nov. de 2026 às 19:04", "en": "Sat, Nov 28, 2026 at 7:04 PM",
                "es": "sáb, 28 nov 2026 a las 19:04"}[client.language]  # fmt: skip
        values = (f"{quoted.who} <{quoted.address}>", when, quoted.subject, f"<{quoted.to}>")
        below = [
            _forward_head(client),
            *(f"{w}: {v}" for w, v in zip(words, values, strict=True)),
            "",
            "",
            *quoted.lines,
        ]
        shown = f'<div class="gmail_quote"><div dir="ltr" class="gmail_attr">{_br(below)}</div></div>'
    else:
        below = [_attribution(client, quoted), "", *_marked(quoted.lines)]
        shown = (
            f'<div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">'
            f'{html.escape(_attribution(client, quoted))}<br></div><blockquote class="gmail_quote">{_br(quoted.lines)}'
            "</blockquote></div>"
        )
    text = "\n".join([*typed, "", *dashes, *under, "", "", *below])
    page = "".join([
        '<div dir="ltr">', *(f"<div>{html.escape(line) or '<br>'}</div>" for line in typed), "</div><div><br clear=\"all\"></div>",
        '<span class="gmail_signature_prefix">-- </span><br>' if dashes else "",
        '<div dir="ltr" class="gmail_signature" data-smartmail="gmail_signature"><div dir="ltr">',
        *(f"<div>{html.escape(line)}</div>" for line in client.signature),
        f"<div>{_img(client)}</div>" if client.logo else "",
        f"<div>{html.escape(client.banner)}</div>" if client.banner else "", "</div></div><br>", shown,
    ])  # fmt: skip
    return Body(text, page)


def apple_mail(client: Client, typed: list[str], quoted: Quoted, forward: bool) -> Body:
    typed = _closed(client, typed)
    begins = {"pt": "Início da mensagem encaminhada:", "en": "Begin forwarded message:",
              "es": "Inicio del mensaje reenviado:"}[client.language]  # fmt: skip
    words = {"pt": ("De", "Data", "Para", "Assunto"), "en": ("From", "Date", "To", "Subject"),
             "es": ("De", "Fecha", "Para", "Asunto")}[client.language]  # fmt: skip
    when = {"pt": "28 de novembro de 2026 19:04:11 BRT", "en": "November 28, 2026 at 19:04:11 GMT",
            "es": "28 de noviembre de 2026, 19:04:11 CET"}[client.language]  # fmt: skip
    values = (f"{quoted.who} <{quoted.address}>", when, quoted.to, quoted.subject)
    head = [f"{word}: {value}" for word, value in zip(words, values, strict=True)]
    below = [begins, "", *_marked([*head, "", *quoted.lines])] if forward else [
        _attribution(client, quoted), "", *_marked(quoted.lines)]  # fmt: skip
    under = _under(client)
    text = "\n".join([*typed, "", *under, "", *below])
    opening = begins if forward else _attribution(client, quoted)
    page = "".join([
        '<html><head></head><body style="overflow-wrap: break-word;">',
        *(f"<div>{html.escape(line) or '<br>'}</div>" for line in [*typed, ""]),
        *(f"<div>{html.escape(line)}</div>" for line in client.signature), f"<div>{_img(client)}</div>" if client.logo else "",
        *(f"<div>{html.escape(line)}</div>" for line in (client.banner, client.notice) if line),
        f'<div><br><blockquote type="cite"><div>{html.escape(opening)}</div><br>' if not forward else
        f'<div><br><div>{html.escape(opening)}</div><br><blockquote type="cite">',
        _br([*head, "", *quoted.lines] if forward else quoted.lines), "</blockquote></div></body></html>",
    ])  # fmt: skip
    return Body(text, page)


def phone(client: Client, typed: list[str], quoted: Quoted, forward: bool) -> Body:
    """A telephone that says so, in plain text."""
    body = apple_mail(client, typed, quoted, forward)
    return Body(body.text)


def thunderbird(client: Client, typed: list[str], quoted: Quoted, forward: bool) -> Body:
    typed = _closed(client, typed)
    under = ["-- ", *_under(client)]
    if forward:
        head = [f"Subject: \t{quoted.subject}", "Date: \tSat, 28 Nov 2026 19:04:11 +0000",
                f"From: \t{quoted.who} <{quoted.address}>", f"To: \t{quoted.to}"]  # fmt: skip
        below = ["", "-------- Forwarded Message --------", *head, "", "", *quoted.lines]
    else:
        below = []
    above = [] if forward else [_attribution(client, quoted), *_marked(quoted.lines), ""]
    if forward:
        return Body("\n".join([*typed, "", *under, *below]))
    return Body("\n".join([*typed, "", *under, "", *above]))


def zoho(client: Client, typed: list[str], quoted: Quoted, forward: bool) -> Body:
    typed = _closed(client, typed)
    under = _under(client)
    if forward:
        below = ["============ Forwarded message ============", f"From: {quoted.who} <{quoted.address}>",
                 f"To: <{quoted.to}>", "Date: Sat, 28 Nov 2026 19:04:11 -0300", f"Subject: {quoted.subject}",
                 "============ Forwarded message ============", "", *quoted.lines]  # fmt: skip
    else:
        below = [f"---- {_attribution(client, quoted)} ----".replace(": ----", " ----"), "", *_marked(quoted.lines)]
    text = "\n".join([*typed, "", "", *under, "", "", *below])
    page = "".join([
        '<div style="font-family: Verdana">', *(f"<div>{html.escape(line) or '<br>'}</div>" for line in [*typed, ""]),
        '<div id="Zm-_Id_-Sgn" data-sigid="1"><div>', _br(list(client.signature)), _img(client),
        *(f"<div>{html.escape(line)}</div>" for line in (client.banner, client.notice) if line), "</div></div><br>",
        '<div class="zmail_extra" id="Zm-_Id_-Sgn1">' if not forward else "<div>", _br([line.lstrip("> ") for line in below]),
        "</div></div>",
    ])  # fmt: skip
    return Body(text, page)


def proton(client: Client, typed: list[str], quoted: Quoted, forward: bool) -> Body:
    typed = _closed(client, typed)
    device = {"pt": "Enviado com o e-mail seguro da Proton Mail.", "en": "Sent with Proton Mail secure email.",
              "es": "Enviado con el correo seguro de Proton Mail."}[client.language]  # fmt: skip
    under = [*_under(client), "", device]
    if forward:
        below = ["------- Forwarded Message -------", f"From: {quoted.who} <{quoted.address}>",
                 "Date: On Saturday, November 28th, 2026 at 19:04", f"Subject: {quoted.subject}", f"To: {quoted.to}", "",
                 *_marked(quoted.lines)]  # fmt: skip
    else:
        below = [_attribution(client, quoted), "", *_marked(quoted.lines)]
    text = "\n".join([*typed, "", *under, "", *below])
    page = "".join([
        '<div style="font-family: Arial">', *(f"<div>{html.escape(line) or '<br>'}</div>" for line in [*typed, ""]), "</div>",
        '<div class="protonmail_signature_block"><div class="protonmail_signature_block-user">',
        *(f"<div>{html.escape(line)}</div>" for line in client.signature), _img(client), "</div>",
        f'<div class="protonmail_signature_block-proton">{html.escape(device)}</div></div>',
        f'<div class="protonmail_quote">{_br(below[:1] if not forward else below[:5])}<br><blockquote class="protonmail_quote" ',
        f'type="cite">{_br(quoted.lines)}</blockquote></div>',
    ])  # fmt: skip
    return Body(text, page)


def webmail(client: Client, typed: list[str], quoted: Quoted, forward: bool) -> Body:
    """A provider's webmail that marks nothing and writes a header block between lines."""
    typed = _closed(client, typed)
    head = _block(client, quoted)
    mark = "Mensagem encaminhada" if forward else "Mensagem original"
    text = "\n".join([*typed, "", *_under(client), "", f"-----{mark}-----", *head, "", *quoted.lines])
    page = "".join([
        *(f"<div>{html.escape(line) or '<br>'}</div>" for line in [*typed, "", *client.signature]), f"<div>{_img(client)}</div>",
        *(f"<div>{html.escape(line)}</div>" for line in (client.banner, client.notice) if line),
        f"<div><br></div><div>-----{mark}-----</div><div>{_br([*head, '', *quoted.lines])}</div>",
    ])  # fmt: skip
    return Body(text, page)


def plain(client: Client, typed: list[str], quoted: Quoted, forward: bool) -> Body:
    return Body(webmail(client, typed, quoted, forward).text)


_ANA_PT = ("Ana Souza", "Analista de Suporte | Tel.: (11) 3333-4444", "www.lojaazul.test")
_LEAKS_PT = ("Analista de Suporte", "3333-4444", "www.lojaazul.test")
_ANA_EN = (
    "Ana Souza",
    "Customer Support Manager",
    "Blue Store Ltd.",
    "Phone: +1 (555) 010-9999 ext. 3",
    "ana@desk.test",
)
_LEAKS_EN = ("Customer Support Manager", "Blue Store", "010-9999")
_ANA_ES = ("Ana Souza", "Ejecutiva de atención", "Móvil: +34 600 111 222", "Calle Mayor 3, 28013 Madrid")
_LEAKS_ES = ("Ejecutiva", "600 111 222", "Calle Mayor")

CLIENTS = (
    Client("outlook-desktop-pt", "pt", _ANA_PT, outlook_desktop, "Atenciosamente,", logo=True, notice=NOTICE_PT,
           leaks=(*_LEAKS_PT, "CONFIDENCIALIDADE")),
    Client("outlook-desktop-en", "en", _ANA_EN, outlook_desktop, "Kind regards,", notice=NOTICE_EN,
           leaks=(*_LEAKS_EN, "confidential")),
    Client("outlook-web-pt", "pt", _ANA_PT, outlook_web, logo=True, banner="Vem aí a semana do frete grátis!",
           leaks=(*_LEAKS_PT, "frete grátis")),
    Client("outlook-web-es", "es", _ANA_ES, outlook_web, "Saludos cordiales,", logo=True, notice=NOTICE_ES,
           leaks=(*_LEAKS_ES, "confidenciales")),
    Client("outlook-mobile-pt", "pt", (), outlook_mobile, leaks=("Outlook", "aka.ms")),
    Client("outlook-mobile-en", "en", ("Ana Souza", "Phone: +1 (555) 010-9999"), outlook_mobile,
           leaks=("Outlook", "aka.ms", "010-9999")),
    Client("gmail-pt", "pt", _ANA_PT, gmail, "Abraços,", logo=True, leaks=_LEAKS_PT),
    Client("gmail-en", "en", _ANA_EN, gmail, banner="Join 3,000 happy shops: https://blue.test/club",
           leaks=(*_LEAKS_EN, "happy shops")),
    Client("apple-mail-pt", "pt", _ANA_PT, apple_mail, "Att,", logo=True, leaks=_LEAKS_PT),
    Client("iphone-es", "es", ("Enviado desde mi iPhone",), phone, leaks=("iPhone",)),
    Client("thunderbird-en", "en", _ANA_EN, thunderbird, "Best regards,", leaks=_LEAKS_EN),
    Client("samsung-pt", "pt", ("Enviado do meu Galaxy",), phone, leaks=("Galaxy",)),
    Client("zoho-es", "es", _ANA_ES, zoho, logo=True, leaks=_LEAKS_ES),
    Client("proton-en", "en", _ANA_EN, proton, leaks=(*_LEAKS_EN, "Proton")),
    Client("uol-pt", "pt", _ANA_PT, webmail, "Atenciosamente", logo=True, notice=NOTICE_PT,
           leaks=(*_LEAKS_PT, "CONFIDENCIALIDADE")),
    Client("terra-pt", "pt", ("Ana Souza", "Suporte Exemplo", "(51) 3222-1111"), plain, leaks=("3222-1111",)),
)  # fmt: skip
