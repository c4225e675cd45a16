"""The words with which mail systems report that a mail did not arrive.

Owns: the phrases of failure, the places where reports name addresses and codes, and the line where the returned mail
begins. They are data: support for a new mail system is a line here, not a branch in the reader. Ordinary mail never
loads them (`signs` decides).
Limits: first the languages of mail systems that are common in Brazil (pt, en, es), then de, fr, it, nl, ru, ja, zh.
Every pattern runs on one line or a bounded text and has bounded repeats, so that none is slow on hostile mail.
"""

import re

from mailtickets.mail.model import COPY_HEADER


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE | re.MULTILINE)


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

FAILURE_WORDS = _any(
    r"could(?: not|n't) (?:be )?(?:\w+ )?(?:deliver|sent|reach|process)",
    r"can(?:not|'t| not) (?:be )?deliver",
    r"wasn[’']?t (?:able to deliver|delivered)|was not (?:able to deliver|delivered|sent|accepted)",
    r"has(?: not|n't) (?:yet )?been delivered|not yet been delivered",
    r"has been (?:delayed|rejected|bounced|returned|postponed|blocked)",
    r"unable to (?:deliver|send)|trouble delivering|problems? delivering|error delivering",
    r"undeliver(?:able|ed)",
    r"del[ie]very to (?:the following|these) recipients",
    r"del[ie]very (?:to the following|of (?:your|the|this)|has|failed|failure|attempts|status|error|problem|reports?)",
    r"failed (?:permanently|to deliver|recipients?|address(?:es)?|to reach)",
    r"(?:address(?:es)?|recipients?)(?:\(e?s\))? (?:had|has|have|was|were) "
    r"(?:permanent|transient|delivery|failed|been rejected|rejected|affected)",
    r"(?:address|recipient)(?:e?s|\(e?s\))? (?:failed|rejected|not reached)",
    r"permanent fatal errors|transient non-fatal errors|transcript of session follows",
    r"did not (?:reach|receive)|did not like (?:our|recipient)|does not like recipient",
    r"rejected (?:your message|recipient)|was rejected by|rejected by a remote",
    r"was (?:automatically )?(?:rejected|refused|undeliverable|returned|bounced|blocked)",
    r"returned to (?:you|sender)|returned mail|encountered delivery problems",
    r"error (?:occurred|has occurred|while) .{0,40}deliver|an error occurred while trying to deliver",
    r"attempts? to deliver|tried to deliver your",
    r"(?:mail)?box (?:is |was )?(?:full|disabled|unavailable|not found)|\bover quota\b|quota exceeded",
    r"user(?:name)? (?:is )?(?:unknown|not known|not found)|user not listed|user doesn[’']?t have",
    r"(?:unknown|no such|invalid|non-?existent) (?:local )?(?:user|recipient|mailbox|address|account|domain|host)",
    r"not (?:a )?members? of|address not found|failure reasons|error message below",
    r"giving up|given up|failed \d{1,3} attempts",
    r"\b(?:mail|message|e-?mail|sms|text) (?:was )?not (?:delivered|sent)\b",
    r"n[aã]o (?:p[oô]de ser|foi poss[ií]vel|foi|pode ser)(?: ser)? (?:entreg|enviad|envia)",
    r"n[aã]o (?:conseguimos|consegui|conseguiu) (?:entregar|enviar)|n[aã]o (?:alcan[cç]ou|chegou a)",
    r"falha (?:na|no|de) (?:entrega|envio)|mensagem (?:foi )?(?:devolvida|recusada|rejeitada)",
    r"usu[aá]rio (?:desconhecido|inexistente|n[aã]o (?:foi )?encontrado)",
    r"caixa (?:postal|de correio|de entrada) (?:do destinat[aá]rio )?(?:est[aá] )?(?:cheia|lotada|inexistente)",
    r"no (?:se pudo|ha podido|pudo|se ha podido|se puede|fue|ha sido)(?: ser| posible)? (?:entrega|enviar|enviado)",
    r"no (?:lleg[oó]|ha llegado) a|buz[oó]n (?:est[aá] )?lleno|usuario desconocido",
    r"konnte nicht .{0,40}(?:zugestellt|übermittelt|gesendet)|nicht (?:zugestellt|erreicht)|unzustellbar",
    r"n[’']a pas (?:pu [êe]tre|atteint)|impossible de (?:remettre|distribuer)",
    r"non (?:è stato possibile|pu[oò] essere) (?:re)?(?:capita|consegna)|niet (?:worden )?(?:bezorgd|afgeleverd)",
    r"не (?:может быть|было|удалось|был[ао]?) доставл|не удалось доставить",
    r"(?:送信|配信|配送|お届け)(?:が)?(?:できません|に失敗)|見つかりません|エラーのため",
    r"退信|无法投递|投递失败|未能送达|无法送达|被退回",
)
"""At the beginning of a mail, no person writes these about their own mail. In a text that reports a failure they may
stand anywhere.
"""

PARCEL = _any(
    r"\bentreg(?:ar|ue)s? (?:[ao]s? )?(?:su?[ae]u? )?(?:encomenda|pedido|pacote|produto|mercadoria|compra|paquete)s?\b",
    r"\b(?:encomenda|pedido|pacote|produto|mercadoria|compra|paquete)s? (?:n[aã]o |no )",
    r"\bdeliver (?:your |the )?(?:parcel|package|order|shipment|item)s?\b",
    r"\b(?:parcel|package|order|shipment)s? (?:could|was|has)\b",
)
"""A shop or carrier that failed to deliver goods: not about mail."""

_FAILURE_CODES = _any(
    r"\brcpt to:",
    r"(?<![\d.])[45]\.\d\.\d{1,3}(?![\d.])",
    r"(?<!\d)5[0-5]\d[ -](?:[45]\.|<|\w{1,64}@|user|mail|message|recipient|address|no |unknown|sorry|denied|relay)",
)

PERSISTING_WORDS = _any(
    r"not yet been delivered|hasn't been delivered yet",
    r"has been (?:delayed|postponed)|delivery is delayed|transient non-fatal errors",
    r"warning message only|this is (?:just|only) a warning|do not need to re-?send",
    r"will (?:be re-?tried|retry|continue to (?:be )?(?:tr|re)|keep trying)",
    r"attempts will continue|still being retried|(?:notification|status) \(delay\)",
    r"ser[aá] tentad[ao] novamente|continuar(?:á|emos|ão)? (?:a )?tentando|ainda n[aã]o foi entregue",
    r"se seguir[aá] intentando|todav[ií]a no se ha entregado|se retrasó",
    r"wird (?:weiter|erneut) versucht|verzögert",
)
"""The system is still trying: action `delayed`."""

REFUSED_BY_RECEIPT = _any(r"your message to <?[^\s<>]{1,320}>? was automatically rejected")
"""Dovecot reports a full mailbox or a Sieve reject in the form of a receipt."""


def tells_failure(text: str) -> bool:
    """Whether the text speaks of a failure, in words or in codes."""
    return bool(FAILURE_WORDS.search(text) or _FAILURE_CODES.search(text))


# --- where the returned mail begins

RETURNED = _any(
    r"below this line is (?:a copy|the)",
    r"enclosed is a copy of the message",
    r"(?:the )?original message(?: header)?s?(?: is)?(?: follow(?:s|ing)| attached)?(?: below)?$",
    r"original mail(?: info)?$",
    r"this is a copy of (?:the|your) message",
    r"the (?:header|body) of the original message is following",
    r"(?:unsent|undelivered|returned|rejected|failed) (?:message|mail)(?: follows| below)?$",
    r"(?:the )?(?:header|text|body)s? (?:of|from) (?:the|your) (?:\w{1,20} )?(?:message|mail)",
    r"included (?:below )?is (?:a copy of )?(?:the )?(?:message|original)",
    r"message headers?(?: and body)?(?: portion)? follows?",
    r"message (?:text|contents?|body) follows",
    r"below is (?:a copy of )?(?:the|your) original message",
    r"(?:a )?copy of (?:the|your) (?:original )?message (?:follows|below|is)",
    r"start of (?:returned|original) message",
    r"(?:your|the) (?:original )?message (?:reads|follows|begins|was as follows)\b.{0,30}$",
    r"the first \d{1,6} (?:lines|bytes) of (?:your|the)",
    r"(?:mensagem original|mensaje original|ursprüngliche nachricht|message d'origine)$",
)
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
