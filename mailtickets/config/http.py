"""What is wrong and what is risky in the table `[http]`.

Looks whether the packages of the extra `http` are installed; imports none of them.
"""

from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING

from mailtickets.config.values import is_loopback

if TYPE_CHECKING:
    from mailtickets.config.models import Config

_PRIVATE = (
    "listen on 127.0.0.1 or on a unix socket, behind a proxy that asks for a password, or let only your monitoring "
    "through the firewall"
)

EXTRA = ("starlette", "uvicorn", "h11", "prometheus_client")
"""The packages that the extra `http` brings."""


def problems(config: "Config", secrets: bool) -> Iterator[tuple[str, str]]:
    """(key path, what is wrong). The packages are looked for where the daemon is to run: with `secrets`."""
    if config.http is None:
        return
    missing = [name for name in EXTRA if find_spec(name) is None] if secrets else []
    if missing:
        yield "http", f"needs packages that are not installed ({', '.join(missing)}): pip install mailtickets[http]"
    for entry, count in Counter(config.http.listen).items():
        if count > 1 and not entry.endswith(":0"):
            yield f"http.listen.{config.http.listen.index(entry)}", f"{entry} is listed {count} times"


def warnings(config: "Config") -> Iterator[tuple[str, str, str]]:
    """(key path, what may be unwanted, what to do about it)."""
    if config.http is None:
        return
    for number, entry in enumerate(config.http.listen):
        if not is_private(entry):
            public = f"{entry} can be reached from other machines, and no password is asked for"
            yield f"http.listen.{number}", public, _PRIVATE
    if config.http.api:
        yield "http.api", "is reserved: this version serves nothing under /api/", "take the key out"


def is_private(entry: str) -> bool:
    """Whether only this machine can reach a `listen` entry."""
    return entry.startswith("unix:") or is_loopback(entry.rpartition(":")[0])
