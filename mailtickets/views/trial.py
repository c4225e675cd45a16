"""What would become of a mail, rule by rule, as JSON and as text."""

from collections.abc import Iterator, Mapping
from typing import Any

from mailtickets.desk.reasons import sentence
from mailtickets.desk.rules.configured.compare import RULE
from mailtickets.gateway.trial import Trial


def trial_as_json(file: str, trial: Trial) -> dict[str, Any]:
    """A mail as `rule test --json` prints it."""
    decision = trial.decision
    return {
        "file": file,
        "author": trial.author.address,
        "queue": trial.queue,
        "outcome": decision.outcome,
        "reason": decision.reason,
        "ticket": decision.ticket,
        "rules": [
            {"rule": line.rule.removeprefix(RULE), "verdict": line.verdict, "why": line.why}
            for line in decision.ruled.verdicts
        ],
        "changes": [
            {"what": one.what, "old": one.old, "new": one.new, "rule": one.rule or None} for one in trial.changes
        ],
    }


def trial_lines(told: Mapping[str, Any]) -> Iterator[str]:
    """The same for people."""
    ticket = f", ticket {told['ticket']}" if told["ticket"] else ""
    yield f"{told['file']}: {told['outcome']}{ticket}, queue {told['queue']}, by {told['author']}"
    yield f"  {told['reason']}. {sentence(told['reason'])}"
    if not told["rules"]:
        yield "  no rule is asked about such a mail"
    width = max((len(line["rule"]) for line in told["rules"]), default=0)
    for line in told["rules"]:
        why = f": {line['why']}" if line["why"] else ""
        yield f"  rule {line['rule'].ljust(width)}  {line['verdict']}{why}"
    for one in told["changes"]:
        by = f"  (rule {one['rule']})" if one["rule"] else ""
        yield f"  {one['what']}: {one['old'] or '-'} -> {one['new'] or '-'}{by}"
