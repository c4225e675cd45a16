"""What agents read of a ticket's clocks in every notice about it and in lists, and that customers read nothing of it.

NOW is Monday, 3 March 2025, 09:00 in São Paulo.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest

from mailtickets.config.levels import ServiceLevel
from mailtickets.config.places import shipped, template_texts
from mailtickets.desk.clock.calendar import OpenHours
from mailtickets.desk.clock.clocks import Clock, ClockName
from mailtickets.desk.letters.clock_words import CLOCK_LABELS
from mailtickets.desk.letters.render import Rendered, render
from mailtickets.desk.letters.samples import sample
from mailtickets.desk.letters.sandbox import Templates
from mailtickets.desk.model.decision import Decision
from mailtickets.desk.model.effects import AddMessage, SetStatus
from mailtickets.desk.model.facts import Desk
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Ticket
from mailtickets.desk.notices.notice import Situation
from mailtickets.desk.notices.plan import plan
from mailtickets.desk.notices.row import NoticeName
from mailtickets.desk.notices.rows import NOTICES
from tests.desk.builders import ANA, MARIA, NOW, a_mail, a_policy, a_ticket, facts

TEMPLATES = Templates(template_texts(shipped("templates")))
ZONE = ZoneInfo("America/Sao_Paulo")
_DAY = ((8 * 60, 12 * 60), (13 * 60, 18 * 60))
HOURS = OpenHours("comercial", ZONE, (_DAY,) * 5 + ((), ()))


def a_policy_in(locale: str) -> Policy:
    plain = a_policy(instance={"locale": locale})
    level = ServiceLevel(name="padrao", calendar="comercial")
    return Policy(
        plain.instance, plain.queues, plain.agents, plain.trust, plain.budget,
        calendars={"comercial": HOURS}, levels=(level,),
    )  # fmt: skip


def a_clock(name: ClockName, local: str, **more: Any) -> Clock:
    due_at = datetime.fromisoformat(local).replace(tzinfo=ZONE).astimezone(UTC) if local else None
    return Clock(name, more.pop("level", "padrao"), NOW - timedelta(3), due_at, more.pop("state", "running"), **more)


CLOCKS = (
    a_clock("resolution", "2025-03-07 16:00"),
    a_clock("first_answer", "2025-02-28 16:00", state="missed"),
    a_clock("promised", "2025-03-03 11:30", level=""),
    a_clock("next_answer", "2025-03-01 10:00", state="met", ended_at=NOW - timedelta(2)),
)
"""One that is late since Friday, one that has ended, and two that run."""


def written(name: str, clocks: tuple[Clock, ...] = CLOCKS, locale: str = "pt_BR") -> Rendered:
    """A notice of a customer's reply, in words."""
    decision = Decision("reply-token", (AddMessage("in", "public", MARIA, verified=True),), 42, "appended")
    situation = Situation(decision, a_ticket(), a_ticket(), a_mail(text="E então?"), facts(a_ticket()), clocks=clocks)
    notices = plan(situation, a_policy_in(locale), NOW)
    return render(TEMPLATES, *next(notice for notice in notices if notice.name == name).job)


def line(rendered: Rendered, label: str) -> str:
    return next(line for line in rendered.text.splitlines() if line.startswith(f"{label}: "))


@pytest.mark.parametrize(
    ("locale", "label", "words"),
    [
        (
            "pt_BR",
            "Prazo",
            (
                "*primeira resposta atrasada há 3 h úteis (venceu sexta, 28 de fevereiro, às 16h)*; "
                "resposta prometida até hoje às 11h30; solução até sexta, 7 de março, às 16h"
            ),
        ),
        (
            "en",
            "Deadline",
            (
                "*first answer late by 3 working hours (was due Friday, February 28, at 4:00 PM)*; "
                "promised answer due today at 11:30 AM; resolution due Friday, March 7, at 4:00 PM"
            ),
        ),
        (
            "es",
            "Plazo",
            (
                "*primera respuesta con 3 h hábiles de atraso (venció el viernes 28 de febrero a las 16:00)*; "
                "respuesta prometida a más tardar hoy a las 11:30; "
                "solución a más tardar el viernes 7 de marzo a las 16:00"
            ),
        ),
    ],
)
def test_one_line_names_the_clocks_that_run_with_late_ones_first_and_marked(
    locale: str, label: str, words: str
) -> None:
    assert line(written("customer_replied", locale=locale), label) == f"{label}: {words}"


def test_the_html_marks_a_late_clock_by_words_and_by_weight_and_not_by_colour_alone() -> None:
    html = written("customer_replied").html
    assert '<b class="late" style="color: #c5221f">primeira resposta atrasada há 3 h úteis (venceu sexta' in html
    assert "solução até sexta, 7 de março, às 16h" in html


def test_a_paused_clock_is_named_without_a_time() -> None:
    paused = (a_clock("resolution", "", state="paused"),)
    assert line(written("customer_replied", paused), "Prazo") == "Prazo: solução em pausa"


def test_a_ticket_without_clocks_has_no_such_line() -> None:
    assert "Prazo" not in written("customer_replied", ()).text
    assert "Prazo" not in written("customer_replied", (CLOCKS[3],)).text


def test_a_legal_clock_is_late_by_days_of_the_civil_calendar() -> None:
    legal = (a_clock("legal", "2025-02-27 09:00", state="missed"),)
    assert "resposta por lei atrasada há 4 dias (venceu quinta, 27 de fevereiro, às 9h)" in line(
        written("customer_replied", legal), "Prazo"
    )


ABOUT_A_TICKET = [name for name, row in NOTICES.items() if row.audience == "agents" and row.sample.ticket]


@pytest.mark.parametrize("name", [name for name in ABOUT_A_TICKET if name != "second_word"])  # about a mail
@pytest.mark.parametrize("locale", ["pt_BR", "en", "es"])
def test_every_notice_to_agents_about_a_ticket_shows_its_clocks(name: NoticeName, locale: str) -> None:
    shown = render(TEMPLATES, name, locale, sample(name, locale), None)
    label = CLOCK_LABELS[locale]["next_answer"]
    assert (label in shown.text, label in shown.html) == (True, True)


def test_customers_see_nothing_of_the_clocks() -> None:
    decision = Decision("ordered", (SetStatus("resolved", "ordered"),), 42, actor=ANA.address)
    situation = Situation(decision, a_ticket(), a_ticket(status="resolved", resolved_at=NOW), clocks=CLOCKS)
    notices = [notice for notice in plan(situation, a_policy_in("pt_BR"), NOW) if notice.to_customer]
    assert [notice.name for notice in notices] == ["resolved"]
    assert notices[0].context["clocks"] == []


# --- lists --------------------------------------------------------------------------------------------


def digest(*mine: Ticket, clocks: dict[int, tuple[Clock, ...]], locale: str = "pt_BR") -> Rendered:
    decision = Decision("digest-due", actor=ANA.address, notices=("digest",))
    situation = Situation(decision, None, None, desk_without_mail=Desk(mine=mine, clocks=clocks))
    notice = next(iter(plan(situation, a_policy_in(locale), NOW)))
    return render(TEMPLATES, *notice.job)


def test_a_line_of_a_list_says_what_is_due_first() -> None:
    listed = digest(a_ticket(), a_ticket(43), clocks={42: CLOCKS}).text
    assert "   *primeira resposta atrasada há 3 h úteis*\n\n#43" in listed
    assert listed.count("resposta atrasada") == 1


def test_a_line_of_a_list_in_html_marks_what_is_late() -> None:
    listed = digest(a_ticket(), clocks={42: CLOCKS[:2]}, locale="en").html
    assert '<b class="late" style="font-size: 14px; color: #c5221f">first answer late by 3 working hours</b>' in listed


def test_every_clock_that_there_is_has_a_label() -> None:
    assert set(get_args(ClockName)) == set(CLOCK_LABELS["pt_BR"])
