"""The pages about Microsoft 365 and Google, followed to the letter: logins with tokens of a token server.

A Dovecot that takes tokens and no passwords, and hands on what it is given by its submission service, stands in for the
provider.
"""

import os
import shlex
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_hex

import pytest

from mailtickets.config.load import load
from tests.servers.dovecot import Dovecot, Tokens
from tests.servers.token_server import GOOGLE_SCOPE, MICROSOFT_SCOPE, TokenServer
from tests.system.test_tutorials import (
    ADDRESS,
    GOOGLE_RESULTS,
    MICROSOFT_RESULTS,
    Machine,
    Provider,
    a_mail_goes_round,
    a_mail_is_answered,
    answers_of,
    check_and_start,
    login,
    machine,
    shown,
    write_answers,
)

__all__ = ["login", "machine"]

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="`init --system` is for root")


@pytest.fixture
def tokens(machine: Machine) -> Iterator[TokenServer]:
    """The token server of Microsoft or Google."""
    with TokenServer(machine.place) as server:
        machine.options += ["--ca-file", str(server.ca_file)]
        yield server


@contextmanager
def mailbox(machine: Machine, tokens: TokenServer, scope: str, results: str) -> Iterator[Provider]:
    """A mailbox that takes tokens of this scope and no passwords, and sends by its own submission service."""
    relay = Tokens(tokens.introspection_url, tokens.ca_file, relay_port=machine.world.smarthost.port, scope=scope)
    with Dovecot({ADDRESS: token_hex()}, relay) as server:
        with (machine.place / "authorities.pem").open("ab") as file:
            file.write(server.certificate.read_bytes())
        machine.options += ["--imap", f"localhost:{server.imaps_port}", "--smtp", f"localhost:{server.submission_port}"]
        yield Provider(server, machine.world, results)


@pytest.mark.parametrize("login", [False], indirect=True)
def test_microsoft_365_with_a_certificate(machine: Machine, tokens: TokenServer) -> None:
    answers = answers_of("microsoft365", "certificate")
    write_answers(answers, machine)
    certificate, key = tokens.certify(tomllib.loads(answers.text)["oauth"]["client_id"])
    (machine.home / "desk.crt").write_bytes(certificate.read_bytes())
    (machine.home / "desk.key").write_bytes(key.read_bytes())
    with mailbox(machine, tokens, MICROSOFT_SCOPE, MICROSOFT_RESULTS) as provider:
        init = shown("microsoft365", "mailtickets init --system")
        machine.type(init, *machine.options, "--token-url", tokens.token_url)
        check_and_start("microsoft365", machine)
        assert load(machine.config).trust.agents == "verified"
        a_mail_goes_round("microsoft365", machine, provider)
        a_mail_is_answered(machine, provider.delivers)


@pytest.mark.parametrize("login", [False], indirect=True)
def test_microsoft_365_with_a_device_code(machine: Machine, tokens: TokenServer) -> None:
    write_answers(answers_of("microsoft365", "device_code"), machine)
    scope = "https://outlook.office.com/IMAP.AccessAsUser.All"
    with mailbox(machine, tokens, scope, MICROSOFT_RESULTS) as provider:
        init = shown("microsoft365", "mailtickets init --system")
        assert "oauth login microsoft" in machine.type(init, *machine.options, "--token-url", tokens.token_url)
        with machine.on_a_terminal(shown("microsoft365", "mailtickets oauth login")) as terminal:
            terminal.wait_for("ABCD-EFGH")
            tokens.approve()
            assert terminal.end() == 0, terminal.screen
        check_and_start("microsoft365", machine)
        a_mail_is_answered(machine, provider.delivers)


@pytest.mark.parametrize("login", [False], indirect=True)
def test_google_with_a_service_account(machine: Machine, tokens: TokenServer) -> None:
    write_answers(answers_of("google", "service_account"), machine)
    tokens.service_account().replace(machine.home / "service-account.json")
    with mailbox(machine, tokens, GOOGLE_SCOPE, GOOGLE_RESULTS) as provider:
        machine.type(shown("google", "mailtickets init --system"), *machine.options)
        check_and_start("google", machine)
        a_mail_is_answered(machine, provider.delivers)


@pytest.mark.parametrize("login", [False], indirect=True)
def test_on_a_terminal_init_lets_a_person_log_in_before_it_checks(machine: Machine, tokens: TokenServer) -> None:
    write_answers(answers_of("microsoft365", "device_code"), machine)
    scope = "https://outlook.office.com/IMAP.AccessAsUser.All"
    with mailbox(machine, tokens, scope, MICROSOFT_RESULTS):
        options = shlex.join([*machine.options, "--token-url", tokens.token_url])
        with machine.on_a_terminal(f"{shown('microsoft365', 'mailtickets init --system')} {options}") as terminal:
            terminal.wait_for("ABCD-EFGH")
            tokens.approve()
            terminal.wait_for("mailtickets check:")
            terminal.wait_for("configuration")
            assert terminal.end() == 0, terminal.screen
        assert "wrong" not in terminal.screen.partition("mailtickets check:")[2]
