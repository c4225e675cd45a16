"""The kinds of alarm: what is wrong, and what to do about it. One row for each kind.

Owns: the words, in each of our locales. The particulars (which account, which error) come from who sounds the alarm.
docs/operations.md shows the same rows. Plain data, and no decision.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

OVERLOAD, SKILL_MISSING = "overload", "skill-missing"

Words = Mapping[str, str]
"""A text by locale."""


@dataclass(frozen=True, slots=True)
class AlarmKind:
    """A kind of trouble that ops are told of."""

    keys: str
    """The keys of this kind. What differs from one to the next is in capitals."""
    title: Words = field(default_factory=dict)
    """What is wrong, in a few words."""
    advice: Words = field(default_factory=dict)
    """What to do."""
    shared: bool = False
    """It is a trouble of the whole desk: when one gateway sees that it has passed, it has passed for all."""
    passes: bool = True
    """False: it is something that has happened. It cannot pass, and is told once."""
    again_when_changed: bool = False
    """Ops are told again when there is something else to say about it."""
    for_managers: bool = False
    """The managers of the queue that the key names are told too; where it names none, those of all queues."""


def kind_of(key: str) -> str:
    """The name of a key's row in `ALARMS`; the key itself where there is none."""
    if key in ALARMS:
        return key
    match key.split("-"):
        case ["overload", _, *_]:
            return OVERLOAD
        case ["skill", "missing", _, *_]:
            return SKILL_MISSING
        case ["imap", _, _, *_, validity, uid] if validity.isdigit() and uid.isdigit():
            return "imap-message"
        case ["imap", _, *_, "move"]:
            return "imap-move"
        case ["oauth", _, *_, "refused"]:
            return "oauth-refused"
        case ["oauth", _, *_, "expires" | "ends"]:
            return "oauth-ends"
        case ["imap" | "oauth" | "promise" as kind, _, *_]:
            return kind
    return key


def row_of(key: str) -> AlarmKind:
    """The row of a key. A key of no kind that is known has a row without words."""
    return ALARMS.get(kind_of(key)) or AlarmKind(key)


_FLOOD = {
    "pt_BR": (
        "As respostas de pessoas continuam saindo; só os avisos automáticos param até a próxima hora. Veja em "
        "`mailtickets inbound list` quem escreve tanto. Um remetente em laço ou de spam entra em `junk.deny`; se o "
        "movimento é normal, aumente `budget.automatic_per_hour`."
    ),
    "en": (
        "People's answers still go out; only automatic notices stop until the next hour. Look in `mailtickets inbound "
        "list` who writes so much. A sender who loops or sends spam goes into `junk.deny`; if so much mail is normal, "
        "raise `budget.automatic_per_hour`."
    ),
    "es": (
        "Las respuestas de personas siguen saliendo; solo los avisos automáticos paran hasta la próxima hora. Vea en "
        "`mailtickets inbound list` quién escribe tanto. Un remitente en bucle o de spam va en `junk.deny`; si tanto "
        "correo es normal, aumente `budget.automatic_per_hour`."
    ),
}

ALARMS: Mapping[str, AlarmKind] = {
    "imap": AlarmKind(
        keys="imap-ACCOUNT, imap-ACCOUNT-FOLDER",
        title={
            "pt_BR": "uma caixa de correio não pode ser lida",
            "en": "a mailbox cannot be read",
            "es": "un buzón no se puede leer",
        },
        advice={
            "pt_BR": (
                "Os e-mails esperam na caixa; nenhum se perde. Rode `mailtickets check`: ele entra na conta e diz o "
                "que falta. Se o servidor recusa a senha, ela foi trocada ou o acesso foi retirado: escreva a nova no "
                "arquivo da conta. Se o servidor não responde, espere: o serviço tenta de novo sozinho e lê o que "
                "ficou para trás."
            ),
            "en": (
                "Mail waits in the mailbox; none is lost. Run `mailtickets check`: it logs in and says what is "
                "missing. If the server refuses the password, it was changed or the access was taken away: write the "
                "new one into the account's file. If the server does not answer, wait: the daemon tries again by "
                "itself and reads what has waited."
            ),
            "es": (
                "Los correos esperan en el buzón; ninguno se pierde. Ejecute `mailtickets check`: entra en la cuenta y "
                "dice qué falta. Si el servidor rechaza la contraseña, fue cambiada o se retiró el acceso: escriba la "
                "nueva en el archivo de la cuenta. Si el servidor no responde, espere: el servicio lo intenta de nuevo "
                "solo y lee lo que quedó pendiente."
            ),
        },
    ),
    "imap-move": AlarmKind(
        keys="imap-ACCOUNT-move",
        title={
            "pt_BR": "mensagens lidas não podem sair da caixa de entrada",
            "en": "messages that were read cannot leave the inbox",
            "es": "los mensajes leídos no pueden salir de la bandeja de entrada",
        },
        advice={
            "pt_BR": (
                "Elas já são chamados, e nenhuma vira dois. Veja se a pasta de `processed_folder` existe, se a conta "
                "pode escrever nela e se a caixa não está cheia."
            ),
            "en": (
                "They are tickets already, and none becomes two. Look whether the folder of `processed_folder` exists, "
                "whether the account may write to it, and whether the mailbox is full."
            ),
            "es": (
                "Ya son solicitudes, y ninguna se duplica. Vea si la carpeta de `processed_folder` existe, si la "
                "cuenta puede escribir en ella y si el buzón no está lleno."
            ),
        },
    ),
    "imap-message": AlarmKind(
        keys="imap-ACCOUNT-FOLDER-UIDVALIDITY-UID",
        title={
            "pt_BR": "uma mensagem não virou chamado",
            "en": "a message has become no ticket",
            "es": "un mensaje no se convirtió en solicitud",
        },
        advice={
            "pt_BR": (
                "Abra a caixa de correio, procure a mensagem na pasta indicada e responda a ela, ou salve-a num "
                "arquivo e rode `mailtickets deliver < ARQUIVO`."
            ),
            "en": (
                "Open the mailbox, look for the message in the folder that is named, and answer it; or save it to a "
                "file and run `mailtickets deliver < FILE`."
            ),
            "es": (
                "Abra el buzón, busque el mensaje en la carpeta indicada y respóndalo; o guárdelo en un archivo y "
                "ejecute `mailtickets deliver < ARCHIVO`."
            ),
        },
        passes=False,
    ),
    "oauth": AlarmKind(
        keys="oauth-ACCOUNT",
        title={
            "pt_BR": "uma conta não recebe token",
            "en": "an account gets no token",
            "es": "una cuenta no recibe token",
        },
        advice={
            "pt_BR": (
                "Faça o que está escrito acima. `mailtickets oauth status` mostra cada conta com seu último erro; "
                "depois de `mailtickets oauth login CONTA`, o serviço nota o novo token sozinho."
            ),
            "en": (
                "Do what is written above. `mailtickets oauth status` shows each account with its last error; after "
                "`mailtickets oauth login ACCOUNT` the daemon notices the new token by itself."
            ),
            "es": (
                "Haga lo que está escrito arriba. `mailtickets oauth status` muestra cada cuenta con su último error; "
                "después de `mailtickets oauth login CUENTA`, el servicio nota el nuevo token solo."
            ),
        },
    ),
    "oauth-refused": AlarmKind(
        keys="oauth-ACCOUNT-refused",
        title={
            "pt_BR": "um servidor de e-mail recusa tokens novos",
            "en": "a mail server refuses fresh tokens",
            "es": "un servidor de correo rechaza tokens nuevos",
        },
        advice={
            "pt_BR": (
                "O provedor dá o token, mas a caixa de correio não o aceita: quase sempre falta a permissão nesta "
                "caixa, ou o endereço em `username` é outro. `mailtickets check` diz o que o servidor responde."
            ),
            "en": (
                "The provider gives the token, but the mailbox does not take it: mostly the grant on this mailbox is "
                "missing, or `username` is another address. `mailtickets check` says what the server answers."
            ),
            "es": (
                "El proveedor da el token, pero el buzón no lo acepta: casi siempre falta el permiso sobre este buzón, "
                "o la dirección en `username` es otra. `mailtickets check` dice qué responde el servidor."
            ),
        },
    ),
    "oauth-ends": AlarmKind(
        keys="oauth-ACCOUNT-expires, oauth-ACCOUNT-ends",
        title={
            "pt_BR": "um segredo ou certificado vence em breve",
            "en": "a secret or certificate ends soon",
            "es": "un secreto o certificado vence pronto",
        },
        advice={
            "pt_BR": "Renove-o antes da data acima: depois dela a caixa de correio não é mais lida.",
            "en": "Renew it before the date above: after it the mailbox is not read any more.",
            "es": "Renuévelo antes de la fecha de arriba: después de ella el buzón ya no se lee.",
        },
    ),
    "delivery-late": AlarmKind(
        keys="delivery-late",
        title={
            "pt_BR": "há e-mails que não saem",
            "en": "mail does not go out",
            "es": "hay correos que no salen",
        },
        advice={
            "pt_BR": (
                "Nada se perde: as cópias esperam e são tentadas de novo. `mailtickets outbox list --state deferred` "
                "mostra cada uma com a última resposta do servidor, e `mailtickets check` entra nele. Se a resposta "
                "fala de um limite, peça outro ao provedor ou ajuste `delivery.max_per_minute`. Se só um destinatário "
                "não recebe, é o servidor dele: não há o que fazer."
            ),
            "en": (
                "Nothing is lost: copies wait and are tried again. `mailtickets outbox list --state deferred` shows "
                "each with the last answer of the server, and `mailtickets check` logs in there. If the answer speaks "
                "of a limit, ask the provider for another one or set `delivery.max_per_minute`. If only one recipient "
                "gets nothing, it is that recipient's server: there is nothing to do."
            ),
            "es": (
                "Nada se pierde: las copias esperan y se intentan de nuevo. `mailtickets outbox list --state deferred` "
                "muestra cada una con la última respuesta del servidor, y `mailtickets check` entra en él. Si la "
                "respuesta habla de un límite, pida otro al proveedor o ajuste `delivery.max_per_minute`. Si solo un "
                "destinatario no recibe, es su servidor: no hay nada que hacer."
            ),
        },
        shared=True,
    ),
    "automatic-mail-stopped": AlarmKind(
        keys="automatic-mail-stopped",
        title={
            "pt_BR": "os avisos automáticos desta hora acabaram",
            "en": "this hour's automatic mail is used up",
            "es": "los avisos automáticos de esta hora se agotaron",
        },
        advice=_FLOOD,
        shared=True,
    ),
    "unproven-mail-not-answered": AlarmKind(
        keys="unproven-mail-not-answered",
        title={
            "pt_BR": "e-mails sem prova de conhecidos ficam sem confirmação",
            "en": "mail of known people without proof is not acknowledged",
            "es": "correos sin prueba de conocidos quedan sin confirmación",
        },
        advice=_FLOOD,
        shared=True,
    ),
    "first-contacts-not-answered": AlarmKind(
        keys="first-contacts-not-answered",
        title={
            "pt_BR": "primeiros contatos sem prova ficam sem confirmação",
            "en": "first contacts without proof are not acknowledged",
            "es": "primeros contactos sin prueba quedan sin confirmación",
        },
        advice=_FLOOD,
        shared=True,
    ),
    "scanner-unavailable": AlarmKind(
        keys="scanner-unavailable",
        title={
            "pt_BR": "o antivírus ou antispam não responde",
            "en": "the scanner does not answer",
            "es": "el antivirus o antispam no responde",
        },
        advice={
            "pt_BR": (
                "Veja se o rspamd ou o clamd está em execução e se `junk.rspamd` e `junk.clamav` dão o endereço certo. "
                'Até lá os e-mails entram sem exame; com `when_unavailable = "defer"` eles esperam, e nenhum se perde.'
            ),
            "en": (
                "Look whether rspamd or clamd runs, and whether `junk.rspamd` and `junk.clamav` give its address. "
                'Until then mail comes in unscanned; with `when_unavailable = "defer"` it waits, and none is lost.'
            ),
            "es": (
                "Vea si rspamd o clamd está en ejecución y si `junk.rspamd` y `junk.clamav` dan su dirección. "
                'Hasta entonces los correos entran sin examen; con `when_unavailable = "defer"` esperan, y ninguno se '
                "pierde."
            ),
        },
    ),
    "reconcile": AlarmKind(
        keys="reconcile",
        title={
            "pt_BR": "o registro dos e-mails recebidos não confere",
            "en": "the ledger of received mail does not add up",
            "es": "el registro de los correos recibidos no cuadra",
        },
        advice={
            "pt_BR": (
                "Rode `mailtickets inbound reconcile --mailboxes` e guarde o que ele diz. Uma mensagem que está na "
                "caixa e não no registro pode ser entregue com `mailtickets deliver < ARQUIVO`. Não apague nada antes "
                "de entender a diferença."
            ),
            "en": (
                "Run `mailtickets inbound reconcile --mailboxes` and keep what it says. A message that is in the "
                "mailbox and not in the ledger can be handed in by `mailtickets deliver < FILE`. Delete nothing before "
                "the difference is understood."
            ),
            "es": (
                "Ejecute `mailtickets inbound reconcile --mailboxes` y guarde lo que dice. Un mensaje que está en el "
                "buzón y no en el registro se puede entregar con `mailtickets deliver < ARCHIVO`. No borre nada antes "
                "de entender la diferencia."
            ),
        },
        shared=True,
        again_when_changed=True,
    ),
    "mail-disowned": AlarmKind(
        keys="mail-disowned",
        title={
            "pt_BR": "alguém escreve em nome de um atendente",
            "en": "somebody writes in an agent's name",
            "es": "alguien escribe en nombre de un agente",
        },
        advice={
            "pt_BR": (
                "Fale com o atendente por outro meio e troque a senha do e-mail dele, se a mensagem saiu da conta "
                'dele. Com `trust.agents = "verified"` só vale o que o servidor confirma.'
            ),
            "en": (
                "Talk to the agent by other means, and change the password of their mail account if the mail came from "
                'it. With `trust.agents = "verified"` only what the server vouches for counts.'
            ),
            "es": (
                "Hable con el agente por otro medio y cambie la contraseña de su correo, si el mensaje salió de su "
                'cuenta. Con `trust.agents = "verified"` solo vale lo que el servidor confirma.'
            ),
        },
        passes=False,
    ),
    "disk-low": AlarmKind(
        keys="disk-low",
        title={
            "pt_BR": "falta espaço em disco",
            "en": "a disk has little room left",
            "es": "queda poco espacio en disco",
        },
        advice={
            "pt_BR": (
                "Libere espaço ou aumente o disco. Quando ele estiver quase cheio, o serviço recusa e-mails novos com "
                "452, e os remetentes tentam de novo mais tarde; nada se perde, mas nada entra."
            ),
            "en": (
                "Free some room, or enlarge the disk. When it is nearly full, the daemon refuses new mail with 452 and "
                "senders try again later: nothing is lost, but nothing comes in."
            ),
            "es": (
                "Libere espacio o amplíe el disco. Cuando esté casi lleno, el servicio rechaza correos nuevos con 452 "
                "y los remitentes lo intentan más tarde: nada se pierde, pero nada entra."
            ),
        },
    ),
    "mail-unprocessed": AlarmKind(
        keys="mail-unprocessed",
        title={
            "pt_BR": "e-mails recebidos ainda não viraram chamados",
            "en": "mail that came in has not become tickets yet",
            "es": "correos recibidos aún no son solicitudes",
        },
        advice={
            "pt_BR": (
                "Eles estão guardados. `mailtickets inbound list --state accepted` mostra quais, e o log (`journalctl "
                "--unit mailtickets`) por quê. Se são muitos e o número diminui, espere; se não diminui, rode "
                "`systemctl restart mailtickets`."
            ),
            "en": (
                "They are kept. `mailtickets inbound list --state accepted` shows which, and the log (`journalctl "
                "--unit mailtickets`) why. If they are many and get fewer, wait; if they do not, run `systemctl "
                "restart mailtickets`."
            ),
            "es": (
                "Están guardados. `mailtickets inbound list --state accepted` muestra cuáles, y el log (`journalctl "
                "--unit mailtickets`) por qué. Si son muchos y disminuyen, espere; si no, ejecute `systemctl restart "
                "mailtickets`."
            ),
        },
        shared=True,
    ),
    "workers-die": AlarmKind(
        keys="workers-die",
        title={
            "pt_BR": "os processos que leem e-mails morrem",
            "en": "the processes that read mail die",
            "es": "los procesos que leen correos mueren",
        },
        advice={
            "pt_BR": (
                "O que eles liam vira chamado com o original em anexo: `mailtickets inbound list --outcome unparsed`. "
                "Veja no log se falta memória (`MemoryMax`) e se é sempre o mesmo e-mail: ele interessa a quem faz o "
                "mailtickets."
            ),
            "en": (
                "What they were reading becomes a ticket with the original attached: `mailtickets inbound list "
                "--outcome unparsed`. Look in the log whether memory is short (`MemoryMax`) and whether it is always "
                "the same mail: those who make mailtickets want to know it."
            ),
            "es": (
                "Lo que leían se convierte en solicitud con el original adjunto: `mailtickets inbound list --outcome "
                "unparsed`. Vea en el log si falta memoria (`MemoryMax`) y si es siempre el mismo correo: interesa a "
                "quienes hacen mailtickets."
            ),
        },
    ),
    "promise": AlarmKind(
        keys="promise-QUEUE",
        title={
            "pt_BR": "as confirmações não dizem mais quando a resposta chega",
            "en": "acknowledgements no longer say when an answer comes",
            "es": "las confirmaciones ya no dicen cuándo llega la respuesta",
        },
        advice={
            "pt_BR": (
                "Não é preciso fazer nada: o que se promete demais não é mais dito, e volta sozinho quando 8 em cada "
                "10 pedidos forem respondidos a tempo. Se a fila está mais lenta do que costumava, é ali que falta "
                "gente. Com `promise = false` na fila, isso nunca é dito."
            ),
            "en": (
                "There is nothing to do: what promised too much is not said any more, and comes back by itself when 8 "
                "in 10 requests are answered in time. If the queue is slower than it used to be, that is where people "
                "are missing. With `promise = false` in the queue it is never said."
            ),
            "es": (
                "No hay que hacer nada: lo que prometía demasiado ya no se dice, y vuelve solo cuando 8 de cada 10 "
                "solicitudes se respondan a tiempo. Si el área está más lenta de lo habitual, ahí es donde falta "
                "gente. Con `promise = false` en el área no se dice nunca."
            ),
        },
        shared=True,
    ),
    "report-charts": AlarmKind(
        keys="report-charts",
        title={
            "pt_BR": "um relatório saiu sem gráficos",
            "en": "a report went out without charts",
            "es": "un informe salió sin gráficos",
        },
        advice={
            "pt_BR": (
                "O relatório saiu sem as figuras; as tabelas e os números estão completos. Rode `mailtickets report "
                "--format html --out r.html` na mesma máquina: ele desenha os mesmos gráficos e diz o que há. Muitas "
                "vezes falta memória (`MemoryMax`), ou falta um arquivo do programa: instale de novo."
            ),
            "en": (
                "The report has gone out without pictures; its tables and numbers are complete. Run `mailtickets "
                "report --format html --out r.html` on the same machine: it draws the same charts and says what is "
                "wrong. Often memory is short (`MemoryMax`), or a file of the program is missing: install it again."
            ),
            "es": (
                "El informe salió sin figuras; las tablas y los números están completos. Ejecute `mailtickets report "
                "--format html --out r.html` en la misma máquina: dibuja los mismos gráficos y dice qué pasa. A "
                "menudo falta memoria (`MemoryMax`), o falta un archivo del programa: instálelo de nuevo."
            ),
        },
        shared=True,
    ),
    "report-unwritten": AlarmKind(
        keys="report-unwritten",
        title={
            "pt_BR": "um relatório não pôde ser escrito",
            "en": "a report could not be written",
            "es": "un informe no se pudo escribir",
        },
        advice={
            "pt_BR": (
                "O pedido fica guardado e é tentado de novo a cada 10 minutos, por um dia. Rode `mailtickets report` "
                "para o mesmo período: ele lê os mesmos números e diz o que há. O log (`journalctl --unit "
                "mailtickets`) tem o erro inteiro."
            ),
            "en": (
                "The order is kept and tried again every 10 minutes for a day. Run `mailtickets report` for the same "
                "period: it reads the same figures and says what is wrong. The log (`journalctl --unit mailtickets`) "
                "has the whole error."
            ),
            "es": (
                "El pedido queda guardado y se intenta de nuevo cada 10 minutos, durante un día. Ejecute "
                "`mailtickets report` para el mismo período: lee las mismas cifras y dice qué pasa. El log "
                "(`journalctl --unit mailtickets`) tiene el error completo."
            ),
        },
        shared=True,
        again_when_changed=True,
    ),
    "overload": AlarmKind(
        keys="overload-QUEUE",
        title={
            "pt_BR": "uma fila tem mais trabalho que de costume",
            "en": "a queue has more to do than usual",
            "es": "un área tiene más trabajo que de costumbre",
        },
        advice={
            "pt_BR": (
                "Veja com `mailtickets ticket list --queue NOME` o que chega: uma falha que muitos relatam, ou só uma "
                "semana boa. Peça reforço a alguém, ou avise os clientes. Nada se perde, e nada é recusado."
            ),
            "en": (
                "Look with `mailtickets ticket list --queue NAME` what comes in: an outage that many report, or just "
                "a good week. Ask somebody to help out, or let customers know. Nothing is lost, and nothing is refused."
            ),
            "es": (
                "Vea con `mailtickets ticket list --queue NOMBRE` qué llega: una falla que muchos reportan, o solo una "
                "buena semana. Pida refuerzos, o avise a los clientes. Nada se pierde, y nada se rechaza."
            ),
        },
        shared=True,
        for_managers=True,
    ),
    "skill-missing": AlarmKind(
        keys="skill-missing-SKILL",
        title={
            "pt_BR": "uma habilidade é pedida e ninguém a tem",
            "en": "a skill is asked for that nobody has",
            "es": "se pide una habilidad que nadie tiene",
        },
        advice={
            "pt_BR": (
                "Escreva a habilidade em `skills` de um `[[agent]]`, ou tire-a da regra ou do tipo que a pede. Até lá, "
                "esses chamados vão para alguém sem ela, ou esperam."
            ),
            "en": (
                "Write the skill into `skills` of an `[[agent]]`, or take it out of the rule or the type that asks for "
                "it. Until then such tickets go to somebody without it, or wait."
            ),
            "es": (
                "Escriba la habilidad en `skills` de un `[[agent]]`, o quítela de la regla o del tipo que la pide. "
                "Hasta entonces esas solicitudes van a alguien sin ella, o esperan."
            ),
        },
        shared=True,
        for_managers=True,
    ),
}
