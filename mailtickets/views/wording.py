"""The words around a `DeskStatus`, in each of our locales: what needs a person, why mail is held, labels of the page.

Commands stand between backticks. A value that is a pair is chosen by `count`: one, or any other number.
The command line speaks English; the page speaks the instance's locale.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from mailtickets.desk.notices.alarms import row_of
from mailtickets.store.read.status import NO_REPLY, DeskStatus
from mailtickets.views.needs import Need, NeedLevel, NeedValue
from mailtickets.words import locales, spans

Numbered = str | tuple[str, str]

NEEDS: Mapping[str, Mapping[str, tuple[Numbered, Numbered, Numbered]]] = {
    "pt_BR": {
        "daemon-stopped": (
            "O serviço não está rodando.",
            "O e-mail espera nos remetentes e nas caixas postais. Nada se perde, mas ninguém recebe resposta.",
            "`systemctl start mailtickets`; `journalctl --unit mailtickets` diz por que ele parou.",
        ),
        "door-closed": (
            "Uma porta de entrada não está aberta: {doors}.",
            "O endereço está ocupado, ou o serviço não pode usá-lo. Quem entrega por ali tenta de novo mais tarde.",
            "`mailtickets check` diz quem ocupa o endereço; depois, `systemctl restart mailtickets`.",
        ),
        "reload-refused": (
            "A configuração nova não foi aceita.",
            "O serviço continua com a anterior e não iniciaria com a nova.",
            "`mailtickets check` lista os erros; depois, `systemctl reload mailtickets`.",
        ),
        "disk-short": (
            "O disco está quase cheio.",
            "Restam {free}. Quem nos escreve é avisado para tentar de novo mais tarde.",
            "Libere espaço no disco do diretório de estado.",
        ),
        "alarm": (
            "Alarme: {key}",
            "Desde {since}: {text}",
            "`mailtickets check` diz o que está errado e o próximo passo.",
        ),
        "backlog": (
            (
                "Um e-mail recebido espera para ser processado.",
                "{count} e-mails recebidos esperam para ser processados.",
            ),
            "O mais antigo espera desde {since}.",
            "`mailtickets inbound list --state accepted` mostra quais são; o log diz por quê.",
        ),
        "outgoing-late": (
            ("Um e-mail está atrasado para sair.", "{count} e-mails estão atrasados para sair."),
            "O mais antigo espera desde {since}. Última resposta do servidor: {replies}.",
            "`mailtickets check` testa o servidor de saída; `mailtickets outbox list` mostra o que ele diz.",
        ),
        "mailbox-fails": (
            "A caixa postal {name} não pode ser lida.",
            "Desde {since}: {error}",
            "`mailtickets check` entra nela e diz o que está errado. O e-mail espera lá enquanto isso.",
        ),
        "smarthost-fails": (
            "O servidor de saída não aceita nossos e-mails.",
            "Desde {since}: {error}",
            "`mailtickets check` testa o servidor e diz o que está errado. Os e-mails esperam aqui enquanto isso.",
        ),
        "token-fails": (
            "A conta {name} não consegue um token novo.",
            "Desde {since}: {error}",
            "`mailtickets oauth status` mostra o erro; `mailtickets oauth login {name}` entra de novo.",
        ),
        "mailbox-silent": (
            "A caixa postal {name} não é lida há {span}.",
            "A última leitura foi em {since}.",
            "`mailtickets check` entra nela e diz o que está errado. O e-mail espera lá enquanto isso.",
        ),
        "token-ends": (
            "O token da conta {name} não foi renovado.",
            "Ele deveria ter sido renovado na metade da vida. Fim: {ends}.",
            "`mailtickets oauth status` diz por quê; `mailtickets oauth login {name}` entra de novo.",
        ),
        "secret-ended": (
            "O segredo da conta {name} venceu.",
            "A data registrada é {day}.",
            "Crie outro no provedor, grave-o no arquivo e atualize `expires` na tabela [[oauth]].",
        ),
        "secret-ends": (
            ("O segredo da conta {name} vence amanhã.", "O segredo da conta {name} vence em {count} dias."),
            "Depois de {day}, a caixa postal não abre mais.",
            "Crie outro no provedor, grave-o no arquivo e atualize `expires` na tabela [[oauth]].",
        ),
        "held": (
            ("Um e-mail está retido.", "{count} e-mails estão retidos."),
            (
                "Espera desde {since} por alguém que decida.",
                "O mais antigo espera desde {since} por alguém que decida.",
            ),
            "`mailtickets inbound list --state held`, depois `inbound release ID` ou `inbound drop ID`.",
        ),
        "customer-waits": (
            (
                "Um cliente de {queue} espera resposta há {span}.",
                "{count} clientes de {queue} esperam resposta, o primeiro há {span}.",
            ),
            "O chamado que espera há mais tempo é o #{number}.",
            "Alguém da equipe precisa responder: `mailtickets ticket show {number}`.",
        ),
    },
    "en": {
        "daemon-stopped": (
            "The daemon is not running.",
            "Mail waits at the senders and in the mailboxes. Nothing is lost, and nobody is answered.",
            "`systemctl start mailtickets`; `journalctl --unit mailtickets` says why it stopped.",
        ),
        "door-closed": (
            "A door for mail is not open: {doors}.",
            "Its address is in use, or may not be used. Whoever delivers there tries again later.",
            "`mailtickets check` says who uses the address; then `systemctl restart mailtickets`.",
        ),
        "reload-refused": (
            "The new configuration was not taken over.",
            "The daemon goes on with the one before, and would not start with the new one.",
            "`mailtickets check` lists the errors; then `systemctl reload mailtickets`.",
        ),
        "disk-short": (
            "The disk is nearly full.",
            "{free} are left. Whoever writes to us is told to come back later.",
            "Make room on the disk of the state directory.",
        ),
        "alarm": (
            "Alarm: {key}",
            "Since {since}: {text}",
            "`mailtickets check` says what is wrong and the next step.",
        ),
        "backlog": (
            ("One mail that came in waits to be decided on.", "{count} mails that came in wait to be decided on."),
            "The oldest has waited since {since}.",
            "`mailtickets inbound list --state accepted` shows which; the log says why.",
        ),
        "outgoing-late": (
            ("One mail is late to go out.", "{count} mails are late to go out."),
            "The oldest has waited since {since}. The server's last reply: {replies}.",
            "`mailtickets check` tries the server; `mailtickets outbox list` shows what it says.",
        ),
        "mailbox-fails": (
            "The mailbox {name} cannot be read.",
            "Since {since}: {error}",
            "`mailtickets check` logs in and says what is wrong. Mail waits there meanwhile.",
        ),
        "smarthost-fails": (
            "The outgoing server does not take our mail.",
            "Since {since}: {error}",
            "`mailtickets check` tries the server and says what is wrong. Mail waits here meanwhile.",
        ),
        "token-fails": (
            "The account {name} gets no new token.",
            "Since {since}: {error}",
            "`mailtickets oauth status` shows the error; `mailtickets oauth login {name}` logs in again.",
        ),
        "mailbox-silent": (
            "The mailbox {name} has not been read for {span}.",
            "It was last read at {since}.",
            "`mailtickets check` logs in and says what is wrong. Mail waits there meanwhile.",
        ),
        "token-ends": (
            "The token of {name} was not renewed.",
            "It should have been renewed at half of its life. Its end: {ends}.",
            "`mailtickets oauth status` says why; `mailtickets oauth login {name}` logs in again.",
        ),
        "secret-ended": (
            "The secret of {name} has ended.",
            "The day in the configuration is {day}.",
            "Make a new one at the provider, put it into its file, and set `expires` of the [[oauth]] table.",
        ),
        "secret-ends": (
            ("The secret of {name} ends tomorrow.", "The secret of {name} ends in {count} days."),
            "After {day} the mailbox does not open any more.",
            "Make a new one at the provider, put it into its file, and set `expires` of the [[oauth]] table.",
        ),
        "held": (
            ("One mail is held.", "{count} mails are held."),
            (
                "It has waited since {since} for somebody to decide.",
                "The oldest has waited since {since} for somebody to decide.",
            ),
            "`mailtickets inbound list --state held`, then `inbound release ID` or `inbound drop ID`.",
        ),
        "customer-waits": (
            (
                "A customer of {queue} has waited for an answer for {span}.",
                "{count} customers of {queue} wait for an answer, the first for {span}.",
            ),
            "The ticket that has waited the longest is #{number}.",
            "Somebody of the team should answer: `mailtickets ticket show {number}`.",
        ),
    },
    "es": {
        "daemon-stopped": (
            "El servicio no está en marcha.",
            "El correo espera en los remitentes y en los buzones. No se pierde nada, pero nadie recibe respuesta.",
            "`systemctl start mailtickets`; `journalctl --unit mailtickets` dice por qué se detuvo.",
        ),
        "door-closed": (
            "Una puerta de entrada no está abierta: {doors}.",
            "Su dirección está ocupada, o no se puede usar. Quien entrega por allí lo intenta más tarde.",
            "`mailtickets check` dice quién ocupa la dirección; después, `systemctl restart mailtickets`.",
        ),
        "reload-refused": (
            "La configuración nueva no fue aceptada.",
            "El servicio sigue con la anterior y no arrancaría con la nueva.",
            "`mailtickets check` muestra los errores; después, `systemctl reload mailtickets`.",
        ),
        "disk-short": (
            "El disco está casi lleno.",
            "Quedan {free}. A quien nos escribe se le pide que lo intente más tarde.",
            "Libere espacio en el disco del directorio de estado.",
        ),
        "alarm": (
            "Alarma: {key}",
            "Desde {since}: {text}",
            "`mailtickets check` dice qué está mal y cuál es el siguiente paso.",
        ),
        "backlog": (
            ("Un correo recibido espera a ser procesado.", "{count} correos recibidos esperan a ser procesados."),
            "El más antiguo espera desde {since}.",
            "`mailtickets inbound list --state accepted` muestra cuáles son; el registro dice por qué.",
        ),
        "outgoing-late": (
            ("Un correo tarda en salir.", "{count} correos tardan en salir."),
            "El más antiguo espera desde {since}. Última respuesta del servidor: {replies}.",
            "`mailtickets check` prueba el servidor de salida; `mailtickets outbox list` muestra qué dice.",
        ),
        "mailbox-fails": (
            "No se puede leer el buzón {name}.",
            "Desde {since}: {error}",
            "`mailtickets check` entra en él y dice qué está mal. Mientras tanto, el correo espera allí.",
        ),
        "smarthost-fails": (
            "El servidor de salida no acepta nuestro correo.",
            "Desde {since}: {error}",
            "`mailtickets check` prueba el servidor y dice qué está mal. Mientras tanto, el correo espera aquí.",
        ),
        "token-fails": (
            "La cuenta {name} no consigue un token nuevo.",
            "Desde {since}: {error}",
            "`mailtickets oauth status` muestra el error; `mailtickets oauth login {name}` entra de nuevo.",
        ),
        "mailbox-silent": (
            "El buzón {name} no se lee desde hace {span}.",
            "La última lectura fue: {since}.",
            "`mailtickets check` entra en él y dice qué está mal. Mientras tanto, el correo espera allí.",
        ),
        "token-ends": (
            "El token de la cuenta {name} no se renovó.",
            "Debió renovarse a la mitad de su vida. Fin: {ends}.",
            "`mailtickets oauth status` dice por qué; `mailtickets oauth login {name}` entra de nuevo.",
        ),
        "secret-ended": (
            "El secreto de la cuenta {name} venció.",
            "La fecha registrada es {day}.",
            "Cree otro en el proveedor, guárdelo en su archivo y actualice `expires` en la tabla [[oauth]].",
        ),
        "secret-ends": (
            ("El secreto de la cuenta {name} vence mañana.", "El secreto de la cuenta {name} vence en {count} días."),
            "Después del {day}, el buzón ya no se abre.",
            "Cree otro en el proveedor, guárdelo en su archivo y actualice `expires` en la tabla [[oauth]].",
        ),
        "held": (
            ("Hay un correo retenido.", "Hay {count} correos retenidos."),
            ("Espera desde {since} a que alguien decida.", "El más antiguo espera desde {since} a que alguien decida."),
            "`mailtickets inbound list --state held`, después `inbound release ID` o `inbound drop ID`.",
        ),
        "customer-waits": (
            (
                "Un cliente de {queue} espera respuesta desde hace {span}.",
                "{count} clientes de {queue} esperan respuesta, el primero desde hace {span}.",
            ),
            "La solicitud que más espera es la #{number}.",
            "Alguien del equipo debe responder: `mailtickets ticket show {number}`.",
        ),
    },
}
"""What is wrong or waits, why, and the next step."""

HELD: Mapping[str, Mapping[str, str]] = {
    "pt_BR": {
        "agent-without-token": "em nome de um atendente, sem o endereço de resposta dele",
        "agent-not-verified": "em nome de um atendente, sem prova de que é dele",
        "agent-from-queue-address": "de um atendente, mas com o endereço da fila",
        "quotes-our-notice": "resposta que traz um aviso nosso",
        "command-not-understood": "comando não entendido",
        "not-plainly-for-the-customer": "não está claro que é para o cliente",
        "nobody-to-answer": "o chamado não tem um cliente para quem escrever",
        "uncertain-cut": "não está claro onde a resposta termina",
        "stale-answer": "outros escreveram antes desta resposta",
        "merge-of-strangers": "junta chamados de clientes diferentes",
        "empty-answer": "resposta sem texto nem anexo",
        "forward-unclear": "encaminhado, mas de autor incerto",
        "spam": "spam",
        "malware": "vírus",
    },
    "en": {
        "agent-without-token": "in an agent's name, without their reply address",
        "agent-not-verified": "in an agent's name, without proof",
        "agent-from-queue-address": "from an agent, but with the queue's address",
        "quotes-our-notice": "a reply that holds one of our notices",
        "command-not-understood": "a command that was not understood",
        "not-plainly-for-the-customer": "not plainly meant for the customer",
        "nobody-to-answer": "the ticket has no customer to write to",
        "uncertain-cut": "not clear where the answer ends",
        "stale-answer": "others had written before this answer",
        "merge-of-strangers": "merges tickets of different customers",
        "empty-answer": "an answer without text or attachment",
        "forward-unclear": "a forward whose author is not clear",
        "spam": "spam",
        "malware": "malware",
    },
    "es": {
        "agent-without-token": "en nombre de un agente, sin su dirección de respuesta",
        "agent-not-verified": "en nombre de un agente, sin prueba de que es suyo",
        "agent-from-queue-address": "de un agente, pero con la dirección del área",
        "quotes-our-notice": "respuesta que trae un aviso nuestro",
        "command-not-understood": "comando no entendido",
        "not-plainly-for-the-customer": "no está claro que sea para el cliente",
        "nobody-to-answer": "la solicitud no tiene un cliente a quien escribir",
        "uncertain-cut": "no está claro dónde termina la respuesta",
        "stale-answer": "otros escribieron antes de esta respuesta",
        "merge-of-strangers": "une solicitudes de clientes diferentes",
        "empty-answer": "respuesta sin texto ni adjunto",
        "forward-unclear": "reenviado, pero de autor incierto",
        "spam": "spam",
        "malware": "virus",
    },
}
"""Why mail is held, as short as it can be said."""

VERDICTS: Mapping[str, Mapping[NeedLevel | Literal["well"], Numbered]] = {
    "pt_BR": {
        "well": "Tudo certo.",
        "task": ("Tudo funciona. Uma coisa espera por alguém.", "Tudo funciona. {count} coisas esperam por alguém."),
        "fault": ("Algo está errado e precisa de alguém.", "{count} coisas estão erradas e precisam de alguém."),
    },
    "en": {
        "well": "All is well.",
        "task": ("All works. One thing waits for a person.", "All works. {count} things wait for a person."),
        "fault": ("Something is wrong and needs a person.", "{count} things are wrong and need a person."),
    },
    "es": {
        "well": "Todo está bien.",
        "task": ("Todo funciona. Una cosa espera a alguien.", "Todo funciona. {count} cosas esperan a alguien."),
        "fault": ("Algo está mal y necesita a alguien.", "{count} cosas están mal y necesitan a alguien."),
    },
}
"""Is all well, in a sentence. Of a desk with faults only these are counted."""

_MALWARE = frozenset({"malware-header", "rspamd-virus", "clamav-found"})
_SPAM_BEGINS = ("spam-", "rspamd-")

_NO_REPLY = {"pt_BR": "nenhuma", "en": "none", "es": "ninguna"}
_SINCE = {"pt_BR": "{} (há {})", "en": "{} ({} ago)", "es": "{} (hace {})"}
_AGO = {"pt_BR": "há {}", "en": "{} ago", "es": "hace {}"}


def verdict(found: Sequence[Need], locale: str) -> str:
    """Is all well, in a sentence."""
    faults = sum(need.level == "fault" for need in found)
    count = faults or len(found)
    words = VERDICTS[locale]["fault" if faults else "task" if found else "well"]
    return _chosen(words, {"count": count}).format(count=count)


def said(need: Need, status: DeskStatus, locale: str) -> tuple[str, str, str]:
    """What is wrong or waits, why, and the next step."""
    what, why, then = (_chosen(words, need.given) for words in NEEDS[locale][need.code])
    given = _filling(need.given, status, locale)
    if need.code == "alarm":
        given, then = _of_alarm(given, then, locale)
    return what.format_map(given), why.format_map(given).rstrip(": "), then.format_map(given)


def alarm_title(key: str, locale: str) -> str:
    """What an alarm is about; its key where that has no words."""
    return row_of(key).title.get(locale, key)


def _of_alarm(given: dict[str, str], then: str, locale: str) -> tuple[dict[str, str], str]:
    """An alarm in the words of its mail: what is wrong with its key, and what to do."""
    row = row_of(given["key"])
    if not row.title:
        return given, then
    return {**given, "key": f"{row.title[locale]} ({given['key']})", "advice": row.advice[locale]}, "{advice}"


def held_for(reason: str, locale: str) -> str:
    """Why mail is held; a reason without words stands for itself."""
    if reason in _MALWARE:
        reason = "malware"
    elif reason.startswith(_SPAM_BEGINS):
        reason = "spam"
    return HELD[locale].get(reason, reason)


def ago(at: datetime, status: DeskStatus, locale: str) -> str:
    """`há 3 h`: how long before the status was made."""
    return _AGO[locale].format(spans.span(status.at - at, locale))


def moment(at: datetime, status: DeskStatus, locale: str) -> str:
    """A moment where the desk is, as short as it can be said."""
    return spans.near(at.astimezone(status.zone), status.at.astimezone(status.zone), locale)


def reply(code: str, locale: str) -> str:
    """The code of a reply; in words where there was none."""
    return _NO_REPLY[locale] if code == NO_REPLY else code


def _chosen(words: Numbered, given: Mapping[str, NeedValue]) -> str:
    return words if isinstance(words, str) else words[given.get("count") != 1]


def _filling(given: Mapping[str, NeedValue], status: DeskStatus, locale: str) -> dict[str, str]:
    filling = {name: _in_words(name, value, status, locale) for name, value in given.items()}
    since = given.get("since")
    if isinstance(since, datetime):
        filling["span"] = spans.span(status.at - since, locale)
        filling["since"] = _SINCE[locale].format(moment(since, status, locale), filling["span"])
    return filling


def _in_words(name: str, value: NeedValue, status: DeskStatus, locale: str) -> str:
    match name, value:
        case "day", datetime():
            return locales.day(value, locale)
        case "free", int():
            return locales.size(value, locale)
        case "replies", str():
            codes = [code for code in value.split(", ") if code and code != NO_REPLY]
            return ", ".join(codes) or _NO_REPLY[locale]
        case _, datetime():
            return moment(value, status, locale)
        case _, int() if name == "count":
            return locales.count(value, locale)
    return str(value)
