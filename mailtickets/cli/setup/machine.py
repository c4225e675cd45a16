"""What a desk needs of its machine, with --system: the user, the state directory, the systemd units.

Fails with: `Stop`.
"""

import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from mailtickets.cli import BAD_USAGE, REFUSED, Stop
from mailtickets.config.places import shipped

USER = "mailtickets"
SYSTEM_CONFIG = Path("/etc/mailtickets/config.toml")
SYSTEM_STATE = Path("/var/lib/mailtickets")
SYSTEM_UNITS = Path("/etc/systemd/system")
CONFIG_IN_UNITS = "/etc/mailtickets/config.toml"
UNITS = ("mailtickets.service", "mailtickets.socket")
HOMES = (Path("/home"), Path("/root"), Path("/run/user"))
"""The folders that `ProtectHome=yes` hides from the service."""


def config_file(option: str | None, *, system: bool) -> Path:
    """Where the configuration is written: `option`, else the usual place. The units name that place, and not the
    environment of the person who runs `init --system`.
    """
    named = option or (None if system else os.environ.get("MAILTICKETS_CONFIG"))
    return Path(named or (SYSTEM_CONFIG if system else "config.toml"))


def refuse_unless_root() -> None:
    if os.geteuid() != 0:
        raise Stop(BAD_USAGE, "init --system makes a user, folders below /etc and /var/lib, and units: run it as root")


def program_path() -> Path:
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


def make_user() -> None:
    try:
        pwd.getpwnam(USER)
    except KeyError:
        command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
        try:
            subprocess.run([*command, "--home-dir", str(SYSTEM_STATE), USER], check=True)  # noqa: S603
        except (OSError, subprocess.CalledProcessError) as error:
            raise Stop(REFUSED, f"the user {USER} cannot be made: {error}") from error
        print(f"user {USER} is made")


def make_state() -> None:
    user = pwd.getpwnam(USER)
    SYSTEM_STATE.mkdir(mode=0o710, parents=True, exist_ok=True)
    SYSTEM_STATE.chmod(0o710)
    os.chown(SYSTEM_STATE, user.pw_uid, user.pw_gid)


def install_units(config: Path, program: Path) -> None:
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


def start_command(config: Path, *, system: bool) -> str:
    """What starts the desk."""
    if not system:
        return f"mailtickets -c {config} run"
    if SYSTEM_UNITS.is_dir():
        return "systemctl daemon-reload && systemctl enable --now mailtickets"
    return f"no systemd here: run `{program_path()} -c {config} run` as {USER} from your own supervisor"
