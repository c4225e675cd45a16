"""The files that hold secrets: whether what a person names is one, and under which names they lie beside the
configuration.

Fails with: nothing. What is wrong with a file is said in words, and its content is never repeated.
"""

import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mailtickets.cli.setup.answers import Answers, needs_secret

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


def of(answers: Answers) -> Iterator[Secret]:
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


def problems(answers: Answers) -> Iterator[tuple[str, str]]:
    """What is wrong with the content of the files that the answers name."""
    oauth = answers.oauth
    for path, where in ((answers.secret_file, "secret_file"), (answers.smtp.secret_file, "smtp.secret_file")):
        if path and (problem := _not_one_line(Path(path))):
            yield where, problem
    if answers.login == "certificate" and oauth.certificate_file and oauth.key_file:
        yield from _pair_problems(oauth.certificate_file, oauth.key_file)
    if answers.login == "service_account" and oauth.service_account_file:
        problem = service_account(Path(oauth.service_account_file))[1]
        yield from [("oauth.service_account_file", problem)] if problem else []


def _not_one_line(file: Path) -> str:
    try:
        lines = file.read_text(encoding="utf-8").rstrip("\r\n").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        return f"{file} is not UTF-8" if isinstance(error, UnicodeDecodeError) else ""
    return f"{file} has {len(lines)} lines: one was expected" if len(lines) > 1 else ""


def _pair_problems(certificate_file: str, key_file: str) -> Iterator[tuple[str, str]]:
    """Whether the key is that of the certificate, and can be read without a passphrase."""
    for where, file, mark in (
        ("certificate_file", certificate_file, b"-----BEGIN CERTIFICATE-----"),
        ("key_file", key_file, b"PRIVATE KEY-----"),
    ):
        try:
            if mark not in Path(file).read_bytes():
                yield f"oauth.{where}", f"{file} is not in PEM form (it has no {mark.decode().strip('-')})"
                return
        except OSError:
            return
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_cert_chain(certificate_file, key_file, password=_no_passphrase)
    except _HasPassphrase:
        yield "oauth.key_file", f"{key_file} has a passphrase: a service cannot type it; write the key without one"
    except ssl.SSLError as error:
        said = (error.reason or str(error)).replace("_", " ").lower()
        yield "oauth.key_file", f"{key_file} does not belong to {certificate_file}, or is broken ({said})"


class _HasPassphrase(Exception):
    """OpenSSL asks for the passphrase of a key."""


def _no_passphrase() -> str:
    raise _HasPassphrase


def service_account(file: Path) -> tuple[dict[str, str], str]:
    """The content of a Google key file, and what is wrong with it; empty when nothing is."""
    try:
        found = json.loads(file.read_bytes())
    except OSError:
        return {}, ""
    except ValueError:
        return {}, f"{file} is not JSON: Google gives the key of a service account as a JSON file"
    needed = ("type", "client_email", "client_id", "private_key", "token_uri")
    if not isinstance(found, dict) or any(not isinstance(found.get(name), str) for name in needed):
        return {}, f"{file} is not the key of a service account: {', '.join(needed)} were expected in it"
    if found["type"] != "service_account":
        return {}, f'{file} has type = "{found["type"][:40]}": "service_account" was expected'
    return {name: found[name] for name in needed if name != "private_key"}, ""
