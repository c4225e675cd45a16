"""Writes a first configuration. It asks for what it needs, or takes it from --answers FILE and from options.

On a terminal the command asks for everything that was not given. With --answers it asks for nothing but a password.
Without a terminal and without options, or with --example, it writes the example desk that `make run` starts. --system,
as root, also makes the user, the folders and the systemd units. The command never overwrites a file, and writes nothing
if it is interrupted.
"""

import argparse
import getpass
import os
import pwd
import shutil
import socket
import subprocess
import sys
import sysconfig
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailtickets.cli import BAD_USAGE, DONE, REFUSED, Stop
from mailtickets.config.places import ConfigError, shipped

if TYPE_CHECKING:
    from mailtickets.cli.setup.answers import Answers

USER = "mailtickets"
SYSTEM_CONFIG = Path("/etc/mailtickets/config.toml")
SYSTEM_STATE = Path("/var/lib/mailtickets")
SYSTEM_UNITS = Path("/etc/systemd/system")
CONFIG_IN_UNITS = "/etc/mailtickets/config.toml"
UNITS = ("mailtickets.service", "mailtickets.socket")
HOMES = (Path("/home"), Path("/root"), Path("/run/user"))
"""The folders that `ProtectHome=yes` hides from the service."""

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


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--system", action="store_true", help=f"as root: {SYSTEM_CONFIG}, the user {USER}, systemd units"
    )
    parser.add_argument("--example", action="store_true", help="write the example desk for suporte@desk.test")
    parser.add_argument("--steps", action="store_true", help="print the administrator's steps, and write nothing")
    parser.add_argument("--no-check", action="store_true", help="do not log in and do not run `check` at the end")
    parser.add_argument("--answers", metavar="FILE", help="a TOML file with the answers")
    for option, (key, shape, says) in OPTIONS.items():
        parser.add_argument(option, dest=f"answer:{key}", metavar=shape, help=says)
    parser.add_argument(
        "--agent",
        dest="answer:agent",
        metavar="PERSON",
        action="append",
        help='"Ana Souza <ana@example.org>"; repeat it',
    )
    parser.add_argument("--dns", dest="answer:dns", metavar="SERVER", action="append", help="ask this DNS server")
    for key, says in (
        ("send", "whether the desk may send mail now; otherwise it goes into a folder"),
        ("plus-addressing", "whether mail to name+anything@ reaches name@"),
    ):
        name = key.replace("-", "_")
        parser.add_argument(f"--{key}", dest=f"answer:{name}", action=argparse.BooleanOptionalAction, help=says)


def run(args: argparse.Namespace) -> int:
    options = {name.removeprefix("answer:"): value for name, value in vars(args).items() if name.startswith("answer:")}
    given = {key: value for key, value in options.items() if value is not None}
    asks = _is_terminal() and not args.example
    if args.example and (given or args.answers or args.steps):
        raise Stop(BAD_USAGE, "--example writes the example as it is: it takes no answers")
    if not (given or args.answers or args.steps or asks):
        return _init_system(args.config) if args.system else _init_here(args.config)
    try:
        return _init_with_answers(args, given, asks)
    except ConfigError as error:
        from mailtickets.cli.session import broken

        raise Stop(BAD_USAGE, broken(error)) from error


def _is_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


# --- with answers ---------------------------------------------------------------------------------------


def _init_with_answers(args: argparse.Namespace, given: dict[str, Any], asks: bool) -> int:
    from mailtickets.cli.setup import steps
    from mailtickets.cli.setup.interview import GaveUp

    if args.system:
        _refuse_unless_root()
        program = _program()
    file = _target(args)
    if not args.steps and file.exists():
        if not args.system:
            raise Stop(REFUSED, f"{file} is there already: left as it is")
        return _init_system(args.config)
    data = _data(args.answers, given)
    try:
        answers, secret = _answers(args, data, file, asks)
        if args.steps:
            print(
                steps.text(steps.steps(answers)) or "There is nothing to do at the provider but to know the password."
            )
            return DONE
        if asks and not args.answers:
            _confirm(file, answers)
    except (KeyboardInterrupt, GaveUp):
        raise Stop(REFUSED, "nothing was written") from None
    if not asks or args.answers:
        _say_assumed(answers)
    if args.system:
        _make_user()
    _write_desk(file, answers, secret, system=args.system)
    if args.system:
        _make_state()
        _install_units(file, program)
    return _after(args, file, answers, asks)


def _target(args: argparse.Namespace) -> Path:
    named = args.config or (None if args.system else os.environ.get("MAILTICKETS_CONFIG"))
    return Path(named or (SYSTEM_CONFIG if args.system else "config.toml")).absolute()


def _data(answers_file: str | None, given: dict[str, Any]) -> dict[str, Any]:
    """The answers of the file, and over them those of the options."""
    from mailtickets.cli.setup import answers
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


def _answers(args: argparse.Namespace, data: dict[str, Any], file: Path, asks: bool) -> tuple["Answers", str]:
    """Complete answers, and the secret that was typed, if one was. Raises ConfigError with everything that is wrong."""
    from mailtickets.cli.setup import answers as asked
    from mailtickets.cli.setup import secrets
    from mailtickets.cli.setup.files import refuse_existing
    from mailtickets.cli.setup.interview import Interview
    from mailtickets.edges.checks.resolver import Lookups, resolver

    where = Path(args.answers) if args.answers else None
    if asks and not args.answers and not args.steps:
        asked.checked(where, data)
        interview = Interview(
            data,
            lambda: Lookups(resolver(data.get("dns", ()), DNS_SECONDS), 2 * DNS_SECONDS),
            lambda names: refuse_existing([file.parent / name for name in names]),
        )
        print(f"This writes {file}. Control-C ends it; until the last question nothing is written.\n")
        return interview.hold(), interview.secret
    answers = asked.checked(where, data)
    if args.steps:
        return answers, ""
    found = list(asked.problems(answers, has_secret=asks)) + list(secrets.problems(answers))
    if found:
        raise ConfigError(where, _with_advice(answers, found))
    typed = ""
    if asked.needs_secret(answers) and not answers.secret_file:
        typed = getpass.getpass(f"{asked.secret_name(answers)} (not shown): ")
        if not typed:
            raise KeyboardInterrupt
    return answers, typed


DNS_SECONDS = 5


def _with_advice(answers: "Answers", found: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The problems; where the provider is missing, with the one that the MX records name."""
    from mailtickets.config.providers import provider_of
    from mailtickets.edges.checks.resolver import Lookups, Unanswered, resolver
    from mailtickets.edges.discovery import records

    keys = [key for key, _ in found]
    if answers.provider or not answers.address:
        return found
    domain = answers.address.rpartition("@")[2]
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


def _confirm(file: Path, answers: "Answers") -> None:
    from mailtickets.cli.setup import secrets
    from mailtickets.cli.setup.interview import GaveUp, yes

    names = [str(file), *(one.name for one in secrets.of(answers))]
    print()
    if not yes(f"Write {', '.join(names)}", True):
        raise GaveUp


def _say_assumed(answers: "Answers") -> None:
    """Says what was not answered, and is now as it usually is."""
    from mailtickets.cli.setup.settled import settle

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


def _write_desk(file: Path, answers: "Answers", typed: str, *, system: bool) -> None:
    """Writes the secrets, and last the configuration, which must be sound before anything is written."""
    from mailtickets.cli.setup import configuration, secrets
    from mailtickets.cli.setup.files import NewFile, write_all
    from mailtickets.cli.setup.settled import settle
    from mailtickets.config.load import parsed

    text = configuration.text(settle(answers), str(SYSTEM_STATE) if system else "var")
    parsed(file, text)
    user = pwd.getpwnam(USER) if system else None
    if system:
        file.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    owner = (user.pw_uid, user.pw_gid) if user else None
    made = [NewFile(file.parent / one.name, one.content(typed), 0o600, owner) for one in secrets.of(answers)]
    mode, shared = (0o640, (0, user.pw_gid)) if user else (0o600, None)
    made.append(NewFile(file, text.encode(), mode, shared))
    write_all(made)
    for one in made:
        print(f"{one.path} is written")


def _after(args: argparse.Namespace, file: Path, answers: "Answers", asks: bool) -> int:
    """What is left to do, and what `check` finds."""
    from mailtickets.cli.setup import steps

    if found := steps.steps(answers):
        print(f"\nAt {answers.preset.name if answers.preset else 'the provider'}, if it is not done yet:\n")
        print(steps.text(found))
    if not answers.send:
        print("\nThe desk does not send yet: its mail goes into the folder outgoing of its state directory, for you to")
        print(f"look at. When it may send, replace [delivery] as the end of {file} shows.")
    _say_extra(answers)
    if answers.login in {"device_code", "refresh_token"} and not _is_logged_in(args, file, answers, asks):
        return DONE
    if not args.no_check:
        print("\nmailtickets check:")
        status = _noun("check", file)
        if status != DONE:
            print(f"\nThe configuration is written. Mend what is wrong above, then: mailtickets -c {file} check")
            return status
    print(f"\nNext: {_start_command(file, system=args.system)}")
    return DONE


def _say_extra(answers: "Answers") -> None:
    needed = {"microsoft": "msal", "google": "google.auth"}.get(answers.provider)
    if answers.login != "password" and needed and not _is_installed(needed):
        print("\nThis way of login needs more libraries: pip install 'mailtickets[oauth]' into the same environment.")


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _is_logged_in(args: argparse.Namespace, file: Path, answers: "Answers", asks: bool) -> bool:
    """Lets a person log in with a browser, on a terminal. Without one, or if it fails, says what to do."""
    from mailtickets.cli.setup.settled import settle

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


# --- the example ----------------------------------------------------------------------------------------


def _init_here(option: str | None) -> int:
    file = Path(option or os.environ.get("MAILTICKETS_CONFIG") or "config.toml")
    _write(file, shipped("config.example.toml").read_text(encoding="utf-8"), mode=0o600)
    print(f"{file} is written: a desk for suporte@desk.test that sends its mail into a Maildir beside it.")
    print(f"Next: mailtickets -c {file} run, and in another terminal mailtickets -c {file} demo")
    return DONE


def _init_system(option: str | None) -> int:
    _refuse_unless_root()
    program = _program()
    file = Path(option or SYSTEM_CONFIG).absolute()
    _make_user()
    user = pwd.getpwnam(USER)
    file.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    if file.exists():
        print(f"{file} is there already: left as it is")
    else:
        _write(file, _system_text(), mode=0o640)
        os.chown(file, 0, user.pw_gid)
        print(f"{file} is written")
    _make_state()
    _install_units(file, program)
    print(f"Next: edit {file}, and when `mailtickets check` is content:")
    print(f"      {_start_command(file, system=True)}")
    return DONE


def _refuse_unless_root() -> None:
    if os.geteuid() != 0:
        raise Stop(BAD_USAGE, "init --system makes a user, folders below /etc and /var/lib, and units: run it as root")


def _make_state() -> None:
    user = pwd.getpwnam(USER)
    SYSTEM_STATE.mkdir(mode=0o710, parents=True, exist_ok=True)
    SYSTEM_STATE.chmod(0o710)
    os.chown(SYSTEM_STATE, user.pw_uid, user.pw_gid)


def _system_text() -> str:
    """The example with absolute paths and the name of this machine."""
    text = shipped("config.example.toml").read_text(encoding="utf-8")
    text = text.replace('state_dir = "var"', f'state_dir = "{SYSTEM_STATE}"')
    return text.replace('hostname = "mail.desk.test"', f'hostname = "{socket.getfqdn()}"')


def _program() -> Path:
    """The command of this installation, at a path that the service can reach."""
    own = Path(sysconfig.get_path("scripts")) / "mailtickets"
    found = shutil.which("mailtickets")
    program = Path(found) if found and Path(found).resolve() == own.resolve() else own
    for path in (program, program.resolve(), Path(sys.executable).resolve()):
        if any(path.is_relative_to(home) for home in HOMES):
            advice = "install it elsewhere, for instance in /opt/mailtickets"
            raise Stop(
                REFUSED, f"{path} lies in a home directory, which the service cannot see (ProtectHome): {advice}"
            )
    return program


def _make_user() -> None:
    try:
        pwd.getpwnam(USER)
    except KeyError:
        command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
        try:
            subprocess.run([*command, "--home-dir", str(SYSTEM_STATE), USER], check=True)  # noqa: S603
        except (OSError, subprocess.CalledProcessError) as error:
            raise Stop(REFUSED, f"the user {USER} cannot be made: {error}") from error
        print(f"user {USER} is made")


def _install_units(config: Path, program: Path) -> None:
    """Copies the units and puts the paths of this installation into them."""
    if not SYSTEM_UNITS.is_dir():
        return
    for name in UNITS:
        text = (shipped("systemd") / name).read_text(encoding="utf-8")
        text = text.replace("/usr/local/bin/mailtickets", str(program)).replace(CONFIG_IN_UNITS, str(config))
        target = SYSTEM_UNITS / name
        if target.exists():
            print(f"{target} is there already: left as it is")
        else:
            target.write_text(text, encoding="utf-8")
            print(f"{target} is written")


def _start_command(config: Path, *, system: bool) -> str:
    """What starts the desk."""
    if not system:
        return f"mailtickets -c {config} run"
    if SYSTEM_UNITS.is_dir():
        return "systemctl daemon-reload && systemctl enable --now mailtickets"
    return f"no systemd here: run `{_program()} -c {config} run` as {USER} from your own supervisor"


def _write(file: Path, text: str, *, mode: int) -> None:
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError as error:
        raise Stop(REFUSED, f"{file} is there already: left as it is") from error
    except OSError as error:
        raise Stop(BAD_USAGE, f"{file}: {error.strerror}") from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        handle.write(text)
