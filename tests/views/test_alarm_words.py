"""Open alarms at a glance: in the words of their mail, and no trouble twice."""

from dataclasses import replace
from datetime import date

import pytest

from mailtickets.desk.notices.alarms import ALARMS, AlarmKind
from mailtickets.store.read.figures import Waiting
from mailtickets.store.read.status import DeskStatus, Sounding
from mailtickets.views import wording
from mailtickets.views.needs import needs_of
from tests.views.status_scenes import LOCALES, ago, well


def with_alarms(*keys: str, locale: str = "en") -> DeskStatus:
    return replace(well(locale), alarms=[Sounding(key, "The disk is full.", ago(hours=2)) for key in keys])


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("kind", [row for row in ALARMS.values() if row.passes], ids=lambda row: row.keys)
def test_an_alarm_says_what_is_wrong_and_what_to_do_as_its_mail_does(kind: AlarmKind, locale: str) -> None:
    key = kind.keys.split(", ")[0].replace("ACCOUNT", "suporte")
    status = with_alarms(key, locale=locale)
    (need,) = needs_of(status)
    what, why, then = wording.said(need, status, locale)
    assert f"{kind.title[locale]} ({key})" in what
    assert "The disk is full." in why
    assert then == kind.advice[locale]


def test_an_alarm_of_no_known_kind_has_a_next_step_too() -> None:
    status = with_alarms("of-a-newer-version")
    (need,) = needs_of(status)
    what, _, then = wording.said(need, status, "en")
    assert (what, "mailtickets check" in then) == ("Alarm: of-a-newer-version", True)


def test_what_the_figures_say_is_not_said_twice() -> None:
    status = with_alarms("imap-suporte", "imap-suporte-move", "mail-unprocessed", "delivery-late", "disk-low")
    assert [need.code for need in needs_of(status)] == ["alarm"] * 5
    status = replace(
        status,
        accounts=[replace(status.accounts[0], failing_since=ago(hours=1), error="no route")],
        machine=replace(status.machine, is_short=True),
        undecided=Waiting(3, ago(hours=1)),
        outbox={**status.outbox, "deferred": Waiting(3, ago(hours=2))},
    )
    found = needs_of(status)
    assert [need.given["key"] for need in found if need.code == "alarm"] == ["imap-suporte-move"]
    assert {need.code for need in found} == {"disk-short", "mailbox-fails", "backlog", "outgoing-late", "alarm"}


def test_a_secret_that_ends_is_a_task_and_no_fault() -> None:
    status = with_alarms("oauth-microsoft-expires", "oauth-microsoft-ends")
    status = replace(status, outline=replace(status.outline, secrets={"microsoft": date(2026, 12, 9)}))
    assert [(need.code, need.level) for need in needs_of(status)] == [("secret-ends", "task")]
