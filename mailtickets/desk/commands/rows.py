"""The table of commands that agents write: one row for each, in the order of the help.

A new command needs a name in `command.CommandName`, a row here, a function in `on_ticket`, a sentence in each locale
for the receipt if no sentence fits, a line in both agents' pages, and a test. tests/test_house.py checks the rows.
Fails with: nothing; the lookup of an unknown word returns None.
"""

from collections.abc import Mapping
from functools import lru_cache

from mailtickets.desk.commands import moments, on_fields, on_ticket, reporting, staging, take_back, terms, values
from mailtickets.desk.commands.command import Command, CommandKey
from mailtickets.desk.commands.likeness import key, nearest_of
from mailtickets.desk.commands.row import CommandRow, Wording
from mailtickets.desk.commands.values import Rejected, Value

MAX_NEAREST = 3


def _read_command(text: str) -> Value | Rejected:
    """Reads the argument of `#ajuda`, the word of a command. Returns None for a known word; `Rejected` with
    suggestions for another."""
    word = text.lstrip("#/")
    return None if known(word) else Rejected(tuple(near.removeprefix("#") for near in nearest(word)))


COMMANDS: tuple[CommandRow, ...] = (
    CommandRow(
        key="note", name="note", takes="words",
        on_ticket=on_ticket.of_the_mail, in_a_list="not-allowed",
        undo=(), receipt=("noted",),
        pt=Wording(("nota", "interno", "interna"), "o que vem depois fica só para a equipe"),
        en=Wording(("note", "internal"), "what follows stays within the team"),
        es=Wording(("nota", "interno"), "lo que sigue queda solo para el equipo"),
    ),
    CommandRow(
        key="end", name="end",
        in_a_list="not-allowed",
        undo=(), receipt=(),
        pt=Wording(("fim",), "a nota acaba aqui; o resto vai para o cliente"),
        en=Wording(("end",), "the note ends here; the rest goes to the customer"),
        es=Wording(("fin",), "la nota termina aquí; el resto va al cliente"),
    ),
    CommandRow(
        key="customer", name="customer",
        on_ticket=on_ticket.of_the_mail, in_a_list="not-allowed", in_a_note="no",
        undo=(), receipt=("answered",),
        pt=Wording(("cliente",), "em resposta a uma nota ou a um recibo: o texto vai para o cliente"),
        en=Wording(("customer",), "in reply to a note or a receipt: your words go to the customer"),
        es=Wording(("cliente",), "en respuesta a una nota o a un recibo: el texto va al cliente"),
    ),
    CommandRow(
        key="status", name="status", takes="status", read=values.read_status,
        on_ticket=on_ticket.set_status, in_a_list="with-number", in_a_ready_answer=True,
        undo=(take_back.STATUS, take_back.STAGE), receipt=("status", "stage", "already"),
        pt=Wording(("status", "situação", "estado"), "muda o status", "pendente"),
        en=Wording(("status",), "changes the status", "pending"),
        es=Wording(("estado",), "cambia el estado", "pendiente"),
    ),
    CommandRow(
        key="resolve", name="status", takes="solution", optional=True, means="resolved",
        on_ticket=on_ticket.set_status, in_a_list="with-number", in_a_ready_answer=True,
        undo=(take_back.STATUS, take_back.STAGE, take_back.RESOLUTION),
        receipt=("status", "stage", "already", "resolution"),
        pt=Wording(("resolver", "resolvido"), "marca como resolvido; depois dele cabe a solução"),
        en=Wording(("resolve", "resolved", "solved"), "marks it as resolved; the solution may follow"),
        es=Wording(("resolver", "resuelto"), "marca como resuelta; después cabe la solución"),
    ),
    CommandRow(
        key="solution", name="solution", takes="solution",
        on_ticket=on_ticket.keep_solution, in_a_list="with-number",
        undo=(take_back.RESOLUTION,), receipt=("resolution",),
        pt=Wording(("solução",), "anota o que resolveu, só para a equipe", "troca do cabo de rede"),
        en=Wording(("solution",), "notes what solved it, for the team only", "replaced the network cable"),
        es=Wording(("solución",), "anota lo que lo resolvió, solo para el equipo", "cambio del cable de red"),
    ),
    CommandRow(
        key="close", name="status", means="closed",
        on_ticket=on_ticket.set_status, in_a_list="with-number", in_a_ready_answer=True,
        undo=(take_back.STATUS, take_back.STAGE), receipt=("status", "stage", "already"),
        pt=Wording(("fechar", "fechado", "encerrar"), "fecha"),
        en=Wording(("close", "closed"), "closes it"),
        es=Wording(("cerrar", "cerrado"), "cierra"),
    ),
    CommandRow(
        key="reopen", name="status", means="open",
        on_ticket=on_ticket.set_status, in_a_list="with-number", in_a_ready_answer=True,
        undo=(take_back.STATUS, take_back.STAGE), receipt=("status", "stage", "already"),
        pt=Wording(("reabrir",), "reabre"),
        en=Wording(("reopen",), "reopens it"),
        es=Wording(("reabrir",), "reabre"),
    ),
    CommandRow(
        key="assign", name="assign", takes="name", read=values.read_assignee,
        on_ticket=on_ticket.assign, in_a_list="with-number", in_a_ready_answer=True,
        undo=(take_back.ASSIGNEE,), receipt=("assigned", "unassigned", "awaits_turn", "already"),
        pt=Wording(("atribuir",), "passa para um colega", "bruno"),
        en=Wording(("assign",), "hands it to a colleague", "ben"),
        es=Wording(("asignar",), "pasa a un colega", "bruno"),
    ),
    CommandRow(
        key="take", name="take",
        on_ticket=on_ticket.take, in_a_list="with-number", in_a_ready_answer=True, matter="assign",
        undo=(take_back.ASSIGNEE,), receipt=("assigned", "already"),
        pt=Wording(("assumir", "pegar"), "fica com você"),
        en=Wording(("take",), "makes it yours"),
        es=Wording(("asumir", "tomar"), "queda a su cargo"),
    ),
    CommandRow(
        key="drop", name="drop",
        on_ticket=on_ticket.drop, in_a_list="with-number", in_a_ready_answer=True, matter="assign",
        undo=(take_back.ASSIGNEE,), receipt=("unassigned", "already"),
        pt=Wording(("largar",), "deixa de ser seu"),
        en=Wording(("drop", "release", "unassign"), "gives it up"),
        es=Wording(("soltar",), "deja de ser suya"),
    ),
    CommandRow(
        key="priority", name="priority", takes="priority", read=values.read_priority,
        on_ticket=on_ticket.set_priority, in_a_list="with-number", in_a_ready_answer=True,
        undo=(take_back.PRIORITY,), receipt=("priority", "already"),
        pt=Wording(("prioridade",), "muda a prioridade", "alta"),
        en=Wording(("priority",), "changes the priority", "high"),
        es=Wording(("prioridad",), "cambia la prioridad", "alta"),
    ),
    CommandRow(
        key="type", name="type", takes="type", read=values.read_type,
        on_ticket=on_ticket.set_type, in_a_list="with-number", in_a_ready_answer=True,
        undo=(take_back.TYPE,), receipt=("type",),
        pt=Wording(("tipo",), "muda o tipo", "incidente"),
        en=Wording(("type",), "changes the type", "incident"),
        es=Wording(("tipo",), "cambia el tipo", "incidente"),
    ),
    CommandRow(
        key="field", name="field", takes="field",
        on_ticket=on_fields.set_field, in_a_list="with-number", in_a_ready_answer=True, repeated="by-argument",
        undo=(take_back.FIELD,), receipt=("field", "no_field", "already"),
        pt=Wording(("campo",), "anota o valor de um campo; com -, tira", "pedido 12345-67"),
        en=Wording(("field",), "notes the value of a field; with -, removes it", "order 12345-67"),
        es=Wording(("campo",), "anota el valor de un campo; con -, lo quita", "pedido 12345-67"),
    ),
    CommandRow(
        key="impact", name="impact", takes="level",
        on_ticket=on_fields.set_impact, in_a_list="with-number", in_a_ready_answer=True,
        undo=(take_back.FIELD, take_back.PRIORITY),
        receipt=("field", "no_field", "already", "priority", "priority_kept"),
        pt=Wording(("impacto",), "quantos são afetados: muda a prioridade", "todos"),
        en=Wording(("impact",), "how many are affected: changes the priority", "all"),
        es=Wording(("impacto",), "a cuántos afecta: cambia la prioridad", "todos"),
    ),
    CommandRow(
        key="urgency", name="urgency", takes="level",
        on_ticket=on_fields.set_urgency, in_a_list="with-number", in_a_ready_answer=True,
        undo=(take_back.FIELD, take_back.PRIORITY),
        receipt=("field", "no_field", "already", "priority", "priority_kept"),
        pt=Wording(("urgência", "urgencia"), "o quanto tem pressa: muda a prioridade", "alta"),
        en=Wording(("urgency",), "how soon it is needed: changes the priority", "high"),
        es=Wording(("urgencia",), "cuánta prisa hay: cambia la prioridad", "alta"),
    ),
    CommandRow(
        key="tag", name="tag", takes="tags", read=values.read_tags,
        on_ticket=on_ticket.change_tags, in_a_list="with-number", in_a_ready_answer=True, repeated="adds-up",
        undo=(take_back.TAGS,), receipt=("tags",),
        pt=Wording(("etiqueta", "etiquetas"), "põe e tira etiquetas", "+rede -vpn"),
        en=Wording(("tag", "tags"), "adds and removes tags", "+network -vpn"),
        es=Wording(("etiqueta", "etiquetas"), "pone y quita etiquetas", "+red -vpn"),
    ),
    CommandRow(
        key="subject", name="subject", takes="words",
        on_ticket=on_ticket.set_subject, in_a_list="with-number", in_a_note="no", in_a_ready_answer=True,
        undo=(take_back.SUBJECT,), receipt=("subject",),
        pt=Wording(("assunto",), "muda o assunto", "Impressora do caixa 2"),
        en=Wording(("subject",), "changes the subject", "Printer at till 2"),
        es=Wording(("asunto",), "cambia el asunto", "Impresora de la caja 2"),
    ),
    CommandRow(
        key="queue", name="queue", takes="name",
        on_ticket=on_ticket.move, in_a_list="with-number", in_a_ready_answer=True,
        undo=(take_back.QUEUE, take_back.ASSIGNEE, take_back.STAGE),
        receipt=("queue", "assigned", "awaits_turn", "already"),
        pt=Wording(("fila",), "passa para outra fila", "financeiro"),
        en=Wording(("queue",), "moves it to another queue", "billing"),
        es=Wording(("cola",), "pasa a otra área", "finanzas"),
    ),
    CommandRow(
        key="stage", name="stage", takes="name",
        on_ticket=staging.set_stage, in_a_list="with-number", in_a_ready_answer=True, matter="status",
        undo=(take_back.STAGE, take_back.STATUS), receipt=("stage", "status", "already"),
        pt=Wording(staging.WORDS["pt"], "muda a etapa", "aguardando-peca"),
        en=Wording(staging.WORDS["en"], "moves it to another stage", "waiting-for-part"),
        es=Wording(staging.WORDS["es"], "cambia la etapa", "esperando-pieza"),
    ),
    CommandRow(
        key="cc", name="cc", takes="address", read=values.read_changes,
        on_ticket=on_ticket.change_copy, in_a_list="with-number", repeated="adds-up",
        undo=(take_back.PARTICIPANT,), receipt=("cc_added", "cc_removed", "already"),
        pt=Wording(("cc", "cópia"), "põe e tira pessoas da cópia", "+x@cliente.test -y@cliente.test"),
        en=Wording(("cc",), "adds and removes people in copy", "+x@customer.test -y@customer.test"),
        es=Wording(("cc", "copia"), "pone y quita personas en copia", "+x@cliente.test -y@cliente.test"),
    ),
    CommandRow(
        key="participant", name="participant", takes="address", read=values.read_added,
        on_ticket=on_ticket.add_participants, in_a_list="with-number", repeated="adds-up",
        undo=(take_back.PARTICIPANT,), receipt=("participant", "already"),
        pt=Wording(("participante", "participantes"), "põe alguém na conversa", "x@cliente.test"),
        en=Wording(("participant", "participants"), "brings somebody into the conversation", "x@customer.test"),
        es=Wording(("participante", "participantes"), "incluye a alguien en la conversación", "x@cliente.test"),
    ),
    CommandRow(
        key="requester", name="requester", takes="address", read=values.read_person,
        on_ticket=on_ticket.set_requester, in_a_list="with-number",
        undo=(), receipt=("requester", "already"),
        pt=Wording(("requerente", "solicitante"), "muda o cliente do chamado", "x@cliente.test"),
        en=Wording(("requester", "requestor"), "changes whose ticket it is", "x@customer.test"),
        es=Wording(("solicitante",), "cambia el cliente de la solicitud", "x@cliente.test"),
    ),
    CommandRow(
        key="merge", name="merge", takes="number", read=values.read_number,
        on_ticket=on_ticket.merge, in_a_list="with-number",
        undo=(), receipt=("merged",),
        pt=Wording(("juntar", "mesclar", "unir"), "junta este chamado ao outro", "1043"),
        en=Wording(("merge",), "merges this ticket into the other", "1043"),
        es=Wording(("unir", "fusionar"), "une esta solicitud a la otra", "1043"),
    ),
    CommandRow(
        key="split", name="split", takes="words", optional=True,
        on_ticket=on_ticket.split_off, in_a_list="not-possible", in_a_note="without-argument",
        undo=(), receipt=("split", "status"),
        pt=Wording(("separar", "dividir"), "faz da última mensagem um chamado à parte"),
        en=Wording(("split",), "makes the last message a ticket of its own"),
        es=Wording(("separar", "dividir"), "hace del último mensaje una solicitud aparte"),
    ),
    CommandRow(
        key="canned", name="canned", takes="name",
        on_ticket=on_ticket.use_ready_answer, in_a_list="not-allowed", in_a_note="no", repeated="by-argument",
        undo=(), receipt=("answered",),
        pt=Wording(("resposta", "modelo"), "usa uma resposta pronta", "encerramento"),
        en=Wording(("canned",), "uses a ready answer", "closing"),
        es=Wording(("respuesta", "plantilla"), "usa una respuesta lista", "cierre"),
    ),
    CommandRow(
        key="remind", name="remind", takes="duration", read=moments.read_moment,
        on_ticket=on_ticket.remind_later, in_a_list="with-number", in_a_ready_answer=True,
        undo=(), receipt=("remind",),
        pt=Wording(("lembrar", "lembrete"), "lembra você mais tarde", "3d"),
        en=Wording(("remind", "reminder"), "reminds you later", "3d"),
        es=Wording(("recordar",), "le recuerda más tarde", "3d"),
    ),
    CommandRow(
        key="snooze", name="snooze", takes="duration", read=moments.read_moment,
        on_ticket=on_ticket.put_off, in_a_list="with-number", in_a_ready_answer=True,
        undo=(), receipt=("snooze",),
        pt=Wording(("adiar",), "tira da sua lista até lá", "3d"),
        en=Wording(("snooze",), "takes it off your list until then", "3d"),
        es=Wording(("posponer", "aplazar"), "la quita de su lista hasta entonces", "3d"),
    ),
    CommandRow(
        key="due", name="due", takes="duration", read=terms.read_term,
        on_ticket=on_ticket.promise, in_a_list="with-number", in_a_ready_answer=True,
        undo=(take_back.PROMISED, take_back.STATUS), receipt=("promised", "unpromised", "already"),
        pt=Wording(("prazo",), "promete uma data ao cliente; com - no lugar, desfaz a promessa", "2d"),
        en=Wording(("due", "deadline"), "promises the customer a date; with - instead, takes it back", "2d"),
        es=Wording(("plazo",), "promete una fecha al cliente; con - en su lugar, la retira", "2d"),
    ),
    CommandRow(
        key="quote", name="quote",
        on_ticket=on_ticket.allow_quote, in_a_list="not-possible",
        undo=(take_back.QUOTABLE, take_back.UNQUOTABLE), receipt=("quotable", "unquotable"),
        pt=Wording(("citar",), "o cliente deixa citar a avaliação com o nome; com -, não deixa mais"),
        en=Wording(("quote",), "the customer may be quoted by name; with -, no more"),
        es=Wording(("citar",), "el cliente deja citar su opinión con su nombre; con -, ya no"),
    ),
    CommandRow(
        key="spam", name="spam",
        on_ticket=on_ticket.mark_as_spam, in_a_list="with-number",
        undo=(take_back.TAGS, take_back.STATUS, take_back.STAGE), receipt=("spam",),
        pt=Wording(("spam",), "marca como spam e fecha"),
        en=Wording(("spam", "junk"), "marks it as spam and closes it"),
        es=Wording(("spam",), "marca como spam y cierra"),
    ),
    CommandRow(
        key="attachments", name="attachments",
        on_ticket=on_ticket.send_attachments, in_a_list="not-possible",
        undo=(), receipt=(),
        pt=Wording(("anexos", "anexo"), "manda a você os anexos que não couberam"),
        en=Wording(("attachments", "attachment"), "sends you the attachments that did not fit"),
        es=Wording(("adjuntos",), "le manda los adjuntos que no cupieron"),
    ),
    CommandRow(
        key="history", name="history",
        on_ticket=on_ticket.send_history, in_a_list="not-possible",
        undo=(), receipt=(),
        pt=Wording(("histórico",), "manda a você a conversa toda"),
        en=Wording(("history",), "sends you the whole conversation"),
        es=Wording(("historial",), "le manda la conversación completa"),
    ),
    CommandRow(
        key="search", name="search", takes="words",
        at_the_desk=on_ticket.send_found, in_a_list="without-number", is_question=True,
        undo=(), receipt=(),
        pt=Wording(("buscar", "procurar", "pesquisar"), "procura chamados", "impressora caixa"),
        en=Wording(("search", "find"), "looks for tickets", "printer till"),
        es=Wording(("buscar",), "busca solicitudes", "impresora caja"),
    ),
    CommandRow(
        key="help", name="help", takes="name", read=_read_command, optional=True,
        at_the_desk=on_ticket.send_help, in_a_list="without-number", is_question=True,
        undo=(), receipt=(),
        pt=Wording(("ajuda",), "mostra estes comandos"),
        en=Wording(("help",), "shows these commands"),
        es=Wording(("ayuda",), "muestra estos comandos"),
    ),
    CommandRow(
        key="dry-run", name="dry-run",
        at_the_desk=on_ticket.dry_run, in_a_list="without-number",
        undo=(), receipt=(),
        pt=Wording(("simular",), "diz o que aconteceria, sem fazer nada"),
        en=Wording(("dry-run", "simulate"), "says what would happen and does nothing"),
        es=Wording(("simular",), "dice lo que pasaría, sin hacer nada"),
    ),
    CommandRow(
        key="undo", name="undo",
        on_ticket=take_back.undo, in_a_list="without-number",
        undo=(), receipt=("undone", "unsent"),
        pt=Wording(("desfazer",), "em resposta a um recibo: desfaz"),
        en=Wording(("undo",), "in reply to a receipt: undoes it"),
        es=Wording(("deshacer",), "en respuesta a un recibo: deshace"),
    ),
    CommandRow(
        key="mine", name="mine",
        at_the_desk=on_ticket.send_digest, in_a_list="without-number", is_question=True,
        undo=(), receipt=(),
        pt=Wording(("minhafila",), "manda a você a sua fila"),
        en=Wording(("mine", "myqueue"), "sends you your queue"),
        es=Wording(("micola",), "le manda su bandeja"),
    ),
    CommandRow(
        key="report", name="report", takes="report", optional=True,
        at_the_desk=reporting.send_report, in_a_list="without-number", is_question=True, repeated="by-argument",
        undo=(), receipt=(),
        pt=Wording(("relatório", "relatorio"), "manda os números; diga de quando, se quiser (semana, 2026-03)"),
        en=Wording(("report",), "sends you the figures; say of when, if you like (week, 2026-03)"),
        es=Wording(("informe", "reporte"), "le manda las cifras; diga de cuándo, si quiere (semana, 2026-03)"),
    ),
    CommandRow(
        key="to", name="to", takes="address", read=values.read_person,
        in_a_list="not-allowed", in_a_note="no",
        undo=(), receipt=("opened", "answered"),
        pt=Wording(("para",), "em e-mail novo: começa uma conversa com um cliente", "x@cliente.test"),
        en=Wording(("to",), "in a new email: starts a conversation with a customer", "x@customer.test"),
        es=Wording(("para",), "en un correo nuevo: empieza una conversación con un cliente", "x@cliente.test"),
    ),
)  # fmt: skip

ROWS: Mapping[CommandKey, CommandRow] = {row.key: row for row in COMMANDS}
BY_WORD: Mapping[str, CommandRow] = {key(word): row for row in COMMANDS for word in row.words}


def row_of(command: Command) -> CommandRow:
    """The row of a command. If several rows are one command, the row whose key is the command's name."""
    return ROWS[command.name]


@lru_cache(maxsize=4096)
def known(word: str) -> CommandRow | None:
    """The row of the command with this word, in any spelling that `likeness.key` treats as equal; None if unknown."""
    return BY_WORD.get(key(word))


def spelled(name: CommandKey, locale: str) -> str:
    """The word of a command in a locale, with its sign (`#resolver`). `name` is the key of the row."""
    return ROWS[name].spelled(locale)


@lru_cache(maxsize=1024)
def nearest(word: str) -> tuple[str, ...]:
    """The commands that are similar to a word, likeliest first, spelled in full in the language of the similar word."""
    likely: dict[CommandKey, str] = {}
    for spelling in nearest_of(word, (w for row in COMMANDS for w in row.words)):
        likely.setdefault(BY_WORD[key(spelling)].key, f"#{spelling}")
    return tuple(likely.values())[:MAX_NEAREST]
