"""Reads an agent's reply to a notice of held mail: it says that the mail is theirs, that it is not, or neither.

In: the new words of the reply, and the agent's names. Out: `yes`, `no` or `unclear`.
A reply is a yes only if it is one of a closed list of words, alone above a signature or a footer. Otherwise an agent
who answers in surprise could release a mail that somebody forged in their name. A no is one of a closed list of words,
or a short sentence that says that somebody else wrote the mail. Every other reply is unclear, and the agent is asked
again.
Fails with: nothing. Limits: replies longer than `MAX_CHARACTERS` are unclear; all patterns take linear time.
"""

import re
from collections.abc import Sequence
from typing import Literal

from mailtickets.desk.claims.matching import REF_LINE
from mailtickets.desk.commands.closing import Own, is_greeting, is_signature, signs_off
from mailtickets.mail.model import InboundMail
from mailtickets.words.fold import folded

SecondWord = Literal["yes", "no", "unclear"]

MAX_CHARACTERS = 20_000
MAX_SIGNATURE_LINES = 14
MAX_LINE_CHARACTERS = 160
FEW_WORDS = 30
"""The most words of a denial. A longer reply may be an answer that says what somebody did not do."""

_YES = frozenset({
    "enviar", "envie", "envia", "pode enviar", "pode mandar", "mandar", "mande", "enviar sim", "enviar mesmo assim",
    "envie assim mesmo", "sim", "sim enviar", "sim envie", "sim pode enviar", "fui eu", "fui eu mesmo", "fui eu mesma",
    "fui eu sim", "sim fui eu", "sim fui eu mesmo", "sim fui eu mesma", "sim fui eu pode enviar", "confirmo",
    "confirmar", "sim confirmo",
    "send", "send it", "send it now", "send anyway", "yes", "yes send", "yes send it", "it was me", "that was me",
    "yes it was me", "yes that was me", "yes i did", "confirm", "i confirm", "yes i confirm",
    "envialo", "puede enviar", "puede enviarlo", "enviar igual", "si", "si enviar", "si envialo", "fui yo", "si fui yo",
    "si confirmo",
})  # fmt: skip
_NO = frozenset({
    "descartar", "descarte", "descarta", "descartar sim", "cancelar", "cancele", "apagar", "apague", "excluir", "nao",
    "nao enviar", "nao envie", "nao envia", "nao mande", "nao mandar", "nao nao",
    "discard", "discard it", "drop", "drop it", "cancel", "delete", "delete it", "no", "nope", "do not send",
    "do not send it", "dont send", "dont send it", "don't send", "don't send it",
    "no enviar", "no envie", "no lo envie", "descartalo", "descartelo", "eliminar",
})  # fmt: skip
_COURTESY = frozenset({
    "por", "favor", "gentileza", "obrigado", "obrigada", "pf", "pfv", "please", "pls", "thanks", "thank", "you",
    "gracias", "urgente",
})  # fmt: skip
_AFFIRMS = frozenset({"enviar", "envie", "envia", "envialo", "mande", "mandar", "send", "sim", "yes", "si", "confirmo"})
"""A denial beside one of these words does not count: the reply says both."""
_DOUBTS = frozenset({
    "nao", "nunca", "jamais", "mas", "porem", "entretanto", "espere", "espera", "not", "never", "but", "however",
    "wait",
    "don't", "didn't", "wasn't", "isn't", "pero", "golpe", "fraude", "scam", "estafa",
})  # fmt: skip
"""Words of doubt, which do not stand in anybody's signature."""

_MESSAGE = r"(?:e-?mail|mensagem|mensaje|message|correo|resposta|answer|reply|respuesta|texto|mail)"
_THIS = r"(?:d?is[st]o|d?ess[ea]s?|d?est[ea]s?|aquil[oa]|aquel[ea]|eso|esto|this|that|it)"
_OBJECT = (
    rf"(?: (?:{_THIS}|nada|nenhuma?|ningun[oa]?|any|anything)\b| (?:o|a|el|la|the|such|tal|um|uma|an?) {_MESSAGE}\b"
    r"|[.!,;)]|$)"
)
"""The object of a denial: `this`, `nothing`, a word for the mail, or no further word. `Não enviei o boleto` is another
matter."""
_DENIAL = re.compile(
    r"\b(?:"
    r"(?:nao|nunca|jamais) (?:fui|sou) eu\b|(?:nao|nunca) (?:partiu|veio|vem|saiu) de mim\b|no viene de mi\b"
    r"|(?:nao|nunca) (?:e|foi|era|sao) (?:d[aeo] )?(?:mim|meu|minha|minha autoria)\b|desconheco"
    r"|no (?:fui|he sido|soy|era) yo\b|no (?:es|era|son) (?:mio|mia)s?\b"
    rf"|(?:nao|nunca|jamais) (?:o |a )?(?:escrevi|enviei|mandei|autorizei|pedi|fiz|vi|reconheco){_OBJECT}"
    rf"|(?:nao|no|nunca) (?:lo |la )?(?:enviar|envie|envies|envia|mande|mandar){_OBJECT}"
    rf"|(?:no|nunca) (?:lo |la )?(?:he escrito|he enviado|escribi|reconozco){_OBJECT}"
    r"|(?:did not|didn't|didnt|have not|haven't|never|do not|don't|dont) (?:write|wrote|written|send|sent|recogni[sz]e)"
    rf"{_OBJECT}"
    r"|(?:not|wasn't|wasnt|isn't|isnt) (?:me|mine|from me|by me|my (?:e-?mail|message|reply|answer))\b"
    r"|(?:not|wasn't|isn't|nao (?:e|foi)|no fue) (?:sent|written|enviad[oa]|escrit[oa]|mandad[oa])"
    r" (?:by|por) (?:me|mim|mi)\b"
    rf"|(?:{_THIS}|{_MESSAGE}) (?:e|is|es|foi|was|fue) (?:um |uma |a |una? )?"
    r"(?:golpe|fraude|scam|fraud|phishing|spoof|fake|fals[oa]|forged|estafa)\b"
    r"|(?:alguem|alguien|somebody|someone) (?:esta |is )?(?:usando|usou|uso|using|used) (?:o |a )?(?:meu|minha|mi|my)\b"
    r"|(?:meu|minha|my) (?:e-?mail|conta|account) (?:foi|was) (?:hackead[oa]|invadid[oa]|clonad[oa]|hacked)"
    r")|^(?:e|is|es) (?:um |uma |a |una? )?(?:golpe|fraude|scam|fraud|phishing|estafa)\b"
)
"""Matches text without accents and capitals. `e golpe` must begin a sentence: elsewhere it may be `links e golpe`."""
_NOT_YET = re.compile(
    r"\b(?:ainda|ate (?:agora|aqui|o momento)|por enquanto|por ora|yet|so far|until now|todavia|aun"
    r"|hasta ahora|por ahora)\b"
)
"""No denials: in `Não mandei nada ainda`, the author speaks of a mail that they still have to write."""
_NEGATED = re.compile(
    r"\b(?:nao|no|nunca|not|never|don't|dont|didn't|didnt|won't) (?:e |lo |la |o |a |pode |podem |deve |debe |puede )?"
    r"(?:enviar|envie|envia|mande|mandar|send)\b"
)
_SPOKEN = re.compile(r"[\w']+")
_BESIDE = re.compile(r"[\w\s.,!;:*_\"'“”‘’«»()\-–—✅✔👍🙏\ufe0f]*")
"""The signs that may stand around a word that stands alone. A question mark is not one of them."""
_FOOTER = re.compile(
    r"(?:\W*)(?:aviso|advertencia|atencao|importante|confidencial|confidential|disclaimer|legal|nota legal"
    r"|privacy|privacidade|this (?:e-?mail|message|communication|transmission)"
    r"|the (?:information|contents?)|if you (?:are not|have received)"
    r"|est[ea] (?:e-?mail|mensagem|mensaje|correo|comunicacao|comunicacion)|as informacoes|la informacion|o conteudo"
    r"|antes de imprimir|before printing|please consider|pense (?:no|na|antes)|piense|lembre-se)\b"
)
_SHORT_FOOTER = re.compile(
    r"(?:\W*)(?:sent (?:from|with|via|using)|enviad[oa] (?:do|da|de|pelo|pela|com|con|desde|por|usando)"
    r"|get outlook|get \S+ for|obter o|obtenha o|obtener|obtenga|baixe o|descargar|yahoo mail|livre de virus|sem virus"
    r"|virus.free|libre de virus"
    r"|\[?(?:image|imagem|imagen|logo|cid)\b|<[^<>]{1,80}\.(?:png|jpe?g|gif)>|[*_=~—–-]{2,}\s*$)"
)
_FOOTER_WORDS = 8


def second_word(mail: InboundMail, names: Sequence[str]) -> SecondWord:
    """What a reply to the notice says about the held mail. `names` are the agent's names."""
    if len(mail.reply) > MAX_CHARACTERS:
        return "unclear"
    if mail.forwarded is not None:  # an agent who forwards the notice asks somebody about it
        return "no" if _denies(mail.forwarded.note) else "unclear"
    own = Own.of(mail.signature, names)
    lines = _new_lines(mail.reply)
    answer = _answer_in(lines[0], own) if lines else ""
    whole = " ".join(lines)
    if answer in _YES and is_tail(lines[1:], own) and not _denies(mail.signature):
        return "yes"
    if (answer in _NO and is_tail(lines[1:], own)) or _denies(whole):
        return "no"
    return "unclear"


def is_tail(lines: Sequence[str], own: Own) -> bool:
    """Whether the lines below the last words are only a closing, a signature and a footer."""
    lines = [line for line in lines if line.strip()]
    signed = next((n for n, line in enumerate(lines) if _begins_footer(line)), len(lines))
    above, footer = lines[:signed], lines[signed:]
    if _denies(" ".join(above)) or _denies(" ".join(footer)) or any(_doubts(line, own) for line in above):
        return False
    return is_signature(above, own) or _is_signed(above, own)


def is_left_over(lines: Sequence[str], own: Own) -> bool:
    """Whether a reply has no words: its lines are only what a program puts below words, or thanks."""
    begins = _begins_footer(lines[0]) or signs_off(lines[0], own) or not (set(_spoken(lines[0])) - _COURTESY)
    return begins and is_tail(lines, own)


def _is_signed(lines: Sequence[str], own: Own) -> bool:
    """Whether lines are a signature: they begin with the agent's name, a closing formula or thanks. The other lines
    may have any form."""
    if not lines or len(lines) > MAX_SIGNATURE_LINES:
        return False
    return signs_off(lines[0], own) or not (set(_spoken(lines[0])) - _COURTESY)


def _doubts(line: str, own: Own) -> bool:
    """Whether a line may contradict the words above it."""
    if "?" in line or len(line) > MAX_LINE_CHARACTERS:
        return True
    return bool(set(_spoken(line)) & _DOUBTS) or _answer_in(line, own) in _YES | _NO


def _begins_footer(line: str) -> bool:
    start = folded(line[:120])
    if _SHORT_FOOTER.match(start):
        return True
    return _FOOTER.match(start) is not None and len(line.split()) >= _FOOTER_WORDS


def _new_lines(reply: str) -> list[str]:
    """The lines with words, without a greeting above and without our own notice below."""
    lines: list[str] = []
    for line in reply.splitlines():
        if REF_LINE.search(line):
            break
        if line.strip() and not line.lstrip().startswith(">"):
            lines.append(line.strip())
    return lines[1:] if len(lines) > 1 and is_greeting(lines[0]) and "?" not in lines[0] else lines


def _spoken(line: str) -> list[str]:
    return _SPOKEN.findall(folded(line).replace("’", "'"))


def _answer_in(line: str, own: Own) -> str:
    """The words of a line without words of courtesy and the agent's name. Empty if the line has more than words."""
    if len(line) > MAX_LINE_CHARACTERS or not _BESIDE.fullmatch(line):
        return ""
    words = [word for word in _spoken(line) if word.strip("_") and word not in _COURTESY]
    words = [word.strip("_") for word in words]
    while len(words) > 1 and words[-1] in own.words - _DOUBTS:
        words.pop()
    return " ".join(words)


def _denies(text: str) -> bool:
    """Whether a short text says that somebody else wrote the mail, without a question and without a yes."""
    if len(text) > MAX_CHARACTERS or len(text.split()) > FEW_WORDS:
        return False
    words = folded(text).replace("’", "'")
    if set(_SPOKEN.findall(_NEGATED.sub(" ", words))) & _AFFIRMS:
        return False
    sentences = re.split(r"(?<=[.!?;])\s+", words)
    statements = [" ".join(one.split()) for one in sentences if not one.rstrip().endswith("?")]
    return any(_DENIAL.search(one) and not _NOT_YET.search(one) for one in statements)
