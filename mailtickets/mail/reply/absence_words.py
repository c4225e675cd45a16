"""Subjects that automatic answers and absence notices bear.

Owns: the lexicon, and which of its phrases are enough by themselves.
Limits: a person may begin a subject with "Férias" or "Out of office" too: such words must be all of it, or stand before
a colon, a dash or a bracket. Who answers or forwards a notice (`RES: Resposta automática`) is a person.
"""

import re

from mailtickets.mail.kind.bounce.signs import REPLY_PREFIX

MAX_SUBJECT_CHARACTERS = 400

_BEGINNINGS = (
    r"auto\s?:",
    r"auto(?:matic|mated|matisch)?[- _]?(?:repl(?:y|ied)|respon[sd]e|answer|responder|acknowledge?ment)\b",
    r"auto(?:matic|mated) (?:e-?mail |mail )?(?:reply|response|notification|message)\b",
    r"automatically generated (?:reply|response|message)\b",
    r"out[- ]of[- ](?:the[- ])?office[- ](?:auto[- ]?)?(?:reply|response|message|notification|notice)\b",
    r"(?:currently )?(?:out of|away from) (?:the |my )?office (?:until|till|from|between)\b",
    r"(?:vacation|holiday|absence) (?:auto[- ]?)?(?:reply|response|message|notice|notification|alert)\b",
    r"on (?:vacation|holidays?|leave) (?:until|till)\b",
    r"away from my (?:e-?mail|mail|desk|office)\b",
    r"i(?: am|[’']m) (?:currently )?(?:away\b|out of (?:the )?office|on (?:vacation|holiday|leave))\b",
    r"resposta autom[aá]tica\b|auto[- ]?resposta\b|(?:mensagem|retorno|aviso) autom[aá]tic[ao]\b",
    r"(?:aviso|notifica[cç][aã]o) de (?:aus[eê]ncia|f[eé]rias)\b|aus[eê]ncia tempor[aá]ria\b",
    r"estarei (?:ausente|de f[eé]rias|fora do escrit[oó]rio)\b|antispam uol\b",
    r"respuesta autom[aá]tica\b|auto[- ]?respuesta\b|contestaci[oó]n autom[aá]tica\b|mensaje autom[aá]tico\b",
    r"aviso de ausencia\b|ausencia temporal\b",
    r"abwesenheits?(?:notiz|benachrichtigung|meldung|nachricht|hinweis|assistent)\b",
    r"automatische (?:antwort|r[üu]ckantwort)\b|autom\. antwort\b",
    r"(?:r[ée]ponse|message) automatique\b|(?:notification|message) d[’']absence\b|r[ée]pondeur automatique\b",
    r"risposta automatica\b|avviso di assenza\b|messaggio automatico\b",
    r"automatisch(?:e)? (?:antwoord|beantwoord(?:ing)?)\b|afwezigheids(?:bericht|melding|assistent)\b",
    r"automatisk[at]? (?:svar|besvarelse|svarmelding)\b|autosvar\b|fr[åa]nvaromeddelande\b",
    r"automaattinen vastaus\b|poissaoloviesti\b|automatyczna odpowied[źz]|autoodpowied[źz]",
    r"automatick[áa] odpov[eě][dď]|automatikus v[áa]lasz|otomatik yan[ıi]t|r[ăa]spuns automat\b",
    r"автоматический ответ|автоответ|сообщение об отсутствии|автоматична відповідь",
    r"自動(?:応答|返信|配信)|不在(?:通知|連絡|応答|の)|自动(?:回复|答复)|自動(?:回覆|回復)|外出(?:通知|回复)|자동\s?(?:응답|회신)",
)
"""Enough at the beginning of a subject, or in brackets anywhere in it."""

_WHOLE = (
    r"(?:currently )?(?:out[- ]of|away from|not in)[- ](?:(?:the|my)[- ])?office|ooo|ooto",
    r"on (?:vacation|holidays?|annual leave|leave)|away|vacation|absent|absence",
    r"(?:fora|ausente) d[oa] (?:escrit[oó]rio|empresa)|(?:de|em) f[eé]rias|f[eé]rias",
    r"estou (?:de f[eé]rias|fora|ausente)|ausente|aus[eê]ncia",
    r"fuera de (?:la )?oficina|fuera del despacho|ausencia de (?:la )?oficina|ausencia",
    r"(?:estoy )?de vacaciones|vacaciones",
    r"absence du bureau|absent(?:\(e\)|e)? du bureau|en vacances|en cong[ée]s?",
    r"abwesend|abwesenheit|nicht im b[üu]ro|im urlaub|fuori (?:sede|ufficio)|assente|assenza|in ferie",
    r"afwezig|fr[åa]nvarande|poissa|nieobecno[śs][ćc]",
)
"""Enough only when nothing but the answered subject follows."""

_AWAY = r"(?:(?:out of|away from) (?:the |my )?office|on (?:vacation|holiday|leave))"
_SOMEBODY_IS_AWAY = rf".{{1,120}}\b(?:is|will be) (?:currently )?{_AWAY}(?:\s?$|\s?[.(;!]|\s(?:until|till|from)\b)"

_SUBJECT = re.compile(
    rf"\s*+(?:[\[(*]{{1,3}}\s*+)?(?:{'|'.join(_BEGINNINGS)})"
    rf"|\s*+(?:[\[(*]{{1,3}}\s*+)?(?:{'|'.join(_WHOLE)})\s*(?:$|[\])*:;,.!–—|-]|\bre:)"
    rf"|.{{0,200}}[\[(*]\s?(?:{'|'.join(_BEGINNINGS)})"
    rf"|{_SOMEBODY_IS_AWAY}",
    re.IGNORECASE,
)


def is_automatic(subject: str) -> bool:
    """The subject is that of an automatic answer."""
    subject = subject[:MAX_SUBJECT_CHARACTERS]
    return bool(_SUBJECT.match(subject)) and not REPLY_PREFIX.match(subject)
