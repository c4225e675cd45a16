"""Scheduled reports in the configuration: what is wrong is named by its key."""

from pathlib import Path

import pytest

from mailtickets.config.load import parsed
from mailtickets.config.places import ConfigError
from tests.test_config_levels import BASE

GOOD = '[[report]]\nname = "semana"\nschedule = "mon 08:00"\nto = ["chefe@fora.test"]\n'


def test_a_report_is_read_with_its_defaults() -> None:
    (report,) = parsed(Path("m.toml"), BASE + GOOD).report
    assert (report.queues, report.by, report.locale) == ((), "", "")


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ('"mon 08:00"', '"8h"', "report.0.schedule"),
        ('"mon 08:00"', '"32 08:00"', "day of the month"),
        ('["chefe@fora.test"]', "[]", "report.0.to"),
        ('["chefe@fora.test"]', '["chefe"]', "report.0.to.0"),
        (
            '["chefe@fora.test"]',
            '["suporte@desk.test"]',
            "'suporte': a report would be a ticket",
        ),
        ('["chefe@fora.test"]', '["suporte+x@desk.test"]', "is the address of queue 'suporte'"),
        ("to =", 'queues = ["suport"]\nto =', "there is no queue 'suport'"),
        ("to =", 'by = "moon"\nto =', "report.0.by"),
        ("to =", 'locale = "fr"\nto =', "report.0.locale"),
    ],
)
def test_what_is_wrong_is_named(was: str, becomes: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parsed(Path("m.toml"), BASE + GOOD.replace(was, becomes))
    assert said in str(refused.value)


def test_each_report_needs_a_name_of_its_own() -> None:
    with pytest.raises(ConfigError, match="used 2 times"):
        parsed(Path("m.toml"), BASE + GOOD + GOOD)
