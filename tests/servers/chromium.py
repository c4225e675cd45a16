"""Pictures of a page by headless Chromium, as a person would see it.

*Fails with* a skip where Chromium is missing, also in CI: the page's HTML is tested without it.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

SECONDS = 120
_QUIET = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-background-networking",
    "--no-first-run", "--disable-sync", "--disable-component-update",
)  # fmt: skip


def program() -> str:
    """The path of Chromium; a skip where there is none."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("chromium is not installed: apt-get install chromium")
    return found


def run(*options: str | Path, place: Path) -> str:
    """What it prints. Nothing is asked of the network."""
    profile = f"--user-data-dir={place / 'profile'}"
    done = subprocess.run(
        [program(), *_QUIET, profile, *map(str, options)], capture_output=True, text=True, timeout=SECONDS, check=True
    )
    return done.stdout


def picture(
    page: Path, out: Path, *, width: int, height: int, dark: bool = False, place: Path, scale: float = 1
) -> None:
    """A PNG of the page in a window of this size."""
    dressed = ("--blink-settings=preferredColorScheme=0",) if dark else ()
    run(f"--screenshot={out}", f"--window-size={width},{height}", f"--force-device-scale-factor={scale}", *dressed,
        f"file://{page}", place=place)  # fmt: skip
