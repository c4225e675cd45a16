"""Finds the header signs that make a mail worth reading as a delivery report.

Owns: the lexicon of senders and subjects of reports, and of the replies of people and their mail programs.
Fails with: nothing.
Limits: a report without any of these signs is treated as ordinary mail.
"""

import re
from dataclasses import dataclass
from email.message import Message

from mailtickets.mail.read import header
from mailtickets.words import prefixes

MAX_FIELD_CHARACTERS = 8_000


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


# --- senders

DAEMON = _any(
    r"mail(?:er)?[-_. ]{0,2}d[ae]{1,2}mon",
    r"\bmail[-_. ]delivery[-_. ](?:sub-?)?(?:system|service|agent|notification)",
    r"\binternet mail delivery",
    r"\bmail delivery (?:status|failure)",
    r"e500_smtp|\bsmtp mail service",
)
"""Senders in the From field that send only reports of mail systems."""

OFFICE = _any(
    r"^\s*+(?:<\s*>)?\s*$",
    r"\bpo{1,2}st[-_]?master\b",
    r"\bpost\.?office\b",
    r"\bsys(?:tem)?[-_ ]?admin(?:istrator|istrador)?\b|\badministrador do sistema\b|\badministrador del sistema\b",
    r"\bmail[-_ ]?(?:system|server|administrator|admin|gateway)\b",
    r"\bsystem attendant\b|\bmicrosoft exchange\b|\bdelivery (?:sub-?)?system\b",
    r"\binterscan\b|\bmailsweeper\b|\bmdaemon\b|\bmailmarshal\b|\bgroupwise\b|\bmicrosoft outlook\b|\bamazonses\b",
    r"\bbounces?(?:[-+_]|@)|\bbounce[-_]?(?:notification|admin|daemon)",
    r"\buucp\b|\bmmdf\b",
)
"""Senders in the From field that send reports, but also write as people, such as a postmaster. An empty From field
counts too (RFC 5321 section 4.5.5).
"""

ROBOT = _any(
    r"\bno[-_.]?reply|\bdo[-_.]?not[-_.]?reply|\bn[aã]o[-_.]?respond",
    r"[-_](?:admin|owner|request|errors?)@|\b(?:root|listserv|majordomo|mailman|sympa|robot|notification)s?@",
    r"smtp|\bmta\b|gateway|server@|\bserver\b|anti[-_ ]?(?:virus|spam)|firewall|quarantine|quarentena|mailer\b",
)
"""Machines in the From field that send reports, but also other mail."""

# --- subjects

REPLY_PREFIX = re.compile(
    rf"\s*(?:\[[^\]]{{0,40}}\]\s*)?{prefixes.ANY}(?:\[\d+\]|\(\d+\))?\s*[:：]",
    re.IGNORECASE,
)
"""The prefix of a subject that a person or a mail program writes in a reply or a forward. Reports have no such
prefix.
"""

FAILURE_SUBJECT = _any(
    r"\bundeliver(?:able|ed)\b",
    r"\bnon[- ]?deliver(?:y|able|ed)\b",
    r"\bnot (?:be |been )?deliver(?:ed|able)\b",
    r"\b(?:unable to|could not|cannot|can't|failed to) (?:be )?(?:deliver|send|reach)",
    r"\bcould not be (?:delivered|sent)\b",
    r"^\W*delivery (?:has )?(?:failed|failure|error|problem|unsuccessful|status|report|notification)",
    r"\b(?:mail|message|e-?mail) (?:delivery |system |transport )?(?:failed|failure|error|problem|fault|status)",
    r"\bdelivery (?:status |failure |problem )?(?:notification|report|failure|failed|status|error)",
    r"\bfail(?:ure|ed) (?:notice|delivery|notification|mail|message)",
    r"\b(?:permanent|transient) (?:delivery )?(?:failure|error)",
    r"^\W*(?:rejected|bounced|returned|blocked)\s?:",
    r"\breturn(?:ed|ing) (?:mail|message|e-?mail|to sender)",
    r"\b(?:mail|message) returned\b",
    r"\b(?:message|mail)(?: you sent)? (?:blocked|rejected|bounced|refused)\b",
    r"\brejected (?:mail|message|posting)\b|^\W*bounce\W*$",
    r"\bpostmaster notify\b|\bsee transcript for details\b",
    r"\bwarning: (?:could not send|message .{1,80}delayed)",
    r"\b(?:mail|message|delivery).{0,60}\bdelay(?:ed)?\b|\bdelayed mail\b|\bstill being retried\b",
    r"\bbounced? (?:mail|message|e-?mail|notification)\b",
    r"\b(?:user|recipient|address)(?:'s)? unknown\b|\bunknown (?:user|recipient|address)\b",
    r"\bmailbox (?:is )?full\b|\bquota exceeded\b|\bover quota\b",
    r"\bnot (?:a )?member\b",
    r"\bn[aã]o (?:foi |é |p[oô]de ser )?(?:poss[ií]vel entregar|entregue|entreg[aá]vel)",
    r"\b(?:falha|erro|problema)s? (?:na|no|de|ao) (?:entrega|envio|entregar|enviar)",
    r"\bdevolvid[ao]\b|\bdevolu[cç][aã]o de (?:mensagem|e-?mail)",
    r"\bno (?:se )?(?:ha )?(?:podido |pudo |puede )?(?:ser )?entrega(?:do|r|ble|da)\b",
    r"\b(?:error|fallo) (?:en|de) (?:la )?entrega\b|\bmensaje devuelto\b|\bcorreo devuelto\b",
    r"\b(?:unzustellbar|nicht zustellbar|onbestelbaar|non remis|non distribu\w{1,3})\b",
    r"\b(?:mancata consegna|impossibile recapitare)\b",
    r"\b(?:échec de (?:la )?remise|zustellung fehlgeschlagen|zustellfehler)",
    r"не\s{0,3}доставлен|невозможно доставить|недоставлен",
    r"(?:配信|配達|配送|送信)(?:不能|失敗|エラー|(?:が)?できません)|送信エラー|不達",
    r"退信|投递失败|无法投递|未送达",
)

# --- a mail's signs


@dataclass(frozen=True, slots=True)
class Signs:
    sender: str
    """The From field."""
    subject: str
    typed: bool
    """Whether it is a multipart/report (RFC 6522) of any report-type."""
    delivery_status: bool
    """Whether the report-type is delivery-status."""
    declared: bool
    """Whether it has the field X-Failed-Recipients (Exim, Google)."""
    daemon: bool
    office: bool
    failing: bool
    """Whether the subject is about a failure."""
    null_path: bool
    robot: bool

    def any(self) -> bool:
        return self.typed or self.declared or self.daemon or self.office or self.failing or self.null_path or self.robot


def signs_of(message: Message) -> Signs:
    kind, parameters = header.parameters(field(message, "content-type"))
    sender, subject, automatic = (field(message, name) for name in ("from", "subject", "auto-submitted"))
    return Signs(
        sender=sender,
        subject=subject,
        typed=kind.lower() == "multipart/report",
        delivery_status=parameters.get("report-type", "").lower() == "delivery-status",
        declared="x-failed-recipients" in message,
        daemon=bool(DAEMON.search(sender)),
        office=bool(OFFICE.search(sender)),
        failing=bool(FAILURE_SUBJECT.search(subject)),
        null_path="return-path" in message and is_null_path(field(message, "return-path")),
        # not auto-replied: that marks absence notices (RFC 3834 section 5), and they may speak of failures too
        robot=automatic.lower().startswith("auto-generated") if automatic else bool(ROBOT.search(sender)),
    )


def is_null_path(path: str) -> bool:
    """Whether a return path is the null path (RFC 5321 section 4.5.5). Sendmail writes it as <MAILER-DAEMON@its.host>,
    and nobody reads that mailbox either.
    """
    return path.strip(" <>").partition("@")[0].upper() in ("", "MAILER-DAEMON")


def field(message: Message, name: str) -> str:
    """The decoded value of the topmost field with this name. Octets that are not ASCII are decoded too (RFC 6532)."""
    raw = next((str(value) for key, value in message.raw_items() if key.lower() == name), "")
    octets = raw[:MAX_FIELD_CHARACTERS].encode("utf-8", "surrogateescape")
    return header.one_line(header.decoded(header.octets_to_text(octets)))
