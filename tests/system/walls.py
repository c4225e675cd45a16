"""The system call filters of a systemd unit, around a program and without systemd.

Reads a unit's SystemCallFilter, RestrictAddressFamilies, RestrictNamespaces and MemoryDenyWriteExecute, and writes a
script that installs the same filters with libseccomp and then becomes the program. No root is needed for it.
*Limits*: x86-64 and what libseccomp knows; mounts, users and control groups are systemd's alone.
"""

import json
import subprocess
import sys
from ctypes.util import find_library
from pathlib import Path

import pytest

from tests.servers import require

AF = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10}
FAMILIES = range(46)


def walled(program: Path, unit: Path, script: Path) -> Path:
    """Writes `script`, which is `program` behind the walls of `unit`."""
    library = find_library("seccomp")
    if library is None:
        pytest.skip("libseccomp is not installed: apt-get install libseccomp2")
    settings = directives(unit)
    assert settings["SystemCallErrorNumber"] == ["EPERM"]
    assert settings["MemoryDenyWriteExecute"] == settings["RestrictNamespaces"] == ["yes"]
    allowed = {AF[name] for name in settings["RestrictAddressFamilies"][0].split()}
    walls = {
        "library": library,
        "calls": sorted(allowed_calls(settings["SystemCallFilter"])),
        "families": [family for family in FAMILIES if family not in allowed],
        "program": str(program),
    }
    script.write_text(f"#!{sys.executable}\nWALLS = {json.dumps(walls)}\n{LAUNCHER}")
    script.chmod(0o755)
    return script


def directives(unit: Path) -> dict[str, list[str]]:
    """Key -> its values in the order of the file."""
    found: dict[str, list[str]] = {}
    for line in unit.read_text(encoding="utf-8").splitlines():
        key, is_one, value = line.partition("=")
        if is_one and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


def allowed_calls(filters: list[str]) -> set[str]:
    """The calls that an allow-list leaves, less those of the lines that begin with `~` (systemd.exec(5))."""
    groups = call_groups()
    allowed = set(expanded("@default", groups))
    for words in filters:
        calls = {call for word in words.removeprefix("~").split() for call in expanded(word, groups)}
        allowed = allowed - calls if words.startswith("~") else allowed | calls
    return allowed


def call_groups() -> dict[str, list[str]]:
    """`@group` -> its calls and groups, as this systemd has them."""
    analyze = require("systemd-analyze", "systemd")
    shown = subprocess.run([analyze, "syscall-filter"], capture_output=True, text=True, check=True).stdout
    groups: dict[str, list[str]] = {}
    members: list[str] = []
    for line in shown.splitlines():
        if line.startswith("@"):
            members = groups.setdefault(line.strip(), [])
        elif line.strip() and not line.strip().startswith("#"):
            members.append(line.strip())
    return groups


def expanded(word: str, groups: dict[str, list[str]]) -> set[str]:
    if not word.startswith("@"):
        return {word}
    return {call for member in groups[word] for call in expanded(member, groups)}


LAUNCHER = """\
import ctypes, errno, mmap, os, sys

class Compare(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]

EQUAL, MASKED_EQUAL = 4, 7
ALLOW = 0x7FFF0000
lib = ctypes.CDLL(WALLS["library"])
lib.seccomp_init.restype = ctypes.c_void_p
lib.seccomp_rule_add_array.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.c_void_p]
lib.seccomp_load.argtypes = [ctypes.c_void_p]

def refuse(number):
    return 0x00050000 | number

def rule(context, action, call, *compares):
    number = lib.seccomp_syscall_resolve_name(call.encode())
    if number >= 0:
        array = (Compare * len(compares))(*compares)
        assert lib.seccomp_rule_add_array(context, action, number, len(compares), array) == 0, call

def load(context):
    assert lib.seccomp_load(context) == 0

def walls_of_single_calls():
    context = lib.seccomp_init(ALLOW)
    for family in WALLS["families"]:
        rule(context, refuse(errno.EAFNOSUPPORT), "socket", Compare(0, EQUAL, family, 0))
    both = mmap.PROT_EXEC | mmap.PROT_WRITE
    rule(context, refuse(errno.EPERM), "mmap", Compare(2, MASKED_EQUAL, both, both))
    rule(context, refuse(errno.EPERM), "mprotect", Compare(2, MASKED_EQUAL, mmap.PROT_EXEC, mmap.PROT_EXEC))
    for call in ("unshare", "setns"):
        rule(context, refuse(errno.EPERM), call)
    rule(context, refuse(errno.ENOSYS), "clone3")
    load(context)

def walls_of_the_list():
    context = lib.seccomp_init(refuse(errno.EPERM))
    for call in WALLS["calls"]:
        rule(context, ALLOW, call)
    load(context)

walls_of_single_calls()
walls_of_the_list()
os.execv(WALLS["program"], [WALLS["program"], *sys.argv[1:]])
"""


def faults(unit: Path) -> list[str]:
    """What systemd finds wrong with a unit of ours; it names faults of this machine's other units as well."""
    analyze = require("systemd-analyze", "systemd")
    done = subprocess.run([analyze, "verify", str(unit)], capture_output=True, text=True, check=False)
    found = [line for line in done.stderr.splitlines() if "mailtickets" in line or str(unit.parent) in line]
    return found or [done.stderr] * (done.returncode != 0)
