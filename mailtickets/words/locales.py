"""How people of a locale write dates, sizes, names and the words of the desk.

Owns: the labels of statuses, priorities and types, and the few phrases that depend on values,
which a template cannot hold.
Limits: three locales. Times are shown in the time zone they have: convert them to the instance's time zone first.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date as calendar_date
from datetime import datetime

from mailtickets.words import calendar_names, prefixes

STATUS_LABELS = {
    "pt_BR": {
        "new": "novo",
        "open": "em atendimento",
        "pending": "aguardando cliente",
        "resolved": "resolvido",
        "closed": "fechado",
    },
    "en": {
        "new": "new",
        "open": "in progress",
        "pending": "waiting for customer",
        "resolved": "resolved",
        "closed": "closed",
    },
    "es": {
        "new": "nuevo",
        "open": "en curso",
        "pending": "en espera del cliente",
        "resolved": "resuelto",
        "closed": "cerrado",
    },
}
OWN_STATUS_LABELS = {
    "pt_BR": {**STATUS_LABELS["pt_BR"], "new": "recebido", "pending": "aguardando sua resposta"},
    "en": {**STATUS_LABELS["en"], "new": "received", "pending": "waiting for your reply"},
    "es": {
        **STATUS_LABELS["es"],
        "new": "recibida",
        "pending": "en espera de su respuesta",
        "resolved": "resuelta",
        "closed": "cerrada",
    },
}
"""The labels of statuses in notices to the customer of the ticket."""
PRIORITY_LABELS = {
    "pt_BR": {"low": "baixa", "normal": "média", "high": "alta", "critical": "crítica"},
    "en": {"low": "low", "normal": "normal", "high": "high", "critical": "critical"},
    "es": {"low": "baja", "normal": "media", "high": "alta", "critical": "crítica"},
}
TYPE_LABELS = {
    "pt_BR": {"question": "dúvida", "incident": "incidente", "request": "solicitação"},
    "en": {"question": "question", "incident": "incident", "request": "request"},
    "es": {"question": "consulta", "incident": "incidente", "request": "solicitud"},
}
AN_ANSWER = {"pt_BR": "uma resposta ao cliente", "en": "an answer to the customer", "es": "una respuesta al cliente"}
"""What a stage may need, beside fields."""
NO_SUBJECT = {"pt_BR": "(sem assunto)", "en": "(no subject)", "es": "(sin asunto)"}
NO_TEXT = {"pt_BR": "(mensagem sem texto)", "en": "(no text in this message)", "es": "(mensaje sin texto)"}
REMARKS = {
    "history-left-out": {
        "pt_BR": "[O texto citado nesta mensagem não é mostrado aqui. Para ver tudo, responda só com #histórico.]",
        "en": "[The text quoted in this message is not shown here. To see all of it, reply with #history alone.]",
        "es": "[El texto citado en este mensaje no se muestra aquí. Para verlo todo, responda solo con #historial.]",
    },
    "text-and-html-differ": {
        "pt_BR": (
            "Atenção: esta mensagem tem duas versões que dizem coisas diferentes, uma em texto e outra formatada. "
            "Confirme números, valores e endereços antes de agir."
        ),
        "en": (
            "Attention: this message has two versions that say different things, one in plain text and one formatted. "
            "Confirm numbers, amounts and addresses before you act on them."
        ),
        "es": (
            "Atención: este mensaje tiene dos versiones que dicen cosas distintas, una en texto y otra con formato. "
            "Confirme números, importes y direcciones antes de actuar."
        ),
    },
    "hidden-text": {
        "pt_BR": (
            "Atenção: esta mensagem contém texto escondido, que não aparece na tela de quem a lê. "
            "Confirme números, valores e endereços antes de agir."
        ),
        "en": (
            "Attention: this message holds hidden text, which is not seen on the screen of whoever reads it. "
            "Confirm numbers, amounts and addresses before you act on them."
        ),
        "es": (
            "Atención: este mensaje contiene texto oculto, que no se ve en la pantalla de quien lo lee. "
            "Confirme números, importes y direcciones antes de actuar."
        ),
    },
}
"""Remarks on a mail for an agent, by code and locale."""
_GOES_ON = {
    "pt_BR": "A mensagem continua; o texto inteiro",
    "en": "The message goes on; all of it",
    "es": "El mensaje continúa; el texto completo",
}
_WHOLE_ATTACHED = {
    "pt_BR": "está no anexo {file}.",
    "en": "is attached as {file}.",
    "es": "está en el adjunto {file}.",
}
_WHOLE_KEPT = {
    "pt_BR": "fica guardado no chamado: no servidor, mailtickets ticket show {number}.",
    "en": "is kept on the ticket: on the server, mailtickets ticket show {number}.",
    "es": "queda guardado en la solicitud: en el servidor, mailtickets ticket show {number}.",
}
_KEPT = {"pt_BR": "fica guardado.", "en": "is kept.", "es": "queda guardado."}

_MONTHS = {
    "pt_BR": calendar_names.written("months", "pt"),
    "en": calendar_names.written("months", "en"),
    "es": calendar_names.written("months", "es"),
}
_AND = {"pt_BR": "e", "en": "and", "es": "y"}
_TITLES = {
    "dr", "dra", "sr", "sra", "srta", "senhor", "senhora", "dona", "seu", "prof", "profa", "professor", "professora",
    "eng", "enga", "mr", "mrs", "ms", "miss", "don", "doña",
}  # fmt: skip
_COMPANY = re.compile(r"\b(ltda|s/?a|s\.a\.|me|epp|eireli|inc|llc|ltd|gmbh|corp|cia|srl|s\.r\.l\.)\.?$", re.IGNORECASE)
_REPLY_MARKS = re.compile(rf"(?:{prefixes.SURELY_ANSWER}\s*+(?:\[\d+\]\s*+)?:\s*+)+", re.IGNORECASE)


def label(labels: Mapping[str, Mapping[str, str]], code: str, locale: str) -> str:
    """The label of a code in a locale; the code itself if it has no label."""
    return labels[locale].get(code, code)


def date(at: datetime, locale: str) -> str:
    """`3 de março de 2025, 10h12`, `March 3, 2025, 10:12 AM`, `3 de marzo de 2025, 10:12`."""
    return f"{day(at, locale)}, {time(at, locale)}"


def short(at: datetime, locale: str) -> str:
    """`3 mar. 2025, 10h12`, `Mar 3, 2025, 10:12 AM`, `3 mar 2025, 10:12`: for lists."""
    month = _MONTHS[locale][at.month - 1][:3]
    if locale == "en":
        return f"{month} {at.day}, {at.year}, {time(at, locale)}"
    return f"{at.day} {month}{'.' if locale == 'pt_BR' else ''} {at.year}, {time(at, locale)}"


def day(on: calendar_date, locale: str) -> str:
    """`10 de março de 2025`, `March 10, 2025`, `10 de marzo de 2025`."""
    month = _MONTHS[locale][on.month - 1]
    if locale == "en":
        return f"{month} {on.day}, {on.year}"
    return f"{'1º' if on.day == 1 and locale == 'pt_BR' else on.day} de {month} de {on.year}"


def iso_day(value: str, locale: str) -> str | None:
    """A day such as `2025-03-10` in words; None for what is no day."""
    try:
        return day(calendar_date.fromisoformat(value), locale)
    except ValueError:
        return None


def time(at: datetime, locale: str) -> str:
    """`14h32`, `2:32 PM`, `14:32`."""
    if locale == "en":
        return f"{at.hour % 12 or 12}:{at.minute:02} {'AM' if at.hour < 12 else 'PM'}"
    return f"{at.hour}{'h' if locale == 'pt_BR' else ':'}{at.minute:02}"


def second(at: datetime, locale: str) -> str:
    """`14h32min05s`, `2:32:05 PM`, `14:32:05`: for a time limit of less than a minute."""
    if locale == "en":
        return f"{at.hour % 12 or 12}:{at.minute:02}:{at.second:02} {'AM' if at.hour < 12 else 'PM'}"
    if locale == "pt_BR":
        return f"{at.hour}h{at.minute:02}min{at.second:02}s"
    return f"{at.hour}:{at.minute:02}:{at.second:02}"


def rest(file: str, ticket: int | None, locale: str) -> str:
    """A line that says where the whole message is: in an attached file, or on the ticket."""
    kept = _KEPT if ticket is None else _WHOLE_KEPT
    where = (_WHOLE_ATTACHED if file else kept)[locale].format(file=file, number=ticket)
    return f"[{_GOES_ON[locale]} {where}]"


def size(octets: int, locale: str) -> str:
    """A size in octets as `340 KB`, `1,2 MB`. A KB is 1,024 octets, as mail clients count."""
    if octets < 1000:
        return "1 byte" if octets == 1 else f"{octets} bytes"
    amount, unit = octets / 1024, "KB"
    for larger in ("MB", "GB"):
        if amount < 999.5:
            break
        amount, unit = amount / 1024, larger
    figure = f"{amount:.1f}".removesuffix(".0") if amount < 9.95 else f"{amount:.0f}"
    return f"{figure if locale == 'en' else figure.replace('.', ',')} {unit}"


def count(number: int, locale: str) -> str:
    """`1.204`, `1,204`, `1204`: figures in groups of three, as the locale divides them."""
    if locale == "en":
        return f"{number:,}"
    if locale == "es" and number < 10_000:  # four figures stand together
        return str(number)
    return f"{number:,}".replace(",", "." if locale == "pt_BR" else "\u00a0")


def series(names: Sequence[str], locale: str) -> str:
    """Names as one list in words: `Ana, Bruno e Carla`."""
    *most, last = names or ("",)
    if not most:
        return last
    joint = "e" if locale == "es" and re.match(r"h?[ií](?!e)", last, re.IGNORECASE) else _AND[locale]
    return f"{', '.join(most)} {joint} {last}"


def first_name(name: str | None) -> str:
    """The name for a greeting: `Maria` for `Maria Souza`. Empty if the name is not that of a person."""
    if not name or _COMPANY.search(name.strip()):
        return ""
    _, comma, after_comma = name.partition(",")
    words = [word for word in (after_comma if comma else name).split() if word.rstrip(".").casefold() not in _TITLES]
    if not words or not re.fullmatch(r"(?=.{2,30}$)[^\W\d_]+(?:['’-][^\W\d_]+)?", words[0]):
        return ""
    return words[0].title() if words[0].isupper() else words[0]


def topic(subject: str, tag: str, locale: str) -> str:
    """The subject of a ticket without its tag and without reply prefixes: a notice adds its own."""
    bare = subject.replace(tag, " ") if tag else subject
    bare = _REPLY_MARKS.sub("", " ".join(bare.split()), count=1) if _REPLY_MARKS.match(bare.lstrip()) else bare
    return " ".join(bare.split()) or NO_SUBJECT[locale]
