"""What holds of all rules, in whatever order, and of all texts: found by trying many."""

import sys
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mailtickets.config.rules import Rule
from mailtickets.desk.change import changed, opened
from mailtickets.desk.model.decision import Decision
from mailtickets.desk.model.effects import OpenTicket
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.model.ticket import Ticket
from mailtickets.desk.rules.case import Case
from mailtickets.desk.rules.configured.glob import Glob, Searched, WordPattern, plain
from mailtickets.desk.rules.configured.look import MATCHES, look
from mailtickets.desk.rules.configured.step import apply, of_mail
from mailtickets.desk.rules.decide import decide
from mailtickets.desk.rules.questions import questions
from tests.desk.builders import NOW, a_mail, facts
from tests.desk.rules.configured.occasions import policy_with

CONDITIONS: list[dict[str, Any]] = [
    {"words": ("boleto",)},
    {"words": ("vpn",)},
    {"words": ("segue o boleto", "v?n")},
    {"subject": ("assunto nenhum",)},
    {"subject": ("impressora", "boleto", "*")},
    {"queue": ("suporte",)},
    {"queue": ("vendas",)},
    {"priority": ("high",)},
    {"priority": ("normal",)},
    {"tag": ("a",)},
    {"type": ("incident",)},
    {"assigned": True},
    {"field": (("pedido", ("1",)),)},
    {"kind": ("human",)},
]
ACTIONS: list[dict[str, Any]] = [
    {"set": {"queue": "vendas"}},
    {"set": {"queue": "suporte"}},
    {"set": {"priority": "high"}},
    {"set": {"priority": "low"}},
    {"set": {"type": "incident"}},
    {"set": {"fields": {"pedido": "1"}}},
    {"add_tags": ("a",)},
    {"remove_tags": ("a",)},
    {"assign": "bruno@desk.test"},
]


@st.composite
def rules(draw: st.DrawFn) -> tuple[Rule, ...]:
    found = []
    for number in range(draw(st.integers(1, 6))):
        values: dict[str, Any] = {"name": f"r{number}", **draw(st.sampled_from(ACTIONS))}
        values["all"] = tuple(draw(st.lists(st.sampled_from(CONDITIONS), max_size=2)))
        if draw(st.booleans()):
            values["any"] = tuple(draw(st.lists(st.sampled_from(CONDITIONS), min_size=1, max_size=2)))
        values["stop"] = draw(st.sampled_from([False, False, False, True]))
        values["final"] = draw(st.sampled_from([False, False, True]))
        found.append(Rule.model_validate(values))
    return tuple(found)


WORDS = st.sampled_from(["Segue o boleto.", "A VPN caiu, e o boleto?", "Bom dia."])


def after(policy: Policy, words: str) -> tuple[Decision, Ticket]:
    """The decision on a new mail with what the rules add to it, and the ticket then."""
    mail, known = a_mail(text=words), facts()
    asked = questions(mail, policy)
    case = Case.of(asked, known, policy, NOW)
    decision = decide(mail, known, policy, NOW, asked)
    decision = apply(decision, of_mail(decision, case), policy, NOW, case=case)
    assert decision.opens is not None
    rest = [effect for effect in decision.effects if not isinstance(effect, OpenTicket)]
    return decision, changed(opened(decision.opens, 1, NOW), rest, NOW)


def alone(rule: Rule, words: str) -> bool:
    """Whether the rule matches where there is no other."""
    return bool(after(policy_with(rule), words)[0].ruled.matched)


@given(rules(), WORDS)
@settings(max_examples=60, deadline=None)
def test_rules_match_as_if_each_were_alone_up_to_the_first_that_stops(found: tuple[Rule, ...], words: str) -> None:
    """So no rule sees what another has done, and nothing below a rule that stops is done."""
    expected = []
    for rule in found:
        if alone(rule, words):
            expected.append(rule.name)
            if rule.stop:
                break
    assert list(after(policy_with(*found), words)[0].ruled.matched) == expected


@given(rules(), WORDS)
@settings(max_examples=60, deadline=None)
def test_the_trace_that_people_ask_for_names_the_rules_that_matched(found: tuple[Rule, ...], words: str) -> None:
    """Rules are passed over whose words a mail does not have; the trace asks every condition of every rule."""
    ruled = after(policy_with(*found), words)[0].ruled
    assert [line.rule for line in ruled.verdicts] == [rule.reason for rule in found]
    assert [line.rule for line in ruled.verdicts if line.verdict == MATCHES] == [
        f"rule:{name}" for name in ruled.matched
    ]


@given(rules(), WORDS, st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_no_order_of_the_rules_changes_what_stop_promises(found: tuple[Rule, ...], words: str, chance: Any) -> None:
    """Whatever the order: of two orders with the same rules above the one that stops, both make the same ticket."""
    matching = [rule for rule in found if alone(rule, words)]
    stops = next((at for at, rule in enumerate(matching) if rule.stop), None)
    if stops is None:
        return
    above, below = matching[: stops + 1], matching[stops + 1 :]
    chance.shuffle(below)
    assert after(policy_with(*above, *below), words)[1] == after(policy_with(*above), words)[1]


@given(rules(), WORDS)
@settings(max_examples=60, deadline=None)
def test_the_last_rule_that_sets_something_wins_unless_an_earlier_one_is_final(
    found: tuple[Rule, ...], words: str
) -> None:
    decision, ticket = after(policy_with(*found), words)
    matched = [rule for rule in found if rule.name in decision.ruled.matched]
    for key, value in (("priority", ticket.priority), ("queue", ticket.queue), ("type", ticket.type)):
        wanted = {"priority": "normal", "queue": "suporte", "type": None}[key]
        for rule in matched:
            said = dict(rule.setters).get(key)
            if said is not None:
                wanted = said
                if rule.final:
                    break
        assert value == wanted


@given(rules(), WORDS)
@settings(max_examples=40, deadline=None)
def test_rules_never_change_whose_ticket_it_is_nor_what_the_mail_did(found: tuple[Rule, ...], words: str) -> None:
    decision, ticket = after(policy_with(*found), words)
    plain_decision, plain_ticket = after(policy_with(), words)
    assert decision.effects[: len(plain_decision.effects)] == plain_decision.effects
    assert (decision.outcome, decision.reason, decision.actor, decision.ticket) == (
        plain_decision.outcome, plain_decision.reason, plain_decision.actor, plain_decision.ticket,
    )  # fmt: skip
    assert (ticket.requester, ticket.participants, ticket.status) == (
        plain_ticket.requester, plain_ticket.participants, plain_ticket.status,
    )  # fmt: skip


# --- texts ----------------------------------------------------------------------------------------------

LETTERS = st.text("ab *?", max_size=12)


def naively(pattern: str, text: str) -> bool:
    """Whether a pattern stands for a text, by trying every length for each `*`."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(naively(pattern[1:], text[at:]) for at in range(len(text) + 1))
    return bool(text) and pattern[0] in {"?", text[0]} and naively(pattern[1:], text[1:])


@given(LETTERS, st.text("ab ", max_size=12))
@settings(max_examples=200)
def test_a_pattern_matches_what_it_says(pattern: str, text: str) -> None:
    assert Glob(pattern).matches(text) is naively(pattern, text)


@given(st.text(max_size=60), st.text(max_size=20))
@settings(max_examples=100)
def test_any_text_can_be_looked_for_in_any_text(text: str, wanted: str) -> None:
    WordPattern(wanted).is_in(Searched(text))
    Glob(wanted).matches(plain(text))


@given(
    st.lists(st.sampled_from(["boleto", "Não", "recebi", "2ª", "via"]), max_size=8),
    st.integers(0, 7),
    st.integers(1, 3),
)
def test_words_in_a_row_are_found_where_they_stand(words: Sequence[str], start: int, many: int) -> None:
    part = words[start : start + many]
    if part:
        assert WordPattern(" ".join(part).upper()).is_in(Searched(", ".join(words)))


def lines(work: Callable[[], object]) -> int:
    """How many lines of Python a piece of work takes."""
    count = 0

    def trace(frame: Any, event: str, arg: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def test_a_text_twice_as_long_takes_twice_as_long() -> None:
    hostile = (
        lambda n: Glob("a*a*a*a*b").matches("a" * n),
        lambda n: Glob("*?a?a?b*").matches("ab" * n),
        lambda n: WordPattern("a* a* b").is_in(Searched("aa ab " * n)),
        lambda n: WordPattern("*a*a*a*b").is_in(Searched("a" * n)),
        lambda n: WordPattern("a b a b c").is_in(Searched("a b " * n)),
    )
    for work in hostile:
        small, large = lines(lambda work=work: work(150)), lines(lambda work=work: work(300))  # type: ignore[misc]
        assert large <= 2.2 * small + 100


def rules_for_words(many: int) -> tuple[Rule, ...]:
    said = ({"words": (f"palavra{n}", f"duas palavras{n}")} for n in range(many))
    return tuple(
        Rule.model_validate({"name": f"r{n}", "all": (one,), "add_tags": ("x",)}) for n, one in enumerate(said)
    )


def asking(policy: Policy, text: str) -> Callable[[], object]:
    """Asks the rules about a new mail, of which nothing is known yet."""
    mail = a_mail(text=text)
    asked, known = questions(mail, policy), facts()
    case = Case.of(asked, known, policy, NOW)
    matters = of_mail(decide(mail, known, policy, NOW, asked), case)
    return lambda: look(matters, policy)


def test_rules_whose_words_a_mail_does_not_have_take_no_time() -> None:
    few, many = policy_with(*rules_for_words(2)), policy_with(*rules_for_words(200))
    for policy in (few, many):
        asking(policy, "Bom dia.")()  # made ready, once for each configuration
    assert lines(asking(many, "Bom dia, a impressora parou.")) == lines(asking(few, "Bom dia, a impressora parou."))


def test_two_hundred_rules_fold_the_words_of_a_mail_once(monkeypatch: Any) -> None:
    from mailtickets.desk.rules.configured import glob

    policy = policy_with(*rules_for_words(200))
    asking(policy, "Bom dia.")()
    folded: list[str] = []
    real = glob.plain
    monkeypatch.setattr(glob, "plain", lambda text: folded.append(text) or real(text))
    asking(policy, "Bom dia, a impressora parou. " * 50)()
    assert len(folded) == 1
