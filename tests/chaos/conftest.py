"""Faults on purpose. What takes minutes is marked `chaos` and run by `make chaos` alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.lives import Cradle
from tests.chaos.machine import Machine, compiled
from tests.system.conftest import desk, make_desk, place
from tests.system.world import World

__all__ = ["desk", "make_desk", "place"]

REPORTS: list[str] = []


@pytest.fixture(scope="session")
def cradle() -> Iterator[Cradle]:
    with Cradle() as cradle:
        yield cradle


@pytest.fixture(scope="session")
def faults_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(tmp_path_factory.mktemp("faults") / "faults.so")


@pytest.fixture
def machine(faults_library: Path, place: Path) -> Machine:
    """What goes wrong with the machine that a desk runs on."""
    return Machine(faults_library, place)


@pytest.fixture
def world() -> Iterator[World]:
    with World() as world:
        yield world


@pytest.fixture
def told() -> list[str]:
    """Lines that are printed when all is over, whatever the outcome."""
    return REPORTS


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if REPORTS:
        terminalreporter.section("chaos")
        for line in REPORTS:
            terminalreporter.line(line)
