"""Recognises the subjects of automatic answers and absence notices.

Owns: which phrases of `words/lists/absence.toml` are enough by themselves as a sign of such a mail.
Limits: a person may also begin a subject with "Férias" or "Out of office". So such a phrase counts only if it is the
whole subject, or stands before a colon, a dash or a bracket. A subject with a reply or forward prefix (`RES: Resposta
automática`) comes from a person who answers or forwards a notice.
"""

import re

from mailtickets.mail.kind.bounce.signs import REPLY_PREFIX
from mailtickets.words import shipped

MAX_SUBJECT_CHARACTERS = 400

_BEGINNINGS, _WHOLE = ("|".join(shipped.lines("absence", key)) for key in ("beginnings", "whole"))

_AWAY = r"(?:(?:out of|away from) (?:the |my )?office|on (?:vacation|holiday|leave))"
_SOMEBODY_IS_AWAY = rf".{{1,120}}\b(?:is|will be) (?:currently )?{_AWAY}(?:\s?$|\s?[.(;!]|\s(?:until|till|from)\b)"

_SUBJECT = re.compile(
    rf"\s*+(?:[\[(*]{{1,3}}\s*+)?(?:{_BEGINNINGS})"
    rf"|\s*+(?:[\[(*]{{1,3}}\s*+)?(?:{_WHOLE})\s*(?:$|[\])*:;,.!–—|-]|\bre:)"
    rf"|.{{0,200}}[\[(*]\s?(?:{_BEGINNINGS})"
    rf"|{_SOMEBODY_IS_AWAY}",
    re.IGNORECASE,
)


def is_automatic(subject: str) -> bool:
    """Whether a subject is that of an automatic answer or an absence notice."""
    subject = subject[:MAX_SUBJECT_CHARACTERS]
    return bool(_SUBJECT.match(subject)) and not REPLY_PREFIX.match(subject)
