"""Faults on purpose. What takes minutes is marked `chaos` and run by `make chaos` alone."""

from collections.abc import Iterator

import pytest

from tests.chaos.lives import Cradle
from tests.system.conftest import make_desk, place

__all__ = ["make_desk", "place"]

REPORTS: list[str] = []


@pytest.fixture(scope="session")
def cradle() -> Iterator[Cradle]:
    with Cradle() as cradle:
        yield cradle


@pytest.fixture
def told() -> list[str]:
    """Lines that are printed when all is over, whatever the outcome."""
    return REPORTS


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if REPORTS:
        terminalreporter.section("chaos")
        for line in REPORTS:
            terminalreporter.line(line)
