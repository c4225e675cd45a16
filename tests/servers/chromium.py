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


def picture(page: Path, out: Path, *, width: int, height: int, place: Path, dark: bool = False) -> None:
    """A PNG of the page in a window of this size. `place` is a folder for Chromium's own files."""
    run(f"--screenshot={out}", *_window(width, height, dark), f"file://{page}", place=place)


def dom(page: Path, *, width: int, height: int, place: Path, dark: bool = False) -> str:
    """The page as it is after it was shown in a window of this size."""
    return run("--dump-dom", *_window(width, height, dark), f"file://{page}", place=place)


def _window(width: int, height: int, dark: bool) -> tuple[str, ...]:
    dressed = ("--blink-settings=preferredColorScheme=0",) if dark else ()
    return (f"--window-size={width},{height}", "--force-device-scale-factor=1", *dressed)
