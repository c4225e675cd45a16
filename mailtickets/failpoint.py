"""Where the process dies when the environment asks for it: for tests of what survives."""

import os
import signal
from collections import Counter

FAILPOINTS = (
    "message-received",
    "before-accept-commit",
    "after-accept-commit",
    "before-answer",
    "before-reading",
    "after-reading",
    "after-draft",
    "after-words",
    "before-apply-commit",
    "after-apply-commit",
    "before-claim-commit",
    "after-claim-commit",
    "before-sending",
    "after-sending",
    "before-result-commit",
    "after-result-commit",
    "before-cursor-commit",
    "after-cursor-commit",
)
"""The moments of a message, from its final dot to its last transaction, at which a test may have the gateway killed."""

TIMER_FAILPOINTS = ("before-timer-commit", "after-timer-commit")
"""The moments of a timer whose time has come."""

GIVING_FAILPOINTS = ("before-giving-commit", "after-giving-commit")
"""The moments of a waiting ticket that is given to an agent."""

COUNTING_FAILPOINTS = ("before-counting",)
"""The moment of changed tickets that have been read and are added up for reports next."""

_passed: Counter[str] = Counter()


def failpoint(name: str) -> None:
    """Dies here, at once, when `MAILTICKETS_FAILPOINT` asks for it: for tests of what survives. `NAME:3` is the third
    time that the gateway comes here."""
    wanted, _, times = os.environ.get("MAILTICKETS_FAILPOINT", "").partition(":")
    if wanted == name:
        _passed[name] += 1
        if _passed[name] == int(times or 1):
            os.kill(os.getpid(), signal.SIGKILL)
