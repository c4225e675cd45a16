"""The words with which mail systems report that a mail did not arrive.

Owns: the places where reports name addresses and codes, and what the phrases of `words/lists/report_words.toml` mean.
They are data: support for a new mail system is a line there or here, not a branch in the reader. Ordinary mail never
loads this module (`signs` decides).
Limits: first the languages of mail systems that are common in Brazil (pt, en, es), then de, fr, it, nl, ru, ja, zh.
Every pattern runs on one line or a bounded text and has bounded repeats, so that none is slow on hostile mail.
"""

import re

from mailtickets.mail.kind.bounce.signs import any_of
from mailtickets.mail.model import COPY_HEADER
from mailtickets.words import shipped


def _phrases(key: str) -> re.Pattern[str]:
    """A pattern that matches any phrase of one entry of `words/lists/report_words.toml`."""
    return any_of(shipped.lines("report_words", key), re.MULTILINE)


# --- addresses

_ADDRESS = (
    r"(?<![^\s<>()\[\],;:\"'=*|`])"  # only at the beginning of a word, so that a long word is read once
    r"(?:\"[^\"\n]{1,64}\"|[^\s<>()\[\],;:\"@\\|*`]{1,128})"
    r"@(?:\[[0-9A-Za-z.:]{2,45}\]|[^\s<>()\[\],;:\"@\\|*'`!?=/&]{1,255})"
)
ADDRESS = re.compile(_ADDRESS)
"""Matches one addr-spec in running text. It is loose, because reports name addresses that were never valid."""

CONTACT = re.compile(
    r"(?:postmaster|abuse|support|suporte|soporte|help|helpdesk|mailer-daemon|webmaster|admin|info|noc|no-?reply"
    r"|hostmaster)@",
    re.IGNORECASE,
)
"""People whom a report tells the reader to ask. Such an address counts as the failed recipient only if the report names
no other.
"""


def _named(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern.replace("ADDRESS", f"(?P<address>{_ADDRESS})"), re.IGNORECASE)


RCPT_TO = _named(r"\brcpt to:\s{0,5}<?ADDRESS")

SURELY = (
    _named(r"^[\s>*-]{0,20}<ADDRESS>\s{0,5}[:(]"),  # qmail, Postfix, Yahoo, courier
    RCPT_TO,
)
"""Places where the address has surely failed, whatever its local part is, such as a postmaster's."""

NAMED = (
    _named(r"^[\s>*-]{0,20}<ADDRESS>\s{0,5}\."),
    _named(r"^\s{0,20}\"?ADDRESS\"?\s{0,5}:(?!\s{0,5}(?:to|from|cc)\b)"),  # OpenSMTPD, GMX
    _named(r"\bsmtp[=:]ADDRESS"),  # Exchange 5
    _named(r"malformed address:\s{1,5}<?ADDRESS"),  # Exim
    _named(
        r"\b(?:failed|unknown|intended|undeliverable|invalid|bad|original|rejected|final|fehlgeschlagene\w?)"
        r"[\w ()/-]{0,30}(?:recipients?|user(?:id)?|address(?:e[es])?|mailbox|empfänger)(?:\(e?s\))?"
        r"\s{0,5}(?:is|was)?\s{0,5}[:=]?\s{0,5}(?:\[?smtp:)?<?ADDRESS"
    ),
    _named(
        r"^[\s>*-]{0,20}(?:recipients?|addressee|destinat[aá]rio|destinatario|empfänger|rcpt)(?:\(s\))?(?: address)?"
        r"\s{0,5}[:=]\s{0,5}\[?(?:smtp:|rfc822;)?\s{0,5}<?ADDRESS"
    ),
    _named(
        r"\b(?:deliver(?:y|ed)?|delivering|sent|send|mail|message|addressed|reach(?:ed)?|mensagem|mensaje|entregue)"
        r"[\w ]{0,40} (?:to|for|para|a):?\s{1,5}['\"<\[]?ADDRESS"
    ),
    _named(r"\b(?:failed|rejected|refused|bounced)[\w ]{0,30}:\s{0,5}<?ADDRESS"),
    _named(r"\b(?:mailbox|account|quota)[\w ',-]{0,40}:\s{0,5}<?ADDRESS"),
    _named(r"\bnot (?:a )?members? of [\w ]{0,30}<?ADDRESS"),
    _named(r"\brejected recipient\s{1,5}<?ADDRESS"),
    _named(r"^[\s<>-]{0,20}[45]\d\d[ -](?:[45]\.\d\.\d{1,3} )?<?ADDRESS"),
    _named(r"[45]\d\d[ -][^\n<]{0,60}<ADDRESS>"),
)
"""Places where reports name the address that failed, surest first."""

MAIL_FROM = _named(r"\b(?:mail from:|message sent by)\s{0,20}<?ADDRESS")
"""Places where reports name the sender of the mail."""

LISTED = _named(r"^[\s>*•\"'-]{0,40}<?ADDRESS(?=[\s>,;:(\"'*\[]|$)")
"""An address at the beginning of a line."""

# --- codes and ids

ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d)\.(\d{1,3})(?![\d.]{0,20}\d)")
"""An RFC 3463 code. It must not match an IP address, and should match few version numbers: the second number of a code
(the subject) has one digit.
"""

REPLY_CODE = re.compile(r"(?<![\d.\-/])(?<!\d:)([45][0-5]\d)(?=[ \-:,]|$)(?!\.\d)", re.MULTILINE)
"""An SMTP reply code (RFC 5321 section 4.2)."""

_ID = r"[ \t]{0,20}:[ \t]{0,20}(?:\n[ \t]{1,20})?<?([^\s<>]{1,998})"
MESSAGE_ID = re.compile(rf"^[ \t>|]{{0,20}}message-id{_ID}", re.IGNORECASE | re.MULTILINE)
"""A Message-ID field, also in the quoted text of a returned mail."""

TAG = re.compile(rf"(?:\+(?=[a-z0-9]{{8,40}}@)|{COPY_HEADER}:[ \t]{{0,20}})([a-z0-9]{{8,40}})\b", re.IGNORECASE)
"""A word that may be the tag of one of our copies."""

# --- phrases

FAILURE_WORDS = _phrases("failure")
"""At the beginning of a mail, no person writes these about their own mail. In a text that reports a failure they may
stand anywhere.
"""

PARCEL = _phrases("parcel")
"""A shop or carrier that failed to deliver goods: not about mail."""

_FAILURE_CODES = _phrases("failure_codes")

PERSISTING_WORDS = _phrases("persisting")
"""The system is still trying: action `delayed`."""

REFUSED_BY_RECEIPT = _phrases("refused_by_receipt")
"""Dovecot reports a full mailbox or a Sieve reject in the form of a receipt."""


def tells_failure(text: str) -> bool:
    """Whether the text speaks of a failure, in words or in codes."""
    return bool(FAILURE_WORDS.search(text) or _FAILURE_CODES.search(text))


# --- where the returned mail begins

RETURNED = _phrases("returned")
"""A line, without its rules and blanks, that announces our returned mail below. It matches at the beginning of
the line.
"""

DAEMON_LINE = re.compile(r"^From:.{0,200}mailer[-_.]daemon", re.IGNORECASE | re.MULTILINE)
"""A line in the header of a report that another system passed on."""

RETURNED_HEADER = re.compile(
    r"(?:Received|Return-Path|DKIM-Signature|DomainKey-Signature|X-Received|X-Google-Smtp-Source|ARC-Seal"
    r"|X-Originating-IP|X-Apparently-From|MIME-Version|X-YMail-OSG|X-Yahoo-Newman-Property)\s{0,5}:"
    r"|Content-Type:\s{0,5}(?:message|text)/rfc822",
    re.IGNORECASE,
)
"""A line that stands only in the header of a mail."""
