"""The files of passwords and keys that the configuration names: whether every user of the machine can read them.

A group may read them, because that is how some systems hand a secret to a service.
"""

import stat
from collections.abc import Iterator
from contextlib import suppress

from mailtickets.cli.check.inquiry import Inquiry
from mailtickets.config.section import Section
from mailtickets.views.check import CheckLine, warning

_NAMES = ("password_file", "key_file", "client_secret_file", "service_account_file")


def lines(inquiry: Inquiry) -> Iterator[CheckLine]:
    config = inquiry.config
    for key, name in _named(config, ""):
        file = config.path(name)
        with suppress(OSError):  # a file that is missing is told where it is used
            if file.stat().st_mode & stat.S_IROTH:
                yield warning(key, f"{file} can be read by every user of this machine", f"chmod 600 {file}")


def _named(section: Section, place: str) -> Iterator[tuple[str, str]]:
    """The key path and the file of each secret in a table and in the tables below it."""
    for name in type(section).model_fields:
        value, key = getattr(section, name), f"{place}{name}"
        if isinstance(value, str) and value and name.endswith(_NAMES):
            yield key, value
        elif isinstance(value, Section):
            yield from _named(value, f"{key}.")
        elif isinstance(value, tuple):
            tables = (one for one in enumerate(value) if isinstance(one[1], Section))
            for number, table in tables:
                yield from _named(table, f"{key}.{number}.")
