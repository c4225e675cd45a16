"""The files that hold secrets: whether what a person names is one, and under which names they lie beside the
configuration.

Fails with: nothing. What is wrong with a file is said in words, and its content is never repeated.
"""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mailtickets.cli.setup.answers import InitAnswers, needs_secret
from mailtickets.config.certificates import pair_fault
from mailtickets.config.oauth import service_account_fault

MAILBOX_PASSWORD = "mailbox-password"  # noqa: S105 - names of files
SMTP_PASSWORD = "smtp-password"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Secret:
    """A file beside the configuration."""

    key: str
    """The key of the configuration that names it."""
    name: str
    source: str
    """The file that it is a copy of. Empty: a person typed what is in it."""

    def content(self, typed: str) -> bytes:
        """What is to be written. `typed` is what a person has typed, or empty."""
        if self.name.endswith((".pem", ".json")):
            return Path(self.source).read_bytes()
        secret = Path(self.source).read_text(encoding="utf-8") if self.source else typed
        return secret.rstrip("\r\n").encode() + b"\n"


def of(answers: InitAnswers) -> Iterator[Secret]:
    """The files that the answers lead to."""
    oauth, provider = answers.oauth, answers.provider
    match answers.login or answers.logins[0]:
        case "password":
            if answers.reads_mailbox or (answers.logs_in_to_send and not answers.smtp.secret_file):
                yield Secret("password_file", MAILBOX_PASSWORD, answers.secret_file)
        case "certificate":
            yield Secret("certificate_file", f"{provider}-certificate.pem", oauth.certificate_file)
            yield Secret("key_file", f"{provider}-key.pem", oauth.key_file)
        case "service_account":
            yield Secret("service_account_file", f"{provider}-service-account.json", oauth.service_account_file)
        case _:
            if needs_secret(answers) or answers.secret_file:
                yield Secret("client_secret_file", f"{provider}-client-secret", answers.secret_file)
    if answers.smtp.secret_file:
        yield Secret("smtp", SMTP_PASSWORD, answers.smtp.secret_file)
    if oauth.ca_file:
        yield Secret("ca_file", f"{provider}-ca.pem", oauth.ca_file)


# --- whether they can be used ---------------------------------------------------------------------------


def problems(answers: InitAnswers) -> Iterator[tuple[str, str]]:
    """What is wrong with the content of the files that the answers name. Files that cannot be read are passed over:
    `answers.problems` names them.
    """
    oauth = answers.oauth
    for name, check in (("secret_file", _one_line_fault), ("smtp.secret_file", _one_line_fault)):
        path = answers.secret_file if name == "secret_file" else answers.smtp.secret_file
        yield from _found(name, [path], check)
    if answers.login == "certificate":
        yield from _found("oauth.certificate_file", [oauth.certificate_file, oauth.key_file], pair_fault)
    if answers.login == "service_account":
        yield from _found("oauth.service_account_file", [oauth.service_account_file], service_account_fault)


def _found(key: str, names: Sequence[str], check: Callable[..., str]) -> Iterator[tuple[str, str]]:
    """What `check` says of these files, if all of them are there."""
    if all(name and os.access(name, os.R_OK) for name in names) and (fault := check(*map(Path, names))):
        yield key, fault


def _one_line_fault(file: Path) -> str:
    try:
        lines = file.read_text(encoding="utf-8").rstrip("\r\n").splitlines()
    except UnicodeDecodeError:
        return f"{file} is not UTF-8"
    return f"{file} has {len(lines)} lines: one was expected" if len(lines) > 1 else ""


def google_client(file: str) -> str:
    """The client ID of a service account, by its key file; empty when the file does not say."""
    try:
        found = json.loads(Path(file).read_bytes())
        return str(found["client_id"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
