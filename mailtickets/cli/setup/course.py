"""How `init` goes, once it has answers to take or a person to ask: from the answers to the files, and to `check`.

Fails with: `Stop`; ConfigError for answers that cannot be taken.
"""

import argparse
import getpass
import pwd
from importlib import import_module
from pathlib import Path
from typing import Any

from mailtickets.cli import DONE, REFUSED, Stop
from mailtickets.cli.setup import answers as asked
from mailtickets.cli.setup import configuration, machine, secrets, steps
from mailtickets.cli.setup.answers import InitAnswers
from mailtickets.cli.setup.files import NewFile, refuse_existing, write_all
from mailtickets.cli.setup.interview import GaveUp, Interview, yes
from mailtickets.cli.setup.options import data_of
from mailtickets.cli.setup.settled import settle
from mailtickets.config.load import parsed
from mailtickets.config.oauth import missing_package
from mailtickets.config.places import ConfigError
from mailtickets.config.providers import provider_of
from mailtickets.edges.checks.resolver import Lookups, Unanswered, resolver
from mailtickets.edges.discovery import records
from mailtickets.mail.domain import domain_of

DNS_SECONDS = 5


def set_up(args: argparse.Namespace, given: dict[str, Any], *, asks: bool) -> int:
    """Makes a desk of the answers: those of the file, of the options, and with `asks` of the person at the terminal."""
    if args.system:
        machine.refuse_unless_root()
        program = machine.program_path()
    file = machine.config_file(args.config, system=args.system).absolute()
    if not args.steps:
        refuse_existing([file])
    data = data_of(args.answers, given)
    try:
        if args.steps:
            return _print_steps(args, data)
        answers, secret = _answers(args, data, file, asks)
    except (KeyboardInterrupt, GaveUp):
        raise Stop(REFUSED, "nothing was written") from None
    if not asks or args.answers:
        _say_assumed(answers)
    if args.system:
        machine.make_user()
    _write_desk(file, answers, secret, system=args.system)
    if args.system:
        machine.make_state()
        machine.install_units(file, program)
    return _after(args, file, answers, asks)


def _print_steps(args: argparse.Namespace, data: dict[str, Any]) -> int:
    answers = asked.checked(_answers_file(args), data)
    print(steps.text(steps.steps(answers)) or "There is nothing to do at the provider but to know the password.")
    return DONE


def _answers_file(args: argparse.Namespace) -> Path | None:
    return Path(args.answers) if args.answers else None


# --- the answers ----------------------------------------------------------------------------------------


def _answers(args: argparse.Namespace, data: dict[str, Any], file: Path, asks: bool) -> tuple[InitAnswers, str]:
    """Complete answers, and the secret that was typed, if one was. Raises ConfigError with everything that is wrong."""
    where = _answers_file(args)
    answers = asked.checked(where, data)
    if asks and where is None:
        return _interviewed(data, file)
    found = [*asked.problems(answers, has_secret=asks), *secrets.problems(answers)]
    if found:
        raise ConfigError(where, _with_advice(answers, found))
    typed = ""
    if asked.needs_secret(answers) and not answers.secret_file:
        typed = getpass.getpass(f"{asked.secret_name(answers)} (not shown): ")
        if not typed:
            raise GaveUp
    return answers, typed


def _interviewed(data: dict[str, Any], file: Path) -> tuple[InitAnswers, str]:
    def lookups() -> Lookups:
        return Lookups(resolver(data.get("dns", ()), DNS_SECONDS), 2 * DNS_SECONDS)

    interview = Interview(data, lookups, lambda names: refuse_existing([file.parent / name for name in names]))
    print(f"This writes {file}. Control-C ends it; until the last question nothing is written.\n")
    answers = interview.hold()
    print()
    if not yes(f"Write {', '.join([str(file), *(one.name for one in secrets.of(answers))])}", True):
        raise GaveUp
    return answers, interview.secret


def _with_advice(answers: InitAnswers, found: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The problems; where the provider is missing, with the one that the MX records name."""
    keys = [key for key, _ in found]
    if answers.provider or not answers.address:
        return found
    domain = domain_of(answers.address)
    try:
        hosts = records.exchanges(domain, Lookups(resolver(answers.dns, DNS_SECONDS), DNS_SECONDS))
    except Unanswered:
        return found
    named = provider_of(hosts)
    if named is None:
        return found
    at = keys.index("provider")
    advice = f'; {hosts[0]} takes the mail of {domain}: "{named.key}", {named.name}'
    return [*found[:at], ("provider", found[at][1] + advice), *found[at + 1 :]]


def _say_assumed(answers: InitAnswers) -> None:
    """Says what was not answered, and is now as it usually is."""
    settled = settle(answers)
    assumed = {
        "name": settled.title,
        "locale": settled.locale,
        "timezone": settled.timezone,
        "ops_address": settled.ops_address,
        "hostname": settled.hostname,
        "send": "no",
    }
    said = [f"{key} {value}" for key, value in assumed.items() if getattr(answers, key) in ("", None)]
    if said:
        print(f"Not answered, so taken: {', '.join(said)}")


# --- the files --------------------------------------------------------------------------------------------


def _write_desk(file: Path, answers: InitAnswers, typed: str, *, system: bool) -> None:
    """Writes the secrets, and last the configuration, which must be sound before anything is written."""
    text = configuration.text(settle(answers), str(machine.SYSTEM_STATE) if system else "var")
    parsed(file, text)
    user = pwd.getpwnam(machine.USER) if system else None
    if system:
        file.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    owner = (user.pw_uid, user.pw_gid) if user else None
    made = [NewFile(file.parent / one.name, one.content(typed), 0o600, owner) for one in secrets.of(answers)]
    mode, shared = (0o640, (0, user.pw_gid)) if user else (0o600, None)
    made.append(NewFile(file, text.encode(), mode, shared))
    write_all(made)
    for one in made:
        print(f"{one.path} is written")


# --- and then ---------------------------------------------------------------------------------------------


def _after(args: argparse.Namespace, file: Path, answers: InitAnswers, asks: bool) -> int:
    """What is left to do, and what `check` finds."""
    if found := steps.steps(answers):
        print(f"\nAt {answers.preset.name if answers.preset else 'the provider'}, if it is not done yet:\n")
        print(steps.text(found))
    if not answers.send:
        print("\nThe desk does not send yet: its mail goes into the folder outgoing of its state directory, for you to")
        print(f"look at. When it may send, replace [delivery] as the end of {file} shows.")
    if sources := [one.source for one in secrets.of(answers) if one.source and one.key != "ca_file"]:
        print(f"\nThe desk has copies of its own: delete {', '.join(sources)}.")
    _say_extra(answers)
    if answers.login in {"device_code", "refresh_token"} and not _is_logged_in(args, file, answers, asks):
        return DONE
    if not args.no_check:
        print("\nmailtickets check:")
        status = _noun("check", file)
        if status != DONE:
            print(f"\nThe configuration is written. Mend what is wrong above, then: mailtickets -c {file} check")
            return status
    print(f"\nNext: {machine.start_command(file, system=args.system)}")
    return DONE


def _say_extra(answers: InitAnswers) -> None:
    settled = settle(answers)
    package = missing_package(settled.oauth_provider) if settled.oauth_name else ""
    if package:
        print(f"\nThis way of login needs {package}: pip install 'mailtickets[oauth]' into the same environment.")


def _is_logged_in(args: argparse.Namespace, file: Path, answers: InitAnswers, asks: bool) -> bool:
    """Lets a person log in with a browser, on a terminal. Without one, or if it fails, says what to do."""
    name = settle(answers).oauth_name
    if asks and not args.no_check:
        print()
        try:
            if _noun("oauth", file, "login", name) == DONE:
                return True
        except (Stop, KeyboardInterrupt) as stop:
            print(stop or "\nNobody has logged in.")
    print(f"\nNext: mailtickets -c {file} oauth login {name}")
    print(f"Then: mailtickets -c {file} check")
    return False


def _noun(noun: str, file: Path, *words: str) -> int:
    """Runs another command of ours on the new configuration."""
    module = import_module(f"mailtickets.cli.{noun}")
    parser = argparse.ArgumentParser(prog=f"mailtickets {noun}")
    module.configure(parser)
    args = parser.parse_args(words)
    args.config = str(file)
    status: int = module.run(args)
    return status
