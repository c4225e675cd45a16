"""Where things lie: the configuration file, the state directory, the database, sockets, and the shipped files.

Fails with: `ConfigError` when there is no configuration file. Imports nothing heavy, because quick commands use it.
"""

import os
from collections.abc import Sequence
from pathlib import Path

SEARCHED = (Path("/etc/mailtickets/config.toml"), Path("config.toml"))


class ConfigError(Exception):
    """The problems of a configuration: (key path, what was expected), in the order of the sections in the file."""

    def __init__(self, file: Path | None, problems: Sequence[tuple[str, str]]) -> None:
        self.file, self.problems = file, tuple(problems)
        super().__init__("\n".join(f"{key}: {problem}" if key else problem for key, problem in problems))


def locate(option: str | None) -> Path:
    """Finds the configuration file: that of the option, $MAILTICKETS_CONFIG, /etc, or the working directory."""
    named = option or os.environ.get("MAILTICKETS_CONFIG")
    if named:
        return Path(named).absolute()
    for candidate in SEARCHED:
        if candidate.exists():
            return candidate.absolute()
    looked = ", ".join(str(path) for path in SEARCHED)
    raise ConfigError(None, [("", f"no configuration file: looked for {looked}; `mailtickets init` writes one")])


def state_dir(file: Path, value: str) -> Path:
    """The directory where the instance keeps its state. systemd's $STATE_DIRECTORY has priority over the file."""
    directory = os.environ.get("STATE_DIRECTORY", "").split(":")[0]
    return Path(directory) if directory else (file.parent / value).absolute()


def database_url(state_dir: Path, url: str) -> str:
    """The URL for SQLAlchemy: SQLite with an absolute path, PostgreSQL with the psycopg driver."""
    scheme, _, rest = url.partition("://")
    if scheme.startswith("sqlite"):
        return f"sqlite:///{state_dir / rest.removeprefix('/')}" if rest else "sqlite://"
    return f"postgresql+psycopg://{rest}"


def database_is_missing(url: str) -> bool:
    """Whether the file of a SQLAlchemy URL does not exist yet. A database server is never reported as missing here."""
    return url.startswith("sqlite") and not Path(url.removeprefix("sqlite:///")).exists()


def absolute_listen(directory: Path, entry: str) -> str:
    """A `listen` entry with its unix path made absolute."""
    return f"unix:{directory / entry.removeprefix('unix:')}" if entry.startswith("unix:") else entry


def shipped(name: str) -> Path:
    """A file or folder that comes with the program. It is beside the package in a wheel, and above it in a checkout."""
    here = Path(__file__).parent.parent
    return here / name if (here / name).exists() else here.parent / name


def template_texts(directory: Path) -> dict[str, str]:
    """The text of every template file below a directory: `pt_BR/received.txt` -> its text."""
    files = sorted(path for path in directory.rglob("*") if path.suffix in {".txt", ".html"} and path.is_file())
    return {str(path.relative_to(directory)): path.read_text(encoding="utf-8") for path in files}
