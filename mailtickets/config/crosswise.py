"""Checks that no single key of the configuration can make: names that must agree, files that must exist.

Returns (key path, what was expected), in the order of the sections in the file. It looks whether files exist; it opens
only keys.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mailtickets.config import calendars, http, kinds, levels, reports, rules, stages
from mailtickets.config.certificates import pair_fault, unreadable
from mailtickets.config.oauth import login_problems, oauth_problems
from mailtickets.config.reached import queue_reached
from mailtickets.config.values import credential_file, is_loopback
from mailtickets.mail.write import keys as dkim_key

if TYPE_CHECKING:
    from mailtickets.config.models import Config, LoginSettings


def crosswise(config: "Config", secrets: bool) -> Iterator[tuple[str, str]]:
    """Returns the problems between keys: names that do not agree, files that do not exist."""
    yield from _database_problems(config)
    yield from _listener_problems(config, secrets)
    yield from http.problems(config, secrets)
    yield from _account_problems(config, secrets)
    yield from oauth_problems(config, secrets)
    yield from _dkim_problems(config, secrets)
    yield from _junk_problems(config, secrets)
    yield from _template_problems(config)
    yield from _queue_problems(config)
    yield from _manager_problems(config)
    yield from _forgotten_problems(config)
    yield from _ops_problems(config)
    yield from _agent_problems(config)
    for table in (calendars, levels, kinds, stages, rules, reports):
        yield from table.problems(config)


def _database_problems(config: "Config") -> Iterator[tuple[str, str]]:
    if not re.match(r"sqlite:///.+|postgresql://.+", config.database.url):
        yield "database.url", "sqlite:///FILE or postgresql://USER@HOST/NAME was expected"


def _listener_problems(config: "Config", secrets: bool) -> Iterator[tuple[str, str]]:
    smtp_in = config.smtp_in
    if smtp_in is None:
        return
    for key, other in (("tls_certificate", "tls_key"), ("tls_key", "tls_certificate")):
        if getattr(smtp_in, key) and not getattr(smtp_in, other):
            yield f"smtp_in.{other}", f"is missing: {key} is set"
    given = {key: getattr(smtp_in, key) for key in ("tls_certificate", "tls_key") if getattr(smtp_in, key)}
    paths = {key: credential_file(config.path(name)) for key, name in given.items()}
    faults = {key: _certificate_fault(path, secrets) for key, path in paths.items()}
    yield from ((f"smtp_in.{key}", fault) for key, fault in faults.items() if fault)
    if secrets and len(paths) == 2 and not any(faults.values()):
        fault = pair_fault(paths["tls_certificate"], paths["tls_key"])
        yield from [("smtp_in.tls_certificate", fault)] if fault else []


def _certificate_fault(path: Path, secrets: bool) -> str:
    """The daemon has to read the files; other commands only look whether they exist."""
    if secrets:
        return unreadable(path)
    return "" if path.exists() else f"there is no file {path}"


def _account_problems(config: "Config", secrets: bool) -> Iterator[tuple[str, str]]:
    queues = {queue.name for queue in config.queue}
    for number, account in enumerate(config.imap_in):
        key = f"imap_in.{number}"
        if account.queue and account.queue not in queues:
            yield f"{key}.queue", f"there is no queue {account.queue!r}"
        if not account.queue and len(queues) > 1:
            yield f"{key}.queue", "is missing: there is more than one queue to choose from"
        if not account.username:
            yield f"{key}.username", "is missing"
        if not account.folders:
            yield f"{key}.folders", "at least one folder was expected"
        if secrets and not (account.password_file or account.password_env or account.oauth):
            yield f"{key}.password_file", "is missing (or password_env)"
        yield from _login_problems(config, key, account, secrets)
        yield from login_problems(config, key, account)
        yield from _clear_text_problems(key, account.tls, account.host)
    for name, count in Counter(account.name for account in config.imap_in).items():
        if count > 1:
            yield "imap_in", f"the name {name!r} is used {count} times: each account needs its own"
    if config.delivery.method == "smtp":
        if not config.delivery.host:
            yield "delivery.host", 'is missing: a host was expected, or method = "maildir"'
        yield from _login_problems(config, "delivery", config.delivery, secrets)
        yield from login_problems(config, "delivery", config.delivery)
        yield from _clear_text_problems("delivery", config.delivery.tls, config.delivery.host)


def _login_problems(config: "Config", key: str, login: "LoginSettings", secrets: bool) -> Iterator[tuple[str, str]]:
    if not secrets:
        return
    if login.password_env and login.password_env not in os.environ:
        # Only what could be the name of a variable is repeated: somebody may have put the password itself there.
        name = login.password_env if re.fullmatch("[A-Z_][A-Z0-9_]*", login.password_env) else "such variable"
        yield f"{key}.password_env", f"the environment has no {name}"
    elif login.password_file and not login.password_env:
        path = credential_file(config.path(login.password_file))
        if not path.is_file():
            yield f"{key}.password_file", f"there is no file {path}"
        elif not os.access(path, os.R_OK):
            yield f"{key}.password_file", f"{path} cannot be read by this user"


def _dkim_problems(config: "Config", secrets: bool) -> Iterator[tuple[str, str]]:
    settings = config.delivery
    if settings.dkim_key_file and not settings.dkim_selector:
        yield "delivery.dkim_selector", "is missing: dkim_key_file is set"
    if settings.dkim_selector and not settings.dkim_key_file:
        yield "delivery.dkim_key_file", "is missing: dkim_selector is set"
    if settings.dkim_domain and not settings.dkim_selector:
        yield "delivery.dkim_selector", "is missing: dkim_domain is set"
    if settings.dkim_key_file and secrets:
        path = credential_file(config.path(settings.dkim_key_file))
        problem = unreadable(path) or dkim_key.problem(path.read_bytes())
        if problem:
            yield "delivery.dkim_key_file", problem


def _junk_problems(config: "Config", secrets: bool) -> Iterator[tuple[str, str]]:
    settings = config.junk
    if settings.rspamd_password_file and not settings.rspamd:
        yield "junk.rspamd", "is missing: rspamd_password_file is set"
    if settings.rspamd_password_file and secrets:
        problem = unreadable(credential_file(config.path(settings.rspamd_password_file)))
        yield from [("junk.rspamd_password_file", problem)] if problem else []
    url = urlsplit(settings.rspamd)
    if settings.rspamd_password_file and url.scheme == "http" and not is_loopback(url.hostname or ""):
        yield "junk.rspamd", f"the password would go to {url.hostname} in the clear: https, or loopback, was expected"


def _clear_text_problems(key: str, tls: str, host: str) -> Iterator[tuple[str, str]]:
    if tls == "none" and host and not is_loopback(host):
        yield f"{key}.tls", f'"none" is for loopback only, and {host} is elsewhere'


def _template_problems(config: "Config") -> Iterator[tuple[str, str]]:
    directory = config.templates.directory
    if directory and not config.path(directory).is_dir():
        yield "templates.directory", f"there is no directory {config.path(directory)}"


def _queue_problems(config: "Config") -> Iterator[tuple[str, str]]:
    seen: dict[str, str] = {}
    names: set[str] = set()
    for number, queue in enumerate(config.queue):
        if queue.name in names:
            yield f"queue.{number}.name", f"there is another queue {queue.name!r}"
        names.add(queue.name)
        if queue.warn_before_closing and queue.close_after_days and queue.close_warning_days >= queue.close_after_days:
            days = queue.close_after_days
            yield f"queue.{number}.close_warning_days", f"less than close_after_days ({days}) was expected"
        for position, address in enumerate(queue.addresses):
            if "+" in address.rpartition("@")[0] and queue.plus_addressing:
                yield f"queue.{number}.addresses.{position}", f"{address} has a plus: set plus_addressing = false"
            owner = seen.setdefault(address.casefold(), queue.name)
            if owner != queue.name:
                yield f"queue.{number}.addresses.{position}", f"{address} is an address of queue {owner!r} already"


def _forgotten_problems(config: "Config") -> Iterator[tuple[str, str]]:
    name = config.forgotten.calendar
    if name and name not in {calendar.name for calendar in config.calendar}:
        yield "forgotten.calendar", f"there is no calendar {name!r}"


def _manager_problems(config: "Config") -> Iterator[tuple[str, str]]:
    for number, queue in enumerate(config.queue):
        for position, manager in enumerate(queue.managers):
            if reached := queue_reached(config, manager):
                yield f"queue.{number}.managers.{position}", f"{manager} is the address of queue {reached!r}"


def _ops_problems(config: "Config") -> Iterator[tuple[str, str]]:
    queue = queue_reached(config, config.instance.ops_address)
    if queue:
        yield "instance.ops_address", f"{config.instance.ops_address} is the address of queue {queue!r}"


def _agent_problems(config: "Config") -> Iterator[tuple[str, str]]:
    names = {queue.name for queue in config.queue}
    seen: dict[str, str] = {}
    for number, agent in enumerate(config.agent):
        keys = [("address", agent.address), *((f"aliases.{at}", alias) for at, alias in enumerate(agent.aliases))]
        for key, address in keys:
            path = f"agent.{number}.{key}"
            if reached := queue_reached(config, address):
                yield path, f"{address} is the address of queue {reached!r}"
            if address.casefold() in seen:
                yield path, f"{address} belongs to agent {seen[address.casefold()]!r} already"
            seen.setdefault(address.casefold(), agent.name)
        for position, queue in enumerate(agent.queues):
            if queue not in names:
                yield f"agent.{number}.queues.{position}", f"there is no queue {queue!r}"
