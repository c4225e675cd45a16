"""Stages: what is proven of them before they are taken, and every move of a ticket between them."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtickets.config import stages as configured
from mailtickets.config.levels import ServiceLevel
from mailtickets.config.models import Agent
from mailtickets.config.rules import Rule, RuleSettings
from mailtickets.desk.change import changed, opened
from mailtickets.desk.clock import stages
from mailtickets.desk.clock.calendar import open_hours
from mailtickets.desk.clock.timers import Fired, Timer, is_timed, timers
from mailtickets.desk.commands import orders
from mailtickets.desk.letters.sentences import problem
from mailtickets.desk.model.decision import Decision
from mailtickets.desk.model.effects import AddMessage, MoveTo, OpenTicket, SetPriority, SetStage, SetStatus
from mailtickets.desk.model.facts import Authentication, Undoable
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.reason import OtherReason
from mailtickets.desk.model.ticket import STATUSES, Ticket
from mailtickets.desk.rules.case import Case
from mailtickets.desk.rules.configured.step import apply, of_mail
from mailtickets.desk.rules.decide import decide
from mailtickets.desk.rules.questions import questions
from tests.desk.builders import ANA, BRUNO, MARIA, NOW, a_config, a_mail, a_policy, a_queue, a_ticket, a_token, facts
from tests.desk.clock.workshop import FIELD, a_workshop
from tests.desk.clock.workshop import stages as read_stages

HERE = Path(__file__).parent

# --- proofs -------------------------------------------------------------------------------------------


def proofs() -> list[tuple[str, list[str]]]:
    cases: list[tuple[str, list[str]]] = []
    for line in (HERE / "stage_proofs.txt").read_text("utf-8").splitlines():
        if line.startswith("== "):
            cases.append((line[3:], []))
        elif line and cases:
            cases[-1][1].append(line)
    return cases


@pytest.mark.parametrize(("case", "lines"), proofs(), ids=[case for case, _ in proofs()])
def test_what_is_proven_of_stages(case: str, lines: list[str]) -> None:
    said = [line.removeprefix("! ") for line in lines if line.startswith("!")]
    others = [line for line in lines if not line.startswith("!")]
    closing = {"close_after_days": 0} if others[0].startswith("close_after_days") else {}
    queue = a_queue("suporte", stages=read_stages(others[len(closing) :]), **closing)
    found = [
        f"{key.removeprefix('queue.0.')}: {text}"
        for key, text in configured.problems(a_config(queue=(queue,), field=(FIELD,)))
    ]
    assert len(found) == len(said), found
    for one, wanted in zip(sorted(found), sorted(said), strict=True):
        key, words = wanted.split(": ", 1)
        assert one.startswith(f"{key}: "), (one, wanted)
        assert words in one


def test_a_faulty_file_names_each_fault_by_its_key() -> None:
    queues = (a_queue("vendas"), a_queue("suporte", stages=read_stages("a new\nb open <c\nd pending\ne closed")))
    assert list(configured.problems(a_config(queue=queues))) == [
        ("queue.1.stages.1.from.0", "there is no stage 'c'"),
    ]


def test_what_is_sound_and_surprises_somebody_is_remarked() -> None:
    lines = "a new\nb open who=skill:solda,carla@desk.test\nc pending @1h>b\nd closed tell"
    suporte = a_queue("suporte", stages=read_stages(lines))
    later = suporte.stages[2].model_copy(update={"after": {"2d": "d", "1h": "b"}})
    suporte = suporte.model_copy(update={"stages": (*suporte.stages[:2], later, suporte.stages[3])})
    found = [(key, text) for key, text, _ in configured.remarks(a_config(queue=(suporte,)))]
    assert found == [
        ("queue.0.stages.1.who.0", "no agent of queue suporte is meant by 'skill:solda'"),
        ("queue.0.stages.1.who.1", "no agent of queue suporte is meant by 'carla@desk.test'"),
        ("queue.0.stages.2.after.2d", "never comes: after 1h the ticket has left"),
        ("queue.0.stages.3.label", "is missing: customers are told of 'd'"),
    ]


# --- moves --------------------------------------------------------------------------------------------

WORKSHOP = a_workshop()


def moves() -> list[tuple[str, str, str]]:
    lines = (HERE / "stage_moves.txt").read_text("utf-8").splitlines()
    rows = (line.split(" | ", 2) for line in lines if " | " in line and not line.startswith("#"))
    return [(here.strip(), what.strip(), to.strip()) for here, what, to in rows]


def standing(where: str, **more: Any) -> Ticket:
    """`diagnostico/open +orcamento`: a ticket in that stage."""
    place, *known = where.split()
    stage, _, status = place.partition("/")
    given: dict[str, Any] = {"answered": True} if "+answered" in known else {}
    given |= {"fields": (("orcamento", "120"),)} if "+orcamento" in known else {}
    at = NOW - timedelta(days=1)
    given |= {"closed_at": at, "resolved_at": at} if status == "closed" else {}
    given |= {"resolved_at": at} if status == "resolved" else {}
    stage = "" if stage == "-" else stage
    given |= {"stage": stage, "stage_since": at if stage else None, "status": status}
    return a_ticket(**{**given, **more})


def decided(ticket: Ticket, what: str) -> Decision | stages.NoMove:
    who, _, words = what.partition(": ")
    text = "\n".join(line.strip() for line in words.split(" / "))
    match who:
        case "clock":
            closed = orders.close_resolved(ticket)
            assert closed is not None
            return closed
        case "rule":
            effects = stages.by_rule(ticket, words, WORKSHOP, OtherReason("rule:x"))
            return effects if isinstance(effects, stages.NoMove) else Decision("ordered", effects, ticket.number)
        case "maria":
            mail = a_mail(MARIA, text=text, subject="Re: [#42] Impressora")
            known = facts(ticket, tokens=(a_token(MARIA),), authentication=Authentication("pass"))
            return decide(mail, known, WORKSHOP, NOW)
    agent = {"ana": ANA, "bruno": BRUNO}[who]
    mail = a_mail(agent, text=text, subject="Re: [#42] Impressora")
    return decide(mail, facts(ticket, tokens=(a_token(agent),)), WORKSHOP, NOW)


def said(decision: Decision | stages.NoMove) -> str:
    if isinstance(decision, stages.NoMove):
        return " ".join([decision.code, *decision.needs])
    return " ".join(f"{p.line}: {problem(p.code, p.nearest, p.expected, 'pt_BR')}" for p in decision.feedback.problems)


def after(ticket: Ticket, decision: Decision) -> Ticket:
    """The ticket after a decision, as `gateway.drafting` makes it."""
    followed = stages.followed(decision, ticket, WORKSHOP, NOW)
    return changed(ticket, followed.effects, NOW)


@pytest.mark.parametrize(("here", "what", "to"), moves(), ids=[f"{here} {what}" for here, what, _ in moves()])
def test_where_a_ticket_goes(here: str, what: str, to: str) -> None:
    ticket = standing(here)
    done = decided(ticket, what)
    if to.startswith("!"):
        assert to.removeprefix("! ") in said(done)
        assert isinstance(done, stages.NoMove) or after(ticket, done).status == ticket.status
        return
    assert not said(done) if isinstance(done, Decision) else False, said(done)
    assert isinstance(done, Decision)
    moved = after(ticket, done)
    assert f"{moved.stage or '-'}/{moved.status}" == to


def test_every_stage_and_status_of_the_workshop_is_in_the_table() -> None:
    places = {to for _, _, to in moves()} | {here.split()[0] for here, _, _ in moves()}
    queue = WORKSHOP.queue("suporte")
    assert queue is not None
    assert {f"{stage.name}/{stage.base}" for stage in queue.stages} <= places
    assert {stage.base for stage in queue.stages} == {*STATUSES}


# --- who, and with what -------------------------------------------------------------------------------


def an(agent: str) -> Agent:
    found = WORKSHOP.agent(agent)
    assert found is not None
    return found


def test_who_names_agents_by_address_alias_and_skill() -> None:
    only = read_stages("a new\nb open who=ana.lima@desk.test\nc pending who=skill:BANCADA\nd closed who=agent")
    able = {stage.name: [one for one in (ANA, BRUNO) if stages.may_move(stage, an(one.address))] for stage in only[1:]}
    assert able == {"b": [ANA], "c": [BRUNO], "d": [ANA, BRUNO]}


def test_a_customers_reply_leads_where_the_stage_says_so() -> None:
    own = read_stages(
        "novo new\naberto open\nrespondido open <cliente who=customer\ncliente pending\npeca pending\nfim closed"
    )
    policy = a_workshop(suporte={"stages": own})
    for here, there in (("cliente", "respondido"), ("peca", "aberto")):
        ticket = standing(f"{here}/pending")
        decision = decided(ticket, "maria: E então?")
        assert isinstance(decision, Decision)
        followed = stages.followed(decision, ticket, policy, NOW)
        assert changed(ticket, followed.effects, NOW).stage == there


# --- whatever happens ---------------------------------------------------------------------------------

NAMES = [stage.name for queue in WORKSHOP.queues for stage in queue.stages]
EFFECTS = st.one_of(
    st.builds(SetStage, st.sampled_from([*NAMES, "", "nenhuma"])),
    st.builds(SetStatus, st.sampled_from(STATUSES), st.sampled_from(["ordered", "customer-replied", "agent-answered"])),
    st.builds(MoveTo, st.sampled_from(["suporte", "vendas", "sem", "fora"])),
    st.builds(SetPriority, st.just("high")),
    st.builds(AddMessage, st.sampled_from(["in", "out"]), st.sampled_from(["public", "note"]), st.just(MARIA),
              st.just(True), past=st.sampled_from([None, None, "open", "closed"])),
)  # fmt: skip
ANSWERED_BY_CUSTOMERS = read_stages(
    "novo new\nduvida open\nvolta open <espera,duvida who=customer\nespera pending\nfim closed"
)
POLICIES = (
    WORKSHOP,
    a_workshop(suporte={"stages": ANSWERED_BY_CUSTOMERS}),
    a_workshop(suporte={"stages": read_stages("novo new\npeca open\ndiagnostico pending\nfim closed")}),
    a_workshop(suporte={}, vendas={}),
)
"""Configurations, one after the other: stages go, come, and stand for another status."""


def agrees(ticket: Ticket, policy: Policy) -> bool:
    stage = stages.stage_of(policy.queue(ticket.queue), ticket.stage)
    return not ticket.stage or (stage is not None and stage.base == ticket.status)


@given(st.lists(st.tuples(st.sampled_from(POLICIES), st.lists(EFFECTS, min_size=1, max_size=5)), max_size=8))
def test_no_sequence_of_events_leaves_a_ticket_with_stage_and_status_that_disagree(events: Any) -> None:
    opening = Decision("new-mail", (OpenTicket("suporte", "Impressora", MARIA, "pt_BR"),))
    followed = stages.followed(opening, None, WORKSHOP, NOW)
    ticket = changed(opened(opening.effects[0], 42, NOW), followed.effects[1:], NOW)  # type: ignore[arg-type]
    assert (ticket.stage, ticket.status) == ("novo", "new")
    for hour, (policy, effects) in enumerate(events):
        now = NOW + timedelta(hours=hour)
        decision = stages.followed(Decision("ordered", tuple(effects), 42), ticket, policy, now)
        ticket = changed(ticket, decision.effects, now)
        assert agrees(ticket, policy), decision.effects


@given(st.lists(EFFECTS, min_size=1, max_size=6))
def test_the_last_effect_that_says_where_a_ticket_stands_counts(effects: Any) -> None:
    """In a queue that has the stage."""
    queues = {effect.queue for effect in effects if isinstance(effect, MoveTo)}
    queue = WORKSHOP.queues[0]
    placing = [
        effect for effect in effects
        if isinstance(effect, SetStatus) or (isinstance(effect, SetStage) and stages.stage_of(queue, effect.to))
    ]  # fmt: skip
    leaves = any(isinstance(effect, SetStage) and not effect.to for effect in effects)
    if queues or leaves or not placing or any(isinstance(effect, AddMessage) and effect.past for effect in effects):
        return
    ticket = standing("diagnostico/open")
    decision = stages.followed(Decision("ordered", tuple(effects), 42), ticket, WORKSHOP, NOW)
    done = changed(ticket, decision.effects, NOW)
    last = placing[-1]
    assert (done.status if isinstance(last, SetStatus) else done.stage) == last.to


def test_without_stages_nothing_changes_and_nothing_is_looked_at() -> None:
    decision = Decision("ordered", (SetStatus("resolved", "ordered"),), 42)
    assert stages.followed(decision, a_ticket(), a_policy(), NOW) is decision


# --- taking back --------------------------------------------------------------------------------------


def undone(ticket: Ticket, *changes: tuple[str, str | None, str | None]) -> Ticket:
    known = facts(ticket, tokens=(a_token(ANA),), undoable=Undoable(7, None, gone=False, changes=changes))
    done = decide(a_mail(ANA, text="#desfazer", subject="Re: [#42]"), known, WORKSHOP, NOW)
    return after(ticket, done)


def test_undo_takes_the_ticket_back_to_the_stage_that_it_had() -> None:
    ticket = undone(standing("peca/pending"), ("status", "open", "pending"), ("stage", "conserto", "peca"))
    assert (ticket.stage, ticket.status) == ("conserto", "open")


def test_undo_of_an_answer_takes_back_the_stage_that_the_answer_brought() -> None:
    ticket = undone(standing("cliente/pending"), ("message", "public", "9"), ("status", "open", "pending"),
                    ("stage", "conserto", "cliente"))  # fmt: skip
    assert (ticket.stage, ticket.status) == ("conserto", "open")


def test_undo_leaves_the_ticket_where_somebody_has_brought_it_since() -> None:
    ticket = undone(standing("peca/pending"), ("status", "open", "pending"), ("stage", "conserto", "cliente"),
                    ("priority", "normal", "normal"))  # fmt: skip
    assert (ticket.stage, ticket.status) == ("peca", "pending")


def test_undo_of_a_move_to_another_queue_finds_the_stage_there() -> None:
    ticket = undone(
        standing("contato/open", queue="vendas"), ("queue", "suporte", "vendas"), ("stage", "conserto", "contato")
    )
    assert (ticket.queue, ticket.stage, ticket.status) == ("suporte", "conserto", "open")


def test_undo_to_a_stage_that_was_removed_meanwhile_keeps_the_status() -> None:
    ticket = undone(standing("peca/pending"), ("status", "open", "pending"), ("stage", "sumida", "peca"))
    assert (ticket.stage, ticket.status) == ("diagnostico", "open")


# --- by the clock -------------------------------------------------------------------------------------

SINCE = NOW - timedelta(days=1)


def waiting(policy: Policy, where: str = "peca/pending", **more: Any) -> tuple[Timer, ...]:
    return timers(standing(where, **more), (), policy, NOW)


def test_a_timed_move_is_a_timer_of_the_stay_in_that_stage() -> None:
    (timer,) = waiting(WORKSHOP)
    assert (timer.kind, timer.name, timer.at) == ("stage", "peca", SINCE + timedelta(days=10))
    (again,) = waiting(WORKSHOP, stage_since=SINCE + timedelta(seconds=1))
    assert (again.name, again.epoch) == ("peca", timer.epoch + 1)


@pytest.mark.parametrize("where", ["diagnostico/open", "-/pending", "peca/open", "sumida/pending"])
def test_there_is_no_timer_where_no_stage_has_one(where: str) -> None:
    assert waiting(WORKSHOP, where) == ()


def test_a_timer_that_has_fired_does_not_come_again() -> None:
    (timer,) = waiting(WORKSHOP)
    fired = Fired("stage", "peca", timer.epoch, NOW)
    assert timers(standing("peca/pending"), (), WORKSHOP, NOW, [fired]) == ()


def test_the_days_of_a_timed_move_are_those_of_the_level_s_calendar() -> None:
    """NOW is Monday 09:00 in São Paulo. Two days of nine hours after Friday 17:00 are Tuesday 17:00."""
    hours = open_hours("comercial", ZoneInfo("America/Sao_Paulo"), {"mon-fri": "08:00-12:00 13:00-18:00"}, {}, ())
    own = read_stages("novo new\naberto open\npeca pending @2d>aberto\nfim closed")
    level = ServiceLevel(name="padrao", calendar="comercial", first_answer="8h")
    policy = a_workshop(suporte={"stages": own}, calendars={"comercial": hours}, levels=(level,))
    friday = datetime(2025, 2, 28, 17, tzinfo=ZoneInfo("America/Sao_Paulo"))
    (timer,) = waiting(policy, stage_since=friday)
    assert timer.at == datetime(2025, 3, 4, 17, tzinfo=ZoneInfo("America/Sao_Paulo"))


def test_the_earliest_of_several_timed_moves_is_made() -> None:
    own = [one.model_copy(update={"after": {"10d": "novo", "3d": "b"}}) if one.name == "c" else one
           for one in read_stages("novo new\nb open\nc pending\nd closed")]  # fmt: skip
    policy = a_workshop(suporte={"stages": tuple(own)})
    assert stages.next_move(standing("c/pending"), policy) == (SINCE + timedelta(days=3), "b")


def test_the_clock_moves_a_ticket_that_is_still_there_and_no_other() -> None:
    ticket = standing("peca/pending")
    (timer,) = waiting(WORKSHOP)
    effects = stages.by_clock(ticket, "peca", timer.epoch, WORKSHOP)
    moved = after(ticket, Decision(OtherReason("stage:peca"), effects, 42))
    assert (moved.stage, moved.status) == ("diagnostico", "open")
    assert {effect.reason for effect in effects if isinstance(effect, SetStage | SetStatus)} == {"stage:peca"}
    for other in (standing("diagnostico/open"), standing("peca/pending", stage_since=NOW), standing("cliente/pending")):
        assert stages.by_clock(other, "peca", timer.epoch, WORKSHOP) == ()
    assert stages.by_clock(ticket, "peca", timer.epoch, a_workshop(suporte={})) == ()


def test_without_timed_stages_no_clock_is_read() -> None:
    assert not is_timed(a_policy())
    assert is_timed(WORKSHOP)


def test_a_rule_keeps_to_where_the_stages_lead_and_to_what_they_need() -> None:
    """The steps of a rule that the stages do not allow are not made; the mail and its other effects are."""
    rule = Rule(name="peca", on=("reply",), set=RuleSettings(stage="peca", priority="high"))
    policy = a_workshop(configured=(rule,))
    for here, there in (("diagnostico/open", "peca"), ("novo/new", "novo")):
        ticket = standing(here)
        decision = decided(ticket, "maria: Chegou a peça?")
        assert isinstance(decision, Decision)
        mail, known = a_mail(MARIA, text="Chegou a peça?"), facts(ticket)
        case = Case.of(questions(mail, policy), known, policy, NOW)
        ruled = apply(decision, of_mail(decision, case), policy, NOW)
        done = changed(ticket, stages.followed(ruled, ticket, policy, NOW).effects, NOW)
        assert (done.stage, done.priority) == (there, "high")
        said = [line.why for line in ruled.trace if line.verdict == "no stage peca"]
        possible = "the stages do not allow it; possible: diagnostico, encerrado"
        assert said == ([] if there == "peca" else [possible])
