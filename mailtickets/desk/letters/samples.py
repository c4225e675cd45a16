"""Sample values for templates: one ordinary ticket, with its texts in each locale.

Owns: the values that `template preview` shows and that `check` renders. Values of one notice only stand in the row of
that notice (`notices/rows.py`). All addresses are under .test.
"""

from collections.abc import Mapping
from typing import Any

from mailtickets.desk.commands.rows import COMMANDS, spelled
from mailtickets.desk.notices.row import NoticeName, NoticeRow, Sample
from mailtickets.desk.notices.rows import NOTICES
from mailtickets.desk.notices.sample_values import AGENT, AGENT_ADDRESS, CLOCKS, COLLEAGUE, REQUESTER, WRITTEN_AT

_STORIES: dict[str, dict[str, str]] = {
    "pt_BR": {
        "queue": "Suporte Exemplo",
        "address": "suporte@desk.test",
        "other_queue": "Vendas Exemplo",
        "stage": "Aguardando peça",
        "move": "#etapa aguardando-peca",
        "removed": "em-espera",
        "requester": "Maria Souza",
        "customer": "maria@cliente.test",
        "agent": "Ana Lima",
        "other_agent": "Bruno Castro",
        "subject": "Impressora do caixa não imprime",
        "question": (
            "Bom dia,\n\nDesde ontem à tarde a impressora do caixa 2 não imprime mais os cupons. Já desliguei e liguei "
            "de novo, e nada.\n\nA foto do visor está em anexo. Podem me ajudar?\n\nObrigada,\nMaria"
        ),
        "again": "Troquei o cabo e continua igual. O visor mostra o erro E-04.",
        "answer": (
            "Bom dia, Maria!\n\nO erro E-04 é do sensor de papel. Abra a tampa, limpe o sensor com um pano seco e "
            "feche até ouvir o clique.\n\nSe não resolver, mando um técnico ainda hoje à tarde."
        ),
        "photo": "visor da impressora.jpg",
        "video": "vídeo do caixa.mp4",
        "note": "O técnico está na loja 3 até as 15h. Não prometer visita para hoje cedo.",
        "expected": "amanhã às 11h",
        "expected_half": "hoje às 16h30",
        "comment": "Demorou dois dias, e a foto eu já tinha mandado.",
        "promised": "quinta-feira, 6 de março, às 16h",
        "mistyped": "#resovler",
        "nearest": "#resolver",
        "tags": "+impressora",
        "words": "impressora caixa",
        "rule": "impressoras",
        "ready": "estamos-verificando",
        "ready_text": "Olá, Maria!\n\nRecebemos o seu relato no chamado 1042 e estamos verificando.",
        "third_agent": "Carla Reis",
        "other_requester": "João Pedro Alves",
        "other_customer": "joao@outrocliente.test",
        "other_subject": "Segunda via do boleto de março",
        "third_subject": "Acesso ao sistema para a funcionária nova",
        "ask_serial": "número de série da impressora",
        "ask_shop": "loja",
        "ask_photo": "foto do visor",
        "shop": "Centro",
        "other_shop": "Jardins",
        "alarm": "a conta IMAP “suporte” não responde",
        "alarm_text": (
            "O servidor imap.desk.test recusa o nome ou a senha. Os e-mails esperam na caixa de entrada; nenhum se "
            "perde."
        ),
        "alarm_advice": "Confira a senha e rode `mailtickets check`.",
        "report": "Relatório semana",
        "report_period": "23 a 29 de novembro de 2026",
        "report_sentence": "132 chamados, 18 % mais que na semana anterior.",
        "report_sum": "132 abertos = 120 contados + 7 juntados + 4 spam + 1 aberto por atendente",
        "report_command": "#relatório",
        "thanks": "Muito obrigada, Ana! Resolveu na hora.",
    },
    "en": {
        "queue": "Example Support",
        "address": "support@desk.test",
        "other_queue": "Example Sales",
        "stage": "Waiting for part",
        "move": "#stage waiting-for-part",
        "removed": "on-hold",
        "requester": "Mary Miller",
        "customer": "mary@customer.test",
        "agent": "Anna Lewis",
        "other_agent": "Ben Carter",
        "subject": "Till printer has stopped printing",
        "question": (
            "Good morning,\n\nSince yesterday afternoon the printer at till 2 no longer prints receipts. I have "
            "switched it off and on again, with no luck.\n\nA photo of the display is attached. Can you help?\n\n"
            "Thanks,\nMary"
        ),
        "again": "I have changed the cable and it is still the same. The display shows error E-04.",
        "answer": (
            "Good morning, Mary,\n\nE-04 comes from the paper sensor. Open the lid, wipe the sensor with a dry cloth "
            "and close the lid until it clicks.\n\nIf that does not help, I will send an engineer this afternoon."
        ),
        "photo": "printer display.jpg",
        "video": "till video.mp4",
        "note": "The engineer is at shop 3 until 3 PM. Do not promise a visit this morning.",
        "expected": "tomorrow at 11:00 AM",
        "expected_half": "today at 4:30 PM",
        "comment": "It took two days, and I had already sent the photo.",
        "promised": "Thursday, March 6, at 4:00 PM",
        "mistyped": "#reslove",
        "nearest": "#resolve",
        "tags": "+printer",
        "words": "printer till",
        "rule": "printers",
        "ready": "looking-into-it",
        "ready_text": "Hello Mary,\n\nWe have your request 1042 and are looking into it.",
        "third_agent": "Carol Reed",
        "other_requester": "John Peters",
        "other_customer": "john@othercustomer.test",
        "other_subject": "Copy of the March invoice",
        "third_subject": "System access for our new colleague",
        "ask_serial": "serial number of the printer",
        "ask_shop": "shop",
        "ask_photo": "photo of the display",
        "shop": "High Street",
        "other_shop": "Market Square",
        "alarm": "the IMAP account “support” does not answer",
        "alarm_text": (
            "The server imap.desk.test refuses the name or the password. Mail waits in the inbox; none is lost."
        ),
        "alarm_advice": "Check the password and run `mailtickets check`.",
        "report": "Report week",
        "report_period": "November 23 to 29, 2026",
        "report_sentence": "132 tickets, 18% more than the week before.",
        "report_sum": "132 opened = 120 counted + 7 merged + 4 spam + 1 opened by an agent",
        "report_command": "#report",
        "thanks": "Thank you so much, Anna! It worked at once.",
    },
    "es": {
        "queue": "Soporte Ejemplo",
        "address": "soporte@desk.test",
        "other_queue": "Ventas Ejemplo",
        "stage": "Esperando pieza",
        "move": "#etapa esperando-pieza",
        "removed": "en-espera",
        "requester": "María Gómez",
        "customer": "maria@cliente.test",
        "agent": "Ana Ruiz",
        "other_agent": "Bruno Castro",
        "subject": "La impresora de la caja no imprime",
        "question": (
            "Buenos días:\n\nDesde ayer por la tarde la impresora de la caja 2 ya no imprime los recibos. La apagué y "
            "la volví a encender, y nada.\n\nAdjunto una foto de la pantalla. ¿Me pueden ayudar?\n\nGracias,\nMaría"
        ),
        "again": "Cambié el cable y sigue igual. La pantalla muestra el error E-04.",
        "answer": (
            "Buenos días, María:\n\nEl error E-04 es del sensor de papel. Abra la tapa, limpie el sensor con un paño "
            "seco y ciérrela hasta oír el clic.\n\nSi no se resuelve, hoy mismo por la tarde le envío un técnico."
        ),
        "photo": "pantalla de la impresora.jpg",
        "video": "video de la caja.mp4",
        "note": "El técnico está en la tienda 3 hasta las 15:00. No prometer una visita hoy temprano.",
        "expected": "mañana a las 11:00",
        "expected_half": "hoy a las 16:30",
        "comment": "Tardó dos días, y la foto yo ya la había enviado.",
        "promised": "el jueves 6 de marzo a las 16:00",
        "mistyped": "#resovler",
        "nearest": "#resolver",
        "tags": "+impresora",
        "words": "impresora caja",
        "rule": "impresoras",
        "ready": "lo-estamos-revisando",
        "ready_text": "Hola, María:\n\nRecibimos su solicitud 1042 y la estamos revisando.",
        "third_agent": "Carla Reyes",
        "other_requester": "Juan Pedro Álvarez",
        "other_customer": "juan@otrocliente.test",
        "other_subject": "Copia de la factura de marzo",
        "third_subject": "Acceso al sistema para la empleada nueva",
        "ask_serial": "número de serie de la impresora",
        "ask_shop": "tienda",
        "ask_photo": "foto de la pantalla",
        "shop": "Centro",
        "other_shop": "Jardines",
        "alarm": "la cuenta IMAP “soporte” no responde",
        "alarm_text": (
            "El servidor imap.desk.test rechaza el nombre o la contraseña. Los correos esperan en la bandeja de "
            "entrada; ninguno se pierde."
        ),
        "alarm_advice": "Verifique la contraseña y ejecute `mailtickets check`.",
        "report": "Informe semana",
        "report_period": "23 al 29 de noviembre de 2026",
        "report_sentence": "132 solicitudes, 18 % más que la semana anterior.",
        "report_sum": "132 abiertas = 120 contadas + 7 unidas + 4 spam + 1 abierta por un agente",
        "report_command": "#informe",
        "thanks": "¡Muchas gracias, Ana! Quedó resuelto al momento.",
    },
}

_NOBODY: Mapping[str, object] = {"name": None, "address": "{customer}"}
_AUTHORS = {"requester": REQUESTER, "agent": AGENT, "colleague": COLLEAGUE}
_NOTHING_KNOWN: Mapping[str, object] = {
    "change": None, "failure": None, "alarm": None, "absent": None, "rating": None, "words": "",
}  # fmt: skip


def sample(notice: NoticeName, locale: str) -> dict[str, Any]:
    """The context of a notice about an ordinary ticket, with every value that may be known."""
    row = NOTICES[notice]
    shown, assignee = row.sample, "{agent}" if row.sample.assigned else None
    known: dict[str, object] = {
        **shown.full,
        "customer": REQUESTER,
        "ticket": {**_ticket(shown), "type": "incident", "assignee": assignee, **_known_fields(row)}
        if shown.ticket
        else None,
        "message": _message(shown) if shown.message else None,
        "recipients": ["{agent}", "{other_agent}"],
        "linked": list(shown.linked),
        "clocks": list(CLOCKS) if row.audience == "agents" and shown.ticket else [],
        "reopen_days": 14,
        "close_after_days": 7,
        "customer_echo": True,
        "reason": shown.reason or shown.full_reason,
    }
    return {**bare(notice, locale), **_in_words(known, _story(locale))}


def bare(notice: NoticeName, locale: str) -> dict[str, Any]:
    """The context with the fewest values: no name, no attachment, no text, no assignee, nothing to repeat."""
    row = NOTICES[notice]
    shown = row.sample
    known: dict[str, object] = {
        "instance": {"name": "desk"},
        "queue": {
            "name": "{queue_name}",
            "address": "{address}",
            "title": "{queue}" if shown.own_queue else "{other_queue}",
        },
        "ticket": {**_ticket(shown), "requester": _NOBODY} if row.ticket == "always" else None,
        "customer": _NOBODY,
        "message": _bare_message(shown) if shown.message else None,
        "recipients": [],
        "linked": [],
        "reopen_days": 0,
        "close_after_days": 0,
        "reply_effect": shown.reply_effect,
        "customer_echo": False,
        "reason": shown.reason,
        **_NOTHING_KNOWN,
        **shown.least,
    }
    return _in_words(known, _story(locale))


def _ticket(shown: Sample) -> dict[str, object]:
    return {
        "number": 1042,
        "tag": "[#1042]",
        "subject": "{subject}",
        "status": shown.status,
        "stage": shown.stage or None,
        "priority": "normal",
        "created_at": WRITTEN_AT["question"],
        "requester": REQUESTER,
        "type": None,
        "assignee": None,
        "queue": "{queue}",
        "fields": [],
        "missing": [],
        "resolution": "",
    }


def _known_fields(row: NoticeRow) -> Mapping[str, object]:
    """What is known of the ticket, and what is missing: agents see it."""
    if row.audience != "agents":
        return {}
    fields = [{"name": "serie", "label": "{ask_serial}", "value": "12345-67"}]
    return {"fields": fields, "missing": ["{ask_shop}", "{ask_photo}"]}


def _message(shown: Sample) -> dict[str, object]:
    return {
        "author": _AUTHORS[shown.author],
        "text": shown.text or f"{{{shown.message}}}",
        "html": None,
        "received_at": WRITTEN_AT[shown.message],
        "attachments": _attachments(shown) if shown.author == "requester" else [],
        "verified": True,
        "delivered_directly": False,
    }


def _bare_message(shown: Sample) -> dict[str, object]:
    author = _NOBODY if shown.author == "requester" else {"name": None, "address": AGENT_ADDRESS}
    return {**_message(shown), "author": author, "text": "", "attachments": [], "verified": False}


def _attachments(shown: Sample) -> list[dict[str, object]]:
    return [
        {"filename": "{photo}", "size": 348_160, "attached": shown.own_queue},
        {"filename": "{video}", "size": 50_331_648, "attached": False},
    ]


# --- from keys to a locale's texts --------------------------------------------------------------------


def _story(locale: str) -> dict[str, Any]:
    """The texts of a locale, and the commands as people spell them in that locale."""
    commands = [{"spelled": spelled(word.key, locale), "argument": "", "what": word.key} for word in COMMANDS]
    story = _STORIES[locale]
    return {**story, "queue_name": story["address"].partition("@")[0], "commands": commands}


def _in_words(known: Mapping[str, object], story: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _filled(value, story) for key, value in known.items()}


def _filled(value: object, story: Mapping[str, Any]) -> Any:
    """The value with the story's texts in place of their keys. A text that is only a key becomes the value of that
    key, of any type."""
    if isinstance(value, str):
        alone = story.get(value[1:-1]) if value.startswith("{") and value.endswith("}") else None
        return value.format_map(story) if alone is None else alone
    if isinstance(value, Mapping):
        return {key: _filled(inner, story) for key, inner in value.items()}
    return [_filled(inner, story) for inner in value] if isinstance(value, list) else value
