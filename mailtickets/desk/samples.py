"""Facts for looking at templates: one ordinary ticket, told in each locale.

Owns: what `template preview` shows and what `check` renders. All addresses are under .test.
"""

from datetime import datetime
from typing import Any

_STORIES: dict[str, dict[str, str]] = {
    "pt_BR": {
        "queue": "Suporte Exemplo",
        "address": "suporte@desk.test",
        "other_queue": "Vendas Exemplo",
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
        "alarm": "a conta IMAP “suporte” não responde",
        "alarm_text": (
            "O servidor imap.desk.test recusa o nome ou a senha. Os e-mails esperam na caixa de entrada; nenhum se "
            "perde.\n\nConfira a senha e rode `mailtickets check`."
        ),
    },
    "en": {
        "queue": "Example Support",
        "address": "support@desk.test",
        "other_queue": "Example Sales",
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
        "alarm": "the IMAP account “support” does not answer",
        "alarm_text": (
            "The server imap.desk.test refuses the name or the password. Mail waits in the inbox; none is lost.\n\n"
            "Check the password and run `mailtickets check`."
        ),
    },
    "es": {
        "queue": "Soporte Ejemplo",
        "address": "soporte@desk.test",
        "other_queue": "Ventas Ejemplo",
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
        "alarm": "la cuenta IMAP “soporte” no responde",
        "alarm_text": (
            "El servidor imap.desk.test rechaza el nombre o la contraseña. Los correos esperan en la bandeja de "
            "entrada; ninguno se pierde.\n\nVerifique la contraseña y ejecute `mailtickets check`."
        ),
    },
}

_AGENT_ADDRESS = "ana@desk.test"
_STATUS_AFTER = {
    "received": "new",
    "new_ticket": "new",
    "also_addressed": "new",
    "answer": "pending",
    "resolved": "resolved",
    "closed": "closed",
}
_STATUS_BEFORE = {"status_changed": "new", "resolved": "open", "closed": "resolved", "reopened": "resolved"}
_ANSWERED = frozenset({"answer", "delivery_failed", "held"})
"""Notices whose message is the agent's."""
_WRITTEN_AT = {
    "question": datetime(2025, 3, 3, 10, 12),  # noqa: DTZ001 - as in the instance's time zone
    "again": datetime(2025, 3, 4, 8, 5),  # noqa: DTZ001
    "answer": datetime(2025, 3, 3, 14, 30),  # noqa: DTZ001
}
_WITHOUT_MESSAGE = frozenset({"status_changed", "resolved", "closed", "unassigned", "alarm"})


def sample(notice: str, locale: str) -> dict[str, Any]:
    """The context of a notice about an ordinary ticket, with everything known that may be known."""
    story = _STORIES[locale]
    assignee = None if notice == "unassigned" else story["agent"]
    return {
        **bare(notice, locale),
        "customer": {"name": story["requester"], "address": story["customer"]},
        "ticket": {**_ticket(notice, story), "type": "incident", "assignee": assignee} if notice != "alarm" else None,
        "message": None if notice in _WITHOUT_MESSAGE else _message(notice, story),
        "recipients": [story["agent"], story["other_agent"]],
        "linked": [1036] if notice == "new_ticket" else [],
        "reopen_days": 14,
        "close_after_days": 7,
        "reply_effect": "releases" if notice == "held" else None,
        "customer_echo": True,
        "reason": {"new_ticket": "not-a-participant", "held": "agent-without-token"}.get(notice, ""),
    }


def bare(notice: str, locale: str) -> dict[str, Any]:
    """The least that is ever known: no name, no attachment, no text, nobody assigned, nothing to be echoed."""
    story = _STORIES[locale]
    own = "other_queue" if notice == "also_addressed" else "queue"
    nobody = {"name": None, "address": story["customer"]}
    author = {"name": None, "address": _AGENT_ADDRESS if notice in _ANSWERED else story["customer"]}
    return {
        "instance": {"name": "desk"},
        "queue": {"name": story["address"].partition("@")[0], "address": story["address"], "title": story[own]},
        "ticket": {**_ticket(notice, story), "requester": nobody} if notice != "alarm" else None,
        "customer": nobody,
        "message": None if notice in _WITHOUT_MESSAGE else {**_message(notice, story, ""), "author": author},
        "change": _change(notice, story),
        "failure": _failure(story) if notice == "delivery_failed" else None,
        "alarm": _alarm(story) if notice == "alarm" else None,
        "recipients": [],
        "linked": [],
        "thread": [],
        "reopen_days": 0,
        "close_after_days": 0,
        "reply_effect": None,
        "customer_echo": False,
        "reason": "",
    }


def _ticket(notice: str, story: dict[str, str]) -> dict[str, Any]:
    return {
        "number": 1042,
        "tag": "[#1042]",
        "subject": story["subject"],
        "status": _STATUS_AFTER.get(notice, "open"),
        "priority": "normal",
        "created_at": _WRITTEN_AT["question"],
        "requester": {"name": story["requester"], "address": story["customer"]},
        "type": None,
        "assignee": None,
        "queue": story["queue"],
    }


def _message(notice: str, story: dict[str, str], text: str | None = None) -> dict[str, Any]:
    by_agent = notice in _ANSWERED
    said = "answer" if by_agent else "question" if notice in _STATUS_AFTER else "again"
    return {
        "author": {
            "name": story["agent" if by_agent else "requester"],
            "address": _AGENT_ADDRESS if by_agent else story["customer"],
        },
        "text": story[said] if text is None else text,
        "html": None,
        "received_at": _WRITTEN_AT[said],
        "attachments": [] if by_agent or text is not None else _attachments(story, notice != "also_addressed"),
        "verified": text is None,
        "delivered_directly": False,
    }


def _attachments(story: dict[str, str], attached: bool) -> list[dict[str, Any]]:
    return [
        {"filename": story["photo"], "size": 348_160, "attached": attached},
        {"filename": story["video"], "size": 50_331_648, "attached": False},
    ]


def _change(notice: str, story: dict[str, str]) -> dict[str, Any] | None:
    actor = story["agent"]
    if notice == "unassigned":
        return {"kind": "assignee", "from": story["other_agent"], "to": None, "actor_name": None, "reason": ""}
    if notice not in _STATUS_BEFORE:
        return None
    before, after = _STATUS_BEFORE[notice], _STATUS_AFTER.get(notice, "open")
    return {"kind": "status", "from": before, "to": after, "actor_name": actor, "reason": ""}


def _failure(story: dict[str, str]) -> dict[str, Any]:
    return {
        "recipient": story["customer"],
        "status": "5.1.1",
        "diagnostic": f"550 5.1.1 <{story['customer']}>: Recipient address rejected: User unknown",
        "notice": "answer",
        "subject": story["subject"],
    }


def _alarm(story: dict[str, str]) -> dict[str, Any]:
    since = datetime(2025, 3, 3, 9, 47)  # noqa: DTZ001 - as above
    return {"subject": story["alarm"], "text": story["alarm_text"], "since": since}
