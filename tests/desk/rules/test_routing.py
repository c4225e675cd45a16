"""Who is given a ticket, by skill, load and duty: a table that people can read."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from mailtickets.config.kinds import TicketKind
from mailtickets.config.models import Agent
from mailtickets.config.rules import Rule
from mailtickets.desk.clock.calendar import open_hours
from mailtickets.desk.model.effects import Assign, AwaitTurn
from mailtickets.desk.model.facts import Desk
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.rules.assignment import (
    TurnWanted,
    given_out,
    missing_skills,
    turn_of_rule,
    wanted_by_type,
)
from tests.desk.builders import ANA, BRUNO, NOW, a_policy, an_agent

TABLE = Path(__file__).with_name("routing_table.txt").read_text(encoding="utf-8")
ROWS = [line for line in TABLE.splitlines() if line.strip() and not line.startswith("#")]
ASKED = {"-": TurnWanted(), "turn": TurnWanted(ordered=True)}
SATURDAYS = open_hours("plantao", ZoneInfo("America/Sao_Paulo"), {"sat": "08:00-12:00"}, {}, ())
"""`NOW` is a Monday: nobody with this calendar is on duty."""


def wanted(asked: str) -> TurnWanted:
    kind, _, skill = asked.partition(":")
    return ASKED.get(asked) or TurnWanted(skill, only=kind == "only", ordered=kind == "only")


def person(name: str, cell: str) -> tuple[Agent, dict[str, object]]:
    """An agent, and what the desk knows of their work."""
    words = cell.split()
    load, capacity = next(word for word in words if "/" in word).split("/")
    skills = tuple(skill for word in words if word[0].isalpha() and word not in {"away", "off"}
                   for skill in word.split(","))  # fmt: skip
    agent = Agent(name=name, address=f"{name}@desk.test", queues=("suporte",), skills=skills, capacity=int(capacity),
                  calendar="plantao" if "off" in words else "")  # fmt: skip
    last = next((timedelta(hours=int(word[1:])) for word in words if word.startswith("@")), None)
    return agent, {"load": int(load), "last": last, "away": "away" in words}


def happens(assignment: str, asked: str, cells: dict[str, str]) -> str:
    people = [person(name, cell) for name, cell in cells.items()]
    policy = replace(
        a_policy(suporte={"assignment": assignment}, agents=tuple(agent for agent, _ in people)),
        calendars={"plantao": SATURDAYS},
    )
    desk = Desk(
        loads={agent.address: known["load"] for agent, known in people},
        assigned_at={agent.address: NOW - known["last"] for agent, known in people if known["last"]},
        absent_until={agent.address: NOW + timedelta(days=1) for agent, known in people if known["away"]},
    )
    match given_out(policy.queues[0], desk, policy, NOW, wanted(asked)):
        case ():
            return "nobody"
        case (Assign(to=str() as to, reason=reason),):
            return f"{to.partition('@')[0]} {reason}"
        case (AwaitTurn() as waits,):
            over = ", ".join(f"{one.agent.partition('@')[0]} {one.why}"
                             + (f" {one.load}/{one.capacity}" if one.why == "full" else "")
                             for one in waits.passed_over)  # fmt: skip
            asks = f" for {waits.skill}" if waits.skill else ""
            return f"waits{asks}{' only' if waits.only else ''} ({over})"
    raise AssertionError("no other effects")


@pytest.mark.parametrize("row", ROWS)
def test_a_ticket_is_given_to(row: str) -> None:
    assignment, asked, ana, bruno, davi, said = (cell.strip() for cell in row.split("|"))
    assert happens(assignment, asked, {"ana": ana, "bruno": bruno, "davi": davi}) == said


def test_the_table_is_as_long_as_it_looks() -> None:
    assert len(ROWS) > 30


# --- what asks for a turn -------------------------------------------------------------------------------


def asking(*, rule: str = "", kind: str = "", skills: tuple[str, ...] = ()) -> Policy:
    agents = (an_agent(ANA), an_agent(BRUNO).model_copy(update={"skills": skills}))
    return replace(
        a_policy(agents=agents),
        configured=(Rule(name="remoto", assign=rule),) if rule else (),
        kinds=(TicketKind(name="acesso", skill=kind),) if kind else (),
    )


@pytest.mark.parametrize(
    ("assign", "asks"),
    [
        ("turn", TurnWanted(ordered=True)),
        ("skill:vpn", TurnWanted("vpn", ordered=True)),
        ("skill:", None),
        ("ana@desk.test", None),
        ("", None),
    ],
)
def test_what_a_rule_asks_for(assign: str, asks: TurnWanted | None) -> None:
    assert turn_of_rule(assign) == asks


def test_a_type_asks_for_its_skill() -> None:
    assert wanted_by_type("acesso", asking(kind="vpn")) == TurnWanted("vpn")
    assert wanted_by_type("incident", asking(kind="vpn")) == TurnWanted()
    assert wanted_by_type(None, asking(kind="vpn")) == TurnWanted()


@pytest.mark.parametrize(
    ("policy", "missing"),
    [
        (asking(), {}),
        (asking(rule="skill:vpn"), {"vpn": ["rule remoto"]}),
        (asking(rule="skill:vpn", kind="vpn"), {"vpn": ["rule remoto", "type acesso"]}),
        (asking(rule="skill:vpn", kind="sap", skills=("VPN",)), {"sap": ["type acesso"]}),
        (asking(rule="turn"), {}),
    ],
)
def test_a_skill_that_is_asked_for_and_that_nobody_has(policy: Policy, missing: dict[str, list[str]]) -> None:
    assert missing_skills(policy) == missing
