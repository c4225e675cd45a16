"""No reader takes more than linear time: a text twice as long costs twice the steps, whatever is in it.

Steps are counted, not seconds: those of a backtracking matcher for patterns (tests/steps.py), lines of Python for the
readers that are no patterns. Every pattern of `mailtickets.mail`, `.desk` and `.edges` is found by looking
(tests/patterns.py), so that a new one is tried too. Texts are made out of the pattern itself: systematically, and by
hypothesis.
"""

import re
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailtickets.desk.notices.discretion import Discretion
from mailtickets.mail import address
from mailtickets.mail.read import header
from mailtickets.mail.read.parse import parse
from mailtickets.mail.reply.sanitise import sanitised
from mailtickets.mail.trust import authres, header_truth, traces
from tests.desk.builders import POLICY
from tests.patterns import Pump, Use, collected, fragments, pumps
from tests.steps import TooManySteps, matches, steps

USES = {use.where: use for use in collected()}
MOST = 400_000
"""Steps over a text of some hundred characters: more are no longer counted."""
SUPERLINEAR = 2.6
"""Twice the length costs twice the steps, give or take what happens at the ends; four times where it is quadratic."""


def growth(cost: Callable[[int], int], times: int) -> float:
    """How much more the second doubling of a text adds than the first; a longer text has the last word."""
    found = [cost(times * factor) for factor in (1, 2, 4)]
    if _added(found) > SUPERLINEAR:
        found = [cost(times * factor) for factor in (4, 8, 16)]
    return _added(found)


def _added(costs: list[int]) -> float:
    return (costs[2] - costs[1]) / max(costs[1] - costs[0], 1)


def is_linear(use: Use, pump: Pump) -> bool:
    def cost(times: int) -> int:
        return steps(use.pattern, pump.text(times), anchored=use.anchored, most=MOST * max(1, times // 30))

    try:
        return growth(cost, 24 if len(pump.middle) < 4 else 8) <= SUPERLINEAR
    except TooManySteps:
        return False


# --- patterns -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", USES)
def test_a_pattern_takes_linear_time_over_texts_made_out_of_it(where: str) -> None:
    use = USES[where]
    assert [pump for pump in pumps(use.pattern) if not is_linear(use, pump)] == []


@pytest.mark.parametrize("where", USES)
@settings(max_examples=10, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_pattern_takes_linear_time_over_texts_that_hypothesis_makes(where: str, data: st.DataObject) -> None:
    use = USES[where]
    some = st.lists(st.sampled_from(fragments(use.pattern)), max_size=3).map("".join)
    middle = data.draw(some.filter(bool))[:40]
    pump = Pump(data.draw(some)[:40], middle, data.draw(some) + "\x01", isinstance(use.pattern.pattern, bytes))
    assert is_linear(use, pump)


@pytest.mark.parametrize("where", USES)
def test_the_counting_matcher_finds_what_re_finds(where: str) -> None:
    use = USES[where]
    for pump in pumps(use.pattern)[:12]:
        text = pump.text(2)[:60]
        assert matches(use.pattern, text) == [found.span() for found in use.pattern.finditer(text) if found[0]]


@pytest.mark.parametrize(
    ("pattern", "pump"),
    [
        (r"[^\s@]+(?:\s*\.\s*[^\s@]+)*\s*@", "a."),
        (r"\s+$", " "),
        (r"(?:a+)+b", "a"),
        (r"a.*b.*c", "ab"),
        (r"\(.*\)", "("),
        (r"[^@]+@", "a"),
        (r"(\w+) \1", "a"),
        (r"(?i)x*x*y", "X"),
    ],
)
def test_a_pattern_that_is_not_linear_is_caught(pattern: str, pump: str) -> None:
    use = Use("here", re.compile(pattern), False)
    assert not is_linear(use, Pump("", pump, "\x01", False))
    assert not all(is_linear(use, made) for made in pumps(use.pattern))


@pytest.mark.parametrize("pattern", [r"(?<!\s)\s++x", r"a{0,200}b", r"[^@]++(?=x)|<[^<>]*>", r"(?<!b)(?:ab)*+c"])
def test_a_pattern_that_is_linear_is_not(pattern: str) -> None:
    use = Use("here", re.compile(pattern), pattern.startswith("[^@]"))
    assert all(is_linear(use, made) for made in pumps(use.pattern))


def test_the_rooms_patterns_are_found() -> None:
    """Not which ones: that they are hundreds, also within tuples, mappings and calls."""
    assert len(USES) > 300
    assert {where.partition(".")[0] for where in USES} == {"words", "mail", "desk", "edges"}
    assert any(":" in where for where in USES)
    assert any("[3]" in where for where in USES)


# --- readers ------------------------------------------------------------------------------------------


def lines_of(work: Callable[[Any], Any], given: Any) -> int:
    """How many lines of Python the work takes."""
    count = 0

    def trace(frame: Any, event: str, _: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work(given)
    finally:
        sys.settrace(before)
    return count


DISCRETION = Discretion.of(POLICY, POLICY.queues[0])
FIELDS = [
    "a.",
    "a. ",
    "@",
    ",",
    ", ",
    "<",
    "<>",
    "(",
    "()",
    '"',
    '"\\',
    ":",
    ":;",
    "=?a?q?",
    "=?a?b?QQ?= ",
    " ",
    "a@b ",
    "a@b.test,",
]
FIELDS += ["a;", "a=b;", 'a="', "a*0=b;", "'", "\\", "<a@b>", "é", "1", "-", "::a", ".", "a,<", "(a", ")"]
TEXTS = [
    "&",
    "&a;",
    "%40",
    "@desk.test ",
    "x@desk.test ",
    "a@b.test ",
    "Ref.: ",
    "+" + "a" * 25,
    "\n",
    " \n",
    "> ",
    "#a ",
    "wrote:\n",
]
TEXTS += [
    "On ",
    "begin 644 a\n",
    "http://",
    "*",
    "_",
    "é",
    "-- \n",
    "From: a\n",
    "-----Original Message-----\n",
    "[#1] ",
    "\0",
]
HTML = [
    "&",
    "&a;",
    "&#",
    "<td>x",
    "<p>",
    "<b>x</b>",
    "<br>",
    "<tr><td>|",
    "<a href=http://x.test>y</a>",
    "<li>",
    "<pre>",
    "<!--",
    "<",
]


@pytest.mark.parametrize(
    "reader",
    [
        address.parse_addresses,
        header.decoded,
        header.parameters,
        lambda value: header.ids([value]),
        authres.parse,
        lambda value: authres.is_from_exchange([("received", value)]),
        lambda value: header_truth.sole_author((("from", value),)),
        lambda value: header_truth.fields(f"From: {value}\r\n\r\n".encode()),
    ],
    ids=["addresses", "words", "parameters", "ids", "results", "exchange", "author", "fields"],
)  # fmt: skip
@pytest.mark.parametrize("piece", FIELDS)
def test_a_field_twice_as_long_takes_twice_the_lines(reader: Callable[[str], Any], piece: str) -> None:
    for around in ("{}", "a{}@b c", "x <{}"):
        assert growth(lambda times, around=around: lines_of(reader, around.format(piece * times)), 60) <= SUPERLINEAR


@pytest.mark.parametrize("reader", [DISCRETION.text, traces.gives_away, traces.suspects, sanitised, DISCRETION.html])
@pytest.mark.parametrize("piece", TEXTS)
def test_a_text_twice_as_long_takes_twice_the_lines(reader: Callable[[str], Any], piece: str) -> None:
    assert growth(lambda times: lines_of(reader, piece * times), 40) <= SUPERLINEAR


@pytest.mark.parametrize(("kind", "pieces"), [("plain", TEXTS), ("html", HTML + TEXTS)])
def test_a_mail_twice_as_long_takes_no_more_than_twice_the_lines(kind: str, pieces: list[str]) -> None:
    head = f"From: a@b.test\r\nSubject: x\r\nContent-Type: text/{kind}; charset=utf-8\r\n\r\n"
    for piece in pieces:
        cost = growth(lambda times, piece=piece: lines_of(parse, (head + piece * times).encode()), 60)
        assert cost <= SUPERLINEAR, piece
