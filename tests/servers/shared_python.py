"""This Python with this program in it, where every user of the machine can run them.

A developer's Python and checkout may lie in a private home, as pyenv's of root do below /root. Then the interpreter,
its library, the installed packages and the program are put together once more below a directory that everybody can
enter: by hard links where the disk is the same one, so that it takes a second and no room.
*Limits*: CPython as its own makefile and Debian lay it out: `bin/pythonX.Y`, `lib/pythonX.Y`, perhaps `lib/libpython*`.
"""

import os
import shutil
import sys
import sysconfig
from contextlib import suppress
from pathlib import Path

import mailtickets

CHECKOUT = Path(mailtickets.__file__).parent.parent
SHIPPED = ("mailtickets", "templates", "systemd", "config.example.toml")
NOT_NEEDED = ("test", "tests", "site-packages", "dist-packages", "idlelib", "tkinter", "ensurepip", "config-*")
OPEN = 0o005
"""Others may read and enter."""

LAUNCHER = """\
#!/bin/sh
PYTHONPATH={directory}/program LD_LIBRARY_PATH={directory}/lib exec {directory}/bin/{version} "$@"
"""


def shared_python(directory: Path) -> Path:
    """An interpreter that any user can start and that finds the program: this one, or one made in `directory`."""
    return Path(sys.executable) if everybody_has_python() else _made(directory)


def everybody_has_python() -> bool:
    here = (Path(sys.executable), Path(sys.executable).resolve(), Path(sysconfig.get_path("stdlib")), CHECKOUT / "x")
    return all(path.stat().st_mode & OPEN == OPEN for file in here for path in file.parents)


def _made(directory: Path) -> Path:
    version = f"python{sysconfig.get_python_version()}"
    for name in ("bin", "lib", "program"):
        (directory / name).mkdir(parents=True)
    shutil.copy2(Path(sys.executable).resolve(), directory / "bin" / version)
    for library in (Path(sys.base_prefix) / "lib").glob("libpython*.so*"):
        _copy(library.resolve(), directory / "lib" / library.name)
    _copy_tree(Path(sysconfig.get_path("stdlib")), directory / "lib" / version, *NOT_NEEDED)
    # Not the file by which an editable installation names its checkout, which is the one others cannot enter.
    packages = Path(sysconfig.get_path("purelib"))
    _copy_tree(packages, directory / "lib" / version / "site-packages", "pip", "mypy*", "*mailtickets*")
    for name in SHIPPED:
        source = CHECKOUT / name
        (_copy_tree if source.is_dir() else _copy)(source, directory / "program" / name)
    launcher = directory / "bin" / "python"
    launcher.write_text(LAUNCHER.format(directory=directory, version=version))
    _open(directory)
    return launcher


def _copy_tree(source: Path, target: Path, *but: str) -> None:
    shutil.copytree(source, target, copy_function=_copy, ignore=shutil.ignore_patterns(*but))


def _copy(source: str | Path, target: str | Path) -> None:
    try:
        if not Path(source).stat().st_mode & 0o004:
            raise PermissionError  # a link would be as closed as the file is
        os.link(source, target)
    except OSError:  # another disk, or one without links
        shutil.copy2(source, target)


def _open(directory: Path) -> None:
    """Everybody may enter the folders, read the files and run what is in `bin`; what is a link could be read before."""
    for path in (directory, *directory.rglob("*")):
        with suppress(FileNotFoundError):  # a symbolic link to nothing
            if path.is_dir() or path.parent == directory / "bin":
                path.chmod(0o755)
            elif path.stat().st_nlink == 1:
                path.chmod(path.stat().st_mode | 0o444)
