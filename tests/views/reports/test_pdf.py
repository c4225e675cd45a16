"""A report as PDF: a file that says what it is, with its text, its pictures and its foot."""

import re
import zlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailtickets.config.places import shipped
from mailtickets.desk.figures.report import CustomerComment
from tests.desk.figures.made_up import a_week

pytest.importorskip("fpdf", reason="the extra pdf is not installed")

from mailtickets.views.reports.pdf import document

MADE = datetime(2026, 11, 29, 12, tzinfo=UTC)
FONT = Path(shipped("fonts")) / "DejaVuSans.ttf"


def written(locale: str = "pt_BR", **more: object) -> bytes:
    return document(a_week(**more), locale, [], font=FONT, desk="Exemplo", made=MADE, made_by="Feito hoje")


def test_it_is_a_pdf_with_a_title_and_a_language_and_the_same_each_time() -> None:
    octets = written()
    assert octets.startswith(b"%PDF-")
    assert octets.rstrip().endswith(b"%%EOF")
    assert b"/Lang (pt-BR)" in octets
    assert octets == written()


def test_the_font_is_the_one_that_comes_with_the_program_and_is_in_the_file() -> None:
    octets = written()
    fonts = set(re.findall(rb"/BaseFont /(\S+)", octets))
    assert len(fonts) == 1
    assert b"+DejaVuSans" in next(iter(fonts))
    assert b"/FontFile2" in octets


def test_many_comments_go_on_to_other_pages() -> None:
    comment = CustomerComment(1, 1, "Demorou muito. " * 30, "", "open", False)
    assert written(comments=(comment,) * 40).count(b"/Type /Page\n") > written().count(b"/Type /Page\n") >= 1


def test_signs_that_the_font_does_not_have_break_nothing() -> None:
    comment = CustomerComment(1, 5, "很好 😀 \u202e", "王", "closed", True)
    assert written(comments=(comment,)).startswith(b"%PDF-")


def test_a_picture_is_in_it_with_what_it_says() -> None:
    dot = (
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde"
        b"\0\0\0\x0cIDATx\x9cc\xf8\xcf\xc0\0\0\x03\x01\x01\0\xc9\xfe\x92\xef\0\0\0\0IEND\xaeB`\x82"
    )
    octets = document(a_week(), "en", [(dot, "132 opened")], font=FONT, desk="x", made=MADE, made_by="")
    assert b"/Subtype /Image" in octets
    assert any(b"132 opened" in part or "132 opened".encode("utf-16-be") in part for part in _parts(octets))


def _parts(octets: bytes) -> list[bytes]:
    """The file as it is, and its streams unpacked."""
    found = [octets]
    for packed in re.findall(rb"stream\n(.*?)\nendstream", octets, re.DOTALL):
        try:
            found.append(zlib.decompress(packed))
        except zlib.error:
            continue
    return found
