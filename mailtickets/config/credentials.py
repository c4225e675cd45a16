"""Where secrets come from: systemd's credentials directory, files, the environment."""

from pathlib import Path

from mailtickets.config.values import credential


def read_secret(path: Path) -> str:
    """A secret from systemd's credentials directory, if it has one of that name, else from the file."""
    return credential(path).read_text(encoding="utf-8").rstrip("\r\n")
