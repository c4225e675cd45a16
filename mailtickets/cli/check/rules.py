"""The rules of the configuration: those that can never win are named, with the rules that are in their way."""

from collections.abc import Iterator, Mapping

from mailtickets.cli.check.inquiry import Inquiry
from mailtickets.desk.rules.configured.shadows import Shadow, ShadowCause, shadows
from mailtickets.views.check import CheckLine, ok, warning

_NEXT: Mapping[ShadowCause, str] = {
    "stopped": "put it before {}, or take `stop` away there, or take this rule away",
    "overwritten": "put it behind {}, or take this rule away",
    "final": "put it before {}, or take `final` away there, or take this rule away",
    "impossible": "take one of its conditions away, or put them into `any`",
}


def lines(inquiry: Inquiry) -> Iterator[CheckLine]:
    rules = inquiry.config.rule
    if not rules:
        return
    found = shadows([rule.model_dump() for rule in rules])
    if not found:
        yield ok("rule", f"{len(rules)} {'rule' if len(rules) == 1 else 'rules'}; none is in the way of another")
    for shadow in found:
        yield warning(f"rule.{shadow.number}", f"{shadow.rule} {shadow.text}", _next(shadow))


def _next(shadow: Shadow) -> str:
    return _NEXT[shadow.why].format(", ".join(repr(name) for name in shadow.by))
