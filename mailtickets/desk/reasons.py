"""Every reason the desk gives, in a sentence for people: for tables, `explain` and whoever reads the database.

Reasons of `mail.classify` stand in its `REASONS`; `sentence` knows both.
"""

from collections.abc import Mapping

from mailtickets.desk.model.reason import DeskReason
from mailtickets.mail.kind import classify

REASONS: Mapping[DeskReason, str] = {
    # what becomes of a mail
    "new-mail": "It is about no ticket there is: a new one was opened.",
    "not-a-participant": "It points at a ticket whose author is somebody else: a new one was opened and linked.",
    "closed-too-long-ago": "Its ticket was closed too long ago to be opened again: a new one was opened and linked.",
    "reply-token": "It was sent to the reply address that its author was given.",
    "message-id": "It answers a message of the ticket.",
    "subject-number": "The ticket's number stands in its subject.",
    "ref-line": "It quotes the reference of one of our mails.",
    "imported": "It is old mail that was imported.",
    "imported-aside": "It is old mail of a thread, by or to somebody who is not on the ticket: agents alone see it.",
    "imported-apart": "It is old mail of a thread whose ticket is in use: a new one was opened and linked.",
    "imported-report": "It is an old report on a delivery: nothing follows from it.",
    "only-thanks": "It says thanks and nothing else: what was finished stays so.",
    "same-mail": "The same mail had come before, by another door or to another queue.",
    "own-mail-came-back": "It is a mail of our own.",
    "list-mail": "It came from a mailing list, and the queue ignores those.",
    "spam-header": "A filter before us says spam.",
    "spam-category": "Microsoft 365 has filed it as spam, phishing or malware.",
    "spam-confidence-level": "Microsoft's spam confidence level says spam.",
    "malware-header": "A filter before us has found malware.",
    "rspamd-virus": "Rspamd has found malware.",
    "clamav-found": "ClamAV has found malware.",
    "sender-denied": "The configuration denies its sender.",
    "dropped-by-hand": "An operator dropped it.",
    # what could not be read
    "not-read": "Only its outline was read.",
    "reading-failed": "The process that read it died twice.",
    "reading-took-too-long": "Reading it took too long, twice.",
    "processing-failed": "Working on it failed again and again.",
    # an agent's mail
    "agent-answer": "An agent answered.",
    "delivered-directly": "The agent's own mail had gone to the customer already.",
    "agent-without-token": "It claims to come from an agent, but not by that agent's reply address.",
    "agent-not-verified": "Nothing beyond its From line, or its reply address, says that the agent sent it.",
    "nobody-to-answer": "The ticket has no customer whom an answer could be written to.",
    "agent-from-queue-address": "It came to an agent's reply address, but from a queue's own address.",
    "confirmed-by-agent": "The agent confirmed a message that was held.",
    "disowned-by-agent": "The agent says that a held message is not theirs.",
    "discarded-by-its-author": "The agent in whose name it came has disowned it.",
    "discarded-by-agent": "An agent dropped it, after a rule had held it.",
    "no-ready-answer": "There is no ready answer of that name in the language of the ticket.",
    "second-word-unclear": "The agent's reply to a notice of held mail says neither to send it nor to drop it.",
    "second-word-not-proven": "A reply to a notice of held mail comes from where the agent's domain says it does not.",
    "second-word-too-late": "The mail that the agent's reply is about is held no more.",
    "quotes-our-notice": "It quotes or attaches one of our notices, with somebody's reference in it.",
    "empty-answer": "There is nothing in it that could be sent to the customer.",
    "uncertain-cut": "It is not clear where the answer ends and the quoted history begins.",
    "not-plainly-for-the-customer": "It answers a receipt, or thanks for what a colleague did: its author was asked.",
    "thanks-to-the-desk": "It says thanks to the desk, and nothing else.",
    "agent-note": "An agent wrote a note for the team.",
    "agent-commands": "An agent gave orders and published nothing.",
    "agent-asks": "An agent asked to be shown something.",
    "manager-asks": "A manager of a queue asked for a report.",
    "dry-run": "An agent asked what would happen; nothing was done.",
    "command-not-understood": "It has lines that look like commands and were not understood: nothing was done.",
    "stale-answer": "Others had written on the ticket since the notice that it answers.",
    "merge-of-strangers": "The people of two tickets would see each other's conversations.",
    "forward-unclear": "It hands on a mail whose author is not clear.",
    "opened-by-agent": "An agent opened a ticket, for a customer or to write to one.",
    "split-off": "An agent made a message of a ticket into one of its own.",
    "by-turns": "It was this agent's turn.",
    "least-open": "This agent had the fewest tickets.",
    "nobody-free": "Nobody could take it: all are away, off duty, or have as many tickets as they can hold.",
    "turn-came": "Somebody is on duty again, or has room again.",
    # what is known of a ticket
    "found-in-mail": "The value stands in the customer's mail.",
    "answered-what-was-asked": "The customer answered what the acknowledgement had asked.",
    "asked-in-acknowledgement": "The acknowledgement asked for what was missing.",
    "said-by-customer": "The customer's words say how many are affected, or how soon it is needed.",
    "impact-and-urgency": "Impact and urgency give this priority.",
    "priority-by-hand": "Impact or urgency changed, but an agent had set the priority by hand: it stays.",
    # what customers ask in a word
    "customer-asks": "A customer asked in a word or two.",
    "customer-asked": "The customer asked for it to be opened again.",
    "customer-closed": "The customer asked for it to be closed.",
    "customer-cancelled": "The customer needs it no more.",
    "rated": "The customer said how it was.",
    # delivery
    "bounce-of-nothing-ours": "A report on a mail that is none of ours, or too old.",
    "delivery-failed": "A mail of ours did not arrive.",
    "delivery-report-unproven": "A report on a mail of ours that anybody who got that mail could have written.",
    "delivery-delayed": "A mail of ours has not arrived yet.",
    "delivery-delivered": "A mail of ours has arrived.",
    "delivery-relayed": "A mail of ours was handed on to where no reports come from.",
    "delivery-expanded": "A mail of ours was handed on to several people.",
    # who is in copy
    "copy-limit": "One mail brings twenty people onto a ticket; these were too many. They may join by answering it.",
    "copy-unproven": "Nobody vouches that the author put these people in copy.",
    # why a status moved
    "customer-replied": "The customer wrote again.",
    "agent-answered": "An agent answered, and the customer is waited for.",
    "promised": "An agent promised the customer a date: the desk has the next move.",
    "first-action": "An agent took the first action.",
    "merged": "It went into another ticket.",
    "ordered": "Somebody ordered it at the shell.",
    "resolved-long-enough": "It had been resolved for as long as the queue waits.",
    "spam": "An agent said that it is spam.",
    "undone": "An agent took back what they had done.",
    "reminder-unanswered": "A customer had waited for too long.",
    "reminder-unassigned": "Nobody had taken it for too long.",
    "reminder-asked": "An agent had asked to be reminded.",
    "reminder-snoozed": "The time for which an agent had put it off was over.",
    "held-untold": "More mail in an agent's name was held than single notices could tell of.",
    "digest-due": "It was the time of an agent's digest.",
    "promised-date": "The date that an agent had promised the customer was near, or had come.",
    "time-was-over": "Its time was over before the configuration asked for it: it was recorded, and nothing was done.",
    "agent-left": "Its agent has left the configuration.",
    "stage-removed": "Its stage has left the configuration, or stands for another status now.",
    "lies-about": "Tickets lie about, and those who can act were told once.",
    "rating-asked": "The customer was asked how it was, some time after the ticket was resolved.",
    "close-warned": "The customer was told that the ticket will be closed if they stay silent.",
    "customer-silent": "The customer was asked, was warned, and did not write.",
    "nothing-to-do": "It was so already.",
    # why nobody was written to
    "null-return-path-or-suppressed": "The mail asked for no automatic answer (RFC 3834).",
    "disowned-by-its-domain": "The author's domain says that the mail is not from there (DMARC).",
    "undeliverable": "Mail to this address has failed for good.",
    "budget-same-body": "This person was answered often enough for the same words this hour.",
    "author-takes-no-mail": "Nobody reads that address.",
    "older-than-ack-max-age": "The mail is older than `budget.ack_max_age_days`.",
    "budget-acknowledged": "This person was sent an acknowledgement within the hour.",
    "budget-person": "This person was sent enough automatic mail today.",
    "budget-domain": "This domain was sent enough automatic mail this hour.",
    "budget-everybody": "Enough automatic mail went out this hour.",
    "budget-ticket": "This person was sent enough automatic mail on this ticket this hour.",
    "budget-known-same-body": "This person was answered often enough for the same unproven words this hour.",
    "budget-known-person": "This person was sent enough automatic mail today because of mail without proof.",
    "budget-known-domain": "This domain was sent enough automatic mail this hour because of mail without proof.",
    "budget-known-everybody": "Enough automatic mail went out this hour because of mail of known people without proof.",
    "budget-known-ticket": "This person was sent enough on this ticket this hour because of mail without proof.",
    "budget-known-account": "The account's daily mail for known people without proof is used up.",
    "budget-unproven-same-body": "A stranger without proof was answered often enough for the same words this hour.",
    "budget-unproven-person": "A stranger without proof was sent enough automatic mail today.",
    "budget-unproven-domain": "Strangers without proof at this domain were sent enough automatic mail this hour.",
    "budget-unproven-everybody": "Strangers without proof were sent enough automatic mail this hour.",
    "budget-unproven-ticket": "A stranger without proof was sent enough on this ticket this hour.",
    "budget-unproven-account": "The account's daily mail for strangers without proof is used up.",
    "budget-asked": "This agent's mail asked for enough this hour.",
    "budget-asked-again": "This agent was told often enough today that their replies about this held mail do nothing.",
    "budget-held": "This agent was told of enough held mail this hour.",
}


_CONFIGURED: Mapping[str, str] = {
    "rule": "The rule {!r} of the configuration says so.",
    "level": "The service level {!r} of the configuration says so.",
    "stage": "The stage {!r} of the configuration says so.",
    "skill": "This agent has the skill {!r}, and the smallest load.",
}
"""Sentences for the reasons of things that the configuration names: `rule:boleto`."""
_SENTENCES: Mapping[str, str] = {**{str(code): words for code, words in REASONS.items()}, **classify.REASONS}


def known() -> frozenset[str]:
    """Every reason that has a sentence."""
    return frozenset(_SENTENCES)


def sentence(reason: str) -> str:
    """A reason in words; a code that nobody has named yet stands for itself."""
    kind, _, name = reason.partition(":")
    if name and kind in _CONFIGURED:
        return _CONFIGURED[kind].format(name)
    return _SENTENCES.get(reason, reason)
