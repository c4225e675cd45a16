"""Where things lie: the state directory, sockets, and the files that come with the program."""

import os
from pathlib import Path


def state_dir(file: Path, value: str) -> Path:
    """Where the instance keeps its state; systemd's $STATE_DIRECTORY wins over the file."""
    given = os.environ.get("STATE_DIRECTORY", "").split(":")[0]
    return Path(given) if given else (file.parent / value).absolute()


def absolute_listen(directory: Path, entry: str) -> str:
    """A listen entry with its unix path made absolute."""
    return f"unix:{directory / entry.removeprefix('unix:')}" if entry.startswith("unix:") else entry


def shipped(name: str) -> Path:
    """A file or folder that comes with the program: beside the package in a wheel, above it in a checkout."""
    here = Path(__file__).parent.parent
    return here / name if (here / name).exists() else here.parent / name


def template_texts(directory: Path) -> dict[str, str]:
    """All template files below a directory: `pt_BR/received.txt` -> its text."""
    files = sorted(path for path in directory.rglob("*") if path.suffix in {".txt", ".html"} and path.is_file())
    return {str(path.relative_to(directory)): path.read_text(encoding="utf-8") for path in files}
