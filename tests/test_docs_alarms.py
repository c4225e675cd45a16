"""The page for ops says of each alarm what the program does."""

import re
from pathlib import Path

import pytest

from mailtickets.config.models import AlarmLimits
from mailtickets.desk.clock import promise
from mailtickets.desk.letters.retry import WARN_AFTER
from mailtickets.desk.notices.alarms import ALARMS
from mailtickets.edges.doors.imap import MAX_ATTEMPTS
from mailtickets.edges.imap.client import Limits
from mailtickets.edges.oauth2 import expiry, keeper
from mailtickets.gateway import alarms
from mailtickets.jobs import watch
from mailtickets.store import alarms as store

PAGE = (Path(__file__).parents[1] / "docs" / "operations.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## Who is told when something is wrong\n")[2].partition("\n## ")[0]
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")] for line in SECTION.splitlines() if line.startswith("| `")
]
"""Keys, when, what to do."""


def when(key: str) -> str:
    return next(row[1] for row in ROWS if f"`{key}`" in row[0])


def test_every_alarm_is_on_the_page_in_the_words_of_its_mail() -> None:
    shown = [(re.findall(r"`([^`]+)`", keys), advice) for keys, _, advice in ROWS]
    assert shown == [(row.keys.split(", "), row.advice["en"]) for row in ALARMS.values()]


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("imap-ACCOUNT", f"for {Limits().stalled_seconds / 60:.0f} minutes"),
        ("imap-ACCOUNT-FOLDER-UIDVALIDITY-UID", {3: "three times"}[MAX_ATTEMPTS]),
        ("oauth-ACCOUNT", f"for {keeper._LATE.total_seconds() / 60:.0f} minutes"),
        ("oauth-ACCOUNT-ends", f"{expiry.FIRST_DAYS} days before"),
        ("oauth-ACCOUNT-ends", f"once more {expiry.AGAIN_DAYS} days before"),
        ("delivery-late", f"for {WARN_AFTER.total_seconds() / 3600:.0f} hours"),
        ("disk-low", {10: "of a small disk: a tenth"}[watch._SMALL_DISK]),
        ("disk-low", {1.25: "with a quarter more"}[watch.WELL_AGAIN]),
        ("workers-die", f"{watch.MOST_DEATHS} workers"),
        ("promise-QUEUE", f"less than {promise.KEPT_AT_LEAST:.0%}".replace("%", " %")),
        ("promise-QUEUE", f"from {promise.KEPT_AGAIN_FROM:.0%} on".replace("%", " %")),
        ("promise-QUEUE", f"of the last {promise.BACKTESTED.days} days"),
    ],
)
def test_the_page_says_when(key: str, words: str) -> None:
    assert words in when(key)


def test_the_page_shows_the_limits_as_they_are() -> None:
    for name, value in AlarmLimits().model_dump().items():
        shown = str(value).lower() if isinstance(value, bool) else f"{value:_}"
        assert f"\n{name} = {shown}\n" in SECTION
        assert f"`alarms.{name}`" in SECTION


def test_the_page_says_how_little_is_written() -> None:
    words = " ".join(SECTION.split())
    assert f"stayed away for {alarms.QUIET.total_seconds() / 60:.0f} minutes" in words
    assert f"at most {alarms.MOST_OF_A_KIND} mails an hour" in words
    assert f"kept for {store.KEPT.days} days" in words
    assert (alarms.HOUR, store.FLAPS_WITHIN, store.GONE_AFTER) == (alarms.HOUR,) * 3


def test_the_page_says_what_cannot_pass() -> None:
    (sentence,) = re.findall(r"[^.]*are things that\s+have happened", SECTION)
    assert re.findall(r"`([^`]+)`", sentence) == [row.keys for row in ALARMS.values() if not row.passes]
