"""Writes a first configuration. It asks for what it needs, or takes it from --answers FILE and from options.

On a terminal the command asks for everything that was not given. With --answers it asks for nothing but a password.
Without a terminal and without options, or with --example, it writes the example desk that `make run` starts. --system,
as root, also makes the user, the folders and the systemd units. The command never overwrites a file, and writes nothing
if it is interrupted.
"""

import argparse
import pwd
import socket
import sys

from mailtickets.cli import BAD_USAGE, DONE, Stop
from mailtickets.cli.setup import machine
from mailtickets.cli.setup.files import NewFile, write_all
from mailtickets.cli.setup.options import add_options, given_in
from mailtickets.config.places import ConfigError, shipped


def configure(parser: argparse.ArgumentParser) -> None:
    system = f"as root: {machine.SYSTEM_CONFIG}, the user {machine.USER}, systemd units"
    parser.add_argument("--system", action="store_true", help=system)
    parser.add_argument("--example", action="store_true", help="write the example desk for suporte@desk.test")
    parser.add_argument("--steps", action="store_true", help="print the administrator's steps, and write nothing")
    parser.add_argument("--no-check", action="store_true", help="do not log in and do not run `check` at the end")
    parser.add_argument("--answers", metavar="FILE", help="a TOML file with the answers")
    add_options(parser)


def run(args: argparse.Namespace) -> int:
    given = given_in(args)
    answered = bool(given or args.answers or args.steps)
    if args.example and answered:
        raise Stop(BAD_USAGE, "--example writes the example as it is: it takes no answers")
    asks = _is_terminal() and not args.example
    if not (answered or asks) or (
        args.system and not args.steps and machine.config_file(args.config, system=True).exists()
    ):
        return _init_system(args) if args.system else _init_here(args.config)
    from mailtickets.cli.setup import course  # pydantic costs a quarter of a second, which the example does not need

    try:
        return course.set_up(args, given, asks=asks)
    except ConfigError as error:
        from mailtickets.cli.session import broken

        raise Stop(BAD_USAGE, broken(error)) from error


def _is_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _init_here(option: str | None) -> int:
    file = machine.config_file(option, system=False)
    write_all([NewFile(file, shipped("config.example.toml").read_bytes(), 0o600)])
    print(f"{file} is written: a desk for suporte@desk.test that sends its mail into a Maildir beside it.")
    print(f"Next: mailtickets -c {file} run, and in another terminal mailtickets -c {file} demo")
    return DONE


def _init_system(args: argparse.Namespace) -> int:
    machine.refuse_unless_root()
    program = machine.program_path()
    file = machine.config_file(args.config, system=True).absolute()
    machine.make_user()
    user = pwd.getpwnam(machine.USER)
    file.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    if file.exists():
        print(f"{file} is there already: left as it is")
    else:
        write_all([NewFile(file, _system_text().encode(), 0o640, (0, user.pw_gid))])
        print(f"{file} is written")
    machine.make_state()
    machine.install_units(file, program)
    print(f"Next: edit {file}, and when `mailtickets check` is content:")
    print(f"      {machine.start_command(file, system=True)}")
    return DONE


def _system_text() -> str:
    """The example with absolute paths and the name of this machine."""
    text = shipped("config.example.toml").read_text(encoding="utf-8")
    text = text.replace('state_dir = "var"', f'state_dir = "{machine.SYSTEM_STATE}"')
    return text.replace('hostname = "mail.desk.test"', f'hostname = "{socket.getfqdn()}"')
