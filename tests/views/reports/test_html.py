"""A report as HTML: what a browser and a mail program get, and how it looks on a phone."""

import json
import re
from datetime import timedelta
from html import escape, unescape
from pathlib import Path
from typing import Any

import pytest
from lxml import html as lxml_html

from mailtickets.desk.figures.report import CustomerComment, OldestTicket, ReportRow, Satisfaction
from mailtickets.views.reports.html import fragment, image, page, worth_showing
from tests.desk.figures.made_up import a_week, figures, report
from tests.servers import chromium

LOCALES = ("pt_BR", "en", "es")


@pytest.mark.parametrize("locale", LOCALES)
def test_tables_have_heads_that_say_what_they_are_heads_of(locale: str) -> None:
    tables = lxml_html.fromstring(page(a_week(), locale)).xpath("//table[not(@role)]")
    assert len(tables) == 6
    for one in tables:
        assert one.xpath("caption/text()")
        columns = one.xpath("thead/tr/th[@scope='col']")
        for row in one.xpath("tbody/tr"):
            assert len(row.xpath("th[@scope='row']")) == 1
            assert len(row.xpath("td")) == len(columns) - 1


def test_bars_are_cells_and_are_not_read_out() -> None:
    document = lxml_html.fromstring(page(a_week(), "en"))
    bars = document.xpath("//table[@role='presentation']")
    assert {bar.get("aria-hidden") for bar in bars} == {"true"}
    assert [int(bar.xpath("tr/td/@width")[0]) for bar in bars[:2]] == [110, 40]


def test_nothing_comes_from_elsewhere_and_nothing_runs() -> None:
    made = page(a_week(), "pt_BR", desk='A & B "Ltda"')
    assert not re.search(r"<script|<link|<iframe|src=|href=|@import|url\(|\son\w+=", made)
    assert made.count("<svg") == 5
    assert "<title>Relatório semana · A &amp; B &quot;Ltda&quot;, 23 a 29 de novembro de 2026</title>" in made


def test_what_strangers_wrote_is_text() -> None:
    """A comment, a name, a subject, an address, a tag, the name of a queue and of the desk."""
    evil = "<img src=x onerror=alert(1)>"
    made = page(
        a_week(
            by="tag",
            rows=(ReportRow(evil, figures()),),
            queues=(evil,),
            everything=False,
            name=evil,
            comments=(CustomerComment(1, 1, evil, evil, evil, False),),
            oldest=(OldestTicket(1, evil, evil, evil, timedelta(hours=1)),),
        ),
        "en",
        desk=evil,
        made=evil,
    )
    assert "<img" not in made
    assert made.count("&lt;img src=x onerror=alert(1)&gt;") == 14


def test_a_page_is_its_fragment_in_a_frame() -> None:
    """A mail and a file say the same. A mail has pictures, and a page has drawings in the same place."""
    before, after = fragment(a_week(), "es", [image("cid:volume", "Tickets by day: 132 opened")]).split("<img")
    made = page(a_week(), "es")
    assert before.removesuffix('<div class="picture" style="margin: 24px 0 0">') in made
    assert after.partition("</div>")[2] in made
    assert after.startswith(' src="cid:volume" alt="Tickets by day: 132 opened"')


def test_the_sentence_stands_before_the_tables_and_the_pictures_behind_them() -> None:
    inner = fragment(a_week(), "en", ["<svg></svg>"])
    places = [inner.index(what) for what in ("18% more", "132 opened =", "<table", "<svg>", "What customers wrote")]
    assert places == sorted(places)


def test_a_mail_names_no_colour_of_text_or_ground() -> None:
    """So it is dark where its mail program is."""
    inner = fragment(a_week(), "en")
    assert not re.search(r"[^-]color:", inner)
    assert set(re.findall(r"background: (#\w+)", inner)) == {"#4a7fd6"}


def test_a_chart_is_shown_where_it_says_more_than_a_number() -> None:
    assert worth_showing(a_week()) == ["volume", "backlog", "answer-time", "satisfaction", "hours"]
    assert worth_showing(a_week(days=a_week().days[:1], hours={})) == []
    rated = figures(satisfaction=Satisfaction())
    assert "satisfaction" not in worth_showing(report(rated, days=a_week().days))


FRAME = """<!doctype html><meta name="color-scheme" content="light dark"><title></title>
<iframe width="{width}" height="900" style="border: 0" srcdoc="{page}" onload='
  const inner = this.contentWindow, wide = [...inner.document.querySelectorAll("body *")]
    .filter((one) => !one.closest("svg") && one.getBoundingClientRect().right > inner.innerWidth + 0.5);
  document.title = JSON.stringify({{
    width: inner.innerWidth, wide: wide.map((one) => one.tagName),
    ground: inner.getComputedStyle(inner.document.body).backgroundColor,
  }});
'></iframe>
"""


LONG = ReportRow("maria-aparecida.dos-santos-figueiredo@escritorio-de-contabilidade.test", figures())


def measured(locale: str, place: Path, *, width: int, dark: bool = False) -> dict[str, Any]:
    written = place / f"{locale}.html"
    made = page(a_week(by="agent", rows=(LONG,)), locale)
    written.write_text(FRAME.format(width=width, page=escape(made)), encoding="utf-8")
    dump = chromium.dom(written, width=width + 100, height=1000, dark=dark, place=place)
    found = re.search(r"<title>(\{.*?\})</title>", dump)
    assert found, dump[:500]
    said: dict[str, Any] = json.loads(unescape(found[1]))
    return said


@pytest.mark.parametrize("locale", LOCALES)
def test_nothing_is_wider_than_a_phone(locale: str, tmp_path: Path) -> None:
    said = measured(locale, tmp_path, width=390)
    assert (said["width"], said["wide"]) == (390, [])


def test_it_is_dark_where_that_is_wanted(tmp_path: Path) -> None:
    grounds = [measured("en", tmp_path, width=800, dark=dark)["ground"] for dark in (False, True)]
    assert grounds == ["rgb(255, 255, 255)", "rgb(15, 18, 22)"]
