"""The words by which mail programs announce the message that is answered, in the languages they are written in.

Owns: attribution lines (`On ... wrote:`, `Em ... escreveu:`), header blocks (`De: / Enviada em: / Para: / Assunto:`),
separators (`-----Mensagem original-----`) and the marks of a forward. Given lines, says where one begins and ends.
Fails with: nothing. Limits: looks at most `MAX_ATTRIBUTION_LINES` or `MAX_BLOCK_LINES` ahead, so that a text is read
in linear time; lines are cut to `MAX_LINE_CHARACTERS` before they are looked at.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

MAX_ATTRIBUTION_LINES = 5
MAX_ATTRIBUTION_CHARACTERS = 500
MAX_BLOCK_LINES = 24
MAX_LINE_CHARACTERS = 1_000

_MONTHS = (
    r"jan(?:uary|eiro|uar|vier|uari)?|feb(?:ruary|rero|ruar|braio|ruari)?|fev(?:ereiro)?|f[ée]vr?(?:ier)?|mar(?:ch|ço|s|zo|ca)?"
    r"|m[äa]rz|mrt|maart|apr(?:il|ile)?|abr(?:il)?|avr(?:il)?|ma[iyj]o?|mag(?:gio)?|mei|jun[ei]?|juin|jun(?:ho|io)"
    r"|giu(?:gno)?|jul[iy]?|juil(?:let)?|jul(?:ho|io)|lug(?:lio)?|aug(?:ust|usti|ustus)?|ago(?:sto)?|ao[uû]t|sep(?:t|tember|tiembre)?"
    r"|set(?:embro|tembre|iembre)?|sept(?:embre)?|o[ck]t(?:ober|obre|ubre)?|out(?:ubro)?|ott(?:obre)?|nov(?:ember|embro|iembre|embre)?"
    r"|de[czs](?:ember|embro|embre)?|dic(?:iembre|embre)?|d[ée]c(?:embre)?|dez(?:ember|embro)?"
    r"|stycz\w*|sty|lut\w*|kwi\w*|maj\w*|cze\w*|lip\w*|sie\w*|wrz\w*|pa[źz]\w*|lis\w*|gru\w*"
    r"|янв\w*|фев\w*|мар\w*|апр\w*|ма[йя]|июн\w*|июл\w*|авг\w*|сен\w*|окт\w*|ноя\w*|дек\w*"
    r"|січ\w*|лют\w*|бер\w*|кві\w*|тра\w*|чер\w*|лип\w*|сер\w*|вер\w*|жов\w*|лис\w*|гру\w*|tháng|th"
)
_DATE = re.compile(
    r"\b\d{4}[-/.]\d{1,2}[-/.]\d{1,2}\b|\b\d{1,2}[-/.]\s?\d{1,2}[-/.]\s?\d{2,4}\b"
    rf"|\b\d{{1,2}}(?:st|nd|rd|th|º|er|\.|-)?\s?(?:de\s|d['’]|of\s)?-?(?:{_MONTHS})\b"
    rf"|\b(?:{_MONTHS})[.,]?[\s-]\d{{1,2}}\b|\d{{1,4}}\s?[年月]|\d{{4}}년|\b\d{{1,2}}/\d{{1,2}}\b",
    re.IGNORECASE,
)
_TIME = re.compile(r"\b\d{1,2}\s?[:.hH]\s?\d{2}\b|\b\d{1,2}\s?[ap]\.?m\b|\d{1,2}時", re.IGNORECASE)
_EMAIL = re.compile(r"[^\s<>()\[\]\"';:,]+@[^\s<>()\[\]\"';,]+\w")
_VERB_WORDS = (
    r"wrote|writes|sent|escreveu|escreve|escribi[óo]|va escriure|a écrit|a ecrit|écrivait|schrieb|schreibt|ha scritto"
    r"|scrive|het volgende geschreven|heeft geschreven|schreef|geschreven|napisał\(a\)|napisał/a|napisała|napisał|pisze"
    r"|skrev|skriver|kirjoitti|написал\(а\)|написала?|пишет|пише|написав|napsal\(a\)|napsala?|scris|a scris|írta|đã viết"
    r"|geschrieben|님이 작성|写道|寫道|のメール|さんは書きました|さんが書きました|wrote the following"
)
_VERB = re.compile(rf"(?<!\w)(?:{_VERB_WORDS})(?!\w)", re.IGNORECASE)
_VERB_END = re.compile(
    rf"(?<!\w)(?:{_VERB_WORDS})\s*(?:\([^()]{{1,80}}\))?\s*(?:[:：]|-{{2,}}|…)?\s*$"
    rf"|(?<!\w)(?:{_VERB_WORDS})\s[^:]{{0,200}}\S\s*[:：]\s*$"
    rf"|(?<!\w)(?:{_VERB_WORDS})\s[^:]{{0,120}}\d{{1,2}}[:.h]\d{{2}}[^:]{{0,30}}[:：]\s*$",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"(?:on|em|no dia|na|às|as|a|el(?: día)?|le|am|il(?: giorno)?|in data|op|w dniu|dnia|den|på|dne|v|la|pe data de|vào"
    r"|at|quoting|citando|ativado|activado|data|le jour|den|på|in a message dated|em mensagem de|\(?\d|\d{1,2}|date)\b",
    re.IGNORECASE,
)
_WEEKDAY = re.compile(
    r"(?:mon|tue|wed|thu|fri|sat|sun|seg|ter|qua|qui|sex|s[áa]b|dom|lun|mar|mi[ée]|jue|vie|mer|jeu|ven|sam|dim|gio|mo|di"
    r"|mi|do|fr|sa|so|ma|wo|vr|za|zo|pon|wt|śr|czw|pt|sob|niedz|пн|вт|ср|чт|пт|сб|вс|mån|tis|ons|tors|fre|lör|sön"
    r")\w*\.?,?\s",
    re.IGNORECASE,
)
_DATE_LED = re.compile(r"[(\"]?(?:\d{1,4}\s?[-/.年]|\d{1,2}\s\w|\d{1,2}\.?\s\w|[A-Za-zА-я]{2,5}\.?,\s\d|\d{1,2}:\d\d)")
_DASHES = re.compile(r"^[-_*=~—–\s]{2,}|[-_*=~—–\s]{2,}$")
_QUOTE = re.compile(r"\s{0,4}(?:>|\|\s|&gt;)")
_OLD_GMAIL = re.compile(r"\d{4}[/-]\d{1,2}[/-]\d{1,2}\s[^<>]{1,80}<[^<>\s]+@[^<>\s]+>\s*:?$")
_OLD_GMAIL_GMT = re.compile(r"\d{4}-\d\d-\d\d \d{1,2}:\d\d GMT[+-]\d\d:\d\d .{1,120}")
_INNER_LEAD = re.compile(
    r"(?<=\S)\s*-{0,8}\s?\b(?=(?:On|Em|El|Le|Am|Il|Op|Den)\s(?:\w{2,12}\.?,\s|\d{1,2}[/. ]|\d{4}-))"
)

_SEPARATOR = re.compile(
    r"^[>\s*_]*[-–—_=*]{2,}\s*(?:original (?:message|e-?mail|appointment)|reply message|replied message|reply above this line"
    r"|mensagem original|mensagem de origem|mensaje original|correo original|message d['’]origine|message original"
    r"|courriel original|e?-?mail original|messaggio originale|ursprüngliche (?:nachricht|mail|e-mail)|original-?nachricht"
    r"|originalnachricht|urspr\. nachricht|oorspronkelijk(?: bericht|e bericht)|origineel bericht|oryginalna wiadomość"
    r"|wiadomość oryginalna|wiadomość pierwotna|исходное сообщение|исходное письмо|оригинальное сообщение"
    r"|первоначальное сообщение|ursprungligt meddelande|originalmeddelande|oprindelig (?:meddelelse|besked)"
    r"|opprinnelig melding|alkuperäinen viesti|původní zpráva|eredeti üzenet|元のメッセージ|元のメール|原始邮件|原郵件"
    r"|原始郵件|원본 메시지|orijinal mesaj|mesaj original|mensagem respondida|antwort nachricht|previous message"
    r"|mensagem anterior|mensaje anterior|message précédent)\s*[-–—_=*]*:?\s*$",
    re.IGNORECASE,
)
_SEPARATOR_BARE = re.compile(
    r"^\s*(?:_{5,}|-{5,})?\s*(?:mensagem original|original message|mensaje original)\s*(?:_{5,}|-{5,})?:?\s*$", re.IGNORECASE
)
_FORWARD = re.compile(
    r"^[>\s*_]*[-–—_=*]{2,}\s*(?:forwarded (?:message|by|e-?mail)|mensagem (?:encaminhada|reencaminhada)|mensaje reenviado"
    r"|mensaje remitido|e?-?mail encaminhado|message transféré|message transmis|courriel transféré|messaggio inoltrato"
    r"|messaggio originale inoltrato|weitergeleitete (?:nachricht|mail)|doorgestuurd bericht|wiadomość przekazana"
    r"|przekazana wiadomość|treść przekazanej wiadomości|пересылаемое сообщение|пересланное сообщение|перенаправленное сообщение"
    r"|vidarebefordrat meddelande|vidarebefordrat brev|videresendt (?:meddelelse|melding)|välitetty viesti|přeposlaná zpráva"
    r"|továbbított üzenet|転送メッセージ|転送されたメッセージ|转发的邮件|转发邮件信息|轉寄郵件|전달된 메시지|iletilen mesaj|forward)\b"
    r"|^[>\s]*(?:begin forwarded message|início da mensagem (?:reencaminhada|encaminhada)|início de mensagem (?:re)?encaminhada"
    r"|inicio del mensaje reenviado|empieza mensaje reenviado|début du message (?:réexpédié|transféré)|inizio messaggio inoltrato"
    r"|inizio del messaggio inoltrato|anfang der weitergeleiteten (?:nachricht|e-?mail)|begin doorgestuurd bericht"
    r"|rozpoczęcie przekazanej wiadomości|początek przekazywanej wiadomości|początek przekazanej wiadomości"
    r"|начало переадресованного сообщения|начало пересылаемого сообщения|vidarebefordrat brev|転送されたメッセージ)\s*[:：]?",
    re.IGNORECASE,
)
FORWARD_SUBJECT = re.compile(
    r"\s*(?:\[[^\]]{1,40}\]\s*)?(?:enc|fwd?|wg|tr|rv|i|doorst|pd|vb|vs|fs|encam?|転送|转发|trans)\s*[:：]", re.IGNORECASE
)
_RULE = re.compile(r"^[\s>]*(?:[_\-=*─—–]\s?){5,}\s*$")

_KEYS: dict[str, str] = {}
for _kind, _names in {
    "from": "from de von da di van od nadawca от кого от från fra 差出人 送信者 发件人 寄件者 寄件人 보낸사람 보낸 사람 "
    "remetente remitente expéditeur expediteur mittente absender afzender avsändare od: lähettäjä отправитель gönderen kimden feladó "
    "envoyé_par enviado_por от_кого від gesendet_von from_:",
    "sent": "sent date data datum gesendet gesendet_am gesendet: enviado enviada enviado_em enviada_em enviado_el envoyé envoye envoyé_le "
    "inviato inviato_il verzonden verzonden_op wysłano wysłane отправлено дата skickat sendt lähetetty 送信日時 日時 日付 发送时间 發送時間 "
    "寄件日期 date_: fecha fecha_y_hora data_e_hora enviada: data/hora dato päivämäärä dátum tarih gönderildi skickades när datum_: 날짜 보낸날짜 "
    "time ora kiedy odesláno odoslané elküldve відправлено sent_on date_sent enviat_el data_do_envio",
    "to": "to para an à a pour aan do кому till til 宛先 收件人 收件者 받는사람 받는_사람 destinatário destinatario destinataire empfänger "
    "komu кому: vastaanottaja kime alıcı címzett adresat per för",
    "cc": "cc c.c. cópia copia kopie copie kopia копия dw kopi cópia_para com_cópia con_copia cc: bcc cco cci 抄送 副本 참조 kopio másolatot_kap",
    "subject": "subject assunto asunto betreff objet oggetto onderwerp temat тема ämne emne 件名 主题 主旨 제목 aihe předmět tárgy konu assumpte "
    "subj re:",
    "reply-to": "reply-to reply_to responder_a responder_para répondre_à antworten_an rispondi_a risposta antwoord_aan odpowiedz_do svara_till "
    "responder resposta_para",
    "other": "importance importância attachments anexos anexo adjuntos pièces_jointes allegati anlagen bijlagen priority prioridade sensitivity "
    "organization sender categories liste list-id mailed-by signed-by",
}.items():
    for _name in _names.split():
        _KEYS[_name.strip(":").replace("_", " ")] = _kind
for _name in ("보낸 사람", "от кого", "от", "кого"):
    _KEYS[_name] = "from"
_KEY_LINE = re.compile(r"^[\s*_>|•·-]{0,8}([^\s:：*_|][^:：*_|\n<>@]{0,24}?)[\s*_]{0,4}[:：][\s*_|]*(.*)$")


@dataclass(frozen=True, slots=True)
class Opening:
    """Where history begins: lines `start` to `stop` announce it and belong to it."""

    start: int
    stop: int
    forward: bool = False
    block: bool = False
    """A header block or a separator, under which the history stands unmarked."""
    head: str = ""
    """What stands before the announcement in its first line, written now."""
    certain: bool = True


def is_quote(line: str) -> bool:
    return _QUOTE.match(line) is not None


def is_rule(line: str) -> bool:
    return _RULE.match(line[:MAX_LINE_CHARACTERS]) is not None


def opening(lines: Sequence[str], start: int) -> Opening | None:
    """What begins in this line, if anything does."""
    line = lines[start][:MAX_LINE_CHARACTERS]
    bare = line.strip()
    if len(bare) < 3:
        return None
    if _FORWARD.match(line):
        return Opening(start, start + 1, forward=True, block=True)
    if _SEPARATOR.match(line) or _SEPARATOR_BARE.match(line):
        stop = _block_end(lines, start + 1, need=1) or start + 1
        return Opening(start, stop, block=True)
    if is_rule(line):
        stop = _block_end(lines, _next_text(lines, start + 1), need=2)
        return Opening(start, stop, block=True) if stop else None
    stop = _block_end(lines, start, need=3)
    if stop:
        return Opening(start, stop, block=True)
    return _attribution(lines, start)


def _next_text(lines: Sequence[str], start: int) -> int:
    """The next line that is not blank, if it is near."""
    for index in range(start, min(start + 3, len(lines))):
        if lines[index].strip():
            return index
    return start


def key(line: str) -> tuple[str, str] | None:
    """(what the line of a header block states, its value), or None."""
    match = _KEY_LINE.match(line[:MAX_LINE_CHARACTERS])
    if match is None:
        return None
    kind = _KEYS.get(" ".join(match[1].lower().split()).rstrip(" *"))
    return (kind, match[2].strip(" *")) if kind else None


def _block_end(lines: Sequence[str], start: int, need: int) -> int | None:
    """Past the header block that begins here, if `need` different facts or two good ones say that it is one."""
    if start >= len(lines) or (first := key(lines[start])) is None or first[0] in ("other", "cc"):
        return None
    facts: dict[str, str] = {}
    last, loose = start, 0
    for index in range(start, min(start + MAX_BLOCK_LINES, len(lines))):
        line = lines[index]
        found = key(line)
        if found is not None:
            if found[0] in facts and found[0] in ("from", "sent", "subject"):
                break
            facts[found[0]] = found[1] or (lines[index + 1].strip() if index + 1 < len(lines) else "")
            last, loose = index, 0
        elif not line.strip() and (facts.keys() >= {"subject"} or loose):
            break
        else:
            loose += 1
            if loose > 3:
                break
    return last + 1 if _convinces(facts, need) else None


def _convinces(facts: dict[str, str], need: int) -> bool:
    main = facts.keys() & {"from", "sent", "to", "subject"}
    dated = bool(_DATE.search(facts.get("sent", "")[:200]) or _TIME.search(facts.get("sent", "")[:200]))
    mailed = any(_EMAIL.search(facts.get(name, "")[:300]) for name in ("from", "to"))
    if len(main) >= 4 or (len(main) == 3 and (dated or mailed)):
        return True
    if len(main) == 2 and dated and mailed:
        return True
    return need <= 2 and len(main) >= need and (dated or mailed or need == 1)


def _attribution(lines: Sequence[str], start: int) -> Opening | None:
    first = lines[start][:MAX_LINE_CHARACTERS].strip()
    if is_quote(first):
        return None
    if not _may_begin(first):
        return _shared_line(lines, start, first)
    text = ""
    for index in range(start, min(start + MAX_ATTRIBUTION_LINES + 3, len(lines))):
        line = lines[index][:MAX_LINE_CHARACTERS].strip()
        if index > start and (is_quote(line) and not _closes_address(line, text)):
            break
        if not line:
            if _continues_after_blank(lines, index):
                continue
            break
        text = f"{text} {line}".strip()
        if len(text) > MAX_ATTRIBUTION_CHARACTERS:
            break
        if (verdict := _is_attribution(text, lines, index)) is not None:
            return Opening(start, index + 1, certain=verdict)
    return _shared_line(lines, start, first)


def _continues_after_blank(lines: Sequence[str], index: int) -> bool:
    """Some programs break an attribution into paragraphs around its address."""
    following = _next_text(lines, index + 1)
    return following < len(lines) and bool(re.match(r"\s*(?:<|mailto:)", lines[following][:20]))


def _closes_address(line: str, text: str) -> bool:
    return (text.count("<") > text.count(">") and bool(re.match(r">\s*\S", line))) or line.startswith("> wrote")


def _may_begin(first: str) -> bool:
    """Cheap: whether an attribution could begin with this line."""
    bare = _DASHES.sub("", first)
    if _LEAD.match(bare) or _DATE_LED.match(bare) or _WEEKDAY.match(bare):
        return len(bare) < MAX_ATTRIBUTION_CHARACTERS
    if bare != first and _VERB.search(bare):
        return True
    return ("@" in bare or "<" in bare or bare[-1:] in ":：") and len(bare) < 250


def _is_attribution(text: str, lines: Sequence[str], last: int) -> bool | None:
    """True: it is one; False: probably; None: it is not, as far as it goes."""
    bare = _DASHES.sub("", text)
    dashed = len(text) - len(bare) >= 4 and text[:2] == text[-2:] == "--"
    colon = text[-1:] in ":："
    verb = _VERB_END.search(bare) is not None
    if not (colon or verb or dashed):
        return True if _ends_undated(text, lines, last) else None
    dated = _DATE.search(bare) is not None or _TIME.search(bare) is not None
    mailed = _EMAIL.search(bare) is not None
    followed = _quote_follows(lines, last)
    led = bool(_LEAD.match(bare) or _DATE_LED.match(bare) or _WEEKDAY.match(bare)) or text[:2] == "--"
    if verb and ((dated and (led or mailed)) or (mailed and colon)):
        return True if mailed or followed or dashed or _short_clause(bare) else False
    if verb and (followed or dashed) and len(bare) < 200:
        return True
    return True if colon and dated and (mailed or followed) and led and _DATE.search(bare) else None


def _short_clause(text: str) -> bool:
    """`On 3 March 2025 10:12, Name wrote:` is a formula; a sentence has more words in it."""
    return _DATE.search(text) is not None and len(text.split()) <= 16


def _ends_undated(text: str, lines: Sequence[str], last: int) -> bool:
    """Forms without a verb or a colon, which only stand before a blank line or a quotation."""
    if not (_OLD_GMAIL.fullmatch(text) or _OLD_GMAIL_GMT.fullmatch(text)):
        return False
    return last + 1 >= len(lines) or not lines[last + 1].strip() or is_quote(lines[last + 1])


def _quote_follows(lines: Sequence[str], last: int) -> bool:
    following = _next_text(lines, last + 1)
    return following < len(lines) and following > last and is_quote(lines[following])


def _shared_line(lines: Sequence[str], start: int, first: str) -> Opening | None:
    """An attribution in the line in which the answer ends: `ok On Wed, Apr 4, 2012, x@y wrote:`."""
    if not _VERB_END.search(first) or first[-1:] not in ":：-":
        return None
    found = list(_INNER_LEAD.finditer(first))
    if not found:
        return None
    text = first[found[-1].end() :]
    dated, mailed = _DATE.search(text), _EMAIL.search(text)
    if dated and (mailed or _quote_follows(lines, start)):
        line = lines[start]
        head = line[: line.rfind(text)]
        return Opening(start, start + 1, head=re.sub(r"\s*-{0,8}\s*$", "", head))
    return None
