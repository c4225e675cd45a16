"""The few things a customer can ask of the desk itself in a word or two: `status`, `meus chamados`, `encerrar` ...

Owns: the closed vocabulary of wishes in Portuguese, English and Spanish, and where a wish may stand: alone in a body,
or in the subject of a mail that its writer began, with nothing under it. Every word must be known and all wishes must
be one; what is left over, a denial, a doubt or a question about an act makes it an ordinary message for people.
A subject behind `Re:` or with our ticket tag is inherited and says nothing. Praise may stand before `pode encerrar`.
`news` (`alguma novidade?`) is asked of people as well as of the desk: whoever acts on it hands it on to them too.
Left out on purpose: what may be about an order (`status do pedido`, `pode cancelar`), and words with another everyday
sense when alone (`stop`, `parar`, `tickets`).
Fails with: nothing; in doubt it is no wish.
Limits: `MAX_WORDS` in `MAX_CHARACTERS`; of a long text no more than its length is looked at.
"""

# ruff: noqa: E501 - one phrase is one line

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from mailtickets.desk.customers import phrasing
from mailtickets.desk.customers.phrasing import NUMBER, Phrase
from mailtickets.desk.customers.thanks_words import CLASSES

Wish = Literal["status", "news", "tickets", "reopen", "close", "cancel", "mute", "unmute"]

MAX_WORDS = 20
MAX_CHARACTERS = 300
_MAX_WRITTEN = 2 * MAX_CHARACTERS
"""As it was typed: many question marks count as one."""

_INHERITED = re.compile(
    r"\s*(?:(?:\[[^\]]{0,40}\]|\([^)]{0,40}\))\s*)*(?:re|res|aw|sv|antw|enc|fwd?|rv|tr|wg|resp|r)\s?(?:\[\d+\])?\s?:"
    r"|.*\[[^\[\]]{0,60}#\s?\d+\s?\]",
    re.IGNORECASE,
)
_ASKED_AGAIN = re.compile(r"(?<!!)!*+\?[?!]*")
_EMAIL = re.compile(r"\be-mail(?=s?\b)", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\w.,/-])(?:#\s?)?(\d{1,10})(?![\w/]|[.,-]\d)")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a mail asks for: it depends on whether the mail belongs to a ticket."""

    on_ticket: Wish | None = None
    """Where the mail belongs to a ticket, or names one."""
    without_ticket: Wish | None = None
    """Where there is none: `status` asks for the list of tickets, and what would change a ticket is no wish."""


@dataclass(frozen=True, slots=True)
class _Said:
    """What a subject or a body says, as far as it is understood."""

    wishes: frozenset[Wish]
    fine: bool = False
    """Praise stands beside it, or that all is well."""


def wishes(subject: str, reply: str, signature: str = "") -> Wishes:
    """The one thing that is asked for, if nothing else is said. `signature` is what was cut from under the reply."""
    if len(reply) > phrasing.MAX_REPLY_CHARACTERS or phrasing.says_more(signature):
        return Wishes()
    title, body = _heard(subject, reply, signature)
    if body is None or (title is None and not body.wishes):
        return Wishes()
    found = body.wishes | (title.wishes if title else frozenset())
    fine = body.fine or (title is not None and title.fine)
    if found == {"status", "news"}:
        found = frozenset({"news"})
    if len(found) != 1 or (fine and found != {"close"}):
        return Wishes()
    (only,) = found
    return Wishes(only, _LISTED.get(only) if title is not None else None)


def _heard(subject: str, reply: str, signature: str) -> tuple[_Said | None, _Said | None]:
    """What the subject and the body say."""
    names = phrasing.COMMON_NAMES | phrasing.words_of_names([phrasing.first_line(signature)])
    body = _said(phrasing.without_device_lines(reply), names)
    if body is None:
        return None, None
    return _Said(frozenset()) if _INHERITED.match(subject) else _said(subject, names), body


def number_named(subject: str, reply: str) -> int | None:
    """The one ticket number that the words of a wish name (`encerrar o 1042`); None if there is none, or several."""
    texts = [reply] if _INHERITED.match(subject) else [subject, reply]
    found = {int(match[1]) for text in texts for match in _NUMBER.finditer(text[:MAX_CHARACTERS])}
    return next(iter(found)) if len(found) == 1 else None


def _said(text: str, names: frozenset[str]) -> _Said | None:
    """None: there is something in it that is not understood."""
    if len(text) > _MAX_WRITTEN:
        return None
    text = _ASKED_AGAIN.sub("?", _EMAIL.sub("email", text.replace("¿", "")))
    sentences = phrasing.sentences(text) if len(text) <= MAX_CHARACTERS else None
    if sentences is None or sum(map(len, sentences)) > MAX_WORDS:
        return None
    found: set[Wish] = set()
    fine = False
    for sentence in sentences:
        said = phrasing.meanings(sentence, _LEXICON, names)
        if said is None or sentence.count(NUMBER) > 1:
            return None
        found |= {_BY_NAME[meaning] for meaning, _ in said if meaning != _FINE}
        fine = fine or any(meaning == _FINE for meaning, _ in said)
    return _Said(frozenset(found), fine)


# --- the vocabulary ---------------------------------------------------------------------------------------------------

_FINE = "fine"

_NOTICES = "avisos|aviso|notificacoes|notificacao|notificaciones|notificacion|notifications"
_CLASSES = {
    "chamado": "chamado|ticket|tiket|tiquete|tique|ocorrencia|caso|case|solicitacao|protocolo|incidencia"
    "|solicitud|issue|request",
    "chamados": "chamados|tickets|atendimentos|ocorrencias|casos|cases|solicitacoes|protocolos|incidencias|solicitudes"
    "|requests|issues",
    "o": "o|este|esse|meu|a|esta|essa|minha|el|la|mi|the|this|my|do|deste|desse|da|desta|dessa|nosso|nossa|our|del|su|al|ao",
    "de": "do|deste|desse|da|desta|dessa|del|de|of|for|on|about|para|sobre|no|na|neste|nesse",
    "pfv": "favor|porfavor|pfv|pf|pfvr|please|pls|plz|gentileza|porfa|obsequio",
    "quero": "quero|queria|gostaria|preciso|desejo|solicito|peco|quiero|quisiera|necesito|deseo|queremos|gostariamos",
    "podem": "pode|podem|poderia|poderiam|puede|pueden|podria|podrian|puedes|podes",
    "can": "can|could|would|may",
    "novidade": "novidade|novidades|atualizacao|atualizacoes|noticia|noticias|retorno|posicao|posicionamento",
    "update": "update|updates|news|progress",
    "novedad": "novedad|novedades|actualizacion|actualizaciones|noticia|noticias|avance|avances",
    "about": "sobre|quanto|do|da|de|no|na|on|about|for|regarding|with|del|en|acerca",
    "aqui": "isso|isto|aqui|this|it|that|esto|eso",
    "aviso": _NOTICES,
    "mensagem": f"{_NOTICES}|emails|mails|mensagens|correos|mensajes|messages|updates",
}

_WISHES: dict[Wish, str] = {
    "status": """
status|andamento|estatus atual|actual? ??
status {it} ??
status|andamento|situacao|posicao|estatus|estado atual|actual? {de} {that} ??
status|andamento|estatus do|da|del|de|of|for|on #
el|mi? estado ??
{chamado} status #? ??
{chamado} # status ??
# status ??
qual|cual e|es? o|el? status|andamento|estatus {de}? {it} ??
qual|cual e|es? o|a|el? status|andamento|situacao|posicao|estatus|estado do|deste|desse|da|desta|dessa|del|de {that} ??
qual|cual e|es? o|el? status|andamento|estatus ??
{quero} de? saber|consultar|ver|verificar|conocer o|el? status|andamento|estatus
{quero} de? saber|consultar|ver|verificar|conocer o|a|el? status|andamento|situacao|posicao|estatus|estado do|da|deste|desse|del|de {that}
consultar|ver|verificar|consulta|informar|informe|informem o|el|de? status|andamento|estatus|estado {de}? {it}
como|en que? esta|anda|vai|va|estado? o|meu|este|esse|mi|el {chamado} #? ??
what's|whats the? status {de}? {it} ??
what is the? status {de}? {it} ??
check|show|get|see|view {o}? {chamado}? status {de}? {it}
i'd like|want to check|know|see the status {de}? {it}
""",
    "news": """
alguma|algum {novidade} {about}? {aqui}? {it} ??
ja? ha|tem|teve|temos|houve alguma|algum|mais? {novidade} {about}? {aqui}? {it} ?
{novidade} {about}? {aqui}? {it} ?
any status? {update} {about}? {aqui}? {it} ??
{update} {about}? {aqui}? {it} ?
{update} please|pls ?
is|are there any {update} {about}? {aqui}? {it} ??
do you guys|all? have any|an {update} {about}? {aqui}? {it} ??
{can} i|we have|get an|any {update} {about}? {aqui}? {it} ??
{can} you please|pls? give|send me|us an|any {update} {about}? {aqui}? {it} ??
what's|whats the latest {about}? {aqui}? {it} ??
alguna|algun {novedad} {about}? {aqui}? {it} ??
ya? hay|tienen|tiene|tenemos|tienes alguna|algun|mas? {novedad} {about}? {aqui}? {it} ?
{novedad} {about}? {aqui}? {it} ?
""",
    "tickets": """
meus|minhas|mis|my|nossos|nossas|our meus? {chamados} abertos|abertas|abiertos|abiertas|ativos|pendentes? ??
my|our open|active|pending {chamados} ??
meus|minhas|mis {chamados} em|en aberto|aberta|andamento|curso ??
{chamados} abertos|abertas|abiertos|abiertas ??
open {chamados} ??
listar|lista|liste|ver|mostrar|mostre|consultar|consulta|list|show|see|view|muestra de|dos|das|me|all|os|as|todos|todas? meus|minhas|mis|my|os|as|open? open? {chamados} abertos|abertas|abiertos|abiertas?
{quero} de? ver|consultar|listar|saber os|a|as? meus|minhas|mis {chamados} abertos|abertas|abiertos|abiertas?
quais|cuales sao|son? os|as? meus|minhas|mis {chamados} abertos|abertas|abiertos|abiertas? ??
what are my open? {chamados} ??
""",
    "reopen": """
reabrir|reabra|reabram|reabre|reabran|reabertura|reopen {it}
re open {it}
reabertura {de} {that}
{podem} reabrir|reabri {it}
{podem} por? {pfv} reabrir {it} ??
{quero} de? que? reabrir|reabram|reabra|reabran {it}
{quero} a reabertura do|deste? {chamado}? #?
you can|may reopen {it}
{can} you por? {pfv} reopen {it} ??
i|we want|need|would to|like to? reopen {it}
i'd like to reopen {it}
""",
    "close": """
encerrar|encerre|encerrem|encerra|fechar|feche|fechem|fecha|finalizar|finalize|finalizem|cerrar|cierren|cierre|cierra|close {it}
close it|this|that
{podem} encerrar|fechar|finalizar|cerrar|cerrarlo|cerrarla|fecha|encerra {it}
{podem} ser|se encerrado|fechado|finalizado|cerrar
{podem} por? {pfv} encerrar|fechar|finalizar|cerrar {it} ??
{quero} de? encerrar|fechar|finalizar|cerrar {it}
{chamado} pode ser encerrado|fechado|finalizado
o {chamado} pode ser encerrado|fechado|finalizado
you can|may now? close {it} now?
you can|may now? close it|this now?
{can} you por? {pfv} close {it} ??
{can} you por? {pfv} close it|this ??
i|we want|need|would to|like to? close {it}
i'd like to close {it}
this|the {chamado} can be closed now?
it|this can be closed now?
""",
    "cancel": """
cancelar|cancele|cancelem|cancela|cancelen|cancel|cancelamento {it}
cancelamento {de}? {that}
cancel it|this
cancelen|cancele|cancelem|cancelar el|la|o|a {chamado} #?
{podem} cancelar {that}
{quero} de? cancelar {that}
you can|may cancel {that}
{can} you por? {pfv} cancel {that} ??
i|we want|need|would to|like to? cancel {that}
i'd like to cancel {that}
""",
    "mute": """
parar|pare|parem|cessar|suspender|suspenda|silenciar|desativar|desative|desactivar|desligar|cancelar|cancele|cancela|detener|stop|pause|mute|disable|cancel os|as|los|las|de|com|the|all|all? {aviso} {de}? {it}
parar|pare|parem de enviar|mandar me? os|as? {mensagem}
parar|deixar|dejar de receber|recibir os|as? {aviso} {de}? {it}
parar|pare|parem de me enviar|mandar {mensagem}
{quero} de? parar|deixar|dejar de receber|recibir os|as? {aviso} {de}? {it}
{quero} desativar|cancelar|silenciar|desactivar os|as|las|los? {aviso}
nao {quero} mais receber os|as? {mensagem} {de}? {it}
nao {quero} receber mais? {mensagem} {de}? {it}
nao me? enviar|enviem|envie mais {mensagem}
no {quero} recibir mas {mensagem}
no {quero} mas {mensagem}
no more {mensagem}
stop sending me? {mensagem}
stop emailing|notifying me?
i want|would to|like to? stop receiving {aviso}
i'd like to stop receiving {aviso}
please? unsubscribe me?
descadastrar|desinscrever|desinscreva
sem|sin mais|mas {aviso}
silenciar|mute {it}
""",
    "unmute": """
receber|recibir|ativar|ative|activar|active|reativar|reative|reactivar|retomar|retome|religar|reanudar|enable|resume|restart|unmute|start os|as|los|las|the|de|novamente? {aviso} novamente|again? {de}? {it}
voltar|voltem|volte|volver a receber|enviar|mandar|recibir|me? os|as? {aviso}
{quero} de? voltar|volver a receber|recibir os|as? {aviso}
{quero} de? receber|recibir os|as? {aviso} novamente|nuevamente? {de}? {it}
{quero} ativar|reativar|activar|reactivar os|as|los|las? {aviso}
start receiving|sending me? {aviso} again?
i want|would to|like to? receive {aviso} again?
unmute {it}
resubscribe me?
""",
}  # fmt: skip
_BY_NAME: dict[str, Wish] = {wished: wished for wished in _WISHES}
_LISTED: dict[Wish, Wish] = {"status": "tickets", "tickets": "tickets"}
"""What a wish is where there is no ticket."""

_TRIMMINGS = """
por? {pfv} ??
agora|ja|now|ya
obrigado|obrigada|grato|grata|gracias|thanks desde ja
obrigado|obrigada|grato|grata|gracias|thanks antecipadamente
desde ja {obrigado}
thanks in advance
gracias de antemano
sem|sin assunto|asunto
no subject
"""

_AGREED = """
sim|yes|si|claro|vale
"""
"""With `pode encerrar` alone: `sim, cancelar` answers somebody's question about something else."""


def _phrases(lines: str, meaning: str = "") -> list[Phrase]:
    classes = {**_CLASSES, "obrigado": CLASSES["obrigado"]}
    if meaning != "cancel":  # `cancelar o atendimento` calls off a visit
        classes["chamado"] += "|atendimento"
    return phrasing.read_phrases("\n".join(_expanded(lines)), meaning, classes)


def _expanded(lines: str) -> Iterator[str]:
    """`{that}` is a ticket, named or by its number; `{it}` is one, or nothing."""
    for line in lines.splitlines():
        objects = ["", *_OBJECTS] if "{it}" in line else _OBJECTS if "{that}" in line else [""]
        yield from (re.sub(r"\{(?:it|that)\}", named, line) for named in objects)


_OBJECTS = ["{o}? {o}? {chamado} #?", "{o}? #"]
_LEXICON = phrasing.Lexicon(
    [
        *(phrase for meaning, lines in _WISHES.items() for phrase in _phrases(lines, meaning)),
        *_phrases(_TRIMMINGS),
        *_phrases(_AGREED, _FINE),
        *(replace(phrase, meaning=_FINE) for phrase in phrasing.FINE),
        *(replace(phrase, meaning="") for phrase in phrasing.THANKS),
        *phrasing.OBJECTS,
        *phrasing.TRIMMINGS,
    ]
)
