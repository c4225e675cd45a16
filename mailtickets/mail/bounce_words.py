"""The words mail systems report a failed delivery in: senders, subjects, phrases, where the returned mail begins.

Owns: every lexicon the bounce reader goes by. They are data: a new mail system is a line here, not a branch there.
Limits: languages of the systems met in Brazil first (pt, en, es), then de, fr, it, nl, ru, ja, zh.
"""

import re


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


ADDRESS = (
    r"(?<![^\s<>()\[\],;:\"'=*|`])"  # begins where a word begins, so that a long line is read once
    r"(?:\"[^\"\s]{1,64}\"|[^\s<>()\[\],;:\"@\\|*`]{1,128})"
    r"@(?:\[[0-9A-Za-z.:]{2,45}\]|[^\s<>()\[\],;:\"@\\|*'`!?=/]{1,255})"
)
"""One addr-spec in running text, loosely: reports name addresses that were never valid."""

DAEMON_SENDER = _any(
    r"mailer[-_. ]?d[ae]*mon",
    r"mail[-_. ]?daemon",
    r"\bmail[-_. ]delivery[-_. ](?:sub-?)?system",
    r"\bmail delivery (?:service|system)",
    r"\binternet mail delivery",
    r"\bpo+stmaster\b",
    r"\bsystem administrator\b",
    r"\badministrador do sistema\b",
    r"\bmail administrator\b",
    r"\bmail[-_. ]delivery[-_. ](?:agent|notification)",
    r"\binterscan\b",
    r"\bmailsweeper\b",
    r"\bmdaemon\b",
    r"\bsmtp mail service",
    r"e500_smtp",
    r"\bbounces?(?:[-+_]|@)",
    r"\bbounce[-_]?(?:notification|admin|daemon)",
    r"^<?>?$",
)
"""In the whole From field: its name, its local part, or its being empty (RFC 5321 section 4.5.5)."""

REPLY_PREFIX = re.compile(
    r"\s*(?:\[[^\]]{0,40}\]\s*)?(?:re|res|r|enc|fw|fwd|wg|aw|sv|vs|vb|tr|rv|rif|i|odp|pd|antw|doorst|ответ|返信|转发|回复)"
    r"(?:\[\d+\]|\(\d+\))?\s*[:：]",
    re.IGNORECASE,
)
"""A person (or their client) answered or forwarded something; a report is neither."""

FAILURE_SUBJECT = _any(
    r"^\W*undeliver(?:able|ed)\b",
    r"\bundeliverable\b",
    r"^\W*unzustellbar",
    r"\bnicht zustellbar\b",
    r"\bnon[- ]?remis\b",
    r"\bnon distribu",
    r"^\W*n[aã]o (?:foi )?(?:poss[ií]vel entregar|entregue|entreg[aá]vel)",
    r"\bn[aã]o entregue\b",
    r"\bfalha n[ao] (?:entrega|envio)",
    r"\berro (?:na|de) entrega",
    r"\bno (?:se )?(?:ha )?(?:podido )?entrega(?:do|r|ble|dos)\b",
    r"\bno se puede entregar\b",
    r"\bmancata consegna\b",
    r"\bonbestelbaar\b",
    r"^\W*(?:mail |message )?delivery (?:has )?(?:failed|failure|error|problem|unsuccessful)",
    r"\b(?:mail|message|e-?mail) (?:delivery|system|transport)? ?(?:failed|failure|error|problem|fault)",
    r"\bdelivery (?:status )?(?:notification|report|failure|status|delayed|has been delayed|has failed)",
    r"\bfail(?:ure|ed) (?:notice|delivery|notification|mail|message|to deliver)",
    r"\bpermanent (?:delivery )?(?:failure|error)",
    r"\btransient (?:delivery )?failure",
    r"\breturned (?:mail|message|e-?mail|to sender)",
    r"\breturn(?:ing)? (?:mail|message|to sender)",
    r"\bmail returned\b",
    r"\bmail could not be delivered\b",
    r"\bcould not (?:be delivered|deliver|send)\b",
    r"\bcannot (?:be delivered|deliver|send)\b",
    r"\bcan't be delivered\b",
    r"\bunable to deliver\b",
    r"\bnot (?:be |been )?deliver(?:ed|able)\b",
    r"\bnon[- ]?deliver(?:y|able)\b",
    r"\bnon-?receipt\b",
    r"\bundelivered\b",
    r"\b(?:message|mail) (?:you sent )?(?:blocked|rejected|bounced|refused)\b",
    r"\bblocked by our\b",
    r"\brejected (?:mail|message|posting)\b",
    r"\bpostmaster notify\b",
    r"\bnotify: see transcript\b",
    r"\bsee transcript for details\b",
    r"\bwarning: (?:could not send|message .{1,80}delayed)",
    r"\bdelayed mail\b",
    r"\b(?:mail|message|delivery).{0,40}\bdelay(?:ed)?\b",
    r"\bstill being retried\b",
    r"\bbounced? (?:mail|message|e-?mail)\b",
    r"\bbounce notification\b",
    r"\buser(?:'s)? unknown\b",
    r"\bunknown (?:user|recipient|address)\b",
    r"\bmailbox (?:is )?full\b",
    r"\bquota exceeded\b",
    r"\bare not (?:a )?member\b",
    r"\bnot a member\b",
    r"не\s*доставлен",
    r"невозможно доставить",
    r"недоставлен",
    r"配信(?:不能|失敗|エラー|できません)|配信できません|配達できません|送信できません|送信エラー|不達|配送できません",
    r"退信|投递失败|无法投递|系统退信|未送达",
)

FAILURE_WORDS = _any(
    r"could not be (?:\w+ )?(?:delivered|sent|reached|processed)",
    r"could(?: not|n't) (?:be )?deliver",
    r"can(?:not|'t| not) (?:be )?deliver",
    r"wasn'?t (?:able to deliver|delivered)",
    r"was not (?:able to deliver|delivered|sent|accepted)",
    r"has not (?:yet )?been delivered",
    r"has been (?:delayed|rejected|bounced|returned|postponed|blocked)",
    r"hasn'?t been delivered",
    r"not yet been delivered",
    r"unable to deliver",
    r"unable to send",
    r"were unable to (?:deliver|send)",
    r"undeliver(?:able|ed)",
    r"d[eE]l[ie]very (?:to the following|of (?:your|the|this)|has|failed|failure|attempts|status|error|problem)",
    r"failed (?:permanently|to deliver|recipients?|address(?:es)?|to reach)",
    r"(?:address(?:es)?|recipients?)(?:\(e?s\))? (?:had|has|have) (?:permanent|transient|delivery|failed|been rejected)",
    r"(?:address|recipient)(?:e?s|\(e?s\))? (?:failed|rejected|not reached)",
    r"had (?:permanent fatal|transient non-fatal|delivery) (?:errors|problems)",
    r"permanent fatal errors",
    r"transcript of session follows",
    r"did not (?:reach|receive)",
    r"did not like (?:our|recipient)",
    r"does not like recipient",
    r"rejected your message",
    r"was (?:automatically )?(?:rejected|refused|undeliverable|returned|bounced|blocked)",
    r"returned to (?:you|sender)",
    r"error (?:occurred|has occurred|while) .{0,40}deliver",
    r"error delivering",
    r"problem delivering",
    r"encountered delivery problems",
    r"attempts? to deliver",
    r"tried to deliver your",
    r"(?:mail)?box (?:is )?(?:full|over quota|disabled|unavailable|not found)",
    r"user(?:name)? (?:is )?(?:unknown|not known|not found)",
    r"(?:unknown|no such|invalid|nonexistent|non-existent) (?:local )?(?:user|recipient|mailbox|address|account|domain|host)",
    r"user doesn'?t have",
    r"unknown user",
    r"not (?:a )?members? of",
    r"address not found",
    r"failure reasons",
    r"was rejected by",
    r"returned mail",
    r"giving up",
    r"given up",
    r"rcpt to:",
    r"(?<![\d.])[45]\.\d\.\d{1,3}(?![\d.])",
    r"(?<!\d)5[0-5]\d[ -](?:[45]\.|<|\w+@|user|mail|message|recipient|address|no |unknown|sorry|denied|relay)",
    r"n[aã]o (?:p[oô]de ser|foi poss[ií]vel|foi|pode ser) (?:ser )?(?:entreg|enviad)",
    r"n[aã]o (?:foi poss[ií]vel|conseguimos|consegui) entregar",
    r"falha (?:na|no|de) (?:entrega|envio)",
    r"usu[aá]rio (?:desconhecido|inexistente|n[aã]o encontrado)",
    r"caixa (?:postal|de correio) (?:cheia|lotada|est[aá] cheia|inexistente)",
    r"no (?:se pudo|ha podido|pudo ser|se ha podido|se puede|pudo) (?:ser )?entrega",
    r"no (?:fue|ha sido) (?:posible )?entrega",
    r"buz[oó]n (?:est[aá] )?lleno",
    r"konnte nicht .{0,40}(?:zugestellt|übermittelt|gesendet)",
    r"nicht zugestellt",
    r"unzustellbar",
    r"n'a pas pu [êe]tre",
    r"impossible de (?:remettre|distribuer)",
    r"non (?:è stato possibile|pu[oò] essere) (?:re)?(?:capitare|consegna)",
    r"niet (?:worden )?(?:bezorgd|afgeleverd)",
    r"не (?:может быть|было|удалось|был[ао]?) доставл",
    r"не удалось доставить",
    r"送信できません|配信できません|配送できません|送信に失敗|配信に失敗|お届けできません|見つかりません|エラーのため",
    r"退信|无法投递|投递失败|未能送达|无法送达|被退回",
)

PERSISTING_WORDS = _any(
    r"has not (?:yet )?been delivered",
    r"not yet been delivered",
    r"hasn'?t been delivered yet",
    r"delivery (?:to the following recipients? )?(?:has been|is) delayed",
    r"has been delayed",
    r"warning message only",
    r"this is (?:just|only) a warning",
    r"will (?:be retried|continue to (?:be )?(?:tr|re)|keep trying|be re-?tried|retry)",
    r"attempts will continue",
    r"still being retried",
    r"do not need to re-?send",
    r"delivery is delayed",
    r"temporar(?:y|ily) (?:failure|problem)s? .{0,60}(?:retr|try)",
    r"transient non-fatal errors",
    r"has been postponed",
    r"ser[aá] tentad[ao] novamente|continuar[aá] tentando|ainda n[aã]o foi entregue",
    r"se seguir[aá] intentando|todav[ií]a no se ha entregado",
    r"wird (?:weiter|erneut) versucht|verzögert",
)
"""The system has not given up: action `delayed`."""

GAVE_UP_WORDS = _any(
    r"giv(?:ing|en) up",
    r"in the queue too long",
    r"not going to try again",
    r"permanent(?:ly)? (?:error|fail|fatal)",
    r"failed permanently",
    r"could not be delivered",
    r"retry time(?:out)? (?:not reached|exceeded)",
    r"failed \d+ attempts",
    r"message has been (?:rejected|returned)",
)

EXPIRED_WORDS = _any(
    r"(?:delivery|message|mail|queue|envelope|retry)[ -]?(?:time|timeout)?(?:out)? ?(?:has )?(?:expired|exceeded)",
    r"envelope expired",
    r"in the queue too long",
    r"cannot send message (?:for|within)",
    r"retry timeout exceeded",
    r"could not deliver for the last",
    r"delivery time expired",
    r"too many attempts|failed \d+ attempts",
    r"connection timed out|host not reachable|delivery timed out|conversation .{0,60} timed out",
)

RETURNED = _any(
    r"^[-\s]*below this line is (?:a copy|the)",
    r"^[-\s]*enclosed is a copy of the message",
    r"^[-=*\s]*(?:the )?original message(?: header)?s?(?: is)?(?: follow(?:s|ing)| attached)?(?: below)?\s*[.:]?[-=*\s]*$",
    r"^[-\s]*original mail(?: info)?[-\s]*$",
    r"^[-\s]*this is a copy of (?:the|your) message",
    r"^[-\s]*the (?:header|body) of the original message is following",
    r"^[-\s]*(?:unsent|undelivered|returned|rejected|failed) (?:message|mail)(?: follows| below)?(?: below)?\s*[.:]?[-\s]*$",
    r"^[-\s]*(?:the )?(?:header|text|body)s? (?:of|from) (?:the|your) (?:original|unsent|undelivered|returned)? ?(?:message|mail)",
    r"^[-\s]*included (?:below )?is (?:a copy of )?(?:the )?(?:message|original)",
    r"^[-\s]*message headers?(?: and body)?(?: portion)? follows?",
    r"^[-\s]*message (?:text|contents?|body) follows",
    r"^[-\s]*below is (?:a copy of )?(?:the|your) original message",
    r"^[-\s]*(?:a )?copy of (?:the|your) (?:original )?message (?:follows|below|is)",
    r"^[-\s]*returned mail follows",
    r"^[-\s]*start of (?:returned|original) message",
    r"^[-\s]*(?:your|the) (?:original )?message (?:reads|was|follows|begins)\b.{0,30}:?\s*$",
    r"^[-\s]*the first \d+ (?:lines|bytes) of (?:your|the)",
    r"^[-\s]*mensagem original[-\s]*$",
    r"^[-\s]*mensaje original[-\s]*$",
    r"^[-\s]*urspr(?:ü|u)ngliche nachricht[-\s]*$",
    r"^[-\s]*message d'origine[-\s]*$",
)
"""A line after which our own mail stands."""

RETURNED_HEADER = re.compile(
    r"(?:Received|Return-Path|DKIM-Signature|DomainKey-Signature|X-Received|X-Google-Smtp-Source|ARC-Seal"
    r"|X-Originating-IP|X-Apparently-From|MIME-Version|X-YMail-OSG|X-Yahoo-Newman-Property):",
    re.IGNORECASE,
)
"""A line that only the head of a returned mail has."""

NAMED = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"^[\s>*-]*<(?P<address>{ADDRESS})>\s*[:.(]",  # qmail, Postfix, Yahoo
        rf"^\s*\"?(?P<address>{ADDRESS})\"?\s*:(?!\s*(?:to|from|cc)\b)",  # OpenSMTPD, GMX
        rf"(?:failed|unknown|intended|undeliverable|invalid|bad|original|rejected|final)[\w ()/-]{{0,30}}"
        rf"(?:recipients?|user(?:id)?|addresse?e?s?|mailbox)(?:\(e?s\))?\s*(?:is|was)?\s*[:=]?\s*(?:\[?smtp:)?<?(?P<address>{ADDRESS})",
        rf"^[\s>*-]*(?:recipient|addressee|destinat[aá]rio|destinatario|empfänger)(?:\(s\))?\s*[:=]\s*\[?(?:smtp:)?<?(?P<address>{ADDRESS})",
        rf"(?:deliver(?:y|ed)?|delivering|sent|send|mail|message|addressed|reach(?:ed)?)[\w ]{{0,40}} (?:to|for):?\s+['\"<\[]?(?P<address>{ADDRESS})",
        rf"delivery failed[\w ]{{0,20}}:\s*<?(?P<address>{ADDRESS})",
        rf"(?:mailbox|account|quota)[\w ',-]{{0,40}}:\s*<?(?P<address>{ADDRESS})",
        rf"not (?:a )?members? of [\w ]{{0,30}}<?(?P<address>{ADDRESS})",
        rf"rcpt to:\s*<?(?P<address>{ADDRESS})",
        rf"^[\s<>-]*[45]\d\d[ -](?:[45]\.\d\.\d{{1,3}} )?<?(?P<address>{ADDRESS})",
        rf"[45]\d\d[ -].{{0,60}}?<(?P<address>{ADDRESS})>",
    )
)
"""Where reports name the address that failed, surest first."""

LISTED = re.compile(rf"^[\s>*•\"'-]*<?(?P<address>{ADDRESS})(?=[\s>,;:(\"'*]|$)", re.IGNORECASE)
"""An address that begins a line."""

BARE = re.compile(rf"(?P<address>{ADDRESS})")

CONTACT = re.compile(
    r"(?:postmaster|abuse|support|suporte|soporte|help|helpdesk|mailer-daemon|webmaster|admin|info|noc|no-?reply"
    r"|hostmaster)(?:@|$)",
    re.IGNORECASE,
)
"""People a report says to ask; failed recipients only when nobody else is named."""

ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")
REPLY_CODE = re.compile(r"(?<![\d.:\-])([45][0-5]\d)(?=[ \-:]|$)(?!\.\d)")
MESSAGE_ID = re.compile(
    r"^[ \t>|]*(?:x-)?(?:original-)?message-id[ \t]*:\s*<?([^\s<>]{1,998})>?", re.IGNORECASE | re.MULTILINE
)
