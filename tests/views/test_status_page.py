"""The status page as HTML: what it says, to whom it says it, and what it must not hold."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from lxml import html

from mailtickets.desk.figures.report import CustomerComment, OldestTicket
from mailtickets.edges.http.app import policy_for
from mailtickets.store.read.figures import WAITING_OUT
from mailtickets.store.read.health import AccountKind
from mailtickets.store.read.status import DeskStatus, HeldFor, Sounding
from mailtickets.views import chart as chart_module
from mailtickets.views import page as page_module
from mailtickets.views import page_charts as page_charts_module
from mailtickets.views import status as view
from mailtickets.views import wording
from mailtickets.views.chart import top_of
from mailtickets.views.charts import CHARTS, title
from mailtickets.views.needs import Need, NeedCode, needs_of
from mailtickets.views.page import SHOWN, page, page_without
from mailtickets.views.page_charts import cards
from mailtickets.views.page_words import WORDS
from tests.views.report_scenes import REPORTS, month
from tests.views.status_scenes import IN, LOCALES, NOW, OUT, SCENES, ago, trouble, waits, well

EACH = pytest.mark.parametrize(("scene", "locale"), [(scene, locale) for scene in SCENES for locale in LOCALES])


def read(text: str) -> Any:
    return html.document_fromstring(text)


def words(text: str) -> str:
    return " ".join(" ".join(read(text).xpath("//body//text()")).split())


@EACH
def test_the_page_needs_nothing_but_itself(scene: str, locale: str) -> None:
    text = page(SCENES[scene](locale))
    tree = read(text)
    assert not tree.xpath("//script | //iframe | //img | //form | //a | //*[@style] | //@*[starts-with(name(), 'on')]")
    assert [link.get("href")[:5] for link in tree.xpath("//link")] == ["data:"]
    assert "url(" not in text
    assert "@import" not in text
    assert policy_for(text).count("sha256-") == len(tree.xpath("//style")) == 1
    assert tree.xpath("//meta[@http-equiv='refresh']/@content") == ["60"]


@EACH
def test_the_page_is_in_order_for_those_who_do_not_see_it(scene: str, locale: str) -> None:
    tree = read(page(SCENES[scene](locale)))
    assert tree.get("lang") == WORDS[locale]["lang"]
    assert len(tree.xpath("//h1")) == len(tree.xpath("//main")) == 1
    ids = tree.xpath("//@id")
    assert len(ids) == len(set(ids))
    [chart] = tree.xpath("//*[@role='img']")
    assert set(chart.get("aria-labelledby").split()) <= set(ids)
    assert chart.xpath("*[local-name()='title']")[0].text
    [table] = tree.xpath("//details/table[caption]")
    assert len(table.xpath("tbody/tr")) == 24
    assert all(cell.get("scope") for cell in tree.xpath("//th"))


@EACH
def test_no_label_is_missing_or_left_unfilled(scene: str, locale: str) -> None:
    text = words(page(SCENES[scene](locale)))
    assert "{" not in text
    assert "None" not in text
    assert "`" not in text


@pytest.mark.parametrize("locale", LOCALES)
def test_all_is_well_is_said_big(locale: str) -> None:
    tree = read(page(well(locale)))
    assert tree.xpath("//h1/text()") == [wording.VERDICTS[locale]["well"]]
    assert tree.xpath("//body/@class") == ["well"]
    assert not tree.xpath("//ol[@class='needs']")


def test_what_is_wrong_stands_before_what_waits_each_with_the_next_step() -> None:
    tree = read(page(trouble("en")))
    assert tree.xpath("//body/@class") == ["fault"]
    levels = tree.xpath("//ol[@class='needs']/li/@class")
    assert levels == sorted(levels, key=lambda level: level != "fault")
    assert {"fault", "task"} == set(levels)
    for item in tree.xpath("//ol[@class='needs']/li"):
        assert item.xpath("p[@class='next']")[0].text_content().startswith("Next step: ")


def test_held_mail_alone_is_no_fault() -> None:
    tree = read(page(waits("pt_BR")))
    assert tree.xpath("//body/@class") == ["task"]
    assert "em nome de um atendente, sem o endereço de resposta dele" in words(page(waits("pt_BR")))


def test_the_numbers_of_the_picture_are_those_of_the_table() -> None:
    tree = read(page(well("en")))
    rows = [
        [cell.text_content() for cell in row.xpath("td")] for row in tree.xpath("//details/table[caption]/tbody/tr")
    ]
    assert rows == [[str(came), str(went)] for came, went in zip(reversed(IN), reversed(OUT), strict=True)]
    bars = tree.xpath("//*[@class='chart']//*[local-name()='rect' and @class='in']/@height")
    assert len(bars) == sum(count > 0 for count in IN)
    assert int(bars[-1]) * max(IN) == pytest.approx(int(max(bars, key=int)) * IN[-1], rel=0.1)


def test_names_cannot_write_html() -> None:
    status = well("en")
    evil = '<script>alert("x")</script>&'
    named = replace(
        status,
        outline=replace(status.outline, name=evil),
        agents=[replace(status.agents[0], name=evil)],
        queues=[replace(status.queues[0], title=evil)],
        held=[HeldFor(evil, 1, NOW)],
        accounts=[replace(status.accounts[0], name=evil, error=evil, failing_since=NOW)],
    )
    tree = read(page(named))
    assert not tree.xpath("//script")
    assert evil in tree.text_content()
    assert not read(page_without(evil, "en", evil)).xpath("//script")


def test_many_queues_and_agents_unfold() -> None:
    status = well("en")
    many = replace(status, agents=status.agents * 20, queues=status.queues * 20)
    tree = read(page(many))
    assert "and 68 more" in tree.text_content()
    assert "and 48 more" in tree.text_content()
    [team] = [card for card in tree.xpath("//section") if card.xpath("h2/text()") == ["Team"]]
    assert len(team.xpath("ul/li")) == SHOWN
    assert len(team.xpath(".//li")) == 80


@pytest.mark.parametrize("locale", LOCALES)
def test_the_page_is_there_when_the_database_is_not(locale: str) -> None:
    text = page_without("Suporte", locale, "connection refused")
    tree = read(text)
    assert tree.xpath("//h1/text()") == [WORDS[locale]["away"]]
    assert "connection refused" in tree.text_content()
    assert tree.xpath("//meta[@http-equiv='refresh']")


def test_every_locale_says_the_same_things() -> None:
    for by_locale in (WORDS, wording.NEEDS, wording.HELD, wording.VERDICTS):
        keys = {locale: set(table) for locale, table in by_locale.items()}  # type: ignore[attr-defined]
        assert set(keys) == set(LOCALES)
        assert keys["pt_BR"] == keys["en"] == keys["es"]
    assert set(wording.NEEDS["en"]) == set(get_args(NeedCode))


def test_every_label_is_used() -> None:
    source = "".join(
        Path(module.__file__ or "").read_text(encoding="utf-8")
        for module in (page_module, chart_module, page_charts_module)
    )
    by_value = {*WAITING_OUT, *get_args(AccountKind)}
    assert [key for key in WORDS["en"] if not re.search(f"[\"']{key}[\"']", source) and key not in by_value] == []


GIVEN = {
    "doors": "smtp", "free": 1_000_000, "key": "delivery-late", "text": "late", "count": 2, "replies": "451",
    "name": "a", "error": "no", "ends": NOW, "day": NOW, "queue": "Suporte", "number": 7, "since": ago(hours=2),
}  # fmt: skip


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("code", get_args(NeedCode))
@pytest.mark.parametrize("count", [1, 2])
def test_every_trouble_has_words_with_a_next_step(code: NeedCode, locale: str, count: int) -> None:
    said = wording.said(Need(code, "fault", {**GIVEN, "count": count}), well(locale), locale)
    for sentence in said:
        assert sentence.strip()
        assert "{" not in sentence
        assert sentence.count("`") % 2 == 0


def test_reasons_for_spam_and_malware_are_said_alike() -> None:
    assert wording.held_for("rspamd-add-header", "en") == wording.held_for("spam-header", "en") == "spam"
    assert wording.held_for("clamav-found", "pt_BR") == wording.held_for("rspamd-virus", "pt_BR") == "vírus"
    assert wording.held_for("something-new", "en") == "something-new"


# --- charts ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", REPORTS)
def test_a_page_with_charts_needs_nothing_but_itself(name: str, locale: str) -> None:
    text = page(well(locale), cards(REPORTS[name](), locale))
    tree = read(text)
    assert not tree.xpath("//script | //iframe | //img | //a | //*[@style] | //@*[starts-with(name(), 'on')]")
    assert policy_for(text).count("sha256-") == len(tree.xpath("//style")) == 1
    ids = tree.xpath("//@id")
    assert len(ids) == len(set(ids))
    for chart in tree.xpath("//*[@role='img']"):
        assert set(chart.get("aria-labelledby").split()) <= set(ids)
    assert "{" not in words(text)


def test_charts_stand_below_the_rest_with_their_period_and_what_changed() -> None:
    tree = read(page(well("en"), cards(month(), "en")))
    [part] = tree.xpath("//h2[@class='part']")
    assert part.text == "The last 30 days"
    [grid] = part.xpath("following-sibling::*")
    said, *charts = grid.xpath("section")
    assert said.text_content().startswith("November 1 to 30, 2026454 tickets, 14% more than the 30 days before.")
    assert "485 opened = 454 counted + 19 merged + 12 spam" in said.text_content()
    assert [one.xpath("h2")[0].text for one in charts] == [title(month(), which, "en") for which in CHARTS]
    assert all(len(one.xpath("*[local-name()='svg']")) == 1 for one in charts)


def test_charts_tell_no_word_of_a_customer() -> None:
    comment = CustomerComment(12, 1, "A password is hunter2", "Maria Souza", "open", answered_again=False)
    told = replace(month(), comments=(comment,), oldest=(OldestTicket(12, "hunter2", "suporte", None, timedelta(9)),))
    assert cards(told, "en") == cards(month(), "en")


def test_figures_that_are_not_complete_say_until_when() -> None:
    assert "2026-11-29T08:00" in cards(replace(month(), complete_until="2026-11-29T08:00"), "en")


def test_a_desk_in_which_nothing_has_happened_has_no_charts() -> None:
    assert cards(REPORTS["empty"](), "en") == ""


# --- what needs a person --------------------------------------------------------------------------------


def codes(status: DeskStatus) -> list[str]:
    return [found.code for found in needs_of(status)]


def with_account(**values: Any) -> DeskStatus:
    status = well("en")
    return replace(status, accounts=[replace(status.accounts[0], **values)])


@pytest.mark.parametrize(
    ("status", "found"),
    [
        (well("en"), []),
        (replace(well("en"), machine=replace(well().machine, running=False)), ["daemon-stopped"]),
        (replace(well("en"), machine=replace(well().machine, running=None)), []),
        (replace(well("en"), machine=replace(well().machine, is_short=True)), ["disk-short"]),
        (replace(well("en"), machine=replace(well().machine, missing_doors=("smtp",))), ["door-closed"]),
        (replace(well("en"), machine=replace(well().machine, reload_refused=True)), ["reload-refused"]),
        (with_account(last_success_at=None), []),
        (with_account(last_success_at=ago(minutes=16)), ["mailbox-silent"]),
        (with_account(kind="smtp", last_success_at=ago(days=16)), []),
        (with_account(failing_since=ago(minutes=1)), ["mailbox-fails"]),
        (with_account(kind="smtp", failing_since=ago(minutes=1)), ["smarthost-fails"]),
        (with_account(kind="oauth", failing_since=ago(minutes=1)), ["token-fails"]),
        (with_account(kind="oauth", expires_at=ago(minutes=-4)), ["token-ends"]),
        (with_account(kind="oauth", expires_at=ago(minutes=-6)), []),
    ],
)
def test_what_needs_a_person(status: DeskStatus, found: list[str]) -> None:
    assert codes(status) == found
    assert view.state_of(status) == ("fault" if found else "well")


def with_alarm(status: DeskStatus, key: str) -> DeskStatus:
    return replace(status, alarms=[Sounding(key, "why", ago(hours=1))])


@pytest.mark.parametrize("key", ["reconcile", "workers-die", "scanner-unavailable", "something-new", "imap-vendas"])
def test_an_open_alarm_needs_a_person(key: str) -> None:
    assert codes(with_alarm(well("en"), key)) == ["alarm"]


def test_an_alarm_with_which_the_desk_goes_on_is_a_task() -> None:
    assert view.state_of(with_alarm(well("en"), "automatic-mail-stopped")) == "task"


def test_an_alarm_is_said_in_the_words_that_ops_are_written() -> None:
    [need] = needs_of(with_alarm(well("es"), "reconcile"))
    what, why, then = wording.said(need, well("es"), "es")
    assert what == "Alarma: el registro de los correos recibidos no cuadra (reconcile)"
    assert why == "Desde 13:32 (hace 1 h): why"
    assert then.startswith("Ejecute `mailtickets inbound reconcile --mailboxes`")


@pytest.mark.parametrize(
    ("status", "key"),
    [
        (with_account(failing_since=ago(minutes=9)), "imap-suporte"),
        (with_account(failing_since=ago(minutes=9)), "imap-suporte-INBOX"),
        (with_account(kind="oauth", name="microsoft", failing_since=ago(minutes=9)), "oauth-microsoft"),
        (replace(trouble("en"), alarms=[]), "delivery-late"),
    ],
)
def test_a_trouble_and_its_alarm_are_shown_once(status: DeskStatus, key: str) -> None:
    assert codes(with_alarm(status, key)) == codes(status)


def test_a_token_that_a_mail_server_refuses_is_no_reason_to_log_in_again() -> None:
    status = with_account(kind="oauth", name="microsoft", failing_since=ago(minutes=9), error="refused")
    [need] = needs_of(with_alarm(status, "oauth-microsoft-refused"))
    _, _, then = wording.said(need, status, "en")
    assert "oauth login" not in then
    assert "`mailtickets check` says what the server answers" in then
    assert codes(with_alarm(status, "oauth-google-refused")) == ["token-fails", "alarm"]


def test_the_alarm_of_another_account_is_not_hidden() -> None:
    assert codes(with_alarm(with_account(failing_since=ago(minutes=9)), "imap-suporte2")) == ["mailbox-fails", "alarm"]


@pytest.mark.parametrize(
    ("days", "code"), [(31, None), (30, "secret-ends"), (1, "secret-ends"), (0, "secret-ended"), (-1, "secret-ended")]
)
def test_a_secret_is_told_thirty_days_before_its_end(days: int, code: str | None) -> None:
    status = well("en")
    ends = (NOW + timedelta(days=days)).date()
    status = replace(status, outline=replace(status.outline, secrets={"microsoft": ends}))
    assert codes(status) == ([code] if code else [])


def test_the_lines_for_the_terminal_name_what_why_and_next() -> None:
    said = "\n".join(view.lines(trouble("pt_BR")))  # the terminal speaks English
    assert "!! The mailbox suporte cannot be read." in said
    assert "SELECT INBOX: User is authenticated but not connected." in said
    assert re.search(r"next: `mailtickets check`", said)
    assert re.search(r"^in +122 in 24 hours  [ ▁▂▃▄▅▆▇█]{24}$", said, re.MULTILINE)
    assert "deferred      37 since 11:12 AM (3 h ago)" in said


@pytest.mark.parametrize(
    ("most", "top"), [(0, 5), (5, 5), (6, 10), (11, 20), (21, 50), (51, 100), (999, 1000), (1001, 2000)]
)
def test_the_scale_ends_at_a_round_number(most: int, top: int) -> None:
    assert top_of(most) == top
