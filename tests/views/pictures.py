"""Pictures of the status page to look at: `make pictures` writes them to build/pictures, and docs/status.png anew."""

import sys
import tempfile
from pathlib import Path

from mailtickets.views.page import page
from tests.servers.chromium import picture
from tests.views.status_scenes import LOCALES, SCENES

ROOT = Path(__file__).parents[2]
SIZES = {"desk": (1280, 1400), "tablet": (820, 1800), "phone": (320, 2900)}


def all_of(folder: Path, profile: Path) -> None:
    """Every scene, wide and narrow, light and dark."""
    folder.mkdir(parents=True, exist_ok=True)
    for place, scene in enumerate(SCENES):
        written = folder / f"{scene}.html"
        written.write_text(page(SCENES[scene](LOCALES[place % len(LOCALES)])), encoding="utf-8")
        for size, (width, height) in SIZES.items():
            for dark in (False, True):
                out = folder / f"{scene}-{size}{'-dark' if dark else ''}.png"
                picture(written, out, width=width, height=height, dark=dark, place=profile)


def of_the_docs(out: Path, profile: Path) -> None:
    written = profile / "docs.html"
    written.write_text(page(SCENES["waits"]("pt_BR")), encoding="utf-8")
    picture(written, out, width=1220, height=1055, place=profile)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        of_the_docs(ROOT / "docs" / "status.png", Path(temporary))
        if "--docs" not in sys.argv:
            all_of(ROOT / "build" / "pictures", Path(temporary))
