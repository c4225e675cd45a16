"""The reasons of the desk: stable codes for why something was decided, done or not sent.

`desk/reasons.py` has a sentence for each. Reasons of a mail's kind stand in `mail/kind/classify.py`.
"""

from typing import Literal, NewType

DeskReason = Literal[
    # what becomes of a mail
    "new-mail", "not-a-participant", "closed-too-long-ago", "reply-token", "message-id", "subject-number",
    "ref-line", "imported", "imported-aside", "imported-apart", "imported-report",
    "only-thanks", "same-mail", "own-mail-came-back", "list-mail", "spam-header", "spam-category",
    "spam-confidence-level", "malware-header", "rspamd-virus", "clamav-found", "sender-denied", "dropped-by-hand",
    # what could not be read
    "not-read", "reading-failed", "reading-took-too-long", "processing-failed",
    # an agent's mail
    "agent-answer", "delivered-directly", "agent-without-token", "agent-not-verified", "nobody-to-answer",
    "agent-from-queue-address", "confirmed-by-agent", "disowned-by-agent", "discarded-by-its-author",
    "discarded-by-agent", "second-word-unclear", "second-word-not-proven", "second-word-too-late",
    "quotes-our-notice", "empty-answer",
    "uncertain-cut", "not-plainly-for-the-customer", "thanks-to-the-desk", "agent-note", "agent-commands",
    "agent-asks", "manager-asks", "dry-run", "command-not-understood", "stale-answer", "merge-of-strangers",
    "forward-unclear", "opened-by-agent", "split-off", "by-turns", "least-open", "nobody-free", "turn-came",
    # what is known of a ticket
    "found-in-mail", "answered-what-was-asked", "asked-in-acknowledgement", "said-by-customer", "impact-and-urgency",
    "priority-by-hand",
    # what customers ask in a word
    "customer-asks", "customer-asked", "customer-closed", "customer-cancelled", "rated",
    # delivery
    "bounce-of-nothing-ours", "delivery-failed", "delivery-report-unproven", "delivery-delayed",
    "delivery-delivered", "delivery-relayed", "delivery-expanded",
    # who is in copy
    "copy-limit", "copy-unproven",
    # why a status moved
    "customer-replied", "agent-answered", "promised", "first-action", "merged", "ordered",
    "resolved-long-enough", "spam", "undone", "reminder-unanswered", "reminder-unassigned", "reminder-asked",
    "reminder-snoozed", "held-untold", "digest-due", "promised-date", "time-was-over", "agent-left", "stage-removed",
    "lies-about", "close-warned", "rating-asked", "customer-silent", "nothing-to-do",
    # why nobody was written to
    "no-ready-answer", "null-return-path-or-suppressed", "disowned-by-its-domain", "undeliverable", "budget-same-body",
    "author-takes-no-mail", "older-than-ack-max-age", "budget-acknowledged", "budget-person", "budget-domain",
    "budget-everybody", "budget-ticket", "budget-known-same-body", "budget-known-person", "budget-known-domain",
    "budget-known-everybody", "budget-known-ticket", "budget-unproven-same-body", "budget-unproven-person",
    "budget-unproven-domain", "budget-unproven-everybody", "budget-unproven-ticket", "budget-asked",
    "budget-known-account", "budget-unproven-account",
    "budget-asked-again", "budget-held",
]  # fmt: skip

OtherReason = NewType("OtherReason", str)
"""A reason that was not made at the desk: of a mail's kind, of a filter, of a worker that could not read the mail."""

Reason = DeskReason | OtherReason

CONFIGURED = ("rule:", "level:", "stage:", "skill:")
"""What the reason of something begins with that the configuration asks for; the name of what asks for it follows."""


def is_configured(reason: str | None) -> bool:
    """Whether the configuration has brought it about, rather than whoever wrote or ordered something."""
    return reason is not None and reason.startswith(CONFIGURED)
