"""Asks a person, on a terminal, for the answers that are not known yet. Writes nothing.

Owns: the order of the questions, what is proposed for each, and the check of each answer before the next question.
Fails with: `GaveUp` when the person ends it: end of input, or a no to the last question.
"""

import getpass
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from mailtickets.cli.setup import secrets, steps
from mailtickets.cli.setup.answers import (
    NEEDED,
    OTHER,
    OWN,
    PROVIDERS,
    InitAnswers,
    checked,
    needs_secret,
    problems,
    put,
    secret_name,
)
from mailtickets.cli.setup.settled import (
    CLEAR_IMAP_PORT,
    CLEAR_SMTP_PORT,
    default_hostname,
    default_locale,
    default_timezone,
    imap_server,
    smtp_server,
    title,
)
from mailtickets.cli.setup.trial import Tried, try_login
from mailtickets.config.places import ConfigError
from mailtickets.config.providers import Server, provider_of
from mailtickets.config.values import is_loopback
from mailtickets.edges.checks.resolver import Lookups, Unanswered
from mailtickets.edges.discovery import records
from mailtickets.edges.discovery.discover import Found, discover
from mailtickets.mail.domain import domain_of

LOGINS = {
    "password": "the password of the mailbox, or an app password",
    "certificate": "the desk has a certificate of its own; an administrator lets it in (best)",
    "client_secret": "the same with a secret in place of the certificate; it expires after two years at the latest",
    "device_code": "a person logs in once with a browser, on any machine",
    "service_account": "the desk has a key of its own; an administrator lets it in (Google Workspace only, best)",
    "refresh_token": "a person consents once with a browser, on any machine",
}
_PERSON = re.compile(r"([^<>]*)<([^<>]+)>")
_GOOGLE_APP_PASSWORD = re.compile(r"[a-z]{4}(?: [a-z]{4}){3}")


class GaveUp(Exception):
    """The person does not want to go on."""


class Interview:
    """One conversation. `data` holds the answers, those that were given beforehand included."""

    def __init__(
        self,
        data: dict[str, Any],
        lookups: Callable[[], Lookups],
        refuse: Callable[[Sequence[str]], None],
        attempt: Callable[[Server, str], Tried] = try_login,
    ) -> None:
        self.data, self._lookups, self._refuse, self._attempt = data, lookups, refuse, attempt
        self.secret = ""

    def hold(self) -> InitAnswers:
        """Asks everything that is missing, and returns complete answers. `secret` is then what was typed."""
        self._address()
        self._provider()
        self._servers()
        self._login()
        self._refuse_wrong_options()
        self._application()
        self._refuse([one.name for one in secrets.of(self.answers)])
        self._secret()
        self._agents()
        self._words()
        self._sending()
        self._refuse_wrong_options()
        return self.answers

    @property
    def answers(self) -> InitAnswers:
        return checked(None, self.data)

    # --- how a question is asked ---------------------------------------------------------------------

    def _ask(self, key: str, question: str, proposed: str = "", *, optional: bool = False) -> None:
        """Asks for the answer `key`, until it is one. Nothing is asked when it is known already."""
        while not _known(self.data, key):
            given = said(question, proposed)
            if not given and optional:
                return
            if given and not (wrong := self._wrong(key, given)):
                return
            print(f"  {wrong if given else 'An answer is needed.'}")

    def _wrong(self, key: str, given: str) -> str:
        """Takes an answer, or says what is wrong with it."""
        put(self.data, key, given)
        try:
            found = dict(self._problems())
        except ConfigError as error:
            found = {key: _about(key, error)}
        if key in found:
            _forget(self.data, key)
        return found.get(key, "")

    def _problems(self) -> list[tuple[str, str]]:
        """What is missing or wrong as far as the answers go. The secret is asked for at its own time."""
        answers = self.answers
        return [*problems(answers, has_secret=True), *secrets.problems(answers)]

    def _refuse_wrong_options(self) -> None:
        """Ends the conversation for answers that came with the command and do not fit. What was typed was checked."""
        if wrong := [(key, problem) for key, problem in self._problems() if _known(self.data, key)]:
            raise ConfigError(None, wrong)

    # --- the questions ---------------------------------------------------------------------------------

    def _address(self) -> None:
        self._ask("address", "Address that customers write to")

    def _provider(self) -> None:
        if _known(self.data, "provider"):
            return
        proposed = self._guess()
        print(f"  Known providers: {', '.join(key for key in PROVIDERS if key not in {OTHER, OWN})}.")
        print(f"  {OTHER}: another provider. {OWN}: your own mail server (Postfix).")
        self._ask("provider", "Provider", proposed)

    def _guess(self) -> str:
        domain = domain_of(self.answers.address)
        try:
            hosts = records.exchanges(domain, self._lookups())
        except Unanswered as error:
            print(f"  The DNS does not say who takes mail for {domain} ({error}).")
            return ""
        if not hosts:
            print(f"  {domain} has no MX record: nobody takes mail for it yet, as far as the DNS knows.")
            return ""
        found = provider_of(hosts)
        named = found.name if found else "no provider that is known here"
        print(f"  Mail for {domain} is taken by {hosts[0]}: {named}.")
        return found.key if found else OTHER

    def _servers(self) -> None:
        answers = self.answers
        if answers.preset:
            print(f"  {answers.preset.name}: {shown(imap_server(answers), smtp_server(answers))}")
        elif answers.provider == OTHER and not (answers.imap.host and answers.smtp.host):
            self._discovered()
        elif answers.provider == OWN:
            self._own()

    def _own(self) -> None:
        print("  smtp: your Postfix hands each mail to the desk. imap: the desk reads a mailbox.")
        self._ask("intake", "How does mail reach the desk", "smtp")
        if self.answers.reads_mailbox:
            self._place("imap", "IMAP server (HOST or HOST:PORT)", default_hostname(domain_of(self.answers.address)))
            self._ask("imap.username", "User name of the mailbox", self.answers.address)
        else:
            self._ask(
                "authserv_id",
                "Name that your DMARC filter writes into Authentication-Results (Enter: none)",
                optional=True,
            )

    def _discovered(self) -> None:
        """What the domain itself says of its servers, or else what the person says."""
        address = self.answers.address
        print(f"  Asking {domain_of(address)} where its mail is read and sent ...")
        found = discover(address, self._lookups())
        if found.imap and found.smtp and self._confirmed(found, address):
            for key, server in (("imap", found.imap), ("smtp", found.smtp)):
                table = {"host": server.host, "port": server.port, "tls": server.tls, "username": server.username}
                self.data[key] = table | self.data.get(key, {})
            return
        if not (found.imap and found.smtp):
            print("  It does not say. Your provider's help pages name the servers.")
        self._place("imap", "IMAP server (HOST or HOST:PORT)")
        self._place("smtp", "SMTP server (HOST or HOST:PORT)")
        self._ask("imap.username", "User name of the mailbox", address)

    def _confirmed(self, found: Found, address: str) -> bool:
        """Whether the person wants these servers. Hosts outside of the domain are never taken for granted."""
        print(f"  Found {found.source}:")
        print(f"    {shown(found.imap, found.smtp)}")
        if outside := found.elsewhere(address):
            print(f"  Not below {domain_of(address)}: {', '.join(outside)}. Your password would be sent there.")
            return yes("Are these the servers of your provider", None)
        return yes("Use them", True)

    def _place(self, key: str, question: str, proposed: str = "") -> None:
        if _known(self.data, f"{key}.host"):
            return
        while True:
            host, _, port = said(question, proposed).partition(":")
            wrong = self._wrong(f"{key}.host", host) if host else "An answer is needed."
            if not wrong and port:
                self.data[key]["port"] = int(port) if port.isdecimal() else port
                wrong = self._wrong(f"{key}.port", self.data[key]["port"])
            if not wrong:
                break
            _forget(self.data, f"{key}.host")
            print(f"  {wrong}")
        if is_loopback(host):
            self.data[key].setdefault("port", {"imap": CLEAR_IMAP_PORT, "smtp": CLEAR_SMTP_PORT}[key])

    def _login(self) -> None:
        answers = self.answers
        if len(answers.logins) == 1:
            self.data.setdefault("login", answers.logins[0])
        if _known(self.data, "login"):
            return
        for login in answers.logins:
            print(f"  {login:<16} {LOGINS[login]}")
        self._ask("login", "How does the desk log in", answers.logins[0])

    def _application(self) -> None:
        """The steps of an administrator, and what comes out of them."""
        answers = self.answers
        if found := steps.steps(answers):
            print(
                "\n  This must be done before the desk can log in. The questions go on when you have what they ask for;"
            )
            print("  at the end the steps are shown again, filled in.\n")
            print("\n".join(f"  {line}" for line in steps.text(found).splitlines()), end="\n\n")
        self._ask_for_application()
        while faults := [(key, fault) for key, fault in secrets.problems(self.answers) if key.startswith("oauth.")]:
            for _, fault in faults:
                print(f"  {fault}")
            for key in ("oauth.certificate_file", "oauth.key_file", "oauth.service_account_file"):
                _forget(self.data, key)
            self._ask_for_application()
        if answers.provider == "microsoft" and answers.login in {"certificate", "client_secret"}:
            self._ask(
                "oauth.object_id", "Object ID of the enterprise application (Enter: not known yet)", optional=True
            )
        if answers.login == "client_secret":
            self._ask("oauth.expires", "Day when the secret expires, as 2027-03-31 (Enter: not known)", optional=True)

    def _ask_for_application(self) -> None:
        for key, _ in list(problems(self.answers, has_secret=True)):
            if key.startswith("oauth."):
                self._ask(key, _sentence(NEEDED[key.removeprefix("oauth.")]))

    def _secret(self) -> None:
        answers = self.answers
        if not needs_secret(answers) or answers.secret_file:
            return
        while True:
            self._typed(answers)
            if answers.login != "password" or not answers.reads_mailbox:
                return
            tried = self._attempt(imap_server(answers), self._secret_text())
            print(f"  {tried.says}")
            if tried.works or not yes("Try another password" if tried.refused else "Try again", True):
                return

    def _typed(self, answers: InitAnswers) -> None:
        """Takes the secret: typed without an echo, or the name of the file that holds it."""
        self.data.pop("secret_file", None)
        self.secret = ""
        while not self.secret and not self.answers.secret_file:
            self.secret = self._hidden(f"{_sentence(secret_name(answers))} (not shown; Enter: it is in a file): ")
            if not self.secret:
                self._ask("secret_file", "File that holds it", optional=True)
        if answers.provider == "google" and _GOOGLE_APP_PASSWORD.fullmatch(self.secret):
            self.secret = self.secret.replace(" ", "")  # Google shows it in groups of four

    def _hidden(self, prompt: str) -> str:
        try:
            return getpass.getpass(prompt)
        except EOFError:
            raise GaveUp from None

    def _secret_text(self) -> str:
        file = self.answers.secret_file
        return Path(file).read_text(encoding="utf-8").rstrip("\r\n") if file else self.secret

    def _agents(self) -> None:
        if self.data.get("agent"):
            return
        self.data["agent"] = []
        print(
            '  Agents answer from their own mailboxes. One at a time, like "Ana Souza <ana@example.org>"; Enter ends.'
        )
        while True:
            given = said("Agent")
            if not given and self.data["agent"]:
                return
            self.data["agent"].append(agent(given))
            if wrong := self._wrong_agent():
                self.data["agent"].pop()
                print(f"  {wrong if given else 'One agent is needed.'}")

    def _wrong_agent(self) -> str:
        try:
            found = [problem for key, problem in problems(self.answers, has_secret=True) if key.startswith("agent")]
        except ConfigError as error:
            found = [_about("agent", error)]
        return "; ".join(found)

    def _words(self) -> None:
        self._ask("name", "Name that customers see", title(self.answers.address))
        self._ask("locale", "Language of the notices (pt_BR, en, es)", default_locale())
        self._ask("timezone", "Time zone", default_timezone(self.answers.locale or "pt_BR"))
        self._ask("ops_address", "Who is told by mail when something is wrong", self.answers.agent[0].address)

    def _sending(self) -> None:
        if "send" in self.data:
            return
        print(
            "  With yes, customers and agents get the desk's mail. With no, all of it is put into a folder for you to"
        )
        print("  look at, and nobody is written to.")
        self.data["send"] = yes("May the desk send mail now", None)


def shown(imap: Server | None, smtp: Server | None) -> str:
    """Where mail is read and sent, in words."""
    ways = {"implicit": "TLS", "starttls": "STARTTLS", "none": "no TLS"}
    parts = [
        f"{what} at {server.place} ({ways[server.tls]}) as {server.username}"
        for what, server in (("read", imap), ("sent", smtp))
        if server
    ]
    return ", ".join(parts)


def agent(given: str) -> dict[str, str]:
    """`Ana Souza <ana@example.org>`, or an address alone, as a table of the answers."""
    found = _PERSON.fullmatch(given)
    name, address = (found[1].strip().strip('"'), found[2].strip()) if found else ("", given.strip())
    return {"name": name or title(address), "address": address}


def said(question: str, proposed: str = "") -> str:
    """What the person types; what is proposed, if it is nothing."""
    try:
        given = input(f"{question} [{proposed}]: " if proposed else f"{question}: ").strip()
    except EOFError:
        raise GaveUp from None
    except UnicodeDecodeError:
        return ""
    return given or proposed


def yes(question: str, proposed: bool | None) -> bool:
    """Yes or no. `proposed` is what Enter means; None: Enter means nothing, and the question comes again."""
    marks = {True: "[Y/n]", False: "[y/N]", None: "[y/n]"}[proposed]
    while True:
        given = said(f"{question}? {marks}").lower()
        if given[:1] in {"y", "s"} or given[:1] == "n":
            return given[:1] != "n"
        if not given and proposed is not None:
            return proposed


def _about(key: str, error: ConfigError) -> str:
    """What is wrong with one answer. What is still missing elsewhere has a question of its own."""
    found = [problem for other, problem in error.problems if other == key or other.startswith(f"{key}.")]
    return "; ".join(found or [problem for _, problem in error.problems])


def _sentence(words: str) -> str:
    """The words with a capital at their beginning."""
    return f"{words[:1].upper()}{words[1:]}"


def _known(data: dict[str, Any], key: str) -> bool:
    for step in key.split("."):
        if not isinstance(data, dict) or step not in data:
            return False
        data = data[step]
    return True


def _forget(data: dict[str, Any], key: str) -> None:
    *tables, name = key.split(".")
    for step in tables:
        data = data.get(step, {})
    data.pop(name, None)
