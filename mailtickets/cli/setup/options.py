"""The options of `init`: each sets one key of the answers.

Pure, but for the answers file, which is read here.
"""

import argparse
from pathlib import Path
from typing import Any

OPTIONS = {
    "--address": ("address", "ADDRESS", "the address that customers write to"),
    "--name": ("name", "NAME", "the name that customers see"),
    "--provider": ("provider", "NAME", "google, microsoft, another known provider, other, or own"),
    "--login": ("login", "WAY", "password, certificate, client_secret, device_code, service_account or refresh_token"),
    "--secret-file": ("secret_file", "FILE", "a file that holds the password, or the client secret"),
    "--imap": ("imap", "HOST[:PORT]", "the server where the mailbox is read"),
    "--smtp": ("smtp", "HOST[:PORT]", "the server that takes the desk's mail"),
    "--username": ("imap.username", "NAME", "the user name of the mailbox, if it is not its address"),
    "--intake": ("intake", "WAY", "imap, or for your own Postfix smtp"),
    "--tenant": ("oauth.tenant", "ID", "Microsoft: the directory"),
    "--client-id": ("oauth.client_id", "ID", "the application that was registered for the desk"),
    "--object-id": ("oauth.object_id", "ID", "Microsoft: the enterprise application, for the administrator's steps"),
    "--certificate-file": ("oauth.certificate_file", "FILE", "Microsoft: the certificate, PEM"),
    "--key-file": ("oauth.key_file", "FILE", "Microsoft: the key of the certificate, PEM"),
    "--service-account-file": ("oauth.service_account_file", "FILE", "Google: the key of the service account, JSON"),
    "--token-url": ("oauth.token_url", "URL", "where tokens come from, at a provider that is not known"),
    "--ca-file": ("oauth.ca_file", "FILE", "the authorities of the token server, PEM, if not those of the system"),
    "--expires": ("oauth.expires", "DATE", "when the secret or the certificate expires"),
    "--locale": ("locale", "LOCALE", "the language of notices: pt_BR, en or es"),
    "--timezone": ("timezone", "ZONE", "for instance America/Sao_Paulo"),
    "--ops-address": ("ops_address", "ADDRESS", "who is told by mail when something is wrong"),
    "--hostname": ("hostname", "NAME", "how this machine calls itself in mail"),
    "--authserv-id": ("authserv_id", "NAME", "the name that your provider writes into Authentication-Results"),
}
"""Each option with the key of the answers that it sets."""


_PREFIX = "answer:"


def add_options(parser: argparse.ArgumentParser) -> None:
    for option, (key, shape, says) in OPTIONS.items():
        parser.add_argument(option, dest=f"{_PREFIX}{key}", metavar=shape, help=says)
    person = '"Ana Souza <ana@example.org>"; repeat it'
    parser.add_argument("--agent", dest=f"{_PREFIX}agent", metavar="PERSON", action="append", help=person)
    parser.add_argument(
        "--dns", dest=f"{_PREFIX}dns", metavar="SERVER", action="append", help="the DNS server to ask, now and later"
    )
    for key, says in (
        ("send", "whether the desk may send mail now; otherwise it goes into a folder"),
        ("plus-addressing", "whether mail to name+anything@ reaches name@"),
    ):
        name = f"{_PREFIX}{key.replace('-', '_')}"
        parser.add_argument(f"--{key}", dest=name, action=argparse.BooleanOptionalAction, help=says)


def given_in(args: argparse.Namespace) -> dict[str, Any]:
    """The options that were given, by the key that they set."""
    found = {name.removeprefix(_PREFIX): value for name, value in vars(args).items() if name.startswith(_PREFIX)}
    return {key: value for key, value in found.items() if value is not None}


def data_of(answers_file: str | None, given: dict[str, Any]) -> dict[str, Any]:
    """The answers of the file, and over them those of the options."""
    from mailtickets.cli.setup import answers  # pydantic costs a quarter of a second, which the example does not need
    from mailtickets.cli.setup.interview import agent

    data = answers.read_file(Path(answers_file)) if answers_file else {}
    for key, value in given.items():
        match key:
            case "imap" | "smtp":
                host, _, port = value.partition(":")
                answers.put(data, f"{key}.host", host)
                if port:
                    answers.put(data, f"{key}.port", int(port) if port.isdecimal() else port)
            case "agent":
                data["agent"] = [agent(person) for person in value]
            case _:
                answers.put(data, key, value)
    return data
