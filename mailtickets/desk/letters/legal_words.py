"""What an acknowledgement says where a law sets the term of an answer: the protocol number, and the term in words.

In: a legal profile, the number of the ticket, the day on which the term ends. Out: one paragraph.
Owns: the words and the law that each profile names. They are no legal advice: `docs/service-levels.md` has the sources.
Fails with: nothing; a profile without words gives the empty text.
"""

from collections.abc import Mapping
from datetime import date

from mailtickets.words import due

_WORDS: Mapping[str, Mapping[str, str]] = {
    "pt_BR": {
        "sac": (
            "Protocolo de atendimento: {number}. Pelo regulamento do SAC (Decreto 11.034/2022, art. 13), a resposta "
            "sai em até {days} corridos a contar do registro: até {day}."
        ),
        "ecommerce": (
            "Protocolo de atendimento: {number}. Pelo regulamento do comércio eletrônico (Decreto 7.962/2013), "
            "a resposta sai em até {days}: até {day}."
        ),
        "lgpd": (
            "Protocolo: {number}. Se o pedido é sobre os seus dados pessoais (Lei 13.709/2018, LGPD, art. 19), a "
            "declaração completa sai em até {days}: até {day}."
        ),
        "lgpd-small": (
            "Protocolo: {number}. Se o pedido é sobre os seus dados pessoais (Lei 13.709/2018, LGPD, art. 19, e "
            "Resolução CD/ANPD 2/2022), a declaração completa sai em até {days}: até {day}."
        ),
    },
    "en": {
        "sac": (
            "Your protocol number is {number}. Under Brazil's customer service rules (Decreto 11.034/2022, art. 13), "
            "you get an answer within {days} of its registration, weekends and holidays included: by {day}."
        ),
        "ecommerce": (
            "Your protocol number is {number}. Under Brazil's e-commerce rules (Decreto 7.962/2013), you get "
            "an answer within {days}: by {day}."
        ),
        "lgpd": (
            "Your protocol number is {number}. If this is about your personal data (Brazil's Lei 13.709/2018, LGPD, "
            "art. 19), you get the complete statement within {days}: by {day}."
        ),
        "lgpd-small": (
            "Your protocol number is {number}. If this is about your personal data (Brazil's Lei 13.709/2018, LGPD, "
            "art. 19, and Resolução CD/ANPD 2/2022), you get the complete statement within {days}: by {day}."
        ),
    },
    "es": {
        "sac": (
            "Protocolo de atención: {number}. Según el reglamento brasileño de atención al consumidor (Decreto "
            "11.034/2022, art. 13), la respuesta llega en un máximo de {days} corridos desde el registro: a más tardar "
            "{day}."
        ),
        "ecommerce": (
            "Protocolo de atención: {number}. Según el reglamento brasileño de comercio electrónico (Decreto "
            "7.962/2013), la respuesta llega en un máximo de {days}: a más tardar {day}."
        ),
        "lgpd": (
            "Protocolo: {number}. Si el pedido es sobre sus datos personales (Lei 13.709/2018 de Brasil, LGPD, art. "
            "19), la declaración completa llega en un máximo de {days}: a más tardar {day}."
        ),
        "lgpd-small": (
            "Protocolo: {number}. Si el pedido es sobre sus datos personales (Lei 13.709/2018 de Brasil, LGPD, art. "
            "19, y Resolução CD/ANPD 2/2022), la declaración completa llega en un máximo de {days}: a más tardar "
            "{day}."
        ),
    },
}


def legal_words(profile: str, number: int, ends: date, today: date, locale: str) -> str:
    """The paragraph of a profile; the term is the days from `today` to `ends`. Empty for a profile without words."""
    return (
        _WORDS[locale]
        .get(profile, "")
        .format(
            number=number,
            days=due.counted((ends - today).days, 2, locale),
            day=due.day(ends, today, locale),
        )
    )
