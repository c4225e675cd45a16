"""Single lines for notices: what was done, what happened to a ticket, what was not understood, what a command does.

Owns: the words, in each of our locales, for codes that come in lists. Whole notices are templates.
A code that has no words yet is shown as it is. Values are people's words: they are put in, and never interpreted.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from mailtickets.desk.commands.row import Wording
from mailtickets.desk.commands.rows import COMMANDS
from mailtickets.words import locales

HAPPENED: Mapping[str, Mapping[str, str]] = {
    "pt_BR": {
        "answered": "Resposta ao cliente",
        "noted": "Nota interna, só para a equipe",
        "status": "Status: {value}",
        "assigned": "Responsável: {value}",
        "unassigned": "Sem responsável",
        "awaits_turn": "Sem responsável até que alguém possa assumir ({value})",
        "priority": "Prioridade: {value}",
        "type": "Tipo: {value}",
        "tags": "Etiquetas: {value}",
        "subject": "Assunto: {value}",
        "queue": "Fila: {value}",
        "stage": "Etapa: {value}",
        "field": "{value}",
        "no_field": "Sem valor: {value}",
        "priority_kept": "Prioridade: continua {value}, que foi definida à mão; impacto e urgência dariam {old}",
        "asked": "Perguntado ao cliente: {value}",
        "priority-kept": "Prioridade mantida; impacto e urgência dariam {value}",
        "cc_added": "Entrou em cópia: {value}",
        "cc_removed": "Saiu da cópia: {value}",
        "left_out": "Ficaram fora do chamado: {value}",
        "participant": "Participa também: {value}",
        "requester": "Cliente: {value}",
        "merged": "Juntado ao chamado #{value}",
        "split": "Separado no chamado #{value}",
        "opened": "Chamado aberto em nome de: {value}",
        "remind": "Lembrete: {value}",
        "snooze": "Adiado até {value}",
        "promised": "Prazo prometido ao cliente: {value}",
        "unpromised": "O cliente não tem mais prazo prometido",
        "promise_untold": "O cliente não foi avisado do prazo: diga-o na sua resposta",
        "spam": "Marcado como spam",
        "attachments": "Anexos: vão para você em outro e-mail",
        "undone": "Desfeito: {value}",
        "unsent": "A resposta não é enviada; o texto fica no chamado, só para a equipe",
        "released": "A mensagem retida foi liberada",
        "discarded": "A mensagem retida foi descartada",
        "already": "Já estava assim: {value}",
        "linked": "Relacionado: #{value}",
        "delivery": "Não entregue: {value}",
        "held": "Mensagem retida",
        "muted": "Sem avisos automáticos para {value}",
        "unmuted": "De novo com avisos automáticos para {value}",
        "rated": "Nota do cliente: {value}",
        "resolution": "Solução, só para a equipe: {value}",
        "quotable": "O cliente pode ser citado com o nome",
        "unquotable": "O cliente não é citado com o nome",
    },
    "en": {
        "answered": "Answer to the customer",
        "noted": "Internal note, for the team only",
        "status": "Status: {value}",
        "assigned": "Assigned to: {value}",
        "unassigned": "Assigned to nobody",
        "awaits_turn": "Assigned to nobody until somebody can take it ({value})",
        "priority": "Priority: {value}",
        "type": "Type: {value}",
        "tags": "Tags: {value}",
        "subject": "Subject: {value}",
        "queue": "Queue: {value}",
        "stage": "Stage: {value}",
        "field": "{value}",
        "no_field": "No value: {value}",
        "priority_kept": "Priority: still {value}, which was set by hand; impact and urgency would give {old}",
        "asked": "Asked the customer for: {value}",
        "priority-kept": "Priority kept; impact and urgency would give {value}",
        "cc_added": "Added in copy: {value}",
        "cc_removed": "Removed from copy: {value}",
        "left_out": "Left out of the ticket: {value}",
        "participant": "Takes part too: {value}",
        "requester": "Customer: {value}",
        "merged": "Merged into ticket #{value}",
        "split": "Split off as ticket #{value}",
        "opened": "Ticket opened in the name of: {value}",
        "remind": "Reminder: {value}",
        "snooze": "Put off until {value}",
        "promised": "Promised to the customer: {value}",
        "unpromised": "No date is promised to the customer any more",
        "promise_untold": "The customer was not told of this date: say it in your answer",
        "spam": "Marked as spam",
        "attachments": "Attachments: they come to you in another email",
        "undone": "Undone: {value}",
        "unsent": "The reply is not sent; its text stays with the ticket, for the team only",
        "released": "The held message was released",
        "discarded": "The held message was discarded",
        "already": "Already so: {value}",
        "linked": "Related: #{value}",
        "delivery": "Not delivered: {value}",
        "held": "Message held",
        "muted": "No more automatic notices to {value}",
        "unmuted": "Automatic notices to {value} again",
        "rated": "Customer's rating: {value}",
        "resolution": "Solution, for the team only: {value}",
        "quotable": "The customer may be quoted by name",
        "unquotable": "The customer is not quoted by name",
    },
    "es": {
        "answered": "Respuesta al cliente",
        "noted": "Nota interna, solo para el equipo",
        "status": "Estado: {value}",
        "assigned": "Responsable: {value}",
        "unassigned": "Sin responsable",
        "awaits_turn": "Sin responsable hasta que alguien pueda tomarla ({value})",
        "priority": "Prioridad: {value}",
        "type": "Tipo: {value}",
        "tags": "Etiquetas: {value}",
        "subject": "Asunto: {value}",
        "queue": "Área: {value}",
        "stage": "Etapa: {value}",
        "field": "{value}",
        "no_field": "Sin valor: {value}",
        "priority_kept": "Prioridad: sigue {value}, que se definió a mano; impacto y urgencia darían {old}",
        "asked": "Preguntado al cliente: {value}",
        "priority-kept": "Prioridad mantenida; impacto y urgencia darían {value}",
        "cc_added": "Agregado en copia: {value}",
        "cc_removed": "Quitado de la copia: {value}",
        "left_out": "Quedaron fuera de la solicitud: {value}",
        "participant": "Participa también: {value}",
        "requester": "Cliente: {value}",
        "merged": "Unida a la solicitud #{value}",
        "split": "Separada en la solicitud #{value}",
        "opened": "Solicitud abierta a nombre de: {value}",
        "remind": "Recordatorio: {value}",
        "snooze": "Aplazada hasta: {value}",
        "promised": "Plazo prometido al cliente: {value}",
        "unpromised": "El cliente ya no tiene plazo prometido",
        "promise_untold": "El cliente no fue avisado del plazo: dígalo en su respuesta",
        "spam": "Marcada como spam",
        "attachments": "Adjuntos: le llegan en otro correo",
        "undone": "Deshecho: {value}",
        "unsent": "La respuesta no se envía; el texto queda en la solicitud, solo para el equipo",
        "released": "Se liberó el mensaje retenido",
        "discarded": "Se descartó el mensaje retenido",
        "already": "Ya estaba así: {value}",
        "linked": "Relacionada: #{value}",
        "delivery": "No entregado: {value}",
        "held": "Mensaje retenido",
        "muted": "Sin avisos automáticos para {value}",
        "unmuted": "De nuevo con avisos automáticos para {value}",
        "rated": "Puntuación del cliente: {value}",
        "resolution": "Solución, solo para el equipo: {value}",
        "quotable": "Se puede citar al cliente por su nombre",
        "unquotable": "No se cita al cliente por su nombre",
    },
}
"""Lines of receipts and of a ticket's history. They do not say when it happened, or that it happened, so that a dry
run may use them."""

_SAME = {"assignee": "assigned", "dropped": "discarded", "moved": "queue", "left-out": "left_out"}
"""Kinds of events, and the name that a receipt has for the same thing."""
_WAS = {"pt_BR": "antes", "en": "was", "es": "antes"}
_OPENED = {"pt_BR": "Chamado aberto", "en": "Ticket opened", "es": "Solicitud abierta"}
_ENOUGH_ALONE = frozenset({"undone", "remind", "already", "resolution"})
"""Kinds that need no value."""
_NOTHING = "–"
_LABELS = {
    "status": (locales.STATUS_LABELS,),
    "priority": (locales.PRIORITY_LABELS,),
    "priority_kept": (locales.PRIORITY_LABELS,),
    "priority-kept": (locales.PRIORITY_LABELS,),
    "type": (locales.TYPE_LABELS,),
    "already": (locales.STATUS_LABELS, locales.PRIORITY_LABELS, locales.TYPE_LABELS),
}
"""The labels for the values of each kind."""

PROBLEMS: Mapping[str, Mapping[str, str]] = {
    "pt_BR": {
        "unknown-command": "este comando não existe.",
        "missing-sign": "você quis dizer {}? Comandos começam com #.",
        "blank-in-command": "escreva sem espaço: {}",
        "missing-argument": "falta algo depois do comando.",
        "bad-argument": "não entendemos o que vem depois do comando.",
        "needless-argument": "este comando não leva nada depois dele.",
        "command-in-the-middle": "comando no meio do texto; deixe-o nas primeiras ou nas últimas linhas.",
        "command-in-the-argument": "há outro comando na mesma linha; ponha cada um na sua.",
        "command-in-the-note": "este comando não pode estar dentro de uma nota.",
        "empty-note": "a nota está vazia.",
        "end-without-note": "não há nota antes desta linha que possa acabar aqui.",
        "missing-number": "falta o número do chamado no começo da linha.",
        "not-in-a-list": "este comando não vale para um chamado de uma lista; responda ao próprio chamado.",
        "said-twice": "repetido ou contrário a outro comando: só um pode valer.",
        "no-such-agent": "nenhum atendente se chama assim.",
        "ambiguous-agent": "mais de um atendente se chama assim.",
        "no-such-skill": "nenhum atendente tem esta habilidade.",
        "no-such-queue": "nenhuma fila se chama assim.",
        "no-such-canned": "nenhuma resposta pronta se chama assim.",
        "no-such-ticket": "não há chamado com esse número.",
        "not-possible-here": "não é possível neste chamado.",
        "needs-a-ticket": "só vale em resposta a um aviso de chamado.",
        "nothing-to-undo": "não há o que desfazer aqui. Responda #desfazer ao recibo.",
        "in-the-past": "esse momento já passou.",
        "no-stages": "esta fila não tem etapas.",
        "no-such-stage": "nenhuma etapa se chama assim.",
        "stage-not-from-here": "esta mudança de etapa não é possível a partir daqui.",
        "stage-not-yours": "esta mudança de etapa cabe a outras pessoas.",
        "stage-needs": "falta algo para esta etapa: {}.",
        "no-such-field": "nenhum campo se chama assim.",
        "bad-value": "o valor não serve; por exemplo: {}",
        "no-rating": "o cliente deste chamado não deu nota.",
        "no-levels": "o tipo deste chamado não tem esses níveis; use #tipo ou #prioridade.",
        "report-of-colleagues": "os números de cada atendente são para quem gerencia a fila.",
    },
    "en": {
        "unknown-command": "there is no such command.",
        "missing-sign": "did you mean {}? Commands begin with #.",
        "blank-in-command": "write it without a space: {}",
        "missing-argument": "something is missing after the command.",
        "bad-argument": "we do not understand what follows the command.",
        "needless-argument": "nothing may follow this command.",
        "command-in-the-middle": "a command in the middle of the text; put it on the first or the last lines.",
        "command-in-the-argument": "there is another command on the same line; give each its own.",
        "command-in-the-note": "this command may not stand inside a note.",
        "empty-note": "the note is empty.",
        "end-without-note": "no note was begun above this line.",
        "missing-number": "the number of the ticket is missing at the beginning of the line.",
        "not-in-a-list": "this command cannot be used on a ticket of a list; reply to the ticket itself.",
        "said-twice": "repeated, or contrary to another command: only one can count.",
        "no-such-agent": "no agent has this name.",
        "ambiguous-agent": "more than one agent has this name.",
        "no-such-skill": "no agent has this skill.",
        "no-such-queue": "no queue has this name.",
        "no-such-canned": "no ready answer has this name.",
        "no-such-ticket": "there is no ticket with this number.",
        "not-possible-here": "not possible on this ticket.",
        "needs-a-ticket": "works only in reply to a ticket's notice.",
        "nothing-to-undo": "there is nothing to undo here. Reply #undo to the receipt.",
        "in-the-past": "that moment has passed.",
        "no-stages": "this queue has no stages.",
        "no-such-stage": "no stage has this name.",
        "stage-not-from-here": "this move is not possible from the present stage.",
        "stage-not-yours": "this move is for other people to make.",
        "stage-needs": "something is missing for this stage: {}.",
        "no-such-field": "no field has this name.",
        "bad-value": "this value does not fit; for example: {}",
        "no-rating": "the customer of this ticket has given no score.",
        "no-levels": "the type of this ticket has no such levels; use #type or #priority.",
        "report-of-colleagues": "the figures of each agent are for those who manage the queue.",
    },
    "es": {
        "unknown-command": "este comando no existe.",
        "missing-sign": "¿quiso decir {}? Los comandos empiezan con #.",
        "blank-in-command": "escríbalo sin espacio: {}",
        "missing-argument": "falta algo después del comando.",
        "bad-argument": "no entendemos lo que sigue al comando.",
        "needless-argument": "este comando no lleva nada después.",
        "command-in-the-middle": "comando en medio del texto; déjelo en las primeras o en las últimas líneas.",
        "command-in-the-argument": "hay otro comando en la misma línea; ponga cada uno en la suya.",
        "command-in-the-note": "este comando no puede estar dentro de una nota.",
        "empty-note": "la nota está vacía.",
        "end-without-note": "no hay ninguna nota empezada antes de esta línea.",
        "missing-number": "falta el número de la solicitud al comienzo de la línea.",
        "not-in-a-list": "este comando no vale para una solicitud de una lista; responda a la solicitud misma.",
        "said-twice": "repetido o contrario a otro comando: solo puede valer uno.",
        "no-such-agent": "ningún agente se llama así.",
        "ambiguous-agent": "más de un agente se llama así.",
        "no-such-skill": "ningún agente tiene esta habilidad.",
        "no-such-queue": "ningún área se llama así.",
        "no-such-canned": "ninguna respuesta lista se llama así.",
        "no-such-ticket": "no hay solicitud con ese número.",
        "not-possible-here": "no es posible en esta solicitud.",
        "needs-a-ticket": "solo vale en respuesta a un aviso de solicitud.",
        "nothing-to-undo": "no hay nada que deshacer aquí. Responda #deshacer al recibo.",
        "in-the-past": "ese momento ya pasó.",
        "no-stages": "esta área no tiene etapas.",
        "no-such-stage": "ninguna etapa se llama así.",
        "stage-not-from-here": "este cambio de etapa no es posible desde aquí.",
        "stage-not-yours": "este cambio de etapa les toca a otras personas.",
        "stage-needs": "falta algo para esta etapa: {}.",
        "no-such-field": "ningún campo se llama así.",
        "bad-value": "el valor no sirve; por ejemplo: {}",
        "no-rating": "el cliente de esta solicitud no ha dado puntuación.",
        "no-levels": "el tipo de esta solicitud no tiene esos niveles; use #tipo o #prioridad.",
        "report-of-colleagues": "las cifras de cada agente son para quien gestiona el área.",
    },
}
_WITH_EXPECTATION = frozenset({"bad-argument", "missing-argument", "in-the-past"})
_WITH_THE_NEAREST = frozenset({"missing-sign", "blank-in-command", "bad-value"})
"""Codes of problems. The sentence for such a code holds the nearest command."""
_WITH_ALL = frozenset({"stage-needs"})
"""Codes of problems. The sentence for such a code holds everything that is missing."""
_EXPECTS = {"pt_BR": "Esperado: {}.", "en": "Expected: {}.", "es": "Se espera: {}."}
_PERHAPS = {"pt_BR": "Talvez: {}", "en": "Perhaps: {}", "es": "Quizás: {}"}
_POSSIBLE = {"pt_BR": "Possíveis agora: {}", "en": "Possible now: {}", "es": "Posibles ahora: {}"}
_OF_STAGES = frozenset({"stage-not-from-here", "stage-not-yours"})
"""Codes of problems that come with the commands that are possible, rather than with similar ones."""

EXPECTED: Mapping[str, Mapping[str, str]] = {
    "pt_BR": {
        "status": "novo, em atendimento, pendente, resolvido ou fechado",
        "priority": "baixa, média, alta ou crítica",
        "type": "dúvida, incidente ou solicitação",
        "field": "um campo e o valor dele",
        "level": "um nível, como todos ou alta",
        "tags": "etiquetas com + ou -, como +rede -vpn",
        "words": "um texto",
        "solution": "o que resolveu, em palavras, numa linha só; depois dela, uma linha em branco",
        "name": "um nome",
        "address": "um endereço de e-mail",
        "number": "o número de um chamado",
        "duration": "um prazo ou uma data, como 3d ou amanhã",
        "report": (
            "um período e, se quiser, uma fila ou como dividir, por exemplo hoje, semana, 30d, 2026-03, semana fila "
            "financeiro ou mês por tipo"
        ),
    },
    "en": {
        "status": "new, open, pending, resolved or closed",
        "priority": "low, normal, high or critical",
        "type": "question, incident or request",
        "field": "a field and its value",
        "level": "a level, like all or high",
        "tags": "tags with + or -, like +network -vpn",
        "words": "some text",
        "solution": "what solved it, in words, on one line, and an empty line below it",
        "name": "a name",
        "address": "an email address",
        "number": "the number of a ticket",
        "duration": "a time or a date, like 3d or tomorrow",
        "report": (
            "a period and, if you like, a queue or how to divide it, like today, week, 30d, 2026-03, week queue "
            "billing or month by type"
        ),
    },
    "es": {
        "status": "nuevo, en curso, pendiente, resuelto o cerrado",
        "priority": "baja, media, alta o crítica",
        "type": "consulta, incidente o solicitud",
        "field": "un campo y su valor",
        "level": "un nivel, como todos o alta",
        "tags": "etiquetas con + o -, como +red -vpn",
        "words": "un texto",
        "solution": "lo que lo resolvió, en palabras, en una sola línea; después, una línea en blanco",
        "name": "un nombre",
        "address": "una dirección de correo",
        "number": "el número de una solicitud",
        "duration": "un plazo o una fecha, como 3d o mañana",
        "report": (
            "un período y, si quiere, un área o cómo dividirlo, como hoy, semana, 30d, 2026-03, semana área finanzas o "
            "mes por tipo"
        ),
    },
}
"""Descriptions of the argument that a command needs, by its kind."""


def happened(kind: str, value: str | datetime | None, old: str | datetime | None, locale: str) -> str:
    """A line of a receipt, or an event of a ticket, in words: `Status: resolvido (antes: em atendimento)`."""
    kind = _SAME.get(kind, kind)
    if kind == "assigned" and value is None:
        kind = "unassigned"
    if kind == "opened" and value in locales.STATUS_LABELS[locale]:
        return _OPENED[locale]
    phrase = HAPPENED[locale].get(kind, f"{kind}: {{value}}")
    if value is None and kind in _ENOUGH_ALONE:
        phrase = phrase.partition(":")[0]
    line = phrase.replace("{value}", _worded(kind, value, locale))
    if "{old}" in phrase:
        return line.replace("{old}", _worded(kind, old, locale))
    return f"{line} ({_WAS[locale]}: {_worded(kind, old, locale)})" if old is not None and kind != "merged" else line


def _worded(kind: str, value: str | datetime | None, locale: str) -> str:
    if isinstance(value, datetime):
        return locales.short(value, locale)
    if not value:
        return _NOTHING
    return next((labels[locale][value] for labels in _LABELS.get(kind, ()) if value in labels[locale]), value)


def problem(code: str, nearest: Sequence[str], expected: str, locale: str) -> str:
    """The sentence that says why a line was not understood, and which commands are similar."""
    reason = locales.label(PROBLEMS, code, locale)
    if code in _WITH_THE_NEAREST and nearest:
        return _sentence(reason.format(nearest[0]))
    if code in _WITH_ALL:
        return _sentence(reason.format(", ".join(nearest)))
    sentences = [_sentence(reason) if code in PROBLEMS[locale] else code]
    if expected and code in _WITH_EXPECTATION:
        sentences.append(_EXPECTS[locale].format(locales.label(EXPECTED, expected, locale)))
    if nearest:
        phrase = _POSSIBLE if code in _OF_STAGES else _PERHAPS
        sentences.append(phrase[locale].format(", ".join(nearest)))
    return " ".join(sentences)


def _sentence(text: str) -> str:
    """The text with a capital at its beginning. In Spanish, the capital may stand behind `¿`."""
    first = 1 if text.startswith("¿") else 0
    return text[:first] + text[first : first + 1].upper() + text[first + 1 :]


def example(spelled: str, argument: str, what: str, locale: str) -> str:
    """How a command is written: `#prioridade alta`. `what` is the key of the command. If no row has this key, the
    result shows `argument`."""
    wording = _wording(what, locale)
    return f"{spelled} {wording.example if wording else argument}".rstrip()


def purpose(what: str, locale: str) -> str:
    """What a command does, in words. `what` is the key of the command; it is returned itself if no row has it."""
    wording = _wording(what, locale)
    return wording.purpose if wording else what


def _wording(what: str, locale: str) -> Wording | None:
    row = next((row for row in COMMANDS if row.key == what), None)
    return row.wording(locale) if row else None
