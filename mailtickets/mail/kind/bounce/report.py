"""Reads what a delivery report states, from its fields (RFC 3464) and its words.

Owns: whether a mail that has the signs of a report is one, and which recipient, code and message it is about.
Fails with: nothing. What cannot be read is left empty.
Limits: those of `parts`. If a report names several recipients, the first one with a permanent failure counts.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from email.message import Message

from mailtickets.mail.kind.bounce import words as lexicon
from mailtickets.mail.kind.bounce.fields import (
    Failure,
    amazon_failures,
    amazon_message_id,
    enhanced,
    field_failures,
    original_message_id,
    reply_class,
)
from mailtickets.mail.kind.bounce.parts import (
    OTHER_REPORT_TYPES,
    STATUS_TYPES,
    Report,
    report_within,
    returned_head,
    take_apart,
)
from mailtickets.mail.kind.bounce.signs import REPLY_PREFIX, Signs, field, signs_of
from mailtickets.mail.model import Bounce
from mailtickets.mail.read import header
from mailtickets.mail.reply.absence_words import is_automatic

MAX_DIAGNOSTIC_CHARACTERS = 1_000
MAX_TAGS = 50
OPENING_LINES = 12
RECOGNISED_LINES = 100
RECOGNISED_LINE_CHARACTERS = 200


def read(message: Message, text: str, signs: Signs) -> Bounce | None:
    """The report in a message; None if the content shows that the mail is not a report."""
    if wrapped := _wrapped(message, signs):
        message, text, signs = wrapped, "", signs_of(wrapped)
    report = take_apart(message, text)
    return _read(message, report, signs) if _is_report(report, signs) else None


def _wrapped(message: Message, signs: Signs) -> Message | None:
    """The report inside the mail of a scanner or a gateway; None if there is none or a person forwarded it."""
    if signs.typed or REPLY_PREFIX.match(signs.subject) or is_automatic(signs.subject):
        return None
    two = (signs.null_path, signs.office or signs.robot, signs.failing).count(True) >= 2
    return report_within(message) if signs.daemon or two else None


# --- whether the mail is a report


def _is_report(report: Report, signs: Signs) -> bool:
    """Whether the mail is a report.

    A report type proves it. From a mail system's own address, any word of failure is enough. Any other sender needs
    more signs: a person's mail about a failure has at most one of the last four, and usually none.
    """
    if report.types & OTHER_REPORT_TYPES and not report.types & STATUS_TYPES:
        return bool(lexicon.REFUSED_BY_RECEIPT.search(report.words))
    if signs.declared or (signs.typed and (signs.delivery_status or report.types & STATUS_TYPES)):
        return True
    if signs.daemon:
        return signs.failing or bool(report.fields or report.returned) or lexicon.tells_failure(report.words)
    if (signs.office or signs.robot) and _is_transcript(report):
        return True
    if REPLY_PREFIX.match(signs.subject) or is_automatic(signs.subject):
        return False
    if report.fields or amazon_failures(report.words):
        return True
    if signs.office and signs.failing:
        return lexicon.tells_failure(report.words) or _names_anybody(report)
    two = (signs.failing, signs.null_path, signs.robot, signs.typed).count(True) >= 2
    gives_back = signs.robot and report.attached and _names_anybody(report)
    return (signs.office or two or gives_back) and _names_failure(report)


def _names_failure(report: Report) -> bool:
    """Whether the mail begins with unquoted words about a failure, and names an address or returns the mail
    that failed.
    """
    opening = [line for line in report.words.split("\n") if line.strip()][:OPENING_LINES]
    beginning = "\n".join(opening)
    if any(line.startswith(">") for line in opening) or not lexicon.FAILURE_WORDS.search(beginning):
        return False
    if lexicon.PARCEL.search(beginning) and not reply_class(beginning):
        return bool(report.returned.strip())
    return bool(report.returned.strip()) or _names_anybody(report)


def _names_anybody(report: Report) -> bool:
    return any(True for source in (_surely, _named, _listed) for _ in source(report.words))


def _is_transcript(report: Report) -> bool:
    """Whether the mail is a transcript from a gateway that answers like a person's mail program.

    Its first line is the error. Below are the server's code and the command that the server refused. A person's mail
    begins with a greeting, a quotation or a question.
    """
    lines = [line.strip() for line in report.words.split("\n") if line.strip()]
    if not lines or not lexicon.tells_failure(lines[0]) or any(line[0] == ">" or line[-1] == "?" for line in lines):
        return False
    return bool(reply_class(report.words)) and any(lexicon.RCPT_TO.search(line) for line in lines)


# --- what the report states


def _read(message: Message, report: Report, signs: Signs) -> Bounce:
    failure = _failure(message, report)
    action = failure.action or _action(report, signs)
    return Bounce(
        recipient=header.one_line(failure.recipient),
        action=action,
        status=_status(report, failure) or _class(report, failure, action),
        message_id=_message_id(report),
        diagnostic=header.one_line(failure.diagnostic[:MAX_DIAGNOSTIC_CHARACTERS]),
        tags=_tags(report),
    )


def _failure(message: Message, report: Report) -> Failure:
    found = field_failures(report.fields) or field_failures(report.words) or amazon_failures(report.words)
    failure = found[0] if found else Failure()
    if "@" not in failure.recipient:
        failure = replace(failure, recipient=_recipient(message, report) or failure.recipient)
    if not failure.diagnostic:
        failure = replace(failure, diagnostic=_diagnostic(report.words, failure.recipient))
    return failure


def _recipient(message: Message, report: Report) -> str:
    """The first address that may have failed, surest sources first.

    An address of `_own_addresses`, or a contact such as the postmaster, counts only if there is no other.
    """
    ours, head = _own_addresses(message, report), returned_head(report.returned)
    office = own = ""
    for sure, address in _candidates(message, report, head):
        if address.casefold() in ours:
            own = own or address
        elif not sure and lexicon.CONTACT.match(address):
            office = office or address
        else:
            return address
    return office or own


def _candidates(message: Message, report: Report, head: Sequence[str]) -> Iterator[tuple[bool, str]]:
    """For each address that may have failed: (True if it surely failed, even if it is a contact's; the address)."""
    yield from ((True, address) for source in (_declared(message), _surely(report.words)) for address in source)
    for source in (
        _named(report.words),
        _listed(report.words),
        _by_local_part(report.words, head),
        _recognised(message, report.words),
        _addresses(report.words),
        _mailed_to(head),
    ):
        yield from ((False, address) for address in source)


def _own_addresses(message: Message, report: Report) -> set[str]:
    """The addresses of the report's recipients and sender, and of the sender of the mail that failed."""
    values = [field(message, name) for name in ("to", "from", "cc", "return-path", "reply-to")]
    values += [match["address"] for match in lexicon.MAIL_FROM.finditer(report.words)]
    head = returned_head(report.returned)
    values += [line for line in head if line.strip(" \t>|").lower().startswith(("from:", "return-path:", "sender:"))]
    return {match.group().casefold() for value in values for match in lexicon.ADDRESS.finditer(value)}


def _declared(message: Message) -> Iterator[str]:
    for name in ("x-failed-recipients", "x-mailer-daemon-recipients", "x-bounced-address"):
        yield from _addresses(field(message, name))


def _surely(words: str) -> Iterator[str]:
    return _by_patterns(lexicon.SURELY, words)


def _named(words: str) -> Iterator[str]:
    return _by_patterns(lexicon.NAMED, words)


def _by_patterns(patterns: Iterable[re.Pattern[str]], words: str) -> Iterator[str]:
    for pattern in patterns:
        yield from (match["address"].rstrip(".") for line in words.split("\n") if (match := pattern.search(line)))


def _recognised(message: Message, words: str) -> Iterator[str]:
    """The addresses that flufl.bounce finds in a short and clean copy. Long lines make its patterns slow, and unusual
    headers make it raise.
    """
    from flufl.bounce import all_failures  # importing takes 70 ms, and few reports need it

    copy = Message()
    copy["from"] = next(_addresses(field(message, "from")), "unknown@invalid")
    copy["x-mailer"] = field(message, "x-mailer")
    lines = words.split("\n")[:RECOGNISED_LINES]
    copy.set_payload("\n".join(line[:RECOGNISED_LINE_CHARACTERS] for line in lines).encode("ascii", "replace").decode())
    temporary, permanent = all_failures(copy)
    yield from sorted(address.decode("ascii", "replace") for address in permanent or temporary)


def _listed(words: str) -> Iterator[str]:
    lines = words.split("\n")
    return (match["address"].rstrip(".") for line in lines if (match := lexicon.LISTED.match(line)))


def _mailed_to(head: Iterable[str]) -> Iterator[str]:
    for line in head:
        if line.strip(" \t>|")[:3].lower() in ("to:", "cc:"):
            yield from _addresses(line)


def _by_local_part(words: str, head: Sequence[str]) -> Iterator[str]:
    """Recipients of our mail that the report names by local part only (the part before the @), at the beginning
    of a line.
    """
    begun = {line.split()[0].strip("<>\"'(),;:*").casefold() for line in words.split("\n") if line.strip()}
    return (address for address in _mailed_to(head) if address.rpartition("@")[0].casefold() in begun)


def _addresses(text: str) -> Iterator[str]:
    return (match.group().rstrip(".") for match in lexicon.ADDRESS.finditer(text))


def _diagnostic(words: str, recipient: str) -> str:
    """The paragraph that explains the failure. The choices in order: one with a code that names the recipient, one with
    a code, one about the recipient, one about a failure. Empty if there is none.
    """
    paragraphs = [" ".join(paragraph.split()) for paragraph in re.split(r"\n[ \t]*\n", words)]
    coded = [paragraph for paragraph in paragraphs if enhanced(paragraph) or reply_class(paragraph)]
    about = [paragraph for paragraph in paragraphs if recipient and recipient in paragraph.strip(" <>:*") != recipient]
    both = [paragraph for paragraph in coded if recipient and recipient in paragraph]
    failures = (paragraph for paragraph in paragraphs if lexicon.tells_failure(paragraph))
    return next(iter(both or coded or about), "") or next(failures, "")


def _action(report: Report, signs: Signs) -> str:
    text = signs.subject + "\n" + report.words
    return "delayed" if lexicon.PERSISTING_WORDS.search(text) else "failed"


def _status(report: Report, failure: Failure) -> str:
    """The status code. If the field states only the class of the code, the code comes from the diagnostic or
    the text.
    """
    stated = failure.status
    if stated and not stated.endswith(".0.0"):
        return stated
    codes = (enhanced(source) for source in (failure.diagnostic, report.words))
    return next((code for code in codes if code and (not stated or code[0] == stated[0])), stated)


def _class(report: Report, failure: Failure, action: str) -> str | None:
    """X.0.0 (RFC 3463 section 3.1), if only the class X is known from the SMTP reply or from the action;
    otherwise None.
    """
    code = reply_class(failure.diagnostic) or reply_class(report.words)
    code = code or {"failed": "5", "delayed": "4"}.get(action, "")
    return f"{code}.0.0" if code else None


def _tags(report: Report) -> tuple[str, ...]:
    """The copy tags from anywhere in the report. A system that answers to the From address still shows the return path
    or our header field.
    """
    shown = "\n".join((report.returned, report.words, report.fields))
    return tuple(dict.fromkeys(match[1].lower() for match in lexicon.TAG.finditer(shown)))[:MAX_TAGS]


def _message_id(report: Report) -> str | None:
    for source in (report.returned, report.words):
        if match := lexicon.MESSAGE_ID.search(source):
            return header.one_line(match[1])
    return original_message_id(report.fields) or amazon_message_id(report.words) or None
