"""Pictures of the status page and of charts to look at: `make pictures` writes them to build/pictures, and those of the
documentation anew: docs/status.png, docs/report.png, docs/chart-volume.png and docs/chart-answer-time.png."""

import sys
import tempfile
from pathlib import Path

from mailtickets.gateway.charts import NoPictures, png
from mailtickets.views.charts import CHARTS, ChartName, svg
from mailtickets.views.page import page
from mailtickets.views.page_charts import cards
from mailtickets.views.reports.html import page as report_page
from tests.desk.figures.made_up import a_week
from tests.servers.chromium import picture
from tests.views.report_scenes import REPORTS, month
from tests.views.status_scenes import LOCALES, SCENES

ROOT = Path(__file__).parents[2]
SIZES = {"desk": (1280, 1900), "tablet": (820, 2900), "phone": (500, 4600)}
IN_DOCS: tuple[ChartName, ...] = ("volume", "answer-time")


def all_of(folder: Path, profile: Path) -> None:
    """Every scene with every report, wide and narrow, light and dark."""
    folder.mkdir(parents=True, exist_ok=True)
    for place, scene in enumerate(SCENES):
        written = folder / f"{scene}.html"
        locale, report = LOCALES[place % len(LOCALES)], list(REPORTS.values())[place % len(REPORTS)]()
        written.write_text(page(SCENES[scene](locale), cards(report, locale)), encoding="utf-8")
        for size, (width, height) in SIZES.items():
            for dark in (False, True):
                out = folder / f"{scene}-{size}{'-dark' if dark else ''}.png"
                picture(written, out, width=width, height=height, dark=dark, place=profile)


def of_charts(folder: Path) -> None:
    """Every chart of every report, as mail has it."""
    folder.mkdir(parents=True, exist_ok=True)
    for place, (name, report) in enumerate(REPORTS.items()):
        locale = LOCALES[place % len(LOCALES)]
        for which, made in zip(CHARTS, pictures(*(svg(report(), which, locale) for which in CHARTS)), strict=True):
            (folder / f"{name}-{which}.png").write_bytes(made)


def of_the_docs(folder: Path, profile: Path) -> None:
    written = profile / "docs.html"
    written.write_text(page(SCENES["waits"]("pt_BR"), cards(month(), "pt_BR")), encoding="utf-8")
    picture(written, folder / "status.png", width=1220, height=1700, place=profile)
    written.write_text(report_page(a_week(name=""), "en", desk="Example"), encoding="utf-8")
    picture(written, folder / "report.png", width=800, height=1240, place=profile)
    for which, made in zip(IN_DOCS, pictures(*(svg(month(), which, "en") for which in IN_DOCS)), strict=True):
        (folder / f"chart-{which}.png").write_bytes(made)


def pictures(*svgs: str) -> list[bytes]:
    made = png(svgs)
    assert not isinstance(made, NoPictures), made
    return made


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        of_the_docs(ROOT / "docs", Path(temporary))
        if "--docs" not in sys.argv:
            of_charts(ROOT / "build" / "pictures" / "charts")
            all_of(ROOT / "build" / "pictures", Path(temporary))
