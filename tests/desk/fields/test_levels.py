"""Priority from impact and urgency: the usual matrix, matrices of one's own, and what customers' words say."""

from typing import Any

import pytest

from mailtickets.config.kinds import TicketKind
from mailtickets.desk.fields.levels import priority_of, said
from mailtickets.desk.fields.names import level_called, level_meant
from tests.desk.builders import a_ticket


def kind(**changes: Any) -> TicketKind:
    three: dict[str, Any] = {"impact": ("one", "many", "all"), "urgency": ("low", "normal", "high")}
    return TicketKind(name="incident", **{**three, **changes})


def of(kind_: TicketKind, impact: str = "", urgency: str = "") -> str | None:
    fields = tuple((name, level) for name, level in (("impact", impact), ("urgency", urgency)) if level)
    return priority_of(kind_, a_ticket(type="incident", fields=fields))


USUAL = """
        low     normal  high
one     low     low     normal
many    low     normal  high
all     normal  high    critical
"""


@pytest.mark.parametrize(
    ("impact", "urgency", "priority"),
    [
        (row.split()[0], urgency, priority)
        for row in USUAL.strip("\n").splitlines()[1:]
        for urgency, priority in zip(("low", "normal", "high"), row.split()[1:], strict=True)
    ],
)
def test_the_usual_matrix(impact: str, urgency: str, priority: str) -> None:
    assert of(kind(), impact, urgency) == priority


def test_a_level_that_is_not_known_counts_as_the_middle() -> None:
    assert of(kind(), "all") == "high"
    assert of(kind(), "", "low") == "low"
    assert of(kind()) is None
    assert of(kind(), "everything") is None


def test_one_scale_alone_goes_from_normal_to_critical() -> None:
    alone = kind(urgency=())
    assert [of(alone, level) for level in ("one", "many", "all")] == ["normal", "high", "critical"]
    assert [of(kind(impact=("one", "all"), urgency=()), level) for level in ("one", "all")] == ["normal", "critical"]


def test_a_matrix_of_ones_own() -> None:
    own = kind(impact=("one", "all"), matrix=(("low", "low", "low"), ("high", "high", "critical")))
    assert of(own, "all", "low") == "high"
    assert of(own, "one", "high") == "low"
    assert of(own, "all") == "high"
    column = kind(urgency=(), matrix=(("low",), ("low",), ("critical",)))
    assert [of(column, level) for level in ("many", "all")] == ["low", "critical"]


@pytest.mark.parametrize(
    ("words", "impact", "urgency"),
    [
        ("Ninguém consegue entrar no sistema, é urgente!", "all", "high"),
        ("NINGUÉM CONSEGUE acessar", "all", None),
        ("Só comigo acontece isso", "one", None),
        ("Vários usuários reclamam", "many", None),
        ("Só eu e várias pessoas, aliás todo mundo", "all", None),
        ("Não é urgente, quando puderem.", None, "low"),
        ("não é nada urgente mesmo", None, "high"),
        ("Preciso o quanto antes", None, "high"),
        ("The site is down and nobody can order, ASAP please", "all", "high"),
        ("Just me, no rush", "one", "low"),
        ("Nadie puede entrar, lo antes posible", "all", "high"),
        ("Solo yo, sin prisa", "one", "low"),
        ("A impressora do caixa não imprime.", None, None),
        ("Comprei na loja insurgente", None, None),
        ("", None, None),
    ],
)
def test_what_customers_say(words: str, impact: str | None, urgency: str | None) -> None:
    assert said(kind(), "impact", words) == impact
    assert said(kind(), "urgency", words) == urgency


def test_words_of_ones_own_take_the_place_of_the_shipped_ones() -> None:
    own = kind(impact_words={"all": ("a fábrica parou",)})
    assert said(own, "impact", "Socorro, A FABRICA parou") == "all"
    assert said(own, "impact", "ninguém consegue") is None
    assert said(own, "impact", "meu setor") == "many"


@pytest.mark.parametrize(
    ("typed", "level"), [("todos", "all"), ("All", "all"), ("várias pessoas", "many"), ("ONE", "one"), ("x", None)]
)
def test_levels_as_agents_type_them(typed: str, level: str | None) -> None:
    assert level_meant(typed, kind(), "impact") == level


def test_levels_as_they_are_shown() -> None:
    own = kind(level_labels={"all": {"pt_BR": "a empresa inteira"}})
    assert level_called(own, "all", "pt_BR") == "a empresa inteira"
    assert level_called(own, "many", "en") == "many people"
    assert level_called(None, "site-wide", "es") == "site-wide"
