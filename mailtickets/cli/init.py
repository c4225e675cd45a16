"""Writes a first configuration. --system, as root, also makes the user, the folders and the systemd units.

The command never overwrites a file.
"""

import argparse
import os
import pwd
import shutil
import socket
import subprocess
import sys
import sysconfig
from pathlib import Path

from mailtickets.cli import BAD_USAGE, DONE, REFUSED, Stop
from mailtickets.config.places import shipped

USER = "mailtickets"
SYSTEM_CONFIG = Path("/etc/mailtickets/config.toml")
SYSTEM_STATE = Path("/var/lib/mailtickets")
SYSTEM_UNITS = Path("/etc/systemd/system")
UNITS = ("mailtickets.service", "mailtickets.socket")
HOMES = (Path("/home"), Path("/root"), Path("/run/user"))
"""The folders that `ProtectHome=yes` hides from the service."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--system", action="store_true", help=f"as root: {SYSTEM_CONFIG}, the user {USER}, systemd units"
    )


def run(args: argparse.Namespace) -> int:
    return _init_system(args.config) if args.system else _init_here(args.config)


def _init_here(option: str | None) -> int:
    file = Path(option or os.environ.get("MAILTICKETS_CONFIG") or "config.toml")
    _write(file, shipped("config.example.toml").read_text(encoding="utf-8"), mode=0o600)
    print(f"{file} is written: a desk for suporte@desk.test that sends its mail into a Maildir beside it.")
    print(f"Next: mailtickets -c {file} run, and in another terminal mailtickets -c {file} demo")
    return DONE


def _init_system(option: str | None) -> int:
    if os.geteuid() != 0:
        raise Stop(BAD_USAGE, "init --system makes a user, folders below /etc and /var/lib, and units: run it as root")
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
    SYSTEM_STATE.mkdir(mode=0o710, parents=True, exist_ok=True)
    SYSTEM_STATE.chmod(0o710)
    os.chown(SYSTEM_STATE, user.pw_uid, user.pw_gid)
    _install_units(file, program)
    return DONE


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
        print(f"no systemd here: run `{program} -c {config} run` as {USER} from your own supervisor")
        return
    for name in UNITS:
        text = (shipped("systemd") / name).read_text(encoding="utf-8")
        text = text.replace("/usr/local/bin/mailtickets", str(program)).replace(str(SYSTEM_CONFIG), str(config))
        target = SYSTEM_UNITS / name
        if target.exists():
            print(f"{target} is there already: left as it is")
        else:
            target.write_text(text, encoding="utf-8")
            print(f"{target} is written")
    print(f"Next: edit {config}, and when `mailtickets check` is content:")
    print("      systemctl daemon-reload && systemctl enable --now mailtickets")


def _write(file: Path, text: str, *, mode: int) -> None:
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError as error:
        raise Stop(REFUSED, f"{file} is there already: left as it is") from error
    except OSError as error:
        raise Stop(BAD_USAGE, f"{file}: {error.strerror}") from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        handle.write(text)
