"""Service levels in the configuration: what is wrong is named by its key, and `check` says what nobody can keep."""

import re
from pathlib import Path
from typing import Any

import pytest

from mailtickets.cli.check import levels
from mailtickets.cli.check.inquiry import Inquiry
from mailtickets.config.load import load, parsed
from mailtickets.config.places import ConfigError

BASE = """
[instance]
hostname = "mail.desk.test"
[delivery]
method = "maildir"
[[queue]]
name = "suporte"
addresses = ["suporte@desk.test"]
[[queue]]
name = "n2"
addresses = ["n2@desk.test"]
[[agent]]
name = "Ana"
address = "ana@desk.test"
queues = ["suporte"]
skills = ["vpn"]
[[calendar]]
name = "comercial"
hours = { "mon-fri" = "08:00-12:00 13:00-18:00" }
[[calendar]]
name = "nunca"
"""

LEVEL = """
[[service_level]]
name = "padrao"
queues = ["suporte"]
calendar = "comercial"
first_answer = { critical = "1h", high = "4h", normal = "8h", low = "2d" }
next_answer = "8h"
resolution = "3d"
escalate = [{ at = 1.0, notify = ["chefe@desk.test"], priority = "high" }, { at = 1.5, queue = "n2" }]
"""

MISTAKES = {
    'queues = ["suporte"] -> queues = ["vendas"]': (
        "service_level.0.queues.0",
        "there is no queue 'vendas'",
    ),
    'calendar = "comercial" -> calendar = "comercal"': (
        "service_level.0.calendar",
        "there is no calendar 'comercal'; the nearest is 'comercial'",
    ),
    'next_answer = "8h" -> next_answer = "8"': (
        "service_level.0.next_answer",
        'a number and a unit like "30m", "4h" or "2d" was expected, not \'8\'',
    ),
    'next_answer = "8h" -> next_answer = "0h"': (
        "service_level.0.next_answer.critical",
        "more than nothing and at most 366 days was expected, not '0h'",
    ),
    'low = "2d" -> low = "900d"': (
        "service_level.0.first_answer.low",
        "more than nothing and at most 366 days was expected, not '900d'",
    ),
    'low = "2d" -> urgent = "2d"': (
        "service_level.0.first_answer",
        "'low', 'normal', 'high' or 'critical' was expected",
    ),
    'resolution = "3d" -> resolution = "3d"\nwarn_at = 1.5': (
        "service_level.0.warn_at",
        "a part of the time between 0 (no warning) and 1 was expected, not 1.5",
    ),
    'resolution = "3d" -> resolution = "3d"\nwarn_at = 1': None,
    'resolution = "3d" -> resolution = "3d"\ntypes = ["incidnt"]': (
        "service_level.0.types.0",
        "there is no type 'incidnt': 'incident' is the nearest",
    ),
    'queue = "n2" -> queue = "n3"': (
        "service_level.0.escalate.1.queue",
        "there is no queue 'n3'",
    ),
    "at = 1.5 -> at = 0": (
        "service_level.0.escalate.1.at",
        "a part of the time above 0, at most 20, was expected, not 0",
    ),
    "at = 1.5 -> at = 1": (
        "service_level.0.escalate.1.at",
        "another step comes at 1 too: write both as one",
    ),
    'queue = "n2" -> clock = "resolution"': (
        "service_level.0.escalate.1",
        "does nothing: notify, priority, queue or assign was expected",
    ),
    'queue = "n2" -> assign = "bruno@desk.test"': (
        "service_level.0.escalate.1.assign",
        'an agent\'s address, "skill:NAME" or "turn" was expected, not \'bruno@desk.test\'',
    ),
    'queue = "n2" -> assign = "skill:rede"': (
        "service_level.0.escalate.1.assign",
        "no agent has the skill 'rede'",
    ),
    'queue = "n2" -> assign = "skill:vpn"': None,
    '"chefe@desk.test" -> "n2@desk.test"': (
        "service_level.0.escalate.0.notify.0",
        "n2@desk.test is a queue's own address: it would open a ticket",
    ),
    'resolution = "3d" -> resolution = "3d"\nprofile = "procon"': (
        "service_level.0.profile",
        "'sac', 'ecommerce', 'lgpd' or 'lgpd-small'",
    ),
}


def problems(text: str) -> dict[str, str]:
    with pytest.raises(ConfigError) as found:
        parsed(Path("config.toml"), text)
    return dict(found.value.problems)


def test_the_level_of_the_guide_is_sound() -> None:
    config = parsed(Path("config.toml"), BASE + LEVEL)
    assert config.service_level[0].escalate[1].queue == "n2"


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_by_its_key_with_what_was_expected(mistake: str) -> None:
    old, _, new = mistake.partition(" -> ")
    assert old in LEVEL
    text, expected = BASE + LEVEL.replace(old, new), MISTAKES[mistake]
    if expected is None:
        parsed(Path("config.toml"), text)
        return
    key, words = expected
    found = problems(text)
    matching = {name: said for name, said in found.items() if name.startswith(key)}
    assert matching, found
    assert words in " ".join(matching.values())


def test_two_levels_of_one_name() -> None:
    assert problems(BASE + LEVEL + LEVEL)["service_level.1.name"].startswith("the name 'padrao' is used 2 times")


# --- what check says --------------------------------------------------------------------------------------


def said(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "config.toml"
    file.write_text(BASE + text)
    return [f"{line.verdict} {line.about}: {line.text}" for line in levels.lines(Inquiry(load(file)))]


def test_check_says_what_a_level_promises(tmp_path: Path) -> None:
    assert said(tmp_path, LEVEL + 'profile = "sac"\n') == [
        (
            "ok service_level.0: padrao: suporte: first_answer critical=1h high=4h normal=8h low=2d; next_answer 8h; "
            "resolution 3d; sac 7 calendar days (comercial)"
        )
    ]


SOFT: dict[str, tuple[Any, str]] = {
    "a calendar that never opens": (
        LEVEL.replace('calendar = "comercial"', 'calendar = "nunca"'),
        r"warning service_level\.0\.calendar: padrao: nunca is never open, so its clocks never come to an end",
    ),
    "a first answer that is later than the resolution": (
        LEVEL.replace('resolution = "3d"', 'resolution = { low = "1d", normal = "9h" }'),
        (
            r"warning service_level\.0\.first_answer: padrao: at priority low the first answer may come after the "
            r"resolution is due"
        ),
    ),
    "a level without a clock": (
        '[[service_level]]\nname = "nada"\n',
        r"warning service_level\.0: nada: has no clock",
    ),
    "a level that never applies": (
        '[[service_level]]\nname = "todos"\nfirst_answer = "8h"\n' + LEVEL,
        r"warning service_level\.1: padrao: never applies, because todos comes before it and fits all its tickets",
    ),
    "a customer whose domain has a level": (
        (
            '[[service_level]]\nname = "grande"\ncustomers = ["@grande.test"]\nfirst_answer = "1h"\n'
            '[[service_level]]\nname = "chefe"\ncustomers = ["chefe@grande.test"]\nfirst_answer = "30m"\n'
        ),
        r"warning service_level\.1: chefe: never applies, because grande comes before it",
    ),
    "more time than there is": (
        LEVEL.replace('calendar = "comercial"', 'calendar = "raro"').replace('"3d"', '"366d"')
        + '[[calendar]]\nname = "raro"\nhours = { mon = "08:00-08:30" }\n',
        r"warning service_level\.0\.resolution: padrao: so much working time does not come together in two years",
    ),
}


@pytest.mark.parametrize("fault", SOFT)
def test_check_says_what_nobody_can_keep_and_what_never_applies(fault: str, tmp_path: Path) -> None:
    text, expected = SOFT[fault]
    warnings = [line for line in said(tmp_path, text) if line.startswith("warning")]
    assert warnings, said(tmp_path, text)
    assert re.match(expected, warnings[0]), warnings


def test_levels_that_leave_something_to_each_other_are_none_to_speak_of(tmp_path: Path) -> None:
    apart = '[[service_level]]\nname = "grande"\ncustomers = ["@grande.test"]\nfirst_answer = "1h"\n'
    assert not [line for line in said(tmp_path, apart + LEVEL) if line.startswith("warning")]
