"""Decides of which kind a mail is, and names the sign that decided it.

Owns: the order of the verdicts (loop, bounce, report, auto_reply, list, human) and every reason for them.
Fails with: nothing. A mail without a sign of a machine is human.
Limits: looks at headers. A machine that writes exactly like a person is taken for a person.

These fields look like proof but prove nothing: `Auto-Submitted: no`, X-Auto-Response-Suppress (Exchange and CRMs put it
on what people write), an empty Return-Path (redirecting empties it), an X-Loop that names an address (forwarders).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mailtickets.mail.model import LOOP_HEADER, Address, Bounce, Kind
from mailtickets.mail.reply.absence_words import is_automatic

MAX_RECEIVED = 100
"""A mail with more hops than this is in a loop between mail systems. RFC 5321 section 6.3 asks for a limit of
at least 100.
"""

REASONS: dict[str, str] = {
    "own-loop-header": "It carries our loop header: one of our own notices came back.",
    "received-limit": "It has passed through more than 100 mail servers.",
    "delivery-status": "A report on delivery with the fields of RFC 3464.",
    "delivery-report": "A mail system's report on delivery in its own words.",
    "unreadable-delivery-status": "It calls itself a report on delivery, but names no recipient that can be read.",
    "disposition-notification": "A receipt: a mail was displayed, deleted or the like (RFC 8098).",
    "feedback-report": "A complaint about a mail, from the recipient's provider (RFC 5965).",
    "machine-report": "A multipart/report that is neither about delivery nor a receipt nor a complaint.",
    "complaint-subject": "The subject is that of a provider's complaint about a mail.",
    "domain-report": "A daily report on a domain's mail (DMARC, TLS).",
    "other-instance": "Another installation of this program sent it on its own.",
    "auto-submitted": "Auto-Submitted says that no person sent it (RFC 3834).",
    "auto-reply-header": "A header that only automatic answers have.",
    "auto-generated-header": "A header that only machine-made mail has.",
    "auto-reply-precedence": "Precedence calls it an automatic answer.",
    "auto-reply-program": "The program that wrote it answers automatically.",
    "inbox-rule-reply": "An answer by a rule of an Exchange mailbox.",
    "x-loop": "X-Loop: yes, the mark of a simple autoresponder.",
    "auto-reply-subject": "The subject is that of an automatic answer or an absence notice.",
    "daemon-sender": "The sender is a mail system, though this is no report on delivery.",
    "no-reply-sender": "The sender wants no answer and names nobody who does.",
    "list-header": "A mailing list or newsletter sent it (RFC 2919, RFC 2369 and their forerunners).",
    "bulk-precedence": "Precedence or a bulk mailer's header says that it went to many.",
    "emoji-reaction": "It is no more than the emoji that somebody tapped below a message of ours.",
    "message-recall": "Outlook asks in its author's name to have an earlier mail back.",
    "no-machine-sign": "Nothing shows a machine.",
}
"""Every reason that `classify` returns, with a sentence for people."""


@dataclass(frozen=True, slots=True)
class _Mail:
    """The values of a mail that `classify` looks at."""

    headers: tuple[tuple[str, str], ...]
    subject: str
    author: Address | None
    content_type: str
    bounce: Bounce | None
    instance: str | None

    def values(self, name: str) -> list[str]:
        return [value.strip() for key, value in self.headers if key == name]

    def value(self, name: str) -> str:
        return next(iter(self.values(name)), "")

    def has(self, *names: str) -> bool:
        return any(key in names for key, _ in self.headers)


def classify(
    headers: tuple[tuple[str, str], ...],
    *,
    subject: str,
    author: Address | None,
    content_type: str,
    bounce: Bounce | None,
    instance: str | None,
) -> tuple[Kind, str]:
    """The kind of a mail and one of `REASONS`. `headers` have lower-case names; `instance` is None if there is no
    configuration.
    """
    mail = _Mail(headers, subject, author, content_type.lower(), bounce, instance)
    for kind, sign in _SIGNS:
        if reason := sign(mail):
            return kind, reason
    return "human", "no-machine-sign"


# --- loop


def loop_reason(headers: Sequence[tuple[str, str]], instance: str | None) -> str | None:
    """Why a mail with these fields is in a loop; None if it is not. The SMTP server calls it during the session too."""
    senders = [_instance(value) for key, value in headers if key == LOOP_HEADER.lower()]
    if senders and (instance is None or instance.casefold() in senders):
        return "own-loop-header"
    return "received-limit" if sum(key == "received" for key, _ in headers) > MAX_RECEIVED else None


def _loop(mail: _Mail) -> str | None:
    return loop_reason(mail.headers, mail.instance)


def _instance(value: str) -> str:
    return value.partition(";")[0].strip().casefold()


def _other_instance(mail: _Mail) -> str | None:
    return "other-instance" if mail.has(LOOP_HEADER.lower()) else None


# --- bounce and report


def _bounce(mail: _Mail) -> str | None:
    if mail.bounce is not None:
        return "delivery-status" if _report_type(mail) == "delivery-status" else "delivery-report"
    return "unreadable-delivery-status" if _report_type(mail) == "delivery-status" else None


def _report_type(mail: _Mail) -> str:
    """The report-type of a multipart/report (RFC 6522): `-` if it states none, empty for any other mail."""
    if not mail.content_type.lstrip().startswith("multipart/report"):
        return ""
    match = _REPORT_TYPE.search(mail.content_type)
    return match[1] if match else "-"


_REPORT_TYPE = re.compile(r"report-type\s{0,20}=\s{0,20}\"?\s{0,20}([\w-]{1,60})")
_COMPLAINT_SUBJECT = re.compile(
    r"\s*(?:complaint about message from\b|(?:e-?mail )?(?:abuse|spam|feedback|junk) (?:feedback )?report\b)",
    re.IGNORECASE,
)
_DMARC_SUBJECT = re.compile(
    r"\s*(?:\[[^\]]{0,40}\]\s*)?report domain\s*:.{1,400}(?:submitter|report-id)\s*:", re.IGNORECASE
)


def _report(mail: _Mail) -> str | None:
    report = _report_type(mail)
    if report in ("disposition-notification", "feedback-report"):
        return report
    if mail.content_type.startswith(("message/disposition-notification", "message/feedback-report")):
        return mail.content_type.partition(";")[0].strip().removeprefix("message/")
    if report:
        return "domain-report" if report == "tlsrpt" else "machine-report"
    if mail.has("tls-report-domain") or _DMARC_SUBJECT.match(mail.subject):
        return "domain-report"
    return "complaint-subject" if _COMPLAINT_SUBJECT.match(mail.subject) and mail.author else None


# --- automatic answers and other mail that a machine wrote to one person


def _auto_submitted(mail: _Mail) -> str | None:
    """The reason if Auto-Submitted states that a machine sent the mail. The field holds a keyword, then parameters and
    comments (RFC 3834 section 5); `no` marks a person's mail.
    """
    keywords = (re.split(r"[\s;(]", value.strip().lower(), maxsplit=1)[0] for value in mail.values("auto-submitted"))
    return "auto-submitted" if any(keyword not in ("", "no") for keyword in keywords) else None


_AUTO_HEADER = re.compile(
    r"(?:x-)?(?:[a-z0-9]{1,20}-)?"
    r"(?:auto-?(?:matic-?)?(?:reply|repl[iy]ed|respond(?:er)?|response|answer)|holiday-?reply|vacation|out-?of-?office)"
    r"(?:-?[a-z]{1,20})?"
)
_GENERATED_HEADER = re.compile(
    r"x-(?:(?:fc-)?machine-?generated|auto-?(?:generated|notified|notification)|cron-env|amazon-mail-relay-type)"
)
_AUTO_VALUE = {"delivered-to": "autoresponder", "x-post-messageclass": "autoresponder", "x-apple-action": "vacation"}
_NO_SIGN = ("no", "false", "0", "none", "off", "n", "forward", "group", "mirror", "redirect")
"""Values of such a header on a person's mail. The last four are from X-Autogenerated (Kerio), on mail that was
passed on.
"""


def _auto_header(mail: _Mail) -> str | None:
    names = [name for name, value in mail.headers if value.lower() not in _NO_SIGN]
    if any(_AUTO_HEADER.fullmatch(name) for name in names if name != "x-auto-response-suppress"):
        return "auto-reply-header"
    if any(word in value.lower() for name, value in mail.headers if (word := _AUTO_VALUE.get(name))):
        return "auto-reply-header"
    return "auto-generated-header" if any(_GENERATED_HEADER.fullmatch(name) for name in names) else None


def _precedences(mail: _Mail) -> set[str]:
    return {value.lower() for name in ("precedence", "x-precedence", "preference") for value in mail.values(name)}


def _auto_precedence(mail: _Mail) -> str | None:
    return (
        "auto-reply-precedence"
        if any(re.match(r"auto[-_]?(?:reply|response)", p) for p in _precedences(mail))
        else None
    )


_AUTO_PROGRAM = re.compile(r"auto-?(?:repl|respon)|\bvacation\b", re.IGNORECASE)


def _auto_program(mail: _Mail) -> str | None:
    programs = mail.values("x-mailer") + mail.values("user-agent")
    return "auto-reply-program" if any(_AUTO_PROGRAM.search(program) for program in programs) else None


def _inbox_rule(mail: _Mail) -> str | None:
    """The reason if a rule of an Exchange mailbox answered. Rules also redirect people's mail; only with `All`
    suppressed is it Exchange's own answer (as Zammad does).
    """
    suppressed = mail.value("x-auto-response-suppress").lower()
    return "inbox-rule-reply" if suppressed == "all" and mail.has("x-ms-exchange-inbox-rules-loop") else None


def _x_loop(mail: _Mail) -> str | None:
    return "x-loop" if any(value.lower() in ("yes", "true") for value in mail.values("x-loop")) else None


def _auto_subject(mail: _Mail) -> str | None:
    return "auto-reply-subject" if is_automatic(mail.subject) else None


_DAEMON = re.compile(r"(?:mailer|mail|list)[-_.]?daemon|autorespond(?:er)?|auto-?reply|autoresposta|vacation")
_NO_REPLY = re.compile(
    r"(?:.{0,60}[-_.+])?(?:no[-_.]?(?:t[-_.]?)?repl(?:y|ies)|do[-_.]?no?t?[-_.]?reply|n[aã]o[-_.]?respond[ae]r?"
    r"|no[-_.]?respond(?:er|a|as)|noreturn|ne[-_.]?pas[-_.]?repondre|keine[-_.]?antwort|unattended|no[-_.]?contest(?:ar|e))"
    r"(?:[-_.+].{0,60})?"
)


def is_machine(mailbox: Address) -> bool:
    """Whether nobody reads mail to an address: it belongs to a mail system, or to a sender that wants no answer."""
    local = mailbox.key.partition("@")[0]
    return bool(_DAEMON.fullmatch(local) or _NO_REPLY.fullmatch(local))


def _machine_sender(mail: _Mail) -> str | None:
    """The reason why the sender is a machine; None if there is none.

    A web form also writes as no-reply@, but then Reply-To names the person who asked.
    """
    if mail.author is None:
        return None
    local = mail.author.key.partition("@")[0]
    if _DAEMON.fullmatch(local):
        return "daemon-sender"
    answers = re.findall(r"([^\s<>,;:\"]{1,128})@", mail.value("reply-to")[:2_000].casefold())
    wanted = any(not _NO_REPLY.fullmatch(answer) for answer in answers)
    return "no-reply-sender" if _NO_REPLY.fullmatch(local) and not wanted else None


# --- mail to many


_LIST_HEADERS = (
    "list-id",
    "list-unsubscribe",
    "list-post",
    "list-help",
    "list-subscribe",
    "list-owner",
    "list-archive",
    "mailing-list",
    "x-mailing-list",
    "x-mailinglist",
    "x-list",
    "x-beenthere",
    "x-mailman-version",
    "x-ml-name",
    "x-mlserver",
    "x-listserver",
    "x-listprocessor-version",
    "x-google-group-id",
)
_BULK_HEADERS = ("feedback-id", "x-campaign", "x-campaignid", "x-campaign-id", "x-csa-complaints")
_BULK_PRECEDENCE = ("bulk", "junk", "list", "spam")


def _list(mail: _Mail) -> str | None:
    if mail.has(*_LIST_HEADERS):
        return "list-header"
    return "bulk-precedence" if mail.has(*_BULK_HEADERS) or _precedences(mail) & {*_BULK_PRECEDENCE} else None


_SIGNS: tuple[tuple[Kind, Callable[[_Mail], str | None]], ...] = (
    ("loop", _loop),
    ("bounce", _bounce),
    ("report", _report),
    ("auto_reply", _other_instance),
    ("auto_reply", _auto_submitted),
    ("auto_reply", _auto_header),
    ("auto_reply", _auto_precedence),
    ("auto_reply", _auto_program),
    ("auto_reply", _inbox_rule),
    ("auto_reply", _x_loop),
    ("auto_reply", _auto_subject),
    ("auto_reply", _machine_sender),
    ("list", _list),
)
"""The order is policy: the first sign that returns a reason decides."""
