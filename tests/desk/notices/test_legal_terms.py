"""Acknowledgements of a ticket whose service level has a legal profile: the protocol number, and the term in words."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from mailtickets.config.levels import ServiceLevel
from mailtickets.config.places import shipped, template_texts
from mailtickets.desk.change import changed, opened
from mailtickets.desk.clock.clocks import Clock
from mailtickets.desk.clock.levels import LEGAL_DAYS
from mailtickets.desk.letters.render import Rendered, render
from mailtickets.desk.letters.sandbox import Templates
from mailtickets.desk.model.effects import OpenTicket
from mailtickets.desk.notices.notice import Situation
from mailtickets.desk.notices.plan import plan
from mailtickets.desk.rules.decide import decide
from tests.desk.builders import a_mail, a_policy, an_envelope, facts

TEMPLATES = Templates(template_texts(shipped("templates")))
REGISTERED = datetime(2026, 11, 29, 22, 30, tzinfo=ZoneInfo("America/Sao_Paulo"))
"""A Sunday evening: the date in UTC is another."""


def acknowledged(profile: Any, locale: str = "pt_BR", *, known: bool = True) -> Rendered:
    plain = a_policy(suporte={"locale": locale})
    policy = replace(plain, levels=(ServiceLevel(name="lei", profile=profile),))
    about = facts(queue=policy.queues[0], known_author=known, envelope=an_envelope(received_at=REGISTERED))
    mail = a_mail(text="Onde está o meu pedido?", language=None, date=REGISTERED)
    decision = decide(mail, about, policy, REGISTERED)
    assert decision.opens is not None
    effects = [effect for effect in decision.effects if not isinstance(effect, OpenTicket)]
    after = changed(opened(decision.opens, 1042, REGISTERED), effects, REGISTERED)
    days = LEGAL_DAYS.get(profile)
    due_at = REGISTERED + timedelta(days=days) if days else None
    clocks = (Clock("legal", "lei", REGISTERED, due_at, "running"),) if days else ()
    notices = plan(Situation(decision, None, after, mail, about, clocks=clocks), policy, REGISTERED)
    return render(TEMPLATES, *next(notice for notice in notices if notice.name == "received").job)


SAC = {
    "pt_BR": (
        "Protocolo de atendimento: 1042. Pelo regulamento do SAC (Decreto 11.034/2022, art. 13), a resposta sai em até "
        "7 dias corridos a contar do registro: até domingo, 6 de dezembro."
    ),
    "en": (
        "Your protocol number is 1042. Under Brazil's customer service rules (Decreto 11.034/2022, art. 13), you get "
        "an answer within 7 days of its registration, weekends and holidays included: by Sunday, December 6."
    ),
    "es": (
        "Protocolo de atención: 1042. Según el reglamento brasileño de atención al consumidor (Decreto 11.034/2022, "
        "art. 13), la respuesta llega en un máximo de 7 días corridos desde el registro: a más tardar el domingo 6 de "
        "diciembre."
    ),
}
TERMS = """
ecommerce  | pt_BR | a resposta sai em até 5 dias: até sexta-feira, 4 de dezembro.
ecommerce  | en    | you get an answer within 5 days: by Friday, December 4.
ecommerce  | es    | la respuesta llega en un máximo de 5 días: a más tardar el viernes 4 de diciembre.
lgpd       | pt_BR | a declaração completa sai em até 15 dias: até segunda-feira, 14 de dezembro.
lgpd       | en    | you get the complete statement within 15 days: by Monday, December 14.
lgpd       | es    | la declaración completa llega en un máximo de 15 días: a más tardar el lunes 14 de diciembre.
lgpd-small | pt_BR | a declaração completa sai em até 30 dias: até terça-feira, 29 de dezembro.
lgpd-small | en    | you get the complete statement within 30 days: by Tuesday, December 29.
lgpd-small | es    | la declaración completa llega en un máximo de 30 días: a más tardar el martes 29 de diciembre.
"""
PARAGRAPHS = [("sac", locale, words) for locale, words in SAC.items()]
PARAGRAPHS += [tuple(cell.strip() for cell in line.split("|")) for line in TERMS.strip().splitlines()]  # type: ignore[misc]


@pytest.mark.parametrize(("profile", "locale", "words"), PARAGRAPHS)
def test_the_acknowledgement_names_the_protocol_and_the_term(profile: str, locale: str, words: str) -> None:
    told = acknowledged(profile, locale)
    assert (words in told.text, words in told.html.replace("&#39;", "'")) == (True, True)
    assert "1042" in told.text.partition(words)[0] + words


def test_a_stranger_is_told_the_same_without_any_of_their_words() -> None:
    told = acknowledged("sac", known=False)
    assert "Protocolo de atendimento: 1042." in told.text
    assert "pedido" not in told.text


def test_without_a_profile_no_law_is_named() -> None:
    told = acknowledged("")
    assert ("Protocolo" in told.text, "Decreto" in told.text) == (False, False)
