"""What becomes of a mail: the rules are asked in the order of `RULES`, and the first decision counts.

Each rule is one question, which is its docstring, and returns a Decision or None. `decide` adds a trace of the rules
that were asked. The daemon, `explain` and the tests run the same function. Imported mail has a rule of its own,
`history`.
"""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache

from mailtickets.desk.model.decision import Decision, RuleVerdict
from mailtickets.desk.model.facts import Facts
from mailtickets.desk.model.policy import Policy
from mailtickets.desk.rules.agents import agent_answer, agent_mail, confirmation
from mailtickets.desk.rules.bounces import bounce
from mailtickets.desk.rules.case import Case
from mailtickets.desk.rules.customers import (
    customer_reply,
    customer_wish,
    new_ticket,
    reaction,
    recall,
    stranger,
    unreadable,
)
from mailtickets.desk.rules.history import history
from mailtickets.desk.rules.machines import denied_sender, junk, loop, repeated, report, unwanted_list
from mailtickets.desk.rules.managers import manager_asks
from mailtickets.desk.rules.questions import Questions, questions
from mailtickets.mail.model import InboundMail

BuiltInRule = Callable[[Case], Decision | None]

RULES: tuple[BuiltInRule, ...] = (
    unreadable,
    # Mail that calls for no work:
    loop,
    repeated,
    bounce,
    report,
    denied_sender,
    junk,
    unwanted_list,
    # What mail programs do in anybody's name:
    reaction,
    recall,
    # Agents:
    confirmation,
    agent_answer,
    agent_mail,
    manager_asks,
    # Customers:
    customer_wish,
    customer_reply,
    stranger,
    new_ticket,
)
"""All rules, in the order in which they are asked. `new_ticket` has an opinion on every mail."""


def decide(mail: InboundMail, facts: Facts, policy: Policy, now: datetime, asked: Questions | None = None) -> Decision:
    """What is done about a mail, why, and which rules led to it. `now` is aware; of imported mail it is the time when
    the mail was received.

    `asked` are the questions of the mail, if it has been read already; without them it is read here.
    """
    case = Case.of(asked or questions(mail, policy, facts.correction), facts, policy, now)
    if facts.envelope.door.is_history:
        past = history(case)
        return past.traced((RuleVerdict(history.__name__, past.outcome or "", past.reason),))
    trace: list[RuleVerdict] = []
    for rule in RULES:
        decision = rule(case)
        if decision is not None:
            decision = _unless_the_same_again(decision, facts)
            trace.append(RuleVerdict(rule.__name__, decision.outcome or "", decision.reason))
            return decision.traced(tuple(trace))
        trace.append(_no_opinion(rule))
    raise AssertionError("the last rule has an opinion on every mail")


def _unless_the_same_again(decision: Decision, facts: Facts) -> Decision:
    """The decision; for a copy that would be held or ignored as the first one was, only that it is a copy."""
    first = facts.duplicate
    if first is None or first.reached_somebody:
        return decision
    same = (decision.outcome, decision.reason) == (first.outcome, first.reason)
    return Decision("same-mail", outcome="duplicate") if same else decision


@lru_cache(maxsize=64)
def _no_opinion(rule: BuiltInRule) -> RuleVerdict:
    """The line of the trace for a rule that did not decide: its question."""
    return RuleVerdict(rule.__name__, "no", (rule.__doc__ or "").strip().splitlines()[0])
