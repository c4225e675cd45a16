"""Charts of reports as SVG: what they show, what they say of it, and that all of it has room."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from lxml import etree
from PIL import ImageFont

from mailtickets.config.places import shipped
from mailtickets.desk.figures.report import Counts, DeskReport, ReportFigures, ReportRow, Times
from mailtickets.views import charts
from mailtickets.views.charts import CHARTS, ChartName, alt, inline, scales, svg
from mailtickets.views.charts.hours import step
from tests.views.report_scenes import REPORTS, month, one_day, tiny, week, year
from tests.views.status_scenes import LOCALES

EACH = pytest.mark.parametrize(("name", "which", "locale"), [
    (name, which, locale) for name in REPORTS for which in CHARTS for locale in LOCALES
])  # fmt: skip
SVG = "{http://www.w3.org/2000/svg}"


def tree(text: str) -> Any:
    return etree.fromstring(text)


def drawn(text: str, paint: str) -> list[Any]:
    return [one for one in tree(text).iter() if one.get("class") == f"c-{paint}"]


def texts(text: str) -> list[str]:
    return [one.text for one in tree(text).iter("{*}text")]


def with_days(report: DeskReport, *figures: ReportFigures) -> DeskReport:
    first = date(2026, 11, 2)
    days = (ReportRow((first + timedelta(days=place)).isoformat(), one) for place, one in enumerate(figures))
    return replace(report, days=tuple(days))


# --- all reports ----------------------------------------------------------------------------------------


@EACH
def test_every_chart_is_a_whole_document_in_its_own_bounds(name: str, which: ChartName, locale: str) -> None:
    for text in (svg(REPORTS[name](), which, locale), inline(REPORTS[name](), which, locale)):
        assert not re.search(r"nan|inf\b|None|\{|<script|<image|href|url\(|style=", text)
        root = tree(text)
        wide, high = (float(size) for size in root.get("viewBox").split()[2:])
        for x, y in points(root):
            assert -0.5 <= x <= wide + 0.5, (which, x)
            assert -0.5 <= y <= high + 0.5, (which, y)


def points(root: Any) -> Iterator[tuple[float, float]]:
    for one in root.iter("{*}rect"):
        x, y, wide, high = (float(one.get(key)) for key in ("x", "y", "width", "height"))
        assert wide > 0
        assert high > 0
        yield from ((x, y), (x + wide, y + high))
    for one in root.iter("{*}circle"):
        yield float(one.get("cx")), float(one.get("cy"))
    for one in root.iter("{*}path"):
        for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", one.get("d")):
            yield float(x), float(y)


@EACH
def test_no_text_leaves_the_picture_or_runs_into_another(name: str, which: ChartName, locale: str) -> None:
    for text in (svg(REPORTS[name](), which, locale), inline(REPORTS[name](), which, locale)):
        root = tree(text)
        wide = float(root.get("viewBox").split()[2])
        boxes = [box(one, float(root.get("font-size"))) for one in root.iter("{*}text")]
        for place, (left, top, right, bottom, words) in enumerate(boxes):
            assert left >= -0.5, words
            assert right <= wide + 0.5, words
            for other in boxes[:place]:
                apart = left >= other[2] or right <= other[0] or top >= other[3] or bottom <= other[1]
                assert apart, (words, other[4])


def box(one: Any, size: float) -> tuple[float, float, float, float, str]:
    """Where a text is: measured with the font itself. Letters are as high as capitals."""
    size = float(one.get("font-size") or size)
    length = FONT.getlength(one.text) * size / 100
    x, y = float(one.get("x")), float(one.get("y"))
    left = {None: x, "middle": x - length / 2, "end": x - length}[one.get("text-anchor")]
    return left, y - size * 0.73, left + length, y, one.text


FONT = ImageFont.truetype(shipped("fonts") / "DejaVuSans.ttf", 100)


@EACH
def test_every_chart_is_said_in_sentences(name: str, which: ChartName, locale: str) -> None:
    said = alt(REPORTS[name](), which, locale)
    assert said.startswith(charts.title(REPORTS[name](), which, locale) + ", ")
    assert said.endswith(".")
    assert not re.search(r"[{}<>]|None|  |\.\.|—", said)
    assert tree(inline(REPORTS[name](), which, locale)).findtext("{*}desc") == said


def test_the_same_report_gives_the_same_chart() -> None:
    assert [svg(month(), which, "en") for which in CHARTS] == [svg(month(), which, "en") for which in CHARTS]


def test_several_charts_of_a_page_have_ids_of_their_own() -> None:
    ids = [one for which in CHARTS for one in re.findall(r'\bid="([^"]+)"', inline(month(), which, "en"))]
    assert len(ids) == len(set(ids)) == 2 * len(CHARTS)


def test_a_picture_has_its_own_light_ground_and_a_part_of_a_page_has_none() -> None:
    for which in CHARTS:
        [ground] = [one for one in drawn(svg(month(), which, "en"), "ground") if one.tag == f"{SVG}rect"]
        assert (ground.get("fill"), ground.get("width")) == ("#ffffff", "440")
        assert drawn(inline(month(), which, "en"), "ground") == []


# --- what is shown --------------------------------------------------------------------------------------


def test_bars_are_as_high_as_their_numbers_up_and_down_on_one_scale() -> None:
    report = with_days(
        month(), *(ReportFigures(Counts(opened=opened, resolved=resolved)) for opened, resolved in ((10, 30), (0, 15)))
    )
    text = svg(report, "volume", "en")
    up, (down, half) = (
        [float(one.get("height")) for one in drawn(text, name) if one.get("rx") != "2" or float(one.get("x")) > 20]
        for name in ("in", "out")
    )
    assert down == pytest.approx(3 * up[0])
    assert half == pytest.approx(down / 2)
    assert len(up) == 1  # none for the day on which none was opened


def test_the_smallest_number_is_seen_beside_the_largest() -> None:
    report = with_days(month(), ReportFigures(Counts(opened=1)), ReportFigures(Counts(opened=1_000_000)))
    bars = [one for one in drawn(svg(report, "volume", "en"), "in") if float(one.get("x")) > 20]
    assert min(float(one.get("height")) for one in bars) >= 1.5


def test_the_backlog_names_its_last_number() -> None:
    report = with_days(month(), *(ReportFigures(Counts(backlog=backlog)) for backlog in (41, 52, 37)))
    [label] = drawn(svg(report, "backlog", "en"), "label")
    assert label.text == "37"


def minutes(median: int, p90: int, *, waits: bool = False) -> ReportFigures:
    return ReportFigures(
        first_answer=Times(9, 3 * waits, timedelta(minutes=median), timedelta(minutes=p90), p90_at_least=waits)
    )


def test_days_without_answers_leave_a_gap() -> None:
    report = with_days(month(), minutes(5, 9), minutes(6, 9), ReportFigures(), minutes(7, 9), minutes(7, 9))
    _, *lines = drawn(svg(report, "answer-time", "en"), "in-line")
    assert [one.get("d").count("L") for one in lines] == [1, 1]


def test_what_is_at_least_so_long_is_hollow_and_explained() -> None:
    known, waits = with_days(month(), minutes(5, 9)), with_days(month(), minutes(5, 9, waits=True))
    text = svg(waits, "answer-time", "en")
    assert len(drawn(text, "hollow")) == 2  # one in the legend
    assert "hollow: at least this, some still wait" in texts(text)
    assert drawn(svg(known, "answer-time", "en"), "hollow") == []


def test_the_two_lines_differ_in_more_than_their_colour() -> None:
    text = svg(month(), "answer-time", "en")
    assert not any(one.get("stroke-dasharray") for one in drawn(text, "in-line"))
    assert all(one.get("stroke-dasharray") for one in drawn(text, "out-line"))
    assert {one.tag for one in drawn(text, "in")} == {f"{SVG}circle"}
    assert {one.tag for one in drawn(text, "out")} == {f"{SVG}rect"}


def test_every_point_of_satisfaction_has_its_interval_and_its_number_of_ratings() -> None:
    text = svg(month(), "satisfaction", "en")
    assert len(drawn(text, "in")) == 1 + 5  # one in the legend; 30 days are two days and four weeks
    assert len(drawn(text, "out-line")) == 1 + 5 * 3
    counts = [int(words) for words in texts(text)[-10:-5]]
    assert sum(counts) == month().total.satisfaction.answered


@pytest.mark.parametrize(
    ("count", "most", "shown"),
    [
        (0, 0, "h0"),
        (0, 9, "h0"),
        (1, 1, "h5"),
        (1, 9, "h1"),
        (5, 9, "h3"),
        (9, 9, "h5"),
        (1, 10**9, "h1"),
        (1, 5, "h1"),
    ],
)
def test_a_cell_is_as_dark_as_its_share_of_the_largest(count: int, most: int, shown: str) -> None:
    assert step(count, most) == shown


def test_hours_are_where_they_belong() -> None:
    text = inline(tiny(), "hours", "en")  # one ticket, Thursday at 23
    [cell] = [one for one in drawn(text, "h5") if float(one.get("y")) < 170]
    others = [one for one in drawn(text, "h0") if float(one.get("y")) < 170]
    assert len(others) == 7 * 24 - 1
    assert float(cell.get("x")) == max(float(one.get("x")) for one in [*others, cell])
    rows = sorted({float(one.get("y")) for one in others})
    assert rows.index(float(cell.get("y"))) == 3


def test_days_of_a_page_say_their_numbers_when_pointed_at() -> None:
    for which in CHARTS:
        hints = [one.text for one in tree(inline(week(), which, "pt_BR")).iterfind(".//{*}g/{*}title")]
        assert len(hints) >= 3, which
    titles = tree(inline(one_day(), "volume", "pt_BR")).iterfind(".//{*}g/{*}title")
    assert [one.text for one in titles] == ["3 de novembro de 2026: 26 abertos e 24 resolvidos"]


# --- scales ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("most", "ticks"),
    [
        (0, [0, 1, 2, 3, 4]), (1, [0, 1, 2, 3, 4]), (5, [0, 2, 4, 6]), (30, [0, 10, 20, 30]),
        (41, [0, 20, 40, 60]), (10**9, [0, 500_000_000, 10**9]),
    ],
)  # fmt: skip
def test_a_scale_of_counts_has_round_whole_numbers(most: int, ticks: list[int]) -> None:
    assert scales.counts(most, 4) == ticks


@pytest.mark.parametrize("most", [0, 1, 3, 4, 7, 99, 101, 12_345, 10**12])
@pytest.mark.parametrize("steps", [3, 4])
def test_a_scale_reaches_the_largest_number(most: int, steps: Any) -> None:
    ticks = scales.counts(most, steps)
    assert ticks[-1] >= most
    assert len(ticks) <= steps + 2
    assert ticks[-2] < max(most, 4)


@pytest.mark.parametrize(
    ("longest", "labels"),
    [
        (timedelta(), "0 · 1 min · 2 min · 3 min · 4 min"),
        (timedelta(seconds=1), "0 · 1 min · 2 min · 3 min · 4 min"),
        (timedelta(minutes=50), "0 · 15 min · 30 min · 45 min · 1 h"),
        (timedelta(hours=9, minutes=1), "0 · 3 h · 6 h · 9 h · 12 h"),
        (timedelta(days=2), "0 · 12 h · 24 h · 36 h · 2 dias"),
        (timedelta(days=30), "0 · 10 dias · 20 dias · 30 dias"),
        (timedelta(days=4000), "0 · 1000 dias · 2000 dias · 3000 dias · 4000 dias"),
    ],
)
def test_a_scale_of_times_has_the_units_of_the_clock(longest: timedelta, labels: str) -> None:
    assert " · ".join(scales.short_time(tick, "pt_BR") for tick in scales.times(longest)) == labels


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0|0|0"), (950, "950|950|950"), (9_400, "9.400|9,400|9400"), (12_000, "12 mil|12k|12 mil"),
        (150_000, "150 mil|150k|150 mil"), (1_500_000, "1,5 mi|1.5M|1,5 M"), (20_000_000, "20 mi|20M|20 M"),
        (3_000_000_000, "3 bi|3B|3000 M"),
    ],
)  # fmt: skip
def test_large_numbers_are_short(number: int, shown: str) -> None:
    said = "|".join(scales.short_count(number, locale) for locale in ("pt_BR", "en", "es"))
    assert said.replace("\u00a0", " ") == shown


def test_texts_are_not_taken_for_narrower_than_they_are() -> None:
    for locale in LOCALES:
        for report in (month(), year()):
            for words in {words for which in CHARTS for words in texts(svg(report, which, locale))}:
                assert scales.width(words, 100) >= FONT.getlength(words) * 0.98, words


# --- what is said ---------------------------------------------------------------------------------------

SAID = {
    ("month", "pt_BR"): """
        Chamados abertos e resolvidos, por dia, 1º a 30 de novembro de 2026: 485 abertos e 485 resolvidos. O maior
        número de abertos foi 26, em 2 de novembro de 2026.
        Chamados em aberto no fim de cada dia, 1º a 30 de novembro de 2026: 43 chamados no fim do primeiro dia, 41
        chamados no fim do último. O maior número foi 51, em 3 de novembro de 2026.
        Tempo até a primeira resposta, por dia, 1º a 30 de novembro de 2026: em 485 chamados, metade teve resposta em
        até 1 h 55 min e 9 em cada 10 em até 5 h 47 min; 3 ainda esperam. A mediana mais alta foi 2 h 47 min, em 4 de
        novembro de 2026.
        Satisfação dos clientes, por semana, 1º a 30 de novembro de 2026: 91 % de notas 4 e 5, em 33 notas (intervalo
        de 95 %: de 76 % a 97 %). A taxa de resposta foi de 25 % (33 de 132).
        Chamados abertos, por dia da semana e hora, 1º a 30 de novembro de 2026: mais chamados chegaram na terça-feira
        entre 10h e 11h: 16 chamados. O dia da semana com mais chamados foi terça-feira, com 107.
    """,
    ("year", "en"): """
        Tickets opened and resolved, by week, January 1 to December 31, 2024: 5,856 opened and 6,273 resolved. The most
        opened were 156, in the week of April 29, 2024.
        Unfinished tickets at the end of each week, January 1 to December 31, 2024: 60 tickets at the end of the first
        week, 88 tickets at the end of the last. The most were 100, in the week of March 4, 2024.
        Time to the first answer, by week, January 1 to December 31, 2024: of 5,856 tickets, half were answered within
        1 h 57 min and 9 in 10 within 5 h 51 min; 12 still wait. The highest median was 2 h 49 min, in the week of
        January 22, 2024.
        Customer satisfaction, by month, January 1 to December 31, 2024: 88% were 4 or 5, of 422 ratings (95% interval:
        84% to 91%). The answer rate was 25% (422 of 1,688).
        Tickets opened, by weekday and hour, January 1 to December 31, 2024: most tickets came on Tuesday between 10 AM
        and 11 AM: 193 tickets. The weekday with the most tickets was Tuesday, with 1,280.
    """,
    ("empty", "es"): """
        Solicitudes abiertas y resueltas, por día, 1 a 30 de noviembre de 2026: ninguna solicitud en este período.
        Solicitudes pendientes al final de cada día, 1 a 30 de noviembre de 2026: nada pendiente en este período.
        Tiempo hasta la primera respuesta, por día, 1 a 30 de noviembre de 2026: ninguna primera respuesta en este
        período.
        Satisfacción de los clientes, por semana, 1 a 30 de noviembre de 2026: ninguna nota en este período.
        Solicitudes abiertas, por día de la semana y hora, 1 a 30 de noviembre de 2026: ninguna solicitud en este
        período.
    """,
    ("one_day", "es"): """
        Solicitudes abiertas y resueltas, por día, 3 de noviembre de 2026: 26 abiertas y 24 resueltas.
        Solicitudes pendientes al final de cada día, 3 de noviembre de 2026: 43 solicitudes.
        Tiempo hasta la primera respuesta, por día, 3 de noviembre de 2026: en 26 solicitudes, la mitad tuvo respuesta
        en 1 h 15 min o menos y 9 de cada 10 en 3 h 45 min o menos.
        Satisfacción de los clientes, por día, 3 de noviembre de 2026: 100 % de notas 4 y 5, en 1 nota (intervalo del
        95 %: de 21 % a 100 %). La tasa de respuesta fue del 25 % (1 de 4).
        Solicitudes abiertas, por día de la semana y hora, 3 de noviembre de 2026: llegaron más solicitudes el martes
        entre las 9:00 y las 10:00: 4 solicitudes. El día de la semana con más solicitudes fue el martes, con 5.
    """,
}


@pytest.mark.parametrize(("name", "locale"), SAID)
def test_charts_in_sentences(name: str, locale: str) -> None:
    said = " ".join(alt(REPORTS[name](), which, locale) for which in CHARTS)
    assert said.replace("\u00a0", " ") == " ".join(SAID[name, locale].split())


def test_what_is_only_at_least_known_is_said_so() -> None:
    waiting = Times(9, 5, timedelta(hours=2), timedelta(hours=9), median_at_least=True, p90_at_least=True)
    report = replace(tiny(), total=replace(tiny().total, first_answer=waiting))
    assert "metade esperou 2 h ou mais e 1 em cada 10 esperou 9 h ou mais; 5 ainda esperam" in alt(
        report, "answer-time", "pt_BR"
    )
