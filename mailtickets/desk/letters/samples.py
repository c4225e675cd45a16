"""Facts for looking at templates: one ordinary ticket, told in each locale.

Owns: what `template preview` shows and what `check` renders. All addresses are under .test.
"""

from datetime import date, datetime
from typing import Any

from mailtickets.desk.commands.vocabulary import COMMANDS, spelled

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
        "note": "O técnico está na loja 3 até as 15h. Não prometer visita para hoje cedo.",
        "comment": "Demorou dois dias, e a foto eu já tinha mandado.",
        "mistyped": "#resovler",
        "nearest": "#resolver",
        "tags": "+impressora",
        "words": "impressora caixa",
        "third_agent": "Carla Reis",
        "other_requester": "João Pedro Alves",
        "other_customer": "joao@outrocliente.test",
        "other_subject": "Segunda via do boleto de março",
        "third_subject": "Acesso ao sistema para a funcionária nova",
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
        "note": "The engineer is at shop 3 until 3 PM. Do not promise a visit this morning.",
        "comment": "It took two days, and I had already sent the photo.",
        "mistyped": "#reslove",
        "nearest": "#resolve",
        "tags": "+printer",
        "words": "printer till",
        "third_agent": "Carol Reed",
        "other_requester": "John Peters",
        "other_customer": "john@othercustomer.test",
        "other_subject": "Copy of the March invoice",
        "third_subject": "System access for our new colleague",
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
        "note": "El técnico está en la tienda 3 hasta las 15:00. No prometer una visita hoy temprano.",
        "comment": "Tardó dos días, y la foto yo ya la había enviado.",
        "mistyped": "#resovler",
        "nearest": "#resolver",
        "tags": "+impresora",
        "words": "impresora caja",
        "third_agent": "Carla Reyes",
        "other_requester": "Juan Pedro Álvarez",
        "other_customer": "juan@otrocliente.test",
        "other_subject": "Copia de la factura de marzo",
        "third_subject": "Acceso al sistema para la empleada nueva",
        "alarm": "la cuenta IMAP “soporte” no responde",
        "alarm_text": (
            "El servidor imap.desk.test rechaza el nombre o la contraseña. Los correos esperan en la bandeja de "
            "entrada; ninguno se pierde.\n\nVerifique la contraseña y ejecute `mailtickets check`."
        ),
    },
}

_AGENT_ADDRESS = "ana@desk.test"
_OTHER_AGENT_ADDRESS = "bruno@desk.test"
_STATUS_AFTER = {
    "received": "new",
    "new_ticket": "new",
    "also_addressed": "new",
    "answer": "pending",
    "resolved": "resolved",
    "closed": "closed",
    "receipt": "pending",
    "answered": "pending",
    "rated": "resolved",
    "moved": "new",
}
_STATUS_BEFORE = {"status_changed": "new", "resolved": "open", "closed": "resolved", "reopened": "resolved"}
_ANSWERED = frozenset({"answer", "delivery_failed", "held", "returned", "stale", "noted", "answered", "second_word"})
"""Notices whose message is an agent's."""
_ABOUT_NONE = frozenset({"alarm", "digest", "commands_help", "found", "my_tickets", "agent_absent", "held_more"})
"""Notices that are about no ticket of their own."""
_MAYBE_ABOUT_NONE = frozenset({"receipt", "returned", "second_word"})
_REPLY_EFFECTS = {
    "held": "releases", "stale": "releases", "returned": "corrects", "digest": "lines", "found": "lines",
    "commands_help": "lines", "agent_absent": "lines", "second_word": "releases",
    "held_more": "lines",
}  # fmt: skip
_HELD_FOR = {"held": "agent-without-token", "second_word": "second-word-unclear"}
_WRITTEN_AT = {
    "question": datetime(2025, 3, 3, 10, 12),  # noqa: DTZ001 - as in the instance's time zone
    "again": datetime(2025, 3, 4, 8, 5),  # noqa: DTZ001
    "answer": datetime(2025, 3, 3, 14, 30),  # noqa: DTZ001
    "note": datetime(2025, 3, 3, 15, 2),  # noqa: DTZ001
}
_WITHOUT_MESSAGE = frozenset(
    {
        "status_changed", "resolved", "closed", "unassigned", "alarm", "receipt", "digest", "agent_absent", "rated",
        "commands_help", "found", "history", "attachments", "status", "my_tickets", "muted", "unmuted",
        "held_more",
    }
)  # fmt: skip


def sample(notice: str, locale: str) -> dict[str, Any]:
    """The context of a notice about an ordinary ticket, with everything known that may be known."""
    story = _STORIES[locale]
    assignee = None if notice in {"unassigned", "moved"} else story["agent"]
    return {
        **bare(notice, locale),
        **_work(notice, story),
        "customer": {"name": story["requester"], "address": story["customer"]},
        "ticket": {**_ticket(notice, story), "type": "incident", "assignee": assignee}
        if notice not in _ABOUT_NONE
        else None,
        "message": None if notice in _WITHOUT_MESSAGE else _message(notice, story),
        "recipients": [story["agent"], story["other_agent"]],
        "linked": [1036] if notice == "new_ticket" else [],
        "reopen_days": 14,
        "close_after_days": 7,
        "customer_echo": True,
        "reason": {"new_ticket": "not-a-participant", **_HELD_FOR}.get(notice, ""),
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
        "ticket": {**_ticket(notice, story), "requester": nobody}
        if notice not in _ABOUT_NONE | _MAYBE_ABOUT_NONE
        else None,
        "customer": nobody,
        "message": None if notice in _WITHOUT_MESSAGE else {**_message(notice, story, ""), "author": author},
        "change": _change(notice, story),
        "failure": _failure(story) if notice == "delivery_failed" else None,
        "alarm": _alarm(story) if notice == "alarm" else None,
        "recipients": [],
        "linked": [],
        "absent": {"name": None, "address": _AGENT_ADDRESS} if notice == "agent_absent" else None,
        "rating": {"score": 2, "comment": ""} if notice == "rated" else None,
        "reopen_days": 0,
        "close_after_days": 0,
        "reply_effect": _REPLY_EFFECTS.get(notice),
        "customer_echo": False,
        "reason": _HELD_FOR.get(notice, ""),
        "words": story["words"] if notice == "found" else "",
        **({"identity": True, "ops": False} if notice == "second_word" else {}),
        **({"count": 1, "mails": []} if notice == "held_more" else {}),
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
    said = "note" if notice == "noted" else "answer" if by_agent else "question" if notice in _STATUS_AFTER else "again"
    whole = f"{story['mistyped']}\n\n{story[said]}" if notice == "returned" else story[said]
    return {
        "author": _writer(notice, story),
        "text": whole if text is None else text,
        "html": None,
        "received_at": _WRITTEN_AT[said],
        "attachments": [] if by_agent or text is not None else _attachments(story, notice != "also_addressed"),
        "verified": text is None,
        "delivered_directly": False,
    }


def _writer(notice: str, story: dict[str, str]) -> dict[str, str]:
    if notice in {"noted", "answered"}:
        return {"name": story["other_agent"], "address": _OTHER_AGENT_ADDRESS}
    if notice in _ANSWERED:
        return {"name": story["agent"], "address": _AGENT_ADDRESS}
    return {"name": story["requester"], "address": story["customer"]}


def _attachments(story: dict[str, str], attached: bool) -> list[dict[str, Any]]:
    return [
        {"filename": story["photo"], "size": 348_160, "attached": attached},
        {"filename": story["video"], "size": 50_331_648, "attached": False},
    ]


def _work(notice: str, story: dict[str, str]) -> dict[str, Any]:
    """What the notices of the agents' work, and what customers ask in a word, know beside their ticket."""
    bruno, lines = story["other_agent"], _ticket_lines(story)
    problem = {"line": story["mistyped"], "code": "unknown-command", "nearest": [story["nearest"]], "expected": ""}
    works: dict[str, dict[str, Any]] = {
        "receipt": {
            "done": [_done("answered"), _done("status", "pending", "open"), _done("tags", story["tags"])],
            "sent_to": [{"name": story["requester"], "address": story["customer"]}],
            "undo_until": datetime(2025, 3, 3, 14, 32),  # noqa: DTZ001
        },
        "returned": {"problems": [problem]},
        "stale": {"since": _thread(story)[2:]},
        "digest": {"mine": lines[:2], "unassigned": lines[2:]},
        "found": {"words": story["words"], "tickets": lines},
        "my_tickets": {"tickets": [{**lines[0], "status": "pending"}, lines[2]]},
        "reminder": {"why": "unanswered", "since": _WRITTEN_AT["question"]},
        "assigned": {"actor": bruno},
        "moved": {"actor": bruno},
        "agent_absent": {"absent": {"name": bruno, "address": _OTHER_AGENT_ADDRESS}, "until": date(2025, 3, 10)},
        "rated": {"rating": {"score": 2, "comment": story["comment"]}},
        "commands_help": {"commands": [_command(word.key, story) for word in COMMANDS]},
        "history": {"thread": _thread(story), "events": _events(story)},
        "attachments": {"attached": [story["photo"]], "too_large": [story["video"]]},
        "recalled": {"words": story["subject"]},
        "customer_replied": {"new_subject": story["other_subject"], "was_finished": "resolved"},
        "resolved": {"ask_rating": True},
        "second_word": {"ops": True},
        "held_more": {
            "count": 12,
            "mails": [{"number": 57, "subject": story["subject"], "received_at": _WRITTEN_AT["question"]}],
        },
    }
    return works.get(notice, {})


def _done(kind: str, value: str | None = None, old: str | None = None) -> dict[str, Any]:
    return {"kind": kind, "value": value, "old": old, "ticket": 1042}


def _ticket_lines(story: dict[str, str]) -> list[dict[str, Any]]:
    """One that waits, one that was moved here, one that nobody has."""
    customer = {"name": story["requester"], "address": story["customer"]}
    other = {"name": story["other_requester"], "address": story["other_customer"]}
    common = {"priority": "normal", "queue": story["queue"], "waiting_since": None}
    first, second, third = (_WRITTEN_AT[when] for when in ("question", "answer", "again"))
    return [
        {**common, "number": 1042, "tag": "[#1042]", "subject": story["subject"], "status": "open", "priority": "high",
         "requester": customer, "updated_at": third, "waiting_since": first},
        {**common, "number": 1039, "tag": "[#1039]", "subject": story["other_subject"], "status": "pending",
         "requester": other, "updated_at": second},
        {**common, "number": 1043, "tag": "[#1043]", "subject": story["third_subject"], "status": "new",
         "requester": {"name": None, "address": story["customer"]}, "updated_at": third, "waiting_since": third},
    ]  # fmt: skip


def _thread(story: dict[str, str]) -> list[dict[str, Any]]:
    customer = {"name": story["requester"], "address": story["customer"]}
    ana = {"name": story["agent"], "address": _AGENT_ADDRESS}
    bruno = {"name": story["other_agent"], "address": _OTHER_AGENT_ADDRESS}
    return [
        _said(customer, "in", "public", story["question"], _WRITTEN_AT["question"]),
        _said(ana, "out", "public", story["answer"], _WRITTEN_AT["answer"]),
        _said(bruno, "in", "note", story["note"], _WRITTEN_AT["note"]),
        _said(customer, "in", "public", story["again"], _WRITTEN_AT["again"]),
    ]


def _said(author: dict[str, str], direction: str, visibility: str, text: str, at: datetime) -> dict[str, Any]:
    return {"author": author, "direction": direction, "visibility": visibility, "text": text, "received_at": at}


def _events(story: dict[str, str]) -> list[dict[str, Any]]:
    first, then = _WRITTEN_AT["question"], _WRITTEN_AT["answer"]
    agent = story["agent"]
    return [
        {"at": first, "actor": story["requester"], "kind": "opened", "from": None, "to": "new"},
        {"at": then, "actor": story["other_agent"], "kind": "assignee", "from": None, "to": agent},
        {"at": then, "actor": agent, "kind": "status", "from": "new", "to": "pending"},
    ]


def _command(key: str, story: dict[str, str]) -> dict[str, str]:
    locale = next(locale for locale, told in _STORIES.items() if told is story)
    return {"spelled": spelled(key, locale), "argument": "", "what": key}


def _change(notice: str, story: dict[str, str]) -> dict[str, Any] | None:
    actor = story["agent"]
    if notice == "moved":
        return {"kind": "queue", "from": story["other_queue"], "to": story["queue"], "actor_name": actor, "reason": ""}
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
        "named": None,
        "kind": "lost",
        "reopened": True,
        "subject": story["subject"],
    }


def _alarm(story: dict[str, str]) -> dict[str, Any]:
    since = datetime(2025, 3, 3, 9, 47)  # noqa: DTZ001 - as above
    return {"subject": story["alarm"], "text": story["alarm_text"], "since": since}
